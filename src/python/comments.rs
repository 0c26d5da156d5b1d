//! Comments that speak to the linter, and what they stand at.

use tree_sitter::Node;

use super::parse::syntax_tree;
use crate::source::Span;

/// A comment that holds a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From its sign (`#`, or `--` inside of a string) to the end of the line.
    pub span: Span,
    /// Nothing but white space stands before it.
    pub is_own_line: bool,
    /// Whether it is a comment of SQL inside of a string.
    pub is_sql: bool,
    /// What it is about: its line, or, on a line of its own, the statement or argument that follows. Of a compound
    /// statement only the head; empty where nothing follows.
    pub governs: Span,
}

/// The comments of Python source that hold a mark, in order; comments of SQL in its strings, too.
pub fn comments(text: &str, mark: &str) -> Vec<Comment> {
    let mut places = memchr::memmem::find_iter(text.as_bytes(), mark).peekable();
    if places.peek().is_none() {
        return Vec::new();
    }
    let Some(tree) = syntax_tree(text) else {
        return Vec::new();
    };
    let root = tree.root_node();
    places.filter_map(|at| comment(text, root, at)).collect()
}

/// What is said about a function in words: its docstring, the comments within it, at its end and directly above it, and what
/// it prints or logs. Without signs and quotes, in the order in which they are written.
pub fn remarks(text: &str, function: Span) -> Vec<String> {
    let remarks = remarks_by_row(text, function).into_iter();
    remarks.map(|(_, remark)| remark).collect()
}

/// The same, each with the row on which it begins.
pub fn remarks_by_row(text: &str, function: Span) -> Vec<(usize, String)> {
    let Some(tree) = syntax_tree(text) else {
        return Vec::new();
    };
    let mut remarks = Vec::new();
    let (above, below) = around(text, function);
    collect_remarks(
        tree.root_node(),
        text,
        Span::new(above, below),
        &mut remarks,
    );
    remarks
}

/// From the comments that stand directly above a function to those at its end, or at that of the file, where nothing else
/// comes after it.
fn around(text: &str, function: Span) -> (u32, u32) {
    let mut above = line_around(text, function.start as usize).start;
    while above > 0 {
        let line = line_around(text, above as usize - 1);
        let code = line.slice(text).trim_start();
        if !code.starts_with(['#', '@']) {
            break;
        }
        above = line.start;
    }
    let mut below = line_around(text, function.end as usize).end;
    while (below as usize) < text.len() {
        let line = line_around(text, below as usize + 1);
        let code = line.slice(text);
        let is_inside = code.starts_with([' ', '\t']) && code.trim_start().starts_with('#');
        if !is_inside && !code.trim().is_empty() {
            break;
        }
        below = line.end.max(below + 1);
    }
    let rest = text.get(below as usize..).unwrap_or_default();
    let is_remark = |line: &str| line.is_empty() || line.starts_with('#');
    if rest.lines().all(|line| is_remark(line.trim())) {
        below += rest.len() as u32;
    }
    (above, below)
}

fn collect_remarks(node: Node<'_>, text: &str, within: Span, remarks: &mut Vec<(usize, String)>) {
    if node.end_byte() <= within.start as usize || node.start_byte() >= within.end as usize {
        return;
    }
    let written = text.get(node.byte_range()).unwrap_or_default();
    let row = node.start_position().row;
    match node.kind() {
        "comment" => {
            let words = written.trim_matches(|c: char| c == '#' || c.is_whitespace());
            remarks.push((row, words.to_owned()));
        }
        "string" if is_statement(node) || is_printed(node, text) => {
            let words = written.trim_start_matches(|c: char| c.is_alphabetic());
            let words = words.trim_matches(['"', '\'']).trim();
            remarks.push((row, words.to_owned()));
        }
        _ => {
            let mut cursor = node.walk();
            for child in node.children(&mut cursor) {
                collect_remarks(child, text, within, remarks);
            }
        }
    }
}

/// True for a string that stands alone: it is there to be read.
fn is_statement(node: Node<'_>) -> bool {
    node.parent()
        .is_some_and(|parent| parent.kind() == "expression_statement" && parent.child_count() == 1)
}

