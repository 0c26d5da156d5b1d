//! The `check` contract: `{version, findings, summary}`.

use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::linter::{Outcome, Reversibility};
use crate::report::{Reporter, Texts, positions, write_json, write_json_line};
use crate::source::{Position, RepoPath, Span};

/// Machine-readable findings, one object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

/// The same findings, an object a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonLines;

impl Reporter for JsonLines {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        outcome
            .diagnostics
            .iter()
            .try_for_each(|diagnostic| write_json_line(&finding(diagnostic, texts), out))
    }
}

#[derive(Serialize)]
struct Report {
    version: u32,
    findings: Vec<Finding>,
    summary: Counts,
}

#[derive(Serialize)]
struct Finding {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    message: String,
    file: String,
    start: Place,
    end: Place,
    revision: Option<String>,
    notes: Vec<String>,
    help: Option<String>,
    related: Vec<Related>,
    fix: Option<Fix>,
    fingerprint: String,
    url: Option<String>,
}

/// Both count from 1; columns are Unicode characters.
#[derive(Clone, Copy, Serialize)]
struct Place {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Related {
    file: String,
    line: u32,
    message: String,
}

#[derive(Serialize)]
struct Fix {
    applicability: Applicability,
    title: String,
    edits: Vec<Edit>,
}

#[derive(Serialize)]
struct Edit {
    file: String,
    start: Place,
    end: Place,
    replacement: String,
}

#[derive(Serialize)]
struct Counts {
    errors: usize,
    warnings: usize,
    environments: usize,
    revisions: usize,
    judged: usize,
    undecided: usize,
    /// Findings that a comment or the baseline keeps from being reported.
    suppressed: usize,
    /// Null where no history was replayed.
    reversibility: Option<Reversibility>,
    notices: Vec<String>,
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        Self {
            line: position.line,
            column: position.column,
        }
    }
}

const BEGINNING: Place = Place { line: 1, column: 1 };

impl Reporter for Json {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let count = |severity| {
            outcome
                .diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == severity)
                .count()
        };
        let report = Report {
            version: 1,
            findings: outcome
                .diagnostics
                .iter()
                .map(|diagnostic| finding(diagnostic, texts))
                .collect(),
            summary: Counts {
                errors: count(Severity::Error),
                warnings: count(Severity::Warning),
                environments: outcome.summary.environments,
                revisions: outcome.summary.revisions,
                judged: outcome.summary.judged,
                undecided: outcome.summary.undecided,
                suppressed: outcome.suppressed.len(),
                reversibility: outcome.summary.reversibility,
                notices: outcome.notices.clone(),
            },
        };
        write_json(&report, out)
    }
}

fn finding(diagnostic: &Diagnostic, texts: &Texts<'_>) -> Finding {
    let (start, end) = positions(&diagnostic.primary, texts)
        .map_or((BEGINNING, BEGINNING), |(start, end)| {
            (Place::from(start), Place::from(end))
        });
    Finding {
        code: diagnostic.code,
        name: diagnostic.name,
        severity: diagnostic.severity,
        message: diagnostic.message.clone(),
        file: diagnostic.primary.file.as_str().to_owned(),
        start,
        end,
        revision: diagnostic.revision.clone(),
        notes: diagnostic.notes.clone(),
        help: diagnostic.help.clone(),
        related: diagnostic
            .related
            .iter()
            .map(|label| Related {
                file: label.file.as_str().to_owned(),
                line: label
                    .span
                    .map_or(1, |span| place(&label.file, span.start, texts).line),
                message: label.message.clone(),
            })
            .collect(),
        fix: diagnostic.fix.as_ref().map(|fix| Fix {
            applicability: fix.applicability,
            title: fix.title.clone(),
            edits: fix
                .edits
                .iter()
                .map(|edit| to_edit(&edit.file, edit.span, &edit.replacement, texts))
                .collect(),
        }),
        fingerprint: diagnostic.fingerprint.to_string(),
        url: crate::rules::find(diagnostic.code).map(crate::rules::Rule::url),
    }
}

fn to_edit(file: &RepoPath, span: Span, replacement: &str, texts: &Texts<'_>) -> Edit {
    Edit {
        file: file.as_str().to_owned(),
        start: place(file, span.start, texts),
        end: place(file, span.end, texts),
        replacement: replacement.to_owned(),
    }
}

fn place(file: &RepoPath, offset: u32, texts: &Texts<'_>) -> Place {
    texts
        .get(file)
        .map_or(BEGINNING, |text| text.position(offset).into())
}
