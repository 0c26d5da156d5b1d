//! ML307

use crate::alembic::MetadataOrigin;
use crate::diagnostic::Label;
use crate::python::ast::{ExprKind, Module, StmtKind};
use crate::rules::{EnvironmentContext, Reporter, Violation, declare_rule};
use crate::source::Span;

declare_rule! {
    "ML307", "missing-target-metadata" in Model("model"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Drift(check),
}

struct MissingTargetMetadata {
    /// How many of the migrated tables have a model.
    models: usize,
}

impl Violation for MissingTargetMetadata {
    fn message(&self) -> String {
        let models = match self.models {
            1 => "the model".to_owned(),
            count => format!("any of the {count} models"),
        };
        format!(
            "`env.py` hands no `target_metadata` to Alembic, which does not see {models} of this database"
        )
    }

    fn subject(&self) -> String {
        "target_metadata".to_owned()
    }

    fn notes(&self) -> Vec<String> {
        vec!["`alembic revision --autogenerate` would drop every table, and `alembic check` finds fault with them all".to_owned()]
    }

    fn help(&self) -> Option<String> {
        Some("import the module of the models in `env.py`, and set `target_metadata = Base.metadata`".to_owned())
    }
}

fn check(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    let head = ctx.head;
    let models = head.model_schema();
    if !models.lacks_target || models.origin != MetadataOrigin::Repository {
        return;
    }
    let Some(file) = head.environment.env_file() else {
        return;
    };
    let span = head
        .sources()
        .python(&file)
        .and_then(|parsed| assignment(&parsed.module));
    let tables = models.catalog.tables.keys();
    let shared = tables.filter(|name| head.migrated().tables.contains_key(*name));
    let violation = MissingTargetMetadata {
        models: shared.count(),
    };
    reporter.report(&violation, Label::new(file, span, "no metadata"));
}

/// `target_metadata = None`
fn assignment(module: &Module) -> Option<Span> {
    module.body.iter().find_map(|statement| {
        let targets = match &statement.kind {
            StmtKind::Assign { targets, .. } => targets.iter().collect::<Vec<_>>(),
            StmtKind::AnnAssign { target, .. } => vec![target],
            _ => return None,
        };
        targets
            .iter()
            .any(|target| matches!(&target.kind, ExprKind::Name(name) if name == "target_metadata"))
            .then_some(statement.span)
    })
}
