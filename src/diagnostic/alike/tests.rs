//! Findings that are shown as one.

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
fn another_name_of_one_of_them_makes_no_other_slip() {
    let mut first = finding(1, "a.py", "enum `a` has other labels than the model");
    first.notes.push("the model calls the type `aa`".to_owned());
    let other = finding(5, "a.py", "enum `b` has other labels than the model");
    let findings = joined(vec![first, other]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].notes.last().unwrap(), "the same holds for `b`");
}

#[test]
fn several_of_one_kind_are_as_good_as_one() {
    let findings = joined(vec![
        finding(
            1,
            "a.py",
            "the model of `t` changes foreign keys (a) and (b)",
        ),
        finding(
            5,
            "a.py",
            "the model of `u` changes foreign keys (a) and (b)",
        ),
        finding(9, "a.py", "the model of `v` changes index `i`"),
    ]);
    assert_eq!(findings.len(), 2);
    let first = findings.first().unwrap();
    assert_eq!(first.notes.last().unwrap(), "the same holds for `u`");
}

#[test]
fn a_model_that_loses_other_columns_is_another_one() {
    let findings = joined(vec![
        finding(
            1,
            "a.py",
            "the model of `t` loses column `a`, loses column `b`",
        ),
        finding(
            5,
            "a.py",
            "the model of `u` loses column `a`, loses column `c`",
        ),
        finding(
            9,
            "a.py",
            "the model of `v` loses column `a`, loses column `b`",
        ),
        finding(13, "a.py", "the model of `users` loses index `ix_users_a`"),
        finding(17, "a.py", "the model of `teams` loses index `ix_teams_a`"),
    ]);
    let notes: Vec<_> = findings
        .iter()
        .map(|one| one.notes.last().unwrap().as_str())
        .collect();
    assert_eq!(findings.len(), 3);
    assert_eq!(notes[0], "the same holds for `v`");
    assert_eq!(notes[2], "the same holds for `teams`");
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
    let two = joined(vec![of("a.py"), of("b.py")]);
    assert_eq!(two.len(), 1);
    assert_eq!(two[0].notes.last().unwrap(), "so it is in 1 more file");
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
