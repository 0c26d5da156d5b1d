//! The way back.

pub(super) mod changed_definition;
pub(super) mod data_loss;
pub(super) mod empty_downgrade;
pub(super) mod failing_downgrade;
pub(super) mod failing_upgrade;
pub(super) mod ignored_argument;
pub(super) mod leftover_enum_type;
pub(super) mod looser_downgrade;
pub(super) mod missing_downgrade;
pub(super) mod not_reversed;
pub(super) mod refused_downgrade;
pub(super) mod unnamed_constraint_drop;
pub(super) mod unreversed_sql;

use crate::alembic::{Failed, ReplayedRevision, Revision, Run};
use crate::catalog::{Catalog, FailureKind};
use crate::config::Downgrades;
use crate::diagnostic::Label;
use crate::project::DialectSource;
use crate::rules::{
    EnvironmentContext, MigrationContext, ReplayContext, Reporter, Violation, is_selected,
};
use crate::schema::{IgnoredKind, Operation, Recorded};
use crate::source::FileSpan;

/// What an upgrade does to the schema that a downgrade should take back. What it only does under a condition may have
/// been done before, so it proves nothing.
fn to_take_back(upgrade: &Run) -> Vec<&Recorded> {
    upgrade
        .operations
        .iter()
        .filter(|recorded| recorded.is_certain() && recorded.operation.wants_reversal())
        .collect()
}

/// The database before the revision, as the migrations of the base make it.
fn before_on_the_base<'a>(ctx: &ReplayContext<'a>) -> Option<&'a Catalog> {
    let base = ctx.environment.base()?;
    let replayed = |id: &str| base.replay().get(base.map.find(id)?);
    match replayed(&ctx.revision.id.value) {
        Some(own) => Some(&own.before),
        None => match ctx.revision.down_revision.as_slice() {
            [parent] => Some(&replayed(&parent.value)?.after),
            _ => None,
        },
    }
}

/// How far somebody may want to go back beyond a revision.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// As with any revision.
    Usual,
    /// It is a first one: nobody goes back to a database without a schema.
    First,
    /// It is, and no other goes back, or it stands for an older one that is deleted.
    Bottom,
}

impl Reach {
    fn of(ctx: &MigrationContext<'_>) -> Self {
        let is_asked = ctx.environment.settings.downgrades == Some(Downgrades::Required);
        if !ctx.revision.is_base() || is_asked {
            return Self::Usual;
        }
        let head = ctx.environment.head;
        // It is one of those without, or the first of an application that has done without migrations for long.
        let no_other_goes_back = || match head.downgrade_habits() {
            (0, 2..) => true,
            (0, _) => ctx.environment.change.is_some() && ctx.environment.is_established(),
            _ => false,
        };
        if replaces_a_base(ctx.environment) || no_other_goes_back() {
            Self::Bottom
        } else {
            Self::First
        }
    }
}

/// True where a first revision of the base is gone: another stands for it, and for what came after it.
fn replaces_a_base(environment: &EnvironmentContext<'_>) -> bool {
    let head = environment.head;
    let is_deleted =
        |revision: &Revision| revision.is_base() && head.map.find(&revision.id.value).is_none();
    environment.base().is_some_and(|base| {
        let mut nodes = base.map.nodes().iter();
        nodes.any(|node| is_deleted(&node.revision))
    })
}

/// How many objects are named that have the same fate.
const MOST_NAMED: usize = 5;

/// A note about what goes the same way as the object of a finding.
fn same_for(others: &[&str]) -> Option<String> {
    let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    crate::diagnostic::same_for(&names, MOST_NAMED)
}

/// The first operation and how many more there are: "creates table `a` and 2 more changes".
pub(super) fn summarise(operations: &[&Recorded]) -> String {
    let Some(first) = operations.first() else {
        return String::new();
    };
    let first = first.operation.describe();
    match operations.len() - 1 {
        0 => first,
        1 => format!("{first}, and 1 more change"),
        more => format!("{first}, and {more} more changes"),
    }
}

