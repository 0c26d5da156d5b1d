//! Which commit a change is compared with.

use std::fmt;

use crate::git::repository::CommitId;
use crate::git::{GitError, HeadState, Repository};

/// What the environment says about the base. Read from environment variables by the command line, never here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseHints {
    /// `PRE_COMMIT_FROM_REF`, set by pre-commit for `--from-ref` and in pre-push hooks.
    pub pre_commit_from_ref: Option<String>,
    /// `PRE_COMMIT_TO_REF`.
    pub pre_commit_to_ref: Option<String>,
    /// `GITHUB_BASE_REF`: the branch a GitHub pull request goes to.
    pub github_base_ref: Option<String>,
    /// `CI_MERGE_REQUEST_DIFF_BASE_SHA`: the commit a GitLab merge request is compared with.
    pub gitlab_diff_base: Option<String>,
    /// `CI_MERGE_REQUEST_TARGET_BRANCH_NAME`: the branch a GitLab merge request goes to. The commit above is where the
    /// request began; this is where it will be merged.
    pub gitlab_target: Option<String>,
    /// `SYSTEM_PULLREQUEST_TARGETBRANCH`: the branch a pull request goes to in Azure Pipelines, with `refs/heads/`.
    pub azure_target: Option<String>,
    /// `CHANGE_TARGET`: the branch a change goes to in a multibranch pipeline of Jenkins.
    pub jenkins_target: Option<String>,
}

/// Why a base was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseSource {
    Flag,
    Configuration,
    PreCommit,
    GitHub,
    GitLab,
    GitLabTarget,
    Azure,
    Jenkins,
    Upstream,
    RemoteHead,
    RemoteBranch,
    LocalBranch,
}

impl fmt::Display for BaseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "`--from-ref`",
            Self::Configuration => "`base-ref` in the configuration",
            Self::PreCommit => "`PRE_COMMIT_FROM_REF`",
            Self::GitHub => "`GITHUB_BASE_REF`",
            Self::GitLab => "`CI_MERGE_REQUEST_DIFF_BASE_SHA`",
            Self::GitLabTarget => "`CI_MERGE_REQUEST_TARGET_BRANCH_NAME`",
            Self::Azure => "`SYSTEM_PULLREQUEST_TARGETBRANCH`",
            Self::Jenkins => "`CHANGE_TARGET`",
            Self::Upstream => "the upstream of the current branch",
            Self::RemoteHead => "the default branch of the remote",
            Self::RemoteBranch => "the remote's branch of that usual name",
            Self::LocalBranch => "the local branch of that usual name",
        })
    }
}

/// A base that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseChoice {
    /// The name people use for it.
    pub name: String,
    pub commit: CommitId,
    pub source: BaseSource,
}

impl Repository {
    /// Chooses the base: the flag, the configuration, what pre-commit or the CI system say, the upstream branch, the
    /// remote's default branch, and last a branch called `main` or `master`.
    pub fn choose_base(
        &self,
        flag: Option<&str>,
        configured: Option<&str>,
        hints: &BaseHints,
    ) -> Result<BaseChoice, GitError> {
        let pre_commit = hints
            .pre_commit_from_ref
            .as_deref()
            .filter(|reference| !is_null(reference));
        let gitlab = hints
            .gitlab_diff_base
            .as_deref()
            .filter(|reference| !is_null(reference));
        let github = hints
            .github_base_ref
            .as_deref()
            .filter(|reference| !reference.is_empty());
        if let Some(reference) = flag {
            return self.named(reference, BaseSource::Flag);
        }
        if let Some(reference) = configured {
            return self.named(reference, BaseSource::Configuration);
        }
        if let Some(reference) = pre_commit {
            return self.named(reference, BaseSource::PreCommit);
        }
        if let Some(branch) = github {
            let found = self.branch(branch, BaseSource::GitHub);
            // GitHub checks out the result of the merge: its first parent is the base, even where no branch was fetched.
            return found.or_else(|error| self.merged_into(branch).ok_or(error));
        }
        let target = hints.gitlab_target.as_deref();
        if let Some(Ok(base)) = target.map(|branch| self.branch(branch, BaseSource::GitLabTarget)) {
            return Ok(base);
        }
        if let Some(reference) = gitlab {
            return self.named(reference, BaseSource::GitLab);
        }
        for (target, source) in [
            (&hints.azure_target, BaseSource::Azure),
            (&hints.jenkins_target, BaseSource::Jenkins),
        ] {
            if let Some(target) = target {
                let branch = target.strip_prefix("refs/heads/").unwrap_or(target);
                return self.branch(branch, source);
            }
        }
        self.trunk().ok_or(GitError::NoBase)
    }

