//! Partitions: they have the columns of their parent, and keys, indexes and constraints of their own for each of its.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{FailureKind, Statement};
use crate::catalog::constraint::{Constraint, ConstraintKind, IndexDefinition};
use crate::catalog::ddl::{AlterAction, ColumnDefinition, Ddl};
use crate::catalog::fact::Fact;
use crate::catalog::table::Column;

impl Statement<'_> {
    /// Carries out `ALTER TABLE ONLY` and its like: partitions stay as they are.
    pub(super) fn only(&mut self, ddl: &Ddl) {
        let outer = std::mem::replace(&mut self.leaves_partitions, true);
        self.run(ddl);
        self.leaves_partitions = outer;
    }

    /// The partitions that a statement about a table reaches.
    pub(super) fn partitions(&self, table: &SmolStr) -> Vec<SmolStr> {
        if self.leaves_partitions {
            return Vec::new();
        }
        self.all_partitions(table)
    }

    pub(super) fn all_partitions(&self, table: &SmolStr) -> Vec<SmolStr> {
        self.database
            .now
            .partitions
            .range((table.clone(), SmolStr::default())..)
            .take_while(|(parent, _)| parent == table)
            .map(|(_, partition)| partition.clone())
            .collect()
    }

    /// The columns that a new partition begins with.
    pub(super) fn inherited_columns(&mut self, parent: &SmolStr) -> Vec<Column> {
        let why = self.why("identity columns of partitions differ between versions");
        let Some(known) = self.table(parent) else {
            return Vec::new();
        };
        known
            .columns
            .iter()
            .map(|column| {
                let identity = match &column.identity {
                    Fact::Known(None) => Fact::Known(None),
                    _ => Fact::Unknown(Arc::clone(&why)),
                };
                Column {
                    identity,
                    comment: Fact::Known(None),
                    ..column.clone()
                }
            })
            .collect()
    }

    /// What a new partition says of a column it has anyway: a default, `NOT NULL`.
    pub(super) fn override_column(&mut self, partition: &SmolStr, definition: &ColumnDefinition) {
        let written = &definition.column;
        if !matches!(written.default, Fact::Known(None)) {
            self.set_default(partition, &written.name, &written.default);
        }
        if written.nullable.is(&false) {
            self.set_nullable(partition, &written.name, false);
        }
    }

    /// Makes a table a partition, with whatever it lacks of the keys, indexes and constraints of its parent.
    pub(super) fn join_parent(&mut self, partition: &SmolStr, parent: &SmolStr) {
        self.change(partition, |table| {
            table.partition_of = Some(parent.clone());
        });
        self.database
            .now
            .partitions
            .insert((parent.clone(), partition.clone()));
        let Some(known) = self.table(parent).cloned() else {
            return;
        };
        for constraint in &known.constraints {
            self.copy_constraint(partition, constraint);
        }
        for index in &known.indexes {
            self.copy_index(partition, &index.definition);
        }
    }

    pub(super) fn attach_partition(&mut self, parent: &SmolStr, partition: &SmolStr) {
        if !self.needs_table(partition) {
            return;
        }
        let existing = self
            .table(partition)
            .and_then(|table| table.partition_of.clone());
        if let Some(existing) = existing
            && self.is_closed(partition)
        {
            self.fail(FailureKind::InUse.because(format!(
                "table `{partition}` is a partition of `{existing}` already"
            )));
        }
        self.join_parent(partition, parent);
    }

    pub(super) fn detach_partition(&mut self, parent: &SmolStr, partition: &SmolStr) {
        self.change(partition, |table| table.partition_of = None);
        self.database
            .now
            .partitions
            .remove(&(parent.clone(), partition.clone()));
    }

    /// Gives a partition a constraint of its parent. Those with an index get a name of their own.
    pub(super) fn copy_constraint(&mut self, partition: &SmolStr, constraint: &Constraint) {
        let has_it = self.table(partition).is_some_and(|table| {
            table.constraints.iter().any(|known| {
                known.kind == constraint.kind && known.deferrable == constraint.deferrable
            })
        });
        if has_it {
            return;
        }
        let mut copy = constraint.clone();
        copy.place = self.place().or(copy.place);
        let is_named_alike = match &constraint.kind {
            ConstraintKind::PrimaryKey { .. }
            | ConstraintKind::Unique { .. }
            | ConstraintKind::Exclude { .. } => false,
            ConstraintKind::ForeignKey(_) => constraint
                .known_name()
                .zip(self.table(partition))
                .is_some_and(|(name, table)| table.constraint(name).is_none()),
            ConstraintKind::Check { .. } => true,
            ConstraintKind::Unknown { why, .. } => {
                let why = Arc::clone(why);
                self.change(partition, |table| {
                    table.open.get_or_insert(why);
                });
                return;
            }
        };
        if !is_named_alike {
            copy.name = Fact::Known(None);
        }
        self.attach_constraint(partition, copy);
    }

    /// Gives a table an index like that of another, if it has none.
    pub(super) fn copy_index(&mut self, table: &SmolStr, definition: &Fact<IndexDefinition>) {
        let has_it = definition.known().is_some()
            && self.table(table).is_some_and(|known| {
                known
                    .indexes
                    .iter()
                    .any(|index| index.definition == *definition)
            });
        if !has_it {
            self.create_index(None, table, definition, false);
        }
    }

    /// Drops the indexes of partitions that belong to one of their parent.
    pub(super) fn drop_copies_of_index(
        &mut self,
        table: &SmolStr,
        definition: &Fact<IndexDefinition>,
    ) {
        for partition in self.partitions(table) {
            let copies: Vec<SmolStr> = self
                .table(&partition)
                .map(|known| {
                    known
                        .indexes
                        .iter()
                        .filter(|index| index.definition.same(definition) != Some(false))
                        .map(|index| index.name.clone())
                        .collect()
                })
                .unwrap_or_default();
            if let [only] = copies.as_slice() {
                self.drop_copies_of_index(&partition, definition);
                self.forget_index(&partition, only);
                continue;
            }
            let why = self.why(&format!(
                "which index of `{partition}` belongs to the one of `{table}` is not known"
            ));
            self.change(&partition, |table| {
                for index in &mut table.indexes {
                    if copies.contains(&index.name) {
                        index.maybe.get_or_insert_with(|| Arc::clone(&why));
                    }
                }
            });
        }
    }

    /// Drops the constraints of partitions that belong to one of their parent.
    pub(super) fn drop_copies_of_constraint(&mut self, table: &SmolStr, constraint: &Constraint) {
        for partition in self.partitions(table) {
            let copy = self.table(&partition).and_then(|known| {
                known
                    .constraints
                    .iter()
                    .find(|known| {
                        known.kind == constraint.kind
                            && (!matches!(known.kind, ConstraintKind::Check { .. })
                                || known.name == constraint.name)
                    })
                    .cloned()
            });
            if let Some(copy) = copy
                && let Some(name) = copy.known_name()
            {
                self.drop_copies_of_constraint(&partition, &copy);
                self.forget_constraint(&partition, name);
            }
        }
    }

    /// Carries an action on to the partitions, if it reaches them. New constraints and indexes find their way by
    /// themselves.
    pub(super) fn reach_partitions(&mut self, table: &SmolStr, action: &AlterAction) {
        let passed_on = match action {
            AlterAction::AlterType { .. }
            | AlterAction::SetNullable { .. }
            | AlterAction::SetDefault { .. }
            | AlterAction::DropGenerated { .. }
            | AlterAction::RenameColumn { .. }
            | AlterAction::DropColumn { .. }
            | AlterAction::ValidateConstraint { .. } => action.clone(),
            AlterAction::RenameConstraint { new_name, .. } => {
                let is_check = self
                    .table(table)
                    .and_then(|table| table.constraint(new_name))
                    .is_some_and(|known| matches!(known.kind, ConstraintKind::Check { .. }));
                if !is_check {
                    return;
                }
                action.clone()
            }
            AlterAction::AddColumn { .. }
            | AlterAction::SetIdentity { .. }
            | AlterAction::AddConstraint(_)
            | AlterAction::AddConstraintUsingIndex { .. }
            | AlterAction::DropConstraint { .. }
            | AlterAction::DropPrimaryKey
            | AlterAction::RenameTable { .. }
            | AlterAction::SetSchema { .. }
            | AlterAction::AttachPartition { .. }
            | AlterAction::DetachPartition { .. }
            | AlterAction::RowSecurity { .. }
            | AlterAction::Other
            | AlterAction::Opaque { .. } => return,
        };
        for partition in self.partitions(table) {
            self.alter_table(&partition, true, &passed_on);
        }
    }

    /// Gives the partitions a column that their parent has got.
    pub(super) fn add_column_to_partitions(&mut self, table: &SmolStr, name: &SmolStr) {
        let partitions = self.partitions(table);
        if partitions.is_empty() {
            return;
        }
        let Some(column) = self
            .inherited_columns(table)
            .into_iter()
            .find(|column| column.name == *name)
        else {
            return;
        };
        for partition in partitions {
            self.change(&partition, |table| match table.column_mut(name) {
                Some(known) => *known = column.clone(),
                None => table.columns.push(column.clone()),
            });
            self.add_column_to_partitions(&partition, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::tests::run_sql as run;
    use crate::catalog::{Constraint, Database, IndexKey};

    /// Columns with their defaults, names of constraints and indexes.
    fn shape(database: &Database, table: &str) -> String {
        let table = &database.now.tables[table];
        assert!(table.open.is_none());
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| match column.default.known().cloned().flatten() {
                Some(default) => format!("{}={default}", column.name),
                None => column.name.to_string(),
            })
            .collect();
        let mut parts: Vec<String> = table
            .constraints
            .iter()
            .filter_map(Constraint::known_name)
            .map(ToString::to_string)
            .collect();
        parts.extend(table.indexes.iter().map(|index| {
            let keys: Vec<String> = index
                .definition
                .known()
                .into_iter()
                .flat_map(|definition| definition.keys.iter().map(IndexKey::spelling))
                .collect();
            format!("{}({})", index.name, keys.join(","))
        }));
        parts.sort();
        format!("{} | {}", columns.join(" "), parts.join(" "))
    }

    /// As PostgreSQL 15 does it.
    const PARTITIONED: &str = "
        CREATE TABLE o (id serial PRIMARY KEY);
        CREATE TABLE p (id int NOT NULL, k int NOT NULL, a text DEFAULT 'x' CHECK (a <> ''), o_id int REFERENCES o (id),
            g int, CONSTRAINT un UNIQUE (k, a), PRIMARY KEY (id, k)) PARTITION BY LIST (k);
        CREATE INDEX ON p (a);
        CREATE INDEX pi ON p (lower(a), (g + 1), (g + 2));
        CREATE TABLE p1 PARTITION OF p (g DEFAULT 5) FOR VALUES IN (1);
        CREATE TABLE p2 (id int NOT NULL, k int NOT NULL, a text, CONSTRAINT p_a_check CHECK (a <> ''), o_id int, g int);
        CREATE INDEX own ON p2 (a);
        ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);
        ALTER TABLE p ADD COLUMN n int DEFAULT 1, ADD CONSTRAINT nf FOREIGN KEY (n) REFERENCES o (id),
            ADD CONSTRAINT nc CHECK (n > 0);
        CREATE INDEX nn ON p (n);";

    #[test]
    fn partitions_take_over_what_the_parent_has() {
        let database = run(PARTITIONED);
        assert_eq!(
            shape(&database, "p1"),
            "id k a='x' o_id g=5 n=1 | nc nf p1_a_idx(a) p1_k_a_key p1_lower_expr_expr1_idx(lower(a),g + 1,g + 2) \
             p1_n_idx(n) p1_pkey p_a_check p_o_id_fkey"
        );
        assert_eq!(
            shape(&database, "p2"),
            "id k a o_id g n=1 | nc nf own(a) p2_k_a_key p2_lower_expr_expr1_idx(lower(a),g + 1,g + 2) p2_n_idx(n) \
             p2_pkey p_a_check p_o_id_fkey"
        );
    }

    #[test]
    fn what_the_parent_loses_they_lose() {
        let database = run(&format!(
            "{PARTITIONED} DROP INDEX pi; ALTER TABLE p DROP CONSTRAINT un; ALTER TABLE p DROP COLUMN o_id;
            ALTER TABLE p RENAME CONSTRAINT nc TO nc2; ALTER TABLE p RENAME n TO m;"
        ));
        assert_eq!(
            shape(&database, "p1"),
            "id k a='x' g=5 m=1 | nc2 nf p1_a_idx(a) p1_n_idx(m) p1_pkey p_a_check"
        );
        let database = run(&format!(
            "{PARTITIONED} ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p DROP COLUMN n; ALTER TABLE p RENAME TO q;
            ALTER TABLE q ADD z int; DROP TABLE q;"
        ));
        assert!(!database.now.tables.contains_key("p2"));
        assert!(shape(&database, "p1").starts_with("id k a='x' o_id g=5 n=1 |"));
    }

    #[test]
    fn only_the_parent() {
        let database = run(&format!("{PARTITIONED} CREATE INDEX alone ON ONLY p (g);"));
        assert!(!shape(&database, "p1").contains("(g)"));
    }

    #[test]
    fn tables_like_others() {
        let database = run(&format!(
            "{PARTITIONED}
            CREATE TABLE l (y int, LIKE p1 INCLUDING ALL EXCLUDING INDEXES, z int);
            CREATE TABLE m (LIKE p1 INCLUDING INDEXES);
            CREATE TABLE s (id int GENERATED ALWAYS AS IDENTITY);
            CREATE TABLE t (LIKE s INCLUDING IDENTITY);"
        ));
        assert_eq!(
            shape(&database, "l"),
            "y id k a='x' o_id g=5 n=1 z | nc p_a_check"
        );
        assert_eq!(
            shape(&database, "m"),
            "id k a o_id g n | m_a_idx(a) m_k_a_key m_lower_expr_expr1_idx(lower(a),g + 1,g + 2) m_n_idx(n) m_pkey"
        );
        assert!(database.now.tables["m"].columns[0].nullable.is(&false));
        assert!(database.now.sequences["t_id_seq"].identity);
    }
}
