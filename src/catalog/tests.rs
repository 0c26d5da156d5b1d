//! What statements make of a database, as PostgreSQL 15 does it.

mod batch;
mod session;

use smol_str::SmolStr;

use super::*;
use crate::dialect::Dialect;

fn column(name: &str, column_type: &str) -> ColumnDefinition {
    ColumnDefinition {
        column: Column {
            name: name.into(),
            column_type: Fact::Known(column_type.into()),
            nullable: Fact::Known(true),
            default: Fact::Known(None),
            identity: Fact::Known(None),
            generated: Fact::Known(None),
            comment: Fact::Known(None),
            place: None,
            maybe: None,
        },
        constraints: Vec::new(),
        serial: false,
    }
}

fn names(names: &[&str]) -> Vec<SmolStr> {
    names.iter().map(|name| SmolStr::new(*name)).collect()
}

fn constraint(kind: ConstraintKind) -> Constraint {
    Constraint::new(None, kind, None)
}

fn unique(columns: &[&str]) -> Constraint {
    constraint(ConstraintKind::Unique {
        columns: names(columns),
        nulls_not_distinct: false,
    })
}

fn primary_key(columns: &[&str]) -> Constraint {
    constraint(ConstraintKind::PrimaryKey {
        columns: names(columns),
    })
}

fn foreign_key(columns: &[&str], table: &str, ref_columns: &[&str]) -> Constraint {
    constraint(ConstraintKind::ForeignKey(ForeignKey {
        columns: names(columns),
        references: table.into(),
        ref_columns: names(ref_columns),
        ondelete: None,
        onupdate: None,
        matching: None,
    }))
}

fn create(name: &str, columns: Vec<ColumnDefinition>, constraints: Vec<Constraint>) -> Ddl {
    Ddl::CreateTable(CreateTable {
        name: name.into(),
        columns,
        constraints,
        open: None,
        comment: None,
        partition_of: None,
        temporary: false,
        if_not_exists: false,
    })
}

fn alter(table: &str, action: AlterAction) -> Ddl {
    Ddl::AlterTable {
        table: table.into(),
        if_exists: false,
        action,
    }
}

fn add(definition: ColumnDefinition) -> AlterAction {
    AlterAction::AddColumn {
        definition: Box::new(definition),
        if_not_exists: false,
    }
}

fn drop_column(name: &str) -> AlterAction {
    AlterAction::DropColumn {
        name: name.into(),
        if_exists: false,
        cascade: false,
    }
}

fn drop_table(name: &str) -> Ddl {
    Ddl::DropTable {
        name: name.into(),
        if_exists: false,
        cascade: false,
    }
}

fn index(name: &str, table: &str, columns: &[&str]) -> Ddl {
    Ddl::CreateIndex {
        name: Some(name.into()),
        table: table.into(),
        definition: Fact::Known(IndexDefinition::on(names(columns), false)),
        if_not_exists: false,
        concurrently: false,
    }
}

/// Users and orders, with keys.
fn shop() -> Database {
    let mut database = Database::new(Dialect::PostgreSql);
    let mut id = column("id", "integer");
    id.serial = true;
    run(
        &mut database,
        &[
            create(
                "users",
                vec![id, column("email", "text")],
                vec![primary_key(&["id"]), unique(&["email"])],
            ),
            create(
                "orders",
                vec![column("id", "integer"), column("user_id", "integer")],
                vec![
                    primary_key(&["id"]),
                    foreign_key(&["user_id"], "users", &["id"]),
                ],
            ),
            index("ix_orders_user_id", "orders", &["user_id"]),
        ],
    );
    database.begin();
    database
}

/// A database of PostgreSQL in which all of this was executed, and nothing refused.
pub(super) fn run_sql(sql: &str) -> Database {
    let mut database = Database::new(Dialect::PostgreSql);
    for statement in crate::sql::parse(sql, Dialect::PostgreSql, &|_| None) {
        for ddl in &statement.ddl {
            assert_eq!(database.apply(ddl, None).failures, [], "{sql}");
        }
    }
    database
}

/// Carries statements out that must succeed.
fn run(database: &mut Database, ddl: &[Ddl]) {
    for statement in ddl {
        let applied = database.apply(statement, None);
        assert_eq!(applied.failures, [], "{statement:?}");
    }
}

fn failure(database: &mut Database, ddl: &Ddl) -> String {
    database
        .apply(ddl, None)
        .failures
        .first()
        .map(|failure| failure.message.clone())
        .unwrap_or_default()
}

