//! Which database the migrations of an environment are for.

use std::fmt;

use crate::alembic::{Declaration, Environment, IniFile, ScriptDirectory};
use crate::dependencies::{Dependencies, FileLine};
use crate::dialect::Dialect;
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
    /// A database URL in an ini file or in `env.py`.
    Url(FileLine),
    /// Types of the dialect are used by so many revisions.
    Imports {
        dialect: Dialect,
        files: usize,
        of: usize,
    },
    /// A driver, or a package for this database only, is among the dependencies.
    Package {
        package: &'static str,
        place: FileLine,
    },
    /// Nothing says it, or as much for another: the one most projects use.
    Assumed,
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
            Self::Package { package, place } => write!(f, "{package} in {place}"),
            Self::Assumed => f.write_str("assumed"),
        }
    }
}

impl fmt::Display for DetectedDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.dialect, self.source)
    }
}

/// Packages that only one database has use for.
const PACKAGES: &[(&str, Dialect)] = &[
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
    let found = version_location(environment)
        .or_else(|| url(|dialect| dialect != Dialect::Sqlite))
        .or_else(|| imports(scripts, sources))
        .or_else(|| package(|name| dependencies.declared_at(name)))
        .or_else(|| url(|dialect| dialect == Dialect::Sqlite))
        .or_else(|| package(|name| dependencies.place_of(name)));
    let (dialect, source) = found.unwrap_or((Dialect::default(), DialectSource::Assumed));
    DetectedDialect { dialect, source }
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
    Some((scheme.parse().ok()?, FileLine { file, line }))
}

