//! Assignment, unpacking and deletion.

use std::rc::Rc;

use super::{Host, Interpreter};
use crate::python::ast::{Expr, ExprKind};
use crate::python::value::{Object, Place, Reason, Scope, Value};

impl<H: Host> Interpreter<'_, H> {
    /// Binds a value to what stands on the left of `=`.
    pub(super) fn assign(&mut self, target: &Expr, value: Value, scope: &Rc<Scope>) {
        let at = Self::place(scope, target.span);
        match &target.kind {
            ExprKind::Name(name) => self.bind(name, value, scope),
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                self.unpack(targets, &value, scope, at);
            }
            ExprKind::Starred(target) => self.assign(target, value, scope),
            ExprKind::Attribute {
                value: object,
                name,
            } => {
                let object = self.eval(object, scope);
                self.set_argument(&object, name, &value, scope);
                self.set_attribute(&object, name, value);
            }
            ExprKind::Subscript {
                value: object,
                index,
            } => {
                let object = self.eval(object, scope);
                let index = self.eval(index, scope);
                self.set_item(&object, &index, value, at);
            }
            _ => {}
        }
    }

    fn unpack(&mut self, targets: &[Expr], value: &Value, scope: &Rc<Scope>, at: Place) {
        let items = self.iterate(value);
        let star = targets
            .iter()
            .position(|target| matches!(target.kind, ExprKind::Starred(_)));
        let fits = |items: &Vec<Value>| match star {
            Some(_) => items.len() + 1 >= targets.len(),
            None => items.len() == targets.len(),
        };
        match (items.filter(fits), star) {
            (None, _) => {
                for target in targets {
                    let unknown = match value {
                        Value::Unknown(unknown) => Value::Unknown(Rc::clone(unknown)),
                        _ => Value::unknown(Reason::Element, at),
                    };
                    self.assign(target, unknown, scope);
                }
            }
            (Some(items), None) => {
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item, scope);
                }
            }
            (Some(mut items), Some(star)) => {
                let after = targets.len() - star - 1;
                let tail = items.split_off(items.len() - after);
                let middle = items.split_off(star);
                let middle = Value::Object(self.heap.allocate(Object::List(middle)));
                let values = items.into_iter().chain([middle]).chain(tail);
                for (target, item) in targets.iter().zip(values) {
                    self.assign(target, item, scope);
                }
            }
        }
    }

    pub(super) fn delete(&mut self, target: &Expr, scope: &Rc<Scope>) {
        match &target.kind {
            ExprKind::Name(name) => {
                if let Some(namespace) = self.heap.namespace_mut(scope.names) {
                    namespace.names.shift_remove(name);
                }
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                for target in targets {
                    self.delete(target, scope);
                }
            }
            ExprKind::Attribute {
                value: object,
                name,
            } => {
                if let Value::Instance(id) = self.eval(object, scope)
                    && let Object::Instance(instance) = self.heap.get_mut(id)
                {
                    instance.names.shift_remove(name);
                }
            }
            ExprKind::Subscript {
                value: object,
                index,
            } => {
                let object = self.eval(object, scope);
                let index = self.eval(index, scope);
                self.delete_item(&object, &index, Self::place(scope, target.span));
            }
            _ => {}
        }
    }
}
