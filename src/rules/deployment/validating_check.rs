//! ML510

use smol_str::SmolStr;

use super::refused_on_rows::is_constant;
use super::{CostlyConstraint, has_dropped, rewrites, same_transaction, statements};
use crate::catalog::{AlterAction, ConstraintKind, Ddl, Fact, RowChange};
use crate::dialect::postgresql::Action;
use crate::rules::{Reporter, StatementContext, declare_rule};

declare_rule! {
    "ML510", "validating-check" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["squawk: constraint-missing-not-valid", "atlas: PG305", "strong_migrations: add_check_constraint", "pg-migration-lint: PGM015", "eugene: E1", "alembic-guard: AG008", "lockcheck: LC006"],
    on: Load(check),
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(cost) = ctx.cost(Action::AddCheck) else {
        return;
    };
    for (table, constraint) in ctx.added_constraints() {
        let ConstraintKind::Check { columns, .. } = &constraint.kind else {
            continue;
        };
        if constraint.not_valid
            || are_new_and_alike(ctx, table, columns)
            || are_rows_written(ctx, table)
            || lets_more_in(ctx, table, &constraint.kind)
        {
            continue;
        }
        let violation = CostlyConstraint {
            table,
            constraint,
            cost,
            what: |table| format!("reads all of `{table}` while nobody can use it"),
            help: ctx.validated_afterwards().into(),
        };
        ctx.report(&violation, reporter, "reads the table");
    }
}

/// True for columns that the change has made and given nothing but their default, which is none or a constant: whoever writes
/// both knows what all rows have.
fn are_new_and_alike(ctx: &StatementContext<'_>, table: &str, columns: &[SmolStr]) -> bool {
    let known = ctx.before().tables.get(table);
    let has_plain_default = |name: &SmolStr| {
        let column = known.and_then(|table| table.column(name));
        column.is_some_and(|column| match &column.default {
            Fact::Known(None) => true,
            Fact::Known(Some(default)) => is_constant(default),
            Fact::Unknown(_) => false,
        })
    };
    !columns.is_empty()
        && columns
            .iter()
            .all(|name| ctx.fresh.is_unfilled(table, name) && has_plain_default(name))
}

/// True for a check that allows more values than one that the same direction has dropped before: as with an enum that is made
/// anew with one more label, who does it knows that the rows are as they should be, and has no shorter way.
fn lets_more_in(ctx: &StatementContext<'_>, table: &str, check: &ConstraintKind) -> bool {
    let Some((columns, allowed)) = allowed_values(check) else {
        return false;
    };
    has_dropped(ctx, table, |dropped| {
        allowed_values(dropped).is_some_and(|(of, values)| {
            of == columns && values.iter().all(|value| allowed.contains(value))
        })
    })
}

/// The columns of a check and the strings that it compares them with, if there are some.
fn allowed_values(check: &ConstraintKind) -> Option<(&[SmolStr], Vec<&str>)> {
    let ConstraintKind::Check {
        expression: Fact::Known(expression),
        columns,
    } = check
    else {
        return None;
    };
    let values: Vec<&str> = expression.split('\'').skip(1).step_by(2).collect();
    (!values.is_empty() && !columns.is_empty()).then_some((columns, values))
}

/// True where the same transaction has gone through rows of a table before, to put them in order or to write them anew:
/// one thing is done about both then.
fn are_rows_written(ctx: &StatementContext<'_>, table: &str) -> bool {
    statements(same_transaction(ctx.earlier)).any(|(ddl, step)| match ddl.as_ref() {
        Ddl::Data {
            tables,
            rows: RowChange::Updated { .. } | RowChange::Removed { .. },
        } => tables.iter().any(|changed| changed == table),
        // The type is made anew, and each column of it is changed to the new one.
        Ddl::SetEnumLabels { name, .. } => {
            let table = step.before.tables.get(table);
            table.is_some_and(|table| {
                let mut columns = table.columns.iter();
                columns.any(|column| column.column_type.is(name))
            })
        }
        Ddl::AlterTable {
            table: other,
            action:
                AlterAction::AlterType {
                    column,
                    column_type,
                    ..
                },
            ..
        } if other == table => {
            let column = step.before.tables.get(other).and_then(|t| t.column(column));
            column
                .and_then(|column| column.column_type.known())
                .zip(column_type.known())
                .is_some_and(|(from, to)| rewrites(ctx.environment, &step.before, from, to))
        }
        _ => false,
    })
}
