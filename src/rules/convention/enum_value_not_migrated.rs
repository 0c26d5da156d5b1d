//! ML413

use crate::alembic::ModelSchema;
use crate::catalog::{Catalog, Change, Column, Subject};
use crate::config::Pairing;
use crate::diagnostic::Label;
use crate::models::DriftDifference;
use crate::project::ProjectEnvironment;
use crate::rules::coverage::belongs_to_change;
use crate::rules::downgrade::ignored_argument;
use crate::rules::{
    ChangeContext, EnvironmentContext, Reporter, Violation, declare_rule, is_selected, list,
    pairing,
};
use crate::source::FileSpan;

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
        Some(format!(
            "`op.execute(\"ALTER TYPE {} ADD VALUE '{first}'\")`, in `op.get_context().autocommit_block()` before PostgreSQL 12 or where the same \
             revision uses it",
            self.name
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
    for found in &ctx.head.drift().differences {
        let models = ctx.head.model_schema();
        report(found, models, ctx.head.migrated(), None, reporter);
    }
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
    let models = ctx.environment.head.model_schema().whole();
    let before = ctx.change.before.map(ProjectEnvironment::migrated);
    let now = ctx.environment.head.migrated();
    for found in introduced.by_models.iter().chain(&introduced.others) {
        if is_of_ignored_type(&found.difference.object, models, ctx) {
            continue;
        }
        report(found, models, now, before, reporter);
    }
}

/// `now` is what the migrations make, and `before` what they made before the change.
fn report(
    found: &DriftDifference,
    models: &ModelSchema,
    now: &Catalog,
    before: Option<&Catalog>,
    reporter: &mut Reporter<'_>,
) {
    let missing = missing_labels(found);
    if missing.is_empty() {
        return;
    }
    let object = &found.difference.object;
    let known = before.and_then(|before| before.enums.get(object.as_str()));
    let had = |label: &&str| {
        let labels = known.and_then(|known| known.labels.known());
        labels.is_some_and(|labels| labels.iter().any(|known| known == label))
    };
    let is_lost = missing.iter().all(had);
    let model = column_of(object, &models.catalog).or(found.model.as_ref());
    let made_at = now
        .enums
        .get(object.as_str())
        .and_then(|known| known.place.as_ref());
    let (primary, what) = match made_at.filter(|_| is_lost) {
        Some(place) => (Some(place), "made without it"),
        None => (model.or(found.migration.as_ref()), "has it"),
    };
    let Some(primary) = primary else {
        return;
    };
    let others = if is_lost {
        Vec::new()
    } else {
        in_their_place(found, &missing)
    };
    let violation = EnumValueNotMigrated {
        name: &found.difference.object,
        missing,
        others,
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
fn is_of_ignored_type(name: &str, models: &ModelSchema, ctx: &ChangeContext<'_>) -> bool {
    let head = ctx.environment.head;
    let own = || (0..head.map.nodes().len()).filter(|node| belongs_to_change(ctx, head, *node));
    models.catalog.tables.iter().any(|(table, made)| {
        made.columns.iter().any(|column| {
            is_of_type(column, name)
                && ignored_argument::tells_of_type(ctx.environment, own(), table, &column.name)
        })
    })
}

fn is_of_type(column: &Column, name: &str) -> bool {
    let spelling = column.column_type.known();
    spelling.is_some_and(|spelling| spelling.trim_end_matches("[]") == name)
}

/// The labels that the model has and no migration makes.
fn missing_labels(found: &DriftDifference) -> Vec<&str> {
    let difference = &found.difference;
    if (difference.subject, difference.change) != (Subject::Enum, Change::Changed("labels")) {
        return Vec::new();
    }
    let there = difference.labels_before();
    let mut missing = difference.labels_after();
    missing.retain(|label| !there.contains(label));
    missing
}

/// The labels that a type has in the place of those that are missing: as many, none of them the model's, and either no label
/// is in both or they are the same in other letters.
fn in_their_place<'f>(found: &'f DriftDifference, missing: &[&str]) -> Vec<&'f str> {
    let modelled = found.difference.labels_after();
    let mut others = found.difference.labels_before();
    others.retain(|label| !modelled.contains(label));
    let is_written_otherwise =
        |label: &&str| others.iter().any(|other| letters(label).eq(letters(other)));
    let are_all_others = missing.len() == modelled.len();
    let is_plain = others.len() == missing.len()
        && (are_all_others || missing.iter().all(is_written_otherwise));
    if is_plain { others } else { Vec::new() }
}

/// True for what this rule reports, so that others need not.
pub(in crate::rules) fn explains(
    found: &DriftDifference,
    settings: &crate::config::Settings,
) -> bool {
    is_selected(&RULE, settings) && !missing_labels(found).is_empty()
}
