//! Foreign keys of the models that no migration can make.

use serde_json::Value;
use smol_str::SmolStr;

use super::is_new;
use crate::catalog::{Catalog, Difference, Subject};
use crate::dialect::Dialect;
use crate::project::ProjectEnvironment;

/// True for a foreign key to columns that neither the database nor the models keep unique: PostgreSQL refuses it, so what is
/// wrong is the model.
pub(super) fn is_refused_key(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let to = &difference.to;
    let referenced = to["references"].as_str();
    let columns = to["ref_columns"].as_array().into_iter().flatten();
    let columns: Vec<SmolStr> = columns
        .filter_map(Value::as_str)
        .map(SmolStr::new)
        .collect();
    let is_kept_unique = |catalog: &Catalog| {
        let table = referenced.and_then(|table| catalog.tables.get(table));
        table.is_none_or(|table| {
            let has_all = columns.iter().all(|name| table.column(name).is_some());
            !has_all || catalog.doubt_about(table).is_some() || table.may_keep_unique(&columns)
        })
    };
    is_new(Subject::ForeignKey, difference)
        && head.dialect().dialect == Dialect::PostgreSql
        && !columns.is_empty()
        && !is_kept_unique(head.migrated())
        && !is_kept_unique(&head.model_schema().whole().catalog)
}
