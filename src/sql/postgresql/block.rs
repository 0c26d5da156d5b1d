//! `DO` blocks: the statements of their PL/pgSQL.

use std::ops::Range;

use squawk_syntax::ast;

use super::Reader;
use crate::catalog::Ddl;

impl Reader<'_> {
    pub(super) fn block(&self, _block: &ast::Do, _range: Range<usize>, _depth: usize) -> Vec<Ddl> {
        vec![Ddl::Opaque {
            what: "a DO block".to_owned(),
            names: Vec::new(),
        }]
    }
}
