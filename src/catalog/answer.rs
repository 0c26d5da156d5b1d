//! Answers to questions about what a database holds.

use std::sync::Arc;

use smol_str::SmolStr;

use super::constraint::{Constraint, ConstraintKind};
use super::fact::Why;
use super::objects::{Catalog, ObjectKind};
use super::question::{CatalogQuestion, QuestionField, QuestionKind, QuestionValue};
use super::table::Table;

/// Whether something is there: yes, no, or not known.
type Found = Option<bool>;

impl Catalog {
    /// Whether there is any object of which all conditions of a question hold; `None` where that is not known. What
    /// nothing visible has made is taken not to be there.
    pub fn has_any(&self, question: &CatalogQuestion) -> Found {
        let asked = Asked::of(question)?;
        let found = self.find(question.about, &asked);
        if found == Some(false) && self.opaque.is_some() {
            return None;
        }
        found
    }

    fn find(&self, about: QuestionKind, asked: &Asked) -> Found {
        match about {
            QuestionKind::Table => self.has_table(&asked.name_in_schema()?),
            QuestionKind::Relation => {
                let name = asked.name_in_schema()?;
                any([
                    self.has_table(&name),
                    self.has_sequence(&name),
                    Some(self.index_tables.contains_key(&name)),
                    self.has_object(ObjectKind::View, &name),
                    self.has_object(ObjectKind::MaterializedView, &name),
                ])
            }
            QuestionKind::View => self.has_object(ObjectKind::View, &asked.name_in_schema()?),
            QuestionKind::MaterializedView => {
                self.has_object(ObjectKind::MaterializedView, &asked.name_in_schema()?)
            }
            QuestionKind::Sequence => self.has_sequence(&asked.name_in_schema()?),
            QuestionKind::Type => {
                let name = asked.name_in_schema()?;
                any([
                    self.enums
                        .get(&name)
                        .map_or(Some(false), |known| certain(known.maybe.as_ref())),
                    self.has_object(ObjectKind::Composite, &name),
                    self.has_object(ObjectKind::Domain, &name),
                ])
            }
            QuestionKind::EnumLabel => {
                let known = self.enums.get(&asked.owner_in_schema()?)?;
                let labels = known.labels.known()?;
                let found = labels.contains(asked.name.as_ref()?);
                if found {
                    certain(known.maybe.as_ref())
                } else {
                    Some(false)
                }
            }
            QuestionKind::Column => {
                let table = self.tables.get(&asked.owner_in_schema()?)?;
                let name = asked.name.as_ref()?;
                let found = table
                    .column(name)
                    .map(|column| certain(column.maybe.as_ref()));
                within(table, found)
            }
            QuestionKind::Index => self.has_index(asked),
            QuestionKind::Constraint => self.has_constraint(asked),
            QuestionKind::Extension => self.has_object(ObjectKind::Extension, asked.name.as_ref()?),
            QuestionKind::Schema => self.has_object(ObjectKind::Schema, asked.name.as_ref()?),
            // Names of functions carry their arguments, and those of triggers their tables.
            QuestionKind::Function | QuestionKind::Trigger | QuestionKind::Policy => None,
        }
    }

    fn has_table(&self, name: &SmolStr) -> Found {
        self.tables.get(name).map_or(Some(false), |table| {
            certain(table.maybe.as_ref().or(table.unsure.as_ref()))
        })
    }

    fn has_sequence(&self, name: &SmolStr) -> Found {
        self.sequences
            .get(name)
            .map_or(Some(false), |sequence| certain(sequence.maybe.as_ref()))
    }

    fn has_object(&self, kind: ObjectKind, name: &SmolStr) -> Found {
        self.objects
            .get(&Self::key(kind, name, None))
            .map_or(Some(false), |object| certain(object.maybe.as_ref()))
    }

