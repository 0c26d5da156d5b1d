//! ML502

use crate::dialect::postgresql::volatility::volatile_call;
use crate::dialect::postgresql::{Action, Work};
use crate::rules::{Reporter, StatementContext, StatementCost, Violation, declare_rule, locks};

declare_rule! {
    "ML502", "volatile-default" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: [
        "squawk: adding-field-with-default",
        "atlas: PG302",
        "strong_migrations: add_column_default",
        "pg-migration-lint: PGM006",
        "eugene: E10",
        "alembic-guard: AG009",
    ],
    on: Load(check),
}

struct RewritingDefault<'a> {
    table: &'a str,
    column: &'a str,
    /// The function that gives each row another value; `None` where any default makes the server write the rows.
    function: Option<&'static str>,
    cost: StatementCost,
}

impl Violation for RewritingDefault<'_> {
    fn message(&self) -> String {
        let Self { table, column, .. } = self;
        match self.function {
            Some(function) => format!(
                "adding `{column}` with the default `{function}()` writes every row of `{table}` anew"
            ),
            None => format!("adding `{column}` with a default writes every row of `{table}` anew"),
        }
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec![locks(self.cost, self.table, None)]
    }

    fn help(&self) -> Option<String> {
        Some(
            "add the column without the default, set the default in an `alter_column` of its own, and fill the rows that \
             are there in batches"
                .to_owned(),
        )
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((table, definition)) = ctx.added_column() else {
        return;
    };
    let Some(Some(default)) = definition.column.default.known() else {
        return;
    };
    let function = volatile_call(default);
    let action = match function {
        Some(_) => Action::AddColumnWithVolatileDefault,
        None => Action::AddColumnWithDefault,
    };
    // A counter is a matter of its own.
    if definition.serial || function == Some("nextval") {
        return;
    }
    let Some(cost) = ctx.cost(action).filter(|cost| cost.work == Work::Rewrite) else {
        return;
    };
    let violation = RewritingDefault {
        table,
        column: &definition.column.name,
        function,
        cost,
    };
    ctx.report(&violation, reporter, "rewrites the table");
}
