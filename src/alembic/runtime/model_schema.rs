//! The tables that the models describe, put into a symbolic database as `metadata.create_all()` would.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::Runtime;
use super::calls::Recorder;
use super::emit;
use super::simulation::Simulation;
use crate::alembic::configured::{configured_flag, each_metadata, target_metadata};
use crate::catalog::{Catalog, Ddl, Why};
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Object, Place, Reason, SymbolKind, Value};
use crate::python::{Interpreter, Limits, ModuleFinder, Outcome, Reached, Sources};
use crate::source::{FileSpan, RepoPath};
use crate::sqlalchemy::ddl::Semantics;
use crate::sqlalchemy::{MetadataKey, metadata_of_class, metadata_of_value};

/// The schema that the models describe.
#[derive(Clone, Debug)]
pub struct ModelSchema {
    pub catalog: Catalog,
    pub origin: MetadataOrigin,
    /// Tables on the same metadata in modules that `env.py` does not lead to.
    pub unregistered: Vec<UnregisteredTable>,
    pub comparison: Comparison,
    /// Why there may be tables that were not found.
    pub open: Option<Arc<Why>>,
}

/// How `context.configure(…)` wants models and database to be compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// `compare_type`; `None` where that is a function, or not known.
    pub compares_types: Option<bool>,
    /// `compare_server_default`
    pub compares_defaults: Option<bool>,
    /// What `include_object` and `include_name` say of tables; those that are not listed are taken in.
    tables: BTreeMap<SmolStr, Option<bool>>,
}

impl Comparison {
    /// Whether a table is compared; `None` where that is not known.
    pub fn includes_table(&self, name: &str) -> Option<bool> {
        self.tables.get(name).copied().unwrap_or(Some(true))
    }
}

/// Where the metadata comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataOrigin {
    /// The `target_metadata` of `env.py`.
    Environment,
    /// The Base that most of the migrated tables are on, because `env.py` leads to none.
    Repository,
    /// There is none that could be read.
    Unknown,
}

/// A table that no run of `env.py` would see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnregisteredTable {
    pub name: SmolStr,
    /// The class, or the call of `Table(…)`.
    pub place: FileSpan,
}

/// For all models together, which are read in one go.
const FUEL: u64 = 20_000_000;

type Runner<'s> = Interpreter<'s, Recorder>;

/// Which files may define models.
pub trait ModelFiles {
    /// Whether a file that `env.py` leads to may.
    fn may_define(&self, file: &RepoPath) -> bool;

    /// All files of the repository that may and that are part of the application.
    fn all(&self) -> Vec<RepoPath>;
}

/// Reads the models. `migrated` gives what the migrations build, once it is needed: by its tables a Base is
/// recognised that `env.py` does not name.
pub fn read_models<'s>(
    env_file: Option<&RepoPath>,
    files: &dyn ModelFiles,
    migrated: &dyn Fn() -> Catalog,
    semantics: Semantics,
    sources: &'s Sources<'s>,
    finder: &'s ModuleFinder<'s>,
) -> ModelSchema {
    let runtime = Runtime::new(sources, finder);
    let limits = Limits {
        fuel: FUEL,
        ..Limits::default()
    };
    let mut interpreter = runtime.interpreter.with_limits(limits).with_import_log();
    interpreter.host.simulation = Some(Simulation::new(Arc::new(semantics)));
    let reached = match env_file {
        Some(env_file) => interpreter.reach(env_file, |file| files.may_define(file)),
        None => Reached::default(),
    };
    let mut reader = Reader {
        interpreter,
        reached,
        keys: Vec::new(),
        open: None,
        places: BTreeMap::new(),
    };
    let targets = env_file.map_or_else(Vec::new, |file| reader.targets(file));
    let configured = std::mem::take(&mut reader.interpreter.host.configured);
    let mut is_found = false;
    for target in &targets {
        is_found |= reader.make(target);
    }
    let origin = if is_found {
        MetadataOrigin::Environment
    } else if reader.scan(&files.all(), &migrated()) {
        MetadataOrigin::Repository
    } else {
        MetadataOrigin::Unknown
    };
    let unregistered = match origin {
        MetadataOrigin::Environment => reader.unregistered(&files.all()),
        _ => Vec::new(),
    };
    let catalog = reader.catalog();
    let comparison = reader.comparison(&configured, &catalog, migrated);
    ModelSchema {
        catalog,
        origin,
        unregistered,
        comparison,
        open: reader.open,
    }
}

struct Reader<'s> {
    interpreter: Runner<'s>,
    reached: Reached,
    /// The metadata whose tables were made.
    keys: Vec<MetadataKey>,
    /// Why there may be other tables.
    open: Option<Arc<Why>>,
    /// Where tables are declared.
    places: BTreeMap<SmolStr, Place>,
}

