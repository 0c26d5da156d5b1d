//! What a query of `pg_constraint` joins to the table that a foreign key refers to.

use smol_str::SmolStr;

use super::super::token::Token;
use crate::catalog::QuestionField;

/// The names that go with `confrelid` or `confkey` in a condition: `JOIN pg_class t ON t.oid = c.confrelid`
pub(super) fn aliases(conditions: &[&[Token<'_>]]) -> Vec<SmolStr> {
    let mut found = Vec::new();
    for condition in conditions {
        let columns = columns_in(condition);
        let is_of_other = |column: &str| matches!(column, "confrelid" | "confkey");
        if columns.iter().any(|(_, column)| is_of_other(column)) {
            let others = columns
                .into_iter()
                .filter(|(_, column)| !is_of_other(column));
            found.extend(others.map(|(alias, _)| alias));
        }
    }
    found
}

/// `t.oid`, `c.confrelid`
fn columns_in(condition: &[Token<'_>]) -> Vec<(SmolStr, String)> {
    let columns = condition.windows(3).filter_map(|three| match three {
        [alias, dot, column] if dot.is_punctuation(".") => {
            Some((alias.name()?.into(), column.name()?.to_lowercase()))
        }
        _ => None,
    });
    columns.collect()
}

/// What a column of such a table says: the outer `None` if that cannot be asked, the inner if it only joins.
#[expect(clippy::option_option, reason = "no column, or one that says nothing")]
pub(super) fn column(name: &str) -> Option<Option<QuestionField>> {
    match name.to_lowercase().as_str() {
        "relname" => Some(Some(QuestionField::Referred)),
        "oid" | "relnamespace" | "attrelid" | "attnum" => Some(None),
        _ => None,
    }
}
