//! Defaults as the type of their column reads them.

use serde_json::Value;
use smol_str::SmolStr;

use super::objects::split_schema;
use crate::dialect::Dialect;

/// The default of a column of this type: `'t'` is `true` for a boolean, `'0'` is `0` for a number, and the keys of a JSON
/// object have no order. All are in the
/// canonical spelling of expressions already.
pub(super) fn for_type(default: &SmolStr, column_type: &str, dialect: Dialect) -> SmolStr {
    let literal = default
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .filter(|inner| !inner.contains('\''));
    let text = literal.unwrap_or(default.as_str());
    let base = column_type
        .split('(')
        .next()
        .unwrap_or(column_type)
        .trim()
        .to_lowercase();
    match (dialect, base.as_str()) {
        (Dialect::PostgreSql, "boolean") => match text.to_lowercase().as_str() {
            "t" | "true" | "yes" | "on" | "1" | "y" => SmolStr::new_static("true"),
            "f" | "false" | "no" | "off" | "0" | "n" => SmolStr::new_static("false"),
            _ => default.clone(),
        },
        (Dialect::PostgreSql, "json" | "jsonb") => {
            json_value(default).unwrap_or_else(|| default.clone())
        }
        // A word between quotes is a string there, whatever the type of the column.
        (Dialect::Sqlite, "boolean" | "tinyint") if matches!(literal, Some(text) if text.parse::<f64>().is_err()) => {
            default.clone()
        }
        (Dialect::MySql | Dialect::Sqlite, "boolean" | "tinyint") => {
            match text.to_lowercase().as_str() {
                "true" | "1" => SmolStr::new_static("1"),
                "false" | "0" => SmolStr::new_static("0"),
                _ => default.clone(),
            }
        }
        (
            _,
            "integer" | "bigint" | "smallint" | "int" | "numeric" | "decimal" | "real" | "float"
            | "double precision" | "double",
        ) => match text.parse::<f64>() {
            Ok(number) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                let is_whole = number == number.trunc() && number.abs() < 1e15;
                if is_whole {
                    SmolStr::new(format!("{number:.0}"))
                } else if text.contains('.') && !text.contains(['e', 'E']) {
                    SmolStr::new(text.trim_end_matches('0'))
                } else {
                    SmolStr::new(text)
                }
            }
            _ => default.clone(),
        },
        _ => default.clone(),
    }
}

/// A literal that holds a JSON object or array, as PostgreSQL prints a `jsonb`.
fn json_value(default: &str) -> Option<SmolStr> {
    let text = default.strip_prefix('\'')?.strip_suffix('\'')?;
    let value: Value = serde_json::from_str(&text.replace("''", "'")).ok()?;
    if !value.is_object() && !value.is_array() {
        return None;
    }
    let text = json_text(&value).replace('\'', "''");
    Some(SmolStr::new(format!("'{text}'")))
}

fn json_text(value: &Value) -> String {
    match value {
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(json_text).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(entries) => {
            let mut entries: Vec<(&String, &Value)> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| (key.len(), *key));
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), json_text(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

/// The default of a column that takes its values from a sequence, as the catalog prints it: with the quotes that the
/// name needs.
pub(super) fn next_value(sequence: &str) -> SmolStr {
    let quoted = |name: &str| {
        let is_plain = name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if is_plain {
            name.to_owned()
        } else {
            format!("\"{}\"", name.replace('"', "\"\""))
        }
    };
    let (schema, name) = split_schema(sequence);
    let schema = match schema.strip_suffix('.') {
        Some(schema) => format!("{}.", quoted(schema)),
        None => String::new(),
    };
    SmolStr::new(format!("nextval('{schema}{}'::regclass)", quoted(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_quoted_as_they_need() {
        for (sequence, expected) in [
            ("users_id_seq", "nextval('users_id_seq'::regclass)"),
            ("Item_id_seq", "nextval('\"Item_id_seq\"'::regclass)"),
            (
                "audit.Item_id_seq",
                "nextval('audit.\"Item_id_seq\"'::regclass)",
            ),
        ] {
            assert_eq!(next_value(sequence), expected);
        }
    }

    #[test]
    fn literals_are_read_by_the_type() {
        for (default, column_type, expected) in [
            ("'t'", "boolean", "true"),
            ("'0'", "boolean", "false"),
            ("'0.0'", "double precision", "0"),
            ("'1.5'", "numeric(10,2)", "1.5"),
            ("1.50", "double precision", "1.5"),
            ("1.50", "text", "1.50"),
            ("'t'", "text", "'t'"),
            ("now()", "integer", "now()"),
            (
                r#"'{"swe":"","bb": [1,"it''s"], "a":null}'"#,
                "jsonb",
                r#"'{"a": null, "bb": [1, "it''s"], "swe": ""}'"#,
            ),
            ("'{}'", "json", "'{}'"),
            ("'{a'", "jsonb", "'{a'"),
            (r#"'{"b":1}'"#, "text", r#"'{"b":1}'"#),
        ] {
            let default = SmolStr::new(default);
            assert_eq!(
                for_type(&default, column_type, Dialect::PostgreSql),
                expected
            );
        }
    }
}
