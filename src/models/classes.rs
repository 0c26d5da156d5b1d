//! Declarative classes as tables.

use std::sync::Arc;

use smol_str::SmolStr;

use super::tables::table_arguments;
use crate::models::{ModelHost, ModelTable};
use crate::python::Interpreter;
use crate::python::value::{ObjectId, SymbolKind, Value};
use crate::schema::{Column, Table};
use crate::sqlalchemy::declarative::{
    Style, foreign_base, has_table_keyword, is_abstract, ordered_attributes, style, table_name,
};
use crate::sqlalchemy::{ColumnSource, column, metadata_of_class, qualified};

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
    let mut open = foreign_base(class, interpreter).is_some();
    let mut columns = Vec::new();
    for attribute in ordered_attributes(class, (2, 0), interpreter) {
        open |= attribute.unknown.is_some();
        let Some(call) = &attribute.column else {
            continue;
        };
        let source = ColumnSource {
            call,
            place: attribute.place,
            attribute: Some(&attribute.name),
        };
        match column(&source, interpreter) {
            Some(column) => columns.push(column),
            None => open = true,
        }
    }
    (columns, open)
}
