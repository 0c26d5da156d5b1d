//! The attributes of a declarative class: columns with their names, and what stands beside them.

use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use super::annotation::{Annotation, mapped, unquoted};
use crate::python::ast::{ClassDef, Expr, ExprKind, Name, StmtKind};
use crate::python::value::{Call, CallArgument, ObjectId, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter, Outcome};
use crate::source::Span;
use crate::sqlalchemy::{column_call, construct, type_argument_of};

/// One attribute that is, or may be, part of the table.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub(super) name: SmolStr,
    pub(super) place: Place,
    /// The column, with its name and type written out as for `Column(name, type, …)`.
    pub(super) column: Option<Call>,
    /// `Index(…)` as an attribute.
    pub(super) item: Option<Value>,
    /// Made by `@declared_attr` when a class is mapped.
    pub(super) is_declared_attr: bool,
    /// `sort_order` of `mapped_column`.
    pub(super) sort_order: i64,
    /// Why it is not known what it is.
    pub(super) unknown: Option<String>,
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
    found.retain(|binding| !binding.name.starts_with("__"));
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
    let mut attributes = Vec::new();
    for binding in bindings(&def) {
        let annotation = binding.annotation.map(|annotation| {
            let value = interpreter.evaluate(annotation, &scope);
            unquoted(value, &scope, interpreter)
        });
        let annotation =
            annotation.and_then(|value| mapped(&value, map.as_ref(), &scope, interpreter));
        let place = Place {
            file: scope.file,
            span: binding.span,
        };
        let value = interpreter.own_attribute(member, &binding.name);
        let mut attribute = Attribute {
            name: binding.name,
            place,
            column: None,
            item: None,
            is_declared_attr: false,
            sort_order: 0,
            unknown: None,
        };
        attribute.read(value, annotation.as_ref(), class, interpreter);
        if attribute.column.is_some() || attribute.item.is_some() || attribute.unknown.is_some() {
            attributes.push(attribute);
        }
    }
    attributes
}

impl Attribute {
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
                let is_declared = function.decorators.iter().any(|decorator| {
                    decorator
                        .qualified_name()
                        .is_some_and(|name| name.contains("declared_attr"))
                });
                if !is_declared {
                    return;
                }
                self.is_declared_attr = true;
                let argument = CallArgument {
                    name: None,
                    value: Value::Class(class),
                    at: self.place,
                };
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
                Some(annotation) if !annotation.is_related => {
                    let call = annotation.column.clone().unwrap_or_else(|| Call {
                        callee: Value::None,
                        arguments: Vec::new(),
                        open: false,
                    });
                    self.column(&call, Some(annotation), interpreter);
                }
                _ => {}
            }
            return;
        };
        let value = interpreter.resolve(value);
        if let Some((call, at)) = column_call(&value, interpreter) {
            self.place = at;
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
                    Some("Index") => self.item = Some(value.clone()),
                    Some("composite") => {
                        self.unknown =
                            Some(format!("the parts of `{}` are not followed", self.name));
                    }
                    Some(_) => {}
                    // A helper of another package may well give a column.
                    None if annotation.is_some() => {
                        self.unknown = Some(format!("what `{}` is is not known", self.name));
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }

    /// Writes the column out: its name, its type and what the annotation adds.
    fn column<H: Host>(
        &mut self,
        call: &Call,
        annotation: Option<&Annotation>,
        interpreter: &Interpreter<'_, H>,
    ) {
        let at = self.place;
        let positional = |value| CallArgument {
            name: None,
            value,
            at,
        };
        let mut call = merged(
            call.clone(),
            annotation.and_then(|found| found.column.as_ref()),
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
                value: Value::Bool(annotation.optional),
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

/// The arguments of an attribute over those that its `Annotated` type brings.
fn merged(mut call: Call, annotated: Option<&Call>) -> Call {
    let Some(annotated) = annotated else {
        return call;
    };
    for argument in &annotated.arguments {
        let is_given = call
            .arguments
            .iter()
            .any(|given| given.name == argument.name);
        if !is_given {
            call.arguments.push(argument.clone());
        }
    }
    call.open |= annotated.open;
    call
}
