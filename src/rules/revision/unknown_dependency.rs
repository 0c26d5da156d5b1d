//! ML106

use crate::alembic::BrokenLink;
use crate::diagnostic::Severity;
use crate::rules::revision::label_at;
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};
use crate::source::RepoPath;

declare_rule! {
    "ML106", "unknown-dependency" in Revision("revision"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Map(check),
}

struct UnknownDependency<'a> {
    dependency: &'a str,
    /// A file that declares it, in a folder that code may add.
    declared_in: Option<RepoPath>,
}

impl Violation for UnknownDependency<'_> {
    fn message(&self) -> String {
        let dependency = self.dependency;
        match &self.declared_in {
            Some(file) => format!(
                "`depends_on` names `{dependency}`, which only `{file}` declares, outside of the configured locations"
            ),
            None => format!(
                "`depends_on` names `{dependency}`, which is neither a revision nor a branch label"
            ),
        }
    }

    fn subject(&self) -> String {
        self.dependency.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let whenever = match self.declared_in {
            Some(_) => "where that folder is not added, ",
            None => "",
        };
        vec![format!(
            "{whenever}every Alembic command stops with `KeyError: '{}'`",
            self.dependency
        )]
    }

    fn help(&self) -> Option<String> {
        self.dependency.contains('@').then(|| {
            "`label@head` is not understood here: name the revision, or the label alone".to_owned()
        })
    }

    fn severity(&self) -> Option<Severity> {
        self.declared_in.as_ref().map(|_| Severity::Warning)
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
        // The base gets along with it.
        let is_same = |other: &BrokenLink| other.target.value == link.target.value;
        let mut base = ctx.base().into_iter();
        if base.any(|base| base.map.missing_dependencies().iter().any(is_same)) {
            continue;
        }
        let declared_in = ctx.head.declared_elsewhere(&link.target.value);
        if declared_in.is_none() && (ctx.head.adds_locations() || ctx.head.extends_a_package()) {
            continue;
        }
        let violation = UnknownDependency {
            dependency: &link.target.value,
            declared_in: declared_in.filter(|_| ctx.head.adds_locations()),
        };
        reporter.report_on(
            &violation,
            label_at(revision, link.target.span, "not found"),
            Some(&revision.id.value),
        );
    }
}
