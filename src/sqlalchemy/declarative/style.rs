//! How a class comes to have a table, and what that is called.

use smol_str::SmolStr;

use super::attributes::own_attributes;
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, ObjectId, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter, Outcome};
use crate::sqlalchemy::metadata::is_new_style_base;
use crate::sqlalchemy::{construct, is_database_object};

/// How a class comes to be declarative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `DeclarativeBase`, `declarative_base()`, a registry.
    Declarative,
    /// `db.Model`: a table name of its own is made from the class name.
    Flask,
    SqlModel,
    /// A base that cannot be read; what the class says itself must do.
    Foreign,
}

pub fn style<H: Host>(class: ObjectId, interpreter: &Interpreter<'_, H>) -> Option<Style> {
    let (_, outside) = interpreter.ancestry(class);
    let mut foreign = false;
    for base in &outside {
        // `object` makes nothing declarative.
        if matches!(base, Value::Builtin(_)) {
            continue;
        }
        if let Some(name) = base.qualified_name() {
            if is_new_style_base(name) {
                return Some(Style::Declarative);
            }
            if name.starts_with("sqlmodel.") && name.ends_with("SQLModel") {
                return Some(Style::SqlModel);
            }
            let root = name.split('.').next().unwrap_or_default();
            let is_plain = crate::python::is_standard_library(root)
                || root == "sqlalchemy"
                || root == "pydantic";
            foreign |= !is_plain;
            continue;
        }
        if let Some(call) = base.as_call() {
            let kind = construct(&call.callee, interpreter);
            if matches!(
                kind.as_deref(),
                Some("declarative_base" | "automap_base" | "generate_base")
            ) {
                return Some(Style::Declarative);
            }
            if let Some(symbol) = call.callee.as_symbol()
                && matches!(&symbol.kind, SymbolKind::Attribute { name, .. } if name == "generate_base")
            {
                return Some(Style::Declarative);
            }
        }
        if let Some(symbol) = base.as_symbol()
            && let SymbolKind::Attribute {
                base: database,
                name,
            } = &symbol.kind
            && name == "Model"
            && is_database_object(database, interpreter)
        {
            return Some(Style::Flask);
        }
        foreign = true;
    }
    let (order, _) = interpreter.ancestry(class);
    let is_decorated = order.iter().any(|id| {
        interpreter.class(*id).is_some_and(|class| {
            class.decorators.iter().any(|decorator| {
                let callee = decorator.as_call().map_or(decorator, |call| &call.callee);
                let name = match callee.as_symbol().map(|symbol| &symbol.kind) {
                    Some(SymbolKind::Attribute { name, .. }) => Some(name.clone()),
                    Some(SymbolKind::Name(name)) => name.rsplit('.').next().map(SmolStr::new),
                    _ => None,
                };
                matches!(
                    name.as_deref(),
                    Some(
                        "mapped" | "as_declarative" | "mapped_as_dataclass" | "as_declarative_base"
                    )
                )
            })
        })
    });
    if is_decorated {
        return Some(Style::Declarative);
    }
    foreign.then_some(Style::Foreign)
}

/// True for a class that other models are made from: it has no table, and a declarative base of the library directly
/// above it.
pub fn is_declarative_base<H: Host>(class: ObjectId, interpreter: &Interpreter<'_, H>) -> bool {
    let Some(found) = interpreter.class(class) else {
        return false;
    };
    let directly = found.bases.iter().any(|base| match base {
        Value::Class(_) => false,
        other => {
            other
                .qualified_name()
                .is_some_and(|name| is_new_style_base(name))
                || other.as_call().is_some_and(|call| {
                    construct(&call.callee, interpreter)
                        .is_some_and(|name| name == "declarative_base")
                })
        }
    });
    directly
        || (style(class, interpreter).is_some_and(|style| style != Style::Foreign)
            && is_abstract(class, interpreter))
}

pub fn is_abstract<H: Host>(class: ObjectId, interpreter: &Interpreter<'_, H>) -> bool {
    matches!(
        interpreter.own_attribute(class, "__abstract__"),
        Some(Value::Bool(true))
    )
}

