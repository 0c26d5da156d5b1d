//! The schema that migrations build, as SQL, JSON, Mermaid, a picture and a page.

mod diagram;
mod doubts;
mod excerpt;
mod html;
pub(super) mod identifiers;
mod json;
mod layers;
mod mermaid;
mod order;
mod relation;
mod sql;
mod svg;

pub use excerpt::Excerpt;
pub use html::write as write_html;
pub(crate) use json::why_value;
pub use json::write as write_json;
pub use mermaid::write as write_mermaid;
pub use sql::write as write_sql;
pub(super) use svg::inline as inline_picture;
pub use svg::write as write_svg;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::catalog::{Catalog, Table, Why};
use crate::dialect::Dialect;
use crate::project::ProjectEnvironment;
use crate::python::Sources;
use crate::report::sanitise_line;

/// A database after some revisions.
pub struct SchemaView<'a> {
    pub environment: &'a ProjectEnvironment<'a>,
    /// The revisions it is at; `None` where it is what the models describe.
    pub at: Option<&'a [SmolStr]>,
    pub catalog: &'a Catalog,
    /// Tables that are there as well, and not shown; `None` where all are.
    pub others: Option<&'a BTreeSet<SmolStr>>,
}

impl<'a> SchemaView<'a> {
    fn dialect(&self) -> Dialect {
        self.environment.dialect().dialect
    }

    fn sources(&self) -> &'a Sources<'a> {
        self.environment.sources()
    }

    /// True for a table that is in the schema, shown or not.
    fn is_there(&self, table: &str) -> bool {
        self.catalog.tables.contains_key(table)
            || self.others.is_some_and(|others| others.contains(table))
    }

    /// The tables that stay, each after those it refers to as far as that is possible.
    fn tables_in_order(&self) -> Vec<(&'a SmolStr, &'a Arc<Table>)> {
        let needs: BTreeMap<&str, BTreeSet<&str>> = self
            .catalog
            .tables
            .iter()
            .filter(|(_, table)| !table.temporary)
            .map(|(name, table)| {
                let needed = table
                    .foreign_keys()
                    .map(|(_, key)| key.references.as_str())
                    .collect();
                (name.as_str(), needed)
            })
            .collect();
        order::dependency_order(&needs)
            .into_iter()
            .filter_map(|name| self.catalog.tables.get_key_value(name))
            .collect()
    }
}

/// The tables that refer to one, by name.
pub(super) fn referring<'c>(catalog: &'c Catalog, name: &str) -> Vec<&'c SmolStr> {
    let refers = |table: &Table| {
        let mut keys = table.foreign_keys();
        keys.any(|(_, key)| key.references == name)
    };
    catalog
        .tables
        .iter()
        .filter(|(other, table)| other.as_str() != name && refers(table))
        .map(|(other, _)| other)
        .collect()
}

/// What is not known of a table, a sentence for each reason.
pub(super) fn doubts_of(table: &Table, sources: &Sources<'_>) -> Vec<String> {
    doubts::of_table_and_parts(table)
        .iter()
        .map(|doubt| doubt.sentence(sources))
        .collect()
}

/// A reason with its place, on one line.
pub(crate) fn why_text(why: &Why, sources: &Sources<'_>) -> String {
    let reason = shorten(&why.reason, 160);
    let Some(place) = &why.place else {
        return reason;
    };
    let file = sanitise_line(place.file.as_str());
    match sources.line_of(place) {
        Some(line) => format!("{reason} ({file}:{line})"),
        None => format!("{reason} ({file})"),
    }
}

/// Text of files on one line, cut where it grows too long, with white space levelled.
pub(crate) fn shorten(text: &str, length: usize) -> String {
    let mut kept = String::new();
    let mut left = length;
    for (number, word) in text.split_whitespace().enumerate() {
        if number > 0 {
            kept.push(' ');
            left = left.saturating_sub(1);
        }
        for c in word.chars() {
            if left == 0 {
                kept.truncate(kept.trim_end().len());
                kept.push('…');
                return sanitise_line(&kept);
            }
            kept.push(c);
            left -= 1;
        }
    }
    sanitise_line(&kept)
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn long_text_is_cut_and_levelled() {
        assert_eq!(shorten("  a\n   b\u{1b}[0m ", 20), "a b?[0m");
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefg", 6), "abcdef…");
        assert_eq!(shorten("abc def", 4), "abc…");
        assert_eq!(shorten("", 4), "");
    }
}
