//! Statements that certainly are no SQL.
//!
//! Only what no grammar of these databases takes is told: after `ALTER TABLE <name>` there is a verb before `CONSTRAINT`,
//! `FOREIGN KEY` and `COLUMN`; and DDL that PostgreSQL's grammar does not follow. (Of statements about rows that grammar
//! is not sure enough: a column may be called `values`.) Mostly a space is missing between two literals that Python puts
//! together:
//!
//! ```python
//! op.execute("ALTER TABLE message" "ADD CONSTRAINT …")
//! ```

use std::ops::Range;

use super::parse::summary;
use super::postgresql;
use super::source::Source;
use super::statement::{Effect, Statement};
use super::token::{HOLE, Token, TokenKind};
use crate::dialect::Dialect;

/// What an `ALTER TABLE` does, by its first word.
const VERBS: &[&str] = &["add", "drop", "alter", "rename", "modify", "change"];

/// A statement that the database does not take.
pub(super) struct Malformed {
    /// What is wrong with it.
    pub(super) reason: String,
    /// Where a space is missing.
    pub(super) gap: Option<usize>,
}

/// Why a statement is no SQL of any database, where that is certain.
pub(super) fn malformed(source: &Source<'_>, range: Range<usize>) -> Option<Malformed> {
    let text = source.text.get(range.clone())?;
    let tokens = source.tokens(range.clone());
    let is_at = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
    if !is_at(0, "alter") {
        return None;
    }
    let mut at = 1 + usize::from(is_at(1, "ignore"));
    if !is_at(at, "table") {
        return None;
    }
    at += 1;
    if is_at(at, "if") && is_at(at + 1, "exists") {
        at += 2;
    }
    at += usize::from(is_at(at, "only"));
    while tokens
        .get(at + 1)
        .is_some_and(|token| token.is_punctuation("."))
    {
        at += 2;
    }
    let name = tokens.get(at)?;
    let next = at + 1;
    let lacks_verb = is_at(next, "constraint")
        || is_at(next, "column")
        || is_at(next, "foreign") && is_at(next + 1, "key");
    let is_name = matches!(name.kind, TokenKind::Word | TokenKind::QuotedName);
    if !lacks_verb || !is_name || name.text.contains(HOLE) {
        return None;
    }
    let start = tokens.first()?.range.start;
    let written = text
        .get(start..tokens.get(next)?.range.end)?
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let (table, gap) = match glued_verb(name) {
        Some(length) => (
            name.text.get(..name.text.len() - length)?,
            Some(range.start + name.range.end - length),
        ),
        None => (name.text, None),
    };
    let missing = if gap.is_some() {
        "a space"
    } else {
        "`ADD` or `DROP`"
    };
    let table = table.trim_matches(['"', '`']);
    Some(Malformed {
        reason: format!("`{written} …` is no SQL: {missing} seems to be missing after `{table}`"),
        gap,
    })
}

/// Why PostgreSQL does not take a statement that changes the schema, where its text is known as a whole.
pub(super) fn unfollowed(source: &Source<'_>, statement: &Statement) -> Option<String> {
    let is_asked =
        source.dialect == Dialect::PostgreSql && statement.kind.effect() == Effect::Schema;
    if !is_asked {
        return None;
    }
    let range = statement.range.clone();
    let stops_at = postgresql::syntax_error(source, range.clone())?;
    let tokens = source.tokens(range.clone());
    let place = tokens
        .iter()
        .find(|token| token.range.end > stops_at)
        .map_or_else(
            || "at its end".to_owned(),
            |token| format!("at `{}`", token.text),
        );
    let beginning = summary(source, range);
    Some(format!(
        "`{beginning}` is no SQL of PostgreSQL: syntax error {place}"
    ))
}

/// The length of the verb that a table's name ends with.
fn glued_verb(name: &Token<'_>) -> Option<usize> {
    let text = name.text.to_ascii_lowercase();
    let verb = VERBS
        .iter()
        .find(|verb| text.len() > verb.len() && text.ends_with(**verb))?;
    (name.kind == TokenKind::Word && name.text.is_char_boundary(text.len() - verb.len()))
        .then_some(verb.len())
}

#[cfg(test)]
mod tests {
    use crate::dialect::Dialect;
    use crate::sql::parse;

