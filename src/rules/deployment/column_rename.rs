//! ML515

use crate::catalog::AlterAction;
use crate::rules::{Reporter, StatementContext, Violation, Way, declare_rule};

declare_rule! {
    "ML515", "column-rename" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    peers: [
        "squawk: renaming-column",
        "atlas: BC102",
        "strong_migrations: rename_column",
        "pg-migration-lint: PGM505",
        "django-migration-linter: RENAME_COLUMN",
        "alembic-guard: AG004",
    ],
    on: Load(check),
}

struct ColumnRename<'a> {
    table: &'a str,
    name: &'a str,
    new_name: &'a str,
    /// What a model calls a column with.
    function: &'static str,
}

impl Violation for ColumnRename<'_> {
    fn message(&self) -> String {
        let Self {
            table,
            name,
            new_name,
            ..
        } = self;
        format!(
            "code that runs during the deployment still asks for `{table}.{name}`, which becomes `{new_name}`"
        )
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    fn notes(&self) -> Vec<String> {
        vec!["between the migration and the last process of the old version, every query of the model fails".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some(format!(
            "keep the column and rename the attribute alone, `{} = {}(\"{}\", …)`; or add the new column, write to \
             both, and drop the old one in a later release",
            self.new_name, self.function, self.name
        ))
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((table, AlterAction::RenameColumn { name, new_name })) = ctx.alteration_in_use()
    else {
        return;
    };
    // On the way down the code of the old version comes back, for which the name is right.
    let is_in_use = || ctx.column_in_use(table, name).is_some();
    if ctx.way == Way::Down
        || name == new_name
        || !is_in_use()
        || ctx.column_comes_back(table, name)
    {
        return;
    }
    // The base asks for the new name already: the migration comes after the code.
    let is_late = ctx.models_in_use().is_some_and(|(_, models)| {
        models
            .tables
            .get(table)
            .is_some_and(|table| table.column(new_name).is_some() && table.column(name).is_none())
    });
    if is_late {
        return;
    }
    let violation = ColumnRename {
        table,
        name,
        new_name,
        function: if ctx.environment.head.semantics().sqlalchemy >= (2, 0) {
            "mapped_column"
        } else {
            "Column"
        },
    };
    ctx.report(&violation, reporter, "renames the column");
}
