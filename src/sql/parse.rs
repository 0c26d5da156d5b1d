//! From a text to what each of its statements does.

use std::ops::Range;

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::malformed::{malformed, unfollowed};
use super::source::{Place, Source};
use super::statement::{Effect, Statement, StatementKind, statements_of};
use super::{
    catalog_rows, data, generic, literals, maintenance, object, postgresql, query, spatialite,
    unnamed,
};
use crate::catalog::{Ddl, RowChange, SessionChange, UnnamedKind};
use crate::dialect::Dialect;

/// Longer statements are known by their heads only.
const LARGEST: usize = 1 << 20;
/// So are those that nest brackets deeper: grammars go down by recursion.
const DEEPEST: usize = 200;
/// And code within code within code.
const DEEPEST_CODE: usize = 8;

/// One statement of a text, and what it does: several things where it says several, as `DROP TYPE a, b`.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedStatement {
    /// Where it stands in the text, without the semicolon.
    pub range: Range<usize>,
    pub ddl: Vec<Ddl>,
    /// Why no database takes it, where that is certain. What it does is what was meant, as far as that can be told.
    pub malformed: Option<String>,
}

/// Reads all statements of a text. Pieces that are not known are [`HOLE`](super::HOLE)s in it; bind parameters are not
/// known either. `place` tells where a piece of the text stands in a file.
///
/// ```
/// use migrate_lint::catalog::Ddl;
/// use migrate_lint::dialect::Dialect;
/// use migrate_lint::sql::parse;
///
/// let parsed = parse("DROP TABLE a, public.B", Dialect::PostgreSql, &|_| None);
/// let Ddl::Together(dropped) = &parsed[0].ddl[0] else {
///     panic!()
/// };
/// assert!(matches!(&dropped[1], Ddl::DropTable { name, .. } if name == "b"));
/// ```
pub fn parse(text: &str, dialect: Dialect, place: Place<'_>) -> Vec<ParsedStatement> {
    parse_nested(text, dialect, place, 0)
}

/// Reads the statements of a text inside of a block of code.
pub(super) fn parse_nested(
    text: &str,
    dialect: Dialect,
    place: Place<'_>,
    depth: usize,
) -> Vec<ParsedStatement> {
    let source = Source::new(text, dialect, place);
    statements_of(&source.text, dialect)
        .into_iter()
        .map(|statement| {
            let malformed = malformed(&source, statement.range.clone());
            ParsedStatement {
                ddl: match &malformed {
                    Some(malformed) => meant(&source, &statement, malformed.gap, depth),
                    None => one(&source, &statement, depth),
                },
                malformed: match malformed {
                    Some(malformed) => Some(malformed.reason),
                    None if depth == 0 && is_within_limits(&source, &statement.range) => {
                        unfollowed(&source, &statement)
                    }
                    None => None,
                },
                range: statement.range,
            }
        })
        .collect()
}

/// What a statement was meant to do that lacks a space, or something that is not known.
fn meant(source: &Source<'_>, statement: &Statement, gap: Option<usize>, depth: usize) -> Vec<Ddl> {
    let mended = gap
        .and_then(|gap| Some((gap, source.text.get(statement.range.start..gap)?)))
        .and_then(|(gap, before)| {
            let after = source.text.get(gap..statement.range.end)?;
            Some(format!("{before} {after}"))
        });
    let place = |_: Range<usize>| (source.place)(statement.range.clone());
    match mended {
        Some(mended) if depth < DEEPEST_CODE => {
            parse_nested(&mended, source.dialect, &place, depth + 1)
                .into_iter()
                .flat_map(|mended| mended.ddl)
                .collect()
        }
        _ => vec![Ddl::Opaque {
            what: summary(source, statement.range.clone()),
            names: Vec::new(),
        }],
    }
}

/// True for a statement that a grammar may be given.
fn is_within_limits(source: &Source<'_>, range: &Range<usize>) -> bool {
    range.len() <= LARGEST && nesting(source, range) <= DEEPEST
}