/// `__table_args__` of a class, or of a mixin or abstract base; what a class above it says that has a table of its own is
/// about that table.
pub fn table_args<H: Host>(class: ObjectId, interpreter: &mut Interpreter<'_, H>) -> Option<Value> {
    let (order, _) = interpreter.ancestry(class);
    let owner = order.into_iter().find(|candidate| {
        let is_said = interpreter
            .own_attribute(*candidate, "__table_args__")
            .is_some();
        is_said && (*candidate == class || !is_mapped(*candidate, interpreter))
    })?;
    interpreter.inherited_attribute(owner, "__table_args__")
}

/// True for a class that has a table of its own, other than a mixin that names the tables of its children.
fn is_mapped<H: Host>(class: ObjectId, interpreter: &Interpreter<'_, H>) -> bool {
    let names_table = matches!(
        interpreter.own_attribute(class, "__tablename__"),
        Some(Value::Str(_))
    ) || interpreter.own_attribute(class, "__table__").is_some()
        || has_table_keyword(class, interpreter);
    names_table && may_have_table(class, interpreter)
}

/// False for what is not mapped, whatever it says its table is called: an abstract class, a mixin, a class of SQLModel
/// without `table=True`.
fn may_have_table<H: Host>(class: ObjectId, interpreter: &Interpreter<'_, H>) -> bool {
    !is_abstract(class, interpreter)
        && match style(class, interpreter) {
            Some(Style::SqlModel) => has_table_keyword(class, interpreter),
            other => other.is_some(),
        }
}

pub fn has_table_keyword<H: Host>(class: ObjectId, interpreter: &Interpreter<'_, H>) -> bool {
    interpreter.class(class).is_some_and(|class| {
        class
            .keywords
            .iter()
            .any(|(name, value)| name == "table" && value.as_bool() == Some(true))
    })
}

pub fn table_name<H: Host>(
    class: ObjectId,
    style: Style,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<SmolStr> {
    let at = interpreter.class(class)?.at;
    let class_name = interpreter.class(class)?.def.name.clone();
    if names_itself(class, interpreter) {
        return Some(SmolStr::new(flask_table_name(&class_name)));
    }
    let (order, _) = interpreter.ancestry(class);
    for (index, candidate) in order.iter().enumerate() {
        let Some(value) = interpreter.own_attribute(*candidate, "__tablename__") else {
            if let Some(name) = named_by_library(*candidate, interpreter) {
                return Some(SmolStr::new_static(name));
            }
            continue;
        };
        match value {
            // A plain name of a mapped parent is the parent's: the child shares its table.
            Value::Str(_) => return value.as_str().map(|name| SmolStr::new(&**name)),
            Value::Function(_) => {
                let argument = CallArgument::positional(Value::Class(class), at);
                let Outcome::Returned(name) = interpreter.call(&value, vec![argument], at) else {
                    return None;
                };
                return name.as_str().map(|name| SmolStr::new(&**name));
            }
            // `__tablename__ = None`: it shares the table of its parent.
            Value::None => {}
            _ if index == 0 => return None,
            _ => {}
        }
    }
    match style {
        Style::SqlModel => Some(SmolStr::new(class_name.to_lowercase())),
        Style::Flask => {
            let has_key = order
                .iter()
                .any(|member| has_own_key(*member, class, interpreter));
            has_key.then(|| SmolStr::new(flask_table_name(&class_name)))
        }
        Style::Declarative | Style::Foreign => None,
    }
}

/// The name of the table that mixins of `fastapi_users` give the models below them.
const NAMED_BY_LIBRARY: &[(&str, &str)] = &[
    ("SQLAlchemyBaseUserTable", "user"),
    ("SQLAlchemyBaseOAuthAccountTable", "oauth_account"),
    ("SQLAlchemyBaseAccessTokenTable", "accesstoken"),
];

/// The name of a base, also of `SQLAlchemyBaseUserTable[int]`.
fn name_of_base(base: &Value) -> Option<&Name> {
    match &base.as_symbol()?.kind {
        SymbolKind::Item { base, .. } => base.qualified_name(),
        _ => base.qualified_name(),
    }
}

/// What a mixin of a library, as a base of the class itself, calls its table.
fn named_by_library<H: Host>(
    class: ObjectId,
    interpreter: &Interpreter<'_, H>,
) -> Option<&'static str> {
    let bases = interpreter.class(class)?.bases.iter();
    let mut names = bases.filter_map(name_of_base);
    names.find_map(|name| {
        let (module, mixin) = name.rsplit_once('.')?;
        let mixin = mixin.strip_suffix("UUID").unwrap_or(mixin);
        let mut known = NAMED_BY_LIBRARY.iter();
        let (_, table) = known.find(|(known, _)| *known == mixin)?;
        module.starts_with("fastapi_users").then_some(*table)
    })
}

