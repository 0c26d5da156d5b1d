//! What a revision uses of the application's models as they are today.

use smol_str::{SmolStr, format_smolstr};

use super::{Recorder, Runtime};
use crate::alembic::revision::Revision;
use crate::python::ast::{Name, Parameter, ParameterKind, StmtKind};
use crate::python::value::{Function, ObjectId, Place, SymbolKind, Value};
use crate::python::{
    ImportedName, Interpreter, NameUse, dead_branches, ignores_parameter, imported_names,
    names_used_in,
};
use crate::source::{FileSpan, RepoPath, Span};
use crate::sqlalchemy::declarative::{
    Style, declared_table, has_table_keyword, is_abstract, is_declarative_base, style, table_name,
};
use crate::sqlalchemy::{construct, is_database_object};

/// Something of the application that changes with it, and that a revision uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveUse {
    /// As the revision writes it: `models.User`.
    pub written: SmolStr,
    pub kind: LiveKind,
    /// The statement names the columns that it writes: besides them there are those that SQLAlchemy fills in.
    pub names_columns: bool,
    /// The first use.
    pub span: Span,
    /// Where the name is imported.
    pub import: Span,
    /// Where it is defined.
    pub definition: Option<FileSpan>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveKind {
    /// A model, by the name of its class.
    Model(Name),
    /// `Table(…)`
    Table,
    /// The metadata of the models.
    Metadata,
    /// A session that the application has configured, on a connection of its own.
    Session,
    /// A function that uses one of these, as it writes it.
    Function(SmolStr, LiveCause),
}

/// What makes it matter that a revision uses something of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LiveCause {
    /// Columns come, which earlier revisions then ask for.
    Models,
    /// Tables come, which earlier revisions then make.
    Metadata,
    /// Another connection has another transaction.
    Session,
}

impl LiveKind {
    pub fn cause(&self) -> LiveCause {
        match self {
            Self::Model(_) | Self::Table => LiveCause::Models,
            Self::Metadata => LiveCause::Metadata,
            Self::Session => LiveCause::Session,
            Self::Function(_, cause) => *cause,
        }
    }
}

