//! A page: the picture, a card for each revision beside it, and the tables that they touch.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::svg::{self, Place};
use super::{GraphView, touched};
use crate::alembic::Verdict;
use crate::report::picture::{Anchors, Page, TableCard, cut, prose, text};
use crate::report::replay::Account;
use crate::report::schema;

/// As many changes are shown of a revision without a click.
const FEW_CHANGES: usize = 12;

/// Pictures of more tables than this are no help.
const MAX_TABLES: usize = 40;

/// Writes one page with all environments. The history is replayed for it.
pub fn write(views: &[GraphView<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut anchors = Anchors::default();
    let mut sections = Vec::new();
    let mut rows: Vec<Vec<Place>> = Vec::new();
    for view in views {
        let map = &view.environment.map;
        let nodes = view.newest_first();
        let cards: FxHashMap<usize, String> = nodes
            .iter()
            .map(|node| (*node, anchors.give("rev", map.node(*node).id())))
            .collect();
        rows.push(
            nodes
                .iter()
                .map(|node| Place {
                    node: *node,
                    anchor: anchors.give("row", map.node(*node).id()),
                    card: cards.get(node).cloned(),
                })
                .collect(),
        );
        sections.push(Section::of(view, cards, &mut anchors));
    }
    let mut page = Page {
        title: "Revisions".to_owned(),
        notes: Vec::new(),
        search: "id, message or file",
        picture: svg::inline(views, &rows),
        cards: String::new(),
    };
    for ((view, section), places) in views.iter().zip(&sections).zip(&rows) {
        if let Some(problem) = view.environment.initial_problem() {
            page.notes.push(prose(&problem));
        }
        section.write(view, places, &mut anchors, &mut page);
    }
    page.write(out)
}

/// An environment in the page.
struct Section {
    /// The names of the cards of revisions.
    cards: FxHashMap<usize, String>,
    /// The tables that revisions touch, with the revisions, the newest first.
    tables: BTreeMap<SmolStr, Vec<usize>>,
    /// The other way round.
    tables_of: FxHashMap<usize, Vec<SmolStr>>,
    /// The names of the cards of tables.
    table_cards: BTreeMap<SmolStr, String>,
}

impl Section {
    fn of(view: &GraphView<'_>, cards: FxHashMap<usize, String>, anchors: &mut Anchors) -> Self {
        let mut section = Self {
            cards,
            tables: BTreeMap::new(),
            tables_of: FxHashMap::default(),
            table_cards: BTreeMap::new(),
        };
        let known = touched::names(view.environment);
        for node in view.newest_first() {
            let tables = touched::of(view.environment, node, &known);
            for name in &tables {
                section.tables.entry(name.clone()).or_default().push(node);
            }
            section.tables_of.insert(node, tables);
        }
        for name in section.tables.keys() {
            let card = anchors.give("table", name);
            section.table_cards.insert(name.clone(), card);
        }
        section
    }

    fn write(
        &self,
        view: &GraphView<'_>,
        places: &[Place],
        anchors: &mut Anchors,
        page: &mut Page,
    ) {
        let html = &mut page.cards;
        let location = &view.environment.environment.script_location;
        let _ = writeln!(
            html,
            "<section><h2>{}</h2>",
            text(&cut(location.as_str(), 160))
        );
        for place in places {
            self.revision(view, place, html);
        }
        html.push_str("</section>\n");
        if !self.tables.is_empty() {
            self.tables(view, anchors, page);
        }
    }

    fn revision(&self, view: &GraphView<'_>, place: &Place, html: &mut String) {
        let found = view.environment.map.node(place.node);
        let revision = &found.revision;
        let card = place.card.as_deref().unwrap_or_default();
        let _ = write!(
            html,
            "<article class=\"card\" id=\"{card}\"><header><h3><a href=\"#{}\">{}</a> {}</h3>\
             <p class=\"file\">{}</p></header>",
            place.anchor,
            text(&cut(found.id(), 80)),
            text(&cut(&revision.doc.message, 300)),
            text(revision.file.as_str())
        );
        let mut labels = svg::labels(view, place.node);
        if view.in_base(place.node) == Some(true) {
            labels.push(("", "on the base branch".to_owned()));
        }
        if !labels.is_empty() {
            let labels: Vec<String> = labels
                .iter()
                .map(|(class, label)| {
                    format!("<span class=\"label{class}\">{}</span>", text(label))
                })
                .collect();
            let _ = write!(html, "<p>{}</p>", labels.join(" "));
        }
        match Account::of(view.environment, place.node) {
            Some(account) => write_account(&account, html),
            None => html.push_str("<p class=\"quiet\">no replay reaches it</p>"),
        }
        let tables = self
            .tables_of
            .get(&place.node)
            .map_or(&[][..], Vec::as_slice);
        if !tables.is_empty() {
            let links: Vec<String> = tables
                .iter()
                .filter_map(|name| Some((name, self.table_cards.get(name)?)))
                .map(|(name, card)| format!("<a href=\"#{card}\">{}</a>", text(name)))
                .collect();
            let _ = write!(html, "<p>Tables: {}</p>", links.join(", "));
        }
        self.neighbours(view, "Follows", &found.parents, html);
        self.neighbours(view, "Depends on", &found.dependencies, html);
        self.neighbours(view, "Followed by", &found.children, html);
        html.push_str("</article>\n");
    }

    fn neighbours(&self, view: &GraphView<'_>, what: &str, nodes: &[usize], html: &mut String) {
        if nodes.is_empty() {
            return;
        }
        let links: Vec<String> = nodes
            .iter()
            .map(|node| {
                let id = text(&cut(view.environment.map.node(*node).id(), 80));
                match self.cards.get(node) {
                    Some(card) => format!("<a href=\"#{card}\"><code>{id}</code></a>"),
                    None => format!("<code>{id}</code>"),
                }
            })
            .collect();
        let _ = write!(html, "<p class=\"quiet\">{what} {}</p>", links.join(", "));
    }

    fn tables(&self, view: &GraphView<'_>, anchors: &mut Anchors, page: &mut Page) {
        let catalog = view.environment.migrated();
        // What is new is what a reader came for.
        let is_any_new = self.cards.keys().any(|node| view.is_new(*node));
        let drawn: Vec<SmolStr> = self
            .tables
            .iter()
            .filter(|(name, nodes)| {
                catalog.tables.contains_key(*name)
                    && (!is_any_new || nodes.iter().any(|node| view.is_new(*node)))
            })
            .map(|(name, _)| name.clone())
            .collect();
        let mut boxes = BTreeMap::new();
        if !drawn.is_empty() && drawn.len() <= MAX_TABLES {
            let excerpt = schema::Excerpt::of(catalog, &drawn);
            let schema_view = schema::SchemaView {
                environment: view.environment,
                at: Some(&[]),
                catalog: &excerpt.catalog,
                others: Some(&excerpt.others),
            };
            let picture = schema::inline_picture(&schema_view, &self.table_cards, anchors);
            let which = if is_any_new { "new" } else { "these" };
            let _ = writeln!(
                page.picture,
                "<h2>Tables that {which} revisions touch</h2>\n{}",
                picture.svg
            );
            boxes = picture.boxes;
        }
        let html = &mut page.cards;
        html.push_str("<section><h2>Tables</h2>\n");
        for (name, nodes) in &self.tables {
            let table = catalog.tables.get(name).map(AsRef::as_ref);
            let card = TableCard {
                name,
                table,
                cards: &self.table_cards,
                drawn: boxes.get(name).map(String::as_str),
                referring: schema::referring(catalog, name),
                touched_by: nodes
                    .iter()
                    .filter_map(|node| {
                        let id = view.environment.map.node(*node).id();
                        Some((self.cards.get(node)?.as_str(), id.as_str()))
                    })
                    .collect(),
                doubts: table.map_or_else(Vec::new, |table| {
                    schema::doubts_of(table, view.environment.sources())
                }),
            };
            card.write(html);
        }
        html.push_str("</section>\n");
    }
}

fn write_account(account: &Account, html: &mut String) {
    let class = match account.verdict {
        Verdict::Reversible => "good",
        Verdict::NoSchemaChange => "quiet",
        Verdict::NotReversed | Verdict::Fails => "bad",
        Verdict::Refused | Verdict::Unknown => "warn",
    };
    let _ = write!(
        html,
        "<p class=\"{class}\">{}</p>",
        prose(&account.sentence)
    );
    let changes: Vec<String> = account
        .changes
        .iter()
        .map(|(sign, change)| {
            let class = match sign {
                '+' => " class=\"added\"",
                '-' => " class=\"removed\"",
                _ => "",
            };
            format!(
                "<li{class}>{} {}</li>",
                text(&sign.to_string()),
                text(change)
            )
        })
        .collect();
    write_list("", &changes, html);
    for (heading, lines) in [
        ("The downgrade does not take it all back", &account.losses),
        ("The database refuses", &account.failures),
        ("Taken not to hold", &account.assumptions),
        ("Not known", &account.unknown),
    ] {
        let items: Vec<String> = lines
            .iter()
            .map(|line| format!("<li>{}</li>", prose(line)))
            .collect();
        write_list(heading, &items, html);
    }
}

/// A list of which the end is hidden where it is long.
fn write_list(heading: &str, items: &[String], html: &mut String) {
    if items.is_empty() {
        return;
    }
    if !heading.is_empty() {
        let _ = write!(html, "<h4>{heading}</h4>");
    }
    let (shown, hidden) = if items.len() > FEW_CHANGES + 3 {
        items.split_at(FEW_CHANGES)
    } else {
        (items, &[][..])
    };
    let _ = write!(html, "<ul class=\"list\">{}</ul>", shown.concat());
    if !hidden.is_empty() {
        let _ = write!(
            html,
            "<details><summary>and {} more</summary><ul class=\"list\">{}</ul></details>",
            hidden.len(),
            hidden.concat()
        );
    }
}
