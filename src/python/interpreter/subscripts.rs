//! Subscripts, slices and iteration.

use std::rc::Rc;

use super::regular::match_group;
use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{CallArgument, Object, ObjectId, Place, Reason, SymbolKind, Value};

impl<H: Host> Interpreter<'_, H> {
    /// The items `for` would see; `None` where they are not known.
    pub(super) fn iterate(&mut self, value: &Value) -> Option<Vec<Value>> {
        let items = self.items_of(value);
        self.spend(items.as_ref().map_or(0, Vec::len));
        items
    }

    fn items_of(&mut self, value: &Value) -> Option<Vec<Value>> {
        match value {
            Value::Tuple(items) => Some(items.to_vec()),
            Value::Str(text) => {
                let known = value.as_str()?;
                Some(
                    known
                        .chars()
                        .map(|c| Value::known_str(c.to_string(), text.at))
                        .collect(),
                )
            }
            Value::Object(id) => match self.heap.get(*id) {
                Object::List(items) | Object::Set(items) => Some(items.clone()),
                Object::Dict(items) => Some(items.iter().map(|(key, _)| key.clone()).collect()),
                Object::File(lines) => Some(lines.clone()),
                _ => None,
            },
            Value::Symbol(_) => Self::module_info_items(value).or_else(|| H::iterate(self, value)),
            Value::Class(id) if self.is_enum(*id) => {
                let members = self.members_without_aliases(*id).into_iter();
                Some(members.map(|(_, member)| Value::Instance(member)).collect())
            }
            Value::Instance(id) => self.tuple_values(*id),
            _ => None,
        }
    }

    /// `value[index]`
    pub(super) fn item(&mut self, value: &Value, index: &Value, at: Place) -> Value {
        match self.find_item(value, index, at) {
            Found::Value(value) => value,
            Found::Missing(exception) => self
                .raise_if_guarded(exception, at)
                .unwrap_or_else(|| Value::unknown(Reason::Element, at)),
        }
    }

    /// `value[index]`, without raising where there is certainly no such element.
    pub(super) fn find_item(&mut self, value: &Value, index: &Value, at: Place) -> Found {
        let unknown = || Found::Value(Value::unknown(Reason::Element, at));
        let symbolic = || {
            Found::Value(Value::symbol(
                SymbolKind::Item {
                    base: value.clone(),
                    key: index.clone(),
                },
                at,
            ))
        };
        match value {
            Value::Unknown(reason) => Found::Value(Value::Unknown(Rc::clone(reason))),
            Value::Symbol(_)
                if matches!(index, Value::Int(0))
                    && Self::is_named(value, &["sys.version_info"]) =>
            {
                Found::Value(Value::Int(3))
            }
            Value::Symbol(_) | Value::Builtin(_) => {
                match_group(value, index).map_or_else(symbolic, Found::Value)
            }
            Value::Class(id) if self.is_enum(*id) => {
                let Some(name) = index.as_str() else {
                    return unknown();
                };
                let members = self.members(*id);
                let member = members.into_iter().find(|(member, _)| **member == **name);
                member.map_or(Found::Missing("KeyError"), |(_, member)| {
                    Found::Value(Value::Instance(member))
                })
            }
            Value::Class(_) => symbolic(),
            Value::Object(id) => match self.heap.get(*id) {
                Object::List(items) => at_index(items, index).unwrap_or_else(unknown),
                Object::Dict(_) => self.dict_item(*id, index, at).unwrap_or_else(unknown),
                Object::Lost(reason) => Found::Value(Value::Unknown(Rc::clone(reason))),
                _ => unknown(),
            },
            Value::Tuple(items) => at_index(items, index).unwrap_or_else(unknown),
            Value::Str(_) => match (value.as_str(), index) {
                (Some(text), Value::Int(number)) => {
                    let chars: Vec<char> = text.chars().collect();
                    position(chars.len(), *number)
                        .and_then(|at| chars.get(at))
                        .map_or(Found::Missing("IndexError"), |c| {
                            Found::Value(Value::known_str(c.to_string(), at))
                        })
                }
                _ => unknown(),
            },
            Value::Instance(id) => {
                if let Some(items) = self.tuple_values(*id) {
                    return at_index(&items, index).unwrap_or_else(unknown);
                }
                let method = self.attribute(value, &Name::new_static("__getitem__"), at);
                if let Value::Method(_) = method {
                    let argument = CallArgument {
                        name: None,
                        value: index.clone(),
                        at,
                    };
                    return Found::Value(self.call_value(&method, vec![argument], false, at));
                }
                unknown()
            }
            _ => unknown(),
        }
    }

    fn dict_item(&mut self, id: ObjectId, index: &Value, at: Place) -> Option<Found> {
        let Object::Dict(pairs) = self.heap.get(id) else {
            return None;
        };
        let cost = pairs.len();
        let mut found = None;
        for (key, value) in pairs {
            match self.equals(key, index) {
                Some(true) => found = Some(value.clone()),
                Some(false) => {}
                None => return None,
            }
        }
        self.spend(cost);
        if let Some(found) = found {
            return Some(Found::Value(found));
        }
        let Some(factory) = self.default_factories.get(&id).cloned() else {
            return Some(Found::Missing("KeyError"));
        };
        let value = self.call_value(&factory, Vec::new(), false, at);
        if let Object::Dict(pairs) = self.heap.get_mut(id) {
            pairs.push((index.clone(), value.clone()));
        }
        Some(Found::Value(value))
    }

    /// `value[lower:upper:step]`
    pub(super) fn slice(&mut self, value: &Value, bounds: &[Value; 3], at: Place) -> Value {
        let bound = |value: &Value| match value {
            Value::None => Some(None),
            Value::Int(number) => Some(Some(*number)),
            _ => None,
        };
        let [lower, upper, step] = bounds;
        let (Some(lower), Some(upper), Some(step)) = (bound(lower), bound(upper), bound(step))
        else {
            return Value::unknown(Reason::Operation, at);
        };
        let length = match value {
            Value::Str(_) => value.as_str().map_or(0, |text| text.len()),
            _ => self.heap.elements(value).map_or(0, <[Value]>::len),
        };
        self.spend(length);
        let pick = |length: usize| slice_indices(length, lower, upper, step.unwrap_or(1));
        match value {
            Value::Str(_) => match value.as_str() {
                Some(text) => {
                    let chars: Vec<char> = text.chars().collect();
                    let picked: String = pick(chars.len())
                        .into_iter()
                        .filter_map(|at| chars.get(at))
                        .collect();
                    Value::known_str(picked, at)
                }
                None => Value::unknown(Reason::Operation, at),
            },
            Value::Tuple(items) => Value::Tuple(
                pick(items.len())
                    .into_iter()
                    .filter_map(|at| items.get(at).cloned())
                    .collect(),
            ),
            Value::Object(id) => match self.heap.get(*id) {
                Object::List(items) => {
                    let picked = pick(items.len())
                        .into_iter()
                        .filter_map(|at| items.get(at).cloned())
                        .collect();
                    Value::Object(self.heap.allocate(Object::List(picked)))
                }
                _ => Value::unknown(Reason::Operation, at),
            },
            Value::Unknown(unknown) => Value::Unknown(Rc::clone(unknown)),
            _ => Value::unknown(Reason::Operation, at),
        }
    }

    pub(super) fn set_item(&mut self, object: &Value, index: &Value, value: Value, at: Place) {
        let id = match object {
            Value::Object(id) => *id,
            Value::Instance(_) => {
                let method = self.attribute(object, &Name::new_static("__setitem__"), at);
                if let Value::Method(_) = method {
                    let arguments = [index.clone(), value].map(|value| CallArgument {
                        name: None,
                        value,
                        at,
                    });
                    self.call_value(&method, arguments.into(), false, at);
                }
                return;
            }
            _ => return,
        };
        if let (Some(names), Some(name)) = (self.given_namespaces.get(&id).copied(), index.as_str())
            && let Some(namespace) = self.heap.namespace_mut(names)
        {
            namespace.names.insert(Name::new(&**name), value.clone());
        }
        match (self.heap.get(id), as_index(index)) {
            (Object::Dict(_), _) if !index.is_unknown() => {
                let Object::Dict(mut pairs) =
                    std::mem::replace(self.heap.get_mut(id), Object::Dict(Vec::new()))
                else {
                    return;
                };
                self.put(&mut pairs, index.clone(), value);
                *self.heap.get_mut(id) = Object::Dict(pairs);
            }
            (Object::List(items), Some(number)) => {
                let place = position(items.len(), number);
                match (place, self.heap.get_mut(id)) {
                    (Some(place), Object::List(items)) => {
                        if let Some(slot) = items.get_mut(place) {
                            *slot = value;
                        }
                    }
                    _ => {
                        self.raise_if_guarded("IndexError", at);
                    }
                }
            }
            _ => *self.heap.get_mut(id) = super::methods::lost(at),
        }
    }

    pub(super) fn delete_item(&mut self, object: &Value, index: &Value, at: Place) {
        let Value::Object(id) = object else { return };
        let mut new = self.heap.get(*id).clone();
        match (&mut new, as_index(index)) {
            (Object::Dict(pairs), _) => {
                self.spend(pairs.len());
                let decided: Option<Vec<bool>> = pairs
                    .iter()
                    .map(|(key, _)| self.equals(key, index))
                    .collect();
                match decided {
                    Some(decided) if decided.contains(&true) => {
                        let mut decided = decided.into_iter();
                        pairs.retain(|_| decided.next() != Some(true));
                    }
                    Some(_) => {
                        self.raise_if_guarded("KeyError", at);
                    }
                    None => new = super::methods::lost(at),
                }
            }
            (Object::List(items), Some(number)) => {
                self.spend(items.len());
                if let Some(at) = position(items.len(), number) {
                    items.remove(at);
                }
            }
            _ => new = super::methods::lost(at),
        }
        *self.heap.get_mut(*id) = new;
    }
}

