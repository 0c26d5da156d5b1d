//! The rules: one a file, one a page, and this list.

mod births;
mod context;
mod convention;
mod coverage;
mod deployment;
mod difference;
mod downgrade;
mod edit;
mod file;
mod fresh;
mod model;
mod pairing;
mod raw_sql;
mod reporter;
mod revision;
mod rule;
mod setup;
mod statement;
mod suppression;

pub use context::{NoPast, Past};
pub use rule::{Family, FixAvailability, Rule};

pub(crate) use births::{births, empty_since};
pub(crate) use context::{
    ChangeContext, CommitState, EnvironmentChange, EnvironmentContext, FileContext,
    MigrationContext, ProjectContext, ReplayContext, ScriptContext, SuppressionContext,
};
pub(crate) use deployment::{Care, care};
pub(crate) use fresh::{Fresh, simple};
pub(crate) use raw_sql::SqlContext;
pub(crate) use reporter::{Reporter, Violation};
pub(crate) use revision::duplicate_revision::RULE as DUPLICATE_REVISION;
pub(crate) use rule::{Listener, declare_rule};
pub(crate) use statement::{StatementContext, StatementCost, Way, locks};
pub(crate) use suppression::{DIRECTIVES, Directive, Misspelling, SuppressedCode, Suppression};

use crate::config::{RuleIdentity, Settings};

/// All rules, by code.
pub static RULES: &[&Rule] = &[
    &file::syntax_error::RULE,
    &file::undecodable_file::RULE,
    &file::oversized_file::RULE,
    &file::invalid_configuration::RULE,
    &file::unused_suppression::RULE,
    &file::unknown_suppression::RULE,
    &file::unexplained_suppression::RULE,
    &file::stale_baseline::RULE,
    &revision::multiple_heads::RULE,
    &revision::missing_parent::RULE,
    &revision::duplicate_revision::RULE,
    &revision::revision_cycle::RULE,
    &revision::non_literal_revision::RULE,
    &revision::unknown_dependency::RULE,
    &revision::stale_parent::RULE,
    &revision::edited_merged_revision::RULE,
    &revision::deleted_merged_revision::RULE,
    &revision::docstring_mismatch::RULE,
    &revision::missing_identifier::RULE,
    &revision::illegal_revision_id::RULE,
    &revision::duplicate_branch_label::RULE,
    &revision::hand_written_revision_id::RULE,
    &revision::merge_with_operations::RULE,
    &downgrade::missing_downgrade::RULE,
    &downgrade::empty_downgrade::RULE,
    &downgrade::refused_downgrade::RULE,
    &downgrade::not_reversed::RULE,
    &downgrade::leftover_enum_type::RULE,
    &downgrade::failing_upgrade::RULE,
    &downgrade::failing_downgrade::RULE,
    &downgrade::unnamed_constraint_drop::RULE,
    &downgrade::unreversed_sql::RULE,
    &downgrade::data_loss::RULE,
    &downgrade::ignored_argument::RULE,
    &downgrade::changed_definition::RULE,
    &downgrade::looser_downgrade::RULE,
    &model::model_without_migration::RULE,
    &model::migration_without_model::RULE,
    &model::schema_drift::RULE,
    &model::hidden_drift::RULE,
    &model::unregistered_model::RULE,
    &model::frozen_default::RULE,
    &model::missing_target_metadata::RULE,
    &model::migration_with_code::RULE,
    &model::foreign_base::RULE,
    &model::split_commit::RULE,
    &convention::base_columns_not_first::RULE,
    &convention::generic_type::RULE,
    &convention::unstable_name::RULE,
    &convention::undefined_name::RULE,
    &convention::app_import_in_migration::RULE,
    &convention::unnamed_constraint::RULE,
    &convention::mixed_data_and_schema::RULE,
    &convention::several_unrelated_changes::RULE,
    &convention::unclear_message::RULE,
    &convention::unreviewed_autogenerate::RULE,
    &convention::file_name_mismatch::RULE,
    &convention::rename_as_drop_and_add::RULE,
    &convention::enum_value_not_migrated::RULE,
    &deployment::not_null_without_default::RULE,
    &deployment::volatile_default::RULE,
    &deployment::generated_column::RULE,
    &deployment::scanning_not_null::RULE,
    &deployment::blocking_index::RULE,
    &deployment::blocking_index_drop::RULE,
    &deployment::concurrent_index_in_transaction::RULE,
    &deployment::blocking_unique_constraint::RULE,
    &deployment::validating_foreign_key::RULE,
    &deployment::validating_check::RULE,
    &deployment::blocking_primary_key::RULE,
    &deployment::blocking_exclusion_constraint::RULE,
    &deployment::validated_at_once::RULE,
    &deployment::column_rewrite::RULE,
    &deployment::column_rename::RULE,
    &deployment::table_rename::RULE,
    &deployment::column_drop::RULE,
    &deployment::table_drop::RULE,
    &deployment::enum_value_in_transaction::RULE,
    &deployment::enum_value_rename::RULE,
    &deployment::backfill_with_schema_change::RULE,
    &deployment::missing_lock_timeout::RULE,
    &deployment::narrow_primary_key::RULE,
    &deployment::mismatched_foreign_key::RULE,
    &deployment::unindexed_foreign_key::RULE,
    &deployment::redundant_index::RULE,
    &deployment::json_column::RULE,
    &deployment::cascading_drop::RULE,
    &deployment::blocking_maintenance::RULE,
    &deployment::blocking_partition_change::RULE,
    &deployment::many_locks::RULE,
    &deployment::lost_attributes::RULE,
    &deployment::partial_failure::RULE,
    &deployment::refused_on_rows::RULE,
    &deployment::drop_not_null::RULE,
    &deployment::ignored_primary_key::RULE,
    &deployment::transaction_statement::RULE,
    &deployment::truncate_cascade::RULE,
    &deployment::domain_constraint::RULE,
    &deployment::long_identifier::RULE,
    &deployment::duplicate_assignment::RULE,
    &deployment::discouraged_type::RULE,
    &deployment::unrepeatable_statement::RULE,
    &deployment::unordered_enum_value::RULE,
    &deployment::unqualified_name::RULE,
    &setup::create_all_bypass::RULE,
    &setup::unmigrated_ci::RULE,
    &setup::credentials_in_config::RULE,
    &setup::ignored_metadata::RULE,
    &setup::uncompared_types::RULE,
    &setup::statement_before_transaction::RULE,
    &setup::create_all_in_revision::RULE,
];

