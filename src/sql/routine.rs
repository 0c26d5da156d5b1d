//! Functions and procedures, compared by what they are and not by how they are written.

use std::borrow::Cow;

use super::definition::{Departure, departure};
use super::token::{Token, TokenKind, tokens_of};
use super::types::read_type;
use crate::dialect::Dialect;

/// Words that a clause of `CREATE FUNCTION` begins with.
const CLAUSES: &[&str] = &[
    "as",
    "called",
    "cost",
    "external",
    "immutable",
    "language",
    "leakproof",
    "not",
    "parallel",
    "returns",
    "rows",
    "security",
    "set",
    "stable",
    "strict",
    "support",
    "transform",
    "volatile",
    "window",
];

/// What holds where nothing else is said.
const DEFAULTS: &[&str] = &[
    "called on null input",
    "not leakproof",
    "parallel unsafe",
    "rows 1000",
    "security invoker",
    "volatile",
];

/// Where two definitions of PostgreSQL say different things; `None` where they have the same body and the same clauses around
/// it, in whatever order and whether defaults are written or not. Their arguments are the same, for routines are told apart
/// by them.
pub fn routine_departure(from: &str, to: &str) -> Option<Departure> {
    let (Some(before), Some(after)) = (Routine::of(from), Routine::of(to)) else {
        return departure(from, to);
    };
    let only = |one: &Routine, other: &Routine| -> String {
        let clauses = one.clauses.iter();
        let missing: Vec<&str> = clauses
            .filter(|clause| !other.clauses.contains(clause))
            .map(String::as_str)
            .collect();
        missing.join(" ")
    };
    if before.clauses != after.clauses {
        return Some(Departure {
            from: only(&before, &after),
            to: only(&after, &before),
        });
    }
    match (before.is_read(), after.is_read()) {
        (true, true) => departure(&before.body, &after.body),
        _ => (squeezed(&before.body) != squeezed(&after.body)).then(Departure::default),
    }
}

/// A routine without its name and arguments.
struct Routine {
    /// Without defaults, sorted.
    clauses: Vec<String>,
    language: String,
    body: String,
}

impl Routine {
    fn of(definition: &str) -> Option<Self> {
        let (around, inside) = taken_out(definition);
        let tokens = tokens_of(&around, Dialect::PostgreSql);
        let start = after_parentheses(&tokens)?;
        let mut clauses: Vec<String> = Vec::new();
        let mut language = String::new();
        let mut body = None;
        for clause in clauses_of(tokens.get(start..)?)? {
            match clause {
                [word, text] if word.is_word("as") => body = Some(text.string_value()?),
                [word, name] if word.is_word("language") => language = bare(name),
                [word] if word.is_word("strict") => {
                    clauses.push("returns null on null input".to_owned());
                }
                [word, rest @ ..] if word.is_word("external") => clauses.push(written(rest)),
                _ => clauses.push(written(clause)),
            }
        }
        let cost = match language.as_str() {
            "c" | "internal" => "cost 1",
            _ => "cost 100",
        };
        clauses.retain(|clause| clause != cost && !DEFAULTS.contains(&clause.as_str()));
        let body = body.map(|text| inside.map_or(text, ToOwned::to_owned));
        clauses.push(format!("language {language}"));
        clauses.sort_unstable();
        Some(Self {
            clauses,
            language,
            body: body?,
        })
    }

    /// True where the language of the body is known.
    fn is_read(&self) -> bool {
        matches!(self.language.as_str(), "sql" | "plpgsql")
    }
}

/// What stands around a body between dollars, with an empty one in its place, and the body: with its tag levelled, it may
/// hold others.
fn taken_out(definition: &str) -> (Cow<'_, str>, Option<&str>) {
    let parts = definition.split_once("$$").and_then(|(head, rest)| {
        let (body, tail) = rest.rsplit_once("$$")?;
        Some((format!("{head}$$$${tail}"), body))
    });
    match parts {
        Some((around, body)) => (around.into(), Some(body)),
        None => (definition.into(), None),
    }
}

/// The place after the first list in parentheses.
fn after_parentheses(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        if token.is_punctuation("(") {
            depth += 1;
        } else if token.is_punctuation(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(index + 1);
            }
        }
    }
    None
}

