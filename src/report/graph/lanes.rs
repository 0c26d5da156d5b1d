//! Where the dots of revisions stand, and how the lines between them run.
//!
//! Every revision has a row of its own, children above their parents. A line that is longer than from one row to the next
//! runs in a lane which nothing else stands in meanwhile: so no line touches a dot that it does not belong to. A line of
//! descent goes straight down as long as it can; a lane is taken again as soon as it is free.

use rustc_hash::FxHashMap;

/// What one revision is to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Link {
    Parent,
    Dependency,
}

/// A revision with what it is linked to, in any order.
pub(super) struct Row {
    pub(super) node: usize,
    pub(super) links: Vec<(usize, Link)>,
}

/// A line from one revision to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Where it runs on the rows between the two.
    pub(super) lane: usize,
    pub(super) link: Link,
}

/// All in rows and lanes, both counted from 0.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The lane of the dot of each row.
    pub(super) dots: Vec<usize>,
    /// As many lanes are in use on each row and on the way to the next.
    pub(super) widths: Vec<usize>,
    pub(super) edges: Vec<Edge>,
    /// Links that lead to no row below: out of the picture, or up, as on a cycle.
    pub(super) loose: Vec<(usize, Link)>,
}

impl Layout {
    pub(super) fn of(rows: &[Row]) -> Self {
        let row_of: FxHashMap<usize, usize> = rows
            .iter()
            .enumerate()
            .map(|(row, found)| (found.node, row))
            .collect();
        let mut layout = Self::default();
        let mut lanes = Lanes::default();
        for (row, found) in rows.iter().enumerate() {
            let own = lanes.arrive(row);
            layout.dots.push(own);
            let mut width = lanes.taken.len().max(own + 1);
            lanes.free(row);
            let mut is_continued = false;
            // Lines of descent first: one of them goes straight on.
            let is_parent = |(_, link): &(usize, Link)| *link == Link::Parent;
            let (parents, others): (Vec<_>, Vec<_>) =
                found.links.iter().copied().partition(is_parent);
            for (target, link) in parents.into_iter().chain(others) {
                let Some(to) = row_of.get(&target).copied().filter(|to| *to > row) else {
                    layout.loose.push((row, link));
                    continue;
                };
                let lane = if link == Link::Parent && !is_continued {
                    is_continued = true;
                    lanes.take(own, to, link);
                    own
                } else {
                    lanes.near(own, to, link, is_continued)
                };
                layout.edges.push(Edge {
                    from: row,
                    to,
                    lane,
                    link,
                });
            }
            lanes.trim();
            width = width.max(lanes.taken.len());
            layout.widths.push(width);
        }
        layout
    }

    /// As many lanes as are in use on a row, and on so many above and below it.
    pub(super) fn width_around(&self, row: usize, distance: usize) -> usize {
        let rows = self.widths.iter().skip(row.saturating_sub(distance));
        let count = distance + 1 + row.min(distance);
        rows.take(count).copied().max().unwrap_or(0)
    }

    pub(super) fn width(&self) -> usize {
        self.widths.iter().copied().max().unwrap_or(0)
    }
}

/// For each lane the row that it leads to.
#[derive(Default)]
struct Lanes {
    taken: Vec<Option<(usize, Link)>>,
}

impl Lanes {
    /// The lane of a dot: of those that lead to it the first, a line of descent if there is one.
    fn arrive(&self, row: usize) -> usize {
        let leads_here = |wanted: Link| self.taken.iter().position(|t| *t == Some((row, wanted)));
        leads_here(Link::Parent)
            .or_else(|| leads_here(Link::Dependency))
            .or_else(|| self.taken.iter().position(Option::is_none))
            .unwrap_or(self.taken.len())
    }

    /// Frees what leads to a row, which is reached.
    fn free(&mut self, row: usize) {
        for lane in &mut self.taken {
            lane.take_if(|(to, _)| *to == row);
        }
    }

    fn take(&mut self, lane: usize, to: usize, link: Link) {
        if self.taken.len() <= lane {
            self.taken.resize(lane + 1, None);
        }
        if let Some(slot) = self.taken.get_mut(lane) {
            *slot = Some((to, link));
        }
    }

    /// A lane that leads to the row already, else the nearest free one, to the right if there is a choice.
    fn near(&mut self, own: usize, to: usize, link: Link, own_is_taken: bool) -> usize {
        let shared = self.taken.iter().position(|t| *t == Some((to, link)));
        if let Some(lane) = shared.filter(|lane| *lane != own) {
            return lane;
        }
        if !own_is_taken && self.taken.get(own).is_none_or(Option::is_none) {
            self.take(own, to, link);
            return own;
        }
        let count = self.taken.len().max(own + 1);
        let lane = (0..=count)
            .filter(|lane| *lane != own && self.taken.get(*lane).is_none_or(Option::is_none))
            .min_by_key(|lane| (lane.abs_diff(own), *lane < own))
            .unwrap_or(count);
        self.take(lane, to, link);
        lane
    }

