//! Batches on SQLite, as Alembic 1.20 and SQLAlchemy 2.1 carry them out.

use super::*;

fn step(change: BatchChange) -> BatchStep {
    BatchStep {
        change,
        place: None,
    }
}

fn does(action: AlterAction) -> BatchStep {
    step(BatchChange::Other(alter("t", action)))
}

fn adds(name: &str, place: (Option<&str>, Option<&str>)) -> BatchStep {
    step(BatchChange::AddColumn(Box::new(NewColumn {
        definition: column(name, "INTEGER"),
        if_not_exists: false,
        is_primary_key: false,
        type_check: None,
        needs_copy: false,
        has_python_default: false,
        insert_before: place.0.map(SmolStr::new),
        insert_after: place.1.map(SmolStr::new),
    })))
}

fn makes_index(name: &str, columns: &[&str]) -> BatchStep {
    step(BatchChange::CreateIndex {
        ddl: index(name, "t", columns),
        is_textual: false,
    })
}

fn drops_index(name: &str) -> BatchStep {
    step(BatchChange::Other(Ddl::DropIndex {
        name: name.into(),
        table: Some("t".into()),
        if_exists: false,
        concurrently: false,
    }))
}

fn renames(name: &str, new_name: &str) -> AlterAction {
    AlterAction::RenameColumn {
        name: name.into(),
        new_name: new_name.into(),
    }
}

fn batch(steps: Vec<BatchStep>) -> Ddl {
    Ddl::Batch(Box::new(Batch {
        table: "t".into(),
        recreate: Recreate::Auto,
        steps,
        names: Vec::new(),
        constraints: Vec::new(),
        versions: Versions {
            sqlalchemy: (2, 1),
            alembic: (1, 20),
        },
        doubt: None,
    }))
}

fn check(name: Option<&str>, expression: &str, columns: &[&str]) -> Constraint {
    let mut check = constraint(ConstraintKind::Check {
        expression: Fact::Known(expression.into()),
        columns: names(columns),
    });
    check.name = Fact::Known(name.map(SmolStr::new));
    check
}

/// Columns `id`, `a` and `b`, an index over `a`.
fn table(constraints: Vec<Constraint>) -> Database {
    let mut database = Database::new(Dialect::Sqlite);
    let columns = ["id", "a", "b"].map(|name| column(name, "INTEGER"));
    run(
        &mut database,
        &[
            create("t", columns.to_vec(), constraints),
            index("ix", "t", &["a"]),
        ],
    );
    database
}

fn columns(database: &Database) -> Vec<&str> {
    let table = database.now.table("t").unwrap();
    table.columns.iter().map(|column| &*column.name).collect()
}

#[test]
fn an_index_over_a_column_that_goes_must_go_in_the_same_batch() {
    let mut database = table(vec![primary_key(&["id"])]);
    assert!(
        failure(&mut database.clone(), &batch(vec![does(drop_column("a"))]))
            .starts_with("index `ix` is on column `a`")
    );
    run(
        &mut database,
        &[batch(vec![does(drop_column("a")), drops_index("ix")])],
    );
    assert_eq!(columns(&database), ["id", "b"]);
    // Whatever is added under the same name takes the index over.
    let mut database = table(vec![primary_key(&["id"])]);
    let again = adds("a", (Some("b"), None));
    run(&mut database, &[batch(vec![does(drop_column("a")), again])]);
    assert_eq!(columns(&database), ["id", "a", "b"]);
    assert!(database.now.table("t").unwrap().index("ix").is_some());
}

#[test]
fn what_is_added_beside_others_stands_there() {
    let mut database = table(Vec::new());
    let nullable = AlterAction::SetNullable {
        column: "a".into(),
        nullable: false,
    };
    run(
        &mut database,
        &[batch(vec![
            does(nullable),
            adds("c", (None, Some("id"))),
            adds("d", (None, None)),
            adds("e", (Some("id"), None)),
        ])],
    );
    assert_eq!(columns(&database), ["e", "id", "c", "a", "b", "d"]);
    assert!(
        failure(&mut database, &batch(vec![adds("f", (Some("a"), None))]))
            .contains("recreate=\"always\"")
    );
}

