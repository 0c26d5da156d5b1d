//! ML202

use serde_json::Value;

use crate::alembic::{ReplayedRevision, Revision, Step};
use crate::catalog::{
    AlterAction, Catalog, Change, Ddl, Difference, Differences, Fact, ObjectKind, compare,
};
use crate::config::Downgrades;
use crate::diagnostic::{Label, Severity};
use crate::dialect::{Dialect, is_wider};
use crate::rules::difference::{only_loosens, said_by_models};
use crate::rules::downgrade::{Reach, summarise, to_take_back};
use crate::rules::{MigrationContext, Reporter, Violation, declare_rule, simple};
use crate::schema::{AlterColumn, Effect, Operation, Recorded};
use crate::sql::{StatementKind, only_fills_nulls};

declare_rule! {
    "ML202", "empty-downgrade" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["oneport-migrate: empty downgrade", "django-migration-linter: RUNPYTHON_REVERSIBLE", "django-migration-linter: RUNSQL_REVERSIBLE"],
    on: Migration(check),
}

struct EmptyDowngrade<'a> {
    upgrade: String,
    /// Why the next upgrade fails.
    next_failure: Option<&'a str>,
    /// Only views stay.
    is_of_views: bool,
    reach: Reach,
}

impl Violation for EmptyDowngrade<'_> {
    fn message(&self) -> String {
        format!("`downgrade` does nothing, but `upgrade` {}", self.upgrade)
    }

    fn subject(&self) -> String {
        "downgrade".to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "after a downgrade the database says it is at the older revision, and is not"
                .to_owned(),
        ];
        notes.extend(
            self.next_failure
                .map(|cause| format!("the next upgrade fails: {cause}")),
        );
        notes
    }

    fn help(&self) -> Option<String> {
        Some("take the changes back; if there is no way back, say so with `raise NotImplementedError(\"why\")`".to_owned())
    }

    fn severity(&self) -> Option<Severity> {
        if self.reach == Reach::First {
            return Some(Severity::Info);
        }
        (self.is_of_views && self.next_failure.is_none()).then_some(Severity::Warning)
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    let (Some(upgrade), Some(downgrade)) =
        (ctx.migration.upgrade.run(), ctx.migration.downgrade.run())
    else {
        return;
    };
    if !downgrade.is_empty() || to_take_back(upgrade).is_empty() {
        return;
    }
    // Whoever says so has decided it.
    if ctx.revision.is_meant(downgrade.span) {
        return;
    }
    let replayed = replayed(ctx);
    if replayed.is_some_and(|replayed| changes_nothing(&replayed.upgrade)) {
        return;
    }
    let answered = ctx.revision.answered();
    let hangs_on_the_database = |recorded: &Recorded| answered.decides(&recorded.place);
    let (conditional, others): (Vec<&Recorded>, Vec<&Recorded>) = upgrade
        .operations
        .iter()
        .filter(|recorded| recorded.operation.wants_reversal())
        .partition(|recorded| hangs_on_the_database(recorded));
    // It brings databases that differ to one state: there is no one state to go back to.
    if !conditional.is_empty() && conditional.len() >= others.len() {
        return;
    }
    let changes_rows = upgrade.operations.iter().any(|recorded| {
        recorded.operation.effect() == Effect::Data
            && replayed.is_none_or(|replayed| !fills_nulls(recorded, replayed))
    });
    let mut changes = to_take_back(upgrade);
    let base = ctx.environment.base();
    let models = base.map(|base| &base.model_schema().catalog);
    let dialect = ctx.environment.head.dialect().dialect;
    changes.retain(|recorded| {
        !hangs_on_the_database(recorded)
            && !replayed.is_some_and(|replayed| is_put_back(recorded, replayed))
            && replayed
                .is_none_or(|replayed| matters(recorded, changes_rows, replayed, models, dialect))
    });
    let Some(first) = changes.first() else { return };
    let reach = Reach::of(ctx);
    if reach == Reach::Bottom {
        return;
    }
    let is_asked = ctx.environment.settings.downgrades == Some(Downgrades::Required);
    let is_thought_of = || {
        ctx.revision.has_remark_on(downgrade.span)
            || replayed.is_some_and(|replayed| only_replaces(&changes, replayed))
            || is_given_up(ctx)
            // There is no one state to go back to.
            || ctx.revision.brings_together()
            || ctx.revision.docstring_speaks_of(&["idempotent"])
    };
    if !is_asked && is_thought_of() || is_carried_over(ctx) || had_none(ctx) {
        return;
    }
    let violation = EmptyDowngrade {
        upgrade: summarise(&changes),
        next_failure: replayed
            .and_then(|replayed| {
                let mut failures = replayed.second_upgrade_failures.iter();
                failures.find(|failed| !failed.in_one_go)
            })
            .map(|failed| failed.message.as_str()),
        is_of_views: replayed.is_some_and(|replayed| are_of_views(&changes, replayed)),
        reach,
    };
    let label = Label::new(
        ctx.revision.file.clone(),
        downgrade.name_span,
        "does nothing",
    );
    let related = Label::at(&first.place, "not taken back");
    reporter
        .report_on(&violation, label, Some(&ctx.revision.id.value))
        .related([related]);
}

