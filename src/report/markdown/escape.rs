//! Text of files in Markdown: it is shown as it is, and does nothing.

use crate::report::{code_spans, sanitise_line};

/// Text in which only pairs of backticks mean something: what is between them is code.
pub(super) fn text(written: &str) -> String {
    let mut escaped = String::new();
    for (is_code, part) in code_spans(&sanitise_line(written)) {
        match (is_code, part.is_empty()) {
            (true, true) => escaped.push_str("&#96;&#96;"),
            (true, false) => {
                // Two pieces of code side by side would be one with longer marks.
                if escaped.ends_with('`') {
                    escaped.push(' ');
                }
                escaped.push_str(&code(&part));
            }
            (false, _) => escape_into(&mut escaped, &part),
        }
    }
    escaped
}

/// Code, as in a cell of a table too.
pub(super) fn code(written: &str) -> String {
    let clean = sanitise_line(written);
    // Readers disagree on which backslashes keep a cell of a table together.
    if clean.trim().is_empty() || clean.contains(['`', '|', '\\']) {
        let mut escaped = String::from("<code>");
        escape_into(&mut escaped, &clean);
        escaped.push_str("</code>");
        return escaped;
    }
    format!("`{clean}`")
}

/// Characters that mean something to Markdown, HTML or GitHub (mentions, references, mathematics) as entities.
fn escape_into(escaped: &mut String, text: &str) {
    let mut previous = ' ';
    for (index, c) in text.char_indices() {
        let is_special = match c {
            '&' | '<' | '>' | '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '@' | '!'
            | '$' | '^' => {
                // Inside of a word an underscore is an underscore.
                !(c == '_'
                    && previous.is_alphanumeric()
                    && text[index + 1..].starts_with(char::is_alphanumeric))
            }
            // Addresses become links by themselves.
            ':' => text[index + 1..].starts_with("//"),
            '.' => previous.eq_ignore_ascii_case(&'w'),
            _ => false,
        };
        if is_special {
            escaped.push_str(&format!("&#{};", u32::from(c)));
        } else {
            escaped.push(c);
        }
        previous = c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_backticks_are_code_and_the_rest_is_text() {
        assert_eq!(
            text("column `a_b` of `t|u` is *gone*"),
            "column `a_b` of <code>t&#124;u</code> is &#42;gone&#42;"
        );
        assert_eq!(
            text("snake_case and _edge_"),
            "snake_case and &#95;edge&#95;"
        );
        assert_eq!(
            text("@all #1 https://x www.x"),
            "&#64;all &#35;1 https&#58;//x www&#46;x"
        );
        assert_eq!(text("<img src=x>"), "&#60;img src=x&#62;");
    }

    #[test]
    fn no_backtick_goes_astray() {
        assert_eq!(text("a ` b"), "a &#96; b");
        assert_eq!(text("`` x"), "&#96;&#96; x");
        assert_eq!(text("`a``b`"), "`a` `b`");
        assert_eq!(text("`a`b`"), "`a`b&#96;");
        assert_eq!(code("a`b"), "<code>a&#96;b</code>");
    }
}
