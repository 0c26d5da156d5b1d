//! Drift: what the models describe and the migrations do not build, or the other way round.
//!
//! The rules of equality are those of Alembic's autogenerate (`alembic.autogenerate.compare` and `DefaultImpl`): what it
//! would write is told apart from what it cannot see, as CHECKs, primary keys and the names of constraints.

mod expressions;
mod indexes;
mod keys;
mod types;
mod uniqueness;

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::alembic::{MetadataOrigin, ModelSchema};
use crate::catalog::{
    Catalog, Change, Column, ConstraintKind, Difference, Fact, ForeignKey, Subject, Table, Why,
    compare, split_object,
};
use crate::config::HiddenDrift;
use crate::dialect::Dialect;
use crate::source::FileSpan;
use expressions::is_written_in_quotes;
pub use keys::has_same_target;
use types::{is_more_general, is_same_type, may_be_float};

/// Where Alembic keeps at which revision a database is.
const VERSION_TABLE: &str = "alembic_version";

/// The differences between models and migrations.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    pub differences: Vec<DriftDifference>,
    /// The tables of either side of which all is known that differs.
    pub compared: BTreeSet<SmolStr>,
    /// Those of which not all is known, or whether they are meant at all.
    pub doubtful: BTreeSet<SmolStr>,
    /// Why other parts could not be compared; each reason once.
    pub uncertain: Vec<Arc<Why>>,
}

/// One thing in which models and migrations differ. It goes from what the migrations build to what the models say.
#[derive(Clone, Debug)]
pub struct DriftDifference {
    pub difference: Difference,
    pub weight: Weight,
    /// True if the type that the migrations make says less than the one that the model asks for.
    pub is_more_general: bool,
    /// Where the model says it.
    pub model: Option<FileSpan>,
    /// Where a migration makes it.
    pub migration: Option<FileSpan>,
    /// What the other side has for a unique constraint or index: an index or constraint over the same columns.
    pub same_uniqueness: Option<Difference>,
    /// What the other side has for a foreign key: one over the same columns to the same ones that does something else.
    pub same_key: Option<Difference>,
}

/// Who would notice a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// `alembic revision --autogenerate` writes an operation for it.
    Seen,
    /// It would if `compare_type` or `compare_server_default` were on, which they are not or may not be.
    NotAsked,
    /// Newer versions do, and which one there is is not known.
    PerhapsSeen,
    /// It cannot, the database and the code can: CHECKs, primary keys, labels of enums, predicates of indexes.
    Unseen,
    /// What changes nothing: another name, a length that only one side gives.
    Nominal,
}

impl DriftDifference {
    /// True if `alembic revision --autogenerate` would write an operation for it.
    pub fn is_seen(&self) -> bool {
        self.weight == Weight::Seen
    }

    /// The types on both sides, if that of the migrations says less than that of the models and autogenerate does not see
    /// it.
    pub fn more_general_type(&self) -> Option<(&str, &str)> {
        let Difference { from, to, .. } = &self.difference;
        let (there, here) = (from.as_str()?, to.as_str()?);
        let is_meant = self.is_more_general && self.hidden() == Some(HiddenDrift::Types);
        is_meant.then_some((there, here))
    }

    /// What kind of difference it is that autogenerate does not see; `None` for one that it sees.
    pub fn hidden(&self) -> Option<HiddenDrift> {
        let Difference {
            subject, change, ..
        } = &self.difference;
        let kind = match (subject, change) {
            _ if self.is_seen() => return None,
            (_, Change::Renamed) => HiddenDrift::Names,
            (Subject::PrimaryKey, _) => HiddenDrift::PrimaryKeys,
            (Subject::Index, _) => HiddenDrift::IndexOptions,
            (Subject::Enum, _) => HiddenDrift::EnumLabels,
            (Subject::Unique | Subject::ForeignKey, _) => HiddenDrift::ConstraintOptions,
            (Subject::Column, Change::Changed("type")) => HiddenDrift::Types,
            (Subject::Column, Change::Changed("default" | "identity")) => HiddenDrift::Defaults,
            (Subject::Column, _) => HiddenDrift::GeneratedColumns,
            _ => HiddenDrift::Checks,
        };
        Some(kind)
    }
}

