//! An entity diagram as a picture.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use smol_str::SmolStr;

use super::SchemaView;
use super::diagram::{Diagram, Entity, HEADING, Key, PADDING, ROW};
use super::layers::{Point, Route, Side};
use crate::report::picture::{self, Anchors, STYLE, cut, number};

/// As far a line goes straight from a column, past the marks at boxes.
const STRAIGHT: f64 = 16.0;

/// What the marks of columns mean.
const LEGEND: &str = "PK primary key, FK foreign key, UK unique, NN not null";

/// Writes one file.
pub fn write(view: &SchemaView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let diagram = Diagram::of(view);
    let picture = Picture::of(&diagram, &BTreeMap::new(), &mut Anchors::default());
    let (width, height) = diagram.layout.size;
    let (width, height) = (number(width.max(420.0)), number(height + 20.0));
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" role=\"graphics-document\" \
         aria-label=\"Tables\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
    )?;
    writeln!(out, "<title>{}</title>", picture::text(&title(view)))?;
    writeln!(out, "<style>{STYLE}{}</style>", picture.style)?;
    writeln!(
        out,
        "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>"
    )?;
    writeln!(
        out,
        "<text class=\"quiet\" x=\"24\" y=\"{}\">{LEGEND}</text>",
        number(diagram.layout.size.1 + 4.0)
    )?;
    out.write_all(picture.body.as_bytes())?;
    writeln!(out, "</svg>")
}

/// What a schema is of: the environment and its revisions.
pub(super) fn title(view: &SchemaView<'_>) -> String {
    let location = &view.environment.environment.script_location;
    match view.at {
        None => format!("Models for {location}"),
        Some([]) => format!("Tables of {location}"),
        Some(several) => format!("Tables of {location} at {}", several.join(", ")),
    }
}

/// The diagram as part of a page.
pub(in crate::report) struct Inline {
    pub(in crate::report) svg: String,
    /// The names of the boxes, by table.
    pub(in crate::report) boxes: BTreeMap<SmolStr, String>,
}

/// Draws the diagram for a page. `cards` says what the names of tables lead to.
pub(in crate::report) fn inline(
    view: &SchemaView<'_>,
    cards: &BTreeMap<SmolStr, String>,
    anchors: &mut Anchors,
) -> Inline {
    let diagram = Diagram::of(view);
    let picture = Picture::of(&diagram, cards, anchors);
    let (width, height) = diagram.layout.size;
    let (width, height) = (number(width), number(height));
    Inline {
        svg: format!(
            "<svg class=\"picture\" role=\"group\" aria-label=\"{}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">\n<style>{}</style>\n{}</svg>\n<p class=\"legend quiet\">{LEGEND}</p>\n",
            picture::text(&title(view)),
            picture.style,
            picture.body
        ),
        boxes: picture.boxes,
    }
}

struct Picture {
    /// For each table the lines that lead to it are marked where the pointer is on its box.
    style: String,
    body: String,
    boxes: BTreeMap<SmolStr, String>,
}

impl Picture {
    fn of(diagram: &Diagram<'_>, cards: &BTreeMap<SmolStr, String>, anchors: &mut Anchors) -> Self {
        let referred: BTreeSet<usize> = diagram.keys.iter().map(|key| key.reference.to).collect();
        let selectors: Vec<String> = referred
            .iter()
            .map(|index| format!(".picture:has(.b{index}:hover) .to{index}"))
            .collect();
        let style = if selectors.is_empty() {
            String::new()
        } else {
            format!("{}{{stroke:#2f81f7;stroke-width:2.5}}", selectors.join(","))
        };
        let mut picture = Self {
            style,
            body: String::new(),
            boxes: BTreeMap::new(),
        };
        for (index, entity) in diagram.entities.iter().enumerate() {
            let anchor = anchors.give("box", entity.name);
            let kind = if entity.table.is_none() { " stub" } else { "" };
            let _ = write!(picture.body, "<g class=\"table b{index}{kind}\">");
            let own = diagram.keys.iter().enumerate();
            for (number, key) in own.filter(|(_, key)| key.reference.from == index) {
                picture.key(diagram, entity, key, number);
            }
            picture.entity(entity, &anchor, cards.get(entity.name));
            picture.boxes.insert(entity.name.clone(), anchor);
            picture.body.push_str("</g>\n");
        }
        picture
    }

