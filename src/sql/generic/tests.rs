use crate::catalog::{AlterAction, ConstraintKind, Ddl, Fact};
use crate::dialect::Dialect;
use crate::sql::parse;

fn all(sql: &str, dialect: Dialect) -> Vec<Ddl> {
    parse(sql, dialect, &|_| None)
        .into_iter()
        .flat_map(|statement| statement.ddl)
        .collect()
}

fn mysql(sql: &str) -> Vec<Ddl> {
    all(sql, Dialect::MySql)
}

#[test]
fn a_table_of_mysql() {
    let found = mysql(
        "CREATE TABLE IF NOT EXISTS `Users` (
            `id` int(11) unsigned NOT NULL AUTO_INCREMENT COMMENT 'it\\'s',
            name varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT 'x',
            kind enum('a','b') DEFAULT NULL,
            at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
            team int REFERENCES teams (id),
            PRIMARY KEY (`id`),
            UNIQUE KEY `u` (name(10), kind),
            KEY by_name (`name`(10) DESC) USING BTREE,
            FULLTEXT INDEX f (name),
            CONSTRAINT fk FOREIGN KEY (team) REFERENCES teams (id) ON DELETE SET NULL ON UPDATE NO ACTION,
            CONSTRAINT c CHECK (`id` > 0)
        ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='people'",
    );
    let [
        Ddl::CreateTable(table),
        Ddl::CreateIndex {
            name, definition, ..
        },
        Ddl::CreateIndex { .. },
    ] = found.as_slice()
    else {
        panic!("{found:#?}")
    };
    assert_eq!(table.name, "Users");
    assert!(table.open.is_none() && table.if_not_exists);
    assert_eq!(table.comment.as_deref(), Some("people"));
    let columns: Vec<(&str, &str)> = table
        .columns
        .iter()
        .map(|definition| {
            let column = &definition.column;
            (
                column.name.as_str(),
                column.column_type.known().unwrap().as_str(),
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("id", "int unsigned"),
            ("name", "varchar(50)"),
            ("kind", "enum('a','b')"),
            ("at", "datetime(6)"),
            ("team", "int")
        ]
    );
    let column = |index: usize| &table.columns[index].column;
    assert!(column(0).nullable.is(&false) && column(0).comment.is(&Some("it's".into())));
    assert!(column(1).default.is(&Some("'x'".into())));
    assert!(column(2).default.is(&None));
    assert!(column(3).default.is(&Some("now(6)".into())));
    assert_eq!(table.constraints.len(), 4);
    assert!(
        matches!(&table.constraints[1].kind, ConstraintKind::Unique { columns, .. } if columns == &["name", "kind"])
    );
    assert_eq!(table.constraints[1].known_name().unwrap(), "u");
    assert_eq!(name.as_deref(), Some("by_name"));
    assert_eq!(
        definition.known().unwrap().keys[0].spelling(),
        "name (10) DESC"
    );
}

#[test]
fn a_table_of_sqlite() {
    let found = all(
        "CREATE TABLE \"T\" (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            [key] varchar(5) NOT NULL ON CONFLICT ABORT DEFAULT (lower('X')) COLLATE NOCASE,
            flag BOOLEAN DEFAULT 0 CHECK (flag IN (0, 1)),
            n UNSIGNED BIG INT GENERATED ALWAYS AS (id * 2) VIRTUAL,
            free,
            UNIQUE (id, \"key\"),
            FOREIGN KEY(id) REFERENCES other (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
        ) WITHOUT ROWID",
        Dialect::Sqlite,
    );
    let [Ddl::CreateTable(table)] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert!(table.open.is_none());
    let types: Vec<&str> = table
        .columns
        .iter()
        .map(|definition| definition.column.column_type.known().unwrap().as_str())
        .collect();
    assert_eq!(
        types,
        ["INTEGER", "VARCHAR(5)", "BOOLEAN", "UNSIGNED BIG INT", ""]
    );
    assert_eq!(table.columns[1].column.name, "key");
    assert!(
        table.columns[1]
            .column
            .default
            .is(&Some("lower('X')".into()))
    );
    assert!(table.columns[3].column.generated.is(&Some("id * 2".into())));
    assert_eq!(table.constraints.len(), 2);
    assert!(table.constraints[1].deferrable.is_some());
}

#[test]
fn alter_table_of_mysql() {
    let found = mysql(
        "ALTER TABLE t
            ADD COLUMN a int NOT NULL AFTER b, ADD (c int, d int),
            ADD UNIQUE INDEX u (a), ADD INDEX i (a, b), ADD PRIMARY KEY (a),
            ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES s (id),
            DROP COLUMN e, DROP f, DROP PRIMARY KEY, DROP FOREIGN KEY fk, DROP INDEX i, DROP CHECK c,
            MODIFY g varchar(5) NOT NULL DEFAULT 'x', CHANGE h hh bigint NULL,
            ALTER COLUMN a SET DEFAULT 5, ALTER b DROP DEFAULT,
            RENAME COLUMN x TO y, RENAME INDEX i TO j, RENAME TO u,
            ENGINE=InnoDB, CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, AUTO_INCREMENT = 5",
    );
    let kinds: Vec<String> = found
        .iter()
        .map(|ddl| {
            let text = match ddl {
                Ddl::AlterTable { action, .. } => format!("{action:?}"),
                other => format!("{other:?}"),
            };
            text.split([' ', '(', '{']).next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        kinds.join(" "),
        "AddColumn AddColumn AddColumn AddConstraint CreateIndex AddConstraint AddConstraint \
         DropColumn DropColumn DropPrimaryKey DropConstraint DropIndex DropConstraint \
         AlterType SetNullable SetDefault Comment RenameColumn AlterType SetNullable SetDefault Comment \
         SetDefault SetDefault RenameColumn RenameIndex RenameTable Other Other Other"
    );
    assert!(matches!(
        &mysql("RENAME TABLE a TO b, c TO d")[..],
        [
            Ddl::AlterTable {
                action: AlterAction::RenameTable { .. },
                ..
            },
            Ddl::AlterTable { .. }
        ]
    ));
}

#[test]
fn what_is_not_known() {
    assert!(matches!(
        &mysql("ALTER TABLE t ADD \u{fffc} int, DROP COLUMN b")[..],
        [
            Ddl::AlterTable {
                action: AlterAction::Opaque { .. },
                ..
            },
            Ddl::AlterTable {
                action: AlterAction::DropColumn { .. },
                ..
            }
        ]
    ));
    assert!(matches!(
        &mysql("ALTER TABLE t MODIFY a \u{fffc}")[0],
        Ddl::AlterTable {
            action: AlterAction::AlterType {
                column_type: Fact::Unknown(_),
                ..
            },
            ..
        }
    ));
    assert!(matches!(
        &mysql("CREATE TABLE T LIKE b")[..],
        [Ddl::CreateTable(table)] if table.open.is_some() && table.name == "T"
    ));
    assert!(matches!(
        &all("CREATE TABLE t AS SELECT 1", Dialect::Sqlite)[..],
        [Ddl::CreateTable(table)] if table.open.is_some()
    ));
    assert!(matches!(
        &mysql("ALTER TABLE Tt FROBNICATE x")[..],
        [Ddl::AlterTable { table, action: AlterAction::Opaque { .. }, .. }] if table == "Tt"
    ));
}

#[test]
fn indexes() {
    let found = all(
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON T (lower(a) DESC, B) WHERE c IS NOT NULL",
        Dialect::Sqlite,
    );
    let [
        Ddl::CreateIndex {
            table,
            definition: Fact::Known(definition),
            if_not_exists: true,
            ..
        },
    ] = found.as_slice()
    else {
        panic!("{found:#?}")
    };
    assert_eq!(table, "T");
    assert!(definition.unique);
    assert_eq!(definition.keys[0].spelling(), "lower(a) DESC");
    assert_eq!(definition.predicate.as_deref(), Some("c IS NOT NULL"));
    assert_eq!(definition.columns, ["a", "B", "c"]);
    assert!(matches!(
        &mysql("DROP INDEX i ON t")[..],
        [Ddl::DropIndex { table: Some(_), .. }]
    ));
    assert!(matches!(
        &all(
            "DROP TRIGGER x; DROP VIEW v; PRAGMA foreign_keys=OFF; SELECT 1",
            Dialect::Sqlite
        )[..],
        [
            Ddl::DropObject { .. },
            Ddl::DropObject { .. },
            Ddl::Nothing,
            Ddl::Nothing
        ]
    ));
}
