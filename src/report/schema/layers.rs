//! Where the boxes of tables stand, and how the lines between them run.
//!
//! Tables stand in columns, those that are referred to further to the left. A layer with many tables is several columns.
//! Lines leave and enter boxes at their sides; where they pass a column in between, they do so between two boxes.

use std::collections::BTreeSet;

/// Between two boxes of a column.
const GAP: f64 = 28.0;
/// Around everything.
const MARGIN: f64 = 24.0;
/// Between two columns, at least and at most.
const GUTTER: (f64, f64) = (64.0, 120.0);
/// How much wider than high a picture should be.
const ASPECT: f64 = 1.6;
/// As many heights of columns are tried for it.
const TRIES: usize = 6;
/// As often the order within columns is improved.
const SWEEPS: usize = 6;

/// The size of a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A line from a box that refers to one that is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A point; y grows downwards.
pub(super) type Point = (f64, f64);

#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The left upper corners of the boxes.
    pub(super) corners: Vec<Point>,
    pub(super) size: Point,
    sizes: Vec<Size>,
    /// The column of each box; `None` for those without lines.
    column_of: Vec<Option<usize>>,
    columns: Vec<Column>,
}

/// Boxes from the top down.
#[derive(Debug, Default)]
struct Column {
    boxes: Vec<usize>,
    left: f64,
    width: f64,
}

/// How a line runs.
#[derive(Debug, PartialEq)]
pub(super) struct Route {
    /// Where it leaves, and whether to the left or to the right.
    pub(super) start: (Point, Side),
    /// Through the columns in between: where it enters and leaves them.
    pub(super) passes: Vec<(Point, Point)>,
    pub(super) end: (Point, Side),
    /// How far it goes straight at both ends: until it is past the widest box of the column.
    pub(super) clear: (f64, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    /// The step along x that leads away from the box.
    pub(super) fn away(self) -> f64 {
        match self {
            Self::Left => -1.0,
            Self::Right => 1.0,
        }
    }
}

impl Layout {
    /// `order` has every box once, those that are referred to before the others as far as that is possible.
    pub(super) fn of(sizes: &[Size], references: &[Reference], order: &[usize]) -> Self {
        let mut layout = Self {
            corners: vec![(MARGIN, MARGIN); sizes.len()],
            size: (2.0 * MARGIN, 2.0 * MARGIN),
            sizes: sizes.to_vec(),
            column_of: vec![None; sizes.len()],
            columns: Vec::new(),
        };
        let linked: BTreeSet<usize> = references
            .iter()
            .filter(|reference| reference.from != reference.to)
            .flat_map(|reference| [reference.from, reference.to])
            .collect();
        let layers = layers(order, references, &linked);
        let layers = layout.in_good_order(layers, references);
        // Layers with few boxes leave columns half empty: with higher ones there are fewer of them.
        let mut limit = layout.limit(&linked);
        let mut best = (f64::INFINITY, limit);
        for _ in 0..TRIES {
            layout.place_linked(&layers, references, limit);
            let extent = (layout.right() / ASPECT).max(layout.bottom());
            if extent < best.0 {
                best = (extent, limit);
            }
            limit *= 1.2;
        }
        layout.place_linked(&layers, references, best.1);
        let bottom = layout.bottom();
        layout.place_others(order, &linked, bottom);
        layout.size = (layout.right() + MARGIN, layout.bottom() + MARGIN);
        layout
    }

    fn corner(&self, index: usize) -> Point {
        self.corners.get(index).copied().unwrap_or_default()
    }

    fn box_size(&self, index: usize) -> Size {
        let none = Size {
            width: 0.0,
            height: 0.0,
        };
        self.sizes.get(index).copied().unwrap_or(none)
    }

    fn right(&self) -> f64 {
        (0..self.sizes.len())
            .map(|index| self.corner(index).0 + self.box_size(index).width)
            .fold(0.0, f64::max)
    }

    fn bottom(&self) -> f64 {
        (0..self.sizes.len())
            .map(|index| self.corner(index).1 + self.box_size(index).height)
            .fold(0.0, f64::max)
    }

