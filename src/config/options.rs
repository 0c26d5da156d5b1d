//! The configuration file, exactly as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::conventions::{BaseColumnOrder, MetadataName, NamingConvention, TreatAs};
use crate::config::hidden_drift::HiddenDrift;
use crate::config::required_version::RequiredVersion;
use crate::dependencies::WrittenVersion;
use crate::diagnostic::Severity;
use crate::dialect::Dialect;

/// Everything that can be configured. Absent keys keep their default.
///
/// What is said of a key here is what `migrate-lint config KEY`, the JSON schema and `docs/configuration.md` say: the
/// first paragraph is the summary, `Default:` and `Example:` begin lines of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "migrate-lint")]
pub struct Options {
    /// A configuration file that this one builds on, relative to this one. What is said here counts before what is said
    /// there.
    ///
    /// Example: `extend = "../migrate-lint.toml"`
    pub extend: Option<String>,
    /// The versions of migrate-lint that this configuration is for. Any other ends with an error.
    ///
    /// Example: `required-version = ">=0.1,<0.2"`
    #[schemars(with = "Option<String>")]
    pub required_version: Option<RequiredVersion>,
    /// The rules to use, by code, prefix, name, family or `"ALL"`; replaces the default selection. A prefix or family
    /// means those of its rules that are on by default.
    ///
    /// Default: all rules that are not marked as off
    ///
    /// Example: `select = ["revision", "downgrade", "ML301"]`
    pub select: Option<Vec<String>>,
    /// Rules to leave out of the selection. The narrower selector decides: `select = ["ML201"]` with `ignore = ["ML2"]`
    /// uses ML201.
    ///
    /// Default: `[]`
    ///
    /// Example: `ignore = ["docstring-mismatch"]`
    pub ignore: Option<Vec<String>>,
    /// Rules to use besides those that are selected.
    ///
    /// Default: `[]`
    ///
    /// Example: `extend-select = ["data-loss"]`
    pub extend_select: Option<Vec<String>>,
    /// How bad the findings of a rule are, by code, prefix, name or family; `"off"` leaves the rule out.
    ///
    /// Default: what the page of the rule says
    ///
    /// Example: `severity = { data-loss = "error", convention = "info" }`
    pub severity: Option<BTreeMap<String, SeverityOption>>,
    /// Rules that do not count in some files. A pattern with a `/` starts from the folder of the configuration file, one
    /// without is for names of files in any folder.
    ///
    /// Default: `{}`
    ///
    /// Example: `per-file-ignores = { "legacy/**" = ["downgrade"] }`
    pub per_file_ignores: Option<BTreeMap<String, Vec<String>>>,
    /// Files on which nothing is reported. They are read all the same: what others build on must be known. Patterns are
    /// those of `per-file-ignores`.
    ///
    /// Default: `[]`
    ///
    /// Example: `exclude = ["vendor/**"]`
    pub exclude: Option<Vec<String>>,
    /// The revision after which the rules begin to count: it and all before it are replayed, but not reported on.
    ///
    /// Default: all revisions count
    ///
    /// Example: `start-after = "3f1c8b20"`
    pub start_after: Option<String>,
    /// The file of findings that are known and not reported, relative to the root of the repository; `migrate-lint check
    /// --add-baseline` writes it. Its name ends in `baseline.json`.
    ///
    /// Default: `"migrate-lint-baseline.json"`, if there is one
    ///
    /// Example: `baseline = "tools/migrate-lint-baseline.json"`
    pub baseline: Option<String>,
    /// The branch or commit that changes are compared with.
    ///
    /// Default: found from the variables of pre-commit, GitHub and GitLab, the upstream branch and the remote
    ///
    /// Example: `base-ref = "origin/develop"`
    pub base_ref: Option<String>,
    /// Whether a change of models and its migration belong together: `"together"` in one change, `"separate"` never in
    /// one, as some teams deploy, `"off"` not judged.
    ///
    /// Default: `"together"`, unless the commits of the base show that models follow their migrations later, or commits
    /// touch no model and only add columns without which rows can do
    ///
    /// Example: `pairing = "separate"`
    pub pairing: Option<Pairing>,
    /// Whether revisions have to have a way back: `"required"` or `"optional"`.
    ///
    /// Default: what most of the newest 20 revisions do that change the schema
    ///
    /// Example: `downgrades = "required"`
    pub downgrades: Option<Downgrades>,
    /// Where the columns of the declarative Base stand in a table: `"first"`, `"last"`, or a list of columns in which
    /// `"*"` stands for all others; an empty list switches the check off.
    ///
    /// Default: first, unless the project's history has it otherwise
    ///
    /// Example: `base-columns = ["id", "*", "created_at"]`
    pub base_columns: Option<BaseColumnOrder>,
    /// What the rule hidden-drift speaks of.
    ///
    /// Default: all kinds but `"names"`, which are the business of unstable-name
    ///
    /// Example: `hidden-drift = ["checks", "enum-labels"]`
    pub hidden_drift: Option<Vec<HiddenDrift>>,
    /// Whether migrations have to run while the application is in use: `"required"` or `"optional"`. It decides whether
    /// locks, scans and rewrites of tables are reported, and names that running code still uses.
    ///
    /// Default: as the project's history shows
    ///
    /// Example: `zero-downtime = "required"`
    pub zero_downtime: Option<ZeroDowntime>,
    /// Tables on which locks, scans and rewrites are no matter, because they are small and will stay so; with their schema
    /// if that is not the default one.
    ///
    /// Default: `[]`
    ///
    /// Example: `small-tables = ["countries", "billing.plans"]`
    pub small_tables: Option<Vec<String>>,
    /// The Alembic environments, where they cannot be found, or where one needs a configuration of its own. If any is
    /// named, only those that are named count.
    ///
    /// Default: found from `alembic.ini`, `[tool.alembic]`, Flask-Migrate and the folders
    ///
    /// Example: `environments = [{ script-location = "billing/migrations", dialect = "mysql" }]`
    pub environments: Option<Vec<EnvironmentOptions>>,
    /// The database: `"postgresql"`, `"mysql"`, `"mariadb"` or `"sqlite"`.
    ///
    /// Default: as the project says by its URLs, drivers and types
    ///
    /// Example: `dialect = "mysql"`
    pub dialect: Option<Dialect>,
    /// The oldest version of the database that migrations run on: the lock that a statement takes, and whether it writes a
    /// table anew, depends on it.
    ///
    /// Default: 14 for PostgreSQL, 8.0 for MySQL
    ///
    /// Example: `target-version = "15"`
    #[schemars(with = "Option<String>")]
    pub target_version: Option<WrittenVersion>,
    /// The version of SQLAlchemy that the migrations run with.
    ///
    /// Default: as lock files and requirements say
    ///
    /// Example: `sqlalchemy-version = "2.0.36"`
    #[schemars(with = "Option<String>")]
    pub sqlalchemy_version: Option<WrittenVersion>,
    /// The version of Alembic that the migrations run with.
    ///
    /// Default: as lock files and requirements say
    ///
    /// Example: `alembic-version = "1.13"`
    #[schemars(with = "Option<String>")]
    pub alembic_version: Option<WrittenVersion>,
    /// How constraints and indexes without a name are called, as in `MetaData(naming_convention=…)`, by `ix`, `uq`, `ck`,
    /// `fk` and `pk`.
    ///
    /// Default: what the metadata says that `env.py` hands to Alembic
    ///
    /// Example: `naming-convention = { ix = "ix_%(column_0_label)s" }`
    pub naming_convention: Option<NamingConvention>,
    /// Functions of the project that do what an operation of Alembic does, by qualified name.
    ///
    /// Default: `{}`; what functions of the repository do is read
    ///
    /// Example: `treat-as = { "app.helpers.make_table" = "op.create_table" }`
    pub treat_as: Option<TreatAs>,
    /// The metadata whose tables are there before the first migration.
    ///
    /// Default: a database is empty before the first migration
    ///
    /// Example: `initial-metadata = "app.initial_models:Base.metadata"`
    pub initial_metadata: Option<MetadataName>,
    /// Files of SQL that a database is set up with before the first migration, in order: extensions, schemas, roles,
    /// tables.
    ///
    /// Default: `[]`
    ///
    /// Example: `initial-sql = ["docker/init.sql"]`
    pub initial_sql: Option<Vec<String>>,
}

