//! Definitions of objects, compared by what the database keeps of them: it stores the query that it has read, not the text.

use std::ops::Range;

use super::token::{Token, TokenKind, tokens_of};
use crate::dialect::Dialect;

/// What a definition says at one place and another one does not, as both write it; nothing where one says more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Departure {
    pub from: String,
    pub to: String,
}

/// Where two definitions of PostgreSQL say different things; `None` where they do not for all that can be told without
/// the names in the database: parentheses, optional words and the schema or table before a name are left out of account.
pub fn departure(from: &str, to: &str) -> Option<Departure> {
    let (before, after) = (words_of(from, 0), words_of(to, 0));
    let (at, now) = parting(&before, &after)?;
    let backwards = |words: &[Word]| -> Vec<Word> { words.iter().rev().cloned().collect() };
    let (tail, end) = parting(&backwards(&before), &backwards(&after))?;
    // What both ends tell is told once.
    let overlap = [(at + tail, before.len()), (now + end, after.len())];
    let overlap = overlap.iter().map(|(told, all)| told.saturating_sub(*all));
    let overlap = overlap.max().unwrap_or_default();
    let piece = |text: &str, words: &[Word], start: usize, tail: usize| {
        let end = (words.len() + overlap).saturating_sub(tail);
        excerpt(text, words.get(start..end).unwrap_or_default())
    };
    Some(Departure {
        from: piece(from, &before, at, tail),
        to: piece(to, &after, now, end),
    })
}

/// The text from the first of some words to the last.
fn excerpt(text: &str, words: &[Word]) -> String {
    const LONGEST: usize = 60;
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return String::new();
    };
    let text = text.get(first.range.start..last.range.end);
    let words: Vec<&str> = text.unwrap_or_default().split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text,
    }
}

/// A word as the database reads it.
#[derive(Clone)]
struct Word {
    text: String,
    range: Range<usize>,
}

/// The places of the first words that are not the same. What is written before a point on one side only does not count.
fn parting(from: &[Word], to: &[Word]) -> Option<(usize, usize)> {
    let (mut at, mut now) = (0, 0);
    loop {
        match (from.get(at), to.get(now)) {
            (None, None) => return None,
            (Some(one), Some(other)) if one.text == other.text => {
                at += 1;
                now += 1;
            }
            (_, other) => {
                let end = from.get(at).map(|word| word.text.as_str());
                if let Some(skipped) = qualifier(from, at, other.map(|word| word.text.as_str())) {
                    at += skipped;
                } else if let Some(skipped) = qualifier(to, now, end) {
                    now += skipped;
                } else {
                    return Some((at, now));
                }
            }
        }
    }
}

/// The number of words that are a qualifier of the name that is expected, read in either direction.
fn qualifier(words: &[Word], at: usize, expected: Option<&str>) -> Option<usize> {
    let text = |offset: usize| words.get(at + offset).map(|word| word.text.as_str());
    let is_name = |text: &str| {
        !matches!(text, "new" | "old" | "excluded")
            && text.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    // `shop . orders`, with `orders` expected.
    let forwards = text(0).is_some_and(is_name) && text(1) == Some(".") && text(2) == expected;
    // `orders . shop`, with what comes before it expected.
    let backwards = text(0) == Some(".") && text(1).is_some_and(is_name) && text(2) == expected;
    (forwards || backwards).then_some(2)
}

/// How many bodies between dollars stand in each other at most.
const DEEPEST: usize = 3;

/// The words of a definition without its head (`CREATE OR REPLACE VIEW name`), and without parentheses and optional words.
fn words_of(text: &str, depth: usize) -> Vec<Word> {
    let tokens = tokens_of(text, Dialect::PostgreSql);
    let (head, kept) = head(&tokens);
    let mut words: Vec<Word> = kept.into_iter().map(word).collect();
    let mut rest = tokens.get(head..).unwrap_or_default();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let next = after.first();
        if let Some(skipped) = says_nothing(token, after) {
            rest = after.get(skipped..).unwrap_or_default();
        } else if depth < DEEPEST
            && let Some(inside) = between_dollars(token)
        {
            let start = token.range.start + inside.start;
            let body = token.text.get(inside).unwrap_or_default();
            words.extend(words_of(body, depth + 1).into_iter().map(|word| Word {
                range: word.range.start + start..word.range.end + start,
                ..word
            }));
        } else if token.is_punctuation("!") && next.is_some_and(|next| next.is_punctuation("=")) {
            words.push(Word {
                text: "<".to_owned(),
                range: token.range.clone(),
            });
            words.extend(next.map(|next| Word {
                text: ">".to_owned(),
                range: next.range.clone(),
            }));
            rest = after.get(1..).unwrap_or_default();
        } else if token.is_word("procedure")
            && words.last().is_some_and(|word| word.text == "execute")
        {
            words.push(Word {
                text: "function".to_owned(),
                range: token.range.clone(),
            });
        } else {
            words.push(word(token));
        }
    }
    while words.last().is_some_and(|word| word.text == ";") {
        words.pop();
    }
    words
}

