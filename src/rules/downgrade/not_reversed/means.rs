//! What differs after a downgrade and could not well be otherwise, or says nothing: a default that lets a column be
//! NOT NULL again, an index that another one makes needless, or that is as the models have it.

use serde_json::{Value, json};
use smol_str::SmolStr;

use super::columns_in;
use super::nullability::sets_nullable;
use crate::catalog::{
    AlterAction, Catalog, Change, Column, Constraint, ConstraintKind, Ddl, Difference, Fact,
    IndexDefinition, IndexKey, Subject, compare, constraint_value, index_value,
};
use crate::models::is_relationship;
use crate::rules::ReplayContext;
use crate::rules::difference::{Remainder, Target, only_orders_labels, said_by_models};
use crate::rules::downgrade::before_on_the_base;
use crate::rules::fresh::has;
use crate::sql::{only_fills_nulls, sole_assignment, written_columns};

/// True for a part of a column that comes back as well as it can. On a table with rows a column is only NOT NULL if it
/// has a default, or is filled.
pub(super) fn comes_back_as_it_can(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    match difference.change {
        Change::Changed("default") => {
            difference.from.is_null()
                && is_added_back(difference, ctx)
                && !differs("nullable", difference, remainder)
                && column(difference, ctx).is_some_and(|column| column.nullable.is(&false))
        }
        Change::Changed("nullable") => {
            difference.to == Value::Bool(true)
                && is_added_back(difference, ctx)
                && !differs("default", difference, remainder)
                && column(difference, ctx).is_some_and(|column| {
                    column.default.is(&None)
                        && column.identity.is(&None)
                        && column.generated.is(&None)
                })
                && !fills_rows(difference, ctx)
        }
        _ => false,
    }
}

/// The column as it was.
fn column<'a>(difference: &Difference, ctx: &ReplayContext<'a>) -> Option<&'a Column> {
    let Target { table, name, .. } = Target::of(difference);
    ctx.replayed.before.tables.get(table?)?.column(name?)
}

fn differs(what: &'static str, difference: &Difference, remainder: &Remainder<'_>) -> bool {
    remainder.found.iter().any(|other| {
        other.subject == Subject::Column
            && other.object == difference.object
            && other.change == Change::Changed(what)
    })
}

/// True for a column that the downgrade adds, under its name, to a table that is there.
pub(super) fn is_added_back(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    adds_back(difference, ctx, |_| true)
}

/// True for one that it adds NOT NULL: no statement of its own makes it so.
fn is_added_not_null(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    adds_back(difference, ctx, |column| !column.nullable.is(&true))
}

fn adds_back(
    difference: &Difference,
    ctx: &ReplayContext<'_>,
    is_it: impl Fn(&Column) -> bool,
) -> bool {
    let target = Target::of(difference);
    ctx.replayed.downgrade_steps.iter().any(|step| {
        has(&step.ddl, &|ddl| {
            matches!(
                ddl,
                Ddl::AlterTable { table, action: AlterAction::AddColumn { definition, .. }, .. }
                    if Some(table.as_str()) == target.table
                        && Some(definition.column.name.as_str()) == target.name
                        && is_it(&definition.column)
            )
        })
    })
}

/// True for a part of a table that the downgrade makes anew.
pub(super) fn is_made_again(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let target = Target::of(difference);
    ctx.replayed.downgrade_steps.iter().any(|step| {
        has(&step.ddl, &|ddl| {
            matches!(ddl, Ddl::CreateTable(create) if Some(create.name.as_str()) == target.table)
        })
    })
}

/// True if the downgrade changes rows of the table: then the column may have a value in each.
fn fills_rows(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let target = Target::of(difference);
    ctx.replayed.downgrade_steps.iter().any(|step| {
        has(&step.ddl, &|ddl| {
            matches!(
                ddl,
                Ddl::Data { tables, .. }
                    if tables.is_empty() || tables.iter().any(|table| Some(table.as_str()) == target.table)
            )
        })
    })
}

/// True for an index of which only the storage parameters differ.
pub(super) fn is_stored_otherwise(difference: &Difference) -> bool {
    let without = |value: &Value| {
        let mut value = value.clone();
        if let Some(parts) = value.as_object_mut() {
            parts.remove("with");
        }
        value
    };
    difference.subject == Subject::Index
        && difference.from.is_object()
        && without(&difference.from) == without(&difference.to)
}

