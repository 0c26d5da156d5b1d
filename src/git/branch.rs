//! What the history of a commit tells of the branch that it lies on.

use super::past::SECONDS_PER_DAY;
use super::repository::{CommitId, Repository};

impl Repository {
    /// The commit of the main branch that a branch on its way there has merged last: "Merge branch 'main' into pets", less
    /// than so many days before a commit. `None` for a commit of which the merges do not tell that it lies on such a branch.
    pub fn merged_from_main(&self, tip: CommitId, days: u32) -> Option<CommitId> {
        let now = self.time_of(tip)?;
        let mut commit = tip;
        for _ in 0..MAX_STEPS {
            let age = now - self.time_of(commit)?;
            if age >= i64::from(days) * SECONDS_PER_DAY {
                return None;
            }
            if let Some(merged) = self.second_parent(commit) {
                match Merge::read(&self.message_of(commit)) {
                    Merge::OfMainIntoBranch => return Some(merged),
                    Merge::OfBranchIntoBranch => {}
                    Merge::Other => return None,
                }
            }
            commit = self.first_parent(commit)?;
        }
        None
    }

    fn second_parent(&self, commit: CommitId) -> Option<CommitId> {
        let commit = self.inner.find_commit(commit.0).ok()?;
        let parent = commit.parent_ids().nth(1)?.detach();
        self.inner.find_commit(parent).ok()?;
        Some(CommitId(parent))
    }
}

/// What the message of a merge tells of the branch that it lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Merge {
    OfMainIntoBranch,
    OfBranchIntoBranch,
    /// Into the main branch, or nobody knows.
    Other,
}

impl Merge {
    /// Reads "Merge branch 'main' into pets", as git writes it.
    fn read(message: &str) -> Self {
        let first = message.lines().next().unwrap_or_default();
        let Some((merged, into)) = first.split_once(" into ") else {
            return Self::Other;
        };
        let Some(merged) = merged
            .strip_prefix("Merge ")
            .and_then(|rest| rest.split('\'').nth(1))
        else {
            return Self::Other;
        };
        let into = into.trim().trim_matches('\'').to_lowercase();
        let is_long_lived = |name: &str| {
            let mut words = name.split(['/', '-', '_', '.']);
            LONG_LIVED.contains(&name)
                || words
                    .next()
                    .is_some_and(|word| matches!(word, "release" | "stable"))
        };
        let merged = merged.strip_prefix("origin/").unwrap_or(merged);
        let merged = merged.strip_prefix("upstream/").unwrap_or(merged);
        if is_long_lived(&into) {
            Self::Other
        } else if MAIN.contains(&merged) {
            Self::OfMainIntoBranch
        } else {
            Self::OfBranchIntoBranch
        }
    }
}

/// The branches that others begin at and come back to.
const MAIN: [&str; 5] = ["main", "master", "develop", "dev", "trunk"];

/// Branches that databases are made of, too.
const LONG_LIVED: [&str; 15] = [
    "main",
    "master",
    "develop",
    "dev",
    "trunk",
    "development",
    "staging",
    "stage",
    "production",
    "prod",
    "live",
    "test",
    "testing",
    "qa",
    "next",
];

/// Further back nobody looks.
const MAX_STEPS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_merges() {
        use Merge::{OfBranchIntoBranch, OfMainIntoBranch, Other};
        for (message, merge) in [
            ("Merge branch 'main' into pets", OfMainIntoBranch),
            (
                "Merge remote-tracking branch 'origin/develop' into feature/x\n\nTwo",
                OfMainIntoBranch,
            ),
            ("Merge branch 'db' into pets", OfBranchIntoBranch),
            ("Merge branch 'main' into staging", Other),
            ("Merge branch 'main' into release-2.1", Other),
            ("Merge branch 'pets'", Other),
            ("Merge branch 'main' of https://example.org/pets", Other),
            ("Merge pull request #1 from ann/pets", Other),
            ("Put dogs into pets", Other),
        ] {
            assert_eq!(Merge::read(message), merge, "{message}");
        }
    }
}
