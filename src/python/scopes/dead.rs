//! Branches that never run, because what they are asked for is settled in the file.

use rustc_hash::FxHashMap;

use super::bindings::Bindings;
use super::walk::{each_expr, each_stmt};
use crate::python::ast::{BoolOp, Expr, ExprKind, Name, Parameter, Stmt, StmtKind, UnaryOp};
use crate::source::Span;

/// The branches of a body that never run: those of `if False:`, and of names that are bound once, to `True` or `False`.
pub fn dead_branches(body: &[Stmt], parameters: &[Parameter]) -> Vec<Span> {
    let constants = constants(body, parameters);
    let mut dead = Vec::new();
    each_stmt(body, &mut |stmt| {
        let branch = match &stmt.kind {
            StmtKind::If { test, body, orelse } => match truth(test, &constants) {
                Some(true) => orelse,
                Some(false) => body,
                None => return,
            },
            StmtKind::While { test, body, .. } if truth(test, &constants) == Some(false) => body,
            _ => return,
        };
        if let [first, .., last] | [first @ last] = branch.as_slice() {
            dead.push(Span::new(first.span.start, last.span.end));
        }
    });
    dead
}

/// The names that nothing binds but one assignment of `True` or `False`, in whichever scope.
fn constants(body: &[Stmt], parameters: &[Parameter]) -> FxHashMap<Name, bool> {
    let mut constants = FxHashMap::default();
    let mut others = Bindings::default();
    let bind_all = |others: &mut Bindings, parameters: &[Parameter]| {
        let names = parameters.iter().map(|parameter| parameter.name.clone());
        others.bound.extend(names);
    };
    bind_all(&mut others, parameters);
    each_stmt(body, &mut |stmt| {
        each_expr(stmt, &mut |expr| others.walrus(expr));
        let assigned = match &stmt.kind {
            StmtKind::Assign { targets, value } => match targets.as_slice() {
                [target] => Some((target, value)),
                _ => None,
            },
            StmtKind::AnnAssign { target, value, .. } => {
                value.as_ref().map(|value| (target, value))
            }
            StmtKind::FunctionDef(def) => {
                bind_all(&mut others, &def.parameters);
                None
            }
            _ => None,
        };
        if let Some((target, value)) = assigned
            && let (ExprKind::Name(name), ExprKind::Bool(value)) = (&target.kind, &value.kind)
            && !constants.contains_key(name)
        {
            constants.insert(name.clone(), *value);
        } else {
            others.stmt(stmt);
        }
    });
    constants.retain(|name, _| !others.bound.contains(name));
    constants
}

fn truth(test: &Expr, constants: &FxHashMap<Name, bool>) -> Option<bool> {
    match &test.kind {
        ExprKind::Bool(value) => Some(*value),
        ExprKind::Int(value) => Some(*value != 0),
        ExprKind::Name(name) => constants.get(name).copied(),
        ExprKind::Unary {
            op: UnaryOp::Not,
            operand,
        } => truth(operand, constants).map(|value| !value),
        ExprKind::BoolOp { left, op, right } => {
            let decides = *op == BoolOp::Or;
            match (truth(left, constants), truth(right, constants)) {
                (Some(left), _) if left == decides => Some(decides),
                (_, Some(right)) if right == decides => Some(decides),
                (Some(_), Some(_)) => Some(!decides),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    fn dead(source: &str) -> Vec<&str> {
        let (module, _) = parse(source);
        dead_branches(&module.body, &[])
            .into_iter()
            .map(|span| &source[span.start as usize..span.end as usize])
            .collect()
    }

    #[test]
    fn what_is_settled_decides() {
        let source = "if False:\n    a()\nelse:\n    b()\ndef f():\n    late = True\n    slow = False\n    \
                      for x in y:\n        if late and not slow:\n            c()\n        else:\n            d()\n    \
                      while slow:\n        e()\n";
        assert_eq!(dead(source), ["a()", "d()", "e()"]);
    }

    #[test]
    fn what_may_change_does_not() {
        let source = "def f(given=False):\n    found = False\n    for x in y:\n        found = True\n    if found:\n        \
                      a()\n    if given or other:\n        b()\n    given = False\n    seen = False\n    \
                      if (seen := g()):\n        c()\n";
        assert!(dead(source).is_empty());
    }
}
