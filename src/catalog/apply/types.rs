//! Types: enums, domains and composite types.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{FailureKind, Statement};
use crate::catalog::ddl::LabelPosition;
use crate::catalog::fact::Fact;
use crate::catalog::objects::{Catalog, Enum, ObjectKey, ObjectKind};

impl Statement<'_> {
    pub(super) fn create_enum(
        &mut self,
        name: &SmolStr,
        labels: &Fact<Vec<SmolStr>>,
        if_not_exists: bool,
    ) {
        let existing = self.database.now.enums.get(name).cloned();
        if let Some(existing) = &existing {
            let is_sure = existing.maybe.is_none() && existing.labels.known().is_some();
            if if_not_exists && existing.maybe.is_none() {
                return;
            }
            if is_sure && !if_not_exists && self.database.now.opaque.is_none() {
                self.fail(FailureKind::Exists.because(format!("type `{name}` already exists")));
            }
        }
        if let Fact::Known(labels) = labels
            && let Some(repeated) = labels
                .iter()
                .enumerate()
                .find(|(index, label)| labels.iter().take(*index).any(|other| other == *label))
        {
            let message = format!("type `{name}` has the label `{}` twice", repeated.1);
            self.fail(FailureKind::Exists.because(message));
        }
        self.database.now.dropped_types.remove(name);
        self.database.now.enums.insert(
            name.clone(),
            Arc::new(Enum {
                labels: labels.clone(),
                place: self.place(),
                maybe: None,
            }),
        );
    }

    /// A type that is not there, or has no such label, is left as it is.
    pub(super) fn drop_enum_labels(&mut self, name: &SmolStr, gone: &[SmolStr]) {
        if self.database.now.enums.contains_key(name) {
            self.change_labels(name, |labels| labels.retain(|label| !gone.contains(label)));
        }
    }

    pub(super) fn set_enum_labels(&mut self, name: &SmolStr, labels: &Fact<Vec<SmolStr>>) {
        if self.needs_enum(name)
            && let Some(known) = self.database.now.enums.get_mut(name)
        {
            Arc::make_mut(known).labels = labels.clone();
        }
    }

    /// True for a type that was dropped, or has another name by now, and that nothing has made again.
    pub(super) fn is_type_gone(&self, name: &SmolStr) -> bool {
        self.was_dropped(name)
            && !self.database.now.enums.contains_key(name)
            && self.other_type(name).is_none()
    }

    /// True if a type was dropped, or got another name, and nothing that is not known has been done since.
    fn was_dropped(&self, name: &SmolStr) -> bool {
        let now = &self.database.now;
        now.dropped_types.contains(name) && now.opaque.is_none()
    }

    /// An enum that is there; one that nothing visible has made is taken to have been there before.
    fn needs_enum(&mut self, name: &SmolStr) -> bool {
        if self.database.now.enums.contains_key(name) {
            return true;
        }
        if self.was_dropped(name) {
            self.fail(FailureKind::Missing.because(format!("type `{name}` does not exist")));
            return false;
        }
        let found = self.discover_enum(name);
        self.database.now.enums.insert(name.clone(), found);
        true
    }

    fn change_labels(&mut self, name: &SmolStr, change: impl FnOnce(&mut Vec<SmolStr>)) {
        if let Some(known) = self.database.now.enums.get_mut(name) {
            let known = Arc::make_mut(known);
            match &mut known.labels {
                Fact::Known(labels) => change(labels),
                // The labels differ from what they were, whatever they were.
                Fact::Unknown(_) => {
                    let why = crate::catalog::Why::new(
                        format!("the labels of `{name}` are not known"),
                        self.place.cloned(),
                    );
                    known.labels = Fact::Unknown(why);
                }
            }
        }
    }

    pub(super) fn add_enum_label(
        &mut self,
        name: &SmolStr,
        label: &SmolStr,
        position: &LabelPosition,
        if_not_exists: bool,
    ) {
        if !self.needs_enum(name) {
            return;
        }
        let has = self
            .database
            .now
            .enums
            .get(name)
            .and_then(|known| known.labels.known())
            .is_some_and(|labels| labels.contains(label));
        if has {
            if !if_not_exists {
                self.fail(
                    FailureKind::Exists
                        .because(format!("label `{label}` of type `{name}` already exists")),
                );
            }
            return;
        }
        self.database.session.add_label(name, label);
        self.change_labels(name, |labels| {
            let at = match position {
                LabelPosition::Last => None,
                LabelPosition::Before(other) => labels.iter().position(|label| label == other),
                LabelPosition::After(other) => labels
                    .iter()
                    .position(|label| label == other)
                    .map(|at| at + 1),
            };
            labels.insert(at.unwrap_or(labels.len()), label.clone());
        });
    }

    pub(super) fn rename_enum_label(
        &mut self,
        name: &SmolStr,
        label: &SmolStr,
        new_label: &SmolStr,
    ) {
        if !self.needs_enum(name) {
            return;
        }
        let labels = self
            .database
            .now
            .enums
            .get(name)
            .and_then(|known| known.labels.known().cloned());
        if let Some(labels) = labels {
            if !labels.contains(label) {
                self.fail(
                    FailureKind::Missing.because(format!("type `{name}` has no label `{label}`")),
                );
                return;
            }
            if labels.contains(new_label) {
                self.fail(FailureKind::Exists.because(format!(
                    "label `{new_label}` of type `{name}` already exists"
                )));
                return;
            }
        }
        self.rename_label_in_defaults(name, label, new_label);
        self.change_labels(name, |labels| {
            for known in labels {
                if known == label {
                    *known = new_label.clone();
                }
            }
        });
    }

    pub(super) fn rename_type(&mut self, name: &SmolStr, new_name: &SmolStr) {
        if let Some(key) = self.other_type(name) {
            if let Some(object) = self.database.now.objects.remove(&key) {
                let key = Catalog::key(key.kind, new_name, None);
                self.database.now.objects.insert(key, object);
            }
        } else {
            if !self.needs_enum(name) {
                return;
            }
            if let Some(existing) = self.database.now.enums.get(new_name)
                && existing.maybe.is_none()
                && existing.labels.known().is_some()
                && self.database.now.opaque.is_none()
            {
                self.fail(FailureKind::Exists.because(format!("type `{new_name}` already exists")));
            }
            if let Some(known) = self.database.now.enums.remove(name) {
                self.database.now.enums.insert(new_name.clone(), known);
            }
            self.database.session.rename_enum(name, Some(new_name));
            self.database.now.dropped_types.insert(name.clone());
            self.database.now.dropped_types.remove(new_name);
        }
        for (table, column, is_array) in self.columns_of_type(name) {
            let new_type = if is_array {
                SmolStr::new(format!("{new_name}[]"))
            } else {
                new_name.clone()
            };
            self.change(&table, |table| {
                if let Some(column) = table.column_mut(&column) {
                    column.column_type = Fact::Known(new_type);
                }
            });
        }
    }

    /// The columns of a type, with whether they are arrays of it.
    fn columns_of_type(&self, name: &SmolStr) -> Vec<(SmolStr, SmolStr, bool)> {
        let array = format!("{name}[]");
        let mut found = Vec::new();
        for (table_name, table) in &self.database.now.tables {
            for column in &table.columns {
                if let Fact::Known(known) = &column.column_type {
                    if known == name {
                        found.push((table_name.clone(), column.name.clone(), false));
                    } else if *known == array {
                        found.push((table_name.clone(), column.name.clone(), true));
                    }
                }
            }
        }
        found
    }

    fn other_type(&self, name: &SmolStr) -> Option<ObjectKey> {
        [ObjectKind::Domain, ObjectKind::Composite]
            .into_iter()
            .map(|kind| Catalog::key(kind, name, None))
            .find(|key| self.database.now.objects.contains_key(key))
    }

    pub(super) fn drop_type(&mut self, name: &SmolStr, if_exists: bool, cascade: bool) {
        let other = self.other_type(name);
        let now = &self.database.now;
        let maybe = match &other {
            Some(key) => now.objects.get(key).map(|known| known.maybe.clone()),
            None => now.enums.get(name).map(|known| known.maybe.clone()),
        };
        let Some(maybe) = maybe else {
            self.drop_unknown_type(name, if_exists);
            return;
        };
        for (table, column, _) in self.columns_of_type(name) {
            if cascade {
                self.drop_column(&table, &column, true, true);
            } else if self.is_sure(&table, &column) && maybe.is_none() {
                self.fail(FailureKind::InUse.because(format!(
                    "type `{name}` cannot be dropped: column `{column}` of `{table}` is of it"
                )));
            }
        }
        match other {
            Some(key) => {
                self.database.now.objects.remove(&key);
            }
            None => {
                self.database.session.rename_enum(name, None);
                self.database.now.enums.remove(name);
                self.database.now.dropped_types.insert(name.clone());
            }
        }
    }

    fn drop_unknown_type(&mut self, name: &SmolStr, if_exists: bool) {
        if self.was_dropped(name) {
            if !if_exists {
                self.fail(FailureKind::Missing.because(format!("type `{name}` does not exist")));
            }
            return;
        }
        if if_exists {
            return;
        }
        self.discover_enum(name);
        self.database.now.dropped_types.insert(name.clone());
    }
}
