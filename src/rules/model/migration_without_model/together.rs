//! What one correction mends, in words.

mod words;

use super::{Aftermath, Met};
use crate::catalog::{Change, Difference, Subject};
use crate::diagnostic::Severity;
use crate::project::ProjectEnvironment;
use crate::rules::difference::{LabelsApart, contrasted, nullability};
use crate::rules::{Violation, pairing};
use crate::source::FileSpan;
use words::{key_in_words, labels_in_words, some};

/// So many further differences are written out.
const MOST_FURTHER: usize = 6;
/// So many objects of one finding are named.
const MOST_NAMED: usize = 4;

/// What a migration makes, and the models have otherwise.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Contradicted<'a> {
    /// From what the migrations make to what the models say.
    pub(super) found: &'a Difference,
    pub(super) table: &'a str,
    /// What the migration changes.
    pub(super) change: &'a Difference,
    /// The name that the migration gives to the column that is missing.
    pub(super) renamed: Option<&'a str>,
    /// The name that the operation gives to a column.
    pub(super) new_name: Option<&'a str>,
    pub(super) operation: &'a FileSpan,
    pub(super) model: Option<&'a FileSpan>,
    pub(super) node: usize,
    /// What gets another name there.
    pub(super) renaming: Option<Renaming>,
    /// The constraint or index by which the models keep the same columns unique.
    pub(super) same_uniqueness: Option<&'a Difference>,
    /// The foreign key that the model has in its place.
    pub(super) same_key: Option<&'a Difference>,
    /// The index that the migration makes beside a unique constraint, and that is unique in the model.
    pub(super) doubled: Option<&'a Difference>,
    /// True for an enum type of the models that is another one in the database, whichever columns have it.
    pub(super) is_another_enum: bool,
    /// True for an index over the primary key of a new table.
    pub(super) is_index_of_key: bool,
    /// True for a column that is NULL in the database and NOT NULL in the model, and that both fill.
    pub(super) is_filled: bool,
    /// True for a type of the database that takes all that the model's does.
    pub(super) is_wider: bool,
    /// True if the migrations had made it before the change.
    pub(super) was_there: bool,
    /// What the model calls the column, where it gains one of another name in the same change.
    pub(super) called: Option<&'a str>,
}

/// What a migration gives another name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Renaming {
    /// The operation, a column.
    Column,
    /// The revision, the table.
    Table,
}

