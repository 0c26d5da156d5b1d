//! ML506

use crate::catalog::Ddl;
use crate::dialect::postgresql::Action;
use crate::rules::{Reporter, StatementContext, StatementCost, Violation, declare_rule, locks};

declare_rule! {
    "ML506", "blocking-index-drop" in Deployment("deployment"),
    severity: Info,
    default: Off,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: [
        "squawk: require-concurrent-index-deletion",
        "atlas: PG102",
        "strong_migrations: remove_index",
        "pg-migration-lint: PGM002",
        "django-migration-linter: DROP_INDEX",
    ],
    on: Load(check),
}

struct BlockingIndexDrop<'a> {
    table: &'a str,
    index: &'a str,
    cost: StatementCost,
}

impl Violation for BlockingIndexDrop<'_> {
    fn message(&self) -> String {
        format!(
            "dropping index `{}` waits for everybody who uses `{}`, and everybody waits for it",
            self.index, self.table
        )
    }

    fn subject(&self) -> String {
        self.index.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec![locks(self.cost, self.table, None)]
    }

    fn help(&self) -> Option<String> {
        Some(
            self.cost
                .outside_transaction("drop it with ", "`postgresql_concurrently=True`"),
        )
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Ddl::DropIndex {
        name,
        concurrently: false,
        ..
    } = ctx.ddl
    else {
        return;
    };
    let Some(table) = ctx.before().index_tables.get(name) else {
        return;
    };
    if ctx.table_in_use(table).is_none() || ctx.fresh.has_part(name) {
        return;
    }
    let Some(cost) = ctx.cost(Action::DropIndex) else {
        return;
    };
    let violation = BlockingIndexDrop {
        table,
        index: name,
        cost,
    };
    ctx.report(&violation, reporter, "locks the table");
}