impl Runtime<'_> {
    /// What a revision uses of modules that do not belong to the migrations; each imported name once.
    pub fn live_uses(
        &mut self,
        revision: &Revision,
        is_of_migrations: &dyn Fn(&RepoPath) -> bool,
    ) -> Vec<LiveUse> {
        let mut found = Vec::new();
        let names = imported_names(&revision.source.module);
        // A query that names its columns asks for no others, whatever the model gains.
        let names_columns = names.iter().any(|imported| {
            let attributes = imported
                .uses
                .iter()
                .filter_map(|used| used.attributes.last());
            let mut asked = attributes.chain(&imported.attribute);
            asked.any(|name| name == "load_only")
        });
        let own: Vec<&Name> = revision
            .source
            .module
            .body
            .iter()
            .filter_map(|statement| match &statement.kind {
                StmtKind::FunctionDef(def) => Some(&def.name),
                _ => None,
            })
            .collect();
        let text = revision.source.text.as_str();
        let saves_objects = SAVING.iter().any(|call| text.contains(call));
        let dead = dead_branches(&revision.source.module.body, &[]);
        for imported in &names {
            if imported.level > 0 {
                continue;
            }
            self.interpreter.refuel();
            let value = self.interpreter.imported(
                &imported.module,
                imported.attribute.as_ref(),
                &revision.file,
            );
            let live = imported.uses.iter().find_map(|used| {
                if dead.iter().any(|span| span.contains(used.span)) {
                    return None;
                }
                // What a function of the file asks of what it is handed is not followed.
                if used
                    .given_to
                    .as_ref()
                    .is_some_and(|name| own.contains(&name))
                {
                    return None;
                }
                if self.is_ignored(used, &names, &revision.file) {
                    return None;
                }
                let (kind, definition) = self.live(&value, used)?;
                let is_only_made = used.is_called && used.attributes.is_empty() && !saves_objects;
                let is_harmless = self.is_harmless(&kind, &value, used)
                    || (names_columns || is_only_made) && matches!(kind, LiveKind::Model(_));
                if is_harmless {
                    return None;
                }
                let is_outside = definition
                    .as_ref()
                    .is_none_or(|definition| !is_of_migrations(&definition.file));
                is_outside.then(|| LiveUse {
                    written: revision.source.text.slice(used.span).into(),
                    kind,
                    names_columns: used.names_columns,
                    span: used.span,
                    import: imported.span,
                    definition,
                })
            });
            found.extend(live);
        }
        self.interpreter.host.take();
        found
    }

    /// True for what is handed to a function of the application that does nothing with it.
    fn is_ignored(&mut self, used: &NameUse, names: &[ImportedName], file: &RepoPath) -> bool {
        let Some((name, place)) = &used.argument_of else {
            return false;
        };
        let Some(called) = names.iter().find(|imported| imported.local == *name) else {
            return false;
        };
        let attribute = called.attribute.as_ref();
        let value = self.interpreter.imported(&called.module, attribute, file);
        let Value::Function(function) = value else {
            return false;
        };
        let parameter = function.def.parameters.get(*place);
        let is_plain = |parameter: &&Parameter| {
            matches!(
                parameter.kind,
                ParameterKind::PositionalOnly | ParameterKind::Positional
            )
        };
        Interpreter::<'_, Recorder>::is_called_as_written(&function)
            && parameter
                .filter(is_plain)
                .is_some_and(|parameter| ignores_parameter(&function.def, &parameter.name))
    }

    fn live(&mut self, value: &Value, used: &NameUse) -> Option<(LiveKind, Option<FileSpan>)> {
        if let Some(found) = live_value(value, &used.attributes, &mut self.interpreter) {
            return Some(found);
        }
        if !used.is_called {
            return None;
        }
        let mut function = value.clone();
        for name in &used.attributes {
            function = self
                .interpreter
                .attribute_of(&function, name, Place::default());
        }
        match &function {
            Value::Function(function) => {
                let (what, cause) = self.live_in(function, used)?;
                let mut place = self.interpreter.file(function.at);
                place.span = function.def.name_span;
                Some((LiveKind::Function(what, cause), Some(place)))
            }
            _ => None,
        }
    }

    /// What a function that is called uses that changes with the application, what matters most first.
    fn live_in(&mut self, function: &Function, call: &NameUse) -> Option<(SmolStr, LiveCause)> {
        let is_narrowed = is_narrowed(&call.chained);
        let mut found: Option<(SmolStr, LiveCause)> = None;
        for (name, used) in names_used_in(&function.def) {
            // Which columns the query has that the function gives back, its caller says.
            if is_narrowed && used.is_returned {
                continue;
            }
            let Some(value) = self.interpreter.global_of(function, &name) else {
                continue;
            };
            let Some((kind, _)) = live_value(&value, &used.attributes, &mut self.interpreter)
            else {
                continue;
            };
            let cause = kind.cause();
            let is_harmless = self.is_harmless(&kind, &value, &used);
            if !is_harmless && found.as_ref().is_none_or(|(_, first)| cause < *first) {
                found = Some((written(&name, &used.attributes), cause));
            }
        }
        found
    }

    /// True for a use that does not change with what it uses, also because it names the columns.
    fn is_harmless(&mut self, kind: &LiveKind, value: &Value, used: &NameUse) -> bool {
        is_harmless(kind, used)
            || used.names_columns && !fills_in_more(value, &used.attributes, &mut self.interpreter)
    }
}

/// True for a use that does not change with what it uses.
fn is_harmless(kind: &LiveKind, used: &NameUse) -> bool {
    match kind {
        LiveKind::Model(_) | LiveKind::Table => !asks_for_all(used),
        // A session that nothing is done with has nothing to commit.
        LiveKind::Session => used.attributes.last().is_some_and(|method| {
            ["close", "commit", "flush", "remove", "rollback"].contains(&method.as_str())
        }),
        LiveKind::Metadata | LiveKind::Function(..) => false,
    }
}

