//! Statements about tables, their columns, constraints and indexes.

use smol_str::SmolStr;

use super::{Writer, comment, when};
use crate::catalog::{
    AlterAction, ColumnDefinition, Constraint, ConstraintKind, CreateTable, Fact, IndexDefinition,
    LikeClause,
};
use crate::dialect::Dialect;
use crate::report::schema::identifiers::{identifiers, references};

/// Stands for what is not known.
const UNKNOWN: &str = "/* not known */";

impl Writer {
    pub(super) fn create_table(self, create: &CreateTable, like: &[LikeClause]) -> String {
        let mut parts: Vec<String> = create
            .columns
            .iter()
            .map(|column| self.column(column))
            .collect();
        parts.extend(
            like.iter()
                .map(|like| format!("LIKE {}", self.qualified(&like.table))),
        );
        parts.extend(
            create
                .constraints
                .iter()
                .map(|constraint| self.constraint(constraint)),
        );
        if let Some(open) = &create.open {
            parts.push(comment(&format!("and what is not known: {open}")));
        }
        let head = format!(
            "CREATE {}TABLE {}{}",
            when(create.temporary, "TEMPORARY "),
            when(create.if_not_exists, "IF NOT EXISTS "),
            self.qualified(&create.name)
        );
        if let Some(parent) = &create.partition_of {
            return format!("{head} PARTITION OF {} …;", self.qualified(parent));
        }
        if parts.is_empty() {
            return format!("{head} ();");
        }
        // A comment ends with its line, so the comma stands before it.
        let last = parts.len() - 1;
        let lines: Vec<String> = parts
            .iter()
            .enumerate()
            .map(|(index, part)| {
                let has_next = parts
                    .get(index + 1..)
                    .is_some_and(|rest| rest.iter().any(|part| !part.starts_with("--")));
                if index == last || !has_next || part.starts_with("--") {
                    format!("    {part}")
                } else {
                    format!("    {part},")
                }
            })
            .collect();
        format!("{head} (\n{}\n);", lines.join("\n"))
    }

    pub(super) fn column(self, definition: &ColumnDefinition) -> String {
        let column = &definition.column;
        let mut text = self.name(&column.name);
        text.push(' ');
        match (&column.column_type, definition.serial) {
            (Fact::Known(spelling), true) if self.dialect == Dialect::PostgreSql => {
                text.push_str(match spelling.as_str() {
                    "bigint" => "bigserial",
                    "smallint" => "smallserial",
                    _ => "serial",
                });
            }
            (Fact::Known(spelling), _) => text.push_str(spelling),
            (Fact::Unknown(_), _) => text.push_str(UNKNOWN),
        }
        match &column.default {
            Fact::Known(Some(default)) if !definition.serial => {
                text.push_str(&format!(" DEFAULT {default}"));
            }
            Fact::Unknown(_) => text.push_str(&format!(" DEFAULT {UNKNOWN}")),
            Fact::Known(_) => {}
        }
        if let Fact::Known(Some(identity)) = &column.identity {
            text.push_str(&format!(" GENERATED {identity} AS IDENTITY"));
        }
        if let Fact::Known(Some(expression)) = &column.generated {
            text.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED"));
        }
        if column.nullable.is(&false) {
            text.push_str(" NOT NULL");
        }
        for constraint in &definition.constraints {
            text.push(' ');
            text.push_str(&self.inline(constraint));
        }
        text
    }

    /// A constraint as it stands at its column.
    fn inline(self, constraint: &Constraint) -> String {
        let body = match &constraint.kind {
            ConstraintKind::PrimaryKey { .. } => "PRIMARY KEY".to_owned(),
            ConstraintKind::Unique { .. } => "UNIQUE".to_owned(),
            ConstraintKind::ForeignKey(key) => references(key, self.dialect),
            _ => return self.constraint(constraint),
        };
        match constraint.known_name().filter(|_| !constraint.is_unnamed) {
            Some(name) => format!("CONSTRAINT {} {body}", self.name(name)),
            None => body,
        }
    }

