//! Schemas: what moves from one to another with a table, what is in one that is dropped, and those that are gone.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::{FailureKind, Statement};
use crate::catalog::fact::Why;
use crate::catalog::objects::{ObjectKey, ObjectKind, in_schema, split_schema};
use crate::dialect::Dialect;

impl Statement<'_> {
    pub(super) fn set_schema(&mut self, table: &SmolStr, schema: &SmolStr) {
        let new_name = in_schema(table, schema);
        self.lacks_schema(&new_name);
        self.rename_table(table, &new_name);
    }

    /// The sequences of a table's columns know its new name, and move along into another schema.
    pub(super) fn owned_sequences_follow(&mut self, table: &SmolStr, new_name: &SmolStr) {
        let (schema, _) = split_schema(table);
        let (new_schema, _) = split_schema(new_name);
        for sequence in self.owned_sequences(table, None) {
            self.change_sequence(&sequence, |sequence| {
                if let Some((owner, _)) = &mut sequence.owned_by {
                    *owner = new_name.clone();
                }
            });
            let (own_schema, bare) = split_schema(&sequence);
            if own_schema == schema && schema != new_schema {
                self.rename_sequence(&sequence, &format_smolstr!("{new_schema}{bare}"));
            }
        }
    }

    /// `DROP SCHEMA`. With `CASCADE` it takes what is in it along, and MySQL, where it is a database, does so always; else
    /// nothing may be in it.
    pub(super) fn drop_schema(&mut self, schema: &SmolStr, is_made: bool, cascade: bool) {
        let is_postgresql = self.database.dialect == Dialect::PostgreSql;
        let content = if cascade || !is_postgresql {
            None
        } else {
            self.surely_within(schema)
        };
        if let Some(content) = &content {
            self.fail(FailureKind::InUse.because(format!(
                "schema `{schema}` cannot be dropped: {content} is in it"
            )));
        }
        // What is in doubt stays: if it were there, the schema would not go.
        if cascade || !is_postgresql || content.is_some() {
            self.drop_schema_content(schema);
        }
        if is_made && is_postgresql {
            self.database.now.dropped_schemas.insert(schema.clone());
        }
    }

    /// Something that is certainly in a schema.
    fn surely_within(&self, schema: &str) -> Option<String> {
        let now = &self.database.now;
        if now.opaque.is_some() || !self.database.knows_search_path {
            return None;
        }
        let prefix = format!("{schema}.");
        let tables = now.tables.iter().filter(|(_, table)| {
            let doubts = [&table.open, &table.maybe, &table.unsure];
            table.is_made && doubts.iter().all(|doubt| doubt.is_none())
        });
        let tables = tables.map(|(name, _)| ("table", name));
        let sequences = now.sequences.iter();
        let sequences = sequences
            .filter(|(_, sequence)| sequence.maybe.is_none() && sequence.owned_by.is_none())
            .map(|(name, _)| ("sequence", name));
        let enums = now.enums.iter();
        let enums = enums
            .filter(|(_, known)| known.maybe.is_none() && known.labels.known().is_some())
            .map(|(name, _)| ("type", name));
        let views = now.objects.iter().filter(|(key, object)| {
            matches!(key.kind, ObjectKind::View | ObjectKind::MaterializedView)
                && object.maybe.is_none()
                && object.definition.known().is_some()
        });
        let views = views.map(|(key, _)| (key.kind.as_str(), &key.name));
        tables
            .chain(views)
            .chain(sequences)
            .chain(enums)
            .find(|(_, name)| name.starts_with(&prefix))
            .map(|(kind, name)| format!("{} `{name}`", kind.replace('_', " ")))
    }

    fn drop_schema_content(&mut self, schema: &SmolStr) {
        let prefix = format!("{schema}.");
        for table in within(self.database.now.tables.keys(), &prefix) {
            self.drop_table(&table, true, true);
        }
        for name in within(self.database.now.enums.keys(), &prefix) {
            self.drop_type(&name, true, true);
        }
        for name in within(self.database.now.sequences.keys(), &prefix) {
            self.drop_sequence(&name, true, true);
        }
        let objects: Vec<ObjectKey> = self
            .database
            .now
            .objects
            .keys()
            .filter(|key| key.kind != ObjectKind::Extension && key.name.starts_with(&prefix))
            .cloned()
            .collect();
        for key in objects {
            self.database.now.objects.remove(&key);
        }
    }

    /// Says so, once, where something is made in a schema that is gone.
    pub(super) fn lacks_schema(&mut self, name: &str) -> Option<Arc<Why>> {
        let schema = split_schema(name).0.strip_suffix('.')?;
        let is_gone = self.database.now.dropped_schemas.remove(schema).is_some();
        let elsewhere = self.database.made_elsewhere.as_ref();
        let comes_back = elsewhere.is_none_or(|made| made.iter().any(|name| name == schema));
        if !is_gone || comes_back || self.database.now.opaque.is_some() {
            return None;
        }
        let message = format!("schema `{schema}` does not exist");
        let why = self.why(&message);
        self.fail(FailureKind::Missing.because(message));
        Some(why)
    }
}

