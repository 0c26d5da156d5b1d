//! Drift as the operations that would end it, such as `alembic revision --autogenerate` writes.
//!
//! They are to be read: types are told from how the database spells them, not from how the model writes them.

use std::collections::BTreeSet;
use std::io::{self, Write};

use smol_str::SmolStr;

use super::drift::DriftView;
use super::sanitise_line;
use crate::catalog::{
    Catalog, Change, Column, Constraint, ConstraintKind, Difference, Fact, Index, IndexKey,
    Subject, Table, split_object,
};

/// The operations, and who should rather write them.
pub fn write_operations(view: &DriftView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Vec::new();
    let mut altered = BTreeSet::new();
    let mut differences: Vec<&Difference> = view.shown().map(|found| &found.difference).collect();
    differences.sort_by_key(|difference| rank(difference));
    for difference in differences {
        // All facts of a column go into one operation.
        if matches!(difference.change, Change::Changed(_))
            && difference.subject == Subject::Column
            && !altered.insert(difference.object.clone())
        {
            continue;
        }
        lines.extend(operations(view, difference));
    }
    if lines.is_empty() {
        return writeln!(out, "# nothing to do");
    }
    for line in lines {
        for part in line.split('\n') {
            writeln!(out, "{}", sanitise_line(part))?;
        }
    }
    writeln!(out)?;
    writeln!(
        out,
        "# to read; let Alembic write the migration: alembic revision --autogenerate -m \"…\""
    )
}

/// What has to be there before what else.
fn rank(difference: &Difference) -> u8 {
    match (difference.subject, difference.change) {
        (Subject::Enum, _) => 0,
        (Subject::Table, Change::Added) => 1,
        (Subject::Column, Change::Added) => 2,
        (Subject::Column, Change::Changed(_) | Change::Renamed) => 3,
        (Subject::Column, Change::Removed) => 6,
        (Subject::Table, Change::Removed) => 7,
        (Subject::ForeignKey, _) => 5,
        _ => 4,
    }
}

fn operations(view: &DriftView<'_>, difference: &Difference) -> Vec<String> {
    let (model, database) = (view.models, view.migrated);
    let is_known = |catalog: &Catalog| {
        let (table, _) = split_object(&difference.object, catalog);
        catalog.tables.contains_key(table)
    };
    let side = if is_known(model) { model } else { database };
    let (name, part) = match difference.subject {
        Subject::Table => (difference.object.as_str(), None),
        _ => split_object(&difference.object, side),
    };
    let there = database.tables.get(name).map(AsRef::as_ref);
    let here = model.tables.get(name).map(AsRef::as_ref);
    let part = part
        .map(|part| part.trim_end_matches(')'))
        .unwrap_or_default();
    let table = TableName::of(name);
    match (difference.subject, difference.change) {
        (Subject::Table, Change::Added) => here
            .map(|here| created(&table, here, model))
            .unwrap_or_default(),
        (Subject::Table, Change::Removed) => vec![format!("op.drop_table({})", table.alone())],
        (Subject::Table, Change::Changed("comment")) => {
            let comment = here.and_then(|here| here.comment.as_ref());
            vec![match comment {
                Some(comment) => format!(
                    "op.create_table_comment({}, {}{})",
                    table.quoted(),
                    text(comment),
                    table.schema()
                ),
                None => format!("op.drop_table_comment({})", table.alone()),
            }]
        }
        (Subject::Column, Change::Added) => here
            .and_then(|here| here.column(part))
            .map(|column| {
                format!(
                    "op.add_column({}, {}{})",
                    table.quoted(),
                    column_call(column, model),
                    table.schema()
                )
            })
            .into_iter()
            .collect(),
        (Subject::Column, Change::Removed) => vec![format!(
            "op.drop_column({}, {}{})",
            table.quoted(),
            text(part),
            table.schema()
        )],
        (Subject::Column, Change::Changed(_)) => {
            let columns = (
                there.and_then(|there| there.column(part)),
                here.and_then(|here| here.column(part)),
            );
            match columns {
                (Some(old), Some(new)) => vec![altered_column(&table, old, new, view)],
                _ => Vec::new(),
            }
        }
        (Subject::Index, change) => {
            let find = |side: Option<&Table>, name: &str| {
                side.and_then(|side| {
                    side.indexes
                        .iter()
                        .find(|index| index.name == name)
                        .cloned()
                })
            };
            let new_name = match change {
                Change::Renamed => difference.to.as_str().unwrap_or(part),
                _ => part,
            };
            let dropped = (change != Change::Added).then(|| {
                format!(
                    "op.drop_index({}, table_name={}{})",
                    text(part),
                    table.quoted(),
                    table.schema()
                )
            });
            let made = (change != Change::Removed)
                .then(|| find(here, new_name))
                .flatten()
                .map(|index| created_index(&table, &index));
            dropped.into_iter().chain(made).collect()
        }
        (
            Subject::Unique
            | Subject::ForeignKey
            | Subject::Check
            | Subject::PrimaryKey
            | Subject::Exclude
            | Subject::Constraint,
            change,
        ) => {
            let find = |side: Option<&Table>, name: &str| {
                let is_it = |constraint: &&Constraint| {
                    constraint.known_name().map(SmolStr::as_str) == Some(name)
                        || constraint.known_name().is_none()
                            && constraint.kind.columns().join(", ") == name
                };
                side.and_then(|side| side.constraints.iter().find(is_it).cloned())
            };
            let new_name = match change {
                Change::Renamed => difference.to.as_str().unwrap_or(part),
                _ => part,
            };
            let old = find(there, part).filter(|_| change != Change::Added);
            let new = find(here, new_name).filter(|_| change != Change::Removed);
            let dropped = old.map(|old| dropped_constraint(&table, &old));
            let made = new.map(|new| created_constraint(&table, &new));
            dropped.into_iter().chain(made).collect()
        }
        (Subject::Enum, _) => {
            let old = difference.labels_before();
            difference
                .labels_after()
                .into_iter()
                .filter(|label| !old.contains(label))
                .map(|label| {
                    let label = label.replace('\'', "''");
                    let statement = format!("ALTER TYPE {} ADD VALUE '{label}'", difference.object);
                    format!("op.execute({})", text(&statement))
                })
                .collect()
        }
        (Subject::Sequence | Subject::Object(_) | Subject::Table | Subject::Column, _) => {
            Vec::new()
        }
    }
}

