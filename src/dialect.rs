//! The databases whose DDL is told apart, and what their statements cost.

pub mod mysql;
pub mod postgresql;
mod widening;

pub use widening::{has_room, is_stored_alike, is_unlimited_text, is_wider};

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

/// What SQLAlchemy calls a dialect, without the driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    #[default]
    PostgreSql,
    /// And `MariaDB`.
    MySql,
    Sqlite,
}

/// A name that no dialect has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{written}` is none of postgresql, mysql, mariadb and sqlite")]
pub struct ParseDialectError {
    pub written: String,
}

impl Dialect {
    /// SQLAlchemy's names, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &["postgresql", "mysql", "sqlite"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::PostgreSql => "postgresql",
            Self::MySql => "mysql",
            Self::Sqlite => "sqlite",
        }
    }

    /// As its makers write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::PostgreSql => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::Sqlite => "SQLite",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = ParseDialectError;

    /// Understands the scheme of a database URL: `postgresql+asyncpg` is PostgreSQL.
    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let lower = written.trim().to_ascii_lowercase();
        match lower.split('+').next().unwrap_or_default() {
            "postgresql" | "postgres" => Ok(Self::PostgreSql),
            "mysql" | "mariadb" => Ok(Self::MySql),
            "sqlite" => Ok(Self::Sqlite),
            _ => Err(ParseDialectError {
                written: written.to_owned(),
            }),
        }
    }
}

impl JsonSchema for Dialect {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Dialect".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "enum": ["postgresql", "mysql", "mariadb", "sqlite"]})
    }
}

impl<'de> Deserialize<'de> for Dialect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        written
            .parse()
            .map_err(|_| de::Error::unknown_variant(&written, Self::NAMES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_driver() {
        for (written, dialect) in [
            ("postgres", Dialect::PostgreSql),
            ("PostgreSQL", Dialect::PostgreSql),
            ("postgresql+asyncpg", Dialect::PostgreSql),
            ("mysql+pymysql", Dialect::MySql),
            ("mariadb", Dialect::MySql),
            ("sqlite+aiosqlite", Dialect::Sqlite),
        ] {
            assert_eq!(written.parse(), Ok(dialect));
        }
        for name in Dialect::NAMES {
            assert_eq!(name.parse::<Dialect>().unwrap().as_str(), *name);
        }
        assert!("driver".parse::<Dialect>().is_err());
        assert!("".parse::<Dialect>().is_err());
    }
}
