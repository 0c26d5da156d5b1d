//! What the base says just the same: nobody who reads the change has brought it.

use std::mem;

use rustc_hash::FxHashSet;

use super::{Linter, Outcome};
use crate::diagnostic::Diagnostic;
use crate::project::ProjectEnvironment;
use crate::rules::{self, EnvironmentChange, EnvironmentContext, Family, Listener, ScriptContext};

impl Linter<'_> {
    /// Judges revisions one by one. Of one that the base has, in other words perhaps, only what is new is said.
    pub(super) fn revisions(&mut self, ctx: &EnvironmentContext<'_>) {
        let earlier = self.outcome.diagnostics.len();
        self.scripts(ctx);
        self.migrations(ctx);
        let (Some(change), Some(base)) = (&ctx.change, ctx.base()) else {
            return;
        };
        let is_on_base = |diagnostic: &Diagnostic| {
            let revision = diagnostic.revision.as_deref();
            revision.is_some_and(|id| base.map.find(id).is_some())
        };
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        if !found.iter().any(is_on_base) {
            return;
        }
        // Where a revision has moved to another folder, it is its old file that is judged there.
        let judged = ctx.head.map.nodes().iter().map(|node| &node.revision);
        let moved = judged
            .filter(|revision| ctx.is_judged(&revision.file))
            .filter_map(|revision| {
                let old = base.map.find(&revision.id.value)?;
                Some(base.map.node(old).revision.file.clone())
            });
        let changes = change.changes.clone().with_modified(moved);
        let of_base = EnvironmentContext {
            head: base,
            change: Some(EnvironmentChange {
                changes: &changes,
                before: Some(base),
                upstream: Some(base),
                merged: None,
                branch: None,
                commits: Vec::new(),
                ..*change
            }),
            old: ctx.old.clone(),
            ..*ctx
        };
        let known = self.aside(|linter| {
            linter.scripts(&of_base);
            linter.migrations(&of_base);
        });
        let keys: FxHashSet<_> = known.diagnostics.iter().map(key).collect();
        self.leave_out(earlier, |diagnostic| {
            let is_moved = || {
                let revision = diagnostic.revision.as_deref();
                revision.is_some_and(|id| is_only_moved(ctx, base, id))
            };
            keys.contains(&key(diagnostic))
                || is_moved()
                || known
                    .diagnostics
                    .iter()
                    .any(|other| is_another_of(diagnostic, other, ctx, base))
        });
    }

    /// Judges something and leaves what was found so far as it is.
    pub(super) fn aside(&mut self, judge: impl FnOnce(&mut Self)) -> Outcome {
        let outcome = mem::take(&mut self.outcome);
        let habitual = mem::take(&mut self.habitual);
        judge(self);
        self.habitual = habitual;
        mem::replace(&mut self.outcome, outcome)
    }

    fn scripts(&mut self, ctx: &EnvironmentContext<'_>) {
        let scripts = ctx.head.scripts.scripts.iter();
        for script in scripts.filter(|script| ctx.is_judged(&script.file)) {
            let context = ScriptContext {
                environment: ctx,
                script,
            };
            self.each(|listener, reporter| {
                if let Listener::Script(check) = listener {
                    check(&context, reporter);
                }
            });
        }
    }
}

/// False for a revision that the base has just so, in another file.
pub(super) fn is_changed(ctx: &EnvironmentContext<'_>, node: usize) -> bool {
    let revision = &ctx.head.map.node(node).revision;
    let Some(base) = ctx.change.as_ref().and(ctx.base()) else {
        return true;
    };
    let known = base.map.find(&revision.id.value);
    known.is_none_or(|node| {
        let known = &base.map.node(node).revision;
        known.source.text.as_str() != revision.source.text.as_str()
    })
}

/// True for a revision that is byte for byte as the base has it, in a folder of another name: it has run there.
fn is_only_moved(ctx: &EnvironmentContext<'_>, base: &ProjectEnvironment<'_>, id: &str) -> bool {
    let (Some(now), Some(before)) = (ctx.head.revision(id), base.revision(id)) else {
        return false;
    };
    now.file != before.file
        && now.file.file_name() == before.file.file_name()
        && now.source.text.as_str() == before.source.text.as_str()
}

/// True if a convention is broken on a line that the base has as well, and the base is told so of another line: of many
/// uses of one import the first is told.
fn is_another_of(
    diagnostic: &Diagnostic,
    on_base: &Diagnostic,
    ctx: &EnvironmentContext<'_>,
    base: &ProjectEnvironment<'_>,
) -> bool {
    let is_convention =
        || rules::find(diagnostic.code).is_some_and(|rule| rule.family == Family::Convention);
    let has_line = || {
        let id = diagnostic.revision.as_deref()?;
        let now = &ctx.head.revision(id)?.source.text;
        let before = &base.revision(id)?.source.text;
        let number = now.lines().line(diagnostic.primary.span?.start);
        let line = now.lines().line_span(now.as_str(), number);
        let line = line.slice(now.as_str()).trim();
        Some(before.as_str().lines().any(|other| other.trim() == line))
    };
    diagnostic.code == on_base.code
        && diagnostic.revision == on_base.revision
        && is_convention()
        && has_line() == Some(true)
}

/// What makes two findings the same, wherever their lines are.
fn key(diagnostic: &Diagnostic) -> (&'static str, Option<&str>, &str) {
    let revision = diagnostic.revision.as_deref();
    (diagnostic.code, revision, &diagnostic.message)
}
