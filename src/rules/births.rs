//! Which revisions have made the tables, and which have emptied them.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::alembic::Step;
use crate::catalog::{AlterAction, Ddl, RowChange};
use crate::project::ReplayedHistory;
use crate::rules::simple;

/// Which revisions made tables, as far as they began without rows: one that is filled where it is made may be the copy of
/// another.
pub(crate) fn births(history: &ReplayedHistory) -> FxHashMap<SmolStr, usize> {
    let mut births = FxHashMap::default();
    for node in &history.order {
        let Some(replayed) = history.get(*node) else {
            continue;
        };
        for step in &replayed.upgrade_steps {
            for (ddl, _) in simple(&step.ddl) {
                match &*ddl {
                    Ddl::CreateTable(table) => {
                        births.insert(table.name.clone(), *node);
                    }
                    Ddl::AlterTable {
                        table,
                        action: AlterAction::RenameTable { new_name },
                        ..
                    } => {
                        births.remove(new_name);
                        if let Some(birth) = births.remove(table).filter(|birth| birth != node) {
                            births.insert(new_name.clone(), birth);
                        }
                    }
                    Ddl::Data { tables, .. } => {
                        for table in tables {
                            if births.get(table) == Some(node) {
                                births.remove(table);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    births
}

/// The revision before this one that has made a table, or removed all rows of it, where none has put rows in since then.
pub(crate) fn empty_since(history: &ReplayedHistory, table: &str, node: usize) -> Option<usize> {
    let mut empty: FxHashMap<SmolStr, usize> = FxHashMap::default();
    let before = history.order.iter().take_while(|other| **other != node);
    for earlier in before {
        let steps = history.get(*earlier).map(|known| &known.upgrade_steps);
        for step in steps.into_iter().flatten() {
            follow_rows(step, *earlier, &mut empty);
        }
    }
    empty.get(table).copied()
}

fn follow_rows(step: &Step, node: usize, empty: &mut FxHashMap<SmolStr, usize>) {
    for (ddl, _) in simple(&step.ddl) {
        match &*ddl {
            Ddl::CreateTable(table) if step.certain => {
                empty.insert(table.name.clone(), node);
            }
            Ddl::AlterTable {
                table,
                action: AlterAction::RenameTable { new_name },
                ..
            } => match empty.remove(table) {
                Some(since) => _ = empty.insert(new_name.clone(), since),
                None => _ = empty.remove(new_name),
            },
            Ddl::Data { tables, rows } => {
                for table in tables {
                    match rows {
                        RowChange::Removed { all: true } if step.certain => {
                            empty.insert(table.clone(), node);
                        }
                        RowChange::Removed { .. } | RowChange::Updated { .. } => {}
                        _ => _ = empty.remove(table),
                    }
                }
            }
            _ => {}
        }
    }
}
