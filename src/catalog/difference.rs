//! What two states of a database differ in, object by object.
//!
//! The order of columns is no difference. What is not known on one side is not compared, and said to be unknown.

use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::constraint::{Constraint, ConstraintKind, Index, IndexDefinition};
use super::fact::{Fact, Why};
use super::objects::{Catalog, ObjectKind};
use super::table::{Column, Table};
use crate::source::FileSpan;

/// One thing in which a state differs from the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub subject: Subject,
    pub change: Change,
    /// `table`, `table.column`, `table.constraint`, or the name of another object.
    pub object: String,
    /// What it was; null where it was not there.
    pub from: Value,
    /// What it is; null where it is no more.
    pub to: Value,
    /// Where the later state was made, if it is there, else where the earlier one was.
    pub place: Option<FileSpan>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Table,
    Column,
    PrimaryKey,
    Unique,
    ForeignKey,
    Check,
    Exclude,
    Constraint,
    Index,
    Enum,
    Sequence,
    Object(ObjectKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Added,
    Removed,
    /// Something about it: `type`, `nullable`, `default` of a column; nothing special elsewhere.
    Changed(&'static str),
    Renamed,
}

/// All differences, and what could not be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    pub found: Vec<Difference>,
    /// Why parts could not be compared; each reason once.
    pub unknown: Vec<Arc<Why>>,
}

impl Difference {
    /// The kind as the JSON contract names it: `column_type_changed`, `fk_added`, `enum_labels_changed`.
    pub fn kind(&self) -> String {
        let subject = match self.subject {
            Subject::Table => "table",
            Subject::Column => "column",
            Subject::PrimaryKey => "primary_key",
            Subject::Unique => "unique",
            Subject::ForeignKey => "fk",
            Subject::Check => "check",
            Subject::Exclude => "exclude",
            Subject::Constraint => "constraint",
            Subject::Index => "index",
            Subject::Enum => "enum",
            Subject::Sequence => "sequence",
            Subject::Object(kind) => kind.as_str(),
        };
        match (self.subject, self.change) {
            (Subject::Column, Change::Changed(what @ ("nullable" | "default"))) => {
                format!("{what}_changed")
            }
            (_, Change::Added) => format!("{subject}_added"),
            (_, Change::Removed) => format!("{subject}_removed"),
            (_, Change::Renamed) => format!("{subject}_renamed"),
            (_, Change::Changed("")) => format!("{subject}_changed"),
            (_, Change::Changed(what)) => format!("{subject}_{what}_changed"),
        }
    }
}

/// What differs in a later state from an earlier one.
pub fn compare(before: &Catalog, after: &Catalog) -> Differences {
    let mut comparison = Comparison {
        differences: Differences::default(),
    };
    comparison.catalogs(before, after);
    comparison.differences
}

struct Comparison {
    differences: Differences,
}

