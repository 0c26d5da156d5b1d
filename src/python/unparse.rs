//! From syntax tree to source text: every operation in parentheses, one statement a line, no comments.
//!
//! Two files with the same text here mean the same, however they are formatted. The canonical form goes further: names
//! that were imported are written in full, and what Python does not run (annotations, docstrings) is left out.

mod expressions;

use self::expressions::binary_token;
use crate::python::ast::{
    Alias, ClassDef, Expr, FunctionDef, Name, Parameter, ParameterKind, Stmt, StmtKind, docstring,
};

/// Writes statements as source text.
pub fn unparse(body: &[Stmt]) -> String {
    let mut writer = Writer {
        out: String::new(),
        indent: 0,
        canonical: None,
    };
    writer.body(body);
    writer.out
}

/// Writes one expression as source text.
pub fn unparse_expression(expr: &Expr) -> String {
    let mut writer = Writer {
        out: String::new(),
        indent: 0,
        canonical: None,
    };
    writer.expr(expr);
    writer.out
}

/// Names bound by imports, and what they stand for.
pub(super) type Aliases = rustc_hash::FxHashMap<Name, String>;

/// What the canonical form is made with.
#[derive(Clone, Copy)]
pub(super) struct Canonical<'a> {
    pub(super) aliases: &'a Aliases,
    /// Of what is imported from SQLAlchemy only the last name counts: `orm.Session` is `sqlalchemy.Session`.
    pub(super) by_package: bool,
    /// Leaves out what tells `alter_column` of a column as it is.
    pub(super) without_existing: bool,
}

/// Writes one statement in canonical form.
pub(super) fn canonical(stmt: &Stmt, canonical: Canonical<'_>) -> String {
    let mut writer = Writer {
        out: String::new(),
        indent: 0,
        canonical: Some(canonical),
    };
    writer.stmt(stmt);
    writer.out
}

