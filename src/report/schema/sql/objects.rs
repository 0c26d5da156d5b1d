//! Everything that is no table: schemas, types, sequences, functions, views and the rest.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::super::doubts::{self, Doubt};
use super::super::identifiers::split_schema;
use super::super::order::dependency_order;
use super::super::shorten;
use super::tables::is_a_type;
use super::{Piece, Script};
use crate::catalog::{ConstraintKind, Fact, Object, ObjectKey, ObjectKind, Table};
use crate::dialect::Dialect;

/// Stands for the table that an object is part of.
const OWN_TABLE: char = '…';

impl<'a> Script<'a> {
    pub(super) fn before_tables(&mut self) {
        let mut pieces = self.objects(&|key| key.kind == ObjectKind::Extension);
        pieces.extend(self.schemas());
        self.statements(&pieces);
        let pieces = self.objects(&|key| key.kind == ObjectKind::Collation);
        self.statements(&pieces);
        let pieces = self.enums();
        self.statements(&pieces);
        let pieces = self.objects(&|key| is_a_type(key.kind));
        self.statements(&pieces);
        let pieces = self.sequences();
        self.statements(&pieces);
        let early = self.functions_that_tables_call();
        let pieces = self.objects(&|key| early.contains(key.name.as_str()) && is_a_function(key));
        if !pieces.is_empty() && self.dialect == Dialect::PostgreSql {
            self.blank();
            self.text.push_str("SET check_function_bodies = false;\n");
        }
        self.statements(&pieces);
    }

    pub(super) fn after_tables(&mut self) {
        let early = self.functions_that_tables_call();
        let pieces = self.objects(&|key| is_a_function(key) && !early.contains(key.name.as_str()));
        self.statements(&pieces);
        let pieces = self
            .objects(&|key| matches!(key.kind, ObjectKind::View | ObjectKind::MaterializedView));
        self.statements(&pieces);
        let is_placed = |key: &ObjectKey| {
            is_a_function(key)
                || is_a_type(key.kind)
                || matches!(
                    key.kind,
                    ObjectKind::View
                        | ObjectKind::MaterializedView
                        | ObjectKind::Extension
                        | ObjectKind::Collation
                        | ObjectKind::Schema
                )
        };
        let pieces = self.objects(&|key| !is_placed(key));
        self.statements(&pieces);
    }

    /// The schemas that are made, and those that tables and types are in although nothing read here makes them.
    fn schemas(&self) -> Vec<Piece> {
        let catalog = self.view.catalog;
        let mut pieces = self.objects(&|key| key.kind == ObjectKind::Schema);
        let names = catalog
            .tables
            .iter()
            .filter(|(_, table)| !table.temporary)
            .map(|(name, _)| name)
            .chain(catalog.enums.keys());
        let used: BTreeSet<&str> = names
            .filter_map(|name| split_schema(name))
            .map(|(schema, _)| schema)
            .collect();
        for schema in used {
            let key = ObjectKey {
                kind: ObjectKind::Schema,
                name: schema.into(),
            };
            if self.dialect == Dialect::PostgreSql && !catalog.objects.contains_key(&key) {
                let mut piece =
                    Piece::known(format!("CREATE SCHEMA IF NOT EXISTS {}", self.name(schema)));
                piece
                    .notes
                    .push(format!("no migration read here creates schema `{schema}`"));
                pieces.push(piece);
            }
        }
        pieces
    }

    fn enums(&self) -> Vec<Piece> {
        let all = doubts::of_objects(self.view.catalog);
        self.view
            .catalog
            .enums
            .iter()
            .map(|(name, known)| {
                let name_text = self.qualified(name);
                let mut piece = Piece {
                    notes: self.notes_about(&all, name),
                    text: None,
                };
                match &known.labels {
                    Fact::Known(labels) => {
                        let labels: Vec<String> =
                            labels.iter().map(|label| self.literal(label)).collect();
                        piece.text = Some(format!(
                            "CREATE TYPE {name_text} AS ENUM ({})",
                            labels.join(", ")
                        ));
                    }
                    Fact::Unknown(_) => piece
                        .notes
                        .push(format!("CREATE TYPE {name_text} AS ENUM (…)")),
                }
                piece
            })
            .collect()
    }

