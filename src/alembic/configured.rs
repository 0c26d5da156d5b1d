//! What `env.py` hands to Alembic, by the calls of `context.configure(…)`.

use crate::python::value::{Call, ObjectId, Place, Value};
use crate::python::{Host, Interpreter, Outcome};

/// Runs the functions of an `env.py` that configure, where its body did not: `asyncio.run(run_migrations_online())`
/// calls a coroutine, `connection.run_sync(do_run_migrations)` hands a function over.
pub fn run_configuring<H: Host>(
    module: ObjectId,
    interpreter: &mut Interpreter<'_, H>,
    lacks_calls: impl Fn(&H) -> bool,
) {
    if !lacks_calls(&interpreter.host) {
        return;
    }
    let names = interpreter.module_names(module);
    for name in names
        .iter()
        .filter(|name| name.contains("online") || name.contains("do_run"))
    {
        if let Some(function @ Value::Function(_)) = interpreter.module_attribute(module, name) {
            interpreter.refuel();
            if let Outcome::Stopped = interpreter.call(&function, Vec::new(), Place::default()) {
                break;
            }
        }
    }
}

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
