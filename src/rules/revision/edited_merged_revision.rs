//! ML108

mod order;

use crate::alembic::Revision;
use crate::catalog::{Change, Difference, Subject};
use crate::diagnostic::{Label, Severity};
use crate::python::ParsedFile;
use crate::python::ast::{ExprKind, Module, StmtKind};
use crate::rules::difference::{enumerated, object_in_words};
use crate::rules::edit;
use crate::rules::revision::{
    Released, are_alike, is_fresh, is_only_with_developers, renamed_to, severity_of, squashed_into,
    whereabouts,
};
use crate::rules::{ChangeContext, Reporter, Violation, declare_rule, list};
use crate::source::Span;

declare_rule! {
    "ML108", "edited-merged-revision" in Revision("revision"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Change(check),
}

struct EditedMergedRevision<'a> {
    id: &'a str,
    changed: Vec<String>,
    release: Option<Released>,
    base_name: &'a str,
    /// Which revision it is now, if another one has taken its id.
    moved_to: Option<&'a str>,
    /// True if nothing but views and functions differs, which hold no rows and are made anew at will, or nothing but names.
    is_soft: bool,
    is_fresh: bool,
    /// What databases that have run it lack, or have otherwise, as far as it is known.
    missing: Vec<Difference>,
}

impl Violation for EditedMergedRevision<'_> {
    fn message(&self) -> String {
        let whereabouts = whereabouts(self.release.as_ref(), self.base_name);
        match self.moved_to {
            Some(moved_to) => format!(
                "revision `{}` is {whereabouts}, and this gives its id to another one: it is `{moved_to}` now",
                self.id
            ),
            None => format!(
                "revision `{}` is {whereabouts}, and this changes its {}",
                self.id,
                list(&self.changed)
            ),
        }
    }

    fn subject(&self) -> String {
        self.changed.join(" ")
    }

    fn notes(&self) -> Vec<String> {
        vec![format!(
            "databases that have run it will not run it again: they {}",
            kept(&self.missing)
        )]
    }

    fn help(&self) -> Option<String> {
        if self.moved_to.is_some() {
            return Some("let it keep its id, and give the new revision another".to_owned());
        }
        Some(
            "put what databases that have run it still need into a new revision; where the old version only failed, they need nothing"
                .to_owned(),
        )
    }

    fn severity(&self) -> Option<Severity> {
        if self.is_fresh {
            return Some(Severity::Info);
        }
        severity_of(self.release.as_ref()).filter(|_| !self.is_soft)
    }
}

