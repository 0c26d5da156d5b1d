//! Objects outside of tables: types, sequences, entities of `alembic_utils`, and what is made with `.create(bind)`.

use smol_str::SmolStr;

use super::metadata::{checks_first, table_created_or_dropped};
use super::{Emitted, Operation, Runner};
use crate::catalog::{Ddl, Fact, ObjectKind};
use crate::dialect::Dialect;
use crate::python::value::{Call, CallArgument, Place, Value};
use crate::sqlalchemy::ddl::sequence_options;
use crate::sqlalchemy::ddl::{ItemDdl, enum_type_ddl, item_ddl};
use crate::sqlalchemy::{Worded, construct, note};

impl Operation<'_, '_> {
    /// `op.create_entity(PGFunction(schema=…, signature=…, definition=…))`
    pub(super) fn entity(&mut self, or_replace: bool) -> Emitted {
        let Some((kind, name, on, definition)) = self.entity_parts() else {
            return self.nameless("op.create_entity", None);
        };
        let told = self.entity_created(kind, or_replace);
        let mut emitted = Emitted::one(Ddl::CreateObject {
            kind,
            name,
            on,
            definition,
            if_not_exists: kind == ObjectKind::Extension,
            or_replace,
        });
        emitted.told = told;
        emitted
    }

    pub(super) fn drop_entity(&mut self) -> Emitted {
        let Some((kind, name, on, _)) = self.entity_parts() else {
            return self.nameless("op.drop_entity", None);
        };
        let mut emitted = Emitted::one(Ddl::DropObject {
            kind,
            name,
            on,
            if_exists: false,
            cascade: self.flag("cascade"),
        });
        emitted.told = self.entity_dropped(kind);
        emitted
    }

    fn entity_parts(&self) -> Option<(ObjectKind, SmolStr, Option<SmolStr>, Fact<SmolStr>)> {
        let value = self.value(0, "entity")?;
        let call = value.as_call()?;
        let class = call.callee.qualified_name()?;
        let kind = match class.rsplit('.').next()? {
            "PGFunction" => ObjectKind::Function,
            "PGView" => ObjectKind::View,
            "PGMaterializedView" => ObjectKind::MaterializedView,
            "PGTrigger" => ObjectKind::Trigger,
            "PGPolicy" => ObjectKind::Policy,
            "PGExtension" => ObjectKind::Extension,
            _ => return None,
        };
        let text = |position: usize, name: &str| {
            call.argument(position, name)
                .and_then(|argument| argument.value.as_str())
                .map(|text| SmolStr::new(&**text))
        };
        let signature = text(1, "signature")?;
        let on = text(usize::MAX, "on_entity").map(|on| {
            on.strip_prefix("public.")
                .map_or_else(|| on.clone(), SmolStr::new)
        });
        let name = match kind {
            ObjectKind::Function | ObjectKind::View | ObjectKind::MaterializedView => {
                crate::sqlalchemy::qualified(text(0, "schema").as_deref(), &signature)
            }
            _ => signature,
        };
        let definition = match text(2, "definition") {
            Some(text) => Fact::Known(SmolStr::new(
                text.split_whitespace().collect::<Vec<_>>().join(" "),
            )),
            None if kind == ObjectKind::Extension => Fact::Known(SmolStr::default()),
            None => Fact::Unknown(self.why("the definition of the entity is not known")),
        };
        // The same object may be made by SQL elsewhere: it is known by the same name and text then.
        if let Some((name, definition)) = self.entity_as_sql(kind) {
            return Some((kind, name, on, definition));
        }
        Some((kind, name, on, definition))
    }

    /// `op.sync_enum_values(schema, name, new_values, affected_columns)` of alembic-postgresql-enum, and
    /// `op.sync_enum_values(schema, name, old_values, new_values, affected_columns, should_reverse)` of
    /// alembic-autogenerate-enums.
    pub(super) fn sync_enum_values(&mut self) -> Emitted {
        let Some(name) = self.enum_name() else {
            return self.nameless("op.sync_enum_values", None);
        };
        let has_old = self.call.keyword("old_values").is_some()
            || self.call.positional().nth(3).is_some_and(|argument| {
                self.texts(&argument.value)
                    .is_some_and(|all| !all.is_empty())
            });
        let position = if has_old { 3 } else { 2 };
        let new = self.value(position, "new_values");
        let Some(labels) = new.and_then(|value| self.texts(&value)) else {
            let labels = Fact::Unknown(self.why("the new labels are not known"));
            return Emitted::one(Ddl::SetEnumLabels { name, labels });
        };
        if !has_old {
            let labels = Fact::Known(labels);
            return Emitted::one(Ddl::SetEnumLabels { name, labels });
        }
        let is_given =
            |value: Option<Value>| value.is_some_and(|value| !matches!(value, Value::None));
        let makes_anew = is_given(self.value(4, "affected_columns"))
            && self
                .value(5, "should_reverse")
                .is_some_and(|value| value.as_bool() != Some(false));
        if makes_anew {
            let mut labels = labels;
            labels.sort_unstable();
            labels.dedup();
            let labels = Fact::Known(labels);
            return Emitted::one(Ddl::SetEnumLabels { name, labels });
        }
        // What the old list has and the new one has not stays.
        let old = self.value(2, "old_values");
        let Some(old) = old.and_then(|value| self.texts(&value)) else {
            let labels = Fact::Unknown(self.why("the old labels are not known"));
            return Emitted::one(Ddl::SetEnumLabels { name, labels });
        };
        let added = labels.into_iter().filter(|label| !old.contains(label));
        Emitted {
            ddl: added
                .map(|label| Ddl::AddEnumLabel {
                    name: name.clone(),
                    label,
                    position: crate::catalog::LabelPosition::Last,
                    if_not_exists: false,
                })
                .collect(),
            ..Emitted::default()
        }
    }

