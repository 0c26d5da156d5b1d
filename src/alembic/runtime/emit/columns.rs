//! `add_column`, `drop_column`, `alter_column`.

use smol_str::SmolStr;

use super::nameless::is_nameless_column;
use super::{Emitted, Operation, Runner};
use crate::alembic::runtime::statement::UNKNOWN;
use crate::catalog::{AlterAction, Column, CommentTarget, Constraint, ConstraintKind, Ddl, Fact};
use crate::dialect::Dialect;
use crate::python::Host as _;
use crate::python::value::{CallArgument, Value};
use crate::sql;
use crate::sqlalchemy::ddl::{
    ConstraintLabel, NameParts, column_ddl, default_text, identity_text, type_ddl,
};
use crate::sqlalchemy::{Worded, construct, note};

/// True for `sa.Column(…)`.
pub(in crate::alembic::runtime) fn is_column(value: &Value, interpreter: &Runner<'_>) -> bool {
    value
        .as_call()
        .is_some_and(|call| construct(&call.callee, interpreter).as_deref() == Some("Column"))
}

/// True if `alter_column` has to change something.
pub(in crate::alembic::runtime) fn changes_column(arguments: &[CallArgument]) -> bool {
    arguments.iter().any(|argument| {
        let is_said = !matches!(argument.value, Value::None);
        match argument.name.as_deref() {
            Some("nullable" | "type_" | "new_column_name") => is_said,
            // `None` takes it away.
            Some("server_default" | "comment") => !matches!(argument.value, Value::Bool(false)),
            _ => false,
        }
    })
}

impl Operation<'_, '_> {
    fn alter(table: &SmolStr, action: AlterAction) -> Ddl {
        Ddl::AlterTable {
            table: table.clone(),
            if_exists: false,
            action,
        }
    }

    pub(super) fn add_column(&mut self) -> Emitted {
        let table = self.table(0, "table_name");
        let Some(table) = table else {
            return self.nameless("op.add_column", None);
        };
        let semantics = std::sync::Arc::clone(&self.semantics);
        let bare = SmolStr::new(Self::bare(&table));
        let value = self.value(self.shifted(1), "column");
        if value
            .as_ref()
            .is_some_and(|value| is_nameless_column(value, self.interpreter))
        {
            // Which column was meant is not known.
            let mut emitted = self.nameless("op.add_column", Some(table));
            let error = "`add_column` is given a `Column` without a name";
            emitted.errors.push(error.to_owned());
            return emitted;
        }
        let column =
            value.and_then(|value| column_ddl(&value, &bare, &semantics, self.interpreter));
        let Some(mut column) = column else {
            return self.nameless("op.add_column", Some(table));
        };
        let mut emitted = Emitted::default();
        emitted.errors.append(&mut column.errors);
        let mut constraints = std::mem::take(&mut column.foreign_keys);
        let mut indexes = Vec::new();
        self.flags(
            &table,
            &column,
            &mut constraints,
            &mut indexes,
            &mut emitted,
        );
        // Before Alembic 0.7 `add_column` passes `index=True` over.
        if semantics.alembic < (0, 7) {
            indexes.clear();
        }
        // Outside of a batch, Alembic leaves these out on SQLite, with a warning.
        if !self.is_in_place() {
            // Here it stays nameless where the convention wants a name.
            let _ = self.type_check(&bare, &column, &mut constraints);
        }
        // The column of a primary key gets its sequence, though no key is made.
        column.definition.serial =
            column.is_primary_key && column.may_count && semantics.dialect == Dialect::PostgreSql;
        if column.definition.serial {
            column.definition.column.default = Fact::Known(None);
        }
        if self.is_in_place() {
            for constraint in &constraints {
                emitted.errors.push(format!(
                    "SQLite cannot add a {} to a table that is there, outside of a batch",
                    constraint.kind.noun()
                ));
            }
        }
        // `ApplyBatchImpl.add_constraint`: a table that is copied gets no nameless keys.
        if self.is_batch_of_sqlite()
            && constraints.iter().any(|constraint| {
                constraint.name.is(&None)
                    && !matches!(constraint.kind, ConstraintKind::Check { .. })
            })
        {
            emitted.errors.push(
                "a constraint added in a batch needs a name on SQLite: give it one, or a naming convention"
                    .to_owned(),
            );
        }
        let if_not_exists = self.guard("if_not_exists");
        let makes_key = column.is_primary_key && self.flag("inline_primary_key");
        let name = column.definition.column.name.clone();
        emitted.ddl.push(Self::alter(
            &table,
            AlterAction::AddColumn {
                definition: Box::new(column.definition),
                if_not_exists,
            },
        ));
        if makes_key {
            let key = Constraint::new(
                None,
                ConstraintKind::PrimaryKey {
                    columns: vec![name],
                },
                None,
            );
            emitted
                .ddl
                .push(Self::alter(&table, AlterAction::AddConstraint(key)));
        }
        for constraint in constraints {
            emitted
                .ddl
                .push(Self::alter(&table, AlterAction::AddConstraint(constraint)));
        }
        let indexes = indexes.into_iter();
        emitted.ddl.extend(indexes.map(|index| index.ddl(&table)));
        if let Some(found) = column.enum_type {
            self.needs_enum(&found.name, &mut emitted);
        }
        emitted
    }