/// What one statement of the source does.
pub(super) fn one(source: &Source<'_>, statement: &Statement, depth: usize) -> Vec<Ddl> {
    let range = statement.range.clone();
    if !is_within_limits(source, &range) || depth > DEEPEST_CODE {
        return vec![by_head(source, statement)];
    }
    let read = match statement.kind {
        StatementKind::Data => {
            let rows = data::read(source, range.clone());
            let changed = catalog_rows::read(source, range.clone());
            let rows = changed.into_iter().flatten().chain([rows]);
            Some(uses(source, range).into_iter().chain(rows).collect())
        }
        StatementKind::Query => query::read(source, range.clone(), depth)
            .map(|read| uses(source, range).into_iter().chain(read).collect()),
        // What comes later may be about tables of any schema.
        StatementKind::Session if search_path(source, &range) => Some(vec![Ddl::Opaque {
            what: summary(source, range),
            names: Vec::new(),
        }]),
        StatementKind::Session
            if source
                .text
                .get(range.clone())
                .is_some_and(|text| !starts_with_select(text)) =>
        {
            Some(vec![session(source, range)])
        }
        StatementKind::Session => query::read(source, range, depth),
        StatementKind::Maintenance => Some(vec![
            maintenance::read(source, range).unwrap_or(Ddl::Nothing),
        ]),
        StatementKind::Grant => Some(vec![Ddl::Nothing]),
        StatementKind::CreateTable | StatementKind::AlterTable | StatementKind::CreateIndex => {
            match source.dialect {
                Dialect::PostgreSql => postgresql::read(source, range, depth),
                Dialect::MySql | Dialect::Sqlite => generic::read(source, range),
            }
        }
        StatementKind::Code if starts_with_select(&source.text[range.clone()]) => {
            let function = (source.dialect == Dialect::Sqlite)
                .then(|| spatialite::read(source, range.clone()))
                .flatten();
            match function {
                Some(ddl) => Some(vec![ddl]),
                None => query::read(source, range, depth),
            }
        }
        StatementKind::Code if source.dialect == Dialect::PostgreSql => {
            postgresql::read(source, range, depth)
        }
        StatementKind::DropTable
        | StatementKind::AlterIndex
        | StatementKind::DropIndex
        | StatementKind::CreateType
        | StatementKind::AlterType
        | StatementKind::AddEnumValue
        | StatementKind::DropType
        | StatementKind::OtherDdl
        | StatementKind::CreateExtension
        | StatementKind::Comment => object::read(source, range),
        StatementKind::Code | StatementKind::Unknown => None,
    };
    read.or_else(|| unnamed::renamed(source, statement.range.clone()))
        .unwrap_or_else(|| vec![by_head(source, statement)])
}

/// The strings that a statement reads as values of types. Only PostgreSQL refuses them before it has met a row.
fn uses(source: &Source<'_>, range: Range<usize>) -> Option<Ddl> {
    if source.dialect != Dialect::PostgreSql {
        return None;
    }
    let literals = literals::read(source, range);
    (!literals.is_empty()).then_some(Ddl::Uses(literals))
}

/// What a statement changes of its connection.
fn session(source: &Source<'_>, range: Range<usize>) -> Ddl {
    let whole = range.clone();
    let mut cursor = Cursor::new(source, range);
    let ends = cursor.take("commit") || cursor.take("end") || cursor.take("abort");
    if ends || cursor.take("rollback") {
        // `ROLLBACK TO SAVEPOINT`, `COMMIT PREPARED`
        let is_partial = cursor.is("to") || cursor.is("prepared");
        return if is_partial {
            Ddl::Nothing
        } else {
            Ddl::Session(SessionChange::End)
        };
    }
    if cursor.take("begin") || cursor.take_all(&["start", "transaction"]) {
        return Ddl::Session(SessionChange::Begin);
    }
    if source.dialect == Dialect::PostgreSql {
        if cursor.take("lock") {
            return maintenance::read(source, whole).unwrap_or(Ddl::Nothing);
        }
        if cursor.take("set") {
            return timeout(&mut cursor).map_or(Ddl::Nothing, Ddl::Session);
        }
    }
    if source.dialect == Dialect::MySql && cursor.take("set") {
        return foreign_key_checks(&mut cursor).map_or(Ddl::Nothing, Ddl::Session);
    }
    if cursor.take("pragma") && source.dialect == Dialect::Sqlite {
        return pragma(&mut cursor).map_or(Ddl::Nothing, Ddl::Session);
    }
    Ddl::Nothing
}

/// `SET LOCAL lock_timeout = '5s'`, behind `SET`. A timeout of nought is none.
fn timeout(cursor: &mut Cursor<'_>) -> Option<SessionChange> {
    if !cursor.take("local") {
        cursor.take("session");
    }
    let is_lock = cursor.take("lock_timeout");
    if !is_lock && !cursor.take("statement_timeout") {
        return None;
    }
    let is_set = !cursor.rest().iter().any(|token| {
        let value = token.text.trim_matches('\'');
        value == "0" || token.is_word("default")
    });
    Some(SessionChange::Timeout { is_lock, is_set })
}

