//! What statements show of a column that no migration read here has made.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{Database, Heading};
use crate::catalog::fact::Why;
use crate::catalog::{Catalog, Column};

impl Database {
    /// What a call says a column to be like, where that is not known better: `existing_type` and its like.
    pub fn hint(&mut self, table: &str, hint: &Column) {
        let table = self.searched(&SmolStr::new(table)).into_owned();
        let table = table.as_str();
        if !self.now.tables.contains_key(table) {
            let mut statement = self.statement(hint.place.as_ref());
            // One that was dropped is not there.
            let name = SmolStr::new(table);
            if statement.may_exist(table) {
                statement.discover_table(&name);
            }
        }
        let Some(now) = self.now.tables.get(table) else {
            return;
        };
        if now.open.is_none() {
            return;
        }
        // A column that the revision itself has made or changed was not like that before.
        let is_known_now = now
            .column(&hint.name)
            .is_some_and(|column| column.column_type.known().is_some());
        let fill = |catalog: &mut Catalog, table: &str, hint: &Column| {
            let Some(table) = catalog.tables.get_mut(table) else {
                return;
            };
            let table = Arc::make_mut(table);
            match table.column_mut(&hint.name) {
                None => table.columns.push(hint.clone()),
                Some(column) => {
                    if column.column_type.known().is_none() {
                        column.column_type = hint.column_type.clone();
                    }
                    if column.nullable.known().is_none() {
                        column.nullable = hint.nullable.clone();
                    }
                    if column.default.known().is_none() {
                        column.default = hint.default.clone();
                    }
                }
            }
        };
        if !is_known_now {
            fill(&mut self.now, table, hint);
            let former = self.former_names.get(table).map_or(table, SmolStr::as_str);
            if self.heading == Heading::There {
                fill(&mut self.before, former, hint);
            } else {
                // What a downgrade says of the column is what it finds, which some way through `upgrade` may have made.
                let what = format!("what `{table}.{}` was like before the upgrade", hint.name);
                let why = Why::new(format!("{what} is not known"), hint.place.clone());
                let unknown = Column::unknown(hint.name.clone(), &why);
                fill(&mut self.before, former, &unknown);
            }
        }
    }
}
