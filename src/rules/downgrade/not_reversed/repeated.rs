//! What `upgrade` makes `IF NOT EXISTS` although the revisions before have made it: then it does nothing, and the downgrade
//! drops what was there before.

use crate::catalog::{AlterAction, Catalog, Change, Ddl, Difference, Subject};
use crate::rules::ReplayContext;
use crate::rules::fresh::has;

/// True if `upgrade` makes the object of a difference only if it is not there, and it was.
pub(super) fn is_repeated(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    difference.change == Change::Removed
        && ctx
            .replayed
            .upgrade_steps
            .iter()
            .any(|step| has(&step.ddl, &|ddl| makes_if_missing(ddl, difference)))
}

/// True if the downgrade, too, asks before it drops it: that repairs databases which lack it, and cannot know which did.
pub(super) fn is_repaired(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    matches!(
        difference.subject,
        Subject::Table | Subject::Index | Subject::Column
    ) && is_repeated(difference, ctx)
        && ctx
            .replayed
            .downgrade_steps
            .iter()
            .any(|step| has(&step.ddl, &|ddl| difference.is_dropped_if_there(ddl)))
}

fn makes_if_missing(ddl: &Ddl, difference: &Difference) -> bool {
    let (subject, object) = (difference.subject, difference.object.as_str());
    let is_part = |table: &str, name: &str| {
        object
            .strip_prefix(table)
            .and_then(|rest| rest.strip_prefix('.'))
            == Some(name)
    };
    match (ddl, subject) {
        (Ddl::CreateTable(create), Subject::Table) => create.if_not_exists && create.name == object,
        (
            Ddl::CreateIndex {
                name: Some(name),
                table,
                if_not_exists: true,
                ..
            },
            Subject::Index,
        ) => is_part(table, name),
        (
            Ddl::AlterTable {
                table,
                action:
                    AlterAction::AddColumn {
                        definition,
                        if_not_exists: true,
                    },
                ..
            },
            Subject::Column,
        ) => is_part(table, &definition.column.name),
        (
            Ddl::CreateSequence {
                name,
                if_not_exists: true,
                ..
            },
            Subject::Sequence,
        )
        | (
            Ddl::CreateEnum {
                name,
                if_not_exists: true,
                ..
            },
            Subject::Enum,
        ) => name == object,
        (
            Ddl::CreateObject {
                kind,
                name,
                on,
                if_not_exists: true,
                ..
            },
            Subject::Object(of),
        ) => *kind == of && Catalog::key(*kind, name, on.as_ref()).name == object,
        _ => false,
    }
}
