//! ML211

use crate::alembic::Run;
use crate::diagnostic::Label;
use crate::rules::downgrade::at;
use crate::rules::{
    EnvironmentContext, MigrationContext, Reporter, Violation, declare_rule, is_selected, list,
};
use crate::schema::{IgnoredArgument, IgnoredKind, Operation, Recorded};

declare_rule! {
    "ML211", "ignored-argument" in Downgrade("downgrade"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    on: Migration(check),
}

impl Violation for IgnoredArgument {
    fn message(&self) -> String {
        let Self {
            operation, name, ..
        } = self;
        match &self.kind {
            IgnoredKind::UnknownKeyword => {
                format!("`{operation}` ignores `{name}=`: the argument does nothing")
            }
            IgnoredKind::Column { .. } => {
                format!(
                    "`{operation}` ignores the `Column` that it is given as a name: nothing is changed"
                )
            }
            IgnoredKind::TypeByPosition => format!(
                "`{operation}` does not take the type by position: the third argument is no `type_`"
            ),
            IgnoredKind::LeftAsItIs => {
                format!(
                    "`{operation}` takes `{name}=False` to mean that the default stays as it is"
                )
            }
            IgnoredKind::Letters { text } => {
                let letters = text.chars().map(String::from).take(3);
                let more = if text.chars().count() > 3 { " …" } else { "" };
                format!(
                    "`{operation}` takes the string `\"{text}\"` letter by letter: columns {}{more}",
                    list(letters)
                )
            }
        }
    }

    fn subject(&self) -> String {
        format!("{} {}", self.operation, self.name)
    }

    fn notes(&self) -> Vec<String> {
        match &self.kind {
            IgnoredKind::UnknownKeyword => vec![
                "Alembic hands keywords it does not know on to the dialect, and that does not ask for this one".to_owned(),
            ],
            IgnoredKind::TypeByPosition => vec![
                "before Alembic 1.11 the third argument is `nullable`, and the type stays; since then the call is refused".to_owned(),
            ],
            IgnoredKind::LeftAsItIs | IgnoredKind::Letters { .. } | IgnoredKind::Column { .. } => {
                Vec::new()
            }
        }
    }

    fn help(&self) -> Option<String> {
        match &self.kind {
            IgnoredKind::UnknownKeyword => {
                let meant = meant(&self.operation, &self.name)?;
                Some(format!("`{meant}=` is what it listens to"))
            }
            IgnoredKind::Column { .. } => Some(
                "the second argument is the name, and what changes is said by keywords: `nullable=False`, `type_=…`"
                    .to_owned(),
            ),
            IgnoredKind::TypeByPosition => Some("the type is `type_=…`".to_owned()),
            IgnoredKind::LeftAsItIs => Some(
                "the default FALSE is `server_default=sa.false()`, no default is `server_default=None`"
                    .to_owned(),
            ),
            IgnoredKind::Letters { text } => Some(format!("write `[\"{text}\"]`")),
        }
    }
}

/// True if this rule tells that an operation does not look at what it is to make of a column.
pub(in crate::rules) fn tells_of_column(
    environment: &EnvironmentContext<'_>,
    run: &Run,
    column: &str,
) -> bool {
    let mut ignored = run.operations.iter().flat_map(|recorded| &recorded.ignored);
    is_selected(&RULE, environment.settings)
        && ignored.any(|ignored| {
            matches!(&ignored.kind, IgnoredKind::Column { name: Some(name) } if name == column)
        })
}

/// True if this rule tells that an operation leaves a part of a column as it is, where it is to change it: `nullable`,
/// `type`, `default`.
pub(in crate::rules) fn tells_of_part(
    environment: &EnvironmentContext<'_>,
    run: &Run,
    (table, column): (&str, &str),
    part: &str,
) -> bool {
    let is_part = |ignored: &IgnoredArgument| match &ignored.kind {
        IgnoredKind::LeftAsItIs => part == "default",
        IgnoredKind::UnknownKeyword => {
            meant(&ignored.operation, &ignored.name) == Some(keyword(part))
        }
        _ => false,
    };
    let leaves_it = |recorded: &Recorded| {
        let Operation::AlterColumn(alter) = &recorded.operation else {
            return false;
        };
        alter.table.as_deref() == Some(table)
            && alter.column.as_deref() == Some(column)
            && recorded.ignored.iter().any(is_part)
    };
    is_selected(&RULE, environment.settings) && run.operations.iter().any(leaves_it)
}

/// The argument of `alter_column` that changes a part of a column.
fn keyword(part: &str) -> &str {
    match part {
        "type" => "type_",
        "default" => "server_default",
        other => other,
    }
}

/// What an operation listens to in place of a keyword that it does not read.
fn meant(operation: &str, keyword: &str) -> Option<&'static str> {
    match (operation, keyword) {
        ("alter_column", "type") => Some("type_"),
        ("alter_column", "default") => Some("server_default"),
        ("alter_column", "existing_default") => Some("existing_server_default"),
        ("alter_column", "new_name") => Some("new_column_name"),
        ("alter_column", "null" | "not_null") => Some("nullable"),
        _ => None,
    }
}

