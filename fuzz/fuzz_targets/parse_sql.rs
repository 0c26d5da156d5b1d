//! Any text may be executed: reading it ends, does not panic, and what it makes can be carried out.

#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_lint::catalog::Database;
use migrate_lint::dialect::Dialect;

fuzz_target!(|text: &str| {
    for dialect in [Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite] {
        let mut database = Database::new(dialect);
        let statements = migrate_lint::sql::parse(text, dialect, &|_| None);
        // Twice: the second time much is there already.
        for _ in 0..2 {
            for ddl in statements.iter().flat_map(|statement| &statement.ddl) {
                database.apply(ddl, None);
            }
        }
        let _ = migrate_lint::sql::canonical_expression(text, dialect);
        let _ = migrate_lint::sql::catalog_type(text, dialect);
    }
});
