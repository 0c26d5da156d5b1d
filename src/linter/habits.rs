//! What a project does without, by decision.

mod deleted;

use std::ops::ControlFlow;
use std::sync::LazyLock;

use regex::Regex;

use super::Linter;
use crate::catalog::{Change, Subject};
use crate::config::Downgrades;
use crate::diagnostic::{Diagnostic, Leeway};
use crate::models;
use crate::project::Downtime;
use crate::rules::{self, EnvironmentChange, EnvironmentContext, Rule};
use crate::source::RepoPath;

/// Fewer revisions than this make no habit.
pub(super) const MIN_HABIT: usize = 5;
/// Where fewer revisions than this are left, those that a squash has deleted are asked, too.
const FEW: usize = 2 * MIN_HABIT;
/// So many revisions without a way back, and none with one, tell enough where the application upgrades itself.
const MIN_WITHOUT_ANY: usize = 3;
/// So many revisions, with those of a change, and none with a way back, tell enough of the next one.
const MIN_BEFORE_CHANGE: usize = 2;
/// So many commits tell whether models come with their migrations nowadays.
const NEWEST_COMMITS: usize = 20;

impl Linter<'_> {
    /// A project that never goes back is not told so revision by revision.
    pub(super) fn respect_habits(&mut self, ctx: &EnvironmentContext<'_>, earlier: usize) {
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        let is_downgrade = |diagnostic: &Diagnostic| {
            diagnostic.is_way_back
                || rules::find(diagnostic.code).is_some_and(Rule::is_about_the_way_back)
        };
        if !found.iter().any(is_downgrade) || ctx.settings.downgrades == Some(Downgrades::Required)
        {
            return;
        }
        let (with, without) = ctx.head.downgrade_habits();
        let optional = ctx.settings.downgrades == Some(Downgrades::Optional);
        let is_habit = without >= MIN_HABIT && without > with;
        // A new project has few revisions. If none goes back, and the application upgrades as it starts, nobody will.
        let only_goes_on = || {
            with == 0
                && without >= MIN_WITHOUT_ANY
                && ctx.head.downtime() == Some(Downtime::AtStart)
        };
        let is_template = || with <= without && ctx.head.begins_without_downgrade();
        // Nor will anybody go back by the next one alone.
        let none_goes_back = || {
            ctx.change.is_some()
                && with == 0
                && ctx.head.never_goes_back() >= Some(MIN_BEFORE_CHANGE)
        };
        // What a squash has left tells less than what it has deleted.
        let of_deleted = || {
            let folders = &ctx.head.environment.version_locations;
            let change = ctx.change.as_ref();
            change
                .filter(|_| with + without < FEW)
                .map_or((0, 0), |change| deleted::downgrade_habits(change, folders))
        };
        let is_older_habit = || {
            let (once_with, once_without) = of_deleted();
            // The squash itself goes back as autogenerate has written it.
            once_without >= MIN_HABIT && without >= with && once_without > once_with
        };
        let is_plain = optional
            || is_habit
            || only_goes_on()
            || is_template()
            || none_goes_back()
            || is_older_habit();
        let refuses = || {
            let said = || {
                ctx.head.refuses_downgrades().or_else(|| {
                    (without >= MIN_WITHOUT_ANY)
                        .then(|| ctx.head.refusing_revision())
                        .flatten()
                })
            };
            let runner = ctx.head.refusing_runner();
            runner.or_else(|| (with <= without).then(said).flatten())
        };
        let refusal = (!is_plain).then(refuses).flatten();
        if !is_plain && refusal.is_none() {
            return;
        }
        self.leave_out(earlier, is_downgrade);
        if let Some(file) = refusal {
            self.outcome.notices.push(format!(
                "missing downgrades of {} are not reported: `{file}` says that the database does not go back; \
                 `downgrades = \"required\"` in the configuration asks for them",
                ctx.head.environment.script_location,
            ));
            return;
        }
        if !optional && with + without == 0 {
            self.outcome.notices.push(format!(
                "missing downgrades of {} are not reported: `script.py.mako` has none; `downgrades = \"required\"` in the \
                 configuration asks for them",
                ctx.head.environment.script_location,
            ));
        } else if !optional {
            self.outcome.notices.push(format!(
                "missing downgrades of {} are not reported: {without} of the newest {} revisions that change the schema have none, so the project seems to do without; `downgrades = \"required\"` in the configuration asks for them",
                ctx.head.environment.script_location,
                with + without,
            ));
        }
    }

    /// A project that commits migrations and models apart is not told, where it begins with the migration, that the
    /// model is missing.
    pub(super) fn respect_pairing(
        &mut self,
        ctx: &EnvironmentContext<'_>,
        change: &EnvironmentChange<'_>,
        earlier: usize,
    ) {
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        let is_half =
            |diagnostic: &Diagnostic| diagnostic.is_half || diagnostic.leeway != Leeway::None;
        if !found.iter().any(is_half)
            || ctx.settings.pairing.is_some()
            || ctx.head.may_touch_models(change.whole)
        {
            return;
        }
        if change.is_committed && found.iter().any(|found| found.is_half) && is_said(change) {
            self.leave_out(earlier, |diagnostic| diagnostic.is_half);
            self.outcome.notices.push(format!(
                "what migrations of {} do before the models know of it is not reported, as a commit message says that the \
                 change has only the migration; `pairing = \"together\"` in the configuration asks for it",
                ctx.head.environment.script_location,
            ));
        }
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        let expands =
            |diagnostic: &Diagnostic| diagnostic.is_half && diagnostic.leeway == Leeway::Expansion;
        if change.is_committed && found.iter().any(expands) {
            self.leave_out(earlier, expands);
            self.outcome.notices.push(format!(
                "columns that migrations of {} add before the models know of them are not reported, as the change touches \
                 no model; `pairing = \"together\"` in the configuration asks for it",
                ctx.head.environment.script_location,
            ));
        }
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        if !found.iter().any(is_half) {
            return;
        }
        let (together, apart) = pairing_habits(ctx, change);
        if apart < MIN_HABIT || apart <= together {
            // What code works with all the same needs less of a habit.
            let relaxes = |diagnostic: &Diagnostic| diagnostic.leeway != Leeway::None;
            if change.is_committed && is_done_at_times(together, apart) && found.iter().any(relaxes)
            {
                self.leave_out(earlier, relaxes);
                self.outcome.notices.push(format!(
                    "what migrations of {} add or allow before the models ask for it is not reported, as the change \
                     touches no model, like {apart} of the newest {} commits that added tables or columns; `pairing = \
                     \"together\"` in the configuration asks for it",
                    ctx.head.environment.script_location,
                    together + apart,
                ));
            }
            return;
        }
        self.leave_out(earlier, is_half);
        self.outcome.notices.push(format!(
            "what migrations of {} add without a model is not reported: of the newest {} commits that added tables or \
             columns, {apart} changed no model, so the models seem to follow in changes of their own; `pairing = \
             \"together\"` in the configuration asks for it, `\"separate\"` says that it is meant",
            ctx.head.environment.script_location,
            together + apart,
        ));
    }

    /// Takes findings out that are not to be told: a comment about them is of use all the same.
    pub(super) fn leave_out(&mut self, earlier: usize, is_meant: impl Fn(&Diagnostic) -> bool) {
        let mut index = 0;
        let habitual = &mut self.habitual;
        self.outcome.diagnostics.retain(|diagnostic| {
            index += 1;
            let is_kept = index <= earlier || !is_meant(diagnostic);
            if !is_kept {
                habitual.push(diagnostic.clone());
            }
            is_kept
        });
    }
}