/// True if this rule tells that an `upgrade` of one of these revisions says the type of a column in a keyword that nobody
/// reads.
pub(in crate::rules) fn tells_of_type(
    environment: &EnvironmentContext<'_>,
    mut nodes: impl Iterator<Item = usize>,
    table: &str,
    column: &str,
) -> bool {
    let says_it = |recorded: &Recorded| {
        let Operation::AlterColumn(alter) = &recorded.operation else {
            return false;
        };
        let mut ignored = recorded.ignored.iter();
        alter.table.as_deref() == Some(table)
            && alter.column.as_deref() == Some(column)
            && ignored.any(|ignored| {
                ignored.kind == IgnoredKind::UnknownKeyword && ignored.name == "type"
            })
    };
    is_selected(&RULE, environment.settings)
        && nodes.any(|node| {
            environment.head.migration(node).is_some_and(|migration| {
                let run = migration.upgrade.run();
                run.is_some_and(|run| run.operations.iter().any(says_it))
            })
        })
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    let runs: [Option<&Run>; 2] = [ctx.migration.upgrade.run(), ctx.migration.downgrade.run()];
    report_types(ctx, &runs, reporter);
    for run in runs.into_iter().flatten() {
        let is_column =
            |ignored: &&IgnoredArgument| matches!(ignored.kind, IgnoredKind::Column { .. });
        let ignored = ignored(run).filter(|ignored| !is_type(ignored));
        let (columns, others): (Vec<_>, Vec<_>) = ignored.partition(is_column);
        // Who takes it for the name of one column does so of all.
        let (first, further) = match columns.split_first() {
            Some((first, further)) => (Some(*first), further),
            None => (None, &[][..]),
        };
        for ignored in others.into_iter().chain(first) {
            let (primary, mut related) = at(ctx.revision, run, &ignored.place, "does nothing");
            if is_column(&ignored) {
                let places = further.iter().take(MOST_PLACES);
                related.extend(places.map(|other| Label::at(&other.place, "nor does this")));
            }
            reporter
                .report_on(ignored, primary, Some(&ctx.revision.id.value))
                .related(related);
        }
    }
}

fn ignored(run: &Run) -> impl Iterator<Item = &IgnoredArgument> {
    run.operations.iter().flat_map(|recorded| &recorded.ignored)
}

fn is_type(ignored: &IgnoredArgument) -> bool {
    matches!(ignored.kind, IgnoredKind::TypeByPosition)
}

/// Who gives one type by position does so of all, on both ways.
fn report_types(ctx: &MigrationContext<'_>, runs: &[Option<&Run>; 2], reporter: &mut Reporter<'_>) {
    let mut types = runs.iter().flatten().flat_map(|run| {
        ignored(run)
            .filter(|ignored| is_type(ignored))
            .map(|ignored| (*run, ignored))
    });
    let Some((run, first)) = types.next() else {
        return;
    };
    let (primary, mut related) = at(ctx.revision, run, &first.place, "changes no type");
    let further = types.map(|(_, other)| Label::at(&other.place, "nor does this"));
    related.extend(further.take(MOST_PLACES));
    reporter
        .report_on(first, primary, Some(&ctx.revision.id.value))
        .related(related);
}

/// How many more places are shown.
const MOST_PLACES: usize = 5;
