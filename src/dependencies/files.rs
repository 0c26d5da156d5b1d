//! Which files of a repository say what it depends on, and which of them counts first.

use crate::source::RepoPath;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `[[package]]` tables.
    Lock,
    PipfileLock,
    Requirements,
    Constraints,
    PyProject,
    Pipfile,
    SetupCfg,
    SetupPy,
    Conda,
}

impl Format {
    /// True for lists of everything that is installed.
    pub(super) fn is_lock(self) -> bool {
        matches!(self, Self::Lock | Self::PipfileLock)
    }
}

/// A file that says what the project depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) path: RepoPath,
    /// The folder it speaks for.
    pub(super) folder: RepoPath,
    pub(super) format: Format,
    /// Of two files in one folder the one with the lower rank counts first: locks, then what is installed to run the
    /// program, then declarations, then what is installed to work on it.
    pub(super) rank: u8,
}

const RANK_REQUIREMENTS: u8 = 10;
const RANK_CONSTRAINTS: u8 = 20;
const RANK_DECLARED: u8 = 30;
const RANK_DEVELOPMENT: u8 = 40;

/// Words in the names of requirements files that are not installed where the program runs.
const DEVELOPMENT: &[&str] = &[
    "build",
    "check",
    "ci",
    "coverage",
    "dev",
    "develop",
    "development",
    "doc",
    "docs",
    "format",
    "functests",
    "lint",
    "local",
    "optional",
    "template",
    "test",
    "testing",
    "tests",
    "tools",
    "typecheck",
    "typing",
];

/// Words in the names of those that are.
const RUNTIME: &[&str] = &[
    "base",
    "common",
    "core",
    "default",
    "main",
    "prod",
    "production",
];

impl Candidate {
    pub(super) fn new(path: &RepoPath) -> Option<Self> {
        let name = path.file_name();
        let folder = path.parent();
        let (format, rank) = match name {
            "uv.lock" => (Format::Lock, 0),
            "poetry.lock" => (Format::Lock, 1),
            "pdm.lock" => (Format::Lock, 2),
            "pylock.toml" => (Format::Lock, 3),
            _ if name.starts_with("pylock.") && name.ends_with(".toml") => (Format::Lock, 4),
            "Pipfile.lock" => (Format::PipfileLock, 5),
            "pyproject.toml" => (Format::PyProject, RANK_DECLARED),
            "Pipfile" => (Format::Pipfile, RANK_DECLARED + 1),
            "setup.cfg" => (Format::SetupCfg, RANK_DECLARED + 2),
            "setup.py" => (Format::SetupPy, RANK_DECLARED + 3),
            "environment.yml" | "environment.yaml" => (Format::Conda, RANK_DECLARED + 4),
            _ => return Self::requirements(path, &folder),
        };
        Some(Self {
            path: path.clone(),
            folder,
            format,
            rank,
        })
    }

    /// `requirements*.txt`, `requirements/*.txt`, their sources `*.in`, and constraints.
    fn requirements(path: &RepoPath, folder: &RepoPath) -> Option<Self> {
        let (stem, extension) = path.file_name().rsplit_once('.')?;
        if !matches!(extension, "txt" | "in") {
            return None;
        }
        let stem = stem.to_ascii_lowercase();
        let in_folder = matches!(folder.file_name(), "requirements" | "reqs");
        let is_constraints = stem.contains("constraints");
        if !in_folder && !is_constraints && !stem.contains("requirements") {
            return None;
        }
        let words = || stem.split(|c: char| !c.is_ascii_alphanumeric());
        let rank = if words().any(|word| DEVELOPMENT.contains(&word)) {
            RANK_DEVELOPMENT
        } else if is_constraints {
            RANK_CONSTRAINTS
        } else if stem == "requirements" {
            RANK_REQUIREMENTS
        } else if words().any(|word| RUNTIME.contains(&word)) {
            RANK_REQUIREMENTS + 1
        } else {
            RANK_REQUIREMENTS + 2
        };
        Some(Self {
            path: path.clone(),
            folder: if in_folder {
                folder.parent()
            } else {
                folder.clone()
            },
            format: if is_constraints {
                Format::Constraints
            } else {
                Format::Requirements
            },
            // What pip-compile wrote says more than what it was written from.
            rank: rank + if extension == "in" { 4 } else { 0 },
        })
    }

    /// True for files that speak for something else than the project: its documentation, an example, a template.
    pub(super) fn is_aside(&self) -> bool {
        self.path.parent().components().any(|component| {
            matches!(
                component,
                "doc" | "docs" | "example" | "examples" | "test" | "tests" | "testing" | "fixtures"
            ) || component.contains("{{")
                || component.contains("{%")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_order() {
        let names = [
            "uv.lock",
            "Pipfile.lock",
            "requirements.txt",
            "requirements/main.txt",
            "requirements-web.txt",
            "requirements.in",
            "constraints.txt",
            "pyproject.toml",
            "setup.py",
            "dev-requirements.txt",
        ];
        let ranks: Vec<u8> = names
            .iter()
            .map(|name| {
                let candidate = Candidate::new(&RepoPath::new(name)).unwrap();
                assert!(candidate.folder.is_root(), "{name}");
                candidate.rank
            })
            .collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
        for name in [
            "Cargo.lock",
            "notes.txt",
            "MANIFEST.in",
            "a/requirements/x/y.txt",
        ] {
            assert_eq!(Candidate::new(&RepoPath::new(name)), None, "{name}");
        }
    }
}
