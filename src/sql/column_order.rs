//! Queries that differ only in the order of their columns, or in columns without values.

use super::token::{Token, TokenKind, tokens};

/// A query without the order of what it selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unordered {
    /// All but the lists of columns.
    rest: String,
    /// What stands at one position of all queries of a `UNION`, sorted.
    columns: Vec<Vec<String>>,
}

/// The query of a text, whatever the order of its columns. `None` where that is told by numbers, or the queries in it do
/// not give as many columns.
pub fn without_column_order(text: &str) -> Option<Unordered> {
    let Query {
        rest,
        lists,
        has_numbers,
    } = Query::of(text);
    if has_numbers {
        return None;
    }
    let length = lists.first()?.len();
    if lists.iter().any(|list| list.len() != length) {
        return None;
    }
    let mut columns: Vec<Vec<String>> = (0..length)
        .map(|position| {
            let of = |list: &Vec<String>| list.get(position).cloned();
            lists.iter().filter_map(of).collect()
        })
        .collect();
    columns.sort_unstable();
    Some(Unordered { rest, columns })
}

/// A query in two parts.
struct Query {
    /// All but the lists of columns.
    rest: String,
    /// What each `SELECT` gives.
    lists: Vec<Vec<String>>,
    /// True if columns are told by numbers.
    has_numbers: bool,
}

impl Query {
    fn of(text: &str) -> Self {
        let tokens = tokens(text.trim().trim_end_matches(';'));
        let mut rest = String::new();
        let mut lists: Vec<Vec<String>> = Vec::new();
        let mut at = 0;
        let mut has_numbers = false;
        while let Some(token) = tokens.get(at) {
            at += 1;
            push(&mut rest, token);
            let next = |at: usize| tokens.get(at);
            if token.is_word("by") && next(at).is_some_and(|next| next.kind == TokenKind::Number) {
                has_numbers = true;
            }
            if !token.is_word("select") {
                continue;
            }
            while let Some(word) =
                next(at).filter(|next| next.is_word("distinct") || next.is_word("all"))
            {
                push(&mut rest, word);
                at += 1;
            }
            let (list, length) = listed(tokens.get(at..).unwrap_or_default());
            lists.push(list);
            at += length;
        }
        Self {
            rest,
            lists,
            has_numbers,
        }
    }
}

/// The names of the columns that a query has at its end more than another one, where these are always `NULL` and the
/// queries are the same otherwise.
pub fn added_nulls(text: &str, longer: &str) -> Option<Vec<String>> {
    let (one, other) = (Query::of(text), Query::of(longer));
    let (first, others) = one.lists.split_first()?;
    let (longer, other_others) = other.lists.split_first()?;
    let added = longer.strip_prefix(first.as_slice())?;
    if added.is_empty() || one.rest != other.rest || others != other_others {
        return None;
    }
    added.iter().map(|column| null_column(column)).collect()
}

/// The name of `NULL AS name` and `NULL::type AS name`.
fn null_column(column: &str) -> Option<String> {
    let (value, name) = column.rsplit_once(" as ")?;
    let rest = value.strip_prefix(" null")?;
    (rest.is_empty() || rest.starts_with(" :")).then(|| name.to_owned())
}

/// True if the query gives a column of this name.
pub fn gives_column(text: &str, name: &str) -> bool {
    let query = Query::of(text);
    let mut first = query.lists.first().into_iter().flatten();
    first.any(|column| column.rsplit([' ', '.']).next() == Some(name))
}

/// The columns at the start of the tokens, and how many tokens they take.
fn listed(tokens: &[Token<'_>]) -> (Vec<String>, usize) {
    let mut columns = vec![String::new()];
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_punctuation("(") {
            depth += 1;
        } else if token.is_punctuation(")") {
            if depth == 0 {
                return (columns, at);
            }
            depth -= 1;
        } else if depth == 0 {
            let ends = [
                "from",
                "union",
                "where",
                "order",
                "group",
                "except",
                "intersect",
            ];
            if ends.iter().any(|word| token.is_word(word)) {
                return (columns, at);
            }
            if token.is_punctuation(",") {
                columns.push(String::new());
                continue;
            }
        }
        if let Some(column) = columns.last_mut() {
            push(column, token);
        }
    }
    (columns, tokens.len())
}

fn push(text: &mut String, token: &Token<'_>) {
    text.push(' ');
    match token.kind {
        TokenKind::Word => text.push_str(&token.text.to_lowercase()),
        _ => text.push_str(token.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let one = without_column_order(one);
        one.is_some() && one == without_column_order(other)
    }

    #[test]
    fn columns_may_change_places() {
        assert!(same(
            "SELECT id, coalesce(a, b) AS c FROM t",
            "select coalesce(a, b) as c, id from t;"
        ));
        assert!(same(
            "(SELECT id, name FROM t) UNION (SELECT id, label FROM u)",
            "(SELECT name, id FROM t) UNION (SELECT label, id FROM u)"
        ));
    }

    #[test]
    fn but_not_so_that_they_mean_something_else() {
        assert!(!same("SELECT id FROM t", "SELECT id, name FROM t"));
        assert!(!same("SELECT id, name FROM t", "SELECT id, name FROM u"));
        assert!(!same(
            "(SELECT a, b FROM t) UNION (SELECT a, b FROM u)",
            "(SELECT a, b FROM t) UNION (SELECT b, a FROM u)"
        ));
        assert!(!same(
            "SELECT a, b FROM t ORDER BY 1",
            "SELECT b, a FROM t ORDER BY 1"
        ));
    }

    #[test]
    fn columns_that_cannot_be_dropped_are_left_empty() {
        let before = "SELECT a.id, b.name FROM a JOIN b ON a.id = b.id";
        let after = |more: &str| {
            let longer = format!("SELECT a.id, b.name, {more} FROM a JOIN b ON a.id = b.id");
            added_nulls(before, &longer)
        };
        assert_eq!(
            after("NULL::integer AS status, null as kind"),
            Some(vec!["status".to_owned(), "kind".to_owned()])
        );
        assert_eq!(after("0 AS status"), None);
        assert_eq!(after("NULL + 1 AS status"), None);
        assert_eq!(added_nulls(before, before), None);
        assert!(gives_column("SELECT a.id, a.Status FROM a", "status"));
        assert!(!gives_column("SELECT a.id AS status_id FROM a", "status"));
    }
}
