//! The configuration as used, with flags of the command line laid over the file.

use crate::config::conventions::{MetadataName, NamingConvention, TreatAs};
use crate::config::options::{Downgrades, EnvironmentOptions, Pairing};
use crate::config::selector::Selection;
use crate::dependencies::WrittenVersion;
use crate::dialect::Dialect;

/// What the core needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub selection: Selection,
    pub pairing: Pairing,
    /// `None`: as the project's history has it.
    pub downgrades: Option<Downgrades>,
    /// `None`: taken from the models.
    pub base_columns: Option<Vec<String>>,
    /// Environments named by the user; empty to find them.
    pub environments: Vec<EnvironmentOptions>,
    /// The script location of the one environment to judge; `None` for all.
    pub only_environment: Option<String>,
    /// `None`: as the project says.
    pub dialect: Option<Dialect>,
    /// `None`: as lock files and requirements say.
    pub sqlalchemy_version: Option<WrittenVersion>,
    /// `None`: as lock files and requirements say.
    pub alembic_version: Option<WrittenVersion>,
    /// `None`: as the metadata says.
    pub naming_convention: Option<NamingConvention>,
    /// Functions of the project that do what an operation does.
    pub treat_as: TreatAs,
    /// The metadata whose tables are there before the first migration.
    pub initial_metadata: Option<MetadataName>,
    /// Files of SQL that a database is set up with before the first migration.
    pub initial_sql: Vec<String>,
    /// Whether reversibility is counted where no rule asks for it.
    pub statistics: bool,
}
