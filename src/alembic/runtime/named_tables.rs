//! The classes of a revision's module that stand for tables.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Runtime;
use crate::alembic::revision::Revision;
use crate::python::ast::Name;
use crate::python::value::{Place, SymbolKind, Value};
use crate::schema::Fact;
use crate::sqlalchemy::declarative::declared_table;
use crate::sqlalchemy::{ColumnSource, column};

/// A table that a name at the top of a module leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTable {
    /// With its schema.
    pub table: SmolStr,
    /// The types of its columns.
    pub columns: BTreeMap<SmolStr, Fact>,
}

impl NamedTable {
    /// True if both are one table, as far as both know its columns.
    pub fn is_same(&self, other: &Self) -> bool {
        self.table == other.table
            && self.columns.iter().all(|(name, column_type)| {
                let other = other.columns.get(name);
                other.is_none_or(|other| column_type.same(other) != Some(false))
            })
    }
}

impl Runtime<'_> {
    /// The model classes that a revision's module defines or imports, by the names it uses for them.
    pub fn named_tables(
        &mut self,
        revision: &Revision,
        sqlalchemy: (u32, u32),
    ) -> BTreeMap<Name, NamedTable> {
        let mut found = BTreeMap::new();
        let Some(module) = self.load(revision) else {
            return found;
        };
        for name in self.interpreter.module_names(module) {
            self.interpreter.refuel();
            let Some(class @ Value::Class(_)) = self.interpreter.module_attribute(module, &name)
            else {
                continue;
            };
            if let Some(table) = self.table_of(class, sqlalchemy) {
                found.insert(name, table);
            }
        }
        self.interpreter.host.take();
        found
    }

    fn table_of(&mut self, class: Value, sqlalchemy: (u32, u32)) -> Option<NamedTable> {
        let at = Place::default();
        let attribute = SymbolKind::Attribute {
            base: class,
            name: Name::new_static("__table__"),
        };
        let table = Value::symbol(attribute, at);
        let declared = declared_table(&table, sqlalchemy, &mut self.interpreter)?;
        let calls: Vec<_> = declared
            .columns(&self.interpreter)
            .map(|(name, call)| (name, call.clone()))
            .collect();
        let mut columns = BTreeMap::new();
        for (name, call) in calls {
            let source = ColumnSource {
                call: &call,
                place: at,
                attribute: Some(&name),
            };
            let read = column(&source, &mut self.interpreter);
            let column_type = read.and_then(|read| read.facts.get("type").cloned());
            let column_type = column_type.unwrap_or_else(|| Fact::Unknown(String::new()));
            columns.insert(name, column_type);
        }
        Some(NamedTable {
            table: declared.name,
            columns,
        })
    }
}
