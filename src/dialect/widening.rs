//! Types that take whatever another one takes, and give it back as it was.
//!
//! Types are spelled as the catalog spells them. What is not listed is not known to be wider.

use super::Dialect;

/// Types whose values are all values of those after them. Lengths do not count: those of these types only say how values
/// are shown, or how many digits a clock has.
const ORDERS: [(Dialect, &[&str]); 7] = [
    (Dialect::PostgreSql, &["smallint", "integer", "bigint"]),
    (Dialect::PostgreSql, &["real", "double precision"]),
    (
        Dialect::MySql,
        &["tinyint", "smallint", "mediumint", "int", "bigint"],
    ),
    (Dialect::MySql, &["float", "double"]),
    (Dialect::MySql, &["text", "mediumtext", "longtext"]),
    (Dialect::MySql, &["blob", "mediumblob", "longblob"]),
    // The affinity of a column is the same.
    (Dialect::Sqlite, &["SMALLINT", "INTEGER", "BIGINT"]),
];

/// Texts with a length, and those without one that take them whatever it is.
const TEXTS: [(Dialect, &[&str], &[&str]); 3] = [
    (
        Dialect::PostgreSql,
        &["character varying", "text"],
        &["character varying", "text"],
    ),
    // A VARCHAR has at most 65,535 bytes, which is what TEXT holds.
    (
        Dialect::MySql,
        &["varchar"],
        &["text", "mediumtext", "longtext"],
    ),
    (
        Dialect::Sqlite,
        &["VARCHAR", "NVARCHAR"],
        &["VARCHAR", "NVARCHAR", "TEXT"],
    ),
];

/// True for `text` and `character varying` without a length, which PostgreSQL stores and compares alike.
pub fn is_unlimited_text(dialect: Dialect, spelling: &str) -> bool {
    dialect == Dialect::PostgreSql && matches!(spelling, "text" | "character varying")
}

/// True for two types that a database stores and compares alike, so that nobody notices which of them it is: text without
/// a length in PostgreSQL; in SQLite, which enforces no length, all text, and all integers with booleans.
pub fn is_stored_alike(dialect: Dialect, one: &str, other: &str) -> bool {
    let is_text = |spelling: &str| match dialect {
        Dialect::Sqlite => {
            let base = Written::read(spelling).base;
            ["CHAR", "VARCHAR", "NVARCHAR", "NCHAR", "TEXT", "CLOB"].contains(&base)
        }
        _ => is_unlimited_text(dialect, spelling),
    };
    let is_integer = |spelling: &str| {
        dialect == Dialect::Sqlite
            && ["SMALLINT", "INT", "INTEGER", "BIGINT", "BOOLEAN"].contains(&spelling)
    };
    is_text(one) && is_text(other) || is_integer(one) && is_integer(other)
}

/// True if a column of the one type certainly takes and gives all that one of the other does.
///
/// ```
/// use migrate_lint::dialect::{Dialect, is_wider};
///
/// let wider = |from, to| is_wider(Dialect::PostgreSql, from, to);
/// assert!(wider("character varying(50)", "text"));
/// assert!(wider("integer", "bigint"));
/// assert!(!wider("text", "character varying(50)"));
/// assert!(!wider("boolean", "text"));
/// ```
pub fn is_wider(dialect: Dialect, from: &str, to: &str) -> bool {
    if from == to || is_stored_alike(dialect, from, to) {
        return true;
    }
    let (from, to) = (Written::read(from), Written::read(to));
    let is_ordered = |(_, order): &(Dialect, &[&str])| {
        let position = |base: &str| order.iter().position(|known| *known == base);
        position(from.base)
            .zip(position(to.base))
            .is_some_and(|(one, other)| one < other)
    };
    let takes_all = |(_, limited, unlimited): &(Dialect, &[&str], &[&str])| {
        limited.contains(&from.base) && unlimited.contains(&to.base) && to.length.is_none()
    };
    if from.is_plain() && to.is_plain() && of(&ORDERS, dialect, |one| one.0).any(is_ordered) {
        return true;
    }
    if of(&TEXTS, dialect, |one| one.0).any(takes_all) {
        return true;
    }
    match (from.length, to.length) {
        (Some((length, None)), Some((longer, None))) => {
            let is_text = of(&TEXTS, dialect, |one| one.0)
                .any(|(_, limited, _)| limited.contains(&from.base));
            is_text && from.base == to.base && length <= longer
        }
        (Some((precision, Some(scale))), Some((wider, Some(same)))) => {
            is_decimal(from.base) && from.base == to.base && precision <= wider && scale == same
        }
        (Some(_), None) => {
            dialect == Dialect::PostgreSql && from.base == "numeric" && to.base == "numeric"
        }
        _ => false,
    }
}

