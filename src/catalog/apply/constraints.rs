//! Constraints: added, dropped, renamed, validated.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{FailureKind, Statement};
use crate::catalog::constraint::{Constraint, ConstraintKind, ForeignKey};
use crate::catalog::fact::Fact;
use crate::catalog::objects::split_schema;
use crate::dialect::Dialect;

impl Statement<'_> {
    /// `ALTER TABLE … ADD CONSTRAINT`
    pub(super) fn add_constraint(&mut self, table: &SmolStr, constraint: &Constraint) {
        self.attach_constraint(table, constraint.clone());
    }

    /// Gives a table a constraint, with the name the database would make.
    pub(super) fn attach_constraint(&mut self, table: &SmolStr, mut constraint: Constraint) {
        // One that the database may have ignored and that has no name can be named by nothing.
        if constraint.maybe.is_some() && constraint.name.is(&None) {
            return;
        }
        let columns = constraint.kind.columns().to_vec();
        if !matches!(
            constraint.kind,
            ConstraintKind::Check { .. } | ConstraintKind::Exclude { .. }
        ) {
            for column in &columns {
                if !self.needs_column(table, column) {
                    return;
                }
            }
        }
        self.check_constraint_labels(table, &constraint);
        if matches!(constraint.name, Fact::Known(None)) {
            constraint.name = Fact::Known(self.implicit_name(table, &constraint.kind, &[]));
            constraint.is_unnamed = true;
        } else if self.database.dialect == Dialect::MySql
            && matches!(constraint.kind, ConstraintKind::PrimaryKey { .. })
        {
            constraint.name = Fact::Known(Some(SmolStr::new_static("PRIMARY")));
        }
        constraint.place = constraint.place.or_else(|| self.place());
        // SQLite takes any name, and the same one twice.
        if self.database.dialect != Dialect::Sqlite
            && let Some(name) = constraint.known_name().cloned()
            && let Some(known) = self.table(table)
            && known.unsure.is_none()
            && self.database.now.opaque.is_none()
            && let Some(existing) = known.constraint(&name)
            && existing.maybe.is_none()
            && !matches!(existing.kind, ConstraintKind::Unknown { .. })
        {
            self.fail(
                FailureKind::Exists
                    .because(format!("constraint `{name}` of `{table}` already exists")),
            );
        }
        self.check_index_name(table, &constraint);
        if self.database.dialect == Dialect::Sqlite
            && let Some(message) = super::copy::wrong_deferral(&constraint)
        {
            self.fail(FailureKind::Other.because(message));
        }
        match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } => {
                let columns = columns.clone();
                self.check_single_primary_key(table);
                if self.database.dialect == Dialect::Sqlite
                    && let Some(known) = self.table(table)
                    && let Some(column) = super::copy::generated_in(known, &constraint)
                {
                    self.fail(FailureKind::Other.because(format!(
                        "generated column `{column}` of `{table}` cannot be part of the primary key"
                    )));
                }
                // SQLite's keys may hold NULL, but for the one that is the row's number.
                let is_row_number = matches!(columns.as_slice(), [only] if self
                        .table(table)
                        .and_then(|table| table.column(only))
                        .and_then(|column| column.column_type.known())
                        .is_some_and(|spelling| spelling.eq_ignore_ascii_case("integer")));
                let is_not_null = self.database.dialect != Dialect::Sqlite || is_row_number;
                self.change(table, |table| {
                    table.constraints.retain(|constraint| {
                        !matches!(constraint.kind, ConstraintKind::PrimaryKey { .. })
                    });
                    for column in columns.iter().filter(|_| is_not_null) {
                        if let Some(column) = table.column_mut(column) {
                            column.nullable = Fact::Known(false);
                        }
                    }
                });
            }
            ConstraintKind::ForeignKey(key) => {
                let mut key = key.clone();
                self.check_reference(table, &mut key);
                self.database
                    .now
                    .references
                    .insert((key.references.clone(), table.clone()));
                constraint.kind = ConstraintKind::ForeignKey(key);
            }
            _ => {}
        }
        self.register_constraint(table, &constraint);
        let name = constraint.known_name().cloned();
        let is_unique = self.database.dialect != Dialect::Sqlite;
        let partitions = self.partitions(table);
        let copied = (!partitions.is_empty()).then(|| constraint.clone());
        self.change(table, |table| {
            if let Some(name) = name
                && is_unique
            {
                table
                    .constraints
                    .retain(|other| other.known_name() != Some(&name));
            }
            table.constraints.push(constraint);
        });
        for partition in partitions {
            if let Some(constraint) = &copied {
                self.copy_constraint(&partition, constraint);
            }
        }
    }

    fn register_constraint(&mut self, table: &SmolStr, constraint: &Constraint) {
        let Some(name) = constraint.known_name() else {
            return;
        };
        let (schema, _) = split_schema(table);
        let key = SmolStr::new(format!("{schema}{name}"));
        let now = &mut self.database.now;
        now.constraint_tables.insert(key.clone(), table.clone());
        if matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey { .. }
                | ConstraintKind::Unique { .. }
                | ConstraintKind::Exclude { .. }
        ) && self.database.dialect == Dialect::PostgreSql
        {
            now.index_tables.insert(key, table.clone());
        }
    }

    /// The index of a constraint needs a name that no other index of the schema has. It is kept when tables are renamed.
    fn check_index_name(&mut self, table: &SmolStr, constraint: &Constraint) {
        let Some(name) = constraint.known_name() else {
            return;
        };
        let makes_index = matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. }
        );
        if !makes_index || self.database.dialect != Dialect::PostgreSql {
            return;
        }
        let (schema, _) = split_schema(table);
        let key = SmolStr::new(format!("{schema}{name}"));
        let Some(holder) = self.database.now.index_tables.get(&key).cloned() else {
            return;
        };
        let is_there = holder != *table
            && self.is_closed(&holder)
            && self.table(&holder).is_some_and(|holder| {
                holder.maybe.is_none()
                    && (holder
                        .index(name)
                        .is_some_and(|index| index.maybe.is_none())
                        || holder.constraint(name).is_some_and(|other| {
                            other.maybe.is_none()
                                && matches!(
                                    other.kind,
                                    ConstraintKind::PrimaryKey { .. }
                                        | ConstraintKind::Unique { .. }
                                )
                        }))
            });
        if is_there {
            self.fail(FailureKind::Exists.because(format!(
                "index `{name}`, which the constraint needs, already exists on `{holder}`"
            )));
        }
    }

    fn check_single_primary_key(&mut self, table: &SmolStr) {
        let has_one = self.table(table).is_some_and(|known| {
            known.unsure.is_none() && known.primary_key().is_some_and(|key| key.maybe.is_none())
        });
        if has_one && self.database.now.opaque.is_none() {
            self.fail(
                FailureKind::Exists.because(format!("table `{table}` already has a primary key")),
            );
        }
    }

    /// The table and the columns a foreign key refers to must be there, with a unique index over them.
    fn check_reference(&mut self, table: &SmolStr, key: &mut ForeignKey) {
        if self.database.dialect == Dialect::Sqlite {
            return;
        }
        let referenced = key.references.clone();
        if !self.database.now.tables.contains_key(&referenced) {
            if self.database.now.dropped_tables.contains(&referenced)
                && self.database.now.opaque.is_none()
            {
                self.fail(FailureKind::Missing.because(format!(
                    "table `{referenced}`, which a foreign key of `{table}` refers to, does not exist"
                )));
                return;
            }
            self.discover_table(&referenced);
        }
        if key.ref_columns.is_empty()
            && let Some(primary) = self
                .table(&referenced)
                .and_then(|table| table.primary_key())
        {
            key.ref_columns = primary.kind.columns().to_vec();
        }
        let columns = key.ref_columns.clone();
        for column in &columns {
            if !self.needs_column(&referenced, column) {
                return;
            }
        }
        self.check_key_types(table, key);
        if !self.is_closed(&referenced) || columns.is_empty() {
            return;
        }
        let Some(target) = self.table(&referenced) else {
            return;
        };
        if !target.may_keep_unique(&columns) && self.database.dialect == Dialect::PostgreSql {
            self.fail(FailureKind::Missing.because(format!(
                "no unique constraint of `{referenced}` is over the columns that a foreign key of `{table}` refers to ({})",
                columns.join(", ")
            )));
        }
    }

    /// PostgreSQL must be able to compare the columns of both sides.
    fn check_key_types(&mut self, table: &SmolStr, key: &ForeignKey) {
        if self.database.dialect != Dialect::PostgreSql {
            return;
        }
        for (own, other) in key.columns.iter().zip(&key.ref_columns) {
            let type_of = |table: &str, column: &str| {
                self.table(table)
                    .filter(|table| table.unsure.is_none())?
                    .column(column)?
                    .column_type
                    .known()
                    .cloned()
            };
            if let (Some(own_type), Some(other_type)) =
                (type_of(table, own), type_of(&key.references, other))
                && !are_comparable(&own_type, &other_type)
            {
                let references = key.references.clone();
                self.fail(FailureKind::Other.because(format!(
                    "a foreign key cannot join `{table}.{own}` ({own_type}) with `{references}.{other}` ({other_type})"
                )));
                return;
            }
        }
    }

    pub(super) fn add_constraint_using_index(
        &mut self,
        table: &SmolStr,
        name: &SmolStr,
        index: &SmolStr,
        primary_key: bool,
    ) {
        let definition = self
            .table(table)
            .and_then(|table| table.index(index))
            .and_then(|index| index.definition.known().cloned());
        if definition.is_none() && self.is_closed(table) {
            self.fail(FailureKind::Missing.because(format!("index `{index}` does not exist")));
        }
        let columns: Vec<SmolStr> = definition
            .map(|definition| definition.keys.into_iter().map(|key| key.text).collect())
            .unwrap_or_default();
        self.forget_index(table, index);
        let kind = if primary_key {
            ConstraintKind::PrimaryKey { columns }
        } else {
            ConstraintKind::Unique {
                columns,
                nulls_not_distinct: false,
            }
        };
        let constraint = Constraint::new(Some(name.clone()), kind, self.place());
        self.attach_constraint(table, constraint);
    }

    pub(super) fn drop_constraint(
        &mut self,
        table: &SmolStr,
        name: &SmolStr,
        if_exists: bool,
        cascade: bool,
    ) {
        let known = self
            .table(table)
            .and_then(|table| table.constraint(name).cloned());
        let Some(constraint) = known else {
            let is_gone = self
                .table(table)
                .is_some_and(|table| table.gone.constraints.contains(name));
            if !is_gone {
                match self.spelled_otherwise(table, name) {
                    // What only goes if it is there goes by one spelling alone: which it is, is not known.
                    Some(spelled) if if_exists => {
                        let why =
                            self.why("how PostgreSQL spells a foreign key over several columns");
                        self.change(table, |table| {
                            let keys = table.constraints.iter_mut();
                            for key in keys.filter(|key| key.known_name() == Some(&spelled)) {
                                key.maybe = Some(Arc::clone(&why));
                            }
                        });
                        return;
                    }
                    Some(spelled) => {
                        self.drop_constraint(table, &spelled, if_exists, cascade);
                        return;
                    }
                    None => {}
                }
                if self.drop_nameless(table, name) {
                    return;
                }
            }
            if is_gone || self.is_closed(table) {
                if !if_exists {
                    let is_index = self
                        .table(table)
                        .is_some_and(|table| table.index(name).is_some());
                    let hint = if is_index {
                        ": it is an index, not a constraint"
                    } else {
                        ""
                    };
                    self.fail(FailureKind::Missing.because(format!(
                        "constraint `{name}` of `{table}` does not exist{hint}"
                    )));
                }
                return;
            }
            if if_exists {
                return;
            }
            self.discover_constraint(table, name);
            return;
        };
        if let ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } =
            &constraint.kind
        {
            self.drop_references_to(table, columns, cascade);
        }
        self.drop_copies_of_constraint(table, &constraint);
        self.forget_constraint(table, name);
    }

    /// Where names are made by a convention that is not known, a constraint without a known name may be the one.
    fn drop_nameless(&mut self, table: &SmolStr, name: &SmolStr) -> bool {
        // Which one it was is in doubt for a reason of its own: another drop may have meant another one.
        let why = self.why(&format!("which constraint of `{table}` `{name}` is"));
        self.change(table, |table| {
            let position = table
                .constraints
                .iter()
                .position(|constraint| matches!(constraint.name, Fact::Unknown(_)));
            if let Some(position) = position {
                table.constraints.remove(position);
                table.unsure = Some(why);
            }
            position.is_some()
        })
        .unwrap_or(false)
    }

    /// Foreign keys of other tables that need a key of this one.
    pub(super) fn drop_references_to(
        &mut self,
        table: &SmolStr,
        columns: &[SmolStr],
        cascade: bool,
    ) {
        if self.database.dialect != Dialect::PostgreSql {
            return;
        }
        for other in self.referring(table) {
            let found: Vec<Constraint> = self
                .table(&other)
                .filter(|_| cascade || !self.may_have_changed(&other))
                .map(|known| {
                    known
                        .foreign_keys()
                        .filter(|(constraint, key)| {
                            key.references == *table
                                && constraint.maybe.is_none()
                                && known.unsure.is_none()
                                && key.ref_columns.len() == columns.len()
                                && key
                                    .ref_columns
                                    .iter()
                                    .all(|column| columns.contains(column))
                        })
                        .filter(|(constraint, _)| constraint.known_name().is_some())
                        .map(|(constraint, _)| constraint.clone())
                        .collect()
                })
                .unwrap_or_default();
            // Another unique constraint over the same columns may be the one that is used.
            let has_other = self.table(table).is_some_and(|table| {
                table
                    .constraints
                    .iter()
                    .filter(|constraint| match &constraint.kind {
                        ConstraintKind::PrimaryKey { columns: known }
                        | ConstraintKind::Unique { columns: known, .. } => {
                            known.len() == columns.len()
                                && known.iter().all(|column| columns.contains(column))
                        }
                        _ => false,
                    })
                    .count()
                    > 1
            });
            for key in found {
                let Some(name) = key.known_name() else {
                    continue;
                };
                if !cascade && !has_other {
                    let called = if key.may_be_spelled_otherwise() {
                        format!(
                            "the foreign key of `{other}` on ({})",
                            key.kind.columns().join(", ")
                        )
                    } else {
                        format!("foreign key `{name}` of `{other}`")
                    };
                    self.fail(
                        FailureKind::InUse
                            .because(format!("{called} needs `{table}` ({})", columns.join(", "))),
                    );
                }
                if cascade || !has_other {
                    self.forget_constraint(&other, name);
                }
            }
        }
    }

    pub(super) fn forget_constraint(&mut self, table: &SmolStr, name: &SmolStr) {
        let (schema, _) = split_schema(table);
        let key = format!("{schema}{name}");
        let now = &mut self.database.now;
        if now.constraint_tables.get(key.as_str()) == Some(table) {
            now.constraint_tables.remove(key.as_str());
        }
        if now.index_tables.get(key.as_str()) == Some(table)
            && now
                .tables
                .get(table)
                .is_some_and(|table| table.index(name).is_none())
        {
            now.index_tables.remove(key.as_str());
        }
        let removed = self.change(table, |table| {
            let position = table
                .constraints
                .iter()
                .position(|constraint| constraint.known_name() == Some(name))?;
            table.gone.constraints.push(name.clone());
            Some(table.constraints.remove(position))
        });
        if let Some(Some(Constraint {
            kind: ConstraintKind::ForeignKey(key),
            ..
        })) = removed
        {
            let still = self.table(table).is_some_and(|table| {
                table
                    .foreign_keys()
                    .any(|(_, other)| other.references == key.references)
            });
            if !still {
                self.database
                    .now
                    .references
                    .remove(&(key.references, table.clone()));
            }
        }
    }

    pub(super) fn drop_primary_key(&mut self, table: &SmolStr) {
        let name = self
            .table(table)
            .and_then(|table| table.primary_key())
            .and_then(|key| key.known_name().cloned());
        match name {
            Some(name) => self.forget_constraint(table, &name),
            None if self.is_closed(table) => self
                .fail(FailureKind::Missing.because(format!("table `{table}` has no primary key"))),
            None => {}
        }
    }

    pub(super) fn rename_constraint(
        &mut self,
        table: &SmolStr,
        name: &SmolStr,
        new_name: &SmolStr,
    ) {
        let spelled = self.spelled_otherwise(table, name);
        let name = spelled.as_ref().unwrap_or(name);
        let known = self
            .table(table)
            .and_then(|table| table.constraint(name).cloned());
        let Some(mut constraint) = known else {
            if self.is_closed(table) {
                self.fail(
                    FailureKind::Missing
                        .because(format!("constraint `{name}` of `{table}` does not exist")),
                );
                return;
            }
            let mut constraint = self.discover_constraint(table, name);
            constraint.name = Fact::Known(Some(new_name.clone()));
            constraint.is_unnamed = false;
            self.change(table, |table| table.constraints.push(constraint));
            return;
        };
        self.forget_constraint(table, name);
        constraint.name = Fact::Known(Some(new_name.clone()));
        constraint.is_unnamed = false;
        constraint.place = self.place().or_else(|| constraint.place.take());
        self.register_constraint(table, &constraint);
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            self.database
                .now
                .references
                .insert((key.references.clone(), table.clone()));
        }
        self.change(table, |table| table.constraints.push(constraint));
    }

    pub(super) fn validate_constraint(&mut self, table: &SmolStr, name: &SmolStr) {
        self.change(table, |table| {
            for constraint in &mut table.constraints {
                if constraint.known_name() == Some(name) {
                    constraint.not_valid = false;
                }
            }
        });
    }
}

/// Whether PostgreSQL has an equality of two types. What is not known is taken to have one.
fn are_comparable(one: &str, other: &str) -> bool {
    let family = |name: &str| {
        let base = name.split('(').next().unwrap_or(name).trim();
        match base {
            "integer" | "bigint" | "smallint" | "numeric" | "real" | "double precision" => 1,
            "character varying" | "text" | "character" | "citext" => 2,
            "uuid" => 3,
            "boolean" => 4,
            _ => 0,
        }
    };
    let (one, other) = (family(one), family(other));
    one == 0 || other == 0 || one == other
}
