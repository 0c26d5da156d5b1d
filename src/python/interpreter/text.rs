//! Strings in the making: known pieces and holes, formatting.

use std::rc::Rc;
use std::sync::Arc;

use super::specifications::{formatted_number, formatted_text};
use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{
    Object, Piece, Pieces, Place, Reason, SymbolKind, Text, Unknown, Value,
};
use crate::source::RepoPath;

/// Collects the pieces of a string.
pub(super) struct TextBuilder {
    pieces: Vec<Piece>,
    known: String,
    length: usize,
    limit: usize,
}

impl TextBuilder {
    /// A string may not grow beyond `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            pieces: Vec::new(),
            known: String::new(),
            length: 0,
            limit,
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.length += text.len();
        if self.length <= self.limit {
            self.known.push_str(text);
        }
    }

    /// Appends the pieces of another string.
    pub(super) fn push_text(&mut self, text: &Text) {
        match &text.pieces {
            Pieces::Known(known) => self.push(known),
            Pieces::Partial(pieces) => {
                for piece in pieces.iter() {
                    match piece {
                        Piece::Known(known) => self.push(known),
                        Piece::Hole(unknown) => self.hole(Rc::clone(unknown)),
                    }
                }
            }
        }
    }

    /// Appends a value whose text is not known.
    pub(super) fn push_hole(&mut self, value: &Value, at: Place) {
        let unknown = match value {
            Value::Unknown(unknown) => Rc::clone(unknown),
            _ => Rc::new(Unknown {
                reason: called(value).map_or(Reason::Operation, Reason::Call),
                at,
            }),
        };
        self.hole(unknown);
    }

    fn hole(&mut self, unknown: Rc<Unknown>) {
        if !self.known.is_empty() {
            self.pieces
                .push(Piece::Known(Arc::from(std::mem::take(&mut self.known))));
        }
        self.pieces.push(Piece::Hole(unknown));
    }

    pub(super) fn finish(mut self, at: Place) -> Value {
        if self.length > self.limit {
            return Value::unknown(Reason::Limit("the length of a string"), at);
        }
        if self.pieces.is_empty() {
            return Value::known_str(self.known, at);
        }
        if !self.known.is_empty() {
            self.pieces.push(Piece::Known(Arc::from(self.known)));
        }
        Value::Str(Text {
            pieces: Pieces::Partial(self.pieces.into()),
            at,
        })
    }
}

impl<H: Host> Interpreter<'_, H> {
    /// True if one of these words stands in a file.
    pub fn is_written(&self, path: &RepoPath, words: &[&str]) -> bool {
        let file = self.sources.python(path);
        file.is_some_and(|file| words.iter().any(|word| file.text.as_str().contains(word)))
    }

    /// Appends `format(value, specification)`, after the conversion `!r` or `!s`.
    pub(super) fn push_formatted(
        &mut self,
        text: &mut TextBuilder,
        value: &Value,
        conversion: Option<char>,
        specification: &str,
        at: Place,
    ) {
        let plain = specification.is_empty();
        let path = Self::path_string(value);
        let value = path
            .as_ref()
            .filter(|_| conversion != Some('r'))
            .unwrap_or(value);
        match (conversion, value) {
            (None | Some('s'), Value::Str(inner)) if plain => text.push_text(inner),
            (Some('r' | 'a'), _) if plain => match self.repr(value, 0) {
                Some(repr) => text.push(&repr),
                None => text.push_hole(value, at),
            },
            (None, Value::Int(_) | Value::Float(_)) if !plain => {
                match formatted_number(value, specification) {
                    Some(shown) => text.push(&shown),
                    None => text.push_hole(value, at),
                }
            }
            // Only strings and numbers have a format of their own here.
            (None, _) if !plain && !matches!(value, Value::Str(_)) => text.push_hole(value, at),
            (None | Some('s'), _) => match self
                .to_str(value)
                .and_then(|shown| formatted_text(&shown, specification))
            {
                Some(shown) => text.push(&shown),
                None => text.push_hole(value, at),
            },
            (Some('r' | 'a'), _) => match self
                .repr(value, 0)
                .and_then(|shown| formatted_text(&shown, specification))
            {
                Some(shown) => text.push(&shown),
                None => text.push_hole(value, at),
            },
            _ => text.push_hole(value, at),
        }
    }

    /// `str(value)`, where it is known.
    pub(super) fn to_str(&self, value: &Value) -> Option<String> {
        match value {
            Value::Str(_) => value.as_str().map(ToString::to_string),
            // `str()` of an enum member depends on the kind of enum and Python's version, except for StrEnum.
            Value::Instance(_) => {
                let text = self.text_of_member(value)?;
                text.as_str().map(ToString::to_string)
            }
            _ => self.repr(value, 0),
        }
    }

    /// `repr(value)`, where it is known.
    pub(super) fn repr(&self, value: &Value, depth: u32) -> Option<String> {
        if depth > 8 || (depth > 0 && !self.step()) {
            return None;
        }
        let list = |items: &[Value]| {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| self.repr(item, depth + 1))
                .collect();
            let text = items?.join(", ");
            self.spend(text.len());
            (text.len() <= self.limits.size).then_some(text)
        };
        Some(match value {
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => super::numbers::float_repr(*number),
            Value::Str(_) => repr_str(value.as_str()?),
            Value::Tuple(items) if items.len() == 1 => format!("({},)", list(items)?),
            Value::Tuple(items) => format!("({})", list(items)?),
            Value::Object(id) => match self.heap.get(*id) {
                Object::List(items) => format!("[{}]", list(items)?),
                Object::Set(items) if items.is_empty() => "set()".to_owned(),
                Object::Set(items) if items.len() == 1 => format!("{{{}}}", list(items)?),
                Object::Dict(items) => {
                    let items: Option<Vec<String>> = items
                        .iter()
                        .map(|(key, value)| {
                            Some(format!(
                                "{}: {}",
                                self.repr(key, depth + 1)?,
                                self.repr(value, depth + 1)?
                            ))
                        })
                        .collect();
                    format!("{{{}}}", items?.join(", "))
                }
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// Python's choice of quotes: single, unless only that occurs inside.
fn repr_str(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut repr = String::with_capacity(text.len() + 2);
    repr.push(quote);
    for c in text.chars() {
        match c {
            '\\' => repr.push_str("\\\\"),
            '\n' => repr.push_str("\\n"),
            '\r' => repr.push_str("\\r"),
            '\t' => repr.push_str("\\t"),
            c if c == quote => {
                repr.push('\\');
                repr.push(c);
            }
            c if c.is_control() => repr.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => repr.push(c),
        }
    }
    repr.push(quote);
    repr
}

/// The function that a value comes from: `datetime.datetime.now` for `datetime.now().date()`.
fn called(value: &Value) -> Option<Name> {
    let mut current = value;
    for _ in 0..16 {
        current = match &current.as_symbol()?.kind {
            SymbolKind::Call(call) => match call.callee.qualified_name() {
                Some(name) => return Some(name.clone()),
                None => &call.callee,
            },
            SymbolKind::Attribute { base, .. } | SymbolKind::Item { base, .. } => base,
            _ => return None,
        };
    }
    None
}
