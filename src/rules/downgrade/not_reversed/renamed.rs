//! A table or column that `upgrade` renames, or moves to another schema, and the downgrade does not: it is lost under one
//! name and left under the other.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::Object;
use crate::catalog::{AlterAction, Change, Ddl, Difference, Subject, in_schema, split_schema};
use crate::diagnostic::Label;
use crate::rules::difference::{Remainder, Target};
use crate::rules::{ReplayContext, simple};
use crate::source::FileSpan;

/// A table, or a column of one, by its name before `upgrade`.
type Key = (SmolStr, Option<SmolStr>);

/// By what they rename: to what, and where.
type Renames<'r> = FxHashMap<Key, (Key, &'r FileSpan)>;

/// Makes one of two objects that are one under two names.
pub(super) fn join(
    objects: &mut Vec<Object<'_>>,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) {
    let is_of = |change: Change| {
        objects
            .iter()
            .enumerate()
            .filter(move |(_, object)| object.first.change == change)
            .filter_map(|(index, object)| Some((index, key(object.first)?)))
    };
    let lost: Vec<(usize, Key)> = is_of(Change::Removed).collect();
    let left: FxHashMap<Key, usize> = is_of(Change::Added)
        .map(|(index, key)| (key, index))
        .collect();
    if left.is_empty() {
        return;
    }
    let renames = renames(ctx);
    for object in objects.iter_mut() {
        object.left_by_rename = left_by_rename(object.first, &renames);
    }
    let mut joined: FxHashSet<usize> = FxHashSet::default();
    for (index, key) in lost {
        let Some((new, place)) = renames.get(&key) else {
            continue;
        };
        let Some(other) = left.get(new).filter(|other| joined.insert(**other)) else {
            continue;
        };
        let other = objects
            .get(*other)
            .map(|other| (other.first, other.next_failure));
        let (Some((first, next_failure)), Some(kept)) = (other, objects.get_mut(index)) else {
            continue;
        };
        kept.renamed = Some(first);
        kept.next_failure = kept.next_failure.or(next_failure);
        if place.file == remainder.revision.file {
            let does = if is_moved(kept.first, first) {
                "moved here"
            } else {
                "renamed here"
            };
            kept.primary = Label::at(place, does);
            kept.related = vec![Label::new(
                place.file.clone(),
                remainder.downgrade.name_span,
                "does not undo it",
            )];
        }
    }
    let mut index = 0;
    objects.retain(|_| {
        index += 1;
        !joined.contains(&(index - 1))
    });
}

/// The names of a column before and after the rename by which it got the name under which it is left.
fn left_by_rename(left: &Difference, renames: &Renames<'_>) -> Option<[SmolStr; 2]> {
    let new = key(left).filter(|_| left.change == Change::Added)?;
    let mut olds: Vec<&SmolStr> = renames
        .iter()
        .filter(|(_, (name, _))| *name == new)
        .filter_map(|((_, column), _)| column.as_ref())
        .collect();
    olds.sort_unstable();
    Some([(*olds.first()?).clone(), new.1?])
}

/// True for a table that is in another schema under its own name.
pub(super) fn is_moved(lost: &Difference, left: &Difference) -> bool {
    let name = |difference: &Difference| Target::of(difference).table.map(SmolStr::new);
    let (Subject::Table, Some(old), Some(new)) = (lost.subject, name(lost), name(left)) else {
        return false;
    };
    let ((old_schema, old), (new_schema, new)) = (split_schema(&old), split_schema(&new));
    old == new && old_schema != new_schema
}

/// What undoes a rename or a move.
pub(super) fn undoing(lost: &Difference, left: &Difference) -> String {
    let name = |difference| {
        let Target { table, name, .. } = Target::of(difference);
        name.or(table).unwrap_or_default()
    };
    let (old, new) = (name(lost), name(left));
    match lost.subject {
        Subject::Column => format!(
            "undo it in `downgrade`: `op.alter_column(\"{}\", \"{new}\", new_column_name=\"{old}\")`",
            Target::of(left).table.unwrap_or_default()
        ),
        _ if is_moved(lost, left) => {
            let schema = match split_schema(old).0.trim_end_matches('.') {
                "" => "public",
                schema => schema,
            };
            format!("undo it in `downgrade`: `ALTER TABLE {new} SET SCHEMA {schema}`")
        }
        _ => format!("undo it in `downgrade`: `op.rename_table(\"{new}\", \"{old}\")`"),
    }
}

fn key(difference: &Difference) -> Option<Key> {
    let Target { table, name, .. } = Target::of(difference);
    let table = SmolStr::new(table?);
    match difference.subject {
        Subject::Table => Some((table, None)),
        Subject::Column => Some((table, Some(SmolStr::new(name?)))),
        _ => None,
    }
}

/// What `upgrade` renames for certain: to what, and where. Tables go by the names that they had before it.
fn renames<'r>(ctx: &ReplayContext<'r>) -> Renames<'r> {
    let mut found = FxHashMap::default();
    // By their new names.
    let mut tables: FxHashMap<SmolStr, SmolStr> = FxHashMap::default();
    for step in &ctx.replayed.upgrade_steps {
        for (ddl, place) in simple(&step.ddl) {
            let Ddl::AlterTable { table, action, .. } = &*ddl else {
                continue;
            };
            let place = place.unwrap_or(&step.place);
            let old = tables.get(table).unwrap_or(table).clone();
            let renamed = match action {
                AlterAction::RenameTable { new_name } => Some(new_name.clone()),
                AlterAction::SetSchema { schema } => Some(in_schema(table, schema)),
                _ => None,
            };
            if let Some(new_name) = renamed {
                tables.insert(new_name.clone(), old.clone());
                found.insert((old.clone(), None), ((new_name, None), place));
            }
            if let AlterAction::RenameColumn { name, new_name } = action {
                let new = (old.clone(), Some(new_name.clone()));
                found.insert((old, Some(name.clone())), (new, place));
            }
        }
    }
    found
}
