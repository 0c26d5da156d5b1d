//! URLs of databases in the modules that `env.py` imports.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::ProjectEnvironment;
use super::dialect::{DetectedDialect, DialectSource, urls};
use crate::alembic::ModelFiles;
use crate::dependencies::FileLine;
use crate::dialect::Dialect;
use crate::models::{self, is_test_file};
use crate::python::ast::{Stmt, StmtKind};
use crate::python::{FoundModule, ModuleFinder, Visitor, walk};
use crate::source::RepoPath;

/// So many modules are read.
const MOST_MODULES: usize = 30;

/// `env.py` imports a module that imports a module that has the URL: three steps.
const MOST_STEPS: usize = 3;

/// Whether the model of a table is known to the metadata when Alembic compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// What `env.py` or a revision imports leads to it, or there is no such model.
    Seen,
    /// The application that Flask-Migrate runs in may import it, or a module whose name is not known.
    Doubtful,
    None,
}

impl ModelFiles for ProjectEnvironment<'_> {
    fn may_define(&self, file: &RepoPath) -> bool {
        models::may_declare_models(file, self.sources)
    }

    fn all(&self) -> Vec<RepoPath> {
        self.model_files()
    }

    fn revisions(&self) -> Vec<RepoPath> {
        let nodes = self.map.nodes().iter();
        nodes.map(|node| node.revision.file.clone()).collect()
    }
}

impl ProjectEnvironment<'_> {
    /// Whether Alembic sees the model of a table.
    pub fn registration(&self, table: &str) -> Registration {
        let models = self.model_schema();
        let mut unregistered = models.unregistered.iter();
        let Some(model) = unregistered.find(|model| model.name == table) else {
            return Registration::Seen;
        };
        if models.open.is_some() || self.asks_flask() && self.may_be_imported(&model.place.file) {
            Registration::Doubtful
        } else {
            Registration::None
        }
    }

    /// The dialect of the URLs in the modules that `env.py` leads to, if there is exactly one. A URL of SQLite that is only
    /// there in case nobody says anything else is no sign.
    pub(super) fn reached_dialect(&self) -> Option<DetectedDialect> {
        let mut found: Option<DetectedDialect> = None;
        for file in self.reached_modules() {
            let Some(parsed) = self.sources.python(&file) else {
                continue;
            };
            for (dialect, line, text) in urls(parsed.text.as_str()) {
                let is_tentative = dialect == Dialect::Sqlite && !is_settled_on(text);
                let is_another = |found: &DetectedDialect| found.dialect != dialect;
                if is_tentative || found.as_ref().is_some_and(is_another) {
                    return None;
                }
                found.get_or_insert_with(|| {
                    let file = file.clone();
                    let source = DialectSource::Url(FileLine { file, line });
                    DetectedDialect { dialect, source }
                });
            }
        }
        found
    }

    /// The dialect of the URL that a Flask application gives its database, where all of the code gives it one of the same
    /// dialect, whatever else is at hand: the driver of a tool for PostgreSQL says nothing of what the tool keeps its own in.
    pub(super) fn flask_dialect(&self) -> Option<DetectedDialect> {
        let files = self.files_with_flask_url();
        let mut found: Option<DetectedDialect> = None;
        for file in files.iter() {
            let parsed = self.sources.python(file)?;
            for (line, value) in flask_urls(parsed.text.as_str()) {
                let dialect = written_scheme(&value)?;
                if found.as_ref().is_some_and(|found| found.dialect != dialect) {
                    return None;
                }
                let file = file.clone();
                let source = DialectSource::Url(FileLine { file, line });
                found.get_or_insert(DetectedDialect { dialect, source });
            }
        }
        found
    }

    /// The only database with a server of which a Flask application has URLs, be it in its settings: types that only a few
    /// revisions have of another one came with tools, or with what somebody tried.
    pub(super) fn flask_server(&self) -> Option<DetectedDialect> {
        if !self.asks_flask() {
            return None;
        }
        let mut found: Option<DetectedDialect> = None;
        for file in self.files_with_flask_url().iter() {
            let parsed = self.sources.python(file)?;
            let text = parsed.text.as_str();
            for (at, assigned) in assigned_urls(text) {
                let servers = urls(assigned).filter(|(dialect, ..)| *dialect != Dialect::Sqlite);
                for (dialect, below, _) in servers {
                    if found.as_ref().is_some_and(|found| found.dialect != dialect) {
                        return None;
                    }
                    let (file, line) = (file.clone(), line_at(text, at) + below - 1);
                    let source = DialectSource::Url(FileLine { file, line });
                    found.get_or_insert(DetectedDialect { dialect, source });
                }
            }
        }
        found
    }

    fn files_with_flask_url(&self) -> Arc<Vec<RepoPath>> {
        self.sources.files_with("URL of Flask", |path| {
            path.extension() == "py"
                && !is_test_file(path)
                && !crate::git::is_foreign(path)
                && self.sources.look_into(path).is_some_and(|bytes| {
                    memchr::memmem::find(&bytes, FLASK_URL.as_bytes()).is_some()
                })
        })
    }

    /// The modules of the repository that `env.py` imports, and those that these import, the nearest first.
    fn reached_modules(&self) -> Vec<RepoPath> {
        let mut reached: Vec<RepoPath> = Vec::new();
        let mut seen: FxHashSet<RepoPath> = FxHashSet::default();
        let mut last: Vec<RepoPath> = self.environment.env_file().into_iter().collect();
        seen.extend(last.iter().cloned());
        for _ in 0..MOST_STEPS {
            let mut next = Vec::new();
            for importer in &last {
                for path in self.imported_by(importer) {
                    if reached.len() + next.len() >= MOST_MODULES {
                        break;
                    }
                    if seen.insert(path.clone()) {
                        next.push(path);
                    }
                }
            }
            reached.extend(next.iter().cloned());
            last = next;
        }
        reached
    }

    /// True if another module may import this one: by an import statement, or by its name in quotes. A package is imported
    /// with each of its modules.
    pub(crate) fn may_be_imported(&self, file: &RepoPath) -> bool {
        let stem = file.stem();
        let package = file.parent();
        let dotted = format!("{}.{stem}", package.file_name());
        let has = |bytes: &[u8], text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
        let may_import = |path: &RepoPath| {
            let bytes = self.sources.look_into(path);
            bytes.is_some_and(|bytes| {
                has(&bytes, stem) && (has(&bytes, &dotted) || self.imported_by(path).contains(file))
            })
        };
        let mut others = self.sources.snapshot().iter().map(|(path, _)| path);
        stem == "__init__"
            || others.any(|path| path != file && path.extension() == "py" && may_import(path))
    }

    fn imported_by(&self, importer: &RepoPath) -> Vec<RepoPath> {
        let Some(parsed) = self.sources.python(importer) else {
            return Vec::new();
        };
        let mut imports = Imports {
            finder: &self.finder,
            importer,
            modules: Vec::new(),
        };
        walk(&parsed.module.body, &mut imports);
        let modules = imports.modules.iter();
        let found = modules.map(|module| self.finder.find(module, Some(importer)));
        let file = |found| match found {
            FoundModule::File { path, .. } => Some(path),
            _ => None,
        };
        found.filter_map(file).collect()
    }
}

