//! What the commits of a branch changed, one after the other.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use gix::bstr::{BString, ByteSlice};
use rustc_hash::FxHashMap;

use super::repository::{CommitId, Repository, blob_id};
use super::snapshot::BlobId;
use crate::git::ChangeKind;
use crate::source::RepoPath;

/// A commit that adds files below the folders that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommit {
    /// The Python files that it adds there. What it only moves is not new.
    pub added: Vec<RepoPath>,
    /// All that it changes, against its first parent: of a merge, what the branch brought.
    pub changed: Vec<RepoPath>,
}

/// Further back nobody looks for habits.
const MAX_STEPS: usize = 1000;

pub(super) const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// What folders were like at a commit.
#[derive(Clone)]
struct Stand {
    commit: CommitId,
    root: gix::ObjectId,
    /// Their trees, in their order.
    below: Vec<Option<gix::ObjectId>>,
}

/// What a tree has under a name.
type Named = (gix::ObjectId, bool);

impl Repository {
    /// Shows the commits that add Python files below these folders, along first parents from `tip` on, the newest
    /// first. What cannot be read ends it.
    pub fn visit_additions(
        &self,
        tip: CommitId,
        folders: &[RepoPath],
        visit: &mut dyn FnMut(&PastCommit) -> ControlFlow<()>,
    ) {
        for (earlier, later) in self.steps(tip, folders) {
            let added = self.added(folders, &earlier.below, &later.below);
            if added.is_empty() {
                continue;
            }
            let mut changed = Vec::new();
            self.differences(
                Some(earlier.root),
                Some(later.root),
                "",
                &mut |path, _, _| {
                    changed.push(path);
                },
            );
            if visit(&PastCommit { added, changed }).is_break() {
                return;
            }
        }
    }

    /// What was in the Python files that commits have deleted below these folders, along first parents from `tip` on, the
    /// newest first, until there are so many. What they only move is not deleted.
    pub fn deleted_below(&self, tip: CommitId, folders: &[RepoPath], most: usize) -> Vec<BlobId> {
        let mut found = Vec::new();
        for (earlier, later) in self.steps(tip, folders) {
            // What the newer state adds to the older one, the other way round.
            let gone = self.added(folders, &later.below, &earlier.below);
            let blobs = gone.iter();
            found.extend(blobs.filter_map(|path| self.blob_at(earlier.commit, path)));
            if found.len() >= most {
                break;
            }
        }
        found.truncate(most);
        found
    }

    /// The commits along first parents from `tip` on, each behind the one before it, the newest first. What cannot be read ends
    /// it.
    fn steps(&self, tip: CommitId, folders: &[RepoPath]) -> impl Iterator<Item = (Stand, Stand)> {
        let stand = |commit: CommitId| -> Option<Stand> {
            let root = self.inner.find_commit(commit.0).ok()?.tree_id().ok()?;
            let root = root.detach();
            let below = folders.iter().map(|folder| self.tree_at(root, folder));
            Some(Stand {
                commit,
                root,
                below: below.collect(),
            })
        };
        let mut later = stand(tip);
        std::iter::from_fn(move || {
            let now = later.take()?;
            let earlier = stand(self.first_parent(now.commit)?)?;
            later = Some(earlier.clone());
            Some((earlier, now))
        })
        .take(MAX_STEPS)
    }

    /// True if the first parents of a commit go back for so many days, or there are as many of them as anybody looks at.
    pub fn goes_back(&self, tip: CommitId, days: u32) -> bool {
        self.earlier(tip, days).is_some()
    }

    /// The root commit that the history of a commit begins with, less than so many days before it, and how many first parents
    /// lead there, itself among them. The edge of a shallow clone is no beginning.
    pub fn begins_within(&self, tip: CommitId, days: u32) -> Option<(CommitId, usize)> {
        let now = self.time_of(tip)?;
        let mut commit = tip;
        for step in 0..MAX_STEPS {
            let is_young = |then| now - then < i64::from(days) * SECONDS_PER_DAY;
            self.time_of(commit).filter(|then| is_young(*then))?;
            match self.first_parent(commit) {
                Some(parent) => commit = parent,
                None => return self.is_root(commit).then_some((commit, step + 1)),
            }
        }
        None
    }

    /// The newest of the first parents that is so many days older than a commit, or the last of as many as anybody looks at.
    pub fn earlier(&self, tip: CommitId, days: u32) -> Option<CommitId> {
        let now = self.time_of(tip)?;
        let mut commit = tip;
        for _ in 0..MAX_STEPS {
            commit = self.first_parent(commit)?;
            let is_old = |then| now - then >= i64::from(days) * SECONDS_PER_DAY;
            if self.time_of(commit).is_some_and(is_old) {
                break;
            }
        }
        Some(commit)
    }

