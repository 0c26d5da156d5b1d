//! The `replay` contract.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::ReplayView;
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
                failures
                    .iter()
                    .find(|failed| !failed.in_one_go)
                    .map(|failed| {
                        let line = sources
                            .python(&failed.place.file)
                            .map(|file| file.text.position(failed.place.span.start).line);
                        json!({"phase": phase, "message": failed.message, "line": line})
                    })
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
                "file": revision.file.as_str(),
                "verdict": replayed.verdict.as_str(),
                "upgrade": differences(&replayed.upgrade.found),
                "downgrade": differences(&replayed.downgrade.found),
                "error": error(&replayed.upgrade_failures, "upgrade")
                    .or_else(|| error(&replayed.downgrade_failures, "downgrade")),
                "uncertain": uncertain,
            }))
        })
        .collect();
    write_json(&json!({"version": 1, "revisions": revisions}), out)
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
