//! Requirements that a project declares: `pyproject.toml`, `Pipfile`, `setup.cfg`, `setup.py`, `environment.yml`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::dependencies::requirement::{Requirement, normalise, parse};
use crate::dependencies::specifier::{Specifier, Syntax};
use crate::source::LineIndex;

/// Reads the dependencies of `pyproject.toml`: those of the standards, and of Poetry, PDM and uv.
pub(super) fn pyproject(text: &str) -> Result<Vec<Requirement>, String> {
    let document = DeTable::parse(text).map_err(|error| toml_problem(&error))?;
    let mut reader = Reader::new(text);
    let root = document.get_ref();
    reader.list(at(root, &["project", "dependencies"]));
    reader.lists(at(root, &["project", "optional-dependencies"]));
    reader.lists(at(root, &["dependency-groups"]));
    for key in [
        "dev-dependencies",
        "constraint-dependencies",
        "override-dependencies",
    ] {
        reader.list(at(root, &["tool", "uv", key]));
    }
    reader.lists(at(root, &["tool", "pdm", "dev-dependencies"]));
    for key in ["dependencies", "dev-dependencies"] {
        reader.table(at(root, &["tool", "poetry", key]));
    }
    if let Some(groups) = at(root, &["tool", "poetry", "group"]).and_then(DeValue::as_table) {
        for group in groups.values() {
            reader.table(group.get_ref().get("dependencies").map(Spanned::get_ref));
        }
    }
    Ok(reader.found)
}

/// Reads `Pipfile`, whose constraints are written like Poetry's.
pub(super) fn pipfile(text: &str) -> Result<Vec<Requirement>, String> {
    let document = DeTable::parse(text).map_err(|error| toml_problem(&error))?;
    let mut reader = Reader::new(text);
    for key in ["packages", "dev-packages"] {
        reader.table(at(document.get_ref(), &[key]));
    }
    Ok(reader.found)
}

fn toml_problem(error: &toml::de::Error) -> String {
    let reason = error.message().lines().next().unwrap_or_default();
    format!("it is not valid TOML: {reason}")
}

fn at<'a, 'i>(root: &'a DeTable<'i>, path: &[&str]) -> Option<&'a DeValue<'i>> {
    let (first, rest) = path.split_first()?;
    let mut value = root.get(*first)?.get_ref();
    for key in rest {
        value = value.as_table()?.get(*key)?.get_ref();
    }
    Some(value)
}

struct Reader {
    lines: LineIndex,
    found: Vec<Requirement>,
}

impl Reader {
    fn new(text: &str) -> Self {
        Self {
            lines: LineIndex::new(text),
            found: Vec::new(),
        }
    }

    /// A list of requirements.
    fn list(&mut self, value: Option<&DeValue<'_>>) {
        for item in value.and_then(DeValue::as_array).into_iter().flatten() {
            let line = self.lines.line(item.span().start as u32);
            if let Some(text) = item.get_ref().as_str() {
                self.found.extend(parse(text, Syntax::Pep440, line));
            }
        }
    }

    /// Lists of requirements by name.
    fn lists(&mut self, value: Option<&DeValue<'_>>) {
        for list in value
            .and_then(DeValue::as_table)
            .into_iter()
            .flat_map(|table| table.values())
        {
            self.list(Some(list.get_ref()));
        }
    }

    /// Constraints by package, as Poetry has them: a string, a table with a `version`, or several of either.
    fn table(&mut self, value: Option<&DeValue<'_>>) {
        for (name, constraint) in value.and_then(DeValue::as_table).into_iter().flatten() {
            let line = self.lines.line(name.span().start as u32);
            let package = normalise(name.get_ref());
            let several = match constraint.get_ref() {
                DeValue::Array(items) => items.iter().map(Spanned::get_ref).collect(),
                only => vec![only],
            };
            for constraint in several {
                let version = constraint
                    .as_str()
                    .or_else(|| constraint.get("version")?.get_ref().as_str());
                self.found.push(Requirement {
                    package: package.clone(),
                    specifier: Specifier::parse(version.unwrap_or_default(), Syntax::Poetry),
                    line,
                });
            }
        }
    }
}

