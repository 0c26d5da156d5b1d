//! Revisions and how they are linked.

pub(super) mod deleted_merged_revision;
pub(super) mod docstring_mismatch;
pub(super) mod duplicate_branch_label;
pub(super) mod duplicate_revision;
pub(super) mod edited_merged_revision;
pub(super) mod hand_written_revision_id;
pub(super) mod illegal_revision_id;
pub(super) mod merge_with_operations;
pub(super) mod missing_identifier;
pub(super) mod missing_parent;
pub(super) mod multiple_heads;
pub(super) mod non_literal_revision;
pub(super) mod revision_cycle;
pub(super) mod stale_parent;
pub(super) mod unknown_dependency;

use std::sync::Arc;

use crate::alembic::Revision;
use crate::diagnostic::Label;
use crate::project::ProjectEnvironment;
use crate::python::ast::StmtKind;
use crate::source::{Span, shared_lines};

/// The place where a revision says its id.
fn id_label(revision: &Arc<Revision>, message: impl Into<String>) -> Label {
    Label::new(revision.file.clone(), revision.id.span, message)
}

/// The place where a revision names its parents.
fn parent_label(revision: &Arc<Revision>, message: impl Into<String>) -> Label {
    Label::new(revision.file.clone(), revision.down_revision_span, message)
}

/// A place in a revision file.
fn label_at(revision: &Arc<Revision>, span: Span, message: impl Into<String>) -> Label {
    Label::new(revision.file.clone(), span, message)
}

/// The revision that a deleted one has become: what its file declares now, or a new file declares that is almost the
/// same.
fn renamed_to<'a>(
    deleted: &Revision,
    before: &ProjectEnvironment<'_>,
    head: &'a ProjectEnvironment<'_>,
) -> Option<&'a Arc<Revision>> {
    if let Some(node) = head.node_of(&deleted.file) {
        let now = &head.map.node(node).revision;
        return (now.id.value != deleted.id.value).then_some(now);
    }
    let code = code_of(deleted);
    let new = head.map.nodes().iter().map(|node| &node.revision);
    new.filter(|new| {
        before.map.find(&new.id.value).is_none() && before.node_of(&new.file).is_none()
    })
    .map(|new| (shared_lines(code, code_of(new)), new))
    .filter(|(percent, _)| *percent >= ALIKE)
    .max_by_key(|(percent, _)| *percent)
    .map(|(_, new)| new)
}

/// The text from the first function on: what comes before it is much the same in all revisions.
fn code_of(revision: &Revision) -> &str {
    let text = revision.source.text.as_str();
    let mut stmts = revision.source.module.body.iter();
    let first = stmts.find(|stmt| matches!(stmt.kind, StmtKind::FunctionDef(_)));
    first
        .and_then(|stmt| text.get(stmt.span.start as usize..))
        .unwrap_or_default()
}

/// How many lines a revision has kept that was given another id, in percent.
const ALIKE: usize = 80;
