//! Drift between models and migrations, as text and JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::replay::change_line;
use super::schema::{why_text, why_value};
use super::{Style, plural, sanitise_line, write_json as write_value};
use crate::catalog::Catalog;
use crate::config::HiddenDrift;
use crate::models::{Drift, DriftDifference};
use crate::python::Sources;
use crate::source::FileSpan;

/// What is shown of a drift.
pub struct DriftView<'a> {
    pub drift: &'a Drift,
    /// What the migrations build.
    pub migrated: &'a Catalog,
    /// What the models describe.
    pub models: &'a Catalog,
    /// False where defaults are none of autogenerate's business, and not asked for.
    pub compares_defaults: bool,
    pub sources: &'a Sources<'a>,
    /// What is shown of what autogenerate does not see; `None` for all of it.
    pub kinds: Option<&'a [HiddenDrift]>,
    /// Name what could not be compared.
    pub verbose: bool,
    pub style: Style,
}

impl<'a> DriftView<'a> {
    /// The differences that are shown.
    pub fn shown(&self) -> impl Iterator<Item = &'a DriftDifference> {
        let kinds = self.kinds;
        let is_wanted = move |found: &&DriftDifference| {
            let hidden = found.hidden();
            hidden.is_none_or(|kind| kinds.is_none_or(|kinds| kinds.contains(&kind)))
        };
        self.drift.differences.iter().filter(is_wanted)
    }
}

/// A line for each difference, and how many there are.
pub fn write_text(view: &DriftView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<(String, String)> = view
        .shown()
        .map(|found| {
            let (sign, text) = change_line(&found.difference);
            let place = found.model.as_ref().or(found.migration.as_ref());
            let place = place.map_or_else(String::new, |place| match view.sources.line_of(place) {
                Some(line) => format!("{}:{line}", place.file),
                None => place.file.to_string(),
            });
            (
                sanitise_line(&format!("{sign} {text}")),
                sanitise_line(&place),
            )
        })
        .collect();
    let width = rows
        .iter()
        .map(|(text, _)| text.chars().count())
        .filter(|width| *width <= view.style.width)
        .max()
        .unwrap_or_default();
    for (text, place) in &rows {
        writeln!(out, "{text:width$}  {place}")?;
    }
    if !rows.is_empty() {
        writeln!(out)?;
    }
    let seen = view
        .drift
        .differences
        .iter()
        .filter(|found| found.is_seen());
    let seen = seen.count();
    let hidden = view.drift.differences.len() - seen;
    match seen {
        0 if view.drift.doubtful.is_empty() => writeln!(
            out,
            "models and migrations agree, as far as `alembic revision --autogenerate` compares them"
        )?,
        0 => writeln!(
            out,
            "no difference that `alembic revision --autogenerate` would see in {}; {} could not be compared",
            plural(view.drift.compared.len(), "table"),
            plural(view.drift.doubtful.len(), "table")
        )?,
        1 => writeln!(
            out,
            "1 difference, from what the migrations build to what the models say: \
             `alembic revision --autogenerate` would write it"
        )?,
        _ => writeln!(
            out,
            "{seen} differences, from what the migrations build to what the models say: \
             `alembic revision --autogenerate` would write them"
        )?,
    }
    if hidden > 0 {
        let shown = match view.shown().count() - seen {
            0 => "`--all` shows them".to_owned(),
            shown if shown == hidden => "shown too".to_owned(),
            shown => format!("{shown} of them shown too"),
        };
        writeln!(
            out,
            "{hidden} that autogenerate does not see (names and checks of constraints, primary keys, labels, defaults): {shown}"
        )?;
    }
    let uncertain = &view.drift.uncertain;
    if uncertain.is_empty() {
        return Ok(());
    }
    let parts = if uncertain.len() == 1 {
        "reason"
    } else {
        "reasons"
    };
    let more = if view.verbose {
        ":"
    } else {
        ", which `--verbose` lists"
    };
    writeln!(
        out,
        "not everything could be compared, for {} {parts}{more}",
        uncertain.len()
    )?;
    if view.verbose {
        for why in uncertain {
            writeln!(out, "  {}", sanitise_line(&why_text(why, view.sources)))?;
        }
    }
    Ok(())
}

/// The `drift` contract.
pub fn write_json(view: &DriftView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let file = |place: Option<&FileSpan>| place.map(|place| place.file.to_string());
    let line = |place: Option<&FileSpan>| place.and_then(|place| view.sources.line_of(place));
    let differences: Vec<Value> = view
        .shown()
        .map(|found| {
            let difference = &found.difference;
            json!({
                "kind": difference.kind(),
                "object": difference.object,
                "model": difference.to,
                "database": difference.from,
                "model_file": file(found.model.as_ref()),
                "model_line": line(found.model.as_ref()),
                "migration_file": file(found.migration.as_ref()),
                "migration_line": line(found.migration.as_ref()),
                "autogenerate": found.is_seen(),
            })
        })
        .collect();
    let uncertain: Vec<Value> = view
        .drift
        .uncertain
        .iter()
        .map(|why| why_value(why, view.sources))
        .collect();
    write_value(
        &json!({"version": 1, "differences": differences, "uncertain": uncertain}),
        out,
    )
}
