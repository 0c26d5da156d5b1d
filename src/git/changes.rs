//! What differs between two snapshots.

use crate::git::Snapshot;
use crate::source::RepoPath;

/// How one path differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// The paths that differ between two snapshots, in order of path.
///
/// Renames are not guessed from similar text: a revision file is the same file if its revision id is the same, which
/// the revision map decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    changes: Vec<(RepoPath, ChangeKind)>,
}

impl ChangeSet {
    /// Compares by content id; a file without an id is compared by its bytes.
    pub fn between(base: &Snapshot, head: &Snapshot) -> Self {
        let mut changes = Vec::new();
        let mut old = base.iter().peekable();
        let mut new = head.iter().peekable();
        loop {
            match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some((path, _)), None) => {
                    changes.push(((*path).clone(), ChangeKind::Deleted));
                    old.next();
                }
                (None, Some((path, _))) => {
                    changes.push(((*path).clone(), ChangeKind::Added));
                    new.next();
                }
                (Some((old_path, old_entry)), Some((new_path, new_entry))) => {
                    match old_path.cmp(new_path) {
                        std::cmp::Ordering::Less => {
                            changes.push(((*old_path).clone(), ChangeKind::Deleted));
                            old.next();
                        }
                        std::cmp::Ordering::Greater => {
                            changes.push(((*new_path).clone(), ChangeKind::Added));
                            new.next();
                        }
                        std::cmp::Ordering::Equal => {
                            let same = old_entry.is_symlink == new_entry.is_symlink
                                && match (old_entry.id, new_entry.id) {
                                    (Some(old_id), Some(new_id)) => old_id == new_id,
                                    _ => base.read(old_path).ok() == head.read(new_path).ok(),
                                };
                            if !same {
                                changes.push(((*new_path).clone(), ChangeKind::Modified));
                            }
                            old.next();
                            new.next();
                        }
                    }
                }
            }
        }
        Self { changes }
    }

    /// Leaves out what is the same at both ends of another change: a merge brings it from the other side as it is.
    #[must_use]
    pub fn without_inherited(mut self, theirs: &Snapshot, head: &Snapshot) -> Self {
        self.changes
            .retain(|(path, _)| match (theirs.get(path), head.get(path)) {
                (Some(their), Some(our)) => their.id.is_none() || their != our,
                (None, None) => false,
                _ => true,
            });
        self
    }

    /// The same, with these paths among what was modified.
    #[must_use]
    pub fn with_modified(mut self, paths: impl Iterator<Item = RepoPath>) -> Self {
        for path in paths {
            match self.changes.binary_search_by(|(known, _)| known.cmp(&path)) {
                Ok(at) => {
                    if let Some((_, kind)) = self.changes.get_mut(at) {
                        *kind = ChangeKind::Modified;
                    }
                }
                Err(at) => self.changes.insert(at, (path, ChangeKind::Modified)),
            }
        }
        self
    }

    pub fn get(&self, path: &RepoPath) -> Option<ChangeKind> {
        let index = self
            .changes
            .binary_search_by(|(candidate, _)| candidate.cmp(path))
            .ok()?;
        self.changes.get(index).map(|(_, kind)| *kind)
    }

    /// True if the path was added or modified.
    pub fn touches(&self, path: &RepoPath) -> bool {
        self.get(path)
            .is_some_and(|kind| kind != ChangeKind::Deleted)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&RepoPath, ChangeKind)> {
        self.changes.iter().map(|(path, kind)| (path, *kind))
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_added_in_order() {
        let base = Snapshot::in_memory([("a.py", "1"), ("c.py", "2")]);
        let head = Snapshot::in_memory([("a.py", "2")]);
        let changes = ChangeSet::between(&base, &head);
        let paths = ["c.py", "b.py"].map(RepoPath::new);
        let changes = changes.with_modified(paths.clone().into_iter());
        assert_eq!(changes.iter().count(), 3);
        assert!(paths.iter().all(|path| changes.touches(path)));
    }

    #[test]
    fn names_what_was_added_modified_and_deleted() {
        let base = Snapshot::in_memory([("a.py", "1"), ("b.py", "2"), ("d.py", "4")]);
        let head = Snapshot::in_memory([("a.py", "1"), ("b.py", "3"), ("c.py", "4")]);
        let changes = ChangeSet::between(&base, &head);
        let list: Vec<(&str, ChangeKind)> = changes
            .iter()
            .map(|(path, kind)| (path.as_str(), kind))
            .collect();
        assert_eq!(
            list,
            [
                ("b.py", ChangeKind::Modified),
                ("c.py", ChangeKind::Added),
                ("d.py", ChangeKind::Deleted)
            ]
        );
        assert!(changes.touches(&RepoPath::new("c.py")));
        assert!(!changes.touches(&RepoPath::new("d.py")));
        assert!(ChangeSet::between(&head, &head).is_empty());
    }

    #[test]
    fn a_merge_inherits_what_the_other_side_did() {
        let ours = Snapshot::in_memory([("a.py", "1"), ("b.py", "1"), ("gone.py", "1")]);
        let theirs = Snapshot::in_memory([("a.py", "2"), ("b.py", "2"), ("new.py", "2")]);
        let result = Snapshot::in_memory([("a.py", "2"), ("b.py", "3"), ("new.py", "2")]);
        let changes = ChangeSet::between(&ours, &result).without_inherited(&theirs, &result);
        let list: Vec<&str> = changes.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(list, ["b.py"]);
    }
}
