//! Foreign keys over the same columns that differ in their name, in what they refer to, or in what they do when a row that
//! they refer to changes or goes.

use std::sync::Arc;

use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::DriftDifference;
use crate::catalog::{
    Catalog, Change, Constraint, ConstraintKind, Fact, ForeignKey, Subject, Table, Why,
    split_object,
};

/// Names the foreign keys to which models give no name as the database has them, where the numbers that it counts up would
/// make another key of each: MySQL calls the first one of a table `…_ibfk_1`.
pub(super) fn name_unnamed(database: &Catalog, described: &mut Catalog) {
    for (name, there) in &database.tables {
        let Some(here) = described.tables.get_mut(name) else {
            continue;
        };
        forget_names_of_several(here);
        name_best_fit(there, here);
        let mut own = here.constraints.iter().filter(|own| is_unnamed(own));
        let is_mixed_up = own.any(|own| has_name_of_another(own, there));
        if is_mixed_up {
            name_like(there, Arc::make_mut(here));
        }
    }
}

/// Where the database has several foreign keys over the same columns to the same ones, the one of the model that has no name
/// is that which does what it does, or most of it: a name that the database has made up says nothing.
fn name_best_fit(there: &Table, here: &mut Arc<Table>) {
    let names: Vec<Option<SmolStr>> = here
        .constraints
        .iter()
        .map(|own| best_fit(own, there).filter(|name| here.constraint(name).is_none()))
        .collect();
    if names.iter().all(Option::is_none) {
        return;
    }
    let own = Arc::make_mut(here).constraints.iter_mut();
    for (own, name) in own.zip(names) {
        if name.is_some() {
            own.name = Fact::Known(name);
        }
    }
}

/// The name of the foreign key that does more of what an unnamed one does than the one that is called like it.
fn best_fit(own: &Constraint, there: &Table) -> Option<SmolStr> {
    let ConstraintKind::ForeignKey(wanted) = &own.kind else {
        return None;
    };
    if !own.is_unnamed {
        return None;
    }
    let fit = |made: &ForeignKey| {
        usize::from(made.ondelete == wanted.ondelete)
            + usize::from(made.onupdate == wanted.onupdate)
    };
    let same: Vec<(usize, &SmolStr)> = there
        .foreign_keys()
        .filter(|(constraint, _)| is_over_the_same(constraint, own))
        .filter_map(|(constraint, made)| Some((fit(made), constraint.known_name()?)))
        .collect();
    let called = same
        .iter()
        .find(|(_, name)| Some(*name) == own.known_name())?;
    let best = same.iter().rev().max_by_key(|(fit, _)| *fit)?;
    (best.0 > called.0).then(|| best.1.clone())
}

/// A name that several foreign keys of a model have tells none from another: they are known by what they are.
fn forget_names_of_several(table: &mut Arc<Table>) {
    let keys = |table: &Table| -> Vec<SmolStr> {
        let keys = table.foreign_keys();
        keys.filter_map(|(constraint, _)| constraint.known_name().cloned())
            .collect()
    };
    let mut names = keys(table);
    names.sort_unstable();
    let several: Vec<SmolStr> = names
        .windows(2)
        .filter_map(|pair| match pair {
            [one, other] if one == other => Some(one.clone()),
            _ => None,
        })
        .collect();
    if several.is_empty() {
        return;
    }
    for constraint in &mut Arc::make_mut(table).constraints {
        let is_one = constraint
            .known_name()
            .is_some_and(|name| several.contains(name));
        if is_one && matches!(constraint.kind, ConstraintKind::ForeignKey(_)) {
            constraint.name = Fact::Unknown(Why::new("several foreign keys have the name", None));
        }
    }
}