/// What a lookup has found.
pub(super) enum Found {
    /// An element, possibly not known.
    Value(Value),
    /// Certainly nothing: this is what Python raises.
    Missing(&'static str),
}

fn at_index(items: &[Value], index: &Value) -> Option<Found> {
    let index = as_index(index)?;
    Some(
        position(items.len(), index)
            .and_then(|at| items.get(at).cloned())
            .map_or(Found::Missing("IndexError"), Found::Value),
    )
}

fn as_index(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(flag) => Some(i64::from(*flag)),
        _ => None,
    }
}

/// A Python index as an offset, negative ones counted from the end.
pub(super) fn position(length: usize, index: i64) -> Option<usize> {
    let index = if index < 0 {
        index.checked_add(length as i64)?
    } else {
        index
    };
    usize::try_from(index).ok().filter(|index| *index < length)
}

/// The offsets a slice takes from a sequence of this length.
fn slice_indices(length: usize, lower: Option<i64>, upper: Option<i64>, step: i64) -> Vec<usize> {
    let length = length as i64;
    let clamp = |bound: i64, low: i64, high: i64| {
        let bound = if bound < 0 {
            bound.saturating_add(length)
        } else {
            bound
        };
        bound.clamp(low, high)
    };
    let mut indices = Vec::new();
    if step > 0 {
        let mut at = lower.map_or(0, |bound| clamp(bound, 0, length));
        let end = upper.map_or(length, |bound| clamp(bound, 0, length));
        while at < end {
            indices.extend(usize::try_from(at).ok());
            at = at.saturating_add(step);
        }
    } else if step < 0 {
        let mut at = lower.map_or(length - 1, |bound| clamp(bound, -1, length - 1));
        let end = upper.map_or(-1, |bound| clamp(bound, -1, length - 1));
        while at > end {
            indices.extend(usize::try_from(at).ok());
            at = at.saturating_add(step);
        }
    }
    indices
}
