//! Comments that keep findings from being reported: `# migrate-lint: ignore[ML202] reason`.

use smol_str::SmolStr;

use crate::config::{RuleSelector, SelectorError};
use crate::diagnostic::{Applicability, Edit, Fix};
use crate::source::{RepoPath, Span};

/// What a comment asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    /// Nothing at this statement.
    Ignore,
    /// Nothing in this file.
    FileIgnore,
    /// Nothing from here on.
    Disable,
    /// Findings again from here on.
    Enable,
}

/// How the directives are written.
pub(crate) const DIRECTIVES: &[(&str, Directive)] = &[
    ("ignore", Directive::Ignore),
    ("file-ignore", Directive::FileIgnore),
    ("disable", Directive::Disable),
    ("enable", Directive::Enable),
];

/// One comment.
#[derive(Clone, Debug)]
pub(crate) struct Suppression {
    pub(crate) file: RepoPath,
    /// The revision of the file, if it is one's.
    pub(crate) revision: Option<SmolStr>,
    /// The comment from its sign to the end of the line.
    pub(crate) span: Span,
    /// The comment with the white space before it, or with its line: what goes if it goes.
    pub(crate) removal: Span,
    pub(crate) directive: Result<Directive, Misspelling>,
    pub(crate) codes: Vec<SuppressedCode>,
    /// The list with its brackets.
    pub(crate) list: Option<Span>,
    /// What is written behind the list.
    pub(crate) reason: Option<String>,
}

/// A word that is no directive.
#[derive(Clone, Debug)]
pub(crate) struct Misspelling {
    pub(crate) written: String,
    pub(crate) span: Span,
}

/// One entry of a list.
#[derive(Clone, Debug)]
pub(crate) struct SuppressedCode {
    pub(crate) written: String,
    pub(crate) span: Span,
    pub(crate) selector: Result<RuleSelector, SelectorError>,
    /// Whether it kept a finding from being reported.
    pub(crate) is_used: bool,
    /// Whether all that it could keep from being reported was looked for.
    pub(crate) is_judged: bool,
}

impl Suppression {
    /// `ignore[ML202]`, as far as it is understood.
    pub(crate) fn name(&self) -> &'static str {
        let directive = self.directive.as_ref().ok();
        DIRECTIVES
            .iter()
            .find(|(_, known)| Some(known) == directive)
            .map_or("suppression", |(name, _)| *name)
    }

    /// Takes codes out of the list, or the comment away if none is left.
    pub(crate) fn without(&self, codes: &[&SuppressedCode]) -> Fix {
        let kept: Vec<&str> = self
            .codes
            .iter()
            .filter(|code| !codes.iter().any(|gone| gone.span == code.span))
            .map(|code| code.written.as_str())
            .collect();
        let (title, span, replacement) = match self.list {
            Some(list) if !kept.is_empty() => (
                "take it out of the list",
                list,
                format!("[{}]", kept.join(", ")),
            ),
            _ => ("remove the comment", self.removal, String::new()),
        };
        Fix {
            applicability: Applicability::Safe,
            title: title.to_owned(),
            edits: vec![Edit {
                file: self.file.clone(),
                span,
                replacement,
            }],
        }
    }
}
