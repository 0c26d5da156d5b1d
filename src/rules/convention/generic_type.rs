//! ML402

use crate::diagnostic::{Label, Severity};
use crate::dialect::Dialect;
use crate::models::{DriftDifference, Weight};
use crate::project::ProjectEnvironment;
use crate::rules::difference::is_bounded_by_key;
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};
use crate::source::FileSpan;

declare_rule! {
    "ML402", "generic-type" in Convention("convention"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: JudgedDrift(check),
}

struct GenericType<'a> {
    found: &'a DriftDifference,
    migrated: &'a str,
    modelled: &'a str,
    /// Columns that the same statement makes, with what their models say.
    others: Vec<(&'a str, &'a str)>,
}

impl Violation for GenericType<'_> {
    fn message(&self) -> String {
        format!(
            "`{}` is `{}` after the migrations, `{}` in the model",
            self.found.difference.object, self.migrated, self.modelled
        )
    }

    fn subject(&self) -> String {
        self.found.difference.object.clone()
    }

    fn notes(&self) -> Vec<String> {
        let note = if self.found.weight == Weight::Nominal {
            "autogenerate compares a length or precision only where both sides give one"
        } else {
            "autogenerate says nothing of it unless `compare_type` is on"
        };
        let others = self.others.iter().map(|(object, modelled)| {
            format!("the same statement makes `{object}`, `{modelled}` in the model")
        });
        std::iter::once(note.to_owned()).chain(others).collect()
    }

    fn severity(&self) -> Option<Severity> {
        differ_in_precision(self.migrated, self.modelled).then_some(Severity::Info)
    }

    fn help(&self) -> Option<String> {
        Some("give the column the type that the model has".to_owned())
    }
}

/// True for times of PostgreSQL that are kept more exactly than the model asks for, which no code notices.
fn differ_in_precision(one: &str, other: &str) -> bool {
    let exact = |spelling: &str| -> Option<String> {
        let (before, rest) = spelling.split_once('(')?;
        let (_, after) = rest.split_once(')')?;
        Some(format!("{before}{after}"))
    };
    one.ends_with(" time zone") && exact(other).is_some_and(|plain| plain == one)
}

/// True where a length or precision is only written down: SQLite keeps whatever comes.
fn is_only_written(dialect: Dialect, one: &str, other: &str) -> bool {
    let plain = |spelling: &str| Some(spelling.split('(').next()?.trim_end().to_owned());
    dialect == Dialect::Sqlite && plain(one) == plain(other)
}

/// True for text that only the model limits: what the code writes, the database takes, and nobody compares it.
fn is_longer(found: &DriftDifference, migrated: &str, modelled: &str) -> bool {
    let is_limit = modelled
        .strip_prefix(migrated)
        .is_some_and(|limit| limit.starts_with('('));
    let is_text = migrated.to_ascii_lowercase().contains("char");
    found.weight == Weight::Nominal && is_limit && is_text
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let dialect = ctx.head.dialect();
    let is_alone = dialect.foreign().is_none();
    let dialect = dialect.dialect;
    let mut told: Vec<(GenericType<'_>, &FileSpan)> = Vec::new();
    for found in &ctx.head.drift().differences {
        let Some((migrated, modelled)) = found.more_general_type() else {
            continue;
        };
        let Some(place) = found
            .migration
            .as_ref()
            .filter(|place| ctx.is_judged(&place.file))
        else {
            continue;
        };
        if has_been_so(ctx, found)
            || is_alone && is_only_written(dialect, migrated, modelled)
            || is_longer(found, migrated, modelled)
            || is_bounded_by_key(&found.difference, ctx.head.migrated(), dialect)
        {
            continue;
        }
        // Raw SQL is one place for all columns that it makes.
        let same = told.iter_mut().find(|(_, other)| *other == place);
        match same {
            Some((known, _)) => known
                .others
                .push((found.difference.object.as_str(), modelled)),
            None => told.push((
                GenericType {
                    found,
                    migrated,
                    modelled,
                    others: Vec::new(),
                },
                place,
            )),
        }
    }
    for (violation, place) in &told {
        let label = Label::at(place, "in the migration");
        let model = violation.found.model.as_ref();
        let model = model.map(|model| Label::at(model, "the model"));
        reporter.report(violation, label).related(model);
    }
}

/// True if the column has that type on the base already: the change does something else to it.
fn has_been_so(ctx: &EnvironmentContext<'_>, found: &DriftDifference) -> bool {
    let object = &found.difference.object;
    let column_type = |state: &ProjectEnvironment<'_>| {
        let (table, column) = object.rsplit_once('.')?;
        let column = state.migrated().tables.get(table)?.column(column)?;
        Some(column.column_type.clone())
    };
    let before = ctx.base().and_then(column_type);
    before
        .zip(column_type(ctx.head))
        .is_some_and(|(before, now)| before.same(&now) == Some(true))
}
