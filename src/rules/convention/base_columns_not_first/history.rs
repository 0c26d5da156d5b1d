//! Where the tables that are there have the base columns.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{Counts, Order, Wanted, names_of, tables_of};
use crate::alembic::Migration;
use crate::rules::{EnvironmentContext, MigrationContext};
use crate::schema::Operation;

/// A convention that none of so many last tables keeps is none any more.
const ABANDONED: usize = 5;

/// Fewer tables than this make no habit.
pub(super) const MIN_HABIT: usize = 3;

/// Where the tables of the history have the base columns.
pub(super) struct History {
    counts: Counts,
    /// True if what is judged has no part in it.
    is_before_change: bool,
    /// How many of the last tables, one after the other, have them elsewhere.
    last_elsewhere: usize,
    /// How many of the last tables, one after the other, have them at both ends.
    pub(super) last_framed: usize,
}

impl History {
    pub(super) fn of(ctx: &EnvironmentContext<'_>, wanted: &Wanted<'_>) -> Self {
        // What is new has no say; what is only edited was part of the history before.
        let is_new = |id: &SmolStr| match &ctx.change {
            Some(change) => change
                .before
                .is_none_or(|before| before.map.find(id).is_none()),
            None => false,
        };
        let mut nodes = ctx.head.map.topological_order();
        nodes.retain(|node| !is_new(ctx.head.map.node(*node).id()));
        let mut history = Self {
            counts: Counts::default(),
            is_before_change: ctx.change.is_some(),
            last_elsewhere: 0,
            last_framed: 0,
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
                match order {
                    Some(_) if wanted.is_framed(table) => history.last_framed += 1,
                    Some(_) => history.last_framed = 0,
                    None => {}
                }
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

/// True if a revision before this one makes a table that has the base columns.
pub(super) fn has_earlier(ctx: &MigrationContext<'_>, wanted: &Wanted<'_>) -> bool {
    let head = ctx.environment.head;
    let Some(own) = head.map.find(&ctx.revision.id.value) else {
        return true;
    };
    let mut nodes = head.map.ancestors(own);
    nodes.retain(|node| *node != own);
    let migrations = head.migrations(&nodes);
    let has_them = |migration: &Arc<Migration>| {
        let run = migration.upgrade.run();
        run.is_some_and(|run| {
            tables_of(run).any(|table| wanted.order_of(names_of(table)).is_some())
        })
    };
    migrations.iter().any(has_them)
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
            last_framed: 0,
        };
        assert!(!history(2, 1, 1).is_against());
        assert!(history(2, 2, 2).is_against());
        assert!(!history(8, 2, 2).is_against());
        assert!(history(8, 5, 5).is_against());
    }
}
