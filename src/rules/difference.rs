//! What a downgrade leaves different, and the operations to blame for it.

mod bounded;
mod contrast;
mod words;

pub(crate) use bounded::{is_bounded_by_key, is_one_for_rows};
pub(crate) use contrast::{
    LabelsApart, apart, contrasted, label_names, labels, only_orders_labels,
};
pub(crate) use words::{argument, definition, enumerated, object_in_words, past, sentence, state};

use std::cell::OnceCell;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use smol_str::SmolStr;

use crate::alembic::{Answered, End, Failed, ReplayedRevision, Revision, Run, Verdict};
use crate::catalog::{Catalog, Change, Ddl, Difference, Subject, compare};
use crate::diagnostic::Label;
use crate::dialect::{Dialect, is_wider};
use crate::rules::ReplayContext;
use crate::rules::statement::Way;
use crate::schema::{Effect, Operation, Recorded};
use crate::source::FileSpan;

/// A revision that is certainly not taken back by its downgrade, though that tries.
pub(crate) struct Remainder<'a> {
    pub(crate) revision: &'a Revision,
    pub(crate) upgrade: &'a Run,
    pub(crate) downgrade: &'a Run,
    /// In what the schema differs from the one before.
    pub(crate) found: &'a [Difference],
    replayed: &'a ReplayedRevision,
    answered: Answered,
    changed_up: OnceCell<ChangedBySteps<'a>>,
    changed_down: OnceCell<ChangedBySteps<'a>>,
    /// Comments are looked for in the whole file.
    is_given_up: OnceCell<bool>,
}

/// What statements change, by object.
type ChangedBySteps<'a> = FxHashMap<String, Vec<(Subject, Change, &'a FileSpan)>>;

