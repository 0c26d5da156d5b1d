//! ML107

use std::sync::Arc;

use smol_str::SmolStr;

use crate::alembic::{Revision, RevisionMap};
use crate::diagnostic::{Applicability, Edit, Fix, Severity};
use crate::project::SeveralHeads;
use crate::rules::revision::docstring_mismatch::names_one;
use crate::rules::revision::multiple_heads::{severity_of_heads, stops};
use crate::rules::revision::{id_label, label_at};
use crate::rules::{
    ChangeContext, EnvironmentContext, Reporter, Violation, declare_rule, is_selected,
};

declare_rule! {
    "ML107", "stale-parent" in Revision("revision"),
    severity: Error,
    since: "0.1.0",
    fix: Sometimes,
    peers: ["atlas: non-linear history", "django-linear-migrations: max_migration.txt"],
    on: Change(check),
}

struct StaleParent<'a> {
    revision: &'a str,
    parent: &'a str,
    newer: &'a str,
    base_name: &'a str,
    only_after_merging: bool,
    several: SeveralHeads,
}

impl Violation for StaleParent<'_> {
    fn message(&self) -> String {
        format!(
            "`{}` follows `{}`, which is no longer the head of `{}`",
            self.revision, self.parent, self.base_name
        )
    }

    fn subject(&self) -> String {
        self.parent.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let command = stops(self.several);
        vec![if self.only_after_merging {
            format!(
                "`{}` was merged into `{}` in the meantime: after this merge there would be two heads, and `{command}` would stop",
                self.newer, self.base_name
            )
        } else {
            format!(
                "the head of `{}` is `{}`: with this there are two heads, and `{command}` stops",
                self.base_name, self.newer
            )
        }]
    }

    fn help(&self) -> Option<String> {
        let first = if self.only_after_merging {
            "update the branch and "
        } else {
            ""
        };
        Some(format!("{first}set `down_revision = \"{}\"`", self.newer))
    }

    fn severity(&self) -> Option<Severity> {
        severity_of_heads(self.several)
    }
}

/// The heads that a finding of this rule is about.
pub(in crate::rules) fn explains(ctx: &EnvironmentContext<'_>) -> Vec<SmolStr> {
    if !is_selected(&RULE, ctx.settings) {
        return Vec::new();
    }
    let stale = find(ctx).into_iter();
    stale.flat_map(|stale| stale.heads).collect()
}

/// A new revision that hangs on a parent which the base branch has moved on from.
struct Stale {
    revision: Arc<Revision>,
    parent: SmolStr,
    /// The head of the base branch that the revision should follow.
    newer: Arc<Revision>,
    /// The heads that this makes.
    heads: Vec<SmolStr>,
    /// True if they only come about when the change is merged.
    only_after_merging: bool,
}

/// True if this rule is asked.
pub(super) fn is_told(ctx: &EnvironmentContext<'_>) -> bool {
    is_selected(&RULE, ctx.settings)
}

/// The head that a revision ought to follow, if it was overtaken by that.
pub(super) fn asks_for(revision: &Revision, ctx: &EnvironmentContext<'_>) -> Option<SmolStr> {
    let found = find(ctx);
    let mut found = found.iter();
    let stale = found.find(|stale| stale.revision.file == revision.file)?;
    Some(stale.newer.id.value.clone())
}

/// Finds the new revisions whose parents have been overtaken on the base branch: since the change began, so that the
/// result of the merge shows it, or before, so that the change has both heads.
fn find(ctx: &EnvironmentContext<'_>) -> Vec<Stale> {
    let Some(change) = &ctx.change else {
        return Vec::new();
    };
    let Some(before) = change.merged.and(change.before).or(change.upstream) else {
        return Vec::new();
    };
    let result = ctx.judged();
    if !result.is_whole() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let by_branch = result.map.heads_by_branch();
    for group in by_branch.conflicts() {
        // Each side brings one head: theirs, which was there before or was merged in the meantime, and ours.
        let (theirs, ours): (Vec<usize>, Vec<usize>) = group.heads.iter().partition(|head| {
            let id = result.map.node(**head).id();
            before.map.find(id).is_some() || ctx.head.map.find(id).is_none()
        });
        let ([their_head], [our_head]) = (theirs.as_slice(), ours.as_slice()) else {
            continue;
        };
        let is_ours = |node: usize| {
            let id = result.map.node(node).id();
            before.map.find(id).is_none() && ctx.head.map.find(id).is_some()
        };
        // The oldest of our revisions below our head: the one to re-parent.
        let roots: Vec<usize> = result
            .map
            .ancestors(*our_head)
            .into_iter()
            .filter(|node| {
                is_ours(*node)
                    && result
                        .map
                        .node(*node)
                        .parents
                        .iter()
                        .all(|parent| !is_ours(*parent))
            })
            .collect();
        let [root] = roots.as_slice() else { continue };
        let root = result.map.node(*root);
        // What the branch has had before is not made by what is staged now.
        if change.merged.is_none() && !ctx.is_judged(&root.revision.file) {
            continue;
        }
        let [parent] = root.parents.as_slice() else {
            continue;
        };
        // What hangs elsewhere was not overtaken.
        if !result.map.ancestors(*their_head).contains(parent) {
            continue;
        }
        found.push(Stale {
            revision: Arc::clone(&root.revision),
            parent: result.map.node(*parent).id().clone(),
            newer: Arc::clone(&result.map.node(*their_head).revision),
            heads: vec![
                result.map.node(*their_head).id().clone(),
                result.map.node(*our_head).id().clone(),
            ],
            only_after_merging: ctx
                .head
                .map
                .find(result.map.node(*their_head).id())
                .is_none(),
        });
    }
    if !found.is_empty() && ctx.head.several_heads() == SeveralHeads::Welcome {
        found.clear();
    }
    found
}

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    for stale in find(ctx.environment) {
        let revision = &stale.revision;
        let violation = StaleParent {
            revision: &revision.id.value,
            parent: &stale.parent,
            newer: &stale.newer.id.value,
            base_name: ctx.change.base_name,
            only_after_merging: stale.only_after_merging,
            several: ctx.environment.head.several_heads(),
        };
        let label = label_at(revision, revision.down_revision_span, "no longer a head");
        reporter
            .report_on(&violation, label, Some(&revision.id.value))
            .related([id_label(
                &stale.newer,
                if stale.only_after_merging {
                    "merged in the meantime"
                } else {
                    "the head"
                },
            )])
            .fix(reparent(&stale, &ctx.environment.judged().map));
    }
}

/// Hangs the revision on the newer head: in the code and in the docstring. Only where the parent is written out: what a
/// variable holds may be used elsewhere.
fn reparent(stale: &Stale, map: &RevisionMap) -> Option<Fix> {
    let revision = &stale.revision;
    let newer = stale.newer.id.value.as_str();
    let parent = revision
        .down_revision
        .iter()
        .find(|parent| parent.value == stale.parent)?;
    let written = revision.source.text.slice(parent.span);
    let quote = ['"', '\'']
        .into_iter()
        .find(|quote| written == format!("{quote}{}{quote}", stale.parent))?;
    let mut edits = vec![Edit {
        file: revision.file.clone(),
        span: parent.span,
        replacement: format!("{quote}{newer}{quote}"),
    }];
    if let Some(line) = &revision.doc.revises
        && names_one(line, map)
    {
        edits.push(Edit {
            file: revision.file.clone(),
            span: line.span,
            replacement: newer.to_owned(),
        });
    }
    Some(Fix {
        applicability: Applicability::Unsafe,
        title: format!("make `{newer}` the parent"),
        edits,
    })
}
