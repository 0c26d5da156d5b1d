//! What `check` writes into the files it has judged: fixes, comments and the baseline.

use std::time::{SystemTime, UNIX_EPOCH};

use similar::TextDiff;

use super::{Check, Run};
use crate::commands::files::replace;
use crate::commands::{CommandError, Exit, Streams};
use crate::config::{Baseline, BaselineEntry, RuleIdentity, Settings};
use crate::diagnostic::Applicability;
use crate::fixer::{self, Fixed, Rewritten};
use crate::linter::SuppressedBy;
use crate::report::{Paths, plural, sanitise, sanitise_line};
use crate::rules::find;
use crate::source::RepoPath;

/// A fix may make room for another one, but not for ever.
const MAX_ROUNDS: usize = 10;

impl Check<'_> {
    fn least(&self) -> Applicability {
        if self.args.unsafe_fixes {
            Applicability::Unsafe
        } else {
            Applicability::Safe
        }
    }

    /// Applies fixes until there are no more; tells how many there were.
    pub(super) fn fix(&self, streams: &mut Streams<'_>) -> Result<usize, CommandError> {
        let mut count = 0;
        let mut files: Vec<RepoPath> = Vec::new();
        let mut withheld = 0;
        for _ in 0..MAX_ROUNDS {
            let run = self.judge()?;
            withheld = withheld_of(&run);
            let fixed = fixer::apply(&run.outcome.diagnostics, &run.judged.head, self.least())?;
            let written = self.write(&fixed, streams)?;
            if written.is_empty() {
                break;
            }
            count += fixed.count;
            files.extend(written);
            // What is staged or committed does not change with the files on disk.
            if !run.judged.is_worktree {
                break;
            }
        }
        if count > 0 && !self.is_quiet() {
            files.sort();
            files.dedup();
            writeln!(
                streams.err,
                "fixed {} in {}",
                plural(count, "finding"),
                plural(files.len(), "file")
            )?;
        }
        self.tell_withheld(withheld, streams)?;
        Ok(count)
    }

    fn tell_withheld(&self, count: usize, streams: &mut Streams<'_>) -> Result<(), CommandError> {
        if count > 0 && !self.is_quiet() {
            writeln!(
                streams.err,
                "note: {} would be in revisions that others have already, so they are only shown",
                if count == 1 {
                    "1 fix".to_owned()
                } else {
                    format!("{count} fixes")
                }
            )?;
        }
        Ok(())
    }

    /// Prints what fixes would change.
    pub(super) fn diff(&self, streams: &mut Streams<'_>) -> Result<Exit, CommandError> {
        let run = self.judge()?;
        let fixed = fixer::apply(&run.outcome.diagnostics, &run.judged.head, self.least())?;
        let paths = Paths::from_folder(self.workspace.folder.clone());
        for (file, Rewritten { before, after }) in &fixed.files {
            let name = paths.show_line(file);
            let diff = TextDiff::from_lines(before, after);
            let diff = diff.unified_diff().header(&name, &name).to_string();
            write!(streams.out, "{}", sanitise(&diff))?;
        }
        if !self.is_quiet() {
            writeln!(
                streams.err,
                "would fix {} of {}",
                fixed.count,
                plural(run.outcome.diagnostics.len(), "finding")
            )?;
        }
        self.tell_withheld(withheld_of(&run), streams)?;
        Ok(if fixed.files.is_empty() {
            Exit::Clean
        } else {
            Exit::Findings
        })
    }

    /// Writes comments that suppress all findings.
    pub(super) fn add_ignores(
        &self,
        reason: Option<&str>,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, CommandError> {
        let run = self.judge()?;
        let ignored = fixer::add_ignores(&run.outcome.diagnostics, &run.judged.head, reason)?;
        let files = self.write(&ignored.fixed, streams)?;
        if !self.is_quiet() {
            writeln!(
                streams.err,
                "{} suppressed by comments in {}",
                are(ignored.fixed.count, "finding"),
                plural(files.len(), "file")
            )?;
            if ignored.left > 0 {
                writeln!(
                    streams.err,
                    "{} left, for which there is no place for a comment; `--add-baseline` takes them too",
                    are(ignored.left, "finding")
                )?;
            }
        }
        Ok(if ignored.left == 0 {
            Exit::Clean
        } else {
            Exit::Findings
        })
    }

    /// Writes all findings into the baseline.
    pub(super) fn add_baseline(
        &self,
        reason: Option<&str>,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, CommandError> {
        let (judged, settings) = self.prepare()?;
        let (outcome, _) = self.lint(&judged, &settings)?;
        let Settings { baseline, .. } = &settings;
        let path = Self::baseline_path(&judged);
        let known = outcome.suppressed.iter();
        let known = known.filter(|suppressed| suppressed.by == SuppressedBy::Baseline);
        let found = outcome
            .diagnostics
            .iter()
            // Entries that are stale go by not being written again.
            .filter(|diagnostic| diagnostic.primary.file != path)
            .chain(known.map(|suppressed| &suppressed.diagnostic));
        let mut new = Baseline::of(path.clone(), found, baseline.as_ref(), &today(), reason);
        // Of rules that were not asked nothing is known.
        let unasked = |entry: &&BaselineEntry| {
            find(&entry.code)
                .is_some_and(|rule| !settings.selects(RuleIdentity::from(rule), rule.is_default))
        };
        let kept = baseline.iter().flat_map(|before| &before.entries);
        new.entries.extend(kept.filter(unasked).cloned());
        new.entries.sort();
        replace(
            &path.on_disk(&self.workspace.root),
            new.to_json().as_bytes(),
        )?;
        if !self.is_quiet() {
            let before = baseline.as_ref().map_or(&[][..], |before| &before.entries);
            let is_in = |entries: &[BaselineEntry], fingerprint: &str| {
                entries.iter().any(|entry| entry.fingerprint == fingerprint)
            };
            let added = new.entries.iter();
            let added = added
                .filter(|entry| !is_in(before, &entry.fingerprint))
                .count();
            let gone = before.iter();
            let gone = gone
                .filter(|entry| !is_in(&new.entries, &entry.fingerprint))
                .count();
            writeln!(
                streams.err,
                "{} in {}: {added} new, {gone} gone",
                are(new.entries.len(), "finding"),
                sanitise_line(path.as_str())
            )?;
        }
        Ok(Exit::Clean)
    }

    /// Writes new texts to the disk, where that has what was judged.
    fn write(
        &self,
        fixed: &Fixed,
        streams: &mut Streams<'_>,
    ) -> Result<Vec<RepoPath>, CommandError> {
        let mut written = Vec::new();
        for file in &fixed.skipped {
            writeln!(
                streams.err,
                "note: {} is not changed: its bytes are not plain UTF-8",
                sanitise_line(file.as_str())
            )?;
        }
        for (file, Rewritten { before, after }) in &fixed.files {
            let path = file.on_disk(&self.workspace.root);
            if std::fs::read(&path).unwrap_or_default() != before.as_bytes() {
                writeln!(
                    streams.err,
                    "note: {} is not changed: on disk it is not what was judged",
                    sanitise_line(file.as_str())
                )?;
                continue;
            }
            replace(&path, after.as_bytes())?;
            written.push(file.clone());
        }
        Ok(written)
    }
}

/// Fixes that are only shown.
fn withheld_of(run: &Run) -> usize {
    let fixes = run
        .outcome
        .diagnostics
        .iter()
        .filter_map(|diagnostic| diagnostic.fix.as_ref());
    fixes
        .filter(|fix| fix.applicability == Applicability::DisplayOnly)
        .count()
}

fn are(count: usize, noun: &str) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", plural(count, noun))
}

/// The day in UTC: `2026-11-22`.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = seconds.map_or(0, |since| since.as_secs() / 86_400);
    date_of(days)
}

/// The date of a day, counted from 1970-01-01, in the Gregorian calendar.
fn date_of(days: u64) -> String {
    // Years begin in March here, so that the leap day is their last; 400 of them have 146,097 days.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year_of_era + next_year;
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date_of(0), "1970-01-01");
        assert_eq!(date_of(11_016), "2000-02-29");
        assert_eq!(date_of(20_779), "2026-11-22");
        assert_eq!(date_of(47_541), "2100-03-01");
    }
}
