//! What changes in the classes of models, where the schemas could not be compared.

use smol_str::SmolStr;

use super::missed::{Missed, can_do_without};
use super::{
    Autogenerate, MOST_RELATED, ModelWithoutMigration, is_built_elsewhere, is_made_otherwise,
    removed,
};
use crate::catalog::Subject;
use crate::config::Pairing;
use crate::diagnostic::Label;
use crate::models::{DifferenceKind, Introduced, ModelDifference, Models, TableChange, changes};
use crate::project::ProjectEnvironment;
use crate::rules::coverage::{Migrations, NOT_READ, is_covered};
use crate::rules::{ChangeContext, Reporter, pairing};
use crate::schema::KnownTables;
use crate::source::RepoPath;

/// Reports what changes in the classes of tables about which nothing is proven.
pub(super) fn report(
    ctx: &ChangeContext<'_>,
    introduced: Option<&Introduced<'_>>,
    reporter: &mut Reporter<'_>,
) {
    let head = ctx.environment.head;
    let Some(before) = ctx.change.before else {
        return;
    };
    let changed = changes(before.models(), head.models());
    if changed.is_empty() {
        return;
    }
    // In the mode of separate changes the migration comes first: any revision may have done it already.
    let migrations = Migrations::of(ctx, ctx.environment.settings.pairing());
    // Whether a migration that comes with the change does what the classes want cannot be told without their schema.
    let comes_with_one =
        ctx.environment.settings.pairing() == Pairing::Together && migrations.count > 0;
    if migrations.is_unknown || comes_with_one {
        return;
    }
    let tables = head.tables_at_head();
    for change in &changed {
        let comparison = &head.model_schema().whole().comparison;
        if introduced.is_some_and(|introduced| introduced.is_proven(&change.table))
            || head.migrated().is_view(&change.table)
            || comparison.includes(Subject::Table, &change.table) == Some(false)
        {
            continue;
        }
        // What is gone is known by what env.py said before.
        let state = if change.is_gone() { before } else { head };
        if !is_governed(change, state, tables)
            || is_built_elsewhere(&change.table, ctx)
            || lies_elsewhere(&change.place.file, ctx)
            || is_no_python(&change.place.file, ctx)
        {
            continue;
        }
        let open: Vec<_> = change
            .differences
            .iter()
            .filter(|difference| !is_covered(change, &difference.kind, head, &migrations))
            .filter(|difference| !is_unnoticed(&difference.kind, &change.table, head))
            .collect();
        let Some(first) = open.first() else { continue };
        let kinds: Vec<&DifferenceKind> = open.iter().map(|difference| &difference.kind).collect();
        let is_new = kinds.as_slice() == [&DifferenceKind::TableAdded];
        if is_new && is_made_otherwise(&change.table, ctx) {
            continue;
        }
        let violation = ModelWithoutMigration {
            parts: describe_all(&kinds),
            whole: match kinds.as_slice() {
                [DifferenceKind::TableAdded] => Some(true),
                [DifferenceKind::TableRemoved] => Some(false),
                _ => None,
            },
            is_new_model: false,
            subject: kinds
                .iter()
                .fold(change.table.to_string(), |subject, kind| {
                    format!("{subject} {kind:?}")
                }),
            has_migrations: migrations.count > 0,
            environment: None,
            missed: if kinds.iter().all(|kind| is_spare(kind, &change.table, head)) {
                Missed::Spare
            } else if kinds.iter().all(|kind| is_lost(kind)) {
                Missed::Nothing
            } else {
                Missed::Structure
            },
            autogenerate: Autogenerate::of_what_is_seen(head),
            is_judged_by_classes: true,
            also: Vec::new(),
            tables: vec![change.table.to_string()],
        };
        let label = |difference: &ModelDifference| {
            let message = match &difference.kind {
                DifferenceKind::ColumnAdded(_)
                | DifferenceKind::ItemAdded(..)
                | DifferenceKind::TableAdded => "new",
                DifferenceKind::ColumnRemoved(_)
                | DifferenceKind::ItemRemoved(..)
                | DifferenceKind::TableRemoved => "removed",
                DifferenceKind::ColumnChanged(..) => "changed",
            };
            (difference.place.clone(), message)
        };
        // What is gone is not to be seen any more: the class is.
        let visible = |difference: &ModelDifference| {
            !matches!(
                difference.kind,
                DifferenceKind::ColumnRemoved(_)
                    | DifferenceKind::ItemRemoved(..)
                    | DifferenceKind::TableRemoved
            )
        };
        let primary = open
            .iter()
            .find(|difference| visible(difference))
            .unwrap_or(first);
        let (place, message) = label(primary);
        let primary_label = if visible(primary) {
            Label::new(place.file, place.span, message)
        } else if change.is_gone() {
            removed::gone(&place, ctx)
        } else {
            Label::at(&change.place, "the model")
        };
        let related = open
            .iter()
            .filter(|difference| {
                visible(difference) && !std::ptr::eq::<ModelDifference>(**difference, *primary)
            })
            .map(|difference| {
                let (place, message) = label(difference);
                Label::new(place.file, place.span, message)
            })
            .take(MOST_RELATED);
        reporter.report(&violation, primary_label).related(related);
    }
}

