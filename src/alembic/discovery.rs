//! Every Alembic environment of a repository, with no configuration of ours.

mod folders;

use rustc_hash::FxHashMap;

use crate::alembic::ini::{IniFile, InterpolationError};
use crate::alembic::locations::{HERE, Location, locate, split};
use crate::alembic::pyproject::{self, AlembicTable};
use crate::config::EnvironmentOptions;
use crate::git::{Snapshot, is_foreign};
use crate::python::{ModuleFinder, Sources};
use crate::source::{FileSpan, RepoPath, SourceText, Span};

/// One tree of migrations, as `alembic` would be configured for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The folder of `env.py`; names the environment.
    pub script_location: RepoPath,
    /// The folders that hold revision files.
    pub version_locations: Vec<RepoPath>,
    /// Whether the folders below those count too.
    pub recursive: bool,
    /// Folders put on `sys.path` before `env.py` runs.
    pub prepend_sys_path: Vec<RepoPath>,
    /// Version locations outside the repository: revisions there are not visible.
    pub outside: Vec<String>,
    pub declaration: Declaration,
    /// How it was found, for people.
    pub reasons: Vec<String>,
}

impl Environment {
    /// The file that Alembic runs for every command.
    pub fn env_file(&self) -> Option<RepoPath> {
        self.script_location.join("env.py")
    }

    /// Folders from which modules are imported: the configured ones, that of the declaring file, and those above the
    /// scripts.
    pub fn search_path(&self) -> Vec<RepoPath> {
        let mut path = self.prepend_sys_path.clone();
        if let Some(place) = self.declaration.place() {
            path.push(place.file.parent());
        }
        path
    }
}

/// What declares an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// A section of an ini file.
    Ini {
        file: RepoPath,
        section: String,
        span: Span,
    },
    /// `[tool.alembic]`.
    PyProject { file: RepoPath, span: Span },
    /// An `alembic.ini` beside `env.py` that leaves the location to Flask-Migrate.
    FlaskMigrate { file: RepoPath },
    /// Only the folder itself: `env.py` and its revisions.
    Folder,
    /// The configuration of migrate-lint.
    Override,
}

impl Declaration {
    /// Where it is declared, if in a file.
    pub fn place(&self) -> Option<FileSpan> {
        match self {
            Self::Ini { file, span, .. } | Self::PyProject { file, span } => {
                Some(FileSpan::new(file.clone(), *span))
            }
            Self::FlaskMigrate { file } => Some(FileSpan::new(file.clone(), Span::at(0))),
            Self::Folder | Self::Override => None,
        }
    }
}

/// A file that configures Alembic and would make it fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    pub place: FileSpan,
    pub message: String,
}

/// Something that looks like an environment and was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    pub path: RepoPath,
    pub reason: String,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// In order of script location.
    pub environments: Vec<Environment>,
    pub problems: Vec<ConfigProblem>,
    pub passed_over: Vec<PassedOver>,
}

impl Discovery {
    /// The environments that are called by a name: by their script location, else by a version location, else by the
    /// section of the ini file.
    pub fn called(&self, name: &str) -> Vec<&Environment> {
        let by: [fn(&Environment, &str) -> bool; 3] = [
            |environment, name| environment.script_location.as_str() == name,
            |environment, name| {
                let mut locations = environment.version_locations.iter();
                locations.any(|location| location.as_str() == name)
            },
            |environment, name| matches!(&environment.declaration, Declaration::Ini { section, .. } if section == name),
        ];
        by.iter()
            .map(|is_called| {
                let found = self.environments.iter();
                found
                    .filter(|environment| is_called(environment, name))
                    .collect::<Vec<_>>()
            })
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// What each environment is called, so that it can be told from the others.
    pub fn names(&self) -> Vec<&str> {
        let environments = self.environments.iter();
        environments
            .map(|environment| {
                let location = &environment.script_location;
                let others = self.environments.iter();
                let is_shared = others
                    .filter(|other| other.script_location == *location)
                    .count()
                    > 1;
                match environment.version_locations.first() {
                    Some(versions) if is_shared => versions.as_str(),
                    _ => location.as_str(),
                }
            })
            .collect()
    }
}

/// Finds all environments: from ini files, `pyproject.toml`, Flask-Migrate layouts, and folders that no file names.
pub fn discover(sources: &Sources<'_>, overrides: &[EnvironmentOptions]) -> Discovery {
    let snapshot = sources.snapshot();
    let finder = ModuleFinder::new(snapshot, []);
    let mut search = Search {
        sources,
        snapshot,
        finder: &finder,
        found: Discovery::default(),
    };
    if overrides.is_empty() {
        search.configuration_files();
        search.folders();
        search.pass_over_parts();
    } else {
        search.overrides(overrides);
    }
    let mut found = search.found;
    found.environments.sort_by(|one, other| {
        (&one.script_location, &one.version_locations)
            .cmp(&(&other.script_location, &other.version_locations))
    });
    found
}

struct Search<'a, 's> {
    sources: &'a Sources<'s>,
    snapshot: &'s Snapshot,
    finder: &'a ModuleFinder<'s>,
    found: Discovery,
}

impl Search<'_, '_> {
    fn configuration_files(&mut self) {
        let candidates: Vec<RepoPath> = self
            .snapshot
            .iter()
            .map(|(path, _)| path)
            .filter(|path| path.extension() == "ini" || path.file_name() == "pyproject.toml")
            .cloned()
            .collect();
        for path in candidates {
            let is_alembic_ini = path.file_name() == "alembic.ini";
            let Some(bytes) = self.sources.read(&path) else {
                continue;
            };
            let mentions = |word: &str| contains(&bytes, word);
            let is_toml = path.extension() == "toml";
            let relevant = if is_toml {
                mentions("tool.alembic")
            } else {
                is_alembic_ini || mentions("script_location")
            };
            if !relevant {
                continue;
            }
            if let Some(reason) = not_the_projects(&path) {
                self.found.passed_over.push(PassedOver { path, reason });
                continue;
            }
            let text = SourceText::utf8(&bytes);
            if is_toml {
                self.pyproject(&path, text.as_str());
            } else {
                self.ini(&path, text.as_str(), is_alembic_ini);
            }
        }
    }

