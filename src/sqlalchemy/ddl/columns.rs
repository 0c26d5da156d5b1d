//! `Column(…)` as a column of the database.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::catalog::{Column, ColumnDefinition, Constraint, ConstraintKind, Fact, ForeignKey, Why};
use crate::dialect::Dialect;
use crate::python::value::{Call, CallArgument, Place, Value};
use crate::python::{Host, Interpreter};
use crate::sql;
use crate::sqlalchemy::ddl::items::{
    check_condition, deferrable, given_name, note_tail, reference_of, referential_options,
};
use crate::sqlalchemy::ddl::semantics::NameParts;
use crate::sqlalchemy::ddl::types::TypeCheck;
use crate::sqlalchemy::ddl::{
    ConstraintLabel, EnumType, Semantics, TypeDdl, default_text, sql_text, type_ddl,
};
use crate::sqlalchemy::{Worded, column_call, construct, note};

/// A column and what it brings along.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a keyword of the column"
)]
pub struct ColumnDdl {
    /// Its own constraints: checks at the column.
    pub definition: ColumnDefinition,
    pub is_primary_key: bool,
    pub is_unique: bool,
    pub is_indexed: bool,
    /// True for a type for which `GeoAlchemy2` makes an index.
    pub is_spatial: bool,
    /// Foreign keys, in the order they are written.
    pub foreign_keys: Vec<Constraint>,
    /// The enum type it needs.
    pub enum_type: Option<EnumType>,
    /// A CHECK that comes with its type.
    pub type_check: Option<(Option<SmolStr>, TypeCheck)>,
    /// True if it would count by itself as the only column of a primary key.
    pub may_count: bool,
    /// True with `autoincrement=True`: it counts in a primary key of several columns too.
    pub must_count: bool,
    /// True if the code says whether it is nullable.
    pub says_nullable: bool,
    /// Errors that SQLAlchemy raises.
    pub errors: Vec<String>,
}

