//! Conditions that no row with a certain value meets.

use super::super::token::tokens_of;
use super::canonical::{canonical, default};
use super::parse;
use super::tree::{Connective, Expression};
use crate::dialect::Dialect;

/// True if a condition certainly holds of no row that has this value in a column; `None` is NULL. A value is one that is
/// written out, as a default is.
///
/// ```
/// use migrate_lint::sql::is_never_met;
///
/// assert!(is_never_met("code <> '' AND deleted IS NULL", "code", Some("''")));
/// assert!(is_never_met("code IS NOT NULL", "code", None));
/// assert!(!is_never_met("code <> ''", "code", Some("'a'")));
/// ```
pub fn is_never_met(condition: &str, column: &str, value: Option<&str>) -> bool {
    let dialect = Dialect::PostgreSql;
    let read = |text: &str| {
        let expression = parse::parse(&tokens_of(text, dialect), dialect)?;
        Some(canonical(expression, dialect))
    };
    let value = match value {
        Some(text) => read(text).map(|value| default(value, dialect)),
        None => Some(Expression::Null),
    };
    let value = value.filter(Expression::is_literal);
    read(condition)
        .zip(value)
        .is_some_and(|(condition, value)| fails(&condition, column, &value))
}

/// True where the condition is false or NULL.
fn fails(condition: &Expression, column: &str, value: &Expression) -> bool {
    let is_it =
        |operand: &Expression| matches!(operand, Expression::Column(name) if name == column);
    let is_null = *value == Expression::Null;
    match condition {
        Expression::Chain(Connective::And, parts) => {
            parts.iter().any(|part| fails(part, column, value))
        }
        Expression::Chain(Connective::Or, parts) => {
            parts.iter().all(|part| fails(part, column, value))
        }
        operand if is_it(operand) => is_null || *value == Expression::Boolean(false),
        Expression::Prefix(operator, operand) if operator == "NOT" && is_it(operand) => {
            is_null || *value == Expression::Boolean(true)
        }
        Expression::Postfix(operand, words) if is_it(operand) => match words.as_str() {
            "IS NULL" => !is_null,
            "IS NOT NULL" => is_null,
            _ => false,
        },
        Expression::Binary(left, operator, right) => {
            let other = match (is_it(left), is_it(right)) {
                (true, false) => right,
                (false, true) => left,
                _ => return false,
            };
            match operator.as_str() {
                "=" => is_null || is_equal(value, other) == Some(false),
                "<>" => is_null || is_equal(value, other) == Some(true),
                "<" | ">" | "<=" | ">=" => is_null,
                _ => false,
            }
        }
        Expression::In {
            operand,
            negated,
            values,
        } if is_it(operand) => {
            let mut equal = values.iter().map(|other| is_equal(value, other));
            is_null
                || if *negated {
                    equal.any(|equal| equal == Some(true))
                } else {
                    equal.all(|equal| equal == Some(false))
                }
        }
        _ => false,
    }
}

/// Whether two values that are written out are the same in every type that they may have.
fn is_equal(one: &Expression, other: &Expression) -> Option<bool> {
    match (one, other) {
        (Expression::Boolean(one), Expression::Boolean(other)) => Some(one == other),
        (Expression::Number(one), Expression::Number(other)) => {
            let number = |text: &str| text.parse::<f64>().ok();
            let differ = number(one)? != number(other)?;
            (one == other || differ).then_some(!differ)
        }
        (Expression::String(one), Expression::String(other)) => {
            // Case and blanks at the end are no matter to some types.
            let levelled = |text: &str| text.trim_matches(['\'', ' ']).to_lowercase();
            let differ = levelled(one) != levelled(other);
            (one == other || differ).then_some(!differ)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_are_never_met() {
        for (condition, value, is_meant) in [
            ("a <> ''", Some("''"), true),
            ("a != '' AND b", Some("''"), true),
            ("a <> '' OR b", Some("''"), false),
            ("a = true AND NOT b", Some("false"), true),
            ("a = true", Some("'f'"), true),
            ("a", Some("false"), true),
            ("NOT a", Some("false"), false),
            ("a = false", Some("false"), false),
            ("a = 'x'", Some("'X'"), false),
            ("a IN ('x', 'y')", Some("'z'"), true),
            ("a NOT IN ('x', 'y')", Some("'x'"), true),
            ("a > 0", Some("0"), false),
            ("a > 0", None, true),
            ("a IS NULL", Some("0"), true),
            ("a IS NULL", None, false),
            ("a IS NOT NULL", None, true),
            ("a = now()", Some("now()"), false),
            ("b <> ''", Some("''"), false),
        ] {
            assert_eq!(
                is_never_met(condition, "a", value),
                is_meant,
                "{condition} {value:?}"
            );
        }
    }
}
