//! ML507

use super::failures_of;
use crate::catalog::FailureKind;
use crate::diagnostic::{Label, Severity};
use crate::rules::downgrade::at;
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML507", "concurrent-index-in-transaction" in Deployment("deployment"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: [
        "squawk: ban-concurrent-index-creation-in-transaction",
        "atlas: PG103",
        "pg-migration-lint: PGM003",
        "alembic-guard: AG003",
        "lockcheck: LC003",
    ],
    on: Replay(check),
}

struct InTransaction<'a> {
    cause: &'a str,
    severity: Severity,
}

impl Violation for InTransaction<'_> {
    fn message(&self) -> String {
        self.cause.to_owned()
    }

    fn subject(&self) -> String {
        self.cause.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["Alembic runs every revision in a transaction, and PostgreSQL refuses the statement there".to_owned()]
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let failures: Vec<_> = failures_of(ctx.replayed, FailureKind::InTransaction).collect();
    // One `autocommit_block()` is for all of a function.
    for of_function in failures.chunk_by(|(one, ..), (other, ..)| std::ptr::eq(*one, *other)) {
        let [(run, failed, severity), others @ ..] = of_function else {
            continue;
        };
        let violation = InTransaction {
            cause: &failed.message,
            severity: *severity,
        };
        let (primary, mut related) = at(ctx.revision, run, &failed.place, "in a transaction");
        let others = others.iter().take(MOST_PLACES);
        related.extend(others.map(|(_, other, _)| Label::at(&other.place, "and so here")));
        reporter
            .report_on(&violation, primary, Some(&ctx.revision.id.value))
            .related(related);
    }
}

/// So many further places are shown.
const MOST_PLACES: usize = 8;
