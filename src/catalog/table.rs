//! Tables and columns.

use std::sync::Arc;

use smol_str::SmolStr;

use super::constraint::{Constraint, ConstraintKind, Index};
use super::fact::{Fact, Why};
use crate::source::FileSpan;

/// A column as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: SmolStr,
    /// As the catalog of the dialect spells it: `character varying(255)`.
    pub column_type: Fact<SmolStr>,
    pub nullable: Fact<bool>,
    /// The default in canonical spelling, if there is one.
    pub default: Fact<Option<SmolStr>>,
    /// `ALWAYS` or `BY DEFAULT` of an identity column.
    pub identity: Fact<Option<SmolStr>>,
    /// The expression of a generated column.
    pub generated: Fact<Option<SmolStr>>,
    pub comment: Fact<Option<SmolStr>>,
    /// Where it was made or last altered.
    pub place: Option<FileSpan>,
    /// Set where it may not exist.
    pub maybe: Option<Arc<Why>>,
}

impl Column {
    /// A column that is there, of which nothing else is known.
    pub fn unknown(name: SmolStr, why: &Arc<Why>) -> Self {
        Self {
            name,
            column_type: Fact::Unknown(Arc::clone(why)),
            nullable: Fact::Unknown(Arc::clone(why)),
            default: Fact::Unknown(Arc::clone(why)),
            identity: Fact::Unknown(Arc::clone(why)),
            generated: Fact::Unknown(Arc::clone(why)),
            comment: Fact::Unknown(Arc::clone(why)),
            place: why.place.clone(),
            maybe: None,
        }
    }
}

/// A table as the database holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub constraints: Vec<Constraint>,
    pub indexes: Vec<Index>,
    pub comment: Option<SmolStr>,
    pub row_security: bool,
    pub place: Option<FileSpan>,
    /// True if a statement that was read has made it, and not only used it.
    pub is_made: bool,
    /// Set where columns, constraints and indexes may exist that are not listed.
    pub open: Option<Arc<Why>>,
    /// Set where the table itself may not exist.
    pub maybe: Option<Arc<Why>>,
    /// Set where anything of it may have changed since it was last known.
    pub unsure: Option<Arc<Why>>,
    /// What [`Catalog::opaque`](super::Catalog) was when it was made: what came after that was all seen.
    pub made_after: Option<Arc<Why>>,
    /// Constraints and columns that certainly are no more, whatever else there may be.
    pub gone: Gone,
    /// The table it is a partition of.
    pub partition_of: Option<SmolStr>,
    /// True for `TEMPORARY` tables, which are gone with the connection.
    pub temporary: bool,
}

/// Parts of a table that were dropped, by name, since something was done to it that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    pub columns: Vec<SmolStr>,
    pub constraints: Vec<SmolStr>,
}

impl Gone {
    /// What is gone either way.
    pub fn join(&self, other: &Self) -> Self {
        let both = |one: &[SmolStr], other: &[SmolStr]| {
            let names = one.iter().filter(|name| other.contains(name));
            names.cloned().collect()
        };
        Self {
            columns: both(&self.columns, &other.columns),
            constraints: both(&self.constraints, &other.constraints),
        }
    }
}

impl Table {
    /// A table that is there, of which nothing is known.
    pub fn unknown(why: &Arc<Why>) -> Self {
        Self {
            open: Some(Arc::clone(why)),
            place: why.place.clone(),
            ..Self::default()
        }
    }

    /// True for a table that statements use and none has made: it is somebody else's.
    pub fn is_of_others(&self) -> bool {
        self.open.is_some() && !self.is_made
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub fn column_mut(&mut self, name: &str) -> Option<&mut Column> {
        self.columns.iter_mut().find(|column| column.name == name)
    }

    /// False if nothing that is known of the table keeps these columns unique, in whichever order, as a foreign key to them
    /// needs it.
    pub fn may_keep_unique(&self, columns: &[SmolStr]) -> bool {
        let is_same_set = |known: &[SmolStr]| {
            known.len() == columns.len() && known.iter().all(|column| columns.contains(column))
        };
        let mut constraints = self.constraints.iter();
        let mut indexes = self.indexes.iter();
        constraints.any(|constraint| match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => {
                is_same_set(columns)
            }
            ConstraintKind::Unknown { .. } => true,
            _ => false,
        }) || indexes.any(|index| match &index.definition {
            Fact::Known(definition) => {
                let keys: Vec<SmolStr> =
                    definition.keys.iter().map(|key| key.text.clone()).collect();
                definition.unique
                    && definition.predicate.is_none()
                    && definition.keys.iter().all(|key| key.is_column)
                    && is_same_set(&keys)
            }
            Fact::Unknown(_) => true,
        })
    }

    pub fn constraint(&self, name: &str) -> Option<&Constraint> {
        self.constraints
            .iter()
            .find(|constraint| constraint.name.known().and_then(Option::as_deref) == Some(name))
    }

    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// The columns of the primary key.
    pub fn primary_key(&self) -> Option<&Constraint> {
        self.constraints
            .iter()
            .find(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }))
    }

    /// True for a column of the primary key, which is NOT NULL whatever is said of it.
    pub fn is_of_key(&self, column: &str) -> bool {
        self.primary_key().is_some_and(|key| {
            let mut columns = key.kind.columns().iter();
            key.maybe.is_none() && columns.any(|of_key| of_key == column)
        })
    }

    pub fn foreign_keys(&self) -> impl Iterator<Item = (&Constraint, &super::ForeignKey)> {
        self.constraints
            .iter()
            .filter_map(|constraint| match &constraint.kind {
                ConstraintKind::ForeignKey(key) => Some((constraint, key)),
                _ => None,
            })
    }
}
