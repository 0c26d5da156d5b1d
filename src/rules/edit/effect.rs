//! Whether the databases that have run a revision can be seen to differ from those that run it after an edit.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::alembic::{End, Revision, Run, Step, Upgraded};
use crate::catalog::{
    AlterAction, Catalog, Change, ConstraintKind, Ddl, Difference, Differences, ObjectKind,
    RowChange, Subject, compare,
};
use crate::project::ProjectEnvironment;
use crate::rules::difference::Target;
use crate::schema::{Operation, Recorded};
use crate::sql;

/// True if the two versions of a revision certainly leave something else behind: both run on the database that the old one
/// was written for. It does not matter how they ask, what they print, and when they commit; nor how they work out the
/// values of the columns that they fill. Where the database is not followed, what is written differs.
pub(super) fn differs(
    upstream: &ProjectEnvironment<'_>,
    before: usize,
    head: &ProjectEnvironment<'_>,
    node: usize,
    changed: &[String],
) -> bool {
    if upstream.dialect().foreign().is_some() || head.dialect().foreign().is_some() {
        return true;
    }
    let Some(replayed) = upstream.replay().get(before) else {
        return false;
    };
    let database = &replayed.before;
    let old = upstream.upgrade_of(before, database.clone());
    let new = head.upgrade_of(node, database.clone());
    if !is_followed(&old) || !is_followed(&new) {
        return false;
    }
    has_another_schema(&old, &new)
        || !grants_alike(&old, &new)
        || writes_other_rows(&old, &new)
        || binds_otherwise(
            &upstream.map.node(before).revision,
            &head.map.node(node).revision,
            changed,
        )
}

/// False where an upgrade is not known to the end, or raises on the way: what it goes on to do may be what the other version
/// does, and no database has run it.
fn is_followed(upgraded: &Upgraded) -> bool {
    let run = upgraded.upgrade.run();
    run.is_some_and(|run| run.end == End::Returns)
}

