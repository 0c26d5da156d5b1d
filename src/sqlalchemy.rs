//! SQLAlchemy's constructs as the interpreter leaves them: `Column(…)`, types, constraints.
//!
//! Shared by migrations, which write them out, and models, which declare them.

pub(crate) mod asyncio;
mod column;
mod construct;
pub mod ddl;
pub mod declarative;
mod dml;
mod exports;
mod frozen;
mod identifiers;
mod metadata;
mod naming;
mod render;
mod table;
mod wording;

pub use column::{ColumnSource, column};
pub(crate) use column::{column_call, column_of_class, type_argument_of};
pub use construct::{construct, is_database_object};
pub use dml::{RowTable, expression_text, plain as plain_literal, row_text, rows_text};
pub use exports::{import_for, is_mistaken_for_operation};
pub(crate) use frozen::{frozen_in_arguments, frozen_in_column};
pub use identifiers::{identifier, identifiers, literal, qualified_identifier, quoted_identifier};
pub use metadata::{MetadataKey, metadata_of_class, metadata_of_value};
pub use naming::{NamingFact, has_unknown_schema, naming_of_metadata, schema_of_metadata};
pub use render::{render, render_type};
pub use table::{item, table_items};
pub(crate) use table::{known_name, qualified};
pub(crate) use wording::note;
pub use wording::{Worded, Wording, key_of, place_key};
