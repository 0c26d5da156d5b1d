//! Sequences, and the columns that come with one.

use super::super::doubts;
use super::super::identifiers::{split_schema, without_schema};
use super::{Piece, Script};
use crate::catalog::{Column, Fact, Sequence};
use crate::dialect::Dialect;

/// The longest identifier of PostgreSQL, in bytes.
const MAX_IDENTIFIER: usize = 63;

impl Script<'_> {
    pub(super) fn sequences(&self) -> Vec<Piece> {
        let all = doubts::of_objects(self.view.catalog);
        self.view
            .catalog
            .sequences
            .iter()
            .filter(|(name, _)| !self.comes_with_its_column(name))
            .map(|(name, sequence)| {
                let of_type = match &sequence.data_type {
                    Fact::Known(spelling) if spelling != "bigint" => format!(" AS {spelling}"),
                    _ => String::new(),
                };
                Piece {
                    notes: self.notes_about(&all, name),
                    text: Some(format!("CREATE SEQUENCE {}{of_type}", self.qualified(name))),
                }
            })
            .collect()
    }

    /// Sequences that fall with a column, but do not come with it.
    pub(super) fn owned_sequences(&mut self) {
        let mut pieces = Vec::new();
        for (name, sequence) in &self.view.catalog.sequences {
            if let Some((table, column)) = &sequence.owned_by
                && !self.comes_with_its_column(name)
                && self.made.contains(table.as_str())
            {
                pieces.push(Piece::known(format!(
                    "ALTER SEQUENCE {} OWNED BY {}.{}",
                    self.qualified(name),
                    self.qualified(table),
                    self.name(column)
                )));
            }
        }
        self.statements(&pieces);
    }

    /// `serial` and its like, where that says all there is to say: the column counts by a sequence of its own, which has
    /// the name and the type that PostgreSQL would give it.
    pub(super) fn serial(&self, table: &str, column: &Column) -> Option<&'static str> {
        if self.dialect != Dialect::PostgreSql || !column.nullable.is(&false) {
            return None;
        }
        let Fact::Known(Some(default)) = &column.default else {
            return None;
        };
        let column_type = column.column_type.known()?;
        let word = match column_type.as_str() {
            "smallint" => "smallserial",
            "integer" => "serial",
            "bigint" => "bigserial",
            _ => return None,
        };
        let natural = natural_sequence(table, &column.name)?;
        let has_its_type = self
            .owned_sequence(&natural, table, &column.name)?
            .data_type
            .known()
            .is_none_or(|data_type| data_type == column_type);
        let is_own = default.starts_with("nextval(") && default.contains(without_schema(&natural));
        (is_own && has_its_type).then_some(word)
    }

    /// `(SEQUENCE NAME s)` where the sequence of an identity column has another name than PostgreSQL would give it.
    pub(super) fn identity_options(&self, table: &str, column: &Column) -> String {
        let natural = natural_sequence(table, &column.name);
        let own = self.view.catalog.sequences.iter().find(|(_, sequence)| {
            sequence.identity
                && sequence
                    .owned_by
                    .as_ref()
                    .is_some_and(|(owner, owning)| owner == table && *owning == column.name)
        });
        match own {
            Some((name, _)) if natural.as_deref() != Some(name) => {
                format!(" (SEQUENCE NAME {})", self.qualified(name))
            }
            _ => String::new(),
        }
    }

    /// True if a sequence comes with its column: of `serial`, or of an identity.
    fn comes_with_its_column(&self, name: &str) -> bool {
        let Some(sequence) = self.view.catalog.sequences.get(name) else {
            return false;
        };
        let Some((table, column)) = &sequence.owned_by else {
            return false;
        };
        let known = self
            .view
            .catalog
            .table(table)
            .and_then(|table| table.column(column));
        known.is_some_and(|known| {
            sequence.identity
                || self.serial(table, known).is_some()
                    && natural_sequence(table, column).as_deref() == Some(name)
        })
    }

    fn owned_sequence(&self, name: &str, table: &str, column: &str) -> Option<&Sequence> {
        let known = self.view.catalog.sequences.get(name)?;
        let (owner, owning) = known.owned_by.as_ref()?;
        (owner == table && owning == column).then_some(known)
    }
}

/// What PostgreSQL calls the sequence of a `serial` column, unless that would be too long.
fn natural_sequence(table: &str, column: &str) -> Option<String> {
    let name = format!("{}_{column}_seq", without_schema(table));
    (name.len() <= MAX_IDENTIFIER).then(|| match split_schema(table) {
        Some((schema, _)) => format!("{schema}.{name}"),
        None => name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_natural_within_the_limit() {
        assert_eq!(
            natural_sequence("users", "id").as_deref(),
            Some("users_id_seq")
        );
        assert_eq!(
            natural_sequence("audit.events", "id").as_deref(),
            Some("audit.events_id_seq")
        );
        assert_eq!(natural_sequence(&"t".repeat(60), "id"), None);
    }
}
