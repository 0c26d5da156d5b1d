//! `migrate-lint check`

use std::cell::OnceCell;
use std::path::Path;

use crate::cli::{CheckArgs, CheckFormat, GlobalArgs, ProcessEnvironment};
use crate::commands::workspace::{SelectionFlags, Workspace, known_environments, settings};
use crate::commands::{CommandError, Exit, Streams, style};
use crate::config::{ConfigFile, Settings};
use crate::diagnostic::Diagnostic;
use crate::git::{
    BaseChoice, ChangeSet, CommitId, GitError, HeadState, ReleaseTag, Repository, Snapshot, merge,
};
use crate::linter::{self, BranchCommit, Change, Input, Outcome};
use crate::python::ParseCache;
use crate::report::{Concise, Full, Json, Reporter, Texts, statistics, summary_line};
use crate::rules::{NoReleases, Releases};
use crate::source::RepoPath;

pub(super) fn run(
    args: &CheckArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    let workspace = Workspace::open(&start_folder(args, process)?, global)?;
    let scope = args
        .paths
        .iter()
        .map(|path| workspace.path(path, process))
        .collect::<Result<Vec<_>, _>>()?;
    let judged = Judged::choose(args, global, process, &workspace)?;
    let configuration = &judged.configuration;
    let flags = SelectionFlags {
        select: &args.select,
        ignore: &args.ignore,
        extend_select: &args.extend_select,
    };
    let settings = Settings {
        statistics: args.statistics,
        ..settings(configuration, &flags, global)?
    };
    if global.verbose {
        judged.explain(&workspace, streams)?;
    }

    let releases: Box<dyn Releases> = match (&judged.comparison, &workspace.repository) {
        (Some(_), Some(repository)) => Box::new(ReleaseTags {
            repository,
            head: &judged.head,
            tags: OnceCell::new(),
        }),
        _ => Box::new(NoReleases),
    };
    let commits = judged.commits(&settings, &workspace)?;
    let cache = ParseCache::default();
    let change = judged.comparison.as_ref().map(|comparison| Change {
        before: &comparison.before,
        upstream: comparison
            .upstream
            .as_ref()
            .map(|upstream| upstream.of(comparison)),
        merged: comparison.merged.as_ref(),
        branch: comparison.branch.as_ref(),
        commits: &commits,
        theirs: comparison.theirs.as_ref(),
        base_name: &comparison.base_name,
        releases: releases.as_ref(),
    });
    let input = Input {
        head: &judged.head,
        change,
        settings: &settings,
    };
    let outcome = linter::lint(&input, &cache);
    // The syntax trees go with the process; taking them apart would take longer than some rules.
    std::mem::forget(cache);
    let mut outcome = outcome?;
    narrow(&mut outcome, &scope);
    if let Some(comparison) = &judged.comparison {
        let upstream = comparison
            .upstream
            .as_ref()
            .map_or(&comparison.before, |upstream| upstream.of(comparison));
        linter::restrict_fixes(&mut outcome.diagnostics, upstream);
    }

    let mut snapshots = vec![&judged.head];
    if let Some(comparison) = &judged.comparison {
        snapshots.extend(comparison.merged.as_ref());
        snapshots.push(&comparison.before);
    }
    report(
        args,
        global,
        process,
        &outcome,
        &Texts::new(snapshots),
        judged.comparison.is_some(),
        streams,
    )?;
    if workspace.repository.is_none() && !global.no_git && !global.quiet {
        writeln!(
            streams.err,
            "note: {} is not in a git repository, so all files are judged and no change can be",
            workspace.root.display()
        )?;
    }
    if outcome.summary.environments == 0 && !global.quiet {
        notice_no_environment(&settings, &judged, streams)?;
    }
    if let Some(error) = outcome.internal_errors.first() {
        return Err(CommandError::Internal {
            code: error.rule,
            message: error.message.clone(),
        });
    }
    Ok(if outcome.diagnostics.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

/// A path given decides which repository is meant.
fn start_folder(
    args: &CheckArgs,
    process: &ProcessEnvironment,
) -> Result<std::path::PathBuf, CommandError> {
    let Some(first) = args.paths.first() else {
        return Ok(process.working_folder.clone());
    };
    let path = process.working_folder.join(first);
    // Inside the working folder the working folder's repository is meant, also for files that are gone.
    if path.starts_with(&process.working_folder) && !path.join(".git").exists() {
        return Ok(process.working_folder.clone());
    }
    let folder = if path.is_dir() {
        Some(path.as_path())
    } else {
        path.parent()
    };
    let folder = folder.filter(|folder| folder.exists());
    folder
        .map(Path::to_path_buf)
        .ok_or_else(|| CommandError::NoSuchPath {
            path: first.display().to_string(),
        })
}

fn report(
    args: &CheckArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    outcome: &Outcome,
    texts: &Texts<'_>,
    is_change: bool,
    streams: &mut Streams<'_>,
) -> Result<(), CommandError> {
    let style = style(global, process);
    let reporter: Box<dyn Reporter> = match args.output_format {
        CheckFormat::Full => Box::new(Full { style }),
        CheckFormat::Concise => Box::new(Concise { style }),
        CheckFormat::Json => Box::new(Json),
    };
    reporter.write(outcome, texts, streams.out)?;
    if !global.quiet {
        for notice in &outcome.notices {
            writeln!(
                streams.err,
                "note: {}",
                crate::report::sanitise_line(notice)
            )?;
        }
    }
    if args.output_format != CheckFormat::Json && !global.quiet && outcome.summary.environments > 0
    {
        writeln!(streams.out, "{}", summary_line(outcome, is_change))?;
        if let Some(reversibility) = &outcome.summary.reversibility
            && args.statistics
        {
            write!(streams.out, "{}", statistics(reversibility))?;
        }
    }
    Ok(())
}

fn notice_no_environment(
    settings: &Settings,
    judged: &Judged,
    streams: &mut Streams<'_>,
) -> Result<(), CommandError> {
    if let Some(wanted) = &settings.only_environment {
        let cache = ParseCache::default();
        let sources = crate::python::Sources::new(&judged.head, &cache);
        let found = crate::alembic::discover(&sources, &settings.environments);
        let known = known_environments(&found);
        return Err(CommandError::NoSuchEnvironment {
            wanted: wanted.clone(),
            known,
        });
    }
    writeln!(
        streams.err,
        "warning: no Alembic environment was found; `migrate-lint config` shows where it looked"
    )?;
    Ok(())
}

/// Paths narrow what is reported. What is about the whole graph is reported in any case.
fn narrow(outcome: &mut Outcome, scope: &[RepoPath]) {
    if scope.is_empty() {
        return;
    }
    let is_in_scope = |diagnostic: &Diagnostic| {
        let about_the_whole =
            crate::rules::find(diagnostic.code).is_some_and(crate::rules::Rule::is_about_the_graph);
        about_the_whole
            || scope
                .iter()
                .any(|path| diagnostic.primary.file.is_within(path))
    };
    outcome.diagnostics.retain(is_in_scope);
}

/// The states to judge and to compare with.
struct Judged {
    head: Snapshot,
    comparison: Option<Comparison>,
    configuration: ConfigFile,
    /// What is judged, in words.
    what: String,
}

struct Comparison {
    before: Snapshot,
    upstream: Option<Upstream>,
    merged: Option<Snapshot>,
    branch: Option<Snapshot>,
    /// Where the branch began, and its last commit, if that is not the state under judgement itself.
    range: Option<(CommitId, CommitId)>,
    /// The other side of a merge in progress.
    theirs: Option<Snapshot>,
    base_name: String,
    base: Option<BaseChoice>,
}

/// What the base branch has.
enum Upstream {
    /// The state before the change.
    Before,
    /// Where the branch began.
    Branch,
}

impl Upstream {
    fn of<'a>(&self, comparison: &'a Comparison) -> &'a Snapshot {
        match self {
            Self::Before => &comparison.before,
            Self::Branch => comparison.branch.as_ref().unwrap_or(&comparison.before),
        }
    }
}

impl Judged {
    fn choose(
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
            range: began.zip(current.commit()),
            theirs,
            base_name,
            base,
        };
        Ok(Self {
            head,
            comparison: Some(comparison),
            configuration,
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
            what,
        })
    }

    /// The commits that the branch has before the state under judgement, if a rule asks for them.
    fn commits(
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

    fn explain(
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

/// Looks a path up in the trees of the release tags.
struct ReleaseTags<'a> {
    repository: &'a Repository,
    head: &'a Snapshot,
    /// Listed when the first edited file asks.
    tags: OnceCell<Vec<ReleaseTag>>,
}

impl Releases for ReleaseTags<'_> {
    fn containing(&self, path: &RepoPath) -> Option<String> {
        let tags = self.tags.get_or_init(|| self.repository.release_tags());
        // A release that has the file as it is now is not what the change departs from.
        let now = self.head.get(path).and_then(|entry| entry.id);
        let mut holding = tags.iter().take(MAX_TAGS).filter(|tag| {
            let released = self.repository.blob_at(tag.commit, path);
            released.is_some() && released != now
        });
        holding.next().map(|tag| tag.name.clone())
    }
}

/// Tags to look into, newest first: a file that none of them has was not released.
const MAX_TAGS: usize = 200;
