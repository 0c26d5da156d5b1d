//! Truth, equality, operators, subscripts and iteration.

use std::rc::Rc;

use super::text::TextBuilder;
use super::{Host, Interpreter};
use crate::python::ast::{BinaryOp, CompareOp, Name, UnaryOp};
use crate::python::value::{Object, Pieces, Place, Reason, SymbolKind, Text, Value};

impl<H: Host> Interpreter<'_, H> {
    /// `bool(value)`; `None` where it is not known.
    pub fn truth(&self, value: &Value) -> Option<bool> {
        match value {
            Value::None => Some(false),
            Value::Bool(value) => Some(*value),
            Value::Int(value) => Some(*value != 0),
            Value::Float(value) => Some(*value != 0.0),
            Value::Str(text) => match &text.pieces {
                Pieces::Known(known) => Some(!known.is_empty()),
                // A known piece makes it not empty, whatever the holes hold.
                Pieces::Partial(pieces) => pieces
                    .iter()
                    .any(|piece| matches!(piece, crate::python::value::Piece::Known(known) if !known.is_empty()))
                    .then_some(true),
            },
            Value::Tuple(items) => Some(!items.is_empty()),
            Value::Object(id) => match self.heap.get(*id) {
                Object::List(items) | Object::Set(items) => Some(!items.is_empty()),
                Object::Dict(items) => Some(!items.is_empty()),
                _ => None,
            },
            Value::Function(_)
            | Value::Method(_)
            | Value::Class(_)
            | Value::Module(_)
            | Value::Builtin(_)
            | Value::BuiltinMethod(_)
            | Value::Ellipsis => Some(true),
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Name(name) => match name.as_str() {
                    "typing.TYPE_CHECKING" | "typing_extensions.TYPE_CHECKING" => Some(false),
                    _ => H::truth(self, value),
                },
                _ => H::truth(self, value),
            },
            Value::Bytes | Value::Instance(_) | Value::Import(_) | Value::Unknown(_) => None,
        }
    }

    /// `one == other`; `None` where it is not known.
    pub(super) fn equals(&self, one: &Value, other: &Value) -> Option<bool> {
        let items = |one: &[Value], other: &[Value]| {
            if one.len() != other.len() {
                return Some(false);
            }
            let mut all = Some(true);
            for (one, other) in one.iter().zip(other) {
                match self.equals(one, other) {
                    Some(true) => {}
                    Some(false) => return Some(false),
                    None => all = None,
                }
            }
            all
        };
        match (one, other) {
            (Value::Unknown(_) | Value::Symbol(_) | Value::Import(_) | Value::Bytes, _)
            | (_, Value::Unknown(_) | Value::Symbol(_) | Value::Import(_) | Value::Bytes) => {
                if self.heap.same(one, other) {
                    Some(true)
                } else {
                    None
                }
            }
            (Value::None, _) | (_, Value::None) => {
                Some(matches!((one, other), (Value::None, Value::None)))
            }
            (Value::Str(a), Value::Str(b)) => match (&a.pieces, &b.pieces) {
                (Pieces::Known(a), Pieces::Known(b)) => Some(a == b),
                _ => None,
            },
            (Value::Tuple(a), Value::Tuple(b)) => items(a, b),
            (Value::Object(a), Value::Object(b)) => {
                if a == b {
                    return Some(true);
                }
                match (self.heap.get(*a), self.heap.get(*b)) {
                    (Object::List(a), Object::List(b)) => items(a, b),
                    (Object::Lost(_), _) | (_, Object::Lost(_)) => None,
                    (Object::Dict(a), Object::Dict(b)) if a.is_empty() || b.is_empty() => {
                        Some(a.len() == b.len())
                    }
                    (Object::List(_), _) | (_, Object::List(_)) => Some(false),
                    _ => None,
                }
            }
            (Value::Instance(a), Value::Instance(b)) => {
                if a == b {
                    Some(true)
                } else if self.is_enum_member(*a) && self.is_enum_member(*b) {
                    Some(false)
                } else {
                    None
                }
            }
            (Value::Instance(_), _) | (_, Value::Instance(_)) => None,
            (Value::Class(a), Value::Class(b)) => Some(a == b),
            _ => match (number(one), number(other)) {
                (Some(a), Some(b)) => Some(a == b),
                _ => Some(self.heap.same(one, other)),
            },
        }
    }

    fn is_enum_member(&self, id: crate::python::value::ObjectId) -> bool {
        match self.heap.get(id) {
            Object::Instance(instance) => self.is_enum(instance.class),
            _ => false,
        }
    }

    pub(super) fn compare(
        &mut self,
        left: &Value,
        op: CompareOp,
        right: &Value,
        at: Place,
    ) -> Value {
        let known = |truth: Option<bool>, negate: bool| truth.map(|truth| truth != negate);
        let result = match op {
            CompareOp::Eq => self.equals(left, right),
            CompareOp::NotEq => known(self.equals(left, right), true),
            CompareOp::Is => identical(left, right),
            CompareOp::IsNot => known(identical(left, right), true),
            CompareOp::In => self.contains(right, left),
            CompareOp::NotIn => known(self.contains(right, left), true),
            CompareOp::Lt | CompareOp::LtE | CompareOp::Gt | CompareOp::GtE => order(left, right)
                .map(|ordering| match op {
                    CompareOp::Lt => ordering.is_lt(),
                    CompareOp::LtE => ordering.is_le(),
                    CompareOp::Gt => ordering.is_gt(),
                    _ => ordering.is_ge(),
                }),
        };
        match result {
            Some(truth) => Value::Bool(truth),
            None if matches!(left, Value::Symbol(_)) || matches!(right, Value::Symbol(_)) => {
                Value::symbol(
                    SymbolKind::Compare {
                        left: left.clone(),
                        op,
                        right: right.clone(),
                    },
                    at,
                )
            }
            None => Value::unknown(Reason::Operation, at),
        }
    }

    fn contains(&mut self, container: &Value, item: &Value) -> Option<bool> {
        if let (Value::Str(_), Value::Str(_)) = (container, item) {
            return Some(container.as_str()?.contains(&**item.as_str()?));
        }
        let items = match container {
            Value::Object(id) => match self.heap.get(*id) {
                Object::Dict(items) => items.iter().map(|(key, _)| key.clone()).collect(),
                _ => self.iterate(container)?,
            },
            _ => self.iterate(container)?,
        };
        let mut undecided = false;
        for candidate in &items {
            match self.equals(candidate, item) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => undecided = true,
            }
        }
        if undecided { None } else { Some(false) }
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Value, at: Place) -> Value {
        match (op, operand) {
            (UnaryOp::Not, _) => match self.truth(operand) {
                Some(truth) => Value::Bool(!truth),
                None if matches!(operand, Value::Symbol(_)) => Value::symbol(
                    SymbolKind::Unary {
                        op,
                        operand: operand.clone(),
                    },
                    at,
                ),
                None => Value::unknown(Reason::Operation, at),
            },
            (UnaryOp::Neg, Value::Int(number)) => number
                .checked_neg()
                .map_or_else(|| Value::unknown(Reason::Operation, at), Value::Int),
            (UnaryOp::Neg, Value::Float(number)) => Value::Float(-number),
            (UnaryOp::Pos, Value::Int(_) | Value::Float(_)) => operand.clone(),
            (_, Value::Symbol(_)) => Value::symbol(
                SymbolKind::Unary {
                    op,
                    operand: operand.clone(),
                },
                at,
            ),
            (_, Value::Unknown(unknown)) => Value::Unknown(Rc::clone(unknown)),
            _ => Value::unknown(Reason::Operation, at),
        }
    }

    pub(super) fn binary(&mut self, left: &Value, op: BinaryOp, right: &Value, at: Place) -> Value {
        match (left, op, right) {
            (Value::Str(_), BinaryOp::Mod, _) => self.percent_format(left, right, at),
            (Value::Str(one), BinaryOp::Add, Value::Str(other)) => {
                let mut text = TextBuilder::new(self.limits.size);
                text.push_text(one);
                text.push_text(other);
                text.finish(at)
            }
            (Value::Str(one), BinaryOp::Add, Value::Unknown(_)) => {
                let mut text = TextBuilder::new(self.limits.size);
                text.push_text(one);
                text.push_hole(right, at);
                text.finish(at)
            }
            (Value::Unknown(_), BinaryOp::Add, Value::Str(other)) => {
                let mut text = TextBuilder::new(self.limits.size);
                text.push_hole(left, at);
                text.push_text(other);
                text.finish(at)
            }
            (Value::Str(text), BinaryOp::Mult, Value::Int(count))
            | (Value::Int(count), BinaryOp::Mult, Value::Str(text)) => {
                self.repeat_text(text, *count, at)
            }
            (Value::Symbol(_), _, _) | (_, _, Value::Symbol(_)) => Value::symbol(
                SymbolKind::Binary {
                    left: left.clone(),
                    op,
                    right: right.clone(),
                },
                at,
            ),
            (Value::Unknown(unknown), _, _) | (_, _, Value::Unknown(unknown)) => {
                Value::Unknown(Rc::clone(unknown))
            }
            (Value::Tuple(one), BinaryOp::Add, Value::Tuple(other)) => {
                Value::Tuple(one.iter().chain(other.iter()).cloned().collect())
            }
            (Value::Object(one), _, Value::Object(other)) => {
                match (op, self.heap.get(*one), self.heap.get(*other)) {
                    (BinaryOp::Add, Object::List(one), Object::List(other)) => {
                        let items: Vec<Value> = one.iter().chain(other).cloned().collect();
                        self.sized_list(items, at)
                    }
                    (BinaryOp::BitOr, Object::Dict(one), Object::Dict(other)) => {
                        let (mut pairs, other) = (one.clone(), other.clone());
                        for (key, value) in other {
                            self.put(&mut pairs, key, value);
                        }
                        Value::Object(self.heap.allocate(Object::Dict(pairs)))
                    }
                    (BinaryOp::BitOr, Object::Set(one), Object::Set(other)) => {
                        let items = one.iter().chain(other).cloned().collect();
                        let items = self.distinct(items);
                        Value::Object(self.heap.allocate(Object::Set(items)))
                    }
                    _ => Value::unknown(Reason::Operation, at),
                }
            }
            (Value::Object(list), BinaryOp::Mult, Value::Int(count)) => {
                match self.heap.get(*list) {
                    Object::List(items)
                        if items
                            .len()
                            .saturating_mul(usize::try_from(*count).unwrap_or(0))
                            < 10_000 =>
                    {
                        let items =
                            std::iter::repeat_n(items, usize::try_from(*count).unwrap_or(0));
                        let items: Vec<Value> = items.flatten().cloned().collect();
                        self.sized_list(items, at)
                    }
                    _ => Value::unknown(Reason::Operation, at),
                }
            }
            // `str | None` in an annotation.
            (_, BinaryOp::BitOr, _) if is_type(left) || is_type(right) => Value::symbol(
                SymbolKind::Binary {
                    left: left.clone(),
                    op,
                    right: right.clone(),
                },
                at,
            ),
            _ => {
                arithmetic(left, op, right).unwrap_or_else(|| Value::unknown(Reason::Operation, at))
            }
        }
    }

    fn repeat_text(&mut self, text: &Text, count: i64, at: Place) -> Value {
        let count = usize::try_from(count).unwrap_or(0);
        let Pieces::Known(known) = &text.pieces else {
            return Value::unknown(Reason::Operation, at);
        };
        if known.len().saturating_mul(count) > self.limits.size {
            return Value::unknown(Reason::Limit("the length of a string"), at);
        }
        Value::known_str(known.repeat(count), at)
    }

    pub(super) fn sized_list(&mut self, items: Vec<Value>, at: Place) -> Value {
        if items.len() > self.limits.size {
            return Value::unknown(Reason::Limit("the length of a list"), at);
        }
        Value::Object(self.heap.allocate(Object::List(items)))
    }

    /// `list += …` changes the list itself. True if that is what happened.
    pub(super) fn extend_in_place(
        &mut self,
        object: &Value,
        op: BinaryOp,
        value: &Value,
        at: Place,
    ) -> bool {
        let (Value::Object(id), BinaryOp::Add) = (object, op) else {
            return false;
        };
        if !matches!(self.heap.get(*id), Object::List(_)) {
            return false;
        }
        self.extend_list(*id, value, at);
        true
    }

    pub(super) fn extend_list(
        &mut self,
        id: crate::python::value::ObjectId,
        value: &Value,
        at: Place,
    ) {
        let more = self.iterate(value);
        let limit = self.limits.size;
        let object = self.heap.get_mut(id);
        match (object, more) {
            (Object::List(items), Some(more)) if items.len() + more.len() <= limit => {
                items.extend(more);
            }
            (object, _) => {
                let reason = Reason::Element;
                *object = Object::Lost(Rc::new(crate::python::value::Unknown { reason, at }));
            }
        }
    }
}

