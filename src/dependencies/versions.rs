//! The versions of SQLAlchemy and Alembic that a project runs with, and how they are known.

use std::fmt;

use crate::dependencies::specifier::{self, Specifier};
use crate::dependencies::version::{Package, Version, WrittenVersion, alembic_takes};
use crate::dependencies::{Dependencies, DependencyFile};
use crate::source::RepoPath;

/// What the migrations run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    pub sqlalchemy: Detected,
    pub alembic: Detected,
}

impl Versions {
    /// The version of Alembic, where it is certainly one from before `autocommit_block()`.
    pub fn alembic_without_autocommit_block(&self) -> Option<Version> {
        let Detected {
            version, source, ..
        } = &self.alembic;
        let is_older = (version.major, version.minor) < AUTOCOMMIT_BLOCK;
        (is_older && !source.is_assumed()).then_some(*version)
    }
}

/// The first version of Alembic that has `autocommit_block()`: its change log says so.
pub const AUTOCOMMIT_BLOCK: (u32, u32) = (1, 2);

/// A version, and how it is known. Shown as `SQLAlchemy 2.0.36 (uv.lock)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    pub package: Package,
    pub version: Version,
    pub source: VersionSource,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    pub file: RepoPath,
    /// Counted from 1.
    pub line: u32,
}

/// How a version is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionSource {
    /// The configuration of migrate-lint says it.
    Configured,
    /// A lock file has it. It may have `others` too, for other interpreters or platforms; the newest is taken.
    Locked {
        place: FileLine,
        others: Vec<Version>,
    },
    /// A requirement names it exactly.
    Pinned {
        place: FileLine,
        others: Vec<Version>,
    },
    /// Assumed: the newest that a requirement takes.
    Bounded { place: FileLine, specifier: String },
    /// Assumed: the newest Alembic that takes this SQLAlchemy.
    Fitting { sqlalchemy: Version },
    /// Assumed: the newest there is.
    Newest,
}

impl VersionSource {
    /// True where no file and no configuration says exactly this version.
    pub fn is_assumed(&self) -> bool {
        match self {
            Self::Configured | Self::Locked { .. } | Self::Pinned { .. } => false,
            Self::Bounded { .. } | Self::Fitting { .. } | Self::Newest => true,
        }
    }
}

impl FileLine {
    pub fn new(file: &RepoPath, line: u32) -> Self {
        Self {
            file: file.clone(),
            line,
        }
    }
}

impl fmt::Display for FileLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for VersionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = match self {
            Self::Configured => return f.write_str("as configured"),
            Self::Locked { place, others } => {
                // Nobody reads lock files by line.
                write!(f, "{}", place.file)?;
                others
            }
            Self::Pinned { place, others } => {
                write!(f, "{place}")?;
                others
            }
            Self::Bounded { place, specifier } => {
                return write!(f, "assumed: the newest for `{specifier}` in {place}");
            }
            Self::Fitting { sqlalchemy } => {
                return write!(f, "assumed: the newest for SQLAlchemy {sqlalchemy}");
            }
            Self::Newest => return f.write_str("assumed: the newest"),
        };
        if !others.is_empty() {
            let others: Vec<String> = others.iter().map(ToString::to_string).collect();
            write!(f, ", which has {} too", others.join(" and "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({})",
            self.package.name(),
            self.version,
            self.source
        )
    }
}

impl Detected {
    fn configured(package: Package, written: WrittenVersion) -> Self {
        Self {
            package,
            version: package.complete(written),
            source: VersionSource::Configured,
        }
    }
}

impl Dependencies {
    /// The versions that the files name or, as far as they leave that open, the newest they allow. What the
    /// configuration says comes first.
    pub fn versions(
        &self,
        sqlalchemy: Option<WrittenVersion>,
        alembic: Option<WrittenVersion>,
    ) -> Versions {
        let sqlalchemy = match sqlalchemy {
            Some(written) => Detected::configured(Package::SqlAlchemy, written),
            None => self.detect(Package::SqlAlchemy, None),
        };
        let alembic = match alembic {
            Some(written) => Detected::configured(Package::Alembic, written),
            None => self.detect(Package::Alembic, Some(sqlalchemy.version)),
        };
        Versions {
            sqlalchemy,
            alembic,
        }
    }

