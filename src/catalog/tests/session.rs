//! What depends on the connection, and what PostgreSQL and SQLite refuse of SQL.

use super::*;

#[test]
fn new_labels_are_used_after_a_commit_only() {
    let base = run_sql("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood, x text)");
    let add = "ALTER TYPE mood ADD VALUE 'b';";
    for (sql, is_refused) in [
        ("UPDATE t SET x = 'b', m = 'b'", true),
        (
            "UPDATE ONLY t AS o SET x = 'q' WHERE o.m = 'b' AND x = 'b'",
            true,
        ),
        ("DELETE FROM t WHERE x = 'q' OR (m IN ('a', 'b'))", true),
        (
            "INSERT INTO t (x, m) VALUES ('b', 'a'), (lower('b'), 'b')",
            true,
        ),
        ("ALTER TABLE t ALTER m SET DEFAULT 'b'", true),
        ("ALTER TABLE t ADD COLUMN n mood DEFAULT 'b'", true),
        ("CREATE INDEX ON t (x) WHERE m = 'b'", true),
        ("ALTER TABLE t ADD CHECK (m <> 'b')", true),
        ("SELECT 'b'::mood", true),
        ("ALTER TYPE mood RENAME TO m2; UPDATE t SET m = 'b'", true),
        ("UPDATE t SET x = 'b', m = 'a' WHERE m::text = 'b'", false),
        ("UPDATE t SET m = 'a' FROM o WHERE x = 'b'", false),
        ("INSERT INTO t VALUES ('a')", false),
        ("COMMIT; UPDATE t SET m = 'b'", false),
    ] {
        let mut database = base.clone();
        database.session.begin(true, false);
        let refused = refused_sql(&mut database, &format!("{add}{sql}"));
        assert_eq!(!refused.is_empty(), is_refused, "{sql}: {refused:?}");
        assert!(refused.iter().all(|(message, in_one_go)| !in_one_go
            && message.contains("label `b`")
            && message.contains("committed")));
    }
    // In the next revision.
    let mut database = base.clone();
    database.session.begin(true, true);
    assert_eq!(refused_sql(&mut database, add), []);
    let mut apart = database.clone();
    apart.session.begin(true, false);
    assert_eq!(refused_sql(&mut apart, "UPDATE t SET m = 'b'"), []);
    database.session.begin(true, true);
    let refused = refused_sql(&mut database, "UPDATE t SET m = 'b'");
    assert!(matches!(refused.as_slice(), [(_, true)]), "{refused:?}");
    // Outside of a transaction each statement is committed.
    let mut database = base.clone();
    assert_eq!(refused_sql(&mut database, add), []);
    assert_eq!(refused_sql(&mut database, "UPDATE t SET m = 'b'"), []);
}

#[test]
fn values_of_enums_are_labels() {
    let mut database = run_sql("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood, x text)");
    for sql in [
        "UPDATE t SET m = 'A'",
        "INSERT INTO t (m) VALUES ('A')",
        "SELECT * FROM t WHERE m = 'A'::mood",
    ] {
        let refused = refused_sql(&mut database, sql);
        assert!(refused[0].0.contains("`A` is no label"), "{sql}");
    }
    assert_eq!(
        refused_sql(&mut database, "UPDATE t SET m = 'A' || 'b'"),
        []
    );
}

#[test]
fn sqlite_renames_as_it_is_told() {
    let renamed = |pragma: &str| {
        let mut database = Database::new(Dialect::Sqlite);
        let sql = format!(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a (id));\
             CREATE TABLE b (a_id INTEGER REFERENCES a (id)); {pragma}; ALTER TABLE a RENAME TO c"
        );
        assert_eq!(refused_sql(&mut database, &sql), []);
        ["b", "c"].map(|table| {
            let table = database.now.table(table).unwrap();
            let key = table.foreign_keys().next().unwrap().1;
            key.references.to_string()
        })
    };
    assert_eq!(renamed("SELECT 1"), ["c", "c"]);
    assert_eq!(renamed("PRAGMA legacy_alter_table=ON"), ["a", "a"]);
    assert_eq!(renamed("PRAGMA legacy_alter_table('yes')"), ["a", "a"]);
    assert_eq!(
        renamed("PRAGMA legacy_alter_table=1; PRAGMA legacy_alter_table = OFF"),
        ["c", "c"]
    );
}

