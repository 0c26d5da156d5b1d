//! Which statements of a file only run as an answer decides: they stand under a condition that is made of it, or after a
//! `return` that does.
//!
//! ```python
//! names = {column["name"] for column in inspector.get_columns("users")}
//! if "email" in names:
//!     return
//! op.add_column("users", …)  # decided by what the database answers
//! ```
//!
//! Names are followed from assignment to assignment, without regard to their order, and functions by what they return.

use std::collections::BTreeSet;

use crate::python::ast::{
    Call, ExceptHandler, Expr, ExprKind, FunctionDef, Module, Name, Stmt, StmtKind,
};
use crate::python::visit::{Visitor, walk, walk_expression};
use crate::source::Span;

/// The statements that only run as an answer decides. `is_answer` says which calls give one.
pub(crate) fn decided(module: &Module, is_answer: &dyn Fn(&Call) -> bool) -> Vec<Span> {
    let mut functions = Functions::default();
    walk(&module.body, &mut functions);
    let functions = functions.0;
    let mut answering: BTreeSet<Name> = BTreeSet::new();
    let mut decided: BTreeSet<Name> = BTreeSet::new();
    let mut spans = Vec::new();
    // Each round follows one call more.
    for _ in 0..MOST_CALLS {
        let known = (answering.len(), decided.len());
        spans.clear();
        let mut calls = Calls::default();
        let mut found = Vec::new();
        for function in &functions {
            let mut body = Body {
                is_answer,
                answering: &answering,
                names: BTreeSet::new(),
                answers: false,
                spans: Vec::new(),
                calls: Calls::default(),
            };
            body.learn_names(&function.body);
            body.block(&function.body, decided.contains(&function.name));
            if body.answers {
                found.push(function.name.clone());
            }
            spans.append(&mut body.spans);
            calls.decided.append(&mut body.calls.decided);
            calls.others.append(&mut body.calls.others);
        }
        answering.extend(found);
        decided.extend(calls.decided.difference(&calls.others).cloned());
        if known == (answering.len(), decided.len()) {
            break;
        }
    }
    spans
}

/// How many calls an answer is followed through.
const MOST_CALLS: usize = 6;

/// How many turns of a loop an answer is followed through, from a name to one that stands above it.
const MOST_LOOPS: usize = 8;

/// The functions of a file, nested ones too.
#[derive(Default)]
struct Functions(Vec<std::sync::Arc<FunctionDef>>);

impl Visitor for Functions {
    fn statement(&mut self, statement: &Stmt) -> bool {
        if let StmtKind::FunctionDef(function) = &statement.kind {
            self.0.push(std::sync::Arc::clone(function));
        }
        true
    }
}

/// The functions that are called: under an answer, and otherwise.
#[derive(Default)]
struct Calls {
    decided: BTreeSet<Name>,
    others: BTreeSet<Name>,
}

/// How the statements after a condition come to be decided by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Leaves {
    Nothing,
    Loop,
    Function,
}

struct Body<'f> {
    is_answer: &'f dyn Fn(&Call) -> bool,
    /// Functions that return an answer.
    answering: &'f BTreeSet<Name>,
    /// Names that hold an answer, or something made of one.
    names: BTreeSet<Name>,
    /// True if the function returns an answer.
    answers: bool,
    spans: Vec<Span>,
    calls: Calls,
}

