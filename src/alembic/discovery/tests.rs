//! Layouts of repositories, and what is found in them.

use super::*;
use crate::python::ParseCache;

fn found(files: &[(&str, &str)]) -> (Vec<String>, Discovery) {
    let snapshot = Snapshot::in_memory(files.iter().copied());
    let cache = ParseCache::default();
    let discovery = discover(&Sources::new(&snapshot, &cache), &[]);
    let environments = discovery
        .environments
        .iter()
        .map(|environment| {
            let versions: Vec<&str> = environment
                .version_locations
                .iter()
                .map(RepoPath::as_str)
                .collect();
            let recursive = if environment.recursive {
                " recursive"
            } else {
                ""
            };
            format!(
                "{}: {}{recursive}",
                environment.script_location,
                versions.join(" ")
            )
        })
        .collect();
    (environments, discovery)
}

#[test]
fn several_sections_are_several_environments() {
    let ini = "[alembic]\nfile_template = %%(rev)s\n[core]\nscript_location = shop:revisions/core\n[tenant]\nscript_location = shop:revisions/tenant\n";
    let (environments, _) = found(&[
        ("src/shop/alembic.ini", ini),
        ("src/shop/__init__.py", ""),
        (
            "src/shop/revisions/core/env.py",
            "from alembic import context",
        ),
        ("src/shop/revisions/core/versions/a.py", ""),
        (
            "src/shop/revisions/tenant/env.py",
            "from alembic import context",
        ),
        ("src/shop/revisions/tenant/versions/b.py", ""),
    ]);
    assert_eq!(
        environments,
        [
            "src/shop/revisions/core: src/shop/revisions/core/versions",
            "src/shop/revisions/tenant: src/shop/revisions/tenant/versions",
        ]
    );
}

#[test]
fn version_locations_with_separators() {
    let ini = "[alembic]\nscript_location = %(here)s/db\npath_separator = newline\nversion_locations =\n    %(here)s/db/versions\n    plugins/x\n    other_package:versions\n";
    let (environments, discovery) = found(&[
        ("alembic.ini", ini),
        ("db/env.py", ""),
        ("db/versions/a.py", ""),
        ("plugins/x/b.py", ""),
    ]);
    assert_eq!(environments, ["db: db/versions plugins/x"]);
    assert_eq!(
        discovery.environments[0].outside,
        ["other_package:versions"]
    );
}

#[test]
fn scripts_without_env_py_belong_to_the_environment_that_has_their_revisions() {
    let root = "[alembic]\nscript_location = shop:db\nversion_locations = shop:db/versions plug:db/versions\n";
    let plugin = "[alembic]\nscript_location = plug:db\n";
    let layout = |root: &str, env: &str| {
        found(&[
            ("alembic.ini", root),
            ("shop/__init__.py", ""),
            ("shop/db/env.py", ""),
            ("shop/db/versions/a.py", ""),
            ("plugins/plug/alembic.ini", plugin),
            ("plugins/plug/plug/__init__.py", ""),
            ("plugins/plug/plug/db/versions/b.py", ""),
            (env, ""),
        ])
    };
    let whole = "shop/db: shop/db/versions plugins/plug/plug/db/versions";
    let part = "plugins/plug/plug/db: plugins/plug/plug/db/versions";
    let (environments, discovery) = layout(root, "x.py");
    assert_eq!(environments, [whole]);
    assert_eq!(
        discovery.passed_over[0].reason,
        "it has no env.py, and its revisions belong to shop/db"
    );
    assert_eq!(layout(root, "plugins/plug/plug/db/env.py").0, [part, whole]);
    let alone = "[alembic]\nscript_location = shop:db\n";
    let only = "shop/db: shop/db/versions";
    assert_eq!(layout(alone, "x.py").0, [part, only]);
}

#[test]
fn a_package_is_where_its_own_file_lies() {
    let ini = "[alembic]\nscript_location = shop_data.db:migrations\n";
    let (environments, _) = found(&[
        ("components/shop_data/db/migrations/alembic.ini", ini),
        ("components/shop_data/db/migrations/env.py", ""),
        ("components/shop_data/db/migrations/versions/a.py", ""),
    ]);
    assert_eq!(
        environments,
        ["components/shop_data/db/migrations: components/shop_data/db/migrations/versions"]
    );
}

