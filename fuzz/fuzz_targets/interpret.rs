//! Any text may be run as a migration: the interpreter ends, and does not panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_lint::git::Snapshot;
use migrate_lint::python::value::Place;
use migrate_lint::python::{Interpreter, Limits, ModuleFinder, NoHost, ParseCache, Sources};
use migrate_lint::source::RepoPath;

fuzz_target!(|text: &str| {
    let snapshot = Snapshot::in_memory([
        ("versions/main.py", text),
        ("helper.py", text),
        ("versions/a.sql", "SELECT 1;\n"),
    ]);
    let cache = ParseCache::default();
    let sources = Sources::new(&snapshot, &cache);
    let finder = ModuleFinder::new(&snapshot, []);
    // Little fuel, so that an endless loop is no slow input.
    let limits = Limits {
        fuel: 20_000,
        ..Limits::default()
    };
    let mut interpreter = Interpreter::new(&sources, &finder, NoHost).with_limits(limits);
    let Some(module) = interpreter.run_file(&RepoPath::new("versions/main.py")) else {
        return;
    };
    for function in ["upgrade", "downgrade"] {
        if let Some(function) = interpreter.module_attribute(module, function) {
            interpreter.refuel();
            let _ = interpreter.call(&function, Vec::new(), Place::default());
        }
    }
});