fn within<'k>(names: impl Iterator<Item = &'k SmolStr>, prefix: &str) -> Vec<SmolStr> {
    names
        .filter(|name| name.starts_with(prefix))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Database;

    /// The database, and what the statements are refused for.
    fn run(sql: &str) -> (Database, Vec<String>) {
        let mut database = Database::new(Dialect::PostgreSql);
        let mut refused = Vec::new();
        for statement in crate::sql::parse(sql, Dialect::PostgreSql, &|_| None) {
            for ddl in &statement.ddl {
                let failures = database.apply(ddl, None).failures;
                refused.extend(failures.into_iter().map(|failure| failure.message));
            }
        }
        (database, refused)
    }

    #[test]
    fn sequences_move_with_their_table() {
        let (database, refused) = run("CREATE SCHEMA a; CREATE SCHEMA b;
            CREATE TABLE a.t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, m int);
            CREATE SEQUENCE a.s; CREATE SEQUENCE a.o OWNED BY a.t.m; CREATE INDEX i ON a.t (m);
            ALTER TABLE a.t SET SCHEMA b; ALTER SEQUENCE a.s SET SCHEMA b; DROP SCHEMA a;");
        assert_eq!(refused, Vec::<String>::new());
        let now = &database.now;
        let names: Vec<_> = now.sequences.keys().map(SmolStr::as_str).collect();
        assert_eq!(names, ["b.o", "b.s", "b.t_id_seq", "b.t_n_seq"]);
        assert!(now.index_tables.contains_key("b.i"));
        let default = &now.tables["b.t"].column("id").unwrap().default;
        assert!(default.is(&Some("nextval('b.t_id_seq'::regclass)".into())));
        let (database, _) = run("CREATE TABLE a.t (id serial); ALTER TABLE a.t SET SCHEMA public");
        let default = &database.now.tables["t"].column("id").unwrap().default;
        assert!(default.is(&Some("nextval('t_id_seq'::regclass)".into())));
    }

    #[test]
    fn a_schema_that_is_dropped_is_empty() {
        for (made, content) in [
            ("CREATE TABLE a.t (x int)", "table `a.t`"),
            ("CREATE VIEW a.v AS SELECT 1", "view `a.v`"),
            ("CREATE TYPE a.e AS ENUM ('x')", "type `a.e`"),
            ("CREATE SEQUENCE a.s", "sequence `a.s`"),
        ] {
            let (_, refused) = run(&format!("{made}; DROP SCHEMA a"));
            let message = format!("schema `a` cannot be dropped: {content} is in it");
            assert_eq!(refused, [message], "{made}");
            let (database, refused) = run(&format!("{made}; DROP SCHEMA a CASCADE"));
            assert_eq!(refused, Vec::<String>::new(), "{made}");
            assert!(database.now.tables.is_empty() && database.now.objects.is_empty());
        }
        let (database, refused) = run("ALTER TABLE a.t ADD COLUMN x int; DROP SCHEMA a");
        assert_eq!(refused, Vec::<String>::new());
        assert!(database.now.tables.contains_key("a.t"));
    }

    #[test]
    fn nothing_is_made_in_a_schema_that_is_gone() {
        let made = "CREATE SCHEMA a; DROP SCHEMA a;";
        for sql in [
            "CREATE TABLE a.t (x int); CREATE TABLE a.u (x int)",
            "CREATE TABLE t (x int); ALTER TABLE t SET SCHEMA a",
        ] {
            let (_, refused) = run(&format!("{made} {sql}"));
            assert_eq!(refused, ["schema `a` does not exist"], "{sql}");
        }
        for sql in [
            "DROP SCHEMA IF EXISTS a; CREATE TABLE a.t (x int)",
            "CREATE SCHEMA a; DROP SCHEMA a; CREATE SCHEMA IF NOT EXISTS a; CREATE TABLE a.t (x int)",
            "CREATE SCHEMA a; DROP SCHEMA a; CREATE SCHEMA b; ALTER SCHEMA b RENAME TO a; CREATE TABLE a.t (x int)",
        ] {
            assert_eq!(run(sql).1, Vec::<String>::new(), "{sql}");
        }
    }
}
