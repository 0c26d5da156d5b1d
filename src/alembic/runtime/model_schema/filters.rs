//! What `context.configure(…)` leaves out of the comparison: `include_object`, `include_name`, `include_schemas`.
//!
//! Facts from `alembic/autogenerate/api.py` and `compare/tables.py`, `compare/constraints.py`: who is asked about what,
//! and with which arguments.

use std::collections::BTreeMap;

use super::{Comparison, Reader};
use crate::alembic::configured::configured_flag;
use crate::catalog::{Catalog, Change, Difference, Subject, compare, split_object};
use crate::dialect::Dialect;
use crate::python::Outcome;
use crate::python::ast::Name;
use crate::python::value::{Call, CallArgument, FileId, Object, Place, Reason, SymbolKind, Value};
use crate::source::Span;
use crate::sqlalchemy::ddl::Semantics;

/// A function of `env.py`.
struct Filter {
    kind: FilterKind,
    function: Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FilterKind {
    /// `include_object(object, name, type_, reflected, compare_to)`
    Object,
    /// `include_name(name, type_, parent_names)`, asked of what is in the database.
    Name,
}

/// One object that filters are asked about.
struct Question<'q> {
    subject: Subject,
    /// The table with its schema.
    table: &'q str,
    /// Its own name; that of the table for a table.
    name: &'q str,
    /// True if it is looked at as it is in the database.
    reflected: bool,
    /// True if it is on both sides.
    has_counterpart: bool,
}

/// Nothing of this is written anywhere.
const AT: Place = Place {
    file: FileId(0),
    span: Span { start: 0, end: 0 },
};

/// Whether autogenerate compares indexes over expressions. SQLAlchemy reads them back from PostgreSQL since 2.0, and from
/// SQLite never; Alembic leaves those of the models out where it does not (`_skip_functional_indexes`), and does not do so
/// for PostgreSQL since 1.10.
fn compares_expressions(semantics: &Semantics) -> Option<bool> {
    let is_sqlalchemy_old = semantics.sqlalchemy < (2, 0);
    match semantics.dialect {
        Dialect::Sqlite => Some(false),
        Dialect::PostgreSql if is_sqlalchemy_old && !semantics.is_sqlalchemy_assumed => Some(false),
        Dialect::PostgreSql => {
            let is_known = !semantics.is_sqlalchemy_assumed && !semantics.is_alembic_assumed;
            (is_known && semantics.alembic >= (1, 10)).then_some(true)
        }
        Dialect::MySql => None,
    }
}

