//! How much of a module mattered to a run: an edit of the rest changes nothing.

use rustc_hash::{FxHashMap, FxHashSet};

use super::lazy::{is_left_out, postponable};
use super::{Host, Interpreter};
use crate::python::ast::{Name, Stmt, StmtKind};
use crate::python::protobuf;
use crate::python::sources::{ParsedFile, Sources};
use crate::python::value::{FileId, Function, ModuleState, Place, Value};
use crate::source::{RepoPath, Span};

/// What was run, while somebody wants to know.
#[derive(Clone, Debug, Default)]
pub(super) struct Used {
    /// The files whose whole body was run.
    whole: FxHashSet<FileId>,
    /// The functions that were called, by where they are.
    functions: FxHashSet<(FileId, Span)>,
    /// The import statements of files of which nothing else was run at first.
    imports: FxHashMap<FileId, String>,
    /// What was not followed though it may have made classes.
    gaps: Vec<(String, Place)>,
}

/// So many gaps are enough to know that there are some.
const MAX_GAPS: usize = 16;

/// The part of a file on which it depends what a run has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// These statements of the module, in their order.
    Statements(Vec<Span>),
    /// These import statements.
    Imports(String),
}

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn note_whole(&mut self, file: FileId) {
        if let Some(used) = &mut self.used {
            used.whole.insert(file);
        }
    }

    /// Notes that classes may have been made, or modules imported, which nobody knows of.
    pub fn note_gap(&mut self, reason: &str, at: Place) {
        if let Some(used) = &mut self.used
            && used.gaps.len() < MAX_GAPS
        {
            used.gaps.push((reason.to_owned(), at));
        }
    }

    /// Notes where a module stops being Python.
    pub(super) fn note_soundness(&mut self, module: &ParsedFile, file: FileId) {
        if let Some(error) = &module.syntax_error {
            let span = error.span;
            self.note_gap("a module is no valid Python", Place { file, span });
        }
    }

    /// True for a file that Python cannot parse: what was read of it may be a part.
    pub fn is_no_python(&self, file: &RepoPath) -> bool {
        self.sources.is_no_python(file)
    }

    /// Why there may be classes and modules that were not found, in the order in which it came up. Known from
    /// [`Self::with_import_log`] on.
    pub fn gaps(&self) -> &[(String, Place)] {
        self.used.as_ref().map_or(&[], |used| &used.gaps)
    }

    pub(super) fn note_imports(&mut self, file: FileId, statements: String) {
        if let Some(used) = &mut self.used {
            used.imports.insert(file, statements);
        }
    }

    pub(super) fn note_call(&mut self, function: &Function) {
        if let Some(used) = &mut self.used {
            let place = (function.scope.file, function.def.name_span);
            used.functions.insert(place);
        }
    }

    /// The files that were looked at, and how much of them mattered. Known from [`Self::with_import_log`] on.
    pub fn extents(&self) -> FxHashMap<RepoPath, Extent> {
        let files = self.files.iter();
        files
            .map(|path| (path.clone(), self.extent(path).unwrap_or(Extent::Whole)))
            .collect()
    }

    fn extent(&self, path: &RepoPath) -> Option<Extent> {
        let used = self.used.as_ref()?;
        let module = self.heap.module(*self.module_files.get(path)?)?;
        let file = module.scope.file;
        if used.whole.contains(&file) {
            return None;
        }
        if module.state == ModuleState::Found {
            let statements = used.imports.get(&file).cloned();
            return Some(Extent::Imports(statements.unwrap_or_default()));
        }
        let names = self.heap.namespace(module.scope.names)?;
        let parsed = self.sources.python(path)?;
        if protobuf::meaning(path, &parsed).is_some() {
            return None;
        }
        let waits = |name: &Name, statement: usize| match names.names.get(name) {
            Some(Value::Import(import)) => {
                let postponed = import.postponed.as_ref();
                postponed.is_some_and(|postponed| postponed.statement == statement)
            }
            _ => false,
        };
        let matters = |statement: usize, stmt: &Stmt| match (postponable(stmt), &stmt.kind) {
            (Some(name), _) => !waits(name, statement),
            (None, StmtKind::FunctionDef(def)) => used.functions.contains(&(file, def.name_span)),
            (None, _) => !is_left_out(stmt),
        };
        let statements = parsed.module.body.iter().enumerate();
        let spans = statements
            .filter(|(statement, stmt)| matters(*statement, stmt))
            .map(|(_, stmt)| stmt.span);
        Some(Extent::Statements(spans.collect()))
    }
}

