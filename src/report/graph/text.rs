//! A tree for terminals, newest revision first, lines of descent as lanes.

use std::io::{self, Write};

use crate::report::graph::GraphView;
use crate::report::{Style, sanitise_line};

/// Writes one environment after the other.
pub fn write(views: &[GraphView<'_>], style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (number, view) in views.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", heading(view))?;
        Lanes {
            view,
            style,
            expected: Vec::new(),
        }
        .draw(out)?;
    }
    Ok(())
}

/// How many revisions, heads and new revisions there are, on a line.
pub(super) fn heading(view: &GraphView<'_>) -> String {
    let map = &view.environment.map;
    let count = map.nodes().len();
    let heads = map.heads_by_branch();
    let head_count: usize = heads.groups.iter().map(|group| group.heads.len()).sum();
    let plural = |count: usize, name: &str| {
        if count == 1 {
            format!("1 {name}")
        } else {
            format!("{count} {name}s")
        }
    };
    let mut text = format!(
        "{}: {}, {}",
        sanitise_line(view.environment.environment.script_location.as_str()),
        plural(count, "revision"),
        plural(head_count, "head")
    );
    if heads.are_by_design() {
        let branches: Vec<String> = heads
            .groups
            .iter()
            .map(|group| {
                let labels: Vec<&str> =
                    group.labels.iter().map(smol_str::SmolStr::as_str).collect();
                if labels.is_empty() {
                    "(no label)".to_owned()
                } else {
                    labels.join("+")
                }
            })
            .collect();
        text.push_str(&format!(
            ", one for each labelled branch: {}",
            sanitise_line(&branches.join(", "))
        ));
    } else if head_count > 1 {
        text.push_str(" of one branch: `alembic upgrade head` is ambiguous");
    }
    let new = (0..count).filter(|node| view.is_new(*node)).count();
    if new > 0 {
        text.push_str(&format!(", {new} new"));
    }
    text
}

struct Lanes<'a> {
    view: &'a GraphView<'a>,
    style: Style,
    /// For each lane the node that is to come in it.
    expected: Vec<usize>,
}

impl Lanes<'_> {
    fn draw(mut self, out: &mut dyn Write) -> io::Result<()> {
        let order = self.view.newest_first();
        let hidden = self.view.environment.map.nodes().len() - order.len();
        for node in order {
            let column = self.reach(node, out)?;
            let cells: Vec<&str> = (0..self.expected.len())
                .map(|lane| if lane == column { "*" } else { "|" })
                .collect();
            writeln!(out, "{}  {}", cells.join(" "), self.describe(node))?;
            self.leave(node, column, out)?;
        }
        if hidden > 0 {
            writeln!(out, "… and {hidden} older revisions")?;
        }
        Ok(())
    }

    /// Brings the lanes that wait for a node together.
    fn reach(&mut self, node: usize, out: &mut dyn Write) -> io::Result<usize> {
        let Some(column) = self.expected.iter().position(|waiting| *waiting == node) else {
            self.expected.push(node);
            return Ok(self.expected.len() - 1);
        };
        let joins = self
            .expected
            .iter()
            .skip(column + 1)
            .any(|waiting| *waiting == node);
        if joins {
            let cells: Vec<&str> = self
                .expected
                .iter()
                .enumerate()
                .map(|(lane, waiting)| {
                    if lane > column && *waiting == node {
                        "/"
                    } else {
                        "|"
                    }
                })
                .collect();
            writeln!(out, "{}", cells.join(" ").trim_end())?;
            let mut lane = 0;
            self.expected.retain(|waiting| {
                lane += 1;
                lane - 1 <= column || *waiting != node
            });
        }
        Ok(column)
    }

    /// Goes on to the parents of a node.
    fn leave(&mut self, node: usize, column: usize, out: &mut dyn Write) -> io::Result<()> {
        let parents = self.view.environment.map.node(node).parents.clone();
        match parents.split_first() {
            None => {
                self.expected.remove(column);
            }
            Some((first, rest)) => {
                if let Some(lane) = self.expected.get_mut(column) {
                    *lane = *first;
                }
                for (offset, parent) in rest.iter().enumerate() {
                    self.expected.insert(column + 1 + offset, *parent);
                }
                if !rest.is_empty() {
                    let added = column + 1..column + 1 + rest.len();
                    let cells: Vec<&str> = (0..self.expected.len())
                        .map(|lane| if added.contains(&lane) { "\\" } else { "|" })
                        .collect();
                    writeln!(out, "{}", cells.join(" "))?;
                }
            }
        }
        Ok(())
    }

    fn describe(&self, node: usize) -> String {
        let map = &self.view.environment.map;
        let found = map.node(node);
        let mut marks = Vec::new();
        if found.children.is_empty() {
            marks.push("head".to_owned());
        }
        if found.revision.is_base() {
            marks.push("base".to_owned());
        }
        if found.revision.is_merge() {
            marks.push("merge".to_owned());
        }
        marks.extend(
            found
                .revision
                .branch_labels
                .iter()
                .map(|label| format!("branch {}", label.value)),
        );
        marks.extend(
            found
                .revision
                .depends_on
                .iter()
                .map(|dependency| format!("depends on {}", dependency.value)),
        );
        marks.extend(
            map.missing_parents()
                .iter()
                .filter(|link| link.node == node)
                .map(|link| format!("parent {} is missing", link.target.value)),
        );
        let marks = if marks.is_empty() {
            String::new()
        } else {
            format!(" ({})", sanitise_line(&marks.join(", ")))
        };
        let id = sanitise_line(found.id());
        let message = sanitise_line(&found.revision.doc.message);
        let is_new = self.view.is_new(node);
        let new = if is_new { " [new]" } else { "" };
        let text = format!("{id}{marks}{new}  {message}");
        let text = text.trim_end().to_owned();
        if is_new && self.style.colour {
            format!("\u{1b}[32m{text}\u{1b}[0m")
        } else {
            text
        }
    }
}
