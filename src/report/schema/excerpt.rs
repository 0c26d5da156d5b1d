//! Some tables of a schema.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::catalog::{Catalog, Fact};

/// Tables with what belongs to them.
pub struct Excerpt {
    pub catalog: Catalog,
    /// The tables that are there as well.
    pub others: BTreeSet<SmolStr>,
}

impl Excerpt {
    pub fn of(whole: &Catalog, tables: &[SmolStr]) -> Self {
        let (kept, others): (Vec<_>, Vec<_>) = whole
            .tables
            .iter()
            .map(|(name, table)| (name.clone(), table.clone()))
            .partition(|(name, _)| tables.contains(name));
        let is_type_of_a_column = |name: &SmolStr| {
            let mut columns = kept.iter().flat_map(|(_, table)| &table.columns);
            columns.any(|column| match &column.column_type {
                Fact::Known(known) => {
                    let plain = known.trim_end_matches("[]");
                    plain == name.as_str() || plain.trim_matches('"') == name.as_str()
                }
                Fact::Unknown(_) => false,
            })
        };
        let is_kept = |name: &SmolStr| tables.contains(name);
        Self {
            others: others.into_iter().map(|(name, _)| name).collect(),
            catalog: Catalog {
                enums: whole
                    .enums
                    .iter()
                    .filter(|(name, _)| is_type_of_a_column(name))
                    .map(|(name, found)| (name.clone(), found.clone()))
                    .collect(),
                sequences: whole
                    .sequences
                    .iter()
                    .filter(|(_, sequence)| {
                        let owner = sequence.owned_by.as_ref();
                        owner.is_some_and(|(table, _)| is_kept(table))
                    })
                    .map(|(name, found)| (name.clone(), found.clone()))
                    .collect(),
                objects: whole
                    .objects
                    .iter()
                    .filter(|(key, object)| {
                        object.on.as_ref().is_some_and(is_kept) || is_type_of_a_column(&key.name)
                    })
                    .map(|(key, found)| (key.clone(), found.clone()))
                    .collect(),
                tables: kept.into_iter().collect(),
                ..whole.clone()
            },
        }
    }
}