/// True for a revision that the base has without a way back: whoever edits it has not brought that.
fn had_none(ctx: &MigrationContext<'_>) -> bool {
    let base = ctx.environment.change.as_ref().and(ctx.environment.base());
    let node = base.and_then(|base| Some((base, base.map.find(&ctx.revision.id.value)?)));
    let migration = node.and_then(|(base, node)| base.migration(node));
    migration.is_some_and(|migration| {
        let runs = migration.upgrade.run().zip(migration.downgrade.run());
        runs.is_some_and(|(upgrade, downgrade)| !upgrade.is_empty() && downgrade.is_empty())
    })
}

/// True if a commit of the change that touches the revision says that there is no way back.
fn is_given_up(ctx: &MigrationContext<'_>) -> bool {
    let change = ctx.environment.change.as_ref();
    let messages = change.map(|change| change.past.messages_about(&ctx.revision.file));
    let mut messages = messages.iter().flatten();
    messages.any(|message| gives_up(message))
}

/// `There is no "undo"`, "The migration is irreversible."
fn gives_up(message: &str) -> bool {
    let text = message.to_lowercase().replace(['"', '\'', '`'], "");
    let mut sentences = text.split(['.', ';', '\n']);
    sentences.any(|sentence| {
        let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
        has(&WITHOUT_WAY_BACK)
            || has(&["irreversible", "not reversible", "no-op", "not supported"])
                && has(&["downgrade"])
            || has(&["irreversible", "not reversible", "be reversed", "be undone"])
                && has(&["migration", "revision", "schema"])
                && has(&["irreversible", "not ", "cannot", "cant"])
    })
}

/// How one says that there is none.
const WITHOUT_WAY_BACK: [&str; 6] = [
    "no undo",
    "no downgrade",
    "no rollback",
    "no way back",
    "no going back",
    "without downgrade",
];

/// True for a revision that is new here, but was made more than a year before the newest one of the base: it was written
/// elsewhere, and has run there. Whoever copies a file by hand copies the date of another revision, which says nothing.
fn is_carried_over(ctx: &MigrationContext<'_>) -> bool {
    let id = &ctx.revision.id.value;
    let Some((created, base)) = ctx.revision.created().zip(ctx.environment.base()) else {
        return false;
    };
    let date = |revision: &Revision| revision.doc.create_date.clone();
    let is_copied = || {
        let mut nodes = ctx.environment.head.map.nodes().iter();
        nodes
            .any(|node| node.revision.id.value != *id && date(&node.revision) == date(ctx.revision))
    };
    let dates = base.map.nodes().iter();
    let newest = dates.filter_map(|node| node.revision.created()).max();
    base.map.find(id).is_none()
        && newest.is_some_and(|newest| (newest - created).get_days() > DAYS_OF_A_YEAR)
        && !is_copied()
}

const DAYS_OF_A_YEAR: i32 = 366;

