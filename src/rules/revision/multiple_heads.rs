//! ML101

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::alembic::{HeadGroup, RevisionMap};
use crate::diagnostic::Severity;
use crate::project::SeveralHeads;
use crate::rules::revision::{duplicate_revision, id_label, stale_parent};
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule, list};

declare_rule! {
    "ML101", "multiple-heads" in Revision("revision"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["pytest-alembic: test_single_head_revision", "migrationiq: multiple heads"],
    on: Map(check),
}

struct MultipleHeads {
    heads: Vec<SmolStr>,
    labels: Vec<SmolStr>,
    only_after_merging: bool,
    base_name: String,
    several: SeveralHeads,
    /// True if the base has no revision yet.
    is_first: bool,
}

impl Violation for MultipleHeads {
    fn message(&self) -> String {
        let count = self.heads.len();
        let heads = list(&self.heads);
        match self.labels.as_slice() {
            [] => format!("there are {count} heads: {heads}"),
            labels => format!("the branch {} has {count} heads: {heads}", list(labels)),
        }
    }

    fn subject(&self) -> String {
        self.heads.join(" ")
    }

    fn notes(&self) -> Vec<String> {
        let command = stops(self.several);
        // `alembic.script.revision` and `alembic.util.messaging` have a text for each.
        let error = match self.several {
            SeveralHeads::Unexpected => "Multiple head revisions are present",
            SeveralHeads::Upgraded | SeveralHeads::Welcome => "Multiple heads are present",
        };
        let mut notes = vec![format!("`{command}` stops with \"{error}\"")];
        if self.only_after_merging {
            notes.push(format!(
                "each branch has one head; there will be {} after merging into `{}`",
                self.heads.len(),
                self.base_name
            ));
        }
        notes
    }

    fn help(&self) -> Option<String> {
        Some(format!(
            "join them with `alembic merge -m \"merge heads\" {}`, or make one the parent of the other",
            self.heads.join(" ")
        ))
    }

    fn severity(&self) -> Option<Severity> {
        // What comes with its whole history was no slip of a merge.
        if self.is_first {
            return Some(Severity::Warning);
        }
        severity_of_heads(self.several)
    }
}

/// The command that several heads stop.
pub(in crate::rules) fn stops(several: SeveralHeads) -> &'static str {
    match several {
        SeveralHeads::Unexpected => "alembic upgrade head",
        SeveralHeads::Upgraded | SeveralHeads::Welcome => "alembic revision",
    }
}

pub(in crate::rules) fn severity_of_heads(several: SeveralHeads) -> Option<Severity> {
    (several != SeveralHeads::Unexpected).then_some(Severity::Warning)
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let judged = ctx.judged();
    // A revision that cannot be seen may join the heads.
    if !judged.is_whole() {
        return;
    }
    let explained = stale_parent::explains(ctx);
    let by_branch = judged.map.heads_by_branch();
    for group in by_branch.conflicts() {
        let heads = judged.ids(&group.heads);
        if heads.iter().all(|head| explained.contains(head)) {
            continue;
        }
        // With an id of its own the other file may be what joins them, or follow.
        if duplicate_revision::explains(ctx, &heads) {
            continue;
        }
        // The revision that is missing may be what joins them.
        if group
            .heads
            .iter()
            .any(|head| hangs_loose(&judged.map, *head))
        {
            continue;
        }
        if stands_on_the_base(ctx, &group.heads) || are_meant(ctx) {
            continue;
        }
        report(ctx, group, heads, reporter);
    }
}

/// True if new revisions go on from all heads, or the base has several already and databases are upgraded to all of them.
fn are_meant(ctx: &EnvironmentContext<'_>) -> bool {
    let has_several = || {
        let base = ctx.base();
        base.is_some_and(|base| base.map.heads_by_branch().conflicts().next().is_some())
    };
    match ctx.head.several_heads() {
        SeveralHeads::Unexpected => false,
        SeveralHeads::Upgraded => has_several(),
        SeveralHeads::Welcome => true,
    }
}

/// True if the base has as many heads, and the change only goes on from some of them.
fn stands_on_the_base(ctx: &EnvironmentContext<'_>, heads: &[usize]) -> bool {
    let Some(base) = ctx.base() else {
        return false;
    };
    let map = &ctx.judged().map;
    let base_heads: FxHashSet<SmolStr> = base.ids(&base.map.heads()).into_iter().collect();
    let mut goes_on_from = FxHashSet::default();
    for head in heads {
        let mut line = std::iter::once(*head).chain(map.ancestors(*head));
        match line.find(|node| base_heads.contains(map.node(*node).id())) {
            Some(node) => goes_on_from.insert(node),
            None => return false,
        };
    }
    goes_on_from.len() == heads.len()
}

/// True if a parent is missing somewhere below.
fn hangs_loose(map: &RevisionMap, head: usize) -> bool {
    let missing = map.missing_parents();
    !missing.is_empty()
        && map
            .ancestors(head)
            .into_iter()
            .any(|node| missing.iter().any(|link| link.node == node))
}

fn report(
    ctx: &EnvironmentContext<'_>,
    group: &HeadGroup,
    heads: Vec<SmolStr>,
    reporter: &mut Reporter<'_>,
) {
    let judged = ctx.judged();
    let heads_at = |environment: &crate::project::ProjectEnvironment<'_>| {
        let nodes = environment.map.heads();
        environment.ids(&nodes)
    };
    let change = ctx.change.as_ref();
    let before = change
        .and_then(|change| change.before)
        .map(heads_at)
        .unwrap_or_default();
    let at_head = heads_at(ctx.head);
    let violation = MultipleHeads {
        labels: group.labels.iter().cloned().collect(),
        only_after_merging: change.is_some_and(|change| change.merged.is_some())
            && heads.iter().filter(|head| at_head.contains(head)).count() < 2,
        base_name: change
            .map(|change| change.base_name.to_owned())
            .unwrap_or_default(),
        several: ctx.head.several_heads(),
        is_first: change.is_some() && ctx.base().is_none_or(|base| base.map.is_empty()),
        heads,
    };
    // The newest head is the one to change: what this change adds, else what was written last.
    let newest = group.heads.iter().copied().max_by_key(|node| {
        let revision = &judged.map.node(*node).revision;
        let is_new = change.is_some()
            && !before.contains(&revision.id.value)
            && at_head.contains(&revision.id.value);
        (
            is_new,
            revision.doc.create_date.clone(),
            revision.file.clone(),
        )
    });
    let Some(newest) = newest else { return };
    let revision = &judged.map.node(newest).revision;
    let others = group
        .heads
        .iter()
        .filter(|node| **node != newest)
        .map(|node| id_label(&judged.map.node(*node).revision, "another head"));
    let fork = fork_of(ctx, &group.heads)
        .map(|node| id_label(&judged.map.node(node).revision, "they part here"));
    reporter
        .report_on(
            &violation,
            id_label(revision, "a head"),
            Some(&revision.id.value),
        )
        .related(others.chain(fork));
}

/// The closest ancestor that all heads share.
fn fork_of(ctx: &EnvironmentContext<'_>, heads: &[usize]) -> Option<usize> {
    let map = &ctx.judged().map;
    let (first, rest) = heads.split_first()?;
    let mut shared = map.ancestors(*first);
    for head in rest {
        let ancestors: FxHashSet<usize> = map.ancestors(*head).into_iter().collect();
        shared.retain(|node| ancestors.contains(node));
    }
    // Of the shared ancestors the one none of the others descends from.
    shared.iter().copied().find(|node| {
        map.node(*node)
            .children
            .iter()
            .all(|child| !shared.contains(child))
    })
}
