//! ML109

mod joined;
mod left;
pub(super) mod restart;
mod said;

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use self::joined::are_joined;
use self::left::{Standing, are_looked_for, are_put_by, moved_to};
use self::restart::{is_begun_anew, makes_another_schema};
use self::said::{begins_anew, is_announced, is_called_so, is_squash, replaces};
use crate::alembic::{Failed, Revision, RevisionMap};
use crate::diagnostic::{Label, Severity};
use crate::project::{ProjectEnvironment, SeveralHeads};
use crate::rules::revision::{
    Released, has_it, is_fresh, is_only_with_developers, parent_label, renamed_to, severity_of,
    squashed_into, whereabouts,
};
use crate::rules::{ChangeContext, Reporter, Violation, declare_rule, list};
use crate::source::RepoPath;

declare_rule! {
    "ML109", "deleted-merged-revision" in Revision("revision"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Change(check),
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct DeletedMergedRevision<'a> {
    ids: Vec<&'a str>,
    release: Option<Released>,
    /// How many of them the release has.
    in_release: usize,
    /// The new id, where the revision is still there.
    renamed_to: Option<String>,
    /// Databases at the heads of the base have not run what it is called now, as far as Alembic knows.
    runs_again: bool,
    /// The merged revisions that are the first ones now, in place of all that is deleted.
    squashed_into: Vec<&'a str>,
    /// False if databases that are up to date stand at a revision that is still there.
    takes_head: bool,
    /// The heads of the base, few, if all of them are deleted.
    heads: Vec<&'a str>,
    /// The heads of the base, if all of them are still there and lead down to the beginning.
    kept_heads: Vec<&'a str>,
    /// Few databases can stand there.
    is_rare: bool,
    /// Nothing of the base is left.
    begins_anew: bool,
    /// The folder that Alembic does not read to which they are moved.
    moved_to: Option<RepoPath>,
    standing: Standing,
    base_name: &'a str,
}

impl Violation for DeletedMergedRevision<'_> {
    fn message(&self) -> String {
        let from = whereabouts(self.release.as_ref(), self.base_name);
        match (self.ids.as_slice(), &self.renamed_to) {
            ([id], Some(new)) => {
                format!("revision `{id}` is {from}, and this renames it to `{new}`")
            }
            ([id], None) => match &self.moved_to {
                Some(folder) => format!(
                    "revision `{id}` is {from}, and this moves it out of the version folder to `{folder}`"
                ),
                None => format!("revision `{id}` is {from}, and this deletes it"),
            },
            (ids, _) if self.release.is_some() && self.in_release < ids.len() => {
                let verb = if self.in_release == 1 { "is" } else { "are" };
                let of = ids.len();
                let fate = match &self.moved_to {
                    Some(folder) => {
                        format!("revisions that are moved out of the version folder to `{folder}`")
                    }
                    None => "deleted revisions".to_owned(),
                };
                format!("{} of the {of} {fate} {verb} {from}", self.in_release)
            }
            (ids, _) => match &self.moved_to {
                Some(folder) => format!(
                    "{} revisions are {from}, and this moves them out of the version folder to `{folder}`",
                    ids.len()
                ),
                None => format!("{} revisions are {from}, and this deletes them", ids.len()),
            },
        }
    }

    fn subject(&self) -> String {
        self.ids.join(" ")
    }

    fn notes(&self) -> Vec<String> {
        let gone = if self.moved_to.is_some() {
            "moved"
        } else {
            "deleted"
        };
        let mut notes = vec![match &self.moved_to {
            None if !self.heads.is_empty() => format!(
                "every database that is up to date stands at {}, and cannot move: \"Can't locate revision identified by …\"",
                list(&self.heads)
            ),
            Some(_) => "Alembic does not look there: a database that stands at one of them cannot move: \"Can't locate revision \
                        identified by …\""
                .to_owned(),
            None if self.runs_again => format!(
                "databases at {} run it again, under the id that they do not know",
                or_above(&self.kept_heads)
            ),
            None if self.is_told_of_stopped() => format!(
                "databases at {} need nothing, but one that has stopped at a deleted revision cannot move: \"Can't locate \
                 revision identified by …\"",
                or_above(&self.kept_heads)
            ),
            None => "a database that stands at a deleted revision cannot move: \"Can't locate revision identified by …\""
                .to_owned(),
        }];
        if !self.squashed_into.is_empty() {
            notes.push(format!(
                "only databases older than {} are cut off: the id stays, and all that was below it is gone",
                list(&self.squashed_into)
            ));
        }
        match self.ids.as_slice() {
            [_] => {}
            ids if ids.len() <= 5 => notes.push(format!("{gone}: {}", list(ids))),
            ids => notes.push(format!(
                "{gone}: {} and {} more",
                list(ids.iter().take(4)),
                ids.len() - 4
            )),
        }
        notes
    }

    fn help(&self) -> Option<String> {
        if let ([id], Some(_)) = (self.ids.as_slice(), &self.renamed_to) {
            return Some(format!(
                "keep the id `{id}`, and put what has changed otherwise into a new revision"
            ));
        }
        if !self.squashed_into.is_empty() {
            return Some(
                "say which release older databases have to be upgraded with before".to_owned(),
            );
        }
        if self.ids.len() > 1 && self.is_told_of_stopped() {
            return Some(
                "upgrade databases that may have stopped there before this is deployed".to_owned(),
            );
        }
        Some(match (self.ids.len(), &self.standing) {
            (1, _) if !self.begins_anew => "undo it in a new revision instead".to_owned(),
            (_, Standing::Nowhere) => {
                "no revision is left that a database could be stamped with: keep them while there are databases".to_owned()
            }
            (_, standing) => {
                let revision = match standing {
                    Standing::At(id) => id,
                    _ => "<revision>",
                };
                format!(
                    "after a squash, every database has to be stamped anew: `alembic stamp --purge {revision}`"
                )
            }
        })
    }

    fn severity(&self) -> Option<Severity> {
        let is_passed = self.release.is_none() && !self.kept_heads.is_empty() && !self.runs_again;
        if !self.squashed_into.is_empty() || self.is_rare || is_passed {
            return Some(Severity::Info);
        }
        // Whoever makes a new beginning means to.
        severity_of(self.release.as_ref()).filter(|_| self.takes_head && !self.begins_anew)
    }
}

