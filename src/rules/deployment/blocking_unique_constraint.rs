//! ML508

use super::CostlyConstraint;
use crate::catalog::ConstraintKind;
use crate::dialect::postgresql::Action;
use crate::rules::{Reporter, StatementContext, declare_rule};

declare_rule! {
    "ML508", "blocking-unique-constraint" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: [
        "squawk: disallowed-unique-constraint",
        "atlas: PG105, MF101",
        "strong_migrations: add_unique_constraint",
        "pg-migration-lint: PGM017",
        "django-migration-linter: ADD_UNIQUE",
        "eugene: E7",
        "alembic-guard: AG010",
        "lockcheck: LC007",
    ],
    on: Load(check),
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(cost) = ctx.cost(Action::AddUnique) else {
        return;
    };
    for (table, constraint) in ctx.added_constraints() {
        // Where all values are NULL there is nothing to compare, but the index gets an entry of every row all the same: a
        // third of the time it takes otherwise (PostgreSQL 15, 3 million rows).
        if !matches!(constraint.kind, ConstraintKind::Unique { .. }) {
            continue;
        }
        if ctx.is_over_refused_column(table, constraint.kind.columns()) {
            continue;
        }
        let violation = CostlyConstraint {
            table,
            constraint,
            cost,
            what: |table| format!("builds an index while nobody can use `{table}`"),
            help: "build a unique index concurrently, in an `autocommit_block()`, and make the constraint of it: `ALTER TABLE … \
                   ADD CONSTRAINT … UNIQUE USING INDEX …`".into(),
        };
        ctx.report(&violation, reporter, "builds an index");
    }
}
