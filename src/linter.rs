//! Runs the rules over what is to be judged. A pure function: from snapshots and settings to diagnostics.

mod advice;
mod barred;
mod habits;
mod load;
mod map;
mod reversibility;
mod scope;
mod statements;
mod suppressions;
mod taken_over;
mod twins;
mod unchanged;
mod unread;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::alembic::Verdict;
use crate::config::{Pairing, RuleIdentity, Settings, SeverityOption};
use crate::diagnostic::{Applicability, Diagnostic, Fingerprint};
use crate::git::{ChangeSet, GitError, Snapshot};
use crate::project::{Project, ProjectEnvironment};
use crate::python::{ParseCache, Sources};
use crate::rules::{
    self, ChangeContext, CommitState, EnvironmentChange, EnvironmentContext, Family, FileContext,
    Listener, MigrationContext, Past, ProjectContext, ReplayContext, Reporter, Rule,
};
use crate::source::RepoPath;

use load::Circumstances;
pub use reversibility::Reversibility;
use scope::{is_followed, may_change_schema, touches_models, touches_scripts};
pub use suppressions::{Suppressed, SuppressedBy};

/// What is judged.
pub struct Input<'a> {
    /// The state under judgement.
    pub head: &'a Snapshot,
    /// What it is compared with; without it everything is judged.
    pub change: Option<Change<'a>>,
    pub settings: &'a Settings,
}

/// The states that a change lies between.
pub struct Change<'a> {
    /// The state before the change.
    pub before: &'a Snapshot,
    /// What is on the base branch already; `None` where no base branch is known.
    pub upstream: Option<&'a Snapshot>,
    /// The result of the merge, where the base branch has moved on.
    pub merged: Option<&'a Snapshot>,
    /// Where the branch began, if the change is only its last part.
    pub branch: Option<&'a Snapshot>,
    /// The commits of the branch before its last state, the oldest first, if a rule asks for them.
    pub commits: &'a [BranchCommit],
    /// The other side of a merge in progress. What comes from there as it is was judged there; only what the two sides
    /// make together is judged.
    pub theirs: Option<&'a Snapshot>,
    /// The name of the base, for messages.
    pub base_name: &'a str,
    /// True where commits are judged, not what is staged or on disk.
    pub is_committed: bool,
    pub past: &'a dyn Past,
}

/// A commit of a branch.
pub struct BranchCommit {
    /// For messages: `1a2b3c4 (Add mail)`.
    pub name: String,
    pub snapshot: Snapshot,
}

/// The findings and what they rest on.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In order of file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings that are not reported because a comment or the baseline says so.
    pub suppressed: Vec<Suppressed>,
    pub summary: Summary,
    /// What was left out on purpose, and how to have it.
    pub notices: Vec<String>,
    /// What `start-after` names, if no environment has such a revision.
    pub missing_start: Option<String>,
    /// Rules that failed, which is a bug of ours.
    pub internal_errors: Vec<InternalError>,
}

/// Counts for the last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub environments: usize,
    /// Revisions in all environments.
    pub revisions: usize,
    /// Revisions that were judged one by one.
    pub judged: usize,
    /// Of these the ones that do something that could not be followed.
    pub undecided: usize,
    /// Which revisions can be taken back; `None` where no history was replayed.
    pub reversibility: Option<Reversibility>,
}

/// A rule that panicked.
#[derive(Clone, Debug)]
pub struct InternalError {
    pub rule: &'static str,
    pub message: String,
}

/// Judges the input. Fails only where content that is needed cannot be read.
pub fn lint(input: &Input<'_>, cache: &ParseCache) -> Result<Outcome, GitError> {
    lint_observed(input, cache, &mut |_| {})
}

