//! A name that was confused: the downgrade drops or alters something that `upgrade` does not touch, and leaves what it
//! should have.

use serde_json::Value;

use super::{Blame, Object};
use crate::catalog::{Catalog, Change, Difference, ForeignKey, Subject};
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

/// What of a revision is to be mended.
pub(super) fn blame(difference: &Difference, ctx: &ReplayContext<'_>) -> Blame {
    let between = &ctx.replayed.after;
    let is_gone = |table: &str| between.opaque.is_none() && !between.tables.contains_key(table);
    match (difference.subject, difference.change) {
        (Subject::Table, Change::Added)
            if is_gone(&difference.object)
                && !between.dropped_tables.contains(difference.object.as_str()) =>
        {
            Blame::Addition
        }
        (Subject::ForeignKey, Change::Changed(_))
            if referenced(difference).is_some_and(|to| {
                between.dropped_tables.contains(to) && is_turned(difference, to, between)
            }) =>
        {
            Blame::Upgrade
        }
        _ => Blame::Omission,
    }
}

/// The table that a foreign key refers to in the end.
pub(super) fn referenced(difference: &Difference) -> Option<&str> {
    difference.to.get("references")?.as_str()
}

/// True for a foreign key that refers to a table since `upgrade` already.
fn is_turned(difference: &Difference, to: &str, between: &Catalog) -> bool {
    let columns = |key: &ForeignKey| {
        let columns = difference.to.get("columns").and_then(Value::as_array);
        columns.is_some_and(|columns| {
            columns
                .iter()
                .map(Value::as_str)
                .eq(key.columns.iter().map(|column| Some(column.as_str())))
        })
    };
    let table = Target::of(difference)
        .table
        .and_then(|table| between.tables.get(table));
    difference.from.get("references").and_then(Value::as_str) != Some(to)
        && table.is_some_and(|table| {
            table
                .foreign_keys()
                .any(|(_, key)| key.references == to && columns(key))
        })
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
