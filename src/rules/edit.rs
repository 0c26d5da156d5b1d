//! What an edit of a revision changes for the databases that have run it.

mod effect;

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::alembic::{End, NamedTable, Revision, Run, Step, Upgraded};
use crate::catalog::{
    AlterAction, Catalog, Change, Ddl, Difference, Differences, ObjectKind, Subject, compare,
};
use crate::dialect::Dialect;
use crate::project::ProjectEnvironment;
use crate::python::ast::{Name, StmtKind};
use crate::python::{Definitions, Likeness, ParsedFile, definitions};
use crate::rules::difference::{Target, said_by_models};
use crate::rules::simple;
use crate::schema::{Effect, IgnoredKind, Recorded};

/// The names that an edit gives another meaning, by the text alone.
pub(crate) fn changed(before: &ParsedFile, after: &ParsedFile, dialect: Dialect) -> Vec<String> {
    let exactly = Likeness::default();
    let changed = changed_names(before, after, &exactly);
    if changed.is_empty() {
        return changed;
    }
    let likeness = Likeness {
        by_package: true,
        // MySQL takes what is not said of a column for said otherwise.
        without_existing: dialect != Dialect::MySql,
        ..exactly
    };
    let still = changed_names(before, after, &likeness);
    both(changed, &still)
}

/// The same, with what the revision and its imports are known to do.
pub(crate) fn changed_in_effect(
    upstream: &ProjectEnvironment<'_>,
    before: usize,
    head: &ProjectEnvironment<'_>,
    node: usize,
) -> Vec<String> {
    let old = &upstream.map.node(before).revision;
    let new = &head.map.node(node).revision;
    let dialect = head.dialect().dialect;
    let changed = changed(&old.source, &new.source, dialect);
    if changed.is_empty()
        || does_the_same(upstream, before, head, node)
        || !effect::differs(upstream, before, head, node, &changed)
    {
        return Vec::new();
    }
    let tables = shared_tables(upstream, old, head, new);
    if tables.is_empty() {
        return changed;
    }
    let likeness = Likeness {
        by_package: true,
        without_existing: dialect != Dialect::MySql,
        tables: tables
            .iter()
            .map(|(class, (table, _))| (class.clone(), mark(&table.table)))
            .collect(),
    };
    let texts = [&old.source, &new.source].map(|source| definitions(&source.module, &likeness));
    let is_only_asked = |(one, other): &(NamedTable, NamedTable)| {
        let mut texts = texts.iter().flat_map(Definitions::values);
        texts.all(|text| is_only_asked(text, one, other))
    };
    if !tables.values().all(is_only_asked) {
        return changed;
    }
    both(changed, &changed_names(&old.source, &new.source, &likeness))
}

