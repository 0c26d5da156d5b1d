//! What tools expect that read pylint: `path:line: [CODE(name), ] message`.

use std::io::{self, Write};

use crate::linter::Outcome;
use crate::report::{Paths, Reporter, Texts, positions, sanitise_line};

/// For Jenkins and others that have a reader of pylint's output.
#[derive(Clone, Debug, Default)]
pub struct Pylint {
    pub paths: Paths,
}

impl Reporter for Pylint {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        for diagnostic in &outcome.diagnostics {
            writeln!(
                out,
                "{}:{}: [{}({}), ] {}",
                self.paths.show_line(&diagnostic.primary.file),
                positions(&diagnostic.primary, texts).map_or(1, |(start, _)| start.line),
                diagnostic.code,
                diagnostic.name,
                sanitise_line(&diagnostic.message)
            )?;
        }
        Ok(())
    }
}
