//! Columns that are altered without being known.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Statement;
use crate::catalog::ddl::SomeColumns;
use crate::catalog::fact::{Fact, Why};
use crate::catalog::table::Column;
use crate::dialect::Dialect;

impl Statement<'_> {
    /// Columns that are not known are altered: any may be one of them that is not as they become already, and that the
    /// database can convert.
    pub(super) fn alter_some_columns(&mut self, what: &str, altered: &SomeColumns) {
        self.opaque(what, &[]);
        let why = self.why(what);
        let names: Vec<SmolStr> = self.database.now.tables.keys().cloned().collect();
        for table in names {
            let is_one = |column: &&Column| {
                altered
                    .name
                    .as_ref()
                    .is_none_or(|name| *name == column.name)
            };
            let columns: Vec<Column> = self
                .table(&table)
                .into_iter()
                .flat_map(|table| table.columns.iter().filter(is_one))
                .map(|column| self.perhaps_altered(column, altered, &why))
                .collect();
            self.change(&table, |table| {
                for column in columns {
                    if let Some(known) = table.column_mut(&column.name) {
                        *known = column;
                    }
                }
            });
        }
    }

    /// A column that may be one of those that are altered.
    fn perhaps_altered(&self, column: &Column, altered: &SomeColumns, why: &Arc<Why>) -> Column {
        let mut column = column.clone();
        if let Some(new) = &altered.column_type {
            let may_convert = match (&column.column_type, new) {
                (Fact::Known(old), Fact::Known(new)) => {
                    altered.has_using
                        || self.database.dialect != Dialect::PostgreSql
                        || self.is_assignable(old, new)
                }
                _ => true,
            };
            if may_convert {
                column.column_type = column.column_type.join(new, why);
            }
        }
        if let Some(nullable) = &altered.nullable {
            column.nullable = column.nullable.join(nullable, why);
        }
        if altered.default {
            column.default = Fact::Unknown(Arc::clone(why));
        }
        column
    }
}
