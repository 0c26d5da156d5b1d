//! Text of files in XML and HTML: it is shown as it is, and does nothing.

use std::collections::BTreeSet;

use crate::report::{code_spans, sanitise_line};

/// Text between tags or in a quoted attribute, of XML and HTML alike.
pub(in crate::report) fn text(written: &str) -> String {
    let clean = sanitise_line(written);
    let mut escaped = String::with_capacity(clean.len());
    for c in clean.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // The two that are no characters of XML, besides the control characters that are gone by now.
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text of HTML in which pairs of backticks mean code.
pub(in crate::report) fn prose(written: &str) -> String {
    code_spans(written)
        .into_iter()
        .map(|(is_code, part)| {
            let shown = text(&part);
            if is_code {
                format!("<code>{shown}</code>")
            } else {
                shown
            }
        })
        .collect()
}

/// Text on one line of so many columns; what is longer ends in `…`.
pub(in crate::report) fn cut(written: &str, columns: usize) -> String {
    let clean = sanitise_line(written);
    let clean = clean.trim();
    if width(clean) <= columns {
        return clean.to_owned();
    }
    let mut kept = String::new();
    let mut left = columns.saturating_sub(1);
    for c in clean.chars() {
        let Some(rest) = left.checked_sub(columns_of(c)) else {
            break;
        };
        left = rest;
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// The columns that text takes: the characters of East Asia take two, and so do pictures.
pub(in crate::report) fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(c: char) -> usize {
    match u32::from(c) {
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1_f000..=0x3_ffff => 2,
        _ => 1,
    }
}

/// Names for places in a document, each given once.
///
/// They consist of characters that mean nothing in attributes, fragments of URLs and selectors of CSS alike, but for the
/// `~` before the hexadecimal digits of all others.
#[derive(Debug, Default)]
pub(in crate::report) struct Anchors {
    given: BTreeSet<String>,
}

impl Anchors {
    /// `rev-3f1c` for `rev` and `3f1c`; a second one with these names becomes `rev-3f1c~~2`.
    pub(in crate::report) fn give(&mut self, kind: &str, name: &str) -> String {
        let mut anchor = format!("{kind}-");
        for byte in name.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    anchor.push(char::from(byte));
                }
                _ => anchor.push_str(&format!("~{byte:02x}")),
            }
        }
        let mut candidate = anchor.clone();
        let mut count = 1;
        while !self.given.insert(candidate.clone()) {
            count += 1;
            candidate = format!("{anchor}~~{count}");
        }
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_neither_elements_nor_attributes() {
        assert_eq!(
            text("\"><script>alert('1')</script>&amp;"),
            "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;"
        );
        assert_eq!(text("]]><!--"), "]]&gt;&lt;!--");
        assert_eq!(
            text("a\u{1b}\u{0}\n\u{202e}\u{ffff}b"),
            "a?? \u{fffd}\u{fffd}b"
        );
        assert_eq!(text("größe 表"), "größe 表");
    }

    #[test]
    fn code_stands_between_backticks() {
        assert_eq!(
            prose("column `a<b` of `t`"),
            "column <code>a&lt;b</code> of <code>t</code>"
        );
        assert_eq!(prose("a ` b"), "a ` b");
        assert_eq!(prose("`a` ` <"), "<code>a</code> ` &lt;");
        assert_eq!(prose(""), "");
    }

    #[test]
    fn long_text_is_cut_by_columns() {
        assert_eq!(cut(" abcdef ", 6), "abcdef");
        assert_eq!(cut("abc defg", 5), "abc…");
        assert_eq!(cut("表表表", 6), "表表表");
        assert_eq!(cut("表表表", 5), "表表…");
        assert_eq!(cut("", 3), "");
        assert_eq!(width("a表…"), 4);
    }

    #[test]
    fn anchors_are_harmless_and_given_once() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.give("rev", "3f1c_a-b.c"), "rev-3f1c_a-b.c");
        assert_eq!(anchors.give("rev", "3f1c_a-b.c"), "rev-3f1c_a-b.c~~2");
        assert_eq!(anchors.give("rev", "a b\"~é#"), "rev-a~20b~22~7e~c3~a9~23");
        assert_eq!(anchors.give("rev", ""), "rev-");
        assert_eq!(anchors.give("row", "3f1c_a-b.c"), "row-3f1c_a-b.c");
    }
}