    fn has_index(&self, asked: &Asked) -> Found {
        let name = asked.name.as_ref()?;
        let in_table = |table: &Table| {
            let index = table.index(name).map(|index| certain(index.maybe.as_ref()));
            // Keys have an index of their name.
            let key = table
                .constraint(name)
                .filter(|constraint| {
                    matches!(
                        constraint.kind,
                        ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. }
                    )
                })
                .map(|constraint| certain(constraint.maybe.as_ref()));
            within(table, index.or(key))
        };
        self.in_tables(asked, in_table)
    }

    fn has_constraint(&self, asked: &Asked) -> Found {
        let name = asked.name.as_ref()?;
        let in_table = |table: &Table| {
            let unnamed = table
                .constraints
                .iter()
                .any(|constraint| constraint.name.known().is_none());
            let found =
                table
                    .constraint(name)
                    .map(|constraint| match asked.is_of_kind(constraint) {
                        Some(true) => certain(constraint.maybe.as_ref()),
                        other => other,
                    });
            match within(table, found) {
                Some(false) if unnamed => None,
                found => found,
            }
        };
        self.in_tables(asked, in_table)
    }

    /// The answer of the table that is asked for, or of all.
    fn in_tables(&self, asked: &Asked, ask: impl Fn(&Table) -> Found) -> Found {
        if asked.owner.is_some() {
            return self
                .tables
                .get(&asked.owner_in_schema()?)
                .map_or(Some(false), |table| ask(table));
        }
        any(self.tables.values().map(|table| ask(table)))
    }
}

/// What the conditions of a question say.
struct Asked {
    name: Option<SmolStr>,
    owner: Option<SmolStr>,
    schema: Option<SmolStr>,
    constraint_kind: Option<SmolStr>,
}

impl Asked {
    /// `None` for conditions that are not known, or about something else.
    fn of(question: &CatalogQuestion) -> Option<Self> {
        let mut asked = Self {
            name: None,
            owner: None,
            schema: None,
            constraint_kind: None,
        };
        for (field, value) in &question.conditions {
            let QuestionValue::Text(value) = value else {
                return None;
            };
            let place = match field {
                QuestionField::Name => &mut asked.name,
                QuestionField::Owner => &mut asked.owner,
                QuestionField::Schema => &mut asked.schema,
                QuestionField::ConstraintKind => &mut asked.constraint_kind,
                QuestionField::Property(_) => return None,
            };
            *place = Some(value.clone());
        }
        Some(asked)
    }

    fn name_in_schema(&self) -> Option<SmolStr> {
        self.name.as_ref().map(|name| self.in_schema(name))
    }

    fn owner_in_schema(&self) -> Option<SmolStr> {
        self.owner.as_ref().map(|owner| self.in_schema(owner))
    }

    fn in_schema(&self, name: &SmolStr) -> SmolStr {
        match self.schema.as_deref() {
            None | Some("public") => name.clone(),
            Some(schema) => smol_str::format_smolstr!("{schema}.{name}"),
        }
    }

    fn is_of_kind(&self, constraint: &Constraint) -> Found {
        let Some(kind) = self.constraint_kind.as_deref() else {
            return Some(true);
        };
        let own = match &constraint.kind {
            ConstraintKind::PrimaryKey { .. } => "p",
            ConstraintKind::Unique { .. } => "u",
            ConstraintKind::ForeignKey(_) => "f",
            ConstraintKind::Check { .. } => "c",
            ConstraintKind::Exclude { .. } => "x",
            ConstraintKind::Unknown { .. } => return None,
        };
        Some(own == kind)
    }
}

/// What is there is there for certain unless it has a doubt.
fn certain(doubt: Option<&Arc<Why>>) -> Found {
    doubt.is_none().then_some(true)
}

/// What was found in a table: what was not may be there if the table is open.
fn within(table: &Table, found: Option<Found>) -> Found {
    match found {
        Some(found) => found,
        None if table.open.is_some() || table.unsure.is_some() => None,
        None => Some(false),
    }
}

/// Whether one of several is there.
fn any(found: impl IntoIterator<Item = Found>) -> Found {
    let mut all_known = true;
    for found in found {
        match found {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(false)
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
            CREATE TABLE s.u (LIKE t); CREATE EXTENSION citext; CREATE VIEW v AS SELECT 1";
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
        ] {
            let asked = question(sql).unwrap();
            assert_eq!(database.now.has_any(&asked), answer, "{sql}");
        }
    }
}
