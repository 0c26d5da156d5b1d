//! Casts to text that the one spelling leaves out, put back where a column needs them.

use smol_str::SmolStr;

use super::super::token::tokens_of;
use super::canonical::TEXT_FUNCTIONS;
use super::tree::Expression;
use super::{parse, print};
use crate::dialect::Dialect;

/// The expression as PostgreSQL takes it: the one spelling says `lower(x)` and `x LIKE 'a%'` of all columns, which need
/// a cast if they are no texts.
///
/// ```
/// use migrate_lint::sql::with_text_casts;
///
/// let is_no_text = |column: &str| column == "id";
/// assert_eq!(with_text_casts("lower(id) = lower(name)", &is_no_text), "lower(id::text) = lower(name)");
/// ```
pub fn with_text_casts(text: &str, is_no_text: &dyn Fn(&str) -> bool) -> SmolStr {
    let dialect = Dialect::PostgreSql;
    match parse::parse(&tokens_of(text, dialect), dialect) {
        Some(mut expression) => {
            put_casts(&mut expression, is_no_text);
            print::print(&expression, dialect)
        }
        None => text.into(),
    }
}

fn put_casts(expression: &mut Expression, is_no_text: &dyn Fn(&str) -> bool) {
    match expression {
        Expression::Call {
            name, arguments, ..
        } => {
            let wants_text = TEXT_FUNCTIONS.contains(&name.as_str());
            for argument in arguments {
                put_casts(argument, is_no_text);
                if wants_text {
                    put_cast(argument, is_no_text);
                }
            }
        }
        Expression::Binary(left, operator, right) => {
            put_casts(left, is_no_text);
            put_casts(right, is_no_text);
            let matches_text = matches!(
                operator.as_str(),
                "LIKE" | "NOT LIKE" | "ILIKE" | "NOT ILIKE" | "~" | "~*" | "!~" | "!~*"
            );
            if matches_text {
                put_cast(left, is_no_text);
            }
        }
        Expression::Cast(operand, _)
        | Expression::Prefix(_, operand)
        | Expression::Postfix(operand, _) => put_casts(operand, is_no_text),
        Expression::Chain(_, parts) | Expression::Array(parts) | Expression::Row(parts) => {
            for part in parts {
                put_casts(part, is_no_text);
            }
        }
        Expression::In {
            operand: one,
            values: others,
            ..
        }
        | Expression::Index(one, others) => {
            put_casts(one, is_no_text);
            for other in others {
                put_casts(other, is_no_text);
            }
        }
        Expression::Case {
            operand,
            branches,
            otherwise,
        } => {
            for part in operand.iter_mut().chain(otherwise) {
                put_casts(part, is_no_text);
            }
            for (condition, value) in branches {
                put_casts(condition, is_no_text);
                put_casts(value, is_no_text);
            }
        }
        Expression::Null
        | Expression::Boolean(_)
        | Expression::Number(_)
        | Expression::String(_)
        | Expression::Word(_)
        | Expression::Column(_)
        | Expression::Raw(_) => {}
    }
}

fn put_cast(expression: &mut Expression, is_no_text: &dyn Fn(&str) -> bool) {
    if let Expression::Column(name) = expression
        && is_no_text(name.trim_matches('"'))
    {
        let column = std::mem::replace(expression, Expression::Null);
        *expression = Expression::Cast(Box::new(column), "text".to_owned());
    }
}
