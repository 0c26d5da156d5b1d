//! The kinds of differences between models and migrations that autogenerate does not write operations for.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::config::conventions::unknown;

/// A kind of difference that Alembic's autogenerate does not compare, or not unless it is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HiddenDrift {
    /// `CHECK` and `EXCLUDE`
    Checks,
    PrimaryKeys,
    /// What unique constraints and foreign keys have beside their columns, such as `DEFERRABLE`.
    ConstraintOptions,
    /// Conditions, expressions, operator classes and methods of indexes.
    IndexOptions,
    /// The labels of enums.
    EnumLabels,
    /// Constraints that only differ in their names.
    Names,
    /// Defaults and identities, where `compare_server_default` is off.
    Defaults,
    /// Types where `compare_type` is off, and lengths that only one side gives.
    Types,
    /// Expressions of generated columns, and whether they take NULL.
    GeneratedColumns,
}

/// A name that no kind has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{written}` is none of {}", names().collect::<Vec<_>>().join(", "))]
pub struct ParseHiddenDriftError {
    pub written: String,
}

/// What they are called.
const KINDS: &[(&str, HiddenDrift)] = &[
    ("checks", HiddenDrift::Checks),
    ("primary-keys", HiddenDrift::PrimaryKeys),
    ("constraint-options", HiddenDrift::ConstraintOptions),
    ("index-options", HiddenDrift::IndexOptions),
    ("enum-labels", HiddenDrift::EnumLabels),
    ("names", HiddenDrift::Names),
    ("defaults", HiddenDrift::Defaults),
    ("types", HiddenDrift::Types),
    ("generated-columns", HiddenDrift::GeneratedColumns),
];

fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

impl FromStr for HiddenDrift {
    type Err = ParseHiddenDriftError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let kind = KINDS.iter().find(|(name, _)| *name == written);
        kind.map(|(_, kind)| *kind)
            .ok_or_else(|| ParseHiddenDriftError {
                written: written.to_owned(),
            })
    }
}

impl JsonSchema for HiddenDrift {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HiddenDrift".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "enum": names().collect::<Vec<_>>()})
    }
}

impl<'de> Deserialize<'de> for HiddenDrift {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        written
            .parse()
            .map_err(|_| unknown("variant", &written, names()))
    }
}
