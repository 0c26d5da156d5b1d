//! What the configuration says of names and of wrapped operations.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// SQLAlchemy's naming convention: how constraints and indexes without a name are called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamingConvention {
    /// Indexes.
    pub ix: Option<NameTemplate>,
    /// Unique constraints.
    pub uq: Option<NameTemplate>,
    /// Check constraints.
    pub ck: Option<NameTemplate>,
    /// Foreign keys.
    pub fk: Option<NameTemplate>,
    /// Primary keys.
    pub pk: Option<NameTemplate>,
}

impl NamingConvention {
    /// The templates that are given, by key.
    pub fn templates(&self) -> impl Iterator<Item = (&'static str, &NameTemplate)> {
        [
            ("ix", &self.ix),
            ("uq", &self.uq),
            ("ck", &self.ck),
            ("fk", &self.fk),
            ("pk", &self.pk),
        ]
        .into_iter()
        .filter_map(|(key, template)| Some((key, template.as_ref()?)))
    }
}

/// A template of names: `ix_%(table_name)s_%(column_0_name)s`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline)]
pub struct NameTemplate(String);

/// The tokens of SQLAlchemy's `naming.py`. Instead of `0` may stand any number, also as `0N` and `0_N`. Tokens of one's
/// own are Python functions, which a configuration file cannot have.
const TOKENS: &[&str] = &[
    "table_name",
    "referred_table_name",
    "constraint_name",
    "column_0_name",
    "column_0_key",
    "column_0_label",
    "referred_column_0_name",
];

impl NameTemplate {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for NameTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let template = String::deserialize(deserializer)?;
        let mut rest = template.as_str();
        while let Some((_, after)) = rest.split_once('%') {
            if let Some(after) = after.strip_prefix('%') {
                rest = after;
                continue;
            }
            let Some((token, after)) = after
                .strip_prefix('(')
                .and_then(|token| token.split_once(")s"))
            else {
                let message =
                    "a `%` must be written `%%` unless it begins a token such as `%(table_name)s`";
                return Err(de::Error::custom(message));
            };
            if !TOKENS.contains(&first_column(token).as_str()) {
                return Err(unknown("token", token, TOKENS.iter().copied()));
            }
            rest = after;
        }
        Ok(Self(template))
    }
}

/// The token with its column number as `0`: `column_0N_name`, `column_0_N_name` and `column_3_name` all mean columns.
fn first_column(token: &str) -> String {
    let Some((before, rest)) = token.split_once("column_") else {
        return token.to_owned();
    };
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    if after.len() == rest.len() {
        return token.to_owned();
    }
    let after = after
        .strip_prefix("_N_")
        .or_else(|| after.strip_prefix("N_"))
        .or_else(|| after.strip_prefix('_'));
    after.map_or_else(
        || token.to_owned(),
        |after| format!("{before}column_0_{after}"),
    )
}

/// Where the columns that every table has stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseColumnOrder {
    /// Those of the declarative Base come first.
    First,
    /// Those of the declarative Base come last.
    Last,
    /// These, by name: `before` at the beginning, `after` at the end.
    Named {
        before: Vec<String>,
        after: Vec<String>,
    },
}

/// Stands for all other columns in a list of names.
const OTHERS: &str = "*";

impl BaseColumnOrder {
    fn named<E: de::Error>(names: &[String]) -> Result<Self, E> {
        for (index, name) in names.iter().enumerate() {
            if names.iter().skip(index + 1).any(|other| other == name) {
                return Err(E::custom(format!("`{name}` stands in the list twice")));
            }
        }
        let mut parts = names.split(|name| name == OTHERS).map(<[String]>::to_vec);
        Ok(Self::Named {
            before: parts.next().unwrap_or_default(),
            after: parts.next().unwrap_or_default(),
        })
    }
}

impl JsonSchema for BaseColumnOrder {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "BaseColumnOrder".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "string", "enum": ["first", "last"]},
                {"type": "array", "items": {"type": "string"}},
            ],
        })
    }
}