/// Reads `install_requires` and the extras of `setup.cfg`.
pub(super) fn setup_cfg(text: &str) -> Vec<Requirement> {
    let mut found = Vec::new();
    let mut section = "";
    let mut is_wanted = false;
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with('[') {
            section = content.trim_matches(['[', ']']);
            is_wanted = false;
        } else if line.starts_with(char::is_whitespace) {
            if is_wanted {
                found.extend(parse(content, Syntax::Pep440, number));
            }
        } else if let Some((key, value)) = content.split_once('=') {
            is_wanted = (section == "options" && key.trim() == "install_requires")
                || section == "options.extras_require";
            if is_wanted {
                found.extend(parse(value, Syntax::Pep440, number));
            }
        }
    }
    found
}

/// Takes the string literals of `setup.py` that read like a requirement. Its code is not looked at; the names are
/// those of packages nobody writes for another reason.
pub(super) fn setup_py(text: &str) -> Vec<Requirement> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut rest = line;
        while let Some(start) = rest.find(['"', '\'']) {
            let (quote, after) = rest.split_at(start).1.split_at(1);
            let Some((literal, after)) = after.split_once(quote) else {
                break;
            };
            found.extend(parse(literal, Syntax::Pep440, number));
            rest = after;
        }
    }
    found
}

/// Reads the items of an `environment.yml`: `- sqlalchemy=1.4`, and below `- pip:` as pip has them.
pub(super) fn conda(text: &str) -> Vec<Requirement> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some(item) = line.trim().strip_prefix("- ") else {
            continue;
        };
        let item = item.split(" #").next().unwrap_or_default();
        let item = item.trim().trim_matches(['"', '\'']);
        // `conda-forge::alembic=1.13`.
        let item = item.rsplit("::").next().unwrap_or_default();
        found.extend(parse(item, Syntax::Conda, number));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: &[Requirement]) -> Vec<String> {
        let mut shown: Vec<String> = found
            .iter()
            .map(|r| format!("{} {}:{}", r.package, r.specifier.text, r.line))
            .collect();
        shown.sort();
        shown
    }

    #[test]
    fn pyproject_by_standard_and_by_poetry() {
        let text = "[project]\ndependencies = [\n  'SQLAlchemy[asyncio]>=1.4,<2.1',\n]\n[project.optional-dependencies]\npg = ['asyncpg']\n[dependency-groups]\ndev = ['alembic>=1.13', {include-group = 'x'}]\n[tool.poetry.dependencies]\nsqlmodel = '^0.0.8'\n[tool.poetry.group.dev.dependencies]\nalembic-utils = {version = '*', optional = true}\npsycopg2 = [{version = '2.8', markers = 'x'}, {version = '2.9'}]\n";
        assert_eq!(
            shown(&pyproject(text).unwrap()),
            [
                "alembic >=1.13:8",
                "alembic-utils *:12",
                "asyncpg :6",
                "psycopg2 2.8:13",
                "psycopg2 2.9:13",
                "sqlalchemy >=1.4,<2.1:3",
                "sqlmodel ^0.0.8:10",
            ]
        );
        assert!(pyproject("[project\n").is_err());
        assert!(pyproject("project = 1\n").unwrap().is_empty());
        let text = "[packages]\nsqlalchemy = '==1.4.41'\n";
        assert_eq!(shown(&pipfile(text).unwrap()), ["sqlalchemy ==1.4.41:2"]);
    }

    #[test]
    fn setup_files() {
        let text = "[metadata]\nname = x\n[options]\ninstall_requires =\n    SQLAlchemy>=1.4\n    # why\n    alembic\npackages = find:\n[options.extras_require]\npg = psycopg2\n";
        assert_eq!(
            shown(&setup_cfg(text)),
            ["alembic :7", "psycopg2 :10", "sqlalchemy >=1.4:5"]
        );
        let text = "setup(\n    install_requires=['sqlalchemy>=1.3,<2', \"alembic\"],\n    # 'pymysql'\n)\n";
        assert_eq!(
            shown(&setup_py(text)),
            ["alembic :2", "sqlalchemy >=1.3,<2:2"]
        );
    }

    #[test]
    fn conda_environments() {
        let text = "dependencies:\n  - python=3.11\n  - conda-forge::sqlalchemy=1.4\n  - pip:\n    - 'alembic==1.13.1'\n";
        assert_eq!(
            shown(&conda(text)),
            ["alembic ==1.13.1:5", "python =3.11:2", "sqlalchemy =1.4:3"]
        );
    }
}
