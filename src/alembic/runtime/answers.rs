//! Answers to the questions migrations ask of the database, from the state that was replayed.

mod inspected;
mod query;
mod reflected;

pub(super) use inspected::Inspected;
pub(super) use reflected::attribute as reflected_attribute;

use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use self::inspected::Question;
use super::calls::{Recorder, is_database_root};
use crate::catalog::{ConstraintKind, Database, Fact, Table};
use crate::dialect::Dialect;
use crate::python::Interpreter;
use crate::python::value::{Call, Object, Place, Reason, Value};

type Runner<'s> = Interpreter<'s, Recorder>;

/// `sqlalchemy.inspect(bind)` stays a symbol; nothing else that is called by its name is a question.
pub(super) fn function(
    interpreter: &mut Runner<'_>,
    name: &str,
    call: &Call,
    at: Place,
) -> Option<Value> {
    let _ = (interpreter, name, call, at);
    None
}

/// A method of an inspector, a dialect, an engine or a connection.
pub(super) fn method(
    interpreter: &mut Runner<'_>,
    base: &Value,
    name: &str,
    call: &Call,
    at: Place,
) -> Option<Value> {
    interpreter.host.simulation()?;
    let root = base.root_name()?;
    if root == "sqlalchemy.engine.Dialect" {
        return match name {
            // `dialect.has_table(connection, "t")`
            "has_table" => {
                let table = named(call, 1, "table_name")?;
                has_table(interpreter, &with_schema(call, &table)).map(Value::Bool)
            }
            "type_descriptor" => Some(call.positional().next()?.value.clone()),
            _ => None,
        };
    }
    if !is_database_root(root) {
        return None;
    }
    if let Some(value) = result_method(interpreter, base, name, call, at) {
        return Some(value);
    }
    if name == "clear_cache" {
        let simulation = interpreter.host.simulation_mut()?;
        simulation.state.inspected.forget(base);
        return None;
    }
    let Some(question) = Question::of(name, call) else {
        return inspection(interpreter, name, call, at);
    };
    let inspected = &interpreter.host.simulation()?.state.inspected;
    if let Some(answered) = inspected.answered(base, &question) {
        return answered.answer.clone();
    }
    let answer = inspection(interpreter, name, call, at);
    let simulation = interpreter.host.simulation_mut()?;
    let inspected = &mut simulation.state.inspected;
    inspected.remember(base, question, answer.clone());
    answer
}

