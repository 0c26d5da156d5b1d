//! Tables and indexes of MySQL and SQLite, read by hand.
//!
//! Their statements are simple enough for that, and what is not known (holes of f-strings, parameters) stays visible,
//! which it does not in the trees of a grammar made for complete text.

mod alter_table;
mod column;
mod constraint;
mod create_table;
mod index;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::cursor::Cursor;
use super::source::Source;
use super::token::TokenKind;
use crate::catalog::Ddl;

/// What a statement about a table or an index does; `None` where it is not understood.
pub(super) fn read(source: &Source<'_>, range: Range<usize>) -> Option<Vec<Ddl>> {
    let mut reader = Reader {
        cursor: Cursor::new(source, range.clone()),
        source,
        range,
    };
    if reader.cursor.take("alter") {
        let _ = reader.cursor.take("ignore");
        return if reader.cursor.take("table") {
            reader.alter_table()
        } else {
            None
        };
    }
    if reader.cursor.take("rename") {
        return reader.rename_tables();
    }
    if !reader.cursor.take("create") {
        return None;
    }
    reader.cursor.take_all(&["or", "replace"]);
    let temporary = reader.cursor.take("temporary") || reader.cursor.take("temp");
    if reader.cursor.take("table") {
        reader.create_table(temporary)
    } else {
        reader.create_index()
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    source: &'a Source<'a>,
    range: Range<usize>,
}

impl Reader<'_> {
    /// True at the end of an item of a list.
    fn at_end_of_item(&self) -> bool {
        self.cursor
            .peek()
            .is_none_or(|token| token.is_punctuation(",") || token.is_punctuation(")"))
    }

    /// Goes to the comma or the parenthesis that ends an item.
    fn skip_item(&mut self) {
        while !self.at_end_of_item() {
            if self.cursor.parentheses().is_none() {
                self.cursor.skip();
            }
        }
    }

    /// A value: a literal with its sign, a call, a word; or an expression in parentheses.
    fn value(&mut self) -> Option<Range<usize>> {
        let start = self.cursor.here();
        if self.cursor.is_punctuation("(") {
            self.cursor.parentheses()?;
        } else {
            let _ = self.cursor.take_punctuation("-") || self.cursor.take_punctuation("+");
            let is_name = matches!(
                self.cursor.peek()?.kind,
                TokenKind::Word | TokenKind::QuotedName
            );
            self.cursor.skip();
            // `_utf8mb4'x'`, `x'00'`
            if is_name
                && self
                    .cursor
                    .peek()
                    .is_some_and(|token| token.kind == TokenKind::String)
            {
                self.cursor.skip();
            }
            if is_name && self.cursor.is_punctuation("(") {
                self.cursor.parentheses()?;
            }
        }
        Some(start..self.cursor.end())
    }
}