/// What a database makes of the revision; `None` where that is not known, as for databases that are not told apart.
fn replayed<'a>(ctx: &MigrationContext<'a>) -> Option<&'a ReplayedRevision> {
    let head = ctx.environment.head;
    let node = head.node_of(&ctx.revision.file)?;
    let is_told_apart = head.dialect().foreign().is_none();
    is_told_apart.then(|| head.replay().get(node)).flatten()
}

/// True for an `UPDATE` that only gives a column values where it has none.
fn fills_nulls(recorded: &Recorded, replayed: &ReplayedRevision) -> bool {
    let texts = replayed.upgrade_sql.iter();
    let mut texts = texts
        .filter(|sql| sql.is_part_of(&recorded.place))
        .peekable();
    texts.peek().is_some() && texts.all(|sql| only_fills_nulls(&sql.text))
}

/// True if all that is done is done to views: they hold no rows of their own, and the next upgrade replaces them.
fn are_of_views(changes: &[&Recorded], replayed: &ReplayedRevision) -> bool {
    let is_view =
        |kind: ObjectKind| matches!(kind, ObjectKind::View | ObjectKind::MaterializedView);
    let is_of_view = |ddl: &Ddl| match ddl {
        Ddl::CreateObject { kind, .. } | Ddl::DropObject { kind, .. } => is_view(*kind),
        Ddl::CreateIndex { table, .. } => {
            let mut objects = replayed.after.objects.keys();
            objects.any(|key| is_view(key.kind) && key.name == *table)
        }
        Ddl::Nothing => true,
        _ => false,
    };
    changes.iter().all(|recorded| {
        let steps = replayed.upgrade_steps.iter();
        let mut steps = steps.filter(|step| step.place == recorded.place).peekable();
        steps.peek().is_some()
            && steps.all(|step| simple(&step.ddl).iter().all(|(ddl, _)| is_of_view(ddl)))
    })
}

/// True if changes only make views and routines with `OR REPLACE`: the next upgrade does it again, and no table is another
/// one.
fn only_replaces(changes: &[&Recorded], replayed: &ReplayedRevision) -> bool {
    let replaces = |ddl: &Ddl| match ddl {
        Ddl::CreateObject {
            kind, or_replace, ..
        } => {
            let is_code = matches!(
                kind,
                ObjectKind::Function | ObjectKind::Procedure | ObjectKind::View
            );
            is_code && *or_replace
        }
        // That is made anew with it.
        Ddl::Comment { .. } | Ddl::Nothing => true,
        _ => false,
    };
    changes.iter().all(|recorded| {
        let steps = replayed.upgrade_steps.iter();
        let mut steps = steps.filter(|step| step.place == recorded.place).peekable();
        steps.peek().is_some()
            && steps.all(|step| simple(&step.ddl).iter().all(|(ddl, _)| replaces(ddl)))
    })
}

/// True for a statement that only says what is put in where nothing is said.
fn gives_default(step: &Step) -> bool {
    let parts = simple(&step.ddl);
    let gives = |ddl: &Ddl| match ddl {
        Ddl::AlterTable {
            table,
            action: AlterAction::SetDefault { column, default },
            ..
        } => {
            let known = step.before.tables.get(table);
            let had_one = known
                .and_then(|table| table.column(column))
                .is_some_and(|column| matches!(column.default, Fact::Known(Some(_))));
            !had_one || matches!(default, Fact::Known(Some(_)))
        }
        _ => false,
    };
    !parts.is_empty() && parts.iter().all(|(ddl, _)| gives(ddl))
}

/// True for tables that are dropped and there again, with columns that are not known: they may be the same.
fn is_put_back(recorded: &Recorded, replayed: &ReplayedRevision) -> bool {
    let tables = match &recorded.operation {
        Operation::Sql(statement) if statement.kind == StatementKind::DropTable => {
            statement.tables.as_slice()
        }
        Operation::DropTable { table } => table.as_slice(),
        _ => return false,
    };
    let is_back = |name: &smol_str::SmolStr| {
        let after = replayed.after.tables.get(name);
        after.is_some_and(|table| table.is_made && table.open.is_some() && table.maybe.is_none())
    };
    !tables.is_empty() && tables.iter().all(is_back)
}

/// True if the schema certainly is what it was.
fn changes_nothing(differences: &Differences) -> bool {
    differences.found.is_empty() && differences.unknown.is_empty() && !differences.is_unbounded
}

