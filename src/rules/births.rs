//! Which revisions have made the tables.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::catalog::{AlterAction, Ddl};
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
