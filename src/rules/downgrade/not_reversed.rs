//! ML204

use serde_json::Value;

use crate::catalog::{Change, Difference, Subject};
use crate::rules::difference::{Remainder, Target, follows, short};
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML204", "not-reversed" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

/// One object that is not as it was: all differences of it.
struct NotReversed<'d> {
    differences: Vec<&'d Difference>,
    /// Why the next upgrade fails.
    next_failure: Option<&'d str>,
}

impl Violation for NotReversed<'_> {
    fn message(&self) -> String {
        match self.differences.as_slice() {
            [
                Difference {
                    subject: Subject::Column,
                    change: Change::Changed(_),
                    object,
                    ..
                },
                ..,
            ] => {
                let now: Vec<String> = self.differences.iter().map(|one| state(one)).collect();
                let was: Vec<String> = self.differences.iter().map(|one| past(one)).collect();
                format!(
                    "the downgrade leaves `{object}` {}; it {} before",
                    enumerated(&now),
                    enumerated(&was)
                )
            }
            [first, ..] => sentence(first),
            [] => String::new(),
        }
    }

    fn subject(&self) -> String {
        self.differences
            .iter()
            .map(|one| format!("{} {}", one.kind(), one.object))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn notes(&self) -> Vec<String> {
        vec![match self.next_failure {
            Some(cause) => format!("the next upgrade fails: {cause}"),
            None => "after upgrade and downgrade the schema is another one than before".to_owned(),
        }]
    }

    fn help(&self) -> Option<String> {
        let missing: Vec<String> = self
            .differences
            .iter()
            .filter_map(|difference| argument(difference))
            .collect();
        (!missing.is_empty()).then(|| format!("say it in `downgrade`: {}", missing.join(", ")))
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(remainder) = Remainder::of(ctx) else {
        return;
    };
    let mut objects: Vec<Vec<&Difference>> = Vec::new();
    for difference in remainder.found {
        if !is_reported(difference, &remainder) {
            continue;
        }
        let same = objects.iter_mut().find(|others| {
            others.first().is_some_and(|other| {
                other.subject == difference.subject
                    && other.object == difference.object
                    && matches!(difference.change, Change::Changed(_))
            })
        });
        match same {
            Some(others) => others.push(difference),
            None => objects.push(vec![difference]),
        }
    }
    for differences in objects {
        let Some(first) = differences.first() else {
            continue;
        };
        let (primary, related) = remainder.labels(first);
        let next_failure = Target::of(first)
            .name
            .or(Target::of(first).table)
            .and_then(|name| remainder.next_failure(name))
            .map(|failed| failed.message.as_str());
        let violation = NotReversed {
            differences,
            next_failure,
        };
        reporter
            .report_on(&violation, primary, Some(&ctx.revision.id.value))
            .related(related);
    }
}

fn is_reported(difference: &Difference, remainder: &Remainder<'_>) -> bool {
    if follows(difference, remainder.found)
        || remainder.is_learned_on_the_way_back(difference)
        || remainder.is_only_learned(difference)
    {
        return false;
    }
    match (difference.subject, difference.change) {
        // Other rules tell of them.
        (Subject::Enum, Change::Added) | (Subject::Object(_), _) => false,
        // Comments change nothing, and row security goes with its policies.
        (_, Change::Changed("comment" | "row_security")) => false,
        // There is no statement that takes a label away: one that is left is only reported if it is in the way.
        (Subject::Enum, Change::Changed(_)) => {
            let (was, now) = (difference.labels_before(), difference.labels_after());
            was.iter().any(|label| !now.contains(label))
                || (now.iter().any(|label| !was.contains(label))
                    && remainder.next_failure(&difference.object).is_some())
        }
        // Under another name it does the same, unless the name is asked for.
        (
            Subject::PrimaryKey
            | Subject::Unique
            | Subject::ForeignKey
            | Subject::Check
            | Subject::Exclude
            | Subject::Constraint,
            Change::Renamed,
        ) => [&difference.from, &difference.to]
            .into_iter()
            .filter_map(|name| name.as_str())
            .any(|name| remainder.next_failure(name).is_some()),
        (Subject::Sequence, Change::Added) => !remainder.comes_with_a_column(difference),
        (Subject::Sequence, _) => false,
        // What differs in a way that cannot be said is not understood.
        (Subject::Column, Change::Changed(_)) => true,
        (subject, Change::Changed(_)) => {
            definition(subject, &difference.from) != definition(subject, &difference.to)
        }
        _ => true,
    }
}

/// What a column is now.
fn state(difference: &Difference) -> String {
    let value = difference.to.as_str().map(short);
    match (difference.change, value) {
        (Change::Changed("nullable"), _) if difference.to == Value::Bool(true) => {
            "nullable".to_owned()
        }
        (Change::Changed("nullable"), _) => "NOT NULL".to_owned(),
        (Change::Changed("type"), Some(value)) => format!("of type `{value}`"),
        (Change::Changed("default"), Some(value)) => format!("with the default `{value}`"),
        (Change::Changed("default"), None) => "without a default".to_owned(),
        (Change::Changed("identity"), Some(value)) => {
            format!("GENERATED {value} AS IDENTITY")
        }
        (Change::Changed("identity"), None) => "without IDENTITY".to_owned(),
        (Change::Changed("generated"), Some(value)) => format!("generated as `{value}`"),
        _ => "different".to_owned(),
    }
}

/// What it was.
fn past(difference: &Difference) -> String {
    let value = difference.from.as_str().map(short);
    match (difference.change, value) {
        (Change::Changed("nullable"), _) if difference.from == Value::Bool(true) => {
            "was nullable".to_owned()
        }
        (Change::Changed("nullable"), _) => "was NOT NULL".to_owned(),
        (Change::Changed("type"), Some(value)) => format!("was `{value}`"),
        (Change::Changed("default"), Some(value)) => format!("had the default `{value}`"),
        (Change::Changed("default"), None) => "had none".to_owned(),
        (Change::Changed("identity"), Some(value)) => {
            format!("was GENERATED {value} AS IDENTITY")
        }
        (Change::Changed("generated"), Some(value)) => format!("was generated as `{value}`"),
        (_, None) => "was not".to_owned(),
        _ => "was another".to_owned(),
    }
}

/// "a", "a and b", "a, b and c"
fn enumerated(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What the column of the downgrade lacks.
fn argument(difference: &Difference) -> Option<String> {
    match (difference.change, &difference.from) {
        (Change::Changed("nullable"), Value::Bool(false)) => Some("`nullable=False`".to_owned()),
        (Change::Changed("nullable"), Value::Bool(true)) => Some("`nullable=True`".to_owned()),
        (Change::Changed("default"), Value::String(text)) if !text.contains(['"', '`', '\n']) => {
            Some(format!("`server_default=sa.text(\"{text}\")`"))
        }
        (Change::Changed("default"), Value::Null) => Some("`server_default=None`".to_owned()),
        _ => None,
    }
}

fn sentence(difference: &Difference) -> String {
    let target = Target::of(difference);
    let what = object(difference, &target);
    match (difference.subject, difference.change) {
        (_, Change::Added) => format!("the downgrade leaves {what} behind"),
        (_, Change::Removed) => format!("{what} is not recreated by the downgrade"),
        (_, Change::Renamed) => format!(
            "the downgrade brings {what} back under the name `{}`",
            difference.to.as_str().unwrap_or_default()
        ),
        (Subject::Enum, Change::Changed(_)) => {
            let (was, now) = (difference.labels_before(), difference.labels_after());
            let lost = missing(&was, &now);
            let left = missing(&now, &was);
            match (lost.is_empty(), left.is_empty()) {
                (true, _) => format!("the downgrade leaves the labels {left} in {what}"),
                (false, true) => {
                    format!("the downgrade does not bring back the labels {lost} of {what}")
                }
                (false, false) => {
                    format!("the downgrade leaves {what} with the labels {left} in place of {lost}")
                }
            }
        }
        (subject, Change::Changed(_)) => format!(
            "the downgrade leaves {what} as `{}`; it was `{}` before",
            short(&definition(subject, &difference.to)),
            short(&definition(subject, &difference.from))
        ),
    }
}

fn missing(of: &[&str], among: &[&str]) -> String {
    of.iter()
        .filter(|label| !among.contains(label))
        .map(|label| format!("`'{label}'`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The object with what it is: ``foreign key `posts_author_fkey` of `posts` ``.
fn object(difference: &Difference, target: &Target<'_>) -> String {
    let noun = match difference.subject {
        Subject::Table => "table",
        Subject::Column => "column",
        Subject::PrimaryKey => "the primary key",
        Subject::Unique => "unique constraint",
        Subject::ForeignKey => "foreign key",
        Subject::Check => "check constraint",
        Subject::Exclude => "exclusion constraint",
        Subject::Constraint => "constraint",
        Subject::Index => "index",
        Subject::Enum => "enum type",
        Subject::Sequence => "sequence",
        Subject::Object(kind) => kind.as_str(),
    };
    let object = &difference.object;
    let table = target.table.unwrap_or_default();
    match (difference.subject, target.name) {
        (
            Subject::Table
            | Subject::Column
            | Subject::Enum
            | Subject::Sequence
            | Subject::Object(_),
            _,
        ) => format!("{noun} `{object}`"),
        (Subject::Index, Some(name)) => format!("{noun} `{name}`"),
        (Subject::PrimaryKey, _) => format!("{noun} of `{table}`"),
        (_, Some(name)) => format!("{noun} `{name}` of `{table}`"),
        (_, None) => {
            let columns = [&difference.from, &difference.to]
                .into_iter()
                .find_map(columns);
            match columns {
                Some(columns) => format!("the {noun} on {columns} of `{table}`"),
                None => format!("a {noun} of `{table}`"),
            }
        }
    }
}

fn columns(value: &Value) -> Option<String> {
    let columns = value.get("columns")?.as_array()?;
    let columns: Vec<&str> = columns.iter().filter_map(Value::as_str).collect();
    Some(format!("({})", columns.join(", ")))
}

/// A constraint or an index in the words of SQL.
fn definition(subject: Subject, value: &Value) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let is = |key: &str| value.get(key).and_then(Value::as_bool) == Some(true);
    let list = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_array)
            .map(|items| {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                format!("({})", items.join(", "))
            })
            .unwrap_or_default()
    };
    let mut words: Vec<String> = Vec::new();
    match subject {
        Subject::ForeignKey => {
            words.push(list("columns"));
            words.push(format!(
                "REFERENCES {}{}",
                text("references").unwrap_or_default(),
                list("ref_columns")
            ));
            words.extend(text("ondelete").map(|action| format!("ON DELETE {action}")));
            words.extend(text("onupdate").map(|action| format!("ON UPDATE {action}")));
        }
        Subject::Check | Subject::Exclude => {
            words.push(text("definition").unwrap_or_default().to_owned());
        }
        _ => {
            if is("unique") {
                words.push("UNIQUE".to_owned());
            }
            words.extend(
                text("using")
                    .filter(|using| *using != "btree")
                    .map(|using| format!("USING {using}")),
            );
            words.push(list("columns"));
            if value.get("include").is_some() {
                words.push(format!("INCLUDE {}", list("include")));
            }
            if is("nulls_not_distinct") {
                words.push("NULLS NOT DISTINCT".to_owned());
            }
            words.extend(text("with").map(|options| format!("WITH {options}")));
            words.extend(text("where").map(|condition| format!("WHERE {condition}")));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
            next_failure: None,
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
            "the downgrade leaves enum type `users.email` with the labels `'curious'` in place of `'cross'`"
        );
    }
}
