//! Paths and files of the repository: `__file__`, `os.path`, `pathlib` and `open(…).read()`.
//!
//! Where the repository lies is not known, so a path in it is a string whose first piece is a hole. What hangs on that
//! folder's own name stays unknown.

use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{
    Call, CallArgument, Object, Piece, Pieces, Place, Reason, SymbolKind, Text, Unknown, Value,
};
use crate::source::RepoPath;

/// Why the first piece of such a path is not known.
const ROOT: Reason = Reason::Unsupported("the folder of the repository");

/// The absolute path of a file of the repository.
pub(super) fn path_text(path: &str, at: Place) -> Value {
    let hole = Piece::Hole(Rc::new(Unknown { reason: ROOT, at }));
    let rest = Piece::Known(Arc::from(format!("/{path}")));
    Value::Str(Text {
        pieces: Pieces::Partial(Rc::from([hole, rest])),
        at,
    })
}

/// The path inside the repository that a string or `pathlib.Path` stands for.
pub(super) fn repository_path(value: &Value) -> Option<String> {
    match value {
        Value::Str(Text {
            pieces: Pieces::Partial(pieces),
            ..
        }) => match &**pieces {
            [Piece::Hole(hole), rest @ ..] if hole.reason == ROOT => {
                let mut path = String::new();
                for piece in rest {
                    let Piece::Known(known) = piece else {
                        return None;
                    };
                    path.push_str(known);
                }
                // `root + "x"` is beside the repository, not in it.
                path.strip_prefix('/').map(ToOwned::to_owned)
            }
            _ => None,
        },
        Value::Symbol(_) => repository_path(path_argument(value)?),
        _ => None,
    }
}

/// The text of a `pathlib.Path(text)`.
fn path_argument(value: &Value) -> Option<&Value> {
    let call = value.as_call()?;
    if call.open || !is_path_class(call.callee.qualified_name()?) {
        return None;
    }
    match call.arguments.as_slice() {
        [only] if only.name.is_none() => Some(&only.value),
        _ => None,
    }
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At the top of the repository.
    Repository,
    /// Where Alembic runs, which mostly is the top of the repository: `Path("app")`, `Path()`.
    Working,
}

impl Start {
    pub(super) fn text(self, path: &str, at: Place) -> Value {
        match self {
            Self::Repository => path_text(path, at),
            Self::Working => Value::known_str(path, at),
        }
    }

    fn object(self, path: &str, at: Place) -> Value {
        path_object(self.text(path, at), at)
    }
}

/// What a `pathlib.Path` stands for.
fn located(value: &Value) -> Option<(Start, String)> {
    let call = value.as_call()?;
    if call.open || !is_path_class(call.callee.qualified_name()?) {
        return None;
    }
    match call.arguments.as_slice() {
        [] => Some((Start::Working, String::new())),
        [only] if only.name.is_none() => located_text(&only.value),
        _ => None,
    }
}

/// What a string stands for where it is taken for a path.
pub(super) fn located_text(value: &Value) -> Option<(Start, String)> {
    let relative = relative_text(value).map(|path| (Start::Working, path));
    relative.or_else(|| Some((Start::Repository, repository_path(value)?)))
}

/// A relative path as it is written, without a dot for the folder itself.
fn relative_text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let text = text.strip_prefix("./").unwrap_or(text);
    let text = if text == "." { "" } else { text };
    (!text.starts_with('/') && !text.contains("..")).then(|| text.to_owned())
}

fn is_path_class(name: &str) -> bool {
    matches!(
        name,
        "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "anyio.Path"
    )
}

/// How `pathlib` sorts two paths of one folder: part by part.
pub(super) fn compare_paths(left: &Value, right: &Value) -> Option<Ordering> {
    let ((start, left), (other, right)) = located(left).zip(located(right))?;
    (start == other).then(|| left.split('/').cmp(right.split('/')))
}

pub(super) fn path_object(text: Value, at: Place) -> Value {
    Value::symbol(
        SymbolKind::Call(Call {
            callee: Value::name("pathlib.Path", at),
            arguments: vec![CallArgument {
                name: None,
                value: text,
                at,
            }],
            open: false,
        }),
        at,
    )
}

/// Joins a path inside the repository with a relative one.
fn joined(path: &str, more: &Value) -> Option<String> {
    let more = match more {
        Value::Symbol(_) => path_argument(more)?.as_str()?,
        _ => more.as_str()?,
    };
    if more.starts_with('/') {
        return None;
    }
    let separator = if path.is_empty() || path.ends_with('/') {
        ""
    } else {
        "/"
    };
    Some(format!("{path}{separator}{more}"))
}

