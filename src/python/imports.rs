//! The imports of a module, read without parsing it.
//!
//! Of most modules of an application nobody wants to know more than what they import. A scan that tells strings, brackets
//! and comments apart is many times faster than a syntax tree. Where a statement might decide about imports (`if`, `try`,
//! calls that load modules by name), it gives up, and the module is to be parsed.

use memchr::memmem;

/// The import statements that the body of a module runs, one after the other; `None` where that depends on more.
pub(crate) fn import_statements(text: &str) -> Option<String> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
    };
    let mut found = String::new();
    while scan.at < scan.bytes.len() {
        let start = scan.at;
        let end = scan.logical_line()?;
        let line = text.get(start..end)?;
        let first = line.as_bytes().first().copied().unwrap_or(b'\n');
        if matches!(first, b' ' | b'\t' | b'\n' | b'\r' | b'#' | b'\x0c') {
            continue;
        }
        if judge(line)? == Kind::Import {
            found.push_str(line.trim_end());
            found.push('\n');
        }
    }
    Some(found)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Import,
    /// What imports nothing.
    Passive,
}

/// What a statement of the module is; `None` for one that may import something in another way.
fn judge(line: &str) -> Option<Kind> {
    let word_end = line
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(line.len());
    let (word, rest) = line.split_at(word_end);
    // More than one statement.
    if line.contains(';') {
        return None;
    }
    let has = |needle: &str| memmem::find(line.as_bytes(), needle.as_bytes()).is_some();
    match word {
        "import" | "from" => {
            let is_own = word == "from"
                && rest.split_once("import").is_some_and(|(from, names)| {
                    from.trim().bytes().all(|byte| byte == b'.') && names.contains('*')
                });
            (!is_own).then_some(Kind::Import)
        }
        "def" | "class" | "async" => Some(Kind::Passive),
        "if" => {
            let condition = rest.trim_start().trim_start_matches('(');
            let is_never = [
                "TYPE_CHECKING:",
                "typing.TYPE_CHECKING:",
                "t.TYPE_CHECKING:",
            ]
            .iter()
            .any(|never| condition.starts_with(never))
                || condition.starts_with("__name__ == ");
            // When the module is imported it does not hold.
            is_never.then_some(Kind::Passive)
        }
        "else" | "elif" | "try" | "except" | "finally" | "for" | "while" | "with" | "match"
        | "del" | "assert" | "raise" | "global" | "exec" => None,
        // A decorator, a docstring, or another expression.
        "" => line.starts_with(['@', '"', '\'']).then_some(Kind::Passive),
        _ => {
            let after = rest.trim_start();
            let is_definition =
                after.starts_with(':') || after.starts_with('=') && !after.starts_with("==");
            if is_definition {
                // What a name is bound to is worked out when it is needed.
                let is_special = word == "__path__" || word == "__all__" && has("import");
                return (!is_special).then_some(Kind::Passive);
            }
            let may_import = [
                "import",
                "load",
                "discover",
                "scan",
                "sys.path",
                "sys.modules",
            ]
            .iter()
            .any(|word| has(word));
            (!may_import).then_some(Kind::Passive)
        }
    }
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Goes to the end of the statement, past its line break, and gives where that is; `None` where strings or brackets
    /// do not end.
    fn logical_line(&mut self) -> Option<usize> {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\n' => {
                    self.at += 1;
                    if depth == 0 {
                        return Some(self.at);
                    }
                }
                b'#' => self.comment(),
                b'\\' => self.at += 2,
                b'"' | b'\'' => self.string(byte)?,
                b'(' | b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b')' | b']' | b'}' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        (depth == 0).then_some(self.bytes.len())
    }

    fn comment(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    /// Goes past a string. In one with a prefix `f` brackets hold expressions, and these strings of their own.
    fn string(&mut self, quote: u8) -> Option<()> {
        let before = self.bytes.get(..self.at).unwrap_or_default();
        let prefix = before
            .iter()
            .rev()
            .take(2)
            .take_while(|byte| byte.is_ascii_alphabetic());
        let is_formatted = prefix
            .into_iter()
            .any(|byte| matches!(byte, b'f' | b'F' | b't' | b'T'));
        let is_triple = self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
        self.at += if is_triple { 3 } else { 1 };
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.at += 2,
                b'\n' if !is_triple => return None,
                b'{' if is_formatted => {
                    if self.peek(1) == Some(b'{') {
                        self.at += 2;
                    } else {
                        self.replacement()?;
                    }
                }
                _ if byte == quote => {
                    let is_end =
                        !is_triple || self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
                    self.at += if is_end && is_triple { 3 } else { 1 };
                    if is_end {
                        return Some(());
                    }
                }
                _ => self.at += 1,
            }
        }
        None
    }

    /// Goes past `{expression!r:format}`.
    fn replacement(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        self.at += 1;
                        return Some(());
                    }
                }
                // A format may hold anything.
                b':' if depth == 1 => return self.format(),
                b'"' | b'\'' => {
                    self.string(byte)?;
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    fn format(&mut self) -> Option<()> {
        while let Some(byte) = self.peek(0) {
            match byte {
                b'{' => self.replacement()?,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                b'\n' => return None,
                _ => self.at += 1,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_and_nothing_else() {
        let text = r#"""" from a import docstring
import not_this
"""
import os, sys as system  # import c
from app.models import (
    User,  # ")"
    Group,
)
from . import kinds
if TYPE_CHECKING:
    from app import types

TEXT = '''
import not_that
'''
FORMATTED = f"{names["a"]!r:>{width}} { {'import': 1}['import'] } {{ {x:%H:%M}"
log = logging.getLogger(__name__)
register("x", 'it\'s', r"\d")


@decorator(lambda: """
import hidden
""")
def function():
    import inside
    return "\
import no"


class Class: import_ = 1


if __name__ == "__main__":
    import main
from app.last import *
"#;
        assert_eq!(
            import_statements(text).as_deref(),
            Some(
                "import os, sys as system  # import c\nfrom app.models import (\n    User,  # \")\"\n    Group,\n)\n\
                 from . import kinds\nfrom app.last import *\n"
            )
        );
    }

    #[test]
    fn what_may_decide_about_imports_is_left_to_the_parser() {
        for text in [
            "try:\n    import a\nexcept ImportError:\n    import b\n",
            "if sys.version_info > (3, 8):\n    import a\n",
            "if TYPE_CHECKING:\n    import a\nelse:\n    import b\n",
            "importlib.import_module('a')\n",
            "load_models()\n",
            "sys.path.insert(0, 'x')\n",
            "__path__ = extend_path(__path__, __name__)\n",
            "from . import *\n",
            "import a; b()\n",
            "x = 1; import a\n",
            "text = 'unended\nimport a\n",
            "x = (1\n",
            "x = 1)\n",
            "for x in y:\n    import a\n",
            "with y:\n    import a\n",
        ] {
            assert_eq!(import_statements(text), None, "{text}");
        }
    }

    #[test]
    fn hostile_text_ends() {
        for text in [
            "\\",
            "f'{",
            "f'{x:{",
            "\"\"\"",
            "'\\",
            "f\"{{\"",
            "\u{feff}import a\n",
            "é = 1\n",
            "(((",
            "#",
        ] {
            let _ = import_statements(text);
        }
    }
}
