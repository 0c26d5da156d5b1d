//! Tables, their constraints and their indexes.

use smol_str::SmolStr;

use super::super::doubts;
use super::super::identifiers::{self, without_schema};
use super::{Piece, Script, in_parentheses, is_call, is_parenthesised};
use crate::catalog::{
    Column, Constraint, ConstraintKind, Fact, ForeignKey, Index, IndexDefinition, ObjectKind, Table,
};
use crate::dialect::Dialect;
use crate::sql::with_text_casts;

/// Types of which functions of texts take no value without a cast. Others, as `bytea`, have functions of the same names.
const NO_TEXTS: &[&str] = &[
    "bigint",
    "boolean",
    "date",
    "double precision",
    "inet",
    "integer",
    "interval",
    "numeric",
    "real",
    "smallint",
    "timestamp with time zone",
    "timestamp without time zone",
    "uuid",
];

impl Script<'_> {
    pub(super) fn table(&mut self, name: &str, table: &Table) {
        self.made.insert(name.to_owned());
        self.blank();
        for doubt in doubts::of_table(table) {
            let note = self.note_on(&doubt, name);
            self.comment(&note);
        }
        let mut entries: Vec<Piece> = table
            .columns
            .iter()
            .map(|column| self.column(name, column))
            .collect();
        let mut constraints: Vec<&Constraint> = table.constraints.iter().collect();
        constraints
            .sort_by_key(|constraint| (rank(&constraint.kind), constraint.known_name().cloned()));
        for constraint in constraints {
            let piece = self.constraint(name, constraint);
            if self.has_to_wait(name, constraint) && piece.text.is_some() {
                self.wait(name, piece);
            } else {
                entries.push(piece);
            }
        }
        let last = entries.iter().rposition(|entry| entry.text.is_some());
        let is_possible = last.is_some() || self.dialect == Dialect::PostgreSql;
        if is_possible {
            let line = format!("CREATE TABLE {} (\n", self.qualified(name));
            self.text.push_str(&line);
        } else {
            self.comment(&format!("table {name}"));
        }
        for (number, entry) in entries.iter().enumerate() {
            for note in &entry.notes {
                self.text.push_str("    ");
                self.comment(note);
            }
            if let Some(text) = &entry.text {
                let comma = if Some(number) == last { "" } else { "," };
                self.text.push_str(&format!("    {text}{comma}\n"));
            }
        }
        if is_possible {
            let comment = match &table.comment {
                Some(comment) if self.dialect == Dialect::MySql => {
                    format!(" COMMENT={}", self.literal(comment))
                }
                _ => String::new(),
            };
            self.text.push_str(&format!("){comment};\n"));
        }
        let mut indexes: Vec<&Index> = table.indexes.iter().collect();
        indexes.sort_by_key(|index| index.name.clone());
        for index in indexes {
            let piece = self.index(name, index);
            self.statement(&piece);
        }
        self.comments(name, table);
        if table.row_security {
            let piece = Piece::known(format!(
                "ALTER TABLE {} ENABLE ROW LEVEL SECURITY",
                self.qualified(name)
            ));
            self.statement(&piece);
        }
    }

    fn comments(&mut self, name: &str, table: &Table) {
        let mut found: Vec<(String, String)> = Vec::new();
        if let Some(comment) = &table.comment {
            found.push((
                format!("TABLE {}", self.qualified(name)),
                comment.to_string(),
            ));
        }
        for column in &table.columns {
            if let Fact::Known(Some(comment)) = &column.comment {
                found.push((
                    format!(
                        "COLUMN {}.{}",
                        self.qualified(name),
                        self.name(&column.name)
                    ),
                    comment.to_string(),
                ));
            }
        }
        // MySQL has them at their objects, SQLite not at all.
        if self.dialect == Dialect::PostgreSql {
            for (target, comment) in found {
                let text = format!("COMMENT ON {target} IS {}", self.literal(&comment));
                self.statement(&Piece::known(text));
            }
        }
    }

    fn column(&self, table: &str, column: &Column) -> Piece {
        let mut piece = Piece {
            notes: self.notes(&doubts::of_column(column)),
            text: None,
        };
        let name = self.name(&column.name);
        let Fact::Known(column_type) = &column.column_type else {
            piece.notes.push(name);
            return piece;
        };
        let is_not_null = column.nullable.is(&false);
        if let Some(serial) = self.serial(table, column) {
            piece.text = Some(format!("{name} {serial} NOT NULL"));
            return piece;
        }
        let mut text = format!("{name} {}", self.type_name(column_type));
        if let Fact::Known(Some(expression)) = &column.generated {
            text.push_str(&format!(
                " GENERATED ALWAYS AS {} STORED",
                in_parentheses(expression)
            ));
        }
        if let Fact::Known(Some(identity)) = &column.identity
            && self.dialect == Dialect::PostgreSql
        {
            let options = self.identity_options(table, column);
            text.push_str(&format!(" GENERATED {identity} AS IDENTITY{options}"));
        }
        if let Fact::Known(Some(default)) = &column.default {
            text.push_str(" DEFAULT ");
            text.push_str(&self.default(default));
        }
        if is_not_null {
            text.push_str(" NOT NULL");
        }
        if let Fact::Known(Some(comment)) = &column.comment
            && self.dialect == Dialect::MySql
        {
            text.push_str(&format!(" COMMENT {}", self.literal(comment)));
        }
        piece.text = Some(text);
        piece
    }

    /// True if a table refers to columns of its own that only an index makes unique, which is made after it.
    fn needs_an_index(&self, table: &str, key: &ForeignKey) -> bool {
        let is_key = |constraint: &Constraint| match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => {
                columns.len() == key.ref_columns.len()
                    && columns
                        .iter()
                        .all(|column| key.ref_columns.contains(column))
            }
            _ => false,
        };
        self.dialect == Dialect::PostgreSql
            && !key.ref_columns.is_empty()
            && self
                .view
                .catalog
                .table(table)
                .is_some_and(|table| !table.constraints.iter().any(is_key))
    }

    /// A type as the dialect reads it: names of enums and their like may need quotes.
    fn type_name(&self, spelling: &str) -> String {
        let catalog = self.view.catalog;
        let plain = spelling.trim_end_matches("[]");
        let is_own = catalog.enums.contains_key(plain)
            || catalog
                .objects
                .keys()
                .any(|key| is_a_type(key.kind) && key.name == plain);
        if !is_own || plain.starts_with('"') {
            return spelling.to_owned();
        }
        format!(
            "{}{}",
            self.qualified(plain),
            spelling.get(plain.len()..).unwrap_or_default()
        )
    }

    /// PostgreSQL takes any expression as a default, the others want parentheses around all but literals.
    fn default(&self, default: &str) -> String {
        let lower = default.to_ascii_lowercase();
        let is_literal = default.starts_with(['\'', '(', '-', '+'])
            || default.starts_with(|c: char| c.is_ascii_digit())
            || matches!(lower.as_str(), "true" | "false" | "null")
            || lower.starts_with("current_")
            || (self.dialect == Dialect::MySql
                && ["now(", "localtime", "b'", "x'"]
                    .iter()
                    .any(|start| lower.starts_with(start)));
        if self.dialect == Dialect::PostgreSql || is_literal {
            default.to_owned()
        } else {
            in_parentheses(default)
        }
    }

    /// A constraint as it stands in `CREATE TABLE`.
    fn constraint(&self, table: &str, constraint: &Constraint) -> Piece {
        let mut piece = Piece {
            notes: self.notes(&doubts::of_constraint(constraint)),
            text: None,
        };
        let columns = |names| identifiers::identifiers(names, self.dialect);
        let body = match &constraint.kind {
            ConstraintKind::PrimaryKey { columns: names } => {
                format!("PRIMARY KEY ({})", columns(names))
            }
            ConstraintKind::Unique {
                columns: names,
                nulls_not_distinct,
            } => {
                let nulls = if *nulls_not_distinct {
                    " NULLS NOT DISTINCT"
                } else {
                    ""
                };
                format!("UNIQUE{nulls} ({})", columns(names))
            }
            ConstraintKind::ForeignKey(key) => {
                let is_there =
                    self.dialect == Dialect::Sqlite || self.view.is_there(&key.references);
                let text = self.foreign_key(key);
                if !is_there {
                    piece.notes.push(format!(
                        "not known: `{}`, to which `{table}` refers; no migration read here creates it",
                        key.references
                    ));
                    piece.notes.push(text);
                    return piece;
                }
                text
            }
            ConstraintKind::Check {
                expression: Fact::Known(expression),
                ..
            } => format!(
                "CHECK {}",
                in_parentheses(&self.expression(table, expression))
            ),
            ConstraintKind::Exclude {
                definition: Fact::Known(definition),
                ..
            } => match definition
                .get(..7)
                .filter(|word| word.eq_ignore_ascii_case("exclude"))
            {
                Some(_) => definition.to_string(),
                None => format!("EXCLUDE {definition}"),
            },
            ConstraintKind::Check { .. }
            | ConstraintKind::Exclude { .. }
            | ConstraintKind::Unknown { .. } => {
                if let Some(name) = constraint.known_name() {
                    piece.notes.push(format!(
                        "CONSTRAINT {} {} …",
                        self.name(name),
                        constraint.kind.noun()
                    ));
                }
                return piece;
            }
        };
        if let Some(missing) = self.missing(table, constraint) {
            piece.notes.push(format!("not known: {missing}, for"));
            piece.notes.push(body);
            return piece;
        }
        let mut text = match constraint.known_name() {
            Some(name) if !(self.dialect == Dialect::MySql && name == "PRIMARY") => {
                format!("CONSTRAINT {} {body}", self.name(name))
            }
            _ => body,
        };
        if let Some(deferrable) = &constraint.deferrable
            && self.dialect != Dialect::MySql
        {
            text.push(' ');
            text.push_str(deferrable);
        }
        if constraint.not_valid {
            text.push_str(" NOT VALID");
        }
        piece.text = Some(text);
        piece
    }

    /// The first column that a constraint needs and that is not made, since its type is not known.
    fn missing(&self, table: &str, constraint: &Constraint) -> Option<String> {
        let own = constraint.kind.columns().iter().map(|name| (table, name));
        let other = match &constraint.kind {
            ConstraintKind::ForeignKey(key) if self.dialect != Dialect::Sqlite => {
                Some((key.references.as_str(), &key.ref_columns))
            }
            _ => None,
        };
        let other = other
            .into_iter()
            .flat_map(|(table, names)| names.iter().map(move |name| (table, name)));
        own.chain(other)
            .find(|(table, name)| !self.is_made(table, name))
            .map(|(table, name)| format!("`{table}.{name}`"))
    }

    fn is_made(&self, table: &str, column: &str) -> bool {
        self.view.catalog.table(table).is_none_or(|table| {
            table
                .column(column)
                .is_some_and(|column| column.column_type.known().is_some())
        })
    }

    fn foreign_key(&self, key: &ForeignKey) -> String {
        format!(
            "FOREIGN KEY ({}) {}",
            identifiers::identifiers(&key.columns, self.dialect),
            identifiers::references(key, self.dialect)
        )
    }

    /// True for a constraint that cannot stand in `CREATE TABLE`: it is not valid yet, or it refers to a table that comes
    /// later.
    fn has_to_wait(&self, table: &str, constraint: &Constraint) -> bool {
        if self.dialect == Dialect::Sqlite {
            return false;
        }
        let refers_to_later = match &constraint.kind {
            ConstraintKind::ForeignKey(key) => {
                if key.references == table {
                    self.needs_an_index(table, key)
                } else {
                    !self.made.contains(key.references.as_str())
                }
            }
            _ => false,
        };
        constraint.not_valid || refers_to_later
    }

    fn wait(&mut self, table: &str, mut piece: Piece) {
        let added = piece
            .text
            .map(|text| format!("ALTER TABLE {} ADD {text}", self.qualified(table)));
        piece.text = added;
        self.at_end.push(piece);
    }

    pub(super) fn deferred(&mut self) {
        let pieces = std::mem::take(&mut self.at_end);
        self.statements(&pieces);
    }

    fn index(&self, table: &str, index: &Index) -> Piece {
        let mut piece = Piece {
            notes: self.notes(&doubts::of_index(index)),
            text: None,
        };
        let Fact::Known(definition) = &index.definition else {
            piece.notes.push(format!("CREATE INDEX {}", index.name));
            return piece;
        };
        let options = match storage_parameters(definition.options.as_deref()) {
            Ok(options) => options,
            Err(options) => {
                piece.notes.push(format!(
                    "not known: the options {options} of `{}`",
                    index.name
                ));
                String::new()
            }
        };
        let is_postgresql = self.dialect == Dialect::PostgreSql;
        let mut text = format!(
            "CREATE {}INDEX {} ON {}",
            if definition.unique { "UNIQUE " } else { "" },
            // An index is in the schema of its table.
            self.name(without_schema(&index.name)),
            self.qualified(table)
        );
        if is_postgresql && definition.using != "btree" {
            text.push_str(&format!(" USING {}", definition.using));
        }
        text.push_str(&format!(" ({})", self.keys(table, definition)));
        if !definition.include.is_empty() {
            text.push_str(&format!(
                " INCLUDE ({})",
                identifiers::identifiers(&definition.include, self.dialect)
            ));
        }
        if definition.nulls_not_distinct {
            text.push_str(" NULLS NOT DISTINCT");
        }
        text.push_str(&options);
        if let Some(predicate) = &definition.predicate {
            text.push_str(&format!(" WHERE {}", self.expression(table, predicate)));
        }
        // What is mentioned in an expression need not be a column, if all columns are known.
        let is_open = self
            .view
            .catalog
            .table(table)
            .is_some_and(|table| table.open.is_some());
        let plain = definition.keys.iter().filter(|key| key.is_column);
        let missing = plain
            .map(|key| &key.text)
            .chain(&definition.include)
            .chain(definition.columns.iter().filter(|_| is_open))
            .find(|column| !self.is_made(table, column));
        if let Some(missing) = missing {
            piece
                .notes
                .push(format!("not known: `{table}.{missing}`, for"));
            piece.notes.push(text);
        } else {
            piece.text = Some(text);
        }
        piece
    }

    /// An expression about the columns of a table, with the casts that those need which are no texts.
    fn expression(&self, table: &str, expression: &str) -> SmolStr {
        let known = self.view.catalog.table(table);
        let is_no_text = |column: &str| {
            known
                .and_then(|table| table.column(column))
                .and_then(|column| column.column_type.known())
                .is_some_and(|spelling| {
                    self.view.catalog.enums.contains_key(spelling)
                        || NO_TEXTS.contains(&spelling.split('(').next().unwrap_or_default())
                })
        };
        match self.dialect {
            Dialect::PostgreSql => with_text_casts(expression, &is_no_text),
            Dialect::MySql | Dialect::Sqlite => expression.into(),
        }
    }

    fn keys(&self, table: &str, definition: &IndexDefinition) -> String {
        let keys: Vec<String> = definition
            .keys
            .iter()
            .map(|key| {
                let expression = self.expression(table, &key.text);
                let mut text = if key.is_column {
                    self.name(&key.text)
                } else if is_parenthesised(&expression)
                    || (is_call(&expression) && self.dialect != Dialect::MySql)
                {
                    expression.to_string()
                } else {
                    in_parentheses(&expression)
                };
                for part in [&key.operator_class, &key.order].into_iter().flatten() {
                    text.push(' ');
                    text.push_str(part);
                }
                text
            })
            .collect();
        keys.join(", ")
    }
}

