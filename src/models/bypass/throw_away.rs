//! Databases that are made for the occasion, and dropped at the end.

use super::sites::Site;
use crate::python::ast::{Expr, ExprKind, FStringPart, FunctionDef, Module, Stmt, StmtKind};
use crate::python::{Visitor, walk};
use crate::source::Span;

/// True for a place before which its function, or the module, makes a database, and after which it drops it.
pub(super) fn is_throw_away(module: &Module, site: &Site) -> bool {
    let mut search = Search {
        within: site.functions.first().map(|function| function.span),
        site: site.span,
        makes: false,
        drops: false,
    };
    walk(&module.body, &mut search);
    search.makes && search.drops
}

struct Search {
    /// The outermost function.
    within: Option<Span>,
    site: Span,
    makes: bool,
    drops: bool,
}

impl Search {
    fn note(&mut self, span: Span, word: &str) {
        let word = word.to_ascii_lowercase();
        let has = |verb: &str| {
            word.contains(&format!("{verb} database")) || word == format!("{verb}_database")
        };
        self.makes |= span.end <= self.site.start && has("create");
        self.drops |= self.site.end <= span.start && has("drop");
    }
}

impl Visitor for Search {
    fn statement(&mut self, statement: &Stmt) -> bool {
        match &statement.kind {
            // What another function does may be another command.
            StmtKind::FunctionDef(function) => match self.within {
                Some(within) => touches(function, within),
                None => false,
            },
            StmtKind::ClassDef(_) => self.within.is_some(),
            _ => true,
        }
    }

    fn expression(&mut self, expression: &Expr) -> bool {
        let is_inside = self.within.is_none_or(|within| {
            within.start <= expression.span.start && expression.span.end <= within.end
        });
        if !is_inside {
            return true;
        }
        match &expression.kind {
            ExprKind::Str(text) => self.note(expression.span, text),
            ExprKind::FString(parts) => {
                for part in parts {
                    if let FStringPart::Literal(text) = part {
                        self.note(expression.span, text);
                    }
                }
            }
            ExprKind::Call(call) => {
                if let ExprKind::Name(name) | ExprKind::Attribute { name, .. } = &call.function.kind
                {
                    self.note(expression.span, name);
                }
            }
            _ => {}
        }
        true
    }
}

/// True for the function itself, and for one in it.
fn touches(function: &FunctionDef, within: Span) -> bool {
    within.start <= function.span.start && function.span.end <= within.end
}

#[cfg(test)]
mod tests {
    use super::super::sites::sites;
    use super::*;
    use crate::python::parse;

    #[test]
    fn made_before_and_dropped_after() {
        for (code, is_meant) in [
            (
                "def f():\n    admin.execute(f'CREATE DATABASE \"{NAME}\"')\n    Base.metadata.create_all(engine)\n    admin.execute('drop database x')\n",
                true,
            ),
            (
                "create_database(url)\nBase.metadata.create_all(engine)\nsqlalchemy_utils.drop_database(url)\n",
                true,
            ),
            (
                "def f():\n    drop_database(url)\n    create_database(url)\n    Base.metadata.create_all(engine)\n",
                false,
            ),
            (
                "def f():\n    create_database(url)\n    Base.metadata.create_all(engine)\ndef g():\n    drop_database(url)\n",
                false,
            ),
        ] {
            let (module, _) = parse(code);
            let sites = sites(&module);
            let found: Vec<bool> = sites
                .iter()
                .map(|site| is_throw_away(&module, site))
                .collect();
            assert_eq!(found, [is_meant], "{code}");
        }
    }
}
