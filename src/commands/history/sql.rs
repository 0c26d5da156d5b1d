//! `migrate-lint sql`

use rustc_hash::FxHashSet;

use super::{chosen, warn, warn_of_beginning};
use crate::cli::{GlobalArgs, ProcessEnvironment, SqlArgs, SqlFormat};
use crate::commands::history::targets::Targets;
use crate::commands::workspace::{SelectionFlags, Workspace, settings};
use crate::commands::{CommandError, Exit, Streams};
use crate::git::Snapshot;
use crate::project::{Project, ProjectEnvironment};
use crate::python::{ParseCache, Sources};
use crate::report::offline::{OfflineView, Way, write_json, write_text};
use crate::report::sanitise_line;

/// The state that the branch began with, and what people call it.
struct Beginning {
    name: String,
    snapshot: Snapshot,
}

pub(in crate::commands) fn sql(
    args: &SqlArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    let workspace = Workspace::open(&process.working_folder, global)?;
    let head = workspace.worktree()?;
    let configuration = workspace.configuration(&head, global)?;
    let settings = settings(&configuration, &head, &SelectionFlags::default(), global)?;
    let beginning = match (&workspace.repository, args.revisions.is_empty()) {
        (Some(repository), true) => {
            let configured = configuration.options.base_ref.as_deref();
            let flag = args.from_ref.as_deref();
            match repository.choose_base(flag, configured, &process.hints) {
                Ok(base) => {
                    let commit = repository.head()?.commit();
                    let began =
                        commit.and_then(|commit| repository.merge_base(base.commit, commit).ok());
                    Some(Beginning {
                        name: base.name,
                        snapshot: repository.commit_snapshot(began.unwrap_or(base.commit))?,
                    })
                }
                Err(error) if flag.is_some() => return Err(error.into()),
                Err(_) => None,
            }
        }
        _ => None,
    };
    let cache = ParseCache::default();
    let sources = Sources::new(&head, &cache);
    let base_sources = beginning
        .as_ref()
        .map(|beginning| Sources::new(&beginning.snapshot, &cache));
    {
        let project = Project::load(&sources, &settings);
        let environment = chosen(&project, &settings)?;
        warn(environment, global, streams.err)?;
        let base_project = base_sources
            .as_ref()
            .map(|sources| Project::load(sources, &settings));
        let wanted = match (&base_project, &beginning) {
            (Some(base), Some(beginning)) => {
                let new = new_revisions(environment, &project, base);
                if new.is_empty() && !global.quiet && !environment.map.is_empty() {
                    writeln!(
                        streams.err,
                        "note: no revision is new against `{}`; `migrate-lint sql base:heads` writes them all",
                        sanitise_line(&beginning.name)
                    )?;
                }
                new
            }
            _ => named(environment, &args.revisions)?,
        };
        warn_of_beginning(environment, global, streams.err)?;
        let mut nodes: Vec<usize> = environment
            .map
            .upgrade_order()
            .into_iter()
            .filter(|node| wanted.contains(node))
            .collect();
        let (way, statements) = if args.downgrade {
            nodes.reverse();
            (Way::Down, environment.downgrade_statements(&nodes))
        } else {
            (Way::Up, environment.statements(&nodes))
        };
        let view = OfflineView {
            environment,
            nodes: &nodes,
            way,
            statements: &statements,
        };
        match args.output_format {
            _ if nodes.is_empty() && args.output_format == SqlFormat::Text => {}
            SqlFormat::Text => write_text(&view, streams.out)?,
            SqlFormat::Json => write_json(&view, streams.out)?,
        }
    }
    match sources
        .into_failure()
        .or_else(|| base_sources.and_then(Sources::into_failure))
    {
        Some(failure) => Err(failure.into()),
        None => Ok(Exit::Clean),
    }
}

/// What the branch adds.
fn new_revisions(
    environment: &ProjectEnvironment<'_>,
    project: &Project<'_>,
    base: &Project<'_>,
) -> FxHashSet<usize> {
    let before = base.counterpart(environment, &project.environments);
    let nodes = 0..environment.map.nodes().len();
    nodes
        .filter(|node| {
            let id = environment.map.node(*node).id();
            before.is_none_or(|before| before.map.find(id).is_none())
        })
        .collect()
}

/// The revisions that are named; all where none is.
fn named(
    environment: &ProjectEnvironment<'_>,
    written: &[String],
) -> Result<FxHashSet<usize>, CommandError> {
    if written.is_empty() {
        return Ok((0..environment.map.nodes().len()).collect());
    }
    let targets = Targets::new(&environment.map);
    let mut wanted = FxHashSet::default();
    for written in written {
        wanted.extend(targets.range(written)?.0);
    }
    Ok(wanted)
}