    fn centre(&self, index: usize) -> f64 {
        self.corner(index).1 + self.box_size(index).height / 2.0
    }

    /// How high a column may become.
    fn limit(&self, linked: &BTreeSet<usize>) -> f64 {
        let sizes = || linked.iter().map(|index| self.box_size(*index));
        let area: f64 = sizes()
            .map(|size| (size.width + GUTTER.0) * (size.height + GAP))
            .sum();
        let highest = sizes().map(|size| size.height).fold(0.0, f64::max);
        (area / ASPECT).sqrt().max(highest)
    }

    /// Orders layers such that neighbours are beside each other.
    fn in_good_order(
        &self,
        mut layers: Vec<Vec<usize>>,
        references: &[Reference],
    ) -> Vec<Vec<usize>> {
        let mut rank = vec![0.0; self.sizes.len()];
        let renumber = |layer: &[usize], rank: &mut Vec<f64>| {
            let count = layer.len().max(1) as f64;
            for (position, index) in layer.iter().enumerate() {
                if let Some(slot) = rank.get_mut(*index) {
                    *slot = (position as f64 + 0.5) / count;
                }
            }
        };
        for layer in &layers {
            renumber(layer, &mut rank);
        }
        for sweep in 0..SWEEPS {
            let count = layers.len();
            for step in 0..count {
                let number = if sweep % 2 == 0 {
                    step
                } else {
                    count - 1 - step
                };
                let Some(layer) = layers.get_mut(number) else {
                    continue;
                };
                let mut keyed: Vec<(f64, usize)> = layer
                    .iter()
                    .map(|index| (mean(*index, references, &rank), *index))
                    .collect();
                keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
                *layer = keyed.into_iter().map(|(_, index)| index).collect();
                renumber(layer, &mut rank);
            }
        }
        layers
    }

    fn place_linked(&mut self, layers: &[Vec<usize>], references: &[Reference], limit: f64) {
        self.columns.clear();
        self.fill_columns(layers, limit);
        self.place_columns(references, limit);
    }

    /// Puts layers into columns.
    fn fill_columns(&mut self, layers: &[Vec<usize>], limit: f64) {
        for layer in layers {
            let mut height = f64::INFINITY;
            for index in layer.iter().copied() {
                let needed = self.box_size(index).height + GAP;
                if height + needed > limit + GAP {
                    self.columns.push(Column::default());
                    height = 0.0;
                }
                height += needed;
                if let Some(slot) = self.column_of.get_mut(index) {
                    *slot = Some(self.columns.len() - 1);
                }
                if let Some(column) = self.columns.last_mut() {
                    column.boxes.push(index);
                }
            }
        }
    }

    /// Gives boxes their places: each as near to those it is linked with as its column allows.
    fn place_columns(&mut self, references: &[Reference], limit: f64) {
        let mut left = MARGIN;
        for number in 0..self.columns.len() {
            let boxes = self
                .columns
                .get(number)
                .map(|column| column.boxes.clone())
                .unwrap_or_default();
            let width = boxes
                .iter()
                .map(|index| self.box_size(*index).width)
                .fold(0.0, f64::max);
            let mut wanted: Vec<f64> = boxes
                .iter()
                .map(|index| {
                    let known: Vec<f64> = neighbours(*index, references)
                        .filter(|other| {
                            let column = self.column_of.get(*other).copied().flatten();
                            column.is_some_and(|column| column < number)
                        })
                        .map(|other| self.centre(other))
                        .collect();
                    let height = self.box_size(*index).height;
                    if known.is_empty() {
                        MARGIN
                    } else {
                        known.iter().sum::<f64>() / known.len() as f64 - height / 2.0
                    }
                })
                .collect();
            let heights: Vec<f64> = boxes
                .iter()
                .map(|index| self.box_size(*index).height)
                .collect();
            settle(&mut wanted, &heights, limit);
            for (index, y) in boxes.iter().zip(&wanted) {
                if let Some(corner) = self.corners.get_mut(*index) {
                    *corner = (left, *y);
                }
            }
            let lines = references
                .iter()
                .filter(|reference| {
                    boxes.contains(&reference.from) || boxes.contains(&reference.to)
                })
                .count();
            if let Some(column) = self.columns.get_mut(number) {
                column.left = left;
                column.width = width;
            }
            left += width + (GUTTER.0 + 2.0 * lines as f64).min(GUTTER.1);
        }
    }

