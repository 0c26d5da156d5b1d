//! Statements that certainly are no SQL.
//!
//! Only what no grammar of these databases takes is told: after `ALTER TABLE <name>` there is a verb before `CONSTRAINT`,
//! `FOREIGN KEY` and `COLUMN`. Mostly a space is missing between two literals that Python puts together:
//!
//! ```python
//! op.execute("ALTER TABLE message" "ADD CONSTRAINT …")
//! ```

use std::ops::Range;

use super::source::Source;
use super::token::{HOLE, Token, TokenKind};

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
    fn what_was_meant_is_carried_out() {
        let glued = "ALTER TABLE messageDROP COLUMN a";
        let meant = "ALTER TABLE message DROP COLUMN a";
        let ddl = |text| parse(text, Dialect::MySql, &|_| None).remove(0).ddl;
        assert_eq!(ddl(glued), ddl(meant));
    }
}