impl Comparison {
    fn catalogs(&mut self, before: &Catalog, after: &Catalog) {
        match (&before.opaque, &after.opaque) {
            (None, Some(why)) => self.unknown(why),
            (Some(before), Some(after)) if !Arc::ptr_eq(before, after) => self.unknown(after),
            _ => {}
        }
        for item in before.tables.diff(&after.tables) {
            match item {
                DiffItem::Add(name, table) => {
                    if !table.temporary {
                        self.whole_table(name, table, Change::Added);
                    }
                }
                DiffItem::Remove(name, table) => {
                    if !table.temporary {
                        self.whole_table(name, table, Change::Removed);
                    }
                }
                DiffItem::Update { old, new } => self.tables(old.0, old.1, new.1),
            }
        }
        self.named(
            Subject::Enum,
            &before.enums,
            &after.enums,
            SmolStr::to_string,
            |value| (&value.maybe, value.place.as_ref()),
            |value| json!(value.labels.known()),
            |this, name, old, new| match old.labels.same(&new.labels) {
                Some(true) => {}
                Some(false) => this.add(
                    Subject::Enum,
                    Change::Changed("labels"),
                    name.to_string(),
                    json!(old.labels.known()),
                    json!(new.labels.known()),
                    new.place.as_ref(),
                ),
                None => this.unknown_fact(&old.labels, &new.labels),
            },
        );
        self.named(
            Subject::Sequence,
            &before.sequences,
            &after.sequences,
            SmolStr::to_string,
            |value| (&value.maybe, value.place.as_ref()),
            |_| Value::Null,
            |this, name, old, new| {
                if old.owned_by != new.owned_by {
                    let owner = |owner: &Option<(SmolStr, SmolStr)>| {
                        owner
                            .as_ref()
                            .map(|(table, column)| format!("{table}.{column}"))
                    };
                    this.add(
                        Subject::Sequence,
                        Change::Changed(""),
                        name.to_string(),
                        json!(owner(&old.owned_by)),
                        json!(owner(&new.owned_by)),
                        new.place.as_ref(),
                    );
                }
            },
        );
        for item in before.objects.diff(&after.objects) {
            match item {
                DiffItem::Add(key, object) => match &object.maybe {
                    Some(why) => self.unknown(why),
                    None => self.add(
                        Subject::Object(key.kind),
                        Change::Added,
                        key.name.to_string(),
                        Value::Null,
                        json!(object.definition.known()),
                        object.place.as_ref(),
                    ),
                },
                DiffItem::Remove(key, object) => match &object.maybe {
                    Some(why) => self.unknown(why),
                    None => self.add(
                        Subject::Object(key.kind),
                        Change::Removed,
                        key.name.to_string(),
                        json!(object.definition.known()),
                        Value::Null,
                        object.place.as_ref(),
                    ),
                },
                DiffItem::Update {
                    old: (key, old),
                    new: (_, new),
                } => {
                    if let Some(why) = doubt(&old.maybe, &new.maybe) {
                        self.unknown(&why);
                        continue;
                    }
                    match old.definition.same(&new.definition) {
                        Some(true) => {}
                        Some(false) => self.add(
                            Subject::Object(key.kind),
                            Change::Changed(""),
                            key.name.to_string(),
                            json!(old.definition.known()),
                            json!(new.definition.known()),
                            new.place.as_ref(),
                        ),
                        None => self.unknown_fact(&old.definition, &new.definition),
                    }
                }
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what differs between the maps of a catalog"
    )]
    fn named<V: PartialEq>(
        &mut self,
        subject: Subject,
        before: &OrdMap<SmolStr, Arc<V>>,
        after: &OrdMap<SmolStr, Arc<V>>,
        show: impl Fn(&SmolStr) -> String,
        facts: impl for<'v> Fn(&'v V) -> (&'v Option<Arc<Why>>, Option<&'v FileSpan>),
        value: impl Fn(&V) -> Value,
        both: impl Fn(&mut Self, &SmolStr, &V, &V),
    ) {
        for item in before.diff(after) {
            match item {
                DiffItem::Add(name, new) => match facts(new) {
                    (Some(why), _) => self.unknown(why),
                    (None, place) => self.add(
                        subject,
                        Change::Added,
                        show(name),
                        Value::Null,
                        value(new),
                        place,
                    ),
                },
                DiffItem::Remove(name, old) => match facts(old) {
                    (Some(why), _) => self.unknown(why),
                    (None, place) => self.add(
                        subject,
                        Change::Removed,
                        show(name),
                        value(old),
                        Value::Null,
                        place,
                    ),
                },
                DiffItem::Update {
                    old: (name, old),
                    new: (_, new),
                } => match doubt(facts(old).0, facts(new).0) {
                    Some(why) => self.unknown(&why),
                    None => both(self, name, old, new),
                },
            }
        }
    }

    fn whole_table(&mut self, name: &SmolStr, table: &Table, change: Change) {
        if let Some(why) = &table.maybe {
            self.unknown(why);
            return;
        }
        self.add(
            Subject::Table,
            change,
            name.to_string(),
            Value::Null,
            Value::Null,
            table.place.as_ref(),
        );
    }

