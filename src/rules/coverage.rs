//! What the migrations of a change cover of what it does to the classes of models.

use smol_str::SmolStr;

use crate::alembic::{Direction, End, Revision};
use crate::catalog::{Difference, Subject, Table, split_schema};
use crate::config::Pairing;
use crate::models::{DifferenceKind, TableChange};
use crate::project::ProjectEnvironment;
use crate::rules::ChangeContext;
use crate::schema::{Effect, Operation};

/// What the migrations that may cover a change do.
pub(crate) struct Migrations {
    pub(crate) count: usize,
    /// True if one of them does something that cannot be followed: it may cover anything.
    pub(crate) is_unknown: bool,
    /// The tables that they change.
    tables: Vec<SmolStr>,
    /// True if they change a type, and with it columns of tables that they do not name.
    change_types: bool,
}

impl Migrations {
    pub(crate) fn of(ctx: &ChangeContext<'_>, pairing: Pairing) -> Self {
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

    /// True if they change a table. One of the same name in a schema counts where the model names none: a class may be given
    /// its schema by what is not read.
    fn touch(&self, table: &str) -> bool {
        self.tables.iter().any(|touched| {
            let (schema, name) = split_schema(touched);
            touched == table || !schema.is_empty() && name == table
        })
    }
}

/// The revisions of a change of which not all is known that they do.
pub(crate) struct Unfollowed<'a> {
    revisions: Vec<&'a Revision>,
}

impl<'a> Unfollowed<'a> {
    pub(crate) fn of(ctx: &ChangeContext<'_>, environments: &[&'a ProjectEnvironment<'a>]) -> Self {
        let mut revisions: Vec<&Revision> = Vec::new();
        for environment in environments {
            let nodes = 0..environment.map.nodes().len();
            for node in nodes.filter(|node| belongs_to_change(ctx, environment, *node)) {
                let replayed = environment.replay().get(node);
                let is_followed = replayed.is_none_or(|replayed| {
                    let run = replayed.migration.upgrade.run();
                    replayed.upgrade.unknown.is_empty()
                        && run.is_some_and(|run| run.end == End::Returns)
                });
                if !is_followed {
                    revisions.push(&environment.map.node(node).revision);
                }
            }
        }
        Self { revisions }
    }

    /// True if one of them may bring what the models are to have: it names the table, and the column if one comes.
    pub(crate) fn may_do(&self, difference: &Difference, table: &str) -> bool {
        let (_, name) = table.rsplit_once('.').unwrap_or(("", table));
        let column = match difference.subject {
            Subject::Column => difference.object.rsplit('.').next(),
            _ => None,
        };
        self.revisions.iter().any(|revision| {
            let text = revision.source.text.as_str();
            let is_named = |wanted: &str| {
                let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                words.any(|word| word.eq_ignore_ascii_case(wanted))
            };
            is_named(name) && column.is_none_or(is_named)
        })
    }
}

/// True if a revision is new or edited in the change, came earlier on the same branch, or comes with a merge.
pub(crate) fn belongs_to_change(
    ctx: &ChangeContext<'_>,
    head: &ProjectEnvironment<'_>,
    node: usize,
) -> bool {
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

/// True if a migration does this, or may.
pub(crate) fn is_covered(
    change: &TableChange,
    difference: &DifferenceKind,
    head: &ProjectEnvironment<'_>,
    migrations: &Migrations,
) -> bool {
    let tables = head.tables_at_head();
    let state = tables.get(&change.table);
    let touched = migrations.touch(&change.table);
    match difference {
        DifferenceKind::TableAdded => state.is_some() || touched,
        DifferenceKind::TableRemoved => state.is_none() || touched,
        DifferenceKind::ColumnAdded(column) => match state.and_then(|state| state.has(column)) {
            Some(exists) => exists,
            None => touched,
        },
        DifferenceKind::ColumnRemoved(column) => match state.and_then(|state| state.has(column)) {
            Some(exists) => !exists,
            None => touched,
        },
        DifferenceKind::ColumnChanged(column, facts) => {
            let are_equal = || {
                let mut facts = facts.iter();
                facts.all(|fact| *fact == NOT_READ || is_equal(&change.table, column, fact, head))
            };
            touched || (migrations.change_types && *facts == ["type"]) || are_equal()
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

/// What stands for the arguments of a column that are not read one by one.
pub(crate) const NOT_READ: &str = "arguments";

/// True if models and migrations certainly have a fact of a column alike by now: the model has caught up.
fn is_equal(table: &str, column: &str, fact: &'static str, head: &ProjectEnvironment<'_>) -> bool {
    let migrated = head.migrated().tables.get(table);
    let described = head.model_schema().whole().catalog.tables.get(table);
    let (Some(there), Some(here)) = (migrated, described) else {
        return false;
    };
    let may_have_more = |table: &Table| {
        [&table.open, &table.maybe, &table.unsure]
            .iter()
            .any(|doubt| doubt.is_some())
    };
    let (Some(one), Some(other)) = (there.column(column), here.column(column)) else {
        return false;
    };
    match fact {
        "type" => one.column_type.same(&other.column_type) == Some(true),
        "nullable" => one.nullable.same(&other.nullable) == Some(true),
        "server default" => one.default.same(&other.default) == Some(true),
        "identity" => one.identity.same(&other.identity) == Some(true),
        "computed" => one.generated.same(&other.generated) == Some(true),
        "comment" => one.comment.same(&other.comment) == Some(true),
        "index" if !may_have_more(there) => has_index(there, column) == has_index(here, column),
        _ => false,
    }
}

/// True if a table has an index over one column alone.
fn has_index(table: &Table, column: &str) -> bool {
    table.indexes.iter().any(|index| {
        let keys = index.definition.known().map(|definition| &definition.keys);
        keys.is_none_or(|keys| matches!(keys.as_slice(), [key] if key.text == column))
    })
}
