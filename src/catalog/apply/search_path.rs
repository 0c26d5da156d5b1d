//! Names without a schema that are meant in one of those that the connection searches.

use std::borrow::Cow;
use std::sync::Arc;

use smol_str::SmolStr;

use super::Database;
use crate::catalog::constraint::{Constraint, ConstraintKind};
use crate::catalog::ddl::{AlterAction, Ddl};
use crate::catalog::objects::{ObjectKind, in_schema, split_schema};
use crate::catalog::table::Table;
use crate::dialect::Dialect;

const DEFAULT: &str = "public";

impl Database {
    /// The first relation of that name in the schemas of `search_path`. What is made without a schema is kept in the default
    /// one, also where the path leaves that out.
    pub(super) fn searched<'n>(&self, name: &'n SmolStr) -> Cow<'n, SmolStr> {
        let now = &self.now;
        let is_there =
            |name: &str| now.tables.contains_key(name) || now.index_tables.contains_key(name);
        let path = &self.search_path;
        if path.is_empty() {
            return match self.in_default_database(name) {
                Some(found) => Cow::Owned(found),
                None => Cow::Borrowed(name),
            };
        }
        if name.contains('.') || !path.iter().any(|schema| schema == DEFAULT) && is_there(name) {
            return Cow::Borrowed(name);
        }
        let found = path
            .iter()
            .map(|schema| in_schema(name, schema))
            .find(|name| is_there(name));
        match found {
            Some(found) if found != *name => Cow::Owned(found),
            _ => Cow::Borrowed(name),
        }
    }

    /// The only table of that name, where MySQL is told of tables with their database. A connection has a default database,
    /// and where nothing is made by a bare name, one that is used is in that one.
    pub fn in_default_database(&self, bare: &str) -> Option<SmolStr> {
        let now = &self.now;
        if self.dialect != Dialect::MySql
            || bare.contains('.')
            || now.tables.contains_key(bare)
            || now.opaque.is_some()
        {
            return None;
        }
        let made_bare = |(name, table): (&SmolStr, &Arc<Table>)| {
            table.open.is_none() && split_schema(name).0.is_empty()
        };
        if now.tables.iter().any(made_bare) {
            return None;
        }
        let mut named = now.tables.keys().filter(|name| {
            let (schema, own) = split_schema(name);
            own == bare && !schema.is_empty()
        });
        named.next().filter(|_| named.next().is_none()).cloned()
    }

    /// A statement with the schemas of what it names; `None` where it is meant as it stands. What is made goes into the
    /// default schema.
    pub(super) fn with_schemas(&self, ddl: &Ddl) -> Option<Ddl> {
        if self.search_path.is_empty() && self.dialect != Dialect::MySql {
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
                let bare = table.clone();
                search(table);
                // It stays in its schema.
                if let AlterAction::RenameTable { new_name } = action
                    && *table != bare
                    && !new_name.contains('.')
                {
                    let (schema, _) = split_schema(table);
                    *new_name = SmolStr::new(format!("{schema}{new_name}"));
                }
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

/// A statement that names something without its schema.
pub(super) struct Forgotten {
    pub(super) refusal: String,
    /// The statement with the schema.
    pub(super) ddl: Ddl,
}

impl Database {
    /// What is meant by a downgrade that leaves out the schema of what `upgrade` has changed. Nothing known has the bare
    /// name.
    pub(super) fn with_forgotten_schema(&self, ddl: &Ddl) -> Option<Forgotten> {
        if self.changed_with_schema.is_empty() || self.now.opaque.is_some() {
            return None;
        }
        let mut ddl = ddl.clone();
        let (what, name) = match &mut ddl {
            Ddl::AlterTable {
                table,
                if_exists: false,
                ..
            } => ("table", table),
            Ddl::DropTable {
                name,
                if_exists: false,
                ..
            } => ("table", name),
            Ddl::DropObject {
                kind: kind @ (ObjectKind::View | ObjectKind::MaterializedView),
                name,
                if_exists: false,
                ..
            } => (kind.as_str(), name),
            _ => return None,
        };
        let is_known = |wanted: &str| {
            let mut objects = self.now.objects.keys();
            [&self.now, &self.before]
                .iter()
                .any(|catalog| catalog.tables.contains_key(wanted))
                || objects.any(|key| key.name == *wanted)
        };
        let bare = name.clone();
        if is_known(&bare) {
            return None;
        }
        let mut meant = self.changed_with_schema.iter().filter(|changed| {
            let (_, own) = split_schema(changed);
            own == bare.as_str() && is_known(changed)
        });
        let only = meant.next().filter(|_| meant.next().is_none())?;
        name.clone_from(only);
        let refusal = format!("{what} `{bare}` does not exist, `{only}` does");
        Some(Forgotten { refusal, ddl })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn names_are_looked_for_along_the_path() {
        let renamed = |path: &str, made: &str| {
            let mut database = Database::new(Dialect::PostgreSql);
            let sql =
                format!("{made} ALTER TABLE t RENAME COLUMN x TO y; ALTER TABLE t RENAME TO u");
            for statement in crate::sql::parse(&sql, Dialect::PostgreSql, &|_| None) {
                for ddl in &statement.ddl {
                    assert_eq!(database.apply(ddl, None).failures, []);
                }
                database.search_path = path.split_whitespace().map(SmolStr::new).collect();
            }
            let tables = database.now.tables.iter();
            let tables = tables.filter(|(_, table)| table.column("y").is_some());
            let names: Vec<_> = tables.map(|(name, _)| name.to_string()).collect();
            names.join(" ")
        };
        let both = "CREATE TABLE t (x int); CREATE TABLE a.t (x int);";
        let other = "CREATE TABLE a.t (x int); CREATE TABLE b.t (x int);";
        for (path, made, expected) in [
            ("a public", both, "a.u"),
            ("public a", both, "u"),
            ("a", both, "u"),
            ("", both, "u"),
            ("public a", other, "a.u"),
            ("a", other, "a.u"),
            ("b a", other, "b.u"),
        ] {
            assert_eq!(renamed(path, made), expected, "{path}: {made}");
        }
    }

    #[test]
    fn mysql_has_a_default_database() {
        let changed = |dialect: Dialect, made: &str| {
            let mut database = Database::new(dialect);
            for sql in [made, "ALTER TABLE t ADD COLUMN y int"] {
                for statement in crate::sql::parse(sql, dialect, &|_| None) {
                    for ddl in &statement.ddl {
                        assert_eq!(database.apply(ddl, None).failures, []);
                    }
                }
            }
            let tables = database.now.tables.iter();
            let tables = tables.filter(|(_, table)| table.column("y").is_some());
            let names: Vec<_> = tables.map(|(name, _)| name.to_string()).collect();
            names.join(" ")
        };
        let one = "CREATE TABLE a.t (x int); CREATE TABLE a.u (x int);";
        let several = "CREATE TABLE a.t (x int); CREATE TABLE b.t (x int);";
        let both = "CREATE TABLE a.t (x int); CREATE TABLE t (x int);";
        let bare = "CREATE TABLE a.t (x int); CREATE TABLE u (x int);";
        assert_eq!(changed(Dialect::MySql, one), "a.t");
        assert_eq!(changed(Dialect::MySql, several), "t");
        assert_eq!(changed(Dialect::MySql, both), "t");
        assert_eq!(changed(Dialect::MySql, bare), "t");
        assert_eq!(changed(Dialect::PostgreSql, one), "t");
    }

    #[test]
    fn a_schema_is_left_out() {
        let mut database = Database::new(Dialect::PostgreSql);
        let mut run = |changed: &str, sql: &str| {
            database.changed_with_schema = changed.split_whitespace().map(SmolStr::new).collect();
            let mut refused = Vec::new();
            for statement in crate::sql::parse(sql, Dialect::PostgreSql, &|_| None) {
                for ddl in &statement.ddl {
                    let failures = database.apply(ddl, None).failures;
                    refused.extend(failures.into_iter().map(|failure| failure.message));
                }
            }
            refused
        };
        let made =
            "CREATE TABLE a.t (x int, y int); CREATE VIEW a.v AS SELECT 1; CREATE TABLE u (x int)";
        assert_eq!(run("", made), Vec::<String>::new());
        assert_eq!(run("", "ALTER TABLE w DROP COLUMN x"), Vec::<String>::new());
        assert_eq!(
            run(
                "a.t a.v",
                "ALTER TABLE t DROP COLUMN x; DROP VIEW v; ALTER TABLE u DROP COLUMN x"
            ),
            [
                "table `t` does not exist, `a.t` does",
                "view `v` does not exist, `a.v` does"
            ]
        );
        assert!(database.now.tables["a.t"].column("x").is_none());
    }
}
