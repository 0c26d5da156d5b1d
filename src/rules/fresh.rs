//! What a change has made itself: nobody uses it yet, and there are no rows in it.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::alembic::Step;
use crate::catalog::{AlterAction, Batch, BatchChange, Ddl, Fact, RowChange};
use crate::source::FileSpan;

/// Objects that the change under judgement has made so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fresh {
    tables: FxHashSet<SmolStr>,
    /// With the default that each had when it came, which the rows have got.
    columns: FxHashMap<(SmolStr, SmolStr), Fact<Option<SmolStr>>>,
    /// Indexes and constraints, by name.
    parts: FxHashSet<SmolStr>,
    /// Enum types.
    types: FxHashSet<SmolStr>,
    /// Tables of which all rows were removed.
    emptied: FxHashSet<SmolStr>,
    /// All rows of a table were removed whose name is not known.
    is_any_emptied: bool,
    /// Tables whose rows were changed.
    filled: FxHashSet<SmolStr>,
}

impl Fresh {
    /// True for a table that the change has made, or removed all rows from.
    pub(crate) fn is_empty(&self, table: &str) -> bool {
        self.has_table(table) || self.emptied.contains(table) || self.is_any_emptied
    }

    pub(crate) fn has_table(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    pub(crate) fn has_column(&self, table: &str, column: &str) -> bool {
        self.has_table(table)
            || self
                .columns
                .contains_key(&(SmolStr::new(table), SmolStr::new(column)))
    }

    /// True for a column that the change has made and that no statement has given values.
    pub(crate) fn is_unfilled(&self, table: &str, column: &str) -> bool {
        self.has_column(table, column) && !self.filled.contains(table)
    }

    /// What all rows of a table have in a column that the change has added: no statement has given them others. NULL is
    /// `None` inside.
    pub(crate) fn filled_with(&self, table: &str, column: &str) -> Option<&Option<SmolStr>> {
        let key = (SmolStr::new(table), SmolStr::new(column));
        let default = self.columns.get(&key)?.known()?;
        (!self.filled.contains(table)).then_some(default)
    }

    /// True for an index or a constraint that the change has made.
    pub(crate) fn has_part(&self, name: &str) -> bool {
        self.parts.contains(name)
    }

    pub(crate) fn has_type(&self, name: &str) -> bool {
        self.types.contains(name)
    }

    /// Begins a revision. What an earlier one of the change has emptied is still empty: nothing runs between them.
    pub(crate) fn begin(&mut self) {
        self.is_any_emptied = false;
    }

    /// Begins the way back: there are rows again by now, and what the upgrade has filled says nothing of columns that come.
    pub(crate) fn turn(&mut self) {
        self.begin();
        self.emptied.clear();
        self.filled.clear();
    }

    /// Takes a statement in.
    pub(crate) fn take(&mut self, step: &Step) {
        for (ddl, _) in simple(&step.ddl) {
            self.take_one(&ddl, step.certain);
        }
    }

    fn take_one(&mut self, ddl: &Ddl, certain: bool) {
        match ddl {
            Ddl::CreateTable(create) | Ddl::CreateTableLike { create, .. } => {
                self.tables.insert(create.name.clone());
            }
            Ddl::CreateIndex {
                name: Some(name), ..
            } => {
                self.parts.insert(name.clone());
            }
            Ddl::CreateEnum { name, .. } => {
                self.types.insert(name.clone());
            }
            Ddl::RenameType { name, new_name } if self.types.contains(name) => {
                self.types.insert(new_name.clone());
            }
            Ddl::RenameIndex { name, new_name, .. } => self.rename_part(name, new_name),
            Ddl::Data { tables, rows } => {
                self.is_any_emptied |=
                    tables.is_empty() && *rows == (RowChange::Removed { all: true });
                for table in tables {
                    if certain && *rows == (RowChange::Removed { all: true }) {
                        self.emptied.insert(table.clone());
                    } else {
                        self.emptied.remove(table);
                        self.filled.insert(table.clone());
                    }
                }
            }
            Ddl::AlterTable { table, action, .. } => self.alter(table, action),
            _ => {}
        }
    }

    fn alter(&mut self, table: &SmolStr, action: &AlterAction) {
        match action {
            AlterAction::AddColumn { definition, .. } => {
                let column = &definition.column;
                let key = (table.clone(), column.name.clone());
                self.columns.insert(key, column.default.clone());
            }
            AlterAction::RenameColumn { name, new_name } => {
                let key = (table.clone(), name.clone());
                if let Some(default) = self.columns.get(&key).cloned() {
                    self.columns
                        .insert((table.clone(), new_name.clone()), default);
                }
            }
            AlterAction::AddConstraint(constraint) => {
                self.parts.extend(constraint.known_name().cloned());
            }
            AlterAction::AddConstraintUsingIndex { name, .. } => {
                self.parts.insert(name.clone());
            }
            AlterAction::RenameConstraint { name, new_name } => self.rename_part(name, new_name),
            AlterAction::RenameTable { new_name } => {
                if self.has_table(table) {
                    self.tables.insert(new_name.clone());
                }
                if self.emptied.remove(table) {
                    self.emptied.insert(new_name.clone());
                }
                let columns: Vec<_> = self
                    .columns
                    .iter()
                    .filter(|((known, _), _)| known == table)
                    .map(|((_, column), default)| (column.clone(), default.clone()))
                    .collect();
                for (column, default) in columns {
                    self.columns.insert((new_name.clone(), column), default);
                }
            }
            _ => {}
        }
    }

    fn rename_part(&mut self, name: &SmolStr, new_name: &SmolStr) {
        if self.parts.contains(name) {
            self.parts.insert(new_name.clone());
        }
    }
}

/// True if a statement, or one that it holds, is meant. What may or may not be done is left out.
pub(crate) fn has(ddl: &Ddl, is_meant: &dyn Fn(&Ddl) -> bool) -> bool {
    match ddl {
        Ddl::Together(_) | Ddl::Block(_) | Ddl::Only(_) | Ddl::Batch(_) => {
            simple(ddl).iter().any(|(ddl, _)| is_meant(ddl))
        }
        Ddl::If { .. } | Ddl::Try { .. } => false,
        single => is_meant(single),
    }
}

/// The single statements of one, each with its place if it has one of its own. What may or may not be done is left out.
pub(crate) fn simple(ddl: &Ddl) -> Vec<(std::borrow::Cow<'_, Ddl>, Option<&FileSpan>)> {
    use std::borrow::Cow;
    let mut found = Vec::new();
    match ddl {
        Ddl::Together(parts) | Ddl::Block(parts) => {
            found.extend(parts.iter().flat_map(simple));
        }
        Ddl::Only(inner) => found.extend(simple(inner)),
        Ddl::Batch(batch) => {
            let Batch { table, steps, .. } = batch.as_ref();
            for step in steps {
                let place = step.place.as_ref();
                match &step.change {
                    BatchChange::AddColumn(new) => found.push((
                        Cow::Owned(Ddl::AlterTable {
                            table: table.clone(),
                            if_exists: false,
                            action: AlterAction::AddColumn {
                                definition: Box::new(new.definition.clone()),
                                if_not_exists: new.if_not_exists,
                            },
                        }),
                        place,
                    )),
                    BatchChange::CreateIndex { ddl, .. }
                    | BatchChange::InCopy(ddl)
                    | BatchChange::Other(ddl) => {
                        found.extend(
                            simple(ddl)
                                .into_iter()
                                .map(|(ddl, own)| (ddl, own.or(place))),
                        );
                    }
                    BatchChange::Nothing => {}
                }
            }
        }
        Ddl::If { .. } | Ddl::Try { .. } => {}
        _ => found.push((Cow::Borrowed(ddl), None)),
    }
    found
}
