//! Columns: added, dropped, altered, renamed.

use smol_str::SmolStr;

use super::tables::at_column;
use super::{Failure, FailureKind, Statement};
use crate::catalog::constraint::ConstraintKind;
use crate::catalog::ddl::ColumnDefinition;
use crate::catalog::defaults::for_type;
use crate::catalog::fact::Fact;
use crate::catalog::table::Column;
use crate::dialect::Dialect;

/// True for a column that nothing read here has made, and that something names.
pub(super) fn is_believed(column: &Column) -> bool {
    matches!(column.column_type, Fact::Unknown(_))
}

impl Statement<'_> {
    /// True if a column is there; in a table that is not wholly known it is taken to have been there before. Says so
    /// where it certainly is not.
    pub(super) fn needs_column(&mut self, table: &SmolStr, column: &SmolStr) -> bool {
        if self
            .table(table)
            .is_some_and(|table| table.column(column).is_some())
        {
            return true;
        }
        let is_gone = self
            .table(table)
            .is_some_and(|table| table.gone.columns.contains(column));
        if is_gone || self.is_closed(table) {
            let failure = FailureKind::Missing
                .because(format!("column `{column}` of `{table}` does not exist"));
            self.fail(Failure {
                lacks: (!is_gone).then(|| (table.clone(), column.clone())),
                ..failure
            });
            return false;
        }
        let found = self.discover_column(table, column);
        self.change(table, |table| table.columns.push(found));
        true
    }

    pub(super) fn add_column(
        &mut self,
        table: &SmolStr,
        definition: &ColumnDefinition,
        if_not_exists: bool,
    ) {
        let name = &definition.column.name;
        let parent = self
            .table(table)
            .filter(|table| table.maybe.is_none() && table.unsure.is_none())
            .and_then(|table| table.partition_of.clone());
        let is_refused = parent.is_some() && self.database.now.opaque.is_none();
        if let Some(parent) = parent.filter(|_| is_refused) {
            self.fail(FailureKind::Other.because(format!(
                "`{table}` is a partition of `{parent}`: column `{name}` comes from there"
            )));
        }
        let existing = self
            .table(table)
            .and_then(|table| table.column(name).cloned());
        if let Some(existing) = &existing {
            if if_not_exists && existing.maybe.is_none() {
                return;
            }
            if existing.maybe.is_none()
                && !is_believed(existing)
                && !is_refused
                && self
                    .table(table)
                    .is_some_and(|table| table.unsure.is_none())
                && self.database.now.opaque.is_none()
            {
                self.fail(
                    FailureKind::Exists
                        .because(format!("column `{name}` of `{table}` already exists")),
                );
            }
        }
        // One that was only believed to be there was not: a batch has passed over the keys on it.
        let was_believed = !if_not_exists && existing.as_ref().is_some_and(is_believed);
        if was_believed {
            self.was_without_column(table, name);
        }
        let mut column = self.typed(&definition.column);
        column.place = column.place.or_else(|| self.place());
        self.change(table, |table| {
            if was_believed {
                table
                    .constraints
                    .retain(|constraint| !constraint.kind.columns().contains(name));
            }
            match table.columns.iter_mut().find(|known| known.name == *name) {
                Some(known) => *known = column,
                None => table.columns.push(column),
            }
        });
        self.sequence_of(table, definition);
        self.add_column_to_partitions(table, name);
        for constraint in &definition.constraints {
            let constraint = at_column(constraint, definition);
            self.add_constraint(table, &constraint);
        }
    }

    /// The sequence that comes with a column.
    pub(super) fn sequence_of(&mut self, table: &SmolStr, definition: &ColumnDefinition) {
        let is_identity = matches!(definition.column.identity, Fact::Known(Some(_)));
        if definition.serial || is_identity {
            self.own_sequence(table, &definition.column.name, is_identity);
        }
    }

    /// True if nothing is in doubt about a column and its table.
    pub(super) fn is_sure(&self, table: &str, column: &str) -> bool {
        self.database.now.opaque.is_none()
            && self.table(table).is_some_and(|known| {
                known.maybe.is_none()
                    && known.unsure.is_none()
                    && known
                        .column(column)
                        .is_some_and(|column| column.maybe.is_none())
            })
    }

    /// What in its own table keeps SQLite from dropping a column. What stands at the column goes with it, unless that
    /// makes it a key.
    fn needed_by(&self, table: &str, name: &SmolStr) -> Option<String> {
        let known = self.table(table)?;
        let constraint = known.constraints.iter().find(|constraint| {
            let falls = constraint.inline
                && matches!(
                    constraint.kind,
                    ConstraintKind::ForeignKey(_) | ConstraintKind::Check { .. }
                );
            constraint.maybe.is_none() && !falls && constraint.kind.columns().contains(name)
        });
        if let Some(constraint) = constraint {
            let noun = constraint.kind.noun();
            return Some(match constraint.known_name() {
                Some(constraint) => format!("{noun} `{constraint}` is on it"),
                None => format!("a {noun} is on it"),
            });
        }
        let column = known.columns.iter().find(|column| {
            column.name != *name
                && column.maybe.is_none()
                && matches!(&column.generated, Fact::Known(Some(expression)) if mentions(expression, name))
        })?;
        Some(format!("generated column `{}` is made of it", column.name))
    }

    pub(super) fn drop_column(
        &mut self,
        table: &SmolStr,
        name: &SmolStr,
        if_exists: bool,
        cascade: bool,
    ) {
        let known = self
            .table(table)
            .and_then(|table| table.column(name).cloned());
        if known.is_none() && if_exists {
            return;
        }
        if !self.needs_column(table, name) {
            return;
        }
        if self.database.dialect == Dialect::Sqlite
            && self.is_sure(table, name)
            && let Some(what) = self.needed_by(table, name)
        {
            self.fail(
                FailureKind::InUse
                    .because(format!("column `{table}.{name}` cannot be dropped: {what}")),
            );
        }
        self.drop_references_to(table, std::slice::from_ref(name), cascade);
        let gone: Vec<SmolStr> = self
            .table(table)
            .map(|table| {
                table
                    .constraints
                    .iter()
                    .filter(|constraint| constraint.kind.columns().contains(name))
                    .filter_map(|constraint| constraint.known_name().cloned())
                    .collect()
            })
            .unwrap_or_default();
        for constraint in gone {
            self.forget_constraint(table, &constraint);
        }
        let indexes: Vec<SmolStr> = self
            .table(table)
            .map(|table| {
                table
                    .indexes
                    .iter()
                    .filter(|index| {
                        index
                            .definition
                            .known()
                            .is_some_and(|definition| definition.columns.contains(name))
                    })
                    .map(|index| index.name.clone())
                    .collect()
            })
            .unwrap_or_default();
        for index in indexes {
            let is_generated = known
                .as_ref()
                .is_some_and(|column| !matches!(column.generated, Fact::Known(None)));
            if self.database.dialect == Dialect::Sqlite && !is_generated {
                self.fail(FailureKind::InUse.because(format!(
                    "column `{table}.{name}` cannot be dropped: index `{index}` is on it"
                )));
            }
            self.forget_index(table, &index);
        }
        for sequence in self.owned_sequences(table, Some(name)) {
            self.database.now.sequences.remove(&sequence);
        }
        self.change(table, |table| {
            table.columns.retain(|column| column.name != *name);
            table.gone.columns.push(name.clone());
            // Nameless constraints, as SQLite has them.
            table
                .constraints
                .retain(|constraint| !constraint.kind.columns().contains(name));
        });
    }

    pub(super) fn alter_type(
        &mut self,
        table: &SmolStr,
        column: &SmolStr,
        column_type: &Fact<SmolStr>,
        using: bool,
    ) {
        if !self.needs_column(table, column) {
            return;
        }
        let old = self
            .table(table)
            .and_then(|table| table.column(column))
            .map(|column| (column.column_type.clone(), column.default.clone()));
        if let Some((Fact::Known(old), default)) = old
            && let Fact::Known(new) = column_type
            && self.database.dialect == Dialect::PostgreSql
            && old != *new
        {
            let name = SmolStr::new(new.trim_end_matches("[]"));
            if self.is_type_gone(&name) {
                self.fail(FailureKind::Missing.because(format!("type `{name}` does not exist")));
            } else if !using && !self.is_assignable(&old, new) {
                self.fail(FailureKind::Other.because(format!(
                    "column `{column}` of `{table}` cannot be cast from `{old}` to `{new}` without `USING`"
                )));
            }
            if let Fact::Known(Some(default)) = default
                && !default.contains("nextval")
                && self.database.now.enums.contains_key(new)
                && default.starts_with('\'')
                && self.database.now.enums.contains_key(&old)
            {
                self.fail(FailureKind::Other.because(format!(
                    "the default of `{table}.{column}` cannot be cast to `{new}`: drop it first"
                )));
            }
        }
        let place = self.place();
        let dialect = self.database.dialect;
        self.change(table, |table| {
            if let Some(column) = table.column_mut(column) {
                column.column_type = column_type.clone();
                if let (Fact::Known(Some(default)), Fact::Known(column_type)) =
                    (&mut column.default, column_type)
                {
                    *default = for_type(default, column_type, dialect);
                }
                column.place = place;
            }
        });
        // The sequence of a SERIAL column keeps its type.
        for sequence in self.owned_sequences(table, Some(column)) {
            self.change_sequence(&sequence, |sequence| {
                if sequence.identity {
                    sequence.data_type = column_type.clone();
                }
            });
        }
    }

    /// Whether PostgreSQL converts values of one type to another on assignment. What is not known is taken to work.
    pub(super) fn is_assignable(&self, from: &str, to: &str) -> bool {
        let enums = &self.database.now.enums;
        let base =
            |text: &str| -> String { text.split('(').next().unwrap_or(text).trim().to_owned() };
        let is_text = |name: &str| {
            matches!(
                base(name).as_str(),
                "character varying" | "text" | "character" | "citext"
            )
        };
        let (from_base, to_base) = (base(from), base(to));
        if is_text(to) || from_base == to_base {
            return true;
        }
        if from.ends_with("[]") != to.ends_with("[]") {
            return false;
        }
        if enums.contains_key(to) {
            return false;
        }
        let needs_cast = [
            "integer",
            "bigint",
            "smallint",
            "numeric",
            "real",
            "double precision",
            "boolean",
            "uuid",
            "json",
            "jsonb",
            "bytea",
            "date",
            "timestamp without time zone",
            "timestamp with time zone",
            "interval",
            "inet",
        ];
        if is_text(from) || enums.contains_key(from) {
            return !needs_cast.contains(&full_base(to).as_str());
        }
        let is_number = |name: &str| {
            matches!(
                name,
                "integer" | "bigint" | "smallint" | "numeric" | "real" | "double precision"
            )
        };
        match (from_base.as_str(), full_base(to).as_str()) {
            ("boolean", to) => !is_number(to) && to != "uuid",
            (from, "boolean" | "uuid" | "json" | "jsonb" | "bytea") if is_number(from) => false,
            ("uuid", to) => !is_number(to) && to != "boolean",
            _ => true,
        }
    }

    pub(super) fn set_nullable(&mut self, table: &SmolStr, column: &SmolStr, nullable: bool) {
        if !self.needs_column(table, column) {
            return;
        }
        if nullable
            && let Some(known) = self.table(table)
            && known.unsure.is_none()
            && known.is_of_key(column)
        {
            match self.database.dialect {
                Dialect::PostgreSql => self.fail(FailureKind::Other.because(format!(
                    "column `{column}` of `{table}` is in the primary key and cannot be nullable"
                ))),
                // Refused since 5.7.3, and done without a word before, as by MariaDB: it stays NOT NULL.
                Dialect::MySql => return,
                Dialect::Sqlite => {}
            }
        }
        let place = self.place();
        self.change(table, |table| {
            if let Some(column) = table.column_mut(column) {
                column.nullable = Fact::Known(nullable);
                column.place = place;
            }
        });
    }

    pub(super) fn set_default(
        &mut self,
        table: &SmolStr,
        column: &SmolStr,
        default: &Fact<Option<SmolStr>>,
    ) {
        if !self.needs_column(table, column) {
            return;
        }
        self.check_default_name(column, default);
        if let Fact::Known(Some(default)) = default
            && let Some(column_type) = self
                .table(table)
                .and_then(|table| table.column(column))
                .and_then(|column| column.column_type.known().cloned())
        {
            self.check_default(default, &column_type);
        }
        let place = self.place();
        let dialect = self.database.dialect;
        self.change(table, |table| {
            if let Some(column) = table.column_mut(column) {
                column.default = default.clone();
                if let (Fact::Known(Some(default)), Fact::Known(column_type)) =
                    (&mut column.default, &column.column_type)
                {
                    *default = for_type(default, column_type, dialect);
                }
                column.place = place;
            }
        });
    }

    /// A column whose default is read by its type.
    pub(super) fn typed(&mut self, column: &Column) -> Column {
        let mut column = column.clone();
        self.check_default_name(&column.name, &column.default);
        if let (Fact::Known(Some(default)), Fact::Known(column_type)) =
            (&column.default, &column.column_type)
        {
            self.check_default(default, column_type);
        }
        // Nothing is kept of comments there.
        if self.database.dialect == Dialect::Sqlite {
            column.comment = Fact::Known(None);
        }
        if let (Fact::Known(Some(default)), Fact::Known(column_type)) =
            (&mut column.default, &column.column_type)
        {
            *default = for_type(default, column_type, self.database.dialect);
        }
        column
    }

    pub(super) fn set_identity(
        &mut self,
        table: &SmolStr,
        column: &SmolStr,
        identity: Option<&SmolStr>,
        if_exists: bool,
    ) {
        if if_exists
            && self
                .table(table)
                .is_some_and(|table| table.column(column).is_none())
        {
            return;
        }
        if !self.needs_column(table, column) {
            return;
        }
        let before = self
            .table(table)
            .and_then(|table| table.column(column))
            .map(|column| column.identity.clone());
        self.change(table, |table| {
            if let Some(column) = table.column_mut(column) {
                column.identity = Fact::Known(identity.cloned());
            }
        });
        match (before, identity) {
            (Some(Fact::Known(None)), Some(_)) => self.own_sequence(table, column, true),
            (Some(Fact::Known(Some(_))), None) => {
                for sequence in self.owned_sequences(table, Some(column)) {
                    let sequences = &mut self.database.now.sequences;
                    if sequences.get(&sequence).is_some_and(|known| known.identity) {
                        sequences.remove(&sequence);
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn drop_generated(&mut self, table: &SmolStr, column: &SmolStr) {
        if !self.needs_column(table, column) {
            return;
        }
        self.change(table, |table| {
            if let Some(column) = table.column_mut(column) {
                column.generated = Fact::Known(None);
            }
        });
    }

    pub(super) fn rename_column(&mut self, table: &SmolStr, name: &SmolStr, new_name: &SmolStr) {
        if !self.needs_column(table, name) {
            return;
        }
        if name == new_name {
            // PostgreSQL finds it in its own way.
            if self.database.dialect == Dialect::PostgreSql {
                self.fail(
                    FailureKind::Exists
                        .because(format!("column `{name}` of `{table}` already exists")),
                );
            }
            return;
        }
        if let Some(known) = self.table(table)
            && known.unsure.is_none()
            && let Some(existing) = known.column(new_name)
            && existing.maybe.is_none()
            && existing.column_type.known().is_some()
        {
            self.fail(
                FailureKind::Exists
                    .because(format!("column `{new_name}` of `{table}` already exists")),
            );
        }
        self.change(table, |table| {
            table.columns.retain(|column| column.name != *new_name);
            for column in &mut table.columns {
                if column.name == *name {
                    column.name = new_name.clone();
                } else if let Fact::Known(Some(expression)) = &mut column.generated {
                    *expression = renamed(expression, name, new_name);
                }
            }
            for constraint in &mut table.constraints {
                if let ConstraintKind::Check {
                    expression: Fact::Known(text),
                    ..
                }
                | ConstraintKind::Exclude {
                    definition: Fact::Known(text),
                    ..
                } = &mut constraint.kind
                {
                    *text = renamed(text, name, new_name);
                }
                for column in constraint.kind.columns_mut().into_iter().flatten() {
                    if column == name {
                        *column = new_name.clone();
                    }
                }
            }
            for index in &mut table.indexes {
                let Fact::Known(definition) = &mut index.definition else {
                    continue;
                };
                for key in &mut definition.keys {
                    if key.is_column && key.text == *name {
                        key.text = new_name.clone();
                    } else if !key.is_column {
                        key.text = renamed(&key.text, name, new_name);
                    }
                }
                if let Some(predicate) = &mut definition.predicate {
                    *predicate = renamed(predicate, name, new_name);
                }
                for column in definition.columns.iter_mut().chain(&mut definition.include) {
                    if column == name {
                        *column = new_name.clone();
                    }
                }
            }
        });
        let mut others = self.referring(table);
        others.push(table.clone());
        for other in others {
            self.change(&other, |other| {
                for constraint in &mut other.constraints {
                    if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                        && key.references == *table
                    {
                        for column in &mut key.ref_columns {
                            if column == name {
                                *column = new_name.clone();
                            }
                        }
                    }
                }
            });
        }
        for sequence in self.owned_sequences(table, Some(name)) {
            self.change_sequence(&sequence, |sequence| {
                sequence.owned_by = Some((table.clone(), new_name.clone()));
            });
        }
    }
}

/// The type without its length: `timestamp(3) with time zone` is a `timestamp with time zone`.
fn full_base(text: &str) -> String {
    match (text.find('('), text.find(')')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{}", &text[..open], &text[close + 1..])
        }
        _ => text.to_owned(),
    }
}

/// An expression in which a column has another name now.
fn renamed(expression: &str, name: &str, new_name: &str) -> SmolStr {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut result = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(at) = rest.find(name) {
        let before = rest[..at]
            .chars()
            .next_back()
            .or_else(|| result.chars().next_back());
        let after = rest[at + name.len()..].chars().next();
        let is_whole = !before.is_some_and(is_word) && !after.is_some_and(is_word);
        result.push_str(&rest[..at]);
        result.push_str(if is_whole { new_name } else { name });
        rest = &rest[at + name.len()..];
    }
    result.push_str(rest);
    SmolStr::new(result)
}

/// True if a name is a word of an expression.
fn mentions(expression: &str, name: &str) -> bool {
    expression
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|word| word.eq_ignore_ascii_case(name))
}
