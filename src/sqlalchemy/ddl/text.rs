//! Expressions of SQLAlchemy as SQL text.

use crate::dialect::Dialect;
use crate::python::ast::{BinaryOp, BoolOp, CompareOp, UnaryOp};
use crate::python::value::{Call, Object, SymbolKind, Value};
use crate::python::{Host, Interpreter};
use crate::sqlalchemy::ddl::{Semantics, type_ddl};
use crate::sqlalchemy::{column_of_class, construct, identifier, qualified};

/// How deep expressions are written out.
const MAX_DEPTH: u32 = 48;

/// The text of an expression; `None` where part of it is not known. Strings are taken as SQL.
pub fn sql_text<H: Host>(
    value: &Value,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<String> {
    match value {
        Value::Str(_) => value.as_str().map(ToString::to_string),
        _ => Writer {
            semantics,
            interpreter,
        }
        .expression(value, 0),
    }
}

/// The text of a `server_default`: a string is a literal, everything else an expression.
pub fn default_text<H: Host>(
    value: &Value,
    semantics: &Semantics,
    interpreter: &mut Interpreter<'_, H>,
) -> Option<String> {
    match value {
        Value::Str(_) => value.as_str().map(|text| quoted(text)),
        Value::Instance(_) => {
            let value = text_of(value, interpreter)?;
            Some(quoted(&value))
        }
        _ => {
            // `DefaultClause(x)` is x.
            if let Some(call) = value.as_call()
                && construct(&call.callee, interpreter)
                    .is_some_and(|name| matches!(name.as_str(), "DefaultClause" | "FetchedValue"))
            {
                let inner = call.positional().next()?.value.clone();
                return default_text(&inner, semantics, interpreter);
            }
            sql_text(value, semantics, interpreter)
        }
    }
}

/// A string, or the member of an enum whose value is one.
pub(super) fn text_of<H: Host>(value: &Value, interpreter: &Interpreter<'_, H>) -> Option<String> {
    match value {
        Value::Str(_) => value.as_str().map(ToString::to_string),
        Value::Instance(id) => match interpreter.heap.get(*id) {
            Object::Instance(instance) if interpreter.is_enum(instance.class) => instance
                .names
                .get("value")?
                .as_str()
                .map(ToString::to_string),
            _ => None,
        },
        _ => None,
    }
}

/// A literal of SQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

struct Writer<'a, 's, H: Host> {
    semantics: &'a Semantics,
    interpreter: &'a mut Interpreter<'s, H>,
}

impl<H: Host> Writer<'_, '_, H> {
    fn expression(&mut self, value: &Value, depth: u32) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        let depth = depth + 1;
        Some(match value {
            Value::None => "NULL".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Str(_) => quoted(value.as_str()?),
            Value::Tuple(_) | Value::Object(_) => {
                let items = self.interpreter.heap.elements(value)?.to_vec();
                let items: Option<Vec<String>> = items
                    .iter()
                    .map(|item| self.expression(item, depth))
                    .collect();
                format!("({})", items?.join(", "))
            }
            Value::Instance(_) => quoted(&text_of(value, self.interpreter)?),
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Call(call) => match column_of_class(value, self.interpreter) {
                    Some(name) => self.column(&name),
                    None => self.call(call, depth)?,
                },
                SymbolKind::Name(_) => {
                    // `func.now` without the call, `sa.null`.
                    let name = construct(value, self.interpreter)?;
                    match name.as_str() {
                        "null" => "NULL".to_owned(),
                        "true" => self.boolean(true).to_owned(),
                        "false" => self.boolean(false).to_owned(),
                        _ => return None,
                    }
                }
                // `table.c.name`, `Model.name`; not `uuid4().hex`.
                SymbolKind::Attribute { base, .. } if is_of_the_language(base) => return None,
                // `column["key"].astext`, and what else an element of JSON may be asked for.
                SymbolKind::Attribute { base, name } if is_element(base) => {
                    let SymbolKind::Item { base, key } = &base.as_symbol()?.kind else {
                        return None;
                    };
                    if name != "astext" {
                        return None;
                    }
                    let key = self.expression(key, depth)?;
                    format!("({} ->> {key})", self.expression(base, depth)?)
                }
                SymbolKind::Attribute { name, .. } => name.to_string(),
                SymbolKind::Item { base, key } => {
                    // `table.c["name"]`, `column["key"]`
                    let key_text = self.expression(key, depth)?;
                    match &base.as_symbol()?.kind {
                        SymbolKind::Attribute { name, .. } if name == "c" || name == "columns" => {
                            key.as_str()?.to_string()
                        }
                        _ => format!("({} -> {key_text})", self.expression(base, depth)?),
                    }
                }
                SymbolKind::Binary { left, op, right } => {
                    let left = self.expression(left, depth)?;
                    let right = self.expression(right, depth)?;
                    match op {
                        BinaryOp::BitAnd => format!("({left} AND {right})"),
                        BinaryOp::BitOr => format!("({left} OR {right})"),
                        _ => format!("({left} {} {right})", binary(*op)?),
                    }
                }
                SymbolKind::Compare { left, op, right } => {
                    let is_null = self.is_null(right);
                    let left = self.expression(left, depth)?;
                    match (op, is_null) {
                        (CompareOp::Eq, true) => format!("({left} IS NULL)"),
                        (CompareOp::NotEq, true) => format!("({left} IS NOT NULL)"),
                        _ => {
                            let right = self.expression(right, depth)?;
                            format!("({left} {} {right})", compare(*op)?)
                        }
                    }
                }
                SymbolKind::BoolOp { left, op, right } => {
                    let left = self.expression(left, depth)?;
                    let right = self.expression(right, depth)?;
                    let op = match op {
                        BoolOp::And => "AND",
                        BoolOp::Or => "OR",
                    };
                    format!("({left} {op} {right})")
                }
                SymbolKind::Unary { op, operand } => {
                    let operand = self.expression(operand, depth)?;
                    match op {
                        UnaryOp::Not | UnaryOp::Invert => format!("(NOT {operand})"),
                        UnaryOp::Neg => format!("-{operand}"),
                        UnaryOp::Pos => operand,
                    }
                }
            },
            _ => return None,
        })
    }

    /// The name of a column, which is meant as it is written.
    fn column(&self, name: &str) -> String {
        identifier(name, self.semantics.dialect)
    }

    /// `sa.true()` and `sa.false()`: SQLite has no words for them.
    fn boolean(&self, value: bool) -> &'static str {
        match (self.semantics.dialect, value) {
            (Dialect::Sqlite, true) => "1",
            (Dialect::Sqlite, false) => "0",
            (_, true) => "true",
            (_, false) => "false",
        }
    }

    /// What `desc(…)` is given: a string is a name or SQL, for outside of a SELECT
    /// `SQLCompiler.visit_textual_label_reference` writes it as it is.
    fn ordered(&mut self, value: &Value, depth: u32) -> Option<String> {
        match value.as_str() {
            Some(text) => Some(text.to_string()),
            None => self.expression(value, depth),
        }
    }

    fn arguments(&mut self, call: &Call, depth: u32) -> Option<Vec<String>> {
        if call.open {
            return None;
        }
        let values: Vec<Value> = call
            .positional()
            .map(|argument| argument.value.clone())
            .collect();
        values
            .iter()
            .map(|value| self.expression(value, depth))
            .collect()
    }

    fn call(&mut self, call: &Call, depth: u32) -> Option<String> {
        let name = construct(&call.callee, self.interpreter);
        let first = call
            .positional()
            .next()
            .map(|argument| argument.value.clone());
        if let Some(name) = &name {
            if let Some(function) = name.strip_prefix("func.") {
                let arguments = self.arguments(call, depth)?;
                return Some(match (function, arguments.len()) {
                    (
                        "current_timestamp" | "current_date" | "current_time" | "localtime"
                        | "localtimestamp" | "current_user" | "session_user",
                        0,
                    ) => function.to_uppercase(),
                    ("now", 0) if self.semantics.dialect == Dialect::Sqlite => {
                        "CURRENT_TIMESTAMP".to_owned()
                    }
                    _ => format!("{function}({})", arguments.join(", ")),
                });
            }
            match (name.as_str(), first) {
                ("text" | "literal_column" | "TextClause" | "SQL", Some(text)) => {
                    return text.as_str().map(ToString::to_string);
                }
                ("column" | "Column" | "mapped_column", Some(column)) => {
                    return Some(self.column(column.as_str()?));
                }
                ("literal" | "bindparam" | "type_coerce" | "inline_literal", Some(value)) => {
                    return self.expression(&value, depth);
                }
                ("cast", Some(value)) => {
                    let target = call.positional().nth(1)?.value.clone();
                    let spelling = type_ddl(&target, self.semantics, self.interpreter);
                    let known = spelling.spelling.known()?.to_string();
                    let spelling = spelling.written.unwrap_or(known);
                    return Some(format!(
                        "CAST({} AS {spelling})",
                        self.expression(&value, depth)?
                    ));
                }
                ("and_" | "or_", _) => {
                    let word = if name == "and_" { " AND " } else { " OR " };
                    return Some(format!("({})", self.arguments(call, depth)?.join(word)));
                }
                ("not_", Some(value)) => {
                    return Some(format!("(NOT {})", self.expression(&value, depth)?));
                }
                ("true" | "True_", None) => return Some(self.boolean(true).to_owned()),
                ("false" | "False_", None) => return Some(self.boolean(false).to_owned()),
                ("null", None) => return Some("NULL".to_owned()),
                ("desc", Some(value)) => {
                    return Some(format!("{} DESC", self.ordered(&value, depth)?));
                }
                ("asc", Some(value)) => return self.ordered(&value, depth),
                ("nulls_last" | "nullslast", Some(value)) => {
                    return Some(format!("{} NULLS LAST", self.ordered(&value, depth)?));
                }
                ("nulls_first" | "nullsfirst", Some(value)) => {
                    return Some(format!("{} NULLS FIRST", self.ordered(&value, depth)?));
                }
                ("array", Some(value)) => {
                    let items = self.interpreter.heap.elements(&value)?.to_vec();
                    let items: Option<Vec<String>> = items
                        .iter()
                        .map(|item| self.expression(item, depth))
                        .collect();
                    return Some(format!("ARRAY[{}]", items?.join(", ")));
                }
                _ => {}
            }
        }
        let symbol = call.callee.as_symbol()?;
        // `column.op("~")(x)`
        if let SymbolKind::Call(operator) = &symbol.kind
            && let Some(inner) = operator.callee.as_symbol()
            && let SymbolKind::Attribute { base, name } = &inner.kind
            && name == "op"
        {
            let operator = operator.positional().next()?.value.as_str()?.to_string();
            let left = self.expression(base, depth)?;
            let right = self.arguments(call, depth)?.pop()?;
            return Some(format!("({left} {operator} {right})"));
        }
        let SymbolKind::Attribute { base, name } = &symbol.kind else {
            return None;
        };
        // `Sequence("ids").next_value()`
        if name == "next_value"
            && let Some(sequence) = base.as_call()
            && construct(&sequence.callee, self.interpreter)? == "Sequence"
        {
            let schema = sequence.keyword("schema");
            let schema = schema.and_then(|schema| schema.value.as_str());
            let sequence = sequence.positional().next()?.value.as_str()?;
            let sequence = qualified(schema.map(|schema| &**schema), sequence);
            return Some(format!("nextval({})", quoted(&sequence)));
        }
        let base = base.clone();
        let left = self.expression(&base, depth)?;
        let mut arguments = self.arguments(call, depth)?;
        let right = arguments.pop();
        Some(match (name.as_str(), right) {
            ("desc", None) => format!("{left} DESC"),
            ("asc" | "self_group" | "compile", None) => left,
            ("nulls_last" | "nullslast", None) => format!("{left} NULLS LAST"),
            ("nulls_first" | "nullsfirst", None) => format!("{left} NULLS FIRST"),
            ("is_", Some(right)) => format!("({left} IS {right})"),
            ("is_not" | "isnot", Some(right)) => format!("({left} IS NOT {right})"),
            ("in_", Some(right)) => format!("({left} IN {right})"),
            ("not_in" | "notin_", Some(right)) => format!("({left} NOT IN {right})"),
            ("like", Some(right)) => format!("({left} LIKE {right})"),
            ("ilike", Some(right)) => format!("({left} ILIKE {right})"),
            ("astext", None) => left,
            ("label" | "bindparams" | "collate", _) => left,
            _ => return None,
        })
    }

    /// `None`, or `null()` of SQLAlchemy.
    fn is_null(&self, value: &Value) -> bool {
        let is_call = |value: &Value| {
            let name = value
                .as_call()
                .and_then(|call| construct(&call.callee, self.interpreter));
            name.is_some_and(|name| name.rsplit('.').next() == Some("null"))
        };
        matches!(value, Value::None) || is_call(value)
    }
}

fn binary(op: BinaryOp) -> Option<&'static str> {
    Some(match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mult => "*",
        BinaryOp::Div => "/",
        BinaryOp::Mod => "%",
        _ => return None,
    })
}

fn compare(op: CompareOp) -> Option<&'static str> {
    Some(match op {
        CompareOp::Eq => "=",
        CompareOp::NotEq => "!=",
        CompareOp::Lt => "<",
        CompareOp::LtE => "<=",
        CompareOp::Gt => ">",
        CompareOp::GtE => ">=",
        _ => return None,
    })
}

/// True for what comes from Python's own library.
/// `column["key"]`, other than `table.c["name"]`.
fn is_element(value: &Value) -> bool {
    value.as_symbol().is_some_and(|symbol| match &symbol.kind {
        SymbolKind::Item { base, .. } => !base.as_symbol().is_some_and(|base| {
            matches!(&base.kind, SymbolKind::Attribute { name, .. } if name == "c" || name == "columns")
        }),
        _ => false,
    })
}

fn is_of_the_language(value: &Value) -> bool {
    value.root_name().is_some_and(|name| {
        crate::python::is_standard_library(name.split('.').next().unwrap_or_default())
    })
}