impl DeletedMergedRevision<'_> {
    /// True if all that is left to say is about databases that have stopped on the way to a head that is still there.
    fn is_told_of_stopped(&self) -> bool {
        !self.kept_heads.is_empty() && self.squashed_into.is_empty() && self.moved_to.is_none()
    }
}

/// "`44dd` or above"
fn or_above(heads: &[&str]) -> String {
    if heads.len() > 3 {
        "the heads".to_owned()
    } else {
        format!("{} or above", list(heads))
    }
}

/// True for a revision that no database can have run: its own upgrade is refused.
fn certainly_fails(upstream: &ProjectEnvironment<'_>, node: usize) -> bool {
    let replayed = upstream.replay().get(node);
    let mut failures = replayed.iter().flat_map(|one| &one.upgrade_failures);
    failures.any(Failed::is_of_every_run)
}

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(upstream) = ctx.change.upstream else {
        return;
    };
    let head = ctx.environment.head;
    // A file that cannot be read may still hold the revision.
    if !head.scripts.is_complete() {
        return;
    }
    // A database that stands there is found by the label of a branch, too.
    let is_label = |id: &SmolStr| {
        let mut nodes = head.map.nodes().iter();
        nodes.any(|node| {
            let mut labels = node.revision.branch_labels.iter();
            labels.any(|label| label.value == *id)
        })
    };
    let deleted: Vec<usize> = (0..upstream.map.nodes().len())
        .filter(|node| {
            let id = upstream.map.node(*node).id();
            head.map.find(id).is_none() && !is_label(id)
        })
        .collect();
    let Some(first) = deleted.first().copied() else {
        return;
    };
    let revision = |node: usize| -> &Arc<Revision> { &upstream.map.node(node).revision };
    let release = deleted.iter().find_map(|node| {
        let revision = revision(*node);
        let is_meant = |bytes: &[u8]| has_it(revision, bytes);
        ctx.change.past.oldest_with(&revision.file, &is_meant)
    });
    let in_release = release.as_ref().map_or(0, |release| {
        let is_in = |node: &&usize| {
            let revision = revision(**node);
            let is_meant = |bytes: &[u8]| has_it(revision, bytes);
            let past = ctx.change.past;
            past.is_part_of(release, &revision.file, &is_meant)
        };
        deleted.iter().filter(is_in).count()
    });
    let release = release.map(|name| Released::new(name, ctx.change.past));
    // Whoever brought it a while ago has hardly any other database.
    let is_new = |node: &usize| {
        let revision = revision(*node);
        let past = ctx.change.past;
        past.is_new(&revision.file)
            || past.is_own(&revision.file)
            || is_only_with_developers(revision, release.as_ref(), upstream, past, &|bytes| {
                has_it(revision, bytes)
            })
    };
    let is_stranger = |node: &usize| {
        is_new(node)
            || upstream.is_whole() && is_cut_off(&upstream.map, *node)
            || certainly_fails(upstream, *node)
    };
    if release.is_none() && deleted.iter().all(is_stranger) || restamps(ctx, upstream, &deleted) {
        return;
    }
    let is_passed = |node: &usize| stands_above(*node, ctx, upstream);
    if release.is_some() && deleted.iter().all(is_passed) {
        return;
    }
    let renamed = renamed_to(revision(first), upstream, head).filter(|_| deleted.len() == 1);
    let renamed_to = renamed.map(|renamed| renamed.id.value.to_string());
    let kept_heads = kept_heads(upstream, head);
    let runs_again = renamed.is_some_and(|renamed| is_above(renamed, &kept_heads, head));
    let moved_to = moved_to(ctx, upstream, &deleted).filter(|_| renamed.is_none());
    if moved_to
        .as_ref()
        .is_some_and(|folder| are_looked_for(folder, ctx, upstream))
    {
        return;
    }
    let label = match renamed {
        Some(renamed) => Label::new(renamed.file.clone(), renamed.id.span, "the new id"),
        None if moved_to.is_some() => Label::new(revision(first).file.clone(), None, "moved"),
        None => Label::new(revision(first).file.clone(), None, "deleted"),
    };
    let children: Vec<Label> = deleted
        .iter()
        .flat_map(|node| upstream.map.node(*node).children.iter())
        .filter_map(|child| head.map.find(upstream.map.node(*child).id()))
        .map(|child| parent_label(&head.map.node(child).revision, "came after it"))
        .take(3)
        .collect();
    let mut squashed: Vec<(&Revision, FxHashSet<&SmolStr>)> = head
        .map
        .nodes()
        .iter()
        .filter_map(|node| {
            let gone = squashed_into(&node.revision, upstream, head)?;
            Some((&*node.revision, gone))
        })
        .collect();
    let is_in_place = |node: &usize| {
        let id = upstream.map.node(*node).id();
        squashed.iter().any(|(_, gone)| gone.contains(id))
    };
    if !deleted.iter().all(is_in_place) {
        squashed.clear();
    }
    let heads = upstream.map.heads();
    let messages = ctx.change.past.messages();
    let says_squash = || messages.iter().any(|message| is_squash(message));
    let are_announced = || squashed.iter().all(|(into, _)| is_announced(into)) || says_squash();
    if !squashed.is_empty() && are_announced() {
        return;
    }
    // Where nothing is released, hardly any database is left behind by those that go on.
    if release.is_none() && !kept_heads.is_empty() && says_squash() {
        return;
    }
    if release.is_none()
        && (are_spare_heads(upstream, &deleted) || are_joined(&deleted, ctx, upstream))
    {
        return;
    }
    let is_nothing_left = renamed.is_none() && is_begun_anew(upstream, head);
    let is_custom = |folder: &RepoPath| are_put_by(folder, upstream);
    if is_nothing_left && moved_to.as_ref().is_some_and(is_custom) {
        return;
    }
    let is_said = |message: &String| {
        begins_anew(message) || (is_nothing_left || release.is_none()) && replaces(message)
    };
    let is_called_so = || {
        let mut bases = head.map.bases().into_iter();
        bases.any(|base| is_called_so(&head.map.node(base).revision))
    };
    if messages.iter().any(is_said)
        || is_nothing_left && (is_called_so() || makes_another_schema(upstream, head))
    {
        return;
    }
    let past = ctx.change.past;
    let few_have_run = |node: &usize| is_fresh(revision(*node), release.as_ref(), upstream, past);
    let violation = DeletedMergedRevision {
        is_rare: deleted.iter().all(few_have_run),
        begins_anew: is_nothing_left,
        squashed_into: squashed
            .iter()
            .map(|(into, _)| into.id.value.as_str())
            .collect(),
        ids: deleted
            .iter()
            .map(|node| upstream.map.node(*node).id().as_str())
            .collect(),
        release,
        in_release,
        renamed_to,
        runs_again,
        moved_to,
        standing: Standing::after(head, upstream, &deleted),
        takes_head: heads.iter().any(|node| deleted.contains(node)),
        heads: if heads.len() <= 3 && heads.iter().all(|node| deleted.contains(node)) {
            let ids = heads
                .iter()
                .map(|node| upstream.map.node(*node).id().as_str());
            ids.collect()
        } else {
            Vec::new()
        },
        kept_heads,
        base_name: ctx.change.base_name,
    };
    let id = revision(first).id.value.clone();
    reporter
        .report_on(&violation, label, Some(&id))
        .related(children);
}

