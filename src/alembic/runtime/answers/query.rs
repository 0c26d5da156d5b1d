//! Answers to SQL that asks the database which objects there are.

use smol_str::SmolStr;

use super::Runner;
use crate::catalog::{
    AnswerForm, Catalog, CatalogQuestion, ConstraintKind, Fact, ObjectKind, QuestionField,
    QuestionKind, QuestionValue, Table,
};
use crate::python::value::{Call, Object, Place, SymbolKind, Value};
use crate::sql;
use crate::sqlalchemy::construct;

/// An object that may be what is asked for.
#[derive(Debug, Default)]
struct Candidate {
    name: SmolStr,
    schema: SmolStr,
    owner: SmolStr,
    kind: &'static str,
}

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
    let found = matching(&question, now)?;
    let text = |text: &SmolStr| Value::known_str(text.as_str(), at);
    Some(match &question.answer {
        AnswerForm::Exists => vec![vec![Value::Bool(!found.is_empty())]],
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
                        Some(QuestionField::Owner) => text(&candidate.owner),
                        Some(QuestionField::ConstraintKind | QuestionField::Property(_)) => {
                            Value::unknown(crate::python::value::Reason::Element, at)
                        }
                    })
                    .collect()
            })
            .collect(),
    })
}

/// The text of a statement and what is bound to its parameters.
fn statement_of(
    value: &Value,
    interpreter: &Runner<'_>,
) -> Option<(String, Vec<(SmolStr, Value)>)> {
    if let Some(text) = value.as_str() {
        return Some((text.to_string(), Vec::new()));
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

fn matching(question: &CatalogQuestion, now: &Catalog) -> Option<Vec<Candidate>> {
    if now.opaque.is_some() {
        return None;
    }
    // What is only known by a property cannot be told.
    let is_plain = question
        .conditions
        .iter()
        .all(|(field, _)| !matches!(field, QuestionField::Property(_)));
    if !is_plain {
        return None;
    }
    let candidates = candidates(question, now)?;
    let mut found = Vec::new();
    for candidate in candidates {
        let mut fits = true;
        for (field, value) in &question.conditions {
            let actual = match field {
                QuestionField::Name => &candidate.name,
                QuestionField::Schema => &candidate.schema,
                QuestionField::Owner => &candidate.owner,
                QuestionField::ConstraintKind => &SmolStr::new_static(candidate.kind),
                QuestionField::Property(_) => return None,
            };
            fits &= match value {
                QuestionValue::Text(wanted) => actual == wanted,
                QuestionValue::OneOf(wanted) => wanted.contains(actual),
                QuestionValue::Like(pattern) => like(actual, pattern),
                QuestionValue::Bind(_) => return None,
            };
        }
        if fits {
            found.push(candidate);
        }
    }
    Some(found)
}

/// Everything of the kind that is asked about; `None` where that is not wholly known.
fn candidates(question: &CatalogQuestion, now: &Catalog) -> Option<Vec<Candidate>> {
    let owner = question
        .conditions
        .iter()
        .find_map(|(field, value)| match (field, value) {
            (QuestionField::Owner, QuestionValue::Text(owner)) => Some(owner.clone()),
            _ => None,
        });
    let mut found = Vec::new();
    match question.about {
        QuestionKind::Table | QuestionKind::Relation => {
            for (name, table) in &now.tables {
                if table.maybe.is_some() {
                    return None;
                }
                found.push(named(name));
            }
            let kinds: &[ObjectKind] = if question.about == QuestionKind::Relation {
                for name in now.index_tables.keys() {
                    found.push(named(name));
                }
                for name in now.sequences.keys() {
                    found.push(named(name));
                }
                &[ObjectKind::View, ObjectKind::MaterializedView]
            } else {
                &[ObjectKind::View]
            };
            found.extend(objects(now, kinds)?);
        }
        QuestionKind::View => found.extend(objects(now, &[ObjectKind::View])?),
        QuestionKind::MaterializedView => {
            found.extend(objects(now, &[ObjectKind::MaterializedView])?);
        }
        QuestionKind::Extension => found.extend(objects(now, &[ObjectKind::Extension])?),
        QuestionKind::Function => {
            for mut function in objects(now, &[ObjectKind::Function, ObjectKind::Procedure])? {
                if let Some(bare) = function.name.split('(').next() {
                    function.name = SmolStr::new(bare);
                }
                found.push(function);
            }
        }
        QuestionKind::Trigger | QuestionKind::Policy => {
            let kind = if question.about == QuestionKind::Trigger {
                ObjectKind::Trigger
            } else {
                ObjectKind::Policy
            };
            for (key, object) in &now.objects {
                if key.kind != kind {
                    continue;
                }
                if object.maybe.is_some() {
                    return None;
                }
                let owner = object.on.clone().unwrap_or_default();
                let bare = key
                    .name
                    .strip_prefix(&format!("{owner}."))
                    .unwrap_or(&key.name);
                found.push(Candidate {
                    name: SmolStr::new(bare),
                    owner,
                    ..Candidate::default()
                });
            }
        }
        // Schemas may be made outside of migrations, as databases are.
        QuestionKind::Schema => return None,
        QuestionKind::Sequence => found.extend(now.sequences.keys().map(named)),
        QuestionKind::Type => {
            for (name, known) in &now.enums {
                if known.maybe.is_some() {
                    return None;
                }
                found.push(named(name));
            }
            found.extend(objects(now, &[ObjectKind::Domain, ObjectKind::Composite])?);
        }
        QuestionKind::EnumLabel => {
            for (name, known) in &now.enums {
                if owner.as_ref().is_some_and(|owner| owner != name) {
                    continue;
                }
                for label in known.labels.known()? {
                    found.push(Candidate {
                        name: label.clone(),
                        owner: name.clone(),
                        ..Candidate::default()
                    });
                }
            }
        }
        QuestionKind::Column | QuestionKind::Index | QuestionKind::Constraint => {
            for (name, table) in &now.tables {
                let bare = named(name);
                if owner.as_ref().is_some_and(|owner| bare.name != *owner) {
                    continue;
                }
                parts(question.about, &bare, table, owner.is_some(), &mut found)?;
            }
        }
    }
    Some(found)
}

/// Columns, indexes or constraints of a table.
fn parts(
    about: QuestionKind,
    table_name: &Candidate,
    table: &Table,
    is_asked_for: bool,
    found: &mut Vec<Candidate>,
) -> Option<()> {
    let is_doubtful = table.maybe.is_some() || table.unsure.is_some() || table.open.is_some();
    if is_doubtful && is_asked_for {
        return None;
    }
    let part = |name: &SmolStr, kind: &'static str| Candidate {
        name: name.clone(),
        schema: table_name.schema.clone(),
        owner: table_name.name.clone(),
        kind,
    };
    match about {
        QuestionKind::Column => {
            for column in &table.columns {
                if column.maybe.is_some() {
                    return None;
                }
                found.push(part(&column.name, ""));
            }
        }
        QuestionKind::Index => {
            for index in &table.indexes {
                if index.maybe.is_some() {
                    return None;
                }
                found.push(part(&index.name, ""));
            }
            for constraint in &table.constraints {
                if let (
                    ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. },
                    Some(name),
                ) = (&constraint.kind, constraint.known_name())
                {
                    found.push(part(name, ""));
                }
            }
        }
        _ => {
            for constraint in &table.constraints {
                if constraint.maybe.is_some() {
                    return None;
                }
                let kind = match &constraint.kind {
                    ConstraintKind::PrimaryKey { .. } => "p",
                    ConstraintKind::Unique { .. } => "u",
                    ConstraintKind::ForeignKey(_) => "f",
                    ConstraintKind::Check { .. } => "c",
                    ConstraintKind::Exclude { .. } => "x",
                    ConstraintKind::Unknown { .. } => return None,
                };
                match &constraint.name {
                    Fact::Known(Some(name)) => found.push(part(name, kind)),
                    Fact::Known(None) => {}
                    Fact::Unknown(_) => return None,
                }
            }
        }
    }
    Some(())
}

fn objects(now: &Catalog, kinds: &[ObjectKind]) -> Option<Vec<Candidate>> {
    let mut found = Vec::new();
    for (key, object) in &now.objects {
        if kinds.contains(&key.kind) {
            if object.maybe.is_some() {
                return None;
            }
            found.push(named(&key.name));
        }
    }
    Some(found)
}

/// A name with its schema taken apart.
fn named(name: &SmolStr) -> Candidate {
    let (schema, name) = match name.rsplit_once('.') {
        Some((schema, name)) => (SmolStr::new(schema), SmolStr::new(name)),
        None => (SmolStr::new_static("public"), name.clone()),
    };
    Candidate {
        name,
        schema,
        ..Candidate::default()
    }
}

/// SQL's `LIKE`.
fn like(text: &str, pattern: &str) -> bool {
    let mut pattern = pattern.chars();
    match pattern.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = pattern.as_str();
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| text.get(at..).is_some_and(|tail| like(tail, rest)))
        }
        Some('_') => {
            let mut chars = text.chars();
            chars.next().is_some() && like(chars.as_str(), pattern.as_str())
        }
        Some(c) => {
            let mut chars = text.chars();
            chars.next() == Some(c) && like(chars.as_str(), pattern.as_str())
        }
    }
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
