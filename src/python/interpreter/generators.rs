//! Generators: what they yield, and the bodies of `with` statements that run where they do.

use std::rc::Rc;
use std::sync::Arc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::With;
use crate::python::value::{CallArgument, Function, Object, ObjectId, Place, Reason, Scope, Value};

/// How often the body of one `with` statement is run at most: once for each `yield` that may be the one.
const MAX_BODY_RUNS: u32 = 8;

/// What happens at a `yield`.
pub(super) enum Generator<H: Host> {
    /// The value is put into a list. Generators run at once to their end.
    Collects(ObjectId),
    /// The body of a `with` statement runs here.
    Runs(Box<WithBody<H>>),
}

/// The rest of a `with` statement whose manager is a generator.
pub(super) struct WithBody<H: Host> {
    pub(super) with: Arc<With>,
    /// Which of the managers the generator is.
    pub(super) index: usize,
    pub(super) scope: Rc<Scope>,
    /// The frame of the function the statement stands in.
    pub(super) frame: Frame<H>,
    /// How the body has ended, for each time it was run.
    pub(super) flows: Vec<Flow>,
    pub(super) runs: u32,
}

impl<H: Host> Interpreter<'_, H> {
    /// Evaluates a `yield` to what was sent.
    pub(super) fn yielded(&mut self, value: Value, is_from: bool, at: Place) -> Value {
        let sent = Value::unknown(Reason::Unsupported("a value sent to a generator"), at);
        match self.generators.pop() {
            None => return sent,
            Some(Generator::Collects(list)) => {
                self.collect(list, value, is_from, at);
                self.generators.push(Generator::Collects(list));
            }
            Some(Generator::Runs(mut body)) => {
                self.run_body(&mut body, value, is_from, at);
                self.generators.push(Generator::Runs(body));
                // `contextmanager` sends nothing.
                return Value::None;
            }
        }
        sent
    }

    fn collect(&mut self, list: ObjectId, value: Value, is_from: bool, at: Place) {
        if is_from {
            self.extend_list(list, &value, at);
        } else {
            let limit = self.limits.size.min(super::MAX_YIELDS);
            match self.heap.get_mut(list) {
                Object::List(items) if items.len() < limit => items.push(value),
                object => {
                    let is_full = matches!(object, Object::List(_));
                    *object = super::methods::lost(at);
                    if is_full {
                        // It may go on forever: whoever asks for the next value never gets here.
                        self.raise(Value::Builtin("GeneratorExit".into()), at);
                    }
                }
            }
        }
    }

    fn run_body(&mut self, body: &mut WithBody<H>, value: Value, is_from: bool, at: Place) {
        body.runs += 1;
        if body.runs > MAX_BODY_RUNS {
            return;
        }
        let value = if is_from {
            Value::unknown(Reason::Element, at)
        } else {
            value
        };
        let scope = Rc::clone(&body.scope);
        if let Some(target) = body
            .with
            .items
            .get(body.index)
            .and_then(|item| item.target.as_ref())
        {
            self.assign(target, value, &scope);
        }
        let mut frame = std::mem::take(&mut body.frame);
        let with = Arc::clone(&body.with);
        let flow = self.exec_with(&with, body.index + 1, &scope, &mut frame);
        body.frame = frame;
        match flow {
            // It is raised where the generator stands.
            Flow::Raise(exception) => {
                self.raise(exception, at);
            }
            flow => body.flows.push(flow),
        }
    }

    /// Runs a generator function to its end and gives what it has yielded.
    pub(super) fn run_generator(
        &mut self,
        function: &Rc<Function>,
        owner: Option<Value>,
        arguments: Vec<CallArgument>,
        open: bool,
        at: Place,
    ) -> Value {
        let list = self.heap.allocate(Object::List(Vec::new()));
        self.generators.push(Generator::Collects(list));
        self.run_function(function, owner, arguments, open, at);
        self.generators.pop();
        let ended_early = matches!(self.heap.get(list), Object::Lost(_))
            && matches!(&self.pending, Some(Value::Builtin(name)) if name == "GeneratorExit");
        if ended_early {
            self.pending = None;
        }
        Value::Object(list)
    }

    /// Runs a `with` statement whose manager is a call of a generator function under `@contextmanager`: its body runs
    /// where the generator yields.
    pub(super) fn exec_with_generator(
        &mut self,
        manager: &super::Deferred,
        with: &Arc<With>,
        index: usize,
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        self.generators.push(Generator::Runs(Box::new(WithBody {
            with: Arc::clone(with),
            index,
            scope: Rc::clone(scope),
            frame: std::mem::take(frame),
            flows: Vec::new(),
            runs: 0,
        })));
        self.run_function(
            &manager.function,
            manager.owner.clone(),
            manager.arguments.clone(),
            manager.open,
            at,
        );
        let Some(Generator::Runs(body)) = self.generators.pop() else {
            return Flow::Stop;
        };
        *frame = body.frame;
        if self.fuel.get() == 0 {
            return Flow::Stop;
        }
        if let Some(exception) = self.pending.take() {
            return Flow::Raise(exception);
        }
        if body.runs == 0 {
            // Python raises RuntimeError: the generator did not yield.
            return Flow::Raise(Value::Builtin("RuntimeError".into()));
        }
        let mut flows = body.flows.into_iter();
        let first = flows.next().unwrap_or(Flow::Next);
        flows.fold(first, |one, other| self.join_flows(one, other, frame, at))
    }

    /// How a body has ended that ran in one of two places.
    fn join_flows(&mut self, one: Flow, other: Flow, frame: &mut Frame<H>, at: Place) -> Flow {
        match (one, other) {
            (Flow::Stop, _) | (_, Flow::Stop) => Flow::Stop,
            (Flow::Next, Flow::Next) => Flow::Next,
            (Flow::Break, Flow::Break) => Flow::Break,
            (Flow::Continue, Flow::Continue) => Flow::Continue,
            (Flow::Return(one), Flow::Return(other)) => {
                Flow::Return(self.heap.join_values(&one, &other, at))
            }
            (one, other) => {
                for flow in [one, other] {
                    if !flow.is_next() {
                        let state = self.host.state();
                        self.may_have_left(flow, state.clone(), &state, frame, at);
                    }
                }
                Flow::Next
            }
        }
    }
}
