//! Merged revisions that are put after others than before.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{MOST_PLACES, RULE};
use crate::alembic::{Revision, RevisionMap, written_links};
use crate::catalog::Catalog;
use crate::diagnostic::{Label, Severity};
use crate::project::ProjectEnvironment;
use crate::python::ParsedFile;
use crate::rules::edit;
use crate::rules::revision::{
    Released, below, id_label, is_fresh, is_only_with_developers, renamed_to, severity_of,
    whereabouts,
};
use crate::rules::{
    ChangeContext, EnvironmentContext, Past, Reporter, Violation, is_selected, list,
};
use crate::schema::{Operation, Recorded};

/// A merged revision below which there are others than before.
struct Reordered<'a> {
    id: &'a str,
    /// Below it now, and not before.
    gained: &'a [SmolStr],
    /// Below it before, and no longer.
    lost: &'a [SmolStr],
    release: Option<Released>,
    base_name: &'a str,
    is_fresh: bool,
}

impl Reordered<'_> {
    /// True for what comes to the same: what goes on from a moved revision moves with it, and may pass more of them.
    fn is_same(&self, other: &Self) -> bool {
        let both = |of: fn(&Self) -> &[SmolStr]| {
            let (one, other) = (of(self), of(other));
            one == other || one.iter().any(|id| other.contains(id))
        };
        both(|moved| moved.gained)
            && both(|moved| moved.lost)
            && self.severity() == other.severity()
    }

    /// What databases do that stand at the revision: "run `11aa` again and never run `22bb`".
    fn what(&self) -> String {
        let mut what = Vec::new();
        if !self.lost.is_empty() {
            what.push(format!("run {} again", shortened(self.lost)));
        }
        if !self.gained.is_empty() {
            what.push(format!("never run {}", shortened(self.gained)));
        }
        what.join(" and ")
    }
}

impl Violation for Reordered<'_> {
    fn message(&self) -> String {
        format!(
            "revision `{}` is {}, and with this `down_revision` databases that stand at it {}",
            self.id,
            whereabouts(self.release.as_ref(), self.base_name),
            self.what()
        )
    }

    fn subject(&self) -> String {
        "down_revision".to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["to Alembic, what lies below the revision of a database has run on it, and nothing else has".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some(if self.lost.is_empty() {
            format!(
                "leave it where it was, and let {} come after what is merged",
                shortened(self.gained)
            )
        } else {
            "leave the order of merged revisions as it was".to_owned()
        })
    }

    fn severity(&self) -> Option<Severity> {
        if self.is_fresh {
            return Some(Severity::Info);
        }
        severity_of(self.release.as_ref())
    }
}

fn shortened(ids: &[SmolStr]) -> String {
    match ids.get(3..) {
        Some(rest) if !rest.is_empty() => {
            format!("{} and {} more", list(ids.iter().take(3)), rest.len())
        }
        _ => list(ids),
    }
}

/// A revision with other ones below it.
struct Moved<'a> {
    revision: &'a Arc<Revision>,
    /// The file on the base.
    old: &'a Arc<Revision>,
    gained: Vec<SmolStr>,
    lost: Vec<SmolStr>,
    /// All that is below it now and was not before, whether it does something or not.
    all_gained: FxHashSet<SmolStr>,
}

