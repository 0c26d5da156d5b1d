//! The columns that every model gets from the declarative Base.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::models::env::EnvFacts;
use crate::models::{ModelHost, classes};
use crate::python::Interpreter;
use crate::python::ast::{ArgumentKind, Expr, ExprKind, Stmt, StmtKind};
use crate::python::value::ObjectId;
use crate::source::{FileSpan, Span};

/// The columns of a Base and its mixins, in the order of declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseColumns {
    pub class: SmolStr,
    pub place: FileSpan,
    pub columns: Vec<BaseColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseColumn {
    pub name: SmolStr,
    /// The statement that declares it.
    pub place: FileSpan,
    /// Where it could say in which order it stands.
    pub sort_order: Option<SortOrderSlot>,
}

/// A place for `sort_order=…`: in the call of `mapped_column`, or after an annotation that stands alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortOrderSlot {
    pub at: FileSpan,
    before: &'static str,
    after: &'static str,
}

impl SortOrderSlot {
    /// What to write there.
    pub fn filled(&self, order: i64) -> String {
        format!("{}sort_order={order}{}", self.before, self.after)
    }
}

impl BaseColumns {
    pub fn names(&self) -> impl Iterator<Item = &SmolStr> {
        self.columns.iter().map(|column| &column.name)
    }
}

/// From the Base that `env.py` names.
pub(super) fn of_metadata(
    env: &EnvFacts,
    interpreter: &mut Interpreter<'_, ModelHost>,
) -> Option<BaseColumns> {
    of_bases(&env.bases, interpreter)
}

/// From the declarative bases of a repository, if one alone has columns.
pub(super) fn of_bases(
    bases: &[ObjectId],
    interpreter: &mut Interpreter<'_, ModelHost>,
) -> Option<BaseColumns> {
    let mut found: Vec<BaseColumns> = Vec::new();
    for base in bases {
        let (columns, open) = classes::columns(*base, interpreter);
        if open || columns.is_empty() {
            continue;
        }
        let Some(class) = interpreter.class(*base) else {
            continue;
        };
        let (name, at, span) = (class.def.name.clone(), class.at, class.def.name_span);
        let mut place = interpreter.file(at);
        place.span = span;
        let columns = columns
            .into_iter()
            .map(|column| BaseColumn {
                sort_order: slot(*base, &column.place, interpreter),
                name: column.name,
                place: column.place,
            })
            .collect();
        let columns = BaseColumns {
            class: name,
            place,
            columns,
        };
        if !found.contains(&columns) {
            found.push(columns);
        }
    }
    match found.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Where the statement that declares a column has room for `sort_order`.
fn slot(
    base: ObjectId,
    column: &FileSpan,
    interpreter: &mut Interpreter<'_, ModelHost>,
) -> Option<SortOrderSlot> {
    let (members, _) = interpreter.ancestry(base);
    members.into_iter().find_map(|member| {
        let class = interpreter.class(member)?;
        let (def, scope) = (Arc::clone(&class.def), std::rc::Rc::clone(&class.scope));
        let file = interpreter.file(class.at).file;
        let declares = |stmt: &&Stmt| file == column.file && stmt.span == column.span;
        let stmt = def.body.iter().find(declares)?;
        let at = |offset: u32, before, after| SortOrderSlot {
            at: FileSpan::new(file.clone(), Span::at(offset)),
            before,
            after,
        };
        let mut means_mapped_column = |function: &Expr| {
            let function = interpreter.evaluate(function, &scope);
            let name = function.qualified_name();
            name.is_some_and(|name| name.ends_with(".mapped_column"))
        };
        let (annotation, value) = match &stmt.kind {
            StmtKind::Assign { value, .. } => (None, Some(value)),
            StmtKind::AnnAssign {
                annotation, value, ..
            } => (Some(annotation), value.as_ref()),
            _ => return None,
        };
        match value.map(|value| (&value.kind, value.span)) {
            Some((ExprKind::Call(call), span)) if means_mapped_column(&call.function) => {
                let is_said = call.arguments.iter().any(|argument| match &argument.kind {
                    ArgumentKind::Keyword(name) => name == "sort_order",
                    ArgumentKind::DoubleStar => true,
                    ArgumentKind::Positional | ArgumentKind::Star => false,
                });
                match call.arguments.last() {
                    _ if is_said => None,
                    Some(last) => Some(at(last.value.span.end, ", ", "")),
                    None => Some(at(span.end.checked_sub(1)?, "", "")),
                }
            }
            Some(_) => None,
            // It needs the name of the function.
            None => {
                let name = ExprKind::Name("mapped_column".into());
                let function = Expr {
                    kind: name,
                    span: stmt.span,
                };
                let is_there = means_mapped_column(&function);
                is_there.then(|| {
                    at(
                        annotation.map_or(0, |it| it.span.end),
                        " = mapped_column(",
                        ")",
                    )
                })
            }
        }
    })
}
