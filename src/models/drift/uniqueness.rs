//! What one side keeps unique by a constraint and the other by an index.

use std::sync::Arc;

use serde_json::Value;
use smol_str::SmolStr;

use super::DriftDifference;
use crate::catalog::{
    Catalog, Change, Constraint, ConstraintKind, Difference, Subject, split_object,
};
use crate::dialect::Dialect;

/// A unique constraint or index that one side has, as far as the other may have it in the other form.
#[derive(PartialEq)]
struct Kept {
    table: String,
    /// In no order: they are unique together.
    columns: Vec<String>,
    are_nulls_not_distinct: bool,
}

/// Leaves one unique constraint of several over the same columns in the database, where the model has one without a name:
/// autogenerate knows that by its columns, and it is all of them.
pub(super) fn leave_one_of_equal(database: &mut Catalog, described: &Catalog) {
    let columns_of = |constraint: &Constraint| match &constraint.kind {
        ConstraintKind::Unique { columns, .. } => {
            let mut columns = columns.clone();
            columns.sort_unstable();
            Some(columns)
        }
        _ => None,
    };
    for (name, here) in &described.tables {
        let Some(there) = database.tables.get_mut(name) else {
            continue;
        };
        for own in here.constraints.iter().filter(|own| own.is_unnamed) {
            let Some(columns) = columns_of(own) else {
                continue;
            };
            let is_same = |other: &&Constraint| columns_of(other).as_ref() == Some(&columns);
            let same: Vec<&Constraint> = there.constraints.iter().filter(is_same).collect();
            let [first, _, ..] = same.as_slice() else {
                continue;
            };
            let mut called = same
                .iter()
                .filter(|other| other.known_name() == own.known_name());
            let kept = Constraint::clone(called.next().unwrap_or(first));
            let there = Arc::make_mut(there);
            there.constraints.retain(|other| !is_same(&other));
            there.constraints.push(kept);
        }
    }
}

/// True for a unique constraint that has no name in the database, as on SQLite: autogenerate goes through those that it
/// knows by their names, and removes no other.
pub(super) fn has_no_name(object: &str, definition: &Value, database: &Catalog) -> bool {
    let (table, _) = split_object(object, database);
    let columns = definition["columns"].as_array();
    let is_it = |constraint: &Constraint| {
        let own = constraint.kind.columns().iter().map(SmolStr::as_str);
        matches!(constraint.kind, ConstraintKind::Unique { .. })
            && constraint.name.is(&None)
            && columns.is_some_and(|columns| own.eq(columns.iter().filter_map(Value::as_str)))
    };
    let table = database.tables.get(table);
    object.ends_with(')') && table.is_some_and(|table| table.constraints.iter().any(is_it))
}

/// Pairs what the models keep unique by a constraint with what the migrations keep unique by an index, or the other way
/// round. To MySQL both are the same, and there is no difference.
pub(super) fn pair(
    differences: &mut Vec<DriftDifference>,
    database: &Catalog,
    described: &Catalog,
    dialect: Dialect,
) {
    let of_side = |found: &DriftDifference, change: Change| {
        let difference = &found.difference;
        let (catalog, value) = match change {
            Change::Added => (described, &difference.to),
            _ => (database, &difference.from),
        };
        (difference.change == change)
            .then(|| kept(difference, value, catalog))
            .flatten()
    };
    let made: Vec<Option<Kept>> = differences
        .iter()
        .map(|found| of_side(found, Change::Removed))
        .collect();
    if made.iter().all(Option::is_none) {
        return;
    }
    // An index that the models make unique, beside a constraint that does so.
    let made_unique = |found: &DriftDifference| {
        let difference = &found.difference;
        let was = difference.from.get("unique").and_then(Value::as_bool);
        let is_it = matches!(difference.change, Change::Changed(_)) && was != Some(true);
        (is_it && difference.subject == Subject::Index && dialect != Dialect::MySql)
            .then(|| kept(difference, &difference.to, described))
            .flatten()
    };
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (asked, found) in differences.iter().enumerate() {
        let wanted = of_side(found, Change::Added).or_else(|| made_unique(found));
        let Some(wanted) = wanted else {
            continue;
        };
        let subject = found.difference.subject;
        let position = made.iter().enumerate().position(|(position, one)| {
            one.as_ref() == Some(&wanted)
                && differences
                    .get(position)
                    .is_some_and(|one| one.difference.subject != subject)
                && !pairs.iter().any(|(_, taken)| *taken == position)
        });
        if let Some(position) = position {
            pairs.push((asked, position));
        }
    }
    if dialect == Dialect::MySql {
        let mut index = 0;
        differences.retain(|_| {
            index += 1;
            !pairs
                .iter()
                .any(|(one, other)| [one, other].contains(&&(index - 1)))
        });
        return;
    }
    for (one, other) in pairs {
        let of = |position: usize| Some(differences.get(position)?.difference.clone());
        let (first, second) = (of(one), of(other));
        for (position, counterpart) in [(one, second), (other, first)] {
            if let Some(found) = differences.get_mut(position) {
                found.same_uniqueness = counterpart;
            }
        }
    }
}

/// What a constraint or index keeps unique, if it does so for all rows. Where NULLs are distinct, a condition that leaves
/// out those of a column that belongs to it leaves nothing out.
fn kept(difference: &Difference, value: &Value, catalog: &Catalog) -> Option<Kept> {
    let columns = value.get("columns")?.as_array()?;
    let columns: Option<Vec<String>> = columns
        .iter()
        .map(|column| Some(column.as_str()?.to_owned()))
        .collect();
    let mut columns = columns?;
    columns.sort_unstable();
    let are_nulls_not_distinct = value.get("nulls_not_distinct").is_some();
    let takes_all = || match value.get("where") {
        None => true,
        Some(condition) => {
            let condition = condition.as_str();
            !are_nulls_not_distinct
                && condition.is_some_and(|condition| only_excludes_nulls(condition, &columns))
        }
    };
    let is_meant = match difference.subject {
        Subject::Unique => value.get("deferrable").is_none(),
        Subject::Index => value.get("unique").and_then(Value::as_bool) == Some(true) && takes_all(),
        _ => false,
    };
    if !is_meant {
        return None;
    }
    let (table, _) = split_object(&difference.object, catalog);
    Some(Kept {
        table: table.to_owned(),
        columns,
        are_nulls_not_distinct,
    })
}

/// True for `a IS NOT NULL AND b IS NOT NULL` of these columns.
fn only_excludes_nulls(condition: &str, columns: &[String]) -> bool {
    condition.split(" AND ").all(|part| {
        let part = part.trim_matches(['(', ')', ' ']);
        let name = part.strip_suffix(" IS NOT NULL");
        name.is_some_and(|name| {
            let name = name.trim_matches('"');
            columns.iter().any(|column| column == name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_may_leave_out_what_is_distinct_anyway() {
        let columns = ["a".to_owned(), "b c".to_owned()];
        for condition in [
            "a IS NOT NULL",
            "(a IS NOT NULL)",
            "((a IS NOT NULL) AND (\"b c\" IS NOT NULL))",
        ] {
            assert!(only_excludes_nulls(condition, &columns), "{condition}");
        }
        for condition in [
            "d IS NOT NULL",
            "a IS NULL",
            "a IS NOT NULL OR d",
            "a IS NOT NULL AND a > 0",
            "NOT a IS NOT NULL",
        ] {
            assert!(!only_excludes_nulls(condition, &columns), "{condition}");
        }
    }
}
