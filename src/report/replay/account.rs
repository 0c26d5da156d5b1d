//! What there is to say of one revision, in words.

use super::words::{change_line, loss_line};
use crate::alembic::{Direction, End, Failed, ReplayedRevision, Verdict};
use crate::project::ProjectEnvironment;
use crate::report::sanitise_line;
use crate::report::schema::{shorten, why_text};
use crate::source::{FileSpan, RepoPath};

/// A revision as a reviewer wants to be told of it. All text is harmless and on one line.
pub(in crate::report) struct Account {
    pub(in crate::report) verdict: Verdict,
    /// The verdict in words.
    pub(in crate::report) sentence: String,
    /// What the upgrade does: `+`, `-` or `~`, and what.
    pub(in crate::report) changes: Vec<(char, String)>,
    /// What the downgrade does not bring back.
    pub(in crate::report) losses: Vec<String>,
    /// What the database refuses.
    pub(in crate::report) failures: Vec<String>,
    /// Conditions that are taken not to hold.
    pub(in crate::report) assumptions: Vec<String>,
    /// What could not be decided, and why.
    pub(in crate::report) unknown: Vec<String>,
}

impl Account {
    /// `None` for a revision that no replay reaches.
    pub(in crate::report) fn of(environment: &ProjectEnvironment<'_>, node: usize) -> Option<Self> {
        let replayed = environment.replay().get(node)?;
        let file = &environment.map.node(node).revision.file;
        let changes = replayed.upgrade.found.iter().map(change_line).collect();
        // Without a downgrade everything stays, which needs no list.
        let losses = if replayed.verdict == Verdict::Refused {
            Vec::new()
        } else {
            replayed.downgrade.found.iter().map(loss_line).collect()
        };
        let failures = [
            ("upgrade", &replayed.upgrade_failures),
            ("downgrade", &replayed.downgrade_failures),
        ]
        .into_iter()
        .flat_map(|(phase, failures)| {
            failures
                .iter()
                .map(move |failed| failure(environment, file, phase, failed))
        })
        .collect();
        let mut assumptions: Vec<String> = replayed
            .assumptions
            .iter()
            .map(|place| assumption(environment, file, place))
            .collect();
        assumptions.dedup();
        let mut unknown: Vec<String> = Vec::new();
        for why in replayed
            .upgrade
            .unknown
            .iter()
            .chain(&replayed.downgrade.unknown)
        {
            let text = shorten_place(&why_text(why, environment.sources()), file);
            if !unknown.contains(&text) {
                unknown.push(text);
            }
        }
        Some(Self {
            verdict: replayed.verdict,
            sentence: verdict_sentence(replayed),
            changes,
            losses,
            failures,
            assumptions,
            unknown,
        })
    }
}

fn verdict_sentence(replayed: &ReplayedRevision) -> String {
    match replayed.verdict {
        Verdict::Reversible => "reversible: the downgrade brings everything back".to_owned(),
        Verdict::NotReversed => {
            "not reversed: the downgrade does not bring everything back".to_owned()
        }
        Verdict::NoSchemaChange => "no schema change".to_owned(),
        Verdict::Refused => format!("no way back: {}", refusal(replayed)),
        Verdict::Fails => {
            let phase = if replayed
                .upgrade_failures
                .iter()
                .any(|failed| !failed.in_one_go)
            {
                "upgrade"
            } else {
                "downgrade"
            };
            format!("fails: the {phase} does not go through")
        }
        Verdict::Unknown => match raised(replayed) {
            Some(raised) => format!("undecided: {raised}"),
            None => "undecided: not everything it does is known".to_owned(),
        },
    }
}

pub(super) fn refusal(replayed: &ReplayedRevision) -> String {
    match &replayed.migration.downgrade {
        Direction::Missing => "there is no downgrade".to_owned(),
        direction => match exception(direction) {
            Some(exception) => format!("the downgrade raises {exception}"),
            None => "the downgrade raises".to_owned(),
        },
    }
}

pub(super) fn raised(replayed: &ReplayedRevision) -> Option<String> {
    exception(&replayed.migration.upgrade)
        .map(|exception| format!("the upgrade raises {exception}"))
}

fn exception(direction: &Direction) -> Option<String> {
    match &direction.run()?.end {
        End::Raises { exception, .. } => Some(shorten(exception, 80)),
        End::Returns | End::Stopped => None,
    }
}

pub(super) fn failure(
    environment: &ProjectEnvironment<'_>,
    file: &RepoPath,
    phase: &str,
    failed: &Failed,
) -> String {
    let when = if failed.in_one_go {
        ", if all revisions run in one go"
    } else {
        ""
    };
    format!(
        "{phase}, {}{when}: {}",
        place_text(environment, file, &failed.place),
        shorten(&failed.message, 300)
    )
}

fn assumption(environment: &ProjectEnvironment<'_>, file: &RepoPath, place: &FileSpan) -> String {
    let condition = environment
        .sources()
        .python(&place.file)
        .and_then(|parsed| {
            let text = parsed.text.as_str();
            let range = place.span.start as usize..place.span.end as usize;
            text.get(range)
                .map(|text| format!(": {}", shorten(text, 80)))
        });
    format!(
        "{}{}",
        place_text(environment, file, place),
        condition.unwrap_or_default()
    )
}

/// `line 12`, with the file where it is another one.
fn place_text(environment: &ProjectEnvironment<'_>, file: &RepoPath, place: &FileSpan) -> String {
    let line = environment.sources().line_of(place);
    let other = sanitise_line(place.file.as_str());
    match line {
        Some(line) if place.file == *file => format!("line {line}"),
        Some(line) => format!("{other}:{line}"),
        None => other,
    }
}

/// A reason of the revision itself needs no path.
pub(super) fn shorten_place(text: &str, file: &RepoPath) -> String {
    let own = format!("({}:", sanitise_line(file.as_str()));
    text.replacen(&own, "(line ", 1)
}
