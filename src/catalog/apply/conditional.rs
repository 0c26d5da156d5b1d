//! Statements that are only carried out if something holds, or if nothing fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::Statement;
use crate::catalog::constraint::ConstraintKind;
use crate::catalog::ddl::{Ddl, Taken, UnnamedKind};
use crate::catalog::fact::Fact;
use crate::catalog::question::Condition;

/// What is known of the variables of a `DO` block.
pub(super) type Variables = BTreeMap<SmolStr, bool>;

impl Statement<'_> {
    /// Carries out a block. Its variables are its own.
    pub(super) fn block(&mut self, statements: &[Ddl]) {
        let outer = std::mem::take(&mut self.variables);
        self.run_all(statements);
        self.variables = outer;
    }

    pub(super) fn assign(&mut self, variable: &SmolStr, value: &Condition) {
        match self.holds(value) {
            Some(value) => self.variables.insert(variable.clone(), value),
            None => self.variables.remove(variable),
        };
    }

    /// Whether a condition holds now; `None` where that is not known.
    fn holds(&self, condition: &Condition) -> Option<bool> {
        /// Whether one of several is `wanted`, which decides.
        fn decided(values: impl Iterator<Item = Option<bool>>, wanted: bool) -> Option<bool> {
            let mut all_known = true;
            for value in values {
                if value == Some(wanted) {
                    return Some(wanted);
                }
                all_known &= value.is_some();
            }
            all_known.then_some(!wanted)
        }
        match condition {
            Condition::Constant(value) => Some(*value),
            Condition::Exists(question) => self.database.now.has_any(question),
            Condition::Variable(name) => self.variables.get(name).copied(),
            Condition::Not(inner) => self.holds(inner).map(|value| !value),
            Condition::All(parts) => decided(parts.iter().map(|part| self.holds(part)), false),
            Condition::Any(parts) => decided(parts.iter().map(|part| self.holds(part)), true),
            Condition::OfALibrary | Condition::Unknown => None,
        }
    }

    /// Carries out one of two ways, by a condition.
    pub(super) fn choose(&mut self, condition: &Condition, then: &[Ddl], otherwise: &[Ddl]) {
        match self.holds(condition) {
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
        let variables = self.variables.clone();
        let failures = std::mem::take(&mut self.failures);
        self.run_all(then);
        let one = std::mem::replace(&mut self.database.now, before);
        let variables_of_one = std::mem::replace(&mut self.variables, variables);
        self.run_all(otherwise);
        let why = self.why("a condition in SQL is not known");
        self.database.now = one.join(&self.database.now, &why);
        self.variables
            .retain(|name, value| variables_of_one.get(name) == Some(value));
        self.failures = failures;
    }

    /// Carries statements out, or others if one of them is refused. What was put into variables until then stays.
    pub(super) fn attempt(&mut self, statements: &[Ddl], on_failure: &[Ddl]) {
        let before = self.database.now.clone();
        let failures = std::mem::take(&mut self.failures);
        for ddl in statements {
            self.run(ddl);
            if !self.failures.is_empty() {
                break;
            }
        }
        let refused = !std::mem::replace(&mut self.failures, failures).is_empty();
        if refused {
            self.database.now = before;
            self.run_all(on_failure);
        }
    }

    /// One of these constraints is not there any more under its name.
    pub(super) fn doubt_constraints(&mut self, table: &SmolStr, taken: &Taken) {
        self.change(table, |table| {
            let why = table.unsure.clone();
            for constraint in &mut table.constraints {
                let is_meant = match taken {
                    Taken::Named(name) => constraint.known_name() == Some(name),
                    Taken::One => true,
                };
                if is_meant && constraint.maybe.is_none() {
                    constraint.maybe.clone_from(&why);
                }
            }
        });
    }

    /// Something of a kind was made, changed or dropped: any of that kind may be gone.
    pub(super) fn unnamed(&mut self, what: &str, kind: UnnamedKind) {
        let why = self.why(what);
        let now = &mut self.database.now;
        match kind {
            // It is there from now on, by a name that nothing else here can mean for certain.
            UnnamedKind::NewTable => self.database.began_empty = false,
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
            UnnamedKind::ForeignKey => {
                let names: Vec<_> = now.tables.keys().cloned().collect();
                for name in names {
                    let Some(table) = now.tables.get_mut(&name) else {
                        continue;
                    };
                    if table.foreign_keys().next().is_none() {
                        continue;
                    }
                    for constraint in &mut Arc::make_mut(table).constraints {
                        if matches!(constraint.kind, ConstraintKind::ForeignKey(_)) {
                            constraint.maybe.get_or_insert_with(|| Arc::clone(&why));
                        }
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
    use crate::catalog::tests::run_sql as run;

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

    #[test]
    fn variables_hold_what_was_asked_then() {
        let has = |sql: &str, table: &str| run(sql).now.tables.contains_key(table);
        let block = "DO $$ DECLARE had boolean := EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citext');
            made boolean;
            BEGIN
                IF NOT had THEN
                    BEGIN
                        CREATE EXTENSION citext;
                        made := TRUE;
                    EXCEPTION WHEN insufficient_privilege THEN made := FALSE; WHEN OTHERS THEN made := FALSE;
                    END;
                END IF;
                IF made AND NOT had THEN CREATE TABLE both_ways (a int); END IF;
                IF had OR had IS NULL THEN CREATE TABLE had_it (a int); END IF;
            END $$;";
        assert!(has(block, "both_ways"));
        let database = run(&format!("CREATE EXTENSION citext; {block}"));
        assert!(database.now.tables["had_it"].maybe.is_none());
        // `made` is NULL then, which is not followed.
        assert!(!database.now.tables.contains_key("both_ways"));
    }

    #[test]
    fn what_was_found() {
        let has = |sql: &str, table: &str| run(sql).now.tables.contains_key(table);
        for condition in [
            "SELECT count(*) INTO n FROM pg_tables WHERE tablename = 't'; IF n = 0 THEN",
            "SELECT tablename INTO n FROM pg_tables WHERE tablename = 't'; IF n IS NULL THEN",
            "PERFORM 1 FROM pg_tables WHERE tablename = 't'; IF NOT FOUND THEN",
            "n := (SELECT count(*) FROM pg_tables WHERE tablename = 't'); IF NOT n > 0 THEN",
            "IF to_regclass('t') IS NULL AND TRUE THEN",
        ] {
            let block = format!(
                "DO $$ DECLARE n int; BEGIN {condition} CREATE TABLE u (a int); END IF; END $$;"
            );
            assert!(has(&block, "u"), "{condition}");
            let block = format!("CREATE TABLE t (a int); {block}");
            assert!(!has(&block, "u"), "{condition}");
        }
    }

    #[test]
    fn what_a_loop_may_have_assigned_is_not_known() {
        let database = run("DO $$ DECLARE done boolean := FALSE; BEGIN
                FOR i IN 1..2 LOOP
                    IF done THEN CREATE TABLE t (a int); END IF;
                    done := TRUE;
                END LOOP; END $$");
        assert!(database.now.tables["t"].maybe.is_some());
    }
}
