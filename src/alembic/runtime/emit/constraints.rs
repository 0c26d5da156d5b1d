//! Constraints and indexes.

use smol_str::SmolStr;

use super::{Emitted, Operation};
use crate::catalog::{AlterAction, Constraint, ConstraintKind, Ddl, Fact, UnnamedKind};
use crate::dialect::Dialect;
use crate::python::value::{CallArgument, Value};
use crate::sqlalchemy::ddl::{
    ConstraintLabel, NameParts, column_names_of, condition_kind, deferrable, exclusion,
    foreign_key, index_definition, name_value, note_tail,
};
use crate::sqlalchemy::{Worded, note};

impl Operation<'_, '_> {
    fn given_name(&self, position: usize, keyword: &str) -> Result<(Option<SmolStr>, bool), ()> {
        match self.value(position, keyword) {
            None | Some(Value::None) => Ok((None, false)),
            Some(value) => {
                let (text, is_final) = name_value(&value, self.interpreter);
                match text {
                    Some(text) => Ok((Some(SmolStr::new(text)), is_final)),
                    None => Err(()),
                }
            }
        }
    }

    /// Adds a constraint under the name it gets.
    fn add(
        &mut self,
        table: &SmolStr,
        label: ConstraintLabel,
        kind: ConstraintKind,
        referred: Option<(SmolStr, Vec<SmolStr>)>,
    ) -> Emitted {
        let columns = kind.columns().to_vec();
        let (referred_table, referred_columns) = referred.unwrap_or_default();
        let parts = NameParts {
            table: Self::bare(table),
            schema: None,
            columns: &columns,
            referred_table: Some(Self::bare(&referred_table)),
            referred_columns: &referred_columns,
            name: None,
        };
        let name = match self.given_name(0, "constraint_name") {
            Err(()) => Ok(Fact::Unknown(
                self.why("the name of the constraint is not known"),
            )),
            Ok((name, is_final)) => self.semantics.naming.name(
                self.semantics.dialect,
                label,
                name.as_deref(),
                is_final,
                &parts,
            ),
        };
        let name = match name {
            Ok(name) => name,
            Err(error) => return Emitted::error(error),
        };
        // What is refused is carried out as it was meant.
        let (mut errors, mut errors_of_dialect) = (Vec::new(), Vec::new());
        if self.is_in_place() {
            errors_of_dialect.push(format!(
                "SQLite cannot add a {} to a table that is there, {}",
                kind.noun(),
                self.where_in_place()
            ));
        } else if self.is_batch_of_sqlite() && matches!(name, Fact::Known(None)) {
            errors.push("in a batch on SQLite a constraint must have a name".to_owned());
        }
        note_tail(self.call, self.at, self.interpreter);
        let mut constraint = Constraint::new(None, kind, Some(self.interpreter.file(self.at)));
        constraint.name = name;
        constraint.deferrable = deferrable(self.call, self.semantics.dialect);
        constraint.not_valid = self.flag("postgresql_not_valid");
        let added = Emitted::one(Ddl::AlterTable {
            table: table.clone(),
            if_exists: false,
            action: AlterAction::AddConstraint(constraint),
        });
        Emitted {
            errors,
            errors_of_dialect,
            ..added
        }
    }

    fn is_concurrent(&self) -> bool {
        self.flag("postgresql_concurrently")
    }

    fn columns(&self, position: usize, keyword: &str) -> Option<Vec<SmolStr>> {
        let value = self.value(position, keyword)?;
        column_names_of(&value, self.interpreter)
    }

