//! Names of a function that are used where nothing has bound them: only another branch does, or what comes later.

use rustc_hash::FxHashSet;

use super::bindings::{Bindings, is_closed};
use super::dormant::dormant_bodies;
use super::root_name;
use super::walk::{each_expr, each_part, each_stmt};
use crate::python::ParsedFile;
use crate::python::ast::{Expr, ExprKind, FunctionDef, Name, Stmt, StmtKind};
use crate::source::Span;

/// The use of a name that is certainly not bound yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnboundName {
    pub name: Name,
    pub span: Span,
    /// Where the function binds it.
    pub bound_at: Span,
}

/// The first use of each name that a function binds, where no way through the function has bound it.
pub fn unbound_names(file: &ParsedFile) -> Vec<UnboundName> {
    let module = &file.module;
    if file.syntax_error.is_some() || !is_closed(module) {
        return Vec::new();
    }
    let mut found = Vec::new();
    each_stmt(&module.body, &mut |stmt| {
        if let StmtKind::FunctionDef(def) = &stmt.kind {
            found.extend(of_function(def));
        }
    });
    if !found.is_empty() {
        let dormant = dormant_bodies(module);
        found.retain(|one| !dormant.iter().any(|body| body.contains(one.span)));
    }
    found
}

fn of_function(def: &FunctionDef) -> Vec<UnboundName> {
    let mut own = bound_in(&def.body);
    let outer: Vec<Name> = own.globals.drain().chain(own.nonlocals.drain()).collect();
    own.bound.retain(|name| {
        let mut parameters = def.parameters.iter();
        !outer.contains(name) && !parameters.any(|parameter| parameter.name == *name)
    });
    if own.bound.is_empty() {
        return Vec::new();
    }
    let mut walk = Walk {
        own: own.bound,
        body: &def.body,
        bound: FxHashSet::default(),
        guards: 0,
        found: Vec::new(),
    };
    walk.block(&def.body);
    walk.found
}

fn bound_in(body: &[Stmt]) -> Bindings {
    let mut bindings = Bindings::default();
    bindings.body(body);
    bindings
}

/// Goes through a function as it runs, and keeps which of its names some way may have bound.
struct Walk<'d> {
    own: FxHashSet<Name>,
    body: &'d [Stmt],
    bound: FxHashSet<Name>,
    /// How many `try` statements around it may handle what is raised.
    guards: u32,
    found: Vec<UnboundName>,
}

impl Walk<'_> {
    fn block(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
            // Nothing gets to what follows.
            if matches!(
                stmt.kind,
                StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Break | StmtKind::Continue
            ) {
                break;
            }
        }
    }

    /// Either of some blocks runs, from the same beginning.
    fn either<'b>(&mut self, blocks: impl IntoIterator<Item = &'b [Stmt]>) {
        let before = self.bound.clone();
        let mut after = FxHashSet::default();
        for block in blocks {
            self.bound.clone_from(&before);
            self.block(block);
            after.extend(std::mem::take(&mut self.bound));
        }
        self.bound = before;
        self.bound.extend(after);
    }

    fn may_have_run(&mut self, body: &[Stmt]) {
        self.bound.extend(bound_in(body).bound);
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let mut binds = Bindings::default();
        binds.stmt(stmt);
        self.bound.extend(binds.bound);
        // Functions and classes have names of their own, and run another time.
        if !matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
            let mut walrus = Bindings::default();
            each_expr(stmt, &mut |expr| walrus.walrus(expr));
            self.bound.extend(walrus.bound);
            each_expr(stmt, &mut |expr| self.used(expr));
        }
        match &stmt.kind {
            StmtKind::If { body, orelse, .. } => self.either([body.as_slice(), orelse]),
            // It may have run before.
            StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                self.may_have_run(body);
                self.block(body);
                self.block(orelse);
            }
            StmtKind::With(with) => self.block(&with.body),
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                let guards = u32::from(!handlers.is_empty());
                self.guards += guards;
                self.block(body);
                self.guards -= guards;
                self.may_have_run(body);
                let handlers = handlers.iter().map(|handler| handler.body.as_slice());
                self.either(handlers.chain([orelse.as_slice()]));
                self.may_have_run(std::slice::from_ref(stmt));
                self.block(finalbody);
            }
            StmtKind::Match { cases, .. } => {
                self.either(cases.iter().map(|case| case.body.as_slice()));
            }
            _ => {}
        }
    }

    fn used(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Attribute { value, .. } => match root_name(value) {
                Some((name, span)) => self.name(name, span),
                None => self.used(value),
            },
            // They have names of their own, and lambdas run another time.
            ExprKind::Lambda(_) | ExprKind::Comprehension(_) => {}
            _ => each_part(expr, &mut |part| self.used(part)),
        }
    }

    fn name(&mut self, name: &Name, span: Span) {
        if self.guards > 0 || !self.own.contains(name) || self.bound.contains(name) {
            return;
        }
        if let Some(bound_at) = binding_of(self.body, name) {
            self.found.push(UnboundName {
                name: name.clone(),
                span,
                bound_at,
            });
        }
        self.bound.insert(name.clone());
    }
}

/// The statement of a function that binds a name.
fn binding_of(body: &[Stmt], name: &Name) -> Option<Span> {
    let mut found = None;
    each_stmt(body, &mut |stmt| {
        let mut binds = Bindings::default();
        binds.stmt(stmt);
        if found.is_none() && binds.bound.contains(name) {
            found = Some(match &stmt.kind {
                StmtKind::With(with) => with
                    .items
                    .iter()
                    .filter_map(|item| item.target.as_ref())
                    .map(|target| target.span)
                    .next()
                    .unwrap_or(stmt.span),
                StmtKind::For { target, .. } => target.span,
                StmtKind::FunctionDef(def) => def.name_span,
                StmtKind::Assign { targets, .. } => {
                    targets.first().map_or(stmt.span, |target| target.span)
                }
                _ => Span::new(stmt.span.start, stmt.span.start),
            });
        }
    });
    found
}