/// True for what is left as the base has it before the revision: what differs is that the change edits an older one, and
/// databases that the older one has made are what the downgrade goes back to.
pub(super) fn is_as_on_the_base(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let Some(before) = before_on_the_base(ctx) else {
        return false;
    };
    let restored = &ctx.replayed.restored;
    let table = Target::of(difference).table;
    let knows = |catalog: &Catalog| {
        let table = table.and_then(|table| catalog.tables.get(table));
        table.is_some_and(|table| catalog.doubt_about(table).is_none())
    };
    // Mostly nothing older is edited.
    if !knows(before) || !knows(restored) || before.is_same_as(&ctx.replayed.before) {
        return false;
    }
    let mut found = compare(before, restored).found.into_iter();
    let is_same_object = |other: &Difference| {
        (other.subject, &other.object) == (difference.subject, &difference.object)
            && (other.change != Change::Renamed || difference.change == Change::Renamed)
    };
    !found.any(|other| is_same_object(&other))
}

/// True for an index or a check of which only casts to text differ: where the type is that anyway, they say nothing, and what
/// type a function asks for is not known.
pub(super) fn is_cast_otherwise(difference: &Difference) -> bool {
    let is_compared = matches!(difference.subject, Subject::Index | Subject::Check)
        && matches!(difference.change, Change::Changed(_));
    let (from, to) = (&difference.from, &difference.to);
    is_compared && from.is_object() && without_casts(from) == without_casts(to)
}

