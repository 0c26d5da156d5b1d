//! Tables that a migration keeps as a backup.

use crate::catalog::{AlterAction, Ddl};
use crate::project::ProjectEnvironment;
use crate::rules::simple;

/// True for a table that one of these revisions renames to what backups are called: it keeps the rows of another one, and
/// needs no model.
pub(super) fn is_put_aside(table: &str, new: &[usize], head: &ProjectEnvironment<'_>) -> bool {
    let renames = |node: &usize| {
        let replayed = head.replay().get(*node);
        let mut steps = replayed.iter().flat_map(|replayed| &replayed.upgrade_steps);
        steps.any(|step| {
            simple(&step.ddl).into_iter().any(|(ddl, _)| {
                matches!(&*ddl, Ddl::AlterTable { table: old, action: AlterAction::RenameTable { new_name }, .. }
                    if new_name == table && is_backup_of(new_name, old))
            })
        })
    };
    new.iter().any(renames)
}

/// True for a name that is another one with a word for what is kept of it: `users_old`, `users_backup_2024`.
fn is_backup_of(name: &str, old: &str) -> bool {
    let rest = name
        .strip_prefix(old)
        .and_then(|rest| rest.strip_prefix('_'));
    let word = rest.and_then(|rest| rest.split('_').next());
    word.is_some_and(|word| matches!(word, "old" | "backup" | "bak"))
}
