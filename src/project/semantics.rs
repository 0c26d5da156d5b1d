//! Circumstances under which migrations run, as dependencies and `env.py` tell them.

use std::sync::LazyLock;

use regex::Regex;
use smol_str::SmolStr;

use super::ProjectEnvironment;
use crate::dependencies::Version;
use crate::python::{FoundModule, imported_names};
use crate::source::RepoPath;
use crate::sqlalchemy::ddl::TimeZone;

/// `SET search_path = a, b`, `SET SESSION search_path TO a, b`, `-csearch_path=a,b`
static SETTING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)search_path\s*(?:=|\bto\b)\s*(.+)$").expect("the pattern is fixed")
});

/// `create schema if not exists "a"`
static MADE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"create\s+schema\s+(?:if\s+not\s+exists\s+)?(?:\\?["'])?(\w*)"#)
        .expect("the pattern is fixed")
});

impl ProjectEnvironment<'_> {
    /// `datetime` became `UTCDateTime()` with SQLModel 0.0.45; before it was `DateTime` (`sqlmodel/main.py` of 0.0.44 and
    /// 0.0.45, `get_sqlalchemy_type`).
    pub(super) fn sqlmodel_datetime(&self) -> Option<TimeZone> {
        let first = Version::new(0, 0, 45);
        let is_newer = self.dependencies().is_at_least("sqlmodel", first)?;
        Some(if is_newer {
            TimeZone::With
        } else {
            TimeZone::Without
        })
    }

    /// What `env.py`, or a module that it imports, `files`, sets `search_path` to, with `public` for the default schema. Empty where
    /// nothing is set, not the same everywhere, or not to constants.
    pub(super) fn schemas_searched(&self, files: &[RepoPath]) -> Vec<SmolStr> {
        let mut settings = files.iter().flat_map(|file| self.settings_in(file));
        let first = settings.next().unwrap_or_default();
        if settings.all(|other| other == first) {
            first
        } else {
            Vec::new()
        }
    }

    /// The schemas that `env.py`, or a module that it imports, `files`, speaks of making; `None` where it may be any.
    pub(super) fn made_schemas(&self, files: &[RepoPath]) -> Option<Vec<SmolStr>> {
        let mut all = Vec::new();
        for file in files {
            let text = self.sources.read(file).unwrap_or_default();
            all.extend(schemas_made(&String::from_utf8_lossy(&text))?);
        }
        Some(all)
    }

    /// `env.py`, and the modules that it names.
    pub(super) fn env_and_imported(&self) -> Vec<RepoPath> {
        let Some(env_file) = self.environment.env_file() else {
            return Vec::new();
        };
        let mut files = vec![env_file.clone()];
        if let Some(parsed) = self.sources.python(&env_file) {
            for imported in imported_names(&parsed.module) {
                if imported.level == 0
                    && let FoundModule::File { path, .. } =
                        self.finder.find(&imported.module, Some(&env_file))
                {
                    files.push(path);
                }
            }
        }
        files
    }

    /// The settings in a file; an empty one for what is not understood.
    fn settings_in(&self, file: &RepoPath) -> Vec<Vec<SmolStr>> {
        let Some(bytes) = self.sources.read(file) else {
            return Vec::new();
        };
        if memchr::memmem::find(&bytes, b"search_path").is_none() {
            return Vec::new();
        }
        settings(&String::from_utf8_lossy(&bytes))
    }
}

/// The schemas that a text speaks of making, `None` where one is not written out.
fn schemas_made(text: &str) -> Option<Vec<SmolStr>> {
    let text = text.to_lowercase();
    if !(text.contains("create") && text.contains("schema")) {
        return Some(Vec::new());
    }
    if ["createschema", "create_schema"]
        .iter()
        .any(|call| text.contains(call))
    {
        return None;
    }
    let names = MADE.captures_iter(&text).map(|found| {
        let name = found.get(1)?.as_str();
        (!name.is_empty()).then(|| SmolStr::new(name))
    });
    names.collect()
}

fn settings(text: &str) -> Vec<Vec<SmolStr>> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| {
            let list = SETTING.captures(line)?.get(1)?.as_str();
            // A variable of Python that is called so.
            let is_variable = line.trim_start().starts_with("search_path");
            (!is_variable || !list.starts_with(['\'', '"'])).then_some(list)
        })
        .map(|list| schemas(list, text).unwrap_or_default())
        .collect()
}

/// The schemas of a list at the beginning of `list`, with `public` for the default one; `None` where something is filled in
/// that is no constant of `file`.
fn schemas(list: &str, file: &str) -> Option<Vec<SmolStr>> {
    let mut rest = list;
    let mut items: Vec<Item<'_>> = Vec::new();
    loop {
        let (item, after) = item(rest.trim_start())?;
        items.push(item);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => break,
        }
    }
    if !rest.is_empty() && !rest.starts_with(['\'', '"', ';', '\\']) {
        return None;
    }
    let mut filled = format_arguments(rest).into_iter();
    let mut schemas: Vec<SmolStr> = Vec::new();
    for item in items {
        let name = match item {
            Item::Name(name) if name == "default" => return None,
            Item::Name(name) => name,
            Item::Filled("") => constant(filled.next()?, file)?,
            Item::Filled(expression) => constant(expression, file)?,
        };
        if name != "$user" && !schemas.contains(&name) {
            schemas.push(name);
        }
    }
    Some(schemas)
}

