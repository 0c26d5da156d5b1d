//! The attributes of a declarative class: columns with their names, and what stands beside them.

use std::rc::Rc;
use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::annotation::{self, Annotation, mapped, unquoted};
use super::loose::is_on_no_table;
use crate::python::ast::{ClassDef, Expr, ExprKind, Name, StmtKind};
use crate::python::value::{
    Call, CallArgument, Function, Object, ObjectId, Place, Reason, SymbolKind, Value,
};
use crate::python::{Host, Interpreter, Outcome};
use crate::source::Span;
use crate::sqlalchemy::{column_call, construct, type_argument_of};

/// One attribute that is, or may be, part of the table.
#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: SmolStr,
    /// Where the class binds it.
    pub place: Place,
    /// The column, with its name and type written out as for `Column(name, type, …)`.
    pub column: Option<Call>,
    /// `Index(…)` as an attribute.
    pub(super) item: Option<Value>,
    /// Made by `@declared_attr` when a class is mapped.
    pub(super) is_declared_attr: bool,
    /// By `@declared_attr.cascading`: for each class below one that is mapped, too.
    pub(super) is_cascading: bool,
    /// `sort_order` of `mapped_column`.
    pub(super) sort_order: i64,
    /// Why it is not known what it is.
    pub unknown: Option<String>,
    /// `name = None`: what a base says of it does not count.
    pub(super) is_taken_away: bool,
}

/// A name bound in a class body.
struct Binding<'a> {
    name: SmolStr,
    annotation: Option<&'a Expr>,
    span: Span,
}

fn bindings(def: &ClassDef) -> Vec<Binding<'_>> {
    let mut found = Vec::new();
    for stmt in &def.body {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => {
                for target in targets {
                    if let ExprKind::Name(name) = &target.kind {
                        found.push(Binding {
                            name: name.clone(),
                            annotation: None,
                            span: stmt.span,
                        });
                    }
                }
            }
            StmtKind::AnnAssign {
                target, annotation, ..
            } => {
                if let ExprKind::Name(name) = &target.kind {
                    found.push(Binding {
                        name: name.clone(),
                        annotation: Some(annotation),
                        span: stmt.span,
                    });
                }
            }
            StmtKind::FunctionDef(function) => found.push(Binding {
                name: function.name.clone(),
                annotation: None,
                span: function.name_span,
            }),
            _ => {}
        }
    }
    found
}

/// What the body of one class declares, as `class` gets it.
pub(super) fn own_attributes<H: Host>(
    member: ObjectId,
    class: ObjectId,
    interpreter: &mut Interpreter<'_, H>,
) -> Vec<Attribute> {
    let Some(found) = interpreter.class(member) else {
        return Vec::new();
    };
    let (def, scope) = (Arc::clone(&found.def), Rc::clone(&found.scope));
    let map = interpreter.inherited_attribute(class, "type_annotation_map");
    let is_sql_model = is_sql_model(class, interpreter);
    let mut attributes = Vec::new();
    let mut bound = bindings(&def);
    // Under an `if`, in the dict of `type(name, bases, {…})`, or from outside: `Class.name = Column(…)`.
    let names = interpreter
        .heap
        .namespace(scope.names)
        .map(|namespace| namespace.names.keys().cloned().collect::<Vec<_>>());
    for name in names.into_iter().flatten() {
        if !bound.iter().any(|binding| binding.name == name) {
            bound.push(Binding {
                name,
                annotation: None,
                span: def.name_span,
            });
        }
    }
    for binding in bound {
        if binding.name.starts_with("__") {
            let place = Place {
                file: scope.file,
                span: binding.span,
            };
            attributes.extend(underscored(&binding.name, place, member, interpreter));
            continue;
        }
        // Pydantic makes a field of what has an annotation; a function of the same name is its default.
        let is_field = || {
            attributes
                .iter()
                .any(|known: &Attribute| known.name == binding.name)
        };
        if is_sql_model && binding.annotation.is_none() && is_field() {
            continue;
        }
        let annotation = binding.annotation.map(|annotation| {
            let value = interpreter.evaluate(annotation, &scope);
            unquoted(value, &scope, interpreter)
        });
        let mapped_as = annotation
            .as_ref()
            .and_then(|value| mapped(value, map.as_ref(), &scope, interpreter));
        let place = Place {
            file: scope.file,
            span: binding.span,
        };
        let value = interpreter.own_attribute(member, &binding.name);
        let mapped_as = match &value {
            // The class itself is read without it.
            Some(Value::Function(function)) if member != class => {
                returned(function, map.as_ref(), interpreter)
            }
            _ => mapped_as,
        };
        let mut attribute = Attribute {
            is_taken_away: matches!(value, Some(Value::None)) && annotation.is_none(),
            ..Attribute::new(binding.name, place)
        };
        match annotation.filter(|_| is_sql_model && mapped_as.is_none()) {
            Some(annotation) => attribute.field(value, &annotation, interpreter),
            None => attribute.read(value, mapped_as.as_ref(), class, interpreter),
        }
        if attribute.column.is_some()
            || attribute.item.is_some()
            || attribute.unknown.is_some()
            || attribute.is_taken_away
        {
            attributes.push(attribute);
        }
    }
    attributes
}

