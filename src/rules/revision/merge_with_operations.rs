//! ML115

use crate::alembic::{Direction, Revision};
use crate::diagnostic::Label;
use crate::rules::{MigrationContext, Reporter, Violation, declare_rule};
use crate::schema::{Effect, Recorded};

declare_rule! {
    "ML115", "merge-with-operations" in Revision("revision"),
    severity: Warning,
    default: Off,
    since: "0.1.0",
    fix: None,
    on: Migration(check),
}

struct MergeWithOperations {
    direction: &'static str,
    operation: String,
    more: usize,
}

impl Violation for MergeWithOperations {
    fn message(&self) -> String {
        let more = match self.more {
            0 => String::new(),
            1 => ", and 1 more change".to_owned(),
            more => format!(", and {more} more changes"),
        };
        format!(
            "a merge revision changes the schema: `{}` {}{more}",
            self.direction, self.operation
        )
    }

    fn subject(&self) -> String {
        self.direction.to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["a merge joins two lines of revisions; a change that stands in it is easily overlooked, and lost when the lines are merged anew".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some("leave the merge empty, and make the change in a revision after it".to_owned())
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    if !ctx.revision.is_merge() || !says_merge_alone(ctx.revision) {
        return;
    }
    let directions = [
        ("upgrade", &ctx.migration.upgrade),
        ("downgrade", &ctx.migration.downgrade),
    ];
    for (direction, followed) in directions {
        let changes = changes(followed);
        let Some(first) = changes.first() else {
            continue;
        };
        let violation = MergeWithOperations {
            direction,
            operation: first.operation.describe(),
            more: changes.len() - 1,
        };
        let label = Label::at(&first.place, "in a merge");
        reporter.report_on(&violation, label, Some(&ctx.revision.id.value));
        // The way back of what the upgrade does belongs to it.
        return;
    }
}

/// True for a revision whose docstring, or else the name of its file, speaks of a merge and of nothing else that is done:
/// what it does besides is not expected there.
fn says_merge_alone(revision: &Revision) -> bool {
    let docstring = revision.source.module.docstring();
    let docstring = docstring.and_then(|text| text.as_str()).unwrap_or_default();
    let is_header = |line: &&str| {
        let mut headers = ["Revision ID:", "Revises:", "Create Date:"].into_iter();
        headers.any(|header| line.trim_start().starts_with(header))
    };
    let lines = docstring.lines().filter(|line| !is_header(line));
    let mut text = lines.collect::<Vec<_>>().join(" ");
    if text.trim().is_empty() {
        text = revision.file.stem().replace(['_', '-'], " ");
    }
    let text = text.to_lowercase();
    let mut words = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let speaks_of_merge = words.clone().any(|word| word.starts_with("merg"));
    speaks_of_merge
        && !words.any(|word| {
            let mut done = DONE_BESIDES.iter();
            done.any(|stem| word.starts_with(stem)) && !word.contains('_')
        })
}

/// How words begin that say what else a revision does.
const DONE_BESIDES: &[&str] = &[
    "add", "alter", "backfill", "chang", "convert", "creat", "delet", "drop", "enforc", "ensur",
    "fix", "index", "insert", "introduc", "mak", "modif", "mov", "new", "recreat", "remov",
    "renam", "replac", "seed", "set", "split", "switch", "updat",
];

fn changes(direction: &Direction) -> Vec<&Recorded> {
    let operations = direction.run().map_or(&[][..], |run| &run.operations);
    operations
        .iter()
        .filter(|recorded| {
            matches!(
                recorded.operation.effect(),
                Effect::Structure | Effect::Index | Effect::Objects
            )
        })
        .collect()
}
