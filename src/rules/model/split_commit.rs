//! ML310

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Subject, split_object};
use crate::config::Pairing;
use crate::diagnostic::Label;
use crate::models::{DriftDifference, Introduced};
use crate::project::ProjectEnvironment;
use crate::rules::{ChangeContext, Reporter, Violation, declare_rule, first_of, pairing};
use crate::source::FileSpan;

declare_rule! {
    "ML310", "split-commit" in Model("model"),
    severity: Warning,
    default: Off,
    since: "0.1.0",
    fix: None,
    on: Branch(check),
}

/// A table whose model and migration do not go together for a while.
struct Split<'a> {
    table: &'a str,
    /// What differs for that while, in words.
    parts: Vec<String>,
    /// True if the model came before the migration.
    is_model_first: bool,
    /// The commit that brings it.
    from: &'a str,
    /// The commit that ends it; `None` for the state under judgement.
    to: Option<&'a str>,
}

impl Violation for Split<'_> {
    fn message(&self) -> String {
        let (first, second) = if self.is_model_first {
            ("model", "migration")
        } else {
            ("migration", "model")
        };
        let to = self.to.unwrap_or("what is judged");
        format!(
            "the {first} of `{}` changes in {}, the {second} only in {to}",
            self.table, self.from
        )
    }

    fn subject(&self) -> String {
        format!("{} {}", self.table, self.parts.join(" "))
    }

    fn notes(&self) -> Vec<String> {
        let (mut parts, rest) = first_of(&self.parts, MOST_PARTS);
        if rest > 0 {
            parts = format!("{parts} and {rest} more");
        }
        vec![format!("in between they differ in {parts}")]
    }

    fn help(&self) -> Option<String> {
        Some(
            "`git rebase --interactive` puts both into one commit, so that each can be tested and taken back by itself"
                .to_owned(),
        )
    }
}

/// How much of a difference is told.
const MOST_PARTS: usize = 3;

/// A difference that is there in some commits only.
struct Passing<'a> {
    found: &'a DriftDifference,
    /// The table, as the commit that brings it has it.
    table: String,
    is_model_first: bool,
    first: usize,
    last: usize,
}

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.environment.settings.pairing() != Pairing::Together {
        return;
    }
    let head = ctx.environment.head;
    let commits = &ctx.change.commits;
    let began = ctx.change.branch.or(ctx.change.before);
    let is_at_head = |found: &DriftDifference| {
        let mut now = head.whole_drift().differences.iter();
        now.any(|other| other.difference.is_same_as(&found.difference))
    };
    let mut passing: Vec<Passing<'_>> = Vec::new();
    for (index, commit) in commits.iter().enumerate() {
        let state = commit.environment;
        state.adopt_history(head, &commit.rest);
        state.adopt_models(head, &commit.rest);
        let renames = began.map_or_else(Vec::new, |began| pairing::renames(began, state, head));
        let began = began.map(pairing::state);
        let Some(introduced) = Introduced::new(began, pairing::state(state), renames) else {
            continue;
        };
        let by_models = introduced.by_models.iter().map(|found| (*found, true));
        let others = introduced.others.iter().map(|found| (*found, false));
        for (found, is_model_first) in by_models.chain(others) {
            if is_at_head(found) {
                continue;
            }
            let known = passing.iter_mut().find(|known| {
                known.last + 1 == index && known.found.difference.is_same_as(&found.difference)
            });
            match known {
                Some(known) => known.last = index,
                None => passing.push(Passing {
                    found,
                    table: pairing::table_of(&found.difference, state),
                    is_model_first,
                    first: index,
                    last: index,
                }),
            }
        }
    }
    // All of a table that comes and goes at the same time is one thing.
    let mut together: BTreeMap<(&str, usize, usize), Vec<&Passing<'_>>> = BTreeMap::new();
    for passing in &passing {
        let key = (passing.table.as_str(), passing.first, passing.last);
        together.entry(key).or_default().push(passing);
    }
    let name = |index: usize| commits.get(index).map(|commit| commit.name);
    for ((table, first, last), parts) in together {
        let Some(label) = parts.iter().find_map(|part| label(part, table, head)) else {
            continue;
        };
        let violation = Split {
            table,
            parts: parts
                .iter()
                .map(|part| pairing::part_in_words(&part.found.difference, table))
                .collect(),
            is_model_first: parts.iter().any(|part| part.is_model_first),
            from: name(first).unwrap_or_default(),
            to: name(last + 1),
        };
        reporter.report(&violation, label);
    }
}

/// Where the object is now: in the model or else in the migration.
fn label(passing: &Passing<'_>, table: &str, head: &ProjectEnvironment<'_>) -> Option<Label> {
    let difference = &passing.found.difference;
    let place = |catalog: &Catalog| -> Option<FileSpan> {
        let described = catalog.tables.get(table)?;
        let (_, part) = split_object(&difference.object, catalog);
        let column = part.filter(|_| difference.subject == Subject::Column);
        let column = column.and_then(|part| described.column(part)?.place.clone());
        column.or_else(|| described.place.clone())
    };
    let in_model = place(&head.model_schema().whole().catalog);
    let (place, message) = match in_model {
        Some(place) => (place, "the model"),
        None => (place(head.migrated())?, "the migration"),
    };
    Some(Label::new(place.file, place.span, message))
}
