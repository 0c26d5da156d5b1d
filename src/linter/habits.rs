//! What a project does without, by decision.

use super::Linter;
use crate::config::Downgrades;
use crate::diagnostic::Diagnostic;
use crate::rules::{self, EnvironmentContext, Rule};

/// Fewer revisions than this make no habit.
const MIN_HABIT: usize = 5;

impl Linter<'_> {
    /// A project that never goes back is not told so revision by revision.
    pub(super) fn respect_habits(&mut self, ctx: &EnvironmentContext<'_>, earlier: usize) {
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        let is_downgrade = |diagnostic: &Diagnostic| {
            rules::find(diagnostic.code).is_some_and(Rule::is_about_the_way_back)
        };
        if !found.iter().any(is_downgrade) || ctx.settings.downgrades == Some(Downgrades::Required)
        {
            return;
        }
        let (with, without) = ctx.head.downgrade_habits();
        let optional = ctx.settings.downgrades == Some(Downgrades::Optional);
        if !optional && (without < MIN_HABIT || without <= with) {
            return;
        }
        let mut index = 0;
        let habitual = &mut self.habitual;
        self.outcome.diagnostics.retain(|diagnostic| {
            index += 1;
            let is_kept = index <= earlier || !is_downgrade(diagnostic);
            if !is_kept {
                habitual.push(diagnostic.clone());
            }
            is_kept
        });
        if !optional {
            self.outcome.notices.push(format!(
                "missing downgrades of {} are not reported: {without} of {} revisions have none, so the project seems to do without; `downgrades = \"required\"` in the configuration asks for them",
                ctx.head.environment.script_location,
                with + without,
            ));
        }
    }
}
