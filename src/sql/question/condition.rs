//! Conditions of PL/pgSQL that ask for objects.

use smol_str::{SmolStr, format_smolstr};

use super::super::token::{Token, TokenKind};
use super::select::{closing, regclass_name, relation_named, select, split, without_parentheses};
use crate::catalog::{AnswerForm, CatalogQuestion, Condition, QuestionField};

/// What is kept of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sql) struct VariableFacts {
    /// Whether it is true.
    pub(in crate::sql) truth: Condition,
    /// Whether it is not `NULL`.
    pub(in crate::sql) presence: Condition,
    /// Whether it is greater than zero.
    pub(in crate::sql) count: Condition,
}

impl VariableFacts {
    pub(in crate::sql) const UNKNOWN: Self = Self {
        truth: Condition::Unknown,
        presence: Condition::Unknown,
        count: Condition::Unknown,
    };
    /// Of a variable that nothing was put into.
    pub(in crate::sql) const NULL: Self = Self {
        presence: Condition::Constant(false),
        ..Self::UNKNOWN
    };

    /// The names under which the facts of a variable are kept.
    pub(in crate::sql) fn named(self, variable: &str) -> [(SmolStr, Condition); 3] {
        [
            (is_true(variable), self.truth),
            (is_not_null(variable), self.presence),
            (is_positive(variable), self.count),
        ]
    }
}

fn is_true(variable: &str) -> SmolStr {
    variable.to_lowercase().into()
}

fn is_not_null(variable: &str) -> SmolStr {
    format_smolstr!("{} is not null", variable.to_lowercase())
}

fn is_positive(variable: &str) -> SmolStr {
    format_smolstr!("{} > 0", variable.to_lowercase())
}

