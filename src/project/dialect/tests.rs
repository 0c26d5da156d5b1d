//! How the database of a project is found.

use super::*;
use crate::config::Settings;
use crate::git::Snapshot;
use crate::project::Project;
use crate::python::ParseCache;

const INI: &str = "[alembic]\nscript_location = migrations\n";

fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let base = [("alembic.ini", INI), ("migrations/env.py", "")];
    let snapshot = Snapshot::in_memory(base.iter().chain(files).copied());
    let cache = ParseCache::default();
    let sources = Sources::new(&snapshot, &cache);
    let project = Project::load(&sources, &Settings::default());
    let dialects = project.environments.iter();
    dialects
        .map(|environment| environment.dialect().to_string())
        .collect()
}

fn revision(imports: &str) -> String {
    format!("{imports}\nrevision = 'a'\ndown_revision = None\n")
}

#[test]
fn a_url_in_the_ini_or_in_env_py() {
    let ini = |url: &str| format!("{INI}sqlalchemy.url = {url}\n");
    assert_eq!(
        shown(&[("alembic.ini", &ini("mysql+pymysql://root@db/x"))]),
        ["mysql (alembic.ini:3)"]
    );
    assert_eq!(
        shown(&[
            ("alembic.ini", &ini("driver://user:pass@localhost/dbname")),
            (
                "migrations/env.py",
                "# 'postgresql://x'\nconfig.set_main_option('sqlalchemy.url', f\"sqlite:///{path}\")\n"
            ),
        ]),
        ["sqlite (migrations/env.py:2)"]
    );
    assert_eq!(
        shown(&[(
            "migrations/env.py",
            "url = 'mysql://x' if mysql else 'sqlite://'\n"
        )]),
        ["postgresql (assumed)"]
    );
}

#[test]
fn another_database_is_named_and_not_taken_for_one_of_ours() {
    let ini = format!("{INI}sqlalchemy.url = mssql+pyodbc://a\n");
    let said = shown(&[("alembic.ini", &ini)]);
    assert_eq!(
        said,
        ["postgresql (assumed: mssql in alembic.ini:3 is a database that is not read)"]
    );
    let imports = revision("from sqlalchemy.dialects import oracle\n");
    let said = shown(&[
        ("alembic.ini", INI),
        ("migrations/versions/b1.py", &imports),
    ]);
    assert!(
        said[0].contains("oracle in migrations/versions/b1.py"),
        "{said:?}"
    );
    // What is for one of ours counts before.
    let both = format!("{imports}from sqlalchemy.dialects import postgresql\n");
    let said = shown(&[("alembic.ini", INI), ("migrations/versions/b1.py", &both)]);
    assert!(
        said[0].starts_with("postgresql (sqlalchemy.dialects"),
        "{said:?}"
    );
}

#[test]
fn a_url_of_sqlite_is_not_believed_against_the_migrations() {
    let ini = format!("{INI}sqlalchemy.url = sqlite:///overridden\n");
    let text = revision("from sqlalchemy.dialects import mysql");
    assert_eq!(
        shown(&[("alembic.ini", &ini), ("migrations/versions/a.py", &text)]),
        ["mysql (sqlalchemy.dialects.mysql in 1 of 1 revisions)"]
    );
    assert_eq!(
        shown(&[("alembic.ini", &ini), ("requirements.txt", "PyMySQL\n")]),
        ["mysql (pymysql in requirements.txt:1)"]
    );
    assert_eq!(shown(&[("alembic.ini", &ini)]), ["sqlite (alembic.ini:3)"]);
}

#[test]
fn arguments_for_a_dialect_and_questions_for_it() {
    let ini = format!("{INI}sqlalchemy.url = sqlite:///overridden\n");
    let said = |text: &str, model: &str| {
        let text = revision(text);
        shown(&[
            ("alembic.ini", &ini),
            ("migrations/versions/a.py", &text),
            ("app/models.py", model),
        ])
    };
    assert_eq!(
        said("op.create_table('a', mysql_ENGINE='InnoDB')", ""),
        ["mysql (mysql_… arguments in 1 of 1 revisions)"]
    );
    assert_eq!(
        said("", "__table_args__ = {'mysql_charset': 'utf8'}"),
        ["mysql (mysql_… arguments in app/models.py)"]
    );
    assert_eq!(
        said("if op.get_bind().dialect.name == 'mysql':\n    pass", ""),
        ["mysql (1 of 1 revisions ask for it by its name)"]
    );
    // Those of SQLite say no more than its URL.
    assert_eq!(
        said("op.create_table('a', sqlite_autoincrement=True)", ""),
        ["sqlite (alembic.ini:3)"]
    );
    let files = [
        ("alembic.ini", ini.as_str()),
        ("requirements.txt", "oslo.db>=11\n"),
        ("test-requirements.txt", "psycopg2\n"),
    ];
    assert_eq!(shown(&files), ["mysql (oslo-db in requirements.txt:1)"]);
}