/// True if a class certainly has no such attribute: no class above it is unknown but the base of SQLAlchemy, whose few
/// attributes are known. Another class may give it one, by `backref="name"`: what the file at hand defines is looked
/// through for that.
pub fn lacks_attribute<H: Host>(
    class: ObjectId,
    name: &str,
    at: Place,
    interpreter: &Interpreter<'_, H>,
) -> bool {
    let is_local = interpreter
        .class(class)
        .is_some_and(|class| class.at.file == at.file);
    if !is_local || interpreter.mentions(at, name) {
        return false;
    }
    let (order, outside) = interpreter.ancestry(class);
    let is_base = |base: &Value| match base.as_call() {
        Some(call) => {
            construct(&call.callee, interpreter).as_deref() == Some("declarative_base")
                && call.keyword("cls").is_none()
                && call.keyword("metaclass").is_none()
                && !call.open
        }
        None => base.qualified_name().is_some_and(|name| {
            name.starts_with("sqlalchemy.")
                && (name.ends_with(".DeclarativeBase") || name.ends_with(".AsyncAttrs"))
        }),
    };
    let is_plain = order.iter().all(|id| {
        interpreter
            .class(*id)
            .is_some_and(|class| class.decorators.is_empty() && class.keywords.is_empty())
    });
    !outside.is_empty()
        && outside.iter().all(is_base)
        && is_plain
        && !name.starts_with('_')
        && !matches!(
            name,
            "awaitable_attrs" | "metadata" | "registry" | "type_annotation_map"
        )
        && order
            .iter()
            .all(|id| interpreter.own_attribute(*id, name).is_none())
}

/// True for a model of Flask-SQLAlchemy with a primary key in its own body and no table name: it gets a table and a name
/// of its own, also below another model. Without a key it would share its parent's table.
fn names_itself<H: Host>(class: ObjectId, interpreter: &mut Interpreter<'_, H>) -> bool {
    if interpreter.own_attribute(class, "__tablename__").is_some()
        || is_abstract(class, interpreter)
        || style(class, interpreter) != Some(Style::Flask)
    {
        return false;
    }
    // A mixin may name the tables of its users, and so may an abstract base.
    let (order, _) = interpreter.ancestry(class);
    let namer = order.into_iter().skip(1).find_map(|base| {
        interpreter
            .own_attribute(base, "__tablename__")
            .map(|name| (base, name))
    });
    if let Some((base, name)) = namer
        && (!matches!(name, Value::Str(_))
            || is_abstract(base, interpreter)
            || style(base, interpreter) != Some(Style::Flask))
    {
        return false;
    }
    has_own_key(class, class, interpreter)
}

/// True if the body of one class declares a primary key for another, which may be itself.
fn has_own_key<H: Host>(
    member: ObjectId,
    class: ObjectId,
    interpreter: &mut Interpreter<'_, H>,
) -> bool {
    own_attributes(member, class, interpreter)
        .iter()
        .filter_map(|attribute| attribute.column.as_ref())
        .any(|column| {
            let key = column.keyword("primary_key");
            key.is_some_and(|argument| argument.value.as_bool() == Some(true))
        })
}

