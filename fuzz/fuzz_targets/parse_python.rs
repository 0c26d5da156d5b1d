//! Lowering takes any text, and what it makes can be written out again.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (module, _) = migrate_lint::python::parse(text);
    let _ = migrate_lint::python::definitions(&module);
});
