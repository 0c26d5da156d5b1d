//! The tables that the models describe, put into a symbolic database as `metadata.create_all()` would.

mod comparison;
mod filters;
mod likeness;
mod registration;
mod shared_enums;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

pub use comparison::Comparison;
use likeness::{Likeness, shared_folders};

use super::Runtime;
use super::calls::Recorder;
use super::emit;
use super::emit::{MadeTable, MadeTables};
use super::simulation::Simulation;
use crate::alembic::configured::{each_metadata, run_configuring, target_metadata};
use crate::catalog::{AlterAction, Catalog, Constraint, ConstraintKind, Ddl, Why};
use crate::dialect::Dialect;
use crate::python::ast::Name;
use crate::python::value::{Call, Place, SymbolKind, Value};
use crate::python::{Extent, Interpreter, Limits, ModuleFinder, Reached, Sources};
use crate::schema::FrozenDefault;
use crate::source::{FileSpan, RepoPath};
use crate::sqlalchemy::ddl::Semantics;
use crate::sqlalchemy::declarative::PythonDefault;
use crate::sqlalchemy::{MetadataKey, has_unknown_schema, metadata_of_class, metadata_of_value};

/// The schema that the models describe.
#[derive(Clone, Debug)]
pub struct ModelSchema {
    pub catalog: Catalog,
    pub origin: MetadataOrigin,
    /// The metadata whose tables these are.
    pub metadata: Vec<MetadataKey>,
    /// Tables on the same metadata in modules that neither `env.py` nor a revision leads to.
    pub unregistered: Vec<UnregisteredTable>,
    /// The same schema with the tables of those; `None` where there are none.
    pub with_unregistered: Option<Arc<ModelSchema>>,
    /// Migrated tables whose models are on another metadata than those of `env.py`.
    pub foreign: Vec<UnregisteredTable>,
    /// The tables of all other metadata whose modules were read.
    pub elsewhere: Vec<(MetadataKey, SmolStr)>,
    /// True if `env.py` certainly hands no metadata to Alembic.
    pub lacks_target: bool,
    pub comparison: Comparison,
    /// Defaults that hold a value of the moment at which their module was imported.
    pub frozen: Vec<FrozenDefault>,
    /// Columns of text whose length nobody has written: labels of an enum, types of a library.
    pub unwritten_lengths: BTreeSet<String>,
    /// Columns of which the models say in so many words that they may be NULL.
    pub said_nullable: BTreeSet<String>,
    /// True where the schema of the metadata is not known, with which the default names of indexes begin.
    pub has_unknown_schema: bool,
    /// What SQLAlchemy fills in, by column; `None` for what is worked out or not known.
    pub python_defaults: BTreeMap<String, Option<PythonDefault>>,
    /// Where `__init__` of a model gives an instance `__table_args__`, by table: it has no effect.
    pub lost_arguments: BTreeMap<SmolStr, FileSpan>,
    /// The database that types are spelled for.
    pub dialect: Dialect,
    /// Why there may be tables that were not found.
    pub open: Option<Arc<Why>>,
    /// The files that were read for it, and how much of them mattered.
    pub files: Arc<FxHashMap<RepoPath, Extent>>,
}

/// Where the metadata comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataOrigin {
    /// The `target_metadata` of `env.py`.
    Environment,
    /// The Base that most of the migrated tables are on, because `env.py` leads to none.
    Repository,
    /// There is none that could be read.
    Unknown,
}

/// A table that no run of `env.py` would see, unless what runs it imports the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnregisteredTable {
    pub name: SmolStr,
    /// The class, or the call of `Table(…)`.
    pub place: FileSpan,
}

/// For all models together, which are read in one go.
const FUEL: u64 = 20_000_000;

type Runner<'s> = Interpreter<'s, Recorder>;

/// Which files may define models.
pub trait ModelFiles {
    /// Whether a file that `env.py` leads to may.
    fn may_define(&self, file: &RepoPath) -> bool;

    /// All files of the repository that may and that are part of the application.
    fn all(&self) -> Vec<RepoPath>;

    /// The revision files, which Alembic loads before it compares anything.
    fn revisions(&self) -> Vec<RepoPath>;
}

