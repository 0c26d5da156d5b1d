//! ML503

use crate::dialect::postgresql::Action;
use crate::dialect::postgresql::volatility::volatile_call;
use crate::rules::{Reporter, StatementContext, StatementCost, Violation, declare_rule, locks};

declare_rule! {
    "ML503", "generated-column" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: [
        "squawk: adding-field-with-default",
        "strong_migrations: add_column_auto_incrementing, add_column_generated_stored",
        "pg-migration-lint: PGM006",
        "eugene: E11",
    ],
    on: Load(check),
}

struct GeneratedColumn<'a> {
    table: &'a str,
    column: &'a str,
    counts: bool,
    cost: StatementCost,
}

impl Violation for GeneratedColumn<'_> {
    fn message(&self) -> String {
        let what = if self.counts {
            "counting"
        } else {
            "stored generated"
        };
        format!(
            "adding the {what} column `{}` writes every row of `{}` anew",
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
        let text = if self.counts {
            "add a plain column, fill it in batches, and give it the sequence or the identity then"
        } else {
            "fill a plain column by a trigger and in batches; from PostgreSQL 18 on, `Computed(…, persisted=False)` is \
             computed when it is read"
        };
        Some(text.to_owned())
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((table, definition)) = ctx.added_column() else {
        return;
    };
    let column = &definition.column;
    let calls_sequence = matches!(
        column.default.known(), Some(Some(default)) if volatile_call(default) == Some("nextval")
    );
    let counts =
        definition.serial || calls_sequence || matches!(column.identity.known(), Some(Some(_)));
    // From 18 on a generated column may be virtual, and which of both is not told apart.
    let is_stored = ctx.version() < 18 && matches!(column.generated.known(), Some(Some(_)));
    if !counts && !is_stored {
        return;
    }
    let action = if counts {
        Action::AddCountingColumn
    } else {
        Action::AddStoredColumn
    };
    let Some(cost) = ctx.cost(action) else { return };
    let violation = GeneratedColumn {
        table,
        column: &column.name,
        counts,
        cost,
    };
    ctx.report(&violation, reporter, "rewrites the table");
}