impl<'de> Deserialize<'de> for BaseColumnOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = BaseColumnOrder;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`first`, `last` or a list of columns")
            }

            fn visit_str<E: de::Error>(self, written: &str) -> Result<Self::Value, E> {
                match written {
                    "first" => Ok(BaseColumnOrder::First),
                    "last" => Ok(BaseColumnOrder::Last),
                    _ => Err(unknown("order", written, ["first", "last"].into_iter())),
                }
            }

            fn visit_seq<A: de::SeqAccess<'de>>(
                self,
                mut items: A,
            ) -> Result<Self::Value, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                BaseColumnOrder::named(&names)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Functions of the project by their qualified name, and the operation each stands for.
pub type TreatAs = BTreeMap<FunctionName, OperationName>;

/// The qualified name of a function: `app.migrations.helpers.create_table`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(inline)]
pub struct FunctionName(String);

/// An operation of Alembic: `op.create_table`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationName(&'static str);

/// Where a metadata is: a module, a colon, and the way to it from there: `app.initial_models:Base.metadata`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline)]
pub struct MetadataName(String);

impl MetadataName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for MetadataName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let is_path = |path: &str| path.split('.').all(is_identifier);
        match name.split_once(':') {
            Some((module, path)) if is_path(module) && is_path(path) => Ok(Self(name)),
            _ => Err(de::Error::custom(format!(
                "`{name}` names no metadata of a module, such as `app.initial_models:Base.metadata`"
            ))),
        }
    }
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with(|c: char| c.is_ascii_digit())
        && part.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The operations of `alembic.op` that change a schema or its rows, as they are written.
const OPERATIONS: &[&str] = &[
    "op.add_column",
    "op.alter_column",
    "op.batch_alter_table",
    "op.bulk_insert",
    "op.create_check_constraint",
    "op.create_exclude_constraint",
    "op.create_foreign_key",
    "op.create_index",
    "op.create_primary_key",
    "op.create_table",
    "op.create_table_comment",
    "op.create_unique_constraint",
    "op.drop_column",
    "op.drop_constraint",
    "op.drop_index",
    "op.drop_table",
    "op.drop_table_comment",
    "op.execute",
    "op.rename_table",
];

impl FunctionName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl OperationName {
    /// As written: `op.create_table`.
    pub fn as_str(&self) -> &'static str {
        self.0
    }

    /// The function of `alembic.op`: `create_table`.
    pub fn function(&self) -> &'static str {
        self.0.strip_prefix("op.").unwrap_or(self.0)
    }
}

impl<'de> Deserialize<'de> for FunctionName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name.contains('.') && name.split('.').all(is_identifier) {
            return Ok(Self(name));
        }
        let message = format!(
            "`{name}` is no qualified name of a function, such as `app.migrations.helpers.create_table`"
        );
        Err(de::Error::custom(message))
    }
}

impl JsonSchema for OperationName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OperationName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "enum": OPERATIONS})
    }
}

impl<'de> Deserialize<'de> for OperationName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        OPERATIONS
            .iter()
            .find(|known| **known == name)
            .map(|known| Self(known))
            .ok_or_else(|| unknown("operation", &name, OPERATIONS.iter().copied()))
    }
}

/// An error in serde's own wording, from which "did you mean" is made.
pub(super) fn unknown<'a, E: de::Error>(
    kind: impl fmt::Display,
    written: &str,
    names: impl Iterator<Item = &'a str>,
) -> E {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let names = names.join(", ");
    E::custom(format!(
        "unknown {kind} `{written}`, expected one of {names}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_know_their_tokens() {
        let read = |text: &str| {
            let value = serde_json::Value::from(text);
            serde_json::from_value::<NameTemplate>(value).map_err(|error| error.to_string())
        };
        for text in [
            "ix_%(column_0_label)s",
            "uq_%(table_name)s_%(column_0_N_name)s",
            "fk_%(table_name)s_%(column_0N_name)s_%(referred_table_name)s_%(referred_column_12_name)s",
            "ck_%(table_name)s_%(constraint_name)s%%",
            "plain",
        ] {
            assert_eq!(read(text).unwrap().as_str(), text);
        }
        assert!(
            read("ix_%(tabel_name)s")
                .unwrap_err()
                .starts_with("unknown token `tabel_name`")
        );
        assert!(read("ix_%(column_name)s").is_err());
        assert!(read("100%").unwrap_err().contains("`%%`"));
        assert!(read("%(table_name)d").is_err());
    }
}
