//! ML514

use smol_str::SmolStr;

use super::converted;
use crate::catalog::AlterAction;
use crate::dialect::postgresql::Action;
use crate::dialect::postgresql::conversion::Conversion;
use crate::dialect::{Dialect, mysql};
use crate::rules::{Reporter, StatementContext, Violation, declare_rule, locks};

declare_rule! {
    "ML514", "column-rewrite" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql, MySql],
    peers: [
        "squawk: changing-column-type",
        "atlas: PG301",
        "strong_migrations: change_column",
        "pg-migration-lint: PGM007",
        "django-migration-linter: ALTER_COLUMN",
        "eugene: E5",
        "alembic-guard: AG006",
        "lockcheck: LC005",
    ],
    on: Load(check),
}

struct ColumnRewrite<'a> {
    table: &'a str,
    column: &'a str,
    from: &'a str,
    to: &'a str,
    what: &'static str,
    note: String,
    /// What does the same to the old type, an enum that only gets further labels.
    additions: Option<String>,
}

impl Violation for ColumnRewrite<'_> {
    fn message(&self) -> String {
        let Self {
            table,
            column,
            from,
            to,
            what,
            ..
        } = self;
        format!("changing `{table}.{column}` from `{from}` to `{to}` {what}")
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec![self.note.clone()]
    }

    fn help(&self) -> Option<String> {
        if let Some(additions) = &self.additions {
            return Some(format!(
                "let the type be, and add to it what is new, which writes no row: {additions}"
            ));
        }
        Some(
            "add a column of the new type, write to both, fill it in batches, and let the new one take the place of the old"
                .to_owned(),
        )
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((
        table,
        AlterAction::AlterType {
            column,
            column_type,
            using,
        },
    )) = ctx.alteration_in_use()
    else {
        return;
    };
    let (Some(known), Some(to)) = (ctx.column_in_use(table, column), column_type.known()) else {
        return;
    };
    let Some(from) = known.column_type.known() else {
        return;
    };
    let (what, note) = match ctx.dialect() {
        Dialect::PostgreSql => {
            let version = ctx.version();
            let (what, action) = match converted(ctx.before(), from, to, version) {
                Some(Conversion::Rewrite) => ("writes all rows anew", Action::RewriteType),
                Some(Conversion::Reindex) if !using && has_index(ctx, table, column) => {
                    ("builds its indexes anew", Action::ReindexType)
                }
                // What `USING` computes may be the same value.
                _ => return,
            };
            let Some(cost) = ctx.cost(action) else {
                return;
            };
            (what, locks(cost, table, None))
        }
        Dialect::MySql if mysql::copies_table(from, to) == Some(true) => (
            "copies the table",
            "MySQL copies all rows, and lets nobody write to the table meanwhile".to_owned(),
        ),
        Dialect::MySql | Dialect::Sqlite => return,
    };
    let violation = ColumnRewrite {
        table,
        column,
        from,
        to,
        what,
        note,
        additions: additions(ctx, from, to),
    };
    ctx.report(&violation, reporter, "changes the type");
}

/// So many labels are written out.
const MOST_LABELS: usize = 3;

/// The statements that add to an enum what another has beyond it; `None` where labels go or change places.
fn additions(ctx: &StatementContext<'_>, from: &str, to: &str) -> Option<String> {
    let enums = &ctx.before().enums;
    let labels = |name| enums.get(name)?.labels.known();
    // One of the two has its name for this revision only.
    let first = ctx
        .earlier
        .first()
        .map_or(ctx.before(), |step| &step.before);
    let name = if first.enums.contains_key(from) {
        from
    } else {
        to
    };
    add_values(name, labels(from)?, labels(to)?)
}

/// "`ALTER TYPE mood ADD VALUE 'glad'`"
fn add_values(name: &str, old: &[SmolStr], new: &[SmolStr]) -> Option<String> {
    let mut kept = old.iter().peekable();
    let mut added = Vec::new();
    for (at, label) in new.iter().enumerate() {
        if kept.next_if_eq(&label).is_none() {
            // What stands before it is there by then; where nothing does, the first of the old labels comes next.
            let place = match (kept.peek(), at.checked_sub(1).and_then(|at| new.get(at))) {
                (None, _) => String::new(),
                (Some(_), Some(before)) => format!(" AFTER {}", literal(before)),
                (Some(next), None) => format!(" BEFORE {}", literal(next)),
            };
            added.push(format!(
                "`ALTER TYPE {name} ADD VALUE {}{place}`",
                literal(label)
            ));
        }
    }
    // Few care for another order of what is there.
    if kept.peek().is_some() && old.iter().all(|label| new.contains(label)) {
        let is_new = |label: &&SmolStr| !old.contains(label);
        let values = new.iter().filter(is_new).map(|label| literal(label));
        added = values
            .map(|value| format!("`ALTER TYPE {name} ADD VALUE {value}`"))
            .collect();
    } else if kept.peek().is_some() {
        return None;
    }
    (1..=MOST_LABELS)
        .contains(&added.len())
        .then(|| added.join(", "))
}

fn literal(label: &str) -> String {
    format!("'{}'", label.replace('\'', "''"))
}

/// True if an index or a key is on the column.
fn has_index(ctx: &StatementContext<'_>, table: &str, column: &SmolStr) -> bool {
    ctx.table_in_use(table).is_some_and(|table| {
        table.indexes.iter().any(|index| {
            index
                .definition
                .known()
                .is_some_and(|definition| definition.columns.contains(column))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_come_to_an_enum() {
        let labels = |text: &str| text.split(' ').map(SmolStr::new).collect::<Vec<_>>();
        for (old, new, said) in [
            ("a b", "a b it's", "`ALTER TYPE t ADD VALUE 'it''s'`"),
            (
                "a b",
                "x a y z b",
                "`ALTER TYPE t ADD VALUE 'x' BEFORE 'a'`, `ALTER TYPE t ADD VALUE 'y' AFTER 'a'`, `ALTER TYPE t ADD VALUE 'z' AFTER 'y'`",
            ),
            ("a b", "b a c", "`ALTER TYPE t ADD VALUE 'c'`"),
        ] {
            let added = add_values("t", &labels(old), &labels(new));
            assert_eq!(added.as_deref(), Some(said));
        }
        for new in ["a", "b a", "a b", "a b c d e f"] {
            assert_eq!(add_values("t", &labels("a b"), &labels(new)), None, "{new}");
        }
    }
}
