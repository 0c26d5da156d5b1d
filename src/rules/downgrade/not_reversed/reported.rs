//! Which differences are worth a word.

use serde_json::Value;
use smol_str::SmolStr;

use super::severity::{is_text, orders_otherwise};
use super::{actions, columns_in, doubled, means, misplaced, mysql, repeated, said, uniqueness};
use crate::alembic::Step;
use crate::catalog::{
    AlterAction, Catalog, Change, ConstraintKind, Ddl, Difference, Fact, Subject,
};
use crate::config::Pairing;
use crate::dialect::{Dialect, is_stored_alike, is_wider};
use crate::rules::deployment::{lost_attributes, not_null_without_default};
use crate::rules::difference::{
    Remainder, Target, definition, follows, only_orders_labels, said_by_models,
};
use crate::rules::downgrade::ignored_argument;
use crate::rules::fresh::has;
use crate::rules::model::migration_without_model;
use crate::rules::{ReplayContext, is_selected};

/// True for a unique constraint, or whether an index is unique, over the columns of the primary key, which stays: nothing
/// is lost with it.
fn is_implied(difference: &Difference, remainder: &Remainder<'_>, before: &Catalog) -> bool {
    let Some(name) = Target::of(difference).table else {
        return false;
    };
    let key = before
        .tables
        .get(name)
        .and_then(|table| table.primary_key());
    let Some(ConstraintKind::PrimaryKey { columns }) = key.map(|key| &key.kind) else {
        return false;
    };
    let unique = [&difference.from, &difference.to]
        .into_iter()
        .find_map(|value| value.get("columns")?.as_array());
    let is_same = unique.is_some_and(|unique| {
        unique.len() == columns.len()
            && columns
                .iter()
                .all(|column| unique.iter().any(|one| one == column.as_str()))
    });
    let key_differs = |other: &Difference| {
        other.subject == Subject::PrimaryKey && Target::of(other).table == Some(name)
    };
    is_same && !remainder.found.iter().any(key_differs)
}

/// True for a table or index of another schema that the downgrade drops by its bare name, where `env.py` sets the
/// `search_path`: whether it is found there is not known.
fn is_found_on_the_way(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let bare = difference.object.rsplit('.').next();
    let is_it = |name: &str| Some(name) == bare;
    let drops_it = |ddl: &Ddl| match (ddl, difference.subject) {
        (Ddl::DropIndex { name, .. }, Subject::Index)
        | (Ddl::DropTable { name, .. }, Subject::Table) => is_it(name),
        _ => false,
    };
    let mut steps = ctx.replayed.downgrade_steps.iter();
    difference.change == Change::Added
        && steps.any(|step| has(&step.ddl, &drops_it))
        && ctx.environment.head.sets_search_path()
}

/// True for the default of a column that the downgrade brings back NOT NULL and without one, or for the primary key that it
/// was part of, where that is told.
fn is_refused_on_rows(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let target = Target::of(difference);
    let Some(table) = target.table else {
        return false;
    };
    let columns: Vec<&str> = match (difference.subject, difference.change) {
        (Subject::Column, Change::Changed("default")) if difference.to.is_null() => {
            target.name.into_iter().collect()
        }
        (Subject::PrimaryKey, Change::Removed) => columns_in(&difference.from).unwrap_or_default(),
        _ => return false,
    };
    let adds_one = |ddl: &Ddl| {
        let mut columns = columns.iter();
        columns.any(|name| not_null_without_default::refuses(ddl, table, name))
    };
    let mut steps = ctx.replayed.downgrade_steps.iter();
    not_null_without_default::is_told(ctx) && steps.any(|step| has(&step.ddl, &adds_one))
}

/// True for a default where there was none that the downgrade gives a column in so many words, in place of one that `upgrade`
/// gives it with another type: each is a value of its type, and the older code need not leave it out.
fn mirrors_a_default(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    if (difference.subject, difference.change) != (Subject::Column, Change::Changed("default"))
        || !difference.from.is_null()
    {
        return false;
    }
    let target = Target::of(difference);
    let does = |steps: &[Step], is_it: &dyn Fn(&AlterAction) -> bool| {
        let on_table = |ddl: &Ddl| {
            matches!(ddl, Ddl::AlterTable { table, action, .. }
                if Some(table.as_str()) == target.table && is_it(action))
        };
        steps.iter().any(|step| has(&step.ddl, &on_table))
    };
    let is_column = |name: &SmolStr| Some(name.as_str()) == target.name;
    let is_left = |default: &str| difference.to.as_str() == Some(default);
    let gives = |action: &AlterAction, is_it: &dyn Fn(&str) -> bool| {
        matches!(action, AlterAction::SetDefault { column, default: Fact::Known(Some(default)) }
            if is_column(column) && is_it(default))
    };
    let (up, down) = (&ctx.replayed.upgrade_steps, &ctx.replayed.downgrade_steps);
    does(
        up,
        &|action| matches!(action, AlterAction::AlterType { column, .. } if is_column(column)),
    ) && does(up, &|action| gives(action, &|default| !is_left(default)))
        && does(down, &|action| gives(action, &is_left))
}