/// True for what stands for a type in an annotation.
fn is_type(value: &Value) -> bool {
    matches!(value, Value::Class(_) | Value::Builtin(_) | Value::None)
}

fn identical(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::None, Value::None) => Some(true),
        // What a library gives back may be None.
        (Value::Unknown(_) | Value::Symbol(_) | Value::Import(_), _)
        | (_, Value::Unknown(_) | Value::Symbol(_) | Value::Import(_)) => None,
        (Value::None, _) | (_, Value::None) => Some(false),
        (Value::Bool(one), Value::Bool(other)) => Some(one == other),
        (Value::Bool(_), _) | (_, Value::Bool(_)) => Some(false),
        (Value::Class(one), Value::Class(other))
        | (Value::Instance(one), Value::Instance(other)) => Some(one == other),
        (Value::Object(one), Value::Object(other)) => Some(one == other),
        _ => None,
    }
}

fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Str(_), Value::Str(_)) => Some(left.as_str()?.cmp(right.as_str()?)),
        (Value::Tuple(one), Value::Tuple(other)) => {
            for (one, other) in one.iter().zip(other.iter()) {
                match order(one, other)? {
                    std::cmp::Ordering::Equal => {}
                    different => return Some(different),
                }
            }
            Some(one.len().cmp(&other.len()))
        }
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

