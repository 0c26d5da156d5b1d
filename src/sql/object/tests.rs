use super::*;
use crate::catalog::{LabelPosition, SequenceChange};
use crate::dialect::Dialect;

fn all(sql: &str) -> Option<Vec<Ddl>> {
    let source = Source::new(sql, Dialect::PostgreSql, &|_| None);
    read(&source, 0..sql.len())
}

fn one(sql: &str) -> Ddl {
    let mut found = all(sql).unwrap_or_else(|| panic!("{sql} is not understood"));
    assert_eq!(found.len(), 1, "{sql}");
    found.remove(0)
}

/// Kind, name and table of what is made or dropped.
fn object(sql: &str) -> (ObjectKind, String, Option<String>) {
    match one(sql) {
        Ddl::CreateObject { kind, name, on, .. }
        | Ddl::DropObject { kind, name, on, .. }
        | Ddl::AlterObject { kind, name, on, .. } => {
            (kind, name.to_string(), on.map(|on| on.to_string()))
        }
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn names_of_objects() {
    use ObjectKind as Kind;
    for (sql, kind, name, on) in [
        (
            "CREATE OR REPLACE FUNCTION public.f(a int, OUT b text, VARIADIC c varchar(5)[] DEFAULT '{}') RETURNS x",
            Kind::Function,
            "f(integer, character varying[])",
            None,
        ),
        ("DROP FUNCTION IF EXISTS f", Kind::Function, "f", None),
        ("DROP FUNCTION f()", Kind::Function, "f()", None),
        (
            "DROP FUNCTION array_idx(anyarray, anyelement) CASCADE",
            Kind::Function,
            "array_idx(anyarray, anyelement)",
            None,
        ),
        (
            "CREATE FUNCTION f(double precision, ts timestamp with time zone)",
            Kind::Function,
            "f(double precision, timestamp with time zone)",
            None,
        ),
        ("DROP AGGREGATE a.s(*)", Kind::Aggregate, "a.s(*)", None),
        (
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE OF a ON s.b FOR EACH ROW EXECUTE FUNCTION f()",
            Kind::Trigger,
            "t",
            Some("s.b"),
        ),
        (
            "DROP TRIGGER IF EXISTS t ON b",
            Kind::Trigger,
            "t",
            Some("b"),
        ),
        (
            "CREATE POLICY p ON t USING (true)",
            Kind::Policy,
            "p",
            Some("t"),
        ),
        (
            "ALTER POLICY p ON t RENAME TO q",
            Kind::Policy,
            "p",
            Some("t"),
        ),
        (
            "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING",
            Kind::Rule,
            "r",
            Some("t"),
        ),
        (
            "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"",
            Kind::Extension,
            "uuid-ossp",
            None,
        ),
        ("CREATE SCHEMA Audit", Kind::Schema, "audit", None),
        ("CREATE SCHEMA AUTHORIZATION joe", Kind::Schema, "joe", None),
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT 1",
            Kind::MaterializedView,
            "m",
            None,
        ),
        ("CREATE VIEW v (a) AS SELECT 1", Kind::View, "v", None),
        (
            "CREATE CAST (varchar AS x) WITH INOUT",
            Kind::Cast,
            "character varying AS x",
            None,
        ),
        (
            "DROP OPERATOR =~= (text, text)",
            Kind::Operator,
            "=~=",
            None,
        ),
        (
            "CREATE TYPE c AS (a int, b text)",
            Kind::Composite,
            "c",
            None,
        ),
        (
            "CREATE DOMAIN d AS text CHECK (value <> '')",
            Kind::Domain,
            "d",
            None,
        ),
        (
            "CREATE STATISTICS s (mcv) ON a, b FROM t",
            Kind::Statistics,
            "s",
            Some("t"),
        ),
        (
            "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
            Kind::EventTrigger,
            "e",
            None,
        ),
    ] {
        assert_eq!(
            object(sql),
            (kind, name.to_owned(), on.map(ToOwned::to_owned)),
            "{sql}"
        );
    }
}

#[test]
fn enum_types() {
    assert_eq!(
        one("CREATE TYPE \"Mood\" AS ENUM ('a', 'it''s')"),
        Ddl::CreateEnum {
            name: "Mood".into(),
            labels: Fact::Known(vec!["a".into(), "it's".into()]),
            if_not_exists: false
        }
    );
    assert!(matches!(
        one("CREATE TYPE mood AS ENUM (\u{fffc})"),
        Ddl::CreateEnum {
            labels: Fact::Unknown(_),
            ..
        }
    ));
    assert_eq!(
        one("ALTER TYPE s.mood ADD VALUE IF NOT EXISTS 'b' AFTER 'a'"),
        Ddl::AddEnumLabel {
            name: "s.mood".into(),
            label: "b".into(),
            position: LabelPosition::After("a".into()),
            if_not_exists: true
        }
    );
    assert_eq!(
        one("ALTER TYPE s.mood RENAME TO old"),
        Ddl::RenameType {
            name: "s.mood".into(),
            new_name: "s.old".into()
        }
    );
    assert_eq!(
        one("ALTER TYPE mood SET SCHEMA s"),
        Ddl::RenameType {
            name: "mood".into(),
            new_name: "s.mood".into()
        }
    );
    assert_eq!(
        one("ALTER TYPE mood RENAME VALUE 'a' TO 'b'"),
        Ddl::RenameEnumLabel {
            name: "mood".into(),
            label: "a".into(),
            new_label: "b".into()
        }
    );
    assert_eq!(all("DROP TYPE a, b CASCADE").unwrap().len(), 2);
    assert_eq!(all("ALTER TYPE \u{fffc} ADD VALUE 'x'"), None);
}

#[test]
fn sequences_and_indexes() {
    assert_eq!(
        one("CREATE SEQUENCE IF NOT EXISTS s.q START 1 OWNED BY s.t.c"),
        Ddl::CreateSequence {
            name: "s.q".into(),
            owned_by: Some(("s.t".into(), "c".into())),
            if_not_exists: true
        }
    );
    assert_eq!(
        all("CREATE SEQUENCE q START 1 AS int").unwrap()[1],
        one("ALTER SEQUENCE q AS integer")
    );
    assert!(matches!(
        one("CREATE SEQUENCE IF NOT EXISTS q AS smallint"),
        Ddl::If { then, .. } if then.len() == 2
    ));
    assert_eq!(
        one("ALTER SEQUENCE q OWNED BY NONE"),
        Ddl::AlterSequence {
            name: "q".into(),
            change: SequenceChange::OwnedBy(None),
            if_exists: false
        }
    );
    assert_eq!(
        one("ALTER INDEX IF EXISTS s.i RENAME TO j"),
        Ddl::RenameIndex {
            name: "s.i".into(),
            table: None,
            new_name: "s.j".into(),
            if_exists: true
        }
    );
    assert_eq!(
        all("DROP INDEX CONCURRENTLY IF EXISTS a, s.b")
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn comments() {
    assert_eq!(
        one("COMMENT ON COLUMN public.t.c IS 'it''s'"),
        Ddl::Comment {
            target: crate::catalog::CommentTarget::Column {
                table: "t".into(),
                column: "c".into()
            },
            text: Fact::Known(Some("it's".into()))
        }
    );
    assert_eq!(
        one("COMMENT ON TABLE t IS NULL"),
        Ddl::Comment {
            target: crate::catalog::CommentTarget::Table("t".into()),
            text: Fact::Known(None)
        }
    );
}