/// Names the unnamed keys of a model like those of the database that are the same, then like those that only do something
/// else, and the rest by numbers that are free.
fn name_like(there: &Table, here: &mut Table) {
    let mut taken: Vec<SmolStr> = Vec::new();
    let mut left: Vec<&mut Constraint> = here
        .constraints
        .iter_mut()
        .filter(|own| is_unnamed(own))
        .collect();
    for is_it in [Constraint::has_same_definition, is_over_the_same] {
        let mut unmatched = Vec::new();
        for own in left {
            let mut same = there.constraints.iter().filter(|one| is_it(one, own));
            let same = same.find_map(|one| one.known_name().filter(|name| !taken.contains(name)));
            match same {
                Some(name) => {
                    taken.push(name.clone());
                    own.name = Fact::Known(Some(name.clone()));
                }
                None => unmatched.push(own),
            }
        }
        left = unmatched;
    }
    for own in left {
        let Some(name) = own.known_name().filter(|_| has_name_of_another(own, there)) else {
            continue;
        };
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let mut numbers = 1..;
        let free = numbers.find_map(|number: u32| {
            let name = format_smolstr!("{stem}{number}");
            (there.constraint(&name).is_none() && !taken.contains(&name)).then_some(name)
        });
        taken.extend(free.clone());
        own.name = Fact::Known(free);
    }
}

/// True for foreign keys over the same columns to the same ones, whatever they do when a row changes or goes.
fn is_over_the_same(one: &Constraint, other: &Constraint) -> bool {
    match (&one.kind, &other.kind) {
        (ConstraintKind::ForeignKey(one), ConstraintKind::ForeignKey(other)) => {
            (&one.columns, &one.references, &one.ref_columns)
                == (&other.columns, &other.references, &other.ref_columns)
        }
        _ => false,
    }
}

/// True for a foreign key that is called like one over other columns.
fn has_name_of_another(own: &Constraint, there: &Table) -> bool {
    let same = own.known_name().and_then(|name| there.constraint(name));
    same.is_some_and(|same| same.kind.columns() != own.kind.columns())
}

fn is_unnamed(constraint: &Constraint) -> bool {
    constraint.is_unnamed && matches!(constraint.kind, ConstraintKind::ForeignKey(_))
}

/// Pairs the foreign keys of the models with those that the database has over the same columns, under another name: with
/// other actions, as a renamed column takes its key along, or to something else.
pub(super) fn pair(differences: &mut [DriftDifference], database: &Catalog, described: &Catalog) {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for is_pair in [differs_in_actions, differs_in_target] {
        for (asked, found) in differences.iter().enumerate() {
            let wanted = &found.difference;
            if (wanted.subject, wanted.change) != (Subject::ForeignKey, Change::Added)
                || pairs.iter().any(|(taken, _)| *taken == asked)
            {
                continue;
            }
            let (table, _) = split_object(&wanted.object, described);
            let position = differences.iter().position(|found| {
                let made = &found.difference;
                (made.subject, made.change) == (Subject::ForeignKey, Change::Removed)
                    && split_object(&made.object, database).0 == table
                    && is_pair(&made.from, &wanted.to)
            });
            let position =
                position.filter(|position| pairs.iter().all(|(_, taken)| taken != position));
            pairs.extend(position.map(|position| (asked, position)));
        }
    }
    for (one, other) in pairs {
        let of = |position: usize| Some(differences.get(position)?.difference.clone());
        let (first, second) = (of(one), of(other));
        for (position, counterpart) in [(one, second), (other, first)] {
            if let Some(found) = differences.get_mut(position) {
                found.same_key = counterpart;
            }
        }
    }
}

/// True for foreign keys over the same columns to the same ones that do something else.
fn differs_in_actions(there: &Value, here: &Value) -> bool {
    let is_same = |part: &str| there.get(part) == here.get(part);
    is_same("columns")
        && has_same_target(there, here)
        && !["ondelete", "onupdate"].into_iter().all(is_same)
}

/// True for foreign keys over the same columns to other ones.
fn differs_in_target(there: &Value, here: &Value) -> bool {
    there.get("columns") == here.get("columns") && !has_same_target(there, here)
}

/// True for foreign keys that refer to the same columns of the same table.
pub fn has_same_target(one: &Value, other: &Value) -> bool {
    let mut parts = ["references", "ref_columns"].into_iter();
    parts.all(|part| one.get(part) == other.get(part))
}
