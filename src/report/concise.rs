//! One line a finding: `path:line:column: severity[CODE] message`.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Severity};
use crate::linter::Outcome;
use crate::report::{Paths, Reporter, Style, Texts, positions, sanitise_line};

/// For terminals with little room, and for tools that read lines.
#[derive(Clone, Debug, Default)]
pub struct Concise {
    pub style: Style,
    pub paths: Paths,
}

impl Reporter for Concise {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        for diagnostic in &outcome.diagnostics {
            writeln!(out, "{}", self.line(diagnostic, texts))?;
        }
        Ok(())
    }
}

impl Concise {
    /// One finding, without the end of the line.
    pub fn line(&self, diagnostic: &Diagnostic, texts: &Texts<'_>) -> String {
        let file = self.paths.show_line(&diagnostic.primary.file);
        let place = match positions(&diagnostic.primary, texts) {
            Some((start, _)) => format!("{file}:{}:{}", start.line, start.column),
            None => file,
        };
        format!(
            "{place}: {} {}",
            kind(diagnostic, self.style),
            sanitise_line(&diagnostic.message)
        )
    }
}

/// `error[ML101]`, in its colour, and a link to the page of the rule where links are asked for.
pub(super) fn kind(diagnostic: &Diagnostic, style: Style) -> String {
    let code = match crate::rules::find(diagnostic.code) {
        Some(rule) if style.links => {
            format!(
                "\u{1b}]8;;{}\u{1b}\\{}\u{1b}]8;;\u{1b}\\",
                rule.url(),
                rule.code
            )
        }
        _ => diagnostic.code.to_owned(),
    };
    let severity = diagnostic.severity;
    let kind = format!("{severity}[{code}]");
    if style.colour {
        paint(&kind, severity)
    } else {
        kind
    }
}

fn paint(text: &str, severity: Severity) -> String {
    let colour = match severity {
        Severity::Error => 31,
        Severity::Warning => 33,
        Severity::Info => 36,
    };
    format!("\u{1b}[1;{colour}m{text}\u{1b}[0m")
}
