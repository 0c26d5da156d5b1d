//! How many revisions there are of each verdict.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::ReplayView;
use super::words::{sign, verdict_words};
use crate::alembic::Verdict;
use crate::dependencies::Detected;
use crate::report::{sanitise_line, write_json as write_value};

/// In the order in which they are shown.
const VERDICTS: &[Verdict] = &[
    Verdict::Reversible,
    Verdict::NotReversed,
    Verdict::NoSchemaChange,
    Verdict::Refused,
    Verdict::Fails,
    Verdict::Unknown,
];

/// A line for each verdict.
pub fn write_text(view: &ReplayView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let counts = counts(view);
    let width = counts
        .iter()
        .map(|(_, count)| count.to_string().len())
        .max()
        .unwrap_or(1);
    for (verdict, count) in counts {
        writeln!(
            out,
            "{} {count:>width$} {}",
            sign(verdict, view.style),
            verdict_words(verdict)
        )?;
    }
    writeln!(out, "{}", circumstances(view))
}

/// Only the `summary` of the contract.
pub fn write_json(view: &ReplayView<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_value(&json!({"version": 1, "summary": summary(view)}), out)
}

/// The counts, and the circumstances under which they hold.
pub(super) fn summary(view: &ReplayView<'_>) -> Value {
    let environment = view.environment;
    let mut verdicts = serde_json::Map::new();
    for (verdict, count) in counts(view) {
        verdicts.insert(verdict.as_str().to_owned(), json!(count));
    }
    let dialect = environment.dialect();
    let versions = environment.versions();
    let version = |detected: &Detected| {
        json!({
            "version": detected.version.to_string(),
            "source": detected.source.to_string(),
        })
    };
    json!({
        "script_location": environment.environment.script_location.as_str(),
        "revisions": replayed(view),
        "verdicts": verdicts,
        "dialect": {"name": dialect.dialect.as_str(), "source": dialect.source.to_string()},
        "sqlalchemy": version(&versions.sqlalchemy),
        "alembic": version(&versions.alembic),
    })
}

/// The counts on one line, with the signs that the overview uses.
pub(super) fn summary_line(view: &ReplayView<'_>) -> String {
    let shown: Vec<String> = counts(view)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| {
            format!(
                "{} {count} {}",
                sign(verdict, view.style),
                verdict_words(verdict)
            )
        })
        .collect();
    let revisions = match replayed(view) {
        0 => return "No revisions.".to_owned(),
        1 => "1 revision".to_owned(),
        count => format!("{count} revisions"),
    };
    format!("{revisions}: {}", shown.join(", "))
}

/// The database and the versions that the replay takes for given.
pub(super) fn circumstances(view: &ReplayView<'_>) -> String {
    let environment = view.environment;
    let location = environment.environment.script_location.as_str();
    format!(
        "{} on {}",
        sanitise_line(location),
        crate::report::circumstances(environment)
    )
}

fn replayed(view: &ReplayView<'_>) -> usize {
    counts(view).iter().map(|(_, count)| count).sum()
}

fn counts(view: &ReplayView<'_>) -> Vec<(Verdict, usize)> {
    let history = view.environment.replay();
    VERDICTS
        .iter()
        .map(|verdict| {
            let count = view
                .nodes
                .iter()
                .filter_map(|node| history.get(*node))
                .filter(|replayed| replayed.verdict == *verdict)
                .count();
            (*verdict, count)
        })
        .collect()
}
