//! Reviewdog's Diagnostic Format, in which fixes become suggestions of a review.
//!
//! Lines and columns count from 1, columns in bytes of UTF-8, and ends are exclusive. Source: `proto/rdf/reviewdog.proto`
//! of `reviewdog/reviewdog`.

use std::io::{self, Write};

use serde::Serialize;

use crate::diagnostic::{Applicability, Diagnostic, Label, Severity};
use crate::linter::Outcome;
use crate::report::{Paths, Reporter, Texts, explained, write_json};
use crate::source::{RepoPath, Span};

/// For `reviewdog -f=rdjson`.
#[derive(Clone, Debug, Default)]
pub struct Rdjson {
    pub paths: Paths,
}

#[derive(Serialize)]
struct DiagnosticResult {
    source: Source,
    severity: &'static str,
    diagnostics: Vec<Entry>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct Entry {
    message: String,
    location: Location,
    severity: &'static str,
    code: Code,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<RelatedLocation>,
}

#[derive(Serialize)]
struct Location {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Serialize)]
struct Range {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Code {
    value: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

#[derive(Serialize)]
struct RelatedLocation {
    message: String,
    location: Location,
}

impl Reporter for Rdjson {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let worst = outcome
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.severity)
            .min();
        let result = DiagnosticResult {
            source: Source {
                name: env!("CARGO_PKG_NAME"),
                url: env!("CARGO_PKG_REPOSITORY"),
            },
            severity: severity(worst.unwrap_or(Severity::Info)),
            diagnostics: outcome
                .diagnostics
                .iter()
                .map(|diagnostic| self.entry(diagnostic, texts))
                .collect(),
        };
        write_json(&result, out)
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    }
}

impl Rdjson {
    fn entry(&self, diagnostic: &Diagnostic, texts: &Texts<'_>) -> Entry {
        let file = &diagnostic.primary.file;
        let related = |label: &Label| RelatedLocation {
            message: label.message.clone(),
            location: self.location(&label.file, label.span, texts),
        };
        Entry {
            message: explained(diagnostic),
            location: self.location(file, diagnostic.primary.span, texts),
            severity: severity(diagnostic.severity),
            code: Code {
                value: diagnostic.code,
                url: crate::rules::find(diagnostic.code).map(crate::rules::Rule::url),
            },
            suggestions: suggestions(diagnostic, texts),
            related_locations: diagnostic.related.iter().map(related).collect(),
        }
    }

    fn location(&self, file: &RepoPath, span: Option<Span>, texts: &Texts<'_>) -> Location {
        Location {
            path: self.paths.show(file),
            range: span.and_then(|span| range(file, span, texts)),
        }
    }
}

/// A fix, where a review can offer it: one edit, in the file of the finding.
fn suggestions(diagnostic: &Diagnostic, texts: &Texts<'_>) -> Vec<Suggestion> {
    let file = &diagnostic.primary.file;
    let Some(fix) = &diagnostic.fix else {
        return Vec::new();
    };
    let [edit] = fix.edits.as_slice() else {
        return Vec::new();
    };
    if fix.applicability == Applicability::DisplayOnly || edit.file != *file {
        return Vec::new();
    }
    let suggestion = range(file, edit.span, texts).map(|range| Suggestion {
        range,
        text: edit.replacement.clone(),
    });
    suggestion.into_iter().collect()
}

fn range(file: &RepoPath, span: Span, texts: &Texts<'_>) -> Option<Range> {
    let text = texts.get(file)?;
    let place = |offset: u32| {
        let line = text.lines().line(offset);
        let start = text.lines().line_span(text.as_str(), line).start;
        Place {
            line,
            column: offset.saturating_sub(start) + 1,
        }
    };
    Some(Range {
        start: place(span.start),
        end: place(span.end),
    })
}
