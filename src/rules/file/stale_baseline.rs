//! ML008

use crate::config::BaselineEntry;
use crate::rules::{Reporter, SuppressionContext, Violation, declare_rule};

declare_rule! {
    "ML008", "stale-baseline" in File("file"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Suppressions(check),
}

struct Stale<'a> {
    entry: &'a BaselineEntry,
}

impl Violation for Stale<'_> {
    fn message(&self) -> String {
        format!(
            "the baseline has a finding of `{}` that is there no more: {}",
            self.entry.rule, self.entry.message
        )
    }

    fn subject(&self) -> String {
        self.entry.fingerprint.clone()
    }

    fn help(&self) -> Option<String> {
        Some("`migrate-lint check --add-baseline` writes the baseline anew".to_owned())
    }
}

fn check(ctx: &SuppressionContext<'_>, reporter: &mut Reporter<'_>) {
    for (entry, place) in ctx.stale {
        let violation = Stale { entry };
        reporter.report_on(&violation, place.clone(), entry.revision.as_deref());
    }
}
