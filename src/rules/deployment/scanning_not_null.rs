//! ML504

use super::{is_proven_not_null, statements};
use crate::catalog::{AlterAction, Ddl};
use crate::dialect::postgresql::{Action, Work};
use crate::rules::{
    Reporter, StatementContext, StatementCost, Violation, Way, declare_rule, locks,
};

declare_rule! {
    "ML504", "scanning-not-null" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: [
        "squawk: adding-not-nullable-field",
        "atlas: PG303",
        "strong_migrations: change_column_null",
        "pg-migration-lint: PGM013",
        "eugene: E2",
        "alembic-guard: AG007",
        "lockcheck: LC004",
    ],
    on: Load(check),
}

struct ScanningNotNull<'a> {
    table: &'a str,
    column: &'a str,
    version: u32,
    cost: StatementCost,
    afterwards: &'static str,
}

impl Violation for ScanningNotNull<'_> {
    fn message(&self) -> String {
        format!(
            "setting `{}` NOT NULL reads all of `{}` while nobody can use it",
            self.column, self.table
        )
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec![locks(self.cost, self.table, None)]
    }

    fn help(&self) -> Option<String> {
        let Self {
            column, afterwards, ..
        } = self;
        Some(if self.version >= 18 {
            format!(
                "add `NOT NULL {column}` as `NOT VALID` by `op.execute`, and validate it {afterwards}"
            )
        } else {
            format!(
                "add `CHECK ({column} IS NOT NULL)` with `postgresql_not_valid=True`, validate it {afterwards}; NOT NULL \
                 that is set after that reads nothing"
            )
        })
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((
        table,
        AlterAction::SetNullable {
            column,
            nullable: false,
        },
    )) = ctx.alteration_in_use()
    else {
        return;
    };
    // A column that is NOT NULL already is not read again.
    let (Some(known), Some(in_use)) = (ctx.column_in_use(table, column), ctx.table_in_use(table))
    else {
        return;
    };
    if !known.nullable.is(&true) {
        return;
    }
    // A downgrade that takes back what the upgrade has allowed fails at the NULLs that came since; that it reads is the least.
    let is_taken_back = ctx.way == Way::Down
        && statements(&ctx.replayed.upgrade_steps).any(|(ddl, _)| {
            matches!(
                ddl.as_ref(),
                Ddl::AlterTable {
                    table: other,
                    action: AlterAction::SetNullable { column: same, nullable: true },
                    ..
                } if other == table && same == column
            )
        });
    if is_taken_back {
        return;
    }
    let action = if is_proven_not_null(in_use, column) {
        Action::SetNotNullProven
    } else {
        Action::SetNotNull
    };
    let Some(cost) = ctx.cost(action).filter(|cost| cost.work != Work::None) else {
        return;
    };
    let violation = ScanningNotNull {
        table,
        column,
        version: ctx.version(),
        cost,
        afterwards: ctx.afterwards(),
    };
    ctx.report(&violation, reporter, "reads the table");
}
