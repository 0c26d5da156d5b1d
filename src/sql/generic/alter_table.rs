//! `ALTER TABLE` and `RENAME TABLE`.

use smol_str::SmolStr;

use super::super::source::beside;
use super::super::unnamed;
use super::Reader;
use super::constraint::Item;
use crate::catalog::{AlterAction, ColumnDefinition, CommentTarget, Ddl, Fact, Taken};

/// Words at the beginning of what leaves columns and constraints alone: storage, character sets, locks.
const OTHER: &[&str] = &[
    "algorithm",
    "auto_increment",
    "avg_row_length",
    "character",
    "charset",
    "checksum",
    "collate",
    "convert",
    "default",
    "delay_key_write",
    "disable",
    "discard",
    "enable",
    "engine",
    "force",
    "import",
    "key_block_size",
    "lock",
    "max_rows",
    "min_rows",
    "order",
    "pack_keys",
    "row_format",
    "stats_auto_recalc",
    "stats_persistent",
    "tablespace",
    "with",
    "without",
];

impl Reader<'_> {
    pub(super) fn alter_table(&mut self) -> Option<Vec<Ddl>> {
        let if_exists = self.cursor.if_exists();
        let Some(table) = self.cursor.name() else {
            return self.alter_unnamed();
        };
        let mut found = Vec::new();
        loop {
            let start = self.cursor.here();
            let actions = self.action_of(&table).unwrap_or_else(|| {
                vec![Does::Alter(AlterAction::Opaque {
                    what: super::super::parse::summary(self.source, start..self.range.end),
                    takes: None,
                })]
            });
            self.skip_item();
            found.extend(actions.into_iter().map(|action| match action {
                Does::Alter(action) => Ddl::AlterTable {
                    table: table.clone(),
                    if_exists,
                    action,
                },
                Does::Other(ddl) => ddl,
            }));
            if !self.cursor.take_punctuation(",") {
                return self.cursor.peek().is_none().then_some(found);
            }
        }
    }

    /// A table of an unknown name: what leaves its columns alone is known all the same.
    fn alter_unnamed(&mut self) -> Option<Vec<Ddl>> {
        let mut actions = Vec::new();
        loop {
            for action in self.action_of(&SmolStr::default())? {
                match action {
                    Does::Alter(action) => actions.push(action),
                    Does::Other(_) => return None,
                }
            }
            self.skip_item();
            if !self.cursor.take_punctuation(",") {
                break;
            }
        }
        unnamed::harmless("ALTER TABLE …", &actions).map(|ddl| vec![ddl])
    }

    /// `RENAME TABLE a TO b, c TO d`
    pub(super) fn rename_tables(&mut self) -> Option<Vec<Ddl>> {
        let _ = self.cursor.take("table") || self.cursor.take("tables");
        let mut found = Vec::new();
        loop {
            let table = self.cursor.name()?;
            self.cursor.take("to");
            let new_name = beside(&table, &self.cursor.name()?);
            found.push(Ddl::AlterTable {
                table,
                if_exists: false,
                action: AlterAction::RenameTable { new_name },
            });
            if !self.cursor.take_punctuation(",") {
                return Some(found);
            }
        }
    }

    fn action_of(&mut self, table: &SmolStr) -> Option<Vec<Does>> {
        if self.cursor.take("add") {
            return self.add(table);
        }
        if self.cursor.take("drop") {
            return self.drop_part(table);
        }
        if self.cursor.take("modify") {
            self.cursor.take("column");
            let _ = self.cursor.if_exists();
            let definition = self.column_definition()?;
            return Some(redefine(table, definition));
        }
        if self.cursor.take("change") {
            self.cursor.take("column");
            let _ = self.cursor.if_exists();
            let name = self.cursor.name()?;
            let definition = self.column_definition()?;
            let mut found = Vec::new();
            let new_name = definition.column.name.clone();
            if new_name != name {
                found.push(Does::Alter(AlterAction::RenameColumn { name, new_name }));
            }
            found.extend(redefine(table, definition));
            return Some(found);
        }
        if self.cursor.take("alter") {
            return self.alter_part().map(|action| vec![Does::Alter(action)]);
        }
        if self.cursor.take("rename") {
            return self.rename(table).map(|action| vec![action]);
        }
        if self.cursor.take("comment") {
            self.cursor.take_punctuation("=");
            return Some(vec![Does::Other(Ddl::Comment {
                target: CommentTarget::Table(table.clone()),
                text: Fact::Known(Some(self.cursor.string()?)),
            })]);
        }
        OTHER
            .iter()
            .any(|word| self.cursor.is(word))
            .then(|| vec![Does::Alter(AlterAction::Other)])
    }

    fn add(&mut self, table: &SmolStr) -> Option<Vec<Does>> {
        if self.at_item() {
            return Some(vec![match self.item(table)? {
                Item::Constraint(constraint) => Does::Alter(AlterAction::AddConstraint(constraint)),
                Item::Index(index) => Does::Other(index),
            }]);
        }
        if self.cursor.take("partition") {
            return Some(vec![Does::Alter(AlterAction::Other)]);
        }
        self.cursor.take("column");
        let if_not_exists = self.cursor.if_not_exists();
        let added = |definition| {
            Does::Alter(AlterAction::AddColumn {
                definition: Box::new(definition),
                if_not_exists,
            })
        };
        if !self.cursor.take_punctuation("(") {
            return Some(vec![added(self.column_definition()?)]);
        }
        let mut found = Vec::new();
        loop {
            found.push(added(self.column_definition()?));
            if self.cursor.take_punctuation(")") {
                return Some(found);
            }
            if !self.cursor.take_punctuation(",") {
                return None;
            }
        }
    }

    fn drop_part(&mut self, table: &SmolStr) -> Option<Vec<Does>> {
        if self.cursor.take_all(&["primary", "key"]) {
            return Some(vec![Does::Alter(AlterAction::DropPrimaryKey)]);
        }
        let is_index = self.names_another(&["index", "key"]);
        if is_index {
            self.cursor.skip();
            let if_exists = self.cursor.if_exists();
            return Some(vec![Does::Other(Ddl::DropIndex {
                name: self.cursor.name()?,
                table: Some(table.clone()),
                if_exists,
                concurrently: false,
            })]);
        }
        let is_constraint = self.cursor.take_all(&["foreign", "key"])
            || self.names_another(&["check", "constraint"]) && {
                self.cursor.skip();
                true
            };
        if is_constraint {
            let if_exists = self.cursor.if_exists();
            let action = match self.cursor.name() {
                Some(name) => AlterAction::DropConstraint {
                    name,
                    if_exists,
                    cascade: false,
                },
                None => AlterAction::Opaque {
                    what: "drop constraint …".to_owned(),
                    takes: Some(Taken::One),
                },
            };
            return Some(vec![Does::Alter(action)]);
        }
        if self.cursor.take("partition") {
            return Some(vec![Does::Alter(AlterAction::Other)]);
        }
        if self.names_another(&["column"]) {
            self.cursor.skip();
        }
        let if_exists = self.cursor.if_exists();
        Some(vec![Does::Alter(AlterAction::DropColumn {
            name: self.cursor.name()?,
            if_exists,
            cascade: false,
        })])
    }

    /// True at one of these words if something follows that it can be about.
    fn names_another(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.cursor.is(word))
            && self
                .cursor
                .rest()
                .get(1)
                .is_some_and(|next| !next.is_punctuation(","))
    }

    fn alter_part(&mut self) -> Option<AlterAction> {
        if self.cursor.take("index") || self.cursor.take("check") || self.cursor.take("constraint")
        {
            return Some(AlterAction::Other);
        }
        self.cursor.take("column");
        let column = self.cursor.name()?;
        if self.cursor.take_all(&["drop", "default"]) {
            return Some(AlterAction::SetDefault {
                column,
                default: Fact::Known(None),
            });
        }
        if self.cursor.take_all(&["set", "default"]) {
            let range = self.value()?;
            return Some(AlterAction::SetDefault {
                column,
                default: self.source.default(range),
            });
        }
        if self.cursor.take_all(&["set", "visible"]) || self.cursor.take_all(&["set", "invisible"])
        {
            return Some(AlterAction::Other);
        }
        None
    }

    fn rename(&mut self, table: &SmolStr) -> Option<Does> {
        if self.cursor.take("index") || self.cursor.take("key") {
            let name = self.cursor.name()?;
            self.cursor.take("to");
            return Some(Does::Other(Ddl::RenameIndex {
                name,
                table: Some(table.clone()),
                new_name: self.cursor.name()?,
                if_exists: false,
            }));
        }
        if self.cursor.take("to") || self.cursor.take("as") {
            return Some(Does::Alter(AlterAction::RenameTable {
                new_name: beside(table, &self.cursor.name()?),
            }));
        }
        self.cursor.take("column");
        let name = self.cursor.name()?;
        self.cursor.take("to");
        Some(Does::Alter(AlterAction::RenameColumn {
            name,
            new_name: self.cursor.name()?,
        }))
    }
}

/// Part of an `ALTER TABLE`: some parts are statements of their own in other dialects.
enum Does {
    Alter(AlterAction),
    Other(Ddl),
}

/// Everything that a column is said to be anew: what is not said falls back to nothing.
fn redefine(table: &SmolStr, definition: ColumnDefinition) -> Vec<Does> {
    let column = definition.column;
    let mut found = vec![
        Does::Alter(AlterAction::AlterType {
            column: column.name.clone(),
            column_type: column.column_type,
            using: false,
        }),
        Does::Alter(AlterAction::SetNullable {
            column: column.name.clone(),
            nullable: column.nullable.is(&true),
        }),
        Does::Alter(AlterAction::SetDefault {
            column: column.name.clone(),
            default: column.default,
        }),
        Does::Other(Ddl::Comment {
            target: CommentTarget::Column {
                table: table.clone(),
                column: column.name,
            },
            text: column.comment,
        }),
    ];
    found.extend(
        definition
            .constraints
            .into_iter()
            .map(|constraint| Does::Alter(AlterAction::AddConstraint(constraint))),
    );
    found
}
