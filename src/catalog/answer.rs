//! Answers to questions about what a database holds.

use smol_str::SmolStr;

use super::constraint::{Constraint, ConstraintKind};
use super::fact::Fact;
use super::objects::{Catalog, ObjectKind, split_schema};
use super::question::{CatalogQuestion, QuestionField, QuestionKind, QuestionValue};
use super::table::Table;

/// The objects that a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Those that are certainly there.
    pub found: Vec<Found>,
    /// False where there may be others.
    pub is_complete: bool,
}

/// An object that fits a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub name: SmolStr,
    pub schema: SmolStr,
    /// The table of a column, an index, a constraint, a trigger; the type of a label.
    pub owner: Option<SmolStr>,
}

impl Catalog {
    /// Whether there is any object of which all conditions of a question hold; `None` where that is not known.
    pub fn has_any(&self, question: &CatalogQuestion) -> Option<bool> {
        let answer = self.answer(question);
        if !answer.found.is_empty() {
            Some(true)
        } else if answer.is_complete {
            Some(false)
        } else {
            None
        }
    }

    /// All objects of which all conditions of a question hold. What nothing visible has made is taken not to be there,
    /// but for parts of a table that is asked for.
    pub fn answer(&self, question: &CatalogQuestion) -> Answer {
        let mut answer = Answer {
            found: Vec::new(),
            is_complete: self.opaque.is_none(),
        };
        for candidate in Candidates::of(self, question) {
            match candidate.fits(question) {
                Some(false) => {}
                Some(true) if !candidate.is_doubtful => answer.found.extend(candidate.found()),
                _ => answer.is_complete = false,
            }
        }
        // A role that no migration makes may well be there; a name has no more than one.
        let is_named = question.conditions.iter().any(|(field, value)| {
            *field == QuestionField::Name && matches!(value, QuestionValue::Text(_))
        });
        if question.about == QuestionKind::Role {
            answer.is_complete &= is_named && !answer.found.is_empty();
        }
        answer
    }
}

/// An object that may be what is asked for; or several, where the name is not known.
#[derive(Debug)]
struct Candidate {
    name: Option<SmolStr>,
    schema: SmolStr,
    owner: Option<SmolStr>,
    /// The letter of a constraint's kind.
    kind: Option<&'static str>,
    /// What a constraint uses.
    used: Option<Used>,
    is_doubtful: bool,
}

/// The table and the columns that a constraint is about: those that a foreign key refers to.
#[derive(Debug)]
struct Used {
    table: SmolStr,
    columns: Vec<SmolStr>,
    is_referred: bool,
}

impl Used {
    /// What a constraint of a table uses; `None` where it is not known.
    fn by(constraint: &Constraint, owner: &str) -> Option<Self> {
        let bare = |table: &str| SmolStr::new(split_schema(table).1);
        match &constraint.kind {
            ConstraintKind::ForeignKey(key) => Some(Self {
                table: bare(&key.references),
                columns: key.ref_columns.clone(),
                is_referred: true,
            }),
            ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => {
                Some(Self {
                    table: bare(owner),
                    columns: columns.clone(),
                    is_referred: false,
                })
            }
            _ => None,
        }
    }

    /// Whether one of the columns is the one that is asked for.
    fn has_column(&self, value: &QuestionValue) -> Option<bool> {
        if self.columns.is_empty() {
            return None;
        }
        let mut columns = self.columns.iter().map(|column| is(column, value));
        columns.try_fold(false, |found, fits| Some(found || fits?))
    }
}

impl Candidate {
    /// An object by its name with its schema.
    fn new(qualified: &str, is_doubtful: bool) -> Self {
        let (schema, name) = split_schema(qualified);
        Self {
            name: Some(SmolStr::new(name)),
            schema: SmolStr::new(schema.strip_suffix('.').unwrap_or("public")),
            owner: None,
            kind: None,
            used: None,
            is_doubtful,
        }
    }

    /// Something within a table or a type; `None` for whatever else may be in it.
    fn part(owner: &str, name: Option<&SmolStr>, is_doubtful: bool) -> Self {
        let owner = Self::new(owner, is_doubtful);
        Self {
            name: name.cloned(),
            owner: owner.name,
            ..owner
        }
    }

    fn found(self) -> Option<Found> {
        Some(Found {
            name: self.name?,
            schema: self.schema,
            owner: self.owner,
        })
    }

