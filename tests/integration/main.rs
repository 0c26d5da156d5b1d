//! The program as people run it: in git states made by git itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "repositories are made, and the program is run in them"
)]

mod adoption;
mod bad_input;
mod bake_off;
mod bases;
mod commands;
mod docs;
mod generated;
mod git_states;
mod history;
mod hooks;
mod load;
mod offline;
mod once;
mod outputs;
mod past;
mod pictures;
mod repository;
mod tidy;