/// True if the schema certainly is another one. Extensions are put in place by whoever needs them first, and a table that
/// no migration has made is not there for a version that asks.
fn has_another_schema(old: &Upgraded, new: &Upgraded) -> bool {
    let differences = super::apart(old, new);
    let is_of_foreign_table = |object: &str| {
        let mut tables = old.after.tables.iter();
        tables.any(|(name, table)| {
            let rest = object.strip_prefix(name.as_str());
            table.open.is_some()
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    !differences.is_unbounded
        && differences.found.iter().any(|difference| {
            difference.subject != Subject::Object(ObjectKind::Extension)
                && !(difference.change == Change::Removed
                    && is_of_foreign_table(&difference.object))
        })
}

/// True if rows of other tables are changed, or in another way. What only prepares rows for a constraint was not needed
/// where the old version has succeeded.
fn writes_other_rows(old: &Upgraded, new: &Upgraded) -> bool {
    if !names_what_it_writes(old) || !names_what_it_writes(new) {
        return false;
    }
    let (before, after) = (written(old), written(new));
    let asks = tables_that_are_checked(new);
    before != after
        && !(before.is_subset(&after)
            && after
                .difference(&before)
                .all(|(table, ..)| asks.contains(table)))
}

/// True if a version leaves the same schema as the old one, and changes fewer rows.
pub(super) fn only_leaves_rows(old: &Upgraded, new: &Upgraded) -> bool {
    let differences = super::apart(old, new);
    let (before, after) = (written(old), written(new));
    differences.found.is_empty()
        && !differences.is_unbounded
        && grants_alike(old, new)
        && names_what_it_writes(old)
        && names_what_it_writes(new)
        && before != after
        && after.is_subset(&before)
}

/// True if a revision names all that differs: the columns and indexes, and the tables of constraints.
pub(super) fn alters_all(run: &Run, differences: &[Difference]) -> bool {
    let alters = |difference: &Difference| {
        let target = Target::of(difference);
        match difference.subject {
            Subject::PrimaryKey
            | Subject::Unique
            | Subject::ForeignKey
            | Subject::Check
            | Subject::Exclude
            | Subject::Constraint => run.operations.iter().any(|recorded| {
                matches!(
                    &recorded.operation,
                    Operation::CreateConstraint { table: Some(table), .. }
                    | Operation::DropConstraint { table: Some(table), .. }
                        if Some(table.as_str()) == target.table
                )
            }),
            _ => target.last_naming(run).is_some(),
        }
    };
    !differences.is_empty() && differences.iter().all(alters)
}

/// True if a revision asks the database what it has and names all that differs: what it does there hangs on the answer. An
/// inspector knows what a table has, so it is enough to name the tables; constraints are often named by the database.
pub(super) fn may_mend(revision: &Revision, differences: &[Difference]) -> bool {
    let text = revision.source.text.as_str();
    let lower = text.to_ascii_lowercase();
    let asks = |questions: &[&str]| questions.iter().any(|question| lower.contains(question));
    let is_inspected = asks(INSPECTIONS);
    let names = |name: &str| super::mentions(text, name.rsplit('.').next().unwrap_or(name));
    let quotes = |name: &str| {
        let mut quotes = ['"', '\''].iter();
        quotes.any(|quote| text.contains(&format!("{quote}{name}{quote}")))
    };
    let names_it = |difference: &Difference| {
        let Target { table, name, .. } = Target::of(difference);
        if is_inspected && table.is_some_and(quotes) && text.contains(inspected(difference.subject))
        {
            return true;
        }
        let is_named = matches!(difference.subject, Subject::Column | Subject::Index);
        let name = name.filter(|_| is_named);
        match table {
            Some(table) => names(table) && name.is_none_or(names),
            None => names(&difference.object),
        }
    };
    !differences.is_empty() && (is_inspected || asks(QUESTIONS)) && differences.iter().all(names_it)
}

/// The question of an inspector about what differs; empty where any will do.
fn inspected(subject: Subject) -> &'static str {
    match subject {
        Subject::Column => "get_columns",
        Subject::Index => "get_indexes",
        Subject::PrimaryKey => "get_pk_constraint",
        Subject::Unique => "get_unique_constraints",
        Subject::ForeignKey => "get_foreign_keys",
        Subject::Check => "get_check_constraints",
        _ => "",
    }
}

/// How revisions look at a whole table.
const INSPECTIONS: &[&str] = &["inspect(", "inspector"];

/// How revisions ask a database what it has, in Python and in SQL.
const QUESTIONS: &[&str] = &[
    "has_table(",
    "if exists",
    "if not exists",
    "if_exists=",
    "if_not_exists=",
    "information_schema",
    "pg_catalog",
    "pg_class",
    "pg_constraint",
    "pg_type",
    "to_regclass",
    "sqlite_master",
];

/// True if a revision that takes a database from one state to the other makes, drops, renames or changes what differs, by
/// whatever name it calls it: the default of a column changes with the name of its sequence.
pub(super) fn takes_up(before: &Catalog, after: &Catalog, difference: &Difference) -> bool {
    let mut done = compare(before, after).found.into_iter();
    done.any(|done| {
        let is_renamed = (difference.change, done.change) == (Change::Removed, Change::Renamed);
        done.subject == difference.subject
            && done.object == difference.object
            && (done.change == difference.change || is_renamed)
    })
}

/// True if nothing of the differences is left after a revision that has run on both databases.
pub(super) fn brings_together(
    on_old: &Upgraded,
    on_new: &Upgraded,
    differences: &Differences,
) -> bool {
    let left = compare(&on_old.after, &on_new.after);
    let is_left = |difference: &Difference| {
        let mut left = left.found.iter();
        left.any(|other| other.object == difference.object)
    };
    !differences.found.is_empty()
        && !left.is_unbounded
        && left.unknown.len() <= differences.unknown.len()
        && !differences.found.iter().any(is_left)
}

/// The tables whose rows may make a statement fail.
fn tables_that_are_checked(upgraded: &Upgraded) -> BTreeSet<&SmolStr> {
    let mut found = BTreeSet::new();
    for step in &upgraded.steps {
        match &step.ddl {
            Ddl::AlterTable { table, action, .. } => {
                let is_checked = match action {
                    AlterAction::AddColumn { definition, .. } => definition.needs_value(),
                    AlterAction::SetNullable { nullable, .. } => !nullable,
                    AlterAction::AddConstraint(constraint) => {
                        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                            found.insert(&key.references);
                        }
                        true
                    }
                    AlterAction::AlterType { .. }
                    | AlterAction::AddConstraintUsingIndex { .. }
                    | AlterAction::ValidateConstraint { .. } => true,
                    _ => false,
                };
                if is_checked {
                    found.insert(table);
                }
            }
            Ddl::CreateIndex {
                table, definition, ..
            } if definition.known().is_none_or(|index| index.unique) => {
                found.insert(table);
            }
            _ => {}
        }
    }
    found
}

/// True if the new version has all that the old one leaves behind and no catalog of ours holds, and certainly no more: what it
/// only does as the database answers may have been done before.
fn grants_alike(old: &Upgraded, new: &Upgraded) -> bool {
    let before: BTreeSet<Option<&str>> = grants(old).map(definition).collect();
    let after: BTreeSet<Option<&str>> = grants(new).map(definition).collect();
    let mut certain = grants(new).filter(|recorded| recorded.certain);
    before.is_subset(&after) && certain.all(|recorded| before.contains(&definition(recorded)))
}

fn grants(upgraded: &Upgraded) -> impl Iterator<Item = &Recorded> {
    let run = upgraded.upgrade.run().into_iter();
    run.flat_map(|run| &run.operations).filter(|recorded| {
        matches!(&recorded.operation, Operation::Sql(statement) if statement.kind == sql::StatementKind::Grant)
    })
}

/// What is written, as far as it is known.
fn definition(recorded: &Recorded) -> Option<&str> {
    recorded.definition.as_deref()
}

/// False where rows are changed through objects of a session, or by something that is not followed.
fn names_what_it_writes(upgraded: &Upgraded) -> bool {
    let run = upgraded.upgrade.run();
    let mut operations = run.iter().flat_map(|run| &run.operations);
    !operations.any(|recorded| {
        matches!(
            &recorded.operation,
            Operation::Data { table: None } | Operation::Opaque { .. }
        )
    })
}

/// The tables whose rows are changed, whether they are removed, and in which columns as far as that is said.
fn written(upgraded: &Upgraded) -> BTreeSet<(SmolStr, bool, Vec<SmolStr>)> {
    let mut found = BTreeSet::new();
    for step in &upgraded.steps {
        let Ddl::Data { tables, rows } = &step.ddl else {
            continue;
        };
        let removes = matches!(rows, RowChange::Removed { .. });
        let columns = written_columns(upgraded, step);
        for table in tables {
            found.insert((table.clone(), removes, columns.clone()));
        }
    }
    found
}

/// What databases that have run the old version have otherwise in their rows, as far as it is said which: "lack the rows
/// that it now adds to `users`".
pub(super) fn rows_in_words(old: &Upgraded, new: &Upgraded) -> Vec<String> {
    if !names_what_it_writes(old) || !names_what_it_writes(new) {
        return Vec::new();
    }
    let (before, after) = (tables_written(old), tables_written(new));
    let gained = after.difference(&before);
    let lost = before.difference(&after);
    let tables = gained.clone().chain(lost.clone());
    let tables: BTreeSet<&SmolStr> = tables.map(|(table, ..)| table).collect();
    let of = |written: &Written, table: &SmolStr| -> Vec<Writing> {
        let of_table = written.iter().filter(|(other, ..)| other == table);
        of_table.map(|(_, writing, _)| *writing).collect()
    };
    let gained: Written = gained.cloned().collect();
    let lost: Written = lost.cloned().collect();
    let words = |table: &SmolStr| match (of(&gained, table).as_slice(), of(&lost, table).as_slice())
    {
        ([Writing::Adds], []) => format!("lack the rows that it now adds to `{table}`"),
        ([Writing::Changes], []) => format!("lack what it now writes to `{table}`"),
        ([Writing::Removes], []) => {
            format!("still have the rows that it now removes from `{table}`")
        }
        ([], [Writing::Adds]) => format!("still have the rows that it added to `{table}`"),
        ([], [Writing::Changes]) => format!("still have what it wrote to `{table}`"),
        ([], [Writing::Removes]) => format!("lack the rows that it removed from `{table}`"),
        _ => format!("have other rows in `{table}`"),
    };
    tables.into_iter().map(words).collect()
}

/// What is done to rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Writing {
    Adds,
    Changes,
    Removes,
}

