//! Expressions as trees.

/// An expression. Names and words are in the case of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sql) enum Expression {
    Null,
    Boolean(bool),
    /// As written, a sign before it included.
    Number(String),
    /// The text between the quotes, with quotes doubled; the prefix (`b`, `x`) and the quotes are in the spelling.
    String(String),
    /// A value without parentheses: `current_date`, `default`, `*`, a parameter.
    Word(String),
    Column(String),
    Call {
        name: String,
        arguments: Vec<Expression>,
        /// Words that follow: `OVER (…)`, `FILTER (…)`.
        tail: String,
    },
    /// Pieces that are not taken apart: subqueries, arguments with words between them.
    Raw(String),
    Cast(Box<Expression>, String),
    /// An operator before its operand: `-`, `NOT`.
    Prefix(String, Box<Expression>),
    /// `IS NULL`, `IS NOT TRUE` and others that follow their operand.
    Postfix(Box<Expression>, String),
    Binary(Box<Expression>, String, Box<Expression>),
    /// `AND` or `OR` of two or more.
    Chain(Connective, Vec<Expression>),
    In {
        operand: Box<Expression>,
        negated: bool,
        values: Vec<Expression>,
    },
    Array(Vec<Expression>),
    Row(Vec<Expression>),
    Index(Box<Expression>, Vec<Expression>),
    Case {
        operand: Option<Box<Expression>>,
        branches: Vec<(Expression, Expression)>,
        otherwise: Option<Box<Expression>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sql) enum Connective {
    And,
    Or,
}

impl Connective {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
        }
    }
}

impl Expression {
    pub(super) fn chain(connective: Connective, parts: Vec<Self>) -> Self {
        let mut flat: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::Chain(inner, parts) if inner == connective && flat.is_empty() => flat = parts,
                Self::Chain(inner, parts) if inner == connective => flat.extend(parts),
                part => flat.push(part),
            }
        }
        Self::Chain(connective, flat)
    }

    pub(super) fn binary(left: Self, operator: &str, right: Self) -> Self {
        Self::Binary(Box::new(left), operator.to_owned(), Box::new(right))
    }

    pub(super) fn is_literal(&self) -> bool {
        matches!(
            self,
            Self::Null | Self::Boolean(_) | Self::Number(_) | Self::String(_)
        )
    }
}
