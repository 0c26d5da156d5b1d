//! Which database the migrations of an environment are for.

mod named;
mod pragma;
mod settings;

use std::fmt;

use self::pragma::env_pragma;

use self::named::{DIALECTS, arguments, branches, statements};
use crate::alembic::{Declaration, Environment, IniFile, ScriptDirectory};
use crate::dependencies::{Dependencies, FileLine};
use crate::dialect::Dialect;
use crate::models::is_test_file;
use crate::python::Sources;
use crate::source::{RepoPath, SourceText};

/// A dialect, and how it is known. Shown as `postgresql (alembic.ini:4)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectedDialect {
    pub dialect: Dialect,
    pub source: DialectSource,
}

/// How a dialect is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialectSource {
    /// The configuration of migrate-lint or its command line says it.
    Configured,
    /// The folder of the revisions is called so; the program chooses the folder by its database.
    VersionLocation(RepoPath),
    /// A database URL in an ini file, in `env.py`, in a module that it leads to, or in settings that are no code.
    Url(FileLine),
    /// Types of the dialect are used by so many revisions.
    Imports {
        dialect: Dialect,
        files: usize,
        of: usize,
    },
    /// So many revisions have arguments that are for the dialect, or ask for it by its name, or models have the arguments.
    Named { dialect: Dialect, by: Named },
    /// A driver, or a package for this database only, is among the dependencies.
    Package {
        package: &'static str,
        place: FileLine,
    },
    /// Nothing says it, or as much for another: the one most projects use.
    Assumed,
    /// Nothing but another database is named, whose DDL is not told apart.
    Foreign { name: &'static str, place: FileLine },
}

/// How code names a dialect without importing anything of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// `mysql_engine="InnoDB"` in so many revisions.
    Arguments { files: usize, of: usize },
    /// The same in a module.
    Model(RepoPath),
    /// `dialect.name == "mysql"` in so many revisions.
    Branches { files: usize, of: usize },
    /// Words of its SQL in so many revisions.
    Statements { files: usize, of: usize },
    /// A `PRAGMA` for every connection in `env.py`.
    Pragma(FileLine),
}

impl fmt::Display for DialectSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("as configured"),
            Self::VersionLocation(folder) => write!(f, "the folder {folder}"),
            Self::Url(place) => write!(f, "{place}"),
            Self::Imports { dialect, files, of } => {
                write!(
                    f,
                    "sqlalchemy.dialects.{dialect} in {files} of {of} revisions"
                )
            }
            Self::Named { dialect, by } => match by {
                Named::Arguments { files, of } => {
                    write!(f, "{dialect}_… arguments in {files} of {of} revisions")
                }
                Named::Model(file) => write!(f, "{dialect}_… arguments in {file}"),
                Named::Statements { files, of } => {
                    write!(f, "SQL of {dialect} in {files} of {of} revisions")
                }
                Named::Pragma(place) => write!(f, "a PRAGMA in {place}"),
                Named::Branches { files, of } => {
                    write!(f, "{files} of {of} revisions ask for it by its name")
                }
            },
            Self::Package { package, place } => write!(f, "{package} in {place}"),
            Self::Assumed => f.write_str("assumed"),
            Self::Foreign { name, place } => {
                write!(
                    f,
                    "assumed: {name} in {place} is a database that is not read"
                )
            }
        }
    }
}

impl fmt::Display for DetectedDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.dialect, self.source)
    }
}

