//! Answers to SQL that asks the database which objects there are.

mod core;

use smol_str::SmolStr;

use super::Runner;
use crate::catalog::{Answer, AnswerForm, CatalogQuestion, QuestionField, QuestionValue};
use crate::python::value::{Call, Object, Place, SymbolKind, Value};
use crate::sql;
use crate::sqlalchemy::construct;

/// The rows that a statement gives, if it asks about the catalog and the answer is known.
pub(super) fn rows(
    executed: &Value,
    interpreter: &mut Runner<'_>,
    at: Place,
) -> Option<Vec<Vec<Value>>> {
    let call = executed.as_call()?.clone();
    let statement = call.positional().next()?.value.clone();
    let (text, mut binds) = statement_of(&statement, interpreter)?;
    for argument in call.arguments.iter().skip(1) {
        match &argument.name {
            Some(name) => binds.push((SmolStr::new(name), argument.value.clone())),
            None => binds.extend(pairs(&argument.value, interpreter)),
        }
    }
    let question = sql::question(&text)?;
    let question = bound(question, &binds)?;
    let now = interpreter.host.simulation()?.now();
    let Answer { found, is_complete } = now.answer(&question);
    let text = |text: &SmolStr| Value::known_str(text.as_str(), at);
    Some(match &question.answer {
        AnswerForm::Exists if !found.is_empty() => vec![vec![Value::Bool(true)]],
        _ if !is_complete => return None,
        AnswerForm::Exists => vec![vec![Value::Bool(false)]],
        AnswerForm::Count => vec![vec![Value::Int(found.len() as i64)]],
        AnswerForm::NameOrNull => {
            vec![vec![
                found
                    .first()
                    .map_or(Value::None, |candidate| text(&candidate.name)),
            ]]
        }
        AnswerForm::Rows(fields) => found
            .iter()
            .map(|candidate| {
                fields
                    .iter()
                    .map(|field| match field {
                        None => Value::Int(1),
                        Some(QuestionField::Name) => text(&candidate.name),
                        Some(QuestionField::Schema) => text(&candidate.schema),
                        Some(QuestionField::Owner) => {
                            candidate.owner.as_ref().map_or(Value::None, text)
                        }
                        Some(
                            QuestionField::ConstraintKind
                            | QuestionField::UsedTable
                            | QuestionField::UsedColumn
                            | QuestionField::Referred
                            | QuestionField::Property(_),
                        ) => Value::unknown(crate::python::value::Reason::Element, at),
                    })
                    .collect()
            })
            .collect(),
    })
}

/// The text of a statement and what is bound to its parameters.
fn statement_of(
    value: &Value,
    interpreter: &mut Runner<'_>,
) -> Option<(String, Vec<(SmolStr, Value)>)> {
    if let Some(text) = value.as_str() {
        return Some((text.to_string(), Vec::new()));
    }
    if let Some(select) = core::select(value, interpreter) {
        return Some((select, Vec::new()));
    }
    let call = value.as_call()?;
    if construct(&call.callee, interpreter).is_some_and(|name| name == "text") {
        let text = call.positional().next()?.value.as_str()?.to_string();
        return Some((text, Vec::new()));
    }
    // `text(…).bindparams(name=…)`
    let symbol = call.callee.as_symbol()?;
    let SymbolKind::Attribute { base, name } = &symbol.kind else {
        return None;
    };
    if name != "bindparams" {
        return None;
    }
    let (text, mut binds) = statement_of(base, interpreter)?;
    for argument in &call.arguments {
        if let Some(name) = &argument.name {
            binds.push((SmolStr::new(name), argument.value.clone()));
        }
    }
    Some((text, binds))
}

fn pairs(value: &Value, interpreter: &Runner<'_>) -> Vec<(SmolStr, Value)> {
    let Value::Object(id) = value else {
        return Vec::new();
    };
    match interpreter.heap.get(*id) {
        Object::Dict(pairs) => pairs
            .iter()
            .filter_map(|(key, value)| Some((SmolStr::new(&**key.as_str()?), value.clone())))
            .collect(),
        _ => Vec::new(),
    }
}

/// The question with the values of its parameters; `None` where one is not known.
fn bound(mut question: CatalogQuestion, binds: &[(SmolStr, Value)]) -> Option<CatalogQuestion> {
    for (_, value) in &mut question.conditions {
        if let QuestionValue::Bind(name) = value {
            let known = binds
                .iter()
                .find(|(bind, _)| bind == name)
                .and_then(|(_, value)| value.as_str())?;
            *value = QuestionValue::Text(SmolStr::new(&**known));
        }
    }
    Some(question)
}

/// The call of `execute` that a result comes from.
pub(super) fn executed(value: &Value) -> Option<&Call> {
    let call = value.as_call()?;
    match &call.callee.as_symbol()?.kind {
        SymbolKind::Attribute { name, .. }
            if matches!(
                name.as_str(),
                "execute" | "exec_driver_sql" | "scalar" | "scalars"
            ) =>
        {
            Some(call)
        }
        _ => None,
    }
}
