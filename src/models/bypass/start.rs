//! Tables that an application makes as it starts.

use super::{Search, contains, interpreter, usage};
use crate::python::ast::{self, ArgumentKind, Expr, ExprKind, FunctionDef, Name, Stmt, StmtKind};
use crate::python::value::{Call, Place, Value};
use crate::python::{ParsedFile, Visitor, walk};
use crate::source::{FileSpan, RepoPath, Span};
use crate::sqlalchemy::MetadataKey;

/// The classes of applications, by the last part of their names.
const APPLICATIONS: [&str; 6] = [
    "FastAPI",
    "Starlette",
    "Litestar",
    "Flask",
    "Quart",
    "Sanic",
];

/// The files that a program starts with, other than scripts for one purpose.
const PROGRAMS: [&str; 3] = ["__main__.py", "main.py", "bot.py"];

/// True if an application makes the tables of the migrated metadata whenever it starts, with the settings that hold where
/// the environment says nothing.
pub fn makes_tables_at_start(search: &Search<'_>, files: &[RepoPath]) -> bool {
    let mut made: Vec<MetadataKey> = Vec::new();
    for file in files {
        made.extend(made_by(search, file));
    }
    made.sort();
    made.dedup();
    !made.is_empty() && {
        let migrated = (search.migrated)();
        made.iter().any(|key| migrated.contains(key))
    }
}

/// True for a file that may hold an application, or the function that starts one.
pub fn may_start(file: &RepoPath, read: impl FnOnce() -> Option<Vec<u8>>) -> bool {
    file.extension() == "py"
        && !usage::is_for_tests(file)
        && read().is_some_and(|bytes| {
            is_program(file) && contains(&bytes, "__main__")
                || contains(&bytes, "lifespan")
                || contains(&bytes, "on_event")
                || APPLICATIONS
                    .iter()
                    .any(|class| contains(&bytes, &format!("{class}(")))
        })
}

fn is_program(file: &RepoPath) -> bool {
    PROGRAMS.contains(&file.file_name())
}

/// The metadata whose tables are made where the application of this file starts.
fn made_by(search: &Search<'_>, file: &RepoPath) -> Vec<MetadataKey> {
    let Some(parsed) = search.sources.python(file) else {
        return Vec::new();
    };
    let starts = Starts::of(&parsed, is_program(file));
    if !starts.makes_application && starts.functions.is_empty() {
        return Vec::new();
    }
    let mut interpreter = interpreter(search);
    interpreter.host.is_start = true;
    // What a module hands over, as the functions behind routes are, does not run yet.
    interpreter.host.is_loading = true;
    if interpreter.run_file(file).is_none() {
        return Vec::new();
    }
    interpreter.host.is_loading = false;
    if !starts.makes_application {
        interpreter.host.calls.clear();
    }
    for span in starts.functions {
        if let Some(function) = interpreter.function_at(&FileSpan::new(file.clone(), span)) {
            interpreter.refuel();
            interpreter.call(&function, Vec::new(), Place::default());
        }
    }
    let calls = interpreter.host.calls.iter();
    calls
        .filter(|seen| {
            seen.creates && seen.is_certain && !seen.is_partial && seen.may_reach(search.dialect)
        })
        .filter_map(|seen| seen.key.clone())
        .collect()
}

/// What of a module runs when an application starts.
#[derive(Default)]
struct Starts {
    /// True where the body of the module makes the application.
    makes_application: bool,
    functions: Vec<Span>,
}

impl Starts {
    fn of(file: &ParsedFile, is_program: bool) -> Self {
        let mut finder = Finder {
            text: file.text.as_str(),
            is_program,
            given: Vec::new(),
            functions: Vec::new(),
            around: Vec::new(),
            starts: Self::default(),
        };
        walk(&file.module.body, &mut finder);
        let Finder {
            given,
            functions,
            mut starts,
            ..
        } = finder;
        let by_name = functions
            .into_iter()
            .filter(|(name, _)| given.contains(name));
        starts.functions.extend(by_name.map(|(_, span)| span));
        starts.functions.sort_by_key(|span| span.start);
        starts.functions.dedup();
        starts
    }
}

struct Finder<'a> {
    text: &'a str,
    /// What is called for `__main__` runs at its start.
    is_program: bool,
    /// The names that applications are given for their start.
    given: Vec<Name>,
    functions: Vec<(Name, Span)>,
    /// The functions around what is looked at.
    around: Vec<Span>,
    starts: Starts,
}

impl Finder<'_> {
    /// True for `@app.on_event("startup")`, `@app.before_first_request` and for a lifespan, which another module may use.
    fn is_start(&self, function: &FunctionDef) -> bool {
        let mut decorators = function.decorators.iter();
        decorators.any(|decorator| {
            let decorator = decorator.span.slice(self.text);
            decorator.contains("startup")
                || decorator.contains("before_first_request")
                || decorator.contains("asynccontextmanager") && function.name == "lifespan"
        })
    }
}

impl Visitor for Finder<'_> {
    fn statement(&mut self, statement: &Stmt) -> bool {
        if let StmtKind::If { test, body, .. } = &statement.kind
            && self.is_program
            && test.span.slice(self.text).contains("__main__")
        {
            let mut calls = CalledNames::default();
            walk(body, &mut calls);
            self.given.append(&mut calls.0);
        }
        let StmtKind::FunctionDef(function) = &statement.kind else {
            return true;
        };
        self.functions.push((function.name.clone(), function.span));
        if self.is_start(function) {
            self.starts.functions.push(function.span);
        }
        self.around.push(function.span);
        walk(&function.body, self);
        self.around.pop();
        false
    }

    fn expression(&mut self, expression: &Expr) -> bool {
        let ExprKind::Call(call) = &expression.kind else {
            return true;
        };
        let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = &call.function.kind else {
            return true;
        };
        if APPLICATIONS.contains(&name.as_str()) {
            match self.around.first() {
                Some(function) => self.starts.functions.push(*function),
                None => self.starts.makes_application = true,
            }
            self.given.extend(given_for_start(call));
        }
        true
    }
}

/// The names that are called: of `asyncio.run(main())` the second.
#[derive(Default)]
struct CalledNames(Vec<Name>);

impl Visitor for CalledNames {
    fn expression(&mut self, expression: &Expr) -> bool {
        if let ExprKind::Call(call) = &expression.kind
            && let ExprKind::Name(name) = &call.function.kind
        {
            self.0.push(name.clone());
        }
        true
    }
}

/// The functions that an application is given to run as it starts: `lifespan=run`, `on_startup=[run]`.
fn given_for_start(call: &ast::Call) -> Vec<Name> {
    let mut names = Vec::new();
    for argument in &call.arguments {
        let is_for_start = matches!(
            &argument.kind,
            ArgumentKind::Keyword(name) if matches!(name.as_str(), "lifespan" | "on_startup")
        );
        if !is_for_start {
            continue;
        }
        let values = match &argument.value.kind {
            ExprKind::List(values) => values.as_slice(),
            _ => std::slice::from_ref(&argument.value),
        };
        names.extend(values.iter().filter_map(|value| match &value.kind {
            ExprKind::Name(name) => Some(name.clone()),
            _ => None,
        }));
    }
    names
}

/// What a setting is where the environment says nothing: `os.getenv("CREATE_TABLES", "true")`.
pub(super) fn setting(call: &Call) -> Option<Value> {
    let name = call.callee.qualified_name()?;
    matches!(name.as_str(), "os.getenv" | "os.environ.get").then(|| {
        call.argument(1, "default")
            .map_or(Value::None, |default| default.value.clone())
    })
}