/// True for a constant that is printed or logged: `print("…")`, `print "…"`, `logger.warning("…")`.
fn is_printed(node: Node<'_>, text: &str) -> bool {
    let mut cursor = node.walk();
    if node
        .children(&mut cursor)
        .any(|part| part.kind() == "interpolation")
    {
        return false;
    }
    let mut outer = node.parent();
    if let Some(parts) = outer.filter(|outer| outer.kind() == "concatenated_string") {
        outer = parts.parent();
    }
    let Some(outer) = outer else { return false };
    match outer.kind() {
        "print_statement" => true,
        "argument_list" => outer.parent().is_some_and(|call| {
            let function = call.child_by_field_name("function");
            let name = function.and_then(|function| text.get(function.byte_range()));
            let name = name.and_then(|name| name.rsplit('.').next());
            name.is_some_and(|name| SAYING.contains(&name))
        }),
        _ => false,
    }
}

/// Functions and methods that tell somebody something.
const SAYING: [&str; 9] = [
    "print",
    "print_stdout",
    "echo",
    "debug",
    "info",
    "warn",
    "warning",
    "error",
    "critical",
];

/// Where the string begins that would be torn by breaking the line at this offset.
pub fn string_around(text: &str, offset: u32) -> Option<u32> {
    let tree = syntax_tree(text)?;
    let at = offset as usize;
    let mut node = tree.root_node().descendant_for_byte_range(at, at);
    while let Some(inner) = node {
        if inner.kind() == "string" {
            let is_inside = inner.start_byte() < at && at < inner.end_byte();
            return is_inside.then_some(inner.start_byte() as u32);
        }
        node = inner.parent();
    }
    None
}

/// The comment around an offset.
fn comment(text: &str, root: Node<'_>, at: usize) -> Option<Comment> {
    let node = root.descendant_for_byte_range(at, at + 1)?;
    let line = line_around(text, at);
    let before = text.get(line.start as usize..at)?;
    let is_sql = match node.kind() {
        "comment" => false,
        "string_content" | "escape_sequence" | "string" => true,
        _ => return None,
    };
    let sign = if is_sql { "--" } else { "#" };
    // `# noqa  # migrate-lint: …` is one comment to Python.
    let column = before.rfind(sign)?;
    if !before.get(column + sign.len()..)?.trim().is_empty() {
        return None;
    }
    let ends = if is_sql {
        // A string of one line ends before its line does.
        (line.end as usize).min(node.end_byte().max(at))
    } else {
        node.end_byte()
    };
    let start = line.start + column as u32;
    // Before another comment on the same line there may be nothing, too.
    let code = if is_sql {
        before.get(..column)?
    } else {
        text.get(line.start as usize..node.start_byte())?
    };
    let is_own_line = code.trim().is_empty();
    let governs = match (is_own_line, is_sql) {
        (false, _) => line,
        (true, true) => next_line(text, line.end as usize),
        (true, false) => next_code(text, root, line.end as usize),
    };
    Some(Comment {
        span: Span::new(start, ends as u32),
        is_own_line,
        is_sql,
        governs,
    })
}

/// The line an offset is on, without its end.
fn line_around(text: &str, at: usize) -> Span {
    let bytes = text.as_bytes();
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let before = bytes.get(..at).unwrap_or_default();
    let after = bytes.get(at..).unwrap_or_default();
    let start = before.iter().rposition(is_end).map_or(0, |end| end + 1);
    let end = after
        .iter()
        .position(is_end)
        .map_or(bytes.len(), |end| at + end);
    Span::new(start as u32, end as u32)
}

fn next_line(text: &str, end: usize) -> Span {
    let rest = text.get(end..).unwrap_or_default();
    match rest.find(|c: char| !c.is_whitespace()) {
        Some(offset) => line_around(text, end + offset),
        None => Span::at(end as u32),
    }
}

/// The statement or argument that begins on the next line with code.
fn next_code(text: &str, root: Node<'_>, end: usize) -> Span {
    let mut at = end;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(offset) = rest.find(|c: char| !c.is_whitespace()) else {
            return Span::at(end as u32);
        };
        at += offset;
        if !text.get(at..).is_some_and(|code| code.starts_with('#')) {
            break;
        }
        at = line_around(text, at).end as usize;
    }
    let Some(mut node) = root.descendant_for_byte_range(at, at + 1) else {
        return line_around(text, at);
    };
    while let Some(parent) = node.parent()
        && parent.start_byte() == node.start_byte()
        && !matches!(parent.kind(), "module" | "block" | "argument_list")
    {
        node = parent;
    }
    // A closing bracket or the like is no code of its own.
    if node.start_byte() < at || !node.is_named() {
        return line_around(text, at);
    }
    Span::new(at as u32, head_end(node) as u32)
}

