//! Tables written out, and what `__table_args__` adds to those of classes.

use super::classes::Reader;
use crate::models::ModelTable;
use crate::python::Outcome;
use crate::python::value::{CallArgument, Object, ObjectId, SymbolKind, Value};
use crate::schema::{Item, Table};
use crate::source::{FileSpan, RepoPath};
use crate::sqlalchemy::declarative::{is_on_no_table, table_args};
use crate::sqlalchemy::{column_call, construct, item, metadata_of_value, qualified, table_items};

/// What `__table_args__` holds.
pub(super) struct TableArguments {
    pub(super) items: Vec<Item>,
    pub(super) schema: Option<String>,
    pub(super) open: bool,
}

pub(super) fn table_arguments(class: ObjectId, interpreter: &mut Reader<'_>) -> TableArguments {
    let mut arguments = TableArguments {
        items: Vec::new(),
        schema: None,
        open: false,
    };
    let Some(at) = interpreter.class(class).map(|class| class.at) else {
        return arguments;
    };
    let Some(mut value) = table_args(class, interpreter) else {
        arguments.items = body_indexes(class, interpreter);
        return arguments;
    };
    if matches!(value, Value::Function(_)) {
        let argument = CallArgument::positional(Value::Class(class), at);
        value = match interpreter.call(&value, vec![argument], at) {
            Outcome::Returned(value) => value,
            _ => {
                arguments.open = true;
                return arguments;
            }
        };
    }
    let parts = match &value {
        Value::Object(id) if matches!(interpreter.heap.get(*id), Object::Dict(_)) => {
            vec![value.clone()]
        }
        Value::None => Vec::new(),
        other => match interpreter.heap.elements(other) {
            Some(items) => items.to_vec(),
            None => {
                arguments.open = true;
                return arguments;
            }
        },
    };
    for part in parts {
        let place = part.as_symbol().map_or(at, |symbol| symbol.at);
        if let Some(found) = item(&CallArgument::positional(part.clone(), place), interpreter) {
            arguments.items.push(found);
        } else if let Value::Object(id) = &part
            && let Object::Dict(pairs) = interpreter.heap.get(*id)
        {
            let schema = pairs
                .iter()
                .find(|(key, _)| key.as_str().is_some_and(|key| &**key == "schema"));
            match schema.map(|(_, value)| value) {
                Some(Value::None) | None => {}
                Some(value) => {
                    let text = interpreter.text_of_member(value);
                    match text.as_ref().unwrap_or(value).as_str() {
                        Some(schema) => arguments.schema = Some(schema.to_string()),
                        None => arguments.open = true,
                    }
                }
            }
        } else {
            arguments.open = true;
        }
    }
    arguments.items.extend(body_indexes(class, interpreter));
    arguments
}

/// `ix = Index("name", column)` in the body of a class.
fn body_indexes(class: ObjectId, interpreter: &mut Reader<'_>) -> Vec<Item> {
    let names = interpreter.class(class).map(|class| class.scope.names);
    let values: Vec<Value> = names
        .and_then(|names| interpreter.heap.namespace(names))
        .map(|namespace| namespace.names.values().cloned().collect())
        .unwrap_or_default();
    values
        .into_iter()
        .filter_map(|value| {
            let at = value.as_symbol()?.at;
            let call = value.as_call()?;
            let kind = construct(&call.callee, interpreter)?;
            (kind == "Index" && !is_on_no_table(call, at, interpreter))
                .then(|| item(&CallArgument::positional(value, at), interpreter))
                .flatten()
        })
        .collect()
}

/// `Table("name", metadata, Column(…), …)` in these files.
pub(super) fn plain_tables(files: &[RepoPath], interpreter: &mut Reader<'_>) -> Vec<ModelTable> {
    let calls = std::mem::take(&mut interpreter.host.tables);
    let mut tables = Vec::new();
    for (call, at) in calls {
        let place: FileSpan = interpreter.file(at);
        let is_table = construct(&call.callee, interpreter).is_some_and(|name| name == "Table");
        if !is_table || files.binary_search(&place.file).is_err() {
            continue;
        }
        let mut positional = call.positional();
        let Some(name) = positional
            .next()
            .and_then(|argument| argument.value.as_str().cloned())
        else {
            continue;
        };
        let mut rest: Vec<CallArgument> = positional.cloned().collect();
        // Reflected tables say nothing themselves.
        if call.keyword("autoload_with").is_some() || call.keyword("autoload").is_some() {
            continue;
        }
        let database = match &call.callee.as_symbol().map(|symbol| &symbol.kind) {
            Some(SymbolKind::Attribute { base, .. }) => Some(base.clone()),
            _ => None,
        };
        let metadata = match database {
            Some(database) => metadata_of_value(&database, interpreter),
            None if rest.is_empty() => continue,
            None => {
                let first = rest.remove(0);
                metadata_of_value(&first.value, interpreter)
            }
        };
        let has_columns = rest
            .iter()
            .any(|argument| column_call(&argument.value, interpreter).is_some());
        let (columns, items, open) = table_items(&rest, interpreter);
        if !has_columns {
            continue;
        }
        let schema = call
            .keyword("schema")
            .and_then(|argument| argument.value.as_str().map(ToString::to_string));
        let table = Table {
            name: qualified(schema.as_deref(), &name),
            place: place.clone(),
            columns,
            items,
            open: open || call.open,
        };
        tables.push(ModelTable {
            table,
            class: None,
            place,
            metadata,
        });
    }
    tables
}
