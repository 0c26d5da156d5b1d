//! Whether documents say that the application is stopped while its migrations run.

use super::ProjectEnvironment;
use super::documents::{Asked, ENDS};

/// A list of steps comes to the migrations so many steps after the application is stopped.
const NEAR: usize = 5;
/// The front page of a project, and pages about its database and its deployment by their names.
const DOCUMENTS: Asked = Asked {
    named: &[
        "alembic",
        "database",
        "deploy",
        "helm",
        "install",
        "migration",
        "readme",
        "upgrad",
    ],
    but: "release",
};

/// What Grenade, which tests the upgrades of OpenStack's services, runs before one.
const SHUTDOWN: &str = "devstack/upgrade/shutdown.sh";

/// What is stopped, one way or another.
const PARTS: &[&str] = &[
    "agent",
    "app",
    "application",
    "backend",
    "component",
    "daemon",
    "deployment",
    "hub",
    "instance",
    "manager",
    "process",
    "server",
    "service",
    "site",
    "worker",
];

impl ProjectEnvironment<'_> {
    /// True if a page about the database, its upgrades or the deployment says so, or the upgrade is tested so.
    pub(super) fn is_stopped_by_document(&self) -> bool {
        let mut files = self.files_beside_revisions();
        files.any(|path| path.as_str().ends_with(SHUTDOWN))
            || self.document_that(&DOCUMENTS, says_to_stop).is_some()
    }
}

/// True for a text that says it in a sentence ("all components should be stopped before the schema is updated"), or in a list
/// of steps that stops the application first and then migrates.
fn says_to_stop(text: &str) -> bool {
    let text = text.to_lowercase();
    let is_about_database = |text: &str| {
        words(text).any(|word| {
            matches!(
                word,
                "alembic" | "database" | "databases" | "db" | "schema" | "schemas"
            )
        })
    };
    if !is_about_database(&text) {
        return false;
    }
    let mut steps: Vec<&str> = Vec::new();
    for paragraph in text.split("\n\n") {
        let mut prose = String::new();
        for line in paragraph.lines() {
            match step(line) {
                Some(step) => steps.push(step),
                None => {
                    prose.push_str(line);
                    prose.push(' ');
                }
            }
        }
        let is_it = prose.contains("migration script") || is_about_database(&prose);
        if is_it && prose.split(ENDS).any(stops_in_sentence) {
            return true;
        }
    }
    steps.iter().enumerate().any(|(at, step)| {
        let after = steps.iter().skip(at + 1).take(NEAR);
        begins_with_stop(step)
            && after
                .clone()
                .any(|step| is_about_database(step) && migrates(step))
    })
}

/// The text of a numbered step.
fn step(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < line.len())
        .then(|| rest.strip_prefix(['.', ')']))
        .flatten()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'');
    words.filter(|word| !word.is_empty())
}

fn is_part(word: &str) -> bool {
    PARTS.contains(&word)
        || word
            .strip_suffix('s')
            .is_some_and(|word| PARTS.contains(&word))
}

fn migrates(text: &str) -> bool {
    words(text).any(|word| {
        ["migrat", "upgrad", "updat", "sync"]
            .iter()
            .any(|begin| word.starts_with(begin))
    })
}

/// "Shut down the Hub"
fn begins_with_stop(step: &str) -> bool {
    let mut words = words(step);
    let is_stop = match words.next() {
        Some("stop" | "shutdown") => true,
        Some("shut") => words.next() == Some("down"),
        _ => false,
    };
    is_stop && words.any(is_part)
}

/// "ensure that the app is stopped", "all components should be stopped before …", where that is about migrations.
fn stops_in_sentence(sentence: &str) -> bool {
    let words: Vec<&str> = words(sentence).collect();
    let Some(at) = words.iter().enumerate().position(|(at, word)| match *word {
        "stop" | "stopped" | "shutdown" => true,
        "shut" => words.get(at + 1) == Some(&"down"),
        // "scale the deployment to 0"
        "scale" | "scaled" | "scaling" => {
            let after = words.iter().skip(at + 1).take(NEAR);
            after.clone().any(|word| matches!(*word, "0" | "zero"))
        }
        _ => false,
    }) else {
        return false;
    };
    let (before, after) = words.split_at(at);
    let is_denied = words.iter().any(|word| {
        matches!(
            *word,
            "not" | "no" | "never" | "without" | "unless" | "if" | "may" | "can"
        ) || word.ends_with("n't")
    });
    let is_first = after.contains(&"before") || after.windows(2).any(|two| two == ["prior", "to"]);
    let is_asked = before.iter().any(|word| {
        matches!(
            *word,
            "must" | "should" | "ensure" | "ensuring" | "sure" | "needs" | "need"
        )
    });
    // "before the old version is shut down"
    let is_later = before
        .iter()
        .any(|word| matches!(*word, "before" | "prior"))
        || after.contains(&"after");
    (is_first || is_asked)
        && !is_denied
        && !is_later
        && words.iter().any(|word| is_part(word))
        && migrates(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_stop_the_application() {
        for (text, is_meant) in [
            (
                "To apply migration scripts of the database by hand, after ensuring that\nthe app is stopped, check out the branch.",
                true,
            ),
            (
                "When updating the schema, all components should be stopped before syncing.",
                true,
            ),
            (
                "migration:\n  enabled: false  # Run Alembic migrations in a hook\n  scaleDown: true  # Scale deployment to 0 before migrating",
                true,
            ),
            (
                "1. Back up the database\n2. Shutdown the Hub\n3. Install\n4. Upgrade the database",
                true,
            ),
            (
                "Database migrations run prior to the old version of the server from being shut down.",
                false,
            ),
            (
                "The database is migrated without stopping the server; you do not need to stop the server before migrating.",
                false,
            ),
            ("1. Stop the server\n2. Copy the files", false),
            (
                "You must stop the volume service on the node after performing the migration of the database.",
                false,
            ),
            (
                "Virtual machines must be shut down before migrating.",
                false,
            ),
        ] {
            assert_eq!(says_to_stop(text), is_meant, "{text}");
        }
    }
}
