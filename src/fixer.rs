//! Applies the edits of findings, and writes comments that suppress them.

mod ignores;

pub use ignores::{Ignored, add_ignores};

use std::collections::BTreeMap;

use crate::diagnostic::{Applicability, Diagnostic, Edit};
use crate::git::{GitError, Snapshot};
use crate::source::{RepoPath, SourceText};

/// New texts of files.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    /// As bytes that a file can have, by path, with what they replace.
    pub files: BTreeMap<RepoPath, Rewritten>,
    /// How many findings were fixed.
    pub count: usize,
    /// Files that were not touched because their bytes are not plain UTF-8.
    pub skipped: Vec<RepoPath>,
}

/// A file before and after, as a whole.
#[derive(Clone, Debug)]
pub struct Rewritten {
    pub before: String,
    pub after: String,
}

/// Applies all fixes that are at least so sure, as far as they do not overlap: of two that do, the first in order.
pub fn apply(
    diagnostics: &[Diagnostic],
    snapshot: &Snapshot,
    least: Applicability,
) -> Result<Fixed, GitError> {
    let mut accepted: BTreeMap<RepoPath, Vec<Edit>> = BTreeMap::new();
    let mut texts = Texts::new(snapshot);
    let mut count = 0;
    for diagnostic in diagnostics {
        let Some(fix) = &diagnostic.fix else { continue };
        if fix.applicability < least || fix.edits.is_empty() {
            continue;
        }
        let mut is_free = true;
        for edit in &fix.edits {
            let text = texts.get(&edit.file)?;
            let fits = text.is_some_and(|text| text.get(edit.span.range()).is_some());
            let others = accepted.get(&edit.file).into_iter().flatten();
            is_free &= fits && others.clone().all(|other| !overlap(edit, other));
        }
        if is_free {
            count += 1;
            for edit in &fix.edits {
                accepted
                    .entry(edit.file.clone())
                    .or_default()
                    .push(edit.clone());
            }
        }
    }
    Ok(texts.rewrite(accepted, count))
}

/// Two insertions at one place overlap, too: their order is not known.
fn overlap(one: &Edit, other: &Edit) -> bool {
    one.span == other.span || one.span.start < other.span.end && other.span.start < one.span.end
}

/// The texts of files, as far as their bytes are the text.
struct Texts<'s> {
    snapshot: &'s Snapshot,
    known: BTreeMap<RepoPath, Option<Text>>,
}

/// A text without its byte order mark, and whether it has one.
struct Text {
    text: String,
    has_mark: bool,
}

/// What some editors of Windows put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl<'s> Texts<'s> {
    fn new(snapshot: &'s Snapshot) -> Self {
        Self {
            snapshot,
            known: BTreeMap::new(),
        }
    }

    /// The text, without a byte order mark.
    fn get(&mut self, file: &RepoPath) -> Result<Option<&str>, GitError> {
        if !self.known.contains_key(file) {
            let bytes = self.snapshot.read(file)?;
            let text = bytes.and_then(|bytes| {
                let whole = std::str::from_utf8(&bytes).ok()?;
                let text = whole.strip_prefix(BYTE_ORDER_MARK).unwrap_or(whole);
                let read = if file.extension() == "py" {
                    SourceText::python(&bytes)
                } else {
                    SourceText::utf8(&bytes)
                };
                (read.as_str() == text).then(|| Text {
                    text: text.to_owned(),
                    has_mark: text.len() < whole.len(),
                })
            });
            self.known.insert(file.clone(), text);
        }
        let known = self.known.get(file).and_then(Option::as_ref);
        Ok(known.map(|known| known.text.as_str()))
    }

    fn rewrite(self, edits: BTreeMap<RepoPath, Vec<Edit>>, count: usize) -> Fixed {
        let mut fixed = Fixed {
            count,
            ..Fixed::default()
        };
        for (file, text) in &self.known {
            if text.is_none() {
                fixed.skipped.push(file.clone());
            }
        }
        for (file, mut edits) in edits {
            let Some(Some(Text {
                text: before,
                has_mark,
            })) = self.known.get(&file)
            else {
                continue;
            };
            edits.sort();
            let has_windows_ends = before.contains("\r\n");
            let mut after = String::with_capacity(before.len());
            let mut at = 0;
            for edit in edits {
                let range = edit.span.range();
                after.push_str(before.get(at..range.start).unwrap_or_default());
                if has_windows_ends {
                    after.push_str(&edit.replacement.replace("\r\n", "\n").replace('\n', "\r\n"));
                } else {
                    after.push_str(&edit.replacement);
                }
                at = range.end;
            }
            after.push_str(before.get(at..).unwrap_or_default());
            let marked = |text: &str| {
                let mark = if *has_mark { "\u{feff}" } else { "" };
                format!("{mark}{text}")
            };
            let rewritten = Rewritten {
                before: marked(before),
                after: marked(&after),
            };
            fixed.files.insert(file, rewritten);
        }
        fixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Fingerprint, Fix, Label, Severity};
    use crate::source::Span;

    fn finding(edits: &[(u32, u32, &str)], applicability: Applicability) -> Diagnostic {
        let file = RepoPath::new("a.py");
        let edits = edits.iter().map(|(start, end, text)| Edit {
            file: file.clone(),
            span: Span::new(*start, *end),
            replacement: (*text).to_owned(),
        });
        Diagnostic {
            code: "ML110",
            name: "docstring-mismatch",
            severity: Severity::Warning,
            message: String::new(),
            primary: Label::new(file.clone(), Span::at(0), ""),
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
            revision: None,
            fix: Some(Fix {
                applicability,
                title: String::new(),
                edits: edits.collect(),
            }),
            concealed: None,
            is_half: false,
            tables: Vec::new(),
            is_of_many_files: false,
            is_slip: false,
            is_of_a_file: false,
            leeway: crate::diagnostic::Leeway::None,
            is_way_back: false,
            fingerprint: Fingerprint::of([""]),
        }
    }

    fn applied(text: &[u8], diagnostics: &[Diagnostic]) -> (Option<String>, usize) {
        let snapshot = Snapshot::in_memory([("a.py", text)]);
        let fixed = apply(diagnostics, &snapshot, Applicability::Safe).unwrap();
        let after = fixed.files.into_values().next().map(|file| file.after);
        (after, fixed.count)
    }

    #[test]
    fn of_two_that_overlap_the_first_counts() {
        let safe = Applicability::Safe;
        let diagnostics = [
            finding(&[(4, 5, "2")], safe),
            finding(&[(0, 1, "y"), (4, 5, "3")], safe),
            finding(&[(0, 1, "z\n")], Applicability::Unsafe),
        ];
        assert_eq!(
            applied(b"x = 1\n", &diagnostics),
            (Some("x = 2\n".to_owned()), 1)
        );
    }

    #[test]
    fn line_ends_stay_and_other_encodings_are_left_alone() {
        let fix = [finding(&[(0, 0, "a\n")], Applicability::Safe)];
        assert_eq!(applied(b"x\r\n", &fix), (Some("a\r\nx\r\n".to_owned()), 1));
        assert_eq!(
            applied("\u{feff}x\n".as_bytes(), &fix),
            (Some("\u{feff}a\nx\n".to_owned()), 1)
        );
        let latin = b"# coding: latin-1\n# caf\xe9\n";
        assert_eq!(applied(latin, &fix), (None, 0));
        // An edit outside of the text is none.
        let outside = [finding(&[(90, 91, "")], Applicability::Safe)];
        assert_eq!(applied(b"x\n", &outside), (None, 0));
    }
}
