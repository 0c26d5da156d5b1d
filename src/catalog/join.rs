//! What is known of a database that is in one of two states.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;

use super::constraint::{Constraint, Index};
use super::fact::{Fact, Why};
use super::objects::{Catalog, Enum, Object, Sequence};
use super::table::{Column, Table};

impl Catalog {
    /// The state that is one of two: what they agree on is known.
    #[must_use]
    pub fn join(&self, other: &Self, why: &Arc<Why>) -> Self {
        if self.is_same_as(other) {
            return self.clone();
        }
        Self {
            tables: join_maps(&self.tables, &other.tables, |one, two| match (one, two) {
                (Some(one), Some(two)) => join_tables(one, two, why),
                (Some(only), None) | (None, Some(only)) => {
                    let mut table = only.clone();
                    table.maybe.get_or_insert_with(|| Arc::clone(why));
                    table
                }
                (None, None) => Table::unknown(why),
            }),
            enums: join_maps(&self.enums, &other.enums, |one, two| {
                let labels = match (one, two) {
                    (Some(one), Some(two)) => one.labels.join(&two.labels, why),
                    (Some(only), None) | (None, Some(only)) => only.labels.clone(),
                    (None, None) => Fact::Unknown(Arc::clone(why)),
                };
                let is_both = one.is_some() && two.is_some();
                let maybe = one
                    .and_then(|one| one.maybe.clone())
                    .or_else(|| two.and_then(|two| two.maybe.clone()))
                    .or_else(|| (!is_both).then(|| Arc::clone(why)));
                Enum {
                    labels,
                    place: one.or(two).and_then(|known| known.place.clone()),
                    maybe,
                }
            }),
            sequences: join_maps(&self.sequences, &other.sequences, |one, two| {
                let mut joined = one.or(two).cloned().unwrap_or(Sequence {
                    owned_by: None,
                    data_type: Fact::Unknown(Arc::clone(why)),
                    identity: false,
                    place: None,
                    maybe: None,
                });
                let is_same = one.zip(two).is_some_and(|(one, two)| {
                    one.owned_by == two.owned_by && one.identity == two.identity
                });
                if let Some((one, two)) = one.zip(two) {
                    joined.data_type = one.data_type.join(&two.data_type, why);
                    joined.maybe = one.maybe.clone().or_else(|| two.maybe.clone());
                }
                if !is_same {
                    joined.maybe.get_or_insert_with(|| Arc::clone(why));
                }
                joined
            }),
            objects: join_maps(&self.objects, &other.objects, |one, two| {
                let definition = match (one, two) {
                    (Some(one), Some(two)) => one.definition.join(&two.definition, why),
                    (Some(only), None) | (None, Some(only)) => only.definition.clone(),
                    (None, None) => Fact::Unknown(Arc::clone(why)),
                };
                let is_both = one.is_some() && two.is_some();
                let known = one.or(two);
                Object {
                    definition,
                    on: known.and_then(|known| known.on.clone()),
                    place: known.and_then(|known| known.place.clone()),
                    maybe: known
                        .and_then(|known| known.maybe.clone())
                        .or_else(|| (!is_both).then(|| Arc::clone(why))),
                }
            }),
            index_tables: if self.index_tables.ptr_eq(&other.index_tables) {
                self.index_tables.clone()
            } else {
                self.index_tables.clone().union(other.index_tables.clone())
            },
            constraint_tables: self
                .constraint_tables
                .clone()
                .union(other.constraint_tables.clone()),
            references: self.references.clone().union(other.references.clone()),
            partitions: self.partitions.clone().union(other.partitions.clone()),
            dropped_tables: self
                .dropped_tables
                .clone()
                .intersection(other.dropped_tables.clone()),
            dropped_schemas: self
                .dropped_schemas
                .clone()
                .intersection(other.dropped_schemas.clone()),
            dropped_types: self
                .dropped_types
                .clone()
                .intersection(other.dropped_types.clone()),
            opaque: self.opaque.clone().or_else(|| other.opaque.clone()),
        }
    }
}

