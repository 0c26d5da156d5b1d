//! What a project does without, by decision.

use std::ops::ControlFlow;

use super::Linter;
use crate::catalog::{AlterAction, Change, Ddl, Subject};
use crate::config::{Downgrades, ZeroDowntime};
use crate::diagnostic::Diagnostic;
use crate::models;
use crate::project::ReplayedHistory;
use crate::rules::{self, EnvironmentChange, EnvironmentContext, Fresh, Rule, simple};
use crate::source::RepoPath;

/// Fewer revisions than this make no habit.
const MIN_HABIT: usize = 5;
/// So many indexes and constraints tell how a project does it nowadays.
const NEWEST: usize = 60;
/// So many commits tell whether models come with their migrations nowadays.
const NEWEST_COMMITS: usize = 20;
/// One that is made with care speaks for so many that need none: most tables are small.
const CARE: usize = 20;

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
        let (careful, careless) = load_habits(ctx, history);
        if !optional && (careless < MIN_HABIT || careful * CARE >= careless) {
            return;
        }
        self.leave_out(earlier, is_load);
        if !optional {
            self.outcome.notices.push(format!(
                "locks and rewrites of tables in use are not reported for {}: of {} indexes and constraints that were \
                 added to tables that were there, {careful} {} made so that nobody waits, so the application seems to stop \
                 meanwhile; `zero-downtime = \"required\"` in the configuration asks for them",
                ctx.head.environment.script_location,
                careful + careless,
                if careful == 1 { "was" } else { "were" },
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

    /// Takes findings out that the project does not ask for: a comment about them is of use all the same.
    fn leave_out(&mut self, earlier: usize, is_meant: impl Fn(&Diagnostic) -> bool) {
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

/// How often the newest revisions add indexes and constraints to tables that were there, so that nobody waits and
/// otherwise. What a change does is no habit yet.
fn load_habits(ctx: &EnvironmentContext<'_>, history: &ReplayedHistory) -> (usize, usize) {
    let (mut careful, mut careless) = (0, 0);
    let is_settled = |node: &usize| {
        ctx.change.is_none() || !ctx.is_judged(&ctx.head.map.node(*node).revision.file)
    };
    for node in history.order.iter().rev().filter(|node| is_settled(node)) {
        let Some(replayed) = history.get(*node) else {
            continue;
        };
        let mut fresh = Fresh::default();
        for step in &replayed.upgrade_steps {
            for (ddl, _) in simple(&step.ddl) {
                match ddl.as_ref() {
                    Ddl::CreateIndex {
                        table,
                        concurrently,
                        ..
                    } if !fresh.has_table(table) => {
                        *(if *concurrently {
                            &mut careful
                        } else {
                            &mut careless
                        }) += 1;
                    }
                    Ddl::AlterTable { table, action, .. } if !fresh.has_table(table) => {
                        match action {
                            AlterAction::AddConstraintUsingIndex { .. }
                            | AlterAction::ValidateConstraint { .. } => careful += 1,
                            AlterAction::AddConstraint(constraint) if !constraint.not_valid => {
                                careless += 1;
                            }
                            _ => {}
                        }
                    }
                    _ => {}
                }
            }
            fresh.take(step);
        }
        if careful + careless >= NEWEST {
            break;
        }
    }
    (careful, careless)
}
