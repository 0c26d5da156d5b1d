//! Which databases code names without importing anything of them.

use crate::dialect::Dialect;

/// Those that evidence is counted for, the one that most projects use first.
pub(super) const DIALECTS: [Dialect; 3] = [Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite];

/// The arguments of tables, indexes and constraints that SQLAlchemy and Alembic know for a dialect, without its name in
/// front. MySQL has many more options of tables, which are passed on as they are.
const ARGUMENTS: [&[&str]; 3] = [
    &[
        "concurrently",
        "ignore_search_path",
        "include",
        "inherits",
        "not_valid",
        "nulls_not_distinct",
        "on_commit",
        "ops",
        "partition_by",
        "tablespace",
        "using",
        "where",
        "with",
    ],
    &[
        "auto_increment",
        "charset",
        "character_set",
        "collate",
        "default_charset",
        "default_collate",
        "engine",
        "key_block_size",
        "length",
        "prefix",
        "row_format",
        "using",
    ],
    &["autoincrement", "strict", "where", "with_rowid"],
];

/// For each dialect whether a text has one of its arguments: `mysql_engine="InnoDB"`, `{"mysql_charset": "utf8mb4"}`.
pub(super) fn arguments(text: &str) -> [bool; 3] {
    let mut found = [false; 3];
    for ((found, dialect), arguments) in found.iter_mut().zip(DIALECTS).zip(ARGUMENTS) {
        let prefix = dialect.as_str();
        *found = memchr::memmem::find_iter(text.as_bytes(), prefix).any(|at| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let rest = text.get(at + prefix.len()..).unwrap_or_default();
            !before.is_some_and(is_of_word) && is_argument(rest, arguments)
        });
    }
    found
}

/// `_engine=`, `_ENGINE =`, `_charset":`
fn is_argument(rest: &str, arguments: &[&str]) -> bool {
    let Some(rest) = rest.strip_prefix('_') else {
        return false;
    };
    let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let value = match after.strip_prefix(['"', '\'']) {
        Some(after) => after.trim_start().strip_prefix(':'),
        None => after.trim_start().strip_prefix('='),
    };
    value.is_some_and(|value| !value.starts_with('='))
        && arguments
            .iter()
            .any(|argument| argument.eq_ignore_ascii_case(name))
}

/// For each dialect whether a text asks for it by its name: `op.get_bind().dialect.name == "mysql"`.
pub(super) fn branches(text: &str) -> [bool; 3] {
    let mut found = [false; 3];
    let lines = text
        .lines()
        .filter(|line| line.contains("name") && line.contains(['=', '(']));
    for line in lines {
        for (found, dialect) in found.iter_mut().zip(DIALECTS) {
            *found |= ['"', '\''].iter().any(|quote| {
                let name = format!("{quote}{}{quote}", dialect.as_str());
                let asked = line.split(name.as_str()).next().unwrap_or_default();
                let asked = asked.trim_end_matches(['(', '[', '{', ' ']);
                asked.len() < line.len()
                    && ["name ==", "name in", "dialect ==", "name=="]
                        .iter()
                        .any(|question| asked.ends_with(question))
            });
        }
    }
    found
}

/// For each dialect whether a text has words of its SQL that no other database knows; those of PostgreSQL, which is taken
/// where nothing is known, count against the others.
pub(super) fn statements(text: &str) -> [bool; 3] {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    [
        has(&[
            "plpgsql",
            "CREATE EXTENSION",
            "pg_catalog",
            "::regclass",
            "::text",
        ]),
        false,
        has(&["sqlite_master", "PRAGMA ", "RecoverGeometryColumn("]),
    ]
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [bool; 3] = [false; 3];
    const POSTGRESQL: [bool; 3] = [true, false, false];
    const MYSQL: [bool; 3] = [false, true, false];
    const SQLITE: [bool; 3] = [false, false, true];

    #[test]
    fn statements_of_dialects() {
        assert_eq!(statements("op.execute('PRAGMA foreign_keys=OFF')"), SQLITE);
        assert_eq!(statements("SELECT RecoverGeometryColumn('a', 'b')"), SQLITE);
        assert_eq!(statements("CREATE EXTENSION postgis"), POSTGRESQL);
        assert_eq!(statements("# a pragma"), NONE);
    }

    #[test]
    fn arguments_of_dialects() {
        for (text, found) in [
            ("    mysql_engine='InnoDB',", MYSQL),
            ("    mysql_ENGINE = 'InnoDB',", MYSQL),
            ("__table_args__ = {'mysql_charset': 'utf8'}", MYSQL),
            ("op.create_index(a, b, postgresql_using='gin')", POSTGRESQL),
            ("sa.Table('a', sqlite_autoincrement=True)", SQLITE),
            ("mysql_host = 'db'", NONE),
            ("my_mysql_engine = 'x'", NONE),
            ("if mysql_engine == 'x':", NONE),
            ("mysql_engine", NONE),
        ] {
            assert_eq!(arguments(text), found, "{text}");
        }
    }

    #[test]
    fn branches_on_dialects() {
        for (text, found) in [
            ("if bind.dialect.name == 'mysql':", MYSQL),
            ("if bind.engine.name == \"postgresql\":", POSTGRESQL),
            ("if dialect.name in ('mysql', 'mariadb'):", MYSQL),
            ("if bind.dialect.name != 'mysql':", NONE),
            ("name = get('mysql')", NONE),
        ] {
            assert_eq!(branches(text), found, "{text}");
        }
    }
}