/// The models of a repository as they are read: first from the files alone, then beside what the migrations build.
pub struct ModelReading<'s> {
    reader: Reader<'s>,
    /// Where `env.py` is.
    folder: RepoPath,
    files: &'s dyn ModelFiles,
    /// The calls of `context.configure`.
    configured: Vec<Call>,
    lacks_target: bool,
    dialect: Dialect,
    /// Nothing where `env.py` leads to no metadata.
    unregistered: Option<Vec<UnregisteredTable>>,
}

/// True if no call that runs migrations in a database hands a metadata over, whatever the module has: autogenerate then has
/// nothing to compare with.
fn hand_no_metadata(configured: &[Call]) -> bool {
    let mut online = configured
        .iter()
        .filter(|call| call.keyword("connection").is_some())
        .peekable();
    online.peek().is_some()
        && online.all(|call| {
            let target = call.keyword("target_metadata");
            target.is_none_or(|target| matches!(target.value, Value::None))
        })
}

impl<'s> ModelReading<'s> {
    /// Reads what `env.py` leads to and, if that is a metadata, the other models on it.
    pub fn begin(
        env_file: Option<&RepoPath>,
        files: &'s dyn ModelFiles,
        semantics: Semantics,
        sources: &'s Sources<'s>,
        finder: &'s ModuleFinder<'s>,
    ) -> Self {
        let runtime = Runtime::new(sources, finder);
        let limits = Limits {
            fuel: FUEL,
            ..Limits::default()
        };
        let dialect = semantics.dialect;
        let mut interpreter = runtime.interpreter.with_limits(limits).with_import_log();
        let semantics = Arc::new(semantics);
        interpreter.host.simulation = Some(Simulation::new(Arc::clone(&semantics)));
        let reached = match env_file {
            Some(env_file) => {
                interpreter.reach(env_file, &files.revisions(), |file| files.may_define(file))
            }
            None => Reached::default(),
        };
        let mut reader = Reader {
            interpreter,
            reached,
            built: Simulation::new(semantics),
            keys: Vec::new(),
            made: Vec::new(),
            unregistered: Vec::new(),
            elsewhere: Vec::new(),
            bare: Vec::new(),
            open: None,
            declared: BTreeMap::new(),
            compares_labels: env_file
                .and_then(|file| sources.import_statements(file))
                .is_some_and(|imports| COMPARE_LABELS.iter().any(|name| imports.contains(name))),
        };
        let targets = env_file.map_or_else(Vec::new, |file| reader.targets(file));
        let configured = std::mem::take(&mut reader.interpreter.host.configured);
        // What is left out is none; what is handed over under a name that is not known may be one.
        let is_none = |target: &Value| matches!(target, Value::None);
        let lacks_target = env_file.is_some()
            && !configured.is_empty()
            && configured.iter().all(|call| !call.open)
            && (targets.iter().all(is_none) || hand_no_metadata(&configured));
        let mut is_found = false;
        for target in &targets {
            is_found |= reader.make(target);
        }
        Self {
            unregistered: is_found.then(|| reader.unregistered(&files.all())),
            reader,
            folder: env_file.map_or_else(RepoPath::root, RepoPath::parent),
            files,
            configured,
            lacks_target,
            dialect,
        }
    }

    /// The files on which it depends what the models are, and how much of them; `None` where that is not known yet.
    pub fn files(&self) -> Option<FxHashMap<RepoPath, Extent>> {
        let is_found = self.unregistered.is_some();
        is_found.then(|| self.reader.interpreter.extents())
    }

