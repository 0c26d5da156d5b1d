//! ML535

use crate::catalog::Ddl;
use crate::dialect::Dialect;
use crate::rules::{Reporter, StatementContext, Violation, declare_rule};

declare_rule! {
    "ML535", "refused-on-rows" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [Sqlite],
    on: Statement(check),
}

struct RefusedOnRows<'a> {
    table: &'a str,
    column: &'a str,
    default: &'a str,
}

impl Violation for RefusedOnRows<'_> {
    fn message(&self) -> String {
        format!(
            "SQLite refuses to add `{}` with the default `{}` as soon as `{}` has a row",
            self.column, self.default, self.table
        )
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec!["`Cannot add a column with non-constant default`; an empty database, as in tests, takes it".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some(
            "add it in `with op.batch_alter_table(…, recreate=\"always\")`, which copies the table"
                .to_owned(),
        )
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    // A batch that copies the table may do it.
    if ctx.dialect() != Dialect::Sqlite || !matches!(ctx.step.ddl, Ddl::AlterTable { .. }) {
        return;
    }
    let Some((table, definition)) = ctx.added_column() else {
        return;
    };
    let Some(Some(default)) = definition.column.default.known() else {
        return;
    };
    if is_constant(default) {
        return;
    }
    let violation = RefusedOnRows {
        table,
        column: &definition.column.name,
        default,
    };
    ctx.report(&violation, reporter, "is not constant");
}

/// `sqlite3AlterFinishAddColumn` takes literals; `CURRENT_TIMESTAMP` and expressions are worked out.
pub(super) fn is_constant(default: &str) -> bool {
    let is_moment = ["current_timestamp", "current_date", "current_time"]
        .iter()
        .any(|word| default.eq_ignore_ascii_case(word));
    let calls = !default.starts_with('\'') && default.contains('(');
    !is_moment && !calls
}