/// The clauses after the arguments. `None` where the body is no string.
fn clauses_of<'a, 'b>(tokens: &'b [Token<'a>]) -> Option<Vec<&'b [Token<'a>]>> {
    let end = tokens.iter().rposition(|token| !token.is_punctuation(";"));
    let tokens = tokens.get(..=end?)?;
    let mut starts = Vec::new();
    let mut depth = 0_i32;
    for (index, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth != 0 || token.kind != TokenKind::Word {
            continue;
        }
        if token.is_word("begin") || token.is_word("return") {
            return None;
        }
        let previous = index.checked_sub(1).and_then(|at| tokens.get(at));
        let continues = previous.is_some_and(|previous| match token.text.to_lowercase().as_str() {
            "leakproof" => previous.is_word("not"),
            "security" => previous.is_word("external"),
            _ => false,
        });
        let is_start = CLAUSES.iter().any(|word| token.is_word(word));
        if is_start && !continues {
            starts.push(index);
        }
    }
    if starts.first() != Some(&0) {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    let pairs = starts.iter().zip(ends);
    pairs.map(|(start, end)| tokens.get(*start..end)).collect()
}

/// A clause in one spelling: types as the catalog has them, names with and without quotes alike.
fn written(clause: &[Token<'_>]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut at = 0;
    let has_types = clause.first().is_some_and(|word| word.is_word("returns"));
    let is_set = clause.first().is_some_and(|word| word.is_word("set"));
    while let Some(token) = clause.get(at) {
        let spelled = clause
            .get(at..)
            .filter(|_| has_types && at > 0 && !token.is_word("table"))
            .and_then(|rest| read_type(rest, Dialect::PostgreSql));
        if let Some((spelling, length)) = spelled {
            words.push(spelling.trim_start_matches("public.").to_owned());
            at += length.max(1);
            continue;
        }
        words.push(if is_set && token.is_word("to") {
            "=".to_owned()
        } else {
            bare(token)
        });
        at += 1;
    }
    words.join(" ")
}

/// A word, name or string without its quotes.
fn bare(token: &Token<'_>) -> String {
    let text = token.string_value().or_else(|| token.name());
    text.map_or_else(|| token.text.to_owned(), |text| text.to_lowercase())
}

/// A body without spacing and case.
fn squeezed(body: &str) -> String {
    let text: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    text.to_lowercase().trim_end_matches(';').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same_routine(from: &str, to: &str) -> bool {
        routine_departure(from, to).is_none()
    }

    const OLD: &str = "CREATE OR REPLACE FUNCTION shop.near(IN place public.geometry) RETURNS TABLE(id int, far double precision) AS \
                       $$ BEGIN -- all\n RETURN QUERY SELECT 1, ST_far('a b'); END; $$ LANGUAGE plpgsql VOLATILE COST 100 ROWS 1000;";

    fn is_same(new: &str) -> bool {
        is_same_routine(OLD, new)
    }

    #[test]
    fn other_words_for_one_function() {
        for new in [
            OLD,
            "create function shop.near(place geometry) returns table (id integer, far float8) language 'plpgsql' parallel unsafe \
             as $$ begin return query select 1, st_far('a b'); end $$",
            "CREATE FUNCTION shop.near(place geometry) RETURNS TABLE(id int, far double precision) CALLED ON NULL INPUT \
             LANGUAGE plpgsql SECURITY INVOKER NOT LEAKPROOF AS ' BEGIN /* x */ RETURN QUERY SELECT 1, ST_far(''a b''); END '",
        ] {
            assert!(is_same(new), "{new}");
        }
    }

    #[test]
    fn a_body_that_holds_another() {
        let with = |inner: &str| {
            format!(
                "CREATE FUNCTION f() RETURNS void AS $$BEGIN EXECUTE $$SELECT {inner}$$; END$$ LANGUAGE plpgsql"
            )
        };
        assert!(is_same_routine(&with("1"), &with(" 1 ")));
        assert!(!is_same_routine(&with("1"), &with("2")));
    }

    #[test]
    fn other_functions() {
        for (old, new) in [
            ("VOLATILE", "IMMUTABLE"),
            ("VOLATILE", "VOLATILE STRICT"),
            ("COST 100", "COST 1"),
            ("ROWS 1000", "ROWS 5"),
            ("VOLATILE", "SECURITY DEFINER"),
            ("VOLATILE", "PARALLEL SAFE"),
            ("VOLATILE", "SET search_path = shop"),
            ("plpgsql", "plpython3u"),
            ("id int", "id bigint"),
            ("SELECT 1", "SELECT 2"),
            ("'a b'", "'a c'"),
        ] {
            assert!(!is_same(&OLD.replacen(old, new, 1)), "{new}");
        }
    }

    #[test]
    fn one_option_in_two_ways() {
        let with = |options: &str| {
            format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql {options} AS $$ SELECT 1 $$")
        };
        for (one, other) in [
            ("STRICT", "RETURNS NULL ON NULL INPUT"),
            ("EXTERNAL SECURITY DEFINER", "SECURITY DEFINER"),
            ("SET search_path TO 'shop'", "SET search_path = shop"),
            ("STABLE STRICT", "STRICT STABLE"),
        ] {
            assert!(is_same_routine(&with(one), &with(other)), "{one}");
        }
        assert!(!is_same_routine(&with("STABLE"), &with("STRICT")));
        let atomic = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END";
        assert!(is_same_routine(
            atomic,
            &atomic.replace("SELECT 1", "select (1)")
        ));
        assert!(!is_same_routine(atomic, &atomic.replace('1', "2")));
    }
}