/// The heads of the base, if all of them are still there and lead down to the beginning: databases that are up to date
/// stand there.
fn kept_heads<'u>(
    upstream: &'u ProjectEnvironment<'_>,
    head: &ProjectEnvironment<'_>,
) -> Vec<&'u str> {
    let heads = upstream.map.heads();
    let is_kept = |node: &usize| {
        let now = head.map.find(upstream.map.node(*node).id());
        now.is_some_and(|now| !is_cut_off(&head.map, now))
    };
    if !heads.iter().all(is_kept) {
        return Vec::new();
    }
    let ids = heads
        .iter()
        .map(|node| upstream.map.node(*node).id().as_str());
    ids.collect()
}

/// True for a revision under a new id that does not come before what databases of the base stand at: they have it to run
/// still, as far as Alembic knows.
fn is_above(renamed: &Revision, heads: &[&str], head: &ProjectEnvironment<'_>) -> bool {
    let Some(node) = head.map.find(&renamed.id.value) else {
        return false;
    };
    let comes_before = |id: &&str| {
        let kept = head.map.find(id);
        kept.is_some_and(|kept| head.map.ancestors(kept).contains(&node))
    };
    !heads.is_empty() && !heads.iter().any(comes_before)
}

/// True if a revision, or one that it comes after, has a parent that is not there: no command can have run it.
fn is_cut_off(map: &RevisionMap, node: usize) -> bool {
    let below = map.ancestors(node);
    let mut missing = map.missing_parents().iter();
    missing.any(|link| link.node == node || below.contains(&link.node))
}

