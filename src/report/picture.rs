//! What pictures share: text in XML and HTML, anchors, colours and the page around them.
//!
//! SVG and HTML are written by hand. All that comes from files goes through [`text`] or [`Anchors`]; neither a picture
//! nor a page refers to anything outside of itself.

mod markup;
mod page;
mod tables;

pub(super) use markup::{Anchors, cut, prose, text, width};
pub(super) use page::Page;
pub(super) use tables::{TableCard, marks as column_marks, type_of};

/// Colours and type of standalone pictures, and of those in pages.
pub(super) const STYLE: &str = include_str!("picture/picture.css");

/// How wide a character of the fixed-width face is, at most, for a size of one pixel: the widest of those that systems
/// bring along take 0.602.
const ADVANCE: f64 = 0.615;

/// Pixels that text of the fixed-width face takes.
pub(super) fn pixels(text: &str, size: f64) -> f64 {
    width(text) as f64 * size * ADVANCE
}

/// A number as short as it can be written, with one decimal at most.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // Negative zero is no number for readers.
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}
