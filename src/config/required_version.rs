//! Which versions of this program a configuration is for.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// A specifier such as `>=0.1,<0.2`, as in PEP 440.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredVersion {
    text: String,
    clauses: Vec<(Comparison, [u64; 3])>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// The longer ones first: `>=` begins with `>`.
const SIGNS: &[(&str, Comparison)] = &[
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Above),
    ("<", Comparison::Below),
];

impl RequiredVersion {
    /// Understands a specifier; `None` for anything else. A bare version means exactly that one.
    pub fn parse(text: &str) -> Option<Self> {
        let clauses = text
            .split(',')
            .map(|clause| {
                let clause = clause.trim();
                let sign = SIGNS.iter().find(|(sign, _)| clause.starts_with(sign));
                let (comparison, version) = match sign {
                    Some((sign, comparison)) => (*comparison, clause.get(sign.len()..)?),
                    None => (Comparison::Equal, clause),
                };
                Some((comparison, numbers(version.trim())?))
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            text: text.to_owned(),
            clauses,
        })
    }

    /// Whether a version is meant; its suffix (`-rc.1`) does not count.
    pub fn contains(&self, version: &str) -> bool {
        let version = version.split(['-', '+']).next().unwrap_or_default();
        let Some(version) = numbers(version) else {
            return false;
        };
        self.clauses
            .iter()
            .all(|(comparison, wanted)| match comparison {
                Comparison::Equal => version == *wanted,
                Comparison::NotEqual => version != *wanted,
                Comparison::AtLeast => version >= *wanted,
                Comparison::AtMost => version <= *wanted,
                Comparison::Above => version > *wanted,
                Comparison::Below => version < *wanted,
            })
    }
}

/// Up to three numbers; those that are not written are 0.
fn numbers(text: &str) -> Option<[u64; 3]> {
    let mut numbers = [0; 3];
    for (index, part) in text.split('.').enumerate() {
        *numbers.get_mut(index)? = part.parse().ok()?;
    }
    Some(numbers)
}

impl fmt::Display for RequiredVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RequiredVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "`{text}` is no version specifier; it is written like \">=0.1,<0.2\" or \"0.1.0\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_take_what_they_say() {
        let takes =
            |text: &str, version: &str| RequiredVersion::parse(text).unwrap().contains(version);
        assert!(takes(">=0.1,<0.2", "0.1.9"));
        assert!(!takes(">=0.1,<0.2", "0.2.0"));
        assert!(takes("0.1", "0.1.0"));
        assert!(takes("==0.1.0", "0.1.0-rc.1"));
        assert!(!takes("!=0.1.0", "0.1.0"));
        assert!(takes("> 0.0.9, <= 1", "1.0.0"));
        for text in ["", "new", ">=", "0.1.0.0", "~=0.1", "^1"] {
            assert_eq!(RequiredVersion::parse(text), None, "{text}");
        }
    }
}
