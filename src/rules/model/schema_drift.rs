//! ML303

use std::cell::OnceCell;

use crate::alembic::ReplayedRevision;
use crate::catalog::{Change, Difference, Subject};
use crate::diagnostic::Label;
use crate::models::DriftDifference;
use crate::rules::difference::{nullability, plain};
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};
use crate::source::FileSpan;

declare_rule! {
    "ML303", "schema-drift" in Model("model"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    peers: ["alembic: check", "pytest-alembic: test_model_definitions_match_ddl"],
    on: Drift(check),
}

/// A difference between models and migrations, in words.
pub(super) struct Drifted<'a> {
    found: &'a DriftDifference,
}

impl Violation for Drifted<'_> {
    fn message(&self) -> String {
        message(&self.found.difference)
    }

    fn subject(&self) -> String {
        let difference = &self.found.difference;
        format!("{} {}", difference.kind(), difference.object)
    }

    fn help(&self) -> Option<String> {
        self.found.is_seen().then(|| {
            "let `alembic revision --autogenerate` write the migration, or bring the model back in line"
                .to_owned()
        })
    }
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let newest = OnceCell::new();
    report(ctx, reporter, |found| {
        found.is_seen() && !is_ahead_of_models(found, ctx, newest.get_or_init(|| newest_of(ctx)))
    });
}

/// The revisions whose models may still follow.
fn newest_of(ctx: &EnvironmentContext<'_>) -> Vec<usize> {
    if ctx.is_established() {
        let order = ctx.head.replay().order.iter();
        order.rev().take(NEXT_RELEASE).copied().collect()
    } else {
        ctx.head.map.heads()
    }
}

/// True for a table or column that the newest revision adds: the model may come with the next release. It is late as soon
/// as another revision follows, in a settled project as soon as some do. In the first revision of all there is nothing to be
/// ahead of.
fn is_ahead_of_models(
    found: &DriftDifference,
    ctx: &EnvironmentContext<'_>,
    newest: &[usize],
) -> bool {
    let difference = &found.difference;
    let (Subject::Table | Subject::Column, Change::Removed) =
        (difference.subject, difference.change)
    else {
        return false;
    };
    let map = &ctx.head.map;
    newest.iter().copied().any(|head| {
        let is_added = |replayed: &ReplayedRevision| {
            replayed.upgrade.found.iter().any(|added| {
                (added.subject, added.change) == (difference.subject, Change::Added)
                    && added.object == difference.object
            })
        };
        !map.node(head).revision.is_base() && ctx.head.replay().get(head).is_some_and(is_added)
    })
}

/// A model may follow within so many revisions.
const NEXT_RELEASE: usize = 5;

/// Reports the differences that are wanted, each where the model says it or else where the migration makes it.
pub(super) fn report(
    ctx: &EnvironmentContext<'_>,
    reporter: &mut Reporter<'_>,
    wanted: impl Fn(&DriftDifference) -> bool,
) {
    for found in &ctx.head.drift().differences {
        if !wanted(found) {
            continue;
        }
        let label = |place: &FileSpan, message: &str| Label::at(place, message);
        let model = found.model.as_ref().map(|place| label(place, "the model"));
        let migration = found
            .migration
            .as_ref()
            .map(|place| match found.difference.change {
                Change::Added => label(place, "the table is made here"),
                _ => label(place, "the migration"),
            });
        let (primary, related) = match (model, migration) {
            (Some(model), migration) => (model, migration),
            (None, Some(migration)) => (migration, None),
            (None, None) => continue,
        };
        reporter
            .report(&Drifted { found }, primary)
            .related(related);
    }
}

fn message(difference: &Difference) -> String {
    let object = format!("`{}`", difference.object);
    let noun = match difference.subject {
        Subject::Column => String::new(),
        subject => format!("{} ", subject.noun()),
    };
    match difference.change {
        Change::Added => format!("no migration makes {noun}{object}"),
        Change::Removed if difference.subject == Subject::Table => {
            format!("no model describes table {object}")
        }
        Change::Removed => {
            format!("the migrations make {noun}{object}, which the model does not have")
        }
        Change::Renamed => format!(
            "{noun}{object} is called `{}` in the model",
            plain(&difference.to)
        ),
        Change::Changed("nullable") => {
            format!(
                "{object} is {} after the migrations, {} in the model",
                nullability(&difference.from),
                nullability(&difference.to)
            )
        }
        Change::Changed(fact @ ("type" | "default" | "comment")) => format!(
            "the {fact} of {object} is `{}` after the migrations, `{}` in the model",
            plain(&difference.from),
            plain(&difference.to)
        ),
        Change::Changed(_) => {
            format!("{noun}{object} is made otherwise by the migrations than the model has it")
        }
    }
}
