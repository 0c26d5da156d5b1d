//! ML501

use smol_str::SmolStr;

use crate::alembic::Revision;
use crate::catalog::{AlterAction, Ddl, ObjectKind};
use crate::diagnostic::Severity;
use crate::dialect::Dialect;
use crate::rules::{Reporter, StatementContext, Violation, Way, declare_rule, simple};

declare_rule! {
    "ML501", "not-null-without-default" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql, Sqlite],
    peers: [
        "squawk: adding-required-field",
        "atlas: MF103",
        "strong_migrations: add_column",
        "pg-migration-lint: PGM008",
        "django-migration-linter: NOT_NULL",
        "alembic-guard: AG001",
        "lockcheck: LC001",
    ],
    on: Statement(check),
}

struct NotNullWithoutDefault<'a> {
    table: &'a str,
    column: &'a str,
    way: Way,
    /// The table was there some time before the change.
    is_settled: bool,
}

impl Violation for NotNullWithoutDefault<'_> {
    fn message(&self) -> String {
        format!(
            "adding the NOT NULL column `{}` to `{}` fails as soon as the table has a row",
            self.column, self.table
        )
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn severity(&self) -> Option<Severity> {
        (self.is_settled && self.way == Way::Up).then_some(Severity::Error)
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "the database is given no value for the rows that are there; a `default=` of the column is Python's, and \
             nothing to the database"
                .to_owned(),
        ]
    }

    fn help(&self) -> Option<String> {
        let text = match self.way {
            Way::Up => {
                "give it a `server_default`, or add it with `nullable=True`, fill it, and set NOT NULL then"
            }
            Way::Down => "give it a `server_default`, or bring it back with `nullable=True`",
        };
        Some(text.to_owned())
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((table, definition)) = ctx.added_column() else {
        return;
    };
    let column = &definition.column;
    // MySQL gives the rows an implicit default of the type.
    if !definition.needs_value() || ctx.dialect() == Dialect::MySql {
        return;
    }
    // A domain may have a default of its own.
    let is_domain = |name: &SmolStr| {
        let mut kinds = ctx.before().objects.keys();
        kinds.any(|key| key.kind == ObjectKind::Domain && key.name == *name)
    };
    if column.column_type.known().is_some_and(is_domain) {
        return;
    }
    let violation = NotNullWithoutDefault {
        table,
        column: &column.name,
        way: ctx.way,
        is_settled: ctx.way == Way::Up && is_settled(ctx, table),
    };
    ctx.report(&violation, reporter, "no value for the rows that are there");
}

/// A table that is younger than this many days may have no rows yet.
const NEW: i32 = 3;

/// True where the change finds a table that another revision has made days before: it has rows by now.
fn is_settled(ctx: &StatementContext<'_>, table: &SmolStr) -> bool {
    let (Some(change), Some(maker)) = (&ctx.environment.change, maker(ctx, table)) else {
        return false;
    };
    match maker.created().zip(ctx.revision.created()) {
        Some((birth, now)) => (now - birth).get_days() >= NEW,
        None => change.past.had(&maker.file, NEW.unsigned_abs()) == Some(true),
    }
}

/// The revision that has made a table, under this name or an earlier one.
fn maker<'a>(ctx: &StatementContext<'a>, table: &SmolStr) -> Option<&'a Revision> {
    let head = ctx.environment.head;
    let history = head.replay();
    let mut name = table.clone();
    for node in history.order.iter().rev() {
        let Some(replayed) = history.get(*node) else {
            continue;
        };
        for step in replayed.upgrade_steps.iter().rev() {
            for (ddl, _) in simple(&step.ddl).into_iter().rev() {
                match ddl.as_ref() {
                    Ddl::CreateTable(created) if created.name == name => {
                        return Some(&head.map.node(*node).revision);
                    }
                    Ddl::AlterTable {
                        table,
                        action: AlterAction::RenameTable { new_name },
                        ..
                    } if *new_name == name => name = table.clone(),
                    _ => {}
                }
            }
        }
    }
    None
}
