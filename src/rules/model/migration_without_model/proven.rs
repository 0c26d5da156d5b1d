//! Contradictions between the schemas of migrations and models, where both are known.

mod compared;
mod generated;
mod named;
mod put_aside;

use std::collections::BTreeSet;

use serde_json::Value;

use super::stated::is_let_go;
use super::together::{Contradicted, Renaming, Together};
use super::{Aftermath, Met, is_refused, new_revisions};
use crate::catalog::{Catalog, Change, Difference, Fact, Subject};
use crate::diagnostic::{Label, Leeway};
use crate::dialect::{Dialect, is_wider};
use crate::models::{DriftDifference, Introduced, is_index_of_key};
use crate::project::ProjectEnvironment;
use crate::rules::convention::enum_value_not_migrated;
use crate::rules::deployment::lost_attributes;
use crate::rules::difference::{LabelsApart, Target, follows, is_one_for_rows};
use crate::rules::downgrade::ignored_argument;
use crate::rules::{EnvironmentContext, Reporter, pairing};
use crate::schema::Operation;
use crate::source::FileSpan;
use compared::{both_fill, is_for_autogenerate};
use generated::comes_by_generation;
use named::{name_doubled, name_renamed};
use put_aside::is_put_aside;

/// A migration that makes more tables otherwise than the models is told of once.
const MOST_TABLES: usize = 5;

/// What is otherwise of a table that the migration makes is one finding, and so are many such tables.
fn folded<'a>(all: Vec<Together<'a>>) -> Vec<Together<'a>> {
    // Indexes over the keys of several tables are one thing already.
    let is_new = |one: &Together<'a>| {
        one.first.comes_with_table() && (!one.first.is_index_of_key || one.others.is_empty())
    };
    let is_of_one_kind = |one: &Together<'a>, other: &Together<'a>| {
        let is_simple = |one: &Together<'a>| {
            let first = &one.first;
            first.found.subject == Subject::Column
                && first.same_uniqueness.is_none()
                && first.renamed.is_none()
                && first.called.is_none()
                && LabelsApart::of(first.found).is_none()
        };
        (one.first.found.subject, one.first.found.change)
            == (other.first.found.subject, other.first.found.change)
            && is_simple(one)
            && is_simple(other)
    };
    let tables_of = |node: usize| {
        let new = all
            .iter()
            .filter(|one| one.first.node == node && is_new(one));
        new.map(|one| one.first.table)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let nodes: BTreeSet<usize> = all.iter().map(|one| one.first.node).collect();
    let full: BTreeSet<usize> = nodes
        .into_iter()
        .filter(|node| tables_of(*node) > MOST_TABLES)
        .collect();
    let mut kept: Vec<Together<'a>> = Vec::new();
    for one in all {
        let same = kept.iter_mut().find(|other| {
            let is_same_table = other.first.table == one.first.table;
            // A column that goes for another one is one thing with those that come beside it.
            let is_renewed = [&one, &**other]
                .into_iter()
                .all(|one| one.first.comes_or_goes())
                && (one.first.renamed.is_some() || other.first.renamed.is_some());
            other.first.node == one.first.node
                && (is_same_table && is_renewed
                    || is_new(&one)
                        && is_new(other)
                        && (is_same_table || full.contains(&one.first.node))
                    || is_same_table && is_of_one_kind(other, &one))
        });
        match same {
            Some(first) => first.further.push(one),
            None => kept.push(one),
        }
    }
    kept.into_iter().map(Together::by_weight).collect()
}

/// The foreign key that the other side has in its place, if that is new too.
fn same_key<'f>(found: &'f DriftDifference, all: &[Difference]) -> Option<&'f Difference> {
    let same = found.same_key.as_ref()?;
    all.iter()
        .any(|other| other.is_same_as(same))
        .then_some(same)
}

