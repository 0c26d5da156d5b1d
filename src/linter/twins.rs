//! Revisions of which several files say that they are it.

use rustc_hash::FxHashSet;

use super::Linter;
use crate::rules::{self, EnvironmentContext, Family};
use crate::source::RepoPath;

impl Linter<'_> {
    /// Which of them is run is decided by chance, so nothing is said of what they do until that is mended.
    pub(super) fn respect_twins(&mut self, ctx: &EnvironmentContext<'_>, earlier: usize) {
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        let told: FxHashSet<&str> = found
            .iter()
            .filter(|diagnostic| diagnostic.code == rules::DUPLICATE_REVISION.code)
            .filter_map(|diagnostic| diagnostic.revision.as_deref())
            .collect();
        if told.is_empty() {
            return;
        }
        let map = &ctx.judged().map;
        let twins = map.duplicates().iter().flatten();
        let files: FxHashSet<RepoPath> = twins
            .map(|node| &map.node(*node).revision)
            .filter(|revision| told.contains(revision.id.value.as_str()))
            .map(|revision| revision.file.clone())
            .collect();
        self.leave_out(earlier, |diagnostic| {
            let is_about_effects = rules::find(diagnostic.code)
                .is_some_and(|rule| !matches!(rule.family, Family::File | Family::Revision));
            is_about_effects && files.contains(&diagnostic.primary.file)
        });
    }
}
