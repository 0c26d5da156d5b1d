//! Which file says the version, where several could.

use super::*;

const LOCK: &str = "[[package]]\nname = \"sqlalchemy\"\nversion = \"2.0.36\"\n[[package]]\nname = \"alembic\"\nversion = \"1.13.1\"\n";

fn find(files: &[(&str, &str)]) -> Dependencies {
    let snapshot = Snapshot::in_memory(files.iter().copied());
    Dependencies::find(&snapshot, &RepoPath::new("service/app/migrations"))
}

fn shown(files: &[(&str, &str)]) -> [String; 2] {
    let versions = find(files).versions(None, None);
    [
        versions.sqlalchemy.to_string(),
        versions.alembic.to_string(),
    ]
}

#[test]
fn a_lock_counts_before_bounds_and_pins_before_ranges() {
    assert_eq!(
        shown(&[
            ("uv.lock", LOCK),
            (
                "service/pyproject.toml",
                "[project]\ndependencies = ['sqlalchemy>=1.4', 'alembic']\n"
            ),
        ]),
        ["SQLAlchemy 2.0.36 (uv.lock)", "Alembic 1.13.1 (uv.lock)"]
    );
    assert_eq!(
        shown(&[
            ("requirements.txt", "sqlalchemy==1.4.54\n"),
            (
                "service/setup.cfg",
                "[options]\ninstall_requires = sqlalchemy>=1.3\n"
            ),
        ])[0],
        "SQLAlchemy 1.4.54 (requirements.txt:1)"
    );
}

#[test]
fn what_is_certain_of_a_bounded_version() {
    let first = Version::new(0, 0, 45);
    for (requirement, expected) in [
        ("sqlmodel==0.0.22", Some(false)),
        ("sqlmodel==0.0.45", Some(true)),
        ("sqlmodel<0.0.30", Some(false)),
        ("sqlmodel>=0.0.45,<0.1", Some(true)),
        ("sqlmodel>=0.0.14", None),
        ("sqlmodel", None),
        ("alembic", None),
    ] {
        let found = find(&[("requirements.txt", requirement)]);
        assert_eq!(
            found.is_at_least("sqlmodel", first),
            expected,
            "{requirement}"
        );
    }
    let lock = "[[package]]\nname = \"sqlmodel\"\nversion = \"0.0.22\"\n";
    let pyproject = "[project]\ndependencies = ['sqlmodel>=0.0.14', 'alembic']\n";
    let found = find(&[("uv.lock", lock), ("service/pyproject.toml", pyproject)]);
    assert_eq!(found.is_at_least("sqlmodel", first), Some(false));
}

#[test]
fn the_nearest_file_counts() {
    assert_eq!(
        shown(&[
            ("uv.lock", LOCK),
            ("service/requirements.txt", "SQLAlchemy==1.4.1\n"),
            ("other/requirements.txt", "SQLAlchemy==1.3.1\n"),
        ]),
        [
            "SQLAlchemy 1.4.1 (service/requirements.txt:1)",
            "Alembic 1.13.1 (uv.lock)"
        ]
    );
}

#[test]
fn includes_are_followed_inside_the_repository() {
    assert_eq!(
        shown(&[
            (
                "service/requirements.txt",
                "-r deps/run.list\n-r ../../outside.txt\n-c ../pins.txt\nalembic\n"
            ),
            (
                "service/deps/run.list",
                "-r ../requirements.txt\nsqlalchemy>=2\n"
            ),
            ("pins.txt", "sqlalchemy==2.0.40\nalembic==1.14.0\n"),
        ]),
        [
            "SQLAlchemy 2.0.40 (pins.txt:1)",
            "Alembic 1.14.0 (pins.txt:2)"
        ]
    );
}

#[test]
fn bounds_and_nothing_are_assumed() {
    assert_eq!(
        shown(&[(
            "pyproject.toml",
            "[project]\ndependencies = ['sqlalchemy>=1.4,<2', 'alembic']\n[project.optional-dependencies]\nx = ['sqlalchemy[asyncio]']\n"
        )]),
        [
            "SQLAlchemy 1.4.54 (assumed: the newest for `>=1.4,<2` in pyproject.toml:2)",
            "Alembic 1.19.2 (assumed: the newest for SQLAlchemy 1.4.54)"
        ]
    );
    assert_eq!(
        shown(&[]),
        [
            "SQLAlchemy 2.1.9 (assumed: the newest)",
            "Alembic 1.20.1 (assumed: the newest)"
        ]
    );
    // For different interpreters: nothing satisfies both.
    assert_eq!(
        shown(&[(
            "requirements.txt",
            "sqlalchemy<1.4; python_version<'3'\nsqlalchemy>=1.4,<2; python_version>='3'\n"
        )])[0],
        "SQLAlchemy 1.4.54 (assumed: the newest for `>=1.4,<2` in requirements.txt:2)"
    );
}

