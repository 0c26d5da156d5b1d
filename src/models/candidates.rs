//! Which files may declare models, by the words in them.

use memchr::memmem;
use rayon::prelude::*;

use crate::python::Sources;
use crate::source::RepoPath;

/// Words without which a file declares no table and no column.
const WORDS: &[&str] = &[
    "Column(",
    "mapped_column",
    "Mapped[",
    "SQLAlchemyBase",
    "SQLModel",
    "Table(",
    "__tablename__",
    "declarative_base",
    "DeclarativeBase",
];

/// Of these files those that may declare models.
pub fn model_files(paths: &[RepoPath], sources: &Sources<'_>) -> Vec<RepoPath> {
    paths
        .par_iter()
        .filter(|path| may_declare_models(path, sources))
        .cloned()
        .collect()
}

/// True for a file with such words.
pub fn may_declare_models(path: &RepoPath, sources: &Sources<'_>) -> bool {
    sources.read(path).is_some_and(|bytes| {
        WORDS
            .iter()
            .any(|word| memmem::find(&bytes, word.as_bytes()).is_some())
    })
}

/// True for a Python file that is more than a test or an example.
pub fn is_module(path: &RepoPath) -> bool {
    path.extension() == "py" && !is_test_file(path) && !is_migration_of_another_tool(path)
}

/// True in the repository that sqlalchemy-migrate, the forerunner of Alembic, is given by its manual: what its scripts
/// declare was so once.
fn is_migration_of_another_tool(path: &RepoPath) -> bool {
    path.parent()
        .components()
        .any(|component| component == "migrate_repo")
}

/// True for files that only tests and documentation use: what they declare is in no database of the project.
pub fn is_test_file(path: &RepoPath) -> bool {
    let folder = path.parent();
    let name = path.file_name();
    folder.components().any(|component| {
        matches!(
            component,
            "tests"
                | "test"
                | "testing"
                | "testdata"
                | "test_data"
                | "fixtures"
                | "__tests__"
                | "docs"
                | "doc"
                | "examples"
        )
    }) || name.starts_with("test_")
        || name.ends_with("_test.py")
        || name == "conftest.py"
}
