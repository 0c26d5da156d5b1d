//! Constraints and indexes.

use std::sync::Arc;

use smol_str::SmolStr;

use super::fact::{Fact, Why};
use crate::source::FileSpan;

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// `None` where the database gives no name, as SQLite does; unknown where a naming convention is not known.
    pub name: Fact<Option<SmolStr>>,
    pub kind: ConstraintKind,
    /// `DEFERRABLE` and `INITIALLY DEFERRED`.
    pub deferrable: Option<SmolStr>,
    /// True for `NOT VALID`, until it is validated.
    pub not_valid: bool,
    /// True where nothing but the database gave it its name, or it has none.
    pub is_unnamed: bool,
    /// True where it was written at its column.
    pub inline: bool,
    pub place: Option<FileSpan>,
    /// Set where it may not exist.
    pub maybe: Option<Arc<Why>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    PrimaryKey {
        columns: Vec<SmolStr>,
    },
    Unique {
        columns: Vec<SmolStr>,
        nulls_not_distinct: bool,
    },
    ForeignKey(ForeignKey),
    Check {
        expression: Fact<SmolStr>,
        /// The columns it mentions, as far as they are known.
        columns: Vec<SmolStr>,
    },
    Exclude {
        definition: Fact<SmolStr>,
        columns: Vec<SmolStr>,
    },
    /// Something that is there, of which no more than this is known.
    Unknown {
        why: Arc<Why>,
        columns: Vec<SmolStr>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    pub columns: Vec<SmolStr>,
    /// The table it refers to, with its schema if that is not the default one.
    pub references: SmolStr,
    /// Empty where the primary key is meant and not known.
    pub ref_columns: Vec<SmolStr>,
    /// `CASCADE`, `SET NULL` …; `None` for `NO ACTION`.
    pub ondelete: Option<SmolStr>,
    pub onupdate: Option<SmolStr>,
    pub matching: Option<SmolStr>,
}

impl Constraint {
    pub fn new(name: Option<SmolStr>, kind: ConstraintKind, place: Option<FileSpan>) -> Self {
        Self {
            name: Fact::Known(name),
            kind,
            deferrable: None,
            not_valid: false,
            is_unnamed: false,
            inline: false,
            place,
            maybe: None,
        }
    }

    pub fn known_name(&self) -> Option<&SmolStr> {
        self.name.known().and_then(Option::as_ref)
    }

    /// True for a foreign key to which PostgreSQL gives another name before version 12 than since: one over several
    /// columns that was given none.
    pub fn may_be_spelled_otherwise(&self) -> bool {
        self.is_unnamed
            && matches!(&self.kind, ConstraintKind::ForeignKey(key) if key.columns.len() > 1)
    }

    /// True where everything but the name and the place is the same.
    pub fn has_same_definition(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.deferrable == other.deferrable
            && self.not_valid == other.not_valid
    }
}

impl ConstraintKind {
    /// The columns of the table it is built on.
    pub fn columns(&self) -> &[SmolStr] {
        match self {
            Self::PrimaryKey { columns }
            | Self::Unique { columns, .. }
            | Self::Check { columns, .. }
            | Self::Exclude { columns, .. }
            | Self::Unknown { columns, .. } => columns,
            Self::ForeignKey(key) => &key.columns,
        }
    }

    pub fn columns_mut(&mut self) -> Option<&mut Vec<SmolStr>> {
        match self {
            Self::PrimaryKey { columns }
            | Self::Unique { columns, .. }
            | Self::Check { columns, .. }
            | Self::Exclude { columns, .. }
            | Self::Unknown { columns, .. } => Some(columns),
            Self::ForeignKey(key) => Some(&mut key.columns),
        }
    }

    /// What it is called in messages.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::PrimaryKey { .. } => "primary key",
            Self::Unique { .. } => "unique constraint",
            Self::ForeignKey(_) => "foreign key",
            Self::Check { .. } => "check constraint",
            Self::Exclude { .. } => "exclusion constraint",
            Self::Unknown { .. } => "constraint",
        }
    }
}

/// An index that no constraint owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: SmolStr,
    pub definition: Fact<IndexDefinition>,
    pub place: Option<FileSpan>,
    /// Set where it may not exist.
    pub maybe: Option<Arc<Why>>,
}

#[derive(Clone, Debug)]
pub struct IndexDefinition {
    pub unique: bool,
    /// The access method: `btree` unless said otherwise.
    pub using: SmolStr,
    pub keys: Vec<IndexKey>,
    pub include: Vec<SmolStr>,
    /// The condition of a partial index, in canonical spelling.
    pub predicate: Option<SmolStr>,
    pub nulls_not_distinct: bool,
    /// Storage parameters and whatever else is said, in canonical spelling.
    pub options: Option<SmolStr>,
    /// All columns it mentions, in keys, predicate and `INCLUDE`.
    pub columns: Vec<SmolStr>,
}

/// One key of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexKey {
    /// A column's name or an expression in canonical spelling.
    pub text: SmolStr,
    /// True for a plain column.
    pub is_column: bool,
    /// The operator class and `COLLATE`.
    pub operator_class: Option<SmolStr>,
    /// `DESC`, `NULLS FIRST`; `None` for the default order.
    pub order: Option<SmolStr>,
}

impl IndexKey {
    pub fn column(name: SmolStr) -> Self {
        Self {
            text: name,
            is_column: true,
            operator_class: None,
            order: None,
        }
    }

    /// The key as the catalog would spell it.
    pub fn spelling(&self) -> String {
        let mut text = self.text.to_string();
        for part in [&self.operator_class, &self.order].into_iter().flatten() {
            text.push(' ');
            text.push_str(part);
        }
        text
    }
}

/// Which columns it mentions follows from the rest.
impl PartialEq for IndexDefinition {
    fn eq(&self, other: &Self) -> bool {
        let spelled = |keys: &[IndexKey]| keys.iter().map(IndexKey::spelling).collect::<Vec<_>>();
        self.unique == other.unique
            && self.using == other.using
            && spelled(&self.keys) == spelled(&other.keys)
            && self.include == other.include
            && self.predicate == other.predicate
            && self.nulls_not_distinct == other.nulls_not_distinct
            && self.options == other.options
    }
}

impl Eq for IndexDefinition {}

impl IndexDefinition {
    /// A plain index over columns.
    pub fn on(columns: Vec<SmolStr>, unique: bool) -> Self {
        Self {
            unique,
            using: SmolStr::new_static("btree"),
            keys: columns.iter().cloned().map(IndexKey::column).collect(),
            include: Vec::new(),
            predicate: None,
            nulls_not_distinct: false,
            options: None,
            columns: {
                let mut columns = columns;
                columns.sort_unstable();
                columns.dedup();
                columns
            },
        }
    }
}