/// Reads a column of a table. `None` where not even its name is known.
pub fn column_ddl<H: Host>(
    value: &Value,
    table: &str,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<ColumnDdl> {
    let (call, at) = column_call(value, interpreter)?;
    let call = call.clone();
    Reader {
        call: &call,
        at,
        table,
        semantics,
        interpreter,
    }
    .read()
}

struct Reader<'a, 's, H: Host> {
    call: &'a Call,
    at: Place,
    table: &'a str,
    semantics: &'a Semantics,
    interpreter: &'a mut Interpreter<'s, H>,
}

impl<H: Host> Reader<'_, '_, H> {
    fn why(&self, reason: &str, at: Place) -> Arc<Why> {
        Why::new(reason, Some(self.interpreter.file(at)))
    }

    fn read(&mut self) -> Option<ColumnDdl> {
        let mut positional: Vec<CallArgument> = self.call.positional().cloned().collect();
        let mut name = None;
        match positional.first().map(|first| first.value.clone()) {
            Some(first @ Value::Str(_)) => {
                name = Some(SmolStr::new(&**first.as_str()?));
                positional.remove(0);
            }
            Some(Value::None) => {
                positional.remove(0);
            }
            Some(Value::Unknown(_)) if self.call.keyword("name").is_none() => return None,
            _ => {}
        }
        if let Some(argument) = self.call.keyword("name") {
            name = Some(SmolStr::new(&**argument.value.as_str()?));
        }
        let name = name?;
        let place = self.interpreter.file(self.at);
        let mut type_value: Option<CallArgument> = self.call.keyword("type_").cloned();
        let mut foreign_keys = Vec::new();
        let mut checks = Vec::new();
        let mut identity = Fact::Known(None);
        let mut generated = Fact::Known(None);
        let mut has_sequence = false;
        let mut errors = Vec::new();
        for argument in positional {
            let inner = argument.value.as_call().cloned();
            let kind = match &inner {
                Some(call) => construct(&call.callee, self.interpreter),
                None => construct(&argument.value, self.interpreter),
            };
            match (kind.as_deref(), &inner) {
                (Some("ForeignKey"), Some(key)) => {
                    foreign_keys.push((key.clone(), argument.at));
                }
                (Some("CheckConstraint"), Some(check)) => {
                    checks.push((check.clone(), argument.at));
                }
                (Some("Identity"), _) => {
                    let always = inner
                        .as_ref()
                        .and_then(|call| call.argument(0, "always"))
                        .is_some_and(|always| always.value.as_bool() == Some(true));
                    identity = Fact::Known(Some(SmolStr::new_static(if always {
                        "ALWAYS"
                    } else {
                        "BY DEFAULT"
                    })));
                    if let Some(inner) = &inner {
                        let text = identity_text(inner, always);
                        note(self.interpreter, Worded::Identity, &name, text);
                    }
                }
                (Some("Computed"), Some(computed)) => {
                    let text = computed.positional().next().and_then(|first| {
                        let value = first.value.clone();
                        sql_text(&value, self.semantics, self.interpreter)
                    });
                    generated = match text {
                        Some(text) => {
                            let written = self.generated_text(&text, computed);
                            note(self.interpreter, Worded::Generated, &name, written);
                            Fact::Known(Some(sql::canonical_expression(
                                &text,
                                self.semantics.dialect,
                            )))
                        }
                        None => Fact::Unknown(
                            self.why("the expression of the column is not known", argument.at),
                        ),
                    };
                }
                (Some("Sequence"), _) => has_sequence = true,
                (Some("DefaultClause" | "FetchedValue"), _) => {}
                _ if matches!(argument.value, Value::None) => {}
                _ if type_value.is_none() => type_value = Some(argument),
                _ => {}
            }
        }
        let mut type_ddl = self.column_type(type_value.as_ref(), &foreign_keys);
        errors.extend(type_ddl.error.take());
        let flag = |name: &str| {
            self.call
                .keyword(name)
                .map(|argument| argument.value.clone())
        };
        let is_true = |value: &Option<Value>| matches!(value, Some(Value::Bool(true)));
        let is_primary_key = is_true(&flag("primary_key"));
        let has_identity = matches!(identity, Fact::Known(Some(_)));
        let nullable = match flag("nullable") {
            Some(Value::Bool(nullable)) => Fact::Known(nullable),
            None | Some(Value::None) => Fact::Known(!is_primary_key && !has_identity),
            Some(_) => {
                Fact::Unknown(self.why("whether the column is nullable is not known", self.at))
            }
        };
        // SQLAlchemy writes `GENERATED … AS IDENTITY NULL`.
        if has_identity && nullable.is(&true) && self.semantics.dialect == Dialect::PostgreSql {
            errors.push(format!(
                "column `{name}` is an identity and cannot be nullable"
            ));
        }
        let default = match self.call.keyword("server_default").cloned() {
            None => Fact::Known(None),
            Some(argument) => self.default(&argument, &name, &mut identity, &mut generated),
        };
        // `ArgumentError` of `DefaultClause`.
        if let Some(Value::Bool(_) | Value::Int(_) | Value::Float(_)) = flag("server_default") {
            errors.push(format!(
                "`server_default` of column `{name}` takes text or an SQL expression, no Python value"
            ));
        }
        let comment = match flag("comment") {
            None | Some(Value::None) => Fact::Known(None),
            Some(value) => match value.as_str() {
                Some(text) if text.is_empty() => Fact::Known(None),
                Some(text) => Fact::Known(Some(SmolStr::new(&**text))),
                None => Fact::Unknown(self.why("the comment is not known", self.at)),
            },
        };
        let autoincrement = flag("autoincrement");
        // A column that refers to another takes its values from there.
        let ignores_keys = autoincrement
            .as_ref()
            .and_then(Value::as_str)
            .is_some_and(|text| &**text == "ignore_fk");
        let may_count = type_ddl.is_integer
            && !matches!(autoincrement, Some(Value::Bool(false)))
            && (foreign_keys.is_empty() || ignores_keys || is_true(&autoincrement))
            && (matches!(default, Fact::Known(None)) || is_true(&autoincrement))
            && matches!(generated, Fact::Known(None))
            && !has_identity
            && !has_sequence
            && self
                .call
                .keyword("default")
                .is_none_or(|default| matches!(default.value, Value::None));
        // What may be an integer may count.
        let default = match (&type_ddl.spelling, default) {
            (Fact::Unknown(why), Fact::Known(None))
                if is_primary_key && !matches!(autoincrement, Some(Value::Bool(false))) =>
            {
                Fact::Unknown(Arc::clone(why))
            }
            (_, default) => default,
        };
        let is_spatial = self.has_spatial_index(type_value.as_ref());
        let mut constraints = self.managed_checks(type_value.as_ref(), &name);
        for (check, at) in checks {
            match self.check(&check, at, &name) {
                Ok(constraint) => constraints.push(constraint),
                Err(error) => errors.push(error),
            }
        }
        let mut keys = Vec::new();
        for (key, at) in foreign_keys {
            match self.foreign_key(&key, at, &name) {
                Ok(constraint) => keys.push(constraint),
                Err(error) => errors.push(error),
            }
        }
        if let Some(written) = type_ddl.written.take() {
            note(self.interpreter, Worded::Type, &name, written);
        }
        if may_count {
            let word = if is_true(&autoincrement) {
                "must"
            } else {
                "may"
            };
            note(self.interpreter, Worded::Counting, &name, word);
        }
        let is_unique = is_true(&flag("unique"));
        let is_indexed = is_true(&flag("index"));
        Some(ColumnDdl {
            definition: ColumnDefinition {
                column: Column {
                    name,
                    column_type: type_ddl.spelling,
                    nullable,
                    default,
                    identity,
                    generated,
                    comment,
                    place: Some(place),
                    maybe: None,
                },
                constraints,
                serial: false,
            },
            is_primary_key,
            is_unique,
            is_indexed,
            is_spatial,
            foreign_keys: keys,
            enum_type: type_ddl.enum_type,
            type_check: type_ddl.check,
            may_count,
            says_nullable: self
                .call
                .keyword("nullable")
                .is_some_and(|argument| !matches!(argument.value, Value::None)),
            must_count: may_count && is_true(&autoincrement),
            errors,
        })
    }

    /// True for `Geometry(…)` without `spatial_index=False`.
    fn has_spatial_index(&mut self, given: Option<&CallArgument>) -> bool {
        let Some(call) = given.and_then(|argument| argument.value.as_call()) else {
            return false;
        };
        let is_off = call
            .keyword("spatial_index")
            .is_some_and(|argument| argument.value.as_bool() == Some(false));
        !is_off && self.is_spatial(call)
    }

    fn is_spatial(&mut self, call: &Call) -> bool {
        let kind = construct(&call.callee, self.interpreter);
        self.semantics.dialect == Dialect::PostgreSql
            && matches!(kind.as_deref(), Some("Geometry" | "Geography" | "Raster"))
    }

    /// The checks that may come with a column whose type leaves it to the database to add: `AddGeometryColumn` makes them
    /// where the type does not say as much.
    fn managed_checks(
        &mut self,
        given: Option<&CallArgument>,
        column: &SmolStr,
    ) -> Vec<Constraint> {
        let Some(call) = given.and_then(|argument| argument.value.as_call()) else {
            return Vec::new();
        };
        let is_managed = call
            .argument(4, "management")
            .is_some_and(|management| management.value.as_bool() != Some(false));
        if !is_managed || !self.is_spatial(call) {
            return Vec::new();
        }
        let why = self.why(
            "the version of PostGIS decides which checks it makes",
            self.at,
        );
        let made = |fact: &str| {
            let name = format_smolstr!("enforce_{fact}_{column}");
            let kind = ConstraintKind::Check {
                expression: Fact::Unknown(Arc::clone(&why)),
                columns: vec![column.clone()],
            };
            let mut constraint = Constraint::new(Some(name), kind, why.place.clone());
            constraint.maybe = Some(Arc::clone(&why));
            constraint
        };
        ["dims", "geotype", "srid"].map(made).to_vec()
    }

    fn column_type(&mut self, given: Option<&CallArgument>, keys: &[(Call, Place)]) -> TypeDdl {
        match given {
            Some(argument) => type_ddl(&argument.value, self.semantics, self.interpreter),
            None => {
                let reason = if keys.is_empty() {
                    "the column has no type"
                } else {
                    "the type is that of the column it refers to"
                };
                TypeDdl {
                    spelling: Fact::Unknown(self.why(reason, self.at)),
                    enum_type: None,
                    is_integer: false,
                    check: None,
                    error: None,
                    written: None,
                }
            }
        }
    }

    fn default(
        &mut self,
        argument: &CallArgument,
        column: &SmolStr,
        identity: &mut Fact<Option<SmolStr>>,
        generated: &mut Fact<Option<SmolStr>>,
    ) -> Fact<Option<SmolStr>> {
        if matches!(argument.value, Value::None) {
            return Fact::Known(None);
        }
        if let Some(call) = argument.value.as_call() {
            let kind = construct(&call.callee, self.interpreter);
            match kind.as_deref() {
                Some("Identity") => {
                    let text = identity_text(call, false);
                    note(self.interpreter, Worded::Identity, column, text);
                    *identity = Fact::Known(Some(SmolStr::new_static("BY DEFAULT")));
                    return Fact::Known(None);
                }
                Some("Computed") => {
                    let text = call.positional().next().map(|first| first.value.clone());
                    let text =
                        text.and_then(|value| sql_text(&value, self.semantics, self.interpreter));
                    *generated = match text {
                        Some(text) => Fact::Known(Some(sql::canonical_expression(
                            &text,
                            self.semantics.dialect,
                        ))),
                        None => Fact::Unknown(
                            self.why("the expression of the column is not known", argument.at),
                        ),
                    };
                    return Fact::Known(None);
                }
                // `Sequence("s").next_value()` is a call of an attribute; a bare one is no default of the database.
                Some("FetchedValue") => return Fact::Known(None),
                _ => {}
            }
        }
        match default_text(&argument.value, self.semantics, self.interpreter) {
            Some(text) => {
                let default = sql::canonical_default(&text, self.semantics.dialect);
                self.note_default(column, &argument.value, text);
                Fact::Known(default)
            }
            None => Fact::Unknown(self.why(
                &format!(
                    "the default `{}` is not known",
                    self.interpreter.text_at(argument.at)
                ),
                argument.at,
            )),
        }
    }

    /// Before SQLAlchemy 2.0, expressions got parentheses on SQLite by what they were made with, and none on MySQL.
    fn note_default(&mut self, column: &str, value: &Value, text: String) {
        if self.semantics.sqlalchemy >= (2, 0) {
            note(self.interpreter, Worded::Default, column, text);
            return;
        }
        note(self.interpreter, Worded::Option, "default as written", "");
        let is_element = value
            .as_call()
            .and_then(|call| construct(&call.callee, self.interpreter))
            .is_some_and(|name| name != "text" && name != "DefaultClause");
        let text = if is_element && self.semantics.dialect == Dialect::Sqlite {
            format!("({text})")
        } else {
            text
        };
        note(self.interpreter, Worded::Default, column, text);
    }

    /// `visit_computed_column`: PostgreSQL stores what is computed, whatever is said.
    fn generated_text(&self, text: &str, computed: &Call) -> String {
        let persisted = computed
            .argument(1, "persisted")
            .and_then(|argument| argument.value.as_bool());
        let stored = match (self.semantics.dialect, persisted) {
            (Dialect::PostgreSql, _) | (_, Some(true)) => " STORED",
            (_, Some(false)) => " VIRTUAL",
            (_, None) => "",
        };
        format!("GENERATED ALWAYS AS ({text}){stored}")
    }

    fn check(&mut self, call: &Call, at: Place, column: &SmolStr) -> Result<Constraint, String> {
        let kind = check_condition(call, at, self.semantics, self.interpreter);
        let (given, is_final) = given_name(call, "name", self.interpreter);
        let columns = [column.clone()];
        let parts = NameParts {
            table: self.table,
            columns: &columns,
            ..NameParts::default()
        };
        let name = self.semantics.naming.name(
            self.semantics.dialect,
            ConstraintLabel::Check,
            given.as_deref(),
            is_final,
            &parts,
        )?;
        let mut constraint = Constraint::new(None, kind, Some(self.interpreter.file(at)));
        constraint.name = name;
        Ok(constraint)
    }

    fn foreign_key(
        &mut self,
        call: &Call,
        at: Place,
        column: &SmolStr,
    ) -> Result<Constraint, String> {
        let target = call
            .argument(0, "column")
            .and_then(|argument| reference_of(&argument.value, self.interpreter));
        let (references, ref_column) = target.unzip();
        let (ondelete, onupdate, matching) = referential_options(call);
        let (given, is_final) = given_name(call, "name", self.interpreter);
        let columns = [column.clone()];
        let referred: Vec<SmolStr> = ref_column.into_iter().flatten().collect();
        let parts = NameParts {
            table: self.table,
            schema: None,
            columns: &columns,
            referred_table: references
                .as_deref()
                .and_then(|table| table.rsplit('.').next()),
            referred_columns: &referred,
            name: None,
        };
        let name = self.semantics.naming.name(
            self.semantics.dialect,
            ConstraintLabel::ForeignKey,
            given.as_deref(),
            is_final,
            &parts,
        )?;
        let (kind, name) = match references {
            Some(references) => (
                ConstraintKind::ForeignKey(ForeignKey {
                    columns: columns.to_vec(),
                    references,
                    ref_columns: referred,
                    ondelete,
                    onupdate,
                    matching,
                }),
                name,
            ),
            None => {
                let text = self.interpreter.text_at(at);
                let why = self.why(&format!("what `{text}` refers to is not known"), at);
                // The name a database gives follows from what it is; SQLite gives none.
                let name = match name {
                    Fact::Known(None) if self.semantics.dialect != Dialect::Sqlite => {
                        Fact::Unknown(Arc::clone(&why))
                    }
                    name => name,
                };
                let columns = columns.to_vec();
                (ConstraintKind::Unknown { why, columns }, name)
            }
        };
        note_tail(call, at, self.interpreter);
        let mut constraint = Constraint::new(None, kind, Some(self.interpreter.file(at)));
        constraint.name = name;
        constraint.deferrable = deferrable(call, self.semantics.dialect);
        Ok(constraint)
    }
}

/// `GENERATED BY DEFAULT AS IDENTITY (START WITH 10)`, as `visit_identity_column` writes it.
pub(crate) fn identity_text(call: &Call, always: bool) -> String {
    let options = sequence_options(call);
    let options = if options.is_empty() {
        String::new()
    } else {
        format!(" ({options})")
    };
    let kind = if always { "ALWAYS" } else { "BY DEFAULT" };
    format!("GENERATED {kind} AS IDENTITY{options}")
}

/// `START WITH 10 CYCLE`: the keywords of `Identity` and `Sequence`, as `get_identity_options` writes them.
pub(crate) fn sequence_options(call: &Call) -> String {
    let mut options = Vec::new();
    for (name, words) in [
        ("increment", "INCREMENT BY"),
        ("start", "START WITH"),
        ("minvalue", "MINVALUE"),
        ("maxvalue", "MAXVALUE"),
        ("nominvalue", "NO MINVALUE"),
        ("nomaxvalue", "NO MAXVALUE"),
        ("cache", "CACHE"),
        ("cycle", "CYCLE"),
    ] {
        match call.keyword(name).map(|found| &found.value) {
            Some(Value::Int(number)) => options.push(format!("{words} {number}")),
            Some(Value::Bool(false)) if name == "cycle" => options.push("NO CYCLE".to_owned()),
            Some(Value::Bool(true)) => options.push(words.to_owned()),
            _ => {}
        }
    }
    options.join(" ")
}