/// One schema of a list.
enum Item<'t> {
    Name(SmolStr),
    /// `{…}`, and what is written between.
    Filled(&'t str),
}

/// The first schema of a list, and what follows it. Quotes of SQL may be escaped for Python.
fn item(text: &str) -> Option<(Item<'_>, &str)> {
    let (quote, inner) = ["\\\"", "\\'", "\"", "'"]
        .into_iter()
        .find_map(|quote| Some((quote, text.strip_prefix(quote)?)))
        .unwrap_or(("", text));
    if let Some(inner) = inner.strip_prefix('{') {
        let (expression, rest) = inner.split_once('}')?;
        let rest = rest.strip_prefix(quote)?;
        return Some((Item::Filled(expression.trim()), rest));
    }
    let end = inner
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
        .unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    if name.is_empty() {
        return None;
    }
    let name = if quote.is_empty() {
        SmolStr::new(name.to_lowercase())
    } else {
        SmolStr::new(name)
    };
    Some((Item::Name(name), rest.strip_prefix(quote)?))
}

/// The arguments of `.format(…)` after the quote that ends a string.
fn format_arguments(after: &str) -> Vec<&str> {
    let arguments = after
        .trim_start_matches(['\'', '"', ';'])
        .strip_prefix(".format(")
        .and_then(|rest| rest.split_once(')'));
    arguments.map_or_else(Vec::new, |(arguments, _)| {
        arguments.split(',').map(str::trim).collect()
    })
}

/// The text that an expression of Python certainly is: a literal, or a name that the file gives one, once.
fn constant(expression: &str, file: &str) -> Option<SmolStr> {
    let literal = Regex::new(r#"^(?:'(\w+)'|"(\w+)")\s*(?:#.*)?$"#).ok()?;
    let text = |expression: &str| {
        let found = literal.captures(expression)?;
        let text = found.get(1).or_else(|| found.get(2))?;
        Some(SmolStr::new(text.as_str()))
    };
    if let Some(text) = text(expression) {
        return Some(text);
    }
    if !expression.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let bound = Regex::new(&format!(
        r"(?m)^.*\b{expression}\b\s*(?::[^=\n]*)?=([^=].*)$"
    ))
    .ok()?;
    let other = Regex::new(&format!(
        r"\b(?:def|for|lambda|as|import)\b[^\n]*\b{expression}\b"
    ))
    .ok()?;
    if other.is_match(file) {
        return None;
    }
    let mut values = bound.captures_iter(file);
    let value = values.next()?;
    let is_of_module = value.get(0)?.as_str().starts_with(expression);
    if values.next().is_some() || !is_of_module {
        return None;
    }
    text(value.get(1)?.as_str().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_that_are_made() {
        for (text, expected) in [
            ("", Some(vec![])),
            (
                "'CREATE SCHEMA a; CREATE SCHEMA IF NOT EXISTS B'",
                Some(vec!["a", "b"]),
            ),
            ("'create schema \"a\"'", Some(vec!["a"])),
            ("f'create schema {a}'", None),
            ("'create schema ' + a", None),
            ("CreateSchema('a')", None),
        ] {
            let expected = expected.map(|names| names.into_iter().map(SmolStr::new).collect());
            assert_eq!(schemas_made(text), expected, "{text}");
        }
    }

    #[test]
    fn settings_of_the_search_path() {
        for (text, expected) in [
            (
                "cursor.execute('SET SESSION search_path=public,a,b')",
                vec!["public", "a", "b"],
            ),
            (
                "connection.execute(text(\"SET search_path TO public, a\"))",
                vec!["public", "a"],
            ),
            (
                "connect_args={'options': '-csearch_path=$user,public,a'}",
                vec!["public", "a"],
            ),
            ("text('SET search_path TO tenant')", vec!["tenant"]),
            (
                "text('set search_path to \"A\", public;')",
                vec!["A", "public"],
            ),
            ("text(\"set search_path to \\\"a\\\", B\")", vec!["a", "b"]),
            (
                "execute('set search_path to \"{}\", public'.format('a'))",
                vec!["a", "public"],
            ),
            (
                "S = 'a'  # ours\nexecute('set search_path to {}, public'.format(S))",
                vec!["a", "public"],
            ),
            (
                "S: str = 'a'\nexecute(f\"SET search_path TO {S},public\")",
                vec!["a", "public"],
            ),
            ("text(f'SET search_path TO public,{schema}')", vec![]),
            ("S = 'a'\nS = 'b'\ntext(f'SET search_path TO {S}')", vec![]),
            (
                "def f():\n    S = 'a'\ntext(f'SET search_path TO {S}')",
                vec![],
            ),
            (
                "S = 'a'\ndef f(S):\n    text(f'SET search_path TO {S}')",
                vec![],
            ),
            ("text('SET search_path TO %s' % schema)", vec![]),
            ("text('SET search_path TO ' + schema)", vec![]),
        ] {
            assert_eq!(settings(text), [expected], "{text}");
        }
        assert!(settings("# SET search_path TO public, a\nsearch_path = 'a'").is_empty());
    }
}
