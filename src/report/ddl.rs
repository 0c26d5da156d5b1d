//! What a database is told, as SQL to read: as SQLAlchemy's compilers print it, and Alembic's offline mode.
//!
//! What is not known stands as a comment in its place.

mod alter;
mod copy;
mod table;

use crate::alembic::{Statement, Told, UNKNOWN};
use crate::catalog::{
    BatchChange, CommentTarget, Condition, CreateTable, Ddl, Fact, LabelPosition, ObjectKind,
    SequenceChange,
};
use crate::dialect::Dialect;
use crate::report::sanitise_line;
use crate::source::FileSpan;
use crate::sqlalchemy::{Worded, Wording, identifier, literal, qualified_identifier};

/// A statement in words of SQL.
pub(super) struct Written<'s> {
    pub(super) kind: Kind,
    /// Without the semicolon at its end; of a comment with its dashes.
    pub(super) text: String,
    pub(super) place: &'s FileSpan,
    pub(super) certain: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of it is known.
    Known,
    /// A part of it is not.
    Partial,
    /// Only a comment can be written.
    Comment,
    Commit,
    Begin,
}

/// The statements of a revision for a page.
pub(super) fn statements(statements: &[Statement], dialect: Dialect) -> Vec<String> {
    let mut lines = Vec::new();
    for written in written(statements, dialect) {
        if matches!(written.kind, Kind::Commit | Kind::Begin) {
            continue;
        }
        if !written.certain {
            lines.push("-- under a condition that is not known:".to_owned());
        }
        lines.push(written.line());
    }
    lines
}

impl Written<'_> {
    /// The text with what ends it.
    pub(super) fn line(&self) -> String {
        match self.kind {
            Kind::Comment => self.text.clone(),
            _ => format!("{};", self.text),
        }
    }
}

/// The statements of a revision, one by one.
pub(super) fn written(statements: &[Statement], dialect: Dialect) -> Vec<Written<'_>> {
    let mut all = Vec::new();
    // Comments on columns come after the indexes of the operation.
    let mut late: Vec<(String, &Statement)> = Vec::new();
    for statement in statements {
        if late
            .first()
            .is_some_and(|(_, first)| first.place != statement.place)
        {
            for (text, of) in late.drain(..) {
                push(&mut all, text, of);
            }
        }
        let kind = match &statement.told {
            Told::Commit => Kind::Commit,
            Told::Begin => Kind::Begin,
            Told::Sql(text) => {
                let text = text.replace('\t', "    ");
                let text = text.trim().trim_end_matches(';').trim_end();
                if !text.is_empty() {
                    push(&mut all, text.to_owned(), statement);
                }
                continue;
            }
            Told::Unwritten(what) => {
                push(&mut all, comment(what), statement);
                continue;
            }
            Told::Copy(copied, wording) => {
                let writer = Writer { dialect, wording };
                let mut texts = Vec::new();
                writer.copied(copied, &mut texts);
                for text in texts {
                    push(&mut all, text, statement);
                }
                continue;
            }
            Told::Ddl(ddl, wording) => {
                let writer = Writer { dialect, wording };
                let mut texts = Vec::new();
                writer.statement(ddl, &mut texts);
                for text in texts {
                    push(&mut all, text, statement);
                }
                late.extend(
                    writer
                        .comments(ddl)
                        .into_iter()
                        .map(|text| (text, statement)),
                );
                continue;
            }
        };
        all.push(Written {
            kind,
            text: String::new(),
            place: &statement.place,
            certain: statement.certain,
        });
    }
    for (text, of) in late {
        push(&mut all, text, of);
    }
    all
}

fn push<'s>(all: &mut Vec<Written<'s>>, text: String, statement: &'s Statement) {
    let text = match text.strip_suffix(';') {
        Some(text) => text.to_owned(),
        None => text,
    };
    let is_comment = text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with("--"));
    let kind = if is_comment {
        Kind::Comment
    } else if text.contains(UNKNOWN) {
        Kind::Partial
    } else {
        Kind::Known
    };
    all.push(Written {
        kind,
        text,
        place: &statement.place,
        certain: statement.certain,
    });
}

#[derive(Clone, Copy)]
struct Writer<'w> {
    dialect: Dialect,
    wording: &'w Wording,
}

/// `-- text`
fn comment(text: &str) -> String {
    format!("-- {}", sanitise_line(text))
}

