//! Where revisions are that no configuration file names.

use rayon::prelude::*;

use super::ProjectEnvironment;
use crate::alembic::written_links;
use crate::models::{MetadataKey, is_test_file};
use crate::python::ParsedFile;
use crate::source::RepoPath;

impl ProjectEnvironment<'_> {
    /// True if code of the repository tells Alembic where revisions are, as for plug-ins and other packages: there may be
    /// more of them than the configuration says.
    pub fn adds_locations(&self) -> bool {
        let names_them = |path: &RepoPath| {
            path.extension() == "py"
                && !is_test_file(path)
                && self.sources.look_into(path).is_some_and(|bytes| {
                    memchr::memmem::find(&bytes, b"version_locations").is_some()
                })
        };
        !self
            .sources
            .files_with("version_locations", names_them)
            .is_empty()
    }

    /// True if `env.py` takes the metadata from a package outside of the repository: the database is that package's, too, and
    /// it may bring revisions along and run Alembic with its own locations.
    pub fn extends_a_package(&self) -> bool {
        let is_named = |key: &MetadataKey| !key.contains(':') && key != "sqlmodel";
        self.env_models().env.metadata.iter().any(is_named)
    }

    /// The file that declares a revision which is not among those of the environment.
    pub fn declared_elsewhere(&self, id: &str) -> Option<RepoPath> {
        let declares = |path: &&RepoPath| {
            path.extension() == "py"
                && self.node_of(path).is_none()
                && self.sources.look_into(path).is_some_and(|bytes| {
                    memchr::memmem::find(&bytes, id.as_bytes()).is_some()
                        && written_links(&ParsedFile::new(&bytes).module)
                            .is_some_and(|(declared, _)| declared == id)
                })
        };
        let paths: Vec<&RepoPath> = self
            .sources
            .snapshot()
            .iter()
            .map(|(path, _)| path)
            .collect();
        paths.into_par_iter().find_first(declares).cloned()
    }

    /// What commands of the repository make of several heads.
    pub fn several_heads(&self) -> SeveralHeads {
        let holds = |names: fn(&str) -> bool| {
            move |path: &RepoPath| {
                is_command(path)
                    && !is_test_file(path)
                    && self.sources.look_into(path).is_some_and(|bytes| {
                        memchr::memmem::find(&bytes, b"heads").is_some()
                            && names(&String::from_utf8_lossy(&bytes))
                    })
            }
        };
        let any = |what, names| !self.sources.files_with(what, holds(names)).is_empty();
        if !any("upgrade heads", upgrades_all_heads) {
            SeveralHeads::Unexpected
        } else if any("--head heads", joins_heads) {
            SeveralHeads::Welcome
        } else {
            SeveralHeads::Upgraded
        }
    }
}

/// What commands of a repository make of several heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeveralHeads {
    /// They know of one.
    Unexpected,
    /// The database is upgraded to all of them; a new revision still has to choose.
    Upgraded,
    /// New revisions go on from all of them, too.
    Welcome,
}

/// True for a file that may run Alembic.
fn is_command(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    matches!(
        path.extension(),
        "py" | "sh" | "yml" | "yaml" | "toml" | "cfg" | "ini" | "just"
    ) || ["dockerfile", "makefile", "procfile", "justfile"]
        .iter()
        .any(|known| name.starts_with(known))
}

/// `alembic upgrade heads`, `["upgrade", "heads"]`, `command.upgrade(config, "heads")`
fn upgrades_all_heads(text: &str) -> bool {
    text.match_indices("upgrade").any(|(at, word)| {
        let rest = text.get(at + word.len()..).unwrap_or_default();
        let rest = match rest.strip_prefix('(') {
            Some(arguments) => arguments.split_once(',').map_or("", |(_, rest)| rest),
            None => rest,
        };
        begins_with_heads(rest.trim_start_matches(['"', '\'', ',', ' ']))
    })
}

/// `alembic revision --head heads`, `command.revision(config, head="heads")`
fn joins_heads(text: &str) -> bool {
    ["head ", "head=", "head\", ", "head', "]
        .iter()
        .any(|option| {
            text.match_indices(option).any(|(at, option)| {
                let rest = text.get(at + option.len()..).unwrap_or_default();
                begins_with_heads(rest.trim_start_matches(['"', '\'', ' ']))
            })
        })
}

fn begins_with_heads(text: &str) -> bool {
    text.strip_prefix("heads")
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_upgrade_to_all_heads() {
        for (text, is_meant) in [
            ("alembic upgrade heads\n", true),
            ("[\"-c\", \"alembic.ini\", \"upgrade\", \"heads\"]", true),
            ("command.upgrade(config, \"heads\")", true),
            ("flask db upgrade heads", true),
            ("alembic upgrade head\nalembic heads\n", false),
            ("alembic upgrade head && echo heads", false),
        ] {
            assert_eq!(upgrades_all_heads(text), is_meant, "{text}");
        }
    }
    #[test]
    fn commands_that_go_on_from_all_heads() {
        for (text, is_meant) in [
            ("alembic revision --autogenerate -m x --head heads", true),
            ("command.revision(config, head=\"heads\")", true),
            ("[\"revision\", \"--head\", \"heads\"]", true),
            ("alembic upgrade heads\n", false),
            ("alembic merge heads\n", false),
        ] {
            assert_eq!(joins_heads(text), is_meant, "{text}");
        }
    }
}
