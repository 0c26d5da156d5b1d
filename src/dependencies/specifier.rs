//! Version specifiers: `>=1.4,<2.1`, `~=2.0`, and what Poetry and Conda make of them.

use crate::dependencies::version::{Package, Version, WrittenVersion};

/// Whose rules a specifier is written by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// PEP 440.
    Pep440,
    /// `^2.0`, `~2.0`, and a bare version that is meant exactly.
    Poetry,
    /// `=2.0` for any `2.0.x`.
    Conda,
}

/// Which versions a requirement takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Specifier {
    /// As written.
    pub(super) text: String,
    /// One of these has to hold, with all its clauses; none at all takes every version.
    alternatives: Vec<Vec<Clause>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clause {
    Exactly(Version),
    Within(Range),
    Not(Range),
}

/// From a version to below another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    from: Version,
    below: Option<Version>,
}

impl Range {
    fn contains(self, version: Version) -> bool {
        version >= self.from && self.below.is_none_or(|below| version < below)
    }
}

impl Specifier {
    /// Reads a specifier; what it does not understand restricts nothing.
    pub(super) fn parse(text: &str, syntax: Syntax) -> Self {
        let text = text.trim();
        let alternatives = text
            .split("||")
            .map(|part| clauses(part, syntax))
            .collect::<Vec<_>>();
        // An alternative without clauses takes everything.
        let open = alternatives.iter().any(Vec::is_empty);
        Self {
            text: text.to_owned(),
            alternatives: if open { Vec::new() } else { alternatives },
        }
    }

    /// One version, as a lock file has it.
    pub(super) fn exactly(version: Version) -> Self {
        Self {
            text: format!("=={version}"),
            alternatives: vec![vec![Clause::Exactly(version)]],
        }
    }

    pub(super) fn takes_all(&self) -> bool {
        self.alternatives.is_empty()
    }

    pub(super) fn takes(&self, version: Version) -> bool {
        self.takes_all()
            || self.alternatives.iter().any(|clauses| {
                clauses.iter().all(|clause| match clause {
                    Clause::Exactly(only) => *only == version,
                    Clause::Within(range) => range.contains(version),
                    Clause::Not(range) => !range.contains(version),
                })
            })
    }

    /// Whether all versions that it takes are `first` or newer, or all are older; `None` where some are this and some
    /// that.
    pub(super) fn is_at_least(&self, first: Version) -> Option<bool> {
        let newer = |clauses: &Vec<Clause>| {
            clauses.iter().any(|clause| match clause {
                Clause::Exactly(only) => *only >= first,
                Clause::Within(range) => range.from >= first,
                Clause::Not(_) => false,
            })
        };
        let older = |clauses: &Vec<Clause>| {
            clauses.iter().any(|clause| match clause {
                Clause::Exactly(only) => *only < first,
                Clause::Within(range) => range.below.is_some_and(|below| below <= first),
                Clause::Not(_) => false,
            })
        };
        if self.takes_all() {
            None
        } else if self.alternatives.iter().all(newer) {
            Some(true)
        } else {
            self.alternatives.iter().all(older).then_some(false)
        }
    }

    /// The versions that are named exactly.
    pub(super) fn pins(&self) -> impl Iterator<Item = Version> {
        self.alternatives
            .iter()
            .flatten()
            .filter_map(|clause| match clause {
                Clause::Exactly(version) => Some(*version),
                _ => None,
            })
    }
}

/// The newest release that `accepts` takes. Between the releases of the table lie all the patches before them.
pub(super) fn newest(package: Package, accepts: impl Fn(Version) -> bool) -> Option<Version> {
    package
        .releases()
        .flat_map(|release| {
            (0..=release.patch)
                .rev()
                .map(move |patch| Version { patch, ..release })
        })
        .find(|version| accepts(*version))
}

fn clauses(text: &str, syntax: Syntax) -> Vec<Clause> {
    let mut found = Vec::new();
    let is_separator = |c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')');
    let mut rest = text.trim_start_matches(is_separator);
    while !rest.is_empty() {
        let end = rest
            .find(|c| !matches!(c, '<' | '>' | '=' | '!' | '~' | '^'))
            .unwrap_or(rest.len());
        let (operator, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after.find(is_separator).unwrap_or(after.len());
        let (version, after) = after.split_at(end);
        found.extend(clause(operator, version, syntax));
        if operator.is_empty() && version.is_empty() {
            break;
        }
        rest = after.trim_start_matches(is_separator);
    }
    found
}

