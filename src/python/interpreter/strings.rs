//! Methods of strings.

use super::text::TextBuilder;
use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{CallArgument, Piece, Pieces, Place, Reason, Text, Value};

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn str_method(
        &mut self,
        text: &Text,
        name: &Name,
        arguments: &[CallArgument],
        at: Place,
    ) -> Value {
        let unknown = || Value::unknown(Reason::Call(name.clone()), at);
        match name.as_str() {
            "format" => return self.str_format(text, arguments, at),
            "join" => return self.str_join(text, arguments, at),
            "encode" => return Value::Bytes,
            _ => {}
        }
        let Pieces::Known(known) = &text.pieces else {
            // The beginning or the end of a text may be known where the rest is not.
            let at_start = name == "startswith";
            if let Pieces::Partial(pieces) = &text.pieces
                && (at_start || name == "endswith")
                && let Some(Piece::Known(known)) = (if at_start {
                    pieces.first()
                } else {
                    pieces.last()
                })
                && let Some(affix) = arguments.first().and_then(|first| first.value.as_str())
            {
                let (fits, may_fit) = if at_start {
                    (known.starts_with(&**affix), affix.starts_with(&**known))
                } else {
                    (known.ends_with(&**affix), affix.ends_with(&**known))
                };
                if fits || !may_fit {
                    return Value::Bool(fits);
                }
            }
            return unknown();
        };
        self.spend(known.len());
        if name == "format_map" {
            let Some(items) = arguments
                .first()
                .and_then(|argument| self.keyword_items(&argument.value))
            else {
                return unknown();
            };
            let arguments: Vec<CallArgument> = items
                .into_iter()
                .map(|(name, value)| CallArgument {
                    name: Some(name),
                    value,
                    at,
                })
                .collect();
            return self.str_format(text, &arguments, at);
        }
        if let Some(changed) = changed_case(known, name, arguments) {
            return Value::known_str(changed, at);
        }
        if let Some(answer) = asked(known, name).filter(|_| arguments.is_empty()) {
            return Value::Bool(answer);
        }
        if matches!(name.as_str(), "startswith" | "endswith") {
            return Self::has_affix(known, name == "startswith", arguments)
                .map_or_else(unknown, Value::Bool);
        }
        self.str_with_arguments(known, name, arguments, at)
            .unwrap_or_else(unknown)
    }

    /// Methods whose arguments are strings and numbers. `None` where they are not known.
    fn str_with_arguments(
        &mut self,
        known: &str,
        name: &Name,
        arguments: &[CallArgument],
        at: Place,
    ) -> Option<Value> {
        let string = |index: usize, keyword: &str| {
            let by_position = arguments
                .get(index)
                .filter(|argument| argument.name.is_none());
            by_position
                .or_else(|| {
                    arguments
                        .iter()
                        .find(|argument| argument.name.as_deref() == Some(keyword))
                })
                .map(|argument| argument.value.clone())
        };
        let known_str = |value: String| Some(Value::known_str(value, at));
        match (name.as_str(), arguments.len()) {
            ("strip" | "lstrip" | "rstrip", _) => {
                let chars = match string(0, "chars") {
                    None | Some(Value::None) => None,
                    Some(value) => Some(value.as_str()?.to_string()),
                };
                let drops = |c: char| match &chars {
                    None => is_space(c),
                    Some(chars) => chars.contains(c),
                };
                known_str(
                    match name.as_str() {
                        "strip" => known.trim_matches(drops),
                        "lstrip" => known.trim_start_matches(drops),
                        _ => known.trim_end_matches(drops),
                    }
                    .to_owned(),
                )
            }
            ("removeprefix", 1) => {
                let prefix = string(0, "")?;
                let prefix = prefix.as_str()?;
                known_str(known.strip_prefix(&**prefix).unwrap_or(known).to_owned())
            }
            ("removesuffix", 1) => {
                let suffix = string(0, "")?;
                let suffix = suffix.as_str()?;
                known_str(known.strip_suffix(&**suffix).unwrap_or(known).to_owned())
            }
            ("replace", 2 | 3) => {
                let (from, to) = (string(0, "old")?, string(1, "new")?);
                let (from, to) = (from.as_str()?, to.as_str()?);
                if known.len().saturating_add(1).saturating_mul(to.len() + 1) > self.limits.size {
                    return None;
                }
                self.spend(known.len().saturating_mul(to.len() + 1) / 8);
                known_str(match string(2, "count") {
                    None => known.replace(&**from, to),
                    Some(Value::Int(count)) if count < 0 => known.replace(&**from, to),
                    Some(Value::Int(count)) => {
                        known.replacen(&**from, to, usize::try_from(count).ok()?)
                    }
                    Some(_) => return None,
                })
            }
            ("split" | "rsplit", _) => {
                let separator = match string(0, "sep") {
                    None | Some(Value::None) => None,
                    Some(value) => Some(value.as_str()?.to_string()),
                };
                let limit = match string(1, "maxsplit") {
                    None => usize::MAX,
                    Some(Value::Int(limit)) => usize::try_from(limit).unwrap_or(usize::MAX),
                    Some(_) => return None,
                };
                let parts = split(known, separator.as_deref(), limit, name == "rsplit")?;
                let parts = parts
                    .into_iter()
                    .map(|part| Value::known_str(part, at))
                    .collect();
                Some(self.sized_list(parts, at))
            }
            ("splitlines", 0 | 1) => {
                let keeps = match string(0, "keepends") {
                    None => false,
                    Some(value) => self.truth(&value)?,
                };
                // Python knows more line ends than these; where one of them occurs, nothing is known.
                if known.contains([
                    '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}',
                    '\u{2029}',
                ]) {
                    return None;
                }
                let parts = known
                    .split_inclusive('\n')
                    .map(|line| {
                        let line = if keeps {
                            line
                        } else {
                            line.trim_end_matches('\n')
                        };
                        Value::known_str(line, at)
                    })
                    .collect();
                Some(self.sized_list(parts, at))
            }
            ("partition" | "rpartition", 1) => {
                let separator = string(0, "sep")?;
                let separator = separator
                    .as_str()
                    .filter(|separator| !separator.is_empty())?;
                let is_left = name == "partition";
                let found = if is_left {
                    known.split_once(&**separator)
                } else {
                    known.rsplit_once(&**separator)
                };
                let parts = match found {
                    Some((before, after)) => [before, &**separator, after],
                    None if is_left => [known, "", ""],
                    None => ["", "", known],
                };
                Some(Value::Tuple(
                    parts.map(|part| Value::known_str(part, at)).into(),
                ))
            }
            ("count", 1) => {
                let wanted = string(0, "")?;
                let wanted = wanted.as_str()?;
                let count = if wanted.is_empty() {
                    known.chars().count() + 1
                } else {
                    known.matches(&**wanted).count()
                };
                Some(Value::Int(count as i64))
            }
            ("find" | "rfind" | "index" | "rindex", 1) => {
                let wanted = string(0, "")?;
                let wanted = wanted.as_str()?;
                let found = if name.starts_with('r') {
                    known.rfind(&**wanted)
                } else {
                    known.find(&**wanted)
                };
                match found {
                    Some(byte) => Some(Value::Int(known.get(..byte)?.chars().count() as i64)),
                    None if name.ends_with("find") => Some(Value::Int(-1)),
                    None => self.raise_if_guarded("ValueError", at),
                }
            }
            ("zfill", 1) => {
                let Value::Int(width) = string(0, "")? else {
                    return None;
                };
                let missing = self.padding(known, width)?;
                let (sign, digits) = match known.chars().next() {
                    Some('+' | '-') => known.split_at(1),
                    _ => ("", known),
                };
                known_str(format!("{sign}{}{digits}", "0".repeat(missing)))
            }
            ("ljust" | "rjust" | "center", 1 | 2) => {
                let Value::Int(width) = string(0, "")? else {
                    return None;
                };
                let fill = match string(1, "") {
                    None => " ".to_owned(),
                    Some(value) => value.as_str()?.to_string(),
                };
                let missing = self.padding(known, width)?;
                let left = match name.as_str() {
                    "ljust" => 0,
                    "rjust" => missing,
                    // An odd place goes to the left if the width is odd: CPython's choice.
                    _ => missing / 2 + (missing & usize::try_from(width).unwrap_or(0) & 1),
                };
                known_str(format!(
                    "{}{known}{}",
                    fill.repeat(left),
                    fill.repeat(missing - left)
                ))
            }
            _ => None,
        }
    }

    /// How many characters are missing to a width.
    fn padding(&self, known: &str, width: i64) -> Option<usize> {
        let width = usize::try_from(width).unwrap_or(0);
        if width > self.limits.size / 8 {
            return None;
        }
        self.spend(width);
        Some(width.saturating_sub(known.chars().count()))
    }

    fn has_affix(known: &str, at_start: bool, arguments: &[CallArgument]) -> Option<bool> {
        let [wanted] = arguments else { return None };
        let options = match &wanted.value {
            Value::Tuple(options) => options.to_vec(),
            only => vec![only.clone()],
        };
        let mut decided = Some(false);
        for option in &options {
            match option.as_str() {
                Some(option) => {
                    let fits = if at_start {
                        known.starts_with(&**option)
                    } else {
                        known.ends_with(&**option)
                    };
                    if fits {
                        return Some(true);
                    }
                }
                None => decided = None,
            }
        }
        decided
    }

    fn str_join(&mut self, separator: &Text, arguments: &[CallArgument], at: Place) -> Value {
        let items = arguments
            .first()
            .and_then(|argument| self.iterate(&argument.value));
        let Some(items) = items else {
            return Value::unknown(Reason::Element, at);
        };
        // A known separator and unknown strings make a string with holes.
        let mut text = TextBuilder::new(self.limits.size);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push_text(separator);
            }
            let mixed = match item {
                Value::Instance(member) => self.mixed_in_value(*member),
                _ => None,
            };
            match mixed.as_ref().unwrap_or(item) {
                Value::Str(item) => text.push_text(item),
                other => text.push_hole(other, at),
            }
        }
        text.finish(at)
    }
}