/// Tables, what is done to their rows, and in which columns as far as that is said.
type Written = BTreeSet<(SmolStr, Writing, Vec<SmolStr>)>;

fn tables_written(upgraded: &Upgraded) -> Written {
    let mut found = BTreeSet::new();
    for step in &upgraded.steps {
        let Ddl::Data { tables, rows } = &step.ddl else {
            continue;
        };
        let writing = match rows {
            RowChange::Added => Writing::Adds,
            RowChange::Removed { .. } => Writing::Removes,
            RowChange::Updated { .. } | RowChange::Mixed => Writing::Changes,
        };
        let columns = written_columns(upgraded, step);
        for table in tables {
            found.insert((table.clone(), writing, columns.clone()));
        }
    }
    found
}

fn written_columns(upgraded: &Upgraded, step: &Step) -> Vec<SmolStr> {
    let texts = upgraded
        .sql
        .iter()
        .filter(|sql| sql.is_part_of(&step.place));
    let mut columns: Vec<SmolStr> = texts
        .flat_map(|sql| sql::written_columns(&sql.text))
        .collect();
    columns.sort();
    columns.dedup();
    columns
}

/// True if rows are read or written through columns of other types: what was a dict to the code may be a string then.
fn binds_otherwise(old: &Revision, new: &Revision, changed: &[String]) -> bool {
    let columns = |revision: &Revision| {
        let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for text in super::texts(&revision.source, changed) {
            for table in calls(&text, &["sqlalchemy.table(", "sqlalchemy.Table("]) {
                let name = first_string(table).to_owned();
                for column in calls(table, &["sqlalchemy.Column(", "sqlalchemy.column("]) {
                    let key = (name.clone(), first_string(column).to_owned());
                    let column_type = positional(column).nth(1).unwrap_or_default();
                    found.entry(key).or_default().insert(unplaced(column_type));
                }
            }
        }
        found
    };
    let after = columns(new);
    columns(old)
        .iter()
        .any(|(name, types)| after.get(name).is_some_and(|others| others != types))
}

