//! How migrations are connected to the database, as far as the text of `env.py` tells.

use super::ProjectEnvironment;
use crate::models::{OnlineRun, OuterTransaction};
use crate::sqlalchemy::ddl::Transactions;

impl ProjectEnvironment<'_> {
    pub(super) fn transactions(&self) -> Transactions {
        if self.may_commit_by_itself() {
            Transactions::Unknown
        } else if self.env_models().env.transaction_per_migration == Some(false)
            || self.begins_before_alembic()
        {
            Transactions::PerRun
        } else {
            Transactions::PerRevision
        }
    }

    /// True if each revision certainly has a transaction of its own, so that what one does to it is no matter of the others.
    pub fn has_transaction_per_revision(&self) -> bool {
        self.env_models().env.transaction_per_migration == Some(true)
            && !self.begins_before_alembic()
    }

    /// True if the connection is in a transaction already when Alembic gets it, which Alembic leaves alone then: all
    /// revisions run in it.
    pub fn begins_before_alembic(&self) -> bool {
        self.runs_in_another_transaction().next().is_some()
    }

    /// The runs that get such a connection, each with the transaction.
    pub fn runs_in_another_transaction(
        &self,
    ) -> impl Iterator<Item = (&OnlineRun, &OuterTransaction)> {
        let is_new = self.versions().sqlalchemy.version.major >= 2;
        let runs = self.env_models().env.runs.iter();
        let begun = runs.filter_map(|run| Some((run, run.outer.as_ref()?)));
        begun.filter(move |(_, outer)| is_new || !outer.is_implicit)
    }

    /// True if `env.py` speaks of running outside of transactions.
    fn may_commit_by_itself(&self) -> bool {
        self.env_speaks_of(&["AUTOCOMMIT", "autocommit", "transactional_ddl"])
            .unwrap_or(true)
    }

    /// True if nothing but psycopg 3 can be what talks to the database: it begins a transaction before the next statement
    /// whenever the connection is in none, which it asks the connection and does not remember.
    pub fn begins_by_itself(&self) -> bool {
        let uses = |packages: &[&str]| {
            let mut packages = packages.iter();
            packages.any(|package| self.dependencies().uses(package))
        };
        let is_named = self.env_speaks_of(&["postgresql+psycopg:"]);
        let others = [
            "psycopg2",
            "psycopg2-binary",
            "psycopg2cffi",
            "asyncpg",
            "pg8000",
        ];
        is_named == Some(true) || uses(&["psycopg", "psycopg-binary"]) && !uses(&others)
    }

    /// True if `env.py` speaks of a limit for waiting.
    pub fn sets_lock_timeout(&self) -> bool {
        self.env_speaks_of(&["lock_timeout", "statement_timeout"])
            .unwrap_or(false)
    }

    /// True if `env.py` sets a `statement_timeout` that nobody minds to wait for: the database itself ends what takes longer.
    pub fn limits_statements(&self) -> bool {
        let text = self
            .environment
            .env_file()
            .and_then(|path| self.sources.read(&path));
        text.is_some_and(|text| limit_of_statements(&String::from_utf8_lossy(&text)))
    }

    /// Whether `env.py` holds one of these words; `None` where it cannot be read.
    fn env_speaks_of(&self, words: &[&str]) -> Option<bool> {
        let text = self.sources.read(&self.environment.env_file()?)?;
        let mut words = words.iter();
        Some(words.any(|word| memchr::memmem::find(&text, word.as_bytes()).is_some()))
    }
}

/// Seconds that an application may be kept waiting.
const BEARABLE: f64 = 15.0;

/// `SET statement_timeout = '5s'`, `options="-c statement_timeout=5000"`: each such limit is a short one.
fn limit_of_statements(text: &str) -> bool {
    let mut limits = text.split("statement_timeout").skip(1).filter_map(seconds);
    let mut is_any = false;
    limits.all(|seconds| {
        is_any = true;
        seconds > 0.0 && seconds <= BEARABLE
    }) && is_any
}

/// The value that stands behind the name of a setting; milliseconds where there is no unit, as PostgreSQL has it.
fn seconds(behind: &str) -> Option<f64> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, '=' | '\'' | '"' | ':' | ',');
    let value = behind
        .trim_start_matches(|c: char| is_between(c))
        .trim_start_matches("TO ");
    let value = value.trim_start_matches(is_between);
    let end = value
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(value.len());
    let (number, rest) = value.split_at_checked(end)?;
    let number: f64 = number.parse().ok()?;
    let unit: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    Some(match unit.as_str() {
        "s" => number,
        "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => number / 1000.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_limit_of_statements_is_read() {
        for text in [
            "SET statement_timeout = 5000",
            "SET LOCAL statement_timeout TO '5s'",
            "options='-c statement_timeout=10000'",
        ] {
            assert!(limit_of_statements(text), "{text}");
        }
        for text in [
            "SET lock_timeout = 4000",
            "SET statement_timeout = 0",
            "SET statement_timeout = '5min'",
            "SET statement_timeout = 5000; SET statement_timeout = 0",
            "f\"SET statement_timeout = {limit}\"",
        ] {
            assert!(!limit_of_statements(text), "{text}");
        }
    }
}
