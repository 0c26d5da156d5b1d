//! ML511

use super::CostlyConstraint;
use crate::catalog::ConstraintKind;
use crate::dialect::postgresql::Action;
use crate::rules::{Reporter, StatementContext, declare_rule};

declare_rule! {
    "ML511", "blocking-primary-key" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["squawk: adding-serial-primary-key-field", "atlas: PG104, PG304", "pg-migration-lint: PGM016", "eugene: W14", "alembic-guard: AG010"],
    on: Load(check),
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(cost) = ctx.cost(Action::AddPrimaryKey) else {
        return;
    };
    for (table, constraint) in ctx.added_constraints() {
        if !matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }) {
            continue;
        }
        let violation = CostlyConstraint {
            table,
            constraint,
            cost,
            what: |table| format!("builds an index while nobody can use `{table}`"),
            help: "build a unique index concurrently, in an `autocommit_block()`, and make the key of it: `ALTER TABLE … ADD \
                   CONSTRAINT … PRIMARY KEY USING INDEX …`".into(),
        };
        ctx.report(&violation, reporter, "builds an index");
    }
}