impl Reader<'_> {
    /// The metadata that `env.py` hands to Alembic.
    fn targets(&mut self, env_file: &RepoPath) -> Vec<Value> {
        let interpreter = &mut self.interpreter;
        interpreter.refuel();
        let Some(module) = interpreter.run_file(env_file) else {
            return Vec::new();
        };
        let configured = interpreter.host.configured.clone();
        let targets = target_metadata(module, &configured, interpreter);
        targets
            .iter()
            .flat_map(|target| each_metadata(target, interpreter))
            .collect()
    }

    /// Makes the tables of a metadata; false where it has none.
    fn make(&mut self, metadata: &Value) -> bool {
        let interpreter = &mut self.interpreter;
        let Some(key) = metadata_of_value(metadata, interpreter) else {
            return false;
        };
        if self.keys.contains(&key) {
            return true;
        }
        interpreter.refuel();
        let Some(made) = emit::tables_of_metadata(metadata, interpreter) else {
            return false;
        };
        if made.places.is_empty() {
            return false;
        }
        // `sqlmodel.SQLModel` is what everybody's models are on.
        let is_foreign = !key.contains(':') && key != "sqlmodel";
        let open = made.open.or_else(|| {
            is_foreign.then(|| {
                format!("`{key}` is not part of the repository, nor are others of its models")
            })
        });
        self.open = self
            .open
            .take()
            .or(open.map(|reason| Why::new(reason, None)));
        self.keys.push(key);
        for (name, at) in made.places {
            self.places.entry(name).or_insert(at);
        }
        for ddl in made.ddl {
            let table = match &ddl {
                Ddl::CreateTable(create) => Some(&create.name),
                Ddl::AlterTable { table, .. } | Ddl::CreateIndex { table, .. } => Some(table),
                _ => None,
            };
            let at = table.and_then(|table| self.places.get(table));
            let place = interpreter.file(at.copied().unwrap_or_default());
            if let Some(simulation) = interpreter.host.simulation_mut() {
                simulation.apply(&[ddl], &place);
            }
        }
        true
    }

    /// Reads all models, and makes the tables of the Base that has most of those that are migrated.
    fn scan(&mut self, candidates: &[RepoPath], migrated: &Catalog) -> bool {
        for file in candidates {
            self.interpreter.complete_file(file);
        }
        let semantics = self.interpreter.host.semantics();
        let Some(semantics) = semantics else {
            return false;
        };
        let mut found: Vec<(Value, MetadataKey)> = Vec::new();
        for class in self.interpreter.classes() {
            if let Some(key) = metadata_of_class(class, &mut self.interpreter)
                && !found.iter().any(|(_, known)| *known == key)
            {
                let metadata = Value::symbol(
                    SymbolKind::Attribute {
                        base: Value::Class(class),
                        name: Name::new_static("metadata"),
                    },
                    Place::default(),
                );
                found.push((metadata, key));
            }
        }
        for (call, _) in self.interpreter.host.tables.clone() {
            if let Some(argument) = call.positional().nth(1)
                && let metadata = argument.value.clone()
                && let Some(key) = metadata_of_value(&metadata, &mut self.interpreter)
                && !found.iter().any(|(_, known)| *known == key)
            {
                found.push((metadata, key));
            }
        }
        let mut best: Option<(usize, Value)> = None;
        for (metadata, key) in found {
            self.interpreter.refuel();
            let tables = emit::tables_of_key(&key, &semantics, &mut self.interpreter);
            let shared = tables
                .tables
                .iter()
                .filter(|table| migrated.tables.contains_key(&table.name))
                .count();
            if shared > best.as_ref().map_or(0, |(most, _)| *most) {
                best = Some((shared, metadata));
            }
        }
        best.is_some_and(|(_, metadata)| self.make(&metadata))
    }

    /// Tables on the metadata that was read, in files that were not reached.
    fn unregistered(&mut self, candidates: &[RepoPath]) -> Vec<UnregisteredTable> {
        let Some(semantics) = self.interpreter.host.semantics() else {
            return Vec::new();
        };
        for file in candidates {
            if self.reached.certainty(file).is_none() {
                self.interpreter.complete_file(file);
            }
        }
        let mut found = Vec::new();
        for key in self.keys.clone() {
            let tables = emit::tables_of_key(&key, &semantics, &mut self.interpreter);
            for table in tables.tables {
                let place = self.interpreter.file(table.at);
                if !self.places.contains_key(&table.name)
                    && self.reached.certainty(&place.file).is_none()
                {
                    found.push(UnregisteredTable {
                        name: table.name,
                        place,
                    });
                }
            }
        }
        found
    }

    fn comparison(
        &mut self,
        configured: &[Call],
        described: &Catalog,
        migrated: &dyn Fn() -> Catalog,
    ) -> Comparison {
        let types_by_default = self
            .interpreter
            .host
            .semantics()
            .is_some_and(|semantics| semantics.alembic >= (1, 12));
        let flag = |name: &str, default: bool| {
            if configured.is_empty() {
                return Some(default);
            }
            configured_flag(configured, name, default)
        };
        let mut comparison = Comparison {
            compares_types: flag("compare_type", types_by_default),
            compares_defaults: flag("compare_server_default", false),
            tables: BTreeMap::new(),
        };
        let filters: Vec<(&str, Value)> = ["include_object", "include_name"]
            .into_iter()
            .flat_map(|name| {
                configured
                    .iter()
                    .filter_map(move |call| Some((name, call.keyword(name)?.value.clone())))
            })
            .filter(|(_, value)| !matches!(value, Value::None))
            .collect();
        if filters.is_empty() {
            return comparison;
        }
        let migrated = migrated();
        let pairs = described
            .tables
            .keys()
            .map(|name| {
                let table = Value::unknown(Reason::Name(Name::new(name)), Place::default());
                (Value::known_str(name.as_str(), Place::default()), table)
            })
            .collect();
        let tables = self.interpreter.heap.allocate(Object::Dict(pairs));
        self.interpreter.host.described = Some(Value::Object(tables));
        let names = described.tables.keys().chain(migrated.tables.keys());
        for name in names.cloned().collect::<Vec<_>>() {
            let is_reflected = !described.tables.contains_key(&name);
            let mut included = Some(true);
            for (kind, filter) in &filters {
                // Only what is in the database is asked for by name.
                if *kind == "include_name" && !migrated.tables.contains_key(&name) {
                    continue;
                }
                let answer = self.asked(kind, filter, &name, is_reflected);
                included = match (included, answer) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (None, _) | (_, None) => None,
                    (Some(true), Some(true)) => Some(true),
                };
            }
            comparison.tables.insert(name, included);
        }
        comparison
    }

    /// What a filter says of a table.
    fn asked(&mut self, kind: &str, filter: &Value, table: &str, reflected: bool) -> Option<bool> {
        let at = Place::default();
        let (schema, bare) = table.rsplit_once('.').unwrap_or(("", table));
        let schema_name = match schema {
            "" => Value::None,
            schema => Value::known_str(schema, at),
        };
        let bare_name = Value::known_str(bare, at);
        let kind_name = Value::known_str("table", at);
        let unknown = || Value::unknown(Reason::Name(Name::new_static("object")), at);
        let values = if kind == "include_name" {
            let pairs = vec![
                (Value::known_str("schema_name", at), schema_name),
                (
                    Value::known_str("schema_qualified_table_name", at),
                    Value::known_str(table, at),
                ),
            ];
            let parents = self.interpreter.heap.allocate(Object::Dict(pairs));
            vec![bare_name, kind_name, Value::Object(parents)]
        } else {
            // A table with its name and schema is all that such functions look at.
            let argument = |name: Option<&'static str>, value: &Value| CallArgument {
                name: name.map(Name::new_static),
                value: value.clone(),
                at,
            };
            let object = Value::symbol(
                SymbolKind::Call(Call {
                    callee: Value::name(Name::new_static("sqlalchemy.Table"), at),
                    arguments: vec![
                        argument(None, &bare_name),
                        argument(Some("schema"), &schema_name),
                    ],
                    open: false,
                }),
                at,
            );
            let other = if reflected { Value::None } else { unknown() };
            vec![object, bare_name, kind_name, Value::Bool(reflected), other]
        };
        let arguments = values
            .into_iter()
            .map(|value| CallArgument::positional(value, at))
            .collect();
        self.interpreter.refuel();
        match self.interpreter.call(filter, arguments, at) {
            Outcome::Returned(value) => self.interpreter.truth(&value),
            _ => None,
        }
    }

    /// What was made, with the places of the models. A table whose module may not be imported may not be there.
    fn catalog(&self) -> Catalog {
        let simulation = self.interpreter.host.simulation();
        let mut catalog = simulation.map(|simulation| simulation.now().clone());
        for (name, at) in &self.places {
            let place = self.interpreter.file(*at);
            let is_certain = self.reached.certainty(&place.file) != Some(false);
            if let Some(table) = catalog
                .as_mut()
                .and_then(|catalog| catalog.tables.get_mut(name))
            {
                let table = Arc::make_mut(table);
                if !is_certain {
                    table.maybe.get_or_insert_with(|| {
                        Why::new(
                            "whether `env.py` leads to its module is not known",
                            Some(place.clone()),
                        )
                    });
                }
                table.place = Some(place);
            }
        }
        catalog.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
