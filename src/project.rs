//! A repository at one snapshot, analysed on demand.

mod bypass;
mod connection;
mod dialect;
mod documents;
mod habits;
mod history;
mod locations;
mod naming;
mod patched;
mod reached;
mod refusal;
mod revision_check;
mod semantics;
mod setup_scripts;
mod startup;
mod stopped;
mod versions;
mod workflows;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::alembic::{
    Discovery, Environment, Migration, ModelFiles, ModelReading, ModelSchema, Replay, Revision,
    RevisionMap, Runtime, ScriptDirectory, discover,
};
use crate::catalog::{Catalog, Why};
use crate::config::{MetadataName, NamingConvention, Settings};
use crate::dependencies::{Dependencies, Version, Versions, WrittenVersion};
use crate::dialect::Dialect;
use crate::git::ChangeSet;
use crate::models::{self, Drift, Models};
use crate::python::{FoundModule, ModuleFinder, Sources};
use crate::schema::KnownTables;
use crate::source::RepoPath;
use crate::sqlalchemy::ddl::{Naming, Semantics};

pub use dialect::{DetectedDialect, DialectSource};
use history::RECENT;
pub use history::ReplayedHistory;
pub use locations::SeveralHeads;
use patched::patched_names;
pub use reached::Registration;
pub use startup::Downtime;

/// The environments of a repository and what they hold.
pub struct Project<'s> {
    pub sources: &'s Sources<'s>,
    pub discovery: Discovery,
    pub environments: Vec<ProjectEnvironment<'s>>,
}

/// One environment, its revisions, and on demand what they do.
pub struct ProjectEnvironment<'s> {
    pub environment: Environment,
    pub scripts: ScriptDirectory,
    pub map: RevisionMap,
    sources: &'s Sources<'s>,
    finder: ModuleFinder<'s>,
    nodes: FxHashMap<RepoPath, usize>,
    migrations: Mutex<FxHashMap<usize, Arc<Migration>>>,
    tables: OnceLock<KnownTables>,
    models: OnceLock<Models>,
    env_models: OnceLock<Models>,
    model_schema: OnceLock<ModelSchema>,
    drift: OnceLock<Drift>,
    whole_drift: OnceLock<Drift>,
    migrated: OnceLock<Catalog>,
    replay: OnceLock<ReplayedHistory>,
    naming: Option<NamingConvention>,
    initial_metadata: Option<MetadataName>,
    initial_sql: Vec<RepoPath>,
    /// Whether the metadata is there, once it was looked for.
    finds_metadata: OnceLock<bool>,
    makes_tables_at_start: OnceLock<bool>,
    configured: Configured,
    dependencies: OnceLock<Dependencies>,
    versions: OnceLock<Versions>,
    dialect: OnceLock<DetectedDialect>,
    semantics: OnceLock<Semantics>,
}

/// What the configuration says in place of what would be found.
#[derive(Clone, Copy, Debug)]
struct Configured {
    dialect: Option<Dialect>,
    sqlalchemy: Option<WrittenVersion>,
    alembic: Option<WrittenVersion>,
}

impl<'s> Project<'s> {
    /// Finds the environments and reads their revisions.
    pub fn load(sources: &'s Sources<'s>, settings: &Settings) -> Self {
        let discovery = discover(sources, &settings.environments);
        let wanted = match &settings.only_environment {
            Some(only) => discovery.called(only),
            None => discovery.environments.iter().collect(),
        };
        let environments = wanted
            .into_iter()
            .map(|found| {
                let own = settings.for_environment(&found.script_location);
                ProjectEnvironment::load(found, sources, own)
            })
            .collect();
        Self {
            sources,
            discovery,
            environments,
        }
    }

