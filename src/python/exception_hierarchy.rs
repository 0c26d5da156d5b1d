//! How the exceptions of Python and SQLAlchemy descend from each other.

/// Each class with the one above it, sorted by name.
///
/// The language's are those of <https://docs.python.org/3/library/exceptions.html#exception-hierarchy>, SQLAlchemy's
/// those of `sqlalchemy/exc.py`.
const PARENTS: &[(&str, &str)] = &[
    ("ArithmeticError", "Exception"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BlockingIOError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("BufferError", "Exception"),
    ("ChildProcessError", "OSError"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("ConnectionError", "OSError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("DeprecationWarning", "Warning"),
    ("EOFError", "Exception"),
    ("EnvironmentError", "OSError"),
    ("Exception", "BaseException"),
    ("FileExistsError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("FloatingPointError", "ArithmeticError"),
    ("FutureWarning", "Warning"),
    ("GeneratorExit", "BaseException"),
    ("IOError", "OSError"),
    ("ImportError", "Exception"),
    ("IndentationError", "SyntaxError"),
    ("IndexError", "LookupError"),
    ("InterruptedError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("KeyError", "LookupError"),
    ("KeyboardInterrupt", "BaseException"),
    ("LookupError", "Exception"),
    ("MemoryError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("NameError", "Exception"),
    ("NotADirectoryError", "OSError"),
    ("NotImplementedError", "RuntimeError"),
    ("OSError", "Exception"),
    ("OverflowError", "ArithmeticError"),
    ("PendingDeprecationWarning", "Warning"),
    ("PermissionError", "OSError"),
    ("ProcessLookupError", "OSError"),
    ("RecursionError", "RuntimeError"),
    ("ReferenceError", "Exception"),
    ("ResourceWarning", "Warning"),
    ("RuntimeError", "Exception"),
    ("RuntimeWarning", "Warning"),
    ("StopAsyncIteration", "Exception"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("SyntaxWarning", "Warning"),
    ("SystemError", "Exception"),
    ("SystemExit", "BaseException"),
    ("TimeoutError", "OSError"),
    ("TypeError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("UnicodeError", "ValueError"),
    ("UserWarning", "Warning"),
    ("ValueError", "Exception"),
    ("Warning", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("json.JSONDecodeError", "ValueError"),
    ("json.decoder.JSONDecodeError", "json.JSONDecodeError"),
    (
        "sqlalchemy.exc.AmbiguousForeignKeysError",
        "sqlalchemy.exc.ArgumentError",
    ),
    (
        "sqlalchemy.exc.ArgumentError",
        "sqlalchemy.exc.SQLAlchemyError",
    ),
    (
        "sqlalchemy.exc.CircularDependencyError",
        "sqlalchemy.exc.SQLAlchemyError",
    ),
    (
        "sqlalchemy.exc.CompileError",
        "sqlalchemy.exc.SQLAlchemyError",
    ),
    ("sqlalchemy.exc.DBAPIError", "sqlalchemy.exc.StatementError"),
    ("sqlalchemy.exc.DataError", "sqlalchemy.exc.DatabaseError"),
    ("sqlalchemy.exc.DatabaseError", "sqlalchemy.exc.DBAPIError"),
    (
        "sqlalchemy.exc.DisconnectionError",
        "sqlalchemy.exc.SQLAlchemyError",
    ),
    (
        "sqlalchemy.exc.IntegrityError",
        "sqlalchemy.exc.DatabaseError",
    ),
    ("sqlalchemy.exc.InterfaceError", "sqlalchemy.exc.DBAPIError"),
    (
        "sqlalchemy.exc.InternalError",
        "sqlalchemy.exc.DatabaseError",
    ),
    (
        "sqlalchemy.exc.InvalidRequestError",
        "sqlalchemy.exc.SQLAlchemyError",
    ),
    (
        "sqlalchemy.exc.MultipleResultsFound",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NoForeignKeysError",
        "sqlalchemy.exc.ArgumentError",
    ),
    (
        "sqlalchemy.exc.NoInspectionAvailable",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NoReferenceError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NoReferencedColumnError",
        "sqlalchemy.exc.NoReferenceError",
    ),
    (
        "sqlalchemy.exc.NoReferencedTableError",
        "sqlalchemy.exc.NoReferenceError",
    ),
    (
        "sqlalchemy.exc.NoResultFound",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NoSuchColumnError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NoSuchModuleError",
        "sqlalchemy.exc.ArgumentError",
    ),
    (
        "sqlalchemy.exc.NoSuchTableError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NotSupportedError",
        "sqlalchemy.exc.DatabaseError",
    ),
    (
        "sqlalchemy.exc.ObjectNotExecutableError",
        "sqlalchemy.exc.ArgumentError",
    ),
    (
        "sqlalchemy.exc.OperationalError",
        "sqlalchemy.exc.DatabaseError",
    ),
    (
        "sqlalchemy.exc.PendingRollbackError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.ProgrammingError",
        "sqlalchemy.exc.DatabaseError",
    ),
    (
        "sqlalchemy.exc.ResourceClosedError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    ("sqlalchemy.exc.SQLAlchemyError", "Exception"),
    (
        "sqlalchemy.exc.StatementError",
        "sqlalchemy.exc.SQLAlchemyError",
    ),
    (
        "sqlalchemy.exc.TimeoutError",
        "sqlalchemy.exc.SQLAlchemyError",
    ),
    (
        "sqlalchemy.exc.UnboundExecutionError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.UnsupportedCompilationError",
        "sqlalchemy.exc.CompileError",
    ),
    (
        "sqlalchemy.orm.exc.MultipleResultsFound",
        "sqlalchemy.exc.MultipleResultsFound",
    ),
    (
        "sqlalchemy.orm.exc.NoResultFound",
        "sqlalchemy.exc.NoResultFound",
    ),
];

/// What a database refuses, of a class that depends on the driver: who handles one of them expects it.
pub(crate) const ANY_DATABASE_ERROR: &str = "sqlalchemy.exc.DatabaseError";

/// Other names of one class.
const ALIASES: &[(&str, &str)] = &[
    ("EnvironmentError", "OSError"),
    ("IOError", "OSError"),
    ("json.decoder.JSONDecodeError", "json.JSONDecodeError"),
    (
        "sqlalchemy.orm.exc.MultipleResultsFound",
        "sqlalchemy.exc.MultipleResultsFound",
    ),
    (
        "sqlalchemy.orm.exc.NoResultFound",
        "sqlalchemy.exc.NoResultFound",
    ),
];

/// The name a class is known by here, if it has several.
pub(crate) fn usual_name(name: &str) -> &str {
    ALIASES
        .iter()
        .find(|(alias, _)| *alias == name)
        .map_or(name, |(_, usual)| usual)
}

/// The class directly above an exception class.
pub(crate) fn parent_of(name: &str) -> Option<&'static str> {
    let index = PARENTS.binary_search_by_key(&name, |(name, _)| name).ok()?;
    PARENTS.get(index).map(|(_, parent)| *parent)
}

/// True for a class whose place in the hierarchy is known.
pub(crate) fn is_known_exception(name: &str) -> bool {
    name == "BaseException" || parent_of(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_leads_to_the_root() {
        assert!(PARENTS.is_sorted());
        for (name, _) in PARENTS {
            let mut current = *name;
            for _ in 0..16 {
                match parent_of(current) {
                    Some(parent) => current = parent,
                    None => break,
                }
            }
            assert_eq!(current, "BaseException", "{name}");
        }
    }
}
