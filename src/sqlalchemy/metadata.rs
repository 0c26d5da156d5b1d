//! Which `MetaData` a table belongs to, by where it is made.

use smol_str::{SmolStr, format_smolstr};

use crate::python::value::{Object, ObjectId, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::sqlalchemy::{construct, is_database_object};

/// The identity of a `MetaData`: the place where it is made, or the name of one outside the repository.
pub type MetadataKey = SmolStr;

fn at<H: Host>(place: Place, interpreter: &Interpreter<'_, H>) -> MetadataKey {
    let span = interpreter.file(place);
    format_smolstr!("{}:{}", span.file, span.span.start)
}

/// The metadata an expression such as `Base.metadata` means.
pub fn metadata_of_value<H: Host>(
    value: &Value,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<MetadataKey> {
    match value {
        Value::Class(class) => metadata_of_class(*class, interpreter),
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Name(name) if name.starts_with("sqlmodel.") => {
                Some(MetadataKey::new_static("sqlmodel"))
            }
            SymbolKind::Name(name) => {
                let name = name.strip_suffix(".metadata").unwrap_or(name);
                Some(MetadataKey::new(name))
            }
            SymbolKind::Attribute { base, name }
                if matches!(name.as_str(), "metadata" | "Model") =>
            {
                metadata_of_value(base, interpreter)
            }
            SymbolKind::Call(call) => {
                let kind = construct(&call.callee, interpreter);
                match kind.as_deref() {
                    Some("MetaData") => Some(at(symbol.at, interpreter)),
                    Some("declarative_base" | "registry" | "automap_base") => {
                        match call
                            .keyword("metadata")
                            .map(|argument| argument.value.clone())
                        {
                            Some(metadata) => metadata_of_value(&metadata, interpreter),
                            None => Some(at(symbol.at, interpreter)),
                        }
                    }
                    _ if is_database_object(value, interpreter) => Some(at(symbol.at, interpreter)),
                    // `registry().generate_base()`
                    _ => match &call.callee.as_symbol()?.kind {
                        SymbolKind::Attribute { base, name } if name == "generate_base" => {
                            metadata_of_value(base, interpreter)
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

/// The metadata of a declarative class: what it or a base names, else that of its declarative base.
pub fn metadata_of_class<H: Host>(
    class: ObjectId,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<MetadataKey> {
    if let Some(value) = interpreter.inherited_attribute(class, "metadata")
        && !matches!(value, Value::Class(_))
    {
        return metadata_of_value(&value, interpreter);
    }
    if let Some(registry) = interpreter.inherited_attribute(class, "registry") {
        return metadata_of_value(&registry, interpreter);
    }
    let (order, outside) = interpreter.ancestry(class);
    // What is certainly a declarative base goes before classes of which nothing is known.
    let mut foreign = None;
    for base in &outside {
        match base {
            Value::Symbol(symbol) => match &symbol.kind {
                // Each direct subclass of DeclarativeBase has its own.
                SymbolKind::Name(name) if is_new_style_base(name) => {
                    let own = order.iter().find(|candidate| {
                        interpreter.class(**candidate).is_some_and(|class| {
                            class.bases.iter().any(|base| {
                                base.qualified_name()
                                    .is_some_and(|name| is_new_style_base(name))
                            })
                        })
                    });
                    let place = own.and_then(|own| match interpreter.heap.get(*own) {
                        Object::Class(class) => Some(class.at),
                        _ => None,
                    });
                    return place.map(|place| at(place, interpreter));
                }
                SymbolKind::Name(name) if name.starts_with("sqlmodel.") => {
                    return Some(MetadataKey::new_static("sqlmodel"));
                }
                SymbolKind::Name(name) if is_plain_library_name(name) => {}
                SymbolKind::Name(_) => foreign = foreign.or_else(|| Some(base.clone())),
                _ => {
                    if let Some(key) = metadata_of_value(base, interpreter) {
                        return Some(key);
                    }
                }
            },
            Value::Builtin(_) => {}
            _ => return None,
        }
    }
    if let Some(key) = metadata_of_decorator(&order, interpreter) {
        return Some(key);
    }
    metadata_of_value(&foreign?, interpreter)
}

/// `@registry.mapped`, `@registry.mapped_as_dataclass(…)`, `@as_declarative(metadata=…)`
fn metadata_of_decorator<H: Host>(
    order: &[ObjectId],
    interpreter: &mut Interpreter<'_, H>,
) -> Option<MetadataKey> {
    let decorators: Vec<Value> = order
        .iter()
        .filter_map(|class| interpreter.class(*class))
        .flat_map(|class| class.decorators.iter().cloned())
        .collect();
    for decorator in decorators {
        let call = decorator.as_call();
        if let Some(metadata) = call.and_then(|call| call.keyword("metadata")) {
            return metadata_of_value(&metadata.value.clone(), interpreter);
        }
        let callee = call.map_or(&decorator, |call| &call.callee);
        if let Some(symbol) = callee.as_symbol()
            && let SymbolKind::Attribute { base, name } = &symbol.kind
            && matches!(
                name.as_str(),
                "mapped" | "mapped_as_dataclass" | "as_declarative_base"
            )
        {
            return metadata_of_value(base, interpreter);
        }
    }
    None
}

pub(super) fn is_new_style_base(name: &str) -> bool {
    name.ends_with(".DeclarativeBase") || name.ends_with(".DeclarativeBaseNoMeta")
}

/// Bases that carry no metadata: mixins of SQLAlchemy and the standard library.
fn is_plain_library_name(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or_default();
    crate::python::is_standard_library(root)
        || (root == "sqlalchemy" && !is_new_style_base(name))
        || name == "object"
}
