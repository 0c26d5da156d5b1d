//! Tables and indexes of MySQL and SQLite through sqlparser's grammar. Nothing else names that crate.

use std::ops::Range;

use super::source::Source;
use crate::catalog::Ddl;

pub(super) fn read(_source: &Source<'_>, _range: Range<usize>) -> Option<Vec<Ddl>> {
    None
}
