//! Whether it matters what migrations block: by what a project shows, and by what code uses.

use std::cell::{OnceCell, RefCell};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::Linter;
use super::habits::MIN_HABIT;
use crate::alembic::Revision;
use crate::catalog::Ddl;
use crate::config::ZeroDowntime;
use crate::diagnostic::Diagnostic;
use crate::dialect::Dialect;
use crate::models::ModelUse;
use crate::project::{Downtime, ProjectEnvironment, ReplayedHistory};
use crate::rules::{
    self, Care, EnvironmentContext, Fresh, Rule, StatementContext, Way, care, simple,
};

/// So many changes of tables in use tell how a project does it nowadays.
const NEWEST: usize = 60;

/// Fewer than one in so many that are made with care are an exception.
const RARE: usize = 30;

/// The same, where the application runs its migrations as it starts.
const RARE_AT_START: usize = 4;

/// A table that is younger than this many days holds little.
const YOUNG: i32 = 21;

/// What is the same for all statements of an environment.
pub(super) struct Circumstances<'c> {
    pub(super) environment: &'c EnvironmentContext<'c>,
    history: &'c ReplayedHistory,
    /// Each question looks at all revisions, so it is asked once.
    is_established: OnceCell<bool>,
    /// The revisions have run: no change brings them.
    pub(super) has_run: bool,
    /// The database ends statements that take long.
    pub(super) is_limited: bool,
    /// Worked out when the first finding asks.
    habit: OnceCell<LoadHabit>,
    /// How the base uses the models of tables, by table; a search through all its code for each.
    uses: RefCell<FxHashMap<SmolStr, Option<ModelUse>>>,
    /// Whether all that asks for the model of a table on the base tries again, by table; as long a search.
    tried: RefCell<FxHashMap<SmolStr, bool>>,
    /// A commit message says that the migration runs once the new code does.
    comes_afterwards: OnceCell<bool>,
    /// The tables that revisions have changed with care.
    cared_for: OnceCell<FxHashSet<SmolStr>>,
    /// The revisions that made tables.
    births: OnceCell<FxHashMap<SmolStr, usize>>,
}

/// What a project does not want to be told of load.
struct LoadHabit {
    left_out: LeftOut,
    /// Why; `None` where the configuration says it, or nothing is left out.
    reason: Option<String>,
}

enum LeftOut {
    Nothing,
    /// What locks tables: that this does not matter to a few tables does not mean that the application stops.
    Locks,
    All,
}

impl LeftOut {
    fn leaves_out(&self, rule: &Rule) -> bool {
        match self {
            Self::Nothing => false,
            Self::Locks => !rule.is_about_running_code(),
            Self::All => true,
        }
    }
}

impl<'c> Circumstances<'c> {
    pub(super) fn new(
        environment: &'c EnvironmentContext<'c>,
        history: &'c ReplayedHistory,
    ) -> Self {
        let settings = environment.settings;
        Self {
            environment,
            history,
            has_run: environment.change.is_none() && environment.is_established(),
            is_established: OnceCell::new(),
            is_limited: settings.zero_downtime.is_none() && environment.head.limits_statements(),
            habit: OnceCell::new(),
            uses: RefCell::default(),
            tried: RefCell::default(),
            comes_afterwards: OnceCell::new(),
            cared_for: OnceCell::new(),
            births: OnceCell::new(),
        }
    }

    /// True for a rule whose findings the project does not want to hear.
    fn leaves_out(&self, rule: &Rule) -> bool {
        // An SQLite database is a file of one host, where the old version has ended.
        let is_file = self.environment.head.dialect().dialect == Dialect::Sqlite
            && self.environment.settings.zero_downtime != Some(ZeroDowntime::Required);
        let is_over = rule.is_about_running_code() && (is_file || self.comes_afterwards());
        if is_over || rule.is_about_load() && self.has_no_history() {
            return true;
        }
        rule.is_about_load() && self.habit().left_out.leaves_out(rule)
    }

    /// True if a commit of the change says that the migration runs after the deployment, when no older code asks any more, or
    /// that the errors of older code are accepted.
    fn comes_afterwards(&self) -> bool {
        *self.comes_afterwards.get_or_init(|| {
            let change = self.environment.change.as_ref();
            let messages = change.map(|change| change.past.messages());
            let mut messages = messages.iter().flatten();
            messages.any(|message| runs_after_deployment(message) || accepts_errors(message))
        })
    }