/// How many further statements are shown that fail.
const MOST_LABELS: usize = 5;

/// Reports the failures of one direction, which are one finding: who mends the first meets the next one. `elsewhere` are
/// places of other revisions. `violation` makes it of the first, and of a note about those that are not shown.
fn report_failures<V: Violation>(
    failures: &[&Failed],
    elsewhere: impl Iterator<Item = Label>,
    revision: &Revision,
    run: &Run,
    reporter: &mut Reporter<'_>,
    violation: impl FnOnce(&Failed, Option<String>) -> V,
) {
    let Some((first, others)) = failures.split_first() else {
        return;
    };
    let label = |other: &&Failed| {
        let message = if pattern(&other.message) == pattern(&first.message) {
            "fails as well".to_owned()
        } else {
            format!("fails as well: {}", other.message)
        };
        Label::at(&other.place, message)
    };
    let shown = others.get(..MOST_LABELS).unwrap_or(others);
    let note = match others.len() - shown.len() {
        0 => None,
        1 => Some("1 more statement fails".to_owned()),
        more => Some(format!("{more} more statements fail")),
    };
    let (primary, related) = at(revision, run, &first.place, "fails");
    reporter
        .report_on(&violation(first, note), primary, Some(&revision.id.value))
        .related(related)
        .related(shown.iter().map(label))
        .related(elsewhere.take(MOST_LABELS));
}

/// A message without the names in it.
fn pattern(message: &str) -> String {
    let outside = message.split('`').step_by(2);
    outside.collect::<Vec<_>>().join("`")
}

/// True if a rule says that the downgrade fails, whatever rows there are.
pub(in crate::rules) fn is_told_to_fail(ctx: &ReplayContext<'_>) -> bool {
    let settings = ctx.environment.settings;
    let replayed = ctx.replayed;
    let has_unnamed_drop = || {
        let run = replayed.migration.downgrade.run();
        run.is_some_and(|run| {
            let mut failures = replayed.downgrade_failures.iter();
            failures.any(|failed| unnamed_drop(failed, run).is_some())
        })
    };
    is_selected(&failing_downgrade::RULE, settings) && !failing_downgrade::told(ctx).is_empty()
        || is_selected(&unnamed_constraint_drop::RULE, settings) && has_unnamed_drop()
}

/// The operations that fail, each once: a loop runs the same one many times.
fn failing(failures: &[Failed]) -> Vec<&Failed> {
    let mut found: Vec<&Failed> = Vec::new();
    for failed in failures {
        if !found.iter().any(|other| other.place == failed.place) {
            found.push(failed);
        }
    }
    found
}

/// The operations that fail, without what only this database refuses where the history stopped there before. What any
/// database refuses comes first.
fn to_tell<'r>(failures: &'r [Failed], ctx: &ReplayContext<'_>) -> Vec<&'r Failed> {
    let mut found = failing(failures);
    let is_of_dialect = |failed: &&Failed| failed.kind == FailureKind::OfDialect;
    if found.iter().any(is_of_dialect) && stops_before(ctx) {
        found.retain(|failed| !is_of_dialect(failed));
    }
    found.sort_by_key(is_of_dialect);
    if !found.is_empty() {
        let disproved = Disproved::of(ctx);
        found.retain(|failed| !disproved.has(failed));
    }
    found
}

/// What older revisions, which the change does not touch, fail over as they are read here, though databases have run them:
/// they were read wrong, or databases were made by other means. What fails in the same way now is as little certain, and
/// where many have failed nothing is.
struct Disproved {
    patterns: Vec<String>,
    revisions: usize,
}

impl Disproved {
    /// So many older failures of one kind are no chance.
    const ALIKE: usize = 4;
    /// So many older revisions that fail in whatever way.
    const REVISIONS: usize = 8;

