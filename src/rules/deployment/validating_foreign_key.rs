//! ML509

use super::CostlyConstraint;
use crate::catalog::ConstraintKind;
use crate::dialect::postgresql::Action;
use crate::rules::{Reporter, StatementContext, declare_rule};

declare_rule! {
    "ML509", "validating-foreign-key" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["squawk: adding-foreign-key-constraint", "strong_migrations: add_foreign_key", "pg-migration-lint: PGM014", "eugene: E1", "alembic-guard: AG008", "lockcheck: LC006"],
    on: Load(check),
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(cost) = ctx.cost(Action::AddForeignKey) else {
        return;
    };
    for (table, constraint) in ctx.added_constraints() {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else {
            continue;
        };
        // Where all values are NULL there is nothing to look up.
        if constraint.not_valid || ctx.are_empty_columns(table, &key.columns) {
            continue;
        }
        let violation = CostlyConstraint {
            table,
            constraint,
            cost,
            what: |table| format!("checks all rows of `{table}` while nobody can write to it"),
            help: ctx.validated_afterwards().into(),
        };
        ctx.report(&violation, reporter, "checks all rows");
    }
}
