//! Names that a file uses and nothing binds, by Python's rules of scope.
//!
//! The order of statements does not count: a name that is bound anywhere in its scope is taken to be there. Where names
//! may come about unseen (`from x import *`, `exec`, `globals()["x"] = …`, text that is no Python), nothing is said.

mod bindings;
mod builtin_names;
mod dead;
mod dormant;
mod unbound;
mod uses;
mod walk;
mod written;

use rustc_hash::FxHashSet;

use crate::python::ParsedFile;
use crate::python::ast::{
    Argument, ClassDef, Comprehension, ComprehensionClause, ExceptHandler, Expr, ExprKind,
    FunctionDef, Module, Name, Pattern, Stmt, StmtKind,
};
use crate::source::{SourceText, Span};

use bindings::{Bindings, is_closed};
use builtin_names::is_builtin;
use dormant::dormant_bodies;
use walk::each_part;

pub use dead::dead_branches;
pub use unbound::{UnboundName, unbound_names};
pub use uses::{ImportedName, NameUse, ignores_parameter, imported_names, names_used_in};

/// The use of a name that nothing binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndefinedName {
    pub name: Name,
    /// Where the name stands.
    pub span: Span,
    /// The name and the attributes that are asked of it: `app.types.GUID`.
    pub path: String,
}

/// The names of a file that nothing binds, in the order of the text, without those in functions that nothing calls: what
/// is only handed over as the default of a column.
pub fn undefined_names(file: &ParsedFile) -> Vec<UndefinedName> {
    let module = &file.module;
    if file.syntax_error.is_some() || !is_closed(module) {
        return Vec::new();
    }
    let mut resolver = Resolver {
        text: &file.text,
        defers_annotations: defers_annotations(module),
        scopes: vec![Scope::of_body(&module.body, Kind::Module)],
        handles_name_errors: 0,
        found: Vec::new(),
    };
    resolver.declare_globals(module);
    resolver.body(&module.body);
    let mut found = resolver.found;
    if !found.is_empty() {
        let dormant = dormant_bodies(module);
        found.retain(|name| !dormant.iter().any(|body| body.contains(name.span)));
    }
    found
}

/// Where an import statement may be added: behind the imports that the file begins with, with the line break that the
/// file uses.
pub fn place_for_import(file: &ParsedFile) -> Option<(u32, &'static str)> {
    let is_import =
        |stmt: &Stmt| matches!(stmt.kind, StmtKind::Import(_) | StmtKind::ImportFrom(_));
    let body = &file.module.body;
    let first = body.iter().position(is_import)?;
    let last = body
        .iter()
        .skip(first)
        .take_while(|stmt| is_import(stmt))
        .last()?;
    let text = file.text.as_str();
    let line_end = text.get(last.span.end as usize..)?.find('\n')? as u32 + last.span.end;
    let is_dos = text.get(..line_end as usize)?.ends_with('\r');
    Some((line_end + 1, if is_dos { "\r\n" } else { "\n" }))
}

