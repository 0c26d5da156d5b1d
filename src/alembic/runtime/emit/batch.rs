//! What operations put into a batch that may copy its table, as SQLite's do.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{Emitted, Operation, Runner};
use crate::catalog::{
    AlterAction, Batch, BatchChange, Constraint, ConstraintKind, Ddl, Fact, IndexDefinition,
    NewColumn, Recreate, Versions,
};
use crate::dialect::Dialect;
use crate::python::value::{Call, CallArgument, Object, Place, Value};
use crate::sqlalchemy::ddl::{
    ConstraintLabel, ItemDdl, NameParts, Naming, Semantics, item_ddl, truncated,
};
use crate::sqlalchemy::{column_call, construct, qualified};

/// What `batch_op.<name>(…)` puts into its batch, and what is refused at once.
pub(in crate::alembic::runtime) fn batch_changes(
    name: &str,
    call: &Call,
    batch: &Call,
    at: Place,
    semantics: &Arc<Semantics>,
    interpreter: &mut Runner<'_>,
) -> (Vec<BatchChange>, Refused) {
    let semantics = Arc::clone(semantics);
    let emitted = super::emit(
        name,
        call,
        Some(batch),
        at,
        Arc::clone(&semantics),
        interpreter,
    );
    let mut operation = Operation {
        call,
        batch: Some(batch),
        at,
        semantics,
        is_in_public: false,
        interpreter,
    };
    let mut changes = Vec::new();
    match name {
        "alter_column" => {
            changes.push(BatchChange::Nothing);
            if operation.name(usize::MAX, "new_column_name").is_some() {
                changes.extend(operation.forgotten_check());
            }
        }
        "drop_column" => changes.extend(operation.forgotten_check()),
        _ => {}
    }
    let Emitted {
        ddl,
        mut errors,
        errors_of_dialect: of_dialect,
        ..
    } = emitted;
    let renames = name == "alter_column"
        && operation
            .name(usize::MAX, "new_column_name")
            .is_some_and(|new_name| {
                operation.name(operation.shifted(1), "column_name") != Some(new_name)
            });
    // Since 1.7 it looks for the CHECK of the type.
    if (renames || name == "drop_column") && operation.semantics.alembic >= (1, 7) {
        errors.extend(operation.refused_type());
    }
    for ddl in ddl {
        match ddl {
            Ddl::AlterTable {
                table,
                action:
                    AlterAction::AddColumn {
                        definition,
                        if_not_exists,
                    },
                ..
            } => {
                let mut column = NewColumn {
                    definition: *definition,
                    if_not_exists,
                    is_primary_key: false,
                    type_check: None,
                    needs_copy: false,
                    has_python_default: false,
                    insert_before: operation.name(usize::MAX, "insert_before"),
                    insert_after: operation.name(usize::MAX, "insert_after"),
                };
                let besides = operation.new_column(&table, &mut column);
                changes.push(BatchChange::AddColumn(Box::new(column)));
                changes.extend(besides);
            }
            ddl @ Ddl::CreateIndex { .. } => {
                let is_textual = name == "create_index" && operation.has_textual_key();
                changes.push(BatchChange::CreateIndex { ddl, is_textual });
            }
            // The CHECK of a type that is not there is not missed.
            Ddl::AlterTable {
                table,
                if_exists,
                action:
                    AlterAction::DropConstraint {
                        name: constraint,
                        cascade,
                        ..
                    },
            } if name == "alter_column" => changes.push(BatchChange::Other(Ddl::AlterTable {
                table,
                if_exists,
                action: AlterAction::DropConstraint {
                    name: constraint,
                    if_exists: true,
                    cascade,
                },
            })),
            ddl => changes.push(BatchChange::Other(ddl)),
        }
    }
    // Before 1.20 the copy got the CHECK of a type that is added once more.
    if name == "add_column" && operation.semantics.alembic < (1, 20) {
        let check = changes.iter().find_map(|change| match change {
            BatchChange::Other(Ddl::AlterTable {
                action: AlterAction::AddConstraint(constraint),
                ..
            }) if matches!(constraint.kind, ConstraintKind::Check { .. }) => {
                Some(constraint.clone())
            }
            _ => None,
        });
        for change in &mut changes {
            if let BatchChange::AddColumn(column) = change {
                column.type_check.clone_from(&check);
            }
        }
    }
    (changes, Refused { errors, of_dialect })
}