/// True if a merged revision is to go back to where it was.
pub(in crate::rules::revision) fn tells_of(
    revision: &Revision,
    environment: &EnvironmentContext<'_>,
) -> bool {
    let Some(change) = &environment.change else {
        return false;
    };
    let ctx = ChangeContext {
        environment,
        change,
    };
    let is_it = |(moved, _): &(Moved<'_>, _)| moved.revision.file == revision.file;
    is_selected(&RULE, environment.settings) && told(&ctx).iter().any(is_it)
}

/// The moves that matter, with the releases that have the revisions where they were.
fn told<'a>(ctx: &ChangeContext<'a>) -> Vec<(Moved<'a>, Option<Released>)> {
    let head = ctx.environment.head;
    let Some(upstream) = ctx.change.upstream else {
        return Vec::new();
    };
    // A revision that is not seen is below none.
    if !upstream.scripts.is_complete() || !head.scripts.is_complete() {
        return Vec::new();
    }
    let mut moved = moved(ctx, upstream);
    // The other half of a swap.
    let halves: Vec<bool> = moved
        .iter()
        .map(|one| {
            moved.iter().any(|other| {
                other.lost.contains(&one.revision.id.value)
                    && one.all_gained.contains(&other.revision.id.value)
            })
        })
        .collect();
    let mut halves = halves.into_iter();
    moved.retain(|_| !halves.next().unwrap_or_default());
    let mut found = Vec::new();
    for one in moved {
        let is_meant = |bytes: &[u8]| declares_the_same(bytes, one.old);
        let past = ctx.change.past;
        let release = past
            .oldest_with(&one.old.file, &is_meant)
            .map(|name| Released::new(name, past));
        let is_repair =
            release.is_none() && (joins_heads(&one, upstream, head) || was_there_before(ctx, &one));
        // What runs again does nothing, or what never runs would not.
        let is_idle = match (one.gained.as_slice(), one.lost.as_slice()) {
            ([], lost) => do_nothing(lost, &one, ctx, edit::does_nothing_to),
            (gained, []) => do_nothing(gained, &one, ctx, edit::is_done_in),
            _ => false,
        };
        if is_repair || is_put_back(ctx, &one) || is_idle {
            continue;
        }
        if release.as_ref().is_none_or(|release| release.is_early)
            && are_of_another_line(&one, head, past)
        {
            continue;
        }
        if is_only_with_developers(one.old, release.as_ref(), upstream, past, &is_meant)
            || is_new_beginning(&one, upstream)
            || makes_what_models_have(&one, upstream, head)
        {
            continue;
        }
        found.push((one, release));
    }
    found
}