/// What a path says of the file by its name.
fn file_attribute(path: &str, name: &str, at: Place) -> Option<Value> {
    let file_name = path.rsplit('/').next().unwrap_or_default();
    Some(match name {
        "name" => Value::known_str(file_name, at),
        "stem" => Value::known_str(stem(file_name), at),
        "suffix" => {
            let (_, extension) = file_name.rsplit_once('.')?;
            Value::known_str(format!(".{extension}"), at)
        }
        _ => return None,
    })
}

fn stem(file_name: &str) -> &str {
    file_name
        .rsplit_once('.')
        .map_or(file_name, |(stem, _)| stem)
}

/// What of a path comes after a folder above it.
fn inside<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn with_suffix(path: &str, positional: &[Value]) -> Option<String> {
    let suffix = positional.first()?.as_str()?;
    let name = path.rsplit('/').next()?;
    let folder = path.strip_suffix(name)?;
    Some(format!("{folder}{}{suffix}", stem(name)))
}

fn parent(path: &str) -> Option<String> {
    if path.is_empty() {
        return None;
    }
    Some(
        path.rsplit_once('/')
            .map_or("", |(parent, _)| parent)
            .to_owned(),
    )
}

pub(super) fn normal(path: &str) -> Option<RepoPath> {
    RepoPath::root().join(path)
}

