//! Format specifications: `[[fill]align][sign][#][0][width][,][.precision][type]`.

use super::numbers::{float_repr, integer};
use crate::python::value::Value;

/// Widths and precisions beyond this are not followed.
const MAX_WIDTH: usize = 1_000;

#[derive(Clone, Copy, Debug)]
struct Specification {
    fill: char,
    align: Option<char>,
    sign: char,
    is_alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Specification {
    fn parse(text: &str) -> Option<Self> {
        let mut chars: Vec<char> = text.chars().collect();
        chars.reverse();
        let mut parsed = Self {
            fill: ' ',
            align: None,
            sign: '-',
            is_alternate: false,
            zero: false,
            width: 0,
            grouping: None,
            precision: None,
            kind: None,
        };
        let is_align = |c: &char| matches!(c, '<' | '>' | '^' | '=');
        let second = chars.len().checked_sub(2).and_then(|at| chars.get(at));
        if second.is_some_and(is_align) {
            parsed.fill = chars.pop()?;
            parsed.align = chars.pop();
        } else if chars.last().is_some_and(is_align) {
            parsed.align = chars.pop();
        }
        let mut take = |wanted: &[char]| {
            let next = chars.last().copied().filter(|c| wanted.contains(c));
            if next.is_some() {
                chars.pop();
            }
            next
        };
        parsed.sign = take(&['+', '-', ' ']).unwrap_or('-');
        parsed.is_alternate = take(&['#']).is_some();
        parsed.zero = take(&['0']).is_some();
        let digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
        let number = |take: &mut dyn FnMut(&[char]) -> Option<char>| {
            let mut text = String::new();
            while let Some(digit) = take(&digits) {
                text.push(digit);
            }
            (!text.is_empty()).then(|| text.parse::<usize>().unwrap_or(usize::MAX))
        };
        parsed.width = number(&mut take).unwrap_or(0);
        parsed.grouping = take(&[',', '_']);
        if take(&['.']).is_some() {
            parsed.precision = Some(number(&mut take)?);
        }
        parsed.kind = chars.pop();
        let is_bounded = parsed.width <= MAX_WIDTH && parsed.precision.unwrap_or(0) <= MAX_WIDTH;
        (chars.is_empty() && is_bounded).then_some(parsed)
    }

    /// Pads to the width. `prefix` is the sign and the like, behind which `=` and `0` put the padding.
    fn pad(&self, prefix: &str, body: &str, default_align: char) -> String {
        let align = self.align.unwrap_or(if self.zero && default_align == '>' {
            '='
        } else {
            default_align
        });
        let fill = if self.zero && self.align.is_none() {
            '0'
        } else {
            self.fill
        };
        let length = prefix.chars().count() + body.chars().count();
        let missing = self.width.saturating_sub(length);
        let padding = |count: usize| fill.to_string().repeat(count);
        match align {
            '<' => format!("{prefix}{body}{}", padding(missing)),
            '>' => format!("{}{prefix}{body}", padding(missing)),
            '=' => format!("{prefix}{}{body}", padding(missing)),
            _ => format!(
                "{}{prefix}{body}{}",
                padding(missing / 2),
                padding(missing - missing / 2)
            ),
        }
    }
}

/// `format(text, specification)`; `None` where it is not known, or Python raises.
pub(super) fn formatted_text(text: &str, specification: &str) -> Option<String> {
    if specification.is_empty() {
        return Some(text.to_owned());
    }
    let parsed = Specification::parse(specification)?;
    let is_plain = parsed.sign == '-' && !parsed.is_alternate && parsed.grouping.is_none();
    if !is_plain
        || !matches!(parsed.kind, None | Some('s'))
        || parsed.align == Some('=')
        || parsed.zero
    {
        return None;
    }
    let shown: String = match parsed.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    Some(parsed.pad("", &shown, '<'))
}

/// `format(number, specification)`; `None` where it is not known, or Python raises.
pub(super) fn formatted_number(value: &Value, specification: &str) -> Option<String> {
    let parsed = Specification::parse(specification)?;
    if parsed.zero && (parsed.grouping.is_some() || parsed.align.is_some()) {
        return None;
    }
    let sign_of = |is_negative: bool| match (is_negative, parsed.sign) {
        (true, _) => "-",
        (false, '+') => "+",
        (false, ' ') => " ",
        _ => "",
    };
    match (integer(value), parsed.kind) {
        (Some(number), None | Some('d' | 'x' | 'X' | 'o' | 'b')) => {
            if parsed.precision.is_some() {
                return None;
            }
            let size = number.unsigned_abs();
            let (base, digits) = match parsed.kind {
                Some('x') => ("0x", format!("{size:x}")),
                Some('X') => ("0X", format!("{size:X}")),
                Some('o') => ("0o", format!("{size:o}")),
                Some('b') => ("0b", format!("{size:b}")),
                _ => ("", size.to_string()),
            };
            let digits = match parsed.grouping {
                None => digits,
                Some(separator) if base.is_empty() => grouped(&digits, separator),
                Some(_) => return None,
            };
            let base = if parsed.is_alternate { base } else { "" };
            let prefix = format!("{}{base}", sign_of(number < 0));
            Some(parsed.pad(&prefix, &digits, '>'))
        }
        (as_integer, kind) => {
            let number = match (as_integer, value) {
                (_, Value::Float(number)) => *number,
                (Some(number), _) if number.abs() < 1 << 53 => number as f64,
                _ => return None,
            };
            if !number.is_finite() || parsed.is_alternate {
                return None;
            }
            let size = number.abs();
            let body = match (kind, parsed.precision) {
                (Some('f' | 'F'), precision) => format!("{size:.*}", precision.unwrap_or(6)),
                (Some('%'), precision) => {
                    format!("{:.*}%", precision.unwrap_or(6), size * 100.0)
                }
                (None, None) => float_repr(size),
                _ => return None,
            };
            let body = match (parsed.grouping, body.split_once('.')) {
                (None, _) => body,
                (Some(separator), Some((whole, rest))) => {
                    format!("{}.{rest}", grouped(whole, separator))
                }
                (Some(separator), None) => grouped(&body, separator),
            };
            Some(parsed.pad(sign_of(number.is_sign_negative()), &body, '>'))
        }
    }
}

fn grouped(digits: &str, separator: char) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

/// The specification that does what the flags of `%` do: `%-5s` is `<5s`, `%5s` is `>5s`.
pub(super) fn percent_specification(flags: &str, kind: char) -> Option<String> {
    let kind = if kind == 'i' { 'd' } else { kind };
    let options = flags.trim_start_matches(['-', '0', '+', ' ', '#']);
    let has = |flag: char| {
        flags
            .strip_suffix(options)
            .is_some_and(|flags| flags.contains(flag))
    };
    if options.contains(['*', 'l', 'h']) || has('#') || (options.contains('.') && kind == 'd') {
        return None;
    }
    let align = if has('-') {
        "<"
    } else if kind == 's' {
        ">"
    } else {
        ""
    };
    let sign = if has('+') {
        "+"
    } else if has(' ') {
        " "
    } else {
        ""
    };
    let zero = if has('0') && !has('-') && kind != 's' {
        "0"
    } else {
        ""
    };
    let sign = if kind == 's' { "" } else { sign };
    Some(format!("{align}{sign}{zero}{options}{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifications_of_numbers() {
        for (value, specification, shown) in [
            (Value::Int(7), "03d", "007"),
            (Value::Int(-7), "05", "-0007"),
            (Value::Int(255), "#x", "0xff"),
            (Value::Int(1_234_567), ",", "1,234,567"),
            (Value::Int(5), "+d", "+5"),
            (Value::Int(5), "<4", "5   "),
            (Value::Int(5), "*^5", "**5**"),
            (Value::Float(2.675), ".2f", "2.67"),
            (Value::Float(0.5), ".0%", "50%"),
            (Value::Float(1.0), "", "1.0"),
        ] {
            assert_eq!(
                formatted_number(&value, specification).as_deref(),
                Some(shown)
            );
        }
        assert_eq!(
            formatted_number(&Value::Int(5), "99999999999999999999d"),
            None
        );
    }

    #[test]
    fn specifications_of_strings() {
        assert_eq!(formatted_text("ab", ">4").as_deref(), Some("  ab"));
        assert_eq!(formatted_text("ab", "-^5s").as_deref(), Some("-ab--"));
        assert_eq!(formatted_text("abc", ".2").as_deref(), Some("ab"));
        assert_eq!(formatted_text("ab", "d"), None);
        assert_eq!(percent_specification("-5", 's').as_deref(), Some("<5s"));
        assert_eq!(percent_specification("05", 'd').as_deref(), Some("05d"));
        assert_eq!(percent_specification("*", 'd'), None);
    }
}
