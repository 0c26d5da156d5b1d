//! Values of SQLAlchemy in one canonical spelling, so that equal texts mean equal DDL.

use std::fmt::Write as _;

use crate::python::value::{Call, CallArgument, Object, SymbolKind, Value};
use crate::python::{Host, Interpreter, Outcome};
use crate::sqlalchemy::construct;

/// How deep values are written out.
pub(super) const MAX_DEPTH: u32 = 16;

/// Arguments of types that only matter to Python.
const PYTHON_ONLY: &[&str] = &[
    "as_uuid",
    "asdecimal",
    "astext_type",
    "create_constraint",
    "create_type",
    "decimal_return_scale",
    "inherit_schema",
    "metadata",
    "native_uuid",
    "none_as_null",
    "omit_aliases",
    "quote",
    "sort_key_function",
    "validate_strings",
    "values_callable",
    "zero_indexes",
];

/// The keywords that positional arguments of types stand for.
fn positional_names(construct: &str) -> &'static [&'static str] {
    match construct {
        "String" | "Unicode" | "VARCHAR" | "NVARCHAR" | "CHAR" | "Text" | "UnicodeText"
        | "TEXT" | "LargeBinary" | "BINARY" | "VARBINARY" | "AutoString" => &["length"],
        "Numeric" | "NUMERIC" | "DECIMAL" => &["precision", "scale"],
        "Float" | "FLOAT" | "Double" | "DOUBLE" | "REAL" => &["precision"],
        "DateTime" | "TIMESTAMP" | "Time" | "TIME" | "DATETIME" => &["timezone"],
        "ARRAY" => &["item_type", "as_tuple", "dimensions"],
        "Vector" => &["dim"],
        _ => &[],
    }
}

/// One spelling for types whose DDL is the same.
fn canonical_type(construct: &str) -> &str {
    match construct {
        "INTEGER" | "INT" => "Integer",
        "BIGINT" => "BigInteger",
        "SMALLINT" => "SmallInteger",
        "VARCHAR" | "Unicode" | "AutoString" => "String",
        "TEXT" | "UnicodeText" => "Text",
        "BOOLEAN" => "Boolean",
        "NUMERIC" => "Numeric",
        "FLOAT" => "Float",
        "DATE" => "Date",
        "TIME" => "Time",
        "TIMESTAMP" | "DATETIME" => "DateTime",
        "Uuid" => "UUID",
        "BYTEA" | "BLOB" => "LargeBinary",
        "ENUM" => "Enum",
        other => other,
    }
}

/// A value in canonical spelling; `None` where part of it is not known.
pub fn render<H: Host>(value: &Value, interpreter: &mut Interpreter<'_, H>) -> Option<String> {
    render_to_depth(value, interpreter, 0)
}

