//! Indexes, alone and among the columns of a table.

use std::ops::Range;

use smol_str::SmolStr;

use super::Reader;
use crate::catalog::{Ddl, Fact, IndexDefinition, IndexKey};
use crate::sql::expression::index_key;
use crate::sql::token::TokenKind;

impl Reader<'_> {
    /// `[UNIQUE] INDEX name ON table (keys) WHERE …`
    pub(super) fn create_index(&mut self) -> Option<Vec<Ddl>> {
        let unique = self.cursor.take("unique");
        let kind = self.special_kind();
        if !self.cursor.take("index") {
            return None;
        }
        let if_not_exists = self.cursor.if_not_exists();
        let name = self.cursor.name()?;
        let using = self.index_type();
        if !self.cursor.take("on") {
            return None;
        }
        let table = self.cursor.name()?;
        let definition = self.definition(unique, using.or(kind));
        Some(vec![Ddl::CreateIndex {
            name: Some(name),
            table,
            definition,
            if_not_exists,
            concurrently: false,
        }])
    }

    /// `KEY name (keys)` among the columns, or behind `ADD`.
    pub(super) fn index_item(&mut self, table: &SmolStr) -> Option<Ddl> {
        let kind = self.special_kind();
        let _ = self.cursor.take("key") || self.cursor.take("index");
        let if_not_exists = self.cursor.if_not_exists();
        let mut using = self.index_type();
        let name = if self.cursor.is_punctuation("(") {
            None
        } else {
            Some(self.cursor.name()?)
        };
        using = using.or_else(|| self.index_type());
        let definition = self.definition(false, using.or(kind));
        self.skip_item();
        Some(Ddl::CreateIndex {
            name,
            table: table.clone(),
            definition,
            if_not_exists,
            concurrently: false,
        })
    }

    fn special_kind(&mut self) -> Option<SmolStr> {
        ["fulltext", "spatial"]
            .into_iter()
            .find(|kind| self.cursor.take(kind))
            .map(SmolStr::new_static)
    }

    fn definition(&mut self, unique: bool, using: Option<SmolStr>) -> Fact<IndexDefinition> {
        let start = self.cursor.here();
        match self.known_definition(unique, using) {
            Some(definition) => Fact::Known(definition),
            None => Fact::Unknown(self.source.why(start..self.range.end)),
        }
    }

    fn known_definition(
        &mut self,
        unique: bool,
        using: Option<SmolStr>,
    ) -> Option<IndexDefinition> {
        let inside = self.cursor.parentheses()?;
        let mut definition = IndexDefinition::on(Vec::new(), unique);
        if let Some(using) = using {
            definition.using = using;
        }
        for key in self.split(inside) {
            for column in self.source.columns(key.clone()) {
                if !definition.columns.contains(&column) {
                    definition.columns.push(column);
                }
            }
            definition.keys.push(self.key(key)?);
        }
        for key in &definition.keys {
            if key.is_column && !definition.columns.contains(&key.text) {
                definition.columns.push(key.text.clone());
            }
        }
        if self.cursor.take("using") {
            definition.using = self.cursor.name()?.to_lowercase().into();
        }
        if self.cursor.take("where") {
            let condition = self.cursor.here()..self.range.end;
            for column in self.source.columns(condition.clone()) {
                if !definition.columns.contains(&column) {
                    definition.columns.push(column);
                }
            }
            definition.predicate = Some(self.source.expression(condition).known()?.clone());
        }
        Some(definition)
    }

    /// The ranges between commas.
    fn split(&self, inside: Range<usize>) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = inside.start;
        let mut depth = 0_i32;
        for token in self.source.tokens(inside.clone()) {
            let at = inside.start + token.range.start;
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                "," if depth == 0 => {
                    parts.push(start..at);
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push(start..inside.end);
        parts
    }

    /// A key. The length of a prefix in MySQL, `name(10)`, is kept where others have their operator class.
    fn key(&self, range: Range<usize>) -> Option<IndexKey> {
        let text = self.source.known(range.clone())?;
        let tokens = self.source.tokens(range);
        if let [name, open, length, close, order @ ..] = tokens.as_slice()
            && open.is_punctuation("(")
            && length.kind == TokenKind::Number
            && close.is_punctuation(")")
        {
            let mut key = IndexKey::column(name.catalog_name(self.source.dialect)?);
            key.operator_class = Some(smol_str::format_smolstr!("({})", length.text));
            if order.first().is_some_and(|order| order.is_word("desc")) {
                key.order = Some(SmolStr::new_static("DESC"));
            }
            return Some(key);
        }
        Some(index_key(text, self.source.dialect))
    }
}
