//! Statements that write the tables of `pg_catalog` by hand, past `ALTER`.

use std::ops::Range;

use smol_str::SmolStr;

use super::source::{Source, in_schema};
use super::token::{Token, TokenKind};
use crate::catalog::Ddl;
use crate::dialect::Dialect;

/// Those whose rows are what tables and types are.
const CATALOGS: &[&str] = &[
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_enum",
    "pg_namespace",
    "pg_trigger",
    "pg_type",
];

/// What a statement about rows of a catalog does to the schema: `DELETE FROM pg_enum WHERE enumlabel = 'a' AND enumtypid =
/// (SELECT oid FROM pg_type WHERE typname = 'mood')` takes a label away. What is not understood may change what it names, or
/// anything. `None` for rows of any other table.
pub(super) fn read(source: &Source<'_>, range: Range<usize>) -> Option<Vec<Ddl>> {
    if source.dialect != Dialect::PostgreSql {
        return None;
    }
    let tokens = source.tokens(range);
    let (word, catalog, rest) = target(&tokens)?;
    let labels = (catalog == "pg_enum").then(|| labels(word, rest)).flatten();
    let ddl = labels.unwrap_or_else(|| Ddl::Opaque {
        what: format!("{} {catalog}", word.text.to_uppercase()),
        names: objects(rest),
    });
    Some(vec![ddl])
}

/// The first word of a statement, the catalog that it is about, and what follows.
fn target<'a, 'b>(tokens: &'b [Token<'a>]) -> Option<(&'b Token<'a>, String, &'b [Token<'a>])> {
    let (word, mut rest) = match tokens {
        [word, next, rest @ ..]
            if (word.is_word("delete") && next.is_word("from"))
                || (word.is_word("insert") && next.is_word("into")) =>
        {
            (word, rest)
        }
        [word, rest @ ..] if word.is_word("update") => (word, rest),
        _ => return None,
    };
    if let [schema, dot, after @ ..] = rest
        && schema.is_word("pg_catalog")
        && dot.is_punctuation(".")
    {
        rest = after;
    }
    let (name, rest) = rest.split_first()?;
    let name = name.name()?;
    CATALOGS
        .contains(&name.as_str())
        .then_some((word, name, rest))
}

/// What a statement does to the labels of one type, if it names them.
fn labels(word: &Token<'_>, rest: &[Token<'_>]) -> Option<Ddl> {
    let at = rest.iter().position(|token| token.is_word("where"))?;
    let (assigned, condition) = rest.split_at(at);
    let is_plain = !condition.iter().any(|token| {
        ["or", "not", "like", "limit"]
            .iter()
            .any(|word| token.is_word(word))
            || ["!", "<", ">", "~"]
                .iter()
                .any(|sign| token.is_punctuation(sign))
    });
    let types = objects(condition);
    let ([name], true) = (types.as_slice(), is_plain) else {
        return None;
    };
    let labels = compared(condition, "enumlabel")?;
    if word.is_word("delete") {
        return Some(Ddl::DropEnumLabels {
            name: name.clone(),
            labels,
        });
    }
    // `SET enumlabel = 'new'` and nothing else.
    let [label] = labels.as_slice() else {
        return None;
    };
    let [.., set, column, equals, value] = assigned else {
        return None;
    };
    let renames = word.is_word("update")
        && set.is_word("set")
        && column.is_word("enumlabel")
        && equals.is_punctuation("=");
    renames.then_some(())?;
    Some(Ddl::RenameEnumLabel {
        name: name.clone(),
        label: label.clone(),
        new_label: value.string_value()?.into(),
    })
}

