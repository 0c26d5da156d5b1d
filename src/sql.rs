//! Raw SQL: what its statements do to a database, as [`Ddl`](crate::catalog::Ddl), and what they ask of it.
//!
//! [`statements`] works for every dialect and for text with holes (from f-strings), which no grammar accepts: it knows
//! heads and objects. [`parse`] reads statements whole, and falls back to their heads.

mod catalog_rows;
mod column_order;
mod cursor;
mod data;
mod definition;
mod expression;
mod generic;
mod literals;
mod maintenance;
mod malformed;
mod object;
mod parse;
mod placeholder;
mod postgresql;
mod query;
mod question;
mod routine;
mod source;
mod spatialite;
mod statement;
mod token;
mod types;
mod unnamed;
mod written;

pub use column_order::{added_nulls, gives_column, without_column_order};
pub use definition::{Departure, departure};
pub use expression::{
    canonical_default, canonical_expression, canonical_text, index_key, is_never_met,
    is_same_condition, mentioned_columns, with_text_casts,
};
pub use parse::{ParsedStatement, parse};
pub use postgresql::{Remark, SqlCheck, review};
pub use question::question;
pub use routine::routine_departure;
pub use source::Place;
pub use statement::{Effect, Statement, StatementKind, statements};
pub use token::HOLE;
pub use types::{catalog_type, is_serial};
pub use written::{only_fills_nulls, sole_assignment, written_columns};
