//! One revision file: its identifiers and what its docstring says of them.

mod said;

use std::sync::Arc;

use jiff::civil::Date;
use smol_str::SmolStr;

use self::said::{
    comes_back_nullable, is_kept, is_not_restored, is_on_purpose, is_said, leaves_on_purpose,
    passages, rules_out,
};
use crate::python::ast::{Call, Expr, ExprKind, Module, Stmt, StmtKind};
use crate::python::{ParsedFile, decided, remarks};
use crate::source::{FileSpan, RepoPath, Span};

/// An identifier and the text that gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    pub value: SmolStr,
    pub span: Span,
}

/// A revision as its file declares it.
#[derive(Debug)]
pub struct Revision {
    pub file: RepoPath,
    pub source: Arc<ParsedFile>,
    pub id: Identifier,
    /// The parents; none for a base, several for a merge. Duplicates are removed, as Alembic does.
    pub down_revision: Vec<Identifier>,
    /// The value assigned to `down_revision`.
    pub down_revision_span: Span,
    pub depends_on: Vec<Identifier>,
    /// Labels declared here; see [`RevisionNode::labels`](crate::alembic::RevisionNode) for those that spread here.
    pub branch_labels: Vec<Identifier>,
    pub doc: RevisionDoc,
}

impl Revision {
    pub fn is_base(&self) -> bool {
        self.down_revision.is_empty()
    }

    pub fn is_merge(&self) -> bool {
        self.down_revision.len() > 1
    }

    /// The day on which Alembic has made the file, as its docstring says.
    pub fn created(&self) -> Option<Date> {
        self.doc.create_date.as_ref()?.get(..10)?.parse().ok()
    }

    /// The line the revision is declared on, counted from 1.
    pub fn line(&self) -> u32 {
        self.source.text.position(self.id.span.start).line
    }

    /// What only happens as the database answers.
    pub fn answered(&self) -> Answered {
        Answered {
            file: self.file.clone(),
            statements: decided(&self.source.module, &asks_the_database),
        }
    }

    /// True if somebody says something about a function, in a comment or docstring: what templates and tools write does
    /// not count, nor code that is commented out.
    pub fn has_remark_on(&self, function: Span) -> bool {
        let remarks = remarks(self.source.text.as_str(), function);
        remarks.iter().any(|remark| is_said(remark))
    }

    /// True if somebody says of a function that it is as it is on purpose, or for the time being.
    pub fn is_meant(&self, function: Span) -> bool {
        let remarks = remarks(self.source.text.as_str(), function);
        let says_so = |remark: &String| is_said(remark) && is_on_purpose(remark);
        remarks.iter().any(says_so)
    }

    /// True if somebody says at a function that its revision is only kept.
    pub fn is_only_kept(&self, function: Span) -> bool {
        let mut passages = passages(self.source.text.as_str(), function).into_iter();
        passages.any(|passage| is_kept(&passage))
    }

    /// True if somebody says at a function, in one sentence, that what goes by one of these names is left as it is, and why.
    pub fn is_left_on_purpose(&self, function: Span, names: &[&str]) -> bool {
        passages(self.source.text.as_str(), function)
            .iter()
            .any(|passage| leaves_on_purpose(passage, names))
    }

    /// True if somebody says in a sentence about the downgrade, at its function or in the docstring of the file, that what goes
    /// by one of these names does not come back.
    pub fn says_not_restored(&self, downgrade: Span, names: &[&str]) -> bool {
        let mut passages = self.passages_about_downgrade(downgrade).into_iter();
        passages.any(|passage| is_not_restored(&passage, names))
    }

    /// True if somebody says there that it comes back nullable.
    pub fn says_nullable(&self, downgrade: Span, names: &[&str]) -> bool {
        let mut passages = self.passages_about_downgrade(downgrade).into_iter();
        passages.any(|passage| comes_back_nullable(&passage, names))
    }

    /// What is said about the downgrade: at its function, and in paragraphs of the docstring of the file that name it.
    fn passages_about_downgrade(&self, downgrade: Span) -> Vec<String> {
        let mut found = passages(self.source.text.as_str(), downgrade);
        let docstring = self.source.module.docstring().and_then(Expr::as_str);
        let paragraphs = docstring.into_iter().flat_map(|text| text.split("\n\n"));
        let of_it = paragraphs.filter(|text| text.to_lowercase().contains("downgrad"));
        found.extend(of_it.map(str::to_owned));
        found
    }

