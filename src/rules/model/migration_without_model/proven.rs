//! Contradictions between the schemas of migrations and models, where both are known.

use std::collections::BTreeSet;

use super::{UNDONE, new_revisions};
use crate::catalog::{Change, Difference, Subject};
use crate::diagnostic::{Label, Severity};
use crate::models::{DriftDifference, Introduced};
use crate::project::ProjectEnvironment;
use crate::rules::difference::{Target, follows, nullability, plain, short};
use crate::rules::{EnvironmentContext, Reporter, Violation, pairing};
use crate::schema::Operation;
use crate::source::FileSpan;

/// What a migration makes, and the models have otherwise.
#[derive(Clone, Copy)]
struct Contradicted<'a> {
    /// From what the migrations make to what the models say.
    found: &'a Difference,
    table: &'a str,
    /// What the migration changes.
    change: &'a Difference,
    /// The name that the migration gives to the column that is missing.
    renamed: Option<&'a str>,
    operation: &'a FileSpan,
    model: Option<&'a FileSpan>,
    node: usize,
    /// True if the operation there gives a column another name.
    is_rename: bool,
}

impl Contradicted<'_> {
    /// True for a default of a new column, as for the rows that are there, where the model fills in the same itself, or
    /// what it works out.
    fn fills_rows(&self, head: &ProjectEnvironment<'_>) -> bool {
        let found = self.found;
        let is_new = matches!(self.change.subject, Subject::Column | Subject::Table)
            && self.change.change == Change::Added;
        if (found.subject, found.change) != (Subject::Column, Change::Changed("default"))
            || !is_new
            || !found.to.is_null()
        {
            return false;
        }
        let models = head.model_schema().whole();
        let default = models.python_defaults.get(&found.object);
        default
            .zip(found.from.as_str())
            .is_some_and(|(own, there)| {
                own.as_ref().is_none_or(|default| default.is_same_as(there))
            })
    }

    /// True for a part of a table that the migration makes as a whole.
    fn comes_with_table(&self) -> bool {
        self.change.subject == Subject::Table
            && self.change.change == Change::Added
            && self.found.subject != Subject::Table
    }

    /// The name within its table.
    fn part(&self) -> &str {
        let rest = self.found.object.strip_prefix(self.table);
        rest.unwrap_or(&self.found.object).trim_start_matches('.')
    }

    /// True for what is one thing to correct: indexes of one table, what several tables have from one line of the models,
    /// and a column that is added to several.
    fn goes_with(&self, other: &Self) -> bool {
        let kind = |one: &Self| (one.node, one.found.subject, one.found.change);
        let are_indexes = self.found.subject == Subject::Index
            && matches!(self.found.change, Change::Added | Change::Removed)
            && self.table == other.table;
        let is_one_line = self.model.is_some() && self.model == other.model;
        // A table and the one that holds its history are given the same column.
        let is_added_to_both =
            (self.found.subject, self.found.change) == (Subject::Column, Change::Removed);
        let is_one_thing = (is_one_line || is_added_to_both)
            && self.table != other.table
            && self.part() == other.part()
            && self.renamed == other.renamed
            && !self.comes_with_table();
        kind(self) == kind(other)
            && self.comes_with_table() == other.comes_with_table()
            && (are_indexes || is_one_thing)
    }
}

/// What one correction mends.
struct Together<'a> {
    first: Contradicted<'a>,
    others: Vec<Contradicted<'a>>,
    /// What an instance of the model is given, and SQLAlchemy does not look at.
    lost_arguments: Option<&'a FileSpan>,
    /// How indexes are keyed, as in `users.mail`.
    keys: Option<String>,
    /// What else of tables that the migration makes is otherwise.
    further: Vec<Together<'a>>,
}

impl Together<'_> {
    fn all(&self) -> impl Iterator<Item = &Contradicted<'_>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// ``index `ix_a` ``, ``indexes `ix_a` and `ix_b` ``
    fn parts(&self) -> String {
        if self.others.is_empty() {
            return pairing::part_in_words(self.first.found, self.first.table);
        }
        let names: Vec<String> = self.all().map(|one| format!("`{}`", one.part())).collect();
        format!("indexes {}", pairing::and(&names))
    }

    /// `` `users.mail` ``, ``index `users.ix_mail` ``, ``indexes `ix_a` and `ix_b` of `users` ``
    fn objects(&self) -> String {
        let Contradicted { found, table, .. } = self.first;
        if found.subject == Subject::Index && !self.others.is_empty() {
            let side = match found.change {
                Change::Removed => "to",
                _ => "of",
            };
            return format!("{} {side} `{table}`", self.parts());
        }
        let names: Vec<String> = self
            .all()
            .map(|one| match found.subject {
                Subject::Column => format!("`{}`", one.found.object),
                subject => format!("{} `{}`", subject.noun(), one.found.object),
            })
            .collect();
        pairing::and(&names)
    }
}

