//! What a change says of the revisions that it deletes.

use crate::alembic::Revision;
use crate::python::ast::Expr;

/// True for a message that says that the history or the database is begun anew: "Re-initialize database".
pub(super) fn begins_anew(message: &str) -> bool {
    sentences(message).iter().any(|sentence| {
        let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
        has(&["reset", "re-init", "reinit", "restamp", "re-stamp"])
            && has(&["alembic", "migration", "database", "schema"])
            && !has(&["password", "revert"])
    })
}

/// True for a message that calls it a squash: "Combine migrations", "Truncated alembic revision history".
pub(super) fn is_squash(message: &str) -> bool {
    sentences(message).iter().any(|sentence| {
        let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
        let joins = [
            "truncat",
            "combin",
            "collaps",
            "consolidat",
            "condens",
            "flatten",
        ];
        has(&["squash"]) || has(&joins) && has(&["alembic", "migration", "revision"])
    })
}

/// True for a message that says that other revisions take the place of those there were: "restart alembic", "redo alembic
/// steps", "the existing revision was removed". By itself it may mean any of them.
pub(super) fn replaces(message: &str) -> bool {
    sentences(message).iter().any(|sentence| {
        let has = |beginnings: &[&str]| {
            let mut words = sentence.split(|c: char| !c.is_alphanumeric() && c != '-');
            words.any(|word| beginnings.iter().any(|start| word.starts_with(start)))
        };
        let is_begun = has(&[
            "restart",
            "redo",
            "recreat",
            "re-creat",
            "regenerat",
            "re-generat",
            "remov",
            "delet",
            "replac",
            "rewrit",
            "correct",
        ]);
        (is_begun || sentence.contains("from scratch"))
            && has(&["alembic", "migration", "revision"])
            && !has(&["revert"])
    })
}

fn sentences(message: &str) -> Vec<String> {
    let text = message.to_lowercase();
    let sentences = text.split(['.', ';', '\n']);
    sentences.map(str::to_owned).collect()
}

/// True for the first revision after a squash whose docstring says what is needed before it.
pub(super) fn is_announced(revision: &Revision) -> bool {
    let text = docstring_of(revision);
    let words = ["minimum", "supported", "baseline", "truncat"];
    let mut words = words.iter().chain(&NEW_BEGINNINGS);
    words.any(|word| text.contains(word))
}

/// True for a first revision that is called a new beginning: by its docstring, or by the name of its file.
pub(super) fn is_called_so(revision: &Revision) -> bool {
    let name = revision.file.file_name().to_lowercase();
    let texts = [docstring_of(revision), name];
    let mut words = NEW_BEGINNINGS.iter();
    words.any(|word| texts.iter().any(|text| text.contains(word)))
}

/// The docstring in small letters.
fn docstring_of(revision: &Revision) -> String {
    let docstring = revision.source.module.docstring();
    let text = docstring.and_then(Expr::as_str).unwrap_or_default();
    text.to_lowercase()
}

const NEW_BEGINNINGS: [&str; 3] = ["squash", "rebase", "reset"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_begin_anew() {
        assert!(begins_anew("chore: reset alembic migration history (#572)"));
        assert!(begins_anew(
            "Re-initialize database\n\nNo instance is deployed."
        ));
        assert!(!begins_anew(
            "Migrations for password reset of the database users"
        ));
        assert!(!begins_anew("combine migrations into one file"));
    }

    #[test]
    fn messages_that_call_it_a_squash() {
        for message in [
            "Squash what came before 2.0",
            "Multi-user support\n\n* Combine migrations (#197)",
            "227 Truncated alembic revision history",
        ] {
            assert!(is_squash(message), "{message}");
        }
        for message in ["Combine the two forms", "Truncate tables. New migrations"] {
            assert!(!is_squash(message), "{message}");
        }
    }

    #[test]
    fn messages_that_replace_revisions() {
        for message in [
            "add priority, restart alembic",
            "recreate alembic revision to add patch table",
            "refactor 1: rewrite models and alembic",
            "correction errors in latest migration",
            "The\nexisting revision migration was removed so that one is left",
        ] {
            assert!(replaces(message), "{message}");
        }
        for message in [
            "combine migrations into one file",
            "Fix migrations and always run them on app start",
            "Multi-DB migrations",
            "Predominantly about migrations",
        ] {
            assert!(!replaces(message), "{message}");
        }
    }
}
