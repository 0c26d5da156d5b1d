//! Logging commands of Azure Pipelines: `##vso[task.logissue …]message`.
//!
//! Sources: "Logging commands" of the Azure DevOps documentation, and `CommandStringConvertor` of its agent for the
//! escapes.

use std::io::{self, Write};

use crate::diagnostic::Severity;
use crate::linter::Outcome;
use crate::report::{Paths, Reporter, Texts, explained, positions, sanitise};

/// For the log of an Azure pipeline, which makes issues of it.
#[derive(Clone, Debug, Default)]
pub struct Azure {
    pub paths: Paths,
}

impl Reporter for Azure {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        for diagnostic in &outcome.diagnostics {
            let kind = match diagnostic.severity {
                Severity::Error => "error",
                // There is nothing below a warning.
                Severity::Warning | Severity::Info => "warning",
            };
            let path = escape(&sanitise(&self.paths.show(&diagnostic.primary.file)));
            let place = positions(&diagnostic.primary, texts)
                .map_or_else(String::new, |(start, _)| {
                    format!("linenumber={};columnnumber={};", start.line, start.column)
                });
            writeln!(
                out,
                "##vso[task.logissue type={kind};sourcepath={path};{place}code={};]{}",
                diagnostic.code,
                escape(&sanitise(&explained(diagnostic)))
            )?;
        }
        Ok(())
    }
}

/// An issue that is about no file.
pub fn azure_error(message: &str) -> String {
    format!(
        "##vso[task.logissue type=error]{}",
        escape(&sanitise(message))
    )
}

/// The same escapes count for properties and messages.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => escaped.push_str("%AZP25"),
            ';' => escaped.push_str("%3B"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            ']' => escaped.push_str("%5D"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(escape("a;b]c\nd 100%"), "a%3Bb%5Dc%0Ad 100%AZP25");
    }
}