impl Reader<'_> {
    pub(super) fn comparison(
        &mut self,
        configured: &[Call],
        described: &Catalog,
        migrated: &dyn Fn() -> Catalog,
    ) -> Comparison {
        let alembic = self
            .interpreter
            .host
            .semantics()
            .map_or((0, 0), |semantics| semantics.alembic);
        let flag = |name: &str, default: bool| {
            if configured.is_empty() {
                return Some(default);
            }
            configured_flag(configured, name, default)
        };
        let compares_defaults = flag("compare_server_default", false);
        let mut comparison = Comparison {
            compares_types: flag("compare_type", alembic >= (1, 12)),
            compares_defaults,
            compares_identities: match alembic {
                (0, 0..) | (1, 0..=17) => Some(true),
                _ => compares_defaults,
            },
            compares_labels: self.compares_labels,
            compares_expressions: self
                .interpreter
                .host
                .semantics()
                .and_then(|semantics| compares_expressions(&semantics)),
            is_configured: !configured.is_empty(),
            compares_schemas: flag("include_schemas", false),
            included: BTreeMap::new(),
        };
        let filters: Vec<Filter> = [
            ("include_object", FilterKind::Object),
            ("include_name", FilterKind::Name),
        ]
        .into_iter()
        .flat_map(|(name, kind)| {
            configured.iter().filter_map(move |call| {
                let function = call.keyword(name)?.value.clone();
                Some(Filter { kind, function })
            })
        })
        .filter(|filter| !matches!(filter.function, Value::None))
        .collect();
        let schemas = configured_flag(configured, "include_schemas", false);
        if filters.is_empty() && (configured.is_empty() || schemas == Some(true)) {
            return comparison;
        }
        let migrated = migrated();
        self.describe(described);
        let names = described.tables.keys().chain(migrated.tables.keys());
        for name in names.cloned().collect::<Vec<_>>() {
            let is_described = described.tables.contains_key(&name);
            let is_migrated = migrated.tables.contains_key(&name);
            let question = Question {
                subject: Subject::Table,
                table: &name,
                name: name.rsplit_once('.').map_or(&name, |(_, bare)| bare),
                reflected: !is_described,
                has_counterpart: is_described && is_migrated,
            };
            let mut included = self.answer(&filters, &question, is_migrated);
            // Other schemas than the default one are not looked at.
            if !is_described && name.contains('.') {
                included = both(included, schemas);
            }
            comparison
                .included
                .insert((Subject::Table, name.to_string()), included);
        }
        if filters.is_empty() {
            return comparison;
        }
        for difference in compare(&migrated, described).found {
            if difference.subject != Subject::Table {
                let included = self.included(&filters, &difference, described);
                comparison
                    .included
                    .insert((difference.subject, difference.object), included);
            }
        }
        comparison
    }

    /// Makes `metadata.tables` known to the filters.
    fn describe(&mut self, described: &Catalog) {
        let empty = self.interpreter.heap.allocate(Object::Dict(Vec::new()));
        self.interpreter.host.described = Some(Value::Object(empty));
        let pairs = described
            .tables
            .keys()
            .map(|name| {
                let table = self.table_item(name, false);
                (Value::known_str(name.as_str(), AT), table)
            })
            .collect();
        let tables = self.interpreter.heap.allocate(Object::Dict(pairs));
        self.interpreter.host.described = Some(Value::Object(tables));
    }

    /// What the filters say of a part of a table. Alembic asks nobody about the other kinds.
    fn included(
        &mut self,
        filters: &[Filter],
        difference: &Difference,
        described: &Catalog,
    ) -> Option<bool> {
        let subject = difference.subject;
        let (table, part) = split_object(&difference.object, described);
        let question = |name, reflected, has_counterpart| Question {
            subject,
            table,
            name,
            reflected,
            has_counterpart,
        };
        let Some(name) = part.filter(|_| kind_of(subject).is_some()) else {
            return Some(true);
        };
        match difference.change {
            Change::Added => self.answer(filters, &question(name, false, false), false),
            Change::Removed => self.answer(filters, &question(name, true, false), true),
            // Dropped and made anew, as two changes.
            Change::Renamed => {
                let old = self.answer(filters, &question(name, true, false), true);
                let new = difference.to.as_str().unwrap_or(name);
                let new = self.answer(filters, &question(new, false, false), false);
                either(old, new)
            }
            Change::Changed(_) if subject == Subject::ForeignKey => {
                let old = self.answer(filters, &question(name, true, true), true);
                let new = self.answer(filters, &question(name, false, true), false);
                either(old, new)
            }
            Change::Changed(_) => self.answer(filters, &question(name, false, true), true),
        }
    }

    /// What all filters say together. What the migrations make is asked for by name too.
    fn answer(
        &mut self,
        filters: &[Filter],
        question: &Question<'_>,
        is_migrated: bool,
    ) -> Option<bool> {
        let mut included = Some(true);
        for filter in filters {
            if filter.kind == FilterKind::Object || is_migrated {
                included = both(included, self.asked(filter, question));
            }
        }
        included
    }

    fn asked(&mut self, filter: &Filter, question: &Question<'_>) -> Option<bool> {
        let Some(kind) = kind_of(question.subject) else {
            return Some(true);
        };
        let kind = Value::known_str(kind, AT);
        let name = Value::known_str(question.name, AT);
        let values = match filter.kind {
            FilterKind::Name => {
                let (schema, bare) = schema_and_name(question.table);
                let mut pairs = vec![
                    (Value::known_str("schema_name", AT), schema),
                    (
                        Value::known_str("schema_qualified_table_name", AT),
                        Value::known_str(question.table, AT),
                    ),
                ];
                if question.subject != Subject::Table {
                    pairs.push((Value::known_str("table_name", AT), bare));
                }
                let parents = self.interpreter.heap.allocate(Object::Dict(pairs));
                vec![name, kind, Value::Object(parents)]
            }
            FilterKind::Object => {
                let item = self.item(question, question.reflected);
                let other = if question.has_counterpart {
                    self.item(question, !question.reflected)
                } else {
                    Value::None
                };
                vec![item, name, kind, Value::Bool(question.reflected), other]
            }
        };
        let arguments = values
            .into_iter()
            .map(|value| CallArgument::positional(value, AT))
            .collect();
        self.interpreter.refuel();
        match self.interpreter.call(&filter.function, arguments, AT) {
            Outcome::Returned(value) => self.interpreter.truth(&value),
            _ => None,
        }
    }

    /// The object itself: a construct whose keywords are its attributes.
    fn item(&mut self, question: &Question<'_>, reflected: bool) -> Value {
        let table = self.table_item(question.table, reflected);
        let callee = match question.subject {
            Subject::Table => return table,
            Subject::Column => "sqlalchemy.Column",
            Subject::Index => "sqlalchemy.Index",
            Subject::Unique => "sqlalchemy.UniqueConstraint",
            _ => "sqlalchemy.ForeignKeyConstraint",
        };
        let mut attributes = vec![
            ("name", Value::known_str(question.name, AT)),
            ("table", table),
        ];
        let declared = self.declared.get(question.table).and_then(|declared| {
            let mut infos = declared.infos.iter();
            let construct = callee.trim_start_matches("sqlalchemy.");
            infos.find(|(kind, name, _)| *kind == construct && name == question.name)
        });
        match declared.map(|(_, _, info)| info.clone()) {
            _ if reflected => attributes.push(("info", self.empty_info())),
            Some(Some(info)) => attributes.push(("info", info)),
            Some(None) => attributes.push(("info", self.empty_info())),
            // Such as an index that a column asks for.
            None => {}
        }
        item(callee, attributes)
    }

    fn table_item(&mut self, table: &str, reflected: bool) -> Value {
        let (schema, name) = schema_and_name(table);
        let declared = self.declared.get(table).filter(|_| !reflected);
        let info = match declared.map(|declared| declared.info.clone()) {
            Some(Some(info)) => info,
            Some(None) => self.empty_info(),
            None if reflected => self.empty_info(),
            None => Value::unknown(Reason::Attribute(Name::new_static("info")), AT),
        };
        let key = Value::known_str(table, AT);
        let attributes = vec![
            ("name", name.clone()),
            ("fullname", key.clone()),
            ("key", key),
            ("schema", schema),
            ("info", info),
        ];
        item("sqlalchemy.Table", attributes)
    }

    fn empty_info(&mut self) -> Value {
        Value::Object(self.interpreter.heap.allocate(Object::Dict(Vec::new())))
    }
}

