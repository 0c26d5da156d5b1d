//! ML306

use std::sync::LazyLock;

use regex::Regex;
use smol_str::SmolStr;

use crate::alembic::Run;
use crate::diagnostic::Label;
use crate::models::makes_rows_with;
use crate::rules::downgrade::at;
use crate::rules::{EnvironmentContext, MigrationContext, Reporter, Violation, declare_rule};
use crate::schema::{FrozenDefault, Operation, Recorded};

declare_rule! {
    "ML306", "frozen-default" in Model("model"),
    severity: Warning,
    since: "0.1.0",
    fix: None,
    on: Migration(check), Models(check_models),
}

struct Frozen<'a> {
    default: &'a FrozenDefault,
    is_in_model: bool,
}

impl Violation for Frozen<'_> {
    fn message(&self) -> String {
        let of = match &self.default.column {
            Some(column) => format!(" of `{column}`"),
            None => String::new(),
        };
        let moment = if self.is_in_model {
            "the module is imported"
        } else {
            "the migration runs"
        };
        format!(
            "the server default{of} is what `{}()` gives when {moment}, for all rows to come",
            self.default.function
        )
    }

    fn subject(&self) -> String {
        let FrozenDefault {
            column,
            keyword,
            function,
            ..
        } = self.default;
        format!(
            "{} {keyword} {function}",
            column.as_deref().unwrap_or_default()
        )
    }

    fn notes(&self) -> Vec<String> {
        let note = if self.is_in_model {
            "autogenerate writes it into the migration as a constant, and every run finds another one"
        } else {
            "every database gets another one, on the day it is migrated"
        };
        vec![note.to_owned()]
    }

    fn help(&self) -> Option<String> {
        let function = self.default.function.as_str();
        let expression = if function.starts_with("uuid.") {
            "sa.text(\"gen_random_uuid()\")"
        } else if function.starts_with("secrets.") || function.starts_with("random.") {
            return Some(
                "let the application choose the value, or an expression of the database".to_owned(),
            );
        } else {
            "sa.func.now()"
        };
        let mut help = format!("`server_default={expression}` is worked out for each row");
        if self.is_in_model {
            help.push_str("; `default=` takes a Python function, without its parentheses");
        }
        Some(help)
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    let runs: [Option<&Run>; 2] = [ctx.migration.upgrade.run(), ctx.migration.downgrade.run()];
    for run in runs.into_iter().flatten() {
        let frozen = run
            .operations
            .iter()
            .enumerate()
            .flat_map(|(index, recorded)| {
                let frozen = recorded.frozen.iter();
                frozen.map(move |default| (index, &recorded.operation, default))
            });
        for (index, operation, default) in frozen {
            let later = run.operations.get(index + 1..).unwrap_or_default();
            if is_for_old_rows(operation, default, ctx)
                || is_replaced(operation, default, later)
                || is_used_elsewhere(default, ctx.revision.source.text.as_str())
            {
                continue;
            }
            let (primary, related) = at(ctx.revision, run, &default.place, "worked out once");
            let violation = Frozen {
                default,
                is_in_model: false,
            };
            reporter
                .report_on(&violation, primary, Some(&ctx.revision.id.value))
                .related(related);
        }
    }
}

/// True for the default of a column for which the model brings a value with each row: it only fills those that are there.
fn is_for_old_rows(
    operation: &Operation,
    default: &FrozenDefault,
    ctx: &MigrationContext<'_>,
) -> bool {
    let Some((table, column)) = table_of(operation).zip(default.column.as_ref()) else {
        return false;
    };
    let head = ctx.environment.head;
    let models = head.model_schema();
    let model = models.catalog.tables.get(table);
    models
        .python_defaults
        .contains_key(&format!("{table}.{column}"))
        || model
            .and_then(|model| model.place.as_ref())
            .is_some_and(|place| makes_rows_with(head.sources(), place, column))
}

/// True for a value with a name that the revision uses elsewhere, too: it is the id of a row that it inserts.
fn is_used_elsewhere(default: &FrozenDefault, text: &str) -> bool {
    let written = default.place.span.slice(text);
    let mut names = NAME.find_iter(written).map(|name| name.as_str());
    names.any(|name| {
        let uses = NAME.find_iter(text).filter(|used| used.as_str() == name);
        let is_assigned = |line: &str| {
            let rest = line.trim_start().strip_prefix(name);
            let rest = rest
                .map(str::trim_start)
                .and_then(|rest| rest.strip_prefix('='));
            rest.is_some_and(|rest| !rest.starts_with('='))
        };
        // Where it gets its value, and here.
        uses.count() > 2 && text.lines().any(is_assigned)
    })
}

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is fixed")]
    Regex::new(r"\b[A-Za-z_]\w*\b").expect("the pattern is fixed")
});

/// True if a later operation of the function gives the column another default, or takes it away.
fn is_replaced(operation: &Operation, default: &FrozenDefault, later: &[Recorded]) -> bool {
    let is_it = |recorded: &Recorded| match &recorded.operation {
        Operation::AlterColumn(alter) => {
            alter.says_default
                && alter.table.as_ref() == table_of(operation)
                && alter.column == default.column
        }
        _ => false,
    };
    default.column.is_some() && later.iter().any(is_it)
}

fn table_of(operation: &Operation) -> Option<&SmolStr> {
    match operation {
        Operation::AddColumn { table, .. } => table.as_ref(),
        Operation::CreateTable(table) => Some(&table.name),
        _ => None,
    }
}

fn check_models(ctx: &EnvironmentContext<'_>, reporter: &mut Reporter<'_>) {
    for default in &ctx.head.model_schema().frozen {
        let place = &default.place;
        if ctx.is_judged(&place.file) {
            let violation = Frozen {
                default,
                is_in_model: true,
            };
            let label = Label::at(place, "worked out once");
            reporter.report(&violation, label);
        }
    }
}
