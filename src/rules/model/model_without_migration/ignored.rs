//! What a migration of the change means to do to a column, and Alembic does not hear, or the database is not meant to.

use crate::catalog::{Change, Difference, Subject, split_object};
use crate::project::ProjectEnvironment;
use crate::rules::ChangeContext;
use crate::rules::coverage::belongs_to_change;
use crate::rules::downgrade::ignored_argument;
use crate::schema::{Operation, Recorded};

/// True for a part of a column that a migration of the change means to alter, and Alembic does not hear, where that is told.
pub(super) fn is_ignored(difference: &Difference, ctx: &ChangeContext<'_>) -> bool {
    let head = ctx.environment.head;
    let Some((table, column, part)) = changed_part(difference, head) else {
        return false;
    };
    let nodes = || (0..head.map.nodes().len()).filter(|node| belongs_to_change(ctx, head, *node));
    let ignores = |node: usize| {
        let replayed = head.replay().get(node);
        let run = replayed.and_then(|replayed| replayed.migration.upgrade.run());
        run.is_some_and(|run| {
            ignored_argument::tells_of_column(ctx.environment, run, column)
                || ignored_argument::tells_of_part(ctx.environment, run, (table, column), part)
        })
    };
    nodes().any(ignores)
        || (part == "type"
            && ignored_argument::tells_of_type(ctx.environment, nodes(), table, column))
}

/// True for a column that a migration of the change alters on other databases, and by what it says leaves as it is on this
/// one; and for a constraint or an index that it makes on those.
pub(super) fn is_left_on_this_database(difference: &Difference, ctx: &ChangeContext<'_>) -> bool {
    let head = ctx.environment.head;
    let models = &head.model_schema().whole().catalog;
    let is_made = difference.change == Change::Added && difference.subject != Subject::Column;
    let (table, Some(part)) = split_object(&difference.object, models) else {
        return false;
    };
    if !is_made && changed_part(difference, head).is_none() {
        return false;
    }
    let does = |recorded: &Recorded| match &recorded.operation {
        Operation::AlterColumn(alter) if !is_made => {
            alter.table.as_deref() == Some(table) && alter.column.as_deref() == Some(part)
        }
        Operation::CreateConstraint {
            table: of,
            name: Some(name),
        }
        | Operation::CreateIndex {
            table: of,
            name: Some(name),
        } if is_made => of.as_deref() == Some(table) && name == part,
        _ => false,
    };
    let leaves = |node: usize| {
        let text = head.map.node(node).revision.source.text.as_str();
        if !ASKS.iter().any(|word| text.contains(word)) {
            return false;
        }
        let replayed = head.replay().get(node);
        let Some(run) = replayed.and_then(|replayed| replayed.migration.upgrade.run()) else {
            return false;
        };
        let defined = head.defined_migration(node);
        let defined = defined.upgrade.run();
        !run.operations.iter().any(does)
            && defined.is_some_and(|run| run.operations.iter().any(does))
    };
    let mut nodes = 0..head.map.nodes().len();
    nodes.any(|node| belongs_to_change(ctx, head, node) && leaves(node))
}

/// How a revision asks which database it runs on.
const ASKS: [&str; 3] = ["dialect", "engine.name", "drivername"];

/// The table and the column of which a part differs, and that part.
fn changed_part<'d>(
    difference: &'d Difference,
    head: &ProjectEnvironment<'_>,
) -> Option<(&'d str, &'d str, &'static str)> {
    let models = &head.model_schema().whole().catalog;
    match (difference.subject, difference.change) {
        (Subject::Column, Change::Changed(part)) => {
            let (table, column) = split_object(&difference.object, models);
            Some((table, column?, part))
        }
        _ => None,
    }
}
