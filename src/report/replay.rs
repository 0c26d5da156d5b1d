//! What revisions do, and whether they can be taken back.

mod account;
mod json;
mod statistics;
mod text;
mod words;

pub(super) use account::Account;
pub use json::write as write_json;
pub use statistics::{write_json as write_statistics_json, write_text as write_statistics};
pub use text::write as write_text;
pub(super) use words::change_line;

use crate::project::ProjectEnvironment;
use crate::report::Style;

/// Some revisions of an environment.
pub struct ReplayView<'a> {
    pub environment: &'a ProjectEnvironment<'a>,
    /// In the order in which they run.
    pub nodes: &'a [usize],
    pub detail: Detail,
    pub style: Style,
}

/// How much is said of each revision, in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A line each.
    Overview,
    /// All that matters to a reviewer.
    Full,
    /// Even the hundredth table of a first revision.
    Everything,
}