    /// Ends it with what the migrations build, which `migrated` gives once it is needed: by its tables a Base is
    /// recognised that `env.py` does not name, and filters are asked about them.
    pub fn finish(self, migrated: &dyn Fn() -> Catalog) -> ModelSchema {
        let Self {
            mut reader,
            folder,
            files,
            configured,
            lacks_target,
            dialect,
            unregistered,
        } = self;
        let (origin, foreign) = if unregistered.is_some() {
            (MetadataOrigin::Environment, reader.foreign(migrated))
        } else if reader.scan(&files.all(), &folder, &migrated()) {
            (MetadataOrigin::Repository, Vec::new())
        } else {
            (MetadataOrigin::Unknown, Vec::new())
        };
        let unregistered = unregistered.unwrap_or_else(|| reader.unseen());
        let catalog = reader.catalog();
        let comparison = reader.comparison(&configured, &catalog, migrated);
        let mut schema = ModelSchema {
            frozen: reader.frozen_defaults(),
            unwritten_lengths: reader.unwritten_lengths(),
            said_nullable: reader.said_nullable(),
            has_unknown_schema: reader.has_unknown_schema(),
            python_defaults: reader.python_defaults(),
            lost_arguments: reader.lost_arguments(),
            catalog,
            origin,
            metadata: reader.keys.clone(),
            foreign,
            elsewhere: std::mem::take(&mut reader.elsewhere),
            lacks_target,
            files: Arc::new(reader.interpreter.extents()),
            unregistered,
            with_unregistered: None,
            comparison,
            dialect,
            open: reader.open(),
        };
        if schema.origin == MetadataOrigin::Environment && !schema.unregistered.is_empty() {
            for made in std::mem::take(&mut reader.unregistered) {
                reader.apply(made);
            }
            let catalog = reader.catalog();
            schema.with_unregistered = Some(Arc::new(ModelSchema {
                comparison: reader.comparison(&configured, &catalog, migrated),
                unwritten_lengths: reader.unwritten_lengths(),
                said_nullable: reader.said_nullable(),
                python_defaults: reader.python_defaults(),
                lost_arguments: reader.lost_arguments(),
                catalog,
                unregistered: Vec::new(),
                ..schema.clone()
            }));
        }
        schema
    }
}

impl ModelSchema {
    /// The schema of all models on the metadata, also of those that `env.py` does not lead to.
    pub fn whole(&self) -> &Self {
        self.with_unregistered.as_deref().unwrap_or(self)
    }
}

struct Reader<'s> {
    interpreter: Runner<'s>,
    reached: Reached,
    /// The database of the models. In that of the interpreter are the tables that modules make themselves, of whichever
    /// metadata: with `create_all()`.
    built: Simulation,
    /// The metadata whose tables were made.
    keys: Vec<MetadataKey>,
    made: Vec<Value>,
    /// Those in modules that were not reached, which are not made yet.
    unregistered: Vec<MadeTables>,
    /// The tables of metadata of which none was made.
    elsewhere: Vec<(MetadataKey, SmolStr)>,
    /// The metadata that `env.py` hands over and that certainly has no tables then.
    bare: Vec<MetadataKey>,
    /// Why there may be other tables.
    open: Option<Arc<Why>>,
    /// The tables as they are declared.
    declared: BTreeMap<SmolStr, MadeTable>,
    compares_labels: bool,
}

/// Packages that teach autogenerate to compare the labels of enums.
const COMPARE_LABELS: &[&str] = &["alembic_autogenerate_enums", "alembic_postgresql_enum"];

