//! Raw SQL as far as its statements name what they do: heads and objects, without a grammar.
//!
//! Works for every dialect and for text with holes (from f-strings), which no grammar accepts.

mod statement;
mod token;

pub use statement::{Effect, Statement, StatementKind, statements};
pub use token::HOLE;

mod interim;
pub use interim::*;
