//! What the release tags of the repository hold, and the commits of the base.

use std::cell::{OnceCell, RefCell};
use std::ops::ControlFlow;

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::git::{BlobId, CommitId, PastCommit, ReleaseTag, Repository};
use crate::rules::Past;
use crate::source::RepoPath;

/// Looks files up in the trees of the release tags. There may be thousands of them, so only those are read that may
/// decide.
pub(super) struct Commits<'a> {
    repository: &'a Repository,
    /// The commit under judgement, if it is one: what was released after it tells nothing of the time before.
    judged: Option<CommitId>,
    /// The commits that the change begins and ends with.
    range: Option<(CommitId, CommitId)>,
    /// The last commit of the base before the change.
    base: Option<CommitId>,
    /// The oldest first; listed when a rule asks.
    tags: OnceCell<Vec<ReleaseTag>>,
}

impl<'a> Commits<'a> {
    pub(super) fn new(
        repository: &'a Repository,
        judged: Option<CommitId>,
        range: Option<(CommitId, CommitId)>,
        base: Option<CommitId>,
    ) -> Self {
        Self {
            repository,
            judged,
            range,
            base,
            tags: OnceCell::new(),
        }
    }

    fn tags(&self) -> &[ReleaseTag] {
        self.tags.get_or_init(|| {
            let judged = self.judged;
            let now = judged.and_then(|commit| self.repository.time_of(commit));
            let mut tags = self.repository.release_tags();
            tags.retain(|tag| now.is_none_or(|now| tag.made < now));
            tags
        })
    }

    /// The commit that has brought a file to the base, if it was made less than so many seconds before the change, and the
    /// last commit of the change.
    fn brought(&self, path: &RepoPath, seconds: i64) -> Option<(CommitId, CommitId)> {
        let (mut commit, tip) = self.range?;
        let now = self.repository.time_of(tip)?;
        for _ in 0..MAX_COMMITS {
            let made = self.repository.time_of(commit)?;
            if now - made >= seconds {
                return None;
            }
            let parent = self.repository.first_parent(commit);
            let had_it = |parent| self.repository.blob_at(parent, path).is_some();
            match parent.filter(|parent| had_it(*parent)) {
                Some(parent) => commit = parent,
                None => return Some((commit, tip)),
            }
        }
        None
    }

    /// The commit that has brought a file to the base, if it is the author's of the change, and who that is.
    fn brought_by_author(&self, path: &RepoPath, seconds: i64) -> Option<(CommitId, String)> {
        let (brought, tip) = self.brought(path, seconds)?;
        let author = self.repository.author_of(tip)?;
        let is_his = self.repository.author_of(brought).as_ref() == Some(&author);
        is_his.then_some((brought, author))
    }

    /// The first commit of a project that was begun a short while ago and has released nothing, and how many followed.
    fn beginning(&self) -> Option<(CommitId, usize)> {
        let base = self.base.filter(|_| !self.has_releases())?;
        self.repository.begins_within(base, BEGINNING)
    }

    /// The commits that the change consists of, as many as are asked.
    fn commits_of_change(&self) -> Vec<CommitId> {
        let commits = self
            .range
            .map(|(began, tip)| self.repository.commits_beyond(began, tip, MAX_MESSAGES));
        commits.unwrap_or_default()
    }

    /// The commits before the change along the first parents, the newest first, as many as are looked at.
    fn commits_before(&self) -> impl Iterator<Item = CommitId> {
        let began = self.range.map(|(began, _)| began);
        std::iter::successors(began, |commit| self.repository.first_parent(*commit))
            .take(MAX_COMMITS)
    }

