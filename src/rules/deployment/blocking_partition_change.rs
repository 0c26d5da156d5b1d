//! ML531

use crate::catalog::{AlterAction, ConstraintKind, Ddl};
use crate::dialect::postgresql::Action;
use crate::rules::{Reporter, StatementContext, StatementCost, Violation, declare_rule, locks};

declare_rule! {
    "ML531", "blocking-partition-change" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    dialects: [PostgreSql],
    peers: ["squawk: require-concurrent-partition-detach", "pg-migration-lint: PGM004, PGM005"],
    on: Load(check),
}

struct PartitionChange<'a> {
    parent: &'a str,
    partition: &'a str,
    change: Change,
    cost: StatementCost,
}

#[derive(Clone, Copy)]
enum Change {
    Attach,
    Detach,
    Create,
}

impl Violation for PartitionChange<'_> {
    fn message(&self) -> String {
        let Self {
            parent, partition, ..
        } = self;
        match self.change {
            Change::Attach => {
                format!(
                    "attaching `{partition}` to `{parent}` reads all its rows while nobody can use them"
                )
            }
            Change::Detach => {
                format!(
                    "detaching `{partition}` waits for everybody who uses `{parent}`, and everybody waits for it"
                )
            }
            Change::Create => format!(
                "creating `{partition}` as a partition waits for everybody who uses `{parent}`, and everybody waits for it"
            ),
        }
    }

    fn subject(&self) -> String {
        format!("{} {}", self.parent, self.partition)
    }

    fn notes(&self) -> Vec<String> {
        vec![locks(self.cost, self.partition, Some(self.parent))]
    }

    fn help(&self) -> Option<String> {
        let text = match self.change {
            Change::Attach => {
                "add a CHECK of the partition's bounds before, `NOT VALID` and validated in a revision of its own: then \
                 nothing is read"
            }
            Change::Detach => {
                return Some(
                    self.cost
                        .outside_transaction("run it with ", "`CONCURRENTLY`"),
                );
            }
            Change::Create => {
                "create a table of its own, and attach it: that locks the parent less"
            }
        };
        Some(text.to_owned())
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let (parent, partition, change, action) = match ctx.ddl {
        Ddl::AlterTable {
            table,
            action: AlterAction::AttachPartition { partition },
            ..
        } => {
            // A CHECK may prove the bounds.
            let Some(known) = ctx.table_in_use(partition) else {
                return;
            };
            let has_check = known
                .constraints
                .iter()
                .any(|constraint| matches!(constraint.kind, ConstraintKind::Check { .. }));
            if has_check {
                return;
            }
            (table, partition, Change::Attach, Action::AttachPartition)
        }
        Ddl::AlterTable {
            table,
            action: AlterAction::DetachPartition { partition },
            ..
        } if ctx.step.session.in_transaction => {
            (table, partition, Change::Detach, Action::DetachPartition)
        }
        Ddl::CreateTable(create) => match &create.partition_of {
            Some(parent) => (
                parent,
                &create.name,
                Change::Create,
                Action::CreatePartition,
            ),
            None => return,
        },
        _ => return,
    };
    if ctx.table_in_use(parent).is_none() {
        return;
    }
    let Some(cost) = ctx.cost(action) else { return };
    let violation = PartitionChange {
        parent,
        partition,
        change,
        cost,
    };
    ctx.report(&violation, reporter, "locks the parent");
}
