//! What a rule has to say about a place, as data.

mod alike;
mod closest;
mod fingerprint;
mod fix;

pub use alike::{join_alike, same_for};
pub use closest::{closest, closest_within};
pub use fingerprint::Fingerprint;
pub use fix::{Applicability, Edit, Fix};

use std::fmt;

use serde::Serialize;

use crate::source::{FileSpan, RepoPath, Span};

/// How bad a finding is; never how sure (what is not sure is not reported).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// A place and what is to be seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub file: RepoPath,
    /// `None` where the finding is about the whole file, or the file is no more.
    pub span: Option<Span>,
    pub message: String,
}

impl Label {
    pub fn new(file: RepoPath, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self {
            file,
            span: span.into(),
            message: message.into(),
        }
    }

    pub fn at(place: &FileSpan, message: impl Into<String>) -> Self {
        Self::new(place.file.clone(), place.span, message)
    }
}

/// What a difference leaves to code that does not know of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leeway {
    /// Nobody knows that it works.
    #[default]
    None,
    /// The database merely allows or has more than the models ask for.
    Relaxation,
    /// It adds columns of which nobody has to know yet.
    Expansion,
}

/// One finding.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Diagnostic {
    /// `ML` and three digits.
    pub code: &'static str,
    /// The rule's name, in kebab-case.
    pub name: &'static str,
    pub severity: Severity,
    /// One clause, lower case, no full stop, identifiers in backticks.
    pub message: String,
    pub primary: Label,
    /// Other places that belong to the finding, possibly in other files.
    pub related: Vec<Label>,
    /// Why this matters here.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// The revision the finding is about, if it is about one.
    pub revision: Option<String>,
    pub fix: Option<Fix>,
    /// A part of the file of the primary place that must not be shown: a password.
    pub concealed: Option<Span>,
    /// True if it misses the other half of what a change begins, which some projects commit by itself.
    pub is_half: bool,
    /// The tables it is about, if what else its rule finds of them in the revision is shown with it.
    pub tables: Vec<String>,
    /// True if it is shown once where many files have it.
    pub is_of_many_files: bool,
    /// True if the same of another table, in whichever file, is the same slip.
    pub is_slip: bool,
    /// True if one file is told so once, of all names, whether there is a fix for each or not.
    pub is_of_a_file: bool,
    /// What it leaves to code that does not know of it.
    pub leeway: Leeway,
    /// True if it only matters to whoever goes back, whatever its rule is about.
    pub is_way_back: bool,
    pub fingerprint: Fingerprint,
}

/// So many further places are shown with a finding.
const MOST_PLACES: usize = 8;

impl Diagnostic {
    /// Shows a further place, once, unless there are many already.
    pub fn add_place(&mut self, place: Label, message: &str) {
        let label = Label {
            message: message.to_owned(),
            ..place
        };
        if self.related.len() < MOST_PLACES && !self.related.contains(&label) {
            self.related.push(label);
        }
    }

    /// The total order of the output: file, place, code, then wording.
    pub fn sort_key(&self) -> (&RepoPath, u32, &'static str, &str, &Fingerprint) {
        let start = self.primary.span.map_or(0, |span| span.start);
        (
            &self.primary.file,
            start,
            self.code,
            &self.message,
            &self.fingerprint,
        )
    }
}
