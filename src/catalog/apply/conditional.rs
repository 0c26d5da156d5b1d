//! Statements that are only carried out if something holds, or if nothing fails.

use std::sync::Arc;

use super::Statement;
use crate::catalog::ddl::{Ddl, UnnamedKind};
use crate::catalog::fact::Fact;
use crate::catalog::question::CatalogQuestion;

impl Statement<'_> {
    /// Carries out one of two ways, by the answer to a question.
    pub(super) fn choose(
        &mut self,
        question: Option<&CatalogQuestion>,
        negated: bool,
        then: &[Ddl],
        otherwise: &[Ddl],
    ) {
        let answer = question.and_then(|question| self.database.now.has_any(question));
        match answer.map(|found| found != negated) {
            Some(true) => self.run_all(then),
            Some(false) => self.run_all(otherwise),
            None => self.either(then, otherwise),
        }
    }

    fn run_all(&mut self, statements: &[Ddl]) {
        for ddl in statements {
            self.run(ddl);
        }
    }

    /// Carries out one of two ways of which it is not known which. What either of them would be refused is not held
    /// against it.
    fn either(&mut self, then: &[Ddl], otherwise: &[Ddl]) {
        let before = self.database.now.clone();
        let failures = std::mem::take(&mut self.failures);
        self.run_all(then);
        let one = std::mem::replace(&mut self.database.now, before);
        self.run_all(otherwise);
        let why = self.why("a condition in SQL is not known");
        self.database.now = one.join(&self.database.now, &why);
        self.failures = failures;
    }

    /// Carries statements out, or others if one of them is refused.
    pub(super) fn attempt(&mut self, statements: &[Ddl], on_failure: &[Ddl]) {
        let before = self.database.now.clone();
        let failures = std::mem::take(&mut self.failures);
        self.run_all(statements);
        let refused = !std::mem::replace(&mut self.failures, failures).is_empty();
        if refused {
            self.database.now = before;
            self.run_all(on_failure);
        }
    }

    /// Something of a kind was made, changed or dropped: any of that kind may be gone.
    pub(super) fn unnamed(&mut self, what: &str, kind: UnnamedKind) {
        let why = self.why(what);
        let now = &mut self.database.now;
        match kind {
            // It is there from now on, by a name that nothing else here can mean for certain.
            UnnamedKind::NewTable => {}
            UnnamedKind::Index => {
                let names: Vec<_> = now.tables.keys().cloned().collect();
                for name in names {
                    let Some(table) = now.tables.get_mut(&name) else {
                        continue;
                    };
                    for index in &mut Arc::make_mut(table).indexes {
                        index.maybe.get_or_insert_with(|| Arc::clone(&why));
                    }
                }
            }
            UnnamedKind::Sequence => {
                let names: Vec<_> = now.sequences.keys().cloned().collect();
                for name in names {
                    if let Some(sequence) = now.sequences.get_mut(&name) {
                        let sequence = Arc::make_mut(sequence);
                        sequence.maybe.get_or_insert_with(|| Arc::clone(&why));
                    }
                }
            }
            UnnamedKind::Type => {
                let names: Vec<_> = now.enums.keys().cloned().collect();
                for name in names {
                    if let Some(known) = now.enums.get_mut(&name) {
                        let known = Arc::make_mut(known);
                        known.maybe.get_or_insert_with(|| Arc::clone(&why));
                        known.labels = Fact::Unknown(Arc::clone(&why));
                    }
                }
            }
            UnnamedKind::Object(kind) => {
                let keys: Vec<_> = now
                    .objects
                    .keys()
                    .filter(|key| key.kind == kind)
                    .cloned()
                    .collect();
                for key in keys {
                    if let Some(object) = now.objects.get_mut(&key) {
                        let object = Arc::make_mut(object);
                        object.maybe.get_or_insert_with(|| Arc::clone(&why));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Database;
    use crate::dialect::Dialect;
    use crate::sql::parse;

    fn run(sql: &str) -> Database {
        let mut database = Database::new(Dialect::PostgreSql);
        for statement in parse(sql, Dialect::PostgreSql, &|_| None) {
            for ddl in &statement.ddl {
                assert_eq!(database.apply(ddl, None).failures, [], "{sql}");
            }
        }
        database
    }

    #[test]
    fn guarded_statements_are_carried_out_or_not() {
        let guarded = "DO $$ BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN
                CREATE TYPE mood AS ENUM ('a', 'b');
            END IF; END $$;";
        let labels = |sql: &str| {
            run(sql).now.enums["mood"]
                .labels
                .known()
                .map(|labels| labels.join(","))
        };
        assert_eq!(labels(guarded).as_deref(), Some("a,b"));
        assert_eq!(
            labels(&format!("CREATE TYPE mood AS ENUM ('c'); {guarded}")).as_deref(),
            Some("c")
        );
    }

    #[test]
    fn what_fails_is_undone() {
        let attempt = "DO $$ BEGIN
            CREATE TABLE made (a int);
            CREATE TYPE mood AS ENUM ('a', 'b');
            EXCEPTION WHEN duplicate_object THEN NULL; END $$;";
        assert!(run(attempt).now.tables.contains_key("made"));
        let twice = run(&format!("CREATE TYPE mood AS ENUM ('c'); {attempt}"));
        assert!(!twice.now.tables.contains_key("made"));
    }

    #[test]
    fn an_unknown_condition_leaves_doubt() {
        let database = run(
            "CREATE TABLE t (a int); DO $$ BEGIN IF random() > 0.5 THEN ALTER TABLE t ADD b int; END IF; END $$",
        );
        let table = &database.now.tables["t"];
        assert!(table.column("a").unwrap().maybe.is_none());
        assert!(table.column("b").unwrap().maybe.is_some());
    }
}
