//! Revision maps as text, JSON, Mermaid, Graphviz, a picture and a page.

mod dot;
mod html;
mod json;
mod lanes;
mod mermaid;
mod svg;
mod text;
pub(super) mod touched;

pub use dot::write as write_dot;
pub use html::write as write_html;
pub use json::write as write_json;
pub use mermaid::write as write_mermaid;
pub use svg::write as write_svg;
pub use text::write as write_text;

use crate::project::ProjectEnvironment;

/// One environment to draw.
pub struct GraphView<'a> {
    pub environment: &'a ProjectEnvironment<'a>,
    /// The same environment on the base branch; `None` where no base is known.
    pub base: Option<&'a ProjectEnvironment<'a>>,
    /// At most this many revisions, the newest first.
    pub limit: Option<usize>,
    /// Only these revisions; `None` for all.
    pub only: Option<Vec<usize>>,
}

impl GraphView<'_> {
    /// The revisions to draw, children before their parents.
    fn newest_first(&self) -> Vec<usize> {
        let mut order = self.environment.map.topological_order();
        order.reverse();
        if let Some(only) = &self.only {
            order.retain(|node| only.contains(node));
        }
        order.truncate(self.limit.unwrap_or(usize::MAX));
        order
    }

    /// Whether the base branch has a revision; `None` where no base is known.
    fn in_base(&self, node: usize) -> Option<bool> {
        let id = self.environment.map.node(node).id();
        self.base.map(|base| base.map.find(id).is_some())
    }

    fn is_new(&self, node: usize) -> bool {
        self.in_base(node) == Some(false)
    }
}