/// The only dialect that `env.py` writes a URL of, in a string literal.
fn env_url(environment: &Environment, sources: &Sources<'_>) -> Option<(Dialect, FileLine)> {
    let file = environment.env_file()?;
    let parsed = sources.python(&file)?;
    let mut found: Option<(Dialect, FileLine)> = None;
    for (line, text) in (1..).zip(parsed.text.as_str().lines()) {
        if text.trim_start().starts_with('#') {
            continue;
        }
        for dialect in schemes(text) {
            match &found {
                Some((known, _)) if *known != dialect => return None,
                Some(_) => {}
                None => {
                    let file = file.clone();
                    found = Some((dialect, FileLine { file, line }));
                }
            }
        }
    }
    found
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

/// The dialect whose types most revisions use.
fn imports(scripts: &ScriptDirectory, sources: &Sources<'_>) -> Option<(Dialect, DialectSource)> {
    let dialects = [Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite];
    let mut counts = [0_usize; 3];
    let mut of = 0;
    for revision in scripts.revisions() {
        let Some(parsed) = sources.python(&revision.file) else {
            continue;
        };
        of += 1;
        let text = parsed.text.as_str();
        let mut names = [false; 3];
        for at in memchr::memmem::find_iter(text.as_bytes(), "dialects") {
            let line = text.get(at..).and_then(|rest| rest.lines().next());
            for (name, dialect) in names.iter_mut().zip(dialects) {
                *name |= line.is_some_and(|line| line.contains(dialect.as_str()));
            }
        }
        for (count, is_named) in counts.iter_mut().zip(names) {
            *count += usize::from(is_named);
        }
    }
    // Of equal ones the first, which is PostgreSQL.
    let (files, dialect) = counts
        .into_iter()
        .zip(dialects)
        .rev()
        .max_by_key(|(files, _)| *files)
        .filter(|(files, _)| *files > 0)?;
    let [postgresql, ..] = counts;
    let (files, dialect) = if postgresql > 0 && files < postgresql * MAJORITY {
        (postgresql, Dialect::PostgreSql)
    } else {
        (files, dialect)
    };
    Some((dialect, DialectSource::Imports { dialect, files, of }))
}

/// The dialect that a package is for; where there are packages for several, the first of the list.
fn package(place_of: impl Fn(&str) -> Option<FileLine>) -> Option<(Dialect, DialectSource)> {
    PACKAGES.iter().find_map(|(package, dialect)| {
        let place = place_of(package)?;
        Some((*dialect, DialectSource::Package { package, place }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::git::Snapshot;
    use crate::project::Project;
    use crate::python::ParseCache;

    const INI: &str = "[alembic]\nscript_location = migrations\n";

    fn shown(files: &[(&str, &str)]) -> Vec<String> {
        let base = [("alembic.ini", INI), ("migrations/env.py", "")];
        let snapshot = Snapshot::in_memory(base.iter().chain(files).copied());
        let cache = ParseCache::default();
        let sources = Sources::new(&snapshot, &cache);
        let project = Project::load(&sources, &Settings::default());
        let dialects = project.environments.iter();
        dialects
            .map(|environment| environment.dialect().to_string())
            .collect()
    }

    fn revision(imports: &str) -> String {
        format!("{imports}\nrevision = 'a'\ndown_revision = None\n")
    }

    #[test]
    fn a_url_in_the_ini_or_in_env_py() {
        let ini = |url: &str| format!("{INI}sqlalchemy.url = {url}\n");
        assert_eq!(
            shown(&[("alembic.ini", &ini("mysql+pymysql://root@db/x"))]),
            ["mysql (alembic.ini:3)"]
        );
        assert_eq!(
            shown(&[
                ("alembic.ini", &ini("driver://user:pass@localhost/dbname")),
                (
                    "migrations/env.py",
                    "# 'postgresql://x'\nconfig.set_main_option('sqlalchemy.url', f\"sqlite:///{path}\")\n"
                ),
            ]),
            ["sqlite (migrations/env.py:2)"]
        );
        assert_eq!(
            shown(&[(
                "migrations/env.py",
                "url = 'mysql://x' if mysql else 'sqlite://'\n"
            )]),
            ["postgresql (assumed)"]
        );
    }

    #[test]
    fn a_url_of_sqlite_is_not_believed_against_the_migrations() {
        let ini = format!("{INI}sqlalchemy.url = sqlite:///overridden\n");
        let text = revision("from sqlalchemy.dialects import mysql");
        assert_eq!(
            shown(&[("alembic.ini", &ini), ("migrations/versions/a.py", &text)]),
            ["mysql (sqlalchemy.dialects.mysql in 1 of 1 revisions)"]
        );
        assert_eq!(
            shown(&[("alembic.ini", &ini), ("requirements.txt", "PyMySQL\n")]),
            ["mysql (pymysql in requirements.txt:1)"]
        );
        assert_eq!(shown(&[("alembic.ini", &ini)]), ["sqlite (alembic.ini:3)"]);
    }

    #[test]
    fn of_equal_ones_postgresql() {
        let both = revision("from sqlalchemy.dialects import mysql, postgresql");
        let one = revision("from sqlalchemy.dialects.mysql import LONGTEXT");
        assert_eq!(
            shown(&[
                ("migrations/versions/a.py", &both),
                ("migrations/versions/b.py", &one)
            ]),
            ["postgresql (sqlalchemy.dialects.postgresql in 1 of 2 revisions)"]
        );
        assert_eq!(
            shown(&[("requirements.txt", "pymysql\naiosqlite\nasyncpg\n")]),
            ["postgresql (asyncpg in requirements.txt:3)"]
        );
        assert_eq!(shown(&[]), ["postgresql (assumed)"]);
    }

    #[test]
    fn folders_of_revisions_for_each_dialect() {
        let text = revision("");
        assert_eq!(
            shown(&[
                ("migrations/versions/postgresql/a.py", &text),
                ("migrations/versions/sqlite/a.py", &text),
            ]),
            [
                "postgresql (the folder migrations/versions/postgresql)",
                "sqlite (the folder migrations/versions/sqlite)"
            ]
        );
    }
}