/// `SET SESSION foreign_key_checks = 0`, `SET @@session.foreign_key_checks = OFF`, behind `SET`.
fn foreign_key_checks(cursor: &mut Cursor<'_>) -> Option<SessionChange> {
    let tokens = cursor.rest();
    let at = tokens
        .iter()
        .position(|token| token.is_word("foreign_key_checks"))?;
    let value = tokens
        .iter()
        .skip(at + 1)
        .find(|token| !token.is_punctuation("=") && !token.is_punctuation(":"))?;
    Some(SessionChange::ForeignKeyChecks(
        value.text == "1" || value.is_word("on"),
    ))
}

/// `PRAGMA legacy_alter_table = ON`, with the words that SQLite takes for true.
fn pragma(cursor: &mut Cursor<'_>) -> Option<SessionChange> {
    let name = cursor.name()?;
    if !name.eq_ignore_ascii_case("legacy_alter_table")
        || !(cursor.take_punctuation("=") || cursor.take_punctuation("("))
    {
        return None;
    }
    let value = cursor.peek()?.text.trim_matches('\'').to_lowercase();
    let is_on = matches!(value.as_str(), "on" | "true" | "yes")
        || value.parse::<i64>().is_ok_and(|number| number != 0);
    Some(SessionChange::LegacyAlterTable(is_on))
}

fn starts_with_select(text: &str) -> bool {
    text.get(..6)
        .is_some_and(|word| word.eq_ignore_ascii_case("select"))
}

/// What a statement does as far as its first words tell.
pub(super) fn by_head(source: &Source<'_>, statement: &Statement) -> Ddl {
    match statement.kind.effect() {
        Effect::Data => Ddl::Data {
            tables: statement.tables.clone(),
            rows: RowChange::Mixed,
        },
        Effect::Nothing => Ddl::Nothing,
        Effect::Schema | Effect::Unknown => {
            let what = summary(source, statement.range.clone());
            let names = names(source, statement);
            match unnamed::kind(source, statement.range.clone()) {
                Some(kind) if names.is_empty() || matches!(kind, UnnamedKind::Object(_)) => {
                    Ddl::OpaqueObject { what, kind }
                }
                _ => Ddl::Opaque { what, names },
            }
        }
    }
}

/// The beginning of a statement, for messages.
pub(super) fn summary(source: &Source<'_>, range: Range<usize>) -> String {
    const WORDS: usize = 6;
    let tokens = source.tokens(range);
    let mut words: Vec<&str> = Vec::new();
    for token in tokens.iter().take(WORDS) {
        words.push(token.text);
    }
    let mut summary: String = words.join(" ").chars().take(80).collect();
    if tokens.len() > WORDS {
        summary.push_str(" …");
    }
    summary.replace(super::HOLE, "…")
}

/// The tables a statement names. Where only the schema is not known, the table is named without one.
fn names(source: &Source<'_>, statement: &Statement) -> Vec<SmolStr> {
    if statement.tables.is_empty() && statement.open {
        return unnamed::table_in_unknown_schema(source, statement.range.clone())
            .into_iter()
            .collect();
    }
    if source.dialect == Dialect::PostgreSql || statement.tables.is_empty() {
        return statement.tables.clone();
    }
    // The heads give names in lower case; the other dialects keep them as they are.
    let written: Vec<SmolStr> = source
        .tokens(statement.range.clone())
        .iter()
        .filter_map(|token| token.catalog_name(source.dialect))
        .collect();
    statement
        .tables
        .iter()
        .map(|table| {
            written
                .iter()
                .find(|name| name.eq_ignore_ascii_case(table))
                .unwrap_or(table)
                .clone()
        })
        .collect()
}

/// True for a `SET` after which names without a schema mean others than before. `''` leaves no such names, and those
/// of `public` are the default.
fn search_path(source: &Source<'_>, range: &Range<usize>) -> bool {
    let tokens = source.tokens(range.clone());
    let Some(at) = tokens
        .iter()
        .take(4)
        .position(|token| token.is_word("search_path"))
    else {
        return false;
    };
    let first = tokens.iter().skip(at + 1).find(|token| {
        !token.is_punctuation("=") && !token.is_word("to") && !token.is_punctuation(",")
    });
    let is_set = tokens.first().is_some_and(|token| token.is_word("set"));
    let value = first.map(|token| token.text.trim_matches(['\'', '"']).to_lowercase());
    is_set
        && !matches!(
            value.as_deref(),
            None | Some("" | "public" | "$user" | "default" | "$")
        )
}

/// How deep the brackets of a statement are nested.
fn nesting(source: &Source<'_>, range: &Range<usize>) -> usize {
    let mut open = 0_usize;
    let mut deepest = 0;
    for byte in source
        .text
        .as_bytes()
        .get(range.clone())
        .unwrap_or_default()
    {
        match byte {
            b'(' | b'[' => open += 1,
            b')' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

#[cfg(test)]
mod tests;
