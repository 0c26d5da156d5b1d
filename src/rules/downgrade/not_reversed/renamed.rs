//! A table or column that `upgrade` renames and the downgrade does not: it is lost under one name and left under the other.

use super::Object;
use crate::catalog::{AlterAction, Change, Ddl, Difference, Subject};
use crate::diagnostic::Label;
use crate::rules::ReplayContext;
use crate::rules::difference::{Remainder, Target};
use crate::rules::fresh::has;
use crate::source::FileSpan;

/// Makes one of two objects that are one under two names.
pub(super) fn join(
    objects: &mut Vec<Object<'_>>,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) {
    let mut at = 0;
    while let Some(lost) = objects.get(at).map(|object| object.first) {
        let found = objects.iter().enumerate().find_map(|(index, left)| {
            let place = renamed_at(lost, left.first, ctx)?;
            Some((index, place))
        });
        let Some((index, place)) = found else {
            at += 1;
            continue;
        };
        let left = objects.remove(index);
        let kept = objects.iter_mut().find(|one| std::ptr::eq(one.first, lost));
        if let Some(kept) = kept {
            kept.renamed = Some(left.first);
            kept.next_failure = kept.next_failure.or(left.next_failure);
            if place.file == remainder.revision.file {
                kept.primary = Label::at(place, "renamed here");
                kept.related = vec![Label::new(
                    place.file.clone(),
                    remainder.downgrade.name_span,
                    "does not undo it",
                )];
            }
        }
        at = 0;
    }
}

/// Where `upgrade` gives what is lost the name of what is left.
fn renamed_at<'r>(
    lost: &Difference,
    left: &Difference,
    ctx: &ReplayContext<'r>,
) -> Option<&'r FileSpan> {
    if (lost.change, left.change) != (Change::Removed, Change::Added)
        || lost.subject != left.subject
    {
        return None;
    }
    let (old, new) = (Target::of(lost), Target::of(left));
    let renames = |ddl: &Ddl| match ddl {
        Ddl::AlterTable {
            table,
            action: AlterAction::RenameColumn { name, new_name },
            ..
        } => {
            // The table may have another name where that is done.
            let is_its = |ddl: &Ddl| {
                matches!(
                    ddl,
                    Ddl::AlterTable { table: known, action: AlterAction::RenameTable { new_name }, .. }
                        if Some(known.as_str()) == old.table && new_name == table
                )
            };
            let mut steps = ctx.replayed.upgrade_steps.iter();
            lost.subject == Subject::Column
                && old.table == new.table
                && Some(name.as_str()) == old.name
                && Some(new_name.as_str()) == new.name
                && (Some(table.as_str()) == old.table || steps.any(|step| has(&step.ddl, &is_its)))
        }
        Ddl::AlterTable {
            table,
            action: AlterAction::RenameTable { new_name },
            ..
        } => {
            lost.subject == Subject::Table
                && Some(table.as_str()) == old.table
                && Some(new_name.as_str()) == new.table
        }
        _ => false,
    };
    let mut steps = ctx.replayed.upgrade_steps.iter();
    let step = steps.find(|step| has(&step.ddl, &renames))?;
    Some(&step.place)
}
