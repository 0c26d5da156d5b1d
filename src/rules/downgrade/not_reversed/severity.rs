//! How bad it is that something is not brought back.

use serde_json::Value;
use smol_str::SmolStr;

use super::{Object, columns_in, means};
use crate::catalog::{Catalog, Change, Difference, Subject};
use crate::diagnostic::Severity;
use crate::dialect::is_wider;
use crate::rules::ReplayContext;
use crate::rules::difference::{LabelsApart, Remainder, Target};

/// How bad it is: what only is less strict or less convenient than it was is no error.
pub(super) fn severity(
    object: &Object<'_>,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> Severity {
    let first = object.first;
    let before = &ctx.replayed.before;
    if object.next_failure.is_some() {
        return Severity::Error;
    }
    // On databases that lacked it, the downgrade is right.
    if object.is_repeated {
        return Severity::Warning;
    }
    // The older code expects nothing else.
    if object
        .differences
        .iter()
        .all(|difference| means::is_expected(difference, remainder, ctx))
    {
        return Severity::Info;
    }
    match (first.subject, first.change) {
        (Subject::Column, Change::Changed(_)) => {
            let fails = |difference: &&Difference| match difference.change {
                // Older code may put NULL into it.
                Change::Changed("nullable") => difference.to == Value::Bool(false),
                // Older code may leave it out.
                Change::Changed("default") => {
                    difference.to.is_null() && is_not_null(object, before)
                }
                _ => true,
            };
            let empty = means::is_made_again(first, ctx);
            let fails = |difference: &&Difference| {
                fails(difference)
                    && !(empty && both_hold_text(difference))
                    && !takes_all_rows(difference, ctx)
            };
            if object.differences.iter().any(fails) {
                Severity::Error
            } else {
                Severity::Warning
            }
        }
        // It is in nobody's way, and goes with its table.
        (Subject::Index, Change::Added)
            if means::is_made_again(first, ctx)
                && first.to.get("unique") != Some(&Value::Bool(true)) =>
        {
            Severity::Warning
        }
        (Subject::PrimaryKey | Subject::Unique, Change::Changed(_)) if orders_otherwise(first) => {
            Severity::Warning
        }
        _ => Severity::Error,
    }
}

/// True for a text with another length, or JSON that is stored otherwise, to which every row can be brought back.
fn takes_all_rows(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let (Change::Changed("type"), Some(from), Some(to)) = (
        difference.change,
        difference.from.as_str(),
        difference.to.as_str(),
    ) else {
        return false;
    };
    if (from, to) == ("json", "jsonb") {
        return true;
    }
    // Labels that are left are in nobody's way.
    if LabelsApart::of(difference).is_some_and(|apart| apart.there.is_empty()) {
        return true;
    }
    let dialect = ctx.environment.head.dialect().dialect;
    if !(is_text(from) && is_text(to)) {
        return false;
    }
    // What a shorter one takes of what was written since is told by what the column was meanwhile.
    is_wider(dialect, from, to)
        || type_between(difference, &ctx.replayed.after).is_some_and(|between| {
            let labels = ctx.replayed.after.enums.get(between.as_str());
            match labels.and_then(|known| known.labels.known()) {
                Some(labels) => length(to).is_none_or(|length| {
                    labels.iter().all(|label| label.chars().count() <= length)
                }),
                None => is_wider(dialect, between, to),
            }
        })
}

/// True for a type of texts, of whatever length.
pub(super) fn is_text(spelling: &str) -> bool {
    let base = spelling.split('(').next().unwrap_or_default();
    matches!(base, "text" | "character varying" | "varchar")
}

/// The type of the column between upgrade and downgrade.
fn type_between<'c>(difference: &Difference, after: &'c Catalog) -> Option<&'c SmolStr> {
    let Target { table, name, .. } = Target::of(difference);
    let column = after.tables.get(table?)?.column(name?)?;
    column.column_type.known()
}

/// The number in `character varying(255)`.
fn length(spelling: &str) -> Option<usize> {
    let (_, rest) = spelling.split_once('(')?;
    rest.strip_suffix(')')?.parse().ok()
}

/// True for a type that only stores the same text otherwise.
fn both_hold_text(difference: &Difference) -> bool {
    let holds_text = |value: &Value| {
        let spelling = value.as_str().unwrap_or_default();
        let base = spelling.split('(').next().unwrap_or_default().trim();
        matches!(
            base,
            "json" | "jsonb" | "text" | "character varying" | "varchar"
        )
    };
    difference.change == Change::Changed("type")
        && holds_text(&difference.from)
        && holds_text(&difference.to)
}

/// True for a column that is NOT NULL after the downgrade.
fn is_not_null(object: &Object<'_>, before: &Catalog) -> bool {
    let changed = object
        .differences
        .iter()
        .find(|difference| difference.change == Change::Changed("nullable"));
    if let Some(difference) = changed {
        return difference.to == Value::Bool(false);
    }
    let target = Target::of(object.first);
    let table = target.table.and_then(|table| before.tables.get(table));
    let column = table
        .zip(target.name)
        .and_then(|(table, name)| table.column(name));
    column.is_none_or(|column| !column.nullable.is(&true))
}

/// True for a key over the same columns in another order.
pub(super) fn orders_otherwise(difference: &Difference) -> bool {
    let sorted = |value| {
        let mut columns = columns_in(value)?;
        columns.sort_unstable();
        Some(columns)
    };
    let from = sorted(&difference.from);
    from.is_some() && from == sorted(&difference.to)
}
