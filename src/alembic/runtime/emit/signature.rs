//! What Alembic's operations accept.
//!
//! Facts from the signatures of `alembic.operations.ops` in Alembic 1.4.3 and 1.20.1, and its change log: the former names
//! of arguments went in 1.5.0, and since 1.11.0 optional ones are given by keyword only.

use std::borrow::Cow;

use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument};
use crate::sqlalchemy::ddl::Semantics;

/// From this version on the former names of arguments are not accepted.
const WITHOUT_FORMER_NAMES: (u32, u32) = (1, 5);
/// From this version on optional arguments are given by keyword only.
pub(in crate::alembic::runtime) const KEYWORD_ONLY: (u32, u32) = (1, 11);

/// The arguments an operation cannot do without, in their order. In a batch the table is left out.
fn required(operation: &str) -> &'static [&'static str] {
    match operation {
        "create_table" | "drop_table" | "drop_table_comment" => &["table_name"],
        "rename_table" => &["old_table_name", "new_table_name"],
        "add_column" => &["table_name", "column"],
        "drop_column" | "alter_column" => &["table_name", "column_name"],
        "create_index" => &["index_name", "table_name", "columns"],
        "drop_index" => &["index_name"],
        "create_foreign_key" => &[
            "constraint_name",
            "source_table",
            "referent_table",
            "local_cols",
            "remote_cols",
        ],
        "create_unique_constraint" | "create_primary_key" => {
            &["constraint_name", "table_name", "columns"]
        }
        "create_check_constraint" => &["constraint_name", "table_name", "condition"],
        "drop_constraint" => &["constraint_name", "table_name"],
        _ => &[],
    }
}

/// How many arguments an operation accepts by position; `None` where that is not limited, or not told here.
fn most_positional(operation: &str) -> Option<usize> {
    match operation {
        "rename_table"
        | "add_column"
        | "drop_column"
        | "alter_column"
        | "create_index"
        | "create_foreign_key"
        | "create_unique_constraint"
        | "create_primary_key"
        | "create_check_constraint"
        | "drop_table" => Some(required(operation).len()),
        "drop_index" => Some(2),
        "drop_constraint" => Some(3),
        _ => None,
    }
}

/// What an operation of a batch accepts by position, whatever the version; the table is no part of it.
fn accepted_in_batch(operation: &str) -> Option<(usize, &'static str)> {
    match operation {
        "drop_column" => Some((1, "the column")),
        "drop_index" => Some((1, "the index")),
        "create_index" => Some((2, "the index and its columns")),
        "create_unique_constraint" => Some((2, "the constraint and its columns")),
        _ => None,
    }
}

/// The call of a batch as it was meant, where it names the table that the batch is of.
pub(super) fn without_table(operation: &str, call: &Call, batch: &Call) -> Option<Call> {
    let (most, _) = accepted_in_batch(operation)?;
    if call.positional().count() != most + 1 {
        return None;
    }
    let position = required(operation)
        .iter()
        .position(|argument| *argument == "table_name")
        .unwrap_or(1);
    let table = batch.argument(0, "table_name")?.value.as_str()?;
    let is_named = |argument: &CallArgument| {
        argument.name.is_none() && argument.value.as_str().is_some_and(|text| text == table)
    };
    let mut call = call.clone();
    is_named(call.arguments.get(position)?).then(|| call.arguments.remove(position))?;
    Some(call)
}

/// The optional arguments of an operation that accepts no others in any version; `None` for one that hands others on.
fn optional(operation: &str) -> Option<&'static [&'static str]> {
    match operation {
        "rename_table" | "create_primary_key" => Some(&["schema"]),
        "drop_constraint" => Some(&["type_", "schema", "if_exists"]),
        "add_column" => Some(&[
            "schema",
            "if_not_exists",
            "inline_references",
            "inline_primary_key",
            "insert_before",
            "insert_after",
        ]),
        _ => None,
    }
}

