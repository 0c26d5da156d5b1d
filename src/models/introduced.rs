//! What a change makes models and migrations differ in: drift that was not there before.

mod habits;
mod touched;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use self::touched::Touched;
use super::drift::{Drift, DriftDifference, Weight};
use crate::alembic::{MetadataOrigin, ModelSchema};
use crate::catalog::{
    Catalog, Change, Difference, Fact, IndexDefinition, Subject, Table, split_object,
};

/// Models and migrations of one state of a repository.
#[derive(Clone, Copy)]
pub struct State<'s> {
    pub migrated: &'s Catalog,
    pub models: &'s ModelSchema,
    pub drift: &'s Drift,
}

impl<'s> State<'s> {
    fn models_catalog(&self) -> &'s Catalog {
        &self.models.catalog
    }
}

/// So many other tables have a column of the same name on one side only, where that is a way to work.
const MANY_OF_A_NAME: usize = 2;

/// So many columns of whatever name, in so many tables.
const MANY_LACKED: usize = 8;
const MANY_TABLES: usize = 4;

/// The drift that a change brings.
pub struct Introduced<'s> {
    /// Those that came with an edit of the models, and no migration has to do with them.
    pub by_models: Vec<&'s DriftDifference>,
    /// The other ones: migrations that the change has may have brought them.
    pub others: Vec<&'s DriftDifference>,
    head: State<'s>,
    before: Option<State<'s>>,
    renames: Vec<Rename>,
}

/// Another name that a migration gives to a table or a column.
#[derive(Clone, Debug)]
pub struct Rename {
    pub table: SmolStr,
    /// `None` for the table itself.
    pub column: Option<SmolStr>,
    pub new_name: SmolStr,
}

impl Rename {
    /// What the object of a difference is called then.
    fn of_object(&self, subject: Subject, object: &str) -> Option<String> {
        let Self {
            table,
            column,
            new_name,
        } = self;
        let part = object.strip_prefix(table.as_str())?;
        let Some(column) = column else {
            let is_it = part.is_empty() || part.starts_with(['.', '(']);
            return is_it.then(|| format!("{new_name}{part}"));
        };
        // Constraints without a name are known by their columns.
        if let Some(columns) = part
            .strip_prefix('(')
            .and_then(|part| part.strip_suffix(')'))
        {
            let renamed = |name| {
                if name == column.as_str() {
                    new_name.as_str()
                } else {
                    name
                }
            };
            let columns: Vec<&str> = columns.split(", ").map(renamed).collect();
            return Some(format!("{table}({})", columns.join(", ")));
        }
        let is_it = subject == Subject::Column && part.strip_prefix('.') == Some(column.as_str());
        is_it.then(|| format!("{table}.{new_name}"))
    }
}

