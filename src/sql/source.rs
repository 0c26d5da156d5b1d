//! The text that is read, with what is not known of it.

use std::ops::Range;
use std::sync::Arc;

use smol_str::SmolStr;

use super::expression::{canonical_default, canonical_expression, mentioned_columns};
use super::placeholder::{fill, without_escapes};
use super::token::{Token, TokenKind, tokens_of};
use super::types::column_type;
use crate::catalog::{Fact, Why};
use crate::dialect::Dialect;
use crate::source::FileSpan;

/// Where a piece of SQL stands in a file.
pub type Place<'a> = &'a dyn Fn(Range<usize>) -> Option<FileSpan>;

/// A text of SQL, in which ranges count bytes.
pub(super) struct Source<'a> {
    /// As it is, but for escaped colons.
    pub(super) text: String,
    /// As grammars take it: holes and bind parameters are filled with anything.
    pub(super) filled: String,
    pub(super) dialect: Dialect,
    pub(super) place: Place<'a>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &str, dialect: Dialect, place: Place<'a>) -> Self {
        let text = without_escapes(text);
        Self {
            filled: fill(&text, dialect),
            text,
            dialect,
            place,
        }
    }

    /// The piece as written; `None` where some of it is not known.
    pub(super) fn known(&self, range: Range<usize>) -> Option<&str> {
        let text = self.text.get(range.clone())?;
        (self.filled.get(range)? == text).then_some(text)
    }

    pub(super) fn place(&self, range: Range<usize>) -> Option<FileSpan> {
        (self.place)(range)
    }

    pub(super) fn tokens(&self, range: Range<usize>) -> Vec<Token<'_>> {
        tokens_of(self.text.get(range).unwrap_or_default(), self.dialect)
    }

    /// A name with its schema.
    pub(super) fn name(&self, range: Range<usize>) -> Option<SmolStr> {
        let parts = self.name_parts(range)?;
        qualified(&parts)
    }

    /// The parts of a name between its dots.
    pub(super) fn name_parts(&self, range: Range<usize>) -> Option<Vec<SmolStr>> {
        self.tokens(range)
            .iter()
            .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))
            .map(|token| token.catalog_name(self.dialect))
            .collect()
    }

    pub(super) fn why(&self, range: Range<usize>) -> Arc<Why> {
        Why::new("some of the SQL is not known", self.place(range))
    }

    pub(super) fn fact<T>(
        &self,
        range: Range<usize>,
        read: impl FnOnce(&str, Dialect) -> T,
    ) -> Fact<T> {
        match self.known(range.clone()) {
            Some(text) => Fact::Known(read(text, self.dialect)),
            None => Fact::Unknown(self.why(range)),
        }
    }

    /// The type of a column, by the name under which the catalog has it if it is one of the database's own.
    pub(super) fn column_type(&self, range: Range<usize>) -> Fact<SmolStr> {
        self.fact(range, column_type)
    }

    pub(super) fn expression(&self, range: Range<usize>) -> Fact<SmolStr> {
        self.fact(range, canonical_expression)
    }

    pub(super) fn default(&self, range: Range<usize>) -> Fact<Option<SmolStr>> {
        self.fact(range, canonical_default)
    }

    pub(super) fn columns(&self, range: Range<usize>) -> Vec<SmolStr> {
        mentioned_columns(self.text.get(range).unwrap_or_default(), self.dialect)
    }
}

/// One name of its parts: the default schema is left out, and so is the database.
pub(super) fn qualified(parts: &[SmolStr]) -> Option<SmolStr> {
    match parts {
        [] => None,
        [name] => Some(name.clone()),
        [.., schema, name] if is_default_schema(schema) => Some(name.clone()),
        [.., schema, name] => Some(smol_str::format_smolstr!("{schema}.{name}")),
    }
}

pub(super) fn is_default_schema(schema: &str) -> bool {
    matches!(schema, "public" | "main" | "dbo")
}

/// The new name in the schema of the old one.
pub(super) fn beside(name: &str, new_name: &str) -> SmolStr {
    match name.rfind('.') {
        Some(dot) if !new_name.contains('.') => {
            smol_str::format_smolstr!("{}.{new_name}", name.get(..dot).unwrap_or_default())
        }
        _ => SmolStr::new(new_name),
    }
}

/// The same name in another schema.
pub(super) fn in_schema(name: &str, schema: &str) -> SmolStr {
    let bare = name.rfind('.').map_or(name, |dot| &name[dot + 1..]);
    if is_default_schema(schema) {
        SmolStr::new(bare)
    } else {
        smol_str::format_smolstr!("{schema}.{bare}")
    }
}
