//! Differences and verdicts in words.

use serde_json::Value;

use crate::alembic::Verdict;
use crate::catalog::{Change, Difference, Subject};
use crate::report::Style;
use crate::report::schema::shorten;

/// The longest piece of SQL that is shown on a line, in characters.
const MAX_TEXT: usize = 72;

/// One character for a verdict.
pub(super) fn sign(verdict: Verdict, style: Style) -> String {
    let (sign, colour) = match verdict {
        Verdict::Reversible => ("✓", "32"),
        Verdict::NotReversed => ("✗", "31"),
        Verdict::NoSchemaChange => ("·", "2"),
        Verdict::Refused => ("-", "33"),
        Verdict::Fails => ("!", "31"),
        Verdict::Unknown => ("?", "33"),
    };
    coloured(sign, colour, style)
}

pub(super) fn coloured(text: &str, colour: &str, style: Style) -> String {
    if style.colour {
        format!("\u{1b}[{colour}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// For counts: `37 proven reversible`.
pub(super) fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reversible => "proven reversible",
        Verdict::NotReversed => "not reversed",
        Verdict::NoSchemaChange => "without schema change",
        Verdict::Refused => "without a way back",
        Verdict::Fails => "failing",
        Verdict::Unknown => "undecided",
    }
}

/// What an upgrade does, after a sign: `+ table users`, `~ users.email type text -> integer`.
pub(in crate::report) fn change_line(difference: &Difference) -> (char, String) {
    let sign = match difference.change {
        Change::Added => '+',
        Change::Removed => '-',
        Change::Changed(_) | Change::Renamed => '~',
    };
    let named = named(difference);
    let text = match difference.change {
        Change::Added => format!("{named}{}", definition(difference, &difference.to)),
        Change::Removed => format!("{named}{}", definition(difference, &difference.from)),
        Change::Renamed => format!("{named} renamed to {}", plain(&difference.to)),
        Change::Changed(what) => {
            let (from, to) = (
                state(difference, &difference.from),
                state(difference, &difference.to),
            );
            let what = aspect(what);
            if difference.subject == Subject::Enum {
                format!(
                    "{named}{}",
                    labels_changed(&difference.from, &difference.to)
                )
            } else if let Subject::Object(_) = difference.subject {
                format!("{named}, with another definition")
            } else if from == to {
                format!("{named}{what}, in its options")
            } else {
                format!("{named}{what} {from} -> {to}")
            }
        }
    };
    (sign, text)
}

/// In what the state after upgrade and downgrade differs from the one before.
pub(super) fn loss_line(difference: &Difference) -> String {
    let named = named(difference);
    match difference.change {
        Change::Added => format!("{named} stays behind"),
        Change::Removed => format!("{named} is not brought back"),
        Change::Renamed => format!("{named} comes back as {}", plain(&difference.to)),
        Change::Changed(what) => {
            let (from, to) = (
                state(difference, &difference.from),
                state(difference, &difference.to),
            );
            if difference.subject == Subject::Enum {
                format!(
                    "{named} comes back with other labels:{}",
                    labels_changed(&difference.from, &difference.to)
                )
            } else if let Subject::Object(_) = difference.subject {
                format!("{named} comes back with another definition")
            } else if from == to {
                format!("{named} comes back with other options")
            } else {
                format!("{named}{} comes back as {to}, it was {from}", aspect(what))
            }
        }
    }
}

/// `users.email`, `index users.ix_email`
fn named(difference: &Difference) -> String {
    let is_unique = || {
        let options = difference
            .to
            .get("unique")
            .or(difference.from.get("unique"));
        options.and_then(Value::as_bool) == Some(true)
    };
    let noun = match (difference.subject, difference.change) {
        (Subject::Object(kind), _) => {
            return format!("{kind} {}", shorten(&difference.object, MAX_TEXT));
        }
        (Subject::Column, Change::Changed(_)) => return shorten(&difference.object, 2 * MAX_TEXT),
        (Subject::Index, _) if is_unique() => "unique index",
        (subject, _) => subject.noun(),
    };
    format!("{noun} {}", shorten(&difference.object, 2 * MAX_TEXT))
}

fn aspect(what: &str) -> String {
    match what {
        "" | "nullable" => String::new(),
        "row_security" => " row security".to_owned(),
        _ => format!(" {what}"),
    }
}

/// What something is, where that fits on the line after its name.
fn definition(difference: &Difference, value: &Value) -> String {
    let text = match difference.subject {
        Subject::Column => {
            let column_type = value
                .get("type")
                .filter(|found| !found.is_null())
                .map_or_else(|| "of unknown type".to_owned(), plain);
            let mut text = column_type;
            if value.get("nullable") == Some(&Value::Bool(false)) {
                text.push_str(" not null");
            }
            if let Some(default) = value.get("default").filter(|found| !found.is_null()) {
                text.push_str(&format!(" default {}", plain(default)));
            }
            text
        }
        Subject::Enum => labels(value),
        Subject::Table | Subject::Sequence | Subject::Object(_) => String::new(),
        _ => state(difference, value),
    };
    if text.is_empty() {
        text
    } else {
        format!(" {text}")
    }
}

/// A value as it stands on one side of an arrow.
fn state(difference: &Difference, value: &Value) -> String {
    let is_key = |name: &str| value.get(name).is_some_and(|found| !found.is_null());
    match (difference.subject, difference.change) {
        (Subject::Column, Change::Changed("nullable")) => match value {
            Value::Bool(true) => "null".to_owned(),
            Value::Bool(false) => "not null".to_owned(),
            _ => plain(value),
        },
        (Subject::ForeignKey, _) if is_key("references") => {
            let mut text = format!(
                "({}) to {}",
                list(value.get("columns")),
                value.get("references").map(plain).unwrap_or_default()
            );
            if is_key("ref_columns") {
                text.push_str(&format!(" ({})", list(value.get("ref_columns"))));
            }
            for (key, word) in [("ondelete", "on delete"), ("onupdate", "on update")] {
                if let Some(action) = value.get(key).filter(|found| !found.is_null()) {
                    text.push_str(&format!(" {word} {}", plain(action).to_lowercase()));
                }
            }
            text
        }
        (Subject::Sequence, _) if value.is_object() => {
            let data_type = match value.get("type") {
                Some(Value::String(spelling)) => spelling.as_str(),
                _ => "unknown type",
            };
            match value.get("owned_by").and_then(Value::as_str) {
                Some(owner) => format!("{data_type} of {owner}"),
                None => data_type.to_owned(),
            }
        }
        (Subject::Check | Subject::Exclude, _) if is_key("definition") => {
            value.get("definition").map(plain).unwrap_or_default()
        }
        (Subject::Index, _) if is_key("columns") => {
            let mut text = format!("({})", list(value.get("columns")));
            if value
                .get("using")
                .is_some_and(|using| using.as_str() != Some("btree"))
            {
                text = format!(
                    "using {} {text}",
                    value.get("using").map(plain).unwrap_or_default()
                );
            }
            if is_key("include") {
                text.push_str(&format!(" include ({})", list(value.get("include"))));
            }
            if let Some(predicate) = value.get("where") {
                text.push_str(&format!(" where {}", plain(predicate)));
            }
            text
        }
        (Subject::PrimaryKey | Subject::Unique, _) if is_key("columns") => {
            format!("({})", list(value.get("columns")))
        }
        _ => plain(value),
    }
}

fn labels(value: &Value) -> String {
    match value {
        Value::Array(_) => format!("({})", shorten(&list(Some(value)), MAX_TEXT)),
        _ => String::new(),
    }
}

fn labels_changed(from: &Value, to: &Value) -> String {
    let (Value::Array(from), Value::Array(to)) = (from, to) else {
        return " with other labels".to_owned();
    };
    let mut parts: Vec<String> = Vec::new();
    let gained = to.iter().filter(|label| !from.contains(label));
    parts.extend(gained.map(|label| format!(" +{}", plain(label))));
    let lost = from.iter().filter(|label| !to.contains(label));
    parts.extend(lost.map(|label| format!(" -{}", plain(label))));
    if parts.is_empty() {
        return " in another order".to_owned();
    }
    shorten_keeping_space(&parts.concat())
}

fn shorten_keeping_space(text: &str) -> String {
    format!(" {}", shorten(text, 2 * MAX_TEXT))
}

fn list(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            items.join(", ")
        }
        Some(value) => plain(value),
        None => String::new(),
    }
}

