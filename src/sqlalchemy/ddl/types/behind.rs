//! The types that stand behind others.

use super::{MAX_DEPTH, TypeReader};
use crate::dialect::Dialect;
use crate::python::ast::Name;
use crate::python::value::{Call, ObjectId, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::sqlalchemy::construct;
use crate::sqlalchemy::ddl::Semantics;

/// The type whose methods are called where one is asked for a method that it does not have: what a `TypeDecorator`
/// decorates, the type for a dialect, the variant of it.
pub fn type_behind<H: Host>(
    value: &Value,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Value> {
    let mut reader = TypeReader {
        semantics,
        interpreter,
        depth: 0,
    };
    let mut found = reader.behind(value)?;
    for _ in 0..MAX_DEPTH {
        match reader.behind(&found) {
            Some(behind) => found = behind,
            None => break,
        }
    }
    Some(found)
}

impl<H: Host> TypeReader<'_, '_, H> {
    /// One step of `type_behind`.
    fn behind(&mut self, value: &Value) -> Option<Value> {
        let call = value.as_call().filter(|call| !call.open)?.clone();
        if let Value::Class(class) = call.callee {
            return self.decorated(class, &call);
        }
        match &call.callee.as_symbol()?.kind {
            SymbolKind::Attribute { base, name } => {
                let base = base.clone();
                match name.as_str() {
                    "with_variant" => self.chosen_variant(&base, &call),
                    "dialect_impl" => Some(self.for_dialect(base)),
                    "copy" | "adapt" => Some(base),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `sa.Enum(…)` is a `postgresql.ENUM(…)` to PostgreSQL.
    fn for_dialect(&self, value: Value) -> Value {
        let is_enum = |call: &Call| {
            construct(&call.callee, self.interpreter).is_some_and(|name| name == "Enum")
                && call.keyword("native_enum").is_none()
        };
        match (&value, value.as_call()) {
            (Value::Symbol(symbol), Some(call))
                if self.semantics.dialect == Dialect::PostgreSql && is_enum(call) =>
            {
                let native = Name::new_static("sqlalchemy.dialects.postgresql.ENUM");
                let call = Call {
                    callee: Value::name(native, symbol.at),
                    ..call.clone()
                };
                Value::symbol(SymbolKind::Call(call), symbol.at)
            }
            _ => value,
        }
    }

    /// What a `TypeDecorator` of the project decorates, with the arguments that it hands on.
    fn decorated(&mut self, class: ObjectId, call: &Call) -> Option<Value> {
        let (order, outside) = self.interpreter.ancestry(class);
        let has = |method: &str| {
            let mut classes = order.iter();
            classes.any(|class| self.interpreter.own_attribute(*class, method).is_some())
        };
        let is_decorator = outside.iter().any(|base| {
            construct(base, self.interpreter).is_some_and(|name| name == "TypeDecorator")
        });
        if !is_decorator || has("__new__") || has("__getattr__") {
            return None;
        }
        let has_constructor = has("__init__");
        let at = self.interpreter.class(class)?.at;
        let implementation = self.interpreter.inherited_attribute(class, "impl")?;
        if implementation.as_call().is_some() {
            return Some(implementation);
        }
        let arguments = if has_constructor {
            self.passed_on(class, call, at)?
        } else {
            call.arguments.clone()
        };
        let made = Call {
            callee: implementation,
            arguments,
            open: false,
        };
        Some(Value::symbol(SymbolKind::Call(made), at))
    }
}
