//! ML212

use crate::rules::downgrade::unreversed_sql::{is_made_anew, report};
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
    report(ctx, reporter, &|difference| {
        is_made_anew(difference, ctx.replayed)
    });
}
