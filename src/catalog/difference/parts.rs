//! Constraints and indexes of a table, compared by name and by definition.

use std::sync::Arc;

use serde_json::{Value, json};
use smol_str::SmolStr;

use super::values::{constraint_value, index_value};
use super::{Change, Comparison, Subject, doubt, pair};
use crate::catalog::constraint::{Constraint, ConstraintKind, Index};
use crate::catalog::fact::{Fact, Why};
use crate::catalog::table::Table;

impl Comparison {
    pub(super) fn constraints_and_indexes(&mut self, name: &SmolStr, old: &Table, new: &Table) {
        // An index of which only the name is known may have been the unique constraint that has its name now: MySQL
        // drops both with the same words.
        let mut either = Vec::new();
        for (one, two) in [(old, new), (new, old)] {
            for index in &one.indexes {
                let is_now_unique = || {
                    let now = two.constraint(&index.name).map(|now| &now.kind);
                    matches!(now, Some(ConstraintKind::Unique { .. }))
                };
                if let Fact::Unknown(why) = &index.definition
                    && is_now_unique()
                {
                    self.unknown(why);
                    either.push(index.name.clone());
                }
            }
        }
        self.constraints(name, &old.constraints, &new.constraints, &either);
        self.indexes(name, &old.indexes, &new.indexes, &either);
    }

    /// All but what is called as one of `either`.
    fn constraints(
        &mut self,
        table: &SmolStr,
        old: &[Constraint],
        new: &[Constraint],
        either: &[SmolStr],
    ) {
        // The same definition at another place in the file is the same constraint, and there twice it says no more
        // than once.
        let is_in = |one: &Constraint, others: &[Constraint]| {
            others.iter().any(|two| {
                one.name == two.name && one.has_same_definition(two) && one.maybe == two.maybe
            })
        };
        let is_other =
            |one: &&Constraint| one.known_name().is_none_or(|name| !either.contains(name));
        let left = old.iter().filter(|one| !is_in(one, new));
        let right = new.iter().filter(|one| !is_in(one, old));
        let mut left: Vec<&Constraint> = left.filter(is_other).collect();
        let mut right: Vec<&Constraint> = right.filter(is_other).collect();
        // A table has one primary key, whatever it is called.
        let keys = pair(&mut left, &mut right, |one, two| {
            matches!(one.kind, ConstraintKind::PrimaryKey { .. }) && one.has_same_definition(two)
        });
        // A constraint of which only the name is known may be that key.
        left.retain(|one| {
            let ConstraintKind::Unknown { why, .. } = &one.kind else {
                return true;
            };
            let is_key = one.known_name().is_some()
                && keys
                    .iter()
                    .any(|(_, key)| key.known_name() == one.known_name());
            if is_key {
                self.unknown(why);
            }
            !is_key
        });
        // By name. A primary key may have the name that a unique constraint had.
        let is_key = |one: &Constraint| matches!(one.kind, ConstraintKind::PrimaryKey { .. });
        let may_be_key =
            |one: &Constraint| is_key(one) || matches!(one.kind, ConstraintKind::Unknown { .. });
        for (one, two) in pair(&mut left, &mut right, |one, two| {
            one.known_name().is_some()
                && one.known_name() == two.known_name()
                && (!is_key(one) || may_be_key(two))
                && (!is_key(two) || may_be_key(one))
        }) {
            if let Some(why) = doubt(one.maybe.as_ref(), two.maybe.as_ref()) {
                self.unknown(&why);
                continue;
            }
            match constraint_unknown(one).or_else(|| constraint_unknown(two)) {
                Some(why) => self.unknown(&why),
                None if one.has_same_definition(two) => {}
                None => self.add(
                    subject_of(&one.kind),
                    Change::Changed(""),
                    constraint_object(table, one),
                    constraint_value(one),
                    constraint_value(two),
                    two.place.as_ref(),
                ),
            }
        }
        // By definition, where a name is not known or is another one.
        let alike = pair(&mut left, &mut right, Constraint::has_same_definition);
        for (one, two) in keys.into_iter().chain(alike) {
            if let Some(why) = doubt(one.maybe.as_ref(), two.maybe.as_ref()) {
                self.unknown(&why);
                continue;
            }
            // Where a convention that is not known names both, it names them alike.
            if let (Fact::Known(old), Fact::Known(new)) = (&one.name, &two.name) {
                self.add(
                    subject_of(&one.kind),
                    Change::Renamed,
                    constraint_object(table, one),
                    json!(old),
                    json!(new),
                    two.place.as_ref(),
                );
            }
        }
        // One of which little is known may be any that is missed over the same columns.
        left.retain(|one| !self.may_be_among(one, &right));
        right.retain(|two| !self.may_be_among(two, &left));
        for one in left {
            match &one.maybe {
                Some(why) => self.unknown(why),
                None => self.add(
                    subject_of(&one.kind),
                    Change::Removed,
                    constraint_object(table, one),
                    constraint_value(one),
                    Value::Null,
                    one.place.as_ref(),
                ),
            }
        }
        for two in right {
            match &two.maybe {
                Some(why) => self.unknown(why),
                None => self.add(
                    subject_of(&two.kind),
                    Change::Added,
                    constraint_object(table, two),
                    Value::Null,
                    constraint_value(two),
                    two.place.as_ref(),
                ),
            }
        }
    }

