//! What a project does without, by decision.

use std::ops::ControlFlow;

use super::Linter;
use crate::catalog::{Change, Subject};
use crate::config::{Downgrades, ZeroDowntime};
use crate::diagnostic::Diagnostic;
use crate::models;
use crate::project::ReplayedHistory;
use crate::rules::{self, Care, EnvironmentChange, EnvironmentContext, Fresh, Rule, care, simple};
use crate::source::RepoPath;

/// Fewer revisions than this make no habit.
const MIN_HABIT: usize = 5;
/// So many changes of tables in use tell how a project does it nowadays.
const NEWEST: usize = 60;
/// So many commits tell whether models come with their migrations nowadays.
const NEWEST_COMMITS: usize = 20;

impl Linter<'_> {
    /// A project that never goes back is not told so revision by revision.
    pub(super) fn respect_habits(&mut self, ctx: &EnvironmentContext<'_>, earlier: usize) {
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        let is_downgrade = |diagnostic: &Diagnostic| {
            rules::find(diagnostic.code).is_some_and(Rule::is_about_the_way_back)
        };
        if !found.iter().any(is_downgrade) || ctx.settings.downgrades == Some(Downgrades::Required)
        {
            return;
        }
        let (with, without) = ctx.head.downgrade_habits();
        let optional = ctx.settings.downgrades == Some(Downgrades::Optional);
        if !optional && (without < MIN_HABIT || without <= with) {
            return;
        }
        self.leave_out(earlier, is_downgrade);
        if !optional {
            self.outcome.notices.push(format!(
                "missing downgrades of {} are not reported: {without} of {} revisions have none, so the project seems to do without; `downgrades = \"required\"` in the configuration asks for them",
                ctx.head.environment.script_location,
                with + without,
            ));
        }
    }

    /// A project whose application waits for its migrations is not told what they block.
    pub(super) fn respect_load(
        &mut self,
        ctx: &EnvironmentContext<'_>,
        history: &ReplayedHistory,
        earlier: usize,
    ) {
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        let is_load =
            |diagnostic: &Diagnostic| rules::find(diagnostic.code).is_some_and(Rule::is_about_load);
        if !found.iter().any(is_load) || ctx.settings.zero_downtime == Some(ZeroDowntime::Required)
        {
            return;
        }
        let optional = ctx.settings.zero_downtime == Some(ZeroDowntime::Optional);
        let Habits {
            careful,
            careless,
            settled,
        } = load_habits(ctx, history);
        // One that is made with care speaks for all that need none: most tables are small.
        let is_careful = careful > 0 || ctx.head.sets_lock_timeout();
        // A young project has shown enough if the base has some of them.
        let is_shown = ctx.is_established() || settled >= MIN_HABIT;
        let is_habit = !is_careful && careless > 0 && is_shown;
        if !optional && !is_habit {
            return;
        }
        // That locks do not matter to a few tables does not mean that the application stops.
        let says_enough = optional || careless >= MIN_HABIT;
        let is_meant = |diagnostic: &Diagnostic| {
            rules::find(diagnostic.code).is_some_and(|rule| {
                rule.is_about_load() && (says_enough || !rule.is_about_running_code())
            })
        };
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        if !found.iter().any(is_meant) {
            return;
        }
        self.leave_out(earlier, is_meant);
        if !optional {
            self.outcome.notices.push(format!(
                "locks and rewrites of tables in use are not reported for {}: of the newest {careless} indexes, constraints \
                 and changes of types on tables that were there none was made so that nobody waits, so the application \
                 seems to stop meanwhile; `zero-downtime = \"required\"` in the configuration asks for them",
                ctx.head.environment.script_location,
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
        let is_half = |diagnostic: &Diagnostic| diagnostic.is_half;
        if !found.iter().any(is_half)
            || ctx.settings.pairing.is_some()
            || ctx.head.may_touch_models(change.whole)
        {
            return;
        }
        let (together, apart) = pairing_habits(ctx, change);
        if apart < MIN_HABIT || apart <= together {
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

/// How often the newest revisions change tables that were there.
#[derive(Default)]
struct Habits {
    /// So that nobody waits.
    careful: usize,
    /// Otherwise.
    careless: usize,
    /// Otherwise, before the change that is judged.
    settled: usize,
}

fn load_habits(ctx: &EnvironmentContext<'_>, history: &ReplayedHistory) -> Habits {
    let mut habits = Habits::default();
    for node in history.order.iter().rev() {
        let Some(replayed) = history.get(*node) else {
            continue;
        };
        let is_settled =
            ctx.change.is_some() && !ctx.is_judged(&ctx.head.map.node(*node).revision.file);
        let mut fresh = Fresh::default();
        for step in &replayed.upgrade_steps {
            for (ddl, _) in simple(&step.ddl) {
                match care(ctx, &step.before, &ddl, &fresh) {
                    Some(Care::Taken) => habits.careful += 1,
                    Some(Care::Missing) => {
                        habits.careless += 1;
                        habits.settled += usize::from(is_settled);
                    }
                    None => {}
                }
                if habits.careful + habits.careless >= NEWEST {
                    return habits;
                }
            }
            fresh.take(step);
        }
    }
    habits
}
