//! Models and migrations together.

pub(super) mod foreign_base;
pub(super) mod frozen_default;
pub(super) mod hidden_drift;
pub(super) mod migration_with_code;
pub(super) mod migration_without_model;
pub(super) mod missing_target_metadata;
pub(super) mod model_without_migration;
pub(super) mod schema_drift;
pub(super) mod split_commit;
pub(super) mod unregistered_model;