impl<H: Host> Interpreter<'_, H> {
    /// Functions of `os.path` on paths of the repository, and on known strings.
    pub(super) fn path_function(
        &mut self,
        name: &str,
        positional: &[Value],
        at: Place,
    ) -> Option<Value> {
        let name = name.strip_prefix("os.path.")?;
        let first = positional.first()?;
        let first = path_argument(first).unwrap_or(first);
        if let Some(path) = repository_path(first) {
            return Some(match name {
                "dirname" => path_text(&parent(&path)?, at),
                "basename" => Value::known_str(path.rsplit('/').next()?, at),
                "abspath" | "realpath" | "normpath" | "expanduser" => {
                    path_text(normal(&path)?.as_str(), at)
                }
                "join" => {
                    let mut whole = path;
                    for more in positional.get(1..)? {
                        whole = joined(&whole, more)?;
                    }
                    path_text(&whole, at)
                }
                "exists" | "isfile" => {
                    // What is not in the repository may still be made by a build.
                    let path = normal(&path)?;
                    return self
                        .sources
                        .snapshot()
                        .contains(&path)
                        .then_some(Value::Bool(true));
                }
                "splitext" => {
                    let (stem, extension) = path.rsplit_once('.')?;
                    if extension.contains('/') {
                        return None;
                    }
                    Value::Tuple(Rc::from([
                        path_text(stem, at),
                        Value::known_str(format!(".{extension}"), at),
                    ]))
                }
                _ => return None,
            });
        }
        let text = first.as_str()?;
        Some(match name {
            "basename" => Value::known_str(text.rsplit('/').next()?, at),
            "dirname" => Value::known_str(text.rsplit_once('/').map_or("", |(head, _)| head), at),
            "join" => {
                let mut whole = text.to_string();
                for more in positional.get(1..)? {
                    let more = more.as_str()?;
                    if more.starts_with('/') {
                        whole = more.to_string();
                    } else {
                        if !whole.is_empty() && !whole.ends_with('/') {
                            whole.push('/');
                        }
                        whole.push_str(more);
                    }
                }
                Value::known_str(whole, at)
            }
            _ => return None,
        })
    }

    /// Attributes of a `pathlib.Path`.
    pub(super) fn path_attribute(base: &Value, name: &str, at: Place) -> Option<Value> {
        let (start, path) = located(base)?;
        Some(match name {
            "parent" => start.object(&parent(&path)?, at),
            "parents" if start == Start::Repository => {
                let mut parents = Vec::new();
                let mut current = path;
                while let Some(above) = parent(&current) {
                    parents.push(start.object(&above, at));
                    current = above;
                }
                Value::Tuple(parents.into())
            }
            "parts" if start == Start::Working => Value::Tuple(
                path.split('/')
                    .map(|part| Value::known_str(part, at))
                    .collect(),
            ),
            _ => file_attribute(&path, name, at)?,
        })
    }

    /// Methods of a `pathlib.Path`.
    pub(super) fn path_method(
        &mut self,
        base: &Value,
        name: &str,
        positional: &[Value],
        at: Place,
    ) -> Option<Value> {
        let (start, path) = located(base)?;
        if let Some(found) = self.folder_method(&path, name, positional) {
            // A folder that is not at the top of the repository is not known.
            let is_known = start == Start::Repository || !found.is_empty();
            return is_known.then(|| {
                let found = found.iter().map(|path| start.object(path, at)).collect();
                self.sized_list(found, at)
            });
        }
        Some(match name {
            "joinpath" => {
                let mut whole = path;
                for more in positional {
                    whole = joined(&whole, more)?;
                }
                start.object(&whole, at)
            }
            "with_suffix" => start.object(&with_suffix(&path, positional)?, at),
            "relative_to" => {
                let folder = positional.first()?;
                let (other, folder) = located(folder).or_else(|| located_text(folder))?;
                let (path, folder) = (normal(&path)?, normal(&folder)?);
                let rest = inside(path.as_str(), folder.as_str()).filter(|_| start == other)?;
                Start::Working.object(rest, at)
            }
            "as_posix" | "__str__" => start.text(&path, at),
            _ if start == Start::Working => return None,
            "resolve" | "absolute" | "expanduser" => start.object(normal(&path)?.as_str(), at),
            "with_name" => {
                let folder = parent(&path)?;
                start.object(&joined(&folder, positional.first()?)?, at)
            }
            "read_text" => self.content(&path, at)?,
            "open" => self.opened(&path, at)?,
            "exists" | "is_file" => {
                let path = normal(&path)?;
                return self
                    .sources
                    .snapshot()
                    .contains(&path)
                    .then_some(Value::Bool(true));
            }
            _ => return None,
        })
    }

    /// `path / "more"`
    pub(super) fn path_division(left: &Value, right: &Value, at: Place) -> Option<Value> {
        let (start, path) = located(left)?;
        Some(start.object(&joined(&path, right)?, at))
    }

    /// `str(path)`
    pub(super) fn path_string(value: &Value) -> Option<Value> {
        path_argument(value)
            .filter(|text| matches!(text, Value::Str(_)))
            .cloned()
    }

    /// `open(path)` for reading text.
    pub(super) fn open_file(&mut self, positional: &[Value], at: Place) -> Option<Value> {
        let (path, mode) = match positional {
            [path] => (path, "r"),
            [path, mode, ..] => (path, &**mode.as_str()?),
            [] => return None,
        };
        if !matches!(mode, "r" | "rt") {
            return None;
        }
        let path = repository_path(path)?;
        self.opened(&path, at)
    }

    fn opened(&mut self, path: &str, at: Place) -> Option<Value> {
        let content = self.content(path, at)?;
        let lines = content
            .as_str()?
            .split_inclusive('\n')
            .map(|line| Value::known_str(line, at))
            .collect();
        Some(Value::Object(self.heap.allocate(Object::File(lines))))
    }

    fn content(&mut self, path: &str, at: Place) -> Option<Value> {
        let path = normal(path)?;
        let bytes = self.sources.read(&path)?;
        self.file_id(&path);
        self.spend(bytes.len());
        if bytes.len() > self.limits.size {
            return Some(Value::unknown(Reason::Limit("the size of a file"), at));
        }
        let text = String::from_utf8(bytes).ok()?;
        Some(Value::known_str(
            text.replace("\r\n", "\n").replace('\r', "\n"),
            at,
        ))
    }

    /// Methods of an open file. What was read is gone.
    pub(super) fn file_method(
        &mut self,
        id: crate::python::value::ObjectId,
        name: &Name,
        arguments: &[CallArgument],
        at: Place,
    ) -> Value {
        let Object::File(lines) = self.heap.get_mut(id) else {
            return Value::unknown(Reason::Call(name.clone()), at);
        };
        match name.as_str() {
            "read" if arguments.is_empty() => {
                let text: String = std::mem::take(lines)
                    .iter()
                    .filter_map(|line| line.as_str().map(ToString::to_string))
                    .collect();
                self.spend(text.len());
                Value::known_str(text, at)
            }
            "readlines" if arguments.is_empty() => {
                let lines = std::mem::take(lines);
                self.sized_list(lines, at)
            }
            "readline" if arguments.is_empty() => {
                if lines.is_empty() {
                    Value::known_str("", at)
                } else {
                    lines.remove(0)
                }
            }
            "close" => Value::None,
            _ => Value::unknown(Reason::Call(name.clone()), at),
        }
    }
}
