//! Which statements name the columns that they write.

use super::walk::{each_expr, each_part, each_stmt};
use crate::python::ast::{Argument, ArgumentKind, Call, DictItem, Expr, ExprKind, Stmt};
use crate::source::Span;

/// Where the tables stand of which rows are inserted with the names of their columns: `users` of
/// `bulk_insert(users, [{"id": 1}])`, of `insert(users).values(id=1)` and `users.insert` of `users.insert().values(id=1)`.
pub(super) fn with_named_columns(body: &[Stmt]) -> Vec<Span> {
    let mut spans = Vec::new();
    each_stmt(body, &mut |stmt| {
        each_expr(stmt, &mut |expr| collect(expr, &mut spans));
    });
    spans
}

fn collect(expr: &Expr, spans: &mut Vec<Span>) {
    if let ExprKind::Call(call) = &expr.kind {
        match called(call) {
            Some("bulk_insert") => {
                if let [table, rows, ..] = call.arguments.as_slice()
                    && are_rows(&rows.value)
                {
                    spans.push(table.value.span);
                }
            }
            Some("values") if names_values(call) => spans.extend(inserted_into(call)),
            _ => {}
        }
    }
    each_part(expr, &mut |part| collect(part, spans));
}

fn called(call: &Call) -> Option<&str> {
    match &call.function.kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(name),
        _ => None,
    }
}

/// What may be the table of `insert(users).values(…)` and `users.insert().values(…)`.
fn inserted_into(values: &Call) -> Vec<Span> {
    let ExprKind::Attribute { value, .. } = &values.function.kind else {
        return Vec::new();
    };
    match &value.kind {
        ExprKind::Call(call) if called(call) == Some("insert") => {
            let given = call.arguments.iter().map(|argument| argument.value.span);
            given.chain([call.function.span]).collect()
        }
        // `insert(users).prefix_with(…).values(…)`
        ExprKind::Call(call) => inserted_into(call),
        _ => Vec::new(),
    }
}

/// `values(id=1)`, `values({"id": 1})`, `values([{"id": 1}])`
fn names_values(call: &Call) -> bool {
    let is_named = |argument: &Argument| match argument.kind {
        ArgumentKind::Keyword(_) => true,
        ArgumentKind::Positional => is_row(&argument.value) || are_rows(&argument.value),
        ArgumentKind::Star | ArgumentKind::DoubleStar => false,
    };
    !call.arguments.is_empty() && call.arguments.iter().all(is_named)
}

fn are_rows(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::List(rows) | ExprKind::Tuple(rows) => !rows.is_empty() && rows.iter().all(is_row),
        ExprKind::Comprehension(rows) => rows.value.is_none() && is_row(&rows.element),
        _ => false,
    }
}

fn is_row(expr: &Expr) -> bool {
    let is_named = |item: &DictItem| item.key.as_ref().is_some_and(|key| key.as_str().is_some());
    matches!(&expr.kind, ExprKind::Dict(items) if !items.is_empty() && items.iter().all(is_named))
}
