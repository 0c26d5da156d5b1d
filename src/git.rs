//! Git states as snapshots, and the change between two. Only this module names `gix`; nothing runs git.

mod base;
mod branch;
mod changes;
mod error;
mod merge;
mod past;
mod releases;
mod repository;
mod scratch;
mod snapshot;
mod worktree;

pub use base::{BaseChoice, BaseHints, BaseSource};
pub use changes::{ChangeKind, ChangeSet};
pub use error::GitError;
pub use merge::{MergeResult, merge};
pub use past::PastCommit;
pub use releases::ReleaseTag;
pub use repository::{CommitId, HeadState, HooksFolder, Repository};
pub use scratch::scratch_repository;
pub use snapshot::{BlobId, BlobStore, Entry, Snapshot};
pub use worktree::folder_snapshot;
pub(crate) use worktree::is_foreign;
