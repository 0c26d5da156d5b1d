//! Comments that suppress findings, written where the findings are.

use std::collections::BTreeMap;

use super::{Fixed, Texts};
use crate::diagnostic::{Diagnostic, Edit};
use crate::git::{GitError, Snapshot};
use crate::python::string_around;
use crate::source::{LineIndex, RepoPath, Span};

/// The new texts, and the findings for which there is no place for a comment.
#[derive(Debug, Default)]
pub struct Ignored {
    pub fixed: Fixed,
    /// Findings in files that have no comments, or in strings.
    pub left: usize,
}

/// Writes `# migrate-lint: ignore[…] reason` where findings are; a comment that is there already is extended.
pub fn add_ignores(
    diagnostics: &[Diagnostic],
    snapshot: &Snapshot,
    reason: Option<&str>,
) -> Result<Ignored, GitError> {
    let mut texts = Texts::new(snapshot);
    let mut left = 0;
    let mut count = 0;
    let mut edits: BTreeMap<RepoPath, Vec<Edit>> = BTreeMap::new();
    // The codes of a line, or of a whole file.
    let mut wanted: BTreeMap<(&RepoPath, Option<u32>), Vec<&'static str>> = BTreeMap::new();
    for diagnostic in diagnostics {
        let file = &diagnostic.primary.file;
        let Some(text) = texts.get(file)? else {
            left += 1;
            continue;
        };
        let line = diagnostic
            .primary
            .span
            .map(|span| LineIndex::new(text).line(span.start));
        let codes = wanted.entry((file, line)).or_default();
        if !codes.contains(&diagnostic.code) {
            codes.push(diagnostic.code);
        }
        count += 1;
    }
    for ((file, line), mut codes) in wanted {
        codes.sort_unstable();
        let text = texts.get(file)?.unwrap_or_default();
        let edit = match (file.extension(), line) {
            ("py", Some(line)) => Some(on_line(text, line, &codes, reason)),
            ("py", None) => Some(in_file(text, &codes, reason)),
            ("ini" | "toml" | "cfg", Some(line)) => Some(above(text, line, &codes, reason)),
            _ => None,
        };
        match edit {
            Some((span, replacement)) => edits.entry(file.clone()).or_default().push(Edit {
                file: file.clone(),
                span,
                replacement,
            }),
            None => {
                let is_here = |diagnostic: &&Diagnostic| {
                    diagnostic.primary.file == *file && codes.contains(&diagnostic.code)
                };
                let lost = diagnostics.iter().filter(is_here).count();
                left += lost;
                count = usize::saturating_sub(count, lost);
            }
        }
    }
    Ok(Ignored {
        fixed: texts.rewrite(edits, count),
        left,
    })
}

fn comment(directive: &str, codes: &[&str], reason: Option<&str>) -> String {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let reason = reason.map_or_else(String::new, |reason| format!(" {reason}"));
    format!("# migrate-lint: {directive}[{}]{reason}", codes.join(", "))
}

/// At the end of the line, or, where that is inside of a string, above the statement.
fn on_line(text: &str, line: u32, codes: &[&str], reason: Option<&str>) -> (Span, String) {
    let lines = LineIndex::new(text);
    let span = lines.line_span(text, line);
    let written = span.slice(text);
    if let Some(list) = list_of(written) {
        let at = span.start + list as u32;
        return (Span::at(at), format!(", {}", codes.join(", ")));
    }
    if let Some(start) = string_around(text, span.start) {
        return on_line_above(text, lines.line(start), codes, reason);
    }
    if written.ends_with('\\') || string_around(text, span.end).is_some() {
        return on_line_above(text, line, codes, reason);
    }
    let end = span.start + written.trim_end().len() as u32;
    (
        Span::new(end, span.end),
        format!("  {}", comment("ignore", codes, reason)),
    )
}

/// Above a line, unless a comment is there already, which is extended.
fn on_line_above(text: &str, line: u32, codes: &[&str], reason: Option<&str>) -> (Span, String) {
    let before = LineIndex::new(text).line_span(text, line.saturating_sub(1));
    let written = before.slice(text);
    match list_of(written) {
        Some(list) if line > 1 && written.trim_start().starts_with('#') => (
            Span::at(before.start + list as u32),
            format!(", {}", codes.join(", ")),
        ),
        _ => above(text, line, codes, reason),
    }
}

/// Where the list of a comment ends that is there already.
fn list_of(line: &str) -> Option<usize> {
    let start = line.find("# migrate-lint: ignore[")?;
    let end = line.get(start..)?.find(']')?;
    Some(start + end)
}

fn above(text: &str, line: u32, codes: &[&str], reason: Option<&str>) -> (Span, String) {
    let span = LineIndex::new(text).line_span(text, line);
    let written = span.slice(text);
    let indent = written.len() - written.trim_start().len();
    let indent = written.get(..indent).unwrap_or_default();
    (
        Span::at(span.start),
        format!("{indent}{}\n", comment("ignore", codes, reason)),
    )
}

/// At the beginning of the file, below what Python reads there itself.
fn in_file(text: &str, codes: &[&str], reason: Option<&str>) -> (Span, String) {
    let lines = text.split_inclusive('\n').take(2);
    let kept = lines.take_while(|line| line.starts_with("#!") || line.contains("coding"));
    let at: usize = kept.map(str::len).sum();
    (
        Span::at(at as u32),
        format!("{}\n", comment("file-ignore", codes, reason)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_comment(text: &str, line: u32, reason: Option<&str>) -> String {
        let (span, replacement) = on_line(text, line, &["ML201", "ML202"], reason);
        let mut after = text.to_owned();
        after.replace_range(span.range(), &replacement);
        after
    }

    #[test]
    fn comments_are_put_where_python_takes_them() {
        assert_eq!(
            with_comment("f(\n  1, \n)\n", 2, Some("old")),
            "f(\n  1,  # migrate-lint: ignore[ML201, ML202] old\n)\n"
        );
        assert_eq!(
            with_comment("  f(\"\"\"a\nb\"\"\")\n", 1, None),
            "  # migrate-lint: ignore[ML201, ML202]\n  f(\"\"\"a\nb\"\"\")\n"
        );
        assert_eq!(
            with_comment("x\nf(\"\"\"a\nb\n\"\"\")\n", 3, None),
            "x\n# migrate-lint: ignore[ML201, ML202]\nf(\"\"\"a\nb\n\"\"\")\n"
        );
        assert_eq!(
            with_comment("# migrate-lint: ignore[ML110]\n\"\"\"a\nb\"\"\"\n", 3, None),
            "# migrate-lint: ignore[ML110, ML201, ML202]\n\"\"\"a\nb\"\"\"\n"
        );
        assert_eq!(
            with_comment("a = \\\n  1\n", 1, None),
            "# migrate-lint: ignore[ML201, ML202]\na = \\\n  1\n"
        );
        assert_eq!(
            with_comment("f()  # migrate-lint: ignore[ML301] why\n", 1, None),
            "f()  # migrate-lint: ignore[ML301, ML201, ML202] why\n"
        );
    }

    #[test]
    fn a_comment_for_the_file_stands_below_the_encoding() {
        let (span, text) = in_file(
            "#!/usr/bin/env python\n# coding: utf-8\nx\n",
            &["ML111"],
            None,
        );
        assert_eq!(span.start, 38);
        assert_eq!(text, "# migrate-lint: file-ignore[ML111]\n");
    }
}
