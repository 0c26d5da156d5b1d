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
            if *further < MOST_FURTHER {
                let note = format!("and {}", diagnostic.message);
                known.notes.insert(*further, note);
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
            diagnostic
                .notes
                .insert(MOST_FURTHER, format!("and {more} more {noun}"));
        }
        diagnostic
    }));
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
                .filter(|note| !note.starts_with(SAME) && !is_consequence(note))
                .map(|note| wording(note))
                .collect(),
        })
    }
}

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
        names.extend(names_in(note));
        let more = note
            .strip_suffix(" more")
            .and_then(|note| note.rsplit(' ').next());
        further += more.and_then(|more| more.parse().ok()).unwrap_or(0);
    }
    (names, further)
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
mod tests {
    use super::*;
    use crate::diagnostic::{Fingerprint, Fix, Label};

    pub(super) fn finding(at: u32, file: &str, message: &str) -> Diagnostic {
        Diagnostic {
            code: "ML204",
            name: "not-reversed",
            severity: Severity::Error,
            message: message.to_owned(),
            primary: Label::new(RepoPath::new(file), Span::new(at, at + 1), ""),
            related: Vec::new(),
            notes: vec!["after upgrade and downgrade the schema is another one".to_owned()],
            help: None,
            revision: Some("a".to_owned()),
            fix: None,
            concealed: None,
            is_half: false,
            tables: Vec::new(),
            is_of_many_files: false,
            is_slip: false,
            is_of_a_file: false,
            leeway: crate::diagnostic::Leeway::None,
            is_way_back: false,
            fingerprint: Fingerprint::of([message]),
        }
    }

    pub(super) fn joined(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut findings = findings;
        join_alike(&mut findings);
        findings
    }

    #[test]
    fn the_same_of_several_names_is_one_finding_that_shows_the_others() {
        let findings = joined(vec![
            finding(1, "a.py", "the downgrade leaves `t.a` NOT NULL"),
            finding(5, "a.py", "the downgrade leaves `t.b` and `t.c` NOT NULL"),
            finding(9, "a.py", "the downgrade leaves `t.d` nullable"),
        ]);
        assert_eq!(findings.len(), 2);
        let first = findings.first().unwrap();
        assert_eq!(
            first.notes.last().unwrap(),
            "the same holds for `t.b`, `t.c`"
        );
        let places: Vec<_> = first.related.iter().map(|label| label.span).collect();
        assert_eq!(places, [Some(Span::new(5, 6))]);
    }

    #[test]
    fn a_file_is_told_once_of_all_names_that_it_lacks() {
        let of = |at, message: &str, fix: Option<&str>| Diagnostic {
            is_of_a_file: true,
            help: fix.is_none().then(|| "import it".to_owned()),
            fix: fix.map(|title| Fix {
                applicability: crate::diagnostic::Applicability::Safe,
                title: title.to_owned(),
                edits: Vec::new(),
            }),
            ..finding(at, "a.py", message)
        };
        let findings = joined(vec![
            of(1, "`Pets` is not defined", None),
            of(5, "`JSONB` is not defined", Some("add JSONB")),
            of(9, "`UUID` is not defined", Some("add UUID")),
        ]);
        let [one] = findings.as_slice() else {
            panic!("{findings:?}");
        };
        assert_eq!(
            one.notes.last().unwrap(),
            "the same holds for `JSONB`, `UUID`"
        );
        let fix = one.fix.as_ref().unwrap();
        assert_eq!(fix.title, "mend all of them");
    }

    #[test]
    fn of_one_slip_the_worst_consequence_is_told() {
        let of = |at, message: &str, note: &str| Diagnostic {
            notes: vec![note.to_owned()],
            ..finding(at, "a.py", message)
        };
        let (nothing, failure) = (CONSEQUENCES[1], "the next upgrade fails: `u.a`");
        let findings = joined(vec![
            of(1, "the downgrade leaves `t.a` of type `x`", nothing),
            of(5, "the downgrade leaves `u.a` of type `x`", failure),
        ]);
        let [one] = findings.as_slice() else {
            panic!("{findings:?}");
        };
        assert_eq!(one.notes, [failure, "the same holds for `u.a`"]);
    }

    #[test]
    fn several_of_one_kind_are_as_good_as_one() {
        let findings = joined(vec![
            finding(
                1,
                "a.py",
                "the model of `t` changes foreign keys (a) and (b)",
            ),
            finding(5, "a.py", "the model of `u` changes foreign key (a)"),
            finding(9, "a.py", "the model of `v` changes index `i`"),
        ]);
        assert_eq!(findings.len(), 2);
        let first = findings.first().unwrap();
        assert_eq!(first.notes.last().unwrap(), "the same holds for `u`");
    }

    #[test]
    fn the_name_that_differs_is_the_one_told() {
        let findings = joined(vec![
            finding(1, "a.py", "adding column `a` to `t` fails"),
            finding(5, "a.py", "adding column `b` to `t` fails"),
            finding(9, "a.py", "adding column `b` to `u` fails"),
        ]);
        let notes: Vec<_> = findings.iter().flat_map(|finding| &finding.notes).collect();
        assert_eq!(*notes.last().unwrap(), "the same holds for `b`");
    }

