//! A git-aware linter for Alembic and SQLAlchemy migrations.

pub mod alembic;
pub mod catalog;
pub mod cli;
pub mod commands;
pub mod config;
pub mod dependencies;
pub mod diagnostic;
pub mod dialect;
pub mod fixer;
pub mod git;
pub mod linter;
pub mod models;
pub mod project;
pub mod python;
pub mod report;
pub mod rules;
pub mod schema;
pub mod source;
pub mod sql;
pub mod sqlalchemy;

/// The stack of threads that read source, in bytes: deeply nested source is read recursively. Only what is used is ever
/// taken from the system.
pub const STACK_SIZE: usize = 64 * 1024 * 1024;
