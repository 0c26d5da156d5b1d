//! A picture: the revisions from the newest down, lines of descent as curves.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::lanes::{Edge, Layout, Link, Row};
use super::{GraphView, text};
use crate::alembic::BrokenLink;
use crate::report::picture::{self, Anchors, STYLE, cut, number, pixels};

/// Pixels from one row to the next.
const ROW: f64 = 26.0;
/// Pixels from one lane to the next, and where there are many.
const LANE: f64 = 16.0;
const NARROW_LANE: f64 = 11.0;
/// Before the first lane.
const LEFT: f64 = 20.0;
/// Above the rows of an environment, for its name.
const HEADING: f64 = 44.0;
/// More lanes than this are many.
const FEW_LANES: usize = 12;
/// Where there are many, text stands beside what is drawn on so many rows above and below it: near its dot, and seldom
/// out of line with its neighbours. Otherwise all of it stands in one column.
const NEIGHBOURS: usize = 12;
/// The longest id, label and message, in columns.
const MAX_ID: usize = 32;
const MAX_LABEL: usize = 40;
const MAX_MESSAGE: usize = 80;
/// As many colours `.c0` … there are.
const COLOURS: usize = 8;

/// Writes one file with all environments, one under the other.
pub fn write(views: &[GraphView<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut anchors = Anchors::default();
    let rows: Vec<Vec<Place>> = views
        .iter()
        .map(|view| {
            let map = &view.environment.map;
            let nodes = view.newest_first().into_iter();
            nodes
                .map(|node| Place {
                    node,
                    anchor: anchors.give("rev", map.node(node).id()),
                    card: None,
                })
                .collect()
        })
        .collect();
    let drawing = Drawing::of(views, &rows);
    let (width, height) = (number(drawing.width), number(drawing.height));
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" role=\"graphics-document\" \
         aria-label=\"Revisions\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
    )?;
    writeln!(out, "<title>Revisions</title>")?;
    writeln!(out, "<style>{STYLE}</style>")?;
    writeln!(
        out,
        "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>"
    )?;
    out.write_all(drawing.body.as_bytes())?;
    writeln!(out, "</svg>")
}