#[test]
fn several_versions_in_one_lock() {
    let lock = format!("{LOCK}[[package]]\nname = \"sqlalchemy\"\nversion = \"1.4.54\"\n");
    assert_eq!(
        shown(&[("uv.lock", lock.as_str())])[0],
        "SQLAlchemy 2.0.36 (uv.lock, which has 1.4.54 too)"
    );
}

#[test]
fn broken_files_are_passed_over() {
    let found = find(&[
        ("pyproject.toml", "[project\n"),
        ("Pipfile.lock", "{"),
        ("poetry.lock", "<<<<<<< ours\n"),
        ("setup.py", "setup(install_requires=['sqlalchemy<2'])\n"),
    ]);
    let passed: Vec<&str> = found
        .unreadable()
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(passed, ["poetry.lock", "Pipfile.lock", "pyproject.toml"]);
    assert_eq!(
        found.versions(None, None).sqlalchemy.version,
        Version::new(1, 4, 54)
    );
}

#[test]
fn a_folder_beside_the_migrations_counts_if_nothing_above_does() {
    let files = [
        ("pyproject.toml", "[project]\ndependencies = ['asyncpg']\n"),
        ("docs/requirements.txt", "sqlalchemy==1.2.0\n"),
        ("backend/poetry.lock", LOCK),
    ];
    assert_eq!(shown(&files)[0], "SQLAlchemy 2.0.36 (backend/poetry.lock)");
    let found = find(&files);
    assert!(found.uses("asyncpg") && found.declared_at("asyncpg").is_some());
    assert!(found.uses("alembic") && found.declared_at("alembic").is_none());
    assert!(!found.uses("pymysql"));
}

#[test]
fn the_configuration_comes_first() {
    let found = find(&[("uv.lock", LOCK)]);
    let versions = found.versions(Some("1.4".parse().unwrap()), None);
    assert_eq!(
        versions.sqlalchemy.to_string(),
        "SQLAlchemy 1.4.54 (as configured)"
    );
    assert_eq!(versions.alembic.to_string(), "Alembic 1.13.1 (uv.lock)");
    assert!(!versions.alembic.source.is_assumed());
}

#[test]
fn files_with_a_byte_order_mark_are_read_as_pip_reads_them() {
    let mut bytes = vec![0xFF, 0xFE];
    for unit in "alembic==1.5.8\r\nSQLAlchemy==1.3.24\r\n".encode_utf16() {
        bytes.extend(unit.to_le_bytes());
    }
    let snapshot = Snapshot::in_memory([("requirements.txt", bytes)]);
    let found = Dependencies::find(&snapshot, &RepoPath::new("migrations"));
    let versions = found.versions(None, None);
    assert_eq!(
        versions.alembic.to_string(),
        "Alembic 1.5.8 (requirements.txt:1)"
    );
}

#[test]
fn a_pin_of_another_folder_counts_where_nothing_nearer_pins() {
    let near = ("requirements.txt", "sqlalchemy==1.3.23\nalembic\n");
    let pin = (
        "api/requirements.txt",
        "alembic==1.4.2\nsqlalchemy==1.4.0\n",
    );
    let same = ("worker/requirements.txt", "alembic==1.4.2\n");
    let other = ("tools/requirements.txt", "alembic==1.7.0\n");
    assert_eq!(
        shown(&[near, pin, same]),
        [
            "SQLAlchemy 1.3.23 (requirements.txt:1)",
            "Alembic 1.4.2 (api/requirements.txt:1)"
        ]
    );
    for files in [
        [near, pin, other],
        [
            ("requirements.txt", "sqlalchemy==1.3.23\nalembic>=1.8\n"),
            pin,
            same,
        ],
    ] {
        let [_, alembic] = shown(&files);
        assert!(alembic.contains("assumed"), "{alembic}");
    }
}
