//! What decorators from outside the repository make of a function.

use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{Function, SymbolKind, Value};

/// How a call of a decorated function differs from one of the function itself.
pub(super) enum DecoratorEffect {
    None,
    /// It runs when a `with` statement enters it.
    Defers,
    /// The function is called; the result may be another.
    Replaces(Name),
    /// Nothing is known, not even whether the function is called.
    Unknown(Name),
}

/// Decorators under which a call does and gives what the function does and gives.
const TRANSPARENT: &[&str] = &[
    "abc.abstractmethod",
    "classmethod",
    "functools.cache",
    "functools.cached_property",
    "functools.lru_cache",
    "functools.wraps",
    "property",
    "staticmethod",
    "typing.final",
    "typing.no_type_check",
    "typing.override",
    "typing_extensions.deprecated",
    "typing_extensions.override",
    "warnings.deprecated",
];

/// Packages whose decorators call the function when it is called, or hand it to a framework and give it back.
const CALLING: &[&str] = &[
    "alembic",
    "backoff",
    "celery",
    "click",
    "deprecated",
    "deprecation",
    "flask",
    "pydantic",
    "pytest",
    "retry",
    "sqlalchemy_utils",
    "tenacity",
    "typer",
];

impl<H: Host> Interpreter<'_, H> {
    /// True if a call of a function does and gives what the function does and gives, whatever decorators it has.
    pub fn is_called_as_written(function: &Function) -> bool {
        matches!(Self::effect_of_decorators(function), DecoratorEffect::None)
    }

    pub(super) fn effect_of_decorators(function: &Function) -> DecoratorEffect {
        let mut effect = DecoratorEffect::None;
        for decorator in &function.decorators {
            let name = decorator_name(decorator);
            let Some(name) = name else {
                return DecoratorEffect::Unknown(Name::new_static("a decorator"));
            };
            if TRANSPARENT.binary_search(&name.as_str()).is_ok()
                || name.starts_with("sqlalchemy.")
                || name.contains("declared_attr")
                || name.contains("hybrid_")
            {
                continue;
            }
            if matches!(
                name.as_str(),
                "contextlib.contextmanager" | "contextlib.asynccontextmanager"
            ) && function.def.is_generator
            {
                effect = DecoratorEffect::Defers;
                continue;
            }
            let package = name.split('.').next().unwrap_or_default();
            if CALLING.contains(&package) {
                effect = DecoratorEffect::Replaces(name);
            } else {
                return DecoratorEffect::Unknown(name);
            }
        }
        effect
    }
}

/// The name of a decorator, called or not: `functools.lru_cache(maxsize=None)`.
fn decorator_name(decorator: &Value) -> Option<Name> {
    match decorator {
        Value::Builtin(name) => Some(name.clone()),
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Name(name) => Some(name.clone()),
            SymbolKind::Call(call) => decorator_name(&call.callee),
            SymbolKind::Attribute { base, name } => {
                let base = decorator_name(base)?;
                Some(smol_str::format_smolstr!("{base}.{name}"))
            }
            _ => None,
        },
        _ => None,
    }
}

/// True if one of the decorators has this name.
pub(super) fn has_decorator(decorators: &[Value], name: &str) -> bool {
    decorators
        .iter()
        .any(|decorator| decorator_name(decorator).is_some_and(|known| known == name))
}