/// The name that an argument has now, from the one it had before Alembic 1.5.
fn present_name(operation: &str, former: &str) -> Option<&'static str> {
    let present = match (operation, former) {
        ("drop_constraint", "type") => "type_",
        (
            "drop_constraint"
            | "create_primary_key"
            | "create_unique_constraint"
            | "create_foreign_key"
            | "create_check_constraint",
            "name",
        ) => "constraint_name",
        ("create_index" | "drop_index", "name") => "index_name",
        ("create_index" | "drop_index", "tablename") => "table_name",
        ("create_table" | "drop_table", "name") => "table_name",
        ("alter_column", "name") => "new_column_name",
        ("create_primary_key", "cols") | ("create_unique_constraint", "local_cols") => "columns",
        ("create_unique_constraint" | "create_check_constraint", "source") => "table_name",
        ("create_foreign_key", "source") => "source_table",
        ("create_foreign_key", "referent") => "referent_table",
        _ => return None,
    };
    Some(present)
}

/// True where a file or the configuration says that a version of Alembic runs which has a change.
pub(in crate::alembic::runtime) fn certainly_has(
    semantics: Option<&Semantics>,
    change: (u32, u32),
) -> bool {
    semantics.is_some_and(|semantics| !semantics.is_alembic_assumed && semantics.alembic >= change)
}

/// The call with the names that its arguments have today, unless it is refused for those it uses.
pub(in crate::alembic::runtime) fn with_present_names<'c>(
    operation: &str,
    call: &'c Call,
    semantics: Option<&Semantics>,
) -> Cow<'c, Call> {
    let present = |name: Option<&Name>| present_name(operation, name?);
    let is_former = call
        .arguments
        .iter()
        .any(|argument| present(argument.name.as_ref()).is_some());
    if !is_former || certainly_has(semantics, WITHOUT_FORMER_NAMES) {
        return Cow::Borrowed(call);
    }
    let mut call = call.clone();
    for argument in &mut call.arguments {
        if let Some(name) = present(argument.name.as_ref()) {
            argument.name = Some(Name::from(name));
        }
    }
    Cow::Owned(call)
}

/// Why Python refuses a call of which all arguments are known.
pub(super) fn refusal(
    operation: &str,
    call: &Call,
    in_batch: bool,
    semantics: &Semantics,
) -> Option<String> {
    let named = || {
        let names = call.arguments.iter();
        names.filter_map(|argument| argument.name.as_deref())
    };
    if certainly_has(Some(semantics), WITHOUT_FORMER_NAMES)
        && let Some((former, present)) =
            named().find_map(|name| Some((name, present_name(operation, name)?)))
    {
        return Some(format!(
            "since Alembic 1.5 the argument `{former}` of `{operation}` is `{present}`"
        ));
    }
    let is_left_out =
        |argument: &str| in_batch && matches!(argument, "table_name" | "source_table");
    let given = call.positional().count();
    let missing = required(operation)
        .iter()
        .filter(|argument| !is_left_out(argument))
        .enumerate()
        .find(|(position, argument)| *position >= given && call.keyword(argument).is_none());
    if let Some((_, missing)) = missing {
        return Some(format!("`{operation}` needs the argument `{missing}`"));
    }
    if let Some(optional) = optional(operation)
        && let Some(unknown) =
            named().find(|name| !required(operation).contains(name) && !optional.contains(name))
    {
        return Some(format!("`{operation}` has no argument `{unknown}`"));
    }
    if let (true, Some((most, accepted))) = (in_batch, accepted_in_batch(operation))
        && given > most
    {
        return Some(format!(
            "in a batch `{operation}` takes {accepted} alone: the table is left out"
        ));
    }
    let most = most_positional(operation)? - usize::from(in_batch);
    (given > most && certainly_has(Some(semantics), KEYWORD_ONLY)).then(|| {
        format!("since Alembic 1.11 `{operation}` takes {most} arguments by position, not {given}")
    })
}
