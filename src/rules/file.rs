//! Files that cannot be read as what they are.

pub(super) mod invalid_configuration;
pub(super) mod oversized_file;
pub(super) mod stale_baseline;
pub(super) mod syntax_error;
pub(super) mod undecodable_file;
pub(super) mod unexplained_suppression;
pub(super) mod unknown_suppression;
pub(super) mod unused_suppression;
