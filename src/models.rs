//! Models read statically: which tables the declarative classes and `Table(…)` calls of a repository describe.

mod base_columns;
mod bypass;
mod candidates;
mod changes;
mod classes;
mod drift;
mod env;
mod introduced;
mod online;
mod relationships;
mod retried;
mod rows;
mod tables;
mod usage;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::git::Snapshot;
use crate::python::ast::Name;
use crate::python::value::{
    Call, CallArgument, Object, ObjectId, Place, SymbolKind, Unknown, Value,
};
use crate::python::{Called, Host, Interpreter, Leaving, ModuleFinder, Sources};
use crate::schema::Table;
use crate::source::{FileSpan, RepoPath};
use crate::sqlalchemy::declarative::{
    bare_column, base_of_class, is_declarative_base, model_of_class,
};

pub use crate::sqlalchemy::{MetadataKey, NamingFact};
pub use base_columns::{BaseColumn, BaseColumns, SortOrderSlot};
pub use bypass::{
    Bypass, BypassKind, Search as BypassSearch, bypasses, has_bypass, makes_tables,
    makes_tables_at_start, may_bypass, may_start,
};
pub use candidates::{is_module, is_test_file, may_declare_models, model_files};
pub use changes::{DifferenceKind, ModelDifference, TableChange, changes};
pub use drift::{Drift, DriftDifference, Weight, drift, has_same_target};
pub use env::{EnvFacts, naming_in};
pub use introduced::{Introduced, Rename, State, is_index_of_key};
pub use online::{OnlineRun, OuterTransaction};
pub use relationships::is_relationship;
pub use retried::only_tries_again;
pub use rows::{makes_rows_with, makes_rows_without};
pub use usage::{ModelUse, model_use};

/// A table and where its model is.
#[derive(Clone, Debug)]
pub struct ModelTable {
    pub table: Table,
    /// The class, or nothing for a `Table(…)`.
    pub class: Option<SmolStr>,
    /// Where the class or table is named.
    pub place: FileSpan,
    /// Which collection of tables it belongs to; `None` where that is not known.
    pub metadata: Option<MetadataKey>,
}

/// The models of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Models {
    /// In order of file and place. Of tables with the same name and metadata the columns are put together, as
    /// single-table inheritance does.
    pub tables: Vec<ModelTable>,
    /// What `env.py` says.
    pub env: EnvFacts,
    pub base_columns: Option<BaseColumns>,
}

impl Models {
    /// Reads `env.py` and what it leads to, but no other model: enough for the columns of the Base.
    pub fn of_env(
        env_file: Option<&RepoPath>,
        sources: &Sources<'_>,
        finder: &ModuleFinder<'_>,
    ) -> Self {
        let mut interpreter =
            Interpreter::new(sources, finder, ModelHost::default()).with_lazy_imports();
        let env = env_file
            .map(|file| env::read(file, &mut interpreter))
            .unwrap_or_default();
        let base_columns = base_columns::of_metadata(&env, &mut interpreter);
        Self {
            tables: Vec::new(),
            env,
            base_columns,
        }
    }

    /// Reads every model of the repository.
    pub fn load(
        env_file: Option<&RepoPath>,
        files: &[RepoPath],
        sources: &Sources<'_>,
        finder: &ModuleFinder<'_>,
    ) -> Self {
        let mut interpreter = Interpreter::new(sources, finder, ModelHost::default());
        let env = env_file
            .map(|file| env::read(file, &mut interpreter))
            .unwrap_or_default();
        let mut base_columns = base_columns::of_metadata(&env, &mut interpreter);
        let mut tables = Vec::new();
        let mut bases = Vec::new();
        let mut mapped = Vec::new();
        for file in files {
            interpreter.refuel();
            let Some(module) = interpreter.run_file(file) else {
                continue;
            };
            for class in classes_of(module, file, &mut interpreter) {
                if let Some(table) = classes::table(class, &mut interpreter) {
                    tables.push(table);
                    mapped.push(class);
                } else if is_declarative_base(class, &interpreter) {
                    bases.push(class);
                }
            }
        }
        tables.extend(tables::plain_tables(files, &mut interpreter));
        if base_columns.is_none() && env.metadata.is_empty() {
            // A class that only some models derive from is a mixin, whatever it is called.
            bases.retain(|base| {
                let derived = mapped
                    .iter()
                    .filter(|class| interpreter.ancestry(**class).0.contains(base))
                    .count();
                derived * 2 > mapped.len()
            });
            base_columns = base_columns::of_bases(&bases, &mut interpreter);
        }
        Self {
            tables: put_together(tables),
            env,
            base_columns,
        }
    }

    pub fn by_name(&self, name: &str) -> impl Iterator<Item = &ModelTable> {
        self.tables
            .iter()
            .filter(move |model| model.table.name == name)
    }
}

