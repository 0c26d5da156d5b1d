//! Tables that `upgrade` rebuilds: it makes a new one, copies the rows, drops the old one and gives the new one its name, or
//! gives the old one another name first.

use smol_str::SmolStr;

use super::slip::blame;
use super::{Blame, Object};
use crate::catalog::{AlterAction, Change, Ddl, Difference, Subject};
use crate::diagnostic::Label;
use crate::rules::ReplayContext;
use crate::rules::difference::{Remainder, Target, object_in_words, state};
use crate::rules::fresh::{has, simple};
use crate::source::FileSpan;

/// What a difference is of a table that `upgrade` rebuilds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As the new table has it, which the downgrade leaves.
    Left,
    /// It is gone with the old table.
    Lost,
}

/// The tables that `upgrade` rebuilds, with the place where the old one is dropped.
pub(super) struct Rebuilt<'d> {
    tables: Vec<(SmolStr, &'d FileSpan)>,
}

impl<'d> Rebuilt<'d> {
    pub(super) fn of(ctx: &ReplayContext<'d>) -> Self {
        let mut tables: Vec<(SmolStr, &FileSpan)> = Vec::new();
        // New names of old tables, and what was made or dropped.
        let mut aside: Vec<(SmolStr, SmolStr)> = Vec::new();
        let mut made: Vec<SmolStr> = Vec::new();
        let mut dropped: Vec<(SmolStr, &FileSpan)> = Vec::new();
        let before = &ctx.replayed.before.tables;
        for step in &ctx.replayed.upgrade_steps {
            for (ddl, _) in simple(&step.ddl) {
                match ddl.as_ref() {
                    Ddl::CreateTable(create) => made.push(create.name.clone()),
                    Ddl::AlterTable {
                        table,
                        action: AlterAction::RenameTable { new_name },
                        ..
                    } => {
                        if let Some((name, place)) = dropped.iter().find(|(old, _)| old == new_name)
                            && made.contains(table)
                        {
                            tables.push((name.clone(), place));
                        } else if before.contains_key(table) {
                            aside.push((new_name.clone(), table.clone()));
                        }
                    }
                    Ddl::DropTable { name, .. } => {
                        if before.contains_key(name) {
                            dropped.push((name.clone(), &step.place));
                        }
                        if let Some((_, old)) = aside.iter().find(|(new, _)| new == name)
                            && made.contains(old)
                        {
                            tables.push((old.clone(), &step.place));
                        }
                    }
                    _ => {}
                }
            }
        }
        Self { tables }
    }

    /// Says of an object what it is of a table that is rebuilt, and shows what is lost where it gets lost.
    pub(super) fn mark(
        &self,
        object: &mut Object<'_>,
        remainder: &Remainder<'_>,
        ctx: &ReplayContext<'_>,
    ) {
        let target = Target::of(object.first);
        let mut tables = self.tables.iter();
        let Some((_, place)) = tables.find(|(table, _)| Some(table.as_str()) == target.table)
        else {
            return;
        };
        let span = object.primary.span;
        let is_on_the_way_back = object.primary.file == ctx.revision.file
            && span.is_some_and(|span| remainder.downgrade.span.contains(span));
        if is_on_the_way_back
            || object.first.subject == Subject::Table
            || object.meant.is_some()
            || object.renamed.is_some()
            || object.is_repeated
            || object.is_no_news
            || blame(object.first, ctx) != Blame::Omission
        {
            return;
        }
        if object.first.change != Change::Removed {
            object.part = object.next_failure.is_none().then_some(Part::Left);
            return;
        }
        let drops_it = |ddl: &Ddl| matches!(ddl, Ddl::DropIndex { name, .. } if Some(name.as_str()) == target.name);
        let now = target
            .table
            .and_then(|table| ctx.replayed.after.tables.get(table));
        let is_made_again = now
            .zip(target.name)
            .is_some_and(|(table, name)| table.index(name).is_some());
        let mut steps = ctx.replayed.upgrade_steps.iter();
        if !is_made_again
            && object.first.subject == Subject::Index
            && !steps.any(|step| has(&step.ddl, &drops_it))
        {
            object.part = Some(Part::Lost);
            if place.file == ctx.revision.file {
                object.primary = Label::at(place, "lost with the old table");
            }
        }
    }
}

/// What is to be known beside the difference itself.
pub(super) fn note(part: Option<Part>, left_as_well: &[&Difference]) -> Option<String> {
    let others: Vec<String> = left_as_well
        .iter()
        .map(|other| match (other.subject, other.change) {
            (Subject::Column, Change::Changed(_)) => {
                format!("`{}` {}", other.object, state(other))
            }
            _ => object_in_words(other),
        })
        .collect();
    match part? {
        Part::Lost => Some(
            "the index of the old table goes with it, and `upgrade` does not make it again either"
                .to_owned(),
        ),
        Part::Left if others.is_empty() => None,
        Part::Left => Some(format!(
            "the tables that `upgrade` rebuilds are left so, too: {}",
            others.join(", ")
        )),
    }
}
