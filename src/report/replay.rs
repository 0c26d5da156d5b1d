//! What revisions do, and whether they can be taken back.

mod json;

pub use json::write as write_json;

use crate::project::ProjectEnvironment;

/// Some revisions of an environment.
pub struct ReplayView<'a> {
    pub environment: &'a ProjectEnvironment<'a>,
    pub nodes: &'a [usize],
}
