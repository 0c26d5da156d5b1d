//! ML413

use smol_str::SmolStr;

use crate::alembic::{Failed, ModelSchema, ReplayedRevision};
use crate::catalog::{Catalog, Change, Column, Difference, Subject};
use crate::config::Pairing;
use crate::diagnostic::Label;
use crate::dialect::Dialect;
use crate::models::DriftDifference;
use crate::project::{DialectSource, ProjectEnvironment};
use crate::rules::coverage::belongs_to_change;
use crate::rules::downgrade::{ignored_argument, untouched};
use crate::rules::{
    ChangeContext, EnvironmentContext, Reporter, Violation, declare_rule, is_selected, list,
    pairing,
};
use crate::source::FileSpan;
use crate::sqlalchemy::qualified_identifier;

declare_rule! {
    "ML413", "enum-value-not-migrated" in Convention("convention"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    on: Drift(check), Change(check_change),
}

struct EnumValueNotMigrated<'a> {
    name: &'a str,
    /// What the model calls the type.
    own_name: &'a str,
    missing: Vec<&'a str>,
    /// The labels that the type has in the place of those that are missing, as far as that is plain.
    others: Vec<&'a str>,
    /// True if the migrations of the change take the labels away.
    is_lost: bool,
    /// True if autogenerate was taught to compare labels.
    is_compared: bool,
}

impl Violation for EnumValueNotMigrated<'_> {
    fn message(&self) -> String {
        let missing = list(&self.missing);
        if !self.others.is_empty() {
            return format!("enum `{}` has other labels than the model", self.name);
        }
        if self.is_lost {
            return format!(
                "the migration takes {missing} from enum `{}`, which the model has",
                self.name
            );
        }
        format!(
            "no migration adds {missing} to enum `{}`, which the model has",
            self.name
        )
    }

    fn subject(&self) -> String {
        format!("{} {}", self.name, self.missing.join(" "))
    }

    fn notes(&self) -> Vec<String> {
        let first = self.missing.first().copied().unwrap_or_default();
        let mut notes = vec![format!(
            "the first row with it is refused: `invalid input value for enum {}: \"{first}\"`",
            self.name
        )];
        if !self.others.is_empty() {
            let few = |labels: &[&str]| {
                let shown = labels.get(..MOST_LABELS).unwrap_or(labels);
                let more = if shown.len() < labels.len() {
                    ", `…`"
                } else {
                    ""
                };
                format!("{}{more}", list(shown))
            };
            let (there, missing) = (few(&self.others), few(&self.missing));
            notes.insert(0, format!("it has {there}, and the model writes {missing}"));
            if self.are_written_otherwise() {
                notes.push(
                    "without `values_callable`, SQLAlchemy writes the names of the members, not their values"
                        .to_owned(),
                );
            }
        } else if self.is_lost {
            notes.push("rows that have it are in the way of the migration".to_owned());
        } else if !self.is_compared {
            notes.push("autogenerate does not compare the labels of enums".to_owned());
        }
        if self.own_name != self.name {
            notes.push(format!("the model calls the type `{}`", self.own_name));
        }
        notes
    }

    fn help(&self) -> Option<String> {
        if self.are_written_otherwise() {
            return Some(
                "let the model write the values, `values_callable=lambda members: [member.value for member in members]`, or the \
                 migration the names"
                    .to_owned(),
            );
        }
        if self.is_lost {
            return Some("name it among the labels of the new type".to_owned());
        }
        if self.is_compared {
            return Some(
                "`alembic revision --autogenerate -m \"…\"` writes the migration".to_owned(),
            );
        }
        let first = self.missing.first()?.replace('\'', "''");
        // Within a string of Python.
        let name = qualified_identifier(self.name, Dialect::PostgreSql).replace('"', "\\\"");
        Some(format!(
            "`op.execute(\"ALTER TYPE {name} ADD VALUE '{first}'\")`, in `op.get_context().autocommit_block()` before PostgreSQL 12 or where the same \
             revision uses it"
        ))
    }
}

impl EnumValueNotMigrated<'_> {
    /// True if the type has the labels of the model in other letters: one has the names of the members, the other the values.
    fn are_written_otherwise(&self) -> bool {
        let is_written_otherwise = |other: &&&str| {
            let mut missing = self.missing.iter();
            missing.any(|label| letters(label).eq(letters(other)))
        };
        // Single members may have another value than their name.
        let count = self.others.iter().filter(is_written_otherwise).count();
        count > 0 && 2 * count >= self.others.len()
    }
}

/// What is left of a label without the signs between its words.
fn letters(label: &str) -> impl Iterator<Item = char> {
    let chars = label.chars().filter(|c| c.is_alphanumeric());
    chars.flat_map(char::to_lowercase)
}

