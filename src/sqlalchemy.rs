//! SQLAlchemy's constructs as the interpreter leaves them: `Column(…)`, types, constraints.
//!
//! Shared by migrations, which write them out, and models, which declare them.

mod column;
mod construct;
pub mod ddl;
mod render;
mod table;

pub(crate) use column::column_call;
pub use column::{ColumnSource, column};
pub use construct::{construct, is_database_object};
pub use render::{render, render_type};
pub use table::{item, table_items};
pub(crate) use table::{known_name, qualified};
