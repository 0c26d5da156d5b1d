//! ML309

use crate::diagnostic::Label;
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML309", "foreign-base" in Model("model"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Drift(check),
}

struct ForeignBase<'a> {
    table: &'a str,
}

impl Violation for ForeignBase<'_> {
    fn message(&self) -> String {
        format!(
            "the migrations build table `{}`, whose model is on another metadata than the one `env.py` names",
            self.table
        )
    }

    fn subject(&self) -> String {
        self.table.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["the next `alembic revision --autogenerate` would drop the table".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some(
            "give the model the Base of the others, or make `target_metadata` a list of both"
                .to_owned(),
        )
    }
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let head = ctx.head;
    if !head.is_complete() {
        return;
    }
    let models = head.model_schema();
    for table in &models.foreign {
        // Left out on purpose, or the business of another environment.
        let is_left_out = models
            .comparison
            .includes(crate::catalog::Subject::Table, &table.name)
            != Some(true);
        let is_elsewhere = ctx.all.iter().any(|other| {
            !std::ptr::eq(other, head)
                && other
                    .model_schema()
                    .catalog
                    .tables
                    .contains_key(&table.name)
        });
        if is_left_out || is_elsewhere {
            continue;
        }
        let label = Label::at(&table.place, "on another Base");
        reporter.report(&ForeignBase { table: &table.name }, label);
    }
}