fn render_to_depth<H: Host>(
    value: &Value,
    interpreter: &mut Interpreter<'_, H>,
    depth: u32,
) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let depth = depth + 1;
    Some(match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Str(_) => format!("{:?}", value.as_str()?),
        Value::Builtin(name) => name.to_string(),
        Value::Tuple(items) => format!("[{}]", join(items, interpreter, depth)?),
        Value::Object(id) => match interpreter.heap.get(*id).clone() {
            Object::List(items) | Object::Set(items) => {
                format!("[{}]", join(&items, interpreter, depth)?)
            }
            Object::Dict(pairs) => {
                let mut written = Vec::with_capacity(pairs.len());
                for (key, value) in &pairs {
                    let key = render_to_depth(key, interpreter, depth)?;
                    written.push(format!(
                        "{key}: {}",
                        render_to_depth(value, interpreter, depth)?
                    ));
                }
                format!("{{{}}}", written.join(", "))
            }
            _ => return None,
        },
        Value::Class(id) => {
            let module = interpreter.module_of(*id)?;
            format!("{module}.{}", interpreter.class(*id)?.def.name)
        }
        Value::Instance(id) => match interpreter.heap.get(*id) {
            Object::Instance(instance) if interpreter.is_enum(instance.class) => {
                let value = instance.names.get("value")?.clone();
                render_to_depth(&value, interpreter, depth)?
            }
            _ => return None,
        },
        Value::Function(function) => function.def.name.to_string(),
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Name(name) => construct(value, interpreter)
                .map_or_else(|| name.to_string(), |construct| construct.to_string()),
            SymbolKind::Call(call) => render_call(call, interpreter, depth)?,
            SymbolKind::Attribute { base, name } => match construct(value, interpreter) {
                Some(construct) => construct.to_string(),
                None => format!("{}.{name}", render_to_depth(base, interpreter, depth)?),
            },
            SymbolKind::Item { base, key } => {
                let base = render_to_depth(base, interpreter, depth)?;
                format!("{base}[{}]", render_to_depth(key, interpreter, depth)?)
            }
            SymbolKind::Binary { left, op, right } => {
                let left = render_to_depth(left, interpreter, depth)?;
                format!(
                    "({left} {op:?} {})",
                    render_to_depth(right, interpreter, depth)?
                )
            }
            SymbolKind::Compare { left, op, right } => {
                let left = render_to_depth(left, interpreter, depth)?;
                format!(
                    "({left} {op:?} {})",
                    render_to_depth(right, interpreter, depth)?
                )
            }
            SymbolKind::BoolOp { left, op, right } => {
                let left = render_to_depth(left, interpreter, depth)?;
                format!(
                    "({left} {op:?} {})",
                    render_to_depth(right, interpreter, depth)?
                )
            }
            SymbolKind::Unary { op, operand } => {
                format!("({op:?} {})", render_to_depth(operand, interpreter, depth)?)
            }
        },
        Value::Unknown(_)
        | Value::Import(_)
        | Value::Module(_)
        | Value::Bytes
        | Value::Ellipsis
        | Value::Method(_)
        | Value::BuiltinMethod(_) => return None,
    })
}

fn join<H: Host>(
    items: &[Value],
    interpreter: &mut Interpreter<'_, H>,
    depth: u32,
) -> Option<String> {
    let items: Option<Vec<String>> = items
        .iter()
        .map(|item| render_to_depth(item, interpreter, depth))
        .collect();
    Some(items?.join(", "))
}

fn render_call<H: Host>(
    call: &Call,
    interpreter: &mut Interpreter<'_, H>,
    depth: u32,
) -> Option<String> {
    if call.open {
        return None;
    }
    let name = construct(&call.callee, interpreter);
    let name = name.as_deref();
    let argument = |index: usize| {
        call.positional()
            .nth(index)
            .map(|argument| argument.value.clone())
    };
    match (name, argument(0)) {
        // SQL text, and the functions that are only another spelling of it.
        (Some("text" | "literal_column"), Some(text)) => {
            return text.as_str().map(|text| sql(text));
        }
        (Some("func.now" | "func.current_timestamp"), None) => return Some(sql("now()")),
        (Some("true"), None) => return Some(sql("true")),
        (Some("false"), None) => return Some(sql("false")),
        (Some("null"), None) => return Some(sql("null")),
        (None, Some(name))
            if call
                .callee
                .qualified_name()
                .is_some_and(|callee| callee == "alembic.op.f") =>
        {
            return render_to_depth(&name, interpreter, depth);
        }
        (Some("literal"), Some(literal)) => return render_to_depth(&literal, interpreter, depth),
        _ => {}
    }
    if let Some(function) = name.and_then(|name| name.strip_prefix("func."))
        && call.arguments.is_empty()
    {
        return Some(sql(&format!("{function}()")));
    }
    let mut text = match name {
        Some(name) => name.to_owned(),
        None => render_to_depth(&call.callee, interpreter, depth)?,
    };
    let mut written = Vec::with_capacity(call.arguments.len());
    for argument in call.positional() {
        written.push(render_to_depth(&argument.value, interpreter, depth)?);
    }
    let mut keywords: Vec<&CallArgument> = call
        .arguments
        .iter()
        .filter(|argument| argument.name.is_some())
        .collect();
    keywords.sort_by(|one, other| one.name.cmp(&other.name));
    for argument in keywords {
        let value = render_to_depth(&argument.value, interpreter, depth)?;
        written.push(format!(
            "{}={value}",
            argument.name.as_deref().unwrap_or_default()
        ));
    }
    write!(text, "({})", written.join(", ")).ok()?;
    Some(text)
}

