//! Where the locations of a configuration lie in the repository.

use crate::git::Snapshot;
use crate::python::{FoundModule, ModuleFinder};
use crate::source::RepoPath;

/// Stands for the folder of the configuration file while values are interpolated; no path contains it.
pub(super) const HERE: &str = "\u{0}here\u{0}";

/// A location as written, looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A folder of the repository, and how it was found.
    Found { folder: RepoPath, how: &'static str },
    /// Nothing in the repository is meant: another package, or a folder outside.
    Outside(String),
}

/// Finds a `script_location` or one of the `version_locations`.
///
/// Alembic takes relative paths from the working directory, which is not recorded anywhere: it is nearly always the
/// folder of the configuration file, else the root of the repository or a folder between.
pub(super) fn locate(
    text: &str,
    ini_folder: &RepoPath,
    snapshot: &Snapshot,
    finder: &ModuleFinder<'_>,
) -> Location {
    let text = text.trim();
    let outside = || Location::Outside(text.replace(HERE, "%(here)s"));
    if text.is_empty() {
        return outside();
    }
    if let Some(rest) = text.strip_prefix(HERE) {
        let rest = rest.trim_start_matches(['/', '\\']);
        return match ini_folder.join(&unix(rest)) {
            Some(folder) => Location::Found {
                folder,
                how: "relative to the file (`%(here)s`)",
            },
            None => outside(),
        };
    }
    if text.contains(HERE) {
        return outside();
    }
    if is_absolute(text) {
        return absolute(text, ini_folder, snapshot).unwrap_or_else(outside);
    }
    if let Some((package, rest)) = text.split_once(':') {
        return in_package(package, rest, ini_folder, finder).unwrap_or_else(outside);
    }
    let relative = unix(text);
    let mut folder = ini_folder.clone();
    loop {
        if let Some(candidate) = folder
            .join(&relative)
            .filter(|candidate| exists(snapshot, candidate))
        {
            let how = if folder == *ini_folder {
                "relative to the folder of the file"
            } else if folder.is_root() {
                "relative to the root of the repository"
            } else {
                "relative to a folder above the file"
            };
            return Location::Found {
                folder: candidate,
                how,
            };
        }
        if folder.is_root() {
            break;
        }
        folder = folder.parent();
    }
    outside()
}

/// The folder of a package within which the file lies, wherever that is installed from.
fn enclosing_package(package: &str, ini_folder: &RepoPath) -> Option<RepoPath> {
    let path = package.replace('.', "/");
    let mut folder = ini_folder.clone();
    while !folder.is_root() {
        let inside = folder.as_str().strip_suffix(path.as_str());
        if inside.is_some_and(|rest| rest.is_empty() || rest.ends_with('/')) {
            return Some(folder);
        }
        folder = folder.parent();
    }
    None
}

/// `package:sub/folder` or `package:sub:folder`, as importlib.resources joins it.
fn in_package(
    package: &str,
    rest: &str,
    ini_folder: &RepoPath,
    finder: &ModuleFinder<'_>,
) -> Option<Location> {
    let importer = ini_folder.join("alembic.ini")?;
    let folder = match finder.find(package, Some(&importer)) {
        FoundModule::File {
            path,
            is_package: true,
        } => path.parent(),
        FoundModule::NamespacePackage(folder) => folder,
        _ => enclosing_package(package, ini_folder)?,
    };
    let folder = folder.join(&unix(rest).replace(':', "/"))?;
    Some(Location::Found {
        folder,
        how: "inside a package of the repository",
    })
}

/// An absolute path names a place on some other machine (`/app/alembic` in a container): the longest end of it that
/// exists here is what was meant.
fn absolute(text: &str, ini_folder: &RepoPath, snapshot: &Snapshot) -> Option<Location> {
    let text = unix(text);
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    (1..parts.len()).find_map(|skip| {
        let rest = parts.get(skip..)?.join("/");
        let folder = [RepoPath::root(), ini_folder.clone()]
            .iter()
            .filter_map(|base| base.join(&rest))
            .find(|folder| exists(snapshot, folder))?;
        Some(Location::Found {
            folder,
            how: "the end of an absolute path",
        })
    })
}

