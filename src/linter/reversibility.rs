//! How many revisions can be taken back.

use serde::Serialize;

use crate::alembic::Verdict;

/// Revisions by what is known of their way back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reversibility {
    /// The downgrade is proven to bring everything back.
    pub reversible: usize,
    /// It is proven not to.
    pub not_reversed: usize,
    pub no_schema_change: usize,
    /// There is no downgrade, or it raises on purpose.
    pub refused: usize,
    /// Upgrade or downgrade fail.
    pub fails: usize,
    pub undecided: usize,
}

impl Reversibility {
    pub(super) fn add(&mut self, verdict: Verdict) {
        let count = match verdict {
            Verdict::Reversible => &mut self.reversible,
            Verdict::NotReversed => &mut self.not_reversed,
            Verdict::NoSchemaChange => &mut self.no_schema_change,
            Verdict::Refused => &mut self.refused,
            Verdict::Fails => &mut self.fails,
            Verdict::Unknown => &mut self.undecided,
        };
        *count += 1;
    }
}
