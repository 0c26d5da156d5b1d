//! How migrations are written.

pub(super) mod base_columns_not_first;
pub(super) mod generic_type;
pub(super) mod unstable_name;
