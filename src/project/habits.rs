//! What a project does nowadays.

use super::ProjectEnvironment;
use crate::alembic::{Direction, End};

/// So many revisions that change the schema tell whether a project goes back nowadays.
const NEWEST_WITH_CHANGES: usize = 20;

impl ProjectEnvironment<'_> {
    /// Of the newest revisions that change the schema, how many go back and how many do not (no downgrade, an empty one, or
    /// one that raises).
    pub fn downgrade_habits(&self) -> (usize, usize) {
        let mut newest = self.map.topological_order();
        newest.reverse();
        let (mut with, mut without) = (0, 0);
        for migration in self.migrations(&newest) {
            let changes = migration.upgrade.run().is_some_and(|run| {
                run.operations
                    .iter()
                    .any(|recorded| recorded.operation.wants_reversal())
            });
            if !changes {
                continue;
            }
            if goes_back(&migration.downgrade) {
                with += 1;
            } else {
                without += 1;
            }
            if with + without >= NEWEST_WITH_CHANGES {
                break;
            }
        }
        (with, without)
    }

    /// How many revisions there are, whatever they change, if none of them goes back.
    pub fn never_goes_back(&self) -> Option<usize> {
        let order = self.map.topological_order();
        let mut count = 0;
        for migration in self.migrations(&order) {
            if goes_back(&migration.downgrade) {
                return None;
            }
            count += 1;
        }
        Some(count)
    }

    /// True if the template of new revisions has no downgrade: then the project does without.
    pub fn begins_without_downgrade(&self) -> bool {
        let template = self.environment.script_location.join("script.py.mako");
        let text = template.and_then(|template| self.sources.read(&template));
        text.is_some_and(|bytes| {
            let has = |word: &[u8]| memchr::memmem::find(&bytes, word).is_some();
            has(b"def upgrade") && !has(b"def downgrade")
        })
    }
}

/// False for no downgrade, an empty one, and one that raises.
fn goes_back(downgrade: &Direction) -> bool {
    match downgrade {
        Direction::Missing => false,
        Direction::Ran(run) => !run.is_empty() && !matches!(run.end, End::Raises { .. }),
        Direction::Unknown { .. } => true,
    }
}
