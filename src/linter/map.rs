//! What is said of the revision map as a whole.

use super::Linter;
use crate::rules::{EnvironmentContext, Listener};

impl Linter<'_> {
    /// The revision map. What the base has just the same, in files that the change does not touch, is not its business.
    pub(super) fn map(&mut self, ctx: &EnvironmentContext<'_>) {
        let earlier = self.outcome.diagnostics.len();
        self.ask_about_map(ctx);
        let Some(base) = ctx.base() else { return };
        if self.outcome.diagnostics.len() == earlier {
            return;
        }
        let of_base = EnvironmentContext {
            head: base,
            change: None,
            old: ctx.old.clone(),
            ..*ctx
        };
        let standing = self.aside(|linter| linter.ask_about_map(&of_base));
        self.leave_out(earlier, |diagnostic| {
            !ctx.is_judged(&diagnostic.primary.file)
                && standing.diagnostics.iter().any(|other| {
                    other.code == diagnostic.code
                        && other.message == diagnostic.message
                        && other.primary.file == diagnostic.primary.file
                })
        });
    }

    fn ask_about_map(&mut self, ctx: &EnvironmentContext<'_>) {
        self.each(|listener, reporter| {
            if let Listener::Map(check) = listener {
                check(ctx, reporter);
            }
        });
    }
}
