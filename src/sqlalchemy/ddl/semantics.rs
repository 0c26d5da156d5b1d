//! On what the meaning of a construct depends: the database, the versions, the naming convention.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::catalog::{Fact, Why};
use crate::dialect::Dialect;

/// The circumstances under which migrations run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Semantics {
    pub dialect: Dialect,
    /// Major and minor version.
    pub sqlalchemy: (u32, u32),
    /// No file and no configuration says exactly this version.
    pub is_sqlalchemy_assumed: bool,
    pub alembic: (u32, u32),
    /// No file and no configuration says exactly this version.
    pub is_alembic_assumed: bool,
    /// What SQLModel makes of the annotation `datetime`; `None` where that is not known.
    pub sqlmodel_datetime: Option<TimeZone>,
    pub naming: Naming,
    pub transactions: Transactions,
    /// The schemas in which a name without one is looked for, in their order: `search_path` of the connection, with `public`
    /// for the default one. Empty where nothing is set, or it is not known to what.
    pub search_path: Vec<SmolStr>,
    /// True if `env.py` speaks of `search_path`, whatever it sets it to.
    pub sets_search_path: bool,
    /// The schemas that `env.py`, or a module that it imports, may make; `None` for any.
    pub made_schemas: Option<Vec<SmolStr>>,
    /// True if `env.py` speaks of MySQL's `foreign_key_checks`, with which tables go that others refer to.
    pub sets_foreign_key_checks: bool,
}

impl Semantics {
    /// True if it is known where names without a schema are looked for.
    pub fn knows_search_path(&self) -> bool {
        !self.sets_search_path || !self.search_path.is_empty()
    }
}

/// Whether a timestamp has a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeZone {
    Without,
    With,
}

impl Default for Semantics {
    fn default() -> Self {
        Self {
            dialect: Dialect::PostgreSql,
            sqlalchemy: (2, 0),
            is_sqlalchemy_assumed: true,
            alembic: (1, 20),
            is_alembic_assumed: true,
            sqlmodel_datetime: None,
            naming: Naming::None,
            transactions: Transactions::PerRevision,
            search_path: Vec::new(),
            sets_search_path: false,
            made_schemas: Some(Vec::new()),
            sets_foreign_key_checks: false,
        }
    }
}

/// What certainly runs in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transactions {
    /// Nothing for certain.
    Unknown,
    /// Each revision; perhaps several of them.
    PerRevision,
    /// All revisions of a run, as is usual: `transaction_per_migration` is false.
    PerRun,
}

/// Where the names of constraints come from that were given none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// No convention: the database makes them.
    #[default]
    None,
    /// `MetaData(naming_convention={…})` of `target_metadata`.
    Convention(BTreeMap<String, String>),
    /// There may be a convention that could not be read.
    Unknown(Arc<Why>),
}

/// The keys of a convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintLabel {
    Check,
    ForeignKey,
    Index,
    PrimaryKey,
    Unique,
}

impl ConstraintLabel {
    fn key(self) -> &'static str {
        match self {
            Self::Check => "ck",
            Self::ForeignKey => "fk",
            Self::Index => "ix",
            Self::PrimaryKey => "pk",
            Self::Unique => "uq",
        }
    }
}

/// What a convention's template is filled with.
#[derive(Clone, Debug, Default)]
pub struct NameParts<'a> {
    pub table: &'a str,
    /// The schema that the model or the operation names, with `_` for dots; labels begin with it.
    pub schema: Option<&'a str>,
    pub columns: &'a [SmolStr],
    /// `None` where there is none, or it is not known.
    pub referred_table: Option<&'a str>,
    pub referred_columns: &'a [SmolStr],
    pub name: Option<&'a str>,
}

impl Naming {
    /// True if the template of a convention has tokens of the project's own, which are functions.
    pub fn is_not_followed(&self, label: ConstraintLabel) -> bool {
        let Self::Convention(convention) = self else {
            return false;
        };
        let columns = [SmolStr::default()];
        let parts = NameParts {
            columns: &columns,
            ..NameParts::default()
        };
        let template = convention.get(label.key());
        template.is_some_and(|template| filled(template, &parts).is_none())
    }

    /// The name of a constraint or index. `given` is the name written, `is_final` that it was written as `op.f(…)`.
    /// `Known(None)` leaves it to the database; an error is what SQLAlchemy raises.
    pub fn name(
        &self,
        dialect: Dialect,
        label: ConstraintLabel,
        given: Option<&str>,
        is_final: bool,
        parts: &NameParts<'_>,
    ) -> Result<Fact<Option<SmolStr>>, String> {
        if is_final && let Some(name) = given {
            return Ok(Fact::Known(Some(SmolStr::new(truncated(name, dialect)))));
        }
        let convention = match self {
            Self::None => return Ok(Fact::Known(given.map(SmolStr::new))),
            Self::Unknown(why) => {
                return Ok(match given {
                    // A convention with `%(constraint_name)s` would change it; that is usual for checks only.
                    Some(name) if label != ConstraintLabel::Check => {
                        Fact::Known(Some(SmolStr::new(name)))
                    }
                    _ => Fact::Unknown(Arc::clone(why)),
                });
            }
            Self::Convention(convention) => convention,
        };
        let Some(template) = convention.get(label.key()) else {
            return Ok(Fact::Known(given.map(SmolStr::new)));
        };
        let uses_name = template.contains("%(constraint_name)s");
        if let Some(name) = given
            && !uses_name
        {
            return Ok(Fact::Known(Some(SmolStr::new(name))));
        }
        if given.is_none() && uses_name {
            return Err(format!(
                "the naming convention of `{}` needs the constraint to have a name",
                label.key()
            ));
        }
        let parts = NameParts {
            name: given,
            ..parts.clone()
        };
        Ok(match filled(template, &parts) {
            Some(name) => Fact::Known(Some(SmolStr::new(truncated(&name, dialect)))),
            None => Fact::Unknown(Why::new(
                format!("the naming convention `{template}` is not followed"),
                None,
            )),
        })
    }
}

