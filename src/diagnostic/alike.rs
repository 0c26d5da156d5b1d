//! Findings that say the same of different names, or different things of one table, shown as one.

mod files;
mod slips;

use std::sync::LazyLock;

use regex::Regex;
use rustc_hash::FxHashMap;

use super::{Diagnostic, Severity};
use crate::source::{RepoPath, Span};
use files::{add_fix, join_files};
use slips::join_slips;

/// How many names a note gives.
const MOST_NAMED: usize = 4;

/// Joins the findings of one file that say the same in the same words of different names. One slip is made as often as a
/// statement is copied, and is understood once: the first finding names the others and shows where they are. What has a
/// fix of its own stays by itself.
///
/// What a rule finds of one table in one revision, or in one statement, is one finding as well, and so is what it finds in many files, and the same
/// slip in several tables, in whichever file, where the rule says so.
///
/// Only for showing: comments, the baseline and fixes are about each finding.
pub fn join_alike(diagnostics: &mut Vec<Diagnostic>) {
    join_same_words(diagnostics);
    join_by_table(diagnostics);
    join_files(diagnostics);
    join_slips(diagnostics);
}

fn join_same_words(diagnostics: &mut Vec<Diagnostic>) {
    let mut kept: Vec<(Diagnostic, Vec<Diagnostic>)> = Vec::new();
    let mut known: FxHashMap<Alike, usize> = FxHashMap::default();
    for diagnostic in diagnostics.drain(..) {
        let first = Alike::of(&diagnostic).map(|alike| *known.entry(alike).or_insert(kept.len()));
        match first.and_then(|first| kept.get_mut(first)) {
            Some((_, others)) => others.push(diagnostic),
            None => kept.push((diagnostic, Vec::new())),
        }
    }
    diagnostics.extend(kept.into_iter().map(|(mut first, others)| {
        if let Some(note) = note(&first, &others) {
            first.notes.retain(|note| !note.starts_with(SAME));
            first.notes.push(note);
        }
        take_consequence(&mut first, &others);
        for other in others {
            first.tables.extend(other.tables);
            add_fix(&mut first.fix, other.fix);
            if other.primary.span != first.primary.span {
                first.add_place(other.primary, "and so here");
            }
        }
        first
    }));
}

/// So many further differences are written out.
const MOST_FURTHER: usize = 6;

fn join_by_table(diagnostics: &mut Vec<Diagnostic>) {
    let mut kept: Vec<(Diagnostic, usize)> = Vec::new();
    let mut of_tables: Vec<usize> = Vec::new();
    let mut of_statements: FxHashMap<Statement, usize> = FxHashMap::default();
    for diagnostic in diagnostics.drain(..) {
        let is_joined = |index: &usize| {
            let known = kept.get(*index);
            known.is_some_and(|(known, _)| is_of_one_table(known, &diagnostic))
        };
        let statement = Statement::of(&diagnostic);
        let same_statement = statement.as_ref().and_then(|key| of_statements.get(key));
        let same_table = of_tables.iter().copied().find(is_joined);
        let first = same_table.or(same_statement.copied());
        if let Some(key) = statement {
            of_statements
                .entry(key)
                .or_insert(first.unwrap_or(kept.len()));
        }
        if let Some((known, further)) = first.and_then(|first| kept.get_mut(first)) {
            if *further == 0 {
                take_same_first(&mut known.notes);
            }
            if *further < MOST_FURTHER {
                let note = format!("and {}", diagnostic.message);
                let same = diagnostic.notes.iter().rfind(|note| note.starts_with(SAME));
                let place = nth_further(&known.notes, *further);
                known
                    .notes
                    .splice(place..place, std::iter::once(note).chain(same.cloned()));
            }
            *further += 1;
            known.tables.extend(diagnostic.tables);
            if diagnostic.primary.span != known.primary.span {
                known.add_place(diagnostic.primary, "and here");
            }
        } else {
            if !diagnostic.tables.is_empty() {
                of_tables.push(kept.len());
            }
            kept.push((diagnostic, 0));
        }
    }
    diagnostics.extend(kept.into_iter().map(|(mut diagnostic, further)| {
        if let more @ 1.. = further.saturating_sub(MOST_FURTHER) {
            let noun = if more == 1 {
                "difference"
            } else {
                "differences"
            };
            let place = nth_further(&diagnostic.notes, MOST_FURTHER);
            diagnostic
                .notes
                .insert(place, format!("and {more} more {noun}"));
        }
        diagnostic
    }));
}

/// How a note begins that tells a further difference.
const FURTHER: &str = "and ";

