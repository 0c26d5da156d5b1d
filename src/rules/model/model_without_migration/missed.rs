//! What a database lacks that a change of the models was not made in.

use serde_json::Value;

use super::words::{changed_actions, uniqueness};
use crate::catalog::{Change, Difference, Fact, Subject, split_object};
use crate::dialect::{Dialect, has_room, is_wider};
use crate::models::DriftDifference;
use crate::project::{ProjectEnvironment, Registration};
use crate::rules::model::migration_without_model::Met;

/// What a database without the migration lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missed {
    Structure,
    /// Nothing but constraints.
    Constraints,
    /// Nothing but that foreign keys do something else.
    Actions,
    /// Nothing but CHECKs, which no statement relies on.
    Checks,
    /// Nothing but indexes that make queries fast.
    Indexes,
    /// Nothing: it keeps the same columns unique by another means.
    AnotherMeans,
    /// Nothing but that it is less strict.
    Loosening,
    /// Nothing but that columns take less: what is written is taken.
    Limits,
    /// Nothing but that columns may be NULL.
    Nulls,
    /// Nothing but that columns are never NULL: what is read and written is the same.
    NotNull,
    /// Nothing but the type of enums whose labels are kept as text, and sent so.
    EnumAsText,
    /// Nothing but the key that the models go by.
    Key,
    /// Nothing: it has what the models do without.
    Nothing,
    /// The same, of columns without which rows can do.
    Spare,
}

pub(super) fn only_forbids_null(found: &[&DriftDifference]) -> bool {
    found.iter().all(|found| {
        let Difference { change, to, .. } = &found.difference;
        *change == Change::Changed("nullable") && *to == Value::Bool(false)
    })
}

/// What a database lacks that these changes were not made in.
pub(super) fn missed(found: &[&DriftDifference], head: &ProjectEnvironment<'_>) -> Missed {
    let dialect = head.dialect().dialect;
    let all = |is_meant: &dyn Fn(&Difference) -> bool| {
        found.iter().all(|found| is_meant(&found.difference))
    };
    let is_constraint = |difference: &Difference| {
        matches!(
            difference.subject,
            Subject::Check | Subject::Exclude | Subject::ForeignKey | Subject::Unique
        )
    };
    let is_index = |difference: &Difference| difference.subject == Subject::Index;
    let is_unique = |difference: &Difference| {
        let unique = difference.to.get("unique").and_then(Value::as_bool);
        is_index(difference) && unique == Some(true)
    };
    let is_kept = |difference: &Difference| {
        difference.change == Change::Removed
            || difference.change == Change::Renamed && is_index(difference)
    };
    let takes_less = |Difference {
                          change, from, to, ..
                      }: &Difference| {
        let types = to.as_str().zip(from.as_str());
        *change == Change::Changed("type")
            && types.is_some_and(|(model, database)| is_wider(dialect, model, database))
    };
    // A longer text on SQLite: no length is asked.
    let is_stored_alike = |difference: &Difference| {
        let types = difference.to.as_str().zip(difference.from.as_str());
        takes_less(difference)
            && types.is_some_and(|(model, database)| {
                is_wider(dialect, database, model) && length(model) > length(database)
            })
    };
    if found.iter().all(|found| found.same_uniqueness.is_some()) {
        Missed::AnotherMeans
    } else if found.iter().all(|found| changed_actions(found).is_some()) {
        Missed::Actions
    } else if all(&|difference| difference.subject == Subject::Check) {
        Missed::Checks
    } else if all(&|difference| is_spare(difference, head)) {
        Missed::Spare
    } else if all(&is_kept) {
        Missed::Nothing
    } else if all(&|difference| is_enum_as_text(difference, head)) {
        Missed::EnumAsText
    } else if all(&|difference| difference.subject == Subject::PrimaryKey) {
        Missed::Key
    } else if all(&is_stored_alike) {
        Missed::Nothing
    } else if all(&takes_less) {
        Missed::Limits
    } else if all(&|difference| {
        difference.change == Change::Changed("nullable") && difference.to == Value::Bool(true)
    }) {
        Missed::Nulls
    } else if only_forbids_null(found) {
        Missed::NotNull
    } else if all(&|difference| uniqueness(difference) == Some(false)) {
        Missed::Loosening
    } else if all(&|difference| is_index(difference) && !is_unique(difference)) {
        Missed::Indexes
    } else if all(&|difference| is_constraint(difference) || is_unique(difference)) {
        Missed::Constraints
    } else {
        Missed::Structure
    }
}

