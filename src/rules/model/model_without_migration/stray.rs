//! Migrations that belong to no environment.

use crate::git::ChangeKind;
use crate::python::{Likeness, Sources, definitions};
use crate::rules::ChangeContext;
use crate::source::RepoPath;

/// True if the change has a migration outside of every environment, as plugins with a chain of their own do: what runs it,
/// and on which tables, is not known.
pub(super) fn has_stray_migrations(ctx: &ChangeContext<'_>) -> bool {
    let environments = ctx.environment.all;
    ctx.change.changes.iter().any(|(path, kind)| {
        kind != ChangeKind::Deleted
            && path.extension() == "py"
            && !environments
                .iter()
                .any(|environment| environment.node_of(path).is_some())
            && holds_a_migration(path, ctx.environment.head.sources())
    })
}

fn holds_a_migration(path: &RepoPath, sources: &Sources<'_>) -> bool {
    // Most files are not worth parsing.
    let has_both = sources.look_into(path).is_some_and(|bytes| {
        let has = |word: &str| memchr::memmem::find(&bytes, word.as_bytes()).is_some();
        has("revision") && has("upgrade")
    });
    has_both
        && sources.python(path).is_some_and(|file| {
            let defined = definitions(&file.module, &Likeness::default());
            defined.contains_key("upgrade") && defined.contains_key("revision")
        })
}