pub(super) fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    let (head, past) = (ctx.environment.head, ctx.change.past);
    let Some(upstream) = ctx.change.upstream else {
        return;
    };
    let (moved, releases): (Vec<Moved<'_>>, Vec<Option<Released>>) = told(ctx).into_iter().unzip();
    let mut found: Vec<(Reordered<'_>, Label, Vec<Label>)> = Vec::new();
    for (one, release) in moved.iter().zip(releases) {
        let violation = Reordered {
            is_fresh: is_fresh(one.old, release.as_ref(), upstream, past),
            id: &one.revision.id.value,
            gained: &one.gained,
            lost: &one.lost,
            release,
            base_name: ctx.change.base_name,
        };
        let label = Label::new(
            one.revision.file.clone(),
            one.revision.down_revision_span,
            "changed",
        );
        let same = found
            .iter_mut()
            .find(|(known, ..)| known.is_same(&violation));
        match same {
            Some((known, _, places)) => {
                let is_equal = known.gained == violation.gained && known.lost == violation.lost;
                let message = if is_equal {
                    "and so does this".to_owned()
                } else {
                    format!(
                        "databases that stand at `{}` {}",
                        violation.id,
                        violation.what()
                    )
                };
                places.push(Label { message, ..label });
            }
            None => {
                let others = one.lost.iter().chain(&one.gained).take(3);
                let others = others.filter_map(|id| head.revision(id));
                let places = others.map(|other| id_label(other, "moved")).collect();
                found.push((violation, label, places));
            }
        }
    }
    for (violation, label, places) in found {
        reporter
            .report_on(&violation, label, Some(violation.id))
            .related(places.into_iter().take(MOST_PLACES));
    }
}

/// True if a release has what is put below a revision, and not the revision itself: its databases come to that as well, and
/// no order suits both lines.
fn are_of_another_line(moved: &Moved<'_>, head: &ProjectEnvironment<'_>, past: &dyn Past) -> bool {
    let releases_of = |revision: &Revision| {
        let name = revision.file.file_name();
        let declares_it = |bytes: &[u8]| {
            let read = written_links(&ParsedFile::new(bytes).module);
            read.is_some_and(|(id, _)| id == revision.id.value)
        };
        past.releases_with(name, &declares_it)
    };
    let gained = moved.gained.iter().map(|id| head.revision(id));
    let Some(gained) = gained.collect::<Option<Vec<_>>>() else {
        return false;
    };
    let mut gained = gained.into_iter().map(|revision| releases_of(revision));
    let Some(mut releases) = gained.next().filter(|_| moved.lost.is_empty()) else {
        return false;
    };
    for others in gained {
        releases.retain(|release| others.contains(release));
    }
    let own = releases_of(moved.revision);
    releases.iter().any(|release| !own.contains(release))
}

/// True if new revisions are put below one that was the first: they make what every database has by then.
fn is_new_beginning(moved: &Moved<'_>, upstream: &ProjectEnvironment<'_>) -> bool {
    let mut gained = moved.all_gained.iter();
    moved.lost.is_empty()
        && links(moved.old).is_empty()
        && gained.all(|id| upstream.map.find(id).is_none())
}

/// True if what is put below only makes tables that the models of the base have, and migrations of the base work on one of
/// them: where no migration has made them, something else has.
fn makes_what_models_have(
    moved: &Moved<'_>,
    upstream: &ProjectEnvironment<'_>,
    head: &ProjectEnvironment<'_>,
) -> bool {
    let models = &upstream.model_schema().catalog;
    let is_known = |recorded: &Recorded| match &recorded.operation {
        Operation::CreateTable(table) => models.tables.contains_key(&table.name),
        Operation::CreateIndex { .. } | Operation::CreateType { .. } => true,
        _ => false,
    };
    let is_new = |id: &SmolStr| upstream.map.find(id).is_none();
    let migrated = &upstream.migrated().tables;
    let is_worked_on = |recorded: &Recorded| match &recorded.operation {
        Operation::CreateTable(table) => migrated
            .get(&table.name)
            .is_some_and(|table| table.open.is_some()),
        _ => false,
    };
    moved.lost.is_empty()
        && moved.all_gained.iter().all(|id| {
            let node = head.map.find(id).filter(|_| is_new(id));
            let migration = node.and_then(|node| head.migration(node));
            migration.is_some_and(|migration| {
                let run = migration.upgrade.run();
                run.is_some_and(|run| {
                    run.operations.iter().all(is_known) && run.operations.iter().any(is_worked_on)
                })
            })
        })
}

/// True if revisions do nothing to a database that stands at the one that has moved.
fn do_nothing(
    revisions: &[SmolStr],
    moved: &Moved<'_>,
    ctx: &ChangeContext<'_>,
    does_nothing: fn(&Catalog, &ProjectEnvironment<'_>, usize) -> bool,
) -> bool {
    let head = ctx.environment.head;
    let Some(upstream) = ctx.change.upstream else {
        return false;
    };
    if upstream.dialect().foreign().is_some() || head.dialect().foreign().is_some() {
        return false;
    }
    let stands_at = upstream.map.find(&moved.revision.id.value);
    let Some(replayed) = stands_at.and_then(|node| upstream.replay().get(node)) else {
        return false;
    };
    revisions.iter().all(|id| {
        let node = head.map.find(id);
        node.is_some_and(|node| does_nothing(&replayed.after, head, node))
    })
}

/// The merged revisions that name other parents than before, as far as that makes a difference.
fn moved<'a>(ctx: &ChangeContext<'a>, upstream: &'a ProjectEnvironment<'a>) -> Vec<Moved<'a>> {
    let head = ctx.environment.head;
    let mut found = Vec::new();
    for (node, now) in head.map.nodes().iter().enumerate() {
        let revision = &now.revision;
        let Some(before) = upstream.map.find(&revision.id.value) else {
            continue;
        };
        let old = &upstream.map.node(before).revision;
        let is_judged = ctx.environment.is_judged(&revision.file);
        // A parent that does not exist is reported by itself.
        let is_broken = |map: &RevisionMap, node: usize| {
            let mut missing = map.missing_parents().iter();
            missing.any(|link| link.node == node)
        };
        if !is_judged
            || links(old) == links(revision)
            || is_ambiguous(&head.map, &revision.id.value)
            || is_ambiguous(&upstream.map, &revision.id.value)
            || is_broken(&head.map, node)
            || is_broken(&upstream.map, before)
        {
            continue;
        }
        let below_before = below(&upstream.map, before);
        let below_now = below(&head.map, node);
        let mut lost: Vec<SmolStr> = below_before
            .difference(&below_now)
            .filter(|id| does_something(id, head))
            .map(|id| (*id).clone())
            .collect();
        let mut gained: Vec<SmolStr> = below_now
            .difference(&below_before)
            .filter(|id| does_something(id, head) && !is_new_name(id, upstream, head))
            .map(|id| (*id).clone())
            .collect();
        if lost.is_empty() && gained.is_empty() {
            continue;
        }
        let all_gained = below_now.difference(&below_before);
        let all_gained = all_gained.map(|id| (*id).clone()).collect();
        lost.sort();
        gained.sort();
        found.push(Moved {
            revision,
            old,
            gained,
            lost,
            all_gained,
        });
    }
    found
}

