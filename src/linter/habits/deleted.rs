//! What the revisions were like that a squash has deleted.

use crate::python::ParsedFile;
use crate::python::ast::{ExprKind, FunctionDef, Stmt, StmtKind};
use crate::rules::EnvironmentChange;
use crate::source::RepoPath;

/// Of the newest revisions that commits of the base have deleted, how many go back and how many do not, as they are written.
pub(super) fn downgrade_habits(
    change: &EnvironmentChange<'_>,
    folders: &[RepoPath],
) -> (usize, usize) {
    let deleted = change.past.deleted(folders, NEWEST_DELETED);
    let (mut with, mut without) = (0, 0);
    for bytes in deleted {
        match goes_back(&ParsedFile::new(&bytes)) {
            Some(true) => with += 1,
            Some(false) => without += 1,
            None => {}
        }
    }
    (with, without)
}

/// `None` for what is no revision, or upgrades nothing.
fn goes_back(file: &ParsedFile) -> Option<bool> {
    let body = &file.module.body;
    let function = |name: &str| -> Option<&FunctionDef> {
        body.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::FunctionDef(def) if def.name == name => Some(&**def),
            _ => None,
        })
    };
    let does_something = |function: &FunctionDef| !function.body.iter().all(does_nothing);
    does_something(function("upgrade")?).then(|| function("downgrade").is_some_and(does_something))
}

/// True for `pass` and `return`, a docstring, and a refusal.
fn does_nothing(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Pass | StmtKind::Return(None) | StmtKind::Raise { .. } => true,
        StmtKind::Expr(expr) => expr.as_str().is_some() || matches!(expr.kind, ExprKind::Ellipsis),
        _ => false,
    }
}

/// So many deleted revisions are looked at.
const NEWEST_DELETED: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Option<bool> {
        goes_back(&ParsedFile::new(source.as_bytes()))
    }

    #[test]
    fn revisions_as_they_are_written() {
        let upgrade = "def upgrade():\n    op.drop_table('pets')\n\n";
        assert_eq!(
            read(&format!("{upgrade}def downgrade():\n    pass\n")),
            Some(false)
        );
        assert_eq!(
            read(&format!(
                "{upgrade}def downgrade():\n    \"\"\"No way.\"\"\"\n"
            )),
            Some(false)
        );
        assert_eq!(
            read(&format!(
                "{upgrade}def downgrade():\n    raise NotImplementedError()\n"
            )),
            Some(false)
        );
        assert_eq!(
            read(&format!("{upgrade}def downgrade():\n    return\n")),
            Some(false)
        );
        assert_eq!(read(upgrade), Some(false));
        assert_eq!(
            read(&format!(
                "{upgrade}def downgrade():\n    op.create_table('pets')\n"
            )),
            Some(true)
        );
        assert_eq!(read("def upgrade():\n    pass\n"), None);
        assert_eq!(read("import pets\n"), None);
    }
}