/// Why an operation of a batch fails: as Alembic has it, and as SQLite alone does.
pub(in crate::alembic::runtime) struct Refused {
    pub(in crate::alembic::runtime) errors: Vec<String>,
    pub(in crate::alembic::runtime) of_dialect: Vec<String>,
}

impl Operation<'_, '_> {
    /// True in a batch that copies its table, as far as the dialect goes.
    pub(super) fn is_batch_of_sqlite(&self) -> bool {
        self.batch.is_some() && self.semantics.dialect == Dialect::Sqlite
    }

    /// True where SQLite's own `ALTER TABLE` is all there is.
    pub(super) fn is_in_place(&self) -> bool {
        self.semantics.dialect == Dialect::Sqlite
            && self
                .batch
                .is_none_or(|batch| recreate(batch) == Some(Recreate::Never))
    }

    /// Where SQLite's own `ALTER TABLE` is all there is, in words.
    pub(super) fn where_in_place(&self) -> &'static str {
        match self.batch {
            None => "outside of a batch",
            Some(_) => "in a batch that does not copy it",
        }
    }

    /// Why SQLite refuses what only a copy of the table can do.
    pub(super) fn needs_copy_for(&self, what: &str) -> String {
        let hint = match self.batch {
            None => " (`batch_alter_table`)",
            Some(_) => "",
        };
        format!("SQLite cannot {what} {}{hint}", self.where_in_place())
    }

    /// Alembic forgets the CHECK of a boolean or enum that the call names.
    fn forgotten_check(&self) -> Option<BatchChange> {
        let table = self.table(0, "table_name")?;
        let existing = self.keyword("existing_type")?;
        let call = existing.as_call()?;
        let kind = construct(&call.callee, self.interpreter)?;
        if !matches!(kind.as_str(), "Enum" | "ENUM" | "Boolean") {
            return None;
        }
        let name = call.keyword("name")?.value.as_str()?;
        Some(BatchChange::Other(Ddl::AlterTable {
            table,
            if_exists: false,
            action: AlterAction::DropConstraint {
                name: SmolStr::new(&**name),
                if_exists: true,
                cascade: false,
            },
        }))
    }

    /// Alembic asks for the name of a type, which those that wrap another do not have.
    fn refused_type(&self) -> Option<String> {
        let existing = self.keyword("existing_type")?;
        let kind = match existing.as_call() {
            Some(call) => construct(&call.callee, self.interpreter)?,
            None => construct(&existing, self.interpreter)?,
        };
        matches!(kind.as_str(), "Interval" | "PickleType").then(|| {
            format!(
                "Alembic asks the `existing_type` for its name, and `{kind}` has none: leave it out"
            )
        })
    }

    /// Completes a column that is added. A copy also gets what is written at the column: keys and indexes of its own.
    fn new_column(&mut self, table: &SmolStr, column: &mut NewColumn) -> Vec<BatchChange> {
        let Some(value) = self.value(self.shifted(1), "column") else {
            return Vec::new();
        };
        let Some((call, _)) = column_call(&value, self.interpreter) else {
            return Vec::new();
        };
        let flag = |name: &str| {
            call.keyword(name)
                .is_some_and(|argument| argument.value.as_bool() == Some(true))
        };
        column.is_primary_key = flag("primary_key");
        column.has_python_default = call
            .keyword("default")
            .is_some_and(|argument| !matches!(argument.value, Value::None));
        // `requires_recreate_in_batch` looks at this since Alembic 1.7.
        column.needs_copy = self.semantics.alembic >= (1, 7) && needs_copy(call, self.interpreter);
        let name = column.definition.column.name.clone();
        let mut besides = Vec::new();
        if flag("index") {
            let definition = Fact::Known(IndexDefinition::on(vec![name.clone()], flag("unique")));
            let temporary: String = format!("_alembic_tmp_{}", Self::bare(table))
                .chars()
                .take(50)
                .collect();
            // The copy knows no naming convention.
            let index = format!("ix_{temporary}_{name}");
            besides.push(BatchChange::InCopy(Ddl::CreateIndex {
                name: Some(SmolStr::new(truncated(&index, Dialect::Sqlite))),
                table: table.clone(),
                definition,
                if_not_exists: false,
                concurrently: false,
            }));
        } else if flag("unique") {
            let kind = ConstraintKind::Unique {
                columns: vec![name],
                nulls_not_distinct: false,
            };
            besides.push(BatchChange::InCopy(Ddl::AlterTable {
                table: table.clone(),
                if_exists: false,
                action: AlterAction::AddConstraint(Constraint::new(
                    None,
                    kind,
                    column.definition.column.place.clone(),
                )),
            }));
        }
        besides
    }

    /// True if a key of the index is text, which Alembic takes for the name of a column.
    fn has_textual_key(&self) -> bool {
        let Some(keys) = self.value(self.shifted(2), "columns") else {
            return false;
        };
        let keys = self.interpreter.heap.elements(&keys).unwrap_or_default();
        keys.iter().any(|key| {
            key.as_call().is_some_and(|call| {
                construct(&call.callee, self.interpreter)
                    .is_some_and(|name| matches!(name.as_str(), "text" | "literal_column"))
            })
        })
    }
}

