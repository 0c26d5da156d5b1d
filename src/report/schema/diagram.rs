//! Tables as boxes, and the foreign keys between them.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::layers::{Layout, Reference, Size};
use super::relation::Relation;
use super::{SchemaView, order};
use crate::catalog::{ForeignKey, Table};
use crate::report::picture::{column_marks, cut, pixels, type_of};

/// Pixels of a row, of the heading of a box, and within its sides.
pub(super) const ROW: f64 = 18.0;
pub(super) const HEADING: f64 = 26.0;
pub(super) const PADDING: f64 = 10.0;
/// The longest name and type, in columns.
const MAX_NAME: usize = 40;
const MAX_TYPE: usize = 32;

/// A box with its place.
pub(super) struct Entity<'a> {
    pub(super) name: &'a SmolStr,
    /// `None` for a table of which only the name is shown.
    pub(super) table: Option<&'a Table>,
    pub(super) heading: String,
    pub(super) rows: Vec<Attribute>,
    pub(super) corner: (f64, f64),
    pub(super) size: Size,
    /// Where names and types begin, from the left side.
    pub(super) name_at: f64,
    pub(super) type_at: f64,
}

/// A column of a table.
pub(super) struct Attribute {
    pub(super) marks: String,
    pub(super) name: String,
    pub(super) type_name: String,
}

/// A foreign key, from the box that has it to the one it refers to.
pub(super) struct Key<'a> {
    pub(super) reference: Reference,
    pub(super) definition: &'a ForeignKey,
    pub(super) relation: Relation,
}

pub(super) struct Diagram<'a> {
    pub(super) entities: Vec<Entity<'a>>,
    pub(super) keys: Vec<Key<'a>>,
    pub(super) layout: Layout,
}

impl<'a> Diagram<'a> {
    pub(super) fn of(view: &SchemaView<'a>) -> Self {
        let tables: BTreeMap<&'a SmolStr, &'a Table> = view
            .tables_in_order()
            .into_iter()
            .map(|(name, table)| (name, table.as_ref()))
            .collect();
        let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut names: BTreeMap<&str, &'a SmolStr> = BTreeMap::new();
        for (name, table) in &tables {
            names.insert(name, name);
            let needed = needs.entry(name).or_default();
            needed.extend(table.foreign_keys().map(|(_, key)| key.references.as_str()));
            for (_, key) in table.foreign_keys() {
                names.entry(&key.references).or_insert(&key.references);
            }
        }
        for name in names.keys() {
            needs.entry(name).or_default();
        }
        let mut entities: Vec<Entity<'a>> = names
            .values()
            .map(|name| Entity::of(name, tables.get(*name).copied()))
            .collect();
        let number: BTreeMap<&str, usize> = names.keys().copied().zip(0..).collect();
        let mut keys = Vec::new();
        for (name, table) in &tables {
            let mut found: Vec<&ForeignKey> = table.foreign_keys().map(|(_, key)| key).collect();
            found.sort_by(|one, other| {
                (&one.columns, &one.references).cmp(&(&other.columns, &other.references))
            });
            for key in found {
                let ends = (
                    number.get(name.as_str()),
                    number.get(key.references.as_str()),
                );
                if let (Some(from), Some(to)) = ends {
                    keys.push(Key {
                        reference: Reference {
                            from: *from,
                            to: *to,
                        },
                        definition: key,
                        relation: Relation::of(table, key),
                    });
                }
            }
        }
        let order: Vec<usize> = order::dependency_order(&needs)
            .into_iter()
            .filter_map(|name| number.get(name).copied())
            .collect();
        let sizes: Vec<Size> = entities.iter().map(|entity| entity.size).collect();
        let references: Vec<Reference> = keys.iter().map(|key| key.reference).collect();
        let layout = Layout::of(&sizes, &references, &order);
        for (entity, corner) in entities.iter_mut().zip(&layout.corners) {
            entity.corner = *corner;
        }
        Self {
            entities,
            keys,
            layout,
        }
    }

    /// Where a foreign key leaves its table, and where it enters the other one.
    pub(super) fn heights(&self, key: &Key<'_>) -> (f64, f64) {
        let height = |entity: usize, column: Option<&SmolStr>| {
            let entity = self.entities.get(entity);
            entity.map_or(0.0, |entity| entity.height_of(column))
        };
        let from = height(key.reference.from, key.definition.columns.first());
        let to = height(key.reference.to, key.definition.ref_columns.first());
        (from, to)
    }
}

impl<'a> Entity<'a> {
    fn of(name: &'a SmolStr, table: Option<&'a Table>) -> Self {
        let rows: Vec<Attribute> = table.map_or_else(Vec::new, |table| {
            let columns = table.columns.iter();
            columns
                .map(|column| {
                    let mut marks = column_marks(table, column);
                    if column.nullable.is(&false) && !marks.contains(&"PK") {
                        marks.push("NN");
                    }
                    Attribute {
                        marks: marks.join(" "),
                        name: cut(&column.name, MAX_NAME),
                        type_name: type_of(column, MAX_TYPE),
                    }
                })
                .collect()
        });
        let widest = |text: fn(&Attribute) -> &str, size: f64| {
            rows.iter()
                .map(|row| pixels(text(row), size))
                .fold(0.0, f64::max)
        };
        let heading = cut(name, MAX_NAME + MAX_TYPE);
        let marks = widest(|row| &row.marks, 10.0);
        let name_at = PADDING + if marks > 0.0 { marks + 8.0 } else { 0.0 };
        let type_at = name_at + widest(|row| &row.name, 12.0) + 14.0;
        let width = (type_at + widest(|row| &row.type_name, 12.0) + PADDING)
            .max(pixels(&heading, 12.0) * 1.05 + 2.0 * PADDING)
            .max(90.0)
            .ceil();
        let height = HEADING + ROW * rows.len() as f64 + if rows.is_empty() { 0.0 } else { 6.0 };
        Self {
            name,
            table,
            heading,
            rows,
            corner: (0.0, 0.0),
            size: Size { width, height },
            name_at,
            type_at,
        }
    }

    /// The middle of the row of a column, or of the heading.
    fn height_of(&self, column: Option<&SmolStr>) -> f64 {
        let columns = self.table.map_or(&[][..], |table| &table.columns);
        let row = match column {
            Some(name) => columns.iter().position(|column| column.name == *name),
            None => None,
        };
        self.corner.1
            + match row {
                Some(row) => HEADING + ROW * (row as f64 + 0.5) + 3.0,
                None => HEADING / 2.0,
            }
    }
}
