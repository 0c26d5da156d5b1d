//! `schema` and `replay` where the revisions are not as they should be.

use crate::repository::{Repository, file_of, revision};

fn project(revisions: &[(&str, Option<&str>)]) -> Repository {
    let repository = Repository::folder();
    repository.project();
    repository.remove(&file_of("a1"));
    for (id, parent) in revisions {
        repository.revision(id, *parent);
    }
    repository
}

#[test]
fn several_heads_are_all_applied() {
    let repository = project(&[("a1", None), ("b2", Some("a1")), ("c3", Some("a1"))]);
    let answer = repository.lint(&["schema"]);
    assert_eq!(answer.status, 0);
    assert!(answer.err.contains("there are 2 heads"), "{answer:?}");
    assert!(answer.out.starts_with("-- migrations at b2, c3\n"));
    for table in ["t_a1", "t_b2", "t_c3"] {
        assert!(
            answer.out.contains(&format!("CREATE TABLE {table} (")),
            "{answer:?}"
        );
    }
    let answer = repository.lint(&["schema", "--at", "head"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("`heads` takes all of them: `b2`, `c3`"));
    let answer = repository.lint(&["schema", "--at", "b2"]);
    assert!(!answer.out.contains("t_c3"), "{answer:?}");
    assert_eq!(answer.err, "");
}

#[test]
fn heads_of_a_duplicate_id_are_told_with_the_id() {
    let repository = project(&[("a1", None), ("b2", Some("a1")), ("c3", Some("a1"))]);
    repository.write(
        "migrations/versions/c3_other.py",
        revision("c3", Some("a1")),
    );
    let answer = repository.lint(&["check", "--select", "ML101,ML103"]);
    assert!(answer.out.contains("ML103"), "{answer:?}");
    assert!(!answer.out.contains("ML101"), "{answer:?}");
    let answer = repository.lint(&["check", "--select", "ML101"]);
    assert!(answer.out.contains("ML101"), "{answer:?}");
}

#[test]
fn a_missing_parent_is_a_warning() {
    let repository = project(&[("b2", Some("a1"))]);
    for command in ["schema", "replay"] {
        let answer = repository.lint(&[command]);
        assert_eq!(answer.status, 0);
        assert!(
            answer
                .err
                .contains("warning: `b2` follows `a1`, which is missing"),
            "{answer:?}"
        );
        assert_eq!(repository.lint(&[command, "--quiet"]).err, "");
    }
}

#[test]
fn circles_are_replayed_all_the_same() {
    let repository = project(&[("a1", Some("b2")), ("b2", Some("a1"))]);
    let answer = repository.lint(&["replay"]);
    assert_eq!(answer.status, 0);
    assert!(answer.err.contains("`a1`, `b2` lead back to themselves"));
    assert!(answer.out.contains("2 revisions: ✓ 2 proven reversible"));
    let answer = repository.lint(&["schema"]);
    assert!(
        answer.out.starts_with("-- migrations after all revisions"),
        "{answer:?}"
    );
}

#[test]
fn nothing_to_replay() {
    let empty = Repository::folder();
    for command in ["schema", "replay"] {
        let answer = empty.lint(&[command]);
        assert_eq!(answer.status, 2);
        assert!(answer.err.contains("no Alembic environment was found"));
    }
    let repository = project(&[]);
    repository.write("migrations/versions/.gitkeep", "");
    let answer = repository.lint(&["replay"]);
    assert_eq!(answer.status, 0);
    assert!(answer.err.contains("`migrations` has no revisions"));
    assert!(answer.out.starts_with("No revisions.\n"));
    let answer = repository.lint(&["schema"]);
    assert_eq!(answer.status, 0);
    assert!(
        answer
            .out
            .starts_with("-- migrations before the first revision"),
        "{answer:?}"
    );
}

#[test]
fn several_environments_are_asked_for() {
    let repository = project(&[("a1", None)]);
    repository.write("other/env.py", "target_metadata = None\n");
    repository.write("other/versions/x1.py", revision("x1", None));
    repository.write(
        "alembic.ini",
        "[alembic]\nscript_location = migrations\n[other]\nscript_location = other\n",
    );
    let answer = repository.lint(&["replay"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer
            .err
            .contains("choose one with `--environment`: `migrations`, `other`"),
        "{answer:?}"
    );
    let answer = repository.lint(&["replay", "--environment", "other"]);
    assert_eq!(answer.status, 0);
    assert!(answer.out.contains("x1"), "{answer:?}");
}

#[test]
fn histories_of_one_environment_are_told_apart() {
    let repository = project(&[]);
    for (folder, id) in [("postgresql", "p1"), ("sqlite", "s1")] {
        let file = format!("migrations/versions/{folder}/{id}_x.py");
        repository.write(&file, revision(id, None));
    }
    let answer = repository.lint(&["replay"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.err.contains("`migrations/versions/postgresql`"),
        "{answer:?}"
    );
    let answer = repository.lint(&["replay", "--environment", "migrations/versions/sqlite"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.out.contains("s1") && !answer.out.contains("p1"));
    let answer = repository.lint(&["schema", "--environment", "migrations"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.err.contains("`migrations` are several"),
        "{answer:?}"
    );
}

#[test]
fn options_may_stand_before_the_command() {
    let repository = project(&[("a1", None)]);
    let answer = repository.lint(&["--no-git", "replay"]);
    assert!(answer.out.contains("1 revision: "), "{answer:?}");
    // Those of `check` would be passed over.
    for flag in ["--staged", "--statistics", "--select=ML1"] {
        let answer = repository.lint(&[flag, "replay"]);
        assert_eq!(answer.status, 2);
        let name = flag.split('=').next().unwrap();
        let message = format!("`{name}` cannot stand before the command `replay`");
        assert!(answer.err.contains(&message), "{answer:?}");
    }
}

#[test]
fn functions_are_treated_as_operations() {
    let repository = project(&[]);
    repository.write("tools/__init__.py", "");
    repository.write(
        "tools/helpers.py",
        "import vendor\ndef make(name, *columns):\n    vendor.run(name, columns)\n",
    );
    repository.write(
        &file_of("a1"),
        "\"\"\"a1\n\nRevision ID: a1\nRevises: \n\"\"\"\nimport vendor.ddl\nimport sqlalchemy as sa\nfrom tools import helpers\nfrom tools.helpers import make\nrevision = 'a1'\ndown_revision = None\ndef upgrade():\n    make('one', sa.Column('id', sa.Integer(), primary_key=True))\n    helpers.make('two', sa.Column('id', sa.Integer(), primary_key=True))\n    vendor.ddl.index('by_id', 'one', ['id'])\ndef downgrade():\n    vendor.ddl.remove('two')\n    vendor.ddl.remove('one')\n",
    );
    let answer = repository.lint(&["schema"]);
    assert!(!answer.out.contains("TABLE one"), "{answer:?}");
    repository.write(
        "migrate-lint.toml",
        "[treat-as]\n\"tools.helpers.make\" = \"op.create_table\"\n\"vendor.ddl.index\" = \"op.create_index\"\n\"vendor.ddl.remove\" = \"op.drop_table\"\n",
    );
    let answer = repository.lint(&["replay"]);
    assert!(
        answer.out.contains("1 revision: ✓ 1 proven reversible"),
        "{answer:?}"
    );
    let answer = repository.lint(&["schema"]);
    for made in ["TABLE one", "TABLE two", "INDEX by_id ON one"] {
        assert!(answer.out.contains(made), "{answer:?}");
    }
}

#[test]
fn an_initial_metadata_that_is_not_there_is_said_to_be_missing() {
    let repository = project(&[("a1", None)]);
    repository.write(
        "app/first.py",
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\nsa.Table('old', metadata, sa.Column('id', sa.Integer))\n",
    );
    for (name, is_found) in [("app.first:metadata", true), ("app.first:meta", false)] {
        let configuration = format!("initial-metadata = \"{name}\"\n");
        repository.write("migrate-lint.toml", configuration);
        for command in ["schema", "replay", "check"] {
            let answer = repository.lint(&[command]);
            let is_said = answer
                .err
                .contains("`initial-metadata` leads to no metadata");
            assert_eq!(is_said, !is_found, "{name} {command} {answer:?}");
        }
        let answer = repository.lint(&["schema"]);
        assert_eq!(answer.out.contains("CREATE TABLE old"), is_found);
    }
    repository.write("migrate-lint.toml", "initial-metadata = \"app.first\"\n");
    assert_eq!(repository.lint(&["check"]).status, 2);
}

#[test]
fn a_database_may_be_set_up_with_sql() {
    let repository = project(&[("a1", None)]);
    repository.write("db/init.sql", "CREATE TABLE old (id integer);\n");
    repository.write("migrate-lint.toml", "initial-sql = [\"./db/init.sql\"]\n");
    let answer = repository.lint(&["schema"]);
    assert!(answer.out.contains("CREATE TABLE old"), "{answer:?}");
    assert_eq!(answer.err, "");
    repository.remove("db/init.sql");
    for command in ["schema", "replay", "check"] {
        let answer = repository.lint(&[command]);
        let message = "`initial-sql` names a file that is not there: `db/init.sql`";
        assert!(answer.err.contains(message), "{command} {answer:?}");
    }
}

#[test]
fn hostile_names_do_no_harm() {
    let repository = project(&[]);
    repository.write(
        &file_of("a1"),
        r#""""\x1b[2J message
with lines"""
import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.create_table(
        'direction LR"; --\x1b[31m\u202e',
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column('a"\nDROP TABLE x; --', sa.Text(), server_default="it's \\"),
        sa.Column('~x~', sa.Enum("a'", "\x1b]0;b", name='E" (')),
        comment="a\nb",
    )
    op.execute("\x1b[1m what /* is \u202e this")


def downgrade():
    op.drop_table('\x9b x')
"#,
    );
    for arguments in [
        &["schema"][..],
        &["schema", "--output-format", "mermaid"],
        &["schema", "--output-format", "json"],
        &["schema", "--dialect", "mysql"],
        &["schema", "--dialect", "sqlite"],
        &["replay"],
        &["replay", "--verbose"],
        &["replay", "--output-format", "json"],
    ] {
        let answer = repository.lint(arguments);
        assert_eq!(answer.status, 0, "{arguments:?}: {answer:?}");
        for harmful in ['\u{1b}', '\u{9b}', '\u{202e}'] {
            assert!(
                !answer.out.contains(harmful) && !answer.err.contains(harmful),
                "{arguments:?}: {answer:?}"
            );
        }
    }
    let answer = repository.lint(&["schema"]);
    assert!(
        answer
            .out
            .contains("    \"a\"\"\nDROP TABLE x; --\" text DEFAULT 'it''s \\',\n"),
        "{answer:?}"
    );
    let answer = repository.lint(&["schema", "--output-format", "mermaid"]);
    assert!(
        answer.out.contains("    integer _pk PK \"pk\"\n"),
        "{answer:?}"
    );
    assert!(!answer.out.contains("direction LR"), "{answer:?}");
}

#[test]
fn drift_is_shown_as_the_operations_that_would_end_it() {
    let repository = Repository::folder();
    repository.write("alembic.ini", "[alembic]\nscript_location = migrations\n");
    repository.write(
        "migrations/env.py",
        "from alembic import context\nfrom models import Base\ncontext.configure(url=\"postgresql://\", target_metadata=Base.metadata)\n",
    );
    repository.write(
        "models.py",
        r#"
import enum
from sqlalchemy import CheckConstraint, Column, Enum, ForeignKey, Index, Integer, Numeric, String, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Mood(enum.Enum):
    good = 1
class Log(Base):
    __tablename__ = "log"
    __table_args__ = (CheckConstraint("size > 0", name="positive"), {"schema": "audit"})
    id = Column(Integer, primary_key=True)
    size = Column(Numeric(10, 2), server_default="0")
    mood = Column(Enum(Mood))
    tags = Column(postgresql.ARRAY(String(9)), nullable=False, comment='its "tags"')
class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String(50), nullable=False)
    mail = Column(String, unique=True)
    log_id = Column(ForeignKey("audit.log.id", ondelete="CASCADE"), index=True)
"#,
    );
    repository.write(
        "migrations/versions/a1.py",
        revision("a1", None).replace(
            "    op.create_table(\"t_a1\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n",
            "    op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True), \
             sa.Column(\"name\", sa.String(20)), sa.Column(\"gone\", sa.Text()))\n    \
             op.create_index(\"ix_old\", \"users\", [\"name\"])\n    op.create_table(\"old\")\n",
        ),
    );
    let answer = repository.lint(&["drift", "--output-format", "operations"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(
        answer.out,
        r#"op.create_table(
    "log",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("size", sa.Numeric(precision=10, scale=2), server_default=sa.text("0"), nullable=True),
    sa.Column("mood", sa.Enum("good", name="mood"), nullable=True),
    sa.Column("tags", postgresql.ARRAY(sa.String(length=9)), nullable=False, comment="its \"tags\""),
    sa.PrimaryKeyConstraint("id", name="log_pkey"),
    sa.CheckConstraint("size > 0", name="positive"),
    schema="audit",
)
op.add_column("users", sa.Column("log_id", sa.Integer(), nullable=True))
op.add_column("users", sa.Column("mail", sa.String(), nullable=True))
op.alter_column("users", "name", existing_type=sa.String(length=20), type_=sa.String(length=50), nullable=False)
op.drop_index("ix_old", table_name="users")
op.create_index("ix_users_log_id", "users", ["log_id"], unique=False)
op.create_unique_constraint("users_mail_key", "users", ["mail"])
op.create_foreign_key("users_log_id_fkey", "users", "log", ["log_id"], ["id"], referent_schema="audit", ondelete="CASCADE")
op.drop_column("users", "gone")
op.drop_table("old")

# to read; let Alembic write the migration: alembic revision --autogenerate -m "…"
"#
    );
}
