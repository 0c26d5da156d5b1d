//! The tables of a metadata, from the classes that are mapped on it and the `Table(…)` calls that name it.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::order::ordered_attributes;
use super::python_default::PythonDefault;
use super::style::{
    Style, foreign_base, has_table_keyword, is_abstract, is_automap, is_declarative_base, style,
    table_args, table_name,
};
use crate::python::ast::{Expr, ExprKind, StmtKind};
use crate::python::value::{Call, CallArgument, Object, ObjectId, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter, Outcome};
use crate::sqlalchemy::ddl::reference_of;
use crate::sqlalchemy::{
    MetadataKey, column_call, construct, is_database_object, metadata_of_class, metadata_of_value,
    qualified, schema_of_metadata, type_argument_of,
};

/// How often classes may make further classes.
const ROUNDS: usize = 4;

/// A table as models describe it.
#[derive(Clone, Debug)]
pub struct DeclaredTable {
    /// With its schema.
    pub name: SmolStr,
    /// Columns, constraints and indexes, as arguments of `Table(name, metadata, …)`.
    pub items: Vec<CallArgument>,
    pub comment: Option<SmolStr>,
    /// What is written down with it under `info`.
    pub info: Option<Value>,
    /// Where the class or table is made.
    pub at: Place,
    /// Where `__init__` gives an instance `__table_args__`, which nobody reads.
    pub lost_arguments: Option<Place>,
    /// Why not all of it is known.
    pub open: Option<String>,
    /// The schema of the metadata, in which the tables are that foreign keys name without one.
    pub schema: Option<SmolStr>,
}

/// The tables of one metadata, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct DeclaredTables {
    pub tables: Vec<DeclaredTable>,
    /// Why there may be others.
    pub open: Option<String>,
}

/// The tables of a metadata, as far as the modules that define them have run, in the order in which they were made.
/// `written` are the `Table(…)` calls.
pub fn declared_tables<H: Host>(
    key: &MetadataKey,
    written: &[(Call, Place)],
    sqlalchemy: (u32, u32),
    interpreter: &mut Interpreter<'_, H>,
) -> DeclaredTables {
    let mut found = DeclaredTables::default();
    // `@declared_attr` may make further classes.
    let mut read: FxHashSet<ObjectId> = FxHashSet::default();
    for _ in 0..ROUNDS {
        let classes = interpreter.classes();
        if read.len() == classes.len() {
            break;
        }
        for class in classes {
            if !read.insert(class) || metadata_of_class(class, interpreter).as_ref() != Some(key) {
                continue;
            }
            if interpreter
                .ancestry(class)
                .1
                .iter()
                .any(|base| is_automap(base, interpreter))
            {
                let open = "`automap_base` makes models of what is in the database";
                found.open.get_or_insert_with(|| open.to_owned());
            }
            match of_class(class, sqlalchemy, interpreter) {
                Some(table) => found.add(table, interpreter),
                // A base may name the table.
                None if !is_abstract(class, interpreter) => {
                    let name = interpreter.class(class).map(|class| class.def.name.clone());
                    let name = name.unwrap_or_default();
                    let names_itself = interpreter
                        .inherited_attribute(class, "__tablename__")
                        .is_some_and(|value| !matches!(value, Value::None));
                    if let Some(base) = foreign_base(class, interpreter) {
                        let open = format!("`{name}` may have its table from {base}");
                        found.open.get_or_insert(open);
                    } else if names_itself && !is_declarative_base(class, interpreter) {
                        let open = format!("the name of the table of `{name}` is not known");
                        found.open.get_or_insert(open);
                    }
                }
                None => {}
            }
        }
    }
    for (call, at) in written {
        let written = call
            .positional()
            .nth(1)
            .map(|argument| argument.value.clone());
        let of = match written.and_then(|of| metadata_of_value(&of, interpreter)) {
            Some(of) => Some(of),
            None => database_of(call, interpreter)
                .and_then(|database| metadata_of_value(&database, interpreter)),
        };
        if of.as_ref() != Some(key) {
            continue;
        }
        if let Some(table) = of_call(call, *at, interpreter) {
            found.add(table, interpreter);
        } else if call
            .positional()
            .next()
            .is_some_and(|name| name.value.as_str().is_none())
        {
            let file = interpreter.file(*at);
            let open = format!(
                "the name of a table that `{}` makes is not known",
                file.file
            );
            found.open.get_or_insert(open);
        }
    }
    found.resolve_types(interpreter);
    found
}

