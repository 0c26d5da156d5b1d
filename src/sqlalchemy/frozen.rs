//! Defaults that are worked out once, when the migration runs, and then stay as they are:
//! `server_default=str(datetime.now())`.

use smol_str::SmolStr;

use super::{column_call, construct};
use crate::python::value::{CallArgument, Piece, Pieces, Reason, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::schema::FrozenDefault;

/// Keywords of columns that end in the database.
const KEYWORDS: [&str; 2] = ["server_default", "server_onupdate"];

/// How deep values are looked into.
const MAX_DEPTH: usize = 16;

/// The frozen defaults of a column: `Column(…)`, `mapped_column(…)`.
pub(crate) fn frozen_in_column<H: Host>(
    value: &Value,
    interpreter: &Interpreter<'_, H>,
) -> Vec<FrozenDefault> {
    let Some((call, _)) = column_call(value, interpreter) else {
        return Vec::new();
    };
    let name = call.keyword("name").or_else(|| call.positional().next());
    let name = name.and_then(|name| name.value.as_str());
    let name = name.map(|name| SmolStr::new(&**name));
    frozen_in_arguments(&call.arguments, name.as_ref(), interpreter)
}

/// The frozen defaults among the arguments of a call.
pub(crate) fn frozen_in_arguments<H: Host>(
    arguments: &[CallArgument],
    column: Option<&SmolStr>,
    interpreter: &Interpreter<'_, H>,
) -> Vec<FrozenDefault> {
    arguments
        .iter()
        .filter_map(|argument| {
            let keyword = argument.name.as_deref()?;
            let function = KEYWORDS
                .contains(&keyword)
                .then(|| of_the_moment(&argument.value, interpreter, 0))??;
            Some(FrozenDefault {
                column: column.cloned(),
                keyword: SmolStr::new(keyword),
                function,
                place: interpreter.file(argument.at),
            })
        })
        .collect()
}

/// The function whose result a value holds, if that is another one at every call.
fn of_the_moment<H: Host>(
    value: &Value,
    interpreter: &Interpreter<'_, H>,
    depth: usize,
) -> Option<SmolStr> {
    if depth > MAX_DEPTH {
        return None;
    }
    let called = |reason: &Reason| match reason {
        Reason::Call(name) => is_other_every_time(name).then(|| name.clone()),
        _ => None,
    };
    match value {
        Value::Unknown(unknown) => called(&unknown.reason),
        Value::Str(text) => match &text.pieces {
            Pieces::Known(_) => None,
            Pieces::Partial(pieces) => pieces.iter().find_map(|piece| match piece {
                Piece::Hole(unknown) => called(&unknown.reason),
                Piece::Known(_) => None,
            }),
        },
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Call(call) => {
                if let Some(name) = call.callee.qualified_name() {
                    if is_other_every_time(name) {
                        return Some(name.clone());
                    }
                    // `text("…")`, `DefaultClause("…")`
                    let is_wrapper = construct(&call.callee, interpreter).is_some_and(|name| {
                        matches!(
                            name.as_str(),
                            "text"
                                | "literal"
                                | "literal_column"
                                | "DefaultClause"
                                | "ColumnDefault"
                        )
                    });
                    let mut arguments = call.arguments.iter().filter(|_| is_wrapper);
                    return arguments.find_map(|argument| {
                        of_the_moment(&argument.value, interpreter, depth + 1)
                    });
                }
                of_the_moment(&call.callee, interpreter, depth + 1)
            }
            SymbolKind::Attribute { base, .. } | SymbolKind::Item { base, .. } => {
                of_the_moment(base, interpreter, depth + 1)
            }
            SymbolKind::Binary { left, right, .. } => of_the_moment(left, interpreter, depth + 1)
                .or_else(|| of_the_moment(right, interpreter, depth + 1)),
            _ => None,
        },
        _ => None,
    }
}

fn is_other_every_time(function: &str) -> bool {
    matches!(
        function,
        "datetime.datetime.now"
            | "datetime.datetime.utcnow"
            | "datetime.datetime.today"
            | "datetime.date.today"
            | "time.time"
            | "time.time_ns"
            | "time.localtime"
            | "time.gmtime"
            | "uuid.uuid1"
            | "uuid.uuid4"
            | "uuid.uuid6"
            | "uuid.uuid7"
            | "os.urandom"
            | "arrow.now"
            | "arrow.utcnow"
            | "pendulum.now"
            | "pendulum.today"
            | "django.utils.timezone.now"
    ) || function.starts_with("secrets.")
        || function.starts_with("random.")
}
