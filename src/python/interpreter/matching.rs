//! `match` statements.

use std::rc::Rc;

use super::statements::{Flow, Frame};
use super::subscripts::Found;
use super::{Host, Interpreter};
use crate::python::ast::{Expr, MatchCase, Name, Pattern};
use crate::python::value::{Object, Place, Reason, Scope, Value};

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn exec_match(
        &mut self,
        subject: &Value,
        cases: &[MatchCase],
        scope: &Rc<Scope>,
        frame: &mut Frame<H>,
        at: Place,
    ) -> Flow {
        let Some((case, rest)) = cases.split_first() else {
            return Flow::Next;
        };
        let mut matched = self.matches(&case.pattern, subject, scope, at);
        if let Some(guard) = &case.guard
            && matched != Some(false)
        {
            let guard = self.eval(guard, scope);
            matched = match (matched, self.truth(&guard)) {
                (_, Some(false)) => Some(false),
                (Some(true), truth) => truth,
                _ => None,
            };
        }
        match matched {
            Some(true) => self.exec_block(&case.body, scope, frame),
            Some(false) => self.exec_match(subject, rest, scope, frame, at),
            None => self.either(
                frame,
                at,
                |this, frame| this.exec_block(&case.body, scope, frame),
                |this, frame| this.exec_match(subject, rest, scope, frame, at),
            ),
        }
    }

    fn matches(
        &mut self,
        pattern: &Pattern,
        subject: &Value,
        scope: &Rc<Scope>,
        at: Place,
    ) -> Option<bool> {
        match pattern {
            Pattern::Capture(name) => {
                if let Some(name) = name {
                    self.bind(name, subject.clone(), scope);
                }
                Some(true)
            }
            Pattern::Value(expr) => {
                let value = self.eval(expr, scope);
                match (&value, subject) {
                    // `None`, `True` and `False` are compared by identity: 1 is not `True`.
                    (Value::None | Value::Bool(_), Value::Int(_) | Value::Float(_)) => Some(false),
                    _ => self.equals(subject, &value),
                }
            }
            Pattern::Or(alternatives) => {
                let mut decided = Some(false);
                for alternative in alternatives {
                    match self.matches(alternative, subject, scope, at) {
                        Some(true) if decided.is_some() => return Some(true),
                        Some(false) => {}
                        _ => decided = None,
                    }
                }
                decided
            }
            Pattern::As(inner, name) => {
                let matched = self.matches(inner, subject, scope, at);
                if matched != Some(false) {
                    self.bind(name, subject.clone(), scope);
                }
                matched
            }
            Pattern::Sequence(parts) => self.matches_sequence(parts, subject, scope, at),
            Pattern::Mapping { items, rest } => {
                let matched = self.matches_mapping(items, subject, scope, at);
                if let Some(rest) = rest {
                    let unknown = Value::unknown(Reason::Unsupported("a pattern"), at);
                    self.bind(rest, unknown, scope);
                }
                matched
            }
            Pattern::Class {
                class,
                positional,
                keywords,
            } => {
                let class = self.eval(class, scope);
                self.matches_class(&class, positional, keywords, subject, scope, at)
            }
            Pattern::Star(name) => {
                if let Some(name) = name {
                    self.bind(name, subject.clone(), scope);
                }
                Some(true)
            }
            Pattern::Other { binds } => {
                for name in binds {
                    self.bind(
                        name,
                        Value::unknown(Reason::Unsupported("a pattern"), at),
                        scope,
                    );
                }
                None
            }
        }
    }

    /// Matches several patterns with their subjects.
    fn matches_all(
        &mut self,
        pairs: Vec<(&Pattern, Value)>,
        scope: &Rc<Scope>,
        at: Place,
    ) -> Option<bool> {
        let mut decided = Some(true);
        for (pattern, subject) in pairs {
            match self.matches(pattern, &subject, scope, at) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => decided = None,
            }
        }
        decided
    }

    fn matches_sequence(
        &mut self,
        parts: &[Pattern],
        subject: &Value,
        scope: &Rc<Scope>,
        at: Place,
    ) -> Option<bool> {
        let is_other = match subject {
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => true,
            Value::Object(id) => matches!(self.heap.get(*id), Object::Dict(_) | Object::Set(_)),
            _ => false,
        };
        if is_other {
            return Some(false);
        }
        let Some(mut items) = self.iterate(subject) else {
            let unknown = Value::unknown(Reason::Element, at);
            let pairs = parts.iter().map(|part| (part, unknown.clone())).collect();
            return self
                .matches_all(pairs, scope, at)
                .filter(|matched| !matched);
        };
        let star = parts
            .iter()
            .position(|part| matches!(part, Pattern::Star(_)));
        let fits = match star {
            Some(_) => items.len() + 1 >= parts.len(),
            None => items.len() == parts.len(),
        };
        if !fits {
            return Some(false);
        }
        if let Some(star) = star {
            let after = parts.len() - star - 1;
            let tail = items.split_off(items.len() - after);
            let middle = items.split_off(star);
            items.push(Value::Object(self.heap.allocate(Object::List(middle))));
            items.extend(tail);
        }
        let pairs = parts.iter().zip(items).collect();
        self.matches_all(pairs, scope, at)
    }

    fn matches_mapping(
        &mut self,
        items: &[(Expr, Pattern)],
        subject: &Value,
        scope: &Rc<Scope>,
        at: Place,
    ) -> Option<bool> {
        let is_dict = match subject {
            Value::Object(id) => match self.heap.get(*id) {
                Object::Dict(_) => Some(true),
                Object::List(_) | Object::Set(_) => Some(false),
                _ => None,
            },
            Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Tuple(_) => Some(false),
            _ => None,
        };
        if is_dict == Some(false) {
            return Some(false);
        }
        let mut pairs = Vec::with_capacity(items.len());
        for (key, pattern) in items {
            let key = self.eval(key, scope);
            match self.find_item(subject, &key, at) {
                Found::Value(value) => pairs.push((pattern, value)),
                Found::Missing(_) => return Some(false),
            }
        }
        let may_lack = pairs.iter().any(|(_, value)| value.is_unknown());
        let matched = self.matches_all(pairs, scope, at);
        if is_dict == Some(true) && !may_lack {
            matched
        } else {
            matched.filter(|matched| !matched)
        }
    }

    fn matches_class(
        &mut self,
        class: &Value,
        positional: &[Pattern],
        keywords: &[(Name, Pattern)],
        subject: &Value,
        scope: &Rc<Scope>,
        at: Place,
    ) -> Option<bool> {
        let mut decided = self.is_instance(subject, class);
        if decided == Some(false) {
            return decided;
        }
        let mut pairs = Vec::new();
        match (class, positional) {
            (_, []) => {}
            // `str(name)` and its like take the whole subject.
            (Value::Builtin(_), [only]) => pairs.push((only, subject.clone())),
            (Value::Class(id), _) if self.fields(*id).is_some() => {
                let fields = self.fields(*id).unwrap_or_default();
                for (pattern, (name, _)) in positional.iter().zip(fields) {
                    pairs.push((pattern, self.attribute(subject, &name, at)));
                }
            }
            _ => {
                decided = None;
                let unknown = Value::unknown(Reason::Unsupported("a pattern"), at);
                pairs.extend(positional.iter().map(|pattern| (pattern, unknown.clone())));
            }
        }
        for (name, pattern) in keywords {
            if self.has_attribute(subject, name) == Some(false) {
                return Some(false);
            }
            pairs.push((pattern, self.attribute(subject, name, at)));
        }
        match (self.matches_all(pairs, scope, at), decided) {
            (Some(false), _) => Some(false),
            (matched, Some(true)) => matched,
            _ => None,
        }
    }
}
