//! What `check` judges and what it compares that with.

use crate::cli::{CheckArgs, GlobalArgs, ProcessEnvironment};
use crate::commands::workspace::Workspace;
use crate::commands::{CommandError, Streams};
use crate::config::{ConfigFile, Settings};
use crate::git::{
    BaseChoice, ChangeSet, CommitId, GitError, HeadState, Repository, Snapshot, merge,
};
use crate::linter::BranchCommit;

/// The states to judge and to compare with.
pub(super) struct Judged {
    pub(super) head: Snapshot,
    pub(super) comparison: Option<Comparison>,
    pub(super) configuration: ConfigFile,
    /// Whether the files on disk are judged.
    pub(super) is_worktree: bool,
    /// The commit under judgement, if it is one.
    pub(super) commit: Option<CommitId>,
    /// What is judged, in words.
    what: String,
}

pub(super) struct Comparison {
    pub(super) before: Snapshot,
    pub(super) upstream: Option<Upstream>,
    pub(super) merged: Option<Snapshot>,
    pub(super) branch: Option<Snapshot>,
    /// The last commit of the base branch before the change or, where no base is known, the last commit before it.
    pub(super) began: Option<CommitId>,
    /// Where the branch began, and its last commit, if that is not the state under judgement itself.
    range: Option<(CommitId, CommitId)>,
    /// The other side of a merge in progress.
    pub(super) theirs: Option<Snapshot>,
    pub(super) base_name: String,
    base: Option<BaseChoice>,
}

/// What the base branch has.
pub(super) enum Upstream {
    /// The state before the change.
    Before,
    /// Where the branch began.
    Branch,
}

impl Upstream {
    pub(super) fn of<'a>(&self, comparison: &'a Comparison) -> &'a Snapshot {
        match self {
            Self::Before => &comparison.before,
            Self::Branch => comparison.branch.as_ref().unwrap_or(&comparison.before),
        }
    }
}

impl Judged {
    pub(super) fn choose(
        args: &CheckArgs,
        global: &GlobalArgs,
        process: &ProcessEnvironment,
        workspace: &Workspace,
    ) -> Result<Self, CommandError> {
        let hints = &process.hints;
        if args.staged {
            return Self::staged(global, process, workspace);
        }
        if args.changed {
            return Self::changed(args, global, process, workspace);
        }
        if args.from_ref.is_some() || args.to_ref.is_some() {
            let (from, to) = (args.from_ref.as_deref(), args.to_ref.as_deref());
            return Self::range(from, to, hints, global, workspace);
        }
        // The pre-commit framework says by its variables what it is about; with `--all-files` it says nothing.
        if process.in_pre_commit
            && args.paths.is_empty()
            && let Some(repository) = &workspace.repository
        {
            if let (Some(from), to) = (
                &hints.pre_commit_from_ref,
                hints.pre_commit_to_ref.as_deref(),
            ) {
                return Self::range(Some(from), to, hints, global, workspace);
            }
            if has_staged_changes(repository)? {
                return Self::staged(global, process, workspace);
            }
        }
        let head = workspace.worktree()?;
        let configuration = workspace.configuration(&head, global)?;
        let what = if workspace.repository.is_some() {
            "the work tree"
        } else {
            "the folder, which is in no git repository"
        };
        Ok(Self {
            head,
            comparison: None,
            configuration,
            is_worktree: true,
            commit: None,
            what: what.to_owned(),
        })
    }

