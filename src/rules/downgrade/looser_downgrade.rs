//! ML213

use crate::diagnostic::Severity;
use crate::rules::downgrade::not_reversed::check_of;
use crate::rules::{ReplayContext, Reporter, declare_rule};

declare_rule! {
    "ML213", "looser-downgrade" in Downgrade("downgrade"),
    severity: Warning,
    default: Off,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    check_of(Severity::Warning, ctx, reporter);
}