/// True for NOT NULL that `upgrade` sets against the models of the change, where that is told: the downgrade sets it once more
/// for the same reason.
fn is_told_of_the_models(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let environment = ctx.environment;
    let Target { table, name, .. } = Target::of(difference);
    let is_set = || {
        let after = table.and_then(|table| ctx.replayed.after.tables.get(table));
        let column = after.zip(name).and_then(|(table, name)| table.column(name));
        column.is_some_and(|column| column.nullable.is(&false))
    };
    let models_say_null = || {
        let models = &environment.head.model_schema().catalog;
        said_by_models(difference, models) == Some(Value::Bool(true))
    };
    (difference.subject, difference.change) == (Subject::Column, Change::Changed("nullable"))
        && difference.to == Value::Bool(false)
        && environment.change.is_some()
        && is_selected(&migration_without_model::RULE, environment.settings)
        && environment.settings.pairing() == Pairing::Together
        && is_set()
        && models_say_null()
}

/// True for a constraint or an index that `upgrade` drops `IF EXISTS` and makes again: where it was there it is no other.
fn may_have_been_there(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let name = Target::of(difference).name;
    let drops_it = |ddl: &Ddl| match ddl {
        Ddl::AlterTable {
            action:
                AlterAction::DropConstraint {
                    name: dropped,
                    if_exists: true,
                    ..
                },
            ..
        }
        | Ddl::DropIndex {
            name: dropped,
            if_exists: true,
            ..
        } => Some(dropped.as_str()) == name,
        _ => false,
    };
    let mut steps = ctx.replayed.upgrade_steps.iter();
    difference.change == Change::Added
        && !matches!(difference.subject, Subject::Table | Subject::Column)
        && steps.any(|step| has(&step.ddl, &drops_it))
}

/// True for a column that takes the next number of a sequence in place of IDENTITY: rows are numbered all the same.
fn numbers_itself(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let Target { table, name, .. } = Target::of(difference);
    let table = table.and_then(|table| ctx.replayed.restored.tables.get(table));
    let column = table.zip(name).and_then(|(table, name)| table.column(name));
    // Of a default that is not known it is not known what it does.
    let takes_next = column.is_some_and(|column| {
        let default = column.default.known();
        default.is_none_or(|default| {
            default
                .as_ref()
                .is_some_and(|default| default.starts_with("nextval("))
        })
    });
    (difference.subject, difference.change) == (Subject::Column, Change::Changed("identity"))
        && difference.to.is_null()
        && takes_next
}

/// True for a text that the downgrade leaves wider than it was, where it says the type itself: older code is refused less.
fn takes_longer_text(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let (Some(from), Some(to)) = (difference.from.as_str(), difference.to.as_str()) else {
        return false;
    };
    remainder.is_said_by_downgrade(difference)
        && (difference.subject, difference.change) == (Subject::Column, Change::Changed("type"))
        && is_text(from)
        && is_text(to)
        && is_wider(ctx.environment.head.dialect().dialect, from, to)
}

/// True for what hangs on a table that only seems to be there before the revision: a later one makes it.
fn hangs_on_what_is_made_later(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let referenced = [&difference.from, &difference.to]
        .into_iter()
        .filter_map(|value| value.get("references")?.as_str());
    let mut tables = Target::of(difference).table.into_iter().chain(referenced);
    tables.any(|table| ctx.refuter(table).is_some())
}