    /// The index against HEAD.
    fn staged(
        global: &GlobalArgs,
        process: &ProcessEnvironment,
        workspace: &Workspace,
    ) -> Result<Self, CommandError> {
        let repository = workspace.git()?;
        let head = repository.index_snapshot()?;
        let configuration = workspace.configuration(&head, global)?;
        let current = repository.head()?;
        let before = match current.commit() {
            Some(commit) => repository.commit_snapshot(commit)?,
            None => Snapshot::empty(),
        };
        // pre-commit's variables are about ranges, never about what is staged.
        let hints = crate::git::BaseHints {
            pre_commit_from_ref: None,
            pre_commit_to_ref: None,
            ..process.hints.clone()
        };
        let base = repository
            .choose_base(None, configuration.options.base_ref.as_deref(), &hints)
            .ok();
        let began = match (&base, current.commit()) {
            (Some(base), Some(commit)) => repository.merge_base(base.commit, commit).ok(),
            _ => None,
        };
        let (branch, upstream) = match (began, current.commit()) {
            (Some(began), Some(commit)) if began == commit => (None, Some(Upstream::Before)),
            (Some(began), _) => (
                Some(repository.commit_snapshot(began)?),
                Some(Upstream::Branch),
            ),
            // Nothing is known of others: the last commit may be amended, so what it did belongs to the change.
            (None, Some(commit)) => match repository.first_parent(commit) {
                Some(parent) => (Some(repository.commit_snapshot(parent)?), None),
                None => (None, None),
            },
            (None, None) => (None, None),
        };
        let theirs = repository
            .merge_in_progress(&process.merging)
            .map(|commit| repository.commit_snapshot(commit))
            .transpose()?;
        let base_name = base
            .as_ref()
            .map_or_else(|| branch_name(&current), |base| base.name.clone());
        let merging = theirs.is_some();
        let comparison = Comparison {
            before,
            upstream,
            merged: None,
            branch,
            began: began.or(current.commit()),
            range: began.zip(current.commit()),
            theirs,
            base_name,
            base,
        };
        Ok(Self {
            head,
            comparison: Some(comparison),
            configuration,
            is_worktree: false,
            commit: None,
            what: if merging {
                "what is staged: the result of a merge".to_owned()
            } else {
                "what is staged".to_owned()
            },
        })
    }

    /// The work tree against the base branch.
    fn changed(
        args: &CheckArgs,
        global: &GlobalArgs,
        process: &ProcessEnvironment,
        workspace: &Workspace,
    ) -> Result<Self, CommandError> {
        let repository = workspace.git()?;
        let head = repository.worktree_snapshot()?;
        let configuration = workspace.configuration(&head, global)?;
        let configured = configuration.options.base_ref.as_deref();
        let base = repository.choose_base(args.from_ref.as_deref(), configured, &process.hints)?;
        let current = repository.head()?;
        let comparison = match current.commit() {
            Some(commit) => compare(repository, base, commit, &head)?,
            None => Comparison {
                before: Snapshot::empty(),
                upstream: None,
                merged: None,
                branch: None,
                began: None,
                range: None,
                theirs: None,
                base_name: base.name.clone(),
                base: Some(base),
            },
        };
        let what = "the work tree, and all commits since the base".to_owned();
        Ok(Self {
            head,
            comparison: Some(comparison),
            configuration,
            is_worktree: true,
            commit: None,
            what,
        })
    }

    /// One commit against another, from where they part. Without a base, all that the commit holds is judged.
    fn range(
        from: Option<&str>,
        to: Option<&str>,
        hints: &crate::git::BaseHints,
        global: &GlobalArgs,
        workspace: &Workspace,
    ) -> Result<Self, CommandError> {
        let repository = workspace.git()?;
        let commit = repository.commit(to.unwrap_or("HEAD"))?;
        let head = repository.commit_snapshot(commit)?;
        let configuration = workspace.configuration(&head, global)?;
        let configured = configuration.options.base_ref.as_deref();
        let comparison = match repository.choose_base(from, configured, hints) {
            Ok(base) => Some(compare(repository, base, commit, &head)?),
            Err(GitError::NoBase) if from.is_none() => None,
            Err(error) => return Err(error.into()),
        };
        let what = format!("`{}`", to.unwrap_or("HEAD"));
        Ok(Self {
            head,
            comparison,
            configuration,
            is_worktree: false,
            commit: Some(commit),
            what,
        })
    }

    /// The commits that the change begins and ends with.
    pub(super) fn extent(&self) -> Option<(CommitId, CommitId)> {
        self.comparison.as_ref()?.range
    }

    /// The states that findings may point into, the one that counts first.
    pub(super) fn snapshots(&self) -> Vec<&Snapshot> {
        let mut snapshots = vec![&self.head];
        if let Some(comparison) = &self.comparison {
            snapshots.extend(comparison.merged.as_ref());
            snapshots.push(&comparison.before);
        }
        snapshots
    }

