//! ML405

use crate::alembic::{End, LiveCause, LiveKind, LiveUse, Migration, Revision, Verdict};
use crate::diagnostic::Label;
use crate::dialect::Dialect;
use crate::rules::{Reporter, ScriptContext, Violation, declare_rule};
use crate::schema::Recorded;

declare_rule! {
    "ML405", "app-import-in-migration" in Convention("convention"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    peers: ["django-migration-linter: RUNPYTHON_MODEL_IMPORT"],
    on: Script(check),
}

struct AppImport<'a> {
    live: &'a LiveUse,
    /// What makes all uses of the file matter, each once.
    causes: Vec<LiveCause>,
    /// True if all statements with models name their columns.
    names_columns: bool,
    /// True where the database commits each change of the schema by itself.
    commits_ddl: bool,
}

impl Violation for AppImport<'_> {
    fn message(&self) -> String {
        let LiveUse { written, kind, .. } = self.live;
        match kind {
            LiveKind::Model(class) => {
                format!("the revision uses the model `{class}` as it is whenever it runs")
            }
            LiveKind::Table => {
                format!(
                    "the revision uses the table `{written}` as the application has it whenever it runs"
                )
            }
            LiveKind::Metadata => {
                format!(
                    "the revision asks `{written}` for the tables of the application, whichever they are by then"
                )
            }
            LiveKind::Session => {
                format!("the revision uses `{written}`, the session of the application")
            }
            LiveKind::Function(what, _) => format!(
                "the revision calls `{written}` of the application, which uses `{what}` as it is whenever it runs"
            ),
        }
    }

    fn subject(&self) -> String {
        self.live.written.to_string()
    }

    fn is_slip(&self) -> bool {
        true
    }

    fn notes(&self) -> Vec<String> {
        let notes = self.causes.iter().map(|cause| match cause {
            LiveCause::Session if self.commits_ddl => {
                "the session has a connection of its own: it is not rolled back with the migration"
            }
            LiveCause::Session => {
                "the session has a connection of its own: it does not see what the migration has done, and is not rolled back with it"
            }
            LiveCause::Metadata if self.only_reads_metadata() => {
                "what the revision does to a database depends on the models of the day on which it runs there"
            }
            LiveCause::Metadata => {
                "a database that is migrated later gets other tables than the first one did"
            }
            LiveCause::Models if self.names_columns => {
                "a column with a `default=` that the model gains later is written before the migration that adds it has run, and the revision fails"
            }
            LiveCause::Models => {
                "a column that the model gains later is asked for before the migration that adds it has run, and the revision fails"
            }
        });
        notes.map(ToOwned::to_owned).collect()
    }

    fn help(&self) -> Option<String> {
        let help = self.causes.iter().map(|cause| match cause {
            LiveCause::Session => {
                "take `op.get_bind()`, the connection of the migration: `Session(bind=op.get_bind())`"
            }
            LiveCause::Metadata if self.only_reads_metadata() => {
                "name the tables in the revision, or ask the database: `sa.inspect(op.get_bind())`"
            }
            LiveCause::Metadata => "write the tables out: `op.create_table(…)`",
            LiveCause::Models => {
                "describe in the revision what it needs: `sa.table(\"users\", sa.column(\"id\"))`, or write the statement as SQL"
            }
        });
        let help: Vec<&str> = help.collect();
        Some(help.join("; "))
    }
}

impl AppImport<'_> {
    /// True where the tables are gone through, and not made or dropped as a whole.
    fn only_reads_metadata(&self) -> bool {
        !self.live.written.ends_with("_all")
    }
}

fn check(ctx: &ScriptContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(revision) = &ctx.script.revision else {
        return;
    };
    let mut uses = ctx.environment.head.live_uses(revision);
    uses.retain(|live| live.kind != LiveKind::Metadata || !is_never_reached(ctx, revision, live));
    // What a revision does itself is surer than what a function does that it calls.
    uses.sort_by_key(|live| {
        let is_of_function = matches!(live.kind, LiveKind::Function(..));
        (live.kind.cause(), is_of_function, live.span)
    });
    // One correction of the file mends them all.
    let [live, others @ ..] = uses.as_slice() else {
        return;
    };
    let mut causes: Vec<LiveCause> = uses.iter().map(|live| live.kind.cause()).collect();
    causes.dedup();
    let mut of_models = uses
        .iter()
        .filter(|live| live.kind.cause() == LiveCause::Models);
    let violation = AppImport {
        live,
        causes,
        names_columns: of_models.all(|live| live.names_columns),
        commits_ddl: ctx.environment.head.dialect().dialect != Dialect::PostgreSql,
    };
    let label = |span, message: &str| Label::new(revision.file.clone(), span, message);
    let definition = live.definition.as_ref();
    let definition = definition.map(|place| Label::at(place, "defined here"));
    let mut others: Vec<_> = others.iter().map(|other| other.span).collect();
    others.sort_unstable();
    reporter
        .report_on(
            &violation,
            label(live.span, "used here"),
            Some(&revision.id.value),
        )
        .related([label(live.import, "imported here")])
        .related(definition)
        .related(others.into_iter().map(|span| label(span, "and so here")));
}

/// True for a `create_all()` that a run from empty passes by: it stands behind a question to the database whose answer the
/// revisions before make certain.
fn is_never_reached(ctx: &ScriptContext<'_>, revision: &Revision, live: &LiveUse) -> bool {
    let head = ctx.environment.head;
    let Some(node) = head.node_of(&revision.file) else {
        return false;
    };
    let does_it = |migration: &Migration| {
        let run = migration.upgrade.run()?;
        let mut operations = run.operations.iter();
        let is_it = |recorded: &Recorded| {
            let place = &recorded.place;
            place.file == revision.file && place.span.contains(live.span)
        };
        (run.end == End::Returns).then(|| operations.any(is_it))
    };
    // Without a database nothing is answered, and both ways are gone.
    if head.dialect().foreign().is_some() || does_it(&head.defined_migration(node)) != Some(true) {
        return false;
    }
    let replayed = head.replay().get(node);
    let certain = replayed.filter(|replayed| replayed.verdict != Verdict::Unknown);
    certain.is_some_and(|replayed| does_it(&replayed.migration) == Some(false))
}
