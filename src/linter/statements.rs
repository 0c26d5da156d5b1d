//! Hands the statements of revisions to the rules about them, one by one.

use std::cell::OnceCell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::Linter;
use super::load::{Circumstances, accepts_errors};
use crate::alembic::{Failed, ReplayedRevision, Revision};
use crate::catalog::{Ddl, SessionChange};
use crate::diagnostic::{Diagnostic, Label};
use crate::project::ReplayedHistory;
use crate::python::ast::Expr;
use crate::rules::{
    self, EnvironmentContext, Fresh, Listener, Rule, SqlContext, StatementContext, Way, simple,
};
use crate::source::{RepoPath, Span};

impl Linter<'_> {
    /// True if a selected rule listens to statements.
    pub(super) fn asks_for_statements(&self) -> bool {
        self.has(|listener| {
            matches!(
                listener,
                Listener::Statement(_) | Listener::Load(_) | Listener::Sql(_)
            )
        })
    }

    /// Judges the statements of the revisions in question. What the revisions of one change make is new in all of them.
    /// Without a change it is not known what came together: in a settled project that is what was made within some days.
    pub(super) fn statements(
        &mut self,
        ctx: &EnvironmentContext<'_>,
        history: &ReplayedHistory,
        circumstances: &Circumstances<'_>,
    ) {
        let mut fresh = Fresh::default();
        // By slip, where a finding about running code stands: a change is put off to the next release as a whole.
        let mut running: FxHashMap<&'static str, usize> = FxHashMap::default();
        for (index, node) in history.order.iter().enumerate() {
            let revision = &ctx.head.map.node(*node).revision;
            let Some(replayed) = history.get(*node).filter(|_| ctx.is_judged(&revision.file))
            else {
                fresh = Fresh::default();
                continue;
            };
            if ctx.change.is_none() {
                fresh = Fresh::default();
            }
            if circumstances.has_run {
                let earlier = history.order.get(..index).unwrap_or_default();
                of_the_same_days(ctx, history, revision, earlier)
                    .flat_map(|replayed| &replayed.upgrade_steps)
                    .for_each(|step| fresh.take(step));
            }
            fresh.begin();
            let earlier = self.outcome.diagnostics.len();
            let mut told = Told::default();
            self.direction(
                circumstances,
                revision,
                replayed,
                Way::Up,
                &mut fresh,
                &mut told,
            );
            let mut after = fresh.clone();
            after.turn();
            self.direction(
                circumstances,
                revision,
                replayed,
                Way::Down,
                &mut after,
                &mut told,
            );
            told.finish(&mut self.outcome.diagnostics);
            if ctx.change.is_some() {
                join_running(&mut self.outcome.diagnostics, earlier, &mut running);
            }
        }
    }

    fn direction(
        &mut self,
        circumstances: &Circumstances<'_>,
        revision: &Arc<Revision>,
        replayed: &ReplayedRevision,
        way: Way,
        fresh: &mut Fresh,
        told: &mut Told,
    ) {
        let steps = way.steps(replayed);
        let failures: &[Failed] = match way {
            Way::Up => &replayed.upgrade_failures,
            Way::Down => &replayed.downgrade_failures,
        };
        let environment = circumstances.environment;
        // Tables that have no rows if the statements before were carried out.
        let mut empty: FxHashSet<SmolStr> = FxHashSet::default();
        // The database ends what takes long, unless the revision asks for more time.
        let mut is_limited = circumstances.is_limited;
        // Whoever limits the wait and speaks of the lock has thought about it.
        let mut waits_shortly = false;
        let says_so = OnceCell::new();
        let is_weighed = || {
            *says_so.get_or_init(|| {
                let run = way.run(&replayed.migration);
                run.is_some_and(|run| revision.speaks_of_locks(run.span))
            })
        };
        let accepts = OnceCell::new();
        let are_errors_accepted = || {
            *accepts.get_or_init(|| {
                let docstring = revision.source.module.docstring();
                docstring.and_then(Expr::as_str).is_some_and(accepts_errors)
            })
        };
        let contracts = circumstances.contracts(revision);
        for (index, step) in steps.iter().enumerate() {
            let is_refused = failures
                .iter()
                .any(|failed| failed.place == step.place && !failed.in_one_go);
            let changes_limit = matches!(
                step.ddl,
                Ddl::Session(SessionChange::Timeout { is_lock: false, .. })
            );
            is_limited &= !changes_limit;
            if let Ddl::Session(SessionChange::Timeout {
                is_lock: true,
                is_set,
            }) = step.ddl
            {
                waits_shortly = is_set;
            }
            if step.certain {
                for (ddl, place) in simple(&step.ddl) {
                    let context = StatementContext {
                        environment,
                        revision,
                        replayed,
                        way,
                        ddl: &ddl,
                        place: place.unwrap_or(&step.place),
                        step,
                        earlier: steps.get(..index).unwrap_or_default(),
                        later: steps.get(index + 1..).unwrap_or_default(),
                        fresh,
                    };
                    // What is refused locks nothing for long.
                    let gets_here = !context.table().is_some_and(|table| empty.contains(table));
                    let is_load =
                        !contracts && !is_refused && gets_here && !context.is_about_small_table();
                    let earlier = self.outcome.diagnostics.len();
                    self.each(|listener, reporter| match listener {
                        Listener::Statement(check) => check(&context, reporter),
                        Listener::Load(check) if is_load => check(&context, reporter),
                        _ => {}
                    });
                    self.leave_out(earlier, |diagnostic| {
                        let rule = rules::find(diagnostic.code);
                        rule.is_some_and(Rule::is_about_running_code) && are_errors_accepted()
                    });
                    if is_limited || waits_shortly && is_weighed() {
                        self.leave_out(earlier, |diagnostic| {
                            rules::find(diagnostic.code).is_some_and(|rule| {
                                rule.is_about_load() && !rule.is_about_running_code()
                            })
                        });
                    }
                    if let Some(table) = context.table() {
                        self.leave_out_unused(circumstances, &context, table, earlier);
                        told.join(
                            &mut self.outcome.diagnostics,
                            earlier,
                            &context,
                            table,
                            circumstances,
                        );
                    }
                    // An upgrade under review that does so is mended, and then comes to what follows.
                    if way == Way::Down || circumstances.has_run {
                        empty.extend(context.stops_at_rows().cloned());
                    }
                }
            }
            fresh.take(step);
        }
        if !self.has(|listener| matches!(listener, Listener::Sql(_))) {
            return;
        }
        for sql in way.texts(replayed).iter().filter(|sql| sql.certain) {
            let context = SqlContext::new(environment, revision, replayed, way, sql, fresh);
            let earlier = self.outcome.diagnostics.len();
            self.each(|listener, reporter| {
                if let Listener::Sql(check) = listener {
                    check(&context, reporter);
                }
            });
            told.join_sql(&mut self.outcome.diagnostics, earlier, way);
        }
    }
}

