//! What a downgrade leaves different, in words.

use serde_json::Value;

use super::{LabelsApart, Target, apart, contrasted, label_names, labels, short};
use crate::catalog::{Change, Difference, Subject};

/// What a column is now.
pub(crate) fn state(difference: &Difference) -> String {
    let value = difference.to.as_str().map(short);
    match (difference.change, value) {
        (Change::Changed("nullable"), _) if difference.to == Value::Bool(true) => {
            "nullable".to_owned()
        }
        (Change::Changed("nullable"), _) => "NOT NULL".to_owned(),
        (Change::Changed("type"), Some(_)) => match LabelsApart::of(difference) {
            Some(LabelsApart { here, .. }) if !here.is_empty() => {
                format!("with the {}", labels(&here))
            }
            Some(LabelsApart { there, .. }) => format!("without the {}", labels(&there)),
            None => format!(
                "of type `{}`",
                contrasted(&difference.from, &difference.to).1
            ),
        },
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
pub(crate) fn past(difference: &Difference) -> String {
    let value = difference.from.as_str().map(short);
    match (difference.change, value) {
        (Change::Changed("nullable"), _) if difference.from == Value::Bool(true) => {
            "was nullable".to_owned()
        }
        (Change::Changed("nullable"), _) => "was NOT NULL".to_owned(),
        (Change::Changed("type"), Some(_)) => match LabelsApart::of(difference) {
            Some(LabelsApart { there, here }) => match (there.as_slice(), here.as_slice()) {
                ([], _) => "did without".to_owned(),
                ([_], []) => "had it".to_owned(),
                (_, []) => "had them".to_owned(),
                (there, _) => format!("had {}", label_names(there)),
            },
            None => format!("was `{}`", contrasted(&difference.from, &difference.to).0),
        },
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
pub(crate) fn enumerated(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What the column of the downgrade lacks.
pub(crate) fn argument(difference: &Difference) -> Option<String> {
    match (difference.change, &difference.from) {
        (Change::Changed("nullable"), Value::Bool(false)) => Some("`nullable=False`".to_owned()),
        (Change::Changed("nullable"), Value::Bool(true)) => Some("`nullable=True`".to_owned()),
        (Change::Changed("default"), Value::String(text))
            if !text.contains(['"', '`', '\n']) && !text.contains("nextval(") =>
        {
            Some(format!("`server_default=sa.text(\"{text}\")`"))
        }
        (Change::Changed("default"), Value::Null) => Some("`server_default=None`".to_owned()),
        _ => None,
    }
}

/// What differs in an object, as one clause.
pub(crate) fn sentence(difference: &Difference) -> String {
    let target = Target::of(difference);
    let what = object(difference, &target);
    match (difference.subject, difference.change) {
        (_, Change::Added) => format!("the downgrade leaves {what} behind"),
        (_, Change::Removed) => format!("{what} is not recreated by the downgrade"),
        (_, Change::Renamed) => format!(
            "the downgrade brings {what} back under the name `{}`",
            difference.to.as_str().unwrap_or_default()
        ),
        (Subject::Enum, Change::Changed(_)) => match LabelsApart::of(difference) {
            Some(LabelsApart { there, here }) => match (there.as_slice(), here.as_slice()) {
                ([], left) => format!("the downgrade leaves the {} in {what}", labels(left)),
                (lost, []) => format!(
                    "the downgrade does not bring back the {} of {what}",
                    labels(lost)
                ),
                (lost, left) => format!(
                    "the downgrade leaves {what} with the {} in place of {}",
                    labels(left),
                    label_names(lost)
                ),
            },
            None => format!("the downgrade leaves the labels of {what} in another order"),
        },
        (subject, Change::Changed(_)) => {
            let was = definition(subject, &difference.from);
            let now = definition(subject, &difference.to);
            let (was, now) = match subject {
                // What it does comes last.
                Subject::ForeignKey => (was, now),
                _ => apart(&was, &now),
            };
            format!("the downgrade leaves {what} as `{now}`; it was `{was}` before")
        }
    }
}

/// The object with what it is: ``index `ix_users_email` ``.
pub(crate) fn object_in_words(difference: &Difference) -> String {
    object(difference, &Target::of(difference))
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
pub(crate) fn definition(subject: Subject, value: &Value) -> String {
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
            words.extend(text("with").map(|options| {
                let options = options.trim_start_matches("with").trim_start();
                format!("WITH {options}")
            }));
            words.extend(text("where").map(|condition| format!("WHERE {condition}")));
        }
    }
    words.join(" ")
}