    /// The environment that is the same as one of another snapshot, which has all of these: at the same place or, if it was
    /// moved, with most of the same revisions.
    pub fn counterpart(
        &self,
        other: &ProjectEnvironment<'_>,
        all: &[ProjectEnvironment<'_>],
    ) -> Option<&ProjectEnvironment<'s>> {
        let same_place = self.environments.iter().find(|candidate| {
            candidate.environment.script_location == other.environment.script_location
                && candidate.environment.version_locations == other.environment.version_locations
        });
        let is_still_there = |candidate: &ProjectEnvironment<'_>| {
            let location = &candidate.environment.script_location;
            let mut all = all.iter();
            all.any(|one| one.environment.script_location == *location)
        };
        same_place.or_else(|| {
            let moved = |candidate: &&ProjectEnvironment<'_>| {
                candidate.environment.script_location == other.environment.script_location
                    || !is_still_there(candidate)
            };
            self.environments.iter().filter(moved).find(|candidate| {
                let shared = other
                    .map
                    .nodes()
                    .iter()
                    .filter(|node| candidate.map.find(node.id()).is_some())
                    .count();
                shared * 2 > other.map.nodes().len().min(candidate.map.nodes().len()) && shared > 0
            })
        })
    }
}

impl<'s> ProjectEnvironment<'s> {
    fn load(environment: &Environment, sources: &'s Sources<'s>, settings: &Settings) -> Self {
        let scripts = ScriptDirectory::load(environment, sources);
        let map = RevisionMap::new(scripts.revisions().map(Arc::clone));
        let nodes = map
            .nodes()
            .iter()
            .enumerate()
            .map(|(index, node)| (node.revision.file.clone(), index))
            .collect();
        let treated = settings.treat_as.iter().map(|(function, operation)| {
            let operation = smol_str::format_smolstr!("alembic.{}", operation.as_str());
            (function.as_str().to_owned(), operation)
        });
        let finder = ModuleFinder::new(sources.snapshot(), Runtime::search_path(environment))
            .with_stand_ins(patched_names(environment, sources))
            .with_stand_ins(treated);
        Self {
            environment: environment.clone(),
            scripts,
            map,
            sources,
            finder,
            nodes,
            migrations: Mutex::default(),
            tables: OnceLock::new(),
            models: OnceLock::new(),
            env_models: OnceLock::new(),
            model_schema: OnceLock::new(),
            drift: OnceLock::new(),
            whole_drift: OnceLock::new(),
            migrated: OnceLock::new(),
            replay: OnceLock::new(),
            naming: settings.naming_convention.clone(),
            initial_metadata: settings.initial_metadata.clone(),
            initial_sql: settings
                .initial_sql
                .iter()
                .map(|file| RepoPath::written(file))
                .collect(),
            finds_metadata: OnceLock::new(),
            makes_tables_at_start: OnceLock::new(),
            configured: Configured {
                dialect: settings.dialect,
                sqlalchemy: settings.sqlalchemy_version,
                alembic: settings.alembic_version,
            },
            dependencies: OnceLock::new(),
            versions: OnceLock::new(),
            dialect: OnceLock::new(),
            semantics: OnceLock::new(),
        }
    }

    /// The node of a revision file.
    pub fn node_of(&self, file: &RepoPath) -> Option<usize> {
        self.nodes.get(file).copied()
    }

    /// True if no revision can be hidden: every file says which it is, and none lies outside the repository.
    pub fn is_whole(&self) -> bool {
        self.scripts.is_complete() && self.environment.outside.is_empty()
    }

    /// True if the repository has a module of this name that migrations can import.
    pub fn has_module(&self, name: &str) -> bool {
        matches!(self.finder.find(name, None), FoundModule::File { .. })
    }

