//! ML516

use super::statements;
use crate::catalog::{AlterAction, Ddl};
use crate::rules::{Reporter, StatementContext, Violation, Way, declare_rule};

declare_rule! {
    "ML516", "table-rename" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    peers: [
        "squawk: renaming-table",
        "atlas: BC101",
        "strong_migrations: rename_table",
        "pg-migration-lint: PGM504",
        "django-migration-linter: RENAME_TABLE",
        "alembic-guard: AG004",
    ],
    on: Load(check),
}

struct TableRename<'a> {
    table: &'a str,
    new_name: &'a str,
}

impl Violation for TableRename<'_> {
    fn message(&self) -> String {
        format!(
            "code that runs during the deployment still asks for table `{}`, which becomes `{}`",
            self.table, self.new_name
        )
    }

    fn subject(&self) -> String {
        self.table.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["between the migration and the last process of the old version, every query of the model fails".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some(format!(
            "keep the name of the table and rename the class alone; or leave a view `{}` behind until the next release",
            self.table
        ))
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((table, AlterAction::RenameTable { new_name })) = ctx.alteration_in_use() else {
        return;
    };
    // A table that takes the place of another was another's all the time.
    let is_swapped = statements(ctx.later)
        .any(|(ddl, _)| matches!(ddl.as_ref(), Ddl::DropTable { name, .. } if name == new_name));
    if ctx.way == Way::Down || is_swapped || ctx.comes_back(table) {
        return;
    }
    // The base asks for the new name already: the migration comes after the code.
    let is_late = ctx.models_in_use().is_some_and(|(_, models)| {
        models.tables.contains_key(new_name) && !models.tables.contains_key(table)
    });
    if is_late {
        return;
    }
    let violation = TableRename { table, new_name };
    ctx.report(&violation, reporter, "renames the table");
}
