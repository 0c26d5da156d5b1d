//! One git repository: its commits, index and references.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::{Flags, Mode, Stage};
use gix::prelude::ObjectIdExt;

use crate::git::snapshot::{BlobId, BlobStore, Entry, Snapshot};
use crate::git::{GitError, worktree};
use crate::source::RepoPath;

/// A commit that was found in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) gix::ObjectId);

impl CommitId {
    /// The first ten hexadecimal digits.
    pub fn short(self) -> String {
        self.0.to_hex_with_len(10).to_string()
    }
}

/// All hexadecimal digits.
impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What `HEAD` points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadState {
    /// A branch without a commit, as after `git init`.
    Unborn,
    Detached(CommitId),
    Branch {
        name: String,
        commit: CommitId,
    },
}

impl HeadState {
    pub fn commit(&self) -> Option<CommitId> {
        match self {
            Self::Unborn => None,
            Self::Detached(commit) | Self::Branch { commit, .. } => Some(*commit),
        }
    }

    /// The name of the branch.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Unborn | Self::Detached(_) => None,
            Self::Branch { name, .. } => Some(name),
        }
    }
}

/// Where git looks for hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HooksFolder {
    /// A folder of this repository, or one that its own configuration names.
    Own(PathBuf),
    /// A folder that the user's or the system's configuration names for all repositories.
    Shared(PathBuf),
}

/// An opened repository.
pub struct Repository {
    pub(super) inner: gix::Repository,
    objects: Arc<ObjectStore>,
    root: Option<PathBuf>,
}

/// How much of the first line of a message is told, in characters.
const MAX_TITLE: usize = 40;

impl Repository {
    /// Finds the repository that `directory` belongs to, honouring `GIT_DIR`, `GIT_WORK_TREE` and `GIT_INDEX_FILE`
    /// as git sets them for hooks. `Ok(None)` where there is none.
    pub fn discover(directory: &Path) -> Result<Option<Self>, GitError> {
        let mut inner = match gix::discover_with_environment_overrides(directory) {
            Ok(repository) => repository,
            Err(_) if !looks_like_a_repository(directory) => return Ok(None),
            Err(error) => {
                return Err(GitError::Open {
                    path: directory.to_path_buf(),
                    source: Box::new(error),
                });
            }
        };
        let git_dir = inner.git_dir().to_path_buf();
        if inner
            .config_snapshot()
            .string("extensions.refStorage")
            .is_some_and(|value| value.as_bytes() == b"reftable")
        {
            return Err(GitError::Reftable { path: git_dir });
        }
        inner
            .make_paths_absolute()
            .map_err(|error| GitError::Open {
                path: git_dir,
                source: Box::new(error),
            })?;
        inner.object_cache_size_if_unset(8 * 1024 * 1024);
        // Git too reads its index without computing the checksum over it; in memory only, nothing is written.
        let mut config = inner.config_snapshot_mut();
        let _ = config.set_value(&gix::config::tree::Index::SKIP_HASH, "true");
        drop(config);
        let root = inner.workdir().map(Path::to_path_buf);
        let objects = Arc::new(ObjectStore {
            origin: inner.clone().into_sync(),
            idle: Mutex::new(Vec::new()),
        });
        Ok(Some(Self {
            inner,
            objects,
            root,
        }))
    }

    /// The absolute path of the work tree; `None` for a bare repository.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The folder git runs hooks from: `core.hooksPath`, else `hooks` in the common git folder.
    pub fn hooks_folder(&self) -> HooksFolder {
        let config = self.inner.config_snapshot();
        let Ok(Some(path)) = config.trusted_path("core.hooksPath") else {
            return HooksFolder::Own(self.inner.common_dir().join("hooks"));
        };
        let base = self.root.as_deref().unwrap_or_else(|| self.inner.git_dir());
        let folder = base.join(path);
        // The last section that says so decides.
        let mut sections: Vec<_> = config
            .plumbing()
            .sections_by_name("core")
            .into_iter()
            .flatten()
            .collect();
        sections.reverse();
        let kind = sections
            .iter()
            .find(|section| section.value("hooksPath").is_some())
            .map(|section| section.meta().source.kind());
        match kind {
            Some(
                gix::config::source::Kind::Global
                | gix::config::source::Kind::System
                | gix::config::source::Kind::GitInstallation,
            ) => HooksFolder::Shared(folder),
            _ => HooksFolder::Own(folder),
        }
    }

