//! URLs of databases in what is no code: samples of environment variables, what starts a container, and the introduction;
//! and in code that nothing leads to.

use std::collections::BTreeSet;

use memchr::memmem;

use super::{DetectedDialect, DialectSource, FOREIGN};
use crate::dependencies::FileLine;
use crate::dialect::Dialect;
use crate::models::is_test_file;
use crate::project::ProjectEnvironment;
use crate::project::startup::{is_compose, is_start};
use crate::source::RepoPath;

/// One of them is in every file that names a database.
const NAMES: [&[u8]; 6] = [
    b"://", b"ostgres", b"psycopg", b"asyncpg", b"mysql", b"mariadb",
];

/// So many files are read.
const MOST_FILES: usize = 100;

impl ProjectEnvironment<'_> {
    /// SQLite, where `env.py` renders batches, and the code has URLs of it and names no other database.
    pub(in crate::project) fn dialect_of_batches(&self) -> Option<DetectedDialect> {
        let env = self.sources.python(&self.environment.env_file()?)?;
        if !env.text.as_str().contains("render_as_batch=True") || !self.says_what_it_needs() {
            return None;
        }
        let files = self.sources.files_with("names of databases", |path| {
            let names = |bytes: &[u8]| NAMES.iter().any(|name| memmem::find(bytes, name).is_some());
            path.extension() == "py"
                && !is_test_file(path)
                && !crate::git::is_foreign(path)
                && self
                    .sources
                    .look_into(path)
                    .is_some_and(|bytes| names(&bytes))
        });
        let mut first: Option<FileLine> = None;
        for file in files.iter() {
            let bytes = self.sources.look_into(file)?;
            for (line, text) in (1..).zip(String::from_utf8_lossy(&bytes).lines()) {
                if named_server(text).is_some() || names_foreign(text) {
                    return None;
                }
                if first.is_none() && written_url(text) == Some(Dialect::Sqlite) {
                    let file = file.clone();
                    first = Some(FileLine { file, line });
                }
            }
        }
        Some(DetectedDialect {
            dialect: Dialect::Sqlite,
            source: DialectSource::Url(first?),
        })
    }

    /// The other database with a server that such files set up, and no other: tools write types of one for another.
    pub(in crate::project) fn other_server(&self, dialect: Dialect) -> Option<DetectedDialect> {
        let set_up = self.dialect_of_settings();
        set_up.filter(|found| ![dialect, Dialect::Sqlite].contains(&found.dialect))
    }

    fn says_what_it_needs(&self) -> bool {
        let dependencies = self.dependencies();
        ["sqlalchemy", "flask-sqlalchemy", "flask-migrate", "alembic"]
            .iter()
            .any(|package| dependencies.uses(package))
    }

    /// The dialect of the URLs in such files, if they name no other database. What the project needs has to be known: a
    /// driver that it lacks, it does not use.
    pub(in crate::project) fn dialect_of_settings(&self) -> Option<DetectedDialect> {
        if !self.says_what_it_needs() {
            return None;
        }
        let files = self
            .files_beside_revisions()
            .filter(|path| is_of_settings(path) && !crate::git::is_foreign(path))
            .take(MOST_FILES);
        let mut named: BTreeSet<Dialect> = BTreeSet::new();
        let mut first: Option<FileLine> = None;
        for file in files {
            let Some(bytes) = self.sources.look_into(file) else {
                continue;
            };
            for (line, text) in (1..).zip(String::from_utf8_lossy(&bytes).lines()) {
                if names_foreign(text) {
                    return None;
                }
                let url = written_url(text);
                named.extend(url.into_iter().chain(named_server(text)));
                if url.is_some() && first.is_none() {
                    let file = file.clone();
                    first = Some(FileLine { file, line });
                }
            }
        }
        let source = DialectSource::Url(first?);
        let mut named = named.into_iter();
        let dialect = named.next()?;
        named
            .next()
            .is_none()
            .then_some(DetectedDialect { dialect, source })
    }
}

/// True for the files of a project that say with which database it is set up.
fn is_of_settings(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let is_introduction = name.starts_with("readme") && path.parent().is_root();
    let is_sample = name.starts_with(".env") || name.ends_with(".env");
    (is_introduction || is_sample || is_start(path) || is_compose(path))
        && !is_test_file(path)
        && !name.contains("test")
}

/// The schemes of the URLs in a line.
fn schemes(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("://").filter_map(|(at, _)| {
        let before = line.get(..at)?;
        let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '_');
        before.get(before.trim_end_matches(is_of_scheme).len()..)
    })
}

/// The dialect of the first URL of a database in a line.
fn written_url(line: &str) -> Option<Dialect> {
    schemes(line).find_map(|scheme| scheme.parse().ok())
}

/// True for the URL of a database that is not told apart.
fn names_foreign(line: &str) -> bool {
    schemes(line).any(|scheme| {
        let name = scheme.split('+').next().unwrap_or_default();
        FOREIGN.contains(&name)
    })
}

/// The database with a server that a line names, by its name, its driver or its image.
fn named_server(line: &str) -> Option<Dialect> {
    let lower = line.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["postgres", "psycopg", "asyncpg"]) {
        Some(Dialect::PostgreSql)
    } else {
        has(&["mysql", "mariadb"]).then_some(Dialect::MySql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_names_in_lines() {
        for (line, url, name) in [
            ("URL=\"sqlite:////tmp/a.db\"", Some(Dialect::Sqlite), None),
            (
                "URL=mysql+pymysql://db/a",
                Some(Dialect::MySql),
                Some(Dialect::MySql),
            ),
            ("image: postgres:16", None, Some(Dialect::PostgreSql)),
            ("SITE=https://example.org/sqlite", None, None),
        ] {
            assert_eq!(
                (written_url(line), named_server(line)),
                (url, name),
                "{line}"
            );
        }
    }
}