    fn ini(&mut self, path: &RepoPath, text: &str, is_alembic_ini: bool) {
        let ini = IniFile::parse(text);
        for error in &ini.errors {
            let place = FileSpan::new(path.clone(), error.span);
            self.found.problems.push(ConfigProblem {
                place,
                message: error.problem.to_string(),
            });
        }
        let folder = path.parent();
        let defaults = FxHashMap::from_iter([("here", HERE.to_owned())]);
        let mut declared = 0;
        for section in ini
            .sections
            .iter()
            .filter(|section| section.name != "DEFAULT")
        {
            // An option of [DEFAULT] is in every section, also in [loggers]: only [alembic] means it.
            let own = section
                .options
                .iter()
                .any(|option| option.key == "script_location");
            if !own && section.name != "alembic" {
                continue;
            }
            let value = |key: &str| ini.get(&section.name, key, &defaults);
            let option_span = |key: &str| {
                ini.option(&section.name, key)
                    .map_or(section.span, |option| option.value_span)
            };
            let location = match value("script_location") {
                None => continue,
                Some(Ok(location)) => location,
                Some(Err(error)) => {
                    declared += 1;
                    self.interpolation_problem(path, option_span("script_location"), &error);
                    continue;
                }
            };
            declared += 1;
            let span = option_span("script_location");
            let text = |key: &str| value(key).and_then(Result::ok);
            let separator = text("path_separator").or_else(|| text("version_path_separator"));
            let path_separator = text("path_separator");
            let version_locations = match text("version_locations") {
                None => None,
                Some(locations) => match split(&locations, separator.as_deref(), false) {
                    Ok(locations) => Some(locations),
                    Err(separator) => {
                        let place = FileSpan::new(path.clone(), option_span("path_separator"));
                        let message =
                            format!("`{separator}` is no path separator that Alembic knows");
                        self.found.problems.push(ConfigProblem { place, message });
                        None
                    }
                },
            };
            let prepend = text("prepend_sys_path")
                .and_then(|paths| split(&paths, path_separator.as_deref(), true).ok())
                .unwrap_or_default();
            self.declare(Declared {
                folder: &folder,
                script_location: &location,
                version_locations,
                prepend_sys_path: prepend,
                recursive: text("recursive_version_locations").as_deref() == Some("true"),
                declaration: Declaration::Ini {
                    file: path.clone(),
                    section: section.name.clone(),
                    span,
                },
                source: format!("`[{}]` in {path}", section.name),
            });
        }
        let has_env = folder
            .join("env.py")
            .is_some_and(|env| self.snapshot.contains(&env));
        if declared == 0 && is_alembic_ini && has_env {
            let location = HERE;
            self.declare(Declared {
                folder: &folder,
                script_location: location,
                version_locations: None,
                prepend_sys_path: Vec::new(),
                recursive: false,
                declaration: Declaration::FlaskMigrate { file: path.clone() },
                source: format!("{path} names no location: Flask-Migrate takes its own folder"),
            });
        }
    }

    fn interpolation_problem(&mut self, path: &RepoPath, span: Span, error: &InterpolationError) {
        // A missing name may be given by the program that makes the Config.
        if let InterpolationError::Missing(name) = error {
            let reason = format!(
                "its `script_location` needs `%({name})s`, which only the running program knows"
            );
            self.found.passed_over.push(PassedOver {
                path: path.clone(),
                reason,
            });
            return;
        }
        let place = FileSpan::new(path.clone(), span);
        self.found.problems.push(ConfigProblem {
            place,
            message: error.to_string(),
        });
    }

