//! What a change has to do with.

use crate::alembic::Direction;
use crate::git::{ChangeKind, ChangeSet, Snapshot};
use crate::models;
use crate::project::{Project, ProjectEnvironment};
use crate::python::Sources;
use crate::rules::EnvironmentContext;
use crate::schema::Effect;
use crate::source::RepoPath;

/// True if the change touches a file of the environment.
pub(super) fn touches_scripts(ctx: &EnvironmentContext<'_>, changes: &ChangeSet) -> bool {
    let change = ctx.change.as_ref();
    let environments = [
        Some(ctx.head),
        change.and_then(|change| change.before),
        change.and_then(|change| change.merged),
    ];
    let in_versions = |path: &RepoPath| {
        environments
            .iter()
            .flatten()
            .any(|environment: &&ProjectEnvironment<'_>| {
                environment
                    .environment
                    .version_locations
                    .iter()
                    .any(|folder| path.is_within(folder))
            })
    };
    changes.iter().any(|(path, _)| in_versions(path))
}

/// True if a commit touches a revision or a file that may declare models.
pub(super) fn may_change_schema(
    previous: &Snapshot,
    sources: &Sources<'_>,
    head: &Project<'_>,
) -> bool {
    let changes = ChangeSet::between(previous, sources.snapshot());
    changes.iter().any(|(path, kind)| {
        models::is_module(path)
            && (kind == ChangeKind::Deleted
                || models::may_declare_models(path, sources)
                || head
                    .environments
                    .iter()
                    .any(|environment| !environment.is_code(path)))
    })
}

/// True if the change touches a file that may declare models, or everything is judged.
pub(super) fn touches_models(ctx: &EnvironmentContext<'_>) -> bool {
    let change = ctx.change.as_ref();
    change.is_none_or(|change| ctx.head.may_touch_models(change.changes))
}

/// True if everything a direction does was understood.
pub(super) fn is_followed(direction: &Direction) -> bool {
    match direction {
        Direction::Missing => true,
        Direction::Unknown { .. } => false,
        Direction::Ran(run) => {
            run.end != crate::alembic::End::Stopped
                && run.operations.iter().all(|recorded| {
                    recorded.certain && recorded.operation.effect() != Effect::Unknown
                })
        }
    }
}