#[test]
fn flask_migrate_pyproject_and_plain_folders() {
    let (environments, _) = found(&[
        (
            "migrations/alembic.ini",
            "[alembic]\n# nothing\n[loggers]\nkeys = root\n",
        ),
        ("migrations/env.py", "from alembic import context"),
        ("migrations/versions/a.py", ""),
        (
            "service/pyproject.toml",
            "[tool.alembic]\nscript_location = \"%(here)s/db\"\n",
        ),
        ("service/db/env.py", ""),
        ("plain/env.py", "import alembic"),
        ("plain/versions/2026/a.py", ""),
        ("plain/versions/__init__.py", ""),
        ("celery/env.py", "nothing here"),
        ("celery/versions/a.py", ""),
    ]);
    assert_eq!(
        environments,
        [
            "migrations: migrations/versions",
            "plain: plain/versions recursive",
            "service/db: service/db/versions",
        ]
    );
}

#[test]
fn folders_below_count_if_they_continue_the_history() {
    let revision = |id: &str, down: &str| format!("revision = '{id}'\ndown_revision = {down}\n");
    let layout = |below: &str, down: &str| {
        let (first, second) = (revision("a", "None"), revision("b", down));
        let below = format!("m/versions/{below}/b.py");
        found(&[
            ("alembic.ini", "[alembic]\nscript_location = m\n"),
            ("m/env.py", ""),
            ("m/versions/a.py", &first),
            (&below, &second),
        ])
        .0
    };
    assert_eq!(layout("liberty/expand", "'a'"), ["m: m/versions recursive"]);
    assert_eq!(layout("archive", "None"), ["m: m/versions"]);
}

#[test]
fn folders_with_histories_of_their_own_are_environments_of_their_own() {
    let revision = |id: &str, down: &str| format!("revision = '{id}'\ndown_revision = {down}\n");
    let layout = |first_below: &str, down_of_second: &str| {
        found(&[
            ("alembic.ini", "[alembic]\nscript_location = m\n"),
            ("m/env.py", ""),
            ("m/versions/one/a.py", &revision("a", "None")),
            ("m/versions/one/b.py", &revision("b", first_below)),
            ("m/versions/two/c.py", &revision("c", down_of_second)),
        ])
        .0
    };
    // One for each dialect, from which the program chooses, as Prefect has them.
    assert_eq!(
        layout("'a'", "None"),
        ["m: m/versions/one recursive", "m: m/versions/two recursive"]
    );
    // One history, by year for example.
    assert_eq!(layout("'a'", "'b'"), ["m: m/versions recursive"]);
    assert_eq!(layout("'c'", "None"), ["m: m/versions recursive"]);
}

#[test]
fn vendored_and_test_environments_are_passed_over() {
    let ini = "[alembic]\nscript_location = %(here)s/m\n";
    let (environments, discovery) = found(&[
        (".venv/lib/x/alembic.ini", ini),
        ("tests/data/alembic.ini", ini),
        ("tests/data/m/env.py", "import alembic"),
        ("tests/data/m/versions/a.py", ""),
        ("{{cookiecutter.slug}}/alembic.ini", ini),
    ]);
    assert!(environments.is_empty());
    assert_eq!(discovery.passed_over.len(), 4);
}

#[test]
fn what_python_rejects_is_a_problem_with_a_place() {
    let (environments, discovery) = found(&[
        (
            "alembic.ini",
            "[alembic]\nscript_location = m\nscript_location = n\n",
        ),
        ("m/env.py", ""),
    ]);
    assert_eq!(environments, ["m: m/versions"]);
    assert_eq!(
        discovery.problems[0].message,
        "the option `script_location` occurs twice in `[alembic]`"
    );
    let (_, discovery) = found(&[
        ("alembic.ini", "[alembic]\nscript_location = 100%\n"),
        ("m/env.py", ""),
    ]);
    assert!(discovery.problems[0].message.contains("%%"));
}
