//! PostgreSQL's tables and indexes through squawk's grammar. Nothing else names that crate: the names of its nodes
//! change from release to release.

mod alter_table;
mod block;
mod constraint;
mod dynamic;
mod index;
mod review;
mod table;

pub use review::{Remark, SqlCheck, review};

use std::ops::Range;

use smol_str::SmolStr;
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SourceFile, SyntaxNode};

use super::source::Source;
use crate::catalog::{Ddl, Fact};

/// What a statement about a table or an index does, or a `DO` block; `None` where it is not understood.
pub(super) fn read(source: &Source<'_>, range: Range<usize>, depth: usize) -> Option<Vec<Ddl>> {
    let text = source.filled.get(range.clone())?;
    let is_block = text.get(..2)?.eq_ignore_ascii_case("do");
    let shown = is_block.then(|| block::without_into(text, source.dialect));
    let parse = SourceFile::parse(shown.as_deref().unwrap_or(text));
    let tree = parse.tree();
    let mut statements = tree.stmts();
    let statement = statements.next()?;
    if statements.next().is_some() {
        return None;
    }
    let reader = Reader {
        source,
        start: range.start,
    };
    if let ast::Stmt::Do(block) = &statement {
        return Some(reader.block(block, range, depth));
    }
    if !parse.errors().is_empty() {
        return None;
    }
    match statement {
        ast::Stmt::CreateTable(statement) => reader.create_table(&statement),
        ast::Stmt::CreateTableAs(statement) => reader.create_table_as(&statement),
        ast::Stmt::CreateForeignTable(statement) => reader.create_foreign_table(&statement),
        ast::Stmt::SelectInto(statement) => reader.select_into(&statement),
        ast::Stmt::AlterTable(statement) => {
            let relation = statement.table_relation_name()?;
            let found = reader.alter_table(
                relation.table_name_ref()?.syntax(),
                statement.if_exists().is_some(),
                statement.actions(),
            );
            Some(only(&relation, found?))
        }
        ast::Stmt::AlterForeignTable(statement) => reader.alter_table(
            statement.table_relation_name()?.table_name_ref()?.syntax(),
            statement.if_exists().is_some(),
            statement.actions(),
        ),
        ast::Stmt::CreateIndex(statement) => reader.create_index(&statement),
        _ => None,
    }
}

/// Where the grammar stops to follow a statement that is known as a whole. What it says of values is another matter.
pub(super) fn syntax_error(source: &Source<'_>, range: Range<usize>) -> Option<usize> {
    let text = source.known(range)?;
    let errors = SourceFile::parse(text).errors();
    let first = errors.iter().min_by_key(|error| error.range().start())?;
    first
        .message()
        .starts_with("expected")
        .then(|| usize::from(first.range().start()))
}

/// What is said with `ONLY` leaves partitions alone.
fn only(relation: &ast::TableRelationName, found: Vec<Ddl>) -> Vec<Ddl> {
    if relation.only_token().is_none() {
        return found;
    }
    found
        .into_iter()
        .map(|ddl| Ddl::Only(Box::new(ddl)))
        .collect()
}

struct Reader<'a> {
    source: &'a Source<'a>,
    /// Where the parsed piece begins in the text.
    start: usize,
}

impl Reader<'_> {
    fn range(&self, node: &SyntaxNode) -> Range<usize> {
        let range = node.text_range();
        self.start + usize::from(range.start())..self.start + usize::from(range.end())
    }

    /// The name that a node is, with its schema; `None` where it is not known.
    fn name(&self, node: &SyntaxNode) -> Option<SmolStr> {
        let range = self.range(node);
        self.source.known(range.clone())?;
        self.source.name(range)
    }

    fn names<N: AstNode>(&self, nodes: impl Iterator<Item = N>) -> Option<Vec<SmolStr>> {
        nodes.map(|node| self.name(node.syntax())).collect()
    }

    fn expression(&self, node: &SyntaxNode) -> Fact<SmolStr> {
        self.source.expression(self.range(node))
    }

    fn columns(&self, node: &SyntaxNode) -> Vec<SmolStr> {
        self.source.columns(self.range(node))
    }

    /// The text of a node in levelled spelling.
    fn text(&self, node: &SyntaxNode) -> SmolStr {
        let text = self.source.text.get(self.range(node));
        super::canonical_text(text.unwrap_or_default(), self.source.dialect)
    }
}
