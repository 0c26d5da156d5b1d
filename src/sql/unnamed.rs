//! Statements about something whose name is not known: what they can be about all the same.

use std::ops::Range;

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::parse::summary;
use super::source::Source;
use super::token::{HOLE, TokenKind};
use crate::catalog::{AlterAction, CreateTable, Ddl, ObjectKind, UnnamedKind};

/// What a statement is about, if that leaves the columns and constraints of tables alone.
pub(super) fn kind(source: &Source<'_>, range: Range<usize>) -> Option<UnnamedKind> {
    let mut cursor = Cursor::new(source, range);
    let creates = cursor.take("create");
    if !creates && !cursor.take("drop") && !cursor.take("alter") {
        return None;
    }
    while [
        "or",
        "replace",
        "temporary",
        "temp",
        "unlogged",
        "constraint",
        "unique",
    ]
    .iter()
    .any(|word| cursor.take(word))
    {}
    if cursor.take("table") {
        return creates.then_some(UnnamedKind::NewTable);
    }
    if cursor.take("index") {
        return Some(UnnamedKind::Index);
    }
    if cursor.take("sequence") {
        return Some(UnnamedKind::Sequence);
    }
    if cursor.take("type") || cursor.take("domain") {
        return Some(UnnamedKind::Type);
    }
    super::object::kind(&mut cursor)
        // What is in a schema falls with it, and so it does with an extension.
        .filter(|kind| creates || !matches!(kind, ObjectKind::Schema | ObjectKind::Extension))
        .map(UnnamedKind::Object)
}

/// What actions on a table of an unknown name do, if they leave its columns and constraints alone.
pub(super) fn harmless(what: &str, actions: &[AlterAction]) -> Option<Ddl> {
    let keeps = |action: &AlterAction| {
        matches!(action, AlterAction::Other | AlterAction::RowSecurity { .. })
    };
    if actions.is_empty() || !actions.iter().all(keeps) {
        return None;
    }
    Some(
        if actions.iter().all(|action| *action == AlterAction::Other) {
            Ddl::Nothing
        } else {
            Ddl::OpaqueObject {
                what: what.to_owned(),
                kind: UnnamedKind::Object(ObjectKind::Policy),
            }
        },
    )
}

/// What is there once a table of an unknown name was given one that is known: `ALTER TABLE {temporary} RENAME TO users`, as
/// tables are rebuilt by hand. Which table is gone then is not known.
pub(super) fn renamed(source: &Source<'_>, range: Range<usize>) -> Option<Vec<Ddl>> {
    // Of a table in an unknown schema more is known.
    if table_in_unknown_schema(source, range.clone()).is_some() {
        return None;
    }
    let what = summary(source, range.clone());
    let mut cursor = Cursor::new(source, range);
    if !cursor.take_all(&["alter", "table"]) {
        return None;
    }
    let _ = cursor.if_exists();
    let is_unknown = cursor.peek()?.text.contains(HOLE);
    if !is_unknown || cursor.name().is_some() || !cursor.take_all(&["rename", "to"]) {
        return None;
    }
    let name = cursor.name()?;
    let is_all = cursor.peek().is_none();
    is_all.then(|| {
        let open = format!("{what}: its columns are not known");
        let table = CreateTable {
            name,
            columns: Vec::new(),
            constraints: Vec::new(),
            open: Some(open),
            comment: None,
            partition_of: None,
            temporary: false,
            if_not_exists: false,
        };
        let names = Vec::new();
        vec![Ddl::Opaque { what, names }, Ddl::CreateTable(table)]
    })
}

/// The table of a statement whose name has a schema before it that is not known: `"{schema}".users` of projects that
/// have a schema for each of their customers.
pub(super) fn table_in_unknown_schema(source: &Source<'_>, range: Range<usize>) -> Option<SmolStr> {
    let tokens = source.tokens(range);
    tokens.windows(3).take(12).find_map(|three| match three {
        [schema, dot, name]
            if dot.is_punctuation(".")
                && schema.text.trim_matches('"').chars().all(|c| c == HOLE)
                && matches!(name.kind, TokenKind::Word | TokenKind::QuotedName) =>
        {
            name.catalog_name(source.dialect)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::catalog::{Database, Ddl, compare};
    use crate::dialect::Dialect;
    use crate::sql::parse;

    fn run(database: &mut Database, sql: &str) {
        for statement in parse(sql, database.dialect, &|_| None) {
            for ddl in &statement.ddl {
                assert_eq!(database.apply(ddl, None).failures, []);
            }
        }
    }

    #[test]
    fn a_table_that_is_rebuilt_under_an_unknown_name_is_there_again() {
        for dialect in [Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite] {
            let mut database = Database::new(dialect);
            run(&mut database, "CREATE TABLE a (b int)");
            let before = database.now.clone();
            run(
                &mut database,
                "CREATE TABLE t_\u{fffc} (b int); DROP TABLE a; ALTER TABLE t_\u{fffc} RENAME TO a",
            );
            let table = &database.now.tables["a"];
            assert!(table.is_made && table.open.is_some());
            assert_eq!(compare(&before, &database.now).found, []);
        }
        let known = parse("ALTER TABLE t RENAME TO a", Dialect::MySql, &|_| None);
        assert!(matches!(known[0].ddl.as_slice(), [Ddl::AlterTable { .. }]));
    }
}
