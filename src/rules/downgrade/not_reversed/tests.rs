//! How differences are worded.

use serde_json::{Value, json};

use super::*;

fn difference(subject: Subject, change: Change, from: Value, to: Value) -> Difference {
    Difference {
        subject,
        change,
        object: "users.email".to_owned(),
        from,
        to,
        place: None,
    }
}

fn violation<'d>(differences: &[&'d Difference]) -> NotReversed<'d> {
    NotReversed {
        differences: differences.to_vec(),
        others: Vec::new(),
        left_as_well: Vec::new(),
        come_back: Vec::new(),
        part: None,
        next_failure: None,
        is_no_news: false,
        is_swapped: false,
        is_repeated: false,
        blame: Blame::Omission,
        meant: None,
        renamed: None,
        is_made_again: false,
        severity: Severity::Error,
        dialect: Dialect::PostgreSql,
    }
}

#[test]
fn all_that_differs_in_a_column_is_one_sentence_and_one_help() {
    let nullable = difference(
        Subject::Column,
        Change::Changed("nullable"),
        json!(false),
        json!(true),
    );
    let default = difference(
        Subject::Column,
        Change::Changed("default"),
        json!("now()"),
        Value::Null,
    );
    let violation = violation(&[&nullable, &default]);
    assert_eq!(
        violation.message(),
        "the downgrade leaves `users.email` nullable and without a default; it was NOT NULL and had the default `now()` before"
    );
    assert_eq!(
        violation.help().as_deref(),
        Some("say it in `downgrade`: `nullable=False`, `server_default=sa.text(\"now()\")`")
    );
}

#[test]
fn indexes_are_told_in_the_words_of_sql() {
    let index = difference(
        Subject::Index,
        Change::Changed(""),
        json!({"columns": ["email"], "unique": true, "using": "btree", "where": "active"}),
        json!({"columns": ["email"], "unique": false, "using": "gin"}),
    );
    assert_eq!(
        violation(&[&index]).message(),
        "the downgrade leaves index `email` as `USING gin (email)`; it was `UNIQUE (email) WHERE active` before"
    );
}

#[test]
fn a_constraint_without_a_name_is_known_by_its_columns() {
    let mut unique = difference(
        Subject::Unique,
        Change::Removed,
        json!({"name": null, "columns": ["email", "team"]}),
        Value::Null,
    );
    unique.object = "users(email, team)".to_owned();
    assert_eq!(
        violation(&[&unique]).message(),
        "the unique constraint on (email, team) of `users` is not recreated by the downgrade"
    );
}

#[test]
fn labels_are_told_apart() {
    let labels = difference(
        Subject::Enum,
        Change::Changed("labels"),
        json!(["calm", "cross"]),
        json!(["calm", "curious"]),
    );
    assert_eq!(
        violation(&[&labels]).message(),
        "the downgrade leaves enum type `users.email` with the label `'curious'` in place of `'cross'`"
    );
}
