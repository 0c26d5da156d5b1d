//! A column of which only differs whether it may be NULL: what it was, and what migrations believe that it was.

use serde_json::Value;
use smol_str::SmolStr;

use crate::catalog::{Catalog, Change, Difference, Subject};
use crate::rules::ReplayContext;
use crate::rules::difference::{Remainder, Target};
use crate::schema::{AlterColumn, Operation};
use crate::source::FileSpan;

/// What a column was, if it may be NULL or not is all that differs.
pub(super) fn was_nullable(differences: &[&Difference]) -> Option<bool> {
    match differences {
        [
            Difference {
                subject: Subject::Column,
                change: Change::Changed("nullable"),
                from,
                ..
            },
        ] => from.as_bool(),
        _ => None,
    }
}

/// True if `upgrade` makes the column what it was before.
pub(super) fn sets_nullable(
    difference: &Difference,
    nullable: bool,
    remainder: &Remainder<'_>,
) -> bool {
    let target = Target::of(difference);
    let sets = |operation: &Operation| match operation {
        Operation::AlterColumn(alter) => is_of(alter, &target) && alter.nullable == Some(nullable),
        _ => false,
    };
    let mut operations = remainder.upgrade.operations.iter();
    operations.any(|recorded| sets(&recorded.operation))
}

/// Where an earlier revision says of the column that it is what it was not: `existing_nullable=…`
pub(super) fn believed_otherwise(
    differences: &[&Difference],
    ctx: &ReplayContext<'_>,
) -> Option<FileSpan> {
    let was = was_nullable(differences)?;
    let target = Target::of(differences.first()?);
    let head = ctx.environment.head;
    let history = head.replay();
    let mut earlier: Vec<usize> = head.map.topological_order();
    let own = earlier
        .iter()
        .position(|node| head.map.node(*node).revision.id.value == ctx.revision.id.value)?;
    earlier.truncate(own);
    earlier.iter().rev().find_map(|node| {
        let upgrade = history.get(*node)?.migration.upgrade.run()?;
        upgrade.operations.iter().find_map(|recorded| {
            let Operation::AlterColumn(alter) = &recorded.operation else {
                return None;
            };
            (is_of(alter, &target) && alter.existing_nullable == Some(!was))
                .then(|| recorded.place.clone())
        })
    })
}

/// True if the models have the column as the downgrade makes it, and no later migration changes it: what it does should have
/// been done by `upgrade`.
pub(super) fn is_swapped(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let Target {
        table: Some(table),
        name: Some(name),
        ..
    } = Target::of(difference)
    else {
        return false;
    };
    let head = ctx.environment.head;
    let is = |catalog: &Catalog, nullable: &Value| {
        let column = catalog
            .tables
            .get(table)
            .and_then(|table| table.column(name));
        column
            .zip(nullable.as_bool())
            .is_some_and(|(column, nullable)| column.nullable.is(&nullable))
    };
    is(&head.model_schema().whole().catalog, &difference.to)
        && is(head.migrated(), &difference.from)
}

fn is_of(alter: &AlterColumn, target: &Target<'_>) -> bool {
    let same = |written: &Option<SmolStr>, wanted: Option<&str>| {
        wanted.is_some() && written.as_deref() == wanted
    };
    same(&alter.table, target.table) && same(&alter.column, target.name)
}
