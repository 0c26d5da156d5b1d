//! How paths of the repository are shown to those who are somewhere else.

use crate::report::sanitise_line;
use crate::source::RepoPath;

/// Where those who read a report are, seen from the root of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Put before every path: where the repository is, seen from the reader, with `/` at its end.
    before: String,
    /// The reader's folder inside the repository.
    folder: Option<RepoPath>,
}

impl Paths {
    /// For a reader in a folder of the repository, as on a terminal.
    pub fn from_folder(folder: RepoPath) -> Self {
        Self {
            before: String::new(),
            folder: (!folder.is_root()).then_some(folder),
        }
    }

    /// For a reader in a folder that holds the repository: `checkout` is the way to it, as in CI systems that check out
    /// into a folder of their workspace.
    pub fn into_checkout(checkout: &RepoPath) -> Self {
        Self {
            before: if checkout.is_root() {
                String::new()
            } else {
                format!("{checkout}/")
            },
            folder: None,
        }
    }

    /// The path as the reader has to write it.
    pub fn show(&self, path: &RepoPath) -> String {
        let Some(folder) = &self.folder else {
            return format!("{}{path}", self.before);
        };
        let (mut here, mut there) = (
            folder.as_str().split('/').peekable(),
            path.as_str().split('/').peekable(),
        );
        while here.peek().is_some() && here.peek() == there.peek() {
            here.next();
            there.next();
        }
        let up = here.map(|_| "..");
        up.chain(there).collect::<Vec<_>>().join("/")
    }

    /// The same for one line of text: harmless, and no command to a CI system that reads it.
    pub fn show_line(&self, path: &RepoPath) -> String {
        let path = sanitise_line(&self.show(path));
        if path.starts_with("::") {
            format!("./{path}")
        } else {
            path
        }
    }
}

/// A path as a relative reference of RFC 3986.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_references() {
        assert_eq!(uri("a b/ü:1.py"), "a%20b/%C3%BC%3A1.py");
    }

    #[test]
    fn paths_are_relative_to_the_reader() {
        let show = |folder: &str, path: &str| {
            Paths::from_folder(RepoPath::new(folder)).show(&RepoPath::new(path))
        };
        assert_eq!(show("", "a/b.py"), "a/b.py");
        assert_eq!(show("a", "a/b.py"), "b.py");
        assert_eq!(show("a/c", "a/b.py"), "../b.py");
        assert_eq!(show("ab", "a/b.py"), "../a/b.py");
        assert_eq!(
            Paths::into_checkout(&RepoPath::new("repo")).show(&RepoPath::new("a.py")),
            "repo/a.py"
        );
        assert_eq!(
            Paths::into_checkout(&RepoPath::root()).show(&RepoPath::new("a.py")),
            "a.py"
        );
    }

    #[test]
    fn no_path_is_a_command() {
        let path = RepoPath::new("::error file=a::b.py");
        assert_eq!(Paths::default().show_line(&path), "./::error file=a::b.py");
    }
}