    fn of(ctx: &ReplayContext<'_>) -> Self {
        let mut disproved = Self {
            patterns: Vec::new(),
            revisions: 0,
        };
        if ctx.environment.change.is_none() {
            return disproved;
        }
        for older in older_revisions(ctx) {
            let failures = older.upgrade_failures.iter();
            let certain = failures.filter(|failed| failed.is_of_every_run());
            let before = disproved.patterns.len();
            disproved
                .patterns
                .extend(certain.map(|failed| pattern(&failed.message)));
            disproved.revisions += usize::from(disproved.patterns.len() > before);
        }
        disproved
    }

    fn has(&self, failed: &Failed) -> bool {
        let own = pattern(&failed.message);
        let alike = self.patterns.iter().filter(|known| **known == own).count();
        self.revisions >= Self::REVISIONS || alike >= Self::ALIKE
    }
}

/// True if an older revision, which the change does not touch, cannot be run on this database although others take it:
/// nobody has it then, unless the configuration says so.
fn stops_before(ctx: &ReplayContext<'_>) -> bool {
    let stops = |older: &ReplayedRevision| {
        let mut failures = older.upgrade_failures.iter();
        failures.any(|failed| failed.kind == FailureKind::OfDialect)
    };
    ctx.environment.head.dialect().source != DialectSource::Configured
        && older_revisions(ctx).any(stops)
}

/// The revisions that are run before, as far as the change does not touch them.
fn older_revisions<'r>(ctx: &ReplayContext<'r>) -> impl Iterator<Item = &'r ReplayedRevision> {
    let environment = ctx.environment;
    let head = environment.head;
    let own = head.map.find(&ctx.revision.id.value);
    let order = head.replay().order.iter().copied();
    untouched(
        environment,
        order.take_while(move |node| Some(*node) != own),
    )
}

/// Those of some revisions that the change does not touch.
pub(in crate::rules) fn untouched<'r>(
    environment: &'r EnvironmentContext<'r>,
    nodes: impl Iterator<Item = usize>,
) -> impl Iterator<Item = &'r ReplayedRevision> {
    let head = environment.head;
    nodes
        .filter(|node| !environment.is_judged(&head.map.node(*node).revision.file))
        .filter_map(|node| head.replay().get(node))
}

/// The `drop_constraint` without a name that fails at a place.
fn unnamed_drop<'r>(failed: &Failed, run: &'r Run) -> Option<&'r Recorded> {
    run.operations.iter().find(|recorded| {
        recorded.place == failed.place
            && matches!(
                recorded.operation,
                Operation::DropConstraint { name: None, .. }
            )
    })
}

/// True for a failure that another rule explains: a constraint that is dropped without its name, a string that is taken
/// letter by letter, what a transaction does not allow.
fn is_explained(failed: &Failed, run: &Run) -> bool {
    let is_letters = |recorded: &Recorded| {
        recorded.place == failed.place
            && recorded
                .ignored
                .iter()
                .any(|ignored| matches!(ignored.kind, IgnoredKind::Letters { .. }))
    };
    let is_about_transactions = matches!(
        failed.kind,
        FailureKind::InTransaction | FailureKind::Uncommitted
    );
    is_about_transactions
        || unnamed_drop(failed, run).is_some()
        || run.operations.iter().any(is_letters)
}

/// A place as the primary label of a finding about a revision. Where it lies in another file, the finding stands at the
/// function, and the place is related to it.
pub(in crate::rules) fn at(
    revision: &Revision,
    run: &Run,
    place: &FileSpan,
    message: &str,
) -> (Label, Vec<Label>) {
    let label = Label::at(place, message);
    if place.file == revision.file {
        return (label, Vec::new());
    }
    let function = Label::new(revision.file.clone(), run.name_span, "calls it");
    (function, vec![label])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_count() {
        assert_eq!(
            pattern("index `a` already exists"),
            pattern("index `b` already exists")
        );
        assert_ne!(
            pattern("index `a` already exists"),
            pattern("table `a` does not exist")
        );
    }
}
