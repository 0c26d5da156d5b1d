//! The replay for people: a line for each revision, or all there is to say of a few.

use std::io::{self, Write};

use super::statistics::{circumstances, summary_line};
use super::words::{change_line, coloured, loss_line, sign};
use super::{Detail, ReplayView};
use crate::alembic::{Direction, End, Failed, ReplayedRevision, Verdict};
use crate::catalog::{Change, Difference};
use crate::report::sanitise_line;
use crate::report::schema::{shorten, why_text};
use crate::source::{FileSpan, RepoPath};

/// More lines than this are only shown if everything is asked for.
const MAX_LINES: usize = 40;

pub fn write(view: &ReplayView<'_>, out: &mut dyn Write) -> io::Result<()> {
    match view.detail {
        Detail::Overview => overview(view, out)?,
        Detail::Full | Detail::Everything => {
            for node in view.nodes {
                details(view, *node, out)?;
            }
        }
    }
    writeln!(out, "{}", summary_line(view))?;
    writeln!(out, "{}", circumstances(view))
}

/// A line of the overview.
struct Row<'a> {
    node: usize,
    replayed: &'a ReplayedRevision,
    id: String,
    changes: String,
}

fn overview(view: &ReplayView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let history = view.environment.replay();
    let map = &view.environment.map;
    let rows: Vec<Row<'_>> = view
        .nodes
        .iter()
        .filter_map(|node| {
            let replayed = history.get(*node)?;
            Some(Row {
                node: *node,
                replayed,
                id: sanitise_line(map.node(*node).id()),
                changes: counts(&replayed.upgrade.found),
            })
        })
        .collect();
    let width = |text: for<'r> fn(&'r Row<'_>) -> &'r String| {
        let widths = rows.iter().map(|row| text(row).chars().count());
        widths.max().unwrap_or_default()
    };
    let ids = width(|row| &row.id);
    let changes = width(|row| &row.changes);
    for Row {
        node,
        replayed,
        id,
        changes: counted,
    } in &rows
    {
        let left = view.style.width.max(80).saturating_sub(ids + changes + 6);
        let said = match first_reason(view, *node, replayed) {
            Some(reason) => shorten(&reason, left),
            None => {
                let message = shorten(&map.node(*node).revision.doc.message, left);
                coloured(&message, "2", view.style)
            }
        };
        let line = format!(
            "{} {id:<ids$}  {counted:<changes$}  {said}",
            sign(replayed.verdict, view.style)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    if !rows.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

/// `+3 ~1 -2`
fn counts(found: &[Difference]) -> String {
    let count = |fits: fn(&Change) -> bool| {
        found
            .iter()
            .filter(|difference| fits(&difference.change))
            .count()
    };
    let counted = [
        ('+', count(|change| *change == Change::Added)),
        (
            '~',
            count(|change| matches!(change, Change::Changed(_) | Change::Renamed)),
        ),
        ('-', count(|change| *change == Change::Removed)),
    ];
    let parts: Vec<String> = counted
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(sign, count)| format!("{sign}{count}"))
        .collect();
    parts.join(" ")
}

/// Why the verdict is not a better one.
fn first_reason(view: &ReplayView<'_>, node: usize, replayed: &ReplayedRevision) -> Option<String> {
    let file = &view.environment.map.node(node).revision.file;
    let unknown = || {
        let mut reasons = replayed
            .upgrade
            .unknown
            .iter()
            .chain(&replayed.downgrade.unknown);
        reasons
            .next()
            .map(|why| shorten_place(&why_text(why, view.environment.sources()), file))
    };
    match replayed.verdict {
        Verdict::Reversible | Verdict::NoSchemaChange => None,
        Verdict::NotReversed => replayed.downgrade.found.first().map(loss_line),
        Verdict::Refused => Some(refusal(replayed)),
        Verdict::Fails => [
            ("upgrade", &replayed.upgrade_failures),
            ("downgrade", &replayed.downgrade_failures),
        ]
        .into_iter()
        .find_map(|(phase, failures)| {
            let failed = failures.iter().find(|failed| !failed.in_one_go)?;
            Some(failure(view, file, &format!("{phase} fails"), failed))
        }),
        Verdict::Unknown => unknown().or_else(|| raised(replayed)),
    }
}

fn details(view: &ReplayView<'_>, node: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(replayed) = view.environment.replay().get(node) else {
        return Ok(());
    };
    let revision = &view.environment.map.node(node).revision;
    let file = &revision.file;
    let id = coloured(&sanitise_line(&revision.id.value), "1", view.style);
    let message = shorten(&revision.doc.message, 200);
    let heading = format!("{} {id}  {message}", sign(replayed.verdict, view.style));
    writeln!(out, "{}", heading.trim_end())?;
    writeln!(
        out,
        "  {}",
        coloured(&sanitise_line(file.as_str()), "2", view.style)
    )?;
    writeln!(out, "  {}", verdict_sentence(replayed))?;

    let changes: Vec<String> = replayed
        .upgrade
        .found
        .iter()
        .map(|difference| {
            let (sign, text) = change_line(difference);
            let colour = match sign {
                '+' => "32",
                '-' => "31",
                _ => "33",
            };
            format!("{} {text}", coloured(&sign.to_string(), colour, view.style))
        })
        .collect();
    section(view, "upgrade", &changes, out)?;
    // Without a downgrade everything stays, which needs no list.
    let losses: Vec<String> = if replayed.verdict == Verdict::Refused {
        Vec::new()
    } else {
        replayed.downgrade.found.iter().map(loss_line).collect()
    };
    section(view, "after the downgrade", &losses, out)?;

    let failures: Vec<String> = [
        ("upgrade", &replayed.upgrade_failures),
        ("downgrade", &replayed.downgrade_failures),
    ]
    .into_iter()
    .flat_map(|(phase, failures)| {
        failures
            .iter()
            .map(move |failed| failure(view, file, phase, failed))
    })
    .collect();
    section(view, "fails", &failures, out)?;

    let mut assumptions: Vec<String> = replayed
        .assumptions
        .iter()
        .map(|place| assumption(view, file, place))
        .collect();
    assumptions.dedup();
    section(view, "taken not to hold", &assumptions, out)?;

    let mut unknown: Vec<String> = Vec::new();
    for why in replayed
        .upgrade
        .unknown
        .iter()
        .chain(&replayed.downgrade.unknown)
    {
        let text = shorten_place(&why_text(why, view.environment.sources()), file);
        if !unknown.contains(&text) {
            unknown.push(text);
        }
    }
    section(view, "not known", &unknown, out)?;
    writeln!(out)
}

fn section(
    view: &ReplayView<'_>,
    title: &str,
    lines: &[String],
    out: &mut dyn Write,
) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {title}:")?;
    let shown = if view.detail == Detail::Everything || lines.len() <= MAX_LINES {
        lines.len()
    } else {
        MAX_LINES - 1
    };
    for line in lines.iter().take(shown) {
        writeln!(out, "    {line}")?;
    }
    if shown < lines.len() {
        writeln!(
            out,
            "    … and {} more; --verbose shows them",
            lines.len() - shown
        )?;
    }
    Ok(())
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

fn refusal(replayed: &ReplayedRevision) -> String {
    match &replayed.migration.downgrade {
        Direction::Missing => "there is no downgrade".to_owned(),
        direction => match exception(direction) {
            Some(exception) => format!("the downgrade raises {exception}"),
            None => "the downgrade raises".to_owned(),
        },
    }
}

fn raised(replayed: &ReplayedRevision) -> Option<String> {
    exception(&replayed.migration.upgrade)
        .map(|exception| format!("the upgrade raises {exception}"))
}

fn exception(direction: &Direction) -> Option<String> {
    match &direction.run()?.end {
        End::Raises { exception } => Some(shorten(exception, 80)),
        End::Returns | End::Stopped => None,
    }
}

fn failure(view: &ReplayView<'_>, file: &RepoPath, phase: &str, failed: &Failed) -> String {
    let when = if failed.in_one_go {
        ", if all revisions run in one go"
    } else {
        ""
    };
    format!(
        "{phase}, {}{when}: {}",
        place_text(view, file, &failed.place),
        shorten(&failed.message, 300)
    )
}

fn assumption(view: &ReplayView<'_>, file: &RepoPath, place: &FileSpan) -> String {
    let condition = view
        .environment
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
        place_text(view, file, place),
        condition.unwrap_or_default()
    )
}

/// `line 12`, with the file where it is another one.
fn place_text(view: &ReplayView<'_>, file: &RepoPath, place: &FileSpan) -> String {
    let line = view.environment.sources().line_of(place);
    let other = sanitise_line(place.file.as_str());
    match line {
        Some(line) if place.file == *file => format!("line {line}"),
        Some(line) => format!("{other}:{line}"),
        None => other,
    }
}

/// A reason of the revision itself needs no path.
fn shorten_place(text: &str, file: &RepoPath) -> String {
    let own = format!("({}:", sanitise_line(file.as_str()));
    text.replacen(&own, "(line ", 1)
}