fn join_maps<K: Ord + Clone, V: PartialEq>(
    one: &OrdMap<K, Arc<V>>,
    other: &OrdMap<K, Arc<V>>,
    join: impl Fn(Option<&V>, Option<&V>) -> V,
) -> OrdMap<K, Arc<V>> {
    let mut joined = one.clone();
    let changed: BTreeSet<K> = one
        .diff(other)
        .map(|item| match item {
            imbl::ordmap::DiffItem::Add(key, _)
            | imbl::ordmap::DiffItem::Remove(key, _)
            | imbl::ordmap::DiffItem::Update { old: (key, _), .. } => key.clone(),
        })
        .collect();
    for key in changed {
        let (left, right) = (one.get(&key), other.get(&key));
        let value = join(left.map(AsRef::as_ref), right.map(AsRef::as_ref));
        joined.insert(key, Arc::new(value));
    }
    joined
}

/// The table that is one of two.
pub(super) fn join_tables(one: &Table, other: &Table, why: &Arc<Why>) -> Table {
    if one == other {
        return one.clone();
    }
    let mut joined = one.clone();
    joined.columns = join_lists(
        &one.columns,
        &other.columns,
        |one, two| one.name == two.name,
        |one, two| join_columns(one, two, why),
        |column| {
            column.maybe.get_or_insert_with(|| Arc::clone(why));
        },
    );
    joined.constraints = join_lists(
        &one.constraints,
        &other.constraints,
        |one, two| one.name == two.name && one.kind == two.kind,
        |one, two| Constraint {
            maybe: one.maybe.clone().or_else(|| two.maybe.clone()),
            ..one.clone()
        },
        |constraint| {
            constraint.maybe.get_or_insert_with(|| Arc::clone(why));
        },
    );
    joined.indexes = join_lists(
        &one.indexes,
        &other.indexes,
        |one, two| one.name == two.name,
        |one, two| Index {
            definition: one.definition.join(&two.definition, why),
            maybe: one.maybe.clone().or_else(|| two.maybe.clone()),
            ..one.clone()
        },
        |index| {
            index.maybe.get_or_insert_with(|| Arc::clone(why));
        },
    );
    joined.gone = one.gone.join(&other.gone);
    joined.open = one.open.clone().or_else(|| other.open.clone());
    joined.is_made = one.is_made && other.is_made;
    if one.made_after != other.made_after {
        joined.made_after = None;
    }
    joined.maybe = one.maybe.clone().or_else(|| other.maybe.clone());
    joined.unsure = one.unsure.clone().or_else(|| other.unsure.clone());
    if one.comment != other.comment
        || one.row_security != other.row_security
        || one.partition_of != other.partition_of
    {
        joined.unsure.get_or_insert_with(|| Arc::clone(why));
    }
    joined
}

fn join_lists<T: Clone>(
    one: &[T],
    other: &[T],
    is_same: impl Fn(&T, &T) -> bool,
    join: impl Fn(&T, &T) -> T,
    doubt: impl Fn(&mut T),
) -> Vec<T> {
    let mut joined: Vec<T> = one
        .iter()
        .map(
            |item| match other.iter().find(|other| is_same(item, other)) {
                Some(other) => join(item, other),
                None => {
                    let mut item = item.clone();
                    doubt(&mut item);
                    item
                }
            },
        )
        .collect();
    for item in other {
        if !one.iter().any(|known| is_same(known, item)) {
            let mut item = item.clone();
            doubt(&mut item);
            joined.push(item);
        }
    }
    joined
}

fn join_columns(one: &Column, other: &Column, why: &Arc<Why>) -> Column {
    Column {
        name: one.name.clone(),
        column_type: one.column_type.join(&other.column_type, why),
        nullable: one.nullable.join(&other.nullable, why),
        default: one.default.join(&other.default, why),
        identity: one.identity.join(&other.identity, why),
        generated: one.generated.join(&other.generated, why),
        comment: one.comment.join(&other.comment, why),
        place: one.place.clone(),
        maybe: one.maybe.clone().or_else(|| other.maybe.clone()),
    }
}
