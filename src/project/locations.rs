//! Where revisions are that no configuration file names.

use super::ProjectEnvironment;
use crate::models::is_test_file;
use crate::source::RepoPath;

impl ProjectEnvironment<'_> {
    /// True if code of the repository tells Alembic where revisions are, as for plug-ins and other packages: there may be
    /// more of them than the configuration says.
    pub fn adds_locations(&self) -> bool {
        let names_them = |path: &RepoPath| {
            path.extension() == "py"
                && !is_test_file(path)
                && self.sources.read(path).is_some_and(|bytes| {
                    memchr::memmem::find(&bytes, b"version_locations").is_some()
                })
        };
        !self
            .sources
            .files_with("version_locations", names_them)
            .is_empty()
    }
}
