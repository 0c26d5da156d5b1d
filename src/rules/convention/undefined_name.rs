//! ML404

use smol_str::SmolStr;

use crate::alembic::Revision;
use crate::diagnostic::{Applicability, Edit, Fix, Label};
use crate::project::ProjectEnvironment;
use crate::python::{
    UnboundName, UndefinedName, imported_names, place_for_import, unbound_names, undefined_names,
};
use crate::rules::{Reporter, ScriptContext, Violation, declare_rule, list};
use crate::source::Span;
use crate::sqlalchemy::{import_for, is_mistaken_for_operation};

declare_rule! {
    "ML404", "undefined-name" in Convention("convention"),
    severity: Error,
    since: "0.1.0",
    fix: Sometimes,
    peers: ["ruff: F821"],
    on: Script(check),
}

struct Undefined<'a> {
    found: &'a UndefinedName,
    /// Further names that came with it.
    others: Vec<&'a str>,
    has_fix: bool,
}

impl Violation for Undefined<'_> {
    /// A file that was put together without its imports lacks all of them.
    fn is_of_a_file(&self) -> bool {
        true
    }

    fn message(&self) -> String {
        let UndefinedName { name, path, .. } = self.found;
        if path == name.as_str() {
            format!("`{name}` is not defined or imported")
        } else {
            format!("`{name}` of `{path}` is not defined or imported")
        }
    }

    fn subject(&self) -> String {
        self.found.name.to_string()
    }

    fn notes(&self) -> Vec<String> {
        let fails = "the revision fails with a `NameError` as soon as it gets there".to_owned();
        let others = (!self.others.is_empty()).then(|| {
            let names = list(&self.others);
            format!("the statement that the change takes away imported {names} as well")
        });
        std::iter::once(fails).chain(others).collect()
    }

    fn help(&self) -> Option<String> {
        let help = "import it; where autogenerate leaves it out each time, `script.py.mako` is the place for the import";
        (!self.has_fix).then(|| help.to_owned())
    }
}

/// A name that only another way through a function binds.
struct Unbound<'a> {
    found: &'a UnboundName,
}

impl Violation for Unbound<'_> {
    fn message(&self) -> String {
        format!(
            "`{}` is bound by nothing that runs before this",
            self.found.name
        )
    }

    fn subject(&self) -> String {
        self.found.name.to_string()
    }

    fn notes(&self) -> Vec<String> {
        vec!["the revision fails with an `UnboundLocalError` as soon as it gets there".to_owned()]
    }
}

/// A name of SQLAlchemy that Alembic's `op` is asked for.
struct NoOperation<'a> {
    name: &'a str,
    written: &'a str,
}

impl Violation for NoOperation<'_> {
    fn message(&self) -> String {
        format!(
            "`{}`: Alembic's `op` has no `{}`, SQLAlchemy does",
            self.written, self.name
        )
    }

    fn subject(&self) -> String {
        format!("op.{}", self.name)
    }

    fn notes(&self) -> Vec<String> {
        vec!["the revision fails with an `AttributeError` as soon as it gets there".to_owned()]
    }

    fn help(&self) -> Option<String> {
        let name = self.name;
        Some(match name {
            "asc" | "desc" => format!(
                "among the columns of an index `sa.text(\"name {}\")`, in a query `sa.{name}(…)`",
                name.to_uppercase()
            ),
            _ => format!("`sa.{name}`, with `import sqlalchemy as sa`"),
        })
    }
}

