//! Running statements.

use std::rc::Rc;

use super::{Host, Interpreter};
use crate::python::ast::{
    ExceptHandler, Expr, ExprKind, MatchCase, Name, Pattern, Stmt, StmtKind, WithItem,
};
use crate::python::heap::Changes;
use crate::python::value::{Import, Object, Place, Reason, Scope, SymbolKind, Value};

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
    fn is_next(&self) -> bool {
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
    left_states: Vec<H::State>,
    /// What a generator has yielded.
    pub(super) yielded: Vec<Value>,
    /// How much of the interpreter's uncertainty comes from a `return` that may have happened.
    pub(super) maybe_returned: u32,
    /// The same for a `break` or `continue` of the innermost loop.
    maybe_left_loop: u32,
}

impl<H: Host> Default for Frame<H> {
    fn default() -> Self {
        Self {
            returned: Vec::new(),
            returned_states: Vec::new(),
            left_states: Vec::new(),
            yielded: Vec::new(),
            maybe_returned: 0,
            maybe_left_loop: 0,
        }
    }
}

/// One side of a branch that may have been taken.
struct Side<H: Host> {
    flow: Flow,
    /// What it wrote, taken back.
    changes: Changes,
    state: H::State,
}

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn exec_block(
        &mut self,
        body: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        for stmt in body {
            let flow = self.exec(stmt, scope, frame);
            if !flow.is_next() {
                return flow;
            }
            // A function that was called has raised: so does the statement that called it.
            if let Some(exception) = self.pending.take() {
                return Flow::Raise(exception);
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
                if let ExprKind::Yield(value) = &expr.kind {
                    let value = value
                        .as_ref()
                        .map_or(Value::None, |value| self.eval(value, scope));
                    frame.yielded.push(value);
                } else {
                    self.eval(expr, scope);
                }
            }
            StmtKind::Assign { targets, value } => {
                let value = self.eval(value, scope);
                for target in targets {
                    self.assign(target, value.clone(), scope);
                }
            }
            StmtKind::AugAssign { target, op, value } => {
                let old = self.eval(target, scope);
                let value = self.eval(value, scope);
                if !self.extend_in_place(&old, *op, &value, at) {
                    let new = self.binary(&old, *op, &value, at);
                    self.assign(target, new, scope);
                }
            }
            StmtKind::AnnAssign { target, value, .. } => {
                if let Some(value) = value {
                    let value = self.eval(value, scope);
                    self.assign(target, value, scope);
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
                let exception = exception
                    .as_ref()
                    .map_or(Value::None, |exception| self.eval(exception, scope));
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
                    }));
                    self.bind(&bound, import, scope);
                }
            }
            StmtKind::ImportFrom(import) => self.import_from(import, scope, at),
            StmtKind::If { test, body, orelse } => {
                let test = self.eval(test, scope);
                return match self.truth(&test) {
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
                return self.exec_for(target, &iter, body, orelse, scope, frame, at);
            }
            StmtKind::While { test, body, orelse } => {
                return self.exec_while(test, body, orelse, scope, frame, at);
            }
            StmtKind::With { items, body } => return self.exec_with(items, body, scope, frame),
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                return self.exec_try(body, handlers, orelse, finalbody, scope, frame);
            }
            StmtKind::Match { subject, cases } => {
                let subject = self.eval(subject, scope);
                return self.exec_match(&subject, cases, scope, frame, at);
            }
            StmtKind::TypeAlias { name, value } => {
                let value = self.eval(value, scope);
                self.assign(name, value, scope);
            }
            StmtKind::Assert { .. } | StmtKind::Pass | StmtKind::Invalid => {}
            StmtKind::Break => return Flow::Break,
            StmtKind::Continue => return Flow::Continue,
        }
        Flow::Next
    }

    /// Runs both sides of a branch whose condition is not known, and joins them.
    fn exec_both(
        &mut self,
        body: &[Stmt],
        orelse: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let before = self.host.state();
        self.uncertainty += 1;
        self.heap.begin_branch();
        let one = self.exec_block(body, scope, frame);
        let one_changes = self.heap.end_branch();
        let one_state = self.host.state();
        self.host.set_state(before.clone());
        self.heap.begin_branch();
        let other = self.exec_block(orelse, scope, frame);
        let other_changes = self.heap.end_branch();
        let other_state = self.host.state();
        self.uncertainty -= 1;
        self.join_sides(
            Side {
                flow: one,
                changes: one_changes,
                state: one_state,
            },
            Side {
                flow: other,
                changes: other_changes,
                state: other_state,
            },
            &before,
            frame,
            at,
        )
    }

    /// Goes on after a branch of which either side may have run.
    fn join_sides(
        &mut self,
        one: Side<H>,
        other: Side<H>,
        before: &H::State,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        match (one.flow, other.flow) {
            (Flow::Stop, _) | (_, Flow::Stop) => Flow::Stop,
            (Flow::Next, Flow::Next) => {
                self.heap.join(&one.changes, &other.changes, at);
                self.host.join(one.state, other.state, at);
                Flow::Next
            }
            // A side that raises ends the run: whatever comes after happens on the other side.
            (Flow::Raise(_), left) if !matches!(left, Flow::Raise(_)) => {
                self.heap.apply(other.changes);
                self.host.set_state(other.state);
                left
            }
            (left, Flow::Raise(_)) if !matches!(left, Flow::Raise(_)) => {
                self.heap.apply(one.changes);
                self.host.set_state(one.state);
                left
            }
            (Flow::Next, left) => {
                self.heap.apply(one.changes);
                self.host.set_state(one.state);
                self.may_have_left(left, other.state, before, frame, at);
                Flow::Next
            }
            (left, Flow::Next) => {
                self.heap.apply(other.changes);
                self.host.set_state(other.state);
                self.may_have_left(left, one.state, before, frame, at);
                Flow::Next
            }
            (Flow::Return(one_value), Flow::Return(other_value)) => {
                self.heap.join(&one.changes, &other.changes, at);
                self.host.join(one.state, other.state, at);
                Flow::Return(self.heap.join_values(&one_value, &other_value, at))
            }
            (Flow::Return(value), left) => {
                // One side returns, the other leaves the loop: the function goes on, perhaps.
                self.heap.join(&one.changes, &other.changes, at);
                self.host.set_state(other.state);
                self.may_have_left(Flow::Return(value), one.state, before, frame, at);
                left
            }
            (left, Flow::Return(value)) => {
                self.heap.join(&one.changes, &other.changes, at);
                self.host.set_state(one.state);
                self.may_have_left(Flow::Return(value), other.state, before, frame, at);
                left
            }
            (left, _) => {
                self.heap.join(&one.changes, &other.changes, at);
                self.host.join(one.state, other.state, at);
                left
            }
        }
    }

    /// From here on, everything only happens if a side that left was not taken.
    fn may_have_left(
        &mut self,
        left: Flow,
        state: H::State,
        before: &H::State,
        frame: &mut Frame<H>,
        at: Place,
    ) {
        match left {
            // A guard at the beginning: `if not is_needed(): return`. Taken to let the rest run.
            Flow::Return(Value::None)
                if self.host.assumes_guards_pass() && H::is_same_state(&state, before) =>
            {
                H::assumed(self, at);
            }
            Flow::Return(value) => {
                self.uncertainty += 1;
                frame.returned.push(value);
                frame.returned_states.push(state);
                frame.maybe_returned += 1;
            }
            _ => {
                self.uncertainty += 1;
                frame.left_states.push(state);
                frame.maybe_left_loop += 1;
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a for statement, its scope and its frame"
    )]
    fn exec_for(
        &mut self,
        target: &Expr,
        iter: &Value,
        body: &[Stmt],
        orelse: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let Some(items) = self.iterate(iter) else {
            let element = Value::unknown(Reason::Element, Self::place(scope, target.span));
            return self.exec_unknown_loop(Some((target, element)), body, scope, frame, at);
        };
        let outer = Self::enter_loop(frame);
        let mut flow = Flow::Next;
        for item in items {
            if !self.step() {
                flow = Flow::Stop;
                break;
            }
            self.assign(target, item, scope);
            match self.exec_block(body, scope, frame) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => {
                    flow = Flow::Break;
                    break;
                }
                left => {
                    flow = left;
                    break;
                }
            }
        }
        self.leave_loop(outer, frame, at);
        match flow {
            Flow::Break => Flow::Next,
            Flow::Next => self.exec_block(orelse, scope, frame),
            left => left,
        }
    }

    fn enter_loop(frame: &mut Frame<H>) -> (u32, Vec<H::State>) {
        (
            std::mem::take(&mut frame.maybe_left_loop),
            std::mem::take(&mut frame.left_states),
        )
    }

    /// Conditions inside a loop do not matter after it.
    fn leave_loop(&mut self, outer: (u32, Vec<H::State>), frame: &mut Frame<H>, at: Place) {
        self.uncertainty -= frame.maybe_left_loop;
        let left = std::mem::take(&mut frame.left_states);
        self.join_states(left, at);
        (frame.maybe_left_loop, frame.left_states) = outer;
    }

    /// A loop of which it is not known how often it runs: once, perhaps.
    fn exec_unknown_loop(
        &mut self,
        target: Option<(&Expr, Value)>,
        body: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let outer = Self::enter_loop(frame);
        let before = self.host.state();
        self.uncertainty += 1;
        self.heap.begin_branch();
        if let Some((target, element)) = target {
            self.assign(target, element, scope);
        }
        let flow = self.exec_block(body, scope, frame);
        let changes = self.heap.end_branch();
        self.heap.join(&changes, &Changes::default(), at);
        self.uncertainty -= 1;
        let after = self.host.state();
        if let Flow::Return(_) = flow {
            self.host.set_state(before.clone());
        } else {
            self.host.join(before.clone(), after.clone(), at);
        }
        self.leave_loop(outer, frame, at);
        match flow {
            Flow::Stop => Flow::Stop,
            Flow::Return(value) => {
                self.uncertainty += 1;
                frame.returned.push(value);
                frame.returned_states.push(after);
                frame.maybe_returned += 1;
                Flow::Next
            }
            _ => Flow::Next,
        }
    }

    fn exec_while(
        &mut self,
        test: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let outer = Self::enter_loop(frame);
        let flow = loop {
            if !self.step() {
                break Flow::Stop;
            }
            let condition = self.eval(test, scope);
            match self.truth(&condition) {
                Some(false) => break Flow::Next,
                None => break self.exec_unknown_loop(None, body, scope, frame, at),
                Some(true) => match self.exec_block(body, scope, frame) {
                    // Whether it has left is not known, so neither is how often it will run.
                    Flow::Next | Flow::Continue if frame.maybe_left_loop > 0 => break Flow::Next,
                    Flow::Next | Flow::Continue => {}
                    left => break left,
                },
            }
        };
        self.leave_loop(outer, frame, at);
        match flow {
            Flow::Break => Flow::Next,
            Flow::Next => self.exec_block(orelse, scope, frame),
            left => left,
        }
    }

    fn exec_with(
        &mut self,
        items: &[WithItem],
        body: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        let mut managers = Vec::with_capacity(items.len());
        for item in items {
            let manager = self.eval(&item.context, scope);
            if let Some(target) = &item.target {
                let entered = self.enter(&manager, Self::place(scope, item.context.span));
                self.assign(target, entered, scope);
            }
            managers.push((manager, Self::place(scope, item.context.span)));
        }
        let flow = self.exec_block(body, scope, frame);
        for (manager, at) in managers.into_iter().rev() {
            H::exit(self, &manager, at);
        }
        // `contextlib.suppress` and its like may end a raise here; the rest then goes on.
        flow
    }

    /// What `with … as name` binds: for what is outside the repository, the manager itself.
    fn enter(&mut self, manager: &Value, at: Place) -> Value {
        match manager {
            Value::Instance(_) => {
                let method = self.attribute(manager, &Name::new_static("__enter__"), at);
                match method {
                    Value::Method(_) => self.call_value(&method, Vec::new(), false, at),
                    _ => Value::unknown(Reason::Unsupported("a context manager"), at),
                }
            }
            Value::Symbol(_) | Value::Unknown(_) => manager.clone(),
            // A generator function decorated with `contextmanager` was run; it yielded the value.
            Value::Object(id) => match self.heap.get(*id) {
                Object::List(items) => items.first().cloned().unwrap_or(Value::None),
                _ => Value::unknown(Reason::Unsupported("a context manager"), at),
            },
            _ => Value::unknown(Reason::Unsupported("a context manager"), at),
        }
    }

    /// The body is taken to succeed, unless it raises by itself: handlers are for what goes wrong at run time.
    fn exec_try(
        &mut self,
        body: &[Stmt],
        handlers: &[ExceptHandler],
        orelse: &[Stmt],
        finalbody: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        let guard = u32::from(!handlers.is_empty());
        self.guards += guard;
        let mut flow = self.exec_block(body, scope, frame);
        self.guards -= guard;
        match flow {
            Flow::Next => flow = self.exec_block(orelse, scope, frame),
            // Which handler takes it would need the class of the exception: take the first, and be unsure of several.
            Flow::Raise(exception) if !handlers.is_empty() => {
                let uncertain = u32::from(handlers.len() > 1);
                self.uncertainty += uncertain;
                flow = match handlers.first() {
                    Some(handler) => {
                        if let Some(name) = &handler.name {
                            self.bind(name, exception, scope);
                        }
                        self.exec_block(&handler.body, scope, frame)
                    }
                    None => Flow::Next,
                };
                self.uncertainty -= uncertain;
            }
            Flow::Stop => return Flow::Stop,
            _ => {}
        }
        match self.exec_block(finalbody, scope, frame) {
            Flow::Next => flow,
            left => left,
        }
    }

    fn exec_match(
        &mut self,
        subject: &Value,
        cases: &[MatchCase],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let Some((case, rest)) = cases.split_first() else {
            return Flow::Next;
        };
        let mut matched = self.matches(&case.pattern, subject, scope, at);
        if let Some(guard) = &case.guard
            && matched != Some(false)
        {
            let guard = self.eval(guard, scope);
            matched = match (matched, self.truth(&guard)) {
                (_, Some(false)) => Some(false),
                (Some(true), truth) => truth,
                _ => None,
            };
        }
        match matched {
            Some(true) => self.exec_block(&case.body, scope, frame),
            Some(false) => self.exec_match(subject, rest, scope, frame, at),
            None => {
                let before = self.host.state();
                self.uncertainty += 1;
                self.heap.begin_branch();
                let one = Side {
                    flow: self.exec_block(&case.body, scope, frame),
                    changes: self.heap.end_branch(),
                    state: self.host.state(),
                };
                self.host.set_state(before.clone());
                self.heap.begin_branch();
                let other = Side {
                    flow: self.exec_match(subject, rest, scope, frame, at),
                    changes: self.heap.end_branch(),
                    state: self.host.state(),
                };
                self.uncertainty -= 1;
                self.join_sides(one, other, &before, frame, at)
            }
        }
    }

    fn matches(
        &mut self,
        pattern: &Pattern,
        subject: &Value,
        scope: &Rc<Scope>,
        at: Place,
    ) -> Option<bool> {
        match pattern {
            Pattern::Capture(name) => {
                if let Some(name) = name {
                    self.bind(name, subject.clone(), scope);
                }
                Some(true)
            }
            Pattern::Value(expr) => {
                let value = self.eval(expr, scope);
                self.equals(subject, &value)
            }
            Pattern::Or(alternatives) => {
                let mut undecided = false;
                for alternative in alternatives {
                    match self.matches(alternative, subject, scope, at) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => undecided = true,
                    }
                }
                if undecided { None } else { Some(false) }
            }
            Pattern::Other { binds } => {
                for name in binds {
                    self.bind(
                        name,
                        Value::unknown(Reason::Unsupported("a pattern"), at),
                        scope,
                    );
                }
                None
            }
        }
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
