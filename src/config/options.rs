//! The configuration file, exactly as written.

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;
use thiserror::Error;

use crate::config::conventions::{BaseColumnOrder, MetadataName, NamingConvention, TreatAs};
use crate::config::hidden_drift::HiddenDrift;
use crate::dependencies::WrittenVersion;
use crate::dialect::Dialect;
use crate::git::{GitError, Snapshot};
use crate::source::{RepoPath, SourceText};

/// Names of configuration files, in order of precedence within one folder.
const FILE_NAMES: [&str; 3] = [".migrate-lint.toml", "migrate-lint.toml", "pyproject.toml"];

/// Everything that can be configured. Absent keys keep their default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// The rules to use, by code, name or prefix; replaces the default selection.
    pub select: Option<Vec<String>>,
    /// Rules to leave out of the selection.
    pub ignore: Option<Vec<String>>,
    /// Rules to add to the selection.
    pub extend_select: Option<Vec<String>>,
    /// The branch or commit that changes are compared with.
    pub base_ref: Option<String>,
    /// Whether model and migration changes belong together.
    pub pairing: Option<Pairing>,
    /// Whether revisions have to have a way back; without it, as the project's history has it.
    pub downgrades: Option<Downgrades>,
    /// Where the columns of the declarative Base stand in a table: `"first"`, `"last"`, or a list of columns in which
    /// `"*"` stands for all others; an empty list switches the check off.
    pub base_columns: Option<BaseColumnOrder>,
    /// What `hidden-drift` speaks of; without it, of all but names, which are the business of `unstable-name`.
    pub hidden_drift: Option<Vec<HiddenDrift>>,
    /// The Alembic environments, where they cannot be found.
    pub environments: Option<Vec<EnvironmentOptions>>,
    /// The database; without it, as the project says.
    pub dialect: Option<Dialect>,
    /// The version of SQLAlchemy; without it, as lock files and requirements say.
    pub sqlalchemy_version: Option<WrittenVersion>,
    /// The version of Alembic; without it, as lock files and requirements say.
    pub alembic_version: Option<WrittenVersion>,
    /// How constraints are named; replaces what the metadata of `env.py` says.
    pub naming_convention: Option<NamingConvention>,
    /// Functions of the project that do what an operation does.
    pub treat_as: Option<TreatAs>,
    /// The metadata whose tables are there before the first migration: `app.initial_models:Base.metadata`.
    pub initial_metadata: Option<MetadataName>,
    /// Files of SQL that a database is set up with before the first migration, in order: extensions, schemas, roles,
    /// tables.
    pub initial_sql: Option<Vec<String>>,
}

/// How model and migration changes belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Downgrades {
    /// Always.
    Required,
    /// Never.
    Optional,
}

/// One Alembic environment named by the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvironmentOptions {
    /// The folder of `env.py`, relative to the root of the repository.
    pub script_location: String,
    /// The folders of revision files; `versions` in the script location if absent.
    pub version_locations: Option<Vec<String>>,
    /// Whether folders below those are searched too.
    #[serde(default)]
    pub recursive_version_locations: bool,
}

/// A configuration file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFile {
    pub options: Options,
    /// Where it was found; `None` if there is none.
    pub path: Option<RepoPath>,
}

/// A configuration that does not say anything valid, with the place in it.
#[derive(Debug, Error, Diagnostic)]
#[error("invalid configuration: {message}")]
pub struct InvalidConfig {
    message: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: SourceSpan,
    #[help]
    help: Option<String>,
}

/// A configuration that cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum ConfigError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Invalid(Box<InvalidConfig>),
    #[error("the configuration file `{path}` cannot be read")]
    Unreadable {
        path: String,
        source: std::io::Error,
    },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] GitError),
}

#[derive(Debug, Default, Deserialize)]
struct PyProject {
    #[serde(default)]
    tool: Tool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Tool {
    migrate_lint: Option<Options>,
}

impl ConfigFile {
    /// Finds the nearest configuration file, from `folder` up to the root of the repository. Nothing is merged.
    pub fn find(snapshot: &Snapshot, folder: &RepoPath) -> Result<Self, ConfigError> {
        let mut folder = folder.clone();
        loop {
            for name in FILE_NAMES {
                let Some(path) = folder.join(name).filter(|path| snapshot.contains(path)) else {
                    continue;
                };
                let Some(bytes) = snapshot.read(&path)? else {
                    continue;
                };
                let text = SourceText::utf8(&bytes);
                if let Some(options) = Self::parse(path.as_str(), text.as_str())? {
                    return Ok(Self {
                        options,
                        path: Some(path),
                    });
                }
            }
            if folder.is_root() {
                return Ok(Self::default());
            }
            folder = folder.parent();
        }
    }