/// Puts what goes the same way as the message before any further difference.
fn take_same_first(notes: &mut Vec<String>) {
    if let Some(place) = notes.iter().rposition(|note| note.starts_with(SAME)) {
        let note = notes.remove(place);
        notes.insert(0, note);
    }
}

/// Where a note goes that comes after so many further differences and what goes the same way as each of them.
fn nth_further(notes: &[String], count: usize) -> usize {
    let is_same = |note: &String| note.starts_with(SAME);
    let mut place = usize::from(notes.first().is_some_and(is_same));
    for _ in 0..count {
        place += 1;
        if notes.get(place).is_some_and(is_same) {
            place += 1;
        }
    }
    place.min(notes.len())
}

/// Where a rule finds something; what it finds in one and the same statement is one slip.
#[derive(PartialEq, Eq, Hash)]
struct Statement {
    code: &'static str,
    severity: Severity,
    help: Option<String>,
    file: RepoPath,
    span: Span,
}

impl Statement {
    /// `None` for what stays by itself.
    fn of(diagnostic: &Diagnostic) -> Option<Self> {
        let is_joined = diagnostic.concealed.is_none() && diagnostic.fix.is_none();
        let span = diagnostic.primary.span.filter(|_| is_joined)?;
        Some(Self {
            code: diagnostic.code,
            severity: diagnostic.severity,
            help: diagnostic.help.clone(),
            file: diagnostic.primary.file.clone(),
            span,
        })
    }
}

fn is_of_one_table(one: &Diagnostic, other: &Diagnostic) -> bool {
    one.code == other.code
        && one.severity == other.severity
        && one.revision == other.revision
        && one.primary.file == other.primary.file
        && one.help == other.help
        && one.tables.iter().any(|table| other.tables.contains(table))
}

/// What findings that are joined have in common.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    code: &'static str,
    file: RepoPath,
    severity: Severity,
    revision: Option<String>,
    message: String,
    help: Option<String>,
    notes: Vec<String>,
    /// What happens to the model of a table happens to the same columns of another.
    parts: Vec<String>,
}

impl Alike {
    /// `None` for what stays by itself.
    fn of(diagnostic: &Diagnostic) -> Option<Self> {
        let is_whole = diagnostic.is_of_a_file;
        let is_joined = diagnostic.concealed.is_none() && (is_whole || diagnostic.fix.is_none());
        let help = diagnostic.help.as_deref().filter(|_| !is_whole);
        let notes = diagnostic.notes.iter().filter(|_| !is_whole);
        is_joined.then(|| Self {
            code: diagnostic.code,
            file: diagnostic.primary.file.clone(),
            severity: diagnostic.severity,
            revision: diagnostic.revision.clone(),
            message: wording(&diagnostic.message),
            help: help.map(wording),
            notes: notes
                .filter(|note| !note.starts_with(SAME) && !note.starts_with(OTHER_NAME))
                .filter(|note| !is_consequence(note))
                .map(|note| wording(note))
                .collect(),
            parts: parts_of_model(&diagnostic.message),
        })
    }
}

/// The names of what happens to in the model of a table, with that of the table left out of them.
fn parts_of_model(message: &str) -> Vec<String> {
    let Some(found) = MODEL.captures(message) else {
        return Vec::new();
    };
    let rest = message.get(found[0].len()..).unwrap_or_default();
    let table = found[1].rsplit('.').next().unwrap_or_default();
    let names = names_in(rest).into_iter();
    names.map(|name| name.replace(table, "_")).collect()
}

/// ``the model of `users` and of `teams` ``
static MODEL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^the model of `([^`]*)`(?: and of `[^`]*`)*(?: and \d+ more)?"));

/// How a note begins that says by which name else one of several goes.
const OTHER_NAME: &str = "the model calls the ";

/// What a downgrade that leaves something otherwise comes to: at the next upgrade it fails, or nothing does.
const CONSEQUENCES: [&str; 2] = [
    "the next upgrade fails: ",
    "after upgrade and downgrade the schema is another one than before",
];

fn is_consequence(note: &str) -> bool {
    CONSEQUENCES.iter().any(|words| note.starts_with(words))
}

/// One slip does not always come to the same: the worst is told.
fn take_consequence(first: &mut Diagnostic, others: &[Diagnostic]) {
    let [failure, _] = CONSEQUENCES;
    let is_failure = |note: &&String| note.starts_with(failure);
    let own = first.notes.iter_mut().find(|note| is_consequence(note));
    let Some(own) = own.filter(|own| !own.starts_with(failure)) else {
        return;
    };
    let mut notes = others.iter().flat_map(|other| &other.notes);
    if let Some(worse) = notes.find(is_failure) {
        own.clone_from(worse);
    }
}

