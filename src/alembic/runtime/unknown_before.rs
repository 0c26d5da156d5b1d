//! What may have been there before a revision for all that is known.
//!
//! `upgrade` drops a policy `IF EXISTS` that no migration has made, and `downgrade` makes it: it was there then, where
//! the statement did something, and nothing is left behind. The same holds for row level security that `downgrade` turns
//! on or off in so many words.

use std::sync::Arc;

use serde_json::Value;

use super::simulation::Step;
use crate::catalog::{AlterAction, Change, Ddl, Difference, Differences, Subject, Why};

/// Takes out of the differences that a downgrade leaves what only brings back a state that is not known.
pub(super) fn leave_out(left: &mut Differences, upgrade: &[Step], downgrade: &[Step]) {
    let mut reasons = Vec::new();
    let may_matter = |difference: &Difference| {
        matches!(
            difference.change,
            Change::Added | Change::Changed("row_security")
        )
    };
    if !left.found.iter().any(may_matter) {
        return;
    }
    let drops: Vec<(&Ddl, &Step)> = upgrade
        .iter()
        .flat_map(|step| parts(&step.ddl).into_iter().map(move |ddl| (ddl, step)))
        .filter(|(ddl, _)| {
            !matches!(
                ddl,
                Ddl::CreateTable(_) | Ddl::CreateIndex { .. } | Ddl::Data { .. }
            )
        })
        .collect();
    left.found.retain(|difference| {
        let reason = reason(difference, &drops, downgrade);
        let is_certain = reason.is_none();
        reasons.extend(reason);
        is_certain
    });
    for why in reasons {
        if !left.unknown.contains(&why) {
            left.unknown.push(why);
        }
    }
}

/// Why it is not known that something was different before.
fn reason(
    difference: &Difference,
    drops: &[(&Ddl, &Step)],
    downgrade: &[Step],
) -> Option<Arc<Why>> {
    let object = &difference.object;
    match (difference.subject, difference.change) {
        (Subject::Table, Change::Changed("row_security")) => {
            let said = row_security(downgrade, object)?;
            (difference.to == Value::Bool(said)).then(|| {
                let what = format!("whether row level security of `{object}` was on");
                Why::new(format!("{what} is not known"), difference.place.clone())
            })
        }
        (_, Change::Added) => {
            let place = difference.place.as_ref()?;
            let is_made_back = downgrade
                .iter()
                .any(|step| step.place.file == place.file && step.place.span.contains(place.span));
            let (_, step) = drops
                .iter()
                .find(|(ddl, step)| {
                    difference.is_dropped_if_there(ddl)
                        || uses(ddl, difference)
                        || falls_with_column(ddl, step, difference)
                })
                .filter(|_| is_made_back)?;
            let what = format!("whether `{object}` was there before is not known");
            Some(Why::new(what, Some(step.place.clone())))
        }
        _ => None,
    }
}

/// True for a constraint that is made of the index: it was there, whoever has made it.
fn uses(ddl: &Ddl, difference: &Difference) -> bool {
    let Ddl::AlterTable {
        table,
        action: AlterAction::AddConstraintUsingIndex { index, .. },
        ..
    } = ddl
    else {
        return false;
    };
    let of_table = difference.object.strip_prefix(table.as_str());
    difference.subject == Subject::Index
        && of_table.and_then(|rest| rest.strip_prefix('.')) == Some(index.as_str())
}

/// True for what may have gone with a column of a table that no migration has made.
fn falls_with_column(ddl: &Ddl, step: &Step, difference: &Difference) -> bool {
    let Ddl::AlterTable {
        table,
        action: AlterAction::DropColumn { name, .. },
        ..
    } = ddl
    else {
        return false;
    };
    let is_open = || {
        let known = step.before.tables.get(table);
        known.is_some_and(|table| table.open.is_some())
    };
    let columns = difference.to.get("columns").and_then(Value::as_array);
    let is_over_it = || {
        let mut columns = columns.into_iter().flatten();
        columns.any(|column| column.as_str() == Some(name))
    };
    let of_table = difference.object.strip_prefix(table.as_str());
    matches!(
        difference.subject,
        Subject::ForeignKey | Subject::Unique | Subject::Check | Subject::Index
    ) && of_table.is_some_and(|rest| rest.starts_with(['.', '(']))
        && is_over_it()
        && is_open()
}

/// What the last statement about it says of the row level security of a table.
fn row_security(steps: &[Step], wanted: &str) -> Option<bool> {
    steps.iter().rev().find_map(|step| {
        parts(&step.ddl)
            .into_iter()
            .rev()
            .find_map(|ddl| match ddl {
                Ddl::AlterTable {
                    table,
                    action: AlterAction::RowSecurity { enabled },
                    ..
                } if table == wanted => Some(*enabled),
                _ => None,
            })
    })
}

/// The single statements of one.
pub(super) fn parts(ddl: &Ddl) -> Vec<&Ddl> {
    match ddl {
        Ddl::Together(inner) | Ddl::Block(inner) => inner.iter().flat_map(parts).collect(),
        Ddl::Only(inner) => parts(inner),
        Ddl::If {
            then, otherwise, ..
        } => then.iter().chain(otherwise).flat_map(parts).collect(),
        Ddl::Try { statements, .. } => statements.iter().flat_map(parts).collect(),
        simple => vec![simple],
    }
}
