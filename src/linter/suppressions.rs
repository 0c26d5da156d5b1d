//! Which findings are kept from being reported by comments, and which comments keep none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use smol_str::SmolStr;

use super::Linter;
use crate::config::{BaselineEntry, RuleIdentity, RuleSelector};
use crate::diagnostic::{Diagnostic, Label};
use crate::git::ChangeSet;
use crate::project::Project;
use crate::python::{Sources, comments};
use crate::rules::{
    DIRECTIVES, Directive, Listener, Misspelling, RULES, Rule, SuppressedCode, Suppression,
    SuppressionContext, find, identities,
};
use crate::source::{RepoPath, SourceText, Span};

/// What every comment begins with, after its sign.
const MARK: &str = "migrate-lint:";

/// The comments of the files under judgement.
#[derive(Default)]
pub(super) struct Suppressions {
    files: BTreeMap<RepoPath, Vec<Placed>>,
}

/// A comment and the lines it is about.
struct Placed {
    suppression: Suppression,
    lines: RangeInclusive<u32>,
    /// Findings around these lines are meant, too: the comment stands inside of what they are about.
    is_inside: bool,
}

/// A finding that is not reported.
#[derive(Clone, Debug)]
pub struct Suppressed {
    pub diagnostic: Diagnostic,
    pub by: SuppressedBy,
}

/// Why a finding is not reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// A comment, with the reason it gives.
    Comment(Option<String>),
    /// The baseline.
    Baseline,
}

impl Linter<'_> {
    /// Takes out the findings that comments are about, and judges the comments.
    pub(super) fn suppress(&mut self, head: &Project<'_>, changes: Option<&ChangeSet>) {
        let Some(environment) = head.environments.first() else {
            return;
        };
        let sources = environment.sources();
        let mut suppressions = Suppressions::default();
        // What is not judged has no comments that could be of no use.
        let is_changed = |file: &RepoPath| {
            changes.is_none_or(|changes| changes.touches(file)) && !self.old.contains(file)
        };
        for environment in &head.environments {
            let scripts = &environment.scripts.scripts;
            for script in scripts.iter().filter(|script| is_changed(&script.file)) {
                let revision = environment.node_of(&script.file);
                let revision = revision.map(|node| environment.map.node(node).id());
                suppressions.read(&script.file, revision, sources);
            }
            let env = environment.environment.env_file();
            if let Some(file) = env.filter(&is_changed) {
                suppressions.read(&file, None, sources);
            }
        }
        for diagnostic in &self.outcome.diagnostics {
            suppressions.read(&diagnostic.primary.file, None, sources);
        }
        let lines = |diagnostic: &Diagnostic| {
            let span = diagnostic.primary.span?;
            let file = &diagnostic.primary.file;
            let (start, end) = if file.extension() == "py" {
                let parsed = sources.python(file)?;
                (
                    parsed.text.position(span.start),
                    parsed.text.position(span.end),
                )
            } else {
                let text = SourceText::utf8(&sources.read(file)?);
                (text.position(span.start), text.position(span.end))
            };
            Some(start.line..=end.line)
        };
        let settings = self.settings;
        let outcome = &mut self.outcome;
        if settings.without_suppressions {
            self.pass_over();
            return;
        }
        let baseline = settings.baseline.as_ref();
        let known: BTreeSet<&str> = baseline
            .iter()
            .flat_map(|baseline| &baseline.entries)
            .map(|entry| entry.fingerprint.as_str())
            .collect();
        let found: BTreeSet<String> = outcome
            .diagnostics
            .iter()
            .chain(&self.habitual)
            .filter(|_| baseline.is_some())
            .map(|diagnostic| diagnostic.fingerprint.to_string())
            .collect();
        outcome.suppressed = suppressions.take(&mut outcome.diagnostics, &lines);
        suppressions.take(&mut self.habitual, &lines);
        let known = outcome.diagnostics.extract_if(.., |diagnostic| {
            !known.is_empty() && known.contains(diagnostic.fingerprint.to_string().as_str())
        });
        outcome
            .suppressed
            .extend(known.map(|diagnostic| Suppressed {
                diagnostic,
                by: SuppressedBy::Baseline,
            }));
        let used = &self.used;
        let is_judged = |rule: &Rule| {
            let is_used = used.iter().any(|used| used.code == rule.code);
            is_used
                && match changes {
                    Some(_) => rule.is_about_revisions(),
                    None => !rule.is_about_changes(),
                }
        };
        // Without the whole there is no telling what is gone.
        let judged_baseline = baseline.filter(|_| changes.is_none());
        let stale = judged_baseline.map_or_else(Vec::new, |baseline| {
            let is_stale = |entry: &&BaselineEntry| {
                find(&entry.code).is_none_or(is_judged) && !found.contains(&entry.fingerprint)
            };
            let text = sources.read(&baseline.path).unwrap_or_default();
            let place = |entry: &BaselineEntry| {
                let at = memchr::memmem::find(&text, entry.fingerprint.as_bytes());
                let span = at.map(|at| Span::new(at as u32, (at + entry.fingerprint.len()) as u32));
                Label::new(baseline.path.clone(), span, "is found no more")
            };
            let stale = baseline.entries.iter().filter(is_stale);
            stale.map(|entry| (entry, place(entry))).collect()
        });
        let suppressions = suppressions.finish(&is_judged, &is_changed);
        self.pass_over();
        if suppressions.is_empty() && stale.is_empty() {
            return;
        }
        let context = SuppressionContext {
            suppressions: &suppressions,
            stale: &stale,
        };
        self.each(|listener, reporter| {
            if let Listener::Suppressions(check) = listener {
                check(&context, reporter);
            }
        });
        self.pass_over();
        self.order();
    }

    /// Leaves out what the configuration says of files.
    fn pass_over(&mut self) {
        let settings = self.settings;
        self.outcome.diagnostics.retain(|diagnostic| {
            let rule = find(diagnostic.code).map(RuleIdentity::from);
            rule.is_none_or(|rule| !settings.passes_over(rule, &diagnostic.primary.file))
        });
    }
}