    /// Whether a package certainly is of version `first` or newer, or certainly older, by the first file that names it
    /// exactly or else the first that bounds it; `None` where the files leave that open. Only for the names in
    /// `WATCHED`.
    pub fn is_at_least(&self, package: &str, first: Version) -> Option<bool> {
        let says = |file: &DependencyFile, is_exact: bool| -> Option<Option<bool>> {
            let mut answers = file
                .of(package)
                .map(|requirement| &requirement.specifier)
                .filter(|bound| !bound.takes_all() && (!is_exact || bound.pins().next().is_some()))
                .map(|bound| bound.is_at_least(first));
            let answer = answers.next()?;
            Some(answer.filter(|_| answers.all(|other| other == answer)))
        };
        let mut files = self.files.iter();
        let exact = files.find_map(|file| says(file, true));
        exact
            .or_else(|| self.files.iter().find_map(|file| says(file, false)))
            .flatten()
    }

    fn detect(&self, package: Package, sqlalchemy: Option<Version>) -> Detected {
        let fits =
            |version: Version| sqlalchemy.is_none_or(|needed| alembic_takes(version, needed));
        let found = |version, source| Detected {
            package,
            version,
            source,
        };
        if let Some((version, source)) = self.files.iter().find_map(|file| pinned(file, package)) {
            return found(version, source);
        }
        if let Some((version, source)) = self
            .files
            .iter()
            .find_map(|file| bounded(file, package, fits))
        {
            return found(version, source);
        }
        let newest = package.newest();
        if fits(newest) {
            return found(newest, VersionSource::Newest);
        }
        match (specifier::newest(package, fits), sqlalchemy) {
            (Some(version), Some(sqlalchemy)) => {
                found(version, VersionSource::Fitting { sqlalchemy })
            }
            _ => found(newest, VersionSource::Newest),
        }
    }
}

/// The newest version that a file names exactly.
fn pinned(file: &DependencyFile, package: Package) -> Option<(Version, VersionSource)> {
    let mut versions: Vec<(Version, u32)> = file
        .of(package.normalised_name())
        .flat_map(|requirement| {
            let pins = requirement.specifier.pins();
            pins.map(|version| (version, requirement.line))
        })
        .collect();
    versions.sort_by_key(|(version, line)| (*version, std::cmp::Reverse(*line)));
    versions.dedup_by_key(|(version, _)| *version);
    let (version, line) = versions.pop()?;
    let others = versions
        .into_iter()
        .rev()
        .map(|(version, _)| version)
        .collect();
    let place = FileLine::new(&file.path, line);
    let source = if file.format.is_lock() {
        VersionSource::Locked { place, others }
    } else {
        VersionSource::Pinned { place, others }
    };
    Some((version, source))
}

/// The newest version that the specifiers of a file take: all of them or, where they are for different interpreters and
/// contradict each other, any.
fn bounded(
    file: &DependencyFile,
    package: Package,
    fits: impl Fn(Version) -> bool,
) -> Option<(Version, VersionSource)> {
    let bounds: Vec<(&Specifier, u32)> = file
        .of(package.normalised_name())
        .filter(|requirement| !requirement.specifier.takes_all())
        .map(|requirement| (&requirement.specifier, requirement.line))
        .collect();
    let takes = |version: Version| bounds.iter().any(|(bound, _)| bound.takes(version));
    let takes_all = |version: Version| bounds.iter().all(|(bound, _)| bound.takes(version));
    let version = specifier::newest(package, |version| takes_all(version) && fits(version))
        .or_else(|| specifier::newest(package, |version| takes(version) && fits(version)))
        .or_else(|| specifier::newest(package, takes))?;
    let (specifier, line) = bounds.iter().find(|(bound, _)| bound.takes(version))?;
    Some((
        version,
        VersionSource::Bounded {
            place: FileLine::new(&file.path, *line),
            specifier: specifier.text.clone(),
        },
    ))
}
