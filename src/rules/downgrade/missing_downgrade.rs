//! ML201

use crate::alembic::Direction;
use crate::diagnostic::{Label, Severity};
use crate::rules::downgrade::Reach;
use crate::rules::{MigrationContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML201", "missing-downgrade" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["oneport-migrate: missing downgrade"],
    on: Migration(check),
}

struct MissingDowngrade {
    reach: Reach,
    /// True if there is nothing to take back.
    is_empty: bool,
}

impl Violation for MissingDowngrade {
    fn message(&self) -> String {
        "the revision has no `downgrade` function".to_owned()
    }

    fn subject(&self) -> String {
        "downgrade".to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["`alembic downgrade` stops here with an `AttributeError`".to_owned()]
    }

    fn help(&self) -> Option<String> {
        if self.is_empty {
            return Some("there is nothing to take back: `def downgrade(): pass`".to_owned());
        }
        Some(
            "write one; if there is no way back, say so with `raise NotImplementedError(\"why\")`"
                .to_owned(),
        )
    }

    fn severity(&self) -> Option<Severity> {
        if self.reach == Reach::First {
            return Some(Severity::Info);
        }
        self.is_empty.then_some(Severity::Warning)
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    let Direction::Ran(upgrade) = &ctx.migration.upgrade else {
        return;
    };
    // What follows a syntax error is not read.
    let is_read = ctx.revision.source.syntax_error.is_none();
    if is_read && matches!(ctx.migration.downgrade, Direction::Missing) {
        let reach = Reach::of(ctx);
        if reach == Reach::Bottom {
            return;
        }
        let label = Label::new(
            ctx.revision.file.clone(),
            upgrade.name_span,
            "only the way up is defined",
        );
        reporter.report_on(
            &MissingDowngrade {
                reach,
                is_empty: upgrade.is_empty(),
            },
            label,
            Some(&ctx.revision.id.value),
        );
    }
}