/// A table as arguments name it.
struct TableName<'n> {
    schema: Option<&'n str>,
    name: &'n str,
}

impl<'n> TableName<'n> {
    fn of(table: &'n str) -> Self {
        match table.rsplit_once('.') {
            Some((schema, name)) => Self {
                schema: Some(schema),
                name,
            },
            None => Self {
                schema: None,
                name: table,
            },
        }
    }

    fn quoted(&self) -> String {
        text(self.name)
    }

    /// `, schema="audit"`
    fn schema(&self) -> String {
        self.schema
            .map_or_else(String::new, |schema| format!(", schema={}", text(schema)))
    }

    fn alone(&self) -> String {
        format!("{}{}", self.quoted(), self.schema())
    }
}

/// A string of Python.
fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list(names: &[SmolStr]) -> String {
    let names: Vec<String> = names.iter().map(|name| text(name)).collect();
    format!("[{}]", names.join(", "))
}

fn name_of(constraint: &Constraint) -> String {
    constraint
        .known_name()
        .map_or_else(|| "None".to_owned(), |name| text(name))
}

fn created(name: &TableName<'_>, table: &Table, catalog: &Catalog) -> Vec<String> {
    let mut parts = vec![name.quoted()];
    parts.extend(
        table
            .columns
            .iter()
            .map(|column| column_call(column, catalog)),
    );
    for constraint in &table.constraints {
        let own = name_of(constraint);
        let own = if own == "None" {
            String::new()
        } else {
            format!(", name={own}")
        };
        let names = |columns: &[SmolStr]| {
            let columns: Vec<String> = columns.iter().map(|column| text(column)).collect();
            columns.join(", ")
        };
        parts.push(match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } => {
                format!("sa.PrimaryKeyConstraint({}{own})", names(columns))
            }
            ConstraintKind::Unique { columns, .. } => {
                format!("sa.UniqueConstraint({}{own})", names(columns))
            }
            ConstraintKind::ForeignKey(key) => {
                let referred: Vec<SmolStr> = key
                    .ref_columns
                    .iter()
                    .map(|column| SmolStr::new(format!("{}.{column}", key.references)))
                    .collect();
                format!(
                    "sa.ForeignKeyConstraint({}, {}{own}{})",
                    list(&key.columns),
                    list(&referred),
                    actions(key.ondelete.as_ref(), key.onupdate.as_ref())
                )
            }
            ConstraintKind::Check { expression, .. } => match expression.known() {
                Some(expression) => format!("sa.CheckConstraint({}{own})", text(expression)),
                None => continue,
            },
            ConstraintKind::Exclude { .. } | ConstraintKind::Unknown { .. } => continue,
        });
    }
    if let Some(schema) = name.schema {
        parts.push(format!("schema={}", text(schema)));
    }
    let table_call = format!("op.create_table(\n    {},\n)", parts.join(",\n    "));
    let indexes = table.indexes.iter().map(|index| created_index(name, index));
    std::iter::once(table_call).chain(indexes).collect()
}

