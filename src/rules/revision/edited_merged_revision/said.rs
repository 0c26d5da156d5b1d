//! What a change says of the revisions that it edits.

use crate::project::ProjectEnvironment;
use crate::rules::sentences;

/// True for an upgrade that does nothing any more and says that it is only kept, where new revisions come after it.
pub(super) fn is_emptied(
    node: usize,
    upstream: &ProjectEnvironment<'_>,
    head: &ProjectEnvironment<'_>,
) -> bool {
    let is_new = |later: &usize| upstream.map.find(head.map.node(*later).id()).is_none();
    let migration = head.migration(node);
    let upgrade = migration
        .as_ref()
        .and_then(|migration| migration.upgrade.run());
    upgrade.is_some_and(|run| run.is_empty() && head.map.node(node).revision.is_only_kept(run.span))
        && head.map.descendants(node).iter().any(is_new)
}

/// True for a message that says that a revision is edited on purpose: "retrofit the migrations", "edit 22bb in place" or,
/// where no release has it, what goes into the revision: "fold the index into 22bb", "fix 22bb to also add the index".
pub(super) fn says_it(message: &str, id: &str, is_released: bool) -> bool {
    let message = message.to_lowercase();
    let id = id.to_lowercase();
    sentences(&message).any(|sentence| {
        let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
        let is_named = id.len() >= SHORTEST_ID && sentence.contains(id.as_str());
        let is_about = is_named || has(&["migration", "alembic", "revision"]);
        let is_in_place = is_about && has(&["retrofit", "in place", "in-place", "retroactiv"]);
        let mut words = sentence.split(|c: char| !c.is_alphanumeric());
        let is_added = !is_released
            && is_named
            && words.any(|word| {
                ["fold", "amend", "edit", "extend"]
                    .iter()
                    .any(|verb| word.starts_with(verb))
            });
        let is_extended = !is_released && is_named && {
            let (before, after) = sentence.split_once(id.as_str()).unwrap_or_default();
            let mut words = before.split(|c: char| !c.is_alphanumeric());
            let changes_it = words.any(|word| {
                ["fix", "chang", "updat"]
                    .iter()
                    .any(|verb| word.starts_with(verb))
            });
            changes_it && after.contains(" to also ")
        };
        is_in_place || is_added || is_extended
    })
}

/// Shorter ids are words or numbers of something else.
const SHORTEST_ID: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_say_that_it_is_meant() {
        let said = |message: &str| says_it(message, "22bb", false);
        assert!(said(
            "Schedules\n\n- fold schedules and their index into 22bb; new 33cc fills them"
        ));
        assert!(said(
            "Fix types.\nI believe retrofitting the migrations is OK, as these were overwritten anyhow."
        ));
        assert!(said("Edit the initial revision in place"));
        assert!(!said("Fold the two forms. 22bb adds a column"));
        assert!(said(
            "[#12] Fixed revision `22bb` (the one with users) to also create a list"
        ));
        assert!(!said("Fix 22bb"));
        assert!(!said("Fix the migrations"));
        assert!(!said("Credit for 22bb"));
    }

    #[test]
    fn what_is_released_is_not_put_into_a_revision_by_a_word() {
        assert!(!says_it("Fold the index into 22bb", "22bb", true));
        assert!(says_it("Change the migrations in place", "22bb", true));
    }
}
