//! Built-in functions that look at types and attributes.

use super::operators::type_name;
use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Object, ObjectId, Place, SymbolKind, Value};

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn reflection(
        &mut self,
        name: &Name,
        positional: &[Value],
        at: Place,
    ) -> Option<Value> {
        match (name.as_str(), positional) {
            ("isinstance", [value, class]) => self.is_instance(value, class).map(Value::Bool),
            ("issubclass", [class, of]) => self.is_subclass(class, of).map(Value::Bool),
            ("getattr", [object, attribute, rest @ ..]) => {
                let attribute = Name::new(&**attribute.as_str()?);
                match (self.has_attribute(object, &attribute), rest) {
                    (Some(false), [default]) => Some(default.clone()),
                    (None, [_]) if !matches!(object, Value::Symbol(_)) => None,
                    _ => Some(self.attribute(object, &attribute, at)),
                }
            }
            ("hasattr", [object, attribute]) => {
                let attribute = Name::new(&**attribute.as_str()?);
                self.has_attribute(object, &attribute).map(Value::Bool)
            }
            ("setattr", [object, attribute, value]) => {
                match attribute.as_str() {
                    Some(attribute) => {
                        self.set_attribute(object, &Name::new(&**attribute), value.clone());
                    }
                    None => self.lose_attributes(object, at),
                }
                Some(Value::None)
            }
            ("delattr", [object, _]) => {
                self.lose_attributes(object, at);
                Some(Value::None)
            }
            (
                "callable",
                [Value::Function(_) | Value::Method(_) | Value::Class(_) | Value::Builtin(_)],
            ) => Some(Value::Bool(true)),
            (
                "callable",
                [
                    Value::None
                    | Value::Bool(_)
                    | Value::Int(_)
                    | Value::Float(_)
                    | Value::Str(_)
                    | Value::Tuple(_),
                ],
            ) => Some(Value::Bool(false)),
            ("type", [value]) => match value {
                Value::Instance(id) => match self.heap.get(*id) {
                    Object::Instance(instance) => Some(Value::Class(instance.class)),
                    _ => None,
                },
                Value::Object(id) => self
                    .object_type(*id)
                    .map(|name| Value::Builtin(name.into())),
                _ => type_name(value)
                    .filter(|name| name != "NoneType")
                    .map(Value::Builtin),
            },
            ("type", [_, _, _]) => {
                let arguments: Vec<CallArgument> = positional
                    .iter()
                    .map(|value| CallArgument {
                        name: None,
                        value: value.clone(),
                        at,
                    })
                    .collect();
                self.class_of_three(&arguments, at)
            }
            ("vars", [Value::Instance(id)]) => {
                let Object::Instance(instance) = self.heap.get(*id) else {
                    return None;
                };
                let pairs = instance
                    .names
                    .iter()
                    .map(|(name, value)| (Value::known_str(name.as_str(), at), value.clone()))
                    .collect();
                Some(Value::Object(self.heap.allocate(Object::Dict(pairs))))
            }
            ("open", [_, ..]) => self.open_file(positional, at).or_else(|| {
                Some(Value::symbol(
                    SymbolKind::Call(Call {
                        callee: Value::name("builtins.open", at),
                        arguments: Vec::new(),
                        open: true,
                    }),
                    at,
                ))
            }),
            _ => None,
        }
    }

    fn object_type(&self, id: ObjectId) -> Option<&'static str> {
        match self.heap.get(id) {
            Object::List(_) => Some("list"),
            Object::Set(_) => Some("set"),
            Object::Dict(_) => Some("dict"),
            _ => None,
        }
    }

    /// Whether an object has an attribute, where that can be told.
    pub(super) fn has_attribute(&mut self, object: &Value, name: &Name) -> Option<bool> {
        let class = match object {
            Value::Instance(id) => match self.heap.get(*id) {
                Object::Instance(instance) => {
                    if instance.names.contains_key(name) {
                        return Some(true);
                    }
                    instance.class
                }
                _ => return None,
            },
            Value::Class(id) => *id,
            Value::Module(id) => {
                let known = self.attribute(object, name, Place::default());
                if !known.is_unknown() {
                    return Some(true);
                }
                let names = self.heap.module(*id)?.scope.names;
                let namespace = self.heap.namespace(names)?;
                return (namespace.stars.is_empty() && !namespace.names.contains_key(name))
                    .then_some(false);
            }
            Value::Import(_) => {
                let object = self.force(object.clone());
                return match object {
                    Value::Import(_) => None,
                    object => self.has_attribute(&object, name),
                };
            }
            Value::None if !name.starts_with("__") => return Some(false),
            Value::Symbol(_) => return H::has_attribute(self, object, name),
            _ => return None,
        };
        if self.inherited_attribute(class, name).is_some() {
            return Some(true);
        }
        let (_, outside) = self.ancestry(class);
        let is_plain = outside.iter().all(|base| Self::is_named(base, &["object"]));
        let is_dynamic = self.inherited_attribute(class, "__getattr__").is_some();
        (is_plain && !is_dynamic && !name.starts_with("__")).then_some(false)
    }

    /// An attribute whose name is not known was changed.
    fn lose_attributes(&mut self, object: &Value, at: Place) {
        let unknown = Value::unknown(
            crate::python::value::Reason::Unsupported("a computed attribute"),
            at,
        );
        let names = match object {
            Value::Instance(id) => {
                if let Object::Instance(instance) = self.heap.get_mut(*id) {
                    for value in instance.names.values_mut() {
                        *value = unknown.clone();
                    }
                }
                return;
            }
            Value::Class(id) => self.class(*id).map(|class| class.scope.names),
            Value::Module(id) => self.heap.module(*id).map(|module| module.scope.names),
            _ => None,
        };
        if let Some(namespace) = names.and_then(|names| self.heap.namespace_mut(names)) {
            for (name, value) in &mut namespace.names {
                // Nobody computes `__tablename__` and its like.
                if !name.starts_with("__") {
                    *value = unknown.clone();
                }
            }
        }
    }

    pub(super) fn is_instance(&mut self, value: &Value, class: &Value) -> Option<bool> {
        if let Value::Tuple(classes) = class {
            let mut decided = Some(false);
            for class in classes.iter() {
                match self.is_instance(value, class) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => decided = None,
                }
            }
            return decided;
        }
        match (value, class) {
            (Value::Instance(id), _) => {
                let Object::Instance(instance) = self.heap.get(*id) else {
                    return None;
                };
                let own = Value::Class(instance.class);
                self.is_subclass(&own, class)
            }
            (Value::Object(id), Value::Builtin(name)) => {
                let actual = self.object_type(*id)?;
                Some(actual == name || name == "object")
            }
            (_, Value::Builtin(name)) => {
                let actual = type_name(value)?;
                Some(actual == *name || (actual == "bool" && name == "int") || name == "object")
            }
            (
                Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_),
                Value::Class(_),
            ) => Some(false),
            // A class with bases outside the repository makes what is only known as its call.
            (Value::Symbol(symbol), _)
                if let SymbolKind::Call(call) = &symbol.kind
                    && matches!(call.callee, Value::Class(_))
                    && self.is_subclass(&call.callee.clone(), class) == Some(true) =>
            {
                Some(true)
            }
            (Value::Symbol(_), _) => H::is_instance(self, value, class).or_else(|| {
                self.is_exception_of(value, class).filter(|_| {
                    // Only of what was raised is it known that it is an exception.
                    self.handling
                        .iter()
                        .any(|handled| self.heap.same(handled, value))
                })
            }),
            _ => None,
        }
    }

    fn is_subclass(&mut self, class: &Value, of: &Value) -> Option<bool> {
        if let Value::Tuple(classes) = of {
            let mut decided = Some(false);
            for of in classes.iter() {
                match self.is_subclass(class, of) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => decided = None,
                }
            }
            return decided;
        }
        match (class, of) {
            (Value::Class(id), _) => {
                let (order, outside) = self.ancestry(*id);
                if let Value::Class(of) = of
                    && order.contains(of)
                {
                    return Some(true);
                }
                if outside.iter().any(|base| self.heap.same(base, of))
                    || Self::is_named(of, &["object"])
                {
                    return Some(true);
                }
                // What a library's class descends from is not known, except that it is nothing of the repository.
                let all_outside_known = outside
                    .iter()
                    .all(|base| matches!(base, Value::Builtin(_)) || self.is_enum(*id));
                match of {
                    Value::Class(_) => outside
                        .iter()
                        .all(|base| matches!(base, Value::Builtin(_) | Value::Symbol(_)))
                        .then_some(false),
                    Value::Builtin(name) if all_outside_known => match name.as_str() {
                        "str" | "int" | "float" | "list" | "dict" | "tuple" | "set" | "bool" => {
                            let mixes = outside.iter().any(|base| {
                                Self::is_named(base, &["enum.StrEnum"]) && name == "str"
                                    || Self::is_named(base, &["enum.IntEnum", "enum.IntFlag"])
                                        && name == "int"
                            });
                            Some(mixes)
                        }
                        _ => None,
                    },
                    _ => None,
                }
            }
            (Value::Builtin(one), Value::Builtin(other)) => {
                if one == other || other == "object" || (one == "bool" && other == "int") {
                    Some(true)
                } else if crate::python::exception_hierarchy::is_known_exception(one) {
                    self.is_exception_of(class, of)
                } else {
                    Some(false)
                }
            }
            _ => None,
        }
    }
}
