//! Lowering of `match`.

use std::sync::Arc;

use super::Lowering;
use super::kinds::{Field, Kind};
use crate::python::ast::{MatchCase, Name, Pattern, StmtKind};
use crate::source::Span;

impl Lowering<'_> {
    pub(super) fn match_statement(&mut self) -> StmtKind {
        let mut subject = None;
        let mut cases = Vec::new();
        self.children(|this, field, _| match field {
            Field::Subject => subject = Some(this.expression()),
            Field::Body => this.children(|this, _, kind| {
                if kind == Kind::CaseClause {
                    cases.push(this.match_case());
                }
            }),
            _ => {}
        });
        match subject {
            Some(subject) => StmtKind::Match { subject, cases },
            None => StmtKind::Invalid,
        }
    }

    fn match_case(&mut self) -> MatchCase {
        let mut patterns = Vec::new();
        let mut text: Option<Span> = None;
        let mut case = MatchCase {
            pattern: Pattern::Other { binds: Vec::new() },
            text: Arc::from(""),
            guard: None,
            body: Vec::new(),
        };
        self.children(|this, field, kind| match (field, kind) {
            (Field::Guard, _) => case.guard = this.only_expression(),
            (Field::Consequence, _) => case.body = this.block(),
            (_, Kind::CasePattern) => {
                text = Some(text.map_or(this.span(), |text| text.cover(this.span())));
                patterns.push(this.pattern());
            }
            _ => {}
        });
        case.text = Arc::from(text.unwrap_or_default().slice(self.text));
        case.pattern = match patterns.len() {
            1 => patterns.pop().unwrap_or(Pattern::Capture(None)),
            _ => Pattern::Sequence(patterns),
        };
        if let Pattern::Star(_) = case.pattern {
            case.pattern = Pattern::Sequence(vec![case.pattern]);
        }
        case
    }

    fn pattern(&mut self) -> Pattern {
        let text = self.node_text().trim();
        if text == "_" {
            return Pattern::Capture(None);
        }
        // `-1`, and the complex numbers.
        if text.starts_with('-') {
            return self.other_pattern();
        }
        let mut pattern = None;
        self.children(|this, _, kind| {
            if kind != Kind::Other && pattern.is_none() {
                pattern = this.deeper(|this| this.pattern_of(kind));
            }
        });
        pattern.unwrap_or_else(|| self.other_pattern())
    }

    fn other_pattern(&mut self) -> Pattern {
        Pattern::Other {
            binds: self.all_names(),
        }
    }

    fn pattern_of(&mut self, kind: Kind) -> Pattern {
        match kind {
            Kind::CasePattern => self.pattern(),
            Kind::Underscore => Pattern::Capture(None),
            Kind::DottedName => {
                let name = self.dotted_name();
                if name.contains('.') {
                    Pattern::Value(self.expression())
                } else if name == "_" {
                    Pattern::Capture(None)
                } else {
                    Pattern::Capture(Some(name))
                }
            }
            Kind::String
            | Kind::ConcatenatedString
            | Kind::True
            | Kind::False
            | Kind::None
            | Kind::Integer => Pattern::Value(self.expression()),
            Kind::UnionPattern => {
                let has_sign = self.node_text().contains('-');
                if has_sign {
                    return self.other_pattern();
                }
                let mut alternatives = Vec::new();
                self.children(|this, _, kind| {
                    if kind != Kind::Other {
                        alternatives.push(this.pattern_of(kind));
                    }
                });
                Pattern::Or(alternatives)
            }
            Kind::ListPattern | Kind::TuplePattern => {
                let text = self.node_text();
                let mut parts = Vec::new();
                self.children(|this, _, kind| {
                    if kind != Kind::Other {
                        parts.push(this.pattern_of(kind));
                    }
                });
                // `(pattern)` is the pattern itself.
                let inside = text.trim_end_matches(')').trim_end();
                match parts.len() {
                    1 if text.starts_with('(') && !inside.ends_with(',') => {
                        parts.pop().unwrap_or(Pattern::Capture(None))
                    }
                    _ => Pattern::Sequence(parts),
                }
            }
            Kind::SplatPattern => {
                let name = self.node_text().trim_start_matches('*').trim();
                Pattern::Star((name != "_").then(|| Name::new(name)))
            }
            Kind::AsPattern => {
                let (mut inner, mut name) = (None, None);
                self.children(|this, _, kind| match kind {
                    Kind::CasePattern => inner = Some(this.pattern()),
                    Kind::Identifier | Kind::AsPatternTarget => name = Some(this.name()),
                    _ => {}
                });
                match (inner, name) {
                    (Some(inner), Some(name)) => Pattern::As(Box::new(inner), name),
                    _ => self.other_pattern(),
                }
            }
            Kind::DictPattern => self.mapping_pattern(),
            Kind::ClassPattern => self.class_pattern(),
            _ => self.other_pattern(),
        }
    }

    fn mapping_pattern(&mut self) -> Pattern {
        if self.node_text().contains('-') {
            return self.other_pattern();
        }
        let (mut items, mut rest) = (Vec::new(), None);
        let mut key = None;
        self.children(|this, field, kind| match (field, kind) {
            (Field::Key, _) if kind != Kind::Other => key = Some(this.expression()),
            (Field::Value, Kind::CasePattern) => {
                if let Some(key) = key.take() {
                    items.push((key, this.pattern()));
                }
            }
            (_, Kind::SplatPattern) => {
                rest = Some(Name::new(this.node_text().trim_start_matches('*').trim()));
            }
            _ => {}
        });
        Pattern::Mapping { items, rest }
    }

    fn class_pattern(&mut self) -> Pattern {
        let mut class = None;
        let (mut positional, mut keywords) = (Vec::new(), Vec::new());
        let mut is_odd = false;
        self.children(|this, _, kind| match kind {
            Kind::DottedName => class = Some(this.expression()),
            Kind::CasePattern => {
                let mut keyword = None;
                this.children(|this, _, kind| {
                    if kind == Kind::KeywordPattern {
                        let (mut name, mut value) = (None, None);
                        this.children(|this, _, kind| match kind {
                            Kind::Other => {}
                            Kind::Identifier if name.is_none() => name = Some(this.name()),
                            kind => value = Some(this.pattern_of(kind)),
                        });
                        is_odd |= value.is_none() || this.node_text().contains('-');
                        keyword = name.zip(value);
                    }
                });
                match keyword {
                    Some(keyword) => keywords.push(keyword),
                    None => positional.push(this.pattern()),
                }
            }
            _ => {}
        });
        match class {
            Some(class) if !is_odd => Pattern::Class {
                class,
                positional,
                keywords,
            },
            _ => self.other_pattern(),
        }
    }

    /// Every identifier below the current node: a superset of what a pattern binds.
    fn all_names(&mut self) -> Vec<Name> {
        let mut names = Vec::new();
        self.children(|this, _, kind| match kind {
            Kind::Identifier => names.push(this.name()),
            _ => names.extend(this.deeper(Self::all_names).unwrap_or_default()),
        });
        names
    }
}