/// So many labels are shown of a type.
const MOST_LABELS: usize = 4;

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let models = ctx.head.model_schema();
    let found = ctx.head.drift().differences.iter();
    report_all(found, models, ctx.head.migrated(), None, reporter);
}

fn check_change(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.environment.settings.pairing() == Pairing::Off
        || ctx.change.before.is_none()
        || !pairing::may_touch_schema(ctx)
    {
        return;
    }
    let Some(introduced) = pairing::introduced(ctx) else {
        return;
    };
    if nobody_gets_here(ctx.environment) {
        return;
    }
    let models = ctx.environment.head.model_schema().whole();
    let before = ctx.change.before.map(ProjectEnvironment::migrated);
    let now = ctx.environment.head.migrated();
    let found = introduced
        .by_models
        .iter()
        .chain(&introduced.others)
        .copied();
    let found = found.filter(|found| !is_of_ignored_type(&found.difference, models, ctx));
    report_all(found, models, now, before, reporter);
}

/// True where only a driver speaks for the database, and a revision that the change does not touch fails on it: the project has
/// another one so far, and the type is none there.
fn nobody_gets_here(environment: &EnvironmentContext<'_>) -> bool {
    let head = environment.head;
    let fails = |older: &ReplayedRevision| {
        let mut failures = older.upgrade_failures.iter();
        failures.any(Failed::is_of_every_run)
    };
    matches!(head.dialect().source, DialectSource::Package { .. })
        && untouched(environment, head.replay().order.iter().copied()).any(fails)
}

/// `now` is what the migrations make, and `before` what they made before the change.
fn report_all<'f>(
    found: impl Iterator<Item = &'f DriftDifference>,
    models: &ModelSchema,
    now: &Catalog,
    before: Option<&Catalog>,
    reporter: &mut Reporter<'_>,
) {
    let mut told: Vec<Lacking<'_>> = Vec::new();
    for (found, lacking) in
        found.filter_map(|found| Some((found, lacking(&found.difference, &models.catalog, now)?)))
    {
        // Columns of one type lack the same.
        if told.contains(&lacking) {
            continue;
        }
        report(found, &lacking, models, now, before, reporter);
        told.push(lacking);
    }
}

fn report(
    found: &DriftDifference,
    lacking: &Lacking<'_>,
    models: &ModelSchema,
    now: &Catalog,
    before: Option<&Catalog>,
    reporter: &mut Reporter<'_>,
) {
    let Lacking {
        name,
        own_name,
        missing,
        others,
    } = lacking;
    let known = before.and_then(|before| before.enums.get(name.as_str()));
    let had = |label: &&str| {
        let labels = known.and_then(|known| known.labels.known());
        labels.is_some_and(|labels| labels.iter().any(|known| known == label))
    };
    let is_lost = missing.iter().all(had);
    let model = column_of(own_name, &models.catalog).or(found.model.as_ref());
    let made_at = now
        .enums
        .get(name.as_str())
        .and_then(|known| known.place.as_ref());
    let (primary, what) = match made_at.filter(|_| is_lost) {
        Some(place) => (Some(place), "made without it"),
        None => (model.or(found.migration.as_ref()), "has it"),
    };
    let Some(primary) = primary else {
        return;
    };
    let violation = EnumValueNotMigrated {
        name,
        own_name,
        missing: missing.clone(),
        others: if is_lost { Vec::new() } else { others.clone() },
        is_lost,
        is_compared: models.comparison.compares_labels,
    };
    reporter.report(&violation, Label::at(primary, what));
}

/// The first column of the models that is of an enum type: `create_all()` makes all types before the first table.
fn column_of<'c>(name: &str, models: &'c Catalog) -> Option<&'c FileSpan> {
    models.tables.values().find_map(|table| {
        let column = table
            .columns
            .iter()
            .find(|column| is_of_type(column, name))?;
        column.place.as_ref().or(table.place.as_ref())
    })
}

/// True for the type of a column that a migration of the change means to alter, and Alembic does not hear, where that is told.
fn is_of_ignored_type(
    difference: &Difference,
    models: &ModelSchema,
    ctx: &ChangeContext<'_>,
) -> bool {
    let Some(name) = own_name(difference) else {
        return false;
    };
    let head = ctx.environment.head;
    let own = || (0..head.map.nodes().len()).filter(|node| belongs_to_change(ctx, head, *node));
    models.catalog.tables.iter().any(|(table, made)| {
        made.columns.iter().any(|column| {
            is_of_type(column, &name)
                && ignored_argument::tells_of_type(ctx.environment, own(), table, &column.name)
        })
    })
}

