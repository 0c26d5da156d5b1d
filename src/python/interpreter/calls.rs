//! Calls: binding of arguments, functions of the repository, instances, and what is outside.

use std::rc::Rc;

use super::decorators::DecoratorEffect;
use super::statements::{Flow, Frame};
use super::{Called, Host, Interpreter};
use crate::python::ast::{self, ArgumentKind, Name, ParameterKind};
use crate::python::value::{
    Call, CallArgument, Deferred, Function, Names, Namespace, Object, Place, Reason, Scope,
    ScopeKind, SymbolKind, Unknown, Value,
};

/// How often a function may be inside itself where it is not known whether it goes on.
const MAX_UNKNOWN_RECURSION: usize = 2;

/// A function that is running.
pub(super) struct Activation<H: Host> {
    def: *const ast::FunctionDef,
    /// How many unknown conditions it was called under.
    uncertainty: u32,
    /// What was outside when it was called.
    before: H::State,
}

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn eval_call(&mut self, call: &ast::Call, scope: &Rc<Scope>, at: Place) -> Value {
        let callee = self.eval(&call.function, scope);
        let mut arguments = Vec::with_capacity(call.arguments.len());
        let mut open = false;
        for argument in &call.arguments {
            let value = self.eval(&argument.value, scope);
            let at = Self::place(scope, argument.value.span);
            match &argument.kind {
                // After a star of unknown length no position is known.
                ArgumentKind::Positional if open => {}
                ArgumentKind::Positional => arguments.push(CallArgument {
                    name: None,
                    value,
                    at,
                }),
                ArgumentKind::Keyword(name) => {
                    arguments.push(CallArgument {
                        name: Some(name.clone()),
                        value,
                        at,
                    });
                }
                ArgumentKind::Star if open => {}
                ArgumentKind::Star => match self.iterate(&value) {
                    Some(items) => {
                        arguments.extend(items.into_iter().map(|value| CallArgument {
                            name: None,
                            value,
                            at,
                        }));
                    }
                    None => open = true,
                },
                ArgumentKind::DoubleStar => match self.keyword_items(&value) {
                    Some(items) => {
                        arguments.extend(items.into_iter().map(|(name, value)| CallArgument {
                            name: Some(name),
                            value,
                            at,
                        }));
                    }
                    None => open = true,
                },
            }
        }
        if self.is_raising() {
            return callee;
        }
        if let (Value::Builtin(name), true) = (&callee, arguments.is_empty()) {
            match name.as_str() {
                "super" => return self.super_object(scope, at),
                "locals" | "vars" | "globals" => return self.names_as_dict(name, scope, at),
                _ => {}
            }
        }
        // `super(Class, self)`, as Python 2 wants it.
        if let (Value::Builtin(name), false) = (&callee, open)
            && name == "super"
            && let [after, owner] = arguments.as_slice()
            && let Value::Class(after) = self.force(after.value.clone())
        {
            let owner = owner.value.clone();
            let object = Object::Super { owner, after };
            return Value::Object(self.heap.allocate(object));
        }
        let logged = self.import_log.as_ref().map(Vec::len);
        let value = self.call_value(&callee, arguments, open, at);
        if let Some(logged) = logged {
            self.log_whole_package(call, &callee, logged, scope);
        }
        value
    }

    pub(super) fn keyword_items(&self, value: &Value) -> Option<Vec<(Name, Value)>> {
        let Value::Object(id) = value else {
            return None;
        };
        let Object::Dict(items) = self.heap.get(*id) else {
            return None;
        };
        items
            .iter()
            .map(|(key, value)| Some((Name::new(&**key.as_str()?), value.clone())))
            .collect()
    }

    /// Calls anything. `open` says that more arguments may have been given than are known.
    pub(super) fn call_value(
        &mut self,
        callee: &Value,
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Value {
        if !self.step() {
            return Self::out_of_fuel(at);
        }
        if self.is_raising() {
            return callee.clone();
        }
        match callee {
            Value::Function(function) => {
                let function = Rc::clone(function);
                self.call_function(&function, None, arguments, open, at)
            }
            Value::Method(method) => {
                let (owner, function) = (method.0.clone(), Rc::clone(&method.1));
                self.call_function(&function, Some(owner), arguments, open, at)
            }
            Value::Class(id) => self.instantiate(*id, arguments, open, at),
            Value::Builtin(name) => {
                let name = name.clone();
                self.call_builtin(&name, arguments, open, at)
            }
            Value::BuiltinMethod(method) => {
                let (owner, name) = (method.0.clone(), method.1.clone());
                if open {
                    return Value::unknown(Reason::Call(name), at);
                }
                self.call_method(&owner, &name, &arguments, at)
            }
            Value::Symbol(_) => self.call_outside(callee.clone(), arguments, open, at),
            Value::Import(_) => {
                let callee = self.force(callee.clone());
                self.call_value(&callee, arguments, open, at)
            }
            Value::Instance(_) => {
                let method = self.attribute(callee, &Name::new_static("__call__"), at);
                match method {
                    Value::Method(_) => self.call_value(&method, arguments, open, at),
                    _ => Value::unknown(Reason::Unsupported("the call of an object"), at),
                }
            }
            Value::Unknown(unknown) => {
                let unknown = Rc::clone(unknown);
                self.call_unknown(&unknown, &arguments, at);
                Value::Unknown(unknown)
            }
            _ => Value::unknown(
                Reason::Unsupported("the call of a value that is no function"),
                at,
            ),
        }
    }

    /// A call of something of which nothing is known. What an imported module calls while it loads is not counted.
    pub(super) fn call_unknown(&mut self, callee: &Unknown, arguments: &[CallArgument], at: Place) {
        if !self.is_loading {
            H::unknown_call(self, callee, arguments, at);
        }
    }

    pub(super) fn call_outside(
        &mut self,
        callee: Value,
        mut arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Value {
        for argument in &mut arguments {
            if argument.name.as_deref() == Some("schema")
                && let Some(text) = self.text_of_member(&argument.value)
            {
                argument.value = text;
            }
        }
        let call = Call {
            callee,
            arguments,
            open,
        };
        if let Some(value) = self.library_call(&call, at) {
            return value;
        }
        match H::call(self, &call, at) {
            Called::Value(value) => value,
            Called::Symbolic => Value::symbol(SymbolKind::Call(call), at),
            Called::Raises(exception) => self.raise(exception, at),
        }
    }

    /// Calls a function of the repository, as its decorators from outside have it.
    pub(super) fn call_function(
        &mut self,
        function: &Rc<Function>,
        owner: Option<Value>,
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Value {
        let effect = Self::effect_of_decorators(function);
        match effect {
            DecoratorEffect::None => self.called(function, owner, arguments, open, at),
            DecoratorEffect::Defers => {
                let deferred = Object::Deferred(Rc::new(Deferred {
                    function: Rc::clone(function),
                    owner,
                    arguments,
                    open,
                }));
                Value::Object(self.heap.allocate(deferred))
            }
            // It runs, but what comes out of it is the decorator's business.
            DecoratorEffect::Replaces(name) => {
                self.called(function, owner, arguments, open, at);
                Value::unknown(Reason::Call(name), at)
            }
            DecoratorEffect::Unknown(name) => {
                self.perhaps(at, |this| this.called(function, owner, arguments, open, at));
                let unknown = Unknown {
                    reason: Reason::Call(name),
                    at,
                };
                self.call_unknown(&unknown, &[], at);
                Value::Unknown(Rc::new(unknown))
            }
        }
    }

    fn called(
        &mut self,
        function: &Rc<Function>,
        owner: Option<Value>,
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Value {
        self.note_call(function);
        if function.def.is_generator {
            self.run_generator(function, owner, arguments, open, at)
        } else {
            self.run_function(function, owner, arguments, open, at)
        }
    }

    /// Runs the body of a function.
    pub(super) fn run_function(
        &mut self,
        function: &Rc<Function>,
        owner: Option<Value>,
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Value {
        if self.depth >= self.limits.depth {
            return Value::unknown(Reason::Limit("nested calls"), at);
        }
        if let Some(value) = self.endless_recursion(function, at) {
            return value;
        }
        let names = self.bind_arguments(function, owner, arguments, open, at);
        let names = self.heap.allocate(Object::Namespace(Namespace {
            names,
            ..Namespace::default()
        }));
        let scope = Rc::new(Scope {
            names,
            outer: Some(Rc::clone(&function.scope)),
            kind: ScopeKind::Function,
            file: function.scope.file,
            module: Rc::clone(&function.scope.module),
        });
        let def = std::sync::Arc::clone(&function.def);
        let mut frame: Frame<H> = Frame::default();
        self.activations.push(Activation {
            def: std::sync::Arc::as_ptr(&def),
            uncertainty: self.uncertainty,
            before: self.host.state(),
        });
        self.depth += 1;
        let flow = self.exec_block(&def.body, &scope, &mut frame);
        self.depth -= 1;
        self.activations.pop();
        self.uncertainty = self.uncertainty.saturating_sub(frame.maybe_returned);
        let returned = std::mem::take(&mut frame.returned_states);
        let result = match flow {
            Flow::Return(value) => value,
            Flow::Stop => return Self::out_of_fuel(at),
            // It may have returned before.
            Flow::Raise(exception) if !frame.returned.is_empty() => {
                if self.guards > 0 {
                    self.uncertainty += 1;
                    self.raised.push((exception, self.host.state()));
                }
                let mut returned = returned.into_iter();
                if let Some(first) = returned.next() {
                    self.host.set_state(first);
                }
                self.join_states(returned, at);
                let mut values = frame.returned.into_iter();
                let first = values.next().unwrap_or(Value::None);
                return values.fold(first, |one, other| self.heap.join_values(&one, &other, at));
            }
            Flow::Raise(exception) => return self.raise(exception, at),
            Flow::Next | Flow::Break | Flow::Continue => Value::None,
        };
        self.join_states(returned, at);
        frame.returned.iter().fold(result, |result, other| {
            self.heap.join_values(&result, other, at)
        })
    }

    /// A function that calls itself under conditions that are not known would go on as long as there are steps. What it
    /// does once more is what it has done before.
    fn endless_recursion(&mut self, function: &Function, at: Place) -> Option<Value> {
        let def = std::sync::Arc::as_ptr(&function.def);
        let mut uncertainty = self.uncertainty;
        let mut count = 0;
        let mut before = None;
        for activation in self.activations.iter().rev() {
            if activation.def == def {
                if activation.uncertainty >= uncertainty {
                    break;
                }
                uncertainty = activation.uncertainty;
                before = Some(&activation.before);
                count += 1;
            }
        }
        if count < MAX_UNKNOWN_RECURSION {
            return None;
        }
        let unknown = Unknown {
            reason: Reason::Limit("nested calls"),
            at,
        };
        if !before.is_some_and(|before| H::is_same_state(before, &self.host.state())) {
            self.call_unknown(&unknown, &[], at);
        }
        Some(Value::Unknown(Rc::new(unknown)))
    }

    /// Joins what is with what may be instead.
    pub(super) fn join_states(&mut self, states: impl IntoIterator<Item = H::State>, at: Place) {
        for state in states {
            let current = self.host.state();
            H::join(self, state, current, at);
        }
    }

    /// The names a call binds: arguments, defaults, and for what was not given, unknowns.
    fn bind_arguments(
        &mut self,
        function: &Function,
        owner: Option<Value>,
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Names {
        let mut positional: Vec<Value> = owner.into_iter().collect();
        let mut keywords: Vec<(Name, Value)> = Vec::new();
        for argument in arguments {
            match argument.name {
                None => positional.push(argument.value),
                Some(name) => keywords.push((name, argument.value)),
            }
        }
        let mut positional = positional.into_iter();
        let mut names = Names::default();
        for (index, parameter) in function.def.parameters.iter().enumerate() {
            let value = match parameter.kind {
                ParameterKind::Args => {
                    let rest: Vec<Value> = positional.by_ref().collect();
                    if open {
                        Value::unknown(Reason::Parameter(parameter.name.clone()), at)
                    } else {
                        Value::Tuple(rest.into())
                    }
                }
                ParameterKind::Kwargs => {
                    let rest = keywords
                        .drain(..)
                        .map(|(name, value)| (Value::known_str(name.as_str(), at), value))
                        .collect();
                    if open {
                        Value::unknown(Reason::Parameter(parameter.name.clone()), at)
                    } else {
                        Value::Object(self.heap.allocate(Object::Dict(rest)))
                    }
                }
                kind => {
                    let by_position = if kind == ParameterKind::KeywordOnly {
                        None
                    } else {
                        positional.next()
                    };
                    let by_keyword = || {
                        let index = keywords
                            .iter()
                            .position(|(name, _)| *name == parameter.name)?;
                        Some(keywords.remove(index).1)
                    };
                    let given = by_position.or_else(by_keyword);
                    let default = || {
                        let default = function.defaults.get(index).cloned().flatten();
                        if open { None } else { default }
                    };
                    given.or_else(default).unwrap_or_else(|| {
                        Value::unknown(Reason::Parameter(parameter.name.clone()), at)
                    })
                }
            };
            names.insert(parameter.name.clone(), value);
        }
        names
    }
}
