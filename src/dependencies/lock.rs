//! Lock files: every package with the version it was resolved to.

use crate::dependencies::requirement::{Requirement, normalise};
use crate::dependencies::specifier::{Specifier, Syntax};
use crate::dependencies::version::WrittenVersion;

/// Reads the tables `[[package]]` of `uv.lock`, `poetry.lock` and `pdm.lock`, and `[[packages]]` of `pylock.toml`.
///
/// These files are written by programs, a key a line, and are by far the largest that are read here (a megabyte and
/// more): the two keys that matter are found without parsing the rest.
pub(super) fn packages(text: &str) -> Result<Vec<Requirement>, String> {
    let mut found = Vec::new();
    let mut current: Option<Package<'_>> = None;
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with("[[package]]") || line.starts_with("[[packages]]") {
            found.extend(current.take().and_then(Package::requirement));
            current = Some(Package::default());
        } else if line.starts_with('[') {
            // A table inside the package, such as its dependencies, has names and versions of others.
            found.extend(current.take().and_then(Package::requirement));
        } else if line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>") {
            return Err("it has conflict markers".to_owned());
        } else if let Some(package) = &mut current {
            if let Some(name) = value(line, "name") {
                package.name = Some(name);
                package.line = number;
            } else if let Some(version) = value(line, "version") {
                package.version = Some(version);
            }
        }
    }
    found.extend(current.and_then(Package::requirement));
    Ok(found)
}

#[derive(Default)]
struct Package<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    line: u32,
}

impl Package<'_> {
    fn requirement(self) -> Option<Requirement> {
        // The project itself may have no version; a source may be a folder.
        let version: WrittenVersion = self.version?.parse().ok()?;
        Some(Requirement {
            package: normalise(self.name?),
            specifier: Specifier::exactly(version.version),
            line: self.line,
        })
    }
}

/// The string after `key = `.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(key)?.trim_start();
    let rest = rest.strip_prefix('=')?.trim();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split(quote).next()
}

/// Reads `Pipfile.lock`: `{"default": {"alembic": {"version": "==1.13.1"}}, "develop": …}`.
pub(super) fn pipfile(text: &str) -> Result<Vec<Requirement>, String> {
    let lock: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("it is not valid JSON: {error}"))?;
    let mut found = Vec::new();
    for section in ["default", "develop"] {
        let Some(packages) = lock.get(section).and_then(serde_json::Value::as_object) else {
            continue;
        };
        for (name, package) in packages {
            let Some(version) = package.get("version").and_then(serde_json::Value::as_str) else {
                continue;
            };
            let line = text
                .lines()
                .position(|line| line.trim_start().starts_with(&format!("\"{name}\"")))
                .map_or(1, |index| index as u32 + 1);
            found.push(Requirement {
                package: normalise(name),
                specifier: Specifier::parse(version, Syntax::Pep440),
                line,
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: &[Requirement]) -> Vec<String> {
        found
            .iter()
            .map(|r| format!("{}{}:{}", r.package, r.specifier.text, r.line))
            .collect()
    }

    #[test]
    fn tables_of_packages() {
        let text = "version = 1\n\n[[package]]\nname = \"alembic\"\nversion = \"1.13.1\"\ndependencies = [\n    { name = \"mako\" },\n]\n\n[package.optional-dependencies]\nversion = \"9.9.9\"\n\n[[package]]\nname = 'SQLAlchemy'\nversion = '2.0.36'\n[[package]]\nname = \"app\"\nsource = { editable = \".\" }\n";
        assert_eq!(
            shown(&packages(text).unwrap()),
            ["alembic==1.13.1:4", "sqlalchemy==2.0.36:14"]
        );
        let text = "lock-version = '1.0'\n[[packages]]\nname = 'alembic'\nversion = '1.16.5'\n[packages.sdist]\nname = 'x'\n";
        assert_eq!(shown(&packages(text).unwrap()), ["alembic==1.16.5:3"]);
        assert!(packages("<<<<<<< HEAD\n[[package]]\n").is_err());
    }

    #[test]
    fn the_lock_of_pipenv() {
        let text = "{\n \"default\": {\n  \"sqlalchemy\": {\n   \"version\": \"==1.4.54\"\n  },\n  \"here\": {\"path\": \".\"}\n }\n}";
        assert_eq!(shown(&pipfile(text).unwrap()), ["sqlalchemy==1.4.54:3"]);
        assert!(pipfile("{").is_err());
    }
}
