//! Conditions about the surroundings that a whole history asks for, decided once.
//!
//! ```python
//! def upgrade():
//!     if not settings.postgres_uri:
//!         return
//! ```
//!
//! What a setting is in production is not known, but it is the same for all revisions. Where some of them only run if it
//! holds and others only if it does not, as in a project that has a baseline of its own for SQLite, it is taken to be what
//! most of them ask for.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::alembic::revision::Revision;
use crate::python::ast::{Expr, ExprKind, FunctionDef, Module, Name, Stmt, StmtKind, UnaryOp};
use crate::python::unparse::unparse_expression;
use crate::python::{Visitor, walk, walk_expression};
use crate::source::{FileSpan, RepoPath, Span};

/// The `if` statements of a history whose condition is decided.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    files: FxHashMap<RepoPath, Vec<(Span, bool)>>,
}

impl Conditions {
    pub(super) fn of<'r>(revisions: impl Iterator<Item = &'r Revision> + Clone) -> Self {
        let mut votes: FxHashMap<String, Votes> = FxHashMap::default();
        for revision in revisions.clone() {
            let module = &revision.source.module;
            for (condition, runs_if) in guards(module) {
                let votes = votes.entry(condition).or_default();
                if runs_if {
                    votes.holds += 1;
                } else {
                    votes.fails += 1;
                }
            }
        }
        // Where all ask for the same, each guard passes by itself.
        votes.retain(|_, votes| votes.decided().is_some());
        let mut conditions = Self::default();
        if votes.is_empty() {
            return conditions;
        }
        for revision in revisions {
            let module = &revision.source.module;
            let mut search = Search {
                imports: imports(module),
                votes: &votes,
                found: Vec::new(),
            };
            walk(&module.body, &mut search);
            if !search.found.is_empty() {
                conditions.files.insert(revision.file.clone(), search.found);
            }
        }
        conditions
    }

    /// Whether the condition of an `if` statement holds, if that is decided.
    pub(super) fn get(&self, place: &FileSpan) -> Option<bool> {
        let statements = self.files.get(&place.file)?;
        let (_, holds) = statements.iter().find(|(span, _)| *span == place.span)?;
        Some(*holds)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// How many revisions run if a condition holds, and if it does not.
#[derive(Clone, Copy, Default)]
struct Votes {
    holds: usize,
    fails: usize,
}

impl Votes {
    fn decided(self) -> Option<bool> {
        let is_asked_both_ways = self.holds > 0 && self.fails > 0;
        (is_asked_both_ways && self.holds != self.fails).then_some(self.holds > self.fails)
    }
}

/// The conditions under which `upgrade` does anything, and whether they have to hold for that.
fn guards(module: &Module) -> Vec<(String, bool)> {
    let Some(upgrade) = module.body.iter().find_map(upgrade) else {
        return Vec::new();
    };
    let mut imports_of_file = None;
    let guards = upgrade
        .body
        .iter()
        .filter_map(|statement| match &statement.kind {
            StmtKind::If { test, body, orelse } if orelse.is_empty() && returns(body) => Some(test),
            _ => None,
        });
    guards
        .filter_map(|test| {
            let imports = imports_of_file.get_or_insert_with(|| imports(module));
            let (condition, is_negated) = normalised(test, imports)?;
            // It runs where the test does not hold.
            Some((condition, is_negated))
        })
        .collect()
}

fn upgrade(statement: &Stmt) -> Option<&FunctionDef> {
    match &statement.kind {
        StmtKind::FunctionDef(function) if function.name == "upgrade" => Some(function),
        _ => None,
    }
}

fn returns(body: &[Stmt]) -> bool {
    body.last()
        .is_some_and(|last| matches!(last.kind, StmtKind::Return(None)))
}

/// A condition without `not`, by what its names stand for; and whether it is denied. `None` for what may be another thing
/// in each revision: anything that is called (but for the environment), local, or of the database.
fn normalised(test: &Expr, imports: &BTreeMap<Name, String>) -> Option<(String, bool)> {
    let mut test = test;
    let mut is_negated = false;
    while let ExprKind::Unary {
        op: UnaryOp::Not,
        operand,
    } = &test.kind
    {
        test = operand;
        is_negated = !is_negated;
    }
    let mut names = Names {
        imports,
        origins: BTreeMap::new(),
        calls: false,
        is_settled: true,
    };
    walk_expression(test, &mut names);
    let is_of_surroundings = names.is_settled
        && !names.origins.is_empty()
        && names.origins.values().all(|origin| {
            let package = origin.split('.').next().unwrap_or_default();
            !matches!(package, "alembic" | "sqlalchemy") && (!names.calls || package == "os")
        });
    let origins: Vec<&str> = names.origins.values().map(String::as_str).collect();
    is_of_surroundings.then(|| {
        let condition = format!("{} {}", unparse_expression(test), origins.join(" "));
        (condition, is_negated)
    })
}

struct Names<'i> {
    imports: &'i BTreeMap<Name, String>,
    origins: BTreeMap<Name, String>,
    calls: bool,
    /// False if a name is no import.
    is_settled: bool,
}

impl Visitor for Names<'_> {
    fn expression(&mut self, expression: &Expr) -> bool {
        match &expression.kind {
            ExprKind::Name(name) => match self.imports.get(name) {
                Some(origin) => {
                    self.origins.insert(name.clone(), origin.clone());
                }
                None => self.is_settled = false,
            },
            ExprKind::Call(_) => self.calls = true,
            _ => {}
        }
        true
    }
}

/// What the names stand for that a file imports.
fn imports(module: &Module) -> BTreeMap<Name, String> {
    let mut imports = BTreeMap::new();
    for statement in &module.body {
        match &statement.kind {
            StmtKind::Import(aliases) => {
                for alias in aliases {
                    let (bound, origin) = match &alias.asname {
                        Some(asname) => (asname.clone(), alias.name.to_string()),
                        None => {
                            let top = alias.name.split('.').next().unwrap_or_default();
                            (Name::new(top), top.to_owned())
                        }
                    };
                    imports.insert(bound, origin);
                }
            }
            StmtKind::ImportFrom(import) => {
                for alias in &import.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    imports.insert(bound.clone(), format!("{}.{}", import.module, alias.name));
                }
            }
            _ => {}
        }
    }
    imports
}

/// Looks for conditions that are decided.
struct Search<'v> {
    imports: BTreeMap<Name, String>,
    votes: &'v FxHashMap<String, Votes>,
    found: Vec<(Span, bool)>,
}

impl Visitor for Search<'_> {
    fn statement(&mut self, statement: &Stmt) -> bool {
        if let StmtKind::If { test, .. } = &statement.kind
            && let Some((condition, is_negated)) = normalised(test, &self.imports)
            && let Some(holds) = self.votes.get(&condition).and_then(|votes| votes.decided())
        {
            self.found.push((statement.span, holds != is_negated));
        }
        true
    }
}
