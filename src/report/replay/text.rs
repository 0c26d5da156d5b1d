//! The replay for people: a line for each revision, or all there is to say of a few.

use std::io::{self, Write};

use super::account::{Account, failure, raised, refusal, shorten_place};
use super::statistics::{circumstances, summary_line};
use super::words::{coloured, loss_line, sign};
use super::{Detail, ReplayView};
use crate::alembic::{ReplayedRevision, Verdict};
use crate::catalog::{Change, Difference};
use crate::report::sanitise_line;
use crate::report::schema::{shorten, why_text};

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
    let environment = view.environment;
    let file = &environment.map.node(node).revision.file;
    let unknown = || {
        let mut reasons = replayed
            .upgrade
            .unknown
            .iter()
            .chain(&replayed.downgrade.unknown);
        reasons
            .next()
            .map(|why| shorten_place(&why_text(why, environment.sources()), file))
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
            Some(failure(
                environment,
                file,
                &format!("{phase} fails"),
                failed,
            ))
        }),
        Verdict::Unknown => unknown().or_else(|| raised(replayed)),
    }
}

fn details(view: &ReplayView<'_>, node: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(account) = Account::of(view.environment, node) else {
        return Ok(());
    };
    let revision = &view.environment.map.node(node).revision;
    let id = coloured(&sanitise_line(&revision.id.value), "1", view.style);
    let message = shorten(&revision.doc.message, 200);
    let heading = format!("{} {id}  {message}", sign(account.verdict, view.style));
    writeln!(out, "{}", heading.trim_end())?;
    writeln!(
        out,
        "  {}",
        coloured(&sanitise_line(revision.file.as_str()), "2", view.style)
    )?;
    writeln!(out, "  {}", account.sentence)?;

    let changes: Vec<String> = account
        .changes
        .iter()
        .map(|(sign, text)| {
            let colour = match sign {
                '+' => "32",
                '-' => "31",
                _ => "33",
            };
            format!("{} {text}", coloured(&sign.to_string(), colour, view.style))
        })
        .collect();
    section(view, "upgrade", &changes, out)?;
    section(view, "after the downgrade", &account.losses, out)?;
    section(view, "fails", &account.failures, out)?;
    section(view, "taken not to hold", &account.assumptions, out)?;
    section(view, "not known", &account.unknown, out)?;
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
