//! Built-in functions over the items of something.

use std::cmp::Ordering;
use std::rc::Rc;

use super::operators::order;
use super::{Host, Interpreter};
use crate::python::ast::{BinaryOp, Name};
use crate::python::value::{CallArgument, Object, Place, Reason, Value};

impl<H: Host> Interpreter<'_, H> {
    /// `None` for a function that is none of these.
    pub(super) fn sequence_function(
        &mut self,
        name: &Name,
        positional: &[Value],
        arguments: &[CallArgument],
        at: Place,
    ) -> Option<Value> {
        let keyword = |wanted: &str| {
            arguments
                .iter()
                .find(|argument| argument.name.as_deref() == Some(wanted))
                .map(|argument| argument.value.clone())
        };
        let items = match (name.as_str(), positional) {
            ("len", [only]) => self.length(only).map(Value::Int),
            ("range", [_, ..]) => Some(self.range(arguments, at)),
            ("enumerate", [items, rest @ ..]) => {
                let start = match rest.first().cloned().or_else(|| keyword("start")) {
                    None => Some(0),
                    Some(Value::Int(start)) => Some(start),
                    Some(_) => None,
                };
                self.iterate(items).zip(start).map(|(items, start)| {
                    let items = items.into_iter().enumerate().map(|(index, item)| {
                        let index = start.saturating_add(index as i64);
                        Value::Tuple(Rc::from([Value::Int(index), item]))
                    });
                    let items = items.collect();
                    self.sized_list(items, at)
                })
            }
            ("zip", _) => Some(self.zip(arguments, at)),
            ("reversed", [only]) => self.iterate(only).map(|mut items| {
                items.reverse();
                self.sized_list(items, at)
            }),
            ("sorted", [items]) => self
                .iterate(items)
                .and_then(|items| {
                    self.sort(
                        items,
                        keyword("key").as_ref(),
                        keyword("reverse").as_ref(),
                        at,
                    )
                })
                .map(|items| self.sized_list(items, at)),
            ("map", [function, columns @ ..]) => self.map(function, columns, at),
            ("filter", [function, items]) => self.filter(function, items, at),
            ("any" | "all", [items]) => self.quantified(name == "any", items),
            ("next", [iterator, default @ ..]) => self.next(iterator, default.first(), at),
            ("min" | "max", [_, ..]) => self.extreme(name == "min", positional, &keyword, at),
            ("sum", [items, start @ ..]) => {
                let start = start
                    .first()
                    .cloned()
                    .or_else(|| keyword("start"))
                    .unwrap_or(Value::Int(0));
                self.iterate(items).map(|items| {
                    items.iter().fold(start, |sum, item| {
                        self.binary(&sum, BinaryOp::Add, item, at)
                    })
                })
            }
            _ => return None,
        };
        Some(items.unwrap_or_else(|| Value::unknown(Reason::Call(name.clone()), at)))
    }

    /// `len(value)`; keys that may be equal are counted as not known.
    pub(super) fn length(&mut self, value: &Value) -> Option<i64> {
        if let Value::Str(_) = value {
            return Some(value.as_str()?.chars().count() as i64);
        }
        if let Value::Object(id) = value {
            let may_coincide = match self.heap.get(*id) {
                Object::Set(items) => items.len() > 1 && items.iter().any(is_vague),
                Object::Dict(pairs) => {
                    pairs.len() > 1 && pairs.iter().any(|pair| is_vague(&pair.0))
                }
                _ => false,
            };
            if may_coincide {
                return None;
            }
        }
        if let Value::Instance(_) = value {
            let method = self.attribute(value, &Name::new_static("__len__"), Place::default());
            if let Value::Method(_) = method {
                return match self.call_value(&method, Vec::new(), false, Place::default()) {
                    Value::Int(length) => Some(length),
                    _ => None,
                };
            }
        }
        self.iterate(value).map(|items| items.len() as i64)
    }

    /// Calls a function with one value.
    pub(super) fn call_with(&mut self, function: &Value, value: Value, at: Place) -> Value {
        let argument = CallArgument {
            name: None,
            value,
            at,
        };
        self.call_value(function, vec![argument], false, at)
    }

    fn range(&mut self, arguments: &[CallArgument], at: Place) -> Value {
        let numbers: Option<Vec<i64>> = arguments
            .iter()
            .map(|argument| match argument.value {
                Value::Int(number) => Some(number),
                _ => None,
            })
            .collect();
        let (start, end, step) = match numbers.as_deref() {
            Some([end]) => (0, *end, 1),
            Some([start, end]) => (*start, *end, 1),
            Some([start, end, step]) if *step != 0 => (*start, *end, *step),
            _ => return Value::unknown(Reason::Operation, at),
        };
        let mut items = Vec::new();
        let mut current = start;
        while (step > 0 && current < end) || (step < 0 && current > end) {
            if items.len() >= super::MAX_YIELDS {
                return Value::unknown(Reason::Limit("the length of a range"), at);
            }
            items.push(Value::Int(current));
            let Some(next) = current.checked_add(step) else {
                break;
            };
            current = next;
        }
        self.spend(items.len());
        Value::Object(self.heap.allocate(Object::List(items)))
    }

    fn zip(&mut self, arguments: &[CallArgument], at: Place) -> Value {
        let columns: Option<Vec<Vec<Value>>> = arguments
            .iter()
            .filter(|argument| argument.name.is_none())
            .map(|argument| self.iterate(&argument.value))
            .collect();
        let Some(columns) = columns else {
            return Value::unknown(Reason::Element, at);
        };
        let length = columns.iter().map(Vec::len).min().unwrap_or(0);
        self.spend(length * columns.len());
        let rows = (0..length)
            .map(|row| {
                Value::Tuple(
                    columns
                        .iter()
                        .filter_map(|column| column.get(row).cloned())
                        .collect(),
                )
            })
            .collect();
        Value::Object(self.heap.allocate(Object::List(rows)))
    }

    /// Sorts by a key; `None` where the order is not known.
    pub(super) fn sort(
        &mut self,
        items: Vec<Value>,
        key: Option<&Value>,
        reverse: Option<&Value>,
        at: Place,
    ) -> Option<Vec<Value>> {
        let reverse = match reverse {
            None => false,
            Some(value) => self.truth(value)?,
        };
        let mut keyed: Vec<(Value, Value)> = Vec::with_capacity(items.len());
        for item in items {
            let key = match key {
                None | Some(Value::None) => item.clone(),
                Some(key) => self.call_with(key, item.clone(), at),
            };
            if self.is_raising() {
                return None;
            }
            keyed.push((key, item));
        }
        self.spend(keyed.len() * 16);
        // Every pair has to be comparable, and by the same rule; neighbours stand for all.
        let comparable = keyed
            .windows(2)
            .all(|pair| matches!(pair, [one, other] if order(&one.0, &other.0).is_some()));
        if !comparable {
            return None;
        }
        keyed.sort_by(|one, other| {
            let ordering = order(&one.0, &other.0).unwrap_or(Ordering::Equal);
            if reverse {
                ordering.reverse()
            } else {
                ordering
            }
        });
        Some(keyed.into_iter().map(|(_, item)| item).collect())
    }

    fn map(&mut self, function: &Value, columns: &[Value], at: Place) -> Option<Value> {
        let columns: Vec<Vec<Value>> = columns
            .iter()
            .map(|column| self.iterate(column))
            .collect::<Option<_>>()?;
        let length = columns.iter().map(Vec::len).min()?;
        let mut results = Vec::with_capacity(length);
        for row in 0..length {
            let arguments = columns
                .iter()
                .filter_map(|column| column.get(row).cloned())
                .map(|value| CallArgument {
                    name: None,
                    value,
                    at,
                })
                .collect();
            results.push(self.call_value(function, arguments, false, at));
        }
        Some(self.sized_list(results, at))
    }

    fn filter(&mut self, function: &Value, items: &Value, at: Place) -> Option<Value> {
        let mut results = Vec::new();
        for item in self.iterate(items)? {
            let keep = match function {
                Value::None => item.clone(),
                _ => self.call_with(function, item.clone(), at),
            };
            if self.truth(&keep)? {
                results.push(item);
            }
        }
        Some(self.sized_list(results, at))
    }

    fn quantified(&mut self, decisive: bool, items: &Value) -> Option<Value> {
        let mut undecided = false;
        for item in &self.iterate(items)? {
            match self.truth(item) {
                Some(truth) if truth == decisive => return Some(Value::Bool(decisive)),
                Some(_) => {}
                None => undecided = true,
            }
        }
        (!undecided).then_some(Value::Bool(!decisive))
    }

    /// `next(iterator, default)`. What has been taken from a generator or `iter(…)` is gone.
    fn next(&mut self, iterator: &Value, default: Option<&Value>, at: Place) -> Option<Value> {
        let Value::Object(id) = iterator else {
            return None;
        };
        match self.heap.get_mut(*id) {
            Object::List(items) if !items.is_empty() => {
                let length = items.len();
                let first = items.remove(0);
                self.spend(length);
                Some(first)
            }
            Object::List(_) => default
                .cloned()
                .or_else(|| self.raise_if_guarded("StopIteration", at)),
            _ => None,
        }
    }

    fn extreme(
        &mut self,
        is_min: bool,
        positional: &[Value],
        keyword: &impl Fn(&str) -> Option<Value>,
        at: Place,
    ) -> Option<Value> {
        let items = match positional {
            [only] => self.iterate(only)?,
            several => several.to_vec(),
        };
        if items.is_empty() {
            return keyword("default");
        }
        let mut best: Option<(Value, Value)> = None;
        for item in items {
            let key = match keyword("key") {
                None | Some(Value::None) => item.clone(),
                Some(function) => self.call_with(&function, item.clone(), at),
            };
            let is_better = match &best {
                None => {
                    order(&key, &key)?;
                    true
                }
                Some((known, _)) => {
                    let ordering = order(&key, known)?;
                    if is_min {
                        ordering.is_lt()
                    } else {
                        ordering.is_gt()
                    }
                }
            };
            if is_better {
                best = Some((key, item));
            }
        }
        best.map(|(_, item)| item)
    }
}

/// True for a key of which it is not known which others it equals.
fn is_vague(value: &Value) -> bool {
    match value {
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Class(_) => false,
        Value::Str(_) => value.as_str().is_none(),
        Value::Tuple(items) => items.iter().any(is_vague),
        Value::Instance(_) => false,
        _ => true,
    }
}
