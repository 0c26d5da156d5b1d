//! ML301

use smol_str::SmolStr;

use crate::alembic::Direction;
use crate::catalog::{Change, Difference, Subject};
use crate::config::Pairing;
use crate::diagnostic::Label;
use crate::git::ChangeKind;
use crate::models::{DifferenceKind, DriftDifference, Introduced, Models, TableChange, changes};
use crate::project::ProjectEnvironment;
use crate::python::{Likeness, Sources, definitions};
use crate::rules::convention::enum_value_not_migrated;
use crate::rules::difference::follows;
use crate::rules::pairing;
use crate::rules::{ChangeContext, Reporter, Violation, declare_rule, first_of};
use crate::schema::{Effect, KnownTables, Operation};
use crate::source::{FileSpan, RepoPath};

declare_rule! {
    "ML301", "model-without-migration" in Model("model"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["alembic: check", "pytest-alembic: test_model_definitions_match_ddl"],
    on: Change(check),
}

struct ModelWithoutMigration {
    table: String,
    /// What the model does, in phrases.
    parts: Vec<String>,
    /// True if the table comes, false if it goes, with its model.
    whole: Option<bool>,
    subject: String,
    /// True if the change has migrations, only none for this.
    has_migrations: bool,
    autogenerate: Autogenerate,
    /// True if the schemas could not be compared.
    is_judged_by_classes: bool,
}

/// What autogenerate makes of a change.
#[derive(Clone, Copy)]
enum Autogenerate {
    SeesSome,
    ComparesNone,
    /// Nothing that `env.py` imports leads to the model.
    LacksModel,
}

impl Violation for ModelWithoutMigration {
    fn message(&self) -> String {
        let what = match self.whole {
            Some(true) => format!("the models gain table `{}`", self.table),
            Some(false) => format!("the models lose table `{}`", self.table),
            None => {
                let (mut what, rest) = first_of(&self.parts, MOST_PARTS);
                if rest > 0 {
                    what = format!("{what} and {rest} more changes");
                }
                format!("the model of `{}` {what}", self.table)
            }
        };
        if self.has_migrations {
            return format!("{what}, and none of the migrations of this change does");
        }
        format!("{what} without a migration")
    }

    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec!["the code will expect what the database does not have".to_owned()];
        if self.is_judged_by_classes {
            notes.push(
                "judged by what changes in the classes: the schema they describe could not be compared as a whole"
                    .to_owned(),
            );
        }
        notes
    }

    fn help(&self) -> Option<String> {
        let help = match self.autogenerate {
            Autogenerate::SeesSome => {
                "`alembic revision --autogenerate -m \"…\"` writes the migration; commit it together with the model"
            }
            Autogenerate::ComparesNone => {
                "`alembic revision --autogenerate` does not see this: write the migration by hand, and commit it together \
                 with the model"
            }
            Autogenerate::LacksModel => {
                "nothing that `env.py` imports leads to this module, so autogenerate does not see the model: import it where \
                 the other models are imported, then write the migration"
            }
        };
        Some(help.to_owned())
    }
}

/// How much of a change is told.
const MOST_PARTS: usize = 3;

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.environment.settings.pairing == Pairing::Off || !touches_code(ctx) {
        return;
    }
    // Where they go, and what they make there, nobody knows.
    if ctx.change.before.is_none() || has_stray_migrations(ctx) {
        return;
    }
    // Most code has nothing to do with models: then the history need not be looked at.
    if !pairing::may_touch_schema(ctx) {
        return;
    }
    let introduced = pairing::introduced(ctx);
    if let Some(introduced) = &introduced {
        report_proven(ctx, introduced, reporter);
    }
    if !introduced
        .as_ref()
        .is_some_and(Introduced::is_proven_throughout)
    {
        report_by_classes(ctx, introduced.as_ref(), reporter);
    }
}

