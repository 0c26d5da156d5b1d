//! Sequences: made, altered, dropped, and those that columns own.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{FailureKind, Statement};
use crate::catalog::ddl::SequenceChange;
use crate::catalog::defaults::next_value;
use crate::catalog::fact::Fact;
use crate::catalog::objects::{Sequence, split_schema};
use crate::dialect::Dialect;

impl Statement<'_> {
    pub(super) fn create_sequence(
        &mut self,
        name: &SmolStr,
        owned_by: Option<&(SmolStr, SmolStr)>,
        if_not_exists: bool,
    ) {
        if let Some(existing) = self.database.now.sequences.get(name) {
            if if_not_exists {
                return;
            }
            if existing.maybe.is_none() && self.database.now.opaque.is_none() {
                self.fail(FailureKind::Exists.because(format!("sequence `{name}` already exists")));
            }
        }
        self.database.now.sequences.insert(
            name.clone(),
            Arc::new(Sequence {
                owned_by: owned_by.cloned(),
                data_type: Fact::Known(SmolStr::new_static("bigint")),
                identity: false,
                place: self.place(),
                maybe: None,
            }),
        );
    }

    /// The sequence of a SERIAL or an identity column, of the type of the column.
    pub(super) fn own_sequence(&mut self, table: &SmolStr, column: &SmolStr, identity: bool) {
        if self.database.dialect != Dialect::PostgreSql {
            return;
        }
        let Some(data_type) = self
            .table(table)
            .and_then(|table| table.column(column))
            .map(|column| column.column_type.clone())
        else {
            return;
        };
        let (schema, bare) = split_schema(table);
        let name = self.free_name(table, bare, column, "seq", &[]);
        let qualified = SmolStr::new(format!("{schema}{name}"));
        let default = next_value(&qualified);
        self.database.now.sequences.insert(
            qualified,
            Arc::new(Sequence {
                owned_by: Some((table.clone(), column.clone())),
                data_type,
                identity,
                place: self.place(),
                maybe: None,
            }),
        );
        if !identity {
            self.change(table, |table| {
                if let Some(column) = table.column_mut(column) {
                    column.default = Fact::Known(Some(default));
                }
            });
        }
    }

    /// The sequences that fall with a table, or with one column of it.
    pub(super) fn owned_sequences(&self, table: &str, column: Option<&str>) -> Vec<SmolStr> {
        self.database
            .now
            .sequences
            .iter()
            .filter(|(_, sequence)| {
                sequence.owned_by.as_ref().is_some_and(|(owner, owning)| {
                    owner == table && column.is_none_or(|column| owning == column)
                })
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub(super) fn change_sequence(&mut self, name: &str, change: impl FnOnce(&mut Sequence)) {
        if let Some(sequence) = self.database.now.sequences.get_mut(name) {
            change(Arc::make_mut(sequence));
        }
    }

    pub(super) fn alter_sequence(&mut self, name: &SmolStr, change: &SequenceChange) {
        match change {
            SequenceChange::Rename(new_name) => self.rename_sequence(name, new_name),
            SequenceChange::OwnedBy(owner) => {
                self.change_sequence(name, |sequence| sequence.owned_by.clone_from(owner));
            }
            SequenceChange::Type(data_type) => {
                let data_type = Fact::Known(data_type.clone());
                self.change_sequence(name, |sequence| sequence.data_type = data_type);
            }
            SequenceChange::Other => {}
        }
    }

    /// Defaults follow the sequence: they hold the sequence itself, not its name.
    pub(super) fn rename_sequence(&mut self, name: &SmolStr, new_name: &SmolStr) {
        let Some(sequence) = self.database.now.sequences.remove(name) else {
            return;
        };
        for (table, column) in self.columns_counting_by(name) {
            let default = next_value(new_name);
            self.change(&table, |table| {
                if let Some(column) = table.column_mut(&column) {
                    column.default = Fact::Known(Some(default));
                }
            });
        }
        self.database
            .now
            .sequences
            .insert(new_name.clone(), sequence);
    }

    /// The columns whose defaults are the next value of a sequence.
    fn columns_counting_by(&self, sequence: &str) -> Vec<(SmolStr, SmolStr)> {
        let default = Some(next_value(sequence));
        let mut found = Vec::new();
        for (name, table) in &self.database.now.tables {
            for column in &table.columns {
                if column.default.is(&default) {
                    found.push((name.clone(), column.name.clone()));
                }
            }
        }
        found
    }

    /// With `CASCADE` the defaults that use it are dropped along.
    pub(super) fn drop_sequence(&mut self, name: &SmolStr, if_exists: bool, cascade: bool) {
        let Some(sequence) = self.database.now.sequences.get(name).cloned() else {
            if !if_exists && !self.database.before.sequences.contains_key(name) {
                let why = self.why(&format!("no migration read here creates sequence `{name}`"));
                self.database.before.sequences.insert(
                    name.clone(),
                    Arc::new(Sequence {
                        owned_by: None,
                        data_type: Fact::Unknown(why),
                        identity: false,
                        place: self.place(),
                        maybe: None,
                    }),
                );
            }
            return;
        };
        if let Some((table, column)) = sequence.owned_by.as_ref().filter(|_| sequence.identity)
            && self.is_sure(table, column)
            && sequence.maybe.is_none()
        {
            self.fail(FailureKind::InUse.because(format!(
                "sequence `{name}` cannot be dropped: it is that of the identity column `{table}.{column}`"
            )));
            return;
        }
        for (table, column) in self.columns_counting_by(name) {
            if cascade {
                self.change(&table, |table| {
                    if let Some(column) = table.column_mut(&column) {
                        column.default = Fact::Known(None);
                    }
                });
            } else if self.is_sure(&table, &column) && sequence.maybe.is_none() {
                self.fail(FailureKind::InUse.because(format!(
                    "sequence `{name}` cannot be dropped: the default of `{table}.{column}` uses it"
                )));
            }
        }
        self.database.now.sequences.remove(name);
    }
}