    /// What commits have in a file of this name, wherever it lies. What trees share is read once.
    pub fn blobs_named(&self, commits: &[CommitId], name: &str) -> Vec<Option<BlobId>> {
        let mut known = FxHashMap::default();
        let commits = commits.iter();
        commits
            .map(|commit| {
                let tree = self.inner.find_commit(commit.0).ok()?.tree_id().ok()?;
                let found = self.named_below(tree.detach(), name, &mut known);
                found.map(blob_id)
            })
            .collect()
    }

    fn named_below(
        &self,
        tree: gix::ObjectId,
        name: &str,
        known: &mut FxHashMap<gix::ObjectId, Option<gix::ObjectId>>,
    ) -> Option<gix::ObjectId> {
        if let Some(found) = known.get(&tree) {
            return *found;
        }
        let entries = self.names(Some(tree));
        let own = entries.get(name.as_bytes().as_bstr());
        let own = own.filter(|(_, is_tree)| !is_tree).map(|(id, _)| *id);
        let mut folders = entries.values().filter(|(_, is_tree)| *is_tree);
        let found = own.or_else(|| folders.find_map(|(id, _)| self.named_below(*id, name, known)));
        known.insert(tree, found);
        found
    }

    /// The Python files that are new in folders, whose trees are given in their order.
    fn added(
        &self,
        folders: &[RepoPath],
        before: &[Option<gix::ObjectId>],
        after: &[Option<gix::ObjectId>],
    ) -> Vec<RepoPath> {
        let mut added = Vec::new();
        let mut gone = Vec::new();
        for ((folder, before), after) in folders.iter().zip(before).zip(after) {
            self.differences(
                *before,
                *after,
                folder.as_str(),
                &mut |path, kind, id| match kind {
                    ChangeKind::Added if path.extension() == "py" => added.push((path, id)),
                    ChangeKind::Deleted => gone.push(id),
                    _ => {}
                },
            );
        }
        added.retain(|(_, id)| !gone.contains(id));
        added.into_iter().map(|(path, _)| path).collect()
    }

    /// The tree of a folder.
    fn tree_at(&self, root: gix::ObjectId, folder: &RepoPath) -> Option<gix::ObjectId> {
        if folder.is_root() {
            return Some(root);
        }
        let tree = self.inner.find_tree(root).ok()?;
        let entry = tree.lookup_entry_by_path(folder.as_str()).ok().flatten()?;
        entry.mode().is_tree().then(|| entry.object_id())
    }

    /// The files that differ between two trees, without looking into what is the same.
    fn differences(
        &self,
        before: Option<gix::ObjectId>,
        after: Option<gix::ObjectId>,
        folder: &str,
        found: &mut dyn FnMut(RepoPath, ChangeKind, gix::ObjectId),
    ) {
        if before == after {
            return;
        }
        let mut old = self.names(before);
        let new = self.names(after);
        let path = |name: &BString| match folder {
            "" => name.to_str_lossy().into_owned(),
            _ => format!("{folder}/{}", name.to_str_lossy()),
        };
        let mut tell = |name: &BString, before: Option<Named>, after: Option<Named>| {
            let tree = |named: Option<Named>| named.filter(|(_, is_tree)| *is_tree);
            let file = |named: Option<Named>| named.filter(|(_, is_tree)| !*is_tree);
            let path = path(name);
            self.differences(
                tree(before).map(|(id, _)| id),
                tree(after).map(|(id, _)| id),
                &path,
                found,
            );
            match (file(before), file(after)) {
                (Some((before, _)), Some((after, _))) if before != after => {
                    found(RepoPath::new(&path), ChangeKind::Modified, after);
                }
                (None, Some((id, _))) => found(RepoPath::new(&path), ChangeKind::Added, id),
                (Some((id, _)), None) => found(RepoPath::new(&path), ChangeKind::Deleted, id),
                _ => {}
            }
        };
        for (name, after) in &new {
            let before = old.remove(name);
            if before != Some(*after) {
                tell(name, before, Some(*after));
            }
        }
        for (name, before) in &old {
            tell(name, Some(*before), None);
        }
    }

    /// What a tree has by name, and whether that is a tree in its turn.
    fn names(&self, tree: Option<gix::ObjectId>) -> BTreeMap<BString, Named> {
        let Some(tree) = tree.and_then(|id| self.inner.find_tree(id).ok()) else {
            return BTreeMap::new();
        };
        tree.iter()
            .filter_map(Result::ok)
            .filter(|entry| !entry.mode().is_commit())
            .map(|entry| {
                let named = (entry.object_id(), entry.mode().is_tree());
                (entry.filename().to_owned(), named)
            })
            .collect()
    }
}
