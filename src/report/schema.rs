//! The schema that migrations build, as JSON.

mod json;

pub(crate) use json::why_value;
pub use json::write as write_json;

use smol_str::SmolStr;

use crate::catalog::Catalog;
use crate::dialect::Dialect;
use crate::python::Sources;

/// A database after some revisions.
pub struct SchemaView<'a> {
    pub dialect: Dialect,
    /// The revisions it is at.
    pub at: &'a [SmolStr],
    pub catalog: &'a Catalog,
    pub sources: &'a Sources<'a>,
}
