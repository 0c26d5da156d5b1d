//! `ALTER TABLE`.

use super::table::known;
use super::{Writer, comment, when};
use crate::catalog::AlterAction;
use crate::dialect::Dialect;
use crate::sqlalchemy::Worded;

impl Writer<'_> {
    pub(super) fn alter_table(self, table: &str, action: &AlterAction, out: &mut Vec<String>) {
        let column = |name: &str| self.name(name);
        let text = match action {
            AlterAction::AddColumn {
                definition,
                if_not_exists,
            } => format!(
                "ADD COLUMN {}{}",
                when(*if_not_exists, "IF NOT EXISTS "),
                self.column(definition, false)
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
                let written = self.wording.of(Worded::Type, name);
                let spelling = written.unwrap_or_else(|| known(column_type));
                let used = self.wording.of(Worded::Using, name);
                if self.dialect == Dialect::MySql {
                    format!("MODIFY {} {spelling}", column(name))
                } else {
                    format!(
                        "ALTER COLUMN {} TYPE {spelling}{}",
                        column(name),
                        used.map_or_else(
                            || when(*using, " USING …").to_owned(),
                            |used| format!(" USING {used}")
                        )
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
            } => match self.default_of(name, default) {
                None => format!("ALTER COLUMN {} DROP DEFAULT", column(name)),
                Some(default) => {
                    format!("ALTER COLUMN {} SET DEFAULT {default}", column(name))
                }
            },
            AlterAction::SetIdentity {
                column: name,
                identity,
                ..
            } => match identity {
                Some(identity) => format!(
                    "ALTER COLUMN {} ADD {}",
                    column(name),
                    self.identity(name, identity)
                ),
                None => format!("ALTER COLUMN {} DROP IDENTITY", column(name)),
            },
            AlterAction::DropGenerated { column: name, .. } => {
                format!("ALTER COLUMN {} DROP EXPRESSION", column(name))
            }
            AlterAction::RenameColumn { name, new_name } => {
                format!("RENAME {} TO {}", column(name), column(new_name))
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
                "DROP {} {}{}{}",
                // `visit_drop_constraint` of MySQL.
                match self
                    .wording
                    .of(Worded::Option, "drop")
                    .filter(|_| self.dialect == Dialect::MySql)
                {
                    Some("foreignkey") => "FOREIGN KEY",
                    Some("check") => "CHECK",
                    _ => "CONSTRAINT",
                },
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
            AlterAction::RenameTable { new_name } => {
                format!("RENAME TO {}", self.qualified(new_name))
            }
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
            AlterAction::Opaque { what, .. } => {
                out.push(comment(&format!("ALTER TABLE {table}, not known: {what}")));
                return;
            }
        };
        out.push(format!("ALTER TABLE {} {text};", self.qualified(table)));
    }
}
