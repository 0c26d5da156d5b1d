//! Tables that are made or dropped past the migrations: `metadata.create_all(engine)` in the application, in scripts, and
//! in what CI runs.

mod shell;
mod sites;
mod start;
mod throw_away;
mod usage;

use rustc_hash::FxHashSet;

use crate::dialect::Dialect;
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Place, SymbolKind, Value};
use crate::python::{Called, Host, Interpreter, Limits, ModuleFinder, ParsedFile, Sources};
use crate::source::{FileSpan, RepoPath};
use crate::sqlalchemy::declarative::{base_of_class, model_of_class};
use crate::sqlalchemy::{MetadataKey, metadata_of_value};

use sites::{Site, sites};
use usage::Usage;

pub use start::{makes_tables_at_start, may_start};

/// A call past the migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bypass {
    pub place: FileSpan,
    /// False for `drop_all`.
    pub creates: bool,
    /// The metadata as it is written.
    pub metadata: String,
    pub kind: BypassKind,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BypassKind {
    /// In a module, outside of functions: it runs when the module is imported or started.
    Module,
    /// In a function, by name.
    Function(Name),
    /// In a line for the shell: a workflow, a script, an image.
    Shell,
}

/// Where to look and what for.
pub struct Search<'s> {
    pub sources: &'s Sources<'s>,
    pub finder: &'s ModuleFinder<'s>,
    /// Finds the metadata whose tables the migrations build.
    pub migrated: &'s dyn Fn() -> Vec<MetadataKey>,
    pub dialect: Dialect,
    /// The folders of migrations, which may do as they like.
    pub folders: &'s [RepoPath],
}

/// The calls in these files that make or drop the tables of the migrated metadata in what may be the migrated database,
/// where nothing speaks of the versions that Alembic keeps.
pub fn bypasses(search: &Search<'_>, files: &[RepoPath]) -> Vec<Bypass> {
    let mut found: Vec<(Bypass, MetadataKey)> = Vec::new();
    for file in files {
        if file.extension() == "py" {
            found.extend(in_module(search, file));
        } else {
            found.extend(shell::in_script(search, file));
        }
    }
    if !found.is_empty() {
        let usage = Usage::new(search);
        found.retain(|(bypass, _)| !usage.is_stamped(bypass) && usage.is_used(bypass));
    }
    // All models may have to be read for it.
    if !found.is_empty() {
        let migrated = (search.migrated)();
        found.retain(|(_, key)| migrated.contains(key));
    }
    found.into_iter().map(|(bypass, _)| bypass).collect()
}

/// True for a file that may hold such a call.
pub fn may_bypass(file: &RepoPath, read: impl FnOnce() -> Option<Vec<u8>>) -> bool {
    let is_code = file.extension() == "py" || shell::is_script(file);
    is_code
        && !usage::is_for_tests(file)
        && read().is_some_and(|bytes| {
            [".create_all", ".drop_all"]
                .iter()
                .any(|method| usage::has_word(&bytes, method))
        })
}

/// True for a file that has such a call in the same function, of the same metadata.
pub fn has_bypass(file: &ParsedFile, bypass: &Bypass) -> bool {
    sites(&file.module).iter().any(|site| {
        let function = site.functions.last().map(|function| &function.name);
        let is_there = match &bypass.kind {
            BypassKind::Module => function.is_none(),
            BypassKind::Function(name) => function == Some(name),
            BypassKind::Shell => false,
        };
        is_there
            && site.creates == bypass.creates
            && site.metadata.slice(file.text.as_str()) == bypass.metadata
    })
}

/// True for code of the application that makes tables from models and knows of the versions that Alembic keeps: databases
/// have the tables of models that no migration has made.
pub fn makes_tables(file: &RepoPath, read: impl FnOnce() -> Option<Vec<u8>>) -> bool {
    file.extension() == "py"
        && !usage::is_for_tests(file)
        && read().is_some_and(|bytes| {
            usage::has_word(&bytes, ".create_all")
                && usage::speaks_of_versions(&String::from_utf8_lossy(&bytes))
        })
}

const METHODS: [&str; 2] = ["create_all", "drop_all"];

fn contains(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find(bytes, word.as_bytes()).is_some()
}

/// For one file and what it imports.
const FUEL: u64 = 2_000_000;

