//! What an annotation says about a column: `Mapped[…]`, `Annotated[…]`, `Optional[…]` and Python's own types.

use std::rc::Rc;

use crate::python::ast::{BinaryOp, Name, StmtKind};
use crate::python::parse;
use crate::python::value::{Call, CallArgument, Object, ObjectId, Place, Scope, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::sqlalchemy::{column_call, construct};

/// How deep types are taken apart.
const MAX_DEPTH: u32 = 8;

/// What the `…` of `Mapped[…]` says.
pub(super) struct Annotation {
    /// The type, as it would be given to `Column`; `None` where it is not known.
    pub(super) column_type: Option<Value>,
    /// Whether it takes `None`; `None` where that is not known.
    pub(super) optional: Option<bool>,
    /// `mapped_column(…)` inside `Annotated`.
    pub(super) column: Option<Call>,
    /// True where the type is a model or a collection of them, which a relationship fills.
    pub(super) is_related: bool,
    /// True where it is a name of which no more is known.
    pub(super) is_unresolved: bool,
}

/// Reads `Mapped[…]`, or `MappedColumn[…]`; `None` for any other annotation.
pub(super) fn mapped<H: Host>(
    annotation: &Value,
    map: Option<&Value>,
    scope: &Rc<Scope>,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Annotation> {
    let symbol = annotation.as_symbol()?;
    let SymbolKind::Item { base, key } = &symbol.kind else {
        return None;
    };
    let container = construct(base, interpreter)?;
    if !matches!(container.as_str(), "Mapped" | "MappedColumn") {
        return None;
    }
    let key = unquoted(key.clone(), scope, interpreter);
    Some(read(&key, map, symbol.at, interpreter, 0))
}

/// Reads the annotation of a field of SQLModel, which needs no `Mapped`.
pub(super) fn field<H: Host>(
    annotation: &Value,
    at: Place,
    interpreter: &mut Interpreter<'_, H>,
) -> Annotation {
    let mut found = read(annotation, None, at, interpreter, 0);
    let (inner, _) = without_none(annotation);
    let own = match &inner {
        Value::Builtin(name) if name == "str" => Some("sqlmodel.AutoString"),
        // With a time zone or without, by the version of SQLModel (`Semantics::sqlmodel_datetime`).
        other
            if other
                .qualified_name()
                .is_some_and(|name| name == "datetime.datetime") =>
        {
            Some("sqlmodel.datetime")
        }
        _ => None,
    };
    if let Some(own) = own {
        found.column_type = Some(Value::name(Name::new_static(own), at));
    }
    found
}

fn read<H: Host>(
    value: &Value,
    map: Option<&Value>,
    at: Place,
    interpreter: &mut Interpreter<'_, H>,
    depth: u32,
) -> Annotation {
    let unknown = Annotation {
        column_type: None,
        optional: None,
        column: None,
        is_related: false,
        is_unresolved: false,
    };
    if depth > MAX_DEPTH {
        return unknown;
    }
    let (inner, takes_none) = without_none(value);
    let optional = (takes_none || !inner.is_unknown() && !matches!(inner, Value::Str(_)))
        .then_some(takes_none);
    // An entry of the map for the whole of it goes first.
    if let Some(found) = map.and_then(|map| entry(map, &inner, interpreter)) {
        return Annotation {
            column_type: Some(found),
            optional,
            ..unknown
        };
    }
    if let Some(symbol) = inner.as_symbol()
        && let SymbolKind::Item { base, key } = &symbol.kind
        && base
            .qualified_name()
            .is_some_and(|name| name.ends_with(".Annotated"))
        && let Some([first, rest @ ..]) = interpreter.heap.elements(&key.clone())
    {
        let column = rest
            .iter()
            .find_map(|item| column_call(item, interpreter))
            .map(|(call, _)| call.clone());
        let first = first.clone();
        let mut annotation = read(&first, map, at, interpreter, depth + 1);
        if takes_none {
            annotation.optional = Some(true);
        }
        annotation.column = column;
        return annotation;
    }
    if let Some(meant) = aliased(&inner) {
        let mut annotation = read(meant, map, at, interpreter, depth + 1);
        if takes_none {
            annotation.optional = Some(true);
        }
        return annotation;
    }
    if let Value::Class(class) = inner {
        if !interpreter.is_enum(class) {
            return Annotation {
                is_related: true,
                optional,
                ..unknown
            };
        }
        let pattern = map.and_then(|map| pattern_for(map, class, interpreter));
        return Annotation {
            column_type: Some(enum_like(pattern, vec![inner], at)),
            optional,
            ..unknown
        };
    }
    if let Some(labels) = labels_of_literal(&inner, interpreter) {
        let pattern = map.and_then(|map| {
            let mut pairs = pairs_of(map, interpreter).iter();
            let (_, value) = pairs.find(|(key, _)| is_literal(key))?;
            enum_call(value, interpreter)
        });
        let mut pattern = pattern.unwrap_or_else(|| plain_enum(at));
        // A set of strings has no name.
        pattern
            .arguments
            .retain(|argument| argument.name.as_deref() != Some("native_enum"));
        pattern.arguments.push(CallArgument {
            name: Some(Name::new_static("native_enum")),
            value: Value::Bool(false),
            at,
        });
        return Annotation {
            column_type: Some(enum_like(Some(pattern), labels, at)),
            optional,
            ..unknown
        };
    }
    let is_related = match &inner {
        // A name that is not found is that of a model, as a rule.
        Value::Str(_) | Value::Unknown(_) => true,
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Item { base, .. } => {
                let name = match base {
                    Value::Builtin(name) => Some(name),
                    other => other.qualified_name(),
                };
                name.is_some_and(|name| {
                    matches!(
                        name.rsplit('.').next(),
                        Some("list" | "set" | "List" | "Set" | "Sequence" | "Collection")
                    )
                })
            }
            _ => false,
        },
        _ => false,
    };
    Annotation {
        column_type: of_python(&inner).map(|name| Value::name(Name::new_static(name), at)),
        optional,
        is_related,
        is_unresolved: matches!(inner, Value::Str(_) | Value::Unknown(_)),
        ..unknown
    }
}

/// The type that SQLAlchemy takes for one of Python's own. `float` became `Double` in 2.1, which the spelling of
/// the dialects tells apart.
fn of_python(value: &Value) -> Option<&'static str> {
    let name = match value {
        Value::Builtin(name) => name.as_str(),
        other => other.qualified_name()?.as_str(),
    };
    Some(match name {
        "int" => "sqlalchemy.Integer",
        "str" => "sqlalchemy.String",
        "bool" => "sqlalchemy.Boolean",
        "bytes" => "sqlalchemy.LargeBinary",
        "datetime.datetime" => "sqlalchemy.DateTime",
        "datetime.date" => "sqlalchemy.Date",
        "datetime.time" => "sqlalchemy.Time",
        "datetime.timedelta" => "sqlalchemy.Interval",
        "decimal.Decimal" => "sqlalchemy.Numeric",
        "uuid.UUID" => "sqlalchemy.Uuid",
        _ => return None,
    })
}

