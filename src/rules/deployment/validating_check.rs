//! ML510

use super::{CostlyConstraint, same_transaction, statements};
use crate::catalog::{ConstraintKind, Ddl, RowChange};
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
            || ctx.are_empty_columns(table, columns)
            || puts_rows_in_order(ctx, table)
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

/// True where the same transaction has gone through the rows before, to make them pass: one thing is done about both then.
fn puts_rows_in_order(ctx: &StatementContext<'_>, table: &str) -> bool {
    statements(same_transaction(ctx.earlier)).any(|(ddl, _)| {
        matches!(
            ddl.as_ref(),
            Ddl::Data { tables, rows: RowChange::Updated { .. } | RowChange::Removed { .. } }
                if tables.iter().any(|changed| changed == table)
        )
    })
}