    /// Whether all conditions hold; `None` where that is not known.
    fn fits(&self, question: &CatalogQuestion) -> Option<bool> {
        let mut is_known = self.name.is_some();
        for (field, value) in &question.conditions {
            let used = self.used.as_ref();
            let equals = |actual: Option<&str>| actual.and_then(|actual| is(actual, value));
            let fits = match field {
                QuestionField::Name => equals(self.name.as_deref()),
                QuestionField::Schema => equals(Some(self.schema.as_str())),
                QuestionField::Owner => equals(self.owner.as_deref()),
                QuestionField::ConstraintKind => equals(self.kind),
                QuestionField::UsedTable => equals(used.map(|used| used.table.as_str())),
                QuestionField::UsedColumn => used.and_then(|used| used.has_column(value)),
                QuestionField::Referred if used.is_some_and(|used| !used.is_referred) => {
                    Some(false)
                }
                QuestionField::Referred => equals(used.map(|used| used.table.as_str())),
                QuestionField::Property(_) => None,
            };
            match fits {
                Some(true) => {}
                Some(false) => return Some(false),
                None => is_known = false,
            }
        }
        is_known.then_some(true)
    }
}

/// Whether a value is the one that is asked for; `None` for a parameter.
fn is(actual: &str, value: &QuestionValue) -> Option<bool> {
    match value {
        QuestionValue::Text(wanted) => Some(actual == wanted),
        QuestionValue::OneOf(wanted) => Some(wanted.iter().any(|wanted| wanted == actual)),
        QuestionValue::Like(pattern) => Some(like(actual, pattern)),
        QuestionValue::Bind(_) => None,
    }
}

/// Everything of the kind that is asked about.
struct Candidates<'c> {
    catalog: &'c Catalog,
    found: Vec<Candidate>,
}

impl<'c> Candidates<'c> {
    fn of(catalog: &'c Catalog, question: &CatalogQuestion) -> Vec<Candidate> {
        let asks =
            |field: &QuestionField| question.conditions.iter().any(|(asked, _)| asked == field);
        let mut candidates = Self {
            catalog,
            found: Vec::new(),
        };
        match question.about {
            QuestionKind::Table => candidates.tables(),
            QuestionKind::TableOrView => {
                candidates.tables();
                candidates.objects(&[ObjectKind::View]);
            }
            QuestionKind::Relation => {
                candidates.tables();
                candidates.sequences();
                candidates.objects(&[ObjectKind::View, ObjectKind::MaterializedView]);
                for (name, table) in &catalog.tables {
                    candidates.indexes(name, table);
                }
                // Neither of them is owned.
                for candidate in &mut candidates.found {
                    candidate.owner = None;
                }
            }
            QuestionKind::View => candidates.objects(&[ObjectKind::View]),
            QuestionKind::MaterializedView => candidates.objects(&[ObjectKind::MaterializedView]),
            QuestionKind::Sequence => candidates.sequences(),
            QuestionKind::Type => {
                for (name, known) in &catalog.enums {
                    candidates.add(name, known.maybe.is_some());
                }
                candidates.objects(&[ObjectKind::Composite, ObjectKind::Domain]);
            }
            QuestionKind::EnumLabel => candidates.labels(),
            QuestionKind::Column | QuestionKind::Index | QuestionKind::Constraint => {
                for (name, table) in &catalog.tables {
                    candidates.parts(question.about, name, table, asks(&QuestionField::Owner));
                }
            }
            QuestionKind::Extension => {
                candidates.add("plpgsql", false);
                candidates.objects(&[ObjectKind::Extension]);
            }
            QuestionKind::Schema => {
                for name in ["information_schema", "pg_catalog", "public"] {
                    candidates.add(name, false);
                }
                candidates.objects(&[ObjectKind::Schema]);
            }
            QuestionKind::Function => {
                candidates.objects(&[ObjectKind::Function, ObjectKind::Procedure]);
                for candidate in &mut candidates.found {
                    // The name carries the arguments.
                    let bare = candidate
                        .name
                        .as_deref()
                        .and_then(|name| name.split('(').next());
                    candidate.name = bare.map(SmolStr::new);
                }
            }
            QuestionKind::Trigger => candidates.parts_of_tables(ObjectKind::Trigger),
            QuestionKind::Policy => candidates.parts_of_tables(ObjectKind::Policy),
            QuestionKind::Role => candidates.objects(&[ObjectKind::Role]),
        }
        candidates.found
    }

    fn add(&mut self, name: &str, is_doubtful: bool) {
        self.found.push(Candidate::new(name, is_doubtful));
    }

    fn tables(&mut self) {
        for (name, table) in &self.catalog.tables {
            self.add(name, table.maybe.is_some() || table.unsure.is_some());
        }
    }

    fn sequences(&mut self) {
        for (name, sequence) in &self.catalog.sequences {
            self.add(name, sequence.maybe.is_some());
        }
    }

