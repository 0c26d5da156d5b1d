//! Indexes and constraints that stand beside the classes.

use std::rc::Rc;

use smol_str::SmolStr;

use super::table::DeclaredTables;
use crate::python::value::{Call, CallArgument, ObjectId, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::sqlalchemy::ddl::reference_of;
use crate::sqlalchemy::{column_call, construct};

/// How deep keys are looked through.
const MAX_DEPTH: u32 = 16;

/// The table of the first column in the key of an index: `Model.name`, `func.lower(Model.name)`, `Model.name.desc()`.
fn referred_table<H: Host>(
    key: &Value,
    interpreter: &mut Interpreter<'_, H>,
    depth: u32,
) -> Option<SmolStr> {
    if depth > MAX_DEPTH || matches!(key, Value::Str(_)) {
        return None;
    }
    if let Some((table, _)) = reference_of(key, interpreter) {
        return Some(table);
    }
    let symbol = Rc::clone(key.as_symbol()?);
    let parts: Vec<&Value> = match &symbol.kind {
        // A column of its own, as `Index` is given in a class body, is part of what is being made.
        SymbolKind::Call(_) if column_call(key, interpreter).is_some() => return None,
        SymbolKind::Call(call) => {
            let given = call.positional().map(|argument| &argument.value);
            std::iter::once(&call.callee).chain(given).collect()
        }
        SymbolKind::Name(_) => return None,
        SymbolKind::Attribute { base, .. } | SymbolKind::Item { base, .. } => vec![base],
        SymbolKind::Binary { left, right, .. }
        | SymbolKind::Compare { left, right, .. }
        | SymbolKind::BoolOp { left, right, .. } => vec![left, right],
        SymbolKind::Unary { operand, .. } => vec![operand],
    };
    parts
        .into_iter()
        .find_map(|part| referred_table(part, interpreter, depth + 1))
}

/// What an index or a constraint is about: columns, expressions over them, and columns by name.
fn keys_of<H: Host>(call: &Call, interpreter: &Interpreter<'_, H>) -> Vec<Value> {
    let given = |skipped: usize| {
        let keys = call.positional().skip(skipped);
        keys.map(|key| key.value.clone()).collect()
    };
    match construct(&call.callee, interpreter).as_deref() {
        Some("ForeignKeyConstraint") => {
            let columns = call.argument(0, "columns");
            let columns = columns.and_then(|columns| interpreter.heap.elements(&columns.value));
            columns.map(<[Value]>::to_vec).unwrap_or_default()
        }
        // Its name comes first.
        Some("Index") => given(1),
        _ => given(0),
    }
}

/// True for what waits for a table and gets none: the columns in a class body have no table yet, and SQLAlchemy waits for
/// them only where none of the others is a mere name.
fn is_never_attached<H: Host>(keys: &[Value], at: Place, interpreter: &Interpreter<'_, H>) -> bool {
    let is_around = |class: ObjectId| {
        interpreter
            .class(class)
            .is_some_and(|class| class.at.file == at.file && class.def.span.contains(at.span))
    };
    keys.iter().any(|key| matches!(key, Value::Str(_)))
        && interpreter.classes().into_iter().any(is_around)
}

/// True for what names no column of a table, only texts: `"name"`, `text("lower(name)")`, `func.lower(text("name"))`.
fn is_text<H: Host>(key: &Value, interpreter: &Interpreter<'_, H>, depth: u32) -> bool {
    if matches!(key, Value::Str(_)) {
        return true;
    }
    let Some(call) = key.as_call().filter(|_| depth <= MAX_DEPTH) else {
        return false;
    };
    let is_text = |value: &Value| is_text(value, interpreter, depth + 1);
    match construct(&call.callee, interpreter).as_deref() {
        Some("text" | "literal_column" | "column") => true,
        Some(name) if name.starts_with("func.") || matches!(name, "asc" | "desc") => {
            !call.open && call.positional().all(|argument| is_text(&argument.value))
        }
        Some(_) => false,
        // `text("name").desc()`
        None => call.callee.as_symbol().is_some_and(
            |callee| matches!(&callee.kind, SymbolKind::Attribute { base, .. } if is_text(base)),
        ),
    }
}

/// True for an index outside of `Table(…)` and `__table_args__` that SQLAlchemy puts on no table
/// (`ColumnCollectionMixin._check_attach`).
pub fn is_on_no_table<H: Host>(call: &Call, at: Place, interpreter: &Interpreter<'_, H>) -> bool {
    let keys = keys_of(call, interpreter);
    let names_only_texts = || {
        !call.open
            && call.keyword("_table").is_none()
            && keys.iter().all(|key| is_text(key, interpreter, 0))
    };
    is_never_attached(&keys, at, interpreter) || names_only_texts()
}

impl DeclaredTables {
    /// `Index("name", Model.column)`, `UniqueConstraint(column)` and `ForeignKeyConstraint([Model.column], …)` that nothing
    /// holds: they join the table of the columns in their keys (`ColumnCollectionMixin`). Those of `__table_args__` are there
    /// already.
    pub fn add_indexes<H: Host>(
        &mut self,
        indexes: &[(Call, Place)],
        interpreter: &mut Interpreter<'_, H>,
    ) {
        for (call, at) in indexes {
            let keys = keys_of(call, interpreter);
            if is_never_attached(&keys, *at, interpreter) {
                continue;
            }
            let mut found = keys
                .iter()
                .filter_map(|key| referred_table(key, interpreter, 0));
            let Some(table) = found.next() else {
                continue;
            };
            let Some(table) = self.tables.iter_mut().find(|known| known.name == table) else {
                continue;
            };
            let stands_at = |item: &CallArgument| {
                item.value
                    .as_symbol()
                    .is_some_and(|symbol| symbol.at == *at)
            };
            if !table.items.iter().any(stands_at) {
                table.items.push(CallArgument::positional(
                    Value::symbol(SymbolKind::Call(call.clone()), *at),
                    *at,
                ));
            }
        }
    }
}
