//! Workflows of CI that start a database, run the tests, and never run the migrations.

use rayon::prelude::*;

use super::ProjectEnvironment;
use crate::dialect::Dialect;
use crate::source::{FileSpan, RepoPath, Span};

impl ProjectEnvironment<'_> {
    /// The database services of workflows in which nothing runs the migrations, as far as every command is known. Only
    /// workflows that are wanted are looked at.
    pub fn unmigrated_services(&self, is_wanted: impl Fn(&RepoPath) -> bool) -> Vec<FileSpan> {
        let paths = self.sources.snapshot().iter().map(|(path, _)| path);
        let mut found: Vec<FileSpan> = paths
            .filter(|path| is_workflow(path) && is_wanted(path))
            .filter_map(|path| self.unmigrated_service(path))
            .collect();
        if !found.is_empty() && self.code_migrates() {
            found.clear();
        }
        found
    }

    fn unmigrated_service(&self, path: &RepoPath) -> Option<FileSpan> {
        let bytes = self.sources.look_into(path)?;
        let text = std::str::from_utf8(&bytes).ok()?;
        let service = service(text, self.dialect().dialect)?;
        let commands = commands(text);
        let tests = commands.iter().any(|command| runs_tests(command));
        let is_known = commands.iter().all(|command| is_known(command));
        let uses_own = text
            .lines()
            .any(|line| line.trim_start().starts_with("- uses: ./"));
        (tests && is_known && !uses_own && !migrates(&bytes))
            .then(|| FileSpan::new(path.clone(), service))
    }

    /// The files of the repository other than revisions.
    pub(super) fn files_beside_revisions(&self) -> impl Iterator<Item = &RepoPath> {
        let versions = &self.environment.version_locations;
        let paths = self.sources.snapshot().iter().map(|(path, _)| path);
        paths.filter(|path| !versions.iter().any(|folder| path.is_within(folder)))
    }

    /// True if Python anywhere may run the migrations: tests and the application may lead there.
    fn code_migrates(&self) -> bool {
        let paths: Vec<&RepoPath> = self
            .files_beside_revisions()
            .filter(|path| matches!(path.extension(), "py" | "toml" | "cfg" | "ini"))
            .collect();
        paths.into_par_iter().any(|path| {
            self.sources
                .read(path)
                .is_some_and(|bytes| migrates(&bytes))
        })
    }
}

fn is_workflow(path: &RepoPath) -> bool {
    let name = path.file_name();
    matches!(path.extension(), "yml" | "yaml")
        && (path.as_str().starts_with(".github/workflows/")
            || path.as_str().starts_with(".circleci/")
            || name.starts_with(".gitlab-ci")
            || name.starts_with("azure-pipelines")
            || name.starts_with("bitbucket-pipelines"))
}

/// Words that run migrations, or may.
fn migrates(bytes: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    has("alembic upgrade")
        || has("db upgrade")
        || has("pytest-alembic")
        || has("pytest_alembic")
        || has("test-alembic")
        || has("upgrade") && (has("alembic") || has("flask_migrate"))
        || has("migrate")
            && ["migrate_database", "run_migrations", "apply_migrations"]
                .iter()
                .any(|word| has(word))
}

/// The line `image: postgres:16` of a service.
fn service(text: &str, dialect: Dialect) -> Option<Span> {
    let images: &[&str] = match dialect {
        Dialect::PostgreSql => &["postgres", "postgis", "timescale", "pgvector"],
        Dialect::MySql => &["mysql", "mariadb"],
        Dialect::Sqlite => return None,
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let image = content
            .trim_start_matches("- ")
            .strip_prefix("image:")
            .or_else(|| content.trim_start_matches("- ").strip_prefix("name:"));
        if let Some(image) = image
            && images
                .iter()
                .any(|name| image.contains(name) && image.contains(':'))
        {
            let begin = start + (line.len() - line.trim_start().len());
            return Some(Span::new(begin as u32, (begin + content.len()) as u32));
        }
        start += line.len();
    }
    None
}

