//! ML524

use smol_str::SmolStr;

use crate::catalog::{AlterAction, Catalog, ConstraintKind, Ddl, ForeignKey};
use crate::rules::model::migration_without_model;
use crate::rules::{Reporter, StatementContext, Violation, Way, declare_rule};

declare_rule! {
    "ML524", "mismatched-foreign-key" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["online_migrations: mismatched reference column types"],
    on: Statement(check),
}

struct Mismatched<'a> {
    table: &'a str,
    column: &'a str,
    column_type: &'a str,
    references: String,
    referenced_type: &'a str,
}

impl Violation for Mismatched<'_> {
    fn message(&self) -> String {
        let Self {
            table,
            column,
            column_type,
            references,
            referenced_type,
        } = self;
        format!(
            "`{table}.{column}` is `{column_type}` and refers to `{references}`, which is `{referenced_type}`"
        )
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec!["keys that do not fit into the column cannot be referred to: the first of them fails, years later".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some("give both columns the same type".to_owned())
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.way == Way::Down {
        return;
    }
    let before = ctx.before();
    match ctx.ddl {
        Ddl::CreateTable(create) => {
            let type_of = |name: &SmolStr| {
                let mut columns = create.columns.iter();
                columns
                    .find(|definition| definition.column.name == *name)?
                    .column
                    .column_type
                    .known()
            };
            for definition in &create.columns {
                let own = std::slice::from_ref(&definition.column.name);
                for constraint in &definition.constraints {
                    if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                        compare(ctx, &create.name, own, key, before, &type_of, reporter);
                    }
                }
            }
            for constraint in &create.constraints {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                    compare(
                        ctx,
                        &create.name,
                        &key.columns,
                        key,
                        before,
                        &type_of,
                        reporter,
                    );
                }
            }
        }
        Ddl::AlterTable {
            table,
            action: AlterAction::AddConstraint(constraint),
            ..
        } => {
            if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                let type_of = |name: &SmolStr| type_in(before, table, name);
                compare(ctx, table, &key.columns, key, before, &type_of, reporter);
            }
        }
        _ => {}
    }
}

fn type_in<'c>(catalog: &'c Catalog, table: &str, column: &str) -> Option<&'c SmolStr> {
    catalog
        .tables
        .get(table)?
        .column(column)?
        .column_type
        .known()
}

fn compare<'c>(
    ctx: &StatementContext<'_>,
    table: &str,
    columns: &[SmolStr],
    key: &ForeignKey,
    before: &'c Catalog,
    type_of: &dyn Fn(&SmolStr) -> Option<&'c SmolStr>,
    reporter: &mut Reporter<'_>,
) {
    for (column, referenced) in columns.iter().zip(&key.ref_columns) {
        let (Some(column_type), Some(referenced_type)) = (
            type_of(column),
            type_in(before, &key.references, referenced),
        ) else {
            continue;
        };
        let (Some(width), Some(wider)) = (width(column_type), width(referenced_type)) else {
            continue;
        };
        let is_told = migration_without_model::tells_type_of(ctx.environment, table, column);
        if width < wider && !is_told {
            let violation = Mismatched {
                table,
                column,
                column_type,
                references: format!("{}.{referenced}", key.references),
                referenced_type,
            };
            ctx.report(&violation, reporter, "refers to a wider column");
        }
    }
}

/// Bytes of an integer.
fn width(column_type: &str) -> Option<u32> {
    match column_type {
        "smallint" => Some(2),
        "integer" => Some(4),
        "bigint" => Some(8),
        _ => None,
    }
}
