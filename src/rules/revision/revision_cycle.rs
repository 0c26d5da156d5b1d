//! ML104

use smol_str::SmolStr;

use crate::alembic::Revision;
use crate::rules::revision::{is_its_own_parent, label_at, parent_label};
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule, list};

declare_rule! {
    "ML104", "revision-cycle" in Revision("revision"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Map(check),
}

struct RevisionCycle {
    ids: Vec<SmolStr>,
    /// Other revisions lead into it and out of it.
    is_overlooked: bool,
    /// True for a revision that only depends on itself.
    is_dependency: bool,
    /// What the docstring of a revision that is its own parent names as the parent.
    docstring: Option<SmolStr>,
}

impl Violation for RevisionCycle {
    fn message(&self) -> String {
        match self.ids.as_slice() {
            [only] if self.is_dependency => format!("revision `{only}` depends on itself"),
            [only] => format!("revision `{only}` is its own parent"),
            ids => format!("the revisions {} lead back to themselves", list(ids)),
        }
    }

    fn subject(&self) -> String {
        self.ids.join(" ")
    }

    fn notes(&self) -> Vec<String> {
        // What `LoopDetected` and `DependencyLoopDetected` of Alembic say.
        let says = match (self.ids.as_slice(), self.is_dependency) {
            ([only], false) => format!("Self-loop is detected in revisions ({only})"),
            ([only], true) => format!("Dependency self-loop is detected in revisions ({only})"),
            _ => "Cycle is detected in revisions".to_owned(),
        };
        vec![if self.is_overlooked {
            "Alembic does not notice it, as other revisions lead into it and out of it: which of them runs first is left to \
             chance, and commands that walk through all of them may fail"
                .to_owned()
        } else {
            format!("every Alembic command stops with \"{says}\"")
        }]
    }

    fn help(&self) -> Option<String> {
        let parent = self.docstring.as_ref()?;
        Some(format!("the docstring says that it revises `{parent}`"))
    }
}

/// The one other revision that the docstring names as the parent.
fn said_parent(revision: &Revision) -> Option<SmolStr> {
    let line = revision.doc.revises.as_ref()?;
    let mut words = line.text.split_whitespace();
    let said = words.next().filter(|_| words.next().is_none())?;
    let is_id = said
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_id && said != revision.id.value && said != "None").then(|| SmolStr::new(said))
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let judged = ctx.judged();
    for cycle in judged.map.cycles() {
        let touched = cycle.iter().copied().find(|node| {
            ctx.change.is_some() && ctx.is_judged(&judged.map.node(*node).revision.file)
        });
        let Some(primary) = touched.or_else(|| cycle.first().copied()) else {
            continue;
        };
        let revision = &judged.map.node(primary).revision;
        let others = cycle.iter().filter(|node| **node != primary);
        let others =
            others.map(|node| parent_label(&judged.map.node(*node).revision, "on the same cycle"));
        let own = revision.depends_on.iter();
        let mut own = own.filter(|dependency| dependency.value == revision.id.value);
        let label = match own
            .next()
            .filter(|_| cycle.len() == 1 && !is_its_own_parent(revision))
        {
            Some(dependency) => label_at(revision, dependency.span, "leads back here"),
            None => parent_label(revision, "leads back here"),
        };
        reporter
            .report_on(
                &RevisionCycle {
                    ids: judged.ids(cycle),
                    is_overlooked: cycle.len() > 1 && judged.map.is_overlooked(cycle),
                    is_dependency: !is_its_own_parent(revision),
                    docstring: said_parent(revision).filter(|_| is_its_own_parent(revision)),
                },
                label,
                Some(&revision.id.value),
            )
            .related(others);
    }
}