/// The table that a value is: `Model.__table__`, or `Table(…)` itself.
pub fn declared_table<H: Host>(
    value: &Value,
    sqlalchemy: (u32, u32),
    interpreter: &mut Interpreter<'_, H>,
) -> Option<DeclaredTable> {
    let symbol = Rc::clone(value.as_symbol()?);
    match &symbol.kind {
        SymbolKind::Attribute {
            base: Value::Class(class),
            name,
        } if name == "__table__" => of_class(*class, sqlalchemy, interpreter),
        SymbolKind::Call(call) if construct(&call.callee, interpreter)? == "Table" => {
            of_call(call, symbol.at, interpreter)
        }
        _ => None,
    }
}

/// The name of the table of a class, with its schema.
pub fn table_name_of<H: Host>(
    class: ObjectId,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<SmolStr> {
    let style = style(class, interpreter)?;
    let mut table = DeclaredTable {
        name: table_name(class, style, interpreter)?,
        items: Vec::new(),
        comment: None,
        info: None,
        at: interpreter.class(class)?.at,
        lost_arguments: None,
        open: None,
        schema: schema_of_metadata(&Value::Class(class), interpreter),
    };
    table.arguments(class, interpreter);
    Some(table.name)
}

/// The table of one class; `None` for a class that has none.
fn of_class<H: Host>(
    class: ObjectId,
    sqlalchemy: (u32, u32),
    interpreter: &mut Interpreter<'_, H>,
) -> Option<DeclaredTable> {
    let style = style(class, interpreter)?;
    if is_abstract(class, interpreter)
        || style == Style::SqlModel && !has_table_keyword(class, interpreter)
    {
        return None;
    }
    let found = interpreter.class(class)?;
    let at = Place {
        span: found.def.name_span,
        ..found.at
    };
    if let Some(Value::Symbol(symbol)) = interpreter.own_attribute(class, "__table__")
        && let SymbolKind::Call(call) = &symbol.kind
    {
        return of_call(&call.clone(), symbol.at, interpreter);
    }
    let name = table_name(class, style, interpreter)?;
    let mut table = DeclaredTable {
        name,
        items: Vec::new(),
        comment: None,
        info: None,
        at,
        lost_arguments: lost_arguments(class, interpreter),
        open: None,
        schema: schema_of_metadata(&Value::Class(class), interpreter),
    };
    if let Some(base) = foreign_base(class, interpreter) {
        table.open = Some(format!("there may be columns from {base}"));
    }
    let mut items = Vec::new();
    for attribute in ordered_attributes(class, sqlalchemy, interpreter) {
        let argument = |value| CallArgument::positional(value, attribute.place);
        if let Some(column) = attribute.column {
            let column = Value::symbol(SymbolKind::Call(column), attribute.place);
            table.items.push(argument(column));
        }
        items.extend(attribute.item.map(argument));
        if let Some(reason) = attribute.unknown {
            table.open.get_or_insert(reason);
        }
    }
    table.arguments(class, interpreter);
    table.items.extend(items);
    if style != Style::Foreign && table.open.is_none() && !has_key(class, &table, interpreter) {
        let open = "SQLAlchemy maps no class without a primary key: its columns are not all known";
        table.open = Some(open.to_owned());
    }
    Some(table)
}

/// True if a class has a primary key, or may do without: one of its parents is mapped, or it names the columns that stand
/// for one.
fn has_key<H: Host>(
    class: ObjectId,
    table: &DeclaredTable,
    interpreter: &mut Interpreter<'_, H>,
) -> bool {
    let is_key = |item: &CallArgument| {
        let column = column_call(&item.value, interpreter).map(|(call, _)| call);
        let is_column = column.and_then(|call| call.keyword("primary_key"));
        // What is not known may be one.
        is_column.is_some_and(|key| key.value.as_bool() != Some(false))
            || column.is_some_and(|call| call.open)
            || item.value.as_call().is_some_and(|call| {
                construct(&call.callee, interpreter).as_deref() == Some("PrimaryKeyConstraint")
            })
    };
    table.items.iter().any(is_key)
        || interpreter
            .inherited_attribute(class, "__mapper_args__")
            .is_some()
}

/// `self.__table_args__ = …` in `__init__`.
fn lost_arguments<H: Host>(class: ObjectId, interpreter: &Interpreter<'_, H>) -> Option<Place> {
    let class = interpreter.class(class)?;
    let mut functions = class
        .def
        .body
        .iter()
        .filter_map(|statement| match &statement.kind {
            StmtKind::FunctionDef(def) => Some(def),
            _ => None,
        });
    let init = functions.find(|def| def.name == "__init__")?;
    let is_lost = |target: &Expr| matches!(&target.kind, ExprKind::Attribute { name, .. } if name == "__table_args__");
    init.body
        .iter()
        .find_map(|statement| match &statement.kind {
            StmtKind::Assign { targets, .. } if targets.iter().any(is_lost) => Some(Place {
                span: statement.span,
                ..class.at
            }),
            _ => None,
        })
}

/// `Table("name", metadata, Column(…), …)`
fn of_call<H: Host>(
    call: &Call,
    at: Place,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<DeclaredTable> {
    // Reflected tables say nothing themselves.
    if call.keyword("autoload_with").is_some() || call.keyword("autoload").is_some() {
        return None;
    }
    let name = call.positional().next()?.value.as_str()?.clone();
    // `db.Table("links", db.Column(…))` of Flask-SQLAlchemy knows its metadata.
    let knows_metadata = database_of(call, interpreter).is_some()
        && call
            .positional()
            .nth(1)
            .is_some_and(|argument| column_call(&argument.value, interpreter).is_some());
    let skipped = if knows_metadata { 1 } else { 2 };
    let items: Vec<CallArgument> = call.positional().skip(skipped).cloned().collect();
    // Without columns it is the name of a table made elsewhere.
    items
        .iter()
        .find(|item| column_call(&item.value, interpreter).is_some())?;
    let text = |keyword: &str| {
        call.keyword(keyword)
            .and_then(|argument| argument.value.as_str().cloned())
    };
    let metadata = match database_of(call, interpreter) {
        Some(database) => Some(database),
        None => call.positional().nth(1).map(|of| of.value.clone()),
    };
    let schema = metadata.and_then(|metadata| schema_of_metadata(&metadata, interpreter));
    let said = match call.keyword("schema").map(|said| &said.value) {
        None | Some(Value::None) => schema.clone(),
        Some(said) => said.as_str().map(|said| SmolStr::new(&**said)),
    };
    Some(DeclaredTable {
        name: qualified(said.as_deref(), &name),
        items,
        comment: text("comment").map(|comment| SmolStr::new(&*comment)),
        info: call.keyword("info").map(|argument| argument.value.clone()),
        at,
        lost_arguments: None,
        open: call
            .open
            .then(|| "the arguments of the table are not all known".to_owned()),
        schema,
    })
}

/// The object of Flask-SQLAlchemy whose `Table` is called.
fn database_of<H: Host>(call: &Call, interpreter: &Interpreter<'_, H>) -> Option<Value> {
    match &call.callee.as_symbol()?.kind {
        SymbolKind::Attribute { base, .. } if is_database_object(base, interpreter) => {
            Some(base.clone())
        }
        _ => None,
    }
}

impl DeclaredTable {
    /// What `__table_args__` adds, and the schema.
    fn arguments<H: Host>(&mut self, class: ObjectId, interpreter: &mut Interpreter<'_, H>) {
        if !self.read_arguments(class, interpreter) {
            self.name = qualified(self.schema.as_deref(), &self.name);
        }
    }

    /// True if `__table_args__` may say which schema the table is in.
    fn read_arguments<H: Host>(
        &mut self,
        class: ObjectId,
        interpreter: &mut Interpreter<'_, H>,
    ) -> bool {
        let Some(mut value) = table_args(class, interpreter) else {
            return false;
        };
        let mut says_schema = false;
        if matches!(value, Value::Function(_)) {
            let argument = CallArgument::positional(Value::Class(class), self.at);
            value = match interpreter.call(&value, vec![argument], self.at) {
                Outcome::Returned(value) => value,
                _ => Value::None,
            };
        }
        let parts = match &value {
            Value::None => Vec::new(),
            Value::Object(id) if matches!(interpreter.heap.get(*id), Object::Dict(_)) => {
                vec![value.clone()]
            }
            other => match interpreter.heap.elements(other) {
                Some(items) => items.to_vec(),
                None => {
                    self.open = Some("`__table_args__` is not known".to_owned());
                    return true;
                }
            },
        };
        for part in parts {
            let dict = match &part {
                Value::Object(id) => match interpreter.heap.get(*id) {
                    Object::Dict(pairs) => Some(pairs.clone()),
                    _ => None,
                },
                _ => None,
            };
            let Some(pairs) = dict else {
                let at = part.as_symbol().map_or(self.at, |symbol| symbol.at);
                self.items.push(CallArgument::positional(part, at));
                continue;
            };
            for (key, value) in pairs {
                let value = interpreter.text_of_member(&value).unwrap_or(value);
                match (key.as_str().map(|key| &**key), value.as_str()) {
                    (Some("schema"), Some(schema)) => {
                        says_schema = true;
                        self.name = qualified(Some(schema), &self.name);
                    }
                    (Some("schema"), None) if !matches!(value, Value::None) => {
                        says_schema = true;
                        if construct(&value, interpreter).as_deref() != Some("BLANK_SCHEMA") {
                            self.open = Some("the schema of the table is not known".to_owned());
                        }
                    }
                    (Some("comment"), Some(comment)) => {
                        self.comment = Some(SmolStr::new(&**comment));
                    }
                    (Some("info"), _) => self.info = Some(value.clone()),
                    _ => {}
                }
            }
        }
        says_schema
    }

    /// The columns with their names.
    pub fn columns<'a, H: Host>(
        &'a self,
        interpreter: &'a Interpreter<'_, H>,
    ) -> impl Iterator<Item = (SmolStr, &'a Call)> {
        self.items.iter().filter_map(|item| {
            let (call, _) = column_call(&item.value, interpreter)?;
            Some((name_of(call)?, call))
        })
    }
}

impl DeclaredTable {
    /// What is written down under `info` with a column or index, by kind of construct and name; `None` where nothing is.
    pub fn infos<H: Host>(
        &self,
        interpreter: &Interpreter<'_, H>,
    ) -> Vec<(&'static str, SmolStr, Option<Value>)> {
        let info = |call: &Call| call.keyword("info").map(|info| info.value.clone());
        let indexes = self.items.iter().filter_map(|item| {
            let call = item.value.as_call()?;
            let is_index = construct(&call.callee, interpreter)? == "Index";
            is_index.then(|| Some(("Index", name_of(call)?, info(call))))?
        });
        let columns = self.columns(interpreter);
        columns
            .map(|(name, call)| ("Column", name, info(call)))
            .chain(indexes)
            .collect()
    }

    /// The columns of text whose length nobody has written: SQLAlchemy works it out of the labels of an enum, or a type of
    /// `sqlalchemy_utils` has one of its own.
    pub fn unwritten_lengths<H: Host>(&self, interpreter: &Interpreter<'_, H>) -> Vec<SmolStr> {
        let is_unwritten = |call: &Call| {
            let mut argument = &type_argument_of(call, interpreter)?.value;
            let is_array = |call: &Call| {
                construct(&call.callee, interpreter).is_some_and(|name| name == "ARRAY")
            };
            if let Some(array) = argument.as_call().filter(|call| is_array(call)) {
                argument = &array.argument(0, "item_type")?.value;
            }
            let column_type = argument.as_call();
            let name = construct(
                column_type.map_or(argument, |call| &call.callee),
                interpreter,
            )?;
            let says = |at: usize, keyword: &str| {
                column_type.is_some_and(|call| call.argument(at, keyword).is_some())
            };
            Some(match name.as_str() {
                "Enum" => column_type.is_some() && !says(usize::MAX, "length"),
                "ChoiceType" => !says(1, "impl"),
                "ColorType" | "EmailType" => !says(0, "length"),
                "PhoneNumberType" => !says(usize::MAX, "max_length"),
                "CountryType" | "CurrencyType" | "IPAddressType" | "LocaleType"
                | "TimezoneType" => true,
                _ => false,
            })
        };
        self.columns(interpreter)
            .filter(|(_, call)| is_unwritten(call) == Some(true))
            .map(|(name, _)| name)
            .collect()
    }
}

impl DeclaredTable {
    /// The defaults that SQLAlchemy fills in, by column; `None` for one that is worked out or not known.
    pub fn python_defaults<H: Host>(
        &self,
        interpreter: &Interpreter<'_, H>,
    ) -> Vec<(SmolStr, Option<PythonDefault>)> {
        let default_of = |call: &Call| {
            let keywords = ["insert_default", "default", "default_factory"];
            let default = keywords.iter().find_map(|name| call.keyword(name))?;
            match &default.value {
                Value::None => None,
                value => Some(PythonDefault::of(value)),
            }
        };
        self.columns(interpreter)
            .filter_map(|(name, call)| Some((name, default_of(call)?)))
            .collect()
    }
}

impl DeclaredTable {
    /// The columns of which the models say in so many words that they may be NULL.
    pub fn said_nullable<H: Host>(&self, interpreter: &Interpreter<'_, H>) -> Vec<SmolStr> {
        let is_said = |call: &Call| {
            let nullable = call.keyword("nullable");
            nullable.and_then(|said| said.value.as_bool()) == Some(true)
        };
        self.columns(interpreter)
            .filter(|(_, call)| is_said(call))
            .map(|(name, _)| name)
            .collect()
    }
}

fn name_of(call: &Call) -> Option<SmolStr> {
    let name = call.keyword("name").or_else(|| call.positional().next())?;
    name.value.as_str().map(|name| SmolStr::new(&**name))
}

impl DeclaredTables {
    /// Classes that share a table describe it together, as single-table inheritance does.
    fn add<H: Host>(&mut self, table: DeclaredTable, interpreter: &Interpreter<'_, H>) {
        let Some(known) = self
            .tables
            .iter_mut()
            .find(|known| known.name == table.name)
        else {
            self.tables.push(table);
            return;
        };
        let names: Vec<SmolStr> = known.columns(interpreter).map(|(name, _)| name).collect();
        for item in table.items {
            let name = column_call(&item.value, interpreter).and_then(|(call, _)| name_of(call));
            if name.is_some_and(|name| !names.contains(&name)) {
                known.items.push(item);
            }
        }
        known.open = known.open.take().or(table.open);
    }

    /// A column without a type has that of the column it refers to.
    fn resolve_types<H: Host>(&mut self, interpreter: &mut Interpreter<'_, H>) {
        // A chain of references is as long as there are tables, at most.
        for _ in 0..8 {
            let mut changes = Vec::new();
            for (index, table) in self.tables.iter().enumerate() {
                for (place, item) in table.items.iter().enumerate() {
                    if let Some(value) = self.typed(&item.value, table.schema.as_ref(), interpreter)
                    {
                        changes.push((index, place, value));
                    }
                }
            }
            if changes.is_empty() {
                return;
            }
            for (index, place, value) in changes {
                let table = self.tables.get_mut(index);
                if let Some(item) = table.and_then(|table| table.items.get_mut(place)) {
                    item.value = value;
                }
            }
        }
    }

    fn typed<H: Host>(
        &self,
        column: &Value,
        schema: Option<&SmolStr>,
        interpreter: &mut Interpreter<'_, H>,
    ) -> Option<Value> {
        let (call, at) = column_call(column, interpreter)?;
        if type_argument_of(call, interpreter).is_some() {
            return None;
        }
        let key = call.positional().find_map(|argument| {
            let key = argument.value.as_call()?;
            (construct(&key.callee, interpreter)? == "ForeignKey").then_some(key)
        })?;
        let target = key.argument(0, "column")?.value.clone();
        let (table, name) = reference_of(&target, interpreter)?;
        let name = name?;
        let known = |name: &SmolStr| self.tables.iter().find(|known| known.name == *name);
        let beside = || qualified(schema.map(SmolStr::as_str), &table);
        let table = known(&table).or_else(|| known(&beside()))?;
        let (_, referred) = table
            .columns(interpreter)
            .find(|(known, _)| *known == name)?;
        let found = type_argument_of(referred, interpreter)?.clone();
        let mut call = call.clone();
        let first = call
            .arguments
            .iter()
            .position(|argument| !matches!(argument.value, Value::Str(_)))?;
        call.arguments.insert(first, found);
        Some(Value::symbol(SymbolKind::Call(call), at))
    }
}