/// A severity, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeverityOption {
    Error,
    Warning,
    Info,
    /// The rule is left out.
    Off,
}

impl SeverityOption {
    /// `None` for a rule that is left out.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Off => None,
        }
    }
}

/// How model and migration changes belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// In one change.
    #[default]
    Together,
    /// In changes of their own: a migration must not come with application code.
    Separate,
    /// Not judged.
    Off,
}

/// Whether revisions have to have a way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Downgrades {
    /// Always.
    Required,
    /// Never.
    Optional,
}

/// Whether migrations run while the application is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroDowntime {
    /// They do.
    Required,
    /// The application waits for them.
    Optional,
}

/// One Alembic environment named by the user. What is said of it here counts before what is said for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvironmentOptions {
    /// The folder of `env.py`, relative to the root of the repository.
    pub script_location: String,
    /// The folders of revision files; `versions` in the script location if absent.
    pub version_locations: Option<Vec<String>>,
    /// Whether folders below those are searched too.
    #[serde(default)]
    pub recursive_version_locations: bool,
    pub select: Option<Vec<String>>,
    pub ignore: Option<Vec<String>>,
    pub extend_select: Option<Vec<String>>,
    pub severity: Option<BTreeMap<String, SeverityOption>>,
    pub start_after: Option<String>,
    pub pairing: Option<Pairing>,
    pub downgrades: Option<Downgrades>,
    pub base_columns: Option<BaseColumnOrder>,
    pub hidden_drift: Option<Vec<HiddenDrift>>,
    pub zero_downtime: Option<ZeroDowntime>,
    pub small_tables: Option<Vec<String>>,
    pub dialect: Option<Dialect>,
    #[schemars(with = "Option<String>")]
    pub target_version: Option<WrittenVersion>,
    #[schemars(with = "Option<String>")]
    pub sqlalchemy_version: Option<WrittenVersion>,
    #[schemars(with = "Option<String>")]
    pub alembic_version: Option<WrittenVersion>,
    pub naming_convention: Option<NamingConvention>,
    pub treat_as: Option<TreatAs>,
    pub initial_metadata: Option<MetadataName>,
    pub initial_sql: Option<Vec<String>>,
}