/// What the databases that have run the revision before lack, or have too much, of the schema that [`changed_in_effect`] leads
/// to, as far as it is known. `None` where they lack nothing: the edit only leaves rows alone, or none can have run it, or later
/// revisions have made them alike again, or a new revision of the change alters all that differs.
pub(crate) fn missing(
    upstream: &ProjectEnvironment<'_>,
    before: usize,
    head: &ProjectEnvironment<'_>,
    node: usize,
) -> Option<Vec<Difference>> {
    let Some(replayed) = upstream.replay().get(before) else {
        return Some(Vec::new());
    };
    let database = &replayed.before;
    let old = upstream.upgrade_of(before, database.clone());
    let new = head.upgrade_of(node, database.clone());
    let is_mended = fails(&old) && !fails(&new);
    if is_mended || effect::only_leaves_rows(&old, &new) {
        return None;
    }
    let mut differences = apart(&old, &new);
    if differences.found.is_empty() {
        return Some(Vec::new());
    }
    leave_what_lasts(&mut differences, upstream, head);
    // A table that no migration makes is somebody else's, who may make it again.
    let is_foreign = |difference: &Difference| {
        let is_it = |state: &Catalog| {
            let table = state.tables.get(difference.object.as_str());
            table.is_some_and(|table| table.is_of_others())
        };
        difference.subject == Subject::Table && (is_it(&old.after) || is_it(&new.after))
    };
    differences
        .found
        .retain(|difference| !is_foreign(difference));
    // What has run has made it as the models want it.
    let models = &head.model_schema().catalog;
    differences
        .found
        .retain(|difference| said_by_models(difference, models).as_ref() != Some(&difference.from));
    // An extension that stays is in nobody's way.
    differences.found.retain(|difference| {
        (difference.subject, difference.change)
            != (Subject::Object(ObjectKind::Extension), Change::Removed)
    });
    let is_new = |node: &usize| upstream.map.find(head.map.node(*node).id()).is_none();
    let new_ones: Vec<usize> = head
        .map
        .upgrade_order()
        .into_iter()
        .filter(is_new)
        .collect();
    // A new revision makes up for what it alters, whatever else there is.
    differences.found.retain(|difference| {
        let alters = |run: Option<&Run>| {
            run.is_some_and(|run| effect::alters_all(run, std::slice::from_ref(difference)))
        };
        !new_ones.iter().any(|node| {
            let replayed = head.replay().get(*node);
            alters(head.defined_migration(*node).upgrade.run())
                || replayed.is_some_and(|replayed| alters(replayed.migration.upgrade.run()))
        })
    });
    if differences.found.is_empty() {
        return None;
    }
    let on_old: Vec<Upgraded> = new_ones
        .iter()
        .map(|node| head.upgrade_of(*node, old.after.clone()))
        .collect();
    differences.found.retain(|difference| {
        let mut on_old = on_old.iter();
        !on_old.any(|upgraded| effect::takes_up(&old.after, &upgraded.after, difference))
    });
    if differences.found.is_empty() {
        return None;
    }
    let mut new_ones = new_ones.into_iter().zip(&on_old);
    let is_made_up_for = new_ones.any(|(node, on_old)| {
        let alters_all =
            |run: Option<&Run>| run.is_some_and(|run| effect::alters_all(run, &differences.found));
        // It may ask what a database has that has run the revision before: all that it may do is meant.
        effect::may_mend(&head.map.node(node).revision, &differences.found) || {
            alters_all(on_old.upgrade.run()) || {
                let on_new = head.upgrade_of(node, new.after.clone());
                effect::brings_together(on_old, &on_new, &differences)
            }
        }
    });
    (!is_made_up_for).then_some(differences.found)
}

/// True for an upgrade that fails, be it at columns that are the letters of a string.
fn fails(upgraded: &Upgraded) -> bool {
    let takes_letters = |recorded: &Recorded| {
        let mut ignored = recorded.ignored.iter();
        ignored.any(|ignored| matches!(ignored.kind, IgnoredKind::Letters { .. }))
    };
    let run = upgraded.upgrade.run();
    !upgraded.failures.is_empty() || run.is_some_and(|run| run.operations.iter().any(takes_letters))
}

/// What the two versions of a revision leave otherwise, but for comments, and columns that one of them only uses.
fn apart(old: &Upgraded, new: &Upgraded) -> Differences {
    let mut differences = compare(&old.after, &new.after);
    differences.found.retain(|difference| {
        difference.change != Change::Changed("comment") && !is_only_used(difference, old, new)
    });
    differences
}

/// True for a column of a table that no migration makes, which one version uses, and the other one does not name.
fn is_only_used(difference: &Difference, old: &Upgraded, new: &Upgraded) -> bool {
    let (there, elsewhere) = match difference.change {
        Change::Added => (new, old),
        Change::Removed => (old, new),
        _ => return false,
    };
    let target = Target::of(difference);
    let (Some(table), Some(name)) = (target.table, target.name) else {
        return false;
    };
    let table = there.after.tables.get(table);
    let column = table.and_then(|table| table.column(name));
    let run = elsewhere.upgrade.run();
    difference.subject == Subject::Column
        && table.is_some_and(|table| table.open.is_some())
        && column.is_some_and(|column| column.column_type.known().is_none())
        && run.is_some_and(|run| target.last_naming(run).is_none())
}

/// What the rows of databases that have run the revision before lack or have too much, in words: see
/// [`effect::rows_in_words`].
pub(crate) fn rows_apart(
    upstream: &ProjectEnvironment<'_>,
    before: usize,
    head: &ProjectEnvironment<'_>,
    node: usize,
) -> Vec<String> {
    let Some(replayed) = upstream.replay().get(before) else {
        return Vec::new();
    };
    let database = &replayed.before;
    let old = upstream.upgrade_of(before, database.clone());
    let new = head.upgrade_of(node, database.clone());
    effect::rows_in_words(&old, &new)
}