/// The strings that a column is compared with: `column = 'a'`, `column IN ('a', 'b')`. `None` if any is not known.
fn compared(tokens: &[Token<'_>], column: &str) -> Option<Vec<SmolStr>> {
    let at = tokens.iter().position(|token| token.is_word(column))?;
    let rest = tokens.get(at + 1..)?;
    match rest {
        [equals, value, ..] if equals.is_punctuation("=") => {
            Some(vec![value.string_value()?.into()])
        }
        [word, open, list @ ..] if word.is_word("in") && open.is_punctuation("(") => {
            let end = list.iter().position(|token| token.is_punctuation(")"))?;
            let values = list.get(..end)?.iter();
            values
                .filter(|token| !token.is_punctuation(","))
                .map(|token| token.string_value().map(SmolStr::from))
                .collect()
        }
        _ => None,
    }
}

/// The tables and types that are named: `relname = 't'`, `'mood'::regtype`, each once.
fn objects(tokens: &[Token<'_>]) -> Vec<SmolStr> {
    let schema = compared(tokens, "nspname").and_then(|names| names.into_iter().next());
    let mut found: Vec<SmolStr> = Vec::new();
    let mut add = |name: &str| {
        let name = match (&schema, name.rsplit_once('.')) {
            (_, Some((schema, bare))) => in_schema(bare, schema),
            (Some(schema), None) => in_schema(name, schema),
            (None, None) => name.into(),
        };
        if !found.contains(&name) {
            found.push(name);
        }
    };
    for column in ["relname", "typname"] {
        let names = compared(tokens, column).unwrap_or_default();
        for name in &names {
            add(name);
        }
    }
    for cast in tokens.windows(4) {
        if let [value, colon, _, name] = cast
            && value.kind == TokenKind::String
            && colon.is_punctuation(":")
            && (name.is_word("regclass") || name.is_word("regtype"))
            && let Some(value) = value.string_value()
        {
            add(&value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse;

    fn first(sql: &str) -> Ddl {
        let mut read = parse(sql, Dialect::PostgreSql, &|_| None).into_iter();
        let ddl = read.next().and_then(|statement| {
            let mut all = statement.ddl.into_iter();
            all.find(|ddl| !matches!(ddl, Ddl::Uses(_)))
        });
        ddl.unwrap_or(Ddl::Nothing)
    }

    #[test]
    fn labels_of_a_type() {
        let drop = |name: &str, labels: &[&str]| Ddl::DropEnumLabels {
            name: name.into(),
            labels: labels.iter().map(SmolStr::new).collect(),
        };
        assert_eq!(
            first(
                "DELETE FROM pg_enum WHERE enumlabel = 'Sad' AND enumtypid = (SELECT oid FROM pg_type WHERE typname = 'mood')"
            ),
            drop("mood", &["Sad"])
        );
        assert_eq!(
            first(
                "DELETE FROM pg_catalog.pg_enum WHERE enumtypid = 'shop.mood'::regtype AND enumlabel IN ('a', 'b')"
            ),
            drop("shop.mood", &["a", "b"])
        );
        assert_eq!(
            first(
                "UPDATE pg_enum SET enumlabel = 'new' WHERE enumlabel = 'old' AND enumtypid = 'mood'::regtype"
            ),
            Ddl::RenameEnumLabel {
                name: "mood".into(),
                label: "old".into(),
                new_label: "new".into(),
            }
        );
    }

    #[test]
    fn what_is_not_understood_may_change_what_it_names() {
        for (sql, expected) in [
            (
                "DELETE FROM pg_enum WHERE enumlabel <> 'a' AND enumtypid = 'mood'::regtype",
                &["mood"][..],
            ),
            (
                "UPDATE pg_attribute SET atttypmod = 44 WHERE attrelid = 'orders'::regclass AND attname = 'a'",
                &["orders"],
            ),
            ("DELETE FROM pg_enum WHERE enumlabel = 'a'", &[]),
        ] {
            assert!(
                matches!(first(sql), Ddl::Opaque { names, .. } if names == expected),
                "{sql}"
            );
        }
        assert!(matches!(
            first("DELETE FROM orders WHERE id = 1"),
            Ddl::Data { .. }
        ));
        assert!(matches!(
            first("UPDATE pg_settings SET setting = '1'"),
            Ddl::Data { .. }
        ));
    }
}