/// Reports what the schemas of models and migrations differ in since these revisions. Gives back the columns that were
/// added without a model, with the revisions that add them.
pub(super) fn report(
    ctx: &EnvironmentContext<'_>,
    introduced: &Introduced<'_>,
    new: &[usize],
    reporter: &mut Reporter<'_>,
) -> Vec<(usize, String)> {
    let head = ctx.head;
    let expects_models =
        !introduced.had_tables_without_model() && !introduced.begins_with_few_models();
    let expects_indexes = !introduced.had_indexes_without_model();
    let expects_indexes_of_keys = !introduced.lacked_indexes_of_keys();
    let expects_comments = !introduced.has_comments_in_migrations_only();
    let models = &head.model_schema().whole().catalog;
    let dialect = head.dialect().dialect;
    let is_expected = |difference: &Difference| match (difference.subject, difference.change) {
        (Subject::Table, Change::Removed) => {
            expects_models
                && !is_private(&difference.object, new, head)
                && !is_put_aside(&difference.object, new, head)
                && !head.reflects(&difference.object)
        }
        (Subject::Table, Change::Added) => !is_let_go(&difference.object, ctx),
        (Subject::Index, Change::Removed) => expects_indexes,
        (Subject::Index, Change::Added) if !expects_indexes_of_keys => {
            !is_index_of_key(difference, models)
        }
        (_, Change::Changed("comment")) if difference.to.is_null() => expects_comments,
        (Subject::Column, Change::Changed("type"))
            if is_one_for_rows(difference, head.migrated(), dialect) =>
        {
            false
        }
        _ => !introduced.was_usual(difference),
    };
    let found: Vec<&DriftDifference> = introduced.others.clone();
    let all: Vec<Difference> = found.iter().map(|found| found.difference.clone()).collect();
    // What the migration makes says that it is the other form of what the model asks for.
    let is_other_half = |found: &DriftDifference| {
        found.difference.change == Change::Added
            && (found.same_uniqueness.as_ref().is_some_and(|same| {
                introduced
                    .others
                    .iter()
                    .any(|other| other.is_seen() && other.difference.is_same_as(same))
            }) || same_key(found, &all).is_some())
    };
    let tables: Vec<String> = all
        .iter()
        .map(|difference| pairing::table_of(difference, head))
        .collect();
    let misnamed = introduced.called_otherwise();
    let mut contradictions: Vec<Contradicted<'_>> = found
        .iter()
        .zip(&tables)
        .filter(|(found, table)| {
            found.is_seen()
                || found.difference.subject == Subject::Enum
                || loses_key(&found.difference, table, new, head)
        })
        .filter(|(found, _)| !enum_value_not_migrated::explains(found, ctx))
        .filter(|(found, _)| is_expected(&found.difference) && !follows(&found.difference, &all))
        .filter(|(found, _)| {
            !introduced.had_keys_without_model(found)
                && !introduced.had_actions_without_model(found)
        })
        .filter(|(found, _)| !pairing::holds_the_labels(found, head) && !is_other_half(found))
        .filter(|(found, _)| {
            // The other name says it.
            let mut here = misnamed.iter().map(|(_, here)| here);
            !here.any(|here| here.is_same_as(&found.difference))
        })
        .filter_map(|(found, table)| {
            let same_key =
                same_key(found, &all).filter(|_| found.difference.change == Change::Removed);
            Some((contradicted(found, table, new, head)?, same_key))
        })
        .filter(|(contradicted, _)| !contradicted.fills_rows(head) && !is_lost(contradicted, ctx))
        .filter(|(contradicted, _)| !is_altered_beside(contradicted, new, head))
        .filter(|(contradicted, _)| {
            let place = contradicted.operation;
            !is_refused(ctx, contradicted.node, place)
        })
        .map(|(contradicted, same_key)| {
            let asked = same_key.and_then(|same| {
                let mut found = found.iter();
                found.find(|one| one.difference.is_same_as(same))
            });
            let is_it =
                |(there, _): &&(&Difference, &Difference)| there.is_same_as(contradicted.found);
            let called = misnamed.iter().find(is_it);
            let other = called.and_then(|(_, here)| {
                let mut found = found.iter().chain(&introduced.by_models);
                found.find(|one| one.difference.is_same_as(here))
            });
            Contradicted {
                was_there: introduced.was_there(contradicted.found) && !contradicted.is_made_anew(),
                called: called.and_then(|(_, here)| here.object.rsplit('.').next()),
                same_key,
                model: asked
                    .or(other)
                    .map_or(contradicted.model, |found| found.model.as_ref()),
                ..contradicted
            }
        })
        .collect();
    name_renamed(&mut contradictions);
    name_doubled(&mut contradictions);
    // As they stand in the files.
    contradictions.sort_by_key(|one| (&one.operation.file, one.operation.span.start));
    let same_models = if contradictions.is_empty() || ctx.all.len() == 1 {
        vec![head]
    } else {
        pairing::with_same_models(ctx)
    };
    let position = same_models.iter().position(|one| std::ptr::eq(*one, head));
    let (before, after) = same_models.split_at(position.unwrap_or_default());
    let is_told = |contradicted: &Contradicted<'_>| {
        let mut before = before.iter();
        before.any(|other| told_in(contradicted.found, other, ctx).is_some())
    };
    // Applications that share a database have each its own view of the tables.
    let is_seen_so = |contradicted: &Contradicted<'_>| {
        let mut others = ctx.all.iter().filter(|other| !std::ptr::eq(*other, head));
        others.any(|other| has_it_so(contradicted.found, other))
    };
    let is_noticed = |one: &Contradicted<'_>| {
        let (aftermath, met) = (
            Aftermath::of_table(one.table, head),
            Met::of(one.found, head),
        );
        let is_seen = aftermath.is_undone() || met != Met::Nothing;
        aftermath.notices(met) && (is_seen || !is_for_autogenerate(one.found, head))
    };
    contradictions.retain(|one| {
        !is_told(one) && !is_seen_so(one) && is_noticed(one) && !comes_by_generation(one, ctx)
    });
    for together in folded(gathered(&contradictions, head)) {
        let label = Label::at(together.first.operation, "in the migration");
        let mut operations = vec![together.first.operation];
        for other in &together.others {
            if !operations.contains(&other.operation) {
                operations.push(other.operation);
            }
        }
        let others = operations.iter().skip(1);
        let others = others.map(|operation| Label::at(operation, "here too"));
        let elsewhere = after.iter().skip(1).filter_map(|other| {
            let place = told_in(together.first.found, other, ctx)?;
            Some(Label::at(&place, "the same in another environment"))
        });
        let model = together.first.model;
        let model = model.map(|model| Label::at(model, "the model"));
        let lost = together.lost_arguments;
        let lost = lost.map(|place| Label::at(place, "has no effect"));
        let related: Vec<Label> = others.chain(elsewhere).chain(model).chain(lost).collect();
        let revision = &head.map.node(together.first.node).revision;
        reporter
            .report_on(&together, label, Some(&revision.id.value))
            .related(related)
            .leeway(leeway_of(&together, head));
    }
    contradictions
        .iter()
        .filter(|one| (one.found.subject, one.found.change) == (Subject::Column, Change::Removed))
        .map(|one| (one.node, one.part().to_owned()))
        .collect()
}