/// What `type Name = …`, `TypeAliasType("Name", …)` or `NewType("Name", …)` stands for. Each is a type of its own, which
/// `type_annotation_map` may have beside the one it stands for.
fn aliased(value: &Value) -> Option<&Value> {
    let call = value.as_call()?;
    let is_alias = call.callee.qualified_name().is_some_and(|name| {
        matches!(
            name.rsplit_once('.'),
            Some(("typing" | "typing_extensions", "TypeAliasType" | "NewType"))
        )
    });
    let [_, meant, ..] = call.arguments.as_slice() else {
        return None;
    };
    is_alias.then_some(&meant.value)
}

/// `type_annotation_map[key]`
fn entry<H: Host>(map: &Value, key: &Value, interpreter: &Interpreter<'_, H>) -> Option<Value> {
    pairs_of(map, interpreter)
        .iter()
        .find(|(known, _)| interpreter.heap.same(known, key))
        .map(|(_, value)| value.clone())
}

fn pairs_of<'h, H: Host>(map: &Value, interpreter: &'h Interpreter<'_, H>) -> &'h [(Value, Value)] {
    let Value::Object(id) = map else {
        return &[];
    };
    match interpreter.heap.get(*id) {
        Object::Dict(pairs) => pairs,
        _ => &[],
    }
}

