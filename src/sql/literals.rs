//! Strings in a statement over rows that are certainly read as values of a column or of a type.

use std::ops::Range;

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::source::{Source, qualified};
use super::token::{Token, TokenKind};
use crate::catalog::{LiteralOf, UsedLiteral};

/// Reads `'x'::type`, the values of `INSERT` and `UPDATE`, and comparisons in the `WHERE` of a single table.
pub(super) fn read(source: &Source<'_>, range: Range<usize>) -> Vec<UsedLiteral> {
    let mut found = casts(source, range.clone());
    let mut cursor = Cursor::new(source, range);
    if cursor.take("insert") {
        inserted(&mut cursor, &mut found);
    } else if cursor.take("update") {
        updated(&mut cursor, &mut found);
    } else if cursor.take_all(&["delete", "from"]) {
        cursor.take("only");
        if let Some(table) = Table::read(&mut cursor, "where")
            && cursor.take("where")
        {
            compared(&cursor, &table, &mut found);
        }
    }
    found
}

/// The one table of a statement.
struct Table {
    name: SmolStr,
    alias: Option<SmolStr>,
}

impl Table {
    /// Reads a table and its alias, up to the next clause.
    fn read(cursor: &mut Cursor<'_>, next: &str) -> Option<Self> {
        let name = cursor.name()?;
        let _ = cursor.take_punctuation("*");
        cursor.take("as");
        let alias = if cursor.is(next) { None } else { cursor.name() };
        Some(Self { name, alias })
    }

    fn literal(&self, column: &SmolStr, text: SmolStr) -> UsedLiteral {
        UsedLiteral {
            text,
            of: LiteralOf::Column {
                table: self.name.clone(),
                column: column.clone(),
            },
        }
    }

    /// The column that a name stands for, which may have the table before it.
    fn column(&self, mut parts: Vec<SmolStr>) -> Option<SmolStr> {
        let column = parts.pop()?;
        let is_own = match qualified(&parts) {
            None => parts.is_empty(),
            Some(table) => Some(&table) == self.alias.as_ref().or(Some(&self.name)),
        };
        is_own.then_some(column)
    }
}

fn casts(source: &Source<'_>, range: Range<usize>) -> Vec<UsedLiteral> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(source, range);
    while cursor.peek().is_some() {
        let Some(text) = cursor.string() else {
            cursor.skip();
            continue;
        };
        if cursor.take_punctuation(":")
            && cursor.take_punctuation(":")
            && let Some(name) = cursor.name()
            && !cursor.is_punctuation("[")
        {
            let of = LiteralOf::Type(name);
            found.push(UsedLiteral { text, of });
        }
    }
    found
}

/// True where a value ends: nothing is made of the string that stands there.
fn ends(cursor: &Cursor<'_>) -> bool {
    const AFTER: &[&str] = &["where", "from", "returning", "on", "and", "or"];
    cursor.peek().is_none_or(|token| {
        matches!(token.text, "," | ")" | ";") || AFTER.iter().any(|word| token.is_word(word))
    })
}

fn inserted(cursor: &mut Cursor<'_>, found: &mut Vec<UsedLiteral>) {
    if !cursor.take("into") {
        return;
    }
    let Some(name) = cursor.name() else { return };
    let table = Table { name, alias: None };
    if !cursor.take_punctuation("(") {
        return;
    }
    let Some(columns) = cursor.names() else {
        return;
    };
    if !cursor.take_punctuation(")") || !cursor.take("values") {
        return;
    }
    while cursor.take_punctuation("(") {
        let mut position = 0;
        let mut depth = 0_usize;
        let mut is_first = true;
        while let Some(token) = cursor.peek() {
            match token.text {
                "," if depth == 0 => {
                    position += 1;
                    is_first = true;
                    cursor.skip();
                    continue;
                }
                ")" if depth == 0 => break,
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0
                && is_first
                && let Some(text) = cursor.string()
            {
                if ends(cursor)
                    && let Some(column) = columns.get(position)
                {
                    found.push(table.literal(column, text));
                }
            } else {
                cursor.skip();
            }
            is_first = false;
        }
        cursor.skip();
        if !cursor.take_punctuation(",") {
            return;
        }
    }
}

fn updated(cursor: &mut Cursor<'_>, found: &mut Vec<UsedLiteral>) {
    cursor.take("only");
    let Some(table) = Table::read(cursor, "set") else {
        return;
    };
    if !cursor.take("set") {
        return;
    }
    loop {
        if let Some(parts) = cursor.name_parts()
            && let [column] = parts.as_slice()
            && cursor.take_punctuation("=")
            && let Some(text) = cursor.string()
            && ends(cursor)
        {
            found.push(table.literal(column, text));
        }
        let mut depth = 0_usize;
        loop {
            let Some(token) = cursor.peek() else { return };
            let is_end = ["where", "from", "returning"]
                .iter()
                .any(|word| token.is_word(word));
            match token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "," if depth == 0 => break,
                _ if depth == 0 && is_end => {
                    if cursor.take("where") {
                        compared(cursor, &table, found);
                    }
                    return;
                }
                _ => {}
            }
            cursor.skip();
        }
        cursor.skip();
    }
}

/// `column = 'x'`, `column <> 'x'` and `column IN ('x', 'y')`.
fn compared(cursor: &Cursor<'_>, table: &Table, found: &mut Vec<UsedLiteral>) {
    // Names within may be those of another table.
    if cursor.has("select") {
        return;
    }
    let mut cursor = cursor.clone();
    let mut may_begin = true;
    while let Some(token) = cursor.peek() {
        let begins = starts_condition(token);
        if !(may_begin && matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)) || begins {
            may_begin = begins;
            cursor.skip();
            continue;
        }
        may_begin = false;
        let Some(parts) = cursor.name_parts() else {
            cursor.skip();
            continue;
        };
        let Some(column) = table.column(parts) else {
            continue;
        };
        let mut texts = Vec::new();
        if cursor.take("in") && cursor.take_punctuation("(") {
            while let Some(text) = cursor.string() {
                texts.push(text);
                if !cursor.take_punctuation(",") {
                    break;
                }
            }
            if !cursor.take_punctuation(")") {
                continue;
            }
        } else if is_comparison(&mut cursor)
            && let Some(text) = cursor.string()
        {
            texts.push(text);
        }
        if ends(&cursor) {
            found.extend(texts.into_iter().map(|text| table.literal(&column, text)));
        }
    }
}

fn is_comparison(cursor: &mut Cursor<'_>) -> bool {
    if cursor.take_punctuation("=") {
        return true;
    }
    (cursor.take_punctuation("<") && cursor.take_punctuation(">"))
        || (cursor.take_punctuation("!") && cursor.take_punctuation("="))
}

fn starts_condition(token: &Token<'_>) -> bool {
    token.text == "(" || ["and", "or", "not"].iter().any(|word| token.is_word(word))
}