/// True if the model has a primary key and one of these revisions takes that of the database away: that of a column it
/// drops goes with the column. MySQL only takes the column out of it.
fn loses_key(
    difference: &Difference,
    table: &str,
    new: &[usize],
    head: &ProjectEnvironment<'_>,
) -> bool {
    let has_key = |catalog: &Catalog| {
        let known = catalog.tables.get(table);
        known.map(|table| table.primary_key().is_some())
    };
    (difference.subject, difference.change) == (Subject::PrimaryKey, Change::Added)
        && head.dialect().dialect != Dialect::MySql
        && new.iter().any(|node| {
            head.replay().get(*node).is_some_and(|replayed| {
                has_key(&replayed.before) == Some(true) && has_key(&replayed.after) == Some(false)
            })
        })
}

/// True if the models of another environment have a column as the migration has it.
fn has_it_so(difference: &Difference, other: &ProjectEnvironment<'_>) -> bool {
    let Target { table, name, .. } = Target::of(difference);
    let models = &other.model_schema().catalog;
    let table = table.and_then(|table| models.tables.get(table));
    let column = table.zip(name).and_then(|(table, name)| table.column(name));
    let Some(column) = column.filter(|_| difference.subject == Subject::Column) else {
        return false;
    };
    match difference.change {
        Change::Removed => true,
        Change::Changed("nullable") => difference
            .from
            .as_bool()
            .is_some_and(|said| column.nullable.is(&said)),
        _ => false,
    }
}