/// True under `from __future__ import annotations`.
fn defers_annotations(module: &Module) -> bool {
    module.body.iter().any(|stmt| {
        matches!(&stmt.kind, StmtKind::ImportFrom(import)
            if import.module == "__future__" && import.names.iter().any(|alias| alias.name == "annotations"))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Module,
    Function,
    /// Its names are not seen by the functions in it.
    Class,
    /// A class whose metaclass may put names into its body.
    OpenClass,
}

#[derive(Debug)]
struct Scope {
    kind: Kind,
    bound: FxHashSet<Name>,
    /// Names that belong to the module.
    globals: FxHashSet<Name>,
}

impl Scope {
    fn of_body(body: &[Stmt], kind: Kind) -> Self {
        let mut bindings = Bindings::default();
        bindings.body(body);
        Self::of(bindings, kind)
    }

    fn of(bindings: Bindings, kind: Kind) -> Self {
        let Bindings {
            mut bound,
            globals,
            nonlocals,
        } = bindings;
        bound.retain(|name| !globals.contains(name) && !nonlocals.contains(name));
        Self {
            kind,
            bound,
            globals,
        }
    }
}

struct Resolver<'t> {
    text: &'t SourceText,
    defers_annotations: bool,
    scopes: Vec<Scope>,
    /// How many `try` statements around it expect a `NameError`.
    handles_name_errors: u32,
    found: Vec<UndefinedName>,
}

impl Resolver<'_> {
    /// What any function declares `global` may be bound by it.
    fn declare_globals(&mut self, module: &Module) {
        let mut declared = FxHashSet::default();
        walk::each_stmt(&module.body, &mut |stmt| {
            if let StmtKind::Global(names) = &stmt.kind {
                declared.extend(names.iter().cloned());
            }
        });
        if let Some(module) = self.scopes.first_mut() {
            module.bound.extend(declared);
        }
    }

    fn is_defined(&self, name: &Name) -> bool {
        let innermost = self.scopes.len().saturating_sub(1);
        for (index, scope) in self.scopes.iter().enumerate().rev() {
            let is_seen = index == innermost || matches!(scope.kind, Kind::Module | Kind::Function);
            if !is_seen {
                continue;
            }
            if scope.kind == Kind::OpenClass || scope.bound.contains(name) {
                return true;
            }
            if scope.globals.contains(name) {
                return self
                    .scopes
                    .first()
                    .is_some_and(|module| module.bound.contains(name))
                    || is_builtin(name);
            }
        }
        is_builtin(name)
    }

    fn load(&mut self, name: &Name, name_span: Span, whole: Span) {
        if self.handles_name_errors == 0 && !self.is_defined(name) {
            let path = self.text.slice(whole);
            self.found.push(UndefinedName {
                name: name.clone(),
                span: name_span,
                path: path.split_whitespace().collect(),
            });
        }
    }

    fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(def),
            StmtKind::ClassDef(def) => self.class(def),
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
            } => {
                self.target(target);
                // The annotations of local variables are never worked out.
                let is_local = self
                    .scopes
                    .last()
                    .is_some_and(|scope| scope.kind == Kind::Function);
                if !is_local {
                    self.annotation(annotation);
                }
                if let Some(value) = value {
                    self.expr(value);
                }
            }
            StmtKind::Assign { targets, value } => {
                for target in targets {
                    self.target(target);
                }
                self.expr(value);
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.target(target);
                self.expr(value);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
            } => {
                self.expr(iter);
                self.target(target);
                self.body(body);
                self.body(orelse);
            }
            StmtKind::With(with) => {
                for item in &with.items {
                    self.expr(&item.context);
                    if let Some(target) = &item.target {
                        self.target(target);
                    }
                }
                self.body(&with.body);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                let is_expected = handlers.iter().any(handles_name_errors);
                self.handles_name_errors += u32::from(is_expected);
                self.body(body);
                self.handles_name_errors -= u32::from(is_expected);
                for handler in handlers {
                    for class in &handler.types {
                        self.expr(class);
                    }
                    self.body(&handler.body);
                }
                self.body(orelse);
                self.body(finalbody);
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject);
                for case in cases {
                    self.pattern(&case.pattern);
                    if let Some(guard) = &case.guard {
                        self.expr(guard);
                    }
                    self.body(&case.body);
                }
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.target(target);
                }
            }
            // The value of `type X = …` is worked out when it is asked for, with parameters of its own.
            StmtKind::TypeAlias { .. } => {}
            _ => self.plain_stmt(stmt),
        }
    }

    /// A statement that is nothing but its expressions and its bodies.
    fn plain_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(value)
            | StmtKind::Return(Some(value))
            | StmtKind::Raise {
                exception: Some(value),
            }
            | StmtKind::Assert { test: value } => self.expr(value),
            StmtKind::If { test, body, orelse } | StmtKind::While { test, body, orelse } => {
                self.expr(test);
                self.body(body);
                self.body(orelse);
            }
            _ => {}
        }
    }

    /// What is assigned to: names are bound by it, what attributes and items belong to is asked for.
    fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(_) => {}
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                for item in items {
                    self.target(item);
                }
            }
            ExprKind::Starred(inner) => self.target(inner),
            _ => self.expr(target),
        }
    }

    fn annotation(&mut self, annotation: &Expr) {
        if !self.defers_annotations {
            self.expr(annotation);
        }
    }

    fn function(&mut self, def: &FunctionDef) {
        for value in &def.decorators {
            self.expr(value);
        }
        self.defaults(def);
        // `def f[T](x: T)`: the names in the brackets are not read.
        if self.has_type_parameters(def.name_span) {
            return;
        }
        let annotations = def.parameters.iter();
        annotations
            .filter_map(|parameter| parameter.annotation.as_ref())
            .chain(&def.returns)
            .for_each(|annotation| self.annotation(annotation));
        self.enter_function(def);
    }

    fn defaults(&mut self, def: &FunctionDef) {
        let parameters = def.parameters.iter();
        parameters
            .filter_map(|parameter| parameter.default.as_ref())
            .for_each(|default| self.expr(default));
    }

    fn enter_function(&mut self, def: &FunctionDef) {
        let mut scope = Scope::of_body(&def.body, Kind::Function);
        scope.bound.extend(
            def.parameters
                .iter()
                .map(|parameter| parameter.name.clone()),
        );
        self.within(scope, |resolver| resolver.body(&def.body));
    }

    fn class(&mut self, def: &ClassDef) {
        for value in &def.decorators {
            self.expr(value);
        }
        if self.has_type_parameters(def.name_span) {
            return;
        }
        let has_keywords = def
            .arguments
            .iter()
            .any(|Argument { kind, .. }| *kind != crate::python::ast::ArgumentKind::Positional);
        for argument in &def.arguments {
            self.expr(&argument.value);
        }
        let kind = if has_keywords {
            Kind::OpenClass
        } else {
            Kind::Class
        };
        let scope = Scope::of_body(&def.body, kind);
        self.within(scope, |resolver| resolver.body(&def.body));
    }

    fn has_type_parameters(&self, name: Span) -> bool {
        let text = self.text.as_str();
        let after = text.get(name.end as usize..).unwrap_or_default();
        after.trim_start().starts_with('[')
    }

    fn within(&mut self, scope: Scope, run: impl FnOnce(&mut Self)) {
        self.scopes.push(scope);
        run(self);
        self.scopes.pop();
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Value(value) => self.expr(value),
            Pattern::Or(parts) | Pattern::Sequence(parts) => {
                for part in parts {
                    self.pattern(part);
                }
            }
            Pattern::Mapping { items, .. } => {
                for (key, part) in items {
                    self.expr(key);
                    self.pattern(part);
                }
            }
            Pattern::Class {
                class,
                positional,
                keywords,
            } => {
                self.expr(class);
                let keywords = keywords.iter().map(|(_, part)| part);
                positional
                    .iter()
                    .chain(keywords)
                    .for_each(|part| self.pattern(part));
            }
            Pattern::As(inner, _) => self.pattern(inner),
            Pattern::Capture(_) | Pattern::Star(_) | Pattern::Other { .. } => {}
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.load(name, expr.span, expr.span),
            ExprKind::Attribute { value, .. } => match root_name(value) {
                Some((name, span)) => self.load(name, span, expr.span),
                None => self.expr(value),
            },
            ExprKind::Lambda(def) => {
                self.defaults(def);
                self.enter_function(def);
            }
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension),
            _ => each_part(expr, &mut |part| self.expr(part)),
        }
    }

    /// The first iterable is worked out outside, all else in a scope of its own.
    fn comprehension(&mut self, comprehension: &Comprehension) {
        let mut bindings = Bindings::default();
        for clause in &comprehension.clauses {
            if let ComprehensionClause::For { target, .. } = clause {
                bindings.target(target);
            }
        }
        let mut clauses = comprehension.clauses.iter();
        if let Some(ComprehensionClause::For { iter, .. }) = clauses.next() {
            self.expr(iter);
        }
        self.within(Scope::of(bindings, Kind::Function), |resolver| {
            for clause in clauses {
                match clause {
                    ComprehensionClause::For { iter, .. } => resolver.expr(iter),
                    ComprehensionClause::If(test) => resolver.expr(test),
                }
            }
            resolver.expr(&comprehension.element);
            if let Some(value) = &comprehension.value {
                resolver.expr(value);
            }
        });
    }
}

/// `a` of `a.b.c`.
fn root_name(expr: &Expr) -> Option<(&Name, Span)> {
    match &expr.kind {
        ExprKind::Name(name) => Some((name, expr.span)),
        ExprKind::Attribute { value, .. } => root_name(value),
        _ => None,
    }
}

fn handles_name_errors(handler: &ExceptHandler) -> bool {
    fn names_it(class: &Expr) -> bool {
        match &class.kind {
            ExprKind::Name(name) => name == "NameError",
            ExprKind::Tuple(classes) => classes.iter().any(names_it),
            _ => false,
        }
    }
    handler.types.iter().any(names_it)
}

#[cfg(test)]
mod tests;
