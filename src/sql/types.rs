//! Types of columns as the catalogs of the databases spell them.

mod mysql;
mod postgresql;

use smol_str::{SmolStr, format_smolstr};

use super::token::{Token, TokenKind, tokens_of};
use crate::dialect::Dialect;

pub(super) use postgresql::quote;

/// The spelling of a type in the catalog: what `format_type` of PostgreSQL and `COLUMN_TYPE` of MySQL's
/// `information_schema` print; on SQLite the declared text in upper case.
///
/// ```
/// use migrate_lint::dialect::Dialect;
/// use migrate_lint::sql::catalog_type;
///
/// assert_eq!(catalog_type("VARCHAR(50)", Dialect::PostgreSql), "character varying(50)");
/// assert_eq!(catalog_type("INTEGER", Dialect::MySql), "int");
/// ```
pub fn catalog_type(text: &str, dialect: Dialect) -> SmolStr {
    let tokens = tokens_of(text, dialect);
    let spelling = match dialect {
        Dialect::PostgreSql => {
            postgresql::read(&tokens).filter(|(_, length)| *length == tokens.len())
        }
        Dialect::MySql => mysql::read(&tokens),
        Dialect::Sqlite => None,
    };
    match spelling {
        Some((spelling, _)) => spelling,
        None => as_declared(&tokens),
    }
}

/// The type of a column as the catalog holds it: a type that was made is known by its bare name there, as `sa.Enum(name="Mood")`
/// says it and `CREATE TYPE "Mood"` makes it.
pub(super) fn column_type(text: &str, dialect: Dialect) -> SmolStr {
    let spelling = catalog_type(text, dialect);
    let (name, rest) = match spelling.split_once('[') {
        Some((name, rest)) => (name, Some(rest)),
        None => (spelling.as_str(), None),
    };
    let bare: String = name.chars().filter(|c| *c != '"').collect();
    let is_of_words = bare
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
    let is_plain = bare == name || bare == "char";
    if dialect != Dialect::PostgreSql || is_plain || !is_of_words {
        return spelling;
    }
    match rest {
        Some(rest) => format_smolstr!("{bare}[{rest}"),
        None => SmolStr::new(bare),
    }
}

/// True for `SERIAL` and its like, which make a sequence for their column.
pub fn is_serial(text: &str, dialect: Dialect) -> bool {
    dialect != Dialect::Sqlite
        && matches!(
            text.trim().to_ascii_lowercase().as_str(),
            "serial" | "serial2" | "serial4" | "serial8" | "bigserial" | "smallserial"
        )
}

