//! ML304

use super::schema_drift::report;
use crate::config::HiddenDrift;
use crate::rules::convention::enum_value_not_migrated;
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
    let wanted = ctx.settings.hidden_drift.as_deref();
    report(ctx, reporter, |found| {
        let is_wanted = found.hidden().is_some_and(|kind| match wanted {
            Some(wanted) => wanted.contains(&kind),
            None => kind != HiddenDrift::Names,
        });
        is_wanted && !enum_value_not_migrated::explains(found, ctx)
    });
}