impl<'s> Introduced<'s> {
    /// What differs at the head and did not before. `None` where the models of one of the states could not be read.
    /// `renames` are those of the migrations in between, in their order: what differed goes on under the new name.
    pub fn new(before: Option<State<'s>>, head: State<'s>, renames: Vec<Rename>) -> Option<Self> {
        let is_read = |state: &State<'_>| {
            state.models.origin != MetadataOrigin::Unknown && !state.drift.compared.is_empty()
        };
        // At the beginning there may be neither models nor migrations.
        let is_empty = |state: &State<'_>| {
            state.migrated.tables.is_empty() && state.models.catalog.tables.is_empty()
        };
        if !is_read(&head) || before.is_some_and(|state| !is_read(&state) && !is_empty(&state)) {
            return None;
        }
        let known: BTreeSet<_> = before
            .iter()
            .flat_map(|state| &state.drift.differences)
            .map(|found| {
                let Difference {
                    subject, change, ..
                } = found.difference;
                let name = |object: String, rename: &Rename| {
                    rename.of_object(subject, &object).unwrap_or(object)
                };
                let object = found.difference.object.clone();
                (subject, change, renames.iter().fold(object, name))
            })
            .collect();
        let known_keys: BTreeSet<_> = before
            .iter()
            .flat_map(|state| {
                let found = state.drift.differences.iter();
                found.filter_map(|found| lone_key(&found.difference, state, &renames))
            })
            .collect();
        let of_models =
            before.map(|state| Touched::between(state.models_catalog(), head.models_catalog()));
        let of_migrations = before.map(|state| Touched::between(state.migrated, head.migrated));
        let mut introduced = Self {
            by_models: Vec::new(),
            others: Vec::new(),
            head,
            before,
            renames,
        };
        for found in &head.drift.differences {
            let difference = &found.difference;
            let is_known_key =
                lone_key(difference, &head, &[]).is_some_and(|lone| known_keys.contains(&lone));
            if !matters(found)
                || known.contains(&key(difference)) && !has_new_labels(difference, before)
                || is_known_key
                || introduced.is_kept(difference)
                || !introduced.could_be_known(difference)
                || introduced.is_one_of_many(difference)
            {
                continue;
            }
            let is_in = |touched: &Option<Touched>, catalog: &Catalog| {
                touched
                    .as_ref()
                    .is_none_or(|touched| touched.has(&difference.object, catalog))
            };
            if is_in(&of_migrations, head.migrated) {
                introduced.others.push(found);
            } else if is_in(&of_models, head.models_catalog())
                && (found.weight != Weight::NotAsked || is_edited(of_models.as_ref(), difference))
            {
                introduced.by_models.push(found);
            }
        }
        introduced.keep_together();
        Some(introduced)
    }

    /// A unique index of a migration in the place of the unique constraint of a model is one thing, as is a foreign key that
    /// does something else, and the migration brings it.
    fn keep_together(&mut self) {
        let is_brought = |found: &DriftDifference, others: &[&DriftDifference]| {
            let mut halves = found.same_uniqueness.iter().chain(&found.same_key);
            halves.any(|same| others.iter().any(|other| other.difference.is_same_as(same)))
        };
        let (brought, by_models) = self
            .by_models
            .iter()
            .partition(|found| is_brought(found, &self.others));
        self.by_models = by_models;
        let brought: Vec<&DriftDifference> = brought;
        self.others.extend(brought);
    }

    /// False for what may have differed before, only nobody could know.
    fn could_be_known(&self, difference: &Difference) -> bool {
        let object = difference.object.as_str();
        if difference.subject == Subject::Enum {
            return self.before.is_none_or(|before| {
                let is_in = |catalog: &Catalog| catalog.enums.contains_key(object);
                is_in(before.models_catalog()) || !is_in(before.migrated)
            });
        }
        let (table, _) = split_object(object, self.head.models_catalog());
        let table = if self.head.models_catalog().tables.contains_key(table) {
            table
        } else {
            split_object(object, self.head.migrated).0
        };
        self.is_proven(table)
    }

    /// True for a column that only one side has, where before the change it was so all over the schema, too: then a base or
    /// a mixin is read wrongly, or something else makes the columns.
    fn is_one_of_many(&self, difference: &Difference) -> bool {
        let Difference {
            subject,
            change: change @ (Change::Added | Change::Removed),
            object,
            ..
        } = difference
        else {
            return false;
        };
        let Some(before) = self.before.filter(|_| *subject == Subject::Column) else {
            return false;
        };
        let catalog = match change {
            Change::Added => State::models_catalog,
            _ => |state: &State<'s>| state.migrated,
        };
        let (own, name) = split_object(object, catalog(&self.head));
        let mut tables = BTreeSet::new();
        let mut columns = 0;
        let mut of_this_name = 0;
        for found in &before.drift.differences {
            let known = &found.difference;
            let (table, column) = split_object(&known.object, catalog(&before));
            if (known.subject, known.change) != (*subject, *change) || table == own {
                continue;
            }
            columns += 1;
            of_this_name += usize::from(column == name);
            tables.insert(table);
        }
        of_this_name >= MANY_OF_A_NAME || columns >= MANY_LACKED && tables.len() >= MANY_TABLES
    }

    /// True if the migrations had made it before the change, under the same name.
    pub fn was_there(&self, difference: &Difference) -> bool {
        self.before
            .is_some_and(|before| has(before.migrated, difference))
    }

    /// True for what the models let go of and the database keeps a while for code that runs: a column that a migration of the
    /// change only makes nullable, and an index or a constraint all of whose columns the models have lost.
    fn is_kept(&self, difference: &Difference) -> bool {
        let Some(before) = self.before.filter(|_| difference.change == Change::Removed) else {
            return false;
        };
        let (table, name) = split_object(&difference.object, self.head.migrated);
        let is_lost = |column: &str| {
            let has = |catalog: &Catalog| {
                let known = catalog.tables.get(table);
                known.map(|table| table.column(column).is_some())
            };
            has(before.models_catalog()) == Some(true)
                && has(self.head.models_catalog()) == Some(false)
        };
        match difference.subject {
            Subject::Column => {
                let Some(name) = name else {
                    return false;
                };
                let is_nullable = |catalog: &Catalog| {
                    let column = catalog.tables.get(table)?.column(name)?;
                    column.nullable.known().copied()
                };
                is_lost(name)
                    && is_nullable(before.migrated) == Some(false)
                    && is_nullable(self.head.migrated) == Some(true)
            }
            Subject::Index | Subject::Unique | Subject::ForeignKey => {
                // An expression is over columns as well.
                let known = self.head.migrated.tables.get(table);
                let index = known.zip(name).and_then(|(table, name)| table.index(name));
                let columns: Vec<&str> = match index.and_then(|index| index.definition.known()) {
                    Some(definition) => definition.columns.iter().map(SmolStr::as_str).collect(),
                    None => columns_of(difference),
                };
                !columns.is_empty() && columns.into_iter().all(is_lost)
            }
            _ => false,
        }
    }

    /// Columns that the migrations of the change call otherwise than its models: as many come here as there, and each has its
    /// counterpart. What only the migrations have, with what only the models have: columns that the models gain, and all of
    /// a new table.
    pub fn called_otherwise(&self) -> Vec<(&'s Difference, &'s Difference)> {
        let columns = |all: &[&'s DriftDifference], change: Change| -> Vec<&'s Difference> {
            let all = all.iter().map(|found| &found.difference);
            all.filter(|found| (found.subject, found.change) == (Subject::Column, change))
                .collect()
        };
        let table_of = |difference: &Difference, catalog: &Catalog| {
            split_object(&difference.object, catalog).0.to_owned()
        };
        let (migrated, models) = (self.head.migrated, self.head.models_catalog());
        let mut there: BTreeMap<String, Vec<&Difference>> = BTreeMap::new();
        for found in columns(&self.others, Change::Removed) {
            let of_table = there.entry(table_of(found, migrated)).or_default();
            of_table.push(found);
        }
        let mut here = columns(&self.by_models, Change::Added);
        // A table that was there may have lost the column on purpose.
        let is_of_new_table = |found: &&Difference| {
            let table = table_of(found, models);
            let mut before = self.before.iter();
            migrated.tables.contains_key(table.as_str())
                && !before.any(|before| before.migrated.tables.contains_key(table.as_str()))
                && !self
                    .renames
                    .iter()
                    .any(|rename| rename.column.is_none() && rename.new_name == table)
        };
        here.extend(
            columns(&self.others, Change::Added)
                .into_iter()
                .filter(is_of_new_table),
        );
        let mut pairs = Vec::new();
        for (table, there) in there {
            let mut here: Vec<&Difference> = here
                .iter()
                .filter(|found| table_of(found, models) == table)
                .copied()
                .collect();
            if there.len() != here.len() || there.iter().any(|found| self.was_there(found)) {
                continue;
            }
            let mut own = Vec::new();
            let mut left = Vec::new();
            for found in there {
                match here.iter().position(|other| are_alike(found, other)) {
                    Some(at) => own.push((found, here.remove(at))),
                    None => left.push(found),
                }
            }
            if let ([one], [other]) = (left.as_slice(), here.as_slice())
                && one.from.get("type") == other.to.get("type")
            {
                own.push((one, other));
                left.clear();
            }
            if left.is_empty() {
                pairs.extend(own);
            }
        }
        pairs
    }

    /// True if all that differs in a table is known, before and after.
    pub fn is_proven(&self, table: &str) -> bool {
        // A model that was there before is not new because only the later state tells whose it is.
        let is_elsewhere = |state: &State<'_>, table: &str| {
            let mut elsewhere = state.models.elsewhere.iter();
            elsewhere.any(|(key, name)| name == table && self.head.models.metadata.contains(key))
        };
        let renames = self.renames.iter().rev();
        let was = renames.fold(SmolStr::new(table), |name, rename| {
            let is_it = rename.column.is_none() && rename.new_name == name;
            if is_it { rename.table.clone() } else { name }
        });
        let knows = |state: &State<'_>, table: &str| {
            state.drift.compared.contains(table)
                || (!state.migrated.tables.contains_key(table)
                    && !state.models.catalog.tables.contains_key(table)
                    && !is_elsewhere(state, table))
        };
        knows(&self.head, table)
            && self
                .before
                .as_ref()
                .is_none_or(|before| knows(before, &was))
    }

    /// True if that is so of all tables.
    pub fn is_proven_throughout(&self) -> bool {
        let knows = |state: &State<'_>| state.drift.doubtful.is_empty();
        knows(&self.head) && self.before.as_ref().is_none_or(knows)
    }
}

