//! ML301

mod by_classes;
mod ignored;
mod indexed;
mod missed;
mod refused_key;
mod removed;
mod stray;
mod words;

use serde_json::Value;

use crate::catalog::{Change, Column, Difference, Subject};
use crate::config::Pairing;
use crate::diagnostic::{Label, Severity};
use crate::dialect::Dialect;
use crate::models::{DriftDifference, Introduced, Weight, has_same_target};
use crate::project::{ProjectEnvironment, Registration};
use crate::rules::convention::enum_value_not_migrated;
use crate::rules::coverage::{Unfollowed, belongs_to_change};
use crate::rules::difference::follows;
use crate::rules::model::migration_without_model;
use crate::rules::pairing;
use crate::rules::{ChangeContext, Reporter, Violation, declare_rule, first_of};
use crate::source::FileSpan;
use crate::sql::is_same_condition;
use indexed::is_indexed_otherwise;
use missed::{Missed, is_left_default, is_unasked_length, is_unnoticed, missed, only_forbids_null};
use refused_key::is_refused_key;
use stray::has_stray_migrations;
use words::{EDITED, NEW, in_words};

declare_rule! {
    "ML301", "model-without-migration" in Model("model"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["alembic: check", "pytest-alembic: test_model_definitions_match_ddl"],
    on: Change(check),
}

struct ModelWithoutMigration {
    /// Several where they take the same lines of the models.
    tables: Vec<String>,
    /// What the model does, in phrases.
    parts: Vec<String>,
    /// True if the table comes, false if it goes, with its model.
    whole: Option<bool>,
    /// True if the table is older than its model.
    is_new_model: bool,
    subject: String,
    /// True if the change has migrations, only none for this.
    has_migrations: bool,
    /// The one environment whose migrations lack it, where others have the same models.
    environment: Option<String>,
    missed: Missed,
    autogenerate: Autogenerate,
    /// True if the schemas could not be compared.
    is_judged_by_classes: bool,
    /// Further tables with the same want.
    also: Vec<String>,
}

/// What autogenerate makes of a change.
#[derive(Clone, Copy)]
enum Autogenerate {
    SeesSome,
    /// Whether it does hangs on what `env.py` takes from elsewhere, or on versions that are not known.
    MayCompare,
    ComparesNone,
    /// Nothing that `env.py` imports leads to the model.
    LacksModel,
    /// `env.py` hands no metadata to Alembic.
    LacksMetadata,
}

impl Autogenerate {
    /// Of what autogenerate compares, unless `env.py` has it do otherwise.
    fn of_what_is_seen(head: &ProjectEnvironment<'_>) -> Self {
        if head.model_schema().comparison.is_configured {
            Self::SeesSome
        } else {
            Self::MayCompare
        }
    }
}

impl Violation for ModelWithoutMigration {
    fn message(&self) -> String {
        let names: Vec<String> = self.tables.iter().map(|name| format!("`{name}`")).collect();
        let shown = names.get(..MOST_PARTS).unwrap_or(&names);
        let mut tables = shown.join(" and of ");
        if names.len() > shown.len() {
            tables = format!("{tables} and {} more", names.len() - shown.len());
        }
        let what = match self.whole {
            Some(true) => format!("the models gain table {tables}"),
            Some(false) => format!("the models lose table {tables}"),
            None => {
                let (mut what, rest) = first_of(&self.parts, MOST_PARTS);
                if rest > 0 {
                    let changes = if rest == 1 { "change" } else { "changes" };
                    what = format!("{what} and {rest} more {changes}");
                }
                if self.is_new_model {
                    return format!("the new model of {tables} {what}, unlike the database");
                }
                format!("the model of {tables} {what}")
            }
        };
        match (self.has_migrations, &self.environment) {
            (true, None) => format!("{what}, and none of the migrations of this change does"),
            (true, Some(environment)) => {
                format!("{what}, and none of the migrations of this change in `{environment}` does")
            }
            (false, None) => format!("{what} without a migration"),
            (false, Some(environment)) => {
                format!("{what} without a migration in `{environment}`")
            }
        }
    }

    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn is_slip(&self) -> bool {
        // A name that is made of that of the table is another one in each model.
        let [table] = self.tables.as_slice() else {
            return false;
        };
        let table = table.rsplit('.').next().unwrap_or(table);
        self.whole.is_none()
            && self.also.is_empty()
            && !self.parts.is_empty()
            && self.parts.iter().all(|part| part.contains(table))
    }

    fn notes(&self) -> Vec<String> {
        let missed = match self.missed {
            Missed::Structure => "the code will expect what the database does not have",
            Missed::Constraints | Missed::Checks => "the database will not enforce it",
            Missed::Actions => "the database will go on doing what it did before",
            Missed::Indexes => "the database will be without it",
            Missed::AnotherMeans => "the database keeps the same columns unique, by another means",
            Missed::Loosening => "the database will go on refusing equal values",
            Missed::Limits => {
                "the database will go on taking what the model no longer means to allow"
            }
            Missed::Nulls => "the model allows NULL, the database will refuse it",
            Missed::NotNull => "the model says NOT NULL, the database will go on allowing NULL",
            Missed::EnumAsText => {
                "the database will go on keeping text: it takes the labels, and whatever else it is given"
            }
            Missed::Key => {
                "the database will go by another primary key: which rows it takes for the same is not what the model says"
            }
            Missed::Nothing | Missed::Spare => "the database will keep what it has",
        };
        let mut notes = vec![missed.to_owned()];
        if !self.also.is_empty() {
            let (also, rest) = first_of(&self.also, MOST_PARTS);
            let models = if self.also.len() == 1 {
                "so does the model"
            } else {
                "so do the models"
            };
            let more = if rest > 0 {
                format!(" and {rest} more")
            } else {
                String::new()
            };
            notes.push(format!("{models} of {also}{more}"));
        }
        if self.is_judged_by_classes {
            notes.push(
                "judged by what changes in the classes: the schema they describe could not be compared as a whole"
                    .to_owned(),
            );
        }
        notes
    }

    fn help(&self) -> Option<String> {
        if self.is_new_model && matches!(self.missed, Missed::Nothing | Missed::Spare) {
            return Some("say it in the model too, or drop it in a migration".to_owned());
        }
        let help = match self.autogenerate {
            Autogenerate::SeesSome if self.whole == Some(false) => {
                "`alembic revision --autogenerate -m \"…\"` writes the migration that drops it; commit it together with \
                 the model, or drop the table later, when nothing uses it any more"
            }
            Autogenerate::SeesSome => {
                "`alembic revision --autogenerate -m \"…\"` writes the migration; commit it together with the model"
            }
            Autogenerate::MayCompare => {
                "whether `alembic revision --autogenerate` sees this is not known: write the migration, with it or by hand, \
                 and commit it together with the model"
            }
            Autogenerate::ComparesNone => {
                "`alembic revision --autogenerate` does not see this: write the migration by hand, and commit it together \
                 with the model"
            }
            Autogenerate::LacksMetadata => {
                "`env.py` hands no metadata to Alembic, so autogenerate writes nothing: write the migration by hand, and \
                 commit it together with the model"
            }
            Autogenerate::LacksModel => {
                "nothing that `env.py` imports leads to this module, so autogenerate does not see the model: import it where \
                 the other models are imported, then write the migration"
            }
        };
        Some(help.to_owned())
    }

    fn severity(&self) -> Option<Severity> {
        let is_kept =
            self.missed == Missed::Nothing && (self.whole == Some(false) || self.is_new_model);
        let is_minor = matches!(
            self.missed,
            Missed::AnotherMeans
                | Missed::Checks
                | Missed::EnumAsText
                | Missed::Indexes
                | Missed::Limits
                | Missed::Loosening
                | Missed::Nulls
                | Missed::NotNull
                | Missed::Spare
        );
        (is_minor || is_kept).then_some(Severity::Warning)
    }
}

/// How much of a change is told.
const MOST_PARTS: usize = 3;

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.environment.settings.pairing() == Pairing::Off || !touches_code(ctx) {
        return;
    }
    // Where they go, and what they make there, nobody knows.
    if ctx.change.before.is_none() || has_stray_migrations(ctx) {
        return;
    }
    // Most code has nothing to do with models: then the history need not be looked at.
    if !pairing::may_touch_schema(ctx) {
        return;
    }
    let introduced = pairing::introduced(ctx);
    if let Some(introduced) = &introduced {
        report_proven(ctx, introduced, reporter);
    }
    if !introduced
        .as_ref()
        .is_some_and(Introduced::is_proven_throughout)
    {
        by_classes::report(ctx, introduced.as_ref(), reporter);
    }
}