/// Reports what differs between the schemas of models and migrations since the change.
fn report_proven(
    ctx: &ChangeContext<'_>,
    introduced: &Introduced<'_>,
    reporter: &mut Reporter<'_>,
) {
    let head = ctx.environment.head;
    let all: Vec<Difference> = introduced
        .by_models
        .iter()
        .map(|found| found.difference.clone())
        .collect();
    let own: Vec<&DriftDifference> = introduced
        .by_models
        .iter()
        .filter(|found| {
            !follows(&found.difference, &all)
                && !enum_value_not_migrated::explains(found, ctx.environment.settings)
        })
        .copied()
        .collect();
    let has_migrations = (0..head.map.nodes().len()).any(|node| belongs_to_change(ctx, head, node));
    for (table, found) in pairing::by_table(&own, head) {
        let whole = found.iter().find_map(|found| {
            let Difference {
                subject, change, ..
            } = found.difference;
            match (subject, change) {
                (Subject::Table, Change::Added) => Some(true),
                (Subject::Table, Change::Removed) => Some(false),
                _ => None,
            }
        });
        if whole == Some(true) && is_built_elsewhere(&table, ctx) {
            continue;
        }
        let unregistered = &head.model_schema().unregistered;
        let autogenerate = if unregistered.iter().any(|model| model.name == table) {
            Autogenerate::LacksModel
        } else if found.iter().any(|found| found.is_seen()) {
            Autogenerate::SeesSome
        } else {
            Autogenerate::ComparesNone
        };
        let violation = ModelWithoutMigration {
            parts: in_words(&found, &table),
            whole,
            subject: found
                .iter()
                .map(|found| format!("{} {}", found.difference.kind(), found.difference.object))
                .collect::<Vec<_>>()
                .join(" "),
            has_migrations,
            autogenerate,
            is_judged_by_classes: false,
            table,
        };
        let label = |found: &DriftDifference, place: &FileSpan| {
            let message = match found.difference.change {
                Change::Added => "new",
                // What is gone is not to be seen any more: the class is.
                Change::Removed => "the model",
                Change::Changed(_) | Change::Renamed => "changed",
            };
            Label::at(place, message)
        };
        let is_visible = |found: &DriftDifference| found.difference.change != Change::Removed;
        let mut labels = found
            .iter()
            .filter(|found| is_visible(found))
            .chain(found.iter().filter(|found| !is_visible(found)).take(1))
            .filter_map(|found| Some(label(found, found.model.as_ref()?)));
        let primary = labels.next().or_else(|| gone(&violation.table, ctx));
        let Some(primary) = primary else { continue };
        let related: Vec<Label> = labels.take(MOST_RELATED).collect();
        reporter.report(&violation, primary).related(related);
    }
}

/// How many further places are shown.
const MOST_RELATED: usize = 4;

/// Where the model of a table was.
fn gone(table: &str, ctx: &ChangeContext<'_>) -> Option<Label> {
    let before = ctx.change.before?.model_schema().whole();
    let place = before.catalog.tables.get(table)?.place.clone()?;
    Some(Label::new(place.file, None, "removed"))
}