    /// True for a revision in a folder `contract` beside one that is called `expand`: such a branch holds what running code
    /// does not stand, and is upgraded once the application is stopped, or runs the new version everywhere.
    pub(super) fn contracts(&self, revision: &Revision) -> bool {
        let snapshot = self.environment.head.sources().snapshot();
        let mut folder = revision.file.parent();
        while !folder.is_root() {
            if folder.file_name() == "contract"
                && let Some(sibling) = folder.parent().join("expand")
                && snapshot.is_folder(&sibling)
            {
                return self.environment.settings.zero_downtime.is_none();
            }
            folder = folder.parent();
        }
        false
    }

    /// A downgrade is an emergency, when few ask who waits: what only it locks is told where the configuration asks for it.
    pub(super) fn minds_locks_of_downgrades(&self) -> bool {
        self.environment.settings.zero_downtime == Some(ZeroDowntime::Required)
    }

    fn habit(&self) -> &LoadHabit {
        self.habit.get_or_init(|| {
            let configured = |left_out| LoadHabit {
                left_out,
                reason: None,
            };
            match self.environment.settings.zero_downtime {
                Some(ZeroDowntime::Required) => configured(LeftOut::Nothing),
                Some(ZeroDowntime::Optional) => configured(LeftOut::All),
                None => self.shown(),
            }
        })
    }

    /// What the history shows, and how the application starts.
    fn shown(&self) -> LoadHabit {
        let Habits {
            careful,
            careless,
            settled,
        } = load_habits(self.environment, self.history);
        // One that is made with care speaks for many that need none: most tables are small.
        let is_seldom = |rare| careful * rare <= careful + careless;
        // A limit that `env.py` sets protects the application also where nobody minds a short lock.
        let limits_waiting = self.environment.head.sets_lock_timeout();
        let is_careful = !is_seldom(RARE) || careful > 0 && limits_waiting;
        // A young project has shown enough if the base has some of them.
        let is_shown = || self.is_established() || settled >= MIN_HABIT;
        let downtime = match is_careful {
            true if !is_seldom(RARE_AT_START) => None,
            false if is_shown() && careless >= MIN_HABIT => None,
            _ => self.environment.head.downtime(),
        };
        let left_out = if is_careful {
            // Others of its processes may go on.
            match downtime {
                Some(Downtime::Stopped) => LeftOut::All,
                Some(Downtime::AtStart) => LeftOut::Locks,
                Some(Downtime::OneHost) | None => LeftOut::Nothing,
            }
        } else {
            match downtime {
                Some(Downtime::AtStart | Downtime::Stopped) => LeftOut::All,
                // Nobody but its developers runs what was begun some weeks ago and has released nothing.
                _ if !is_shown() && self.is_in_the_making() => LeftOut::All,
                // Who checks all of a project that has shown nothing yet asks.
                None if !is_shown() && self.environment.base().is_none() => LeftOut::Nothing,
                // Whoever limits how long a lock is waited for has an application that runs meanwhile.
                _ if limits_waiting => LeftOut::Locks,
                // Nothing else shows that it does.
                _ => LeftOut::All,
            }
        };
        if let Some(downtime) = downtime {
            let how = match downtime {
                Downtime::AtStart => {
                    "runs its migrations itself as it starts, brings its database along, or starts with the newest revision alone"
                }
                Downtime::Stopped => "is stopped for its migrations, as a document says",
                Downtime::OneHost => "is built for the containers of one host",
            };
            return LoadHabit {
                reason: (!matches!(left_out, LeftOut::Nothing))
                    .then(|| format!("the application {how}, so it seems to be down meanwhile")),
                left_out,
            };
        }
        let reason = || {
            if !is_shown() {
                return "the project is young, so its tables seem to hold little, and nothing shows that it is in use meanwhile"
                    .to_owned();
            }
            if careful + careless == 0 {
                return "nothing shows that it is in use meanwhile".to_owned();
            }
            format!(
                "of the newest {} indexes, constraints and changes of types on tables that were there {} made so that nobody \
                 waits, so {}",
                careful + careless,
                match careful {
                    0 => "none was".to_owned(),
                    1 => "only one was".to_owned(),
                    _ => format!("only {careful} were"),
                },
                match left_out {
                    LeftOut::All => "the application seems to stop meanwhile",
                    LeftOut::Locks | LeftOut::Nothing => "nobody seems to mind waiting",
                },
            )
        };
        LoadHabit {
            reason: (!matches!(left_out, LeftOut::Nothing)).then(reason),
            left_out,
        }
    }

    /// True if the change brings the whole history: no database has run any of it from here, and those that have run it are
    /// beyond it.
    fn has_no_history(&self) -> bool {
        let is_empty = |base: &ProjectEnvironment<'_>| base.map.is_empty();
        self.environment.change.is_some() && self.environment.base().is_none_or(is_empty)
    }

