//! Holes and bind parameters replaced by something a grammar takes, byte for byte.

use crate::dialect::Dialect;

use super::token::HOLE;

/// The text with SQLAlchemy's escaped colons undone, of the same length: `a\:\:int` is `a  ::int`.
pub(super) fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\\:") {
        let (before, escaped) = rest.split_at(start);
        let mut count = 0;
        while escaped
            .get(2 * count..)
            .is_some_and(|rest| rest.starts_with("\\:"))
        {
            count += 1;
        }
        plain.push_str(before);
        plain.push_str(&" ".repeat(count));
        plain.push_str(&":".repeat(count));
        rest = escaped.get(2 * count..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// The text with every hole and every bind parameter (`:name`, `%(name)s`, `%s`) replaced by as many bytes that stand
/// for a value or a name. What differs from the text is what is not known.
pub(super) fn fill(text: &str, dialect: Dialect) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut quote: Option<char> = None;
    let mut previous = ' ';
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(c) = rest.chars().next()
    {
        let mut length = c.len_utf8();
        match c {
            HOLE => {
                let stuffing = if previous.is_ascii_digit() { "0" } else { "x" };
                filled.push_str(&stuffing.repeat(length));
                at += length;
                previous = if stuffing == "0" { '0' } else { 'x' };
                continue;
            }
            '\'' | '"' | '`' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            ':' | '%' => {
                if let Some(bind) = bind_length(rest, previous) {
                    filled.push_str(&bind_filler(dialect, bind));
                    previous = 'x';
                    at += bind;
                    continue;
                }
            }
            '-' if rest.starts_with("--") => length = rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => {
                length = rest.find("*/").map_or(rest.len(), |end| end + 2);
            }
            _ => {}
        }
        push_filled(&mut filled, rest.get(..length).unwrap_or_default());
        previous = c;
        at += length;
    }
    filled
}

/// Comments may hold holes as well.
fn push_filled(filled: &mut String, piece: &str) {
    for c in piece.chars() {
        if c == HOLE {
            filled.push_str("xxx");
        } else {
            filled.push(c);
        }
    }
}

fn bind_filler(dialect: Dialect, length: usize) -> String {
    match dialect {
        // Digits alone would be a number too large for some; a parameter may have any.
        Dialect::PostgreSql => format!("${}", "1".repeat(length - 1)),
        Dialect::MySql | Dialect::Sqlite => "x".repeat(length),
    }
}

/// The length of the bind parameter at the start of `rest`, by SQLAlchemy's pattern `(?<![:\w\\]):(\w+)(?!:)`, or by
/// those of the drivers.
fn bind_length(rest: &str, previous: char) -> Option<usize> {
    if let Some(name) = rest.strip_prefix(':') {
        if previous == ':' || previous == '\\' || is_word(previous) {
            return None;
        }
        let length = name.find(|c: char| !is_word(c)).unwrap_or(name.len());
        let is_bind = length > 0 && !name.get(length..)?.starts_with(':');
        return is_bind.then_some(1 + length);
    }
    if rest.starts_with("%(") {
        let end = rest.find(')')?;
        let name = rest.get(2..end)?;
        let is_bind = name.chars().all(is_word) && rest.get(end + 1..)?.starts_with('s');
        return is_bind.then_some(end + 2);
    }
    let follows = rest.strip_prefix("%s")?;
    let is_bind = !follows.starts_with(is_word) && !is_word(previous) && previous != '%';
    is_bind.then_some(2)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == HOLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_stays() {
        for (text, expected) in [
            ("SELECT :a, :long_name", "SELECT $1, $111111111"),
            ("a::int, b[1:2], c := 1", "a::int, b[1:2], c := 1"),
            ("%(x)s, %s, a %% b, 'x%s'", "$1111, $1, a %% b, 'x%s'"),
            ("':a' \":b\" -- :c\n:d", "':a' \":b\" -- :c\n$1"),
            ("t_\u{fffc} (\u{fffc}) 1\u{fffc}", "t_xxx (xxx) 1000"),
            ("-- \u{fffc}'\n/* ' */ :a", "-- xxx'\n/* ' */ $1"),
        ] {
            let filled = fill(text, Dialect::PostgreSql);
            assert_eq!(filled, expected);
            assert_eq!(filled.len(), text.len());
        }
        assert_eq!(fill("a = :b", Dialect::MySql), "a = xx");
    }

    #[test]
    fn escaped_colons() {
        assert_eq!(without_escapes("a\\:\\:int, '\\:x'"), "a  ::int, ' :x'");
        assert_eq!(without_escapes("a\\b:"), "a\\b:");
    }
}
