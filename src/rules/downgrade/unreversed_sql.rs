//! ML209

use serde_json::Value;

use crate::catalog::{Change, Difference, ObjectKind, Subject};
use crate::rules::difference::{Remainder, follows};
use crate::rules::{ReplayContext, Reporter, Violation, declare_rule};

declare_rule! {
    "ML209", "unreversed-sql" in Downgrade("downgrade"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Replay(check),
}

struct UnreversedSql<'d> {
    difference: &'d Difference,
    /// Why the next upgrade fails.
    next_failure: Option<&'d str>,
}

impl Violation for UnreversedSql<'_> {
    fn message(&self) -> String {
        let Difference {
            subject,
            change,
            object,
            ..
        } = self.difference;
        let Subject::Object(kind) = subject else {
            let state = if self.difference.to == Value::Bool(true) {
                "on"
            } else {
                "off"
            };
            return format!("the downgrade leaves row level security of `{object}` {state}");
        };
        match change {
            Change::Added => format!("the downgrade leaves {kind} `{object}` behind"),
            Change::Removed => format!("{kind} `{object}` is not recreated by the downgrade"),
            Change::Changed(_) | Change::Renamed => {
                format!("the downgrade does not bring {kind} `{object}` back as it was")
            }
        }
    }

    fn subject(&self) -> String {
        format!("{} {}", self.difference.kind(), self.difference.object)
    }

    fn notes(&self) -> Vec<String> {
        vec![match self.next_failure {
            Some(cause) => format!("the next upgrade fails: {cause}"),
            None => {
                "after upgrade and downgrade the database is another one than before".to_owned()
            }
        }]
    }
}

fn check(ctx: &ReplayContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(remainder) = Remainder::of(ctx) else {
        return;
    };
    for difference in remainder.found {
        if !is_reported(difference)
            || follows(difference, remainder.found)
            || remainder.is_learned_on_the_way_back(difference)
        {
            continue;
        }
        let violation = UnreversedSql {
            difference,
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

fn is_reported(difference: &Difference) -> bool {
    // Gone with the connection.
    if difference.object.starts_with("pg_temp.") {
        return false;
    }
    match (difference.subject, difference.change) {
        (Subject::Table, Change::Changed("row_security")) => true,
        // What belongs to the whole database, or to the server, stays on purpose.
        (Subject::Object(ObjectKind::Extension | ObjectKind::Schema | ObjectKind::Role), _) => {
            false
        }
        // A text that only looks different does the same.
        (Subject::Object(_), Change::Changed(_)) => {
            squeezed(&difference.from) != squeezed(&difference.to)
        }
        (Subject::Object(_), _) => true,
        _ => false,
    }
}

/// A definition without its spacing and case; `None` where it is not known.
fn squeezed(definition: &Value) -> Option<String> {
    let text = definition.as_str()?;
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    Some(text.trim_end_matches(';').to_lowercase())
}
