//! ML206

use crate::alembic::Failed;
use crate::rules::downgrade::{at, failing, first_failure, is_explained};
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML206", "failing-upgrade" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["pytest-alembic: test_upgrade"],
    on: Replay(check),
}

struct FailingUpgrade<'a> {
    cause: &'a str,
    in_one_go: bool,
    /// How many statements fail that are not shown.
    more: Option<String>,
}

impl Violation for FailingUpgrade<'_> {
    fn message(&self) -> String {
        let Self {
            cause, in_one_go, ..
        } = self;
        if *in_one_go {
            format!("`upgrade` fails when all revisions run in one go: {cause}")
        } else {
            format!("`upgrade` fails: {cause}")
        }
    }

    fn subject(&self) -> String {
        self.cause.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let judged = if self.in_one_go {
            "new databases are built in one go, as in tests and CI, and those that are several revisions behind are \
             upgraded so; revision by revision it works"
        } else {
            "what follows was judged as if it had worked"
        };
        std::iter::once(judged.to_owned())
            .chain(self.more.clone())
            .collect()
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(run) = ctx.replayed.migration.upgrade.run() else {
        return;
    };
    let mut failures = failing(&ctx.replayed.upgrade_failures);
    failures.retain(|failed| !is_explained(failed, run));
    let (in_one_go, alone): (Vec<&Failed>, Vec<&Failed>) =
        failures.into_iter().partition(|failed| failed.in_one_go);
    for failures in [alone, in_one_go] {
        let Some((first, others, more)) = first_failure(&failures) else {
            continue;
        };
        let violation = FailingUpgrade {
            cause: &first.message,
            in_one_go: first.in_one_go,
            more,
        };
        let (primary, mut related) = at(ctx.revision, run, &first.place, "fails");
        related.extend(others);
        reporter
            .report_on(&violation, primary, Some(&ctx.revision.id.value))
            .related(related);
    }
}
