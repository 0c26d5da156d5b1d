//! Indexes over the same columns that migrations make otherwise.

use serde_json::Value;

use crate::catalog::{Change, Difference, Subject};
use crate::models::Introduced;
use crate::project::ProjectEnvironment;
use crate::rules::pairing;

/// True for an index of the models in whose place a migration of the change makes one over the same columns, by another
/// name or only over how they begin, as MySQL wants it of long texts.
pub(super) fn is_indexed_otherwise(
    difference: &Difference,
    introduced: &Introduced<'_>,
    head: &ProjectEnvironment<'_>,
) -> bool {
    let is_index = |difference: &Difference, change| {
        (difference.subject, difference.change) == (Subject::Index, change)
    };
    let is_unique = difference.to["unique"].as_bool() == Some(true);
    if !is_index(difference, Change::Added) || is_unique {
        return false;
    }
    let table = pairing::table_of(difference, head);
    introduced.others.iter().any(|other| {
        let other = &other.difference;
        is_index(other, Change::Removed)
            && ["using", "where"]
                .iter()
                .all(|part| other.from[part] == difference.to[part])
            && pairing::table_of(other, head) == table
            && columns(&other.from) == columns(&difference.to)
    })
}

/// The columns of an index, without how much of each it holds, and in which order. Expressions stay as they are.
fn columns(index: &Value) -> Vec<&str> {
    let keys = index["columns"].as_array().into_iter().flatten();
    keys.map(|key| {
        let key = key.as_str().unwrap_or_default();
        match key.split_once(' ') {
            Some((column, _)) if !column.contains(['(', '\'']) => column,
            _ => key,
        }
    })
    .collect()
}
