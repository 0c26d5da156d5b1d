//! Declarative classes as tables.

use std::sync::Arc;

use smol_str::SmolStr;

use super::fields::own_columns;
use super::tables::table_arguments;
use crate::models::{ModelHost, ModelTable};
use crate::python::Interpreter;
use crate::python::value::{ObjectId, SymbolKind, Value};
use crate::schema::{Column, Table};
use crate::sqlalchemy::declarative::{
    Style, has_named_table, has_table_keyword, is_abstract, style, table_name,
};
use crate::sqlalchemy::{metadata_of_class, qualified};

pub(super) type Reader<'s> = Interpreter<'s, ModelHost>;

/// The table of a model class; `None` for a class that has none.
pub(super) fn table(class: ObjectId, interpreter: &mut Reader<'_>) -> Option<ModelTable> {
    let style = style(class, interpreter)?;
    if is_abstract(class, interpreter) {
        return None;
    }
    if style == Style::SqlModel && !has_table_keyword(class, interpreter) {
        return None;
    }
    let def = Arc::clone(&interpreter.class(class)?.def);
    let at = interpreter.class(class)?.at;
    let (mut columns, mut open) = columns(class, interpreter);
    if let Some(Value::Symbol(symbol)) = interpreter.own_attribute(class, "__table__")
        && let SymbolKind::Call(_) = &symbol.kind
    {
        // The Table(…) itself is read where it is made.
        return None;
    }
    let name = table_name(class, style, interpreter)?;
    if style == Style::Foreign && columns.is_empty() {
        return None;
    }
    let arguments = table_arguments(class, interpreter);
    open |= arguments.open || style == Style::Foreign;
    columns.retain({
        let mut seen: Vec<SmolStr> = Vec::new();
        move |column| {
            let new = !seen.contains(&column.name);
            seen.push(column.name.clone());
            new
        }
    });
    let mut place = interpreter.file(at);
    place.span = def.name_span;
    let table = Table {
        name: qualified(arguments.schema.as_deref(), &name),
        place: place.clone(),
        columns,
        items: arguments.items,
        open,
    };
    let metadata = metadata_of_class(class, interpreter);
    Some(ModelTable {
        table,
        class: Some(def.name.clone()),
        place,
        metadata,
    })
}

/// The columns of a class and its bases; the second value is true where something that may be a column was not
/// understood. Own columns come first, then those of each base, as SQLAlchemy 2 puts them.
pub(super) fn columns(class: ObjectId, interpreter: &mut Reader<'_>) -> (Vec<Column>, bool) {
    let (order, outside) = interpreter.ancestry(class);
    let is_sql_model = outside.iter().any(|base| {
        base.qualified_name()
            .is_some_and(|name| name.ends_with("SQLModel"))
    });
    let mut columns: Vec<Column> = Vec::new();
    let mut open = outside.iter().any(Value::is_unknown);
    let has_own_table = has_named_table(class, interpreter);
    for (index, member) in order.iter().enumerate() {
        // A parent with a table of its own keeps its columns, unless the child has no table: then it is the same.
        if index > 0 && has_own_table && has_named_table(*member, interpreter) {
            break;
        }
        let (own, own_open) = own_columns(*member, class, is_sql_model, interpreter);
        open |= own_open;
        for column in own {
            if !columns.iter().any(|known| known.name == column.name) {
                columns.push(column);
            }
        }
    }
    (columns, open)
}
