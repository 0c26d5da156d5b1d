//! One spelling for expressions: defaults, checks, predicates and keys of indexes.
//!
//! Texts that are known to mean the same get the same spelling. What the little grammar here does not read keeps its
//! words, in levelled case and with levelled white space.

mod canonical;
mod casts;
mod never;
mod parse;
mod primary;
mod print;
mod tree;

use smol_str::SmolStr;

use super::token::{Token, TokenKind, tokens_of};
use super::types::read_type;
use crate::catalog::IndexKey;
use crate::dialect::Dialect;

pub use casts::with_text_casts;
pub use never::is_never_met;
pub(super) use tree::Expression;

/// The expression in its one spelling.
///
/// ```
/// use migrate_lint::dialect::Dialect;
/// use migrate_lint::sql::canonical_expression;
///
/// let written = canonical_expression("state in ('a', 'b') and  not x is null", Dialect::PostgreSql);
/// let printed = canonical_expression(
///     "(((state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])) AND (x IS NOT NULL))",
///     Dialect::PostgreSql,
/// );
/// assert_eq!(written, printed);
/// ```
pub fn canonical_expression(text: &str, dialect: Dialect) -> SmolStr {
    let tokens = tokens_of(text, dialect);
    match parse::parse(&tokens, dialect) {
        Some(expression) => print::print(&canonical::canonical(expression, dialect), dialect),
        None => print::levelled(&tokens, dialect),
    }
}

/// True for two conditions that hold of the same rows: alike, or with the values of an `IN` in another order.
///
/// ```
/// use migrate_lint::dialect::Dialect;
/// use migrate_lint::sql::is_same_condition;
///
/// assert!(is_same_condition("state IN ('a', 'b')", "state in ('b','a')", Dialect::PostgreSql));
/// assert!(!is_same_condition("state IN ('a', 'b')", "state IN ('b', 'c')", Dialect::PostgreSql));
/// ```
pub fn is_same_condition(one: &str, other: &str, dialect: Dialect) -> bool {
    let ordered = |text: &str| {
        let expression = parse::parse(&tokens_of(text, dialect), dialect)?;
        let mut expression = canonical::canonical(expression, dialect);
        if let Expression::In { values, .. } = &mut expression {
            values.sort_by_cached_key(|value| print::print(value, dialect));
        }
        Some(print::print(&expression, dialect))
    };
    one == other || ordered(one).is_some_and(|one| ordered(other) == Some(one))
}

/// The default in its one spelling; `None` for `NULL`, which is none.
pub fn canonical_default(text: &str, dialect: Dialect) -> Option<SmolStr> {
    let tokens = tokens_of(text, dialect);
    // It is refused, and to be known by its quotes.
    if let (Dialect::PostgreSql, [name]) = (dialect, tokens.as_slice())
        && name.kind == TokenKind::QuotedName
    {
        return Some(name.text.into());
    }
    let Some(expression) = parse::parse(&tokens, dialect) else {
        return (!tokens.is_empty()).then(|| print::levelled(&tokens, dialect));
    };
    let default = canonical::default(canonical::canonical(expression, dialect), dialect);
    (default != Expression::Null).then(|| print::print(&default, dialect))
}

/// A key of an index as SQL writes it, with its operator class and order: `lower(email) text_pattern_ops DESC`.
pub fn index_key(text: &str, dialect: Dialect) -> IndexKey {
    let tokens = tokens_of(text, dialect);
    let (tokens, order) = order(&tokens);
    let (tokens, operator_class) = operator_class(tokens, dialect);
    let is_column = matches!(tokens, [name] if name.kind == TokenKind::QuotedName
        || name.kind == TokenKind::Word && !is_keyword(name.text));
    let text = match (is_column, tokens.first()) {
        (true, Some(name)) => name
            .catalog_name(dialect)
            .unwrap_or_else(|| name.text.into()),
        _ => match parse::parse(tokens, dialect) {
            Some(expression) => print::print(&canonical::canonical(expression, dialect), dialect),
            None => print::levelled(tokens, dialect),
        },
    };
    IndexKey {
        text,
        is_column,
        operator_class,
        order,
    }
}

/// The order at the end of a key, if it is not the usual one.
fn order<'a, 'b>(tokens: &'b [Token<'a>]) -> (&'b [Token<'a>], Option<SmolStr>) {
    let mut rest = tokens;
    let mut nulls_first = None;
    if let [before @ .., nulls, place] = rest
        && nulls.is_word("nulls")
    {
        nulls_first = Some(place.is_word("first"));
        rest = before;
    }
    let mut descending = false;
    if let [before @ .., direction] = rest
        && (direction.is_word("desc") || direction.is_word("asc"))
    {
        descending = direction.is_word("desc");
        rest = before;
    }
    (rest, spelled_order(descending, nulls_first))
}

