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

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::alembic::{Revision, RevisionMap, Run, written_links};
use crate::diagnostic::{Label, Severity};
use crate::project::ProjectEnvironment;
use crate::python::ParsedFile;
use crate::python::ast::StmtKind;
use crate::rules::Past;
use crate::source::{Span, shared_lines};

/// The place where a revision says its id.
fn id_label(revision: &Arc<Revision>, message: impl Into<String>) -> Label {
    Label::new(revision.file.clone(), revision.id.span, message)
}

/// True for a revision that names itself as its parent.
fn is_its_own_parent(revision: &Revision) -> bool {
    let mut parents = revision.down_revision.iter();
    parents.any(|parent| parent.value == revision.id.value)
}

/// The place where a revision names its parents.
fn parent_label(revision: &Arc<Revision>, message: impl Into<String>) -> Label {
    Label::new(revision.file.clone(), revision.down_revision_span, message)
}

/// A place in a revision file.
fn label_at(revision: &Arc<Revision>, span: Span, message: impl Into<String>) -> Label {
    Label::new(revision.file.clone(), span, message)
}

/// A release that has a merged revision.
struct Released {
    name: String,
    /// Only candidates of a release have it: few databases ran them.
    is_early: bool,
}

impl Released {
    fn new(name: String, past: &dyn Past) -> Self {
        Self {
            is_early: past.is_early(&name),
            name,
        }
    }
}

/// Where others have a revision from.
fn whereabouts(released: Option<&Released>, base_name: &str) -> String {
    match released {
        Some(Released {
            name,
            is_early: true,
        }) => format!("part of pre-release `{name}`"),
        Some(Released { name, .. }) => format!("part of release `{name}`"),
        None => format!("already on `{base_name}`"),
    }
}

/// What is released is in databases that nobody can reach.
fn severity_of(released: Option<&Released>) -> Option<Severity> {
    let is_out = released.is_some_and(|released| !released.is_early);
    is_out.then_some(Severity::Error)
}

/// True if few databases have run a revision that no release has: the base has got it less than a week before, or the
/// project releases regularly and has not come to it. Where nothing is ever released, what is on the base is in use.
fn is_fresh(
    revision: &Revision,
    released: Option<&Released>,
    upstream: &ProjectEnvironment<'_>,
    past: &dyn Past,
) -> bool {
    released.is_none()
        && past.has_releases()
        && (past.is_fresh(&revision.file) || is_ahead_of_releases(revision, upstream, past))
}

/// True if the releases of the last half year, of which there are some, have the beginning of a history and not this
/// revision.
pub(super) fn is_ahead_of_releases(
    revision: &Revision,
    environment: &ProjectEnvironment<'_>,
    past: &dyn Past,
) -> bool {
    let of_late = |revision: &Revision| {
        let declares_it = |bytes: &[u8]| {
            let read = written_links(&ParsedFile::new(bytes).module);
            read.is_some_and(|(id, _)| id == revision.id.value)
        };
        past.of_late(revision.file.file_name(), &declares_it)
    };
    let map = &environment.map;
    let first = map.topological_order().first().copied();
    let first = first.map(|node| &map.node(node).revision);
    first.is_some_and(|first| {
        let (with_first, all) = of_late(first);
        all >= REGULAR && with_first > 0 && of_late(revision).0 == 0
    })
}

/// So many releases in half a year show that databases are made of releases.
const REGULAR: usize = 3;

/// True if no databases but those of its developers have run the version of a revision that is meant: none of the releases
/// has it, and it came with the same rebased branch as the change, the main branch does not have it yet, or the project is
/// still in the making.
fn is_only_with_developers(
    revision: &Revision,
    released: Option<&Released>,
    upstream: &ProjectEnvironment<'_>,
    past: &dyn Past,
    is_meant: &dyn Fn(&[u8]) -> bool,
) -> bool {
    released.is_none()
        && (past.is_rebased_with(&revision.file)
            || past.is_in_the_making()
            || begins_with_the_repository(upstream, past)
            || past.is_beside_main(&revision.file, is_meant))
}

