//! `match` statements.

use std::rc::Rc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::{MatchCase, Pattern};
use crate::python::value::{Place, Reason, Scope, Value};

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn exec_match(
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
            None => self.either(
                frame,
                at,
                |this, frame| this.exec_block(&case.body, scope, frame),
                |this, frame| this.exec_match(subject, rest, scope, frame, at),
            ),
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
}
