//! A Code Quality report of GitLab.
//!
//! The widget of a merge request compares the fingerprints of two reports, so they must not depend on lines, and shows
//! the description alone, so the code is part of it. Source: "Code Quality report format" of GitLab's documentation.

use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};
use crate::linter::Outcome;
use crate::report::{Paths, Reporter, Texts, positions, write_json};

/// For `artifacts:reports:codequality`.
#[derive(Clone, Debug, Default)]
pub struct Gitlab {
    pub paths: Paths,
}

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
}

impl Reporter for Gitlab {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let entries: Vec<Entry> = outcome
            .diagnostics
            .iter()
            .map(|diagnostic| self.entry(diagnostic, texts))
            .collect();
        write_json(&entries, out)
    }
}

impl Gitlab {
    fn entry(&self, diagnostic: &Diagnostic, texts: &Texts<'_>) -> Entry {
        let (begin, end) = positions(&diagnostic.primary, texts)
            .map_or(((1, 1), (1, 1)), |(start, end)| {
                ((start.line, start.column), (end.line, end.column))
            });
        let place = |(line, column)| Place { line, column };
        Entry {
            description: format!("{}: {}", diagnostic.code, diagnostic.message),
            check_name: diagnostic.name,
            fingerprint: diagnostic.fingerprint.to_string(),
            severity: match diagnostic.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Info => "info",
            },
            location: Location {
                path: self.paths.show(&diagnostic.primary.file),
                positions: Positions {
                    begin: place(begin),
                    end: place(end),
                },
            },
        }
    }
}
