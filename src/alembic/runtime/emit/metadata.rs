//! Tables made from a metadata: `Base.metadata.create_all(bind)`, `Model.__table__.create(bind)`, `Table(…).drop(bind)`.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::tables::TableParts;
use super::{Emitted, Operation, Runner};
use crate::alembic::runtime::calls::is_handed_over;
use crate::catalog::{AlterAction, Constraint, ConstraintKind, Ddl};
use crate::dialect::Dialect;
use crate::python::value::{Call, Place, Value};
use crate::schema::{FrozenDefault, MetadataUse};
use crate::source::RepoPath;
use crate::sqlalchemy::ddl::{Naming, Semantics};
use crate::sqlalchemy::declarative::{
    DeclaredTable, DeclaredTables, PythonDefault, declared_table, declared_tables,
};
use crate::sqlalchemy::{
    MetadataKey, NamingFact, frozen_in_column, metadata_of_value, naming_of_metadata,
};

/// `metadata.create_all(bind, tables=[…])` and `metadata.drop_all(bind)`
pub(in crate::alembic::runtime) fn all_created_or_dropped(
    metadata: &Value,
    call: &Call,
    creates: bool,
    at: Place,
    interpreter: &mut Runner<'_>,
) -> Emitted {
    let Some(semantics) = interpreter.host.semantics() else {
        return Emitted::default();
    };
    let name = if creates { "create_all" } else { "drop_all" };
    let tables = match call.argument(1, "tables").map(|argument| &argument.value) {
        None | Some(Value::None) => {
            local_tables(metadata, at, &semantics, interpreter).map(|found| found.tables)
        }
        Some(listed) => listed_tables(&listed.clone(), &semantics, interpreter),
    };
    let Some(tables) = tables else {
        return Emitted::opaque(format!("which tables `{name}` is for is not known"), None);
    };
    let guarded = checks_first(call, 2);
    let semantics = with_naming_of(metadata, semantics, interpreter);
    if creates {
        created(tables, guarded, call, &semantics, interpreter)
    } else {
        dropped(tables, guarded, call, &semantics, interpreter)
    }
}

/// Whose tables `create_all` and `drop_all` make or drop in the database at hand, if that is certainly a metadata.
pub(in crate::alembic::runtime) fn metadata_use(
    metadata: &Value,
    call: &Call,
    creates: bool,
    at: Place,
    interpreter: &mut Runner<'_>,
) -> Option<MetadataUse> {
    // On an engine of the application it is no step of the migration.
    if !call.arguments.is_empty() && !is_handed_over(&call.arguments, interpreter) {
        return None;
    }
    let key = metadata_of_value(metadata, interpreter)?;
    let file = match key.rsplit_once(':') {
        Some((path, _)) => Some(RepoPath::new(path)),
        None => {
            let name = metadata.qualified_name();
            let is_metadata =
                key == "sqlmodel" || name.is_some_and(|name| name.ends_with(".metadata"));
            is_metadata.then_some(())?;
            None
        }
    };
    let text = interpreter.text_at(at);
    let callee = text
        .split_once('(')
        .map_or(text.as_str(), |(callee, _)| callee);
    let name = callee
        .rsplit_once('.')
        .map_or(callee, |(metadata, _)| metadata);
    Some(MetadataUse {
        creates,
        name: name.trim().to_owned(),
        file,
    })
}

/// All tables of a metadata.
pub(in crate::alembic::runtime) struct MadeTables {
    pub(in crate::alembic::runtime) ddl: Vec<Ddl>,
    pub(in crate::alembic::runtime) declared: Vec<MadeTable>,
    /// Why there may be others.
    pub(in crate::alembic::runtime) open: Option<String>,
}