fn when(condition: bool, text: &'static str) -> &'static str {
    if condition { text } else { "" }
}

impl Writer<'_> {
    fn name(self, name: &str) -> String {
        identifier(name, self.dialect)
    }

    fn qualified(self, name: &str) -> String {
        qualified_identifier(name, self.dialect)
    }

    /// The name of a function stands before its arguments.
    fn with_signature(self, name: &str) -> String {
        match name.split_once('(') {
            Some((name, arguments)) => format!("{}({arguments}", self.qualified(name)),
            None => self.qualified(name),
        }
    }

    fn literal(self, text: &str) -> String {
        literal(text, self.dialect)
    }

    /// `COMMENT ON …` for a new table and its columns: only PostgreSQL is told apart from the rest.
    fn comments(self, ddl: &Ddl) -> Vec<String> {
        if self.dialect != Dialect::PostgreSql {
            return Vec::new();
        }
        let (table, about, columns) = match ddl {
            Ddl::CreateTable(CreateTable {
                name,
                comment,
                columns,
                ..
            }) => (name, comment.as_ref(), columns.as_slice()),
            Ddl::AlterTable {
                table,
                action: crate::catalog::AlterAction::AddColumn { definition, .. },
                ..
            } => (table, None, std::slice::from_ref(definition.as_ref())),
            _ => return Vec::new(),
        };
        let mut texts = Vec::new();
        if let Some(about) = about {
            texts.push(format!(
                "COMMENT ON TABLE {} IS {}",
                self.qualified(table),
                self.literal(about)
            ));
        }
        for column in columns {
            if let Fact::Known(Some(about)) = &column.column.comment {
                texts.push(format!(
                    "COMMENT ON COLUMN {}.{} IS {}",
                    self.qualified(table),
                    self.name(&column.column.name),
                    self.literal(about)
                ));
            }
        }
        texts
    }

    fn labels(self, labels: &[smol_str::SmolStr]) -> String {
        let labels = labels.iter().map(|label| self.literal(label));
        labels.collect::<Vec<_>>().join(", ")
    }

    fn all(self, statements: &[Ddl], out: &mut Vec<String>) {
        for statement in statements {
            self.statement(statement, out);
        }
    }

    fn statement(self, ddl: &Ddl, out: &mut Vec<String>) {
        match ddl {
            Ddl::CreateTable(create) => out.push(self.create_table(create, &[])),
            Ddl::CreateTableLike { create, like } => out.push(self.create_table(create, like)),
            Ddl::DropTable {
                name,
                if_exists,
                cascade,
            } => out.push(format!(
                "DROP TABLE {}{}{};",
                when(*if_exists, "IF EXISTS "),
                self.qualified(name),
                when(*cascade, " CASCADE")
            )),
            Ddl::AlterTable { table, action, .. } => self.alter_table(table, action, out),
            Ddl::CreateIndex {
                name,
                table,
                definition,
                if_not_exists,
                concurrently,
            } => out.push(self.create_index(
                name.as_deref(),
                table,
                definition,
                [
                    when(*concurrently, "CONCURRENTLY "),
                    when(*if_not_exists, "IF NOT EXISTS "),
                ],
            )),
            Ddl::DropIndex {
                name,
                table,
                if_exists,
                concurrently,
            } => {
                let dropped_as = self.wording.of(Worded::Option, "drop");
                if let (Some(table), Some("unique")) = (table, dropped_as) {
                    out.push(format!(
                        "ALTER TABLE {} DROP INDEX {}{};",
                        self.qualified(table),
                        when(*if_exists, "IF EXISTS "),
                        self.name(name)
                    ));
                    return;
                }
                let on = match table {
                    Some(table) if self.dialect == Dialect::MySql => {
                        format!(" ON {}", self.qualified(table))
                    }
                    _ => String::new(),
                };
                out.push(format!(
                    "DROP INDEX {}{}{}{on};",
                    when(*concurrently, "CONCURRENTLY "),
                    when(*if_exists, "IF EXISTS "),
                    self.qualified(name)
                ));
            }
            Ddl::RenameIndex {
                name,
                table: Some(table),
                new_name,
                ..
            } if self.dialect == Dialect::MySql => out.push(format!(
                "ALTER TABLE {} RENAME INDEX {} TO {};",
                self.qualified(table),
                self.name(name),
                self.name(new_name)
            )),
            Ddl::RenameIndex { name, new_name, .. } => out.push(format!(
                "ALTER INDEX {} RENAME TO {};",
                self.qualified(name),
                self.name(new_name)
            )),
            Ddl::CreateEnum { name, labels, .. } => out.push(match labels {
                Fact::Known(labels) => format!(
                    "CREATE TYPE {} AS ENUM ({});",
                    self.qualified(name),
                    self.labels(labels)
                ),
                Fact::Unknown(why) => comment(&format!(
                    "CREATE TYPE {name} AS ENUM, with labels that are not known: {}",
                    why.reason
                )),
            }),
            Ddl::AddEnumLabel {
                name,
                label,
                position,
                if_not_exists,
            } => {
                let position = match position {
                    LabelPosition::Last => String::new(),
                    LabelPosition::Before(other) => format!(" BEFORE {}", self.literal(other)),
                    LabelPosition::After(other) => format!(" AFTER {}", self.literal(other)),
                };
                out.push(format!(
                    "ALTER TYPE {} ADD VALUE {}{}{position};",
                    self.qualified(name),
                    when(*if_not_exists, "IF NOT EXISTS "),
                    self.literal(label)
                ));
            }
            Ddl::RenameEnumLabel {
                name,
                label,
                new_label,
            } => out.push(format!(
                "ALTER TYPE {} RENAME VALUE {} TO {};",
                self.qualified(name),
                self.literal(label),
                self.literal(new_label)
            )),
            Ddl::DropEnumLabels { name, labels } => out.push(comment(&format!(
                "type {name} loses the labels {}",
                self.labels(labels)
            ))),
            Ddl::SetEnumLabels { name, labels } => out.push(comment(&match labels {
                Fact::Known(labels) => {
                    format!("type {name} gets the labels {}", self.labels(labels))
                }
                Fact::Unknown(_) => format!("type {name} gets labels that are not known"),
            })),
            Ddl::RenameType { name, new_name } => out.push(format!(
                "ALTER TYPE {} RENAME TO {};",
                self.qualified(name),
                self.name(new_name)
            )),
            // Whether the type is there is asked before, not in the statement.
            Ddl::DropType { name, cascade, .. } => out.push(format!(
                "DROP TYPE {}{};",
                self.qualified(name),
                when(*cascade, " CASCADE")
            )),
            Ddl::CreateSequence { name, .. } => {
                let options = self.wording.of(Worded::Option, "sequence");
                let options = options.filter(|options| !options.is_empty());
                out.push(format!(
                    "CREATE SEQUENCE {}{};",
                    self.qualified(name),
                    options.map_or_else(String::new, |options| format!(" {options}"))
                ));
            }
            Ddl::AlterSequence { name, change, .. } => out.push(match change {
                SequenceChange::Rename(new_name) => format!(
                    "ALTER SEQUENCE {} RENAME TO {};",
                    self.qualified(name),
                    self.name(new_name)
                ),
                SequenceChange::OwnedBy(Some((table, column))) => format!(
                    "ALTER SEQUENCE {} OWNED BY {}.{};",
                    self.qualified(name),
                    self.qualified(table),
                    self.name(column)
                ),
                SequenceChange::OwnedBy(None) => {
                    format!("ALTER SEQUENCE {} OWNED BY NONE;", self.qualified(name))
                }
                SequenceChange::Type(new_type) => {
                    format!("ALTER SEQUENCE {} AS {new_type};", self.qualified(name))
                }
                SequenceChange::Other => comment(&format!("ALTER SEQUENCE {name} …")),
            }),
            Ddl::DropSequence { name, cascade, .. } => out.push(format!(
                "DROP SEQUENCE {}{};",
                self.qualified(name),
                when(*cascade, " CASCADE")
            )),
            Ddl::CreateObject {
                kind: ObjectKind::Schema,
                name,
                if_not_exists,
                ..
            } => out.push(format!(
                "CREATE SCHEMA {}{};",
                when(*if_not_exists, "IF NOT EXISTS "),
                self.name(name)
            )),
            Ddl::CreateObject {
                kind,
                name,
                definition,
                ..
            } => out.push(match definition {
                Fact::Known(definition) => comment(&format!("create {kind} {name}: {definition}")),
                Fact::Unknown(_) => comment(&format!("create {kind} {name}")),
            }),
            Ddl::AlterObject { kind, name, .. } => {
                out.push(comment(&format!("alter {kind} {name}")));
            }
            Ddl::DropObject {
                kind,
                name,
                on,
                if_exists,
                cascade,
            } => {
                let on = on
                    .as_ref()
                    .map_or_else(String::new, |on| format!(" ON {}", self.qualified(on)));
                out.push(format!(
                    "DROP {} {}{}{on}{};",
                    kind.to_string().to_uppercase(),
                    when(*if_exists, "IF EXISTS "),
                    self.with_signature(name),
                    when(*cascade, " CASCADE")
                ));
            }
            Ddl::Comment { target, text } => self.comment_on(target, text, out),
            Ddl::Together(parts) | Ddl::Block(parts) => {
                self.all(parts, out);
            }
            Ddl::Only(inner) => self.statement(inner, out),
            Ddl::Batch(batch) => {
                if batch.makes_copy() {
                    out.push(comment(&format!(
                        "{} is made anew, its rows are copied, and it takes the place of the old table:",
                        batch.table
                    )));
                }
                for step in &batch.steps {
                    match &step.change {
                        BatchChange::AddColumn(new) => out.push(format!(
                            "ALTER TABLE {} ADD COLUMN {};",
                            self.qualified(&batch.table),
                            self.column(&new.definition, false)
                        )),
                        BatchChange::InCopy(_) if !batch.makes_copy() => {}
                        BatchChange::CreateIndex { ddl, .. }
                        | BatchChange::InCopy(ddl)
                        | BatchChange::Other(ddl) => self.statement(ddl, out),
                        BatchChange::Nothing => {}
                    }
                }
            }
            // What the revision does not say.
            Ddl::If {
                condition: Condition::OfALibrary,
                ..
            } => {}
            Ddl::If {
                then, otherwise, ..
            } => {
                for part in [then, otherwise]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                {
                    out.push(comment("under a condition of a DO block:"));
                    self.all(part, out);
                }
            }
            Ddl::Try {
                statements,
                on_failure,
            } => {
                self.all(statements, out);
                if !on_failure.is_empty() {
                    out.push(comment("if that fails:"));
                    self.all(on_failure, out);
                }
            }
            Ddl::Data { tables, .. } => out.push(comment(&match tables.as_slice() {
                [] => "rows of tables that are not known".to_owned(),
                tables => format!("rows of {}", tables.join(", ")),
            })),
            Ddl::Maintenance {
                work,
                name,
                concurrently,
            } => out.push(format!(
                "{}{}{};",
                work.as_str(),
                when(*concurrently, " CONCURRENTLY"),
                name.as_ref()
                    .map_or_else(String::new, |name| format!(" {}", self.qualified(name)))
            )),
            Ddl::OpaqueObject { what, .. }
            | Ddl::Opaque { what, .. }
            | Ddl::AlterSomeColumns { what, .. } => {
                out.push(comment(&format!("not known: {what}")));
            }
            Ddl::Assign { .. }
            | Ddl::Call { .. }
            | Ddl::Uses(_)
            | Ddl::Session(_)
            | Ddl::Nothing => {}
        }
    }

    fn comment_on(
        self,
        target: &CommentTarget,
        text: &Fact<Option<smol_str::SmolStr>>,
        out: &mut Vec<String>,
    ) {
        if self.dialect == Dialect::Sqlite {
            return;
        }
        if self.dialect == Dialect::MySql {
            if let CommentTarget::Table(table) = target {
                let text = match text {
                    Fact::Known(text) => self.literal(text.as_deref().unwrap_or_default()),
                    Fact::Unknown(_) => UNKNOWN.to_owned(),
                };
                out.push(format!(
                    "ALTER TABLE {} COMMENT {text};",
                    self.qualified(table)
                ));
            }
            return;
        }
        let on = match target {
            CommentTarget::Table(table) => format!("TABLE {}", self.qualified(table)),
            CommentTarget::Column { table, column } => {
                format!("COLUMN {}.{}", self.qualified(table), self.name(column))
            }
            CommentTarget::Other => return,
        };
        out.push(match text {
            Fact::Known(Some(text)) => format!("COMMENT ON {on} IS {};", self.literal(text)),
            Fact::Known(None) => format!("COMMENT ON {on} IS NULL;"),
            Fact::Unknown(_) => format!("COMMENT ON {on} IS {UNKNOWN};"),
        });
    }
}

#[cfg(test)]
mod tests;
