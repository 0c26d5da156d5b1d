//! How long parsing, the revision map, the interpreter, the replay and a whole check take. `cargo bench`.
//!
//! `MIGRATE_LINT_BENCH=FOLDER cargo bench real` measures a repository of your own.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::PathBuf;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use migrate_lint::alembic::{Revision, RevisionMap, ScriptDirectory, discover};
use migrate_lint::config::Settings;
use migrate_lint::dialect::Dialect;
use migrate_lint::git::{Repository, Snapshot};
use migrate_lint::linter::{Input, lint};
use migrate_lint::project::Project;
use migrate_lint::python::{Interpreter, ModuleFinder, NoHost, ParseCache, Sources, parse};
use migrate_lint::source::RepoPath;

/// As the program has it.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

/// A migration of the usual size: two tables, an index, a column.
fn migration(index: usize) -> String {
    let parent = match index {
        0 => "None".to_owned(),
        _ => format!("\"{:012x}\"", index - 1),
    };
    format!(
        r#""""Add table {index}

Revision ID: {index:012x}
Revises: {parent}
Create Date: 2026-01-01 00:00:00

"""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision = "{index:012x}"
down_revision = {parent}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_{index}",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.Enum("new", "active", "gone", name="account_state_{index}"), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "entry_{index}",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account_{index}.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_entry_{index}_account_id"), "entry_{index}", ["account_id"], unique=False)
    op.add_column("account_{index}", sa.Column("note", sa.Text(), nullable=True))
    op.execute("UPDATE account_{index} SET note = ''")


def downgrade() -> None:
    op.drop_column("account_{index}", "note")
    op.drop_index(op.f("ix_entry_{index}_account_id"), table_name="entry_{index}")
    op.drop_table("entry_{index}")
    op.drop_table("account_{index}")
    op.execute("DROP TYPE account_state_{index}")
"#
    )
}

/// A project of so many revisions in one line.
fn project(revisions: usize, text: impl Fn(usize) -> String) -> Snapshot {
    let mut files = vec![
        (
            "alembic.ini".to_owned(),
            "[alembic]\nscript_location = migrations\n".to_owned(),
        ),
        (
            "migrations/env.py".to_owned(),
            "from alembic import context\ntarget_metadata = None\ncontext.configure()\n".to_owned(),
        ),
    ];
    files.extend((0..revisions).map(|index| {
        (
            format!("migrations/versions/{index:012x}_table.py"),
            text(index),
        )
    }));
    Snapshot::in_memory(files)
}

#[divan::bench]
fn parse_a_migration(bencher: Bencher<'_, '_>) {
    let text = migration(1);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench_local(|| parse(&text));
}

#[divan::bench(args = [100, 10_000])]
fn revision_map(bencher: Bencher<'_, '_>, count: usize) {
    let bare = |index: usize| {
        let parent = match index {
            0 => "None".to_owned(),
            // Every tenth pair of revisions parts and joins again.
            _ if index % 10 == 5 => format!("'{}'", index - 2),
            _ if index % 10 == 6 => format!("('{}', '{}')", index - 1, index - 2),
            _ => format!("'{}'", index - 1),
        };
        format!("revision = '{index}'\ndown_revision = {parent}\n")
    };
    let snapshot = project(count, bare);
    let cache = ParseCache::default();
    let sources = Sources::new(&snapshot, &cache);
    let found = discover(&sources, &[]);
    let scripts = ScriptDirectory::load(found.environments.first().unwrap(), &sources);
    let revisions: Vec<Arc<Revision>> = scripts.revisions().map(Arc::clone).collect();
    assert_eq!(revisions.len(), count);
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        let map = RevisionMap::new(revisions.iter().map(Arc::clone));
        assert_eq!(map.heads().len(), 1);
        map.topological_order().len()
    });
}

#[divan::bench(args = [300])]
fn whole_check(bencher: Bencher<'_, '_>, revisions: usize) {
    let snapshot = project(revisions, migration);
    let settings = Settings::default();
    bencher.counter(ItemsCount::new(revisions)).bench_local(|| {
        let input = Input {
            head: &snapshot,
            change: None,
            settings: &settings,
        };
        let outcome = lint(&input, &ParseCache::default()).unwrap();
        assert_eq!(outcome.summary.judged, revisions);
    });
}

/// Both directions of every revision, with the state after each.
#[divan::bench(args = [100, 1_000])]
fn replay(bencher: Bencher<'_, '_>, revisions: usize) {
    let snapshot = project(revisions, migration);
    let settings = Settings::default();
    let cache = ParseCache::default();
    // Parsing is measured by itself.
    Project::load(&Sources::new(&snapshot, &cache), &settings);
    bencher.counter(ItemsCount::new(revisions)).bench_local(|| {
        let sources = Sources::new(&snapshot, &cache);
        let project = Project::load(&sources, &settings);
        let history = project.environments.first().unwrap().replay();
        assert_eq!(history.catalog.tables.len(), revisions * 2);
    });
}

/// Functions, loops and formatted text: what a migration does besides calling operations.
const CODE: &str = r#"
TABLES = ["account", "team", "entry"]
TYPES = {name: f"{name}_state" for name in TABLES}

def quoted(*names):
    return ", ".join('"%s"' % name for name in names)

def statements(table, count):
    for index in range(count):
        if index % 2 == 0:
            yield f"ALTER TABLE {quoted(table)} ADD COLUMN c{index} {TYPES[table]}"
        else:
            yield "UPDATE {} SET c{} = NULL".format(quoted(table), index - 1)

result = [text.strip() for table in TABLES for text in statements(table, 50)]
"#;

#[divan::bench]
fn interpret(bencher: Bencher<'_, '_>) {
    let snapshot = Snapshot::in_memory([("main.py", CODE)]);
    let cache = ParseCache::default();
    bencher.bench_local(|| {
        let sources = Sources::new(&snapshot, &cache);
        let finder = ModuleFinder::new(&snapshot, []);
        let mut interpreter = Interpreter::new(&sources, &finder, NoHost);
        let module = interpreter.run_file(&RepoPath::new("main.py")).unwrap();
        assert!(!interpreter.is_exhausted());
        interpreter.module_attribute(module, "result").unwrap()
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "the folder to measure is given by whoever runs the benchmark"
)]
fn real_folder() -> Option<PathBuf> {
    std::env::var_os("MIGRATE_LINT_BENCH").map(PathBuf::from)
}

#[divan::bench(ignore = real_folder().is_none())]
fn real_repository(bencher: Bencher<'_, '_>) {
    let folder = real_folder().unwrap();
    let settings = Settings::default();
    bencher.bench_local(|| {
        let repository = Repository::discover(&folder).unwrap().unwrap();
        let head = repository.worktree_snapshot().unwrap();
        let input = Input {
            head: &head,
            change: None,
            settings: &settings,
        };
        lint(&input, &ParseCache::default()).unwrap().summary
    });
}

/// Raw SQL of a migration: a table, an index, a guarded type, rows.
const SQL: &str = "
CREATE TABLE IF NOT EXISTS account (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name varchar(255) NOT NULL DEFAULT '' CHECK (name <> ''),
    team_id bigint REFERENCES team (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX CONCURRENTLY ix_account_name ON account (lower(name)) WHERE team_id IS NOT NULL;
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN
        CREATE TYPE mood AS ENUM ('sad', 'ok');
    END IF;
END $$;
UPDATE account SET name = 'x' WHERE id = :id;
";

#[divan::bench(args = [Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite])]
fn parse_sql(bencher: Bencher<'_, '_>, dialect: Dialect) {
    bencher
        .counter(BytesCount::of_str(SQL))
        .bench(|| migrate_lint::sql::parse(SQL, dialect, &|_| None));
}

/// Defaults, checks and predicates are spelled for every column and constraint of a history.
#[divan::bench]
fn canonical_expression(bencher: Bencher<'_, '_>) {
    let text = "((state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])) AND (x IS NOT NULL)";
    bencher
        .counter(BytesCount::of_str(text))
        .bench(|| migrate_lint::sql::canonical_expression(text, Dialect::PostgreSql));
}