fn check(ctx: &ScriptContext<'_>, reporter: &mut Reporter<'_>) {
    let Some(revision) = &ctx.script.revision else {
        return;
    };
    check_operations(ctx, revision, reporter);
    for found in &unbound_names(&revision.source) {
        let label = |span, message: &str| Label::new(revision.file.clone(), span, message);
        reporter
            .report_on(
                &Unbound { found },
                label(found.span, "not bound yet"),
                Some(&revision.id.value),
            )
            .related([label(found.bound_at, "bound here")]);
    }
    let all = undefined_names(&revision.source);
    let label = |found: &UndefinedName, message: String| {
        Label::new(revision.file.clone(), found.span, message)
    };
    let imported_before = imported_before(ctx, revision);
    let statement_of = |name: &str| {
        let mut names = imported_before.iter();
        names.find_map(|(imported, statement)| (imported == name).then_some(*statement))
    };
    for (index, found) in all.iter().enumerate() {
        let statement = statement_of(&found.name);
        let is_same = |other: &&UndefinedName| {
            other.name == found.name
                || statement.is_some() && statement_of(&other.name) == statement
        };
        if all.iter().take(index).any(|other| is_same(&other)) {
            continue;
        }
        // Every name is shown before the further uses.
        let mut others: Vec<(usize, &UndefinedName)> = all.iter().enumerate().collect();
        others.retain(|(at, other)| *at > index && is_same(other));
        others
            .sort_by_key(|(at, other)| all.iter().take(*at).any(|first| first.name == other.name));
        let mut names: Vec<&str> = all
            .iter()
            .filter(is_same)
            .map(|o| o.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        let imports: Option<Vec<String>> = names
            .iter()
            .map(|name| {
                let uses = all.iter().filter(|other| other.name == *name);
                import_of(uses, ctx.environment.head)
            })
            .collect();
        let fix = imports.and_then(|imports| add_imports(revision, imports));
        names.retain(|name| *name != found.name);
        let violation = Undefined {
            found,
            others: names,
            has_fix: fix.is_some(),
        };
        reporter
            .report_on(
                &violation,
                label(found, "not defined".to_owned()),
                Some(&revision.id.value),
            )
            .related(others.into_iter().take(MOST_PLACES).map(|(_, other)| {
                let message = if other.name == found.name {
                    "and here".to_owned()
                } else {
                    format!("nor is `{}`", other.name)
                };
                label(other, message)
            }))
            .fix(fix);
    }
}

/// The names that the file imports on the base, each with the statement.
fn imported_before(ctx: &ScriptContext<'_>, revision: &Revision) -> Vec<(SmolStr, Span)> {
    let base = ctx.environment.base();
    let before = base.and_then(|base| base.revision(&revision.id.value));
    let names = before.map(|before| imported_names(&before.source.module));
    let names = names.into_iter().flatten();
    names
        .map(|imported| (imported.local, imported.statement))
        .collect()
}

/// Reports `op.desc(…)` and its like, unless something in the repository registers operations.
fn check_operations(ctx: &ScriptContext<'_>, revision: &Revision, reporter: &mut Reporter<'_>) {
    let file = &revision.source;
    if file.syntax_error.is_some() {
        return;
    }
    let names = imported_names(&file.module);
    let of_op = names.iter().filter(|imported| {
        imported.module == "alembic" && imported.attribute.as_deref() == Some("op")
    });
    let mut told: Vec<&str> = Vec::new();
    for used in of_op.flat_map(|imported| &imported.uses) {
        let Some(name) = used.attributes.first() else {
            continue;
        };
        if told.contains(&name.as_str())
            || !is_mistaken_for_operation(name)
            || ctx.environment.head.registers_operations()
        {
            continue;
        }
        told.push(name);
        let violation = NoOperation {
            name,
            written: file.text.slice(used.span),
        };
        let label = Label::new(revision.file.clone(), used.span, "not an operation");
        reporter.report_on(&violation, label, Some(&revision.id.value));
    }
}

/// How many more places are shown.
const MOST_PLACES: usize = 5;

/// The statement that binds the name for all its uses.
fn import_of<'a>(
    mut uses: impl Iterator<Item = &'a UndefinedName>,
    environment: &ProjectEnvironment<'_>,
) -> Option<String> {
    let of_use = |path: &str| import_for(path).or_else(|| import_of_module(path, environment));
    let statement = of_use(&uses.next()?.path)?;
    uses.all(|other| of_use(&other.path).as_deref() == Some(&statement))
        .then_some(statement)
}

/// Autogenerate writes a type of the application as its module and its name.
fn import_of_module(path: &str, environment: &ProjectEnvironment<'_>) -> Option<String> {
    let (module, _) = path.rsplit_once('.')?;
    environment
        .has_module(module)
        .then(|| format!("import {module}"))
}

fn add_imports(revision: &Revision, mut statements: Vec<String>) -> Option<Fix> {
    let (offset, line_break) = place_for_import(&revision.source)?;
    statements.sort_unstable();
    statements.dedup();
    Some(Fix {
        applicability: Applicability::Safe,
        title: format!("add {}", list(&statements)),
        edits: vec![Edit {
            file: revision.file.clone(),
            span: Span::at(offset),
            replacement: statements
                .iter()
                .map(|statement| format!("{statement}{line_break}"))
                .collect(),
        }],
    })
}
