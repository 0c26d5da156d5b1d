//! Branches whose condition is not known: both sides run, and what they did is joined.

use std::rc::Rc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::Stmt;
use crate::python::heap::Changes;
use crate::python::value::{Place, Scope, Value};

/// One side of a branch that may have been taken.
pub(super) struct Side<H: Host> {
    pub(super) flow: Flow,
    /// What it wrote, taken back.
    pub(super) changes: Changes,
    pub(super) state: H::State,
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
    pub(super) fn join_sides(
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
}
