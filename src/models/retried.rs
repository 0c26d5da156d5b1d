//! Whether all that asks for a model tries again where that fails, or is run by hand.

use super::is_test_file;
use super::usage::name_at;
use crate::python::ast::{Expr, ExprKind, FunctionDef, Module, Stmt, StmtKind};
use crate::python::{Sources, Visitor, walk};
use crate::source::{FileSpan, RepoPath};

/// What is written in a file of commands for whoever runs them.
const COMMANDS: [&str; 6] = [
    "argparse",
    "@click.",
    ".command(",
    "typer.",
    "app.cli",
    "BaseCommand",
];

/// True if the code that names the class at a place, apart from its own module, tests and migrations, is made of commands that
/// somebody runs, and of functions that are only called in loops which go on after whatever error. There is some.
pub fn only_tries_again(sources: &Sources<'_>, model: &FileSpan, migrations: &[RepoPath]) -> bool {
    let class = sources
        .python(&model.file)
        .and_then(|parsed| name_at(&parsed.module, model.span).map(ToOwned::to_owned));
    let Some(class) = class else {
        return false;
    };
    let files = sources.snapshot().iter().map(|(path, _)| path);
    let mut others = files.filter(|path| {
        path.extension() == "py"
            && **path != model.file
            && path.file_name() != "__init__.py"
            && !is_test_file(path)
            && !migrations.iter().any(|folder| path.is_within(folder))
    });
    let mut is_asked = false;
    let is_harmless = others.all(|path| {
        let bytes = sources.look_into(path).unwrap_or_default();
        let has = |word: &str| memchr::memmem::find(&bytes, word.as_bytes()).is_some();
        if !has(&class) {
            return true;
        }
        is_asked = true;
        COMMANDS.iter().any(|word| has(word))
            || sources
                .python(path)
                .is_some_and(|parsed| tries_again(&parsed.module, &class))
    });
    is_asked && is_harmless
}

/// True for a module in which only functions name a class that are called in such loops, and nowhere else in it. What goes by
/// a name that does not begin with an underscore may be called from anywhere.
fn tries_again(module: &Module, class: &str) -> bool {
    let asks = |body: &[Stmt]| count(body, class) > 0;
    module.body.iter().all(|statement| match &statement.kind {
        StmtKind::Import(_) | StmtKind::ImportFrom(_) => true,
        StmtKind::FunctionDef(function) if asks(&function.body) => {
            let mut guarded = 0;
            calls_in_loops(&module.body, &function.name, &mut guarded);
            function.name.starts_with('_')
                && guarded > 0
                && guarded == count(&module.body, &function.name)
        }
        _ => !asks(std::slice::from_ref(statement)),
    })
}

/// How often a name is used.
fn count(body: &[Stmt], name: &str) -> usize {
    let mut names = Names { name, count: 0 };
    walk(body, &mut names);
    names.count
}

struct Names<'a> {
    name: &'a str,
    count: usize,
}

impl Visitor for Names<'_> {
    fn expression(&mut self, expression: &Expr) -> bool {
        let is_it = match &expression.kind {
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } => name == self.name,
            _ => false,
        };
        self.count += usize::from(is_it);
        true
    }
}

/// Counts where a name is used within `while …: try: … except Exception: …`.
fn calls_in_loops(body: &[Stmt], name: &str, guarded: &mut usize) {
    for statement in body {
        match &statement.kind {
            StmtKind::While { body, .. } => {
                let tried = body.iter().filter_map(tried);
                *guarded += tried.map(|body| count(body, name)).sum::<usize>();
            }
            StmtKind::FunctionDef(function) => {
                let FunctionDef { body, .. } = function.as_ref();
                calls_in_loops(body, name, guarded);
            }
            StmtKind::ClassDef(class) => calls_in_loops(&class.body, name, guarded),
            StmtKind::With(with) => calls_in_loops(&with.body, name, guarded),
            StmtKind::If { body, orelse, .. } => {
                calls_in_loops(body, name, guarded);
                calls_in_loops(orelse, name, guarded);
            }
            StmtKind::Try { body, .. } => calls_in_loops(body, name, guarded),
            _ => {}
        }
    }
}

/// What is tried, if every error is caught and nothing leads out.
fn tried(statement: &Stmt) -> Option<&[Stmt]> {
    let StmtKind::Try { body, handlers, .. } = &statement.kind else {
        return None;
    };
    let catches_all = handlers.iter().any(|handler| {
        let is_any =
            |caught: &Expr| matches!(&caught.kind, ExprKind::Name(name) if name == "Exception");
        let leaves = |statement: &Stmt| {
            matches!(
                statement.kind,
                StmtKind::Raise { .. } | StmtKind::Return(_) | StmtKind::Break
            )
        };
        (handler.types.is_empty() || handler.types.iter().any(is_any))
            && !handler.body.iter().any(leaves)
    });
    catches_all.then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Snapshot;
    use crate::python::ParseCache;
    use crate::source::Span;

    fn is_harmless(other: &str) -> bool {
        let files = [
            ("app/models.py", "class Mail(Base):\n    pass\n"),
            ("app/__init__.py", "from .models import Mail\n"),
            ("tests/test_mail.py", "Mail()\n"),
            ("app/worker.py", other),
        ];
        let snapshot = Snapshot::in_memory(files);
        let cache = ParseCache::default();
        let sources = Sources::new(&snapshot, &cache);
        let place = FileSpan::new(RepoPath::new("app/models.py"), Span::new(6, 10));
        only_tries_again(&sources, &place, &[])
    }

    const SENDS: &str = "from .models import Mail\n\n\ndef _send(session):\n    return session.scalar(select(Mail))\n\n\n";

    #[test]
    fn loops_that_go_on() {
        let run = |body: &str| format!("{SENDS}async def run(session):\n    while True:\n{body}");
        let caught = "        try:\n            _send(session)\n        except Exception:\n            log()\n";
        assert!(is_harmless(&run(caught)));
        assert!(!is_harmless(&run("        _send(session)\n")));
        assert!(!is_harmless(&run(&caught.replace("log()", "raise"))));
        assert!(!is_harmless(&run(
            &caught.replace("Exception", "ValueError")
        )));
        let public = run(caught).replace("_send", "send");
        assert!(!is_harmless(&public));
        let twice = format!(
            "{}\n\ndef view(session):\n    _send(session)\n",
            run(caught)
        );
        assert!(!is_harmless(&twice));
    }

    #[test]
    fn commands() {
        let command = format!("{SENDS}@click.command()\ndef send(session):\n    _send(session)\n");
        assert!(is_harmless(&command));
        assert!(!is_harmless("print('Hello')\n"));
    }
}