    #[test]
    fn one_or_several_is_the_same() {
        let findings = joined(vec![
            finding(
                1,
                "a.py",
                "the new table `t` has index `a`, unlike the model",
            ),
            finding(
                5,
                "a.py",
                "the new table `u` has indexes `b` and `c`, unlike the model",
            ),
        ]);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn many_names_are_counted() {
        let findings = (0..7).map(|at| finding(at, "a.py", &format!("index `i{at}` is left")));
        let findings = joined(findings.collect());
        assert_eq!(
            findings.first().unwrap().notes.last().unwrap(),
            "the same holds for `i1`, `i2`, `i3`, `i4` and 2 more"
        );
    }

    #[test]
    fn what_goes_the_same_way_already_is_named_with_the_others() {
        let with = |at, message: &str, note: &str| {
            let mut finding = finding(at, "a.py", message);
            finding.notes.push(note.to_owned());
            finding
        };
        let findings = joined(vec![
            with(1, "index `a` is left", "the same holds for `b` and 3 more"),
            with(5, "index `c` is left", "the same holds for `d`"),
            finding(9, "a.py", "index `e` is left"),
        ]);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings.first().unwrap().notes.last().unwrap(),
            "the same holds for `b`, `c`, `d`, `e` and 3 more"
        );
    }

    #[test]
    fn what_a_rule_finds_of_one_table_is_one_finding_where_it_says_so() {
        let of = |at, message: &str, tables: &[&str]| Diagnostic {
            tables: tables.iter().map(ToString::to_string).collect(),
            ..finding(at, "a.py", message)
        };
        let findings = joined(vec![
            of(1, "the migration adds index `a`", &["t"]),
            of(5, "the migration drops column `b`", &["t", "u"]),
            of(9, "the migration makes `u.c` NOT NULL", &["u"]),
            of(13, "the migration drops table `v`", &["v"]),
            finding(17, "a.py", "the migration gives `t` a comment"),
        ]);
        assert_eq!(findings.len(), 3);
        let first = findings.first().unwrap();
        assert_eq!(
            first.notes.iter().take(2).collect::<Vec<_>>(),
            [
                "and the migration drops column `b`",
                "and the migration makes `u.c` NOT NULL"
            ]
        );
        assert_eq!(first.related.len(), 2);
    }

    #[test]
    fn what_a_rule_finds_in_one_statement_is_one_finding() {
        let findings = joined(vec![
            finding(1, "a.py", "`downgrade` alters column `t.a`"),
            finding(1, "a.py", "`downgrade` drops check constraint `a`"),
            finding(5, "a.py", "`downgrade` drops index `b`"),
        ]);
        assert_eq!(findings.len(), 2);
        let first = findings.first().unwrap();
        assert_eq!(
            first.notes.first().unwrap(),
            "and `downgrade` drops check constraint `a`"
        );
        assert_eq!(first.related.len(), 0);
    }

    #[test]
    fn what_was_done_to_many_files_is_one_finding_where_the_rule_says_so() {
        let of = |file: &str| Diagnostic {
            is_of_many_files: true,
            fix: Some(Fix {
                applicability: crate::diagnostic::Applicability::Safe,
                title: String::new(),
                edits: vec![crate::diagnostic::Edit {
                    file: RepoPath::new(file),
                    span: Span::new(1, 2),
                    replacement: "b".to_owned(),
                }],
            }),
            ..finding(1, file, "the docstring says it revises `a`")
        };
        assert_eq!(joined(vec![of("a.py"), of("b.py")]).len(), 2);
        let findings = joined(vec![of("a.py"), of("b.py"), of("c.py")]);
        assert_eq!(findings.len(), 1);
        let first = findings.first().unwrap();
        assert_eq!(first.notes.last().unwrap(), "so it is in 2 more files");
        assert_eq!(first.related.len(), 2);
        assert_eq!(first.fix.as_ref().unwrap().edits.len(), 3);
        let mild = Diagnostic {
            severity: Severity::Warning,
            ..of("a.py")
        };
        let findings = joined(vec![mild, of("b.py"), of("c.py")]);
        let [worst] = findings.as_slice() else {
            panic!("{findings:?}");
        };
        assert_eq!(worst.primary.file, RepoPath::new("b.py"));
    }

    #[test]
    fn other_files_and_findings_with_a_fix_stay_apart() {
        let apart = joined(vec![
            finding(1, "a.py", "index `a` is left"),
            finding(1, "b.py", "index `b` is left"),
        ]);
        assert_eq!(apart.len(), 2);
        let mut fixed = finding(5, "a.py", "index `b` is left");
        fixed.fix = Some(Fix {
            applicability: crate::diagnostic::Applicability::Safe,
            title: String::new(),
            edits: Vec::new(),
        });
        let apart = joined(vec![finding(1, "a.py", "index `a` is left"), fixed]);
        assert_eq!(apart.len(), 2);
    }
}
