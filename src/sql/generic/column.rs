//! Columns with what is written at them.

use smol_str::SmolStr;

use super::Reader;
use crate::catalog::{Column, ColumnDefinition, Constraint, ConstraintKind, Fact};
use crate::dialect::Dialect;
use crate::sql::token::TokenKind;
use crate::sql::types::{is_serial, read_type};

/// Words that cannot be part of a type in SQLite, which takes any others.
const AFTER_A_TYPE: &[&str] = &[
    "as",
    "autoincrement",
    "check",
    "collate",
    "constraint",
    "default",
    "generated",
    "not",
    "null",
    "primary",
    "references",
    "unique",
];

impl Reader<'_> {
    /// A column definition; the cursor stands behind it then. `None` where its name or its form is not known.
    pub(super) fn column_definition(&mut self) -> Option<ColumnDefinition> {
        let start = self.cursor.here();
        let name = self.cursor.name()?;
        let type_start = self.cursor.here();
        self.skip_type();
        let type_range = type_start..self.cursor.end().max(type_start);
        let serial = self
            .source
            .known(type_range.clone())
            .is_some_and(|text| is_serial(text, self.source.dialect));
        let mut column = Column {
            column_type: self.source.column_type(type_range),
            nullable: Fact::Known(!serial),
            default: Fact::Known(None),
            identity: Fact::Known(None),
            generated: Fact::Known(None),
            comment: Fact::Known(None),
            place: None,
            maybe: None,
            name,
        };
        let mut constraints = Vec::new();
        while !self.at_end_of_item() {
            self.column_option(&mut column, &mut constraints)?;
        }
        column.place = self.source.place(start..self.cursor.end());
        Some(ColumnDefinition {
            column,
            constraints,
            serial: false,
        })
    }

    fn skip_type(&mut self) {
        if self.source.dialect == Dialect::MySql {
            let length =
                read_type(self.cursor.rest(), self.source.dialect).map_or(0, |(_, length)| length);
            for _ in 0..length {
                self.cursor.skip();
            }
            return;
        }
        while let Some(token) = self.cursor.peek()
            && matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
            && !AFTER_A_TYPE.iter().any(|word| token.is_word(word))
        {
            self.cursor.skip();
        }
        let _ = self.cursor.parentheses();
    }

    /// One of the things behind a column's type.
    fn column_option(
        &mut self,
        column: &mut Column,
        constraints: &mut Vec<Constraint>,
    ) -> Option<()> {
        let start = self.cursor.here();
        let name = if self.cursor.take("constraint") {
            Some(self.cursor.name()?)
        } else {
            None
        };
        let own = vec![column.name.clone()];
        if self.cursor.take_all(&["not", "null"]) {
            column.nullable = Fact::Known(false);
            self.conflict_clause();
        } else if self.cursor.take("null") {
            column.nullable = Fact::Known(true);
        } else if self.cursor.take("default") {
            let range = self.value()?;
            column.default = self.source.default(range);
        } else if self.cursor.take_all(&["on", "update"]) {
            self.value()?;
        } else if self.cursor.take_all(&["primary", "key"])
            || self.source.dialect == Dialect::MySql && self.cursor.take("key")
        {
            let _ = self.cursor.take("asc") || self.cursor.take("desc");
            self.conflict_clause();
            // A key of SQLite may hold NULL, but for the one that is the row's number.
            if self.source.dialect == Dialect::MySql {
                column.nullable = Fact::Known(false);
            }
            constraints.push(self.made(name, ConstraintKind::PrimaryKey { columns: own }, start));
        } else if self.cursor.take("unique") {
            let _ = self.cursor.take("key") || self.cursor.take("index");
            self.conflict_clause();
            constraints.push(self.made(
                name,
                ConstraintKind::Unique {
                    columns: own,
                    nulls_not_distinct: false,
                },
                start,
            ));
        } else if self.cursor.is("check") || self.cursor.is("references") {
            constraints.push(self.constraint_body(name, own, start)?);
        } else if self.cursor.take("comment") {
            self.cursor.take_punctuation("=");
            column.comment = Fact::Known(Some(self.cursor.string()?));
        } else if self.cursor.take_all(&["generated", "always", "as"]) || self.cursor.take("as") {
            let inside = self.cursor.parentheses()?;
            column.generated = match self.source.expression(inside) {
                Fact::Known(expression) => Fact::Known(Some(expression)),
                Fact::Unknown(why) => Fact::Unknown(why),
            };
            let _ = self.cursor.take("virtual")
                || self.cursor.take("stored")
                || self.cursor.take("persistent");
        } else if self.cursor.take("collate")
            || self.cursor.take("charset")
            || self.cursor.take_all(&["character", "set"])
            || self.cursor.take("after")
            || self.cursor.take("storage")
            || self.cursor.take("column_format")
        {
            self.cursor.take_punctuation("=");
            self.cursor.skip();
        } else {
            let known = [
                "auto_increment",
                "autoincrement",
                "first",
                "visible",
                "invisible",
                "unsigned",
                "signed",
                "zerofill",
                "binary",
            ];
            return known
                .iter()
                .any(|word| self.cursor.take(word))
                .then_some(());
        }
        Some(())
    }

    /// `ON CONFLICT REPLACE` of SQLite.
    pub(super) fn conflict_clause(&mut self) {
        if self.cursor.take_all(&["on", "conflict"]) {
            self.cursor.skip();
        }
    }

    /// A constraint that was written from `start` to here.
    pub(super) fn made(
        &self,
        name: Option<SmolStr>,
        kind: ConstraintKind,
        start: usize,
    ) -> Constraint {
        Constraint::new(
            name,
            kind,
            self.source.place(start..self.cursor.end().max(start)),
        )
    }
}
