//! Constraints and indexes of tables.

use smol_str::SmolStr;

use crate::catalog::{Constraint, ConstraintKind, Fact, ForeignKey, IndexDefinition, Why};
use crate::dialect::Dialect;
use crate::python::value::{Call, CallArgument, Object, ObjectId, Place, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::sql;
use crate::sqlalchemy::ddl::indexes::index_definition;
use crate::sqlalchemy::ddl::semantics::NameParts;
use crate::sqlalchemy::ddl::{ConstraintLabel, Semantics, sql_text};
use crate::sqlalchemy::declarative::table_name_of;
use crate::sqlalchemy::{
    Worded, column_call, column_of_class, construct, expression_text, note, place_key,
};

/// A constraint or index among the items of a table.
#[derive(Clone, Debug)]
pub enum ItemDdl {
    Constraint(Constraint),
    Index {
        name: Option<SmolStr>,
        definition: Fact<IndexDefinition>,
    },
    /// Not emitted: a foreign key with `use_alter` in `CREATE TABLE`.
    Deferred,
    /// What SQLAlchemy refuses.
    Error(String),
}

/// Why SQLAlchemy refuses a key over columns: a keyword that it does not know has to be an option of a dialect,
/// `postgresql_include`. One that looks like that is only warned of (`DialectKWArgs._validate_dialect_kwargs`).
fn refused_keyword(kind: &str, call: &Call) -> Option<String> {
    const KNOWN: [&str; 5] = ["name", "deferrable", "initially", "info", "comment"];
    if !matches!(kind, "UniqueConstraint" | "PrimaryKeyConstraint") {
        return None;
    }
    let mut names = call
        .arguments
        .iter()
        .filter_map(|argument| argument.name.as_deref());
    let refused = names.find(|name| !name.contains('_') && !KNOWN.contains(name))?;
    Some(format!("`{kind}` has no argument `{refused}`"))
}

/// Reads an item of a table; `None` for what is none.
pub fn item_ddl<H: Host>(
    argument: &CallArgument,
    table: &str,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<ItemDdl> {
    let call = argument.value.as_call()?.clone();
    let at = argument
        .value
        .as_symbol()
        .map_or(argument.at, |symbol| symbol.at);
    let kind = construct(&call.callee, interpreter)?;
    if call.open {
        return None;
    }
    if let Some(refused) = refused_keyword(&kind, &call) {
        return Some(ItemDdl::Error(refused));
    }
    let (given, is_final) = given_name(&call, "name", interpreter);
    let (label, kind, referred) = match kind.as_str() {
        "PrimaryKeyConstraint" => {
            let columns = column_names(call.positional(), interpreter)?;
            (
                ConstraintLabel::PrimaryKey,
                ConstraintKind::PrimaryKey { columns },
                None,
            )
        }
        "UniqueConstraint" => {
            let columns = column_names(call.positional(), interpreter)?;
            let nulls_not_distinct = is_true(&call, "postgresql_nulls_not_distinct");
            (
                ConstraintLabel::Unique,
                ConstraintKind::Unique {
                    columns,
                    nulls_not_distinct,
                },
                None,
            )
        }
        "ForeignKeyConstraint" => {
            if is_true(&call, "use_alter") && semantics.dialect != Dialect::Sqlite {
                return Some(ItemDdl::Deferred);
            }
            let columns = listed(&call, 0, "columns", interpreter)?;
            let targets = call.argument(1, "refcolumns")?.value.clone();
            let targets = interpreter.heap.elements(&targets)?.to_vec();
            let mut references = None;
            let mut ref_columns = Vec::new();
            for target in &targets {
                let (table, column) = reference_of(target, interpreter)?;
                references = Some(table);
                ref_columns.extend(column);
            }
            let key = foreign_key(&call, columns, references?, ref_columns);
            let referred = (key.references.clone(), key.ref_columns.clone());
            (
                ConstraintLabel::ForeignKey,
                ConstraintKind::ForeignKey(key),
                Some(referred),
            )
        }
        "CheckConstraint" => (
            ConstraintLabel::Check,
            check_condition(&call, at, semantics, interpreter),
            None,
        ),
        "ExcludeConstraint" => {
            let (definition, columns) = exclusion(call.positional(), &call, semantics, interpreter);
            (
                ConstraintLabel::Unique,
                ConstraintKind::Exclude {
                    definition,
                    columns,
                },
                None,
            )
        }
        "Index" => {
            let mut positional = call.positional();
            let first = positional.next()?.clone();
            let name = match &first.value {
                Value::None => None,
                value => Some(SmolStr::new(&**value.as_str()?)),
            };
            let keys: Vec<CallArgument> = positional.cloned().collect();
            // Over nothing it belongs to no table.
            if keys.is_empty() && !call.open {
                return None;
            }
            let definition = index_definition(&keys, &call, at, semantics, interpreter);
            return Some(ItemDdl::Index { name, definition });
        }
        _ => return None,
    };
    let columns = kind.columns().to_vec();
    let (referred_table, referred_columns) = referred.unzip();
    let referred_columns = referred_columns.unwrap_or_default();
    let parts = NameParts {
        table,
        schema: None,
        columns: &columns,
        referred_table: referred_table
            .as_deref()
            .and_then(|table| table.rsplit('.').next()),
        referred_columns: &referred_columns,
        name: None,
    };
    let is_exclusion = matches!(kind, ConstraintKind::Exclude { .. });
    let name = if is_exclusion {
        Fact::Known(given.map(SmolStr::new))
    } else {
        match semantics
            .naming
            .name(semantics.dialect, label, given.as_deref(), is_final, &parts)
        {
            Ok(name) => name,
            Err(error) => return Some(ItemDdl::Error(error)),
        }
    };
    note_tail(&call, at, interpreter);
    let mut constraint = Constraint::new(None, kind, Some(interpreter.file(at)));
    constraint.name = name;
    constraint.deferrable = deferrable(&call, semantics.dialect);
    constraint.not_valid = is_true(&call, "postgresql_not_valid");
    Some(ItemDdl::Constraint(constraint))
}

/// A name and whether it was marked as final by `op.f(…)`. Names that are not known count as absent.
pub(super) fn given_name<H: Host>(
    call: &Call,
    keyword: &str,
    interpreter: &Interpreter<'_, H>,
) -> (Option<String>, bool) {
    call.keyword(keyword).map_or((None, false), |argument| {
        name_value(&argument.value, interpreter)
    })
}

/// A name as text, and whether it was marked as final.
pub(crate) fn name_value<H: Host>(
    value: &Value,
    _interpreter: &Interpreter<'_, H>,
) -> (Option<String>, bool) {
    if let Some(call) = value.as_call()
        && let Some(symbol) = call.callee.as_symbol()
        && matches!(&symbol.kind, SymbolKind::Name(name) if name == "alembic.op.f" || name == "sqlalchemy.sql.elements.conv" || name == "sqlalchemy.sql.naming.conv" || name == "sqlalchemy.schema.conv")
    {
        let text = call
            .positional()
            .next()
            .and_then(|first| first.value.as_str());
        return (text.map(ToString::to_string), true);
    }
    (value.as_str().map(ToString::to_string), false)
}

pub(super) fn is_true(call: &Call, name: &str) -> bool {
    call.keyword(name)
        .is_some_and(|argument| argument.value.as_bool() == Some(true))
}

/// `DEFERRABLE INITIALLY …` as the arguments say it.
pub(crate) fn deferrable(call: &Call, dialect: Dialect) -> Option<SmolStr> {
    let initially = call
        .keyword("initially")
        .and_then(|argument| argument.value.as_str())
        .map(|text| text.to_uppercase());
    let given = call.keyword("deferrable").map(|found| &found.value);
    if dialect == Dialect::Sqlite
        && initially.is_some()
        && matches!(given, None | Some(Value::None))
    {
        return initially.map(|initially| SmolStr::new(format!("INITIALLY {initially}")));
    }
    let is_deferrable = match given {
        Some(Value::Bool(flag)) => *flag,
        _ => initially.as_deref() == Some("DEFERRED"),
    };
    is_deferrable.then(|| {
        SmolStr::new_static(if initially.as_deref() == Some("DEFERRED") {
            "DEFERRABLE INITIALLY DEFERRED"
        } else {
            "DEFERRABLE"
        })
    })
}

/// `ondelete` and its like, `NO ACTION` being the same as nothing.
pub fn foreign_key_action(text: &str) -> Option<SmolStr> {
    let text = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_uppercase();
    (text != "NO ACTION" && !text.is_empty()).then(|| SmolStr::new(text))
}

type Options = (Option<SmolStr>, Option<SmolStr>, Option<SmolStr>);

/// `ondelete`, `onupdate` and `match` of a foreign key.
pub(super) fn referential_options(call: &Call) -> Options {
    let action = |name: &str| {
        call.keyword(name)
            .and_then(|argument| argument.value.as_str())
            .and_then(|text| foreign_key_action(text))
    };
    (
        action("ondelete"),
        action("onupdate"),
        action("match").filter(|text| text != "SIMPLE"),
    )
}

/// A foreign key from its parts and the options of a call.
pub(crate) fn foreign_key(
    call: &Call,
    columns: Vec<SmolStr>,
    references: SmolStr,
    ref_columns: Vec<SmolStr>,
) -> ForeignKey {
    let (ondelete, onupdate, matching) = referential_options(call);
    ForeignKey {
        columns,
        references,
        ref_columns,
        ondelete,
        onupdate,
        matching,
    }
}

/// The table and column a foreign key names: `users.id`, `audit.users.id`, `User.id` of a model, `table.c.id`.
pub(crate) fn reference_of<H: Host>(
    value: &Value,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<(SmolStr, Option<SmolStr>)> {
    if let Some(text) = value.as_str() {
        let parts: Vec<&str> = text.split('.').collect();
        return Some(match parts.as_slice() {
            [table] => (SmolStr::new(*table), None),
            [table, column] => (SmolStr::new(*table), Some(SmolStr::new(*column))),
            [schema @ .., table, column] => {
                let schema = schema.join(".");
                let table = if schema == "public" {
                    SmolStr::new(*table)
                } else {
                    SmolStr::new(format!("{schema}.{table}"))
                };
                (table, Some(SmolStr::new(*column)))
            }
            [] => return None,
        });
    }
    // A column of a model is what its class binds.
    if column_call(value, interpreter).is_some() {
        let (class, attribute) = interpreter.class_that_binds(value)?;
        let table = table_name_of(class, interpreter)?;
        let column = column_name(value, interpreter).unwrap_or(attribute);
        return Some((table, Some(column)));
    }
    let (table, name) = match (column_of_table(value), &value.as_symbol()?.kind) {
        (Some(found), _) => found,
        (None, SymbolKind::Attribute { base, name }) => (base, name.clone()),
        (None, _) => return None,
    };
    if let Some(class) = class_of_table(table) {
        return Some((table_name_of(class, interpreter)?, Some(name)));
    }
    let call = table.as_call()?;
    let is_table = construct(&call.callee, interpreter)
        .is_some_and(|name| matches!(name.as_str(), "table" | "Table"))
        || call
            .callee
            .qualified_name()
            .is_some_and(|name| name == "alembic.op.create_table");
    let table = call.positional().next()?.value.as_str()?;
    is_table.then(|| (SmolStr::new(&**table), Some(name)))
}

/// The table and the name of `table.c.id` and `table.c["id"]`.
fn column_of_table(value: &Value) -> Option<(&Value, SmolStr)> {
    let (columns, name) = match &value.as_symbol()?.kind {
        SymbolKind::Attribute { base, name } => (base, name.clone()),
        SymbolKind::Item { base, key } => (base, SmolStr::new(&**key.as_str()?)),
        _ => return None,
    };
    match &columns.as_symbol()?.kind {
        SymbolKind::Attribute { base, name: of } if of == "c" || of == "columns" => {
            Some((base, name))
        }
        _ => None,
    }
}

/// The class of `Model.__table__`.
fn class_of_table(value: &Value) -> Option<ObjectId> {
    match &value.as_symbol()?.kind {
        SymbolKind::Attribute {
            base: Value::Class(class),
            name,
        } if name == "__table__" => Some(*class),
        _ => None,
    }
}

/// Names of columns given as text or as columns.
pub(super) fn column_names<'v, H: Host>(
    arguments: impl Iterator<Item = &'v CallArgument>,
    interpreter: &Interpreter<'_, H>,
) -> Option<Vec<SmolStr>> {
    arguments
        .map(|argument| column_name(&argument.value, interpreter))
        .collect()
}

pub(crate) fn column_name<H: Host>(
    value: &Value,
    interpreter: &Interpreter<'_, H>,
) -> Option<SmolStr> {
    if let Some(text) = value.as_str() {
        return Some(SmolStr::new(&**text));
    }
    if let Some((call, _)) = column_call(value, interpreter) {
        let first = call.positional().next();
        let written = first.and_then(|first| first.value.as_str());
        return match written {
            Some(text) => Some(SmolStr::new(&**text)),
            None => column_of_class(value, interpreter),
        };
    }
    let symbol = value.as_symbol()?;
    match &symbol.kind {
        SymbolKind::Call(call) => {
            let name = construct(&call.callee, interpreter)?;
            (name == "column" || name == "quoted_name")
                .then(|| call.positional().next()?.value.as_str().cloned())
                .flatten()
                .map(|text| SmolStr::new(&*text))
        }
        _ => column_of_table(value).map(|(_, name)| name),
    }
}

/// A list of column names given by position or keyword.
fn listed<H: Host>(
    call: &Call,
    position: usize,
    keyword: &str,
    interpreter: &Interpreter<'_, H>,
) -> Option<Vec<SmolStr>> {
    column_names_of(&call.argument(position, keyword)?.value, interpreter)
}

/// The names of columns in a list. A string is taken letter by letter, as Python does.
pub(crate) fn column_names_of<H: Host>(
    value: &Value,
    interpreter: &Interpreter<'_, H>,
) -> Option<Vec<SmolStr>> {
    if let Some(text) = value.as_str() {
        return Some(text.chars().map(|c| SmolStr::new(c.to_string())).collect());
    }
    let items = match value {
        Value::Object(id) => match interpreter.heap.get(*id) {
            Object::List(items) | Object::Set(items) => items.clone(),
            _ => return None,
        },
        Value::Tuple(items) => items.to_vec(),
        _ => return None,
    };
    items
        .iter()
        .map(|item| column_name(item, interpreter))
        .collect()
}

/// The condition of a CHECK.
pub(super) fn check_condition<H: Host>(
    call: &Call,
    at: Place,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> ConstraintKind {
    let condition = call
        .argument(0, "sqltext")
        .or_else(|| call.keyword("condition"))
        .map(|argument| argument.value.clone());
    condition_kind(condition.as_ref(), at, semantics, interpreter)
}

/// A CHECK over a condition.
pub(crate) fn condition_kind<H: Host>(
    condition: Option<&Value>,
    at: Place,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> ConstraintKind {
    let text = condition.and_then(|condition| sql_text(condition, semantics, interpreter));
    match text {
        Some(text) => {
            let expression = sql::canonical_expression(&text, semantics.dialect);
            let columns = sql::mentioned_columns(&text, semantics.dialect);
            // Two checks may mean the same and be written differently.
            let own = place_key(&expression, at.span);
            note_expression(condition, &own, text.clone(), semantics, interpreter);
            note_expression(condition, &expression, text, semantics, interpreter);
            ConstraintKind::Check {
                columns,
                expression: Fact::Known(expression),
            }
        }
        None => ConstraintKind::Check {
            expression: Fact::Unknown(Why::new(
                "the condition of the check is not known",
                Some(interpreter.file(at)),
            )),
            columns: Vec::new(),
        },
    }
}

/// What an exclusion constraint says, and the columns it is over.
pub(crate) fn exclusion<'v, H: Host>(
    elements: impl Iterator<Item = &'v CallArgument>,
    call: &Call,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> (Fact<SmolStr>, Vec<SmolStr>) {
    let elements: Vec<Value> = elements.map(|argument| argument.value.clone()).collect();
    let mut texts = Vec::new();
    let mut written = Vec::new();
    let mut columns = Vec::new();
    for element in &elements {
        let parts = interpreter.heap.elements(element).map(<[Value]>::to_vec);
        let Some([expression, operator]) = parts.as_deref() else {
            let why = Why::new("the exclusion is not known", None);
            return (Fact::Unknown(why), columns);
        };
        let text = column_name(expression, interpreter)
            .map(|name| name.to_string())
            .or_else(|| sql_text(expression, semantics, interpreter));
        let (Some(text), Some(operator)) = (text, operator.as_str()) else {
            let why = Why::new("the exclusion is not known", None);
            return (Fact::Unknown(why), columns);
        };
        columns.extend(sql::mentioned_columns(&text, semantics.dialect));
        written.push(format!("{text} WITH {operator}"));
        texts.push(format!(
            "{} WITH {operator}",
            sql::canonical_expression(&text, semantics.dialect)
        ));
    }
    let using = call
        .keyword("using")
        .and_then(|argument| argument.value.as_str())
        .map_or("gist".to_owned(), ToString::to_string);
    let mut definition = format!("USING {using} ({})", texts.join(", "));
    let mut written = format!("USING {} ({})", using.to_lowercase(), written.join(", "));
    if let Some(argument) = call.keyword("where") {
        let value = argument.value.clone();
        match sql_text(&value, semantics, interpreter) {
            Some(text) => {
                definition.push_str(&format!(
                    " WHERE {}",
                    sql::canonical_expression(&text, semantics.dialect)
                ));
                written.push_str(&format!(" WHERE ({text})"));
            }
            None => {
                return (
                    Fact::Unknown(Why::new("the exclusion is not known", None)),
                    columns,
                );
            }
        }
    }
    note(interpreter, Worded::Expression, &definition, written);
    (Fact::Known(SmolStr::new(definition)), columns)
}

/// Notes what stands at the end of a constraint, and whether a unique one tells NULLs apart.
pub(crate) fn note_tail<H: Host>(call: &Call, at: Place, interpreter: &mut Interpreter<'_, H>) {
    if !interpreter.host.takes_notes() {
        return;
    }
    let text = |name: &str| {
        let found = call.keyword(name)?;
        found.value.as_str().map(ToString::to_string)
    };
    let mut tail = String::new();
    for (word, name) in [
        ("MATCH", "match"),
        ("ON DELETE", "ondelete"),
        ("ON UPDATE", "onupdate"),
    ] {
        if let Some(text) = text(name) {
            tail.push_str(&format!(" {word} {text}"));
        }
    }
    match call.keyword("deferrable").map(|found| &found.value) {
        Some(Value::Bool(true)) => tail.push_str(" DEFERRABLE"),
        Some(Value::Bool(false)) => tail.push_str(" NOT DEFERRABLE"),
        _ => {}
    }
    if let Some(initially) = text("initially") {
        tail.push_str(&format!(" INITIALLY {initially}"));
    }
    note(interpreter, Worded::Tail, &place_key("", at.span), tail);
    let tells_apart = call
        .keyword("postgresql_nulls_not_distinct")
        .is_some_and(|found| found.value.as_bool() == Some(false));
    if tells_apart {
        note(
            interpreter,
            Worded::Option,
            &place_key("nulls", at.span),
            "NULLS DISTINCT",
        );
    }
}

/// Notes how an expression is written: text as it is, constructs as the compilers have them.
pub(super) fn note_expression<H: Host>(
    value: Option<&Value>,
    canonical: &str,
    text: String,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) {
    if interpreter.host.takes_notes() {
        let written = value.and_then(|value| expression_text(value, semantics, interpreter));
        note(
            interpreter,
            Worded::Expression,
            canonical,
            written.unwrap_or(text),
        );
    }
}