/// Flask-SQLAlchemy's rule: `((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))` becomes `_` and the letter, then lower case.
fn flask_table_name(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut name = String::with_capacity(class.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        let follows_small = before.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let begins_word = index > 0 && after.is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && (follows_small || begins_word) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name.trim_start_matches('_').to_owned()
}

/// True if the class itself, not one of its bases, says what its table is called.
pub fn has_named_table<H: Host>(class: ObjectId, interpreter: &mut Interpreter<'_, H>) -> bool {
    let is_named = matches!(
        interpreter.own_attribute(class, "__tablename__"),
        Some(Value::Str(_))
    );
    (is_named && may_have_table(class, interpreter)) || names_itself(class, interpreter)
}

/// What `declarative_base(cls=Model)` makes: a class above which `Model` stands. `None` for other calls.
pub fn base_of_class<H: Host>(
    call: &Call,
    at: Place,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Value> {
    // Every call of the library comes by here, and few have this.
    let given = call.keyword("cls")?.value.clone();
    if construct(&call.callee, interpreter)? != "declarative_base" {
        return None;
    }
    let mut bases = match &given {
        Value::Class(_) => vec![given],
        Value::Tuple(items) => items.to_vec(),
        _ => return None,
    };
    let made = Value::symbol(SymbolKind::Call(call.clone()), at);
    bases.push(made.clone());
    Some(made_base("Base", bases, &made, at, interpreter))
}

/// A class that the library makes for others to inherit from. It has no table itself, and the metadata of its owner, whatever
/// the classes above it say.
fn made_base<H: Host>(
    name: &'static str,
    bases: Vec<Value>,
    owner: &Value,
    at: Place,
    interpreter: &mut Interpreter<'_, H>,
) -> Value {
    let names = [
        (Name::new_static("__abstract__"), Value::Bool(true)),
        (
            Name::new_static("metadata"),
            attribute(owner, "metadata", at),
        ),
    ];
    interpreter.make_class(name, bases, names.into_iter().collect(), at)
}

fn attribute(base: &Value, name: &'static str, at: Place) -> Value {
    let base = base.clone();
    let name = Name::new_static(name);
    Value::symbol(SymbolKind::Attribute { base, name }, at)
}

/// `db.Model` of `db = SQLAlchemy(model_class=Base)`: a class above which `Base` stands. `None` for other attributes.
pub fn model_of_class<H: Host>(
    database: &Value,
    name: &str,
    at: Place,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Value> {
    if name != "Model" {
        return None;
    }
    let given = database.as_call()?.keyword("model_class")?.value.clone();
    if !matches!(given, Value::Class(_)) || !is_database_object(database, interpreter) {
        return None;
    }
    let bases = vec![attribute(database, "Model", at), given];
    Some(made_base("Model", bases, database, at, interpreter))
}

/// A base outside of the repository that may bring columns, or a table, along.
pub fn foreign_base<H: Host>(
    class: ObjectId,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<String> {
    const HARMLESS: &[&str] = &[
        "flask_login",
        "flask_sqlalchemy",
        "pydantic",
        "sqlalchemy",
        "sqlmodel",
        "structlog",
        "typing_extensions",
        "zope",
    ];
    let (order, outside) = interpreter.ancestry(class);
    let metaclass = order.iter().find_map(|member| {
        let member = interpreter.class(*member)?;
        let mut keywords = member.keywords.iter();
        keywords.find_map(|(name, value)| match value {
            Value::Class(metaclass) if name == "metaclass" => Some(*metaclass),
            _ => None,
        })
    });
    // One that only looks on is harmless.
    if let Some(metaclass) = metaclass
        && METHODS_THAT_MAKE
            .iter()
            .any(|method| interpreter.method_def(metaclass, method).is_some())
    {
        let name = interpreter
            .class(metaclass)
            .map(|class| class.def.name.clone());
        return Some(format!("its metaclass `{}`", name.unwrap_or_default()));
    }
    outside.iter().find_map(|base| {
        if base.is_unknown() {
            return Some("a base that is not known".to_owned());
        }
        if is_automap(base, interpreter) {
            return Some("the database, which `automap_base` reads".to_owned());
        }
        let name = name_of_base(base)?;
        let root = name.split('.').next().unwrap_or_default();
        let is_harmless = crate::python::is_standard_library(root) || HARMLESS.contains(&root);
        (!is_harmless).then(|| format!("`{name}`, which is not part of the repository"))
    })
}

/// Methods of a metaclass that may give a class what it does not say itself.
const METHODS_THAT_MAKE: &[&str] = &["__new__", "__init__", "__prepare__", "__call__"];

/// True for `automap_base()`: the tables are those of the database.
pub(super) fn is_automap<H: Host>(base: &Value, interpreter: &Interpreter<'_, H>) -> bool {
    let call = base.as_call();
    call.and_then(|call| construct(&call.callee, interpreter))
        .is_some_and(|kind| kind == "automap_base")
}

#[cfg(test)]
mod tests {
    use super::flask_table_name;

    #[test]
    fn flask_table_names() {
        for (class, name) in [
            ("UserRole", "user_role"),
            ("HTTPServer", "http_server"),
            ("APIKey", "api_key"),
            ("OAuth2Token", "o_auth2_token"),
            ("User2Role", "user2_role"),
            ("IPv4Address", "i_pv4_address"),
            ("S3Object", "s3_object"),
        ] {
            assert_eq!(flask_table_name(class), name);
        }
    }
}
