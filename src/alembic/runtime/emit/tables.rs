//! `create_table`, `drop_table`, `rename_table` and comments.

use smol_str::{SmolStr, format_smolstr};

use super::{Emitted, Operation};
use crate::catalog::{
    AlterAction, CommentTarget, Condition, Constraint, ConstraintKind, CreateTable, Ddl, Fact,
    IndexDefinition, Why,
};
use crate::dialect::Dialect;
use crate::python::value::{CallArgument, Value};
use crate::sqlalchemy::ddl::{
    ColumnDdl, ConstraintLabel, ItemDdl, NameParts, TypeCheck, column_ddl, item_ddl,
};
use crate::sqlalchemy::{Worded, identifier, note};

/// What the arguments of `create_table` or `Table(…)` make together.
pub(super) struct TableParts {
    pub(super) create: CreateTable,
    /// Indexes with their names, in order.
    pub(super) indexes: Vec<NewIndex>,
}

/// An index that comes with a table or a column.
pub(super) struct NewIndex {
    pub(super) name: Option<SmolStr>,
    pub(super) definition: Fact<IndexDefinition>,
    /// False where it hangs on the version of a library.
    pub(super) is_certain: bool,
}

impl NewIndex {
    pub(super) fn ddl(self, table: &SmolStr) -> Ddl {
        let create = Ddl::CreateIndex {
            name: self.name,
            table: table.clone(),
            definition: self.definition,
            if_not_exists: false,
            concurrently: false,
        };
        if self.is_certain {
            create
        } else {
            Ddl::If {
                condition: Condition::OfALibrary,
                then: vec![create],
                otherwise: Vec::new(),
            }
        }
    }
}

impl Operation<'_, '_> {
    pub(super) fn create_table(&mut self) -> Emitted {
        let Some(table) = self.table(0, "table_name") else {
            return self.nameless("op.create_table", None);
        };
        let items: Vec<CallArgument> = self.call.positional().skip(1).cloned().collect();
        let mut emitted = Emitted::default();
        let mut parts = self.table_parts(table, &items, &mut emitted);
        parts.create.if_not_exists = self.guard("if_not_exists");
        parts.create.comment = self
            .keyword("comment")
            .and_then(|value| value.as_str().map(|text| SmolStr::new(&**text)));
        parts.create.temporary = self.keyword("prefixes").is_some_and(|value| {
            self.interpreter.heap.elements(&value).is_some_and(|items| {
                items.iter().any(|item| {
                    item.as_str()
                        .is_some_and(|text| text.to_uppercase().contains("TEMP"))
                })
            })
        });
        self.note_table_options();
        Self::emit_table(parts, &mut emitted);
        emitted
    }

    /// `mysql_engine="InnoDB"`, `postgresql_partition_by="RANGE (day)"`
    fn note_table_options(&mut self) {
        let prefix = format!("{}_", self.semantics.dialect.as_str());
        let options: Vec<(String, String)> = self
            .call
            .arguments
            .iter()
            .filter_map(|argument| {
                let name = argument.name.as_ref()?.strip_prefix(prefix.as_str())?;
                let text = match &argument.value {
                    Value::Bool(flag) => flag.to_string(),
                    value => value.as_str()?.to_string(),
                };
                Some((name.to_owned(), text))
            })
            .collect();
        for (index, (name, text)) in options.into_iter().enumerate() {
            let key = format!("table {index:02} {name}");
            note(self.interpreter, Worded::Option, &key, text);
        }
        let prefixes = self.keyword("prefixes");
        let prefixes =
            prefixes.and_then(|value| Some(self.interpreter.heap.elements(&value)?.to_vec()));
        let words: Vec<String> = prefixes
            .into_iter()
            .flatten()
            .filter_map(|word| word.as_str().map(ToString::to_string))
            .collect();
        if !words.is_empty() {
            note(
                self.interpreter,
                Worded::Option,
                "prefixes",
                words.join(" "),
            );
        }
    }

    pub(super) fn emit_table(parts: TableParts, emitted: &mut Emitted) {
        let name = parts.create.name.clone();
        emitted.ddl.push(Ddl::CreateTable(parts.create));
        let indexes = parts.indexes.into_iter();
        emitted.ddl.extend(indexes.map(|index| index.ddl(&name)));
    }