impl Weight {
    /// What Alembic compares, or does not see.
    fn seen(is_seen: bool) -> Self {
        if is_seen { Self::Seen } else { Self::Unseen }
    }
}

/// Compares what the migrations build with what the models describe.
pub fn drift(migrated: &Catalog, models: &ModelSchema) -> Drift {
    if models.origin == MetadataOrigin::Unknown {
        let why = Why::new("no models were found", None);
        return Drift {
            uncertain: vec![why],
            ..Drift::default()
        };
    }
    let mut comparison = Comparing {
        migrated,
        models,
        drift: Drift::default(),
    };
    let (database, described) = comparison.comparable();
    let differences = compare(&database, &described);
    for why in differences.unknown {
        comparison.doubt(&why);
    }
    for difference in differences.found {
        comparison.judge(difference, &database, &described);
    }
    let mut drift = comparison.drift;
    uniqueness::pair(
        &mut drift.differences,
        &database,
        &described,
        models.dialect,
    );
    keys::pair(&mut drift.differences, &database, &described);
    drift
        .differences
        .sort_by(|one, other| one.difference.object.cmp(&other.difference.object));
    drift
}

/// Of so many tables one has to be there that no migration makes, for the history to be one that others have begun.
const PART_THAT_WAS_THERE: usize = 8;

/// Why tables may have been there before the first migration that none of the others speaks of: much of what the history
/// works on was.
fn begins_elsewhere(migrated: &Catalog) -> Option<Arc<Why>> {
    let is_found = |table: &&Arc<Table>| table.open.is_some();
    let found: Vec<&Arc<Table>> = migrated.tables.values().filter(is_found).collect();
    let count = found.len();
    let is_much = count > 1 && count * PART_THAT_WAS_THERE >= migrated.tables.len();
    let place = found.first().and_then(|table| table.place.clone());
    is_much.then(|| {
        Why::new(
            format!(
                "{count} tables were there before the first migration, and others may have been"
            ),
            place,
        )
    })
}

struct Comparing<'a> {
    migrated: &'a Catalog,
    models: &'a ModelSchema,
    drift: Drift,
}