    /// The texts of a list, if all of them are known.
    fn texts(&self, value: &Value) -> Option<Vec<SmolStr>> {
        let items = self.interpreter.heap.elements(value)?;
        items
            .iter()
            .map(|item| item.as_str().map(|text| SmolStr::new(&**text)))
            .collect()
    }

    /// An operation of a plug-in that is not known: it may do anything, and certainly something to the enums that it is
    /// given.
    pub(super) fn plugged_in(&self, name: &str) -> Emitted {
        let what = format!("what `op.{name}` does is not known");
        let given = self.call.arguments.iter();
        let texts: Vec<&str> = given
            .filter_map(|argument| argument.value.as_str().map(|text| &**text))
            .collect();
        let is_given = |enumeration: &SmolStr| {
            let (_, bare) = enumeration.rsplit_once('.').unwrap_or(("", enumeration));
            texts.contains(&enumeration.as_str()) || texts.contains(&bare)
        };
        let simulation = self.interpreter.host.simulation();
        let names: Vec<SmolStr> = simulation.map_or_else(Vec::new, |simulation| {
            let enums = simulation.now().enums.keys();
            enums.filter(|name| is_given(name)).cloned().collect()
        });
        let mut emitted = Emitted::opaque(what.clone(), None);
        if !names.is_empty() {
            emitted.ddl.push(Ddl::Opaque { what, names });
        }
        emitted
    }

    pub(super) fn add_enum_value(&mut self) -> Emitted {
        let (Some(name), Some(label)) = (self.enum_name(), self.name(2, "new_value")) else {
            return self.nameless("op.add_enum_value", None);
        };
        let position = match self.name(3, "before_value") {
            Some(before) => crate::catalog::LabelPosition::Before(before),
            None => crate::catalog::LabelPosition::Last,
        };
        Emitted::one(Ddl::AddEnumLabel {
            name,
            label,
            position,
            if_not_exists: false,
        })
    }

    /// The type of an operation of `alembic-postgresql-enum`, which always names a schema: that of the connection where the
    /// models name none.
    fn enum_name(&self) -> Option<SmolStr> {
        let schema = self.name(0, "enum_schema");
        let name = self.name(1, "enum_name")?;
        let qualified = crate::sqlalchemy::qualified(schema.as_deref(), &name);
        let is_there = |name: &SmolStr| {
            let simulation = self.interpreter.host.simulation();
            simulation.is_some_and(|simulation| simulation.now().enums.contains_key(name))
        };
        let is_bare = !is_there(&qualified) && is_there(&name);
        Some(if is_bare { name } else { qualified })
    }
}

/// `sa.Enum(…).create(bind)`, `Table(…).drop(bind)`, and `execute(CreateTable(…))` by way of them.
pub(in crate::alembic::runtime) fn created_or_dropped(
    owner: &Value,
    call: &Call,
    creates: bool,
    at: Place,
    interpreter: &mut Runner<'_>,
) -> Emitted {
    let Some(semantics) = interpreter.host.semantics() else {
        return Emitted::default();
    };
    let Some(made) = owner.as_call().cloned() else {
        return table_created_or_dropped(owner, call, creates, &semantics, interpreter);
    };
    let kind = construct(&made.callee, interpreter);
    let kind = kind.as_deref().unwrap_or_default();
    match kind {
        "Enum" | "ENUM" | "DOMAIN" => {
            let is_native = made
                .keyword("native_enum")
                .is_none_or(|argument| argument.value.as_bool() != Some(false));
            if semantics.dialect != Dialect::PostgreSql || !is_native {
                return Emitted::default();
            }
            // Only `postgresql.ENUM` asks without being told to.
            let is_told = call.argument(1, "checkfirst").is_some();
            let guarded = checks_first(call, 1) && (is_told || kind == "ENUM");
            let Some(found) = enum_type_ddl(&made, &semantics, interpreter) else {
                return Emitted::opaque("the name of the type is not known", None);
            };
            Emitted::one(if creates {
                Ddl::CreateEnum {
                    name: found.name,
                    labels: found.labels,
                    if_not_exists: guarded,
                }
            } else {
                Ddl::DropType {
                    name: found.name,
                    if_exists: guarded,
                    cascade: false,
                }
            })
        }
        "Table" => table_created_or_dropped(owner, call, creates, &semantics, interpreter),
        "Sequence" => {
            let Some(name) = first_name(&made) else {
                return Emitted::opaque("the name of the sequence is not known", None);
            };
            let guarded = checks_first(call, 1);
            note(
                interpreter,
                Worded::Option,
                "sequence",
                sequence_options(&made),
            );
            Emitted::one(if creates {
                Ddl::CreateSequence {
                    name,
                    owned_by: None,
                    if_not_exists: guarded,
                }
            } else {
                Ddl::DropSequence {
                    name,
                    if_exists: guarded,
                    cascade: false,
                }
            })
        }
        "Index" => index(&made, creates, at, interpreter),
        _ => Emitted::opaque(
            format!(
                "what `.{}(…)` of `{}` does is not known",
                if creates { "create" } else { "drop" },
                interpreter.text_at(at).chars().take(40).collect::<String>()
            ),
            None,
        ),
    }
}

