//! What is one thing to MySQL, and two to others: a unique constraint is an index, and each foreign key has one.

use serde_json::Value;

use crate::alembic::Run;
use crate::catalog::{Change, ConstraintKind, Difference, Subject};
use crate::dialect::Dialect;
use crate::rules::convention::generic_type;
use crate::rules::difference::{Remainder, Target, said_by_models};
use crate::rules::{ReplayContext, is_selected};
use crate::schema::Operation;
use crate::sql::catalog_type;

/// True for an index that is told of as a unique constraint, or is one under another name.
pub(super) fn is_told_as_a_constraint(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    is_mysql(ctx)
        && difference.subject == Subject::Index
        && remainder
            .found
            .iter()
            .any(|other| other.subject == Subject::Unique && are_one(difference, other))
}

/// True for a unique constraint that is a unique index before or after.
pub(super) fn is_an_index(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let is_unique = |other: &Difference| {
        [&other.from, &other.to]
            .into_iter()
            .any(|value| value.get("unique") == Some(&Value::Bool(true)))
    };
    is_mysql(ctx)
        && difference.subject == Subject::Unique
        && remainder.found.iter().any(|other| {
            other.subject == Subject::Index && are_one(other, difference) && is_unique(other)
        })
}

/// True for an index over the columns of a foreign key: without it the key has one of its own.
pub(super) fn serves_a_key(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let is_plain = difference.to.get("unique") == Some(&Value::Bool(false))
        && difference.to.get("where").is_none();
    let target = Target::of(difference);
    let tables = &ctx.replayed.before.tables;
    let table = target.table.and_then(|table| tables.get(table));
    let columns = columns(difference);
    let has_key = table.is_some_and(|table| {
        table.constraints.iter().any(|constraint| {
            matches!(constraint.kind, ConstraintKind::ForeignKey(_))
                && constraint.maybe.is_none()
                && columns
                    .as_ref()
                    .is_some_and(|columns| constraint.kind.columns().iter().eq(columns.iter()))
        })
    });
    is_mysql(ctx)
        && (difference.subject, difference.change) == (Subject::Index, Change::Added)
        && is_plain
        && has_key
        && target
            .name
            .is_some_and(|name| remainder.next_failure(name).is_none())
}

/// True for a type that is left as `upgrade` says that it was: Alembic has read that from a database, which knows better
/// than the revisions.
pub(super) fn was_read_so(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let target = Target::of(difference);
    let is_read = |operation: &Operation| match operation {
        Operation::AlterColumn(alter) => {
            alter.table.as_deref() == target.table
                && alter.column.as_deref() == target.name
                && alter.read_type.as_ref().is_some_and(|read| {
                    difference.to == catalog_type(read, Dialect::MySql).as_str()
                })
        }
        _ => false,
    };
    let mut operations = remainder.upgrade.operations.iter();
    is_mysql(ctx)
        && (difference.subject, difference.change) == (Subject::Column, Change::Changed("type"))
        && operations.any(|recorded| is_read(&recorded.operation))
}

/// True for a type that both directions state wrongly beside a change of something else, where it is told that the models have
/// another one: `existing_type` is copied from one to the other.
pub(super) fn is_misstated_on_both_ways(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let environment = ctx.environment;
    let Target { table, name, .. } = Target::of(difference);
    let only_states = |run: &Run| {
        let mut alters = run
            .operations
            .iter()
            .filter_map(|recorded| match &recorded.operation {
                Operation::AlterColumn(alter) => Some(alter),
                _ => None,
            })
            .filter(|alter| alter.table.as_deref() == table && alter.column.as_deref() == name)
            .peekable();
        alters.peek().is_some() && alters.all(|alter| !alter.gives_type)
    };
    let is_since_upgrade = || {
        let after = table.and_then(|table| ctx.replayed.after.tables.get(table));
        let column = after.zip(name).and_then(|(table, name)| table.column(name));
        let spelling = column.and_then(|column| column.column_type.known());
        spelling.is_some_and(|spelling| difference.to == spelling.as_str())
    };
    is_mysql(ctx)
        && (difference.subject, difference.change) == (Subject::Column, Change::Changed("type"))
        && environment.change.is_some()
        && is_selected(&generic_type::RULE, environment.settings)
        && only_states(remainder.upgrade)
        && only_states(remainder.downgrade)
        && is_since_upgrade()
        && said_by_models(difference, &environment.head.model_schema().catalog).as_ref()
            == Some(&difference.from)
}

fn is_mysql(ctx: &ReplayContext<'_>) -> bool {
    ctx.environment.head.dialect().dialect == Dialect::MySql
}

/// True for an index and a unique constraint over the same columns, of which one comes and one goes.
fn are_one(index: &Difference, constraint: &Difference) -> bool {
    let is_pair = matches!(
        (index.change, constraint.change),
        (Change::Added, Change::Removed) | (Change::Removed, Change::Added)
    );
    is_pair
        && Target::of(index).table == Target::of(constraint).table
        && columns(index).is_some()
        && columns(index) == columns(constraint)
}

fn columns(difference: &Difference) -> Option<Vec<&str>> {
    let values = [&difference.from, &difference.to];
    let columns = values
        .into_iter()
        .find_map(|value| value.get("columns")?.as_array())?;
    columns.iter().map(Value::as_str).collect()
}
