//! The names that a file imports, and where it uses them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::bindings::Bindings;
use super::dead::dead_branches;
use super::walk::{each_expr, each_part, each_stmt};
use super::written::with_named_columns;
use crate::python::ast::{ArgumentKind, Expr, ExprKind, FunctionDef, Module, Name, Stmt, StmtKind};
use crate::source::Span;

/// A name that an import statement binds, anywhere in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedName {
    /// The name in the file.
    pub local: Name,
    /// The module it is imported from or, without `attribute`, that it is.
    pub module: Name,
    /// The number of leading dots.
    pub level: u32,
    pub attribute: Option<Name>,
    /// Where it is imported.
    pub span: Span,
    /// The statement that imports it, among others perhaps.
    pub statement: Span,
    pub uses: Vec<NameUse>,
}

/// A use of a name in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameUse {
    /// The attributes that are asked of it, one after the other.
    pub attributes: Vec<Name>,
    /// The name with its attributes.
    pub span: Span,
    pub is_called: bool,
    /// The name of the function that it is handed to as it is.
    pub given_to: Option<Name>,
    /// The name of the function that it is handed to with its attributes, and at which place among the arguments.
    pub argument_of: Option<(Name, usize)>,
    /// Where it is handed to a call as it is: the last name of what is called, and of the methods that are called on the
    /// result, one after the other.
    pub handed_to: Vec<Name>,
    /// The methods that are called on what comes of it, one after the other.
    pub chained: Vec<Name>,
    /// True if the function gives back what comes of it.
    pub is_returned: bool,
    /// True where rows are inserted into it with the names of their columns.
    pub names_columns: bool,
}

/// What a module imports and uses. Names that anything else binds as well are left out, and so are annotations.
pub fn imported_names(module: &Module) -> Vec<ImportedName> {
    let mut imported = Vec::new();
    let mut others = Bindings::default();
    each_stmt(&module.body, &mut |stmt| match &stmt.kind {
        StmtKind::Import(_) | StmtKind::ImportFrom(_) => imported.extend(names_of(stmt)),
        StmtKind::FunctionDef(def) => {
            others.stmt(stmt);
            let parameters = def.parameters.iter();
            others
                .bound
                .extend(parameters.map(|parameter| parameter.name.clone()));
        }
        _ => others.stmt(stmt),
    });
    imported.retain(|name: &ImportedName| !others.bound.contains(&name.local));
    let names: FxHashSet<Name> = imported.iter().map(|name| name.local.clone()).collect();
    for (name, found) in used(&module.body, &|name| names.contains(name)) {
        // The same name may be imported in several functions, which all mean the same.
        if let Some(imported) = imported.iter_mut().find(|imported| imported.local == name) {
            imported.uses.push(found);
        }
    }
    imported.retain(|name| !name.uses.is_empty());
    imported
}

/// The names that the body of a function uses when it is called, as far as it does not bind them. Functions in it that it
/// only defines, or hands to somebody else, do not run by that.
pub fn names_used_in(def: &FunctionDef) -> Vec<(Name, NameUse)> {
    let mut bindings = Bindings::default();
    bindings.body(&def.body);
    let mut own = bindings.bound;
    own.extend(
        def.parameters
            .iter()
            .map(|parameter| parameter.name.clone()),
    );
    let mut found = used(&def.body, &|name| !own.contains(name));
    let mut idle = functions_not_called(&def.body);
    idle.extend(dead_branches(&def.body, &def.parameters));
    found.retain(|(_, used)| !idle.iter().any(|span| span.contains(used.span)));
    found
}

/// True for a parameter that the body of a function never mentions.
pub fn ignores_parameter(def: &FunctionDef, parameter: &Name) -> bool {
    let mut is_used = false;
    each_stmt(&def.body, &mut |stmt| {
        each_expr(stmt, &mut |expr| is_used |= mentions(expr, parameter));
    });
    !is_used
}

/// True for an expression with a name in it, or with one that stands for all names.
fn mentions(expr: &Expr, name: &Name) -> bool {
    if let ExprKind::Name(found) = &expr.kind {
        return found == name || found == "locals" || found == "vars";
    }
    let mut is_in = false;
    each_part(expr, &mut |part| is_in |= mentions(part, name));
    is_in
}