fn actions(ondelete: Option<&SmolStr>, onupdate: Option<&SmolStr>) -> String {
    [("ondelete", ondelete), ("onupdate", onupdate)]
        .into_iter()
        .filter_map(|(keyword, action)| Some(format!(", {keyword}={}", text(action?))))
        .collect()
}

/// `sa.Column("name", sa.String(length=50), nullable=False)`
fn column_call(column: &Column, catalog: &Catalog) -> String {
    let mut parts = vec![text(&column.name), type_call(&column.column_type, catalog)];
    if let Fact::Known(Some(expression)) = &column.generated {
        parts.push(format!("sa.Computed({})", text(expression)));
    }
    if let Fact::Known(Some(kind)) = &column.identity {
        let always = if kind == "ALWAYS" { "always=True" } else { "" };
        parts.push(format!("sa.Identity({always})"));
    }
    if let Fact::Known(Some(default)) = &column.default
        && !default.starts_with("nextval(")
    {
        parts.push(format!("server_default=sa.text({})", text(default)));
    }
    if let Fact::Known(nullable) = &column.nullable {
        parts.push(format!("nullable={}", python_bool(*nullable)));
    }
    if let Fact::Known(Some(comment)) = &column.comment {
        parts.push(format!("comment={}", text(comment)));
    }
    format!("sa.Column({})", parts.join(", "))
}

fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn altered_column(
    table: &TableName<'_>,
    old: &Column,
    new: &Column,
    view: &DriftView<'_>,
) -> String {
    let mut parts = vec![
        table.quoted(),
        text(&old.name),
        format!(
            "existing_type={}",
            type_call(&old.column_type, view.migrated)
        ),
    ];
    if old.column_type.same(&new.column_type) == Some(false) {
        parts.push(format!(
            "type_={}",
            type_call(&new.column_type, view.models)
        ));
    }
    match (&old.nullable, &new.nullable) {
        (Fact::Known(old), Fact::Known(new)) if old != new => {
            parts.push(format!("nullable={}", python_bool(*new)));
        }
        (Fact::Known(old), _) => parts.push(format!("existing_nullable={}", python_bool(*old))),
        _ => {}
    }
    let written = |value: &Option<SmolStr>| match value {
        Some(value) => text(value),
        None => "None".to_owned(),
    };
    if view.compares_defaults
        && let (Fact::Known(old), Fact::Known(new)) = (&old.default, &new.default)
        && old != new
    {
        parts.push(match new {
            Some(new) => format!("server_default=sa.text({})", text(new)),
            None => "server_default=None".to_owned(),
        });
    }
    if let (Fact::Known(old), Fact::Known(new)) = (&old.comment, &new.comment)
        && old != new
    {
        parts.push(format!("comment={}", written(new)));
        parts.push(format!("existing_comment={}", written(old)));
    }
    format!("op.alter_column({}{})", parts.join(", "), table.schema())
}

fn created_index(table: &TableName<'_>, index: &Index) -> String {
    let Fact::Known(definition) = &index.definition else {
        return format!("# index {} on {}", text(&index.name), table.quoted());
    };
    let key = |key: &IndexKey| {
        if key.is_column && key.operator_class.is_none() && key.order.is_none() {
            text(&key.text)
        } else {
            format!("sa.text({})", text(&key.spelling()))
        }
    };
    let keys: Vec<String> = definition.keys.iter().map(key).collect();
    let mut call = format!(
        "op.create_index({}, {}, [{}], unique={}{}",
        text(&index.name),
        table.quoted(),
        keys.join(", "),
        python_bool(definition.unique),
        table.schema()
    );
    if definition.using != "btree" && !definition.using.is_empty() {
        call.push_str(&format!(", postgresql_using={}", text(&definition.using)));
    }
    if !definition.include.is_empty() {
        call.push_str(&format!(
            ", postgresql_include={}",
            list(&definition.include)
        ));
    }
    if let Some(predicate) = &definition.predicate {
        call.push_str(&format!(", postgresql_where=sa.text({})", text(predicate)));
    }
    call.push(')');
    call
}

fn created_constraint(table: &TableName<'_>, constraint: &Constraint) -> String {
    let name = name_of(constraint);
    let (own, schema) = (table.quoted(), table.schema());
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => {
            format!(
                "op.create_primary_key({name}, {own}, {}{schema})",
                list(columns)
            )
        }
        ConstraintKind::Unique { columns, .. } => {
            format!(
                "op.create_unique_constraint({name}, {own}, {}{schema})",
                list(columns)
            )
        }
        ConstraintKind::ForeignKey(key) => {
            let referred = TableName::of(&key.references);
            let schemas = [
                ("source_schema", table.schema),
                ("referent_schema", referred.schema),
            ]
            .into_iter()
            .filter_map(|(keyword, schema)| Some(format!(", {keyword}={}", text(schema?))))
            .collect::<String>();
            format!(
                "op.create_foreign_key({name}, {own}, {}, {}, {}{schemas}{})",
                referred.quoted(),
                list(&key.columns),
                list(&key.ref_columns),
                actions(key.ondelete.as_ref(), key.onupdate.as_ref())
            )
        }
        ConstraintKind::Check { expression, .. } => format!(
            "op.create_check_constraint({name}, {own}, {}{schema})",
            expression
                .known()
                .map_or_else(|| "…".to_owned(), |known| text(known))
        ),
        ConstraintKind::Exclude { .. } | ConstraintKind::Unknown { .. } => {
            format!("# {} {name} of {own}", constraint.kind.noun())
        }
    }
}

