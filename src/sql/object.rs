//! `CREATE`, `ALTER` and `DROP` of everything but tables and indexes: types, sequences, views, functions, triggers and
//! others. Their grammars are a head and a text, alike in every dialect, so tokens are enough.

mod alter;
mod comment;
mod create;
mod drop;
mod signature;
#[cfg(test)]
mod tests;

use std::ops::Range;

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::expression::canonical_text;
use super::source::Source;
use super::types::catalog_type;
use crate::catalog::{Ddl, Fact, ObjectKind};

/// What the statement does; `None` if it is about something else, or not understood.
pub(super) fn read(source: &Source<'_>, range: Range<usize>) -> Option<Vec<Ddl>> {
    let mut reader = Reader {
        cursor: Cursor::new(source, range.clone()),
        source,
        range,
    };
    if reader.cursor.take("create") {
        reader.create()
    } else if reader.cursor.take("alter") {
        reader.alter()
    } else if reader.cursor.take("drop") {
        reader.drop()
    } else if reader.cursor.take_all(&["comment", "on"]) {
        reader.comment()
    } else {
        None
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    source: &'a Source<'a>,
    range: Range<usize>,
}

impl Reader<'_> {
    /// The whole statement in levelled spelling.
    fn definition(&self) -> Fact<SmolStr> {
        self.source.fact(self.range.clone(), canonical_text)
    }

    /// The same, with whatever holes it has.
    fn text(&self) -> SmolStr {
        let text = self.source.text.get(self.range.clone());
        canonical_text(text.unwrap_or_default(), self.source.dialect)
    }

    fn kind(&mut self) -> Option<ObjectKind> {
        kind(&mut self.cursor)
    }

    /// The table after the next `ON`.
    fn on(&mut self) -> Option<SmolStr> {
        if !self.cursor.skip_past(&["on"]) {
            return None;
        }
        self.cursor.take("only");
        self.cursor.name()
    }

    /// The type of a sequence, after `AS`.
    fn sequence_type(&self) -> Option<SmolStr> {
        let words = self
            .cursor
            .rest()
            .windows(2)
            .find_map(|words| match words {
                [word, name] if word.is_word("as") => Some(name),
                _ => None,
            })?;
        Some(catalog_type(words.text, self.source.dialect))
    }

    /// A sequence's owner: table and column, or nothing for `NONE`.
    #[expect(clippy::option_option, reason = "no clause, none, or a column")]
    fn owned_by(&mut self) -> Option<Option<(SmolStr, SmolStr)>> {
        if self.cursor.is("none") {
            return Some(None);
        }
        let mut parts = self.cursor.name_parts()?;
        let column = parts.pop()?;
        let table = super::source::qualified(&parts)?;
        Some(Some((table, column)))
    }
}

/// The kind that the next words name, of those that are only known by name and text.
pub(super) fn kind(cursor: &mut Cursor<'_>) -> Option<ObjectKind> {
    const KINDS: &[(&[&str], ObjectKind)] = &[
        (&["aggregate"], ObjectKind::Aggregate),
        (&["cast"], ObjectKind::Cast),
        (&["collation"], ObjectKind::Collation),
        (&["domain"], ObjectKind::Domain),
        (&["event", "trigger"], ObjectKind::EventTrigger),
        (&["extension"], ObjectKind::Extension),
        (&["function"], ObjectKind::Function),
        (&["materialized", "view"], ObjectKind::MaterializedView),
        (&["operator", "class"], ObjectKind::Operator),
        (&["operator", "family"], ObjectKind::Operator),
        (&["operator"], ObjectKind::Operator),
        (&["policy"], ObjectKind::Policy),
        (&["procedure"], ObjectKind::Procedure),
        (&["publication"], ObjectKind::Publication),
        (&["role"], ObjectKind::Role),
        (&["user"], ObjectKind::Role),
        (&["group"], ObjectKind::Role),
        (&["rule"], ObjectKind::Rule),
        (&["schema"], ObjectKind::Schema),
        (&["server"], ObjectKind::Server),
        (&["statistics"], ObjectKind::Statistics),
        (&["text", "search", "configuration"], ObjectKind::TextSearch),
        (&["text", "search", "dictionary"], ObjectKind::TextSearch),
        (&["text", "search", "parser"], ObjectKind::TextSearch),
        (&["text", "search", "template"], ObjectKind::TextSearch),
        (&["trigger"], ObjectKind::Trigger),
        (&["view"], ObjectKind::View),
    ];
    KINDS
        .iter()
        .find(|(words, _)| cursor.take_all(words))
        .map(|(_, kind)| *kind)
}
