//! Functions that nobody calls.

use smol_str::SmolStr;

use crate::python::Sources;
use crate::python::ast::{ClassDef, ExprKind, FunctionDef, Module, Stmt, StmtKind};
use crate::source::RepoPath;

/// True for a Python file that has a word in functions only of which no other text of the repository speaks.
pub fn is_unused(file: &RepoPath, word: &str, sources: &Sources<'_>) -> bool {
    let Some(parsed) = sources.python(file) else {
        return false;
    };
    let is_read = parsed.oversized.is_none() && parsed.syntax_error.is_none();
    let has_it = |statement: &Stmt| statement.span.slice(parsed.text.as_str()).contains(word);
    is_read
        && functions_with(&parsed.module, &has_it, sources)
            .is_some_and(|names| names.iter().all(|name| is_nowhere_else(name, sources)))
}

/// The functions and methods that hold all statements which are meant; `None` where others do, or who calls them may not
/// say their name.
fn functions_with<'m>(
    module: &'m Module,
    is_meant: &dyn Fn(&Stmt) -> bool,
    sources: &Sources<'_>,
) -> Option<Vec<&'m SmolStr>> {
    let mut names = Vec::new();
    for statement in module.body.iter().filter(|statement| is_meant(statement)) {
        match &statement.kind {
            StmtKind::ClassDef(class) => {
                // A base may call its methods.
                let may_be_called =
                    !has_known_bases(class, sources) || !class.decorators.is_empty();
                let parts = class.body.iter().filter(|part| is_meant(part));
                for part in parts {
                    names.push(named_by_callers(part).filter(|_| !may_be_called)?);
                }
            }
            _ => names.push(named_by_callers(statement)?),
        }
    }
    Some(names)
}

/// The name of a function that others have to say to call it: frameworks know some by how they are called, or decorated.
fn named_by_callers(statement: &Stmt) -> Option<&SmolStr> {
    let StmtKind::FunctionDef(function) = &statement.kind else {
        return None;
    };
    let FunctionDef {
        name, decorators, ..
    } = &**function;
    let is_known = [
        "__", "test", "pytest", "setup", "setUp", "teardown", "tearDown",
    ]
    .iter()
    .any(|known| name.starts_with(known));
    (decorators.is_empty() && !is_known).then_some(name)
}

/// True for a class without bases but `object`, and such as have none in this repository.
fn has_known_bases(class: &ClassDef, sources: &Sources<'_>) -> bool {
    class
        .arguments
        .iter()
        .all(|argument| match &argument.value.kind {
            ExprKind::Name(name) => name == "object" || is_plain_class(name, sources),
            _ => false,
        })
}

/// True if all classes of a name in the repository, and one at least, are without bases.
fn is_plain_class(name: &str, sources: &Sources<'_>) -> bool {
    let start = format!("class {name}");
    let mut is_there = false;
    let files = sources.snapshot().iter();
    for (path, _) in files.filter(|(path, _)| path.extension() == "py") {
        let bytes = sources.look_into(path).unwrap_or_default();
        for at in memchr::memmem::find_iter(&bytes, start.as_bytes()) {
            let rest = bytes.get(at + start.len()..).unwrap_or_default();
            match rest.first() {
                Some(b'(') if !rest.starts_with(b"():") && !rest.starts_with(b"(object):") => {
                    return false;
                }
                Some(b':' | b'(') => is_there = true,
                _ => {}
            }
        }
    }
    is_there
}

/// True for a name that stands once in all Python, scripts, settings and documents.
fn is_nowhere_else(name: &str, sources: &Sources<'_>) -> bool {
    let mut found = 0;
    let files = sources.snapshot().iter();
    for (path, _) in files.filter(|(path, _)| may_call(path)) {
        let bytes = sources.look_into(path).unwrap_or_default();
        found += memchr::memmem::find_iter(&bytes, name.as_bytes()).count();
        if found > 1 {
            return false;
        }
    }
    found == 1
}

fn may_call(path: &RepoPath) -> bool {
    const TEXTS: [&str; 14] = [
        "", "py", "sh", "bash", "toml", "cfg", "ini", "yml", "yaml", "md", "rst", "txt", "json",
        "ipynb",
    ];
    TEXTS.contains(&path.extension())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Snapshot;
    use crate::python::ParseCache;

    #[test]
    fn a_function_is_unused_that_nobody_names() {
        let is_unused = |text: &str, other: &str| {
            let snapshot = Snapshot::in_memory([("a.py", text), ("b.sh", other)]);
            let cache = ParseCache::default();
            let sources = Sources::new(&snapshot, &cache);
            is_unused(&RepoPath::new("a.py"), "create_all", &sources)
        };
        let function = "def begin(engine):\n    Base.metadata.create_all(engine)\n";
        assert!(is_unused(function, "other"));
        assert!(!is_unused(
            function,
            "python -c 'import a; a.begin(a.engine)'"
        ));
        assert!(!is_unused(&format!("{function}\nbegin(engine)\n"), ""));
        assert!(!is_unused(&format!("@command\n{function}"), ""));
        assert!(!is_unused(&format!("{function}\nm.create_all()\n"), ""));
        assert!(!is_unused("def test_it():\n    m.create_all()\n", ""));
        let class = |bases: &str| {
            format!("class A{bases}:\n    def begin(self):\n        m.create_all()\n")
        };
        assert!(is_unused(&class(""), ""));
        assert!(!is_unused(&class("(Plugin)"), ""));
        let own = format!("class Plugin:\n    pass\n\n\n{}", class("(Plugin)"));
        assert!(is_unused(&own, ""));
    }
}
