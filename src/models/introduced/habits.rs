//! What models of a project do without, and migrations: more of it is no surprise.

use serde_json::Value;
use smol_str::SmolStr;

use super::super::drift::{DriftDifference, has_same_target};
use super::{Introduced, State, is_index_of_key, is_over_key};
use crate::catalog::{
    Catalog, Change, ConstraintKind, Difference, Fact, ForeignKey, Subject, split_object,
};

/// Fewer indexes than this are no way to work.
const MANY_INDEXES: usize = 5;

/// Fewer foreign keys to one table are none either.
const MANY_KEYS: usize = 5;

/// Fewer tables without a model may have been forgotten.
const MANY_WITHOUT_MODEL: usize = 5;

/// Fewer columns that differ in the same way are no way to work either.
const MANY_COLUMNS: usize = 5;

impl Introduced<'_> {
    /// True if there were tables without a model before: another one is no surprise.
    pub fn had_tables_without_model(&self) -> bool {
        let before = self.before.iter();
        let mut known = before.flat_map(|state| &state.drift.differences);
        known.any(|found| {
            let Difference {
                subject, change, ..
            } = found.difference;
            (subject, change) == (Subject::Table, Change::Removed)
        })
    }

    /// True if models are written one by one for tables that the change makes all at once, the first of the database: there
    /// is one for some of them, for most there is none, and none is for another table.
    pub fn begins_with_few_models(&self) -> bool {
        let had_tables = |state: &State<'_>| !state.migrated.tables.is_empty();
        if self.before.as_ref().is_some_and(had_tables) {
            return false;
        }
        let count = |change: Change| {
            let differences = self.head.drift.differences.iter();
            let is_it = |found: &&DriftDifference| {
                (found.difference.subject, found.difference.change) == (Subject::Table, change)
            };
            differences.filter(is_it).count()
        };
        let models = self.head.models_catalog();
        let tables = self.head.migrated.tables.keys();
        let described = tables.filter(|table| models.tables.contains_key(*table));
        let described = described.count();
        let without = count(Change::Removed);
        described > 0
            && without >= MANY_WITHOUT_MODEL
            && without > described
            && count(Change::Added) == 0
    }

    /// True if most foreign keys of the database to the same table were in no model before: another one is no surprise.
    pub fn had_keys_without_model(&self, found: &DriftDifference) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let is_without = |found: &DriftDifference| {
            let Difference {
                subject, change, ..
            } = found.difference;
            (subject, change) == (Subject::ForeignKey, Change::Removed) && found.same_key.is_none()
        };
        let referenced = |found: &DriftDifference| {
            let table = found.difference.from.get("references")?.as_str()?;
            Some(table.to_owned())
        };
        let Some(to) = referenced(found).filter(|_| is_without(found)) else {
            return false;
        };
        are_mostly(
            before,
            |key| key.references == *to,
            |other| is_without(other) && referenced(other).as_ref() == Some(&to),
        )
    }

    /// True for a foreign key that only the migrations give an `ON DELETE`, where most that have one in the database had none
    /// in the models before: that is where the project says it.
    pub fn had_actions_without_model(&self, found: &DriftDifference) -> bool {
        let Some(before) = self.before.as_ref().filter(|_| acts_without_model(found)) else {
            return false;
        };
        are_mostly(before, |key| key.ondelete.is_some(), acts_without_model)
    }

    /// True if most indexes of the database were in no model before: another one is no surprise.
    pub fn had_indexes_without_model(&self) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let compared = before.drift.compared.iter();
        let all: usize = compared
            .filter_map(|table| before.migrated.tables.get(table))
            .map(|table| table.indexes.len())
            .sum();
        let is_without = |found: &&DriftDifference| {
            let Difference {
                subject, change, ..
            } = found.difference;
            (subject, change) == (Subject::Index, Change::Removed)
        };
        let without = before.drift.differences.iter().filter(is_without).count();
        without >= MANY_INDEXES && without * 2 > all
    }

    /// True if columns of other tables had the same two types before, and most columns that the migrations make of the one
    /// are of the other in the models: that is how the project writes them.
    pub fn was_usual(&self, difference: &Difference) -> bool {
        let is_type = |found: &Difference| {
            (found.subject, found.change) == (Subject::Column, Change::Changed("type"))
        };
        let (Some(before), Some(there)) = (&self.before, difference.from.as_str()) else {
            return false;
        };
        if !is_type(difference) {
            return false;
        }
        let (own, _) = split_object(&difference.object, self.head.migrated);
        let same = before.drift.differences.iter().filter(|found| {
            let known = &found.difference;
            is_type(known)
                && (&known.from, &known.to) == (&difference.from, &difference.to)
                && split_object(&known.object, before.migrated).0 != own
        });
        let count = same.count();
        if count < MANY_COLUMNS {
            return false;
        }
        let compared = before.drift.compared.iter();
        let all: usize = compared
            .filter_map(|table| before.migrated.tables.get(table))
            .map(|table| {
                let columns = table.columns.iter();
                let is_it = |spelling: &SmolStr| spelling.as_str() == there;
                columns
                    .filter(|column| column.column_type.known().is_some_and(is_it))
                    .count()
            })
            .sum();
        count * 2 > all
    }

    /// True if the database lacked most indexes over a primary key that models asked for before: `index=True` of another
    /// one is no surprise.
    pub fn lacked_indexes_of_keys(&self) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let models = before.models_catalog();
        let compared = before.drift.compared.iter();
        let asked = compared
            .filter(|table| before.migrated.tables.contains_key(*table))
            .filter_map(|table| models.tables.get(table))
            .filter(|table| {
                let mut indexes = table.indexes.iter();
                indexes.any(|index| is_over_key(table, &index.definition))
            })
            .count();
        let differences = before.drift.differences.iter();
        let lacking = differences
            .filter(|found| is_index_of_key(&found.difference, models))
            .count();
        lacking * 2 > asked
    }

    /// True if the database had none of the CHECKs that models asked for before: another one is no surprise.
    pub fn lacked_checks(&self) -> bool {
        self.lacked_all(|kind| matches!(kind, ConstraintKind::Check { .. }))
    }

    /// True if the database had none of the foreign keys that models asked for before.
    pub fn lacked_foreign_keys(&self) -> bool {
        self.lacked_all(|kind| matches!(kind, ConstraintKind::ForeignKey(_)))
    }

    fn lacked_all(&self, is_it: impl Fn(&ConstraintKind) -> bool) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let has_one = |catalog: &Catalog| {
            let compared = before.drift.compared.iter();
            let mut tables = compared.filter_map(|table| catalog.tables.get(table));
            tables.any(|table| table.constraints.iter().any(|one| is_it(&one.kind)))
        };
        has_one(before.models_catalog()) && !has_one(before.migrated)
    }

    /// True if comments are in migrations and in no model, before the change or after it: that is where they live. The first
    /// ones are meant so if they are all about what has been there.
    pub fn has_comments_in_migrations_only(&self) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let has_comments = |catalog: &Catalog| {
            catalog.tables.values().any(|table| {
                let mut columns = table.columns.iter();
                table.comment.is_some() || columns.any(|column| !column.comment.is(&None))
            })
        };
        let mut tables = before.migrated.tables.values();
        let had_some = tables.any(|table| {
            let is_said = |comment: &Fact<_>| matches!(comment.known(), Some(Some(_)));
            let mut columns = table.columns.iter();
            table.comment.is_some() || columns.any(|column| is_said(&column.comment))
        });
        let brought = self.others.iter().map(|found| &found.difference);
        let mut comments = brought.filter(|found| found.change == Change::Changed("comment"));
        let of_models = [before.models_catalog(), self.head.models_catalog()];
        !of_models.into_iter().any(has_comments)
            && (had_some || comments.all(|found| self.was_there(found)))
    }
}