    fn objects(&mut self, kinds: &[ObjectKind]) {
        for (key, object) in &self.catalog.objects {
            if kinds.contains(&key.kind) {
                // Arguments of functions may hold dots.
                let (bare, arguments) = key
                    .name
                    .split_at(key.name.find('(').unwrap_or(key.name.len()));
                let mut candidate = Candidate::new(bare, object.maybe.is_some());
                candidate.name = candidate
                    .name
                    .map(|name| smol_str::format_smolstr!("{name}{arguments}"));
                self.found.push(candidate);
            }
        }
    }

    /// What is named within its table.
    fn parts_of_tables(&mut self, kind: ObjectKind) {
        for (key, object) in &self.catalog.objects {
            if key.kind == kind {
                let owner = object.on.as_deref().unwrap_or_default();
                let bare = key
                    .name
                    .strip_prefix(owner)
                    .and_then(|rest| rest.strip_prefix('.'))
                    .unwrap_or(&key.name);
                let name = SmolStr::new(bare);
                self.found
                    .push(Candidate::part(owner, Some(&name), object.maybe.is_some()));
            }
        }
    }

    fn labels(&mut self) {
        for (owner, known) in &self.catalog.enums {
            let is_doubtful = known.maybe.is_some();
            match &known.labels {
                Fact::Known(labels) => {
                    for label in labels {
                        self.found
                            .push(Candidate::part(owner, Some(label), is_doubtful));
                    }
                }
                Fact::Unknown(_) => self.found.push(Candidate::part(owner, None, true)),
            }
        }
    }

    /// Columns, indexes or constraints of a table.
    fn parts(&mut self, about: QuestionKind, owner: &str, table: &Table, is_asked_for: bool) {
        let is_doubtful = table.maybe.is_some() || table.unsure.is_some();
        match about {
            QuestionKind::Column => {
                for column in &table.columns {
                    self.found.push(Candidate::part(
                        owner,
                        Some(&column.name),
                        is_doubtful || column.maybe.is_some(),
                    ));
                }
            }
            QuestionKind::Index => self.indexes(owner, table),
            _ => {
                for constraint in &table.constraints {
                    // Nameless ones are asked for by no name.
                    if !constraint.name.is(&None) {
                        self.found.push(Candidate {
                            kind: letter(constraint),
                            used: Used::by(constraint, owner),
                            ..Candidate::part(
                                owner,
                                constraint.known_name(),
                                is_doubtful || constraint.maybe.is_some(),
                            )
                        });
                    }
                }
            }
        }
        if table.unsure.is_some() || table.open.is_some() && is_asked_for {
            self.found.push(Candidate::part(owner, None, true));
        }
    }

    /// Indexes of a table, those of its keys included.
    fn indexes(&mut self, owner: &str, table: &Table) {
        let is_doubtful = table.maybe.is_some() || table.unsure.is_some();
        for index in &table.indexes {
            self.found.push(Candidate::part(
                owner,
                Some(&index.name),
                is_doubtful || index.maybe.is_some(),
            ));
        }
        for constraint in &table.constraints {
            let has_index = matches!(
                constraint.kind,
                ConstraintKind::PrimaryKey { .. }
                    | ConstraintKind::Unique { .. }
                    | ConstraintKind::Exclude { .. }
            );
            if has_index && !constraint.name.is(&None) {
                self.found.push(Candidate::part(
                    owner,
                    constraint.known_name(),
                    is_doubtful || constraint.maybe.is_some(),
                ));
            }
        }
    }
}

/// The kind of a constraint as `pg_constraint` has it.
fn letter(constraint: &Constraint) -> Option<&'static str> {
    match &constraint.kind {
        ConstraintKind::PrimaryKey { .. } => Some("p"),
        ConstraintKind::Unique { .. } => Some("u"),
        ConstraintKind::ForeignKey(_) => Some("f"),
        ConstraintKind::Check { .. } => Some("c"),
        ConstraintKind::Exclude { .. } => Some("x"),
        ConstraintKind::Unknown { .. } => None,
    }
}

