//! Trees of expressions, and texts without a tree, as text.

use smol_str::SmolStr;

use super::super::token::{Token, TokenKind};
use super::super::types::quote;
use super::is_keyword;
use super::tree::{Connective, Expression};
use crate::dialect::Dialect;

pub(super) fn print(expression: &Expression, dialect: Dialect) -> SmolStr {
    let mut printer = Printer {
        text: String::new(),
        dialect,
    };
    printer.expression(expression, 0);
    printer.text.into()
}

/// Words of PostgreSQL that name nothing without quotes, beyond those that may begin or join expressions.
const RESERVED: &[&str] = &[
    "analyse",
    "analyze",
    "asymmetric",
    "authorization",
    "binary",
    "check",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "deferrable",
    "do",
    "fetch",
    "foreign",
    "freeze",
    "full",
    "grant",
    "initially",
    "inner",
    "into",
    "join",
    "lateral",
    "left",
    "natural",
    "offset",
    "only",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "symmetric",
    "table",
    "tablesample",
    "unique",
    "variadic",
    "verbose",
    "window",
];

/// True for words that are no columns without quotes.
pub(super) fn is_reserved(word: &str) -> bool {
    is_keyword(word) || RESERVED.contains(&word)
}

/// A name as it is written: with quotes where it needs them.
pub(super) fn quoted_name(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::PostgreSql if is_reserved(name) => {
            format!("\"{name}\"")
        }
        Dialect::PostgreSql => quote(name),
        Dialect::MySql | Dialect::Sqlite => {
            let plain = !name.is_empty()
                && name.chars().all(|c| c.is_alphanumeric() || c == '_')
                && !is_keyword(name);
            if plain {
                name.to_owned()
            } else {
                format!("\"{}\"", name.replace('"', "\"\""))
            }
        }
    }
}