/// The picture as part of a page. `rows` says what each revision is called there and what it leads to.
pub(super) fn inline(views: &[GraphView<'_>], rows: &[Vec<Place>]) -> String {
    let drawing = Drawing::of(views, rows);
    let (width, height) = (number(drawing.width), number(drawing.height));
    format!(
        "<svg class=\"picture\" role=\"group\" aria-label=\"Revisions\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n{}</svg>\n",
        drawing.body
    )
}

/// A revision in the picture.
pub(super) struct Place {
    pub(super) node: usize,
    /// Its name in the document.
    pub(super) anchor: String,
    /// What a click leads to.
    pub(super) card: Option<String>,
}

struct Drawing {
    body: String,
    width: f64,
    height: f64,
}

impl Drawing {
    fn of(views: &[GraphView<'_>], rows: &[Vec<Place>]) -> Self {
        let mut drawing = Self {
            body: String::new(),
            width: 320.0,
            height: 12.0,
        };
        for (view, places) in views.iter().zip(rows) {
            drawing.environment(view, places);
        }
        drawing
    }

    fn environment(&mut self, view: &GraphView<'_>, places: &[Place]) {
        let map = &view.environment.map;
        let rows: Vec<Row> = places
            .iter()
            .map(|place| {
                let node = map.node(place.node);
                let links = node.parents.iter().map(|parent| (*parent, Link::Parent));
                let depends = node.dependencies.iter();
                let missing = |links: &[BrokenLink], link: Link| {
                    let own = links.iter().filter(|broken| broken.node == place.node);
                    own.map(|_| (usize::MAX, link)).collect::<Vec<_>>()
                };
                Row {
                    node: place.node,
                    links: links
                        .chain(depends.map(|other| (*other, Link::Dependency)))
                        .chain(missing(map.missing_parents(), Link::Parent))
                        .chain(missing(map.missing_dependencies(), Link::Dependency))
                        .collect(),
                }
            })
            .collect();
        let layout = Layout::of(&rows);
        let heading = text::heading(view).replace('`', "");
        let heading = cut(&heading, 160);
        self.width = self.width.max(LEFT + pixels(&heading, 14.0) + LEFT);
        let _ = writeln!(
            self.body,
            "<text class=\"heading\" x=\"{}\" y=\"{}\">{}</text>",
            number(LEFT - 6.0),
            number(self.height + 20.0),
            picture::text(&heading)
        );
        let grid = Grid {
            top: self.height + HEADING,
            lane: if layout.width() > FEW_LANES {
                NARROW_LANE
            } else {
                LANE
            },
        };
        for edge in &layout.edges {
            self.edge(edge, &layout, &grid);
        }
        for (row, link) in &layout.loose {
            self.loose(*row, *link, &layout, &grid);
        }
        let ids = places
            .iter()
            .map(|place| pixels(&cut(map.node(place.node).id(), MAX_ID), 12.0))
            .fold(0.0, f64::max);
        for (row, place) in places.iter().enumerate() {
            let lanes = if layout.width() > FEW_LANES {
                layout.width_around(row, NEIGHBOURS)
            } else {
                layout.width()
            };
            let at = Spot {
                dot: (grid.x(lane_of(&layout, row)), grid.y(row)),
                colour: lane_of(&layout, row) % COLOURS,
                text: grid.x(lanes) + 4.0,
                ids,
            };
            self.revision(view, place, &at);
        }
        self.height = grid.y(places.len());
        let hidden = map.nodes().len() - places.len();
        if hidden > 0 {
            let _ = writeln!(
                self.body,
                "<text class=\"quiet\" x=\"{}\" y=\"{}\">… and {hidden} older revisions</text>",
                number(LEFT - 6.0),
                number(self.height + 4.0)
            );
            self.height += ROW;
        }
        self.height += 12.0;
    }

    fn edge(&mut self, edge: &Edge, layout: &Layout, grid: &Grid) {
        let path = path_of(edge, layout, grid);
        let kind = match edge.link {
            Link::Parent => "",
            Link::Dependency => " depends",
        };
        let _ = writeln!(
            self.body,
            "<path class=\"edge{kind} c{}\" d=\"{path}\"/>",
            edge.lane % COLOURS
        );
    }

    /// A line that leads out of the picture.
    fn loose(&mut self, row: usize, link: Link, layout: &Layout, grid: &Grid) {
        let lane = lane_of(layout, row);
        let sideways = match link {
            Link::Parent => 0.0,
            Link::Dependency => 8.0,
        };
        let _ = writeln!(
            self.body,
            "<path class=\"edge loose c{}\" d=\"M{} {}l{} 14\"/>",
            lane % COLOURS,
            number(grid.x(lane)),
            number(grid.y(row)),
            number(sideways)
        );
    }

    fn revision(&mut self, view: &GraphView<'_>, place: &Place, at: &Spot) {
        let map = &view.environment.map;
        let node = map.node(place.node);
        let is_new = view.is_new(place.node);
        let (x, y) = at.dot;
        let (open, close) = match &place.card {
            Some(card) => (
                format!("<a id=\"{}\" href=\"#{card}\">", place.anchor),
                "</a>",
            ),
            None => (format!("<g id=\"{}\">", place.anchor), "</g>"),
        };
        let mut line = format!("{open}{}", title(view, place));
        if place.card.is_some() {
            let _ = write!(
                line,
                "<rect class=\"band\" y=\"{}\" width=\"100%\" height=\"{}\"/>",
                number(y - ROW / 2.0),
                number(ROW)
            );
        }
        let kind = if node.parents.len() > 1 { " merge" } else { "" };
        let (x, y) = (number(x), number(y));
        let _ = write!(
            line,
            "<circle class=\"dot{kind} c{}\" cx=\"{x}\" cy=\"{y}\" r=\"4.5\"/>",
            at.colour
        );
        if is_new {
            let _ = write!(
                line,
                "<circle class=\"new-dot\" cx=\"{x}\" cy=\"{y}\" r=\"7.5\"/>"
            );
        }
        let baseline = number(at.dot.1 + 4.5);
        let _ = write!(
            line,
            "<text class=\"mono id\" x=\"{}\" y=\"{baseline}\">{}</text>",
            number(at.text),
            picture::text(&cut(node.id(), MAX_ID))
        );
        let mut right = at.text + at.ids + 12.0;
        for (class, label) in labels(view, place.node) {
            let label = cut(&label, MAX_LABEL);
            let wide = pixels(&label, 11.0) + 12.0;
            let _ = write!(
                line,
                "<rect class=\"label{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"18\" rx=\"9\"/>\
                 <text class=\"mono label-text\" x=\"{}\" y=\"{}\">{}</text>",
                number(right),
                number(at.dot.1 - 9.0),
                number(wide),
                number(right + 6.0),
                number(at.dot.1 + 4.0),
                picture::text(&label)
            );
            right += wide + 6.0;
        }
        let message = cut(&node.revision.doc.message, MAX_MESSAGE);
        if !message.is_empty() {
            let _ = write!(
                line,
                "<text x=\"{}\" y=\"{baseline}\">{}</text>",
                number(right),
                picture::text(&message)
            );
        }
        // Of a proportional face only capitals are wider than its size lets expect.
        let capitals = message.chars().filter(|c| c.is_uppercase()).count();
        let wide = pixels(&message, 12.0) + 4.0 * capitals as f64;
        self.width = self.width.max(right + wide + LEFT);
        let _ = writeln!(self.body, "{line}{close}");
    }
}

/// Where a revision is drawn.
struct Spot {
    dot: (f64, f64),
    colour: usize,
    /// Where its text begins, and what the widest id takes.
    text: f64,
    ids: f64,
}

fn lane_of(layout: &Layout, row: usize) -> usize {
    layout.dots.get(row).copied().unwrap_or(0)
}

/// Where rows and lanes are in the picture.
struct Grid {
    top: f64,
    lane: f64,
}

impl Grid {
    fn x(&self, lane: usize) -> f64 {
        LEFT + self.lane * lane as f64
    }

    fn y(&self, row: usize) -> f64 {
        self.top + ROW * row as f64
    }
}

/// From dot to dot: a curve into the lane, down, and a curve out of it.
fn path_of(edge: &Edge, layout: &Layout, grid: &Grid) -> String {
    let from = grid.x(lane_of(layout, edge.from));
    let to = grid.x(lane_of(layout, edge.to));
    let lane = grid.x(edge.lane);
    let (start, end) = (grid.y(edge.from), grid.y(edge.to));
    let mut path = format!("M{} {}", number(from), number(start));
    let mut curve = |x1: f64, y1: f64, x2: f64, y2: f64| {
        let _ = if x1 == x2 {
            write!(path, "V{}", number(y2))
        } else {
            let middle = number(f64::midpoint(y1, y2));
            let (x1, x2, y2) = (number(x1), number(x2), number(y2));
            write!(path, "C{x1} {middle} {x2} {middle} {x2} {y2}")
        };
    };
    if edge.to == edge.from + 1 {
        curve(from, start, to, end);
        return path;
    }
    let (first, last) = if lane == from {
        (start, end - ROW)
    } else {
        (start + ROW, end - ROW)
    };
    if lane != from {
        curve(from, start, lane, first);
    }
    if lane == to {
        curve(lane, first, lane, end);
    } else {
        if last > first {
            curve(lane, first, lane, last);
        }
        curve(lane, last, to, end);
    }
    path
}

/// What is said of a revision when the pointer rests on it: what its row has no room for, and no card says.
fn title(view: &GraphView<'_>, place: &Place) -> String {
    let found = view.environment.map.node(place.node);
    let mut parts = Vec::new();
    for (whole, columns) in [
        (found.id().as_str(), MAX_ID),
        (found.revision.doc.message.trim(), MAX_MESSAGE),
    ] {
        if picture::width(whole) > columns {
            parts.push(cut(whole, 300));
        }
    }
    if place.card.is_none() {
        if view.in_base(place.node) == Some(true) {
            parts.push("on the base branch".to_owned());
        }
        parts.push(found.revision.file.as_str().to_owned());
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("<title>{}</title>", picture::text(&parts.join(" · ")))
}

/// The marks of a revision with their classes.
pub(super) fn labels(view: &GraphView<'_>, node: usize) -> Vec<(&'static str, String)> {
    let map = &view.environment.map;
    let found = map.node(node);
    let mut labels = Vec::new();
    if found.children.is_empty() {
        labels.push((" head", "head".to_owned()));
    }
    if view.is_new(node) {
        labels.push((" new", "new".to_owned()));
    }
    for label in &found.revision.branch_labels {
        labels.push(("", label.value.to_string()));
    }
    let missing = |links: &[BrokenLink], what: &str| {
        links
            .iter()
            .filter(|link| link.node == node)
            .map(|link| (" wrong", format!("{what} {} is missing", link.target.value)))
            .collect::<Vec<_>>()
    };
    labels.extend(missing(map.missing_parents(), "parent"));
    labels.extend(missing(map.missing_dependencies(), "dependency"));
    if map.cycles().iter().any(|cycle| cycle.contains(&node)) {
        labels.push((" wrong", "leads back to itself".to_owned()));
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a path begins and ends.
    fn ends(path: &str) -> [(f64, f64); 2] {
        let mut at = (0.0, 0.0);
        let mut points = Vec::new();
        for command in path
            .split_inclusive(|c: char| "MVC".contains(c))
            .collect::<Vec<_>>()
        {
            let numbers: Vec<f64> = command
                .split([' ', 'M', 'V', 'C'])
                .filter_map(|number| number.parse().ok())
                .collect();
            at = match numbers.as_slice() {
                [] => continue,
                [y] => (at.0, *y),
                [.., x, y] => (*x, *y),
            };
            points.push(at);
        }
        [points[0], at]
    }

    #[test]
    fn lines_end_at_their_dots() {
        // 5 merges 4 and 2, 4 and 3 follow 2 and 1, 3 depends on 1.
        let rows: Vec<Row> = [
            (5, vec![(4, Link::Parent), (2, Link::Parent)]),
            (4, vec![(2, Link::Parent)]),
            (3, vec![(2, Link::Parent), (1, Link::Dependency)]),
            (2, vec![(1, Link::Parent)]),
            (1, vec![]),
        ]
        .into_iter()
        .map(|(node, links)| Row { node, links })
        .collect();
        let layout = Layout::of(&rows);
        let grid = Grid {
            top: 10.0,
            lane: LANE,
        };
        assert_eq!(layout.edges.len(), 6);
        for edge in &layout.edges {
            let dot = |row: usize| (grid.x(lane_of(&layout, row)), grid.y(row));
            let path = path_of(edge, &layout, &grid);
            assert_eq!(ends(&path), [dot(edge.from), dot(edge.to)], "{path}");
        }
    }
}
