//! Branches whose condition is not known: both sides run, and what they did is joined.

use std::rc::Rc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::Stmt;
use crate::python::heap::Changes;
use crate::python::value::{Place, Scope, Value};

/// One side of a branch that may have been taken.
struct Side<H: Host> {
    flow: Flow,
    /// What it wrote, taken back.
    changes: Changes,
    state: H::State,
}

impl<H: Host> Interpreter<'_, H> {
    /// Runs both sides of a branch whose condition is not known, and joins them.
    pub(super) fn exec_both(
        &mut self,
        body: &[Stmt],
        orelse: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        self.either(
            frame,
            at,
            |this, frame| this.exec_block(body, scope, frame),
            |this, frame| this.exec_block(orelse, scope, frame),
        )
    }

    /// Runs two continuations of which only one comes about, each from the same state, and joins what they did.
    pub(super) fn either(
        &mut self,
        frame: &mut Frame<H>,
        at: Place,
        one: impl FnOnce(&mut Self, &mut Frame<H>) -> Flow,
        other: impl FnOnce(&mut Self, &mut Frame<H>) -> Flow,
    ) -> Flow {
        let before = self.host.state();
        let one = self.side(frame, one);
        self.host.set_state(before.clone());
        let other = self.side(frame, other);
        self.join_sides(one, other, &before, frame, at)
    }

    fn side(
        &mut self,
        frame: &mut Frame<H>,
        run: impl FnOnce(&mut Self, &mut Frame<H>) -> Flow,
    ) -> Side<H> {
        self.uncertainty += 1;
        self.heap.begin_branch();
        let flow = run(self, frame);
        let changes = self.heap.end_branch();
        self.uncertainty -= 1;
        Side {
            flow,
            changes,
            state: self.host.state(),
        }
    }

    /// The value of one of two expressions.
    pub(super) fn either_value(
        &mut self,
        at: Place,
        one: impl FnOnce(&mut Self) -> Value,
        other: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let mut frame: Frame<H> = Frame::default();
        let flow = self.either(
            &mut frame,
            at,
            |this, _| {
                let value = one(this);
                this.value_or_raise(value)
            },
            |this, _| {
                let value = other(this);
                this.value_or_raise(value)
            },
        );
        match flow {
            Flow::Return(value) => value,
            Flow::Raise(exception) => self.raise(exception, at),
            _ => Self::out_of_fuel(at),
        }
    }

    fn value_or_raise(&mut self, value: Value) -> Flow {
        match self.pending.take() {
            Some(exception) => Flow::Raise(exception),
            None => Flow::Return(value),
        }
    }

    /// Runs something that may or may not happen, and joins both outcomes of it. `None` where it would raise: then
    /// whatever follows happens without it.
    pub(super) fn perhaps<R>(&mut self, at: Place, run: impl FnOnce(&mut Self) -> R) -> Option<R> {
        let before = self.host.state();
        self.uncertainty += 1;
        self.heap.begin_branch();
        let result = run(self);
        let changes = self.heap.end_branch();
        self.uncertainty -= 1;
        let after = self.host.state();
        match self.pending.take() {
            Some(exception) => {
                self.one_side_raises(
                    exception,
                    (changes, after),
                    (Changes::default(), before),
                    at,
                );
                None
            }
            None => {
                self.heap.join(&changes, &Changes::default(), at);
                H::join(self, before, after, at);
                Some(result)
            }
        }
    }

    /// Of two sides one raises: whatever comes after happens on the other, unless the exception is handled.
    fn one_side_raises(
        &mut self,
        exception: Value,
        raised: (Changes, H::State),
        left: (Changes, H::State),
        at: Place,
    ) {
        if self.guards > 0 {
            // A handler may see what the one side wrote, or what the other did.
            self.heap.join(&raised.0, &left.0, at);
            self.uncertainty += 1;
            self.raised.push((exception, raised.1));
        } else {
            self.heap.apply(left.0);
        }
        self.host.set_state(left.1);
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
                H::join(self, one.state, other.state, at);
                Flow::Next
            }
            (Flow::Raise(one_exception), Flow::Raise(other_exception)) => {
                self.heap.join(&one.changes, &other.changes, at);
                H::join(self, one.state, other.state, at);
                Flow::Raise(self.heap.join_values(&one_exception, &other_exception, at))
            }
            (Flow::Raise(exception), left) => {
                let raised = (one.changes, one.state);
                self.one_side_raises(exception, raised, (other.changes, other.state), at);
                left
            }
            (left, Flow::Raise(exception)) => {
                let raised = (other.changes, other.state);
                self.one_side_raises(exception, raised, (one.changes, one.state), at);
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
                H::join(self, one.state, other.state, at);
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
                H::join(self, one.state, other.state, at);
                left
            }
        }
    }

    /// From here on, everything only happens if a side that left was not taken.
    pub(super) fn may_have_left(
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
                if self.depth <= 1
                    && self.host.assumes_guards_pass()
                    && H::is_same_state(&state, before) =>
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
}