/// Reports what differs between the schemas of models and migrations since the change.
fn report_proven(
    ctx: &ChangeContext<'_>,
    introduced: &Introduced<'_>,
    reporter: &mut Reporter<'_>,
) {
    let head = ctx.environment.head;
    if introduced.by_models.is_empty() {
        return;
    }
    let all: Vec<Difference> = introduced
        .by_models
        .iter()
        .map(|found| found.difference.clone())
        .collect();
    // The other rule calls both names.
    let misnamed = if migration_without_model::is_told(ctx.environment) {
        introduced.called_otherwise()
    } else {
        Vec::new()
    };
    let told_of_uniqueness = migration_without_model::is_told(ctx.environment)
        && !introduced.had_indexes_without_model();
    // The other rule says by what the migration keeps it unique.
    let is_kept_unique = |found: &DriftDifference| {
        let same = found.same_uniqueness.as_ref();
        let same = same.filter(|_| found.difference.change == Change::Added && told_of_uniqueness);
        same.is_some_and(|same| {
            let mut others = introduced.others.iter();
            others.any(|other| other.difference.is_same_as(same))
        })
    };
    let lacked_checks = introduced.lacked_checks();
    // SQLite only looks at them when it is told to.
    let lacked_keys = head.dialect().dialect == Dialect::Sqlite && introduced.lacked_foreign_keys();
    let (mut only_here, everywhere): (Vec<&DriftDifference>, Vec<&DriftDifference>) = introduced
        .by_models
        .iter()
        .filter(|found| {
            !follows(&found.difference, &all)
                && !pairing::holds_the_labels(found, head)
                && !enum_value_not_migrated::explains(found, ctx.environment)
                && !is_other_half(found, &all)
                && !is_kept_unique(found)
                && !is_indexed_otherwise(&found.difference, introduced, head)
                && (!lacked_checks || !is_new(Subject::Check, &found.difference))
                && !comes_with_a_type(found, head)
                && !is_reordered(&found.difference, head)
                && (!lacked_keys || !is_new(Subject::ForeignKey, &found.difference))
                && !ignored::is_ignored(&found.difference, ctx)
                && !ignored::is_left_on_this_database(&found.difference, ctx)
                && !is_unnoticed(&found.difference, head)
                && !is_left_default(found, head)
                && (!is_unasked_length(&found.difference, head) || found.is_seen())
                && !is_refused_key(&found.difference, head)
                && !misnamed
                    .iter()
                    .any(|(_, here)| here.is_same_as(&found.difference))
                && !found
                    .model
                    .as_ref()
                    .is_some_and(|model| by_classes::lies_elsewhere(&model.file, ctx))
        })
        .copied()
        .partition(|found| pairing::is_settled_elsewhere(&found.difference, ctx.environment));
    // An index may be meant for one of the databases.
    only_here.retain(|found| {
        let Difference { subject, to, .. } = &found.difference;
        *subject != Subject::Index || to.get("unique").and_then(Value::as_bool) == Some(true)
    });
    for (own, environments) in [
        (everywhere, pairing::with_same_models(ctx.environment)),
        (only_here, vec![head]),
    ] {
        let has_migrations = environments.iter().any(|environment| {
            let mut nodes = 0..environment.map.nodes().len();
            nodes.any(|node| belongs_to_change(ctx, environment, node))
        });
        let mut changed: Vec<ChangedTable<'_>> = Vec::new();
        let unfollowed = Unfollowed::of(ctx, &environments);
        for (table, mut found) in pairing::by_table(&own, head) {
            found.retain(|found| !unfollowed.may_do(&found.difference, &table));
            if found.is_empty() {
                continue;
            }
            let change = ChangedTable::new(table, found);
            if change.whole == Some(true)
                && change
                    .tables
                    .iter()
                    .all(|table| is_made_otherwise(table, ctx))
            {
                continue;
            }
            match changed.iter_mut().find(|known| known.is_same(&change)) {
                Some(known) => known.tables.extend(change.tables),
                None => changed.push(change),
            }
        }
        // One migration sets them all.
        let mut joined: Vec<ChangedTable<'_>> = Vec::new();
        for change in changed {
            match joined.iter_mut().find(|known| known.goes_with(&change)) {
                Some(known) => known.also.push(change),
                None => joined.push(change),
            }
        }
        // By the place that environments have for it, one that is alone in its folder is known by that.
        let is_alone = environments.len() == 1 && ctx.environment.all.len() > 1;
        let name = is_alone.then(|| pairing::name_of(ctx.environment));
        for change in joined {
            change.report(ctx, has_migrations, name.clone(), reporter);
        }
    }
}