/// The tokens with single spaces, words in lower case.
pub(super) fn levelled(tokens: &[Token<'_>], dialect: Dialect) -> SmolStr {
    let mut text = String::new();
    let mut previous: Option<&Token<'_>> = None;
    for token in tokens {
        if let Some(previous) = previous {
            let adjacent = previous.range.end == token.range.start;
            let tight = matches!(token.text, "," | ")" | "." | ";" | "]")
                || matches!(previous.text, "(" | "." | "[")
                || token.text == "(" && adjacent
                || adjacent
                    && previous.kind == TokenKind::Punctuation
                    && token.kind == TokenKind::Punctuation
                || token.text == "["
                || token.text == ":" && adjacent
                || previous.text == ":" && adjacent
                || previous.text == "$" && adjacent;
            if !tight {
                text.push(' ');
            }
        }
        match token.kind {
            TokenKind::Word => text.push_str(&token.text.to_lowercase()),
            TokenKind::QuotedName => match token.catalog_name(dialect) {
                Some(name) => text.push_str(&quoted_name(&name, dialect)),
                None => text.push_str(token.text),
            },
            TokenKind::String if token.text.starts_with('$') => {
                text.push_str(&body(token.text));
            }
            _ => text.push_str(token.text),
        }
        previous = Some(token);
    }
    text.into()
}

/// A body between dollars, with levelled white space and without its tag. What it says is not taken apart: it may be
/// in any language, and some mind the case of words and the indentation.
fn body(text: &str) -> String {
    let tag = text
        .get(1..)
        .and_then(|rest| rest.find('$'))
        .map_or(0, |end| end + 2);
    let inside = text
        .get(tag..text.len().saturating_sub(tag))
        .unwrap_or_default();
    let lines: Vec<String> = inside
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
        .collect();
    format!("$${}$$", lines.join("\n"))
}

struct Printer {
    text: String,
    dialect: Dialect,
}

/// How tightly an expression holds together; a looser one needs parentheses inside a tighter one.
fn tightness(expression: &Expression) -> u8 {
    match expression {
        Expression::Chain(Connective::Or, _) => 1,
        Expression::Chain(Connective::And, _) => 2,
        Expression::Prefix(operator, _) if operator == "NOT" => 3,
        Expression::Postfix(..) => 4,
        Expression::Binary(_, operator, _) => match operator.as_str() {
            "=" | "<" | ">" | "<=" | ">=" | "<>" => 5,
            "+" | "-" => 8,
            "*" | "/" | "%" => 9,
            "^" => 10,
            "." => 12,
            _ if operator.starts_with("IS") => 4,
            _ if operator.starts_with(char::is_uppercase) => 6,
            _ => 7,
        },
        Expression::In { .. } => 6,
        Expression::Prefix(..) => 11,
        Expression::Cast(..) | Expression::Index(..) => 12,
        Expression::Number(number) if number.starts_with('-') => 11,
        _ => 13,
    }
}

impl Printer {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn expression(&mut self, expression: &Expression, least: u8) {
        let needs_parentheses = tightness(expression) < least;
        if needs_parentheses {
            self.push("(");
        }
        self.bare(expression);
        if needs_parentheses {
            self.push(")");
        }
    }

    fn list(&mut self, expressions: &[Expression]) {
        for (index, expression) in expressions.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.expression(expression, 0);
        }
    }

    fn bare(&mut self, expression: &Expression) {
        match expression {
            Expression::Null => self.push("NULL"),
            Expression::Boolean(value) => {
                let spelling = match (self.dialect, value) {
                    (Dialect::PostgreSql, true) => "true",
                    (Dialect::PostgreSql, false) => "false",
                    (_, true) => "1",
                    (_, false) => "0",
                };
                self.push(spelling);
            }
            Expression::Number(text)
            | Expression::String(text)
            | Expression::Word(text)
            | Expression::Column(text)
            | Expression::Raw(text) => self.push(text),
            Expression::Call {
                name,
                arguments,
                tail,
            } => {
                self.push(name);
                self.push("(");
                self.list(arguments);
                self.push(")");
                self.push(tail);
            }
            Expression::Cast(operand, spelling) => {
                self.expression(operand, 12);
                self.push("::");
                self.push(spelling);
            }
            Expression::Prefix(operator, operand) => {
                self.push(operator);
                if operator == "NOT" {
                    self.push(" ");
                }
                self.expression(operand, tightness(expression) + u8::from(operator != "NOT"));
            }
            Expression::Postfix(operand, words) => {
                self.expression(operand, 5);
                self.push(" ");
                self.push(words);
            }
            Expression::Binary(left, operator, right) => {
                let own = tightness(expression);
                if operator == "." {
                    self.push("(");
                    self.expression(left, 0);
                    self.push(").");
                } else {
                    self.expression(left, own + u8::from((4..8).contains(&own)));
                    self.push(" ");
                    self.push(operator);
                    self.push(" ");
                }
                self.expression(right, own + 1);
            }
            Expression::Chain(connective, parts) => {
                let least = tightness(expression) + 1;
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        self.push(" ");
                        self.push(connective.word());
                        self.push(" ");
                    }
                    self.expression(part, least);
                }
            }
            Expression::In {
                operand,
                negated,
                values,
            } => {
                self.expression(operand, 7);
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.list(values);
                self.push(")");
            }
            Expression::Array(values) => {
                self.push("ARRAY[");
                self.list(values);
                self.push("]");
            }
            Expression::Row(values) => {
                self.push("(");
                self.list(values);
                self.push(")");
            }
            Expression::Index(operand, bounds) => {
                self.expression(operand, 12);
                self.push("[");
                for (index, bound) in bounds.iter().enumerate() {
                    if index > 0 {
                        self.push(":");
                    }
                    self.expression(bound, 0);
                }
                self.push("]");
            }
            Expression::Case {
                operand,
                branches,
                otherwise,
            } => {
                self.push("CASE");
                if let Some(operand) = operand {
                    self.push(" ");
                    self.expression(operand, 0);
                }
                for (condition, value) in branches {
                    self.push(" WHEN ");
                    self.expression(condition, 0);
                    self.push(" THEN ");
                    self.expression(value, 0);
                }
                if let Some(otherwise) = otherwise {
                    self.push(" ELSE ");
                    self.expression(otherwise, 0);
                }
                self.push(" END");
            }
        }
    }
}