    /// What these revisions do, in the same order.
    pub fn migrations(&self, nodes: &[usize]) -> Vec<Arc<Migration>> {
        // A replay has run them all.
        if let Some(history) = self.replay.get() {
            return nodes
                .iter()
                .filter_map(|node| history.get(*node))
                .map(|replayed| Arc::clone(&replayed.migration))
                .collect();
        }
        let missing: Vec<usize> = {
            let known = self
                .migrations
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            nodes
                .iter()
                .filter(|node| !known.contains_key(node))
                .copied()
                .collect()
        };
        if !missing.is_empty() {
            // Each piece has an interpreter of its own, which keeps the modules it has loaded.
            let chunk = missing
                .len()
                .div_ceil(rayon::current_num_threads().max(1) * 4)
                .max(8);
            let ran: Vec<(usize, Arc<Migration>)> = missing
                .par_chunks(chunk)
                .flat_map_iter(|chunk| {
                    let mut runtime = Runtime::new(self.sources, &self.finder);
                    chunk
                        .iter()
                        .map(|node| (*node, Arc::new(runtime.run(&self.map.node(*node).revision))))
                        .collect::<Vec<_>>()
                })
                .collect();
            self.migrations
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(ran);
        }
        let known = self
            .migrations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        nodes
            .iter()
            .filter_map(|node| known.get(node).map(Arc::clone))
            .collect()
    }

    /// What one revision does.
    pub fn migration(&self, node: usize) -> Option<Arc<Migration>> {
        self.migrations(&[node]).pop()
    }

    /// What one revision does, with every operation written down whole.
    pub fn defined_migration(&self, node: usize) -> Migration {
        Runtime::new(self.sources, &self.finder)
            .with_definitions()
            .run(&self.map.node(node).revision)
    }

    /// Under which circumstances the migrations run.
    pub fn semantics(&self) -> &Semantics {
        self.semantics.get_or_init(|| self.find_semantics())
    }

    fn find_semantics(&self) -> Semantics {
        let env_files = self.env_and_imported();
        let versions = self.versions();
        let naming = match &self.naming {
            Some(convention) => Naming::Convention(
                convention
                    .templates()
                    .map(|(key, template)| (key.to_owned(), template.as_str().to_owned()))
                    .collect(),
            ),
            None => self.found_naming(),
        };
        let version = |version: Version| (version.major, version.minor);
        Semantics {
            dialect: self.dialect().dialect,
            sqlalchemy: version(versions.sqlalchemy.version),
            is_sqlalchemy_assumed: versions.sqlalchemy.source.is_assumed(),
            alembic: version(versions.alembic.version),
            is_alembic_assumed: versions.alembic.source.is_assumed(),
            sqlmodel_datetime: self.sqlmodel_datetime(),
            naming,
            transactions: self.transactions(),
            search_path: self.schemas_searched(&env_files),
            sets_search_path: self.sets_search_path(),
            made_schemas: self.made_schemas(&env_files),
            sets_foreign_key_checks: self.sets_foreign_key_checks(),
        }
    }

    /// The whole history, replayed.
    pub fn replay(&self) -> &ReplayedHistory {
        self.replay.get_or_init(|| {
            let order = self.map.upgrade_order();
            let files: Vec<RepoPath> = order
                .iter()
                .map(|node| self.map.node(*node).revision.file.clone())
                .collect();
            self.sources.preload(&files);
            let mut replay = self.new_replay();
            let mut revisions = vec![None; self.map.nodes().len()];
            let mut recent = VecDeque::with_capacity(RECENT);
            for node in &order {
                let replayed = replay.replay(&self.map.node(*node).revision);
                if recent.len() == RECENT {
                    recent.pop_front();
                }
                recent.push_back(replay.catalog());
                if let Some(slot) = revisions.get_mut(*node) {
                    *slot = Some(replayed);
                }
            }
            let mut files = replay.files();
            files.extend(self.initial_sql.iter().cloned());
            ReplayedHistory {
                order,
                revisions,
                catalog: replay.catalog(),
                recent,
                files,
            }
        })
    }

    /// What all revisions together build.
    pub fn migrated(&self) -> &Catalog {
        self.migrated.get_or_init(|| self.replay().catalog.clone())
    }