fn exists(snapshot: &Snapshot, folder: &RepoPath) -> bool {
    snapshot
        .resolve(folder)
        .is_some_and(|folder| snapshot.is_folder(&folder))
}

fn is_absolute(text: &str) -> bool {
    let mut chars = text.chars();
    text.starts_with(['/', '\\'])
        || (chars.next().is_some_and(|c| c.is_ascii_alphabetic())
            && chars.next() == Some(':')
            && chars.next().is_some_and(|c| c == '/' || c == '\\'))
}

fn unix(text: &str) -> String {
    text.replace('\\', "/")
}

/// Splits `version_locations` or `prepend_sys_path` by the separator the configuration names; `Err` for a separator
/// that Alembic refuses. Without one, the old rule: commas and spaces.
pub(super) fn split(
    text: &str,
    separator: Option<&str>,
    colon_too: bool,
) -> Result<Vec<String>, String> {
    let parts: Vec<&str> = match separator.map(str::trim) {
        // `os.pathsep` of the machine that runs Alembic: `:`, or `;` on Windows, where `:` follows a drive letter.
        Some("os") if text.contains(';') => text.split(';').collect(),
        Some("os" | ":") => split_colons(text),
        Some(";") => text.split(';').collect(),
        Some("space") => text.split_whitespace().collect(),
        Some("newline") => text.lines().collect(),
        None => text
            .split([',', ' ', '\n'])
            .flat_map(|part| {
                if colon_too {
                    split_colons(part)
                } else {
                    vec![part]
                }
            })
            .collect(),
        Some(other) => return Err(other.to_owned()),
    };
    Ok(parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect())
}

/// Splits at colons, except those of drive letters.
fn split_colons(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(':') {
        let before = text.get(start..at).unwrap_or_default();
        let after = text.get(at + 1..).unwrap_or_default();
        let is_drive = before.len() == 1
            && before.bytes().all(|byte| byte.is_ascii_alphabetic())
            && after.starts_with(['\\', '/']);
        if !is_drive {
            parts.push(before);
            start = at + 1;
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, ini: &str, files: &[&str]) -> Option<String> {
        let snapshot = Snapshot::in_memory(files.iter().map(|path| (*path, "")));
        let finder = ModuleFinder::new(&snapshot, []);
        match locate(text, &RepoPath::new(ini), &snapshot, &finder) {
            Location::Found { folder, .. } => Some(folder.as_str().to_owned()),
            Location::Outside(_) => None,
        }
    }

    #[test]
    fn finds_what_each_form_means() {
        let files = [
            "app/__init__.py",
            "app/db/env.py",
            "conf/migrations/env.py",
            "migrations/env.py",
        ];
        let found = |text: &str, ini: &str| find(text, ini, &files);
        assert_eq!(
            found("migrations", "conf").as_deref(),
            Some("conf/migrations")
        );
        assert_eq!(found("migrations", "").as_deref(), Some("migrations"));
        assert_eq!(found("app/db", "conf").as_deref(), Some("app/db"));
        assert_eq!(found("app:db", "conf").as_deref(), Some("app/db"));
        assert_eq!(found("other:db", "conf"), None);
        assert_eq!(found("/srv/code/app/db", "").as_deref(), Some("app/db"));
        assert_eq!(found("C:\\code\\app\\db", "").as_deref(), Some("app/db"));
        assert_eq!(
            found(&format!("{HERE}/../migrations"), "conf").as_deref(),
            Some("migrations")
        );
        assert_eq!(found("../../elsewhere", ""), None);
    }

    #[test]
    fn splits_by_each_separator() {
        let split = |text: &str, separator: Option<&str>| split(text, separator, false).unwrap();
        assert_eq!(split("a, b c", None), ["a", "b", "c"]);
        assert_eq!(split("a:b", Some("os")), ["a", "b"]);
        assert_eq!(split("C:\\a;D:\\b", Some("os")), ["C:\\a", "D:\\b"]);
        assert_eq!(split("a b:c", Some(":")), ["a b", "c"]);
        assert_eq!(split("\na\n b\n", Some("newline")), ["a", "b"]);
        assert_eq!(super::split("a", Some("|"), false), Err("|".to_owned()));
    }
}
