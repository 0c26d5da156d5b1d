//! What the downgrade of a revision brings back that its parent has dropped: the parent's downgrade was to do so.

use super::reported::is_reported;
use crate::catalog::{Change, Difference};
use crate::rules::ReplayContext;
use crate::rules::difference::Remainder;

/// True for what the downgrade leaves behind where that of the parent, in the same change, is told not to bring back the
/// same: one statement stands in the wrong revision.
pub(super) fn is_told_of_the_parent(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let environment = ctx.environment;
    let ([parent], Change::Added, true) = (
        ctx.revision.down_revision.as_slice(),
        difference.change,
        environment.change.is_some(),
    ) else {
        return false;
    };
    let head = environment.head;
    let Some(node) = head.map.find(&parent.value) else {
        return false;
    };
    let revision = &head.map.node(node).revision;
    let Some(replayed) = head.replay().get(node) else {
        return false;
    };
    let parent = ReplayContext {
        environment,
        revision,
        replayed,
    };
    environment.is_judged(&revision.file)
        && Remainder::of(&parent).is_some_and(|remainder| {
            remainder.found.iter().any(|lost| {
                lost.change == Change::Removed
                    && (lost.subject, &lost.object) == (difference.subject, &difference.object)
                    && is_reported(lost, &remainder, &parent)
            })
        })
}
