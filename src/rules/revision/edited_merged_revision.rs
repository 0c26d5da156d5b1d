//! ML108

use crate::diagnostic::{Label, Severity};
use crate::project::ProjectEnvironment;
use crate::python::ast::{ExprKind, Module, StmtKind};
use crate::python::{Definitions, definitions, definitions_by_package};
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
    release: Option<String>,
    base_name: &'a str,
}

impl Violation for EditedMergedRevision<'_> {
    fn message(&self) -> String {
        let changed = list(&self.changed);
        match &self.release {
            Some(release) => format!(
                "revision `{}` is part of release `{release}`, and this changes its {changed}",
                self.id
            ),
            None => format!(
                "revision `{}` is already on `{}`, and this changes its {changed}",
                self.id, self.base_name
            ),
        }
    }

    fn subject(&self) -> String {
        self.changed.join(" ")
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "databases that have run it will not run it again: they keep what the old version made"
                .to_owned(),
        ]
    }

    fn help(&self) -> Option<String> {
        Some("leave it as it was and put the correction into a new revision".to_owned())
    }

    fn severity(&self) -> Option<Severity> {
        self.release.is_some().then_some(Severity::Error)
    }
}

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(upstream) = ctx.change.upstream else {
        return;
    };
    let head = ctx.environment.head;
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
        let (before_edit, after_edit) = (&old.source.module, &revision.source.module);
        let mut changed = changed_names(&definitions(before_edit), &definitions(after_edit));
        if !changed.is_empty() {
            let moved = changed_names(
                &definitions_by_package(before_edit),
                &definitions_by_package(after_edit),
            );
            changed.retain(|name| moved.contains(name));
        }
        if changed.is_empty() || does_the_same(upstream, before, head, node, &changed) {
            continue;
        }
        let place = changed
            .iter()
            .find_map(|name| definition_span(&revision.source.module, name));
        let release = ctx.change.past.release_with(&old.file);
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
            id: &revision.id.value,
            changed,
            release,
            base_name: ctx.change.base_name,
        };
        let label = Label::new(
            revision.file.clone(),
            place.unwrap_or(revision.id.span),
            "changed",
        );
        reporter.report_on(&violation, label, Some(&revision.id.value));
    }
}

/// The definitions that differ and matter to a database that has run the revision. The way down does not: it is only
/// run later, and may well be corrected.
fn changed_names(old: &Definitions, new: &Definitions) -> Vec<String> {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let changed: Vec<String> = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .filter(|name| !is_absent_identifier(name, old, new))
        .cloned()
        .collect();
    let only_used_by_downgrade = |name: &String| {
        name == "downgrade" || {
            let uses = |definitions: &Definitions| {
                definitions.iter().any(|(other, text)| {
                    other != "downgrade" && other != name && mentions(text, name)
                })
            };
            !name.is_empty()
                && name != "upgrade"
                && !is_identifier(name)
                && !uses(old)
                && !uses(new)
        }
    };
    changed
        .into_iter()
        .filter(|name| !only_used_by_downgrade(name))
        .collect()
}

fn is_identifier(name: &str) -> bool {
    matches!(
        name,
        "revision" | "down_revision" | "depends_on" | "branch_labels"
    )
}

/// `depends_on = None` says the same as nothing.
fn is_absent_identifier(name: &str, old: &Definitions, new: &Definitions) -> bool {
    let says_nothing = |definitions: &Definitions| {
        definitions
            .get(name)
            .is_none_or(|text| text.trim_end().ends_with("= None"))
    };
    is_identifier(name) && name != "down_revision" && says_nothing(old) && says_nothing(new)
}

fn mentions(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text
            .get(at + name.len()..)
            .and_then(|after| after.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// True if both versions of `upgrade` certainly do the same, however they are written.
fn does_the_same(
    upstream: &ProjectEnvironment<'_>,
    before: usize,
    head: &ProjectEnvironment<'_>,
    node: usize,
    changed: &[String],
) -> bool {
    if changed.iter().any(|name| is_identifier(name)) {
        return false;
    }
    let (old, new) = (
        upstream.defined_migration(before),
        head.defined_migration(node),
    );
    let (Some(old), Some(new)) = (old.upgrade.run(), new.upgrade.run()) else {
        return false;
    };
    match (old.definitions(), new.definitions()) {
        (Some(old), Some(new)) => old == new,
        _ => false,
    }
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
