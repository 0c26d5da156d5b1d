//! Regular expressions on known strings, as functions that make names use them.

use fancy_regex::{Regex, RegexBuilder};

use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, Object, Place, SymbolKind, Value};

/// How long a pattern may be, and how often matching may go back.
const MAX_PATTERN: usize = 500;
const MAX_STEPS: usize = 20_000;

/// What a function that replaces is given; the arguments are the groups.
const MATCH: &str = "re.Match";

impl<H: Host> Interpreter<'_, H> {
    /// `re.sub(pattern, replacement, text)`, `re.split(pattern, text)`, `re.findall(pattern, text)`
    pub(super) fn regular_expression(
        &mut self,
        name: &str,
        arguments: &[Value],
        at: Place,
    ) -> Option<Value> {
        let pattern = pattern(arguments.first()?.as_str()?)?;
        let text = arguments.last()?.as_str()?.clone();
        self.spend(text.len() * 16);
        if text.len() > self.limits.size / 16 {
            return None;
        }
        let found: Vec<String> = match (name, arguments) {
            ("re.sub", [_, replacement, _]) if replacement.as_str().is_none() => {
                return self.replaced_by_function(&pattern, replacement, &text, at);
            }
            ("re.sub", [_, replacement, _]) => {
                let replacement = expansion(replacement.as_str()?)?;
                let mut result = String::new();
                let mut end = 0;
                for captures in pattern.captures_iter(&text) {
                    let captures = captures.ok()?;
                    let whole = captures.get(0)?;
                    result.push_str(text.get(end..whole.start())?);
                    captures.expand(&replacement, &mut result);
                    end = whole.end();
                }
                result.push_str(text.get(end..)?);
                return Some(Value::known_str(result, at));
            }
            // Groups would be among the parts.
            ("re.split", [_, _]) if pattern.captures_len() == 1 => {
                let mut parts = Vec::new();
                let mut end = 0;
                for whole in pattern.find_iter(&text) {
                    let whole = whole.ok()?;
                    parts.push(text.get(end..whole.start())?.to_owned());
                    end = whole.end();
                }
                parts.push(text.get(end..)?.to_owned());
                parts
            }
            ("re.findall", [_, _]) if pattern.captures_len() == 1 => pattern
                .find_iter(&text)
                .map(|whole| Some(whole.ok()?.as_str().to_owned()))
                .collect::<Option<_>>()?,
            _ => return None,
        };
        let items = found
            .into_iter()
            .map(|part| Value::known_str(part, at))
            .collect();
        Some(Value::Object(self.heap.allocate(Object::List(items))))
    }

    /// `re.sub(pattern, lambda match: …, text)`
    fn replaced_by_function(
        &mut self,
        pattern: &Regex,
        function: &Value,
        text: &str,
        at: Place,
    ) -> Option<Value> {
        if !matches!(function, Value::Function(_)) {
            return None;
        }
        let mut result = String::new();
        let mut end = 0;
        for captures in pattern.captures_iter(text) {
            let captures = captures.ok()?;
            let whole = captures.get(0)?;
            let groups = captures.iter().map(|group| {
                let value = group.map_or(Value::None, |group| {
                    Value::known_str(group.as_str().to_owned(), at)
                });
                CallArgument::positional(value, at)
            });
            let call = Call {
                callee: Value::name(Name::new_static(MATCH), at),
                arguments: groups.collect(),
                open: false,
            };
            let found = CallArgument::positional(Value::symbol(SymbolKind::Call(call), at), at);
            let replacement = self.call_value(function, vec![found], false, at);
            result.push_str(text.get(end..whole.start())?);
            result.push_str(replacement.as_str()?);
            end = whole.end();
        }
        result.push_str(text.get(end..)?);
        Some(Value::known_str(result, at))
    }
}

/// `match.group(1)`, `match.groups()`, of groups that are known.
pub(super) fn match_method(base: &Value, name: &str, positional: &[Value]) -> Option<Value> {
    let groups = match_groups(base)?;
    match (name, positional) {
        ("group", []) => Some(groups.first()?.value.clone()),
        ("group", [index]) => match_group(base, index),
        ("groups", []) => {
            let groups = groups.iter().skip(1).map(|group| group.value.clone());
            Some(Value::Tuple(groups.collect()))
        }
        _ => None,
    }
}

/// `match[1]`
pub(super) fn match_group(base: &Value, index: &Value) -> Option<Value> {
    let Value::Int(index) = index else {
        return None;
    };
    let groups = match_groups(base)?;
    let group = groups.get(usize::try_from(*index).ok()?)?;
    Some(group.value.clone())
}

fn match_groups(value: &Value) -> Option<&[CallArgument]> {
    let call = value.as_call()?;
    (call.callee.qualified_name()? == MATCH).then_some(call.arguments.as_slice())
}

/// The pattern of `re.compile(pattern)`.
pub(super) fn compiled(value: &Value) -> Option<Value> {
    let call = value.as_call()?;
    let is_compiled = call
        .callee
        .qualified_name()
        .is_some_and(|name| name == "re.compile");
    match call.arguments.as_slice() {
        [pattern] if is_compiled && !call.open => Some(pattern.value.clone()),
        _ => None,
    }
}

fn pattern(text: &str) -> Option<Regex> {
    if text.len() > MAX_PATTERN {
        return None;
    }
    RegexBuilder::new(text)
        .backtrack_limit(MAX_STEPS)
        .build()
        .ok()
}

/// A replacement with its groups as the library writes them: `\\1` is `${1}`, `\\g<name>` is `${name}`.
fn expansion(text: &str) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '$']) {
        let (before, escape) = rest.split_at(at);
        result.push_str(before);
        let mut chars = escape.chars();
        if chars.next() == Some('$') {
            result.push_str("$$");
            rest = chars.as_str();
            continue;
        }
        match chars.next()? {
            digit if digit.is_ascii_digit() => {
                result.push_str(&format!("${{{digit}}}"));
                rest = chars.as_str();
            }
            'g' => {
                let (group, after) = chars.as_str().strip_prefix('<')?.split_once('>')?;
                result.push_str(&format!("${{{group}}}"));
                rest = after;
            }
            '\\' => {
                result.push('\\');
                rest = chars.as_str();
            }
            _ => return None,
        }
    }
    result.push_str(rest);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_keep_their_groups() {
        assert_eq!(expansion(r"\1_\g<2>$").as_deref(), Some("${1}_${2}$$"));
        assert_eq!(expansion(r"\n"), None);
    }
}