fn first_name(call: &Call) -> Option<SmolStr> {
    let name = call.positional().next()?.value.as_str()?;
    let schema = call
        .keyword("schema")
        .and_then(|argument| argument.value.as_str().cloned());
    Some(crate::sqlalchemy::qualified(schema.as_deref(), name))
}

/// `Index("name", table.c.column).create(bind)`
pub(super) fn index(
    made: &Call,
    creates: bool,
    at: Place,
    interpreter: &mut Runner<'_>,
) -> Emitted {
    let Some(semantics) = interpreter.host.semantics() else {
        return Emitted::default();
    };
    let argument = CallArgument {
        name: None,
        value: Value::symbol(crate::python::value::SymbolKind::Call(made.clone()), at),
        at,
    };
    let table = made
        .positional()
        .skip(1)
        .find_map(|argument| table_of(&argument.value, interpreter));
    match item_ddl(&argument, "", &semantics, interpreter) {
        Some(ItemDdl::Index {
            name: Some(name),
            definition,
        }) => Emitted::one(match (creates, table) {
            (true, Some(table)) => Ddl::CreateIndex {
                name: Some(name),
                table,
                definition,
                if_not_exists: false,
                concurrently: false,
            },
            (true, None) => {
                return Emitted::opaque("the table of the index is not known", None);
            }
            (false, table) => Ddl::DropIndex {
                name,
                table,
                if_exists: false,
                concurrently: false,
            },
        }),
        _ => Emitted::opaque("the index is not known", None),
    }
}

/// The table of `table.c.column`.
fn table_of(value: &Value, interpreter: &Runner<'_>) -> Option<SmolStr> {
    let mut current = value.clone();
    for _ in 0..8 {
        if let Some(call) = current.as_call() {
            let name = construct(&call.callee, interpreter)?;
            return matches!(name.as_str(), "Table" | "table")
                .then(|| first_name(call))
                .flatten();
        }
        current = match &current.as_symbol()?.kind {
            crate::python::value::SymbolKind::Attribute { base, .. }
            | crate::python::value::SymbolKind::Item { base, .. } => base.clone(),
            _ => return None,
        };
    }
    None
}

/// `CreateSchema("x")` and its like, given to `execute`.
pub(super) fn ddl_element(
    name: &str,
    made: &Call,
    at: Place,
    interpreter: &mut Runner<'_>,
) -> Option<Emitted> {
    let text = |position: usize, keyword: &str| {
        made.argument(position, keyword)
            .and_then(|argument| argument.value.as_str())
            .map(|text| SmolStr::new(&**text))
    };
    let first = made
        .positional()
        .next()
        .map(|argument| argument.value.clone());
    let flag = |name: &str| {
        made.keyword(name)
            .is_some_and(|argument| argument.value.as_bool() == Some(true))
    };
    let empty = Call {
        callee: made.callee.clone(),
        arguments: vec![CallArgument {
            name: Some("checkfirst".into()),
            value: Value::Bool(flag("if_not_exists") || flag("if_exists")),
            at,
        }],
        open: false,
    };
    Some(match name {
        "CreateSchema" => Emitted::one(Ddl::CreateObject {
            kind: ObjectKind::Schema,
            name: text(0, "name")?,
            on: None,
            definition: Fact::Known(SmolStr::default()),
            if_not_exists: flag("if_not_exists"),
            or_replace: false,
        }),
        "DropSchema" => Emitted::one(Ddl::DropObject {
            kind: ObjectKind::Schema,
            name: text(0, "name")?,
            on: None,
            if_exists: flag("if_exists"),
            cascade: flag("cascade"),
        }),
        "CreateTable" | "CreateSequence" => {
            created_or_dropped(&first?, &empty, true, at, interpreter)
        }
        "DropTable" | "DropSequence" => created_or_dropped(&first?, &empty, false, at, interpreter),
        "CreateIndex" => index(first?.as_call()?, true, at, interpreter),
        "DropIndex" => index(first?.as_call()?, false, at, interpreter),
        _ => return None,
    })
}
