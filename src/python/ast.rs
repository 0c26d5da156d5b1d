//! The syntax tree: Python's own `ast`, with byte spans, made small.
//!
//! What the parser could not read is [`StmtKind::Invalid`] or [`ExprKind::Invalid`], never an error.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::source::Span;

/// A name or attribute.
pub type Name = SmolStr;

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    pub body: Vec<Stmt>,
}

impl Module {
    /// The string that stands first in the file.
    pub fn docstring(&self) -> Option<&Expr> {
        docstring(&self.body)
    }
}

/// The string literal a body starts with, which Python takes as documentation.
pub fn docstring(body: &[Stmt]) -> Option<&Expr> {
    match body.first().map(|stmt| &stmt.kind) {
        Some(StmtKind::Expr(expr)) if matches!(expr.kind, ExprKind::Str(_)) => Some(expr),
        _ => None,
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    Expr(Expr),
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    AugAssign {
        target: Expr,
        op: BinaryOp,
        value: Expr,
    },
    AnnAssign {
        target: Expr,
        annotation: Expr,
        value: Option<Expr>,
    },
    FunctionDef(Arc<FunctionDef>),
    ClassDef(Arc<ClassDef>),
    Return(Option<Expr>),
    Raise {
        exception: Option<Expr>,
    },
    Delete(Vec<Expr>),
    Global(Vec<Name>),
    Nonlocal(Vec<Name>),
    Import(Vec<Alias>),
    ImportFrom(ImportFrom),
    If {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    For {
        target: Expr,
        iter: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    While {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    With(Arc<With>),
    Try {
        body: Vec<Stmt>,
        handlers: Vec<ExceptHandler>,
        orelse: Vec<Stmt>,
        finalbody: Vec<Stmt>,
    },
    Match {
        subject: Expr,
        cases: Vec<MatchCase>,
    },
    Assert {
        test: Expr,
    },
    TypeAlias {
        name: Expr,
        value: Expr,
    },
    Pass,
    Break,
    Continue,
    /// Text the parser could not read.
    Invalid,
}

/// `import a.b as c`: the dotted name and the name it is bound to.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    pub name: Name,
    pub asname: Option<Name>,
    pub span: Span,
}

/// `from ..a import b as c`, `from a import *` (then `names` is empty and `star` set).
#[derive(Clone, Debug, PartialEq)]
pub struct ImportFrom {
    pub module: Name,
    /// The number of leading dots.
    pub level: u32,
    pub names: Vec<Alias>,
    pub star: bool,
}

impl ImportFrom {
    /// The dotted name of the module that is meant in the module of a name; `None` where the dots lead out of every package.
    pub fn absolute(&self, importer: &str, is_package: bool) -> Option<Name> {
        if self.level == 0 {
            return Some(self.module.clone());
        }
        let mut package: Vec<&str> = importer.split('.').collect();
        let up = self.level as usize - usize::from(is_package);
        package.truncate(package.len().checked_sub(up)?);
        package.extend(self.module.split('.').filter(|part| !part.is_empty()));
        (!package.is_empty()).then(|| Name::new(package.join(".")))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDef {
    pub name: Name,
    pub name_span: Span,
    /// From `def` to the end of the body, without decorators.
    pub span: Span,
    pub parameters: Vec<Parameter>,
    pub body: Vec<Stmt>,
    pub decorators: Vec<Expr>,
    pub returns: Option<Expr>,
    pub is_async: bool,
    /// True if a `yield` belongs to this function.
    pub is_generator: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: Name,
    pub kind: ParameterKind,
    pub annotation: Option<Expr>,
    pub default: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    PositionalOnly,
    Positional,
    KeywordOnly,
    /// `*args`
    Args,
    /// `**kwargs`
    Kwargs,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClassDef {
    pub name: Name,
    pub name_span: Span,
    pub span: Span,
    /// Bases and keywords, as written between the parentheses.
    pub arguments: Vec<Argument>,
    pub body: Vec<Stmt>,
    pub decorators: Vec<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct With {
    pub items: Vec<WithItem>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WithItem {
    pub context: Expr,
    pub target: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExceptHandler {
    pub types: Vec<Expr>,
    pub name: Option<Name>,
    pub body: Vec<Stmt>,
}

/// One `case`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchCase {
    pub pattern: Pattern,
    /// The patterns as written.
    pub text: Arc<str>,
    pub guard: Option<Expr>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// A literal or dotted name that the subject must equal.
    Value(Expr),
    /// `_`, or a name that takes any value.
    Capture(Option<Name>),
    Or(Vec<Pattern>),
    /// `[a, *rest, b]`, or the same in parentheses.
    Sequence(Vec<Pattern>),
    /// `*rest` in a sequence.
    Star(Option<Name>),
    /// `{"key": pattern, **rest}`
    Mapping {
        items: Vec<(Expr, Pattern)>,
        rest: Option<Name>,
    },
    /// `Class(pattern, keyword=pattern)`
    Class {
        class: Expr,
        positional: Vec<Pattern>,
        keywords: Vec<(Name, Pattern)>,
    },
    /// `pattern as name`
    As(Box<Pattern>, Name),
    /// Anything else, with the names it binds.
    Other {
        binds: Vec<Name>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    None,
    Bool(bool),
    Ellipsis,
    Int(i64),
    Float(f64),
    /// An integer that does not fit, or a complex number, as written.
    Number(Arc<str>),
    Str(Arc<str>),
    /// A bytes literal, as written.
    Bytes(Arc<str>),
    FString(Vec<FStringPart>),
    Name(Name),
    Attribute {
        value: Box<Expr>,
        name: Name,
    },
    Subscript {
        value: Box<Expr>,
        index: Box<Expr>,
    },
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    Call(Box<Call>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Set(Vec<Expr>),
    Dict(Vec<DictItem>),
    Comprehension(Box<Comprehension>),
    Lambda(Arc<FunctionDef>),
    Binary {
        left: Box<Expr>,
        op: BinaryOp,
        right: Box<Expr>,
    },
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    BoolOp {
        left: Box<Expr>,
        op: BoolOp,
        right: Box<Expr>,
    },
    Compare {
        left: Box<Expr>,
        rest: Vec<(CompareOp, Expr)>,
    },
    Conditional {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Starred(Box<Expr>),
    Named {
        target: Name,
        value: Box<Expr>,
    },
    Await(Box<Expr>),
    /// What is yielded; of `yield from` it is [`ExprKind::Starred`].
    Yield(Option<Box<Expr>>),
    /// Text the parser could not read, or nesting beyond the limit.
    Invalid,
}

impl Expr {
    /// The value of a plain string literal.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Str(value) => Some(value),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub function: Expr,
    pub arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    pub kind: ArgumentKind,
    pub value: Expr,
    /// The whole argument, with its keyword.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    Positional,
    Keyword(Name),
    /// `*value`
    Star,
    /// `**value`
    DoubleStar,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FStringPart {
    Literal(Arc<str>),
    Hole {
        value: Expr,
        conversion: Option<char>,
        format: Option<Vec<FStringPart>>,
    },
}

/// `key: value`, or `**value` where the key is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct DictItem {
    pub key: Option<Expr>,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    pub kind: ComprehensionKind,
    /// The element; for a dict the key.
    pub element: Expr,
    /// The value of a dict's item.
    pub value: Option<Expr>,
    pub clauses: Vec<ComprehensionClause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ComprehensionClause {
    For { target: Expr, iter: Expr },
    If(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Sub,
    Mult,
    MatMult,
    Div,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Not,
    Neg,
    Pos,
    Invert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BoolOp {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
}
