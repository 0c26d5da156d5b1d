//! Subscripts, slices and iteration.

use std::rc::Rc;

use super::{Host, Interpreter};
use crate::python::value::{Object, Place, Reason, SymbolKind, Value};

impl<H: Host> Interpreter<'_, H> {
    /// The items `for` would see; `None` where they are not known.
    pub(super) fn iterate(&mut self, value: &Value) -> Option<Vec<Value>> {
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
                _ => None,
            },
            Value::Class(id) if self.is_enum(*id) => Some(
                self.members(*id)
                    .into_iter()
                    .map(|(_, member)| Value::Instance(member))
                    .collect(),
            ),
            Value::Symbol(_) => H::iterate(self, value),
            _ => None,
        }
    }

    /// `value[index]`
    pub(super) fn item(&mut self, value: &Value, index: &Value, at: Place) -> Value {
        let unknown = || Value::unknown(Reason::Element, at);
        match value {
            Value::Unknown(reason) => Value::Unknown(Rc::clone(reason)),
            Value::Symbol(_) | Value::Builtin(_) => Value::symbol(
                SymbolKind::Item {
                    base: value.clone(),
                    key: index.clone(),
                },
                at,
            ),
            Value::Class(id) if self.is_enum(*id) => {
                let member = index.as_str().and_then(|name| {
                    self.members(*id)
                        .into_iter()
                        .find(|(member, _)| **member == **name)
                });
                member.map_or_else(unknown, |(_, member)| Value::Instance(member))
            }
            Value::Class(_) => Value::symbol(
                SymbolKind::Item {
                    base: value.clone(),
                    key: index.clone(),
                },
                at,
            ),
            Value::Object(id) => match (self.heap.get(*id), index) {
                (Object::List(items), Value::Int(number)) => position(items.len(), *number)
                    .and_then(|at| items.get(at).cloned())
                    .unwrap_or_else(unknown),
                (Object::Dict(items), _) => {
                    let mut found = None;
                    for (key, value) in items {
                        match self.equals(key, index) {
                            Some(true) => found = Some(value.clone()),
                            Some(false) => {}
                            None => return unknown(),
                        }
                    }
                    found.unwrap_or_else(unknown)
                }
                (Object::Lost(reason), _) => Value::Unknown(Rc::clone(reason)),
                _ => unknown(),
            },
            Value::Tuple(items) => match index {
                Value::Int(number) => position(items.len(), *number)
                    .and_then(|at| items.get(at).cloned())
                    .unwrap_or_else(unknown),
                _ => unknown(),
            },
            Value::Str(_) => match (value.as_str(), index) {
                (Some(text), Value::Int(number)) => {
                    let chars: Vec<char> = text.chars().collect();
                    position(chars.len(), *number)
                        .and_then(|at| chars.get(at))
                        .map_or_else(unknown, |c| Value::known_str(c.to_string(), at))
                }
                _ => unknown(),
            },
            _ => unknown(),
        }
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
        let Value::Object(id) = object else { return };
        let mut new = self.heap.get(*id).clone();
        match (&mut new, index) {
            (Object::Dict(pairs), _) if !index.is_unknown() => {
                self.put(pairs, index.clone(), value);
            }
            (Object::List(items), Value::Int(number)) => {
                if let Some(slot) = position(items.len(), *number).and_then(|at| items.get_mut(at))
                {
                    *slot = value;
                }
            }
            _ => {
                let reason = Reason::Element;
                new = Object::Lost(Rc::new(crate::python::value::Unknown { reason, at }));
            }
        }
        *self.heap.get_mut(*id) = new;
    }

    pub(super) fn delete_item(&mut self, object: &Value, index: &Value, at: Place) {
        let Value::Object(id) = object else { return };
        let mut new = self.heap.get(*id).clone();
        match (&mut new, index) {
            (Object::Dict(pairs), _) if index.as_str().is_some() => {
                pairs.retain(|(key, _)| self.equals(key, index) != Some(true));
            }
            (Object::List(items), Value::Int(number)) => {
                if let Some(at) = position(items.len(), *number) {
                    items.remove(at);
                }
            }
            _ => {
                let reason = Reason::Element;
                new = Object::Lost(Rc::new(crate::python::value::Unknown { reason, at }));
            }
        }
        *self.heap.get_mut(*id) = new;
    }
}

/// A Python index as an offset, negative ones counted from the end.
pub(super) fn position(length: usize, index: i64) -> Option<usize> {
    let index = if index < 0 {
        index + length as i64
    } else {
        index
    };
    usize::try_from(index).ok().filter(|index| *index < length)
}

/// The offsets a slice takes from a sequence of this length.
fn slice_indices(length: usize, lower: Option<i64>, upper: Option<i64>, step: i64) -> Vec<usize> {
    let length = length as i64;
    let clamp = |bound: i64, low: i64, high: i64| {
        let bound = if bound < 0 { bound + length } else { bound };
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
