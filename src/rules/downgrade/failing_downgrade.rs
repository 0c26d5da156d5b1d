//! ML207

use crate::alembic::{Failed, Verdict};
use crate::catalog::{Ddl, FailureKind};
use crate::diagnostic::Label;
use crate::rules::downgrade::{MOST_FAILURES, at, failing, is_explained};
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML207", "failing-downgrade" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["pytest-alembic: test_up_down_consistency"],
    on: Replay(check),
}

struct FailingDowngrade<'a> {
    cause: &'a str,
}

impl Violation for FailingDowngrade<'_> {
    fn message(&self) -> String {
        format!("`downgrade` fails: {}", self.cause)
    }

    fn subject(&self) -> String {
        self.cause.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["it runs on the schema that `upgrade` leaves; what follows was judged as if it had worked".to_owned()]
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(run) = ctx.replayed.migration.downgrade.run() else {
        return;
    };
    // What an upgrade leaves that fails itself is not known, and a downgrade that raises is refused.
    let upgrade_fails = ctx
        .replayed
        .upgrade_failures
        .iter()
        .any(|failed| !failed.in_one_go);
    if upgrade_fails || ctx.replayed.verdict == Verdict::Refused {
        return;
    }
    let mut causes: Vec<Vec<&Failed>> = Vec::new();
    let failures = failing(&ctx.replayed.downgrade_failures);
    for failed in failures
        .into_iter()
        .filter(|failed| !failed.in_one_go && !is_explained(failed, run))
        .filter(|failed| !may_be_made(failed, ctx))
    {
        let same = causes.iter_mut().find(|cause| {
            cause
                .first()
                .is_some_and(|first| is_one_slip(first, failed))
        });
        match same {
            Some(cause) => cause.push(failed),
            None => causes.push(vec![failed]),
        }
    }
    for cause in causes.into_iter().take(MOST_FAILURES) {
        let Some((first, others)) = cause.split_first() else {
            continue;
        };
        let violation = FailingDowngrade {
            cause: &first.message,
        };
        let (primary, mut related) = at(ctx.revision, run, &first.place, "fails");
        for other in others.iter().take(MOST_LABELS) {
            related.push(Label::at(&other.place, "fails as well"));
        }
        reporter
            .report_on(&violation, primary, Some(&ctx.revision.id.value))
            .related(related);
    }
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

/// How many statements are shown that fail for the same reason.
const MOST_LABELS: usize = 5;

/// True where two statements fail in one way: something is missing, or in the way, as for the other one.
fn is_one_slip(one: &Failed, other: &Failed) -> bool {
    one.kind == other.kind && pattern(&one.message) == pattern(&other.message)
}

/// A message without the names in it.
fn pattern(message: &str) -> String {
    let outside = message.split('`').step_by(2);
    outside.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_count() {
        assert_eq!(
            pattern("index `a` already exists"),
            pattern("index `b` already exists")
        );
        assert_ne!(
            pattern("index `a` already exists"),
            pattern("table `a` does not exist")
        );
    }
}
