//! Names of models that hold objects, and no column.

use super::{Models, usage::name_at};
use crate::python::Sources;
use crate::python::ast::{Expr, ExprKind, Module, Stmt, StmtKind};
use crate::source::Span;

/// True if every model of a table is a class that calls a relationship by a name that is asked for.
pub fn is_relationship(models: &Models, sources: &Sources<'_>, table: &str, name: &str) -> bool {
    let mut all = models.by_name(table).peekable();
    all.peek().is_some()
        && all.all(|model| {
            let parsed = sources.python(&model.place.file);
            model.table.column(name).is_none()
                && parsed.is_some_and(|parsed| holds(&parsed.module, model.place.span, name))
        })
}

/// True if the class that is named at a place binds a name to a relationship.
fn holds(module: &Module, place: Span, name: &str) -> bool {
    let class = name_at(module, place);
    let mut body = module
        .body
        .iter()
        .filter_map(|statement| match &statement.kind {
            StmtKind::ClassDef(def) if Some(def.name.as_str()) == class => Some(&def.body),
            _ => None,
        })
        .flatten();
    body.any(|statement| bound(statement, name).is_some_and(is_call_of_relationship))
}

/// What a statement binds to a name.
fn bound<'m>(statement: &'m Stmt, name: &str) -> Option<&'m Expr> {
    let is_name =
        |target: &Expr| matches!(&target.kind, ExprKind::Name(bound) if bound.as_str() == name);
    match &statement.kind {
        StmtKind::Assign { targets, value } => targets.iter().any(is_name).then_some(value),
        StmtKind::AnnAssign { target, value, .. } => value.as_ref().filter(|_| is_name(target)),
        _ => None,
    }
}

fn is_call_of_relationship(value: &Expr) -> bool {
    let ExprKind::Call(call) = &value.kind else {
        return false;
    };
    let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = &call.function.kind else {
        return false;
    };
    matches!(
        name.as_str(),
        "Relationship" | "dynamic_loader" | "relation" | "relationship"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    #[test]
    fn relationships_are_no_columns() {
        let (module, _) = parse(
            "class User(Base):\n    roles = db.relationship('Role')\n    notes: list = relationship()\n    name = Column()\n",
        );
        let place = Span::new(6, 10);
        for (name, is_it) in [
            ("roles", true),
            ("notes", true),
            ("name", false),
            ("id", false),
        ] {
            assert_eq!(holds(&module, place, name), is_it, "{name}");
        }
    }
}
