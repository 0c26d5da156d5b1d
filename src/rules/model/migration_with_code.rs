//! ML308

use crate::config::Pairing;
use crate::diagnostic::Label;
use crate::rules::{ChangeContext, Reporter, Violation, declare_rule, list};

declare_rule! {
    "ML308", "migration-with-code" in Model("model"),
    severity: Error,
    since: "0.1.0",
    fix: None,
    peers: ["migration-lint: incompatible change beside code"],
    on: Change(check),
}

struct MigrationWithCode {
    files: Vec<String>,
}

impl Violation for MigrationWithCode {
    fn message(&self) -> String {
        match self.files.as_slice() {
            [only] => format!("the migration comes together with application code (`{only}`)"),
            files => format!(
                "the migration comes together with application code ({} files)",
                files.len()
            ),
        }
    }

    fn subject(&self) -> String {
        "code".to_owned()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes =
            vec!["`pairing = \"separate\"` asks for migrations in changes of their own".to_owned()];
        if self.files.len() > 1 {
            notes.push(format!("among them {}", list(self.files.iter().take(3))));
        }
        notes
    }
}

fn check(ctx: &ChangeContext<'_>, reporter: &mut Reporter<'_>) {
    if ctx.environment.settings.pairing() != Pairing::Separate {
        return;
    }
    let head = ctx.environment.head;
    let new = head.map.nodes().iter().find(|node| {
        ctx.environment.is_judged(&node.revision.file) && !ctx.environment.is_upstream(node.id())
    });
    let Some(new) = new else { return };
    let files: Vec<String> = ctx
        .change
        .changes
        .iter()
        .map(|(path, _)| path)
        .filter(|path| head.is_code(path))
        .map(ToString::to_string)
        .collect();
    if files.is_empty() {
        return;
    }
    let revision = &new.revision;
    let label = Label::new(revision.file.clone(), revision.id.span, "the migration");
    reporter.report_on(
        &MigrationWithCode { files },
        label,
        Some(&revision.id.value),
    );
}