pub(super) fn is_a_type(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Composite | ObjectKind::Domain)
}

/// Keys first, then what they must fulfil.
fn rank(kind: &ConstraintKind) -> u8 {
    match kind {
        ConstraintKind::PrimaryKey { .. } => 0,
        ConstraintKind::Unique { .. } => 1,
        ConstraintKind::ForeignKey(_) => 2,
        ConstraintKind::Check { .. } => 3,
        ConstraintKind::Exclude { .. } => 4,
        ConstraintKind::Unknown { .. } => 5,
    }
}

/// `WITH (…)` from the options of an index; those that are not understood come back.
fn storage_parameters(options: Option<&str>) -> Result<String, String> {
    let Some(options) = options else {
        return Ok(String::new());
    };
    let not_understood = || Err(format!("`{options}`"));
    let Some(inside) = options.get(..4).and_then(|word| {
        word.eq_ignore_ascii_case("with")
            .then(|| options.get(4..).unwrap_or_default().trim())
    }) else {
        return not_understood();
    };
    if is_parenthesised(inside) {
        return Ok(format!(" WITH {inside}"));
    }
    // A dictionary of Python: `{'fillfactor': 50}`.
    let Some(pairs) = inside
        .strip_prefix('{')
        .and_then(|inside| inside.strip_suffix('}'))
    else {
        return not_understood();
    };
    let mut parameters = Vec::new();
    for pair in pairs.split(',').filter(|pair| !pair.trim().is_empty()) {
        let is_word = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        };
        let unquoted = |text: &str| text.trim().trim_matches(['\'', '"']).to_owned();
        match pair.split_once(':') {
            Some((key, value)) if is_word(&unquoted(key)) && is_word(&unquoted(value)) => {
                parameters.push(format!("{} = {}", unquoted(key), unquoted(value)));
            }
            _ => return not_understood(),
        }
    }
    Ok(format!(" WITH ({})", parameters.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_indexes() {
        assert_eq!(storage_parameters(None), Ok(String::new()));
        assert_eq!(
            storage_parameters(Some("with (fillfactor = 50)")),
            Ok(" WITH (fillfactor = 50)".to_owned())
        );
        assert_eq!(
            storage_parameters(Some("with {'m': 16, 'ef_construction': 64}")),
            Ok(" WITH (m = 16, ef_construction = 64)".to_owned())
        );
        assert!(storage_parameters(Some("prefix 'FULLTEXT'")).is_err());
        assert!(storage_parameters(Some("with {'a': '); drop'}")).is_err());
    }
}
