//! A table in words: a card of its columns, keys and indexes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use smol_str::SmolStr;

use super::{cut, text};
use crate::catalog::{Column, ConstraintKind, Fact, Table};

/// The longest type and default, in columns.
const MAX_TEXT: usize = 80;

/// One table of a page.
pub(in crate::report) struct TableCard<'a> {
    pub(in crate::report) name: &'a str,
    /// `None` where there is no such table any more.
    pub(in crate::report) table: Option<&'a Table>,
    /// The names of the cards of all tables.
    pub(in crate::report) cards: &'a BTreeMap<SmolStr, String>,
    /// Where it is drawn.
    pub(in crate::report) drawn: Option<&'a str>,
    /// Tables that refer to it.
    pub(in crate::report) referring: Vec<&'a SmolStr>,
    /// The names of the cards of revisions that touch it, with their ids.
    pub(in crate::report) touched_by: Vec<(&'a str, &'a str)>,
    /// What is not known of it.
    pub(in crate::report) doubts: Vec<String>,
}

impl TableCard<'_> {
    pub(in crate::report) fn write(&self, html: &mut String) {
        let name = text(self.name);
        let Some(anchor) = self.cards.get(self.name) else {
            return;
        };
        let _ = write!(
            html,
            "<article class=\"card\" id=\"{anchor}\"><header><h3>{}</h3></header>",
            match self.drawn {
                Some(drawn) => format!("<a href=\"#{drawn}\">{name}</a>"),
                None => name,
            }
        );
        match self.table {
            Some(table) => self.definition(table, html),
            None => html.push_str("<p class=\"quiet\">is no more after the last revision</p>"),
        }
        for doubt in &self.doubts {
            let _ = write!(html, "<p class=\"warn\">{}</p>", super::prose(doubt));
        }
        if !self.touched_by.is_empty() {
            let links: Vec<String> = self
                .touched_by
                .iter()
                .map(|(card, id)| {
                    format!(
                        "<a href=\"#{card}\"><code>{}</code></a>",
                        text(&cut(id, 32))
                    )
                })
                .collect();
            let _ = write!(html, "<p>Touched by {}</p>", links.join(", "));
        }
        html.push_str("</article>\n");
    }

    fn definition(&self, table: &Table, html: &mut String) {
        html.push_str("<table class=\"columns\">");
        for column in &table.columns {
            let marks = marks(table, column).join(" ");
            let default = match &column.default {
                Fact::Known(Some(default)) => format!(" default {}", cut(default, MAX_TEXT)),
                _ => String::new(),
            };
            let null = if column.nullable.is(&false) {
                " not null"
            } else {
                ""
            };
            let _ = write!(
                html,
                "<tr><th scope=\"row\">{}</th><td>{}{null}{}</td><td class=\"keys\">{marks}</td></tr>",
                text(&column.name),
                text(&type_of(column, MAX_TEXT)),
                text(&default)
            );
        }
        html.push_str("</table>");
        let mut keys: Vec<String> = table
            .foreign_keys()
            .map(|(_, key)| {
                format!(
                    "<li>{} → {}</li>",
                    text(&key.columns.join(", ")),
                    self.link(&key.references)
                )
            })
            .collect();
        keys.sort();
        let mut indexes: Vec<String> = table
            .indexes
            .iter()
            .map(|index| {
                let kind = match &index.definition {
                    Fact::Known(definition) if definition.unique => "unique index",
                    _ => "index",
                };
                format!("<li>{kind} {}</li>", text(&index.name))
            })
            .collect();
        indexes.sort();
        let parts = [keys, indexes].concat().concat();
        if !parts.is_empty() {
            let _ = write!(html, "<ul class=\"list\">{parts}</ul>");
        }
        if !self.referring.is_empty() {
            let links: Vec<String> = self.referring.iter().map(|name| self.link(name)).collect();
            let _ = write!(html, "<p>Referred to by {}</p>", links.join(", "));
        }
    }

    fn link(&self, name: &str) -> String {
        match self.cards.get(name) {
            Some(card) => format!("<a href=\"#{card}\">{}</a>", text(name)),
            None => text(name),
        }
    }
}

/// The type of a column, or that it is not known.
pub(in crate::report) fn type_of(column: &Column, columns: usize) -> String {
    match &column.column_type {
        Fact::Known(known) => cut(known, columns),
        Fact::Unknown(_) => "?".to_owned(),
    }
}

/// `PK`, `FK` and `UK`: the keys that a column is part of, the last where it is one by itself.
pub(in crate::report) fn marks(table: &Table, column: &Column) -> Vec<&'static str> {
    let mut marks: Vec<&str> = table
        .constraints
        .iter()
        .filter(|constraint| constraint.kind.columns().contains(&column.name))
        .filter_map(|constraint| match &constraint.kind {
            ConstraintKind::PrimaryKey { .. } => Some("PK"),
            ConstraintKind::ForeignKey(_) => Some("FK"),
            ConstraintKind::Unique { columns, .. } if columns.len() == 1 => Some("UK"),
            _ => None,
        })
        .collect();
    marks.sort_by_key(|mark| ["PK", "FK", "UK"].iter().position(|other| other == mark));
    marks.dedup();
    marks
}
