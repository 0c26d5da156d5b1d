//! A name that was confused: the downgrade drops or alters something that `upgrade` does not touch, and leaves what it
//! should have.

use super::Object;
use crate::catalog::{Change, Difference, Subject};
use crate::diagnostic::Label;
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

/// Makes one of what the downgrade drops of a table and what it makes there, where that is one of each kind: it makes the
/// wrong one.
pub(super) fn join_replaced(objects: &mut Vec<Object<'_>>, remainder: &Remainder<'_>) {
    let is_on_the_way_back = |object: &Object<'_>| {
        let span = object.primary.span;
        object.meant.is_none() && span.is_some_and(|span| remainder.downgrade.span.contains(span))
    };
    let is_kin = |one: &Object<'_>, other: &Object<'_>| {
        one.first.subject == other.first.subject
            && Target::of(one.first).table == Target::of(other.first).table
    };
    let only = |objects: &[Object<'_>], change: Change, kin: &Object<'_>| {
        let mut found = objects
            .iter()
            .enumerate()
            .filter(|(_, one)| one.first.change == change && is_kin(one, kin));
        match (found.next(), found.next()) {
            (Some((at, one)), None) if is_on_the_way_back(one) => Some(at),
            _ => None,
        }
    };
    let is_part = |object: &Object<'_>| {
        matches!(
            object.first.subject,
            Subject::Unique | Subject::Check | Subject::Exclude | Subject::Index
        )
    };
    let mut at = 0;
    while let Some(object) = objects.get(at) {
        let pair = (object.first.change == Change::Added && is_part(object))
            .then(|| {
                let added = only(objects, Change::Added, object)?;
                Some((added, only(objects, Change::Removed, object)?))
            })
            .flatten();
        let Some((added, _)) = pair else {
            at += 1;
            continue;
        };
        let added = objects.remove(added);
        let lost = objects
            .iter_mut()
            .find(|one| one.first.change == Change::Removed && is_kin(one, &added));
        if let Some(lost) = lost {
            lost.next_failure = lost.next_failure.or(added.next_failure);
            lost.related.push(Label {
                message: "made in its place".to_owned(),
                ..added.primary
            });
        }
    }
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
