//! ML205

use crate::catalog::{Change, Subject};
use crate::diagnostic::Severity;
use crate::rules::difference::Remainder;
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML205", "leftover-enum-type" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

struct LeftoverEnumType<'a> {
    name: &'a str,
    /// Why the next upgrade fails.
    next_failure: Option<&'a str>,
}

impl Violation for LeftoverEnumType<'_> {
    fn message(&self) -> String {
        let Self { name, next_failure } = self;
        match next_failure {
            Some(_) => format!(
                "the downgrade leaves enum type `{name}` behind, and the next upgrade fails"
            ),
            None => format!("the downgrade leaves enum type `{name}` behind"),
        }
    }

    fn subject(&self) -> String {
        self.name.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes =
            vec!["dropping a table or a column does not drop the type of the column".to_owned()];
        notes.extend(
            self.next_failure
                .map(|cause| format!("the next upgrade: {cause}")),
        );
        notes
    }

    fn help(&self) -> Option<String> {
        Some(match self.name.rsplit_once('.') {
            None => format!(
                "end `downgrade` with `sa.Enum(name=\"{}\").drop(op.get_bind(), checkfirst=True)`",
                self.name
            ),
            Some(_) => format!(
                "end `downgrade` with `op.execute(\"DROP TYPE {}\")`",
                self.name
            ),
        })
    }

    fn severity(&self) -> Option<Severity> {
        self.next_failure.is_none().then_some(Severity::Warning)
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(remainder) = Remainder::of(ctx) else {
        return;
    };
    for difference in remainder.found {
        if (difference.subject, difference.change) != (Subject::Enum, Change::Added) {
            continue;
        }
        let violation = LeftoverEnumType {
            name: &difference.object,
            next_failure: remainder
                .next_failure(&difference.object)
                .map(|failed| failed.message.as_str()),
        };
        let (primary, related) = remainder.labels(difference);
        reporter
            .report_on(&violation, primary, Some(&ctx.revision.id.value))
            .related(related);
    }
}
