//! ML512

use super::CostlyConstraint;
use crate::catalog::ConstraintKind;
use crate::dialect::postgresql::Action;
use crate::rules::{Reporter, StatementContext, declare_rule};

declare_rule! {
    "ML512", "blocking-exclusion-constraint" in Deployment("deployment"),
    severity: Warning,
    default: Off,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["strong_migrations: add_exclusion_constraint", "pg-migration-lint: PGM019", "eugene: E8"],
    on: Load(check),
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(cost) = ctx.cost(Action::AddExclusion) else {
        return;
    };
    for (table, constraint) in ctx.added_constraints() {
        if !matches!(constraint.kind, ConstraintKind::Exclude { .. }) {
            continue;
        }
        let violation = CostlyConstraint {
            table,
            constraint,
            cost,
            what: |table| format!("builds an index while nobody can use `{table}`"),
            help: "PostgreSQL has no other way: deploy it while the table is not needed, or move the rows to a new table".into(),
        };
        ctx.report(&violation, reporter, "builds an index");
    }
}
