//! Tables reflected from the database: `Table("name", metadata, autoload_with=connection)`.
//!
//! What is taken from them are constructs such as they would be written, whose attributes are their arguments.

use super::{Runner, closed_table, name_value, strings};
use crate::catalog::{Constraint, ConstraintKind};
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Object, Place, SymbolKind, Value};
use crate::sqlalchemy::{construct, qualified};

/// `table.name`, `table.foreign_key_constraints`, `constraint.name`; `None` where it is nothing of the kind.
pub(in crate::alembic::runtime) fn attribute(
    interpreter: &mut Runner<'_>,
    base: &Value,
    name: &str,
    at: Place,
) -> Option<Value> {
    let call = base.as_call()?;
    match construct(&call.callee, interpreter)?.as_str() {
        "Table" => of_table(interpreter, &call.clone(), name, at),
        kind @ ("ForeignKeyConstraint"
        | "UniqueConstraint"
        | "PrimaryKeyConstraint"
        | "CheckConstraint") => {
            let kind = Name::new(kind);
            of_constraint(&call.clone(), &kind, name)
        }
        _ => None,
    }
}

fn of_table(interpreter: &mut Runner<'_>, call: &Call, name: &str, at: Place) -> Option<Value> {
    let table = call.positional().next()?.value.clone();
    if name == "name" {
        return table.as_str().is_some().then_some(table);
    }
    let is_reflected = call.keyword("autoload_with").is_some()
        || call
            .keyword("autoload")
            .is_some_and(|argument| argument.value.as_bool() == Some(true));
    if !is_reflected || interpreter.host.simulation().is_none() {
        return None;
    }
    let schema = call
        .keyword("schema")
        .and_then(|argument| argument.value.as_str().cloned());
    let known = closed_table(interpreter, &qualified(schema.as_deref(), table.as_str()?))?;
    let wanted: fn(&ConstraintKind) -> bool = match name {
        "constraints" => |_| true,
        "foreign_key_constraints" => |kind| matches!(kind, ConstraintKind::ForeignKey(_)),
        "primary_key" => {
            let key = known.primary_key()?;
            return written(interpreter, key, at);
        }
        _ => return None,
    };
    let constraints: Option<Vec<Value>> = known
        .constraints
        .iter()
        .filter(|constraint| wanted(&constraint.kind))
        .map(|constraint| written(interpreter, constraint, at))
        .collect();
    let set = Object::List(constraints?);
    Some(Value::Object(interpreter.heap.allocate(set)))
}

/// A constraint as the call that would make it.
fn written(interpreter: &mut Runner<'_>, constraint: &Constraint, at: Place) -> Option<Value> {
    let columns = strings(interpreter, constraint.kind.columns(), at);
    let mut arguments = vec![("columns", columns), ("name", name_value(constraint, at))];
    let kind = match &constraint.kind {
        ConstraintKind::ForeignKey(key) => {
            let table = Call {
                callee: Value::name(Name::new_static("sqlalchemy.Table"), at),
                arguments: vec![CallArgument {
                    name: None,
                    value: Value::known_str(key.references.as_str(), at),
                    at,
                }],
                open: false,
            };
            arguments.push(("referred_table", Value::symbol(SymbolKind::Call(table), at)));
            for (name, action) in [("ondelete", &key.ondelete), ("onupdate", &key.onupdate)] {
                let action = action.as_ref();
                let value = action.map_or(Value::None, |text| Value::known_str(text.as_str(), at));
                arguments.push((name, value));
            }
            "sqlalchemy.ForeignKeyConstraint"
        }
        ConstraintKind::Unique { .. } => "sqlalchemy.UniqueConstraint",
        ConstraintKind::PrimaryKey { .. } => "sqlalchemy.PrimaryKeyConstraint",
        ConstraintKind::Check { .. } => "sqlalchemy.CheckConstraint",
        ConstraintKind::Exclude { .. } | ConstraintKind::Unknown { .. } => return None,
    };
    let call = Call {
        callee: Value::name(Name::new_static(kind), at),
        arguments: arguments
            .into_iter()
            .map(|(name, value)| CallArgument {
                name: Some(Name::new_static(name)),
                value,
                at,
            })
            .collect(),
        open: false,
    };
    Some(Value::symbol(SymbolKind::Call(call), at))
}

fn of_constraint(call: &Call, kind: &str, name: &str) -> Option<Value> {
    let keyword = match (kind, name) {
        (_, "column_keys") => "columns",
        ("ForeignKeyConstraint", "referred_table" | "ondelete" | "onupdate") | (_, "name") => name,
        _ => return None,
    };
    call.keyword(keyword).map(|argument| argument.value.clone())
}
