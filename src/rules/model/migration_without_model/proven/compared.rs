//! What only a comparison of the schemas finds.

use super::is_relaxation;
use crate::catalog::{Catalog, Change, Difference, Fact, Subject};
use crate::models::is_index_of_key;
use crate::project::ProjectEnvironment;
use crate::rules::difference::Target;

/// True for what no code meets, so that nobody but autogenerate asks: what an index is called, comments, a default that the
/// models do not count on, a database that takes more, NOT NULL that no row is refused for, an index over the key, and what
/// keeps rows together beside the models.
pub(super) fn is_for_autogenerate(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    match difference.change {
        Change::Renamed | Change::Changed("comment" | "nullable") => true,
        Change::Changed("default") => difference.to.is_null(),
        Change::Removed => matches!(
            difference.subject,
            Subject::Unique | Subject::Check | Subject::ForeignKey | Subject::Index
        ),
        Change::Changed("type") => is_relaxation(difference, head),
        Change::Added => is_index_of_key(difference, &head.model_schema().whole().catalog),
        Change::Changed(_) => false,
    }
}

/// True for a column that is NULL on one side only, and to which both give a value where a row has none.
pub(super) fn both_fill(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let Target { table, name, .. } = Target::of(difference);
    let has_default = |catalog: &Catalog| {
        let table = table.and_then(|table| catalog.tables.get(table));
        let column = table.zip(name).and_then(|(table, name)| table.column(name));
        column.is_some_and(|column| matches!(column.default, Fact::Known(Some(_))))
    };
    let models = head.model_schema().whole();
    (difference.subject, difference.change) == (Subject::Column, Change::Changed("nullable"))
        && has_default(head.migrated())
        && (models.python_defaults.contains_key(&difference.object) || has_default(&models.catalog))
}
