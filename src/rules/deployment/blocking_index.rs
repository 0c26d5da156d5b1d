//! ML505

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::{same_transaction, statements};
use crate::catalog::{Ddl, RowChange};
use crate::diagnostic::Label;
use crate::dialect::postgresql::Action;
use crate::rules::{
    Reporter, StatementContext, StatementCost, Violation, declare_rule, list, locks, simple,
};

declare_rule! {
    "ML505", "blocking-index" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: [
        "squawk: require-concurrent-index-creation",
        "atlas: PG101",
        "strong_migrations: add_index",
        "pg-migration-lint: PGM001",
        "django-migration-linter: CREATE_INDEX",
        "eugene: E6",
        "alembic-guard: AG002",
        "lockcheck: LC002",
    ],
    on: Load(check),
}

struct BlockingIndex<'a> {
    table: &'a str,
    /// The other tables that get indexes in the same revision, where they are told of here.
    others: Vec<&'a str>,
    index: Option<&'a str>,
    is_partitioned: bool,
    cost: StatementCost,
}

impl Violation for BlockingIndex<'_> {
    fn message(&self) -> String {
        let index = match self.index {
            Some(name) => format!("index `{name}`"),
            None => "an index".to_owned(),
        };
        format!(
            "building {index} keeps everybody from writing to `{}`",
            self.table
        )
    }

    fn subject(&self) -> String {
        self.index.unwrap_or(self.table).to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![locks(self.cost, self.table, None)];
        if !self.others.is_empty() {
            let others = match self.others.len() {
                many if many > MOST_TABLES => format!("{many} other tables"),
                _ => list(&self.others),
            };
            let end = if self.cost.commits {
                "each is free again when its statement ends"
            } else {
                "all are free again when the transaction ends"
            };
            notes.push(format!(
                "so it goes with {others}, one after the other, and {end}"
            ));
        }
        notes
    }

    fn help(&self) -> Option<String> {
        Some(if self.is_partitioned {
            "create the index `ON ONLY` the parent, build those of the partitions concurrently, and attach them".to_owned()
        } else {
            self.cost
                .outside_transaction("build it with ", "`postgresql_concurrently=True`")
        })
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Ddl::CreateIndex {
        name,
        table,
        definition,
        concurrently: false,
        if_not_exists,
    } = ctx.ddl
    else {
        return;
    };
    if ctx.table_in_use(table).is_none() {
        return;
    }
    let keys: Vec<SmolStr> = definition.known().map_or_else(Vec::new, |definition| {
        let keys = definition.keys.iter().filter(|key| key.is_column);
        keys.map(|key| key.text.clone()).collect()
    });
    if ctx.is_index_without_rows(ctx.ddl) || ctx.is_over_refused_column(table, &keys) {
        return;
    }
    if follows_change_of_rows(ctx, table) {
        return;
    }
    // One that is there is not built again.
    let exists = name
        .as_ref()
        .is_some_and(|name| ctx.before().index_tables.contains_key(name));
    if *if_not_exists && exists {
        return;
    }
    // What the revision drops again may be built before it, by hand and concurrently, where it says so.
    let is_dropped_again = || {
        statements(ctx.later).any(|(ddl, _)| {
            matches!(ddl.as_ref(), Ddl::DropIndex { name: dropped, .. } if Some(dropped) == name.as_ref())
        })
    };
    if *if_not_exists && is_dropped_again() {
        return;
    }
    let Some(cost) = ctx.cost(Action::CreateIndex) else {
        return;
    };
    // One finding for a table, which the first index blocks for all of them, and one for a revision that goes through
    // all tables.
    let others = |steps| {
        statements(steps).filter_map(|(ddl, step)| match ddl.as_ref() {
            Ddl::CreateIndex {
                table: other,
                concurrently: false,
                ..
            } if ctx.table_in_use(other).is_some()
                && !ctx.is_index_without_rows(&ddl)
                && (other == table || step.session.commits_each == cost.commits) =>
            {
                Some((other.clone(), &step.place, ctx.indexes_nothing(&ddl)))
            }
            _ => None,
        })
    };
    // Of several on one table the first is told, and the first that takes long.
    let is_light = ctx.indexes_nothing(ctx.ddl);
    // Where each statement commits by itself, the same word is missing in all of them.
    let most = if cost.commits { 1 } else { MOST_TABLES };
    // Looked at no further than needed: a revision may make thousands.
    let mut tables: BTreeSet<SmolStr> = BTreeSet::from([table.clone()]);
    for (other, _, was_light) in others(ctx.earlier) {
        if other == *table {
            if is_light || !was_light {
                return;
            }
            continue;
        }
        tables.insert(other);
        if tables.len() > most {
            return;
        }
    }
    let is_first = tables.len() == 1;
    let is_through_all = others(ctx.later).any(|(other, ..)| {
        tables.insert(other);
        tables.len() > most
    });
    if is_through_all && !is_first {
        return;
    }
    if is_through_all {
        tables.extend(others(ctx.later).map(|(other, ..)| other));
    }
    let mut places: Vec<_> = others(ctx.later)
        .filter(|(other, place, _)| (is_through_all || other == table) && *place != ctx.place)
        .map(|(_, place, _)| place)
        .collect();
    places.dedup();
    let violation = BlockingIndex {
        table,
        others: if is_through_all {
            let others = tables.iter().filter(|other| *other != table);
            others.map(SmolStr::as_str).collect()
        } else {
            Vec::new()
        },
        index: name.as_deref(),
        is_partitioned: ctx.is_partitioned(table),
        cost,
    };
    if let Some(report) = ctx.report(&violation, reporter, "blocks writes") {
        let labels = places.into_iter().take(MOST_PLACES);
        report.related(labels.map(|place| Label::at(place, "and so does this")));
    }
}

/// True where the same transaction has put rows in order right before: they are locked by then, and one thing is done about
/// both.
fn follows_change_of_rows(ctx: &StatementContext<'_>, table: &SmolStr) -> bool {
    let steps = same_transaction(ctx.earlier).iter().rev();
    let changes = steps.flat_map(|step| simple(&step.ddl).into_iter().rev());
    let mut last = changes.filter(|(ddl, _)| match ddl.as_ref() {
        Ddl::Data { tables, .. } => tables.contains(table),
        Ddl::AlterTable { table: other, .. } => other == table,
        _ => false,
    });
    last.next().is_some_and(|(ddl, _)| {
        matches!(
            ddl.as_ref(),
            Ddl::Data {
                rows: RowChange::Updated { .. } | RowChange::Removed { .. },
                ..
            }
        )
    })
}

/// How many further indexes are shown.
const MOST_PLACES: usize = 8;
/// Indexes on more tables than this are told of once.
const MOST_TABLES: usize = 3;