impl Reader<'_> {
    /// The metadata that `env.py` hands to Alembic.
    fn targets(&mut self, env_file: &RepoPath) -> Vec<Value> {
        let interpreter = &mut self.interpreter;
        interpreter.refuel();
        let Some(module) = interpreter.run_file(env_file) else {
            return Vec::new();
        };
        run_configuring(module, interpreter, |host| host.configured.is_empty());
        let configured = interpreter.host.configured.clone();
        let targets = target_metadata(module, &configured, interpreter);
        targets
            .iter()
            .flat_map(|target| each_metadata(target, interpreter))
            .collect()
    }

    /// Makes the tables of a metadata; false where it has none.
    fn make(&mut self, metadata: &Value) -> bool {
        let interpreter = &mut self.interpreter;
        let Some(key) = metadata_of_value(metadata, interpreter) else {
            return false;
        };
        if self.keys.contains(&key) {
            return true;
        }
        interpreter.refuel();
        let Some(made) = emit::tables_of_metadata(metadata, interpreter) else {
            return false;
        };
        if made.declared.is_empty() {
            if made.open.is_none() && self.interpreter.gaps().is_empty() {
                self.bare.push(key);
            }
            return false;
        }
        // `sqlmodel.SQLModel` is what everybody's models are on.
        let is_foreign = !key.contains(':') && key != "sqlmodel";
        let open = made.open.clone().or_else(|| {
            is_foreign.then(|| {
                format!("`{key}` is not part of the repository, nor are others of its models")
            })
        });
        self.open = self
            .open
            .take()
            .or(open.map(|reason| Why::new(reason, None)));
        self.keys.push(key);
        self.made.push(metadata.clone());
        self.apply(made);
        true
    }

    /// Makes tables in the database.
    fn apply(&mut self, made: MadeTables) {
        for table in made.declared {
            self.declared.entry(table.name.clone()).or_insert(table);
        }
        let tables: Vec<Option<SmolStr>> = made.ddl.iter().map(table_of).collect();
        for (index, mut ddl) in made.ddl.into_iter().enumerate() {
            let apart = keys_like_the_primary_one(&mut ddl);
            // A type is made for the table that comes next.
            let mut next = tables.iter().skip(index).flatten();
            let declared = next.next().and_then(|table| self.declared.get(table));
            let at = declared.map(|table| table.at).unwrap_or_default();
            let place = self.interpreter.file(at);
            let ddl = shared_enums::shared(ddl, self.built.now(), &place);
            self.built.apply(&[ddl], &place);
            self.built.apply(&apart, &place);
        }
    }

    /// The defaults that hold a value of the moment of import, each once: tables have those of a mixin in common.
    fn frozen_defaults(&self) -> Vec<FrozenDefault> {
        let mut frozen: Vec<FrozenDefault> = Vec::new();
        for default in self.declared.values().flat_map(|table| &table.frozen) {
            if !frozen.contains(default) {
                frozen.push(default.clone());
            }
        }
        frozen
    }

    fn has_unknown_schema(&mut self) -> bool {
        let Self {
            made, interpreter, ..
        } = self;
        made.iter()
            .any(|metadata| has_unknown_schema(metadata, interpreter))
    }

    fn unwritten_lengths(&self) -> BTreeSet<String> {
        let tables = self.declared.iter();
        tables
            .flat_map(|(name, table)| {
                let columns = table.unwritten_lengths.iter();
                columns.map(move |column| format!("{name}.{column}"))
            })
            .collect()
    }

    fn said_nullable(&self) -> BTreeSet<String> {
        let tables = self.declared.iter();
        tables
            .flat_map(|(name, table)| {
                let columns = table.said_nullable.iter();
                columns.map(move |column| format!("{name}.{column}"))
            })
            .collect()
    }

    fn python_defaults(&self) -> BTreeMap<String, Option<PythonDefault>> {
        let tables = self.declared.iter();
        tables
            .flat_map(|(name, table)| {
                let columns = table.python_defaults.iter();
                columns.map(move |(column, default)| (format!("{name}.{column}"), default.clone()))
            })
            .collect()
    }

    fn lost_arguments(&self) -> BTreeMap<SmolStr, FileSpan> {
        let lost = self.declared.iter().filter_map(|(name, table)| {
            let place = table.lost_arguments?;
            Some((name.clone(), self.interpreter.file(place)))
        });
        lost.collect()
    }

    /// Why there may be tables that were not found.
    fn open(&self) -> Option<Arc<Why>> {
        let gap = || {
            let (reason, at) = self.interpreter.gaps().first()?;
            let place = (*at != Place::default()).then(|| self.interpreter.file(*at));
            Some(Why::new(
                format!("there may be other models: {reason}"),
                place,
            ))
        };
        self.open.clone().or_else(gap)
    }

    /// The other metadata that classes and tables are on, as far as their modules were read.
    fn others(&mut self) -> Vec<(Value, MetadataKey)> {
        let mut found: Vec<(Value, MetadataKey)> = Vec::new();
        for class in self.interpreter.classes() {
            if let Some(key) = metadata_of_class(class, &mut self.interpreter)
                && !self.keys.contains(&key)
                && !found.iter().any(|(_, known)| *known == key)
            {
                let metadata = Value::symbol(
                    SymbolKind::Attribute {
                        base: Value::Class(class),
                        name: Name::new_static("metadata"),
                    },
                    Place::default(),
                );
                found.push((metadata, key));
            }
        }
        for (call, _) in self.interpreter.host.tables.clone() {
            if let Some(argument) = call.positional().nth(1)
                && let metadata = argument.value.clone()
                && let Some(key) = metadata_of_value(&metadata, &mut self.interpreter)
                && !self.keys.contains(&key)
                && !found.iter().any(|(_, known)| *known == key)
            {
                found.push((metadata, key));
            }
        }
        found
    }

    /// Tables that the migrations make, and whose models only another metadata has. The modules have been read.
    fn foreign(&mut self, migrated: &dyn Fn() -> Catalog) -> Vec<UnregisteredTable> {
        // Which of several bases from elsewhere is the declarative one is not known for certain.
        let mut others = self.others();
        others.retain(|(_, key)| key.contains(':'));
        let Some(semantics) = self
            .interpreter
            .host
            .semantics()
            .filter(|_| !others.is_empty())
        else {
            return Vec::new();
        };
        let migrated = migrated();
        let mut found = Vec::new();
        for (_, key) in others {
            self.interpreter.refuel();
            let tables = emit::tables_of_key(&key, &semantics, &mut self.interpreter);
            for table in tables.tables {
                self.elsewhere.push((key.clone(), table.name.clone()));
                let is_described = self.declared.contains_key(&table.name);
                if !is_described && migrated.tables.contains_key(&table.name) {
                    let place = self.interpreter.file(table.at);
                    found.push(UnregisteredTable {
                        name: table.name,
                        place,
                    });
                }
            }
        }
        found
    }

    /// Reads all models, and makes the tables of the Base that is most like what is migrated: it has most of those tables, and
    /// few others, which tells several applications of one repository apart. Where applications share a database, the one
    /// beside the migrations counts before its neighbours.
    fn scan(&mut self, candidates: &[RepoPath], folder: &RepoPath, migrated: &Catalog) -> bool {
        for file in candidates {
            self.interpreter.complete_file(file);
        }
        let semantics = self.interpreter.host.semantics();
        let Some(semantics) = semantics else {
            return false;
        };
        let mut found: Vec<Likeness> = Vec::new();
        for (metadata, key) in self.others() {
            self.interpreter.refuel();
            let tables = emit::tables_of_key(&key, &semantics, &mut self.interpreter);
            let shared = || {
                let tables = tables.tables.iter();
                tables.filter(|table| migrated.tables.contains_key(&table.name))
            };
            let nearness = |at: Place| shared_folders(folder, &self.interpreter.file(at).file);
            if let Some(nearness) = shared().map(|table| nearness(table.at)).min() {
                found.push(Likeness {
                    metadata,
                    shared: shared().count(),
                    all: tables.tables.len() + migrated.tables.len(),
                    nearness,
                });
            }
            let names = tables.tables.into_iter().map(|table| table.name);
            self.elsewhere.extend(names.map(|name| (key.clone(), name)));
        }
        let is_made = Likeness::best(&found).is_some_and(|best| self.make(&best.metadata));
        self.elsewhere.retain(|(key, _)| !self.keys.contains(key));
        is_made
    }

    /// What was made, with the places of the models. A table whose module may not be imported may not be there.
    fn catalog(&self) -> Catalog {
        let mut catalog = self.built.now().clone();
        for (name, declared) in &self.declared {
            let place = self.interpreter.file(declared.at);
            let is_certain = self.reached.certainty(&place.file) != Some(false);
            if let Some(table) = catalog.tables.get_mut(name) {
                let table = Arc::make_mut(table);
                if !is_certain {
                    table.maybe.get_or_insert_with(|| {
                        Why::new(
                            "whether `env.py` leads to its module is not known",
                            Some(place.clone()),
                        )
                    });
                }
                // What is read of it may be a part.
                if self.interpreter.is_no_python(&place.file) {
                    table.unsure.get_or_insert_with(|| {
                        Why::new("its module is no valid Python", Some(place.clone()))
                    });
                }
                table.place = Some(place);
            }
        }
        catalog
    }
}

/// The unique constraints that PostgreSQL would merge into the primary key, as statements of their own: the metadata has
/// them, and a database may.
fn keys_like_the_primary_one(ddl: &mut Ddl) -> Vec<Ddl> {
    let Ddl::CreateTable(create) = ddl else {
        return Vec::new();
    };
    let primary = create.constraints.iter().find_map(|one| match &one.kind {
        ConstraintKind::PrimaryKey { columns } => Some(columns.clone()),
        _ => None,
    });
    let is_like = |one: &Constraint| matches!(&one.kind, ConstraintKind::Unique { columns, .. } if Some(columns) == primary.as_ref());
    let (apart, kept) = create.constraints.drain(..).partition(is_like);
    create.constraints = kept;
    let apart: Vec<Constraint> = apart;
    apart
        .into_iter()
        .map(|constraint| Ddl::AlterTable {
            table: create.name.clone(),
            if_exists: false,
            action: AlterAction::AddConstraint(constraint),
        })
        .collect()
}

fn table_of(ddl: &Ddl) -> Option<SmolStr> {
    match ddl {
        Ddl::CreateTable(create) => Some(create.name.clone()),
        Ddl::AlterTable { table, .. } | Ddl::CreateIndex { table, .. } => Some(table.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
