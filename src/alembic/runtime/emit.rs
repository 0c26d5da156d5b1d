//! What Alembic tells the database for each of its operations.
//!
//! Facts from Alembic's `operations/toimpl.py`, `operations/ops.py` and the dialects' `ddl` modules.

mod batch;
mod columns;
mod constraints;
mod elements;
mod entities;
mod execute;
mod metadata;
mod mysql;
mod nameless;
mod objects;
mod rows;
mod signature;
mod some_columns;
mod tables;

use std::sync::Arc;

use smol_str::SmolStr;

use super::calls::Recorder;
use super::statement::Told;
use crate::catalog::{Ddl, Fact, RowChange, Why};
use crate::python::Interpreter;
use crate::python::value::{Call, CallArgument, Place, Value};
use crate::sqlalchemy::ddl::Semantics;

type Runner<'s> = Interpreter<'s, Recorder>;

pub(super) use batch::{batch_changes, begun};
pub(super) use columns::{changes_column, is_column};
pub(super) use elements::foreign_method;
pub(super) use execute::{execute, with_context};
pub(super) use metadata::{
    MadeTable, MadeTables, all_created_or_dropped, metadata_use, tables_of_key, tables_of_metadata,
};
pub(super) use objects::created_or_dropped;
pub(super) use rows::{with_parameters, written_statement};
pub(super) use signature::{KEYWORD_ONLY, certainly_has, with_present_names};

/// What an operation tells the database.
#[derive(Debug, Default)]
pub(super) struct Emitted {
    pub(super) ddl: Vec<Ddl>,
    /// Why Alembic or SQLAlchemy refuse the operation.
    pub(super) errors: Vec<String>,
    /// Why they refuse it for this database, and would not for others.
    pub(super) errors_of_dialect: Vec<String>,
    /// Enum types that `CREATE TABLE` makes unless they were met before in the run.
    pub(super) enums: Vec<(SmolStr, Fact<Vec<SmolStr>>)>,
    /// What is told instead of the statements, where that has a text of its own.
    pub(super) told: Option<Vec<Told>>,
}

impl Emitted {
    fn one(ddl: Ddl) -> Self {
        Self {
            ddl: vec![ddl],
            ..Self::default()
        }
    }

    /// Rows of a table that is not known.
    pub(super) fn rows(rows: RowChange) -> Self {
        Self::one(Ddl::Data {
            tables: Vec::new(),
            rows,
        })
    }

    fn error(message: impl Into<String>) -> Self {
        Self {
            errors: vec![message.into()],
            ..Self::default()
        }
    }

    fn error_of_dialect(message: impl Into<String>) -> Self {
        Self {
            errors_of_dialect: vec![message.into()],
            ..Self::default()
        }
    }

    /// Something not understood, that may touch a table, or anything.
    pub(super) fn opaque(what: impl Into<String>, table: Option<SmolStr>) -> Self {
        Self::one(Ddl::Opaque {
            what: what.into(),
            names: table.into_iter().collect(),
        })
    }
}

/// One call of an operation.
struct Operation<'a, 's> {
    call: &'a Call,
    /// The call of `batch_alter_table` it belongs to.
    batch: Option<&'a Call>,
    at: Place,
    semantics: Arc<Semantics>,
    /// True for a table of a metadata whose schema is `public`: names of tables leave that out.
    is_in_public: bool,
    interpreter: &'a mut Runner<'s>,
}