/// The type at the start of the tokens, and how many tokens it takes.
pub(super) fn read_type(tokens: &[Token<'_>], dialect: Dialect) -> Option<(SmolStr, usize)> {
    match dialect {
        Dialect::PostgreSql => postgresql::read(tokens),
        Dialect::MySql => mysql::read(tokens),
        Dialect::Sqlite => {
            let words = tokens
                .iter()
                .take(4)
                .take_while(|token| token.kind == TokenKind::Word)
                .count();
            let length = words + arguments(tokens.get(words..)?).map_or(0, |(_, length)| length);
            (words > 0).then(|| {
                (
                    as_declared(tokens.get(..length).unwrap_or_default()),
                    length,
                )
            })
        }
    }
}

/// The text in upper case, with one space where there was some and after commas.
fn as_declared(tokens: &[Token<'_>]) -> SmolStr {
    let mut text = String::new();
    let mut previous = "";
    for token in tokens {
        let tight = matches!(token.text, "(" | ")" | "," | "." | "[" | "]")
            || matches!(previous, "" | "(" | "." | "[");
        if !tight {
            text.push(' ');
        }
        match token.kind {
            TokenKind::Word | TokenKind::Number => text.push_str(&token.text.to_uppercase()),
            _ => text.push_str(token.text),
        }
        previous = token.text;
    }
    text.into()
}

/// The arguments in parentheses at the start of the tokens, and how many tokens they take.
fn arguments<'a>(tokens: &[Token<'a>]) -> Option<(Vec<&'a str>, usize)> {
    if !tokens.first()?.is_punctuation("(") {
        return None;
    }
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate().skip(1) {
        match token.text {
            ")" => return Some((found, index + 1)),
            "," => {}
            // A negative scale is nobody's.
            "-" | ";" | "(" => return None,
            text => found.push(text),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_the_database_are_known_by_name() {
        for (text, wanted) in [
            ("public.\"Mood\"", "Mood"),
            ("audit.\"Mood\"", "audit.Mood"),
            ("\"Mood\"[]", "Mood[]"),
            ("Mood", "mood"),
            ("\"a mood\"", "\"a mood\""),
            ("\"char\"", "\"char\""),
            ("varchar(3)", "character varying(3)"),
        ] {
            assert_eq!(column_type(text, Dialect::PostgreSql), wanted, "{text}");
        }
    }

    #[test]
    fn postgresql() {
        // As a PostgreSQL 15 server prints them.
        for (text, spelling) in [
            ("int", "integer"),
            ("INT4", "integer"),
            ("int8", "bigint"),
            ("smallint", "smallint"),
            ("serial", "integer"),
            ("BIGSERIAL", "bigint"),
            ("varchar", "character varying"),
            ("VARCHAR(50)", "character varying(50)"),
            ("character varying ( 50 )", "character varying(50)"),
            ("char", "character(1)"),
            ("char(3)", "character(3)"),
            ("bpchar", "bpchar"),
            ("\"char\"", "\"char\""),
            ("decimal(10, 2)", "numeric(10,2)"),
            ("numeric(10)", "numeric(10,0)"),
            ("numeric", "numeric"),
            ("float", "double precision"),
            ("float(24)", "real"),
            ("float(25)", "double precision"),
            ("double precision", "double precision"),
            ("bool", "boolean"),
            ("bit", "bit(1)"),
            ("bit(4)", "bit(4)"),
            ("varbit(4)", "bit varying(4)"),
            ("timestamp", "timestamp without time zone"),
            ("timestamptz", "timestamp with time zone"),
            ("timestamptz(3)", "timestamp(3) with time zone"),
            (
                "TIMESTAMP (3) WITH TIME ZONE",
                "timestamp(3) with time zone",
            ),
            ("time with time zone", "time with time zone"),
            ("interval", "interval"),
            ("interval(3)", "interval(3)"),
            ("interval day to second(3)", "interval day to second(3)"),
            ("INTERVAL YEAR", "interval year"),
            ("text[]", "text[]"),
            ("int[][]", "integer[]"),
            ("int[3]", "integer[]"),
            ("varchar(5)[]", "character varying(5)[]"),
            ("integer ARRAY[4]", "integer[]"),
            ("timestamptz[]", "timestamp with time zone[]"),
            ("public.Mood", "mood"),
            ("\"Mood\"", "\"Mood\""),
            ("audit.mood", "audit.mood"),
            ("pg_catalog.int4", "integer"),
            ("pg_catalog.\"text\"", "text"),
            ("vector(3)", "vector(3)"),
            ("geometry(POINT, 4326)", "geometry(Point,4326)"),
            (
                "geography(multipolygonz,4326)",
                "geography(MultiPolygonZ,4326)",
            ),
            ("JSONB", "jsonb"),
        ] {
            assert_eq!(
                catalog_type(text, Dialect::PostgreSql),
                spelling,
                "of {text}"
            );
            assert_eq!(
                catalog_type(spelling, Dialect::PostgreSql),
                spelling,
                "of itself"
            );
        }
    }

    #[test]
    fn mysql() {
        for (text, spelling) in [
            ("int(11)", "int"),
            ("INTEGER", "int"),
            ("INTEGER UNSIGNED", "int unsigned"),
            ("bigint(20) unsigned", "bigint unsigned"),
            ("bool", "tinyint(1)"),
            ("tinyint(1)", "tinyint(1)"),
            ("tinyint(4)", "tinyint"),
            ("VARCHAR(50)", "varchar(50)"),
            (
                "varchar(50) CHARACTER SET utf8 COLLATE utf8_bin",
                "varchar(50)",
            ),
            ("NVARCHAR(5)", "varchar(5)"),
            ("char", "char(1)"),
            ("numeric", "decimal(10,0)"),
            ("decimal(10, 2) unsigned", "decimal(10,2) unsigned"),
            ("double precision", "double"),
            ("real", "double"),
            ("float(53)", "double"),
            ("float", "float"),
            ("datetime(6)", "datetime(6)"),
            ("YEAR(4)", "year"),
            ("ENUM('a', 'B')", "enum('a','B')"),
            (r#"enum("a", "it's", 'B')"#, "enum('a','it''s','B')"),
            ("LONGTEXT", "longtext"),
            ("bit", "bit(1)"),
            ("json", "json"),
        ] {
            assert_eq!(catalog_type(text, Dialect::MySql), spelling, "of {text}");
            assert_eq!(catalog_type(spelling, Dialect::MySql), spelling);
        }
    }

    #[test]
    fn sqlite() {
        for (text, spelling) in [
            ("varchar ( 50 )", "VARCHAR(50)"),
            ("numeric(10,2)", "NUMERIC(10, 2)"),
            ("unsigned  big\nint", "UNSIGNED BIG INT"),
            ("", ""),
        ] {
            assert_eq!(catalog_type(text, Dialect::Sqlite), spelling);
        }
    }

    #[test]
    fn serials() {
        assert!(is_serial("BIGSERIAL ", Dialect::PostgreSql));
        assert!(!is_serial("integer", Dialect::PostgreSql));
    }
}