    /// Neither `add_column` nor `alter_column` make the enum type they name.
    fn needs_enum(&self, name: &SmolStr, emitted: &mut Emitted) {
        let Some(simulation) = self.interpreter.host.simulation() else {
            return;
        };
        let now = simulation.now();
        if self.semantics.dialect != Dialect::PostgreSql
            || now.enums.contains_key(name)
            || now.opaque.is_some()
        {
            return;
        }
        if now.dropped_types.contains(name) {
            emitted.errors.push(format!(
                "type `{name}` does not exist: it was dropped before"
            ));
        } else if now.is_made_by_migrations() && now.objects.keys().all(|key| key.name != *name) {
            emitted.errors.push(format!(
                "type `{name}` does not exist: nothing has created it, and neither adding nor altering a column does"
            ));
        }
    }

    /// What comes of a `Column` in the place of its name: Alembic cannot write it, and only asks for it where something
    /// else is to be changed, or a table of SQLite is copied.
    pub(super) fn column_as_name(&mut self, operation: &str) -> Option<Emitted> {
        if !matches!(operation, "alter_column" | "drop_column") {
            return None;
        }
        let value = self.value(self.shifted(1), "column_name")?;
        if !is_column(&value, self.interpreter) {
            return None;
        }
        let is_left_alone = operation == "alter_column"
            && !changes_column(&self.call.arguments)
            && !self.is_batch_of_sqlite();
        Some(if is_left_alone {
            Emitted::default()
        } else {
            Emitted::error(format!(
                "`{operation}` is given a `Column` in the place of the name of the column"
            ))
        })
    }

    pub(super) fn drop_column(&mut self) -> Emitted {
        let table = self.table(0, "table_name");
        let (Some(table), Some(name)) = (table.clone(), self.name(self.shifted(1), "column_name"))
        else {
            return self.nameless("op.drop_column", table);
        };
        let constraint = self.constraint_in_the_way(&table, &name);
        let mut emitted = Emitted::one(Self::alter(
            &table,
            AlterAction::DropColumn {
                name: name.clone(),
                if_exists: self.guard("if_exists"),
                cascade: false,
            },
        ));
        if let Some(noun) = constraint {
            emitted.errors.push(format!(
                "SQLite cannot drop column `{name}` outside of a batch: a {noun} of `{table}` is on it"
            ));
        }
        emitted
    }