impl<'a> Remainder<'a> {
    /// The columns that are of another type than before, one that the downgrade makes.
    pub(crate) fn columns_of_made_types(&self) -> impl Iterator<Item = &'a Difference> {
        let found = self.found;
        let is_made = move |name: &str| {
            found.iter().any(|other| {
                (other.subject, other.change) == (Subject::Enum, Change::Added)
                    && other.object == name
            })
        };
        found.iter().filter(move |other| {
            (other.subject, other.change) == (Subject::Column, Change::Changed("type"))
                && other.to.as_str().is_some_and(is_made)
        })
    }

    /// True if somebody says of the downgrade that it cannot bring all back, or does not mean to.
    pub(crate) fn is_given_up(&self) -> bool {
        *self
            .is_given_up
            .get_or_init(|| self.revision.is_meant(self.downgrade.span))
    }

    /// `None` where the downgrade brings everything back, does nothing at all, or something was done that may have
    /// changed anything.
    pub(crate) fn of(ctx: &ReplayContext<'a>) -> Option<Self> {
        Self::if_so(ctx, |_| ctx.replayed.verdict == Verdict::NotReversed)
    }

    /// The same of a downgrade that fails, if that is easily mended and nothing else fails.
    pub(crate) fn but_for(
        ctx: &ReplayContext<'a>,
        is_mended: impl Fn(&Failed, &Run) -> bool,
    ) -> Option<Self> {
        let replayed = ctx.replayed;
        Self::if_so(ctx, |downgrade| {
            let mut failed = replayed.downgrade_failures.iter();
            replayed.verdict == Verdict::Fails
                && replayed.upgrade_failures.is_empty()
                && failed.all(|failed| is_mended(failed, downgrade))
        })
    }

    fn if_so(ctx: &ReplayContext<'a>, is_so: impl FnOnce(&Run) -> bool) -> Option<Self> {
        let replayed = ctx.replayed;
        let upgrade = replayed.migration.upgrade.run()?;
        let downgrade = replayed.migration.downgrade.run()?;
        let is_certain = is_so(downgrade)
            && !replayed.changes_anything
            && upgrade.end == End::Returns
            && downgrade.end == End::Returns;
        (is_certain && !downgrade.is_empty()).then_some(Self {
            revision: ctx.revision,
            upgrade,
            downgrade,
            found: &replayed.noticed,
            replayed,
            answered: ctx.revision.answered(),
            changed_up: OnceCell::new(),
            changed_down: OnceCell::new(),
            is_given_up: OnceCell::new(),
        })
    }

    /// Why a second upgrade fails over the object of a name.
    pub(crate) fn next_failure(&self, name: &str) -> Option<&'a Failed> {
        self.next_failures(name).next()
    }

    fn next_failures(&self, name: &str) -> impl Iterator<Item = &'a Failed> + use<'a> {
        let quoted = format!("`{name}`");
        let failures = self.replayed.second_upgrade_failures.iter();
        failures.filter(move |failed| !failed.in_one_go && failed.message.contains(&quoted))
    }

    /// The same of a difference: a name that another table has as well is not confused with that.
    pub(crate) fn next_failure_over(&self, difference: &Difference) -> Option<&'a Failed> {
        let target = Target::of(difference);
        let names = target.name.or(target.table).into_iter();
        let mut names = names.chain(difference.to.get("name").and_then(Value::as_str));
        let is_of_another = |failed: &Failed, name: &str| {
            let of = format!("`{name}` of `");
            let split = failed.message.split_once(of.as_str());
            let table = split.and_then(|(_, rest)| rest.split('`').next());
            target.name.is_some()
                && table.is_some_and(|table| {
                    target.table != Some(table) && self.replayed.before.tables.contains_key(table)
                })
        };
        names.find_map(|name| {
            let mut failures = self.next_failures(name);
            failures.find(|failed| !is_of_another(failed, name))
        })
    }

    /// Where it goes wrong: the primary place, and the other ones. What the downgrade makes wrongly is shown there, what
    /// it does not touch where `upgrade` changes it.
    pub(crate) fn labels(&self, difference: &Difference) -> (Label, Vec<Label>) {
        let target = Target::of(difference);
        let place = difference.place.as_ref();
        // What else is done to a table says nothing about a property of it.
        let is_property = target.name.is_none() && matches!(difference.change, Change::Changed(_));
        let found = |run: &'a Run, way: Way| {
            place
                .filter(|place| self.lies_in(run, place))
                .or_else(|| target.last_naming(run).filter(|_| !is_property))
                .or_else(|| self.last_step_on(difference, way))
                .or_else(|| target.last_around(run).filter(|_| !is_property))
        };
        let made_back = found(self.downgrade, Way::Down);
        let changed = found(self.upgrade, Way::Up);
        let label = |place: &FileSpan, message: &str| Label::at(place, message);
        let changed = changed.map(|place| label(place, "changed here"));
        if let Some(place) = made_back.filter(|place| place.file == self.revision.file) {
            return (
                label(place, "goes back to this"),
                changed.into_iter().collect(),
            );
        }
        let downgrade = Label::new(
            self.revision.file.clone(),
            self.downgrade.name_span,
            "does not take it back",
        );
        match changed {
            Some(changed) if changed.file == self.revision.file => (changed, vec![downgrade]),
            other => (downgrade, other.into_iter().collect()),
        }
    }

    /// Where the last statement of a direction is that changes what a difference is about: only the database tells that of
    /// names that a loop puts into SQL.
    pub(crate) fn last_step_on(&self, difference: &Difference, way: Way) -> Option<&'a FileSpan> {
        let cell = match way {
            Way::Up => &self.changed_up,
            Way::Down => &self.changed_down,
        };
        let by_object = cell.get_or_init(|| self.changed_by_steps(way));
        let is_it = |subject: Subject, change: Change| {
            subject == difference.subject
                && (change == difference.change
                    || subject == Subject::ForeignKey
                    || !matches!(difference.change, Change::Changed(_)))
        };
        let mut found = by_object.get(&difference.object)?.iter();
        found
            .find(|(subject, change, _)| is_it(*subject, *change))
            .map(|(.., place)| *place)
    }

    /// What the statements of a direction change, by object, the last ones first.
    fn changed_by_steps(&self, way: Way) -> ChangedBySteps<'a> {
        let mut after = match way {
            Way::Up => &self.replayed.after,
            Way::Down => &self.replayed.restored,
        };
        let mut changed = ChangedBySteps::default();
        for step in way.steps(self.replayed).iter().rev() {
            // The copy that SQLite makes of a table is told by its parts.
            if !matches!(step.ddl, Ddl::Batch(_)) {
                for change in compare(&step.before, after).found {
                    if change.subject != Subject::Enum {
                        let known = changed.entry(change.object).or_default();
                        known.push((change.subject, change.change, &step.place));
                    }
                }
            }
            after = &step.before;
        }
        changed
    }

    /// True for what is only changed as the database answers: in a database that differs from the history something else
    /// happens.
    pub(crate) fn hangs_on_the_database(&self, difference: &Difference) -> bool {
        let made = difference.place.as_ref();
        if let Some(place) = made.filter(|place| self.lies_in(self.upgrade, place)) {
            return self.answered.decides(place);
        }
        let target = Target::of(difference);
        // Where the answers have kept `upgrade` from doing anything, it is the downgrade that hangs on them.
        let changing = [self.upgrade, self.downgrade]
            .into_iter()
            .map(|run| target.changed_in(run).collect::<Vec<_>>())
            .find(|places| !places.is_empty());
        changing.is_some_and(|places| places.iter().all(|place| self.answered.decides(place)))
    }

    /// True for what only the downgrade has shown to have been there: that proves nothing.
    pub(crate) fn is_learned_on_the_way_back(&self, difference: &Difference) -> bool {
        difference.change == Change::Removed
            && difference
                .place
                .as_ref()
                .is_some_and(|place| self.lies_in(self.downgrade, place))
    }

    /// True for a column that no operation makes or takes away: it was only shown to be there, by an operation on a table
    /// of which little is known.
    pub(crate) fn is_only_learned(&self, difference: &Difference) -> bool {
        let target = Target::of(difference);
        let (Subject::Column, Some(name)) = (difference.subject, target.name) else {
            return false;
        };
        let has = |run: &Run, matches: &dyn Fn(&Operation) -> bool| {
            run.operations
                .iter()
                .any(|recorded| matches(&recorded.operation))
        };
        let may_do_both = |operation: &Operation| {
            let is_written_out = matches!(operation, Operation::Sql(_) | Operation::Opaque { .. });
            (is_written_out && matches!(operation.effect(), Effect::Structure | Effect::Unknown))
                || matches!(operation, Operation::AlterColumn(alter) if alter.new_name.is_some())
        };
        let adds = |operation: &Operation| match operation {
            Operation::AddColumn { column, .. } => column
                .as_ref()
                .is_none_or(|column| column.name.as_str() == name),
            Operation::CreateTable(table) => table
                .columns
                .iter()
                .any(|column| column.name.as_str() == name),
            _ => may_do_both(operation),
        };
        let drops = |operation: &Operation| match operation {
            Operation::DropColumn { column, .. } => {
                column.as_ref().is_none_or(|column| column.as_str() == name)
            }
            Operation::DropTable { .. } => true,
            _ => may_do_both(operation),
        };
        match difference.change {
            Change::Added => !has(self.upgrade, &adds) && !has(self.downgrade, &adds),
            // What the upgrade adds was not there before.
            Change::Removed => {
                !has(self.upgrade, &drops)
                    && (!has(self.downgrade, &drops) || has(self.upgrade, &adds))
            }
            Change::Changed(_) | Change::Renamed => false,
        }
    }

    /// True for a sequence that comes with a column.
    pub(crate) fn comes_with_a_column(&self, difference: &Difference) -> bool {
        let Some(place) = &difference.place else {
            return true;
        };
        let makes_columns = |recorded: &Recorded| {
            recorded.place.file == place.file
                && recorded.place.span.contains(place.span)
                && match &recorded.operation {
                    Operation::CreateTable(_)
                    | Operation::AddColumn { .. }
                    | Operation::AlterColumn(_) => true,
                    Operation::Sql(statement) => !statement.tables.is_empty(),
                    _ => false,
                }
        };
        let operations = self
            .upgrade
            .operations
            .iter()
            .chain(&self.downgrade.operations);
        operations.into_iter().any(makes_columns)
    }

    /// True for what the downgrade makes so itself, also by a function that both directions call.
    pub(crate) fn is_said_by_downgrade(&self, difference: &Difference) -> bool {
        let Some(place) = &difference.place else {
            return false;
        };
        let downgrade = self.downgrade;
        downgrade.span.contains(place.span)
            || Target::of(difference).last_naming(downgrade) == Some(place)
    }

    fn lies_in(&self, run: &Run, place: &FileSpan) -> bool {
        let in_function = place.file == self.revision.file && run.span.contains(place.span);
        in_function
            || run.operations.iter().any(|recorded| {
                recorded.place.file == place.file && recorded.place.span.contains(place.span)
            })
    }
}

