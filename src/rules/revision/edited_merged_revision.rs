//! ML108

mod effect;
mod meaning;
mod order;

use crate::alembic::Revision;
use crate::diagnostic::{Label, Severity};
use crate::python::ParsedFile;
use crate::python::ast::{ExprKind, Module, StmtKind};
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
        format!(
            "revision `{}` is {}, and this changes its {}",
            self.id,
            whereabouts(self.release.as_deref(), self.base_name),
            list(&self.changed)
        )
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
        Some(
            "what databases that have run it need as well belongs into a new revision; if they need nothing of it, as where it only failed before, say so"
                .to_owned(),
        )
    }

    fn severity(&self) -> Option<Severity> {
        self.release.is_some().then_some(Severity::Error)
    }
}

/// Where others have a revision from.
fn whereabouts(release: Option<&str>, base_name: &str) -> String {
    match release {
        Some(release) => format!("part of release `{release}`"),
        None => format!("already on `{base_name}`"),
    }
}

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    order::check(ctx, reporter);
    let Some(upstream) = ctx.change.upstream else {
        return;
    };
    let head = ctx.environment.head;
    let dialect = head.dialect().dialect;
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
        let changed = meaning::changed_in_effect(upstream, before, head, node);
        if changed.is_empty() || is_given_back(ctx, old, revision) {
            continue;
        }
        let place = changed
            .iter()
            .find_map(|name| definition_span(&revision.source.module, name));
        // A release counts if it has what is changed as it is on the base.
        let is_as_on_the_base = |bytes: &[u8]| {
            let differs = meaning::changed(&ParsedFile::new(bytes), &old.source, dialect);
            !changed.iter().any(|name| differs.contains(name))
        };
        let release = ctx
            .change
            .releases
            .oldest_with(&old.file, &is_as_on_the_base);
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

/// True if the newest release has what the change makes of the revision: then what was merged since is taken back.
fn is_given_back(ctx: &ChangeContext<'_>, old: &Revision, revision: &Revision) -> bool {
    let dialect = ctx.environment.head.dialect().dialect;
    let released = ctx.change.releases.newest(&old.file);
    released.is_some_and(|bytes| {
        meaning::changed(&ParsedFile::new(&bytes), &revision.source, dialect).is_empty()
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
