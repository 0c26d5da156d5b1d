//! Versions of the two packages that decide what a migration does, and the releases there are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

/// A release. A pre-release counts as the release it leads to: it behaves like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl Version {
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A version as written: of `2.0.36`, `2.0` and `2`, only the first says which release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenVersion {
    /// What is not written is 0.
    pub version: Version,
    /// How many of major, minor and patch are written.
    pub parts: usize,
    /// It ends in `.*`.
    pub(super) is_prefix: bool,
}

/// Text that is no version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{written}` is no version")]
pub struct ParseVersionError {
    pub written: String,
}

impl FromStr for WrittenVersion {
    type Err = ParseVersionError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        scan(written.trim()).ok_or_else(|| ParseVersionError {
            written: written.to_owned(),
        })
    }
}

impl<'de> Deserialize<'de> for WrittenVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        written.parse().map_err(|_| {
            let message =
                format!("`{written}` is no version; it is written like \"2.0.36\" or \"2.0\"");
            de::Error::custom(message)
        })
    }
}

fn scan(text: &str) -> Option<WrittenVersion> {
    // An epoch (`1!2.0`) is for packages that changed their scheme; none of ours has.
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let mut numbers = [0_u32; 3];
    let mut parts = 0;
    let mut rest = text;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let number = number.parse().ok()?;
        if let Some(slot) = numbers.get_mut(parts) {
            *slot = number;
            parts += 1;
        }
        rest = after;
        match rest.strip_prefix('.') {
            Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
            _ => break,
        }
    }
    let is_prefix = rest == ".*";
    // `rc1`, `.post1`, `.dev0`, `+local`, `-1`.
    let is_suffix = rest.is_empty()
        || rest
            .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '.' | '+' | '-' | '_'));
    let [major, minor, patch] = numbers;
    (is_prefix || is_suffix).then_some(WrittenVersion {
        version: Version::new(major, minor, patch),
        parts,
        is_prefix,
    })
}

/// A package whose version decides what a migration does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    SqlAlchemy,
    Alembic,
}

/// The newest release of each minor version of SQLAlchemy, the newest first (`PyPI`).
const SQLALCHEMY: &[Version] = &[
    Version::new(2, 1, 9),
    Version::new(2, 0, 58),
    Version::new(1, 4, 54),
    Version::new(1, 3, 24),
    Version::new(1, 2, 19),
    Version::new(1, 1, 18),
    Version::new(1, 0, 19),
];

/// The newest release of each minor version of Alembic, the newest first (`PyPI`), and the oldest SQLAlchemy it takes
/// (`Requires-Dist` of these releases; from 1.4 down, what the change log says).
const ALEMBIC: &[(Version, Version)] = &[
    (Version::new(1, 20, 1), Version::new(2, 0, 0)),
    (Version::new(1, 19, 2), Version::new(1, 4, 23)),
    (Version::new(1, 18, 5), Version::new(1, 4, 0)),
    (Version::new(1, 17, 2), Version::new(1, 4, 0)),
    (Version::new(1, 16, 5), Version::new(1, 4, 0)),
    (Version::new(1, 15, 2), Version::new(1, 4, 0)),
    (Version::new(1, 14, 1), Version::new(1, 3, 0)),
    (Version::new(1, 13, 3), Version::new(1, 3, 0)),
    (Version::new(1, 12, 1), Version::new(1, 3, 0)),
    (Version::new(1, 11, 3), Version::new(1, 3, 0)),
    (Version::new(1, 10, 4), Version::new(1, 3, 0)),
    (Version::new(1, 9, 4), Version::new(1, 3, 0)),
    (Version::new(1, 8, 1), Version::new(1, 3, 0)),
    (Version::new(1, 7, 7), Version::new(1, 3, 0)),
    (Version::new(1, 6, 5), Version::new(1, 3, 0)),
    (Version::new(1, 5, 8), Version::new(1, 3, 0)),
    (Version::new(1, 4, 3), Version::new(1, 1, 0)),
    (Version::new(1, 3, 3), Version::new(1, 1, 0)),
    (Version::new(1, 2, 1), Version::new(1, 1, 0)),
    (Version::new(1, 1, 0), Version::new(1, 1, 0)),
    (Version::new(1, 0, 11), Version::new(0, 9, 0)),
];

