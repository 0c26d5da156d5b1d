//! What `env.py` says without being run: the metadata, and how migrations are run.

use crate::models::ModelHost;
use crate::python::value::{Call, ObjectId, SymbolKind, Value};
use crate::python::{Interpreter, Outcome};
use crate::source::RepoPath;
use crate::sqlalchemy::{MetadataKey, NamingFact, metadata_of_value, naming_of_metadata};

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
}

/// Runs the body of `env.py` and, if that configures nothing, its functions that do.
pub(super) fn read(file: &RepoPath, interpreter: &mut Interpreter<'_, ModelHost>) -> EnvFacts {
    interpreter.refuel();
    let mut facts = EnvFacts::default();
    let Some(module) = interpreter.run_file(file) else {
        return facts;
    };
    // `asyncio.run(run_migrations_online())` calls a coroutine; others hand the function over.
    if interpreter.host.configured.is_empty() {
        let names = interpreter.module_names(module);
        for name in names
            .iter()
            .filter(|name| name.contains("online") || name.contains("do_run"))
        {
            if let Some(function @ Value::Function(_)) = interpreter.module_attribute(module, name)
            {
                interpreter.refuel();
                let at = crate::python::value::Place::default();
                if let Outcome::Stopped = interpreter.call(&function, Vec::new(), at) {
                    break;
                }
            }
        }
    }
    let mut metadata: Vec<Value> = interpreter
        .module_attribute(module, "target_metadata")
        .into_iter()
        .collect();
    let configured = std::mem::take(&mut interpreter.host.configured);
    for call in &configured {
        if let Some(argument) = call.keyword("target_metadata") {
            metadata.push(argument.value.clone());
        }
    }
    facts.transaction_per_migration = transaction_per_migration(&configured);
    facts.naming = match metadata.last() {
        Some(value) => naming_of_metadata(value, interpreter),
        None => NamingFact::Unresolved,
    };
    for value in metadata {
        let items = interpreter
            .heap
            .elements(&value)
            .map_or_else(|| vec![value.clone()], <[Value]>::to_vec);
        for item in items {
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
    facts
}

/// What all calls of `context.configure` agree on; it is false where it is left out.
fn transaction_per_migration(configured: &[Call]) -> Option<bool> {
    let mut flags = configured
        .iter()
        .map(|call| match call.keyword("transaction_per_migration") {
            Some(argument) => argument.value.as_bool(),
            None => (!call.open).then_some(false),
        });
    let first = flags.next()??;
    flags.all(|flag| flag == Some(first)).then_some(first)
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