    fn may_be_among(&mut self, constraint: &Constraint, others: &[&Constraint]) -> bool {
        let unknown = others.iter().find_map(|other| match &other.kind {
            ConstraintKind::Unknown { why, columns }
                if columns.is_empty()
                    || columns
                        .iter()
                        .any(|column| constraint.kind.columns().contains(column)) =>
            {
                Some(Arc::clone(why))
            }
            _ => None,
        });
        let is_found = unknown.is_some();
        if let Some(why) = unknown {
            self.unknown(&why);
        }
        is_found
    }

    /// All but what is called as one of `either`.
    fn indexes(&mut self, table: &SmolStr, old: &[Index], new: &[Index], either: &[SmolStr]) {
        let is_other = |one: &&Index| !either.contains(&one.name);
        let left = old.iter().filter(|one| !new.contains(one));
        let right = new.iter().filter(|one| !old.contains(one));
        let mut left: Vec<&Index> = left.filter(is_other).collect();
        let mut right: Vec<&Index> = right.filter(is_other).collect();
        for (one, two) in pair(&mut left, &mut right, |one, two| one.name == two.name) {
            if let Some(why) = doubt(one.maybe.as_ref(), two.maybe.as_ref()) {
                self.unknown(&why);
                continue;
            }
            match one.definition.same(&two.definition) {
                Some(true) => {}
                Some(false) => self.add(
                    Subject::Index,
                    Change::Changed(""),
                    format!("{table}.{}", one.name),
                    index_value(&one.definition),
                    index_value(&two.definition),
                    two.place.as_ref(),
                ),
                None => self.unknown_fact(&one.definition, &two.definition),
            }
        }
        for (one, two) in pair(&mut left, &mut right, |one, two| {
            one.definition.same(&two.definition) == Some(true)
                && one.maybe.is_none()
                && two.maybe.is_none()
        }) {
            self.add(
                Subject::Index,
                Change::Renamed,
                format!("{table}.{}", one.name),
                json!(one.name),
                json!(two.name),
                two.place.as_ref(),
            );
        }
        for (index, change) in left
            .into_iter()
            .map(|index| (index, Change::Removed))
            .chain(right.into_iter().map(|index| (index, Change::Added)))
        {
            match &index.maybe {
                Some(why) => self.unknown(why),
                None => {
                    let value = index_value(&index.definition);
                    let (from, to) = if change == Change::Added {
                        (Value::Null, value)
                    } else {
                        (value, Value::Null)
                    };
                    self.add(
                        Subject::Index,
                        change,
                        format!("{table}.{}", index.name),
                        from,
                        to,
                        index.place.as_ref(),
                    );
                }
            }
        }
    }
}

fn constraint_unknown(constraint: &Constraint) -> Option<Arc<Why>> {
    match &constraint.kind {
        ConstraintKind::Unknown { why, .. }
        | ConstraintKind::Check {
            expression: Fact::Unknown(why),
            ..
        }
        | ConstraintKind::Exclude {
            definition: Fact::Unknown(why),
            ..
        } => Some(Arc::clone(why)),
        _ => None,
    }
}

fn subject_of(kind: &ConstraintKind) -> Subject {
    match kind {
        ConstraintKind::PrimaryKey { .. } => Subject::PrimaryKey,
        ConstraintKind::Unique { .. } => Subject::Unique,
        ConstraintKind::ForeignKey(_) => Subject::ForeignKey,
        ConstraintKind::Check { .. } => Subject::Check,
        ConstraintKind::Exclude { .. } => Subject::Exclude,
        ConstraintKind::Unknown { .. } => Subject::Constraint,
    }
}

fn constraint_object(table: &SmolStr, constraint: &Constraint) -> String {
    match constraint.known_name() {
        Some(name) if !constraint.may_be_spelled_otherwise() => format!("{table}.{name}"),
        _ => format!("{table}({})", constraint.kind.columns().join(", ")),
    }
}
