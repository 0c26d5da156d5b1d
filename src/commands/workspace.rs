//! The repository or folder a command works on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::alembic::{Discovery, discover};
use crate::cli::{GlobalArgs, ProcessEnvironment};
use crate::commands::CommandError;
use crate::config::{
    ConfigError, ConfigFile, Options, PathPattern, PatternError, RuleSelector, Selection,
    SelectorError, Settings,
};
use crate::git::{GitError, Repository, Snapshot, folder_snapshot};
use crate::python::{ParseCache, Sources};
use crate::rules::identities;
use crate::source::RepoPath;

/// A root on disk, with git if there is one.
pub(super) struct Workspace {
    pub(super) root: PathBuf,
    pub(super) repository: Option<Repository>,
    /// The folder the command was started in, below the root.
    pub(super) folder: RepoPath,
}

impl Workspace {
    /// Opens the repository of a folder. Without git, or outside it, the folder itself is the root.
    pub(super) fn open(start: &Path, global: &GlobalArgs) -> Result<Self, CommandError> {
        let start = start
            .canonicalize()
            .map_err(|source| GitError::ReadFolder {
                path: start.to_path_buf(),
                source,
            })?;
        if global.no_git {
            return Ok(Self {
                root: start,
                repository: None,
                folder: RepoPath::root(),
            });
        }
        let repository = Repository::discover(&start)?;
        let root = repository
            .as_ref()
            .and_then(Repository::root)
            .map(Path::to_path_buf);
        let root = root.and_then(|root| root.canonicalize().ok());
        let folder = root
            .as_ref()
            .and_then(|root| relative(&start, root))
            .unwrap_or_else(RepoPath::root);
        Ok(Self {
            root: root.unwrap_or(start),
            repository,
            folder,
        })
    }

    /// The files on disk.
    pub(super) fn worktree(&self) -> Result<Snapshot, CommandError> {
        Ok(match &self.repository {
            Some(repository) => repository.worktree_snapshot()?,
            None => folder_snapshot(&self.root)?,
        })
    }

    /// The repository, for what needs one.
    pub(super) fn git(&self) -> Result<&Repository, CommandError> {
        self.repository.as_ref().ok_or_else(|| {
            GitError::NotARepository {
                path: self.root.clone(),
            }
            .into()
        })
    }

    /// The configuration that applies to a snapshot.
    pub(super) fn configuration(
        &self,
        snapshot: &Snapshot,
        global: &GlobalArgs,
    ) -> Result<ConfigFile, CommandError> {
        if global.isolated {
            let (_, overrides) = split_config(&global.config);
            return Ok(ConfigFile::default().with_overrides(&overrides)?);
        }
        let (files, overrides) = split_config(&global.config);
        let file = match files.as_slice() {
            [] => ConfigFile::find(snapshot, &self.folder)?,
            [name] => {
                let text =
                    std::fs::read_to_string(name).map_err(|source| ConfigError::Unreadable {
                        path: name.clone(),
                        source,
                    })?;
                ConfigFile::outside(name, &text)?
            }
            _ => return Err(CommandError::SeveralConfigurations),
        };
        Ok(file.with_overrides(&overrides)?)
    }

    /// A path of the command line, as the repository names it.
    pub(super) fn path(
        &self,
        given: &Path,
        process: &ProcessEnvironment,
    ) -> Result<RepoPath, CommandError> {
        let absolute = process.working_folder.join(given);
        // A deleted file has no canonical form; its folder may.
        let canonical = absolute.canonicalize().or_else(|_| {
            let parent = absolute.parent().unwrap_or(&absolute).canonicalize()?;
            Ok::<_, std::io::Error>(parent.join(absolute.file_name().unwrap_or_default()))
        });
        let canonical = canonical.map_err(|_| CommandError::NoSuchPath {
            path: given.display().to_string(),
            help: None,
        })?;
        relative(&canonical, &self.root).ok_or_else(|| CommandError::OutsidePath {
            path: given.display().to_string(),
            root: self.root.display().to_string(),
        })
    }
}

/// The files among the values of `--config`, and the `KEY = VALUE`.
fn split_config(values: &[String]) -> (Vec<String>, Vec<String>) {
    let is_override = |value: &String| value.contains('=') && !Path::new(value).exists();
    let (overrides, files) = values.iter().cloned().partition(is_override);
    (files, overrides)
}

/// A path below a root, separated by `/`.
pub(super) fn relative(path: &Path, root: &Path) -> Option<RepoPath> {
    let relative = path.strip_prefix(root).ok()?.to_str()?;
    Some(RepoPath::new(with_slashes(
        relative,
        std::path::MAIN_SEPARATOR,
    )))
}

/// A path as git writes it. On Unix a backslash is part of a name.
fn with_slashes(path: &str, separator: char) -> String {
    if separator == '/' {
        path.to_owned()
    } else {
        path.replace(separator, "/")
    }
}

