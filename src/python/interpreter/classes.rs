//! Classes and instances of the repository: inheritance, attributes, enums.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::decorators::has_decorator;
use super::{Host, Interpreter};
use crate::python::ast::{FunctionDef, Name};
use crate::python::value::{
    Call, CallArgument, Class, Function, Object, ObjectId, Place, Reason, Symbol, SymbolKind, Value,
};
use crate::source::FileSpan;

impl<H: Host> Interpreter<'_, H> {
    pub fn class(&self, id: ObjectId) -> Option<&Class> {
        match self.heap.get(id) {
            Object::Class(class) => Some(class),
            _ => None,
        }
    }

    /// A class and its ancestors in the order Python looks attributes up, as far as they are in the repository. The
    /// second value lists the other bases.
    pub fn ancestry(&self, id: ObjectId) -> (Vec<ObjectId>, Vec<Value>) {
        let mut outside = Vec::new();
        let order = self.linearise(id, &mut outside, 0, &mut FxHashMap::default());
        let order = order.unwrap_or_else(|| {
            // Bases in an order that Python refuses: depth first, each once.
            let mut order = Vec::new();
            self.depth_first(id, &mut order, 0);
            order
        });
        (order, outside)
    }

    /// C3 linearisation; `None` where there is none.
    fn linearise(
        &self,
        id: ObjectId,
        outside: &mut Vec<Value>,
        depth: u32,
        known: &mut FxHashMap<ObjectId, Vec<ObjectId>>,
    ) -> Option<Vec<ObjectId>> {
        if let Some(order) = known.get(&id) {
            return Some(order.clone());
        }
        let class = self.class(id)?;
        if depth > 64 {
            return None;
        }
        let mut sequences: Vec<Vec<ObjectId>> = Vec::new();
        let mut direct = Vec::new();
        for base in &class.bases {
            match base {
                Value::Class(base) if *base != id => {
                    sequences.push(self.linearise(*base, outside, depth + 1, known)?);
                    direct.push(*base);
                }
                // `Generic[T]` and the like add no attributes.
                Value::Symbol(symbol) if Self::is_typing_base(&symbol.kind) => {}
                other => {
                    if !outside.iter().any(|known| self.heap.same(known, other)) {
                        outside.push(other.clone());
                    }
                }
            }
        }
        sequences.push(direct);
        let mut order = vec![id];
        loop {
            sequences.retain(|sequence| !sequence.is_empty());
            if sequences.is_empty() {
                known.insert(id, order.clone());
                return Some(order);
            }
            let next = sequences.iter().find_map(|sequence| {
                let candidate = *sequence.first()?;
                let blocked = sequences
                    .iter()
                    .any(|other| other.iter().skip(1).any(|later| *later == candidate));
                (!blocked).then_some(candidate)
            })?;
            order.push(next);
            for sequence in &mut sequences {
                if sequence.first() == Some(&next) {
                    sequence.remove(0);
                }
            }
        }
    }

    fn depth_first(&self, id: ObjectId, order: &mut Vec<ObjectId>, depth: u32) {
        if depth > 64 || order.contains(&id) {
            return;
        }
        order.push(id);
        let bases = self
            .class(id)
            .map(|class| class.bases.clone())
            .unwrap_or_default();
        for base in bases {
            if let Value::Class(base) = base {
                self.depth_first(base, order, depth + 1);
            }
        }
    }

    fn is_typing_base(kind: &SymbolKind) -> bool {
        match kind {
            SymbolKind::Name(name) => {
                matches!(
                    name.as_str(),
                    "typing.Generic" | "typing.Protocol" | "abc.ABC" | "builtins.object"
                )
            }
            SymbolKind::Item { base, .. } => {
                matches!(
                    base.qualified_name().map(Name::as_str),
                    Some("typing.Generic" | "typing.Protocol")
                )
            }
            _ => false,
        }
    }

    /// All classes of the repository that have been defined, in that order.
    pub fn classes(&self) -> Vec<ObjectId> {
        let mut classes: Vec<ObjectId> = self.classes_by_body.values().copied().collect();
        classes.sort_unstable();
        classes
    }

    /// The function that is defined at a place, whatever namespace holds it, without its decorators.
    pub fn function_at(&self, place: &FileSpan) -> Option<Value> {
        let functions = self.heap.functions();
        let mut found = functions.filter(|function| self.file(function.at).file == place.file);
        let function = found.find(|function| function.def.span == place.span)?;
        Some(Value::Function(Rc::new(Function {
            def: Arc::clone(&function.def),
            scope: Rc::clone(&function.scope),
            defaults: function.defaults.clone(),
            decorators: Vec::new(),
            at: function.at,
        })))
    }

    /// What a class itself binds to a name, without its bases.
    pub fn own_attribute(&self, id: ObjectId, name: &str) -> Option<Value> {
        let names = self.class(id)?.scope.names;
        self.heap.namespace(names)?.names.get(name).cloned()
    }

    /// The class whose body bound a value made outside the repository, such as a column, and the name it has there.
    pub fn class_that_binds(&self, value: &Value) -> Option<(ObjectId, Name)> {
        let wanted = value.as_symbol()?;
        if let Some((_, class, name)) = self.members.get(&(Rc::as_ptr(wanted) as usize)) {
            return Some((*class, name.clone()));
        }
        self.classes_by_body.iter().find_map(|(body, class)| {
            let names = &self.heap.namespace(*body)?.names;
            let (name, _) = names.iter().find(|(_, bound)| {
                bound
                    .as_symbol()
                    .is_some_and(|symbol| Rc::ptr_eq(symbol, wanted))
            })?;
            Some((*class, name.clone()))
        })
    }

    /// What a class or one of its bases in the repository binds to a name.
    pub fn inherited_attribute(&mut self, id: ObjectId, name: &str) -> Option<Value> {
        let (order, _) = self.ancestry(id);
        let value = order
            .into_iter()
            .find_map(|class| self.own_attribute(class, name))?;
        Some(self.force(value))
    }

    pub(super) fn class_attribute(&mut self, id: ObjectId, name: &Name, at: Place) -> Value {
        // The class of classes has this, whatever the class itself binds.
        if name == "__name__"
            && let Some(class) = self.class(id)
        {
            return Value::known_str(class.def.name.as_str(), at);
        }
        if let Some(value) = self.inherited_attribute(id, name) {
            return match &value {
                Value::Function(function) if has_decorator(&function.decorators, "classmethod") => {
                    Value::Method(Rc::new((Value::Class(id), Rc::clone(function))))
                }
                // SQLAlchemy's, made for the class it is asked of.
                Value::Function(function) if is_declared_attribute(&function.decorators) => {
                    let argument = CallArgument::positional(Value::Class(id), at);
                    self.call_value(&value, vec![argument], false, at)
                }
                Value::Symbol(symbol) => match &symbol.kind {
                    SymbolKind::Call(call) => self.member(id, name, call, symbol.at),
                    _ => value,
                },
                _ => value,
            };
        }
        let Some(class) = self.class(id) else {
            return Value::unknown(Reason::Attribute(name.clone()), at);
        };
        if name == "__members__" {
            return self.enum_members(id, at);
        }
        let class_name = class.def.name.clone();
        let (_, outside) = self.ancestry(id);
        if outside.is_empty() {
            return Value::unknown(Reason::Attribute(name.clone()), at);
        }
        if let Some(Value::Symbol(symbol)) = H::annotated(self, id, name)
            && let SymbolKind::Call(call) = &symbol.kind
        {
            return self.member(id, name, call, symbol.at);
        }
        if !self.is_loading && H::lacks_attribute(self, id, name, at) {
            if let Some(raised) = self.raise_if_guarded("AttributeError", at) {
                return raised;
            }
            let message = format!("`{class_name}` has no attribute `{name}`");
            H::fails(self, message, at);
            return Value::unknown(Reason::Attribute(name.clone()), at);
        }
        Value::symbol(
            SymbolKind::Attribute {
                base: Value::Class(id),
                name: name.clone(),
            },
            at,
        )
    }

    /// What a class holds, such as a column, as what it is when asked of this class: a base may hold it for others too.
    fn member(&mut self, class: ObjectId, name: &Name, held: &Call, at: Place) -> Value {
        let symbol = Rc::new(Symbol {
            kind: SymbolKind::Call(held.clone()),
            at,
        });
        let key = Rc::as_ptr(&symbol) as usize;
        let kept = Rc::clone(&symbol);
        self.members.insert(key, (kept, class, name.clone()));
        Value::Symbol(symbol)
    }

    pub(super) fn instance_attribute(&mut self, id: ObjectId, name: &Name, at: Place) -> Value {
        let Object::Instance(instance) = self.heap.get(id) else {
            return Value::unknown(Reason::Attribute(name.clone()), at);
        };
        let class = instance.class;
        if let Some(value) = instance.names.get(name).cloned() {
            return self.force(value);
        }
        match self.inherited_attribute(class, name) {
            Some(Value::Function(function)) => {
                if has_decorator(&function.decorators, "staticmethod") {
                    return Value::Function(function);
                }
                let owner = if has_decorator(&function.decorators, "classmethod") {
                    Value::Class(class)
                } else {
                    Value::Instance(id)
                };
                let is_property = has_decorator(&function.decorators, "property")
                    || has_decorator(&function.decorators, "functools.cached_property");
                let method = Value::Method(Rc::new((owner, function)));
                if is_property {
                    self.call_value(&method, Vec::new(), false, at)
                } else {
                    method
                }
            }
            Some(value) => value,
            None => {
                if name == "__class__" {
                    return Value::Class(class);
                }
                // `class Kind(str, Enum)`: members have the methods of strings.
                if let Some(value @ Value::Str(_)) = self.mixed_in_value(id) {
                    return Value::BuiltinMethod(Rc::new((value, name.clone())));
                }
                if let Some(value) = self.missing_attribute(id, class, name, at) {
                    return value;
                }
                Value::unknown(Reason::Attribute(name.clone()), at)
            }
        }
    }

    /// The `def` of a function that a class or one of its bases binds to a name.
    pub fn method_def(&mut self, id: ObjectId, name: &str) -> Option<Arc<FunctionDef>> {
        match self.inherited_attribute(id, name)? {
            Value::Function(function) => Some(Arc::clone(&function.def)),
            _ => None,
        }
    }

    /// `__getattr__`, or an exception where the attribute is certainly missing.
    fn missing_attribute(
        &mut self,
        id: ObjectId,
        class: ObjectId,
        name: &Name,
        at: Place,
    ) -> Option<Value> {
        if name.starts_with("__") {
            return None;
        }
        if let Some(Value::Function(function)) = self.inherited_attribute(class, "__getattr__") {
            let method = Value::Method(Rc::new((Value::Instance(id), function)));
            return Some(self.call_with(&method, Value::known_str(name.as_str(), at), at));
        }
        if self.has_attribute(&Value::Instance(id), name) == Some(false) {
            return self.raise_if_guarded("AttributeError", at);
        }
        None
    }
}

fn is_declared_attribute(decorators: &[Value]) -> bool {
    decorators.iter().any(|decorator| {
        decorator
            .qualified_name()
            .is_some_and(|name| name.starts_with("sqlalchemy.") && name.contains(".declared_attr"))
    })
}
