//! Names that carry the types of their arguments.

use smol_str::SmolStr;

use super::super::token::{Token, TokenKind};
use super::super::types::read_type;
use super::Reader;
use crate::catalog::ObjectKind;
use crate::dialect::Dialect;

impl Reader<'_> {
    /// The name of an object: that of a function carries the types of its arguments where they are given.
    pub(super) fn object_name(&mut self, kind: ObjectKind) -> Option<SmolStr> {
        match kind {
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate
                if self.source.dialect == Dialect::PostgreSql =>
            {
                let name = self.cursor.name()?;
                match self.arguments() {
                    Some(arguments) => Some(smol_str::format_smolstr!(
                        "{name}({})",
                        arguments.join(", ")
                    )),
                    None => Some(name),
                }
            }
            ObjectKind::Cast => {
                let inside = self.cursor.parentheses()?;
                let text = self.source.known(inside)?;
                let tokens = super::super::token::tokens_of(text, self.source.dialect);
                let (from, length) = read_type(&tokens, self.source.dialect)?;
                let (to, _) = read_type(tokens.get(length + 1..)?, self.source.dialect)?;
                Some(smol_str::format_smolstr!("{from} AS {to}"))
            }
            ObjectKind::Operator => self.operator(),
            _ => self.cursor.name(),
        }
    }

    /// An operator's sign, or the name of a class or family with its access method.
    fn operator(&mut self) -> Option<SmolStr> {
        if let Some(name) = self.cursor.name() {
            return Some(name);
        }
        let mut sign = String::new();
        while let Some(token) = self.cursor.peek()
            && token.kind == TokenKind::Punctuation
            && token.text != "("
        {
            sign.push_str(token.text);
            self.cursor.skip();
        }
        (!sign.is_empty()).then(|| sign.into())
    }

    /// The types of the arguments that a call gives, as the catalog spells them. `None` where there is no list.
    fn arguments(&mut self) -> Option<Vec<SmolStr>> {
        let inside = self.cursor.parentheses()?;
        let text = self.source.known(inside)?;
        let dialect = self.source.dialect;
        let tokens = super::super::token::tokens_of(text, dialect);
        let mut found = Vec::new();
        for argument in split_at_commas(&tokens) {
            found.extend(argument_type(argument, dialect));
        }
        Some(found)
    }
}

fn split_at_commas<'a, 'b>(tokens: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    let mut parts = Vec::new();
    let mut depth = 0_i32;
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            "," if depth == 0 => {
                parts.extend(tokens.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.extend(tokens.get(start..).filter(|part| !part.is_empty()));
    parts
}

/// The type of one argument; `None` for those that are only given back.
fn argument_type(tokens: &[Token<'_>], dialect: Dialect) -> Option<SmolStr> {
    let mut tokens = tokens;
    while let [first, rest @ ..] = tokens
        && !rest.is_empty()
        && ["in", "inout", "variadic"]
            .iter()
            .any(|mode| first.is_word(mode))
    {
        tokens = rest;
    }
    if let [first, _, ..] = tokens
        && first.is_word("out")
    {
        return None;
    }
    let end = tokens
        .iter()
        .position(|token| token.is_word("default") || token.is_punctuation("="))
        .unwrap_or(tokens.len());
    let tokens = tokens.get(..end)?;
    if let [star] = tokens
        && star.is_punctuation("*")
    {
        return Some("*".into());
    }
    // A name may come before the type. The type alone takes all tokens, or one token less.
    let whole = read_type(tokens, dialect).filter(|(_, length)| *length == tokens.len());
    let after_name = tokens
        .get(1..)
        .filter(|rest| !rest.is_empty())
        .and_then(|rest| read_type(rest, dialect).filter(|(_, length)| *length == rest.len()));
    whole
        .or(after_name)
        .map(|(spelling, _)| without_arguments(&spelling))
}

/// The size of an argument's type is not part of the signature.
fn without_arguments(spelling: &str) -> SmolStr {
    match (spelling.find('('), spelling.rfind(')')) {
        (Some(open), Some(close)) if open < close => smol_str::format_smolstr!(
            "{}{}",
            spelling.get(..open).unwrap_or_default(),
            spelling.get(close + 1..).unwrap_or_default()
        ),
        _ => spelling.into(),
    }
}
