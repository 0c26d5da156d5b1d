//! `with` statements.

use std::rc::Rc;
use std::sync::Arc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter, Leaving};
use crate::python::ast::{Name, With, WithItem};
use crate::python::value::{CallArgument, Object, Place, Reason, Scope, Value};

impl<H: Host> Interpreter<'_, H> {
    /// Runs a `with` statement from its manager number `index` on.
    pub(super) fn exec_with(
        &mut self,
        with: &Arc<With>,
        index: usize,
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        let Some(item) = with.items.get(index) else {
            return self.exec_block(&with.body, scope, frame);
        };
        let at = Self::place(scope, item.context.span);
        let manager = self.eval(&item.context, scope);
        if let Some(exception) = self.pending.take() {
            return Flow::Raise(exception);
        }
        if let Value::Object(id) = &manager
            && let Object::Deferred(deferred) = self.heap.get(*id)
            && self.depth < self.limits.depth
        {
            let deferred = Rc::clone(deferred);
            return self.exec_with_generator(&deferred, with, index, scope, frame, at);
        }
        if let Some(suppressed) = suppressed_by(&manager) {
            return self.guarded(
                true,
                frame,
                at,
                |this, frame| this.exec_with(with, index + 1, scope, frame),
                |_, _| Flow::Next,
                |this, exception, frame| match this
                    .is_exception_of(&exception, &Value::Tuple(suppressed.into()))
                {
                    Some(true) => Flow::Next,
                    Some(false) => Flow::Raise(exception),
                    None => {
                        this.either(frame, at, |_, _| Flow::Next, |_, _| Flow::Raise(exception))
                    }
                },
            );
        }
        if let Value::Instance(_) = &manager {
            return self.exec_with_instance(&manager, item, with, index, scope, frame);
        }
        let entered = self.enter(&manager, at);
        if let Some(target) = &item.target {
            self.assign(target, entered, scope);
        }
        let flow = self.exec_with(with, index + 1, scope, frame);
        let leaving = match flow {
            Flow::Raise(_) | Flow::Stop => Leaving::Raising,
            _ => Leaving::Normally,
        };
        match H::exit(self, &manager, leaving, at) {
            Some(exception) => Flow::Raise(exception),
            None => flow,
        }
    }

    /// `with` over an object of a class of the repository: its `__exit__` may end a raise.
    fn exec_with_instance(
        &mut self,
        manager: &Value,
        item: &WithItem,
        with: &Arc<With>,
        index: usize,
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        let at = Self::place(scope, item.context.span);
        let entered = self.call_special(manager, &["__enter__", "__aenter__"], Vec::new(), at);
        if let Some(exception) = self.pending.take() {
            return Flow::Raise(exception);
        }
        if let Some(target) = &item.target {
            self.assign(target, entered, scope);
        }
        let leave = |this: &mut Self, exception: Option<Value>| {
            let argument = |value| CallArgument {
                name: None,
                value,
                at,
            };
            let unknown = || Value::unknown(Reason::Unsupported("a traceback"), at);
            let arguments = match exception {
                None => vec![Value::None, Value::None, Value::None],
                Some(exception) => vec![unknown(), exception, unknown()],
            };
            let arguments = arguments.into_iter().map(argument).collect();
            this.call_special(manager, &["__exit__", "__aexit__"], arguments, at)
        };
        self.guarded(
            true,
            frame,
            at,
            |this, frame| {
                let flow = this.exec_with(with, index + 1, scope, frame);
                if !matches!(flow, Flow::Raise(_) | Flow::Stop) {
                    leave(this, None);
                    if let Some(exception) = this.pending.take() {
                        return Flow::Raise(exception);
                    }
                }
                flow
            },
            |_, _| Flow::Next,
            |this, exception, frame| {
                let handled = leave(this, Some(exception.clone()));
                if let Some(exception) = this.pending.take() {
                    return Flow::Raise(exception);
                }
                match this.truth(&handled) {
                    Some(true) => Flow::Next,
                    Some(false) => Flow::Raise(exception),
                    None => {
                        this.either(frame, at, |_, _| Flow::Next, |_, _| Flow::Raise(exception))
                    }
                }
            },
        )
    }

    /// Calls the first of several methods that the class of an object has.
    fn call_special(
        &mut self,
        object: &Value,
        names: &[&'static str],
        arguments: Vec<CallArgument>,
        at: Place,
    ) -> Value {
        for name in names {
            let method = self.attribute(object, &Name::new_static(name), at);
            if matches!(method, Value::Method(_)) {
                return self.call_value(&method, arguments, false, at);
            }
        }
        Value::unknown(Reason::Unsupported("a context manager"), at)
    }

    /// What `with … as name` binds: for what is outside the repository, the manager itself.
    fn enter(&mut self, manager: &Value, at: Place) -> Value {
        match manager {
            Value::Symbol(_) => {
                if let Some(call) = manager.as_call()
                    && Self::is_named(
                        &call.callee,
                        &[
                            "contextlib.nullcontext",
                            "contextlib.closing",
                            "contextlib.aclosing",
                        ],
                    )
                    && !call.open
                {
                    return call
                        .arguments
                        .first()
                        .map_or(Value::None, |argument| argument.value.clone());
                }
                H::enter(self, manager, at).unwrap_or_else(|| manager.clone())
            }
            Value::Unknown(_) => manager.clone(),
            // An open file is entered as itself.
            Value::Object(id) if matches!(self.heap.get(*id), Object::File(_)) => manager.clone(),
            _ => Value::unknown(Reason::Unsupported("a context manager"), at),
        }
    }
}

/// The classes that `contextlib.suppress(…)` swallows.
fn suppressed_by(manager: &Value) -> Option<Vec<Value>> {
    let call = manager.as_call()?;
    if call.callee.qualified_name()? != "contextlib.suppress" || call.open {
        return None;
    }
    Some(
        call.arguments
            .iter()
            .map(|argument| argument.value.clone())
            .collect(),
    )
}