/// True if most foreign keys of the database that are meant differed from the models so.
fn are_mostly(
    before: &State<'_>,
    is_meant: impl Fn(&ForeignKey) -> bool,
    differs: impl Fn(&DriftDifference) -> bool,
) -> bool {
    let compared = before.drift.compared.iter();
    let tables = compared.filter_map(|table| before.migrated.tables.get(table));
    let keys = tables.flat_map(|table| table.foreign_keys());
    let all = keys.filter(|(_, key)| is_meant(key)).count();
    let differences = before.drift.differences.iter();
    let differing = differences.filter(|found| differs(found)).count();
    differing >= MANY_KEYS && differing * 2 > all
}

/// True for a foreign key of the database with an `ON DELETE` that has none in the models, and is the same otherwise.
fn acts_without_model(found: &DriftDifference) -> bool {
    let Difference {
        subject,
        change,
        from: there,
        to,
        ..
    } = &found.difference;
    let here = match (subject, change, &found.same_key) {
        (Subject::ForeignKey, Change::Changed(_), _) => to,
        // They have other names.
        (Subject::ForeignKey, Change::Removed, Some(same)) => &same.to,
        _ => return false,
    };
    has_same_target(there, here)
        && there.get("onupdate") == here.get("onupdate")
        && there
            .get("ondelete")
            .is_some_and(|action| !action.is_null())
        && here.get("ondelete").is_none_or(Value::is_null)
}
