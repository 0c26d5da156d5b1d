//! Questions written with SQLAlchemy's Core: `select(roles.c.rolname).where(roles.c.rolname == "reader")`.

use crate::alembic::runtime::answers::Runner;
use crate::python::value::{Call, SymbolKind, Value};
use crate::sqlalchemy::ddl::sql_text;
use crate::sqlalchemy::{construct, qualified};

/// How many methods a statement may be made with.
const MAX_METHODS: usize = 16;

/// What a statement is made of.
#[derive(Default)]
struct Select {
    columns: Vec<String>,
    tables: Vec<String>,
    conditions: Vec<String>,
}

/// The text of a `select(…)`; `None` for anything else, and where part of it is not followed.
pub(super) fn select(value: &Value, interpreter: &mut Runner<'_>) -> Option<String> {
    let mut select = Select::default();
    let mut current = value.clone();
    for _ in 0..MAX_METHODS {
        let call = current.as_call()?.clone();
        if construct(&call.callee, interpreter).as_deref() == Some("select") {
            select.columns(&call, interpreter)?;
            return select.text();
        }
        let symbol = call.callee.as_symbol()?.clone();
        let SymbolKind::Attribute { base, name } = &symbol.kind else {
            return None;
        };
        for argument in call.positional() {
            match name.as_str() {
                "where" | "filter" => {
                    select.mention(&argument.value, interpreter, 0);
                    let semantics = interpreter.host.semantics()?;
                    let text = sql_text(&argument.value, &semantics, interpreter)?;
                    select.conditions.push(text);
                }
                "select_from" => {
                    let table = table_name(&argument.value, interpreter)?;
                    select.add_table(table);
                }
                "limit" | "order_by" => {}
                _ => return None,
            }
        }
        if !matches!(
            name.as_str(),
            "where" | "filter" | "select_from" | "limit" | "order_by" | "distinct"
        ) {
            return None;
        }
        current = base.clone();
    }
    None
}

impl Select {
    fn columns(&mut self, call: &Call, interpreter: &mut Runner<'_>) -> Option<()> {
        let mut columns: Vec<Value> = call
            .positional()
            .map(|argument| argument.value.clone())
            .collect();
        // `select([a, b])`, until SQLAlchemy 1.4.
        if let [only] = columns.as_slice()
            && let Some(items) = interpreter.heap.elements(only)
        {
            columns = items.to_vec();
        }
        for column in &columns {
            self.mention(column, interpreter, 0);
            let semantics = interpreter.host.semantics()?;
            let text = sql_text(column, &semantics, interpreter)?;
            self.columns.push(text);
        }
        Some(())
    }

    fn add_table(&mut self, table: String) {
        if !self.tables.contains(&table) {
            self.tables.push(table);
        }
    }

    /// Adds the tables of the columns in an expression.
    fn mention(&mut self, value: &Value, interpreter: &Runner<'_>, depth: u32) {
        let Some(symbol) = value.as_symbol().filter(|_| depth < 16) else {
            return;
        };
        match &symbol.kind {
            SymbolKind::Attribute { base, .. } => {
                if let Some(table) = table_name(base, interpreter) {
                    self.add_table(table);
                } else {
                    self.mention(base, interpreter, depth + 1);
                }
            }
            SymbolKind::Compare { left, right, .. }
            | SymbolKind::BoolOp { left, right, .. }
            | SymbolKind::Binary { left, right, .. } => {
                self.mention(left, interpreter, depth + 1);
                self.mention(right, interpreter, depth + 1);
            }
            SymbolKind::Unary { operand, .. } => self.mention(operand, interpreter, depth + 1),
            SymbolKind::Call(call) => {
                self.mention(&call.callee, interpreter, depth + 1);
                for argument in &call.arguments {
                    self.mention(&argument.value, interpreter, depth + 1);
                }
            }
            SymbolKind::Name(_) | SymbolKind::Item { .. } => {}
        }
    }

    fn text(self) -> Option<String> {
        if self.columns.is_empty() || self.tables.is_empty() {
            return None;
        }
        let mut text = format!(
            "SELECT {} FROM {}",
            self.columns.join(", "),
            self.tables.join(", ")
        );
        if !self.conditions.is_empty() {
            text.push_str(" WHERE ");
            text.push_str(&self.conditions.join(" AND "));
        }
        Some(text)
    }
}

/// The name of `table("pg_roles", …)`, or of what its columns are taken from: `roles.c`.
fn table_name(value: &Value, interpreter: &Runner<'_>) -> Option<String> {
    let symbol = value.as_symbol()?;
    let call = match &symbol.kind {
        SymbolKind::Attribute { base, name } if name == "c" || name == "columns" => {
            base.as_call()?
        }
        SymbolKind::Call(call) => call,
        _ => return None,
    };
    if !matches!(
        construct(&call.callee, interpreter)?.as_str(),
        "table" | "Table"
    ) {
        return None;
    }
    let schema = call
        .keyword("schema")
        .and_then(|schema| schema.value.as_str());
    let name = call.positional().next()?.value.as_str()?;
    Some(qualified(schema.map(|schema| &**schema), name).to_string())
}