/// Fills a template such as `fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s`.
fn filled(template: &str, parts: &NameParts<'_>) -> Option<String> {
    let mut result = String::new();
    let mut rest = template;
    while let Some(at) = rest.find("%(") {
        result.push_str(rest.get(..at)?);
        let end = rest.get(at..)?.find(")s")? + at;
        let token = rest.get(at + 2..end)?;
        result.push_str(&value(token, parts)?);
        rest = rest.get(end + 2..)?;
    }
    result.push_str(rest);
    Some(result)
}

/// What SQLAlchemy calls an index where nothing names it.
pub(crate) fn default_index_name(parts: &NameParts<'_>) -> Option<String> {
    filled("ix_%(column_0_label)s", parts)
}

fn value(token: &str, parts: &NameParts<'_>) -> Option<String> {
    match token {
        "table_name" => return Some(parts.table.to_owned()),
        "referred_table_name" => return parts.referred_table.map(str::to_owned),
        "constraint_name" => return parts.name.map(str::to_owned),
        _ => {}
    }
    let (columns, token) = match token.strip_prefix("referred_") {
        Some(token) => (parts.referred_columns, token),
        None => (parts.columns, token),
    };
    let rest = token.strip_prefix("column_")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let start: usize = digits.parse().ok()?;
    // A label is the name with its table and the schema of that before it.
    let spell = |column: &SmolStr, kind: &str| match kind {
        "label" => match parts.schema {
            Some(schema) => format!("{schema}_{}_{column}", parts.table),
            None => format!("{}_{column}", parts.table),
        },
        _ => column.to_string(),
    };
    match rest.get(digits.len()..)? {
        kind @ ("_name" | "_key" | "_label") => {
            Some(spell(columns.get(start)?, kind.strip_prefix('_')?))
        }
        // `column_0N_name` joins all of them, `column_0_N_name` with `_` between.
        kind @ ("N_name" | "N_key" | "N_label") => {
            let kind = kind.strip_prefix("N_")?;
            Some(columns.iter().map(|column| spell(column, kind)).collect())
        }
        kind @ ("_N_name" | "_N_key" | "_N_label") => {
            let kind = kind.strip_prefix("_N_")?;
            let all: Vec<String> = columns.iter().map(|column| spell(column, kind)).collect();
            Some(all.join("_"))
        }
        _ => None,
    }
}

/// Names that are final are cut to the limit of the database, with the last four digits of their hash:
/// `max_identifier_length` of SQLAlchemy's dialects, less eight.
pub(crate) fn truncated(name: &str, dialect: Dialect) -> String {
    let limit = match dialect {
        Dialect::PostgreSql => 63,
        Dialect::MySql => 64,
        Dialect::Sqlite => 9999,
    };
    if name.len() <= limit {
        return name.to_owned();
    }
    let digest = md5_tail(name);
    let mut end = limit - 8;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{digest}", name.get(..end).unwrap_or_default())
}

/// The last four hexadecimal digits of the MD5 of a name.
fn md5_tail(name: &str) -> String {
    let digest = md5::compute(name.as_bytes());
    let hex = format!("{digest:x}");
    hex.get(28..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_as_the_dialect_asks() {
        let long =
            "fk_a_rather_long_table_name_for_this_purpose_indeed_a_column_whose_name_is_long";
        assert_eq!(truncated(long, Dialect::Sqlite), long);
        assert_eq!(truncated(long, Dialect::PostgreSql).len(), 60);
        assert_eq!(truncated(long, Dialect::MySql).len(), 61);
    }

    #[test]
    fn functions_of_a_convention_are_not_followed() {
        let naming = |template: &str| {
            Naming::Convention(BTreeMap::from([("ix".to_owned(), template.to_owned())]))
        };
        let index = ConstraintLabel::Index;
        assert!(!naming("ix_%(column_0_label)s").is_not_followed(index));
        assert!(naming("ix_%(table_name)s_%(own)s").is_not_followed(index));
        assert!(!Naming::None.is_not_followed(index));
    }

    #[test]
    fn templates_are_filled_as_sqlalchemy_does() {
        let columns = [SmolStr::new("a"), SmolStr::new("b")];
        let parts = NameParts {
            table: "t",
            columns: &columns,
            referred_table: Some("r"),
            ..NameParts::default()
        };
        for (template, name) in [
            ("uq_%(table_name)s_%(column_0_name)s", "uq_t_a"),
            ("ix_%(column_0_label)s", "ix_t_a"),
            ("uq_%(table_name)s_%(column_0_N_name)s", "uq_t_a_b"),
            ("uq_%(table_name)s_%(column_0N_name)s", "uq_t_ab"),
            ("fk_%(table_name)s_%(referred_table_name)s", "fk_t_r"),
        ] {
            assert_eq!(
                filled(template, &parts).as_deref(),
                Some(name),
                "{template}"
            );
        }
    }
}