/// True if a commit message says that the models come later: "migration only".
fn is_said(change: &EnvironmentChange<'_>) -> bool {
    let messages = change.past.messages();
    messages.iter().any(|message| ONLY.is_match(message))
}

static ONLY: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is fixed")]
    Regex::new(r"(?im)\bmigrations? only\b|\bonly (?:the )?(?:alembic |database |db |schema )?migrations?\W*$")
        .expect("the pattern is fixed")
});

/// True if models come in commits of their own at times, though mostly they do not: in a fifth, and more than once.
fn is_done_at_times(together: usize, apart: usize) -> bool {
    apart > 1 && apart * 5 >= together + apart
}

/// How many of the newest commits of the base that add tables or columns change models too, and how many change none.
fn pairing_habits(ctx: &EnvironmentContext<'_>, change: &EnvironmentChange<'_>) -> (usize, usize) {
    let head = ctx.head;
    let adds_what_models_have = |file: &RepoPath| {
        let node = head.node_of(file);
        let replayed = node.and_then(|node| head.replay().get(node));
        replayed.is_some_and(|replayed| {
            let mut found = replayed.upgrade.found.iter();
            found.any(|difference| {
                difference.change == Change::Added
                    && matches!(difference.subject, Subject::Table | Subject::Column)
            })
        })
    };
    let model_files = &head.model_schema().files;
    // What is gone by now may have been a model.
    let may_be_model = |file: &RepoPath| {
        head.is_code(file)
            && (model_files.contains_key(file)
                || models::may_declare_models(file, head.sources())
                || !head.sources().snapshot().contains(file))
    };
    let (mut together, mut apart) = (0, 0);
    let folders = &head.environment.version_locations;
    change.past.visit_additions(folders, &mut |commit| {
        if commit.added.iter().any(adds_what_models_have) {
            *(if commit.changed.iter().any(may_be_model) {
                &mut together
            } else {
                &mut apart
            }) += 1;
        }
        if together + apart == NEWEST_COMMITS {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    (together, apart)
}