/// The `Enum(…)` that the map has for a base of an enum class, after which its own is made
/// (`Enum._resolve_for_python_type`). Types of another kind count for the very class alone.
fn pattern_for<H: Host>(
    map: &Value,
    class: ObjectId,
    interpreter: &Interpreter<'_, H>,
) -> Option<Call> {
    let (order, outside) = interpreter.ancestry(class);
    let own = order.into_iter().map(Value::Class);
    let all = Value::name(Name::new_static("enum.Enum"), Place::default());
    own.chain(outside).chain([all]).find_map(|base| {
        let mut pairs = pairs_of(map, interpreter).iter();
        let (_, value) = pairs.find(|(key, _)| {
            interpreter.heap.same(key, &base)
                || key.qualified_name().is_some() && key.qualified_name() == base.qualified_name()
        })?;
        enum_call(value, interpreter)
    })
}

fn enum_call<H: Host>(value: &Value, interpreter: &Interpreter<'_, H>) -> Option<Call> {
    let call = value.as_call()?;
    (construct(&call.callee, interpreter).as_deref() == Some("Enum")).then(|| call.clone())
}

fn plain_enum(at: Place) -> Call {
    Call {
        callee: Value::name(Name::new_static("sqlalchemy.Enum"), at),
        arguments: Vec::new(),
        open: false,
    }
}

/// An `Enum(…)` like another one, of these labels or this class.
fn enum_like(pattern: Option<Call>, of: Vec<Value>, at: Place) -> Value {
    let mut call = pattern.unwrap_or_else(|| plain_enum(at));
    call.arguments.retain(|argument| argument.name.is_some());
    let arguments = of
        .into_iter()
        .map(|value| CallArgument::positional(value, at));
    call.arguments.splice(0..0, arguments);
    Value::symbol(SymbolKind::Call(call), at)
}

/// `Literal["a", "b"]`
fn labels_of_literal<H: Host>(
    value: &Value,
    interpreter: &Interpreter<'_, H>,
) -> Option<Vec<Value>> {
    let SymbolKind::Item { base, key } = &value.as_symbol()?.kind else {
        return None;
    };
    if !is_literal(base) {
        return None;
    }
    let labels = match interpreter.heap.elements(key) {
        Some(labels) => labels.to_vec(),
        None => vec![key.clone()],
    };
    labels
        .iter()
        .all(|label| matches!(label, Value::Str(_)))
        .then_some(labels)
}

fn is_literal(value: &Value) -> bool {
    value.qualified_name().is_some_and(|name| {
        matches!(
            name.as_str(),
            "typing.Literal" | "typing_extensions.Literal"
        )
    })
}

/// `Optional[X]`, `Union[X, None]` and `X | None` without the `None`.
fn without_none(value: &Value) -> (Value, bool) {
    let Some(symbol) = value.as_symbol() else {
        return (value.clone(), false);
    };
    match &symbol.kind {
        SymbolKind::Item { base, key } => {
            let name = base.qualified_name();
            match (name.and_then(|name| name.rsplit('.').next()), key) {
                (Some("Optional"), _) => (key.clone(), true),
                (Some("Union"), Value::Tuple(items)) => match items.as_ref() {
                    [inner, Value::None] | [Value::None, inner] => (inner.clone(), true),
                    _ => (value.clone(), false),
                },
                _ => (value.clone(), false),
            }
        }
        SymbolKind::Binary {
            left,
            op: BinaryOp::BitOr,
            right,
        } => match (left, right) {
            (inner, Value::None) | (Value::None, inner) => (without_none(inner).0, true),
            _ => (value.clone(), false),
        },
        _ => (value.clone(), false),
    }
}

/// A quoted annotation, read as the expression it holds.
pub(super) fn unquoted<H: Host>(
    value: Value,
    scope: &Rc<Scope>,
    interpreter: &mut Interpreter<'_, H>,
) -> Value {
    let Some(text) = value.as_str().cloned() else {
        return value;
    };
    let (module, error) = parse(&text);
    match module.body.first().map(|stmt| &stmt.kind) {
        Some(StmtKind::Expr(expr)) if error.is_none() && module.body.len() == 1 => {
            interpreter.evaluate(expr, scope)
        }
        _ => value,
    }
}
