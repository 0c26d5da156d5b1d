//! ML210

use crate::alembic::{End, Run, Verdict};
use crate::catalog::{Change, Differences, Subject};
use crate::rules::downgrade::at;
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule, list};
use crate::schema::{Effect, Operation, Recorded};
use crate::source::FileSpan;
use crate::sql::StatementKind;

declare_rule! {
    "ML210", "data-loss" in Downgrade("downgrade"),
    severity: Info,
    default: Off,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

struct DataLoss {
    /// Tables, and columns with their table.
    objects: Vec<String>,
}

impl Violation for DataLoss {
    fn message(&self) -> String {
        format!(
            "the downgrade brings back {}, and not what was in {}",
            list(&self.objects),
            if self.objects.len() == 1 {
                "it"
            } else {
                "them"
            }
        )
    }

    fn subject(&self) -> String {
        "rows".to_owned()
    }

    fn help(&self) -> Option<String> {
        Some("drop it in a later revision, when nobody will go back any more, or keep a copy of the rows".to_owned())
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let replayed = ctx.replayed;
    let is_decided = matches!(replayed.verdict, Verdict::Reversible | Verdict::NotReversed)
        && !replayed.changes_anything;
    let (Some(upgrade), Some(downgrade)) = (
        replayed.migration.upgrade.run(),
        replayed.migration.downgrade.run(),
    ) else {
        return;
    };
    if !is_decided || downgrade.end != End::Returns || may_restore_rows(downgrade) {
        return;
    }
    let mut objects = Vec::new();
    let mut place: Option<&FileSpan> = None;
    for recorded in &upgrade.operations {
        let Some(object) = dropped(recorded) else {
            continue;
        };
        if is_removed(&object, &replayed.upgrade)
            && !is_removed(&object, &replayed.downgrade)
            && !objects.contains(&object)
        {
            place.get_or_insert(&recorded.place);
            objects.push(object);
        }
    }
    let Some(place) = place else { return };
    let (primary, related) = at(ctx.revision, upgrade, place, "drops what is in it");
    reporter
        .report_on(&DataLoss { objects }, primary, Some(&ctx.revision.id.value))
        .related(related);
}

/// The table, or the column with its table, that an operation drops.
fn dropped(recorded: &Recorded) -> Option<String> {
    match &recorded.operation {
        Operation::DropTable { table: Some(table) } => Some(table.to_string()),
        Operation::DropColumn {
            table: Some(table),
            column: Some(column),
        } => Some(format!("{table}.{column}")),
        Operation::Sql(statement) if statement.kind == StatementKind::DropTable => {
            statement.tables.first().map(ToString::to_string)
        }
        _ => None,
    }
}

fn is_removed(object: &str, differences: &Differences) -> bool {
    differences.found.iter().any(|difference| {
        matches!(difference.subject, Subject::Table | Subject::Column)
            && difference.change == Change::Removed
            && difference.object == object
    })
}

/// True if a function may put rows back.
fn may_restore_rows(downgrade: &Run) -> bool {
    downgrade
        .operations
        .iter()
        .any(|recorded| matches!(recorded.operation.effect(), Effect::Data | Effect::Unknown))
}
