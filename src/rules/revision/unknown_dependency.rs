//! ML106

use crate::rules::revision::label_at;
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML106", "unknown-dependency" in Revision("revision"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Map(check),
}

struct UnknownDependency<'a> {
    dependency: &'a str,
}

impl Violation for UnknownDependency<'_> {
    fn message(&self) -> String {
        format!(
            "`depends_on` names `{}`, which is neither a revision nor a branch label",
            self.dependency
        )
    }

    fn subject(&self) -> String {
        self.dependency.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec![format!(
            "every Alembic command stops with `KeyError: '{}'`",
            self.dependency
        )]
    }

    fn help(&self) -> Option<String> {
        self.dependency.contains('@').then(|| {
            "`label@head` is not understood here: name the revision, or the label alone".to_owned()
        })
    }
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let judged = ctx.judged();
    if !judged.is_whole() {
        return;
    }
    for link in judged.map.missing_dependencies() {
        let revision = &judged.map.node(link.node).revision;
        if ctx.is_found_elsewhere(&revision.file, &link.target.value) {
            continue;
        }
        let violation = UnknownDependency {
            dependency: &link.target.value,
        };
        reporter.report_on(
            &violation,
            label_at(revision, link.target.span, "not found"),
            Some(&revision.id.value),
        );
    }
}