    pub fn is_shallow(&self) -> bool {
        self.inner.is_shallow().unwrap_or(false)
    }

    pub fn head(&self) -> Result<HeadState, GitError> {
        let head = self
            .inner
            .head()
            .map_err(|error| self.unknown("HEAD", Some(error)))?;
        let name = head.referent_name().map(|name| name.shorten().to_string());
        let Some(id) = head.id() else {
            return Ok(HeadState::Unborn);
        };
        let commit = CommitId(id.detach());
        Ok(
            name.map_or(HeadState::Detached(commit), |name| HeadState::Branch {
                name,
                commit,
            }),
        )
    }

    /// Finds a commit by any of git's names for it (`origin/main`, `HEAD^`, `v1.2`, a hash).
    pub fn commit(&self, reference: &str) -> Result<CommitId, GitError> {
        let id = self
            .inner
            .rev_parse_single(BStr::new(reference))
            .map_err(|error| self.unknown(reference, Some(error)))?;
        let object = id
            .object()
            .map_err(|error| self.unknown(reference, Some(error)))?;
        let commit = object
            .peel_to_commit()
            .map_err(|error| self.unknown(reference, Some(error)))?;
        Ok(CommitId(commit.id))
    }

    /// The commit that is being merged into the current one, between `git merge` and the commit that ends it. Before
    /// git has written it down, the hook it runs is told by name.
    pub fn merge_in_progress(&self, told: &[String]) -> Option<CommitId> {
        let names = std::iter::once("MERGE_HEAD").chain(told.iter().map(String::as_str));
        names.into_iter().find_map(|name| self.commit(name).ok())
    }

    /// The best common ancestor of two commits.
    pub fn merge_base(&self, one: CommitId, two: CommitId) -> Result<CommitId, GitError> {
        let base = self.inner.merge_base(one.0, two.0).ok().flatten();
        base.map(|id| CommitId(id.detach()))
            .ok_or_else(|| GitError::NoMergeBase {
                one: one.short(),
                two: two.short(),
                shallow: self.is_shallow(),
            })
    }

    /// The first parent of a commit; `None` for a root commit and at the edge of a shallow clone.
    pub fn first_parent(&self, commit: CommitId) -> Option<CommitId> {
        let commit = self.inner.find_commit(commit.0).ok()?;
        let parent = commit.parent_ids().next()?.detach();
        self.inner
            .find_commit(parent)
            .ok()
            .map(|parent| CommitId(parent.id))
    }

    /// True for a commit that has no parents.
    pub(super) fn is_root(&self, commit: CommitId) -> bool {
        let commit = self.inner.find_commit(commit.0);
        commit.is_ok_and(|commit| commit.parent_ids().next().is_none())
    }

    /// What a merge of two was merged into: the first of its parents.
    pub(super) fn merge_target(&self, commit: CommitId) -> Option<CommitId> {
        let parents = self.inner.find_commit(commit.0).ok()?.parent_ids().count();
        (parents == 2).then(|| self.first_parent(commit)).flatten()
    }

    /// The commits from one back to where a branch began, along first parents, the oldest first; of a long branch only
    /// the last ones.
    pub fn commits_since(&self, began: CommitId, tip: CommitId, most: usize) -> Vec<CommitId> {
        let mut commits = Vec::new();
        let mut next = Some(tip);
        while let Some(commit) = next.filter(|_| commits.len() < most) {
            // A branch that was merged into this one may begin elsewhere.
            let is_behind = commit == began
                || self
                    .merge_base(began, commit)
                    .is_ok_and(|base| base == commit);
            if is_behind {
                break;
            }
            commits.push(commit);
            next = self.first_parent(commit);
        }
        commits.reverse();
        commits
    }

    /// The id of a commit as git shows it: as many digits as tell it from all others.
    pub fn abbreviation(&self, commit: CommitId) -> String {
        commit.0.attach(&self.inner).shorten_or_id().to_string()
    }

