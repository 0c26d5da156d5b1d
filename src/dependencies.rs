//! What a project depends on, read from its lock files, requirements and declarations.

mod declared;
mod files;
mod lock;
mod requirement;
mod specifier;
mod version;
mod versions;

use rustc_hash::FxHashSet;

use crate::dependencies::files::{Candidate, Format};
use crate::dependencies::requirement::Requirement;
use crate::git::{Snapshot, is_foreign};
use crate::source::{RepoPath, SourceText};

pub use version::{Package, ParseVersionError, Version, WrittenVersion};
pub use versions::{AUTOCOMMIT_BLOCK, Detected, FileLine, VersionSource, Versions};

/// The packages that change what migrations mean or tell which database is used; others are not remembered.
const WATCHED: &[&str] = &[
    "aiomysql",
    "aiosqlite",
    "alembic",
    "alembic-postgresql-enum",
    "alembic-utils",
    "asyncmy",
    "asyncpg",
    "flask-migrate",
    "flask-sqlalchemy",
    "geoalchemy2",
    "mariadb",
    "mysql-connector-python",
    "mysqlclient",
    "oslo-db",
    "pg8000",
    "pgvector",
    "psycopg",
    "psycopg-binary",
    "psycopg2",
    "psycopg2-binary",
    "psycopg2cffi",
    "pymysql",
    "sqlalchemy",
    "sqlalchemy-utils",
    "sqlmodel",
];

/// Files larger than this are not read; the largest lock files have a few megabytes.
const MAX_BYTES: usize = 16 << 20;

/// Files read for one environment, at most.
const MAX_FILES: usize = 200;

/// What the files say that an environment lives under, the file that counts first in front.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    files: Vec<DependencyFile>,
    unreadable: Vec<Unreadable>,
}

/// A file that could not be read, and was taken as if it were not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub path: RepoPath,
    pub reason: String,
}

#[derive(Clone, Debug)]
struct DependencyFile {
    path: RepoPath,
    format: Format,
    requirements: Vec<Requirement>,
}

impl Dependencies {
    /// Reads the files of `folder` and of the folders above it, up to the root of the repository. If they name neither
    /// SQLAlchemy nor Alembic, any file of the repository that does counts instead. A version that none of them names
    /// exactly is that of the others, if these all name the same one.
    pub fn find(snapshot: &Snapshot, folder: &RepoPath) -> Self {
        let (mut above, mut elsewhere): (Vec<_>, Vec<_>) = snapshot
            .iter()
            .filter_map(|(path, _)| Candidate::new(path))
            .filter(|candidate| !is_foreign(&candidate.path))
            .partition(|candidate| folder.is_within(&candidate.folder));
        let depth = |candidate: &Candidate| candidate.folder.components().count();
        above.sort_by_key(|candidate| (usize::MAX - depth(candidate), candidate.rank));
        let mut search = Search {
            snapshot,
            seen: FxHashSet::default(),
            found: Self::default(),
        };
        for candidate in &above {
            search.read(&candidate.path, candidate.format);
        }
        let is_enough = |found: &Self| found.uses("sqlalchemy") || found.uses("alembic");
        elsewhere.retain(|candidate| !candidate.is_aside());
        elsewhere.sort_by_key(|candidate| (depth(candidate), candidate.rank));
        if is_enough(&search.found) {
            return search.with_pins_of(&elsewhere);
        }
        for candidate in &elsewhere {
            search.read(&candidate.path, candidate.format);
        }
        search.found
    }

    /// Whether a package is asked for; only for the names in `WATCHED`.
    pub fn uses(&self, package: &str) -> bool {
        self.place_of(package).is_some()
    }

    /// Where a package is asked for: in what the project declares, else in a lock file, where it may be the dependency
    /// of a dependency.
    pub fn place_of(&self, package: &str) -> Option<FileLine> {
        self.declared_at(package)
            .or_else(|| self.first_place(package, Format::is_lock))
    }

    /// Where the project itself asks for a package.
    pub fn declared_at(&self, package: &str) -> Option<FileLine> {
        self.first_place(package, |format| {
            !format.is_lock() && format != Format::Constraints
        })
    }

    /// True if a file names a version exactly.
    fn pins(&self, package: Package) -> bool {
        let mut files = self.files.iter();
        files.any(|file| {
            let mut requirements = file.of(package.normalised_name());
            requirements.any(|requirement| requirement.specifier.pins().next().is_some())
        })
    }

    /// The file and requirement that name the one version of a package that is named exactly anywhere.
    fn sole_pin(&self, package: Package) -> Option<DependencyFile> {
        let pins = |requirement: &&Requirement| requirement.specifier.pins().next().is_some();
        let named = || {
            self.files.iter().flat_map(|file| {
                let of_package = file.of(package.normalised_name()).filter(pins);
                of_package.map(move |requirement| (file, requirement))
            })
        };
        let (file, requirement) = named().next()?;
        let version = requirement.specifier.pins().next()?;
        let is_same = |one: &Requirement| one.specifier.pins().all(|other| other == version);
        named()
            .all(|(_, one)| is_same(one))
            .then(|| DependencyFile {
                path: file.path.clone(),
                format: file.format,
                requirements: vec![requirement.clone()],
            })
    }

