//! Equal expressions made the same.

use super::tree::Expression;
use crate::dialect::Dialect;

/// The expression with everything in it in the one form.
pub(super) fn canonical(expression: Expression, dialect: Dialect) -> Expression {
    let again = |expression: Expression| canonical(expression, dialect);
    let boxed = |expression: Box<Expression>| Box::new(canonical(*expression, dialect));
    let all = |expressions: Vec<Expression>| expressions.into_iter().map(again).collect::<Vec<_>>();
    match expression {
        Expression::String(text) => string(text),
        Expression::Cast(operand, spelling) => cast(again(*operand), spelling),
        Expression::Call {
            name,
            arguments,
            tail,
        } => call(name, all(arguments), tail, dialect),
        Expression::Prefix(operator, operand) => prefix(operator, again(*operand)),
        Expression::Postfix(operand, words) => Expression::Postfix(boxed(operand), words),
        Expression::Binary(left, operator, right) => binary(again(*left), &operator, again(*right)),
        Expression::Chain(connective, parts) => Expression::chain(connective, all(parts)),
        Expression::In {
            operand,
            negated,
            values,
        } => within(again(*operand), negated, all(values)),
        Expression::Array(values) => Expression::Array(all(values)),
        Expression::Row(values) => Expression::Row(all(values)),
        Expression::Index(operand, bounds) => Expression::Index(boxed(operand), all(bounds)),
        Expression::Case {
            operand,
            branches,
            otherwise,
        } => Expression::Case {
            operand: operand.map(boxed),
            branches: branches
                .into_iter()
                .map(|(condition, value)| (again(condition), again(value)))
                .collect(),
            otherwise: otherwise
                .map(boxed)
                .filter(|otherwise| **otherwise != Expression::Null),
        },
        other => other,
    }
}

/// What only holds for a default as a whole.
pub(super) fn default(expression: Expression, dialect: Dialect) -> Expression {
    match &expression {
        Expression::String(text) if dialect == Dialect::PostgreSql => match text.as_str() {
            "'t'" | "'true'" => Expression::Boolean(true),
            "'f'" | "'false'" => Expression::Boolean(false),
            _ => expression,
        },
        _ => expression,
    }
}

/// A number between quotes is that number, if it is written as the number would be.
fn string(text: String) -> Expression {
    let inside = text.trim_matches('\'');
    let digits = inside.strip_prefix('-').unwrap_or(inside);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && (whole.len() == 1 || !whole.starts_with('0'))
        && text.starts_with('\'');
    if is_number {
        Expression::Number(inside.to_owned())
    } else {
        Expression::String(text)
    }
}

/// A cast of a literal says what the literal is anyway.
fn cast(operand: Expression, spelling: String) -> Expression {
    match operand {
        Expression::String(_)
        | Expression::Number(_)
        | Expression::Boolean(_)
        | Expression::Null => operand,
        // An empty array is of no type by itself.
        Expression::Array(values) if values.is_empty() => {
            let spelling = match spelling.as_str() {
                "character varying[]" => "text[]".to_owned(),
                _ => spelling,
            };
            Expression::Cast(Box::new(Expression::Array(values)), spelling)
        }
        Expression::Array(_) if spelling.ends_with("[]") => operand,
        Expression::Row(mut values) if spelling.starts_with("interval ") && values.len() == 1 => {
            let value = values.pop().unwrap_or(Expression::Null);
            Expression::Cast(Box::new(value), spelling)
        }
        // `x::text::text`
        Expression::Cast(inner, before) if before == spelling => Expression::Cast(inner, spelling),
        operand => Expression::Cast(Box::new(operand), spelling),
    }
}

/// Functions of texts: the catalog prints a cast for every short string column that is handed to them.
pub(super) const TEXT_FUNCTIONS: &[&str] = &[
    "btrim",
    "char_length",
    "initcap",
    "length",
    "lower",
    "ltrim",
    "md5",
    "regexp_replace",
    "replace",
    "rtrim",
    "strpos",
    "substring",
    "to_tsvector",
    "upper",
];

fn call(
    name: String,
    mut arguments: Vec<Expression>,
    tail: String,
    dialect: Dialect,
) -> Expression {
    let name = match name.as_str() {
        "current_timestamp" | "transaction_timestamp"
            if arguments.is_empty() || dialect == Dialect::MySql =>
        {
            "now".to_owned()
        }
        "localtimestamp" | "localtime" if dialect == Dialect::MySql => "now".to_owned(),
        "\"substring\"" | "substr" => "substring".to_owned(),
        _ => name,
    };
    if matches!(name.as_str(), "nextval" | "currval" | "setval")
        && let Some(Expression::String(sequence)) = arguments.first()
    {
        // The catalog prints the cast, and leaves out the default schema.
        let sequence = sequence.replacen("'public.", "'", 1);
        arguments[0] = Expression::Cast(
            Box::new(Expression::String(sequence)),
            "regclass".to_owned(),
        );
    }
    if TEXT_FUNCTIONS.contains(&name.as_str()) {
        arguments = arguments.into_iter().map(without_cast_to_text).collect();
    }
    Expression::Call {
        name,
        arguments,
        tail,
    }
}

