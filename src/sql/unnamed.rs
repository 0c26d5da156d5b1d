//! Statements about something whose name is not known: what they can be about all the same.

use std::ops::Range;

use smol_str::SmolStr;

use super::cursor::Cursor;
use super::source::Source;
use super::token::{HOLE, TokenKind};
use crate::catalog::{AlterAction, Ddl, ObjectKind, UnnamedKind};

/// What a statement is about, if that leaves the columns and constraints of tables alone.
pub(super) fn kind(source: &Source<'_>, range: Range<usize>) -> Option<UnnamedKind> {
    let mut cursor = Cursor::new(source, range);
    let creates = cursor.take("create");
    if !creates && !cursor.take("drop") && !cursor.take("alter") {
        return None;
    }
    while [
        "or",
        "replace",
        "temporary",
        "temp",
        "unlogged",
        "constraint",
        "unique",
    ]
    .iter()
    .any(|word| cursor.take(word))
    {}
    if cursor.take("table") {
        return creates.then_some(UnnamedKind::NewTable);
    }
    if cursor.take("index") {
        return Some(UnnamedKind::Index);
    }
    if cursor.take("sequence") {
        return Some(UnnamedKind::Sequence);
    }
    if cursor.take("type") || cursor.take("domain") {
        return Some(UnnamedKind::Type);
    }
    super::object::kind(&mut cursor)
        // What is in a schema falls with it, and so it does with an extension.
        .filter(|kind| creates || !matches!(kind, ObjectKind::Schema | ObjectKind::Extension))
        .map(UnnamedKind::Object)
}

/// What actions on a table of an unknown name do, if they leave its columns and constraints alone.
pub(super) fn harmless(what: &str, actions: &[AlterAction]) -> Option<Ddl> {
    let keeps = |action: &AlterAction| {
        matches!(action, AlterAction::Other | AlterAction::RowSecurity { .. })
    };
    if actions.is_empty() || !actions.iter().all(keeps) {
        return None;
    }
    Some(
        if actions.iter().all(|action| *action == AlterAction::Other) {
            Ddl::Nothing
        } else {
            Ddl::OpaqueObject {
                what: what.to_owned(),
                kind: UnnamedKind::Object(ObjectKind::Policy),
            }
        },
    )
}

/// The table of a statement whose name has a schema before it that is not known: `"{schema}".users` of projects that
/// have a schema for each of their customers.
pub(super) fn table_in_unknown_schema(source: &Source<'_>, range: Range<usize>) -> Option<SmolStr> {
    let tokens = source.tokens(range);
    tokens.windows(3).take(12).find_map(|three| match three {
        [schema, dot, name]
            if dot.is_punctuation(".")
                && schema.text.trim_matches('"').chars().all(|c| c == HOLE)
                && matches!(name.kind, TokenKind::Word | TokenKind::QuotedName) =>
        {
            name.catalog_name(source.dialect)
        }
        _ => None,
    })
}
