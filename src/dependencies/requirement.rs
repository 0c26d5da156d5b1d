//! Requirements as pip reads them: one of them, and whole files.

use crate::dependencies::specifier::{Specifier, Syntax};

/// A package that a file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    /// Normalised.
    pub(super) package: String,
    pub(super) specifier: Specifier,
    /// Counted from 1.
    pub(super) line: u32,
}

/// What a requirements file says.
#[derive(Debug, Default)]
pub(super) struct RequirementsFile {
    pub(super) requirements: Vec<Requirement>,
    /// Paths after `-r`, relative to the folder of the file.
    pub(super) includes: Vec<String>,
    /// Paths after `-c`.
    pub(super) constraints: Vec<String>,
}

/// The name as package indexes compare it (PEP 503).
pub(super) fn normalise(name: &str) -> String {
    let mut normalised = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !normalised.ends_with('-') {
                normalised.push('-');
            }
        } else {
            normalised.push(c.to_ascii_lowercase());
        }
    }
    normalised
}

/// Reads `name[extras] >= 1.0 ; marker`. A reference to a URL restricts nothing.
pub(super) fn parse(text: &str, syntax: Syntax, line: u32) -> Option<Requirement> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut rest = rest.trim_start();
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    if let Some(extras) = rest.strip_prefix('[') {
        rest = extras.split_once(']')?.1.trim_start();
    }
    let specifier = rest.split([';', '#']).next().unwrap_or_default();
    let begins = |c: char| matches!(c, '<' | '>' | '=' | '!' | '~' | '^' | '(' | '@');
    if !specifier.is_empty() && !specifier.starts_with(begins) {
        return None;
    }
    let specifier = if specifier.starts_with('@') {
        Specifier::default()
    } else {
        Specifier::parse(specifier, syntax)
    };
    Some(Requirement {
        package: normalise(name),
        specifier,
        line,
    })
}

/// Reads a requirements file: comments, continued lines, options and hashes.
pub(super) fn parse_file(text: &str) -> RequirementsFile {
    let mut file = RequirementsFile::default();
    let mut logical = String::new();
    let mut start = 1;
    for (number, line) in (1..).zip(text.lines()) {
        if logical.is_empty() {
            start = number;
        }
        let line = line.trim_end();
        if let Some(continued) = line.strip_suffix('\\') {
            logical.push_str(continued);
            logical.push(' ');
            continue;
        }
        logical.push_str(line);
        file.add(&logical, start);
        logical.clear();
    }
    file.add(&logical, start);
    file
}

impl RequirementsFile {
    fn add(&mut self, line: &str, number: u32) {
        // A `#` begins a comment only at the start or after a space; URLs have fragments.
        let line = match line.find(" #").or_else(|| line.find("\t#")) {
            Some(at) => line.get(..at).unwrap_or_default(),
            None => line,
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        if line.starts_with('-') {
            let option = |names: [&str; 2]| {
                let rest = names.iter().find_map(|name| line.strip_prefix(name))?;
                let path = rest.trim_start_matches(['=', ' ', '\t']).trim();
                Some(path.trim_matches(['"', '\'']).to_owned())
            };
            self.includes.extend(option(["--requirement", "-r"]));
            self.constraints.extend(option(["--constraint", "-c"]));
            return;
        }
        let requirement = line.split(" --").next().unwrap_or_default();
        self.requirements
            .extend(parse(requirement, Syntax::Pep440, number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_requirement() {
        let read = |text: &str| {
            parse(text, Syntax::Pep440, 1)
                .map(|requirement| (requirement.package, requirement.specifier.text))
        };
        let some = |package: &str, text: &str| Some((package.to_owned(), text.to_owned()));
        assert_eq!(read("SQLAlchemy"), some("sqlalchemy", ""));
        assert_eq!(
            read("sqlalchemy[asyncio, mypy] >=1.4,<2 ; python_version < '3.9'"),
            some("sqlalchemy", ">=1.4,<2")
        );
        assert_eq!(
            read("alembic_utils (==0.8.8)"),
            some("alembic-utils", "(==0.8.8)")
        );
        assert_eq!(read("alembic @ git+https://x/alembic"), some("alembic", ""));
        assert_eq!(read("git+https://x/sqlalchemy"), None);
        assert_eq!(read("./local"), None);
        assert_eq!(read("an ordinary sentence"), None);
    }

    #[test]
    fn a_whole_file() {
        let file = parse_file(
            "# made by pip-compile\n-r base.txt\n--constraint=../constraints.txt\n-c other.txt # why\n-e .\n--index-url https://x\n\nalembic==1.13.1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nsqlalchemy[asyncio]==2.0.36 # via alembic\nx @ https://h/x.zip#sha256=1\n",
        );
        let found: Vec<(&str, &str, u32)> = file
            .requirements
            .iter()
            .map(|r| (r.package.as_str(), r.specifier.text.as_str(), r.line))
            .collect();
        assert_eq!(
            found,
            [
                ("alembic", "==1.13.1", 8),
                ("sqlalchemy", "==2.0.36", 11),
                ("x", "", 12)
            ]
        );
        assert_eq!(file.includes, ["base.txt"]);
        assert_eq!(file.constraints, ["../constraints.txt", "other.txt"]);
    }
}
