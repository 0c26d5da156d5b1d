//! ML540

use crate::rules::{Reporter, SqlContext, Violation, declare_rule};
use crate::schema::Effect;
use crate::sql::SqlCheck;

declare_rule! {
    "ML540", "transaction-statement" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["squawk: transaction-nesting, ban-uncommitted-transaction"],
    on: Sql(check),
}

struct TransactionStatement<'a> {
    text: &'a str,
}

impl Violation for TransactionStatement<'_> {
    fn message(&self) -> String {
        format!(
            "`{}` meddles with the transaction that Alembic has opened",
            self.text.trim()
        )
    }

    fn subject(&self) -> String {
        self.text.trim().to_ascii_lowercase()
    }

    fn notes(&self) -> Vec<String> {
        vec!["what came before it is committed, whatever fails later, and Alembic does not know: the note of the revision may be lost, or stay".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some("use `with op.get_context().autocommit_block():`".to_owned())
    }
}

fn check(ctx: &SqlContext<'_>, reporter: &mut Reporter<'_>) {
    if knows_no_other_way(ctx) || !changes_schema(ctx) {
        return;
    }
    for remark in ctx.remarks(SqlCheck::TransactionNesting) {
        if !ctx.sql.session.in_transaction {
            continue;
        }
        let violation = TransactionStatement { text: &remark.text };
        ctx.report(&violation, remark, reporter, "ends or begins a transaction");
    }
}

/// The first version of Alembic that has `autocommit_block()`.
const AUTOCOMMIT_BLOCK: (u32, u32) = (1, 2);

fn knows_no_other_way(ctx: &SqlContext<'_>) -> bool {
    let alembic = &ctx.environment.head.versions().alembic;
    !alembic.source.is_assumed()
        && (alembic.version.major, alembic.version.minor) < AUTOCOMMIT_BLOCK
}

/// False for a function that only changes rows, as far as it is known: it can be run again from where it has stopped.
fn changes_schema(ctx: &SqlContext<'_>) -> bool {
    ctx.way.run(&ctx.replayed.migration).is_some_and(|run| {
        run.operations.iter().any(|recorded| {
            matches!(
                recorded.operation.effect(),
                Effect::Structure | Effect::Index | Effect::Objects
            )
        })
    })
}
