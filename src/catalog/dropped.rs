//! Statements that drop what a difference is about.

use smol_str::SmolStr;

use super::objects::Catalog;
use super::{AlterAction, Ddl, Difference, Subject};

impl Difference {
    /// True for a statement that drops the object if it is there.
    pub(crate) fn is_dropped_if_there(&self, ddl: &Ddl) -> bool {
        let (subject, object) = (self.subject, self.object.as_str());
        let is_part = |table: &SmolStr, name: &SmolStr| {
            object
                .strip_prefix(table.as_str())
                .and_then(|rest| rest.strip_prefix('.'))
                == Some(name.as_str())
        };
        match (ddl, subject) {
            (
                Ddl::DropTable {
                    name,
                    if_exists: true,
                    ..
                },
                Subject::Table,
            )
            | (
                Ddl::DropType {
                    name,
                    if_exists: true,
                    ..
                },
                Subject::Enum,
            )
            | (
                Ddl::DropSequence {
                    name,
                    if_exists: true,
                    ..
                },
                Subject::Sequence,
            ) => name == object,
            (
                Ddl::DropIndex {
                    name,
                    if_exists: true,
                    ..
                },
                Subject::Index,
            ) => object.rsplit('.').next() == name.rsplit('.').next(),
            (
                Ddl::DropObject {
                    kind,
                    name,
                    on,
                    if_exists: true,
                    ..
                },
                Subject::Object(of),
            ) => *kind == of && Catalog::key(*kind, name, on.as_ref()).name == object,
            (
                Ddl::AlterTable {
                    table,
                    action:
                        AlterAction::DropColumn {
                            name,
                            if_exists: true,
                            ..
                        },
                    ..
                },
                Subject::Column,
            )
            | (
                Ddl::AlterTable {
                    table,
                    action:
                        AlterAction::DropConstraint {
                            name,
                            if_exists: true,
                            ..
                        },
                    ..
                },
                Subject::PrimaryKey
                | Subject::Unique
                | Subject::ForeignKey
                | Subject::Check
                | Subject::Exclude
                | Subject::Constraint,
            ) => is_part(table, name),
            _ => false,
        }
    }
}
