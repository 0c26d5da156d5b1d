//! What inspectors remember.
//!
//! An `Inspector` of SQLAlchemy answers a question once (`@reflection.cache`): what is asked again after a table was
//! changed has the answer of before, until `clear_cache()`. `has_table` and `has_index` are not remembered before 2.0.

use std::rc::Rc;

use crate::python::ast::Name;
use crate::python::value::{Call, Symbol, Value};

/// The questions that are answered once.
const REMEMBERED: &[&str] = &[
    "get_check_constraints",
    "get_columns",
    "get_foreign_keys",
    "get_indexes",
    "get_pk_constraint",
    "get_table_names",
    "get_unique_constraints",
    "get_view_names",
];

/// The answers of all inspectors of a run.
#[derive(Clone, Debug, Default)]
pub(in crate::alembic::runtime) struct Inspected {
    answers: Vec<Answered>,
}

#[derive(Clone, Debug)]
pub(super) struct Answered {
    inspector: Rc<Symbol>,
    question: Question,
    /// `None` where it is not known.
    pub(super) answer: Option<Value>,
}

/// A method, with the names and values of its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    method: Name,
    arguments: Vec<(Option<Name>, String)>,
}

impl Question {
    /// What is asked, if that is remembered.
    pub(super) fn of(method: &str, call: &Call) -> Option<Self> {
        if call.open || !REMEMBERED.contains(&method) {
            return None;
        }
        let arguments = call.arguments.iter().map(|argument| {
            let text = match &argument.value {
                Value::None => String::new(),
                other => other.as_str()?.to_string(),
            };
            Some((argument.name.clone(), text))
        });
        Some(Self {
            method: Name::new(method),
            arguments: arguments.collect::<Option<_>>()?,
        })
    }
}

impl Inspected {
    /// What was answered to a question before.
    pub(super) fn answered(&self, inspector: &Value, question: &Question) -> Option<&Answered> {
        let Value::Symbol(inspector) = inspector else {
            return None;
        };
        self.answers.iter().find(|answered| {
            Rc::ptr_eq(&answered.inspector, inspector) && answered.question == *question
        })
    }

    pub(super) fn remember(
        &mut self,
        inspector: &Value,
        question: Question,
        answer: Option<Value>,
    ) {
        if let Value::Symbol(inspector) = inspector {
            self.answers.push(Answered {
                inspector: Rc::clone(inspector),
                question,
                answer,
            });
        }
    }

    pub(super) fn forget(&mut self, inspector: &Value) {
        if let Value::Symbol(inspector) = inspector {
            self.answers
                .retain(|answered| !Rc::ptr_eq(&answered.inspector, inspector));
        }
    }

    /// What both branches remember alike.
    pub(in crate::alembic::runtime) fn joined(&self, other: &Self) -> Self {
        let both = self.answers.iter().zip(&other.answers);
        let is_same = |(one, other): &(&Answered, &Answered)| {
            Rc::ptr_eq(&one.inspector, &other.inspector)
                && one.question == other.question
                && match (&one.answer, &other.answer) {
                    (Some(Value::Object(one)), Some(Value::Object(other))) => one == other,
                    (None, None) => true,
                    _ => false,
                }
        };
        Self {
            answers: both
                .take_while(is_same)
                .map(|(one, _)| one.clone())
                .collect(),
        }
    }
}
