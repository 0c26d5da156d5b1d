//! Declarative classes: which of them have tables, and what those hold, as SQLAlchemy makes them when a class is
//! defined.

mod annotation;
mod attributes;
mod loose;
mod order;
mod python_default;
mod style;
mod table;

pub use attributes::{Attribute, bare_column};
pub use loose::is_on_no_table;
pub use order::ordered_attributes;
pub use python_default::PythonDefault;
pub use style::{
    Style, base_of_class, foreign_base, has_named_table, has_table_keyword, is_abstract,
    is_declarative_base, lacks_attribute, model_of_class, style, table_args, table_name,
};
pub use table::{DeclaredTable, DeclaredTables, declared_table, declared_tables, table_name_of};
