//! Where the names come from that migrations use of Alembic, SQLAlchemy and the packages around them.

/// Types and functions of `sqlalchemy` that nothing else is customarily called by; sorted.
const CORE: &[&str] = &[
    "BigInteger",
    "Boolean",
    "CheckConstraint",
    "Column",
    "Computed",
    "DateTime",
    "Float",
    "ForeignKey",
    "ForeignKeyConstraint",
    "Identity",
    "Integer",
    "Interval",
    "LargeBinary",
    "MetaData",
    "Numeric",
    "PickleType",
    "PrimaryKeyConstraint",
    "SmallInteger",
    "String",
    "Table",
    "Text",
    "Unicode",
    "UnicodeText",
    "UniqueConstraint",
    "VARCHAR",
];

/// Functions of `sqlalchemy` that are written beside those of Alembic; sorted.
const FUNCTIONS: &[&str] = &[
    "and_",
    "asc",
    "case",
    "cast",
    "column",
    "desc",
    "func",
    "literal",
    "literal_column",
    "not_",
    "or_",
    "select",
    "table",
    "text",
];

/// Types that only PostgreSQL has; sorted.
const POSTGRESQL: &[&str] = &[
    "BYTEA",
    "CIDR",
    "CITEXT",
    "HSTORE",
    "INET",
    "INT4RANGE",
    "JSONB",
    "MACADDR",
    "TSRANGE",
    "TSTZRANGE",
    "TSVECTOR",
];

/// Packages that autogenerate writes types of by their full names, and that load all modules these names lead through.
const PACKAGES: &[&str] = &[
    "advanced_alchemy",
    "fastapi_users_db_sqlalchemy",
    "geoalchemy2",
    "sqlalchemy",
    "sqlalchemy_utils",
    "sqlmodel",
];

/// The statement that binds a name which is used as `path`, where there is only one that can be meant.
pub fn import_for(path: &str) -> Option<String> {
    let name = path.split('.').next().unwrap_or_default();
    let is_alone = name == path;
    let statement = match name {
        "op" | "context" if !is_alone => format!("from alembic import {name}"),
        "sa" if !is_alone => "import sqlalchemy as sa".to_owned(),
        "postgresql" | "mysql" | "sqlite" | "mssql" | "oracle" if !is_alone => {
            format!("from sqlalchemy.dialects import {name}")
        }
        "func" if !is_alone => "from sqlalchemy import func".to_owned(),
        "pgvector" if path.starts_with("pgvector.sqlalchemy.") => {
            "import pgvector.sqlalchemy".to_owned()
        }
        _ if !is_alone && PACKAGES.contains(&name) => format!("import {name}"),
        _ if CORE.binary_search(&path).is_ok() => format!("from sqlalchemy import {name}"),
        _ if POSTGRESQL.binary_search(&path).is_ok() => {
            format!("from sqlalchemy.dialects.postgresql import {name}")
        }
        _ => return None,
    };
    Some(statement)
}

/// True for a name of `sqlalchemy` that somebody may ask Alembic's `op` for, which does not have it.
pub fn is_mistaken_for_operation(name: &str) -> bool {
    CORE.binary_search(&name).is_ok() || FUNCTIONS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unambiguous() {
        assert!(CORE.is_sorted() && FUNCTIONS.is_sorted() && POSTGRESQL.is_sorted());
        for (path, expected) in [
            ("Text", Some("from sqlalchemy import Text")),
            (
                "JSONB",
                Some("from sqlalchemy.dialects.postgresql import JSONB"),
            ),
            (
                "postgresql.JSONB",
                Some("from sqlalchemy.dialects import postgresql"),
            ),
            ("sqlmodel.sql.sqltypes.AutoString", Some("import sqlmodel")),
            ("sa.Text", Some("import sqlalchemy as sa")),
            (
                "pgvector.sqlalchemy.vector.VECTOR",
                Some("import pgvector.sqlalchemy"),
            ),
            // `uuid.UUID`, `sa.UUID` or `postgresql.UUID`.
            ("UUID", None),
            ("app.types.GUID", None),
            ("sa", None),
        ] {
            assert_eq!(import_for(path).as_deref(), expected, "{path}");
        }
    }
}