impl Contradicted<'_> {
    /// True for a default of a new column, as for the rows that are there, where the model fills in the same itself, or
    /// what it works out.
    pub(super) fn fills_rows(&self, head: &ProjectEnvironment<'_>) -> bool {
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
    pub(super) fn comes_with_table(&self) -> bool {
        self.change.subject == Subject::Table
            && self.change.change == Change::Added
            && self.renaming.is_none()
            && (self.found.subject != Subject::Table
                || self.found.change == Change::Changed("comment"))
    }

    /// True for a column of an older table that only one side has.
    pub(super) fn comes_or_goes(&self) -> bool {
        self.found.subject == Subject::Column
            && matches!(self.found.change, Change::Added | Change::Removed)
            && !self.comes_with_table()
            && self.called.is_none()
    }

    /// True for an index or a constraint that the migration gives the name of another one.
    pub(super) fn is_made_anew(&self) -> bool {
        !matches!(self.found.subject, Subject::Column | Subject::Table)
            && matches!(self.change.change, Change::Changed(_))
            && self.change.object == self.found.object
    }

    /// Which of several differences is the one to name: the smaller it is, the more it matters.
    fn rank(&self) -> usize {
        match (self.found.subject, self.found.change) {
            _ if self.renamed.is_some() => 0,
            (_, Change::Changed("comment")) => 7,
            (Subject::Table, _) => 0,
            (Subject::Column, Change::Added | Change::Removed | Change::Renamed) => 1,
            (Subject::Column, Change::Changed("nullable")) => 2,
            (Subject::Column, Change::Changed("type")) | (Subject::Enum, _) => 3,
            (Subject::Column, Change::Changed(_)) => 6,
            (Subject::Index, _) => 5,
            _ => 4,
        }
    }

    /// The name within its table.
    pub(super) fn part(&self) -> &str {
        let rest = self.found.object.strip_prefix(self.table);
        rest.unwrap_or(&self.found.object).trim_start_matches('.')
    }

    /// True for what is one thing to correct: columns or indexes of one table, what several tables have from one line of the models,
    /// a column that is added to several, what one statement does to several columns, the same two types in new tables, an
    /// enum type of several columns, and indexes over primary keys.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        let is_same_pair =
            (&self.found.from, &self.found.to) == (&other.found.from, &other.found.to);
        if self.is_another_enum && other.is_another_enum && is_same_pair {
            return true;
        }
        let kind = |one: &Self| (one.found.subject, one.found.change, one.comes_with_table());
        if kind(self) != kind(other)
            || self.called.is_some() != other.called.is_some()
            || self.was_there != other.was_there
            || [self, other].iter().any(|one| {
                one.same_uniqueness.is_some() || one.same_key.is_some() || one.doubled.is_some()
            })
        {
            return false;
        }
        if self.is_index_of_key || other.is_index_of_key {
            return self.is_index_of_key && other.is_index_of_key;
        }
        let is_same_table = self.table == other.table;
        // Nobody has thought of the models where indexes go.
        let are_indexes = self.found.subject == Subject::Index
            && (is_same_table
                || self.found.change == Change::Added
                || self.operation == other.operation)
            && matches!(
                self.found.change,
                Change::Added | Change::Removed | Change::Renamed
            );
        // Whoever forgot one column of a model forgot the others.
        let are_columns = self.found.subject == Subject::Column
            && matches!(self.found.change, Change::Added | Change::Removed)
            && is_same_table
            && self.renamed.is_none()
            && other.renamed.is_none();
        let is_one_line = self.model.is_some() && self.model == other.model;
        // A table and the one that holds its history are given the same column.
        let is_added =
            (self.found.subject, self.found.change) == (Subject::Column, Change::Removed);
        let is_one_thing = (is_one_line || is_added)
            && !is_same_table
            && self.part() == other.part()
            && self.renamed == other.renamed
            && (is_one_line || !self.comes_with_table());
        // As in a loop.
        let is_equal = matches!(self.found.change, Change::Changed(_)) && is_same_pair;
        let is_one_statement = self.found.subject == Subject::Column
            && self.operation == other.operation
            && (is_added && self.renamed.is_none() && other.renamed.is_none() || is_equal)
            && (is_same_table || !self.comes_with_table());
        // Nothing but words.
        let are_comments = self.is_comment()
            && other.is_comment()
            && self.found.to.is_null() == other.found.to.is_null();
        // One slip, made several times.
        let is_one_slip = self.found.subject == Subject::Column
            && (is_same_table || self.part() == other.part())
            && is_equal;
        // Whose models come later, or stay.
        let are_tables = self.found.subject == Subject::Table
            && matches!(self.found.change, Change::Added | Change::Removed);
        // As a project writes its keys.
        let are_types =
            self.comes_with_table() && self.found.change == Change::Changed("type") && is_equal;
        self.node == other.node
            && (are_indexes
                || are_columns
                || is_one_thing
                || is_one_statement
                || are_comments
                || is_one_slip
                || are_tables
                || are_types)
    }

    /// True for a column that the model has and a new table lacks: it was never there, and every query names it.
    pub(super) fn is_left_out(&self) -> bool {
        (self.found.subject, self.found.change) == (Subject::Column, Change::Added)
            && self.comes_with_table()
    }

    fn is_comment(&self) -> bool {
        (self.found.subject, self.found.change) == (Subject::Column, Change::Changed("comment"))
    }

    /// True if the migration takes it away, or did so before.
    fn is_dropped(&self) -> bool {
        self.was_there || self.change.change == Change::Removed
    }
}

/// What one correction mends.
pub(super) struct Together<'a> {
    pub(super) first: Contradicted<'a>,
    pub(super) others: Vec<Contradicted<'a>>,
    /// What an instance of the model is given, and SQLAlchemy does not look at.
    pub(super) lost_arguments: Option<&'a FileSpan>,
    /// How indexes are keyed, as in `users.mail`.
    pub(super) keys: Option<String>,
    /// What else of tables that the migration makes is otherwise.
    pub(super) further: Vec<Together<'a>>,
    /// True for NULL or NOT NULL that was so before the revision, whatever else that does to the columns.
    pub(super) leaves: bool,
    /// Who will notice.
    pub(super) aftermath: Aftermath,
    /// What the code meets.
    pub(super) met: Met,
}

impl<'a> Together<'a> {
    /// What matters most in front.
    pub(super) fn by_weight(mut self) -> Self {
        let mut further: Vec<Together<'a>> = std::mem::take(&mut self.further);
        further.sort_by_key(|one| one.first.rank());
        let own = self.first.rank();
        let position = further.partition_point(|one| one.first.rank() < own);
        if position == 0 {
            self.further = further;
            return self;
        }
        further.insert(position, self);
        let mut first = further.remove(0);
        first.further = further;
        first
    }
}

