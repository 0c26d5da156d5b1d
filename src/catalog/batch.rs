//! `batch_alter_table`: the operations of a block, which Alembic carries out together when the block ends.

use smol_str::SmolStr;

use super::constraint::Constraint;
use super::ddl::{ColumnDefinition, Ddl};
use crate::source::FileSpan;

/// The operations of one block. On SQLite they make the table anew, unless they are such as need not.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub table: SmolStr,
    pub recreate: Recreate,
    pub steps: Vec<BatchStep>,
    /// Names that a convention of the block's own gives to constraints without a name, by their position in the table.
    pub names: Vec<(usize, SmolStr)>,
    /// What the new table gets besides: `table_args`.
    pub constraints: Vec<Constraint>,
    pub versions: Versions,
    /// Why the outcome is not known.
    pub doubt: Option<String>,
}

impl Batch {
    /// True if the rows that are copied get a value for a column that is added, which the database is not told of.
    pub fn fills(&self, column: &str) -> bool {
        let is_it = |step: &BatchStep| {
            matches!(&step.change, BatchChange::AddColumn(new)
                if new.has_python_default && new.definition.column.name == column)
        };
        self.makes_copy() && self.steps.iter().any(is_it)
    }

    /// Whether the table is made anew.
    pub fn makes_copy(&self) -> bool {
        match self.recreate {
            Recreate::Always => true,
            Recreate::Never => false,
            Recreate::Auto => self.steps.iter().any(BatchStep::needs_copy),
        }
    }
}

/// Major and minor versions, on which it depends what is read of a table and written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    pub sqlalchemy: (u32, u32),
    pub alembic: (u32, u32),
}

/// Whether the table is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recreate {
    /// If an operation needs it.
    Auto,
    Always,
    Never,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BatchStep {
    pub change: BatchChange,
    pub place: Option<FileSpan>,
}

impl BatchStep {
    /// Whether an operation cannot be done in place.
    pub(super) fn needs_copy(&self) -> bool {
        match &self.change {
            BatchChange::AddColumn(column) => column.needs_copy,
            BatchChange::CreateIndex { .. } | BatchChange::InCopy(_) => false,
            BatchChange::Nothing => true,
            BatchChange::Other(ddl) => !matches!(ddl, Ddl::DropIndex { .. } | Ddl::Opaque { .. }),
        }
    }
}

/// One operation, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub enum BatchChange {
    AddColumn(Box<NewColumn>),
    CreateIndex {
        ddl: Ddl,
        /// True where a key is text: a table that is made anew has no such column.
        is_textual: bool,
    },
    /// An operation that changes nothing, and is not done in place either.
    Nothing,
    /// What only a table that is made anew gets.
    InCopy(Ddl),
    Other(Ddl),
}

/// A column that is added.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct NewColumn {
    pub definition: ColumnDefinition,
    pub if_not_exists: bool,
    pub is_primary_key: bool,
    /// The CHECK that its type writes into the copy, besides what the operation adds.
    pub type_check: Option<Constraint>,
    /// True if `ALTER TABLE … ADD COLUMN` would not take it.
    pub needs_copy: bool,
    /// True if it has a default of Python's: `INSERT INTO … SELECT`, with which Alembic fills a copy, gives it to all rows
    /// (`include_defaults` of `from_select`).
    pub has_python_default: bool,
    pub insert_before: Option<SmolStr>,
    pub insert_after: Option<SmolStr>,
}
