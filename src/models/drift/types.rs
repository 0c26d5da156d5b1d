//! When two types are the same to Alembic, and when one says less than the other.

use crate::dialect::Dialect;
use crate::dialect::mysql::labels_of;

/// `DefaultImpl.compare_type`: the first words, the others and the numbers between parentheses are told apart as far as
/// both spellings give as many of them.
pub(super) fn is_same_type(there: &str, here: &str, dialect: Dialect) -> bool {
    // In which order labels are written changes only how they sort.
    if let (Some(mut there), Some(mut here)) = (labels_of(there), labels_of(here)) {
        there.1.sort_unstable();
        here.1.sort_unstable();
        return there == here;
    }
    let (there, here) = (TypeWords::of(there), TypeWords::of(here));
    let synonyms: &[&[&str]] = match dialect {
        Dialect::PostgreSql => &[&["numeric", "decimal"], &["float", "double precision"]],
        Dialect::MySql => &[
            &["numeric", "decimal"],
            &["bool", "tinyint"],
            &["json", "longtext"],
        ],
        // `SQLiteDialect.ischema_names`
        Dialect::Sqlite => &[
            &["numeric", "decimal"],
            &["int", "integer"],
            &["bool", "boolean"],
        ],
    };
    let is_synonym = |one: &str, other: &str| {
        let mut groups = synonyms.iter();
        groups.any(|names| names.contains(&one) && names.contains(&other))
    };
    let (one, other) = (there.words.join(" "), here.words.join(" "));
    let is_same_first = there.words.first() == here.words.first()
        || is_synonym(
            there.words.first().map_or("", String::as_str),
            here.words.first().map_or("", String::as_str),
        )
        || is_synonym(&one, &other);
    let differ = |one: &[String], other: &[String]| one.len() == other.len() && one != other;
    is_same_first
        && !differ(
            there.words.get(1..).unwrap_or_default(),
            here.words.get(1..).unwrap_or_default(),
        )
        && !differ(&there.arguments, &here.arguments)
}

/// True where the model may say `Float(precision=6)`, which PostgreSQL makes REAL of, and the database has DOUBLE PRECISION:
/// Alembic takes `FLOAT(6)` for a synonym of that.
pub(super) fn may_be_float(there: &str, here: &str, dialect: Dialect) -> bool {
    dialect == Dialect::PostgreSql && there == "double precision" && here == "real"
}

/// True if a type says less than another: no length where the other has one, or a kind that any database has, such as
/// text, in the place of one that holds only what is meant, such as a UUID.
pub(super) fn is_more_general(there: &str, here: &str) -> bool {
    let is_array = |spelling: &str| spelling.ends_with("[]");
    let (general, exact) = (TypeWords::of(there), TypeWords::of(here));
    if general.words == exact.words && is_array(there) == is_array(here) {
        return general.arguments.is_empty() && !exact.arguments.is_empty();
    }
    let first = |spelled: &TypeWords| spelled.words.first().cloned().unwrap_or_default();
    CARRIERS.contains(&first(&general).as_str())
        && !is_array(there)
        && (is_array(here) || !STANDARD.contains(&first(&exact).as_str()))
}

/// First words of types in which anything is kept.
const CARRIERS: &[&str] = &[
    "bigint",
    "bytea",
    "char",
    "character",
    "int",
    "integer",
    "json",
    "longtext",
    "numeric",
    "text",
    "varbinary",
    "varchar",
];

/// First words of types that every database has.
const STANDARD: &[&str] = &[
    "bigint",
    "binary",
    "bit",
    "blob",
    "bool",
    "boolean",
    "bytea",
    "char",
    "character",
    "date",
    "datetime",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "interval",
    "json",
    "longblob",
    "longtext",
    "mediumtext",
    "numeric",
    "oid",
    "real",
    "smallint",
    "text",
    "time",
    "timestamp",
    "tinyint",
    "varbinary",
    "varchar",
];

/// The spelling of a type in its parts.
struct TypeWords {
    words: Vec<String>,
    arguments: Vec<String>,
}

impl TypeWords {
    fn of(spelling: &str) -> Self {
        let lower = spelling.to_lowercase();
        let (name, rest) = lower.split_once('(').unwrap_or((lower.as_str(), ""));
        let (arguments, tail) = rest.split_once(')').unwrap_or((rest, ""));
        // `[]` and other signs are no words.
        let is_sign = |c: char| !(c.is_alphanumeric() || c == '_' || c == '-');
        let words = [name, tail]
            .into_iter()
            .flat_map(|part| part.split(is_sign));
        let arguments = arguments.split(',').map(str::trim);
        let whole = |part: &&str| !part.is_empty();
        Self {
            words: words.filter(whole).map(str::to_owned).collect(),
            arguments: arguments.filter(whole).map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_types_say_less() {
        for (there, here, says_less) in [
            ("character varying", "uuid", true),
            ("character varying", "character varying(50)", true),
            ("character varying(50)", "character varying", false),
            ("character varying(50)", "character varying(20)", false),
            ("text", "character varying(20)", false),
            ("json", "jsonb", true),
            ("jsonb", "json", false),
            ("text", "mood", true),
            ("uuid", "character varying", false),
            ("integer", "integer[]", true),
            ("integer[]", "uuid", false),
            ("numeric", "numeric(10,2)", true),
            ("boolean", "mood", false),
        ] {
            assert_eq!(is_more_general(there, here), says_less, "{there} {here}");
        }
    }

    #[test]
    fn a_precision_may_hide_behind_real() {
        for (there, here, may_be) in [
            ("double precision", "real", true),
            ("real", "double precision", false),
            ("numeric", "real", false),
        ] {
            let is = may_be_float(there, here, Dialect::PostgreSql);
            assert_eq!(is, may_be, "{there} {here}");
        }
        assert!(!may_be_float("double precision", "real", Dialect::MySql));
    }

    #[test]
    fn types_are_the_same_as_far_as_both_say() {
        for (there, here, same) in [
            ("character varying(50)", "character varying", true),
            ("character varying(50)", "character varying(20)", false),
            ("numeric(10,2)", "numeric", true),
            ("NUMERIC", "DECIMAL", true),
            ("text", "character varying", false),
            (
                "timestamp without time zone",
                "timestamp with time zone",
                false,
            ),
            (
                "timestamp(3) without time zone",
                "timestamp without time zone",
                true,
            ),
            ("mood", "character varying", false),
            ("double precision", "float", true),
            ("integer[]", "integer", true),
            ("integer[]", "bigint[]", false),
            ("real", "double precision", false),
            ("enum('a','b')", "enum('b','a')", true),
            ("enum('a','b')", "enum('a','B')", false),
        ] {
            let is_same = is_same_type(there, here, Dialect::PostgreSql);
            assert_eq!(is_same, same, "{there} {here}");
        }
    }
}