pub(super) fn is_reported(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    if follows(difference, remainder.found)
        || remainder.is_learned_on_the_way_back(difference)
        || remainder.is_only_learned(difference)
        || remainder.hangs_on_the_database(difference)
        || hangs_on_what_is_made_later(difference, ctx)
        || ctx
            .replayed
            .migration
            .upgrade
            .run()
            .is_some_and(|upgrade| lost_attributes::explains(difference, ctx.environment, upgrade))
        || means::comes_back_as_it_can(difference, remainder, ctx)
        || means::is_stored_otherwise(difference)
        || means::is_cast_otherwise(difference)
        || repeated::is_repaired(difference, ctx)
        || means::is_duplicate(difference, remainder, ctx)
        || means::is_as_in_the_models(difference, ctx)
        || means::is_as_the_models_say(difference, remainder, ctx)
        || means::lacks_dead_labels(difference, remainder, ctx)
        || misplaced::is_told_of_the_parent(difference, ctx)
        || means::is_never_asked_for(difference, remainder, ctx)
        || means::is_filled_first(difference, ctx)
        || means::is_left_by_a_key(difference, ctx)
        || means::is_said_twice(difference, ctx)
        || means::never_was(difference, ctx)
        || difference.change == Change::Removed && remainder.is_given_up()
        || said::is_left_on_purpose(difference, remainder)
        || said::is_said_to_be_less(difference, remainder, ctx)
        || said::is_kept_for_its_values(difference, remainder, ctx)
        || means::is_for_other_databases(difference, ctx)
        || mysql::is_told_as_a_constraint(difference, remainder, ctx)
        || mysql::was_read_so(difference, remainder, ctx)
        || mysql::is_misstated_on_both_ways(difference, remainder, ctx)
        || mysql::is_an_index(difference, remainder, ctx)
        || mysql::serves_a_key(difference, remainder, ctx)
        || only_orders_labels(difference)
        || is_ignored(difference, remainder, ctx)
        || is_found_on_the_way(difference, ctx)
        || only_fills(difference, ctx)
        || is_refused_on_rows(difference, ctx)
        || mirrors_a_default(difference, ctx)
        || is_told_of_the_models(difference, ctx)
        || only_limits(difference, ctx)
        || is_stored_as_before(difference, ctx)
        || means::is_as_on_the_base(difference, ctx)
        || means::was_left_over(difference, &ctx.replayed.before)
        || actions::only_takes_more(difference, &ctx.replayed.before)
        || takes_longer_text(difference, remainder, ctx)
        || may_have_been_there(difference, ctx)
        || numbers_itself(difference, ctx)
        || doubled::is_said_by_another(difference, remainder, ctx)
        || uniqueness::is_kept_twice(difference, remainder, &ctx.replayed.before)
    {
        return false;
    }
    match (difference.subject, difference.change) {
        // Other rules tell of them.
        (Subject::Enum, Change::Added) | (Subject::Object(_), _) => false,
        (Subject::Enum, Change::Removed) if is_told_of_a_column(difference, remainder) => false,
        // Comments change nothing, and row security goes with its policies.
        (_, Change::Changed("comment" | "row_security")) => false,
        // There is no statement that takes a label away: one that is left is only reported if it is in the way.
        (Subject::Enum, Change::Changed(_)) => {
            let (was, now) = (difference.labels_before(), difference.labels_after());
            was.iter().any(|label| !now.contains(label))
                || (now.iter().any(|label| !was.contains(label))
                    && remainder.next_failure(&difference.object).is_some())
        }
        // Under another name it does the same, unless the name is asked for.
        (
            Subject::PrimaryKey
            | Subject::Unique
            | Subject::ForeignKey
            | Subject::Check
            | Subject::Exclude
            | Subject::Constraint
            | Subject::Index,
            Change::Renamed,
        ) => [&difference.from, &difference.to]
            .into_iter()
            .filter_map(|name| name.as_str())
            .any(|name| remainder.next_failure(name).is_some()),
        (Subject::Sequence, Change::Added) => !remainder.comes_with_a_column(difference),
        (Subject::Sequence, _) => false,
        (Subject::Unique, Change::Changed(_)) if is_in_order_of_models(difference, ctx) => false,
        (Subject::Unique, _) if is_implied(difference, remainder, &ctx.replayed.before) => false,
        // Each takes the next number.
        (Subject::Column, Change::Changed("default"))
            if [&difference.from, &difference.to]
                .into_iter()
                .all(is_next_number) =>
        {
            false
        }
        (Subject::Index, Change::Changed(_))
            if uniqueness::is_all_that_differs(difference)
                && is_implied(difference, remainder, &ctx.replayed.before) =>
        {
            false
        }
        (Subject::Unique | Subject::Index, _)
            if uniqueness::is_kept_by_another(difference, remainder) =>
        {
            false
        }
        // It finds the same rows.
        (Subject::Index, Change::Changed(_)) if sorts_otherwise(difference) => false,
        // What differs in a way that cannot be said is not understood.
        (Subject::Column, Change::Changed(_)) => true,
        (subject, Change::Changed(_)) => {
            definition(subject, &difference.from) != definition(subject, &difference.to)
        }
        _ => true,
    }
}

