//! What is said of the revision map as a whole.

use super::Linter;
use crate::diagnostic::Diagnostic;
use crate::rules::{EnvironmentContext, Listener};

impl Linter<'_> {
    /// The revision map. What the base has just the same, in files that the change does not touch, is not its business.
    pub(super) fn map(&mut self, ctx: &EnvironmentContext<'_>) {
        let first = self.outcome.diagnostics.len();
        self.ask_about_map(ctx);
        let base = ctx.change.as_ref();
        let base = base.and_then(|change| change.upstream.or(change.before));
        let Some(base) = base.filter(|_| self.outcome.diagnostics.len() > first) else {
            return;
        };
        let found = self.outcome.diagnostics.split_off(first);
        self.ask_about_map(&EnvironmentContext {
            settings: ctx.settings,
            head: base,
            all: ctx.all,
            change: None,
            old: ctx.old.clone(),
        });
        let standing = self.outcome.diagnostics.split_off(first);
        let is_standing = |diagnostic: &Diagnostic| {
            !ctx.is_judged(&diagnostic.primary.file)
                && standing.iter().any(|other| {
                    other.code == diagnostic.code
                        && other.message == diagnostic.message
                        && other.primary.file == diagnostic.primary.file
                })
        };
        let news = found.into_iter().filter(|found| !is_standing(found));
        self.outcome.diagnostics.extend(news);
    }

    fn ask_about_map(&mut self, ctx: &EnvironmentContext<'_>) {
        self.each(|listener, reporter| {
            if let Listener::Map(check) = listener {
                check(ctx, reporter);
            }
        });
    }
}
