//! What somebody says that the downgrade leaves as it is, or what it plainly does to that end.

use serde_json::Value;

use super::means::is_added_back;
use crate::catalog::{AlterAction, Change, Ddl, Difference, Subject};
use crate::rules::ReplayContext;
use crate::rules::difference::{Remainder, Target};
use crate::rules::fresh::has;

/// True for what the downgrade does not touch, and says why.
pub(super) fn is_left_on_purpose(difference: &Difference, remainder: &Remainder<'_>) -> bool {
    let target = Target::of(difference);
    let downgrade = remainder.downgrade;
    let place = difference.place.as_ref();
    let is_touched = target.last_naming(downgrade).is_some()
        || place.is_some_and(|place| downgrade.span.contains(place.span));
    if !matches!(difference.change, Change::Changed(_)) || is_touched {
        return false;
    }
    let names = names(difference);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let revision = remainder.revision;
    revision.is_left_on_purpose(downgrade.span, &names)
}

/// What a sentence calls it.
fn names(difference: &Difference) -> Vec<String> {
    let subject = difference.subject;
    // There are too many columns and tables for the word to mean one.
    let nouns = [subject.noun().to_owned(), subject.plural()]
        .into_iter()
        .filter(|_| !matches!(subject, Subject::Column | Subject::Table));
    let name = Target::of(difference).name.map(str::to_owned);
    nouns.chain(name).collect()
}

/// True for what is lost, or comes back nullable, as a sentence about the downgrade says.
pub(super) fn is_said_to_be_less(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let (revision, downgrade) = (remainder.revision, remainder.downgrade.span);
    match (difference.subject, difference.change) {
        (_, Change::Removed) => {
            let names = names(difference);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            revision.says_not_restored(downgrade, &names)
        }
        (Subject::Column, Change::Changed("nullable")) => {
            let name = Target::of(difference).name;
            let names: Vec<&str> = name.into_iter().chain(["column", "columns"]).collect();
            difference.to == Value::Bool(true)
                && is_added_back(difference, ctx)
                && revision.says_nullable(downgrade, &names)
        }
        _ => false,
    }
}

/// True for a column that `upgrade` adds only where it is missing, and that the downgrade lets be NULL: dropped, it would lose
/// what stands in it.
pub(super) fn is_kept_for_its_values(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let Target { table, name, .. } = Target::of(difference);
    let on_table = |ddl: &Ddl, is_it: &dyn Fn(&AlterAction) -> bool| {
        matches!(ddl, Ddl::AlterTable { table: altered, action, .. }
            if Some(altered.as_str()) == table && is_it(action))
    };
    let adds = |action: &AlterAction| {
        matches!(action, AlterAction::AddColumn { definition, if_not_exists: true }
            if Some(definition.column.name.as_str()) == name)
    };
    let lets_go = |action: &AlterAction| {
        matches!(action, AlterAction::SetNullable { column, nullable: true }
            if Some(column.as_str()) == name)
    };
    let (mut up, mut down) = (
        ctx.replayed.upgrade_steps.iter(),
        ctx.replayed.downgrade_steps.iter(),
    );
    (difference.subject, difference.change) == (Subject::Column, Change::Added)
        && down.any(|step| has(&step.ddl, &|ddl| on_table(ddl, &lets_go)))
        && up.any(|step| has(&step.ddl, &|ddl| on_table(ddl, &adds)))
        && remainder.next_failure_over(difference).is_none()
}
