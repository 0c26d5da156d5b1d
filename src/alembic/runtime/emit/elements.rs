//! Methods of tables and columns that SQLAlchemy does not have: sqlalchemy-migrate gives them some that change the
//! database, as `table.c.name.alter(name="title")`.

use super::super::operations::table_with_schema;
use super::{Emitted, Runner};
use crate::python::value::{SymbolKind, Value};
use crate::sqlalchemy::construct;
use crate::sqlalchemy::declarative::declared_table;

/// What of `Table` only builds a value.
const OF_TABLES: &[&str] = &[
    "add_is_dependent_on",
    "alias",
    "append_column",
    "append_constraint",
    "argument_for",
    "as_scalar",
    "compare",
    "compile",
    "corresponding_column",
    "count",
    "delete",
    "dispatch",
    "exists",
    "get_children",
    "info",
    "insert",
    "is_derived_from",
    "join",
    "lateral",
    "outerjoin",
    "params",
    "replace_selectable",
    "select",
    "self_group",
    "table_valued",
    "tablesample",
    "to_metadata",
    "tometadata",
    "unique_params",
    "update",
    "with_only_columns",
];

/// What of a column is a part of a query.
const OF_COLUMNS: &[&str] = &[
    "all_",
    "any_",
    "append_foreign_key",
    "argument_for",
    "as_integer",
    "as_string",
    "asc",
    "astext",
    "between",
    "bitwise_and",
    "bitwise_lshift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_rshift",
    "bitwise_xor",
    "bool_op",
    "cast",
    "collate",
    "compare",
    "compile",
    "concat",
    "contained_by",
    "contains",
    "copy",
    "desc",
    "distinct",
    "endswith",
    "expression",
    "get_children",
    "has_all",
    "has_any",
    "has_key",
    "icontains",
    "iendswith",
    "ilike",
    "in_",
    "is_",
    "is_distinct_from",
    "is_not",
    "is_not_distinct_from",
    "isnot",
    "isnot_distinct_from",
    "istartswith",
    "label",
    "like",
    "match",
    "not_ilike",
    "not_in",
    "not_like",
    "notilike",
    "notin_",
    "notlike",
    "nulls_first",
    "nulls_last",
    "nullsfirst",
    "nullslast",
    "op",
    "operate",
    "overlap",
    "overlaps",
    "params",
    "references",
    "regexp_match",
    "regexp_replace",
    "reverse_operate",
    "self_group",
    "shares_lineage",
    "startswith",
    "unique_params",
];

/// What a method of a `Table`, or of one of its columns, may change: anything of the table where SQLAlchemy has no such
/// method.
pub(in crate::alembic::runtime) fn foreign_method(
    base: &Value,
    name: &str,
    interpreter: &mut Runner<'_>,
) -> Option<Emitted> {
    let (table, known) = match table_of_column(base) {
        Some(table) => (table, OF_COLUMNS),
        None => (base, OF_TABLES),
    };
    // Types have methods of their own: those of PostGIS begin so.
    if known.contains(&name) || name.starts_with("ST_") || name.starts_with("__") {
        return None;
    }
    let made = table.as_call()?;
    if construct(&made.callee, interpreter).as_deref() != Some("Table") {
        return None;
    }
    let sqlalchemy = interpreter.host.semantics()?.sqlalchemy;
    // One that is reflected has no columns of its own.
    let table = match declared_table(table, sqlalchemy, interpreter) {
        Some(declared) => declared.name,
        None => table_with_schema(table, interpreter)?,
    };
    let what = format!("what `{name}` does to a table is not known");
    Some(Emitted::opaque(what, Some(table)))
}

/// The table of `table.c.name` and `table.c["name"]`.
fn table_of_column(value: &Value) -> Option<&Value> {
    let (SymbolKind::Attribute { base: columns, .. } | SymbolKind::Item { base: columns, .. }) =
        &value.as_symbol()?.kind
    else {
        return None;
    };
    match &columns.as_symbol()?.kind {
        SymbolKind::Attribute { base, name } if matches!(name.as_str(), "c" | "columns") => {
            Some(base)
        }
        _ => None,
    }
}