/// What an inspector or an engine finds in the database as it is now.
fn inspection(interpreter: &mut Runner<'_>, name: &str, call: &Call, at: Place) -> Option<Value> {
    let table = || named(call, 0, "table_name").map(|table| with_schema(call, &table));
    match name {
        "has_table" => has_table(interpreter, &table()?).map(Value::Bool),
        "has_index" => {
            let index = named(call, 1, "index_name")?;
            let name = table()?;
            let known = closed_table(interpreter, &name)?;
            let found = known.index(&index).is_some() || known.constraint(&index).is_some();
            Some(Value::Bool(found))
        }
        "get_table_names" => {
            let names = table_names(interpreter, schema_of(call).as_deref())?;
            Some(strings(interpreter, &names, at))
        }
        "get_view_names" => {
            let simulation = interpreter.host.simulation()?;
            let names: Vec<SmolStr> = simulation
                .now()
                .objects
                .keys()
                .filter(|key| key.kind == crate::catalog::ObjectKind::View)
                .map(|key| key.name.clone())
                .collect();
            Some(strings(interpreter, &names, at))
        }
        "get_columns" => {
            let known = closed_table(interpreter, &table()?)?;
            let rows = known
                .columns
                .iter()
                .map(|column| {
                    let nullable = column.nullable.known().map(|flag| Value::Bool(*flag));
                    let default = match &column.default {
                        Fact::Known(None) => Some(Value::None),
                        Fact::Known(Some(text)) => Some(Value::known_str(text.as_str(), at)),
                        Fact::Unknown(_) => None,
                    };
                    vec![
                        ("name", Value::known_str(column.name.as_str(), at)),
                        ("type", Value::unknown(Reason::Element, at)),
                        ("nullable", or_unknown(nullable, at)),
                        ("default", or_unknown(default, at)),
                        ("autoincrement", Value::unknown(Reason::Element, at)),
                        ("comment", Value::unknown(Reason::Element, at)),
                    ]
                })
                .collect();
            Some(dicts(interpreter, rows, at))
        }
        "get_indexes" => {
            let known = closed_table(interpreter, &table()?)?;
            let mut rows = Vec::new();
            for index in &known.indexes {
                let definition = index.definition.known();
                let columns = definition.map(|definition| {
                    definition
                        .keys
                        .iter()
                        .map(|key| key.text.clone())
                        .collect::<Vec<_>>()
                });
                let columns = columns.map(|columns| strings(interpreter, &columns, at));
                let unique = definition.map(|definition| Value::Bool(definition.unique));
                rows.push(vec![
                    ("name", Value::known_str(index.name.as_str(), at)),
                    ("column_names", or_unknown(columns, at)),
                    ("unique", or_unknown(unique, at)),
                ]);
            }
            // PostgreSQL and MySQL list the index of a unique constraint too.
            for constraint in &known.constraints {
                if let (ConstraintKind::Unique { columns, .. }, Some(name)) =
                    (&constraint.kind, constraint.known_name())
                {
                    let columns = strings(interpreter, columns, at);
                    rows.push(vec![
                        ("name", Value::known_str(name.as_str(), at)),
                        ("column_names", columns),
                        ("unique", Value::Bool(true)),
                        ("duplicates_constraint", Value::known_str(name.as_str(), at)),
                    ]);
                }
            }
            Some(dicts(interpreter, rows, at))
        }
        "get_unique_constraints" => {
            let known = closed_table(interpreter, &table()?)?;
            let mut rows = Vec::new();
            for constraint in &known.constraints {
                if let ConstraintKind::Unique { columns, .. } = &constraint.kind {
                    let columns = strings(interpreter, columns, at);
                    rows.push(vec![
                        ("name", name_value(constraint, at)),
                        ("column_names", columns),
                    ]);
                }
            }
            Some(dicts(interpreter, rows, at))
        }
        "get_check_constraints" => {
            let known = closed_table(interpreter, &table()?)?;
            let rows = known
                .constraints
                .iter()
                .filter_map(|constraint| match &constraint.kind {
                    ConstraintKind::Check { expression, .. } => {
                        let text = expression
                            .known()
                            .map(|text| Value::known_str(text.as_str(), at));
                        Some(vec![
                            ("name", name_value(constraint, at)),
                            ("sqltext", or_unknown(text, at)),
                        ])
                    }
                    _ => None,
                })
                .collect();
            Some(dicts(interpreter, rows, at))
        }
        "get_foreign_keys" => {
            let known = closed_table(interpreter, &table()?)?;
            let mut rows = Vec::new();
            for (constraint, key) in known.foreign_keys() {
                let columns = strings(interpreter, &key.columns, at);
                let referred = strings(interpreter, &key.ref_columns, at);
                let (schema, referred_table) = match key.references.rsplit_once('.') {
                    Some((schema, table)) => (Value::known_str(schema, at), table),
                    None => (Value::None, key.references.as_str()),
                };
                let mut options = Vec::new();
                for (name, action) in [("ondelete", &key.ondelete), ("onupdate", &key.onupdate)] {
                    if let Some(action) = action {
                        options.push((
                            Value::known_str(name, at),
                            Value::known_str(action.as_str(), at),
                        ));
                    }
                }
                let options = Value::Object(interpreter.heap.allocate(Object::Dict(options)));
                rows.push(vec![
                    ("name", name_value(constraint, at)),
                    ("constrained_columns", columns),
                    ("referred_schema", schema),
                    ("referred_table", Value::known_str(referred_table, at)),
                    ("referred_columns", referred),
                    ("options", options),
                ]);
            }
            Some(dicts(interpreter, rows, at))
        }
        "get_pk_constraint" => {
            let known = closed_table(interpreter, &table()?)?;
            let (name, columns) = match known.primary_key() {
                Some(key) => (name_value(key, at), key.kind.columns().to_vec()),
                None => (Value::None, Vec::new()),
            };
            let columns = strings(interpreter, &columns, at);
            let pairs = vec![
                (Value::known_str("name", at), name),
                (Value::known_str("constrained_columns", at), columns),
            ];
            Some(Value::Object(
                interpreter.heap.allocate(Object::Dict(pairs)),
            ))
        }
        "get_enums" => {
            let simulation = interpreter.host.simulation()?;
            if simulation.now().opaque.is_some() {
                return None;
            }
            let enums: Vec<_> = simulation
                .now()
                .enums
                .iter()
                .map(|(name, known)| (name.clone(), Arc::clone(known)))
                .collect();
            let mut rows = Vec::new();
            for (name, known) in enums {
                if known.maybe.is_some() {
                    return None;
                }
                let labels = known.labels.known().cloned();
                let labels = labels.map(|labels| strings(interpreter, &labels, at));
                let (schema, type_name) =
                    name.rsplit_once('.').unwrap_or(("public", name.as_str()));
                rows.push(vec![
                    ("name", Value::known_str(type_name, at)),
                    ("schema", Value::known_str(schema, at)),
                    ("labels", or_unknown(labels, at)),
                ]);
            }
            Some(dicts(interpreter, rows, at))
        }
        _ => None,
    }
}