/// What happens to a model: all facts of a column together.
fn in_words(found: &[&DriftDifference], table: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut facts: Vec<(String, Vec<&'static str>)> = Vec::new();
    for found in found {
        let difference = &found.difference;
        let what = pairing::part_in_words(difference, table);
        match (difference.subject, difference.change) {
            (Subject::Column, Change::Changed(fact)) => {
                let column = what.strip_prefix("column ").unwrap_or(&what).to_owned();
                let fact = pairing::fact_in_words(fact);
                match facts.iter_mut().find(|(known, _)| *known == column) {
                    Some((_, facts)) => facts.push(fact),
                    None => facts.push((column, vec![fact])),
                }
            }
            (Subject::Enum, _) => parts.push(format!("changes the labels of {what}")),
            (Subject::Table, _) => parts.push("changes its comment".to_owned()),
            (_, Change::Added) => parts.push(format!("gains {what}")),
            (_, Change::Removed) => parts.push(format!("loses {what}")),
            (_, Change::Changed(_)) => parts.push(format!("changes {what}")),
            (_, Change::Renamed) => parts.push(format!("renames {what}")),
        }
    }
    let changed = facts
        .into_iter()
        .map(|(column, facts)| format!("changes the {} of {column}", facts.join(" and ")));
    parts.extend(changed);
    parts
}

/// Reports what changes in the classes of tables about which nothing is proven.
fn report_by_classes(
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
    let migrations = Migrations::of(ctx, ctx.environment.settings.pairing);
    if migrations.is_unknown {
        return;
    }
    let tables = head.tables_at_head();
    for change in &changed {
        let comparison = &head.model_schema().whole().comparison;
        if introduced.is_some_and(|introduced| introduced.is_proven(&change.table))
            || comparison.includes(Subject::Table, &change.table) == Some(false)
        {
            continue;
        }
        // What is gone is known by what env.py said before.
        let state = if change.is_gone() { before } else { head };
        if !is_governed(change, state, tables) || is_built_elsewhere(&change.table, ctx) {
            continue;
        }
        let open: Vec<_> = change
            .differences
            .iter()
            .filter(|difference| !is_covered(change, &difference.kind, tables, &migrations))
            .collect();
        let Some(first) = open.first() else { continue };
        let kinds: Vec<&DifferenceKind> = open.iter().map(|difference| &difference.kind).collect();
        let violation = ModelWithoutMigration {
            parts: kinds.iter().map(|kind| describe(kind)).collect(),
            whole: match kinds.as_slice() {
                [DifferenceKind::TableAdded] => Some(true),
                [DifferenceKind::TableRemoved] => Some(false),
                _ => None,
            },
            subject: kinds
                .iter()
                .fold(change.table.to_string(), |subject, kind| {
                    format!("{subject} {kind:?}")
                }),
            has_migrations: migrations.count > 0,
            autogenerate: Autogenerate::SeesSome,
            is_judged_by_classes: true,
            table: change.table.to_string(),
        };
        let label = |difference: &crate::models::ModelDifference| {
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
        let visible = |difference: &crate::models::ModelDifference| {
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
            Label::new(place.file, None, message)
        } else {
            Label::at(&change.place, "the model")
        };
        let related = open
            .iter()
            .filter(|difference| {
                visible(difference)
                    && !std::ptr::eq::<crate::models::ModelDifference>(**difference, *primary)
            })
            .map(|difference| {
                let (place, message) = label(difference);
                Label::new(place.file, place.span, message)
            })
            .take(MOST_RELATED);
        reporter.report(&violation, primary_label).related(related);
    }
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
        DifferenceKind::ColumnChanged(column, facts) => {
            let facts: Vec<&str> = facts
                .iter()
                .map(|fact| pairing::fact_in_words(fact))
                .collect();
            format!("changes the {} of `{column}`", facts.join(" and "))
        }
        DifferenceKind::ItemAdded(kind, name) => format!("gains {}", named(kind, name)),
        DifferenceKind::ItemRemoved(kind, name) => format!("loses {}", named(kind, name)),
    }
}

/// True if a module of the application is part of the change.
fn touches_code(ctx: &ChangeContext<'_>) -> bool {
    let mut changed = ctx.change.changes.iter();
    changed.any(|(path, _)| ctx.environment.head.is_code(path))
}

/// What the migrations that may cover a change do.
struct Migrations {
    count: usize,
    /// True if one of them does something that cannot be followed: it may cover anything.
    is_unknown: bool,
    /// The tables that they change.
    tables: Vec<SmolStr>,
    /// True if they change a type, and with it columns of tables that they do not name.
    change_types: bool,
}

impl Migrations {
    fn of(ctx: &ChangeContext<'_>, pairing: Pairing) -> Self {
        let head = ctx.environment.head;
        let nodes: Vec<usize> = (0..head.map.nodes().len())
            .filter(|node| pairing == Pairing::Separate || belongs_to_change(ctx, head, *node))
            .collect();
        let mut migrations = Self {
            count: nodes.len(),
            is_unknown: false,
            tables: Vec::new(),
            change_types: false,
        };
        let mut ran = head.migrations(&nodes);
        // Those of other environments that build the same tables, and those that the change takes back by deleting them.
        for other in ctx.environment.all {
            if !std::ptr::eq(other, head) {
                let nodes = (0..other.map.nodes().len()).filter(|node| {
                    ctx.environment
                        .is_judged(&other.map.node(*node).revision.file)
                });
                ran.extend(other.migrations(&nodes.collect::<Vec<_>>()));
            }
        }
        if let Some(before) = ctx.change.before {
            let nodes = (0..before.map.nodes().len())
                .filter(|node| head.map.find(before.map.node(*node).id()).is_none());
            ran.extend(before.migrations(&nodes.collect::<Vec<_>>()));
        }
        for migration in ran {
            let Direction::Ran(upgrade) = &migration.upgrade else {
                migrations.is_unknown = true;
                continue;
            };
            for recorded in &upgrade.operations {
                migrations.change_types |= recorded.operation.changes_a_type();
                match recorded.operation.effect() {
                    Effect::Unknown => migrations.is_unknown = true,
                    Effect::Structure | Effect::Index | Effect::Objects => {
                        let tables = recorded.operation.tables();
                        // A name that is not known may be any.
                        migrations.is_unknown |= tables.is_empty()
                            && recorded.operation.effect() != Effect::Objects
                            && !matches!(recorded.operation, Operation::DropIndex { .. });
                        migrations.tables.extend(tables.into_iter().cloned());
                    }
                    Effect::Data | Effect::Nothing => {}
                }
            }
        }
        // In the mode of separate changes an old revision that could not be followed proves nothing about a new model.
        if pairing == Pairing::Separate {
            migrations.is_unknown = false;
        }
        migrations
    }
}

/// True if the change has a migration outside of every environment, as plugins with a chain of their own do: what runs it,
/// and on which tables, is not known.
fn has_stray_migrations(ctx: &ChangeContext<'_>) -> bool {
    let environments = ctx.environment.all;
    ctx.change.changes.iter().any(|(path, kind)| {
        kind != ChangeKind::Deleted
            && path.extension() == "py"
            && !environments
                .iter()
                .any(|environment| environment.node_of(path).is_some())
            && holds_a_migration(path, ctx.environment.head.sources())
    })
}

fn holds_a_migration(path: &RepoPath, sources: &Sources<'_>) -> bool {
    // Most files are not worth parsing.
    let has_both = sources.read(path).is_some_and(|bytes| {
        let has = |word: &str| memchr::memmem::find(&bytes, word.as_bytes()).is_some();
        has("revision") && has("upgrade")
    });
    has_both
        && sources.python(path).is_some_and(|file| {
            let defined = definitions(&file.module, &Likeness::default());
            defined.contains_key("upgrade") && defined.contains_key("revision")
        })
}

/// True if a revision is new or edited in the change, came earlier on the same branch, or comes with a merge.
fn belongs_to_change(ctx: &ChangeContext<'_>, head: &ProjectEnvironment<'_>, node: usize) -> bool {
    let revision = &head.map.node(node).revision;
    if ctx.environment.is_judged(&revision.file) {
        return true;
    }
    let id = &revision.id.value;
    [ctx.change.branch, ctx.change.before]
        .into_iter()
        .flatten()
        .any(|state| state.map.find(id).is_none())
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

/// True if another environment builds the table: several may share one metadata.
fn is_built_elsewhere(table: &str, ctx: &ChangeContext<'_>) -> bool {
    let head = ctx.environment.head;
    let mut others = ctx.environment.all.iter();
    head.tables_at_head().get(table).is_none()
        && others
            .any(|other| !std::ptr::eq(other, head) && other.tables_at_head().get(table).is_some())
}

/// True if a migration does this, or may.
fn is_covered(
    change: &TableChange,
    difference: &DifferenceKind,
    tables: &KnownTables,
    migrations: &Migrations,
) -> bool {
    let state = tables.get(&change.table);
    let touched = migrations.tables.contains(&change.table);
    match difference {
        DifferenceKind::TableAdded => state.is_some(),
        DifferenceKind::TableRemoved => state.is_none() || touched,
        DifferenceKind::ColumnAdded(column) => match state.and_then(|state| state.has(column)) {
            Some(exists) => exists,
            None => touched,
        },
        DifferenceKind::ColumnRemoved(column) => match state.and_then(|state| state.has(column)) {
            Some(exists) => !exists,
            None => touched,
        },
        DifferenceKind::ColumnChanged(_, facts) => {
            touched || (migrations.change_types && *facts == ["type"])
        }
        // What the migrations made long ago, the model may catch up with; what they never made, it may drop.
        DifferenceKind::ItemAdded(kind, name) => {
            // Of the same name as one that is gone, it is another now.
            let replaces = DifferenceKind::ItemRemoved(kind.clone(), name.clone());
            let is_replaced = change
                .differences
                .iter()
                .any(|difference| difference.kind == replaces);
            let is_missing = name
                .as_ref()
                .is_none_or(|name| tables.has_item(&change.table, name) == Some(false));
            touched || !(is_missing || is_replaced)
        }
        DifferenceKind::ItemRemoved(_, name) => {
            let is_made = name
                .as_ref()
                .is_none_or(|name| tables.has_item(&change.table, name) == Some(true));
            touched || !is_made
        }
    }
}
