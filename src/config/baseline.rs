//! Findings of an old code base that are known, and not reported again.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::source::RepoPath;

/// The findings of a baseline file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// Where it is.
    pub path: RepoPath,
    pub entries: Vec<BaselineEntry>,
}

/// One finding that is known. It is known by its fingerprint; the rest is for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineEntry {
    /// Where it was when the baseline was written.
    pub file: String,
    pub code: String,
    pub rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    pub message: String,
    /// 32 hexadecimal digits.
    pub fingerprint: String,
    /// When it became known: `2026-11-22`.
    pub since: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    version: u32,
    findings: Vec<BaselineEntry>,
}

/// The version of the format.
const VERSION: u32 = 1;

/// A baseline that cannot be used.
#[derive(Debug, Error, miette::Diagnostic)]
pub enum BaselineError {
    #[error("the baseline `{path}` is not there")]
    #[diagnostic(help(
        "`migrate-lint check --add-baseline` writes it; its name has to end in `baseline.json`"
    ))]
    Missing { path: String },
    #[error("the baseline `{path}` cannot be read: {message}")]
    #[diagnostic(help("`migrate-lint check --add-baseline` writes it anew"))]
    Invalid { path: String, message: String },
    #[error("the baseline `{path}` has version {version}; this program reads version {VERSION}")]
    Version { path: String, version: u32 },
}

impl Baseline {
    /// What it is called where the configuration does not say.
    pub const FILE_NAME: &'static str = "migrate-lint-baseline.json";

    /// Reads a baseline file.
    pub fn parse(path: &RepoPath, bytes: &[u8]) -> Result<Self, BaselineError> {
        let file: BaselineFile =
            serde_json::from_slice(bytes).map_err(|error| BaselineError::Invalid {
                path: path.to_string(),
                message: error.to_string(),
            })?;
        if file.version != VERSION {
            return Err(BaselineError::Version {
                path: path.to_string(),
                version: file.version,
            });
        }
        Ok(Self {
            path: path.clone(),
            entries: file.findings,
        })
    }

    /// A baseline of these findings. What was known before keeps its date and reason.
    pub fn of<'d>(
        path: RepoPath,
        diagnostics: impl Iterator<Item = &'d Diagnostic>,
        before: Option<&Self>,
        since: &str,
        reason: Option<&str>,
    ) -> Self {
        let mut entries: Vec<BaselineEntry> = diagnostics
            .map(|diagnostic| {
                let fingerprint = diagnostic.fingerprint.to_string();
                let known = before
                    .into_iter()
                    .flat_map(|before| &before.entries)
                    .find(|entry| entry.fingerprint == fingerprint);
                BaselineEntry {
                    file: diagnostic.primary.file.to_string(),
                    code: diagnostic.code.to_owned(),
                    rule: diagnostic.name.to_owned(),
                    revision: diagnostic.revision.clone(),
                    message: diagnostic.message.clone(),
                    since: known.map_or_else(|| since.to_owned(), |entry| entry.since.clone()),
                    reason: match known {
                        Some(known) => known.reason.clone(),
                        None => reason.map(str::to_owned),
                    },
                    fingerprint,
                }
            })
            .collect();
        entries.sort();
        entries.dedup_by(|one, other| one.fingerprint == other.fingerprint);
        Self { path, entries }
    }

    /// The text of the file.
    pub fn to_json(&self) -> String {
        let file = BaselineFile {
            version: VERSION,
            findings: self.entries.clone(),
        };
        let text = serde_json::to_string_pretty(&file).unwrap_or_default();
        format!("{text}\n")
    }
}
