//! The tables of the catalogs, and what their columns say.

use crate::catalog::{QuestionField, QuestionKind};

/// A table of a catalog. The one with the highest rank in a join is what the question is about; the others add
/// conditions to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct CatalogTable {
    pub(super) name: &'static str,
    pub(super) about: QuestionKind,
    rank: u8,
}

const TABLES: &[CatalogTable] = &[
    table("columns", QuestionKind::Column, 5),
    table("constraint_column_usage", QuestionKind::Constraint, 6),
    table("key_column_usage", QuestionKind::Constraint, 6),
    table("pg_attribute", QuestionKind::Column, 5),
    table("pg_class", QuestionKind::Relation, 3),
    table("pg_constraint", QuestionKind::Constraint, 6),
    table("pg_enum", QuestionKind::EnumLabel, 6),
    table("pg_extension", QuestionKind::Extension, 3),
    table("pg_index", QuestionKind::Index, 4),
    table("pg_indexes", QuestionKind::Index, 4),
    table("pg_matviews", QuestionKind::MaterializedView, 3),
    table("pg_namespace", QuestionKind::Schema, 1),
    table("pg_policies", QuestionKind::Policy, 4),
    table("pg_policy", QuestionKind::Policy, 4),
    table("pg_proc", QuestionKind::Function, 3),
    table("pg_authid", QuestionKind::Role, 3),
    table("pg_roles", QuestionKind::Role, 3),
    table("pg_sequences", QuestionKind::Sequence, 3),
    table("pg_tables", QuestionKind::Table, 3),
    table("pg_trigger", QuestionKind::Trigger, 4),
    table("pg_type", QuestionKind::Type, 2),
    table("pg_user", QuestionKind::Role, 3),
    table("pg_views", QuestionKind::View, 3),
    table("routines", QuestionKind::Function, 3),
    table("schemata", QuestionKind::Schema, 1),
    table("sequences", QuestionKind::Sequence, 3),
    table("sqlite_master", QuestionKind::Relation, 3),
    table("sqlite_schema", QuestionKind::Relation, 3),
    table("statistics", QuestionKind::Index, 4),
    table("table_constraints", QuestionKind::Constraint, 6),
    table("tables", QuestionKind::TableOrView, 3),
    table("triggers", QuestionKind::Trigger, 4),
    table("views", QuestionKind::View, 3),
];

const fn table(name: &'static str, about: QuestionKind, rank: u8) -> CatalogTable {
    CatalogTable { name, about, rank }
}

/// The table of this name: those of `information_schema` only under it.
pub(super) fn find(schema: Option<&str>, name: &str) -> Option<CatalogTable> {
    let own = name.starts_with("pg_") || name.starts_with("sqlite_");
    let in_place = match schema {
        None => own,
        Some("information_schema") => !own,
        Some("pg_catalog") => name.starts_with("pg_"),
        Some(_) => false,
    };
    TABLES
        .iter()
        .find(|table| in_place && table.name == name)
        .copied()
}

/// What the question is about: the first of the highest rank.
pub(super) fn main(tables: &[CatalogTable]) -> Option<CatalogTable> {
    let rank = tables.iter().map(|table| table.rank).max()?;
    tables.iter().find(|table| table.rank == rank).copied()
}

/// What a column of a catalog says about the object asked for. `None` for columns that all objects here agree on.
pub(super) fn field(
    table: CatalogTable,
    main: CatalogTable,
    column: &str,
) -> Option<QuestionField> {
    let is_main = table.rank == main.rank && table.about == main.about;
    // A table that is only joined says who owns the object.
    let own_name = if is_main {
        QuestionField::Name
    } else {
        QuestionField::Owner
    };
    Some(match (table.name, column) {
        ("pg_namespace", "nspname") if !is_main => QuestionField::Schema,
        ("constraint_column_usage", "table_name") => QuestionField::UsedTable,
        ("constraint_column_usage", "column_name") => QuestionField::UsedColumn,
        ("pg_constraint", "confrelid") => QuestionField::Referred,
        // A column that a constraint is over is not its owner.
        ("pg_attribute", "attname") if main.name == "pg_constraint" => {
            QuestionField::Property(column.into())
        }
        ("pg_index", "indexrelid") => QuestionField::Name,
        // Joined by the index's own id: see `select`.
        ("pg_class", "relname") if main.name == "pg_index" => QuestionField::Name,
        ("columns" | "table_constraints" | "key_column_usage" | "statistics", "table_name")
        | ("triggers", "event_object_table")
        | ("pg_indexes" | "pg_policies", "tablename")
        | ("pg_enum", "enumtypid")
        | ("pg_index", "indrelid")
        | ("pg_constraint", "conrelid")
        | ("pg_attribute", "attrelid")
        | ("pg_trigger", "tgrelid")
        | ("pg_policy", "polrelid")
        | ("sqlite_master" | "sqlite_schema", "tbl_name") => QuestionField::Owner,
        (
            _,
            "column_name" | "constraint_name" | "index_name" | "trigger_name" | "routine_name"
            | "schema_name" | "sequence_name" | "nspname" | "extname" | "proname" | "tgname"
            | "polname" | "policyname" | "relname" | "typname" | "conname" | "attname"
            | "enumlabel" | "rolname" | "usename" | "indexname" | "viewname" | "matviewname"
            | "sequencename" | "tablename" | "table_name" | "name",
        ) if !(column == "column_name" && table.about == QuestionKind::Constraint) => own_name,
        (
            _,
            "table_schema" | "schemaname" | "constraint_schema" | "index_schema" | "trigger_schema"
            | "sequence_schema" | "routine_schema" | "relnamespace" | "typnamespace"
            | "connamespace" | "pronamespace",
        ) => QuestionField::Schema,
        (_, "constraint_type" | "contype") => QuestionField::ConstraintKind,
        (
            _,
            "table_catalog" | "constraint_catalog" | "catalog_name" | "oid" | "typtype" | "prokind"
            | "attisdropped" | "attnum" | "tgisinternal",
        ) => return None,
        (_, other) => QuestionField::Property(other.into()),
    })
}

/// Columns whose table is clear without an alias.
pub(super) fn owns(table: &str, column: &str) -> bool {
    match column {
        "nspname" => table == "pg_namespace",
        "typname" | "typnamespace" | "typtype" => table == "pg_type",
        "relname" | "relkind" | "relnamespace" => table == "pg_class",
        "enumlabel" | "enumtypid" => table == "pg_enum",
        "conname" | "contype" | "conrelid" => table == "pg_constraint",
        "attname" | "attrelid" => table == "pg_attribute",
        "indexrelid" | "indrelid" | "indisvalid" => table == "pg_index",
        _ => false,
    }
}
