//! Whether a project says that its database does not go back.

use super::ProjectEnvironment;
use super::documents::{Asked, ENDS};
use crate::models::is_test_file;
use crate::python::ast::{Argument, Expr, ExprKind, FunctionDef, Stmt, StmtKind, docstring};
use crate::source::RepoPath;

/// So many words may stand between a downgrade, what it is of, and what is said of it.
const NEAR: usize = 4;
/// The front page of a project, and pages about its database by their names.
const DOCUMENTS: Asked = Asked {
    named: &[
        "alembic",
        "database",
        "downgrade",
        "migration",
        "readme",
        "upgrade",
    ],
    but: "releasenotes",
};

impl ProjectEnvironment<'_> {
    /// The file that says so: a command `downgrade` that does nothing but refuse, or a document.
    pub fn refuses_downgrades(&self) -> Option<RepoPath> {
        self.refusing_command().or_else(|| self.refusing_document())
    }

    /// The `env.py` that is run by `neutron-db-manage` of OpenStack, which since Kilo refuses to go back ("Downgrade no longer
    /// supported", `neutron/db/migration/cli.py`), whatever the revisions have.
    pub fn refusing_runner(&self) -> Option<RepoPath> {
        let file = self.environment.env_file();
        file.filter(|_| self.env_has(".neutron_config"))
    }

    /// The file of a revision without a way back that says so of all.
    pub fn refusing_revision(&self) -> Option<RepoPath> {
        let order = self.map.topological_order();
        order.iter().find_map(|node| {
            let revision = &self.map.node(*node).revision;
            let migration = self.migration(*node)?;
            let run = migration.downgrade.run().filter(|run| run.is_empty())?;
            let says_so = revision.rules_out_downgrades(run.span);
            says_so.then(|| revision.file.clone())
        })
    }

    /// The file of the commands that go back, where all of them only raise or exit with a message.
    fn refusing_command(&self) -> Option<RepoPath> {
        let script_location = &self.environment.script_location;
        let mut refusing = None;
        for path in self.files_with("downgrade(").iter() {
            if path.is_within(script_location) || is_test_file(path) || is_migration(path) {
                continue;
            }
            let Some(parsed) = self.sources.python(path) else {
                continue;
            };
            let mut commands = Vec::new();
            collect_commands(&parsed.module.body, &mut commands);
            if !commands.iter().all(|command| refuses(command)) {
                return None;
            }
            if !commands.is_empty() {
                refusing = Some(path.clone());
            }
        }
        refusing
    }

    fn refusing_document(&self) -> Option<RepoPath> {
        self.document_that(&DOCUMENTS, rules_out_downgrades)
            .cloned()
    }
}

/// True for a revision of another environment or of another tool, which has a way back of its own.
fn is_migration(path: &RepoPath) -> bool {
    path.as_str().split('/').any(|part| part == "versions")
}

/// The functions of a module and its classes that are there to go back.
fn collect_commands<'a>(body: &'a [Stmt], found: &mut Vec<&'a FunctionDef>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::FunctionDef(function) if function.name.contains("downgrade") => {
                found.push(function);
            }
            StmtKind::ClassDef(class) => collect_commands(&class.body, found),
            _ => {}
        }
    }
}

/// True for a function that only raises or exits, and says why. One that others have to override says nothing.
fn refuses(function: &FunctionDef) -> bool {
    let body = function.body.as_slice();
    let body = match docstring(body) {
        Some(_) => body.get(1..).unwrap_or_default(),
        None => body,
    };
    let [Stmt { kind, .. }] = body else {
        return false;
    };
    let (called, is_raised) = match kind {
        StmtKind::Raise {
            exception: Some(exception),
        } => (exception, true),
        StmtKind::Expr(called) => (called, false),
        _ => return false,
    };
    let ExprKind::Call(call) = &called.kind else {
        return false;
    };
    let (ExprKind::Name(name) | ExprKind::Attribute { name, .. }) = &call.function.kind else {
        return false;
    };
    let is_meant = if is_raised {
        name != "NotImplementedError"
    } else {
        matches!(name.as_str(), "exit" | "abort")
    };
    is_meant && call.arguments.iter().any(speaks)
}

/// True for an argument with a text in it, translated or not.
fn speaks(argument: &Argument) -> bool {
    let Expr { kind, .. } = &argument.value;
    match kind {
        ExprKind::Str(_) | ExprKind::FString(_) => true,
        ExprKind::Call(call) => call.arguments.iter().any(speaks),
        _ => false,
    }
}

/// True for a text one of whose sentences says that the database is not downgraded: "Database downgrades are not supported."
fn rules_out_downgrades(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut sentences = text.split(ENDS);
    sentences.any(|sentence| {
        let words: Vec<&str> = sentence
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .filter(|word| !word.is_empty())
            .collect();
        let mut words_at = words.iter().enumerate();
        words_at.any(|(at, word)| {
            let before = words.get(at.saturating_sub(NEAR)..at).unwrap_or_default();
            let after = words.get(at + 1..).unwrap_or_default();
            matches!(*word, "downgrade" | "downgrades" | "downgrading")
                && verdict(after).is_some_and(|end| {
                    let between = after.get(..end).unwrap_or_default();
                    before.iter().chain(between).any(|word| is_database(word))
                })
        })
    })
}

/// Where words begin that say that something is not supported.
fn verdict(words: &[&str]) -> Option<usize> {
    let is_it = |from: &usize| {
        matches!(
            words.get(*from..),
            Some(
                ["is" | "are", "not", "supported", ..]
                    | ["is" | "are", "no", "longer", "supported", ..]
                    | ["is" | "are", "unsupported", ..]
            )
        )
    };
    (0..=NEAR).find(is_it)
}

fn is_database(word: &str) -> bool {
    matches!(
        word.trim_end_matches('s'),
        "alembic" | "database" | "db" | "migration" | "schema"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::parse;

    #[test]
    fn documents_that_rule_it_out() {
        for (text, is_meant) in [
            ("  Database downgrades are not\n  supported.\n", true),
            ("**NOTE:** Database downgrade is not supported.", true),
            ("Downgrading the database is no longer supported!", true),
            (
                "Schema downgrades are not supported; restore a backup",
                true,
            ),
            ("Downgrades of the package are not supported.", false),
            ("Use the database. Downgrades are not supported", false),
            ("Downgrade the database. Windows is not supported", false),
        ] {
            assert_eq!(rules_out_downgrades(text), is_meant, "{text}");
        }
    }

    #[test]
    fn commands_that_refuse() {
        for (body, is_meant) in [
            ("raise SystemExit(_('Downgrade is not supported.'))", true),
            ("'No.'\n    sys.exit('not supported')", true),
            ("raise NotImplementedError('in each backend')", false),
            ("raise Refused()", false),
            ("command.downgrade(config, revision)", false),
        ] {
            let code = format!("class A:\n  def db_downgrade(self):\n    {body}\n");
            let (module, _) = parse(&code);
            let mut found = Vec::new();
            collect_commands(&module.body, &mut found);
            let refusing: Vec<bool> = found.into_iter().map(refuses).collect();
            assert_eq!(refusing, [is_meant], "{body}");
        }
    }
}