    pub(super) fn create_foreign_key(&mut self) -> Emitted {
        let source = match self.batch {
            Some(_) => self.table(0, ""),
            None => self.name(1, "source_table").map(|name| {
                crate::sqlalchemy::qualified(self.schema("source_schema").as_deref(), &name)
            }),
        };
        let shift = usize::from(self.batch.is_none());
        let referent = self.name(1 + shift, "referent_table");
        let columns = self.columns(2 + shift, "local_cols");
        let ref_columns = self.columns(3 + shift, "remote_cols");
        let (Some(source), Some(referent), Some(columns), Some(ref_columns)) =
            (source.clone(), referent, columns, ref_columns)
        else {
            return self.nameless("op.create_foreign_key", source);
        };
        let references =
            crate::sqlalchemy::qualified(self.schema("referent_schema").as_deref(), &referent);
        let key = foreign_key(self.call, columns, references.clone(), ref_columns.clone());
        self.add(
            &source,
            ConstraintLabel::ForeignKey,
            ConstraintKind::ForeignKey(key),
            Some((references, ref_columns)),
        )
    }

    pub(super) fn create_unique_constraint(&mut self) -> Emitted {
        let table = self.table(1, "table_name");
        let columns = self.columns(self.shifted(2), "columns");
        let (Some(table), Some(columns)) = (table.clone(), columns) else {
            return self.nameless("op.create_unique_constraint", table);
        };
        let nulls_not_distinct = self.flag("postgresql_nulls_not_distinct");
        self.add(
            &table,
            ConstraintLabel::Unique,
            ConstraintKind::Unique {
                columns,
                nulls_not_distinct,
            },
            None,
        )
    }

    pub(super) fn create_primary_key(&mut self) -> Emitted {
        let table = self.table(1, "table_name");
        let columns = self.columns(self.shifted(2), "columns");
        let (Some(table), Some(columns)) = (table.clone(), columns) else {
            return self.nameless("op.create_primary_key", table);
        };
        self.add(
            &table,
            ConstraintLabel::PrimaryKey,
            ConstraintKind::PrimaryKey { columns },
            None,
        )
    }

    pub(super) fn create_check_constraint(&mut self) -> Emitted {
        let Some(table) = self.table(1, "table_name") else {
            return self.nameless("op.create_check_constraint", None);
        };
        let condition = self.value(self.shifted(2), "condition");
        let semantics = std::sync::Arc::clone(&self.semantics);
        let kind = condition_kind(condition.as_ref(), self.at, &semantics, self.interpreter);
        self.add(&table, ConstraintLabel::Check, kind, None)
    }

    pub(super) fn create_exclude_constraint(&mut self) -> Emitted {
        let Some(table) = self.table(1, "table_name") else {
            return self.nameless("op.create_exclude_constraint", None);
        };
        let elements: Vec<CallArgument> = self
            .call
            .positional()
            .skip(self.shifted(2))
            .cloned()
            .collect();
        let semantics = std::sync::Arc::clone(&self.semantics);
        let (definition, columns) =
            exclusion(elements.iter(), self.call, &semantics, self.interpreter);
        let name = self.name(0, "constraint_name");
        let constraint = Constraint::new(
            name,
            ConstraintKind::Exclude {
                definition,
                columns,
            },
            Some(self.interpreter.file(self.at)),
        );
        Emitted::one(Ddl::AlterTable {
            table,
            if_exists: false,
            action: AlterAction::AddConstraint(constraint),
        })
    }