/// The lines that a shell runs.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if let Some(outer) = block {
            if indent > outer {
                found.push(content.trim_start_matches("- ").to_owned());
                continue;
            }
            block = None;
        }
        let entry = content.trim_start_matches("- ");
        let key = [
            "run:",
            "script:",
            "before_script:",
            "after_script:",
            "command:",
            "bash:",
        ]
        .iter()
        .find_map(|key| entry.strip_prefix(key));
        if let Some(value) = key {
            let value = value.trim();
            if value.is_empty() || value.starts_with(['|', '>']) {
                block = Some(indent);
            } else {
                found.push(value.to_owned());
            }
        }
    }
    found
}

/// The program of a command, after what only says how it runs.
fn program(command: &str) -> (&str, &str) {
    let mut words = command.split_whitespace().peekable();
    let mut skipped = 0;
    while let Some(word) = words.peek() {
        let is_prefix = word.contains('=') && !word.starts_with('-')
            || matches!(
                *word,
                "uv" | "poetry"
                    | "pipenv"
                    | "pdm"
                    | "hatch"
                    | "rye"
                    | "run"
                    | "sudo"
                    | "exec"
                    | "python"
                    | "python3"
                    | "coverage"
                    | "time"
                    | "-m"
            );
        if !is_prefix || skipped > 8 {
            break;
        }
        words.next();
        skipped += 1;
    }
    (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    )
}

fn runs_tests(command: &str) -> bool {
    matches!(program(command).0, "pytest" | "py.test" | "unittest")
}

/// True for a command of which it is known that it runs no migrations.
fn is_known(command: &str) -> bool {
    const KNOWN: &[&str] = &[
        "",
        "[",
        "[[",
        "apt",
        "apt-get",
        "bandit",
        "black",
        "cat",
        "cd",
        "cp",
        "createdb",
        "curl",
        "do",
        "done",
        "echo",
        "else",
        "env",
        "exit",
        "export",
        "fi",
        "flake8",
        "for",
        "git",
        "grep",
        "if",
        "install",
        "isort",
        "lock",
        "ls",
        "mkdir",
        "mypy",
        "pg_isready",
        "pip",
        "pip3",
        "pre-commit",
        "printf",
        "psql",
        "py.test",
        "pyright",
        "pytest",
        "report",
        "ruff",
        "set",
        "sleep",
        "sync",
        "test",
        "then",
        "true",
        "unittest",
        "until",
        "venv",
        "while",
        "xml",
        "config",
        "combine",
        "pip-audit",
        "safety",
        "wget",
        "which",
    ];
    let parts = command
        .split(&['|', ';'][..])
        .flat_map(|part| part.split("&&"));
    parts.into_iter().all(|part| {
        let (program, _) = program(part.trim());
        // The arguments of a command that goes on.
        KNOWN.contains(&program) || program.starts_with('-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_all_forms() {
        let text = "\
jobs:
  test:
    steps:
      - run: pip install .
      - name: Tests
        run: |
          cd app
          pytest -q
      - uses: actions/checkout@v4
test:
  script:
    - uv run pytest
";
        let expected = ["pip install .", "cd app", "pytest -q", "uv run pytest"];
        assert_eq!(commands(text), expected);
    }

    #[test]
    fn what_is_known() {
        for command in [
            "uv run pytest -x",
            "python -m pytest",
            "pip install -r requirements.txt && pytest",
            "PGPASSWORD=x psql -c 'CREATE DATABASE app'",
            "poetry install",
        ] {
            assert!(is_known(command), "{command}");
        }
        for command in [
            "make test",
            "./scripts/prepare.sh",
            "python prepare.py",
            "tox",
        ] {
            assert!(!is_known(command), "{command}");
        }
        assert!(runs_tests("uv run coverage run -m pytest"));
    }
}