/// The number of tokens of `CREATE … name`, and those of them that say something.
fn head<'a, 'b>(tokens: &'b [Token<'a>]) -> (usize, Vec<&'b Token<'a>>) {
    const WORDS: &[&str] = &[
        "create",
        "constraint",
        "exists",
        "function",
        "if",
        "materialized",
        "not",
        "or",
        "policy",
        "procedure",
        "recursive",
        "replace",
        "trigger",
        "view",
    ];
    if !tokens.first().is_some_and(|first| first.is_word("create")) {
        return (0, Vec::new());
    }
    let is_word = |token: &&Token<'_>| WORDS.iter().any(|word| token.is_word(word));
    let mut length = tokens.iter().take_while(is_word).count() + 1;
    let kept = tokens.iter().take(length);
    let kept = kept.filter(|token| token.is_word("constraint")).collect();
    while tokens
        .get(length)
        .is_some_and(|token| token.is_punctuation("."))
    {
        length += 2;
    }
    (length, kept)
}

fn word(token: &Token<'_>) -> Word {
    let text = match token.kind {
        TokenKind::Word => token.text.to_lowercase(),
        TokenKind::QuotedName => token.name().unwrap_or_else(|| token.text.to_owned()),
        TokenKind::String => token
            .string_value()
            .map_or_else(|| token.text.to_owned(), |value| format!("'{value}'")),
        TokenKind::Number | TokenKind::Punctuation => token.text.to_owned(),
    };
    Word {
        text,
        range: token.range.clone(),
    }
}

/// The body between dollars.
fn between_dollars(token: &Token<'_>) -> Option<Range<usize>> {
    if token.kind != TokenKind::String || !token.text.starts_with('$') {
        return None;
    }
    let tag = token.text.get(1..)?.find('$')? + 2;
    let end = token.text.len().checked_sub(tag)?;
    (tag <= end).then_some(tag..end)
}

/// The number of tokens after one that go with it, where nothing hangs on them.
fn says_nothing(token: &Token<'_>, after: &[Token<'_>]) -> Option<usize> {
    let follows = |words: &[&str]| {
        let mut pairs = words.iter().zip(after);
        after.len() >= words.len() && pairs.all(|(word, token)| token.is_word(word))
    };
    let is_of_a_join = (token.is_word("inner") || token.is_word("outer")) && follows(&["join"]);
    if token.is_punctuation("(")
        || token.is_punctuation(")")
        || token.is_word("as")
        || token.is_word("asc")
        || is_of_a_join
    {
        return Some(0);
    }
    if token.is_word("for") && follows(&["each", "statement"]) {
        return Some(2);
    }
    if token.is_word("for") && follows(&["statement"]) {
        return Some(1);
    }
    if token.is_word("with") && follows(&["data"]) {
        return Some(1);
    }
    (token.is_word("each") && (follows(&["row"]) || follows(&["statement"]))).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_in_two_spellings() {
        for (from, to) in [
            (
                "CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW WHEN (NEW.a != OLD.a) EXECUTE PROCEDURE shop.f();",
                "CREATE OR REPLACE TRIGGER t BEFORE UPDATE ON shop.orders FOR ROW WHEN ((new.a <> old.a)) EXECUTE FUNCTION shop.f()",
            ),
            (
                "CREATE TRIGGER t AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION f()",
                "AFTER INSERT ON orders EXECUTE FUNCTION public.f()",
            ),
            (
                "CREATE VIEW v AS SELECT a.id AS n FROM a LEFT OUTER JOIN b ON a.id = b.id WHERE (a.x OR ( a.y = 1 )) ORDER BY n ASC;",
                "create or replace view shop.v as select id n from \"a\" left join b on (a.id = b.id) where a.x or (a.y = 1) order by n",
            ),
            (
                "SELECT 1 FROM a INNER JOIN b USING (id)",
                "SELECT 1 FROM a JOIN b USING (id)",
            ),
        ] {
            assert_eq!(departure(from, to), None, "{from}");
        }
    }

    #[test]
    fn where_it_is_another_thing() {
        let shown = |from: &str, to: &str| {
            let found = departure(from, to)?;
            Some((found.from, found.to))
        };
        let pair = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        let trigger = |rest: &str| format!("CREATE TRIGGER t BEFORE UPDATE ON orders {rest}");
        assert_eq!(
            shown(
                &trigger("FOR EACH ROW EXECUTE FUNCTION f()"),
                &trigger("FOR EACH ROW EXECUTE FUNCTION g()")
            ),
            pair("f", "g")
        );
        assert_eq!(
            shown(
                "CREATE VIEW v AS SELECT id, 'A b' AS x FROM t",
                "CREATE VIEW v AS SELECT id, 'a b' AS x FROM t"
            ),
            pair("'A b'", "'a b'")
        );
        assert_eq!(
            shown("SELECT a FROM t WHERE b", "SELECT a FROM t"),
            pair("WHERE b", "")
        );
        assert_eq!(
            shown("SELECT a.id FROM t", "SELECT b.id FROM t"),
            pair("a", "b")
        );
        assert_eq!(shown("SELECT NEW.id", "SELECT id"), pair("NEW.", ""));
        assert_eq!(
            shown("SELECT a, a FROM t", "SELECT a FROM t"),
            pair(", a", "")
        );
        assert!(
            departure(
                "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()",
                "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()"
            )
            .is_some()
        );
    }
}