impl Suppressions {
    /// Reads the comments of a file, once.
    pub(super) fn read(
        &mut self,
        file: &RepoPath,
        revision: Option<&SmolStr>,
        sources: &Sources<'_>,
    ) {
        if self.files.contains_key(file) {
            return;
        }
        let found = if file.extension() == "py" {
            sources
                .python(file)
                .map(|parsed| of_python(file, &parsed.text))
        } else {
            let bytes = sources.read(file);
            bytes.map(|bytes| of_lines(file, &SourceText::utf8(&bytes)))
        };
        let mut found = found.unwrap_or_default();
        for placed in &mut found {
            placed.suppression.revision = revision.cloned();
        }
        self.files.insert(file.clone(), found);
    }

    /// Takes out what a comment is about. `lines` tells on which lines a finding is.
    pub(super) fn take(
        &mut self,
        diagnostics: &mut Vec<Diagnostic>,
        lines: &dyn Fn(&Diagnostic) -> Option<RangeInclusive<u32>>,
    ) -> Vec<Suppressed> {
        let mut taken = Vec::new();
        diagnostics.retain(|diagnostic| {
            let by = self.suppressing(diagnostic, lines);
            if let Some(by) = &by {
                taken.push(Suppressed {
                    diagnostic: diagnostic.clone(),
                    by: by.clone(),
                });
            }
            by.is_none()
        });
        taken
    }

    /// The comment that is about a finding, which counts as used then.
    fn suppressing(
        &mut self,
        diagnostic: &Diagnostic,
        lines: &dyn Fn(&Diagnostic) -> Option<RangeInclusive<u32>>,
    ) -> Option<SuppressedBy> {
        let rule = RuleIdentity::from(find(diagnostic.code)?);
        let placed = self.files.get_mut(&diagnostic.primary.file)?;
        // Most files have no comments, and then no line is to be looked up.
        if placed.is_empty() {
            return None;
        }
        let lines = lines(diagnostic);
        let mut disabled_by = None;
        for index in 0..placed.len() {
            let Placed {
                suppression,
                lines: governed,
                is_inside,
            } = placed.get_mut(index)?;
            let Ok(directive) = &suppression.directive else {
                continue;
            };
            let is_meant = match (directive, &lines) {
                (Directive::FileIgnore, _) => true,
                (_, None) => false,
                (Directive::Ignore, Some(lines)) => {
                    governed.contains(lines.start())
                        || *is_inside && lines.contains(governed.start())
                }
                (Directive::Disable | Directive::Enable, Some(lines)) => {
                    governed.start() <= lines.start()
                }
            };
            if !is_meant {
                continue;
            }
            // A list that is empty ends everything that was disabled.
            let is_for_all = *directive == Directive::Enable && suppression.list.is_none();
            let code = suppression
                .codes
                .iter()
                .position(|code| matches!(&code.selector, Ok(selector) if selector.matches(rule)));
            match directive {
                Directive::Enable if is_for_all || code.is_some() => disabled_by = None,
                Directive::Disable if code.is_some() => {
                    disabled_by = code.map(|code| (index, code));
                }
                Directive::Ignore | Directive::FileIgnore => {
                    if let Some(code) = code.and_then(|code| suppression.codes.get_mut(code)) {
                        code.is_used = true;
                        return Some(SuppressedBy::Comment(suppression.reason.clone()));
                    }
                }
                Directive::Enable | Directive::Disable => {}
            }
        }
        let (index, code) = disabled_by?;
        let suppression = &mut placed.get_mut(index)?.suppression;
        suppression.codes.get_mut(code)?.is_used = true;
        Some(SuppressedBy::Comment(suppression.reason.clone()))
    }

