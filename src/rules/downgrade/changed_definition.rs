//! ML212

use crate::rules::downgrade::unreversed_sql::{is_of_definition, report};
use crate::rules::{ReplayContext, Reporter, declare_rule};

declare_rule! {
    "ML212", "changed-definition" in Downgrade("downgrade"),
    severity: Warning,
    default: Off,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    report(ctx, reporter, &is_of_definition);
}