/// True if hardly anybody but the author of the change has run a revision of the base: no release has it, and it was brought a
/// while ago, or with the same rebased branch.
pub(super) fn is_only_with_its_author(revision: &Revision, past: &dyn Past) -> bool {
    let is_meant = |bytes: &[u8]| has_it(revision, bytes);
    (past.is_new(&revision.file) || past.is_rebased_with(&revision.file))
        && past.oldest_with(&revision.file, &is_meant).is_none()
}

/// True if a version of a file names the id of a revision.
fn has_it(revision: &Revision, bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, revision.id.value.as_bytes()).is_some()
}

/// True if all revisions were made after the first commit of a repository that has only begun: it does not go on with a
/// project from elsewhere.
fn begins_with_the_repository(upstream: &ProjectEnvironment<'_>, past: &dyn Past) -> bool {
    past.begun().is_some_and(|begun| {
        let mut nodes = upstream.map.nodes().iter();
        nodes.all(|node| {
            let created = node.revision.created();
            created.is_some_and(|day| (begun - day).get_days() <= DAYS_BEFORE_THE_FIRST_COMMIT)
        })
    })
}

/// So long may somebody work before the first commit.
const DAYS_BEFORE_THE_FIRST_COMMIT: i32 = 14;

/// The revisions that have run where one has.
fn below(map: &RevisionMap, start: usize) -> FxHashSet<&SmolStr> {
    let mut found = FxHashSet::default();
    let mut todo = vec![start];
    while let Some(node) = todo.pop() {
        let node = map.node(node);
        for next in node.parents.iter().chain(&node.dependencies) {
            if found.insert(map.node(*next).id()) {
                todo.push(*next);
            }
        }
    }
    found
}

/// What was below a merged revision that is the first one now, all of which is deleted: a squash that keeps its id.
fn squashed_into<'u>(
    revision: &Revision,
    upstream: &'u ProjectEnvironment<'_>,
    head: &ProjectEnvironment<'_>,
) -> Option<FxHashSet<&'u SmolStr>> {
    if !revision.down_revision.is_empty() || !revision.depends_on.is_empty() {
        return None;
    }
    let before = upstream.map.find(&revision.id.value)?;
    let gone = below(&upstream.map, before);
    let is_gone = |id: &&SmolStr| head.map.find(id).is_none();
    (!gone.is_empty() && gone.iter().all(is_gone)).then_some(gone)
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
    let new = head.map.nodes().iter().map(|node| &node.revision);
    let is_new = |new: &&Arc<Revision>| {
        before.map.find(&new.id.value).is_none() && before.node_of(&new.file).is_none()
    };
    most_alike(deleted, new.filter(is_new))
}

/// The revision that one has become whose id is that of another one now: the same in a new file, whether its id is new or one
/// of those that are numbered anew.
fn numbered_anew<'a>(
    old: &Revision,
    before: &ProjectEnvironment<'_>,
    head: &'a ProjectEnvironment<'_>,
) -> Option<&'a Arc<Revision>> {
    let node = before.map.find(&old.id.value)?;
    let migration = before.migration(node)?;
    // All that do nothing are alike.
    if migration.upgrade.run().is_none_or(Run::is_empty) {
        return None;
    }
    let other = head.map.nodes().iter().map(|node| &node.revision);
    let is_another = |other: &&Arc<Revision>| {
        let was = before.map.find(&other.id.value);
        let was = was.map(|node| &before.map.node(node).revision);
        other.id.value != old.id.value
            && before.node_of(&other.file).is_none()
            && was.is_none_or(|was| !are_alike(was, other))
    };
    most_alike(old, other.filter(is_another))
}

/// The revision that does almost the same as another one.
fn most_alike<'a>(
    revision: &Revision,
    others: impl Iterator<Item = &'a Arc<Revision>>,
) -> Option<&'a Arc<Revision>> {
    let code = code_of(revision);
    others
        .map(|other| (shared_lines(code, code_of(other)), other))
        .filter(|(percent, _)| *percent >= ALIKE)
        .max_by_key(|(percent, _)| *percent)
        .map(|(_, other)| other)
}

/// True for two versions of one revision, by what they do.
fn are_alike(one: &Revision, other: &Revision) -> bool {
    shared_lines(code_of(one), code_of(other)) >= ALIKE
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