/// SQL's `LIKE`.
fn like(text: &str, pattern: &str) -> bool {
    let mut pattern = pattern.chars();
    match pattern.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = pattern.as_str();
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| text.get(at..).is_some_and(|tail| like(tail, rest)))
        }
        Some('_') => {
            let mut chars = text.chars();
            chars.next().is_some() && like(chars.as_str(), pattern.as_str())
        }
        Some(c) => {
            let mut chars = text.chars();
            chars.next() == Some(c) && like(chars.as_str(), pattern.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Database;
    use crate::dialect::Dialect;
    use crate::sql::{parse, question};

    #[test]
    fn what_is_there() {
        let mut database = Database::new(Dialect::PostgreSql);
        let sql = "CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0), UNIQUE (a));
            CREATE INDEX i ON t (a); CREATE TYPE mood AS ENUM ('x');
            CREATE TABLE k (id int PRIMARY KEY); CREATE TABLE l (k int REFERENCES k (id));
            CREATE TABLE s.u () INHERITS (t); CREATE EXTENSION citext; CREATE VIEW v AS SELECT 1";
        for statement in parse(sql, Dialect::PostgreSql, &|_| None) {
            for ddl in &statement.ddl {
                assert_eq!(database.apply(ddl, None).failures, []);
            }
        }
        for (sql, answer) in [
            ("SELECT to_regclass('t')", Some(true)),
            ("SELECT to_regclass('s.u')", Some(true)),
            ("SELECT to_regclass('v')", Some(true)),
            ("SELECT to_regclass('x')", Some(false)),
            (
                "SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'a'",
                Some(true),
            ),
            (
                "SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'b'",
                Some(false),
            ),
            (
                "SELECT 1 FROM information_schema.columns WHERE table_schema = 's' AND table_name = 'u' AND column_name = 'b'",
                None,
            ),
            (
                "SELECT 1 FROM pg_constraint WHERE conname = 'c' AND conrelid = 't'::regclass",
                Some(true),
            ),
            (
                "SELECT 1 FROM pg_constraint WHERE conname = 'c' AND conrelid = 't'::regclass AND contype = 'f'",
                Some(false),
            ),
            (
                "SELECT 1 FROM pg_indexes WHERE tablename = 't' AND indexname = 'i'",
                Some(true),
            ),
            (
                "SELECT 1 FROM pg_indexes WHERE tablename = 't' AND indexname = 'j'",
                Some(false),
            ),
            ("SELECT 1 FROM pg_type WHERE typname = 'mood'", Some(true)),
            (
                "SELECT 1 FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'mood' AND e.enumlabel = 'y'",
                Some(false),
            ),
            (
                "SELECT 1 FROM pg_extension WHERE extname = 'citext'",
                Some(true),
            ),
            ("SELECT 1 FROM pg_type WHERE typname = :name", None),
            ("SELECT 1 FROM pg_extension WHERE extname = :name", None),
            // Whatever else is asked of what is not there.
            (
                "SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'b' AND data_type = 'json'",
                Some(false),
            ),
            (
                "SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'a' AND data_type = 'json'",
                None,
            ),
            (
                "SELECT 1 FROM information_schema.table_constraints WHERE constraint_name = 'c'",
                Some(true),
            ),
            (
                "SELECT 1 FROM information_schema.tables WHERE table_name = 'v'",
                Some(true),
            ),
            ("SELECT 1 FROM pg_tables WHERE tablename = 'v'", Some(false)),
            (
                "SELECT 1 FROM pg_namespace WHERE nspname = 'public'",
                Some(true),
            ),
            (
                "SELECT 1 FROM pg_indexes WHERE indexname LIKE 't_a%'",
                Some(true),
            ),
            (
                "SELECT 1 FROM information_schema.constraint_column_usage WHERE table_name = 'k' AND column_name = 'id'",
                Some(true),
            ),
            (
                "SELECT 1 FROM information_schema.constraint_column_usage u JOIN information_schema.table_constraints c ON c.constraint_name = u.constraint_name WHERE u.table_name = 'k' AND u.column_name = 'id' AND c.table_name = 'l'",
                Some(true),
            ),
            (
                "SELECT 1 FROM pg_constraint WHERE confrelid = 'k'::regclass AND contype = 'f'",
                Some(true),
            ),
            (
                "SELECT 1 FROM pg_constraint WHERE confrelid = 'l'::regclass AND contype = 'f'",
                Some(false),
            ),
        ] {
            let asked = question(sql).unwrap();
            assert_eq!(database.now.has_any(&asked), answer, "{sql}");
        }
    }

    #[test]
    fn doubt_about_others_is_none() {
        let mut database = Database::new(Dialect::PostgreSql);
        for statement in parse(
            "CREATE TABLE t (a int); DO $$ BEGIN IF random() > 0.5 THEN CREATE TABLE u (b int); END IF; END $$",
            Dialect::PostgreSql,
            &|_| None,
        ) {
            for ddl in &statement.ddl {
                database.apply(ddl, None);
            }
        }
        for (sql, answer) in [
            ("SELECT 1 FROM pg_tables WHERE tablename = 't'", Some(true)),
            ("SELECT 1 FROM pg_tables WHERE tablename = 'u'", None),
            ("SELECT 1 FROM pg_tables WHERE tablename = 'x'", Some(false)),
        ] {
            let asked = question(sql).unwrap();
            assert_eq!(database.now.has_any(&asked), answer, "{sql}");
        }
    }
}