/// The text of a type without the modules of the names in it, those of SQLAlchemy aside: a class that a revision has taken
/// over from the application is the same type.
fn unplaced(text: &str) -> String {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_of_name) {
        let (between, from_name) = rest.split_at(start);
        let end = from_name.find(|c| !is_of_name(c));
        let (name, after) = from_name.split_at(end.unwrap_or(from_name.len()));
        let is_kept = name.starts_with("sqlalchemy.") || !name.starts_with(char::is_alphabetic);
        let last = name.rsplit('.').next().unwrap_or(name);
        found.push_str(between);
        found.push_str(if is_kept { name } else { last });
        rest = after;
    }
    found.push_str(rest);
    found
}

/// The arguments of calls in a canonical text.
fn calls<'t>(text: &'t str, functions: &[&str]) -> Vec<&'t str> {
    let starts = functions.iter().flat_map(|function| {
        text.match_indices(function)
            .map(|(at, function)| at + function.len())
    });
    starts
        .filter_map(|start| {
            let rest = text.get(start..)?;
            let mut depth = 1_u32;
            let end = rest.find(|c| {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                depth == 0
            })?;
            rest.get(..end)
        })
        .collect()
}

fn first_string(arguments: &str) -> &str {
    let first = arguments.split(',').next().unwrap_or_default();
    first.trim().trim_matches(['"', '\''])
}

/// The arguments of a call that stand before those with names.
fn positional(arguments: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    let mut quote = None;
    let parts = arguments.split(move |c: char| {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0 && quote.is_none()
    });
    parts.map(str::trim).take_while(|part| {
        let name = part.split('=').next().unwrap_or_default();
        !part.contains('=') || name.contains(['(', '"', '\''])
    })
}
