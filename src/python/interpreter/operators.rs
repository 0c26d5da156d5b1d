//! Truth, equality, operators, subscripts and iteration.

use std::rc::Rc;

use super::numbers::{Arithmetic, arithmetic, compare_numbers, integer, is_number};
use super::paths::compare_paths;
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
        self.equals_to_depth(one, other, 32)
    }

    fn equals_to_depth(&self, one: &Value, other: &Value, depth: u32) -> Option<bool> {
        // A list may contain itself.
        let depth = depth.checked_sub(1)?;
        if depth < 31 && !self.step() {
            return None;
        }
        let items = |one: &[Value], other: &[Value]| {
            if one.len() != other.len() {
                return Some(false);
            }
            let mut all = Some(true);
            for (one, other) in one.iter().zip(other) {
                match self.equals_to_depth(one, other, depth) {
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
                // Two calls of one function may give different things: `uuid.uuid4()`.
                let is_same = match (one, other) {
                    (Value::Symbol(one), Value::Symbol(other)) => {
                        Rc::ptr_eq(one, other)
                            || matches!(
                                (&one.kind, &other.kind),
                                (SymbolKind::Name(one), SymbolKind::Name(other)) if one == other
                            )
                    }
                    _ => false,
                };
                is_same.then_some(true)
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
                    (Object::Dict(a), Object::Dict(b)) if a.len() == b.len() && a.len() < 1_000 => {
                        let mut all = Some(true);
                        for (key, value) in a {
                            let mut found = Some(false);
                            for (other_key, other_value) in b {
                                match self.equals_to_depth(key, other_key, depth) {
                                    Some(true) => {
                                        found = self.equals_to_depth(value, other_value, depth);
                                        break;
                                    }
                                    Some(false) => {}
                                    None => found = None,
                                }
                            }
                            match found {
                                Some(true) => {}
                                Some(false) => return Some(false),
                                None => all = None,
                            }
                        }
                        all
                    }
                    (Object::Set(a), Object::Set(b)) if a.len() < 1_000 => {
                        let decided: Option<Vec<bool>> = a
                            .iter()
                            .flat_map(|one| b.iter().map(move |other| (one, other)))
                            .map(|(one, other)| self.equals_to_depth(one, other, depth))
                            .collect();
                        let common = decided?.into_iter().filter(|equal| *equal).count();
                        Some(common == a.len() && common == b.len())
                    }
                    (
                        Object::List(_) | Object::Dict(_) | Object::Set(_),
                        Object::List(_) | Object::Dict(_) | Object::Set(_),
                    ) => Some(false),
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
            (Value::Instance(member), plain) | (plain, Value::Instance(member)) => {
                // `class Kind(str, Enum)`: members equal their values.
                self.mixed_in_value(*member)
                    .and_then(|value| self.equals_to_depth(&value, plain, depth))
            }
            (Value::Class(a), Value::Class(b)) => Some(a == b),
            _ => match (is_number(one), is_number(other)) {
                (true, true) => Some(compare_numbers(one, other)?.is_eq()),
                _ => Some(self.heap.same(one, other)),
            },
        }
    }

    /// What a member of an enum equals besides itself: its value, if the enum is a string or number too. A member of any
    /// other enum equals nothing else, which is left undecided.
    pub(super) fn mixed_in_value(&self, id: crate::python::value::ObjectId) -> Option<Value> {
        let Object::Instance(instance) = self.heap.get(id) else {
            return None;
        };
        if !self.is_enum(instance.class) {
            return None;
        }
        let (_, outside) = self.ancestry(instance.class);
        let mixed = outside.iter().any(|base| {
            Self::is_named(
                base,
                &["str", "int", "enum.StrEnum", "enum.IntEnum", "enum.IntFlag"],
            )
        });
        mixed.then(|| instance.names.get("value").cloned())?
    }

    /// The text that a member of a `StrEnum` is.
    pub fn text_of_member(&self, value: &Value) -> Option<Value> {
        let Value::Instance(id) = value else {
            return None;
        };
        let Object::Instance(instance) = self.heap.get(*id) else {
            return None;
        };
        let (_, outside) = self.ancestry(instance.class);
        let is_text = outside
            .iter()
            .any(|base| Self::is_named(base, &["enum.StrEnum"]));
        let text = instance.names.get("value").filter(|_| is_text)?;
        text.as_str().is_some().then(|| text.clone())
    }

    /// True for what is certainly a `bool`, be its value known or not.
    pub(super) fn is_boolean(value: &Value) -> bool {
        match value {
            Value::Bool(_) => true,
            Value::Symbol(symbol) => matches!(
                &symbol.kind,
                SymbolKind::Unary {
                    op: UnaryOp::Not,
                    ..
                }
            ),
            _ => false,
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
        if let Some(truth) = compare_version(left, op, right) {
            return Value::Bool(truth);
        }
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
            (UnaryOp::Invert, Value::Int(number)) => Value::Int(!number),
            (UnaryOp::Neg, Value::Bool(flag)) => Value::Int(-i64::from(*flag)),
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
            (Value::Symbol(_), _, _) | (_, _, Value::Symbol(_)) => {
                let path = match op {
                    BinaryOp::Div => Self::path_division(left, right, at),
                    _ => None,
                };
                path.unwrap_or_else(|| {
                    Value::symbol(
                        SymbolKind::Binary {
                            left: left.clone(),
                            op,
                            right: right.clone(),
                        },
                        at,
                    )
                })
            }
            (Value::Unknown(unknown), _, _) | (_, _, Value::Unknown(unknown)) => {
                Value::Unknown(Rc::clone(unknown))
            }
            (Value::Tuple(one), BinaryOp::Add, Value::Tuple(other)) => {
                if one.len() + other.len() > self.limits.size {
                    return Value::unknown(Reason::Limit("the length of a tuple"), at);
                }
                self.spend(one.len() + other.len());
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
                    (_, Object::Set(one), Object::Set(other)) => {
                        let method = match op {
                            BinaryOp::BitOr => "union",
                            BinaryOp::BitAnd => "intersection",
                            BinaryOp::Sub => "difference",
                            BinaryOp::BitXor => "symmetric_difference",
                            _ => return Value::unknown(Reason::Operation, at),
                        };
                        let (one, other) = (one.clone(), other.clone());
                        self.combine_sets(method, &one, &other).map_or_else(
                            || Value::unknown(Reason::Operation, at),
                            |items| Value::Object(self.heap.allocate(Object::Set(items))),
                        )
                    }
                    _ => Value::unknown(Reason::Operation, at),
                }
            }
            (Value::Tuple(items), BinaryOp::Mult, Value::Int(count))
            | (Value::Int(count), BinaryOp::Mult, Value::Tuple(items)) => {
                let count = usize::try_from(*count).unwrap_or(0);
                if items.len().saturating_mul(count) >= super::MAX_YIELDS {
                    return Value::unknown(Reason::Limit("the length of a tuple"), at);
                }
                let items: Vec<Value> = std::iter::repeat_n(items, count)
                    .flat_map(|items| items.iter().cloned())
                    .collect();
                self.spend(items.len());
                Value::Tuple(items.into())
            }
            (Value::Object(list), BinaryOp::Mult, Value::Int(count))
            | (Value::Int(count), BinaryOp::Mult, Value::Object(list)) => {
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
            _ => match arithmetic(left, op, right) {
                Arithmetic::Value(value) => value,
                Arithmetic::ZeroDivision => self
                    .raise_if_guarded("ZeroDivisionError", at)
                    .unwrap_or_else(|| Value::unknown(Reason::Operation, at)),
                Arithmetic::Unknown => Value::unknown(Reason::Operation, at),
            },
        }
    }

    fn repeat_text(&mut self, text: &Text, count: i64, at: Place) -> Value {
        let count = usize::try_from(count).unwrap_or(0);
        let Pieces::Known(known) = &text.pieces else {
            return Value::unknown(Reason::Operation, at);
        };
        let length = known.len().saturating_mul(count);
        self.spend(length.min(self.limits.size));
        if length > self.limits.size {
            return Value::unknown(Reason::Limit("the length of a string"), at);
        }
        Value::known_str(known.repeat(count), at)
    }

    pub(super) fn sized_list(&mut self, items: Vec<Value>, at: Place) -> Value {
        self.spend(items.len());
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
        let Value::Object(id) = object else {
            return false;
        };
        let argument = || {
            vec![crate::python::value::CallArgument {
                name: None,
                value: value.clone(),
                at,
            }]
        };
        let method = match (self.heap.get(*id), op) {
            (Object::List(_), BinaryOp::Add) => {
                self.extend_list(*id, value, at);
                return true;
            }
            (Object::Dict(_) | Object::Set(_), BinaryOp::BitOr) => "update",
            (Object::Set(_), BinaryOp::BitAnd) => "intersection_update",
            (Object::Set(_), BinaryOp::Sub) => "difference_update",
            (Object::Set(_), BinaryOp::BitXor) => "symmetric_difference_update",
            _ => return false,
        };
        self.call_method(object, &Name::new_static(method), &argument(), at);
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

/// The version of Python is at least this one.
const OLDEST_PYTHON: (i64, i64) = (3, 10);

/// `sys.version_info >= (3, 8)`: decided as far as every Python in use agrees.
fn compare_version(left: &Value, op: CompareOp, right: &Value) -> Option<bool> {
    if left.qualified_name()? != "sys.version_info" {
        return None;
    }
    let Value::Tuple(version) = right else {
        return None;
    };
    let numbers: Vec<i64> = version.iter().filter_map(integer).collect();
    let (major, minor) = match numbers.as_slice() {
        [major] => (*major, 0),
        [major, minor, ..] => (*major, *minor),
        [] => return None,
    };
    let is_older = (major, minor) <= OLDEST_PYTHON && numbers.len() <= 2;
    let is_never = major > 3;
    match op {
        CompareOp::GtE if is_older => Some(true),
        CompareOp::Lt if is_older => Some(false),
        CompareOp::Gt if (major, minor) < OLDEST_PYTHON => Some(true),
        CompareOp::LtE if (major, minor) < OLDEST_PYTHON => Some(false),
        CompareOp::GtE | CompareOp::Gt if is_never => Some(false),
        CompareOp::Lt | CompareOp::LtE if is_never => Some(true),
        _ => None,
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

pub(super) fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
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
        _ => compare_paths(left, right).or_else(|| compare_numbers(left, right)),
    }
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