fn clause(operator: &str, version: &str, syntax: Syntax) -> Option<Clause> {
    let written: WrittenVersion = version.parse().ok()?;
    let version = written.version;
    let within =
        |from: Version, below: Option<Version>| Some(Clause::Within(Range { from, below }));
    let after = Version {
        patch: version.patch.saturating_add(1),
        ..version
    };
    let prefix = |parts: usize| Range {
        from: version,
        below: next(version, parts),
    };
    match operator {
        "==" | "===" | "=" | "" if written.is_prefix => Some(Clause::Within(prefix(written.parts))),
        "=" | "" if syntax == Syntax::Conda => Some(Clause::Within(prefix(written.parts))),
        "==" | "===" | "=" => Some(Clause::Exactly(version)),
        "" if syntax == Syntax::Poetry => Some(Clause::Exactly(version)),
        "!=" if written.is_prefix => Some(Clause::Not(prefix(written.parts))),
        "!=" => Some(Clause::Not(Range {
            from: version,
            below: Some(after),
        })),
        ">=" => within(version, None),
        ">" => within(after, None),
        "<" => within(Version::new(0, 0, 0), Some(version)),
        "<=" => within(Version::new(0, 0, 0), Some(after)),
        "~=" => within(version, next(version, written.parts.saturating_sub(1))),
        "~" => within(version, next(version, written.parts.min(2))),
        "^" => {
            let leading = [version.major, version.minor, version.patch]
                .iter()
                .take_while(|part| **part == 0)
                .count();
            within(version, next(version, (leading + 1).min(written.parts)))
        }
        _ => None,
    }
}

/// The first version that differs in one of its first `parts` parts.
fn next(version: Version, parts: usize) -> Option<Version> {
    match parts {
        0 => None,
        1 => Some(Version::new(version.major.saturating_add(1), 0, 0)),
        2 => Some(Version::new(
            version.major,
            version.minor.saturating_add(1),
            0,
        )),
        _ => Some(Version {
            patch: version.patch.saturating_add(1),
            ..version
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest_of(text: &str, syntax: Syntax) -> Option<String> {
        let specifier = Specifier::parse(text, syntax);
        newest(Package::SqlAlchemy, |version| specifier.takes(version))
            .map(|version| version.to_string())
    }

    #[test]
    fn bounds_by_each_operator() {
        for (text, expected) in [
            ("", "2.1.9"),
            (">=1.4", "2.1.9"),
            (">=1.4,<2.1", "2.0.58"),
            ("<2", "1.4.54"),
            ("< 2.0.40, >= 2.0", "2.0.39"),
            ("<=1.4.41", "1.4.41"),
            (">1.3,<1.4", "1.3.24"),
            ("~=2.0", "2.1.9"),
            ("~=2.0.4", "2.0.58"),
            ("~=1.4", "1.4.54"),
            ("==1.4.*", "1.4.54"),
            ("!=2.1.*", "2.0.58"),
            ("!=2.1.9", "2.1.8"),
            ("(>=1.4,<2)", "1.4.54"),
        ] {
            assert_eq!(
                newest_of(text, Syntax::Pep440).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(newest_of("<0.5", Syntax::Pep440), None);
    }

    #[test]
    fn poetry_and_conda() {
        for (text, expected) in [
            ("^2.0.1", "2.1.9"),
            ("^1.4", "1.4.54"),
            ("~2.0.1", "2.0.58"),
            ("~1", "1.4.54"),
            ("*", "2.1.9"),
            ("2.0.*", "2.0.58"),
            ("1.4.46", "1.4.46"),
            (">=1.4 <2.0", "1.4.54"),
            ("^1.3 || ^2.0", "2.1.9"),
        ] {
            assert_eq!(
                newest_of(text, Syntax::Poetry).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(newest_of("=1.4", Syntax::Conda).as_deref(), Some("1.4.54"));
        let pins = |text: &str, syntax| Specifier::parse(text, syntax).pins().count();
        assert_eq!(pins("1.4.46", Syntax::Poetry), 1);
        assert_eq!(pins("1.4.46", Syntax::Pep440), 0);
        assert_eq!(pins("==1.4.46", Syntax::Pep440), 1);
        assert_eq!(pins("==1.4.*", Syntax::Pep440), 0);
        assert!(Specifier::parse("rubbish !!", Syntax::Pep440).takes_all());
    }
}
