//! `ALTER` of types, sequences, indexes and other objects.

use smol_str::SmolStr;

use super::super::source::{beside, in_schema};
use super::Reader;
use crate::catalog::{Ddl, LabelPosition, ObjectKind, SequenceChange};

impl Reader<'_> {
    pub(super) fn alter(&mut self) -> Option<Vec<Ddl>> {
        let ddl = if self.cursor.take("type") {
            self.alter_type()?
        } else if self.cursor.take("sequence") {
            self.alter_sequence()?
        } else if self.cursor.take("index") {
            self.alter_index()?
        } else if self.cursor.take_all(&["default", "privileges"])
            || self.cursor.take("system")
            || self.cursor.take("database")
            || self.cursor.take("tablespace")
        {
            // Neither grants nor the server's settings are tracked.
            Ddl::Nothing
        } else {
            let kind = self.kind()?;
            self.alter_object(kind)?
        };
        Some(vec![ddl])
    }

    fn alter_type(&mut self) -> Option<Ddl> {
        let name = self.cursor.name()?;
        if self.cursor.take_all(&["add", "value"]) {
            let if_not_exists = self.cursor.if_not_exists();
            let label = self.cursor.string()?;
            let position = if self.cursor.take("before") {
                LabelPosition::Before(self.cursor.string()?)
            } else if self.cursor.take("after") {
                LabelPosition::After(self.cursor.string()?)
            } else {
                LabelPosition::Last
            };
            return Some(Ddl::AddEnumLabel {
                name,
                label,
                position,
                if_not_exists,
            });
        }
        if self.cursor.take_all(&["rename", "value"]) {
            let label = self.cursor.string()?;
            self.cursor.take("to");
            return Some(Ddl::RenameEnumLabel {
                name,
                label,
                new_label: self.cursor.string()?,
            });
        }
        if let Some(new_name) = self.new_name(&name)? {
            return Some(Ddl::RenameType { name, new_name });
        }
        if self.cursor.is("owner") {
            return Some(Ddl::Nothing);
        }
        Some(self.changed(ObjectKind::Composite, name, None, None))
    }

    fn alter_sequence(&mut self) -> Option<Ddl> {
        let if_exists = self.cursor.if_exists();
        let name = self.cursor.name()?;
        let change = if let Some(new_name) = self.new_name(&name)? {
            SequenceChange::Rename(new_name)
        } else if self.cursor.skip_past(&["owned"]) {
            self.cursor.take("by");
            SequenceChange::OwnedBy(self.owned_by()?)
        } else if let Some(data_type) = self.sequence_type() {
            SequenceChange::Type(data_type)
        } else {
            SequenceChange::Other
        };
        Some(Ddl::AlterSequence {
            name,
            change,
            if_exists,
        })
    }

    fn alter_index(&mut self) -> Option<Ddl> {
        let if_exists = self.cursor.if_exists();
        let name = self.cursor.name()?;
        Some(match self.new_name(&name)? {
            Some(new_name) => Ddl::RenameIndex {
                name,
                table: None,
                new_name,
                if_exists,
            },
            // Storage, statistics and partitions.
            None => Ddl::Nothing,
        })
    }

    fn alter_object(&mut self, kind: ObjectKind) -> Option<Ddl> {
        // Roles, their settings and mappings are outside of the schema.
        if matches!(kind, ObjectKind::Role) {
            return Some(Ddl::Nothing);
        }
        let _ = self.cursor.if_exists();
        let name = self.object_name(kind)?;
        let on = match kind {
            ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => Some(self.on()?),
            _ => None,
        };
        if self.cursor.is("owner") {
            return Some(Ddl::Nothing);
        }
        let new_name = match self.new_name(&name)? {
            Some(new_name) if kind == ObjectKind::Domain => {
                return Some(Ddl::RenameType { name, new_name });
            }
            new_name => new_name,
        };
        Some(self.changed(kind, name, on, new_name))
    }

    /// The name after `RENAME TO` or `SET SCHEMA`. The outer `None` is a name that is not known.
    #[expect(
        clippy::option_option,
        reason = "no new name, or one that is not known"
    )]
    fn new_name(&mut self, name: &str) -> Option<Option<SmolStr>> {
        // The types of arguments stay.
        let (bare, arguments) = match name.find('(') {
            Some(open) => name.split_at(open),
            None => (name, ""),
        };
        if self.cursor.take_all(&["rename", "to"]) {
            let new_name = beside(bare, &self.cursor.name()?);
            return Some(Some(smol_str::format_smolstr!("{new_name}{arguments}")));
        }
        if self.cursor.take_all(&["set", "schema"]) {
            let new_name = in_schema(bare, &self.cursor.name()?);
            return Some(Some(smol_str::format_smolstr!("{new_name}{arguments}")));
        }
        Some(None)
    }

    fn changed(
        &self,
        kind: ObjectKind,
        name: SmolStr,
        on: Option<SmolStr>,
        new_name: Option<SmolStr>,
    ) -> Ddl {
        Ddl::AlterObject {
            kind,
            name,
            on,
            new_name,
            change: self.text(),
        }
    }
}
