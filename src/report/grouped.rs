//! Findings under the file they are in.

use std::io::{self, Write};

use crate::linter::Outcome;
use crate::report::concise::kind;
use crate::report::{Paths, Reporter, Style, Texts, positions, sanitise_line};

/// For people who go from file to file.
#[derive(Clone, Debug)]
pub struct Grouped {
    pub style: Style,
    pub paths: Paths,
}

impl Reporter for Grouped {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let same_file = outcome
            .diagnostics
            .chunk_by(|one, other| one.primary.file == other.primary.file);
        for group in same_file {
            let places: Vec<String> = group
                .iter()
                .map(|diagnostic| match positions(&diagnostic.primary, texts) {
                    Some((start, _)) => format!("{}:{}", start.line, start.column),
                    None => "-".to_owned(),
                })
                .collect();
            let width = places.iter().map(String::len).max().unwrap_or_default();
            if let Some(first) = group.first() {
                writeln!(out, "{}:", self.paths.show_line(&first.primary.file))?;
            }
            for (diagnostic, place) in group.iter().zip(places) {
                writeln!(
                    out,
                    "  {place:<width$}  {} {}",
                    kind(diagnostic, self.style),
                    sanitise_line(&diagnostic.message)
                )?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