/// The spelling of an order; `None` for the usual one. Rows without a value come first if the order is descending.
pub(super) fn spelled_order(descending: bool, nulls_first: Option<bool>) -> Option<SmolStr> {
    match (descending, nulls_first.unwrap_or(descending)) {
        (false, false) => None,
        (false, true) => Some(SmolStr::new_static("NULLS FIRST")),
        (true, true) => Some(SmolStr::new_static("DESC")),
        (true, false) => Some(SmolStr::new_static("DESC NULLS LAST")),
    }
}

/// The collation and the operator class behind a key.
fn operator_class<'a, 'b>(
    tokens: &'b [Token<'a>],
    dialect: Dialect,
) -> (&'b [Token<'a>], Option<SmolStr>) {
    let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
    if let Some(at) = tokens.iter().rposition(|token| token.is_word("collate"))
        && let Some((key, rest)) = tokens.split_at_checked(at)
        && rest.iter().skip(1).all(is_name)
        && !key.is_empty()
    {
        let words = print::levelled(rest.get(1..).unwrap_or_default(), dialect);
        return (key, Some(smol_str::format_smolstr!("COLLATE {words}")));
    }
    match tokens {
        [key @ .., last, class]
            if class.kind == TokenKind::Word
                && !is_keyword(class.text)
                && (is_name(last) && !is_keyword(last.text) && key.is_empty()
                    || last.is_punctuation(")")) =>
        {
            let length = tokens.len() - 1;
            (
                tokens.get(..length).unwrap_or_default(),
                class.catalog_name(dialect),
            )
        }
        _ => (tokens, None),
    }
}

/// The text of an object's definition without comments, with levelled white space; words keep their case within
/// strings and quoted names, so bodies between dollars stay as they are but for their white space.
pub fn canonical_text(text: &str, dialect: Dialect) -> SmolStr {
    print::levelled(&tokens_of(text, dialect), dialect)
}

/// The names in an expression that may be columns: neither functions nor keywords nor types. In the order they come,
/// each once.
pub fn mentioned_columns(text: &str, dialect: Dialect) -> Vec<SmolStr> {
    let tokens = tokens_of(text, dialect);
    let mut found: Vec<SmolStr> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let rest = tokens.get(at..).unwrap_or_default();
        if is_cast(token, rest) {
            at += 1;
            at += read_type(tokens.get(at..).unwrap_or_default(), dialect)
                .map_or(0, |(_, length)| length);
            continue;
        }
        if token.is_word("as") || token.is_word("collate") {
            at += read_type(rest, dialect).map_or(0, |(_, length)| length);
            continue;
        }
        let next = rest.first();
        let is_qualifier = next.is_some_and(|next| next.is_punctuation("."));
        let is_call = next.is_some_and(|next| next.is_punctuation("("))
            && !(token.kind == TokenKind::Word && is_keyword(token.text));
        let is_typed_literal = token.kind == TokenKind::Word
            && next.is_some_and(|next| next.kind == TokenKind::String);
        if is_qualifier || is_call || is_typed_literal || !may_be_a_column(token) {
            continue;
        }
        if let Some(name) = token.catalog_name(dialect)
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

/// `::`
fn is_cast(token: &Token<'_>, rest: &[Token<'_>]) -> bool {
    token.is_punctuation(":")
        && rest
            .first()
            .is_some_and(|next| next.is_punctuation(":") && next.range.start == token.range.end)
}

fn may_be_a_column(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::QuotedName => true,
        TokenKind::Word => !is_keyword(token.text),
        _ => false,
    }
}

/// Words that are never columns where they stand without quotes.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "all",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "between",
        "both",
        "by",
        "case",
        "cast",
        "collate",
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "desc",
        "distinct",
        "else",
        "end",
        "escape",
        "except",
        "exists",
        "false",
        "for",
        "from",
        "group",
        "having",
        "ilike",
        "in",
        "interval",
        "intersect",
        "is",
        "isnull",
        "leading",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "not",
        "notnull",
        "null",
        "nulls",
        "on",
        "or",
        "order",
        "over",
        "regexp",
        "rlike",
        "select",
        "session_user",
        "similar",
        "some",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unknown",
        "user",
        "using",
        "when",
        "where",
        "with",
    ];
    KEYWORDS
        .binary_search(&word.to_ascii_lowercase().as_str())
        .is_ok()
}

#[cfg(test)]
mod tests;
