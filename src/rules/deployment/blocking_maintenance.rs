//! ML530

use crate::catalog::{Ddl, Maintenance};
use crate::dialect::postgresql::Action;
use crate::rules::{Reporter, StatementContext, StatementCost, Violation, declare_rule, locks};

declare_rule! {
    "ML530", "blocking-maintenance" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: [
        "squawk: require-concurrent-reindex, prefer-repack",
        "pg-migration-lint: PGM018, PGM021, PGM022",
        "django-migration-linter: REINDEX",
    ],
    on: Load(check),
}

struct Blocking<'a> {
    work: Maintenance,
    name: Option<&'a str>,
    cost: StatementCost,
}

impl Violation for Blocking<'_> {
    fn message(&self) -> String {
        let what = match self.cost.lock.blocks() {
            Some("writes") => "writing to",
            _ => "using",
        };
        format!(
            "`{}` keeps everybody from {what} {}",
            self.work.as_str(),
            self.name
                .map_or_else(|| "what it works on".to_owned(), |name| format!("`{name}`"))
        )
    }

    fn subject(&self) -> String {
        format!("{} {}", self.work.as_str(), self.name.unwrap_or_default())
    }

    fn notes(&self) -> Vec<String> {
        self.name
            .map(|name| locks(self.cost, name, None))
            .into_iter()
            .collect()
    }

    fn help(&self) -> Option<String> {
        let text = match self.work {
            Maintenance::Reindex => {
                return Some(
                    self.cost
                        .outside_transaction("run it with ", "`CONCURRENTLY`"),
                );
            }
            Maintenance::Refresh => {
                "`REFRESH MATERIALIZED VIEW CONCURRENTLY`, which needs a unique index on the view"
            }
            _ => "leave it to maintenance; `pg_repack` does it while the table is in use",
        };
        Some(text.to_owned())
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Ddl::Maintenance {
        work,
        name,
        concurrently: false,
    } = ctx.ddl
    else {
        return;
    };
    let action = match work {
        Maintenance::VacuumFull => Action::VacuumFull,
        Maintenance::Cluster => Action::Cluster,
        Maintenance::Reindex => Action::Reindex,
        Maintenance::Refresh => Action::RefreshView,
        // Whoever writes that means it.
        Maintenance::Lock => return,
    };
    let Some(cost) = ctx.cost(action) else { return };
    if let Some(name) = name
        && (ctx.fresh.has_table(name) || ctx.fresh.has_part(name))
    {
        return;
    }
    let violation = Blocking {
        work: *work,
        name: name.as_deref(),
        cost,
    };
    ctx.report(&violation, reporter, "blocks others");
}
