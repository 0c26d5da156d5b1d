//! Lowering of expressions.

use std::sync::Arc;

use super::kinds::{Field, Kind};
use super::literals::{float, integer};
use super::{Lowering, MAX_CHAIN};
use crate::python::ast::{
    Argument, ArgumentKind, BinaryOp, BoolOp, Call, CompareOp, Comprehension, ComprehensionClause,
    ComprehensionKind, DictItem, Expr, ExprKind, FunctionDef, Name, Stmt, StmtKind, UnaryOp,
};
use crate::source::Span;

impl Lowering<'_> {
    /// Lowers the current node.
    pub(super) fn expression(&mut self) -> Expr {
        let span = self.span();
        let kind = self.kind();
        if kind == Kind::BinaryOperator {
            return self.binary_chain();
        }
        let kind = self
            .deeper(|this| this.expression_kind(kind))
            .unwrap_or(ExprKind::Invalid);
        Expr { span, kind }
    }

    fn expression_kind(&mut self, kind: Kind) -> ExprKind {
        match kind {
            Kind::Identifier => ExprKind::Name(self.name()),
            Kind::String => self.string(),
            Kind::ConcatenatedString => self.concatenated_string(),
            Kind::Integer => integer(self.node_text()),
            Kind::Float => float(self.node_text()),
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::None => ExprKind::None,
            Kind::Ellipsis => ExprKind::Ellipsis,
            Kind::Attribute => self.attribute(),
            Kind::Subscript => self.subscript(),
            Kind::Call => self.call(),
            Kind::List | Kind::ListPattern => ExprKind::List(self.elements()),
            // `for (x) in y`: parentheses around one pattern make no tuple.
            Kind::TuplePattern if !self.has_comma() => self.inner(),
            Kind::Tuple | Kind::TuplePattern | Kind::ExpressionList | Kind::PatternList => {
                ExprKind::Tuple(self.elements())
            }
            Kind::Set => ExprKind::Set(self.elements()),
            Kind::Dictionary => self.dictionary(),
            Kind::ListComprehension => self.comprehension(ComprehensionKind::List),
            Kind::SetComprehension => self.comprehension(ComprehensionKind::Set),
            Kind::DictionaryComprehension => self.comprehension(ComprehensionKind::Dict),
            Kind::GeneratorExpression => self.comprehension(ComprehensionKind::Generator),
            Kind::ParenthesizedExpression
            | Kind::Type
            | Kind::AsPatternTarget
            | Kind::AsPattern => self.inner(),
            Kind::UnaryOperator | Kind::NotOperator => self.unary(kind),
            Kind::BooleanOperator => self.boolean(),
            Kind::ComparisonOperator => self.comparison(),
            Kind::ConditionalExpression => self.conditional(),
            Kind::NamedExpression => self.named_expression(),
            Kind::Lambda => self.lambda(),
            Kind::ListSplat | Kind::ListSplatPattern | Kind::DictionarySplat | Kind::SplatType => {
                self.only_expression().map_or(ExprKind::Invalid, |value| {
                    ExprKind::Starred(Box::new(value))
                })
            }
            Kind::Await => self
                .only_expression()
                .map_or(ExprKind::Invalid, |value| ExprKind::Await(Box::new(value))),
            Kind::Yield => {
                self.yields = true;
                let text = self.node_text();
                let is_from = text.strip_prefix("yield").is_some_and(|rest| {
                    let rest = rest.trim_start().strip_prefix("from");
                    rest.is_some_and(|rest| {
                        !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    })
                });
                let value = self.only_expression();
                ExprKind::Yield(value.map(|value| {
                    Box::new(if is_from {
                        Expr {
                            span: value.span,
                            kind: ExprKind::Starred(Box::new(value)),
                        }
                    } else {
                        value
                    })
                }))
            }
            Kind::Slice => self.slice(),
            Kind::GenericType => self.generic_type(),
            Kind::UnionType => self.joined(|left, right| ExprKind::Binary {
                left: Box::new(left),
                op: BinaryOp::BitOr,
                right: Box::new(right),
            }),
            Kind::MemberType => self.member_type(),
            Kind::DottedName => self.dotted_expression(),
            _ => ExprKind::Invalid,
        }
    }

    /// The expression inside parentheses and other wrappers, with its own kind but the wrapper's span.
    fn inner(&mut self) -> ExprKind {
        self.only_expression()
            .map_or(ExprKind::Invalid, |inner| inner.kind)
    }

    /// `a + b + c` leans to the left, possibly thousands deep: the chain is walked, not recursed into.
    fn binary_chain(&mut self) -> Expr {
        let top = self.at;
        let mut spans = Vec::new();
        while self.kind() == Kind::BinaryOperator && self.cursor.goto_first_child() {
            spans.push(self.span());
            self.look();
            while self.field() != Field::Left && self.cursor.goto_next_sibling() {
                self.look();
            }
        }
        if spans.len() > MAX_CHAIN {
            for _ in 0..spans.len() {
                self.cursor.goto_parent();
            }
            self.at = top;
            return Expr {
                span: top.span,
                kind: ExprKind::Invalid,
            };
        }
        let mut expr = self.expression();
        while let Some(span) = spans.pop() {
            let (mut op, mut right) = (None, None);
            while self.cursor.goto_next_sibling() {
                self.look();
                match self.field() {
                    Field::Operator => op = Self::binary_op(self.node_text()),
                    Field::Right => right = Some(self.expression()),
                    _ => {}
                }
            }
            self.cursor.goto_parent();
            let kind = match (op, right) {
                (Some(op), Some(right)) => ExprKind::Binary {
                    left: Box::new(expr),
                    op,
                    right: Box::new(right),
                },
                _ => ExprKind::Invalid,
            };
            expr = Expr { span, kind };
        }
        self.at = top;
        expr
    }

    pub(super) fn binary_op(token: &str) -> Option<BinaryOp> {
        Some(match token {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mult,
            "@" => BinaryOp::MatMult,
            "/" => BinaryOp::Div,
            "//" => BinaryOp::FloorDiv,
            "%" => BinaryOp::Mod,
            "**" => BinaryOp::Pow,
            "<<" => BinaryOp::LShift,
            ">>" => BinaryOp::RShift,
            "|" => BinaryOp::BitOr,
            "^" => BinaryOp::BitXor,
            "&" => BinaryOp::BitAnd,
            _ => return None,
        })
    }

    fn attribute(&mut self) -> ExprKind {
        let (mut value, mut name) = (None, None);
        self.children(|this, field, _| match field {
            Field::Object => value = Some(this.expression()),
            Field::Attribute => name = Some(this.name()),
            _ => {}
        });
        match (value, name) {
            (Some(value), Some(name)) => ExprKind::Attribute {
                value: Box::new(value),
                name,
            },
            _ => ExprKind::Invalid,
        }
    }

    fn subscript(&mut self) -> ExprKind {
        let mut value = None;
        let mut indices = Vec::new();
        let mut trailing_comma = false;
        self.children(|this, field, _| match field {
            Field::Value => value = Some(this.expression()),
            Field::Subscript => {
                trailing_comma = false;
                indices.push(this.expression());
            }
            Field::None if this.node_text() == "," => trailing_comma = true,
            _ => {}
        });
        subscripted(value, indices, trailing_comma)
    }

    /// `Mapped[str]` in an annotation has a node of its own.
    fn generic_type(&mut self) -> ExprKind {
        let mut value = None;
        let mut indices = Vec::new();
        self.children(|this, _, kind| match kind {
            Kind::Identifier => {
                value = Some(Expr {
                    span: this.span(),
                    kind: ExprKind::Name(this.name()),
                });
            }
            Kind::TypeParameter => this.children(|this, _, kind| {
                if kind == Kind::Type {
                    indices.push(this.expression());
                }
            }),
            _ => {}
        });
        subscripted(value, indices, false)
    }

    fn member_type(&mut self) -> ExprKind {
        let (mut value, mut name) = (None, None);
        self.children(|this, _, kind| match kind {
            Kind::Identifier => name = Some(this.name()),
            Kind::Type => value = Some(this.expression()),
            _ => {}
        });
        match (value, name) {
            (Some(value), Some(name)) => ExprKind::Attribute {
                value: Box::new(value),
                name,
            },
            _ => ExprKind::Invalid,
        }
    }

    /// `a.b` in a pattern.
    fn dotted_expression(&mut self) -> ExprKind {
        let mut expr: Option<Expr> = None;
        self.children(|this, _, kind| {
            if kind != Kind::Identifier {
                return;
            }
            let (span, name) = (this.span(), this.name());
            expr = Some(match expr.take() {
                None => Expr {
                    span,
                    kind: ExprKind::Name(name),
                },
                Some(value) => {
                    let span = value.span.cover(span);
                    Expr {
                        span,
                        kind: ExprKind::Attribute {
                            value: Box::new(value),
                            name,
                        },
                    }
                }
            });
        });
        expr.map_or(ExprKind::Invalid, |expr| expr.kind)
    }

    fn joined(&mut self, join: impl FnOnce(Expr, Expr) -> ExprKind) -> ExprKind {
        let mut operands = Vec::new();
        self.children(|this, _, kind| {
            if kind != Kind::Other {
                operands.push(this.expression());
            }
        });
        let mut operands = operands.into_iter();
        match (operands.next(), operands.next()) {
            (Some(left), Some(right)) => join(left, right),
            _ => ExprKind::Invalid,
        }
    }

    fn slice(&mut self) -> ExprKind {
        let mut bounds: [Option<Box<Expr>>; 3] = [None, None, None];
        let mut at = 0;
        self.children(|this, _, kind| match kind {
            Kind::Colon => at += 1,
            Kind::Other => {}
            _ => {
                if let Some(bound) = bounds.get_mut(at) {
                    *bound = Some(Box::new(this.expression()));
                }
            }
        });
        let [lower, upper, step] = bounds;
        ExprKind::Slice { lower, upper, step }
    }

    fn call(&mut self) -> ExprKind {
        let mut function = None;
        let mut arguments = Vec::new();
        self.children(|this, field, kind| match (field, kind) {
            (Field::Function, _) => function = Some(this.expression()),
            (Field::Arguments, Kind::GeneratorExpression) => {
                let value = this.expression();
                arguments.push(Argument {
                    kind: ArgumentKind::Positional,
                    span: value.span,
                    value,
                });
            }
            (Field::Arguments, _) => arguments = this.arguments(),
            _ => {}
        });
        match function {
            Some(function) => ExprKind::Call(Box::new(Call {
                function,
                arguments,
            })),
            None => ExprKind::Invalid,
        }
    }

    pub(super) fn argument(&mut self, kind: Kind) -> Option<Argument> {
        let span = self.span();
        let argument = |kind, value| Some(Argument { kind, value, span });
        match kind {
            Kind::Other => None,
            Kind::KeywordArgument => {
                let (mut name, mut value) = (None, None);
                self.children(|this, field, _| match field {
                    Field::Name => name = Some(this.name()),
                    Field::Value => value = Some(this.expression()),
                    _ => {}
                });
                argument(ArgumentKind::Keyword(name?), value?)
            }
            Kind::ListSplat => argument(ArgumentKind::Star, self.only_expression()?),
            Kind::DictionarySplat => argument(ArgumentKind::DoubleStar, self.only_expression()?),
            _ => {
                let value = self.expression();
                argument(ArgumentKind::Positional, value)
            }
        }
    }

    fn elements(&mut self) -> Vec<Expr> {
        let mut elements = Vec::new();
        self.children(|this, _, kind| {
            if kind != Kind::Other {
                elements.push(this.expression());
            }
        });
        elements
    }

    fn has_comma(&mut self) -> bool {
        let (mut items, mut commas) = (0, 0);
        self.children(|this, _, kind| match kind {
            Kind::Other if this.node_text() == "," => commas += 1,
            Kind::Other => {}
            _ => items += 1,
        });
        items != 1 || commas > 0
    }

    fn dictionary(&mut self) -> ExprKind {
        let mut items = Vec::new();
        self.children(|this, _, kind| match kind {
            Kind::Pair => {
                let (mut key, mut value) = (None, None);
                this.children(|this, field, _| match field {
                    Field::Key => key = Some(this.expression()),
                    Field::Value => value = Some(this.expression()),
                    _ => {}
                });
                items.extend(value.map(|value| DictItem { key, value }));
            }
            Kind::DictionarySplat => {
                items.extend(
                    this.only_expression()
                        .map(|value| DictItem { key: None, value }),
                );
            }
            _ => {}
        });
        ExprKind::Dict(items)
    }

    fn comprehension(&mut self, kind: ComprehensionKind) -> ExprKind {
        let (mut element, mut value) = (None, None);
        let mut clauses = Vec::new();
        self.children(|this, field, node| match (field, node) {
            (Field::Body, Kind::Pair) => this.children(|this, field, _| match field {
                Field::Key => element = Some(this.expression()),
                Field::Value => value = Some(this.expression()),
                _ => {}
            }),
            (Field::Body, _) => element = Some(this.expression()),
            (_, Kind::ForInClause) => {
                let (mut target, mut iters) = (None, Vec::new());
                let span = this.span();
                this.children(|this, field, kind| match field {
                    Field::Left => target = Some(this.expression()),
                    Field::Right if kind != Kind::Other => iters.push(this.expression()),
                    _ => {}
                });
                let iter = match iters.len() {
                    1 => iters.pop(),
                    _ => Some(Expr {
                        span,
                        kind: ExprKind::Tuple(iters),
                    }),
                };
                if let (Some(target), Some(iter)) = (target, iter) {
                    clauses.push(ComprehensionClause::For { target, iter });
                }
            }
            (_, Kind::IfClause) => {
                clauses.extend(this.only_expression().map(ComprehensionClause::If));
            }
            _ => {}
        });
        match element {
            Some(element) => ExprKind::Comprehension(Box::new(Comprehension {
                kind,
                element,
                value,
                clauses,
            })),
            None => ExprKind::Invalid,
        }
    }

    fn unary(&mut self, kind: Kind) -> ExprKind {
        let mut op = UnaryOp::Not;
        let mut operand = None;
        self.children(|this, field, _| match field {
            Field::Operator => {
                op = match this.node_text() {
                    "-" => UnaryOp::Neg,
                    "+" => UnaryOp::Pos,
                    _ => UnaryOp::Invert,
                };
            }
            Field::Argument => operand = Some(this.expression()),
            _ => {}
        });
        if kind == Kind::NotOperator {
            op = UnaryOp::Not;
        }
        operand.map_or(ExprKind::Invalid, |operand| ExprKind::Unary {
            op,
            operand: Box::new(operand),
        })
    }

    fn boolean(&mut self) -> ExprKind {
        let (mut left, mut right) = (None, None);
        let mut op = BoolOp::And;
        self.children(|this, field, _| match field {
            Field::Left => left = Some(this.expression()),
            Field::Operator if this.node_text() == "or" => op = BoolOp::Or,
            Field::Right => right = Some(this.expression()),
            _ => {}
        });
        match (left, right) {
            (Some(left), Some(right)) => ExprKind::BoolOp {
                left: Box::new(left),
                op,
                right: Box::new(right),
            },
            _ => ExprKind::Invalid,
        }
    }

    fn comparison(&mut self) -> ExprKind {
        let mut left = None;
        let mut op = None;
        let mut rest = Vec::new();
        self.children(|this, field, kind| {
            if field == Field::Operators {
                op = compare_op(this.node_text());
            } else if kind != Kind::Other {
                let operand = this.expression();
                match (left.is_some(), op.take()) {
                    (false, _) => left = Some(operand),
                    (true, Some(op)) => rest.push((op, operand)),
                    (true, None) => {}
                }
            }
        });
        match left {
            Some(left) if !rest.is_empty() => ExprKind::Compare {
                left: Box::new(left),
                rest,
            },
            _ => ExprKind::Invalid,
        }
    }

    fn conditional(&mut self) -> ExprKind {
        let mut operands = self.elements().into_iter();
        match (operands.next(), operands.next(), operands.next()) {
            (Some(body), Some(test), Some(orelse)) => ExprKind::Conditional {
                test: Box::new(test),
                body: Box::new(body),
                orelse: Box::new(orelse),
            },
            _ => ExprKind::Invalid,
        }
    }

    fn named_expression(&mut self) -> ExprKind {
        let (mut target, mut value) = (None, None);
        self.children(|this, field, _| match field {
            Field::Name => target = Some(this.name()),
            Field::Value => value = Some(this.expression()),
            _ => {}
        });
        match (target, value) {
            (Some(target), Some(value)) => ExprKind::Named {
                target,
                value: Box::new(value),
            },
            _ => ExprKind::Invalid,
        }
    }

    fn lambda(&mut self) -> ExprKind {
        let span = self.span();
        let mut parameters = Vec::new();
        let mut body = None;
        self.children(|this, field, _| match field {
            Field::Parameters => parameters = this.parameters(),
            Field::Body => body = Some(this.expression()),
            _ => {}
        });
        let body = body.map(|body| Stmt {
            span: body.span,
            kind: StmtKind::Return(Some(body)),
        });
        ExprKind::Lambda(Arc::new(FunctionDef {
            name: Name::new_static("<lambda>"),
            name_span: span,
            span,
            parameters,
            body: body.into_iter().collect(),
            decorators: Vec::new(),
            returns: None,
            is_async: false,
            is_generator: false,
        }))
    }
}

fn subscripted(value: Option<Expr>, mut indices: Vec<Expr>, trailing_comma: bool) -> ExprKind {
    let span = indices
        .iter()
        .map(|index| index.span)
        .reduce(Span::cover)
        .unwrap_or_default();
    let index = if indices.len() == 1 && !trailing_comma {
        indices.pop()
    } else {
        Some(Expr {
            span,
            kind: ExprKind::Tuple(indices),
        })
    };
    match (value, index) {
        (Some(value), Some(index)) => ExprKind::Subscript {
            value: Box::new(value),
            index: Box::new(index),
        },
        _ => ExprKind::Invalid,
    }
}

fn compare_op(token: &str) -> Option<CompareOp> {
    Some(match token {
        "==" => CompareOp::Eq,
        "!=" | "<>" => CompareOp::NotEq,
        "<" => CompareOp::Lt,
        "<=" => CompareOp::LtE,
        ">" => CompareOp::Gt,
        ">=" => CompareOp::GtE,
        "is" => CompareOp::Is,
        "in" => CompareOp::In,
        other if other.starts_with("is") => CompareOp::IsNot,
        other if other.starts_with("not") => CompareOp::NotIn,
        _ => return None,
    })
}
