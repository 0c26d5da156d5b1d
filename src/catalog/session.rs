//! What a connection holds besides the database: its settings, and what its transaction has not committed.

use imbl::OrdMap;
use smol_str::SmolStr;

/// A change of what a connection holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionChange {
    /// `BEGIN`
    Begin,
    /// `COMMIT`, `ROLLBACK`
    End,
    /// SQLite's `PRAGMA legacy_alter_table`: with it, a table that is renamed takes no foreign keys of others along.
    LegacyAlterTable(bool),
    /// MySQL's `SET foreign_key_checks`: without them, tables go that others refer to.
    ForeignKeyChecks(bool),
    /// PostgreSQL's `lock_timeout` or `statement_timeout` is set, or taken away.
    Timeout { is_lock: bool, is_set: bool },
}

/// The state of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Session {
    /// True while a transaction is certainly open.
    pub in_transaction: bool,
    /// True while each statement certainly commits by itself.
    pub commits_each: bool,
    pub(super) legacy_alter_table: bool,
    /// True while MySQL may not check foreign keys.
    pub(super) unchecked_foreign_keys: bool,
    /// True where a lock is certainly not waited for without end.
    pub has_timeout: bool,
    /// Labels that the transaction has added to enums, by the names of both. PostgreSQL lets nobody use them before they
    /// are committed.
    new_labels: OrdMap<(SmolStr, SmolStr), NewLabel>,
}

/// Since when a label is there that is not committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewLabel {
    /// Since the present direction of a revision.
    Now,
    /// Since an earlier revision of the same run.
    Earlier,
}

impl Session {
    /// A connection through which foreign keys may not be checked, or as usual.
    pub fn new(checks_foreign_keys: bool) -> Self {
        Self {
            unchecked_foreign_keys: !checks_foreign_keys,
            ..Self::default()
        }
    }

    /// Begins a direction of a revision. `continues` says that it is part of the transaction in which the revision
    /// before it ran.
    pub fn begin(&mut self, in_transaction: bool, continues: bool) {
        let mut new_labels = OrdMap::new();
        if continues && in_transaction {
            for key in self.new_labels.keys() {
                new_labels.insert(key.clone(), NewLabel::Earlier);
            }
        }
        *self = Self {
            in_transaction,
            commits_each: false,
            legacy_alter_table: false,
            // It stays for the rest of the connection.
            unchecked_foreign_keys: self.unchecked_foreign_keys,
            has_timeout: false,
            new_labels,
        };
    }

    /// Commits, and opens a new transaction or none.
    pub fn commit(&mut self, in_transaction: bool) {
        self.in_transaction = in_transaction;
        self.commits_each = false;
        self.new_labels.clear();
    }

    /// Commits, and lets each statement commit by itself.
    pub fn autocommit(&mut self) {
        self.commit(false);
        self.commits_each = true;
    }

    pub(super) fn change(&mut self, change: SessionChange) {
        match change {
            SessionChange::Begin => {
                self.in_transaction = true;
                self.commits_each = false;
            }
            SessionChange::End => self.commit(false),
            SessionChange::LegacyAlterTable(is_on) => self.legacy_alter_table = is_on,
            SessionChange::ForeignKeyChecks(is_on) => self.unchecked_foreign_keys = !is_on,
            // It stays for the rest of the connection, or of the transaction; the latter is what migrations are.
            SessionChange::Timeout { is_set, .. } => self.has_timeout = is_set,
        }
    }

    pub(super) fn add_label(&mut self, name: &SmolStr, label: &SmolStr) {
        if self.in_transaction {
            self.new_labels
                .insert((name.clone(), label.clone()), NewLabel::Now);
        }
    }

    /// The labels of an enum go with it, or take its new name.
    pub(super) fn rename_enum(&mut self, name: &str, new_name: Option<&SmolStr>) {
        let keys: Vec<_> = self
            .new_labels
            .keys()
            .filter(|(known, _)| known == name)
            .cloned()
            .collect();
        for key in keys {
            if let Some(label) = self.new_labels.remove(&key)
                && let Some(new_name) = new_name
            {
                self.new_labels.insert((new_name.clone(), key.1), label);
            }
        }
    }

    pub(super) fn new_label(&self, name: &SmolStr, label: &SmolStr) -> Option<NewLabel> {
        if self.new_labels.is_empty() {
            return None;
        }
        let key = (name.clone(), label.clone());
        self.new_labels.get(&key).copied()
    }

    pub(super) fn has_new_labels(&self) -> bool {
        !self.new_labels.is_empty()
    }

    /// What is certain of two states of which either has come about.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        let new_labels = self
            .new_labels
            .iter()
            .filter(|(key, label)| other.new_labels.get(*key) == Some(label))
            .map(|(key, label)| (key.clone(), *label))
            .collect();
        Self {
            in_transaction: self.in_transaction && other.in_transaction,
            commits_each: self.commits_each && other.commits_each,
            legacy_alter_table: self.legacy_alter_table && other.legacy_alter_table,
            unchecked_foreign_keys: self.unchecked_foreign_keys || other.unchecked_foreign_keys,
            has_timeout: self.has_timeout && other.has_timeout,
            new_labels,
        }
    }
}
