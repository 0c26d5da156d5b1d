//! Whether tables are made past the migrations in earnest: what is never called, only in tests or only where a setting says
//! so, and what is followed by `alembic stamp`, is left alone.

use super::sites::{Enclosing, asks_the_database, sites, uses};
use super::{Bypass, BypassKind, Search, contains, shell};
use crate::models::is_test_file;
use crate::python::Sources;
use crate::source::RepoPath;

/// How many callers are followed upwards.
const MAX_CALLERS: u32 = 4;

/// What the files of a repository say about such calls.
pub(super) struct Usage<'a> {
    sources: &'a Sources<'a>,
    /// Python outside of tests and migrations, and scripts.
    files: Vec<(RepoPath, Vec<u8>)>,
    stamps: bool,
    /// Documents that tell how to stamp.
    recipes: Vec<Vec<u8>>,
}

impl<'a> Usage<'a> {
    pub(super) fn new(search: &Search<'a>) -> Self {
        let mut usage = Self {
            sources: search.sources,
            files: Vec::new(),
            stamps: false,
            recipes: Vec::new(),
        };
        let paths = search.sources.snapshot().iter().map(|(path, _)| path);
        for path in paths {
            let is_document = matches!(path.extension(), "md" | "rst" | "txt");
            let is_code = path.extension() == "py" || shell::is_script(path) || is_manifest(path);
            let is_migration = search.folders.iter().any(|folder| path.is_within(folder));
            if is_migration
                || !(is_code && !is_for_tests(path) || is_document)
                || crate::git::is_foreign(path)
            {
                continue;
            }
            let Some(bytes) = search.sources.look_into(path) else {
                continue;
            };
            let stamps = stamps(&bytes);
            if is_document {
                if stamps {
                    usage.recipes.push(bytes);
                }
            } else {
                usage.stamps |= stamps;
                usage.files.push((path.clone(), bytes));
            }
        }
        usage
    }

    /// True if something tells Alembic afterwards which revision the database is at.
    pub(super) fn is_stamped(&self, bypass: &Bypass) -> bool {
        let file = bypass.place.file.file_name();
        let is_told = |recipe: &Vec<u8>| {
            contains(recipe, file)
                || matches!(&bypass.kind, BypassKind::Function(name) if contains(recipe, name))
        };
        self.stamps || self.recipes.iter().any(is_told)
    }

    /// True if it runs when a program is started that is no test, whatever the settings are.
    pub(super) fn is_used(&self, bypass: &Bypass) -> bool {
        match &bypass.kind {
            BypassKind::Module | BypassKind::Shell => true,
            BypassKind::Function(name) => {
                let Some(parsed) = self.sources.python(&bypass.place.file) else {
                    return false;
                };
                let sites = sites(&parsed.module);
                let mut functions = sites.iter().flat_map(|site| &site.functions);
                let is_entry = functions.any(|function| {
                    function.name == *name && function.is_entry(parsed.text.as_str())
                });
                is_entry || self.is_called(name, 0)
            }
        }
    }

    fn is_called(&self, name: &str, depth: u32) -> bool {
        if depth >= MAX_CALLERS {
            return false;
        }
        self.files.iter().any(|(path, bytes)| {
            if !contains(bytes, name) {
                return false;
            }
            if path.extension() != "py" {
                return names_function(bytes, name);
            }
            let Some(parsed) = self.sources.python(path) else {
                return false;
            };
            let text = parsed.text.as_str();
            uses(&parsed.module, name).iter().any(|used| {
                let is_free = used
                    .conditions
                    .iter()
                    .all(|condition| asks_the_database(condition.slice(text)));
                is_free && self.is_reached(&used.functions, text, name, depth)
            })
        })
    }

    /// True if the innermost of these functions runs.
    fn is_reached(&self, functions: &[Enclosing], text: &str, called: &str, depth: u32) -> bool {
        match functions.last() {
            None => true,
            Some(function) if function.name == called => false,
            Some(function) => function.is_entry(text) || self.is_called(&function.name, depth + 1),
        }
    }
}

/// True for a file that speaks of the versions that Alembic keeps: its authors know what they do.
pub(super) fn speaks_of_versions(text: &str) -> bool {
    text.contains("alembic_version")
        || has_word(text.as_bytes(), "stamp")
        || (text.contains("alembic") || text.contains("flask_migrate"))
            && (text.contains("upgrade(") || text.contains("\"upgrade\""))
}

/// `alembic stamp head`, `command.stamp(config, "head")`, `flask db stamp`
fn stamps(bytes: &[u8]) -> bool {
    if !has_word(bytes, "stamp") {
        return false;
    }
    let text = String::from_utf8_lossy(bytes);
    let is_flask = text.contains("flask_migrate");
    text.lines().any(|line| {
        has_word(line.as_bytes(), "stamp")
            && (["alembic", "command.stamp", "db stamp", "\"stamp\""]
                .iter()
                .any(|word| line.contains(word))
                || is_flask && line.contains("stamp("))
    })
}

/// True for a script or a setting that names a function. A plain word such as `build` may be anything; as a function it stands
/// before a parenthesis, or behind its module: `app.db:build`.
fn names_function(bytes: &[u8], name: &str) -> bool {
    if name.contains('_') {
        return has_word(bytes, name);
    }
    memchr::memmem::find_iter(bytes, name.as_bytes()).any(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + name.len());
        let is_of_module = matches!(before, Some(b'.' | b':')) && !is_part(after);
        is_of_module || !is_part(before) && after == Some(&b'(')
    })
}

/// True for a byte that a word goes on with.
fn is_part(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

pub(super) fn has_word(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find_iter(bytes, word.as_bytes()).any(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        (word.starts_with('.') || !is_part(before)) && !is_part(bytes.get(at + word.len()))
    })
}

/// Files that name what is started.
fn is_manifest(path: &RepoPath) -> bool {
    matches!(
        path.file_name(),
        "pyproject.toml" | "setup.cfg" | "package.json"
    )
}

/// True for what only tests, examples and measurements use. What CI runs is often called after them, and is where tables
/// should come of migrations.
pub(super) fn is_for_tests(path: &RepoPath) -> bool {
    if shell::is_pipeline(path) {
        return false;
    }
    let is_test = |part: &str| {
        let part = part.to_ascii_lowercase();
        part.starts_with("test")
            || ["_test", "_tests", "-test", "-tests"]
                .iter()
                .any(|end| part.ends_with(end))
            || [
                "fixture",
                "mock",
                "benchmark",
                "e2e",
                "example",
                "playground",
                "notebook",
            ]
            .iter()
            .any(|word| part.contains(word))
    };
    let name = path.file_name();
    let stem = name.split('.').next().unwrap_or(name);
    is_test_file(path) || path.parent().components().any(is_test) || is_test(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_in_scripts_and_settings() {
        for (text, name, is_meant) in [
            ("docker build .", "build", false),
            ("start = \"app.db:build\"", "build", true),
            ("python -c 'import db; db.build()'", "build", true),
            ("flask init_db", "init_db", true),
            ("rebuild()", "build", false),
        ] {
            assert_eq!(names_function(text.as_bytes(), name), is_meant, "{text}");
        }
    }
}