impl Comparing<'_> {
    fn doubt(&mut self, why: &Arc<Why>) {
        if !self.drift.uncertain.contains(why) {
            self.drift.uncertain.push(Arc::clone(why));
        }
    }

    /// Both states without what models do not describe, and without what is not known to be comparable.
    fn comparable(&mut self) -> (Catalog, Catalog) {
        let mut database = self.migrated.clone();
        let mut described = self.models.catalog.clone();
        for catalog in [&mut database, &mut described] {
            catalog.objects.clear();
            catalog.sequences.clear();
        }
        let names: Vec<_> = database
            .tables
            .keys()
            .chain(described.tables.keys())
            .cloned()
            .collect();
        for name in names {
            let is_left_out = |table: &Arc<Table>| table.temporary || table.partition_of.is_some();
            let there = self.migrated.tables.get(&name);
            let here = self.models.catalog.tables.get(&name);
            let doubt = match (there, here) {
                _ if name == VERSION_TABLE => None,
                (Some(table), _) | (_, Some(table)) if is_left_out(table) => None,
                (there, here) => match self.doubt_about(&name, there, here) {
                    Ok(()) => {
                        let open = |table: &Arc<Table>| {
                            table.open.is_some() || table.unsure.is_some() || table.maybe.is_some()
                        };
                        if there.into_iter().chain(here).any(open) {
                            self.drift.doubtful.insert(name);
                        } else {
                            self.drift.compared.insert(name);
                        }
                        continue;
                    }
                    Err(doubt) => doubt,
                },
            };
            if let Some(doubt) = doubt {
                self.drift.doubtful.insert(name.clone());
                self.doubt(&doubt);
            }
            database.tables.remove(&name);
            described.tables.remove(&name);
        }
        // A type that one side does not know of belongs to a column that differs, or to nothing that is mapped.
        let (migrated, modelled) = (&self.migrated.enums, &self.models.catalog.enums);
        for name in migrated.keys().filter(|name| !modelled.contains_key(*name)) {
            database.enums.remove(name);
        }
        for name in modelled.keys().filter(|name| !migrated.contains_key(*name)) {
            described.enums.remove(name);
        }
        order_keys_like(&database, &mut described);
        keys::name_unnamed(&database, &mut described);
        uniqueness::leave_one_of_equal(&mut database, &described);
        (database, described)
    }

    /// Why a table cannot be compared; `Err(None)` where it is not to be.
    fn doubt_about(
        &self,
        name: &str,
        there: Option<&Arc<Table>>,
        here: Option<&Arc<Table>>,
    ) -> Result<(), Option<Arc<Why>>> {
        match self.models.comparison.includes(Subject::Table, name) {
            Some(true) => {}
            Some(false) => return Err(None),
            None => {
                let place = here.or(there).and_then(|table| table.place.clone());
                return Err(Some(left_out(name, place)));
            }
        }
        match (there, here) {
            // A model that reads a view is no table that is missing.
            (None, Some(_)) if self.migrated.is_view(name) => Err(None),
            (Some(there), Some(_)) => {
                let maybe = there.maybe.clone();
                certain(maybe.or_else(|| self.migrated.doubt_about(there)))
            }
            (None, Some(_)) => {
                let opaque = self.migrated.opaque.clone();
                certain(opaque.or_else(|| begins_elsewhere(self.migrated)))
            }
            (Some(there), None)
                if self
                    .models
                    .unregistered
                    .iter()
                    .any(|table| table.name == name) =>
            {
                Err(Some(Why::new(
                    format!("the model of `{name}` is in a module that `env.py` does not import"),
                    there.place.clone(),
                )))
            }
            (Some(there), None) if self.models.foreign.iter().any(|table| table.name == name) => {
                Err(Some(Why::new(
                    format!("the model of `{name}` is on another metadata than that of `env.py`"),
                    there.place.clone(),
                )))
            }
            // Without the metadata of `env.py`, others may describe it.
            (Some(there), None) if self.models.origin == MetadataOrigin::Repository => {
                Err(Some(Why::new(
                    format!(
                        "no model of `{name}` was found, and `env.py` does not say where models are"
                    ),
                    there.place.clone(),
                )))
            }
            (Some(there), None) => {
                let doubts = [&there.open, &there.unsure, &self.models.open];
                certain(doubts.into_iter().flatten().next().cloned())
            }
            (None, None) => Ok(()),
        }
    }

    /// sqlalchemy-searchable gives every model with a search vector an index of its own making.
    fn may_come_from_elsewhere(difference: &Difference, described: &Catalog) -> bool {
        if (difference.subject, difference.change) != (Subject::Index, Change::Removed) {
            return false;
        }
        let (table, _) = split_object(&difference.object, described);
        let Some(table) = described.tables.get(table) else {
            return false;
        };
        let keys = difference.from["columns"].as_array();
        keys.into_iter()
            .flatten()
            .filter_map(|key| table.column(key.as_str()?))
            .any(|column| column.column_type.is(&SmolStr::new_static("tsvector")))
    }

    fn judge(&mut self, difference: Difference, database: &Catalog, described: &Catalog) {
        if Self::may_come_from_elsewhere(&difference, described) {
            let why = Why::new(
                format!("index `{}` may be made by a library", difference.object),
                difference.place.clone(),
            );
            self.doubt(&why);
            return;
        }
        match self
            .models
            .comparison
            .includes(difference.subject, &difference.object)
        {
            Some(true) => {}
            Some(false) => return,
            None => {
                let why = left_out(&difference.object, difference.place.clone());
                self.doubt(&why);
                return;
            }
        }
        let Some(weight) = self.weight(&difference, database, described) else {
            return;
        };
        let place = |catalog: &Catalog| -> Option<FileSpan> {
            let (table, part) = match difference.subject {
                Subject::Table => (difference.object.as_str(), None),
                _ => split_object(&difference.object, catalog),
            };
            let known = catalog.tables.get(table)?;
            let place = part.and_then(|part| match difference.subject {
                Subject::Column => known.column(part)?.place.clone(),
                Subject::Index => known.index(part)?.place.clone(),
                _ => known.constraint(part)?.place.clone(),
            });
            place.or_else(|| known.place.clone())
        };
        let is_model = !matches!(difference.change, Change::Removed);
        let exact = difference.place.clone();
        let model = exact
            .clone()
            .filter(|_| is_model)
            .or_else(|| place(described));
        let migration = exact.filter(|_| !is_model).or_else(|| place(database));
        let spelled = (difference.from.as_str(), difference.to.as_str());
        let is_more_general = matches!(spelled, (Some(there), Some(here)) if is_more_general(there, here))
            && !self.has_unwritten_length(&difference);
        self.drift.differences.push(DriftDifference {
            difference,
            weight,
            is_more_general,
            model,
            migration,
            same_uniqueness: None,
            same_key: None,
        });
    }

    /// True for a column of text that is as long as the longest label of an enum, or as a library has it.
    fn has_unwritten_length(&self, difference: &Difference) -> bool {
        let is_text = |spelling: &str| spelling.to_lowercase().contains("char");
        difference.to.as_str().is_some_and(is_text)
            && self.models.unwritten_lengths.contains(&difference.object)
    }

    /// True for a unique constraint of a model over the columns of the primary key: PostgreSQL has merged it into that
    /// where one `CREATE TABLE` made both.
    fn may_be_merged(
        &self,
        difference: &Difference,
        database: &Catalog,
        described: &Catalog,
    ) -> bool {
        self.models.dialect == Dialect::PostgreSql && is_over_key(difference, described, database)
    }

    /// Who notices a difference; `None` for what is none.
    fn weight(
        &self,
        difference: &Difference,
        database: &Catalog,
        described: &Catalog,
    ) -> Option<Weight> {
        let settings = &self.models.comparison;
        Some(match (difference.subject, difference.change) {
            (Subject::Table, Change::Changed("row_security" | "partition")) => return None,
            (Subject::ForeignKey, Change::Added | Change::Removed) => {
                // Two that say the same count once.
                let (there, here) = match difference.change {
                    Change::Added => (database, described),
                    _ => (described, database),
                };
                let (table, name) = split_object(&difference.object, here);
                let key = here
                    .tables
                    .get(table)?
                    .foreign_keys()
                    .find(|(constraint, _)| constraint.known_name().map(SmolStr::as_str) == name);
                let others = there.tables.get(table)?;
                let is_twice = key
                    .is_some_and(|(_, key)| others.foreign_keys().any(|(_, other)| key == other));
                if is_twice {
                    Weight::Nominal
                } else {
                    Weight::Seen
                }
            }
            (Subject::Unique, Change::Added)
                if self.may_be_merged(difference, database, described) =>
            {
                return None;
            }
            // The key says so as well.
            (Subject::Unique, Change::Added) if is_over_key(difference, described, described) => {
                Weight::Nominal
            }
            (Subject::Unique, Change::Removed)
                if uniqueness::has_no_name(&difference.object, &difference.from, database) =>
            {
                Weight::Unseen
            }
            (
                Subject::Table | Subject::Column | Subject::Unique,
                Change::Added | Change::Removed,
            ) => Weight::Seen,
            (Subject::Table, Change::Changed("comment")) => Weight::Seen,
            (Subject::Column, Change::Changed(fact)) => {
                let (table, column) = split_object(&difference.object, database);
                let column_of = |catalog: &Catalog| {
                    let column = catalog.tables.get(table)?.column(column?)?;
                    Some(column.clone())
                };
                let (there, here) = (column_of(database)?, column_of(described)?);
                let is_made = |fact: &Fact<Option<_>>| matches!(fact, Fact::Known(Some(_)));
                let asked = |setting: Option<bool>| match setting {
                    Some(true) => Weight::Seen,
                    _ => Weight::NotAsked,
                };
                match fact {
                    "type" => {
                        let spelled = (there.column_type.known()?, here.column_type.known()?);
                        if is_same_type(spelled.0, spelled.1, self.models.dialect) {
                            Weight::Nominal
                        } else if may_be_float(spelled.0, spelled.1, self.models.dialect) {
                            Weight::Unseen
                        } else {
                            asked(settings.compares_types)
                        }
                    }
                    // `primary_key=True, nullable=True`: what a model says in so many words goes before its key.
                    "nullable"
                        if there.nullable.is(&true)
                            && self.models.said_nullable.contains(&difference.object) =>
                    {
                        return None;
                    }
                    // A computed or identity column cannot be changed so.
                    "nullable" => Weight::seen(
                        !(is_made(&here.generated)
                            || is_made(&there.generated)
                            || here.identity.known().is_some_and(Option::is_some)),
                    ),
                    "default"
                        if self.models.dialect == Dialect::PostgreSql
                            && is_written_in_quotes(&there.default, &here.default) =>
                    {
                        return None;
                    }
                    "default" => {
                        let of = |column: &Column| {
                            let default = column.default.known().and_then(Option::as_ref);
                            default.map(|default| default.starts_with("nextval("))
                        };
                        match (of(&there), of(&here)) {
                            // Which column of a key counts by itself follows from the others of the key.
                            (Some(true), None) | (None, Some(true)) => return None,
                            (Some(true), _) | (_, Some(true)) => return Some(Weight::Unseen),
                            _ => asked(settings.compares_defaults),
                        }
                    }
                    "identity" => asked(settings.compares_identities),
                    "comment" => Weight::Seen,
                    _ => Weight::Unseen,
                }
            }
            (Subject::Unique, Change::Changed(_)) => {
                let columns = |value: &serde_json::Value| -> BTreeSet<String> {
                    let columns = value["columns"].as_array().into_iter().flatten();
                    columns.map(ToString::to_string).collect()
                };
                Weight::seen(columns(&difference.from) != columns(&difference.to))
            }
            (Subject::Index, _)
                if indexes::may_have_that_name(difference, described, self.models) =>
            {
                return None;
            }
            (Subject::Index, _) => indexes::weight(difference, [database, described], self.models),
            // Autogenerate goes by what they say, not by their names.
            (Subject::ForeignKey, Change::Changed(_)) => {
                let (table, _) = split_object(&difference.object, database);
                let keys = |catalog: &Catalog| -> Vec<ForeignKey> {
                    let table = catalog.tables.get(table);
                    let keys = table.into_iter().flat_map(|table| table.foreign_keys());
                    keys.map(|(_, key)| key.clone()).collect()
                };
                let (there, here) = (keys(database), keys(described));
                let differs = there.iter().any(|key| !here.contains(key))
                    || here.iter().any(|key| !there.contains(key));
                Weight::seen(differs)
            }
            (Subject::Sequence | Subject::Object(_), _) => return None,
            (_, Change::Renamed) => Weight::Nominal,
            _ => Weight::Unseen,
        })
    }
}

