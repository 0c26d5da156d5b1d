//! Imported modules, of which only the definitions run that are needed.
//!
//! A migration that imports one name of an application would otherwise run the whole of it. Statements that only bind
//! a name wait until the name is looked up; calls for their effect alone are left out. Everything else runs in order.

use std::rc::Rc;
use std::sync::Arc;

use super::statements::{Flow, Frame};
use super::{Host, Interpreter};
use crate::python::ast::{Expr, ExprKind, Name, Stmt, StmtKind};
use crate::python::sources::ParsedFile;
use crate::python::value::{Import, Place, Postponed, Reason, Scope, Value};

/// Methods that change what they are called on, so that leaving them out would be seen.
const MUTATING: &[&str] = &[
    "add",
    "append",
    "clear",
    "discard",
    "extend",
    "insert",
    "pop",
    "remove",
    "setdefault",
    "sort",
    "update",
];

impl<H: Host> Interpreter<'_, H> {
    /// Runs the body of a module as far as it does more than define.
    pub(super) fn exec_definitions(&mut self, file: &Arc<ParsedFile>, scope: &Rc<Scope>) {
        let mut frame: Frame<H> = Frame::default();
        for (statement, stmt) in file.module.body.iter().enumerate() {
            if is_effect_only(stmt) && !(self.import_log.is_some() && may_import(stmt)) {
                continue;
            }
            if let Some(name) = postponable(stmt)
                && !self.is_bound(name, scope)
            {
                let at = Self::place(scope, stmt.span);
                let import = Import {
                    module: scope.module.name.clone(),
                    attribute: None,
                    at,
                    postponed: Some(Postponed {
                        file: Arc::clone(file),
                        statement,
                        name: name.clone(),
                        scope: Rc::clone(scope),
                    }),
                };
                self.bind(name, Value::Import(Rc::new(import)), scope);
                continue;
            }
            let block = std::slice::from_ref(stmt);
            if !matches!(self.exec_block(block, scope, &mut frame), Flow::Next) {
                break;
            }
        }
    }

    /// Runs what [`Self::exec_definitions`] has left out.
    pub(super) fn exec_left_out(&mut self, file: &ParsedFile, scope: &Rc<Scope>) {
        for stmt in &file.module.body {
            if is_left_out(stmt) {
                self.refuel();
                self.apart(true, |this| {
                    let mut frame: Frame<H> = Frame::default();
                    this.exec_block(std::slice::from_ref(stmt), scope, &mut frame);
                });
            }
        }
    }

    fn is_bound(&self, name: &Name, scope: &Scope) -> bool {
        self.heap
            .namespace(scope.names)
            .is_some_and(|namespace| namespace.names.contains_key(name))
    }

    /// Runs a definition now, and gives what it binds.
    pub(super) fn exec_postponed(&mut self, postponed: &Postponed, at: Place) -> Value {
        let unknown = || Value::unknown(Reason::Name(postponed.name.clone()), at);
        let Some(stmt) = postponed.file.module.body.get(postponed.statement) else {
            return unknown();
        };
        let scope = &postponed.scope;
        self.apart(true, |this| {
            // Seen from its own definition the name is not bound yet.
            let is_waiting = this
                .heap
                .namespace(scope.names)
                .and_then(|namespace| namespace.names.get(&postponed.name))
                .is_some_and(
                    |value| matches!(value, Value::Import(import) if import.postponed.is_some()),
                );
            if is_waiting {
                if let Some(namespace) = this.heap.namespace_mut(scope.names) {
                    namespace.names.shift_remove(&postponed.name);
                }
                let mut frame: Frame<H> = Frame::default();
                this.exec_block(std::slice::from_ref(stmt), scope, &mut frame);
            }
            let bound = this
                .heap
                .namespace(scope.names)
                .and_then(|namespace| namespace.names.get(&postponed.name).cloned());
            match bound {
                Some(Value::Import(import)) if import.postponed.is_some() => unknown(),
                Some(value) => {
                    this.heap.settle(scope.names, &postponed.name, &value);
                    this.force(value)
                }
                None => unknown(),
            }
        })
    }
}

/// The one name a statement binds, if it does nothing else worth running at once.
pub(super) fn postponable(stmt: &Stmt) -> Option<&Name> {
    match &stmt.kind {
        StmtKind::ClassDef(def) => Some(&def.name),
        StmtKind::FunctionDef(def) => {
            let has_more = !def.decorators.is_empty()
                || def
                    .parameters
                    .iter()
                    .any(|parameter| parameter.default.is_some());
            has_more.then_some(&def.name)
        }
        StmtKind::Assign { targets, value } => match targets.as_slice() {
            [
                Expr {
                    kind: ExprKind::Name(name),
                    ..
                },
            ] if !is_constant(value) => Some(name),
            _ => None,
        },
        StmtKind::AnnAssign {
            target:
                Expr {
                    kind: ExprKind::Name(name),
                    ..
                },
            value: Some(value),
            ..
        } if !is_constant(value) => Some(name),
        _ => None,
    }
}

fn is_constant(value: &Expr) -> bool {
    matches!(
        value.kind,
        ExprKind::None
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Str(_)
    )
}

/// A call that is made for its effect and binds nothing.
fn is_effect_only(stmt: &Stmt) -> bool {
    let StmtKind::Expr(expr) = &stmt.kind else {
        return false;
    };
    match &expr.kind {
        ExprKind::Str(_) => true,
        ExprKind::Call(call) => match &call.function.kind {
            ExprKind::Attribute { name, .. } => !MUTATING.contains(&name.as_str()),
            _ => true,
        },
        _ => false,
    }
}

/// True for what is left out of an imported module, also where its imports count.
pub(super) fn is_left_out(stmt: &Stmt) -> bool {
    is_effect_only(stmt) && !may_import(stmt)
}

/// True for a call that by its name may be made to import modules: `import_submodules(__name__)`.
fn may_import(stmt: &Stmt) -> bool {
    let StmtKind::Expr(expr) = &stmt.kind else {
        return false;
    };
    let ExprKind::Call(call) = &expr.kind else {
        return false;
    };
    let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = &call.function.kind else {
        return false;
    };
    ["import", "load", "discover", "scan"]
        .iter()
        .any(|word| name.contains(word))
}