/// What models say of the part of a column that differs; `None` where that is not known.
pub(crate) fn said_by_models(difference: &Difference, models: &Catalog) -> Option<Value> {
    let (Subject::Column, Change::Changed(part)) = (difference.subject, difference.change) else {
        return None;
    };
    let target = Target::of(difference);
    let known = models.tables.get(target.table?)?;
    let column = known.column(target.name?)?;
    if column.maybe.is_some() || models.doubt_about(known).is_some() {
        return None;
    }
    match part {
        "nullable" => Some(json!(column.nullable.known())),
        "type" => Some(json!(column.column_type.known())),
        "default" => column.default.known().map(|default| json!(default)),
        _ => None,
    }
}

/// The object of a difference, as operations name it.
pub(crate) struct Target<'d> {
    pub(crate) table: Option<&'d str>,
    /// The name of the object itself: of a column, an index, a constraint, or something beside tables.
    pub(crate) name: Option<&'d str>,
    /// The columns it is or is built on.
    columns: Vec<&'d str>,
}

impl<'d> Target<'d> {
    pub(crate) fn of(difference: &'d Difference) -> Self {
        let object = difference.object.as_str();
        let columns = [&difference.from, &difference.to]
            .into_iter()
            .filter_map(|value| value.get("columns")?.as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        match difference.subject {
            Subject::Table => Self {
                table: Some(object),
                name: None,
                columns,
            },
            Subject::Enum | Subject::Sequence | Subject::Object(_) => Self {
                table: object.rsplit_once('.').map(|(table, _)| table),
                name: Some(object),
                columns,
            },
            Subject::Column => {
                let (table, column) = object.rsplit_once('.').unwrap_or(("", object));
                Self {
                    table: Some(table),
                    name: Some(column),
                    columns: vec![column],
                }
            }
            _ => match object.split_once('(') {
                Some((table, _)) => Self {
                    table: Some(table),
                    name: None,
                    columns,
                },
                None => {
                    let (table, name) = object.rsplit_once('.').unwrap_or(("", object));
                    Self {
                        table: Some(table),
                        name: Some(name),
                        columns,
                    }
                }
            },
        }
    }

    /// True if it is built on a column of a table.
    pub(crate) fn is_on(&self, table: &str, column: &str) -> bool {
        self.table == Some(table) && self.columns.contains(&column)
    }

    /// The last operation of a function that names the object.
    pub(crate) fn last_naming<'r>(&self, run: &'r Run) -> Option<&'r FileSpan> {
        last(run, &|operation| self.is_named_by(operation))
    }

    /// The last operation of a function that adds the column, or says whether it may be NULL.
    pub(crate) fn last_saying_nullable<'r>(&self, run: &'r Run) -> Option<&'r FileSpan> {
        last(run, &|operation| {
            let says_so = match operation {
                Operation::AddColumn { .. } => true,
                Operation::AlterColumn(alter) => alter.nullable.is_some(),
                _ => false,
            };
            says_so && self.is_named_by(operation)
        })
    }

    /// The last operation of a function that makes or drops the table of the object, or may have to do with it.
    pub(crate) fn last_around<'r>(&self, run: &'r Run) -> Option<&'r FileSpan> {
        last(run, &|operation| self.falls_with(operation))
    }

    /// The last operation of a function that gives a column of the object its name.
    pub(crate) fn last_renaming<'r>(&self, run: &'r Run) -> Option<&'r FileSpan> {
        last(run, &|operation| {
            matches!(operation, Operation::AlterColumn(alter)
                if alter.table.as_deref().zip(alter.new_name.as_deref()).is_some_and(|(table, new)| self.is_on(table, new)))
        })
    }

    /// The operations of a function that change the object, or what it belongs to.
    fn changed_in<'r>(&self, run: &'r Run) -> impl Iterator<Item = &'r FileSpan> {
        let changes = |operation: &Operation| {
            operation.effect() != Effect::Data
                && (self.is_named_by(operation) || self.falls_with(operation))
        };
        let operations = run.operations.iter();
        operations
            .filter(move |recorded| changes(&recorded.operation))
            .map(|recorded| &recorded.place)
    }

    fn is_named_by(&self, operation: &Operation) -> bool {
        let same = |written: &Option<SmolStr>, wanted: Option<&str>| {
            wanted.is_some() && written.as_deref() == wanted
        };
        match operation {
            Operation::AddColumn { table, column } => {
                let column = column.as_ref().map(|column| column.name.clone());
                same(table, self.table) && same(&column, self.name)
            }
            Operation::DropColumn { table, column } => {
                same(table, self.table) && same(column, self.name)
            }
            Operation::AlterColumn(alter) => {
                same(&alter.table, self.table)
                    && (same(&alter.column, self.name) || same(&alter.new_name, self.name))
            }
            Operation::CreateIndex { name, .. }
            | Operation::DropIndex { name, .. }
            | Operation::CreateConstraint { name, .. }
            | Operation::DropConstraint { name, .. }
            | Operation::CreateType { name }
            | Operation::DropType { name } => same(name, self.name),
            Operation::CreateTable(table) => {
                self.name.is_none() && Some(table.name.as_str()) == self.table
            }
            Operation::DropTable { table } | Operation::RenameTable { table, .. } => {
                self.name.is_none() && same(table, self.table)
            }
            _ => false,
        }
    }

    fn falls_with(&self, operation: &Operation) -> bool {
        let Some(target) = self.table else {
            return false;
        };
        match operation {
            Operation::CreateTable(table) => table.name == target,
            Operation::DropTable { table } => table.as_deref() == Some(target),
            Operation::DropColumn { table, column } => {
                table.as_deref() == Some(target)
                    && column
                        .as_deref()
                        .is_some_and(|column| self.columns.contains(&column))
            }
            Operation::Sql(statement) => statement.tables.iter().any(|table| table == target),
            _ => false,
        }
    }
}

