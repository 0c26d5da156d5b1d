//! Types of which no row can tell which one it is.

use super::Target;
use crate::catalog::{Catalog, Change, Difference, Subject};
use crate::dialect::{Dialect, is_unlimited_text, is_wider};

/// True for two types of a column between which no row can tell.
pub(crate) fn is_one_for_rows(
    difference: &Difference,
    migrated: &Catalog,
    dialect: Dialect,
) -> bool {
    is_one_text(difference, dialect) || is_bounded_by_key(difference, migrated, dialect)
}

/// True for two types of text that the database stores and compares alike.
fn is_one_text(difference: &Difference, dialect: Dialect) -> bool {
    let types = [&difference.from, &difference.to];
    difference.change == Change::Changed("type")
        && types.into_iter().all(|spelling| {
            let spelling = spelling.as_str();
            spelling.is_some_and(|spelling| is_unlimited_text(dialect, spelling))
        })
}

/// True for a column whose two types both take all that the column holds which its foreign key refers to: nothing else can be
/// in it.
pub(crate) fn is_bounded_by_key(
    difference: &Difference,
    migrated: &Catalog,
    dialect: Dialect,
) -> bool {
    if (difference.subject, difference.change) != (Subject::Column, Change::Changed("type")) {
        return false;
    }
    let Target { table, name, .. } = Target::of(difference);
    let table = table.and_then(|table| migrated.tables.get(table));
    let (Some(table), Some(column)) = (table, name) else {
        return false;
    };
    let mut keys = table.foreign_keys();
    keys.any(|(constraint, key)| {
        let referenced = migrated.tables.get(&key.references);
        let referenced = match (key.columns.as_slice(), key.ref_columns.as_slice()) {
            ([own], [other]) if own == column => referenced.and_then(|table| table.column(other)),
            _ => None,
        };
        let holds = referenced.and_then(|referenced| referenced.column_type.known());
        constraint.maybe.is_none()
            && holds.is_some_and(|holds| {
                let types = [&difference.from, &difference.to];
                types.into_iter().all(|spelling| {
                    let spelling = spelling.as_str();
                    spelling.is_some_and(|spelling| is_wider(dialect, holds, spelling))
                })
            })
    })
}
