//! The `replay` contract.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::ReplayView;
use super::statistics::summary;
use crate::alembic::Failed;
use crate::catalog::Difference;
use crate::report::schema::why_value;
use crate::report::write_json;

/// Writes one JSON object.
pub fn write(view: &ReplayView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let history = view.environment.replay();
    let sources = view.environment.sources();
    let revisions: Vec<Value> = view
        .nodes
        .iter()
        .filter_map(|node| {
            let replayed = history.get(*node)?;
            let revision = &view.environment.map.node(*node).revision;
            let error = |failures: &[Failed], phase: &str| {
                let failed = failures.iter().find(|failed| !failed.in_one_go)?;
                let line = sources.line_of(&failed.place);
                Some(json!({"phase": phase, "message": failed.message, "line": line}))
            };
            let failures = |failures: &'_ [Failed], phase: &'static str| {
                failures
                    .iter()
                    .map(|failed| {
                        json!({
                            "phase": phase,
                            "message": failed.message,
                            "file": failed.place.file.as_str(),
                            "line": sources.line_of(&failed.place),
                            "in_one_go": failed.in_one_go,
                        })
                    })
                    .collect::<Vec<_>>()
                    .into_iter()
            };
            let mut uncertain: Vec<Value> = Vec::new();
            for why in replayed
                .upgrade
                .unknown
                .iter()
                .chain(&replayed.downgrade.unknown)
            {
                let value = why_value(why, sources);
                if !uncertain.contains(&value) {
                    uncertain.push(value);
                }
            }
            Some(json!({
                "revision": revision.id.value,
                "message": revision.doc.message,
                "file": revision.file.as_str(),
                "verdict": replayed.verdict.as_str(),
                "upgrade": differences(&replayed.upgrade.found),
                "downgrade": differences(&replayed.downgrade.found),
                "error": error(&replayed.upgrade_failures, "upgrade")
                    .or_else(|| error(&replayed.downgrade_failures, "downgrade")),
                "failures": failures(&replayed.upgrade_failures, "upgrade")
                    .chain(failures(&replayed.downgrade_failures, "downgrade"))
                    .collect::<Vec<_>>(),
                "assumptions": replayed
                    .assumptions
                    .iter()
                    .map(|place| json!({"file": place.file.as_str(), "line": sources.line_of(place)}))
                    .collect::<Vec<_>>(),
                "uncertain": uncertain,
            }))
        })
        .collect();
    write_json(
        &json!({"version": 1, "revisions": revisions, "summary": summary(view)}),
        out,
    )
}

fn differences(found: &[Difference]) -> Vec<Value> {
    found
        .iter()
        .map(|difference| {
            json!({
                "kind": difference.kind(),
                "object": difference.object,
                "from": difference.from,
                "to": difference.to,
            })
        })
        .collect()
}
