//! `migrate-lint check`

mod judged;
mod output;

use std::cell::OnceCell;
use std::path::Path;

use crate::cli::{CheckArgs, GlobalArgs, ProcessEnvironment};
use crate::commands::check::judged::Judged;
use crate::commands::check::output::{Output, Outputs};
use crate::commands::workspace::{SelectionFlags, Workspace, known_environments, settings};
use crate::commands::{CommandError, Exit, Streams};
use crate::config::Settings;
use crate::diagnostic::Diagnostic;
use crate::git::{ReleaseTag, Repository, Snapshot};
use crate::linter::{self, Change, Input, Outcome};
use crate::python::ParseCache;
use crate::report::{Card, Texts};
use crate::rules::{NoReleases, Releases};
use crate::source::RepoPath;

pub(super) fn run(
    args: &CheckArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    let is_quiet = global.quiet || global.silent;
    let outputs = Outputs::choose(args, global, process)?;
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
    let mut cards = Vec::new();
    let outcome = linter::lint_observed(&input, &cache, &mut |environment| {
        if outputs.has_review() {
            cards.extend(Card::of(environment));
        }
    });
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
    let output = Output {
        outputs: &outputs,
        global,
        process,
        workspace: &workspace,
        has_statistics: args.statistics,
        is_change: judged.comparison.is_some(),
        cards: &cards,
    };
    output.write(&outcome, &Texts::new(snapshots), streams)?;
    if workspace.repository.is_none() && !global.no_git && !is_quiet {
        writeln!(
            streams.err,
            "note: {} is not in a git repository, so all files are judged and no change can be",
            workspace.root.display()
        )?;
    }
    if outcome.summary.environments == 0 && !is_quiet {
        notice_no_environment(&settings, &judged, streams)?;
    }
    if let Some(error) = outcome.internal_errors.first() {
        return Err(CommandError::Internal {
            code: error.rule,
            message: error.message.clone(),
        });
    }
    Ok(if outcome.diagnostics.is_empty() || args.exit_zero {
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
