//! The revision files of an environment.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::alembic::discovery::Environment;
use crate::alembic::revision::{
    IDENTIFIERS, Identifier, Literal, LiteralValue, Revision, RevisionDoc, Written, literals,
};
use crate::python::ast::{Expr, ExprKind, Module, StmtKind};
use crate::python::value::{Reason, Value};
use crate::python::{Interpreter, ModuleFinder, NoHost, ParsedFile, Sources, Visitor, walk};
use crate::source::{RepoPath, Span};

/// Characters Alembic refuses in a revision id, because they have a meaning on its command line.
const ILLEGAL_CHARACTERS: [char; 4] = ['@', '-', '+', ':'];

/// One file of a version location.
#[derive(Clone, Debug)]
pub struct Script {
    pub file: RepoPath,
    pub source: Arc<ParsedFile>,
    /// `None` where the file does not say which revision it is, or says it in a way only Python can tell.
    pub revision: Option<Arc<Revision>>,
    pub problems: Vec<ScriptProblem>,
}

impl Script {
    /// The first call of something by the name of its attribute: `….name(…)`.
    pub fn attribute_called(&self, name: &str) -> Option<Span> {
        let mut search = CallSearch { name, found: None };
        if self.source.text.as_str().contains(name) {
            walk(&self.source.module.body, &mut search);
        }
        search.found
    }
}

struct CallSearch<'a> {
    name: &'a str,
    found: Option<Span>,
}

impl Visitor for CallSearch<'_> {
    fn expression(&mut self, expression: &Expr) -> bool {
        if let ExprKind::Call(call) = &expression.kind
            && let ExprKind::Attribute { name, .. } = &call.function.kind
            && name == self.name
        {
            self.found.get_or_insert(expression.span);
        }
        self.found.is_none()
    }
}

