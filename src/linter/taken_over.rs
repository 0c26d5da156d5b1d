//! A history that comes from elsewhere.

use jiff::civil::Date;

use super::Linter;
use crate::project::ProjectEnvironment;
use crate::rules::EnvironmentChange;
use crate::source::RepoPath;

impl Linter<'_> {
    /// The files of a history that the change brings as a whole, written over months: it has run elsewhere, and is taken as
    /// it is.
    pub(super) fn taken_over(
        &mut self,
        environment: &ProjectEnvironment<'_>,
        change: Option<&EnvironmentChange<'_>>,
    ) -> Vec<RepoPath> {
        let had_none =
            |known: Option<&ProjectEnvironment<'_>>| known.is_none_or(|known| known.map.is_empty());
        let is_brought =
            |change: &EnvironmentChange<'_>| had_none(change.before) && had_none(change.upstream);
        let nodes = environment.map.nodes();
        if !change.is_some_and(is_brought) || nodes.len() < MANY_REVISIONS {
            return Vec::new();
        }
        let mut days: Vec<Date> = nodes
            .iter()
            .filter_map(|node| node.revision.created())
            .collect();
        days.sort_unstable();
        let span = days.first().zip(days.last());
        if span.is_none_or(|(first, last)| (*last - *first).get_days() < MONTHS) {
            return Vec::new();
        }
        self.outcome.notices.push(format!(
            "the {} revisions of {} were written elsewhere, over months: what each of them does is not judged",
            nodes.len(),
            environment.environment.script_location
        ));
        let files: Vec<RepoPath> = nodes
            .iter()
            .map(|node| node.revision.file.clone())
            .collect();
        self.old.extend(files.iter().cloned());
        files
    }
}

/// So many revisions are not written for one change.
const MANY_REVISIONS: usize = 8;

/// Nor over so many days.
const MONTHS: i32 = 90;
