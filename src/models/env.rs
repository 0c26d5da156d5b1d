//! What `env.py` says without being run: the metadata, and how migrations are run.

use crate::alembic::{configured_flag, each_metadata, run_configuring, target_metadata};
use crate::models::ModelHost;
use crate::models::online::{self, OnlineRun};
use crate::python::value::{ObjectId, SymbolKind, Value};
use crate::python::{Interpreter, ModuleFinder, Sources};
use crate::source::RepoPath;
use crate::sqlalchemy::{
    MetadataKey, NamingFact, is_database_object, metadata_of_value, naming_of_metadata,
};

/// Facts of an `env.py`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFacts {
    /// The metadata whose tables the migrations build; empty where that is not known.
    pub metadata: Vec<MetadataKey>,
    /// The declarative bases that the metadata was taken from.
    pub(super) bases: Vec<ObjectId>,
    /// The convention that names constraints in migrations too.
    pub naming: NamingFact,
    /// `transaction_per_migration`, where it is known.
    pub transaction_per_migration: Option<bool>,
    /// The calls of `context.configure(…)` that run migrations in a database.
    pub runs: Vec<OnlineRun>,
    /// True if the module has a `target_metadata` that is one.
    pub has_target_metadata: bool,
    /// `transactional_ddl`, where it is said.
    pub transactional_ddl: Option<bool>,
    /// The modules that it leads to, itself among them.
    pub reached: Vec<RepoPath>,
    /// `version_table` and `version_table_schema`, where they are said.
    pub version_table: Option<String>,
    pub version_table_schema: Option<String>,
}

/// Runs the body of `env.py` and, if that configures nothing, its functions that do.
pub(super) fn read(file: &RepoPath, interpreter: &mut Interpreter<'_, ModelHost>) -> EnvFacts {
    interpreter.refuel();
    let mut facts = EnvFacts::default();
    let Some(module) = interpreter.run_file(file) else {
        return facts;
    };
    run_configuring(module, interpreter, |host| host.configured.is_empty());
    let configured = std::mem::take(&mut interpreter.host.configured);
    let metadata = target_metadata(module, &configured, interpreter);
    facts.has_target_metadata = interpreter
        .module_attribute(module, "target_metadata")
        .is_some_and(|own| {
            let all = each_metadata(&own, interpreter);
            let mut all = all.iter();
            all.any(|metadata| metadata_of_value(metadata, interpreter).is_some())
        });
    facts.transaction_per_migration =
        configured_flag(&configured, "transaction_per_migration", false);
    let may_commit = interpreter.is_written(file, &[".commit(", "COMMIT", "isolation_level"]);
    facts.runs = online::runs(interpreter, may_commit);
    let said = |name: &str| {
        let mut found = configured.iter().filter_map(|call| call.keyword(name));
        found.next().map(|argument| argument.value.clone())
    };
    let text = |name: &str| said(name).and_then(|value| value.as_str().map(ToString::to_string));
    facts.transactional_ddl = said("transactional_ddl").and_then(|value| value.as_bool());
    facts.version_table = text("version_table");
    facts.version_table_schema = text("version_table_schema");
    facts.naming = match metadata.last() {
        Some(value) => naming_of_metadata(value, interpreter),
        None => NamingFact::Unresolved,
    };
    for value in metadata {
        for item in each_metadata(&value, interpreter) {
            if let Some(base) = base_of(&item) {
                facts.bases.push(base);
            }
            if let Some(key) = metadata_of_value(&item, interpreter)
                && !key.starts_with("flask.")
                && !facts.metadata.contains(&key)
            {
                facts.metadata.push(key);
            }
        }
    }
    facts.bases.dedup();
    facts.reached = interpreter.extents().into_keys().collect();
    facts.reached.sort();
    facts
}

/// The convention of the metadata that `env.py` gets from Flask, or of SQLModel's, as these files make or set it.
pub fn naming_in(
    files: &[RepoPath],
    sources: &Sources<'_>,
    finder: &ModuleFinder<'_>,
) -> NamingFact {
    let mut interpreter =
        Interpreter::new(sources, finder, ModelHost::default()).with_lazy_imports();
    let mut found: Vec<NamingFact> = Vec::new();
    for file in files {
        interpreter.refuel();
        let Some(module) = interpreter.run_file(file) else {
            continue;
        };
        let set = interpreter.written_outside("naming_convention");
        let mut objects: Vec<Value> = set.into_iter().map(|one| one.object).collect();
        for name in interpreter.module_names(module) {
            let made = interpreter.module_attribute(module, &name);
            objects.extend(made.filter(|value| is_database_object(value, &interpreter)));
        }
        for object in objects {
            let naming = naming_of_metadata(&object, &mut interpreter);
            if !found.contains(&naming) {
                found.push(naming);
            }
        }
    }
    match found.len() {
        1 => found.pop().unwrap_or_default(),
        _ => NamingFact::Unresolved,
    }
}

/// The class in `Base.metadata`.
fn base_of(value: &Value) -> Option<ObjectId> {
    match &value.as_symbol()?.kind {
        SymbolKind::Attribute {
            base: Value::Class(class),
            ..
        } => Some(*class),
        _ => None,
    }
}