    /// False if a file speaks against what is named exactly.
    fn takes(&self, package: Package, pinned: &DependencyFile) -> bool {
        let bounds = || {
            self.files
                .iter()
                .flat_map(|file| file.of(package.normalised_name()))
        };
        let requirements = &pinned.requirements;
        let mut pins = requirements.iter().flat_map(|one| one.specifier.pins());
        pins.all(|version| bounds().all(|bound| bound.specifier.takes(version)))
    }

    fn first_place(&self, package: &str, is_wanted: fn(Format) -> bool) -> Option<FileLine> {
        debug_assert!(WATCHED.contains(&package), "{package} is not watched");
        self.files
            .iter()
            .filter(|file| is_wanted(file.format))
            .find_map(|file| {
                let requirement = file.of(package).next()?;
                Some(FileLine::new(&file.path, requirement.line))
            })
    }

    /// Files that were passed over.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }
}

impl DependencyFile {
    fn of(&self, package: &str) -> impl Iterator<Item = &Requirement> {
        self.requirements
            .iter()
            .filter(move |requirement| requirement.package == package)
    }
}

struct Search<'s> {
    snapshot: &'s Snapshot,
    seen: FxHashSet<RepoPath>,
    found: Dependencies,
}

impl Search<'_> {
    fn read(&mut self, path: &RepoPath, format: Format) {
        if self.seen.len() >= MAX_FILES || !self.seen.insert(path.clone()) {
            return;
        }
        let text = match self.snapshot.read(path) {
            Ok(Some(bytes)) if bytes.len() > MAX_BYTES => {
                return self.pass_over(path, "it is too large".to_owned());
            }
            // As pip does: PowerShell writes UTF-16.
            Ok(Some(bytes)) => match encoding_rs::Encoding::for_bom(&bytes) {
                Some((encoding, _)) => SourceText::utf8(encoding.decode(&bytes).0.as_bytes()),
                None => SourceText::utf8(&bytes),
            },
            Ok(None) => return,
            Err(error) => return self.pass_over(path, error.to_string()),
        };
        let text = text.as_str().trim_start_matches('\u{feff}');
        let read = match format {
            Format::Lock => lock::packages(text),
            Format::PipfileLock => lock::pipfile(text),
            Format::PyProject => declared::pyproject(text),
            Format::Pipfile => declared::pipfile(text),
            Format::SetupCfg => Ok(declared::setup_cfg(text)),
            Format::SetupPy => Ok(declared::setup_py(text)),
            Format::Conda => Ok(declared::conda(text)),
            Format::Requirements | Format::Constraints => {
                return self.requirements(path, format, text);
            }
        };
        match read {
            Ok(requirements) => self.add(path, format, requirements),
            Err(reason) => self.pass_over(path, reason),
        }
    }

    /// A requirements file and, right behind it, those it includes.
    fn requirements(&mut self, path: &RepoPath, format: Format, text: &str) {
        let file = requirement::parse_file(text);
        self.add(path, format, file.requirements);
        let folder = path.parent();
        let included = file.includes.iter().map(|include| (include, format));
        let constraints = file
            .constraints
            .iter()
            .map(|include| (include, Format::Constraints));
        for (include, format) in included.chain(constraints) {
            if let Some(include) = folder.join(include) {
                self.read(&include, format);
            }
        }
    }

    fn add(&mut self, path: &RepoPath, format: Format, mut requirements: Vec<Requirement>) {
        requirements.retain(|requirement| WATCHED.contains(&requirement.package.as_str()));
        if !requirements.is_empty() {
            self.found.files.push(DependencyFile {
                path: path.clone(),
                format,
                requirements,
            });
        }
    }

    /// What was found, with the versions that only the files of other folders name exactly.
    fn with_pins_of(mut self, elsewhere: &[Candidate]) -> Dependencies {
        let is_open = |package: &Package| !self.found.pins(*package);
        let open: Vec<Package> = [Package::SqlAlchemy, Package::Alembic]
            .into_iter()
            .filter(is_open)
            .collect();
        if open.is_empty() {
            return self.found;
        }
        let mut nearer = std::mem::take(&mut self.found);
        for candidate in elsewhere {
            self.read(&candidate.path, candidate.format);
        }
        for package in open {
            let pinned = self.found.sole_pin(package);
            let pinned = pinned.filter(|pinned| nearer.takes(package, pinned));
            nearer.files.extend(pinned);
        }
        nearer
    }

    fn pass_over(&mut self, path: &RepoPath, reason: String) {
        self.found.unreadable.push(Unreadable {
            path: path.clone(),
            reason,
        });
    }
}

#[cfg(test)]
mod tests;
