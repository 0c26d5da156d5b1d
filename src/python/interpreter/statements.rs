//! Running statements.

use std::rc::Rc;

use super::{Host, Interpreter};
use crate::python::ast::{Expr, ExprKind, Name, Stmt, StmtKind};
use crate::python::value::{Call, CallArgument, Import, Scope, SymbolKind, Value};

/// How a statement ended.
#[derive(Debug)]
pub(in crate::python) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
    Raise(Value),
    /// No fuel is left.
    Stop,
}

impl Flow {
    pub(super) fn is_next(&self) -> bool {
        matches!(self, Self::Next)
    }
}

/// What one function call has to remember.
pub(super) struct Frame<H: Host> {
    /// Values that may have been returned before the end, under conditions that are not known.
    pub(super) returned: Vec<Value>,
    /// The states outside the interpreter with which it may have returned.
    pub(super) returned_states: Vec<H::State>,
    /// The states with which the innermost loop may have been left, or an iteration of it.
    pub(super) left_states: Vec<H::State>,
    /// How much of the interpreter's uncertainty comes from a `return` that may have happened.
    pub(super) maybe_returned: u32,
    /// The same for a `break` or `continue` of the innermost loop.
    pub(super) maybe_left_loop: u32,
}

impl<H: Host> Default for Frame<H> {
    fn default() -> Self {
        Self {
            returned: Vec::new(),
            returned_states: Vec::new(),
            left_states: Vec::new(),
            maybe_returned: 0,
            maybe_left_loop: 0,
        }
    }
}
impl<H: Host> Interpreter<'_, H> {
    pub(super) fn exec_block(
        &mut self,
        body: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        for stmt in body {
            if self.nesting >= super::MAX_NESTING {
                return Flow::Stop;
            }
            self.nesting += 1;
            let flow = self.exec(stmt, scope, frame);
            self.nesting -= 1;
            // A function that was called has raised: so does the statement that called it.
            if let Some(exception) = self.pending.take() {
                return Flow::Raise(exception);
            }
            if !flow.is_next() {
                return flow;
            }
        }
        Flow::Next
    }

    fn exec(&mut self, stmt: &Stmt, scope: &Rc<Scope>, frame: &mut Frame<H>) -> Flow {
        if !self.step() {
            return Flow::Stop;
        }
        let at = Self::place(scope, stmt.span);
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                self.eval(expr, scope);
            }
            StmtKind::Assign { targets, value } => {
                let value = self.eval(value, scope);
                if self.is_raising() {
                    return Flow::Next;
                }
                for target in targets {
                    self.assign(target, value.clone(), scope);
                }
            }
            StmtKind::AugAssign { target, op, value } => {
                let old = self.eval(target, scope);
                let value = self.eval(value, scope);
                if self.is_raising() {
                    return Flow::Next;
                }
                if !self.extend_in_place(&old, *op, &value, at) {
                    let new = self.binary(&old, *op, &value, at);
                    self.assign(target, new, scope);
                }
            }
            StmtKind::AnnAssign { target, value, .. } => {
                if let Some(value) = value {
                    let value = self.eval(value, scope);
                    if !self.is_raising() {
                        self.assign(target, value, scope);
                    }
                }
            }
            StmtKind::FunctionDef(def) => self.define_function(def, scope),
            StmtKind::ClassDef(def) => self.define_class(def, scope, at),
            StmtKind::Return(value) => {
                return Flow::Return(
                    value
                        .as_ref()
                        .map_or(Value::None, |value| self.eval(value, scope)),
                );
            }
            StmtKind::Raise { exception } => {
                let exception = match exception {
                    Some(exception) => self.eval(exception, scope),
                    None => self.handled_exception(at),
                };
                return Flow::Raise(exception);
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.delete(target, scope);
                }
            }
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => {
                if let Some(namespace) = self.heap.namespace_mut(scope.names) {
                    namespace.outer.extend(names.iter().cloned());
                }
            }
            StmtKind::Import(aliases) => {
                for alias in aliases {
                    self.log_import(&alias.name, scope.file);
                    let (bound, module) = match &alias.asname {
                        Some(asname) => (asname.clone(), alias.name.clone()),
                        None => {
                            let top = alias.name.split('.').next().unwrap_or_default();
                            self.import_submodules(&alias.name, scope, at);
                            (Name::new(top), Name::new(top))
                        }
                    };
                    let import = Value::Import(Rc::new(Import {
                        module,
                        attribute: None,
                        at,
                        postponed: None,
                    }));
                    self.bind(&bound, import, scope);
                }
            }
            StmtKind::ImportFrom(import) => self.import_from(import, scope, at),
            StmtKind::If { test, body, orelse } => {
                let test = self.eval(test, scope);
                if self.is_raising() {
                    return Flow::Next;
                }
                let holds = self.truth(&test).or_else(|| H::decided(self, at));
                return match holds {
                    Some(true) => self.exec_block(body, scope, frame),
                    Some(false) => self.exec_block(orelse, scope, frame),
                    None => self.exec_both(body, orelse, scope, frame, at),
                };
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
            } => {
                let iter = self.eval(iter, scope);
                if self.is_raising() {
                    return Flow::Next;
                }
                return self.exec_for(target, &iter, body, orelse, scope, frame, at);
            }
            StmtKind::While { test, body, orelse } => {
                return self.exec_while(test, body, orelse, scope, frame, at);
            }
            StmtKind::With(with) => return self.exec_with(with, 0, scope, frame),
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                let handled = self.exec_try(body, handlers, orelse, scope, frame, at);
                if matches!(handled, Flow::Stop) || finalbody.is_empty() {
                    return handled;
                }
                return match self.exec_block(finalbody, scope, frame) {
                    Flow::Next => handled,
                    left => left,
                };
            }
            StmtKind::Match { subject, cases } => {
                let subject = self.eval(subject, scope);
                if self.is_raising() {
                    return Flow::Next;
                }
                return self.exec_match(&subject, cases, scope, frame, at);
            }
            StmtKind::TypeAlias { name, value } => {
                let alias = self.type_alias(name, value, scope);
                self.assign(name, alias, scope);
            }
            StmtKind::Assert { .. } | StmtKind::Pass | StmtKind::Invalid => {}
            StmtKind::Break => return Flow::Break,
            StmtKind::Continue => return Flow::Continue,
        }
        Flow::Next
    }

    /// `type Name = value` as the call that it stands for: `TypeAliasType("Name", value)`.
    fn type_alias(&mut self, name: &Expr, value: &Expr, scope: &Rc<Scope>) -> Value {
        let at = Self::place(scope, name.span);
        let value = self.eval(value, scope);
        let written = match &name.kind {
            ExprKind::Name(name) => name.as_str(),
            // `type Name[T] = …`
            _ => return value,
        };
        let argument = |value| CallArgument::positional(value, at);
        let call = Call {
            callee: Value::name(Name::new_static("typing.TypeAliasType"), at),
            arguments: vec![argument(Value::known_str(written, at)), argument(value)],
            open: false,
        };
        Value::symbol(SymbolKind::Call(call), at)
    }

    /// True if a value is a name of `SymbolKind::Name`, one of those given.
    pub(super) fn is_named(value: &Value, names: &[&str]) -> bool {
        match value {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Name(name) => names.contains(&name.as_str()),
                _ => false,
            },
            Value::Builtin(name) => names.contains(&name.as_str()),
            _ => false,
        }
    }
}