    /// The tags that have the version of a file that is meant, in whichever folder.
    fn with_file<'t>(
        &self,
        tags: &[&'t ReleaseTag],
        file_name: &str,
        is_meant: &dyn Fn(&[u8]) -> bool,
    ) -> Vec<&'t ReleaseTag> {
        let commits: Vec<CommitId> = tags.iter().map(|tag| tag.commit).collect();
        let blobs = self.repository.blobs_named(&commits, file_name);
        let is_it = |blob: BlobId| {
            let bytes = self.repository.blob(blob);
            bytes.is_some_and(|bytes| is_meant(&bytes))
        };
        let held = tags.iter().zip(blobs);
        held.filter(|(_, blob)| blob.is_some_and(is_it))
            .map(|(tag, _)| *tag)
            .collect()
    }

    /// True if several people have made the commits before one, along the first parents.
    fn is_of_several(&self, commit: CommitId) -> bool {
        let parent = |commit: &CommitId| self.repository.first_parent(*commit);
        let before = std::iter::successors(parent(&commit), parent).take(LATELY);
        let authors: FxHashSet<String> = before
            .filter_map(|commit| self.repository.author_of(commit))
            .collect();
        authors.len() >= SEVERAL
    }

    /// True for a commit that the change itself has made.
    fn is_of_change(&self, commit: CommitId) -> bool {
        let is_before = |later| {
            let shared = self.repository.merge_base(commit, later);
            shared.is_ok_and(|shared| shared == commit)
        };
        self.range
            .is_some_and(|(began, tip)| is_before(tip) && !is_before(began))
    }
}

