//! `COMMENT ON`.

use super::super::source::qualified;
use super::Reader;
use crate::catalog::{CommentTarget, Ddl, Fact};

impl Reader<'_> {
    pub(super) fn comment(&mut self) -> Option<Vec<Ddl>> {
        let target = if self.cursor.take("table") {
            CommentTarget::Table(self.cursor.name()?)
        } else if self.cursor.take("column") {
            let mut parts = self.cursor.name_parts()?;
            let column = parts.pop()?;
            CommentTarget::Column {
                table: qualified(&parts)?,
                column,
            }
        } else {
            CommentTarget::Other
        };
        if !self.cursor.skip_past(&["is"]) {
            return None;
        }
        let start = self.cursor.here();
        let text = if self.cursor.is("null") {
            Fact::Known(None)
        } else {
            match self.cursor.string() {
                // An empty comment is none.
                Some(text) => Fact::Known(Some(text).filter(|text| !text.is_empty())),
                None => Fact::Unknown(self.source.why(start..self.range.end)),
            }
        };
        Some(vec![Ddl::Comment { target, text }])
    }
}
