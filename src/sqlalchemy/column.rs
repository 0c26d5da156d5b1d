//! `Column(…)`, `mapped_column(…)` and SQLModel's `Field(…)` as columns.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::python::value::{Call, CallArgument, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::schema::{Column, Fact};
use crate::sqlalchemy::{construct, render, render_type};

/// What a column is read from.
pub struct ColumnSource<'a> {
    pub call: &'a Call,
    /// Where the column is declared.
    pub place: Place,
    /// The attribute of a model class it is assigned to, which names it unless it names itself.
    pub attribute: Option<&'a str>,
}

/// Constructs that stand among the arguments of a column and are no type.
const SCHEMA_ITEMS: &[&str] = &[
    "CheckConstraint",
    "Computed",
    "DefaultClause",
    "FetchedValue",
    "ForeignKey",
    "Identity",
    "Sequence",
];

/// Arguments that change nothing in the database.
const PYTHON_ONLY: &[&str] = &[
    "active_history",
    "alias",
    "default",
    "default_factory",
    "deferred",
    "deferred_group",
    "deferred_raiseload",
    "description",
    "doc",
    "ge",
    "gt",
    "info",
    "init",
    "insert_default",
    "key",
    "kw_only",
    "le",
    "lt",
    "max_length",
    "min_length",
    "onupdate",
    "quote",
    "regex",
    "repr",
    "schema_extra",
    "server_onupdate",
    "sort_order",
    "system",
    "title",
    "use_existing_column",
];

/// Reads a column. `None` where not even its name is known.
pub fn column<H: Host>(
    source: &ColumnSource<'_>,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<Column> {
    let mut positional: Vec<&CallArgument> = source.call.positional().collect();
    let mut name = source.attribute.map(SmolStr::new);
    if positional
        .first()
        .is_some_and(|first| matches!(first.value, Value::Str(_)))
    {
        name = Some(SmolStr::new(&**positional.remove(0).value.as_str()?));
    }
    if let Some(argument) = source.call.keyword("name") {
        match &argument.value {
            Value::None => {}
            value => name = Some(SmolStr::new(&**value.as_str()?)),
        }
    }
    let mut reader = Reader {
        interpreter,
        facts: BTreeMap::new(),
    };
    let mut column_type = source
        .call
        .keyword("type_")
        .or_else(|| source.call.keyword("sa_type"));
    let mut foreign_keys = Vec::new();
    let mut has_computed_nullability = false;
    for argument in positional {
        let kind = argument
            .value
            .as_call()
            .and_then(|call| construct(&call.callee, reader.interpreter));
        match kind.as_deref() {
            Some("ForeignKey") => foreign_keys.push(argument),
            Some("Identity") => {
                has_computed_nullability = true;
                reader.fact("identity", argument);
            }
            Some("Computed") => reader.fact("computed", argument),
            Some("CheckConstraint") => reader.fact("check", argument),
            Some(item) if SCHEMA_ITEMS.contains(&item) => {}
            _ if column_type.is_none() => column_type = Some(argument),
            _ => reader.fact("arguments", argument),
        }
    }
    if let Some(argument) = column_type {
        let written = render_type(&argument.value, reader.interpreter);
        reader.put("type", written, argument.at);
    } else if !foreign_keys.is_empty() {
        // Also in spite of an annotation: the column takes the type of the one it refers to.
        let text = "the type of the referenced column".to_owned();
        reader.facts.insert("type", Fact::Unknown(text));
    }
    reader.foreign_keys(&foreign_keys, source.call.keyword("foreign_key"));
    reader.keywords(source, has_computed_nullability);
    if source.call.open {
        let text = reader.interpreter.text_at(source.place);
        reader.facts.insert("arguments", Fact::Unknown(text));
    }
    let facts = reader.facts;
    Some(Column {
        name: name?,
        place: interpreter.file(source.place),
        facts,
    })
}

struct Reader<'a, 's, H: Host> {
    interpreter: &'a mut Interpreter<'s, H>,
    facts: BTreeMap<&'static str, Fact>,
}

impl<H: Host> Reader<'_, '_, H> {
    fn put(&mut self, key: &'static str, written: Option<String>, at: Place) {
        let fact = written.map_or_else(|| Fact::Unknown(self.interpreter.text_at(at)), Fact::Known);
        self.facts.insert(key, fact);
    }

    fn fact(&mut self, key: &'static str, argument: &CallArgument) {
        let written = render(&argument.value, self.interpreter);
        self.put(key, written, argument.at);
    }

    fn foreign_keys(&mut self, items: &[&CallArgument], keyword: Option<&CallArgument>) {
        let mut written = Vec::new();
        for item in items {
            // A column instead of a name, `ForeignKey(User.id)`: which table it belongs to is not followed.
            let is_named = item
                .value
                .as_call()
                .and_then(|call| call.positional().next())
                .is_some_and(|target| matches!(target.value, Value::Str(_)));
            let text = if is_named {
                render(&item.value, self.interpreter)
            } else {
                None
            };
            let Some(text) = text else {
                self.put("foreign key", None, item.at);
                return;
            };
            written.push(text);
        }
        if let Some(keyword) = keyword
            && !matches!(keyword.value, Value::None)
        {
            let text = render(&keyword.value, self.interpreter);
            self.put(
                "foreign key",
                text.map(|text| format!("ForeignKey({text})")),
                keyword.at,
            );
            return;
        }
        if !written.is_empty() {
            written.sort();
            self.facts
                .insert("foreign key", Fact::Known(written.join(", ")));
        }
    }

