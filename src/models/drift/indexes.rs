//! What autogenerate makes of indexes.

use super::{Weight, expressions};
use crate::alembic::ModelSchema;
use crate::catalog::{Catalog, Change, Difference, split_object, split_schema};
use crate::dialect::Dialect;

/// Who notices that an index differs between the migrated database and what the models describe.
pub(super) fn weight(
    difference: &Difference,
    sides: [&Catalog; 2],
    models: &ModelSchema,
) -> Weight {
    if has_expressions(difference, sides) {
        match models.comparison.compares_expressions {
            Some(true) => {}
            Some(false) => return Weight::Unseen,
            None => return Weight::PerhapsSeen,
        }
    }
    if !matches!(difference.change, Change::Changed(_)) {
        return Weight::Seen;
    }
    let keys = |index: &serde_json::Value| -> Vec<String> {
        let keys = keys_of_index(index).into_iter();
        match models.dialect {
            Dialect::PostgreSql => keys.map(|key| expressions::cleaned(&key)).collect(),
            _ => keys.collect(),
        }
    };
    let (there, here) = (&difference.from, &difference.to);
    Weight::seen(keys(there) != keys(here) || there["unique"] != here["unique"])
}

/// True for an index that only has another name, where that of the model begins with a schema that is not known.
pub(super) fn may_have_that_name(
    difference: &Difference,
    described: &Catalog,
    models: &ModelSchema,
) -> bool {
    let (table, _) = split_object(&difference.object, described);
    let prefix = format!("ix_{}_", split_schema(table).1);
    let name = difference.to.as_str();
    difference.change == Change::Renamed
        && models.has_unknown_schema
        && name.is_some_and(|name| name.starts_with(&prefix))
}

/// True for an index over something else than columns, on either side.
fn has_expressions(difference: &Difference, sides: [&Catalog; 2]) -> bool {
    sides.into_iter().any(|catalog| {
        let (table, name) = split_object(&difference.object, catalog);
        let table = catalog.tables.get(table);
        let index = table.zip(name).and_then(|(table, name)| table.index(name));
        let definition = index.and_then(|index| index.definition.known());
        definition.is_some_and(|definition| definition.keys.iter().any(|key| !key.is_column))
    })
}

/// The keys of an index as `PostgresqlImpl.compare_indexes` sees them: without `postgresql_ops`.
fn keys_of_index(index: &serde_json::Value) -> Vec<String> {
    let keys = index["columns"].as_array().into_iter().flatten();
    keys.map(|key| {
        let words = key.as_str().unwrap_or_default().split(' ');
        let is_operator_class = |word: &str| {
            word.split('(')
                .next()
                .is_some_and(|name| name.ends_with("_ops"))
        };
        let mut kept = Vec::new();
        for (position, word) in words.enumerate() {
            // The first word is the column or expression itself.
            if position == 0 || !is_operator_class(word) {
                kept.push(word);
            }
        }
        kept.join(" ")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operator_classes_are_no_keys() {
        let keys = |keys: &[&str]| keys_of_index(&serde_json::json!({"columns": keys}));
        assert_eq!(keys(&["a varchar_pattern_ops DESC", "b"]), ["a DESC", "b"]);
        assert_eq!(keys(&["a gist_trgm_ops(siglen=32)"]), ["a"]);
        assert_eq!(keys(&["lower(a) text_pattern_ops"]), ["lower(a)"]);
        assert_eq!(keys(&["my_ops"]), ["my_ops"]);
    }
}
