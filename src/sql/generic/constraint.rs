//! Constraints of tables, and those parts that columns share with them.

use smol_str::SmolStr;

use super::Reader;
use crate::catalog::{Constraint, ConstraintKind, Ddl, ForeignKey};

/// What stands in the list of a table besides columns.
pub(super) enum Item {
    Constraint(Constraint),
    /// An index that MySQL lets stand among the columns.
    Index(Ddl),
}

impl Reader<'_> {
    /// True where a constraint or an index begins rather than a column.
    pub(super) fn at_item(&self) -> bool {
        let Some(first) = self.cursor.peek() else {
            return false;
        };
        let second = self.cursor.rest().get(1);
        let follows = |words: &[&str]| {
            second.is_some_and(|token| words.iter().any(|word| token.is_word(word)))
        };
        let opens = second.is_some_and(|token| token.is_punctuation("("));
        first.is_word("constraint")
            || (first.is_word("primary") || first.is_word("foreign")) && follows(&["key"])
            || first.is_word("check") && opens
            || first.is_word("unique")
            || (first.is_word("fulltext") || first.is_word("spatial"))
                && (follows(&["key", "index"]) || opens)
            || (first.is_word("key") || first.is_word("index")) && self.is_index()
    }

    /// `KEY name (columns)` is an index, `key varchar(5)` a column.
    fn is_index(&self) -> bool {
        let rest = self.cursor.rest();
        let after = match rest.get(1) {
            Some(token) if token.is_punctuation("(") => return true,
            Some(_) => rest.get(2),
            None => return false,
        };
        let mysql = self.source.dialect == crate::dialect::Dialect::MySql;
        // The size of a type is a number, a key is a name.
        mysql
            && after.is_some_and(|token| token.is_punctuation("("))
            && rest
                .get(3)
                .is_some_and(|token| token.kind != crate::sql::token::TokenKind::Number)
            || mysql && after.is_some_and(|token| token.is_word("using"))
    }

    /// A constraint or an index of the table.
    pub(super) fn item(&mut self, table: &SmolStr) -> Option<Item> {
        let start = self.cursor.here();
        if ["key", "index", "fulltext", "spatial"]
            .iter()
            .any(|word| self.cursor.is(word))
        {
            return self.index_item(table).map(Item::Index);
        }
        let mut name = None;
        if self.cursor.take("constraint")
            && !["primary", "unique", "foreign", "check"]
                .iter()
                .any(|word| self.cursor.is(word))
        {
            name = Some(self.cursor.name()?);
        }
        if self.cursor.take_all(&["primary", "key"]) {
            self.index_type();
            if !self.cursor.is_punctuation("(") {
                self.cursor.name()?;
                self.index_type();
            }
            let columns = self.key_columns()?;
            self.conflict_clause();
            self.skip_item();
            return Some(Item::Constraint(self.made(
                name,
                ConstraintKind::PrimaryKey { columns },
                start,
            )));
        }
        if self.cursor.take("unique") {
            let _ = self.cursor.take("key") || self.cursor.take("index");
            self.index_type();
            if !self.cursor.is_punctuation("(") {
                let index = self.cursor.name()?;
                name = name.or(Some(index));
                self.index_type();
            }
            let columns = self.key_columns()?;
            self.conflict_clause();
            self.skip_item();
            return Some(Item::Constraint(self.made(
                name,
                ConstraintKind::Unique {
                    columns,
                    nulls_not_distinct: false,
                },
                start,
            )));
        }
        if self.cursor.take_all(&["foreign", "key"]) {
            if !self.cursor.is_punctuation("(") {
                self.cursor.name()?;
            }
            let columns = self.key_columns()?;
            return self
                .constraint_body(name, columns, start)
                .map(Item::Constraint);
        }
        if self.cursor.is("check") {
            return self
                .constraint_body(name, Vec::new(), start)
                .map(Item::Constraint);
        }
        None
    }

    /// `USING BTREE`
    pub(super) fn index_type(&mut self) -> Option<SmolStr> {
        if !self.cursor.take("using") {
            return None;
        }
        self.cursor.name().map(|name| name.to_lowercase().into())
    }

    /// The columns between parentheses, without their lengths and order.
    pub(super) fn key_columns(&mut self) -> Option<Vec<SmolStr>> {
        if !self.cursor.take_punctuation("(") {
            return None;
        }
        let mut columns = Vec::new();
        loop {
            columns.push(self.cursor.name()?);
            self.skip_item();
            if self.cursor.take_punctuation(")") {
                return Some(columns);
            }
            if !self.cursor.take_punctuation(",") {
                return None;
            }
        }
    }

    /// `CHECK (…)` or `REFERENCES …` with what follows.
    pub(super) fn constraint_body(
        &mut self,
        name: Option<SmolStr>,
        columns: Vec<SmolStr>,
        start: usize,
    ) -> Option<Constraint> {
        if self.cursor.take("check") {
            let inside = self.cursor.parentheses()?;
            let kind = ConstraintKind::Check {
                columns: self.source.columns(inside.clone()),
                expression: self.source.expression(inside),
            };
            let _ = self.cursor.take_all(&["not", "enforced"]) || self.cursor.take("enforced");
            return Some(self.made(name, kind, start));
        }
        if !self.cursor.take("references") {
            return None;
        }
        let mut key = ForeignKey {
            columns,
            references: self.cursor.name()?,
            ref_columns: Vec::new(),
            ondelete: None,
            onupdate: None,
            matching: None,
        };
        if self.cursor.is_punctuation("(") {
            key.ref_columns = self.key_columns()?;
        }
        let mut deferrable = None;
        loop {
            if self.cursor.take_all(&["on", "delete"]) {
                key.ondelete = self.action()?;
            } else if self.cursor.take_all(&["on", "update"]) {
                key.onupdate = self.action()?;
            } else if self.cursor.take("match") {
                let matching = self.cursor.name()?.to_uppercase();
                key.matching = (matching != "SIMPLE").then(|| matching.into());
            } else if self.cursor.take_all(&["not", "deferrable"])
                || self.cursor.take_all(&["initially", "immediate"])
            {
            } else if self.cursor.take_all(&["initially", "deferred"]) {
                deferrable = Some(SmolStr::new_static("DEFERRABLE INITIALLY DEFERRED"));
            } else if self.cursor.take("deferrable") {
                deferrable.get_or_insert(SmolStr::new_static("DEFERRABLE"));
            } else {
                break;
            }
        }
        let mut constraint = self.made(name, ConstraintKind::ForeignKey(key), start);
        constraint.deferrable = deferrable;
        Some(constraint)
    }

    /// What happens to a row with the one it refers to. The inner `None` is `NO ACTION`.
    #[expect(
        clippy::option_option,
        reason = "no action, or none that is understood"
    )]
    fn action(&mut self) -> Option<Option<SmolStr>> {
        for (words, action) in [
            (&["cascade"][..], Some("CASCADE")),
            (&["restrict"], Some("RESTRICT")),
            (&["set", "null"], Some("SET NULL")),
            (&["set", "default"], Some("SET DEFAULT")),
            (&["no", "action"], None),
        ] {
            if self.cursor.take_all(words) {
                return Some(action.map(SmolStr::new_static));
            }
        }
        None
    }
}
