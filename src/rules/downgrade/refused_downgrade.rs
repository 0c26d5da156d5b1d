//! ML203

use std::sync::Arc;

use crate::alembic::{End, Migration};
use crate::diagnostic::Label;
use crate::rules::downgrade::{summarise, to_take_back};
use crate::rules::{MigrationContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML203", "refused-downgrade" in Downgrade("downgrade"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Migration(check),
}

struct RefusedDowngrade {
    exception: String,
    upgrade: String,
}

impl Violation for RefusedDowngrade {
    fn message(&self) -> String {
        format!(
            "`downgrade` raises `{}` and does not say why: there is no way back from here (`upgrade` {})",
            self.exception, self.upgrade
        )
    }

    fn subject(&self) -> String {
        "downgrade".to_owned()
    }

    fn help(&self) -> Option<String> {
        Some("say why, in the message of the exception or a comment; or restore the structure, even where rows cannot be".to_owned())
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    let (Some(upgrade), Some(downgrade)) =
        (ctx.migration.upgrade.run(), ctx.migration.downgrade.run())
    else {
        return;
    };
    let End::Raises {
        exception,
        says_why: false,
    } = &downgrade.end
    else {
        return;
    };
    // Whoever says why has decided it.
    if ctx.revision.has_remark_on(downgrade.span) {
        return;
    }
    let changes = to_take_back(upgrade);
    // What only changes rows may rightly refuse to go back.
    let Some(first) = changes.first() else { return };
    if is_custom(ctx) {
        return;
    }
    let violation = RefusedDowngrade {
        exception: exception.clone(),
        upgrade: summarise(&changes),
    };
    let label = Label::new(
        ctx.revision.file.clone(),
        downgrade.name_span,
        "always raises",
    );
    let related = Label::at(&first.place, "cannot be taken back");
    reporter
        .report_on(&violation, label, Some(&ctx.revision.id.value))
        .related([related]);
}

/// So many refusals without a word, which the change does not touch, show how a project decides it.
const CUSTOM: usize = 2;

/// True where other revisions refuse in the same way, and the base has taken them so.
fn is_custom(ctx: &MigrationContext<'_>) -> bool {
    let environment = ctx.environment;
    let head = environment.head;
    if environment.change.is_none() {
        return false;
    }
    let older: Vec<usize> = (0..head.map.nodes().len())
        .filter(|node| !environment.is_judged(&head.map.node(*node).revision.file))
        .collect();
    let migrations = head.migrations(&older);
    let refuses = |(node, migration): (&usize, &Arc<Migration>)| {
        let run = migration.downgrade.run();
        run.is_some_and(|run| {
            let is_bare = matches!(
                &run.end,
                End::Raises {
                    says_why: false,
                    ..
                }
            );
            is_bare && !head.map.node(*node).revision.has_remark_on(run.span)
        })
    };
    older
        .iter()
        .zip(&migrations)
        .filter(|one| refuses(*one))
        .take(CUSTOM)
        .count()
        == CUSTOM
}