/// What a change does to the model of a table, or to that of several that take it from the same lines.
struct ChangedTable<'a> {
    tables: Vec<String>,
    found: Vec<&'a DriftDifference>,
    whole: Option<bool>,
    /// Others that are told with it.
    also: Vec<ChangedTable<'a>>,
}

impl<'a> ChangedTable<'a> {
    fn new(table: String, found: Vec<&'a DriftDifference>) -> Self {
        let whole = found.iter().find_map(|found| {
            let Difference {
                subject, change, ..
            } = found.difference;
            match (subject, change) {
                (Subject::Table, Change::Added) => Some(true),
                (Subject::Table, Change::Removed) => Some(false),
                _ => None,
            }
        });
        Self {
            tables: vec![table],
            found,
            whole,
            also: Vec::new(),
        }
    }

    /// True where nothing is wanted of both but NOT NULL.
    fn goes_with(&self, other: &Self) -> bool {
        [self, other]
            .into_iter()
            .all(|one| one.whole.is_none() && only_forbids_null(&one.found))
    }

    /// True for the same changes at the same places, as those of a mixin are for every table with it.
    fn is_same(&self, other: &Self) -> bool {
        let is_same = |(one, other): (&&DriftDifference, &&DriftDifference)| {
            let kind =
                |found: &DriftDifference| (found.difference.subject, found.difference.change);
            kind(one) == kind(other) && one.model.is_some() && one.model == other.model
        };
        self.found.len() == other.found.len() && self.found.iter().zip(&other.found).all(is_same)
    }

