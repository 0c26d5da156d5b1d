//! ML306

use crate::alembic::Run;
use crate::rules::downgrade::at;
use crate::rules::{MigrationContext, Reporter, Violation, declare_rule};
use crate::schema::FrozenDefault;

declare_rule! {
    "ML306", "frozen-default" in Model("model"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Migration(check),
}

impl Violation for FrozenDefault {
    fn message(&self) -> String {
        let of = match &self.column {
            Some(column) => format!(" of `{column}`"),
            None => String::new(),
        };
        format!(
            "the server default{of} is what `{}()` gives when the migration runs, for all rows to come",
            self.function
        )
    }

    fn subject(&self) -> String {
        let column = self.column.as_deref().unwrap_or_default();
        format!("{column} {} {}", self.keyword, self.function)
    }

    fn notes(&self) -> Vec<String> {
        vec!["every database gets another one, on the day it is migrated".to_owned()]
    }

    fn help(&self) -> Option<String> {
        let function = self.function.as_str();
        let expression = if function.starts_with("uuid.") {
            "sa.text(\"gen_random_uuid()\")"
        } else if function.starts_with("secrets.") || function.starts_with("random.") {
            return Some(
                "let the application choose the value, or an expression of the database".to_owned(),
            );
        } else {
            "sa.func.now()"
        };
        Some(format!(
            "`server_default={expression}` is worked out for each row"
        ))
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    let runs: [Option<&Run>; 2] = [ctx.migration.upgrade.run(), ctx.migration.downgrade.run()];
    for run in runs.into_iter().flatten() {
        for frozen in run.operations.iter().flat_map(|recorded| &recorded.frozen) {
            let (primary, related) = at(ctx.revision, run, &frozen.place, "worked out once");
            reporter
                .report_on(frozen, primary, Some(&ctx.revision.id.value))
                .related(related);
        }
    }
}