fn prefix(operator: String, operand: Expression) -> Expression {
    match (operator.as_str(), operand) {
        ("NOT", Expression::Postfix(inner, words)) if words.starts_with("IS ") => {
            let words = match words.strip_prefix("IS NOT ") {
                Some(rest) => format!("IS {rest}"),
                None => words.replacen("IS ", "IS NOT ", 1),
            };
            Expression::Postfix(inner, words)
        }
        (
            "NOT",
            Expression::In {
                operand,
                negated,
                values,
            },
        ) => Expression::In {
            operand,
            negated: !negated,
            values,
        },
        ("NOT", Expression::Binary(left, operator, right)) => {
            let opposite = match operator.as_str() {
                "LIKE" => "NOT LIKE",
                "NOT LIKE" => "LIKE",
                "ILIKE" => "NOT ILIKE",
                "NOT ILIKE" => "ILIKE",
                "=" => "<>",
                "<>" => "=",
                _ => {
                    return Expression::Prefix(
                        "NOT".to_owned(),
                        Box::new(Expression::Binary(left, operator, right)),
                    );
                }
            };
            Expression::Binary(left, opposite.to_owned(), right)
        }
        ("NOT", Expression::Prefix(inner, operand)) if inner == "NOT" => *operand,
        ("-", Expression::Number(number)) if !number.starts_with('-') => {
            Expression::Number(format!("-{number}"))
        }
        (_, operand) => Expression::Prefix(operator, Box::new(operand)),
    }
}

fn binary(left: Expression, operator: &str, right: Expression) -> Expression {
    let operator = match operator {
        "!=" => "<>",
        "==" => "=",
        "~~" => "LIKE",
        "!~~" => "NOT LIKE",
        "~~*" => "ILIKE",
        "!~~*" => "NOT ILIKE",
        operator => operator,
    };
    if let Expression::Call {
        name, arguments, ..
    } = &right
        && let Some(values) = listed(arguments)
    {
        match (operator, name.as_str()) {
            ("=", "any") => return within(left, false, values),
            ("<>", "all") => return within(left, true, values),
            _ => {}
        }
    }
    let compares = matches!(
        operator,
        "=" | "<>"
            | "<"
            | ">"
            | "<="
            | ">="
            | "LIKE"
            | "NOT LIKE"
            | "ILIKE"
            | "NOT ILIKE"
            | "~"
            | "~*"
            | "!~"
            | "!~*"
            | "||"
            | "IS DISTINCT FROM"
            | "IS NOT DISTINCT FROM"
    );
    let (left, right) = if compares {
        (without_text_cast(left, &right), right)
    } else {
        (left, right)
    };
    Expression::binary(left, operator, right)
}

/// The values of `(ARRAY[…])`, whatever it is cast to.
fn listed(arguments: &[Expression]) -> Option<Vec<Expression>> {
    match arguments {
        [Expression::Array(values)] => Some(values.clone()),
        [Expression::Cast(operand, _)] => match operand.as_ref() {
            Expression::Array(values) => Some(values.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn within(operand: Expression, negated: bool, values: Vec<Expression>) -> Expression {
    // The catalog casts short strings to compare them, which changes nothing.
    let values: Vec<Expression> = values
        .into_iter()
        .map(|value| match value {
            Expression::Cast(inner, spelling) if inner.is_literal() && spelling == "text" => *inner,
            value => value,
        })
        .collect();
    let all_strings = values
        .iter()
        .all(|value| matches!(value, Expression::String(_)));
    let operand = match values.first() {
        Some(first) if all_strings => without_text_cast(operand, first),
        _ => operand,
    };
    match values.as_slice() {
        [Expression::Raw(_)] => {}
        [_] => {
            let operator = if negated { "<>" } else { "=" };
            if let Some(value) = values.into_iter().next() {
                return Expression::binary(operand, operator, value);
            }
            return operand;
        }
        _ => {}
    }
    Expression::In {
        operand: Box::new(operand),
        negated,
        values,
    }
}

/// `state::text` compared with a string: the catalog prints the cast for every short string column.
fn without_text_cast(operand: Expression, other: &Expression) -> Expression {
    if matches!(other, Expression::String(_)) {
        without_cast_to_text(operand)
    } else {
        operand
    }
}

fn without_cast_to_text(operand: Expression) -> Expression {
    match operand {
        Expression::Cast(inner, spelling)
            if spelling == "text" && matches!(inner.as_ref(), Expression::Column(_)) =>
        {
            *inner
        }
        operand => operand,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Connective;
    use super::*;

    #[test]
    fn chains_are_flat() {
        let name = |name: &str| Expression::Column(name.to_owned());
        let inner = Expression::Chain(Connective::And, vec![name("a"), name("b")]);
        assert_eq!(
            Expression::chain(Connective::And, vec![inner, name("c")]),
            Expression::Chain(Connective::And, vec![name("a"), name("b"), name("c")])
        );
    }
}
