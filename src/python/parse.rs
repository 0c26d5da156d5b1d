//! From text to syntax tree, by tree-sitter and one pass of lowering.

mod definitions;
mod expressions;
mod kinds;
mod literals;
mod patterns;
mod statements;

use std::cell::RefCell;

use tree_sitter::{Node, Parser, Tree, TreeCursor};

use self::kinds::{Field, Kind, Kinds};
use crate::python::ast::Module;
use crate::source::Span;

/// Nesting deeper than this is [`Invalid`](crate::python::ast::ExprKind::Invalid): CPython refuses more than 200 nested
/// parentheses.
const MAX_DEPTH: u32 = 256;

/// Longest chain of binary operators (`"a" + "b" + …`) that is read; what follows works on it recursively.
const MAX_CHAIN: usize = 1_000;

/// A place where the text is not Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub message: String,
    pub span: Span,
}

thread_local! {
    /// A parser keeps its stacks and arenas between files.
    static PARSER: RefCell<Parser> = RefCell::new(new_parser());
}

fn new_parser() -> Parser {
    let mut parser = Parser::new();
    let set = parser.set_language(&tree_sitter_python::LANGUAGE.into());
    debug_assert!(
        set.is_ok(),
        "the grammar's ABI is the one this tree-sitter supports"
    );
    parser
}

/// The syntax tree of a text; `None` only if the parser is told to stop, which nobody does.
pub(super) fn syntax_tree(text: &str) -> Option<Tree> {
    PARSER.with_borrow_mut(|parser| parser.parse(text, None))
}

/// Parses a file. The first syntax error is returned beside the tree of all that could be read.
pub fn parse(text: &str) -> (Module, Option<SyntaxError>) {
    let Some(tree) = syntax_tree(text) else {
        let error = SyntaxError {
            message: "the file could not be parsed".to_owned(),
            span: Span::at(0),
        };
        return (Module::default(), Some(error));
    };
    let error = first_error(&tree, text);
    let mut lowering = Lowering::new(text, tree.walk());
    (
        Module {
            body: lowering.module(),
        },
        error,
    )
}

/// Walks the syntax tree once and builds our own.
struct Lowering<'t> {
    text: &'t str,
    cursor: TreeCursor<'t>,
    kinds: &'static Kinds,
    /// What the cursor stands on, asked once for each node: every question to the tree is a call into C.
    at: At,
    depth: u32,
    /// Set by a `yield`, taken by the function around it.
    yields: bool,
}

/// A node, as far as lowering needs to know it.
#[derive(Clone, Copy)]
struct At {
    kind: Kind,
    field: Field,
    span: Span,
}

impl<'t> Lowering<'t> {
    fn new(text: &'t str, cursor: TreeCursor<'t>) -> Self {
        let at = At {
            kind: Kind::Other,
            field: Field::None,
            span: Span::default(),
        };
        let mut lowering = Self {
            text,
            cursor,
            kinds: Kinds::get(),
            at,
            depth: 0,
            yields: false,
        };
        lowering.look();
        lowering
    }

    /// Looks at the node the cursor has moved to.
    fn look(&mut self) {
        let node = self.cursor.node();
        self.at = At {
            kind: self.kinds.kind(node.kind_id()),
            field: self
                .cursor
                .field_id()
                .map_or(Field::None, |id| self.kinds.field(id.get())),
            span: Span::new(node.start_byte() as u32, node.end_byte() as u32),
        };
    }

    fn kind(&self) -> Kind {
        self.at.kind
    }

    fn field(&self) -> Field {
        self.at.field
    }

    fn span(&self) -> Span {
        self.at.span
    }

    fn node_text(&self) -> &'t str {
        self.at.span.slice(self.text)
    }

    /// Visits the children of the current node, without comments and line continuations. The visitor must leave the
    /// cursor where it found it.
    fn children(&mut self, mut visit: impl FnMut(&mut Self, Field, Kind)) {
        if !self.cursor.goto_first_child() {
            return;
        }
        let parent = self.at;
        loop {
            self.look();
            if !matches!(self.at.kind, Kind::Comment | Kind::LineContinuation) {
                visit(self, self.at.field, self.at.kind);
            }
            if !self.cursor.goto_next_sibling() {
                break;
            }
        }
        self.cursor.goto_parent();
        self.at = parent;
    }

    /// Runs `lower` one level deeper, unless that is too deep.
    fn deeper<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let lowered = lower(self);
        self.depth -= 1;
        Some(lowered)
    }
}

/// The first place the parser had to skip or invent something.
fn first_error(tree: &Tree, text: &str) -> Option<SyntaxError> {
    let root = tree.root_node();
    if !root.has_error() {
        return None;
    }
    let mut cursor = root.walk();
    let mut node = root;
    loop {
        if node.is_missing() {
            let message = format!("expected {}", describe_token(node.kind()));
            return Some(SyntaxError {
                message,
                span: Span::from(node.byte_range()),
            });
        }
        if node.is_error() {
            return Some(describe_error(node, text));
        }
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        match children.into_iter().find(Node::has_error) {
            Some(child) => node = child,
            None => {
                return Some(SyntaxError {
                    message: "invalid syntax".to_owned(),
                    span: Span::from(node.byte_range()),
                });
            }
        }
    }
}