/// Gives the primary keys of models the order of those of the database: they are over a set of columns, and in which order
/// a class declares these is nobody's wish.
fn order_keys_like(database: &Catalog, described: &mut Catalog) {
    for (name, table) in &database.tables {
        let (Some(there), Some(here)) = (table.primary_key(), described.tables.get_mut(name))
        else {
            continue;
        };
        let key = here.primary_key().map(|key| key.kind.columns());
        let is_other_order = key.is_some_and(|key| {
            let set = |columns: &[SmolStr]| columns.iter().cloned().collect::<BTreeSet<_>>();
            key != there.kind.columns() && set(key) == set(there.kind.columns())
        });
        if is_other_order {
            for constraint in &mut Arc::make_mut(here).constraints {
                if let ConstraintKind::PrimaryKey { columns } = &mut constraint.kind {
                    *columns = there.kind.columns().to_vec();
                }
            }
        }
    }
}

/// True for a unique constraint of the models over the columns of the primary key that the table has in a catalog.
fn is_over_key(difference: &Difference, described: &Catalog, keys_of: &Catalog) -> bool {
    let (table, name) = split_object(&difference.object, described);
    let constraint = described.tables.get(table).and_then(|table| {
        let mut constraints = table.constraints.iter();
        constraints.find(|one| one.known_name().map(SmolStr::as_str) == name)
    });
    let key = keys_of
        .tables
        .get(table)
        .and_then(|table| table.primary_key());
    constraint
        .zip(key)
        .is_some_and(|(constraint, key)| constraint.kind.columns() == key.kind.columns())
}

/// Why an object is not compared that may not be meant to be.
fn left_out(object: &str, place: Option<FileSpan>) -> Arc<Why> {
    let what = format!("whether `env.py` leaves `{object}` out of the comparison is not known");
    Why::new(what, place)
}

/// An error with the reason, if there is one.
fn certain(doubt: Option<Arc<Why>>) -> Result<(), Option<Arc<Why>>> {
    doubt.map_or(Ok(()), |why| Err(Some(why)))
}