impl Extent {
    /// True if a run would certainly find the same in another version of the file.
    pub fn is_kept(&self, path: &RepoPath, now: &Sources<'_>, other: &Sources<'_>) -> bool {
        match self {
            Self::Whole => false,
            Self::Imports(statements) => other.import_statements(path).as_ref() == Some(statements),
            Self::Statements(spans) => {
                let parsed = now.python(path).zip(other.python(path));
                parsed.is_some_and(|(now, other)| Self::are_kept(spans, &now, &other))
            }
        }
    }

    fn are_kept(spans: &[Span], now: &ParsedFile, other: &ParsedFile) -> bool {
        let others: Vec<&str> = texts(other).collect();
        let mut rest = others.iter();
        let mut matters = spans.iter().map(|span| now.text.slice(*span));
        if !matters.all(|text| rest.any(|other| *other == text)) {
            return false;
        }
        let here: FxHashSet<&str> = texts(now).collect();
        let names: FxHashSet<&Name> = now.module.body.iter().filter_map(defined).collect();
        let mut gone = other
            .module
            .body
            .iter()
            .zip(others)
            .filter(|(_, text)| !here.contains(text));
        gone.all(|(stmt, _)| match defined(stmt) {
            Some(name) => names.contains(name),
            None => is_left_out(stmt),
        })
    }
}

fn texts(file: &ParsedFile) -> impl Iterator<Item = &str> {
    let statements = file.module.body.iter();
    statements.map(|stmt| file.text.slice(stmt.span))
}

/// The name of a definition that waits until it is needed.
fn defined(stmt: &Stmt) -> Option<&Name> {
    postponable(stmt).or(match &stmt.kind {
        StmtKind::FunctionDef(def) => Some(&def.name),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Snapshot;
    use crate::python::{ModuleFinder, NoHost, ParseCache};

    const BEFORE: &str = "import os
from app.kinds import Kind
import app.extra

LIMIT = max(1, 2)


def helper(kind):
    return kind


def unused():
    return 1


@decorated
def shown():
    return 1


class Later(Kind):
    size = 1


class Model(Kind):
    size = helper(LIMIT)


app.extra.setup()
";

    /// Whether an edit of the module is of no account to who asks it for `Model`.
    fn is_kept(edit: (&str, &str)) -> bool {
        let after = BEFORE.replace(edit.0, edit.1);
        assert_ne!(after, BEFORE, "{edit:?}");
        let files = |module: &str| {
            Snapshot::in_memory([
                (
                    "start.py",
                    "from app.models import Model\nsize = Model.size\n",
                ),
                ("app/models.py", module),
                ("app/kinds.py", "class Kind:\n    pass\n"),
                ("app/extra.py", ""),
            ])
        };
        let (before, now) = (files(BEFORE), files(&after));
        let cache = ParseCache::default();
        let (before, now) = (Sources::new(&before, &cache), Sources::new(&now, &cache));
        let finder = ModuleFinder::new(now.snapshot(), []);
        let mut interpreter = Interpreter::new(&now, &finder, NoHost)
            .with_lazy_imports()
            .with_import_log();
        let start = RepoPath::new("start.py");
        interpreter.reach(&start, &[], |_| false);
        let module = interpreter.run_file(&start).unwrap();
        interpreter.module_attribute(module, "size");
        let path = RepoPath::new("app/models.py");
        let extent = interpreter.extents().remove(&path).unwrap();
        extent.is_kept(&path, &now, &before)
    }

    #[test]
    fn what_did_not_run_may_change() {
        for edit in [
            ("def unused():\n    return 1", "def unused():\n    return 2"),
            (
                "@decorated\ndef shown():\n    return 1",
                "@decorated\ndef shown():\n    return 2",
            ),
            (
                "class Later(Kind):\n    size = 1",
                "class Later(Kind):\n    size = 2",
            ),
            ("def unused", "\n\ndef added():\n    pass\n\n\ndef unused"),
            ("setup()", "setup(1)"),
        ] {
            assert!(is_kept(edit), "{edit:?}");
        }
    }

    #[test]
    fn what_ran_may_not() {
        for edit in [
            ("max(1, 2)", "max(1, 3)"),
            ("    return kind", "    return kind + 1"),
            ("size = helper(LIMIT)", "size = LIMIT"),
            ("import app.extra\n", ""),
            ("import os", "import os, sys"),
            ("@decorated\ndef shown():\n    return 1\n\n\n", ""),
            ("setup()", "import_all()"),
        ] {
            assert!(!is_kept(edit), "{edit:?}");
        }
    }
}
