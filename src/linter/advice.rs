//! Advice that a project cannot follow as it stands.

use super::Linter;
use crate::dependencies::AUTOCOMMIT_BLOCK;
use crate::rules::EnvironmentContext;

impl Linter<'_> {
    /// Says of advice since this finding on what it needs besides: a newer Alembic than the project has, or an end to the
    /// transaction that `env.py` has begun.
    pub(super) fn complete_advice(&mut self, ctx: &EnvironmentContext<'_>, earlier: usize) {
        let found = self
            .outcome
            .diagnostics
            .get_mut(earlier..)
            .unwrap_or_default();
        let asks_for_it = |help: &&mut String| help.contains("autocommit_block()");
        let mut helps = found
            .iter_mut()
            .filter_map(|diagnostic| diagnostic.help.as_mut())
            .filter(asks_for_it)
            .peekable();
        if helps.peek().is_none() {
            return;
        }
        let needs = if let Some(version) = ctx.head.versions().alembic_without_autocommit_block() {
            format!(
                "; that came with Alembic {}.{}, and the project has {}.{}",
                AUTOCOMMIT_BLOCK.0, AUTOCOMMIT_BLOCK.1, version.major, version.minor
            )
        } else if ctx.head.begins_before_alembic() {
            "; `env.py` has begun a transaction before Alembic: end it with `op.get_bind().commit()` first".to_owned()
        } else {
            return;
        };
        for help in helps {
            help.push_str(&needs);
        }
    }
}
