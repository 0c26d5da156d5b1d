//! The whole database: tables, types, sequences and everything else that has a name.

use std::fmt;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use smol_str::SmolStr;

use super::fact::{Fact, Why};
use super::table::Table;
use crate::source::FileSpan;

/// A database as far as it is known. Copies share what they have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    pub tables: OrdMap<SmolStr, Arc<Table>>,
    pub enums: OrdMap<SmolStr, Arc<Enum>>,
    pub sequences: OrdMap<SmolStr, Arc<Sequence>>,
    pub objects: OrdMap<ObjectKey, Arc<Object>>,
    /// The table of each index, by the index's name with its schema.
    pub index_tables: OrdMap<SmolStr, SmolStr>,
    /// The table of each constraint, by the constraint's name with its schema; of several, the last.
    pub constraint_tables: OrdMap<SmolStr, SmolStr>,
    /// Which tables refer to a table by foreign keys: pairs of referenced and referring.
    pub references: OrdSet<(SmolStr, SmolStr)>,
    /// Which tables are partitions of a table: pairs of parent and partition.
    pub partitions: OrdSet<(SmolStr, SmolStr)>,
    /// Tables that were there and certainly are no more.
    pub dropped_tables: OrdSet<SmolStr>,
    /// Schemas that migrations have made and dropped again.
    pub dropped_schemas: OrdSet<SmolStr>,
    /// Types that were there and certainly are no more.
    pub dropped_types: OrdSet<SmolStr>,
    /// Set once something was done of which nothing is known: anything may exist or be gone.
    pub opaque: Option<Arc<Why>>,
}

/// An enum type of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enum {
    pub labels: Fact<Vec<SmolStr>>,
    pub place: Option<FileSpan>,
    pub maybe: Option<Arc<Why>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Table and column it falls with.
    pub owned_by: Option<(SmolStr, SmolStr)>,
    /// The type of its values.
    pub data_type: Fact<SmolStr>,
    /// True if it is that of an identity column.
    pub identity: bool,
    pub place: Option<FileSpan>,
    pub maybe: Option<Arc<Why>>,
}

/// Anything else that can be made and dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub definition: Fact<SmolStr>,
    /// The table it is part of.
    pub on: Option<SmolStr>,
    pub place: Option<FileSpan>,
    pub maybe: Option<Arc<Why>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    pub kind: ObjectKind,
    /// With the table before it where the name is only unique there: `users.set_updated_at`.
    pub name: SmolStr,
}

/// The kinds of objects that are known by name and text only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    Aggregate,
    Cast,
    Collation,
    Composite,
    Domain,
    EventTrigger,
    Extension,
    Function,
    MaterializedView,
    Operator,
    Policy,
    Procedure,
    Publication,
    Role,
    Rule,
    Schema,
    Server,
    Statistics,
    TextSearch,
    Trigger,
    View,
}

impl ObjectKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aggregate => "aggregate",
            Self::Cast => "cast",
            Self::Collation => "collation",
            Self::Composite => "composite",
            Self::Domain => "domain",
            Self::EventTrigger => "event_trigger",
            Self::Extension => "extension",
            Self::Function => "function",
            Self::MaterializedView => "materialized_view",
            Self::Operator => "operator",
            Self::Policy => "policy",
            Self::Procedure => "procedure",
            Self::Publication => "publication",
            Self::Role => "role",
            Self::Rule => "rule",
            Self::Schema => "schema",
            Self::Server => "server",
            Self::Statistics => "statistics",
            Self::TextSearch => "text_search",
            Self::Trigger => "trigger",
            Self::View => "view",
        }
    }

    /// What is part of a table and falls with it.
    pub fn belongs_to_a_table(self) -> bool {
        matches!(self, Self::Policy | Self::Rule | Self::Trigger)
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}

impl Catalog {
    /// Why not everything in a table is known by name.
    pub fn doubt_about(&self, table: &Table) -> Option<Arc<Why>> {
        let doubts = [&table.open, &table.unsure];
        if let Some(why) = doubts.into_iter().flatten().next() {
            return Some(Arc::clone(why));
        }
        match (&self.opaque, &table.made_after) {
            (None, _) => None,
            (Some(now), Some(then)) if Arc::ptr_eq(now, then) => None,
            (Some(now), _) => Some(Arc::clone(now)),
        }
    }

    /// True if nothing is known to be there, and all is known.
    pub fn is_empty(&self) -> bool {
        self.opaque.is_none()
            && self.tables.is_empty()
            && self.enums.is_empty()
            && self.sequences.is_empty()
            && self.objects.is_empty()
            && self.dropped_tables.is_empty()
    }

    /// True if migrations have made everything that they have touched so far, and are understood: what they have not made
    /// does not exist then, unless it comes from elsewhere and was never used.
    pub fn is_made_by_migrations(&self) -> bool {
        self.opaque.is_none()
            && !self.tables.is_empty()
            && self.tables.values().all(|table| {
                table.open.is_none() && table.unsure.is_none() && table.maybe.is_none()
            })
            && self
                .enums
                .values()
                .all(|known| known.maybe.is_none() && matches!(known.labels, Fact::Known(_)))
            && self.objects.values().all(|known| known.maybe.is_none())
    }

    /// True if a view is called this, or may be. One of the same name in a schema counts where none is named.
    pub fn is_view(&self, name: &str) -> bool {
        self.objects.keys().any(|key| {
            let (schema, bare) = split_schema(&key.name);
            matches!(key.kind, ObjectKind::View | ObjectKind::MaterializedView)
                && (key.name == name || !schema.is_empty() && bare == name)
        })
    }

    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// True where two states share everything: neither was changed since they were one.
    pub fn is_identical(&self, other: &Self) -> bool {
        self.tables.ptr_eq(&other.tables)
            && self.enums.ptr_eq(&other.enums)
            && self.sequences.ptr_eq(&other.sequences)
            && self.objects.ptr_eq(&other.objects)
            && match (&self.opaque, &other.opaque) {
                (None, None) => true,
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                _ => false,
            }
    }

    /// True where two states are certainly the same. Costs as much as they differ.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.is_identical(other)
            || (self.opaque.is_some() == other.opaque.is_some()
                && self.tables.diff(&other.tables).next().is_none()
                && self.enums.diff(&other.enums).next().is_none()
                && self.sequences.diff(&other.sequences).next().is_none()
                && self.objects.diff(&other.objects).next().is_none())
    }

    /// The key of an object: what belongs to a table is named within it.
    pub fn key(kind: ObjectKind, name: &SmolStr, on: Option<&SmolStr>) -> ObjectKey {
        let name = match on {
            Some(table) if kind.belongs_to_a_table() => {
                smol_str::format_smolstr!("{table}.{name}")
            }
            _ => name.clone(),
        };
        ObjectKey { kind, name }
    }
}

/// What a table is called in another schema.
pub(crate) fn in_schema(table: &str, schema: &str) -> SmolStr {
    let (_, bare) = split_schema(table);
    match schema {
        "public" => SmolStr::new(bare),
        _ => smol_str::format_smolstr!("{schema}.{bare}"),
    }
}

/// The schema before a name, with its dot, and the name itself.
pub(crate) fn split_schema(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) => name.split_at(dot + 1),
        None => ("", name),
    }
}
