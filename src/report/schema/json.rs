//! The `schema` contract.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::SchemaView;
use super::doubts::{self, Doubt};
use crate::catalog::{
    Constraint, ConstraintKind, Fact, ForeignKey, ObjectKind, Table, Why, constraint_value,
    index_value, sequence_value,
};
use crate::python::Sources;
use crate::report::write_json;

/// Writes one JSON object.
pub fn write(view: &SchemaView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let catalog = view.catalog;
    let sources = view.sources();
    let mut tables = Map::new();
    for (name, table) in &catalog.tables {
        if !table.temporary {
            tables.insert(name.to_string(), table_value(table, sources));
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
        .map(|(name, known)| (name.to_string(), sequence_value(known)))
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
        uncertain.push(why_value(why, sources));
    }
    uncertain.extend(values(&doubts::of_objects(catalog), sources));
    let value = json!({
        "version": 1,
        "dialect": view.dialect().as_str(),
        "at": view.at.unwrap_or_default(),
        "tables": tables,
        "enums": enums,
        "sequences": sequences,
        "views": of_kind(&[ObjectKind::View, ObjectKind::MaterializedView]),
        "objects": objects,
        "uncertain": uncertain,
    });
    write_json(&value, out)
}

/// Reasons, with the object each is about.
fn values(found: &[Doubt], sources: &Sources<'_>) -> Vec<Value> {
    found
        .iter()
        .map(|doubt| {
            let mut value = why_value(&doubt.why, sources);
            if !doubt.object.is_empty() {
                value["object"] = json!(doubt.object);
            }
            value
        })
        .collect()
}

/// A constraint with what only some of them have.
fn constraint_in_full(constraint: &Constraint) -> Value {
    let mut value = constraint_value(constraint);
    if let Some(deferrable) = &constraint.deferrable {
        value["deferrable"] = json!(deferrable);
    }
    if constraint.not_valid {
        value["not_valid"] = json!(true);
    }
    if let ConstraintKind::ForeignKey(ForeignKey {
        matching: Some(matching),
        ..
    }) = &constraint.kind
    {
        value["match"] = json!(matching);
    }
    value
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
            .map(constraint_in_full)
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
    let mut value = json!({
        "columns": columns,
        "primary_key": table.primary_key().map(constraint_in_full),
        "unique": of_kind(&|kind| matches!(kind, ConstraintKind::Unique { .. })),
        "foreign_keys": of_kind(&|kind| matches!(kind, ConstraintKind::ForeignKey(_))),
        "indexes": indexes,
        "checks": of_kind(&|kind| matches!(kind, ConstraintKind::Check { .. })),
        "uncertain": values(&doubts::of_table_and_parts(table), sources),
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
    let line = why.place.as_ref().and_then(|place| sources.line_of(place));
    json!({
        "reason": why.reason,
        "file": why.place.as_ref().map(|place| place.file.as_str()),
        "line": line,
    })
}