/// The same without its casts to text, and without parentheses and spaces, which may come with them.
fn without_casts(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let mut text = text.to_lowercase();
            for name in ["::character varying", "::varchar", "::text"] {
                text = text.replace(name, "");
            }
            text.retain(|c| !matches!(c, '(' | ')' | ' '));
            Value::String(text)
        }
        Value::Array(values) => values.iter().map(without_casts).collect(),
        Value::Object(parts) => {
            let parts = parts.iter();
            Value::Object(
                parts
                    .map(|(name, value)| (name.clone(), without_casts(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// True for an index that comes back as the models of the base have it, and for a unique constraint or the CHECK of a type
/// that they do not have: what the older code expects. An index that became unique may fail on the rows all the same.
pub(super) fn is_as_in_the_models(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    match (difference.subject, difference.change) {
        (Subject::Unique, Change::Removed) => return is_unknown_to_the_models(difference, ctx),
        (Subject::Check, Change::Removed) => return is_of_a_type_without(difference, ctx),
        _ => {}
    }
    let is_unique = |value: &Value| value.get("unique") == Some(&Value::Bool(true));
    if difference.subject != Subject::Index
        || !matches!(difference.change, Change::Changed(_))
        || (is_unique(&difference.to) && !is_unique(&difference.from))
    {
        return false;
    }
    let target = Target::of(difference);
    let (Some(base), Some(table), Some(name)) = (ctx.environment.base(), target.table, target.name)
    else {
        return false;
    };
    let models = &base.model_schema().catalog;
    let index = models.tables.get(table).and_then(|table| table.index(name));
    index.is_some_and(|index| {
        index.maybe.is_none() && index_value(&index.definition) == difference.to
    })
}

/// True for a CHECK that lists the values of one column, as a type writes it, of which the models of the base check nothing.
fn is_of_a_type_without(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let target = Target::of(difference);
    let base = ctx.environment.base();
    let models = base.map(|base| &base.model_schema().catalog);
    let (Some(models), Some(table), Some(name)) = (models, target.table, target.name) else {
        return false;
    };
    let lost = ctx.replayed.before.tables.get(table);
    let lost = lost.and_then(|table| table.constraint(name));
    let Some(ConstraintKind::Check {
        expression: Fact::Known(expression),
        columns,
    }) = lost.map(|lost| &lost.kind)
    else {
        return false;
    };
    let ([column], true) = (columns.as_slice(), lists_values(expression)) else {
        return false;
    };
    models.tables.get(table).is_some_and(|known| {
        let mut checks = known.constraints.iter();
        known.column(column).is_some_and(|column| column.maybe.is_none())
            && models.doubt_about(known).is_none()
            && !checks.any(|check| {
                matches!(&check.kind, ConstraintKind::Check { columns, .. } if columns.contains(column))
            })
    })
}

/// True for `kind IN ('a', 'b')`, as each database spells it.
fn lists_values(expression: &str) -> bool {
    let upper = expression.to_uppercase();
    [" IN (", "= ANY"].iter().any(|list| upper.contains(list))
}

/// True for a unique constraint over columns that the models of the base do not keep unique.
fn is_unknown_to_the_models(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let base = ctx.environment.base();
    let models = base.map(|base| &base.model_schema().catalog);
    let table = Target::of(difference).table;
    let table = models.and_then(|models| models.tables.get(table?));
    let columns = columns_in(&difference.from);
    let columns: Option<Vec<SmolStr>> =
        columns.map(|columns| columns.into_iter().map(SmolStr::new).collect());
    table
        .zip(columns)
        .is_some_and(|(table, columns)| table.open.is_none() && !table.may_keep_unique(&columns))
}

/// True for a part of a column that the downgrade makes as the models of the base say: there the history had drifted from
/// what the older code expects, and databases that `create_all()` made go back to what they had. What `upgrade` sets
/// although it was so already is another matter, unless it is NULL and the models of the change come to say so.
pub(super) fn is_as_the_models_say(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let (Subject::Column, Change::Changed(part)) = (difference.subject, difference.change) else {
        return false;
    };
    let target = Target::of(difference);
    let (Some(base), Some(name), true) = (
        ctx.environment.base(),
        target.name,
        remainder.is_said_by_downgrade(difference),
    ) else {
        return false;
    };
    let says = |models: &Catalog| said_by_models(difference, models);
    let is_no_news = |was: bool| sets_nullable(difference, was, remainder);
    // What is less strict than it was is told for information.
    let is_news_to_models = || {
        difference.to == Value::Bool(false)
            && says(&ctx.environment.head.model_schema().catalog).as_ref() == Some(&difference.from)
    };
    let is_settled = part != "nullable"
        || !difference.from.as_bool().is_some_and(is_no_news)
        || is_news_to_models();
    let is_said = says(&base.model_schema().catalog).is_some_and(|said| {
        said == difference.to
            || only_orders_labels(&Difference {
                from: said,
                ..difference.clone()
            })
    });
    is_said && is_settled && remainder.next_failure(name).is_none()
}

/// True for what a revision that brings databases together leaves as it is in this one: the downgrade goes back to what the
/// others had.
pub(super) fn is_for_other_databases(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let mut changed = ctx.replayed.upgrade.found.iter();
    matches!(difference.change, Change::Changed(_))
        && ctx.revision.brings_together()
        && !changed.any(|changed| {
            (changed.subject, &changed.object) == (difference.subject, &difference.object)
        })
}

/// True for a type that no column had before: nothing needs it back.
pub(super) fn was_left_over(difference: &Difference, before: &Catalog) -> bool {
    let is_of_type = |column: &Column| {
        let spelling = column.column_type.known();
        spelling.is_none_or(|spelling| spelling.trim_end_matches("[]") == difference.object)
    };
    (difference.subject, difference.change) == (Subject::Enum, Change::Removed)
        && !before
            .tables
            .values()
            .any(|table| table.open.is_some() || table.columns.iter().any(is_of_type))
}

/// True for a column of a table that no migration makes, of which no more is known than that `upgrade` drops it, and whose
/// name is that of a relationship in the models before: there may be nothing to bring back.
pub(super) fn never_was(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let target = Target::of(difference);
    let (Some(base), Some(table), Some(name), (Subject::Column, Change::Removed)) = (
        ctx.environment.base(),
        target.table,
        target.name,
        (difference.subject, difference.change),
    ) else {
        return false;
    };
    let is_only_named = ctx.replayed.before.tables.get(table).is_some_and(|table| {
        let column = table.column(name);
        table.open.is_some() && column.is_none_or(|column| column.column_type.known().is_none())
    });
    is_only_named && is_relationship(base.models(), base.sources(), table, name)
}

/// True for an enum whose lost labels the models of the base do not have either: the older code can neither read nor write
/// them.
pub(super) fn lacks_dead_labels(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let (Subject::Enum, Change::Changed(_)) = (difference.subject, difference.change) else {
        return false;
    };
    let base = ctx.environment.base();
    let models = base.map(|base| &base.model_schema().catalog);
    let known = models.and_then(|models| models.enums.get(difference.object.as_str()));
    let labels = known
        .filter(|known| known.maybe.is_none())
        .and_then(|known| known.labels.known());
    let now = difference.labels_after();
    let mut lost = difference.labels_before();
    lost.retain(|label| !now.contains(label));
    !lost.is_empty()
        && labels.is_some_and(|labels| !labels.iter().any(|label| lost.contains(&label.as_str())))
        && remainder.next_failure(&difference.object).is_none()
}

/// True for a default where there was none, of a column to which the models of the base give a value themselves: the older
/// code never asks for it. No more does it for the default of `upgrade` that is left, which the next upgrade sets again: the
/// column may be NULL, or the older code gives it a value, as it has to. Of a column that the downgrade adds NOT NULL a default
/// fills the rows, whichever it was before.
pub(super) fn is_never_asked_for(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let Target { table, name, .. } = Target::of(difference);
    let is_left = || {
        let after = table.and_then(|table| ctx.replayed.after.tables.get(table));
        let column = after.zip(name).and_then(|(table, name)| table.column(name));
        let default = column.and_then(|column| column.default.known());
        default.is_some_and(|default| json!(default) == difference.to)
            && remainder.next_failure_over(difference).is_none()
    };
    let is_filled = || {
        ctx.environment.base().is_some_and(|base| {
            let defaults = &base.model_schema().python_defaults;
            defaults.contains_key(&difference.object)
        })
    };
    (difference.subject, difference.change) == (Subject::Column, Change::Changed("default"))
        && match difference.from {
            Value::Null => is_filled() || is_left(),
            _ => !difference.to.is_null() && is_filled() && is_added_not_null(difference, ctx),
        }
}

/// True for a column that may be NULL, a foreign key or a primary key, that is left as the models of the base have it, or that the downgrade
/// makes so: the migrations had drifted from what the older code expects, and brings nothing in its way.
pub(super) fn is_expected(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    let target = Target::of(difference);
    let base = ctx.environment.base();
    let Some(table) = base
        .zip(target.table)
        .and_then(|(base, table)| base.model_schema().catalog.tables.get(table))
    else {
        return false;
    };
    match (difference.subject, difference.change) {
        (Subject::Column, Change::Changed("nullable")) => {
            difference.to == Value::Bool(true)
                && target
                    .name
                    .and_then(|name| table.column(name))
                    .is_some_and(|column| column.maybe.is_none() && column.nullable.is(&true))
        }
        (Subject::ForeignKey, change)
            if change == Change::Changed("")
                || change == Change::Added && remainder.is_said_by_downgrade(difference) =>
        {
            let parts = |value: &Value| {
                let mut value = value.clone();
                if let Some(parts) = value.as_object_mut() {
                    parts.remove("name");
                }
                value
            };
            let now = parts(&difference.to);
            let mut keys = table.constraints.iter().filter(|constraint| {
                constraint.maybe.is_none()
                    && matches!(constraint.kind, ConstraintKind::ForeignKey(_))
            });
            keys.any(|key| parts(&constraint_value(key)) == now)
        }
        (Subject::PrimaryKey, Change::Changed(_)) if remainder.is_said_by_downgrade(difference) => {
            let columns = |key: &Constraint| {
                columns_in(&constraint_value(key))
                    .map(|columns| columns.into_iter().map(str::to_owned).collect::<Vec<_>>())
            };
            let known = table.primary_key().filter(|key| key.maybe.is_none());
            let now = columns_in(&difference.to);
            known.and_then(columns).is_some_and(|known| {
                now.is_some_and(|now| now.iter().copied().eq(known.iter().map(String::as_str)))
            })
        }
        _ => false,
    }
}

/// True for a column that becomes NOT NULL after the downgrade has given a value to all its rows without one: that is
/// meant.
pub(super) fn is_filled_first(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let target = Target::of(difference);
    let (Some(table), Some(column)) = (target.table, target.name) else {
        return false;
    };
    let fills = |text: &str| {
        let is_it = |name: &str| name.eq_ignore_ascii_case(column);
        let fills_nulls =
            only_fills_nulls(text) && written_columns(text).iter().any(|name| is_it(name));
        fills_nulls || sole_assignment(text).is_some_and(|(name, _)| is_it(&name))
    };
    let changes_table = |ddl: &Ddl| matches!(ddl, Ddl::Data { tables, .. } if tables.iter().any(|name| name.as_str() == table));
    let replayed = ctx.replayed;
    difference.change == Change::Changed("nullable")
        && difference.to == Value::Bool(false)
        && !is_added_not_null(difference, ctx)
        && !is_made_again(difference, ctx)
        && replayed.downgrade_sql.iter().any(|sql| {
            fills(&sql.text)
                && replayed
                    .downgrade_steps
                    .iter()
                    .any(|step| sql.is_part_of(&step.place) && has(&step.ddl, &changes_table))
        })
}

/// True for a column that became NOT NULL as part of a primary key that `upgrade` makes: dropping the key leaves it so, and
/// what was a key has no NULL.
pub(super) fn is_left_by_a_key(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let target = Target::of(difference);
    let (Some(table), Some(column)) = (target.table, target.name) else {
        return false;
    };
    let replayed = ctx.replayed;
    let in_key = |catalog: &Catalog| {
        let known = catalog.tables.get(table);
        known
            .and_then(|table| table.primary_key())
            .is_some_and(|key| {
                let mut columns = key.kind.columns().iter();
                columns.any(|one| one == column)
            })
    };
    let says_so = |ddl: &Ddl| {
        matches!(
            ddl,
            Ddl::AlterTable { table: altered, action: AlterAction::SetNullable { column: set, nullable: false }, .. }
                if altered == table && set == column
        )
    };
    let mut steps = replayed.upgrade_steps.iter();
    difference.subject == Subject::Column
        && difference.change == Change::Changed("nullable")
        && difference.to == Value::Bool(false)
        && in_key(&replayed.after)
        && !in_key(&replayed.before)
        && !in_key(&replayed.restored)
        && !steps.any(|step| has(&step.ddl, &says_so))
}

/// True for a foreign key that is lost where another one says the same of the same columns.
pub(super) fn is_said_twice(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    if (difference.subject, difference.change) != (Subject::ForeignKey, Change::Removed) {
        return false;
    }
    let table = Target::of(difference).table;
    let Some(now) = table.and_then(|table| ctx.replayed.restored.tables.get(table)) else {
        return false;
    };
    let lost = &difference.from;
    now.constraints.iter().any(|other| {
        let value = constraint_value(other);
        let is_same = |part: &str| lost.get(part) == value.get(part);
        // Where rows go along for another key, one that only refuses says nothing.
        let acts_alike =
            |action: &str| lost.get(action).is_none_or(Value::is_null) || is_same(action);
        matches!(other.kind, ConstraintKind::ForeignKey(_))
            && other.maybe.is_none()
            && ["columns", "references", "ref_columns"]
                .into_iter()
                .all(is_same)
            && ["ondelete", "onupdate"].into_iter().all(acts_alike)
    })
}

/// True for an index that says no more than a key, a constraint or another index over the same columns, which stays.
pub(super) fn is_duplicate(
    difference: &Difference,
    remainder: &Remainder<'_>,
    ctx: &ReplayContext<'_>,
) -> bool {
    if difference.subject != Subject::Index || difference.change != Change::Removed {
        return false;
    }
    let target = Target::of(difference);
    let (Some(table), Some(name)) = (target.table, target.name) else {
        return false;
    };
    let Some(known) = ctx.replayed.before.tables.get(table) else {
        return false;
    };
    let Some(Fact::Known(lost)) = known.index(name).map(|index| &index.definition) else {
        return false;
    };
    let keys = |definition: &IndexDefinition| -> Vec<String> {
        definition.keys.iter().map(IndexKey::spelling).collect()
    };
    let stays = |name: &str| {
        let object = format!("{table}.{name}");
        !remainder
            .found
            .iter()
            .any(|other| other.object == object && other.change != Change::Added)
    };
    let by_constraint = known.constraints.iter().any(|constraint| {
        let (ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. }) =
            &constraint.kind
        else {
            return false;
        };
        let is_same = lost.predicate.is_none()
            && lost.using == "btree"
            && lost.include.is_empty()
            && keys(lost).iter().eq(columns.iter());
        is_same
            && constraint.maybe.is_none()
            && constraint.known_name().is_none_or(|name| stays(name))
    });
    let by_index = known.indexes.iter().any(|other| {
        let Fact::Known(definition) = &other.definition else {
            return false;
        };
        other.name != name
            && other.maybe.is_none()
            && stays(&other.name)
            && keys(definition) == keys(lost)
            && definition.predicate == lost.predicate
            && definition.using == lost.using
            && (definition.unique || !lost.unique)
    });
    by_constraint || by_index
}