/// What is taken from the result of a statement that asks about the catalog.
fn result_method(
    interpreter: &mut Runner<'_>,
    base: &Value,
    name: &str,
    call: &Call,
    at: Place,
) -> Option<Value> {
    // `connection.scalar(text(…))`
    if name == "scalar" && !call.arguments.is_empty() {
        let executed = Value::symbol(crate::python::value::SymbolKind::Call(call.clone()), at);
        let rows = query::rows(&executed, interpreter, at)?;
        return Some(first_value(&rows));
    }
    query::executed(base)?;
    if !matches!(
        name,
        "scalar"
            | "scalar_one"
            | "scalar_one_or_none"
            | "fetchone"
            | "first"
            | "one"
            | "one_or_none"
            | "fetchall"
            | "all"
    ) {
        return None;
    }
    let rows = query::rows(base, interpreter, at)?;
    Some(match name {
        "scalar" | "scalar_one" | "scalar_one_or_none" => first_value(&rows),
        "fetchall" | "all" => {
            let rows = rows
                .into_iter()
                .map(|row| Value::Tuple(row.into()))
                .collect();
            Value::Object(interpreter.heap.allocate(Object::List(rows)))
        }
        _ => rows
            .into_iter()
            .next()
            .map_or(Value::None, |row| Value::Tuple(row.into())),
    })
}

fn first_value(rows: &[Vec<Value>]) -> Value {
    rows.first()
        .and_then(|row| row.first())
        .cloned()
        .unwrap_or(Value::None)
}

/// The rows of the result of a statement that asks about the catalog.
pub(super) fn result_rows(interpreter: &mut Runner<'_>, value: &Value) -> Option<Vec<Value>> {
    interpreter.host.simulation()?;
    query::executed(value)?;
    let at = value.as_symbol().map(|symbol| symbol.at)?;
    let rows = query::rows(value, interpreter, at)?;
    Some(
        rows.into_iter()
            .map(|row| Value::Tuple(Rc::from(row)))
            .collect(),
    )
}