/// The bodies of the functions in a body that nothing calls which runs with it.
fn functions_not_called(body: &[Stmt]) -> Vec<Span> {
    let mut idle: Vec<(Name, Span)> = Vec::new();
    each_stmt(body, &mut |stmt| {
        if let StmtKind::FunctionDef(def) = &stmt.kind
            && let [first, .., last] | [first @ last] = def.body.as_slice()
        {
            let span = Span::new(first.span.start, last.span.end);
            idle.push((def.name.clone(), span));
        }
    });
    let names: FxHashSet<Name> = idle.iter().map(|(name, _)| name.clone()).collect();
    let calls: Vec<(Name, NameUse)> = used(body, &|name| names.contains(name))
        .into_iter()
        .filter(|(_, used)| used.is_called && used.attributes.is_empty())
        .collect();
    loop {
        let runs = |(name, _): &(Name, Span)| {
            calls.iter().any(|(called, used)| {
                called == name && !idle.iter().any(|(_, span)| span.contains(used.span))
            })
        };
        let (running, others): (Vec<_>, Vec<_>) = idle.iter().cloned().partition(runs);
        if running.is_empty() {
            return others.into_iter().map(|(_, span)| span).collect();
        }
        idle = others;
    }
}

fn names_of(stmt: &Stmt) -> Vec<ImportedName> {
    let named = |local: Name, module: &Name, level, attribute, span| ImportedName {
        local,
        module: module.clone(),
        level,
        attribute,
        span,
        statement: stmt.span,
        uses: Vec::new(),
    };
    match &stmt.kind {
        StmtKind::Import(aliases) => aliases
            .iter()
            .map(|alias| match &alias.asname {
                Some(local) => named(local.clone(), &alias.name, 0, None, alias.span),
                None => {
                    let top = Name::new(alias.name.split('.').next().unwrap_or_default());
                    named(top.clone(), &top, 0, None, alias.span)
                }
            })
            .collect(),
        StmtKind::ImportFrom(import) => import
            .names
            .iter()
            .map(|alias| {
                let local = alias.asname.as_ref().unwrap_or(&alias.name).clone();
                let attribute = Some(alias.name.clone());
                named(local, &import.module, import.level, attribute, alias.span)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The uses of the names that are wanted, in order.
fn used(body: &[Stmt], is_wanted: &dyn Fn(&Name) -> bool) -> Vec<(Name, NameUse)> {
    let methods = methods_of_variables(body);
    let mut collector = Collector {
        is_wanted,
        found: Vec::new(),
    };
    each_stmt(body, &mut |stmt| match &stmt.kind {
        StmtKind::FunctionDef(def) => {
            let defaults = def.parameters.iter();
            let defaults = defaults.filter_map(|parameter| parameter.default.as_ref());
            for expr in def.decorators.iter().chain(defaults) {
                collector.value(expr);
            }
        }
        StmtKind::AnnAssign { target, value, .. } => {
            for expr in std::iter::once(target).chain(value) {
                collector.value(expr);
            }
        }
        StmtKind::Assign { targets, value } => {
            let methods = match targets.as_slice() {
                [target] => variable(target).and_then(|name| methods.get(name)),
                _ => None,
            };
            for target in targets {
                collector.value(target);
            }
            collector.expr(value, false, methods.map_or(&[], Vec::as_slice));
        }
        _ => each_expr(stmt, &mut |expr| collector.value(expr)),
    });
    let returned = returned(body);
    let with_named_columns = with_named_columns(body);
    let mut found = collector.found;
    for (_, used) in &mut found {
        used.is_returned = returned.contains(&used.span);
        used.names_columns = with_named_columns.contains(&used.span);
    }
    found
}

/// Where the queries begin that a function gives back: `query(User)` of `rows = query(User).filter(…)`, `return rows`.
fn returned(body: &[Stmt]) -> Vec<Span> {
    let mut variables: Vec<&Name> = Vec::new();
    let mut spans = Vec::new();
    let mut collect = |expr, spans: &mut Vec<Span>| {
        let begin = beginning(expr, spans);
        if let ExprKind::Name(name) = &begin.kind {
            variables.push(name);
        }
    };
    each_value(body, &mut |target, value| {
        if target.is_none() {
            collect(value, &mut spans);
        }
    });
    each_value(body, &mut |target, value| {
        if target.is_some_and(|name| variables.contains(&name)) {
            beginning(value, &mut spans);
        }
    });
    spans
}

/// Visits what is assigned to variables, and what is returned.
fn each_value<'b>(body: &'b [Stmt], visit: &mut dyn FnMut(Option<&'b Name>, &'b Expr)) {
    each_stmt(body, &mut |stmt| match &stmt.kind {
        StmtKind::Return(Some(value)) => visit(None, value),
        StmtKind::Assign { targets, value } => {
            if let [target] = targets.as_slice()
                && let Some(name) = variable(target)
            {
                visit(Some(name), value);
            }
        }
        _ => {}
    });
}

/// What a chain of calls begins with: the span of that, and of the names that the calls are given, is noted.
fn beginning<'e>(expr: &'e Expr, spans: &mut Vec<Span>) -> &'e Expr {
    if root(expr, &mut Vec::new()).is_some() {
        spans.push(expr.span);
    }
    match &expr.kind {
        ExprKind::Call(call) => {
            let given = call.arguments.iter().map(|argument| &argument.value);
            let names = given.filter(|value| variable(value).is_some());
            spans.extend(names.map(|value| value.span));
            beginning(&call.function, spans)
        }
        ExprKind::Attribute { value, .. } => beginning(value, spans),
        _ => expr,
    }
}

/// What is called on variables with which nothing else is done: `rows.delete()`.
fn methods_of_variables(body: &[Stmt]) -> FxHashMap<Name, Vec<Name>> {
    let mut methods: FxHashMap<Name, Vec<Name>> = FxHashMap::default();
    each_stmt(body, &mut |stmt| {
        if let StmtKind::Assign { targets, .. } = &stmt.kind {
            let names = targets.iter().filter_map(variable);
            methods.extend(names.map(|name| (name.clone(), Vec::new())));
        }
    });
    let mut collector = Collector {
        is_wanted: &|name| methods.contains_key(name),
        found: Vec::new(),
    };
    each_stmt(body, &mut |stmt| match &stmt.kind {
        StmtKind::Assign { targets, value } => {
            let others = targets.iter().filter(|target| variable(target).is_none());
            for expr in others.chain([value]) {
                collector.value(expr);
            }
        }
        _ => each_expr(stmt, &mut |expr| collector.value(expr)),
    });
    for (name, used) in collector.found {
        // What else is done with it may ask for anything.
        match (used.attributes.as_slice(), used.is_called) {
            ([method], true) => {
                if let Some(called) = methods.get_mut(&name) {
                    called.push(method.clone());
                }
            }
            _ => {
                methods.remove(&name);
            }
        }
    }
    methods
}

fn variable(target: &Expr) -> Option<&Name> {
    match &target.kind {
        ExprKind::Name(name) => Some(name),
        _ => None,
    }
}

struct Collector<'w> {
    is_wanted: &'w dyn Fn(&Name) -> bool,
    found: Vec<(Name, NameUse)>,
}

