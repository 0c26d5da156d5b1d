//! The text that `EXECUTE` of PL/pgSQL runs, as far as it is made of literals.

use crate::sql::HOLE;
use crate::sql::token::{Token, TokenKind};

/// The value of literals joined by `||`, and of `format(…)`; holes stand for everything else. `None` where nothing is
/// known of it.
pub(super) fn dynamic_text(tokens: &[Token<'_>]) -> Option<String> {
    let mut text = String::new();
    let mut is_known = false;
    for piece in pieces(tokens) {
        match value(piece) {
            Some(value) => {
                is_known = true;
                text.push_str(&value);
            }
            None => text.push(HOLE),
        }
    }
    is_known.then_some(text)
}

/// The operands of `||` outside of parentheses.
fn pieces<'a, 'b>(tokens: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    let mut found = Vec::new();
    let mut depth = 0_i32;
    let mut start = 0;
    for (index, pair) in tokens.windows(2).enumerate() {
        let [one, two] = pair else { continue };
        match one.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0
            && one.is_punctuation("|")
            && two.is_punctuation("|")
            && one.range.end == two.range.start
        {
            found.extend(tokens.get(start..index));
            start = index + 2;
        }
    }
    found.extend(tokens.get(start..));
    found
}

fn value(tokens: &[Token<'_>]) -> Option<String> {
    match tokens {
        [string] if string.kind == TokenKind::String => string.string_value(),
        [function, open, inside @ .., close]
            if open.is_punctuation("(") && close.is_punctuation(")") =>
        {
            let arguments: Vec<&[Token<'_>]> =
                inside.split(|token| token.is_punctuation(",")).collect();
            let (first, rest) = arguments.split_first()?;
            if function.is_word("format") {
                return Some(format(&value(first)?, rest));
            }
            let quotes = ["quote_ident", "quote_literal"]
                .iter()
                .any(|name| function.is_word(name));
            match first {
                [string] if quotes && string.kind == TokenKind::String => string.string_value(),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `format('… %I … %2$L', a, b)`
fn format(template: &str, arguments: &[&[Token<'_>]]) -> String {
    let mut text = String::new();
    let mut rest = template;
    let mut next = 0;
    while let Some(at) = rest.find('%') {
        text.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if rest.get(digits..).is_some_and(|rest| rest.starts_with('$')) {
            next = rest
                .get(..digits)
                .and_then(|digits| digits.parse::<usize>().ok())
                .map_or(next, |position| position.saturating_sub(1));
            rest = rest.get(digits + 1..).unwrap_or_default();
        }
        let Some(kind) = rest.chars().next() else {
            break;
        };
        rest = rest.get(kind.len_utf8()..).unwrap_or_default();
        let argument = arguments.get(next).and_then(|argument| match argument {
            [string] if string.kind == TokenKind::String => string.string_value(),
            _ => None,
        });
        next += 1;
        match (kind, argument) {
            ('L', Some(value)) => {
                text.push_str(&format!("'{}'", value.replace('\'', "''")));
            }
            ('I', Some(value)) => {
                text.push_str(&format!("\"{}\"", value.replace('"', "\"\"")));
            }
            (_, Some(value)) => text.push_str(&value),
            ('L', None) => {
                text.push('\'');
                text.push(HOLE);
                text.push('\'');
            }
            (_, None) => text.push(HOLE),
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::sql::token::tokens_of;

    #[test]
    fn literals_are_joined() {
        for (expression, text) in [
            ("'DROP TABLE a'", Some("DROP TABLE a")),
            ("'DROP VIEW ' || quote_ident(x)", Some("DROP VIEW \u{fffc}")),
            (
                "'DROP VIEW ' || quote_ident('x') || ';'",
                Some("DROP VIEW x;"),
            ),
            (
                "format('ALTER TABLE %I DROP CONSTRAINT %2$I', 'a', r.name)",
                Some("ALTER TABLE \"a\" DROP CONSTRAINT \u{fffc}"),
            ),
            ("format('a %% %s %L', 'b', c)", Some("a % b '\u{fffc}'")),
            ("statement", None),
        ] {
            let tokens = tokens_of(expression, Dialect::PostgreSql);
            assert_eq!(dynamic_text(&tokens).as_deref(), text, "{expression}");
        }
    }
}
