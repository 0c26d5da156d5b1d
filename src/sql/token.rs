//! Words, strings and punctuation of SQL.

use std::ops::Range;

use smol_str::SmolStr;

use crate::dialect::Dialect;

/// Stands for a piece of the text that is not known. A name that contains it is not known either.
pub const HOLE: char = '\u{fffc}';

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    /// The text as written, quotes included.
    pub(super) text: &'a str,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword or an unquoted name.
    Word,
    /// `"name"`, `` `name` `` or `[name]`.
    QuotedName,
    /// `'text'` or `$$text$$`.
    String,
    Number,
    /// One character of punctuation.
    Punctuation,
}

impl Token<'_> {
    /// True for this keyword, in any case.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_punctuation(&self, punctuation: &str) -> bool {
        self.kind == TokenKind::Punctuation && self.text == punctuation
    }

    /// The name a word or quoted name means: unquoted ones in lower case. `None` where part of it is not known.
    pub(super) fn name(&self) -> Option<String> {
        if self.text.contains(HOLE) {
            return None;
        }
        match self.kind {
            TokenKind::Word => Some(self.text.to_lowercase()),
            TokenKind::QuotedName => {
                let inner = self.text.get(1..self.text.len().checked_sub(1)?)?;
                Some(inner.replace("\"\"", "\""))
            }
            _ => None,
        }
    }

    /// The name as the catalog of a dialect holds it: PostgreSQL puts unquoted ones in lower case, the others keep them.
    pub(super) fn catalog_name(&self, dialect: Dialect) -> Option<SmolStr> {
        if self.text.contains(HOLE) {
            return None;
        }
        match self.kind {
            TokenKind::Word if dialect == Dialect::PostgreSql => {
                Some(SmolStr::new(self.text.to_lowercase()))
            }
            TokenKind::Word => Some(SmolStr::new(self.text)),
            TokenKind::QuotedName => {
                let quote = self.text.get(..1)?;
                let inner = self.text.get(1..self.text.len().checked_sub(1)?)?;
                Some(SmolStr::new(inner.replace(&quote.repeat(2), quote)))
            }
            _ => None,
        }
    }

    /// The value of a string, without its quotes; `None` where part of it is not known.
    pub(super) fn string_value(&self) -> Option<String> {
        self.string_value_in(Dialect::PostgreSql)
    }

    /// The same in a dialect: a backslash escapes in every string of MySQL.
    pub(super) fn string_value_in(&self, dialect: Dialect) -> Option<String> {
        if self.kind != TokenKind::String || self.text.contains(HOLE) {
            return None;
        }
        let first = self.text.chars().next()?;
        if first == '$' {
            let tag_end = self.text.get(1..)?.find('$')? + 2;
            let end = self.text.len().checked_sub(tag_end)?;
            return self.text.get(tag_end..end).map(ToOwned::to_owned);
        }
        let start = self.text.find(['\'', '"'])?;
        let quote = self.text.get(start..=start)?;
        let inner = self
            .text
            .get(start + 1..self.text.len().checked_sub(1)?)?
            .replace(&quote.repeat(2), quote);
        let escapes = dialect == Dialect::MySql || matches!(first, 'e' | 'E');
        Some(if escapes && inner.contains('\\') {
            unescape(&inner)
        } else {
            inner
        })
    }
}

/// What the common escapes of `E'…'` mean.
fn unescape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => value.push('\n'),
            Some('t') => value.push('\t'),
            Some('r') => value.push('\r'),
            Some(other) => value.push(other),
            None => {}
        }
    }
    value
}

/// Cuts a text into tokens; comments and white space are left out. Unfinished strings run to the end.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    cut(text, None)
}

/// Cuts a text of a known dialect into tokens.
pub(super) fn tokens_of(text: &str, dialect: Dialect) -> Vec<Token<'_>> {
    cut(text, Some(dialect))
}

