//! Which differences are one finding.

use serde_json::Value;

use super::Object;
use super::rebuilt::Part;
use crate::catalog::{Change, Difference, Subject};
use crate::rules::difference::Target;

/// What of a constraint or index is another than before, with what it was and is.
fn aspects(difference: &Difference) -> Vec<(&str, Option<&Value>, Option<&Value>)> {
    let (Some(from), Some(to)) = (difference.from.as_object(), difference.to.as_object()) else {
        return Vec::new();
    };
    let keys = from
        .keys()
        .chain(to.keys().filter(|key| !from.contains_key(*key)));
    keys.filter(|key| *key != "name" && from.get(*key) != to.get(*key))
        .map(|key| (key.as_str(), from.get(key), to.get(key)))
        .collect()
}

/// True for objects of which the same is another than before.
pub(super) fn is_alike(one: &Object<'_>, other: &Object<'_>, same_values: bool) -> bool {
    one.differences.len() == other.differences.len()
        && one
            .differences
            .iter()
            .zip(&other.differences)
            .all(|(one, other)| {
                one.subject == other.subject
                    && one.change == other.change
                    && (!same_values || (&one.from, &one.to) == (&other.from, &other.to))
            })
}

/// True for the foreign key of a column that comes back bare: a `ForeignKey` in the column brings it back.
fn is_key_of(key: &Object<'_>, column: &Object<'_>) -> bool {
    let column_target = Target::of(column.first);
    let columns = key.first.from.get("columns").and_then(Value::as_array);
    (key.first.subject, key.first.change) == (Subject::ForeignKey, Change::Removed)
        && column.is_added_back
        && Target::of(key.first).table == column_target.table
        && columns.is_some_and(|columns| {
            let mut names = columns.iter().map(Value::as_str);
            columns.len() == 1 && names.all(|name| name == column_target.name)
        })
}

pub(super) fn is_one_cause(one: &Object<'_>, other: &Object<'_>) -> bool {
    let is_one_place =
        one.primary.file == other.primary.file && one.primary.span == other.primary.span;
    let is_one_change = matches!(one.first.change, Change::Changed(""))
        && one.first.subject == other.first.subject
        && !aspects(one.first).is_empty()
        && aspects(one.first) == aspects(other.first);
    let is_of_columns = one.first.subject == Subject::Column
        && matches!(one.first.change, Change::Changed("type" | "default"));
    let is_lost_alike = one.part == Some(Part::Lost)
        && other.part == Some(Part::Lost)
        && one.first.subject == other.first.subject;
    // One statement, or one more, takes them away.
    let is_left_of_one_table = [one.first, other.first]
        .iter()
        .all(|first| (first.subject, first.change) == (Subject::Column, Change::Added))
        && Target::of(one.first).table == Target::of(other.first).table;
    // A constraint that no revision has made may be a key, too: one list of statements brings all of them back.
    let are_lost_keys = [one.first, other.first].iter().all(|first| {
        first.change == Change::Removed
            && matches!(first.subject, Subject::ForeignKey | Subject::Constraint)
    });
    // As tables are made again with `index=True` that they did not have.
    let are_made_besides = [one, other].iter().all(|object| {
        object.is_on_the_way_back
            && (object.first.subject, object.first.change) == (Subject::Index, Change::Added)
    });
    // The same rename in two tables.
    let is_one_rename = one.left_by_rename.is_some() && one.left_by_rename == other.left_by_rename;
    (one.next_failure.is_some() == other.next_failure.is_some() || are_lost_keys || is_one_rename)
        && one.is_repeated == other.is_repeated
        && one.meant.is_none()
        && other.meant.is_none()
        && one.renamed.is_none()
        && other.renamed.is_none()
        && ((is_one_place && is_alike(one, other, false))
            || (is_of_columns && is_alike(one, other, true))
            || is_one_change
            || is_lost_alike
            || is_one_rename
            || are_lost_keys
            || are_made_besides
            || (one.is_added_back && other.is_added_back)
            || is_key_of(one, other)
            || is_key_of(other, one)
            || (one.is_no_news && other.is_no_news)
            || is_left_of_one_table
            || (one.is_repeated && one.first.subject == other.first.subject))
}

/// True for what is left of one table that `upgrade` rebuilds, or in the same way of two of them: a rebuild of them brings
/// all of it back.
pub(super) fn is_one_rebuild(one: &Object<'_>, other: &Object<'_>) -> bool {
    let is_left = |object: &Object<'_>| object.part == Some(Part::Left);
    is_left(one)
        && is_left(other)
        && (Target::of(one.first).table == Target::of(other.first).table
            || is_one_cause(one, other))
}

/// Puts first what most of a rebuild are like: that is what it was for.
pub(super) fn put_most_shared_first(cause: &mut Vec<Object<'_>>) {
    if cause.iter().any(|object| object.part != Some(Part::Left)) {
        return;
    }
    let shares = |object: &Object<'_>| {
        let alike = cause.iter().filter(|other| is_one_cause(object, other));
        alike.count()
    };
    let mut most = (0, 0);
    for (at, object) in cause.iter().enumerate() {
        let count = shares(object);
        if count > most.1 {
            most = (at, count);
        }
    }
    if most.0 > 0 {
        let lead = cause.remove(most.0);
        cause.insert(0, lead);
    }
}

/// The name under which a foreign key comes back, where that is another.
pub(super) fn other_name<'d>(difference: &'d Difference) -> Option<&'d str> {
    let name = |key: &'d Value| key.get("name")?.as_str();
    let is_other = (difference.subject, difference.change)
        == (Subject::ForeignKey, Change::Changed(""))
        && name(&difference.from)? != name(&difference.to)?;
    is_other.then(|| name(&difference.to)).flatten()
}