/// True where a model has columns that SQLAlchemy fills in by itself, in a statement that names others: one that comes
/// later is written, too.
fn fills_in_more(
    value: &Value,
    attributes: &[Name],
    interpreter: &mut Interpreter<'_, Recorder>,
) -> bool {
    let mut value = value.clone();
    let mut rest = attributes.iter();
    loop {
        let table = match &value {
            Value::Class(_) => {
                let attribute = SymbolKind::Attribute {
                    base: value.clone(),
                    name: Name::new_static("__table__"),
                };
                Value::symbol(attribute, Place::default())
            }
            _ => value.clone(),
        };
        // In which order the columns come is all that the version decides.
        if let Some(declared) = declared_table(&table, (2, 0), interpreter) {
            return !declared.python_defaults(interpreter).is_empty();
        }
        let Some(name) = rest.next() else {
            return false;
        };
        value = interpreter.attribute_of(&value, name, Place::default());
    }
}

/// What makes rows of objects. Without it they are objects like any others.
const SAVING: &[&str] = &[
    ".add(",
    ".add_all(",
    ".append(",
    ".extend(",
    ".insert(",
    ".merge(",
    ".save(",
    "bulk_",
    "create",
];

/// Functions and methods that are given a model to load, or to make rows of.
const ENTITIES: &[&str] = &[
    "Query",
    "aliased",
    "bulk_insert",
    "bulk_insert_mappings",
    "get",
    "get_one",
    "insert",
    "query",
    "select",
    "with_polymorphic",
];

/// What makes of a query for a model one for some of its columns.
const NARROWING: &[&str] = &["load_only", "with_entities", "with_only_columns"];

/// What ends a query without asking for the columns of the model.
const WITHOUT_COLUMNS: &[&str] = &["delete", "exists", "update", "values"];

/// What sends a query. What is called on the result is no part of it.
const SENDING: &[&str] = &[
    "all",
    "count",
    "first",
    "first_or_404",
    "get",
    "get_or_404",
    "one",
    "one_or_404",
    "one_or_none",
];

fn is_any(names: &[&str], name: &Name) -> bool {
    names.contains(&name.as_str())
}

/// True for methods that make of a query for a model one for some of its columns.
fn is_narrowed<'n>(methods: impl IntoIterator<Item = &'n Name>) -> bool {
    methods.into_iter().any(|method| is_any(NARROWING, method))
}

/// True if a query for a model asks for all of its columns, after what is called on it.
fn loads<'n>(methods: impl IntoIterator<Item = &'n Name>) -> bool {
    let methods: Vec<&Name> = methods.into_iter().collect();
    let decides = |method: &&&Name| is_any(WITHOUT_COLUMNS, method) || is_any(SENDING, method);
    !is_narrowed(methods.iter().copied())
        && methods
            .iter()
            .find(decides)
            .is_none_or(|method| is_any(SENDING, method))
}

/// True for a use of a model or table that asks for all of its columns, whichever there are by then, or writes them:
/// `query(User)`, `User(…)`, `users.select()`. `User.name`, `query(User).with_entities(…)`, `User.query.delete()`,
/// `User.__table__.update()` and `delete(users)` name what they ask for, and what other functions do with a model is not known.
fn asks_for_all(used: &NameUse) -> bool {
    let chained = &used.chained;
    match used.attributes.as_slice() {
        [] => {
            used.is_called
                || match used.handed_to.split_first() {
                    Some((first, methods)) if first == "query" || first == "select" => {
                        loads(methods)
                    }
                    Some((first, methods)) => is_any(ENTITIES, first) && !is_narrowed(methods),
                    None => false,
                }
        }
        [first, methods @ ..] if first == "query" => loads(methods.iter().chain(chained)),
        // `users.c.name`
        [first] if used.is_called => {
            !names_columns(&used.attributes, true) && !is_narrowed(chained)
        }
        [first, rest @ ..] if first == "metadata" => of_tables(rest).is_some(),
        [first, rest @ ..] if first == "__table__" => !names_columns(rest, used.is_called),
        [first, ..] => first == "objects" || first.starts_with("__"),
    }
}

/// True for what of a table names the columns that it uses: `table.update()`, `table.delete()`, `table.c.name`.
fn names_columns(attributes: &[Name], is_called: bool) -> bool {
    match attributes {
        [method] => is_called && is_any(&["delete", "update"], method),
        [columns, _] => !is_called && is_any(&["c", "columns"], columns),
        [columns, ..] => is_any(&["c", "columns"], columns),
        [] => false,
    }
}

