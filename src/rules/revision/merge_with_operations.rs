//! ML115

use crate::alembic::Direction;
use crate::diagnostic::Label;
use crate::rules::{MigrationContext, Reporter, Violation, declare_rule};
use crate::schema::{Effect, Recorded};

declare_rule! {
    "ML115", "merge-with-operations" in Revision("revision"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Migration(check),
}

struct MergeWithOperations {
    direction: &'static str,
    operation: String,
    more: usize,
}

impl Violation for MergeWithOperations {
    fn message(&self) -> String {
        let more = match self.more {
            0 => String::new(),
            1 => ", and 1 more change".to_owned(),
            more => format!(", and {more} more changes"),
        };
        format!(
            "a merge revision changes the schema: `{}` {}{more}",
            self.direction, self.operation
        )
    }

    fn subject(&self) -> String {
        self.direction.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["a merge joins two lines of revisions; a change that stands in it is easily overlooked, and lost when the lines are merged anew".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some("leave the merge empty, and make the change in a revision after it".to_owned())
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    if !ctx.revision.is_merge() {
        return;
    }
    let directions = [
        ("upgrade", &ctx.migration.upgrade),
        ("downgrade", &ctx.migration.downgrade),
    ];
    for (direction, followed) in directions {
        let changes = changes(followed);
        let Some(first) = changes.first() else {
            continue;
        };
        let violation = MergeWithOperations {
            direction,
            operation: first.operation.describe(),
            more: changes.len() - 1,
        };
        let label = Label::at(&first.place, "in a merge");
        reporter.report_on(&violation, label, Some(&ctx.revision.id.value));
        // The way back of what the upgrade does belongs to it.
        return;
    }
}

fn changes(direction: &Direction) -> Vec<&Recorded> {
    let operations = direction.run().map_or(&[][..], |run| &run.operations);
    operations
        .iter()
        .filter(|recorded| {
            matches!(
                recorded.operation.effect(),
                Effect::Structure | Effect::Index | Effect::Objects
            )
        })
        .collect()
}