/// True if a column has a default that is an expression, or is computed and stored.
fn needs_copy(column: &Call, interpreter: &Runner<'_>) -> bool {
    let is_stored = |value: &Value| {
        value.as_call().is_some_and(|call| {
            construct(&call.callee, interpreter).is_some_and(|name| name == "Computed")
                && call
                    .argument(1, "persisted")
                    .is_some_and(|persisted| persisted.value.as_bool() == Some(true))
        })
    };
    if column
        .positional()
        .any(|argument| is_stored(&argument.value))
    {
        return true;
    }
    match column
        .keyword("server_default")
        .map(|argument| &argument.value)
    {
        None | Some(Value::None | Value::Str(_) | Value::Unknown(_)) => false,
        Some(value) => {
            let kind = match value.as_call() {
                Some(call) => construct(&call.callee, interpreter),
                None => construct(value, interpreter),
            };
            match kind.as_deref() {
                Some("Computed") => is_stored(value),
                Some("Identity" | "FetchedValue" | "Sequence") => false,
                _ => true,
            }
        }
    }
}

/// What `recreate` says; `None` where that is not known.
fn recreate(batch: &Call) -> Option<Recreate> {
    match batch
        .argument(2, "recreate")
        .map(|argument| &argument.value)
    {
        None => Some(Recreate::Auto),
        Some(value) => match value.as_str().map(|text| &**text) {
            Some("auto") => Some(Recreate::Auto),
            Some("always") => Some(Recreate::Always),
            Some("never") => Some(Recreate::Never),
            _ => None,
        },
    }
}

/// The batch of a call of `batch_alter_table`, without its operations. `None` where the table is not known.
pub(in crate::alembic::runtime) fn begun(
    call: &Call,
    at: Place,
    interpreter: &mut Runner<'_>,
) -> Option<Batch> {
    let semantics = interpreter.host.semantics()?;
    let name = call.argument(0, "table_name")?.value.as_str()?.clone();
    let schema = call
        .argument(1, "schema")
        .and_then(|argument| argument.value.as_str().cloned());
    let table = qualified(schema.as_deref(), &name);
    let mut doubts: Vec<&str> = Vec::new();
    if call.open {
        doubts.push("the arguments of `batch_alter_table` are not all known");
    }
    let recreate = recreate(call).unwrap_or_else(|| {
        doubts.push("whether the table is copied is not known");
        Recreate::Auto
    });
    for (position, keyword) in [(4, "copy_from"), (7, "reflect_args"), (8, "reflect_kwargs")] {
        let is_given = call.argument(position, keyword).is_some_and(|argument| {
            !matches!(argument.value, Value::None)
                && interpreter
                    .heap
                    .elements(&argument.value)
                    .is_none_or(|items| !items.is_empty())
        });
        if is_given {
            doubts.push("what a batch makes of `copy_from` and `reflect_args` is not followed");
        }
    }
    let reorders = call
        .argument(3, "partial_reordering")
        .is_some_and(|argument| !matches!(argument.value, Value::None));
    if reorders {
        doubts.push("the `partial_reordering` of the batch is not followed");
    }
    let constraints = table_args(call, at, &name, &semantics, interpreter).unwrap_or_else(|| {
        doubts.push("`table_args` of the batch is not followed");
        Vec::new()
    });
    let names = names(call, &table, &semantics, interpreter).unwrap_or_else(|| {
        doubts.push("the `naming_convention` of the batch is not followed");
        Vec::new()
    });
    Some(Batch {
        table,
        recreate,
        steps: Vec::new(),
        names,
        constraints,
        versions: Versions {
            sqlalchemy: semantics.sqlalchemy,
            alembic: semantics.alembic,
        },
        doubt: doubts.first().map(ToString::to_string),
    })
}

