//! Repositories made by git, and what the program says of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder that is removed at the end of the test.
pub(crate) struct Repository {
    _folder: TempDir,
    root: PathBuf,
    /// Given to git and to the program, besides a clean environment.
    variables: Vec<(String, String)>,
}

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    fn new(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The codes of the findings, in order, from concise output.
    pub(crate) fn codes(&self) -> Vec<&str> {
        self.out
            .lines()
            .filter_map(|line| line.split_once("[ML"))
            .filter_map(|(_, rest)| rest.get(..3))
            .collect()
    }
}

impl Repository {
    /// A folder without git.
    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir(&root).unwrap();
        Self {
            _folder: folder,
            root,
            variables: Vec::new(),
        }
    }

    /// `git init` with further arguments.
    pub(crate) fn init(arguments: &[&str]) -> Self {
        let repository = Self::folder();
        let mut all = vec!["init", "--quiet", "--initial-branch=main"];
        all.extend(arguments);
        repository.git(&all);
        repository
    }

    /// A repository with an environment of one revision, committed.
    pub(crate) fn with_project() -> Self {
        let repository = Self::init(&[]);
        repository.project();
        repository.git(&["add", "."]);
        repository.git(&["commit", "--quiet", "-m", "one"]);
        repository
    }

    /// Writes an environment of one revision.
    pub(crate) fn project(&self) {
        self.write(
            "alembic.ini",
            "[alembic]\nscript_location = %(here)s/migrations\n",
        );
        self.write(
            "migrations/env.py",
            // Revisions that tests make have tables without models, mostly.
            "from alembic import context\nfrom shop.models import Base\n\n\ndef include_name(name, type_, parents):\n    return type_ != \"table\" or name == \"t_a1\"\n\n\ntarget_metadata = Base.metadata\ncontext.configure(target_metadata=target_metadata, include_name=include_name)\n",
        );
        self.write("shop/models.py", models(""));
        self.revision("a1", None);
    }

    /// Writes a revision that creates a table.
    pub(crate) fn revision(&self, id: &str, parent: Option<&str>) {
        self.write(&file_of(id), revision(id, parent));
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let file = self.root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    /// Runs git, which must succeed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let answer = self.try_git(arguments);
        assert_eq!(answer.status, 0, "git {arguments:?}: {answer:?}");
        answer.out.trim().to_owned()
    }

    pub(crate) fn try_git(&self, arguments: &[&str]) -> Answer {
        self.try_git_in(&self.root, arguments)
    }

    pub(crate) fn try_git_in(&self, folder: &Path, arguments: &[&str]) -> Answer {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(folder);
        self.prepare(&mut command);
        Answer::new(&command.output().unwrap())
    }

    /// Stages everything and commits it.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs the program; findings come one on a line.
    pub(crate) fn lint(&self, arguments: &[&str]) -> Answer {
        self.lint_in(&self.root, arguments)
    }

    pub(crate) fn lint_in(&self, folder: &Path, arguments: &[&str]) -> Answer {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(folder);
        self.prepare(&mut command);
        let is_check = arguments.first().is_some_and(|command| *command == "check");
        if is_check && !arguments.contains(&"--output-format") {
            command.args(["--output-format", "concise"]);
        }
        let answer = Answer::new(&command.output().unwrap());
        assert!(
            !answer.err.contains("panicked") && !answer.err.contains("this is a bug"),
            "{arguments:?}: {answer:?}"
        );
        answer
    }

    /// An environment of variables in which nothing of this machine shows.
    fn prepare(&self, command: &mut Command) {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let home = self.root.parent().unwrap();
        command
            .env_clear()
            .env("PATH", folders)
            .env("HOME", home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "A")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_NAME", "A")
            .env("GIT_COMMITTER_EMAIL", "a@example.org")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
    }
}

pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_migrate-lint"))
}

pub(crate) fn file_of(id: &str) -> String {
    format!("migrations/versions/{id}.py")
}

pub(crate) fn revision(id: &str, parent: Option<&str>) -> String {
    let down = parent.map_or("None".to_owned(), |parent| format!("\"{parent}\""));
    let revises = parent.map_or(String::new(), |parent| format!(" {parent}"));
    format!(
        r#""""{id}

Revision ID: {id}
Revises:{revises}
"""
import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {down}


def upgrade():
    op.create_table("t_{id}", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade():
    op.drop_table("t_{id}")
"#
    )
}

/// A revision that gives `t_a1` a column.
pub(crate) fn revision_with_column(id: &str, parent: &str, column: &str) -> String {
    revision(id, Some(parent))
        .replace(
            &format!(
                "op.create_table(\"t_{id}\", sa.Column(\"id\", sa.Integer(), primary_key=True))"
            ),
            &format!("op.add_column(\"t_a1\", sa.Column(\"{column}\", sa.String()))"),
        )
        .replace(
            &format!("op.drop_table(\"t_{id}\")"),
            &format!("op.drop_column(\"t_a1\", \"{column}\")"),
        )
}

/// The models of `shop/models.py`, with further lines in the class of `t_a1`.
pub(crate) fn models(lines: &str) -> String {
    format!(
        r#"from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class A1(Base):
    __tablename__ = "t_a1"

    id = Column(Integer, primary_key=True)
{lines}"#
    )
}