    /// The comments, after it is said of each rule whether all of its findings were looked for.
    pub(super) fn finish(
        self,
        is_judged: &dyn Fn(&Rule) -> bool,
        is_judged_file: &dyn Fn(&RepoPath) -> bool,
    ) -> Vec<Suppression> {
        let mut all: Vec<Suppression> = self
            .files
            .into_values()
            .flatten()
            .map(|placed| placed.suppression)
            .collect();
        // Of other files only some findings are looked for.
        let judged = all
            .iter_mut()
            .filter(|suppression| is_judged_file(&suppression.file));
        for code in judged.flat_map(|suppression| &mut suppression.codes) {
            let Ok(selector) = &code.selector else {
                continue;
            };
            let mut meant = RULES
                .iter()
                .filter(|rule| selector.matches(RuleIdentity::from(**rule)));
            code.is_judged = meant.all(|rule| is_judged(rule));
        }
        all
    }
}

fn of_python(file: &RepoPath, text: &SourceText) -> Vec<Placed> {
    let source = text.as_str();
    comments(source, MARK)
        .into_iter()
        .filter_map(|comment| {
            let line = |offset: u32| text.lines().line(offset);
            let governs = comment.governs;
            let suppression = parse(file, source, comment.span, comment.is_own_line)?;
            let lines = match suppression.directive {
                Ok(Directive::Disable | Directive::Enable) => {
                    let own = line(comment.span.start);
                    own..=own
                }
                // Nothing follows.
                _ if governs.is_empty() => line(governs.start) + 1..=line(governs.start),
                // A statement ends on the line of its last character.
                _ => {
                    let trimmed = governs.slice(source).trim_end().len() as u32;
                    line(governs.start)..=line(governs.start + trimmed.saturating_sub(1))
                }
            };
            Some(Placed {
                suppression,
                lines,
                is_inside: !comment.is_own_line || comment.is_sql,
            })
        })
        .collect()
}

/// The comments of an ini or TOML file: a comment on its own line is about the next one.
fn of_lines(file: &RepoPath, text: &SourceText) -> Vec<Placed> {
    let source = text.as_str();
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(source.as_bytes(), MARK) {
        let number = text.lines().line(at as u32);
        let line = text.lines().line_span(source, number);
        let before = source.get(line.start as usize..at).unwrap_or_default();
        let Some(column) = before.rfind(['#', ';']) else {
            continue;
        };
        let is_comment = before
            .get(column + 1..)
            .is_some_and(|gap| gap.trim().is_empty());
        let is_own_line = before
            .get(..column)
            .is_some_and(|gap| gap.trim().is_empty());
        if !is_comment {
            continue;
        }
        let about = if is_own_line { number + 1 } else { number };
        let span = Span::new(line.start + column as u32, line.end);
        found.extend(
            parse(file, source, span, is_own_line).map(|suppression| Placed {
                suppression,
                lines: about..=about,
                is_inside: !is_own_line,
            }),
        );
    }
    found
}

fn word_of(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// `# migrate-lint: ignore[ML202, data-loss] the reason`
fn parse(file: &RepoPath, source: &str, span: Span, is_own_line: bool) -> Option<Suppression> {
    let comment = span.slice(source);
    let offset = |part: &str| {
        let inside = part.as_ptr() as usize - source.as_ptr() as usize;
        inside as u32
    };
    let (_, rest) = comment.split_once(MARK)?;
    let rest = rest.trim_start();
    let word = word_of(rest);
    let directive = DIRECTIVES
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, directive)| *directive)
        .ok_or_else(|| Misspelling {
            written: word.to_owned(),
            span: Span::new(offset(rest), offset(rest) + word.len() as u32),
        });
    let after = rest.get(word.len()..).unwrap_or_default();
    let bracket = after.strip_prefix('[').and_then(|list| {
        let (inside, reason) = list.split_once(']')?;
        Some((inside, reason))
    });
    let list = bracket.map(|(inside, _)| {
        let start = offset(inside);
        Span::new(start - 1, start + inside.len() as u32 + 1)
    });
    let codes = bracket.map_or_else(Vec::new, |(inside, _)| {
        let written = inside.split(',').map(str::trim);
        written
            .filter(|code| !code.is_empty())
            .map(|code| SuppressedCode {
                written: code.to_owned(),
                span: Span::new(offset(code), offset(code) + code.len() as u32),
                selector: RuleSelector::parse(code, identities()),
                is_used: false,
                is_judged: false,
            })
            .collect()
    });
    let reason = bracket.map_or(after, |(_, reason)| reason);
    let reason = reason.trim_start_matches([':', '-', ' ']).trim();
    Some(Suppression {
        file: file.clone(),
        revision: None,
        span,
        removal: removal(source, span, is_own_line),
        directive,
        codes,
        list,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
    })
}

/// A comment with the white space before it, or with its whole line.
fn removal(source: &str, span: Span, is_own_line: bool) -> Span {
    let before = source.get(..span.start as usize).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    if is_own_line
        && before
            .get(line..)
            .is_some_and(|indent| indent.trim().is_empty())
    {
        let start = line;
        let after = source.get(span.end as usize..).unwrap_or_default();
        let end = after.find('\n').map_or(after.len(), |end| end + 1);
        return Span::new(start as u32, span.end + end as u32);
    }
    Span::new(before.trim_end_matches([' ', '\t']).len() as u32, span.end)
}
