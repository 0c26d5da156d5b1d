//! Arguments that Alembic takes without a word and does not follow.
//!
//! `alter_column` and `drop_column` hand keywords on to the dialect (`**kw` in `operations/ops.py`), which picks those it
//! knows; column lists are iterated, and so are strings.

use super::calls::{RecordedCall, Recorder, Target};
use super::emit::{KEYWORD_ONLY, certainly_has, changes_column, is_column};
use crate::dialect::Dialect;
use crate::python::Interpreter;
use crate::python::value::{CallArgument, Value};
use crate::schema::{IgnoredArgument, IgnoredKind};
use crate::sqlalchemy::construct;

/// What `alter_column` reads, or one of Alembic's dialects.
const ALTER_COLUMN: [&str; 16] = [
    "table_name",
    "column_name",
    "nullable",
    "comment",
    "server_default",
    "new_column_name",
    "type_",
    "existing_type",
    "existing_server_default",
    "existing_nullable",
    "existing_comment",
    "schema",
    "autoincrement",
    "existing_autoincrement",
    "insert_before",
    "insert_after",
];

const DROP_COLUMN: [&str; 4] = ["table_name", "column_name", "schema", "if_exists"];

/// The beginnings of keywords that belong to no dialect, ours or another's.
const OURS: [&str; 12] = [
    "existing", "new", "old", "server", "column", "table", "primary", "foreign", "default", "null",
    "type", "not",
];

/// The arguments of a call that do nothing, or not what they say.
pub(super) fn ignored(
    recorded: &RecordedCall,
    interpreter: &Interpreter<'_, Recorder>,
) -> Vec<IgnoredArgument> {
    let (name, in_batch) = match &recorded.target {
        Target::Op(name) => (name, false),
        Target::Batch { name, .. } => (name, true),
        _ => return Vec::new(),
    };
    let found = |argument: &CallArgument, keyword: &str, kind: IgnoredKind| IgnoredArgument {
        operation: name.clone(),
        name: keyword.into(),
        place: interpreter.file(argument.at),
        kind,
    };
    let keywords = recorded
        .arguments
        .iter()
        .filter_map(|argument| Some((argument, argument.name.as_deref()?)));
    if name == "alter_column"
        && let Some(argument) = unasked_column(recorded, in_batch, interpreter)
    {
        let column = argument.value.as_call();
        let own = column.and_then(|call| call.positional().next()?.value.as_str());
        let name = own.map(|name| smol_str::SmolStr::new(&**name));
        return vec![found(argument, "column_name", IgnoredKind::Column { name })];
    }
    if name == "alter_column"
        && let Some(argument) = type_by_position(recorded, in_batch, interpreter)
    {
        return vec![found(argument, "type_", IgnoredKind::TypeByPosition)];
    }
    match name.as_str() {
        "alter_column" => keywords
            .filter_map(|(argument, keyword)| {
                if keyword == "server_default" && matches!(argument.value, Value::Bool(false)) {
                    return Some(found(argument, keyword, IgnoredKind::LeftAsItIs));
                }
                is_unread(keyword, &ALTER_COLUMN)
                    .then(|| found(argument, keyword, IgnoredKind::UnknownKeyword))
            })
            .collect(),
        "drop_column" => keywords
            .filter(|(_, keyword)| is_unread(keyword, &DROP_COLUMN))
            .map(|(argument, keyword)| found(argument, keyword, IgnoredKind::UnknownKeyword))
            .collect(),
        _ => column_lists(name)
            .iter()
            .filter_map(|(position, keyword)| {
                let position = position - usize::from(in_batch);
                let argument = recorded.positional().nth(position).or_else(|| {
                    recorded
                        .arguments
                        .iter()
                        .find(|argument| argument.name.as_deref() == Some(*keyword))
                })?;
                let text = argument.value.as_str()?;
                let text = smol_str::SmolStr::new(&**text);
                (text.chars().count() > 1)
                    .then(|| found(argument, keyword, IgnoredKind::Letters { text }))
            })
            .collect(),
    }
}

/// A `Column` in the place of its name, for which Alembic does not ask because nothing else is to be changed. What is
/// refused is not ignored.
fn unasked_column<'r>(
    recorded: &'r RecordedCall,
    in_batch: bool,
    interpreter: &Interpreter<'_, Recorder>,
) -> Option<&'r CallArgument> {
    let column = recorded.positional().nth(usize::from(!in_batch))?;
    let semantics = interpreter.host.semantics();
    let is_copied =
        in_batch && semantics.is_some_and(|semantics| semantics.dialect == Dialect::Sqlite);
    (is_column(&column.value, interpreter)
        && !recorded.open
        && !is_copied
        && !changes_column(&recorded.arguments))
    .then_some(column)
}

/// A type that is the third argument: it was taken for `nullable`. Where the call is refused for it, that is told.
fn type_by_position<'r>(
    recorded: &'r RecordedCall,
    in_batch: bool,
    interpreter: &Interpreter<'_, Recorder>,
) -> Option<&'r CallArgument> {
    let third = recorded.positional().nth(2 - usize::from(in_batch))?;
    let called = third.value.as_call().map(|call| &call.callee);
    let name = construct(called.unwrap_or(&third.value), interpreter)?;
    let own = name.rsplit('.').next().unwrap_or(&name);
    let is_type = own.starts_with(char::is_uppercase) && own != "Column";
    let is_refused = certainly_has(interpreter.host.semantics().as_deref(), KEYWORD_ONLY);
    (is_type && !recorded.open && !is_refused).then_some(third)
}

/// True for a keyword that neither Alembic nor a dialect reads. What may belong to a dialect is let be.
fn is_unread(keyword: &str, known: &[&str]) -> bool {
    // `name` is refused, not ignored.
    if known.contains(&keyword) || keyword == "name" {
        return false;
    }
    match keyword.split_once('_') {
        None => true,
        Some((first, _)) => OURS.contains(&first),
    }
}

/// The arguments of an operation that are lists of columns, by position and name.
fn column_lists(operation: &str) -> &'static [(usize, &'static str)] {
    match operation {
        "create_index" | "create_unique_constraint" | "create_primary_key" => &[(2, "columns")],
        "create_foreign_key" => &[(3, "local_cols"), (4, "remote_cols")],
        _ => &[],
    }
}