    fn trim(&mut self) {
        while self.taken.last().is_some_and(Option::is_none) {
            self.taken.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Rows from `child: parents`, and after `|` what it depends on.
    fn rows(written: &[(usize, &[usize], &[usize])]) -> Vec<Row> {
        written
            .iter()
            .map(|(node, parents, dependencies)| Row {
                node: *node,
                links: parents
                    .iter()
                    .map(|parent| (*parent, Link::Parent))
                    .chain(dependencies.iter().map(|other| (*other, Link::Dependency)))
                    .collect(),
            })
            .collect()
    }

    /// Every line connects its dots, and meets no other dot on the way.
    fn check(rows: &[Row]) -> Layout {
        let layout = Layout::of(rows);
        assert_eq!(layout.dots.len(), rows.len());
        let links: usize = rows.iter().map(|row| row.links.len()).sum();
        assert_eq!(layout.edges.len() + layout.loose.len(), links);
        for edge in &layout.edges {
            let (from, to) = (&rows[edge.from], &rows[edge.to]);
            assert!(edge.from < edge.to);
            assert!(from.links.contains(&(to.node, edge.link)));
            for row in edge.from + 1..edge.to {
                assert_ne!(layout.dots[row], edge.lane, "row {row} of {edge:?}");
                assert!(edge.lane < layout.widths[row]);
            }
        }
        // Two lines share a lane only where they lead to the same dot in the same way.
        let mut used: FxHashMap<(usize, usize), (usize, Link)> = FxHashMap::default();
        for edge in &layout.edges {
            for row in edge.from + 1..edge.to {
                let known = used.insert((row, edge.lane), (edge.to, edge.link));
                assert!(known.is_none_or(|known| known == (edge.to, edge.link)));
            }
        }
        let places: BTreeSet<(usize, usize)> = layout.dots.iter().copied().enumerate().collect();
        assert_eq!(places.len(), rows.len());
        layout
    }

    #[test]
    fn a_line_is_straight() {
        let layout = check(&rows(&[(3, &[2], &[]), (2, &[1], &[]), (1, &[], &[])]));
        assert_eq!(layout.dots, [0, 0, 0]);
        assert_eq!(layout.width(), 1);
    }

    #[test]
    fn a_branch_has_a_lane_and_a_merge_takes_one() {
        let branch = check(&rows(&[(3, &[1], &[]), (2, &[1], &[]), (1, &[], &[])]));
        assert_eq!(branch.dots, [0, 1, 0]);
        let merge = check(&rows(&[
            (5, &[4], &[]),
            (4, &[2, 3], &[]),
            (3, &[1], &[]),
            (2, &[1], &[]),
            (1, &[], &[]),
        ]));
        assert_eq!(merge.dots, [0, 0, 1, 0, 0]);
        assert_eq!(merge.widths, [1, 2, 2, 2, 2]);
    }

    #[test]
    fn lanes_are_taken_again() {
        let layout = check(&rows(&[
            (7, &[5], &[]),
            (6, &[5], &[]),
            (5, &[3], &[]),
            (4, &[3], &[]),
            (3, &[], &[]),
            (2, &[1], &[]),
            (1, &[], &[]),
        ]));
        assert_eq!(layout.dots, [0, 1, 0, 1, 0, 0, 0]);
        assert_eq!(layout.width(), 2);
        assert_eq!(layout.widths, [1, 2, 2, 2, 2, 1, 1]);
        assert_eq!(layout.width_around(5, 0), 1);
        assert_eq!(layout.width_around(6, 2), 2);
    }

    #[test]
    fn lines_cross_where_they_must() {
        let layout = check(&rows(&[
            (6, &[3, 4], &[]),
            (5, &[4, 3], &[]),
            (4, &[1], &[]),
            (3, &[1], &[]),
            (1, &[], &[]),
        ]));
        assert_eq!(layout.edges.len(), 6);
    }

    #[test]
    fn dependencies_keep_to_lanes_of_their_own() {
        let layout = check(&rows(&[
            (4, &[3], &[1]),
            (3, &[], &[]),
            (2, &[1], &[]),
            (1, &[], &[]),
        ]));
        assert_eq!(layout.dots, [0, 0, 0, 0]);
        let dashed = layout
            .edges
            .iter()
            .find(|edge| edge.link == Link::Dependency);
        assert_eq!(dashed.unwrap().lane, 1);
    }

    #[test]
    fn what_leads_nowhere_is_loose() {
        let layout = check(&rows(&[(2, &[9], &[]), (1, &[2], &[8])]));
        assert_eq!(
            layout.loose,
            [(0, Link::Parent), (1, Link::Parent), (1, Link::Dependency)]
        );
        assert!(check(&[]).edges.is_empty());
    }

    proptest! {
        #[test]
        fn any_graph_is_drawn_soundly(
            parents in proptest::collection::vec(proptest::collection::btree_set(0_usize..60, 0..4), 1..60),
        ) {
            let count = parents.len();
            let rows: Vec<Row> = parents
                .iter()
                .enumerate()
                .map(|(row, steps)| Row {
                    node: count - row,
                    links: steps
                        .iter()
                        .map(|step| {
                            let link = if step % 5 == 0 { Link::Dependency } else { Link::Parent };
                            ((count - row).wrapping_sub(step / 2 + 1), link)
                        })
                        .collect::<BTreeSet<_>>()
                        .into_iter()
                        .collect(),
                })
                .collect();
            check(&rows);
        }
    }
}