fn written(name: &Name, attributes: &[Name]) -> SmolStr {
    attributes
        .iter()
        .fold(name.clone(), |path, name| format_smolstr!("{path}.{name}"))
}

/// What a value or one of the attributes asked of it is, if it changes with the application.
fn live_value(
    value: &Value,
    attributes: &[Name],
    interpreter: &mut Interpreter<'_, Recorder>,
) -> Option<(LiveKind, Option<FileSpan>)> {
    let mut value = value.clone();
    let mut rest = attributes;
    loop {
        match &value {
            Value::Module(_) => {}
            Value::Class(class) => {
                let class = *class;
                let mut place = interpreter.file(interpreter.class(class)?.at);
                place.span = interpreter.class(class)?.def.name_span;
                let kind = if is_declarative_base(class, interpreter) {
                    of_metadata(rest)?
                } else {
                    let name = interpreter.class(class)?.def.name.clone();
                    is_model(class, interpreter).then_some(LiveKind::Model(name))?
                };
                if let Some(name) = rest.first() {
                    let part = interpreter.attribute_of(&value, name, Place::default());
                    if is_constant(&part) || is_plain_function(&part) {
                        return None;
                    }
                }
                return Some((kind, Some(place)));
            }
            Value::Symbol(symbol) => {
                let place = Some(interpreter.file(symbol.at));
                let SymbolKind::Call(call) = &symbol.kind else {
                    return None;
                };
                if is_database_object(&value, interpreter) {
                    let kind = match rest.first()?.as_str() {
                        "session" => LiveKind::Session,
                        _ => of_metadata(rest)?,
                    };
                    return Some((kind, place));
                }
                let kind = match construct(&call.callee, interpreter)?.as_str() {
                    "Table" => LiveKind::Table,
                    "MetaData" => of_tables(rest)?,
                    "declarative_base" => of_metadata(rest)?,
                    _ => return None,
                };
                return Some((kind, place));
            }
            _ => return None,
        }
        let (name, others) = rest.split_first()?;
        value = interpreter.attribute_of(&value, name, Place::default());
        rest = others;
    }
}

/// `Base.metadata.create_all`
fn of_metadata(attributes: &[Name]) -> Option<LiveKind> {
    let (first, rest) = attributes.split_first()?;
    (first == "metadata").then(|| of_tables(rest))?
}

/// What asks a metadata for the tables that it has by then. One that is looked up, `metadata.tables["users"]`, is given the
/// columns by name where it is changed: what more is done with it is not followed.
fn of_tables(attributes: &[Name]) -> Option<LiveKind> {
    let (first, rest) = attributes.split_first()?;
    let asks = match first.as_str() {
        "create_all" | "drop_all" | "sorted_tables" => true,
        "tables" => rest
            .first()
            .is_some_and(|method| is_any(&["items", "keys", "values"], method)),
        _ => false,
    };
    asks.then_some(LiveKind::Metadata)
}

/// True for a class with a table of its own.
fn is_model(class: ObjectId, interpreter: &mut Interpreter<'_, Recorder>) -> bool {
    let Some(style) = style(class, interpreter) else {
        return false;
    };
    match style {
        Style::Foreign => false,
        Style::SqlModel => has_table_keyword(class, interpreter),
        Style::Declarative | Style::Flask => {
            !is_abstract(class, interpreter) && table_name(class, style, interpreter).is_some()
        }
    }
}

/// True for a function of a class that is not given anything to ask the database with.
fn is_plain_function(value: &Value) -> bool {
    let function = match value {
        Value::Function(function) => function,
        Value::Method(method) => &method.1,
        _ => return false,
    };
    let asks = |parameter: &Parameter| {
        ["bind", "conn", "db", "engine", "session"]
            .iter()
            .any(|word| parameter.name.contains(word))
    };
    // `cls.query`, `cls(…)`
    let uses_class = function
        .def
        .parameters
        .first()
        .is_some_and(|first| matches!(first.name.as_str(), "cls" | "self"));
    !uses_class && !function.def.parameters.iter().any(asks)
}

/// True for what is no column: a number, a string, an enum in the class.
fn is_constant(value: &Value) -> bool {
    matches!(
        value,
        Value::Str(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Bool(_)
            | Value::Tuple(_)
            | Value::Class(_)
    )
}