/// Where the last operation of a kind is.
fn last<'r>(run: &'r Run, matches: &dyn Fn(&Operation) -> bool) -> Option<&'r FileSpan> {
    run.operations
        .iter()
        .rev()
        .find(|recorded: &&Recorded| matches(&recorded.operation))
        .map(|recorded| &recorded.place)
}

/// True for a difference that code of the older revision does not notice: a type that only got wider, a column that may
/// be NULL or has a default by now, a constraint that was validated, a comment.
pub(crate) fn only_loosens(difference: &Difference, dialect: Dialect) -> bool {
    let Difference {
        subject,
        change: Change::Changed(what),
        from,
        to,
        ..
    } = difference
    else {
        return false;
    };
    match (subject, *what) {
        (_, "comment") => true,
        (Subject::Column, "nullable") => *to == Value::Bool(true),
        (Subject::Column, "default") => from.is_null(),
        (Subject::Column, "type") => match (from.as_str(), to.as_str()) {
            (Some(from), Some(to)) => is_wider(dialect, from, to),
            _ => false,
        },
        (Subject::Check | Subject::ForeignKey | Subject::Constraint, "") => {
            let mut validated = from.clone();
            if let Some(parts) = validated.as_object_mut() {
                parts.remove("not_valid");
            }
            validated == *to
        }
        _ => false,
    }
}

