//! How bad it is that something is not brought back.

use serde_json::Value;

use super::Object;
use crate::catalog::{Catalog, Change, Difference, Subject};
use crate::diagnostic::Severity;
use crate::rules::difference::Target;

/// How bad it is: what only is less strict or less convenient than it was is no error.
pub(super) fn severity(object: &Object<'_>, before: &Catalog) -> Severity {
    let first = object.first;
    if object.next_failure.is_some() {
        return Severity::Error;
    }
    // On databases that lacked it, the downgrade is right.
    if object.is_repeated {
        return Severity::Warning;
    }
    match (first.subject, first.change) {
        (Subject::Column, Change::Changed(_)) => {
            let fails = |difference: &&Difference| match difference.change {
                // Older code may put NULL into it.
                Change::Changed("nullable") => difference.to == Value::Bool(false),
                // Older code may leave it out.
                Change::Changed("default") => {
                    difference.to.is_null() && is_not_null(object, before)
                }
                _ => true,
            };
            if object.differences.iter().any(fails) {
                Severity::Error
            } else {
                Severity::Warning
            }
        }
        (Subject::Index, Change::Changed(_)) if sorts_otherwise(first) => Severity::Info,
        (Subject::PrimaryKey | Subject::Unique, Change::Changed(_)) if orders_otherwise(first) => {
            Severity::Warning
        }
        _ => Severity::Error,
    }
}

/// True for a column that is NOT NULL after the downgrade.
fn is_not_null(object: &Object<'_>, before: &Catalog) -> bool {
    let changed = object
        .differences
        .iter()
        .find(|difference| difference.change == Change::Changed("nullable"));
    if let Some(difference) = changed {
        return difference.to == Value::Bool(false);
    }
    let target = Target::of(object.first);
    let table = target.table.and_then(|table| before.tables.get(table));
    let column = table
        .zip(target.name)
        .and_then(|(table, name)| table.column(name));
    column.is_none_or(|column| !column.nullable.is(&true))
}

/// True for an index over the same columns that only sorts them in another direction.
fn sorts_otherwise(difference: &Difference) -> bool {
    let (Value::Object(mut from), Value::Object(mut to)) =
        (difference.from.clone(), difference.to.clone())
    else {
        return false;
    };
    let unsorted = |columns: Option<Value>| -> Option<Vec<String>> {
        let columns = columns?;
        let columns = columns.as_array()?.iter().filter_map(Value::as_str);
        Some(
            columns
                .map(|column| column.split(' ').next().unwrap_or(column).to_owned())
                .collect(),
        )
    };
    unsorted(from.remove("columns")) == unsorted(to.remove("columns")) && from == to
}

/// True for a key over the same columns in another order.
fn orders_otherwise(difference: &Difference) -> bool {
    let columns = |value: &Value| -> Option<Vec<String>> {
        let columns = value.get("columns")?.as_array()?.iter();
        let mut columns: Vec<String> = columns
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        columns.sort_unstable();
        Some(columns)
    };
    columns(&difference.from).is_some() && columns(&difference.from) == columns(&difference.to)
}