impl Violation for Together<'_> {
    fn message(&self) -> String {
        let Contradicted { found, table, .. } = self.first;
        let Difference {
            subject,
            change,
            object,
            from,
            to,
            ..
        } = found;
        let what = self.objects();
        if let Some(new) = self.first.renamed {
            return format!("the migration renames {what} to `{new}`, the model does not");
        }
        let makes_table = self.first.comes_with_table();
        match (subject, change) {
            (Subject::Table, Change::Removed) => {
                format!("the migration creates table `{object}`, which no model describes")
            }
            (Subject::Table, Change::Added) => {
                format!("the migration drops table `{object}`, which still has a model")
            }
            (Subject::Enum, _) => {
                format!("the migration leaves labels out of {what} that the models have")
            }
            (_, Change::Removed) if makes_table => format!(
                "the migration creates table `{table}` with {}, which the model does not have",
                self.parts()
            ),
            (_, Change::Added) if makes_table => format!(
                "the migration creates table `{table}` without {}, which the model has",
                self.parts()
            ),
            (_, Change::Removed) => {
                format!("the migration adds {what}, which the model does not have")
            }
            (_, Change::Added) => format!("the migration drops {what}, which the model still has"),
            (_, Change::Renamed) => {
                let of = match &self.keys {
                    Some(keys) => format!("on `{keys}`"),
                    None => format!("of `{table}`"),
                };
                format!(
                    "the migration names the {} {of} `{}`, the model `{}`",
                    subject.noun(),
                    short(&plain(from)),
                    short(&plain(to))
                )
            }
            (_, Change::Changed("nullable")) => {
                format!(
                    "the migration makes {what} {}, the model says {}",
                    nullability(from),
                    nullability(to)
                )
            }
            (Subject::Table, Change::Changed("comment")) => format!(
                "the migration gives {what} the comment `{}`, the model `{}`",
                short(&plain(from)),
                short(&plain(to))
            ),
            (Subject::Column, Change::Changed(fact)) => format!(
                "the migration makes the {} of {what} `{}`, the model says `{}`",
                pairing::fact_in_words(fact),
                short(&plain(from)),
                short(&plain(to))
            ),
            (_, Change::Changed(_)) => {
                format!("the migration makes {what} otherwise than the model has it")
            }
        }
    }

    fn subject(&self) -> String {
        let subjects: Vec<String> = self
            .all()
            .map(|one| format!("{} {}", one.found.kind(), one.found.object))
            .collect();
        subjects.join(" ")
    }

    fn notes(&self) -> Vec<String> {
        let further = self.further.iter().take(MOST_FURTHER);
        let mut notes: Vec<String> = further
            .map(|together| format!("and {}", together.message()))
            .collect();
        if let more @ 1.. = self.further.len().saturating_sub(MOST_FURTHER) {
            let differences = if more == 1 {
                "difference"
            } else {
                "differences"
            };
            notes.push(format!(
                "and {more} more {differences} of tables that it creates"
            ));
        }
        notes.push(UNDONE.to_owned());
        if self.lost_arguments.is_some() {
            notes.push(
                "`__table_args__` is read from the class when it is made: what `__init__` sets on an instance has no \
                 effect"
                    .to_owned(),
            );
        }
        notes
    }

    /// What the database has and the models do not, the models can follow; NULL is no matter to code that was written
    /// for both.
    fn is_half(&self) -> bool {
        matches!(
            self.first.found.change,
            Change::Removed | Change::Changed("nullable")
        ) && self.further.iter().all(Violation::is_half)
    }

    fn severity(&self) -> Option<Severity> {
        let is_comment =
            |together: &Together<'_>| together.first.found.change == Change::Changed("comment");
        (is_comment(self) && self.further.iter().all(is_comment)).then_some(Severity::Info)
    }
}

