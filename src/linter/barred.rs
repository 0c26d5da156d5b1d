//! Ways back that nobody can go.

use rustc_hash::FxHashMap;

use super::Linter;
use crate::alembic::End;
use crate::config::Downgrades;
use crate::diagnostic::Diagnostic;
use crate::rules::{self, EnvironmentContext, Rule};
use crate::source::Span;

impl Linter<'_> {
    /// Where a later revision of the same change refuses to go back, no database gets to the downgrades of those below it:
    /// nothing is said about them.
    pub(super) fn respect_refusals(&mut self, ctx: &EnvironmentContext<'_>, earlier: usize) {
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        if ctx.change.is_none()
            || found.is_empty()
            || ctx.settings.downgrades == Some(Downgrades::Required)
        {
            return;
        }
        let barred = barred(ctx);
        if barred.is_empty() {
            return;
        }
        self.leave_out(earlier, |diagnostic: &Diagnostic| {
            let revision = diagnostic.revision.as_deref();
            let Some(downgrade) = revision.and_then(|id| barred.get(id)) else {
                return false;
            };
            let is_there = downgrade
                .zip(diagnostic.primary.span)
                .is_some_and(|(downgrade, span)| downgrade.contains(span));
            is_there || rules::find(diagnostic.code).is_some_and(Rule::is_about_the_way_back)
        });
    }
}

/// The revisions of the change below one of it that always refuses to go back, with the places of their downgrades.
fn barred(ctx: &EnvironmentContext<'_>) -> FxHashMap<String, Option<Span>> {
    let map = &ctx.head.map;
    let judged: Vec<usize> = (0..map.nodes().len())
        .filter(|node| ctx.is_judged(&map.node(*node).revision.file))
        .collect();
    let migrations = ctx.head.migrations(&judged);
    let ways_back = || {
        let runs = migrations.iter().map(|migration| migration.downgrade.run());
        judged.iter().zip(runs)
    };
    let mut above = Vec::new();
    for (node, run) in ways_back() {
        if run.is_some_and(|run| matches!(run.end, End::Raises { .. })) {
            let below = map.ancestors(*node);
            above.extend(below.into_iter().filter(|other| other != node));
        }
    }
    ways_back()
        .filter(|(node, _)| above.contains(node))
        .map(|(node, run)| (map.node(*node).id().to_string(), run.map(|run| run.span)))
        .collect()
}
