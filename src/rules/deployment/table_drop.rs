//! ML518

use std::sync::Arc;

use super::statements;
use crate::catalog::{Catalog, Ddl, Table};
use crate::rules::{Reporter, StatementContext, Violation, Way, declare_rule};

declare_rule! {
    "ML518", "table-drop" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    peers: [
        "squawk: ban-drop-table",
        "atlas: DS102",
        "pg-migration-lint: PGM201",
        "django-migration-linter: DROP_TABLE",
        "alembic-guard: AG005",
    ],
    on: Load(check),
}

struct TableDrop<'a> {
    table: &'a str,
    base: &'a str,
}

impl Violation for TableDrop<'_> {
    fn message(&self) -> String {
        format!(
            "the models on `{}` still have the table `{}` that is dropped",
            self.base, self.table
        )
    }

    fn subject(&self) -> String {
        self.table.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "until the last process of the old version has ended, its queries of the table fail"
                .to_owned(),
        ]
    }

    fn help(&self) -> Option<String> {
        Some("take the model out in one release, and drop the table in the next".to_owned())
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Ddl::DropTable { name, .. } = ctx.ddl else {
        return;
    };
    if ctx.way == Way::Down || ctx.table_in_use(name).is_none() || ctx.comes_back(name) {
        return;
    }
    let Some((base, models)) = ctx.models_in_use() else {
        return;
    };
    let is_modelled = models
        .tables
        .get(name)
        .is_some_and(|table| table.maybe.is_none());
    if !is_modelled {
        return;
    }
    if presumes_no_rows(ctx, name) {
        return;
    }
    let violation = TableDrop { table: name, base };
    ctx.report(&violation, reporter, "drops the table");
}

/// True where a row of the table would make the same upgrade fail: it belongs to a row of a parent whose kind is a label of an
/// enum, as with joined inheritance, and the enum loses the label that is called like the table.
fn presumes_no_rows(ctx: &StatementContext<'_>, name: &str) -> bool {
    let (before, after) = (&ctx.replayed.before, &ctx.replayed.after);
    let has_label = |catalog: &Catalog, ty: &str| {
        let known = catalog.enums.get(ty)?.labels.known()?;
        Some(known.iter().any(|label| label == name))
    };
    let loses_label =
        |ty: &str| has_label(before, ty) == Some(true) && has_label(after, ty) == Some(false);
    let Some(table) = before.tables.get(name) else {
        return false;
    };
    let Some(key) = table.primary_key() else {
        return false;
    };
    let mut parents = table
        .foreign_keys()
        .filter(|(own, _)| own.kind.columns() == key.kind.columns())
        .map(|(_, key)| &key.references);
    parents.any(|parent| {
        let is_changed = statements(ctx.earlier)
            .chain(statements(ctx.later))
            .any(|(ddl, _)| matches!(&*ddl, Ddl::Data { tables, .. } if tables.contains(parent)));
        let has_kind = |table: &Arc<Table>| {
            let mut types = table
                .columns
                .iter()
                .filter_map(|one| one.column_type.known());
            types.any(|ty| loses_label(ty))
        };
        !is_changed && before.tables.get(parent).is_some_and(has_kind)
    })
}