    fn reasons(text: &str) -> Vec<String> {
        parse(text, Dialect::MySql, &|_| None)
            .into_iter()
            .filter_map(|statement| statement.malformed)
            .collect()
    }

    #[test]
    fn a_missing_space() {
        assert_eq!(
            reasons("ALTER TABLE messageADD CONSTRAINT a FOREIGN KEY (b) REFERENCES c(id)"),
            [
                "`ALTER TABLE messageADD CONSTRAINT …` is no SQL: a space seems to be missing after `message`"
            ]
        );
        assert_eq!(
            reasons("ALTER TABLE app.messageDROP  COLUMN a; SELECT 1"),
            [
                "`ALTER TABLE app.messageDROP COLUMN …` is no SQL: a space seems to be missing after `message`"
            ]
        );
    }

    #[test]
    fn a_missing_verb() {
        assert_eq!(
            reasons("ALTER TABLE message FOREIGN KEY (b) REFERENCES c(id)"),
            [
                "`ALTER TABLE message FOREIGN …` is no SQL: `ADD` or `DROP` seems to be missing after `message`"
            ]
        );
    }

    #[test]
    fn what_is_sql_or_not_known() {
        for text in [
            "ALTER TABLE constraint ADD COLUMN a int",
            "ALTER TABLE `add` DROP CONSTRAINT a",
            "ALTER TABLE a ADD CONSTRAINT b UNIQUE (c)",
            "ALTER TABLE a.\u{fffc} CONSTRAINT b",
            "ALTER TABLE a CHECK PARTITION b",
            "ALTER TABLE a",
        ] {
            assert_eq!(reasons(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_postgresql_does_not_follow() {
        let reasons = |text| -> Vec<String> {
            parse(text, Dialect::PostgreSql, &|_| None)
                .into_iter()
                .filter_map(|statement| statement.malformed)
                .collect()
        };
        assert_eq!(
            reasons("ALTER TABLE users DROP COLUMN zone text"),
            [
                "`ALTER TABLE users DROP COLUMN zone …` is no SQL of PostgreSQL: syntax error at `text`"
            ]
        );
        assert_eq!(
            reasons("ALTER TABLE a ADD PRIMARY KEY (b, c"),
            ["`ALTER TABLE a ADD PRIMARY KEY …` is no SQL of PostgreSQL: syntax error at its end"]
        );
        for text in [
            "ALTER TABLE users DROP COLUMN zone \u{fffc}",
            "ALTER TABLE a SET (timescaledb.compress, timescaledb.compress_segmentby = 'b')",
            "CREATE MATERIALIZED VIEW a WITH (timescaledb.continuous) AS SELECT b FROM c WITH NO DATA",
            "CREATE INDEX a ON b USING hnsw (c vector_l2_ops) WITH (m = 16)",
            "CREATE TRIGGER a BEFORE INSERT OR UPDATE ON b FOR EACH ROW EXECUTE PROCEDURE c()",
            "CREATE FUNCTION a() RETURNS int LANGUAGE SQL BEGIN ATOMIC SELECT 1; SELECT 2; END",
            "CREATE RULE a AS ON DELETE TO b DO INSTEAD (UPDATE c SET d = 1; SELECT 1)",
            "CREATE TABLE a (b int CHECK (b > :least), PRIMARY KEY (b)) PARTITION BY RANGE (b)",
            "ALTER TABLE a CLUSTER ON b, SET WITHOUT OIDS, ENABLE ROW LEVEL SECURITY",
            "ALTER TYPE a ADD VALUE IF NOT EXISTS 'b' BEFORE 'c'",
            "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA public",
            "DROP FUNCTION IF EXISTS a(int, text) CASCADE",
            "CREATE POLICY a ON b FOR ALL TO c USING (d = current_setting('e')::uuid)",
            "UPDATE a SET values = (SELECT 1 FROM json_each(values))",
        ] {
            assert_eq!(reasons(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_was_meant_is_carried_out() {
        let glued = "ALTER TABLE messageDROP COLUMN a";
        let meant = "ALTER TABLE message DROP COLUMN a";
        let ddl = |text| parse(text, Dialect::MySql, &|_| None).remove(0).ddl;
        assert_eq!(ddl(glued), ddl(meant));
    }
}