impl Body<'_> {
    /// The names that hold answers. Assignments in loops may come before what they use.
    fn learn_names(&mut self, body: &[Stmt]) {
        for _ in 0..MOST_LOOPS {
            let known = self.names.len();
            self.block(body, false);
            if self.names.len() == known {
                break;
            }
        }
        self.spans.clear();
        self.calls = Calls::default();
        self.answers = false;
    }

    fn block(&mut self, body: &[Stmt], mut is_decided: bool) -> Leaves {
        let mut leaves = Leaves::Nothing;
        for statement in body {
            let left = self.statement(statement, is_decided);
            if left > Leaves::Nothing {
                is_decided = true;
                leaves = leaves.max(left);
            }
        }
        leaves
    }

    /// Reads a statement, and tells whether what follows it is decided by an answer.
    fn statement(&mut self, statement: &Stmt, is_decided: bool) -> Leaves {
        if is_decided {
            self.spans.push(statement.span);
        }
        let heads = heads(statement);
        for head in &heads {
            self.note_calls(head, is_decided);
        }
        match &statement.kind {
            StmtKind::Assign { targets, value } if is_decided || self.holds(value) => {
                for target in targets {
                    self.bind(target);
                }
            }
            StmtKind::AugAssign { target, value, .. }
            | StmtKind::AnnAssign {
                target,
                value: Some(value),
                ..
            } if is_decided || self.holds(value) => self.bind(target),
            StmtKind::Expr(value) => self.collect(value),
            StmtKind::Return(value) => {
                self.answers |= is_decided || value.as_ref().is_some_and(|value| self.holds(value));
                return if is_decided {
                    Leaves::Function
                } else {
                    Leaves::Nothing
                };
            }
            StmtKind::Raise { .. } if is_decided => return Leaves::Function,
            StmtKind::Break | StmtKind::Continue if is_decided => return Leaves::Loop,
            StmtKind::If { test, body, orelse } => {
                let is_decided = is_decided || self.holds(test);
                return self
                    .block(body, is_decided)
                    .max(self.block(orelse, is_decided));
            }
            StmtKind::While { test, body, orelse } => {
                let is_decided = is_decided || self.holds(test);
                let left = self
                    .block(body, is_decided)
                    .max(self.block(orelse, is_decided));
                return without_loop(left);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
            } => {
                let holds = self.holds(iter);
                if holds {
                    self.bind(target);
                }
                let left = self
                    .block(body, is_decided || holds)
                    .max(self.block(orelse, is_decided));
                return without_loop(left);
            }
            StmtKind::With(with) => {
                for item in &with.items {
                    if let Some(target) = &item.target
                        && self.holds(&item.context)
                    {
                        self.bind(target);
                    }
                }
                return self.block(&with.body, is_decided);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                let mut left = self.block(body, is_decided);
                // Where it fails, what follows goes on as if nothing was.
                if handlers.iter().any(swallows) {
                    self.spans
                        .extend(body.iter().map(|statement| statement.span));
                }
                for handler in handlers {
                    left = left.max(self.block(&handler.body, is_decided));
                }
                let left = left.max(self.block(orelse, is_decided));
                return left.max(self.block(finalbody, is_decided));
            }
            StmtKind::Match { subject, cases } => {
                let is_decided = is_decided || self.holds(subject);
                return cases
                    .iter()
                    .map(|case| self.block(&case.body, is_decided))
                    .max()
                    .unwrap_or(Leaves::Nothing);
            }
            _ => {}
        }
        Leaves::Nothing
    }

    /// `names.add(…)`: what is put into a collection.
    fn collect(&mut self, value: &Expr) {
        let ExprKind::Call(call) = &value.kind else {
            return;
        };
        if let ExprKind::Attribute { value: owner, name } = &call.function.kind
            && matches!(
                name.as_str(),
                "add" | "append" | "extend" | "insert" | "update"
            )
            && call
                .arguments
                .iter()
                .any(|argument| self.holds(&argument.value))
        {
            self.bind(owner);
        }
    }

    fn bind(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => {
                self.names.insert(name.clone());
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                for item in items {
                    self.bind(item);
                }
            }
            ExprKind::Starred(inner) => self.bind(inner),
            ExprKind::Subscript { value, .. } => self.bind(value),
            _ => {}
        }
    }

    /// True if a value is made of an answer.
    fn holds(&mut self, value: &Expr) -> bool {
        let mut search = Search {
            is_answer: self.is_answer,
            answering: self.answering,
            names: &self.names,
            found: false,
            bound: Vec::new(),
        };
        walk_expression(value, &mut search);
        let Search { found, bound, .. } = search;
        if found {
            self.names.extend(bound);
        }
        found
    }

    fn note_calls(&mut self, value: &Expr, is_decided: bool) {
        let calls = if is_decided {
            &mut self.calls.decided
        } else {
            &mut self.calls.others
        };
        let mut called = Called(calls);
        walk_expression(value, &mut called);
    }
}

