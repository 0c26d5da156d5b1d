//! What SQLAlchemy's constructs are in a database: the DDL of columns, constraints, indexes and types.
//!
//! Facts from the compilers of SQLAlchemy 1.4, 2.0 and 2.1 and from Alembic's operations.

mod columns;
mod indexes;
mod items;
mod semantics;
mod text;
mod types;

pub use columns::{ColumnDdl, column_ddl};
pub(crate) use columns::{identity_text, sequence_options};
pub use indexes::index_definition;
pub use items::{ItemDdl, foreign_key_action, item_ddl};
pub(crate) use items::{
    column_names_of, condition_kind, deferrable, exclusion, foreign_key, name_value, note_tail,
    reference_of,
};
pub use semantics::{ConstraintLabel, NameParts, Naming, Semantics, TimeZone, Transactions};
pub(crate) use semantics::{default_index_name, truncated};
pub use text::{default_text, sql_text};
pub use types::{
    EnumType, TypeCheck, TypeDdl, dialect_value, enum_type_ddl, type_argument, type_behind,
    type_ddl,
};
