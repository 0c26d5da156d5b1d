//! `create()` and `drop()` of what stands for something in the database: a type, a table, a sequence, an index.

use super::calls::{Recorder, Target, is_library_call, is_table_of_class};
use super::carry_out::carry_out;
use super::emit;
use super::host::record_call;
use crate::python::value::{Call, Place, Value};
use crate::python::{Called, Interpreter};
use crate::sqlalchemy::ddl::type_behind;

type Runner<'s> = Interpreter<'s, Recorder>;

/// What the call makes or drops; `None` where it is another method, or of something else.
pub(super) fn call(
    interpreter: &mut Runner<'_>,
    base: &Value,
    name: &str,
    call: &Call,
    at: Place,
) -> Option<Called> {
    let creates = match name {
        "create" => true,
        "drop" => false,
        _ => return None,
    };
    let owner = match type_meant(base, interpreter) {
        Some(meant) => meant,
        None if is_library_call(base) || is_table_of_class(base) => base.clone(),
        None => return None,
    };
    let target = Target::Object {
        owner: owner.clone(),
        creates,
    };
    record_call(interpreter, target, call, at);
    if interpreter.host.simulation().is_none() {
        return Some(Called::Symbolic);
    }
    let emitted = emit::created_or_dropped(&owner, call, creates, at, interpreter);
    Some(carry_out(interpreter, emitted, at))
}

/// The type that `create()` or `drop()` of a decorated one, or of one for a dialect, is handed on to.
fn type_meant(base: &Value, interpreter: &mut Runner<'_>) -> Option<Value> {
    let semantics = interpreter.host.semantics()?;
    type_behind(base, &semantics, interpreter)
}
