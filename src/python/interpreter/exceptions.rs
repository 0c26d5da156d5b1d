//! `try` statements: which handler takes an exception, and what may have been raised.

use std::rc::Rc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::{ExceptHandler, Expr, Stmt, StmtKind};
use crate::python::exception_hierarchy::{
    ANY_DATABASE_ERROR, is_known_exception, parent_of, usual_name,
};
use crate::python::value::{CallArgument, ObjectId, Place, Reason, Scope, SymbolKind, Value};

/// The class of an exception.
#[derive(Clone, Copy, Debug)]
enum ExceptionClass<'v> {
    /// A class of the repository.
    Own(ObjectId),
    /// A class of the language or a library, by its qualified name.
    Named(&'v str),
}

impl<H: Host> Interpreter<'_, H> {
    /// Runs a `try` statement without its `finally`. The body is taken to succeed unless it raises by itself: handlers
    /// are for what goes wrong at run time.
    pub(super) fn exec_try(
        &mut self,
        body: &[Stmt],
        handlers: &[ExceptHandler],
        orelse: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let ends_raise = handlers.iter().any(|handler| {
            !matches!(
                handler.body.last().map(|last| &last.kind),
                Some(StmtKind::Raise { .. })
            )
        });
        self.guarded(
            ends_raise,
            frame,
            at,
            |this, frame| this.exec_block(body, scope, frame),
            |this, frame| this.exec_block(orelse, scope, frame),
            |this, exception, frame| this.handle(&exception, handlers, scope, frame, at),
        )
    }

    /// Runs something whose exceptions are handled.
    pub(super) fn guarded(
        &mut self,
        ends_raise: bool,
        frame: &mut Frame<H>,
        at: Place,
        body: impl FnOnce(&mut Self, &mut Frame<H>) -> Flow,
        orelse: impl FnOnce(&mut Self, &mut Frame<H>) -> Flow,
        handle: impl FnOnce(&mut Self, Value, &mut Frame<H>) -> Flow,
    ) -> Flow {
        let start = self.raised.len();
        let guard = u32::from(ends_raise);
        self.guards += guard;
        let flow = body(self, frame);
        self.guards -= guard;
        let raised = if ends_raise {
            self.raised.split_off(start)
        } else {
            Vec::new()
        };
        self.uncertainty = self.uncertainty.saturating_sub(raised.len() as u32);
        let mut exception = None;
        let mut states = Vec::with_capacity(raised.len());
        for (value, state) in raised {
            exception = Some(match exception {
                None => value,
                Some(earlier) => self.join_exceptions(&earlier, value, at),
            });
            states.push(state);
        }
        match (flow, exception) {
            (Flow::Stop, _) => Flow::Stop,
            (Flow::Raise(raised), None) => handle(self, raised, frame),
            (Flow::Raise(raised), Some(earlier)) => {
                self.join_states(states, at);
                let exception = self.join_exceptions(&earlier, raised, at);
                handle(self, exception, frame)
            }
            (Flow::Next, None) => orelse(self, frame),
            (left, None) => left,
            (left, Some(exception)) => self.either(
                frame,
                at,
                |this, frame| match left {
                    Flow::Next => orelse(this, frame),
                    left => left,
                },
                |this, frame| {
                    let mut states = states.into_iter();
                    if let Some(first) = states.next() {
                        this.host.set_state(first);
                    }
                    this.join_states(states, at);
                    handle(this, exception, frame)
                },
            ),
        }
    }

    /// One of two exceptions: known as far as they are of one class.
    fn join_exceptions(&self, one: &Value, other: Value, at: Place) -> Value {
        let class = |value: &Value| match exception_class(value) {
            Some(ExceptionClass::Own(id)) => Some((Some(id), None)),
            Some(ExceptionClass::Named(name)) => Some((None, Some(name.to_owned()))),
            None => None,
        };
        if class(one).is_some() && class(one) == class(&other) {
            other
        } else {
            self.heap.join_values(one, &other, at)
        }
    }

    fn handle(
        &mut self,
        exception: &Value,
        handlers: &[ExceptHandler],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let Some((handler, rest)) = handlers.split_first() else {
            return Flow::Raise(exception.clone());
        };
        match self.is_caught_by(exception, &handler.types, scope) {
            Some(true) => self.run_handler(exception, handler, scope, frame),
            Some(false) => self.handle(exception, rest, scope, frame, at),
            None => self.either(
                frame,
                at,
                |this, frame| this.run_handler(exception, handler, scope, frame),
                |this, frame| this.handle(exception, rest, scope, frame, at),
            ),
        }
    }

    fn run_handler(
        &mut self,
        exception: &Value,
        handler: &ExceptHandler,
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        if let Some(name) = &handler.name {
            self.bind(name, exception.clone(), scope);
        }
        self.handling.push(exception.clone());
        let flow = self.exec_block(&handler.body, scope, frame);
        self.handling.pop();
        flow
    }

    /// What a bare `raise` raises.
    pub(super) fn handled_exception(&self, at: Place) -> Value {
        self.handling
            .last()
            .cloned()
            .unwrap_or_else(|| Value::unknown(Reason::Unsupported("a `raise` without a cause"), at))
    }

    fn is_caught_by(
        &mut self,
        exception: &Value,
        types: &[Expr],
        scope: &Rc<Scope>,
    ) -> Option<bool> {
        if types.is_empty() {
            return Some(true);
        }
        let mut decided = Some(false);
        for class in types {
            let class = self.eval(class, scope);
            match self.is_exception_of(exception, &class) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => decided = None,
            }
        }
        decided
    }

    /// `isinstance(exception, class)`, where the class may be a tuple of classes.
    pub(super) fn is_exception_of(&mut self, exception: &Value, class: &Value) -> Option<bool> {
        if let Value::Tuple(classes) = class {
            let mut decided = Some(false);
            for class in classes.iter() {
                match self.is_exception_of(exception, class) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => decided = None,
                }
            }
            return decided;
        }
        let wanted = exception_class(class)?;
        if let ExceptionClass::Named("BaseException") = wanted {
            return Some(true);
        }
        self.is_subclass_of(exception_class(exception)?, wanted)
    }

    fn is_subclass_of(&self, class: ExceptionClass, wanted: ExceptionClass) -> Option<bool> {
        match (class, wanted) {
            (ExceptionClass::Own(id), _) => {
                let (order, outside) = self.ancestry(id);
                if let ExceptionClass::Own(wanted) = wanted
                    && order.contains(&wanted)
                {
                    return Some(true);
                }
                let mut decided = Some(false);
                for base in &outside {
                    let found = exception_class(base)
                        .filter(|base| matches!(base, ExceptionClass::Named(_)))
                        .and_then(|base| self.is_subclass_of(base, wanted));
                    match found {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => decided = None,
                    }
                }
                decided
            }
            // What is outside the repository knows nothing of its classes.
            (ExceptionClass::Named(_), ExceptionClass::Own(_)) => Some(false),
            (ExceptionClass::Named(class), ExceptionClass::Named(wanted)) => {
                let (mut current, wanted) = (usual_name(class), usual_name(wanted));
                if current == ANY_DATABASE_ERROR && parent_of(wanted) == Some(current) {
                    return Some(true);
                }
                for _ in 0..16 {
                    if current == wanted {
                        return Some(true);
                    }
                    match parent_of(current) {
                        Some(parent) => current = parent,
                        None => break,
                    }
                }
                // Both have a place in the hierarchy, and the one is not above the other.
                (current == "BaseException" && is_known_exception(wanted)).then_some(false)
            }
        }
    }

    /// Raises an exception of the language, if the code that runs may handle it; otherwise the value is not known.
    /// Whether a key is really missing is only as sure as everything that led to it.
    pub(super) fn raise_if_guarded(&mut self, class: &'static str, at: Place) -> Option<Value> {
        if self.guards == 0 {
            return None;
        }
        let exception = Value::symbol(
            SymbolKind::Call(crate::python::value::Call {
                callee: Value::Builtin(class.into()),
                arguments: Vec::<CallArgument>::new(),
                open: true,
            }),
            at,
        );
        Some(self.raise(exception, at))
    }
}

/// The class of an exception, which is raised as a class or as the result of calling it.
fn exception_class(value: &Value) -> Option<ExceptionClass<'_>> {
    match value {
        Value::Class(id) => Some(ExceptionClass::Own(*id)),
        Value::Builtin(name) => Some(ExceptionClass::Named(name)),
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Name(name) => {
                Some(ExceptionClass::Named(name.trim_start_matches("builtins.")))
            }
            SymbolKind::Call(call) => match &call.callee {
                Value::Symbol(callee) if !matches!(callee.kind, SymbolKind::Name(_)) => None,
                callee => exception_class(callee),
            },
            _ => None,
        },
        _ => None,
    }
}