    /// A commit in few words: its id and the first line of its message.
    pub fn title(&self, commit: CommitId) -> String {
        let found = self.inner.find_commit(commit.0).ok();
        let message = found.as_ref().and_then(|commit| commit.message().ok());
        let summary = message.map(|message| message.summary().to_str_lossy().into_owned());
        match summary {
            Some(summary) if summary.chars().count() > MAX_TITLE => {
                let cut: String = summary.chars().take(MAX_TITLE).collect();
                format!("{} ({}…)", commit.short(), cut.trim_end())
            }
            Some(summary) => format!("{} ({summary})", commit.short()),
            None => commit.short(),
        }
    }

    /// The branch that the current branch follows, as configured by `branch.<name>.merge`.
    pub fn upstream(&self) -> Option<(String, CommitId)> {
        let head = self.inner.head_ref().ok().flatten()?;
        let name = head
            .remote_tracking_ref_name(gix::remote::Direction::Fetch)?
            .ok()?;
        self.reference(&name.as_bstr().to_str_lossy())
    }

    /// Where the repository is fetched from, as an address without credentials; `None` where that is no other machine.
    pub fn remote_url(&self) -> Option<String> {
        let remote = self
            .inner
            .find_default_remote(gix::remote::Direction::Fetch)?;
        let remote = remote.ok()?;
        let mut url = remote.url(gix::remote::Direction::Fetch)?.clone();
        url.host()?;
        url.set_password(None);
        if url.scheme != gix::url::Scheme::Ssh {
            url.set_user(None);
        }
        url.serialize_alternative_form = false;
        Some(url.to_bstring().to_str_lossy().into_owned())
    }

    /// The commit of a full reference name, with the name people use for it.
    pub fn reference(&self, full_name: &str) -> Option<(String, CommitId)> {
        let mut reference = self.inner.try_find_reference(full_name).ok().flatten()?;
        let commit = reference.peel_to_commit().ok()?;
        let target = match self
            .inner
            .try_find_reference(full_name)
            .ok()
            .flatten()?
            .target()
        {
            gix::refs::TargetRef::Symbolic(name) => name.shorten().to_string(),
            gix::refs::TargetRef::Object(_) => reference.name().shorten().to_string(),
        };
        Some((target, CommitId(commit.id)))
    }

    /// Everything a commit holds.
    pub fn commit_snapshot(&self, commit: CommitId) -> Result<Snapshot, GitError> {
        let fail = |error| self.object_error(commit.0, error);
        let tree = self
            .inner
            .find_commit(commit.0)
            .map_err(fail)?
            .tree_id()
            .map_err(fail)?;
        let mut files = Files::default();
        self.add_tree(tree.detach(), &mut Vec::new(), &mut files)?;
        Ok(Snapshot::new(files.entries, self.objects()).with_skipped(files.skipped))
    }

    /// What the next commit will hold, read through `GIT_INDEX_FILE`.
    pub fn index_snapshot(&self) -> Result<Snapshot, GitError> {
        let index = self.index()?;
        let mut files = Files::default();
        for entry in index.entries() {
            let path = entry.path(&index);
            if entry.stage() != Stage::Unconflicted {
                let path = RepoPath::new(path.to_str_lossy());
                return Err(GitError::Conflicts { path });
            }
            if entry.flags.contains(Flags::INTENT_TO_ADD) || entry.mode == Mode::COMMIT {
                continue;
            }
            if entry.mode == Mode::DIR {
                // A sparse index stands for a whole folder by its tree.
                self.add_tree(
                    entry.id,
                    &mut path.trim_end_with(|c| c == '/').to_vec(),
                    &mut files,
                )?;
            } else {
                files.add(path, entry.id, entry.mode == Mode::SYMLINK);
            }
        }
        Ok(Snapshot::new(files.entries, self.objects()).with_skipped(files.skipped))
    }

    /// Tracked and untracked-but-not-ignored files as they are on disk.
    pub fn worktree_snapshot(&self) -> Result<Snapshot, GitError> {
        worktree::snapshot(self)
    }

    pub(super) fn index(&self) -> Result<gix::worktree::Index, GitError> {
        self.inner
            .index_or_empty()
            .map_err(|error| GitError::Index {
                source: Box::new(error),
            })
    }

    pub(super) fn objects(&self) -> Arc<dyn BlobStore> {
        Arc::clone(&self.objects) as Arc<dyn BlobStore>
    }