/// Takes the newest findings about running code into those that an earlier revision of the change has.
fn join_running(
    diagnostics: &mut Vec<Diagnostic>,
    earlier: usize,
    running: &mut FxHashMap<&'static str, usize>,
) {
    for diagnostic in diagnostics.split_off(earlier) {
        let rule = rules::find(diagnostic.code);
        let index = diagnostics.len();
        if let Some(rule) = rule.filter(|rule| rule.is_about_running_code()) {
            let first = *running.entry(slip(rule)).or_insert(index);
            if let Some(known) = diagnostics.get_mut(first) {
                add_finding(known, diagnostic);
                continue;
            }
        }
        diagnostics.push(diagnostic);
    }
}

/// A rule, where it says something and, for some, what is to be done.
type Place = (&'static str, RepoPath, Option<Span>, Option<String>);

/// What was said of the load of a revision.
#[derive(Default)]
struct Told {
    /// By rule and table, where the finding about the upgrade stands among all. Rules about locks are one here.
    upgrade: FxHashMap<(&'static str, SmolStr), usize>,
    /// By place, where the finding stands, and how often it would have been told once more.
    places: FxHashMap<Place, (usize, usize)>,
    /// By rule, table and direction, where a finding stands; without a table where it is told once for all.
    said: FxHashMap<(&'static str, SmolStr, Way), usize>,
    /// By rule, where findings about the upgrade stand, each about another table.
    tables: FxHashMap<&'static str, Vec<usize>>,
    /// By rule and words, where the first finding about raw SQL of the upgrade stands.
    texts: FxHashMap<(&'static str, String), usize>,
    /// By table, where the upgrade has shut it.
    shut: FxHashMap<SmolStr, Shut>,
}

/// A statement of the upgrade that lets nobody use a table until its transaction ends.
struct Shut {
    /// Where the finding about it stands.
    index: usize,
    /// How many steps came before it.
    since: usize,
}

impl Shut {
    /// True if a later statement runs in the same transaction.
    fn is_held(&self, ctx: &StatementContext<'_>) -> bool {
        let steps = ctx.earlier.len() - ctx.earlier_in_transaction().len();
        steps <= self.since && !ctx.commits_each() && ctx.step.session.in_transaction
    }
}

impl Told {
    /// Takes the newest findings in. What a loop does again and again is told once, as is what a rule says of one table, and
    /// what a downgrade does to a table as the upgrade did is part of the finding there.
    fn join(
        &mut self,
        diagnostics: &mut Vec<Diagnostic>,
        earlier: usize,
        ctx: &StatementContext<'_>,
        table: &SmolStr,
        circumstances: &Circumstances<'_>,
    ) {
        let way = ctx.way;
        // What goes with a column that refers to another table goes with that.
        let referenced = ctx.referred_by_column();
        for diagnostic in diagnostics.split_off(earlier) {
            let Some(rule) = rules::find(diagnostic.code)
                .filter(|rule| rule.is_about_use_of_tables() || rule.name == "lost-attributes")
            else {
                diagnostics.push(diagnostic);
                continue;
            };
            let code = if rule.is_about_running_code() {
                RUNNING_CODE
            } else if rule.is_about_load() {
                LOCKS
            } else {
                rule.code
            };
            let key = (code, table.clone());
            let Label { file, span, .. } = &diagnostic.primary;
            // What one line does in two ways is mended in two.
            let cure = (!rule.is_about_use_of_tables())
                .then(|| diagnostic.help.clone())
                .flatten();
            let place = (rule.code, file.clone(), *span, cure);
            if let Some((index, again)) = self.places.get_mut(&place) {
                *again += 1;
                if way == Way::Up && rule.is_about_use_of_tables() {
                    self.upgrade.entry(key).or_insert(*index);
                }
                if rule.is_about_running_code() {
                    for table in [table].into_iter().chain(ctx.new_name()) {
                        let key = (RUNNING_CODE, table.clone(), way);
                        self.said.entry(key).or_insert(*index);
                    }
                }
                continue;
            }
            if !rule.is_about_use_of_tables() {
                self.places.insert(place, (diagnostics.len(), 0));
                diagnostics.push(diagnostic);
                continue;
            }
            let counterpart = self
                .upgrade
                .get(&key)
                .filter(|_| way == Way::Down && rule.is_about_load());
            if let Some(known) = counterpart.and_then(|index| diagnostics.get_mut(*index)) {
                let how = if known.code == diagnostic.code {
                    "and so on the way back"
                } else {
                    "locked on the way back as well"
                };
                known.add_place(diagnostic.primary, how);
                continue;
            }
            // Whoever waits for all rows to be written anew waits for an index of them as well.
            let rewritten = (REWRITE, table.clone(), way);
            let rewrite = self.said.get(&rewritten).filter(|_| code == LOCKS);
            if let Some(known) = rewrite.and_then(|index| diagnostics.get_mut(*index))
                && known.code != diagnostic.code
            {
                known.add_place(diagnostic.primary, "and keeps the lock for longer here");
                continue;
            }
            // Whoever can neither read nor write by then does not wait for an index of the same transaction.
            let shut = self.shut.get(table).filter(|shut| {
                way == Way::Up && rule.name == "blocking-index" && shut.is_held(ctx)
            });
            if let Some(known) = shut.and_then(|shut| diagnostics.get_mut(shut.index))
                && known.code != diagnostic.code
            {
                known.add_place(diagnostic.primary, "and keeps the lock for longer here");
                continue;
            }
            if way == Way::Down && code == LOCKS && !circumstances.minds_locks_of_downgrades() {
                continue;
            }
            // What running code still asks for is put off to the next release as a whole, and what happens to one table is
            // one thing, whichever rules find it.
            // A way back that was not thought through is one slip.
            let is_way_back = way == Way::Down && !rule.is_about_load();
            let subject = if rule.is_told_once() || rule.is_about_running_code() || is_way_back {
                SmolStr::default()
            } else {
                table.clone()
            };
            let index = diagnostics.len();
            let mut said = vec![(slip(rule), subject, way)];
            // A key whose type changes takes the columns that refer to it along.
            if rule.name == "column-rewrite" {
                let others = referenced.iter().cloned();
                said.extend(others.map(|table| (rule.code, table, way)));
            }
            let rewrites = matches!(
                rule.name,
                "column-rewrite" | "volatile-default" | "generated-column"
            );
            if rule.is_about_running_code() {
                let others = referenced.iter().chain([table]).chain(ctx.new_name());
                said.extend(others.map(|table| (RUNNING_CODE, table.clone(), way)));
            }
            let first = said.iter().find_map(|key| self.said.get(key).copied());
            if let Some(first) = first
                && let Some(known) = diagnostics.get_mut(first)
            {
                add_finding(known, diagnostic);
                said.extend(rewrites.then_some(rewritten));
                for key in said {
                    self.said.entry(key).or_insert(first);
                }
                continue;
            }
            said.extend(rewrites.then_some(rewritten));
            if !rewrites && rule.shuts_tables() && way == Way::Up {
                let shut = Shut {
                    index,
                    since: ctx.earlier.len(),
                };
                self.shut.entry(table.clone()).or_insert(shut);
            }
            self.said.extend(said.into_iter().map(|key| (key, index)));
            if way == Way::Up && rule.is_about_load() {
                self.upgrade.entry(key).or_insert(index);
                self.tables.entry(rule.code).or_default().push(index);
            }
            self.places.insert(place, (index, 0));
            diagnostics.push(diagnostic);
        }
    }

    /// Takes the newest findings about raw SQL in. What the downgrade says in the same words is part of the finding about the
    /// upgrade.
    fn join_sql(&mut self, diagnostics: &mut Vec<Diagnostic>, earlier: usize, way: Way) {
        for diagnostic in diagnostics.split_off(earlier) {
            let key = (diagnostic.code, diagnostic.message.clone());
            let counterpart = self.texts.get(&key).filter(|_| way == Way::Down);
            if let Some(known) = counterpart.and_then(|index| diagnostics.get_mut(*index)) {
                known.add_place(diagnostic.primary, "and so on the way back");
                continue;
            }
            if way == Way::Up {
                self.texts.entry(key).or_insert(diagnostics.len());
            }
            diagnostics.push(diagnostic);
        }
    }

    /// Says how often a loop does it, and once what is done to many tables.
    fn finish(self, diagnostics: &mut Vec<Diagnostic>) {
        for (index, again) in self.places.into_values().filter(|(_, again)| *again > 0) {
            let times = if again == 1 { "time" } else { "times" };
            if let Some(diagnostic) = diagnostics.get_mut(index) {
                let note = format!("the same line does so {again} more {times}, to others");
                diagnostic.notes.push(note);
            }
        }
        let mut told: Vec<usize> = Vec::new();
        for all in self.tables.values().filter(|all| all.len() > MOST_TABLES) {
            let Some((first, others)) = all.split_first() else {
                continue;
            };
            let places: Vec<Label> = others
                .iter()
                .filter_map(|index| Some(diagnostics.get(*index)?.primary.clone()))
                .collect();
            if let Some(diagnostic) = diagnostics.get_mut(*first) {
                let note = format!("the revision does so to {} more tables", others.len());
                diagnostic.notes.push(note);
                for place in places {
                    diagnostic.add_place(place, "and so here");
                }
                told.extend(others);
            }
        }
        told.sort_unstable();
        for index in told.into_iter().rev() {
            diagnostics.remove(index);
        }
    }
}

/// Stands for all rules about locks: a downgrade that locks the table in another way needs no finding of its own.
const LOCKS: &str = "";

/// Stands for all rules about running code: what they say of one table is mended together.
const RUNNING_CODE: &str = "running";

/// Stands for all rules about tables whose rows are written anew.
const REWRITE: &str = "rewrite";

/// What a rule tells of, where that is one slip whichever rule finds it: code that still asks for an old name, and code that
/// still asks for what is gone, go out in one release with the migration.
fn slip(rule: &Rule) -> &'static str {
    match rule.name {
        "column-rename" | "table-rename" => "rename",
        "column-drop" | "table-drop" => "drop",
        _ => rule.code,
    }
}

/// Takes a finding into another that is mended with it.
fn add_finding(known: &mut Diagnostic, other: Diagnostic) {
    let label = other.primary;
    if known.code == other.code {
        known.add_place(label, "and so here");
        return;
    }
    // Of what another rule finds the first is told in words.
    if !known.notes.iter().any(|note| note.starts_with(AS_WELL)) {
        known.notes.push(format!("{AS_WELL}{}", other.message));
    }
    let message = label.message.clone();
    known.add_place(label, &message);
}

/// How a note begins about what another rule finds of the same slip.
const AS_WELL: &str = "and ";

/// What a revision does to more tables than this is told once.
const MOST_TABLES: usize = 3;

/// So many days lie between a revision and another that may have come with the same change.
const SAME_CHANGE: i32 = 7;

/// So many revisions before another may have come with the same change, where they bear no dates.
const LAST_FEW: usize = 3;

/// A change with more revisions than this is not thought of.
const MOST_REVISIONS: usize = 32;

/// The revisions before this one that may have come with the same change.
fn of_the_same_days<'h>(
    ctx: &EnvironmentContext<'_>,
    history: &'h ReplayedHistory,
    revision: &Revision,
    earlier: &'h [usize],
) -> impl Iterator<Item = &'h ReplayedRevision> {
    let created = revision.created();
    let is_near = |(back, node): &(usize, &usize)| {
        let other = ctx.head.map.node(**node).revision.created();
        match (other, created) {
            (Some(other), Some(created)) => {
                (0..=SAME_CHANGE).contains(&(created - other).get_days())
            }
            // Without dates the last few count.
            (None, None) => *back < LAST_FEW,
            _ => false,
        }
    };
    let newest = earlier.iter().rev().take(MOST_REVISIONS).enumerate();
    let count = newest.take_while(is_near).count();
    let nearest = earlier.get(earlier.len() - count..).unwrap_or_default();
    nearest.iter().filter_map(|node| history.get(*node))
}
