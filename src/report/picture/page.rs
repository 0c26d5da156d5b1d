//! A page of HTML that needs nothing but itself. It is well-formed XML, too.

use std::io::{self, Write};

use super::{STYLE, text};

const PAGE_STYLE: &str = include_str!("page.css");

/// Hides what does not match the words in the search box. Without it the box is not shown, and all else works.
const SCRIPT: &str = include_str!("filter.js");

/// The SHA-256 of the script, in base 64: no other script runs on the page.
const SCRIPT_HASH: &str = "chVBfNEgzuRYCePtcAAD8eYJ4wQH1wbtKYsbNeh21+E=";

/// A picture beside cards on what it shows.
pub(in crate::report) struct Page {
    /// As text.
    pub(in crate::report) title: String,
    /// What there is to say first, as HTML.
    pub(in crate::report) notes: Vec<String>,
    /// What the search box is for: `id, message or file`.
    pub(in crate::report) search: &'static str,
    pub(in crate::report) picture: String,
    pub(in crate::report) cards: String,
}

impl Page {
    pub(in crate::report) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let title = text(&self.title);
        let search = text(self.search);
        writeln!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             script-src 'sha256-{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n\
             <meta name=\"referrer\" content=\"no-referrer\"/>\n\
             <title>{title}</title>\n<style>{STYLE}{PAGE_STYLE}</style>\n</head>\n<body>"
        )?;
        writeln!(
            out,
            "<header><h1>{title}</h1><label id=\"search\" hidden=\"\">Search \
             <input type=\"search\" placeholder=\"{search}\" autocomplete=\"off\" spellcheck=\"false\"/></label></header>"
        )?;
        writeln!(out, "<main tabindex=\"-1\">")?;
        for note in &self.notes {
            writeln!(out, "<p class=\"note\">{note}</p>")?;
        }
        out.write_all(self.picture.as_bytes())?;
        writeln!(out, "</main>\n<aside>")?;
        out.write_all(self.cards.as_bytes())?;
        writeln!(out, "</aside>\n<script>{SCRIPT}</script>\n</body>\n</html>")
    }
}
#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_script_is_the_one_that_may_run() {
        let digest = Sha256::digest(SCRIPT.as_bytes());
        assert_eq!(SCRIPT_HASH, base64(&digest));
        // Nothing in it ends the element, or is anything but text to readers of XML.
        assert!(!SCRIPT.contains(['<', '&']));
        assert!(![STYLE, PAGE_STYLE].concat().contains(['<', '&']));
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for part in [SCRIPT, STYLE, PAGE_STYLE] {
            for word in ["http", "url(", "import", "//"] {
                assert!(!part.contains(word), "{word}");
            }
        }
    }

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let bits = chunk
                .iter()
                .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - chunk.len()));
            for digit in 0..4 {
                if digit <= chunk.len() {
                    let index = (bits >> (18 - 6 * digit)) & 63;
                    text.push(char::from(DIGITS[index as usize]));
                } else {
                    text.push('=');
                }
            }
        }
        text
    }
}