/// Rules named on the command line.
#[derive(Clone, Debug, Default)]
pub(super) struct SelectionFlags<'a> {
    pub(super) select: &'a [String],
    pub(super) ignore: &'a [String],
    pub(super) extend_select: &'a [String],
    pub(super) exclude: &'a [String],
}

/// The environments there are, for one who has asked for another.
pub(super) fn known_environments(discovery: &Discovery) -> String {
    if discovery.environments.is_empty() {
        return "none was found".to_owned();
    }
    format!("there are {}", listed(discovery))
}

/// The names of the environments, listed.
pub(super) fn listed(discovery: &Discovery) -> String {
    let names = discovery.names();
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The settings from a configuration file and the flags over it. An environment with a configuration file nearer to it
/// has that one.
pub(super) fn settings(
    file: &ConfigFile,
    snapshot: &Snapshot,
    flags: &SelectionFlags<'_>,
    global: &GlobalArgs,
) -> Result<Settings, CommandError> {
    let mut settings = of_file(file, flags, global)?;
    let (files, overrides) = split_config(&global.config);
    if global.isolated || !files.is_empty() || !ConfigFile::are_several(snapshot, file)? {
        return Ok(settings);
    }
    let cache = ParseCache::default();
    let found = discover(&Sources::new(snapshot, &cache), &settings.environments);
    for environment in found.environments {
        let location = environment.script_location;
        let nearest = ConfigFile::find(snapshot, &location)?;
        if nearest.path.is_none()
            || nearest.path == file.path
            || settings.of_environments.contains_key(&location)
        {
            continue;
        }
        let own = of_file(&nearest.with_overrides(&overrides)?, flags, global)?;
        settings.of_environments.insert(location, Arc::new(own));
    }
    Ok(settings)
}

fn of_file(
    file: &ConfigFile,
    flags: &SelectionFlags<'_>,
    global: &GlobalArgs,
) -> Result<Settings, CommandError> {
    let folder = file
        .path
        .as_ref()
        .map_or_else(RepoPath::root, RepoPath::parent);
    let mut settings = of_options(&file.options, &folder, flags, global)?;
    for environment in settings.environments.clone() {
        if environment.configures() {
            let options = environment.over(&file.options);
            let own = of_options(&options, &folder, flags, global)?;
            let location = RepoPath::written(&environment.script_location);
            settings.of_environments.insert(location, Arc::new(own));
        }
    }
    Ok(settings)
}

fn of_options(
    options: &Options,
    folder: &RepoPath,
    flags: &SelectionFlags<'_>,
    global: &GlobalArgs,
) -> Result<Settings, CommandError> {
    let parse = |written: &[String]| -> Result<Vec<RuleSelector>, SelectorError> {
        written
            .iter()
            .map(|written| RuleSelector::parse(written, identities()))
            .collect()
    };
    let select = if flags.select.is_empty() {
        options.select.as_deref()
    } else {
        Some(flags.select)
    };
    let ignore = [options.ignore.as_deref().unwrap_or_default(), flags.ignore].concat();
    let extend = [
        options.extend_select.as_deref().unwrap_or_default(),
        flags.extend_select,
    ]
    .concat();
    let only_environment = global
        .environment
        .as_ref()
        .map(|written| RepoPath::written(written).as_str().to_owned());
    let severities = options.severity.iter().flatten();
    let severities = severities
        .map(|(written, severity)| Ok((RuleSelector::parse(written, identities())?, *severity)))
        .collect::<Result<_, SelectorError>>()?;
    let per_file_ignores = options.per_file_ignores.iter().flatten();
    let per_file_ignores = per_file_ignores
        .map(|(pattern, ignored)| Ok((PathPattern::parse(pattern, folder)?, parse(ignored)?)))
        .collect::<Result<_, CommandError>>()?;
    let exclude = options.exclude.iter().flatten().chain(flags.exclude);
    let exclude = exclude
        .map(|pattern| PathPattern::parse(pattern, folder))
        .collect::<Result<_, PatternError>>()?;
    Ok(Settings {
        selection: Selection {
            select: select.map(parse).transpose()?,
            ignore: parse(&ignore)?,
            extend_select: parse(&extend)?,
        },
        only_environment,
        dialect: global.dialect.or(options.dialect),
        severities,
        per_file_ignores,
        exclude,
        ..Settings::from(options)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_git_writes_them() {
        assert_eq!(
            with_slashes(r"migrations\versions\a.py", '\\'),
            "migrations/versions/a.py"
        );
        assert_eq!(with_slashes(r"odd\name.py", '/'), r"odd\name.py");
    }

    #[test]
    fn files_and_settings_are_told_apart() {
        let values = ["a.toml", "pairing=off", "select = [\"a\"]"].map(str::to_owned);
        let (files, overrides) = split_config(&values);
        assert_eq!(files, ["a.toml"]);
        assert_eq!(overrides.len(), 2);
    }
}
