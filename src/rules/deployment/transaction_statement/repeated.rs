//! What a function does that can be done again from its beginning.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::alembic::Step;
use crate::catalog::{AlterAction, Ddl, SequenceChange};
use crate::rules::simple;

use super::is_refused;

/// True if no statement fails for what an earlier run of the same ones has done, wherever that has stopped: each only does
/// what is still to do, or begins with what the function itself makes anew.
pub(super) fn can_be_repeated(steps: &[Step]) -> bool {
    let mut anew = Anew::default();
    steps.iter().all(|step| {
        let parts = simple(&step.ddl);
        let is_understood = !parts.is_empty() || step.ddl == Ddl::Nothing;
        is_understood
            && parts.iter().all(|(ddl, _)| {
                let can_be = !anew.is_used(ddl) && anew.can_be_repeated(ddl, step.certain);
                anew.note(ddl);
                can_be
            })
    })
}

pub(super) fn wants_no_transaction(ddl: &Ddl) -> bool {
    !matches!(ddl, Ddl::Session(_)) && is_refused(ddl)
}

/// What the function drops where it is there, and makes after that.
#[derive(Default)]
struct Anew {
    dropped: FxHashSet<SmolStr>,
    tables: FxHashSet<SmolStr>,
    /// What statements so far have to find.
    used: FxHashSet<SmolStr>,
    /// They may use any table.
    uses_any: bool,
}

impl Anew {
    /// True for what takes away something that an earlier statement has to find when it runs again.
    fn is_used(&self, ddl: &Ddl) -> bool {
        let is_used = |table: &SmolStr| {
            !self.tables.contains(table) && (self.uses_any || self.used.contains(table))
        };
        match ddl {
            Ddl::DropTable { name, .. } => is_used(name),
            Ddl::AlterTable {
                table,
                action: AlterAction::DropColumn { .. },
                ..
            } => is_used(table),
            _ => false,
        }
    }

    fn note(&mut self, ddl: &Ddl) {
        match ddl {
            Ddl::Data { tables, .. } => {
                self.uses_any |= tables.is_empty();
                self.used.extend(tables.iter().cloned());
            }
            Ddl::AlterTable { table, .. } | Ddl::CreateIndex { table, .. } => {
                self.used.insert(table.clone());
            }
            _ => {}
        }
    }

    fn can_be_repeated(&mut self, ddl: &Ddl, is_certain: bool) -> bool {
        match ddl {
            // An `autocommit_block()` is what they want.
            ddl if wants_no_transaction(ddl) => false,
            Ddl::Nothing
            | Ddl::Session(_)
            | Ddl::Data { .. }
            | Ddl::Uses(_)
            | Ddl::Maintenance { .. }
            | Ddl::Comment { .. } => true,
            Ddl::DropTable {
                name, if_exists, ..
            } => {
                if *if_exists && is_certain {
                    self.tables.remove(name);
                    self.dropped.insert(name.clone());
                }
                *if_exists
            }
            Ddl::DropType {
                name, if_exists, ..
            }
            | Ddl::DropSequence {
                name, if_exists, ..
            } => {
                if *if_exists && is_certain {
                    self.dropped.insert(name.clone());
                }
                *if_exists
            }
            Ddl::CreateTable(create) => {
                if self.dropped.remove(&create.name) {
                    self.tables.insert(create.name.clone());
                    return true;
                }
                create.if_not_exists
            }
            Ddl::CreateEnum {
                name,
                if_not_exists,
                ..
            }
            | Ddl::CreateSequence {
                name,
                if_not_exists,
                ..
            } => self.dropped.remove(name) || *if_not_exists,
            Ddl::CreateIndex {
                table,
                if_not_exists,
                ..
            } => *if_not_exists || self.tables.contains(table),
            Ddl::DropIndex { if_exists, .. } | Ddl::DropObject { if_exists, .. } => *if_exists,
            Ddl::AlterSequence {
                change: SequenceChange::Other | SequenceChange::Type(_),
                ..
            } => true,
            Ddl::CreateObject {
                on,
                if_not_exists,
                or_replace,
                ..
            } => {
                *if_not_exists
                    || *or_replace
                    || on.as_ref().is_some_and(|on| self.tables.contains(on))
            }
            Ddl::AlterTable { table, action, .. } => match action {
                AlterAction::RenameTable { .. }
                | AlterAction::SetSchema { .. }
                | AlterAction::Opaque { .. } => false,
                _ if self.tables.contains(table) => true,
                AlterAction::AddColumn { if_not_exists, .. } => *if_not_exists,
                AlterAction::DropColumn { if_exists, .. }
                | AlterAction::DropConstraint { if_exists, .. } => *if_exists,
                AlterAction::SetNullable { .. }
                | AlterAction::SetDefault { .. }
                | AlterAction::RowSecurity { .. }
                | AlterAction::ValidateConstraint { .. }
                | AlterAction::Other => true,
                AlterAction::AlterType { using, .. } => !using,
                _ => false,
            },
            _ => false,
        }
    }
}
