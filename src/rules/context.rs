//! What rules see: facts, never git, syntax trees of other files, or terminals.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::civil::Date;
use rustc_hash::FxHashSet;

use crate::alembic::{BrokenLink, Migration, ReplayedRevision, Revision, Script};
use crate::config::{BaselineEntry, Settings};
use crate::diagnostic::Label;
use crate::dialect::Dialect;
use crate::git::{ChangeKind, ChangeSet, PastCommit};
use crate::models::{ModelUse, model_use, only_tries_again};
use crate::project::{Project, ProjectEnvironment};
use crate::python::ParsedFile;
use crate::rules::suppression::Suppression;
use crate::source::{FileSpan, RepoPath};

/// What was before the change, and is asked only if need be.
pub trait Past {
    /// The oldest release that has the version of a file that is meant; a pre-release only where there is no final one.
    fn oldest_with(&self, path: &RepoPath, is_meant: &dyn Fn(&[u8]) -> bool) -> Option<String>;

    /// True for the name of a release that is none yet: a candidate, a beta.
    fn is_early(&self, _release: &str) -> bool {
        false
    }

    /// True if a release has the version of a file that is meant.
    fn is_part_of(
        &self,
        _release: &str,
        _path: &RepoPath,
        _is_meant: &dyn Fn(&[u8]) -> bool,
    ) -> bool {
        true
    }

    /// The file as the newest release has it.
    fn newest(&self, path: &RepoPath) -> Option<Vec<u8>>;

    /// True if the base branch has had the version of a file that is meant, before the one it has now.
    fn had_before(&self, path: &RepoPath, is_meant: &dyn Fn(&[u8]) -> bool) -> bool;

    /// How many versions of a file the base branch has had, as far as anybody counts; in a project with releases, how many of
    /// them were released.
    fn versions(&self, _path: &RepoPath) -> usize {
        0
    }

    /// True if the author of the change has brought a file to the base less than a day before.
    fn is_new(&self, _path: &RepoPath) -> bool {
        false
    }

    /// True if the author of the change has brought a file to the base, and nobody else has made a commit since: less than
    /// three days before, or less than thirty if the commits before are those of several people.
    fn is_own(&self, _path: &RepoPath) -> bool {
        false
    }

    /// True if the base has got a file less than a week before the change.
    fn is_fresh(&self, _path: &RepoPath) -> bool {
        false
    }

    /// True if the commit that has brought a file to the base was written anew together with the change: they belong to one
    /// branch, of which nobody has had only the first part.
    fn is_rebased_with(&self, _path: &RepoPath) -> bool {
        false
    }

    /// True if the base is a branch that has merged the main one not long ago, and the version of a file that is meant did not
    /// come with that: the main branch does not have it yet.
    fn is_beside_main(&self, _path: &RepoPath, _is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
        false
    }

    /// The day of the change; `None` for one that is not committed yet.
    fn day(&self) -> Option<Date> {
        None
    }

    /// What the commits of the change say; none where it is not committed yet.
    fn messages(&self) -> Vec<String> {
        Vec::new()
    }

    /// What those commits of the change say that touch a file.
    fn messages_about(&self, _path: &RepoPath) -> Vec<String> {
        Vec::new()
    }

    /// The newest releases, and candidates, that have the version of a file that is meant, in whichever folder.
    fn releases_with(&self, _file_name: &str, _is_meant: &dyn Fn(&[u8]) -> bool) -> Vec<String> {
        Vec::new()
    }

    /// Of the releases and candidates of the last half year, how many have the version of a file that is meant, in whichever
    /// folder, and how many there are.
    fn of_late(&self, _file_name: &str, _is_meant: &dyn Fn(&[u8]) -> bool) -> (usize, usize) {
        (0, 0)
    }

    /// True if something was released before the change.
    fn has_releases(&self) -> bool {
        false
    }

    /// True if the project is in the making: nothing was released before the change, and its commits show that it was begun
    /// some weeks before.
    fn is_in_the_making(&self) -> bool {
        false
    }

    /// The day of the first commit of a project that was begun some weeks before the change and has released nothing, however
    /// few commits followed.
    fn begun(&self) -> Option<Date> {
        None
    }

    /// Shows the commits of the base that add Python files below these folders, the newest first.
    fn visit_additions(
        &self,
        _folders: &[RepoPath],
        _visit: &mut dyn FnMut(&PastCommit) -> ControlFlow<()>,
    ) {
    }

    /// What was in the newest of the Python files that commits of the base have deleted below these folders, so many of them.
    fn deleted(&self, _folders: &[RepoPath], _most: usize) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// True if the base was there so many days before its last commit.
    fn goes_back(&self, _days: u32) -> bool {
        false
    }

    /// True if the base had a file so many days before its last commit; `None` if it was not there itself.
    fn had(&self, _path: &RepoPath, _days: u32) -> Option<bool> {
        None
    }
}

/// A past of which nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPast;

impl Past for NoPast {
    fn oldest_with(&self, _path: &RepoPath, _is_meant: &dyn Fn(&[u8]) -> bool) -> Option<String> {
        None
    }

