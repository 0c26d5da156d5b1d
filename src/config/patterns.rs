//! Patterns of paths.

use globset::{GlobBuilder, GlobMatcher};
use miette::Diagnostic;
use thiserror::Error;

use crate::source::RepoPath;

/// A pattern: with a `/` relative to a folder, without one for names of files below it.
#[derive(Clone, Debug)]
pub struct PathPattern {
    pattern: String,
    folder: RepoPath,
    matcher: GlobMatcher,
    /// It is about names of files, not paths.
    is_name: bool,
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, Error, Diagnostic)]
#[error("`{pattern}` is no pattern of paths: {message}")]
#[diagnostic(help("`*` stands for any part of a name, `**` for any folders, `[ab]` for a letter"))]
pub struct PatternError {
    pattern: String,
    message: String,
}

impl PathPattern {
    /// Understands a pattern as it is written in a configuration file of `folder`.
    pub fn parse(pattern: &str, folder: &RepoPath) -> Result<Self, PatternError> {
        let trimmed = pattern.trim_start_matches("./");
        let is_name = !trimmed.trim_end_matches('/').contains('/');
        let glob = GlobBuilder::new(trimmed.trim_start_matches('/').trim_end_matches('/'))
            .literal_separator(true)
            .build()
            .map_err(|error| PatternError {
                pattern: pattern.to_owned(),
                message: error.kind().to_string(),
            })?;
        Ok(Self {
            pattern: pattern.to_owned(),
            folder: folder.clone(),
            matcher: glob.compile_matcher(),
            is_name,
        })
    }

    /// True for a file that is meant, or one below a folder that is.
    pub fn matches(&self, path: &RepoPath) -> bool {
        if !path.is_within(&self.folder) {
            return false;
        }
        let Some(inside) = path.strip_prefix(&self.folder) else {
            return false;
        };
        let ends = inside
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([inside.len()]);
        let mut start = 0;
        for end in ends {
            let part = if self.is_name {
                inside.get(start..end)
            } else {
                inside.get(..end)
            };
            if part.is_some_and(|part| self.matcher.is_match(part)) {
                return true;
            }
            start = end + 1;
        }
        false
    }
}

/// Patterns that are written alike match alike.
impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern && self.folder == other.folder
    }
}

impl Eq for PathPattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_paths_names_and_folders() {
        let matches = |pattern: &str, path: &str| {
            PathPattern::parse(pattern, &RepoPath::root())
                .unwrap()
                .matches(&RepoPath::new(path))
        };
        assert!(matches("*.py", "a/b.py"));
        assert!(matches("a/*.py", "a/b.py"));
        assert!(!matches("a/*.py", "a/b/c.py"));
        assert!(matches("a/**", "a/b/c.py"));
        assert!(matches("legacy", "a/legacy/c.py"));
        assert!(matches("/a", "a/b.py"));
        assert!(matches("a/b/", "a/b/c.py"));
        assert!(!matches("b.py", "a/ab.py"));
        assert!(PathPattern::parse("a[", &RepoPath::root()).is_err());
    }

    #[test]
    fn patterns_are_relative_to_their_folder() {
        let pattern = PathPattern::parse("a/*.py", &RepoPath::new("service")).unwrap();
        assert!(pattern.matches(&RepoPath::new("service/a/b.py")));
        assert!(!pattern.matches(&RepoPath::new("a/b.py")));
    }
}