/// Leaves out what the later revisions of both sides have made alike again: a table that is dropped, a constraint that went
/// with its column, a column that is altered once more.
fn leave_what_lasts(
    differences: &mut Differences,
    upstream: &ProjectEnvironment<'_>,
    head: &ProjectEnvironment<'_>,
) {
    let (there, here) = (upstream.migrated(), head.migrated());
    let at_last = compare(there, here);
    let is_dropped = |difference: &Difference| {
        let table = Target::of(difference).table;
        table.is_some_and(|table| {
            [there, here].iter().all(|now| {
                !now.tables.contains_key(table)
                    && (now.opaque.is_none() || now.dropped_tables.contains(table))
            })
        })
    };
    // Tables that no migration makes are not compared.
    let is_open = |difference: &Difference| {
        let table = Target::of(difference).table;
        let tables = [there, here].into_iter().map(|now| &now.tables);
        let mut tables = table
            .into_iter()
            .flat_map(|name| tables.clone().filter_map(|all| all.get(name)));
        tables.any(|table| table.open.is_some())
    };
    let lasts = |difference: &Difference| {
        let mut left = at_last.found.iter();
        at_last.is_unbounded
            || is_open(difference)
            || left.any(|other| other.is_same_as(difference))
    };
    differences
        .found
        .retain(|difference| !is_dropped(difference) && lasts(difference));
}

/// True if the upgrade of a revision does nothing to a database that has run it: it looks first, or says `IF NOT EXISTS`.
pub(crate) fn does_nothing_to(
    database: &Catalog,
    head: &ProjectEnvironment<'_>,
    node: usize,
) -> bool {
    asks_before_all(head, node) || leaves_alone(database, head, node)
}

/// True if a revision that changes the schema where it runs does nothing to a database that has never run it.
pub(crate) fn is_done_in(database: &Catalog, head: &ProjectEnvironment<'_>, node: usize) -> bool {
    let replayed = head.replay().get(node);
    replayed.is_some_and(|replayed| !replayed.upgrade.found.is_empty())
        && leaves_alone(database, head, node)
}

fn leaves_alone(database: &Catalog, head: &ProjectEnvironment<'_>, node: usize) -> bool {
    let upgraded = head.upgrade_of(node, database.clone());
    let differences = compare(database, &upgraded.after);
    let changes_rows = |step: &Step| matches!(step.ddl, Ddl::Data { .. });
    upgraded
        .upgrade
        .run()
        .is_some_and(|run| run.end == End::Returns)
        && upgraded.failures.is_empty()
        && differences.found.is_empty()
        && differences.unknown.is_empty()
        && !differences.is_unbounded
        && !upgraded
            .steps
            .iter()
            .any(|step| changes_rows(step) || makes_anew(step))
}

/// True if each operation of an upgrade hangs on what the database answers.
fn asks_before_all(head: &ProjectEnvironment<'_>, node: usize) -> bool {
    let answered = head.map.node(node).revision.answered();
    let migration = head.migration(node);
    migration.is_some_and(|migration| {
        migration.upgrade.run().is_some_and(|run| {
            !run.is_empty()
                && run.operations.iter().all(|recorded| {
                    recorded.operation.effect() == Effect::Nothing
                        || answered.decides(&recorded.place)
                })
        })
    })
}

/// True for a statement that makes something without asking whether it is there: it does it, or fails.
fn makes_anew(step: &Step) -> bool {
    simple(&step.ddl).iter().any(|(ddl, _)| match ddl.as_ref() {
        Ddl::CreateTable(create) => !create.if_not_exists,
        Ddl::CreateIndex { if_not_exists, .. } | Ddl::CreateEnum { if_not_exists, .. } => {
            !if_not_exists
        }
        Ddl::AlterTable { action, .. } => match action {
            AlterAction::AddColumn { if_not_exists, .. } => !if_not_exists,
            AlterAction::AddConstraint(_) => true,
            _ => false,
        },
        _ => false,
    })
}

/// The text of the names as it is compared.
fn texts(source: &ParsedFile, names: &[String]) -> Vec<String> {
    let likeness = Likeness {
        by_package: true,
        ..Likeness::default()
    };
    let mut definitions = definitions(&source.module, &likeness);
    let texts = names.iter().filter_map(|name| definitions.remove(name));
    texts.collect()
}

fn both(mut changed: Vec<String>, still: &[String]) -> Vec<String> {
    changed.retain(|name| still.contains(name));
    changed
}

