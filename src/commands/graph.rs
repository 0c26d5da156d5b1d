//! `migrate-lint graph`

use crate::cli::{GlobalArgs, GraphArgs, GraphFormat, ProcessEnvironment};
use crate::commands::workspace::{SelectionFlags, Workspace, known_environments, settings};
use crate::commands::{CommandError, Exit, Streams, style};
use crate::project::Project;
use crate::python::{ParseCache, Sources};
use crate::report::graph::{
    GraphView, write_dot, write_html, write_json, write_mermaid, write_svg, write_text,
};

pub(super) fn run(
    args: &GraphArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    let workspace = Workspace::open(&process.working_folder, global)?;
    let head = workspace.worktree()?;
    let configuration = workspace.configuration(&head, global)?;
    let settings = settings(&configuration, &head, &SelectionFlags::default(), global)?;

    // What is new can only be told where a base is known; asked for by name, it must be.
    let base = match &workspace.repository {
        Some(repository) => {
            let configured = configuration.options.base_ref.as_deref();
            let choice =
                repository.choose_base(args.from_ref.as_deref(), configured, &process.hints);
            match (choice, &args.from_ref) {
                (Ok(base), _) => {
                    let commit = repository.head()?.commit();
                    let began =
                        commit.and_then(|commit| repository.merge_base(base.commit, commit).ok());
                    Some(repository.commit_snapshot(began.unwrap_or(base.commit))?)
                }
                (Err(error), Some(_)) => return Err(error.into()),
                (Err(_), None) => None,
            }
        }
        None => None,
    };

    let cache = ParseCache::default();
    let head_sources = Sources::new(&head, &cache);
    let project = Project::load(&head_sources, &settings);
    let base_sources = base.as_ref().map(|base| Sources::new(base, &cache));
    let base_project = base_sources
        .as_ref()
        .map(|sources| Project::load(sources, &settings));
    let views: Vec<GraphView<'_>> = project
        .environments
        .iter()
        .map(|environment| GraphView {
            environment,
            base: base_project
                .as_ref()
                .and_then(|base| base.counterpart(environment, &project.environments)),
            limit: args.limit,
            only: None,
        })
        .collect();
    if let Some(wanted) = settings
        .only_environment
        .as_ref()
        .filter(|_| views.is_empty())
    {
        let known = known_environments(&project.discovery);
        return Err(CommandError::NoSuchEnvironment {
            wanted: wanted.clone(),
            known,
        });
    }
    match args.output_format {
        GraphFormat::Text => write_text(&views, style(global, process), streams.out)?,
        GraphFormat::Json => write_json(&views, streams.out)?,
        GraphFormat::Mermaid => write_mermaid(&views, streams.out)?,
        GraphFormat::Dot => write_dot(&views, streams.out)?,
        GraphFormat::Svg => write_svg(&views, streams.out)?,
        GraphFormat::Html => write_html(&views, streams.out)?,
    }
    if views.is_empty() && !global.quiet {
        writeln!(
            streams.err,
            "warning: no Alembic environment was found; `migrate-lint config` shows where it looked"
        )?;
    }
    drop(views);
    drop(project);
    drop(base_project);
    match head_sources
        .into_failure()
        .or_else(|| base_sources.and_then(Sources::into_failure))
    {
        Some(failure) => Err(failure.into()),
        None => Ok(Exit::Clean),
    }
}