fn table_args(
    call: &Call,
    at: Place,
    table: &str,
    semantics: &Semantics,
    interpreter: &mut Runner<'_>,
) -> Option<Vec<Constraint>> {
    let Some(argument) = call.argument(5, "table_args") else {
        return Some(Vec::new());
    };
    let items = interpreter.heap.elements(&argument.value)?.to_vec();
    items
        .into_iter()
        .map(|value| {
            let argument = CallArgument {
                name: None,
                value,
                at,
            };
            match item_ddl(&argument, table, semantics, interpreter)? {
                ItemDdl::Constraint(constraint) => Some(constraint),
                _ => None,
            }
        })
        .collect()
}

/// The names that the batch's own convention gives to what has none.
fn names(
    call: &Call,
    table: &SmolStr,
    semantics: &Semantics,
    interpreter: &Runner<'_>,
) -> Option<Vec<(usize, SmolStr)>> {
    let given = match call.argument(9, "naming_convention") {
        None => return Some(Vec::new()),
        Some(argument) => argument.value.clone(),
    };
    let pairs = match &given {
        Value::None => return Some(Vec::new()),
        Value::Object(id) => match interpreter.heap.get(*id) {
            Object::Dict(pairs) => pairs,
            _ => return None,
        },
        _ => return None,
    };
    let mut convention = std::collections::BTreeMap::new();
    for (key, value) in pairs {
        convention.insert(key.as_str()?.to_string(), value.as_str()?.to_string());
    }
    let check_needs_name = convention
        .get("ck")
        .is_some_and(|template| template.contains("%(constraint_name)s"));
    let has_checks = convention.contains_key("ck");
    let naming = Naming::Convention(convention);
    let Some(known) = interpreter.host.simulation()?.now().tables.get(table) else {
        return Some(Vec::new());
    };
    let mut names = Vec::new();
    for (position, constraint) in known.constraints.iter().enumerate() {
        let is_check = matches!(constraint.kind, ConstraintKind::Check { .. });
        let is_nameless = constraint.name.is(&None);
        // Those that have no name are refused where the convention asks for one. Before 1.20 those that have one got
        // another.
        if is_check
            && (is_nameless && has_checks || check_needs_name && semantics.alembic < (1, 20))
        {
            return None;
        }
        if is_nameless || constraint.inline {
            let name = name_of(constraint, table, semantics.dialect, &naming)?;
            names.extend(name.map(|name| (position, name)));
        }
    }
    Some(names)
}

/// The name of a nameless constraint; the outer `None` where it is not known.
#[expect(clippy::option_option, reason = "no name, or one that is not known")]
fn name_of(
    constraint: &Constraint,
    table: &str,
    dialect: Dialect,
    naming: &Naming,
) -> Option<Option<SmolStr>> {
    let (label, referred, referred_columns) = match &constraint.kind {
        ConstraintKind::PrimaryKey { .. } => (ConstraintLabel::PrimaryKey, None, [].as_slice()),
        ConstraintKind::Unique { .. } => (ConstraintLabel::Unique, None, [].as_slice()),
        ConstraintKind::ForeignKey(key) => (
            ConstraintLabel::ForeignKey,
            Some(Operation::bare(&key.references)),
            key.ref_columns.as_slice(),
        ),
        _ => return Some(None),
    };
    let parts = NameParts {
        table: Operation::bare(table),
        schema: None,
        columns: constraint.kind.columns(),
        referred_table: referred,
        referred_columns,
        name: None,
    };
    naming
        .name(dialect, label, None, false, &parts)
        .ok()?
        .known()
        .cloned()
}
