//! ML207

use crate::alembic::{Failed, Verdict};
use crate::catalog::{Change, Ddl, FailureKind, Subject};
use crate::rules::downgrade::{failing, is_explained, report_failures};
use crate::rules::fresh::has;
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML207", "failing-downgrade" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["pytest-alembic: test_up_down_consistency"],
    on: Replay(check),
}

struct FailingDowngrade {
    cause: String,
    /// How many statements fail that are not shown.
    more: Option<String>,
}

impl Violation for FailingDowngrade {
    fn message(&self) -> String {
        format!("`downgrade` fails: {}", self.cause)
    }

    fn subject(&self) -> String {
        self.cause.clone()
    }

    fn notes(&self) -> Vec<String> {
        let judged = "it runs on the schema that `upgrade` leaves; what follows was judged as if it had worked";
        std::iter::once(judged.to_owned())
            .chain(self.more.clone())
            .collect()
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(run) = ctx.replayed.migration.downgrade.run() else {
        return;
    };
    // Whoever says so knows.
    if ctx.revision.may_fail(run.span) {
        return;
    }
    let failures = told(ctx);
    report_failures(&failures, ctx.revision, run, reporter, |first, more| {
        FailingDowngrade {
            cause: first.message.clone(),
            more,
        }
    });
}

/// The failures that are told.
pub(super) fn told<'r>(ctx: &ReplayContext<'r>) -> Vec<&'r Failed> {
    let Some(run) = ctx.replayed.migration.downgrade.run() else {
        return Vec::new();
    };
    // What an upgrade leaves that fails itself is not known, but for the tables that it drops; a downgrade that raises is
    // refused.
    let upgrade_fails = ctx
        .replayed
        .upgrade_failures
        .iter()
        .any(|failed| !failed.in_one_go);
    if ctx.replayed.verdict == Verdict::Refused {
        return Vec::new();
    }
    let mut failures = failing(&ctx.replayed.downgrade_failures);
    failures.retain(|failed| {
        !failed.in_one_go
            && !is_explained(failed, run)
            && !may_be_made(failed, ctx)
            && (!upgrade_fails || comes_too_early(failed, ctx))
    });
    failures
}

/// True where a table is missing that `upgrade` drops and the downgrade creates further down.
fn comes_too_early(failed: &Failed, ctx: &ReplayContext<'_>) -> bool {
    let replayed = ctx.replayed;
    let dropped = replayed.upgrade.found.iter().filter(|difference| {
        (difference.subject, difference.change) == (Subject::Table, Change::Removed)
    });
    let is_made_later = |table: &str| {
        let steps = replayed.downgrade_steps.iter();
        let mut later = steps.skip_while(|step| step.place != failed.place);
        later.any(|step| {
            step.place != failed.place
                && has(
                    &step.ddl,
                    &|ddl| matches!(ddl, Ddl::CreateTable(create) if create.name == table),
                )
        })
    };
    failed.kind == FailureKind::Missing
        && dropped
            .map(|difference| &difference.object)
            .filter(|table| failed.message.contains(&format!("`{table}`")))
            .any(|table| is_made_later(table))
}

/// True where a table is missing that the application may make by itself, from its models.
fn may_be_made(failed: &Failed, ctx: &ReplayContext<'_>) -> bool {
    let steps = ctx.replayed.downgrade_steps.iter();
    let mut of_it = steps.filter(|step| step.place == failed.place);
    failed.kind == FailureKind::Missing
        && of_it.any(|step| {
            let (Ddl::AlterTable { table, .. }
            | Ddl::CreateIndex { table, .. }
            | Ddl::DropTable { name: table, .. }) = &step.ddl
            else {
                return false;
            };
            !step.before.tables.contains_key(table) && ctx.environment.head.may_make_table(table)
        })
}