    /// Adds every file below a tree; `prefix` is the folder without a trailing slash.
    pub(super) fn add_tree(
        &self,
        id: gix::ObjectId,
        prefix: &mut Vec<u8>,
        files: &mut Files,
    ) -> Result<(), GitError> {
        let tree = self
            .inner
            .find_tree(id)
            .map_err(|error| self.object_error(id, error))?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| self.object_error(id, error))?;
            let length = prefix.len();
            if !prefix.is_empty() {
                prefix.push(b'/');
            }
            prefix.extend_from_slice(entry.filename());
            let mode = entry.mode();
            if mode.is_tree() {
                self.add_tree(entry.object_id(), prefix, files)?;
            } else if !mode.is_commit() {
                files.add(prefix.as_bstr(), entry.object_id(), mode.is_link());
            }
            prefix.truncate(length);
        }
        Ok(())
    }

    fn unknown(&self, reference: &str, source: Option<gix::Error>) -> GitError {
        GitError::UnknownReference {
            reference: reference.to_owned(),
            shallow: self.is_shallow(),
            source: source.map(Box::new),
        }
    }

    fn object_error(&self, id: gix::ObjectId, source: gix::Error) -> GitError {
        GitError::Object {
            what: id.to_hex_with_len(10).to_string(),
            shallow: self.is_shallow(),
            source: Box::new(source),
        }
    }
}

/// The files of a tree or an index, while they are being listed.
#[derive(Default)]
pub(super) struct Files {
    pub(super) entries: Vec<(RepoPath, Entry)>,
    pub(super) skipped: Vec<String>,
}

impl Files {
    pub(super) fn add(&mut self, path: &BStr, id: gix::ObjectId, is_symlink: bool) {
        match path.to_str() {
            Ok(path) if worktree::is_relevant(path, is_symlink) => {
                self.entries.push((
                    RepoPath::new(path),
                    Entry {
                        id: Some(blob_id(id)),
                        is_symlink,
                    },
                ));
            }
            Ok(_) => {}
            Err(_) => self.skipped.push(path.to_str_lossy().into_owned()),
        }
    }
}

/// Reads blobs from the object database, from any thread.
struct ObjectStore {
    origin: gix::ThreadSafeRepository,
    /// Handles not in use: making one costs more than most reads.
    idle: Mutex<Vec<gix::Repository>>,
}

impl BlobStore for ObjectStore {
    fn read(&self, path: &RepoPath, entry: &Entry) -> Result<Vec<u8>, GitError> {
        let Some(id) = entry.id else {
            return Err(GitError::Vanished { path: path.clone() });
        };
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let repository = idle.unwrap_or_else(|| self.origin.to_thread_local());
        let read = repository
            .find_blob(object_id(id))
            .map(|mut blob| blob.take_data());
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(repository);
        read.map_err(|error| GitError::MissingBlob {
            path: path.clone(),
            source: Box::new(error),
        })
    }
}

pub(super) fn blob_id(id: gix::ObjectId) -> BlobId {
    match id {
        gix::ObjectId::Sha1(bytes) => BlobId::Sha1(bytes),
        gix::ObjectId::Sha256(bytes) => BlobId::Sha256(bytes),
        // The enum is open-ended; a hash function nobody has enabled cannot occur.
        other => unreachable!("object hash {:?} is not enabled", other.kind()),
    }
}

pub(super) fn object_id(id: BlobId) -> gix::ObjectId {
    match id {
        BlobId::Sha1(bytes) => gix::ObjectId::Sha1(bytes),
        BlobId::Sha256(bytes) => gix::ObjectId::Sha256(bytes),
    }
}

/// The id git would give this content in a SHA-1 repository.
pub(super) fn hash_blob(bytes: &[u8]) -> BlobId {
    hash_blob_as(gix::hash::Kind::Sha1, bytes).unwrap_or(BlobId::Sha1([0; 20]))
}

pub(super) fn hash_blob_as(kind: gix::hash::Kind, bytes: &[u8]) -> Option<BlobId> {
    gix::objs::compute_hash(kind, gix::objs::Kind::Blob, bytes)
        .ok()
        .map(blob_id)
}

/// Tells a folder outside any repository from a repository that cannot be opened.
fn looks_like_a_repository(directory: &Path) -> bool {
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
    directory
        .ancestors()
        .any(|folder| folder.join(".git").exists())
}