    /// The branch that work is merged into, from the references alone.
    fn trunk(&self) -> Option<BaseChoice> {
        let current = match self.head() {
            Ok(HeadState::Branch { name, .. }) => Some(name),
            _ => None,
        };
        let remote_head = self.remote_heads().into_iter().next();
        let remote_branch = ["main", "master"]
            .iter()
            .find_map(|branch| self.reference(&format!("refs/remotes/origin/{branch}")));
        let upstream = self.upstream().filter(|(name, _)| {
            // A pushed feature branch follows its own copy, which is no base while a default branch is known.
            let is_own_copy = name.split_once('/').map(|(_, branch)| branch) == current.as_deref();
            let default = remote_head.as_ref().or(remote_branch.as_ref());
            !is_own_copy || default.is_none_or(|(default, _)| default == name)
        });
        let found = |source| {
            move |(name, commit)| BaseChoice {
                name,
                commit,
                source,
            }
        };
        let local_branch = || {
            ["main", "master"]
                .iter()
                .filter(|branch| current.as_deref() != Some(branch))
                .find_map(|branch| self.reference(&format!("refs/heads/{branch}")))
        };
        upstream
            .map(found(BaseSource::Upstream))
            .or_else(|| remote_head.map(found(BaseSource::RemoteHead)))
            .or_else(|| remote_branch.map(found(BaseSource::RemoteBranch)))
            .or_else(|| local_branch().map(found(BaseSource::LocalBranch)))
    }

    /// What a detached merge commit was merged into.
    fn merged_into(&self, branch: &str) -> Option<BaseChoice> {
        let Ok(HeadState::Detached(commit)) = self.head() else {
            return None;
        };
        let commit = self.merge_target(commit)?;
        Some(BaseChoice {
            name: branch.to_owned(),
            commit,
            source: BaseSource::GitHub,
        })
    }

    /// Default branches of the remotes, `origin` first.
    fn remote_heads(&self) -> Vec<(String, CommitId)> {
        let mut remotes: Vec<String> = self
            .inner
            .remote_names()
            .iter()
            .map(ToString::to_string)
            .collect();
        remotes.sort_by_key(|name| (name != "origin", name.clone()));
        remotes
            .iter()
            .filter_map(|remote| self.reference(&format!("refs/remotes/{remote}/HEAD")))
            .collect()
    }

    fn named(&self, reference: &str, source: BaseSource) -> Result<BaseChoice, GitError> {
        let commit = self.commit(reference)?;
        let is_name = self.inner.try_find_reference(reference).ok().flatten();
        let name = if is_name.is_none() && is_made_of_an_id(reference) {
            self.abbreviation(commit)
        } else {
            reference.to_owned()
        };
        Ok(BaseChoice {
            name,
            commit,
            source,
        })
    }

    /// A branch by its bare name, as fetched from the remote or, failing that, as it is here.
    fn branch(&self, branch: &str, source: BaseSource) -> Result<BaseChoice, GitError> {
        [
            format!("refs/remotes/origin/{branch}"),
            format!("refs/heads/{branch}"),
        ]
        .iter()
        .find_map(|reference| self.reference(reference))
        .map(|(name, commit)| BaseChoice {
            name,
            commit,
            source,
        })
        .ok_or_else(|| GitError::UnknownReference {
            reference: format!("origin/{branch}"),
            shallow: self.is_shallow(),
            source: None,
        })
    }
}

/// True for the id of a commit, whole or shortened, and what is reached from one: `7cf64da2632a^`.
fn is_made_of_an_id(reference: &str) -> bool {
    let id = reference.split(['^', '~']).next().unwrap_or_default();
    id.len() >= 7 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The all-zero hash that hooks and CI systems use for "no commit", and empty variables.
fn is_null(reference: &str) -> bool {
    reference.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_commits_are_told_from_names() {
        assert!(is_made_of_an_id("7cf64da2632a"));
        assert!(is_made_of_an_id("7cf64da2632a^"));
        assert!(is_made_of_an_id("7cf64da2632a~3"));
        assert!(!is_made_of_an_id("HEAD^"));
        assert!(!is_made_of_an_id("main"));
        assert!(!is_made_of_an_id("v1.0"));
    }
}