/// Something about the identifiers of a file that is wrong or not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptProblem {
    pub kind: ScriptProblemKind,
    pub span: Option<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptProblemKind {
    /// Nothing binds the name; Alembic fails when it loads the file.
    Missing(&'static str),
    /// The value is only known at run time, for this reason.
    Unknown { name: &'static str, reason: String },
    /// The value is no string (or strings).
    WrongType(&'static str),
    /// A character that Alembic refuses in an id.
    IllegalCharacter { id: SmolStr, character: char },
}

/// The revision files of one environment, in the order Alembic loads them.
#[derive(Clone, Debug, Default)]
pub struct ScriptDirectory {
    pub scripts: Vec<Script>,
}

impl ScriptDirectory {
    /// Lists and reads the revision files.
    pub fn load(environment: &Environment, sources: &Sources<'_>) -> Self {
        let files = Self::files(environment, sources);
        let scripts = files
            .into_par_iter()
            .filter_map(|file| {
                let source = sources.python(&file)?;
                Some(read(file, source, environment, sources))
            })
            .collect();
        Self { scripts }
    }

    /// The paths that Alembic would load: every `.py` of the version locations, except names that begin with `.#` or
    /// `__init__`. A file reached by two ways counts once.
    pub fn files(environment: &Environment, sources: &Sources<'_>) -> Vec<RepoPath> {
        let snapshot = sources.snapshot();
        let mut seen = FxHashSet::default();
        let mut files = Vec::new();
        for location in &environment.version_locations {
            let mut here: Vec<RepoPath> = snapshot
                .under(location)
                .map(|(path, _)| path)
                .filter(|path| is_revision_file(path.file_name()))
                .filter(|path| {
                    let folder = path.parent();
                    if environment.recursive {
                        !folder
                            .components()
                            .any(|component| component == "__pycache__")
                    } else {
                        folder == *location
                    }
                })
                .cloned()
                .collect();
            // By folder, then by name, as `os.walk` with sorted names goes.
            here.sort_by_cached_key(|path| (path.parent(), path.clone()));
            for path in here {
                let real = snapshot.resolve(&path).unwrap_or_else(|| path.clone());
                if seen.insert(real) {
                    files.push(path);
                }
            }
        }
        files
    }

    pub fn revisions(&self) -> impl Iterator<Item = &Arc<Revision>> {
        self.scripts
            .iter()
            .filter_map(|script| script.revision.as_ref())
    }

    /// True if every file says which revision it is: then the map has no holes.
    pub fn is_complete(&self) -> bool {
        self.scripts.iter().all(|script| {
            let is_uncertain = |problem: &ScriptProblem| {
                matches!(
                    problem.kind,
                    ScriptProblemKind::Unknown { .. } | ScriptProblemKind::Missing(_)
                )
            };
            script.revision.is_some()
                && script.source.syntax_error.is_none()
                && script.source.oversized.is_none()
                && !script.problems.iter().any(is_uncertain)
        })
    }
}

/// Labels that an installed package has the names of, `(cli.EXPAND_BRANCH,)`: they go by what they are written as, for what
/// matters is which of them are the same.
fn named_labels(source: &ParsedFile, span: Span) -> Option<Vec<Identifier>> {
    let text = source.text.slice(span);
    let names = text.trim_matches(['(', ')', '[', ']']).split(',');
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    let is_path = |name: &str| {
        let is_name = |part: &str| {
            part.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_alphanumeric() || c == '_')
        };
        name.split('.').all(is_name)
    };
    names
        .map(|name| {
            is_path(name).then(|| Identifier {
                value: name.into(),
                span,
            })
        })
        .collect()
}

/// Alembic's `_only_source_rev_file`.
fn is_revision_file(name: &str) -> bool {
    name.ends_with(".py") && !name.starts_with(".#") && !name.starts_with("__init__")
}

fn read(
    file: RepoPath,
    source: Arc<ParsedFile>,
    environment: &Environment,
    sources: &Sources<'_>,
) -> Script {
    let values = match literals(&source.module) {
        Some(values) if !values.contains(&Written::Expression) => values.map(|value| match value {
            Written::Literal(value) => Found::Literal(value),
            _ => Found::Missing,
        }),
        _ => interpret(&file, &source.module, environment, sources),
    };
    let mut problems = Vec::new();
    let [revision, down_revision, branch_labels, depends_on] = values;
    let span_of = |found: &Found| match found {
        Found::Literal(value) => Some(value.span),
        Found::Unknown { span, .. } | Found::WrongType { span } => Some(*span),
        Found::Missing => None,
    };
    let mut identifiers = |name: &'static str, found: &Found| match found {
        Found::Literal(LiteralValue { items, .. }) => Some(match items {
            Literal::None => Vec::new(),
            Literal::One(id) => vec![id.clone()],
            Literal::Several(ids) => {
                let mut distinct: Vec<Identifier> = Vec::new();
                for id in ids {
                    if !distinct.iter().any(|known| known.value == id.value) {
                        distinct.push(id.clone());
                    }
                }
                distinct
            }
        }),
        Found::Missing => Some(Vec::new()),
        Found::Unknown { span, reason } => {
            let kind = ScriptProblemKind::Unknown {
                name,
                reason: reason.clone(),
            };
            problems.push(ScriptProblem {
                kind,
                span: Some(*span),
            });
            None
        }
        Found::WrongType { span } => {
            problems.push(ScriptProblem {
                kind: ScriptProblemKind::WrongType(name),
                span: Some(*span),
            });
            None
        }
    };
    let down = identifiers("down_revision", &down_revision);
    let labels = match &branch_labels {
        Found::Unknown { span, .. } => named_labels(&source, *span),
        _ => None,
    };
    let labels = labels
        .or_else(|| identifiers("branch_labels", &branch_labels))
        .unwrap_or_default();
    let dependencies = identifiers("depends_on", &depends_on).unwrap_or_default();
    let id = match &revision {
        Found::Literal(LiteralValue {
            items: Literal::One(id),
            ..
        }) => Some(id.clone()),
        Found::Literal(LiteralValue { span, .. }) => {
            problems.push(ScriptProblem {
                kind: ScriptProblemKind::WrongType("revision"),
                span: Some(*span),
            });
            None
        }
        // A file named by a hexadecimal number is that revision.
        Found::Missing => {
            let by_name = hexadecimal_stem(&file);
            if by_name.is_none() && source.syntax_error.is_none() && source.oversized.is_none() {
                problems.push(ScriptProblem {
                    kind: ScriptProblemKind::Missing("revision"),
                    span: None,
                });
            }
            by_name.map(|value| Identifier {
                value,
                span: Span::at(0),
            })
        }
        other => {
            identifiers("revision", other);
            None
        }
    };
    if let Some(id) = &id {
        if let Some(character) = id.value.chars().find(|c| ILLEGAL_CHARACTERS.contains(c)) {
            let kind = ScriptProblemKind::IllegalCharacter {
                id: id.value.clone(),
                character,
            };
            problems.push(ScriptProblem {
                kind,
                span: Some(id.span),
            });
        }
        let is_read = source.syntax_error.is_none() && source.oversized.is_none();
        if matches!(down_revision, Found::Missing) && is_read {
            problems.push(ScriptProblem {
                kind: ScriptProblemKind::Missing("down_revision"),
                span: Some(id.span),
            });
        }
    }
    let revision = match (id, down) {
        (Some(id), Some(down)) => Some(Arc::new(Revision {
            down_revision_span: span_of(&down_revision).unwrap_or(id.span),
            id,
            down_revision: down,
            depends_on: dependencies,
            branch_labels: labels,
            doc: RevisionDoc::read(&source),
            file: file.clone(),
            source: Arc::clone(&source),
        })),
        _ => None,
    };
    Script {
        file,
        source,
        revision,
        problems,
    }
}

fn hexadecimal_stem(file: &RepoPath) -> Option<SmolStr> {
    let stem = file.file_name().strip_suffix(".py")?;
    let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (!stem.is_empty() && stem.bytes().all(is_hexadecimal)).then(|| SmolStr::new(stem))
}

/// What is known of one identifier.
#[derive(Debug)]
enum Found {
    Missing,
    Literal(LiteralValue),
    Unknown { span: Span, reason: String },
    WrongType { span: Span },
}

/// Runs the body of the file, for identifiers that are not written out.
fn interpret(
    file: &RepoPath,
    module: &Module,
    environment: &Environment,
    sources: &Sources<'_>,
) -> [Found; 4] {
    let finder = ModuleFinder::new(sources.snapshot(), environment.search_path());
    let mut interpreter = Interpreter::new(sources, &finder, NoHost);
    let Some(object) = interpreter.run_file(file) else {
        return [
            Found::Missing,
            Found::Missing,
            Found::Missing,
            Found::Missing,
        ];
    };
    IDENTIFIERS.map(|name| {
        let span = assignment_span(module, name).unwrap_or_default();
        match interpreter.module_attribute(object, name) {
            None => Found::Missing,
            Some(value) => convert(&value, span, &interpreter),
        }
    })
}

fn convert(value: &Value, span: Span, interpreter: &Interpreter<'_>) -> Found {
    let identifier = |value: &Value| {
        let text = value.as_str()?;
        Some(Identifier {
            value: SmolStr::new(&**text),
            span,
        })
    };
    let unknown = |reason: String| Found::Unknown { span, reason };
    match value {
        Value::None => Found::Literal(LiteralValue {
            span,
            items: Literal::None,
        }),
        Value::Str(_) => match identifier(value) {
            Some(id) => Found::Literal(LiteralValue {
                span,
                items: Literal::One(id),
            }),
            None => unknown(Reason::Operation.to_string()),
        },
        Value::Unknown(reason) => unknown(reason.reason.to_string()),
        Value::Symbol(_) => unknown("it comes from outside the repository".to_owned()),
        _ => match interpreter.heap.elements(value) {
            Some(items) => match items.iter().map(identifier).collect::<Option<Vec<_>>>() {
                Some(ids) => Found::Literal(LiteralValue {
                    span,
                    items: Literal::Several(ids),
                }),
                None => unknown(Reason::Element.to_string()),
            },
            None => Found::WrongType { span },
        },
    }
}

/// The last assignment to a name at the top of the module, or anywhere in its blocks.
fn assignment_span(module: &Module, name: &str) -> Option<Span> {
    fn in_body(body: &[crate::python::ast::Stmt], name: &str) -> Option<Span> {
        body.iter().rev().find_map(|stmt| {
            let is_name =
                |target: &Expr| matches!(&target.kind, ExprKind::Name(bound) if bound == name);
            match &stmt.kind {
                StmtKind::Assign { targets, value } if targets.iter().any(is_name) => {
                    Some(value.span)
                }
                StmtKind::Assign { targets, .. } => {
                    targets.iter().find_map(|target| match &target.kind {
                        ExprKind::Tuple(items) | ExprKind::List(items) => items
                            .iter()
                            .find(|item| is_name(item))
                            .map(|item| item.span),
                        _ => None,
                    })
                }
                StmtKind::AnnAssign {
                    target,
                    value: Some(value),
                    ..
                } if is_name(target) => Some(value.span),
                StmtKind::If { body, orelse, .. } => {
                    in_body(orelse, name).or_else(|| in_body(body, name))
                }
                StmtKind::Try { body, .. } => in_body(body, name),
                StmtKind::With(with) => in_body(&with.body, name),
                StmtKind::ImportFrom(import) => {
                    let bound = |alias: &&crate::python::ast::Alias| {
                        *alias.asname.as_ref().unwrap_or(&alias.name) == name
                    };
                    import.names.iter().find(bound).map(|alias| alias.span)
                }
                _ => None,
            }
        })
    }
    in_body(&module.body, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alembic::discover;
    use crate::git::Snapshot;
    use crate::python::ParseCache;

    fn load(files: &[(&str, &str)]) -> Vec<Script> {
        let mut files = files.to_vec();
        files.push((
            "alembic.ini",
            "[alembic]\nscript_location = m\nrecursive_version_locations = true\n",
        ));
        files.push(("m/env.py", ""));
        let snapshot = Snapshot::in_memory(files);
        let cache = ParseCache::default();
        let sources = Sources::new(&snapshot, &cache);
        let environments = discover(&sources, &[]).environments;
        ScriptDirectory::load(&environments[0], &sources).scripts
    }

    fn ids(identifiers: &[Identifier]) -> Vec<&str> {
        identifiers.iter().map(|id| id.value.as_str()).collect()
    }

    #[test]
    fn loads_the_files_alembic_loads() {
        let text = "revision = 'r'\ndown_revision = None\n";
        let scripts = load(&[
            ("m/versions/b.py", text),
            ("m/versions/.#a.py", text),
            ("m/versions/__init__.py", ""),
            ("m/versions/a/c.py", text),
            ("m/versions/__pycache__/d.py", text),
            ("m/versions/A.PY", text),
            ("m/versions/.hidden.py", text),
        ]);
        let files: Vec<&str> = scripts.iter().map(|script| script.file.as_str()).collect();
        assert_eq!(
            files,
            [
                "m/versions/.hidden.py",
                "m/versions/b.py",
                "m/versions/a/c.py"
            ]
        );
    }

    #[test]
    fn identifiers_in_every_form() {
        let scripts = load(&[
            (
                "m/versions/1.py",
                "revision: str = 'a'\ndown_revision: str | None = None\n",
            ),
            ("m/versions/2.py", "revision, down_revision = 'b', 'a'\n"),
            (
                "m/versions/3.py",
                "from names import LABEL\nrevision = 'c'\ndown_revision = ['a', 'b', 'a']\nbranch_labels = (LABEL,)\n",
            ),
            ("names.py", "LABEL = 'expand'\n"),
            (
                "m/versions/4.py",
                "from neutron.db.migration import cli\nrevision = 'd'\ndown_revision = 'c'\nbranch_labels = (cli.EXPAND, cli.OTHER)\n",
            ),
            ("m/versions/0a1f.py", "down_revision = 'c'\n"),
        ]);
        let revision = |index: usize| scripts[index].revision.as_ref().unwrap();
        assert_eq!(revision(0).id.value, "0a1f");
        assert_eq!(revision(1).id.value, "a");
        assert!(revision(1).is_base());
        assert_eq!(
            (
                revision(2).id.value.as_str(),
                ids(&revision(2).down_revision)
            ),
            ("b", vec!["a"])
        );
        assert_eq!(ids(&revision(3).down_revision), ["a", "b"]);
        assert_eq!(ids(&revision(3).branch_labels), ["expand"]);
        assert_eq!(ids(&revision(4).branch_labels), ["cli.EXPAND", "cli.OTHER"]);
        assert!(scripts.iter().all(|script| script.problems.is_empty()));
    }

    #[test]
    fn what_is_missing_wrong_or_unknown_is_said() {
        let problems = |text: &str| {
            let scripts = load(&[("m/versions/x.py", text)]);
            scripts[0]
                .problems
                .iter()
                .map(|problem| problem.kind.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            problems("x = 1\n"),
            [ScriptProblemKind::Missing("revision")]
        );
        assert_eq!(
            problems("revision = 'a'\n"),
            [ScriptProblemKind::Missing("down_revision")]
        );
        assert_eq!(
            problems("revision = 1\ndown_revision = None\n"),
            [ScriptProblemKind::WrongType("revision")]
        );
        assert_eq!(
            problems("revision = 'a-b'\ndown_revision = None\n"),
            [ScriptProblemKind::IllegalCharacter {
                id: "a-b".into(),
                character: '-'
            }]
        );
        let unknown = problems("import os\nrevision = os.environ['R']\ndown_revision = None\n");
        assert!(
            matches!(
                unknown.as_slice(),
                [ScriptProblemKind::Unknown {
                    name: "revision",
                    ..
                }]
            ),
            "{unknown:?}"
        );
    }
}
