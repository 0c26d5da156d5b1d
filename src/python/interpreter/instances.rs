//! Objects of classes of the repository: plain ones, data classes and named tuples.

use std::rc::Rc;
use std::sync::Arc;

use super::decorators::has_decorator;
use super::{Host, Interpreter};
use crate::python::ast::{ClassDef, Expr, ExprKind, Name, Stmt, StmtKind};
use crate::python::value::{
    CallArgument, Class, Instance, Names, Namespace, Object, ObjectId, Place, Reason, Scope,
    ScopeKind, SymbolKind, Value,
};
use crate::source::Span;

/// Decorators of classes that leave them as they are.
const PLAIN_DECORATORS: &[&str] = &[
    "dataclasses.dataclass",
    "enum.unique",
    "functools.total_ordering",
    "typing.final",
    "typing.runtime_checkable",
];

impl<H: Host> Interpreter<'_, H> {
    /// `Class(…)`: an instance where the class is wholly in the repository, else a symbolic call.
    pub(super) fn instantiate(
        &mut self,
        id: ObjectId,
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Value {
        if self.is_enum(id) {
            return self.enum_by_value(id, &arguments, at);
        }
        let (order, outside) = self.ancestry(id);
        let is_plain = outside.iter().all(|base| {
            Self::is_named(
                base,
                &["object", "typing.NamedTuple", "collections.abc.Iterable"],
            )
        });
        let has_metaclass = order.iter().any(|class| {
            self.class(*class).is_some_and(|class| {
                let is_abc = |value: &Value| Self::is_named(value, &["abc.ABCMeta", "type"]);
                class
                    .keywords
                    .iter()
                    .any(|(name, value)| name == "metaclass" && !is_abc(value))
                    || !class.decorators.iter().all(|decorator| {
                        PLAIN_DECORATORS
                            .iter()
                            .any(|name| has_decorator(std::slice::from_ref(decorator), name))
                    })
            })
        });
        if !is_plain || has_metaclass || self.inherited_attribute(id, "__new__").is_some() {
            return self.call_outside(Value::Class(id), arguments, open, at);
        }
        let instance = self.heap.allocate(Object::Instance(Instance {
            class: id,
            names: Names::default(),
        }));
        let value = Value::Instance(instance);
        match self.inherited_attribute(id, "__init__") {
            Some(Value::Function(init)) => {
                self.call_function(&init, Some(value.clone()), arguments, open, at);
            }
            Some(_) => return Value::unknown(Reason::Unsupported("an unusual `__init__`"), at),
            None => {
                if let Some(fields) = self.fields(id) {
                    self.fill_fields(instance, &fields, arguments, open, at);
                    let hook = self.inherited_attribute(id, "__post_init__");
                    if let Some(Value::Function(hook)) = hook {
                        self.call_function(&hook, Some(value.clone()), Vec::new(), false, at);
                    }
                }
            }
        }
        value
    }

    /// True for a class whose instances are tuples.
    pub(super) fn is_named_tuple(&self, id: ObjectId) -> bool {
        let (_, outside) = self.ancestry(id);
        outside
            .iter()
            .any(|base| Self::is_named(base, &["typing.NamedTuple"]))
    }

    fn is_data_class(&self, id: ObjectId) -> bool {
        self.class(id)
            .is_some_and(|class| has_decorator(&class.decorators, "dataclasses.dataclass"))
    }

    /// The fields of a data class or named tuple in order, each with the class that declares it.
    pub(super) fn fields(&self, id: ObjectId) -> Option<Vec<(Name, ObjectId)>> {
        let is_tuple = self.is_named_tuple(id);
        if !is_tuple && !self.is_data_class(id) {
            return None;
        }
        let (order, _) = self.ancestry(id);
        let mut fields: Vec<(Name, ObjectId)> = Vec::new();
        for class_id in order.into_iter().rev() {
            if !is_tuple && !self.is_data_class(class_id) {
                continue;
            }
            let Some(class) = self.class(class_id) else {
                continue;
            };
            for stmt in &class.def.body {
                let StmtKind::AnnAssign {
                    target, annotation, ..
                } = &stmt.kind
                else {
                    continue;
                };
                let ExprKind::Name(name) = &target.kind else {
                    continue;
                };
                if is_class_variable(annotation) {
                    continue;
                }
                match fields.iter_mut().find(|(known, _)| known == name) {
                    Some(field) => field.1 = class_id,
                    None => fields.push((name.clone(), class_id)),
                }
            }
        }
        Some(fields)
    }

    fn fill_fields(
        &mut self,
        instance: ObjectId,
        fields: &[(Name, ObjectId)],
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) {
        let mut values = Names::default();
        let mut positional = fields.iter();
        for argument in arguments {
            match argument.name {
                Some(name) => {
                    values.insert(name, argument.value);
                }
                None => {
                    if let Some((name, _)) = positional.next() {
                        values.insert(name.clone(), argument.value);
                    }
                }
            }
        }
        let mut names = Names::default();
        for (name, class) in fields {
            let value = match values.shift_remove(name) {
                Some(value) => value,
                None if open => Value::unknown(Reason::Parameter(name.clone()), at),
                None => self.field_default(*class, name, at),
            };
            names.insert(name.clone(), value);
        }
        if let Object::Instance(instance) = self.heap.get_mut(instance) {
            instance.names = names;
        }
    }

    /// The default of a field: what the class binds, or what `field(default=…, default_factory=…)` says.
    fn field_default(&mut self, class: ObjectId, name: &Name, at: Place) -> Value {
        let missing = || Value::unknown(Reason::Parameter(name.clone()), at);
        let Some(value) = self.own_attribute(class, name) else {
            return missing();
        };
        let Some(call) = value.as_call() else {
            return value;
        };
        if !Self::is_named(&call.callee, &["dataclasses.field"]) {
            return value;
        }
        if let Some(default) = call.keyword("default") {
            return default.value.clone();
        }
        match call
            .keyword("default_factory")
            .map(|factory| factory.value.clone())
        {
            Some(factory) => self.call_value(&factory, Vec::new(), false, at),
            None => missing(),
        }
    }

    /// The values of a named tuple, in order.
    pub(super) fn tuple_values(&self, id: ObjectId) -> Option<Vec<Value>> {
        let Object::Instance(instance) = self.heap.get(id) else {
            return None;
        };
        if !self.is_named_tuple(instance.class) {
            return None;
        }
        self.fields(instance.class)?
            .iter()
            .map(|(name, _)| instance.names.get(name).cloned())
            .collect()
    }

    /// `collections.namedtuple(name, fields)`, and `typing.NamedTuple` called.
    pub(super) fn named_tuple_class(
        &mut self,
        name: &Value,
        fields: &Value,
        at: Place,
    ) -> Option<Value> {
        let class_name = Name::new(&**name.as_str()?);
        let fields: Vec<Name> = match fields.as_str() {
            Some(text) => text
                .split([',', ' ', '\n', '\t'])
                .filter(|field| !field.is_empty())
                .map(Name::new)
                .collect(),
            None => self
                .iterate(fields)?
                .iter()
                .map(|field| match field {
                    Value::Tuple(pair) => Some(Name::new(&**pair.first()?.as_str()?)),
                    _ => Some(Name::new(&**field.as_str()?)),
                })
                .collect::<Option<_>>()?,
        };
        let name_expr = |name: Name| Expr {
            span: at.span,
            kind: ExprKind::Name(name),
        };
        let body = fields
            .into_iter()
            .map(|field| Stmt {
                span: at.span,
                kind: StmtKind::AnnAssign {
                    target: name_expr(field),
                    annotation: name_expr(Name::new_static("object")),
                    value: None,
                },
            })
            .collect();
        let bases = vec![Value::name("typing.NamedTuple", at)];
        Some(self.made_class(class_name, bases, Names::default(), body, at))
    }

    /// `type(name, bases, attributes)`
    pub(super) fn class_of_three(
        &mut self,
        arguments: &[CallArgument],
        at: Place,
    ) -> Option<Value> {
        let [name, bases, attributes] = arguments else {
            return None;
        };
        let bases = self.iterate(&bases.value)?;
        let names = self.keyword_items(&attributes.value);
        let (Some(name), Some(names)) = (name.value.as_str(), names) else {
            if bases.iter().any(|base| matches!(base, Value::Class(_))) {
                self.note_gap("a class is made of which not all is known", at);
            }
            return None;
        };
        let name = Name::new(&**name);
        let names = names.into_iter().collect();
        Some(self.made_class(name, bases, names, Vec::new(), at))
    }

    /// A class that no `class` statement makes.
    pub fn make_class(&mut self, name: &str, bases: Vec<Value>, names: Names, at: Place) -> Value {
        self.made_class(Name::new(name), bases, names, Vec::new(), at)
    }

    fn made_class(
        &mut self,
        name: Name,
        bases: Vec<Value>,
        names: Names,
        body: Vec<Stmt>,
        at: Place,
    ) -> Value {
        let namespace = Namespace {
            names,
            ..Namespace::default()
        };
        let names = self.heap.allocate(Object::Namespace(namespace));
        let scope = Rc::new(Scope {
            names,
            outer: None,
            kind: ScopeKind::Class,
            file: at.file,
            module: Rc::new(crate::python::value::ModuleName {
                name: Name::default(),
                is_package: false,
            }),
        });
        let def = Arc::new(ClassDef {
            name,
            name_span: Span::at(at.span.start),
            span: at.span,
            arguments: Vec::new(),
            body,
            decorators: Vec::new(),
        });
        let id = self.heap.allocate(Object::Class(Class {
            def,
            bases,
            keywords: Vec::new(),
            decorators: Vec::new(),
            scope,
            at,
        }));
        self.classes_by_body.insert(names, id);
        self.finish_enum(id);
        Value::Class(id)
    }

    /// `super()`: the class is the one around the function, the object the function's first argument.
    pub(super) fn super_object(&mut self, scope: &Rc<Scope>, at: Place) -> Value {
        let mut current = Some(scope);
        while let Some(scope) = current {
            if let Some(outer) = &scope.outer
                && scope.kind == ScopeKind::Function
                && outer.kind == ScopeKind::Class
                && let Some(after) = self.classes_by_body.get(&outer.names).copied()
            {
                let owner = self
                    .heap
                    .namespace(scope.names)
                    .and_then(|namespace| namespace.names.get_index(0))
                    .map(|(_, value)| value.clone());
                if let Some(owner) = owner {
                    let object = Object::Super { owner, after };
                    return Value::Object(self.heap.allocate(object));
                }
            }
            current = scope.outer.as_ref();
        }
        Value::unknown(Reason::Unsupported("`super()`"), at)
    }

    /// An attribute of `super()`: of the classes behind one in the order of the object's class.
    pub(super) fn super_attribute(
        &mut self,
        owner: &Value,
        after: ObjectId,
        name: &Name,
        at: Place,
    ) -> Value {
        let unknown = || Value::unknown(Reason::Attribute(name.clone()), at);
        let class = match owner {
            Value::Class(id) => *id,
            Value::Instance(id) => match self.heap.get(*id) {
                Object::Instance(instance) => instance.class,
                _ => return unknown(),
            },
            _ => return unknown(),
        };
        let (order, outside) = self.ancestry(class);
        let behind = order.iter().skip_while(|id| **id != after).skip(1);
        let found = behind.copied().find_map(|id| self.own_attribute(id, name));
        match found {
            Some(Value::Function(function)) => {
                if has_decorator(&function.decorators, "staticmethod") {
                    return Value::Function(function);
                }
                let owner = match owner {
                    Value::Instance(_) if has_decorator(&function.decorators, "classmethod") => {
                        Value::Class(class)
                    }
                    owner => owner.clone(),
                };
                let is_property = has_decorator(&function.decorators, "property");
                let method = Value::Method(Rc::new((owner, function)));
                if is_property {
                    self.call_value(&method, Vec::new(), false, at)
                } else {
                    method
                }
            }
            Some(value) => value,
            None if matches!(
                name.as_str(),
                "__init__" | "__init_subclass__" | "__post_init__"
            ) =>
            {
                Value::Builtin(Name::new_static("object.__init__"))
            }
            None if outside.is_empty() => unknown(),
            None => Value::symbol(
                SymbolKind::Attribute {
                    base: Value::Class(class),
                    name: name.clone(),
                },
                at,
            ),
        }
    }
}

/// `ClassVar[…]` and `InitVar[…]` are no fields.
fn is_class_variable(annotation: &Expr) -> bool {
    match &annotation.kind {
        ExprKind::Subscript { value, .. } => is_class_variable(value),
        ExprKind::Attribute { name, .. } | ExprKind::Name(name) => name == "ClassVar",
        ExprKind::Str(text) => text.contains("ClassVar"),
        _ => false,
    }
}
