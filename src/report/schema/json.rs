//! The `schema` contract.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::SchemaView;
use crate::catalog::{ConstraintKind, Fact, ObjectKind, Table, Why, constraint_value, index_value};
use crate::python::Sources;
use crate::report::write_json;

/// Writes one JSON object.
pub fn write(view: &SchemaView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let catalog = view.catalog;
    let mut tables = Map::new();
    for (name, table) in &catalog.tables {
        if !table.temporary {
            tables.insert(name.to_string(), table_value(table, view.sources));
        }
    }
    let enums: Map<String, Value> = catalog
        .enums
        .iter()
        .map(|(name, known)| (name.to_string(), json!(known.labels.known())))
        .collect();
    let sequences: Map<String, Value> = catalog
        .sequences
        .iter()
        .map(|(name, known)| {
            let owner = known
                .owned_by
                .as_ref()
                .map(|(table, column)| format!("{table}.{column}"));
            (name.to_string(), json!({"owned_by": owner}))
        })
        .collect();
    let of_kind = |kinds: &[ObjectKind]| -> Map<String, Value> {
        catalog
            .objects
            .iter()
            .filter(|(key, _)| kinds.contains(&key.kind))
            .map(|(key, object)| {
                (
                    key.name.to_string(),
                    json!({"kind": key.kind.as_str(), "definition": object.definition.known()}),
                )
            })
            .collect()
    };
    let mut objects: Vec<Value> = Vec::new();
    for (key, object) in &catalog.objects {
        if !matches!(key.kind, ObjectKind::View | ObjectKind::MaterializedView) {
            objects.push(json!({
                "kind": key.kind.as_str(),
                "name": key.name,
                "on": object.on,
            }));
        }
    }
    let mut uncertain: Vec<Value> = Vec::new();
    if let Some(why) = &catalog.opaque {
        uncertain.push(why_value(why, view.sources));
    }
    for (name, known) in &catalog.enums {
        for why in [&known.maybe, &unknown(&known.labels)]
            .into_iter()
            .flatten()
        {
            uncertain.push(named(name, why_value(why, view.sources)));
        }
    }
    let value = json!({
        "version": 1,
        "dialect": view.dialect.as_str(),
        "at": view.at,
        "tables": tables,
        "enums": enums,
        "sequences": sequences,
        "views": of_kind(&[ObjectKind::View, ObjectKind::MaterializedView]),
        "objects": objects,
        "uncertain": uncertain,
    });
    write_json(&value, out)
}

fn named(name: &str, mut value: Value) -> Value {
    value["object"] = json!(name);
    value
}

fn unknown<T>(fact: &Fact<T>) -> Option<std::sync::Arc<Why>> {
    match fact {
        Fact::Unknown(why) => Some(std::sync::Arc::clone(why)),
        Fact::Known(_) => None,
    }
}

fn table_value(table: &Table, sources: &Sources<'_>) -> Value {
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|column| {
            let mut value = json!({
                "name": column.name,
                "type": column.column_type.known(),
                "nullable": column.nullable.known(),
                "default": column.default.known().cloned().flatten(),
            });
            if let Fact::Known(Some(identity)) = &column.identity {
                value["identity"] = json!(identity);
            }
            if let Fact::Known(Some(generated)) = &column.generated {
                value["generated"] = json!(generated);
            }
            if let Fact::Known(Some(comment)) = &column.comment {
                value["comment"] = json!(comment);
            }
            value
        })
        .collect();
    let of_kind = |fits: &dyn Fn(&ConstraintKind) -> bool| -> Vec<Value> {
        let mut found: Vec<Value> = table
            .constraints
            .iter()
            .filter(|constraint| fits(&constraint.kind))
            .map(constraint_value)
            .collect();
        found.sort_by_key(|value| value["name"].to_string());
        found
    };
    let mut indexes: Vec<Value> = table
        .indexes
        .iter()
        .map(|index| {
            let mut value = json!({"name": index.name});
            if let (Value::Object(into), Value::Object(from)) =
                (&mut value, index_value(&index.definition))
            {
                into.extend(from);
            }
            value
        })
        .collect();
    indexes.sort_by_key(|value| value["name"].to_string());
    let mut uncertain = Vec::new();
    for why in [&table.open, &table.maybe, &table.unsure]
        .into_iter()
        .flatten()
    {
        uncertain.push(why_value(why, sources));
    }
    for column in &table.columns {
        let reasons = [
            column.maybe.clone(),
            unknown(&column.column_type),
            unknown(&column.nullable),
            unknown(&column.default),
        ];
        for why in reasons.iter().flatten() {
            uncertain.push(named(&column.name, why_value(why, sources)));
        }
    }
    for constraint in &table.constraints {
        let reason = match &constraint.kind {
            ConstraintKind::Unknown(why) => Some(why),
            _ => constraint.maybe.as_ref(),
        };
        if let Some(why) = reason {
            let name = constraint.known_name().map_or("", |name| name.as_str());
            uncertain.push(named(name, why_value(why, sources)));
        }
    }
    for index in &table.indexes {
        for why in [&index.maybe, &unknown(&index.definition)]
            .into_iter()
            .flatten()
        {
            uncertain.push(named(&index.name, why_value(why, sources)));
        }
    }
    uncertain.dedup();
    let mut value = json!({
        "columns": columns,
        "primary_key": table.primary_key().map(constraint_value),
        "unique": of_kind(&|kind| matches!(kind, ConstraintKind::Unique { .. })),
        "foreign_keys": of_kind(&|kind| matches!(kind, ConstraintKind::ForeignKey(_))),
        "indexes": indexes,
        "checks": of_kind(&|kind| matches!(kind, ConstraintKind::Check { .. })),
        "uncertain": uncertain,
    });
    let exclusions = of_kind(&|kind| matches!(kind, ConstraintKind::Exclude { .. }));
    if !exclusions.is_empty() {
        value["exclusions"] = json!(exclusions);
    }
    if let Some(comment) = &table.comment {
        value["comment"] = json!(comment);
    }
    if table.row_security {
        value["row_security"] = json!(true);
    }
    value
}

/// A reason with its place.
pub(crate) fn why_value(why: &Why, sources: &Sources<'_>) -> Value {
    let line = why.place.as_ref().and_then(|place| {
        sources
            .python(&place.file)
            .map(|file| file.text.position(place.span.start).line)
    });
    json!({
        "reason": why.reason,
        "file": why.place.as_ref().map(|place| place.file.as_str()),
        "line": line,
    })
}