/// What is refused of some SQL, each with whether that is so in one go only.
fn refused_sql(database: &mut Database, sql: &str) -> Vec<(String, bool)> {
    let statements = crate::sql::parse(sql, database.dialect, &|_| None);
    let ddl = statements.iter().flat_map(|statement| &statement.ddl);
    ddl.flat_map(|ddl| database.apply(ddl, None).failures)
        .map(|failure| (failure.message, failure.in_one_go))
        .collect()
}

fn kinds(database: &Database) -> Vec<String> {
    let differences = compare(&database.before, &database.now);
    assert_eq!(differences.unknown, []);
    differences
        .found
        .iter()
        .map(|difference| format!("{} {}", difference.kind(), difference.object))
        .collect()
}

#[test]
fn constraints_without_names_get_those_of_the_database() {
    let database = shop();
    let users = database.now.table("users").unwrap();
    let known: Vec<&str> = users
        .constraints
        .iter()
        .filter_map(|constraint| constraint.known_name())
        .map(SmolStr::as_str)
        .collect();
    assert_eq!(known, ["users_pkey", "users_email_key"]);
    assert_eq!(
        users.column("id").unwrap().default,
        Fact::Known(Some("nextval('users_id_seq'::regclass)".into()))
    );
    let orders = database.now.table("orders").unwrap();
    assert!(orders.constraint("orders_user_id_fkey").is_some());
}

#[test]
fn a_column_takes_its_index_and_keys_along() {
    let mut database = shop();
    run(&mut database, &[alter("orders", drop_column("user_id"))]);
    assert_eq!(
        kinds(&database),
        [
            "column_removed orders.user_id",
            "fk_removed orders.orders_user_id_fkey",
            "index_removed orders.ix_orders_user_id"
        ]
    );
    // Adding the column again brings neither back.
    run(
        &mut database,
        &[alter("orders", add(column("user_id", "integer")))],
    );
    assert_eq!(
        kinds(&database),
        [
            "fk_removed orders.orders_user_id_fkey",
            "index_removed orders.ix_orders_user_id"
        ]
    );
}

#[test]
fn a_table_takes_its_sequence_along_and_never_an_enum() {
    let mut database = shop();
    let status = Ddl::CreateEnum {
        name: "status".into(),
        labels: Fact::Known(names(&["new", "paid"])),
        if_not_exists: false,
    };
    let mut id = column("id", "integer");
    id.serial = true;
    run(
        &mut database,
        &[
            status.clone(),
            create("bills", vec![id, column("status", "status")], vec![]),
            drop_table("bills"),
        ],
    );
    assert_eq!(kinds(&database), ["enum_added status"]);
    assert_eq!(
        failure(&mut database, &status),
        "type `status` already exists"
    );
}

#[test]
fn the_database_refuses_what_it_would_refuse() {
    for (ddl, message) in [
        (
            alter("users", drop_column("name")),
            "column `name` of `users` does not exist",
        ),
        (
            alter("users", add(column("email", "text"))),
            "column `email` of `users` already exists",
        ),
        (
            drop_table("users"),
            "table `users` cannot be dropped: foreign key `orders_user_id_fkey` of `orders` refers to it",
        ),
        (
            index("ix_orders_user_id", "users", &["email"]),
            "index `ix_orders_user_id` already exists",
        ),
        (
            Ddl::DropIndex {
                name: "users_email_key".into(),
                table: Some("users".into()),
                if_exists: false,
                concurrently: false,
            },
            "index `users_email_key` cannot be dropped: a constraint of `users` owns it",
        ),
        (
            alter(
                "orders",
                AlterAction::AlterType {
                    column: "user_id".into(),
                    column_type: Fact::Known("uuid".into()),
                    using: false,
                },
            ),
            "column `user_id` of `orders` cannot be cast from `integer` to `uuid` without `USING`",
        ),
    ] {
        assert_eq!(failure(&mut shop(), &ddl), message);
    }
}

#[test]
fn a_table_that_nothing_has_made_was_there_before() {
    let mut database = Database::new(Dialect::PostgreSql);
    run(
        &mut database,
        &[
            alter("legacy", add(column("a", "text"))),
            alter("legacy", drop_column("a")),
        ],
    );
    assert_eq!(kinds(&database), Vec::<String>::new());
    // What was there and is dropped cannot be said to come back.
    run(&mut database, &[alter("legacy", drop_column("b"))]);
    run(&mut database, &[alter("legacy", add(column("b", "text")))]);
    let differences = compare(&database.before, &database.now);
    assert_eq!(differences.found, []);
    assert_eq!(
        differences.unknown[0].reason,
        "no migration read here creates `legacy.b`"
    );
}

