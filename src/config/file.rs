//! Configuration files: which one counts, what it builds on, and what is wrong with it.

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;
use thiserror::Error;
use toml::Table;

use crate::config::options::Options;
use crate::diagnostic::closest;
use crate::git::{GitError, Snapshot};
use crate::source::{RepoPath, SourceText};

/// Names of configuration files, in order of precedence within one folder.
const FILE_NAMES: [&str; 3] = [".migrate-lint.toml", "migrate-lint.toml", "pyproject.toml"];

/// Configuration files that are looked for in a repository.
const MAX_FILES: usize = 200;

/// How many files may build on each other.
const MAX_EXTENDS: usize = 16;

/// A configuration file that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigFile {
    pub options: Options,
    /// Where it was found; `None` if there is none.
    pub path: Option<RepoPath>,
    /// Another file of the same folder that would count without this one.
    pub shadowed: Option<RepoPath>,
    /// The options as they are written.
    table: Table,
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
    #[error("`{path}` extends `{extended}`, which is not there")]
    #[diagnostic(help(
        "`extend` is relative to the file that says it, and stays inside of the repository"
    ))]
    NothingToExtend { path: String, extended: String },
    #[error("`{path}` extends itself, by way of `{extended}`")]
    ExtendsItself { path: String, extended: String },
    #[error("the configuration is for migrate-lint {required}, this is {version}")]
    #[diagnostic(help("`required-version` in `{path}` says so"))]
    WrongVersion {
        path: String,
        required: String,
        version: &'static str,
    },
    #[error("`{written}` is no key and value")]
    #[diagnostic(help("write `--config 'KEY = VALUE'` with a value in TOML, or name a file"))]
    NoKeyValue { written: String },
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
    /// Finds the nearest configuration file, from `folder` up to the root of the repository. Nothing is merged but what
    /// `extend` asks for.
    pub fn find(snapshot: &Snapshot, folder: &RepoPath) -> Result<Self, ConfigError> {
        let mut folder = folder.clone();
        loop {
            let mut found: Option<(RepoPath, Table)> = None;
            for name in FILE_NAMES {
                let Some(path) = folder.join(name).filter(|path| snapshot.contains(path)) else {
                    continue;
                };
                let Some(table) = read(snapshot, &path)? else {
                    continue;
                };
                if let Some((path_found, table)) = found {
                    return Self::extended(snapshot, path_found, table, Some(path));
                }
                found = Some((path, table));
            }
            if let Some((path, table)) = found {
                return Self::extended(snapshot, path, table, None);
            }
            if folder.is_root() {
                return Ok(Self::default());
            }
            folder = folder.parent();
        }
    }

    /// True if there are configuration files below the root of the repository besides the one that was found.
    pub fn are_several(snapshot: &Snapshot, found: &Self) -> Result<bool, ConfigError> {
        let others = snapshot.iter().map(|(path, _)| path).filter(|path| {
            FILE_NAMES.contains(&path.file_name()) && Some(*path) != found.path.as_ref()
        });
        for path in others.take(MAX_FILES) {
            let bytes = snapshot.read(path)?.unwrap_or_default();
            // Any other file with such a name is ours.
            if path.file_name() != "pyproject.toml"
                || memchr::memmem::find(&bytes, b"migrate-lint").is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A file with all that it builds on.
    fn extended(
        snapshot: &Snapshot,
        path: RepoPath,
        table: Table,
        shadowed: Option<RepoPath>,
    ) -> Result<Self, ConfigError> {
        let mut merged = table;
        let mut seen = vec![path.clone()];
        while let Some(toml::Value::String(extended)) = merged.remove("extend") {
            let last = seen.last().unwrap_or(&path).clone();
            let base = last.parent().join(&extended);
            let missing = || ConfigError::NothingToExtend {
                path: last.to_string(),
                extended: extended.clone(),
            };
            let base = base
                .filter(|base| snapshot.contains(base))
                .ok_or_else(missing)?;
            if seen.contains(&base) || seen.len() > MAX_EXTENDS {
                return Err(ConfigError::ExtendsItself {
                    path: path.to_string(),
                    extended: base.to_string(),
                });
            }
            for (key, value) in read(snapshot, &base)?.ok_or_else(missing)? {
                merged.entry(key).or_insert(value);
            }
            seen.push(base);
        }
        Self {
            options: from_table(path.as_str(), &merged)?,
            path: Some(path),
            shadowed,
            table: merged,
        }
        .for_this_version()
    }

    /// A configuration file outside of what is judged.
    pub fn outside(name: &str, text: &str) -> Result<Self, ConfigError> {
        let table = keys(name, text)?.unwrap_or_default();
        if let Some(toml::Value::String(extended)) = table.get("extend") {
            return Err(ConfigError::NothingToExtend {
                path: name.to_owned(),
                extended: extended.clone(),
            });
        }
        Self {
            options: from_table(name, &table)?,
            path: Some(RepoPath::new(name)),
            shadowed: None,
            table,
        }
        .for_this_version()
    }

    /// Refuses a configuration that is for other versions of this program.
    fn for_this_version(self) -> Result<Self, ConfigError> {
        let version = env!("CARGO_PKG_VERSION");
        match &self.options.required_version {
            Some(required) if !required.contains(version) => Err(ConfigError::WrongVersion {
                path: self
                    .path
                    .map_or_else(|| "--config".to_owned(), |path| path.to_string()),
                required: required.to_string(),
                version,
            }),
            _ => Ok(self),
        }
    }

    /// What is configured, as TOML, with all that `extend` and the command line bring.
    pub fn to_toml(&self) -> String {
        self.table.to_string()
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

    /// Lays `KEY = VALUE` of the command line over a configuration. A value that is no TOML is taken as a string.
    pub fn with_overrides(self, overrides: &[String]) -> Result<Self, ConfigError> {
        if overrides.is_empty() {
            return Ok(self);
        }
        let mut table = self.table;
        for written in overrides {
            let no_key_value = || ConfigError::NoKeyValue {
                written: written.clone(),
            };
            let (key, value) = written.split_once('=').ok_or_else(no_key_value)?;
            let (key, value) = (key.trim(), value.trim());
            let text = match toml::from_str::<Table>(written) {
                Ok(_) => written.clone(),
                Err(_) => format!("{key} = {}", toml::Value::from(value)),
            };
            let name = "--config";
            ConfigFile::parse(name, &text)?;
            let given = toml::from_str(&text).map_err(|error| invalid(name, &text, &error))?;
            lay_over(&mut table, given);
        }
        Self {
            options: from_table("--config", &table)?,
            table,
            ..self
        }
        .for_this_version()
    }
}

/// Values of one table over those of another; tables in them likewise.
fn lay_over(table: &mut Table, given: Table) {
    for (key, value) in given {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(given)) => lay_over(inner, given),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

/// The options of a file of the snapshot; `None` for a `pyproject.toml` without our table.
fn read(snapshot: &Snapshot, path: &RepoPath) -> Result<Option<Table>, ConfigError> {
    let Some(bytes) = snapshot.read(path)? else {
        return Ok(None);
    };
    keys(path.as_str(), SourceText::utf8(&bytes).as_str())
}

/// The options of a text. What is wrong in it is said here, where the text is at hand.
fn keys(name: &str, text: &str) -> Result<Option<Table>, ConfigError> {
    if ConfigFile::parse(name, text)?.is_none() {
        return Ok(None);
    }
    let table: Table = toml::from_str(text).map_err(|error| invalid(name, text, &error))?;
    if !name.ends_with("pyproject.toml") {
        return Ok(Some(table));
    }
    let tool = table.get("tool").and_then(|tool| tool.get("migrate-lint"));
    Ok(tool.and_then(toml::Value::as_table).cloned())
}

fn from_table(name: &str, table: &Table) -> Result<Options, ConfigError> {
    let text = table.to_string();
    toml::from_str(&text).map_err(|error| invalid(name, &text, &error))
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
    if written == "tool" {
        return Some(
            "in this file the keys stand by themselves, without `[tool.migrate-lint]`".to_owned(),
        );
    }
    closest(written, quoted).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pairing;
    use crate::dialect::Dialect;

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
