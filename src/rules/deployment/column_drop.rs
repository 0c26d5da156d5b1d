//! ML517

use crate::catalog::AlterAction;
use crate::rules::{Reporter, StatementContext, Violation, Way, declare_rule};

declare_rule! {
    "ML517", "column-drop" in Deployment("deployment"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    peers: [
        "squawk: ban-drop-column",
        "atlas: DS103",
        "strong_migrations: remove_column",
        "pg-migration-lint: PGM009-012",
        "django-migration-linter: DROP_COLUMN",
        "alembic-guard: AG005",
    ],
    on: Load(check),
}

struct ColumnDrop<'a> {
    table: &'a str,
    column: &'a str,
    base: &'a str,
}

impl Violation for ColumnDrop<'_> {
    fn message(&self) -> String {
        format!(
            "the models on `{}` still have the column `{}.{}` that is dropped",
            self.base, self.table, self.column
        )
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "SQLAlchemy names every column of a model in its queries: until the last process of the old version has ended, \
             all of them fail"
                .to_owned(),
        ]
    }

    fn help(&self) -> Option<String> {
        Some(
            "take the column out of the model in one release (`deferred()` is enough), and drop it in the next".to_owned(),
        )
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    let Some((table, AlterAction::DropColumn { name, .. })) = ctx.alteration_in_use() else {
        return;
    };
    if ctx.way == Way::Down
        || ctx.column_in_use(table, name).is_none()
        || ctx.column_comes_back(table, name)
    {
        return;
    }
    let Some((base, models)) = ctx.models_in_use() else {
        return;
    };
    let column = models
        .tables
        .get(table)
        .filter(|table| table.maybe.is_none())
        .and_then(|table| table.column(name))
        .filter(|column| column.maybe.is_none());
    let Some(column) = column else { return };
    let violation = ColumnDrop {
        table,
        column: name,
        base,
    };
    if let Some(report) = ctx.report(&violation, reporter, "drops the column") {
        let place = column.place.as_ref();
        report.related(place.and_then(|place| ctx.label_on_base(place, base)));
    }
}
