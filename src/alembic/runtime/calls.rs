//! Which of the calls that leave the repository matter, and to what they belong.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::python::value::{Call, CallArgument, Object, Place, SymbolKind, Unknown, Value};
use crate::python::{Called, Heap, Host, Interpreter};

/// A call that may change the database, with its arguments as they were when it happened.
#[derive(Debug)]
pub(super) struct RecordedCall {
    pub(super) target: Target,
    pub(super) arguments: Vec<CallArgument>,
    pub(super) open: bool,
    pub(super) at: Place,
    pub(super) certain: bool,
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
    /// Anything.
    Opaque(SmolStr),
}

/// The host of migrations: writes calls down.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    calls: Vec<RecordedCall>,
}

impl Recorder {
    /// Hands over what was recorded so far.
    pub(super) fn take(&mut self) -> Vec<RecordedCall> {
        std::mem::take(&mut self.calls)
    }
}

impl Interpreter<'_, Recorder> {
    fn record(&mut self, target: Target, call: &Call, at: Place) {
        let arguments = call
            .arguments
            .iter()
            .map(|argument| freeze_argument(argument, &mut self.heap))
            .collect();
        let certain = self.is_certain();
        self.host.calls.push(RecordedCall {
            target,
            arguments,
            open: call.open,
            at,
            certain,
        });
    }
}

impl Host for Recorder {
    type State = ();

    fn state(&self) {}

    fn set_state(&mut self, (): ()) {}

    fn call(interpreter: &mut Interpreter<'_, Self>, call: &Call, at: Place) -> Called {
        let Some(symbol) = call.callee.as_symbol() else {
            return Called::Symbolic;
        };
        let value = match &symbol.kind {
            SymbolKind::Name(name) => interpreter.named_call(&name.clone(), call, at),
            SymbolKind::Attribute { base, name } => {
                let (base, name) = (base.clone(), name.clone());
                interpreter.method_call(&base, &name, call, at)
            }
            _ => None,
        };
        value.map_or(Called::Symbolic, Called::Value)
    }

    fn unknown_call(interpreter: &mut Interpreter<'_, Self>, callee: &Unknown, at: Place) {
        let what = SmolStr::new(callee.reason.to_string());
        let certain = interpreter.is_certain();
        interpreter.host.calls.push(RecordedCall {
            target: Target::Opaque(what),
            arguments: Vec::new(),
            open: true,
            at,
            certain,
        });
    }
}

impl Interpreter<'_, Recorder> {
    fn named_call(&mut self, name: &str, call: &Call, at: Place) -> Option<Value> {
        let first = || {
            call.positional()
                .next()
                .map(|argument| argument.value.clone())
        };
        if let Some(operation) = name.strip_prefix("alembic.op.") {
            return match operation {
                // They mark a name or a literal, and give it back.
                "f" | "inline_literal" => first(),
                "get_bind" | "get_context" | "batch_alter_table" => None,
                _ => {
                    self.record(Target::Op(SmolStr::new(operation)), call, at);
                    None
                }
            };
        }
        match name {
            "alembic.context.is_offline_mode" => return Some(Value::Bool(false)),
            "contextlib.suppress" | "contextlib.nullcontext" => return None,
            _ => {}
        }
        if !is_harmless(name) {
            self.record(Target::Opaque(SmolStr::new(name)), call, at);
        }
        None
    }

    fn method_call(&mut self, base: &Value, name: &str, call: &Call, at: Place) -> Option<Value> {
        if let Some(batch) = base.as_call()
            && batch
                .callee
                .qualified_name()
                .is_some_and(|callee| callee == "alembic.op.batch_alter_table")
        {
            return match name {
                "f" | "inline_literal" => call
                    .positional()
                    .next()
                    .map(|argument| argument.value.clone()),
                "get_bind" | "get_context" => None,
                _ => {
                    let table = batch.arguments.clone();
                    self.record(
                        Target::Batch {
                            name: SmolStr::new(name),
                            table,
                        },
                        call,
                        at,
                    );
                    None
                }
            };
        }
        match name {
            "execute" | "exec_driver_sql" | "scalar" | "scalars" | "execute_async" => {
                self.record(Target::Execute, call, at);
            }
            "create" | "drop" if is_library_call(base) => {
                let creates = name == "create";
                self.record(
                    Target::Object {
                        owner: base.clone(),
                        creates,
                    },
                    call,
                    at,
                );
            }
            "create_all" | "drop_all" => {
                self.record(Target::Opaque(SmolStr::new(name)), call, at);
            }
            "add"
            | "add_all"
            | "merge"
            | "delete"
            | "bulk_save_objects"
            | "bulk_insert_mappings"
            | "bulk_update_mappings"
                if root_name(base).is_some_and(|root| is_database_root(&root)) =>
            {
                self.record(Target::Data, call, at);
            }
            // A query that changes rows: `session.query(T).filter(…).update(…)`.
            "update" if chain_has(base, "query") => self.record(Target::Data, call, at),
            _ => {
                // A method of something outside that is neither a library of the language nor a database.
                let root = root_name(base);
                if let Some(root) = root
                    && !is_harmless(&root)
                    && !is_database_root(&root)
                {
                    self.record(
                        Target::Opaque(SmolStr::new(format!("{root}….{name}"))),
                        call,
                        at,
                    );
                }
            }
        }
        None
    }
}

/// The name at the bottom of a chain of attributes, calls and items.
fn root_name(value: &Value) -> Option<String> {
    let mut current = value.clone();
    for _ in 0..64 {
        let symbol = Rc::clone(current.as_symbol()?);
        current = match &symbol.kind {
            SymbolKind::Name(name) => return Some(name.to_string()),
            SymbolKind::Attribute { base, .. } | SymbolKind::Item { base, .. } => base.clone(),
            SymbolKind::Call(call) => call.callee.clone(),
            _ => return None,
        };
    }
    None
}

/// True if a method of this name occurs in a chain of calls.
fn chain_has(value: &Value, method: &str) -> bool {
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
fn is_library_call(value: &Value) -> bool {
    value
        .as_call()
        .is_some_and(|call| call.callee.as_symbol().is_some())
}

/// Where connections and sessions come from.
fn is_database_root(name: &str) -> bool {
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

/// Calls that cannot change the schema of the database at hand: those of the standard library, and what only builds
/// values.
fn is_harmless(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or_default();
    crate::python::is_standard_library(root)
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
fn freeze_argument(argument: &CallArgument, heap: &mut Heap) -> CallArgument {
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
