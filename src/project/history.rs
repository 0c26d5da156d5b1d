//! A history that was replayed, and what of it holds for an earlier state of the repository.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::ProjectEnvironment;
use crate::alembic::ReplayedRevision;
use crate::catalog::Catalog;
use crate::git::{ChangeKind, ChangeSet};
use crate::models;
use crate::source::RepoPath;

/// What the revisions of an environment do, one after the other.
#[derive(Debug)]
pub struct ReplayedHistory {
    /// The nodes in the order in which they ran.
    pub order: Vec<usize>,
    /// By node.
    pub(super) revisions: Vec<Option<ReplayedRevision>>,
    /// The database after all of them.
    pub catalog: Catalog,
    /// The database after each of the last revisions, in the order in which they ran.
    pub(super) recent: VecDeque<Catalog>,
    /// The files that were read.
    pub(super) files: FxHashSet<RepoPath>,
}

/// How many states of the database are kept: a change that has more revisions is judged by a replay of its own.
pub(super) const RECENT: usize = 64;

impl ReplayedHistory {
    pub fn get(&self, node: usize) -> Option<&ReplayedRevision> {
        self.revisions.get(node)?.as_ref()
    }

    /// The database after the first revisions of the order, if it was kept.
    fn after(&self, count: usize) -> Option<&Catalog> {
        let back = self.order.len().checked_sub(count)?;
        let index = self.recent.len().checked_sub(back + 1)?;
        self.recent.get(index)
    }
}

impl ProjectEnvironment<'_> {
    /// Takes over from a later state what the change in between did not touch: the history before its new revisions.
    pub fn adopt_history(&self, later: &Self, changes: &ChangeSet) {
        let is_new =
            |path: &RepoPath| self.node_of(path).is_none() && later.node_of(path).is_some();
        let history = later.replay();
        let count = self.map.nodes().len();
        let is_shared = |node: &usize| {
            let revision = &later.map.node(*node).revision;
            self.node_of(&revision.file).is_some()
        };
        if touches(changes, &history.files, &is_new)
            || history.order.len() < count
            || !history.order.iter().take(count).all(is_shared)
            || self.semantics() != later.semantics()
        {
            return;
        }
        if let Some(catalog) = history.after(count) {
            let _ = self.migrated.set(catalog.clone());
        }
    }

    /// True if a change may make the models others than they were. They are read for that, the migrations are not.
    pub fn may_change_models(&self, changes: &ChangeSet) -> bool {
        if let Some(models) = self.model_schema.get() {
            return touches(changes, &models.files, &|_| false);
        }
        let reading = self.begin_models();
        let files = reading.files().map(|files| files.iter().cloned().collect());
        let may_change =
            files.is_none_or(|files: FxHashSet<RepoPath>| touches(changes, &files, &|_| false));
        if may_change {
            let _ = self
                .model_schema
                .set(reading.finish(&|| self.migrated().clone()));
        }
        may_change
    }

    /// Takes over the models of a later state, if the change in between did not touch them.
    pub fn adopt_models(&self, later: &Self, changes: &ChangeSet) {
        let models = later.model_schema();
        if !touches(changes, &models.files, &|_| false) && self.semantics() == later.semantics() {
            let _ = self.model_schema.set(models.clone());
        }
    }
}

/// True if a change has to do with files that were read, or may have: one that is gone was perhaps imported. `is_new`
/// tells what is known to have come with the change.
fn touches(
    changes: &ChangeSet,
    files: &FxHashSet<RepoPath>,
    is_new: &dyn Fn(&RepoPath) -> bool,
) -> bool {
    changes.iter().any(|(path, kind)| {
        let is_module = path.extension() == "py" && !models::is_test_file(path);
        files.contains(path) && !is_new(path) || kind == ChangeKind::Deleted && is_module
    })
}