    fn entity(&mut self, entity: &Entity<'_>, anchor: &str, card: Option<&String>) {
        let (x, y) = entity.corner;
        let (width, height) = (entity.size.width, entity.size.height);
        // The lines are no part of what has the name: they lead far beyond what a link should show.
        let (open, close) = match card {
            Some(card) => (format!("a href=\"#{card}\""), "</a>"),
            None => ("g".to_owned(), "</g>"),
        };
        let _ = write!(self.body, "<{open} class=\"entity\" id=\"{anchor}\">");
        let (left, top) = (number(x), number(y));
        let _ = write!(
            self.body,
            "<title>{}</title><rect class=\"box\" x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"4\"/>",
            picture::text(&cut(entity.name, 300)),
            number(width),
            number(height)
        );
        if !entity.rows.is_empty() {
            let _ = write!(
                self.body,
                "<path class=\"bar\" d=\"M{} {}h{}v{}h-{}z\"/>",
                number(x + 1.0),
                number(y + 1.0),
                number(width - 2.0),
                number(HEADING - 2.0),
                number(width - 2.0)
            );
        }
        let _ = write!(
            self.body,
            "<text class=\"mono\" font-weight=\"600\" x=\"{}\" y=\"{}\">{}</text>",
            number(x + PADDING),
            number(y + HEADING / 2.0 + 4.5),
            picture::text(&entity.heading)
        );
        for (row, attribute) in entity.rows.iter().enumerate() {
            let baseline = number(y + HEADING + ROW * (row as f64 + 0.5) + 7.0);
            if !attribute.marks.is_empty() {
                let _ = write!(
                    self.body,
                    "<text class=\"mono mark\" x=\"{}\" y=\"{baseline}\">{}</text>",
                    number(x + PADDING),
                    attribute.marks
                );
            }
            let _ = write!(
                self.body,
                "<text class=\"mono\" x=\"{}\" y=\"{baseline}\">{}</text>\
                 <text class=\"mono quiet\" x=\"{}\" y=\"{baseline}\">{}</text>",
                number(x + entity.name_at),
                picture::text(&attribute.name),
                number(x + entity.type_at),
                picture::text(&attribute.type_name)
            );
        }
        self.body.push_str(close);
    }

    /// A line with what it says of rows at both ends: a crow's foot for many, a bar for one, a circle for none.
    fn key(&mut self, diagram: &Diagram<'_>, entity: &Entity<'_>, key: &Key<'_>, number: usize) {
        let heights = diagram.heights(key);
        let route = diagram.layout.route(key.reference, heights, number);
        let mut path = path_of(&route, number);
        foot(&mut path, route.start, !key.relation.is_unique);
        bar(&mut path, route.end, key.relation.may_be_null);
        let title = format!(
            "{}.{} → {}",
            entity.name,
            key.definition.columns.join(", "),
            key.definition.references
        );
        let _ = write!(
            self.body,
            "<path class=\"key to{}\" d=\"{path}\"><title>{}</title></path>",
            key.reference.to,
            picture::text(&cut(&title, 300))
        );
    }
}

/// Straight out of a box, through the columns in between, and straight into the other box.
fn path_of(route: &Route, number_of_line: usize) -> String {
    let step = |(point, side): (Point, Side), clear: f64| (clear + STRAIGHT * side.away(), point.1);
    let (start, end) = (route.start.0, route.end.0);
    let first = step(route.start, route.clear.0);
    let last = step(route.end, route.clear.1);
    let mut path = format!(
        "M{} {}H{}",
        number(start.0),
        number(start.1),
        number(first.0)
    );
    if route.start.1 == route.end.1 {
        // Both at the right: around.
        let out = first.0.max(last.0) + 10.0 + 5.0 * (number_of_line % 5) as f64;
        let _ = write!(
            path,
            "C{} {} {} {} {} {}",
            number(out),
            number(first.1),
            number(out),
            number(last.1),
            number(last.0),
            number(last.1)
        );
    } else {
        let mut at = first;
        for (enter, leave) in &route.passes {
            curve(&mut path, at, *enter);
            let _ = write!(path, "H{}", number(leave.0));
            at = *leave;
        }
        curve(&mut path, at, last);
    }
    let _ = write!(path, "H{}", number(end.0));
    path
}

fn curve(path: &mut String, from: Point, to: Point) {
    let middle = number(f64::midpoint(from.0, to.0));
    let _ = write!(
        path,
        "C{middle} {} {middle} {} {} {}",
        number(from.1),
        number(to.1),
        number(to.0),
        number(to.1)
    );
}

/// At the table that refers: three toes for many rows, a bar for one.
fn foot(path: &mut String, ((x, y), side): (Point, Side), is_many: bool) {
    let out = side.away();
    if is_many {
        let _ = write!(
            path,
            "M{} {}L{} {}L{} {}",
            number(x),
            number(y - 5.0),
            number(x + 10.0 * out),
            number(y),
            number(x),
            number(y + 5.0)
        );
    } else {
        let _ = write!(path, "M{} {}v10", number(x + 6.0 * out), number(y - 5.0));
    }
}

/// At the table that is referred to: a bar, and a circle where a row may refer to none.
fn bar(path: &mut String, ((x, y), side): (Point, Side), may_be_null: bool) {
    let out = side.away();
    let _ = write!(path, "M{} {}v10", number(x + 4.0 * out), number(y - 5.0));
    if may_be_null {
        let _ = write!(
            path,
            "M{} {}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0",
            number(x + 10.0 * out - 3.0),
            number(y)
        );
    }
}