impl Past for Commits<'_> {
    fn goes_back(&self, days: u32) -> bool {
        self.base
            .is_some_and(|base| self.repository.goes_back(base, days))
    }

    fn had(&self, path: &RepoPath, days: u32) -> Option<bool> {
        let earlier = self.repository.earlier(self.base?, days)?;
        Some(self.repository.blob_at(earlier, path).is_some())
    }

    fn is_new(&self, path: &RepoPath) -> bool {
        let brought = self.brought_by_author(path, SECONDS_PER_DAY);
        brought.is_some()
    }

    fn is_own(&self, path: &RepoPath) -> bool {
        let within = |days| self.brought_by_author(path, days * SECONDS_PER_DAY);
        let Some((brought, author)) = within(OWN_BRANCH) else {
            return false;
        };
        let mut since = self
            .commits_before()
            .take_while(|commit| *commit != brought);
        let is_alone =
            since.all(|commit| self.repository.author_of(commit).as_ref() == Some(&author));
        is_alone && (within(WEEKEND).is_some() || self.is_of_several(brought))
    }

    fn is_of_author(&self, path: &RepoPath) -> bool {
        let brought = self.brought_by_author(path, 14 * SECONDS_PER_DAY);
        brought.is_some()
    }

    fn is_fresh(&self, path: &RepoPath) -> bool {
        self.brought(path, 7 * SECONDS_PER_DAY).is_some()
    }

    fn is_rebased_with(&self, path: &RepoPath) -> bool {
        let Some((brought, tip)) = self.brought(path, SECONDS_PER_MINUTE) else {
            return false;
        };
        let after = |commit| self.repository.rewritten_after(commit).unwrap_or_default();
        [brought, tip]
            .iter()
            .any(|commit| after(*commit) > SECONDS_PER_MINUTE)
    }

    fn is_beside_main(&self, path: &RepoPath, is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
        let began = self.range.map(|(began, _)| began);
        let merged = began.and_then(|began| self.repository.merged_from_main(began, MERGED));
        merged.is_some_and(|main| {
            let bytes = self.repository.blob_at(main, path);
            let bytes = bytes.and_then(|blob| self.repository.blob(blob));
            !bytes.is_some_and(|bytes| is_meant(&bytes))
        })
    }

    fn day(&self) -> Option<Date> {
        self.repository.day_of(self.judged?)
    }

    fn versions(&self, path: &RepoPath) -> usize {
        if self.has_releases() {
            let tags = self.tags().iter().rev().take(NEAR);
            let blobs = tags.filter_map(|tag| self.repository.blob_at(tag.commit, path));
            return blobs.collect::<FxHashSet<BlobId>>().len();
        }
        let blobs = self.commits_before();
        let blobs = blobs.map_while(|commit| self.repository.blob_at(commit, path));
        blobs.collect::<FxHashSet<BlobId>>().len()
    }

    fn messages(&self) -> Vec<String> {
        let commits = self.commits_of_change().into_iter();
        commits
            .map(|commit| self.repository.message_of(commit))
            .collect()
    }

    fn messages_about(&self, path: &RepoPath) -> Vec<String> {
        let version = |commit| self.repository.blob_at(commit, path);
        let touches = |commit: &CommitId| {
            let parent = self.repository.first_parent(*commit);
            version(*commit) != parent.and_then(version)
        };
        let commits = self.commits_of_change().into_iter().filter(touches);
        commits
            .map(|commit| self.repository.message_of(commit))
            .collect()
    }

    fn has_releases(&self) -> bool {
        let mut tags = self.tags().iter();
        tags.any(|tag| !self.is_of_change(tag.commit))
    }

    fn is_in_the_making(&self) -> bool {
        let beginning = self.beginning();
        beginning.is_some_and(|(_, commits)| commits >= MANY_COMMITS)
    }

    fn begun(&self) -> Option<Date> {
        let (root, _) = self.beginning()?;
        self.repository.day_of(root)
    }

    fn visit_additions(
        &self,
        folders: &[RepoPath],
        visit: &mut dyn FnMut(&PastCommit) -> ControlFlow<()>,
    ) {
        if let Some(base) = self.base {
            self.repository.visit_additions(base, folders, visit);
        }
    }

    fn deleted(&self, folders: &[RepoPath], most: usize) -> Vec<Vec<u8>> {
        let Some(base) = self.base else {
            return Vec::new();
        };
        let blobs = self.repository.deleted_below(base, folders, most);
        let bytes = blobs.into_iter().map(|blob| self.repository.blob(blob));
        bytes.flatten().collect()
    }

    fn oldest_with(&self, path: &RepoPath, is_meant: &dyn Fn(&[u8]) -> bool) -> Option<String> {
        let tags = self.tags();
        // Most tags have the same few versions of a file.
        let known: RefCell<FxHashMap<BlobId, bool>> = RefCell::default();
        let holds = |index: usize| {
            let blob = tags
                .get(index)
                .and_then(|tag| self.repository.blob_at(tag.commit, path));
            blob.is_some_and(|blob| {
                *known.borrow_mut().entry(blob).or_insert_with(|| {
                    let bytes = self.repository.blob(blob);
                    bytes.is_some_and(|bytes| is_meant(&bytes))
                })
            })
        };
        let newest = (0..tags.len())
            .rev()
            .take(NEAR)
            .find(|index| holds(*index))?;
        let oldest = oldest(newest, &holds);
        let is_final = |index: &usize| tags.get(*index).is_some_and(|tag| tag.is_final);
        let mut after = (oldest..=newest).take(NEAR);
        let named = after
            .find(|index| is_final(index) && holds(*index))
            .unwrap_or(oldest);
        tags.get(named).map(|tag| tag.name.clone())
    }

    fn releases_with(&self, file_name: &str, is_meant: &dyn Fn(&[u8]) -> bool) -> Vec<String> {
        let tags: Vec<&ReleaseTag> = self.tags().iter().rev().take(NEAR).collect();
        let held = self.with_file(&tags, file_name, is_meant);
        held.into_iter().map(|tag| tag.name.clone()).collect()
    }

    fn of_late(&self, file_name: &str, is_meant: &dyn Fn(&[u8]) -> bool) -> (usize, usize) {
        let now = self.range.and_then(|(_, tip)| self.repository.time_of(tip));
        let Some(now) = now else { return (0, 0) };
        let tags = self.tags().iter().rev().take(NEAR);
        let late: Vec<&ReleaseTag> = tags
            .take_while(|tag| now - tag.made < HALF_A_YEAR)
            .filter(|tag| !self.is_of_change(tag.commit))
            .collect();
        (self.with_file(&late, file_name, is_meant).len(), late.len())
    }

    fn is_early(&self, release: &str) -> bool {
        let mut tags = self.tags().iter();
        tags.any(|tag| tag.name == release && !tag.is_final)
    }

    fn is_part_of(&self, release: &str, path: &RepoPath, is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
        let tag = self.tags().iter().find(|tag| tag.name == release);
        let blob = tag.and_then(|tag| self.repository.blob_at(tag.commit, path));
        let bytes = blob.and_then(|blob| self.repository.blob(blob));
        bytes.is_some_and(|bytes| is_meant(&bytes))
    }

    fn newest(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let mut tags = self.tags().iter().rev();
        let newest = tags.find(|tag| tag.is_final && !self.is_of_change(tag.commit))?;
        let blob = self.repository.blob_at(newest.commit, path)?;
        self.repository.blob(blob)
    }

    fn had_before(&self, path: &RepoPath, is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
        let mut now = None;
        for commit in self.commits_before() {
            let Some(blob) = self.repository.blob_at(commit, path) else {
                if now.is_some() {
                    return false;
                }
                // It may have been there under this name before.
                continue;
            };
            // Each version is looked at once.
            if now.replace(blob) != Some(blob)
                && self
                    .repository
                    .blob(blob)
                    .is_some_and(|bytes| is_meant(&bytes))
            {
                return true;
            }
        }
        false
    }
}