    fn pyproject(&mut self, path: &RepoPath, text: &str) {
        let table: AlembicTable = match pyproject::read(text) {
            Ok(Some(table)) => table,
            Ok(None) => return,
            Err((message, span)) => {
                let place = FileSpan::new(path.clone(), span);
                self.found.problems.push(ConfigProblem { place, message });
                return;
            }
        };
        let Some(script_location) = table.script_location else {
            return;
        };
        let interpolate = |text: &String| text.replace("%(here)s", HERE).replace("%%", "%");
        let folder = path.parent();
        self.declare(Declared {
            folder: &folder,
            script_location: &interpolate(&script_location),
            version_locations: table
                .version_locations
                .map(|locations| locations.iter().map(interpolate).collect()),
            prepend_sys_path: table.prepend_sys_path.iter().map(interpolate).collect(),
            recursive: table.recursive,
            declaration: Declaration::PyProject {
                file: path.clone(),
                span: table.span,
            },
            source: format!("`[tool.alembic]` in {path}"),
        });
    }

    fn declare(&mut self, declared: Declared<'_>) {
        let location = locate(
            declared.script_location,
            declared.folder,
            self.snapshot,
            self.finder,
        );
        let (script_location, how) = match location {
            Location::Found { folder, how } => {
                (self.snapshot.resolve(&folder).unwrap_or(folder), how)
            }
            Location::Outside(text) => {
                let path = declared
                    .declaration
                    .place()
                    .map_or_else(RepoPath::root, |place| place.file);
                let reason = format!("its `script_location` (`{text}`) is not in the repository");
                self.found.passed_over.push(PassedOver { path, reason });
                return;
            }
        };
        if !self.snapshot.is_folder(&script_location) {
            let path = declared
                .declaration
                .place()
                .map_or_else(RepoPath::root, |place| place.file);
            let reason = format!("its `script_location` (`{script_location}`) does not exist");
            self.found.passed_over.push(PassedOver { path, reason });
            return;
        }
        let mut reasons = vec![declared.source, format!("script_location is {how}")];
        let mut version_locations = Vec::new();
        let mut outside = Vec::new();
        match declared.version_locations {
            None => version_locations.extend(script_location.join("versions")),
            Some(locations) => {
                for text in &locations {
                    match locate(text, declared.folder, self.snapshot, self.finder) {
                        Location::Found { folder, .. } => version_locations.push(folder),
                        Location::Outside(text) => outside.push(text),
                    }
                }
                reasons.push(format!(
                    "version_locations names {}",
                    match locations.len() {
                        1 => "1 folder".to_owned(),
                        count => format!("{count} folders"),
                    }
                ));
            }
        }
        let prepend_sys_path = declared
            .prepend_sys_path
            .iter()
            .filter_map(|text| match text.strip_prefix(HERE) {
                Some(rest) => declared.folder.join(rest.trim_start_matches('/')),
                None => declared.folder.join(text),
            })
            .collect();
        self.add(Environment {
            recursive: declared.recursive,
            prepend_sys_path,
            outside,
            declaration: declared.declaration,
            reasons,
            version_locations,
            script_location,
        });
    }

    /// Adds an environment, unless it is one already found.
    fn add(&mut self, mut environment: Environment) {
        // A version location may be a link; one that leads out of the repository hides its revisions.
        for location in std::mem::take(&mut environment.version_locations) {
            match self.snapshot.resolve(&location) {
                Some(folder) => environment.version_locations.push(folder),
                None => environment.outside.push(location.as_str().to_owned()),
            }
        }
        for environment in self.follow_layout(environment) {
            self.add_one(environment);
        }
    }

    fn add_one(&mut self, environment: Environment) {
        let twin = self.found.environments.iter_mut().find(|known| {
            known.script_location == environment.script_location
                && known.version_locations == environment.version_locations
        });
        match twin {
            Some(known) => known
                .reasons
                .push(format!("also {}", environment.reasons.join("; "))),
            None => self.found.environments.push(environment),
        }
    }

    fn overrides(&mut self, overrides: &[EnvironmentOptions]) {
        for wanted in overrides {
            self.declare(Declared {
                folder: &RepoPath::root(),
                script_location: &wanted.script_location,
                version_locations: wanted.version_locations.clone(),
                prepend_sys_path: Vec::new(),
                recursive: wanted.recursive_version_locations,
                declaration: Declaration::Override,
                source: "named in the configuration of migrate-lint".to_owned(),
            });
        }
    }
}

struct Declared<'a> {
    /// The folder of the declaring file.
    folder: &'a RepoPath,
    script_location: &'a str,
    version_locations: Option<Vec<String>>,
    prepend_sys_path: Vec<String>,
    recursive: bool,
    declaration: Declaration,
    source: String,
}

/// Why an environment at this path would not be the project's own, if so.
fn not_the_projects(path: &RepoPath) -> Option<String> {
    if is_foreign(path) {
        return Some("it lies in a folder of installed packages".to_owned());
    }
    if path
        .components()
        .any(|component| component.contains("{{") || component.contains("{%"))
    {
        return Some("it is a template".to_owned());
    }
    let folder = path.parent();
    let test_folder = folder.components().find(|component| {
        matches!(
            *component,
            "tests" | "test" | "testing" | "testdata" | "test_data" | "fixtures" | "__tests__"
        )
    })?;
    Some(format!(
        "it lies in `{test_folder}`, so it belongs to a test"
    ))
}

fn contains(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find(bytes, word.as_bytes()).is_some()
}

#[cfg(test)]
mod tests;
