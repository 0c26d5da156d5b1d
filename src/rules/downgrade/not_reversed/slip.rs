//! A name that was confused: the downgrade drops or alters something that `upgrade` does not touch, and leaves what it
//! should have.

use jiff::civil::{Date, date};
use serde_json::Value;
use smol_str::SmolStr;

use super::{Blame, Object};
use crate::catalog::{Catalog, Change, Difference, ForeignKey, Subject, split_schema};
use crate::diagnostic::Label;
use crate::dialect::Dialect;
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
    let is_of_another = is_column_of_another_table(left, wrong, ctx);
    let (wrong, left) = if is_of_another {
        (left, wrong)
    } else {
        (wrong, left)
    };
    let (wrong_target, left_target) = (Target::of(wrong), Target::of(left));
    let is_one_kind = wrong.subject == left.subject
        && wrong_target.table == left_target.table
        && wrong_target.name != left_target.name;
    let are_tables = (wrong.subject, wrong.change) == (Subject::Table, Change::Removed)
        && (left.subject, left.change) == (Subject::Table, Change::Added);
    ((is_one_kind || is_of_another || are_tables)
        && is_left(left, remainder, ctx)
        && !is_touched(wrong, ctx)
        && wrong_target.last_naming(remainder.downgrade).is_some())
    .then_some((wrong, left))
}

/// True for a column that is added to a table which has never had it, while one of the same name and kind is lost by
/// another table.
fn is_column_of_another_table(
    added: &Difference,
    lost: &Difference,
    ctx: &ReplayContext<'_>,
) -> bool {
    let (is_to, was_of) = (Target::of(added), Target::of(lost));
    let column = |difference: &Difference, change: Change| {
        (difference.subject, difference.change) == (Subject::Column, change)
    };
    let is_alike = || {
        let base = |value: &Value| {
            let written = value.get("type")?.as_str()?;
            Some(written.split('(').next().unwrap_or(written).to_owned())
        };
        base(&added.to).is_some() && base(&added.to) == base(&lost.from)
    };
    column(added, Change::Added)
        && column(lost, Change::Removed)
        && is_to.name == was_of.name
        && is_to.table != was_of.table
        && is_alike()
        && is_to
            .table
            .zip(is_to.name)
            .is_some_and(|(table, name)| never_had(ctx, table, name))
}

/// True if no revision so far has left a table with a column.
fn never_had(ctx: &ReplayContext<'_>, table: &str, column: &str) -> bool {
    let history = ctx.environment.head.replay();
    let lacks = |state: &Catalog| {
        let table = state.tables.get(table);
        table.is_none_or(|table| table.open.is_none() && table.column(column).is_none())
    };
    let is_it = |node: &usize| {
        history
            .get(*node)
            .is_some_and(|other| std::ptr::eq(other, ctx.replayed))
    };
    let so_far = history.order.iter().position(is_it);
    let so_far = so_far.and_then(|at| history.order.get(..=at));
    so_far.is_some_and(|nodes| {
        let mut replayed = nodes.iter().filter_map(|node| history.get(*node));
        replayed.all(|one| lacks(&one.before) && lacks(&one.after))
    })
}

/// Makes one of what the downgrade drops of a table and what it makes there, where that is one of each kind: it makes the
/// wrong one. So it is with a table that it makes in another schema than the one from which it is gone.
pub(super) fn join_replaced(objects: &mut Vec<Object<'_>>, remainder: &Remainder<'_>) {
    let is_on_the_way_back = |object: &Object<'_>| {
        let span = object.primary.span;
        object.meant.is_none() && span.is_some_and(|span| remainder.downgrade.span.contains(span))
    };
    let is_kin = |one: &Object<'_>, other: &Object<'_>| {
        let table = |object: &Object<'_>| {
            let name = Target::of(object.first).table?;
            Some(match object.first.subject {
                Subject::Table => SmolStr::new(split_schema(name).1),
                _ => SmolStr::new(name),
            })
        };
        one.first.subject == other.first.subject && table(one) == table(other)
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
            Subject::Table | Subject::Unique | Subject::Check | Subject::Exclude | Subject::Index
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

/// True for a foreign key that a renamed table has taken along, in a change from before SQLite 3.26, which was the first to do
/// so without being asked to.
pub(super) fn is_before_keys_went_along(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let is_taken_along = difference.subject == Subject::ForeignKey
        && referenced(difference).is_some_and(|to| {
            ctx.replayed.after.dropped_tables.contains(to)
                || !ctx.replayed.before.tables.contains_key(to)
        });
    if !is_taken_along || ctx.environment.head.dialect().dialect != Dialect::Sqlite {
        return false;
    }
    let change = ctx.environment.change.as_ref();
    let day = change.and_then(|change| change.past.day());
    day.is_some_and(|day| day < SQLITE_3_26)
}

/// <https://www.sqlite.org/releaselog/3_26_0.html>
const SQLITE_3_26: Date = date(2018, 12, 1);

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