/// What `op.<name>(…)` or `batch_op.<name>(…)` emits.
pub(super) fn emit(
    name: &str,
    call: &Call,
    batch: Option<&Call>,
    at: Place,
    semantics: Arc<Semantics>,
    interpreter: &mut Runner<'_>,
) -> Emitted {
    let mut operation = Operation {
        call,
        batch,
        at,
        semantics,
        is_in_public: false,
        interpreter,
    };
    if call.open && name != "bulk_insert" {
        let table = operation.table(usize::from(name.contains("index")), "table_name");
        return Emitted::opaque(
            format!("the arguments of `op.{name}` are not all known"),
            table,
        );
    }
    if let Some(refusal) = signature::refusal(name, call, batch.is_some(), &operation.semantics) {
        let meant = batch.and_then(|batch| signature::without_table(name, call, batch));
        let Some(meant) = meant else {
            return Emitted::error(refusal);
        };
        let semantics = Arc::clone(&operation.semantics);
        let mut emitted = emit(name, &meant, batch, at, semantics, interpreter);
        emitted.errors.insert(0, refusal);
        return emitted;
    }
    if let Some(emitted) = operation.column_as_name(name) {
        return emitted;
    }
    match name {
        "create_table" => operation.create_table(),
        "drop_table" => operation.drop_table(),
        "rename_table" => operation.rename_table(),
        "add_column" => operation.add_column(),
        "drop_column" => operation.drop_column(),
        "alter_column" => operation.alter_column(),
        "create_index" => operation.create_index(),
        "drop_index" => operation.drop_index(),
        "create_foreign_key" => operation.create_foreign_key(),
        "create_unique_constraint" => operation.create_unique_constraint(),
        "create_primary_key" => operation.create_primary_key(),
        "create_check_constraint" => operation.create_check_constraint(),
        "create_exclude_constraint" => operation.create_exclude_constraint(),
        "drop_constraint" => operation.drop_constraint(),
        "create_table_comment" => operation.table_comment(true),
        "drop_table_comment" => operation.table_comment(false),
        "bulk_insert" => operation.bulk_insert(),
        "create_entity" | "replace_entity" => operation.entity(name == "replace_entity"),
        "drop_entity" => operation.drop_entity(),
        "sync_enum_values" => operation.sync_enum_values(),
        "add_enum_value" => operation.add_enum_value(),
        other => operation.plugged_in(other),
    }
}

impl Operation<'_, '_> {
    /// The position of an argument: in a batch the table is left out.
    fn shifted(&self, position: usize) -> usize {
        if self.batch.is_some() {
            position.saturating_sub(1)
        } else {
            position
        }
    }

    fn argument(&self, position: usize, name: &str) -> Option<&CallArgument> {
        self.call
            .positional()
            .nth(position)
            .or_else(|| self.call.keyword(name))
    }

    fn value(&self, position: usize, name: &str) -> Option<Value> {
        self.argument(position, name)
            .map(|argument| argument.value.clone())
    }

    fn keyword(&self, name: &str) -> Option<Value> {
        self.call
            .keyword(name)
            .map(|argument| argument.value.clone())
    }

    /// A name; `None` where it is not given or not known.
    fn name(&self, position: usize, name: &str) -> Option<SmolStr> {
        let value = self.value(position, name)?;
        let (text, _) = crate::sqlalchemy::ddl::name_value(&value, self.interpreter);
        text.map(SmolStr::new)
    }

    fn flag(&self, name: &str) -> bool {
        self.keyword(name)
            .is_some_and(|value| value.as_bool() == Some(true))
    }

    /// True for `if_exists=True`, in versions of Alembic that know it.
    fn guard(&self, name: &str) -> bool {
        self.flag(name)
    }

    fn schema(&self, keyword: &str) -> Option<String> {
        let call = self.batch.unwrap_or(self.call);
        let call = if keyword == "schema" { call } else { self.call };
        call.keyword(keyword)
            .or_else(|| {
                (keyword == "schema" && self.batch.is_some())
                    .then(|| call.positional().nth(1))
                    .flatten()
            })
            .and_then(|argument| argument.value.as_str().map(ToString::to_string))
    }

    /// The table the operation is on, with its schema.
    fn table(&self, position: usize, keyword: &str) -> Option<SmolStr> {
        let name = match self.batch {
            Some(batch) => {
                let argument = batch.argument(0, "table_name")?;
                argument.value.as_str().map(|text| SmolStr::new(&**text))?
            }
            None => self.name(position, keyword)?,
        };
        Some(crate::sqlalchemy::qualified(
            self.schema("schema").as_deref(),
            &name,
        ))
    }

    fn why(&self, reason: impl Into<String>) -> Arc<Why> {
        Why::new(reason, Some(self.interpreter.file(self.at)))
    }

    /// The table's name without its schema, which is what names are made of.
    fn bare(table: &str) -> &str {
        table.rsplit('.').next().unwrap_or(table)
    }

    fn text(value: &Value) -> String {
        match value {
            Value::Unknown(unknown) => unknown.reason.to_string(),
            _ => "it is not known".to_owned(),
        }
    }

    /// An operation of which the table or another name is not known.
    fn nameless(&self, what: &str, table: Option<SmolStr>) -> Emitted {
        let name = self
            .call
            .arguments
            .iter()
            .find(|argument| argument.value.is_unknown())
            .map_or(String::new(), |argument| {
                format!(": {}", Self::text(&argument.value))
            });
        Emitted::opaque(format!("what `{what}` changes is not known{name}"), table)
    }
}