/// True for a column that only the database has and that code need not know of: rows can do without a value.
pub(super) fn is_expansion(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let Target { table, name, .. } = Target::of(difference);
    let table = table.and_then(|table| head.migrated().tables.get(table));
    let column = table.zip(name).and_then(|(table, name)| table.column(name));
    (difference.subject, difference.change) == (Subject::Column, Change::Removed)
        && column.is_some_and(|column| {
            column.nullable.is(&true) || matches!(column.default, Fact::Known(Some(_)))
        })
}

/// True for a column that the migrations let be NULL and the models do not, where both give a row a value if it is given none.
fn is_filled(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    difference.from == Value::Bool(true) && both_fill(difference, head)
}

fn leeway_of(together: &Together<'_>, head: &ProjectEnvironment<'_>) -> Leeway {
    let mut parts = std::iter::once(together).chain(&together.further);
    if together.further.is_empty() && together.all().all(|one| is_expansion(one.found, head)) {
        Leeway::Expansion
    } else if parts.all(|part| part.all().all(|one| is_relaxation(one.found, head))) {
        Leeway::Relaxation
    } else {
        Leeway::None
    }
}

/// True for what code need not know of besides: an index that refuses nothing, NULL in place of NOT NULL, a wider type.
fn is_relaxation(difference: &Difference, head: &ProjectEnvironment<'_>) -> bool {
    let Difference { from, to, .. } = difference;
    match (difference.subject, difference.change) {
        (Subject::Index, Change::Removed) => from.get("unique") != Some(&Value::Bool(true)),
        (Subject::Column, Change::Removed) => is_expansion(difference, head),
        (Subject::Column, Change::Changed("nullable")) => from == &Value::Bool(true),
        (Subject::Column, Change::Changed("type")) => {
            let spellings = to.as_str().zip(from.as_str());
            spellings.is_some_and(|(to, from)| is_wider(head.dialect().dialect, to, from))
        }
        _ => false,
    }
}

/// True for NOT NULL that is lost because an operation does not say it, or says it where Alembic does not look, where that
/// is told.
fn is_lost(contradicted: &Contradicted<'_>, ctx: &EnvironmentContext<'_>) -> bool {
    ctx.head
        .replay()
        .get(contradicted.node)
        .is_some_and(|replayed| {
            let changes = &replayed.upgrade.found;
            let run = replayed.migration.upgrade.run();
            let mut same = changes.iter();
            let change = same.find(|change| change.is_same_as(contradicted.found));
            let column = Target::of(contradicted.found).name;
            run.is_some_and(|run| {
                contradicted.found.subject == Subject::Column
                    && column.is_some_and(|name| ignored_argument::tells_of_column(ctx, run, name))
                    || change.is_some_and(|change| lost_attributes::explains(change, ctx, run))
                    || lost_attributes::explains_renamed(contradicted.found, changes, ctx, run)
            })
        })
}

/// True for a table that is no business of the models: its name begins as private ones do in Python, which that of no model
/// does, and no other revision has to do with it.
pub(super) fn is_private(table: &str, new: &[usize], head: &ProjectEnvironment<'_>) -> bool {
    let is_marked = |table: &str| {
        let (_, name) = table.rsplit_once('.').unwrap_or(("", table));
        name.starts_with('_')
    };
    let mut models = head.model_schema().whole().catalog.tables.keys();
    if !is_marked(table) || models.any(|name| is_marked(name)) {
        return false;
    }
    let touches = |node: &usize| {
        let replayed = head.replay().get(*node);
        replayed.is_some_and(|replayed| {
            let mut found = replayed.upgrade.found.iter();
            found.any(|change| Target::of(change).table == Some(table) || change.object == table)
        })
    };
    let order = head.replay().order.iter();
    let mut with_it = order.filter(|node| touches(node));
    with_it.next().is_some_and(|node| new.contains(node)) && with_it.next().is_none()
}