/// True if databases of releases have gone past a revision: the oldest release that has it has one above it, too, that is
/// still there.
fn stands_above(node: usize, ctx: &ChangeContext<'_>, upstream: &ProjectEnvironment<'_>) -> bool {
    let past = ctx.change.past;
    let revision = &upstream.map.node(node).revision;
    let is_meant = |bytes: &[u8]| has_it(revision, bytes);
    let Some(release) = past.oldest_with(&revision.file, &is_meant) else {
        return false;
    };
    let later = upstream.map.descendants(node).into_iter();
    let mut later = later.map(|node| &upstream.map.node(node).revision);
    later.any(|above| {
        let is_meant = |bytes: &[u8]| has_it(above, bytes);
        ctx.environment.head.map.find(&above.id.value).is_some()
            && past.is_part_of(&release, &above.file, &is_meant)
    })
}

/// True for heads beside other ones, where commands only upgrade to a single head: they stop, unless the head was there
/// first.
fn are_spare_heads(upstream: &ProjectEnvironment<'_>, deleted: &[usize]) -> bool {
    let by_branch = upstream.map.heads_by_branch();
    let is_spare = |node: &usize| {
        by_branch.conflicts().any(|group| {
            group.heads.contains(node) && group.heads.iter().any(|head| !deleted.contains(head))
        })
    };
    deleted.iter().all(is_spare) && upstream.several_heads() == SeveralHeads::Unexpected
}

