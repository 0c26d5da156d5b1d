//! What can go wrong between the repository and us, each with its remedy.

use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

use crate::source::RepoPath;

/// What to do about a clone that has only the last commits.
const SHALLOW: &str = "this is a shallow clone: fetch the whole history (`git fetch --unshallow`; `fetch-depth: 0` in GitHub Actions, `GIT_DEPTH: 0` in GitLab, `fetchDepth: 0` in Azure Pipelines)";

/// A state of the repository (or of the disk) in which the question cannot be answered.
#[derive(Debug, Error, Diagnostic)]
pub enum GitError {
    #[error("cannot open the git repository at `{}`", path.display())]
    #[diagnostic(help(
        "check that the folder is readable, or pass `--no-git` to judge the files on disk"
    ))]
    Open {
        path: PathBuf,
        source: Box<gix::Error>,
    },

    #[error("the repository at `{}` keeps its references in the reftable format, which is not supported", path.display())]
    #[diagnostic(help(
        "pass `--no-git` to judge the files on disk, or convert with `git refs migrate --ref-format=files`"
    ))]
    Reftable { path: PathBuf },

    #[error("the repository at `{}` has no work tree", path.display())]
    #[diagnostic(help(
        "in a bare repository, name what to judge: `--from-ref BASE --to-ref HEAD`"
    ))]
    Bare { path: PathBuf },

    #[error("`{}` is not inside a git repository", path.display())]
    #[diagnostic(help(
        "`--staged`, `--changed`, `--from-ref` and `--to-ref` compare git states; leave them out to judge the folder as it is"
    ))]
    NotARepository { path: PathBuf },

    #[error("cannot find the commit `{reference}`")]
    #[diagnostic(help("{}", if *shallow {
        SHALLOW
    } else {
        "check the spelling, or fetch it first: `git fetch origin`"
    }))]
    UnknownReference {
        reference: String,
        shallow: bool,
        source: Option<Box<gix::Error>>,
    },

    #[error("`{one}` and `{two}` have no common ancestor")]
    #[diagnostic(help("{}", if *shallow {
        SHALLOW
    } else {
        "the two histories are unrelated: compare with another base (`--from-ref`)"
    }))]
    NoMergeBase {
        one: String,
        two: String,
        shallow: bool,
    },

    #[error(
        "there is nothing to compare with: no upstream branch, no `origin/HEAD`, and no `main` or `master`"
    )]
    #[diagnostic(help(
        "name the base: `--from-ref origin/main`, or `base-ref = \"origin/main\"` in the configuration"
    ))]
    NoBase,

    #[error("the index has unresolved merge conflicts, among them `{path}`")]
    #[diagnostic(help(
        "resolve them and `git add` the files; `migrate-lint check` without `--staged` judges the work tree as it is"
    ))]
    Conflicts { path: RepoPath },

    #[error("the content of `{path}` is missing from this clone")]
    #[diagnostic(help(
        "this is a partial clone: fetch the missing objects (`git fetch --refetch --no-filter`, or check the commit out)"
    ))]
    MissingBlob {
        path: RepoPath,
        source: Box<gix::Error>,
    },

    #[error("cannot read `{path}`")]
    Read {
        path: RepoPath,
        source: std::io::Error,
    },

    #[error("`{path}` disappeared while it was being read")]
    Vanished { path: RepoPath },

    #[error("cannot read the folder `{}`", path.display())]
    ReadFolder {
        path: PathBuf,
        source: std::io::Error,
    },

    #[error("cannot write `{}`", path.display())]
    WriteFolder {
        path: PathBuf,
        source: std::io::Error,
    },

    #[error("cannot make a repository in `{}`", path.display())]
    Create {
        path: PathBuf,
        source: Box<gix::Error>,
    },

    #[error("cannot read the git index")]
    #[diagnostic(help(
        "`git status` repairs a stale index; a damaged one is made anew with `git reset`"
    ))]
    Index { source: Box<gix::Error> },

    #[error("cannot read the git object {what}")]
    #[diagnostic(help("{}", if *shallow {
        SHALLOW
    } else {
        "`git fsck` tells whether the repository is damaged"
    }))]
    Object {
        what: String,
        shallow: bool,
        source: Box<gix::Error>,
    },
}
