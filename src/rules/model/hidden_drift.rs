//! ML304

use super::schema_drift::report;
use crate::rules::{EnvironmentContext, Reporter, declare_rule};

declare_rule! {
    "ML304", "hidden-drift" in Model("model"),
    severity: Info,
    default: Off,
    since: "0.1.0",
    fix: None,
    on: Drift(check),
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    report(ctx, reporter, |found| !found.is_seen());
}
