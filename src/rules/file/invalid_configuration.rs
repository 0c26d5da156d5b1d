//! ML004

use crate::diagnostic::Label;
use crate::rules::{ProjectContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML004", "invalid-configuration" in File("file"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Configuration(check),
}

struct InvalidConfiguration<'a> {
    message: &'a str,
}

impl Violation for InvalidConfiguration<'_> {
    fn message(&self) -> String {
        self.message.to_owned()
    }

    fn subject(&self) -> String {
        self.message.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["Alembic stops with an error when it reads this file".to_owned()]
    }
}

fn check(ctx: &ProjectContext<'_>, reporter: &mut Reporter<'_>) {
    for problem in &ctx.project.discovery.problems {
        let violation = InvalidConfiguration {
            message: &problem.message,
        };
        reporter.report(&violation, Label::at(&problem.place, "here"));
    }
}