/// A value without JSON's quotes, on one line.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => shorten(text, MAX_TEXT),
        other => shorten(&other.to_string(), MAX_TEXT),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::ObjectKind;

    fn difference(
        subject: Subject,
        change: Change,
        object: &str,
        from: Value,
        to: Value,
    ) -> Difference {
        Difference {
            subject,
            change,
            object: object.to_owned(),
            from,
            to,
            place: None,
        }
    }

    fn both(subject: Subject, change: Change, object: &str, from: Value, to: Value) -> String {
        let difference = difference(subject, change, object, from, to);
        let (sign, text) = change_line(&difference);
        format!("{sign} {text} | {}", loss_line(&difference))
    }

    #[test]
    fn what_is_added_or_removed() {
        let column = json!({"name": "a", "type": "integer", "nullable": false, "default": "0"});
        assert_eq!(
            both(Subject::Column, Change::Added, "t.a", Value::Null, column),
            "+ column t.a integer not null default 0 | column t.a stays behind"
        );
        let key = json!({"columns": ["a"], "references": "u", "ref_columns": ["id"], "ondelete": "SET NULL"});
        assert_eq!(
            both(
                Subject::ForeignKey,
                Change::Removed,
                "t.f",
                key,
                Value::Null
            ),
            "- foreign key t.f (a) to u (id) on delete set null | foreign key t.f is not brought back"
        );
        let index = json!({"columns": ["lower(a)"], "unique": true, "using": "gin", "where": "b"});
        assert_eq!(
            both(Subject::Index, Change::Added, "t.i", Value::Null, index),
            "+ unique index t.i using gin (lower(a)) where b | unique index t.i stays behind"
        );
        assert_eq!(
            both(
                Subject::Enum,
                Change::Added,
                "e",
                Value::Null,
                json!(["x", "y"])
            ),
            "+ enum e (x, y) | enum e stays behind"
        );
        assert_eq!(
            both(
                Subject::Object(ObjectKind::MaterializedView),
                Change::Removed,
                "v",
                json!("select 1"),
                Value::Null
            ),
            "- materialized view v | materialized view v is not brought back"
        );
    }

    #[test]
    fn what_is_changed() {
        assert_eq!(
            both(
                Subject::Column,
                Change::Changed("type"),
                "t.a",
                json!("text"),
                json!("uuid")
            ),
            "~ t.a type text -> uuid | t.a type comes back as uuid, it was text"
        );
        assert_eq!(
            both(
                Subject::Column,
                Change::Changed("nullable"),
                "t.a",
                json!(true),
                json!(false)
            ),
            "~ t.a null -> not null | t.a comes back as not null, it was null"
        );
        assert_eq!(
            both(
                Subject::Column,
                Change::Changed("default"),
                "t.a",
                Value::Null,
                json!("0")
            ),
            "~ t.a default none -> 0 | t.a default comes back as 0, it was none"
        );
        assert_eq!(
            both(
                Subject::Enum,
                Change::Changed("labels"),
                "e",
                json!(["x"]),
                json!(["y"])
            ),
            "~ enum e +y -x | enum e comes back with other labels: +y -x"
        );
        assert_eq!(
            both(
                Subject::Index,
                Change::Renamed,
                "t.i",
                json!("i"),
                json!("j")
            ),
            "~ index t.i renamed to j | index t.i comes back as j"
        );
        let key = json!({"columns": ["a"], "references": "u"});
        assert_eq!(
            both(
                Subject::ForeignKey,
                Change::Changed(""),
                "t.f",
                key.clone(),
                key
            ),
            "~ foreign key t.f, in its options | foreign key t.f comes back with other options"
        );
    }

    #[test]
    fn hostile_text_stays_on_its_line() {
        let text = both(
            Subject::Check,
            Change::Added,
            "t.\u{1b}[2J",
            Value::Null,
            json!({"definition": "a\n\u{202e}b"}),
        );
        assert!(!text.contains(['\u{1b}', '\n', '\u{202e}']), "{text}");
    }
}