/// What becomes of databases that have run the old version: "lack table `teams`; still have index `ix_users_email`".
fn kept(missing: &[Difference]) -> String {
    let named = |is_meant: fn(Change) -> bool| {
        let mut objects: Vec<String> = Vec::new();
        for difference in missing.iter().filter(|one| is_meant(one.change)) {
            let object = object_in_words(difference);
            if !objects.contains(&object) {
                objects.push(object);
            }
        }
        let shown = objects.get(..MOST_NAMED).unwrap_or(&objects);
        match objects.len() - shown.len() {
            0 => enumerated(shown),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    };
    let clauses = [
        ("lack", named(|change| change == Change::Added)),
        ("still have", named(|change| change == Change::Removed)),
        (
            "have under another name",
            named(|change| change == Change::Renamed),
        ),
        (
            "have otherwise",
            named(|change| matches!(change, Change::Changed(_))),
        ),
    ];
    let clauses = clauses
        .into_iter()
        .filter(|(_, objects)| !objects.is_empty());
    let clauses: Vec<String> = clauses
        .map(|(verb, objects)| format!("{verb} {objects}"))
        .collect();
    if clauses.is_empty() {
        return "keep what the old version made".to_owned();
    }
    clauses.join("; ")
}

/// So many objects are named that a database lacks.
const MOST_NAMED: usize = 3;

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    order::check(ctx, reporter);
    let Some(upstream) = ctx.change.upstream else {
        return;
    };
    let head = ctx.environment.head;
    let dialect = head.dialect().dialect;
    let mut found = Vec::new();
    for (node, revision) in head
        .map
        .nodes()
        .iter()
        .map(|node| &node.revision)
        .enumerate()
    {
        if !ctx.environment.is_judged(&revision.file) {
            continue;
        }
        let Some(before) = upstream.map.find(&revision.id.value) else {
            continue;
        };
        let old = &upstream.map.node(before).revision;
        // A file that cannot be read says nothing about what was meant; that is reported by itself.
        if old.source.syntax_error.is_some() || revision.source.syntax_error.is_some() {
            continue;
        }
        if order::is_ambiguous(&upstream.map, &revision.id.value)
            || order::is_ambiguous(&head.map, &revision.id.value)
        {
            continue;
        }
        let changed = edit::changed_in_effect(upstream, before, head, node);
        // A squash that keeps the id is told by what it deletes.
        if changed.is_empty()
            || is_given_back(ctx, old, revision)
            || squashed_into(revision, upstream, head).is_some()
        {
            continue;
        }
        let Some(missing) = edit::missing(upstream, before, head, node) else {
            continue;
        };
        let place = changed
            .iter()
            .find_map(|name| definition_span(&revision.source.module, name));
        // A release counts if it has what is changed as it is on the base.
        let is_as_on_the_base = |bytes: &[u8]| {
            let differs = edit::changed(&ParsedFile::new(bytes), &old.source, dialect);
            !changed.iter().any(|name| differs.contains(name))
        };
        let past = ctx.change.past;
        let release = past
            .oldest_with(&old.file, &is_as_on_the_base)
            .map(|name| Released::new(name, past));
        // Who gives the file another name, too, means to.
        let is_meant = release.is_none() && past.has_releases() && old.file != revision.file;
        if is_meant || is_only_with_developers(old, release.as_ref(), upstream, past) {
            continue;
        }
        let changed = changed
            .iter()
            .map(|name| {
                if name.is_empty() {
                    "code".to_owned()
                } else {
                    name.clone()
                }
            })
            .collect();
        let violation = EditedMergedRevision {
            is_fresh: is_fresh(old, release.as_ref(), past),
            id: &revision.id.value,
            changed,
            release,
            base_name: ctx.change.base_name,
            moved_to: renamed_to(old, upstream, head)
                .filter(|_| !are_alike(old, revision))
                .map(|moved| moved.id.value.as_str()),
            is_soft: !missing.is_empty()
                && missing.iter().all(|difference| {
                    matches!(difference.subject, Subject::Object(_))
                        || difference.change == Change::Renamed
                }),
            missing,
        };
        let label = Label::new(
            revision.file.clone(),
            place.unwrap_or(revision.id.span),
            "changed",
        );
        let objects = violation.missing.iter();
        let objects = objects
            .map(|difference| difference.object.clone())
            .collect();
        found.push((violation, label, objects));
    }
    report_joined(found, reporter);
}

/// Reports edits. What one revision no longer does and another does now has moved: that is one correction.
fn report_joined(
    found: Vec<(EditedMergedRevision<'_>, Label, Vec<String>)>,
    reporter: &mut Reporter<'_>,
) {
    let mut joined: Vec<(EditedMergedRevision<'_>, Label, Vec<String>, Vec<Label>)> = Vec::new();
    for (violation, label, mut missing) in found {
        let known = joined
            .iter_mut()
            .find(|(_, _, objects, _)| objects.iter().any(|object| missing.contains(object)));
        match known {
            Some((_, _, objects, others)) => {
                objects.append(&mut missing);
                others.push(label);
            }
            None => joined.push((violation, label, missing, Vec::new())),
        }
    }
    for (violation, label, _, others) in joined {
        let others = others.into_iter().take(MOST_PLACES);
        reporter
            .report_on(&violation, label, Some(violation.id))
            .related(others);
    }
}

/// So many further places are shown with a finding.
const MOST_PLACES: usize = 8;

/// True if the newest release has what the change makes of the revision: then what was merged since is taken back.
fn is_given_back(ctx: &ChangeContext<'_>, old: &Revision, revision: &Revision) -> bool {
    let dialect = ctx.environment.head.dialect().dialect;
    let released = ctx.change.past.newest(&old.file);
    released.is_some_and(|bytes| {
        edit::changed(&ParsedFile::new(&bytes), &revision.source, dialect).is_empty()
    })
}

/// Where a name is defined at the top of a module.
fn definition_span(module: &Module, name: &str) -> Option<Span> {
    module.body.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::FunctionDef(def) if def.name == name => Some(def.name_span),
        StmtKind::ClassDef(def) if def.name == name => Some(def.name_span),
        StmtKind::Assign { targets, .. } => {
            targets.iter().find(|target| matches!(&target.kind, ExprKind::Name(bound) if bound == name)).map(|_| stmt.span)
        }
        StmtKind::AnnAssign { target, .. } if matches!(&target.kind, ExprKind::Name(bound) if bound == name) => {
            Some(stmt.span)
        }
        _ => None,
    })
}
