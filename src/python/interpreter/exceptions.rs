//! `try` statements and the exceptions they handle.

use std::rc::Rc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::{ExceptHandler, Stmt};
use crate::python::value::Scope;

impl<H: Host> Interpreter<'_, H> {
    /// The body is taken to succeed, unless it raises by itself: handlers are for what goes wrong at run time.
    pub(super) fn exec_try(
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
}
