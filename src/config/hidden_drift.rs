//! The kinds of differences between models and migrations that autogenerate does not write operations for.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

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
#[error("`{written}` is none of {}", HiddenDrift::NAMES.join(", "))]
pub struct ParseHiddenDriftError {
    pub written: String,
}

impl HiddenDrift {
    const ALL: &'static [Self] = &[
        Self::Checks,
        Self::PrimaryKeys,
        Self::ConstraintOptions,
        Self::IndexOptions,
        Self::EnumLabels,
        Self::Names,
        Self::Defaults,
        Self::Types,
        Self::GeneratedColumns,
    ];

    /// What they are called, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &[
        "checks",
        "primary-keys",
        "constraint-options",
        "index-options",
        "enum-labels",
        "names",
        "defaults",
        "types",
        "generated-columns",
    ];
}

impl FromStr for HiddenDrift {
    type Err = ParseHiddenDriftError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let mut kinds = Self::NAMES.iter().zip(Self::ALL);
        kinds
            .find(|(name, _)| **name == written)
            .map(|(_, kind)| *kind)
            .ok_or_else(|| ParseHiddenDriftError {
                written: written.to_owned(),
            })
    }
}

impl<'de> Deserialize<'de> for HiddenDrift {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        written
            .parse()
            .map_err(|_| de::Error::unknown_variant(&written, Self::NAMES))
    }
}