    fn tables(&mut self, name: &SmolStr, old: &Table, new: &Table) {
        for (old, new) in [
            (&old.maybe, &new.maybe),
            (&old.unsure, &new.unsure),
            (&old.open, &new.open),
        ] {
            if let Some(why) = doubt(old, new) {
                self.unknown(&why);
                return;
            }
        }
        for column in &old.columns {
            match new.column(&column.name) {
                Some(now) => self.columns(name, column, now),
                None => match &column.maybe {
                    Some(why) => self.unknown(why),
                    None => self.add(
                        Subject::Column,
                        Change::Removed,
                        format!("{name}.{}", column.name),
                        column_value(column),
                        Value::Null,
                        column.place.as_ref(),
                    ),
                },
            }
        }
        for column in &new.columns {
            if old.column(&column.name).is_none() {
                match &column.maybe {
                    Some(why) => self.unknown(why),
                    None => self.add(
                        Subject::Column,
                        Change::Added,
                        format!("{name}.{}", column.name),
                        Value::Null,
                        column_value(column),
                        column.place.as_ref(),
                    ),
                }
            }
        }
        self.constraints(name, &old.constraints, &new.constraints);
        self.indexes(name, &old.indexes, &new.indexes);
        if old.comment != new.comment {
            self.add(
                Subject::Table,
                Change::Changed("comment"),
                name.to_string(),
                json!(old.comment),
                json!(new.comment),
                new.place.as_ref(),
            );
        }
        if old.row_security != new.row_security {
            self.add(
                Subject::Table,
                Change::Changed("row_security"),
                name.to_string(),
                json!(old.row_security),
                json!(new.row_security),
                new.place.as_ref(),
            );
        }
    }

    fn columns(&mut self, table: &SmolStr, old: &Column, new: &Column) {
        if let Some(why) = doubt(&old.maybe, &new.maybe) {
            self.unknown(&why);
            return;
        }
        let object = format!("{table}.{}", old.name);
        let place = new.place.as_ref();
        self.fact("type", &object, &old.column_type, &new.column_type, place);
        self.fact("nullable", &object, &old.nullable, &new.nullable, place);
        self.fact("default", &object, &old.default, &new.default, place);
        self.fact("identity", &object, &old.identity, &new.identity, place);
        self.fact("generated", &object, &old.generated, &new.generated, place);
        self.fact("comment", &object, &old.comment, &new.comment, place);
    }

    fn fact<T: PartialEq + serde::Serialize>(
        &mut self,
        what: &'static str,
        object: &str,
        old: &Fact<T>,
        new: &Fact<T>,
        place: Option<&FileSpan>,
    ) {
        match old.same(new) {
            Some(true) => {}
            Some(false) => self.add(
                Subject::Column,
                Change::Changed(what),
                object.to_owned(),
                json!(old.known()),
                json!(new.known()),
                place,
            ),
            None => self.unknown_fact(old, new),
        }
    }

