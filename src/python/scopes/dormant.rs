//! Functions that nothing calls: those that are only handed over as Python-side defaults of columns, which DDL leaves
//! alone.

use super::walk::{each_expr, each_part, each_stmt};
use crate::python::ast::{
    Argument, ArgumentKind, Call, Expr, ExprKind, FunctionDef, Module, Name, Stmt, StmtKind,
};
use crate::source::Span;

/// The bodies of functions and lambdas that are only handed over as `default=` or `onupdate=` of columns, by none of
/// which a row is written, and of functions that only they use.
pub(super) fn dormant_bodies(module: &Module) -> Vec<Span> {
    let mut uses = Uses {
        writes_rows: writes_rows(&module.body),
        bodies: Vec::new(),
        names: Vec::new(),
    };
    let mut functions: Vec<&FunctionDef> = Vec::new();
    each_stmt(&module.body, &mut |stmt| {
        if let StmtKind::FunctionDef(def) = &stmt.kind
            && def.decorators.is_empty()
            && !matches!(def.name.as_str(), "upgrade" | "downgrade")
        {
            functions.push(def);
        }
        // The table that `op.create_table` gives back may be written to.
        let is_dropped = matches!(stmt.kind, StmtKind::Expr(_));
        each_expr(stmt, &mut |expr| uses.expr(expr, is_dropped, false));
    });
    let Uses {
        mut bodies, names, ..
    } = uses;
    loop {
        let before = bodies.len();
        for def in &functions {
            let mut places = names.iter().filter(|used| used.name == def.name).peekable();
            let is_dormant = places.peek().is_some()
                && places.all(|used| {
                    used.is_default
                        || def.span.contains(used.span)
                        || bodies.iter().any(|body| body.contains(used.span))
                });
            if is_dormant && !bodies.contains(&def.span) {
                bodies.push(def.span);
            }
        }
        if bodies.len() == before {
            return bodies;
        }
    }
}

struct Use {
    name: Name,
    span: Span,
    is_default: bool,
}

struct Uses {
    writes_rows: bool,
    bodies: Vec<Span>,
    names: Vec<Use>,
}

impl Uses {
    /// `is_dropped`: nothing gets the value of the expression. `is_ddl`: it is an argument of an operation of Alembic
    /// that gives nobody the column.
    fn expr(&mut self, expr: &Expr, is_dropped: bool, is_ddl: bool) {
        match &expr.kind {
            ExprKind::Name(name) => self.use_of(name, expr.span, false),
            ExprKind::Call(call) => self.call(call, is_dropped, is_ddl),
            _ => each_part(expr, &mut |part| self.expr(part, false, is_ddl)),
        }
    }

    fn call(&mut self, call: &Call, is_dropped: bool, is_ddl: bool) {
        let called = last_name(&call.function);
        let is_method = matches!(call.function.kind, ExprKind::Attribute { .. });
        let is_ddl = is_ddl
            || is_method && matches!(called, Some("add_column" | "alter_column"))
            || is_method && is_dropped && called == Some("create_table");
        let is_column = matches!(called, Some("Column" | "mapped_column"));
        self.expr(&call.function, false, is_ddl);
        for argument in &call.arguments {
            let value = &argument.value;
            match &value.kind {
                ExprKind::Name(name)
                    if is_column && is_python_default(argument) && self.is_left_alone(is_ddl) =>
                {
                    self.use_of(name, value.span, true);
                }
                ExprKind::Lambda(_)
                    if is_column && is_python_default(argument) && self.is_left_alone(is_ddl) =>
                {
                    self.bodies.push(value.span);
                    self.expr(value, false, is_ddl);
                }
                _ => self.expr(value, false, is_ddl),
            }
        }
    }

    const fn is_left_alone(&self, is_ddl: bool) -> bool {
        is_ddl || !self.writes_rows
    }

    fn use_of(&mut self, name: &Name, span: Span, is_default: bool) {
        self.names.push(Use {
            name: name.clone(),
            span,
            is_default,
        });
    }
}

fn is_python_default(argument: &Argument) -> bool {
    matches!(&argument.kind, ArgumentKind::Keyword(name)
        if matches!(name.as_str(), "default" | "insert_default" | "onupdate"))
}

fn last_name(function: &Expr) -> Option<&str> {
    match &function.kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(name.as_str()),
        _ => None,
    }
}

/// True if anything in the file has a name of what writes rows of a table or of a mapped class.
fn writes_rows(body: &[Stmt]) -> bool {
    fn names_it(expr: &Expr, found: &mut bool) {
        *found |= last_name(expr).is_some_and(|name| {
            matches!(
                name,
                "insert" | "bulk_insert" | "update" | "values" | "add" | "add_all" | "merge"
            ) || name.contains("bulk_")
                || name.to_ascii_lowercase().contains("session")
        });
        each_part(expr, &mut |part| names_it(part, found));
    }
    let mut found = false;
    each_stmt(body, &mut |stmt| {
        each_expr(stmt, &mut |expr| names_it(expr, &mut found));
    });
    found
}
