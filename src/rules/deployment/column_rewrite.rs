//! ML514

use super::converted;
use crate::catalog::AlterAction;
use crate::dialect::postgresql::conversion::Conversion;
use crate::dialect::postgresql::{Action, cost_of};
use crate::dialect::{Dialect, mysql};
use crate::rules::{Reporter, StatementContext, Violation, declare_rule, locks};

declare_rule! {
    "ML514", "column-rewrite" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql, MySql],
    peers: [
        "squawk: changing-column-type",
        "atlas: PG301",
        "strong_migrations: change_column",
        "pg-migration-lint: PGM007",
        "django-migration-linter: ALTER_COLUMN",
        "eugene: E5",
        "alembic-guard: AG006",
        "lockcheck: LC005",
    ],
    on: Load(check),
}

struct ColumnRewrite<'a> {
    table: &'a str,
    column: &'a str,
    from: &'a str,
    to: &'a str,
    what: &'static str,
    note: String,
}

impl Violation for ColumnRewrite<'_> {
    fn message(&self) -> String {
        let Self {
            table,
            column,
            from,
            to,
            what,
            ..
        } = self;
        format!("changing `{table}.{column}` from `{from}` to `{to}` {what}")
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec![self.note.clone()]
    }

    fn help(&self) -> Option<String> {
        Some(
            "add a column of the new type, write to both, fill it in batches, and let the new one take the place of the old"
                .to_owned(),
        )
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((
        table,
        AlterAction::AlterType {
            column,
            column_type,
            using,
        },
    )) = ctx.alteration_in_use()
    else {
        return;
    };
    let (Some(known), Some(to)) = (ctx.column_in_use(table, column), column_type.known()) else {
        return;
    };
    let Some(from) = known.column_type.known() else {
        return;
    };
    let (what, note) = match ctx.dialect() {
        Dialect::PostgreSql => {
            let version = ctx.version();
            let (what, action) = match converted(ctx.before(), from, to, version) {
                Some(Conversion::Rewrite) => ("writes all rows anew", Action::RewriteType),
                Some(Conversion::Reindex) if !using && has_index(ctx, table, column) => {
                    ("builds its indexes anew", Action::ReindexType)
                }
                // What `USING` computes may be the same value.
                _ => return,
            };
            let Some(cost) = cost_of(action, version) else {
                return;
            };
            (what, locks(cost, table, None))
        }
        Dialect::MySql if mysql::copies_table(from, to) == Some(true) => (
            "copies the table",
            "MySQL copies all rows, and lets nobody write to the table meanwhile".to_owned(),
        ),
        Dialect::MySql | Dialect::Sqlite => return,
    };
    let violation = ColumnRewrite {
        table,
        column,
        from,
        to,
        what,
        note,
    };
    ctx.report(&violation, reporter, "changes the type");
}

/// True if an index or a key is on the column.
fn has_index(ctx: &StatementContext<'_>, table: &str, column: &smol_str::SmolStr) -> bool {
    ctx.table_in_use(table).is_some_and(|table| {
        table.indexes.iter().any(|index| {
            index
                .definition
                .known()
                .is_some_and(|definition| definition.columns.contains(column))
        })
    })
}
