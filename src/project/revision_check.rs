//! Code that goes no further on a database of another revision.

use rustc_hash::FxHashSet;

use crate::python::ast::{CompareOp, Expr, ExprKind, FStringPart, Name, Stmt, StmtKind};
use crate::python::{Visitor, walk, walk_expression};

/// How Alembic is asked for the revisions of a database, and the column that holds them.
const ASKS: [&str; 3] = ["get_current_revision", "get_current_heads", "version_num"];
/// The table that holds them.
const TABLE: &str = "alembic_version";

/// True for code that compares the revision of the database with another one, and raises or exits where they differ.
pub(super) fn refuses_another_revision(body: &[Stmt]) -> bool {
    let mut search = Search::default();
    walk(body, &mut search);
    search.is_found
}

#[derive(Default)]
struct Search {
    /// The names of the function that hold the revision of the database, or the row that it is in.
    holders: FxHashSet<Name>,
    is_found: bool,
}

impl Visitor for Search {
    fn statement(&mut self, statement: &Stmt) -> bool {
        match &statement.kind {
            StmtKind::FunctionDef(_) => self.holders.clear(),
            StmtKind::Assign { targets, value } => {
                let holds = self.asks(value);
                for target in targets {
                    if let ExprKind::Name(name) = &target.kind {
                        if holds {
                            self.holders.insert(name.clone());
                        } else {
                            self.holders.remove(name);
                        }
                    }
                }
            }
            StmtKind::If { test, body, orelse } => {
                self.is_found |= match self.compares(test) {
                    Some(Answer::Differs) => body.iter().any(ends),
                    Some(Answer::Equals) => orelse.iter().any(ends),
                    None => false,
                };
            }
            StmtKind::Assert { test } => {
                self.is_found |= matches!(self.compares(test), Some(Answer::Equals));
            }
            _ => {}
        }
        !self.is_found
    }
}

enum Answer {
    Equals,
    Differs,
}

impl Search {
    /// What a condition says of the revision of the database and another one.
    fn compares(&self, test: &Expr) -> Option<Answer> {
        match &test.kind {
            ExprKind::BoolOp { left, right, .. } => {
                self.compares(left).or_else(|| self.compares(right))
            }
            ExprKind::Compare { left, rest } => {
                let [(op, right)] = rest.as_slice() else {
                    return None;
                };
                if is_nothing(left) || is_nothing(right) || self.asks(left) == self.asks(right) {
                    return None;
                }
                match op {
                    CompareOp::Eq => Some(Answer::Equals),
                    CompareOp::NotEq => Some(Answer::Differs),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// True for an expression that is made of the revision of the database.
    fn asks(&self, value: &Expr) -> bool {
        let mut asked = Asked {
            holders: &self.holders,
            is_found: false,
        };
        walk_expression(value, &mut asked);
        asked.is_found
    }
}

struct Asked<'s> {
    holders: &'s FxHashSet<Name>,
    is_found: bool,
}

impl Visitor for Asked<'_> {
    fn expression(&mut self, expression: &Expr) -> bool {
        self.is_found |= match &expression.kind {
            ExprKind::Name(name) => ASKS.contains(&name.as_str()) || self.holders.contains(name),
            ExprKind::Attribute { name, .. } => ASKS.contains(&name.as_str()),
            ExprKind::Str(text) => text.contains(TABLE),
            ExprKind::FString(parts) => parts
                .iter()
                .any(|part| matches!(part, FStringPart::Literal(text) if text.contains(TABLE))),
            _ => false,
        };
        !self.is_found
    }
}

/// True for what a database without a revision is compared with.
fn is_nothing(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::None | ExprKind::Bool(_) | ExprKind::Int(_) => true,
        ExprKind::Str(text) => text.is_empty(),
        ExprKind::Tuple(items) | ExprKind::List(items) => items.is_empty(),
        _ => false,
    }
}

/// True for a statement after which nothing comes.
fn ends(statement: &Stmt) -> bool {
    match &statement.kind {
        StmtKind::Raise { exception } => exception.is_some(),
        StmtKind::Expr(value) => {
            matches!(&value.kind, ExprKind::Call(call) if matches!(
                &call.function.kind,
                ExprKind::Name(name) | ExprKind::Attribute { name, .. }
                    if matches!(name.as_str(), "exit" | "_exit" | "quit" | "abort")
            ))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    #[test]
    fn code_that_starts_with_one_revision_alone() {
        for (body, is_meant) in [
            (
                "last = session.scalars(select(AlembicVersion)).first()\nif last.version_num != SCHEMA and check:\n    print('old')\n    sys.exit()\n",
                true,
            ),
            (
                "found = conn.execute(text('SELECT * FROM alembic_version')).first()\nfound = found[0]\nif found == EXPECTED:\n    start()\nelse:\n    raise RuntimeError('upgrade first')\n",
                true,
            ),
            (
                "assert context.get_current_revision() == script.get_current_head()\n",
                true,
            ),
            (
                "if context.get_current_revision() != EXPECTED:\n    command.upgrade(config, 'head')\n",
                false,
            ),
            (
                "if context.get_current_revision() is None:\n    raise RuntimeError('no database')\n",
                false,
            ),
            (
                "found = context.get_current_revision()\ndef load(found):\n    if found != 1:\n        raise ValueError(found)\n",
                false,
            ),
            ("if version != EXPECTED:\n    sys.exit()\n", false),
        ] {
            let (module, _) = parse(body);
            assert_eq!(refuses_another_revision(&module.body), is_meant, "{body}");
        }
    }
}
