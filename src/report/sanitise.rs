//! Content of files must not drive the terminal.

use std::io::{self, Write};

use serde::Serialize;

/// Replaces control characters and those that change the direction of text, each by a harmless one of the same length in
/// bytes, so that offsets stay valid. Line ends and tabs stay.
pub fn sanitise(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\r' => ' ',
            c if !is_harmful(c) => c,
            c => match c.len_utf8() {
                1 => '?',
                2 => '¿',
                3 => char::REPLACEMENT_CHARACTER,
                _ => '\u{1f574}',
            },
        })
        .collect();
    if COMMANDS.iter().any(|command| clean.contains(command)) {
        return clean.replace("##[", "#?[").replace("##vso[", "#?vso[");
    }
    clean
}

/// The parts of a text, and whether they stand between a pair of backticks, and so are code. Without its partner the last
/// backtick is a character.
pub(super) fn code_spans(text: &str) -> Vec<(bool, String)> {
    let parts: Vec<&str> = text.split('`').collect();
    let pairs = (parts.len() - 1) / 2;
    let mut spans = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        let is_code = index % 2 == 1 && index < 2 * pairs;
        let is_after_the_last = index == 2 * pairs + 1;
        let backtick = if is_after_the_last { "`" } else { "" };
        spans.push((is_code, format!("{backtick}{part}")));
    }
    spans
}

/// What GitHub and Azure take for a command anywhere in a line of their logs.
const COMMANDS: [&str; 2] = ["##[", "##vso["];

/// The same for text that must stay on one line. CI systems that read the log find no command in it, wherever the line is
/// broken: neither `::error …::` at the beginning of a line (GitHub) nor `##[…` and `##vso[…` anywhere in it (GitHub,
/// Azure).
pub fn sanitise_line(text: &str) -> String {
    let line = sanitise(text).replace(['\n', '\t'], " ");
    let mut harmless = String::with_capacity(line.len());
    for (index, word) in line.split(' ').enumerate() {
        if index > 0 {
            harmless.push(' ');
        }
        match word.strip_prefix("::") {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_alphabetic()) && index > 0 => {
                harmless.push_str(": :");
                harmless.push_str(rest);
            }
            _ => harmless.push_str(word),
        }
    }
    harmless
}

/// Writes JSON with every harmful character escaped: it means the same, and can be looked at on a terminal.
pub fn write_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write_escaped(&serde_json::to_string_pretty(value)?, out)
}

/// The same on one line.
pub fn write_json_line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write_escaped(&serde_json::to_string(value)?, out)
}

fn write_escaped(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = text
        .replace("##[", "#\\u0023[")
        .replace("##vso[", "#\\u0023vso[");
    let mut rest = text.as_str();
    // Outside of strings JSON has no such characters but line feeds.
    while let Some((at, c)) = rest
        .char_indices()
        .find(|(_, c)| *c != '\n' && is_harmful(*c))
    {
        let (before, after) = rest.split_at(at);
        out.write_all(before.as_bytes())?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        rest = after.get(c.len_utf8()..).unwrap_or_default();
    }
    writeln!(out, "{rest}")
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_characters_are_replaced_and_lengths_kept() {
        let text = "a\u{1b}[31m\u{9b}\u{202e}é\r\n\tz\u{e0041}";
        let clean = sanitise(text);
        assert_eq!(clean.len(), text.len());
        assert_eq!(clean, "a?[31m¿\u{fffd}é \n\tz\u{1f574}");
        assert_eq!(sanitise_line("a\nb"), "a b");
    }

    #[test]
    fn no_line_is_a_command_to_ci() {
        let line = sanitise_line("a\n::error file=x::y ##[error]z ##vso[task.complete]");
        assert_eq!(line, "a : :error file=x::y #?[error]z #?vso[task.complete]");
        assert_eq!(
            sanitise_line("`'{}'::jsonb` and x::text"),
            "`'{}'::jsonb` and x::text"
        );
    }

    #[test]
    fn json_means_the_same() {
        let text = "a\u{1b}\u{9b}\u{202e}é\r\n\tz\u{e0041}";
        let mut out = Vec::new();
        write_json(&text, &mut out).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert_eq!(
            written,
            "\"a\\u001b\\u009b\\u202eé\\r\\n\\tz\\udb40\\udc41\"\n"
        );
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        let mut out = Vec::new();
        write_json_line(&"##[error]", &mut out).unwrap();
        assert_eq!(out, b"\"#\\u0023[error]\"\n");
    }
}
