//! ML004

use crate::alembic::ConfigProblem;
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
    // What stood in the file before the change is not its business.
    let stood = |problem: &ConfigProblem| {
        let mut before = ctx.before.into_iter();
        before.any(|before| {
            let mut known = before.discovery.problems.iter();
            known.any(|known| {
                known.place.file == problem.place.file && known.message == problem.message
            })
        })
    };
    let problems = ctx.project.discovery.problems.iter();
    for problem in problems.filter(|problem| !stood(problem)) {
        let violation = InvalidConfiguration {
            message: &problem.message,
        };
        reporter.report(&violation, Label::at(&problem.place, "here"));
    }
}
