//! Lowering of statements.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Lowering;
use super::kinds::{Field, Kind};
use crate::python::ast::{
    Alias, Argument, ExceptHandler, Expr, ExprKind, ImportFrom, Name, Stmt, StmtKind, With,
    WithItem,
};
use crate::source::Span;

impl Lowering<'_> {
    pub(super) fn module(&mut self) -> Vec<Stmt> {
        let mut body = Vec::new();
        self.children(|this, _, kind| this.statement(kind, &mut body));
        body
    }

    /// The statements of a block, or of several clauses that follow each other.
    pub(super) fn block(&mut self) -> Vec<Stmt> {
        let mut body = Vec::new();
        self.children(|this, _, kind| this.statement(kind, &mut body));
        body
    }

    fn statement(&mut self, kind: Kind, body: &mut Vec<Stmt>) {
        let span = self.span();
        let lowered = self.deeper(|this| this.statement_kind(kind));
        match lowered {
            Some(Some(kind)) => body.push(Stmt { span, kind }),
            Some(None) => {}
            None => body.push(Stmt {
                span,
                kind: StmtKind::Invalid,
            }),
        }
    }

    fn statement_kind(&mut self, kind: Kind) -> Option<StmtKind> {
        Some(match kind {
            Kind::ExpressionStatement => self.expression_statement(),
            Kind::ImportStatement => StmtKind::Import(self.aliases()),
            Kind::FutureImportStatement => StmtKind::ImportFrom(ImportFrom {
                module: Name::new_static("__future__"),
                level: 0,
                names: self.aliases(),
                star: false,
            }),
            Kind::ImportFromStatement => self.import_from(),
            Kind::FunctionDefinition => StmtKind::FunctionDef(Arc::new(self.function(Vec::new()))),
            Kind::ClassDefinition => StmtKind::ClassDef(Arc::new(self.class(Vec::new()))),
            Kind::DecoratedDefinition => self.decorated(),
            Kind::ReturnStatement => StmtKind::Return(self.only_expression()),
            Kind::RaiseStatement => {
                let mut exception = None;
                self.children(|this, field, kind| {
                    if field != Field::Cause && exception.is_none() && kind != Kind::Other {
                        exception = Some(this.expression());
                    }
                });
                StmtKind::Raise { exception }
            }
            Kind::DeleteStatement => {
                let mut targets = Vec::new();
                if let Some(expr) = self.only_expression() {
                    match expr.kind {
                        ExprKind::Tuple(items) => targets = items,
                        _ => targets.push(expr),
                    }
                }
                StmtKind::Delete(targets)
            }
            Kind::AssertStatement => match self.only_expression() {
                Some(test) => StmtKind::Assert { test },
                None => StmtKind::Invalid,
            },
            Kind::GlobalStatement => StmtKind::Global(self.names()),
            Kind::NonlocalStatement => StmtKind::Nonlocal(self.names()),
            Kind::IfStatement | Kind::ElifClause => self.if_statement(),
            Kind::ForStatement => self.for_statement(),
            Kind::WhileStatement => self.while_statement(),
            Kind::WithStatement => self.with_statement(),
            Kind::TryStatement => self.try_statement(),
            Kind::MatchStatement => self.match_statement(),
            Kind::TypeAliasStatement => {
                let (mut name, mut value) = (None, None);
                self.children(|this, field, _| match field {
                    Field::Left => name = Some(this.expression()),
                    Field::Right => value = Some(this.expression()),
                    _ => {}
                });
                match (name, value) {
                    (Some(name), Some(value))
                        if matches!(name.kind, ExprKind::Name(_) | ExprKind::Subscript { .. }) =>
                    {
                        StmtKind::TypeAlias { name, value }
                    }
                    // The grammar takes `type(x).y = z` for an alias of `(x).y`.
                    (Some(target), Some(value)) => {
                        let target = Expr {
                            span: target.span,
                            kind: ExprKind::Invalid,
                        };
                        StmtKind::Assign {
                            targets: vec![target],
                            value,
                        }
                    }
                    _ => StmtKind::Invalid,
                }
            }
            Kind::PassStatement => StmtKind::Pass,
            Kind::BreakStatement => StmtKind::Break,
            Kind::ContinueStatement => StmtKind::Continue,
            // Python 2's statements have no effect on a schema that could be known.
            Kind::PrintStatement => StmtKind::Pass,
            Kind::Error | Kind::ExecStatement => StmtKind::Invalid,
            _ => return None,
        })
    }

    fn expression_statement(&mut self) -> StmtKind {
        let mut lowered = None;
        let mut items = Vec::new();
        let mut commas = 0;
        let span = self.span();
        self.children(|this, _, kind| match kind {
            Kind::Assignment => lowered = Some(this.assignment(Vec::new())),
            Kind::AugmentedAssignment => lowered = Some(this.augmented_assignment()),
            Kind::Other => commas += usize::from(this.node_text() == ","),
            _ => items.push(this.expression()),
        });
        lowered.unwrap_or_else(|| match items.len() {
            0 => StmtKind::Invalid,
            1 if commas == 0 => items.pop().map_or(StmtKind::Invalid, StmtKind::Expr),
            _ => StmtKind::Expr(Expr {
                span,
                kind: ExprKind::Tuple(items),
            }),
        })
    }

    /// `a = b = value` nests to the right in the syntax tree.
    fn assignment(&mut self, mut targets: Vec<Expr>) -> StmtKind {
        let mut annotation = None;
        let mut value = None;
        let mut nested = false;
        self.children(|this, field, kind| match field {
            Field::Left => targets.push(this.expression()),
            Field::Type => annotation = Some(this.expression()),
            Field::Right if kind == Kind::Assignment => nested = true,
            Field::Right => value = Some(this.expression()),
            _ => {}
        });
        if nested {
            let mut lowered = StmtKind::Invalid;
            self.children(|this, field, kind| {
                if field == Field::Right && kind == Kind::Assignment {
                    let targets = std::mem::take(&mut targets);
                    lowered = this
                        .deeper(|this| this.assignment(targets))
                        .unwrap_or(StmtKind::Invalid);
                }
            });
            return lowered;
        }
        match (annotation, value) {
            (Some(annotation), value) => match targets.pop() {
                Some(target) => StmtKind::AnnAssign {
                    target,
                    annotation,
                    value,
                },
                None => StmtKind::Invalid,
            },
            (None, Some(value)) => StmtKind::Assign { targets, value },
            (None, None) => StmtKind::Invalid,
        }
    }

    fn augmented_assignment(&mut self) -> StmtKind {
        let (mut target, mut op, mut value) = (None, None, None);
        self.children(|this, field, _| match field {
            Field::Left => target = Some(this.expression()),
            Field::Operator => op = Self::binary_op(this.node_text().trim_end_matches('=')),
            Field::Right => value = Some(this.expression()),
            _ => {}
        });
        match (target, op, value) {
            (Some(target), Some(op), Some(value)) => StmtKind::AugAssign { target, op, value },
            _ => StmtKind::Invalid,
        }
    }

    fn aliases(&mut self) -> Vec<Alias> {
        let mut aliases = Vec::new();
        self.children(|this, field, kind| {
            if field != Field::Name {
                return;
            }
            let span = this.span();
            if kind == Kind::AliasedImport {
                let (mut name, mut asname) = (Name::default(), None);
                this.children(|this, field, _| match field {
                    Field::Name => name = this.dotted_name(),
                    Field::Alias => asname = Some(this.name()),
                    _ => {}
                });
                aliases.push(Alias { name, asname, span });
            } else {
                aliases.push(Alias {
                    name: this.dotted_name(),
                    asname: None,
                    span,
                });
            }
        });
        aliases
    }

    fn import_from(&mut self) -> StmtKind {
        let mut module = Name::default();
        let mut level = 0;
        let mut star = false;
        self.children(|this, field, kind| match (field, kind) {
            (Field::ModuleName, Kind::RelativeImport) => {
                this.children(|this, _, kind| match kind {
                    Kind::ImportPrefix => level = this.node_text().matches('.').count() as u32,
                    Kind::DottedName => module = this.dotted_name(),
                    _ => {}
                });
            }
            (Field::ModuleName, _) => module = this.dotted_name(),
            (_, Kind::WildcardImport) => star = true,
            _ => {}
        });
        StmtKind::ImportFrom(ImportFrom {
            module,
            level,
            names: self.aliases(),
            star,
        })
    }

    /// `a . b` may hold spaces and line breaks between its parts.
    pub(super) fn dotted_name(&mut self) -> Name {
        let text = self.node_text();
        if text.contains(char::is_whitespace) || text.contains('\\') {
            return text
                .split('.')
                .map(|part| part.trim_matches(|c: char| c.is_whitespace() || c == '\\'))
                .fold(SmolStr::default(), |name, part| {
                    if name.is_empty() {
                        SmolStr::new(part)
                    } else {
                        smol_str::format_smolstr!("{name}.{part}")
                    }
                });
        }
        Name::new(text)
    }

    pub(super) fn name(&self) -> Name {
        Name::new(self.node_text())
    }

    fn names(&mut self) -> Vec<Name> {
        let mut names = Vec::new();
        self.children(|this, _, kind| {
            if kind == Kind::Identifier {
                names.push(this.name());
            }
        });
        names
    }

    fn if_statement(&mut self) -> StmtKind {
        let mut test = None;
        let mut body = Vec::new();
        // Each `elif` is an `if` inside the `else` of what stands before it; they are nested from the last one.
        let mut branches: Vec<(Span, StmtKind)> = Vec::new();
        let mut orelse = Vec::new();
        self.children(|this, field, kind| match (field, kind) {
            (Field::Condition, _) => test = Some(this.expression()),
            (Field::Consequence, _) => body = this.block(),
            (Field::Alternative, Kind::ElifClause) => {
                branches.push((this.span(), this.if_statement()));
            }
            (_, Kind::ElseClause) => orelse = this.clause_body(),
            _ => {}
        });
        for (span, branch) in branches.into_iter().rev() {
            if let StmtKind::If { test, body, .. } = branch {
                let rest = std::mem::take(&mut orelse);
                orelse = vec![Stmt {
                    span,
                    kind: StmtKind::If {
                        test,
                        body,
                        orelse: rest,
                    },
                }];
            }
        }
        match test {
            Some(test) => StmtKind::If { test, body, orelse },
            None => StmtKind::Invalid,
        }
    }

    /// The block of an `else`, `finally` or `except` clause.
    fn clause_body(&mut self) -> Vec<Stmt> {
        let mut body = Vec::new();
        self.children(|this, _, kind| {
            if kind == Kind::Block {
                body = this.block();
            }
        });
        body
    }

    fn for_statement(&mut self) -> StmtKind {
        let (mut target, mut iter) = (None, None);
        let (mut body, mut orelse) = (Vec::new(), Vec::new());
        self.children(|this, field, kind| match (field, kind) {
            (Field::Left, _) => target = Some(this.expression()),
            (Field::Right, _) => iter = Some(this.expression()),
            (Field::Body, _) => body = this.block(),
            (_, Kind::ElseClause) => orelse = this.clause_body(),
            _ => {}
        });
        match (target, iter) {
            (Some(target), Some(iter)) => StmtKind::For {
                target,
                iter,
                body,
                orelse,
            },
            _ => StmtKind::Invalid,
        }
    }

    fn while_statement(&mut self) -> StmtKind {
        let mut test = None;
        let (mut body, mut orelse) = (Vec::new(), Vec::new());
        self.children(|this, field, kind| match (field, kind) {
            (Field::Condition, _) => test = Some(this.expression()),
            (Field::Body, _) => body = this.block(),
            (_, Kind::ElseClause) => orelse = this.clause_body(),
            _ => {}
        });
        match test {
            Some(test) => StmtKind::While { test, body, orelse },
            None => StmtKind::Invalid,
        }
    }

    fn with_statement(&mut self) -> StmtKind {
        let mut items = Vec::new();
        let mut body = Vec::new();
        self.children(|this, field, kind| match (field, kind) {
            (Field::Body, _) => body = this.block(),
            (_, Kind::WithClause) => this.children(|this, _, kind| {
                if kind == Kind::WithItem {
                    this.with_item(&mut items);
                }
            }),
            _ => {}
        });
        StmtKind::With(Arc::new(With { items, body }))
    }

    fn with_item(&mut self, items: &mut Vec<WithItem>) {
        self.children(|this, field, kind| match (field, kind) {
            // What the parentheses of `with (a as b):` and `with (a as b, c):` hold are items as well.
            (Field::Value, Kind::ParenthesizedExpression | Kind::Tuple) => {
                this.children(|this, _, kind| match kind {
                    Kind::Other => {}
                    _ => this.context(items),
                });
            }
            (Field::Value, _) => this.context(items),
            _ => {}
        });
    }

    /// `context` or `context as target`
    fn context(&mut self, items: &mut Vec<WithItem>) {
        let (mut context, mut target) = (None, None);
        if self.kind() == Kind::AsPattern {
            self.children(|this, field, kind| match (field, kind) {
                (Field::Alias, _) => target = this.only_expression(),
                (_, Kind::Other) => {}
                _ => context = Some(this.expression()),
            });
        } else {
            context = Some(self.expression());
        }
        items.extend(context.map(|context| WithItem { context, target }));
    }

    fn try_statement(&mut self) -> StmtKind {
        let (mut body, mut orelse, mut finalbody) = (Vec::new(), Vec::new(), Vec::new());
        let mut handlers = Vec::new();
        self.children(|this, field, kind| match (field, kind) {
            (Field::Body, _) => body = this.block(),
            (_, Kind::ExceptClause) => handlers.push(this.except_handler()),
            (_, Kind::ElseClause) => orelse = this.clause_body(),
            (_, Kind::FinallyClause) => finalbody = this.clause_body(),
            _ => {}
        });
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finalbody,
        }
    }

    fn except_handler(&mut self) -> ExceptHandler {
        let mut handler = ExceptHandler {
            types: Vec::new(),
            name: None,
            body: Vec::new(),
        };
        self.children(|this, field, kind| match (field, kind) {
            // `except E as e` is an as_pattern in the value, or a value and an alias.
            (Field::Value, Kind::AsPattern) => {
                this.children(|this, field, kind| match (field, kind) {
                    (Field::Alias, _) => handler.name = Some(this.name()),
                    (_, Kind::Other) => {}
                    _ => handler.types.push(this.expression()),
                });
            }
            (Field::Value, _) => handler.types.push(this.expression()),
            (Field::Alias, _) => handler.name = Some(this.name()),
            (_, Kind::Block) => handler.body = this.block(),
            _ => {}
        });
        handler
    }

    /// The one expression among the children.
    pub(super) fn only_expression(&mut self) -> Option<Expr> {
        let mut found = None;
        self.children(|this, _, kind| {
            if found.is_none() && kind != Kind::Other {
                found = Some(this.expression());
            }
        });
        found
    }

    pub(super) fn arguments(&mut self) -> Vec<Argument> {
        let mut arguments = Vec::new();
        self.children(|this, _, kind| {
            if let Some(argument) = this.argument(kind) {
                arguments.push(argument);
            }
        });
        arguments
    }
}