/// SQL with its white space and the case of its keywords levelled. Quoted text keeps both.
fn sql(text: &str) -> String {
    if text.contains(['\'', '"']) {
        return format!(
            "sql {}",
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
    let text = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    let text = if text == "current_timestamp" || text == "current_timestamp()" {
        "now()".to_owned()
    } else {
        text
    };
    format!("sql {text}")
}

/// A column type in canonical spelling, whether the class or an instance is given.
pub fn render_type<H: Host>(value: &Value, interpreter: &mut Interpreter<'_, H>) -> Option<String> {
    match value {
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Call(call) => render_type_call(call, interpreter),
            SymbolKind::Name(_) | SymbolKind::Attribute { .. } => {
                let call = Call {
                    callee: value.clone(),
                    arguments: Vec::new(),
                    open: false,
                };
                render_type_call(&call, interpreter)
            }
            _ => None,
        },
        Value::Class(_) => decorated_type(
            &Call {
                callee: value.clone(),
                arguments: Vec::new(),
                open: false,
            },
            interpreter,
        ),
        Value::None => None,
        _ => render(value, interpreter),
    }
}

fn render_type_call<H: Host>(call: &Call, interpreter: &mut Interpreter<'_, H>) -> Option<String> {
    if call.open {
        return None;
    }
    // `JSON().with_variant(JSONB(), "postgresql")`, `MutableDict.as_mutable(JSON)`
    if let Some(symbol) = call.callee.as_symbol()
        && let SymbolKind::Attribute { base, name } = &symbol.kind
        && name == "with_variant"
    {
        let base = render_type(base, interpreter)?;
        let variant = call
            .positional()
            .next()
            .map(|argument| argument.value.clone());
        let variant = render_type(&variant?, interpreter)?;
        let dialects: Option<Vec<String>> = call
            .positional()
            .skip(1)
            .map(|argument| argument.value.as_str().map(ToString::to_string))
            .collect();
        return Some(format!("{base} | {variant} on {}", dialects?.join(", ")));
    }
    let name = construct(&call.callee, interpreter);
    if name.as_deref() == Some("as_mutable") {
        let inner = call
            .positional()
            .next()
            .map(|argument| argument.value.clone())?;
        return render_type(&inner, interpreter);
    }
    let Some(name) = name else {
        return decorated_type(call, interpreter);
    };
    if matches!(name.as_str(), "Enum" | "ENUM") {
        return enum_type(call, interpreter);
    }
    let written = arguments(call, positional_names(&name), interpreter)?;
    Some(format!("{}({written})", canonical_type(&name)))
}

/// A type of the project's own. A `TypeDecorator` is in the database what its `impl` is, unless its methods decide;
/// what any other is cannot be told.
fn decorated_type<H: Host>(call: &Call, interpreter: &mut Interpreter<'_, H>) -> Option<String> {
    let Value::Class(class) = call.callee else {
        return None;
    };
    let (order, outside) = interpreter.ancestry(class);
    let is_decorator = outside
        .iter()
        .any(|base| construct(base, interpreter).is_some_and(|name| name == "TypeDecorator"));
    let decides = ["load_dialect_impl", "__init__", "__new__"]
        .into_iter()
        .any(|method| {
            order
                .iter()
                .any(|class| interpreter.own_attribute(*class, method).is_some())
        });
    if !is_decorator || decides || outside.len() > 1 {
        return None;
    }
    let implementation = interpreter.inherited_attribute(class, "impl")?;
    // A class is called with the arguments of the decorator; an instance is taken as it is.
    let callee = match &implementation {
        Value::Class(_) => implementation,
        Value::Symbol(symbol) if !matches!(symbol.kind, SymbolKind::Call(_)) => implementation,
        instance => return render_type(&instance.clone(), interpreter),
    };
    let call = Call {
        callee,
        ..call.clone()
    };
    render_type_call(&call, interpreter)
}

/// The arguments of a type as keywords, those left out that change no DDL.
fn arguments<H: Host>(
    call: &Call,
    names: &[&str],
    interpreter: &mut Interpreter<'_, H>,
) -> Option<String> {
    let mut written = Vec::new();
    let mut position = 0;
    for argument in &call.arguments {
        let name = match &argument.name {
            Some(name) => Some(name.as_str()),
            None => {
                position += 1;
                names.get(position - 1).copied()
            }
        };
        if name.is_some_and(|name| PYTHON_ONLY.contains(&name)) {
            continue;
        }
        let value = match name {
            Some("item_type") => render_type(&argument.value, interpreter)?,
            _ => render(&argument.value, interpreter)?,
        };
        let is_default = matches!(
            (name, value.as_str()),
            (Some("timezone"), "False") | (_, "None")
        );
        if !is_default {
            written.push(name.map_or_else(|| value.clone(), |name| format!("{name}={value}")));
        }
    }
    written.sort();
    Some(written.join(", "))
}

/// The length in characters of a text that [`render`] has put into quotes.
fn unquoted_length(text: &str) -> usize {
    text.chars().count().saturating_sub(2)
}

/// An enum by its labels and name, wherever they come from.
fn enum_type<H: Host>(call: &Call, interpreter: &mut Interpreter<'_, H>) -> Option<String> {
    let mut labels = Vec::new();
    let mut name = call.keyword("name").map(|argument| argument.value.clone());
    let first = call
        .positional()
        .next()
        .map(|argument| argument.value.clone());
    match &first {
        Some(Value::Class(class)) if interpreter.is_enum(*class) => {
            if name.is_none() {
                let class_name = interpreter.class(*class)?.def.name.to_lowercase();
                name = Some(Value::known_str(class_name, interpreter.class(*class)?.at));
            }
            let by_value = call
                .keyword("values_callable")
                .map(|argument| (argument.value.clone(), argument.at));
            match by_value {
                Some((function, at)) => {
                    let argument = CallArgument::positional(Value::Class(*class), at);
                    let Outcome::Returned(values) = interpreter.call(&function, vec![argument], at)
                    else {
                        return None;
                    };
                    for value in interpreter.heap.elements(&values)?.to_vec() {
                        labels.push(render(&value, interpreter)?);
                    }
                }
                None => {
                    let keeps_aliases = call
                        .keyword("omit_aliases")
                        .is_some_and(|said| said.value.as_bool() == Some(false));
                    let members = if keeps_aliases {
                        interpreter.members(*class)
                    } else {
                        interpreter.members_without_aliases(*class)
                    };
                    let names = members.into_iter().map(|(member, _)| member);
                    labels.extend(names.map(|member| format!("{member:?}")));
                }
            }
        }
        _ => {
            for argument in call.positional() {
                labels.push(render(&argument.value, interpreter)?);
            }
        }
    }
    let name = match &name {
        Some(name) => render(name, interpreter)?,
        None => "None".to_owned(),
    };
    let is = |keyword: &str, wanted: bool| {
        call.keyword(keyword)
            .is_some_and(|argument| argument.value.as_bool() == Some(wanted))
    };
    if is("native_enum", false) && !is("create_constraint", true) {
        // A VARCHAR, as long as the longest label unless said otherwise; the labels are Python's alone.
        let longest = labels.iter().map(|label| unquoted_length(label)).max();
        let length = match call.keyword("length") {
            Some(argument) => render(&argument.value, interpreter)?,
            None => longest.unwrap_or_default().to_string(),
        };
        return Some(format!("String(length={length})"));
    }
    let native = if is("native_enum", false) {
        ", native_enum=False"
    } else {
        ""
    };
    Some(format!("Enum({}, name={name}{native})", labels.join(", ")))
}