    fn newest(&self, _path: &RepoPath) -> Option<Vec<u8>> {
        None
    }

    fn had_before(&self, _path: &RepoPath, _is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
        false
    }
}

/// The whole repository.
pub(crate) struct ProjectContext<'a> {
    pub(crate) project: &'a Project<'a>,
    /// The same before the change.
    pub(crate) before: Option<&'a Project<'a>>,
}

impl<'a> ProjectContext<'a> {
    pub(crate) fn new(project: &'a Project<'a>, before: Option<&'a Project<'a>>) -> Self {
        Self { project, before }
    }
}

/// One Python file of an environment.
pub(crate) struct FileContext<'a> {
    pub(crate) file: &'a RepoPath,
    pub(crate) parsed: &'a ParsedFile,
}

/// One environment and, if a change is judged, what it was before and what it will be after the merge.
pub(crate) struct EnvironmentContext<'a> {
    pub(crate) settings: &'a Settings,
    /// The state under judgement.
    pub(crate) head: &'a ProjectEnvironment<'a>,
    /// All environments of the repository, this one among them.
    pub(crate) all: &'a [ProjectEnvironment<'a>],
    pub(crate) change: Option<EnvironmentChange<'a>>,
    /// Files of revisions that are older than the rules.
    pub(crate) old: FxHashSet<RepoPath>,
}

/// The other states of an environment when a change is judged.
pub(crate) struct EnvironmentChange<'a> {
    /// Before the change; `None` for a new environment.
    pub(crate) before: Option<&'a ProjectEnvironment<'a>>,
    /// The state others have: what is on the base branch. `None` where no base branch is known.
    pub(crate) upstream: Option<&'a ProjectEnvironment<'a>>,
    /// The result of the merge, where the base branch has moved on since the change began.
    pub(crate) merged: Option<&'a ProjectEnvironment<'a>>,
    pub(crate) changes: &'a ChangeSet,
    /// All that differs from the state before; `changes` without what a merge brings as it is on the other side.
    pub(crate) whole: &'a ChangeSet,
    /// The name of the base, for messages.
    pub(crate) base_name: &'a str,
    /// True where commits are judged, not what is staged or on disk.
    pub(crate) is_committed: bool,
    pub(crate) past: &'a dyn Past,
    /// Further states the change may be a continuation of: a model may have its migration in an earlier commit of the
    /// same branch.
    pub(crate) branch: Option<&'a ProjectEnvironment<'a>>,
    /// The commits of the branch before the state under judgement, the oldest first, if a rule asks for them.
    pub(crate) commits: Vec<CommitState<'a>>,
}

/// An environment as an earlier commit of the branch has it.
pub(crate) struct CommitState<'a> {
    /// The commit, for messages.
    pub(crate) name: &'a str,
    pub(crate) environment: &'a ProjectEnvironment<'a>,
    /// What changes from there to the state under judgement.
    pub(crate) rest: ChangeSet,
}

impl<'a> EnvironmentContext<'a> {
    /// The revision map to judge: that of the merge result where there is one.
    pub(crate) fn judged(&self) -> &'a ProjectEnvironment<'a> {
        self.change
            .as_ref()
            .and_then(|change| change.merged)
            .unwrap_or(self.head)
    }

    /// True if another environment has the same file of a revision and what it names there, or may have it: Alembic runs
    /// with that configuration then.
    pub(crate) fn is_found_elsewhere(&self, file: &RepoPath, named: &str) -> bool {
        self.all.iter().any(|other| {
            let map = &other.map;
            let has_file = |node: usize| map.node(node).revision.file == *file;
            let mut missing = map.missing_parents().iter();
            let mut unknown = map.missing_dependencies().iter();
            let is_missing = |link: &BrokenLink| has_file(link.node) && link.target.value == named;
            !std::ptr::eq(other, self.head)
                && (0..map.nodes().len()).any(has_file)
                && (!other.is_whole() || !(missing.any(is_missing) || unknown.any(is_missing)))
        })
    }

    /// What is there without the change: the base branch, or else the state before. `None` where no change is judged.
    pub(crate) fn base(&self) -> Option<&'a ProjectEnvironment<'a>> {
        let change = self.change.as_ref()?;
        change.upstream.or(change.before)
    }

    /// True if a file of a revision is part of the change, or everything is judged.
    pub(crate) fn is_judged(&self, file: &RepoPath) -> bool {
        if self.old.contains(file) {
            return false;
        }
        self.change
            .as_ref()
            .is_none_or(|change| change.changes.touches(file))
    }

    /// True for a file that the change only moves: the same bytes are deleted elsewhere.
    pub(crate) fn is_only_moved(&self, file: &RepoPath) -> bool {
        let (Some(change), Some(base)) = (&self.change, self.base()) else {
            return false;
        };
        let entry = self.head.sources().snapshot().get(file);
        let before = base.sources().snapshot();
        entry.is_some_and(|entry| {
            change.changes.iter().any(|(path, kind)| {
                let old = before.get(path);
                kind == ChangeKind::Deleted
                    && entry.id.is_some()
                    && old.is_some_and(|old| old.id == entry.id)
            })
        })
    }

