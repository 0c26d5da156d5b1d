//! The Python files of a snapshot, parsed once each.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::git::{BlobId, GitError, Snapshot};
use crate::python::ast::Module;
use crate::python::imports::import_statements;
use crate::python::parse::{SyntaxError, parse};
use crate::source::{FileSpan, RepoPath, SourceText};

/// Files beyond this size are not parsed: nobody writes such a migration by hand. In bytes.
pub const MAX_FILE_SIZE: usize = 4 * 1024 * 1024;

/// One file, decoded and parsed.
#[derive(Debug)]
pub struct ParsedFile {
    pub text: SourceText,
    pub module: Module,
    pub syntax_error: Option<SyntaxError>,
    /// The size in bytes of a file that is too large to parse; then text and module are empty.
    pub oversized: Option<usize>,
}

impl ParsedFile {
    pub fn new(bytes: &[u8]) -> Self {
        if bytes.len() > MAX_FILE_SIZE {
            return Self {
                text: SourceText::python(b""),
                module: Module::default(),
                syntax_error: None,
                oversized: Some(bytes.len()),
            };
        }
        let text = SourceText::python(bytes);
        let (module, syntax_error) = parse(text.as_str());
        Self {
            text,
            module,
            syntax_error,
            oversized: None,
        }
    }
}

/// Parsed files by content, shared between snapshots: a second snapshot costs only what differs.
#[derive(Debug, Default)]
pub struct ParseCache {
    files: Mutex<FxHashMap<BlobId, Arc<ParsedFile>>>,
}

impl ParseCache {
    fn get(&self, id: BlobId) -> Option<Arc<ParsedFile>> {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    /// Keeps a parsed file and returns the one kept: of two threads that parsed the same content, the first.
    fn insert(&self, id: BlobId, file: Arc<ParsedFile>) -> Arc<ParsedFile> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(files.entry(id).or_insert(file))
    }
}

/// The Python files of one snapshot.
pub struct Sources<'s> {
    snapshot: &'s Snapshot,
    cache: &'s ParseCache,
    /// What was read through this snapshot; `None` for a path that is not there.
    files: Mutex<FxHashMap<RepoPath, Option<Arc<ParsedFile>>>>,
    /// Files that something was found in by its text, by what that is: several environments ask for the same.
    found: Mutex<FxHashMap<&'static str, Arc<Vec<RepoPath>>>>,
    /// The first content that could not be read at all.
    failure: OnceLock<GitError>,
}

impl<'s> Sources<'s> {
    pub fn new(snapshot: &'s Snapshot, cache: &'s ParseCache) -> Self {
        Self {
            snapshot,
            cache,
            files: Mutex::default(),
            found: Mutex::default(),
            failure: OnceLock::new(),
        }
    }

    pub fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// True for a file that Python cannot parse: what is read of it may be a part.
    pub fn is_no_python(&self, path: &RepoPath) -> bool {
        self.python(path)
            .is_some_and(|parsed| parsed.syntax_error.is_some())
    }

    /// The parsed file at a path; `None` where there is none.
    pub fn python(&self, path: &RepoPath) -> Option<Arc<ParsedFile>> {
        if let Some(known) = self
            .files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
        {
            return known.clone();
        }
        let file = self.load(path);
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.clone(), file.clone());
        file
    }

    fn load(&self, path: &RepoPath) -> Option<Arc<ParsedFile>> {
        let id = self
            .snapshot
            .get(path)
            .filter(|entry| !entry.is_symlink)
            .and_then(|entry| entry.id);
        if let Some(file) = id.and_then(|id| self.cache.get(id)) {
            return Some(file);
        }
        let file = Arc::new(ParsedFile::new(&self.read(path)?));
        Some(match id {
            Some(id) => self.cache.insert(id, file),
            None => file,
        })
    }

    /// The line a place in a Python file is on; `None` where the file cannot be read.
    pub fn line_of(&self, place: &FileSpan) -> Option<u32> {
        let file = self.python(&place.file)?;
        Some(file.text.position(place.span.start).line)
    }

    /// The import statements that a module runs, if that can be seen without parsing it.
    pub(crate) fn import_statements(&self, path: &RepoPath) -> Option<String> {
        let bytes = self.read(path)?;
        // Other encodings than UTF-8 are declared in the first lines.
        let head = bytes.get(..bytes.len().min(256)).unwrap_or_default();
        if bytes.len() > MAX_FILE_SIZE || memchr::memmem::find(head, b"coding").is_some() {
            return None;
        }
        import_statements(std::str::from_utf8(&bytes).ok()?)
    }

    /// The bytes of any file; a failure is kept for [`Self::failure`].
    pub fn read(&self, path: &RepoPath) -> Option<Vec<u8>> {
        match self.snapshot.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let _ = self.failure.set(error);
                None
            }
        }
    }

    /// The bytes of a file that is looked through for a word, as many are: what cannot be read does not have it. A clone may
    /// lack large files, which say nothing about migrations.
    pub fn look_into(&self, path: &RepoPath) -> Option<Vec<u8>> {
        self.snapshot.read(path).ok().flatten()
    }

    /// The files of the snapshot in which something is found, which is looked for once.
    pub fn files_with(
        &self,
        what: &'static str,
        has_it: impl Fn(&RepoPath) -> bool + Sync,
    ) -> Arc<Vec<RepoPath>> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let files = found.entry(what).or_insert_with(|| {
            let paths: Vec<&RepoPath> = self.snapshot.iter().map(|(path, _)| path).collect();
            let files = paths.into_par_iter().filter(|path| has_it(path)).cloned();
            Arc::new(files.collect())
        });
        Arc::clone(files)
    }

    /// Parses many files at once, on all cores.
    pub fn preload(&self, paths: &[RepoPath]) {
        paths.par_iter().for_each(|path| {
            self.python(path);
        });
    }

    /// The first read that failed for a reason outside the project (a missing object, a disk error), if any. What was
    /// concluded without that file is worth nothing.
    pub fn failure(&self) -> Option<&GitError> {
        self.failure.get()
    }

    /// Takes the failure out.
    pub fn into_failure(self) -> Option<GitError> {
        self.failure.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_content_is_parsed_once() {
        let snapshot = Snapshot::in_memory([("a.py", "x = 1\n"), ("b.py", "x = 1\n")]);
        let cache = ParseCache::default();
        let sources = Sources::new(&snapshot, &cache);
        sources.preload(&[
            RepoPath::new("a.py"),
            RepoPath::new("b.py"),
            RepoPath::new("none.py"),
        ]);
        let one = sources.python(&RepoPath::new("a.py")).unwrap();
        let other = Sources::new(&snapshot, &cache)
            .python(&RepoPath::new("b.py"))
            .unwrap();
        assert!(Arc::ptr_eq(&one, &other));
        assert!(sources.python(&RepoPath::new("none.py")).is_none());
    }

    #[test]
    fn huge_files_are_named_not_parsed() {
        let file = ParsedFile::new(&vec![b'#'; MAX_FILE_SIZE + 1]);
        assert_eq!(file.oversized, Some(MAX_FILE_SIZE + 1));
        assert!(file.module.body.is_empty());
    }
}