/// White space as Python strips it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn changed_case(text: &str, name: &str, arguments: &[CallArgument]) -> Option<String> {
    if !arguments.is_empty() {
        return None;
    }
    Some(match name {
        "lower" => text.to_lowercase(),
        // The two differ for a few letters only.
        "casefold" if text.is_ascii() => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        "swapcase" if text.is_ascii() => text
            .chars()
            .map(|c| {
                if c.is_ascii_uppercase() {
                    c.to_ascii_lowercase()
                } else {
                    c.to_ascii_uppercase()
                }
            })
            .collect(),
        "title" => title(text),
        "capitalize" => capitalize(text),
        _ => return None,
    })
}

/// Questions about a string. `None` where the answer hangs on tables that are not carried along.
fn asked(text: &str, name: &str) -> Option<bool> {
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    Some(match name {
        "isascii" => text.is_ascii(),
        "isspace" => all(is_space),
        _ if !text.is_ascii() => return None,
        "isdigit" | "isdecimal" | "isnumeric" => all(|c| c.is_ascii_digit()),
        "isalpha" => all(|c| c.is_ascii_alphabetic()),
        "isalnum" => all(|c| c.is_ascii_alphanumeric()),
        "isupper" => text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
        "islower" => text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase),
        "isidentifier" => {
            all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !text.starts_with(|c: char| c.is_ascii_digit())
        }
        _ => return None,
    })
}