/// True for text of PostgreSQL that takes so many characters.
///
/// ```
/// use migrate_lint::dialect::{Dialect, has_room};
///
/// assert!(has_room(Dialect::PostgreSql, "character varying(10)", 10));
/// assert!(has_room(Dialect::PostgreSql, "text", 1000));
/// assert!(!has_room(Dialect::PostgreSql, "character varying(10)", 11));
/// assert!(!has_room(Dialect::PostgreSql, "integer", 1));
/// ```
pub fn has_room(dialect: Dialect, spelling: &str, characters: usize) -> bool {
    let written = Written::read(spelling);
    let mut texts = of(&TEXTS, dialect, |one| one.0);
    dialect == Dialect::PostgreSql
        && texts.any(|(_, limited, _)| limited.contains(&written.base))
        && match written.length {
            None => true,
            Some((length, None)) => characters <= length as usize,
            Some(_) => false,
        }
}

fn of<'t, T>(
    table: &'t [T],
    dialect: Dialect,
    dialect_of: impl Fn(&T) -> Dialect + 't,
) -> impl Iterator<Item = &'t T> {
    table.iter().filter(move |row| dialect_of(row) == dialect)
}

fn is_decimal(base: &str) -> bool {
    matches!(base, "numeric" | "decimal" | "NUMERIC" | "DECIMAL")
}

/// A type in its parts.
struct Written<'t> {
    base: &'t str,
    /// `(length)`, or `(precision, scale)`.
    length: Option<(u32, Option<u32>)>,
    /// What is written behind the length, or a length that is no number.
    has_more: bool,
}

impl<'t> Written<'t> {
    fn read(text: &'t str) -> Self {
        let Some((base, rest)) = text.split_once('(') else {
            return Self {
                base: text,
                length: None,
                has_more: false,
            };
        };
        let (inner, behind) = rest.split_once(')').unwrap_or((rest, ")"));
        let mut numbers = inner.split(',').map(|number| number.trim().parse::<u32>());
        let length = match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(length)), None, _) => Some((length, None)),
            (Some(Ok(precision)), Some(Ok(scale)), None) => Some((precision, Some(scale))),
            _ => None,
        };
        Self {
            // `numeric(10) unsigned` is no `numeric`.
            base: if behind.is_empty() { base } else { "" },
            has_more: length.is_none() || !behind.is_empty(),
            length,
        }
    }

    fn is_plain(&self) -> bool {
        !self.has_more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wider_for_certain() {
        let rows = [
            (
                Dialect::PostgreSql,
                "character varying(5)",
                "character varying(6)",
                true,
            ),
            (
                Dialect::PostgreSql,
                "character varying(5)",
                "character varying",
                true,
            ),
            (
                Dialect::PostgreSql,
                "character varying(6)",
                "character varying(5)",
                false,
            ),
            (
                Dialect::PostgreSql,
                "character varying",
                "character varying(5)",
                false,
            ),
            (Dialect::PostgreSql, "character varying", "text", true),
            (Dialect::PostgreSql, "text", "character varying", true),
            (Dialect::PostgreSql, "numeric(5,2)", "numeric(7,2)", true),
            (Dialect::PostgreSql, "numeric(5,2)", "numeric(7,3)", false),
            (Dialect::PostgreSql, "numeric(5,2)", "numeric", true),
            (Dialect::PostgreSql, "bigint", "integer", false),
            (Dialect::PostgreSql, "mood", "text", false),
            (Dialect::PostgreSql, "integer[]", "bigint", false),
            (Dialect::PostgreSql, "json", "jsonb", false),
            (Dialect::MySql, "varchar(5000)", "mediumtext", true),
            (Dialect::MySql, "varchar(5)", "tinytext", false),
            (Dialect::MySql, "int", "bigint", true),
            (Dialect::MySql, "enum('a')", "enum('a','b')", false),
            (Dialect::Sqlite, "VARCHAR(5)", "TEXT", true),
        ];
        for (dialect, from, to, wider) in rows {
            assert_eq!(is_wider(dialect, from, to), wider, "{from} to {to}");
        }
    }
}
