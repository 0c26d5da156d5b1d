//! Questions to the database about itself, as SQL asks them.

mod catalogs;
mod condition;
mod referred;
mod select;
#[cfg(test)]
mod tests;

use smol_str::SmolStr;

use super::token::{Token, TokenKind, tokens};
use crate::catalog::{AnswerForm, CatalogQuestion, QuestionField, QuestionKind, QuestionValue};

pub(super) use condition::{VariableFacts, condition, found, selected, value};

/// The question that a query asks, if it is one about which objects there are: a `SELECT` from `information_schema` or
/// `pg_catalog` with conditions that compare with literals or bind parameters, `to_regclass('t')`, `sqlite_master`,
/// `PRAGMA table_info(t)`, `SHOW TABLES`.
///
/// ```
/// use migrate_lint::catalog::{AnswerForm, QuestionKind};
/// use migrate_lint::sql::question;
///
/// let asked = question("SELECT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')").unwrap();
/// assert_eq!(asked.about, QuestionKind::Type);
/// assert_eq!(asked.answer, AnswerForm::Exists);
/// ```
pub fn question(sql: &str) -> Option<CatalogQuestion> {
    let tokens = tokens(sql);
    let tokens = match tokens.as_slice() {
        [tokens @ .., end] if end.is_punctuation(";") => tokens,
        tokens => tokens,
    };
    let first = tokens.first()?;
    if first.is_word("select") {
        select::select(tokens)
    } else if first.is_word("pragma") {
        pragma(tokens.get(1..)?)
    } else if first.is_word("show") {
        show(tokens.get(1..)?)
    } else if first.is_word("describe") || first.is_word("desc") {
        let table = tokens.get(1)?.name()?;
        Some(described_columns(table.into(), None))
    } else {
        None
    }
}

fn property(name: &str) -> QuestionField {
    QuestionField::Property(SmolStr::new(name))
}

/// `table_info(t)`, `index_list('t')`
fn pragma(tokens: &[Token<'_>]) -> Option<CatalogQuestion> {
    let [name, open, table, close] = tokens else {
        return None;
    };
    if !open.is_punctuation("(") || !close.is_punctuation(")") {
        return None;
    }
    let table = table.string_value().or_else(|| table.name())?;
    let (about, fields) = match name.text.to_ascii_lowercase().as_str() {
        "table_info" | "table_xinfo" => (
            QuestionKind::Column,
            vec![
                Some(property("cid")),
                Some(QuestionField::Name),
                Some(property("type")),
                Some(property("notnull")),
                Some(property("dflt_value")),
                Some(property("pk")),
            ],
        ),
        "index_list" => (
            QuestionKind::Index,
            vec![
                Some(property("seq")),
                Some(QuestionField::Name),
                Some(property("unique")),
            ],
        ),
        _ => return None,
    };
    Some(CatalogQuestion {
        about,
        conditions: vec![(QuestionField::Owner, QuestionValue::Text(table.into()))],
        answer: AnswerForm::Rows(fields),
    })
}

/// `TABLES LIKE 'x'`, `COLUMNS FROM t LIKE 'x'`, `INDEX FROM t WHERE Key_name = 'x'`
fn show(tokens: &[Token<'_>]) -> Option<CatalogQuestion> {
    let mut rest = tokens;
    while let [first, after @ ..] = rest
        && (first.is_word("full") || first.is_word("extended"))
    {
        rest = after;
    }
    let [what, rest @ ..] = rest else {
        return None;
    };
    if what.is_word("tables") {
        let mut conditions = Vec::new();
        if !rest.is_empty() {
            conditions.push((QuestionField::Name, like(rest)?));
        }
        return Some(CatalogQuestion {
            about: QuestionKind::TableOrView,
            conditions,
            answer: AnswerForm::Rows(vec![Some(QuestionField::Name)]),
        });
    }
    let [from, table, rest @ ..] = rest else {
        return None;
    };
    if !from.is_word("from") && !from.is_word("in") {
        return None;
    }
    let table = SmolStr::from(table.name()?);
    if what.is_word("columns") || what.is_word("fields") {
        return match rest {
            [] => Some(described_columns(table, None)),
            rest => Some(described_columns(table, Some(like(rest)?))),
        };
    }
    if !["index", "indexes", "keys"]
        .iter()
        .any(|word| what.is_word(word))
    {
        return None;
    }
    let mut conditions = vec![(QuestionField::Owner, QuestionValue::Text(table))];
    match rest {
        [] => {}
        [filter, field, equals, value]
            if filter.is_word("where")
                && field.name().as_deref() == Some("key_name")
                && equals.is_punctuation("=") =>
        {
            conditions.push((
                QuestionField::Name,
                QuestionValue::Text(value.string_value()?.into()),
            ));
        }
        _ => return None,
    }
    Some(CatalogQuestion {
        about: QuestionKind::Index,
        conditions,
        answer: AnswerForm::Rows(vec![
            Some(QuestionField::Owner),
            Some(property("non_unique")),
            Some(QuestionField::Name),
            Some(property("seq_in_index")),
            Some(property("column_name")),
        ]),
    })
}

/// `LIKE 'x'`; without wildcards it is an equality.
fn like(tokens: &[Token<'_>]) -> Option<QuestionValue> {
    let [like, pattern] = tokens else {
        return None;
    };
    let pattern = pattern
        .string_value()
        .or_else(|| (pattern.kind == TokenKind::QuotedName).then(|| pattern.name())?)
        .filter(|_| like.is_word("like"))?;
    Some(pattern_value(&pattern))
}

fn pattern_value(pattern: &str) -> QuestionValue {
    if pattern.contains('%') || pattern.replace("\\_", "").contains('_') && pattern.contains('%') {
        QuestionValue::Like(pattern.into())
    } else {
        QuestionValue::Text(pattern.replace("\\_", "_").into())
    }
}

fn described_columns(table: SmolStr, name: Option<QuestionValue>) -> CatalogQuestion {
    let mut conditions = vec![(QuestionField::Owner, QuestionValue::Text(table))];
    conditions.extend(name.map(|name| (QuestionField::Name, name)));
    CatalogQuestion {
        about: QuestionKind::Column,
        conditions,
        answer: AnswerForm::Rows(vec![
            Some(QuestionField::Name),
            Some(property("type")),
            Some(property("null")),
            Some(property("key")),
            Some(property("default")),
            Some(property("extra")),
        ]),
    }
}
