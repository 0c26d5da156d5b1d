//! `CREATE TABLE`.

use super::Reader;
use super::constraint::Item;
use crate::catalog::{CreateTable, Ddl};
use crate::dialect::Dialect;

impl Reader<'_> {
    pub(super) fn create_table(&mut self, temporary: bool) -> Option<Vec<Ddl>> {
        let if_not_exists = self.cursor.if_not_exists();
        let mut table = CreateTable {
            name: self.cursor.name()?,
            columns: Vec::new(),
            constraints: Vec::new(),
            open: None,
            comment: None,
            temporary,
            if_not_exists,
        };
        let mut indexes = Vec::new();
        if self.cursor.take_punctuation("(") && !self.cursor.is("like") {
            while !self.cursor.take_punctuation(")") {
                if self.at_item() {
                    match self.item(&table.name)? {
                        Item::Constraint(constraint) => table.constraints.push(constraint),
                        Item::Index(index) => indexes.push(index),
                    }
                } else {
                    match self.column_definition() {
                        Some(column) => table.columns.push(column),
                        None => {
                            table.open = Some("a column that is not understood".to_owned());
                            self.skip_item();
                        }
                    }
                }
                if !self.cursor.take_punctuation(",") && !self.cursor.is_punctuation(")") {
                    return None;
                }
            }
        } else {
            table.open = Some("the columns of another table or a query".to_owned());
        }
        if self.source.dialect == Dialect::MySql {
            while self.cursor.peek().is_some() {
                if self.cursor.take("comment") {
                    self.cursor.take_punctuation("=");
                    table.comment = self.cursor.string();
                } else if self.cursor.is("select") {
                    table.open = Some("the columns of a query".to_owned());
                    break;
                } else {
                    self.cursor.skip();
                }
            }
        } else if self.cursor.take("as") {
            table.open = Some("the columns of a query".to_owned());
        }
        let mut found = vec![Ddl::CreateTable(table)];
        found.append(&mut indexes);
        Some(found)
    }
}