    /// True if the docstring of the file has one of these words, in whichever case.
    pub fn docstring_speaks_of(&self, words: &[&str]) -> bool {
        let docstring = self.source.module.docstring().and_then(Expr::as_str);
        docstring.is_some_and(|text| {
            let text = text.to_lowercase();
            words.iter().any(|word| text.contains(word))
        })
    }

    /// True if the docstring of the file says that databases differ and that this brings them to one state.
    pub fn brings_together(&self) -> bool {
        self.docstring_speaks_of(&["reconcil", "converge", "edited in place"])
    }

    /// True if somebody says at a function that there is no way back at all, and not only from here.
    pub fn rules_out_downgrades(&self, function: Span) -> bool {
        let remarks = remarks(self.source.text.as_str(), function);
        remarks.iter().any(|remark| rules_out(remark))
    }

    /// True if the docstring of the file speaks of a `COMMIT`, or what is said about a function of commits.
    pub fn speaks_of_commits(&self, function: Span) -> bool {
        let docstring = self.source.module.docstring().and_then(Expr::as_str);
        docstring.is_some_and(|text| text.contains("COMMIT"))
            || remarks(self.source.text.as_str(), function)
                .iter()
                .any(|remark| is_said(remark) && remark.to_lowercase().contains("commit"))
    }

    /// True if somebody says at a function that it locks a table, or writes all of it anew.
    pub fn speaks_of_locks(&self, function: Span) -> bool {
        let says_so = |remark: &String| {
            let remark = remark.to_lowercase();
            let has = |words: &[&str]| words.iter().any(|word| remark.contains(word));
            has(&["access exclusive"])
                || has(&["table"])
                    && has(&["rewrites", "rewriting", "rewrite of", "locks", "is locked"])
        };
        remarks(self.source.text.as_str(), function)
            .iter()
            .any(says_so)
    }

    /// True if somebody says of a function that it may fail.
    pub fn may_fail(&self, function: Span) -> bool {
        let says_so = |remark: &String| {
            let remark = remark.to_lowercase();
            [
                "may fail",
                "might fail",
                "could fail",
                "will fail",
                "likely fail",
            ]
            .iter()
            .any(|words| remark.contains(words))
        };
        remarks(self.source.text.as_str(), function)
            .iter()
            .any(says_so)
    }
}

/// The statements of a revision that only run as the database answers: how its tables are, or what rows it has. They are
/// there for databases that differ from the history.
#[derive(Clone, Debug)]
pub struct Answered {
    file: RepoPath,
    statements: Vec<Span>,
}

impl Answered {
    /// True if what stands there only happens as the database answers.
    pub fn decides(&self, place: &FileSpan) -> bool {
        let holds = |statement: &Span| statement.contains(place.span);
        place.file == self.file && self.statements.iter().any(holds)
    }
}

/// `inspector.get_columns(…)`, `connection.execute(…)`, `table_has_column(…)`
fn asks_the_database(call: &Call) -> bool {
    match &call.function.kind {
        ExprKind::Attribute { name, .. } => {
            matches!(
                name.as_str(),
                "execute" | "exec_driver_sql" | "scalar" | "scalars"
            ) || name.contains("has_")
                || name.ends_with("_exist")
                || name.ends_with("_exists")
                || (name.starts_with("get_")
                    && REFLECTED.iter().any(|reflected| name.ends_with(reflected)))
        }
        ExprKind::Name(name) => {
            name.contains("exists") || name.ends_with("_exist") || name.contains("has_")
        }
        _ => false,
    }
}

/// How the methods of an inspector end that begin with `get_`.
const REFLECTED: [&str; 9] = [
    "_names",
    "columns",
    "indexes",
    "foreign_keys",
    "constraints",
    "pk_constraint",
    "enums",
    "table_options",
    "comment",
];

/// What the docstring says, as Alembic's template writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionDoc {
    /// The text before the first blank line, on one line.
    pub message: String,
    pub revision_id: Option<DocLine>,
    pub revises: Option<DocLine>,
    pub create_date: Option<String>,
}

/// The part of a docstring line behind its colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocLine {
    pub text: String,
    pub span: Span,
}

