//! SARIF 2.1.0, as code scanning of GitHub and others take it.
//!
//! Source: "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" of OASIS, and "SARIF support for code
//! scanning" of GitHub's documentation. GitHub reads no fingerprints but those it works out itself
//! (`primaryLocationLineHash`), and complains about others in its place; ours have their own key.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::diagnostic::{Applicability, Diagnostic, Fix, Label, Severity};
use crate::linter::{Outcome, SuppressedBy};
use crate::report::{Reporter, Texts, advice, positions, uri, write_json};
use crate::rules::{RULES, Rule};
use crate::source::{RepoPath, Span};

/// For code scanning, and for tools that collect the results of others.
#[derive(Clone, Debug, Default)]
pub struct Sarif {
    pub provenance: Option<Provenance>,
}

/// Which state of which repository was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// Without credentials.
    pub repository_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Under which our fingerprints stand; the number changes if the way changes in which they are made.
const FINGERPRINT: &str = "migrateLint/v1";

impl Reporter for Sarif {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let results: Vec<Value> = outcome
            .diagnostics
            .iter()
            .map(|diagnostic| result(diagnostic, texts))
            .chain(outcome.suppressed.iter().map(|suppressed| {
                let mut result = result(&suppressed.diagnostic, texts);
                result["suppressions"] = json!([suppression(&suppressed.by)]);
                result
            }))
            .collect();
        let notifications: Vec<Value> = outcome
            .notices
            .iter()
            .map(|notice| json!({"level": "note", "message": {"text": notice}}))
            .collect();
        let mut run = json!({
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": RULES.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the root of the repository"}}},
            "invocations": [{
                "executionSuccessful": outcome.internal_errors.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        });
        if let Some(provenance) = &self.provenance {
            run["versionControlProvenance"] = json!([provenance]);
        }
        write_json(
            &json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}),
            out,
        )
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": rule.summary()},
        "help": {"text": rule.page, "markdown": rule.page},
        "helpUri": rule.url(),
        "defaultConfiguration": {"level": level(rule.severity), "enabled": rule.is_default},
        "properties": {"tags": ["migrations", rule.family.as_str()]},
    })
}

fn result(diagnostic: &Diagnostic, texts: &Texts<'_>) -> Value {
    let index = RULES.iter().position(|rule| rule.code == diagnostic.code);
    let mut message = capitalised(&diagnostic.message);
    for part in advice(diagnostic) {
        message.push('\n');
        message.push_str(&part);
    }
    let mut location = location(&diagnostic.primary.file, diagnostic.primary.span, texts);
    if let Some(revision) = &diagnostic.revision {
        location["logicalLocations"] = json!([{"name": revision, "kind": "revision"}]);
    }
    let mut result = json!({
        "ruleId": diagnostic.code,
        "level": level(diagnostic.severity),
        "message": {"text": message},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: diagnostic.fingerprint},
    });
    if let Some(index) = index {
        result["ruleIndex"] = json!(index);
    }
    if !diagnostic.related.is_empty() {
        let related = |(id, label): (usize, &Label)| {
            let mut related = self::location(&label.file, label.span, texts);
            related["id"] = json!(id + 1);
            related["message"] = json!({"text": label.message});
            related
        };
        result["relatedLocations"] = diagnostic.related.iter().enumerate().map(related).collect();
    }
    if let Some(fix) = &diagnostic.fix
        && fix.applicability != Applicability::DisplayOnly
    {
        result["fixes"] = json!([self::fix(fix, texts)]);
    }
    result
}

fn suppression(by: &SuppressedBy) -> Value {
    match by {
        SuppressedBy::Comment(Some(reason)) => json!({"kind": "inSource", "justification": reason}),
        SuppressedBy::Comment(None) => json!({"kind": "inSource"}),
        SuppressedBy::Baseline => json!({"kind": "external", "justification": "in the baseline"}),
    }
}

fn fix(fix: &Fix, texts: &Texts<'_>) -> Value {
    let mut files: Vec<&RepoPath> = fix.edits.iter().map(|edit| &edit.file).collect();
    files.sort();
    files.dedup();
    let changes: Vec<Value> = files
        .into_iter()
        .map(|file| {
            let edits = fix.edits.iter().filter(|edit| edit.file == *file);
            let replacements: Vec<Value> = edits
                .map(|edit| {
                    json!({
                        "deletedRegion": region(file, edit.span, texts),
                        "insertedContent": {"text": edit.replacement},
                    })
                })
                .collect();
            json!({"artifactLocation": artifact(file), "replacements": replacements})
        })
        .collect();
    json!({
        "description": {"text": capitalised(&fix.title)},
        "artifactChanges": changes,
    })
}

fn location(file: &RepoPath, span: Option<Span>, texts: &Texts<'_>) -> Value {
    let mut place = json!({"artifactLocation": artifact(file)});
    if let Some(span) = span {
        place["region"] = region(file, span, texts);
    }
    json!({"physicalLocation": place})
}

fn region(file: &RepoPath, span: Span, texts: &Texts<'_>) -> Value {
    let label = Label::new(file.clone(), span, "");
    positions(&label, texts).map_or_else(
        || json!({"startLine": 1}),
        |(start, end)| {
            json!({
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            })
        },
    )
}

fn artifact(file: &RepoPath) -> Value {
    json!({"uri": uri(file.as_str()), "uriBaseId": "%SRCROOT%"})
}

/// Messages of SARIF are sentences.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    let sentence: String = first.into_iter().chain(chars).collect();
    if sentence.ends_with(['.', '!', '?']) {
        sentence
    } else {
        format!("{sentence}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_sentences() {
        assert_eq!(capitalised("table `a` is gone"), "Table `a` is gone.");
        assert_eq!(capitalised("`a` is gone."), "`a` is gone.");
    }
}
