//! Methods of lists, sets, dicts and tuples.

use std::rc::Rc;

use super::subscripts::{Found, position};
use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{CallArgument, Object, ObjectId, Place, Reason, Unknown, Value};

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn call_method(
        &mut self,
        owner: &Value,
        name: &Name,
        arguments: &[CallArgument],
        at: Place,
    ) -> Value {
        let unknown = || Value::unknown(Reason::Call(name.clone()), at);
        match owner {
            Value::Str(text) => self.str_method(text, name, arguments, at),
            Value::Object(id) => {
                let id = *id;
                match self.heap.get(id) {
                    Object::List(_) => self.list_method(id, name, arguments, at),
                    Object::Set(_) => self.set_method(id, name, arguments, at),
                    Object::Dict(_) => self.dict_method(id, name, arguments, at),
                    Object::File(_) => self.file_method(id, name, arguments, at),
                    Object::Lost(unknown) => Value::Unknown(Rc::clone(unknown)),
                    _ => unknown(),
                }
            }
            Value::Tuple(items) => {
                let items = items.to_vec();
                self.search(&items, name, arguments, at)
                    .unwrap_or_else(unknown)
            }
            _ => unknown(),
        }
    }

    /// `index` and `count`. `None` where that is not known.
    fn search(
        &mut self,
        items: &[Value],
        name: &str,
        arguments: &[CallArgument],
        at: Place,
    ) -> Option<Value> {
        let [wanted] = arguments else { return None };
        self.spend(items.len());
        match name {
            "index" => match self.index_of(items, &wanted.value)? {
                Some(index) => Some(Value::Int(index as i64)),
                None => self.raise_if_guarded("ValueError", at),
            },
            "count" => {
                let mut count = 0;
                for item in items {
                    count += i64::from(self.equals(item, &wanted.value)?);
                }
                Some(Value::Int(count))
            }
            _ => None,
        }
    }

    /// Where an element is; the outer `None` means that this is not known.
    #[expect(
        clippy::option_option,
        reason = "not known, not there, there: three answers"
    )]
    fn index_of(&self, items: &[Value], wanted: &Value) -> Option<Option<usize>> {
        for (index, item) in items.iter().enumerate() {
            if self.equals(item, wanted)? {
                return Some(Some(index));
            }
        }
        Some(None)
    }

    fn list_method(
        &mut self,
        id: ObjectId,
        name: &Name,
        arguments: &[CallArgument],
        at: Place,
    ) -> Value {
        let unknown = || Value::unknown(Reason::Call(name.clone()), at);
        let value = |index: usize| {
            arguments
                .get(index)
                .filter(|argument| argument.name.is_none())
                .map(|argument| argument.value.clone())
        };
        let keyword = |wanted: &str| {
            arguments
                .iter()
                .find(|argument| argument.name.as_deref() == Some(wanted))
                .map(|argument| argument.value.clone())
        };
        let limit = self.limits.size;
        let items = self.heap.get(id).elements().unwrap_or_default();
        let length = items.len();
        match (name.as_str(), value(0)) {
            ("append", Some(item)) => {
                match self.heap.get_mut(id) {
                    Object::List(items) if length < limit => items.push(item),
                    object => *object = lost(at),
                }
                Value::None
            }
            ("extend", Some(more)) => {
                self.extend_list(id, &more, at);
                Value::None
            }
            ("index" | "count", Some(_)) => {
                let items = items.to_vec();
                self.search(&items, name, arguments, at)
                    .unwrap_or_else(unknown)
            }
            ("copy", None) => {
                let copy = self.heap.get(id).clone();
                self.spend(length);
                Value::Object(self.heap.allocate(copy))
            }
            ("insert", Some(Value::Int(index))) if length < limit => {
                self.spend(length);
                let index = if index < 0 {
                    index.saturating_add(length as i64).max(0)
                } else {
                    index
                };
                let index = usize::try_from(index).unwrap_or(length).min(length);
                if let (Object::List(items), Some(item)) = (self.heap.get_mut(id), value(1)) {
                    items.insert(index, item);
                }
                Value::None
            }
            ("pop", index) => {
                let index = match index {
                    None => -1,
                    Some(Value::Int(index)) => index,
                    Some(_) => {
                        *self.heap.get_mut(id) = lost(at);
                        return unknown();
                    }
                };
                self.spend(length);
                match (position(length, index), self.heap.get_mut(id)) {
                    (Some(index), Object::List(items)) => items.remove(index),
                    _ => self
                        .raise_if_guarded("IndexError", at)
                        .unwrap_or_else(unknown),
                }
            }
            ("remove", Some(wanted)) => {
                self.spend(length);
                let found = self.index_of(items, &wanted);
                match (found, self.heap.get_mut(id)) {
                    (Some(Some(index)), Object::List(items)) => {
                        items.remove(index);
                    }
                    (Some(None), _) => {
                        self.raise_if_guarded("ValueError", at);
                    }
                    (_, object) => *object = lost(at),
                }
                Value::None
            }
            ("reverse", None) => {
                self.spend(length);
                if let Object::List(items) = self.heap.get_mut(id) {
                    items.reverse();
                }
                Value::None
            }
            ("sort", None) => {
                let items = items.to_vec();
                let sorted = self.sort(
                    items,
                    keyword("key").as_ref(),
                    keyword("reverse").as_ref(),
                    at,
                );
                *self.heap.get_mut(id) = sorted.map_or_else(|| lost(at), Object::List);
                Value::None
            }
            ("clear", None) => {
                *self.heap.get_mut(id) = Object::List(Vec::new());
                Value::None
            }
            // Generators are lists here.
            ("close", None) => Value::None,
            ("__len__", None) => Value::Int(length as i64),
            // A method that is not modelled may change the object.
            _ => {
                *self.heap.get_mut(id) = lost(at);
                unknown()
            }
        }
    }

    fn set_method(
        &mut self,
        id: ObjectId,
        name: &Name,
        arguments: &[CallArgument],
        at: Place,
    ) -> Value {
        let unknown = || Value::unknown(Reason::Call(name.clone()), at);
        let items = self
            .heap
            .get(id)
            .elements()
            .map(<[Value]>::to_vec)
            .unwrap_or_default();
        self.spend(items.len());
        let operands: Option<Vec<Vec<Value>>> = arguments
            .iter()
            .map(|argument| match name.as_str() {
                "add" | "discard" | "remove" => Some(vec![argument.value.clone()]),
                _ => self.iterate(&argument.value),
            })
            .collect();
        let Some(operands) = operands else {
            if !matches!(
                name.as_str(),
                "union"
                    | "intersection"
                    | "difference"
                    | "symmetric_difference"
                    | "issubset"
                    | "issuperset"
                    | "isdisjoint"
            ) {
                *self.heap.get_mut(id) = lost(at);
            }
            return unknown();
        };
        let all = |this: &mut Self, method: &str| {
            operands.iter().try_fold(items.clone(), |items, more| {
                this.combine_sets(method, &items, more)
            })
        };
        let first = operands.first().map_or(&[] as &[Value], Vec::as_slice);
        match name.as_str() {
            "copy" => Value::Object(self.heap.allocate(Object::Set(items))),
            "union" | "intersection" | "difference" | "symmetric_difference" => {
                match all(self, name) {
                    Some(items) => Value::Object(self.heap.allocate(Object::Set(items))),
                    None => unknown(),
                }
            }
            "add"
            | "update"
            | "discard"
            | "difference_update"
            | "intersection_update"
            | "symmetric_difference_update" => {
                let method = match name.as_str() {
                    "add" | "update" => "union",
                    "discard" => "difference",
                    other => other.trim_end_matches("_update"),
                };
                let object = all(self, method).map_or_else(|| lost(at), Object::Set);
                *self.heap.get_mut(id) = object;
                Value::None
            }
            "remove" => {
                match self.combine_sets("difference", &items, first) {
                    Some(left) if left.len() == items.len() => {
                        self.raise_if_guarded("KeyError", at);
                    }
                    left => {
                        let object = left.map_or_else(|| lost(at), Object::Set);
                        *self.heap.get_mut(id) = object;
                    }
                }
                Value::None
            }
            "issubset" | "issuperset" | "isdisjoint" => {
                let (inner, outer) = if name == "issuperset" {
                    (first.to_vec(), items)
                } else {
                    (items, first.to_vec())
                };
                let method = if name == "isdisjoint" {
                    "intersection"
                } else {
                    "difference"
                };
                self.combine_sets(method, &inner, &outer)
                    .map_or_else(unknown, |left| Value::Bool(left.is_empty()))
            }
            "clear" => {
                *self.heap.get_mut(id) = Object::Set(Vec::new());
                Value::None
            }
            // Which element `pop` takes is not defined.
            _ => {
                *self.heap.get_mut(id) = lost(at);
                unknown()
            }
        }
    }

    /// Combines two sets; `None` where it is not known which elements are equal.
    pub(super) fn combine_sets(
        &mut self,
        method: &str,
        items: &[Value],
        more: &[Value],
    ) -> Option<Vec<Value>> {
        let contains = |this: &Self, items: &[Value], wanted: &Value| {
            this.spend(items.len());
            if this.fuel.get() == 0 {
                return None;
            }
            Some(this.index_of(items, wanted)?.is_some())
        };
        let mut combined = Vec::new();
        for item in items {
            let keep = match method {
                "union" => true,
                "intersection" => contains(self, more, item)?,
                _ => !contains(self, more, item)?,
            };
            if keep {
                combined.push(item.clone());
            }
        }
        if matches!(method, "union" | "symmetric_difference") {
            for item in more {
                // Twice the same in what is added counts once.
                if !contains(self, items, item)? && !contains(self, &combined, item)? {
                    combined.push(item.clone());
                }
            }
        }
        Some(combined)
    }

    fn dict_method(
        &mut self,
        id: ObjectId,
        name: &Name,
        arguments: &[CallArgument],
        at: Place,
    ) -> Value {
        let unknown = || Value::unknown(Reason::Call(name.clone()), at);
        let value = |index: usize| arguments.get(index).map(|argument| argument.value.clone());
        let dict = Value::Object(id);
        match (name.as_str(), value(0)) {
            ("items", None) => self.dict_parts(id, |key, value| {
                Value::Tuple(Rc::from([key.clone(), value.clone()]))
            }),
            ("keys", None) => self.dict_parts(id, |key, _| key.clone()),
            ("values", None) => self.dict_parts(id, |_, value| value.clone()),
            ("copy", None) => {
                let copy = self.heap.get(id).clone();
                if let Object::Dict(pairs) = &copy {
                    self.spend(pairs.len());
                }
                let factory = self.default_factories.get(&id).cloned();
                let copy = self.heap.allocate(copy);
                if let Some(factory) = factory {
                    self.default_factories.insert(copy, factory);
                }
                Value::Object(copy)
            }
            ("get", Some(key)) => {
                // `get` does not ask a `defaultdict` for its default.
                let factory = self.default_factories.remove(&id);
                let found = self.find_item(&dict, &key, at);
                if let Some(factory) = factory {
                    self.default_factories.insert(id, factory);
                }
                match found {
                    Found::Value(found) => found,
                    Found::Missing(_) => value(1).unwrap_or(Value::None),
                }
            }
            ("setdefault", Some(key)) => {
                let factory = self.default_factories.remove(&id);
                let found = self.find_item(&dict, &key, at);
                if let Some(factory) = factory {
                    self.default_factories.insert(id, factory);
                }
                match found {
                    Found::Value(Value::Unknown(reason)) if !self.holds(id, &key) => {
                        *self.heap.get_mut(id) = lost(at);
                        Value::Unknown(reason)
                    }
                    Found::Value(found) => found,
                    Found::Missing(_) => {
                        let default = value(1).unwrap_or(Value::None);
                        self.set_item(&dict, &key, default.clone(), at);
                        default
                    }
                }
            }
            ("pop", Some(key)) => {
                let factory = self.default_factories.remove(&id);
                let found = self.find_item(&dict, &key, at);
                let result = match (found, value(1)) {
                    (Found::Value(found), _) => {
                        self.delete_item(&dict, &key, at);
                        found
                    }
                    (Found::Missing(_), Some(default)) => default,
                    (Found::Missing(exception), None) => {
                        self.raise_if_guarded(exception, at).unwrap_or_else(unknown)
                    }
                };
                if let Some(factory) = factory {
                    self.default_factories.insert(id, factory);
                }
                result
            }
            ("popitem", None) => match self.heap.get_mut(id) {
                Object::Dict(pairs) => pairs
                    .pop()
                    .map_or_else(unknown, |(key, value)| Value::Tuple(Rc::from([key, value]))),
                _ => unknown(),
            },
            ("update", _) => {
                let more = self.build_dict(arguments, at);
                let more = match &more {
                    Value::Object(more) => match self.heap.get(*more) {
                        Object::Dict(more) => Some(more.clone()),
                        _ => None,
                    },
                    _ => None,
                };
                match more {
                    Some(more) => {
                        for (key, value) in more {
                            self.set_item(&dict, &key, value, at);
                        }
                    }
                    None => *self.heap.get_mut(id) = lost(at),
                }
                Value::None
            }
            ("clear", None) => {
                *self.heap.get_mut(id) = Object::Dict(Vec::new());
                Value::None
            }
            ("most_common", limit) => {
                let limit = match limit {
                    None | Some(Value::None) => Some(None),
                    Some(Value::Int(limit)) => Some(Some(limit)),
                    Some(_) => None,
                };
                limit
                    .and_then(|limit| self.most_common(id, limit, at))
                    .unwrap_or_else(unknown)
            }
            // A method that is not modelled may change the object.
            _ => {
                *self.heap.get_mut(id) = lost(at);
                unknown()
            }
        }
    }

    /// True if a dict certainly has a key.
    fn holds(&self, id: ObjectId, wanted: &Value) -> bool {
        match self.heap.get(id) {
            Object::Dict(pairs) => pairs
                .iter()
                .any(|(key, _)| self.equals(key, wanted) == Some(true)),
            _ => false,
        }
    }

    fn dict_parts(&mut self, id: ObjectId, part: impl Fn(&Value, &Value) -> Value) -> Value {
        let parts: Vec<Value> = match self.heap.get(id) {
            Object::Dict(pairs) => pairs.iter().map(|(key, value)| part(key, value)).collect(),
            _ => Vec::new(),
        };
        self.spend(parts.len());
        Value::Object(self.heap.allocate(Object::List(parts)))
    }
}

pub(super) fn lost(at: Place) -> Object {
    Object::Lost(Rc::new(Unknown {
        reason: Reason::Element,
        at,
    }))
}