    pub(super) fn drop_constraint(&mut self) -> Emitted {
        let position = self.shifted(2);
        let kind = match self.value(position, "type_") {
            None | Some(Value::None) => None,
            Some(value) => value.as_str().map(ToString::to_string),
        };
        let Some(table) = self.table(1, "table_name") else {
            if kind.as_deref() == Some("foreignkey") {
                return Emitted::one(Ddl::OpaqueObject {
                    what: "which foreign keys `op.drop_constraint` drops is not known".to_owned(),
                    kind: UnnamedKind::ForeignKey,
                });
            }
            return self.nameless("op.drop_constraint", None);
        };
        if let Some(kind) = &kind
            && !matches!(kind.as_str(), "foreignkey" | "primary" | "unique" | "check")
        {
            return Emitted::error(format!(
                "`type_` is one of foreignkey, primary, unique and check, not `{kind}`"
            ));
        }
        if kind.is_none() && self.semantics.dialect == Dialect::MySql {
            return Emitted::error_of_dialect("on MySQL `drop_constraint` needs `type_`");
        }
        if let Some(kind) = &kind {
            note(self.interpreter, Worded::Option, "drop", kind);
        }
        if self.is_in_place() {
            let mut emitted = self.dropped_as_meant(table);
            let refusal = self.needs_copy_for("drop a constraint");
            emitted.errors_of_dialect.push(refusal);
            return emitted;
        }
        let Ok((given, is_final)) = self.given_name(0, "constraint_name") else {
            return self.nameless("op.drop_constraint", Some(table));
        };
        let label = match kind.as_deref() {
            Some("check") => Some(ConstraintLabel::Check),
            Some("primary") => Some(ConstraintLabel::PrimaryKey),
            Some("unique") => Some(ConstraintLabel::Unique),
            Some("foreignkey") => Some(ConstraintLabel::ForeignKey),
            _ => None,
        };
        if self.semantics.dialect == Dialect::MySql && kind.as_deref() == Some("primary") {
            return Emitted::one(Ddl::AlterTable {
                table,
                if_exists: false,
                action: AlterAction::DropPrimaryKey,
            });
        }
        let parts = NameParts {
            table: Self::bare(&table),
            ..NameParts::default()
        };
        let name = match (label, &given) {
            (Some(label), _) => self.semantics.naming.name(
                self.semantics.dialect,
                label,
                given.as_deref(),
                is_final,
                &parts,
            ),
            (None, _) => Ok(Fact::Known(given.clone())),
        };
        let name = match name {
            Ok(Fact::Known(Some(name))) => name,
            Ok(Fact::Known(None)) => {
                // Which constraint was meant is not known, so neither is what is left.
                let mut emitted = Emitted::error(
                    "`drop_constraint` was given no name, and no naming convention makes one",
                );
                emitted.ddl.push(Ddl::Opaque {
                    what: "which constraint was to be dropped is not known".to_owned(),
                    names: vec![table],
                });
                return emitted;
            }
            Ok(Fact::Unknown(_)) => match given {
                Some(given) => given,
                None => return self.nameless("op.drop_constraint", Some(table)),
            },
            Err(error) => return Emitted::error(error),
        };
        // MySQL has a unique constraint for a kind of index: `visit_drop_constraint` writes `DROP INDEX`, which takes any.
        if self.semantics.dialect == Dialect::MySql && label == Some(ConstraintLabel::Unique) {
            return Emitted::one(Ddl::DropIndex {
                name,
                table: Some(table),
                if_exists: self.guard("if_exists"),
                concurrently: false,
            });
        }
        Emitted::one(Ddl::AlterTable {
            table,
            if_exists: false,
            action: AlterAction::DropConstraint {
                name,
                if_exists: self.guard("if_exists"),
                cascade: false,
            },
        })
    }

    /// What a drop that SQLite refuses was meant to do. Names that other databases give are not to be found there.
    fn dropped_as_meant(&self, table: SmolStr) -> Emitted {
        let name = self.name(0, "constraint_name").filter(|name| {
            let simulation = self.interpreter.host.simulation();
            let known = simulation.and_then(|simulation| simulation.now().tables.get(&table));
            known.is_some_and(|known| known.constraint(name).is_some())
        });
        match name {
            Some(name) => Emitted::one(Ddl::AlterTable {
                table,
                if_exists: true,
                action: AlterAction::DropConstraint {
                    name,
                    if_exists: true,
                    cascade: false,
                },
            }),
            None => Emitted::opaque(
                "which constraint was to be dropped is not known",
                Some(table),
            ),
        }
    }