fn describe_token(kind: &str) -> String {
    match kind {
        "_newline" => "a new line".to_owned(),
        "_indent" | "block" => "an indented block".to_owned(),
        "_dedent" => "less indentation".to_owned(),
        "identifier" => "a name".to_owned(),
        "string_end" => "the end of the string".to_owned(),
        token => format!("`{token}`"),
    }
}

fn describe_error(node: Node<'_>, text: &str) -> SyntaxError {
    if let Some(bracket) = unclosed_bracket(node) {
        let message = format!("{} was never closed", describe_token(bracket.kind()));
        return SyntaxError {
            message,
            span: Span::from(bracket.byte_range()),
        };
    }
    // The error node may begin long before the mistake and swallow much after it: its first line is the place.
    let content = text.get(node.byte_range()).unwrap_or_default();
    let first_line = content.lines().next().unwrap_or_default();
    let start = node.start_byte() as u32;
    let end = start + first_line.len() as u32;
    let marker = ["<<<<<<<", "=======", ">>>>>>>"]
        .iter()
        .find(|marker| first_line.trim_start().starts_with(**marker));
    let message = match marker {
        Some(_) => "a merge conflict marker is left in the file".to_owned(),
        None => "invalid syntax".to_owned(),
    };
    SyntaxError {
        message,
        span: Span::new(start, end),
    }
}

/// An opening bracket among the parts of a broken piece that has no partner there.
fn unclosed_bracket(node: Node<'_>) -> Option<Node<'_>> {
    let mut open = Vec::new();
    for child in node.children(&mut node.walk()) {
        match child.kind() {
            "(" | "[" | "{" => open.push(child),
            ")" | "]" | "}" => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::ast::{self, ExprKind, StmtKind};

    #[test]
    fn error_free_files_have_no_error() {
        for text in [
            "",
            "x = 1",
            "try:\n    pass\nexcept A, B:\n    pass\n",
            "type X = int\nmatch x:\n    case 1:\n        pass\n",
            "print >>f, 'old'\n",
            "f\"{x!r:>{width}}\"\n",
        ] {
            assert_eq!(parse(text).1, None, "{text}");
        }
    }

    #[test]
    fn an_error_has_a_place_and_leaves_the_rest_readable() {
        let (module, error) =
            parse("revision = 'a'\ndef upgrade(:\n    pass\ndown_revision = 'b'\n");
        assert!(error.is_some());
        assert!(matches!(&module.body[0].kind, StmtKind::Assign { .. }));

        let (_, error) = parse("x = (1,\n");
        assert_eq!(error.unwrap().message, "`(` was never closed");

        let (_, error) = parse("a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> other\n");
        assert_eq!(
            error.unwrap().message,
            "a merge conflict marker is left in the file"
        );
    }

    #[test]
    fn what_the_parentheses_of_with_hold_are_items() {
        for (text, items) in [
            ("a as b", [("a", "b")].as_slice()),
            ("(a as b)", &[("a", "b")]),
            ("(\n    a as b\n)", &[("a", "b")]),
            ("(a as b,)", &[("a", "b")]),
            ("(a as b, c as d)", &[("a", "b"), ("c", "d")]),
            ("(\n    a as b,\n    c,\n)", &[("a", "b"), ("c", "")]),
            ("(a, c)", &[("a", ""), ("c", "")]),
            ("(a)", &[("a", "")]),
            ("a, c as d", &[("a", ""), ("c", "d")]),
        ] {
            let (module, error) = parse(&format!("with {text}:\n    pass\n"));
            assert_eq!(error, None, "{text}");
            let StmtKind::With(with) = &module.body[0].kind else {
                panic!("a with statement")
            };
            let name = |expr: &ast::Expr| match &expr.kind {
                ExprKind::Name(name) => name.to_string(),
                other => format!("{other:?}"),
            };
            let found: Vec<(String, String)> = with
                .items
                .iter()
                .map(|item| {
                    let target = item.target.as_ref().map(name).unwrap_or_default();
                    (name(&item.context), target)
                })
                .collect();
            let expected: Vec<(String, String)> = items
                .iter()
                .map(|(context, target)| ((*context).to_owned(), (*target).to_owned()))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_cut_off() {
        let text = format!("x = {}1{}\n", "(".repeat(20_000), ")".repeat(20_000));
        let (module, _) = parse(&text);
        assert_eq!(module.body.len(), 1);
        for (terms, is_read) in [(900, true), (20_000, false)] {
            let chain = format!("x = {}\ny = 1\n", vec!["1"; terms].join(" + "));
            let (module, _) = parse(&chain);
            assert_eq!(module.body.len(), 2);
            let StmtKind::Assign { value, .. } = &module.body[0].kind else {
                panic!("an assignment")
            };
            assert_eq!(value.kind != ExprKind::Invalid, is_read);
        }
    }
}
