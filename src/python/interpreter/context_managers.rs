//! `with` statements.

use std::rc::Rc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::{Name, Stmt, WithItem};
use crate::python::value::{Object, Place, Reason, Scope, Value};

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn exec_with(
        &mut self,
        items: &[WithItem],
        body: &[Stmt],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
    ) -> Flow {
        let mut managers = Vec::with_capacity(items.len());
        for item in items {
            let manager = self.eval(&item.context, scope);
            let entered = self.enter(&manager, Self::place(scope, item.context.span));
            if let Some(target) = &item.target {
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
            Value::Symbol(_) => H::enter(self, manager, at).unwrap_or_else(|| manager.clone()),
            Value::Unknown(_) => manager.clone(),
            // A generator function decorated with `contextmanager` was run; it yielded the value.
            Value::Object(id) => match self.heap.get(*id) {
                Object::List(items) => items.first().cloned().unwrap_or(Value::None),
                _ => Value::unknown(Reason::Unsupported("a context manager"), at),
            },
            _ => Value::unknown(Reason::Unsupported("a context manager"), at),
        }
    }
}