/// What one correction mends, together.
fn gathered<'a>(
    contradictions: &[Contradicted<'a>],
    head: &'a ProjectEnvironment<'_>,
) -> Vec<Together<'a>> {
    let mut gathered: Vec<Together<'a>> = Vec::new();
    for one in contradictions {
        if let Some(known) = gathered.iter_mut().find(|known| known.first.goes_with(one)) {
            known.others.push(*one);
            known.leaves &= was_nullable_so(one, head);
            continue;
        }
        let may_be_lost = !matches!(one.found.subject, Subject::Column | Subject::Table)
            && one.found.change == Change::Removed;
        let lost = head.model_schema().whole().lost_arguments.get(one.table);
        gathered.push(Together {
            first: *one,
            others: Vec::new(),
            lost_arguments: lost.filter(|_| may_be_lost),
            keys: keys_of(one, head),
            further: Vec::new(),
            leaves: was_nullable_so(one, head),
            aftermath: Aftermath::of_table(one.table, head),
            met: Met::of(one.found, head),
        });
    }
    gathered
}

/// The columns that an index or constraint of the database is over, with its table.
fn keys_of(contradicted: &Contradicted<'_>, head: &ProjectEnvironment<'_>) -> Option<String> {
    let table = head.migrated().tables.get(contradicted.table)?;
    let part = contradicted.part();
    let columns: Vec<&str> = match table.index(part) {
        Some(index) => {
            let keys = &index.definition.known()?.keys;
            keys.iter().map(|key| key.text.as_str()).collect()
        }
        None => {
            let columns = table.constraint(part)?.kind.columns();
            columns.iter().map(smol_str::SmolStr::as_str).collect()
        }
    };
    let table = contradicted.table;
    match columns.as_slice() {
        [] => None,
        [only] => Some(format!("{table}.{only}")),
        several => Some(format!("{table} ({})", several.join(", "))),
    }
}

/// True for a column or a part of a table that a revision on another head alters as well: which of them comes last is not
/// said before they are joined.
fn is_altered_beside(one: &Contradicted<'_>, new: &[usize], head: &ProjectEnvironment<'_>) -> bool {
    let own = Target::of(one.found);
    let names_it = |node: usize| {
        let replayed = head.replay().get(node);
        let run = replayed.and_then(|replayed| replayed.migration.upgrade.run());
        run.is_some_and(|run| own.last_naming(run).is_some())
    };
    let is_beside = |node: usize| {
        node != one.node
            && !head.map.ancestors(node).contains(&one.node)
            && !head.map.ancestors(one.node).contains(&node)
    };
    own.name.is_some() && new.iter().any(|node| names_it(*node) && is_beside(*node))
}

/// Where a new revision of another environment with the same models brings a difference too.
fn told_in(
    difference: &Difference,
    other: &ProjectEnvironment<'_>,
    ctx: &EnvironmentContext<'_>,
) -> Option<FileSpan> {
    let mut differences = other.whole_drift().differences.iter();
    let found = differences.find(|found| found.difference.is_same_as(difference))?;
    let table = pairing::table_of(&found.difference, other);
    let told = contradicted(found, &table, &new_revisions(other, ctx), other)?;
    Some(told.operation.clone())
}

/// True if a column could be NULL, or not, before a revision as it can after it, also where that gives the table its name.
fn was_nullable_so(one: &Contradicted<'_>, head: &ProjectEnvironment<'_>) -> bool {
    let Target { table, name, .. } = Target::of(one.found);
    let replayed = head.replay().get(one.node);
    let run = replayed.and_then(|replayed| replayed.migration.upgrade.run());
    let (Some(replayed), Some(run), Some(table), Some(name)) = (replayed, run, table, name) else {
        return false;
    };
    let old_name = run
        .operations
        .iter()
        .find_map(|recorded| match &recorded.operation {
            Operation::RenameTable {
                table: old,
                new_name,
            } if new_name.as_deref() == Some(table) => old.as_deref(),
            _ => None,
        });
    let known = replayed.before.tables.get(old_name.unwrap_or(table));
    let column = known.and_then(|table| table.column(name));
    let nullable = one.found.from.as_bool();
    one.found.change == Change::Changed("nullable")
        && column
            .zip(nullable)
            .is_some_and(|(column, nullable)| column.nullable.is(&nullable))
}