#[test]
fn what_may_have_happened_is_not_known() {
    let mut database = shop();
    let mut other = database.clone();
    run(&mut other, &[alter("users", add(column("age", "integer")))]);
    let why = Why::new("a condition", None);
    database.now = database.now.join(&other.now, &why);
    let differences = compare(&database.before, &database.now);
    assert_eq!(differences.found, []);
    assert_eq!(differences.unknown, [why]);
    // Whether it was there or not, afterwards it is not.
    run(&mut database, &[alter("users", drop_column("age"))]);
    assert_eq!(kinds(&database), Vec::<String>::new());
}

#[test]
fn renaming_keeps_the_names_of_what_belongs_to_it() {
    let mut database = shop();
    let rename = |new_name: &str| AlterAction::RenameTable {
        new_name: new_name.into(),
    };
    run(&mut database, &[alter("users", rename("people"))]);
    let people = database.now.table("people").unwrap();
    assert!(people.constraint("users_pkey").is_some());
    let orders = database.now.table("orders").unwrap();
    let (_, key) = orders.foreign_keys().next().unwrap();
    assert_eq!(key.references, "people");
    assert_eq!(
        failure(&mut database, &drop_table("users")),
        "table `users` does not exist"
    );
    run(&mut database, &[alter("people", rename("users"))]);
    assert_eq!(kinds(&database), Vec::<String>::new());
}

#[test]
fn what_is_learned_of_a_renamed_table_was_there_under_its_old_name() {
    let mut database = Database::new(Dialect::PostgreSql);
    database.begin();
    let rename = |new_name: &str| AlterAction::RenameTable {
        new_name: new_name.into(),
    };
    let rename_column = |name: &str, new_name: &str| AlterAction::RenameColumn {
        name: name.into(),
        new_name: new_name.into(),
    };
    run(
        &mut database,
        &[
            alter("users", rename("people")),
            alter("people", rename_column("user_id", "id")),
        ],
    );
    database.hint("people", &column("weight", "integer").column);
    run(
        &mut database,
        &[
            alter("people", rename("persons")),
            alter("persons", drop_column("age")),
        ],
    );
    let before = database.before.table("users").unwrap();
    assert!(before.column("user_id").is_some());
    assert!(before.column("age").is_some());
    assert!(before.column("weight").is_some());
    run(
        &mut database,
        &[
            alter("persons", rename("users")),
            alter("users", rename_column("id", "user_id")),
        ],
    );
    assert_eq!(kinds(&database), ["column_removed users.age"]);
    assert!(database.former_names.is_empty());
}

#[test]
fn something_opaque_makes_only_what_it_names_uncertain() {
    let mut database = shop();
    let opaque = Ddl::Opaque {
        what: "a statement".to_owned(),
        names: names(&["users"]),
    };
    run(&mut database, &[opaque]);
    let differences = compare(&database.before, &database.now);
    assert_eq!(differences.unknown.len(), 1);
    // Nothing is refused on what is not known.
    run(&mut database, &[alter("users", drop_column("name"))]);
    assert_eq!(
        failure(&mut database, &alter("orders", drop_column("name"))),
        "column `name` of `orders` does not exist"
    );
}

#[test]
fn foreign_keys_need_a_key_over_just_their_columns() {
    let mut database = shop();
    let wide = unique(&["id", "email"]);
    run(
        &mut database,
        &[
            alter("users", AlterAction::AddConstraint(wide)),
            alter(
                "users",
                AlterAction::DropConstraint {
                    name: "users_id_email_key".into(),
                    if_exists: false,
                    cascade: false,
                },
            ),
        ],
    );
    assert!(compare(&database.before, &database.now).found.is_empty());
}

#[test]
fn keys_over_the_same_columns_become_one() {
    let mut named = unique(&["a"]);
    named.name = Fact::Known(Some("by_name".into()));
    let mut other = named.clone();
    other.name = Fact::Known(Some("another".into()));
    let mut database = Database::new(Dialect::PostgreSql);
    run(
        &mut database,
        &[create(
            "t",
            vec![column("a", "integer")],
            vec![unique(&["a"]), named, other],
        )],
    );
    let table = database.now.table("t").unwrap();
    assert_eq!(table.constraints.len(), 1);
    assert_eq!(table.constraints[0].known_name().unwrap(), "by_name");
}

