//! A walk over a syntax tree.

use crate::python::ast::{
    ComprehensionClause, Expr, ExprKind, FStringPart, FunctionDef, Stmt, StmtKind,
};

/// What a walk comes by. Both methods are asked before what is inside, and stop the walk there with `false`.
pub(crate) trait Visitor {
    fn statement(&mut self, statement: &Stmt) -> bool {
        let _ = statement;
        true
    }

    fn expression(&mut self, expression: &Expr) -> bool {
        let _ = expression;
        true
    }
}

/// Walks over statements, in the order in which they are written.
pub(crate) fn walk(body: &[Stmt], visitor: &mut impl Visitor) {
    for statement in body {
        walk_statement(statement, visitor);
    }
}

fn walk_statement(statement: &Stmt, visitor: &mut impl Visitor) {
    if !visitor.statement(statement) {
        return;
    }
    match &statement.kind {
        StmtKind::Expr(value)
        | StmtKind::Assert { test: value }
        | StmtKind::TypeAlias { value, .. }
        | StmtKind::Return(Some(value))
        | StmtKind::Raise {
            exception: Some(value),
        } => walk_expression(value, visitor),
        StmtKind::Assign { targets, value } => {
            walk_expressions(targets, visitor);
            walk_expression(value, visitor);
        }
        StmtKind::AugAssign { target, value, .. } => {
            walk_expressions([target, value], visitor);
        }
        StmtKind::AnnAssign { target, value, .. } => {
            walk_expressions(std::iter::once(target).chain(value), visitor);
        }
        StmtKind::FunctionDef(function) => walk_function(function, visitor),
        StmtKind::ClassDef(class) => {
            walk_expressions(&class.decorators, visitor);
            walk_expressions(
                class.arguments.iter().map(|argument| &argument.value),
                visitor,
            );
            walk(&class.body, visitor);
        }
        StmtKind::Delete(values) => walk_expressions(values, visitor),
        StmtKind::If { test, body, orelse } | StmtKind::While { test, body, orelse } => {
            walk_expression(test, visitor);
            walk(body, visitor);
            walk(orelse, visitor);
        }
        StmtKind::For {
            target,
            iter,
            body,
            orelse,
        } => {
            walk_expressions([target, iter], visitor);
            walk(body, visitor);
            walk(orelse, visitor);
        }
        StmtKind::With(with) => {
            for item in &with.items {
                walk_expressions(std::iter::once(&item.context).chain(&item.target), visitor);
            }
            walk(&with.body, visitor);
        }
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finalbody,
        } => {
            walk(body, visitor);
            for handler in handlers {
                walk_expressions(&handler.types, visitor);
                walk(&handler.body, visitor);
            }
            walk(orelse, visitor);
            walk(finalbody, visitor);
        }
        StmtKind::Match { subject, cases } => {
            walk_expression(subject, visitor);
            for case in cases {
                walk_expressions(&case.guard, visitor);
                walk(&case.body, visitor);
            }
        }
        StmtKind::Return(None)
        | StmtKind::Raise { exception: None }
        | StmtKind::Global(_)
        | StmtKind::Nonlocal(_)
        | StmtKind::Import(_)
        | StmtKind::ImportFrom(_)
        | StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Invalid => {}
    }
}

fn walk_function(function: &FunctionDef, visitor: &mut impl Visitor) {
    walk_expressions(&function.decorators, visitor);
    let parameters = function.parameters.iter();
    walk_expressions(
        parameters.filter_map(|parameter| parameter.default.as_ref()),
        visitor,
    );
    walk(&function.body, visitor);
}

fn walk_expressions<'e>(
    expressions: impl IntoIterator<Item = &'e Expr>,
    visitor: &mut impl Visitor,
) {
    for expression in expressions {
        walk_expression(expression, visitor);
    }
}

/// Walks over an expression.
pub(crate) fn walk_expression(expression: &Expr, visitor: &mut impl Visitor) {
    if !visitor.expression(expression) {
        return;
    }
    match &expression.kind {
        ExprKind::FString(parts) => walk_parts(parts, visitor),
        ExprKind::Attribute { value, .. }
        | ExprKind::Starred(value)
        | ExprKind::Await(value)
        | ExprKind::Named { value, .. }
        | ExprKind::Yield(Some(value))
        | ExprKind::Unary { operand: value, .. } => walk_expression(value, visitor),
        ExprKind::Subscript { value, index } => walk_expressions([&**value, &**index], visitor),
        ExprKind::Slice { lower, upper, step } => {
            let bounds = [lower, upper, step].into_iter().flatten();
            walk_expressions(bounds.map(|bound| &**bound), visitor);
        }
        ExprKind::Call(call) => {
            walk_expression(&call.function, visitor);
            let arguments = call.arguments.iter();
            walk_expressions(arguments.map(|argument| &argument.value), visitor);
        }
        ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
            walk_expressions(items, visitor);
        }
        ExprKind::Dict(items) => {
            for item in items {
                walk_expressions(item.key.iter().chain([&item.value]), visitor);
            }
        }
        ExprKind::Comprehension(comprehension) => {
            walk_expression(&comprehension.element, visitor);
            walk_expressions(&comprehension.value, visitor);
            for clause in &comprehension.clauses {
                match clause {
                    ComprehensionClause::For { target, iter } => {
                        walk_expressions([target, iter], visitor);
                    }
                    ComprehensionClause::If(test) => walk_expression(test, visitor),
                }
            }
        }
        ExprKind::Lambda(function) => walk_function(function, visitor),
        ExprKind::Binary { left, right, .. } | ExprKind::BoolOp { left, right, .. } => {
            walk_expressions([&**left, &**right], visitor);
        }
        ExprKind::Compare { left, rest } => {
            walk_expression(left, visitor);
            walk_expressions(rest.iter().map(|(_, right)| right), visitor);
        }
        ExprKind::Conditional { test, body, orelse } => {
            walk_expressions([&**test, &**body, &**orelse], visitor);
        }
        ExprKind::None
        | ExprKind::Bool(_)
        | ExprKind::Ellipsis
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Number(_)
        | ExprKind::Str(_)
        | ExprKind::Bytes(_)
        | ExprKind::Name(_)
        | ExprKind::Yield(None)
        | ExprKind::Invalid => {}
    }
}

fn walk_parts(parts: &[FStringPart], visitor: &mut impl Visitor) {
    for part in parts {
        if let FStringPart::Hole { value, format, .. } = part {
            walk_expression(value, visitor);
            if let Some(format) = format {
                walk_parts(format, visitor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    #[derive(Default)]
    struct Names(Vec<String>);

    impl Visitor for Names {
        fn expression(&mut self, expression: &Expr) -> bool {
            if let ExprKind::Name(name) = &expression.kind {
                self.0.push(name.to_string());
            }
            true
        }
    }

    #[test]
    fn goes_everywhere_in_order() {
        let text = "\
@a
def f(x=b):
    with c as d:
        for e in g: [h for i in j if k]
    return f'{l:{m}}'
class C(n):
    o = p if q else r[s:t]
try: u(v, w=x)
except y: z()
";
        let mut names = Names::default();
        walk(&parse(text).0.body, &mut names);
        assert_eq!(names.0.join(""), "abcdeghijklmnoqprstuvxyz");
    }
}
