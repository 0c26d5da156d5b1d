//! Whether code of the application makes rows without a value for a column.

use std::sync::Arc;

use super::is_test_file;
use super::usage::name_at;
use crate::python::ast::{ArgumentKind, Call, ClassDef, Expr, ExprKind, Module, Stmt, StmtKind};
use crate::python::{Sources, Visitor, imported_names, walk};
use crate::source::{FileSpan, RepoPath};

/// True if code beside tests and migrations certainly makes objects of the class at a place without a value for a column:
/// `User(name="…")`, where nothing in that file gives it one afterwards. The column has to go by its own name in the class.
pub fn makes_rows_without(
    sources: &Sources<'_>,
    model: &FileSpan,
    column: &str,
    migrations: &[RepoPath],
) -> bool {
    let Some(class) = class_at(sources, model).filter(|class| is_plain(class, column)) else {
        return false;
    };
    let mut files = sources
        .snapshot()
        .iter()
        .map(|(path, _)| path)
        .filter(|path| {
            path.extension() == "py"
                && !is_test_file(path)
                && !crate::git::is_foreign(path)
                && !migrations.iter().any(|folder| path.is_within(folder))
        });
    files.any(|path| {
        let bytes = sources.look_into(path).unwrap_or_default();
        let has = |word: &str| memchr::memmem::find(&bytes, word.as_bytes()).is_some();
        if !has(&class.name) || has(&format!(".{column} =")) || has("setattr(") {
            return false;
        }
        sources.python(path).is_some_and(|parsed| {
            let mut search = Search {
                class: &class.name,
                column,
                model: &model.file,
                is_named: path == &model.file || imports(&parsed.module, &class.name, &model.file),
                is_found: false,
            };
            walk(&parsed.module.body, &mut search);
            search.is_found
        })
    })
}

/// True if each object of the class at a place has a value for a column from its `__init__`: `self.day = today()`.
pub fn makes_rows_with(sources: &Sources<'_>, model: &FileSpan, column: &str) -> bool {
    let Some(class) = class_at(sources, model) else {
        return false;
    };
    let is_own = |target: &Expr| match &target.kind {
        ExprKind::Attribute { value, name } => {
            name == column && matches!(&value.kind, ExprKind::Name(object) if object == "self")
        }
        _ => false,
    };
    let gives = |statement: &Stmt| match &statement.kind {
        StmtKind::Assign { targets, .. } => targets.iter().any(is_own),
        StmtKind::AnnAssign { target, value, .. } => value.is_some() && is_own(target),
        _ => false,
    };
    class.body.iter().any(|statement| {
        matches!(&statement.kind, StmtKind::FunctionDef(function)
            if function.name == "__init__" && function.body.iter().any(gives))
    })
}

fn class_at(sources: &Sources<'_>, model: &FileSpan) -> Option<Arc<ClassDef>> {
    let parsed = sources.python(&model.file)?;
    let name = name_at(&parsed.module, model.span)?;
    let mut body = parsed.module.body.iter();
    body.find_map(|statement| match &statement.kind {
        StmtKind::ClassDef(class) if class.name == name => Some(Arc::clone(class)),
        _ => None,
    })
}

/// True for a class that has the column itself and leaves it to SQLAlchemy how an object is made.
fn is_plain(class: &ClassDef, column: &str) -> bool {
    let binds = |target: &Expr| matches!(&target.kind, ExprKind::Name(name) if name == column);
    let has_column = |statement: &Stmt| match &statement.kind {
        StmtKind::Assign { targets, .. } => targets.iter().any(binds),
        StmtKind::AnnAssign { target, .. } => binds(target),
        _ => false,
    };
    let makes_itself = |statement: &Stmt| matches!(&statement.kind, StmtKind::FunctionDef(function) if function.name == "__init__");
    class.body.iter().any(has_column) && !class.body.iter().any(makes_itself)
}

/// True for the module of a model, or the package that hands it on, by the last part of its name.
fn is_module_of(module: &str, model: &RepoPath) -> bool {
    let last = module.rsplit('.').next().unwrap_or(module);
    let stem = model.file_name().strip_suffix(".py");
    stem == Some(last) || model.parent().file_name() == last
}

/// `from app.models import User`: a schema of the same name comes from elsewhere.
fn imports(module: &Module, class: &str, model: &RepoPath) -> bool {
    let names = imported_names(module);
    let mut names = names.iter();
    names.any(|imported| imported.local == class && is_module_of(&imported.module, model))
}

struct Search<'a> {
    class: &'a str,
    column: &'a str,
    model: &'a RepoPath,
    /// The class goes by its name alone.
    is_named: bool,
    is_found: bool,
}

impl Search<'_> {
    /// `User`, `models.User`
    fn is_class(&self, callee: &Expr) -> bool {
        match &callee.kind {
            ExprKind::Name(name) => self.is_named && name == self.class,
            ExprKind::Attribute { value, name } => {
                name == self.class
                    && match &value.kind {
                        ExprKind::Name(module) | ExprKind::Attribute { name: module, .. } => {
                            is_module_of(module, self.model)
                        }
                        _ => false,
                    }
            }
            _ => false,
        }
    }

    /// True where the value is left out or `None`.
    fn lacks_value(&self, call: &Call) -> bool {
        call.arguments.iter().all(|argument| match &argument.kind {
            ArgumentKind::Keyword(name) if name == self.column => {
                argument.value.kind == ExprKind::None
            }
            ArgumentKind::Keyword(_) => true,
            ArgumentKind::Positional | ArgumentKind::Star | ArgumentKind::DoubleStar => false,
        })
    }
}

impl Visitor for Search<'_> {
    fn expression(&mut self, expression: &Expr) -> bool {
        if let ExprKind::Call(call) = &expression.kind {
            self.is_found |= self.is_class(&call.function) && self.lacks_value(call);
        }
        !self.is_found
    }
}
