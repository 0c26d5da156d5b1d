//! Paths as git knows them: UTF-8, relative to the root of the repository, separated by `/`.

use std::borrow::Borrow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file or folder of the repository. The root itself is the empty path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

impl RepoPath {
    /// Takes a path that is already relative and normalised, as git's index and trees hold them.
    pub fn new(path: impl AsRef<str>) -> Self {
        Self(Arc::from(path.as_ref().trim_matches('/')))
    }

    /// A path as people write it into a configuration or a command: perhaps with `./` before it.
    pub fn written(path: &str) -> Self {
        Self::new(path.trim_start_matches("./"))
    }

    /// The root of the repository.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The file name without its last extension.
    pub fn stem(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// What follows the last dot of the file name; empty where there is none.
    pub fn extension(&self) -> &str {
        self.file_name()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }

    /// The folder that holds this path; the root is its own parent.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.0
            .rsplit_once('/')
            .map_or_else(Self::root, |(parent, _)| Self(Arc::from(parent)))
    }

    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|component| !component.is_empty())
    }

    /// Joins a relative path, resolving `.` and `..`. `None` where it would leave the repository or is absolute.
    pub fn join(&self, relative: &str) -> Option<Self> {
        if relative.starts_with('/') {
            return None;
        }
        let mut components: Vec<&str> = self.components().collect();
        for component in relative.split('/') {
            match component {
                "" | "." => {}
                ".." => {
                    components.pop()?;
                }
                name => components.push(name),
            }
        }
        Some(Self(Arc::from(components.join("/"))))
    }

    /// True for the folder itself and everything below it.
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.is_root() || self.strip_prefix(folder).is_some()
    }

    /// The rest of the path below `folder`: empty for the folder itself.
    pub fn strip_prefix(&self, folder: &Self) -> Option<&str> {
        if folder.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(folder.as_str())?;
        if rest.is_empty() {
            Some(rest)
        } else {
            rest.strip_prefix('/')
        }
    }

    /// The place on disk, below `root`.
    pub fn on_disk(&self, root: &Path) -> PathBuf {
        let mut path = root.to_path_buf();
        path.extend(self.components());
        path
    }
}

impl Borrow<str> for RepoPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_and_normalises() {
        let base = RepoPath::new("src/app");
        assert_eq!(
            base.join("./migrations/").unwrap().as_str(),
            "src/app/migrations"
        );
        assert_eq!(base.join("../alembic").unwrap().as_str(), "src/alembic");
        assert_eq!(base.join("../..").unwrap(), RepoPath::root());
        assert_eq!(base.join("../../.."), None);
        assert_eq!(base.join("/etc"), None);
    }

    #[test]
    fn prefixes_end_at_components() {
        let path = RepoPath::new("migrations/versions/a.py");
        assert!(path.is_within(&RepoPath::new("migrations")));
        assert!(!path.is_within(&RepoPath::new("migr")));
        assert!(path.is_within(&RepoPath::root()));
        assert_eq!(
            path.strip_prefix(&RepoPath::new("migrations")),
            Some("versions/a.py")
        );
        assert_eq!(path.stem(), "a");
        assert_eq!(path.extension(), "py");
        assert_eq!(RepoPath::new("a.py").parent(), RepoPath::root());
    }
}