/// True where several files claim an id, which is reported by itself.
pub(super) fn is_ambiguous(map: &RevisionMap, id: &str) -> bool {
    let mut duplicates = map.duplicates().iter().flatten();
    duplicates.any(|node| map.node(*node).id() == id)
}

/// False for a revision that is not there, and for one that does nothing, such as a merge: it does not matter whether it
/// is run.
fn does_something(id: &str, head: &ProjectEnvironment<'_>) -> bool {
    let Some(node) = head.map.find(id) else {
        return false;
    };
    let migration = head.migration(node);
    let upgrade = migration
        .as_ref()
        .and_then(|migration| migration.upgrade.run());
    upgrade.is_none_or(|run| !run.is_empty())
}

/// The ids that `down_revision` and `depends_on` name.
fn links(revision: &Revision) -> FxHashSet<&SmolStr> {
    let links = revision.down_revision.iter().chain(&revision.depends_on);
    links.map(|link| &link.value).collect()
}

/// True for a new id of a merged revision, which `deleted-merged-revision` reports.
fn is_new_name(id: &str, upstream: &ProjectEnvironment<'_>, head: &ProjectEnvironment<'_>) -> bool {
    if upstream.map.find(id).is_some() {
        return false;
    }
    let nodes = upstream.map.nodes().iter();
    nodes
        .filter_map(|node| renamed_to(&node.revision, upstream, head))
        .any(|renamed| renamed.id.value == id)
}

/// True if the change puts a revision back where the newest release has it.
fn is_put_back(ctx: &ChangeContext<'_>, moved: &Moved<'_>) -> bool {
    let released = ctx.change.past.newest(&moved.old.file);
    released.is_some_and(|bytes| declares_the_same(&bytes, moved.revision))
}

/// True if the change puts a revision back where the base had it before.
fn was_there_before(ctx: &ChangeContext<'_>, moved: &Moved<'_>) -> bool {
    let is_meant = |bytes: &[u8]| declares_the_same(bytes, moved.revision);
    let (old, new) = (&moved.old.file, &moved.revision.file);
    let past = ctx.change.past;
    past.had_before(old, &is_meant) || old != new && past.had_before(new, &is_meant)
}

/// True if a version of a file is the same revision with the same parents.
fn declares_the_same(bytes: &[u8], revision: &Revision) -> bool {
    let read = written_links(&ParsedFile::new(bytes).module);
    read.is_some_and(|(id, parents)| {
        let parents: FxHashSet<&SmolStr> = parents.iter().collect();
        let now = revision.down_revision.iter();
        id == revision.id.value && parents == now.map(|parent| &parent.value).collect()
    })
}

/// True if the base has more heads than one and there are fewer now, by a revision that only others of the base are put
/// below.
fn joins_heads(
    moved: &Moved<'_>,
    upstream: &ProjectEnvironment<'_>,
    head: &ProjectEnvironment<'_>,
) -> bool {
    moved.lost.is_empty()
        && moved
            .gained
            .iter()
            .all(|id| upstream.map.find(id).is_some())
        && upstream.map.heads_by_branch().conflicts().next().is_some()
        && head.map.heads().len() < upstream.map.heads().len()
}