struct Writer<'a> {
    out: String,
    indent: usize,
    /// Set for the canonical form.
    canonical: Option<Canonical<'a>>,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn line(&mut self) {
        for _ in 0..self.indent {
            self.out.push_str("    ");
        }
    }

    fn end_line(&mut self) {
        self.out.push('\n');
    }

    fn body(&mut self, body: &[Stmt]) {
        let skip = usize::from(self.canonical.is_some() && docstring(body).is_some());
        for stmt in body.iter().skip(skip) {
            self.stmt(stmt);
        }
    }

    fn block(&mut self, body: &[Stmt]) {
        self.push(":");
        self.end_line();
        self.indent += 1;
        if body.is_empty() {
            self.line();
            self.push("pass");
            self.end_line();
        }
        self.body(body);
        self.indent -= 1;
    }

    fn clause(&mut self, keyword: &str, body: &[Stmt]) {
        if !body.is_empty() {
            self.line();
            self.push(keyword);
            self.block(body);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(function) => return self.function(function),
            StmtKind::ClassDef(class) => return self.class(class),
            StmtKind::Import(_) | StmtKind::ImportFrom(_) | StmtKind::Pass
                if self.canonical.is_some() =>
            {
                return;
            }
            StmtKind::AnnAssign { value: None, .. } if self.canonical.is_some() => return,
            _ => {}
        }
        self.line();
        match &stmt.kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Assign { targets, value } => {
                for target in targets {
                    self.expr(target);
                    self.push(" = ");
                }
                self.expr(value);
            }
            StmtKind::AugAssign { target, op, value } => {
                self.expr(target);
                self.push(" ");
                self.push(binary_token(*op));
                self.push("= ");
                self.expr(value);
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
            } => {
                self.expr(target);
                if self.canonical.is_none() {
                    self.push(": ");
                    self.expr(annotation);
                }
                if let Some(value) = value {
                    self.push(" = ");
                    self.expr(value);
                }
            }
            StmtKind::Return(value) => {
                self.push("return");
                self.optional(value.as_ref());
            }
            StmtKind::Raise { exception } => {
                self.push("raise");
                self.optional(exception.as_ref());
            }
            StmtKind::Delete(targets) => {
                self.push("del ");
                self.comma_separated(targets);
            }
            StmtKind::Global(names) => self.names("global ", names),
            StmtKind::Nonlocal(names) => self.names("nonlocal ", names),
            StmtKind::Import(aliases) => {
                self.push("import ");
                self.aliases(aliases);
            }
            StmtKind::ImportFrom(import) => {
                self.push("from ");
                for _ in 0..import.level {
                    self.push(".");
                }
                self.push(&import.module);
                self.push(" import ");
                if import.star {
                    self.push("*");
                } else {
                    self.aliases(&import.names);
                }
            }
            StmtKind::If { test, body, orelse } => {
                self.push("if ");
                self.expr(test);
                self.block(body);
                self.clause("else", orelse);
                return;
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
            } => {
                self.push("for ");
                self.expr(target);
                self.push(" in ");
                self.expr(iter);
                self.block(body);
                self.clause("else", orelse);
                return;
            }
            StmtKind::While { test, body, orelse } => {
                self.push("while ");
                self.expr(test);
                self.block(body);
                self.clause("else", orelse);
                return;
            }
            StmtKind::With(with) => {
                self.push("with ");
                for (index, item) in with.items.iter().enumerate() {
                    if index > 0 {
                        self.push(", ");
                    }
                    self.expr(&item.context);
                    if let Some(target) = &item.target {
                        self.push(" as ");
                        self.expr(target);
                    }
                }
                self.block(&with.body);
                return;
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                self.push("try");
                self.block(body);
                for handler in handlers {
                    self.line();
                    self.push("except");
                    match handler.types.as_slice() {
                        [] => {}
                        [only] => {
                            self.push(" ");
                            self.expr(only);
                        }
                        several => {
                            self.push(" (");
                            self.comma_separated(several);
                            self.push(")");
                        }
                    }
                    if let Some(name) = &handler.name {
                        self.push(" as ");
                        self.push(name);
                    }
                    self.block(&handler.body);
                }
                self.clause("else", orelse);
                self.clause("finally", finalbody);
                return;
            }
            StmtKind::Match { subject, cases } => {
                self.push("match ");
                self.expr(subject);
                self.push(":");
                self.end_line();
                self.indent += 1;
                for case in cases {
                    self.line();
                    self.push("case ");
                    self.push(&case.text);
                    if let Some(guard) = &case.guard {
                        self.push(" if ");
                        self.expr(guard);
                    }
                    self.block(&case.body);
                }
                self.indent -= 1;
                return;
            }
            StmtKind::Assert { test } => {
                self.push("assert ");
                self.expr(test);
            }
            StmtKind::TypeAlias { name, value } => {
                self.push("type ");
                self.expr(name);
                self.push(" = ");
                self.expr(value);
            }
            StmtKind::Pass => self.push("pass"),
            StmtKind::Break => self.push("break"),
            StmtKind::Continue => self.push("continue"),
            StmtKind::Invalid => self.push("<invalid>"),
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => {}
        }
        self.end_line();
    }

    fn function(&mut self, function: &FunctionDef) {
        self.decorators(&function.decorators);
        self.line();
        if function.is_async {
            self.push("async ");
        }
        self.push("def ");
        self.push(&function.name);
        self.push("(");
        self.parameters(&function.parameters);
        self.push(")");
        if let (Some(returns), None) = (&function.returns, self.canonical) {
            self.push(" -> ");
            self.expr(returns);
        }
        self.block(&function.body);
    }

    fn class(&mut self, class: &ClassDef) {
        self.decorators(&class.decorators);
        self.line();
        self.push("class ");
        self.push(&class.name);
        if !class.arguments.is_empty() {
            self.push("(");
            self.arguments(&class.arguments);
            self.push(")");
        }
        self.block(&class.body);
    }

    fn decorators(&mut self, decorators: &[Expr]) {
        for decorator in decorators {
            self.line();
            self.push("@");
            self.expr(decorator);
            self.end_line();
        }
    }

    fn parameters(&mut self, parameters: &[Parameter]) {
        let mut star_written = false;
        for (index, parameter) in parameters.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            match parameter.kind {
                ParameterKind::KeywordOnly if !star_written => {
                    self.push("*, ");
                    star_written = true;
                }
                ParameterKind::Args => {
                    self.push("*");
                    star_written = true;
                }
                ParameterKind::Kwargs => self.push("**"),
                _ => {}
            }
            self.push(&parameter.name);
            if let (Some(annotation), None) = (&parameter.annotation, self.canonical) {
                self.push(": ");
                self.expr(annotation);
            }
            if let Some(default) = &parameter.default {
                self.push(" = ");
                self.expr(default);
            }
            let last_positional_only = parameter.kind == ParameterKind::PositionalOnly
                && parameters
                    .get(index + 1)
                    .is_none_or(|next| next.kind != ParameterKind::PositionalOnly);
            if last_positional_only {
                self.push(", /");
            }
        }
    }

    fn aliases(&mut self, aliases: &[Alias]) {
        for (index, alias) in aliases.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.push(&alias.name);
            if let Some(asname) = &alias.asname {
                self.push(" as ");
                self.push(asname);
            }
        }
    }

    fn names(&mut self, keyword: &str, names: &[Name]) {
        self.push(keyword);
        let names: Vec<&str> = names.iter().map(smol_str::SmolStr::as_str).collect();
        self.push(&names.join(", "));
    }

    fn optional(&mut self, value: Option<&Expr>) {
        if let Some(value) = value {
            self.push(" ");
            self.expr(value);
        }
    }

    fn comma_separated(&mut self, items: &[Expr]) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.expr(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    fn round(text: &str) -> String {
        let (module, error) = parse(text);
        assert_eq!(error, None, "{text}");
        unparse(&module.body)
    }

    #[test]
    fn formatting_does_not_matter() {
        let one = "x = sa.Column( 'a',\n    sa.Integer(),  # note\n    nullable = False )\n";
        let two = "x = sa.Column(\"a\", sa.Integer(), nullable=False,)\n";
        assert_eq!(round(one), round(two));
        assert_eq!(
            round(one),
            "x = sa.Column(\"a\", sa.Integer(), nullable=False)\n"
        );
    }

    #[test]
    fn what_is_written_parses_to_the_same() {
        let text = r#"
import a.b as c, d
from ..x import y as z
@dec(1)
async def f(a, /, b: int = 1, *args, c=2, **kw) -> None:
    global g
    with open(p) as q, r:
        yield x
    try:
        pass
    except (A, B) as e:
        raise E(f"{x!r:>{w}} {{}}")
    else:
        del a, b
    finally:
        a[1:2, ::3] += -1 ** 2
class C(B, metaclass=M):
    x: Mapped[str | None] = mapped_column()
if a and b or not c:
    x = [i for i in y if i]
elif d:
    y = {**a, "k": lambda q, *r: q}
else:
    z = (1,), {1, 2}, x if y else z, a < b <= c, a is not b, a not in b
for i, (j, k) in e:
    break
else:
    while True:
        continue
match x:
    case {"a": 1} | [_, *rest] if y:
        (n := 10)
"#;
        let once = round(text);
        assert_eq!(round(&once), once);
    }
}