/// What a Flask application calls the URL of its database.
const FLASK_URL: &str = "SQLALCHEMY_DATABASE_URI";

/// What follows `SQLALCHEMY_DATABASE_URI =` in the statement, with where that name begins.
fn assigned_urls(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices(FLASK_URL).filter_map(|(at, name)| {
        let after = text.get(at + name.len()..)?;
        let after = after.trim_start_matches(['"', '\'', ']']).trim_start();
        let value = after
            .strip_prefix('=')
            .filter(|value| !value.starts_with('='))?;
        Some((at, value.get(..end_of_statement(value))?))
    })
}

fn line_at(text: &str, at: usize) -> u32 {
    let before = text.get(..at).unwrap_or_default();
    u32::try_from(1 + before.matches('\n').count()).unwrap_or(u32::MAX)
}

/// A statement goes on in the next line after a backslash, and where a bracket is open; in so many lines at most.
const MOST_LINES: usize = 6;

fn end_of_statement(text: &str) -> usize {
    let (mut end, mut open) = (0, 0_i32);
    for line in text.split_inclusive('\n').take(MOST_LINES) {
        end += line.len();
        for c in line.chars() {
            match c {
                '(' | '[' | '{' => open += 1,
                ')' | ']' | '}' => open -= 1,
                _ => {}
            }
        }
        if open <= 0 && !line.trim_end().ends_with('\\') {
            break;
        }
    }
    end
}

/// What is assigned to the URL of a Flask application, with the numbers of the lines: `"sqlite:///a.db"`; nothing where it
/// may be set otherwise.
fn flask_urls(text: &str) -> impl Iterator<Item = (u32, String)> {
    assigned_urls(text).filter_map(|(at, value)| {
        // It may begin on the next line.
        let value = value.trim_start_matches([' ', '\t', '\\', '(', '\r', '\n']);
        let value = value.lines().next().unwrap_or_default();
        let before = text.get(..at)?;
        // A module of settings has what others may set otherwise.
        let is_final = before.trim_end_matches(['"', '\'']).ends_with("config[");
        let value = if is_final { value } else { "" };
        Some((line_at(text, at), value.to_owned()))
    })
}

/// The dialect of a URL whose beginning is written, whatever the rest is made of: `f"sqlite:///{path}"`,
/// `"sqlite:///" + path`; not that of one of two.
fn written_scheme(value: &str) -> Option<Dialect> {
    let literal = value.trim_start_matches(['f', 'F', 'r', 'R', 'u']);
    let (scheme, rest) = literal.strip_prefix(['"', '\''])?.split_once("://")?;
    let is_one_of_two = rest.contains(" if ");
    scheme.parse().ok().filter(|_| !is_one_of_two)
}