fn named(call: &Call, position: usize, name: &str) -> Option<String> {
    call.argument(position, name)?
        .value
        .as_str()
        .map(ToString::to_string)
}

fn schema_of(call: &Call) -> Option<String> {
    call.keyword("schema")
        .and_then(|argument| argument.value.as_str().map(ToString::to_string))
}

fn with_schema(call: &Call, table: &str) -> SmolStr {
    crate::sqlalchemy::qualified(schema_of(call).as_deref(), table)
}

/// A table by the name that an inspector is asked for.
fn table_of<'d>(database: &'d Database, name: &str) -> Option<&'d Arc<Table>> {
    let meant = database.in_default_database(name);
    database.now.tables.get(meant.as_deref().unwrap_or(name))
}

/// Whether a table is there; `None` where that is not known. What no migration has made is taken not to be there.
fn has_table(interpreter: &Runner<'_>, name: &str) -> Option<bool> {
    let database = &interpreter.host.simulation()?.state.database;
    let now = &database.now;
    match table_of(database, name) {
        Some(table) if table.maybe.is_none() => Some(true),
        Some(_) => None,
        None if now.opaque.is_some() => None,
        None => Some(false),
    }
}

fn table_names(interpreter: &Runner<'_>, schema: Option<&str>) -> Option<Vec<SmolStr>> {
    let database = &interpreter.host.simulation()?.state.database;
    let now = &database.now;
    // One of the databases of MySQL is the default one.
    let may_be_default = |name: &SmolStr| {
        schema.is_none() && database.dialect == Dialect::MySql && name.contains('.')
    };
    if now.opaque.is_some() || now.tables.keys().any(may_be_default) {
        return None;
    }
    let mut names = Vec::new();
    for (name, table) in &now.tables {
        if table.maybe.is_some() {
            return None;
        }
        let (of, bare) = match name.rsplit_once('.') {
            Some((of, bare)) => (Some(of), bare),
            None => (None, name.as_str()),
        };
        if of == schema.filter(|schema| *schema != "public") {
            names.push(SmolStr::new(bare));
        }
    }
    Some(names)
}

/// A table of which everything is known by name.
fn closed_table(interpreter: &Runner<'_>, name: &str) -> Option<Table> {
    let database = &interpreter.host.simulation()?.state.database;
    let now = &database.now;
    let table = table_of(database, name)?;
    let is_certain = now.opaque.is_none()
        && table.maybe.is_none()
        && table.open.is_none()
        && table.unsure.is_none()
        && table.columns.iter().all(|column| column.maybe.is_none())
        && table.indexes.iter().all(|index| index.maybe.is_none())
        && table.constraints.iter().all(|constraint| {
            constraint.maybe.is_none() && matches!(constraint.name, Fact::Known(_))
        });
    is_certain.then(|| Table::clone(table))
}

fn name_value(constraint: &crate::catalog::Constraint, at: Place) -> Value {
    constraint
        .known_name()
        .map_or(Value::None, |name| Value::known_str(name.as_str(), at))
}

fn or_unknown(value: Option<Value>, at: Place) -> Value {
    value.unwrap_or_else(|| Value::unknown(Reason::Element, at))
}

fn strings(interpreter: &mut Runner<'_>, names: &[SmolStr], at: Place) -> Value {
    let items = names
        .iter()
        .map(|name| Value::known_str(name.as_str(), at))
        .collect();
    Value::Object(interpreter.heap.allocate(Object::List(items)))
}

fn dicts(interpreter: &mut Runner<'_>, rows: Vec<Vec<(&'static str, Value)>>, at: Place) -> Value {
    let rows = rows
        .into_iter()
        .map(|row| {
            let pairs = row
                .into_iter()
                .map(|(key, value)| (Value::known_str(key, at), value))
                .collect();
            Value::Object(interpreter.heap.allocate(Object::Dict(pairs)))
        })
        .collect();
    Value::Object(interpreter.heap.allocate(Object::List(rows)))
}