/// True for a type where a column is told that had it before and has another one now.
fn is_told_of_a_column(difference: &Difference, remainder: &Remainder<'_>) -> bool {
    remainder.found.iter().any(|column| {
        let spelling = column.from.as_str().unwrap_or_default();
        (column.subject, column.change) == (Subject::Column, Change::Changed("type"))
            && spelling.trim_end_matches("[]") == difference.object
    })
}

/// True for what the downgrade says of a column where Alembic does not look, where that is told.
fn is_ignored(difference: &Difference, remainder: &Remainder<'_>, ctx: &ReplayContext<'_>) -> bool {
    let Target { table, name, .. } = Target::of(difference);
    let (Change::Changed(part), Some(column)) = (difference.change, name) else {
        return false;
    };
    let column_of = (table.unwrap_or_default(), column);
    let (environment, run) = (ctx.environment, remainder.downgrade);
    difference.subject == Subject::Column
        && (ignored_argument::tells_of_column(environment, run, column)
            || ignored_argument::tells_of_part(environment, run, column_of, part))
}

/// True for a default that a column gets as it is made once more: what it held is gone, and the default fills it.
fn only_fills(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    difference.change == Change::Changed("default")
        && difference.from.is_null()
        && (means::is_added_back(difference, ctx) || means::is_made_again(difference, ctx))
}

/// True for a length that a string needs on MySQL, where the migrations run as well.
fn only_limits(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let head = ctx.environment.head;
    let limited = |value: &Value| {
        let spelling = value.as_str().unwrap_or_default();
        spelling.starts_with("character varying(") || spelling.starts_with("varchar(")
    };
    difference.change == Change::Changed("type")
        && matches!(
            difference.from.as_str(),
            Some("character varying" | "varchar")
        )
        && limited(&difference.to)
        && head.dialect().dialect != Dialect::MySql
        && head.names_dialect(Dialect::MySql)
}

/// True for two types that the database stores and compares alike.
fn is_stored_as_before(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let dialect = ctx.environment.head.dialect().dialect;
    let spellings = difference.from.as_str().zip(difference.to.as_str());
    difference.change == Change::Changed("type")
        && spellings.is_some_and(|(one, other)| is_stored_alike(dialect, one, other))
}

/// True for a unique constraint over the same columns, which the downgrade leaves in the order that the model says: it refuses
/// the same rows, and Alembic compares the columns without their order.
fn is_in_order_of_models(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let without_columns = |value: &Value| {
        let mut value = value.clone();
        value["columns"] = Value::Null;
        value
    };
    let is_same = orders_otherwise(difference)
        && without_columns(&difference.from) == without_columns(&difference.to);
    let Target { table, name, .. } = Target::of(difference);
    let (Some(table), Some(name)) = (table.filter(|_| is_same), name) else {
        return false;
    };
    let models = &ctx.environment.head.model_schema().whole().catalog;
    let model = models
        .tables
        .get(table)
        .and_then(|table| table.constraint(name));
    let said = model.map(|model| {
        let columns = model.kind.columns().iter();
        columns.map(SmolStr::as_str).collect::<Vec<_>>()
    });
    said.is_some() && said == columns_in(&difference.to)
}

/// True for an index over the same columns that only sorts them in another direction.
fn sorts_otherwise(difference: &Difference) -> bool {
    let (Value::Object(mut from), Value::Object(mut to)) =
        (difference.from.clone(), difference.to.clone())
    else {
        return false;
    };
    let unsorted = |columns: Option<Value>| -> Option<Vec<String>> {
        let columns = columns?;
        let columns = columns.as_array()?.iter().filter_map(Value::as_str);
        Some(
            columns
                .map(|column| column.split(' ').next().unwrap_or(column).to_owned())
                .collect(),
        )
    };
    unsorted(from.remove("columns")) == unsorted(to.remove("columns")) && from == to
}

fn is_next_number(default: &Value) -> bool {
    default
        .as_str()
        .is_some_and(|text| text.starts_with("nextval("))
}
