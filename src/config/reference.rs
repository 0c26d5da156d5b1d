//! What can be configured, from the documentation of [`Options`]: as JSON schema and key by key.

use serde_json::Value;

use crate::config::options::Options;

/// Where the schema is found by its name.
const SCHEMA_ID: &str =
    "https://raw.githubusercontent.com/migrate-lint/migrate-lint/main/migrate-lint.schema.json";

/// One key of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: String,
    /// What it means, a paragraph each.
    pub text: Vec<String>,
    /// What may be written, in words.
    pub kind: String,
    pub default: Option<String>,
    /// As it is written in `migrate-lint.toml`.
    pub example: Option<String>,
}

/// The JSON schema of the configuration file.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Options).to_value();
    schema["$id"] = Value::from(SCHEMA_ID);
    schema
}

/// All keys, by name.
pub fn keys() -> Vec<Key> {
    let schema = schema();
    let properties = schema["properties"].as_object();
    let properties = properties.into_iter().flatten();
    properties
        .map(|(name, property)| key(name, property, &schema))
        .collect()
}

fn key(name: &str, property: &Value, schema: &Value) -> Key {
    let mut key = Key {
        name: name.to_owned(),
        text: Vec::new(),
        kind: kind(property, schema),
        default: None,
        example: None,
    };
    let description = property["description"].as_str().unwrap_or_default();
    for paragraph in description.split("\n\n") {
        let paragraph = paragraph.replace('\n', " ");
        if let Some(default) = paragraph.strip_prefix("Default: ") {
            key.default = Some(default.to_owned());
        } else if let Some(example) = paragraph.strip_prefix("Example: ") {
            key.example = Some(example.trim_matches('`').to_owned());
        } else {
            key.text.push(paragraph);
        }
    }
    key
}

/// The type of a value, in words.
fn kind(property: &Value, schema: &Value) -> String {
    if let Some(reference) = property["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return kind(&schema["$defs"][name], schema);
    }
    let several = ["anyOf", "oneOf"]
        .iter()
        .find_map(|word| property[*word].as_array());
    if let Some(several) = several {
        let mut kinds: Vec<String> = several
            .iter()
            .filter(|kind| kind["type"] != "null")
            .map(|property| kind(property, schema))
            .collect();
        kinds.dedup();
        return kinds.join(", ");
    }
    if let Some(value) = property["const"].as_str() {
        return format!("`\"{value}\"`");
    }
    if let Some(values) = property["enum"].as_array() {
        let values = values.iter().filter_map(Value::as_str);
        return values
            .map(|value| format!("`\"{value}\"`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    let types = match &property["type"] {
        Value::Array(types) => types.iter().find(|kind| **kind != "null"),
        one => Some(one),
    };
    match types.and_then(Value::as_str) {
        Some("array") => {
            let items = &property["items"];
            let is_table = items["$ref"].is_string();
            match (is_table, items["enum"].is_array()) {
                (true, _) => "a list of tables".to_owned(),
                (_, true) => format!("a list of {}", kind(items, schema)),
                _ => "a list of strings".to_owned(),
            }
        }
        Some("object") => "a table".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        _ => "a string".to_owned(),
    }
}

/// The keys of an environment of its own.
pub fn environment_keys() -> Vec<String> {
    let schema = schema();
    let properties = schema["$defs"]["EnvironmentOptions"]["properties"].as_object();
    properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigFile;

    #[test]
    fn every_key_is_explained_and_every_example_is_valid() {
        let keys = keys();
        assert!(keys.len() >= 20);
        for key in keys {
            assert!(!key.text.is_empty(), "{key:?}");
            let example = key.example.clone().unwrap_or_default();
            assert!(example.starts_with(&key.name), "{key:?}");
            ConfigFile::parse("migrate-lint.toml", &example).unwrap();
        }
    }

    #[test]
    fn kinds_are_told_in_words() {
        let keys = keys();
        let kind = |name: &str| {
            let key = keys.iter().find(|key| key.name == name).unwrap();
            key.kind.clone()
        };
        assert_eq!(kind("ignore"), "a list of strings");
        assert_eq!(kind("pairing"), "`\"together\"`, `\"separate\"`, `\"off\"`");
        assert_eq!(
            kind("base-columns"),
            "`\"first\"`, `\"last\"`, a list of strings"
        );
        assert_eq!(kind("severity"), "a table");
        assert_eq!(kind("environments"), "a list of tables");
        assert_eq!(
            kind("dialect"),
            "`\"postgresql\"`, `\"mysql\"`, `\"mariadb\"`, `\"sqlite\"`"
        );
    }
}
