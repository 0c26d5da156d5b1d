//! Conditions of PL/pgSQL that ask for objects.

use super::super::token::{Token, TokenKind};
use super::select::{closing, regclass_name, relation_named, select, without_parentheses};
use crate::catalog::{AnswerForm, CatalogQuestion};

/// What a condition asks, and whether it holds if there is no such object.
pub(in crate::sql) fn condition(
    tokens: &[Token<'_>],
    variables: &[(String, CatalogQuestion)],
) -> Option<(CatalogQuestion, bool)> {
    let tokens = without_parentheses(tokens);
    match tokens {
        [not, rest @ ..] if not.is_word("not") => {
            condition(rest, variables).map(|(asked, negated)| (asked, !negated))
        }
        [exists, open, inside @ ..] if exists.is_word("exists") && open.is_punctuation("(") => {
            let close = closing(inside)?;
            if close + 1 != inside.len() {
                return None;
            }
            let mut asked = select(inside.get(..close)?)?;
            asked.answer = AnswerForm::Exists;
            Some((asked, false))
        }
        [variable] if variable.kind == TokenKind::Word => {
            let name = variable.text.to_lowercase();
            variables
                .iter()
                .rev()
                .find(|(known, _)| *known == name)
                .map(|(_, asked)| (asked.clone(), false))
        }
        [select_word, ..] if select_word.is_word("select") => {
            let asked = select(tokens)?;
            (asked.answer == AnswerForm::Exists).then_some((asked, false))
        }
        _ => counted(tokens).or_else(|| relation(tokens)),
    }
}

/// `(SELECT count(*) FROM …) = 0`
fn counted(tokens: &[Token<'_>]) -> Option<(CatalogQuestion, bool)> {
    let [query @ .., sign, zero] = tokens else {
        return None;
    };
    let negated = match sign.text {
        "=" => true,
        ">" => false,
        _ => return None,
    };
    let query = without_parentheses(query);
    if zero.text != "0" || !query.first()?.is_word("select") {
        return None;
    }
    let mut asked = select(query)?;
    if asked.answer != AnswerForm::Count {
        return None;
    }
    asked.answer = AnswerForm::Exists;
    Some((asked, negated))
}

/// `to_regclass('t') IS NULL`
fn relation(tokens: &[Token<'_>]) -> Option<(CatalogQuestion, bool)> {
    let (name, rest) = regclass_name(tokens)?;
    let negated = match rest {
        [is, null] if is.is_word("is") && null.is_word("null") => true,
        [is, not, null] if is.is_word("is") && not.is_word("not") && null.is_word("null") => false,
        _ => return None,
    };
    Some((relation_named(&name, AnswerForm::Exists), negated))
}
