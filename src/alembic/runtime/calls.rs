//! Which of the calls that leave the repository matter, and to what they belong.

use std::sync::Arc;

use smol_str::SmolStr;

use super::simulation::Simulation;
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Object, Place, SymbolKind, Value};
use crate::python::{Heap, Interpreter, is_standard_library};
use crate::schema::MetadataUse;
use crate::sqlalchemy::ddl::Semantics;
use crate::sqlalchemy::declarative::is_declarative_base;
use crate::sqlalchemy::is_database_object;

/// A call that may change the database, with its arguments as they were when it happened.
#[derive(Debug)]
pub(super) struct RecordedCall {
    pub(super) target: Target,
    pub(super) arguments: Vec<CallArgument>,
    pub(super) open: bool,
    pub(super) at: Place,
    pub(super) certain: bool,
}

impl RecordedCall {
    pub(super) fn positional(&self) -> impl Iterator<Item = &CallArgument> {
        let arguments = self.arguments.iter();
        arguments.filter(|argument| argument.name.is_none())
    }
}

/// What was called.
#[derive(Debug)]
pub(super) enum Target {
    /// `op.<name>(…)`
    Op(SmolStr),
    /// `batch_op.<name>(…)`, with the arguments of `batch_alter_table`.
    Batch {
        name: SmolStr,
        table: Vec<CallArgument>,
    },
    /// `<connection>.execute(…)` and its like.
    Execute,
    /// `<value>.create(bind)` or `.drop(bind)`.
    Object { owner: Value, creates: bool },
    /// A session or connection that changes rows.
    Data,
    /// `<metadata>.create_all(bind)` or `.drop_all(bind)`.
    Metadata(MetadataUse),
    /// Anything.
    Opaque(SmolStr),
}

/// The host of migrations: writes calls down, and carries them out on a symbolic database if there is one.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) calls: Vec<RecordedCall>,
    pub(super) simulation: Option<Simulation>,
    /// The calls of `Table(…)`.
    pub(super) tables: Vec<(Call, Place)>,
    /// The calls of `Index(…)` and `UniqueConstraint(…)`.
    pub(super) indexes: Vec<(Call, Place)>,
    /// `metadata.tables`, once the models are read.
    pub(super) described: Option<Value>,
    /// The calls of `context.configure(…)`.
    pub(super) configured: Vec<Call>,
}

impl Recorder {
    /// Hands over what was recorded so far.
    pub(super) fn take(&mut self) -> Vec<RecordedCall> {
        std::mem::take(&mut self.calls)
    }

    pub(super) fn simulation(&self) -> Option<&Simulation> {
        self.simulation.as_ref()
    }

    pub(super) fn simulation_mut(&mut self) -> Option<&mut Simulation> {
        self.simulation.as_mut()
    }

    pub(super) fn semantics(&self) -> Option<Arc<Semantics>> {
        self.simulation
            .as_ref()
            .map(|simulation| Arc::clone(&simulation.semantics))
    }
}

/// True if a method of this name occurs in a chain of calls.
pub(super) fn chain_has(value: &Value, method: &str) -> bool {
    let mut current = value.clone();
    for _ in 0..64 {
        let Some(symbol) = current.as_symbol().cloned() else {
            return false;
        };
        current = match &symbol.kind {
            SymbolKind::Attribute { base, name } => {
                if name == method {
                    return true;
                }
                base.clone()
            }
            SymbolKind::Call(call) => call.callee.clone(),
            SymbolKind::Item { base, .. } => base.clone(),
            _ => return false,
        };
    }
    false
}

/// True for the result of calling something of a library: `sa.Enum(…)`.
pub(super) fn is_library_call(value: &Value) -> bool {
    value
        .as_call()
        .is_some_and(|call| call.callee.as_symbol().is_some())
}

/// True for `Model.__table__`.
pub(super) fn is_table_of_class(value: &Value) -> bool {
    matches!(
        value.as_symbol().map(|symbol| &symbol.kind),
        Some(SymbolKind::Attribute { base: Value::Class(_), name }) if name == "__table__"
    )
}

/// Where connections and sessions come from.
pub(super) fn is_database_root(name: &str) -> bool {
    matches!(
        name,
        "alembic.op.get_bind"
            | "alembic.op.get_context"
            | "alembic.op.batch_alter_table"
            | "alembic.context.get_bind"
            | "alembic.context.get_context"
            | "alembic.op.create_table"
    ) || name.starts_with("sqlalchemy.")
        || name.starts_with("sqlmodel.")
        || name.starts_with("flask_sqlalchemy.")
}

/// True for what leads to a database, also through a class of the repository that is one of Flask's: `db.session`.
pub(super) fn is_of_database(value: &Value, interpreter: &Interpreter<'_, Recorder>) -> bool {
    if let Some(root) = value.root_name() {
        return is_database_root(root);
    }
    let mut current = value.clone();
    for _ in 0..64 {
        if is_database_object(&current, interpreter) {
            return true;
        }
        let Some(symbol) = current.as_symbol().cloned() else {
            return false;
        };
        current = match &symbol.kind {
            SymbolKind::Attribute { base, .. } | SymbolKind::Item { base, .. } => base.clone(),
            SymbolKind::Call(call) => call.callee.clone(),
            _ => return false,
        };
    }
    false
}

