//! `alter_column` of tables that are not known.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{Emitted, Operation};
use crate::catalog::{Ddl, Fact, SomeColumns};
use crate::python::value::Value;
use crate::sqlalchemy::ddl::type_ddl;

impl Operation<'_, '_> {
    /// What becomes of columns where it is not known which ones, or in which table: any that an inspector has found.
    pub(super) fn alters_some_columns(&mut self, table: Option<SmolStr>) -> Emitted {
        let is_anywhere = table.is_none() && self.batch.is_none();
        let mut emitted = self.nameless("op.alter_column", table);
        if !is_anywhere {
            return emitted;
        }
        let semantics = Arc::clone(&self.semantics);
        let given = |value: Option<Value>| value.filter(|value| !matches!(value, Value::None));
        let column_type = given(self.keyword("type_"))
            .map(|value| type_ddl(&value, &semantics, self.interpreter).spelling);
        let why = self.why("whether the column becomes nullable is not known");
        let nullable = given(self.keyword("nullable"))
            .map(|value| value.as_bool().map_or(Fact::Unknown(why), Fact::Known));
        let altered = SomeColumns {
            name: self.name(self.shifted(1), "column_name"),
            column_type,
            has_using: self.keyword("postgresql_using").is_some(),
            nullable,
            default: self
                .keyword("server_default")
                .is_some_and(|value| !matches!(value, Value::Bool(false))),
        };
        for ddl in &mut emitted.ddl {
            if let Ddl::Opaque { what, .. } = ddl {
                *ddl = Ddl::AlterSomeColumns {
                    what: std::mem::take(what),
                    altered: altered.clone(),
                };
            }
        }
        emitted
    }
}
