//! The configuration as used, with flags of the command line laid over the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::baseline::Baseline;
use crate::config::conventions::{BaseColumnOrder, MetadataName, NamingConvention, TreatAs};
use crate::config::hidden_drift::HiddenDrift;
use crate::config::options::{
    Downgrades, EnvironmentOptions, Options, Pairing, SeverityOption, ZeroDowntime,
};
use crate::config::patterns::PathPattern;
use crate::config::selector::{RuleIdentity, RuleSelector, Selection};
use crate::dependencies::WrittenVersion;
use crate::dialect::Dialect;
use crate::source::RepoPath;

/// What the core needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub selection: Selection,
    /// `None`: together, unless the project's history has it otherwise.
    pub pairing: Option<Pairing>,
    /// `None`: as the project's history has it.
    pub downgrades: Option<Downgrades>,
    /// `None`: first, unless the project's history has it otherwise.
    pub base_columns: Option<BaseColumnOrder>,
    /// `None`: all but names.
    pub hidden_drift: Option<Vec<HiddenDrift>>,
    /// `None`: as the project's history has it.
    pub zero_downtime: Option<ZeroDowntime>,
    /// Tables on which locks are no matter.
    pub small_tables: Vec<String>,
    /// The oldest version of the database; `None`: the oldest that is in common use.
    pub target_version: Option<WrittenVersion>,
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
    /// How bad the findings of rules are; the narrowest selector decides.
    pub severities: Vec<(RuleSelector, SeverityOption)>,
    /// Rules that do not count in some files.
    pub per_file_ignores: Vec<(PathPattern, Vec<RuleSelector>)>,
    /// Files on which nothing is reported.
    pub exclude: Vec<PathPattern>,
    /// The revision after which the rules begin to count.
    pub start_after: Option<String>,
    /// Findings that are known and not reported.
    pub baseline: Option<Baseline>,
    /// Whether comments that suppress findings do not count.
    pub without_suppressions: bool,
    /// Environments with settings of their own, by script location.
    pub of_environments: BTreeMap<RepoPath, Arc<Settings>>,
}

impl Settings {
    /// What counts for an environment.
    pub fn for_environment(&self, script_location: &RepoPath) -> &Self {
        let own = self.of_environments.get(script_location);
        own.map_or(self, AsRef::as_ref)
    }

    /// How models and migrations belong together.
    pub fn pairing(&self) -> Pairing {
        self.pairing.unwrap_or_default()
    }

    /// Whether a rule is to be used.
    pub fn selects(&self, rule: RuleIdentity<'_>, on_by_default: bool) -> bool {
        self.selection.selects(rule, on_by_default)
            && self.severity(rule) != Some(SeverityOption::Off)
    }

    /// How bad the findings of a rule are, if that is configured.
    pub fn severity(&self, rule: RuleIdentity<'_>) -> Option<SeverityOption> {
        let matching = self
            .severities
            .iter()
            .filter(|(selector, _)| selector.matches(rule));
        matching
            .max_by_key(|(selector, _)| selector.specificity())
            .map(|(_, severity)| *severity)
    }

    /// Whether findings of a rule in a file are left out.
    pub fn passes_over(&self, rule: RuleIdentity<'_>, file: &RepoPath) -> bool {
        let own = self.of_environments.values().map(AsRef::as_ref);
        std::iter::once(self).chain(own).any(|settings| {
            settings.exclude.iter().any(|pattern| pattern.matches(file))
                || settings.per_file_ignores.iter().any(|(pattern, ignored)| {
                    ignored.iter().any(|selector| selector.matches(rule)) && pattern.matches(file)
                })
        })
    }
}

/// What a configuration file says, without its selection of rules, whose names are not checked yet.
impl From<&Options> for Settings {
    fn from(options: &Options) -> Self {
        Self {
            selection: Selection::default(),
            pairing: options.pairing,
            downgrades: options.downgrades,
            base_columns: options.base_columns.clone(),
            hidden_drift: options.hidden_drift.clone(),
            zero_downtime: options.zero_downtime,
            small_tables: options.small_tables.clone().unwrap_or_default(),
            target_version: options.target_version,
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
            severities: Vec::new(),
            per_file_ignores: Vec::new(),
            exclude: Vec::new(),
            start_after: options.start_after.clone(),
            baseline: None,
            without_suppressions: false,
            of_environments: BTreeMap::new(),
        }
    }
}
