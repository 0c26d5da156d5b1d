//! Workflow commands of GitHub Actions: `::error file=…,line=…::message`.
//!
//! GitHub shows at most ten errors, ten warnings and ten notices of a step, and drops the rest without a word. The worst
//! come first here; what is over the limit is listed in the log, and all of it in the summary of the job.
//!
//! Sources: "Workflow commands for GitHub Actions", "Limits on annotations" of its documentation, and `ActionCommand.cs`
//! of `actions/runner` for what it takes for a command.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Severity};
use crate::linter::Outcome;
use crate::report::{Concise, Paths, Reporter, Style, Texts, explained, positions, sanitise};

/// Annotations of a kind that a step may have.
const LIMIT: usize = 10;

/// For a step of a workflow.
#[derive(Clone, Debug, Default)]
pub struct Github {
    pub paths: Paths,
    /// Whether all findings are in the summary of the job too.
    pub has_summary: bool,
}

impl Reporter for Github {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut hidden: Vec<&Diagnostic> = Vec::new();
        for severity in [Severity::Error, Severity::Warning, Severity::Info] {
            let mut of_kind = outcome
                .diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == severity);
            for diagnostic in of_kind.by_ref().take(LIMIT) {
                writeln!(out, "{}", self.command(diagnostic, texts))?;
            }
            hidden.extend(of_kind);
        }
        if hidden.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "::group::{} more, which GitHub would not show as annotations{}",
            hidden.len(),
            if self.has_summary {
                "; the summary of the job has all"
            } else {
                ""
            }
        )?;
        let concise = Concise {
            style: Style::default(),
            paths: self.paths.clone(),
        };
        for diagnostic in hidden {
            writeln!(out, "{}", concise.line(diagnostic, texts))?;
        }
        writeln!(out, "::endgroup::")
    }
}

impl Github {
    fn command(&self, diagnostic: &Diagnostic, texts: &Texts<'_>) -> String {
        let kind = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let file = property(&sanitise(&self.paths.show(&diagnostic.primary.file)));
        let place = positions(&diagnostic.primary, texts).map_or_else(
            || ",line=1".to_owned(),
            |(start, end)| {
                // GitHub refuses columns where an annotation has several lines.
                let columns = if start.line == end.line {
                    format!(",col={},endColumn={}", start.column, end.column)
                } else {
                    String::new()
                };
                format!(",line={},endLine={}{columns}", start.line, end.line)
            },
        );
        let title = property(&format!("{} {}", diagnostic.code, diagnostic.name));
        let message = data(&sanitise(&explained(diagnostic)));
        format!("::{kind} title={title},file={file}{place}::{message}")
    }
}

/// An annotation that is about no file.
pub fn github_error(message: &str) -> String {
    format!("::error title=migrate-lint::{}", data(&sanitise(message)))
}

/// The escapes of a message.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The escapes of a value before the message.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(property("a,b::c\n100%.py"), "a%2Cb%3A%3Ac%0A100%25.py");
        assert_eq!(data("a::b\r\n::error::c"), "a::b%0D%0A::error::c");
    }
}
