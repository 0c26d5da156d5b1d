//! A name that was confused: the downgrade drops or alters something that `upgrade` does not touch, and leaves what it
//! should have.

use crate::catalog::{Change, Difference};
use crate::rules::ReplayContext;
use crate::rules::difference::{Remainder, Target};

/// What the downgrade touches instead of what. Two differences that are neither are `None`.
pub(super) fn instead_of<'d>(
    one: &'d Difference,
    other: &'d Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> Option<(&'d Difference, &'d Difference)> {
    let (wrong, left) = match (one.change, other.change) {
        (Change::Removed, Change::Added) => (one, other),
        (Change::Added, Change::Removed) => (other, one),
        (Change::Changed(what), Change::Changed(other_what)) if what == other_what => {
            if is_left(one, remainder, ctx) {
                (other, one)
            } else {
                (one, other)
            }
        }
        _ => return None,
    };
    let (wrong_target, left_target) = (Target::of(wrong), Target::of(left));
    let is_one_kind = wrong.subject == left.subject
        && wrong_target.table == left_target.table
        && wrong_target.name != left_target.name;
    (is_one_kind
        && is_left(left, remainder, ctx)
        && !is_touched(wrong, ctx)
        && wrong_target.last_naming(remainder.downgrade).is_some())
    .then_some((wrong, left))
}

/// True for what `upgrade` does and the downgrade does not name.
fn is_left(difference: &Difference, remainder: &Remainder<'_>, ctx: &ReplayContext<'_>) -> bool {
    is_touched(difference, ctx)
        && Target::of(difference)
            .last_naming(remainder.downgrade)
            .is_none()
}

/// True for what `upgrade` changes.
fn is_touched(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let mut changes = ctx.replayed.upgrade.found.iter();
    changes.any(|change| change.subject == difference.subject && change.object == difference.object)
}
