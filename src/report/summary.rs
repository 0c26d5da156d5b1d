//! The closing line.

use crate::diagnostic::Severity;
use crate::linter::{Outcome, Reversibility};

/// What was found, over what, and what could not be decided.
pub fn summary_line(outcome: &Outcome, is_change: bool) -> String {
    let count = |severity: Severity| {
        outcome
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    let summary = &outcome.summary;
    let found: Vec<String> = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Info, "note"),
    ]
    .into_iter()
    .filter_map(|(severity, name)| match count(severity) {
        0 => None,
        count => Some(plural(count, name)),
    })
    .collect();
    let mut scope = plural(summary.revisions, "revision");
    if summary.environments != 1 {
        scope = format!("{scope} of {}", plural(summary.environments, "environment"));
    }
    if is_change {
        scope = match summary.judged {
            0 => format!("no revision changed, {scope} in all"),
            judged => format!("{judged} of {scope} changed"),
        };
    }
    let suppressed = match outcome.suppressed.len() {
        0 => String::new(),
        count => format!("; {} suppressed", plural(count, "finding")),
    };
    let mut line = if found.is_empty() {
        format!("All checks passed ({scope}{suppressed}).")
    } else {
        format!("Found {} ({scope}{suppressed}).", found.join(" and "))
    };
    if summary.undecided > 0 {
        line.push_str(&format!(
            " {} could not be followed to the end: silence about {} is no proof.",
            plural(summary.undecided, "revision"),
            if summary.undecided == 1 { "it" } else { "them" }
        ));
    }
    line
}

/// How many findings there are of each rule, and how many revisions can be taken back, a line each.
pub fn statistics(outcome: &Outcome) -> String {
    let mut rules: Vec<(usize, &str, &str)> = Vec::new();
    for diagnostic in &outcome.diagnostics {
        match rules
            .iter_mut()
            .find(|(_, code, _)| *code == diagnostic.code)
        {
            Some((count, _, _)) => *count += 1,
            None => rules.push((1, diagnostic.code, diagnostic.name)),
        }
    }
    rules.sort_by_key(|(count, code, _)| (std::cmp::Reverse(*count), *code));
    let mut text = String::new();
    for (count, code, name) in rules {
        text.push_str(&format!("{count:>6} {code} {name}\n"));
    }
    if let Some(reversibility) = &outcome.summary.reversibility {
        text.push_str(&verdicts(reversibility));
    }
    text
}

fn verdicts(reversibility: &Reversibility) -> String {
    let Reversibility {
        reversible,
        not_reversed,
        no_schema_change,
        refused,
        fails,
        undecided,
    } = *reversibility;
    let lines = [
        (reversible, "proven reversible"),
        (not_reversed, "not reversed by their downgrade"),
        (no_schema_change, "without a change of the schema"),
        (refused, "without a downgrade, or with one that refuses"),
        (fails, "that fail on the way up or down"),
        (undecided, "undecided"),
    ];
    let all: usize = lines.iter().map(|(count, _)| count).sum();
    let mut text = format!("Of {}:\n", plural(all, "revision"));
    for (count, what) in lines {
        text.push_str(&format!("{count:>6} {what}\n"));
    }
    text
}

/// `1 finding`, `2 findings`
pub(crate) fn plural(count: usize, name: &str) -> String {
    if count == 1 {
        format!("1 {name}")
    } else {
        format!("{count} {name}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linter::Summary;

    fn line(
        revisions: usize,
        environments: usize,
        judged: usize,
        undecided: usize,
        is_change: bool,
    ) -> String {
        let summary = Summary {
            environments,
            revisions,
            judged,
            undecided,
            reversibility: None,
        };
        summary_line(
            &Outcome {
                summary,
                ..Outcome::default()
            },
            is_change,
        )
    }

    #[test]
    fn statistics_have_a_line_for_each_verdict() {
        let reversibility = Reversibility {
            reversible: 11,
            not_reversed: 2,
            undecided: 1,
            ..Reversibility::default()
        };
        let text = verdicts(&reversibility);
        assert!(text.starts_with("Of 14 revisions:\n    11 proven reversible\n"));
        assert!(text.ends_with("     1 undecided\n"));
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!(line(1, 1, 1, 0, false), "All checks passed (1 revision).");
        assert_eq!(
            line(30, 2, 2, 0, true),
            "All checks passed (2 of 30 revisions of 2 environments changed)."
        );
        assert_eq!(
            line(30, 1, 0, 2, true),
            "All checks passed (no revision changed, 30 revisions in all). 2 revisions could not be followed to the end: silence about them is no proof."
        );
    }
}
