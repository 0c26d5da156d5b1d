//! ML205

use smol_str::SmolStr;

use crate::alembic::End;
use crate::catalog::{Change, Difference, Subject, Table};
use crate::config::Downgrades;
use crate::diagnostic::Severity;
use crate::rules::difference::Remainder;
use crate::rules::downgrade::{replaces_a_base, unnamed_drop};
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule, list};

declare_rule! {
    "ML205", "leftover-enum-type" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

/// The types that one downgrade leaves.
struct LeftoverEnumType<'a> {
    names: Vec<&'a str>,
    /// Why the next upgrade fails, each reason once.
    next_failures: Vec<&'a str>,
    /// The change brings it.
    is_of_change: bool,
}

impl Violation for LeftoverEnumType<'_> {
    fn message(&self) -> String {
        let types = match self.names.as_slice() {
            [only] => format!("type `{only}`"),
            several => format!("types {}", list(several)),
        };
        let failing = if self.next_failures.is_empty() {
            ""
        } else {
            ", and the next upgrade fails"
        };
        format!("the downgrade leaves enum {types} behind{failing}")
    }

    fn subject(&self) -> String {
        self.names.join(", ")
    }

    fn notes(&self) -> Vec<String> {
        let mut notes =
            vec!["dropping a table or a column does not drop the type of the column".to_owned()];
        if !self.next_failures.is_empty() {
            let causes: Vec<&str> = self
                .next_failures
                .iter()
                .copied()
                .take(MOST_CAUSES)
                .collect();
            notes.push(format!("the next upgrade: {}", causes.join("; ")));
        }
        notes
    }

    fn help(&self) -> Option<String> {
        let drops = match self.names.as_slice() {
            several @ [_, _, ..] if several.iter().all(|name| !name.contains('.')) => format!(
                "for name in ({}): sa.Enum(name=name).drop(op.get_bind(), checkfirst=True)",
                several
                    .iter()
                    .map(|name| format!("\"{name}\""))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            names => {
                let drops: Vec<String> = names.iter().map(|name| dropped(name)).collect();
                drops.join("; ")
            }
        };
        Some(format!("end `downgrade` with `{drops}`"))
    }

    /// Who does not know that types stay leaves all of them.
    fn is_of_many_files(&self) -> bool {
        self.is_of_change
    }

    fn severity(&self) -> Option<Severity> {
        self.next_failures.is_empty().then_some(Severity::Warning)
    }
}

/// How many reasons are given why the next upgrade fails.
const MOST_CAUSES: usize = 3;

/// The statement that drops a type.
fn dropped(name: &str) -> String {
    if name.contains('.') {
        format!("op.execute(\"DROP TYPE {name}\")")
    } else {
        format!("sa.Enum(name=\"{name}\").drop(op.get_bind(), checkfirst=True)")
    }
}

/// True if nobody gets back to the revision: a later one refuses, or says that it is not taken back.
fn is_cut_off(ctx: &ReplayContext<'_>) -> bool {
    let head = ctx.environment.head;
    let Some(own) = head.node_of(&ctx.revision.file) else {
        return false;
    };
    let refuses = |node: usize| {
        let Some(migration) = head.migration(node) else {
            return false;
        };
        migration.downgrade.run().is_some_and(|run| match &run.end {
            End::Raises { says_why, .. } => *says_why,
            End::Returns => run.is_empty() && head.map.node(node).revision.is_meant(run.span),
            End::Stopped => false,
        })
    };
    let later = head.map.descendants(own).into_iter();
    later.filter(|node| *node != own).any(refuses)
}

/// True for a type of a column that the models have in a table which no migration has made: it was there, and stays.
fn is_of_a_table_elsewhere(difference: &Difference, ctx: &ReplayContext<'_>) -> bool {
    let models = &ctx.environment.head.model_schema().catalog;
    let has_type = |table: &Table| {
        table.columns.iter().any(|column| {
            let spelling = column.column_type.known();
            spelling.is_some_and(|spelling| spelling.trim_end_matches("[]") == difference.object)
        })
    };
    let is_made = |name: &SmolStr| {
        let made = ctx.environment.head.tables_at_head().get(name);
        let known = ctx.replayed.after.tables.get(name);
        made.is_some_and(|table| !table.open) || known.is_some_and(|table| has_type(table))
    };
    let mut tables = models.tables.iter();
    tables.any(|(name, table)| has_type(table) && !is_made(name))
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    // With the name that is missing the downgrade goes through, and the type is left.
    let remainder = Remainder::of(ctx)
        .or_else(|| Remainder::but_for(ctx, |failed, run| unnamed_drop(failed, run).is_some()));
    let Some(remainder) = remainder else {
        return;
    };
    let is_asked = ctx.environment.settings.downgrades == Some(Downgrades::Required);
    if ctx.revision.is_base() && (is_cut_off(ctx) || !is_asked && replaces_a_base(ctx.environment))
    {
        return;
    }
    let mut left: Vec<&Difference> = remainder
        .found
        .iter()
        .filter(|difference| {
            (difference.subject, difference.change) == (Subject::Enum, Change::Added)
                // What a column is of cannot go: the column is told.
                && !remainder
                    .columns_of_made_types()
                    .any(|column| column.to.as_str() == Some(&difference.object))
                && !is_of_a_table_elsewhere(difference, ctx)
        })
        .collect();
    let start = |difference: &Difference| {
        let (primary, _) = remainder.labels(difference);
        primary.span.map(|span| span.start)
    };
    left.sort_by_key(|difference| start(difference));
    let mut labels = left.iter().map(|difference| remainder.labels(difference));
    let Some((primary, mut related)) = labels.next() else {
        return;
    };
    for (place, _) in labels {
        if place.span != primary.span && related.iter().all(|known| known.span != place.span) {
            related.push(place);
        }
    }
    let mut next_failures: Vec<&str> = left
        .iter()
        .filter_map(|difference| remainder.next_failure(&difference.object))
        .map(|failed| failed.message.as_str())
        .collect();
    next_failures.dedup();
    let violation = LeftoverEnumType {
        names: left
            .iter()
            .map(|difference| difference.object.as_str())
            .collect(),
        next_failures,
        is_of_change: ctx.environment.change.is_some(),
    };
    reporter
        .report_on(&violation, primary, Some(&ctx.revision.id.value))
        .related(related);
}