    /// Reads columns, constraints and indexes of a table.
    pub(super) fn table_parts(
        &mut self,
        table: SmolStr,
        items: &[CallArgument],
        emitted: &mut Emitted,
    ) -> TableParts {
        let semantics = std::sync::Arc::clone(&self.semantics);
        let bare = SmolStr::new(Self::bare(&table));
        let mut columns: Vec<ColumnDdl> = Vec::new();
        let mut constraints: Vec<Constraint> = Vec::new();
        let mut indexes = Vec::new();
        let mut open = None;
        for argument in items {
            if let Some(column) = column_ddl(&argument.value, &bare, &semantics, self.interpreter) {
                let name = &column.definition.column.name;
                let earlier = columns
                    .iter_mut()
                    .find(|other| other.definition.column.name == *name);
                let Some(earlier) = earlier else {
                    columns.push(column);
                    continue;
                };
                // Before SQLAlchemy 2.0 the later one silently takes the place.
                if semantics.sqlalchemy >= (2, 0) && !semantics.is_sqlalchemy_assumed {
                    emitted
                        .errors
                        .push(format!("table `{table}` has two columns called `{name}`"));
                }
                *earlier = column;
                continue;
            }
            match item_ddl(argument, &bare, &semantics, self.interpreter) {
                Some(ItemDdl::Constraint(constraint)) => constraints.push(constraint),
                Some(ItemDdl::Index { name, definition }) => {
                    let name = self.index_name(&table, name.as_ref(), false, &definition);
                    indexes.push(NewIndex {
                        name,
                        definition,
                        is_certain: true,
                    });
                }
                Some(ItemDdl::Deferred) => {}
                Some(ItemDdl::Error(error)) => emitted.errors.push(error),
                None if matches!(argument.value, Value::None) => {}
                None => {
                    let text = self.interpreter.text_at(argument.at);
                    open = Some(format!("`{}` is not followed", shortened(&text)));
                }
            }
        }
        self.primary_key(&bare, &columns, &mut constraints, emitted);
        let mut definitions = Vec::new();
        let mut at_columns = Vec::new();
        let key: Vec<SmolStr> = constraints
            .iter()
            .find_map(|constraint| match &constraint.kind {
                ConstraintKind::PrimaryKey { columns } => Some(columns.clone()),
                _ => None,
            })
            .unwrap_or_default();
        let referring: Vec<SmolStr> = constraints
            .iter()
            .filter_map(|constraint| match &constraint.kind {
                ConstraintKind::ForeignKey(key) => Some(key.columns.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        for mut column in columns {
            let name = column.definition.column.name.clone();
            emitted.errors.append(&mut column.errors);
            let in_key = key.contains(&name);
            column.definition.serial = in_key
                && (column.must_count
                    || (column.may_count && key.len() == 1 && !referring.contains(&name)))
                && semantics.dialect == Dialect::PostgreSql;
            if column.definition.serial {
                // SERIAL is written instead of type and default.
                column.definition.column.default = Fact::Known(None);
            }
            if in_key
                && !column.says_nullable
                && let Fact::Known(nullable) = &mut column.definition.column.nullable
            {
                *nullable = false;
            }
            self.flags(&table, &column, &mut at_columns, &mut indexes, emitted);
            if let Err(error) = self.type_check(&bare, &column, &mut at_columns)
                && self.semantics.sqlalchemy < (1, 4)
            {
                emitted.errors.push(error);
            }
            at_columns.append(&mut column.foreign_keys);
            if let Some(found) = &column.enum_type
                && found.is_created
            {
                emitted
                    .enums
                    .push((found.name.clone(), found.labels.clone()));
            }
            definitions.push(column.definition);
        }
        // SQLAlchemy writes the constraints of columns after those of the table.
        constraints.extend(at_columns);
        TableParts {
            create: CreateTable {
                name: table,
                columns: definitions,
                constraints,
                open,
                comment: None,
                partition_of: None,
                temporary: false,
                if_not_exists: false,
            },
            indexes,
        }
    }

    /// The primary key: an explicit one with columns, else the columns marked with `primary_key=True`.
    fn primary_key(
        &mut self,
        table: &SmolStr,
        columns: &[ColumnDdl],
        constraints: &mut Vec<Constraint>,
        emitted: &mut Emitted,
    ) {
        let marked: Vec<SmolStr> = columns
            .iter()
            .filter(|column| column.is_primary_key)
            .map(|column| column.definition.column.name.clone())
            .collect();
        let explicit = constraints
            .iter_mut()
            .find(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }));
        if let Some(explicit) = explicit {
            if let ConstraintKind::PrimaryKey { columns } = &mut explicit.kind
                && columns.is_empty()
            {
                *columns = marked;
            }
            return;
        }
        if marked.is_empty() {
            return;
        }
        let parts = NameParts {
            table,
            columns: &marked,
            ..NameParts::default()
        };
        match self.semantics.naming.name(
            self.semantics.dialect,
            ConstraintLabel::PrimaryKey,
            None,
            false,
            &parts,
        ) {
            Ok(name) => {
                let mut key =
                    Constraint::new(None, ConstraintKind::PrimaryKey { columns: marked }, None);
                key.name = name;
                constraints.push(key);
            }
            Err(error) => emitted.errors.push(error),
        }
    }

    /// `unique=True` and `index=True`, and the index that `GeoAlchemy2` makes.
    pub(super) fn flags(
        &mut self,
        table: &SmolStr,
        column: &ColumnDdl,
        constraints: &mut Vec<Constraint>,
        indexes: &mut Vec<NewIndex>,
        emitted: &mut Emitted,
    ) {
        let name = column.definition.column.name.clone();
        if column.is_spatial {
            let mut definition = IndexDefinition::on(vec![name.clone()], false);
            definition.using = SmolStr::new_static("gist");
            indexes.push(NewIndex {
                name: Some(format_smolstr!("idx_{}_{name}", Self::bare(table))),
                definition: Fact::Known(definition),
                is_certain: false,
            });
        }
        if column.is_indexed {
            let definition = Fact::Known(IndexDefinition::on(vec![name], column.is_unique));
            let name = self.index_name(table, None, false, &definition);
            indexes.push(NewIndex {
                name,
                definition,
                is_certain: true,
            });
        } else if column.is_unique {
            let columns = vec![name];
            let parts = NameParts {
                table: Self::bare(table),
                columns: &columns,
                ..NameParts::default()
            };
            match self.semantics.naming.name(
                self.semantics.dialect,
                ConstraintLabel::Unique,
                None,
                false,
                &parts,
            ) {
                Ok(name) => {
                    let kind = ConstraintKind::Unique {
                        columns,
                        nulls_not_distinct: false,
                    };
                    let mut unique =
                        Constraint::new(None, kind, column.definition.column.place.clone());
                    unique.name = name;
                    constraints.push(unique);
                }
                Err(error) => emitted.errors.push(error),
            }
        }
    }

    /// The CHECK of a non-native enum or boolean. An error says that the naming convention wants it to have a name,
    /// which SQLAlchemy overlooks since 1.4.
    pub(super) fn type_check(
        &mut self,
        table: &SmolStr,
        column: &ColumnDdl,
        constraints: &mut Vec<Constraint>,
    ) -> Result<(), String> {
        let Some((given, check)) = &column.type_check else {
            return Ok(());
        };
        let name = &column.definition.column.name;
        let expression = check_text(name, check, self.semantics.dialect);
        let columns = vec![name.clone()];
        let parts = NameParts {
            table,
            columns: &columns,
            ..NameParts::default()
        };
        let name = self.semantics.naming.name(
            self.semantics.dialect,
            ConstraintLabel::Check,
            given.as_deref(),
            false,
            &parts,
        );
        let canonical = crate::sql::canonical_expression(&expression, self.semantics.dialect);
        note(self.interpreter, Worded::Expression, &canonical, expression);
        let kind = ConstraintKind::Check {
            expression: Fact::Known(canonical),
            columns,
        };
        let place = column.definition.column.place.clone();
        let mut constraint = Constraint::new(None, kind, place);
        let (name, outcome) = match name {
            Ok(name) => (name, Ok(())),
            Err(error) => (Fact::Known(None), Err(error)),
        };
        constraint.name = name;
        constraints.push(perhaps_ignored(constraint, self.semantics.dialect));
        outcome
    }

    /// The schema of a table as it is named, also the default one.
    fn named_schema(&self, table: &str) -> Option<String> {
        let says_public = || {
            let said = self.keyword("schema");
            said.and_then(|said| said.as_str().map(|said| &**said == "public")) == Some(true)
        };
        match table.rsplit_once('.') {
            Some((schema, _)) => Some(schema.replace('.', "_")),
            None => (self.is_in_public || says_public()).then(|| "public".to_owned()),
        }
    }

    /// The name of an index: SQLAlchemy makes `ix_<schema>_<table>_<first column>` where none is given.
    pub(super) fn index_name(
        &self,
        table: &SmolStr,
        given: Option<&SmolStr>,
        is_final: bool,
        definition: &Fact<IndexDefinition>,
    ) -> Option<SmolStr> {
        let columns: Vec<SmolStr> = definition
            .known()
            .map(|definition| definition.keys.iter().map(|key| key.text.clone()).collect())
            .unwrap_or_default();
        let schema = self.named_schema(table);
        let parts = NameParts {
            table: Self::bare(table),
            schema: schema.as_deref(),
            columns: &columns,
            ..NameParts::default()
        };
        let named = self
            .semantics
            .naming
            .name(
                self.semantics.dialect,
                ConstraintLabel::Index,
                given.map(SmolStr::as_str),
                is_final,
                &parts,
            )
            .ok()
            .and_then(|name| name.known().cloned().flatten());
        named.or_else(|| {
            let label = NameParts {
                columns: columns.get(..1)?,
                ..parts
            };
            let name = crate::sqlalchemy::ddl::default_index_name(&label)?;
            Some(SmolStr::new(crate::sqlalchemy::ddl::truncated(
                &name,
                self.semantics.dialect,
            )))
        })
    }

    pub(super) fn drop_table(&mut self) -> Emitted {
        match self.table(0, "table_name") {
            Some(name) => Emitted::one(Ddl::DropTable {
                name,
                if_exists: self.guard("if_exists"),
                cascade: false,
            }),
            None => self.nameless("op.drop_table", None),
        }
    }

    pub(super) fn rename_table(&mut self) -> Emitted {
        let (Some(table), Some(new_name)) = (
            self.table(0, "old_table_name"),
            self.name(1, "new_table_name"),
        ) else {
            return self.nameless("op.rename_table", self.table(0, "old_table_name"));
        };
        let new_name = crate::sqlalchemy::qualified(self.schema("schema").as_deref(), &new_name);
        Emitted::one(Ddl::AlterTable {
            table,
            if_exists: false,
            action: AlterAction::RenameTable { new_name },
        })
    }

    pub(super) fn table_comment(&mut self, sets: bool) -> Emitted {
        let Some(table) = self.table(0, "table_name") else {
            return self.nameless("op.create_table_comment", None);
        };
        let text = if sets {
            match self.value(self.shifted(1), "comment") {
                None | Some(Value::None) => Fact::Known(None),
                Some(value) => match value.as_str() {
                    Some(text) => Fact::Known(Some(SmolStr::new(&**text))),
                    None => Fact::Unknown(self.why("the comment is not known")),
                },
            }
        } else {
            Fact::Known(None)
        };
        Emitted::one(Ddl::Comment {
            target: CommentTarget::Table(table),
            text,
        })
    }
}

/// A CHECK that comes with a type. MySQL ignores it before 8.0.16, and which version ran an old migration is not known.
pub(super) fn perhaps_ignored(mut check: Constraint, dialect: Dialect) -> Constraint {
    if dialect == Dialect::MySql {
        check.maybe = Some(Why::new("MySQL before 8.0.16 ignores `CHECK`", None));
    }
    check
}

/// The condition of a CHECK that comes with a type.
pub(super) fn check_text(column: &str, check: &TypeCheck, dialect: Dialect) -> String {
    let column = identifier(column, dialect);
    match check {
        TypeCheck::Boolean => format!("{column} IN (0, 1)"),
        TypeCheck::Labels(labels) => {
            let labels: Vec<String> = labels
                .iter()
                .map(|label| format!("'{}'", label.replace('\'', "''")))
                .collect();
            format!("{column} IN ({})", labels.join(", "))
        }
    }
}

/// The beginning of a text, on one line.
fn shortened(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 60 {
        let start: String = line.chars().take(57).collect();
        format!("{start}…")
    } else {
        line
    }
}
