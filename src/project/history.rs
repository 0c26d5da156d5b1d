//! A history that was replayed, and what of it holds for an earlier state of the repository.

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::{FxHashMap, FxHashSet};

use super::ProjectEnvironment;
use crate::alembic::{
    LiveUse, NamedTable, ReplayedRevision, Revision, Runtime, Statement, Upgraded,
};
use crate::catalog::Catalog;
use crate::git::{ChangeKind, ChangeSet};
use crate::models;
use crate::python::Extent;
use crate::python::ast::Name;
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
    /// True if a file of the repository adds operations to those that Alembic has.
    pub fn registers_operations(&self) -> bool {
        !self.files_with("register_operation").is_empty()
    }

    /// What a revision uses of the application's models as they are today.
    pub fn live_uses(&self, revision: &Revision) -> Vec<LiveUse> {
        let environment = &self.environment;
        let is_of_migrations = |path: &RepoPath| {
            path.is_within(&environment.script_location)
                || environment
                    .version_locations
                    .iter()
                    .any(|location| path.is_within(location))
        };
        Runtime::new(self.sources, &self.finder).live_uses(revision, &is_of_migrations)
    }

    /// The model classes that the module of a revision defines or imports, by the names it uses for them.
    pub fn named_tables(&self, revision: &Revision) -> BTreeMap<Name, NamedTable> {
        let sqlalchemy = self.versions().sqlalchemy.version;
        let version = (sqlalchemy.major, sqlalchemy.minor);
        Runtime::new(self.sources, &self.finder).named_tables(revision, version)
    }

    /// What the upgrade of a revision does with a database. Every operation is written down whole.
    pub fn upgrade_of(&self, node: usize, database: Catalog) -> Upgraded {
        let revision = &self.map.node(node).revision;
        self.new_replay().upgrade_of(revision, database)
    }

    /// What the database is told by the upgrades of these revisions, in one run.
    pub fn statements(&self, nodes: &[usize]) -> FxHashMap<usize, Vec<Statement>> {
        let mut replay = self.new_replay();
        let mut told = FxHashMap::default();
        for node in self.map.upgrade_order() {
            let revision = &self.map.node(node).revision;
            if nodes.contains(&node) {
                let continues = !told.is_empty();
                told.insert(node, replay.statements(revision, "upgrade", continues));
            } else if told.len() < nodes.len() {
                replay.upgrade(revision);
            }
        }
        told
    }

    /// What the database is told by the downgrades of these revisions, in one run that begins after the last of them.
    pub fn downgrade_statements(&self, nodes: &[usize]) -> FxHashMap<usize, Vec<Statement>> {
        let mut replay = self.new_replay();
        let order = self.map.upgrade_order();
        let last = order.iter().rposition(|node| nodes.contains(node));
        let ran = order.get(..last.map_or(0, |last| last + 1));
        let ran = ran.unwrap_or_default();
        for node in ran {
            replay.upgrade(&self.map.node(*node).revision);
        }
        let mut told = FxHashMap::default();
        for node in ran.iter().rev().filter(|node| nodes.contains(node)) {
            let revision = &self.map.node(*node).revision;
            let continues = !told.is_empty();
            told.insert(*node, replay.statements(revision, "downgrade", continues));
        }
        told
    }

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

    /// True if a change may make the models others than they were before. They are read for that, the migrations are
    /// not.
    pub fn may_change_models(&self, before: &Self, changes: &ChangeSet) -> bool {
        if let Some(models) = self.model_schema.get() {
            return self.differs_in(&models.files, before, changes);
        }
        let reading = self.begin_models();
        let files = reading.files();
        let may_change = files.is_none_or(|files| self.differs_in(&files, before, changes));
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
        if !later.differs_in(&models.files, self, changes) && self.semantics() == later.semantics()
        {
            let _ = self.model_schema.set(models.clone());
        }
    }

    /// True if a change has to do with what was run of these files, or may have: a module that is gone was perhaps
    /// imported.
    fn differs_in(
        &self,
        files: &FxHashMap<RepoPath, Extent>,
        before: &Self,
        changes: &ChangeSet,
    ) -> bool {
        changes
            .iter()
            .any(|(path, kind)| match (files.get(path), kind) {
                (_, ChangeKind::Deleted) => models::is_module(path),
                (None, _) => false,
                (Some(_), ChangeKind::Added) => true,
                (Some(extent), ChangeKind::Modified) => {
                    !extent.is_kept(path, self.sources, before.sources)
                }
            })
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
        files.contains(path) && !is_new(path)
            || kind == ChangeKind::Deleted && models::is_module(path)
    })
}