impl DetectedDialect {
    /// The database that the project is for, if it is none of those that are told apart.
    pub fn foreign(&self) -> Option<&'static str> {
        match &self.source {
            DialectSource::Foreign { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl super::ProjectEnvironment<'_> {
    /// What says more than the source of a dialect that was detected does.
    pub(super) fn other_dialect(&self, detected: &DetectedDialect) -> Option<DetectedDialect> {
        match detected.source {
            DialectSource::Assumed => self
                .reached_dialect()
                .or_else(|| self.asks_flask().then(|| self.flask_dialect())?)
                .or_else(|| env_pragma(&self.environment, self.sources))
                .or_else(|| self.dialect_of_settings())
                .or_else(|| self.dialect_of_batches()),
            DialectSource::Package { .. } if self.asks_flask() => self.flask_dialect(),
            DialectSource::Imports { dialect, files, of } => {
                let is_tried = files * FEW < of;
                let server = is_tried.then(|| self.flask_server()).flatten();
                server.or_else(|| self.other_server(dialect))
            }
            _ => None,
        }
    }

    /// True if a revision asks for a database by its name: `op.get_bind().dialect.name == "mysql"`.
    pub fn names_dialect(&self, dialect: Dialect) -> bool {
        let names = ['"', '\''].map(|quote| format!("{quote}{}{quote}", dialect.as_str()));
        self.scripts.revisions().any(|revision| {
            let text = revision.source.text.as_str();
            names.iter().any(|name| text.contains(name))
        })
    }
}

/// Schemes of URLs of databases whose DDL is not told apart.
const FOREIGN: &[&str] = &[
    "mssql",
    "oracle",
    "snowflake",
    "bigquery",
    "redshift",
    "cockroachdb",
    "clickhouse",
    "databricks",
    "duckdb",
    "spanner",
    "db2",
    "firebird",
    "hana",
    "teradatasql",
    "trino",
    "ydb",
];

/// Packages that only one database has use for.
const PACKAGES: &[(&str, Dialect)] = &[
    // OpenStack runs on MySQL; its tests use the other drivers as well.
    ("oslo-db", Dialect::MySql),
    ("psycopg2", Dialect::PostgreSql),
    ("psycopg2-binary", Dialect::PostgreSql),
    ("psycopg2cffi", Dialect::PostgreSql),
    ("psycopg", Dialect::PostgreSql),
    ("psycopg-binary", Dialect::PostgreSql),
    ("asyncpg", Dialect::PostgreSql),
    ("pg8000", Dialect::PostgreSql),
    ("pgvector", Dialect::PostgreSql),
    ("alembic-postgresql-enum", Dialect::PostgreSql),
    ("pymysql", Dialect::MySql),
    ("mysqlclient", Dialect::MySql),
    ("aiomysql", Dialect::MySql),
    ("asyncmy", Dialect::MySql),
    ("mysql-connector-python", Dialect::MySql),
    ("mariadb", Dialect::MySql),
    ("aiosqlite", Dialect::Sqlite),
];

/// Looks at what says most first. A URL of SQLite comes late: it is what people write into a file that is overridden
/// where it matters (`sqlite:///will/be/overridden`), or use for their tests.
pub(super) fn detect(
    environment: &Environment,
    scripts: &ScriptDirectory,
    sources: &Sources<'_>,
    dependencies: &Dependencies,
) -> DetectedDialect {
    let urls: Vec<(Dialect, FileLine)> =
        [ini_url(environment, sources), env_url(environment, sources)]
            .into_iter()
            .flatten()
            .collect();
    let url = |is_wanted: fn(Dialect) -> bool| {
        let (dialect, place) = urls.iter().find(|(dialect, _)| is_wanted(*dialect))?;
        Some((*dialect, DialectSource::Url(place.clone())))
    };
    let declared = package(|name| dependencies.declared_at(name));
    let is_for_tests = |(dialect, _): &(Dialect, DialectSource)| *dialect == Dialect::Sqlite;
    let (tested, declared) = (
        declared.clone().filter(is_for_tests),
        declared.filter(|found| !is_for_tests(found)),
    );
    let found = version_location(environment)
        .or_else(|| url(|dialect| dialect != Dialect::Sqlite))
        .or_else(|| imports(scripts, sources))
        .or(declared)
        .or_else(|| revision_arguments(scripts, sources))
        .or_else(|| model_arguments(sources))
        .or(tested)
        .or_else(|| {
            let of_sqlite = url(|dialect| dialect == Dialect::Sqlite)?;
            Some(asked_for(scripts, sources).unwrap_or(of_sqlite))
        })
        .or_else(|| package(|name| dependencies.place_of(name)))
        .or_else(|| spoken(scripts, sources));
    // What another database has is no sign of one of ours.
    let weak = found.as_ref().is_none_or(|(dialect, source)| match source {
        DialectSource::Url(_) => *dialect == Dialect::Sqlite,
        DialectSource::Named { by, .. } => {
            matches!(by, Named::Branches { .. } | Named::Statements { .. })
        }
        _ => false,
    });
    let foreign = weak
        .then(|| foreign(environment, scripts, sources))
        .flatten();
    let (dialect, source) = foreign
        .map(|source| (Dialect::default(), source))
        .or(found)
        .unwrap_or((Dialect::default(), DialectSource::Assumed));
    DetectedDialect { dialect, source }
}

/// A database that is not told apart, as URLs and imports of its types name it.
fn foreign(
    environment: &Environment,
    scripts: &ScriptDirectory,
    sources: &Sources<'_>,
) -> Option<DialectSource> {
    let called = |word: &str| {
        let word = word.split('+').next().unwrap_or_default();
        FOREIGN
            .iter()
            .copied()
            .find(|name| name.eq_ignore_ascii_case(word))
    };
    if let Some((scheme, place)) = ini_scheme(environment, sources)
        && let Some(name) = called(&scheme)
    {
        return Some(DialectSource::Foreign { name, place });
    }
    let env = environment.env_file();
    let files = env
        .into_iter()
        .chain(scripts.revisions().map(|revision| revision.file.clone()));
    for file in files {
        let Some(parsed) = sources.python(&file) else {
            continue;
        };
        for (line, text) in (1..).zip(parsed.text.as_str().lines()) {
            let scheme = text
                .split_once("://")
                .and_then(|(before, _)| before.rsplit(['"', '\'']).next());
            let imported = text
                .trim_start()
                .strip_prefix("from sqlalchemy.dialects")
                .and_then(|rest| rest.split([' ', '.', ',']).find_map(called));
            if let Some(name) = scheme.and_then(called).or(imported) {
                let place = FileLine { file, line };
                return Some(DialectSource::Foreign { name, place });
            }
        }
    }
    None
}

fn version_location(environment: &Environment) -> Option<(Dialect, DialectSource)> {
    let mut named = environment
        .version_locations
        .iter()
        .map(|folder| (folder.file_name().parse::<Dialect>().ok(), folder));
    let (dialect, folder) = named.next()?;
    let dialect = dialect?;
    named
        .all(|(other, _)| other == Some(dialect))
        .then(|| (dialect, DialectSource::VersionLocation(folder.clone())))
}

/// `sqlalchemy.url` in the section that declares the environment. The template's `driver://user:pass@localhost/dbname`
/// names no dialect.
fn ini_url(environment: &Environment, sources: &Sources<'_>) -> Option<(Dialect, FileLine)> {
    let (scheme, place) = ini_scheme(environment, sources)?;
    Some((scheme.parse().ok()?, place))
}

fn ini_scheme(environment: &Environment, sources: &Sources<'_>) -> Option<(String, FileLine)> {
    let (file, section) = match &environment.declaration {
        Declaration::Ini { file, section, .. } => (file.clone(), section.as_str()),
        Declaration::FlaskMigrate { file } => (file.clone(), "alembic"),
        // What is no matter of the project, such as the URL, stays in the ini file.
        Declaration::PyProject { file, .. } => (file.parent().join("alembic.ini")?, "alembic"),
        Declaration::Folder | Declaration::Override => return None,
    };
    let text = SourceText::utf8(&sources.read(&file)?);
    let ini = IniFile::parse(text.as_str());
    let option = ini.option(section, "sqlalchemy.url")?;
    let (scheme, _) = option.value.split_once("://")?;
    let line = text.position(option.value_span.start).line;
    Some((scheme.to_owned(), FileLine { file, line }))
}

/// The only dialect that `env.py` writes a URL of, in a string literal.
fn env_url(environment: &Environment, sources: &Sources<'_>) -> Option<(Dialect, FileLine)> {
    let file = environment.env_file()?;
    let parsed = sources.python(&file)?;
    let mut urls = urls(parsed.text.as_str());
    let (dialect, line, _) = urls.next()?;
    urls.all(|(other, ..)| other == dialect)
        .then_some((dialect, FileLine { file, line }))
}

/// The URLs in string literals of a file: their dialects, the numbers of the lines, and the lines.
pub(super) fn urls(text: &str) -> impl Iterator<Item = (Dialect, u32, &str)> {
    let lines = (1..).zip(text.lines());
    let code = lines.filter(|(_, text)| !text.trim_start().starts_with('#'));
    code.flat_map(|(line, text)| schemes(text).map(move |dialect| (dialect, line, text)))
}

/// Dialects of the URLs that begin a string literal.
fn schemes(line: &str) -> impl Iterator<Item = Dialect> {
    line.match_indices("://").filter_map(|(at, _)| {
        let before = line.get(..at)?;
        let scheme = before.rsplit(['"', '\'']).next()?;
        (scheme.len() < before.len()).then(|| scheme.parse().ok())?
    })
}

/// Revisions of a project for several databases name the exception more often than the rule: PostgreSQL counts unless
/// another is named so many times as often.
const MAJORITY: usize = 10;

/// Fewer than one of so many revisions tell less than the URL of the application.
const FEW: usize = 3;

/// The dialect that most files name.
fn most_named(counts: [usize; 3]) -> Option<(Dialect, usize)> {
    // Of equal ones the first, which is PostgreSQL.
    let (files, dialect) = counts
        .into_iter()
        .zip(DIALECTS)
        .rev()
        .max_by_key(|(files, _)| *files)
        .filter(|(files, _)| *files > 0)?;
    let [postgresql, ..] = counts;
    Some(if postgresql > 0 && files < postgresql * MAJORITY {
        (Dialect::PostgreSql, postgresql)
    } else {
        (dialect, files)
    })
}

/// How many revisions name each dialect, and of how many.
fn count(
    scripts: &ScriptDirectory,
    sources: &Sources<'_>,
    names: fn(&str) -> [bool; 3],
) -> ([usize; 3], usize) {
    let mut counts = [0; 3];
    let mut of = 0;
    for revision in scripts.revisions() {
        let Some(parsed) = sources.python(&revision.file) else {
            continue;
        };
        of += 1;
        let names = names(parsed.text.as_str());
        for (count, is_named) in counts.iter_mut().zip(names) {
            *count += usize::from(is_named);
        }
    }
    (counts, of)
}

/// The dialect whose types most revisions use.
fn imports(scripts: &ScriptDirectory, sources: &Sources<'_>) -> Option<(Dialect, DialectSource)> {
    let (counts, of) = count(scripts, sources, imported);
    let (dialect, files) = most_named(counts)?;
    Some((dialect, DialectSource::Imports { dialect, files, of }))
}

/// The dialect whose arguments most revisions use. Autogenerate copies them from the models, where those of SQLite are
/// for the tests.
fn revision_arguments(
    scripts: &ScriptDirectory,
    sources: &Sources<'_>,
) -> Option<(Dialect, DialectSource)> {
    let ([postgresql, mysql, _], of) = count(scripts, sources, arguments);
    let (dialect, files) = most_named([postgresql, mysql, 0])?;
    let by = Named::Arguments { files, of };
    Some((dialect, DialectSource::Named { dialect, by }))
}

/// For each dialect whether a text imports something of it.
fn imported(text: &str) -> [bool; 3] {
    let mut names = [false; 3];
    for at in memchr::memmem::find_iter(text.as_bytes(), "dialects") {
        let line = text.get(at..).and_then(|rest| rest.lines().next());
        for (name, dialect) in names.iter_mut().zip(DIALECTS) {
            *name |= line.is_some_and(|line| line.contains(dialect.as_str()));
        }
    }
    names
}

/// The dialect whose arguments most modules use that are no revisions.
fn model_arguments(sources: &Sources<'_>) -> Option<(Dialect, DialectSource)> {
    let read = |path: &RepoPath| {
        let bytes = (path.extension() == "py").then(|| sources.look_into(path))??;
        let is_revision = memchr::memmem::find(&bytes, b"down_revision").is_some();
        (!is_revision).then(|| arguments(&String::from_utf8_lossy(&bytes)))
    };
    let files = sources.files_with("arguments of dialects", |path| {
        !is_test_file(path) && read(path).is_some_and(|names| names != [false; 3])
    });
    let mut counts = [0; 3];
    let mut first: [Option<&RepoPath>; 3] = [None; 3];
    for path in files.iter() {
        let found = counts.iter_mut().zip(&mut first).zip(read(path)?);
        for ((count, first), _) in found.filter(|(_, is_named)| *is_named) {
            *count += 1;
            first.get_or_insert(path);
        }
    }
    let [postgresql, mysql, _] = counts;
    let (dialect, _) = most_named([postgresql, mysql, 0])?;
    let mut named = DIALECTS.into_iter().zip(first);
    let (_, file) = named.find(|(other, _)| *other == dialect)?;
    let by = Named::Model(file?.clone());
    Some((dialect, DialectSource::Named { dialect, by }))
}

/// The dialect that most revisions ask for by its name. SQLite is asked for where it is the exception.
fn asked_for(scripts: &ScriptDirectory, sources: &Sources<'_>) -> Option<(Dialect, DialectSource)> {
    let ([postgresql, mysql, _], of) = count(scripts, sources, branches);
    let (dialect, files) = most_named([postgresql, mysql, 0])?;
    let by = Named::Branches { files, of };
    Some((dialect, DialectSource::Named { dialect, by }))
}

/// The dialect whose SQL revisions have that do not ask which it is, and no other one is asked for.
fn spoken(scripts: &ScriptDirectory, sources: &Sources<'_>) -> Option<(Dialect, DialectSource)> {
    let unasked = |text: &str| match branches(text) {
        [false, false, false] => statements(text),
        _ => [false; 3],
    };
    let ([postgresql, mysql, _], _) = count(scripts, sources, branches);
    let (counts, of) = count(scripts, sources, unasked);
    let (dialect, files) = most_named(counts).filter(|_| postgresql + mysql == 0)?;
    let by = Named::Statements { files, of };
    Some((dialect, DialectSource::Named { dialect, by }))
}

/// The dialect that a package is for; where there are packages for several, the first of the list.
fn package(place_of: impl Fn(&str) -> Option<FileLine>) -> Option<(Dialect, DialectSource)> {
    PACKAGES.iter().find_map(|(package, dialect)| {
        let place = place_of(package)?;
        Some((*dialect, DialectSource::Package { package, place }))
    })
}

#[cfg(test)]
mod tests;