    fn is_in_the_making(&self) -> bool {
        let change = self.environment.change.as_ref();
        change.is_some_and(|change| change.past.is_in_the_making())
    }

    /// True for a table whose rows are too many to be written in one go, as far as can be seen: a revision has changed it so
    /// that nobody waits.
    fn is_large(&self, table: &SmolStr) -> bool {
        self.environment.settings.zero_downtime.is_some()
            || self
                .cared_for
                .get_or_init(|| cared_for(self.environment, self.history))
                .contains(table)
    }

    fn is_established(&self) -> bool {
        let environment = self.environment;
        *self
            .is_established
            .get_or_init(|| environment.is_established())
    }

    /// True for a table that was made lately, in a project that has been there for longer: it holds little yet.
    fn is_young(&self, table: &SmolStr, ctx: &StatementContext<'_>) -> bool {
        self.environment.settings.zero_downtime.is_none()
            && self.is_established()
            && self.is_lately_made(table, ctx)
    }

    /// True for a table that was made lately, and empty.
    fn is_lately_made(&self, table: &SmolStr, ctx: &StatementContext<'_>) -> bool {
        let births = self.births.get_or_init(|| rules::births(self.history));
        let Some(node) = births.get(table) else {
            return false;
        };
        let made_by = &self.environment.head.map.node(*node).revision;
        match made_by.created().zip(ctx.revision.created()) {
            Some((birth, now)) => (0..YOUNG).contains(&(now - birth).get_days()),
            None => self.environment.change.as_ref().is_some_and(|change| {
                change.past.had(&made_by.file, YOUNG.unsigned_abs()) == Some(false)
            }),
        }
    }

    fn use_on_base(&self, table: &SmolStr) -> Option<ModelUse> {
        let mut uses = self.uses.borrow_mut();
        *uses
            .entry(table.clone())
            .or_insert_with(|| self.environment.use_on_base(table))
    }

    fn is_only_tried_on_base(&self, table: &SmolStr) -> bool {
        let mut tried = self.tried.borrow_mut();
        *tried
            .entry(table.clone())
            .or_insert_with(|| self.environment.is_only_tried_on_base(table))
    }
}

impl Linter<'_> {
    /// What nothing uses is empty, or missed by nobody: findings about load, and about columns that old rows would need, are
    /// left out. When a downgrade runs it may be used. What is young can be locked without anybody noticing.
    pub(super) fn leave_out_unused(
        &mut self,
        circumstances: &Circumstances<'_>,
        ctx: &StatementContext<'_>,
        table: &SmolStr,
        earlier: usize,
    ) {
        // All code has to be read for it, so not for what the project does not want to hear anyway.
        let is_about_use = |diagnostic: &Diagnostic| {
            rules::find(diagnostic.code).is_some_and(|rule| {
                rule.is_about_use_of_tables() && !circumstances.leaves_out(rule)
            })
        };
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        if ctx.way == Way::Up && found.iter().any(is_lock) && circumstances.is_young(table, ctx) {
            self.leave_out(earlier, is_lock);
        }
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        let needs_many_rows = |diagnostic: &Diagnostic| {
            is_about_many_rows(diagnostic)
                || is_lock(diagnostic)
                    && circumstances.is_established()
                    && (is_about_reading_rows(diagnostic) || ctx.indexes_news(ctx.ddl))
        };
        if found.iter().any(needs_many_rows) && !circumstances.is_large(table) {
            self.leave_out(earlier, needs_many_rows);
        }
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        if ctx.way == Way::Up
            && found.iter().any(is_about_use)
            && let Some(used) = circumstances.use_on_base(table)
            && used < ModelUse::MakesRows
        {
            // Code that reads what nothing writes has to be deployed all the same, and rows may have come by another way to a
            // table that was there for long.
            let may_be_filled = matches!(used, ModelUse::HandedOn | ModelUse::InCode);
            let is_empty = !may_be_filled || circumstances.is_lately_made(table, ctx);
            self.leave_out(earlier, |diagnostic| {
                let is_told = if ctx.drops_or_renames() {
                    used > ModelUse::HandedOn
                } else {
                    !is_empty
                };
                is_about_use(diagnostic) && !is_told
            });
        }
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        if ctx.drops_or_renames()
            && found.iter().any(is_about_use)
            && circumstances.is_only_tried_on_base(table)
        {
            self.leave_out(earlier, is_about_use);
        }
    }

    /// A project whose application waits for its migrations is not told what they block.
    pub(super) fn respect_load(&mut self, circumstances: &Circumstances<'_>, earlier: usize) {
        let is_meant = |diagnostic: &Diagnostic| {
            rules::find(diagnostic.code).is_some_and(|rule| circumstances.leaves_out(rule))
        };
        let found = self.outcome.diagnostics.get(earlier..).unwrap_or_default();
        if !found.iter().any(is_meant) {
            return;
        }
        let LoadHabit { left_out, reason } = circumstances.habit();
        if let Some(reason) = reason {
            let more = match left_out {
                LeftOut::All => ", and what running code still asks for,",
                LeftOut::Locks | LeftOut::Nothing => "",
            };
            self.outcome.notices.push(format!(
                "locks and rewrites of tables in use{more} are not reported for {}: {reason}; `zero-downtime = \"required\"` in \
                 the configuration asks for them",
                circumstances.environment.head.environment.script_location,
            ));
        }
        self.leave_out(earlier, is_meant);
    }
}

