//! ML211

use crate::alembic::Run;
use crate::rules::downgrade::at;
use crate::rules::{MigrationContext, Reporter, Violation, declare_rule, list};
use crate::schema::{IgnoredArgument, IgnoredKind};

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
            IgnoredKind::LeftAsItIs | IgnoredKind::Letters { .. } => Vec::new(),
        }
    }

    fn help(&self) -> Option<String> {
        match &self.kind {
            IgnoredKind::UnknownKeyword => {
                let meant = match (self.operation.as_str(), self.name.as_str()) {
                    ("alter_column", "type") => "type_",
                    ("alter_column", "default") => "server_default",
                    ("alter_column", "existing_default") => "existing_server_default",
                    ("alter_column", "new_name") => "new_column_name",
                    ("alter_column", "null" | "not_null") => "nullable",
                    _ => return None,
                };
                Some(format!("`{meant}=` is what it listens to"))
            }
            IgnoredKind::LeftAsItIs => Some(
                "the default FALSE is `server_default=sa.false()`, no default is `server_default=None`"
                    .to_owned(),
            ),
            IgnoredKind::Letters { text } => Some(format!("write `[\"{text}\"]`")),
        }
    }
}

fn check(ctx: &MigrationContext<'_>, reporter: &mut Reporter<'_>) {
    let runs: [Option<&Run>; 2] = [ctx.migration.upgrade.run(), ctx.migration.downgrade.run()];
    for run in runs.into_iter().flatten() {
        for ignored in run.operations.iter().flat_map(|recorded| &recorded.ignored) {
            let (primary, related) = at(ctx.revision, run, &ignored.place, "does nothing");
            reporter
                .report_on(ignored, primary, Some(&ctx.revision.id.value))
                .related(related);
        }
    }
}
