//! `op.execute(…)` and `connection.execute(…)`: what is told to the database, and its text.

use smol_str::SmolStr;

use super::calls::{Recorder, Target, reaches_database};
use super::carry_out::carry_out;
use super::emit::{self, Emitted};
use super::host::record_call;
use crate::catalog::{CreateTable, Ddl};
use crate::python::value::{Call, CallArgument, Place, Reason, SymbolKind, Unknown, Value};
use crate::python::{Called, Host as _, Interpreter};
use crate::sqlalchemy::qualified;

type Runner<'s> = Interpreter<'s, Recorder>;

pub(super) fn execute_call(interpreter: &mut Runner<'_>, call: &Call, at: Place) -> Called {
    if interpreter.host.simulation().is_none() {
        return Called::Symbolic;
    }
    let argument = call
        .positional()
        .next()
        .or_else(|| call.keyword("sqltext"))
        .or_else(|| call.keyword("statement"));
    let Some(argument) = argument.cloned() else {
        return Called::Symbolic;
    };
    let mut emitted = emit::execute(&argument.value, argument.at, interpreter);
    if interpreter.host.takes_notes()
        && let Some(semantics) = interpreter.host.semantics()
    {
        match &mut emitted.told {
            Some(_) if name_of_method(call) == Some("exec_driver_sql") => {}
            Some(_) => emit::with_parameters(
                &mut emitted.told,
                &argument.value,
                call,
                semantics.dialect,
                interpreter,
            ),
            None => {
                emitted.told = emit::written_statement(&argument.value, &emitted.ddl, interpreter);
            }
        }
    }
    carry_out(interpreter, emitted, at)
}

/// A statement that is handed to something of which nothing binds the name: `conn.execute("CREATE INDEX …")` without a
/// `conn`. The line fails, and another rule says so; what it is for is plain all the same.
pub(super) fn execute_for_nobody(
    interpreter: &mut Runner<'_>,
    callee: &Unknown,
    arguments: &[CallArgument],
    at: Place,
) {
    let (Reason::Undefined(_), [argument]) = (&callee.reason, arguments) else {
        return;
    };
    let first = match argument.value.as_call() {
        Some(call) => call.positional().next().map(|argument| &argument.value),
        None => Some(&argument.value),
    };
    let is_sql = first.and_then(Value::as_str).is_some_and(|text| {
        let word = text.split_whitespace().next().unwrap_or_default();
        ["CREATE", "ALTER", "DROP", "COMMENT"]
            .iter()
            .any(|verb| word.eq_ignore_ascii_case(verb))
    });
    if is_sql && interpreter.host.simulation().is_some() {
        let emitted = emit::execute(&argument.value, argument.at, interpreter);
        carry_out(interpreter, emitted, at);
    }
}

/// True for a column that is handed to something of which nothing binds the name: `batch_op.add_column(sa.Column(…))`
/// without a `batch_op`. The line fails, and another rule says so; of which table it speaks is not known.
pub(super) fn alters_for_nobody(callee: &Unknown, arguments: &[CallArgument]) -> bool {
    let is_column = |argument: &CallArgument| {
        let callee = argument.value.as_call().map(|call| &call.callee);
        let symbol = callee.and_then(Value::as_symbol);
        symbol.is_some_and(|symbol| match &symbol.kind {
            SymbolKind::Name(name) => name.starts_with("sqlalchemy.") && name.ends_with(".Column"),
            _ => false,
        })
    };
    matches!(callee.reason, Reason::Undefined(_)) && arguments.iter().any(is_column)
}

/// The name of the method that is called.
fn name_of_method(call: &Call) -> Option<&str> {
    match &call.callee.as_symbol()?.kind {
        SymbolKind::Attribute { name, .. } => Some(name.as_str()),
        _ => None,
    }
}

/// A method of a `DataFrame` or `GeoDataFrame`: of these only two reach a database, and one of them calls the other.
pub(super) fn data_frame_call(
    interpreter: &mut Runner<'_>,
    name: &str,
    call: &Call,
    at: Place,
) -> Called {
    if !matches!(name, "to_sql" | "to_postgis") {
        return Called::Symbolic;
    }
    let appends = call
        .argument(3, "if_exists")
        .and_then(|argument| argument.value.as_str())
        .is_some_and(|choice| &**choice == "append");
    if appends {
        record_call(interpreter, Target::Data, call, at);
        return Called::Symbolic;
    }
    record_call(interpreter, Target::Opaque(SmolStr::new(name)), call, at);
    let emitted = table_of_frame(name, call, interpreter).unwrap_or_else(|| {
        Emitted::opaque(format!("which table `{name}` makes is not followed"), None)
    });
    carry_out(interpreter, emitted, at)
}

/// The table that is made of a frame, once the one before is dropped if it is to be replaced. Which columns it gets is
/// not known.
fn table_of_frame(method: &str, call: &Call, interpreter: &Runner<'_>) -> Option<Emitted> {
    let connection = call.argument(1, "con").filter(|_| !call.open)?;
    if !reaches_database(&connection.value, interpreter, 0) {
        return None;
    }
    let replaces = match call.argument(3, "if_exists") {
        None => false,
        Some(argument) => match &**argument.value.as_str()? {
            "fail" => false,
            "replace" => true,
            _ => return None,
        },
    };
    let schema = match call.argument(2, "schema").map(|argument| &argument.value) {
        None | Some(Value::None) => None,
        Some(value) => Some(value.as_str()?),
    };
    let name = call.argument(0, "name")?.value.as_str()?;
    let name = qualified(schema.map(|schema| &**schema), name);
    let drop = replaces.then(|| Ddl::DropTable {
        name: name.clone(),
        if_exists: true,
        cascade: false,
    });
    let create = Ddl::CreateTable(CreateTable {
        name,
        columns: Vec::new(),
        constraints: Vec::new(),
        open: Some(format!("which columns `{method}` makes is not followed")),
        comment: None,
        partition_of: None,
        temporary: false,
        if_not_exists: false,
    });
    Some(Emitted {
        ddl: drop.into_iter().chain([create]).collect(),
        ..Emitted::default()
    })
}
