//! What happens to a model, in words.

use serde_json::Value;

use crate::catalog::{Catalog, Change, Difference, Subject, split_object};
use crate::models::DriftDifference;
use crate::rules::difference::{
    LabelsApart, contrasted, label_names, labels, nullability, plain, short,
};
use crate::rules::pairing;

/// How it is said what a model does.
pub(super) struct Verbs {
    gains: &'static str,
    loses: &'static str,
    changes: &'static str,
    renames: &'static str,
}

/// Of a model that was another one before.
pub(super) const EDITED: Verbs = Verbs {
    gains: "gains",
    loses: "loses",
    changes: "changes",
    renames: "renames",
};
/// Of a model that comes later than its table.
pub(super) const NEW: Verbs = Verbs {
    gains: "has",
    loses: "leaves out",
    changes: "sets",
    renames: "renames",
};

/// What happens to the model of tables: the columns to which the same happens together.
pub(super) fn in_words(
    found: &[&DriftDifference],
    tables: &[String],
    verbs: &Verbs,
    models: &Catalog,
) -> Vec<String> {
    let table = tables.first().map(String::as_str).unwrap_or_default();
    let Verbs {
        gains,
        loses,
        changes,
        renames,
    } = verbs;
    let mut parts = Vec::new();
    let mut facts: Vec<(String, Vec<String>)> = Vec::new();
    let mut keys: Vec<(&str, Vec<String>)> = Vec::new();
    for found in found {
        let difference = &found.difference;
        // The name that it has in one table is not that of the others.
        let what = match tables {
            [_, _, ..] => over_columns(difference),
            _ => nameless_check(difference, models),
        };
        let what = what.unwrap_or_else(|| pairing::part_in_words(difference, table));
        if let Some(actions) = changed_actions(found) {
            match keys.iter_mut().find(|(known, _)| *known == actions) {
                Some((_, alike)) => alike.push(what),
                None => keys.push((actions, vec![what])),
            }
            continue;
        }
        match (difference.subject, difference.change) {
            (Subject::Column, Change::Changed(fact)) => {
                let column = what.strip_prefix("column ").unwrap_or(&what).to_owned();
                let done = done_to_columns(fact, difference, changes, models);
                match facts.iter_mut().find(|(known, _)| *known == done) {
                    Some((_, columns)) => columns.push(column),
                    None => facts.push((done, vec![column])),
                }
            }
            (Subject::Enum, _) => parts.push(format!("{changes} the labels of {what}")),
            (Subject::Table, _) => parts.push(format!("{changes} its comment")),
            (_, Change::Added) => parts.push(match &found.same_uniqueness {
                Some(same) => {
                    let there = pairing::part_in_words(same, table);
                    format!("{gains} {what} in the place of {there}")
                }
                None => format!("{gains} {what}"),
            }),
            (_, Change::Removed) => parts.push(format!("{loses} {what}")),
            (_, Change::Changed(_)) => parts.push(match uniqueness(difference) {
                Some(true) => format!("makes {what} unique"),
                Some(false) => format!("makes {what} no longer unique"),
                None => format!("{changes} {what}"),
            }),
            (_, Change::Renamed) => {
                parts.push(format!("{renames} {what} to `{}`", plain(&difference.to)));
            }
        }
    }
    let keys = keys
        .into_iter()
        .map(|(actions, alike)| format!("{changes} {actions} of {}", with_one_noun(&alike)));
    parts.extend(keys);
    let changed = facts
        .into_iter()
        .map(|(done, columns)| done.replace(NAMES, &pairing::and(&columns)));
    parts.extend(changed);
    parts
}

/// "foreign keys (a) and (b)", for several of which each is called "foreign key (a)".
fn with_one_noun(keys: &[String]) -> String {
    let noun = Subject::ForeignKey.noun();
    let names: Option<Vec<String>> = keys
        .iter()
        .map(|key| Some(key.strip_prefix(noun)?.trim_start().to_owned()))
        .collect();
    match names {
        Some(names) if names.len() > 1 => format!("{noun}s {}", pairing::and(&names)),
        _ => pairing::and(keys),
    }
}