fn in_module(search: &Search<'_>, file: &RepoPath) -> Vec<(Bypass, MetadataKey)> {
    let Some(parsed) = search.sources.python(file) else {
        return Vec::new();
    };
    if usage::speaks_of_versions(parsed.text.as_str()) {
        return Vec::new();
    }
    let mut sites = sites(&parsed.module);
    sites.retain(|site| !throw_away::is_throw_away(&parsed.module, site));
    if sites.is_empty() {
        return Vec::new();
    }
    let mut interpreter = interpreter(search);
    let Some(module) = interpreter.run_file(file) else {
        return Vec::new();
    };
    let scope = interpreter
        .heap
        .module(module)
        .map(|module| std::rc::Rc::clone(&module.scope));
    let mut found = Vec::new();
    for site in &sites {
        let is_seen = |interpreter: &Runner<'_>| {
            let mut calls = interpreter.host.calls.iter();
            calls.any(|seen| seen.is_at(site, file, interpreter))
        };
        for function in &site.functions {
            if is_seen(&interpreter) {
                break;
            }
            let place = FileSpan::new(file.clone(), function.span);
            if let Some(function) = interpreter.function_at(&place) {
                interpreter.refuel();
                interpreter.call(&function, Vec::new(), Place::default());
            }
        }
        // In a block for `__main__`.
        if site.functions.is_empty()
            && !is_seen(&interpreter)
            && let (Some(call), Some(scope)) = (&site.call, &scope)
        {
            interpreter.refuel();
            interpreter.evaluate(call, scope);
        }
        let seen: Vec<Seen> = std::mem::take(&mut interpreter.host.calls);
        let here: Vec<&Seen> = seen
            .iter()
            .filter(|seen| seen.is_at(site, file, &interpreter))
            .collect();
        let is_meant = |seen: &&Seen| {
            let is_bound = seen.is_certain || site.only_asks_the_database(parsed.text.as_str());
            is_bound && !seen.is_partial && seen.may_reach(search.dialect)
        };
        let key = here.first().and_then(|seen| seen.key.clone());
        let is_one = here.iter().all(|seen| seen.key == key);
        if let Some(key) = key.filter(|_| is_one && here.iter().all(is_meant)) {
            let text = site.metadata.slice(parsed.text.as_str());
            let bypass = Bypass {
                place: FileSpan::new(file.clone(), site.span),
                creates: site.creates,
                metadata: text.to_owned(),
                kind: match site.functions.last() {
                    Some(function) => BypassKind::Function(function.name.clone()),
                    None => BypassKind::Module,
                },
            };
            found.push((bypass, key));
        }
        interpreter.host.calls = seen;
    }
    // What is dropped to be made anew is one step.
    if found.iter().any(|(bypass, _)| bypass.creates) {
        found.retain(|(bypass, _)| bypass.creates);
    }
    found
}

type Runner<'s> = Interpreter<'s, BypassHost>;

fn interpreter<'s>(search: &Search<'s>) -> Runner<'s> {
    let limits = Limits {
        fuel: FUEL,
        ..Limits::default()
    };
    Interpreter::new(search.sources, search.finder, BypassHost::default())
        .with_limits(limits)
        .with_lazy_imports()
}

/// The metadata of a name of a module, or of an attribute of that: `Base.metadata`.
fn metadata_named(search: &Search<'_>, module: &str, path: &str) -> Option<MetadataKey> {
    let mut interpreter = interpreter(search);
    let module = interpreter.run_named(module)?;
    let mut names = path.split('.');
    let mut value = interpreter.module_attribute(module, names.next()?)?;
    for name in names {
        value = interpreter.attribute_of(&value, name, Place::default());
    }
    metadata_of_value(&value, &mut interpreter)
}

/// A call as it happened.
#[derive(Clone, Debug)]
struct Seen {
    at: Place,
    key: Option<MetadataKey>,
    /// False for `drop_all`.
    creates: bool,
    /// True where `tables` leaves some out.
    is_partial: bool,
    engine: Engine,
    is_certain: bool,
}

/// What is known of a database that is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Engine {
    /// It may be any.
    Any,
    Of(Dialect),
    /// It is gone in the end, or is none.
    Transient,
}

impl Seen {
    fn is_at(&self, site: &Site, file: &RepoPath, interpreter: &Runner<'_>) -> bool {
        let place = interpreter.file(self.at);
        place.file == *file
            && place.span.start <= site.span.start
            && site.span.end <= place.span.end
    }

    fn may_reach(&self, dialect: Dialect) -> bool {
        match self.engine {
            Engine::Any => true,
            Engine::Of(other) => other == dialect,
            Engine::Transient => false,
        }
    }
}

#[derive(Debug, Default)]
struct BypassHost {
    calls: Vec<Seen>,
    /// True to follow the start of an application in an environment that sets nothing.
    is_start: bool,
    /// True while nothing runs of what is handed over.
    is_loading: bool,
    /// The functions that were handed to something outside, which may call them.
    followed: FxHashSet<Place>,
}

impl Host for BypassHost {
    type State = ();

    fn state(&self) {}

    fn set_state(&mut self, (): ()) {}

