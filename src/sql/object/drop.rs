//! `DROP` of types, sequences and other objects.

use super::Reader;
use crate::catalog::{Ddl, ObjectKind};
use crate::dialect::Dialect;

impl Reader<'_> {
    pub(super) fn drop(&mut self) -> Option<Vec<Ddl>> {
        let dropped = self.each_drop()?;
        // Tables and views may need each other.
        let is_together = dropped.len() > 1
            && matches!(
                dropped.first(),
                Some(
                    Ddl::DropTable { .. }
                        | Ddl::DropObject {
                            kind: ObjectKind::View | ObjectKind::MaterializedView,
                            ..
                        }
                )
            );
        Some(
            if is_together && self.source.dialect == Dialect::PostgreSql {
                vec![Ddl::Together(dropped)]
            } else {
                dropped
            },
        )
    }

    fn each_drop(&mut self) -> Option<Vec<Ddl>> {
        let cascade = self.cursor.cascade();
        if self.cursor.take("table") || self.cursor.take_all(&["foreign", "table"]) {
            let if_exists = self.cursor.if_exists();
            let names = self.cursor.names()?;
            return Some(
                names
                    .into_iter()
                    .map(|name| Ddl::DropTable {
                        name,
                        if_exists,
                        cascade,
                    })
                    .collect(),
            );
        }
        if self.cursor.take_all(&["temporary", "table"]) {
            return Some(vec![Ddl::Nothing]);
        }
        if self.cursor.take("index") {
            let concurrently = self.cursor.take("concurrently");
            let if_exists = self.cursor.if_exists();
            let names = self.cursor.names()?;
            let table = if self.cursor.take("on") {
                Some(self.cursor.name()?)
            } else {
                None
            };
            return Some(
                names
                    .into_iter()
                    .map(|name| Ddl::DropIndex {
                        name,
                        table: table.clone(),
                        if_exists,
                        concurrently,
                    })
                    .collect(),
            );
        }
        if self.cursor.take("type") || self.cursor.take("domain") {
            let if_exists = self.cursor.if_exists();
            let names = self.cursor.names()?;
            return Some(
                names
                    .into_iter()
                    .map(|name| Ddl::DropType {
                        name,
                        if_exists,
                        cascade,
                    })
                    .collect(),
            );
        }
        if self.cursor.take("sequence") {
            let if_exists = self.cursor.if_exists();
            let names = self.cursor.names()?;
            return Some(
                names
                    .into_iter()
                    .map(|name| Ddl::DropSequence {
                        name,
                        if_exists,
                        cascade,
                    })
                    .collect(),
            );
        }
        if self.cursor.take("routine") {
            return None;
        }
        let kind = self.kind()?;
        if kind == ObjectKind::Role && self.cursor.is("mapping") {
            return Some(vec![Ddl::Nothing]);
        }
        let if_exists = self.cursor.if_exists();
        let mut dropped = Vec::new();
        loop {
            let name = self.object_name(kind)?;
            // In SQLite and MySQL a trigger's name is its own.
            let on = match kind {
                ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => self.on(),
                _ => None,
            };
            if kind.belongs_to_a_table()
                && on.is_none()
                && self.source.dialect == Dialect::PostgreSql
            {
                return None;
            }
            dropped.push(Ddl::DropObject {
                kind,
                name,
                on,
                if_exists,
                cascade,
            });
            if !self.cursor.take_punctuation(",") {
                return Some(dropped);
            }
        }
    }
}
