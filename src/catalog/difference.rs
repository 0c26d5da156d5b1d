//! What two states of a database differ in, object by object.
//!
//! The order of columns is no difference. What is not known on one side is not compared, and said to be unknown.

mod parts;
mod values;

use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::fact::{Fact, Why};
use super::objects::{Catalog, ObjectKind};
use super::table::{Column, Table};
pub use values::{constraint_value, index_value, sequence_value};

use crate::source::FileSpan;
use values::column_value;

/// One thing in which a state differs from the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub subject: Subject,
    pub change: Change,
    /// `table`, `table.column`, `table.constraint`, or the name of another object.
    pub object: String,
    /// What it was; null where it was not there.
    pub from: Value,
    /// What it is; null where it is no more.
    pub to: Value,
    /// Where the later state was made, if it is there, else where the earlier one was.
    pub place: Option<FileSpan>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Table,
    Column,
    PrimaryKey,
    Unique,
    ForeignKey,
    Check,
    Exclude,
    Constraint,
    Index,
    Enum,
    Sequence,
    Object(ObjectKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Added,
    Removed,
    /// Something about it: `type`, `nullable`, `default` of a column; nothing special elsewhere.
    Changed(&'static str),
    Renamed,
}

/// All differences, and what could not be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    pub found: Vec<Difference>,
    /// Why parts could not be compared; each reason once.
    pub unknown: Vec<Arc<Why>>,
    /// True if something was done of which nothing is known: it may have undone what was found.
    pub is_unbounded: bool,
}

impl Subject {
    /// What it is called in messages.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Column => "column",
            Self::PrimaryKey => "primary key",
            Self::Unique => "unique constraint",
            Self::ForeignKey => "foreign key",
            Self::Check => "check",
            Self::Exclude => "exclusion",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::Enum => "enum",
            Self::Sequence => "sequence",
            Self::Object(kind) => kind.as_str(),
        }
    }

    /// The noun for several of them.
    pub fn plural(self) -> String {
        match self {
            Self::Index => "indexes".to_owned(),
            other => format!("{}s", other.noun()),
        }
    }
}

impl Difference {
    /// True for the same difference in another pair of states, whatever it is from and to.
    pub fn is_same_as(&self, other: &Self) -> bool {
        (self.subject, self.change, &self.object) == (other.subject, other.change, &other.object)
    }

    /// The labels of an enum as they were.
    pub fn labels_before(&self) -> Vec<&str> {
        strings(&self.from)
    }

    /// The labels of an enum as they are.
    pub fn labels_after(&self) -> Vec<&str> {
        strings(&self.to)
    }

    /// The kind as the JSON contract names it: `column_type_changed`, `fk_added`, `enum_labels_changed`.
    pub fn kind(&self) -> String {
        let subject = match self.subject {
            Subject::Table => "table",
            Subject::Column => "column",
            Subject::PrimaryKey => "primary_key",
            Subject::Unique => "unique",
            Subject::ForeignKey => "fk",
            Subject::Check => "check",
            Subject::Exclude => "exclude",
            Subject::Constraint => "constraint",
            Subject::Index => "index",
            Subject::Enum => "enum",
            Subject::Sequence => "sequence",
            Subject::Object(kind) => kind.as_str(),
        };
        match (self.subject, self.change) {
            (Subject::Column, Change::Changed(what @ ("nullable" | "default"))) => {
                format!("{what}_changed")
            }
            (_, Change::Added) => format!("{subject}_added"),
            (_, Change::Removed) => format!("{subject}_removed"),
            (_, Change::Renamed) => format!("{subject}_renamed"),
            (_, Change::Changed("")) => format!("{subject}_changed"),
            (_, Change::Changed(what)) => format!("{subject}_{what}_changed"),
        }
    }
}

/// What differs in a later state from an earlier one.
pub fn compare(before: &Catalog, after: &Catalog) -> Differences {
    let mut comparison = Comparison {
        differences: Differences::default(),
    };
    comparison.catalogs(before, after);
    comparison.differences
}

struct Comparison {
    differences: Differences,
}