/// The text without the names in it. A list of names is as good as one of them, and a table may stand before its index or
/// after several.
fn wording(text: &str) -> String {
    let words = NAMES.replace_all(text, "_");
    let words = PLURAL.replace_all(&words, "${noun}");
    let words = MORE.replace_all(&words, "_${after}");
    let words = WITH_TABLE.replace_all(&words, "index _");
    let mut clauses: Vec<&str> = words
        .split(", ")
        .flat_map(|part| part.split(" and "))
        .collect();
    clauses.dedup();
    clauses.join(", ")
}

/// A name as messages write it.
static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(NAME_PATTERN));

/// One or several of them.
static NAMES: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!("{NAME_PATTERN}(?:(?:, | and ){NAME_PATTERN})*")));

/// What there may be several of.
static PLURAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?P<noun>index|table|column|constraint|key|type|label|revision|sequence|view|function)e?s\b",
    )
});

/// What is left of a list after its names.
static MORE: LazyLock<Regex> = LazyLock::new(|| pattern(r"_ and \d+ more(?P<after>,| to| of)"));

static WITH_TABLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bindex _ (?:to|of) _"));

/// The table of a list of indexes: ``indexes `ix_a` and `ix_b` of `users` ``
static TABLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\bindexes {NAME_PATTERN}(?:(?:, | and ){NAME_PATTERN})*(?: and \d+ more)? (?:to|of) (?P<table>`[^`]*`)"
    ))
});

const NAME_PATTERN: &str = r"(?:`[^`]*`|\([^()]*\))";

#[expect(clippy::expect_used, reason = "the patterns are fixed")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed")
}

/// How a note begins that names what goes the same way.
const SAME: &str = "the same holds for ";

/// The names in notes of a finding about what goes the same way, and how many more there are.
fn same_in(diagnostic: &Diagnostic) -> (Vec<&str>, usize) {
    let mut names = Vec::new();
    let mut further = 0;
    for note in diagnostic
        .notes
        .iter()
        .filter_map(|note| note.strip_prefix(SAME))
    {
        let (same, more) = same_of(note);
        names.extend(same);
        further += more;
    }
    (names, further)
}

/// The names in one such note, and how many more there are.
fn same_of(note: &str) -> (Vec<&str>, usize) {
    let more = note
        .strip_suffix(" more")
        .and_then(|note| note.rsplit(' ').next());
    let more = more.and_then(|more| more.parse().ok()).unwrap_or(0);
    (names_in(note), more)
}

/// Names the others by what is another in their messages.
fn note(first: &Diagnostic, others: &[Diagnostic]) -> Option<String> {
    if others.is_empty() {
        return None;
    }
    let (mut names, mut further) = same_in(first);
    for other in others {
        let (same, more) = same_in(other);
        further += more;
        for name in new_names(&first.message, &other.message)
            .into_iter()
            .chain(same)
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    same_for_many(&names, MOST_NAMED, further)
}

/// The names in the second of two texts of the same words that tell it from the first: that of the table, of several indexes.
fn new_names<'t>(own: &str, text: &'t str) -> Vec<&'t str> {
    if let Some(table) = table_in(text).filter(|table| table_in(own) != Some(*table)) {
        return vec![table];
    }
    let (own, theirs) = (names_in(own), names_in(text));
    let differ = theirs.iter().zip(&own).find(|(name, own)| name != own);
    match differ {
        Some((name, _)) if theirs.len() == own.len() => vec![name],
        _ => theirs
            .into_iter()
            .filter(|name| !own.contains(name))
            .collect(),
    }
}

/// A note about what goes the same way as the object of a finding: names in backticks, of which so many are shown.
pub fn same_for<T: AsRef<str>>(names: &[T], most: usize) -> Option<String> {
    same_for_many(names, most, 0)
}

/// The same with so many more that are not among the names.
fn same_for_many<T: AsRef<str>>(names: &[T], most: usize, further: usize) -> Option<String> {
    let (shown, more) = names.split_at(names.len().min(most));
    let shown: Vec<&str> = shown.iter().map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match more.len() + further {
        _ if names.is_empty() => None,
        0 => Some(format!("{SAME}{shown}")),
        more => Some(format!("{SAME}{shown} and {more} more")),
    }
}

fn table_in(text: &str) -> Option<&str> {
    let found = TABLE.captures(text)?.name("table")?;
    Some(found.as_str())
}

fn names_in(text: &str) -> Vec<&str> {
    NAME.find_iter(text).map(|name| name.as_str()).collect()
}

#[cfg(test)]
mod tests;