impl RevisionDoc {
    pub(super) fn read(file: &ParsedFile) -> Self {
        let Some(docstring) = file.module.docstring() else {
            return Self::default();
        };
        let Some(value) = docstring.as_str() else {
            return Self::default();
        };
        let message = value.trim().split("\n\n").next().unwrap_or_default();
        let mut doc = Self {
            message: message.split_whitespace().collect::<Vec<_>>().join(" "),
            ..Self::default()
        };
        let mut start = docstring.span.start;
        for line in file.text.slice(docstring.span).split_inclusive('\n') {
            let at = start;
            start += line.len() as u32;
            let Some((key, rest)) = line.split_once(':') else {
                continue;
            };
            // The opening quotes may stand before the first key, the closing ones behind the last value.
            let key = key.trim_start_matches(['"', '\'']).trim();
            let value = rest.trim_start_matches([' ', '\t']);
            let value_start = at + (line.len() - value.len()) as u32;
            let text = value.trim_end().trim_end_matches(['"', '\'']).trim_end();
            let found = DocLine {
                text: text.to_owned(),
                span: Span::new(value_start, value_start + text.len() as u32),
            };
            match key {
                "Revision ID" if doc.revision_id.is_none() => doc.revision_id = Some(found),
                "Revises" if doc.revises.is_none() => doc.revises = Some(found),
                "Create Date" if doc.create_date.is_none() => doc.create_date = Some(found.text),
                _ => {}
            }
        }
        doc
    }
}

/// The module-level names that make a revision.
pub(super) const IDENTIFIERS: [&str; 4] =
    ["revision", "down_revision", "branch_labels", "depends_on"];

/// One of the identifiers where it is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LiteralValue {
    pub(super) span: Span,
    pub(super) items: Literal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    None,
    One(Identifier),
    Several(Vec<Identifier>),
}

/// How a module binds one of [`IDENTIFIERS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Written {
    #[default]
    Absent,
    Literal(LiteralValue),
    /// An expression that the interpreter has to evaluate.
    Expression,
}

/// What each of [`IDENTIFIERS`] is bound to by simple assignments at the top of the file. `None` as a whole where
/// anything else may bind one of them: then the interpreter has to tell.
pub(super) fn literals(module: &Module) -> Option<[Written; 4]> {
    let mut found = [const { Written::Absent }; 4];
    for stmt in &module.body {
        let (target, value) = match &stmt.kind {
            StmtKind::Assign { targets, value } => match targets.as_slice() {
                [target] => (target, Some(value)),
                several if several.iter().any(names_identifier) => return None,
                _ => continue,
            },
            StmtKind::AnnAssign { target, value, .. } => (target, value.as_ref()),
            // A star import can only bind what another module of the repository binds; leave that to the interpreter.
            StmtKind::ImportFrom(import) if import.star => return None,
            _ if may_bind_identifier(stmt) => return None,
            _ => continue,
        };
        let ExprKind::Name(name) = &target.kind else {
            if names_identifier(target) {
                return None;
            }
            continue;
        };
        let Some(index) = IDENTIFIERS
            .iter()
            .position(|identifier| *identifier == name.as_str())
        else {
            continue;
        };
        let Some(value) = value else { continue };
        if let Some(slot) = found.get_mut(index) {
            *slot = match literal(value) {
                Some(items) => Written::Literal(LiteralValue {
                    span: value.span,
                    items,
                }),
                None => Written::Expression,
            };
        }
    }
    Some(found)
}

/// The id and the parents of a module that writes both out; `None` for any other.
pub fn written_links(module: &Module) -> Option<(SmolStr, Vec<SmolStr>)> {
    let [
        Written::Literal(revision),
        Written::Literal(down_revision),
        ..,
    ] = literals(module)?
    else {
        return None;
    };
    let Literal::One(id) = revision.items else {
        return None;
    };
    let parents = match down_revision.items {
        Literal::None => Vec::new(),
        Literal::One(parent) => vec![parent.value],
        Literal::Several(parents) => parents.into_iter().map(|parent| parent.value).collect(),
    };
    Some((id.value, parents))
}

fn literal(expr: &Expr) -> Option<Literal> {
    let one = |expr: &Expr| {
        let value = expr.as_str()?;
        Some(Identifier {
            value: SmolStr::new(value),
            span: expr.span,
        })
    };
    match &expr.kind {
        ExprKind::None => Some(Literal::None),
        ExprKind::Str(_) => one(expr).map(Literal::One),
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => items
            .iter()
            .map(one)
            .collect::<Option<Vec<_>>>()
            .map(Literal::Several),
        _ => None,
    }
}

/// True if an assignment target mentions one of the identifiers by name.
fn names_identifier(target: &Expr) -> bool {
    match &target.kind {
        ExprKind::Name(name) => IDENTIFIERS.contains(&name.as_str()),
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().any(names_identifier),
        ExprKind::Starred(inner) => names_identifier(inner),
        ExprKind::Invalid => true,
        _ => false,
    }
}

