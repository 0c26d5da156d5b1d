//! What comes out of a copy: columns, constraints and indexes under their new names, and what does not work out.

use smol_str::SmolStr;

use super::{Copy, Later};
use crate::catalog::apply::FailureKind;
use crate::catalog::constraint::{Constraint, ConstraintKind, Index};
use crate::catalog::ddl::Ddl;
use crate::catalog::fact::{Fact, Why};
use crate::catalog::table::Table;
use crate::source::FileSpan;

impl Copy {
    /// The table as it comes out, and the indexes that are made afterwards.
    pub(in crate::catalog::apply) fn finish(&mut self, read: &Table) -> (Table, Later) {
        let culprit = self.culprit.clone();
        let culprit = culprit.as_ref();
        if let Err(message) = self.arrange() {
            self.refuse(FailureKind::Other, message, culprit);
        }
        let mut made = Table {
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            ..read.clone()
        };
        for entry in &self.columns {
            made.columns.push(entry.column.clone());
        }
        self.check_columns(culprit);
        made.constraints.extend(self.type_checks());
        let constraints = std::mem::take(&mut self.constraints);
        for constraint in constraints {
            if let Some(constraint) = self.carried(constraint, read) {
                if let Some(message) = wrong_deferral(&constraint) {
                    self.refuse(FailureKind::Other, message, constraint.place.as_ref());
                }
                made.constraints.push(constraint);
            }
        }
        self.settle_key(&mut made);
        number_of_rows(read, &mut made);
        for index in std::mem::take(&mut self.indexes) {
            made.indexes.extend(self.index(index, read));
        }
        let mut later = Vec::new();
        for (_, mut ddl, place) in std::mem::take(&mut self.new_indexes) {
            if let Ddl::CreateIndex {
                definition: Fact::Known(definition),
                ..
            } = &mut ddl
            {
                for key in &mut definition.keys {
                    key.order = None;
                    match self.name_of(&key.text) {
                        Some(name) => key.text = name,
                        None if key.is_column => self.refuse(
                            FailureKind::Missing,
                            format!(
                                "column `{}` does not exist by that name when the batch begins",
                                key.text
                            ),
                            place.as_ref(),
                        ),
                        None => {}
                    }
                }
                definition.columns = definition
                    .columns
                    .iter()
                    .map(|column| self.name_of(column).unwrap_or_else(|| column.clone()))
                    .collect();
            }
            later.push((ddl, place));
        }
        if let Some(key) = made.primary_key()
            && let Some(column) = generated_in(&made, key)
        {
            self.refuse(
                FailureKind::Other,
                format!("generated column `{column}` cannot be part of the primary key"),
                culprit,
            );
        }
        made.unsure = read.unsure.clone().or_else(|| self.doubt.clone());
        if made.unsure.is_some() {
            made.open = made.open.or_else(|| self.doubt.clone());
        }
        (made, later)
    }

    /// What is wrong with the columns as they come out. Most of it is the fault of the block as a whole.
    fn check_columns(&mut self, place: Option<&FileSpan>) {
        let mut refused = Vec::new();
        for (position, entry) in self.columns.iter().enumerate() {
            let name = &entry.column.name;
            let is_twice = self.columns.iter().take(position).any(|other| {
                other.column.name.eq_ignore_ascii_case(name) && other.column.maybe.is_none()
            });
            if is_twice && entry.column.maybe.is_none() {
                refused.push((format!("two columns would be called `{name}`"), place));
            }
            if !entry.is_new
                && entry.column.maybe.is_none()
                && matches!(entry.column.generated, Fact::Known(Some(_)))
            {
                refused.push((format!(
                    "the copy of the table cannot be filled: `{name}` is a generated column; drop and add it in the same batch"
                ), None));
            }
            if entry.column.column_type.is(&SmolStr::default()) {
                refused.push((
                    format!("column `{name}` has no type, and SQLAlchemy needs one"),
                    None,
                ));
            }
        }
        if self.columns.iter().all(|entry| entry.is_new) {
            refused.push(("no column is left to copy".to_owned(), None));
        }
        for (message, place) in refused {
            self.refuse(FailureKind::Other, message, place);
        }
    }