impl EnvironmentOptions {
    /// The options of this environment: its own, and for the rest those for all.
    pub fn over(&self, all: &Options) -> Options {
        fn first<T: Clone>(own: Option<&T>, all: Option<&T>) -> Option<T> {
            own.or(all).cloned()
        }
        Options {
            select: first(self.select.as_ref(), all.select.as_ref()),
            ignore: first(self.ignore.as_ref(), all.ignore.as_ref()),
            extend_select: first(self.extend_select.as_ref(), all.extend_select.as_ref()),
            severity: first(self.severity.as_ref(), all.severity.as_ref()),
            start_after: first(self.start_after.as_ref(), all.start_after.as_ref()),
            pairing: self.pairing.or(all.pairing),
            downgrades: self.downgrades.or(all.downgrades),
            base_columns: first(self.base_columns.as_ref(), all.base_columns.as_ref()),
            hidden_drift: first(self.hidden_drift.as_ref(), all.hidden_drift.as_ref()),
            zero_downtime: self.zero_downtime.or(all.zero_downtime),
            small_tables: first(self.small_tables.as_ref(), all.small_tables.as_ref()),
            dialect: self.dialect.or(all.dialect),
            target_version: self.target_version.or(all.target_version),
            sqlalchemy_version: self.sqlalchemy_version.or(all.sqlalchemy_version),
            alembic_version: self.alembic_version.or(all.alembic_version),
            naming_convention: first(
                self.naming_convention.as_ref(),
                all.naming_convention.as_ref(),
            ),
            treat_as: first(self.treat_as.as_ref(), all.treat_as.as_ref()),
            initial_metadata: first(
                self.initial_metadata.as_ref(),
                all.initial_metadata.as_ref(),
            ),
            initial_sql: first(self.initial_sql.as_ref(), all.initial_sql.as_ref()),
            ..all.clone()
        }
    }

    /// True if it says more than where the environment is.
    pub fn configures(&self) -> bool {
        self.over(&Options::default()) != Options::default()
    }
}
