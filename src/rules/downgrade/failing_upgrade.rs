//! ML206

use crate::alembic::Failed;
use crate::diagnostic::Severity;
use crate::rules::downgrade::{is_explained, report_failures, to_tell};
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML206", "failing-upgrade" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["pytest-alembic: test_upgrade"],
    on: Replay(check),
}

struct FailingUpgrade {
    cause: String,
    in_one_go: bool,
    /// True if new databases begin with the newest revision.
    only_behind: bool,
    /// How many statements fail that are not shown.
    more: Option<String>,
}

impl Violation for FailingUpgrade {
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
        self.cause.clone()
    }

    fn notes(&self) -> Vec<String> {
        let judged = if self.in_one_go && self.only_behind {
            "databases that are several revisions behind are upgraded in one go; revision by revision it works"
        } else if self.in_one_go {
            "new databases are built in one go, as in tests and CI, and those that are several revisions behind are \
             upgraded so; revision by revision it works"
        } else {
            "what follows was judged as if it had worked"
        };
        std::iter::once(judged.to_owned())
            .chain(self.more.clone())
            .collect()
    }

    fn severity(&self) -> Option<Severity> {
        (self.in_one_go && self.only_behind).then_some(Severity::Info)
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(run) = ctx.replayed.migration.upgrade.run() else {
        return;
    };
    let mut failures = to_tell(&ctx.replayed.upgrade_failures, ctx);
    failures.retain(|failed| !is_explained(failed, run));
    let (in_one_go, alone): (Vec<&Failed>, Vec<&Failed>) =
        failures.into_iter().partition(|failed| failed.in_one_go);
    for failures in [alone, in_one_go] {
        report_failures(
            &failures,
            std::iter::empty(),
            ctx.revision,
            run,
            reporter,
            |first, more| FailingUpgrade {
                cause: first.message.clone(),
                in_one_go: first.in_one_go,
                only_behind: first.in_one_go && ctx.environment.head.begins_with_models(),
                more,
            },
        );
    }
}