impl Package {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::SqlAlchemy => "SQLAlchemy",
            Self::Alembic => "Alembic",
        }
    }

    /// The name in package indexes, normalised.
    pub fn normalised_name(self) -> &'static str {
        match self {
            Self::SqlAlchemy => "sqlalchemy",
            Self::Alembic => "alembic",
        }
    }

    /// The newest release of each minor version, the newest first.
    pub fn releases(self) -> impl Iterator<Item = Version> {
        let (one, other) = match self {
            Self::SqlAlchemy => (SQLALCHEMY, [].as_slice()),
            Self::Alembic => ([].as_slice(), ALEMBIC),
        };
        let other = other.iter().map(|(version, _)| *version);
        one.iter().copied().chain(other)
    }

    /// The newest release.
    pub fn newest(self) -> Version {
        match self {
            Self::SqlAlchemy => Version::new(2, 1, 9),
            Self::Alembic => Version::new(1, 20, 1),
        }
    }

    /// The release that a version as written means: with less than three parts the newest of its line.
    pub fn complete(self, written: WrittenVersion) -> Version {
        let is_meant = |release: &Version| match written.parts {
            1 => release.major == written.version.major,
            2 => (release.major, release.minor) == (written.version.major, written.version.minor),
            _ => false,
        };
        self.releases().find(is_meant).unwrap_or(written.version)
    }
}

/// Whether a release of Alembic takes a release of SQLAlchemy.
pub(super) fn alembic_takes(alembic: Version, sqlalchemy: Version) -> bool {
    ALEMBIC
        .iter()
        .find(|(release, _)| (release.major, release.minor) == (alembic.major, alembic.minor))
        .is_none_or(|(_, needs)| sqlalchemy >= *needs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_people_write_them() {
        let version = |text: &str| {
            text.parse::<WrittenVersion>()
                .map(|written| written.version)
        };
        assert_eq!(version("2.0.36"), Ok(Version::new(2, 0, 36)));
        assert_eq!(version("v1.4"), Ok(Version::new(1, 4, 0)));
        assert_eq!(version("2.1.0b1"), Ok(Version::new(2, 1, 0)));
        assert_eq!(version("0.7.5.post2"), Ok(Version::new(0, 7, 5)));
        assert_eq!(version("1.4.54+local"), Ok(Version::new(1, 4, 54)));
        assert_eq!(version("1.2.3.4"), Ok(Version::new(1, 2, 3)));
        for bad in ["", "two", "2*", ".2", "99999999999"] {
            assert!(version(bad).is_err(), "{bad} is no version");
        }
    }

    #[test]
    fn a_line_means_its_newest_release() {
        let complete = |package: Package, text: &str| package.complete(text.parse().unwrap());
        assert_eq!(complete(Package::SqlAlchemy, "2.0"), Version::new(2, 0, 58));
        assert_eq!(complete(Package::SqlAlchemy, "1"), Version::new(1, 4, 54));
        assert_eq!(
            complete(Package::SqlAlchemy, "2.0.1"),
            Version::new(2, 0, 1)
        );
        assert_eq!(complete(Package::Alembic, "1.13"), Version::new(1, 13, 3));
        assert_eq!(complete(Package::Alembic, "7.5"), Version::new(7, 5, 0));
    }

    #[test]
    fn the_tables_are_in_order() {
        for package in [Package::SqlAlchemy, Package::Alembic] {
            let releases: Vec<Version> = package.releases().collect();
            assert!(releases.is_sorted_by(|one, other| one > other));
            assert_eq!(releases.first(), Some(&package.newest()));
        }
        assert!(!alembic_takes(
            Version::new(1, 20, 0),
            Version::new(1, 4, 54)
        ));
        assert!(alembic_takes(
            Version::new(1, 19, 2),
            Version::new(1, 4, 54)
        ));
    }
}
