//! Documents of a project that say how its database is looked after.

use super::ProjectEnvironment;
use crate::source::RepoPath;

/// So many documents are read.
const MOST_DOCUMENTS: usize = 200;

/// What ends a sentence.
pub(super) const ENDS: [char; 5] = ['.', '!', '?', ':', ';'];

/// Which documents are asked.
pub(super) struct Asked {
    /// One of these is part of their names, unless they are values of a chart.
    pub(super) named: &'static [&'static str],
    /// Notes, by a part of their paths: what one says of its release says nothing of the others.
    pub(super) but: &'static str,
}

impl Asked {
    fn is_it(&self, path: &RepoPath) -> bool {
        let name = path.file_name().to_ascii_lowercase();
        let is_named = || self.named.iter().any(|word| name.contains(word));
        let is_page = match path.extension() {
            "md" | "rst" => is_named(),
            // The values of a Helm chart explain themselves.
            "yaml" | "yml" => name.starts_with("values"),
            _ => false,
        };
        is_page && !path.as_str().contains(self.but)
    }
}

impl ProjectEnvironment<'_> {
    /// The first document that says something.
    pub(super) fn document_that(&self, asked: &Asked, says: fn(&str) -> bool) -> Option<&RepoPath> {
        let documents = self.files_beside_revisions();
        let mut documents = documents
            .filter(|path| asked.is_it(path))
            .take(MOST_DOCUMENTS);
        documents.find(|path| {
            let bytes = self.sources.look_into(path);
            bytes.is_some_and(|bytes| says(&String::from_utf8_lossy(&bytes)))
        })
    }
}
