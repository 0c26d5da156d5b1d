//! ML606

use crate::diagnostic::{Label, Severity};
use crate::dialect::Dialect;
use crate::models::{OnlineRun, OuterTransaction};
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};
use crate::source::FileSpan;

declare_rule! {
    "ML606", "statement-before-transaction" in Setup("setup"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql, Sqlite],
    on: Environment(check),
}

/// A transaction that was there before Alembic's.
struct OuterBegun<'a> {
    outer: &'a OuterTransaction,
    harm: Harm,
    dialect: Dialect,
}

/// What comes of it.
enum Harm {
    /// Nobody commits.
    RolledBack,
    /// A revision leaves the transaction that Alembic does not have.
    AutocommitBlock { revision: String },
    /// `transaction_per_migration=True` does nothing.
    OneTransaction,
}

impl Violation for OuterBegun<'_> {
    fn message(&self) -> String {
        let begun = if self.outer.is_implicit {
            "a statement before `context.configure()`"
        } else {
            "`begin()` before `context.configure()`"
        };
        match &self.harm {
            Harm::RolledBack => {
                format!(
                    "{begun} begins a transaction that nothing commits: migrations are rolled back"
                )
            }
            Harm::AutocommitBlock { revision } => {
                format!("{begun} makes `autocommit_block()` in revision `{revision}` fail")
            }
            Harm::OneTransaction => {
                format!("{begun} takes the effect from `transaction_per_migration=True`")
            }
        }
    }

    fn subject(&self) -> String {
        match &self.harm {
            Harm::RolledBack => "rolled back".to_owned(),
            Harm::AutocommitBlock { revision } => format!("autocommit_block {revision}"),
            Harm::OneTransaction => "transaction_per_migration".to_owned(),
        }
    }

    fn severity(&self) -> Option<Severity> {
        matches!(self.harm, Harm::OneTransaction).then_some(Severity::Warning)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "Alembic leaves a connection alone that is in a transaction when it gets it: `begin_transaction()` does nothing"
                .to_owned(),
        ];
        if self.outer.is_implicit {
            notes.push("with SQLAlchemy 2 every statement begins a transaction".to_owned());
        }
        if matches!(self.harm, Harm::RolledBack) {
            notes.push(match self.dialect {
                Dialect::Sqlite => {
                    "SQLite keeps the tables and loses the version: the next `alembic upgrade` makes them once more"
                        .to_owned()
                }
                _ => "`alembic upgrade` reports success".to_owned(),
            });
        }
        notes
    }

    fn help(&self) -> Option<String> {
        Some(
            if self.outer.is_implicit {
                "move it behind `with context.begin_transaction():`, or add `connection.commit()` after it; a lock of the \
                 session, such as `pg_advisory_lock`, outlives that"
            } else {
                "take `engine.connect()`: Alembic begins and commits"
            }
            .to_owned(),
        )
    }
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let head = ctx.head;
    let dialect = head.dialect().dialect;
    if head.dialect().foreign().is_some() || dialect == Dialect::MySql {
        return;
    }
    for (run, outer) in head.runs_in_another_transaction() {
        check_run(ctx, run, outer, dialect, reporter);
    }
}

fn check_run(
    ctx: &EnvironmentContext<'_>,
    run: &OnlineRun,
    outer: &OuterTransaction,
    dialect: Dialect,
    reporter: &mut Reporter<'_>,
) {
    let is_here = ctx.is_judged(&run.place.file) || ctx.is_judged(&outer.place.file);
    let begun = || Label::at(&outer.place, "begins a transaction");
    let handed = || Label::at(&run.place, "Alembic gets the connection");
    let report = |harm: Harm| OuterBegun {
        outer,
        harm,
        dialect,
    };
    if !outer.is_committed {
        if is_here {
            let violation = report(Harm::RolledBack);
            reporter.report(&violation, begun()).related([handed()]);
        }
        return;
    }
    let mut blocks = autocommit_blocks(ctx, outer).into_iter().peekable();
    if let (true, true, Some(place)) = (
        is_here,
        blocks.peek().is_none(),
        &run.transaction_per_migration,
    ) {
        let violation = report(Harm::OneTransaction);
        let label = Label::at(place, "does nothing");
        reporter.report(&violation, begun()).related([label]);
    }
    if is_here {
        // The first says it for all.
        if let Some((revision, place)) = blocks.next() {
            let violation = report(Harm::AutocommitBlock { revision });
            let label = Label::at(&place, "fails here");
            reporter
                .report(&violation, begun())
                .related([handed(), label]);
        }
        return;
    }
    for (revision, place) in blocks.filter(|(_, place)| ctx.is_judged(&place.file)) {
        let violation = report(Harm::AutocommitBlock { revision });
        let label = Label::at(&place, "fails here");
        reporter.report(&violation, label).related([begun()]);
    }
}

/// The revisions that leave the transaction, each with the place where it does.
fn autocommit_blocks(
    ctx: &EnvironmentContext<'_>,
    outer: &OuterTransaction,
) -> Vec<(String, FileSpan)> {
    let scripts = ctx.head.scripts.scripts.iter();
    scripts
        .filter(|script| !ctx.old.contains(&script.file))
        .filter_map(|script| {
            let span = script.attribute_called("autocommit_block")?;
            // `op.get_bind().commit()` before it ends the transaction that Alembic does not know.
            if outer.is_implicit && script.attribute_called("commit").is_some() {
                return None;
            }
            let node = ctx.head.node_of(&script.file)?;
            let id = ctx.head.map.node(node).id().to_string();
            Some((id, FileSpan::new(script.file.clone(), span)))
        })
        .collect()
}
