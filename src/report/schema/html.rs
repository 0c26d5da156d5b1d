//! A page: the entity diagram, and a card for each table beside it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use smol_str::SmolStr;

use super::{SchemaView, doubts_of, referring, svg, why_text};
use crate::report::picture::{Anchors, Page, TableCard, cut, prose, text};

/// Writes one page.
pub fn write(view: &SchemaView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut anchors = Anchors::default();
    let tables: BTreeMap<_, _> = view.tables_in_order().into_iter().collect();
    let cards: BTreeMap<SmolStr, String> = tables
        .keys()
        .map(|name| ((*name).clone(), anchors.give("table", name)))
        .collect();
    let picture = svg::inline(view, &cards, &mut anchors);
    let mut html = String::from("<section><h2>Tables</h2><ul class=\"index\">");
    for (name, card) in &cards {
        html.push_str(&format!(
            "<li><a href=\"#{card}\">{}</a></li>",
            text(&cut(name, 80))
        ));
    }
    html.push_str("</ul>\n");
    for (name, table) in &tables {
        let card = TableCard {
            name,
            table: Some(table),
            cards: &cards,
            drawn: picture.boxes.get(*name).map(String::as_str),
            referring: referring(view.catalog, name),
            touched_by: Vec::new(),
            doubts: doubts_of(table, view.sources()),
        };
        card.write(&mut html);
    }
    html.push_str("</section>\n");
    let mut notes = Vec::new();
    if let Some(why) = &view.catalog.opaque {
        let reason = why_text(why, view.sources());
        notes.push(prose(&format!("not known: what else there is; {reason}")));
    }
    let page = Page {
        title: svg::title(view),
        notes,
        search: "name of a table",
        picture: picture.svg,
        cards: html,
    };
    page.write(out)
}
