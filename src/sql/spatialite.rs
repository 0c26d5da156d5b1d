//! Functions of `SpatiaLite` that change tables: `SELECT DropTable(NULL, 'users')`.
//!
//! Whether they raise or answer with nought where a table is missing depends on the version, so they are taken to do
//! nothing then.

use std::ops::Range;

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::source::Source;
use crate::catalog::{AlterAction, Ddl};

/// What a `SELECT` of nothing but such a function does.
pub(super) fn read(source: &Source<'_>, range: Range<usize>) -> Option<Ddl> {
    let mut cursor = Cursor::new(source, range);
    if !cursor.take("select") {
        return None;
    }
    let function = cursor.name()?.to_ascii_lowercase();
    if !cursor.take_punctuation("(") {
        return None;
    }
    let mut names: Vec<SmolStr> = Vec::new();
    if function != "dropgeotable" {
        // The database: NULL is the main one.
        if !cursor.take("null") || !cursor.take_punctuation(",") {
            return None;
        }
    }
    let count = match function.as_str() {
        "droptable" | "dropgeotable" => 1,
        "renametable" => 2,
        "renamecolumn" => 3,
        _ => return None,
    };
    while names.len() < count {
        if !names.is_empty() && !cursor.take_punctuation(",") {
            return None;
        }
        names.push(cursor.string()?);
    }
    // Whether it keeps still, or is a transaction of its own.
    if cursor.take_punctuation(",") {
        cursor.skip();
    }
    if !cursor.take_punctuation(")") || cursor.peek().is_some() {
        return None;
    }
    let alter = |table: &SmolStr, action| Ddl::AlterTable {
        table: table.clone(),
        if_exists: true,
        action,
    };
    match names.as_slice() {
        [name] => Some(Ddl::DropTable {
            name: name.clone(),
            if_exists: true,
            cascade: false,
        }),
        [table, new_name] => {
            let new_name = new_name.clone();
            Some(alter(table, AlterAction::RenameTable { new_name }))
        }
        [table, name, new_name] => {
            let (name, new_name) = (name.clone(), new_name.clone());
            Some(alter(table, AlterAction::RenameColumn { name, new_name }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Ddl;
    use crate::dialect::Dialect;
    use crate::sql::parse;

    fn ddl(text: &str) -> Vec<Ddl> {
        parse(text, Dialect::Sqlite, &|_| None).remove(0).ddl
    }

    #[test]
    fn functions_are_read_as_statements() {
        for (function, statement) in [
            ("DropTable(NULL, 'a')", "DROP TABLE IF EXISTS a"),
            ("DropTable(NULL, 'a', TRUE)", "DROP TABLE IF EXISTS a"),
            ("DropGeoTable('a')", "DROP TABLE IF EXISTS a"),
            (
                "RenameTable(NULL, 'a', 'b')",
                "ALTER TABLE IF EXISTS a RENAME TO b",
            ),
            (
                "RenameColumn(NULL, 'a', 'b', 'c')",
                "ALTER TABLE IF EXISTS a RENAME COLUMN b TO c",
            ),
        ] {
            assert_eq!(ddl(&format!("SELECT {function}")), ddl(statement));
        }
    }

    #[test]
    fn what_is_not_known() {
        for text in [
            "SELECT DropTable(NULL, '\u{fffc}')",
            "SELECT DropTable('other', 'a')",
            "SELECT DropTable(NULL, :table)",
            "SELECT RenameTable(NULL, 'a')",
        ] {
            let read = ddl(text);
            assert!(
                !matches!(read.as_slice(), [Ddl::DropTable { .. }]),
                "{text}"
            );
            assert!(
                !matches!(read.as_slice(), [Ddl::AlterTable { .. }]),
                "{text}"
            );
        }
    }
}
