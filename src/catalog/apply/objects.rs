//! Everything else that has a name: views, functions, triggers, schemas, extensions.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{FailureKind, Statement};
use crate::catalog::fact::Fact;
use crate::catalog::objects::{Catalog, Object, ObjectKey, ObjectKind};

impl Statement<'_> {
    pub(super) fn create_object(
        &mut self,
        key: ObjectKey,
        on: Option<&SmolStr>,
        definition: &Fact<SmolStr>,
        if_not_exists: bool,
        or_replace: bool,
    ) {
        // Gone with the connection.
        if key.name.starts_with("pg_temp.") {
            return;
        }
        if let Some(table) = on
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
        let object = Object {
            definition: levelled(definition, on),
            on: on.cloned(),
            place: self.place(),
            maybe: None,
        };
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

    pub(super) fn alter_object(
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

    pub(super) fn drop_object(
        &mut self,
        kind: ObjectKind,
        name: &SmolStr,
        on: Option<&SmolStr>,
        if_exists: bool,
        cascade: bool,
    ) {
        let known = self.object_key(kind, name, on);
        if kind == ObjectKind::Schema {
            self.drop_schema_content(name);
        }
        if let Some(key) = known {
            let object = self.database.now.objects.remove(&key);
            if kind == ObjectKind::Function {
                let is_sure = object.is_some_and(|object| object.maybe.is_none());
                self.drop_triggers_of(&key.name, is_sure, cascade);
            }
            return;
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

    /// Triggers need the function they call, and fall with it on `CASCADE`.
    fn drop_triggers_of(&mut self, function: &str, is_sure: bool, cascade: bool) {
        let bare = function.split('(').next().unwrap_or(function);
        let calls = |text: &str| {
            ["function", "procedure"].iter().any(|word| {
                ["", "public."]
                    .iter()
                    .any(|schema| text.contains(&format!(" execute {word} {schema}{bare}(")))
            })
        };
        let triggers: Vec<(ObjectKey, bool)> = self
            .database
            .now
            .objects
            .iter()
            .filter(|(key, object)| {
                key.kind == ObjectKind::Trigger
                    && object.definition.known().is_some_and(|text| calls(text))
            })
            .map(|(key, object)| (key.clone(), object.maybe.is_none()))
            .collect();
        for (key, is_there) in triggers {
            if cascade {
                self.database.now.objects.remove(&key);
            } else if is_there && is_sure && self.database.now.opaque.is_none() {
                self.fail(FailureKind::InUse.because(format!(
                    "function `{function}` cannot be dropped: trigger `{}` calls it",
                    key.name
                )));
            }
        }
    }

    /// `DROP SCHEMA … CASCADE` takes what is in it along.
    fn drop_schema_content(&mut self, schema: &SmolStr) {
        let prefix = format!("{schema}.");
        fn within<'k>(names: impl Iterator<Item = &'k SmolStr>, prefix: &str) -> Vec<SmolStr> {
            names
                .filter(|name| name.starts_with(prefix))
                .cloned()
                .collect()
        }
        for table in within(self.database.now.tables.keys(), &prefix) {
            self.drop_table(&table, true, true);
        }
        for name in within(self.database.now.enums.keys(), &prefix) {
            self.drop_type(&name, true, true);
        }
        for name in within(self.database.now.sequences.keys(), &prefix) {
            self.drop_sequence(&name, true, true);
        }
        let objects: Vec<ObjectKey> = self
            .database
            .now
            .objects
            .keys()
            .filter(|key| key.kind != ObjectKind::Extension && key.name.starts_with(&prefix))
            .cloned()
            .collect();
        for key in objects {
            self.database.now.objects.remove(&key);
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