/// What a function says that it returns: `def created(cls) -> Mapped[datetime]`.
fn returned<H: Host>(
    function: &Function,
    map: Option<&Value>,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Annotation> {
    let returns = function.def.returns.as_ref()?;
    let scope = &function.scope;
    let value = interpreter.evaluate(returns, scope);
    let value = unquoted(value, scope, interpreter);
    mapped(&value, map, scope, interpreter)
}

/// The column of `name: Mapped[…]` without a value, which SQLAlchemy binds to the name when it maps the class.
pub fn bare_column<H: Host>(
    class: ObjectId,
    name: &str,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Value> {
    let (order, outside) = interpreter.ancestry(class);
    if outside.is_empty() {
        return None;
    }
    let (annotation, scope, at) = order.into_iter().find_map(|member| {
        let found = interpreter.class(member)?;
        let binding = bindings(&found.def)
            .into_iter()
            .find(|one| one.name == name)?;
        let place = Place {
            file: found.scope.file,
            span: binding.span,
        };
        Some((binding.annotation?.clone(), Rc::clone(&found.scope), place))
    })?;
    let value = interpreter.evaluate(&annotation, &scope);
    let value = unquoted(value, &scope, interpreter);
    let map = interpreter.inherited_attribute(class, "type_annotation_map");
    let found = mapped(&value, map.as_ref(), &scope, interpreter)?;
    let column = found.column.unwrap_or_else(|| Call {
        callee: Value::name(Name::new_static("sqlalchemy.orm.mapped_column"), at),
        arguments: Vec::new(),
        open: false,
    });
    (!found.is_related || found.is_unresolved).then(|| Value::symbol(SymbolKind::Call(column), at))
}

/// A column under a name with two underscores before it. With two behind it as well, it is part of the table before
/// SQLAlchemy 2.0 only; otherwise Python puts the name of the class before it.
fn underscored<H: Host>(
    name: &SmolStr,
    place: Place,
    member: ObjectId,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Attribute> {
    let value = interpreter.own_attribute(member, name)?;
    let value = interpreter.resolve(value);
    let call = column_call(&value, interpreter)?.0.clone();
    if name.ends_with("__") {
        return Some(Attribute {
            unknown: Some(format!("SQLAlchemy 2.0 does not map `{name}`")),
            ..Attribute::new(name.clone(), place)
        });
    }
    let class = interpreter.class(member)?.def.name.clone();
    let name = format_smolstr!("_{}{name}", class.trim_start_matches('_'));
    let mut attribute = Attribute::new(name, place);
    attribute.column(&call, None, interpreter);
    Some(attribute)
}

impl Attribute {
    fn new(name: SmolStr, place: Place) -> Self {
        Self {
            name,
            place,
            column: None,
            item: None,
            is_declared_attr: false,
            is_cascading: false,
            sort_order: 0,
            unknown: None,
            is_taken_away: false,
        }
    }

    fn read<H: Host>(
        &mut self,
        value: Option<Value>,
        annotation: Option<&Annotation>,
        class: ObjectId,
        interpreter: &mut Interpreter<'_, H>,
    ) {
        let value = match value {
            // `@declared_attr def created(cls): return Column(…)`
            Some(Value::Function(function)) => {
                let is_decorated = |word: &str| {
                    let names = function.decorators.iter().map(Value::qualified_name);
                    names.flatten().any(|name| name.contains(word))
                };
                let is_cascading = is_decorated("declared_attr.cascading");
                if !is_decorated("declared_attr") {
                    // `@aggregated("users", Column(Integer))`
                    let brings_column = function.decorators.iter().any(|decorator| {
                        decorator.as_call().is_some_and(|call| {
                            call.arguments
                                .iter()
                                .any(|argument| column_call(&argument.value, interpreter).is_some())
                        })
                    });
                    if brings_column {
                        self.unknown =
                            Some(format!("what decorates `{}` may make a column", self.name));
                    }
                    return;
                }
                self.is_declared_attr = true;
                self.is_cascading = is_cascading;
                let argument = CallArgument::positional(Value::Class(class), self.place);
                match interpreter.call(&Value::Function(function), vec![argument], self.place) {
                    Outcome::Returned(value) => Some(value),
                    _ => {
                        self.unknown = Some(format!("what `{}` declares is not known", self.name));
                        return;
                    }
                }
            }
            other => other,
        };
        let Some(value) = value else {
            match annotation {
                // `x: Mapped[…]` alone is a column, whatever it is of; a relationship has to be written out.
                Some(annotation) if !annotation.is_related || annotation.is_unresolved => {
                    let call = Call {
                        callee: Value::None,
                        arguments: Vec::new(),
                        open: false,
                    };
                    self.column(&call, Some(annotation), interpreter);
                }
                _ => {}
            }
            return;
        };
        let value = interpreter.resolve(value);
        if let Some((call, _)) = column_call(&value, interpreter) {
            let call = call.clone();
            let is_plain = construct(&call.callee, interpreter).as_deref() == Some("Column");
            // `x: Mapped[str] = Column(…)`: the annotation does not count.
            let annotation = annotation.filter(|_| !is_plain);
            self.column(&call, annotation, interpreter);
            return;
        }
        match &value {
            Value::Unknown(unknown) => {
                self.unknown = Some(format!("`{}`: {}", self.name, unknown.reason));
            }
            Value::Symbol(symbol) => {
                let SymbolKind::Call(call) = &symbol.kind else {
                    return;
                };
                match construct(&call.callee, interpreter).as_deref() {
                    Some("Index") if is_on_no_table(call, symbol.at, interpreter) => {}
                    Some("Index") => self.item = Some(value.clone()),
                    Some("composite") => {
                        self.unknown =
                            Some(format!("the parts of `{}` are not followed", self.name));
                    }
                    Some(_) => {}
                    // `Parent.__table__.c.get("name", Column(…))`: the one that is there, or a new one.
                    None if self.is_declared_attr && self.given(call, interpreter) => {}
                    // A helper of another package may well give a column.
                    None if annotation.is_some() || self.is_declared_attr => {
                        self.unknown = Some(format!("what `{}` is is not known", self.name));
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }

    /// The column that a call is given for the case that there is none.
    fn given<H: Host>(&mut self, call: &Call, interpreter: &mut Interpreter<'_, H>) -> bool {
        let is_get = call.callee.as_symbol().is_some_and(
            |symbol| matches!(&symbol.kind, SymbolKind::Attribute { name, .. } if name == "get"),
        );
        let default = call.positional().nth(1).map(|default| &default.value);
        let column = default.and_then(|default| column_call(default, interpreter));
        let Some((column, _)) = column.filter(|_| is_get) else {
            return false;
        };
        let column = column.clone();
        self.column(&column, None, interpreter);
        true
    }

    /// A field of SQLModel: any annotation makes a column, unless the value is a `Relationship`.
    fn field<H: Host>(
        &mut self,
        value: Option<Value>,
        annotation: &Value,
        interpreter: &mut Interpreter<'_, H>,
    ) {
        let is_class_variable = annotation.as_symbol().is_some_and(|symbol| {
            matches!(&symbol.kind, SymbolKind::Item { base, .. } if base
                .qualified_name()
                .is_some_and(|name| name.ends_with(".ClassVar")))
        });
        if is_class_variable || self.name.starts_with('_') || self.name == "model_config" {
            return;
        }
        let value = value.map(|value| interpreter.resolve(value));
        if let Some((column, _)) = value
            .as_ref()
            .and_then(|value| column_call(value, interpreter))
        {
            let column = column.clone();
            self.column(&column, None, interpreter);
            return;
        }
        let call = value.as_ref().and_then(Value::as_call);
        let kind = call.and_then(|call| {
            let name = call.callee.qualified_name();
            construct(&call.callee, interpreter)
                .or_else(|| name?.rsplit('.').next().map(SmolStr::new))
        });
        if kind.as_deref() == Some("Relationship") {
            return;
        }
        let field = call.filter(|_| kind.as_deref() == Some("Field")).cloned();
        let is_of_pydantic = field.as_ref().is_some_and(is_field_of_pydantic);
        let given = |name: &str| {
            let field = field.as_ref()?;
            let is_read = !is_of_pydantic || name == "max_length";
            let argument = field.keyword(name).filter(|_| is_read);
            argument.map(|argument| argument.value.clone())
        };
        if let Some(whole) = given("sa_column")
            && let Some((column, _)) = column_call(&whole, interpreter)
        {
            let column = column.clone();
            self.column(&column, None, interpreter);
            return;
        }
        let at = self.place;
        let mut found = annotation::field(annotation, at, interpreter);
        let mut arguments = Vec::new();
        let named = |name: &'static str, value| CallArgument {
            name: Some(Name::new_static(name)),
            value,
            at,
        };
        let positional = |value| CallArgument::positional(value, at);
        if let Some(own) = given("sa_type") {
            found.column_type = Some(own);
        } else if let (Some(length), Some(of)) = (given("max_length"), &found.column_type) {
            found.column_type = Some(made(of.clone(), vec![named("length", length)], at));
        }
        // The type goes before what it refers to, whose own type then does not matter.
        match found.column_type.take() {
            Some(column_type) => arguments.push(positional(column_type)),
            None if found.is_related => return,
            None => {
                self.unknown = Some(format!("the type of `{}` is not known", self.name));
            }
        }
        if let Some(target) = given("foreign_key").filter(|target| !matches!(target, Value::None)) {
            let mut key = vec![positional(target)];
            key.extend(given("ondelete").map(|action| named("ondelete", action)));
            let callee = Value::name(Name::new_static("sqlalchemy.ForeignKey"), at);
            arguments.push(positional(made(callee, key, at)));
        }
        if let Some(items) = given("sa_column_args") {
            let items = interpreter.heap.elements(&items).map(<[Value]>::to_vec);
            arguments.extend(items.into_iter().flatten().map(positional));
        }
        for name in ["primary_key", "unique", "index", "nullable"] {
            arguments.extend(given(name).map(|value| named(name, value)));
        }
        let plain = value.clone().filter(|_| call.is_none());
        let default = ["default", "default_factory"].into_iter().find_map(given);
        let default = default.or(plain).filter(is_default);
        arguments.extend(default.map(|value| named("default", value)));
        if let Some(Value::Object(id)) = given("sa_column_kwargs")
            && let Object::Dict(pairs) = interpreter.heap.get(id)
        {
            for (key, value) in pairs {
                arguments.extend(key.as_str().map(|key| CallArgument {
                    name: Some(Name::new(&**key)),
                    value: value.clone(),
                    at,
                }));
            }
        }
        let column = Call {
            callee: Value::None,
            arguments,
            open: field.as_ref().is_some_and(|field| field.open),
        };
        self.column(&column, Some(&found), interpreter);
    }

    /// Writes the column out: its name, its type and what the annotation adds.
    fn column<H: Host>(
        &mut self,
        call: &Call,
        annotation: Option<&Annotation>,
        interpreter: &Interpreter<'_, H>,
    ) {
        let at = self.place;
        let positional = |value| CallArgument::positional(value, at);
        let mut call = merged(
            call.clone(),
            annotation.and_then(|found| found.column.as_ref()),
            interpreter,
        );
        self.sort_order = match call.keyword("sort_order").map(|argument| &argument.value) {
            Some(Value::Int(order)) => *order,
            _ => 0,
        };
        let is_named = matches!(
            call.positional().next().map(|argument| &argument.value),
            Some(Value::Str(_))
        ) || call.keyword("name").is_some();
        let mut items: Vec<CallArgument> = call.positional().cloned().collect();
        let mut name = None;
        if is_named && call.keyword("name").is_none() {
            name = Some(items.remove(0));
        }
        let has_type = type_argument_of(&call, interpreter).is_some();
        let refers = items.iter().any(|item| {
            let call = item.value.as_call();
            call.and_then(|call| construct(&call.callee, interpreter))
                .as_deref()
                == Some("ForeignKey")
        });
        // A foreign key takes the type of what it refers to, in spite of the annotation.
        if !has_type
            && !refers
            && let Some(column_type) = annotation.and_then(|found| found.column_type.clone())
        {
            items.insert(0, positional(column_type));
        }
        if !is_named {
            name = Some(positional(Value::known_str(self.name.as_str(), at)));
        }
        let keywords: Vec<CallArgument> = call
            .arguments
            .drain(..)
            .filter(|argument| argument.name.is_some())
            .collect();
        let mut arguments: Vec<CallArgument> = name.into_iter().chain(items).collect();
        let is_given = |name: &str| {
            keywords
                .iter()
                .any(|argument| argument.name.as_deref() == Some(name))
        };
        let is_key = keywords.iter().any(|argument| {
            argument.name.as_deref() == Some("primary_key")
                && argument.value.as_bool() == Some(true)
        });
        if let Some(annotation) = annotation
            && !is_given("nullable")
            && !is_key
        {
            arguments.push(CallArgument {
                name: Some(Name::new_static("nullable")),
                value: annotation.optional.map_or_else(
                    || Value::unknown(Reason::Name(Name::new(&self.name)), at),
                    Value::Bool,
                ),
                at,
            });
        }
        arguments.extend(keywords);
        self.column = Some(Call {
            callee: Value::name(Name::new_static("sqlalchemy.Column"), at),
            arguments,
            open: call.open,
        });
    }
}

/// True for what SQLModel hands to the column as its default.
fn is_default(value: &Value) -> bool {
    !matches!(value, Value::None | Value::Ellipsis)
}

/// True for the `Field` of Pydantic: SQLModel finds nothing in it but the length.
fn is_field_of_pydantic(field: &Call) -> bool {
    let name = field.callee.qualified_name();
    name.is_some_and(|name| name.starts_with("pydantic."))
}

fn made(callee: Value, arguments: Vec<CallArgument>, at: Place) -> Value {
    let call = Call {
        callee,
        arguments,
        open: false,
    };
    Value::symbol(SymbolKind::Call(call), at)
}

/// True for a class below `SQLModel`.
pub(super) fn is_sql_model<H: Host>(class: ObjectId, interpreter: &Interpreter<'_, H>) -> bool {
    interpreter.ancestry(class).1.iter().any(|base| {
        base.qualified_name()
            .is_some_and(|name| name.ends_with(".SQLModel"))
    })
}

/// The arguments of an attribute over those that its `Annotated` type brings: a type only where the attribute has none,
/// whatever else it is given.
fn merged<H: Host>(
    mut call: Call,
    annotated: Option<&Call>,
    interpreter: &Interpreter<'_, H>,
) -> Call {
    let Some(annotated) = annotated else {
        return call;
    };
    let has_positional = call.positional().next().is_some();
    let own_type = type_argument_of(&call, interpreter).is_some();
    let type_at = type_argument_of(annotated, interpreter).map(|argument| argument.at);
    for argument in &annotated.arguments {
        let is_given = match &argument.name {
            _ if Some(argument.at) == type_at => own_type,
            None if matches!(argument.value, Value::Str(_)) => has_positional,
            None => has_kind(&call, argument, interpreter),
            name => call.arguments.iter().any(|given| given.name == *name),
        };
        if !is_given {
            call.arguments.push(argument.clone());
        }
    }
    call.open |= annotated.open;
    call
}

/// True if a column has an identity, a sequence or an expression of its own, of which there is one. Foreign keys and
/// constraints add up.
fn has_kind<H: Host>(call: &Call, item: &CallArgument, interpreter: &Interpreter<'_, H>) -> bool {
    let kind_of = |argument: &CallArgument| {
        let call = argument.value.as_call()?;
        construct(&call.callee, interpreter)
    };
    let kind = kind_of(item);
    matches!(kind.as_deref(), Some("Identity" | "Sequence" | "Computed"))
        && call.positional().any(|given| kind_of(given) == kind)
}
