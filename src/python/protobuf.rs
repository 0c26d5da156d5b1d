//! Modules that `protoc` wrote: `service_pb2.py`.
//!
//! They hold a serialized descriptor and let the library make their names from it when they are imported, in a way that
//! changes from release to release. Here the descriptor is read, and the module is taken for what it stands for: its
//! enums as `google/protobuf/internal/enum_type_wrapper.py` has them, and its messages as classes of which nothing is
//! known.

use std::fmt::Write as _;
use std::sync::Arc;

use prost::Message as _;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};

use super::sources::ParsedFile;
use crate::source::RepoPath;

/// What every such module begins with. What is not of the descriptor comes from the library.
const PRELUDE: &str = r"
from google.protobuf.internal.builder import *
from google.protobuf.message import Message as _Message

class _EnumTypeWrapper:
    def __init__(self, pairs):
        self._pairs = pairs
    def Name(self, number):
        for name, value in self._pairs:
            if value == number:
                return name
        raise ValueError(number)
    def Value(self, name):
        return dict(self._pairs)[name]
    def keys(self):
        return [name for name, value in self._pairs]
    def values(self):
        return [value for name, value in self._pairs]
    def items(self):
        return list(self._pairs)
";

/// Messages in messages are read to this depth.
const MAX_DEPTH: usize = 8;

/// What a module stands for; `None` where it holds no descriptor that can be read.
pub(super) fn meaning(path: &RepoPath, file: &ParsedFile) -> Option<Arc<ParsedFile>> {
    if !path.file_name().ends_with("_pb2.py") {
        return None;
    }
    let descriptor = descriptor(file.text.as_str())?;
    Some(Arc::new(ParsedFile::new(source_of(&descriptor).as_bytes())))
}

/// The descriptor of the module itself: `AddSerializedFile(b'…')`, or `serialized_pb=b'…'` before protobuf 3.20.
fn descriptor(text: &str) -> Option<FileDescriptorProto> {
    ["AddSerializedFile(", "serialized_pb="]
        .into_iter()
        .find_map(|call| {
            let (_, rest) = text.split_once(call)?;
            let rest = rest.trim_start();
            // `_b('…')` in modules for Python 2 too.
            let rest = rest.strip_prefix("_b(").unwrap_or(rest);
            let bytes = bytes_literal(rest.strip_prefix('b').unwrap_or(rest))?;
            FileDescriptorProto::decode(bytes.as_slice()).ok()
        })
}

/// The bytes of a literal, from its quote on.
fn bytes_literal(text: &str) -> Option<Vec<u8>> {
    let mut rest = text.as_bytes().iter().copied().peekable();
    let quote = rest.next().filter(|quote| matches!(quote, b'\'' | b'"'))?;
    let mut bytes = Vec::new();
    loop {
        let byte = rest.next()?;
        if byte == quote {
            return Some(bytes);
        }
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next()? {
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'a' => bytes.push(7),
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            b'v' => bytes.push(11),
            b'\n' => {}
            b'x' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push((high * 16 + low) as u8);
            }
            digit @ b'0'..=b'7' => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(next) = rest.next_if(|next| matches!(next, b'0'..=b'7')) else {
                        break;
                    };
                    value = value * 8 + u32::from(next - b'0');
                }
                bytes.push(u8::try_from(value).ok()?);
            }
            same @ (b'\\' | b'\'' | b'"') => bytes.push(same),
            other => bytes.extend([b'\\', other]),
        }
    }
}

fn source_of(descriptor: &FileDescriptorProto) -> String {
    let mut source = PRELUDE.to_owned();
    for wrapped in &descriptor.enum_type {
        add_enum(&mut source, wrapped, "");
    }
    for message in &descriptor.message_type {
        add_message(&mut source, message, 0);
    }
    source
}

/// The enum, and its labels beside it.
fn add_enum(source: &mut String, wrapped: &EnumDescriptorProto, indent: &str) {
    let labels: Vec<(&str, i32)> = wrapped
        .value
        .iter()
        .map(|value| (value.name(), value.number()))
        .filter(|(name, _)| is_identifier(name))
        .collect();
    let name = wrapped.name();
    if !is_identifier(name) {
        return;
    }
    let mut pairs = String::new();
    for (label, number) in &labels {
        let _ = write!(pairs, "({label:?}, {number}), ");
    }
    let _ = writeln!(source, "{indent}{name} = _EnumTypeWrapper([{pairs}])");
    for (label, number) in &labels {
        let _ = writeln!(source, "{indent}{name}.{label} = {number}");
        let _ = writeln!(source, "{indent}{label} = {number}");
    }
}

fn add_message(source: &mut String, message: &DescriptorProto, depth: usize) {
    let name = message.name();
    if !is_identifier(name) || depth > MAX_DEPTH {
        return;
    }
    let indent = "    ".repeat(depth);
    let inner = "    ".repeat(depth + 1);
    let _ = writeln!(source, "{indent}class {name}(_Message):\n{inner}pass");
    for wrapped in &message.enum_type {
        add_enum(source, wrapped, &inner);
    }
    for nested in &message.nested_type {
        add_message(source, nested, depth + 1);
    }
}

/// Names go into a program.
fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_bytes() {
        for (text, bytes) in [
            (r"'a\n\x12\101\0\'\\', 2", Some(&b"a\n\x12A\0'\\"[..])),
            (r#""\"\q""#, Some(&b"\"\\q"[..])),
            ("'never ends", None),
            (r"'\xg0'", None),
            (r"'\777'", None),
            ("3", None),
        ] {
            assert_eq!(bytes_literal(text).as_deref(), bytes, "{text}");
        }
    }

    #[test]
    fn enums_of_descriptors() {
        // As protoc 3.21 writes: `enum Mood { SAD = 0; OK = 2; }` and one in a message.
        let text = r#"
DESCRIPTOR = _descriptor_pool.Default().AddSerializedFile(b'\n\nmood.proto"\x1f\n\x03\x42ox"\x18\n\x04Side\x12\x08\n\x04LEFT\x10\x01\x12\x06\n\x02UP\x10\x02*\x17\n\x04Mood\x12\x07\n\x03SAD\x10\x00\x12\x06\n\x02OK\x10\x02')
_builder.BuildTopDescriptorsAndMessages(DESCRIPTOR, 'mood_pb2', globals())
"#;
        let path = RepoPath::new("app/mood_pb2.py");
        let file = ParsedFile::new(text.as_bytes());
        let made = meaning(&path, &file).unwrap();
        assert!(made.syntax_error.is_none());
        let source = made.text.as_str().strip_prefix(PRELUDE).unwrap();
        assert_eq!(
            source,
            "Mood = _EnumTypeWrapper([(\"SAD\", 0), (\"OK\", 2), ])\n\
             Mood.SAD = 0\nSAD = 0\nMood.OK = 2\nOK = 2\n\
             class Box(_Message):\n    pass\n    \
             Side = _EnumTypeWrapper([(\"LEFT\", 1), (\"UP\", 2), ])\n    \
             Side.LEFT = 1\n    LEFT = 1\n    Side.UP = 2\n    UP = 2\n"
        );
        assert!(meaning(&RepoPath::new("app/mood.py"), &file).is_none());
    }
}