    /// What the base branch has, if there is one that is not the branch itself.
    pub(super) fn base(
        &self,
        process: &ProcessEnvironment,
        workspace: &Workspace,
    ) -> Result<Option<Snapshot>, CommandError> {
        let Some(repository) = &workspace.repository else {
            return Ok(None);
        };
        let configured = self.configuration.options.base_ref.as_deref();
        match repository.choose_base(None, configured, &process.hints) {
            Ok(base) => Ok(Some(repository.commit_snapshot(base.commit)?)),
            Err(_) => Ok(None),
        }
    }

    /// The commits that the branch has before the state under judgement, if a rule asks for them.
    pub(super) fn commits(
        &self,
        settings: &Settings,
        workspace: &Workspace,
    ) -> Result<Vec<BranchCommit>, CommandError> {
        let asks = crate::rules::asks_for_commits(settings);
        let range = self
            .comparison
            .as_ref()
            .and_then(|comparison| comparison.range);
        let (Some(repository), Some((began, tip)), true) = (&workspace.repository, range, asks)
        else {
            return Ok(Vec::new());
        };
        let commits = repository.commits_since(began, tip, MAX_COMMITS);
        let read = |commit: CommitId| -> Result<BranchCommit, CommandError> {
            Ok(BranchCommit {
                name: repository.title(commit),
                snapshot: repository.commit_snapshot(commit)?,
            })
        };
        commits.into_iter().map(read).collect()
    }

    pub(super) fn explain(
        &self,
        workspace: &Workspace,
        streams: &mut Streams<'_>,
    ) -> Result<(), CommandError> {
        writeln!(
            streams.err,
            "judging {}, in {}",
            self.what,
            workspace.root.display()
        )?;
        match &self.configuration.path {
            Some(path) => writeln!(streams.err, "configuration: {path}")?,
            None => writeln!(streams.err, "configuration: none")?,
        }
        if let Some(comparison) = &self.comparison {
            match &comparison.base {
                Some(base) => writeln!(
                    streams.err,
                    "base: {} ({}), from {}{}",
                    base.name,
                    base.commit.short(),
                    base.source,
                    if comparison.merged.is_some() {
                        "; it has moved on, so the result of the merge is judged"
                    } else {
                        ""
                    }
                )?,
                None => writeln!(
                    streams.err,
                    "base: none is known, so nothing counts as merged"
                )?,
            }
        }
        for skipped in self.head.skipped() {
            let skipped = crate::report::sanitise_line(skipped);
            writeln!(streams.err, "skipped: {skipped} (the path is not UTF-8)")?;
        }
        Ok(())
    }
}

/// From where two commits part to the second, with the result of merging it into the first.
fn compare(
    repository: &Repository,
    base: BaseChoice,
    commit: CommitId,
    head: &Snapshot,
) -> Result<Comparison, CommandError> {
    let began = repository.merge_base(base.commit, commit)?;
    let before = repository.commit_snapshot(began)?;
    let merged = if began == base.commit {
        None
    } else {
        let target = repository.commit_snapshot(base.commit)?;
        Some(merge(&before, &target, head).snapshot)
    };
    let base_name = base.name.clone();
    Ok(Comparison {
        before,
        upstream: Some(Upstream::Before),
        merged,
        branch: None,
        began: Some(began),
        range: Some((began, commit)),
        theirs: None,
        base_name,
        base: Some(base),
    })
}

fn has_staged_changes(repository: &Repository) -> Result<bool, CommandError> {
    let before = match repository.head()?.commit() {
        Some(commit) => repository.commit_snapshot(commit)?,
        None => Snapshot::empty(),
    };
    let Ok(index) = repository.index_snapshot() else {
        return Ok(false);
    };
    Ok(!ChangeSet::between(&before, &index).is_empty())
}

fn branch_name(head: &HeadState) -> String {
    match head {
        HeadState::Branch { name, .. } => name.clone(),
        HeadState::Detached(_) | HeadState::Unborn => "HEAD".to_owned(),
    }
}

/// Of a longer branch only the last commits are looked into.
const MAX_COMMITS: usize = 100;