/// True if a statement at the top of a module may bind one of the identifiers in its body.
fn may_bind_identifier(stmt: &Stmt) -> bool {
    let any = |body: &[Stmt]| body.iter().any(may_bind_identifier);
    match &stmt.kind {
        StmtKind::Assign { targets, .. } => targets.iter().any(names_identifier),
        StmtKind::AnnAssign { target, .. } | StmtKind::AugAssign { target, .. } => {
            names_identifier(target)
        }
        StmtKind::If { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
            any(body) || any(orelse)
        }
        StmtKind::For {
            target,
            body,
            orelse,
            ..
        } => names_identifier(target) || any(body) || any(orelse),
        StmtKind::With(with) => any(&with.body),
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finalbody,
        } => {
            any(body)
                || any(orelse)
                || any(finalbody)
                || handlers.iter().any(|handler| any(&handler.body))
        }
        StmtKind::ImportFrom(import) => {
            import.star
                || import.names.iter().any(|alias| {
                    IDENTIFIERS.contains(&alias.asname.as_ref().unwrap_or(&alias.name).as_str())
                })
        }
        StmtKind::Import(aliases) => aliases.iter().any(|alias| {
            IDENTIFIERS.contains(&alias.asname.as_ref().unwrap_or(&alias.name).as_str())
        }),
        StmtKind::FunctionDef(def) => IDENTIFIERS.contains(&def.name.as_str()),
        StmtKind::ClassDef(def) => IDENTIFIERS.contains(&def.name.as_str()),
        StmtKind::Delete(targets) => targets.iter().any(names_identifier),
        // `globals()["revision"] = …` and `exec` are calls; they are rare enough to be looked for by name.
        StmtKind::Expr(expr) => {
            matches!(&expr.kind, ExprKind::Call(call) if is_dynamic(&call.function))
        }
        _ => false,
    }
}

fn is_dynamic(function: &Expr) -> bool {
    match &function.kind {
        ExprKind::Name(name) => matches!(name.as_str(), "exec" | "globals" | "setattr"),
        ExprKind::Attribute { value, .. } => {
            matches!(&value.kind, ExprKind::Call(call) if is_dynamic(&call.function))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(text: &str) -> RevisionDoc {
        RevisionDoc::read(&ParsedFile::new(text.as_bytes()))
    }

    #[test]
    fn reads_the_docstring_of_the_template() {
        let text = "\"\"\"add users\n  table\n\nRevision ID: abc\nRevises: def, 123\nCreate Date: 2026-01-01 10:00\n\n\"\"\"\n";
        let doc = doc(text);
        assert_eq!(doc.message, "add users table");
        assert_eq!(doc.revision_id.unwrap().text, "abc");
        let revises = doc.revises.unwrap();
        assert_eq!(revises.span.slice(text), "def, 123");
        assert_eq!(doc.create_date.as_deref(), Some("2026-01-01 10:00"));
    }

    #[test]
    fn quotes_may_close_on_the_last_line() {
        assert_eq!(doc("'''x\n\nRevises: abc'''").revises.unwrap().text, "abc");
        assert_eq!(doc("'''x\n\nRevises:\n'''").revises.unwrap().text, "");
        assert_eq!(doc("x = 1\n"), RevisionDoc::default());
    }

    #[test]
    fn literal_identifiers_are_read_without_running_anything() {
        let read = |text: &str| literals(&ParsedFile::new(text.as_bytes()).module);
        let found = read(
            "revision: str = 'a'\ndown_revision: str | None = None\ndepends_on = ('b', 'c')\n",
        )
        .unwrap();
        assert!(
            matches!(&found[0], Written::Literal(LiteralValue { items: Literal::One(id), .. }) if id.value == "a")
        );
        assert!(matches!(
            &found[1],
            Written::Literal(LiteralValue {
                items: Literal::None,
                ..
            })
        ));
        assert!(
            matches!(&found[3], Written::Literal(LiteralValue { items: Literal::Several(ids), .. }) if ids.len() == 2)
        );
        for dynamic in [
            "revision, down_revision = 'a', 'b'\n",
            "if x:\n    revision = 'a'\n",
            "from names import revision\n",
            "from names import *\n",
            "globals().update(revision='a')\n",
            "revision = down_revision = 'a'\n",
        ] {
            assert_eq!(read(dynamic), None, "{dynamic}");
        }
        assert_eq!(
            read("def f():\n    revision = 'a'\nrevision: str\n").unwrap()[0],
            Written::Absent
        );
        assert_eq!(read("revision = make()\n").unwrap()[0], Written::Expression);
    }
}
