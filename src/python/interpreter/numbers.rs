//! Arithmetic as Python does it, as far as 64 bits reach.

use std::cmp::Ordering;

use crate::python::ast::BinaryOp;
use crate::python::value::Value;

/// What an operation on numbers gives.
pub(super) enum Arithmetic {
    Value(Value),
    ZeroDivision,
    /// Not numbers, or a result that is not kept: Python's integers have no bounds.
    Unknown,
}

/// Integers up to here are exact as floats.
const EXACT: i64 = 1 << 53;

/// `int(value)` of what is an integer, or a truth value, which is one too.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(flag) => Some(i64::from(*flag)),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        _ => integer(value)
            .filter(|number| (-EXACT..=EXACT).contains(number))
            .map(|number| number as f64),
    }
}

pub(super) fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Bool(_) | Value::Float(_))
}

/// Orders two numbers; `None` where that is not known.
pub(super) fn compare_numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => float(left)?.partial_cmp(&float(right)?),
    }
}

pub(super) fn arithmetic(left: &Value, op: BinaryOp, right: &Value) -> Arithmetic {
    let divides = matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod);
    if divides && is_number(left) && float(right) == Some(0.0) {
        return Arithmetic::ZeroDivision;
    }
    let value = match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => match op {
            BinaryOp::BitAnd => Some(Value::Bool(left & right)),
            BinaryOp::BitOr => Some(Value::Bool(left | right)),
            BinaryOp::BitXor => Some(Value::Bool(left ^ right)),
            _ => integers(i64::from(*left), op, i64::from(*right)),
        },
        _ => match (integer(left), integer(right)) {
            (Some(left), Some(right)) => integers(left, op, right),
            _ => floats(left, op, right),
        },
    };
    value.map_or(Arithmetic::Unknown, Arithmetic::Value)
}

fn integers(left: i64, op: BinaryOp, right: i64) -> Option<Value> {
    let result = match op {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Sub => left.checked_sub(right),
        BinaryOp::Mult => left.checked_mul(right),
        BinaryOp::FloorDiv => floor_division(left, right).map(|(quotient, _)| quotient),
        BinaryOp::Mod => floor_division(left, right).map(|(_, remainder)| remainder),
        BinaryOp::Pow => left.checked_pow(u32::try_from(right).ok()?),
        BinaryOp::LShift => {
            let factor = 1_i64.checked_shl(u32::try_from(right).ok().filter(|by| *by < 63)?)?;
            left.checked_mul(factor)
        }
        BinaryOp::RShift if right >= 0 => Some(left >> right.min(63)),
        BinaryOp::BitAnd => Some(left & right),
        BinaryOp::BitOr => Some(left | right),
        BinaryOp::BitXor => Some(left ^ right),
        BinaryOp::Div => {
            let (left, right) = (float(&Value::Int(left))?, float(&Value::Int(right))?);
            return Some(Value::Float(left / right));
        }
        BinaryOp::RShift | BinaryOp::MatMult => None,
    };
    result.map(Value::Int)
}

/// `divmod(left, right)`: the quotient is rounded down, the remainder has the sign of the divisor.
pub(super) fn floor_division(left: i64, right: i64) -> Option<(i64, i64)> {
    let (quotient, remainder) = (left.checked_div(right)?, left.checked_rem(right)?);
    if remainder != 0 && (remainder < 0) != (right < 0) {
        Some((quotient - 1, remainder + right))
    } else {
        Some((quotient, remainder))
    }
}

fn floats(left: &Value, op: BinaryOp, right: &Value) -> Option<Value> {
    let (left, right) = (float(left)?, float(right)?);
    let result = match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mult => left * right,
        BinaryOp::Div => left / right,
        _ => return None,
    };
    result.is_finite().then_some(Value::Float(result))
}

/// `repr(number)` of a float.
pub(super) fn float_repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    let size = number.abs();
    if number.is_infinite() || number == 0.0 || (1e-4..1e16).contains(&size) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

/// `int(text, base)`; `None` where it is no number or too large a one.
pub(super) fn parse_integer(text: &str, base: u32) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match (base, lower.get(..2)) {
        (0 | 16, Some("0x")) => (16, lower.get(2..)?),
        (0 | 8, Some("0o")) => (8, lower.get(2..)?),
        (0 | 2, Some("0b")) => (2, lower.get(2..)?),
        (0, _) => (10, lower.as_str()),
        (base @ 2..=36, _) => (base, lower.as_str()),
        _ => return None,
    };
    let is_plain = digits
        .split('_')
        .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
    if !is_plain {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), base).ok()
}

/// True for text that `int()` certainly refuses, rather than a number too large to be kept.
pub(super) fn is_no_integer(text: &str) -> bool {
    text.is_ascii()
        && text
            .trim()
            .chars()
            .any(|c| !c.is_ascii_digit() && !matches!(c, '+' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down() {
        assert_eq!(floor_division(-7, 2), Some((-4, 1)));
        assert_eq!(floor_division(7, -2), Some((-4, -1)));
        assert_eq!(floor_division(-7, -2), Some((3, -1)));
        assert_eq!(floor_division(i64::MIN, -1), None);
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (number, written) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1.5e-5, "1.5e-05"),
            (-0.0, "-0.0"),
            (f64::NAN, "nan"),
            (1e300, "1e+300"),
        ] {
            assert_eq!(float_repr(number), written);
        }
    }

    #[test]
    fn integers_are_read_as_python_reads_them() {
        assert_eq!(parse_integer(" -12_3 ", 10), Some(-123));
        assert_eq!(parse_integer("0xff", 16), Some(255));
        assert_eq!(parse_integer("0b11", 0), Some(3));
        assert_eq!(parse_integer("1__2", 10), None);
        assert_eq!(parse_integer("", 10), None);
        assert_eq!(parse_integer("99999999999999999999", 10), None);
    }
}
