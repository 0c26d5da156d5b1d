//! Circumstances under which migrations run, as dependencies and `env.py` tell them.

use regex::Regex;
use smol_str::SmolStr;

use super::ProjectEnvironment;
use crate::dependencies::Version;
use crate::python::{FoundModule, imported_names};
use crate::source::RepoPath;
use crate::sqlalchemy::ddl::TimeZone;

/// `SET search_path = a, b`, `SET SESSION search_path TO a, b`, `-csearch_path=a,b`
const SETTING: &str = r"(?i)search_path\s*(?:=|\bto\b)\s*([\w$, ]+)(.?)";

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

    /// What `env.py`, or a module that it imports, sets `search_path` to, if the default schema comes first there: the
    /// schemas after it. Empty where nothing is set, or not the same everywhere.
    pub(super) fn schemas_searched(&self) -> Vec<SmolStr> {
        let files = self.env_and_imported();
        let mut settings = files.iter().flat_map(|file| self.settings_in(file));
        let first = settings.next().unwrap_or_default();
        if settings.all(|other| other == first) {
            first
        } else {
            Vec::new()
        }
    }

    /// True if `env.py`, or a module that it imports, speaks of making a schema.
    pub(super) fn makes_schemas(&self) -> bool {
        let files = self.env_and_imported();
        files.iter().any(|file| {
            let text = self.sources.read(file).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).to_lowercase();
            ["create schema", "createschema", "create_schema"]
                .iter()
                .any(|words| text.contains(words))
        })
    }

    /// `env.py`, and the modules that it names.
    fn env_and_imported(&self) -> Vec<RepoPath> {
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

fn settings(text: &str) -> Vec<Vec<SmolStr>> {
    let Ok(setting) = Regex::new(SETTING) else {
        return Vec::new();
    };
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| setting.captures(line))
        .filter_map(|found| Some(schemas(found.get(1)?.as_str(), found.get(2)?.as_str())))
        .collect()
}

/// The schemas after the default one; empty where that is not the first, or something is filled in.
fn schemas(list: &str, after: &str) -> Vec<SmolStr> {
    let names: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|name| *name != "$user")
        .collect();
    match names.as_slice() {
        ["public", others @ ..] if matches!(after, "" | "'" | "\"" | ";") => {
            let others = others.iter().map(|name| SmolStr::new(name.to_lowercase()));
            others.filter(|name| !name.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_search_path() {
        for (text, expected) in [
            (
                "cursor.execute('SET SESSION search_path=public,a,b')",
                vec!["a", "b"],
            ),
            (
                "connection.execute(text(\"SET search_path TO public, a\"))",
                vec!["a"],
            ),
            (
                "connect_args={'options': '-csearch_path=$user,public,a'}",
                vec!["a"],
            ),
            ("text('SET search_path TO tenant')", vec![]),
            ("text(f'SET search_path TO public,{schema}')", vec![]),
        ] {
            assert_eq!(settings(text), [expected], "{text}");
        }
        assert!(settings("# SET search_path TO public, a").is_empty());
    }
}