/// Calls that cannot change the schema of the database at hand: those of the standard library, and what only builds
/// values.
pub(super) fn is_harmless(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or_default();
    is_standard_library(root)
        // A query, whose rows are all that comes back.
        || name.starts_with("pandas.read_sql")
        || name.starts_with("geopandas.read_postgis")
        || matches!(
            root,
            "alembic"
                | "sqlalchemy"
                | "sqlmodel"
                | "sqlalchemy_utils"
                | "geoalchemy2"
                | "pgvector"
                | "citext"
                | "flask_sqlalchemy"
                | "alembic_utils"
                | "structlog"
                | "loguru"
                | "pydantic"
                | "dateutil"
                | "pytz"
                | "pendulum"
                | "arrow"
                | "slugify"
                | "passlib"
                | "bcrypt"
                | "cryptography"
                | "ulid"
                | "uuid6"
                | "packaging"
                | "requests"
                | "httpx"
                | "yaml"
                | "orjson"
                | "simplejson"
                | "click"
                | "tqdm"
                | "rich"
                | "six"
                | "attr"
                | "attrs"
                | "dotenv"
                | "decouple"
                | "environs"
                | "typing_extensions"
                | "oslo_log"
                | "oslo_utils"
                | "oslo_config"
        )
}

/// An argument whose lists no longer change.
pub(super) fn freeze_argument(argument: &CallArgument, heap: &mut Heap) -> CallArgument {
    CallArgument {
        name: argument.name.clone(),
        value: freeze(&argument.value, heap, 0),
        at: argument.at,
    }
}

fn freeze(value: &Value, heap: &mut Heap, depth: u32) -> Value {
    let Value::Object(id) = value else {
        return value.clone();
    };
    if depth > 3 {
        return value.clone();
    }
    match heap.get(*id).clone() {
        Object::List(items) => Value::Tuple(
            items
                .iter()
                .map(|item| freeze(item, heap, depth + 1))
                .collect(),
        ),
        other => Value::Object(heap.allocate(other)),
    }
}

/// True if something that can change the database is part of a value: `op`, a connection, a session.
pub(super) fn reaches_database(
    value: &Value,
    interpreter: &Interpreter<'_, Recorder>,
    depth: u32,
) -> bool {
    if depth > 4 {
        return false;
    }
    match value {
        Value::Symbol(_) => value.root_name().is_some_and(|root| {
            root == "alembic.op"
                || matches!(
                    root.as_str(),
                    "alembic.op.get_bind"
                        | "alembic.op.get_context"
                        | "alembic.op.batch_alter_table"
                        | "alembic.context.get_bind"
                        | "alembic.context.get_context"
                )
                || ((root.starts_with("sqlalchemy.orm.") || root.starts_with("sqlmodel."))
                    && root.ends_with("Session"))
        }),
        Value::Tuple(items) => items
            .iter()
            .any(|item| reaches_database(item, interpreter, depth + 1)),
        Value::Object(_) => interpreter.heap.elements(value).is_some_and(|items| {
            items
                .iter()
                .any(|item| reaches_database(item, interpreter, depth + 1))
        }),
        _ => false,
    }
}

/// True if the database at hand, or a way to it, is among the arguments.
pub(super) fn is_handed_over(
    arguments: &[CallArgument],
    interpreter: &Interpreter<'_, Recorder>,
) -> bool {
    arguments
        .iter()
        .any(|argument| reaches_database(&argument.value, interpreter, 0))
}

/// `db.Session(bind=bind)`: whoever hands sessions out, they are SQLAlchemy's.
pub(super) fn session(name: &str, call: &Call, at: Place) -> Option<Value> {
    let last = name.rsplit('.').next().unwrap_or(name);
    if last != "Session" && last != "create_scoped_session" {
        return None;
    }
    let session = Call {
        callee: Value::name(Name::new_static("sqlalchemy.orm.Session"), at),
        ..call.clone()
    };
    Some(Value::symbol(SymbolKind::Call(session), at))
}

/// A function of another package that is given the declarative Base may make models of its own.
pub(super) fn note_base_given_away(
    interpreter: &mut Interpreter<'_, Recorder>,
    name: &str,
    call: &Call,
    at: Place,
) {
    let root = name.split('.').next().unwrap_or_default();
    if matches!(root, "alembic" | "sqlalchemy" | "sqlmodel") || is_standard_library(root) {
        return;
    }
    let mut classes = call
        .arguments
        .iter()
        .filter_map(|argument| match argument.value {
            Value::Class(class) => Some(class),
            _ => None,
        });
    if classes.any(|class| is_declarative_base(class, interpreter)) {
        interpreter.note_gap(&format!("`{name}` is given the Base"), at);
    }
}

/// True for what a connection or engine is reached by.
pub(super) fn is_engine(base: &Value) -> bool {
    match base.as_symbol().map(|symbol| &symbol.kind) {
        Some(SymbolKind::Attribute { name, .. }) => {
            matches!(name.as_str(), "engine" | "bind" | "connection")
        }
        Some(SymbolKind::Call(call)) => call
            .callee
            .qualified_name()
            .is_some_and(|name| name.ends_with(".get_bind")),
        _ => false,
    }
}