    /// What the types of columns write, under the names that the columns have in the end.
    fn type_checks(&self) -> Vec<Constraint> {
        let mut checks = Vec::new();
        for entry in &self.columns {
            let Some(mut check) = entry.type_check.clone() else {
                continue;
            };
            if let ConstraintKind::Check {
                expression: Fact::Known(expression),
                columns,
            } = &mut check.kind
                && let Some(rest) = expression.strip_prefix(written(&entry.key).as_str())
            {
                let name = &entry.column.name;
                *expression = SmolStr::new(format!("{}{rest}", written(name)));
                *columns = vec![name.clone()];
            }
            checks.push(check);
        }
        checks
    }

    /// A constraint of the new table; `None` where one of its columns is gone.
    fn carried(&mut self, mut constraint: Constraint, read: &Table) -> Option<Constraint> {
        if let ConstraintKind::Check { columns, .. } = &constraint.kind {
            let columns = columns.clone();
            let place = self.culprit.clone();
            // Without quotes SQLite refuses the name, in quotes it takes it for a string.
            if constraint.maybe.is_none()
                && let Some(column) = self.missing(&columns, read).first()
            {
                let name = constraint.known_name().cloned().unwrap_or_default();
                let what =
                    format!("check `{name}` speaks of `{column}`, which is dropped or renamed");
                self.doubt(&what, place.as_ref());
            }
            return Some(constraint);
        }
        for column in constraint.kind.columns_mut().into_iter().flatten() {
            *column = self.name_of(column)?;
        }
        Some(constraint)
    }

    /// Those of some names in an expression that were columns and are no more. Names in quotes become strings where
    /// they are no columns.
    fn missing(&self, names: &[SmolStr], read: &Table) -> Vec<SmolStr> {
        names
            .iter()
            .filter(|name| is_plain(name))
            .filter(|name| {
                read.columns
                    .iter()
                    .any(|column| column.name.eq_ignore_ascii_case(name))
            })
            .filter(|name| {
                !self
                    .columns
                    .iter()
                    .any(|entry| entry.column.name.eq_ignore_ascii_case(name))
            })
            .cloned()
            .collect()
    }

    fn index(&mut self, mut index: Index, read: &Table) -> Option<Index> {
        let place = self.culprit.clone();
        let Fact::Known(definition) = &mut index.definition else {
            return Some(index);
        };
        let keys: Vec<SmolStr> = definition.keys.iter().map(|key| key.text.clone()).collect();
        let mut gone = None;
        // Before Alembic 1.8 an index that was there is made again as it was read.
        let follows = self.versions.alembic >= (1, 8);
        for key in &mut definition.keys {
            match self.name_of(&key.text) {
                Some(name) if follows || name == key.text => key.text = name,
                _ if is_plain(&key.text) => gone = Some(key.text.clone()),
                // In quotes, and no column: a string, over which there is an index then.
                _ => key.is_column = false,
            }
        }
        let others: Vec<SmolStr> = definition
            .columns
            .iter()
            .filter(|column| !keys.contains(column))
            .cloned()
            .collect();
        if let Some(column) = self.missing(&others, read).first() {
            let what = format!(
                "the condition of index `{}` speaks of `{column}`, which is dropped or renamed",
                index.name
            );
            self.doubt(&what, place.as_ref());
        }
        definition.columns = definition.keys.iter().map(|key| key.text.clone()).collect();
        definition.columns.extend(others);
        definition.columns.sort_unstable();
        definition.columns.dedup();
        let Some(gone) = gone else {
            return Some(index);
        };
        if index.maybe.is_none() {
            self.refuse(
                FailureKind::InUse,
                format!("index `{}` is on column `{gone}`, which is dropped or renamed: drop it in the same batch", index.name),
                place.as_ref(),
            );
        }
        None
    }

