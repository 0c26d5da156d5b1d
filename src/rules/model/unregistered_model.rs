//! ML305

use crate::diagnostic::Label;
use crate::project::Registration;
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML305", "unregistered-model" in Model("model"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Drift(check),
}

struct UnregisteredModel<'a> {
    table: &'a str,
}

impl Violation for UnregisteredModel<'_> {
    fn message(&self) -> String {
        format!(
            "Alembic does not see the model of table `{}`: nothing that `env.py` imports leads to this module",
            self.table
        )
    }

    fn subject(&self) -> String {
        self.table.to_owned()
    }

    fn help(&self) -> Option<String> {
        Some("import the module where the other models are imported".to_owned())
    }
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let head = ctx.head;
    // Where modules may be imported by names that are not known, this may be one of them.
    if !head.is_complete() || head.model_schema().open.is_some() {
        return;
    }
    for table in &head.model_schema().unregistered {
        // Where it was migrated, something imports it that is not seen here. Another environment may be for it.
        let may_be_migrated = ctx.all.iter().any(|environment| {
            let migrated = &environment.replay().catalog;
            migrated.opaque.is_some() || migrated.tables.contains_key(&table.name)
        });
        if may_be_migrated || head.registration(&table.name) != Registration::None {
            continue;
        }
        let label = Label::at(&table.place, "not imported");
        reporter.report(&UnregisteredModel { table: &table.name }, label);
    }
}
