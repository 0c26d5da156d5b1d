//! ML524

use std::cmp::Ordering;

use smol_str::SmolStr;

use crate::catalog::{AlterAction, Catalog, Constraint, ConstraintKind, Ddl, ForeignKey};
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
        let custom = || Custom::of(before, ctx).has_so_narrow(&key.references, referenced, width);
        if width < wider && !is_told && !custom() {
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

/// The keys to wide integers that were there before a revision.
struct Custom<'c> {
    keys: Vec<WideKey<'c>>,
}

/// A column that refers to a `bigint`.
struct WideKey<'c> {
    references: &'c str,
    referenced: &'c str,
    width: u32,
}

/// So many keys show what a project does elsewhere.
const FEW_KEYS: usize = 3;

impl<'c> Custom<'c> {
    fn of(before: &'c Catalog, ctx: &StatementContext<'_>) -> Self {
        let is_older = |constraint: &Constraint| {
            let place = constraint.place.as_ref();
            constraint.maybe.is_none() && place.is_some_and(|place| place.file != ctx.revision.file)
        };
        let mut keys = Vec::new();
        for table in before.tables.values() {
            let of_table = table.foreign_keys();
            for (_, key) in of_table.filter(|(constraint, _)| is_older(constraint)) {
                for (column, referenced) in key.columns.iter().zip(&key.ref_columns) {
                    let column = table
                        .column(column)
                        .and_then(|column| column.column_type.known());
                    let target = type_in(before, &key.references, referenced);
                    if let (Some(width), Some(8)) = (
                        column.and_then(|it| width(it)),
                        target.and_then(|it| width(it)),
                    ) {
                        keys.push(WideKey {
                            references: &key.references,
                            referenced,
                            width,
                        });
                    }
                }
            }
        }
        Self { keys }
    }

    /// True where most keys to a column are no wider than this; where these are as many as others, or none, most keys of the
    /// project.
    fn has_so_narrow(&self, table: &str, column: &str, width: u32) -> bool {
        let most = |keys: &[&WideKey<'_>]| {
            let narrow = keys.iter().filter(|key| key.width <= width).count();
            (2 * narrow).cmp(&keys.len())
        };
        let is_to_same = |key: &&WideKey<'_>| key.references == table && key.referenced == column;
        let same: Vec<&WideKey<'_>> = self.keys.iter().filter(is_to_same).collect();
        let all: Vec<&WideKey<'_>> = self.keys.iter().collect();
        match most(&same) {
            Ordering::Equal => all.len() >= FEW_KEYS && most(&all) == Ordering::Greater,
            most => most == Ordering::Greater,
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