    pub(super) fn create_index(&mut self) -> Emitted {
        let Some(table) = self.table(1, "table_name") else {
            return self.nameless("op.create_index", None);
        };
        let position = self.shifted(2);
        let semantics = std::sync::Arc::clone(&self.semantics);
        let keys = self
            .argument(position, "columns")
            .map(|argument| (argument.value.clone(), argument.at))
            .and_then(|(value, at)| {
                // A string is taken letter by letter, as Python does.
                if let Some(text) = value.as_str() {
                    return Some(
                        text.chars()
                            .map(|c| CallArgument {
                                name: None,
                                value: Value::known_str(c.to_string(), at),
                                at,
                            })
                            .collect::<Vec<_>>(),
                    );
                }
                let items = self.interpreter.heap.elements(&value)?.to_vec();
                Some(
                    items
                        .into_iter()
                        .map(|value| CallArgument {
                            name: None,
                            value,
                            at,
                        })
                        .collect(),
                )
            });
        let refuses_expressions = semantics.alembic < (1, 6)
            && keys
                .iter()
                .flatten()
                .any(|key| self.is_expression(&key.value));
        let definition = match keys {
            Some(keys) => {
                let mut call = self.call.clone();
                // `unique` may be given by position.
                if let Some(unique) = self.call.positional().nth(position + 2)
                    && call.keyword("unique").is_none()
                {
                    let mut unique = unique.clone();
                    unique.name = Some("unique".into());
                    call.arguments.push(unique);
                }
                index_definition(&keys, &call, self.at, &semantics, self.interpreter)
            }
            None => Fact::Unknown(self.why("the columns of the index are not known")),
        };
        let Ok((given, is_final)) = self.given_name(0, "index_name") else {
            return self.nameless("op.create_index", Some(table));
        };
        // Under which name it can be dropped is not known.
        if given.is_none()
            && self
                .semantics
                .naming
                .is_not_followed(ConstraintLabel::Index)
        {
            let what = "the naming convention of indexes is not followed";
            return Emitted::opaque(what, Some(table));
        }
        let name = self.index_name(&table, given.as_ref(), is_final, &definition);
        let mut emitted = Emitted::one(Ddl::CreateIndex {
            name,
            table,
            definition,
            if_not_exists: self.guard("if_not_exists"),
            concurrently: self.is_concurrent(),
        });
        if refuses_expressions {
            emitted.errors.push(
                "Alembic before 1.6 takes only strings and `text()` as keys of an index".to_owned(),
            );
        }
        emitted
    }

    /// True for a key that is neither a string nor `text(…)`.
    fn is_expression(&self, key: &Value) -> bool {
        key.as_call().is_some_and(|call| {
            crate::sqlalchemy::construct(&call.callee, self.interpreter)
                .is_some_and(|name| name != "text")
        })
    }

    pub(super) fn drop_index(&mut self) -> Emitted {
        let table = self.table(1, "table_name");
        let Ok((Some(given), is_final)) = self.given_name(0, "index_name") else {
            return self.nameless("op.drop_index", table);
        };
        if table.is_none() && self.semantics.dialect == Dialect::MySql {
            return Emitted::error_of_dialect("on MySQL `drop_index` needs `table_name`");
        }
        let parts = NameParts {
            table: table.as_deref().map(Self::bare).unwrap_or_default(),
            ..NameParts::default()
        };
        let name = self
            .semantics
            .naming
            .name(
                self.semantics.dialect,
                ConstraintLabel::Index,
                Some(&given),
                is_final,
                &parts,
            )
            .ok()
            .and_then(|name| name.known().cloned().flatten())
            .unwrap_or(given);
        let name = crate::sqlalchemy::qualified(self.schema("schema").as_deref(), &name);
        Emitted::one(Ddl::DropIndex {
            name,
            table,
            if_exists: self.guard("if_exists"),
            concurrently: self.is_concurrent(),
        })
    }
}
