//! The arguments of `Table(…)` and `op.create_table(…)`.

use smol_str::{SmolStr, format_smolstr};

use crate::python::value::{Call, CallArgument, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::schema::{Column, Fact, Item};
use crate::sqlalchemy::column::column_call;
use crate::sqlalchemy::render::MAX_DEPTH;
use crate::sqlalchemy::{ColumnSource, column, construct, ddl, render};

/// Constructs that belong to a table and are no column.
const ITEMS: &[&str] = &[
    "CheckConstraint",
    "ExcludeConstraint",
    "ForeignKeyConstraint",
    "Index",
    "PrimaryKeyConstraint",
    "UniqueConstraint",
];

/// Columns and other items among arguments. The last value is true where an argument was not understood, so that
/// columns may be missing.
pub fn table_items<'v, H: Host>(
    arguments: impl IntoIterator<Item = &'v CallArgument>,
    interpreter: &mut Interpreter<'_, H>,
) -> (Vec<Column>, Vec<Item>, bool) {
    let (mut columns, mut items, mut open) = (Vec::new(), Vec::new(), false);
    for argument in arguments {
        if let Some((call, place)) = column_call(&argument.value, interpreter) {
            let source = ColumnSource {
                call,
                place,
                attribute: None,
            };
            match column(&source, interpreter) {
                Some(column) => columns.push(column),
                None => open = true,
            }
        } else if let Some(item) = item(argument, interpreter) {
            items.push(item);
        } else if !matches!(argument.value, Value::None) {
            open = true;
        }
    }
    (columns, items, open)
}

/// A constraint or index; `None` for anything else.
pub fn item<H: Host>(
    argument: &CallArgument,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Item> {
    let call = argument.value.as_call()?;
    let kind = construct(&call.callee, interpreter)?;
    if !ITEMS.contains(&kind.as_str()) {
        return None;
    }
    let name = item_name(call, &kind, interpreter);
    let definition = match render(&argument.value, interpreter) {
        // `Index("…", cls.name)`: which column it is cannot be told from what the column is made of.
        Some(text) if !holds_a_column(&argument.value, interpreter, 0) => Fact::Known(text),
        _ => Fact::Unknown(interpreter.text_at(argument.at)),
    };
    let place = argument
        .value
        .as_symbol()
        .map_or(argument.at, |symbol| symbol.at);
    Some(Item {
        kind,
        name,
        definition,
        place: interpreter.file(place),
    })
}

/// True if a column stands in an expression as the object it is.
fn holds_a_column<H: Host>(value: &Value, interpreter: &Interpreter<'_, H>, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let mut holds = |value: &Value| holds_a_column(value, interpreter, depth + 1);
    match value {
        Value::Tuple(items) => items.iter().any(&mut holds),
        Value::Object(_) => interpreter
            .heap
            .elements(value)
            .is_some_and(|items| items.iter().any(&mut holds)),
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Call(call) => {
                column_call(value, interpreter).is_some()
                    || holds(&call.callee)
                    || call.arguments.iter().any(|argument| holds(&argument.value))
            }
            SymbolKind::Name(_) => false,
            SymbolKind::Attribute { base, .. } => holds(base),
            SymbolKind::Item { base, key } => holds(base) || holds(key),
            SymbolKind::Binary { left, right, .. }
            | SymbolKind::Compare { left, right, .. }
            | SymbolKind::BoolOp { left, right, .. } => holds(left) || holds(right),
            SymbolKind::Unary { operand, .. } => holds(operand),
        },
        _ => false,
    }
}

fn item_name<H: Host>(
    call: &Call,
    kind: &SmolStr,
    interpreter: &Interpreter<'_, H>,
) -> Option<SmolStr> {
    let given = match call.keyword("name") {
        Some(argument) => Some(&argument.value),
        None if kind == "Index" => call.positional().next().map(|argument| &argument.value),
        None => None,
    };
    known_name(given?, interpreter)
}

/// A name given as text, or as `op.f("name")`.
pub(crate) fn known_name<H: Host>(
    value: &Value,
    interpreter: &Interpreter<'_, H>,
) -> Option<SmolStr> {
    ddl::name_value(value, interpreter).0.map(SmolStr::new)
}

/// A table's name with its schema, if it is in one.
pub(crate) fn qualified(schema: Option<&str>, name: &str) -> SmolStr {
    match schema {
        Some(schema) if !schema.is_empty() && schema != "public" => {
            format_smolstr!("{schema}.{name}")
        }
        _ => SmolStr::new(name),
    }
}
