//! A history that is begun anew.

use crate::alembic::Revision;
use crate::project::ProjectEnvironment;
use crate::rules::revision::code_of;
use crate::source::shared_lines;

/// True if nothing is left of the history of the base: its revisions are gone, but for the first one, which may keep its id
/// where it does something else now.
pub(in crate::rules::revision) fn is_begun_anew(
    upstream: &ProjectEnvironment<'_>,
    head: &ProjectEnvironment<'_>,
) -> bool {
    let mut nodes = upstream.map.nodes().iter();
    let mut is_any_gone = false;
    let are_gone = nodes.all(|node| {
        let Some(now) = head.map.find(node.id()) else {
            is_any_gone = true;
            return true;
        };
        let (old, new) = (&node.revision, &head.map.node(now).revision);
        let is_first = |revision: &Revision| revision.down_revision.is_empty();
        is_first(old) && is_first(new) && shared_lines(code_of(old), code_of(new)) < UNLIKE
    });
    are_gone && is_any_gone
}

/// True if the new history makes other tables than the old one: what it makes is a new database, and those that there are
/// do not come to it.
pub(super) fn makes_another_schema(
    upstream: &ProjectEnvironment<'_>,
    head: &ProjectEnvironment<'_>,
) -> bool {
    let old = upstream.migrated();
    let new = head.migrated();
    if old.opaque.is_some() || new.opaque.is_some() {
        return false;
    }
    let kept = old
        .tables
        .keys()
        .filter(|name| new.tables.contains_key(*name));
    let (kept, all) = (kept.count(), old.tables.len());
    all >= FEW_TABLES && !new.tables.is_empty() && kept * MOST <= all
}

/// Of two versions that are not one revision fewer lines are the same, in percent.
const UNLIKE: usize = 50;

/// Fewer tables do not show that others are meant.
const FEW_TABLES: usize = 3;

/// At most one table of so many is kept in another schema.
const MOST: usize = 4;
