//! ML412

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::alembic::{End, Run};
use crate::catalog::{Change, Difference, Subject};
use crate::diagnostic::{Label, closest_within};
use crate::project::ProjectEnvironment;
use crate::rules::downgrade::at;
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};
use crate::schema::{Effect, Operation, Recorded, Table};

declare_rule! {
    "ML412", "rename-as-drop-and-add" in Convention("convention"),
    severity: Warning,
    default: Off,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

enum RenameAsDropAndAdd<'a> {
    Column {
        table: &'a str,
        old: &'a str,
        new: &'a str,
    },
    Table {
        old: &'a str,
        new: &'a str,
    },
}

impl Violation for RenameAsDropAndAdd<'_> {
    fn message(&self) -> String {
        match self {
            Self::Column { table, old, new } => format!(
                "`{table}.{old}` is dropped and `{new}` is added in its place: what is in it is lost"
            ),
            Self::Table { old, new } => format!(
                "table `{old}` is dropped and `{new}` is created with the same columns: what is in it is lost"
            ),
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Column { table, old, new } => format!("{table}.{old} {new}"),
            Self::Table { old, new } => format!("{old} {new}"),
        }
    }

    fn notes(&self) -> Vec<String> {
        vec!["autogenerate sees no renames".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Column { table, old, new } => format!(
                "if it is the same column under another name: `op.alter_column(\"{table}\", \"{old}\", new_column_name=\"{new}\")`"
            ),
            Self::Table { old, new } => {
                format!(
                    "if it is the same table under another name: `op.rename_table(\"{old}\", \"{new}\")`"
                )
            }
        })
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let replayed = ctx.replayed;
    let Some(run) = replayed.migration.upgrade.run() else {
        return;
    };
    // What changes rows may have moved them.
    let may_copy =
        |recorded: &Recorded| matches!(recorded.operation.effect(), Effect::Data | Effect::Unknown);
    if run.end != End::Returns || replayed.changes_anything || run.operations.iter().any(may_copy) {
        return;
    }
    let mut report = |violation: &RenameAsDropAndAdd<'_>, dropped: &Recorded, added: &Recorded| {
        let (primary, mut related) = at(ctx.revision, run, &dropped.place, "dropped");
        related.push(Label::at(&added.place, "and added under another name"));
        reporter
            .report_on(violation, primary, Some(&ctx.revision.id.value))
            .related(related);
    };
    // What the base has not got holds nothing yet.
    let base = ctx.environment.base().map(ProjectEnvironment::migrated);
    let is_there = |table: &SmolStr, column: &SmolStr| {
        base.is_none_or(|base| {
            let table = base.tables.get(table);
            base.opaque.is_some()
                || table.is_some_and(|table| table.open.is_some() || table.column(column).is_some())
        })
    };
    for (table, change) in columns(run) {
        let ([(old, dropped)], [(new, added)]) = (&change.dropped[..], &change.added[..]) else {
            continue;
        };
        if old != new
            && is_there(table, old)
            && is_same_but_the_name(table, old, new, &replayed.upgrade.found)
            && (are_alike(old, new) || is_renamed_in_model(table, old, new, ctx))
        {
            report(
                &RenameAsDropAndAdd::Column { table, old, new },
                dropped,
                added,
            );
        }
    }
    if let Some((old, dropped, new, added)) = tables(run, replayed.migration.downgrade.run()) {
        report(&RenameAsDropAndAdd::Table { old, new }, dropped, added);
    }
}

/// The columns of a table that come and go, each with its operation.
#[derive(Default)]
struct Columns<'r> {
    dropped: Vec<(&'r SmolStr, &'r Recorded)>,
    added: Vec<(&'r SmolStr, &'r Recorded)>,
}

fn columns(run: &Run) -> BTreeMap<&SmolStr, Columns<'_>> {
    let mut tables: BTreeMap<&SmolStr, Columns<'_>> = BTreeMap::new();
    for recorded in run
        .operations
        .iter()
        .filter(|recorded| recorded.is_certain())
    {
        match &recorded.operation {
            Operation::DropColumn {
                table: Some(table),
                column: Some(column),
            } => tables
                .entry(table)
                .or_default()
                .dropped
                .push((column, recorded)),
            Operation::AddColumn {
                table: Some(table),
                column: Some(column),
            } => {
                let added = &mut tables.entry(table).or_default().added;
                added.push((&column.name, recorded));
            }
            _ => {}
        }
    }
    tables
}

/// True if a column goes and another one of the same type, without a default, comes, and a foreign key to the
/// same table with each or none.
fn is_same_but_the_name(table: &str, old: &str, new: &str, found: &[Difference]) -> bool {
    let of = |change: Change, name: &str| {
        let object = format!("{table}.{name}");
        found.iter().find(move |difference| {
            (difference.subject, difference.change) == (Subject::Column, change)
                && difference.object == object
        })
    };
    let (Some(gone), Some(come)) = (of(Change::Removed, old), of(Change::Added, new)) else {
        return false;
    };
    let prefix = format!("{table}.");
    let references = |side: fn(&Difference) -> &serde_json::Value, name: &str| {
        let mut keys = found.iter().filter(|difference| {
            difference.subject == Subject::ForeignKey && difference.object.starts_with(&prefix)
        });
        keys.find_map(|difference| {
            let columns = side(difference)["columns"].as_array()?;
            let is_key = columns.iter().any(|column| column == name);
            is_key.then(|| side(difference)["references"].clone())
        })
    };
    gone.from["type"].is_string()
        && gone.from["type"] == come.to["type"]
        && gone.from["default"] == come.to["default"]
        && references(|difference| &difference.from, old)
            == references(|difference| &difference.to, new)
}