    fn report(
        self,
        ctx: &ChangeContext<'_>,
        has_migrations: bool,
        environment: Option<String>,
        reporter: &mut Reporter<'_>,
    ) {
        let head = ctx.environment.head;
        let Self {
            tables,
            found,
            whole,
            also,
        } = self;
        let Some(table) = tables.first().cloned() else {
            return;
        };
        let registration = head.registration(&table);
        let autogenerate = if head.model_schema().lacks_target {
            Autogenerate::LacksMetadata
        } else if registration == Registration::None {
            Autogenerate::LacksModel
        } else if registration == Registration::Doubtful {
            Autogenerate::MayCompare
        } else if found.iter().any(|found| found.is_seen()) {
            Autogenerate::of_what_is_seen(head)
        } else if found.iter().any(|found| may_be_compared(found, head)) {
            Autogenerate::MayCompare
        } else {
            Autogenerate::ComparesNone
        };
        let mut subject: Vec<String> = found
            .iter()
            .map(|found| format!("{} {}", found.difference.kind(), found.difference.object))
            .collect();
        subject.extend(tables.iter().skip(1).cloned());
        subject.extend(also.iter().flat_map(|other| other.tables.iter().cloned()));
        let before = ctx
            .change
            .before
            .map(|before| before.model_schema().whole());
        let had_model = before.is_none_or(|models| {
            models.catalog.tables.contains_key(table.as_str())
                || models.foreign.iter().any(|other| other.name == table)
        });
        let is_new_model = whole.is_none() && !had_model;
        let violation = ModelWithoutMigration {
            parts: in_words(
                &found,
                &tables,
                if is_new_model { &NEW } else { &EDITED },
                &head.model_schema().whole().catalog,
            ),
            whole,
            is_new_model,
            subject: subject.join(" "),
            has_migrations,
            environment,
            missed: missed(&found, head),
            autogenerate,
            is_judged_by_classes: false,
            also: also
                .iter()
                .flat_map(|other| other.tables.iter().map(|name| format!("`{name}`")))
                .collect(),
            tables,
        };
        let label = |found: &DriftDifference, place: &FileSpan| {
            let message = match found.difference.change {
                Change::Added => "new",
                // What is gone is not to be seen any more: the class is.
                Change::Removed => "the model",
                Change::Changed(_) | Change::Renamed => "changed",
            };
            Label::at(place, message)
        };
        let is_visible = |found: &DriftDifference| found.difference.change != Change::Removed;
        let mut labels = found
            .iter()
            .chain(also.iter().flat_map(|other| &other.found))
            .filter(|found| is_visible(found))
            .chain(found.iter().filter(|found| !is_visible(found)).take(1))
            .filter_map(|found| Some(label(found, found.model.as_ref()?)));
        let primary = labels.next().or_else(|| gone(&table, ctx));
        let Some(primary) = primary else { return };
        let related: Vec<Label> = labels.take(MOST_RELATED).collect();
        reporter.report(&violation, primary).related(related);
    }
}

