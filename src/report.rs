//! Diagnostics as text for people and machines.

mod concise;
pub mod drift;
mod full;
pub mod graph;
mod json;
pub mod operations;
pub mod replay;
mod sanitise;
pub mod schema;
mod summary;
mod texts;

use std::io::{self, Write};

use crate::diagnostic::Diagnostic;
use crate::linter::Outcome;

pub use concise::Concise;
pub use full::Full;
pub use json::Json;
pub use sanitise::{sanitise, sanitise_line, write_json};
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

/// Where a finding begins and ends, for people: counted from 1.
fn positions(
    diagnostic: &Diagnostic,
    texts: &Texts<'_>,
) -> Option<(crate::source::Position, crate::source::Position)> {
    let span = diagnostic.primary.span?;
    let text = texts.get(&diagnostic.primary.file)?;
    Some((text.position(span.start), text.position(span.end)))
}