/// True for a handler that lets nothing out.
fn swallows(handler: &ExceptHandler) -> bool {
    let mut search = Raises(false);
    walk(&handler.body, &mut search);
    !search.0
}

struct Raises(bool);

impl Visitor for Raises {
    fn statement(&mut self, statement: &Stmt) -> bool {
        self.0 |= matches!(statement.kind, StmtKind::Raise { .. } | StmtKind::Return(_));
        !self.0
    }
}

fn without_loop(left: Leaves) -> Leaves {
    if left == Leaves::Loop {
        Leaves::Nothing
    } else {
        left
    }
}

/// The expressions of a statement itself, without those of the statements in it.
fn heads(statement: &Stmt) -> Vec<&Expr> {
    match &statement.kind {
        StmtKind::Expr(value)
        | StmtKind::Assert { test: value }
        | StmtKind::Return(Some(value))
        | StmtKind::Assign { value, .. }
        | StmtKind::AugAssign { value, .. }
        | StmtKind::AnnAssign {
            value: Some(value), ..
        }
        | StmtKind::Raise {
            exception: Some(value),
        }
        | StmtKind::If { test: value, .. }
        | StmtKind::While { test: value, .. }
        | StmtKind::For { iter: value, .. }
        | StmtKind::Match { subject: value, .. } => vec![value],
        StmtKind::With(with) => with.items.iter().map(|item| &item.context).collect(),
        _ => Vec::new(),
    }
}

/// Looks for names that are called.
struct Called<'c>(&'c mut BTreeSet<Name>);

impl Visitor for Called<'_> {
    fn expression(&mut self, expression: &Expr) -> bool {
        if let ExprKind::Call(call) = &expression.kind
            && let ExprKind::Name(name) = &call.function.kind
        {
            self.0.insert(name.clone());
        }
        true
    }
}

/// Looks for answers in an expression.
struct Search<'b> {
    is_answer: &'b dyn Fn(&Call) -> bool,
    answering: &'b BTreeSet<Name>,
    names: &'b BTreeSet<Name>,
    found: bool,
    /// What `:=` binds.
    bound: Vec<Name>,
}

impl Visitor for Search<'_> {
    fn expression(&mut self, expression: &Expr) -> bool {
        match &expression.kind {
            ExprKind::Name(name) => self.found |= self.names.contains(name),
            ExprKind::Call(call) => {
                let is_answering = matches!(
                    &call.function.kind,
                    ExprKind::Name(name) if self.answering.contains(name)
                );
                self.found |= is_answering || (self.is_answer)(call);
            }
            ExprKind::Named { target, .. } => self.bound.push(target.clone()),
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    /// The last lines of the statements that an answer of `ask()` decides.
    fn lines(text: &str) -> Vec<usize> {
        let is_answer =
            |call: &Call| matches!(&call.function.kind, ExprKind::Name(name) if name == "ask");
        let module = parse(text).0;
        let mut lines: Vec<usize> = decided(&module, &is_answer)
            .into_iter()
            .map(|span| text[..span.start as usize].matches('\n').count() + 1)
            .collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn conditions_and_what_comes_after_a_return() {
        let text = "\
def f():
    a = {x['n']: x for x in ask()}
    if not a[1]['nullable']:
        return
    g()
    h()
";
        assert_eq!(lines(text), [4, 5, 6]);
    }

    #[test]
    fn functions_that_ask_and_functions_that_are_only_called_then() {
        let text = "\
def has(name):
    for one in ask():
        if one == name:
            return True
    return False
def change():
    alter()
def f():
    if has('a'):
        change()
    alter()
";
        assert_eq!(lines(text), [3, 4, 5, 7, 10]);
    }

    #[test]
    fn what_leaves_a_loop_decides_no_more_than_the_loop() {
        let text = "\
def f():
    for table in ('a', 'b'):
        if (found := ask(table)) and table:
            continue
        alter(table)
    other()
";
        assert_eq!(lines(text), [4, 5]);
    }

    #[test]
    fn another_condition_decides_nothing() {
        assert_eq!(
            lines("def f():\n    ask()\n    if x:\n        g()\n"),
            [0; 0]
        );
    }
}