#[test]
fn a_default_between_double_quotes_is_a_column() {
    for (sql, is_refused) in [
        (r#"ALTER TABLE t ALTER a SET DEFAULT " ""#, true),
        (r#"ALTER TABLE t ALTER a SET DEFAULT "new""#, true),
        (r#"ALTER TABLE t ADD COLUMN b text DEFAULT "new""#, true),
        (r#"CREATE TABLE u (b text DEFAULT "new")"#, true),
        (r#"ALTER TABLE t ALTER a SET DEFAULT '"new"'"#, false),
        (r#"ALTER TABLE t ALTER a SET DEFAULT "own"()"#, false),
        ("ALTER TABLE t ALTER a SET DEFAULT 'new'", false),
    ] {
        let refused = refused_sql(&mut run_sql("CREATE TABLE t (a text)"), sql);
        assert_eq!(!refused.is_empty(), is_refused, "{sql}: {refused:?}");
    }
    let mut sqlite = Database::new(Dialect::Sqlite);
    let sql = r#"CREATE TABLE t (a text DEFAULT "new")"#;
    assert_eq!(refused_sql(&mut sqlite, sql), []);
}

#[test]
fn sqlite_keeps_columns_that_are_needed() {
    for (columns, is_refused) in [
        ("a INT, b INT, CHECK (b > 0)", true),
        ("a INT, b INT, UNIQUE (a, b)", true),
        ("a INT, b INT UNIQUE", true),
        ("a INT, b INT PRIMARY KEY", true),
        ("a INT, b INT, FOREIGN KEY (b) REFERENCES o (id)", true),
        ("a INT, b INT, c INT AS (b + 1)", true),
        ("a INT, b INT CHECK (b > 0)", false),
        ("a INT, b INT REFERENCES o (id)", false),
        ("a INT, b INT, c INT AS (a + 1), CHECK (a > 0)", false),
    ] {
        let mut database = Database::new(Dialect::Sqlite);
        let sql = format!("CREATE TABLE t ({columns}); ALTER TABLE t DROP COLUMN b");
        let refused = refused_sql(&mut database, &sql);
        assert_eq!(!refused.is_empty(), is_refused, "{columns}: {refused:?}");
    }
}

#[test]
fn mysql_keeps_what_foreign_keys_refer_to() {
    let refused = |sql: &str| {
        let mut database = Database::new(Dialect::MySql);
        let made = "CREATE TABLE a (id INT PRIMARY KEY, b_id INT, UNIQUE KEY uq_b (b_id), KEY ix_b (b_id));
            CREATE TABLE c (a_id INT, CONSTRAINT fk_a FOREIGN KEY (a_id) REFERENCES a (id));";
        assert_eq!(refused_sql(&mut database, made), []);
        let refused = refused_sql(&mut database, sql);
        let index = |name: &str| {
            database
                .now
                .table("a")
                .is_some_and(|table| table.index(name).is_some())
        };
        (refused.len(), index("ix_b"), index("ix_c"))
    };
    assert_eq!(refused("DROP TABLE a"), (1, false, false));
    assert_eq!(refused("DROP TABLE c, a"), (0, false, false));
    assert_eq!(
        refused("SET FOREIGN_KEY_CHECKS = 0; DROP TABLE a"),
        (0, false, false)
    );
    assert_eq!(
        refused("SET @@session.foreign_key_checks=OFF; DROP TABLE a").0,
        0
    );
    assert_eq!(
        refused("SET foreign_key_checks=0; SET foreign_key_checks=1; DROP TABLE a").0,
        1
    );
    assert_eq!(
        refused("ALTER TABLE a RENAME INDEX ix_b TO ix_c"),
        (0, false, true)
    );
    assert_eq!(
        refused("ALTER TABLE a RENAME KEY `ix_d` TO ix_c"),
        (1, true, false)
    );
}