/// A value of a difference in a message.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a column takes NULL, as SQL says it.
pub(crate) fn nullability(value: &Value) -> &'static str {
    match value {
        Value::Bool(true) => "NULL",
        _ => "NOT NULL",
    }
}

/// A value in a message: on one line, and not all of a long one.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    line.chars().take(MOST - 1).chain(['…']).collect()
}

/// True if a difference follows from another one: what is built on a column that is not as it was, and the sequence of
/// one.
pub(crate) fn follows(difference: &Difference, others: &[Difference]) -> bool {
    let target = Target::of(difference);
    others.iter().any(|other| {
        let comes_or_goes = matches!(other.change, Change::Added | Change::Removed);
        match (other.subject, difference.subject) {
            (Subject::Column, Subject::Sequence) => {
                other
                    .object
                    .rsplit_once('.')
                    .is_some_and(|(table, column)| {
                        difference.object == format!("{table}_{column}_seq")
                    })
            }
            (Subject::Table, Subject::Sequence) => difference
                .object
                .strip_prefix(other.object.as_str())
                .is_some_and(|rest| rest.starts_with('_')),
            (Subject::Table, Subject::Object(kind)) => {
                comes_or_goes
                    && kind.belongs_to_a_table()
                    && target.table == Some(other.object.as_str())
            }
            (Subject::Column, Subject::Column) => false,
            (Subject::Column, _) => other
                .object
                .rsplit_once('.')
                .is_some_and(|(table, column)| comes_or_goes && target.is_on(table, column)),
            _ => false,
        }
    })
}