/// "Migration runs after deployment."
fn runs_after_deployment(message: &str) -> bool {
    let message = message.to_lowercase();
    rules::sentences(&message).any(|sentence| {
        let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
        has(&["migration", "migrate"])
            && has(&[
                "after deploy",
                "after the deploy",
                "post-deploy",
                "after release",
                "after the release",
            ])
            && !has(&["before"])
    })
}

/// "The agreed trade-off is a brief 500s window during pod rollover while old pods still reference the dropped columns."
pub(super) fn accepts_errors(text: &str) -> bool {
    let text = text.to_lowercase();
    text.split("\n\n").any(|paragraph| {
        let paragraph: Vec<&str> = paragraph.split_whitespace().collect();
        let paragraph = paragraph.join(" ");
        paragraph.split([';', '.']).any(|sentence| {
            let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
            let is_about_old_code = has(&[
                "rollover",
                "rollout",
                "rolling deploy",
                "rolling-deploy",
                "old pod",
                "old instance",
                "old process",
                "old version",
                "old worker",
                "during the deploy",
            ]);
            let is_accepted = has(&["accept", "tradeoff", "trade-off", "may error", "will error"]);
            is_about_old_code && is_accepted && !has(&["unaccept", "not accept", "n't accept"])
        })
    })
}

fn is_lock(diagnostic: &Diagnostic) -> bool {
    rules::find(diagnostic.code)
        .is_some_and(|rule| rule.is_about_load() && !rule.is_about_running_code())
}

fn is_about_many_rows(diagnostic: &Diagnostic) -> bool {
    rules::find(diagnostic.code).is_some_and(Rule::is_about_many_rows)
}

fn is_about_reading_rows(diagnostic: &Diagnostic) -> bool {
    rules::find(diagnostic.code).is_some_and(Rule::is_about_reading_rows)
}

/// The tables that revisions have changed so that nobody waits, other than those which are judged.
fn cared_for(ctx: &EnvironmentContext<'_>, history: &ReplayedHistory) -> FxHashSet<SmolStr> {
    let mut found = FxHashSet::default();
    for node in &history.order {
        let is_judged = || ctx.is_judged(&ctx.head.map.node(*node).revision.file);
        let Some(replayed) = history.get(*node) else {
            continue;
        };
        if ctx.change.is_some() && is_judged() {
            continue;
        }
        let mut fresh = Fresh::default();
        for step in &replayed.upgrade_steps {
            for (ddl, _) in simple(&step.ddl) {
                if let Ddl::CreateIndex { table, .. } | Ddl::AlterTable { table, .. } = &*ddl
                    && care(ctx, &step.before, &ddl, &fresh) == Some(Care::Taken)
                {
                    found.insert(table.clone());
                }
            }
            fresh.take(step);
        }
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_say_when_a_migration_runs() {
        assert!(runs_after_deployment(
            "Drop the birthday\n\nMigration runs after deployment."
        ));
        assert!(runs_after_deployment("Run the migrations after the deploy"));
        assert!(!runs_after_deployment(
            "Run the migration before or after deployment"
        ));
        assert!(!runs_after_deployment("Send mails after deployment"));
    }

    #[test]
    fn texts_that_accept_errors_of_older_code() {
        for (text, is_meant) in [
            (
                "The agreed trade-off is a brief 500s window during pod\nrollover while old pods still ask for it.",
                true,
            ),
            (
                "Risk accepted: ~15-30s of form 500s during pod rollover (old\npods reference dropped attributes).",
                true,
            ),
            (
                "This drop follows our rolling-deploy tradeoff: briefly,\ndraining old pods may error.",
                true,
            ),
            ("Errors of old pods are not acceptable, so keep it.", false),
            (
                "Users accept the terms.\n\nThe rollout begins today.",
                false,
            ),
            ("Drop what the old version has written", false),
        ] {
            assert_eq!(accepts_errors(text), is_meant, "{text}");
        }
    }
}
