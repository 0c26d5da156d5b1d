//! The names that statements bind.

use rustc_hash::FxHashSet;

use super::walk::{each_body, each_expr, each_part, each_stmt};
use crate::python::ast::{Expr, ExprKind, ImportFrom, Module, Name, Pattern, Stmt, StmtKind};

/// What the statements of one scope bind, and what they say belongs to another.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    pub(super) bound: FxHashSet<Name>,
    pub(super) globals: FxHashSet<Name>,
    pub(super) nonlocals: FxHashSet<Name>,
}

impl Bindings {
    pub(super) fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
            each_expr(stmt, &mut |expr| self.walrus(expr));
            each_body(stmt, &mut |inner| self.body(inner));
        }
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } | StmtKind::Delete(targets) => {
                for target in targets {
                    self.target(target);
                }
            }
            StmtKind::AugAssign { target, .. }
            | StmtKind::AnnAssign { target, .. }
            | StmtKind::For { target, .. } => self.target(target),
            StmtKind::TypeAlias { name, .. } => {
                if let Some(name) = alias_name(name) {
                    self.bind(name);
                }
            }
            StmtKind::With(with) => with
                .items
                .iter()
                .filter_map(|item| item.target.as_ref())
                .for_each(|target| self.target(target)),
            StmtKind::FunctionDef(def) => self.bind(&def.name),
            StmtKind::ClassDef(def) => self.bind(&def.name),
            StmtKind::Global(names) => self.globals.extend(names.iter().cloned()),
            StmtKind::Nonlocal(names) => self.nonlocals.extend(names.iter().cloned()),
            StmtKind::Import(aliases) => {
                for alias in aliases {
                    // `import a.b` binds `a`.
                    let top = alias.name.split('.').next().unwrap_or_default();
                    let bound = alias.asname.clone().unwrap_or_else(|| Name::new(top));
                    self.bound.insert(bound);
                }
            }
            StmtKind::ImportFrom(ImportFrom { names, .. }) => {
                for alias in names {
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name));
                }
            }
            StmtKind::Try { handlers, .. } => handlers
                .iter()
                .filter_map(|handler| handler.name.as_ref())
                .for_each(|name| self.bind(name)),
            StmtKind::Match { cases, .. } => {
                for case in cases {
                    self.pattern(&case.pattern);
                }
            }
            _ => {}
        }
    }

    fn bind(&mut self, name: &Name) {
        self.bound.insert(name.clone());
    }

    pub(super) fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.bind(name),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                for item in items {
                    self.target(item);
                }
            }
            ExprKind::Starred(inner) => self.target(inner),
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Capture(name) | Pattern::Star(name) => {
                if let Some(name) = name {
                    self.bind(name);
                }
            }
            Pattern::Or(parts) | Pattern::Sequence(parts) => {
                for part in parts {
                    self.pattern(part);
                }
            }
            Pattern::Mapping { items, rest } => {
                for (_, part) in items {
                    self.pattern(part);
                }
                if let Some(name) = rest {
                    self.bind(name);
                }
            }
            Pattern::Class {
                positional,
                keywords,
                ..
            } => {
                for part in positional {
                    self.pattern(part);
                }
                for (_, part) in keywords {
                    self.pattern(part);
                }
            }
            Pattern::As(inner, name) => {
                self.pattern(inner);
                self.bind(name);
            }
            Pattern::Other { binds } => {
                for name in binds {
                    self.bind(name);
                }
            }
            Pattern::Value(_) => {}
        }
    }

    /// `(name := …)`, which binds in the function around a comprehension too.
    pub(super) fn walrus(&mut self, expr: &Expr) {
        if let ExprKind::Named { target, .. } = &expr.kind {
            self.bind(target);
        }
        each_part(expr, &mut |part| self.walrus(part));
    }
}

/// True if all names of a module come about in statements that bind them.
pub(super) fn is_closed(module: &Module) -> bool {
    let mut is_closed = true;
    each_stmt(&module.body, &mut |stmt| {
        is_closed &= match &stmt.kind {
            StmtKind::Invalid => false,
            StmtKind::TypeAlias { name, .. } => alias_name(name).is_some(),
            StmtKind::ImportFrom(import) => !import.star && !is_of_builtins(&import.module),
            StmtKind::Import(aliases) => !aliases.iter().any(|alias| is_of_builtins(&alias.name)),
            _ => true,
        };
        if !matches!(stmt.kind, StmtKind::TypeAlias { .. }) {
            each_expr(stmt, &mut |expr| is_closed &= !may_bind(expr));
        }
    });
    is_closed
}

/// The name of `type X = …` and `type X[T] = …`.
fn alias_name(name: &Expr) -> Option<&Name> {
    match &name.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Subscript { value, .. } => alias_name(value),
        _ => None,
    }
}

/// Modules through which a name may be given to all others.
fn is_of_builtins(module: &str) -> bool {
    matches!(module, "builtins" | "__builtin__")
}

/// True if working an expression out may bind names that are not to be seen.
fn may_bind(expr: &Expr) -> bool {
    let mut may = match &expr.kind {
        ExprKind::Invalid => true,
        ExprKind::Name(name) => matches!(
            name.as_str(),
            "exec" | "execfile" | "globals" | "locals" | "vars" | "__builtins__" | "__dict__"
        ),
        // `sys.modules[__name__]`
        ExprKind::Attribute { name, .. } => matches!(name.as_str(), "modules" | "__dict__"),
        _ => false,
    };
    each_part(expr, &mut |part| may |= may_bind(part));
    may
}