#[test]
fn names_of_indexes_stay_with_tables_that_are_renamed() {
    let mut key = primary_key(&["id"]);
    key.name = Fact::Known(Some("users_pkey".into()));
    let table =
        |key: &Constraint| create("users", vec![column("id", "integer")], vec![key.clone()]);
    let mut database = shop();
    let rename = alter(
        "users",
        AlterAction::RenameTable {
            new_name: "people".into(),
        },
    );
    run(&mut database, &[rename]);
    let failures = database.apply(&table(&key), None).failures;
    assert_eq!(failures[0].kind, FailureKind::Exists);
}

#[test]
fn what_is_met_is_no_news_where_all_was_known() {
    let mut database = shop();
    run(
        &mut database,
        &[
            Ddl::Opaque {
                what: "something".to_owned(),
                names: names(&["users"]),
            },
            Ddl::DropIndex {
                name: "ix_users_email".into(),
                table: Some("users".into()),
                if_exists: false,
                concurrently: false,
            },
        ],
    );
    assert!(compare(&database.before, &database.now).found.is_empty());
}

#[test]
fn defaults_follow_the_labels_of_their_enum() {
    let mut state = column("state", "state");
    state.column.default = Fact::Known(Some("'new'".into()));
    let mut database = Database::new(Dialect::PostgreSql);
    run(
        &mut database,
        &[
            Ddl::CreateEnum {
                name: "state".into(),
                labels: Fact::Known(names(&["new"])),
                if_not_exists: false,
            },
            create("t", vec![state], Vec::new()),
            Ddl::RenameEnumLabel {
                name: "state".into(),
                label: "new".into(),
                new_label: "open".into(),
            },
        ],
    );
    let table = database.now.table("t").unwrap();
    assert!(table.columns[0].default.is(&Some("'open'".into())));
    let back = alter(
        "t",
        AlterAction::SetDefault {
            column: "state".into(),
            default: Fact::Known(Some("'new'".into())),
        },
    );
    assert_eq!(database.apply(&back, None).failures.len(), 1);
}

#[test]
fn an_index_of_a_table_that_is_gone_need_not_exist() {
    let mut database = shop();
    run(
        &mut database,
        &[
            drop_table("orders"),
            Ddl::DropIndex {
                name: "ix_orders_user_id".into(),
                table: Some("orders".into()),
                if_exists: true,
                concurrently: false,
            },
        ],
    );
}

#[test]
fn sqlite_keeps_names_twice_and_no_comments() {
    let mut check = constraint(ConstraintKind::Check {
        expression: Fact::Known("a > 0".into()),
        columns: names(&["a"]),
    });
    check.name = Fact::Known(Some("positive".into()));
    let mut commented = column("a", "INTEGER");
    commented.column.comment = Fact::Known(Some("what it is".into()));
    let mut database = Database::new(Dialect::Sqlite);
    run(
        &mut database,
        &[create(
            "t",
            vec![commented],
            vec![check.clone(), check, primary_key(&["a"])],
        )],
    );
    let table = database.now.table("t").unwrap();
    assert_eq!(table.constraints.len(), 3);
    assert!(table.columns[0].comment.is(&None));
    // The column that is the row's number.
    assert!(table.columns[0].nullable.is(&false));
}

#[test]
fn what_is_renamed_was_altered_there() {
    use crate::source::{FileSpan, RepoPath, Span};

    let mut database = Database::new(Dialect::PostgreSql);
    let sql = "CREATE TABLE t (a int CONSTRAINT c PRIMARY KEY); CREATE INDEX i ON t (a);
        ALTER INDEX i RENAME TO j; ALTER TABLE t RENAME CONSTRAINT c TO d; ALTER TABLE t RENAME TO u";
    let place = |span: std::ops::Range<usize>| {
        let span = Span::new(span.start as u32, span.end as u32);
        FileSpan::new(RepoPath::new("a.sql"), span)
    };
    for statement in crate::sql::parse(sql, Dialect::PostgreSql, &|_| None) {
        let place = place(statement.range.clone());
        for ddl in &statement.ddl {
            assert_eq!(database.apply(ddl, Some(&place)).failures, []);
        }
    }
    let table = &database.now.tables["u"];
    let said = |place: &Option<FileSpan>| {
        let span = place.as_ref().unwrap().span;
        span.slice(sql).to_owned()
    };
    assert!(said(&table.index("j").unwrap().place).ends_with("RENAME TO j"));
    assert!(said(&table.constraint("d").unwrap().place).ends_with("c TO d"));
    assert!(said(&table.place).ends_with("RENAME TO u"));
}