/// True for a file beside the migrations of another environment, in a repository of several applications.
pub(super) fn lies_elsewhere(file: &RepoPath, ctx: &ChangeContext<'_>) -> bool {
    let is_beside = |environment: &ProjectEnvironment<'_>| {
        let folder = environment.environment.script_location.parent();
        !folder.as_str().is_empty() && file.is_within(&folder)
    };
    let head = ctx.environment.head;
    let mut others = ctx.environment.all.iter();
    !is_beside(head) && others.any(|other| !std::ptr::eq(other, head) && is_beside(other))
}

/// True for a file that Python cannot parse, before the change or now: what is read of it may be a part.
fn is_no_python(file: &RepoPath, ctx: &ChangeContext<'_>) -> bool {
    let states = [Some(ctx.environment.head), ctx.change.before];
    let mut states = states.into_iter().flatten();
    states.any(|state| state.sources().is_no_python(file))
}

/// The differences of a class in phrases, the columns of which the same changes together.
fn describe_all(kinds: &[&DifferenceKind]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut told: Vec<&Vec<&'static str>> = Vec::new();
    for kind in kinds {
        let DifferenceKind::ColumnChanged(_, changed) = kind else {
            parts.push(describe(kind));
            continue;
        };
        if told.contains(&changed) {
            continue;
        }
        told.push(changed);
        let columns: Vec<String> = kinds
            .iter()
            .filter_map(|kind| match kind {
                DifferenceKind::ColumnChanged(column, facts) if facts == changed => {
                    Some(format!("`{column}`"))
                }
                _ => None,
            })
            .collect();
        let facts: Vec<&str> = changed
            .iter()
            .filter(|fact| **fact != NOT_READ)
            .map(|fact| pairing::fact_in_words(fact))
            .collect();
        parts.push(format!(
            "changes the {} of {}",
            facts.join(" and "),
            pairing::and(&columns)
        ));
    }
    parts
}

fn describe(difference: &DifferenceKind) -> String {
    let named = |kind: &SmolStr, name: &Option<SmolStr>| match name {
        Some(name) => format!("{kind} `{name}`"),
        None => kind.to_string(),
    };
    match difference {
        DifferenceKind::TableAdded => "is new".to_owned(),
        DifferenceKind::TableRemoved => "is gone".to_owned(),
        DifferenceKind::ColumnAdded(column) => format!("gains column `{column}`"),
        DifferenceKind::ColumnRemoved(column) => format!("loses column `{column}`"),
        DifferenceKind::ColumnChanged(column, _) => format!("changes `{column}`"),
        DifferenceKind::ItemAdded(kind, name) => format!("gains {}", named(kind, name)),
        DifferenceKind::ItemRemoved(kind, name) => format!("loses {}", named(kind, name)),
    }
}

/// True if the table is one that the migrations of this environment build.
fn is_governed(change: &TableChange, state: &ProjectEnvironment<'_>, tables: &KnownTables) -> bool {
    let models: &Models = state.models();
    let known = tables.get(&change.table).is_some();
    match (&change.metadata, models.env.metadata.as_slice()) {
        (Some(metadata), [_, ..]) => models.env.metadata.contains(metadata),
        (Some(metadata), []) => {
            // env.py leads nowhere: a table belongs if others of its kind do.
            known
                || models.tables.iter().any(|model| {
                    model.metadata.as_ref() == Some(metadata)
                        && tables.get(&model.table.name).is_some()
                })
        }
        (None, _) => known,
    }
}

/// True for what nobody notices: no metadata is compared, and no statement of the code meets it.
fn is_unnoticed(kind: &DifferenceKind, table: &str, head: &ProjectEnvironment<'_>) -> bool {
    let is_met = match kind {
        DifferenceKind::ColumnAdded(_) | DifferenceKind::TableAdded => true,
        DifferenceKind::ColumnRemoved(_) => !is_spare(kind, table, head),
        _ => false,
    };
    head.model_schema().lacks_target && !is_met
}

/// True for a column that the models do without by now, and rows can as well.
fn is_spare(kind: &DifferenceKind, table: &str, head: &ProjectEnvironment<'_>) -> bool {
    matches!(kind, DifferenceKind::ColumnRemoved(column) if can_do_without(table, column, head))
}

/// True for what the models do without by now, and the database keeps.
fn is_lost(kind: &DifferenceKind) -> bool {
    matches!(
        kind,
        DifferenceKind::ColumnRemoved(_)
            | DifferenceKind::ItemRemoved(..)
            | DifferenceKind::TableRemoved
    )
}