impl Collector<'_> {
    fn value(&mut self, expr: &Expr) {
        self.expr(expr, false, &[]);
    }

    /// An expression, on which `methods` are called one after the other.
    fn expr(&mut self, expr: &Expr, is_called: bool, methods: &[Name]) {
        let mut attributes = Vec::new();
        if let Some(name) = root(expr, &mut attributes) {
            if (self.is_wanted)(name) {
                let found_use = NameUse {
                    attributes,
                    span: expr.span,
                    is_called,
                    given_to: None,
                    argument_of: None,
                    handed_to: Vec::new(),
                    chained: methods.to_vec(),
                    is_returned: false,
                    names_columns: false,
                };
                self.found.push((name.clone(), found_use));
            }
            return;
        }
        if let ExprKind::Call(call) = &expr.kind {
            let (called, of) = match &call.function.kind {
                ExprKind::Name(name) => (Some(name), None),
                ExprKind::Attribute { value, name } => (Some(name), Some(value)),
                _ => (None, None),
            };
            let chain: Vec<Name> = called.into_iter().chain(methods).cloned().collect();
            match of {
                Some(value) if root(value, &mut Vec::new()).is_none() => {
                    self.expr(value, false, &chain);
                }
                _ if root(&call.function, &mut Vec::new()).is_some() => {
                    self.expr(&call.function, true, methods);
                }
                _ => self.expr(&call.function, true, &[]),
            }
            let function = called.filter(|_| of.is_none());
            let are_in_place = !call
                .arguments
                .iter()
                .any(|it| it.kind == ArgumentKind::Star);
            for (index, argument) in call.arguments.iter().enumerate() {
                let before = self.found.len();
                self.value(&argument.value);
                let is_in_place = are_in_place && argument.kind == ArgumentKind::Positional;
                if is_in_place
                    && root(&argument.value, &mut Vec::new()).is_some()
                    && let Some((_, given)) = self.found.get_mut(before)
                {
                    given.argument_of = function.map(|name| (name.clone(), index));
                }
                if matches!(argument.value.kind, ExprKind::Name(_))
                    && let Some((_, given)) = self.found.get_mut(before)
                {
                    given.given_to = function.cloned();
                    given.handed_to.clone_from(&chain);
                }
            }
            return;
        }
        // What a name in a list is used for shows where the list is read.
        let is_list = matches!(
            expr.kind,
            ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Set(_) | ExprKind::Dict(_)
        );
        each_part(expr, &mut |part| {
            if !is_list || !matches!(part.kind, ExprKind::Name(_)) {
                self.value(part);
            }
        });
    }
}

