//! Where the tables that are there have the base columns.

use smol_str::SmolStr;

use super::{Counts, Order, Wanted, names_of};
use crate::rules::{EnvironmentContext, MigrationContext};
use crate::schema::Operation;

/// A convention that none of so many last tables keeps is none any more.
const ABANDONED: usize = 5;

/// So many of the newest tables are asked.
const NEWEST: usize = 5;

/// Fewer tables that all have them there show nothing.
const MIN_KEPT: usize = 2;

/// Fewer tables than this make no habit.
const MIN_HABIT: usize = 3;

/// Where the tables of the history have the base columns.
pub(super) struct History {
    counts: Counts,
    /// True if what is judged has no part in it.
    is_before_change: bool,
    /// How many of the last tables, one after the other, have them elsewhere.
    last_elsewhere: usize,
    /// Whether the tables that have all of them, one after the other, have them where they are wanted.
    keeps: Vec<bool>,
}

impl History {
    /// Of all that is not new.
    pub(super) fn of(ctx: &EnvironmentContext<'_>, wanted: &Wanted<'_>) -> Self {
        Self::until(ctx, wanted, None)
    }

    /// Of what comes before a revision.
    pub(super) fn before(ctx: &MigrationContext<'_>, wanted: &Wanted<'_>) -> Self {
        Self::until(ctx.environment, wanted, Some(&ctx.revision.id.value))
    }

    fn until(ctx: &EnvironmentContext<'_>, wanted: &Wanted<'_>, end: Option<&SmolStr>) -> Self {
        // What is new has no say; what is only edited was part of the history before.
        let is_new = |id: &SmolStr| match &ctx.change {
            Some(change) => change
                .before
                .is_none_or(|before| before.map.find(id).is_none()),
            None => false,
        };
        let mut nodes = ctx.head.map.topological_order();
        let is_end = |node: &usize| end == Some(ctx.head.map.node(*node).id());
        nodes.truncate(nodes.iter().position(is_end).unwrap_or(nodes.len()));
        nodes.retain(|node| !is_new(ctx.head.map.node(*node).id()));
        let mut history = Self {
            counts: Counts::default(),
            is_before_change: ctx.change.is_some(),
            last_elsewhere: 0,
            keeps: Vec::new(),
        };
        for migration in ctx.head.migrations(&nodes) {
            let Some(upgrade) = migration.upgrade.run() else {
                continue;
            };
            for recorded in &upgrade.operations {
                let Operation::CreateTable(table) = &recorded.operation else {
                    continue;
                };
                let order = wanted.order_of_some(table);
                history.counts.add(order);
                match order {
                    Some(Order::AsWanted) => history.last_elsewhere = 0,
                    Some(Order::Shuffled | Order::Elsewhere) => history.last_elsewhere += 1,
                    None => {}
                }
                let all = wanted.order_of(names_of(table));
                let keeps = all.map(|order| order == Order::AsWanted);
                history.keeps.extend(keeps);
            }
        }
        history
    }

    /// True if most tables have the base columns somewhere else, or all of the last ones.
    pub(super) fn is_against(&self) -> bool {
        let Counts { first, elsewhere } = self.counts;
        let is_habit = first + elsewhere >= MIN_HABIT || self.is_before_change && elsewhere >= 2;
        (elsewhere > first && is_habit) || self.is_abandoned()
    }

    /// True if the newest tables show a custom: all of them have the base columns where they are wanted.
    pub(super) fn is_kept(&self) -> bool {
        let newest = self.keeps.iter().rev().take(NEWEST);
        self.keeps.len() >= MIN_KEPT && newest.copied().all(|keeps| keeps)
    }

    /// True if the last tables keep to nothing that there was, or are as many as those that did.
    fn is_abandoned(&self) -> bool {
        let is_outweighed = self.last_elsewhere >= 2 && self.last_elsewhere >= self.counts.first;
        is_outweighed || self.last_elsewhere >= ABANDONED
    }

    /// True if most tables have them where they are wanted.
    pub(super) fn is_in_favour(&self) -> bool {
        let Counts { first, elsewhere } = self.counts;
        first > elsewhere && first >= MIN_HABIT && !self.is_abandoned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_last_tables_do_is_the_custom() {
        let history = |first, elsewhere, last_elsewhere| History {
            counts: Counts { first, elsewhere },
            is_before_change: true,
            last_elsewhere,
            keeps: Vec::new(),
        };
        assert!(!history(2, 1, 1).is_against());
        assert!(history(2, 2, 2).is_against());
        assert!(!history(8, 2, 2).is_against());
        assert!(history(8, 5, 5).is_against());
    }

    #[test]
    fn the_newest_tables_show_the_custom() {
        let is_kept = |keeps: &[bool]| {
            let history = History {
                counts: Counts::default(),
                is_before_change: true,
                last_elsewhere: 0,
                keeps: keeps.to_vec(),
            };
            history.is_kept()
        };
        assert!(is_kept(&[true; 3]));
        assert!(is_kept(&[false, true, true, true, true, true]));
        assert!(is_kept(&[true; 2]));
        assert!(!is_kept(&[true]));
        assert!(!is_kept(&[false, true, true, true, true]));
        assert!(!is_kept(&[]));
    }
}
