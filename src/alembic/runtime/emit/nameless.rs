//! Columns without a name, which no operation takes.

use super::Runner;
use crate::python::value::{CallArgument, Value};
use crate::sqlalchemy::{column_call, construct};

/// True for `Column(Text())`: what stands first is certainly no name.
pub(super) fn is_nameless_column(value: &Value, interpreter: &Runner<'_>) -> bool {
    let Some((call, _)) = column_call(value, interpreter) else {
        return false;
    };
    let is_no_name = |first: &CallArgument| {
        let called = first.value.as_call().map(|call| &call.callee);
        let name = construct(called.unwrap_or(&first.value), interpreter);
        name.is_some_and(|name| {
            let own = name.rsplit('.').next().unwrap_or(&name);
            own.starts_with(char::is_uppercase)
        })
    };
    !call.open && call.keyword("name").is_none() && call.positional().next().is_none_or(is_no_name)
}