    /// Reads the text of a configuration file. `Ok(None)` for a `pyproject.toml` without our table.
    pub fn parse(name: &str, text: &str) -> Result<Option<Options>, ConfigError> {
        if !name.ends_with("pyproject.toml") {
            return toml::from_str(text)
                .map(Some)
                .map_err(|error| invalid(name, text, &error));
        }
        // A `pyproject.toml` of somebody else may be broken without that being our business.
        if !text.contains("migrate-lint") {
            return Ok(None);
        }
        let project: PyProject =
            toml::from_str(text).map_err(|error| invalid(name, text, &error))?;
        Ok(project.tool.migrate_lint)
    }
}

fn invalid(name: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let message = error
        .message()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    let help = did_you_mean(&message);
    ConfigError::Invalid(Box::new(InvalidConfig {
        message,
        source_code: NamedSource::new(name, text.to_owned()),
        span: (span.start, span.len()).into(),
        help,
    }))
}

/// Looks among the names an error message lists (unknown field `a`, expected one of `b`, `c`) for the one that was
/// meant.
fn did_you_mean(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let written = quoted.next()?;
    let names = quoted;
    let best = names
        .map(|name| (strsim::levenshtein(written, name), name))
        .min()?;
    (best.0 <= 3).then(|| format!("did you mean `{}`?", best.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_counts() {
        let snapshot = Snapshot::in_memory([
            ("pyproject.toml", "[tool.migrate-lint]\npairing = \"off\"\n"),
            ("service/pyproject.toml", "[tool.black]\n"),
            ("service/migrate-lint.toml", "select = [\"revision\"]\n"),
        ]);
        let find = |folder: &str| ConfigFile::find(&snapshot, &RepoPath::new(folder)).unwrap();
        assert_eq!(find("").options.pairing, Some(Pairing::Off));
        assert_eq!(
            find("service/a").path.unwrap().as_str(),
            "service/migrate-lint.toml"
        );
        assert_eq!(find("other").path.unwrap().as_str(), "pyproject.toml");
    }

    #[test]
    fn unknown_keys_are_errors_with_a_suggestion() {
        let error = ConfigFile::parse("migrate-lint.toml", "ignor = [\"ML101\"]\n").unwrap_err();
        let ConfigError::Invalid(error) = error else {
            panic!("invalid")
        };
        let InvalidConfig {
            message,
            help,
            span,
            ..
        } = *error;
        assert!(message.starts_with("unknown field `ignor`"), "{message}");
        assert_eq!(help.as_deref(), Some("did you mean `ignore`?"));
        assert_eq!((span.offset(), span.len()), (0, 5));
        assert!(ConfigFile::parse("migrate-lint.toml", "pairing = \"apart\"\n").is_err());
        assert!(
            ConfigFile::parse("pyproject.toml", "[tool.black\n")
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn the_database_versions_names_and_wrappers() {
        let text = "dialect = \"mariadb\"\nsqlalchemy-version = \"2.0\"\nalembic-version = \"1.13.1\"\n[naming-convention]\nix = \"ix_%(column_0_label)s\"\n[treat-as]\n\"app.helpers.make_table\" = \"op.create_table\"\n";
        let options = ConfigFile::parse("migrate-lint.toml", text)
            .unwrap()
            .unwrap();
        assert_eq!(options.dialect, Some(Dialect::MySql));
        assert_eq!(options.sqlalchemy_version, "2.0".parse().ok());
        let convention = options.naming_convention.unwrap();
        let templates: Vec<(&str, &str)> = convention
            .templates()
            .map(|(key, template)| (key, template.as_str()))
            .collect();
        assert_eq!(templates, [("ix", "ix_%(column_0_label)s")]);
        let wrapped: Vec<(String, &str)> = options
            .treat_as
            .unwrap()
            .into_iter()
            .map(|(function, operation)| (function.as_str().to_owned(), operation.function()))
            .collect();
        assert_eq!(
            wrapped,
            [("app.helpers.make_table".to_owned(), "create_table")]
        );
    }

    #[test]
    fn each_has_its_place_in_an_error() {
        let problem = |text: &str| {
            let ConfigError::Invalid(error) =
                ConfigFile::parse("migrate-lint.toml", text).unwrap_err()
            else {
                panic!("invalid")
            };
            let (start, length) = (error.span.offset(), error.span.len());
            let place = text[start..start + length].to_owned();
            (place, error.help.clone().unwrap_or_default())
        };
        let expect = |text: &str, place: &str, help: &str| {
            assert_eq!(problem(text), (place.to_owned(), help.to_owned()), "{text}");
        };
        expect(
            "dialect = \"postgre\"\n",
            "\"postgre\"",
            "did you mean `postgresql`?",
        );
        expect("dialect = \"oracle\"\n", "\"oracle\"", "");
        expect(
            "base-columns = \"frist\"\n",
            "\"frist\"",
            "did you mean `first`?",
        );
        expect(
            "hidden-drift = [\"check\"]\n",
            "[\"check\"]",
            "did you mean `checks`?",
        );
        expect("base-columns = 1\n", "1", "");
        expect(
            "base-columns = [\"id\", \"*\", \"id\"]\n",
            "[\"id\", \"*\", \"id\"]",
            "",
        );
        expect("sqlalchemy-version = 2.0\n", "2.0", "");
        expect("alembic-version = \"new\"\n", "\"new\"", "");
        expect(
            "naming-convention = { ix = \"%(tabel_name)s\" }\n",
            "\"%(tabel_name)s\"",
            "did you mean `table_name`?",
        );
        expect(
            "[naming-convention]\nixx = \"a\"\n",
            "ixx",
            "did you mean `ix`?",
        );
        expect(
            "[treat-as]\n\"a.b\" = \"op.creat_table\"\n",
            "\"op.creat_table\"",
            "did you mean `op.create_table`?",
        );
        expect(
            "[treat-as]\n\"make\" = \"op.create_table\"\n",
            "\"make\"",
            "",
        );
    }
}