    /// Of several primary keys the last counts; without one, the columns that are marked make one.
    fn settle_key(&self, made: &mut Table) {
        let is_key =
            |constraint: &Constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. });
        let last = made.constraints.iter().rposition(is_key);
        let mut key = last.map(|position| made.constraints.remove(position));
        made.constraints.retain(|constraint| !is_key(constraint));
        let marked: Vec<SmolStr> = self
            .columns
            .iter()
            .filter(|entry| entry.is_primary_key)
            .map(|entry| entry.column.name.clone())
            .collect();
        match key.as_mut().map(|key| &mut key.kind) {
            Some(ConstraintKind::PrimaryKey { columns }) if columns.is_empty() => *columns = marked,
            Some(_) => {}
            None => {
                key = Some(Constraint::new(
                    None,
                    ConstraintKind::PrimaryKey { columns: marked },
                    self.culprit.clone(),
                ));
            }
        }
        made.constraints
            .extend(key.filter(|key| !key.kind.columns().is_empty()));
    }
}

/// What SQLite's grammar does not take: only foreign keys are deferred, and `INITIALLY` needs the word before it.
pub(in crate::catalog::apply) fn wrong_deferral(constraint: &Constraint) -> Option<String> {
    let deferral = constraint.deferrable.as_deref()?;
    match constraint.kind {
        ConstraintKind::ForeignKey(_) | ConstraintKind::Unknown { .. } => deferral
            .starts_with("INITIALLY")
            .then(|| "SQLite takes `initially` only together with `deferrable`".to_owned()),
        _ => Some(format!(
            "SQLite has no deferrable {}",
            constraint.kind.noun()
        )),
    }
}

/// A column of a key that is certainly generated.
pub(in crate::catalog::apply) fn generated_in(table: &Table, key: &Constraint) -> Option<SmolStr> {
    let columns = key.kind.columns().iter();
    columns
        .filter_map(|column| table.column(column))
        .find(|column| matches!(column.generated, Fact::Known(Some(_))))
        .map(|column| column.name.clone())
}

/// The column that is the row's number holds no NULL, whatever is written; what was written is not known later.
fn number_of_rows(read: &Table, made: &mut Table) {
    let row_number = |table: &Table| -> Option<SmolStr> {
        let [only] = table.primary_key()?.kind.columns() else {
            return None;
        };
        let column_type = table.column(only)?.column_type.known()?;
        column_type
            .eq_ignore_ascii_case("integer")
            .then(|| only.clone())
    };
    let (was, is) = (row_number(read), row_number(made));
    if let Some(was) = was
        && is.as_ref() != Some(&was)
        && let Some(column) = made.column_mut(&was)
    {
        let why = Why::new(
            "whether a key that is one no more was written to be NOT NULL is not known",
            column.place.clone(),
        );
        column.nullable = Fact::Unknown(why);
    }
    if let Some(is) = is
        && let Some(column) = made.column_mut(&is)
    {
        column.nullable = Fact::Known(false);
    }
}

/// True for a name that needs no quotes.
pub(in crate::catalog::apply) fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !RESERVED.split(' ').any(|word| word == name)
}

/// A name in the one spelling of expressions, which keeps quotes only where they are needed.
pub(super) fn written(name: &str) -> String {
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word
        && !RESERVED
            .split(' ')
            .any(|word| word.eq_ignore_ascii_case(name))
    {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// The words that SQLAlchemy puts between quotes for SQLite.
const RESERVED: &str = "add after all alter analyze and as asc attach autoincrement before begin between by cascade case cast check \
    collate column commit conflict constraint create cross current_date current_time current_timestamp database \
    default deferrable deferred delete desc detach distinct drop each else end escape except exclusive exists \
    explain fail false for foreign from full glob group having if ignore immediate in index indexed initially \
    inner insert instead intersect into is isnull join key left like limit match natural not notnull null of \
    offset on or order outer plan pragma primary query raise references reindex rename replace restrict right \
    rollback row select set table temp temporary then to transaction trigger true union unique update using \
    vacuum values view virtual when where";
