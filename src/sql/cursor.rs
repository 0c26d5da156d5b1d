//! Tokens read one after the other, with the names and lists that statements are made of.

use std::ops::Range;

use smol_str::SmolStr;

use super::source::{Source, qualified};
use super::token::{Token, TokenKind};

/// Reads the tokens of one statement. Ranges are those of the whole text.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// Where the statement begins in the text.
    start: usize,
    source: &'a Source<'a>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a Source<'_>, range: Range<usize>) -> Self {
        // The lifetime of what the source borrows is of no interest here.
        let source: &'a Source<'a> = source;
        Self {
            tokens: source.tokens(range.clone()),
            at: 0,
            start: range.start,
            source,
        }
    }

    pub(super) fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    pub(super) fn rest(&self) -> &[Token<'a>] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(word))
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let taken = self.is(word);
        self.at += usize::from(taken);
        taken
    }

    /// Takes these words, or none of them.
    pub(super) fn take_all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        if words.iter().all(|word| self.take(word)) {
            return true;
        }
        self.at = start;
        false
    }

    pub(super) fn is_punctuation(&self, punctuation: &str) -> bool {
        self.peek()
            .is_some_and(|token| token.is_punctuation(punctuation))
    }

    pub(super) fn take_punctuation(&mut self, punctuation: &str) -> bool {
        let taken = self.is_punctuation(punctuation);
        self.at += usize::from(taken);
        taken
    }

    /// Goes on behind the next of these words, if there is one outside of parentheses.
    pub(super) fn skip_past(&mut self, words: &[&str]) -> bool {
        let mut depth = 0_i32;
        for (index, token) in self.rest().iter().enumerate() {
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth <= 0 && words.iter().any(|word| token.is_word(word)) {
                self.at += index + 1;
                return true;
            }
        }
        false
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.rest().iter().any(|token| token.is_word(word))
    }

    pub(super) fn if_exists(&mut self) -> bool {
        self.take_all(&["if", "exists"])
    }

    pub(super) fn if_not_exists(&mut self) -> bool {
        self.take_all(&["if", "not", "exists"])
    }

    /// `CASCADE` at the end.
    pub(super) fn cascade(&self) -> bool {
        self.tokens
            .last()
            .is_some_and(|token| token.is_word("cascade"))
    }

    /// The parts of a name; `None` where it is not a name, or not known.
    pub(super) fn name_parts(&mut self) -> Option<Vec<SmolStr>> {
        let start = self.at;
        let mut parts = Vec::new();
        let mut known = true;
        loop {
            let Some(token) = self
                .peek()
                .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))
            else {
                self.at = start;
                return None;
            };
            match token.catalog_name(self.source.dialect) {
                Some(name) if self.source.known(self.range_of(token)).is_some() => parts.push(name),
                _ => known = false,
            }
            self.skip();
            if !self.take_punctuation(".") {
                break;
            }
        }
        known.then_some(parts)
    }

    /// A name with its schema.
    pub(super) fn name(&mut self) -> Option<SmolStr> {
        self.name_parts().and_then(|parts| qualified(&parts))
    }

    /// Names between commas. What stands between a name and its comma is skipped.
    pub(super) fn names(&mut self) -> Option<Vec<SmolStr>> {
        let mut names = vec![self.name()?];
        while self.take_punctuation(",") {
            names.push(self.name()?);
        }
        Some(names)
    }

    /// The value of a string, if all of it is known.
    pub(super) fn string(&mut self) -> Option<SmolStr> {
        let token = self.peek()?;
        let known = self.source.known(self.range_of(token)).is_some();
        let value = token
            .string_value_in(self.source.dialect)
            .filter(|_| known)?;
        self.skip();
        Some(value.into())
    }

    pub(super) fn range_of(&self, token: &Token<'_>) -> Range<usize> {
        self.start + token.range.start..self.start + token.range.end
    }

    /// Where the next token begins in the text.
    pub(super) fn here(&self) -> usize {
        match self.peek() {
            Some(token) => self.start + token.range.start,
            None => self
                .tokens
                .last()
                .map_or(self.start, |token| self.start + token.range.end),
        }
    }

    /// Where the token before this one ends in the text.
    pub(super) fn end(&self) -> usize {
        self.at
            .checked_sub(1)
            .and_then(|before| {
                self.tokens
                    .get(before.min(self.tokens.len().saturating_sub(1)))
            })
            .map_or(self.start, |token| self.start + token.range.end)
    }

    /// What stands between parentheses that open here; the cursor goes on behind them.
    pub(super) fn parentheses(&mut self) -> Option<Range<usize>> {
        if !self.is_punctuation("(") {
            return None;
        }
        let mut depth = 0_i32;
        let begin = self.range_of(self.peek()?).end;
        while let Some(token) = self.peek() {
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            let end = self.range_of(token).start;
            self.skip();
            if depth == 0 {
                return Some(begin..end);
            }
        }
        None
    }
}
