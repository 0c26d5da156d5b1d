//! Indexes: made, dropped, renamed.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{Database, FailureKind, Statement};
use crate::catalog::constraint::{Index, IndexDefinition};
use crate::catalog::fact::Fact;
use crate::catalog::objects::split_schema;
use crate::catalog::{ObjectKind, table::Table};
use crate::dialect::Dialect;

impl Statement<'_> {
    pub(super) fn create_index(
        &mut self,
        name: Option<&SmolStr>,
        table: &SmolStr,
        definition: &Fact<IndexDefinition>,
        if_not_exists: bool,
    ) {
        if self.is_materialized(table) {
            self.index_view(name, table);
            return;
        }
        if !self.needs_table(table) {
            return;
        }
        if let Fact::Known(definition) = definition {
            for key in definition.keys.iter().filter(|key| key.is_column) {
                if !self.needs_column(table, &key.text) {
                    return;
                }
            }
            if let Some(predicate) = &definition.predicate {
                self.check_condition(table, predicate);
            }
        }
        let name = match name {
            Some(name) => SmolStr::new(split_schema(name).1),
            None => {
                let parts = definition.known().map(key_names).unwrap_or_default();
                self.implicit_index_name(table, &parts)
            }
        };
        self.find_lost_index(&name, table);
        let (schema, _) = split_schema(table);
        let key = SmolStr::new(format!("{schema}{name}"));
        let holder = match self.database.dialect {
            Dialect::MySql => self
                .table(table)
                .filter(|table| table.index(&name).is_some())
                .map(|_| table.clone()),
            _ => self.database.now.index_tables.get(&key).cloned(),
        };
        if let Some(holder) = holder {
            let is_sure = self.table(&holder).is_some_and(|table| {
                table.unsure.is_none()
                    && table.index(&name).is_none_or(|index| {
                        index.maybe.is_none() && index.definition.known().is_some()
                    })
            });
            if if_not_exists && is_sure {
                return;
            }
            let is_refused = is_sure && self.database.now.opaque.is_none();
            if is_refused {
                self.fail(FailureKind::Exists.because(format!("index `{name}` already exists")));
            }
            // Models may have one name twice: each table keeps its own.
            if !is_refused || holder == *table {
                self.forget_index(&holder, &name);
            }
        }
        let mut definition = definition.clone();
        if let Fact::Known(definition) = &mut definition {
            definition.columns.sort_unstable();
            definition.columns.dedup();
        }
        let index = Index {
            name,
            definition,
            place: self.place(),
            maybe: None,
        };
        self.database.now.index_tables.insert(key, table.clone());
        let partitions = self.partitions(table);
        let copied = (!partitions.is_empty()).then(|| index.definition.clone());
        self.change(table, |table| table.indexes.push(index));
        for partition in partitions {
            if let Some(definition) = &copied {
                self.copy_index(&partition, definition);
            }
        }
    }

    /// Indexes of materialised views are part of nothing that is compared: they are only known by name.
    fn index_view(&mut self, name: Option<&SmolStr>, view: &SmolStr) {
        let Some(name) = name else { return };
        let (schema, bare) = (split_schema(view).0, split_schema(name).1);
        self.find_lost_index(bare, view);
        let key = SmolStr::new(format!("{schema}{bare}"));
        self.database.now.index_tables.insert(key, view.clone());
    }

    pub(super) fn drop_indexes_of_view(&mut self, view: &SmolStr) {
        let tables = &mut self.database.now.index_tables;
        let names: Vec<SmolStr> = tables
            .iter()
            .filter(|(_, holder)| *holder == view)
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            tables.remove(&name);
        }
    }

    fn is_materialized(&self, name: &SmolStr) -> bool {
        self.view_key(name)
            .is_some_and(|key| key.kind == ObjectKind::MaterializedView)
    }

    pub(super) fn drop_index(&mut self, name: &SmolStr, table: Option<&SmolStr>, if_exists: bool) {
        let (schema, bare) = split_schema(name);
        let bare = SmolStr::new(bare);
        let holder = self.index_holder(name, table);
        let of_view = holder.as_ref().or(table);
        if let Some(view) = of_view.filter(|name| self.is_materialized(name)).cloned() {
            self.forget_index(&view, &bare);
            return;
        }
        if let Some(holder) = holder {
            let is_constraint = self.table(&holder).is_some_and(|table| {
                table.constraint(&bare).is_some() && table.index(&bare).is_none()
            });
            if is_constraint {
                if self.database.dialect == Dialect::PostgreSql {
                    self.fail(FailureKind::InUse.because(format!(
                        "index `{bare}` cannot be dropped: a constraint of `{holder}` owns it"
                    )));
                }
                self.forget_constraint(&holder, &bare);
                return;
            }
            let definition = self
                .table(&holder)
                .and_then(|table| table.index(&bare))
                .map(|index| index.definition.clone());
            if let Some(definition) = definition {
                self.drop_copies_of_index(&holder, &definition);
            }
            self.forget_index(&holder, &bare);
            return;
        }
        // Which table it is on may not be said, and PostgreSQL does not ask.
        match table {
            Some(table) => {
                // Only MySQL is told of the table.
                if if_exists && self.database.dialect != Dialect::MySql && !self.may_exist(table) {
                    return;
                }
                if !self.needs_table(table) {
                    return;
                }
                if self.is_closed(table) {
                    if !if_exists {
                        let is_constraint = self
                            .table(table)
                            .is_some_and(|table| table.constraint(&bare).is_some());
                        let hint = if is_constraint {
                            ": it is a constraint"
                        } else {
                            ""
                        };
                        self.fail(
                            FailureKind::Missing
                                .because(format!("index `{bare}` does not exist{hint}")),
                        );
                    }
                    return;
                }
                if if_exists {
                    return;
                }
                self.discover_index(table, &bare);
            }
            None => {
                if if_exists {
                    return;
                }
                if self.knows_all_tables() && schema.is_empty() {
                    self.fail(
                        FailureKind::Missing.because(format!("index `{bare}` does not exist")),
                    );
                } else {
                    // An index of a table that is not known: it is remembered as an object of its own.
                    self.discover_lost_index(&bare);
                }
            }
        }
    }

    /// True if there is no table of which not everything is known by name.
    fn knows_all_tables(&self) -> bool {
        let now = &self.database.now;
        now.opaque.is_none() && now.tables.values().all(|table| is_closed(table))
    }

    /// An index whose table is not known: the first open table stands for it.
    fn discover_lost_index(&mut self, name: &SmolStr) {
        let holder = self
            .database
            .before
            .tables
            .iter()
            .find(|(_, table)| !is_closed(table))
            .map(|(name, _)| name.clone());
        if let Some(holder) = holder {
            self.discover_index(&holder, name);
        }
    }

    /// An index that was dropped without a word of its table was of the table or view on which it is made again, and not of
    /// the table that stood for that, unless it certainly was not.
    fn find_lost_index(&mut self, name: &str, of: &SmolStr) {
        let is_of_view = self.is_materialized(of);
        let Database {
            before,
            former_names,
            ..
        } = &mut *self.database;
        let of = former_names.get(of).unwrap_or(of);
        let may_be_of = match before.tables.get(of) {
            Some(table) => !is_closed(table),
            None => is_of_view,
        };
        let is_lost =
            |index: &Index| index.name == name && matches!(index.definition, Fact::Unknown(_));
        let mut others = before.tables.iter().filter(|(other, _)| *other != of);
        let holder = others
            .find(|(_, table)| table.indexes.iter().any(is_lost))
            .map(|(name, _)| name.clone());
        let Some(holder) = holder.filter(|_| may_be_of) else {
            return;
        };
        let mut lost = Vec::new();
        if let Some(table) = before.tables.get_mut(&holder) {
            let indexes = &mut Arc::make_mut(table).indexes;
            lost.extend(indexes.iter().find(|index| is_lost(index)).cloned());
            indexes.retain(|index| !is_lost(index));
        }
        if let Some(table) = before.tables.get_mut(of) {
            Arc::make_mut(table).indexes.append(&mut lost);
        }
    }

    /// From now on an index whose table is not known goes by this name.
    fn rename_lost_index(&mut self, name: &SmolStr, bare: &SmolStr, table: Option<&SmolStr>) {
        let tables = &self.database.now.tables;
        let stands_for_it =
            |(name, _): &(&SmolStr, &Arc<Table>)| self.database.before.tables.contains_key(*name);
        let open = || tables.iter().filter(|(_, table)| !is_closed(table));
        let holder = table
            .filter(|table| tables.contains_key(*table))
            .or_else(|| {
                let known = open().find(stands_for_it);
                known.or_else(|| open().next()).map(|(name, _)| name)
            });
        let Some(holder) = holder.cloned() else {
            return;
        };
        let index = self.unknown_index(bare);
        let now = &mut self.database.now;
        now.index_tables.insert(name.clone(), holder.clone());
        self.change(&holder, |table| table.indexes.push(index));
    }

    /// The table an index is on.
    fn index_holder(&self, name: &SmolStr, table: Option<&SmolStr>) -> Option<SmolStr> {
        let (schema, bare) = split_schema(name);
        if let Some(table) = table
            && self.table(table).is_some_and(|table| {
                table.index(bare).is_some()
                    || (self.database.dialect == Dialect::MySql && table.constraint(bare).is_some())
            })
        {
            return Some(table.clone());
        }
        if self.database.dialect == Dialect::MySql {
            return None;
        }
        let with_schema = match (schema, table) {
            ("", Some(table)) => format!("{}{bare}", split_schema(table).0),
            _ => name.to_string(),
        };
        self.database
            .now
            .index_tables
            .get(with_schema.as_str())
            .or_else(|| self.database.now.index_tables.get(name))
            .cloned()
    }

    pub(super) fn forget_index(&mut self, table: &SmolStr, name: &SmolStr) {
        let (schema, _) = split_schema(table);
        self.database
            .now
            .index_tables
            .remove(format!("{schema}{name}").as_str());
        self.change(table, |table| {
            table.indexes.retain(|index| index.name != *name);
        });
    }

    pub(super) fn rename_index(
        &mut self,
        name: &SmolStr,
        table: Option<&SmolStr>,
        new_name: &SmolStr,
        if_exists: bool,
    ) {
        let (schema, bare) = split_schema(name);
        let (_, new_bare) = split_schema(new_name);
        let (bare, new_bare) = (SmolStr::new(bare), SmolStr::new(new_bare));
        let Some(holder) = self.index_holder(name, table) else {
            if if_exists || table.is_some_and(|table| !self.needs_table(table)) {
                return;
            }
            let is_known = match table {
                Some(table) => self.is_closed(table),
                None => self.knows_all_tables() && schema.is_empty(),
            };
            if is_known {
                self.fail(FailureKind::Missing.because(format!("index `{bare}` does not exist")));
                return;
            }
            self.discover_lost_index(&bare);
            self.rename_lost_index(new_name, &new_bare, table);
            return;
        };
        if self
            .table(&holder)
            .is_some_and(|table| table.index(&bare).is_none())
        {
            self.rename_constraint(&holder, &bare, &new_bare);
            return;
        }
        self.database.now.index_tables.remove(name);
        self.database
            .now
            .index_tables
            .insert(SmolStr::new(format!("{schema}{new_bare}")), holder.clone());
        let place = self.place();
        self.change(&holder, |table| {
            for index in &mut table.indexes {
                if index.name == bare {
                    index.name = new_bare.clone();
                    index.place = place.clone().or_else(|| index.place.take());
                }
            }
        });
    }
}

