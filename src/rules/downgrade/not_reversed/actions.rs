//! What foreign keys do `ON DELETE` and `ON UPDATE`.

use serde_json::Value;

use super::columns_in;
use crate::catalog::{Catalog, Change, Difference, Subject};
use crate::rules::difference::Target;

/// True for a foreign key that lets go what it did not before, by what it does `ON DELETE` or `ON UPDATE`, and is the same
/// otherwise: older code is refused less. `SET NULL` on a column that is NOT NULL lets nothing go.
pub(super) fn only_takes_more(difference: &Difference, before: &Catalog) -> bool {
    const ACTIONS: [&str; 2] = ["ondelete", "onupdate"];
    let is_changed = matches!(
        (difference.subject, difference.change),
        (Subject::ForeignKey, Change::Changed(_))
    );
    let without = |value: &Value| {
        let mut value = value.clone();
        for action in ACTIONS {
            value[action] = Value::Null;
        }
        value
    };
    let (from, to) = (&difference.from, &difference.to);
    let refuses = |action: &Value| {
        action.is_null()
            || action == "RESTRICT"
            || action == "SET NULL" && holds_no_null(difference, before)
    };
    is_changed
        && from.is_object()
        && to.is_object()
        && without(from) == without(to)
        && ACTIONS
            .iter()
            .all(|action| from[*action] == to[*action] || refuses(&from[*action]))
}

/// True if one of the columns of a foreign key was NOT NULL.
fn holds_no_null(difference: &Difference, before: &Catalog) -> bool {
    let table = Target::of(difference).table;
    let table = table.and_then(|table| before.tables.get(table));
    let mut columns = columns_in(&difference.from).into_iter().flatten();
    table.is_some_and(|table| {
        columns.any(|name| {
            let column = table.column(name);
            column.is_some_and(|column| column.nullable.is(&false))
        })
    })
}