impl Together<'_> {
    pub(super) fn all(&self) -> impl Iterator<Item = &Contradicted<'_>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// ``table `a` ``, ``tables `a` and `b` ``
    fn tables(&self) -> String {
        let names: Vec<String> = self.all().map(|one| format!("`{}`", one.table)).collect();
        let noun = match names.as_slice() {
            [_] => "table",
            _ => "tables",
        };
        format!("{noun} {}", some(&names))
    }

    /// ``index `ix_a` ``, ``columns `a` and `b` ``, each kind by its own noun.
    fn parts(&self) -> String {
        let mut kinds: Vec<(Subject, Vec<&Contradicted<'_>>)> = Vec::new();
        for one in self.all() {
            let subject = one.found.subject;
            match kinds.iter_mut().find(|(known, _)| *known == subject) {
                Some((_, same)) => same.push(one),
                None => kinds.push((subject, vec![one])),
            }
        }
        let in_words = |(subject, of_kind): (Subject, Vec<&Contradicted<'_>>)| {
            if let [only] = of_kind.as_slice() {
                return pairing::part_in_words(only.found, only.table);
            }
            let names = of_kind.iter().map(|one| format!("`{}`", one.part()));
            format!("{} {}", subject.plural(), some(&names.collect::<Vec<_>>()))
        };
        pairing::and(&kinds.into_iter().map(in_words).collect::<Vec<_>>())
    }

    /// `` `users.mail` ``, ``index `users.ix_mail` ``, ``indexes `ix_a` and `ix_b` of `users` ``
    fn objects(&self) -> String {
        let Contradicted { found, table, .. } = self.first;
        if self.first.is_index_of_key {
            let tables: Vec<String> = self.all().map(|one| format!("`{}`", one.table)).collect();
            return some(&tables);
        }
        let is_one_table = self.others.iter().all(|one| one.table == table);
        if found.subject == Subject::Index && !self.others.is_empty() && is_one_table {
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
        some(&names)
    }

    /// What keeps columns unique here and there.
    fn uniqueness(&self, same: &Difference) -> String {
        let Contradicted { found, table, .. } = self.first;
        let what = self.keys.as_deref().unwrap_or(table);
        let by = |difference: &Difference| {
            let part = pairing::part_in_words(difference, table);
            part.strip_prefix("unique ")
                .map_or_else(|| part.clone(), str::to_owned)
        };
        format!(
            "the migration keeps `{what}` unique by {}, the model by {}",
            by(found),
            by(same)
        )
    }
}

impl Violation for Together<'_> {
    fn message(&self) -> String {
        let Contradicted { found, table, .. } = self.first;
        let Difference {
            subject,
            change,
            from,
            to,
            ..
        } = found;
        let what = self.objects();
        if let Some(new) = self.first.renamed {
            return format!("the migration renames {what} to `{new}`, the model does not");
        }
        if let Some(index) = self.first.doubled {
            let what = self.keys.as_deref().unwrap_or(table);
            return format!(
                "the migration indexes `{what}` twice, by {} and index `{}`, where the model has one unique index",
                pairing::part_in_words(found, table),
                index.object.rsplit('.').next().unwrap_or_default()
            );
        }
        if let Some(same) = self.first.same_uniqueness {
            return self.uniqueness(same);
        }
        if self.first.called.is_some() {
            let names = self.all().filter_map(|one| one.called);
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            return format!(
                "the migration calls {what} what the model calls {}",
                some(&names)
            );
        }
        let key = match (subject, change, self.first.same_key) {
            (_, _, Some(same)) => Some(&same.to),
            (Subject::ForeignKey, Change::Changed(_), None) => Some(to),
            _ => None,
        };
        if let Some(told) = key.and_then(|here| key_in_words(from, here, table)) {
            return told;
        }
        if self.first.is_index_of_key && !self.others.is_empty() {
            return format!(
                "the migration creates tables {what} without the indexes over their primary keys, which the models have"
            );
        }
        if let Some(apart) = LabelsApart::of(found) {
            return labels_in_words(&apart, &what, *subject);
        }
        let makes_table = self.first.comes_with_table();
        let (there, here) = contrasted(from, to);
        match (subject, change) {
            (Subject::PrimaryKey, Change::Added) => {
                let columns = to.get("columns").and_then(serde_json::Value::as_array);
                let columns = columns.into_iter().flatten();
                let columns: Vec<&str> = columns.filter_map(serde_json::Value::as_str).collect();
                format!(
                    "the migration leaves `{table}` without a primary key, the model has one over ({})",
                    columns.join(", ")
                )
            }
            (Subject::Table, Change::Removed) => {
                format!(
                    "the migration creates {}, which no model describes",
                    self.tables()
                )
            }
            (Subject::Table, Change::Added) => {
                let have = if self.others.is_empty() {
                    "still has a model"
                } else {
                    "still have models"
                };
                format!("the migration drops {}, which {have}", self.tables())
            }
            (_, Change::Removed) if makes_table => format!(
                "the migration gives the new table `{table}` {}, which the model does not have",
                self.parts()
            ),
            (_, Change::Added) if makes_table => {
                let mut tables: Vec<String> = Vec::new();
                for one in self.all() {
                    let name = format!("`{}`", one.table);
                    if !tables.contains(&name) {
                        tables.push(name);
                    }
                }
                let (noun, models) = match tables.as_slice() {
                    [_] => ("table", "the model has"),
                    _ => ("tables", "the models have"),
                };
                format!(
                    "the migration creates {noun} {} without {}, which {models}",
                    some(&tables),
                    self.parts()
                )
            }
            (_, Change::Removed) if self.first.was_there => {
                format!("the migration keeps {what}, which the model does not have")
            }
            (_, Change::Removed) => {
                let models = if self.all().all(|one| one.table == table) {
                    "the model does not have"
                } else {
                    "the models do not have"
                };
                format!("the migration adds {what}, which {models}")
            }
            (_, Change::Added) if self.first.is_dropped() => {
                format!("the migration drops {what}, which the model still has")
            }
            (_, Change::Added) => {
                format!("the migration does not create {what}, which the model has")
            }
            (_, Change::Renamed) => {
                let of = match &self.keys {
                    Some(keys) => format!("on `{keys}`"),
                    None => format!("of `{table}`"),
                };
                format!(
                    "the migration names the {} {of} `{there}`, the model `{here}`",
                    subject.noun(),
                )
            }
            (_, Change::Changed("nullable")) => {
                format!(
                    "the migration {} {what} {}, the model says {}",
                    if self.leaves { "leaves" } else { "makes" },
                    nullability(from),
                    nullability(to)
                )
            }
            (Subject::Table, Change::Changed("comment")) => match (from.is_null(), to.is_null()) {
                (_, true) => {
                    format!(
                        "the migration gives {what} the comment `{there}`, the model gives none"
                    )
                }
                (true, _) => {
                    format!("the migration gives {what} no comment, the model has `{here}`")
                }
                _ => {
                    format!("the migration gives {what} the comment `{there}`, the model `{here}`")
                }
            },
            (Subject::Column, Change::Changed("comment")) if !self.others.is_empty() => {
                if to.is_null() {
                    format!("the migration gives {what} comments, the model does not")
                } else {
                    format!("the migration gives {what} other comments than the model")
                }
            }
            (Subject::Column, Change::Changed(fact)) => format!(
                "the migration makes the {} of {what} `{there}`, the model says `{here}`",
                pairing::fact_in_words(fact),
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
            notes.push(format!("and {more} more {differences}"));
        }
        if self.first.found.subject == Subject::PrimaryKey {
            notes.push("autogenerate does not see it: it compares no primary keys".to_owned());
        } else {
            notes.push(self.aftermath.note(self.met));
        }
        if self.first.is_left_out() || self.first.called.is_some() {
            notes.push(Aftermath::Queried.note(Met::Missing));
            notes.dedup();
        }
        if self.all().all(|one| one.is_filled) {
            notes.push(
                "a row that is given no value gets one from the database as from the model"
                    .to_owned(),
            );
        }
        if self.first.is_index_of_key {
            notes.push(
                "a primary key has an index of its own: the model needs no `index=True` there"
                    .to_owned(),
            );
        }
        if self.lost_arguments.is_some() {
            notes.push(
                "`__table_args__` is read from the class when it is made: what `__init__` sets on an instance has no \
                 effect"
                    .to_owned(),
            );
        }
        notes
    }

    /// As a project writes its keys.
    fn is_of_many_files(&self) -> bool {
        self.first.is_index_of_key && self.further.is_empty()
    }

    fn is_slip(&self) -> bool {
        true
    }

    fn tables(&self) -> Vec<String> {
        let further = self.further.iter().flat_map(Self::all);
        let all = self.all().chain(further);
        all.map(|one| one.table.to_owned()).collect()
    }

    /// What the database has and the models do not, the models can follow; NULL is no matter to code that was written
    /// for both.
    fn is_half(&self) -> bool {
        matches!(
            self.first.found.change,
            Change::Removed | Change::Changed("nullable")
        ) && self.first.same_key.is_none()
            && self.first.called.is_none()
            && self.further.iter().all(Violation::is_half)
    }

    fn severity(&self) -> Option<Severity> {
        let is_minor = |together: &Together<'_>| {
            let first = &together.first;
            first.is_index_of_key
                || first.found.change == Change::Changed("comment")
                || together.all().all(|one| one.is_filled)
                || together.aftermath == Aftermath::Unknown
                    && together.all().all(|one| one.is_wider)
        };
        if is_minor(self) && self.further.iter().all(is_minor) {
            Some(Severity::Info)
        } else if self.first.called.is_some() || self.first.is_left_out() {
            Some(Severity::Error)
        } else {
            self.aftermath.severity(self.met)
        }
    }
}