/// The `type_` of Alembic's functions.
fn kind_of(subject: Subject) -> Option<&'static str> {
    Some(match subject {
        Subject::Table => "table",
        Subject::Column => "column",
        Subject::Index => "index",
        Subject::Unique => "unique_constraint",
        Subject::ForeignKey => "foreign_key_constraint",
        _ => return None,
    })
}

/// `schema` and `name` of a table; the schema is `None` for the default one.
fn schema_and_name(table: &str) -> (Value, Value) {
    match table.rsplit_once('.') {
        Some((schema, name)) => (Value::known_str(schema, AT), Value::known_str(name, AT)),
        None => (Value::None, Value::known_str(table, AT)),
    }
}

fn item(callee: &'static str, attributes: Vec<(&'static str, Value)>) -> Value {
    let arguments = attributes
        .into_iter()
        .map(|(name, value)| CallArgument {
            name: Some(Name::new_static(name)),
            value,
            at: AT,
        })
        .collect();
    let call = Call {
        callee: Value::name(Name::new_static(callee), AT),
        arguments,
        open: false,
    };
    Value::symbol(SymbolKind::Call(call), AT)
}

/// `and` of what may not be known.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (None, _) | (_, None) => None,
        (Some(true), Some(true)) => Some(true),
    }
}

/// `or` of what may not be known.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    both(one.map(|one| !one), other.map(|other| !other)).map(|neither| !neither)
}
