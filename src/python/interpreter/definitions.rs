//! Definitions and imports.

use std::rc::Rc;
use std::sync::Arc;

use super::statements::Frame;
use super::{Host, Interpreter};
use crate::python::ast::{ArgumentKind, ClassDef, ExprKind, FunctionDef, ImportFrom, Name};
use crate::python::value::{
    CallArgument, Class, Function, Import, Namespace, Object, Place, Reason, Scope, ScopeKind,
    Value,
};

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn define_function(&mut self, def: &Arc<FunctionDef>, scope: &Rc<Scope>) {
        let value = self.function_value(def, scope);
        self.bind(&def.name, value, scope);
    }

    /// The value of a `def` or `lambda`, its decorators applied as far as they are known.
    pub(super) fn function_value(&mut self, def: &Arc<FunctionDef>, scope: &Rc<Scope>) -> Value {
        let at = Self::place(scope, def.span);
        let defaults = def
            .parameters
            .iter()
            .map(|parameter| {
                parameter
                    .default
                    .as_ref()
                    .map(|default| self.eval(default, scope))
            })
            .collect();
        let mut value = Value::Function(Rc::new(Function {
            def: Arc::clone(def),
            scope: Rc::clone(scope),
            defaults,
            decorators: Vec::new(),
            at,
        }));
        // Evaluated from the top, applied from the bottom.
        let mut decorators = Vec::with_capacity(def.decorators.len());
        for decorator in &def.decorators {
            // `@name.setter`: the name stays the property it is.
            if let ExprKind::Attribute { value, name } = &decorator.kind
                && matches!(&value.kind, ExprKind::Name(known) if *known == def.name)
                && is_accessor(name)
            {
                let known = self.lookup(&def.name, scope, at);
                if let Value::Function(_) = known {
                    return known;
                }
            }
            decorators.push(self.eval(decorator, scope));
        }
        for decorator in decorators.into_iter().rev() {
            value = self.decorated(value, decorator, at);
        }
        value
    }

    fn decorated(&mut self, value: Value, decorator: Value, at: Place) -> Value {
        match (&decorator, &value) {
            (
                Value::Function(_)
                | Value::Method(_)
                | Value::Class(_)
                | Value::Instance(_)
                | Value::Object(_),
                _,
            ) => {
                let argument = CallArgument {
                    name: None,
                    value,
                    at,
                };
                self.call_value(&decorator, vec![argument], false, at)
            }
            // What a decorator from outside makes of a function is decided when it is called.
            (_, Value::Function(function)) => {
                let mut decorators = function.decorators.clone();
                decorators.push(decorator);
                Value::Function(Rc::new(Function {
                    def: Arc::clone(&function.def),
                    scope: Rc::clone(&function.scope),
                    defaults: function.defaults.clone(),
                    decorators,
                    at: function.at,
                }))
            }
            (Value::Unknown(_), _) => decorator,
            (Value::Builtin(_), _) => value,
            _ => Value::unknown(Reason::Unsupported("a decorator"), at),
        }
    }

    pub(super) fn define_class(&mut self, def: &Arc<ClassDef>, scope: &Rc<Scope>, at: Place) {
        let mut bases = Vec::new();
        let mut keywords = Vec::new();
        for argument in &def.arguments {
            let value = self.eval(&argument.value, scope);
            match &argument.kind {
                ArgumentKind::Positional => bases.push(value),
                ArgumentKind::Keyword(name) => keywords.push((name.clone(), value)),
                ArgumentKind::Star | ArgumentKind::DoubleStar => {
                    bases.push(Value::unknown(Reason::Element, at));
                }
            }
        }
        let decorators = def
            .decorators
            .iter()
            .map(|decorator| self.eval(decorator, scope))
            .collect();
        let names = self.heap.allocate(Object::Namespace(Namespace::default()));
        let body_scope = Rc::new(Scope {
            names,
            outer: Some(Rc::clone(scope)),
            kind: ScopeKind::Class,
            file: scope.file,
            module: Rc::clone(&scope.module),
        });
        let mut frame: Frame<H> = Frame::default();
        self.exec_block(&def.body, &body_scope, &mut frame);
        let class = Class {
            def: Arc::clone(def),
            bases,
            keywords,
            decorators,
            scope: body_scope,
            at,
        };
        let id = self.heap.allocate(Object::Class(class));
        self.classes_by_body.insert(names, id);
        self.finish_enum(id);
        self.bind(&def.name, Value::Class(id), scope);
    }

    pub(super) fn import_from(&mut self, import: &ImportFrom, scope: &Rc<Scope>, at: Place) {
        let own = &scope.module;
        let Some(module) = import.absolute(&own.name, own.is_package) else {
            for alias in &import.names {
                let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                self.bind(
                    bound,
                    Value::unknown(Reason::Module(import.module.clone()), at),
                    scope,
                );
            }
            return;
        };
        self.log_import(&module, scope.file);
        if import.star {
            // `from . import *` imports the modules that `__all__` names.
            if self.import_log.is_some() && module == scope.module.name {
                let all = self.lookup(&Name::new_static("__all__"), scope, at);
                for name in self.iterate(&all).unwrap_or_default() {
                    if let Some(name) = name.as_str() {
                        let submodule = smol_str::format_smolstr!("{module}.{name}");
                        self.log_import(&submodule, scope.file);
                    }
                }
            }
            if let Some(namespace) = self.heap.namespace_mut(scope.names) {
                namespace.stars.push(module);
            }
            return;
        }
        for alias in &import.names {
            let at = Self::place(scope, alias.span);
            let attribute = Some(alias.name.clone());
            // It may be a module of the package.
            if self.import_log.is_some() {
                let submodule = smol_str::format_smolstr!("{module}.{}", alias.name);
                self.log_import(&submodule, scope.file);
            }
            let value = Value::Import(Rc::new(Import {
                module: module.clone(),
                attribute,
                at,
                postponed: None,
            }));
            self.bind(alias.asname.as_ref().unwrap_or(&alias.name), value, scope);
        }
    }
}

/// What a property offers to be completed with.
fn is_accessor(name: &str) -> bool {
    matches!(
        name,
        "setter"
            | "deleter"
            | "getter"
            | "expression"
            | "comparator"
            | "update_expression"
            | "inplace"
    )
}
