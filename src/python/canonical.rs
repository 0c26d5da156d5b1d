//! The meaning of a module's definitions, apart from how they are written.

use std::collections::BTreeMap;

use crate::python::ast::{ExprKind, Module, Name, Stmt, StmtKind};
use crate::python::unparse::{Aliases, Canonical, canonical};

/// What a module defines: for each name the canonical text of its definition. Statements that define no name stand
/// together under the empty name.
pub type Definitions = BTreeMap<String, String>;

/// What need not be the same for two modules to mean the same.
#[derive(Clone, Debug, Default)]
pub struct Likeness {
    /// Of what is imported only the package and the name count: a name that has moved to another module of its package
    /// is still the same.
    pub by_package: bool,
    /// What `alter_column` is told of the column as it is, with `existing_nullable` and the like. Only some databases
    /// need that.
    pub without_existing: bool,
    /// Classes by which a table is meant, wherever they are defined: the text that stands for each.
    pub tables: BTreeMap<Name, String>,
}

/// Reads the definitions of a module. Imports are none: what they bind is written in full where it is used, so an import
/// that is moved, renamed or no longer used changes nothing. Nor do options of a query that say which columns to load.
pub fn definitions(module: &Module, likeness: &Likeness) -> Definitions {
    let full_name = |module: &str, name: &str| {
        if !likeness.by_package {
            return format!("{module}.{name}");
        }
        let package = module.split('.').find(|part| !part.is_empty());
        let is_relative = module.starts_with('.');
        format!(
            "{}.{name}",
            package.filter(|_| !is_relative).unwrap_or_default()
        )
    };
    let mut aliases = Aliases::default();
    collect_aliases(&module.body, &full_name, &mut aliases);
    for (class, table) in &likeness.tables {
        aliases.insert(class.clone(), table.clone());
    }
    let style = Canonical {
        aliases: &aliases,
        by_package: likeness.by_package,
        without_existing: likeness.without_existing,
    };
    let mut definitions = Definitions::new();
    let skip = usize::from(module.docstring().is_some());
    for stmt in module.body.iter().skip(skip) {
        if matches!(&stmt.kind, StmtKind::ClassDef(class) if likeness.tables.contains_key(&class.name))
        {
            continue;
        }
        let text = canonical(stmt, style);
        if text.is_empty() {
            continue;
        }
        let name = match &stmt.kind {
            StmtKind::FunctionDef(function) => function.name.to_string(),
            StmtKind::ClassDef(class) => class.name.to_string(),
            StmtKind::Assign { targets, .. } => match targets.as_slice() {
                [target] => bound_name(target),
                _ => String::new(),
            },
            StmtKind::AnnAssign { target, .. } => bound_name(target),
            _ => String::new(),
        };
        definitions.entry(name).or_default().push_str(&text);
    }
    definitions
}

fn bound_name(target: &crate::python::ast::Expr) -> String {
    match &target.kind {
        ExprKind::Name(name) => name.to_string(),
        _ => String::new(),
    }
}

/// What imports anywhere in the module bind. A name that two imports bind differently stays as it is.
fn collect_aliases(
    body: &[Stmt],
    full_name: &impl Fn(&str, &str) -> String,
    aliases: &mut Aliases,
) {
    let mut ambiguous = Vec::new();
    visit(body, full_name, &mut |name, qualified| {
        let known = aliases.insert(name.into(), qualified.clone());
        if known.is_some_and(|known| known != qualified) {
            ambiguous.push(name.to_owned());
        }
    });
    for name in ambiguous {
        aliases.remove(name.as_str());
    }
}