    /// What keeps SQLite's `DROP COLUMN` from working. Checks are not counted: one that was written at the column goes
    /// with it.
    fn constraint_in_the_way(&self, table: &str, column: &SmolStr) -> Option<&'static str> {
        if !self.is_in_place() {
            return None;
        }
        let now = self.interpreter.host.simulation()?.now();
        let table = now.tables.get(table)?;
        table
            .constraints
            .iter()
            .filter(|constraint| constraint.maybe.is_none())
            .filter(|constraint| !matches!(constraint.kind, ConstraintKind::Check { .. }))
            .find(|constraint| constraint.kind.columns().contains(column))
            .map(|constraint| constraint.kind.noun())
    }

    pub(super) fn alter_column(&mut self) -> Emitted {
        let table = self.table(0, "table_name");
        let (Some(table), Some(column)) =
            (table.clone(), self.name(self.shifted(1), "column_name"))
        else {
            return self.alters_some_columns(table);
        };
        let mut emitted = Emitted::default();
        let given = |value: Option<Value>| value.filter(|value| !matches!(value, Value::None));
        let type_value = given(self.keyword("type_"));
        let existing_type = given(self.keyword("existing_type"));
        let nullable = given(self.keyword("nullable"));
        let existing_nullable = given(self.keyword("existing_nullable"));
        // `False` leaves it, `None` takes it away.
        let server_default = self
            .keyword("server_default")
            .filter(|value| !matches!(value, Value::Bool(false)));
        let existing_default = self
            .keyword("existing_server_default")
            .filter(|value| !matches!(value, Value::Bool(false)));
        let comment = self
            .keyword("comment")
            .filter(|value| !matches!(value, Value::Bool(false)));
        let new_name = match self.keyword("new_column_name") {
            None | Some(Value::None) => None,
            Some(value) => match value.as_str() {
                Some(text) => Some(SmolStr::new(&**text)),
                None => return self.nameless("op.alter_column", Some(table)),
            },
        };
        // Where the type is neither changed nor restated nothing depends on it, and what is said of it may be anything.
        let depends_on_type = type_value.is_some() || self.semantics.dialect == Dialect::MySql;
        self.hint(
            &table,
            &column,
            existing_type.as_ref().filter(|_| depends_on_type),
            existing_nullable.as_ref(),
            existing_default.as_ref(),
        );
        if self.semantics.dialect == Dialect::MySql
            && type_value.is_none()
            && existing_type.is_none()
            && (nullable.is_some() || new_name.is_some())
        {
            emitted.errors_of_dialect.push(
                "on MySQL, `alter_column` needs `existing_type` to restate the column".to_owned(),
            );
        }
        if self.is_in_place()
            && (type_value.is_some() || nullable.is_some() || server_default.is_some())
        {
            let refusal = self.needs_copy_for("alter a column");
            emitted.errors_of_dialect.push(refusal);
        }
        if self.keyword("postgresql_using").is_some()
            && type_value.is_none()
            && self.semantics.dialect == Dialect::PostgreSql
        {
            emitted
                .errors
                .push("`postgresql_using` needs `type_`".to_owned());
        }
        self.type_of_column(
            &table,
            &column,
            type_value.as_ref(),
            existing_type.as_ref(),
            &mut emitted,
        );
        let restates = self.semantics.dialect == Dialect::MySql
            && (type_value.is_some() || nullable.is_some() || new_name.is_some());
        if restates && type_value.is_none() {
            self.restated_type(&table, &column, existing_type.as_ref(), &mut emitted);
        }
        match &nullable {
            Some(Value::Bool(nullable)) => emitted.ddl.push(Self::alter(
                &table,
                AlterAction::SetNullable {
                    column: column.clone(),
                    nullable: *nullable,
                },
            )),
            Some(_) => emitted.ddl.push(Ddl::Opaque {
                what: "whether the column becomes nullable is not known".to_owned(),
                names: vec![table.clone()],
            }),
            // MySQL forgets what the statement does not repeat.
            None if restates => emitted.ddl.push(Self::alter(
                &table,
                AlterAction::SetNullable {
                    column: column.clone(),
                    nullable: existing_nullable
                        .as_ref()
                        .and_then(Value::as_bool)
                        .unwrap_or(true),
                },
            )),
            None => {}
        }
        if let Some(value) = &server_default {
            self.default_of_column(&table, &column, value, &mut emitted);
        } else if restates {
            match &existing_default {
                Some(value) => {
                    self.default_of_column(&table, &column, &value.clone(), &mut emitted);
                }
                None => emitted.ddl.push(Self::alter(
                    &table,
                    AlterAction::SetDefault {
                        column: column.clone(),
                        default: Fact::Known(None),
                    },
                )),
            }
        }
        if let Some(value) = comment {
            let text = match &value {
                Value::None => Fact::Known(None),
                _ => match value.as_str() {
                    Some(text) => Fact::Known(Some(SmolStr::new(&**text))),
                    None => Fact::Unknown(self.why("the comment is not known")),
                },
            };
            emitted.ddl.push(Ddl::Comment {
                target: CommentTarget::Column {
                    table: table.clone(),
                    column: column.clone(),
                },
                text,
            });
        }
        if self.semantics.dialect == Dialect::MySql && self.interpreter.host.takes_notes() {
            emitted.told = Some(self.altered_in_mysql(&table, &column, &emitted.ddl));
        }
        if let Some(new_name) = new_name {
            emitted.ddl.push(Self::alter(
                &table,
                AlterAction::RenameColumn {
                    name: column,
                    new_name,
                },
            ));
        }
        emitted
    }

    /// `MODIFY` and `CHANGE` of MySQL give the column the type that `existing_type` names, whatever it had.
    fn restated_type(
        &mut self,
        table: &SmolStr,
        column: &SmolStr,
        existing_type: Option<&Value>,
        emitted: &mut Emitted,
    ) {
        let Some(existing_type) = existing_type else {
            return;
        };
        let semantics = std::sync::Arc::clone(&self.semantics);
        let named = type_ddl(existing_type, &semantics, self.interpreter).spelling;
        let simulation = self.interpreter.host.simulation();
        let known = simulation.and_then(|simulation| {
            let table = simulation.now().tables.get(table)?;
            table.column(column)?.column_type.known().cloned()
        });
        let is_other = known
            .zip(named.known())
            .is_some_and(|(known, named)| known != *named);
        if is_other {
            emitted.ddl.push(Self::alter(
                table,
                AlterAction::AlterType {
                    column: column.clone(),
                    column_type: named,
                    using: false,
                },
            ));
        }
    }

    fn type_of_column(
        &mut self,
        table: &SmolStr,
        column: &SmolStr,
        type_value: Option<&Value>,
        existing_type: Option<&Value>,
        emitted: &mut Emitted,
    ) {
        let Some(type_value) = type_value else { return };
        let semantics = std::sync::Arc::clone(&self.semantics);
        let mut new = type_ddl(type_value, &semantics, self.interpreter);
        emitted.errors.extend(new.error.clone());
        if let Some(written) = new.written.take() {
            note(self.interpreter, Worded::Type, column, written);
        }
        if let Some(using) = self.keyword("postgresql_using") {
            let text = using.as_str().map(ToString::to_string);
            note(
                self.interpreter,
                Worded::Using,
                column,
                text.unwrap_or_else(|| UNKNOWN.to_owned()),
            );
        }
        let old = existing_type.map(|old| type_ddl(old, &semantics, self.interpreter));
        let bare = SmolStr::new(Self::bare(table));
        if let Some((Some(name), _)) = old.as_ref().and_then(|old| old.check.as_ref())
            && let Some(name) = self.check_name(&bare, column, Some(name))
        {
            emitted.ddl.push(Self::alter(
                table,
                AlterAction::DropConstraint {
                    name,
                    if_exists: false,
                    cascade: false,
                },
            ));
        }
        if let Some(found) = &new.enum_type {
            self.needs_enum(&found.name, emitted);
        }
        emitted.ddl.push(Self::alter(
            table,
            AlterAction::AlterType {
                column: column.clone(),
                column_type: new.spelling,
                using: self
                    .keyword("postgresql_using")
                    .is_some_and(|value| !matches!(value, Value::None)),
            },
        ));
        if let Some((given, check)) = &new.check {
            // In a batch the condition names the column as it will be called.
            let column = &match self.name(usize::MAX, "new_column_name") {
                Some(new_name) if self.is_batch_of_sqlite() => new_name,
                _ => column.clone(),
            };
            let name = self.check_name(&bare, column, given.as_ref());
            let text = super::tables::check_text(column, check, semantics.dialect);
            let expression = sql::canonical_expression(&text, semantics.dialect);
            note(self.interpreter, Worded::Expression, &expression, text);
            let kind = ConstraintKind::Check {
                expression: Fact::Known(expression),
                columns: vec![column.clone()],
            };
            let check = Constraint::new(name, kind, None);
            let check = super::tables::perhaps_ignored(check, semantics.dialect);
            emitted
                .ddl
                .push(Self::alter(table, AlterAction::AddConstraint(check)));
        }
    }

    fn check_name(
        &self,
        table: &str,
        column: &SmolStr,
        given: Option<&SmolStr>,
    ) -> Option<SmolStr> {
        let columns = [column.clone()];
        let parts = NameParts {
            table,
            columns: &columns,
            ..NameParts::default()
        };
        self.semantics
            .naming
            .name(
                self.semantics.dialect,
                ConstraintLabel::Check,
                given.map(SmolStr::as_str),
                false,
                &parts,
            )
            .ok()?
            .known()
            .cloned()
            .flatten()
    }

    fn default_of_column(
        &mut self,
        table: &SmolStr,
        column: &SmolStr,
        value: &Value,
        emitted: &mut Emitted,
    ) {
        let semantics = std::sync::Arc::clone(&self.semantics);
        if let Some(call) = value.as_call()
            && construct(&call.callee, self.interpreter).is_some_and(|name| name == "Identity")
        {
            let always = call
                .argument(0, "always")
                .is_some_and(|always| always.value.as_bool() == Some(true));
            let text = identity_text(call, always);
            note(self.interpreter, Worded::Identity, column, text);
            emitted.ddl.push(Self::alter(
                table,
                AlterAction::SetIdentity {
                    column: column.clone(),
                    identity: Some(SmolStr::new_static(if always {
                        "ALWAYS"
                    } else {
                        "BY DEFAULT"
                    })),
                    if_exists: false,
                },
            ));
            return;
        }
        let default = match value {
            Value::None => Fact::Known(None),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                emitted.errors.push(
                    "`server_default` takes text or an SQL expression, no Python value".to_owned(),
                );
                return;
            }
            _ => match default_text(value, &semantics, self.interpreter) {
                Some(text) => {
                    let default = sql::canonical_default(&text, semantics.dialect);
                    note(self.interpreter, Worded::Default, column, text);
                    Fact::Known(default)
                }
                None => Fact::Unknown(self.why("the default is not known")),
            },
        };
        let had_identity = self
            .keyword("existing_server_default")
            .as_ref()
            .and_then(Value::as_call)
            .is_some_and(|call| {
                construct(&call.callee, self.interpreter).is_some_and(|name| name == "Identity")
            });
        if had_identity && matches!(default, Fact::Known(None)) {
            emitted.ddl.push(Self::alter(
                table,
                AlterAction::SetIdentity {
                    column: column.clone(),
                    identity: None,
                    if_exists: false,
                },
            ));
            return;
        }
        emitted.ddl.push(Self::alter(
            table,
            AlterAction::SetDefault {
                column: column.clone(),
                default,
            },
        ));
    }

    /// What the call says the column was like is believed where nothing else is known.
    fn hint(
        &mut self,
        table: &SmolStr,
        column: &SmolStr,
        existing_type: Option<&Value>,
        existing_nullable: Option<&Value>,
        existing_default: Option<&Value>,
    ) {
        let semantics = std::sync::Arc::clone(&self.semantics);
        let why = self.why(format!("no migration read here creates `{table}.{column}`"));
        let mut hint = Column::unknown(column.clone(), &why);
        if let Some(value) = existing_type {
            hint.column_type = type_ddl(value, &semantics, self.interpreter).spelling;
        }
        if let Some(Value::Bool(nullable)) = existing_nullable {
            hint.nullable = Fact::Known(*nullable);
        }
        if let Some(value) = existing_default {
            hint.default = match value {
                Value::None => Fact::Known(None),
                value => match default_text(value, &semantics, self.interpreter) {
                    Some(text) => Fact::Known(sql::canonical_default(&text, semantics.dialect)),
                    None => hint.default,
                },
            };
        }
        if let Some(simulation) = self.interpreter.host.simulation_mut() {
            simulation.state.database.hint(table, &hint);
        }
    }
}
