//! What a statement names and nothing read here has made: it was there before the revision.

use std::sync::Arc;

use smol_str::SmolStr;

use super::columns::is_believed;
use super::{Database, Statement};
use crate::catalog::constraint::{Constraint, ConstraintKind, Index};
use crate::catalog::fact::Fact;
use crate::catalog::objects::Enum;
use crate::catalog::table::{Column, Table};

impl Database {
    /// A table that was taken to be there before the revision was not.
    pub fn was_without(&mut self, table: &SmolStr) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.statement(None).forget_table(table);
        std::mem::swap(&mut self.now, &mut self.before);
    }
}

impl Statement<'_> {
    /// A table that something names and nothing has made. It is there now, too.
    pub(super) fn discover_table(&mut self, name: &SmolStr) {
        self.database.began_empty = false;
        let why = self.why(&format!("no migration read here creates `{name}`"));
        let table = Arc::new(Table::unknown(&why));
        self.database
            .now
            .tables
            .insert(name.clone(), Arc::clone(&table));
        if !self.database.before.tables.contains_key(name) {
            self.database.before.tables.insert(name.clone(), table);
        }
    }

    pub(super) fn discover_column(&mut self, table: &SmolStr, name: &SmolStr) -> Column {
        let why = self.why(&format!("no migration read here creates `{table}.{name}`"));
        let found = Column::unknown(name.clone(), &why);
        self.learn(table, |table| {
            if table.column(name).is_none() {
                table.columns.push(found.clone());
            }
        });
        found
    }

    /// A column that was taken to be there before the revision was not: a statement adds it.
    pub(super) fn was_without_column(&mut self, table: &SmolStr, name: &SmolStr) {
        self.learn(table, |table| {
            table
                .columns
                .retain(|column| column.name != *name || !is_believed(column));
        });
    }

    pub(super) fn discover_constraint(&mut self, table: &SmolStr, name: &SmolStr) -> Constraint {
        let kind = ConstraintKind::Unknown {
            why: self.why(&format!("no migration read here creates `{name}`")),
            columns: Vec::new(),
        };
        let found = Constraint::new(Some(name.clone()), kind, self.place());
        self.learn(table, |table| {
            if table.constraint(name).is_none() {
                table.constraints.push(found.clone());
            }
        });
        found
    }

    pub(super) fn discover_index(&mut self, table: &SmolStr, name: &SmolStr) {
        let found = self.unknown_index(name);
        self.learn(table, |table| {
            if table.index(name).is_none() {
                table.indexes.push(found);
            }
        });
    }

    /// An index that nothing read here has made.
    pub(super) fn unknown_index(&self, name: &SmolStr) -> Index {
        Index {
            name: name.clone(),
            definition: Fact::Unknown(
                self.why(&format!("no migration read here creates `{name}`")),
            ),
            place: self.place(),
            maybe: None,
        }
    }

    pub(super) fn discover_enum(&mut self, name: &SmolStr) -> Arc<Enum> {
        let why = self.why(&format!("no migration read here creates type `{name}`"));
        let found = Arc::new(Enum {
            labels: Fact::Unknown(why),
            place: self.place(),
            maybe: None,
        });
        if !self.database.before.enums.contains_key(name) {
            let found = Arc::clone(&found);
            self.database.before.enums.insert(name.clone(), found);
        }
        found
    }
}
