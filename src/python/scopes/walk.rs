//! The parts of statements and expressions.

use crate::python::ast::{
    Comprehension, ComprehensionClause, Expr, ExprKind, FStringPart, Stmt, StmtKind,
};

/// Visits the expressions that an expression is directly made of. Those of lambdas are their parameters' defaults and
/// their body.
pub(super) fn each_part(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    match &expr.kind {
        ExprKind::Attribute { value, .. }
        | ExprKind::Starred(value)
        | ExprKind::Await(value)
        | ExprKind::Unary { operand: value, .. }
        | ExprKind::Named { value, .. }
        | ExprKind::Yield(Some(value)) => visit(value),
        ExprKind::Subscript { value, index } => {
            visit(value);
            visit(index);
        }
        ExprKind::Slice { lower, upper, step } => {
            [lower, upper, step]
                .into_iter()
                .flatten()
                .for_each(|part| visit(part));
        }
        ExprKind::Call(call) => {
            visit(&call.function);
            for argument in &call.arguments {
                visit(&argument.value);
            }
        }
        ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
            items.iter().for_each(visit);
        }
        ExprKind::Dict(items) => {
            for item in items {
                item.key.iter().for_each(&mut *visit);
                visit(&item.value);
            }
        }
        ExprKind::Binary { left, right, .. } | ExprKind::BoolOp { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::Compare { left, rest } => {
            visit(left);
            for (_, right) in rest {
                visit(right);
            }
        }
        ExprKind::Conditional { test, body, orelse } => {
            visit(test);
            visit(body);
            visit(orelse);
        }
        ExprKind::FString(parts) => each_hole(parts, visit),
        ExprKind::Comprehension(comprehension) => each_of_comprehension(comprehension, visit),
        ExprKind::Lambda(def) => {
            def.parameters
                .iter()
                .filter_map(|parameter| parameter.default.as_ref())
                .for_each(&mut *visit);
            each_stmt(&def.body, &mut |stmt| {
                if let StmtKind::Return(Some(value)) | StmtKind::Expr(value) = &stmt.kind {
                    visit(value);
                }
            });
        }
        _ => {}
    }
}

fn each_hole(parts: &[FStringPart], visit: &mut dyn FnMut(&Expr)) {
    for part in parts {
        if let FStringPart::Hole { value, format, .. } = part {
            visit(value);
            each_hole(format.as_deref().unwrap_or_default(), visit);
        }
    }
}

fn each_of_comprehension(comprehension: &Comprehension, visit: &mut dyn FnMut(&Expr)) {
    for clause in &comprehension.clauses {
        match clause {
            ComprehensionClause::For { iter, .. } => visit(iter),
            ComprehensionClause::If(test) => visit(test),
        }
    }
    visit(&comprehension.element);
    comprehension.value.iter().for_each(visit);
}

/// Visits all statements, those of functions and classes too.
pub(super) fn each_stmt<'b>(body: &'b [Stmt], visit: &mut dyn FnMut(&'b Stmt)) {
    for stmt in body {
        visit(stmt);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => each_stmt(&def.body, visit),
            StmtKind::ClassDef(def) => each_stmt(&def.body, visit),
            _ => each_body(stmt, &mut |inner| each_stmt(inner, visit)),
        }
    }
}

/// Visits the bodies of a statement that belong to the same scope.
pub(super) fn each_body<'b>(stmt: &'b Stmt, visit: &mut dyn FnMut(&'b [Stmt])) {
    match &stmt.kind {
        StmtKind::If { body, orelse, .. }
        | StmtKind::For { body, orelse, .. }
        | StmtKind::While { body, orelse, .. } => {
            visit(body);
            visit(orelse);
        }
        StmtKind::With(with) => visit(&with.body),
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finalbody,
        } => {
            visit(body);
            for handler in handlers {
                visit(&handler.body);
            }
            visit(orelse);
            visit(finalbody);
        }
        StmtKind::Match { cases, .. } => {
            for case in cases {
                visit(&case.body);
            }
        }
        _ => {}
    }
}

/// Visits the expressions that stand in a statement itself, not those of its bodies, with the decorators, defaults,
/// annotations and bases of functions and classes.
pub(super) fn each_expr(stmt: &Stmt, visit: &mut dyn FnMut(&Expr)) {
    match &stmt.kind {
        StmtKind::Expr(value)
        | StmtKind::Return(Some(value))
        | StmtKind::Raise {
            exception: Some(value),
        }
        | StmtKind::Assert { test: value }
        | StmtKind::If { test: value, .. }
        | StmtKind::While { test: value, .. }
        | StmtKind::Match { subject: value, .. } => visit(value),
        StmtKind::Assign { targets, value } => {
            targets.iter().for_each(&mut *visit);
            visit(value);
        }
        StmtKind::AugAssign { target, value, .. } => {
            visit(target);
            visit(value);
        }
        StmtKind::AnnAssign {
            target,
            annotation,
            value,
        } => {
            visit(target);
            visit(annotation);
            value.iter().for_each(&mut *visit);
        }
        StmtKind::For { target, iter, .. } => {
            visit(target);
            visit(iter);
        }
        StmtKind::With(with) => {
            for item in &with.items {
                visit(&item.context);
                item.target.iter().for_each(&mut *visit);
            }
        }
        StmtKind::Delete(targets) => targets.iter().for_each(&mut *visit),
        StmtKind::TypeAlias { name, value } => {
            visit(name);
            visit(value);
        }
        StmtKind::FunctionDef(def) => {
            def.decorators.iter().for_each(&mut *visit);
            for parameter in &def.parameters {
                parameter.annotation.iter().for_each(&mut *visit);
                parameter.default.iter().for_each(&mut *visit);
            }
            def.returns.iter().for_each(&mut *visit);
        }
        StmtKind::ClassDef(def) => {
            def.decorators.iter().for_each(&mut *visit);
            for argument in &def.arguments {
                visit(&argument.value);
            }
        }
        _ => {}
    }
    if let StmtKind::Match { cases, .. } = &stmt.kind {
        cases
            .iter()
            .filter_map(|case| case.guard.as_ref())
            .for_each(&mut *visit);
    }
}
