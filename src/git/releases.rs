//! The tags that look like releases, and what they have of a file.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::git::Repository;
use crate::git::repository::{CommitId, blob_id, object_id};
use crate::git::snapshot::BlobId;
use crate::source::RepoPath;

/// A tag that looks like a release, and the commit it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseTag {
    pub name: String,
    pub commit: CommitId,
    /// False for `1.0rc1`, `v2.0.0-beta.3` and the like.
    pub is_final: bool,
    /// When the commit was made, in seconds.
    pub made: i64,
}

impl Repository {
    /// Tags whose names look like releases (`v1.2`, `1.2.3`, `release-4`), the oldest first.
    pub fn release_tags(&self) -> Vec<ReleaseTag> {
        let Ok(references) = self.inner.references() else {
            return Vec::new();
        };
        let Ok(tags) = references.tags() else {
            return Vec::new();
        };
        let mut releases: Vec<ReleaseTag> = tags
            .filter_map(Result::ok)
            .filter_map(|mut tag| {
                let name = tag.name().shorten().to_string();
                let is_final = is_final_release(&name)?;
                let commit = tag.peel_to_commit().ok()?;
                Some(ReleaseTag {
                    name,
                    is_final,
                    made: commit.time().ok()?.seconds,
                    commit: CommitId(commit.id),
                })
            })
            .collect();
        releases.sort_by(|one, other| (one.made, &one.name).cmp(&(other.made, &other.name)));
        releases
    }

    /// When a commit was made, in seconds.
    pub fn time_of(&self, commit: CommitId) -> Option<i64> {
        let commit = self.inner.find_commit(commit.0).ok()?;
        Some(commit.time().ok()?.seconds)
    }

    /// The day on which a commit was made, in UTC.
    pub fn day_of(&self, commit: CommitId) -> Option<Date> {
        let made = Timestamp::from_second(self.time_of(commit)?).ok()?;
        Some(made.to_zoned(TimeZone::UTC).date())
    }

    /// How many seconds passed between the writing of a commit and its making: many after a rebase.
    pub fn rewritten_after(&self, commit: CommitId) -> Option<i64> {
        let commit = self.inner.find_commit(commit.0).ok()?;
        let written = commit.author().ok()?.time().ok()?.seconds;
        Some(commit.time().ok()?.seconds - written)
    }

    /// The commits that `tip` has and `began` has not, with those of merged branches, so many at most.
    pub fn commits_beyond(&self, began: CommitId, tip: CommitId, most: usize) -> Vec<CommitId> {
        let walk = self.inner.rev_walk([tip.0]).with_hidden([began.0]).all();
        let found = walk.into_iter().flatten().filter_map(Result::ok);
        found.take(most).map(|info| CommitId(info.id)).collect()
    }

    /// The whole message of a commit; empty where it cannot be read.
    pub fn message_of(&self, commit: CommitId) -> String {
        let commit = self.inner.find_commit(commit.0).ok();
        commit
            .and_then(|commit| commit.message_raw().ok().map(ToString::to_string))
            .unwrap_or_default()
    }

    /// The mail address of whoever wrote a commit.
    pub fn author_of(&self, commit: CommitId) -> Option<String> {
        let commit = self.inner.find_commit(commit.0).ok()?;
        Some(commit.author().ok()?.email.to_string())
    }

    /// The content id of one path in a commit, without reading the rest of its tree.
    pub fn blob_at(&self, commit: CommitId, path: &RepoPath) -> Option<BlobId> {
        let tree = self.inner.find_commit(commit.0).ok()?.tree().ok()?;
        let entry = tree.lookup_entry_by_path(path.as_str()).ok().flatten()?;
        entry.mode().is_blob().then(|| blob_id(entry.object_id()))
    }

    /// The content of a blob.
    pub fn blob(&self, id: BlobId) -> Option<Vec<u8>> {
        let blob = self.inner.find_blob(object_id(id)).ok()?;
        Some(blob.data.clone())
    }
}

/// For a release tag (an optional word and separator, then a version) whether it is a final release. Tags such as
/// `nightly` or `before-refactoring` are none.
fn is_final_release(tag: &str) -> Option<bool> {
    // `@scope/package@1.0.0` is how packages of JavaScript are tagged that live beside.
    if tag.contains('@') {
        return None;
    }
    let name = tag.rsplit('/').next()?;
    let start = name.find(|c: char| c.is_ascii_digit())?;
    let (word, version) = name.split_at(start);
    let word = word.trim_end_matches(['-', '_', '.']).to_ascii_lowercase();
    let last_word = word.rsplit(['-', '_']).next().unwrap_or_default();
    let is_release = matches!(
        last_word,
        "" | "v" | "ver" | "version" | "release" | "rel" | "r"
    );
    if !is_release && version.matches('.').count() == 0 {
        return None;
    }
    let version = version.to_ascii_lowercase();
    let mut words = version.split(|c: char| !c.is_ascii_alphabetic());
    Some(!words.any(|word| {
        matches!(
            word,
            "a" | "alpha"
                | "b"
                | "beta"
                | "c"
                | "rc"
                | "dev"
                | "pre"
                | "preview"
                | "snapshot"
                | "nightly"
                | "canary"
                | "m"
                | "test"
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_tags_are_told_from_other_tags() {
        for tag in [
            "v1.2.3",
            "2026.11",
            "release-4",
            "server-v2",
            "providers-google/1.0.0",
            "1.0.0.post1",
        ] {
            assert_eq!(is_final_release(tag), Some(true), "{tag}");
        }
        for tag in [
            "airflow-core-3.1.0rc1",
            "24.01.0-dev",
            "v3.0.0-b0",
            "v1.0.0-RC1.1",
            "v1.0.0beta-5",
        ] {
            assert_eq!(is_final_release(tag), Some(false), "{tag}");
        }
        assert_eq!(is_final_release("nightly"), None);
        assert_eq!(is_final_release("@polar-sh/checkout@0.1.7"), None);
        assert_eq!(is_final_release("before-phase2"), None);
    }
}