/// `a` of `a.b.c`, whose attributes are noted.
fn root<'e>(expr: &'e Expr, attributes: &mut Vec<Name>) -> Option<&'e Name> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Attribute { value, name } => {
            let found = root(value, attributes)?;
            attributes.push(name.clone());
            Some(found)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    #[test]
    fn functions_that_are_only_defined_do_not_run() {
        let source = "def create_app():\n    @app.before_request\n    def setup():\n        User.get()\n\n    \
                      def load():\n        Role.get()\n\n    def all():\n        load()\n\n    all()\n    \
                      app.register(later)\n\n    def later():\n        Log.get()\n";
        let (module, _) = parse(source);
        let StmtKind::FunctionDef(def) = &module.body.first().unwrap().kind else {
            panic!("a function");
        };
        let names = names_used_in(def);
        let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["app", "Role", "app"]);
    }

    #[test]
    fn queries_are_followed_to_what_is_called_on_them() {
        let source = "from app import t\n\n\ndef upgrade():\n    rows = query(t).filter(t.c.id == 1)\n    rows.delete()\n    \
                      others = query(t)\n    others.all()\n    for row in others:\n        pass\n    \
                      query(t).with_entities(t.c.id).all()\n";
        let (module, _) = parse(source);
        let [imported] = imported_names(&module).try_into().unwrap();
        let bare = imported
            .uses
            .iter()
            .filter(|used| used.attributes.is_empty());
        let handed_to: Vec<String> = bare.map(|used| used.handed_to.join(" ")).collect();
        assert_eq!(
            handed_to,
            ["query filter delete", "query", "query with_entities all"]
        );
    }

    #[test]
    fn chains_are_followed_to_their_end() {
        let source = "from app import T\n\n\ndef f():\n    T.query.filter(T.a == 1).delete()\n    \
                      rows = T.query.filter(T.a == 1)\n    rows = rows.distinct()\n    return rows.order_by(T.b)\n";
        let (module, _) = parse(source);
        let [imported] = imported_names(&module).try_into().unwrap();
        let queries = imported.uses.iter().filter(|used| used.is_called);
        let found: Vec<(String, bool)> = queries
            .map(|used| (used.chained.join(" "), used.is_returned))
            .collect();
        assert_eq!(
            found,
            [
                ("delete".to_owned(), false),
                ("distinct order_by".to_owned(), true)
            ]
        );
    }
}