/// True for names of the same words, or of one more, and for those that are spelled nearly the same.
fn are_alike(old: &str, new: &str) -> bool {
    let words = |name: &str| -> BTreeSet<String> {
        let words = name.split('_').filter(|word| !FILLERS.contains(word));
        words
            .map(|word| word.trim_end_matches('s').to_lowercase())
            .collect()
    };
    let (before, after) = (words(old), words(new));
    let (fewer, more) = if before.len() <= after.len() {
        (&before, &after)
    } else {
        (&after, &before)
    };
    let are_same_words =
        !fewer.is_empty() && fewer.is_subset(more) && more.len() - fewer.len() <= 1;
    are_same_words || old.len() > 4 && closest_within(2, old, [new]).is_some()
}

/// Words that are in many names, and tell little.
const FILLERS: &[&str] = &[
    "a", "at", "by", "count", "date", "for", "has", "id", "in", "is", "key", "name", "of", "on",
    "the", "time", "to", "type", "url", "value",
];

/// True if the change gives an attribute of the model another name and leaves the rest of it as it was.
fn is_renamed_in_model(table: &str, old: &str, new: &str, ctx: &ReplayContext<'_>) -> bool {
    let environment = ctx.environment;
    let before = environment.change.as_ref().and_then(|change| change.before);
    let Some((before, after)) = before.and_then(|before| {
        Some((
            only_model(table, before)?,
            only_model(table, environment.head)?,
        ))
    }) else {
        return false;
    };
    let position =
        |table: &Table, name: &str| table.columns.iter().position(|column| column.name == name);
    let (Some(was), Some(is)) = (position(before, old), position(after, new)) else {
        return false;
    };
    was == is
        && before.columns.len() == after.columns.len()
        && position(before, new).is_none()
        && position(after, old).is_none()
        && before
            .columns
            .iter()
            .zip(&after.columns)
            .enumerate()
            .all(|(index, (one, other))| {
                (index == was || one.name == other.name) && one.differences(other).is_empty()
            })
}

fn only_model<'e>(table: &str, environment: &'e ProjectEnvironment<'_>) -> Option<&'e Table> {
    let mut models = environment.models().by_name(table);
    let only = models.next()?;
    (models.next().is_none() && !only.table.open).then_some(&only.table)
}

/// The only table that goes and the only one that comes, if their columns are the same. What the one had is what the
/// downgrade gives it back.
fn tables<'r>(
    run: &'r Run,
    downgrade: Option<&'r Run>,
) -> Option<(&'r str, &'r Recorded, &'r str, &'r Recorded)> {
    let certain = || {
        run.operations
            .iter()
            .filter(|recorded| recorded.is_certain())
    };
    let mut dropped = certain().filter_map(|recorded| match &recorded.operation {
        Operation::DropTable { table: Some(table) } => Some((table, recorded)),
        _ => None,
    });
    let mut added = certain().filter_map(|recorded| match &recorded.operation {
        Operation::CreateTable(table) => Some((table, recorded)),
        _ => None,
    });
    let ((old, drops), (new, adds)) = (dropped.next()?, added.next()?);
    if dropped.next().is_some() || added.next().is_some() || *old == new.name {
        return None;
    }
    let was = downgrade?
        .operations
        .iter()
        .find_map(|recorded| match &recorded.operation {
            Operation::CreateTable(table) if table.name == *old => Some(table),
            _ => None,
        })?;
    let is_same = was.columns.len() >= FEWEST_COLUMNS
        && was.columns.len() == new.columns.len()
        && !was.open
        && !new.open
        && was.columns.iter().all(|column| {
            let other = new.column(&column.name);
            other.is_some_and(|other| other.differences(column).is_empty())
        });
    is_same.then_some((old, drops, &new.name, adds))
}

/// Tables of fewer columns are alike by chance: an id and a name.
const FEWEST_COLUMNS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_by_their_words() {
        for (old, new) in [
            ("email", "email_address"),
            ("created", "created_at"),
            ("tag", "tags"),
            ("adress", "address"),
            ("featured", "is_featured"),
            ("date_of_submission", "submission_date"),
        ] {
            assert!(are_alike(old, new), "{old} {new}");
        }
        for (old, new) in [
            ("email", "phone"),
            ("first_name", "company_name"),
            ("is_active", "is_hidden"),
            ("stripe_session_id", "stripe_payment_intent_id"),
            ("age", "ago"),
        ] {
            assert!(!are_alike(old, new), "{old} {new}");
        }
    }
}
