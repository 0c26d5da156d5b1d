//! ML533

use serde_json::Value;

use crate::alembic::Run;
use crate::catalog::{AlterAction, Change, Difference};
use crate::dialect::Dialect;
use crate::rules::{
    EnvironmentContext, Reporter, StatementContext, Violation, Way, declare_rule, is_selected,
};
use crate::schema::{Operation, Recorded};

declare_rule! {
    "ML533", "lost-attributes" in Deployment("deployment"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    dialects: [MySql],
    on: Statement(check),
}

struct LostAttributes<'a> {
    table: &'a str,
    column: &'a str,
    lost: Lost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    NotNull,
    Default,
}

impl Violation for LostAttributes<'_> {
    fn message(&self) -> String {
        let what = match self.lost {
            Lost::NotNull => "NOT NULL",
            Lost::Default => "the default",
        };
        format!(
            "this also takes {what} away from `{}.{}`",
            self.table, self.column
        )
    }

    fn subject(&self) -> String {
        let lost = match self.lost {
            Lost::NotNull => "nullable",
            Lost::Default => "default",
        };
        format!("{}.{} {lost}", self.table, self.column)
    }

    fn notes(&self) -> Vec<String> {
        vec!["on MySQL, Alembic writes `MODIFY` or `CHANGE`, which describes the column anew: what is not said is gone".to_owned()]
    }

    fn help(&self) -> Option<String> {
        let text = match self.lost {
            Lost::NotNull => "say `existing_nullable=False`, or `nullable=True` if it is meant",
            Lost::Default => {
                "say `existing_server_default=…`, or `server_default=None` if it is meant"
            }
        };
        Some(text.to_owned())
    }
}

fn check(ctx: &StatementContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.dialect() != Dialect::MySql {
        return;
    }
    let Some((table, action)) = ctx.alteration() else {
        return;
    };
    let (column, lost) = match action {
        AlterAction::SetNullable {
            column,
            nullable: true,
        } => (column, Lost::NotNull),
        AlterAction::SetDefault { column, default } if default.is(&None) => (column, Lost::Default),
        _ => return,
    };
    let Some(table_before) = ctx.before().tables.get(table) else {
        return;
    };
    let Some(known) = table_before.column(column) else {
        return;
    };
    let is_lost = match lost {
        Lost::NotNull => known.nullable.is(&false) && !table_before.is_of_key(column),
        Lost::Default => matches!(known.default.known(), Some(Some(_))),
    };
    if !is_lost
        || ctx.way == Way::Down
        || !is_silent(ctx, lost)
        || is_as_the_model(ctx, table, column, lost)
    {
        return;
    }
    let violation = LostAttributes {
        table,
        column,
        lost,
    };
    ctx.report(&violation, reporter, "describes the column anew");
}

/// True for a default that the model does without as well: then the database becomes what it says.
fn is_as_the_model(ctx: &StatementContext<'_>, table: &str, column: &str, lost: Lost) -> bool {
    // A column under another name has another model.
    let is_renamed = |recorded: &Recorded| {
        recorded.place == *ctx.place
            && matches!(&recorded.operation, Operation::AlterColumn(alter) if alter.new_name.is_some())
    };
    let mut operations = ctx.run().into_iter().flat_map(|run| &run.operations);
    if lost == Lost::NotNull || operations.any(is_renamed) {
        return false;
    }
    let models = &ctx.environment.head.model_schema().catalog;
    let table = models
        .tables
        .get(table)
        .filter(|table| table.maybe.is_none());
    let column = table.and_then(|table| table.column(column));
    column.is_some_and(|column| column.default.is(&None))
}

/// True if the operation does not say it itself.
fn is_silent(ctx: &StatementContext<'_>, lost: Lost) -> bool {
    let Some(run) = ctx.run() else { return false };
    run.operations.iter().any(|recorded| {
        recorded.place == *ctx.place
            && match &recorded.operation {
                Operation::AlterColumn(alter) => match lost {
                    Lost::NotNull => !alter.says_nullable,
                    Lost::Default => !alter.says_default,
                },
                _ => false,
            }
    })
}

/// True for a column that a model has NOT NULL and that does not say so when it is given its name, where that is told under
/// the old one. `changes` is what `upgrade` changes.
pub(in crate::rules) fn explains_renamed(
    found: &Difference,
    changes: &[Difference],
    environment: &EnvironmentContext<'_>,
    upgrade: &Run,
) -> bool {
    if found.change != Change::Changed("nullable") || found.from != Value::Bool(true) {
        return false;
    }
    upgrade.operations.iter().any(|recorded| {
        let Operation::AlterColumn(alter) = &recorded.operation else {
            return false;
        };
        let (Some(table), Some(old), Some(new)) = (&alter.table, &alter.column, &alter.new_name)
        else {
            return false;
        };
        let was_not_null = |change: &Difference| match change.change {
            Change::Removed => change.from["nullable"] == Value::Bool(false),
            // Another column has the name by now.
            Change::Changed("nullable") => change.from == Value::Bool(false),
            _ => false,
        };
        let before = format!("{table}.{old}");
        found.object == format!("{table}.{new}")
            && !alter.says_nullable
            && changes
                .iter()
                .any(|change| change.object == before && was_not_null(change))
    }) && is_told(environment)
}

/// True where this rule speaks.
fn is_told(environment: &EnvironmentContext<'_>) -> bool {
    environment.head.dialect().dialect == Dialect::MySql && is_selected(&RULE, environment.settings)
}

/// True for what `upgrade` loses in this way: that is said of it, and neither that a downgrade does not bring it back nor
/// that the model has it.
pub(in crate::rules) fn explains(
    difference: &Difference,
    environment: &EnvironmentContext<'_>,
    upgrade: &Run,
) -> bool {
    let lost = match difference.change {
        Change::Changed("nullable") if difference.to == Value::Bool(true) => Lost::NotNull,
        Change::Changed("default") if difference.to.is_null() => Lost::Default,
        _ => return false,
    };
    if !is_told(environment) {
        return false;
    }
    upgrade.operations.iter().any(|recorded| {
        let Operation::AlterColumn(alter) = &recorded.operation else {
            return false;
        };
        let (Some(table), Some(column)) = (&alter.table, &alter.column) else {
            return false;
        };
        difference.object == format!("{table}.{column}")
            && match lost {
                Lost::NotNull => !alter.says_nullable,
                Lost::Default => !alter.says_default,
            }
    })
}
