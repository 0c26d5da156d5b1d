//! What `env.py` hands to Alembic, by the calls of `context.configure(…)`.

use crate::python::value::{Call, ObjectId, Value};
use crate::python::{Host, Interpreter};

/// What all calls agree on for a flag, which has its default where it is left out. `None` where that is not known, or
/// nothing is configured.
pub fn configured_flag(configured: &[Call], name: &str, default: bool) -> Option<bool> {
    let mut flags = configured.iter().map(|call| match call.keyword(name) {
        Some(argument) => argument.value.as_bool(),
        None => (!call.open).then_some(default),
    });
    let first = flags.next()??;
    flags.all(|flag| flag == Some(first)).then_some(first)
}

/// The `target_metadata` of the module and of the calls, as it is written: a metadata, or several.
pub fn target_metadata<H: Host>(
    module: ObjectId,
    configured: &[Call],
    interpreter: &mut Interpreter<'_, H>,
) -> Vec<Value> {
    let own = interpreter.module_attribute(module, "target_metadata");
    let handed = configured
        .iter()
        .filter_map(|call| Some(call.keyword("target_metadata")?.value.clone()));
    own.into_iter().chain(handed).collect()
}

/// Each metadata of a `target_metadata`, which may be a list.
pub fn each_metadata<H: Host>(target: &Value, interpreter: &Interpreter<'_, H>) -> Vec<Value> {
    interpreter
        .heap
        .elements(target)
        .map_or_else(|| vec![target.clone()], <[Value]>::to_vec)
}