    /// Tables without lines stand below, side by side.
    fn place_others(&mut self, order: &[usize], linked: &BTreeSet<usize>, bottom: f64) {
        let others: Vec<usize> = order
            .iter()
            .copied()
            .filter(|index| !linked.contains(index))
            .collect();
        let widest = others
            .iter()
            .map(|index| self.box_size(*index).width)
            .fold(1.0, f64::max);
        let area: f64 = others
            .iter()
            .map(|index| (widest + GUTTER.0) * (self.box_size(*index).height + GAP))
            .sum();
        let used = self
            .columns
            .last()
            .map_or(0.0, |column| column.left + column.width - MARGIN);
        let room = used.max((area * ASPECT).sqrt());
        // One column at least, and no more than there are boxes.
        let count = (1..others.len())
            .take_while(|count| (count + 1) as f64 * (widest + GUTTER.0) <= room + GUTTER.0)
            .last()
            .map_or(1, |count| count + 1);
        let top = if linked.is_empty() {
            MARGIN
        } else {
            bottom + 2.0 * GAP
        };
        let mut ends = vec![top; count];
        for index in others {
            let height = self.box_size(index).height;
            let lowest = ends
                .iter_mut()
                .enumerate()
                .min_by(|one, other| one.1.total_cmp(other.1));
            if let (Some((column, end)), Some(corner)) = (lowest, self.corners.get_mut(index)) {
                *corner = (MARGIN + column as f64 * (widest + GUTTER.0), *end);
                *end += height + GAP;
            }
        }
    }

    /// How a line runs from a height of one box to a height of another; `number` sets lines apart that pass the same
    /// place.
    pub(super) fn route(
        &self,
        reference: Reference,
        (from_y, to_y): (f64, f64),
        number: usize,
    ) -> Route {
        let Reference { from, to } = reference;
        let column = |index: usize| self.column_of.get(index).copied().flatten();
        let side = |index: usize, side: Side| match side {
            Side::Left => self.corner(index).0,
            Side::Right => self.corner(index).0 + self.box_size(index).width,
        };
        let (leave, enter) = match (column(from), column(to)) {
            (Some(one), Some(other)) if one > other => (Side::Left, Side::Right),
            (Some(one), Some(other)) if one < other => (Side::Right, Side::Left),
            _ => (Side::Right, Side::Right),
        };
        let start = (side(from, leave), from_y);
        let end = (side(to, enter), to_y);
        let mut passes = Vec::new();
        if let (Some(one), Some(other)) = (column(from), column(to)) {
            let numbers: Vec<usize> = if one > other {
                (other + 1..one).rev().collect()
            } else {
                (one + 1..other).collect()
            };
            let shift = (number % 5) as f64 * 4.0 - 8.0;
            for index in numbers {
                let Some(between) = self.columns.get(index) else {
                    continue;
                };
                let middle = between.left + between.width / 2.0;
                let part = (middle - start.0) / (end.0 - start.0);
                let y = self.gap_near(between, start.1 + (end.1 - start.1) * part) + shift;
                let (left, right) = ((between.left, y), (between.left + between.width, y));
                passes.push(match leave {
                    Side::Left => (right, left),
                    Side::Right => (left, right),
                });
            }
        }
        Route {
            start: (start, leave),
            passes,
            end: (end, enter),
            clear: (
                self.edge(from, leave).unwrap_or(start.0),
                self.edge(to, enter).unwrap_or(end.0),
            ),
        }
    }

    /// The side of the column that a box stands in.
    fn edge(&self, index: usize, side: Side) -> Option<f64> {
        let number = self.column_of.get(index).copied().flatten()?;
        let column = self.columns.get(number)?;
        Some(match side {
            Side::Left => column.left,
            Side::Right => column.left + column.width,
        })
    }