impl Comparison {
    fn catalogs(&mut self, before: &Catalog, after: &Catalog) {
        match (&before.opaque, &after.opaque) {
            (None, Some(why)) => {
                self.differences.is_unbounded = true;
                self.unknown(why);
            }
            (Some(before), Some(after)) if !Arc::ptr_eq(before, after) => {
                self.differences.is_unbounded = true;
                self.unknown(after);
            }
            _ => {}
        }
        for item in before.tables.diff(&after.tables) {
            match item {
                DiffItem::Add(name, table) => {
                    if !table.temporary {
                        self.whole_table(name, table, Change::Added);
                    }
                }
                DiffItem::Remove(name, table) => {
                    if !table.temporary {
                        self.whole_table(name, table, Change::Removed);
                    }
                }
                DiffItem::Update { old, new } => self.tables(old.0, old.1, new.1),
            }
        }
        self.named(
            Subject::Enum,
            &before.enums,
            &after.enums,
            SmolStr::to_string,
            |value| (&value.maybe, value.place.as_ref()),
            |value| json!(value.labels.known()),
            |this, name, old, new| match old.labels.same(&new.labels) {
                Some(true) => {}
                Some(false) => this.add(
                    Subject::Enum,
                    Change::Changed("labels"),
                    name.to_string(),
                    json!(old.labels.known()),
                    json!(new.labels.known()),
                    new.place.as_ref(),
                ),
                None => this.unknown_fact(&old.labels, &new.labels),
            },
        );
        self.named(
            Subject::Sequence,
            &before.sequences,
            &after.sequences,
            SmolStr::to_string,
            |value| (&value.maybe, value.place.as_ref()),
            |_| Value::Null,
            |this, name, old, new| {
                let same_type = old.data_type.same(&new.data_type);
                if old.owned_by != new.owned_by || same_type == Some(false) {
                    this.add(
                        Subject::Sequence,
                        Change::Changed(""),
                        name.to_string(),
                        sequence_value(old),
                        sequence_value(new),
                        new.place.as_ref(),
                    );
                } else if same_type.is_none() {
                    this.unknown_fact(&old.data_type, &new.data_type);
                }
            },
        );
        for item in before.objects.diff(&after.objects) {
            match item {
                DiffItem::Add(key, object) => match &object.maybe {
                    Some(why) => self.unknown(why),
                    None => self.add(
                        Subject::Object(key.kind),
                        Change::Added,
                        key.name.to_string(),
                        Value::Null,
                        json!(object.definition.known()),
                        object.place.as_ref(),
                    ),
                },
                DiffItem::Remove(key, object) => match &object.maybe {
                    Some(why) => self.unknown(why),
                    None => self.add(
                        Subject::Object(key.kind),
                        Change::Removed,
                        key.name.to_string(),
                        json!(object.definition.known()),
                        Value::Null,
                        object.place.as_ref(),
                    ),
                },
                DiffItem::Update {
                    old: (key, old),
                    new: (_, new),
                } => {
                    if let Some(why) = doubt(old.maybe.as_ref(), new.maybe.as_ref()) {
                        self.unknown(&why);
                        continue;
                    }
                    match old.definition.same(&new.definition) {
                        Some(true) => {}
                        Some(false) => self.add(
                            Subject::Object(key.kind),
                            Change::Changed(""),
                            key.name.to_string(),
                            json!(old.definition.known()),
                            json!(new.definition.known()),
                            new.place.as_ref(),
                        ),
                        None => self.unknown_fact(&old.definition, &new.definition),
                    }
                }
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what differs between the maps of a catalog"
    )]
    fn named<V: PartialEq>(
        &mut self,
        subject: Subject,
        before: &OrdMap<SmolStr, Arc<V>>,
        after: &OrdMap<SmolStr, Arc<V>>,
        show: impl Fn(&SmolStr) -> String,
        facts: impl for<'v> Fn(&'v V) -> (&'v Option<Arc<Why>>, Option<&'v FileSpan>),
        value: impl Fn(&V) -> Value,
        both: impl Fn(&mut Self, &SmolStr, &V, &V),
    ) {
        for item in before.diff(after) {
            match item {
                DiffItem::Add(name, new) => match facts(new) {
                    (Some(why), _) => self.unknown(why),
                    (None, place) => self.add(
                        subject,
                        Change::Added,
                        show(name),
                        Value::Null,
                        value(new),
                        place,
                    ),
                },
                DiffItem::Remove(name, old) => match facts(old) {
                    (Some(why), _) => self.unknown(why),
                    (None, place) => self.add(
                        subject,
                        Change::Removed,
                        show(name),
                        value(old),
                        Value::Null,
                        place,
                    ),
                },
                DiffItem::Update {
                    old: (name, old),
                    new: (_, new),
                } => match doubt(facts(old).0.as_ref(), facts(new).0.as_ref()) {
                    Some(why) => self.unknown(&why),
                    None => both(self, name, old, new),
                },
            }
        }
    }

    fn whole_table(&mut self, name: &SmolStr, table: &Table, change: Change) {
        if let Some(why) = &table.maybe {
            self.unknown(why);
            return;
        }
        self.add(
            Subject::Table,
            change,
            name.to_string(),
            Value::Null,
            Value::Null,
            table.place.as_ref(),
        );
    }