/// True for an index of the models over the columns of a primary key, as `index=True` makes it, that the database does not
/// have.
pub fn is_index_of_key(difference: &Difference, models: &Catalog) -> bool {
    if (difference.subject, difference.change) != (Subject::Index, Change::Added) {
        return false;
    }
    let (table, name) = split_object(&difference.object, models);
    models
        .tables
        .get(table)
        .zip(name)
        .is_some_and(|(table, name)| {
            let index = table.index(name);
            index.is_some_and(|index| is_over_key(table, &index.definition))
        })
}

/// True for an index that is over the columns of the primary key, for all rows.
fn is_over_key(table: &Table, index: &Fact<IndexDefinition>) -> bool {
    let (Some(definition), Some(key)) = (index.known(), table.primary_key()) else {
        return false;
    };
    let keys = definition.keys.iter().map(|key| &key.text);
    definition.predicate.is_none() && keys.eq(key.kind.columns())
}

/// True if a catalog has the object of a difference.
fn has(catalog: &Catalog, difference: &Difference) -> bool {
    let (table, part) = split_object(&difference.object, catalog);
    let Some(table) = catalog.tables.get(table) else {
        return false;
    };
    match (difference.subject, part) {
        (Subject::Column, Some(part)) => table.column(part).is_some(),
        (_, Some(part)) => table.index(part).is_some() || table.constraint(part).is_some(),
        (_, None) => true,
    }
}

