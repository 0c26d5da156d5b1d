//! What stands outside the repository, as seen by the interpreter.

use super::Interpreter;
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, ObjectId, Place, Unknown, Value};

/// What a call of something outside the repository gives.
#[derive(Clone, Debug)]
pub enum Called {
    /// The call itself, as a symbol.
    Symbolic,
    Value(Value),
    /// It raises this exception.
    Raises(Value),
}

/// How a `with` block is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// At its end, or by `return`, `break` or `continue`.
    Normally,
    /// By an exception, or not at all as far as it is followed.
    Raising,
}

/// Decides what calls into libraries give, and keeps what they change.
pub trait Host: Sized {
    /// What calls change: both sides of a branch start from the same state, and what they made of it is joined.
    type State: Clone;

    /// A call of something outside the repository.
    fn call(interpreter: &mut Interpreter<'_, Self>, call: &Call, at: Place) -> Called {
        let _ = (interpreter, call, at);
        Called::Symbolic
    }

    /// `base.name` where the base is something outside the repository. `None` leaves it symbolic.
    fn attribute(
        interpreter: &mut Interpreter<'_, Self>,
        base: &Value,
        name: &Name,
        at: Place,
    ) -> Option<Value> {
        let _ = (interpreter, base, name, at);
        None
    }

    /// What something outside the repository gives a class under a name that it only annotates: a call, as if it stood there.
    fn annotated(
        interpreter: &mut Interpreter<'_, Self>,
        class: ObjectId,
        name: &Name,
    ) -> Option<Value> {
        let _ = (interpreter, class, name);
        None
    }

    /// A call of something of which nothing is known: it may do anything.
    fn unknown_call(
        interpreter: &mut Interpreter<'_, Self>,
        callee: &Unknown,
        arguments: &[CallArgument],
        at: Place,
    ) {
        let _ = (interpreter, callee, arguments, at);
    }

    /// True if a class certainly has no such attribute, though it has bases outside the repository.
    fn lacks_attribute(
        interpreter: &Interpreter<'_, Self>,
        class: ObjectId,
        name: &str,
        at: Place,
    ) -> bool {
        let _ = (interpreter, class, name, at);
        false
    }

    /// Python raises an exception here that nothing handles and nobody wrote: an attribute is missing.
    fn fails(interpreter: &mut Interpreter<'_, Self>, message: String, at: Place) {
        let _ = (interpreter, message, at);
    }

    /// The items of something outside the repository, where a loop or an unpacking asks for them.
    fn iterate(interpreter: &mut Interpreter<'_, Self>, value: &Value) -> Option<Vec<Value>> {
        let _ = (interpreter, value);
        None
    }

    /// `bool(value)` of something outside the repository.
    fn truth(interpreter: &Interpreter<'_, Self>, value: &Value) -> Option<bool> {
        let _ = (interpreter, value);
        None
    }

    /// `isinstance(value, class)` where both are something outside the repository.
    fn is_instance(
        interpreter: &Interpreter<'_, Self>,
        value: &Value,
        class: &Value,
    ) -> Option<bool> {
        let _ = (interpreter, value, class);
        None
    }

    /// `hasattr(value, name)` of something outside the repository.
    fn has_attribute(
        interpreter: &Interpreter<'_, Self>,
        value: &Value,
        name: &Name,
    ) -> Option<bool> {
        let _ = (interpreter, value, name);
        None
    }

    /// What `with manager as name` binds where the manager is outside the repository. `None` binds the manager itself.
    fn enter(interpreter: &mut Interpreter<'_, Self>, manager: &Value, at: Place) -> Option<Value> {
        let _ = (interpreter, manager, at);
        None
    }

    /// The end of a `with` block over something outside the repository. The exception that it raises, if it does.
    fn exit(
        interpreter: &mut Interpreter<'_, Self>,
        manager: &Value,
        leaving: Leaving,
        at: Place,
    ) -> Option<Value> {
        let _ = (interpreter, manager, leaving, at);
        None
    }

    /// Whether the condition of an `if` statement holds, of which nothing else is known.
    fn decided(interpreter: &mut Interpreter<'_, Self>, at: Place) -> Option<bool> {
        let _ = (interpreter, at);
        None
    }

    /// A condition that is not known was taken not to hold, because it only guards an early `return`.
    fn assumed(interpreter: &mut Interpreter<'_, Self>, at: Place) {
        let _ = (interpreter, at);
    }

    /// Whether early returns under conditions that are not known are taken not to happen.
    fn assumes_guards_pass(&self) -> bool {
        false
    }

    /// Whether [`note`](Self::note) keeps what it is told.
    fn takes_notes(&self) -> bool {
        false
    }

    /// Keeps a text that is read as something else: how it was written.
    fn note(&mut self, what: &'static str, of: &str, text: String) {
        let _ = (what, of, text);
    }

    fn state(&self) -> Self::State;

    fn set_state(&mut self, state: Self::State);

    /// Sets the state to what is known if either of two has come about.
    fn join(
        interpreter: &mut Interpreter<'_, Self>,
        one: Self::State,
        other: Self::State,
        at: Place,
    ) {
        let _ = (other, at);
        interpreter.host.set_state(one);
    }

    /// True if one state certainly is the other.
    fn is_same_state(one: &Self::State, other: &Self::State) -> bool {
        let _ = (one, other);
        true
    }
}

/// A host that knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    type State = ();

    fn state(&self) {}

    fn set_state(&mut self, (): ()) {}
}