    /// Objects in an order in which each comes after those it mentions.
    fn objects(&self, wanted: &dyn Fn(&ObjectKey) -> bool) -> Vec<Piece> {
        let all = doubts::of_objects(self.view.catalog);
        let found: BTreeMap<String, (&ObjectKey, &Object)> = self
            .view
            .catalog
            .objects
            .iter()
            .filter(|(key, _)| wanted(key))
            // The kind keeps apart what has one name.
            .map(|(key, object)| (format!("{:?} {}", key.kind, key.name), (key, &**object)))
            .collect();
        let needs: BTreeMap<&str, BTreeSet<&str>> = found
            .iter()
            .map(|(label, (_, object))| {
                let definition = object.definition.known().map_or("", |text| text.as_str());
                let needed = found
                    .iter()
                    .filter(|(_, (other, _))| mentions(definition, base_name(&other.name)))
                    .map(|(label, _)| label.as_str())
                    .collect();
                (label.as_str(), needed)
            })
            .collect();
        dependency_order(&needs)
            .into_iter()
            .filter_map(|label| found.get(label))
            .map(|(key, object)| self.object(key, object, &all))
            .collect()
    }

    fn object(&self, key: &ObjectKey, object: &Object, all: &[Doubt]) -> Piece {
        let mut piece = Piece {
            notes: self.notes_about(all, &key.name),
            text: None,
        };
        let definition = object
            .definition
            .known()
            .map_or("", |text| text.trim().trim_end_matches(';'));
        // The table itself is left out of definitions, so that they stay the same when it is renamed.
        let definition = match &object.on {
            Some(on) if definition.contains(OWN_TABLE) => {
                &definition.replace(OWN_TABLE, &self.qualified(on))
            }
            _ => definition,
        };
        // A comment in a text whose lines were joined would swallow the rest.
        let is_whole = !definition.contains("--") || definition.contains('\n');
        match self.creation(key, object, definition) {
            Some(text) if is_whole => piece.text = Some(text),
            _ => {
                let on = object
                    .on
                    .as_ref()
                    .map_or(String::new(), |on| format!(" on {on}"));
                let own = match &object.on {
                    Some(on) => key
                        .name
                        .strip_prefix(&format!("{on}."))
                        .unwrap_or(&key.name),
                    None => key.name.as_str(),
                };
                let text = if definition.is_empty() {
                    String::new()
                } else {
                    format!(": {}", shorten(definition, 300))
                };
                piece.notes.push(format!("{} {own}{on}{text}", key.kind));
            }
        }
        piece
    }