/// What a variable holds after the value was put into it.
pub(in crate::sql) fn value(tokens: &[Token<'_>]) -> VariableFacts {
    let tokens = without_parentheses(tokens);
    if let [first, ..] = tokens
        && first.is_word("select")
    {
        return selected(tokens);
    }
    if let Some(name) = variable(tokens) {
        return VariableFacts {
            truth: Condition::Variable(is_true(name)),
            presence: Condition::Variable(is_not_null(name)),
            count: Condition::Variable(is_positive(name)),
        };
    }
    if let [null] = tokens
        && null.is_word("null")
    {
        return VariableFacts::NULL;
    }
    let holds = condition(tokens);
    let presence = match &holds {
        Condition::Constant(_) | Condition::Exists(_) => Condition::Constant(true),
        Condition::Not(inner) if matches!(**inner, Condition::Exists(_)) => {
            Condition::Constant(true)
        }
        _ => Condition::Unknown,
    };
    VariableFacts {
        truth: holds,
        presence,
        count: Condition::Unknown,
    }
}

/// What a variable holds after the first row of a query was put into it.
pub(in crate::sql) fn selected(tokens: &[Token<'_>]) -> VariableFacts {
    let Some(asked) = select(tokens) else {
        return VariableFacts::UNKNOWN;
    };
    let form = asked.answer.clone();
    let exists = exists(asked);
    match form {
        AnswerForm::Exists => VariableFacts {
            truth: exists,
            presence: Condition::Constant(true),
            count: Condition::Unknown,
        },
        AnswerForm::Count => VariableFacts {
            count: exists,
            presence: Condition::Constant(true),
            truth: Condition::Unknown,
        },
        AnswerForm::NameOrNull => VariableFacts {
            presence: exists,
            ..VariableFacts::UNKNOWN
        },
        AnswerForm::Rows(fields) => VariableFacts {
            presence: match fields.as_slice() {
                [None | Some(QuestionField::Name)] => exists,
                _ => Condition::Unknown,
            },
            ..VariableFacts::UNKNOWN
        },
    }
}

/// Whether a query gives a row.
pub(in crate::sql) fn found(tokens: &[Token<'_>]) -> Condition {
    match select(tokens) {
        Some(asked) => match asked.answer {
            AnswerForm::Exists | AnswerForm::Count | AnswerForm::NameOrNull => {
                Condition::Constant(true)
            }
            AnswerForm::Rows(_) => exists(asked),
        },
        None => Condition::Unknown,
    }
}

fn exists(mut asked: CatalogQuestion) -> Condition {
    asked.answer = AnswerForm::Exists;
    Condition::Exists(asked)
}

/// What a condition asks.
pub(in crate::sql) fn condition(tokens: &[Token<'_>]) -> Condition {
    let tokens = without_parentheses(tokens);
    for (word, of) in [
        ("or", Condition::Any as fn(Vec<Condition>) -> Condition),
        ("and", Condition::All),
    ] {
        let parts = split(tokens, word);
        if parts.len() > 1 {
            return of(parts.into_iter().map(condition).collect());
        }
    }
    if let [not, rest @ ..] = tokens
        && not.is_word("not")
    {
        return condition(rest).negated();
    }
    atom(tokens).unwrap_or(Condition::Unknown)
}

fn atom(tokens: &[Token<'_>]) -> Option<Condition> {
    match tokens {
        [word] if word.is_word("true") => Some(Condition::Constant(true)),
        [word] if word.is_word("false") => Some(Condition::Constant(false)),
        [word, open, inside @ ..] if word.is_word("exists") && open.is_punctuation("(") => {
            let close = closing(inside)?;
            if close + 1 != inside.len() {
                return None;
            }
            select(inside.get(..close)?).map(exists)
        }
        [word, ..] if word.is_word("select") => {
            let asked = select(tokens)?;
            (asked.answer == AnswerForm::Exists).then(|| exists(asked))
        }
        _ => {
            if let Some(name) = variable(tokens) {
                return Some(Condition::Variable(is_true(name)));
            }
            let (operand, is) = compared(tokens)?;
            let asked = match is {
                Comparison::Null => not_null(operand)?.negated(),
                Comparison::NotNull => not_null(operand)?,
                Comparison::Zero => positive(operand)?.negated(),
                Comparison::Positive => positive(operand)?,
            };
            Some(asked)
        }
    }
}

enum Comparison {
    Null,
    NotNull,
    Zero,
    Positive,
}

/// An operand, and what it is compared with.
fn compared<'a, 'b>(tokens: &'b [Token<'a>]) -> Option<(&'b [Token<'a>], Comparison)> {
    let texts: Vec<String> = tokens
        .iter()
        .rev()
        .take(3)
        .map(|token| token.text.to_lowercase())
        .collect();
    let last: Vec<&str> = texts.iter().rev().map(String::as_str).collect();
    let (length, comparison) = match last.as_slice() {
        ["is", "not", "null"] => (3, Comparison::NotNull),
        [_, "is", "null"] => (2, Comparison::Null),
        [">", "=", "1"] | ["<", ">", "0"] | ["!", "=", "0"] => (3, Comparison::Positive),
        [_, ">", "0"] => (2, Comparison::Positive),
        ["<" | ">", "=", _] => return None,
        [_, "=", "0"] | [_, "<", "1"] => (2, Comparison::Zero),
        _ => return None,
    };
    let operand = tokens.get(..tokens.len() - length)?;
    Some((without_parentheses(operand), comparison))
}

/// `to_regclass('t') IS NOT NULL`, `variable IS NOT NULL`, `(SELECT conname FROM …) IS NOT NULL`
fn not_null(operand: &[Token<'_>]) -> Option<Condition> {
    if let Some((name, rest)) = regclass_name(operand) {
        return rest
            .is_empty()
            .then(|| Condition::Exists(relation_named(&name, AnswerForm::Exists)));
    }
    if operand.first()?.is_word("select") {
        return Some(selected(operand).presence);
    }
    variable(operand).map(|name| Condition::Variable(is_not_null(name)))
}

/// `(SELECT count(*) FROM …) > 0`, `variable > 0`
fn positive(operand: &[Token<'_>]) -> Option<Condition> {
    if operand.first()?.is_word("select") {
        return Some(selected(operand).count);
    }
    variable(operand).map(|name| Condition::Variable(is_positive(name)))
}

fn variable<'a>(tokens: &[Token<'a>]) -> Option<&'a str> {
    match tokens {
        [name]
            if name.kind == TokenKind::Word
                && !["null", "true", "false"]
                    .iter()
                    .any(|word| name.is_word(word)) =>
        {
            Some(name.text)
        }
        _ => None,
    }
}
