//! ML207

use crate::alembic::{Failed, ReplayedRevision, Revision, Verdict};
use crate::catalog::{Change, Ddl, FailureKind, Subject};
use crate::diagnostic::Label;
use crate::rules::downgrade::{is_explained, report_failures, to_tell};
use crate::rules::fresh::has;
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};
use crate::schema::{Operation, Recorded};
use crate::source::FileSpan;

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
    let slips = slips(ctx);
    // One of several that are one slip is told with the first of them.
    let (first, others) = match slips
        .iter()
        .position(|slip| slip.0 == ctx.revision.id.value)
    {
        Some(0) => (true, slips.get(1..).unwrap_or_default()),
        Some(_) => (false, &[][..]),
        None => (true, &[][..]),
    };
    if !first {
        return;
    }
    report_failures(
        &failures,
        others
            .iter()
            .map(|(_, place)| Label::at(place, "and so here")),
        ctx.revision,
        run,
        reporter,
        |first, more| FailingDowngrade {
            cause: first.message.clone(),
            more,
        },
    );
}

/// The revisions of the change whose downgrades drop tables that their upgrades make only where they are missing, and that
/// are needed: each with the place.
fn slips<'r>(ctx: &ReplayContext<'r>) -> Vec<(&'r str, &'r FileSpan)> {
    let Some(change) = &ctx.environment.change else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for environment in ctx.environment.all {
        let is_touched = |node: usize| {
            let file = &environment.map.node(node).revision.file;
            change.changes.touches(file)
        };
        if !(0..environment.map.nodes().len()).any(is_touched) {
            continue;
        }
        let history = environment.replay();
        for node in history
            .order
            .iter()
            .copied()
            .filter(|node| is_touched(*node))
        {
            let revision = &environment.map.node(node).revision;
            let place = history
                .get(node)
                .and_then(|replayed| slip(revision, replayed));
            found.extend(place.map(|place| (revision.id.value.as_str(), place)));
        }
    }
    found
}

/// True for code that makes a table of a name.
fn makes_table(text: &str, name: &str) -> bool {
    let mut calls = text.split("create_table(").skip(1).map(str::trim_start);
    calls.any(|call| {
        let quoted = call.strip_prefix(['\'', '"']);
        let rest = quoted.and_then(|quoted| quoted.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with(['\'', '"']))
    })
}

/// Where a downgrade drops a table that older revisions have made and something else needs, all that fails in it, after an
/// upgrade that makes the table only where the database does not have it.
fn slip<'r>(revision: &Revision, replayed: &'r ReplayedRevision) -> Option<&'r FileSpan> {
    let run = replayed.migration.upgrade.run()?;
    let makes = |recorded: &Recorded, table: &str| matches!(&recorded.operation, Operation::CreateTable(made) if made.name == table);
    // It stands there, and does not run.
    let is_made_if_missing = |table: &str| {
        let name = table.rsplit('.').next().unwrap_or(table);
        let mut operations = run.operations.iter();
        replayed.before.tables.contains_key(table)
            && !operations.any(|recorded| makes(recorded, table))
            && makes_table(revision.source.text.slice(run.span), name)
    };
    let is_slip = |failed: &Failed| {
        let mut steps = replayed.downgrade_steps.iter();
        failed.kind == FailureKind::InUse
            && steps.any(|step| {
                step.place == failed.place
                    && matches!(&step.ddl, Ddl::DropTable { name, .. } if is_made_if_missing(name))
            })
    };
    let failures = &replayed.downgrade_failures;
    let is_one = replayed.upgrade_failures.is_empty() && failures.iter().all(is_slip);
    failures
        .first()
        .filter(|_| is_one)
        .map(|first| &first.place)
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
    let mut failures = to_tell(&ctx.replayed.downgrade_failures, ctx);
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