#[test]
fn columns_keep_their_old_names_until_the_end() {
    let mut database = table(vec![unique(&["a", "b"])]);
    run(
        &mut database,
        &[batch(vec![
            does(renames("a", "z")),
            makes_index("iy", &["a"]),
        ])],
    );
    let made = database.now.table("t").unwrap();
    assert_eq!(made.constraints[0].kind.columns(), names(&["z", "b"]));
    for name in ["ix", "iy"] {
        let definition = made.index(name).unwrap().definition.known().unwrap();
        assert_eq!(definition.keys[0].text, "z", "{name}");
    }
    let by_new_name = batch(vec![does(renames("b", "y")), makes_index("i", &["y"])]);
    assert!(failure(&mut database, &by_new_name).contains("`y` does not exist by that name"));
}

#[test]
fn checks_without_a_name_are_lost_and_others_keep_their_text() {
    let mut database = table(vec![
        check(None, "a > 0", &["a"]),
        check(Some("positive"), "b > 0", &["b"]),
    ]);
    run(
        &mut database,
        &[batch(vec![does(drop_column("a")), drops_index("ix")])],
    );
    let checks = &database.now.table("t").unwrap().constraints;
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].known_name().unwrap(), "positive");
    // Whether its text still holds depends on quotes.
    run(&mut database, &[batch(vec![does(renames("b", "c"))])]);
    assert!(database.now.table("t").unwrap().unsure.is_some());
}

#[test]
fn generated_columns_cannot_be_copied() {
    let mut database = table(Vec::new());
    let mut generated = column("g", "INTEGER");
    generated.column.generated = Fact::Known(Some("a + 1".into()));
    run(&mut database, &[alter("t", add(generated))]);
    assert!(
        failure(&mut database.clone(), &batch(vec![does(drop_column("b"))]))
            .contains("`g` is a generated column")
    );
    run(
        &mut database,
        &[batch(vec![
            does(drop_column("b")),
            does(drop_column("g")),
            adds("g", (None, None)),
        ])],
    );
}

#[test]
fn constraints_that_are_not_found_are_not_dropped() {
    let drop = |name: &str| {
        batch(vec![does(AlterAction::DropConstraint {
            name: name.into(),
            if_exists: false,
            cascade: false,
        })])
    };
    let mut key = foreign_key(&["a"], "t", &["id"]);
    key.name = Fact::Known(Some("fk".into()));
    let mut database = table(vec![key.clone()]);
    assert!(failure(&mut database.clone(), &drop("nothing")).contains("`nothing`"));
    run(&mut database, &[drop("fk")]);
    // The name of one that stands at its column is not read.
    key.inline = true;
    assert!(failure(&mut table(vec![key]), &drop("fk")).contains("`fk`"));
}

#[test]
fn nothing_is_refused_where_the_table_is_not_known() {
    let mut database = Database::new(Dialect::Sqlite);
    run(
        &mut database,
        &[batch(vec![does(drop_column("a")), drops_index("ix")])],
    );
    assert!(database.before.table("t").unwrap().column("a").is_some());
}

fn batch_of(versions: Versions, steps: Vec<BatchStep>) -> Ddl {
    match batch(steps) {
        Ddl::Batch(batch) => Ddl::Batch(Box::new(Batch { versions, ..*batch })),
        ddl => ddl,
    }
}

fn constraints(database: &Database) -> Vec<String> {
    let table = database.now.table("t").unwrap();
    let constraints = table.constraints.iter();
    constraints
        .map(|constraint| {
            let name = constraint.known_name().map_or("-", |name| name.as_str());
            match &constraint.kind {
                ConstraintKind::Check { expression, .. } => {
                    format!("{name}: {}", expression.known().unwrap())
                }
                kind => format!("{name}: {}", kind.noun()),
            }
        })
        .collect()
}