fn is_of_type(column: &Column, name: &str) -> bool {
    let spelling = column.column_type.known();
    spelling.is_some_and(|spelling| type_name(spelling) == name)
}

/// The name of a type, or of that of the elements of an array.
fn type_name(spelling: &str) -> String {
    spelling.trim_end_matches("[]").replace('"', "")
}

/// An enum type of the database that does not have all labels that a column of the models writes.
#[derive(PartialEq)]
struct Lacking<'f> {
    name: String,
    /// What the models call the type.
    own_name: String,
    missing: Vec<&'f str>,
    /// See [`in_their_place`].
    others: Vec<&'f str>,
}

/// The type of a difference as the models call it.
fn own_name(difference: &Difference) -> Option<String> {
    match (difference.subject, difference.change) {
        (Subject::Enum, Change::Changed("labels")) => Some(difference.object.clone()),
        (Subject::Column, Change::Changed("type")) => difference.to.as_str().map(type_name),
        _ => None,
    }
}

/// What a type lacks that the columns of the models have in the database: one of the same name, or the one that a column has
/// there in its place.
fn lacking<'f>(
    difference: &'f Difference,
    models: &'f Catalog,
    now: &'f Catalog,
) -> Option<Lacking<'f>> {
    let own_name = own_name(difference)?;
    let (name, there, here) = if difference.subject == Subject::Enum {
        if !is_type_of_a_column(&own_name, models, now) {
            return None;
        }
        let (there, here) = (difference.labels_before(), difference.labels_after());
        (own_name.clone(), there, here)
    } else {
        let name = type_name(difference.from.as_str()?);
        let there = labels_of(&name, now)?;
        (name, there, labels_of(&own_name, models)?)
    };
    let missing = missing_labels(&there, &here);
    // Of what is spelled in two ways it is not known which of them code writes.
    let is_respelled = difference.subject != Subject::Enum
        && missing.iter().any(|label| {
            let mut there = there.iter();
            there.any(|known| letters(known).eq(letters(label)))
        });
    let others = in_their_place(there, &here, &missing);
    if missing.is_empty() || is_respelled && others.is_empty() {
        return None;
    }
    Some(Lacking {
        name,
        own_name,
        missing,
        others,
    })
}

/// True if a column of the models that is of a type is, or may be, of the type of that name in the database, too.
fn is_type_of_a_column(name: &str, models: &Catalog, now: &Catalog) -> bool {
    models.tables.iter().any(|(table, made)| {
        let there = now.tables.get(table);
        let mut columns = made
            .columns
            .iter()
            .filter(|column| is_of_type(column, name));
        columns.any(|column| {
            let column = there.and_then(|there| there.column(&column.name));
            column.is_some_and(|column| {
                column.column_type.known().is_none() || is_of_type(column, name)
            })
        })
    })
}

fn labels_of<'c>(name: &str, catalog: &'c Catalog) -> Option<Vec<&'c str>> {
    let known = catalog.enums.get(name)?;
    let labels = known.labels.known()?;
    Some(labels.iter().map(SmolStr::as_str).collect())
}

/// The labels that the model has and no migration makes.
fn missing_labels<'f>(there: &[&str], here: &[&'f str]) -> Vec<&'f str> {
    let mut missing = here.to_vec();
    missing.retain(|label| !there.contains(label));
    missing
}

/// The labels that a type has in the place of those that are missing: as many, none of them the model's, and either no label
/// is in both or they are the same in other letters.
fn in_their_place<'f>(there: Vec<&'f str>, here: &[&str], missing: &[&str]) -> Vec<&'f str> {
    let mut others = there;
    others.retain(|label| !here.contains(label));
    let is_written_otherwise =
        |label: &&str| others.iter().any(|other| letters(label).eq(letters(other)));
    let are_all_others = missing.len() == here.len();
    let is_plain = others.len() == missing.len()
        && (are_all_others || missing.iter().all(is_written_otherwise));
    if is_plain { others } else { Vec::new() }
}

/// True for what this rule reports, so that others need not, and for labels of a type that no column has: they refuse no row.
pub(in crate::rules) fn explains(found: &DriftDifference, ctx: &EnvironmentContext<'_>) -> bool {
    let difference = &found.difference;
    if !is_selected(&RULE, ctx.settings) {
        return false;
    }
    if (difference.subject, difference.change) == (Subject::Enum, Change::Changed("labels")) {
        let (there, here) = (difference.labels_before(), difference.labels_after());
        return !missing_labels(&there, &here).is_empty();
    }
    let models = &ctx.head.model_schema().whole().catalog;
    lacking(difference, models, ctx.head.migrated()).is_some()
}
