//! Built-in functions and types.

use std::rc::Rc;

use super::numbers::{floor_division, integer, is_no_integer, parse_integer};
use super::text::TextBuilder;
use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Object, Place, Reason, SymbolKind, Value};

/// Built-in names that evaluate to themselves. Only the ones below in `call_builtin` are computed.
const BUILTINS: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "ConnectionError",
    "DeprecationWarning",
    "EOFError",
    "Exception",
    "FileExistsError",
    "FileNotFoundError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "IndexError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotImplemented",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RecursionError",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SystemError",
    "SystemExit",
    "TimeoutError",
    "TypeError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    "__debug__",
    "__import__",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn is_builtin(name: &str) -> bool {
        BUILTINS.binary_search(&name).is_ok()
    }

    pub(super) fn call_builtin(
        &mut self,
        name: &Name,
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Value {
        // An exception or another type of the language: it only has a name.
        if name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains('.') {
            let call = Call {
                callee: Value::Builtin(name.clone()),
                arguments,
                open,
            };
            return Value::symbol(SymbolKind::Call(call), at);
        }
        if name == "object.__init__"
            && let Some(seen) = &mut self.constructors
        {
            seen.push(Call {
                callee: Value::Builtin(name.clone()),
                arguments: arguments.clone(),
                open,
            });
        }
        let unknown = || Value::unknown(Reason::Call(name.clone()), at);
        if open {
            return unknown();
        }
        match name.as_str() {
            "print" | "object.__init__" | "breakpoint" => return Value::None,
            "dict" => return self.build_dict(&arguments, at),
            "dict.fromkeys" => return self.dict_of_keys(&arguments).unwrap_or_else(unknown),
            "exit" | "quit" => {
                return self.raise(Value::Builtin(Name::new_static("SystemExit")), at);
            }
            // `__import__("app.models")`: the package, and what is asked of it is in the module.
            "__import__" if matches!(arguments.as_slice(), [only] if only.name.is_none() && only.value.as_str().is_some()) =>
            {
                return self
                    .imported_package(&arguments, at)
                    .unwrap_or_else(unknown);
            }
            // It may bind anything.
            "exec" | "eval" | "compile" | "__import__" => {
                if name != "compile" {
                    let reason = format!("what `{name}` does is not followed");
                    self.note_gap(&reason, at);
                }
                let reason = crate::python::value::Unknown {
                    reason: Reason::Call(name.clone()),
                    at,
                };
                self.call_unknown(&reason, &arguments, at);
                return unknown();
            }
            _ => {}
        }
        // `str.lower(text)`: the method of its first argument.
        if let Some((_, method)) = name.split_once('.')
            && let Some((first, rest)) = arguments.split_first()
            && first.name.is_none()
        {
            let (owner, method) = (first.value.clone(), Name::new(method));
            return self.call_method(&owner, &method, rest, at);
        }
        let positional: Vec<Value> = arguments
            .iter()
            .filter(|argument| argument.name.is_none())
            .map(|argument| argument.value.clone())
            .collect();
        if let Some(value) = self.conversion(name, &positional, &arguments, at) {
            return value;
        }
        if let Some(value) = self.sequence_function(name, &positional, &arguments, at) {
            return value;
        }
        self.reflection(name, &positional, at)
            .unwrap_or_else(unknown)
    }

    /// Types called to convert a value, and functions of one value. `None` for any other function.
    fn conversion(
        &mut self,
        name: &Name,
        positional: &[Value],
        arguments: &[CallArgument],
        at: Place,
    ) -> Option<Value> {
        let unknown = || Value::unknown(Reason::Call(name.clone()), at);
        let from_items = |this: &mut Self, make: fn(Vec<Value>) -> Object| {
            let items = match positional {
                [] => Some(Vec::new()),
                [only] => this.iterate(only),
                _ => None,
            };
            items.map_or_else(unknown, |items| {
                let object = match make(items) {
                    Object::Set(items) => Object::Set(this.distinct(items)),
                    other => other,
                };
                Value::Object(this.heap.allocate(object))
            })
        };
        Some(match (name.as_str(), positional) {
            ("list", _) => from_items(self, Object::List),
            ("iter", [only]) => match only {
                Value::Object(id) if self.heap.get(*id).elements().is_none() => only.clone(),
                _ => from_items(self, Object::List),
            },
            ("set" | "frozenset", _) => from_items(self, Object::Set),
            ("tuple", []) => Value::Tuple(Rc::from([])),
            ("tuple", [only]) => self
                .iterate(only)
                .map_or_else(unknown, |items| Value::Tuple(items.into())),
            ("str", []) if arguments.is_empty() => Value::known_str("", at),
            ("str", [only]) if arguments.len() == 1 => {
                let mut text = TextBuilder::new(self.limits.size);
                self.push_formatted(&mut text, only, None, "", at);
                text.finish(at)
            }
            ("repr" | "ascii", [only]) => match self.repr(only, 0) {
                Some(repr) if name == "repr" || repr.is_ascii() => Value::known_str(repr, at),
                _ => unknown(),
            },
            ("format", [value, rest @ ..]) => {
                let specification = match rest {
                    [] => Some(String::new()),
                    [specification, ..] => specification.as_str().map(ToString::to_string),
                };
                let mut text = TextBuilder::new(self.limits.size);
                match specification {
                    Some(specification) => {
                        self.push_formatted(&mut text, value, None, &specification, at);
                        text.finish(at)
                    }
                    None => unknown(),
                }
            }
            ("int", []) => Value::Int(0),
            ("int", [value, base @ ..]) => {
                let base = match (base.first(), arguments.len()) {
                    (None, 1) => 10,
                    (Some(Value::Int(base)), 2) => u32::try_from(*base).unwrap_or(1),
                    _ => return Some(unknown()),
                };
                match value {
                    Value::Str(_) => {
                        let Some(text) = value.as_str() else {
                            return Some(unknown());
                        };
                        match parse_integer(text, base) {
                            Some(number) => Value::Int(number),
                            None if base == 10 && is_no_integer(text) => self
                                .raise_if_guarded("ValueError", at)
                                .unwrap_or_else(unknown),
                            None => unknown(),
                        }
                    }
                    Value::Float(number) if number.abs() < 9e15 => {
                        Value::Int(number.trunc() as i64)
                    }
                    _ => integer(value).map_or_else(unknown, Value::Int),
                }
            }
            ("float", []) => Value::Float(0.0),
            ("float", [value]) => match value {
                Value::Float(_) => value.clone(),
                Value::Int(number) if number.abs() < 1 << 53 => Value::Float(*number as f64),
                Value::Str(_) => value
                    .as_str()
                    .filter(|text| {
                        text.trim()
                            .starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
                    })
                    .and_then(|text| text.trim().parse::<f64>().ok())
                    .filter(|number| number.is_finite())
                    .map_or_else(unknown, Value::Float),
                _ => unknown(),
            },
            ("bool", []) => Value::Bool(false),
            ("bool", [only]) => self.truth(only).map_or_else(unknown, Value::Bool),
            ("abs", [only]) => match only {
                Value::Float(number) => Value::Float(number.abs()),
                _ => integer(only)
                    .and_then(i64::checked_abs)
                    .map_or_else(unknown, Value::Int),
            },
            ("round", [Value::Int(number)]) => Value::Int(*number),
            ("round", [Value::Float(number)]) if number.abs() < 9e15 => {
                Value::Int(number.round_ties_even() as i64)
            }
            ("divmod", [left, right]) => {
                let parts = integer(left)
                    .zip(integer(right))
                    .and_then(|(left, right)| floor_division(left, right));
                parts.map_or_else(unknown, |(quotient, remainder)| {
                    Value::Tuple(Rc::from([Value::Int(quotient), Value::Int(remainder)]))
                })
            }
            ("pow", [left, right]) => {
                self.binary(left, crate::python::ast::BinaryOp::Pow, right, at)
            }
            ("hex" | "oct" | "bin", [only]) => {
                let Some(number) = integer(only) else {
                    return Some(unknown());
                };
                let sign = if number < 0 { "-" } else { "" };
                let size = number.unsigned_abs();
                let text = match name.as_str() {
                    "hex" => format!("{sign}0x{size:x}"),
                    "oct" => format!("{sign}0o{size:o}"),
                    _ => format!("{sign}0b{size:b}"),
                };
                Value::known_str(text, at)
            }
            ("ord", [only]) => {
                let text = only.as_str().map(ToString::to_string).unwrap_or_default();
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => Value::Int(i64::from(u32::from(c))),
                    _ => unknown(),
                }
            }
            ("chr", [Value::Int(number)]) => u32::try_from(*number)
                .ok()
                .and_then(char::from_u32)
                .map_or_else(unknown, |c| Value::known_str(c.to_string(), at)),
            ("bytes" | "bytearray", _) => Value::Bytes,
            ("object", []) => unknown(),
            _ => return None,
        })
    }

    fn dict_of_keys(&mut self, arguments: &[CallArgument]) -> Option<Value> {
        let (keys, value) = match arguments {
            [keys] => (keys, Value::None),
            [keys, value] => (keys, value.value.clone()),
            _ => return None,
        };
        let mut pairs = Vec::new();
        for key in self.iterate(&keys.value)? {
            self.put(&mut pairs, key, value.clone());
        }
        Some(Value::Object(self.heap.allocate(Object::Dict(pairs))))
    }

    pub(super) fn build_dict(&mut self, arguments: &[CallArgument], at: Place) -> Value {
        let mut pairs = Vec::new();
        for argument in arguments {
            match &argument.name {
                Some(name) => {
                    self.put(
                        &mut pairs,
                        Value::known_str(name.as_str(), argument.at),
                        argument.value.clone(),
                    );
                }
                None => {
                    let inner = match &argument.value {
                        Value::Object(id) => match self.heap.get(*id) {
                            Object::Dict(items) => Some(items.clone()),
                            _ => None,
                        },
                        _ => None,
                    };
                    let inner = inner.or_else(|| {
                        let items = self.iterate(&argument.value)?;
                        items
                            .iter()
                            .map(|item| match self.iterate(item)?.as_slice() {
                                [key, value] => Some((key.clone(), value.clone())),
                                _ => None,
                            })
                            .collect()
                    });
                    let Some(inner) = inner else {
                        return Value::unknown(Reason::Element, at);
                    };
                    for (key, value) in inner {
                        self.put(&mut pairs, key, value);
                    }
                }
            }
        }
        Value::Object(self.heap.allocate(Object::Dict(pairs)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtins_are_sorted() {
        assert!(BUILTINS.is_sorted());
    }
}
