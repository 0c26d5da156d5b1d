//! Tables that an earlier revision seems to show to be there, and a later one makes: they were not.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Direction;
use super::simulation::Step;
use super::unknown_before::parts;
use crate::catalog::Ddl;

/// The tables that an upgrade makes for certain, though something that no revision has made was taken for them: had they
/// been there, the database would have refused the statement.
pub(super) fn tables(upgrade: &Direction, steps: &[Step]) -> Vec<SmolStr> {
    let Direction::Ran(run) = upgrade else {
        return Vec::new();
    };
    // What is not understood may have dropped the table, within the same upgrade as well.
    let opaque = |step: &Step| step.before.opaque.as_ref().map(Arc::as_ptr);
    let first = steps.first().and_then(opaque);
    let is_certain = |step: &Step| {
        let mut operations = run.operations.iter();
        step.certain
            && opaque(step) == first
            && operations.any(|recorded| recorded.place == step.place && recorded.is_certain())
    };
    let mut found = Vec::new();
    for step in steps {
        // A block runs its statements under conditions.
        if matches!(step.ddl, Ddl::If { .. } | Ddl::Try { .. } | Ddl::Block(_)) {
            continue;
        }
        for ddl in parts(&step.ddl) {
            let Ddl::CreateTable(create) = ddl else {
                continue;
            };
            let known = step.before.tables.get(&create.name);
            let is_only_assumed = known.is_some_and(|table| {
                table.open.is_some()
                    && !table.is_made
                    && table.maybe.is_none()
                    && table.unsure.is_none()
            });
            if is_only_assumed && !create.if_not_exists && !create.temporary && is_certain(step) {
                found.push(create.name.clone());
            }
        }
    }
    found
}