/// Where a statement ends, or the head of a compound one.
fn head_end(node: Node<'_>) -> usize {
    let mut cursor = node.walk();
    let mut colon = None;
    for child in node.children(&mut cursor) {
        match child.kind() {
            ":" => colon = Some(child.end_byte()),
            "block" => return colon.unwrap_or(child.start_byte()),
            "function_definition" | "class_definition" => return head_end(child),
            _ => {}
        }
    }
    node.end_byte()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn governed(text: &str) -> Vec<&str> {
        comments(text, "lint:")
            .into_iter()
            .map(|comment| comment.governs.slice(text).trim_end())
            .collect()
    }

    #[test]
    fn a_comment_at_the_end_of_a_line_is_about_the_line() {
        assert_eq!(
            governed("f(\n    1,  # lint: x\n)\n"),
            ["    1,  # lint: x"]
        );
    }

    #[test]
    fn a_comment_of_its_own_line_is_about_what_follows() {
        assert_eq!(
            governed("# lint: x\n# more\n\nf(\n  1,\n)\ng()\n"),
            ["f(\n  1,\n)"]
        );
        assert_eq!(
            governed("f(\n    # lint: x\n    g(1,\n      2),\n    3)\n"),
            ["g(1,\n      2)"]
        );
        assert_eq!(
            governed("# lint: x\n@d\ndef f(\n  a):\n    # lint: y\n    pass\n"),
            ["@d\ndef f(\n  a):", "pass"]
        );
        assert_eq!(
            governed("if a:\n    b()\n    # lint: x\nelse:\n    c()\n"),
            ["else:"]
        );
        assert_eq!(governed("a = 1\n# lint: x\n"), [""]);
        assert_eq!(governed("# noqa  # lint: x\nf()\n"), ["f()"]);
    }

    #[test]
    fn comments_of_sql_are_found_in_strings() {
        let text = "op.execute(\"\"\"\n  -- lint: x\n  DROP TABLE a;\n  DROP TABLE b; -- lint: y\n\"\"\")\n";
        assert_eq!(
            governed(text),
            ["  DROP TABLE a;", "  DROP TABLE b; -- lint: y"]
        );
        let found = comments(text, "lint:");
        assert_eq!(found[0].span.slice(text), "-- lint: x");
        let text = "op.execute(\"DROP TABLE a -- lint: z\")\n";
        assert_eq!(comments(text, "lint:")[0].span.slice(text), "-- lint: z");
    }

    #[test]
    fn a_function_is_talked_about_around_it_and_inside() {
        let text = "# far\nx = 1\n\n# above\n@d\ndef f():\n    \"\"\"What.\"\"\"\n    g('no # one')  # beside\n\n    # end\n# after\ny = 2\n";
        let start = text.find("def").unwrap() as u32;
        let end = text.find("  # beside").unwrap() as u32;
        assert_eq!(
            remarks(text, Span::new(start, end)),
            ["above", "What.", "beside", "end"]
        );
        assert_eq!(remarks("def f():\n    pass", Span::new(0, 17)), [""; 0]);
        let last = "def f():\n    pass\n\n\n# what it\n#\n#     would do\n";
        assert_eq!(remarks(last, Span::new(0, 17)), ["what it", "", "would do"]);
    }

    #[test]
    fn what_a_function_prints_or_logs_is_said_about_it() {
        for (body, is_said) in [
            ("print 'not supported'", true),
            ("print('not ' 'supported')", true),
            ("log.warning(\"not supported\")", true),
            ("op.execute('not supported')", false),
            ("print(f'not {supported}')", false),
        ] {
            let text = format!("def f():\n    {body}\n");
            let span = Span::new(0, text.len() as u32 - 1);
            assert_eq!(!remarks(&text, span).is_empty(), is_said, "{body}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        assert_eq!(
            comments("a = 'lint: x'\n# see lint: x\nb = '# lint: x'\n", "lint:"),
            []
        );
        let text = "a = 1  # noqa: E501  # lint: x\n";
        assert_eq!(comments(text, "lint:")[0].span.slice(text), "# lint: x");
    }
}