    /// A keyword that is true, false or absent.
    fn flag(&mut self, key: &'static str, argument: Option<&CallArgument>) -> Option<bool> {
        let argument = argument?;
        match argument.value {
            Value::Bool(true) => {
                self.facts.insert(key, Fact::Known("yes".to_owned()));
                Some(true)
            }
            Value::Bool(false) | Value::None => Some(false),
            _ => {
                self.put(key, None, argument.at);
                None
            }
        }
    }

    fn keywords(&mut self, source: &ColumnSource<'_>, has_identity: bool) {
        let keyword = |name: &str| source.call.keyword(name);
        let primary_key = self
            .flag("primary key", keyword("primary_key"))
            .unwrap_or(false);
        self.flag("unique", keyword("unique"));
        self.flag("index", keyword("index"));
        match keyword("nullable") {
            Some(CallArgument {
                value: Value::Bool(nullable),
                ..
            }) => self.nullable(*nullable),
            Some(CallArgument {
                value: Value::None, ..
            })
            | None => {
                self.nullable(!primary_key && !has_identity);
            }
            Some(argument) => self.put("nullable", None, argument.at),
        }
        if let Some(argument) = keyword("server_default")
            && !matches!(argument.value, Value::None)
        {
            self.fact("server default", argument);
        }
        if let Some(argument) = keyword("comment")
            && !matches!(argument.value, Value::None)
        {
            self.fact("comment", argument);
        }
        // `True` and `"auto"` are what an integer primary key does anyway.
        if let Some(argument) = keyword("autoincrement")
            && argument.value.as_bool() == Some(false)
        {
            self.facts
                .insert("autoincrement", Fact::Known("no".to_owned()));
        }
        if let Some(argument) = keyword("sa_column_kwargs").or_else(|| keyword("sa_column_args")) {
            self.fact("arguments", argument);
        }
        if let Some(argument) = keyword("max_length")
            && source.attribute.is_some()
            && let Some(Fact::Known(text)) = self.facts.get_mut("type")
            && text == "String()"
            && let Value::Int(length) = argument.value
        {
            *text = format!("String(length={length})");
        }
        for argument in &source.call.arguments {
            let Some(name) = &argument.name else { continue };
            let is_read = matches!(
                name.as_str(),
                "primary_key"
                    | "unique"
                    | "index"
                    | "nullable"
                    | "server_default"
                    | "comment"
                    | "autoincrement"
                    | "name"
                    | "type_"
                    | "sa_type"
                    | "foreign_key"
                    | "sa_column_kwargs"
                    | "sa_column_args"
                    | "ondelete"
            );
            if !is_read && !PYTHON_ONLY.contains(&name.as_str()) {
                self.fact("arguments", argument);
            }
        }
    }

    fn nullable(&mut self, nullable: bool) {
        if !nullable {
            self.facts.insert("nullable", Fact::Known("no".to_owned()));
        }
    }
}

/// The name of a column that a class of models binds and that does not name itself.
pub(crate) fn column_of_class<H: Host>(
    value: &Value,
    interpreter: &Interpreter<'_, H>,
) -> Option<SmolStr> {
    let (call, _) = column_call(value, interpreter)?;
    let first = call.positional().next();
    if first.is_some_and(|first| matches!(first.value, Value::Str(_))) {
        return None;
    }
    let (_, name) = interpreter.class_that_binds(value)?;
    Some(name)
}

/// The argument that is the type of a column.
pub(crate) fn type_argument_of<'v, H: Host>(
    call: &'v Call,
    interpreter: &Interpreter<'_, H>,
) -> Option<&'v CallArgument> {
    call.keyword("type_").or_else(|| {
        call.positional().find(|argument| {
            !matches!(argument.value, Value::Str(_) | Value::None)
                && !is_schema_item(&argument.value, interpreter)
        })
    })
}

/// True for a constraint, default or other item among the arguments of a column.
fn is_schema_item<H: Host>(value: &Value, interpreter: &Interpreter<'_, H>) -> bool {
    value
        .as_call()
        .and_then(|call| construct(&call.callee, interpreter))
        .is_some_and(|kind| SCHEMA_ITEMS.contains(&kind.as_str()))
}

/// The column call a value is, looking through `deferred(…)` and `column_property(…)`.
pub(crate) fn column_call<'v, H: Host>(
    value: &'v Value,
    interpreter: &Interpreter<'_, H>,
) -> Option<(&'v Call, Place)> {
    let symbol = value.as_symbol()?;
    let SymbolKind::Call(call) = &symbol.kind else {
        return None;
    };
    match construct(&call.callee, interpreter)?.as_str() {
        "Column" | "mapped_column" => Some((call, symbol.at)),
        "deferred" | "column_property" => {
            column_call(&call.positional().next()?.value, interpreter)
        }
        _ => None,
    }
}