/// Where the dialect is not known, what no dialect but one has is read as that one has it.
fn cut(text: &str, dialect: Option<Dialect>) -> Vec<Token<'_>> {
    let mysql = dialect == Some(Dialect::MySql);
    let hash_comments = mysql || dialect.is_none();
    let brackets = matches!(dialect, None | Some(Dialect::Sqlite));
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        let (kind, length) = match first {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '-' if rest.starts_with("--") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '#' if hash_comments && (mysql || rest.starts_with("# ")) => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '/' if rest.starts_with("/*") => {
                at += block_comment(rest);
                continue;
            }
            '\'' => (TokenKind::String, quoted(rest, '\'', mysql)),
            '"' if mysql => (TokenKind::String, quoted(rest, '"', true)),
            '"' | '`' => (TokenKind::QuotedName, quoted(rest, first, false)),
            '[' if brackets && rest.chars().nth(1).is_some_and(char::is_alphabetic) => (
                TokenKind::QuotedName,
                rest.find(']').map_or(rest.len(), |end| end + 1),
            ),
            '$' => match dollar_quoted(rest) {
                Some(length) => (TokenKind::String, length),
                None => (TokenKind::Punctuation, 1),
            },
            c if c.is_ascii_digit() => (TokenKind::Number, number(rest)),
            c if is_word_character(c) => {
                let length = rest
                    .find(|c: char| !is_word_character(c) && c != '$')
                    .unwrap_or(rest.len());
                // E'…' and its like are strings with a prefix.
                let is_prefix = length == 1
                    && matches!(c.to_ascii_lowercase(), 'e' | 'n' | 'b' | 'x' | 'r')
                    && rest.get(1..).is_some_and(|rest| rest.starts_with('\''));
                let escapes = mysql || matches!(c, 'e' | 'E');
                match (is_prefix, rest.get(1..)) {
                    (true, Some(string)) => (TokenKind::String, 1 + quoted(string, '\'', escapes)),
                    _ => (TokenKind::Word, length),
                }
            }
            c => (TokenKind::Punctuation, c.len_utf8()),
        };
        let length = length.max(1);
        let range = at..at + length;
        tokens.push(Token {
            kind,
            text: text.get(range.clone()).unwrap_or_default(),
            range,
        });
        at += length;
    }
    tokens
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == HOLE
}

/// The length of a number: digits, a fraction, an exponent; and whatever letters hang on it.
fn number(text: &str) -> usize {
    let mut length = 0;
    let mut previous = ' ';
    for c in text.chars() {
        let continues = c.is_ascii_alphanumeric()
            || c == '_'
            || c == HOLE
            || c == '.'
                && !text
                    .get(length + 1..)
                    .is_some_and(|rest| rest.starts_with('.'))
            || matches!(c, '+' | '-') && matches!(previous, 'e' | 'E') && !text.starts_with("0x");
        if !continues {
            break;
        }
        previous = c;
        length += c.len_utf8();
    }
    length
}

/// The length of a quoted piece, a doubled quote standing for itself. A backslash only escapes in `E'…'` and MySQL.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            chars.next();
        } else if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return at + c.len_utf8();
            }
        }
    }
    text.len()
}

/// The length of `$tag$ … $tag$`.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag_end = text.get(1..)?.find('$')? + 2;
    let tag = text.get(..tag_end)?;
    let name = tag.get(1..tag_end - 1)?;
    if !name.chars().all(is_word_character) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let close = text.get(tag_end..)?.find(tag);
    Some(close.map_or(text.len(), |close| tag_end + close + tag.len()))
}

/// The length of a comment that may hold others.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && !rest.is_empty()
    {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).iter().map(|token| token.text).collect()
    }

    #[test]
    fn strings_comments_and_names() {
        assert_eq!(
            texts("SELECT 'it''s', \"a b\" -- no\n/* x /* y */ z */ FROM s.t;"),
            [
                "SELECT", "'it''s'", ",", "\"a b\"", "FROM", "s", ".", "t", ";"
            ]
        );
        assert_eq!(
            texts("DO $a$ BEGIN; $b$ $a$;"),
            ["DO", "$a$ BEGIN; $b$ $a$", ";"]
        );
        assert_eq!(texts("E'x' $1 `q`"), ["E'x'", "$", "1", "`q`"]);
    }

    #[test]
    fn unfinished_text_ends() {
        for sql in [
            "'", "\"", "$$", "$x$ y", "/* /*", "--", "$", "E'", "[a", "é'",
        ] {
            let all = tokens(sql);
            assert!(
                all.iter()
                    .all(|token| sql.get(token.range.clone()) == Some(token.text)),
                "{sql}"
            );
        }
    }
}