/// Classes a module defines itself, in order.
fn classes_of(
    module: ObjectId,
    file: &RepoPath,
    interpreter: &mut Interpreter<'_, ModelHost>,
) -> Vec<ObjectId> {
    let scope = interpreter
        .heap
        .module(module)
        .map(|module| module.scope.names);
    let Some(namespace) = scope.and_then(|scope| interpreter.heap.namespace(scope)) else {
        return Vec::new();
    };
    let mut classes: Vec<ObjectId> = namespace
        .names
        .values()
        .filter_map(|value| match value {
            Value::Class(id) => Some(*id),
            _ => None,
        })
        .collect();
    classes.dedup();
    classes.retain(|id| match interpreter.heap.get(*id) {
        Object::Class(class) => interpreter.file(class.at).file == *file,
        _ => false,
    });
    classes
}

/// Single-table inheritance: the classes of one table describe it together.
fn put_together(tables: Vec<ModelTable>) -> Vec<ModelTable> {
    let mut together: Vec<ModelTable> = Vec::with_capacity(tables.len());
    let mut known: FxHashMap<(SmolStr, Option<MetadataKey>), usize> = FxHashMap::default();
    for model in tables {
        let key = (model.table.name.clone(), model.metadata.clone());
        match known.get(&key).and_then(|index| together.get_mut(*index)) {
            Some(first) => {
                for column in model.table.columns {
                    if first.table.column(&column.name).is_none() {
                        first.table.columns.push(column);
                    }
                }
                for item in model.table.items {
                    if !first.table.items.contains(&item) {
                        first.table.items.push(item);
                    }
                }
                first.table.open |= model.table.open;
            }
            None => {
                known.insert(key, together.len());
                together.push(model);
            }
        }
    }
    together
}

/// The files of a snapshot that may declare models, without those of the migrations.
pub fn files(sources: &Sources<'_>, script_folders: &[RepoPath]) -> Vec<RepoPath> {
    let snapshot: &Snapshot = sources.snapshot();
    let paths: Vec<RepoPath> = snapshot
        .iter()
        .map(|(path, _)| path)
        .filter(|path| is_module(path) && !crate::git::is_foreign(path))
        .filter(|path| !script_folders.iter().any(|folder| path.is_within(folder)))
        .cloned()
        .collect();
    model_files(&paths, sources)
}

/// The host of models: remembers `Table(…)`, what `env.py` configures, and what it does with connections.
#[derive(Debug, Default)]
struct ModelHost {
    tables: Vec<(Call, Place)>,
    configured: Vec<Call>,
    online: Vec<online::Recorded>,
    connections: online::Connections,
}

impl Host for ModelHost {
    type State = online::Connections;

    fn state(&self) -> Self::State {
        self.connections.clone()
    }

    fn set_state(&mut self, state: Self::State) {
        self.connections = state;
    }

    fn join(
        interpreter: &mut Interpreter<'_, Self>,
        one: Self::State,
        other: Self::State,
        _at: Place,
    ) {
        interpreter.host.connections = one.joined(&other);
    }

    fn call(interpreter: &mut Interpreter<'_, Self>, call: &Call, at: Place) -> Called {
        if let Some(class) = base_of_class(call, at, interpreter) {
            return Called::Value(class);
        }
        let Some(symbol) = call.callee.as_symbol().cloned() else {
            return Called::Symbolic;
        };
        let name = match &symbol.kind {
            SymbolKind::Name(name) => {
                if let Some(engine) = online::engine(call, name, at) {
                    return Called::Value(engine);
                }
                if !is_harmless_to_connections(name) {
                    online::hand_over(interpreter, &call.arguments);
                }
                name.clone()
            }
            SymbolKind::Attribute { base, name } => {
                if let Some(called) = online::method_called(interpreter, base, name, call, at) {
                    return called;
                }
                name.clone()
            }
            _ => return Called::Symbolic,
        };
        match name.rsplit('.').next() {
            Some("Table") => interpreter.host.tables.push((call.clone(), at)),
            Some("configure") if name == "alembic.context.configure" => {
                interpreter.host.configured.push(call.clone());
                online::configured(interpreter, call, at);
            }
            Some("get_bind") if name == "alembic.context.get_bind" => {
                return online::bind(interpreter).map_or(Called::Symbolic, Called::Value);
            }
            Some("is_offline_mode") => return Called::Value(Value::Bool(false)),
            _ => {}
        }
        Called::Symbolic
    }

    fn annotated(
        interpreter: &mut Interpreter<'_, Self>,
        class: ObjectId,
        name: &Name,
    ) -> Option<Value> {
        bare_column(class, name, interpreter)
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
        _callee: &Unknown,
        arguments: &[CallArgument],
        _at: Place,
    ) {
        online::hand_over(interpreter, arguments);
    }

    fn exit(
        interpreter: &mut Interpreter<'_, Self>,
        manager: &Value,
        leaving: Leaving,
        _at: Place,
    ) -> Option<Value> {
        if leaving == Leaving::Normally {
            online::left(interpreter, manager);
        }
        None
    }
}

/// Functions that are given a connection and begin nothing on it.
fn is_harmless_to_connections(name: &str) -> bool {
    name.starts_with("alembic.context.") || name.ends_with(".inspect")
}