/// The oldest tag that has what one has. What was released once is in the later releases too, so it is looked for by
/// halves; releases of an older branch may lie in between, so the ones before are looked at as well.
fn oldest(newest: usize, holds: &dyn Fn(usize) -> bool) -> usize {
    let mut oldest = newest;
    let mut without = 0;
    while without < oldest {
        let middle = without.midpoint(oldest);
        if holds(middle) {
            oldest = middle;
        } else {
            without = middle + 1;
        }
    }
    let mut misses = 0;
    for index in (0..oldest).rev() {
        if holds(index) {
            oldest = index;
            misses = 0;
        } else {
            misses += 1;
        }
        if misses == NEAR_BY_HALVES {
            break;
        }
    }
    oldest
}

/// How many tags are looked at, one after the other.
const NEAR: usize = 200;

/// A project that was begun less than so many days before a change is in the making until it releases something.
const BEGINNING: u32 = 16 * 7;

/// A branch that has not merged the main one for so many days may have ended there.
const MERGED: u32 = 60;

/// From Friday to Monday: so many days somebody may come back to what nobody else has worked on since.
const WEEKEND: i64 = 3;

/// So many days commits of one author, after those of several, are a branch of his.
const OWN_BRANCH: i64 = 30;

/// How many commits are asked who has made them.
const LATELY: usize = 30;

/// So many people work on one branch.
const SEVERAL: usize = 3;

/// Fewer commits do not show how a project is worked on.
const MANY_COMMITS: usize = 10;

const SECONDS_PER_MINUTE: i64 = 60;

const SECONDS_PER_DAY: i64 = 24 * 60 * SECONDS_PER_MINUTE;

/// What was released longer ago does not show that something is released regularly.
const HALF_A_YEAR: i64 = 182 * SECONDS_PER_DAY;

/// How many commits of a change are asked what they say.
const MAX_MESSAGES: usize = 100;

/// How many commits of the base are looked at.
const MAX_COMMITS: usize = 1000;

/// How many tags without the file are passed over.
const NEAR_BY_HALVES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_found_by_halves() {
        for first in 0..40 {
            assert_eq!(oldest(39, &|index| index >= first), first);
        }
    }

    #[test]
    fn releases_of_an_older_branch_lie_in_between() {
        let holds = |index: usize| index >= 10 && !index.is_multiple_of(3);
        assert_eq!(oldest(38, &holds), 10);
    }
}
