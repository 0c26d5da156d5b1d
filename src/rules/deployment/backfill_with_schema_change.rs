//! ML521

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{locks_exclusively, same_transaction, statements};
use crate::alembic::{ReplayedRevision, Step};
use crate::catalog::{AlterAction, Ddl, RowChange};
use crate::diagnostic::Label;
use crate::rules::fresh::Fresh;
use crate::rules::{Reporter, StatementContext, Violation, Way, declare_rule};
use crate::source::FileSpan;
use crate::sql::{canonical_default, sole_assignment};
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
    let [table] = tables.as_slice() else {
        return;
    };
    if !ctx.is_postgresql() || ctx.table_in_use(table).is_none() {
        return;
    }
    let Some(place) = altered_before(ctx.step, ctx.earlier, table, ctx.version()) else {
        return;
    };
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
    if is_custom(table, ctx) {
        return;
    }
    let violation = Backfill {
        table,
        verb,
        filled: filled_by_default(ctx, table),
        is_one_transaction: ctx.environment.head.semantics().transactions == Transactions::PerRun,
    };
    if let Some(report) = ctx.report(&violation, reporter, "changes the rows") {
        report.related([Label::at(place, "locks the table")]);
    }
}

/// Where the transaction of a statement has locked a table.
fn altered_before<'s>(
    step: &Step,
    earlier: &'s [Step],
    table: &str,
    version: u32,
) -> Option<&'s FileSpan> {
    let mut before = statements(same_transaction(earlier));
    let is_altered = |ddl: &Ddl| matches!(ddl, Ddl::AlterTable { table: other, action, .. } if other == table && locks_exclusively(action, version));
    let (_, altered) = before
        .find(|(ddl, _)| is_altered(ddl))
        .filter(|_| step.session.in_transaction)?;
    Some(&altered.place)
}

/// So many older revisions of
const CUSTOM: usize = 2;
/// the newest ones show how rows are changed.
const NEWEST: usize = 60;

/// True if older revisions, which the change does not touch, have changed rows of tables in use so, or one has those of this
/// table: who runs them knows how long it takes.
fn is_custom(table: &SmolStr, ctx: &StatementContext<'_>) -> bool {
    let environment = ctx.environment;
    if environment.change.is_none() || environment.settings.zero_downtime.is_some() {
        return false;
    }
    let head = environment.head;
    let history = head.replay();
    let settled = history.order.iter().rev().filter(|node| {
        let file = &head.map.node(**node).revision.file;
        !environment.is_judged(file)
    });
    let older = settled.take(NEWEST).filter_map(|node| history.get(*node));
    let mut count = 0;
    for replayed in older {
        let mixed = mixed(replayed, ctx.version());
        if mixed.contains(table) {
            return true;
        }
        count += usize::from(!mixed.is_empty());
    }
    count >= CUSTOM
}

/// The tables of which a revision changes rows in the transaction that has altered them.
fn mixed(replayed: &ReplayedRevision, version: u32) -> FxHashSet<&SmolStr> {
    let steps = &replayed.upgrade_steps;
    let mut found = FxHashSet::default();
    let mut fresh = Fresh::default();
    for (at, step) in steps.iter().enumerate() {
        if let Ddl::Data {
            tables,
            rows: RowChange::Updated { .. } | RowChange::Removed { .. },
        } = &step.ddl
        {
            let earlier = steps.get(..at).unwrap_or_default();
            found.extend(tables.iter().filter(|table| {
                !fresh.is_empty(table) && altered_before(step, earlier, table, version).is_some()
            }));
        }
        fresh.take(step);
    }
    found
}

/// The new column that the statement sets to its own default.
fn filled_by_default(ctx: &StatementContext<'_>, table: &str) -> Option<String> {
    let texts = match ctx.way {
        Way::Up => &ctx.replayed.upgrade_sql,
        Way::Down => &ctx.replayed.downgrade_sql,
    };
    let text = &texts.iter().find(|sql| sql.is_part_of(ctx.place))?.text;
    let (name, value) = sole_assignment(text)?;
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
    is_filled.then(|| name.to_string())
}