fn is_closed(table: &Table) -> bool {
    table.open.is_none() && table.unsure.is_none() && table.maybe.is_none()
}

/// The names of the keys of an index, each of which is its own: `lower`, `expr`, `expr1`.
fn key_names(definition: &IndexDefinition) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for key in &definition.keys {
        let stem = if key.is_column {
            key.text.to_string()
        } else {
            function_name(&key.text)
        };
        let mut name = stem.clone();
        let mut number = 0;
        while names.contains(&name) {
            number += 1;
            name = format!("{stem}{number}");
        }
        names.push(name);
    }
    names
}

/// The name PostgreSQL gives to an expression in an index name: that of the function, else `expr`.
fn function_name(expression: &str) -> String {
    let name: String = expression
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let is_call = expression
        .get(name.len()..)
        .is_some_and(|rest| rest.starts_with('('));
    if is_call && !name.is_empty() {
        name
    } else {
        "expr".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::{Database, Subject, compare};
    use crate::dialect::Dialect;
    use crate::sql::parse;

    #[test]
    fn indexes_of_materialized_views_are_dropped_and_made_without_a_difference() {
        let mut database = Database::new(Dialect::PostgreSql);
        let mut run = |sql: &str| {
            for statement in parse(sql, Dialect::PostgreSql, &|_| None) {
                for ddl in &statement.ddl {
                    assert_eq!(database.apply(ddl, None).failures, Vec::new(), "{sql}");
                }
            }
            (database.before.clone(), database.now.clone())
        };
        // A table of which not everything is known.
        run(
            "ALTER TABLE t ADD a int; CREATE MATERIALIZED VIEW v AS SELECT a FROM t; CREATE INDEX i ON v (a)",
        );
        run("DROP INDEX i; DROP INDEX j; CREATE INDEX k ON v (a)");
        let (before, now) = run("DROP INDEX k; CREATE INDEX i ON v (a); CREATE INDEX j ON v (a)");
        assert!(before.tables["t"].indexes.is_empty());
        let found = compare(&before, &now).found;
        assert!(
            !found.iter().any(|one| one.object.contains('j')),
            "{found:?}"
        );
        assert_eq!(now.index_tables["j"], "v");
        let (_, now) = run("DROP MATERIALIZED VIEW v");
        assert!(now.index_tables.is_empty());
    }

    #[test]
    fn an_index_dropped_without_its_table_is_made_again_on_the_table_it_was_on() {
        let difference = |made: &str| {
            let mut database = Database::new(Dialect::PostgreSql);
            let sql = "CREATE TABLE closed (x int); ALTER TABLE a ADD x int; ALTER TABLE b RENAME TO c; DROP INDEX i; ALTER TABLE c RENAME TO b";
            for text in [sql, made] {
                for statement in parse(text, Dialect::PostgreSql, &|_| None) {
                    for ddl in &statement.ddl {
                        assert_eq!(database.apply(ddl, None).failures, Vec::new(), "{text}");
                    }
                }
                if text == sql {
                    let closed = database.now.tables["closed"].clone();
                    database.before.tables.insert("closed".into(), closed);
                }
            }
            let found = compare(&database.before, &database.now).found;
            let found = found.iter().filter(|one| one.subject == Subject::Index);
            found.map(|one| one.object.clone()).collect::<Vec<_>>()
        };
        assert_eq!(difference("CREATE INDEX i ON b (y)"), Vec::<String>::new());
        assert_eq!(
            difference("CREATE INDEX i ON closed (x)"),
            ["a.i", "closed.i"]
        );
    }

    #[test]
    fn two_tables_keep_their_indexes_of_one_name() {
        let mut database = Database::new(Dialect::PostgreSql);
        let sql = "CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE INDEX i ON t (a); CREATE INDEX i ON u (a)";
        let mut failures = Vec::new();
        for statement in parse(sql, Dialect::PostgreSql, &|_| None) {
            for ddl in &statement.ddl {
                failures.extend(database.apply(ddl, None).failures);
            }
        }
        assert_eq!(failures.len(), 1, "{failures:?}");
        for table in ["t", "u"] {
            assert_eq!(database.now.tables[table].indexes.len(), 1, "{table}");
        }
    }
}
