//! ML211

use crate::alembic::Run;
use crate::diagnostic::Label;
use crate::dialect::Dialect;
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

/// An argument that is told.
struct Ignored<'a> {
    argument: &'a IgnoredArgument,
    recorded: &'a Recorded,
    dialect: Dialect,
}

impl Ignored<'_> {
    /// The column whose keyword does nothing.
    fn column(&self) -> Option<(&str, &str)> {
        let Operation::AlterColumn(alter) = &self.recorded.operation else {
            return None;
        };
        let is_keyword = self.argument.kind == IgnoredKind::UnknownKeyword;
        alter
            .table
            .as_deref()
            .zip(alter.column.as_deref())
            .filter(|_| is_keyword)
    }

    /// True for the same keyword of the same column.
    fn is_another_of(&self, other: &Self) -> bool {
        let (argument, known) = (self.argument, other.argument);
        let column = self.column();
        column.is_some()
            && column == other.column()
            && (&argument.operation, &argument.name) == (&known.operation, &known.name)
    }

    /// True for what should restate a part of the column, where nothing hangs on it: only MySQL writes the column anew, and a
    /// new type takes the place of the old one.
    fn is_harmless(&self) -> bool {
        let Operation::AlterColumn(alter) = &self.recorded.operation else {
            return false;
        };
        let restated = self.argument.name.strip_prefix("existing_");
        self.argument.kind == IgnoredKind::UnknownKeyword
            && restated.is_some_and(|part| {
                self.dialect != Dialect::MySql || part.starts_with("type") && alter.gives_type
            })
    }
}

impl Violation for Ignored<'_> {
    fn message(&self) -> String {
        let IgnoredArgument {
            operation,
            name,
            kind,
            ..
        } = self.argument;
        match kind {
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
        format!("{} {}", self.argument.operation, self.argument.name)
    }

    fn notes(&self) -> Vec<String> {
        match &self.argument.kind {
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
        match &self.argument.kind {
            IgnoredKind::UnknownKeyword => {
                let meant = meant(&self.argument.operation, &self.argument.name)?;
                Some(format!("`{meant}=` is what it listens to"))
            }
            IgnoredKind::Column { .. } => Some(
                "give it the name of the column as text, and say what changes by keywords: `nullable=…`, `type_=…`"
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
            && ignored.any(|ignored| match ignored.kind {
                IgnoredKind::UnknownKeyword => ignored.name == "type",
                IgnoredKind::TypeByPosition => true,
                _ => false,
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
    let dialect = ctx.environment.head.dialect().dialect;
    let all: Vec<(&Run, Ignored<'_>)> = runs
        .into_iter()
        .flatten()
        .flat_map(|run| ignored(run, dialect).map(move |ignored| (run, ignored)))
        .collect();
    for (index, (run, found)) in all.iter().enumerate() {
        let is_same = |(other_run, other): &&(&Run, Ignored<'_>)| {
            match (&found.argument.kind, &other.argument.kind) {
                // Who gives one type by position does so of all, on both ways.
                (IgnoredKind::TypeByPosition, IgnoredKind::TypeByPosition) => true,
                // Who takes it for the name of one column does so of all.
                (IgnoredKind::Column { .. }, IgnoredKind::Column { .. }) => {
                    std::ptr::eq(*run, *other_run)
                }
                // The way back mirrors what was meant on the way there.
                _ => other.is_another_of(found),
            }
        };
        if all.iter().take(index).any(|other| is_same(&other)) {
            continue;
        }
        let message = match found.argument.kind {
            IgnoredKind::TypeByPosition => "changes no type",
            _ => "does nothing",
        };
        let (primary, mut related) = at(ctx.revision, run, &found.argument.place, message);
        let others = all.iter().skip(index + 1).filter(is_same);
        let labels = others.map(|(_, other)| Label::at(&other.argument.place, "nor does this"));
        related.extend(labels.take(MOST_PLACES));
        reporter
            .report_on(found, primary, Some(&ctx.revision.id.value))
            .related(related);
    }
}

fn ignored(run: &Run, dialect: Dialect) -> impl Iterator<Item = Ignored<'_>> {
    run.operations.iter().flat_map(move |recorded| {
        let arguments = recorded.ignored.iter();
        let all = arguments.map(move |argument| Ignored {
            argument,
            recorded,
            dialect,
        });
        all.filter(|ignored| !ignored.is_harmless())
    })
}

/// How many more places are shown.
const MOST_PLACES: usize = 5;