/// The definitions that differ and matter to a database that has run the revision. The way down does not: it is only
/// run later, and may well be corrected.
fn changed_names(before: &ParsedFile, after: &ParsedFile, likeness: &Likeness) -> Vec<String> {
    let old = definitions(&before.module, likeness);
    let new = definitions(&after.module, likeness);
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let (run_before, run_after) = (run_by_upgrade(&old), run_by_upgrade(&new));
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .filter(|name| !is_identifier(name))
        .filter(|name| run_before.contains(name) || run_after.contains(name))
        .cloned()
        .collect()
}

/// `upgrade`, its parts for several databases, statements that define nothing, and all that these lead to.
fn run_by_upgrade(definitions: &Definitions) -> FxHashSet<&String> {
    let mut found = FxHashSet::default();
    let mut todo: Vec<&String> = definitions
        .keys()
        .filter(|name| name.is_empty() || name.starts_with("upgrade"))
        .collect();
    while let Some(name) = todo.pop() {
        let Some(text) = definitions.get(name).filter(|_| found.insert(name)) else {
            continue;
        };
        let others = definitions.keys();
        todo.extend(others.filter(|other| !other.is_empty() && mentions(text, other)));
    }
    found
}

/// What places a revision among the others.
fn is_identifier(name: &str) -> bool {
    matches!(
        name,
        "revision" | "down_revision" | "depends_on" | "branch_labels"
    )
}

fn mentions(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text
            .get(at + name.len()..)
            .and_then(|after| after.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// True if both versions of `upgrade` certainly do the same, however they are written, or neither changes anything.
fn does_the_same(
    upstream: &ProjectEnvironment<'_>,
    before: usize,
    head: &ProjectEnvironment<'_>,
    node: usize,
) -> bool {
    let (old, new) = (
        upstream.defined_migration(before),
        head.defined_migration(node),
    );
    let (Some(old), Some(new)) = (old.upgrade.run(), new.upgrade.run()) else {
        return false;
    };
    if old.is_empty() && new.is_empty() {
        return true;
    }
    match (old.definitions(), new.definitions()) {
        (Some(old), Some(new)) => old == new,
        _ => false,
    }
}

/// The classes that both versions mean the same table by, of which one at least has its own.
fn shared_tables(
    upstream: &ProjectEnvironment<'_>,
    old: &Revision,
    head: &ProjectEnvironment<'_>,
    new: &Revision,
) -> BTreeMap<Name, (NamedTable, NamedTable)> {
    let defines = |revision: &Revision, name: &Name| {
        let mut body = revision.source.module.body.iter();
        body.any(|stmt| matches!(&stmt.kind, StmtKind::ClassDef(class) if class.name == *name))
    };
    let mut before = upstream.named_tables(old);
    let after = head.named_tables(new);
    after
        .into_iter()
        .filter(|(name, _)| defines(old, name) != defines(new, name))
        .filter_map(|(name, after)| {
            let before = before.remove(&name)?;
            before.is_same(&after).then_some((name, (before, after)))
        })
        .collect()
}

/// Stands for a class in the text of definitions.
fn mark(table: &str) -> String {
    format!("<table {table}>")
}

/// True if a class is only asked for rows and columns that both versions of it have, so that it does not matter what else
/// it does. New rows have its defaults, and what is deleted through it may take others along.
fn is_only_asked(text: &str, one: &NamedTable, other: &NamedTable) -> bool {
    let mark = mark(&one.table);
    if !text.contains(&mark) {
        return true;
    }
    let deletes_objects = text.match_indices(".delete(").any(|(at, call)| {
        let argument = text.get(at + call.len()..);
        argument.is_some_and(|argument| argument.starts_with(char::is_alphabetic))
    });
    !deletes_objects
        && text.match_indices(&mark).all(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + mark.len()..).unwrap_or_default();
            let makes_rows = after.starts_with('(')
                || ["insert(", "bulk_insert_mappings("]
                    .iter()
                    .any(|call| before.ends_with(call));
            !makes_rows && attribute(after).is_none_or(|name| is_known(name, one, other))
        })
}

fn attribute(after: &str) -> Option<&str> {
    let rest = after.strip_prefix('.')?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    rest.get(..end.unwrap_or(rest.len()))
}

fn is_known(name: &str, one: &NamedTable, other: &NamedTable) -> bool {
    matches!(name, "__table__" | "__tablename__")
        || one.columns.contains_key(name) && other.columns.contains_key(name)
}