/// `the CHECK (size > 0)`, where the models give it no name: what the database calls it is nobody's word.
fn nameless_check(difference: &Difference, models: &Catalog) -> Option<String> {
    let (table, name) = split_object(&difference.object, models);
    let constraint = models.tables.get(table)?.constraint(name?)?;
    let is_it = difference.subject == Subject::Check && constraint.is_unnamed;
    let definition = difference.to.get("definition")?.as_str()?;
    is_it.then(|| format!("the CHECK `{}`", short(definition)))
}

/// ``the index on `town` ``
fn over_columns(difference: &Difference) -> Option<String> {
    let values = [&difference.to, &difference.from];
    let columns = values
        .iter()
        .find_map(|value| value.get("columns")?.as_array())?;
    let names: Vec<String> = columns
        .iter()
        .filter_map(|column| Some(format!("`{}`", column.as_str()?)))
        .collect();
    Some(format!(
        "the {} on {}",
        difference.subject.noun(),
        pairing::and(&names)
    ))
}

/// What a foreign key does otherwise, if that is all that changes: `ON DELETE`.
pub(super) fn changed_actions(found: &DriftDifference) -> Option<&'static str> {
    let Difference {
        subject,
        change,
        from,
        to,
        ..
    } = &found.difference;
    let from = match (subject, change, &found.same_key) {
        (Subject::ForeignKey, Change::Changed(_), _) => from,
        (Subject::ForeignKey, Change::Added, Some(same)) => &same.from,
        _ => return None,
    };
    let is_same = |part: &&str| from.get(part) == to.get(part);
    let others = ["columns", "references", "ref_columns", "deferrable"];
    if !others.iter().all(is_same) {
        return None;
    }
    match (is_same(&"ondelete"), is_same(&"onupdate")) {
        (true, true) => None,
        (false, true) => Some("ON DELETE"),
        (true, false) => Some("ON UPDATE"),
        (false, false) => Some("ON DELETE and ON UPDATE"),
    }
}

/// Whether an index becomes unique, or ceases to be, if that is all that changes.
pub(super) fn uniqueness(difference: &Difference) -> Option<bool> {
    let without = |index: &Value| {
        let mut index = index.as_object()?.clone();
        let unique = index.remove("unique").and_then(|unique| unique.as_bool());
        Some((index, unique == Some(true)))
    };
    let (there, was_unique) = without(&difference.from)?;
    let (here, is_unique) = without(&difference.to)?;
    let is_all = difference.subject == Subject::Index && there == here;
    (is_all && was_unique != is_unique).then_some(is_unique)
}

/// Where the names of columns go in what is done to them: nothing that a model says has it.
const NAMES: char = '\0';

/// What a model does to columns, whose names stand at [`NAMES`].
fn done_to_columns(
    fact: &'static str,
    difference: &Difference,
    changes: &str,
    models: &Catalog,
) -> String {
    let name = pairing::fact_in_words(fact);
    let to = &difference.to;
    if let Some(LabelsApart { there, here }) = LabelsApart::of(difference) {
        return match (there.as_slice(), here.as_slice()) {
            ([], here) => format!("gives {NAMES} {}", labels(here)),
            (there, []) => format!("leaves {} out of {NAMES}", labels(there)),
            (there, here) => {
                let (new, gone) = (labels(here), label_names(there));
                format!("gives {NAMES} {new} and leaves {gone} out")
            }
        };
    }
    match fact {
        "nullable" => format!("makes {NAMES} {}", nullability(to)),
        // An enum is often called like its column.
        "type" if to.as_str().is_some_and(|to| models.enums.contains_key(to)) => {
            let (there, here) = contrasted(&difference.from, to);
            format!("{changes} the {name} of {NAMES} from `{there}` to the enum `{here}`")
        }
        "type" | "default" if !to.is_null() => {
            let (_, here) = contrasted(&difference.from, to);
            format!("{changes} the {name} of {NAMES} to `{here}`")
        }
        "default" => format!("drops the {name} of {NAMES}"),
        _ => format!("{changes} the {name} of {NAMES}"),
    }
}
