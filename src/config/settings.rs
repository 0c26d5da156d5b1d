//! The configuration as used, with flags of the command line laid over the file.

use crate::config::conventions::{BaseColumnOrder, MetadataName, NamingConvention, TreatAs};
use crate::config::hidden_drift::HiddenDrift;
use crate::config::options::{Downgrades, EnvironmentOptions, Options, Pairing};
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
    /// `None`: first, unless the project's history has it otherwise.
    pub base_columns: Option<BaseColumnOrder>,
    /// `None`: all but names.
    pub hidden_drift: Option<Vec<HiddenDrift>>,
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

/// What a configuration file says, without its selection of rules, whose names are not checked yet.
impl From<&Options> for Settings {
    fn from(options: &Options) -> Self {
        Self {
            selection: Selection::default(),
            pairing: options.pairing.unwrap_or_default(),
            downgrades: options.downgrades,
            base_columns: options.base_columns.clone(),
            hidden_drift: options.hidden_drift.clone(),
            environments: options.environments.clone().unwrap_or_default(),
            only_environment: None,
            dialect: options.dialect,
            sqlalchemy_version: options.sqlalchemy_version,
            alembic_version: options.alembic_version,
            naming_convention: options.naming_convention.clone(),
            treat_as: options.treat_as.clone().unwrap_or_default(),
            initial_metadata: options.initial_metadata.clone(),
            initial_sql: options.initial_sql.clone().unwrap_or_default(),
            statistics: false,
        }
    }
}