#[test]
fn of_equal_ones_postgresql() {
    let both = revision("from sqlalchemy.dialects import mysql, postgresql");
    let one = revision("from sqlalchemy.dialects.mysql import LONGTEXT");
    assert_eq!(
        shown(&[
            ("migrations/versions/a.py", &both),
            ("migrations/versions/b.py", &one)
        ]),
        ["postgresql (sqlalchemy.dialects.postgresql in 1 of 2 revisions)"]
    );
    assert_eq!(
        shown(&[("requirements.txt", "pymysql\naiosqlite\nasyncpg\n")]),
        ["postgresql (asyncpg in requirements.txt:3)"]
    );
    assert_eq!(shown(&[]), ["postgresql (assumed)"]);
}

#[test]
fn a_url_in_a_module_that_env_py_leads_to() {
    let env = ("migrations/env.py", "from app.db import Base, engine\n");
    let db = (
        "app/db.py",
        "from .config import config\nconfig = config['prod']\n",
    );
    let config = |text| [("app/__init__.py", ""), env, db, ("app/config.py", text)];
    assert_eq!(
        shown(&config("HOME = 1\nURL = 'sqlite:///{}/db'.format(HOME)\n")),
        ["sqlite (app/config.py:2)"]
    );
    assert_eq!(
        shown(&config("A = 'sqlite:///a'\nB = 'mysql://b'\n")),
        ["postgresql (assumed)"]
    );
    assert_eq!(
        shown(&config("A = get('URL', 'sqlite:///a')\n")),
        ["postgresql (assumed)"]
    );
    // What else is known comes first.
    let mut files = config("URL = 'sqlite:///a'\n").to_vec();
    files.push(("requirements.txt", "psycopg2\n"));
    assert_eq!(
        shown(&files),
        ["postgresql (psycopg2 in requirements.txt:1)"]
    );
}

#[test]
fn a_pragma_for_every_connection() {
    let said = |env: &str| shown(&[("migrations/env.py", env)]);
    let run =
        "def connect(connection, record):\n    connection.execute('PRAGMA foreign_keys=OFF')\n";
    assert_eq!(said(run), ["sqlite (a PRAGMA in migrations/env.py:2)"]);
    for asking in [
        "def connect(connection, record):\n    if asks():\n        connection.execute('PRAGMA foreign_keys=OFF')\n",
        "def connect(connection, record):\n    if asks():\n        return\n    connection.execute('PRAGMA a')\n",
    ] {
        assert_eq!(said(asking), ["postgresql (assumed)"], "{asking}");
    }
}

#[test]
fn folders_of_revisions_for_each_dialect() {
    let text = revision("");
    assert_eq!(
        shown(&[
            ("migrations/versions/postgresql/a.py", &text),
            ("migrations/versions/sqlite/a.py", &text),
        ]),
        [
            "postgresql (the folder migrations/versions/postgresql)",
            "sqlite (the folder migrations/versions/sqlite)"
        ]
    );
}

#[test]
fn a_url_in_settings_that_are_no_code() {
    let needs = ("requirements.txt", "Flask-Migrate\n");
    let sample = (".env.example", "HOST=a\nURL=\"sqlite:////tmp/a.db\"\n");
    let start = (
        "entrypoint.sh",
        "sed -i 's#URL.*#URL=sqlite:///a.db#' .env\n",
    );
    assert_eq!(shown(&[needs, sample, start]), ["sqlite (.env.example:2)"]);
    for other in [
        // Several are named.
        ("docker-compose.yml", "image: postgres:16\n"),
        ("README.md", "Set `URL` to `mysql://…` for more users.\n"),
        ("README.md", "Or `mssql+pyodbc://…`.\n"),
        ("requirements.txt", "Flask-Migrate\npsycopg2\n"),
    ] {
        let said = shown(&[needs, sample, start, other]);
        assert!(said[0].starts_with("postgresql"), "{other:?}: {said:?}");
    }
    // What is needed is not known.
    assert_eq!(shown(&[sample, start]), ["postgresql (assumed)"]);
}

#[test]
fn types_of_one_server_and_another_that_is_set_up() {
    let needs = ("requirements.txt", "alembic\nsqlalchemy\n");
    let types = revision("from sqlalchemy.dialects import mysql");
    let types = ("migrations/versions/a.py", types.as_str());
    let compose = ("compose.yaml", "URL: postgresql://root@db/x\n");
    let said = shown(&[needs, types, compose]);
    assert_eq!(said, ["postgresql (compose.yaml:1)"]);
    let sample = (".env.example", "URL=sqlite:///a.db\n");
    let said = shown(&[needs, types, sample]);
    assert!(said[0].starts_with("mysql"), "{said:?}");
}

#[test]
fn sqlite_where_batches_are_rendered_and_the_code_names_nothing_else() {
    let needs = ("requirements.txt", "alembic\nsqlalchemy\n");
    let env = (
        "migrations/env.py",
        "context.configure(render_as_batch=True)\n",
    );
    let code = ("app/settings.py", "path = f'sqlite:///{folder}/app.db'\n");
    assert_eq!(shown(&[needs, env, code]), ["sqlite (app/settings.py:1)"]);
    let other = (
        "app/other.py",
        "if url.startswith('postgresql'):\n    pass\n",
    );
    assert_eq!(shown(&[needs, env, code, other]), ["postgresql (assumed)"]);
    assert_eq!(shown(&[needs, code]), ["postgresql (assumed)"]);
    assert_eq!(shown(&[env, code]), ["postgresql (assumed)"]);
}
