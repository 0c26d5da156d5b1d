//! How many rows of one table belong to how many of another.

use smol_str::SmolStr;

use crate::catalog::{ConstraintKind, Fact, ForeignKey, Table};

/// What a foreign key says of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    /// A row may refer to none.
    pub(super) may_be_null: bool,
    /// At most one row refers to the same one.
    pub(super) is_unique: bool,
    /// Rows are nothing without the other one: the key is part of the primary key.
    pub(super) is_part_of_key: bool,
}

impl Relation {
    pub(super) fn of(table: &Table, key: &ForeignKey) -> Self {
        let may_be_null = key.columns.iter().any(|name| {
            table
                .column(name)
                .is_none_or(|column| !column.nullable.is(&false))
        });
        let covers = |columns: &[SmolStr]| {
            !columns.is_empty() && columns.iter().all(|column| key.columns.contains(column))
        };
        let is_unique = table
            .constraints
            .iter()
            .any(|constraint| match &constraint.kind {
                ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => {
                    covers(columns)
                }
                _ => false,
            })
            || table.indexes.iter().any(|index| match &index.definition {
                Fact::Known(definition) => {
                    definition.unique
                        && definition.predicate.is_none()
                        && definition.keys.iter().all(|key| key.is_column)
                        && covers(
                            &definition
                                .keys
                                .iter()
                                .map(|key| key.text.clone())
                                .collect::<Vec<_>>(),
                        )
                }
                Fact::Unknown(_) => false,
            });
        let is_part_of_key = table.primary_key().is_some_and(|primary| {
            key.columns
                .iter()
                .all(|column| primary.kind.columns().contains(column))
        });
        Self {
            may_be_null,
            is_unique,
            is_part_of_key,
        }
    }
}