    /// How code on the base uses the model of a table; `None` where that is not known.
    pub(crate) fn use_on_base(&self, table: &str) -> Option<ModelUse> {
        let base = self.base()?;
        let catalog = &base.model_schema().catalog;
        let models: Vec<(&str, &FileSpan)> = catalog
            .tables
            .iter()
            .filter_map(|(name, table)| Some((name.as_str(), table.place.as_ref()?)))
            .collect();
        model_use(base.sources(), table, &models, &base.script_folders())
    }

    /// True if all that asks for the model of a table on the base tries again where that fails, or is run by hand.
    pub(crate) fn is_only_tried_on_base(&self, table: &str) -> bool {
        self.base().is_some_and(|base| {
            let model = base.model_schema().catalog.tables.get(table);
            let place = model.and_then(|model| model.place.as_ref());
            place.is_some_and(|place| {
                only_tries_again(base.sources(), place, &base.script_folders())
            })
        })
    }

    /// True if a project was old enough to have habits before the change: by the dates of its revisions, or by its commits.
    pub(crate) fn is_established(&self) -> bool {
        let revisions = || {
            let nodes = self.head.map.nodes().iter().map(|node| &node.revision);
            nodes.filter(|revision| self.change.is_none() || !self.is_judged(&revision.file))
        };
        let dates = || revisions().filter_map(|revision| revision.created());
        let is_old = match dates().min().zip(dates().max()) {
            Some((first, last)) => (last - first).get_days() >= SETTLING,
            None => revisions().count() >= MANY,
        };
        let goes_back =
            |change: &EnvironmentChange<'_>| change.past.goes_back(SETTLING.unsigned_abs());
        is_old || self.change.as_ref().is_some_and(goes_back)
    }

    /// The oldest major version of the database that migrations run on.
    pub(crate) fn database_version(&self) -> u32 {
        let configured = self.settings.target_version;
        configured.map_or(
            match self.head.dialect().dialect {
                Dialect::PostgreSql => DEFAULT_POSTGRESQL,
                Dialect::MySql => DEFAULT_MYSQL,
                Dialect::Sqlite => 3,
            },
            |written| written.version.major,
        )
    }

    /// True if a revision is part of the change, or everything is judged.
    pub(crate) fn judges_revisions(&self) -> bool {
        let mut nodes = self.head.map.nodes().iter();
        nodes.any(|node| self.is_judged(&node.revision.file))
    }

    /// True if the base branch already has this revision.
    pub(crate) fn is_upstream(&self, id: &str) -> bool {
        self.change
            .as_ref()
            .and_then(|change| change.upstream)
            .is_some_and(|upstream| upstream.map.find(id).is_some())
    }
}

/// Between the first revision and the last there are so many days where a project has settled down.
const SETTLING: i32 = 90;
/// So many revisions are there by then, where they bear no dates.
const MANY: usize = 50;

/// The oldest version of PostgreSQL that is in common use.
const DEFAULT_POSTGRESQL: u32 = 14;
const DEFAULT_MYSQL: u32 = 8;

/// A revision file.
pub(crate) struct ScriptContext<'a> {
    pub(crate) environment: &'a EnvironmentContext<'a>,
    pub(crate) script: &'a Script,
}

/// A revision and what it does.
pub(crate) struct MigrationContext<'a> {
    pub(crate) environment: &'a EnvironmentContext<'a>,
    pub(crate) revision: &'a Arc<Revision>,
    pub(crate) migration: &'a Migration,
}

/// A revision on a symbolic database: what it makes of it, and what its downgrade leaves.
pub(crate) struct ReplayContext<'a> {
    pub(crate) environment: &'a EnvironmentContext<'a>,
    pub(crate) revision: &'a Arc<Revision>,
    pub(crate) replayed: &'a ReplayedRevision,
}

impl ReplayContext<'_> {
    /// The node of a later revision that makes a table which this one takes to be there: it is not.
    pub(crate) fn refuter(&self, table: &str) -> Option<usize> {
        let known = self.replayed.before.tables.get(table)?;
        if !known.is_of_others() {
            return None;
        }
        let history = self.environment.head.replay();
        let refutes = |node: &&usize| {
            history
                .get(**node)
                .is_some_and(|later| later.refuted.iter().any(|made| made == table))
        };
        history.order.iter().find(refutes).copied()
    }
}

/// A change to an environment.
pub(crate) struct ChangeContext<'a> {
    pub(crate) environment: &'a EnvironmentContext<'a>,
    pub(crate) change: &'a EnvironmentChange<'a>,
}

/// The comments that keep findings from being reported, after they did.
pub(crate) struct SuppressionContext<'a> {
    pub(crate) suppressions: &'a [Suppression],
    /// Entries of the baseline that are about nothing any more, each with its place.
    pub(crate) stale: &'a [(&'a BaselineEntry, Label)],
}