    fn call(interpreter: &mut Interpreter<'_, Self>, call: &Call, at: Place) -> Called {
        if let Some(class) = base_of_class(call, at, interpreter) {
            return Called::Value(class);
        }
        if let Some((metadata, name)) = method(&call.callee) {
            let engine = call.argument(0, "bind");
            let engine = engine.map_or(Engine::Any, |bind| engine_of(&bind.value));
            let is_partial = call.open || call.argument(1, "tables").is_some();
            note(interpreter, &metadata, &name, engine, is_partial, at);
        }
        if interpreter.host.is_start
            && let Some(value) = start::setting(call)
        {
            return Called::Value(value);
        }
        for argument in &call.arguments {
            handed_over(interpreter, argument, call);
        }
        Called::Symbolic
    }

    fn attribute(
        interpreter: &mut Interpreter<'_, Self>,
        base: &Value,
        name: &Name,
        at: Place,
    ) -> Option<Value> {
        model_of_class(base, name, at, interpreter)
    }

    fn unknown_call(
        interpreter: &mut Interpreter<'_, Self>,
        _callee: &crate::python::value::Unknown,
        arguments: &[CallArgument],
        at: Place,
    ) {
        let call = Call {
            callee: Value::None,
            arguments: Vec::new(),
            open: true,
        };
        for argument in arguments {
            handed_over(interpreter, argument, &call);
        }
        let _ = at;
    }
}

/// `await connection.run_sync(Base.metadata.create_all)`, or a function that does it.
fn handed_over(interpreter: &mut Runner<'_>, argument: &CallArgument, call: &Call) {
    if let Some((metadata, name)) = method(&argument.value) {
        let engine = match call.callee.as_symbol().map(|symbol| &symbol.kind) {
            Some(SymbolKind::Attribute { base, .. }) => engine_of(base),
            _ => Engine::Any,
        };
        let is_partial = call.arguments.len() > 1;
        note(
            interpreter,
            &metadata,
            &name,
            engine,
            is_partial,
            argument.at,
        );
    } else if let Value::Function(function) = &argument.value
        && !interpreter.host.is_loading
        && interpreter.host.followed.insert(function.at)
    {
        let function = argument.value.clone();
        interpreter.call(&function, Vec::new(), argument.at);
    }
}

/// The metadata in `metadata.create_all`.
fn method(callee: &Value) -> Option<(Value, Name)> {
    let symbol = callee.as_symbol()?;
    match &symbol.kind {
        SymbolKind::Attribute { base, name } if METHODS.contains(&name.as_str()) => {
            Some((base.clone(), name.clone()))
        }
        // `SQLModel.metadata.create_all` is one name.
        SymbolKind::Name(path) => {
            let (base, name) = path.rsplit_once('.')?;
            METHODS
                .contains(&name)
                .then(|| (Value::name(base, symbol.at), Name::new(name)))
        }
        _ => None,
    }
}

fn note(
    interpreter: &mut Runner<'_>,
    metadata: &Value,
    method: &str,
    engine: Engine,
    is_partial: bool,
    at: Place,
) {
    let key = metadata_of_value(metadata, interpreter);
    let is_certain = interpreter.is_certain();
    interpreter.host.calls.push(Seen {
        at,
        key,
        creates: method == "create_all",
        is_partial,
        engine,
        is_certain,
    });
}

/// What is known of the engine behind a value: an engine, a connection, what one of them gives.
fn engine_of(value: &Value) -> Engine {
    let mut current = value.clone();
    for _ in 0..16 {
        let Some(symbol) = current.as_symbol().cloned() else {
            return Engine::Any;
        };
        current = match &symbol.kind {
            SymbolKind::Call(call) => {
                let name = call.callee.qualified_name();
                match name.and_then(|name| name.rsplit('.').next()) {
                    Some("create_mock_engine") => return Engine::Transient,
                    Some("create_engine" | "create_async_engine") => {
                        let url = call.argument(0, "url").map(|url| &url.value);
                        return url.map_or(Engine::Any, engine_of_url);
                    }
                    _ => call.callee.clone(),
                }
            }
            SymbolKind::Attribute { base, .. } | SymbolKind::Item { base, .. } => base.clone(),
            _ => return Engine::Any,
        };
    }
    Engine::Any
}

fn engine_of_url(url: &Value) -> Engine {
    use crate::python::value::{Piece, Pieces};
    let Value::Str(text) = url else {
        return Engine::Any;
    };
    let (known, is_whole) = match &text.pieces {
        Pieces::Known(known) => (&**known, true),
        Pieces::Partial(pieces) => match pieces.first() {
            Some(Piece::Known(known)) => (&**known, false),
            _ => return Engine::Any,
        },
    };
    let Some((scheme, rest)) = known.split_once("://") else {
        return Engine::Any;
    };
    match scheme.parse::<Dialect>() {
        Ok(Dialect::Sqlite)
            if is_whole && rest.is_empty()
                || rest.contains(":memory:")
                || rest.contains("mode=memory") =>
        {
            Engine::Transient
        }
        Ok(dialect) => Engine::Of(dialect),
        Err(_) => Engine::Any,
    }
}
