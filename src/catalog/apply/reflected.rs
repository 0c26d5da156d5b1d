//! What SQLAlchemy reads of a table in SQLite, which is less than there is: the facts are from `get_columns`,
//! `get_unique_constraints`, `get_foreign_keys` and `get_indexes` of its dialect.

use std::sync::Arc;

use smol_str::SmolStr;

use super::copy::is_plain;
use crate::catalog::batch::{Batch, Versions};
use crate::catalog::constraint::{Constraint, ConstraintKind, Index};
use crate::catalog::fact::{Fact, Why};
use crate::catalog::table::Table;

/// A table as it is read. `key_of` gives the primary key of another table.
pub(super) fn reflected(
    table: &Table,
    batch: &Batch,
    why: &Arc<Why>,
    key_of: impl Fn(&str) -> Vec<SmolStr>,
) -> Table {
    let mut read = table.clone();
    for column in &mut read.columns {
        if let Fact::Known(spelling) = &mut column.column_type {
            *spelling = reflected_type(spelling);
        }
    }
    read.constraints.clear();
    // What stands at a column is found last.
    let listed = table.constraints.iter().enumerate();
    let (inline, listed): (Vec<_>, Vec<_>) = listed.partition(|(_, constraint)| constraint.inline);
    for (position, constraint) in listed.into_iter().chain(inline) {
        let Some(mut constraint) = reflected_constraint(table, constraint, batch.versions, why)
        else {
            continue;
        };
        if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
            && key.ref_columns.is_empty()
        {
            key.ref_columns = key_of(&key.references);
        }
        if constraint.name.is(&None)
            && let Some((_, name)) = batch.names.iter().find(|(at, _)| *at == position)
        {
            constraint.name = Fact::Known(Some(name.clone()));
        }
        if let ConstraintKind::Check { .. } = constraint.kind {
            match &constraint.name {
                // Before 1.7 Alembic left out all of them.
                _ if batch.versions.alembic < (1, 7) => continue,
                // Alembic leaves them out: it cannot tell them from those of types.
                Fact::Known(None) => continue,
                Fact::Unknown(unknown) => {
                    constraint.maybe.get_or_insert_with(|| Arc::clone(unknown));
                }
                Fact::Known(Some(_)) => {}
            }
        }
        // Of those over the same columns one is found.
        if let Some(earlier) = read
            .constraints
            .iter_mut()
            .find(|earlier| is_found_as(earlier, &constraint))
        {
            // Which of them comes first in the text is not known.
            if earlier.name != constraint.name {
                earlier.name = Fact::Unknown(Arc::clone(why));
            }
            continue;
        }
        read.constraints.push(constraint);
    }
    // Of several of one name any may be the one that stays.
    let names: Vec<Option<SmolStr>> = read
        .constraints
        .iter()
        .map(|constraint| constraint.known_name().cloned())
        .collect();
    for constraint in &mut read.constraints {
        let name = constraint.known_name().cloned();
        if name.is_some() && names.iter().filter(|other| **other == name).count() > 1 {
            constraint.maybe.get_or_insert_with(|| Arc::clone(why));
        }
    }
    read.indexes
        .retain_mut(|index| is_reflected(index, batch.versions, why));
    read
}

/// A constraint as it is read. Of those at a column only the columns are.
fn reflected_constraint(
    table: &Table,
    constraint: &Constraint,
    versions: Versions,
    why: &Arc<Why>,
) -> Option<Constraint> {
    let mut constraint = constraint.clone();
    let is_inline = std::mem::take(&mut constraint.inline);
    let is_in_quotes = constraint.known_name().is_some_and(|name| !is_plain(name));
    match &mut constraint.kind {
        ConstraintKind::ForeignKey(key) => {
            key.matching = None;
            if is_inline {
                key.ondelete = None;
                key.onupdate = None;
                constraint.name = Fact::Known(None);
                constraint.deferrable = None;
            }
        }
        ConstraintKind::Unique { columns, .. } if is_inline => {
            constraint.name = Fact::Known(None);
            let column = columns.first().and_then(|column| table.column(column))?;
            // The name of the column too, before 1.4 without an underscore.
            if versions.sqlalchemy < (1, 4) && is_plain(&column.name) && column.name.contains('_') {
                return None;
            }
            // It is looked for behind plain words.
            match &column.column_type {
                Fact::Known(spelling) if spelling.contains('(') => return None,
                Fact::Known(_) if column.default.is(&None) => {}
                _ => {
                    constraint.maybe.get_or_insert_with(|| Arc::clone(why));
                }
            }
        }
        // Before 2.1 its name was only found without quotes.
        ConstraintKind::PrimaryKey { .. } if versions.sqlalchemy < (2, 1) && is_in_quotes => {
            constraint.name = Fact::Known(None);
        }
        _ => {}
    }
    Some(constraint)
}