/// So many further differences are written out.
const MOST_FURTHER: usize = 6;
/// A migration that makes more tables otherwise than the models is told of once.
const MOST_TABLES: usize = 5;

/// What is otherwise of a table that the migration makes is one finding, and so are many such tables.
fn folded<'a>(all: Vec<Together<'a>>) -> Vec<Together<'a>> {
    let is_new = |one: &Together<'a>| one.first.comes_with_table();
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
            is_new(&one)
                && is_new(other)
                && other.first.node == one.first.node
                && (other.first.table == one.first.table || full.contains(&one.first.node))
        });
        match same {
            Some(first) => first.further.push(one),
            None => kept.push(one),
        }
    }
    kept
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
    let expects_models = !introduced.had_tables_without_model();
    let expects_indexes = !introduced.had_indexes_without_model();
    let is_expected = |difference: &Difference| match (difference.subject, difference.change) {
        (Subject::Table, Change::Removed) => expects_models,
        (Subject::Index, Change::Removed) => expects_indexes,
        _ => true,
    };
    let found: Vec<&DriftDifference> = introduced.others.clone();
    let all: Vec<Difference> = found.iter().map(|found| found.difference.clone()).collect();
    let tables: Vec<String> = all
        .iter()
        .map(|difference| pairing::table_of(difference, head))
        .collect();
    let mut contradictions: Vec<Contradicted<'_>> = found
        .iter()
        .zip(&tables)
        .filter(|(found, _)| found.is_seen() || found.difference.subject == Subject::Enum)
        .filter(|(found, _)| is_expected(&found.difference) && !follows(&found.difference, &all))
        .filter(|(found, _)| !pairing::holds_the_labels(found, head))
        .filter_map(|(found, table)| contradicted(found, table, new, head))
        .filter(|contradicted| !contradicted.fills_rows(head))
        .collect();
    name_renamed(&mut contradictions);
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
    contradictions.retain(|contradicted| !is_told(contradicted));
    for together in folded(gathered(&contradictions, head)) {
        let label = Label::at(together.first.operation, "in the migration");
        let others = together.others.iter().filter_map(|other| {
            let is_new = other.operation != together.first.operation;
            is_new.then(|| Label::at(other.operation, "here too"))
        });
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
            .related(related);
    }
    contradictions
        .iter()
        .filter(|one| (one.found.subject, one.found.change) == (Subject::Column, Change::Removed))
        .map(|one| (one.node, one.part().to_owned()))
        .collect()
}

/// A column that is renamed is missing under one name and is there under another: that is said once.
fn name_renamed<'a>(contradictions: &mut Vec<Contradicted<'a>>) {
    let new_names: Vec<(&FileSpan, &str, &str)> = contradictions
        .iter()
        .filter(|one| {
            one.is_rename
                && (one.found.subject, one.found.change) == (Subject::Column, Change::Removed)
        })
        .filter_map(|one| {
            let name = one.found.object.strip_prefix(one.table)?;
            Some((one.operation, one.table, name.get(1..)?))
        })
        .collect::<Vec<(&'a FileSpan, &'a str, &'a str)>>();
    contradictions.retain_mut(|one| {
        if one.found.subject != Subject::Column || !one.is_rename {
            return true;
        }
        let mut names = new_names.iter();
        let is_here = |(operation, table, _): &&(&FileSpan, &str, &str)| {
            *operation == one.operation && *table == one.table
        };
        match (one.found.change, names.find(is_here)) {
            (Change::Added, name) => {
                one.renamed = name.map(|(_, _, name)| *name);
                true
            }
            // The old name says it.
            (Change::Removed, _) => false,
            _ => true,
        }
    });
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
    let operation = target
        .last_naming(run)
        .or(made)
        .or_else(|| target.last_around(run))
        .or_else(|| {
            found
                .migration
                .as_ref()
                .filter(|place| place.file == revision.file)
        })?;
    let is_rename = run.operations.iter().any(|recorded| {
        recorded.place == *operation
            && matches!(&recorded.operation, Operation::AlterColumn(alter) if alter.new_name.is_some())
    });
    Some(Contradicted {
        found: &found.difference,
        table,
        change: matched.change,
        renamed: None,
        operation,
        model: found.model.as_ref(),
        node: matched.node,
        is_rename,
    })
}