fn arithmetic(left: &Value, op: BinaryOp, right: &Value) -> Option<Value> {
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        let result = match op {
            BinaryOp::Add => left.checked_add(*right),
            BinaryOp::Sub => left.checked_sub(*right),
            BinaryOp::Mult => left.checked_mul(*right),
            BinaryOp::FloorDiv if *right > 0 => Some(left.div_euclid(*right)),
            BinaryOp::Mod if *right > 0 => Some(left.rem_euclid(*right)),
            BinaryOp::Pow => u32::try_from(*right)
                .ok()
                .and_then(|right| left.checked_pow(right)),
            BinaryOp::LShift => u32::try_from(*right)
                .ok()
                .filter(|by| *by < 32)
                .and_then(|by| left.checked_shl(by)),
            BinaryOp::RShift => u32::try_from(*right)
                .ok()
                .and_then(|by| left.checked_shr(by)),
            BinaryOp::BitAnd => Some(left & right),
            BinaryOp::BitOr => Some(left | right),
            BinaryOp::BitXor => Some(left ^ right),
            _ => None,
        };
        if let Some(result) = result {
            return Some(Value::Int(result));
        }
    }
    let (left, right) = (number(left)?, number(right)?);
    Some(Value::Float(match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mult => left * right,
        BinaryOp::Div if right != 0.0 => left / right,
        _ => return None,
    }))
}

/// Names that only exist at run time compare by name.
pub(super) fn type_name(value: &Value) -> Option<Name> {
    Some(Name::new_static(match value {
        Value::None => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Str(_) => "str",
        Value::Bytes => "bytes",
        Value::Tuple(_) => "tuple",
        _ => return None,
    }))
}