/// `URL = "sqlite:///{}".format(home)`, `create_engine("sqlite:///a.db")`; not `os.environ.get("URL", "sqlite:///a.db")`.
fn is_settled_on(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let before = lower.split("sqlite").next().unwrap_or_default();
    let before = before.trim_end_matches(['"', '\'', 'f', 'r']).trim_end();
    let is_final =
        before.ends_with(" =") || before.ends_with("engine(") || before.ends_with("return");
    let is_tentative = ["default", "environ", "getenv", "fallback"]
        .iter()
        .any(|word| lower.contains(word));
    is_final && !is_tentative
}

/// The modules that may be imported by the statements of a module, by their names.
struct Imports<'a> {
    finder: &'a ModuleFinder<'a>,
    importer: &'a RepoPath,
    modules: Vec<String>,
}

impl Visitor for Imports<'_> {
    fn statement(&mut self, statement: &Stmt) -> bool {
        match &statement.kind {
            StmtKind::Import(aliases) => {
                let names = aliases.iter().map(|alias| alias.name.to_string());
                self.modules.extend(names);
            }
            StmtKind::ImportFrom(import) => {
                let own = self.finder.name_of(self.importer);
                let is_package = self.importer.file_name() == "__init__.py";
                if let Some(module) = import.absolute(&own, is_package) {
                    let names = import.names.iter();
                    let inner: Vec<_> = names
                        .map(|name| format!("{module}.{}", name.name))
                        .collect();
                    self.modules.push(module.to_string());
                    self.modules.extend(inner);
                }
            }
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_flask_applications() {
        for (text, is_meant) in [
            (
                "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///a.db'\n",
                Some(true),
            ),
            (
                "app.config['SQLALCHEMY_DATABASE_URI'] = \\\n    'sqlite:///{0}'.format(path)\n",
                Some(true),
            ),
            (
                "app.config['SQLALCHEMY_DATABASE_URI'] = f'sqlite:///{app.config[\"DIRECTORY\"]}/a.db'\n",
                Some(true),
            ),
            (
                "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///' + os.path.join(os.environ['DIR'], 'a.db')\n",
                Some(true),
            ),
            (
                "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///a.db' if app.testing else url\n",
                Some(false),
            ),
            ("SQLALCHEMY_DATABASE_URI = 'sqlite:///a.db'\n", Some(false)),
            ("SQLALCHEMY_DATABASE_URI = os.environ['URL']\n", Some(false)),
            (
                "SQLALCHEMY_DATABASE_URI = os.getenv('URL') or 'sqlite:///a.db'\n",
                Some(false),
            ),
            ("url = app.config['SQLALCHEMY_DATABASE_URI']\n", None),
            (
                "if app.config['SQLALCHEMY_DATABASE_URI'] == 'sqlite:///a.db':\n",
                None,
            ),
        ] {
            let found = flask_urls(text)
                .next()
                .map(|(_, value)| written_scheme(&value).is_some());
            assert_eq!(found, is_meant, "{text}");
        }
    }

    #[test]
    fn urls_that_a_module_of_settings_has() {
        for (text, found) in [
            (
                "\nSQLALCHEMY_DATABASE_URI = os.getenv('URL', f\"postgresql+psycopg://{host}/a\")\n",
                vec![(2, Dialect::PostgreSql)],
            ),
            (
                "SQLALCHEMY_DATABASE_URI = (\n    os.getenv('URL') or 'mysql://a')\nOTHER = 'postgresql://a'\n",
                vec![(2, Dialect::MySql)],
            ),
            ("if SQLALCHEMY_DATABASE_URI == 'mysql://a':\n", vec![]),
            (
                "SQLALCHEMY_DATABASE_URI = 'sqlite:///{}'.format(path)\nOTHER = 'mysql://a'\n",
                vec![(1, Dialect::Sqlite)],
            ),
            (
                "SQLALCHEMY_DATABASE_URI = \\\n    'mysql://a'\n",
                vec![(2, Dialect::MySql)],
            ),
        ] {
            let urls: Vec<(u32, Dialect)> = assigned_urls(text)
                .flat_map(|(at, assigned)| {
                    let line = line_at(text, at);
                    urls(assigned).map(move |(dialect, below, _)| (line + below - 1, dialect))
                })
                .collect();
            assert_eq!(urls, found, "{text}");
        }
    }

    #[test]
    fn what_is_there_in_case_nobody_says_more() {
        for (line, is_meant) in [
            ("    URL = 'sqlite:///{}/db'.format(home)", true),
            ("engine = create_engine(f\"sqlite:///{path}\")", true),
            ("URL = os.environ.get('URL', 'sqlite:///a.db')", false),
            ("URL = os.environ['URL'] or 'sqlite:///a.db'", false),
            ("    default='sqlite:///a.db',", false),
            ("if url == 'sqlite:///a.db':", false),
            ("url = Unicode('sqlite:///a.db')", false),
        ] {
            assert_eq!(is_settled_on(line), is_meant, "{line}");
        }
    }
}