#[test]
fn before_alembic_1_8_indexes_do_not_follow_columns_that_are_renamed() {
    let of = |alembic| Versions {
        sqlalchemy: (1, 4),
        alembic,
    };
    let mut database = table(Vec::new());
    let steps = vec![does(renames("a", "c"))];
    let mut earlier = database.clone();
    assert_eq!(
        failure(&mut earlier, &batch_of(of((1, 7)), steps.clone())),
        "index `ix` is on column `a`, which is dropped or renamed: drop it in the same batch"
    );
    run(&mut database, &[batch_of(of((1, 8)), steps)]);
}

#[test]
fn booleans_bring_their_check_before_1_4() {
    let old = Versions {
        sqlalchemy: (1, 3),
        alembic: (1, 4),
    };
    let mut database = table(vec![
        check(None, "flag IN (0, 1)", &["flag"]),
        check(Some("named"), "a > 0", &["a"]),
    ]);
    run(&mut database, &[alter("t", add(column("flag", "BOOLEAN")))]);
    let mut added = NewColumn {
        definition: column("new", "BOOLEAN"),
        if_not_exists: false,
        is_primary_key: false,
        type_check: Some(check(None, "new IN (0, 1)", &["new"])),
        needs_copy: false,
        has_python_default: false,
        insert_before: None,
        insert_after: None,
    };
    let steps = vec![
        does(renames("flag", "order")),
        step(BatchChange::AddColumn(Box::new(added.clone()))),
        does(AlterAction::AddConstraint(check(
            None,
            "new IN (0, 1)",
            &["new"],
        ))),
    ];
    let mut earlier = database.clone();
    run(&mut earlier, &[batch_of(old, steps.clone())]);
    assert_eq!(
        constraints(&earlier),
        [
            "-: \"order\" IN (0, 1)",
            "-: new IN (0, 1)",
            "-: new IN (0, 1)"
        ]
    );
    // A type that is changed brings none.
    run(
        &mut earlier,
        &[batch_of(
            old,
            vec![does(AlterAction::AlterType {
                column: "new".into(),
                column_type: Fact::Known("INTEGER".into()),
                using: false,
            })],
        )],
    );
    assert_eq!(constraints(&earlier), ["-: \"order\" IN (0, 1)"]);
    added.type_check = None;
    run(
        &mut database,
        &[batch(vec![
            step(BatchChange::AddColumn(Box::new(added))),
            does(drop_column("flag")),
        ])],
    );
    assert_eq!(constraints(&database), ["named: a > 0"]);
}

#[test]
fn a_key_makes_its_columns_not_null_before_1_4() {
    for (sqlalchemy, nullable) in [((1, 3), false), ((1, 4), true)] {
        let mut database = table(Vec::new());
        run(&mut database, &[alter("t", add(column("note", "REAL")))]);
        let mut key = primary_key(&["note"]);
        key.name = Fact::Known(Some("pk_t".into()));
        let versions = Versions {
            sqlalchemy,
            alembic: (1, 4),
        };
        let steps = vec![does(AlterAction::AddConstraint(key))];
        run(&mut database, &[batch_of(versions, steps)]);
        let table = database.now.tables.get("t").unwrap();
        assert!(
            table.column("note").unwrap().nullable.is(&nullable),
            "{sqlalchemy:?}"
        );
    }
}

#[test]
fn what_older_versions_do_not_read_is_lost() {
    let mut key = primary_key(&["id"]);
    key.name = Fact::Known(Some("pk_T".into()));
    let mut unique = unique(&["a_b"]);
    unique.inline = true;
    let mut before = table(vec![key]);
    run(&mut before, &[alter("t", add(column("a_b", "INTEGER")))]);
    run(
        &mut before,
        &[alter("t", AlterAction::AddConstraint(unique))],
    );
    let seen = |sqlalchemy: (u32, u32)| {
        let mut database = before.clone();
        let versions = Versions {
            sqlalchemy,
            alembic: (1, 14),
        };
        run(
            &mut database,
            &[batch_of(versions, vec![does(renames("b", "c"))])],
        );
        constraints(&database)
    };
    assert_eq!(seen((1, 3)), ["-: primary key"]);
    assert_eq!(seen((2, 0)), ["-: unique constraint", "-: primary key"]);
    assert_eq!(seen((2, 1)), ["-: unique constraint", "pk_T: primary key"]);
}
