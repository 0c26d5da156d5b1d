//! Keys of indexes and defaults as Alembic compares them.

use std::sync::LazyLock;

use regex::Regex;
use smol_str::SmolStr;

use crate::catalog::Fact;
use crate::dialect::Dialect;
use crate::sql::canonical_default;

static CASTS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"::[\w ]+\w").expect("the pattern is fixed"));
static CAST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"cast\s*\(").expect("the pattern is fixed"));
static AS_TYPE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"as\s+[^)]+\)").expect("the pattern is fixed"));

/// `PostgresqlImpl._cleanup_index_expr`: in lower case, without quotes, casts, blanks and outer parentheses.
pub(super) fn cleaned(key: &str) -> String {
    let lower = key.to_lowercase().replace(['"', '\''], "");
    let without_casts = CASTS.replace_all(&lower, "");
    let mut text = inner(&without_casts).to_owned();
    if text.starts_with("cast") {
        text = CAST.replace_all(&text, "").into_owned();
        text = AS_TYPE.replace_all(&text, "").into_owned();
    }
    text.retain(|c| c != ' ');
    text
}

/// Without parentheses around all of it.
fn inner(mut text: &str) -> &str {
    while let Some(rest) = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        text = rest;
    }
    text
}

/// True for a default of a model that is a string of what the database has as an expression: `server_default="now()"`.
/// Alembic compares that text with the reflected one as it is, and nothing but `create_all()` puts it between quotes.
pub(super) fn is_written_in_quotes(
    there: &Fact<Option<SmolStr>>,
    here: &Fact<Option<SmolStr>>,
) -> bool {
    let known = |fact: &Fact<Option<SmolStr>>| fact.known().cloned().flatten();
    let (Some(there), Some(here)) = (known(there), known(here)) else {
        return false;
    };
    let inside = here
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    let meant =
        inside.and_then(|text| canonical_default(&text.replace("''", "'"), Dialect::PostgreSql));
    meant.is_some_and(|meant| meant == there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_alembic_does_not_tell_apart() {
        for (one, other, is_same) in [
            ("date_trunc('day', at)::date", "date_trunc('day', at)", true),
            ("(lower(name))", "LOWER(\"name\")", true),
            ("cast(at as date)", "at", true),
            ("lower(name)", "upper(name)", false),
        ] {
            assert_eq!(cleaned(one) == cleaned(other), is_same, "{one} {other}");
        }
    }
}
