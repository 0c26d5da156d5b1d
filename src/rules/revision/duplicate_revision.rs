//! ML103

use smol_str::SmolStr;

use crate::rules::revision::id_label;
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule, is_selected};

declare_rule! {
    "ML103", "duplicate-revision" in Revision("revision"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Map(check),
}

struct DuplicateRevision<'a> {
    id: &'a str,
    count: usize,
}

impl Violation for DuplicateRevision<'_> {
    fn message(&self) -> String {
        format!("{} files say they are revision `{}`", self.count, self.id)
    }

    fn subject(&self) -> String {
        self.id.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "Alembic only warns and takes the file it loads last: the other is never run"
                .to_owned(),
        ]
    }

    fn help(&self) -> Option<String> {
        Some(
            "give the newer file an id of its own, and follow it in the revisions that come after"
                .to_owned(),
        )
    }
}

/// True if there are no several heads but for one whose id several files have, where that is told.
pub(in crate::rules) fn explains(ctx: &EnvironmentContext<'_>, heads: &[SmolStr]) -> bool {
    if !is_selected(&RULE, ctx.settings) {
        return false;
    }
    let map = &ctx.judged().map;
    let is_twice = |head: &&SmolStr| {
        let mut taken = map.duplicates().iter().flatten();
        taken.any(|node| map.node(*node).id() == *head)
    };
    let twice = heads.iter().filter(is_twice).count();
    twice > 0 && heads.len() - twice < 2
}

/// True if another file has this id as well, where that is told.
pub(in crate::rules) fn tells_of(id: &str, ctx: &EnvironmentContext<'_>) -> bool {
    let map = &ctx.judged().map;
    let mut taken = map.duplicates().iter().flatten();
    is_selected(&RULE, ctx.settings) && taken.any(|node| map.node(*node).id() == id)
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let judged = ctx.judged();
    for nodes in judged.map.duplicates() {
        // Report at the file that came later: the one the change adds, else the one loaded last.
        let latest = nodes.iter().copied().max_by_key(|node| {
            let file = &judged.map.node(*node).revision.file;
            let is_new = ctx
                .change
                .as_ref()
                .is_some_and(|change| change.changes.touches(file));
            (is_new, *node)
        });
        let Some(latest) = latest else { continue };
        let revision = &judged.map.node(latest).revision;
        let violation = DuplicateRevision {
            id: &revision.id.value,
            count: nodes.len(),
        };
        let others = nodes.iter().filter(|node| **node != latest);
        let others = others.map(|node| id_label(&judged.map.node(*node).revision, "the same id"));
        reporter
            .report_on(
                &violation,
                id_label(revision, "this id is taken"),
                Some(&revision.id.value),
            )
            .related(others);
    }
}
