//! Types, sequences and everything else that has a name.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{FailureKind, Statement};
use crate::catalog::ddl::{Ddl, LabelPosition, SequenceChange};
use crate::catalog::defaults::next_value;
use crate::catalog::fact::Fact;
use crate::catalog::objects::{Catalog, Enum, Object, ObjectKey, ObjectKind, Sequence};

impl Statement<'_> {
    pub(super) fn run_on_object(&mut self, ddl: &Ddl) {
        match ddl {
            Ddl::CreateEnum {
                name,
                labels,
                if_not_exists,
            } => self.create_enum(name, labels, *if_not_exists),
            Ddl::AddEnumLabel {
                name,
                label,
                position,
                if_not_exists,
            } => self.add_enum_label(name, label, position, *if_not_exists),
            Ddl::RenameEnumLabel {
                name,
                label,
                new_label,
            } => self.rename_enum_label(name, label, new_label),
            Ddl::SetEnumLabels { name, labels } => {
                if self.needs_enum(name)
                    && let Some(known) = self.database.now.enums.get_mut(name)
                {
                    Arc::make_mut(known).labels = labels.clone();
                }
            }
            Ddl::RenameType { name, new_name } => self.rename_type(name, new_name),
            Ddl::DropType {
                name,
                if_exists,
                cascade,
            } => self.drop_type(name, *if_exists, *cascade),
            Ddl::CreateSequence {
                name,
                owned_by,
                if_not_exists,
            } => self.create_sequence(name, owned_by.as_ref(), *if_not_exists),
            Ddl::AlterSequence {
                name,
                change,
                if_exists,
            } => self.alter_sequence(name, change, *if_exists),
            Ddl::DropSequence {
                name, if_exists, ..
            } => self.drop_sequence(name, *if_exists),
            Ddl::CreateObject {
                kind,
                name,
                on,
                definition,
                if_not_exists,
                or_replace,
            } => {
                let object = Object {
                    definition: levelled(definition, on.as_ref()),
                    on: on.clone(),
                    place: self.place(),
                    maybe: None,
                };
                self.create_object(
                    Catalog::key(*kind, name, on.as_ref()),
                    object,
                    *if_not_exists,
                    *or_replace,
                );
            }
            Ddl::AlterObject {
                kind,
                name,
                on,
                new_name,
                change,
            } => self.alter_object(*kind, name, on.as_ref(), new_name.as_ref(), change),
            Ddl::DropObject {
                kind,
                name,
                on,
                if_exists,
                ..
            } => self.drop_object(*kind, name, on.as_ref(), *if_exists),
            _ => {}
        }
    }

    fn create_enum(&mut self, name: &SmolStr, labels: &Fact<Vec<SmolStr>>, if_not_exists: bool) {
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

    /// An enum that is there; one that nothing visible has made is taken to have been there before.
    fn needs_enum(&mut self, name: &SmolStr) -> bool {
        if self.database.now.enums.contains_key(name) {
            return true;
        }
        if self.database.now.dropped_types.contains(name) && self.database.now.opaque.is_none() {
            self.fail(FailureKind::Missing.because(format!("type `{name}` does not exist")));
            return false;
        }
        let why = self.why(&format!("no migration read here creates type `{name}`"));
        let found = Arc::new(Enum {
            labels: Fact::Unknown(why),
            place: self.place(),
            maybe: None,
        });
        if !self.database.before.enums.contains_key(name) {
            self.database
                .before
                .enums
                .insert(name.clone(), Arc::clone(&found));
        }
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

    fn add_enum_label(
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

    fn rename_enum_label(&mut self, name: &SmolStr, label: &SmolStr, new_label: &SmolStr) {
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

    fn rename_type(&mut self, name: &SmolStr, new_name: &SmolStr) {
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

    fn drop_type(&mut self, name: &SmolStr, if_exists: bool, cascade: bool) {
        if let Some(key) = self.other_type(name) {
            self.database.now.objects.remove(&key);
            return;
        }
        let Some(existing) = self.database.now.enums.get(name).cloned() else {
            let now = &self.database.now;
            if now.dropped_types.contains(name) && now.opaque.is_none() {
                if !if_exists {
                    self.fail(
                        FailureKind::Missing.because(format!("type `{name}` does not exist")),
                    );
                }
                return;
            }
            if if_exists {
                return;
            }
            let why = self.why(&format!("no migration read here creates type `{name}`"));
            let found = Arc::new(Enum {
                labels: Fact::Unknown(why),
                place: self.place(),
                maybe: None,
            });
            if !self.database.before.enums.contains_key(name) {
                self.database.before.enums.insert(name.clone(), found);
            }
            self.database.now.dropped_types.insert(name.clone());
            return;
        };
        let users = self.columns_of_type(name);
        for (table, column, _) in users {
            let is_sure = self.table(&table).is_some_and(|known| {
                known.maybe.is_none()
                    && known.unsure.is_none()
                    && known
                        .column(&column)
                        .is_some_and(|column| column.maybe.is_none())
            });
            if cascade {
                self.change(&table, |table| {
                    table.columns.retain(|known| known.name != column);
                });
            } else if is_sure && existing.maybe.is_none() && self.database.now.opaque.is_none() {
                self.fail(FailureKind::InUse.because(format!(
                    "type `{name}` cannot be dropped: column `{column}` of `{table}` is of it"
                )));
            }
        }
        self.database.now.enums.remove(name);
        self.database.now.dropped_types.insert(name.clone());
    }

    fn create_sequence(
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
                place: self.place(),
                maybe: None,
            }),
        );
    }

    fn alter_sequence(&mut self, name: &SmolStr, change: &SequenceChange, if_exists: bool) {
        match change {
            SequenceChange::Rename(new_name) => self.rename_sequence(name, new_name, if_exists),
            SequenceChange::OwnedBy(owner) => {
                if let Some(sequence) = self.database.now.sequences.get_mut(name) {
                    Arc::make_mut(sequence).owned_by.clone_from(owner);
                }
            }
            SequenceChange::Other => {}
        }
    }

    pub(super) fn rename_sequence(&mut self, name: &SmolStr, new_name: &SmolStr, _if_exists: bool) {
        if let Some(sequence) = self.database.now.sequences.remove(name) {
            let owner = sequence.owned_by.clone();
            self.database
                .now
                .sequences
                .insert(new_name.clone(), sequence);
            // The default of the column follows the sequence, by its identity.
            if let Some((table, column)) = owner {
                let old = next_value(name);
                let new = next_value(new_name);
                self.change(&table, |table| {
                    if let Some(column) = table.column_mut(&column)
                        && matches!(&column.default, Fact::Known(Some(default)) if *default == old)
                    {
                        column.default = Fact::Known(Some(new));
                    }
                });
            }
        }
    }

    fn drop_sequence(&mut self, name: &SmolStr, if_exists: bool) {
        if self.database.now.sequences.remove(name).is_some() {
            return;
        }
        if if_exists {
            return;
        }
        if !self.database.before.sequences.contains_key(name) {
            self.database.before.sequences.insert(
                name.clone(),
                Arc::new(Sequence {
                    owned_by: None,
                    place: self.place(),
                    maybe: None,
                }),
            );
        }
    }

    fn create_object(
        &mut self,
        key: ObjectKey,
        object: Object,
        if_not_exists: bool,
        or_replace: bool,
    ) {
        // Gone with the connection.
        if key.name.starts_with("pg_temp.") {
            return;
        }
        if let Some(table) = &object.on
            && self.view_key(table).is_none()
            && !self.needs_table(table)
        {
            return;
        }
        if let Some(existing) = self.database.now.objects.get(&key) {
            if if_not_exists && existing.maybe.is_none() {
                return;
            }
            if !or_replace
                && existing.maybe.is_none()
                && existing.definition.known().is_some()
                && self.database.now.opaque.is_none()
            {
                let message = format!("{} `{}` already exists", key.kind, key.name);
                self.fail(FailureKind::Exists.because(message));
            }
        }
        self.database.now.objects.insert(key, Arc::new(object));
    }

    /// The object of a name; functions are also found without their arguments.
    fn object_key(
        &self,
        kind: ObjectKind,
        name: &SmolStr,
        on: Option<&SmolStr>,
    ) -> Option<ObjectKey> {
        let key = Catalog::key(kind, name, on);
        if self.database.now.objects.contains_key(&key) {
            return Some(key);
        }
        // In SQLite and MySQL triggers are named without their tables.
        if kind.belongs_to_a_table() && on.is_none() {
            let mut objects = self.database.now.objects.iter();
            return objects
                .find(|(key, object)| {
                    let on = object.on.as_ref();
                    key.kind == kind && on.is_some() && **key == Catalog::key(kind, name, on)
                })
                .map(|(key, _)| key.clone());
        }
        let is_routine = matches!(
            kind,
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate
        );
        if is_routine {
            let bare = name.split('(').next().unwrap_or(name);
            let prefix = format!("{bare}(");
            let mut found = self.database.now.objects.keys().filter(|key| {
                key.kind == kind && (key.name.starts_with(&prefix) || key.name == bare)
            });
            let first = found.next().cloned();
            if found.next().is_none() {
                return first;
            }
        }
        None
    }

    fn alter_object(
        &mut self,
        kind: ObjectKind,
        name: &SmolStr,
        on: Option<&SmolStr>,
        new_name: Option<&SmolStr>,
        change: &SmolStr,
    ) {
        let Some(key) = self.object_key(kind, name, on) else {
            return;
        };
        let Some(object) = self.database.now.objects.remove(&key) else {
            return;
        };
        match new_name {
            Some(new_name) => {
                let key = Catalog::key(kind, new_name, on);
                self.database.now.objects.insert(key, object);
            }
            None => {
                let mut object = Object::clone(&object);
                object.definition = match object.definition {
                    Fact::Known(text) => Fact::Known(SmolStr::new(format!("{text}; {change}"))),
                    unknown @ Fact::Unknown(_) => unknown,
                };
                self.database.now.objects.insert(key, Arc::new(object));
            }
        }
    }

    fn drop_object(
        &mut self,
        kind: ObjectKind,
        name: &SmolStr,
        on: Option<&SmolStr>,
        if_exists: bool,
    ) {
        if let Some(key) = self.object_key(kind, name, on) {
            self.database.now.objects.remove(&key);
            if key.kind == ObjectKind::Schema {
                self.drop_schema_content(name);
            }
            return;
        }
        if kind == ObjectKind::Schema {
            self.drop_schema_content(name);
        }
        if if_exists {
            return;
        }
        let why = self.why(&format!("no migration read here creates {kind} `{name}`"));
        let key = Catalog::key(kind, name, on);
        if !self.database.before.objects.contains_key(&key) {
            self.database.before.objects.insert(
                key,
                Arc::new(Object {
                    definition: Fact::Unknown(why),
                    on: on.cloned(),
                    place: self.place(),
                    maybe: None,
                }),
            );
        }
    }

    /// `DROP SCHEMA … CASCADE` takes what is in it along.
    fn drop_schema_content(&mut self, schema: &SmolStr) {
        let prefix = format!("{schema}.");
        let now = &mut self.database.now;
        let tables: Vec<SmolStr> = now
            .tables
            .keys()
            .filter(|name| name.starts_with(&prefix))
            .cloned()
            .collect();
        for table in tables {
            now.tables.remove(&table);
            now.dropped_tables.insert(table);
        }
        let types: Vec<SmolStr> = now
            .enums
            .keys()
            .filter(|name| name.starts_with(&prefix))
            .cloned()
            .collect();
        for name in types {
            now.enums.remove(&name);
            now.dropped_types.insert(name);
        }
    }
}

/// The text of an object without what does not last: `OR REPLACE`, and the name of the table it is on, which may change.
fn levelled(definition: &Fact<SmolStr>, on: Option<&SmolStr>) -> Fact<SmolStr> {
    let Fact::Known(text) = definition else {
        return definition.clone();
    };
    let mut text = text.replacen("create or replace ", "create ", 1);
    if let Some(table) = on {
        text = text.replacen(&format!(" on {table} "), " on … ", 1);
    }
    Fact::Known(SmolStr::new(text))
}