/// True if the change brings what takes databases from a deleted revision to another one: a file that is no revision says
/// so, and names one of them.
fn restamps(ctx: &ChangeContext<'_>, upstream: &ProjectEnvironment<'_>, deleted: &[usize]) -> bool {
    let head = ctx.environment.head;
    let ids: Vec<&SmolStr> = deleted
        .iter()
        .map(|node| upstream.map.node(*node).id())
        .collect();
    let changes = ctx.change.changes.iter();
    changes
        .map(|(path, _)| path)
        .filter(|path| is_read(path) && head.node_of(path).is_none())
        .any(|path| {
            let read = |environment: &ProjectEnvironment<'_>| {
                let bytes = environment.sources().look_into(path);
                bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            };
            let Some(now) = read(head).filter(|text| text.len() <= LARGEST) else {
                return false;
            };
            let is_named = |id: &&&SmolStr| now.contains(id.as_str());
            let Some(named) = ids.iter().find(is_named) else {
                return false;
            };
            let had_it = read(upstream).is_some_and(|text| text.contains(named.as_str()));
            !had_it && moves_databases(&now)
        })
}

/// True for programs and instructions, by their names.
fn is_read(path: &RepoPath) -> bool {
    matches!(
        path.extension(),
        "" | "py" | "sh" | "sql" | "yml" | "yaml" | "toml" | "cfg" | "md" | "rst" | "txt"
    )
}

/// Files larger than this are no programs or instructions.
const LARGEST: usize = 1 << 20;

/// `alembic stamp 22bb`, `command.stamp(config, "22bb")`, `UPDATE alembic_version SET version_num = '22bb'`,
/// `update_alembic_version("22bb", "33cc")`
fn moves_databases(text: &str) -> bool {
    let text = text.to_lowercase();
    let stamps = || {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word == "stamp")
    };
    text.contains("alembic_version") || stamps()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_at_heads_that_stay_need_nothing() {
        let mut violation = of_release(3);
        violation.release = None;
        violation.takes_head = false;
        violation.heads = Vec::new();
        violation.kept_heads = vec!["55ee"];
        assert_eq!(violation.severity(), Some(Severity::Info));
        let notes = violation.notes();
        assert!(
            notes
                .iter()
                .any(|note| note.starts_with("databases at `55ee` or above need nothing"))
        );
        assert!(!violation.help().unwrap().contains("stamp"));
    }

    fn of_release(in_release: usize) -> DeletedMergedRevision<'static> {
        DeletedMergedRevision {
            ids: vec!["22bb", "33cc", "44dd"],
            release: Some(Released {
                name: "v1.0".to_owned(),
                is_early: false,
            }),
            in_release,
            renamed_to: None,
            runs_again: false,
            squashed_into: Vec::new(),
            takes_head: true,
            heads: vec!["44dd"],
            kept_heads: Vec::new(),
            is_rare: false,
            begins_anew: false,
            moved_to: None,
            standing: Standing::AtSome,
            base_name: "main",
        }
    }

    #[test]
    fn databases_at_the_heads_are_all_that_are_up_to_date() {
        let notes = of_release(3).notes();
        let is_said = |words: &str| notes.iter().any(|note| note.starts_with(words));
        assert!(is_said(
            "every database that is up to date stands at `44dd`, and cannot move"
        ));
    }

    #[test]
    fn only_those_of_the_release_are_counted() {
        let message = |in_release: usize| of_release(in_release).message();
        assert_eq!(
            message(3),
            "3 revisions are part of release `v1.0`, and this deletes them"
        );
        assert_eq!(
            message(1),
            "1 of the 3 deleted revisions is part of release `v1.0`"
        );
    }
}
