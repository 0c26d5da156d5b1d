//! ML521

use super::{locks_exclusively, same_transaction, statements};
use crate::alembic::RawSql;
use crate::catalog::{AlterAction, Ddl, RowChange};
use crate::diagnostic::Label;
use crate::rules::{Reporter, StatementContext, Violation, Way, declare_rule};
use crate::sql::canonical_default;
use crate::sqlalchemy::ddl::Transactions;

declare_rule! {
    "ML521", "backfill-with-schema-change" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["strong_migrations: backfilling data", "eugene: E4", "pg-migration-lint: PGM302, PGM303"],
    on: Load(check),
}

struct Backfill<'a> {
    table: &'a str,
    verb: &'static str,
    is_one_transaction: bool,
    /// A new column whose default is what the rows are given.
    filled: Option<String>,
}

impl Violation for Backfill<'_> {
    fn message(&self) -> String {
        format!(
            "{} rows of `{}` in the transaction that has altered the table keeps everybody from using it meanwhile",
            self.verb, self.table
        )
    }

    fn subject(&self) -> String {
        self.table.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec![format!(
            "the lock `ACCESS EXCLUSIVE` on `{}`, which blocks reads and writes, is kept until the transaction ends",
            self.table
        )]
    }

    fn help(&self) -> Option<String> {
        if let Some(column) = &self.filled {
            return Some(format!(
                "leave it out: the default has given `{column}` this value in all rows"
            ));
        }
        let whole = if self.is_one_transaction {
            " (with `transaction_per_migration=True` in `env.py`, as all revisions run in one transaction)"
        } else {
            ""
        };
        Some(format!(
            "change the rows in a revision of its own{whole}, in batches, or inside of `with op.get_context().autocommit_block():`"
        ))
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Ddl::Data { tables, rows } = ctx.ddl else {
        return;
    };
    let verb = match rows {
        RowChange::Updated { .. } => "updating",
        RowChange::Removed { .. } => "deleting",
        RowChange::Added | RowChange::Mixed => return,
    };
    let ([table], true) = (
        tables.as_slice(),
        ctx.step.session.in_transaction && ctx.is_postgresql(),
    ) else {
        return;
    };
    if ctx.table_in_use(table).is_none() {
        return;
    }
    let altered =
        statements(same_transaction(ctx.earlier)).find_map(|(ddl, step)| match ddl.as_ref() {
            Ddl::AlterTable {
                table: other,
                action,
                ..
            } if other == table && locks_exclusively(action, ctx.version()) => {
                Some(step.place.clone())
            }
            _ => None,
        });
    let Some(place) = altered else { return };
    // Once is enough.
    let is_repeated = statements(ctx.earlier).any(|(ddl, _)| {
        matches!(
            ddl.as_ref(),
            Ddl::Data { tables: other, rows: RowChange::Updated { .. } | RowChange::Removed { .. } }
                if other == tables
        )
    });
    if is_repeated {
        return;
    }
    let violation = Backfill {
        table,
        verb,
        filled: filled_by_default(ctx, table),
        is_one_transaction: ctx.environment.head.semantics().transactions == Transactions::PerRun,
    };
    if let Some(report) = ctx.report(&violation, reporter, "changes the rows") {
        report.related([Label::at(&place, "locks the table")]);
    }
}

/// The new column that the statement sets to its own default.
fn filled_by_default(ctx: &StatementContext<'_>, table: &str) -> Option<String> {
    let texts = match ctx.way {
        Way::Up => &ctx.replayed.upgrade_sql,
        Way::Down => &ctx.replayed.downgrade_sql,
    };
    let place = ctx.place;
    let is_here = |sql: &&RawSql| {
        let span = sql.place.span;
        sql.place.file == place.file && place.span.start <= span.start && span.end <= place.span.end
    };
    let text = &texts.iter().find(is_here)?.text;
    let (name, value) = single_assignment(text)?;
    let value = canonical_default(value, ctx.dialect())?;
    let is_filled = statements(ctx.earlier).any(|(ddl, _)| match ddl.as_ref() {
        Ddl::AlterTable {
            table: other,
            action: AlterAction::AddColumn { definition, .. },
            ..
        } if other == table && definition.column.name == name => {
            let default = definition.column.default.known().and_then(Option::as_ref);
            default.and_then(|default| canonical_default(default, ctx.dialect()))
                == Some(value.clone())
        }
        _ => false,
    });
    is_filled.then(|| name.to_owned())
}

/// The column and the value of `UPDATE users SET active = true`, which is for all rows.
fn single_assignment(text: &str) -> Option<(&str, &str)> {
    let text = text.trim().trim_end_matches(';');
    let (head, assignment) = split_at_word(text, "set")?;
    let is_update = head
        .split_whitespace()
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("update"));
    let (name, value) = assignment.split_once('=')?;
    let more = ["where", "from", "returning"];
    let is_more =
        value.contains(',') || more.iter().any(|word| split_at_word(value, word).is_some());
    (is_update && !is_more).then(|| (name.trim().trim_matches('"'), value.trim()))
}

fn split_at_word<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    let lower = text.to_ascii_lowercase();
    lower.match_indices(word).find_map(|(at, _)| {
        let (before, rest) = (text.get(..at)?, text.get(at + word.len()..)?);
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let is_whole = !is_word(before.chars().next_back()) && !is_word(rest.chars().next());
        is_whole.then_some((before, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_assignment_for_all_rows_is_read() {
        assert_eq!(
            single_assignment("UPDATE users SET active = true;"),
            Some(("active", "true"))
        );
        for text in [
            "UPDATE users SET active = true WHERE id = 1",
            "UPDATE users SET active = true, seen = now()",
            "UPDATE users SET active = other.active FROM other",
            "DELETE FROM users",
        ] {
            assert_eq!(single_assignment(text), None, "{text}");
        }
    }
}
