//! `CREATE TABLE … (LIKE …)`.

use smol_str::SmolStr;

use super::Statement;
use crate::catalog::constraint::{Constraint, ConstraintKind};
use crate::catalog::ddl::{ColumnDefinition, CreateTable, LikeClause, LikePart};
use crate::catalog::fact::Fact;
use crate::catalog::table::Column;

impl Statement<'_> {
    pub(super) fn create_table_like(&mut self, create: &CreateTable, clauses: &[LikeClause]) {
        let mut create = create.clone();
        let mut copied = Vec::new();
        // From the last one, so that the places of the others stay.
        for clause in clauses.iter().rev() {
            if !self.needs_table(&clause.table) {
                return;
            }
            if !self.is_closed(&clause.table) {
                create.open = Some(format!(
                    "the columns of `{}` are not all known",
                    clause.table
                ));
            }
            let Some(source) = self.table(&clause.table).cloned() else {
                return;
            };
            let columns = source
                .columns
                .iter()
                .map(|column| like_column(column, clause));
            let at = clause.before.min(create.columns.len());
            create.columns.splice(at..at, columns);
            if clause.takes(LikePart::Constraints) {
                let checks = source
                    .constraints
                    .iter()
                    .filter(|known| matches!(known.kind, ConstraintKind::Check { .. }));
                create.constraints.extend(checks.cloned());
            }
            if clause.takes(LikePart::Indexes) {
                copied.push(source);
            }
        }
        let is_there = create.if_not_exists && self.table(&create.name).is_some();
        self.create_table(&create);
        if is_there {
            return;
        }
        for source in copied.iter().rev() {
            for constraint in &source.constraints {
                if matches!(
                    constraint.kind,
                    ConstraintKind::PrimaryKey { .. }
                        | ConstraintKind::Unique { .. }
                        | ConstraintKind::Exclude { .. }
                ) {
                    let copy = Constraint {
                        name: Fact::Known(None),
                        ..constraint.clone()
                    };
                    self.attach_constraint(&create.name, copy);
                }
            }
            for index in &source.indexes {
                self.create_index(None, &create.name, &index.definition, false);
            }
        }
    }
}

fn like_column(column: &Column, clause: &LikeClause) -> ColumnDefinition {
    fn taken(
        fact: &Fact<Option<SmolStr>>,
        clause: &LikeClause,
        part: LikePart,
    ) -> Fact<Option<SmolStr>> {
        if clause.takes(part) {
            fact.clone()
        } else {
            Fact::Known(None)
        }
    }
    ColumnDefinition {
        column: Column {
            default: taken(&column.default, clause, LikePart::Defaults),
            identity: taken(&column.identity, clause, LikePart::Identity),
            generated: taken(&column.generated, clause, LikePart::Generated),
            comment: taken(&column.comment, clause, LikePart::Comments),
            place: None,
            ..column.clone()
        },
        constraints: Vec::new(),
        serial: false,
    }
}
