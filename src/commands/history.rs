//! `migrate-lint schema` and `migrate-lint replay`

use crate::cli::{
    GlobalArgs, ProcessEnvironment, ReplayArgs, ReplayFormat, SchemaArgs, SchemaFormat,
};
use crate::commands::workspace::{SelectionFlags, Workspace, settings};
use crate::commands::{CommandError, Exit, Streams};
use crate::project::{Project, ProjectEnvironment};
use crate::python::{ParseCache, Sources};
use crate::report::{replay, schema};

pub(super) fn schema(
    args: &SchemaArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    with_environment(global, process, |environment| {
        let (catalog, at) = match &args.at {
            Some(revision) => {
                let node = node_of(environment, revision)?;
                (environment.catalog_at(&[node]), environment.ids(&[node]))
            }
            None => (
                environment.replay().catalog.clone(),
                environment.ids(&environment.map.heads()),
            ),
        };
        let view = schema::SchemaView {
            environment,
            at: &at,
            catalog: &catalog,
        };
        match args.output_format {
            SchemaFormat::Json => schema::write_json(&view, streams.out)?,
            SchemaFormat::Sql => schema::write_sql(&view, streams.out)?,
            SchemaFormat::Mermaid => schema::write_mermaid(&view, streams.out)?,
        }
        Ok(Exit::Clean)
    })
}

pub(super) fn replay(
    args: &ReplayArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    with_environment(global, process, |environment| {
        let nodes = if args.revisions.is_empty() {
            environment.replay().order.clone()
        } else {
            args.revisions
                .iter()
                .map(|revision| node_of(environment, revision))
                .collect::<Result<Vec<_>, _>>()?
        };
        let view = replay::ReplayView {
            environment,
            nodes: &nodes,
        };
        match args.output_format {
            ReplayFormat::Json | ReplayFormat::Text => replay::write_json(&view, streams.out)?,
        }
        Ok(Exit::Clean)
    })
}

/// Runs something with the one environment that is meant.
fn with_environment(
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    run: impl FnOnce(&ProjectEnvironment<'_>) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    let workspace = Workspace::open(&process.working_folder, global)?;
    let head = workspace.worktree()?;
    let configuration = workspace.configuration(&head, global)?;
    let settings = settings(&configuration, &SelectionFlags::default(), global)?;
    let cache = ParseCache::default();
    let sources = Sources::new(&head, &cache);
    let exit = {
        let project = Project::load(&sources, &settings);
        let known: Vec<String> = project
            .discovery
            .environments
            .iter()
            .map(|environment| format!("`{}`", environment.script_location))
            .collect();
        match project.environments.as_slice() {
            [only] => run(only)?,
            [] => {
                return Err(CommandError::NoSuchEnvironment {
                    wanted: settings.only_environment.clone().unwrap_or_default(),
                    known: if known.is_empty() {
                        "none was found".to_owned()
                    } else {
                        format!("there are {}", known.join(", "))
                    },
                });
            }
            _ => {
                return Err(CommandError::SeveralEnvironments {
                    known: format!("choose one with `--environment`: {}", known.join(", ")),
                });
            }
        }
    };
    match sources.into_failure() {
        Some(failure) => Err(failure.into()),
        None => Ok(exit),
    }
}

/// The revision of an id, or of the one id that begins so.
fn node_of(environment: &ProjectEnvironment<'_>, wanted: &str) -> Result<usize, CommandError> {
    if let Some(node) = environment.map.find(wanted) {
        return Ok(node);
    }
    let mut found = environment
        .map
        .nodes()
        .iter()
        .enumerate()
        .filter(|(_, node)| wanted.len() > 3 && node.id().starts_with(wanted))
        .map(|(index, _)| index);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(CommandError::NoSuchRevision {
            wanted: wanted.to_owned(),
        }),
    }
}
