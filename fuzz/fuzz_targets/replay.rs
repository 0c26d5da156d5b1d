//! Any text may be the only revision of a history: its replay ends and does not panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_lint::config::Settings;
use migrate_lint::git::Snapshot;
use migrate_lint::project::Project;
use migrate_lint::python::{ParseCache, Sources};

fuzz_target!(|text: &str| {
    let revision = format!("{text}\nrevision = 'a'\ndown_revision = None\n");
    let snapshot = Snapshot::in_memory([
        ("alembic.ini", "[alembic]\nscript_location = m\n"),
        ("m/env.py", "target_metadata = None\n"),
        ("m/versions/a.py", revision.as_str()),
    ]);
    let cache = ParseCache::default();
    let sources = Sources::new(&snapshot, &cache);
    let settings = Settings::default();
    let project = Project::load(&sources, &settings);
    for environment in &project.environments {
        let _ = environment.replay().catalog.tables.len();
    }
});
