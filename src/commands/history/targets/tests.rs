//! What is written, and which revisions it means.

use std::sync::Arc;

use smol_str::SmolStr;

use super::*;
use crate::alembic::{Identifier, Revision, RevisionDoc};
use crate::python::ParsedFile;
use crate::source::{RepoPath, Span};

/// Id, parents, dependencies and labels.
type Written<'w> = (&'w str, &'w [&'w str], &'w [&'w str], &'w [&'w str]);

fn map(revisions: &[Written<'_>]) -> RevisionMap {
    let identifiers = |ids: &[&str]| {
        ids.iter()
            .map(|id| Identifier {
                value: SmolStr::new(id),
                span: Span::default(),
            })
            .collect::<Vec<_>>()
    };
    RevisionMap::new(revisions.iter().map(|(id, down, depends, labels)| {
        Arc::new(Revision {
            file: RepoPath::new(format!("versions/{id}.py")),
            source: Arc::new(ParsedFile::new(b"")),
            id: Identifier {
                value: SmolStr::new(id),
                span: Span::default(),
            },
            down_revision: identifiers(down),
            down_revision_span: Span::default(),
            depends_on: identifiers(depends),
            branch_labels: identifiers(labels),
            doc: RevisionDoc::default(),
        })
    }))
}

/// a1 - a2 - b1 - c1, and beside it p1 - p2 with a label, of which p2 depends on a2.
fn two_branches() -> RevisionMap {
    map(&[
        ("a1", &[], &[], &[]),
        ("a2", &["a1"], &[], &[]),
        ("b1", &["a2"], &[], &[]),
        ("c1", &["b1"], &[], &[]),
        ("p1", &[], &[], &["plugin"]),
        ("p2", &["p1"], &["a2"], &[]),
    ])
}

fn names(map: &RevisionMap, nodes: &[usize]) -> String {
    let names: Vec<&str> = nodes
        .iter()
        .map(|node| map.node(*node).id().as_str())
        .collect();
    names.join(" ")
}

#[test]
fn one_revision_in_many_ways() {
    let map = two_branches();
    let targets = Targets::new(&map);
    for (written, expected) in [
        ("a1", "a1"),
        ("b", "b1"),
        ("heads", "c1 p2"),
        ("base", ""),
        ("plugin", "p1"),
        ("plugin@head", "p2"),
        ("plugin@base", "p1"),
        ("c1@head", "c1"),
        ("c1-2", "a2"),
        ("c1-4", ""),
        ("a1+2", "b1"),
        ("p1+1", "p2"),
        ("plugin@head-1", "p1"),
        ("b+1", "c1"),
    ] {
        let found = targets.several(written).unwrap();
        assert_eq!(names(&map, &found), expected, "{written}");
    }
}

#[test]
fn what_is_no_revision_is_said_to_be_none() {
    let map = two_branches();
    let targets = Targets::new(&map);
    let error = |written: &str| targets.several(written).unwrap_err().to_string();
    assert_eq!(error("x"), "no revision is called `x`");
    assert_eq!(error(""), "no revision is called ``");
    assert_eq!(error("a"), "several revisions begin with `a`");
    assert_eq!(error("head"), "`head` means several revisions");
    assert_eq!(error("-1"), "`head` means several revisions");
    assert_eq!(
        error("a1-2"),
        "`a1-2` leads past the first revision, or past the last one"
    );
    assert_eq!(
        error("c1+1"),
        "`c1+1` leads past the first revision, or past the last one"
    );
    assert_eq!(error("x@head"), "no revision is called `x@head`");
    assert_eq!(error("current"), "`current` is only known to a database");
    assert_eq!(
        error("+1"),
        "`+1` is no one revision: there are several on the way"
    );
    assert_eq!(error("a1-x"), "no revision is called `a1-x`");
}

#[test]
fn ranges_with_and_without_their_beginning() {
    let map = two_branches();
    let targets = Targets::new(&map);
    for (written, expected) in [
        ("a2:c1", "a2 b1 c1"),
        ("a2..c1", "b1 c1"),
        ("a2..", "b1 c1 p1 p2"),
        ("..b1", "a1 a2 b1"),
        (":b1", "a1 a2 b1"),
        ("a2:p2", "a2"),
        ("p1:p2", "p1 p2"),
        ("base:heads", "a1 a2 b1 c1 p1 p2"),
        ("b:b", "b1"),
        ("b..b", ""),
    ] {
        let (found, is_range) = targets.range(written).unwrap();
        assert!(is_range);
        assert_eq!(names(&map, &found), expected, "{written}");
    }
    assert_eq!(targets.range("b").unwrap(), (vec![2], false));
    let TargetError::Backwards { help, .. } = targets.range("c1:a1").unwrap_err() else {
        panic!("it is turned around");
    };
    assert_eq!(help.as_deref(), Some("it comes after it: `a1:c1`"));
    let TargetError::Backwards { help, .. } = targets.range("c1:p2").unwrap_err() else {
        panic!("one has nothing to do with the other");
    };
    assert_eq!(help, None);
}

#[test]
fn dependencies_run_before_too() {
    let map = two_branches();
    let targets = Targets::new(&map);
    assert_eq!(names(&map, &targets.with_all_before(&[5])), "a1 a2 p1 p2");
}

#[test]
fn odd_maps_have_an_answer() {
    let none = map(&[]);
    let targets = Targets::new(&none);
    assert_eq!(targets.several("head"), Ok(Vec::new()));
    assert_eq!(targets.several("heads"), Ok(Vec::new()));
    assert!(targets.several("head-1").is_err());
    let circle = map(&[("a", &["b"], &[], &[]), ("b", &["a"], &[], &[])]);
    let targets = Targets::new(&circle);
    assert_eq!(targets.several("heads"), Ok(Vec::new()));
    assert_eq!(targets.with_all_before(&[0]), [0, 1]);
    assert_eq!(names(&circle, &targets.several("a-3").unwrap()), "b");
    assert_eq!(targets.range("a:b").unwrap().0, [0, 1]);
}