    fn constraints(&mut self, table: &SmolStr, old: &[Constraint], new: &[Constraint]) {
        let mut left: Vec<&Constraint> = old.iter().filter(|one| !new.contains(one)).collect();
        let mut right: Vec<&Constraint> = new.iter().filter(|one| !old.contains(one)).collect();
        // The same definition at another place in the file is the same constraint.
        pair(&mut left, &mut right, |one, two| {
            one.name == two.name && one.has_same_definition(two) && one.maybe == two.maybe
        });
        // By name.
        for (one, two) in pair(&mut left, &mut right, |one, two| {
            one.known_name().is_some() && one.known_name() == two.known_name()
        }) {
            if let Some(why) = doubt(&one.maybe, &two.maybe) {
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
        for (one, two) in pair(&mut left, &mut right, Constraint::has_same_definition) {
            if let Some(why) = doubt(&one.maybe, &two.maybe) {
                self.unknown(&why);
                continue;
            }
            match (&one.name, &two.name) {
                (Fact::Known(old), Fact::Known(new)) => self.add(
                    subject_of(&one.kind),
                    Change::Renamed,
                    constraint_object(table, one),
                    json!(old),
                    json!(new),
                    two.place.as_ref(),
                ),
                // A convention names both: the same one.
                _ => {}
            }
        }
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

    fn indexes(&mut self, table: &SmolStr, old: &[Index], new: &[Index]) {
        let mut left: Vec<&Index> = old.iter().filter(|one| !new.contains(one)).collect();
        let mut right: Vec<&Index> = new.iter().filter(|one| !old.contains(one)).collect();
        for (one, two) in pair(&mut left, &mut right, |one, two| one.name == two.name) {
            if let Some(why) = doubt(&one.maybe, &two.maybe) {
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

    fn add(
        &mut self,
        subject: Subject,
        change: Change,
        object: String,
        from: Value,
        to: Value,
        place: Option<&FileSpan>,
    ) {
        self.differences.found.push(Difference {
            subject,
            change,
            object,
            from,
            to,
            place: place.cloned(),
        });
    }

    fn unknown(&mut self, why: &Arc<Why>) {
        if !self.differences.unknown.contains(why) {
            self.differences.unknown.push(Arc::clone(why));
        }
    }

    fn unknown_fact<T>(&mut self, one: &Fact<T>, other: &Fact<T>) {
        for fact in [one, other] {
            if let Fact::Unknown(why) = fact {
                self.unknown(why);
            }
        }
    }
}

/// Why two states cannot be compared: one of them may not be, and not for the reason the other may not.
fn doubt(old: &Option<Arc<Why>>, new: &Option<Arc<Why>>) -> Option<Arc<Why>> {
    match (old, new) {
        (None, None) => None,
        (Some(old), Some(new)) if Arc::ptr_eq(old, new) => None,
        (_, Some(why)) | (Some(why), None) => Some(Arc::clone(why)),
    }
}

/// Takes the pairs that match out of two lists.
fn pair<'v, T>(
    left: &mut Vec<&'v T>,
    right: &mut Vec<&'v T>,
    matches: impl Fn(&T, &T) -> bool,
) -> Vec<(&'v T, &'v T)> {
    let mut pairs = Vec::new();
    left.retain(|one| {
        let Some(position) = right.iter().position(|two| matches(one, two)) else {
            return true;
        };
        pairs.push((*one, right.remove(position)));
        false
    });
    pairs
}

fn constraint_unknown(constraint: &Constraint) -> Option<Arc<Why>> {
    match &constraint.kind {
        ConstraintKind::Unknown(why)
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
        ConstraintKind::Unknown(_) => Subject::Constraint,
    }
}

fn constraint_object(table: &SmolStr, constraint: &Constraint) -> String {
    match constraint.known_name() {
        Some(name) => format!("{table}.{name}"),
        None => format!("{table}({})", constraint.kind.columns().join(", ")),
    }
}

fn column_value(column: &Column) -> Value {
    json!({
        "name": column.name,
        "type": column.column_type.known(),
        "nullable": column.nullable.known(),
        "default": column.default.known().cloned().flatten(),
    })
}

/// A constraint in the form of the `schema` contract.
pub fn constraint_value(constraint: &Constraint) -> Value {
    let name = constraint.known_name();
    let mut value = match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => json!({"name": name, "columns": columns}),
        ConstraintKind::Unique {
            columns,
            nulls_not_distinct,
        } => {
            let mut value = json!({"name": name, "columns": columns});
            if *nulls_not_distinct {
                value["nulls_not_distinct"] = json!(true);
            }
            value
        }
        ConstraintKind::ForeignKey(key) => json!({
            "name": name,
            "columns": key.columns,
            "references": key.references,
            "ref_columns": key.ref_columns,
            "ondelete": key.ondelete,
            "onupdate": key.onupdate,
        }),
        ConstraintKind::Check { expression, .. } => {
            json!({"name": name, "definition": expression.known()})
        }
        ConstraintKind::Exclude { definition, .. } => {
            json!({"name": name, "definition": definition.known()})
        }
        ConstraintKind::Unknown(_) => json!({"name": name}),
    };
    if let Some(deferrable) = &constraint.deferrable {
        value["deferrable"] = json!(deferrable);
    }
    if constraint.not_valid {
        value["not_valid"] = json!(true);
    }
    value
}

/// An index in the form of the `schema` contract, without its name.
pub fn index_value(definition: &Fact<IndexDefinition>) -> Value {
    match definition {
        Fact::Known(definition) => {
            let mut value = json!({
                "columns": definition
                    .keys
                    .iter()
                    .map(super::IndexKey::spelling)
                    .collect::<Vec<_>>(),
                "unique": definition.unique,
                "using": definition.using,
            });
            if !definition.include.is_empty() {
                value["include"] = json!(definition.include);
            }
            if let Some(predicate) = &definition.predicate {
                value["where"] = json!(predicate);
            }
            if definition.nulls_not_distinct {
                value["nulls_not_distinct"] = json!(true);
            }
            if let Some(options) = &definition.options {
                value["with"] = json!(options);
            }
            value
        }
        Fact::Unknown(_) => Value::Null,
    }
}