/// True unless an operation certainly changes nothing, or nothing that code of the older revision would notice. Rows that
/// the upgrade changes may need what it loosens.
fn matters(
    recorded: &Recorded,
    changes_rows: bool,
    replayed: &ReplayedRevision,
    models: Option<&Catalog>,
    dialect: Dialect,
) -> bool {
    let fails_again = replayed
        .second_upgrade_failures
        .iter()
        .any(|failed| failed.place == recorded.place);
    // What only the operation itself has shown to have been there: no state before it has that.
    let takes_away = replayed.upgrade.found.iter().any(|difference| {
        difference.change == Change::Removed && difference.place.as_ref() == Some(&recorded.place)
    });
    if fails_again || takes_away {
        return true;
    }
    if !changes_rows && loosens_a_column(&recorded.operation, replayed, models, dialect) {
        return false;
    }
    let mut is_seen = false;
    let mut steps = replayed.upgrade_steps.iter().peekable();
    while let Some(step) = steps.next() {
        if step.place != recorded.place {
            continue;
        }
        is_seen = true;
        if !changes_rows && gives_default(step) {
            continue;
        }
        let after = steps.peek().map_or(&replayed.after, |next| &next.before);
        let differences = compare(&step.before, after);
        let is_harmless = differences.unknown.is_empty()
            && !differences.is_unbounded
            && differences.found.iter().all(|difference| {
                !changes_rows && only_loosens(difference, dialect)
                    || models.is_some_and(|models| is_asked_for(difference, models))
            });
        if !is_harmless {
            return true;
        }
    }
    !is_seen
}

/// True for NOT NULL where the models of the base say so: code of the older revision asks for it.
fn is_asked_for(difference: &Difference, models: &Catalog) -> bool {
    difference.change == Change::Changed("nullable")
        && difference.to == Value::Bool(false)
        && said_by_models(difference, models).as_ref() == Some(&difference.to)
}

/// True for an `alter_column` of which all that is known only loosens: the column may have been there before all
/// migrations.
fn loosens_a_column(
    operation: &Operation,
    replayed: &ReplayedRevision,
    models: Option<&Catalog>,
    dialect: Dialect,
) -> bool {
    let Operation::AlterColumn(AlterColumn {
        table: Some(table),
        column: Some(column),
        new_name: None,
        nullable,
        says_default,
        gives_type,
        ..
    }) = operation
    else {
        return false;
    };
    let object = format!("{table}.{column}");
    let mut differences = replayed
        .upgrade
        .found
        .iter()
        .filter(|difference| difference.object == object)
        .peekable();
    let column_of = |catalog: &Catalog| catalog.tables.get(table)?.column(column).cloned();
    let type_of = |catalog: &Catalog| column_of(catalog)?.column_type.known().cloned();
    // Where no revision has made the column, the models of the base say what it was.
    let widens_the_model = || {
        let was = models.and_then(type_of);
        let is = type_of(&replayed.after);
        type_of(&replayed.before).is_none()
            && *nullable != Some(false)
            && !says_default
            && was
                .zip(is)
                .is_some_and(|(was, is)| is_wider(dialect, &was, &is))
    };
    let loosens_the_model = || {
        let was = column_of(&replayed.before);
        let said = models.and_then(column_of);
        was.is_none_or(|was| was.nullable.known().is_none())
            && *nullable == Some(true)
            && !says_default
            && !gives_type
            && said.is_some_and(|said| said.nullable.is(&false))
    };
    (differences.peek().is_some() || widens_the_model() || loosens_the_model())
        && differences.all(|difference| only_loosens(difference, dialect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_give_up() {
        for message in [
            "There is no \"undo\". The old view was wrong",
            "The migration is irreversible.",
            "fix: downgrade is a no-op",
            "This revision cannot be undone",
        ] {
            assert!(gives_up(message), "{message}");
        }
        for message in [
            "Fix the downgrade",
            "undo the last migration",
            "irreversible hashes of passwords",
            "The migration can be undone",
        ] {
            assert!(!gives_up(message), "{message}");
        }
    }
}