    pub(super) fn constraint(self, constraint: &Constraint) -> String {
        let body = match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } => {
                format!("PRIMARY KEY ({})", identifiers(columns, self.dialect))
            }
            ConstraintKind::Unique {
                columns,
                nulls_not_distinct,
            } => format!(
                "UNIQUE{} ({})",
                when(*nulls_not_distinct, " NULLS NOT DISTINCT"),
                identifiers(columns, self.dialect)
            ),
            ConstraintKind::ForeignKey(key) => {
                format!(
                    "FOREIGN KEY ({}) {}",
                    identifiers(&key.columns, self.dialect),
                    references(key, self.dialect)
                )
            }
            ConstraintKind::Check { expression, .. } => {
                format!("CHECK ({})", known(expression))
            }
            ConstraintKind::Exclude { definition, .. } => format!("EXCLUDE {}", known(definition)),
            ConstraintKind::Unknown { .. } => UNKNOWN.to_owned(),
        };
        let name = constraint.known_name().filter(|_| !constraint.is_unnamed);
        let mut text = match name {
            Some(name) => format!("CONSTRAINT {} {body}", self.name(name)),
            None => body,
        };
        if let Some(deferrable) = &constraint.deferrable {
            text.push_str(&format!(" {deferrable}"));
        }
        text.push_str(when(constraint.not_valid, " NOT VALID"));
        text
    }

    pub(super) fn create_index(
        self,
        name: Option<&str>,
        table: &str,
        definition: &Fact<IndexDefinition>,
        words: [&str; 2],
    ) -> String {
        let [concurrently, if_not_exists] = words;
        let shown = name.map_or_else(String::new, |name| format!("{} ", self.name(name)));
        let Fact::Known(definition) = definition else {
            return comment(&format!("CREATE INDEX {shown}ON {table} {UNKNOWN}"));
        };
        let keys: Vec<String> = definition
            .keys
            .iter()
            .map(|key| {
                let mut text = if key.is_column {
                    self.name(&key.text)
                } else {
                    format!("({})", key.text)
                };
                for part in [&key.operator_class, &key.order].into_iter().flatten() {
                    text.push_str(&format!(" {part}"));
                }
                text
            })
            .collect();
        let mut text = format!(
            "CREATE {}INDEX {concurrently}{if_not_exists}{shown}ON {}",
            when(definition.unique, "UNIQUE "),
            self.qualified(table)
        );
        if definition.using != "btree" {
            text.push_str(&format!(" USING {}", definition.using));
        }
        text.push_str(&format!(" ({})", keys.join(", ")));
        if !definition.include.is_empty() {
            text.push_str(&format!(
                " INCLUDE ({})",
                identifiers(&definition.include, self.dialect)
            ));
        }
        text.push_str(when(definition.nulls_not_distinct, " NULLS NOT DISTINCT"));
        if let Some(predicate) = &definition.predicate {
            text.push_str(&format!(" WHERE {predicate}"));
        }
        text.push(';');
        text
    }

    pub(super) fn alter_table(self, table: &str, action: &AlterAction, out: &mut Vec<String>) {
        let column = |name: &str| self.name(name);
        let text = match action {
            AlterAction::AddColumn {
                definition,
                if_not_exists,
            } => format!(
                "ADD COLUMN {}{}",
                when(*if_not_exists, "IF NOT EXISTS "),
                self.column(definition)
            ),
            AlterAction::DropColumn {
                name,
                if_exists,
                cascade,
            } => format!(
                "DROP COLUMN {}{}{}",
                when(*if_exists, "IF EXISTS "),
                column(name),
                when(*cascade, " CASCADE")
            ),
            AlterAction::AlterType {
                column: name,
                column_type,
                using,
            } => {
                let spelling = column_type.known().map_or(UNKNOWN, SmolStr::as_str);
                if self.dialect == Dialect::MySql {
                    format!("MODIFY {} {spelling}", column(name))
                } else {
                    format!(
                        "ALTER COLUMN {} TYPE {spelling}{}",
                        column(name),
                        when(*using, " USING …")
                    )
                }
            }
            AlterAction::SetNullable {
                column: name,
                nullable,
            } => format!(
                "ALTER COLUMN {} {} NOT NULL",
                column(name),
                if *nullable { "DROP" } else { "SET" }
            ),
            AlterAction::SetDefault {
                column: name,
                default,
            } => match default {
                Fact::Known(None) => format!("ALTER COLUMN {} DROP DEFAULT", column(name)),
                Fact::Known(Some(default)) => {
                    format!("ALTER COLUMN {} SET DEFAULT {default}", column(name))
                }
                Fact::Unknown(_) => {
                    format!("ALTER COLUMN {} SET DEFAULT {UNKNOWN}", column(name))
                }
            },
            AlterAction::SetIdentity {
                column: name,
                identity,
                ..
            } => match identity {
                Some(identity) => format!(
                    "ALTER COLUMN {} ADD GENERATED {identity} AS IDENTITY",
                    column(name)
                ),
                None => format!("ALTER COLUMN {} DROP IDENTITY", column(name)),
            },
            AlterAction::DropGenerated { column: name, .. } => {
                format!("ALTER COLUMN {} DROP EXPRESSION", column(name))
            }
            AlterAction::RenameColumn { name, new_name } => {
                format!("RENAME COLUMN {} TO {}", column(name), column(new_name))
            }
            AlterAction::AddConstraint(constraint) => {
                format!("ADD {}", self.constraint(constraint))
            }
            AlterAction::AddConstraintUsingIndex {
                name,
                index,
                primary_key,
            } => format!(
                "ADD CONSTRAINT {} {} USING INDEX {}",
                column(name),
                if *primary_key {
                    "PRIMARY KEY"
                } else {
                    "UNIQUE"
                },
                column(index)
            ),
            AlterAction::DropConstraint {
                name,
                if_exists,
                cascade,
            } => format!(
                "DROP CONSTRAINT {}{}{}",
                when(*if_exists, "IF EXISTS "),
                column(name),
                when(*cascade, " CASCADE")
            ),
            AlterAction::DropPrimaryKey => "DROP PRIMARY KEY".to_owned(),
            AlterAction::RenameConstraint { name, new_name } => {
                format!("RENAME CONSTRAINT {} TO {}", column(name), column(new_name))
            }
            AlterAction::ValidateConstraint { name } => {
                format!("VALIDATE CONSTRAINT {}", column(name))
            }
            AlterAction::RenameTable { new_name } => format!("RENAME TO {}", column(new_name)),
            AlterAction::SetSchema { schema } => format!("SET SCHEMA {}", column(schema)),
            AlterAction::RowSecurity { enabled } => format!(
                "{} ROW LEVEL SECURITY",
                if *enabled { "ENABLE" } else { "DISABLE" }
            ),
            AlterAction::AttachPartition { partition } => {
                format!("ATTACH PARTITION {} …", self.qualified(partition))
            }
            AlterAction::DetachPartition { partition } => {
                format!("DETACH PARTITION {}", self.qualified(partition))
            }
            AlterAction::Other => {
                out.push(comment(&format!("ALTER TABLE {table} …")));
                return;
            }
            AlterAction::Opaque { what } => {
                out.push(comment(&format!("ALTER TABLE {table}, not known: {what}")));
                return;
            }
        };
        out.push(format!("ALTER TABLE {} {text};", self.qualified(table)));
    }
}

fn known(fact: &Fact<SmolStr>) -> &str {
    fact.known().map_or(UNKNOWN, SmolStr::as_str)
}