/// The columns of an index or constraint that only the database has.
fn columns_of(difference: &Difference) -> Vec<&str> {
    let columns = difference.from.get("columns");
    let columns = columns.and_then(serde_json::Value::as_array);
    let columns = columns.into_iter().flatten();
    columns.filter_map(serde_json::Value::as_str).collect()
}

/// True for two columns one of whose names is part of the other, as `subject` is of `result_subject`, or its plural.
fn are_alike(one: &Difference, other: &Difference) -> bool {
    let name = |difference: &Difference| {
        let object = difference.object.as_str();
        object.rsplit('.').next().unwrap_or(object).to_lowercase()
    };
    let (one, other) = (name(one), name(other));
    let is_part = |short: &str, long: &str| {
        let ends = [long.strip_suffix(short), long.strip_prefix(short)];
        ends.into_iter()
            .flatten()
            .any(|rest| rest == "s" || rest.starts_with('_') || rest.ends_with('_'))
    };
    is_part(&one, &other) || is_part(&other, &one)
}

fn key(difference: &Difference) -> (Subject, Change, String) {
    (
        difference.subject,
        difference.change,
        difference.object.clone(),
    )
}

/// A foreign key that only one side has, by its table and what it is: a name that the database makes up may be another
/// afterwards.
fn lone_key(
    difference: &Difference,
    state: &State<'_>,
    renames: &[Rename],
) -> Option<(Change, String, String)> {
    let (catalog, key) = match difference.change {
        Change::Added => (state.models_catalog(), &difference.to),
        Change::Removed => (state.migrated, &difference.from),
        _ => return None,
    };
    let (table, _) = split_object(&difference.object, catalog);
    let table = renames.iter().fold(table.to_owned(), |table, rename| {
        rename.of_object(Subject::Table, &table).unwrap_or(table)
    });
    let mut key = key.clone();
    key.as_object_mut()?.remove("name");
    (difference.subject == Subject::ForeignKey).then(|| (difference.change, table, key.to_string()))
}

/// True for an enum of which other labels differ than before, when it may only have been their order.
fn has_new_labels(difference: &Difference, before: Option<State<'_>>) -> bool {
    let apart = |difference: &Difference| -> BTreeSet<String> {
        let (there, here) = (difference.labels_before(), difference.labels_after());
        let removed = there.iter().filter(|label| !here.contains(*label));
        let added = here.iter().filter(|label| !there.contains(*label));
        removed
            .map(|label| format!("-{label}"))
            .chain(added.map(|label| format!("+{label}")))
            .collect()
    };
    let mut known = before
        .iter()
        .flat_map(|state| &state.drift.differences)
        .map(|found| &found.difference);
    difference.subject == Subject::Enum
        && known
            .find(|known| key(known) == key(difference))
            .is_some_and(|known| !apart(difference).is_subset(&apart(known)))
}

/// True if the object itself was there before and is another now: what is not asked for is no business of a model that is
/// new.
fn is_edited(touched: Option<&Touched>, difference: &Difference) -> bool {
    touched.is_some_and(|touched| touched.objects.contains(&difference.object))
}

/// False for what nobody has to act on: another name for the same, labels that only the database has.
fn matters(found: &DriftDifference) -> bool {
    let difference = &found.difference;
    if difference.subject == Subject::Enum {
        let there = difference.labels_before();
        let here = difference.labels_after();
        return here.iter().any(|label| !there.contains(label));
    }
    found.weight != Weight::Nominal
}