/// What selectors are matched with, of all rules.
pub fn identities() -> impl Iterator<Item = RuleIdentity<'static>> + Clone {
    RULES.iter().map(|rule| RuleIdentity::from(*rule))
}

/// The rule of a code or name, in any case.
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES
        .iter()
        .copied()
        .find(|rule| rule.code.eq_ignore_ascii_case(name) || rule.name.eq_ignore_ascii_case(name))
}

/// True if the settings select a rule.
fn is_selected(rule: &Rule, settings: &Settings) -> bool {
    settings.selects(RuleIdentity::from(rule), rule.is_default)
}

/// The rules that the settings select.
pub(crate) fn selected(settings: &Settings) -> impl Iterator<Item = &'static Rule> {
    let rules = RULES.iter().copied();
    rules.filter(|rule| is_selected(rule, settings))
}

/// True if no rule is selected.
pub fn selects_nothing(settings: &Settings) -> bool {
    let own = settings.of_environments.values().map(AsRef::as_ref);
    std::iter::once(settings)
        .chain(own)
        .all(|settings| selected(settings).next().is_none())
}

/// True if a selected rule looks at the commits of a branch.
pub fn asks_for_commits(settings: &Settings) -> bool {
    selected(settings).any(|rule| rule.listens(|listener| matches!(listener, Listener::Branch(_))))
}

/// The first of several parts, joined by commas, and how many are left.
fn first_of(parts: &[String], most: usize) -> (String, usize) {
    let shown = parts.get(..most).unwrap_or(parts);
    (shown.join(", "), parts.len() - shown.len())
}

/// The sentences of a commit message. A full stop within a word is part of a name.
pub(crate) fn sentences(message: &str) -> impl Iterator<Item = &str> {
    let lines = message.split([';', '\n']);
    lines.flat_map(|line| line.split(". "))
}

/// Names in backticks, joined by commas.
fn list<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_list_is_sorted_and_without_repetition() {
        assert!(RULES.is_sorted_by(|one, other| one.code < other.code));
        let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn every_rule_has_its_file_and_its_page_and_no_other_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let names_in = |folder: &str, extension: &str| -> BTreeSet<String> {
            let mut names = BTreeSet::new();
            for family in Family::ALL.map(Family::as_str) {
                for entry in root
                    .join(folder)
                    .join(family)
                    .read_dir()
                    .into_iter()
                    .flatten()
                {
                    let path = entry.unwrap().path();
                    // The parts of a rule that is long.
                    if path.is_dir() && path.with_extension(extension).is_file() {
                        continue;
                    }
                    assert_eq!(path.extension().unwrap(), extension, "{}", path.display());
                    let stem = path
                        .file_stem()
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .replace('_', "-");
                    names.insert(format!("{family}/{stem}"));
                }
            }
            names
        };
        let listed: BTreeSet<String> = RULES
            .iter()
            .map(|rule| format!("{}/{}", rule.family.as_str(), rule.name))
            .collect();
        assert_eq!(names_in("src/rules", "rs"), listed);
        assert_eq!(names_in("rules", "md"), listed);
    }

    #[test]
    fn codes_belong_to_families() {
        for rule in RULES {
            assert_eq!(
                rule.code.chars().nth(2),
                Some(rule.family.digit()),
                "{}",
                rule.name
            );
        }
    }

    #[test]
    fn pages_are_complete() {
        for rule in RULES {
            let heading = format!("# {} ({})", rule.name, rule.code);
            assert!(
                rule.page.starts_with(&heading),
                "{}: the page begins with `{heading}`",
                rule.name
            );
            for section in [
                "## What it does",
                "## Why is this bad?",
                "## Example",
                "## Use instead",
            ] {
                assert!(
                    rule.page.contains(section),
                    "{}: no section `{section}`",
                    rule.name
                );
            }
            assert!(!rule.summary().is_empty(), "{}", rule.name);
        }
    }
}