    /// The statement that makes an object; `None` where what is known of it makes none.
    fn creation(&self, key: &ObjectKey, object: &Object, definition: &str) -> Option<String> {
        let kind = key.kind;
        let is_outside = matches!(
            kind,
            ObjectKind::Role
                | ObjectKind::Server
                | ObjectKind::Publication
                | ObjectKind::EventTrigger
        );
        if is_outside || object.definition.known().is_none() {
            return None;
        }
        if kind == ObjectKind::Extension {
            return Some(format!(
                "CREATE EXTENSION IF NOT EXISTS {}",
                self.name(&key.name)
            ));
        }
        if kind == ObjectKind::Schema {
            return Some(format!(
                "CREATE SCHEMA IF NOT EXISTS {}",
                self.name(&key.name)
            ));
        }
        // The bodies of MySQL's and SQLite's programs hold semicolons that end nothing.
        let is_program = is_a_function(key) || kind.belongs_to_a_table();
        if self.dialect != Dialect::PostgreSql && is_program {
            return None;
        }
        let first = definition.split_whitespace().next()?.to_ascii_lowercase();
        if first == "create" {
            return Some(definition.to_owned());
        }
        // Entities of `alembic_utils` have what follows the name.
        match (kind, first.as_str()) {
            (ObjectKind::Function, "returns") => {
                Some(format!("CREATE FUNCTION {} {definition}", key.name))
            }
            (ObjectKind::View, "select" | "with") => Some(format!(
                "CREATE VIEW {} AS {definition}",
                self.qualified(&key.name)
            )),
            (ObjectKind::MaterializedView, "select" | "with") => Some(format!(
                "CREATE MATERIALIZED VIEW {} AS {definition}",
                self.qualified(&key.name)
            )),
            (ObjectKind::Trigger, "before" | "after" | "instead") => {
                let on = object.on.as_ref()?;
                let name = key.name.strip_prefix(&format!("{on}."))?;
                Some(format!("CREATE TRIGGER {} {definition}", self.name(name)))
            }
            (ObjectKind::Policy, "as" | "for" | "to" | "using" | "with") => {
                let on = object.on.as_ref()?;
                let name = key.name.strip_prefix(&format!("{on}."))?;
                Some(format!(
                    "CREATE POLICY {} ON {} {definition}",
                    self.name(name),
                    self.qualified(on)
                ))
            }
            _ => None,
        }
    }

    pub(super) fn notes_about(&self, all: &[Doubt], name: &str) -> Vec<String> {
        all.iter()
            .filter(|doubt| doubt.object == name)
            .map(|doubt| self.note(doubt))
            .collect()
    }

    /// Functions that defaults, checks and indexes call: they have to be there before the tables.
    fn functions_that_tables_call(&self) -> BTreeSet<&'a str> {
        let catalog = self.view.catalog;
        let mut functions: Vec<&'a str> = catalog
            .objects
            .keys()
            .filter(|key| is_a_function(key))
            .map(|key| key.name.as_str())
            .collect();
        let mut called = BTreeSet::new();
        if functions.is_empty() {
            return called;
        }
        for (_, table) in &catalog.tables {
            for text in expressions(table) {
                functions.retain(|function| {
                    let is_called = mentions(text, base_name(function));
                    if is_called {
                        called.insert(*function);
                    }
                    !is_called
                });
            }
        }
        called
    }
}

fn is_a_function(key: &ObjectKey) -> bool {
    matches!(
        key.kind,
        ObjectKind::Function
            | ObjectKind::Procedure
            | ObjectKind::Aggregate
            | ObjectKind::Operator
            | ObjectKind::Cast
    )
}

/// All expressions in the definition of a table.
fn expressions(table: &Table) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for column in &table.columns {
        for fact in [&column.default, &column.generated] {
            found.extend(fact.known().and_then(Option::as_deref));
        }
    }
    for constraint in &table.constraints {
        if let ConstraintKind::Check {
            expression: definition,
            ..
        }
        | ConstraintKind::Exclude { definition, .. } = &constraint.kind
        {
            found.extend(definition.known().map(SmolStr::as_str));
        }
    }
    for index in &table.indexes {
        if let Fact::Known(definition) = &index.definition {
            found.extend(definition.predicate.as_deref());
            let keys = definition.keys.iter().filter(|key| !key.is_column);
            found.extend(keys.map(|key| key.text.as_str()));
        }
    }
    found
}

/// The name of a function without its arguments, of anything without its schema.
fn base_name(name: &str) -> &str {
    let name = name.split('(').next().unwrap_or(name).trim();
    name.rsplit('.').next().unwrap_or(name)
}

/// True if a text has a name as a word.
fn mentions(text: &str, name: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, found)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + found.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_mentioned_as_words() {
        assert!(mentions("select a from b", "b"));
        assert!(mentions("f(a)", "f"));
        assert!(!mentions("select ab from bc", "b"));
        assert!(!mentions("select", ""));
        assert_eq!(base_name("audit.f(a integer, b public.kind)"), "f");
    }
}
