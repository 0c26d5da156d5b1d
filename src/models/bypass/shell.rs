//! `python -c "…create_all()"` in workflows, scripts and images.

use super::{Bypass, BypassKind, METHODS, Search, metadata_named, usage};
use crate::python::ast::{Expr, ExprKind, Stmt, StmtKind};
use crate::python::{Visitor, parse, walk};
use crate::source::{FileSpan, RepoPath, Span};
use crate::sqlalchemy::MetadataKey;

/// True for a file whose lines a shell runs.
pub(super) fn is_script(path: &RepoPath) -> bool {
    let name = path.file_name();
    match path.extension() {
        "yml" | "yaml" => is_pipeline(path) || name.contains("compose"),
        "sh" | "bash" | "mk" => true,
        _ => {
            name.starts_with("Dockerfile")
                || name.ends_with("Dockerfile")
                || matches!(name, "Makefile" | "Procfile" | "justfile" | "Jenkinsfile")
        }
    }
}

/// True for a file that says what CI runs.
pub(super) fn is_pipeline(path: &RepoPath) -> bool {
    let name = path.file_name();
    matches!(path.extension(), "yml" | "yaml")
        && ([".github/workflows/", ".circleci/"]
            .iter()
            .any(|folder| path.as_str().starts_with(folder))
            || [".gitlab-ci", "azure-pipelines", "bitbucket-pipelines"]
                .iter()
                .any(|start| name.starts_with(start))
            || name == ".travis.yml")
}

/// The calls in the arguments of `python -c`.
pub(super) fn in_script(search: &Search<'_>, file: &RepoPath) -> Vec<(Bypass, MetadataKey)> {
    let Some(bytes) = search.sources.look_into(file) else {
        return Vec::new();
    };
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Vec::new();
    };
    if usage::speaks_of_versions(text) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, _) in text.match_indices("-c ") {
        let Some((start, code)) = argument(text, at + 3) else {
            continue;
        };
        if !METHODS.iter().any(|method| code.contains(method)) || is_comment(text, at) {
            continue;
        }
        // What a shell escapes is of the same length without it.
        let code = code.replace("\\\"", " \"").replace("\\'", " '");
        let mut line = OneLine::default();
        walk(&parse(&code).0.body, &mut line);
        for (span, metadata, creates) in &line.calls {
            let (root, rest) = metadata
                .split_once('.')
                .map_or((metadata.as_str(), ""), |(root, rest)| (root, rest));
            let Some((_, module, name)) = line.imports.iter().find(|(bound, ..)| bound == root)
            else {
                continue;
            };
            let path = if rest.is_empty() {
                name.clone()
            } else {
                format!("{name}.{rest}")
            };
            if let Some(key) = metadata_named(search, module, &path) {
                let start = start as u32;
                let bypass = Bypass {
                    place: FileSpan::new(
                        file.clone(),
                        Span::new(start + span.start, start + span.end),
                    ),
                    creates: *creates,
                    metadata: metadata.clone(),
                    kind: BypassKind::Shell,
                };
                found.push((bypass, key));
            }
        }
    }
    found
}

/// The quoted argument that begins at an offset, without its quotes.
fn argument(text: &str, at: usize) -> Option<(usize, &str)> {
    let rest = text.get(at..)?;
    let quote = rest
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let mut escaped = false;
    let inside = rest.get(1..)?;
    let end = inside.char_indices().find(|(_, c)| {
        let ends = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    })?;
    Some((at + 1, inside.get(..end.0)?))
}

fn is_comment(text: &str, at: usize) -> bool {
    let line = text.get(..at).and_then(|before| before.rsplit('\n').next());
    line.is_some_and(|line| line.trim_start().starts_with('#'))
}

/// What such a program imports and calls.
#[derive(Default)]
struct OneLine {
    /// The name it is bound to, the module, and the name there.
    imports: Vec<(String, String, String)>,
    calls: Vec<(Span, String, bool)>,
}

impl Visitor for OneLine {
    fn statement(&mut self, statement: &Stmt) -> bool {
        if let StmtKind::ImportFrom(import) = &statement.kind
            && import.level == 0
        {
            for alias in &import.names {
                let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                self.imports.push((
                    bound.to_string(),
                    import.module.to_string(),
                    alias.name.to_string(),
                ));
            }
        }
        true
    }

    fn expression(&mut self, expression: &Expr) -> bool {
        if let ExprKind::Attribute { value, name } = &expression.kind
            && METHODS.contains(&name.as_str())
            && let Some(path) = dotted(value)
        {
            self.calls
                .push((expression.span, path, name == "create_all"));
        }
        true
    }
}

fn dotted(expression: &Expr) -> Option<String> {
    match &expression.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Attribute { value, name } => Some(format!("{}.{name}", dotted(value)?)),
        _ => None,
    }
}
