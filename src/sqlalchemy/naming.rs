//! The naming convention of a metadata.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::python::value::{Call, Object, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::sqlalchemy::{construct, is_database_object, metadata_of_value};

/// What is known of a naming convention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NamingFact {
    /// There is none.
    #[default]
    None,
    Convention(BTreeMap<String, String>),
    /// Where the metadata comes from is not known.
    Unresolved,
}

/// How deep definitions are followed.
const MAX_DEPTH: u32 = 16;

/// The convention of what `target_metadata` is.
pub fn naming_of_metadata<H: Host>(
    value: &Value,
    interpreter: &mut Interpreter<'_, H>,
) -> NamingFact {
    assigned(value, interpreter)
        .or_else(|| {
            let wanted = Wanted {
                none: NamingFact::None,
                of_call,
            };
            follow(value, interpreter, &wanted, 0)
        })
        .unwrap_or(NamingFact::Unresolved)
}

/// `MetaData(schema="app")`, `metadata.schema = "app"`: where tables are that name no schema themselves. `None` too where
/// that is not known.
pub fn schema_of_metadata<H: Host>(
    value: &Value,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<SmolStr> {
    if let Some(last) = last_written("schema", value, interpreter) {
        return text(&last.known()?);
    }
    let wanted = Wanted {
        none: None,
        of_call: |call, _| {
            let schema = call.keyword("schema");
            Some(schema.and_then(|schema| text(&schema.value)))
        },
    };
    follow(value, interpreter, &wanted, 0).flatten()
}

/// True where `metadata.schema` is set to what is not known.
pub fn has_unknown_schema<H: Host>(value: &Value, interpreter: &mut Interpreter<'_, H>) -> bool {
    last_written("schema", value, interpreter).is_some_and(|last| {
        last.known()
            .is_none_or(|value| text(&value).is_none() && !matches!(value, Value::None))
    })
}

fn text(value: &Value) -> Option<SmolStr> {
    value.as_str().map(|text| SmolStr::new(&**text))
}

/// What is looked for in the call that makes a metadata.
struct Wanted<'i, H: Host, T> {
    /// Where nothing is given.
    none: T,
    of_call: fn(&Call, &Interpreter<'i, H>) -> Option<T>,
}

/// `metadata.naming_convention = {…}`
fn assigned<H: Host>(value: &Value, interpreter: &mut Interpreter<'_, H>) -> Option<NamingFact> {
    let last = last_written("naming_convention", value, interpreter)?;
    Some(
        last.known()
            .and_then(|last| convention(&last, interpreter))
            .unwrap_or(NamingFact::Unresolved),
    )
}

/// What an attribute of a metadata was set to.
enum Assigned {
    Value(Value),
    /// It may have been, to something.
    Perhaps,
}

impl Assigned {
    fn known(self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Perhaps => None,
        }
    }
}

/// What was assigned last to an attribute of a metadata.
fn last_written<H: Host>(
    attribute: &str,
    value: &Value,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Assigned> {
    let mut written = interpreter.written_outside(attribute);
    if written.is_empty() {
        return None;
    }
    let key = metadata_of_value(value, interpreter)?;
    written.retain(|one| metadata_of_value(&one.object, interpreter).as_ref() == Some(&key));
    let last = written.pop()?;
    Some(if last.is_certain {
        Assigned::Value(last.value)
    } else {
        Assigned::Perhaps
    })
}

fn follow<'i, H: Host, T: Clone>(
    value: &Value,
    interpreter: &mut Interpreter<'i, H>,
    wanted: &Wanted<'i, H, T>,
    depth: u32,
) -> Option<T> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        Value::None => Some(wanted.none.clone()),
        // Alembic takes no convention from a list of metadata.
        Value::Tuple(_) | Value::Object(_) => Some(wanted.none.clone()),
        Value::Class(class) => {
            if let Some(metadata) = interpreter.inherited_attribute(*class, "metadata")
                && !matches!(metadata, Value::Class(_))
            {
                return follow(&metadata, interpreter, wanted, depth + 1);
            }
            if let Some(registry) = interpreter.inherited_attribute(*class, "registry") {
                return follow(&registry, interpreter, wanted, depth + 1);
            }
            let (_, outside) = interpreter.ancestry(*class);
            for base in &outside {
                let name = construct(base, interpreter);
                match name.as_deref() {
                    Some("DeclarativeBase" | "DeclarativeBaseNoMeta" | "SQLModel") => {
                        return Some(wanted.none.clone());
                    }
                    Some("MappedAsDataclass" | "AsyncAttrs") => {}
                    _ => {
                        if let Some(found) = follow(base, interpreter, wanted, depth + 1) {
                            return Some(found);
                        }
                    }
                }
            }
            None
        }
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Name(name) => (name.starts_with("sqlmodel.")).then(|| wanted.none.clone()),
            SymbolKind::Attribute { base, name }
                if matches!(name.as_str(), "metadata" | "Model") =>
            {
                follow(base, interpreter, wanted, depth + 1)
            }
            SymbolKind::Call(call) => {
                let kind = construct(&call.callee, interpreter);
                match kind.as_deref() {
                    Some("MetaData") => (wanted.of_call)(call, interpreter),
                    Some("declarative_base" | "registry" | "automap_base") => {
                        match call.keyword("metadata") {
                            Some(metadata) => {
                                follow(&metadata.value, interpreter, wanted, depth + 1)
                            }
                            None => match call.keyword("cls") {
                                Some(class) => follow(&class.value, interpreter, wanted, depth + 1)
                                    .or(Some(wanted.none.clone())),
                                None => Some(wanted.none.clone()),
                            },
                        }
                    }
                    _ if is_database_object(value, interpreter) => match call.keyword("metadata") {
                        Some(metadata) => follow(&metadata.value, interpreter, wanted, depth + 1),
                        None => match call.keyword("model_class") {
                            Some(class) => follow(&class.value, interpreter, wanted, depth + 1),
                            None => Some(wanted.none.clone()),
                        },
                    },
                    _ => match &call.callee.as_symbol()?.kind {
                        SymbolKind::Attribute { base, name } if name == "generate_base" => {
                            follow(base, interpreter, wanted, depth + 1)
                        }
                        _ => None,
                    },
                }
            }
            _ => None,
        },
        _ => None,
    }
}

fn of_call<H: Host>(call: &Call, interpreter: &Interpreter<'_, H>) -> Option<NamingFact> {
    let Some(argument) = call.keyword("naming_convention") else {
        return (!call.open).then_some(NamingFact::None);
    };
    convention(&argument.value, interpreter)
}

/// What is given as a convention.
fn convention<H: Host>(value: &Value, interpreter: &Interpreter<'_, H>) -> Option<NamingFact> {
    let Value::Object(id) = value else {
        return matches!(value, Value::None).then_some(NamingFact::None);
    };
    let Object::Dict(pairs) = interpreter.heap.get(*id) else {
        return None;
    };
    let mut convention = BTreeMap::new();
    for (key, value) in pairs {
        // Tokens of the project's own are functions; templates with them are not followed.
        if let (Some(key), Some(template)) = (key.as_str(), value.as_str()) {
            convention.insert(key.to_string(), template.to_string());
        }
    }
    Some(NamingFact::Convention(convention))
}
