//! Loops.

use std::rc::Rc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::{Expr, Stmt};
use crate::python::heap::Changes;
use crate::python::value::{Object, Place, Reason, Scope, Value};

impl<H: Host> Interpreter<'_, H> {
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a for statement, its scope and its frame"
    )]
    pub(super) fn exec_for(
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
            return self.exec_unknown_loop(Some(&(target, element)), body, scope, frame, at);
        };
        let outer = Self::enter_loop(frame);
        let mut flow = Flow::Next;
        let mut items = items;
        let mut index = 0;
        while let Some(item) = items.get(index).cloned() {
            index += 1;
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
            // A list may grow and shrink under the loop that runs over it.
            if let Value::Object(id) = iter {
                match self.heap.get(*id) {
                    Object::List(now) if now.len() != items.len() => {
                        items.clone_from(now);
                        self.spend(items.len());
                    }
                    Object::List(_) | Object::Dict(_) | Object::Set(_) | Object::File(_) => {}
                    _ => {
                        let element = Value::unknown(Reason::Element, at);
                        flow = self.exec_unknown_loop(
                            Some(&(target, element)),
                            body,
                            scope,
                            frame,
                            at,
                        );
                        break;
                    }
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
        target: Option<&(&Expr, Value)>,
        body: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let outer = Self::enter_loop(frame);
        let before = self.host.state();
        self.uncertainty += 1;
        let mut flow = self.exec_once(target, body, scope, frame);
        let changes = self.heap.end_branch();
        let carries_over = self.heap.is_changed_by(&changes);
        self.heap.join(&changes, &Changes::default(), at);
        if carries_over && !matches!(flow, Flow::Stop | Flow::Raise(_)) {
            // What one iteration leaves behind the next one sees: once more, with all of that unknown.
            let once = self.host.state();
            H::join(self, before.clone(), once, at);
            flow = self.exec_once(target, body, scope, frame);
            let changes = self.heap.end_branch();
            self.heap.join(&changes, &Changes::default(), at);
        }
        self.uncertainty -= 1;
        if let Flow::Raise(exception) = flow {
            // It does not run, or the exception is handled.
            if self.guards > 0 {
                self.uncertainty += 1;
                self.raised.push((exception, self.host.state()));
            }
            self.host.set_state(before);
            self.leave_loop(outer, frame, at);
            return Flow::Next;
        }
        let after = self.host.state();
        if let Flow::Return(_) = flow {
            self.host.set_state(before.clone());
        } else {
            H::join(self, before.clone(), after.clone(), at);
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

    /// Runs the body of a loop in a branch of its own, which is left open.
    fn exec_once(
        &mut self,
        target: Option<&(&Expr, Value)>,
        body: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        self.heap.begin_branch();
        if let Some((target, element)) = target {
            self.assign(target, element.clone(), scope);
        }
        self.exec_block(body, scope, frame)
    }

    pub(super) fn exec_while(
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
            if self.is_raising() {
                break Flow::Next;
            }
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
}