/// The revision that makes a difference, if it is one of these, and where it does.
fn contradicted<'a, 't>(
    found: &'a DriftDifference,
    table: &'t str,
    new: &[usize],
    head: &'a ProjectEnvironment<'_>,
) -> Option<Contradicted<'t>>
where
    'a: 't,
{
    let matched = pairing::last_to_touch(&found.difference, new, head)?;
    let run = head.replay().get(matched.node)?.migration.upgrade.run()?;
    let revision = &head.map.node(matched.node).revision;
    let made = matched.change.place.as_ref();
    let made = made
        .filter(|place| matched.change.change != Change::Removed && place.file == revision.file);
    // Of several statements of raw SQL on a table, the one that made it is known by its place.
    let target = Target::of(matched.change);
    let is_renamed_table = run.operations.iter().any(|recorded| {
        matches!(&recorded.operation, Operation::RenameTable { new_name, .. } if new_name.as_deref() == Some(table))
    });
    let own = Target::of(&found.difference);
    // What comes with a table has a statement of its own often enough, whatever has made the table.
    let is_part = target.name.is_none()
        && !matches!(found.difference.subject, Subject::Table | Subject::Column);
    let written = found.migration.as_ref();
    let apart = written.filter(|place| {
        let is_within =
            made.is_some_and(|made| made.file == place.file && made.span.contains(place.span));
        place.file == revision.file && made.is_some() && !is_within
    });
    // To MySQL each `MODIFY` says it.
    let is_nullable = found.difference.change == Change::Changed("nullable")
        && head.dialect().dialect != Dialect::MySql;
    let operation = Some(&own)
        .filter(|_| is_renamed_table)
        .and_then(|own| own.last_naming(run))
        .or_else(|| own.last_naming(run).filter(|_| is_part))
        .or_else(|| apart.filter(|_| is_part))
        .or_else(|| target.last_saying_nullable(run).filter(|_| is_nullable))
        .or_else(|| target.last_naming(run))
        .or(made)
        .or_else(|| target.last_around(run))
        .or_else(|| target.last_renaming(run))
        .or_else(|| {
            found
                .migration
                .as_ref()
                .filter(|place| place.file == revision.file)
        })?;
    let mut renamings = run
        .operations
        .iter()
        .filter_map(|recorded| match &recorded.operation {
            Operation::AlterColumn(alter) if recorded.place == *operation => {
                alter.new_name.as_deref()
            }
            _ => None,
        });
    let new_name = renamings.next();
    let renames_column = new_name.is_some();
    let renaming = match (renames_column, is_renamed_table) {
        (true, _) => Some(Renaming::Column),
        (false, true) => Some(Renaming::Table),
        (false, false) => None,
    };
    let contradicted = Contradicted {
        found: &found.difference,
        table,
        change: matched.change,
        renamed: None,
        new_name,
        operation,
        model: found.model.as_ref(),
        node: matched.node,
        renaming,
        same_uniqueness: found
            .same_uniqueness
            .as_ref()
            .filter(|_| found.difference.change == Change::Removed),
        same_key: None,
        doubled: None,
        is_another_enum: false,
        is_index_of_key: false,
        is_filled: is_filled(&found.difference, head),
        is_wider: (found.difference.change == Change::Changed("type"))
            && is_relaxation(&found.difference, head),
        was_there: false,
        called: None,
    };
    let models = &head.model_schema().whole().catalog;
    let is_type = (found.difference.subject, found.difference.change)
        == (Subject::Column, Change::Changed("type"));
    let asked = found.difference.to.as_str().filter(|_| is_type);
    let asked = asked.map(|spelling| spelling.trim_end_matches("[]"));
    Some(Contradicted {
        is_another_enum: asked.is_some_and(|name| models.enums.contains_key(name)),
        is_index_of_key: contradicted.comes_with_table()
            && is_index_of_key(&found.difference, models),
        ..contradicted
    })
}