/// True for what autogenerate compares if it is told to, or in newer versions, where that is not known.
fn may_be_compared(found: &DriftDifference, head: &ProjectEnvironment<'_>) -> bool {
    if found.weight == Weight::PerhapsSeen {
        return true;
    }
    let comparison = &head.model_schema().whole().comparison;
    let setting = match found.difference.change {
        Change::Changed("type") => comparison.compares_types,
        Change::Changed("default") => comparison.compares_defaults,
        Change::Changed("identity") => comparison.compares_identities,
        _ => return false,
    };
    found.weight == Weight::NotAsked && setting.is_none()
}

/// How many further places are shown.
const MOST_RELATED: usize = 4;

/// Where the model of a table was.
fn gone(table: &str, ctx: &ChangeContext<'_>) -> Option<Label> {
    let before = ctx.change.before?.model_schema().whole();
    let place = before.catalog.tables.get(table)?.place.as_ref()?;
    Some(removed::gone(place, ctx))
}

/// True for the index in whose place the models have a unique constraint, or the other way round, and for the foreign key
/// that does something else in them, where that is told.
fn is_other_half(found: &DriftDifference, all: &[Difference]) -> bool {
    let key = found.same_key.as_ref();
    let key = key.filter(|key| has_same_target(&found.difference.from, &key.to));
    let mut halves = found.same_uniqueness.iter().chain(key);
    found.difference.change == Change::Removed
        && halves.any(|same| all.iter().any(|other| other.is_same_as(same)))
}

/// True for a check whose values only stand in another order, as the labels of an enum that is no type of the database.
fn is_reordered(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let definition = |side: &'_ Value| side["definition"].as_str().map(ToOwned::to_owned);
    difference.subject == Subject::Check
        && definition(&difference.from)
            .zip(definition(&difference.to))
            .is_some_and(|(from, to)| is_same_condition(&from, &to, head.dialect().dialect))
}

/// True for a CHECK that nobody has asked for: SQLAlchemy before 1.4 makes one of a `Boolean` or an `Enum` where the database
/// has no such type. It stands where its column does.
fn comes_with_a_type(found: &DriftDifference, head: &ProjectEnvironment<'_>) -> bool {
    if !is_new(Subject::Check, &found.difference) || head.semantics().sqlalchemy >= (1, 4) {
        return false;
    }
    let table = pairing::table_of(&found.difference, head);
    let models = head.model_schema().whole();
    let Some(table) = models.catalog.tables.get(table.as_str()) else {
        return false;
    };
    let is_it = |column: &Column| column.place.is_some() && column.place == found.model;
    table.columns.iter().any(is_it)
}

fn is_new(subject: Subject, difference: &Difference) -> bool {
    (difference.subject, difference.change) == (subject, Change::Added)
}

/// True if a module of the application is part of the change.
fn touches_code(ctx: &ChangeContext<'_>) -> bool {
    let mut changed = ctx.change.changes.iter();
    changed.any(|(path, _)| ctx.environment.head.is_code(path))
}

/// True for a new table that is not for the migrations of this environment to make: those of another one do, or the
/// application does.
fn is_made_otherwise(table: &str, ctx: &ChangeContext<'_>) -> bool {
    let head = ctx.environment.head;
    is_built_elsewhere(table, ctx) || head.makes_table_in_sql(table) || head.makes_tables_at_start()
}

/// True if another environment builds the table: several may share one metadata.
fn is_built_elsewhere(table: &str, ctx: &ChangeContext<'_>) -> bool {
    let head = ctx.environment.head;
    let mut others = ctx.environment.all.iter();
    head.tables_at_head().get(table).is_none()
        && others
            .any(|other| !std::ptr::eq(other, head) && other.tables_at_head().get(table).is_some())
}