/// True if a constraint is taken for an earlier one.
fn is_found_as(earlier: &Constraint, constraint: &Constraint) -> bool {
    match (&earlier.kind, &constraint.kind) {
        (
            ConstraintKind::Unique { columns: one, .. },
            ConstraintKind::Unique { columns: two, .. },
        ) => one == two,
        (ConstraintKind::ForeignKey(one), ConstraintKind::ForeignKey(two)) => {
            one.columns == two.columns
                && one.references == two.references
                && one.ref_columns == two.ref_columns
        }
        _ => false,
    }
}

/// Indexes over expressions are not read, and of the others neither order nor collation.
fn is_reflected(index: &mut Index, versions: Versions, why: &Arc<Why>) -> bool {
    match &mut index.definition {
        Fact::Known(definition) => {
            if definition.keys.iter().any(|key| !key.is_column) {
                return false;
            }
            for key in &mut definition.keys {
                key.order = None;
                key.operator_class = None;
            }
            // Since 1.4 its condition is.
            if versions.sqlalchemy < (1, 4) {
                definition.predicate = None;
            }
        }
        Fact::Unknown(_) => {
            index.maybe.get_or_insert_with(|| Arc::clone(why));
        }
    }
    true
}

/// The type that SQLAlchemy makes of one that it finds, as it writes it again.
fn reflected_type(spelling: &SmolStr) -> SmolStr {
    let text = spelling.to_uppercase();
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (
            name.to_owned(),
            rest.split(')').next().map(ToOwned::to_owned),
        ),
        None => (text, None),
    };
    // What comes behind the length is not read.
    let name = name.trim().to_owned();
    let plain = name.split(" COLLATE ").next().unwrap_or(&name).to_owned();
    let (kept, takes_arguments) = match plain.as_str() {
        "BIGINT" | "BLOB" | "BOOLEAN" | "DATE" | "DATETIME" | "DOUBLE" | "FLOAT" | "INTEGER"
        | "JSON" | "JSONB" | "REAL" | "SMALLINT" | "TIME" | "TIMESTAMP" => (plain.as_str(), false),
        "CHAR" | "DECIMAL" | "NCHAR" | "NUMERIC" | "NVARCHAR" | "TEXT" | "VARCHAR" => {
            (plain.as_str(), true)
        }
        "BOOL" => ("BOOLEAN", false),
        "INT" => ("INTEGER", false),
        "DATE_CHAR" => ("DATE", false),
        "DATETIME_CHAR" => ("DATETIME", false),
        "TIME_CHAR" => ("TIME", false),
        "DOUBLE_PRECISION" => ("DOUBLE PRECISION", false),
        other if other.contains("INT") => ("INTEGER", false),
        other
            if ["CHAR", "CLOB", "TEXT"]
                .iter()
                .any(|part| other.contains(part)) =>
        {
            ("TEXT", true)
        }
        other if other.contains("BLOB") => ("BLOB", false),
        other
            if ["REAL", "FLOA", "DOUB"]
                .iter()
                .any(|part| other.contains(part)) =>
        {
            ("REAL", false)
        }
        "" => return spelling.clone(),
        _ => ("NUMERIC", true),
    };
    let written = match arguments {
        Some(arguments) if takes_arguments => {
            let numbers: Vec<&str> = arguments.split(',').map(str::trim).collect();
            format!("{kept}({})", numbers.join(", "))
        }
        _ => kept.to_owned(),
    };
    let bare = |text: &str| -> String {
        text.to_uppercase()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect()
    };
    // Case and white space are nobody's business.
    if bare(&written) == bare(spelling) {
        spelling.clone()
    } else {
        SmolStr::new(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_by_name_or_affinity() {
        for (spelling, read) in [
            ("VARCHAR(50)", "VARCHAR(50)"),
            ("integer", "integer"),
            ("DECIMAL(10,5)", "DECIMAL(10,5)"),
            ("INT", "INTEGER"),
            ("CHARACTER VARYING(50)", "TEXT(50)"),
            ("DOUBLE PRECISION", "REAL"),
            ("FLOAT(53)", "FLOAT"),
            ("TIMESTAMP WITH TIME ZONE", "NUMERIC"),
            ("VARBINARY(16)", "NUMERIC(16)"),
        ] {
            assert_eq!(reflected_type(&spelling.into()), read, "{spelling}");
        }
    }
}
