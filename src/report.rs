//! Diagnostics as text for people and machines.

mod azure;
mod concise;
mod ddl;
pub mod drift;
mod full;
mod github;
mod gitlab;
pub mod graph;
mod grouped;
mod json;
mod junit;
mod markdown;
pub mod offline;
pub mod operations;
mod paths;
mod picture;
mod pylint;
mod rdjson;
pub mod replay;
mod review;
mod sanitise;
mod sarif;
pub mod schema;
mod summary;
mod texts;

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Label};
use crate::linter::Outcome;
use crate::project::ProjectEnvironment;
use crate::source::Position;

pub use azure::{Azure, azure_error};
pub use concise::Concise;
pub use full::Full;
pub use github::{Github, github_error};
pub use gitlab::Gitlab;
pub use grouped::Grouped;
pub use json::{Json, JsonLines};
pub use junit::Junit;
pub(crate) use markdown::Markdown;
pub use paths::Paths;
use paths::uri;
pub use pylint::Pylint;
pub use rdjson::Rdjson;
pub(crate) use review::Card;
use sanitise::code_spans;
pub use sanitise::{sanitise, sanitise_line, write_json, write_json_line};
pub use sarif::{Provenance, Sarif};
pub(crate) use summary::plural;
pub use summary::{statistics, summary_line};
pub use texts::Texts;

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub colour: bool,
    /// Whether links are written as terminal hyperlinks.
    pub links: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            colour: false,
            links: false,
            width: 100,
        }
    }
}

/// Writes findings in one format.
pub trait Reporter {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// Where a place begins and ends, for people: counted from 1.
fn positions(label: &Label, texts: &Texts<'_>) -> Option<(Position, Position)> {
    let span = label.span?;
    let text = texts.get(&label.file)?;
    Some((text.position(span.start), text.position(span.end)))
}

/// Why it matters here and what to do, a clause or sentence each.
fn advice(diagnostic: &Diagnostic) -> Vec<String> {
    // A note is one line; names in it may hold whatever a file has.
    let notes = diagnostic.notes.iter().map(|note| {
        let line = note.replace(['\n', '\r'], " ");
        format!("{line}.")
    });
    let fix = diagnostic.fix.as_ref();
    notes
        .chain(diagnostic.help.clone())
        .chain(fix.map(|fix| format!("there is a fix: {}", fix.title)))
        .collect()
}

/// The message with what there is to say besides, a line each.
fn explained(diagnostic: &Diagnostic) -> String {
    let mut lines = vec![diagnostic.message.clone()];
    lines.extend(advice(diagnostic));
    lines.join("\n")
}

/// The database and the versions that a replay takes for given.
pub(crate) fn circumstances(environment: &ProjectEnvironment<'_>) -> String {
    let versions = environment.versions();
    sanitise_line(&format!(
        "{}, {}, {}",
        environment.dialect(),
        versions.sqlalchemy,
        versions.alembic
    ))
}