    fn tables(&mut self, name: &SmolStr, old: &Table, new: &Table) {
        for (old, new) in [
            (&old.maybe, &new.maybe),
            (&old.unsure, &new.unsure),
            (&old.open, &new.open),
        ] {
            if let Some(why) = doubt(old.as_ref(), new.as_ref()) {
                self.unknown(&why);
                return;
            }
        }
        for column in &old.columns {
            match new.column(&column.name) {
                Some(now) => self.columns(name, column, now),
                None => match &column.maybe {
                    Some(why) => self.unknown(why),
                    None => self.add(
                        Subject::Column,
                        Change::Removed,
                        format!("{name}.{}", column.name),
                        column_value(column),
                        Value::Null,
                        column.place.as_ref(),
                    ),
                },
            }
        }
        for column in &new.columns {
            if old.column(&column.name).is_none() {
                match &column.maybe {
                    Some(why) => self.unknown(why),
                    None => self.add(
                        Subject::Column,
                        Change::Added,
                        format!("{name}.{}", column.name),
                        Value::Null,
                        column_value(column),
                        column.place.as_ref(),
                    ),
                }
            }
        }
        self.constraints_and_indexes(name, old, new);
        if old.comment != new.comment {
            self.add(
                Subject::Table,
                Change::Changed("comment"),
                name.to_string(),
                json!(old.comment),
                json!(new.comment),
                new.place.as_ref(),
            );
        }
        if old.partition_of != new.partition_of {
            self.add(
                Subject::Table,
                Change::Changed("partition"),
                name.to_string(),
                json!(old.partition_of),
                json!(new.partition_of),
                new.place.as_ref(),
            );
        }
        if old.row_security != new.row_security {
            self.add(
                Subject::Table,
                Change::Changed("row_security"),
                name.to_string(),
                json!(old.row_security),
                json!(new.row_security),
                new.place.as_ref(),
            );
        }
    }

    fn columns(&mut self, table: &SmolStr, old: &Column, new: &Column) {
        if let Some(why) = doubt(old.maybe.as_ref(), new.maybe.as_ref()) {
            self.unknown(&why);
            return;
        }
        let object = format!("{table}.{}", old.name);
        let place = new.place.as_ref();
        self.fact("type", &object, &old.column_type, &new.column_type, place);
        self.fact("nullable", &object, &old.nullable, &new.nullable, place);
        self.fact("default", &object, &old.default, &new.default, place);
        self.fact("identity", &object, &old.identity, &new.identity, place);
        self.fact("generated", &object, &old.generated, &new.generated, place);
        self.fact("comment", &object, &old.comment, &new.comment, place);
    }

    fn fact<T: PartialEq + serde::Serialize>(
        &mut self,
        what: &'static str,
        object: &str,
        old: &Fact<T>,
        new: &Fact<T>,
        place: Option<&FileSpan>,
    ) {
        match old.same(new) {
            Some(true) => {}
            Some(false) => self.add(
                Subject::Column,
                Change::Changed(what),
                object.to_owned(),
                json!(old.known()),
                json!(new.known()),
                place,
            ),
            None => self.unknown_fact(old, new),
        }
    }

    fn add(
        &mut self,
        subject: Subject,
        change: Change,
        object: String,
        from: Value,
        to: Value,
        place: Option<&FileSpan>,
    ) {
        self.differences.found.push(Difference {
            subject,
            change,
            object,
            from,
            to,
            place: place.cloned(),
        });
    }

    fn unknown(&mut self, why: &Arc<Why>) {
        if !self.differences.unknown.contains(why) {
            self.differences.unknown.push(Arc::clone(why));
        }
    }

    fn unknown_fact<T>(&mut self, one: &Fact<T>, other: &Fact<T>) {
        for fact in [one, other] {
            if let Fact::Unknown(why) = fact {
                self.unknown(why);
            }
        }
    }
}

fn strings(value: &Value) -> Vec<&str> {
    let values = value.as_array().into_iter().flatten();
    values.filter_map(Value::as_str).collect()
}

/// The table and the part of it that the object of a difference is: `audit.users.email`.
pub fn split_object<'o>(object: &'o str, catalog: &Catalog) -> (&'o str, Option<&'o str>) {
    let ends = object.match_indices(['.', '(']).map(|(at, _)| at);
    for at in ends {
        let (table, part) = object.split_at(at);
        if catalog.tables.contains_key(table) {
            return (table, part.get(1..));
        }
    }
    match object.split_once('.') {
        Some((table, part)) => (table, Some(part)),
        None => (object, None),
    }
}

/// Why two states cannot be compared: one of them may not be, and not for the reason the other may not.
fn doubt(old: Option<&Arc<Why>>, new: Option<&Arc<Why>>) -> Option<Arc<Why>> {
    match (old, new) {
        (None, None) => None,
        (Some(old), Some(new)) if Arc::ptr_eq(old, new) => None,
        (_, Some(why)) | (Some(why), None) => Some(Arc::clone(why)),
    }
}

/// Takes the pairs that match out of two lists.
fn pair<'v, T>(
    left: &mut Vec<&'v T>,
    right: &mut Vec<&'v T>,
    matches: impl Fn(&T, &T) -> bool,
) -> Vec<(&'v T, &'v T)> {
    let mut pairs = Vec::new();
    left.retain(|one| {
        let Some(position) = right.iter().position(|two| matches(one, two)) else {
            return true;
        };
        pairs.push((*one, right.remove(position)));
        false
    });
    pairs
}