/// `str.split` and `str.rsplit`. `None` where Python raises.
fn split<'t>(
    text: &'t str,
    separator: Option<&str>,
    limit: usize,
    from_right: bool,
) -> Option<Vec<&'t str>> {
    let pieces = limit.saturating_add(1);
    match separator {
        Some("") => None,
        Some(separator) if from_right => {
            let mut parts: Vec<&str> = text.rsplitn(pieces, separator).collect();
            parts.reverse();
            Some(parts)
        }
        Some(separator) => Some(text.splitn(pieces, separator).collect()),
        None => {
            let mut parts = Vec::new();
            let mut rest = text.trim_matches(is_space);
            while !rest.is_empty() && parts.len() < limit {
                let next = if from_right {
                    rest.rfind(is_space).and_then(|at| {
                        let part = rest.get(at..)?.trim_start_matches(is_space);
                        Some((part, rest.get(..at)?.trim_end_matches(is_space)))
                    })
                } else {
                    rest.find(is_space).and_then(|at| {
                        Some((
                            rest.get(..at)?,
                            rest.get(at..)?.trim_start_matches(is_space),
                        ))
                    })
                };
                let Some((part, more)) = next else { break };
                parts.push(part);
                rest = more;
            }
            if !rest.is_empty() {
                parts.push(rest);
            }
            if from_right {
                parts.reverse();
            }
            Some(parts)
        }
    }
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first
            .to_uppercase()
            .chain(chars.as_str().to_lowercase().chars())
            .collect()
    })
}

fn title(text: &str) -> String {
    let mut after_letter = false;
    let mut titled = String::with_capacity(text.len());
    for c in text.chars() {
        if after_letter {
            titled.extend(c.to_lowercase());
        } else {
            titled.extend(c.to_uppercase());
        }
        after_letter = c.is_alphabetic();
    }
    titled
}