    /// The database before the first revision.
    fn new_replay(&self) -> Replay<'_> {
        let revisions = self.map.nodes().iter().map(|node| &*node.revision);
        let mut replay = Replay::new(self.sources, &self.finder, self.semantics().clone())
            .with_history(revisions);
        for file in &self.initial_sql {
            if let Some(bytes) = self.sources.read(file) {
                replay.execute_initial_sql(file, &String::from_utf8_lossy(&bytes));
            }
        }
        if let Some(name) = &self.initial_metadata {
            let is_found = replay.make_initial_tables(name.as_str());
            let _ = self.finds_metadata.set(is_found);
        }
        replay
    }

    /// What is wrong with `initial-sql` or `initial-metadata`, once a replay has begun with them.
    pub fn initial_problem(&self) -> Option<String> {
        let mut files = self.initial_sql.iter();
        if let Some(lost) = files.find(|file| !self.sources.snapshot().contains(file)) {
            return Some(format!(
                "`initial-sql` names a file that is not there: `{lost}`"
            ));
        }
        let name = self.initial_metadata.as_ref()?;
        if self.finds_metadata.get() != Some(&false) {
            return None;
        }
        Some(format!(
            "`initial-metadata` leads to no metadata of the repository: `{}`; what there is before the first revision is \
             not known",
            name.as_str()
        ))
    }

    /// What the database holds after these revisions and all they build on.
    pub fn catalog_at(&self, nodes: &[usize]) -> Catalog {
        let mut ancestors: FxHashSet<usize> = nodes.iter().copied().collect();
        for node in nodes {
            ancestors.extend(self.map.ancestors(*node));
        }
        let mut replay = self.new_replay();
        for node in self.map.upgrade_order() {
            if ancestors.contains(&node) {
                replay.upgrade(&self.map.node(node).revision);
            }
        }
        replay.catalog()
    }

    /// The tables after all revisions, by name.
    pub fn tables_at_head(&self) -> &KnownTables {
        self.tables.get_or_init(|| {
            let order = self.map.topological_order();
            let mut tables = KnownTables::default();
            for migration in self.migrations(&order) {
                match migration.upgrade.run() {
                    Some(run) => run
                        .operations
                        .iter()
                        .for_each(|recorded| tables.apply(recorded)),
                    None => tables.opaque = true,
                }
            }
            tables
        })
    }

    /// The facts of `env.py` and the Base it leads to; no other model is read.
    pub fn env_models(&self) -> &Models {
        self.env_models.get_or_init(|| {
            let env = self.environment.env_file();
            Models::of_env(env.as_ref(), self.sources, &self.finder)
        })
    }

    /// All models of the repository, with the search path of this environment.
    pub fn models(&self) -> &Models {
        self.models.get_or_init(|| {
            let files = self.model_files();
            let env = self.environment.env_file();
            Models::load(env.as_ref(), &files, self.sources, &self.finder)
        })
    }

    /// The schema that the models describe, with what `env.py` registers.
    pub fn model_schema(&self) -> &ModelSchema {
        self.model_schema.get_or_init(|| {
            let mut schema = self.begin_models().finish(&|| self.migrated().clone());
            if self.compares_types_by_default() {
                if let Some(whole) = schema.with_unregistered.as_mut().and_then(Arc::get_mut) {
                    whole.comparison.compares_types.get_or_insert(true);
                }
                schema.comparison.compares_types.get_or_insert(true);
            }
            schema
        })
    }

    fn begin_models(&self) -> ModelReading<'_> {
        let env = self.environment.env_file();
        ModelReading::begin(
            env.as_ref(),
            self,
            self.semantics().clone(),
            self.sources,
            &self.finder,
        )
    }

    /// Reads the models while the history is replayed: both take their time, and neither needs the other for most of it.
    ///
    /// This is a thread of its own, not one of the pool: there it might be waiting for the replay below which it was
    /// begun.
    pub fn read_models_and_replay(&self) {
        std::thread::scope(|scope| {
            let models = std::thread::Builder::new().stack_size(crate::STACK_SIZE);
            // Without a thread they are read when they are needed.
            let _ = models.spawn_scoped(scope, || self.model_schema());
            self.replay();
        });
    }

    /// True if all revisions are there and follow each other, so that the schema after them is that of a database.
    pub fn is_complete(&self) -> bool {
        self.is_whole()
            && !self.map.is_empty()
            && self.map.missing_parents().is_empty()
            && self.map.missing_dependencies().is_empty()
            && self.map.cycles().is_empty()
            && self.map.duplicates().is_empty()
    }

    /// What models and migrations differ in.
    pub fn drift(&self) -> &Drift {
        self.drift
            .get_or_init(|| self.drift_of(self.model_schema()))
    }

    /// What migrations and all models on the metadata differ in, also those that `env.py` does not lead to.
    pub fn whole_drift(&self) -> &Drift {
        match &self.model_schema().with_unregistered {
            Some(whole) => self.whole_drift.get_or_init(|| self.drift_of(whole)),
            None => self.drift(),
        }
    }

    fn drift_of(&self, models: &ModelSchema) -> Drift {
        if self.is_complete() {
            return models::drift(self.migrated(), models);
        }
        let why = Why::new("not all migrations could be found or read", None);
        Drift {
            uncertain: vec![why],
            ..Drift::default()
        }
    }

    /// True for a module of the application: Python beside the migrations that is no test.
    pub fn is_code(&self, path: &RepoPath) -> bool {
        let environment = &self.environment;
        models::is_module(path)
            && !path.is_within(&environment.script_location)
            && !environment
                .version_locations
                .iter()
                .any(|folder| path.is_within(folder))
    }

    /// True if a change touches a module of the application that may declare models.
    pub fn may_touch_models(&self, changes: &ChangeSet) -> bool {
        let mut paths = changes.iter();
        paths.any(|(path, _)| self.is_code(path) && self.may_define(path))
    }

    /// The files of the application that may define models.
    fn model_files(&self) -> Vec<RepoPath> {
        let files = models::files(self.sources, &self.script_folders());
        self.sources.preload(&files);
        files
    }

    /// The folders of the revisions and of `env.py`.
    pub fn script_folders(&self) -> Vec<RepoPath> {
        let mut folders = self.environment.version_locations.clone();
        folders.push(self.environment.script_location.clone());
        folders
    }

    /// The packages that the migrations run with.
    pub fn dependencies(&self) -> &Dependencies {
        self.dependencies.get_or_init(|| {
            let folder = &self.environment.script_location;
            Dependencies::find(self.sources.snapshot(), folder)
        })
    }

    /// The versions of SQLAlchemy and Alembic.
    pub fn versions(&self) -> &Versions {
        self.versions.get_or_init(|| {
            let Configured {
                sqlalchemy,
                alembic,
                dialect: _,
            } = self.configured;
            self.dependencies().versions(sqlalchemy, alembic)
        })
    }

    /// The database that the migrations are for.
    pub fn dialect(&self) -> &DetectedDialect {
        self.dialect.get_or_init(|| match self.configured.dialect {
            Some(dialect) => DetectedDialect {
                dialect,
                source: DialectSource::Configured,
            },
            None => {
                let detected = dialect::detect(
                    &self.environment,
                    &self.scripts,
                    self.sources,
                    self.dependencies(),
                );
                self.other_dialect(&detected).unwrap_or(detected)
            }
        })
    }

    /// Judges this older state by the database of a newer one: where a change also moves to another database, that is not what
    /// its migrations do.
    pub fn take_dialect_of(&self, newer: &ProjectEnvironment<'_>) {
        let _ = self.dialect.set(newer.dialect().clone());
    }

    pub fn sources(&self) -> &'s Sources<'s> {
        self.sources
    }

    pub fn revision(&self, id: &str) -> Option<&Arc<Revision>> {
        self.map.find(id).map(|node| &self.map.node(node).revision)
    }

    /// Ids of the heads, for messages.
    pub fn ids(&self, nodes: &[usize]) -> Vec<SmolStr> {
        nodes
            .iter()
            .map(|node| self.map.node(*node).id().clone())
            .collect()
    }
}