fn visit(
    body: &[Stmt],
    full_name: &impl Fn(&str, &str) -> String,
    bind: &mut impl FnMut(&str, String),
) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Import(imported) => {
                for alias in imported {
                    if let Some(asname) = &alias.asname {
                        bind(asname, alias.name.to_string());
                    }
                }
            }
            StmtKind::ImportFrom(import) => {
                let module = format!("{}{}", ".".repeat(import.level as usize), import.module);
                for alias in &import.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    bind(bound, full_name(&module, &alias.name));
                }
            }
            StmtKind::FunctionDef(function) => visit(&function.body, full_name, bind),
            StmtKind::If { body, orelse, .. } => {
                visit(body, full_name, bind);
                visit(orelse, full_name, bind);
            }
            StmtKind::Try { body, handlers, .. } => {
                visit(body, full_name, bind);
                for handler in handlers {
                    visit(&handler.body, full_name, bind);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    fn same(one: &str, other: &str) -> bool {
        same_but(one, other, &Likeness::default())
    }

    fn same_but(one: &str, other: &str, likeness: &Likeness) -> bool {
        definitions(&parse(one).0, likeness) == definitions(&parse(other).0, likeness)
    }

    #[test]
    fn formatting_comments_imports_and_annotations_do_not_count() {
        let one = "\"\"\"doc\"\"\"\nimport sqlalchemy as sa\nfrom alembic import op\nimport os\nrevision = 'a'\ndef upgrade():\n    op.add_column('t', sa.Column('x', sa.Text()))\n";
        let other = "from sqlalchemy import Column, Text\nfrom alembic import op as alembic_op\nrevision: str = \"a\"\ndef upgrade() -> None:\n    \"\"\"Adds x.\"\"\"\n    # why\n    alembic_op.add_column(\n        't', Column('x', Text()),\n    )\n    pass\n";
        assert!(same(one, other));
    }

    #[test]
    fn a_name_may_move_within_its_package() {
        let by_package = Likeness {
            by_package: true,
            ..Likeness::default()
        };
        let one = "from app.models import GUID\nx = GUID()\n";
        let moved = "from app.models.guid import GUID\nx = GUID()\n";
        assert!(same_but(one, moved, &by_package));
        assert!(!same(one, moved));
        let foreign = "from other.models import GUID\nx = GUID()\n";
        assert!(!same_but(one, foreign, &by_package));
        let renamed = "from app.models import UUID\nx = UUID()\n";
        assert!(!same_but(one, renamed, &by_package));
        let one = "from sqlalchemy.orm.session import Session\nx = Session()\n";
        let other = "from sqlalchemy import orm\nx = orm.Session()\n";
        assert!(same_but(one, other, &by_package));
    }

    #[test]
    fn options_of_a_query_that_say_what_to_load_do_not_count() {
        assert!(same(
            "s.query(M).all()\n",
            "from sqlalchemy import orm\ns.query(M).options(orm.load_only(M.id)).all()\n",
        ));
        assert!(!same(
            "s.query(M).all()\n",
            "s.query(M).options(load_only(M.id)).all()\n"
        ));
        assert!(!same(
            "s.query(M).all()\n",
            "s.query(M).execution_options(stream=True).all()\n"
        ));
    }

    #[test]
    fn what_is_said_of_a_column_as_it_is_may_be_left_out() {
        let without = Likeness {
            without_existing: true,
            ..Likeness::default()
        };
        let one = "op.alter_column('t', 'c', server_default=None)\n";
        let other = "op.alter_column('t', 'c', existing_type=T(), server_default=None)\n";
        assert!(same_but(one, other, &without));
        assert!(!same(one, other));
        let one = "op.alter_column('t', 'c', type_=X())\n";
        let other = "op.alter_column('t', 'c', type_=X(), existing_type=T())\n";
        assert!(!same_but(one, other, &without));
    }

    #[test]
    fn a_class_may_stand_for_its_table() {
        let tables = Likeness {
            tables: [(Name::new_static("User"), "<users>".to_owned())]
                .into_iter()
                .collect(),
            ..Likeness::default()
        };
        let one = "from app import User\ns.query(User.id)\n";
        let other = "class User(Base):\n    __tablename__ = 'users'\ns.query(User.id)\n";
        assert!(same_but(one, other, &tables));
        assert!(!same(one, other));
    }

    #[test]
    fn code_counts() {
        assert!(!same("def f():\n    g(1)\n", "def f():\n    g(2)\n"));
        assert!(!same(
            "from a import x\ny = x\n",
            "from b import x\ny = x\n"
        ));
        assert!(!same("x = 1\nf()\n", "x = 1\n"));
    }
}
