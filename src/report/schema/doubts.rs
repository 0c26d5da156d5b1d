//! What is not known of a schema, object by object.

use std::sync::Arc;

use super::why_text;
use crate::catalog::{Catalog, Column, Constraint, ConstraintKind, Fact, Index, Table, Why};
use crate::python::Sources;

/// Something that is not known.
pub(super) struct Doubt {
    /// What it is about: `type`; empty for whether there is such a thing at all.
    pub(super) what: Vec<&'static str>,
    /// The part of a table it is about, or the object outside of tables; empty for a table as a whole.
    pub(super) object: String,
    pub(super) why: Arc<Why>,
}

impl Doubt {
    /// `not known: type and default of `size`; reason (file:line)`
    pub(super) fn sentence(&self, sources: &Sources<'_>) -> String {
        self.sentence_on(&self.object, sources)
    }

    /// The same with another name for the object.
    pub(super) fn sentence_on(&self, object: &str, sources: &Sources<'_>) -> String {
        let reason = why_text(&self.why, sources);
        let of = |what: String| match object {
            "" => what,
            _ => format!("{what} of `{object}`"),
        };
        let what = match self.what.as_slice() {
            [] if object.is_empty() => "whether there is such a table".to_owned(),
            [] => format!("whether there is `{object}`"),
            [only] => of((*only).to_owned()),
            [most @ .., last] => of(format!("{} and {last}", most.join(", "))),
        };
        format!("not known: {what}; {reason}")
    }
}

/// Of a table as a whole.
pub(super) fn of_table(table: &Table) -> Vec<Doubt> {
    let mut doubts = Doubts::of("");
    doubts.may("other parts", table.open.as_ref());
    doubts.existence(table.maybe.as_ref());
    doubts.may("later changes", table.unsure.as_ref());
    doubts.found
}

pub(super) fn of_column(column: &Column) -> Vec<Doubt> {
    let mut doubts = Doubts::of(&column.name);
    doubts.existence(column.maybe.as_ref());
    doubts.fact("type", &column.column_type);
    doubts.fact("nullability", &column.nullable);
    doubts.fact("default", &column.default);
    doubts.fact("identity", &column.identity);
    doubts.fact("expression", &column.generated);
    doubts.fact("comment", &column.comment);
    doubts.found
}

pub(super) fn of_constraint(constraint: &Constraint) -> Vec<Doubt> {
    let mut doubts = Doubts::of(constraint.known_name().map_or("", |name| name.as_str()));
    doubts.existence(constraint.maybe.as_ref());
    doubts.fact("name", &constraint.name);
    match &constraint.kind {
        ConstraintKind::Unknown { why, .. } => doubts.push("definition", why),
        ConstraintKind::Check {
            expression: definition,
            ..
        }
        | ConstraintKind::Exclude { definition, .. } => doubts.fact("definition", definition),
        ConstraintKind::PrimaryKey { .. }
        | ConstraintKind::Unique { .. }
        | ConstraintKind::ForeignKey(_) => {}
    }
    doubts.found
}

pub(super) fn of_index(index: &Index) -> Vec<Doubt> {
    let mut doubts = Doubts::of(&index.name);
    doubts.existence(index.maybe.as_ref());
    doubts.fact("definition", &index.definition);
    doubts.found
}

/// Of a table and all its parts; every reason once for each.
pub(super) fn of_table_and_parts(table: &Table) -> Vec<Doubt> {
    let mut found = of_table(table);
    found.extend(table.columns.iter().flat_map(of_column));
    found.extend(table.constraints.iter().flat_map(of_constraint));
    found.extend(table.indexes.iter().flat_map(of_index));
    let mut kept: Vec<Doubt> = Vec::new();
    for doubt in found {
        let is_known = kept
            .iter()
            .any(|other| other.object == doubt.object && Arc::ptr_eq(&other.why, &doubt.why));
        if !is_known {
            kept.push(doubt);
        }
    }
    kept
}

/// Of what is not part of a table.
pub(super) fn of_objects(catalog: &Catalog) -> Vec<Doubt> {
    let mut found = Vec::new();
    for (name, known) in &catalog.enums {
        let mut doubts = Doubts::of(name);
        doubts.existence(known.maybe.as_ref());
        doubts.fact("labels", &known.labels);
        found.append(&mut doubts.found);
    }
    for (name, sequence) in &catalog.sequences {
        let mut doubts = Doubts::of(name);
        doubts.existence(sequence.maybe.as_ref());
        found.append(&mut doubts.found);
    }
    for (key, object) in &catalog.objects {
        let mut doubts = Doubts::of(&key.name);
        doubts.existence(object.maybe.as_ref());
        doubts.fact("definition", &object.definition);
        found.append(&mut doubts.found);
    }
    found
}

struct Doubts<'o> {
    object: &'o str,
    found: Vec<Doubt>,
}

impl<'o> Doubts<'o> {
    fn of(object: &'o str) -> Self {
        Self {
            object,
            found: Vec::new(),
        }
    }

    /// Says it together with what is not known for the same reason.
    fn push(&mut self, what: &'static str, why: &Arc<Why>) {
        let same = self
            .found
            .iter_mut()
            .find(|doubt| Arc::ptr_eq(&doubt.why, why) && !doubt.what.is_empty());
        match same {
            Some(doubt) => doubt.what.push(what),
            None => self.found.push(Doubt {
                what: vec![what],
                object: self.object.to_owned(),
                why: Arc::clone(why),
            }),
        }
    }

    fn existence(&mut self, why: Option<&Arc<Why>>) {
        if let Some(why) = why {
            self.found.push(Doubt {
                what: Vec::new(),
                object: self.object.to_owned(),
                why: Arc::clone(why),
            });
        }
    }

    fn may(&mut self, what: &'static str, why: Option<&Arc<Why>>) {
        if let Some(why) = why {
            self.push(what, why);
        }
    }

    fn fact<T>(&mut self, what: &'static str, fact: &Fact<T>) {
        if let Fact::Unknown(why) = fact {
            self.push(what, why);
        }
    }
}
