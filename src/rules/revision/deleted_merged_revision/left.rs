//! What is left of revisions that are deleted, and what databases can be at after that.

use std::collections::BTreeSet;

use crate::git::ChangeKind;
use crate::project::ProjectEnvironment;
use crate::rules::ChangeContext;
use crate::source::RepoPath;

/// The folder, which Alembic does not read, to which all files of the deleted revisions are moved.
pub(super) fn moved_to(
    ctx: &ChangeContext<'_>,
    upstream: &ProjectEnvironment<'_>,
    deleted: &[usize],
) -> Option<RepoPath> {
    let head = ctx.environment.head;
    let texts: Vec<(&RepoPath, String)> = ctx
        .change
        .changes
        .iter()
        .filter(|(path, kind)| {
            *kind != ChangeKind::Deleted && path.extension() == "py" && head.node_of(path).is_none()
        })
        .filter_map(|(path, _)| {
            let bytes = head.sources().look_into(path)?;
            Some((path, String::from_utf8_lossy(&bytes).into_owned()))
        })
        .collect();
    let folder_of = |node: &usize| {
        let id = upstream.map.node(*node).id();
        let (path, _) = texts.iter().find(|(_, text)| declares(text, id))?;
        Some(path.parent())
    };
    let mut folders = deleted.iter().map(folder_of);
    let first = folders.next()??;
    folders
        .all(|folder| folder.as_ref() == Some(&first))
        .then_some(first)
}

/// True if the change also adds revisions below the folder that they move to, or beside it: whoever does so has Alembic look
/// there, by code that is not seen.
pub(super) fn are_looked_for(
    folder: &RepoPath,
    ctx: &ChangeContext<'_>,
    upstream: &ProjectEnvironment<'_>,
) -> bool {
    let head = ctx.environment.head;
    let mut locations = upstream.environment.version_locations.iter();
    let Some(location) = locations.find(|location| folder.is_within(location)) else {
        return false;
    };
    ctx.change.changes.iter().any(|(path, kind)| {
        kind == ChangeKind::Added
            && path.extension() == "py"
            && path.is_within(location)
            && path.parent() != *location
            && head.sources().look_into(path).is_some_and(|bytes| {
                let text = String::from_utf8_lossy(&bytes);
                let mut nodes = upstream.map.nodes().iter();
                text.contains("down_revision") && !nodes.any(|node| declares(&text, node.id()))
            })
    })
}

/// True if the base has put the revisions of several former histories away in folders beside this one, below the version
/// folder: whoever works there knows what becomes of databases.
pub(super) fn are_put_by(folder: &RepoPath, upstream: &ProjectEnvironment<'_>) -> bool {
    let mut locations = upstream.environment.version_locations.iter();
    let above = folder.parent();
    if !locations.any(|location| above.is_within(location)) {
        return false;
    }
    let sources = upstream.sources();
    let files = sources.snapshot().under(&above).map(|(path, _)| path);
    let is_former = |path: &&RepoPath| {
        path.parent().parent() == above
            && path.extension() == "py"
            && upstream.node_of(path).is_none()
            && sources
                .look_into(path)
                .is_some_and(|bytes| memchr::memmem::find(&bytes, b"down_revision").is_some())
    };
    let folders: BTreeSet<RepoPath> = files.filter(is_former).map(RepoPath::parent).collect();
    folders.len() >= SEVERAL_FOLDERS
}

/// A single folder of former revisions is no custom.
const SEVERAL_FOLDERS: usize = 2;

/// `revision = "22bb"`
fn declares(text: &str, id: &str) -> bool {
    let mut lines = text.lines().filter(|line| line.starts_with("revision"));
    lines.any(|line| line.contains(id))
}

/// Where databases can be said to stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// At the newest revision that is left below the deleted ones.
    At(String),
    /// At one of several.
    AtSome,
    /// No revision is left.
    Nowhere,
}

impl Standing {
    pub(super) fn after(
        head: &ProjectEnvironment<'_>,
        upstream: &ProjectEnvironment<'_>,
        deleted: &[usize],
    ) -> Self {
        if head.map.is_empty() {
            return Self::Nowhere;
        }
        let is_kept = |node: &usize| head.map.find(upstream.map.node(*node).id()).is_some();
        let below = deleted
            .iter()
            .flat_map(|node| upstream.map.ancestors(*node));
        let mut kept: Vec<usize> = below.filter(is_kept).collect();
        kept.sort_unstable();
        kept.dedup();
        let older: Vec<usize> = kept
            .iter()
            .flat_map(|node| upstream.map.ancestors(*node))
            .collect();
        kept.retain(|node| !older.contains(node));
        // Whether a new beginning makes all that the deleted ones did is not known.
        let kept = kept.iter();
        let ids: Vec<&str> = kept
            .map(|node| upstream.map.node(*node).id().as_str())
            .collect();
        match ids.as_slice() {
            [id] => Self::At((*id).to_owned()),
            _ => Self::AtSome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_declares_its_own_id() {
        for (text, is_it) in [
            ("revision = \"22bb\"\ndown_revision = None\n", true),
            ("revision: str = '22bb'\n", true),
            ("revision = \"33cc\"\ndown_revision = \"22bb\"\n", false),
        ] {
            assert_eq!(declares(text, "22bb"), is_it, "{text}");
        }
    }
}