fn dropped_constraint(table: &TableName<'_>, constraint: &Constraint) -> String {
    let kind = match &constraint.kind {
        ConstraintKind::PrimaryKey { .. } => "primary",
        ConstraintKind::Unique { .. } => "unique",
        ConstraintKind::ForeignKey(_) => "foreignkey",
        ConstraintKind::Check { .. } => "check",
        ConstraintKind::Exclude { .. } | ConstraintKind::Unknown { .. } => "exclude",
    };
    format!(
        "op.drop_constraint({}, {}{}, type_={})",
        name_of(constraint),
        table.quoted(),
        table.schema(),
        text(kind)
    )
}

/// The type of SQLAlchemy for how a database spells it; the spelling itself, as a string, where there is none.
fn type_call(spelling: &Fact<SmolStr>, catalog: &Catalog) -> String {
    let Fact::Known(spelling) = spelling else {
        return "…".to_owned();
    };
    if let Some(item) = spelling.strip_suffix("[]") {
        let item = type_call(&Fact::Known(SmolStr::new(item)), catalog);
        return format!("postgresql.ARRAY({item})");
    }
    if let Some(found) = catalog.enums.get(spelling) {
        let labels = found.labels.known().map(Vec::as_slice).unwrap_or_default();
        let labels: String = labels
            .iter()
            .map(|label| format!("{}, ", text(label)))
            .collect();
        let name = TableName::of(spelling);
        return format!("sa.Enum({labels}name={}{})", name.quoted(), name.schema());
    }
    let lower = spelling.to_lowercase();
    let (base, rest) = lower.split_once('(').unwrap_or((lower.as_str(), ""));
    let (arguments, tail) = rest.split_once(')').unwrap_or(("", ""));
    let base = format!("{} {}", base.trim(), tail.trim());
    let length = if arguments.is_empty() {
        String::new()
    } else {
        format!("length={arguments}")
    };
    match base.trim() {
        "integer" | "int" => "sa.Integer()".to_owned(),
        "bigint" => "sa.BigInteger()".to_owned(),
        "smallint" => "sa.SmallInteger()".to_owned(),
        "boolean" | "bool" => "sa.Boolean()".to_owned(),
        "tinyint" if arguments == "1" => "sa.Boolean()".to_owned(),
        "text" => "sa.Text()".to_owned(),
        "character varying" | "varchar" => format!("sa.String({length})"),
        "character" | "char" => format!("sa.CHAR({length})"),
        "double precision" | "double" => "sa.Double()".to_owned(),
        "real" => "sa.REAL()".to_owned(),
        "float" => "sa.Float()".to_owned(),
        "numeric" | "decimal" => {
            let mut numbers = arguments
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            match (numbers.next(), numbers.next()) {
                (Some(precision), Some(scale)) => {
                    format!("sa.Numeric(precision={precision}, scale={scale})")
                }
                (Some(precision), None) => format!("sa.Numeric(precision={precision})"),
                _ => "sa.Numeric()".to_owned(),
            }
        }
        "date" => "sa.Date()".to_owned(),
        "timestamp without time zone" | "timestamp" | "datetime" => "sa.DateTime()".to_owned(),
        "timestamp with time zone" => "sa.DateTime(timezone=True)".to_owned(),
        "time without time zone" | "time" => "sa.Time()".to_owned(),
        "time with time zone" => "sa.Time(timezone=True)".to_owned(),
        "interval" => "sa.Interval()".to_owned(),
        "uuid" => "sa.Uuid()".to_owned(),
        "json" => "sa.JSON()".to_owned(),
        "bytea" | "blob" => "sa.LargeBinary()".to_owned(),
        "jsonb" | "inet" | "cidr" | "macaddr" | "tsvector" | "tsquery" | "citext" | "hstore"
        | "money" | "bit" | "oid" | "int4range" | "int8range" | "numrange" | "daterange"
        | "tsrange" | "tstzrange" => {
            format!("postgresql.{}({length})", base.trim().to_uppercase())
        }
        _ => text(spelling),
    }
}