/// The same, with a look at each environment while it can be asked.
pub(crate) fn lint_observed(
    input: &Input<'_>,
    cache: &ParseCache,
    observe: &mut dyn FnMut(&EnvironmentContext<'_>),
) -> Result<Outcome, GitError> {
    let head_sources = Sources::new(input.head, cache);
    let before_sources = input
        .change
        .as_ref()
        .map(|change| Sources::new(change.before, cache));
    let upstream_sources = input
        .change
        .as_ref()
        .and_then(|change| change.upstream)
        .map(|upstream| Sources::new(upstream, cache));
    let merged_sources = input
        .change
        .as_ref()
        .and_then(|change| change.merged)
        .map(|merged| Sources::new(merged, cache));
    let branch_sources = input
        .change
        .as_ref()
        .and_then(|change| change.branch)
        .map(|branch| Sources::new(branch, cache));
    let commits = input
        .change
        .as_ref()
        .map_or(&[][..], |change| change.commits);
    let commit_sources: Vec<Sources<'_>> = commits
        .iter()
        .map(|commit| Sources::new(&commit.snapshot, cache))
        .collect();

    let outcome = {
        let head = Project::load(&head_sources, input.settings);
        let before = before_sources
            .as_ref()
            .map(|sources| Project::load(sources, input.settings));
        let upstream = upstream_sources
            .as_ref()
            .map(|sources| Project::load(sources, input.settings));
        let merged = merged_sources
            .as_ref()
            .map(|sources| Project::load(sources, input.settings));
        let branch = branch_sources
            .as_ref()
            .map(|sources| Project::load(sources, input.settings));
        let mut previous = input
            .change
            .as_ref()
            .map(|change| change.branch.unwrap_or(change.before));
        let mut commit_projects: Vec<(&BranchCommit, Project<'_>)> = Vec::new();
        for (commit, sources) in commits.iter().zip(&commit_sources) {
            // Most commits have nothing to do with the database.
            let previous = previous.replace(&commit.snapshot);
            if previous.is_none_or(|previous| may_change_schema(previous, sources, &head)) {
                commit_projects.push((commit, Project::load(sources, input.settings)));
            }
        }
        let whole = input
            .change
            .as_ref()
            .map(|change| ChangeSet::between(change.before, input.head));
        let theirs = input.change.as_ref().and_then(|change| change.theirs);
        let changes = whole.clone().map(|changes| match theirs {
            Some(theirs) => changes.without_inherited(theirs, input.head),
            None => changes,
        });
        let mut linter = Linter::new(input.settings);
        let context = ProjectContext::new(&head, before.as_ref());
        linter.project(&context, changes.as_ref());
        for environment in &head.environments {
            let counterpart = |project| {
                let older = Project::counterpart(project, environment, &head.environments)?;
                older.take_dialect_of(environment);
                Some(older)
            };
            let change = input
                .change
                .as_ref()
                .zip(changes.as_ref())
                .zip(whole.as_ref())
                .map(|((change, changes), whole)| EnvironmentChange {
                    before: before.as_ref().and_then(counterpart),
                    upstream: upstream.as_ref().and_then(counterpart),
                    merged: merged.as_ref().and_then(counterpart),
                    branch: branch.as_ref().and_then(counterpart),
                    commits: commit_projects
                        .iter()
                        .filter_map(|(commit, project)| {
                            Some(CommitState {
                                name: &commit.name,
                                environment: counterpart(project)?,
                                rest: ChangeSet::between(&commit.snapshot, input.head),
                            })
                        })
                        .collect(),
                    changes,
                    whole,
                    base_name: change.base_name,
                    is_committed: change.is_committed,
                    past: change.past,
                });
            let settings = input
                .settings
                .for_environment(&environment.environment.script_location);
            let mut old = linter.old_revisions(environment, settings);
            old.extend(linter.taken_over(environment, change.as_ref()));
            let context = EnvironmentContext {
                settings,
                head: environment,
                all: &head.environments,
                change,
                old,
            };
            linter.use_settings(settings);
            linter.respect_dialect(&context);
            let earlier = linter.outcome.diagnostics.len();
            linter.environment(&context, whole.as_ref());
            linter.complete_advice(&context, earlier);
            observe(&context);
        }
        linter.use_settings(input.settings);
        linter.order();
        linter.suppress(&head, changes.as_ref());
        linter.finish()
    };
    let failures = [
        Some(head_sources),
        before_sources,
        upstream_sources,
        merged_sources,
        branch_sources,
    ];
    match failures
        .into_iter()
        .flatten()
        .chain(commit_sources)
        .find_map(Sources::into_failure)
    {
        Some(failure) => Err(failure),
        None => Ok(outcome),
    }
}

/// The selected rules and what they have found.
struct Linter<'a> {
    /// Those that count for what is judged at the moment.
    settings: &'a Settings,
    /// The rules that these select.
    rules: Vec<&'static Rule>,
    /// The rules that were used anywhere.
    used: Vec<&'static Rule>,
    /// Files of revisions that are older than the rules.
    old: FxHashSet<RepoPath>,
    /// What `start-after` names, and whether an environment has it.
    starts: BTreeMap<String, bool>,
    outcome: Outcome,
    /// Findings that are left out because the project goes without: a comment about them is of use.
    habitual: Vec<Diagnostic>,
}

impl<'a> Linter<'a> {
    fn new(settings: &'a Settings) -> Self {
        let rules: Vec<&'static Rule> = rules::selected(settings).collect();
        Self {
            settings,
            used: rules.clone(),
            rules,
            starts: BTreeMap::new(),
            old: FxHashSet::default(),
            outcome: Outcome::default(),
            habitual: Vec::new(),
        }
    }

    fn use_settings(&mut self, settings: &'a Settings) {
        self.settings = settings;
        self.rules = rules::selected(settings).collect();
        for rule in &self.rules {
            if !self.used.iter().any(|used| used.code == rule.code) {
                self.used.push(rule);
            }
        }
    }

    /// What a database does that is not told apart is not known: rules that ask for it are left out.
    fn respect_dialect(&mut self, ctx: &EnvironmentContext<'_>) {
        let Some(name) = ctx.head.dialect().foreign() else {
            return;
        };
        self.rules.retain(|rule| !rule.asks_for_a_database());
        self.outcome.notices.push(format!(
            "{} is for {name}, whose DDL is not read: what revisions do to the database, and whether models agree with it, \
             is not judged; `dialect` in the configuration names a database that is to be taken for it",
            ctx.head.environment.script_location
        ));
    }

    /// The files of the revisions that are older than the rules: `start-after` and all before it.
    fn old_revisions(
        &mut self,
        environment: &ProjectEnvironment<'_>,
        settings: &Settings,
    ) -> FxHashSet<RepoPath> {
        let Some(start) = &settings.start_after else {
            return FxHashSet::default();
        };
        let map = &environment.map;
        let mut nodes =
            (0..map.nodes().len()).filter(|node| map.node(*node).id().starts_with(start));
        let only = nodes.next().filter(|_| nodes.next().is_none());
        let node = map.find(start).or(only);
        *self.starts.entry(start.clone()).or_default() |= node.is_some();
        let old: FxHashSet<RepoPath> = node
            .into_iter()
            .flat_map(|node| map.ancestors(node).into_iter().chain([node]))
            .map(|node| map.node(node).revision.file.clone())
            .collect();
        self.old.extend(old.iter().cloned());
        old
    }

    fn finish(mut self) -> Outcome {
        let missing = self.starts.into_iter().find(|(_, is_found)| !is_found);
        self.outcome.missing_start = missing.map(|(start, _)| start);
        self.outcome
    }

    fn project(&mut self, context: &ProjectContext<'_>, changes: Option<&ChangeSet>) {
        self.outcome.summary.environments = context.project.environments.len();
        let before = self.outcome.diagnostics.len();
        self.each(|listener, reporter| {
            if let Listener::Configuration(check) = listener {
                check(context, reporter);
            }
        });
        // A configuration that the change does not touch is not its business.
        if let Some(changes) = changes {
            let mut index = 0;
            self.outcome.diagnostics.retain(|diagnostic| {
                index += 1;
                index <= before || changes.touches(&diagnostic.primary.file)
            });
        }
    }

    /// Judges one environment. `whole` is the change with what a merge inherits.
    fn environment(&mut self, ctx: &EnvironmentContext<'_>, whole: Option<&ChangeSet>) {
        let head = ctx.head;
        self.outcome.summary.revisions += head.map.nodes().len();
        let earlier = self.outcome.diagnostics.len();
        // What one rule after the other would ask for is read at the same time.
        let compares_models = match &ctx.change {
            None => self
                .has(|listener| matches!(listener, Listener::Drift(_) | Listener::JudgedDrift(_))),
            Some(_) => {
                self.compares_in_changes()
                    && ctx.settings.pairing() == Pairing::Together
                    && ctx.judges_revisions()
            }
        };
        if compares_models {
            head.read_models_and_replay();
        }
        self.files(ctx);
        self.setup(ctx);
        if whole.is_none_or(|changes| touches_scripts(ctx, changes)) {
            self.map(ctx);
        }
        self.revisions(ctx);
        if ctx.change.is_none() {
            self.each(|listener, reporter| {
                if let Listener::Drift(check) = listener {
                    check(ctx, reporter);
                }
            });
        }
        if let Some(change) = &ctx.change {
            let earlier = self.outcome.diagnostics.len();
            let context = ChangeContext {
                environment: ctx,
                change,
            };
            self.each(|listener, reporter| match listener {
                Listener::Change(check) => check(&context, reporter),
                Listener::Branch(check) if !change.commits.is_empty() => {
                    check(&context, reporter);
                }
                _ => {}
            });
            self.respect_pairing(ctx, change, earlier);
            if self.compares_in_changes() {
                self.tell_unread_models(ctx, change);
            }
        }
        // Those about changes have read models beside migrations.
        if ctx.judges_revisions() {
            self.each(|listener, reporter| {
                if let Listener::JudgedDrift(check) = listener {
                    check(ctx, reporter);
                }
            });
        }
        let asks_for_models = self.has(|listener| matches!(listener, Listener::Models(_)));
        if asks_for_models && touches_models(ctx) {
            self.each(|listener, reporter| {
                if let Listener::Models(check) = listener {
                    check(ctx, reporter);
                }
            });
        }
        self.respect_twins(ctx, earlier);
    }

    /// The revision files and `env.py`.
    fn files(&mut self, ctx: &EnvironmentContext<'_>) {
        let head = ctx.head;
        let env = head
            .environment
            .env_file()
            .and_then(|path| Some((path.clone(), head.sources().python(&path)?)));
        let scripts = head
            .scripts
            .scripts
            .iter()
            .map(|script| (script.file.clone(), script.source.clone()));
        for (file, parsed) in env.into_iter().chain(scripts) {
            let is_sound = parsed.syntax_error.is_none()
                && parsed.text.problem().is_none()
                && parsed.oversized.is_none();
            if is_sound || !ctx.is_judged(&file) {
                continue;
            }
            let context = FileContext {
                file: &file,
                parsed: &parsed,
            };
            self.each(|listener, reporter| {
                if let Listener::File(check) = listener {
                    check(&context, reporter);
                }
            });
        }
    }

    fn migrations(&mut self, ctx: &EnvironmentContext<'_>) {
        let head = ctx.head;
        let earlier = self.outcome.diagnostics.len();
        let nodes: Vec<usize> = (0..head.map.nodes().len())
            .filter(|node| ctx.is_judged(&head.map.node(*node).revision.file))
            .collect();
        let changed = nodes
            .iter()
            .filter(|node| unchanged::is_changed(ctx, **node));
        self.outcome.summary.judged += changed.count();
        let asks_for_migrations = self.has(|listener| matches!(listener, Listener::Migration(_)));
        let asks_for_replay = self.asks_for_statements()
            || self.has(|listener| matches!(listener, Listener::Replay(_)));
        // A history is replayed from its beginning, so only where something is to be judged.
        let replay = ((asks_for_replay && !nodes.is_empty()) || ctx.settings.statistics)
            .then(|| head.replay());
        if let Some(history) = replay {
            self.outcome.notices.extend(head.initial_problem());
            let all = (0..head.map.nodes().len()).filter_map(|node| history.get(node));
            let counts = self.outcome.summary.reversibility.get_or_insert_default();
            all.for_each(|replayed| counts.add(replayed.verdict));
        }
        if asks_for_migrations {
            for (node, migration) in nodes.iter().zip(head.migrations(&nodes)) {
                if replay.is_none()
                    && !(is_followed(&migration.upgrade) && is_followed(&migration.downgrade))
                {
                    self.outcome.summary.undecided += 1;
                }
                let context = MigrationContext {
                    environment: ctx,
                    revision: &head.map.node(*node).revision,
                    migration: &migration,
                };
                self.each(|listener, reporter| {
                    if let Listener::Migration(check) = listener {
                        check(&context, reporter);
                    }
                });
            }
        }
        for node in &nodes {
            let Some(replayed) = replay.and_then(|history| history.get(*node)) else {
                continue;
            };
            if replayed.verdict == Verdict::Unknown {
                self.outcome.summary.undecided += 1;
            }
            let context = ReplayContext {
                environment: ctx,
                revision: &head.map.node(*node).revision,
                replayed,
            };
            self.each(|listener, reporter| {
                if let Listener::Replay(check) = listener {
                    check(&context, reporter);
                }
            });
        }
        if let Some(history) = replay.filter(|_| self.asks_for_statements()) {
            let circumstances = Circumstances::new(ctx, history);
            self.statements(ctx, history, &circumstances);
            self.respect_load(&circumstances, earlier);
        }
        self.respect_refusals(ctx, earlier);
        self.respect_habits(ctx, earlier);
    }

    /// True if a selected rule holds models and migrations of a change against each other.
    fn compares_in_changes(&self) -> bool {
        let is_change = |listener: &Listener| matches!(listener, Listener::Change(_));
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.family == Family::Model && rule.listens(is_change))
    }

    /// True if a selected rule listens to this.
    fn has(&self, is_meant: impl Fn(&Listener) -> bool + Copy) -> bool {
        self.rules.iter().any(|rule| rule.listens(is_meant))
    }

    /// Runs something for every listener of every selected rule. A rule that panics does not stop the others.
    fn each(&mut self, run: impl Fn(&'static Listener, &mut Reporter<'_>)) {
        for rule in &self.rules {
            let mut found = Vec::new();
            let ran = catch_unwind(AssertUnwindSafe(|| {
                let mut reporter = Reporter::new(rule, &mut found);
                rule.listeners
                    .iter()
                    .for_each(|listener| run(listener, &mut reporter));
            }));
            let identity = RuleIdentity::from(*rule);
            let configured = self.settings.severity(identity);
            if let Some(severity) = configured.and_then(SeverityOption::severity) {
                for diagnostic in &mut found {
                    diagnostic.severity = severity;
                }
            }
            self.outcome.diagnostics.append(&mut found);
            if let Err(panic) = ran {
                let message = panic
                    .downcast_ref::<&str>()
                    .map(ToString::to_string)
                    .or_else(|| panic.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "no message".to_owned());
                self.outcome.internal_errors.push(InternalError {
                    rule: rule.code,
                    message,
                });
            }
        }
    }

    /// Puts the findings in order and tells those apart that would be the same.
    fn order(&mut self) {
        let diagnostics = &mut self.outcome.diagnostics;
        diagnostics.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        diagnostics.dedup_by(|one, other| {
            one.fingerprint == other.fingerprint
                && one.primary == other.primary
                && one.message == other.message
        });
        let mut seen: FxHashMap<Fingerprint, usize> = FxHashMap::default();
        for diagnostic in diagnostics.iter_mut() {
            let occurrence = seen.entry(diagnostic.fingerprint).or_default();
            let original = diagnostic.fingerprint;
            diagnostic.fingerprint = original.nth(*occurrence);
            *occurrence += 1;
        }
    }
}

/// A revision that others have must not be changed: fixes in its file are only to be looked at. Comments may be.
pub fn restrict_fixes(
    diagnostics: &mut [Diagnostic],
    upstream: &Snapshot,
    is_revision: &dyn Fn(&RepoPath) -> bool,
) {
    for diagnostic in diagnostics {
        let is_about_comments = rules::find(diagnostic.code).is_some_and(Rule::is_about_comments);
        if let Some(fix) = &mut diagnostic.fix
            && !is_about_comments
            && fix
                .edits
                .iter()
                .any(|edit| is_revision(&edit.file) && upstream.contains(&edit.file))
        {
            fix.applicability = Applicability::DisplayOnly;
        }
    }
}
