//! ML601

use crate::diagnostic::Label;
use crate::git::ChangeKind;
use crate::models::{Bypass, BypassKind, has_bypass};
use crate::project::ProjectEnvironment;
use crate::python::{ParsedFile, imported_names};
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};
use crate::schema::Operation;
use crate::source::{FileSpan, RepoPath};

declare_rule! {
    "ML601", "create-all-bypass" in Setup("setup"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Environment(check),
}

struct CreateAllBypass<'a> {
    bypass: &'a Bypass,
}

impl Violation for CreateAllBypass<'_> {
    fn message(&self) -> String {
        let Bypass {
            creates, metadata, ..
        } = self.bypass;
        if *creates {
            format!("`{metadata}.create_all()` makes the migrated tables without the migrations")
        } else {
            format!(
                "`{metadata}.drop_all()` drops the migrated tables and leaves `alembic_version`"
            )
        }
    }

    fn subject(&self) -> String {
        let Bypass { place, kind, .. } = self.bypass;
        let function = match kind {
            BypassKind::Module => "",
            BypassKind::Function(name) => name,
            BypassKind::Shell => "-c",
        };
        format!("{} {function}", place.file)
    }

    fn notes(&self) -> Vec<String> {
        let note = match (self.bypass.creates, &self.bypass.kind) {
            (false, _) => {
                "the next `alembic upgrade` takes the database to be up to date, and does nothing"
            }
            (true, BypassKind::Shell) => {
                "nobody runs the migrations here: what is tested is a schema that no deployed database has"
            }
            (true, _) => {
                "Alembic does not know of it: the next revision that creates one of the tables fails, and columns that \
                 are new in the models are not added"
            }
        };
        vec![note.to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some(if self.bypass.creates {
            "run `alembic upgrade head` instead; where tables are made from the models on purpose, `alembic stamp head` \
             after it says so"
                .to_owned()
        } else {
            "drop `alembic_version` too, or run `alembic downgrade base`".to_owned()
        })
    }
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.head.map.is_empty() {
        return;
    }
    let changes = ctx.change.as_ref().map(|change| change.changes);
    for bypass in ctx.head.bypasses(changes) {
        if is_on_base(ctx, &bypass.place)
            || is_called_on_base(ctx, &bypass)
            || is_moved(ctx, &bypass)
        {
            continue;
        }
        let is_application = bypass.creates && !matches!(bypass.kind, BypassKind::Shell);
        if is_application && (asks_before_all(ctx.head) || starts_with_tables(ctx)) {
            continue;
        }
        let label = Label::at(&bypass.place, "past the migrations");
        reporter.report(&CreateAllBypass { bypass: &bypass }, label);
    }
}

/// True where the revisions make no table and no column but after they have asked the database for it: what `create_all()`
/// has made is in nobody's way.
fn asks_before_all(head: &ProjectEnvironment<'_>) -> bool {
    let mut asks = false;
    for (node, known) in head.map.nodes().iter().enumerate() {
        let migration = head.migration(node);
        let Some(run) = migration
            .as_ref()
            .and_then(|migration| migration.upgrade.run())
        else {
            return false;
        };
        let answered = known.revision.answered();
        for recorded in &run.operations {
            let makes = matches!(
                recorded.operation,
                Operation::CreateTable(_) | Operation::AddColumn { .. }
            );
            if makes && !answered.decides(&recorded.place) {
                return false;
            }
            asks |= makes;
        }
    }
    asks
}

/// True where the application makes the tables of its models on the base already, whenever it starts: one more call changes
/// nothing.
fn starts_with_tables(ctx: &EnvironmentContext<'_>) -> bool {
    let Some(base) = ctx.base() else {
        return false;
    };
    let is_of_application = |bypass: &Bypass| {
        let parsed = base.sources().python(&bypass.place.file);
        parsed.is_some_and(|parsed| is_application(&parsed))
    };
    // When a function is called is another question: it may be a command.
    base.bypasses(None).iter().any(|bypass| {
        bypass.creates && bypass.kind == BypassKind::Module && is_of_application(bypass)
    })
}

/// True for a module that makes or runs an application: what it uses says so.
fn is_application(parsed: &ParsedFile) -> bool {
    imported_names(&parsed.module).iter().any(|imported| {
        let package = imported.module.split('.').next().unwrap_or_default();
        imported.level == 0 && FRAMEWORKS.contains(&package)
    })
}

/// Packages of which servers are made, and those that run them.
const FRAMEWORKS: &[&str] = &[
    "aiogram",
    "aiohttp",
    "bottle",
    "celery",
    "cherrypy",
    "connexion",
    "discord",
    "falcon",
    "fastapi",
    "flask",
    "gunicorn",
    "hypercorn",
    "litestar",
    "pyramid",
    "quart",
    "sanic",
    "starlette",
    "streamlit",
    "telegram",
    "tornado",
    "uvicorn",
];

/// True where the same function of the file calls the same on the base, with whatever arguments.
fn is_called_on_base(ctx: &EnvironmentContext<'_>, bypass: &Bypass) -> bool {
    let parsed = ctx
        .base()
        .and_then(|base| base.sources().python(&bypass.place.file));
    parsed.is_some_and(|parsed| has_bypass(&parsed, bypass))
}

/// True where the same function of another file calls the same on the base, and the change takes it from there.
fn is_moved(ctx: &EnvironmentContext<'_>, bypass: &Bypass) -> bool {
    let (Some(change), Some(base), BypassKind::Function(_)) =
        (&ctx.change, ctx.base(), &bypass.kind)
    else {
        return false;
    };
    let has = |environment: &ProjectEnvironment<'_>, path: &RepoPath| {
        let parsed = environment.sources().python(path);
        parsed.is_some_and(|parsed| has_bypass(&parsed, bypass))
    };
    let others = change.changes.iter().map(|(path, _)| path);
    let mut others = others.filter(|path| **path != bypass.place.file && base.is_code(path));
    others.any(|path| has(base, path) && !has(ctx.head, path))
}

/// True for a call in a file that the change touches or moves, whose line the base has just the same.
fn is_on_base(ctx: &EnvironmentContext<'_>, place: &FileSpan) -> bool {
    let (Some(change), Some(base)) = (&ctx.change, ctx.base()) else {
        return false;
    };
    let text = |environment: &ProjectEnvironment<'_>, path: &RepoPath| {
        let bytes = environment.sources().look_into(path)?;
        String::from_utf8(bytes).ok()
    };
    let Some(now) = text(ctx.head, &place.file) else {
        return false;
    };
    let is_it = |path: &RepoPath| {
        path.file_name() == place.file.file_name() || text(base, path).as_ref() == Some(&now)
    };
    let deleted = change.changes.iter();
    let moved_from = deleted
        .filter_map(|(path, kind)| (kind == ChangeKind::Deleted && is_it(path)).then_some(path));
    let called = now.get(place.span.start as usize..place.span.end as usize);
    called.is_some_and(|called| {
        std::iter::once(&place.file)
            .chain(moved_from)
            .any(|path| text(base, path).is_some_and(|before| before.contains(called)))
    })
}
