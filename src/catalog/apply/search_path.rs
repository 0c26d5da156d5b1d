//! Names without a schema that are meant in one of those that the connection searches.

use std::borrow::Cow;

use smol_str::SmolStr;

use super::Database;
use crate::catalog::constraint::{Constraint, ConstraintKind};
use crate::catalog::ddl::{AlterAction, Ddl};

impl Database {
    /// The one relation of that name in the schemas of `search_path`, if the default schema has none.
    pub(super) fn searched<'n>(&self, name: &'n SmolStr) -> Cow<'n, SmolStr> {
        let now = &self.now;
        let is_there =
            |name: &str| now.tables.contains_key(name) || now.index_tables.contains_key(name);
        if self.search_path.is_empty() || name.contains('.') || is_there(name) {
            return Cow::Borrowed(name);
        }
        let schemas = self.search_path.iter();
        let mut found = schemas
            .map(|schema| SmolStr::new(format!("{schema}.{name}")))
            .filter(|name| is_there(name));
        match (found.next(), found.next()) {
            (Some(only), None) => Cow::Owned(only),
            _ => Cow::Borrowed(name),
        }
    }

    /// A statement with the schemas of what it names; `None` where it is meant as it stands. What is made goes into the
    /// default schema.
    pub(super) fn with_schemas(&self, ddl: &Ddl) -> Option<Ddl> {
        if self.search_path.is_empty() {
            return None;
        }
        let mut ddl = ddl.clone();
        let mut is_other = false;
        let mut search = |name: &mut SmolStr| {
            if let Cow::Owned(found) = self.searched(name) {
                *name = found;
                is_other = true;
            }
        };
        let references = |constraint: &mut Constraint, search: &mut dyn FnMut(&mut SmolStr)| {
            if let ConstraintKind::ForeignKey(key) = &mut constraint.kind {
                search(&mut key.references);
            }
        };
        match &mut ddl {
            Ddl::CreateTable(create) => {
                for constraint in &mut create.constraints {
                    references(constraint, &mut search);
                }
            }
            Ddl::AlterTable { table, action, .. } => {
                search(table);
                if let AlterAction::AddConstraint(constraint) = action {
                    references(constraint, &mut search);
                }
            }
            Ddl::CreateIndex { table, .. } => search(table),
            Ddl::DropIndex { name, table, .. } => {
                search(name);
                table.iter_mut().for_each(search);
            }
            Ddl::DropTable { name, .. } | Ddl::RenameIndex { name, .. } => search(name),
            _ => return None,
        }
        is_other.then_some(ddl)
    }
}