    /// The height at which a line best passes a column.
    fn gap_near(&self, column: &Column, wanted: f64) -> f64 {
        let ends = |index: &usize| {
            let top = self.corner(*index).1;
            (top, top + self.box_size(*index).height)
        };
        let top = column.boxes.first().map_or(wanted, |index| ends(index).0);
        let bottom = column.boxes.last().map_or(wanted, |index| ends(index).1);
        let half = GAP / 2.0;
        if wanted <= top - half || wanted >= bottom + half {
            return wanted;
        }
        let inner = column.boxes.windows(2).filter_map(|pair| match pair {
            [upper, lower] => {
                let (above, below) = (ends(upper).1 + half, ends(lower).0 - half);
                Some(wanted.clamp(above.min(below), below.max(above)))
            }
            _ => None,
        });
        inner
            .chain([top - half, bottom + half])
            .min_by(|one, other| (one - wanted).abs().total_cmp(&(other - wanted).abs()))
            .unwrap_or(wanted)
    }
}

fn neighbours(index: usize, references: &[Reference]) -> impl Iterator<Item = usize> {
    references.iter().filter_map(move |reference| {
        match (reference.from == index, reference.to == index) {
            (true, false) => Some(reference.to),
            (false, true) => Some(reference.from),
            _ => None,
        }
    })
}

/// Where the neighbours of a box stand on average, as a share of the height.
fn mean(index: usize, references: &[Reference], rank: &[f64]) -> f64 {
    let ranks: Vec<f64> = neighbours(index, references)
        .filter_map(|other| rank.get(other).copied())
        .collect();
    ranks.iter().sum::<f64>() / ranks.len().max(1) as f64
}

/// For each linked box how many layers it stands behind those it refers to, as near to those that refer to it as
/// possible.
fn layers(order: &[usize], references: &[Reference], linked: &BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut position = vec![0; order.len()];
    for (place, index) in order.iter().enumerate() {
        if let Some(slot) = position.get_mut(*index) {
            *slot = place;
        }
    }
    let before = |one: usize, other: usize| position.get(one) < position.get(other);
    let mut layer = vec![0_usize; order.len()];
    let at = |layer: &[usize], index: usize| layer.get(index).copied().unwrap_or(0);
    for index in order {
        let deepest = references
            .iter()
            .filter(|reference| reference.from == *index && before(reference.to, *index))
            .map(|reference| at(&layer, reference.to) + 1)
            .max();
        if let Some(slot) = layer.get_mut(*index) {
            *slot = deepest.unwrap_or(0);
        }
    }
    for index in order.iter().rev() {
        let nearest = references
            .iter()
            .filter(|reference| reference.to == *index && before(*index, reference.from))
            .map(|reference| at(&layer, reference.from).saturating_sub(1))
            .min();
        let is_root = !references
            .iter()
            .any(|reference| reference.from == *index && reference.to != *index);
        if let (Some(slot), Some(nearest), true) = (layer.get_mut(*index), nearest, is_root) {
            *slot = nearest.max(*slot);
        }
    }
    let mut layers: Vec<Vec<usize>> = Vec::new();
    for index in order.iter().filter(|index| linked.contains(index)) {
        let number = at(&layer, *index);
        if layers.len() <= number {
            layers.resize(number + 1, Vec::new());
        }
        if let Some(layer) = layers.get_mut(number) {
            layer.push(*index);
        }
    }
    layers.retain(|layer| !layer.is_empty());
    layers
}

/// Moves boxes apart that would overlap, and back up what would end below the limit, as far as there is room.
fn settle(tops: &mut [f64], heights: &[f64], limit: f64) {
    let mut end = MARGIN;
    for (top, height) in tops.iter_mut().zip(heights) {
        *top = top.max(end);
        end = *top + height + GAP;
    }
    let mut end = MARGIN + limit;
    for (top, height) in tops.iter_mut().zip(heights).rev() {
        *top = top.min(end - height);
        end = *top - GAP;
    }
    // What is higher than the limit as a whole begins at the top all the same.
    let mut end = MARGIN;
    for (top, height) in tops.iter_mut().zip(heights) {
        *top = top.max(end);
        end = *top + height + GAP;
    }
}

#[cfg(test)]
mod tests;
