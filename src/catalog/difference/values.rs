//! Columns, constraints and indexes in the form of the JSON contracts.

use serde_json::{Value, json};

use crate::catalog::constraint::{Constraint, ConstraintKind, IndexDefinition, IndexKey};
use crate::catalog::fact::Fact;
use crate::catalog::objects::Sequence;
use crate::catalog::table::Column;

pub(super) fn column_value(column: &Column) -> Value {
    json!({
        "name": column.name,
        "type": column.column_type.known(),
        "nullable": column.nullable.known(),
        "default": column.default.known().cloned().flatten(),
    })
}

/// A constraint in the form of the `schema` contract.
pub fn constraint_value(constraint: &Constraint) -> Value {
    let name = constraint.known_name();
    let mut value = match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => json!({"name": name, "columns": columns}),
        ConstraintKind::Unique {
            columns,
            nulls_not_distinct,
        } => {
            let mut value = json!({"name": name, "columns": columns});
            if *nulls_not_distinct {
                value["nulls_not_distinct"] = json!(true);
            }
            value
        }
        ConstraintKind::ForeignKey(key) => json!({
            "name": name,
            "columns": key.columns,
            "references": key.references,
            "ref_columns": key.ref_columns,
            "ondelete": key.ondelete,
            "onupdate": key.onupdate,
        }),
        ConstraintKind::Check { expression, .. } => {
            json!({"name": name, "definition": expression.known()})
        }
        ConstraintKind::Exclude { definition, .. } => {
            json!({"name": name, "definition": definition.known()})
        }
        ConstraintKind::Unknown { .. } => json!({"name": name}),
    };
    if let Some(deferrable) = &constraint.deferrable {
        value["deferrable"] = json!(deferrable);
    }
    if constraint.not_valid {
        value["not_valid"] = json!(true);
    }
    value
}

/// An index in the form of the `schema` contract, without its name.
pub fn index_value(definition: &Fact<IndexDefinition>) -> Value {
    match definition {
        Fact::Known(definition) => {
            let mut value = json!({
                "columns": definition
                    .keys
                    .iter()
                    .map(IndexKey::spelling)
                    .collect::<Vec<_>>(),
                "unique": definition.unique,
                "using": definition.using,
            });
            if !definition.include.is_empty() {
                value["include"] = json!(definition.include);
            }
            if let Some(predicate) = &definition.predicate {
                value["where"] = json!(predicate);
            }
            if definition.nulls_not_distinct {
                value["nulls_not_distinct"] = json!(true);
            }
            if let Some(options) = &definition.options {
                value["with"] = json!(options);
            }
            value
        }
        Fact::Unknown(_) => Value::Null,
    }
}

/// A sequence in the form of the `schema` contract.
pub fn sequence_value(sequence: &Sequence) -> Value {
    let owner = sequence
        .owned_by
        .as_ref()
        .map(|(table, column)| format!("{table}.{column}"));
    let mut value = json!({"owned_by": owner, "type": sequence.data_type.known()});
    if sequence.identity {
        value["identity"] = json!(true);
    }
    value
}
