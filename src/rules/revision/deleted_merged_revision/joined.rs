//! Revisions that their author puts together before anything is released.

use crate::catalog::compare;
use crate::project::ProjectEnvironment;
use crate::rules::ChangeContext;

/// True if fewer new revisions make the same schema as the deleted ones, all of which the author of the change has brought
/// not long ago, in a repository where databases stand at releases.
pub(super) fn are_joined(
    deleted: &[usize],
    ctx: &ChangeContext<'_>,
    upstream: &ProjectEnvironment<'_>,
) -> bool {
    let head = ctx.environment.head;
    let past = ctx.change.past;
    let is_new = |id| upstream.map.find(id).is_none();
    let new = head.map.nodes().iter().filter(|node| is_new(node.id()));
    let is_of_author = |node: &usize| past.is_of_author(&upstream.map.node(*node).revision.file);
    (1..deleted.len()).contains(&new.count())
        && past.has_releases()
        && deleted.iter().all(is_of_author)
        && {
            let differences = compare(upstream.migrated(), head.migrated());
            differences.found.is_empty() && !differences.is_unbounded
        }
}