/// What the model of a table says that is not in the database.
pub(in crate::alembic::runtime) struct MadeTable {
    pub(in crate::alembic::runtime) name: SmolStr,
    /// Where it is declared.
    pub(in crate::alembic::runtime) at: Place,
    /// `info`, which functions of `env.py` may go by.
    pub(in crate::alembic::runtime) info: Option<Value>,
    /// `info` of columns and indexes, by kind of construct and name.
    pub(in crate::alembic::runtime) infos: Vec<(&'static str, SmolStr, Option<Value>)>,
    /// Columns of text whose length nobody has written.
    pub(in crate::alembic::runtime) unwritten_lengths: Vec<SmolStr>,
    /// Columns that may be NULL in so many words.
    pub(in crate::alembic::runtime) said_nullable: Vec<SmolStr>,
    /// Where `__init__` gives an instance `__table_args__`.
    pub(in crate::alembic::runtime) lost_arguments: Option<Place>,
    /// What SQLAlchemy fills in, by column.
    pub(in crate::alembic::runtime) python_defaults: Vec<(SmolStr, Option<PythonDefault>)>,
    /// Defaults that hold a value of the moment at which the module was imported.
    pub(in crate::alembic::runtime) frozen: Vec<FrozenDefault>,
}

/// What makes all tables of a metadata whose modules have run.
pub(in crate::alembic::runtime) fn tables_of_metadata(
    metadata: &Value,
    interpreter: &mut Runner<'_>,
) -> Option<MadeTables> {
    let semantics = interpreter.host.semantics()?;
    let DeclaredTables { tables, open } = tables_of(metadata, &semantics, interpreter)?;
    let declared = tables
        .iter()
        .map(|table| MadeTable {
            name: table.name.clone(),
            at: table.at,
            info: table.info.clone(),
            infos: table.infos(interpreter),
            unwritten_lengths: table.unwritten_lengths(interpreter),
            said_nullable: table.said_nullable(interpreter),
            python_defaults: table.python_defaults(interpreter),
            lost_arguments: table.lost_arguments,
            frozen: table
                .items
                .iter()
                .flat_map(|item| frozen_in_column(&item.value, interpreter))
                .collect(),
        })
        .collect();
    let semantics = with_naming_of(metadata, semantics, interpreter);
    let call = Call {
        callee: metadata.clone(),
        arguments: Vec::new(),
        open: false,
    };
    let emitted = created(tables, true, &call, &semantics, interpreter);
    Some(MadeTables {
        ddl: emitted.ddl,
        declared,
        open,
    })
}

/// `Model.__table__.create(bind)` and `Table(…).drop(bind)`
pub(super) fn table_created_or_dropped(
    owner: &Value,
    call: &Call,
    creates: bool,
    semantics: &Arc<Semantics>,
    interpreter: &mut Runner<'_>,
) -> Emitted {
    let Some(table) = declared_table(owner, semantics.sqlalchemy, interpreter) else {
        return Emitted::opaque("which table is created or dropped is not known", None);
    };
    let guarded = checks_first(call, 1);
    if creates {
        created(vec![table], guarded, call, semantics, interpreter)
    } else {
        Emitted::one(Ddl::DropTable {
            name: table.name,
            if_exists: guarded,
            cascade: false,
        })
    }
}

/// `checkfirst`, which is true unless it is said not to be.
pub(super) fn checks_first(call: &Call, position: usize) -> bool {
    call.argument(position, "checkfirst")
        .is_none_or(|argument| argument.value.as_bool() != Some(false))
}

/// The tables of a metadata that is made in the migration itself: of another it depends on the modules that were
/// imported until then.
fn local_tables(
    metadata: &Value,
    at: Place,
    semantics: &Semantics,
    interpreter: &mut Runner<'_>,
) -> Option<DeclaredTables> {
    let key = metadata_of_value(metadata, interpreter)?;
    let file = interpreter.file(at).file;
    let is_local = key
        .rsplit_once(':')
        .is_some_and(|(path, _)| path == file.as_str());
    if !is_local {
        return None;
    }
    tables_of(metadata, semantics, interpreter)
}

/// The tables of a metadata, as far as the modules that define them have run.
fn tables_of(
    metadata: &Value,
    semantics: &Semantics,
    interpreter: &mut Runner<'_>,
) -> Option<DeclaredTables> {
    let key = metadata_of_value(metadata, interpreter)?;
    Some(tables_of_key(&key, semantics, interpreter))
}

pub(in crate::alembic::runtime) fn tables_of_key(
    key: &MetadataKey,
    semantics: &Semantics,
    interpreter: &mut Runner<'_>,
) -> DeclaredTables {
    let written = interpreter.host.tables.clone();
    let mut found = declared_tables(key, &written, semantics.sqlalchemy, interpreter);
    let mut indexes = std::mem::take(&mut interpreter.host.indexes);
    // Whoever asks a class for its arguments makes those in them once more.
    let mut seen = FxHashSet::default();
    indexes.retain(|(_, at)| seen.insert(*at));
    found.add_indexes(&indexes, interpreter);
    interpreter.host.indexes = indexes;
    found
}

fn listed_tables(
    listed: &Value,
    semantics: &Semantics,
    interpreter: &mut Runner<'_>,
) -> Option<Vec<DeclaredTable>> {
    let listed = interpreter.heap.elements(listed)?.to_vec();
    listed
        .iter()
        .map(|table| declared_table(table, semantics.sqlalchemy, interpreter))
        .collect()
}

/// The circumstances, with the naming convention of this metadata.
fn with_naming_of(
    metadata: &Value,
    semantics: Arc<Semantics>,
    interpreter: &mut Runner<'_>,
) -> Arc<Semantics> {
    let naming = match naming_of_metadata(metadata, interpreter) {
        NamingFact::None => Naming::None,
        NamingFact::Convention(convention) => Naming::Convention(convention),
        NamingFact::Unresolved => return semantics,
    };
    Arc::new(Semantics {
        naming,
        ..Semantics::clone(&semantics)
    })
}

/// What makes these tables, those that others refer to first.
fn created(
    tables: Vec<DeclaredTable>,
    guarded: bool,
    call: &Call,
    semantics: &Arc<Semantics>,
    interpreter: &mut Runner<'_>,
) -> Emitted {
    let mut emitted = Emitted::default();
    let mut waiting = Vec::new();
    let schemas: FxHashMap<SmolStr, SmolStr> = tables
        .iter()
        .filter_map(|table| Some((table.name.clone(), table.schema.clone()?)))
        .collect();
    for table in tables {
        let simulation = interpreter.host.simulation();
        let there = simulation.and_then(|simulation| simulation.now().tables.get(&table.name));
        match there.map(|there| there.maybe.is_some()) {
            Some(false) if guarded => {}
            Some(true) if guarded => {
                let what = "whether the table is there already is not known";
                let opaque = Emitted::opaque(what, Some(table.name));
                emitted.ddl.extend(opaque.ddl);
            }
            _ => waiting.push(parts_of(table, call, semantics, &mut emitted, interpreter)),
        }
    }
    look_beside(&mut waiting, &schemas);
    for (name, labels) in std::mem::take(&mut emitted.enums) {
        emitted.ddl.push(Ddl::CreateEnum {
            name,
            labels,
            if_not_exists: true,
        });
    }
    let mut later: Vec<(SmolStr, Constraint)> = Vec::new();
    while !waiting.is_empty() {
        let names: Vec<SmolStr> = waiting
            .iter()
            .map(|parts| parts.create.name.clone())
            .collect();
        let free = waiting.iter().position(|parts| {
            let mut referred = parts.create.constraints.iter().filter_map(referred_table);
            referred.all(|table| *table == parts.create.name || !names.contains(table))
        });
        // Tables that refer to each other get their foreign keys when all are there.
        let mut parts = waiting.remove(free.unwrap_or_default());
        if free.is_none() {
            let (keys, others) = std::mem::take(&mut parts.create.constraints)
                .into_iter()
                .partition(|constraint| {
                    referred_table(constraint).is_some_and(|table| names.contains(table))
                });
            parts.create.constraints = others;
            let keys: Vec<Constraint> = keys;
            let name = &parts.create.name;
            later.extend(keys.into_iter().map(|key| (name.clone(), key)));
        }
        Operation::emit_table(parts, &mut emitted);
    }
    for (table, key) in later {
        emitted.ddl.push(Ddl::AlterTable {
            table,
            if_exists: false,
            action: AlterAction::AddConstraint(key),
        });
    }
    emitted
}

/// A foreign key that names no schema means the table in that of its metadata. `schemas` are those of the metadata, by table.
fn look_beside(tables: &mut [TableParts], schemas: &FxHashMap<SmolStr, SmolStr>) {
    if schemas.is_empty() {
        return;
    }
    let names: FxHashSet<SmolStr> = tables
        .iter()
        .map(|parts| parts.create.name.clone())
        .collect();
    for parts in tables {
        let Some(schema) = schemas.get(&parts.create.name) else {
            continue;
        };
        for constraint in &mut parts.create.constraints {
            if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                && !names.contains(&key.references)
            {
                let beside = crate::sqlalchemy::qualified(Some(schema), &key.references);
                if names.contains(&beside) {
                    key.references = beside;
                }
            }
        }
    }
}

fn referred_table(constraint: &Constraint) -> Option<&SmolStr> {
    match &constraint.kind {
        ConstraintKind::ForeignKey(key) => Some(&key.references),
        _ => None,
    }
}

fn parts_of(
    table: DeclaredTable,
    call: &Call,
    semantics: &Arc<Semantics>,
    emitted: &mut Emitted,
    interpreter: &mut Runner<'_>,
) -> TableParts {
    let mut operation = Operation {
        call,
        batch: None,
        at: table.at,
        semantics: Arc::clone(semantics),
        is_in_public: table.schema.as_deref() == Some("public"),
        interpreter,
    };
    let mut parts = operation.table_parts(table.name, &table.items, emitted);
    parts.create.comment = table.comment;
    parts.create.open = parts.create.open.or(table.open);
    parts
}

/// What drops these tables, those that others refer to last, and the types they brought along.
fn dropped(
    tables: Vec<DeclaredTable>,
    guarded: bool,
    call: &Call,
    semantics: &Arc<Semantics>,
    interpreter: &mut Runner<'_>,
) -> Emitted {
    let mut emitted = Emitted::default();
    let mut waiting: Vec<TableParts> = tables
        .into_iter()
        .map(|table| parts_of(table, call, semantics, &mut emitted, interpreter))
        .collect();
    let enums = std::mem::take(&mut emitted.enums);
    while !waiting.is_empty() {
        let free = waiting.iter().position(|parts| {
            !waiting.iter().any(|other| {
                let mut referred = other.create.constraints.iter().filter_map(referred_table);
                other.create.name != parts.create.name
                    && referred.any(|table| *table == parts.create.name)
            })
        });
        let parts = waiting.remove(free.unwrap_or_default());
        emitted.ddl.push(Ddl::DropTable {
            name: parts.create.name,
            if_exists: guarded,
            // Foreign keys of a circle are dropped before.
            cascade: free.is_none(),
        });
    }
    if semantics.dialect == Dialect::PostgreSql {
        emitted
            .ddl
            .extend(enums.into_iter().map(|(name, _)| Ddl::DropType {
                name,
                if_exists: true,
                cascade: false,
            }));
    }
    emitted
}