/// True for what nobody notices: no metadata is compared, or the model is not known to it, and no statement of the code meets
/// it.
pub(super) fn is_unnoticed(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let (table, _) = split_object(&difference.object, &head.model_schema().whole().catalog);
    let is_unseen = || {
        difference.change == Change::Changed("comment")
            && head.registration(table) == Registration::None
    };
    (head.model_schema().lacks_target || is_unseen()) && Met::of(difference, head) == Met::Nothing
}

/// True for a default that the database keeps and the model does without: rows get their value from the model, or nobody
/// compares defaults.
pub(super) fn is_left_default(found: &DriftDifference, head: &ProjectEnvironment<'_>) -> bool {
    let defaults = &head.model_schema().whole().python_defaults;
    loses_default(&found.difference)
        && (defaults.contains_key(&found.difference.object) || !found.is_seen())
}

fn loses_default(difference: &Difference) -> bool {
    (difference.subject, difference.change) == (Subject::Column, Change::Changed("default"))
        && difference.to.is_null()
}

/// The length in the spelling of a type.
fn length(spelling: &str) -> Option<u32> {
    let (_, rest) = spelling.split_once('(')?;
    rest.split([',', ')']).next()?.trim().parse().ok()
}

/// True for another length of text that only SQLAlchemy works out, from the labels of an enum, where the database does not ask.
pub(super) fn is_unasked_length(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let dialect = head.dialect();
    let types = difference.from.as_str().zip(difference.to.as_str());
    let base = |spelling: &str| spelling.split('(').next().map(str::to_owned);
    (difference.subject, difference.change) == (Subject::Column, Change::Changed("type"))
        && dialect.dialect == Dialect::Sqlite
        && dialect.foreign().is_none()
        && types.is_some_and(|(there, here)| base(there) == base(here))
        && head
            .model_schema()
            .whole()
            .unwritten_lengths
            .contains(&difference.object)
}

/// True for a column that the models do without, and rows can as well, and for a default.
fn is_spare(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let (table, column) = split_object(&difference.object, head.migrated());
    loses_default(difference)
        || (difference.subject, difference.change) == (Subject::Column, Change::Removed)
            && column.is_some_and(|column| can_do_without(table, column, head))
}

/// True if the database certainly takes rows that give a column no value.
pub(super) fn can_do_without(table: &str, column: &str, head: &ProjectEnvironment<'_>) -> bool {
    let table = head.migrated().tables.get(table);
    let column = table.and_then(|table| table.column(column));
    column.is_some_and(|column| {
        column.nullable.is(&true) || matches!(column.default, Fact::Known(Some(_)))
    })
}

/// True for an enum of the models that the database keeps as text in which each label has room, where a value is sent as the
/// text that it is: drivers to which SQLAlchemy tells the type of each value want it to be there.
fn is_enum_as_text(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let models = &head.model_schema().whole().catalog;
    let spellings = difference.from.as_str().zip(difference.to.as_str());
    let Some((there, here)) = spellings else {
        return false;
    };
    let labels = models
        .enums
        .get(here)
        .and_then(|known| known.labels.known());
    let longest = labels.and_then(|labels| labels.iter().map(|label| label.chars().count()).max());
    (difference.subject, difference.change) == (Subject::Column, Change::Changed("type"))
        && longest.is_some_and(|longest| has_room(head.dialect().dialect, there, longest))
        && sends_plain_text(head)
}

/// True if nothing but `psycopg2` can be what talks to PostgreSQL, or SQLAlchemy is too old to tell types.
fn sends_plain_text(head: &ProjectEnvironment<'_>) -> bool {
    let semantics = head.semantics();
    let uses = |packages: &[&str]| {
        packages
            .iter()
            .any(|package| head.dependencies().uses(package))
    };
    uses(&["psycopg2", "psycopg2-binary"]) && !uses(&["asyncpg", "psycopg", "pg8000"])
        || !semantics.is_sqlalchemy_assumed && semantics.sqlalchemy < (1, 4)
}
