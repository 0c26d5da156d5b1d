//! What one state keeps unique by a constraint, and the other by an index.

use serde_json::Value;
use smol_str::SmolStr;

use crate::catalog::{Catalog, Change, Constraint, ConstraintKind, Difference, Subject};
use crate::rules::difference::{Remainder, Target};

/// What is kept unique of all rows: the table with its columns, and whether NULLs are alike.
type Kept<'d> = (&'d str, Vec<&'d str>, bool);

/// True for an index that is unique in one state and not in the other, and the same else.
pub(super) fn is_all_that_differs(difference: &Difference) -> bool {
    let without = |value: &Value| {
        let mut value = value.clone();
        let is_unique = value.as_object_mut()?.remove("unique")?;
        Some((value, is_unique))
    };
    let (Some(from), Some(to)) = (without(&difference.from), without(&difference.to)) else {
        return false;
    };
    from.0 == to.0 && from.1 != to.1
}

/// True for a unique constraint in whose place an index is unique afterwards, or the other way round, and for that index:
/// rows are refused as before. Where the next upgrade asks for one of them by its name, that one is missed.
pub(super) fn is_kept_by_another(difference: &Difference, remainder: &Remainder<'_>) -> bool {
    let is_more = difference.subject == Subject::Index
        && matches!(difference.change, Change::Changed(_))
        && !is_all_that_differs(difference);
    if is_more || remainder.next_failure_over(difference).is_some() {
        return false;
    }
    let (lost, gained) = (lost(difference), gained(difference));
    remainder.found.iter().any(|other| {
        other.subject != difference.subject
            && (lost.is_some() && self::gained(other) == lost
                || gained.is_some() && self::lost(other) == gained)
    })
}

/// True for a unique constraint over columns that another one, which stays, keeps unique as well: nothing is lost with it.
pub(super) fn is_kept_twice(
    difference: &Difference,
    remainder: &Remainder<'_>,
    before: &Catalog,
) -> bool {
    let Some((table, columns, nulls_alike)) =
        lost(difference).filter(|_| difference.subject == Subject::Unique)
    else {
        return false;
    };
    let stays = |constraint: &&Constraint| {
        let ConstraintKind::Unique {
            columns: own,
            nulls_not_distinct,
        } = &constraint.kind
        else {
            return false;
        };
        let mut own: Vec<&str> = own.iter().map(SmolStr::as_str).collect();
        own.sort_unstable();
        let name = constraint.known_name().map_or("", SmolStr::as_str);
        let object = format!("{table}.{name}");
        own == columns
            && *nulls_not_distinct == nulls_alike
            && constraint.deferrable.is_none()
            && constraint.maybe.is_none()
            && !remainder.found.iter().any(|other| other.object == object)
    };
    let table = before.tables.get(table);
    table.is_some_and(|table| table.constraints.iter().any(|one| stays(&one)))
        && remainder.next_failure_over(difference).is_none()
}

/// What was kept unique and is not any more by this.
fn lost(difference: &Difference) -> Option<Kept<'_>> {
    let stays = kept(difference, &difference.to).is_some();
    kept(difference, &difference.from).filter(|_| !stays)
}

/// What is kept unique by this, and was not before.
fn gained(difference: &Difference) -> Option<Kept<'_>> {
    let was = kept(difference, &difference.from).is_some();
    kept(difference, &difference.to).filter(|_| !was)
}

fn kept<'d>(difference: &'d Difference, value: &'d Value) -> Option<Kept<'d>> {
    let is_meant = match difference.subject {
        Subject::Unique => value.get("deferrable").is_none(),
        Subject::Index => {
            value.get("unique") == Some(&Value::Bool(true)) && value.get("where").is_none()
        }
        _ => false,
    };
    if !is_meant {
        return None;
    }
    let columns = value.get("columns")?.as_array()?;
    let mut columns: Vec<&str> = columns.iter().map(Value::as_str).collect::<Option<_>>()?;
    columns.sort_unstable();
    let table = Target::of(difference).table?;
    Some((table, columns, value.get("nulls_not_distinct").is_some()))
}
